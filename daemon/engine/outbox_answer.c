/*
 * Gate *delivered*: what came of a try. Every answer ends in one of four
 * states: delivered, later, stopped for a person, or the whole target stopped.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "engine.h"

#define RETRY_AFTER_MAX_S 86400u /* whatever a target asks for */

/* What a receipt says of the numbers there, and its digest as it is stored:
 * reports read them from the table. */
static enum sl_rc
add_receipt(void *arg, const struct sl_delivery *d, const char *receipt,
    int64_t changed_ms, struct sl_err *err)
{
	static const char *const names[] = {
	    "case", "number", "journalaar", "journalsekvensnummer"};
	json_t *o = json_loads(receipt, JSON_REJECT_DUPLICATES, NULL), *v;
	char hex[SL_SHA256_HEX + 1];
	struct sl_buf *b = arg;
	struct sl_digest sum;
	size_t i;

	(void)err;
	sl_sha256(receipt, strlen(receipt), &sum);
	sl_digest_hex(&sum, hex);
	sl_buf_printf(b, "%s{\"target\":", b->p[b->n - 1] == '[' ? "" : ",");
	sl_text_json(b, d->target, strlen(d->target));
	sl_buf_printf(
	    b, ",\"ms\":%" PRId64 ",\"receipt\":\"%s\"", changed_ms, hex);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		v = json_object_get(o, names[i]);
		if (json_is_string(v)) {
			sl_buf_printf(b, ",\"%s\":", names[i]);
			sl_text_json(
			    b, json_string_value(v), json_string_length(v));
		} else if (json_is_integer(v)) {
			sl_buf_printf(b, ",\"%s\":%" JSON_INTEGER_FORMAT,
			    names[i], json_integer_value(v));
		}
	}
	sl_buf_add_char(b, '}');
	json_decref(o);
	return SL_OK;
}

enum sl_rc
sl_outbox_finish(struct sl_engine *e, struct sl_entry *en, const char *target,
    struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	SL_BUF struct sl_buf more = {0};

	if (sl_delivery_pending(e->store, en->id) > 0)
		return SL_OK;
	if (en->dispo == SL_DISPO_deferred &&
	    sl_entry_apply(
		e, en, SL_CHANGE_resume, NULL, NULL, "slused", err) != SL_OK)
		return SL_FATAL;
	if (en->dispo != SL_DISPO_ready)
		return SL_OK; /* held by a person meanwhile: stays so */
	en->stage = SL_STAGE_delivered;
	en->outcome = SL_OUTCOME_in_journal;
	sl_buf_printf(&b, "target:%s", target);
	sl_buf_add_str(&more, "\"deliveries\":[");
	if (sl_delivery_receipts(e->store, en->id, add_receipt, &more, err) !=
	    SL_OK)
		return SL_FATAL;
	sl_buf_add_char(&more, ']');
	if (sl_entry_finish(e, en, sl_buf_str(&more), sl_buf_str(&b), err) !=
	    SL_OK)
		return SL_FATAL;
	return sl_consignment_settle(e, en->consignment, err);
}

static struct sl_target *
landed(struct sl_engine *e, struct sl_peer *p, uint64_t id,
    struct sl_inflight *ret_was)
{
	struct sl_target *t = sl_engine_target(e, p->name);
	size_t i;

	for (i = 0; t != NULL && i < t->inflight_n; i++) {
		if (t->inflight[i].id != (int64_t)id ||
		    t->inflight[i].peer != p)
			continue;
		*ret_was = t->inflight[i];
		sl_outbox_drop(t, i);
		if (p->running > 0)
			p->running--;
		return t;
	}
	return NULL;
}

