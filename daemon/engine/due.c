/*
 * What comes by time: retries and the held limit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "engine.h"

/* Reasons that the distribution case is for: nobody knew where it belongs. */
static bool
is_for_distribution(const char *reason)
{
	static const char *const slugs[] = {"no_evidence", "unknown_case",
	    "case_closed", "several_cases", "weak_evidence",
	    "new_case_asked", "encrypted", "unsupported", "limit_pages"};
	size_t i;

	for (i = 0; i < sizeof(slugs) / sizeof(slugs[0]); i++)
		if (strcmp(slugs[i], reason) == 0)
			return true;
	return false;
}

static enum sl_rc
see_entry(void *arg, const struct sl_entry *row, struct sl_err *err)
{
	struct sl_engine *e = arg;
	struct sl_entry en = *row;
	const struct sl_queue_config *q = sl_config_queue(e->cfg, en.queue);
	int64_t now = sl_clock_utc_ms();

	if (en.dispo == SL_DISPO_held && en.held_until_ms != 0 &&
	    en.held_until_ms <= now) {
		if (q != NULL && *q->distribution_case != '\0' &&
		    is_for_distribution(en.reason))
			return sl_placing_decide(e, &en, q->distribution_case,
			    "slused", SL_CHANGE_expire, "held limit", err);
		en.held_until_ms = 0; /* nothing to do: a person must */
		return sl_entry_update(e->store, &en, err);
	}
	if (en.dispo == SL_DISPO_deferred && en.retry_ms != 0 &&
	    en.retry_ms <= now) {
		if (sl_entry_apply(e, &en, SL_CHANGE_resume, NULL, NULL,
		    "slused", err) != SL_OK)
			return SL_FATAL;
		if (en.stage == SL_STAGE_placed)
			return sl_placing_prepare(e, &en, err);
		if (en.stage == SL_STAGE_read)
			return sl_placing_ask(e, en.id, err);
	}
	return SL_OK;
}

static enum sl_rc
see_consignment(void *arg, const struct sl_consignment *row,
    struct sl_err *err)
{
	struct sl_engine *e = arg;
	struct sl_consignment c = *row;

	if (c.dispo != SL_DISPO_deferred || c.retry_ms == 0 ||
	    c.retry_ms > sl_clock_utc_ms())
		return SL_OK;
	if (sl_consignment_apply(e, &c, SL_CHANGE_resume, NULL, NULL,
	    "slused", err) != SL_OK)
		return SL_FATAL;
	e->stray = true; /* opened again at the next sweep */
	return SL_OK;
}

void
sl_due_look(struct sl_engine *e)
{
	int64_t now = sl_clock_utc_ms(), next;
	struct sl_err err;

	next = sl_store_next_due(e->store);
	if (next >= 0 && next <= now) {
		if (sl_engine_bad(e, sl_entry_each_open(
			e->store, see_entry, e, &err), &err) ||
		    sl_engine_bad(e, sl_consignment_each_open(
			e->store, see_consignment, e, &err), &err))
			return;
		next = sl_store_next_due(e->store);
		sl_engine_kick(e);
	}
	e->next_due_ms = next;
	if (next >= 0)
		sl_timer_pull(
		    e->due_timer, next > now ? next - now : 1000);
}

void
sl_due_at(struct sl_engine *e, int64_t utc_ms)
{
	int64_t now = sl_clock_utc_ms();

	sl_timer_pull(e->due_timer, utc_ms > now ? utc_ms - now : 0);
}
