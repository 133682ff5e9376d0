/*
 * Counts: status, age, progress, summary.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../store/db.h"
#include "query_p.h"

#define DISPO "ifnull(e.disposition, c.disposition)"
#define STAGE "ifnull(e.stage, c.stage)"

/* SL_DB_ITEMS, but only what is open, found by the indices of that: entries,
 * and consignments that have none to stand for them. */
#define OPEN_ENTRIES                                                           \
	" FROM entry e CROSS JOIN consignment c ON c.id = e.consignment"       \
	" WHERE e.disposition <> 60 AND ifnull(e.outcome, 0) <> 60"
#define ALONE                                                                  \
	" AND NOT EXISTS (SELECT 1 FROM entry x WHERE x.consignment = c.id"    \
	" AND ifnull(x.outcome, 0) <> 60)"
#define OPEN_ALONE " FROM consignment c WHERE c.disposition <> 60" ALONE

static json_t *
status_row(sqlite3_stmt *st)
{
	json_t *o = json_object();
	const char *outcome = sl_outcome_name(sqlite3_column_int(st, 3));

	sl_row_set(o, "queue", sl_row_text(sl_db_text(st, 0)));
	sl_row_set(
	    o, "stage", sl_row_text(sl_stage_name(sqlite3_column_int(st, 1))));
	sl_row_set(o, "disposition",
	    sl_row_text(sl_dispo_name(sqlite3_column_int(st, 2))));
	sl_row_set(o, "outcome", sl_row_text(outcome));
	sl_row_set(o, "count", json_integer(sqlite3_column_int64(st, 4)));
	return o;
}

/* May the count of what is done be believed? Not if there is none, as no slused
 * of this build has opened the database yet, nor if somebody else has written
 * entries: then all are counted. */
static bool
done_is_counted(struct sl_db *db)
{
	return sl_db_int(db, 0,
		   "SELECT count(*) FROM sqlite_schema"
		   " WHERE name = 'done_count'",
		   "") > 0 &&
	       sl_db_int(db, 0,
		   "SELECT (SELECT count(*) FROM entry)"
		   " = (SELECT count(*) FROM entry WHERE disposition <> 60)"
		   " + (SELECT total(entries) FROM done_count)"
		   " AND NOT EXISTS (SELECT 1 FROM done_count"
		   " WHERE entries < 0)",
		   "") != 0;
}

/* Rows (queue, stage, disposition, outcome, how many, received of the oldest
 * that is open), in that order. Of what is open each is looked at, of what is
 * done only the count that the database keeps. */
static sqlite3_stmt *
query_counts(struct sl_db *db)
{
#define COUNTS(done)                                                           \
	"SELECT queue, stage, disposition, outcome, sum(n), min(oldest) FROM"  \
	" (SELECT c.queue, e.stage, e.disposition,"                            \
	" ifnull(e.outcome, ifnull(c.outcome, 0)) AS outcome, count(*) AS n,"  \
	" min(c.received_ms) AS oldest" OPEN_ENTRIES " GROUP BY 1, 2, 3, 4"    \
	" UNION ALL SELECT c.queue, c.stage, c.disposition,"                   \
	" ifnull(c.outcome, 0), count(*), min(c.received_ms)" OPEN_ALONE       \
	" GROUP BY 1, 2, 3, 4"                                                 \
	" UNION ALL SELECT c.queue, c.stage, 60, c.outcome, count(*), NULL"    \
	" FROM consignment c WHERE c.disposition = 60"                         \
	" AND c.outcome IS NOT NULL" ALONE " GROUP BY 1, 2, 4"                 \
	" UNION ALL " done ") GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
	if (done_is_counted(db))
		return sl_db_query(db,
		    COUNTS(
			"SELECT queue, stage, 60, outcome, entries, NULL"
			" FROM done_count WHERE entries > 0 AND outcome <> 60"),
		    "");
	return sl_db_query(db,
	    COUNTS("SELECT c.queue, e.stage, 60, ifnull(e.outcome, 0),"
		   " count(*), NULL FROM entry e"
		   " JOIN consignment c ON c.id = e.consignment"
		   " WHERE e.disposition = 60 AND ifnull(e.outcome, 0) <> 60"
		   " GROUP BY 1, 2, 4"),
	    "");
#undef COUNTS
}

json_t *
sl_query_status(struct sl_store *s)
{
	struct sl_db *db = sl_store_db(s);
	json_t *o = json_object(), *rows = json_array();
	int64_t total = 0, open = 0, oldest = 0, n, since;
	sqlite3_stmt *st = query_counts(db);

	while (sl_db_row(db, st)) {
		n = sqlite3_column_int64(st, 4);
		since = sqlite3_column_int64(st, 5);
		total += n;
		if (sqlite3_column_int(st, 2) != SL_DISPO_done) {
			oldest = open == 0 || since < oldest ? since : oldest;
			open += n;
		}
		(void)json_array_append_new(rows, status_row(st));
	}
	sl_row_set(o, "items", json_integer(total));
	sl_row_set(o, "open", json_integer(open));
	sl_row_set(o, "oldest", sl_row_time(oldest));
	sl_row_set(o, "known_cases", json_integer(sl_case_count(s)));
	sl_row_set(o, "queues", rows);
	sl_query_add_persons(s, o);
	sl_query_add_witnesses(s, o);
	return o;
}

