/*
 * The one place where an item moves. Row and leaf are written together.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "engine.h"

#define DEFER_MS INT64_C(300000) /* what no delivery's clock wakes */
#define SLUG_OR_EMPTY(s) ((s) != NULL ? (s) : "")

static void
add_json(struct sl_buf *b, const char *s)
{
	sl_text_json(b, s, strlen(s));
}

static void
change_payload(struct sl_buf *b, int stage, int from, int to,
    const char *reason, const char *detail)
{
	sl_buf_printf(b, "{\"stage\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"",
	    sl_stage_name(stage), sl_dispo_name(from), sl_dispo_name(to));
	if (reason != NULL && *reason != '\0') {
		sl_buf_add_str(b, ",\"reason\":");
		add_json(b, reason);
	}
	if (detail != NULL && *detail != '\0') {
		sl_buf_add_str(b, ",\"detail\":");
		add_json(b, detail);
	}
	sl_buf_add_char(b, '}');
}

static void
after_changed(struct sl_engine *e, int64_t consignment, int64_t unused)
{
	(void)unused;
	sl_faces_changed(e->faces, consignment);
}

static void
log_change(const char *subject, int stage, int dispo, const char *reason)
{
	/* No detail: a person's words or a document's may be in it. */
	enum sl_level level = SL_LOG_DEBUG;

	if (dispo == SL_DISPO_held || dispo == SL_DISPO_deferred)
		level = SL_LOG_INFO;
	if (dispo == SL_DISPO_quarantined || dispo == SL_DISPO_broken)
		level = SL_LOG_NOTICE;
	if (reason != NULL && strcmp(reason, SL_ORIGINAL_MISSING) == 0)
		level = SL_LOG_ERR; /* it was to be kept */
	sl_log(level, subject, "stage=\"%s\" disposition=\"%s\" reason=\"%s\"",
	    sl_stage_name(stage), sl_dispo_name(dispo), SLUG_OR_EMPTY(reason));
}

