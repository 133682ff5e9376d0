/*
 * What comes by time: retries and the held limit.
 *
 * A deadline is stored as UTC and holds by boot time: when the two come apart
 * by more than a clock is corrected in small, the clock has stepped, and the
 * deadlines step with it. The held limit does not: it is a time of day.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/text.h"
#include "access.h"

#define CLOCK_STEP_MS 30000
#define NO_ROOM_MS INT64_C(300000) /* the sweep sees room before that */
#define WAIT_MAX_MS INT64_C(86400000) /* no retry waits longer */

/* Reasons that the distribution case is for: nobody knew where it belongs. */
static bool
is_for_distribution(const char *reason)
{
	static const char *const slugs[] = {"no_evidence", "unknown_case",
	    "case_closed", "several_cases", "weak_evidence", "new_case_asked",
	    "encrypted", "key_missing", "unsupported", "limit_pages",
	    "waits_for_other", "other_not_archived", "volumes_missing"};
	size_t i;

	for (i = 0; i < sizeof(slugs) / sizeof(slugs[0]); i++)
		if (strcmp(slugs[i], reason) == 0)
			return true;
	return false;
}

/* Nobody has decided in time, and there is no case that takes such post, or it
 * may be in the case system already, where no other case was said of it: it
 * goes on waiting for a person, and the log says for how long it has. */
static enum sl_rc
held_on(struct sl_engine *e, struct sl_entry *en, struct sl_err *err)
{
	SL_BUF struct sl_buf payload = {0};

	en->held_until_ms = 0;
	sl_log(SL_LOG_NOTICE, en->reception,
	    "held past the limit reason=\"%s\"", en->reason);
	sl_buf_printf(&payload,
	    "{\"stage\":\"%s\",\"from\":\"held\",\"to\":\"held\",\"reason\":",
	    sl_stage_name((int)en->stage));
	sl_text_json(&payload, en->reason, strlen(en->reason));
	sl_buf_add_char(&payload, '}');
	if (sl_entry_update(e->store, en, err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(e->store, SL_EVENT_expired, en->reception, "slused",
	    sl_buf_str(&payload), en->consignment, en->id, err);
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
		    is_for_distribution(en.reason) &&
		    (strcmp(en.case_number, q->distribution_case) == 0 ||
			!sl_outbox_may_be_there(e, &en))) {
			const struct sl_decision d = {
			    .change = SL_CHANGE_expire,
			    .field = SL_FIELD_case_number,
			    .value = q->distribution_case,
			    .actor = "slused",
			    .why = "held limit"};

			return sl_placing_decide(e, &en, &d, err);
		}
		return held_on(e, &en, err);
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
see_consignment(void *arg, const struct sl_consignment *row, struct sl_err *err)
{
	struct sl_engine *e = arg;
	struct sl_consignment c = *row;

	if (c.dispo != SL_DISPO_deferred || c.retry_ms == 0 ||
	    c.retry_ms > sl_clock_utc_ms())
		return SL_OK;
	if (!sl_room_allows(e, c.id)) { /* nothing to tell */
		c.retry_ms = sl_clock_utc_ms() + NO_ROOM_MS;
		return sl_consignment_update(e->store, &c, err);
	}
	if (sl_consignment_apply(
		e, &c, SL_CHANGE_resume, NULL, NULL, "slused", err) != SL_OK)
		return SL_FATAL;
	e->stray = true; /* opened again at the next sweep */
	return SL_OK;
}

void
sl_due_look(struct sl_engine *e)
{
	int64_t now = sl_clock_utc_ms(), next;
	struct sl_err err;

	if (sl_engine_bad(e, sl_approve_expire(e, &err), &err))
		return;
	next = sl_store_next_due(e->store);
	if (next >= 0 && next <= now) {
		if (sl_engine_bad(e,
			sl_entry_each_open(e->store, see_entry, e, &err),
			&err) ||
		    sl_engine_bad(e,
			sl_consignment_each_open(
			    e->store, see_consignment, e, &err),
			&err))
			return;
		next = sl_store_next_due(e->store);
		sl_engine_kick(e);
	}
	if (next >= 0)
		sl_timer_pull(e->due_timer, next > now ? next - now : 1000);
}

void
sl_due_at(struct sl_engine *e, int64_t utc_ms)
{
	int64_t now = sl_clock_utc_ms();

	sl_timer_pull(e->due_timer, utc_ms > now ? utc_ms - now : 0);
}

/* -- the clock
 * ------------------------------------------------------------------ */

static int64_t
delta_now(void)
{
	return sl_clock_utc_ms() - sl_clock_boot_ms();
}

/* The kernel's name of this boot: boot times of another say nothing. */
static void
boot_id(char *out, size_t cap)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_err err;

	out[0] = '\0';
	if (sl_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &b,
		&err) == SL_OK)
		(void)snprintf(out, cap, "%.36s", sl_buf_str(&b));
}

