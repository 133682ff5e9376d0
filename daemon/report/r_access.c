/*
 * Midlertidige tilgangskoder: what was sent with an access code, by age.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/deadline.h"
#include "runs.h"
#include "snap.h"

enum { BUCKETS = 4 };
static const int limit[BUCKETS - 1] = {5, 20, 60};

struct group {
	unsigned queue, code;
	int64_t total, bucket[BUCKETS], oldest_ms;
};
struct access {
	struct sl_rep *r;
	struct sl_snap snap;
	struct group *group;
	size_t n, cap;
	int64_t today;
};

static void
count(struct access *a, unsigned queue, unsigned c, int64_t sent_ms)
{
	int days = sl_working_days(sl_day_of(sent_ms), a->today), b;
	struct group *g;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->group[i].queue == queue && a->group[i].code == c)
			break;
	if (i == a->n) {
		a->group =
		    sl_grow(a->group, &a->cap, a->n + 1, sizeof(*a->group));
		a->group[a->n++] = (struct group){.queue = queue, .code = c};
	}
	g = &a->group[i];
	for (b = 0; b < BUCKETS - 1 && days >= limit[b]; b++)
		;
	g->bucket[b]++;
	if (g->total++ == 0 || sent_ms < g->oldest_ms)
		g->oldest_ms = sent_ms;
}

static void
scan(struct access *a)
{
	const struct sl_snap *s = &a->snap;
	uint32_t id;

	for (id = 1; id <= s->e_max; id++)
		if (s->e[id].in && s->sent[id].access != 0 &&
		    s->sent_ms[id] != 0)
			count(a, s->c[s->e[id].consignment].queue,
			    s->sent[id].access, s->sent_ms[id]);
}

static int
compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->oldest_ms < y->oldest_ms ? -1 : x->oldest_ms > y->oldest_ms;
}

enum sl_rc
sl_rep_tilgangskoder(struct sl_rep *r, struct sl_err *err)
{
	struct access a = {.r = r, .today = sl_day_of(r->now_ms)};
	const struct group *g;
	enum sl_rc rc = sl_snap_load(
	    r, SL_SNAP_DELIVERIES | SL_SNAP_SENT, NULL, &a.snap, err);
	size_t i;

	if (rc == SL_OK) {
		scan(&a);
		if (a.n > 0)
			qsort(a.group, a.n, sizeof(*a.group), compare);
		for (i = 0; i < a.n; i++) {
			g = &a.group[i];
			sl_rep_row(r, "ssiiiiit", a.snap.queue.text[g->queue],
			    a.snap.access.text[g->code], g->total, g->bucket[0],
			    g->bucket[1], g->bucket[2], g->bucket[3],
			    g->oldest_ms);
		}
		sl_rep_note(r,
		    "Om koden er vurdert i målet siden, er ikke kjent her.",
		    "Whether the code was assessed in the target since is not "
		    "known here.");
	}
	free(a.group);
	sl_snap_free(&a.snap);
	return rc;
}
