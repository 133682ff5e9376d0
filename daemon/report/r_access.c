/*
 * Midlertidige tilgangskoder: what was sent with an access code, by age.
 */
#include <inttypes.h>
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
	int64_t assessed; /* see is_assessed */
	int64_t erased; /* transferred; with which code is not known any more */
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

/* The target's own journal shows another code, and no target's the one that was
 * sent. */
static bool
is_assessed(const struct sl_snap *s, uint32_t id)
{
	return s->target[id].other_code && !s->target[id].same_code;
}

static void
scan(struct access *a)
{
	const struct sl_snap *s = &a->snap;
	uint32_t id;

	for (id = 1; id <= s->e_max; id++) {
		if (!sl_snap_e_in(s, id) || s->sent_ms[id] == 0)
			continue;
		if (s->sent[id].access != 0 && is_assessed(s, id))
			a->assessed++;
		else if (s->sent[id].access != 0)
			count(a, s->c[s->e[id].consignment].queue,
			    s->sent[id].access, s->sent_ms[id]);
		/* Where the unit was kept, so would the code have been. */
		else if (s->sent[id].title == 0 && s->sent[id].unit == 0 &&
			 sl_standing_of(s->e[id].dispo, s->e[id].outcome) ==
			     SL_STANDS_TRANSFERRED)
			a->erased++;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->oldest_ms < y->oldest_ms ? -1 : x->oldest_ms > y->oldest_ms;
}

static void
tell(struct access *a)
{
	struct sl_rep *r = a->r;

	if (a->assessed > 0)
		sl_rep_fact(r, "assessed", "Har en annen kode i målet nå",
		    "Have another code in the target now", "%" PRId64,
		    a->assessed);
	if (a->erased > 0)
		sl_rep_fact(r, "erased",
		    "Overført, men innholdet er slettet: kode ikke kjent",
		    "Transferred, but the content was erased: code not known",
		    "%" PRId64, a->erased);
	sl_rep_note(r,
	    "Om koden er vurdert i målet siden, er bare kjent der målets "
	    "journal er lest og viser en annen kode.",
	    "Whether the code was assessed in the target since is known only "
	    "where the target's journal was read and shows another code.");
}

enum sl_rc
sl_rep_tilgangskoder(struct sl_rep *r, struct sl_err *err)
{
	struct access a = {.r = r, .today = sl_day_of(r->now_ms)};
	const struct group *g;
	enum sl_rc rc =
	    sl_snap_load(r, SL_SNAP_DELIVERIES | SL_SNAP_SENT | SL_SNAP_CODES,
		NULL, &a.snap, err);
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
		tell(&a);
	}
	free(a.group);
	sl_snap_free(&a.snap);
	return rc;
}
