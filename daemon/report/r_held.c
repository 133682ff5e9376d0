/*
 * Avklaringer: held, by whom settled and how fast, from the sporingslogg.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "changes.h"
#include "runs.h"
#include "snap.h"
#include "words.h"

#define ACTORS_MAX 256

struct group {
	unsigned queue, reason;
	int64_t held, open, person, limit, machine;
	uint16_t actor[ACTORS_MAX];
	size_t actors;
	int64_t *wait_ms;
	size_t waits, wait_cap;
};
struct held {
	struct sl_rep *r;
	struct sl_snap snap;
	struct sl_names actor;
	struct group *group;
	size_t n, cap;
	/* By entry: the group it is held in now, plus one, and since when. */
	uint32_t *in;
	int64_t *since;
};

static size_t
find_group(struct held *h, unsigned queue, unsigned reason)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->group[i].queue == queue && h->group[i].reason == reason)
			return i;
	h->group = sl_grow(h->group, &h->cap, h->n + 1, sizeof(*h->group));
	memset(&h->group[h->n], 0, sizeof(*h->group));
	h->group[h->n].queue = queue;
	h->group[h->n].reason = reason;
	return h->n++;
}

static void
note_actor(struct group *g, unsigned actor)
{
	size_t i;

	for (i = 0; i < g->actors; i++)
		if (g->actor[i] == actor)
			return;
	if (g->actors < ACTORS_MAX)
		g->actor[g->actors++] = (uint16_t)actor;
}

static bool
by_person(const char *actor)
{
	return strncmp(actor, "uid:", 4) == 0 ||
	       strncmp(actor, "queue:", 6) == 0;
}

static void
settle(struct held *h, uint32_t entry, const struct sl_rep_change *c)
{
	struct group *g;

	if (h->in[entry] == 0)
		return;
	g = &h->group[h->in[entry] - 1];
	h->in[entry] = 0;
	g->open--;
	if (by_person(c->actor)) {
		g->person++;
		note_actor(g, sl_names_add(&h->actor, c->actor));
	} else if (c->event == SL_EVENT_expired) {
		g->limit++;
	} else {
		g->machine++;
	}
	g->wait_ms = sl_grow(
	    g->wait_ms, &g->wait_cap, g->waits + 1, sizeof(*g->wait_ms));
	g->wait_ms[g->waits++] = c->time_ms - h->since[entry];
}

/* Held once more while it is held (for another reason) is a new holding; the
 * first one ended by the machine. */
static void
hold(struct held *h, uint32_t entry, const struct sl_rep_change *c)
{
	const struct sl_snap_consignment *k =
	    &h->snap.c[h->snap.e[entry].consignment];
	unsigned reason = sl_names_add(&h->snap.reason, c->reason);
	size_t g;

	if (h->in[entry] != 0 && h->group[h->in[entry] - 1].reason == reason)
		return;
	settle(h, entry, c);
	if (c->time_ms < h->r->from_ms || c->time_ms >= h->r->to_ms)
		return;
	g = find_group(h, k->queue, reason);
	h->group[g].held++;
	h->group[g].open++;
	h->in[entry] = (uint32_t)g + 1;
	h->since[entry] = c->time_ms;
}

static enum sl_rc
take(void *arg, const struct sl_rep_change *c, struct sl_err *err)
{
	struct held *h = arg;
	uint32_t entry;

	(void)err;
	if (c->entry <= 0 || c->entry > h->snap.e_max)
		return SL_OK;
	entry = (uint32_t)c->entry;
	if (!h->snap.e[entry].there ||
	    !h->snap.c[h->snap.e[entry].consignment].in)
		return SL_OK;
	if (c->event == SL_EVENT_held)
		hold(h, entry, c);
	else
		settle(h, entry, c);
	return SL_OK;
}

static int
compare_ms(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int
compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->queue != y->queue)
		return x->queue < y->queue ? -1 : 1;
	return x->held > y->held ? -1 : x->held < y->held;
}

static void
give(struct held *h, struct group *g)
{
	const char *slug = h->snap.reason.text[g->reason];
	const struct sl_reason *why = sl_reason_find(slug);
	const char *queue = h->snap.queue.text[g->queue];
	const char *owner = why != NULL ? sl_owner_name(why->owner) : "";
	const char *word =
	    why == NULL ? "" : sl_rep_say(h->r, sl_owner_nb(why->owner), owner);
	SL_BUF struct sl_buf reason = {0};
	double hours;

	sl_word_reason(h->r, slug, &reason);
	if (g->waits == 0) {
		sl_rep_row(h->r, "swwiiiiii-", queue, slug, sl_buf_str(&reason),
		    owner, word, g->held, g->open, g->person, g->limit,
		    g->machine, (int64_t)g->actors);
		return;
	}
	qsort(g->wait_ms, g->waits, sizeof(*g->wait_ms), compare_ms);
	hours = (double)(g->wait_ms[(g->waits - 1) / 2] +
			 g->wait_ms[g->waits / 2]) /
		2 / 3600000.0;
	sl_rep_row(h->r, "swwiiiiiix", queue, slug, sl_buf_str(&reason), owner,
	    word, g->held, g->open, g->person, g->limit, g->machine,
	    (int64_t)g->actors, hours);
}

enum sl_rc
sl_rep_avklaringer(struct sl_rep *r, struct sl_err *err)
{
	struct held h = {.r = r};
	struct sl_rep all = *r;
	enum sl_rc rc;
	size_t i;

	/* The period is that of the holding, not of the reception. */
	all.from_ms = INT64_MIN;
	all.to_ms = INT64_MAX;
	rc = sl_snap_load(&all, 0, NULL, &h.snap, err);
	(void)sl_names_add(&h.actor, "");
	if (rc == SL_OK) {
		h.in = sl_alloc((h.snap.e_max + 1) * sizeof(*h.in));
		h.since = sl_alloc((h.snap.e_max + 1) * sizeof(*h.since));
		rc = sl_rep_changes(r->store, true, take, &h, err);
	}
	if (rc == SL_OK && h.n > 0) {
		qsort(h.group, h.n, sizeof(*h.group), compare);
		for (i = 0; i < h.n; i++)
			give(&h, &h.group[i]);
	}
	for (i = 0; i < h.n; i++)
		free(h.group[i].wait_ms);
	free(h.group);
	free(h.in);
	free(h.since);
	sl_names_free(&h.actor);
	sl_snap_free(&h.snap);
	return rc;
}