static void
note_failure(struct sl_target *t)
{
	const struct sl_target_config *c = t->cfg;

	/* Those that were under way when it opened say nothing new. */
	if (++t->failures < (int)c->breaker_failures ||
	    t->open_until_ms > sl_clock_boot_ms())
		return;
	if (t->pause_ms == 0)
		t->pause_ms = c->breaker_first_ms;
	else if (t->pause_ms < c->breaker_max_ms)
		t->pause_ms = t->pause_ms * 2 < c->breaker_max_ms
				  ? t->pause_ms * 2
				  : c->breaker_max_ms;
	t->open_until_ms = sl_clock_boot_ms() + t->pause_ms;
	sl_log(SL_LOG_WARNING, "push",
	    "target paused failures=\"%d\" ms=\"%" PRId64 "\"", t->failures,
	    t->pause_ms);
}

static void
note_answer(struct sl_target *t)
{
	t->failures = 0;
	t->pause_ms = 0;
	t->open_until_ms = 0;
	t->at_once *= 2;
	if (t->at_once > SL_PUSH_POSTS_MAX)
		t->at_once = SL_PUSH_POSTS_MAX;
}

static enum sl_rc
delivered(struct sl_engine *e, struct sl_delivery *d, struct sl_entry *en,
    const char *receipt, struct sl_err *err)
{
	(void)snprintf(d->state, sizeof(d->state), "delivered");
	d->reason[0] = d->detail[0] = '\0';
	d->uncertain = false;
	if (sl_delivery_update(e->store, d, receipt, err) != SL_OK ||
	    sl_placing_made(e, en, d->target, receipt, err) != SL_OK)
		return SL_FATAL;
	return sl_outbox_finish(e, en, d->target, err);
}

/* Not when it is held, by a person or for another target, or ended. */
static bool
may_change(const struct sl_entry *en)
{
	return en->dispo == SL_DISPO_ready || en->dispo == SL_DISPO_deferred;
}

enum sl_rc
sl_outbox_later(struct sl_target *t, struct sl_delivery *d, struct sl_entry *en,
    int64_t wait_ms, struct sl_err *err)
{
	struct sl_engine *e = t->e;
	int64_t now = sl_clock_utc_ms();
	const struct sl_reason *r = sl_reason_find(d->reason);

	if (r == NULL || r->dispo != SL_DISPO_deferred)
		(void)snprintf(d->reason, sizeof(d->reason), "target_error");
	if (now - d->first_ms >= t->cfg->retry_limit_ms &&
	    en->dispo != SL_DISPO_held) {
		(void)snprintf(d->state, sizeof(d->state), "stopped");
		if (sl_delivery_update(e->store, d, NULL, err) != SL_OK)
			return SL_FATAL;
		return may_change(en)
			   ? sl_entry_apply(e, en, SL_CHANGE_hold,
				 "too_many_tries", d->detail, "slused", err)
			   : SL_OK;
	}
	d->next_ms = now + wait_ms;
	if (d->uncertain && d->next_ms < sl_outbox_settled_ms(t))
		d->next_ms = sl_outbox_settled_ms(t);
	if (sl_delivery_update(e->store, d, NULL, err) != SL_OK)
		return SL_FATAL;
	/* Deliveries keep their own time; the entry only says that it waits,
	 * unless a person or another target has it on hold. */
	if (!may_change(en))
		return SL_OK;
	return sl_entry_apply(
	    e, en, SL_CHANGE_defer, d->reason, d->detail, "slused", err);
}

/* It was asked by own key, answers, and does not know it. */
static enum sl_rc
not_there(struct sl_target *t, struct sl_delivery *d, struct sl_entry *en,
    struct sl_err *err)
{
	d->asked++;
	if (!t->cfg->unknown_hold || sl_outbox_asks_on(t, d))
		return sl_outbox_later(t, d, en, sl_outbox_ask_ms(t, d), err);
	(void)snprintf(d->state, sizeof(d->state), "stopped");
	(void)snprintf(d->reason, sizeof(d->reason), "target_unsure");
	if (sl_delivery_update(t->e->store, d, NULL, err) != SL_OK)
		return SL_FATAL;
	return may_change(en) ? sl_entry_apply(t->e, en, SL_CHANGE_hold,
				    d->reason, d->detail, "slused", err)
			      : SL_OK;
}

