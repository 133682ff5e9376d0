/*
 * Avklaringer: held, by whom settled and how fast, from the sporingslogg.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "changes.h"
#include "runs.h"
#include "snap.h"
#include "words.h"

#define ACTORS_MAX 256
#define ACTORS_NAMED 3

struct settler {
	unsigned actor;
	int64_t n;
};
struct group {
	unsigned queue, reason;
	int64_t held, open, person, limit, machine;
	struct settler by[ACTORS_MAX];
	size_t actors;
	int64_t *wait_ms;
	size_t waits, wait_cap;
};
/* What is held now: few of all. */
struct holding {
	uint32_t group; /* OUTSIDE: of the period */
	uint32_t next; /* of the free ones, plus one */
	int64_t since; /* OUTSIDE: its reason */
};
#define OUTSIDE UINT32_MAX
struct held {
	struct sl_rep *r;
	struct sl_snap snap;
	struct sl_names actor;
	struct group *group;
	size_t n, cap;
	uint32_t *in; /* by place_of: its holding, plus one */
	struct holding *holding;
	size_t holdings, holding_cap;
	uint32_t unused; /* the first free one, plus one */
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

	for (i = 0; i < g->actors && g->by[i].actor != actor; i++)
		;
	if (i == ACTORS_MAX)
		return;
	if (i == g->actors)
		g->by[g->actors++] = (struct settler){.actor = actor};
	g->by[i].n++;
}

static bool
by_person(const char *actor)
{
	return strncmp(actor, "uid:", 4) == 0 ||
	       strncmp(actor, "queue:", 6) == 0;
}

static void
begin_holding(struct held *h, size_t at, uint32_t group, int64_t since)
{
	uint32_t k = h->unused;

	if (k != 0) {
		h->unused = h->holding[k - 1].next;
	} else {
		h->holding = sl_grow(h->holding, &h->holding_cap,
		    h->holdings + 1, sizeof(*h->holding));
		k = (uint32_t)++h->holdings;
	}
	h->holding[k - 1] = (struct holding){.group = group, .since = since};
	h->in[at] = k;
}

static struct holding
end_holding(struct held *h, size_t at)
{
	uint32_t k = h->in[at];
	struct holding was = h->holding[k - 1];

	h->holding[k - 1].next = h->unused;
	h->unused = k;
	h->in[at] = 0;
	return was;
}

static void
settle(struct held *h, size_t at, const struct sl_rep_change *c)
{
	struct holding was;
	struct group *g;

	if (h->in[at] == 0)
		return;
	was = end_holding(h, at);
	if (was.group == OUTSIDE)
		return;
	g = &h->group[was.group];
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
	g->wait_ms[g->waits++] = c->time_ms - was.since;
}

/* It is held. */
static unsigned
held_for(const struct held *h, size_t at)
{
	const struct holding *k = &h->holding[h->in[at] - 1];

	return k->group == OUTSIDE ? (unsigned)k->since
				   : h->group[k->group].reason;
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
		begin_holding(h, at, OUTSIDE, reason);
		return;
	}
	g = find_group(h, queue, reason);
	h->group[g].held++;
	h->group[g].open++;
	begin_holding(h, at, (uint32_t)g, c->time_ms);
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

/* Who was met first does not count: as many stand by their names. */
static int
compare_settlers(const void *a, const void *b, void *arg)
{
	const struct settler *x = a, *y = b;
	const struct held *h = arg;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(h->actor.text[x->actor], h->actor.text[y->actor]);
}

static void
say_settlers(struct held *h, struct group *g, struct sl_buf *out)
{
	size_t i, n = g->actors < ACTORS_NAMED ? g->actors : ACTORS_NAMED;

	if (g->actors > 1)
		qsort_r(g->by, g->actors, sizeof(*g->by), compare_settlers, h);
	for (i = 0; i < n; i++) {
		sl_buf_add_str(out, i > 0 ? ", " : "");
		sl_word_actor(h->r, h->actor.text[g->by[i].actor], out);
		sl_buf_printf(out, ": %" PRId64, g->by[i].n);
	}
	if (g->actors > n)
		sl_buf_printf(out, "%s%zu%s", sl_rep_say(h->r, " og ", " and "),
		    g->actors - n, sl_rep_say(h->r, " til", " more"));
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
	SL_BUF struct sl_buf reason = {0}, who = {0};
	double hours;

	sl_word_reason(h->r, slug, &reason);
	say_settlers(h, g, &who);
	if (g->waits == 0) {
		sl_rep_row(h->r, "swwiiiiiis-", queue, slug,
		    sl_buf_str(&reason), owner, word, g->held, g->open,
		    g->person, g->limit, g->machine, (int64_t)g->actors,
		    sl_buf_str(&who));
		return;
	}
	qsort(g->wait_ms, g->waits, sizeof(*g->wait_ms), compare_ms);
	hours = (double)(g->wait_ms[(g->waits - 1) / 2] +
			 g->wait_ms[g->waits / 2]) /
		2 / 3600000.0;
	sl_rep_row(h->r, "swwiiiiiisx", queue, slug, sl_buf_str(&reason), owner,
	    word, g->held, g->open, g->person, g->limit, g->machine,
	    (int64_t)g->actors, sl_buf_str(&who), hours);
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
	free(h.holding);
	sl_names_free(&h.actor);
	sl_snap_free(&h.snap);
	return rc;
}
