/*
 * Liggetid: what is not finished, by stage, queue and owner.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/deadline.h"
#include "runs.h"
#include "snap.h"

enum { BUCKETS = 5 };
static const int limit[BUCKETS - 1] = {1, 3, 10, 30};

struct age {
	int64_t total, bucket[BUCKETS], oldest_ms;
};
struct ageing {
	struct sl_rep *r;
	struct sl_snap snap;
	int64_t today;
	struct age *queue, stage[16], owner[8];
	int64_t without_owner;
};

static void
count(const struct ageing *a, struct age *g, int64_t received_ms)
{
	int days = sl_working_days(sl_day_of(received_ms), a->today), i;

	for (i = 0; i < BUCKETS - 1 && days >= limit[i]; i++)
		;
	g->bucket[i]++;
	if (g->total++ == 0 || received_ms < g->oldest_ms)
		g->oldest_ms = received_ms;
}

static void
count_item(struct ageing *a, const struct sl_snap_consignment *c, int stage,
    unsigned reason)
{
	const struct sl_reason *why =
	    reason != 0 ? sl_reason_find(a->snap.reason.text[reason]) : NULL;

	count(a, &a->queue[c->queue], c->received_ms);
	if (stage >= 0 && stage / 10 < 16)
		count(a, &a->stage[stage / 10], c->received_ms);
	if (why != NULL)
		count(a, &a->owner[why->owner], c->received_ms);
	else
		a->without_owner++;
}

static void
give(struct ageing *a, const char *slug, const char *word, const char *code,
    const char *name, const struct age *g)
{
	if (g->total == 0)
		return;
	sl_rep_row(a->r, "wwiiiiiiti", slug, word, code, name, g->total,
	    g->bucket[0], g->bucket[1], g->bucket[2], g->bucket[3],
	    g->bucket[4], g->oldest_ms,
	    (int64_t)sl_working_days(sl_day_of(g->oldest_ms), a->today));
}

static void
give_all(struct ageing *a)
{
	struct sl_rep *r = a->r;
	size_t i;
	int o;

	for (i = 0; i < 16; i++)
		give(a, "stage", sl_rep_say(r, "trinn", "stage"),
		    sl_stage_name((int)i * 10), sl_stage_word(r, (int)i * 10),
		    &a->stage[i]);
	for (i = 1; i < a->snap.queue.n; i++)
		give(a, "queue", sl_rep_say(r, "kø", "queue"),
		    a->snap.queue.text[i], a->snap.queue.text[i], &a->queue[i]);
	for (o = SL_OWNER_RECORDS; o <= SL_OWNER_SENDER; o++)
		give(a, "owner", sl_rep_say(r, "ansvar", "owner"),
		    sl_owner_name((enum sl_owner)o),
		    sl_rep_say(r, sl_owner_nb((enum sl_owner)o),
			sl_owner_name((enum sl_owner)o)),
		    &a->owner[o]);
}

enum sl_rc
sl_rep_liggetid(struct sl_rep *r, struct sl_err *err)
{
	struct ageing a = {.r = r, .today = sl_day_of(r->now_ms)};
	enum sl_rc rc = sl_snap_load(r, 0, NULL, &a.snap, err);
	const struct sl_snap *s = &a.snap;
	uint32_t id;
	int64_t at;

	if (rc == SL_OK) {
		a.queue = sl_alloc(s->queue.n * sizeof(*a.queue));
		for (id = 1; id <= s->c_max; id++) {
			if (!sl_snap_c_in(s, id))
				continue;
			for (at = -1; sl_snap_next(s, id, &at);) {
				const struct sl_snap_consignment *c = &s->c[id];

				if (at == 0 && c->dispo != SL_DISPO_done)
					count_item(&a, c, c->stage, c->reason);
				if (at > 0 && s->e[at].dispo != SL_DISPO_done)
					count_item(&a, c, s->e[at].stage,
					    s->e[at].reason);
			}
		}
		give_all(&a);
		sl_rep_fact(r, "without_owner", "Underveis, uten årsak",
		    "Under way, without a reason", "%lld",
		    (long long)a.without_owner);
	}
	free(a.queue);
	sl_snap_free(&a.snap);
	return rc;
}
