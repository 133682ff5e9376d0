/*
 * Gevinster: what went through without a person, and how fast.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "changes.h"
#include "runs.h"
#include "snap.h"

/* Histogram in steps of a tenth: 10 a decade over eight decades of seconds. */
#define STEPS 400
#define PER_DECADE 50.0

enum { BY_MACHINE, BY_PERSON, BY_LIMIT, HOWS };

struct door {
	int64_t entries, how[HOWS];
	uint32_t seconds[STEPS + 1];
};
struct gains {
	struct sl_rep *r;
	struct sl_snap snap;
	uint8_t *how; /* by entry */
	/* By consignment: entries behind this one are by a person, who let it
	 * go on or had it read again. UINT32_MAX: none are. */
	uint32_t *behind;
	struct door *door;
};

/* What a consignment has after a person's word is by him: all of it where it
 * had no entry yet, else what came in the place of one. */
static void
note_behind(struct gains *g, const struct sl_rep_change *c)
{
	const struct sl_snap_entry *e = &g->snap.e[c->entry];
	uint32_t *behind;

	if (c->entry > 0 && !(e->there && e->outcome == SL_OUTCOME_replaced))
		return;
	if (c->entry == 0 &&
	    (c->consignment <= 0 || c->consignment > g->snap.c_max))
		return;
	behind = &g->behind[c->entry > 0 ? e->consignment : c->consignment];
	if (c->entry < *behind)
		*behind = (uint32_t)c->entry;
}

static enum sl_rc
take(void *arg, const struct sl_rep_change *c, struct sl_err *err)
{
	struct gains *g = arg;
	bool person = strncmp(c->actor, "uid:", 4) == 0 ||
		      strncmp(c->actor, "queue:", 6) == 0;

	(void)err;
	if (c->entry < 0 || c->entry > g->snap.e_max)
		return SL_OK;
	if (person)
		note_behind(g, c);
	if (c->entry == 0)
		return SL_OK;
	if (person)
		g->how[c->entry] = BY_PERSON;
	else if (c->event == SL_EVENT_expired && g->how[c->entry] == BY_MACHINE)
		g->how[c->entry] = BY_LIMIT;
	return SL_OK;
}

static int
step_of(int64_t ms)
{
	double s = (double)ms / 1000;
	int n = s <= 1 ? 0 : (int)lround(log10(s) * PER_DECADE);

	return n > STEPS ? STEPS : n;
}

static double
minutes_at(const struct door *d, double part)
{
	int64_t want = (int64_t)ceil(part * (double)d->entries), seen = 0;
	int i;

	for (i = 0; i < STEPS; i++) {
		seen += d->seconds[i];
		if (seen >= want)
			break;
	}
	return pow(10, i / PER_DECADE) / 60;
}

static void
scan(struct gains *g)
{
	const struct sl_snap_consignment *c;
	struct door *d;
	uint32_t e;

	for (e = 1; e <= g->snap.e_max; e++) {
		if (!sl_snap_e_in(&g->snap, e) || g->snap.sent_ms[e] == 0 ||
		    sl_standing_of(g->snap.e[e].dispo, g->snap.e[e].outcome) !=
			SL_STANDS_TRANSFERRED)
			continue;
		c = &g->snap.c[g->snap.e[e].consignment];
		d = &g->door[c->queue];
		d->entries++;
		d->how[e > g->behind[g->snap.e[e].consignment] ? BY_PERSON
							       : g->how[e]]++;
		d->seconds[step_of(g->snap.sent_ms[e] - c->received_ms)]++;
	}
}

static void
give(struct sl_rep *r, const char *name, const struct door *d)
{
	sl_rep_row(r, "siiiixxx", name, d->entries, d->how[BY_MACHINE],
	    d->how[BY_PERSON], d->how[BY_LIMIT],
	    100.0 * (double)d->how[BY_MACHINE] / (double)d->entries,
	    minutes_at(d, 0.5), minutes_at(d, 0.9));
}

static void
give_all(struct gains *g)
{
	struct door *all = sl_alloc(sizeof(*all));
	size_t i, n = 0;
	int k;

	for (i = 1; i < g->snap.queue.n; i++) {
		const struct door *d = &g->door[i];

		if (d->entries == 0)
			continue;
		give(g->r, g->snap.queue.text[i], d);
		n++;
		all->entries += d->entries;
		for (k = 0; k < HOWS; k++)
			all->how[k] += d->how[k];
		for (k = 0; k <= STEPS; k++)
			all->seconds[k] += d->seconds[k];
	}
	if (n > 1)
		give(g->r, sl_rep_say(g->r, "Alle køer", "All queues"), all);
	free(all);
}

enum sl_rc
sl_rep_gevinster(struct sl_rep *r, struct sl_err *err)
{
	struct gains g = {.r = r};
	enum sl_rc rc = sl_snap_load(r, SL_SNAP_DELIVERIES, NULL, &g.snap, err);

	if (rc == SL_OK) {
		g.how = sl_alloc(g.snap.e_max + 1);
		g.behind = sl_alloc((g.snap.c_max + 1) * sizeof(*g.behind));
		memset(g.behind, 0xFF, (g.snap.c_max + 1) * sizeof(*g.behind));
		g.door = sl_alloc(g.snap.queue.n * sizeof(*g.door));
		rc = sl_rep_changes(r->store, false, take, &g, err);
	}
	if (rc == SL_OK) {
		scan(&g);
		give_all(&g);
	}
	free(g.how);
	free(g.behind);
	free(g.door);
	sl_snap_free(&g.snap);
	return rc;
}
