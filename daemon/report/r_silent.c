/*
 * Stille innganger: the last arrival against the usual rhythm.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/deadline.h"
#include "runs.h"
#include "snap.h"

#define YEAR_DAYS 365
#define FEW_DAYS 10

struct door {
	int64_t last_ms, arrivals;
	uint8_t day[YEAR_DAYS + 1]; /* something came; the last: of last_ms */
};

/* Working days between the days something came, sorted; result: how many. */
static size_t
gaps_of(const struct door *d, int *gap)
{
	int64_t begin = sl_day_of(d->last_ms) - YEAR_DAYS, before = -1;
	size_t n = 0, i, k;
	int g;

	for (i = 0; i <= YEAR_DAYS; i++) {
		if (d->day[i] == 0)
			continue;
		if (before >= 0) {
			g = sl_working_days(before, begin + (int64_t)i);
			for (k = n++; k > 0 && gap[k - 1] > g; k--)
				gap[k] = gap[k - 1];
			gap[k] = g;
		}
		before = begin + (int64_t)i;
	}
	return n;
}

enum verdict { OK, SILENT, NEVER, FEW };

static void
give(struct sl_rep *r, const char *name, const struct door *d, int64_t today)
{
	static const char *const slug[] = {"ok", "silent", "never", "few"};
	static const char *const nb[] = {
	    "i orden", "stille", "aldri brukt", "for lite til å si"};
	int gap[YEAR_DAYS + 1];
	int64_t since = 0, median = 0, longest = 0;
	enum verdict v = OK;
	size_t n;

	if (d == NULL || d->last_ms == 0) {
		sl_rep_row(r, "sw------", name, slug[NEVER],
		    sl_rep_say(r, nb[NEVER], slug[NEVER]));
		return;
	}
	n = gaps_of(d, gap);
	since = sl_working_days(sl_day_of(d->last_ms), today);
	if (n > 0) {
		median = gap[n / 2];
		longest = gap[(n * 95 + 99) / 100 - 1];
	}
	if (n + 1 < FEW_DAYS)
		v = FEW;
	else if (since > longest && since > 1)
		v = SILENT;
	sl_rep_row(r, n > 0 ? "swtiiiii" : "swtiii--", name, slug[v],
	    sl_rep_say(r, nb[v], slug[v]), d->last_ms, since,
	    (int64_t)(n > 0 ? n + 1 : d->arrivals > 0), d->arrivals, median,
	    longest);
}

/* Of the year until the last: of silence that goes on the rhythm stays known.
 */
static void
count(struct door *d, int64_t received_ms)
{
	int64_t at = sl_day_of(received_ms) - sl_day_of(d->last_ms) + YEAR_DAYS;

	if (at < 0)
		return;
	d->day[at] = 1;
	d->arrivals++;
}

static bool
is_known(const struct sl_snap *s, const char *queue)
{
	size_t i;

	for (i = 1; i < s->queue.n; i++)
		if (strcmp(s->queue.text[i], queue) == 0)
			return true;
	return false;
}

enum sl_rc
sl_rep_stilleinnganger(struct sl_rep *r, struct sl_err *err)
{
	struct sl_snap s;
	struct door *door = NULL;
	int64_t today = sl_day_of(r->now_ms);
	enum sl_rc rc = sl_snap_load(r, 0, NULL, &s, err);
	const char *name;
	uint32_t id;
	size_t i;

	if (rc == SL_OK) {
		door = sl_alloc(s.queue.n * sizeof(*door));
		for (id = 1; id <= s.c_max; id++)
			if (sl_snap_c_in(&s, id) &&
			    s.c[id].received_ms > door[s.c[id].queue].last_ms)
				door[s.c[id].queue].last_ms =
				    s.c[id].received_ms;
		for (id = 1; id <= s.c_max; id++)
			if (sl_snap_c_in(&s, id))
				count(
				    &door[s.c[id].queue], s.c[id].received_ms);
		for (i = 1; i < s.queue.n; i++)
			if (door[i].last_ms != 0)
				give(r, s.queue.text[i], &door[i], today);
		for (i = 0; i < r->cfg->queue_n; i++) {
			name = r->cfg->queue[i].name;
			if (!is_known(&s, name) &&
			    (r->opt->queue == NULL ||
				strcmp(r->opt->queue, name) == 0))
				give(r, name, NULL, today);
		}
	}
	free(door);
	sl_snap_free(&s);
	return rc;
}
