/*
 * What a target tells of itself: its known cases, where what it does not tell
 * any more is forgotten; and its own journal, where nothing is forgotten and
 * what became of our posts is written down.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "engine.h"

static int64_t
interval_ms(const struct sl_target *t, enum sl_sync_kind kind)
{
	return kind == SL_SYNC_CASES ? t->cfg->sync_cases_ms
				     : t->cfg->sync_journal_ms;
}

static bool
ask(struct sl_target *t, struct sl_peer *p, enum sl_sync_kind kind)
{
	struct sl_msg m = {.type = SL_MSG_SYNC};
	char since[16];

	sl_clock_format_day(
	    sl_clock_utc_ms() - t->cfg->journal_back_ms, since, sizeof(since));
	m.sync.kind = (uint8_t)kind;
	m.sync.since = sl_slice_str(since);
	return sl_peer_send(p, &m, NULL, 0);
}

void
sl_sync_start(struct sl_target *t)
{
	struct sl_peer *p = sl_outbox_peer(t);
	int64_t now = sl_clock_boot_ms(), wait_ms;
	unsigned kind;

	for (kind = SL_SYNC_CASES; kind < SL_SYNC_KINDS; kind++) {
		if (interval_ms(t, kind) == 0 ||
		    t->sync_next_ms[kind] == INT64_MAX)
			continue;
		wait_ms = t->sync_next_ms[kind] - now;
		if (wait_ms <= 0 && t->syncing == 0 && p != NULL &&
		    !t->login_stopped && !t->e->push_stopped &&
		    now >= t->open_until_ms && ask(t, p, kind)) {
			t->syncing = kind;
			t->sync_began_ms = sl_clock_utc_ms();
			t->sync_news = 0;
		}
		if (t->sync_next_ms[kind] > 0)
			sl_timer_pull(
			    t->timer, wait_ms > 1000 ? wait_ms : 1000);
	}
}

void
sl_sync_soon(struct sl_target *t)
{
	unsigned kind;

	for (kind = SL_SYNC_CASES; kind < SL_SYNC_KINDS; kind++)
		if (t->sync_next_ms[kind] != INT64_MAX)
			t->sync_next_ms[kind] = 0;
}

static enum sl_rc
cases_told(struct sl_target *t, uint32_t count, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_engine *e = t->e;
	int64_t gone = 0;

	/* A clock that went back since would make all of them look old. */
	if (sl_clock_utc_ms() >= t->sync_began_ms &&
	    sl_case_forget(
		e->store, t->cfg->name, t->sync_began_ms, &gone, err) != SL_OK)
		return SL_FATAL;
	sl_buf_printf(&b,
	    "{\"target\":\"%s\",\"cases\":%u,\"gone\":%" PRId64 "}",
	    t->cfg->name, count, gone);
	if (sl_store_log(e->store, SL_EVENT_cases_synced, "-", "slused",
		sl_buf_str(&b), 0, 0, err) != SL_OK)
		return SL_FATAL;
	return sl_known_changed(e, err);
}

static enum sl_rc
journal_told(struct sl_target *t, uint32_t count, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0}, key = {0};
	char now[24];

	/* A journal without posts was read too: reports go by this. */
	sl_buf_printf(&key, SL_STORE_JOURNAL_READ "%s", t->cfg->name);
	(void)snprintf(now, sizeof(now), "%" PRId64, sl_clock_utc_ms());
	if (sl_store_meta_put(t->e->store, sl_buf_str(&key), now, err) != SL_OK)
		return SL_FATAL;
	sl_buf_printf(&b, "{\"target\":\"%s\",\"posts\":%u,\"news\":%u}",
	    t->cfg->name, count, t->sync_news);
	return sl_store_log(t->e->store, SL_EVENT_target_journal_read, "-",
	    "slused", sl_buf_str(&b), 0, 0, err);
}

static enum sl_rc
take_done(
    struct sl_target *t, const struct sl_msg_sync_done *m, struct sl_err *err)
{
	enum sl_sync_kind kind = t->syncing;
	enum sl_rc rc = SL_OK;

	t->syncing = 0;
	if (kind == 0)
		return SL_REJECT;
	if (m->verdict == SL_VERDICT_REFUSED) {
		/* This kind of target cannot tell. */
		t->sync_next_ms[kind] = INT64_MAX;
		sl_sync_start(t);
		return SL_OK;
	}
	t->sync_next_ms[kind] =
	    sl_clock_boot_ms() + (m->verdict == SL_VERDICT_DELIVERED
					 ? interval_ms(t, kind)
					 : t->cfg->retry_max_ms);
	if (m->verdict == SL_VERDICT_LOGIN) {
		sl_timer_pull(t->timer, 0); /* says why the post waits */
		return sl_outbox_stop(t, err);
	}
	/* The next sync begins at another time: this one's is still needed. */
	if (m->verdict != SL_VERDICT_DELIVERED)
		sl_log(SL_LOG_WARNING, "push", "%s not read reason=\"%.*s\"",
		    kind == SL_SYNC_CASES ? "cases" : "the target's journal",
		    (int)m->reason.n, m->reason.p);
	else if (kind == SL_SYNC_CASES)
		rc = cases_told(t, m->count, err);
	else
		rc = journal_told(t, m->count, err);
	if (rc == SL_OK)
		sl_sync_start(t);
	return rc;
}

/* A post of ours has another status, case or title than we knew. */
static enum sl_rc
log_news(struct sl_target *t, const struct sl_msg_sync_post *m,
    const struct sl_target_news *n, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0}, actor = {0};

	sl_buf_add_str(&b, "{\"number\":");
	sl_text_json(&b, m->number.p, m->number.n);
	sl_buf_add_str(&b, ",\"status\":");
	sl_text_json(&b, m->status.p, m->status.n);
	sl_buf_add_str(&b, ",\"case\":");
	sl_text_json(&b, m->case_number.p, m->case_number.n);
	if (n->was_status[0] != '\0') {
		sl_buf_add_str(&b, ",\"was_status\":");
		sl_text_json(&b, n->was_status, strlen(n->was_status));
		sl_buf_add_str(&b, ",\"was_case\":");
		sl_text_json(&b, n->was_case, strlen(n->was_case));
	}
	if (n->title) {
		sl_buf_add_str(&b, ",\"title\":");
		sl_text_json(&b, m->title.p, m->title.n);
	}
	sl_buf_add_char(&b, '}');
	sl_buf_printf(&actor, "target:%s", t->cfg->name);
	t->sync_news++;
	return sl_store_log(t->e->store, SL_EVENT_seen_in_target, n->reception,
	    sl_buf_str(&actor), sl_buf_str(&b), n->consignment, n->entry, err);
}

static enum sl_rc
take_post(
    struct sl_target *t, const struct sl_msg_sync_post *m, struct sl_err *err)
{
	struct sl_target_news n;

	if (sl_target_post_put(t->e->store, m, t->cfg->name, sl_clock_utc_ms(),
		&n, err) != SL_OK)
		return SL_FATAL;
	return n.entry != 0 ? log_news(t, m, &n, err) : SL_OK;
}

enum sl_rc
sl_sync_message(struct sl_target *t, const struct sl_msg *m, struct sl_err *err)
{
	if (m->type == SL_MSG_SYNC_DONE)
		return take_done(t, &m->sync_done, err);
	if (m->type == SL_MSG_SYNC_POST)
		return take_post(t, &m->sync_post, err);
	return sl_case_put(
	    t->e->store, &m->sync_case, t->cfg->name, sl_clock_utc_ms(), err);
}
