/*
 * Journalføringstid: working days from received to M and to J, as the target
 * shows it. A day is a day of Oslo.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/deadline.h"
#include "../store/db.h"
#include "control.h"
#include "runs.h"
#include "snap.h"

#define DAYS_MAX 2000
#define GROUPS_MAX 2000u

enum { TO_M, TO_J, STEPS };

struct group {
	unsigned queue, unit;
	int64_t entries, known[STEPS], sum[STEPS];
	uint32_t *days[STEPS]; /* [DAYS_MAX + 1] */
};
struct times {
	struct sl_rep *r;
	struct sl_snap snap;
	struct sl_names unit;
	struct group *group;
	size_t n, cap;
};

static struct group *
find_group(struct times *t, unsigned queue, unsigned unit)
{
	struct group *g;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->group[i].queue == queue && t->group[i].unit == unit)
			return &t->group[i];
	/* Units beyond the limit stand together, without a name. */
	if (t->n >= GROUPS_MAX && (queue != 0 || unit != 0))
		return find_group(t, 0, 0);
	t->group = sl_grow(t->group, &t->cap, t->n + 1, sizeof(*t->group));
	g = &t->group[t->n++];
	memset(g, 0, sizeof(*g));
	g->queue = queue;
	g->unit = unit;
	for (i = 0; i < STEPS; i++)
		g->days[i] = sl_alloc((DAYS_MAX + 1) * sizeof(*g->days[i]));
	return g;
}

static void
put_days(struct group *g, int step, int64_t from_day, int64_t to_day)
{
	int n = sl_working_days(from_day, to_day);

	if (n < 0)
		n = 0;
	g->known[step]++;
	g->sum[step] += n;
	g->days[step][n < DAYS_MAX ? n : DAYS_MAX]++;
}

static void
count_entry(struct times *t, uint32_t id, const char *post, int64_t m_ms,
    const char *receipt)
{
	const struct sl_snap_entry *e = &t->snap.e[id];
	const struct sl_snap_consignment *c = &t->snap.c[e->consignment];
	char unit[128], received[40], status[32], day[40];
	struct sl_snap_seen seen;
	int64_t from;
	struct group *g;

	(void)sl_json_peek(post, "enhet", unit, sizeof(unit));
	from = sl_json_peek(post, "mottattDato", received, sizeof(received))
		   ? sl_day_parse(received)
		   : -1;
	if (from < 0)
		from = sl_day_of(c->received_ms);
	g = find_group(t, c->queue, sl_names_add(&t->unit, unit));
	g->entries++;
	put_days(g, TO_M, from, sl_day_of(m_ms));
	if (sl_snap_seen(&t->snap, id, &seen) && sl_is_journaled(seen.status) &&
	    t->snap.target[id].journal_day >= 0)
		put_days(g, TO_J, from, t->snap.target[id].journal_day);
	else if (sl_json_peek(receipt, "status", status, sizeof(status)) &&
		 sl_is_journaled(status) &&
		 sl_json_peek(receipt, "journaldato", day, sizeof(day)) &&
		 sl_day_parse(day) >= 0)
		put_days(g, TO_J, from, sl_day_parse(day));
}

/* The smallest number of days that at least `part` of them did not exceed. */
static int64_t
quantile(const struct group *g, int step, double part)
{
	int64_t want = (int64_t)ceil(part * (double)g->known[step]), seen = 0;
	int i;

	for (i = 0; i < DAYS_MAX; i++) {
		seen += g->days[step][i];
		if (seen >= want)
			break;
	}
	return i;
}

static int64_t
longest(const struct group *g, int step)
{
	int i = DAYS_MAX;

	while (i > 0 && g->days[step][i] == 0)
		i--;
	return i;
}

static void
give(
    struct times *t, const struct group *g, const char *queue, const char *unit)
{
	static const char *const name[STEPS] = {"M", "J"};
	int s;

	for (s = TO_M; s < STEPS; s++) {
		if (g->known[s] == 0) {
			sl_rep_row(t->r, "sswiiuuuu", queue, unit, name[s],
			    name[s], g->entries, g->known[s]);
			continue;
		}
		sl_rep_row(t->r, "sswiixiii", queue, unit, name[s], name[s],
		    g->entries, g->known[s],
		    (double)g->sum[s] / (double)g->known[s],
		    quantile(g, s, 0.5), quantile(g, s, 0.9), longest(g, s));
	}
}

static int
compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->queue != y->queue)
		return x->queue < y->queue ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static void
give_all(struct times *t)
{
	struct group all = {0};
	size_t i;
	int s, d;

	for (s = 0; s < STEPS; s++)
		all.days[s] = sl_alloc((DAYS_MAX + 1) * sizeof(*all.days[s]));
	if (t->n > 0)
		qsort(t->group, t->n, sizeof(*t->group), compare);
	for (i = 0; i < t->n; i++) {
		const struct group *g = &t->group[i];

		give(t, g, t->snap.queue.text[g->queue], t->unit.text[g->unit]);
		all.entries += g->entries;
		for (s = 0; s < STEPS; s++) {
			all.known[s] += g->known[s];
			all.sum[s] += g->sum[s];
			for (d = 0; d <= DAYS_MAX; d++)
				all.days[s][d] += g->days[s][d];
		}
	}
	if (t->n > 1)
		give(t, &all, sl_rep_say(t->r, "Alle køer", "All queues"), "");
	for (s = 0; s < STEPS; s++)
		free(all.days[s]);
}

static void
scan(struct times *t)
{
	struct sl_db *db = sl_store_db(t->r->store);
	sqlite3_stmt *st = sl_db_query(
	    db, "SELECT id, post FROM entry WHERE outcome IN (10, 20)", "");
	sqlite3_stmt *d;
	uint32_t id;

	while (sl_db_row(db, st)) {
		id = (uint32_t)sqlite3_column_int64(st, 0);
		if (id > t->snap.e_max || !t->snap.e[id].in ||
		    t->snap.delivery[id] == 0)
			continue;
		d = sl_db_query(db,
		    "SELECT changed_ms, receipt FROM delivery WHERE id = ?1"
		    " AND state = 'delivered'",
		    "i", (int64_t)t->snap.delivery[id]);
		if (sl_db_row(db, d)) {
			count_entry(t, id, sl_db_text(st, 1),
			    sqlite3_column_int64(d, 0), sl_db_text(d, 1));
			sl_db_done(d);
		}
	}
}

enum sl_rc
sl_rep_journalforingstid(struct sl_rep *r, struct sl_err *err)
{
	struct times t = {.r = r};
	enum sl_rc rc =
	    sl_snap_load(r, SL_SNAP_DELIVERIES | SL_SNAP_TARGET, &t.snap, err);
	size_t i;
	int s;

	(void)sl_names_add(&t.unit, "");
	if (rc == SL_OK) {
		scan(&t);
		give_all(&t);
		sl_rep_note(r,
		    "Arbeidsdager er mandag til fredag uten offentlige "
		    "fridager i Norge. J er bare kjent der målet har vist det "
		    "ved tilbakelesing.",
		    "Working days are Monday to Friday without public holidays "
		    "in Norway. J is known only where the target has shown it "
		    "when read back.");
	}
	for (i = 0; i < t.n; i++)
		for (s = 0; s < STEPS; s++)
			free(t.group[i].days[s]);
	free(t.group);
	sl_names_free(&t.unit);
	sl_snap_free(&t.snap);
	return rc;
}
