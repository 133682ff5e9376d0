/*
 * Journalføringstid: working days from received to M and to J, as the target
 * shows it. A day is a day of Oslo.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/deadline.h"
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
count_entry(struct times *t, uint32_t id)
{
	const struct sl_snap_entry *e = &t->snap.e[id];
	const struct sl_snap_consignment *c = &t->snap.c[e->consignment];
	const struct sl_snap_sent *sent = &t->snap.sent[id];
	const struct sl_snap_target *target = &t->snap.target[id];
	int64_t from = sent->received_day;
	struct group *g = find_group(t, c->queue, sent->unit);

	if (from < 0)
		from = sl_day_of(c->received_ms);
	g->entries++;
	put_days(g, TO_M, from, sl_day_of(t->snap.sent_ms[id]));
	if (target->text != 0 && target->journaled && target->journal_day >= 0)
		put_days(g, TO_J, from, target->journal_day);
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

		give(t, g, t->snap.queue.text[g->queue],
		    t->snap.unit.text[g->unit]);
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
	const struct sl_snap *s = &t->snap;
	uint32_t id;

	for (id = 1; id <= s->e_max; id++)
		if (sl_snap_e_in(s, id) && s->sent_ms[id] != 0 &&
		    sl_standing_of(s->e[id].dispo, s->e[id].outcome) ==
			SL_STANDS_TRANSFERRED)
			count_entry(t, id);
}

enum sl_rc
sl_rep_journalforingstid(struct sl_rep *r, struct sl_err *err)
{
	struct times t = {.r = r};
	enum sl_rc rc;
	size_t i;
	int s;

	rc = sl_snap_load(r,
	    SL_SNAP_DELIVERIES | SL_SNAP_JOURNALED | SL_SNAP_SENT, NULL,
	    &t.snap, err);
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
	sl_snap_free(&t.snap);
	return rc;
}
