/*
 * Requests that wait for a second person, and glass that was broken.
 */
#include "store_p.h"

enum sl_rc
sl_approval_insert(
    struct sl_store *s, struct sl_approval *a, struct sl_err *err)
{
	if (sl_store_run(s, err,
		"INSERT INTO approval (verb, request, args, subject, items,"
		" actor, why, asked_ms, expires_ms, state)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'pending')",
		"ssssissii", a->verb, a->request, a->args, a->subject, a->items,
		a->actor, a->why, a->asked_ms, a->expires_ms) != SL_OK)
		return SL_FATAL;
	a->id = sl_db_last_id(s->db);
	return SL_OK;
}

enum sl_rc
sl_approval_each(struct sl_store *s, int64_t id, sl_approval_fn *fn, void *arg,
    struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT id, items, asked_ms, expires_ms, verb, request, args,"
	    " subject, actor, why FROM approval WHERE state = 'pending'"
	    " AND (?1 = 0 OR id = ?1) ORDER BY id",
	    "i", id);

	while (rc == SL_OK && sl_db_row(s->db, st)) {
		const struct sl_approval a = {.id = sqlite3_column_int64(st, 0),
		    .items = sqlite3_column_int64(st, 1),
		    .asked_ms = sqlite3_column_int64(st, 2),
		    .expires_ms = sqlite3_column_int64(st, 3),
		    .verb = sl_db_text(st, 4),
		    .request = sl_db_text(st, 5),
		    .args = sl_db_text(st, 6),
		    .subject = sl_db_text(st, 7),
		    .actor = sl_db_text(st, 8),
		    .why = sl_db_text(st, 9)};

		rc = fn(arg, &a, err);
		if (rc != SL_OK)
			sl_db_done(st);
	}
	return rc != SL_OK ? rc : sl_db_check(s->db, err);
}

enum sl_rc
sl_approval_end(struct sl_store *s, int64_t id, const char *state,
    const char *second, int64_t now_ms, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE approval SET state = ?2, second = ?3, ended_ms = ?4,"
	    " args = '', why = '' WHERE id = ?1",
	    "issi", id, state, second, now_ms);
}

int64_t
sl_approval_count(struct sl_store *s, const char *actor)
{
	return sl_db_int(s->db, 0,
	    "SELECT count(*) FROM approval WHERE state = 'pending'"
	    " AND (?1 IS NULL OR actor = ?1)",
	    "s", actor);
}

int64_t
sl_approval_next(struct sl_store *s)
{
	return sl_db_int(s->db, -1,
	    "SELECT min(expires_ms) FROM approval WHERE state = 'pending'", "");
}

int64_t
sl_approval_due(struct sl_store *s, int64_t now_ms)
{
	return sl_db_int(s->db, 0,
	    "SELECT id FROM approval WHERE state = 'pending'"
	    " AND expires_ms <= ?1 ORDER BY expires_ms LIMIT 1",
	    "i", now_ms);
}

enum sl_rc
sl_glass_insert(struct sl_store *s, int64_t now_ms, const char *actor,
    const char *verb, const char *subject, const char *why, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT INTO glass (used_ms, actor, verb, subject, why)"
	    " VALUES (?1, ?2, ?3, ?4, ?5)",
	    "issss", now_ms, actor, verb, subject, why);
}
