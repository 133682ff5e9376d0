#include "faces_query.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "store_p.h"

#define BATCH 256u

static void
take_item(sqlite3_stmt *st, struct sl_face_item *i)
{
	memset(i, 0, sizeof(*i));
	i->consignment = sqlite3_column_int64(st, 0);
	i->entry = sqlite3_column_int64(st, 1);
	i->number = sqlite3_column_int(st, 2);
	i->dispo = sqlite3_column_int(st, 3);
	i->received_ms = sqlite3_column_int64(st, 4);
	sl_db_copy(st, 5, i->queue, sizeof(i->queue));
	sl_db_copy(st, 6, i->reception, sizeof(i->reception));
}

enum sl_rc
sl_face_items(struct sl_store *s, int64_t consignment, sl_face_item_fn *fn,
    void *arg, struct sl_err *err)
{
	struct sl_face_item one[4], *all = one;
	size_t n = 0, cap = 0, i;
	enum sl_rc rc = SL_OK;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT c.id, ifnull(e.id, 0), ifnull(e.number, 0),"
	    " ifnull(e.disposition, c.disposition), c.received_ms, c.queue,"
	    " c.reception" SL_DB_ITEMS " WHERE c.id = ?1 ORDER BY e.number",
	    "i", consignment);

	while (n < SL_FACE_ITEMS_MAX && sl_db_row(s->db, st)) {
		if (n == sizeof(one) / sizeof(one[0]) && all == one) {
			all = sl_grow(NULL, &cap, 64, sizeof(*all));
			memcpy(all, one, sizeof(one));
		} else if (all != one) {
			all = sl_grow(all, &cap, n + 1, sizeof(*all));
		}
		take_item(st, &all[n++]);
	}
	sl_db_done(st);
	rc = sl_db_check(s->db, err);
	for (i = 0; i < n && rc == SL_OK; i++)
		rc = fn(arg, &all[i], err);
	if (all != one)
		free(all);
	return rc;
}

void
sl_face_open(
    struct sl_store *s, void (*fn)(void *arg, int64_t consignment), void *arg)
{
	/* Both halves walk the small indexes of what is not done, and once: in
	 * portions each would walk all that is left. */
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT id FROM consignment WHERE"
	    " disposition <> 60 AND disposition IN (30, 40, 50)"
	    " UNION SELECT consignment FROM entry WHERE disposition <> 60"
	    " AND disposition IN (30, 40, 50) ORDER BY 1",
	    "");

	while (sl_db_row(s->db, st))
		fn(arg, sqlite3_column_int64(st, 0));
}

struct head {
	int64_t id, received_ms;
	char reception[32];
};

static size_t
next_heads(struct sl_store *s, const char *queue, int64_t from, int64_t to,
    const struct sl_face_cursor *at, size_t max, struct head *ret)
{
	size_t n = 0;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT id, received_ms, reception FROM consignment"
	    " WHERE received_ms >= ?2 AND received_ms < ?3"
	    " AND (received_ms, id) > (?4, ?5) AND queue = ?1"
	    " ORDER BY received_ms, id LIMIT ?6",
	    "siiiii", queue, at->begun ? at->received_ms : from, to,
	    at->begun ? at->received_ms : from - 1,
	    at->begun ? at->id : (int64_t)0, (int64_t)max);

	while (n < max && sl_db_row(s->db, st)) {
		ret[n].id = sqlite3_column_int64(st, 0);
		ret[n].received_ms = sqlite3_column_int64(st, 1);
		sl_db_copy(st, 2, ret[n].reception, sizeof(ret[n].reception));
		n++;
	}
	sl_db_done(st);
	return n;
}

static void
count_pages(struct sl_store *s, int64_t consignment, int64_t entry,
    struct sl_face_row *r)
{
	sqlite3_stmt *st =
	    entry != 0
		? sl_db_query(s->db,
		      "SELECT total(g.source IN (1, 2)), total(g.source = 2)"
		      " FROM document d JOIN page g ON g.part = d.part"
		      " WHERE d.entry = ?1",
		      "i", entry)
		: sl_db_query(s->db,
		      "SELECT total(g.source IN (1, 2)), total(g.source = 2)"
		      " FROM source o JOIN part p ON p.source = o.id"
		      " JOIN page g ON g.part = p.id WHERE o.consignment = ?1",
		      "i", consignment);

	if (!sl_db_row(s->db, st))
		return;
	r->pages = (unsigned)sqlite3_column_int64(st, 0);
	r->ocr_pages = (unsigned)sqlite3_column_int64(st, 1);
	sl_db_done(st);
}

/* The receipt is the target's words: looked into only if it is JSON. */
#define RECEIPT(key)                                                           \
	"CASE WHEN json_valid(d.receipt) THEN"                                 \
	" json_extract(d.receipt, '$." key "') END"

static void
number_of(struct sl_store *s, int64_t entry, char *ret, size_t cap)
{
	struct sl_entry en;

	if (entry != 0 && sl_entry_by_id(s, entry, &en))
		(void)snprintf(ret, cap, "%s", en.reception);
}