/* Our login is refused: nothing more is sent, and somebody must hear of it. */
enum sl_rc
sl_outbox_stop(struct sl_target *t, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};

	if (t->login_stopped)
		return SL_OK;
	t->login_stopped = true;
	sl_log(SL_LOG_CRIT, "push",
	    "target=\"%s\" refuses our login; nothing is sent until "
	    "`sluse start-out` or a restart of sluse-push",
	    t->cfg->name);
	sl_buf_printf(&b, "{\"target\":\"%s\"}", t->cfg->name);
	return sl_store_log(t->e->store, SL_EVENT_target_stopped, "-", "slused",
	    sl_buf_str(&b), 0, 0, err);
}

static enum sl_rc
take_delivered(struct sl_engine *e, struct sl_peer *p,
    const struct sl_msg_delivered *m, struct sl_err *err)
{
	struct sl_inflight was = {0};
	struct sl_target *t = landed(e, p, m->delivery, &was);
	char receipt[8193];
	struct sl_delivery d;
	struct sl_entry en;
	const struct sl_reason *r;
	int64_t wait;
	enum sl_rc rc;

	p->line += m->ends_line != 0;
	if (t == NULL ||
	    !sl_delivery_by_id(e->store, (int64_t)m->delivery, &d) ||
	    !sl_entry_by_id(e->store, d.entry, &en))
		return SL_OK;
	if (m->ends_line)
		t->at_once = 1;
	if (m->verdict == SL_VERDICT_NOT_BEGUN) {
		sl_outbox_soon(t);
		return sl_outbox_not_begun(t, &d, &was, &en, err);
	}
	(void)sl_slice_copy(m->reason, d.reason, sizeof(d.reason));
	(void)sl_slice_copy(m->detail, d.detail, sizeof(d.detail));
	(void)sl_slice_copy(m->receipt, receipt, sizeof(receipt));
	d.http_status = (int)m->http_status;
	d.uncertain = m->uncertain != 0;
	/* It was there, and what it went on with has its own checks. */
	if (m->verdict != SL_VERDICT_NOT_THERE)
		d.asked = 0;
	d.next_ms = sl_outbox_settled_ms(t);
	sl_log(m->verdict <= SL_VERDICT_ALREADY ? SL_LOG_DEBUG : SL_LOG_INFO,
	    en.reception,
	    "target=\"%s\" verdict=\"%u\" reason=\"%s\" "
	    "http=\"%u\" attempt=\"%d\"",
	    d.target, m->verdict, d.reason, m->http_status, d.attempts);
	if (m->verdict <= SL_VERDICT_ALREADY || m->verdict == SL_VERDICT_HOLD ||
	    m->verdict == SL_VERDICT_REFUSED ||
	    m->verdict == SL_VERDICT_NOT_THERE) {
		note_answer(t);
	}
	switch (m->verdict) {
	case SL_VERDICT_NOT_THERE:
		rc = not_there(t, &d, &en, err);
		break;
	case SL_VERDICT_DELIVERED:
	case SL_VERDICT_ALREADY:
		rc = delivered(e, &d, &en, receipt, err);
		break;
	case SL_VERDICT_HOLD:
	case SL_VERDICT_REFUSED:
		(void)snprintf(d.state, sizeof(d.state), "stopped");
		r = sl_reason_find(d.reason);
		rc = sl_delivery_update(e->store, &d, NULL, err);
		if (rc == SL_OK && may_change(&en))
			rc = sl_entry_apply(e, &en, SL_CHANGE_hold,
			    r != NULL && r->dispo == SL_DISPO_held
				? d.reason
				: "target_refused",
			    d.detail, "slused", err);
		break;
	case SL_VERDICT_LOGIN:
		(void)snprintf(d.reason, sizeof(d.reason), "target_login");
		rc = sl_outbox_stop(t, err);
		if (rc == SL_OK)
			rc = sl_outbox_later(t, &d, &en, 0, err);
		break;
	default:
		note_failure(t);
		wait = m->retry_after_s > 0
			   ? (int64_t)(m->retry_after_s < RETRY_AFTER_MAX_S
					   ? m->retry_after_s
					   : RETRY_AFTER_MAX_S) *
				 1000
			   : sl_outbox_backoff_ms(t, d.attempts);
		rc = sl_outbox_later(t, &d, &en, wait, err);
	}
	if (rc == SL_OK)
		sl_outbox_soon(t);
	return rc;
}