/* -- age -------------------------------------------------------------- */

static const struct {
	const char *name;
	int64_t ms;
} buckets[] = {
    {"5m", 5 * 60000LL},
    {"1h", 3600000LL},
    {"4h", 4 * 3600000LL},
    {"1d", 86400000LL},
    {"3d", 3 * 86400000LL},
    {"7d", 7 * 86400000LL},
    {"more", INT64_MAX},
};
#define BUCKETS (sizeof(buckets) / sizeof(buckets[0]))

struct ages {
	char name[128];
	int64_t count[BUCKETS], total, oldest_ms;
};

static void
age_flush(json_t *rows, const char *kind, const struct ages *a, int64_t now)
{
	json_t *o, *b;
	size_t i;

	if (a->total == 0)
		return;
	o = json_object();
	b = json_object();
	sl_row_set(o, "kind", json_string(kind));
	sl_row_set(o, "name", sl_row_text(a->name));
	sl_row_set(o, "total", json_integer(a->total));
	sl_row_set(o, "oldest", sl_row_time(a->oldest_ms));
	sl_row_set(o, "oldest_s", json_integer((now - a->oldest_ms) / 1000));
	for (i = 0; i < BUCKETS; i++)
		sl_row_set(b, buckets[i].name, json_integer(a->count[i]));
	sl_row_set(o, "buckets", b);
	(void)json_array_append_new(rows, o);
}

/* Rows (name, since) in the order of name. */
static void
age_rows(struct sl_db *db, sqlite3_stmt *st, const char *kind, int64_t now,
    json_t *rows)
{
	struct ages a = {0};
	int64_t since, age;
	size_t i;

	while (sl_db_row(db, st)) {
		if (strcmp(a.name, sl_db_text(st, 0)) != 0) {
			age_flush(rows, kind, &a, now);
			memset(&a, 0, sizeof(a));
			sl_db_copy(st, 0, a.name, sizeof(a.name));
		}
		since = sqlite3_column_int64(st, 1);
		age = now - since;
		for (i = 0; i + 1 < BUCKETS && age >= buckets[i].ms; i++)
			;
		a.count[i]++;
		if (a.total++ == 0 || since < a.oldest_ms)
			a.oldest_ms = since;
	}
	age_flush(rows, kind, &a, now);
}

json_t *
sl_query_age(struct sl_store *s, int64_t now_ms)
{
	struct sl_db *db = sl_store_db(s);
	json_t *rows = json_array();

	age_rows(db,
	    sl_db_query(db,
		"SELECT c.queue, c.received_ms" OPEN_ENTRIES
		" UNION ALL SELECT c.queue, c.received_ms" OPEN_ALONE
		" ORDER BY 1",
		""),
	    "queue", now_ms, rows);
	age_rows(db,
	    sl_db_query(db,
		"SELECT target, first_ms FROM delivery WHERE state = 'pending'"
		" ORDER BY target",
		""),
	    "target", now_ms, rows);
	return rows;
}

/* -- progress ----------------------------------------------------------- */

static void
count_item(struct sl_progress *p, int stage, int dispo, unsigned n)
{
	p->total += n;
	if (stage >= 0 && stage / 10 < 16)
		p->stage[stage / 10] += n;
	switch ((enum sl_dispo)dispo) {
	case SL_DISPO_ready:
		p->ready += n;
		break;
	case SL_DISPO_deferred:
		p->deferred += n;
		break;
	case SL_DISPO_held:
		p->held += n;
		break;
	case SL_DISPO_quarantined:
		p->quarantined += n;
		break;
	case SL_DISPO_broken:
		p->broken += n;
		break;
	case SL_DISPO_done:
		p->done += n;
		break;
	}
}

/* The open consignment with most pages that are not read yet. */
static void
longest(struct sl_db *db, struct sl_progress *p)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT c.reception, sum(p.pages) AS want, (SELECT count(*) FROM "
	    "page g"
	    " JOIN part q ON q.id = g.part JOIN source r ON r.id = q.source"
	    " WHERE r.consignment = c.id AND g.source <> 3) AS got"
	    " FROM consignment c JOIN source o ON o.consignment = c.id"
	    " JOIN part p ON p.source = o.id"
	    " WHERE c.disposition <> 60 AND c.stage < 50"
	    " GROUP BY c.id HAVING sum(p.pages) > 1"
	    " ORDER BY want - got DESC LIMIT 1",
	    "");

	if (!sl_db_row(db, st))
		return;
	sl_db_copy(st, 0, p->reading, sizeof(p->reading));
	p->pages = (uint64_t)sqlite3_column_int64(st, 1);
	p->pages_read = (uint64_t)sqlite3_column_int64(st, 2);
	sl_db_done(st);
}