static void
rows_of(struct sl_store *s, const struct head *h, sl_face_row_fn *fn, void *arg)
{
	struct sl_face_row r;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT e.id, e.number, ifnull(e.disposition, c.disposition),"
	    " CASE WHEN e.id IS NULL THEN c.outcome ELSE e.outcome END,"
	    " CASE WHEN e.id IS NULL THEN c.reason ELSE e.reason END,"
	    " ifnull(" RECEIPT("case") ", e.case_number), " RECEIPT(
		"number") ", " RECEIPT("url") ", e.duplicate_of, "
					      "c.name" SL_DB_ITEMS
					      " LEFT JOIN delivery d ON d.id = "
					      "(SELECT id FROM delivery"
					      " WHERE entry = e.id ORDER BY "
					      "receipt IS NULL, id LIMIT 1)"
					      " WHERE c.id = ?1 ORDER BY "
					      "e.number",
	    "i", h->id);

	while (sl_db_row(s->db, st)) {
		memset(&r, 0, sizeof(r));
		if (sqlite3_column_int(st, 1) > 0)
			(void)snprintf(r.number, sizeof(r.number), "%s.%d",
			    h->reception, sqlite3_column_int(st, 1));
		else
			(void)snprintf(
			    r.number, sizeof(r.number), "%s", h->reception);
		r.received_ms = h->received_ms;
		r.dispo = sqlite3_column_int(st, 2);
		r.outcome = sqlite3_column_int(st, 3);
		sl_db_copy(st, 4, r.reason, sizeof(r.reason));
		r.case_number = sl_db_text(st, 5);
		r.target_number = sl_db_text(st, 6);
		r.url = sl_db_text(st, 7);
		number_of(s, sqlite3_column_int64(st, 8), r.duplicate_of,
		    sizeof(r.duplicate_of));
		sl_db_copy(st, 9, r.name, sizeof(r.name));
		count_pages(s, h->id, sqlite3_column_int64(st, 0), &r);
		fn(arg, &r);
	}
}

enum sl_rc
sl_face_day(struct sl_store *s, const char *queue, int64_t from, int64_t to,
    struct sl_face_cursor *at, size_t max, sl_face_row_fn *fn, void *arg,
    struct sl_err *err)
{
	struct head h[BATCH];
	size_t i, n = next_heads(
		      s, queue, from, to, at, max < BATCH ? max : BATCH, h);

	for (i = 0; i < n; i++)
		rows_of(s, &h[i], fn, arg);
	if (sl_db_check(s->db, err) != SL_OK)
		return SL_FATAL;
	if (n == 0)
		return SL_SKIP;
	*at = (struct sl_face_cursor){h[n - 1].received_ms, h[n - 1].id, true};
	return SL_OK;
}

int64_t
sl_face_last(struct sl_store *s, const char *queue, int64_t from, int64_t to)
{
	return sl_db_int(s->db, -1,
	    "SELECT received_ms FROM consignment WHERE received_ms >= ?2"
	    " AND received_ms < ?3 AND queue = ?1"
	    " ORDER BY received_ms DESC LIMIT 1",
	    "sii", queue, from, to);
}

bool
sl_face_case(struct sl_store *s, const char *number, char *title,
    size_t title_cap, char *status, size_t status_cap)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT title, status FROM case_file WHERE number = ?1", "s",
	    number);

	title[0] = status[0] = '\0';
	if (!sl_db_row(s->db, st))
		return false;
	sl_db_copy(st, 0, title, title_cap);
	sl_db_copy(st, 1, status, status_cap);
	sl_db_done(st);
	return true;
}

/* Runs of the pages of consignment ?1 for which `reason` is not NULL. */
#define RUNS(reason)                                                           \
	"SELECT file, min(number) + 1, max(number) + 1, reason FROM"           \
	" (SELECT part, number, reason, file, number - row_number() OVER"      \
	" (PARTITION BY part, reason ORDER BY number) AS run FROM"             \
	" (SELECT p.id AS part, g.number, " reason " AS reason,"               \
	" CASE p.name WHEN '' THEN o.name ELSE p.name END AS file"             \
	" FROM source o JOIN part p ON p.source = o.id"                        \
	" JOIN page g ON g.part = p.id WHERE o.consignment = ?1)"              \
	" WHERE reason IS NOT NULL)"                                           \
	" GROUP BY part, reason, run ORDER BY part, min(number) LIMIT ?2"

static enum sl_rc
give_runs(struct sl_store *s, sqlite3_stmt *st, sl_face_pages_fn *fn, void *arg,
    struct sl_err *err)
{
	struct sl_face_pages p;

	while (sl_db_row(s->db, st)) {
		p.file = sl_db_text(st, 0);
		p.first = (unsigned)sqlite3_column_int(st, 1);
		p.last = (unsigned)sqlite3_column_int(st, 2);
		sl_db_copy(st, 3, p.reason, sizeof(p.reason));
		fn(arg, &p);
	}
	return sl_db_check(s->db, err);
}

enum sl_rc
sl_face_unread(struct sl_store *s, int64_t consignment, unsigned max,
    sl_face_pages_fn *fn, void *arg, struct sl_err *err)
{
	return give_runs(s,
	    sl_db_query(s->db,
		RUNS("CASE WHEN ifnull(g.reason, '') <> '' THEN g.reason"
		     " WHEN g.flags & ?4 <> 0 THEN ?5"
		     " WHEN g.flags & ?3 <> 0 THEN '' END"),
		"iiiis", consignment, (int64_t)max, (int64_t)SL_PAGE_BLANK,
		(int64_t)SL_PAGE_WORDLESS, SL_FACE_WORDLESS),
	    fn, arg, err);
}

static_assert(SL_PAGE_OCR == 2 && (SL_PAGE_BLANK | SL_PAGE_WORDLESS) == 17 &&
		  SL_PAGE_LOW == 700,
    "SL_DB_UNSURE_PAGE has these numbers");

enum sl_rc
sl_face_unsure(struct sl_store *s, int64_t consignment, unsigned max,
    sl_face_pages_fn *fn, void *arg, struct sl_err *err)
{
	return give_runs(s,
	    sl_db_query(s->db,
		RUNS("CASE WHEN " SL_DB_UNSURE_PAGE
		     " AND ifnull(g.reason, '') = '' THEN '' END"),
		"ii", consignment, (int64_t)max),
	    fn, arg, err);
}