static void
checkpoint_ok(struct sl_engine *e, int64_t delivery, int64_t pid)
{
	struct sl_msg m = {.type = SL_MSG_CHECKPOINT_OK};
	struct sl_peer *p;

	m.checkpoint_ok.delivery = (uint64_t)delivery;
	for (p = e->peers; p != NULL; p = p->next)
		if (p->pid == pid && p->role == SL_ROLE_PUSH)
			(void)sl_peer_send(p, &m, NULL, 0);
}

static void
after_commit(struct sl_engine *e, const struct sl_peer *p, int64_t delivery)
{
	e->hurry = true;
	sl_engine_after(e, checkpoint_ok, delivery, p->pid);
}

/* What may make something goes out once this is durable: at once, for while one
 * delivery waits here so do all behind it. */
static enum sl_rc
take_begin(struct sl_engine *e, struct sl_peer *p, struct sl_delivery *d,
    struct sl_err *err)
{
	enum sl_rc rc;

	d->uncertain = true;
	if (sl_delivery_update(e->store, d, NULL, err) != SL_OK)
		return SL_FATAL;
	rc = sl_store_sending(e->store, d->id, err);
	if (rc == SL_OK)
		checkpoint_ok(e, d->id, p->pid);
	else if (rc == SL_SKIP)
		after_commit(e, p, d->id);
	return rc == SL_SKIP ? SL_OK : rc;
}

static enum sl_rc
take_checkpoint(struct sl_engine *e, struct sl_peer *p,
    const struct sl_msg_checkpoint *m, struct sl_err *err)
{
	char step[65], key[1025];
	SL_BUF struct sl_buf b = {0};
	struct sl_delivery d;
	struct sl_entry en;

	if (!sl_delivery_by_id(e->store, (int64_t)m->delivery, &d) ||
	    strcmp(d.target, p->name) != 0 ||
	    !sl_entry_by_id(e->store, d.entry, &en))
		return SL_REJECT;
	(void)sl_slice_copy(m->step, step, sizeof(step));
	(void)sl_slice_copy(m->key, key, sizeof(key));
	if (step[0] == '\0')
		return take_begin(e, p, &d, err);
	if (strspn(step, "abcdefghijklmnopqrstuvwxyz0123456789_-./ ") !=
	    strlen(step))
		return SL_REJECT;
	sl_buf_printf(
	    &b, "{\"target\":\"%s\",\"step\":\"%s\"}", d.target, step);
	if (d.asked > 0) {
		d.asked = 0; /* that was of this step */
		if (sl_delivery_update(e->store, &d, NULL, err) != SL_OK)
			return SL_FATAL;
	}
	if (sl_delivery_step_put(e->store, d.id, step, key, err) != SL_OK ||
	    sl_store_log(e->store, SL_EVENT_delivery_step, en.reception,
		"slused", sl_buf_str(&b), en.consignment, en.id, err) != SL_OK)
		return SL_FATAL;
	after_commit(e, p, d.id);
	return SL_OK;
}

enum sl_rc
sl_outbox_message(struct sl_engine *e, struct sl_peer *p,
    const struct sl_msg *m, struct sl_err *err)
{
	struct sl_target *t = sl_engine_target(e, p->name);

	if (t == NULL)
		return SL_REJECT;
	switch ((int)m->type) {
	case SL_MSG_DELIVERED:
		return take_delivered(e, p, &m->delivered, err);
	case SL_MSG_CHECKPOINT:
		return take_checkpoint(e, p, &m->checkpoint, err);
	case SL_MSG_SYNC_CASE:
	case SL_MSG_SYNC_POST:
	case SL_MSG_SYNC_DONE:
		return sl_sync_message(t, m, err);
	default:
		return SL_REJECT;
	}
}
