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
	/* By place_of: the group it is held in, plus one, and since when. Held
	 * outside of the period it is in OUTSIDE, since its reason. */
	uint32_t *in;
	int64_t *since;
};
#define OUTSIDE UINT32_MAX

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
settle(struct held *h, size_t at, const struct sl_rep_change *c)
{
	struct group *g;

	if (h->in[at] == 0 || h->in[at] == OUTSIDE) {
		h->in[at] = 0;
		return;
	}
	g = &h->group[h->in[at] - 1];
	h->in[at] = 0;
	g->open--;
	if (c->event != SL_EVENT_held && by_person(c->actor)) {
		g->person++;
		note_actor(g, sl_names_add(&h->actor, c->actor));
	} else if (c->event == SL_EVENT_expired) {
		g->limit++;
	} else {
		g->machine++;
	}
	g->wait_ms = sl_grow(
	    g->wait_ms, &g->wait_cap, g->waits + 1, sizeof(*g->wait_ms));
	g->wait_ms[g->waits++] = c->time_ms - h->since[at];
}

/* It is held. */
static unsigned
held_for(const struct held *h, size_t at)
{
	return h->in[at] == OUTSIDE ? (unsigned)h->since[at]
				    : h->group[h->in[at] - 1].reason;
}

/* Held once more while it is held (for another reason) is a new holding; the
 * first one ended by the machine, whoever holds it now: nobody settled it.
 * Where reasons were erased each is taken for another. */
static void
hold(struct held *h, size_t at, unsigned queue, const struct sl_rep_change *c)
{
	unsigned reason = sl_names_add(&h->snap.reason, c->reason);
	size_t g;

	if (h->in[at] != 0 && c->reason[0] != '\0' && held_for(h, at) == reason)
		return;
	settle(h, at, c);
	if (c->time_ms < h->r->from_ms || c->time_ms >= h->r->to_ms) {
		h->in[at] = OUTSIDE;
		h->since[at] = reason;
		return;
	}
	g = find_group(h, queue, reason);
	h->group[g].held++;
	h->group[g].open++;
	h->in[at] = (uint32_t)g + 1;
	h->since[at] = c->time_ms;
}

/* Of an entry, else of a consignment: those lie behind all entries. 0: neither,
 * or not of the queue asked for. */
static size_t
place_of(const struct held *h, const struct sl_rep_change *c, unsigned *queue)
{
	const struct sl_snap *s = &h->snap;
	int64_t id = c->consignment;

	if (c->entry > 0) {
		if (c->entry > s->e_max || !s->e[c->entry].there)
			return 0;
		id = s->e[c->entry].consignment;
	}
	if (id <= 0 || id > s->c_max || !sl_snap_c_in(s, id))
		return 0;
	*queue = s->c[id].queue;
	return c->entry > 0 ? (size_t)c->entry : (size_t)s->e_max + (size_t)id;
}

static enum sl_rc
take(void *arg, const struct sl_rep_change *c, struct sl_err *err)
{
	struct held *h = arg;
	unsigned queue;
	size_t at = place_of(h, c, &queue);

	(void)err;
	if (at == 0)
		return SL_OK;
	if (c->event == SL_EVENT_held)
		hold(h, at, queue, c);
	else
		settle(h, at, c);
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
	size_t i, places;

	/* The period is that of the holding, not of the reception. */
	all.from_ms = INT64_MIN;
	all.to_ms = INT64_MAX;
	rc = sl_snap_load(&all, 0, NULL, &h.snap, err);
	(void)sl_names_add(&h.actor, "");
	if (rc == SL_OK) {
		places = (size_t)h.snap.e_max + h.snap.c_max + 1;
		h.in = sl_alloc(places * sizeof(*h.in));
		h.since = sl_alloc(places * sizeof(*h.since));
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
