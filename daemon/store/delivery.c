#include <string.h>

#include "../base/clock.h"
#include "store_p.h"

#define NAMES                                                                  \
	"id, entry, target, state, attempts, uncertain, first_ms, next_ms,"    \
	" reason, detail, http_status, send_again"
#define COLUMNS NAMES " FROM delivery"

/* Its entry may go: what a person holds must neither be sent nor stand in the
 * way of the others. */
static void
take(sqlite3_stmt *st, struct sl_delivery *d)
{
	memset(d, 0, sizeof(*d));
	d->id = sqlite3_column_int64(st, 0);
	d->entry = sqlite3_column_int64(st, 1);
	sl_db_copy(st, 2, d->target, sizeof(d->target));
	sl_db_copy(st, 3, d->state, sizeof(d->state));
	d->attempts = sqlite3_column_int(st, 4);
	d->uncertain = sqlite3_column_int(st, 5) != 0;
	d->asked = d->uncertain ? sqlite3_column_int(st, 5) - 1 : 0;
	d->first_ms = sqlite3_column_int64(st, 6);
	d->next_ms = sqlite3_column_int64(st, 7);
	sl_db_copy(st, 8, d->reason, sizeof(d->reason));
	sl_db_copy(st, 9, d->detail, sizeof(d->detail));
	d->http_status = sqlite3_column_int(st, 10);
	d->send_again = sqlite3_column_int(st, 11) != 0;
}

enum sl_rc
sl_delivery_insert(
    struct sl_store *s, struct sl_delivery *d, struct sl_err *err)
{
	if (sl_store_run(s, err,
		"INSERT INTO delivery (entry, target, state, first_ms, next_ms,"
		" changed_ms) VALUES (?1, ?2, 'pending', ?3, ?4, ?3)",
		"isii", d->entry, d->target, d->first_ms, d->next_ms) != SL_OK)
		return SL_FATAL;
	d->id = sl_db_last_id(s->db);
	return SL_OK;
}

enum sl_rc
sl_delivery_update(struct sl_store *s, const struct sl_delivery *d,
    const char *receipt, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE delivery SET state = ?2, attempts = ?3, uncertain = ?4,"
	    " next_ms = ?5, reason = nullif(?6, ''),"
	    " detail = nullif(?7, ''), http_status = ?8,"
	    " receipt = ifnull(?9, receipt), changed_ms = ?10,"
	    " first_ms = ?11, send_again = ?12 WHERE id = ?1",
	    "isiiissisiii", d->id, d->state, (int64_t)d->attempts,
	    (int64_t)(d->uncertain ? 1 + d->asked : 0), d->next_ms, d->reason,
	    d->detail, (int64_t)d->http_status, receipt, sl_clock_utc_ms(),
	    d->first_ms, (int64_t)d->send_again);
}

static bool
one(struct sl_store *s, sqlite3_stmt *st, struct sl_delivery *ret)
{
	if (!sl_db_row(s->db, st))
		return false;
	take(st, ret);
	sl_db_done(st);
	return true;
}

bool
sl_delivery_by_id(struct sl_store *s, int64_t id, struct sl_delivery *ret)
{
	return one(s,
	    sl_db_query(s->db, "SELECT " COLUMNS " WHERE id = ?1", "i", id),
	    ret);
}

bool
sl_delivery_by_entry(struct sl_store *s, int64_t entry, const char *target,
    struct sl_delivery *ret)
{
	return one(s,
	    sl_db_query(s->db,
		"SELECT " COLUMNS " WHERE entry = ?1 AND target = ?2", "is",
		entry, target),
	    ret);
}

/* What a person holds must not stand before what can be sent. */
#define GOES_ON                                                                \
	"(SELECT disposition IN (10, 20) AND stage = 70 FROM entry"            \
	" WHERE entry.id = delivery.entry)"