enum sl_rc
sl_query_progress(struct sl_store *s, int64_t soon_ms, struct sl_progress *ret,
    struct sl_err *err)
{
	struct sl_db *db = sl_store_db(s);
	sqlite3_stmt *st = query_counts(db);

	memset(ret, 0, sizeof(*ret));
	while (sl_db_row(db, st))
		count_item(ret, sqlite3_column_int(st, 1),
		    sqlite3_column_int(st, 2),
		    (unsigned)sqlite3_column_int(st, 4));
	/* <> 60 is said for the indices. */
	ret->due = (unsigned)sl_db_int(db, 0,
	    "SELECT (SELECT count(*) FROM delivery WHERE state = 'pending'"
	    " AND next_ms <= ?1) + (SELECT count(*) FROM entry"
	    " WHERE disposition = 20 AND disposition <> 60"
	    " AND retry_ms <= ?1) + (SELECT count(*) FROM consignment"
	    " WHERE disposition = 20 AND disposition <> 60"
	    " AND retry_ms <= ?1)",
	    "i", soon_ms);
	longest(db, ret);
	return sl_db_check(db, err);
}

/* -- summary -------------------------------------------------------------- */

struct summary {
	json_t *delivered, *duplicates, *closed, *held, *stopped, *waiting;
	json_int_t items;
};

static json_t *
summary_row(sqlite3_stmt *st)
{
	json_t *o = json_object();
	char id[64];

	if (sqlite3_column_int(st, 1) > 0)
		(void)snprintf(id, sizeof(id), "%s.%d", sl_db_text(st, 0),
		    sqlite3_column_int(st, 1));
	else
		(void)snprintf(id, sizeof(id), "%s", sl_db_text(st, 0));
	sl_row_set(o, "id", json_string(id));
	sl_row_set(o, "name", sl_row_text(sl_db_text(st, 2)));
	sl_row_set(
	    o, "stage", sl_row_text(sl_stage_name(sqlite3_column_int(st, 3))));
	sl_row_set(o, "disposition",
	    sl_row_text(sl_dispo_name(sqlite3_column_int(st, 4))));
	sl_row_set(o, "outcome",
	    sl_row_text(sl_outcome_name(sqlite3_column_int(st, 5))));
	sl_row_reason(o, sl_db_text(st, 6), sl_db_text(st, 7));
	sl_row_set(o, "case", sl_row_text(sl_db_text(st, 8)));
	return o;
}

static json_t *
summary_list(struct summary *m, int dispo, int outcome)
{
	switch ((enum sl_dispo)dispo) {
	case SL_DISPO_done:
		if (outcome == SL_OUTCOME_duplicate)
			return m->duplicates;
		return outcome == SL_OUTCOME_in_journal ||
			       outcome == SL_OUTCOME_to_sector
			   ? m->delivered
			   : m->closed;
	case SL_DISPO_held:
		return m->held;
	case SL_DISPO_quarantined:
	case SL_DISPO_broken:
		return m->stopped;
	case SL_DISPO_ready:
	case SL_DISPO_deferred:
		break;
	}
	return m->waiting;
}

json_t *
sl_query_summary(struct sl_store *s, int64_t since)
{
	struct sl_db *db = sl_store_db(s);
	struct summary m = {json_array(), json_array(), json_array(),
	    json_array(), json_array(), json_array(), 0};
	json_t *o = json_object();
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT c.reception, ifnull(e.number, 0), c.name, " STAGE ", " DISPO
	    ", ifnull(e.outcome, ifnull(c.outcome, 0)),"
	    " iif(e.id IS NULL, c.reason, e.reason),"
	    " iif(e.id IS NULL, c.detail, e.detail), e.case_number" SL_DB_ITEMS
	    " WHERE c.id > ?1 ORDER BY c.id, e.number",
	    "i", since);

	while (sl_db_row(db, st)) {
		m.items++;
		(void)json_array_append_new(
		    summary_list(&m, sqlite3_column_int(st, 4),
			sqlite3_column_int(st, 5)),
		    summary_row(st));
	}
	sl_row_set(o, "received",
	    json_integer(sl_db_int(db, 0,
		"SELECT count(*) FROM consignment WHERE id > ?1", "i", since)));
	sl_row_set(o, "items", json_integer(m.items));
	sl_row_set(o, "delivered", m.delivered);
	sl_row_set(o, "duplicates", m.duplicates);
	sl_row_set(o, "closed", m.closed);
	sl_row_set(o, "held", m.held);
	sl_row_set(o, "stopped", m.stopped);
	sl_row_set(o, "waiting", m.waiting);
	return o;
}

int64_t
sl_query_last(struct sl_store *s)
{
	return sl_db_int(
	    sl_store_db(s), 0, "SELECT max(id) FROM consignment", "");
}
