#include "marks.h"

#include <string.h>

#include "../base/clock.h"
#include "../journal/leaf.h"
#include "store_p.h"

#define COLUMNS                                                                \
	"kind = 'tsa', name, size, marked_ms, due_ms, stale_ms, tried_ms,"     \
	" tries, reason, detail"

static const char *
kind(bool tsa)
{
	return tsa ? "tsa" : "witness";
}

static void
read_row(sqlite3_stmt *st, struct sl_witness_row *r)
{
	memset(r, 0, sizeof(*r));
	r->tsa = sqlite3_column_int(st, 0) != 0;
	sl_db_copy(st, 1, r->name, sizeof(r->name));
	r->size = (uint64_t)sqlite3_column_int64(st, 2);
	r->marked_ms = sqlite3_column_int64(st, 3);
	r->due_ms = sqlite3_column_int64(st, 4);
	r->stale_ms = sqlite3_column_int64(st, 5);
	r->tried_ms = sqlite3_column_int64(st, 6);
	r->tries = (unsigned)sqlite3_column_int(st, 7);
	sl_db_copy(st, 8, r->reason, sizeof(r->reason));
	sl_db_copy(st, 9, r->detail, sizeof(r->detail));
}

bool
sl_witness_find(
    struct sl_store *s, bool tsa, const char *name, struct sl_witness_row *ret)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT " COLUMNS " FROM witness WHERE kind = ?1 AND name = ?2",
	    "ss", kind(tsa), name);

	if (!sl_db_row(s->db, st))
		return false;
	read_row(st, ret);
	sl_db_done(st);
	return true;
}

enum sl_rc
sl_witness_put(
    struct sl_store *s, const struct sl_witness_row *r, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT OR REPLACE INTO witness VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8, ?9, ?10)",
	    "ssiiiiiiss", kind(r->tsa), r->name, (int64_t)r->size, r->marked_ms,
	    r->due_ms, r->stale_ms, r->tried_ms, (int64_t)r->tries, r->reason,
	    r->detail);
}

void
sl_witness_each(struct sl_store *s, sl_witness_fn *fn, void *arg)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT " COLUMNS " FROM witness ORDER BY kind DESC, name", "");
	struct sl_witness_row r;

	while (sl_db_row(s->db, st)) {
		read_row(st, &r);
		fn(arg, &r);
	}
}

enum sl_rc
sl_witness_forget(struct sl_store *s,
    bool (*has)(void *arg, bool tsa, const char *name), void *arg,
    struct sl_err *err)
{
	struct sl_witness_row r;
	sqlite3_stmt *st;
	bool gone = true;

	while (gone) {
		gone = false;
		st = sl_db_query(s->db, "SELECT " COLUMNS " FROM witness", "");
		while (!gone && sl_db_row(s->db, st)) {
			read_row(st, &r);
			gone = !has(arg, r.tsa, r.name);
			if (gone)
				sl_db_done(st);
		}
		if (gone &&
		    (sl_store_run(s, err,
			 "DELETE FROM witness WHERE kind = ?1 AND name = ?2",
			 "ss", kind(r.tsa), r.name) != SL_OK))
			return SL_FATAL;
	}
	return sl_db_check(s->db, err);
}

int64_t
sl_witness_waits(struct sl_store *s, uint64_t size)
{
	SL_BUF struct sl_buf lines = {0};
	struct sl_leaf l;
	struct sl_slice b;
	int64_t since = 0;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT bytes FROM leaf WHERE seq >= ?1 ORDER BY seq", "i",
	    (int64_t)size);

	while (sl_db_row(s->db, st)) {
		b = sl_db_blob(st, 0);
		if (sl_leaf_decode(b.p, b.n, &lines, &l, NULL) != SL_OK ||
		    sl_event_is_mark(l.event))
			continue;
		since = l.time_ms;
		sl_db_done(st);
		break;
	}
	return since;
}

enum sl_rc
sl_cosignature_put(struct sl_store *s, uint64_t size, const char *vkey,
    struct sl_slice mark, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT OR REPLACE INTO cosignature VALUES (?1, ?2, ?3, ?4)",
	    "isbi", (int64_t)size, vkey, mark, sl_clock_utc_ms());
}

uint64_t
sl_cosignature_last(struct sl_store *s, const char *vkey)
{
	return (uint64_t)sl_db_int(s->db, 0,
	    "SELECT max(size) FROM cosignature WHERE vkey = ?1", "s", vkey);
}

enum sl_rc
sl_stamp_put(
    struct sl_store *s, const struct sl_stamp_row *r, struct sl_err *err)
{
	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	if (sl_db_run(s->db, err,
		"INSERT INTO stamp_trust (pem) VALUES (?1)"
		" ON CONFLICT (pem) DO NOTHING",
		"t", r->pem) != SL_OK)
		return SL_FATAL;
	return sl_db_run(s->db, err,
	    "INSERT OR REPLACE INTO stamp SELECT ?1, ?2, ?3, ?4, number, ?5"
	    " FROM stamp_trust WHERE pem = ?6",
	    "isibit", (int64_t)r->size, r->tsa, r->time_s, r->token,
	    sl_clock_utc_ms(), r->pem);
}