enum sl_rc
sl_delivery_each_due(struct sl_store *s, const char *target, int64_t now_ms,
    int max, sl_delivery_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_delivery d[64];
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT " COLUMNS " WHERE target = ?1 AND state = 'pending'"
	    " AND next_ms <= ?2 AND " GOES_ON " ORDER BY next_ms, id LIMIT ?3",
	    "sii", target, now_ms, (int64_t)(max < 64 ? max : 64));
	int n = 0, i;
	enum sl_rc rc;

	while (sl_db_row(s->db, st))
		take(st, &d[n++]);
	for (i = 0; i < n; i++) {
		rc = fn(arg, &d[i], err);
		if (rc != SL_OK)
			return rc;
	}
	return sl_db_check(s->db, err);
}

enum sl_rc
sl_delivery_each_silent(struct sl_store *s, const char *target, int max,
    sl_delivery_fn *fn, void *arg, int *ret_n, struct sl_err *err)
{
	struct sl_delivery d[64];
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT " COLUMNS " WHERE target = ?1 AND state = 'pending'"
	    " AND EXISTS (SELECT 1 FROM entry WHERE entry.id = delivery.entry"
	    " AND disposition = 10 AND stage = 70) ORDER BY id LIMIT ?2",
	    "si", target, (int64_t)(max < 64 ? max : 64));
	enum sl_rc rc;
	int i;

	*ret_n = 0;
	while (sl_db_row(s->db, st))
		take(st, &d[(*ret_n)++]);
	for (i = 0; i < *ret_n; i++) {
		rc = fn(arg, &d[i], err);
		if (rc != SL_OK)
			return rc;
	}
	return sl_db_check(s->db, err);
}

int64_t
sl_delivery_next_ms(struct sl_store *s, const char *target)
{
	return sl_db_int(s->db, -1,
	    "SELECT min(next_ms) FROM delivery WHERE target = ?1"
	    " AND state = 'pending' AND " GOES_ON,
	    "s", target);
}

int64_t
sl_delivery_count_reason(struct sl_store *s, const char *reason)
{
	return sl_db_int(s->db, 0,
	    "SELECT count(*) FROM delivery WHERE state = 'pending'"
	    " AND reason = ?1",
	    "s", reason);
}

int64_t
sl_delivery_pending(struct sl_store *s, int64_t entry)
{
	return sl_db_int(s->db, 0,
	    "SELECT count(*) FROM delivery WHERE entry = ?1"
	    " AND state <> 'delivered'",
	    "i", entry);
}

enum sl_rc
sl_delivery_settle(struct sl_store *s, const char *target, int64_t now_ms,
    int64_t until_ms, struct sl_err *err)
{
	if (sl_store_run(s, err,
		"UPDATE delivery SET next_ms = ?2 WHERE target = ?1"
		" AND state = 'pending' AND uncertain <> 0 AND next_ms < ?2",
		"si", target, until_ms) != SL_OK)
		return SL_FATAL;
	/* An entry that waits for its time is deferred. */
	return sl_store_run(s, err,
	    "UPDATE delivery SET next_ms = ?2 WHERE target = ?1"
	    " AND state = 'pending' AND uncertain = 0 AND next_ms > ?2"
	    " AND (SELECT disposition = 10 FROM entry"
	    " WHERE entry.id = delivery.entry)",
	    "si", target, now_ms);
}

enum sl_rc
sl_delivery_hurry(struct sl_store *s, const char *target, int64_t now_ms,
    int64_t settled_ms, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE delivery SET next_ms = min(next_ms,"
	    " CASE WHEN uncertain = 0 THEN ?2 ELSE ?3 END)"
	    " WHERE target = ?1 AND state = 'pending'"
	    " AND reason = 'target_down'",
	    "sii", target, now_ms, settled_ms);
}

enum sl_rc
sl_delivery_send_again(struct sl_store *s, int64_t entry, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE delivery SET send_again = 1 WHERE entry = ?1"
	    " AND state = 'stopped' AND reason = 'target_unsure'",
	    "i", entry);
}