enum sl_rc
sl_consignment_apply(struct sl_engine *e, struct sl_consignment *c,
    enum sl_change change, const char *reason, const char *detail,
    const char *actor, struct sl_err *err)
{
	/* Only entries are delivered: a consignment that ends by itself is the
	 * same delivery once more. */
	enum sl_event event = change == SL_CHANGE_finish
				  ? SL_EVENT_ended_as_duplicate
				  : sl_change_event(change);
	SL_BUF struct sl_buf b = {0};
	enum sl_dispo to;

	if (sl_change_apply(c->dispo, change, &to, err) != SL_OK)
		return SL_FATAL;
	change_payload(
	    &b, (int)c->stage, (int)c->dispo, (int)to, reason, detail);
	c->dispo = to;
	(void)snprintf(c->reason, sizeof(c->reason), "%s",
	    to == SL_DISPO_ready ? "" : SLUG_OR_EMPTY(reason));
	(void)sl_slice_copy(
	    sl_slice_str(to == SL_DISPO_ready ? "" : SLUG_OR_EMPTY(detail)),
	    c->detail, sizeof(c->detail));
	c->retry_ms =
	    to == SL_DISPO_deferred ? sl_clock_utc_ms() + DEFER_MS : 0;
	if (c->retry_ms != 0)
		sl_due_at(e, c->retry_ms);
	log_change(c->reception, (int)c->stage, (int)to, reason);
	sl_engine_after(e, after_changed, c->id, 0);
	if (to == SL_DISPO_done)
		sl_belongs_changed(e);
	if (sl_consignment_update(e->store, c, err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(e->store, event, c->reception, actor,
	    sl_buf_str(&b), c->id, 0, err);
}

enum sl_rc
sl_consignment_pass(struct sl_engine *e, struct sl_consignment *c,
    enum sl_event event, const char *payload, struct sl_err *err)
{
	enum sl_dispo to;

	if (sl_change_apply(c->dispo, SL_CHANGE_pass, &to, err) != SL_OK)
		return SL_FATAL;
	c->stage = (enum sl_stage)sl_stage_next((int)c->stage);
	if (sl_consignment_update(e->store, c, err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(e->store, event, c->reception, "slused",
	    payload != NULL ? payload : "{}", c->id, 0, err);
}

enum sl_rc
sl_consignment_read_again(struct sl_engine *e, struct sl_consignment *c,
    const char *why, const char *actor, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};

	sl_buf_printf(&b, "{\"entries\":%d,\"why\":", c->entries);
	add_json(&b, SLUG_OR_EMPTY(why));
	sl_buf_add_char(&b, '}');
	c->stage = SL_STAGE_received;
	if (sl_consignment_update(e->store, c, err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(e->store, SL_EVENT_read_again, c->reception, actor,
	    sl_buf_str(&b), c->id, 0, err);
}

/* The row; b gets what its leaf tells. */
static enum sl_rc
move_entry(struct sl_engine *e, struct sl_entry *en, enum sl_change change,
    const char *reason, const char *detail, struct sl_buf *b,
    struct sl_err *err)
{
	const struct sl_queue_config *q = sl_config_queue(e->cfg, en->queue);
	enum sl_dispo to;

	if (sl_change_apply(en->dispo, change, &to, err) != SL_OK)
		return SL_FATAL;
	change_payload(
	    b, (int)en->stage, (int)en->dispo, (int)to, reason, detail);
	en->dispo = to;
	(void)snprintf(en->reason, sizeof(en->reason), "%s",
	    to == SL_DISPO_ready ? "" : SLUG_OR_EMPTY(reason));
	(void)sl_slice_copy(
	    sl_slice_str(to == SL_DISPO_ready ? "" : SLUG_OR_EMPTY(detail)),
	    en->detail, sizeof(en->detail));
	if (to == SL_DISPO_held && en->held_until_ms == 0 && q != NULL) {
		int64_t at = sl_deadline_at(&q->held_limit, sl_clock_utc_ms());

		en->held_until_ms = at == INT64_MAX ? 0 : at;
		if (en->held_until_ms != 0)
			sl_due_at(e, en->held_until_ms);
	}
	if (to != SL_DISPO_held)
		en->held_until_ms = 0;
	/* Deliveries keep their own time. */
	en->retry_ms = to == SL_DISPO_deferred && en->stage < SL_STAGE_prepared
			   ? sl_clock_utc_ms() + DEFER_MS
			   : 0;
	if (en->retry_ms != 0)
		sl_due_at(e, en->retry_ms);
	log_change(en->reception, (int)en->stage, (int)to, reason);
	sl_engine_after(e, after_changed, en->consignment, 0);
	if (to != SL_DISPO_held)
		sl_belongs_changed(e);
	return sl_entry_update(e->store, en, err);
}

enum sl_rc
sl_entry_apply(struct sl_engine *e, struct sl_entry *en, enum sl_change change,
    const char *reason, const char *detail, const char *actor,
    struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};

	if (move_entry(e, en, change, reason, detail, &b, err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(e->store, sl_change_event(change), en->reception,
	    actor, sl_buf_str(&b), en->consignment, en->id, err);
}

enum sl_rc
sl_entry_finish(struct sl_engine *e, struct sl_entry *en, const char *more,
    const char *actor, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};

	if (move_entry(e, en, SL_CHANGE_finish, NULL, NULL, &b, err) != SL_OK)
		return SL_FATAL;
	b.n--; /* its brace */
	sl_buf_printf(&b, ",%s}", more);
	return sl_store_log(e->store, sl_change_event(SL_CHANGE_finish),
	    en->reception, actor, sl_buf_str(&b), en->consignment, en->id, err);
}

enum sl_rc
sl_entry_pass(struct sl_engine *e, struct sl_entry *en, enum sl_event event,
    const char *payload, struct sl_err *err)
{
	enum sl_dispo to;

	if (sl_change_apply(en->dispo, SL_CHANGE_pass, &to, err) != SL_OK)
		return SL_FATAL;
	en->stage = (enum sl_stage)sl_stage_next((int)en->stage);
	sl_belongs_changed(e);
	if (sl_entry_update(e->store, en, err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(e->store, event, en->reception, "slused",
	    payload != NULL ? payload : "{}", en->consignment, en->id, err);
}

enum sl_rc
sl_entry_stop(struct sl_engine *e, struct sl_entry *en, const char *reason,
    const char *detail, struct sl_err *err)
{
	const struct sl_reason *r = sl_reason_find(reason);
	enum sl_change change =
	    r != NULL ? sl_reason_change(r) : SL_CHANGE_hold;

	return sl_entry_apply(e, en, change, reason, detail, "slused", err);
}

struct tally {
	int open, total;
};

static enum sl_rc
count_open(void *arg, const struct sl_entry *en, struct sl_err *err)
{
	struct tally *t = arg;

	(void)err;
	t->total += en->outcome != SL_OUTCOME_replaced;
	t->open += en->dispo != SL_DISPO_done;
	return SL_OK;
}

static enum sl_rc
log_changed(struct sl_engine *e, struct sl_consignment *c, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};

	sl_buf_printf(&b, "{\"copied\":%" PRId64 "}", c->size);
	sl_log(SL_LOG_WARNING, c->reception,
	    "its source was written to after it was copied: it comes in "
	    "again");
	if (sl_consignment_set_place(e->store, c->id, "gone", err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(e->store, SL_EVENT_source_changed, c->reception,
	    "slused", sl_buf_str(&b), c->id, 0, err);
}

enum sl_rc
sl_sources_changed(struct sl_engine *e, struct sl_inlet *in, const char *day,
    struct sl_err *err)
{
	struct sl_consignment c;
	char reception[40];

	while (sl_done_changed(in, day, reception, sizeof(reception)) == SL_OK)
		if (sl_consignment_by_reception(e->store, reception, &c) &&
		    log_changed(e, &c, err) != SL_OK)
			return SL_FATAL;
	return SL_OK;
}

/* Written to since it was copied: it goes back to where it came from. */
static bool
came_back(struct sl_engine *e, struct sl_inlet *in, struct sl_consignment *c)
{
	struct sl_claim claim;
	struct sl_err err;

	if (sl_claim_find(in, c->ulid, &claim, &err) != SL_OK ||
	    !sl_claim_changed(in, c->ulid, claim.name, (uint64_t)c->size,
		c->dropped_ms, c->received_ms) ||
	    sl_claim_put_back(in, c->ulid, claim.name, NULL, &err) != SL_OK)
		return false;
	(void)sl_engine_bad(e, log_changed(e, c, &err), &err);
	return true;
}

static void
file_source(struct sl_engine *e, int64_t id, int64_t unused)
{
	struct sl_consignment c;
	struct sl_inlet *in;
	struct sl_err err;

	(void)unused;
	if (!sl_consignment_by_id(e->store, id, &c))
		return;
	in = sl_engine_inlet(e, c.queue);
	if (in == NULL || came_back(e, in, &c))
		return;
	if (sl_claim_file_done(
		in, c.ulid, c.reception, sl_clock_utc_ms(), &err) != SL_OK) {
		sl_log(SL_LOG_WARNING, c.reception, "%s errno=\"%d\"", err.text,
		    err.sys);
		e->unfiled = true; /* tried again with the next sweep */
		return;
	}
	if (sl_consignment_set_place(e->store, id, "done", &err) != SL_OK)
		(void)sl_engine_fail(e, &err);
}

/* It is being read, again perhaps, or that stopped: entries may come of it that
 * are not there yet. */
static bool
may_bear(const struct sl_consignment *c)
{
	return c->dispo != SL_DISPO_done &&
	       (c->dispo != SL_DISPO_ready || c->stage < SL_STAGE_read);
}

enum sl_rc
sl_consignment_settle(struct sl_engine *e, int64_t id, struct sl_err *err)
{
	struct sl_consignment c;
	struct tally t = {0, 0};

	if (!sl_consignment_by_id(e->store, id, &c) || may_bear(&c))
		return SL_OK;
	if (sl_entry_each_of(e->store, id, count_open, &t, err) != SL_OK)
		return SL_FATAL;
	if (t.open > 0 || (t.total == 0 && c.dispo != SL_DISPO_done))
		return SL_OK;
	if (c.dispo != SL_DISPO_done) {
		/* The consignment's own disposition is derived: no event. */
		c.dispo = SL_DISPO_done;
		if (sl_consignment_update(e->store, &c, err) != SL_OK)
			return SL_FATAL;
	}
	if (strcmp(c.source_place, "claimed") == 0)
		sl_engine_after(e, file_source, id, 0);
	return SL_OK;
}
