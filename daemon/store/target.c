/*
 * What a target's own journal holds. People work there: a row says what was
 * seen last, and what was seen before it stands in the journal of Sluse.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store_p.h"

#define SAME_ENTRY                                                             \
	"SELECT e.id, e.consignment, c.reception, e.number FROM entry e"       \
	" JOIN consignment c ON c.id = e.consignment WHERE e.own_key = ?1"

/* Whose it is; false if it is none of ours. */
static bool
find_entry(
    struct sl_store *s, struct sl_slice own_key, struct sl_target_news *n)
{
	sqlite3_stmt *st;

	if (own_key.n == 0)
		return false;
	st = sl_db_query(s->db, SAME_ENTRY, "t", own_key);
	if (!sl_db_row(s->db, st))
		return false;
	n->entry = sqlite3_column_int64(st, 0);
	n->consignment = sqlite3_column_int64(st, 1);
	(void)snprintf(n->reception, sizeof(n->reception), "%.30s.%d",
	    sl_db_text(st, 2), sqlite3_column_int(st, 3));
	sl_db_done(st);
	return true;
}

static bool
same(sqlite3_stmt *st, int col, struct sl_slice s)
{
	const char *v = sl_db_text(st, col);

	return strlen(v) == s.n && memcmp(v, s.p, s.n) == 0;
}

/* True if what people may change is not as it was seen last, or was not seen
 * at all. */
static bool
compare(struct sl_store *s, const struct sl_msg_sync_post *m,
    const char *target, struct sl_target_news *n, int64_t *ret_first_ms)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT status, case_number, title, first_ms FROM target_post"
	    " WHERE target = ?1 AND target_key = ?2",
	    "st", target, m->target_key);
	bool changed;

	if (!sl_db_row(s->db, st))
		return true;
	sl_db_copy(st, 0, n->was_status, sizeof(n->was_status));
	sl_db_copy(st, 1, n->was_case, sizeof(n->was_case));
	n->title = !same(st, 2, m->title);
	changed =
	    n->title || !same(st, 0, m->status) || !same(st, 1, m->case_number);
	*ret_first_ms = sqlite3_column_int64(st, 3);
	sl_db_done(st);
	return changed;
}

enum sl_rc
sl_target_post_put(struct sl_store *s, const struct sl_msg_sync_post *m,
    const char *target, int64_t now_ms, struct sl_target_news *ret,
    struct sl_err *err)
{
	int64_t first_ms = now_ms;

	memset(ret, 0, sizeof(*ret));
	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	if (!compare(s, m, target, ret, &first_ms))
		return sl_db_run(s->db, err,
		    "UPDATE target_post SET seen_ms = ?3, own_key = ?4,"
		    " number = ?5, year = ?6, sequence = ?7, type = ?8,"
		    " public_title = ?9, access = ?10, received = ?11,"
		    " document_date = ?12, journal_date = ?13,"
		    " attachments = ?14 WHERE target = ?1 AND target_key = ?2",
		    "stittiitttttti", target, m->target_key, now_ms, m->own_key,
		    m->number, m->year, m->sequence, m->type, m->public_title,
		    m->access, m->received, m->document_date, m->journal_date,
		    m->attachments);
	if (!find_entry(s, m->own_key, ret))
		ret->entry = 0;
	return sl_db_run(s->db, err,
	    "INSERT OR REPLACE INTO target_post VALUES (?1, ?2, ?3, ?4, ?5,"
	    " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
	    " ?18)",
	    "sttttiittttttttiii", target, m->target_key, m->own_key,
	    m->case_number, m->number, m->year, m->sequence, m->type, m->status,
	    m->title, m->public_title, m->access, m->received, m->document_date,
	    m->journal_date, m->attachments, first_ms, now_ms);
}

bool
sl_target_post_of(
    struct sl_store *s, const char *own_key, struct sl_target_post *ret)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT target, status, number, case_number, seen_ms"
	    " FROM target_post WHERE own_key = ?1 AND own_key <> ''"
	    " ORDER BY seen_ms DESC LIMIT 1",
	    "s", own_key);

	if (!sl_db_row(s->db, st))
		return false;
	sl_db_copy(st, 0, ret->target, sizeof(ret->target));
	sl_db_copy(st, 1, ret->status, sizeof(ret->status));
	sl_db_copy(st, 2, ret->number, sizeof(ret->number));
	sl_db_copy(st, 3, ret->case_number, sizeof(ret->case_number));
	ret->seen_ms = sqlite3_column_int64(st, 4);
	sl_db_done(st);
	return true;
}
