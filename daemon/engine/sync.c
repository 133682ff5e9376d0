/*
 * Known cases, fetched from a target: asked now and then, told one by one, what
 * was not told is forgotten.
 */
#include <inttypes.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "engine.h"

void
sl_sync_start(struct sl_target *t)
{
	struct sl_msg m = {.type = SL_MSG_SYNC};
	struct sl_peer *p = sl_outbox_peer(t);

	if (t->cfg->sync_cases_ms == 0 || t->syncing || p == NULL ||
	    t->login_stopped || t->e->push_stopped ||
	    sl_clock_boot_ms() < t->sync_next_ms ||
	    sl_clock_boot_ms() < t->open_until_ms)
		return;
	m.sync.kind = 1;
	t->syncing = sl_peer_send(p, &m, NULL, 0);
	t->sync_began_ms = sl_clock_utc_ms();
}

static enum sl_rc
take_done(struct sl_engine *e, struct sl_target *t,
    const struct sl_msg_sync_done *m, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	int64_t gone = 0;

	t->syncing = false;
	if (m->verdict == SL_VERDICT_REFUSED) {
		/* This kind of target has no cases to tell of. */
		t->sync_next_ms = INT64_MAX;
		return SL_OK;
	}
	t->sync_next_ms =
	    sl_clock_boot_ms() + (m->verdict == SL_VERDICT_DELIVERED
					 ? t->cfg->sync_cases_ms
					 : t->cfg->retry_max_ms);
	if (m->verdict == SL_VERDICT_LOGIN) {
		sl_timer_pull(t->timer, 0); /* says why the post waits */
		return sl_outbox_stop(t, err);
	}
	sl_timer_pull(t->timer, t->sync_next_ms - sl_clock_boot_ms());
	if (m->verdict != SL_VERDICT_DELIVERED) {
		sl_log(SL_LOG_WARNING, "push",
		    "cases not synced reason=\"%.*s\"", (int)m->reason.n,
		    m->reason.p);
		return SL_OK;
	}
	/* A clock that went back since would make all of them look old. */
	if (sl_clock_utc_ms() >= t->sync_began_ms &&
	    sl_case_forget(
		e->store, t->cfg->name, t->sync_began_ms, &gone, err) != SL_OK)
		return SL_FATAL;
	sl_buf_printf(&b,
	    "{\"target\":\"%s\",\"cases\":%u,\"gone\":%" PRId64 "}",
	    t->cfg->name, m->count, gone);
	e->cases_dirty = true;
	return sl_store_log(e->store, SL_EVENT_cases_synced, "-", "slused",
	    sl_buf_str(&b), 0, 0, err);
}

enum sl_rc
sl_sync_message(struct sl_target *t, const struct sl_msg *m, struct sl_err *err)
{
	if (m->type == SL_MSG_SYNC_DONE)
		return take_done(t->e, t, &m->sync_done, err);
	return sl_case_put(
	    t->e->store, &m->sync_case, t->cfg->name, sl_clock_utc_ms(), err);
}