static enum sl_rc
keep_delta(struct sl_engine *e, struct sl_err *err)
{
	char boot[64], value[128];

	boot_id(boot, sizeof(boot));
	(void)snprintf(
	    value, sizeof(value), "%s %" PRId64, boot, e->clock_delta_ms);
	return sl_store_meta_put(e->store, "clock", value, err);
}

/* more: it may be more than that; nobody can tell. */
static enum sl_rc
stepped(struct sl_engine *e, int64_t step, bool more, struct sl_err *err)
{
	char payload[64];

	(void)snprintf(payload, sizeof(payload), "{\"step_ms\":%" PRId64 "%s}",
	    step, more ? ",\"at_least\":true" : "");
	sl_log(SL_LOG_WARNING, "clock", "stepped ms=\"%" PRId64 "\"%s", step,
	    more ? " or more" : "");
	if (sl_store_log(e->store, SL_EVENT_clock_stepped, "-", "slused",
		payload, 0, 0, err) != SL_OK ||
	    sl_store_shift_deadlines(e->store, step, err) != SL_OK)
		return SL_FATAL;
	sl_outbox_stepped(e, step);
	return SL_OK;
}

/* 0, or by how much at least the clock was put back since the last leaf. */
static int64_t
behind_last(const struct sl_engine *e)
{
	int event;
	int64_t last = sl_store_before(e->store, &event),
		now = sl_clock_utc_ms();

	return last > now + CLOCK_STEP_MS ? now - last : 0;
}

enum sl_rc
sl_due_start(struct sl_engine *e, struct sl_err *err)
{
	char was[128], boot[64];
	int64_t then, step = 0;
	bool more = false;
	int at = 0;

	e->clock_delta_ms = delta_now();
	boot_id(boot, sizeof(boot));
	sl_store_meta(e->store, "clock", was, sizeof(was));
	if (*boot != '\0' && strncmp(was, boot, strlen(boot)) == 0 &&
	    sscanf(was + strlen(boot), " %" SCNd64 "%n", &then, &at) == 1 &&
	    at > 0)
		step = e->clock_delta_ms - then;
	else {
		step = behind_last(e);
		more = true;
	}
	if ((step > CLOCK_STEP_MS || step < -CLOCK_STEP_MS) &&
	    stepped(e, step, more, err) != SL_OK)
		return SL_FATAL;
	/* After a boot nobody can tell more; but nothing waits for ever. */
	if (sl_store_cap_deadlines(
		e->store, sl_clock_utc_ms(), WAIT_MAX_MS, err) != SL_OK)
		return SL_FATAL;
	return keep_delta(e, err);
}

void
sl_due_clock(struct sl_engine *e)
{
	int64_t delta = delta_now(), step = delta - e->clock_delta_ms;
	struct sl_err err;

	if (e->fatal)
		return;
	e->clock_delta_ms = delta;
	if (step <= CLOCK_STEP_MS && step >= -CLOCK_STEP_MS)
		return; /* slow drift is no step */
	if (sl_engine_bad(e, stepped(e, step, false, &err), &err) ||
	    sl_engine_bad(e, keep_delta(e, &err), &err))
		return;
	sl_due_look(e);
	sl_engine_kick(e);
}