enum sl_rc
sl_delivery_receipts(struct sl_store *s, int64_t entry, sl_receipt_fn *fn,
    void *arg, struct sl_err *err)
{
	struct sl_delivery d;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT " NAMES ", receipt, changed_ms FROM delivery"
	    " WHERE entry = ?1 AND state = 'delivered' ORDER BY id",
	    "i", entry);
	enum sl_rc rc;

	while (sl_db_row(s->db, st)) {
		take(st, &d);
		rc = fn(arg, &d, sl_db_text(st, 12),
		    sqlite3_column_int64(st, 13), err);
		if (rc != SL_OK) {
			sl_db_done(st);
			return rc;
		}
	}
	return sl_db_check(s->db, err);
}

bool
sl_delivery_has_steps(struct sl_store *s, int64_t delivery)
{
	return sl_db_int(s->db, 0,
		   "SELECT 1 FROM delivery_step WHERE delivery = ?1 LIMIT 1",
		   "i", delivery) != 0;
}

enum sl_rc
sl_delivery_step_put(struct sl_store *s, int64_t delivery, const char *step,
    const char *key, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT INTO delivery_step SELECT ?1, ifnull(max(number), 0) + 1,"
	    " ?2, ?3, ?4 FROM delivery_step WHERE delivery = ?1"
	    " ON CONFLICT (delivery, step) DO UPDATE SET key = excluded.key,"
	    " made_ms = excluded.made_ms",
	    "issi", delivery, step, key, sl_clock_utc_ms());
}

enum sl_rc
sl_delivery_steps(struct sl_store *s, int64_t delivery, sl_step_fn *fn,
    void *arg, struct sl_err *err)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT step, key FROM delivery_step WHERE delivery = ?1"
	    " ORDER BY number",
	    "i", delivery);
	enum sl_rc rc;

	while (sl_db_row(s->db, st)) {
		rc = fn(arg, sl_db_text(st, 0), sl_db_text(st, 1), err);
		if (rc != SL_OK) {
			sl_db_done(st);
			return rc;
		}
	}
	return sl_db_check(s->db, err);
}

/* -- case files --------------------------------------------------------- */

enum sl_rc
sl_case_put(struct sl_store *s, const struct sl_msg_sync_case *m,
    const char *origin, int64_t now_ms, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT OR REPLACE INTO case_file VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
	    " ?7, ?8)",
	    "ttttttsi", m->number, m->title, m->status, m->unit, m->klass,
	    m->target_key, origin, now_ms);
}

enum sl_rc
sl_case_forget(struct sl_store *s, const char *origin, int64_t before_ms,
    int64_t *ret_count, struct sl_err *err)
{
	if (sl_store_run(s, err,
		"DELETE FROM case_file WHERE origin = ?1 AND seen_ms < ?2",
		"si", origin, before_ms) != SL_OK)
		return SL_FATAL;
	*ret_count = sl_db_changes(s->db);
	return SL_OK;
}

enum sl_rc
sl_case_each(struct sl_store *s, sl_case_fn *fn, void *arg, struct sl_err *err)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT number, title, status, unit, klass, target_key"
	    " FROM case_file ORDER BY number",
	    "");
	struct sl_case c;
	enum sl_rc rc;

	while (sl_db_row(s->db, st)) {
		c.number = sl_db_text(st, 0);
		c.title = sl_db_text(st, 1);
		c.status = sl_db_text(st, 2);
		c.unit = sl_db_text(st, 3);
		c.klass = sl_db_text(st, 4);
		c.target_key = sl_db_text(st, 5);
		rc = fn(arg, &c, err);
		if (rc != SL_OK) {
			sl_db_done(st);
			return rc;
		}
	}
	return sl_db_check(s->db, err);
}

int64_t
sl_case_count(struct sl_store *s)
{
	return sl_db_int(s->db, 0, "SELECT count(*) FROM case_file", "");
}

bool
sl_case_known(struct sl_store *s, const char *number, char *status, size_t cap)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT status FROM case_file WHERE number = ?1", "s", number);

	if (!sl_db_row(s->db, st))
		return false;
	sl_db_copy(st, 0, status, cap);
	sl_db_done(st);
	return true;
}
