/*
 * Gate *delivered*: what waits for a target, and what is under way. What came
 * of it is outbox_answer.c's.
 *
 * INVARIANT: a try is begun only after its count is durable, and before it
 * sends anything that may make something it is durably uncertain, until its
 * answer says otherwise. So after any crash the next try knows whether an
 * earlier one may have reached the target: it leaves the target unknown_wait to
 * finish, then asks by own key before it sends anything.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "engine.h"

#define BATCH 64

static size_t
peers_of(struct sl_target *t)
{
	struct sl_peer *p;
	size_t n = 0;

	for (p = t->e->peers; p != NULL; p = p->next)
		n += !p->dead && p->role == SL_ROLE_PUSH && p->slots > 0 &&
		     strcmp(p->name, t->cfg->name) == 0;
	return n;
}

/* The push process of the target with the least under way. */
struct sl_peer *
sl_outbox_peer(struct sl_target *t)
{
	struct sl_peer *p, *best = NULL;

	for (p = t->e->peers; p != NULL; p = p->next)
		if (!p->dead && p->role == SL_ROLE_PUSH && p->slots > 0 &&
		    strcmp(p->name, t->cfg->name) == 0 &&
		    p->running < SL_PUSH_POSTS_MAX &&
		    (best == NULL || p->running < best->running))
			best = p;
	return best;
}

static bool
is_inflight(const struct sl_target *t, int64_t id)
{
	size_t i;

	for (i = 0; i < t->inflight_n; i++)
		if (t->inflight[i].id == id)
			return true;
	return false;
}

static bool
can_send(struct sl_target *t)
{
	size_t max = sizeof(t->inflight) / sizeof(t->inflight[0]);
	size_t peers = peers_of(t);

	if (t->e->push_stopped || t->e->stopping || t->login_stopped ||
	    peers == 0)
		return false;
	if (t->open_until_ms > sl_clock_boot_ms())
		return false;
	if (peers * t->at_once < max)
		max = peers * t->at_once;
	/* Half open: one probe only. */
	if (t->failures >= (int)t->cfg->breaker_failures)
		max = 1;
	return t->inflight_n < max;
}

/* -- handing over
 * --------------------------------------------------------------- */

struct steps {
	struct sl_peer *p;
	int64_t delivery;
};

static enum sl_rc
send_step(void *arg, const char *step, const char *key, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_DELIVER_STEP};
	const struct steps *to = arg;

	(void)err;
	m.deliver_step.delivery = (uint64_t)to->delivery;
	m.deliver_step.step = sl_slice_str(step);
	m.deliver_step.key = sl_slice_str(key);
	(void)sl_peer_send(to->p, &m, NULL, 0);
	return SL_OK;
}

void
sl_outbox_drop(struct sl_target *t, size_t i)
{
	t->inflight[i] = t->inflight[--t->inflight_n];
}

void
sl_outbox_soon(struct sl_target *t)
{
	t->soon = true;
}

void
sl_outbox_round(struct sl_engine *e)
{
	size_t i;

	for (i = 0; i < e->targets_n && !e->fatal; i++)
		if (e->targets[i].soon)
			sl_outbox_kick(&e->targets[i]);
}

/* A fault of our own disk is not the target's: the entry waits. */
static void
store_failed(struct sl_target *t, struct sl_delivery *d,
    const struct sl_inflight *was, struct sl_entry *en, const char *what)
{
	struct sl_err err;

	d->asked = was->asked;
	d->send_again = was->send_again;
	sl_log(SL_LOG_ERR, en->reception, "%s errno=\"%d\"", what, errno);
	(void)snprintf(d->reason, sizeof(d->reason), "disk_error");
	(void)snprintf(d->detail, sizeof(d->detail), "%s", what);
	if (sl_engine_bad(t->e,
		sl_outbox_later(
		    t, d, en, sl_outbox_backoff_ms(t, d->attempts), &err),
		&err))
		return;
	sl_outbox_soon(t);
}

static void
send_all(struct sl_target *t, struct sl_peer *p, const struct sl_delivery *d,
    struct sl_msg *deliver, const struct sl_outbox_file *files, size_t n)
{
	struct sl_msg go = {.type = SL_MSG_DELIVER_GO};
	struct steps to = {p, d->id};
	struct sl_err err;
	bool ok = sl_peer_send(p, deliver, NULL, 0);
	size_t i;

	for (i = 0; i < n && ok; i++)
		ok = sl_peer_send(p, &files[i].m, &files[i].fd, 1);
	if (d->attempts > 1 &&
	    sl_engine_bad(t->e,
		sl_delivery_steps(t->e->store, d->id, send_step, &to, &err),
		&err))
		return;
	go.deliver_go.delivery = (uint64_t)d->id;
	(void)sl_peer_send(p, &go, NULL, 0);
}

/* What a try is, until it is durable and sent. */
enum { FIRST = 0, AGAIN = 1, ASK = 2 };

static void
send_delivery(struct sl_engine *e, int64_t id, int64_t how)
{
	bool was_uncertain = how != 0;
	struct sl_msg m = {.type = SL_MSG_DELIVER};
	SL_BUF struct sl_buf post = {0};
	struct sl_outbox_file *files;
	struct sl_delivery d;
	struct sl_target *t;
	struct sl_entry en;
	struct sl_peer *p;
	struct sl_inflight was;
	struct sl_err err;
	size_t i, n;

	if (!sl_delivery_by_id(e->store, id, &d) ||
	    (t = sl_engine_target(e, d.target)) == NULL ||
	    !sl_entry_by_id(e->store, d.entry, &en))
		return; /* rows are never removed */
	for (i = 0; i < t->inflight_n && t->inflight[i].id != id; i++)
		;
	if (i == t->inflight_n)
		return;
	was = t->inflight[i];
	if (!sl_entry_post(e->store, d.entry, &post)) {
		errno = 0; /* the store was read, and holds none */
		sl_outbox_drop(t, i);
		store_failed(
		    t, &d, &was, &en, "the entry has no post in the store");
		return;
	}
	p = sl_outbox_peer(t);
	if (p == NULL) {
		/* It went away meanwhile. */
		sl_outbox_drop(t, i);
		(void)sl_engine_bad(
		    e, sl_outbox_not_begun(t, &d, &was, &en, &err), &err);
		return;
	}
	files = sl_alloc(SL_PUSH_FILES_MAX * sizeof(*files));
	if (!sl_outbox_files(e, &d, files, &n)) {
		sl_outbox_drop(t, i);
		store_failed(
		    t, &d, &was, &en, "a file of the store cannot be opened");
	} else {
		t->inflight[i].peer = p;
		p->running++;
		m.deliver.delivery = (uint64_t)id;
		m.deliver.subject = sl_slice_str(en.reception);
		m.deliver.own_key = sl_slice_str(en.own_key);
		m.deliver.attempt = (uint32_t)d.attempts;
		m.deliver.uncertain = was_uncertain;
		m.deliver.ask = how == ASK;
		m.deliver.line = p->line;
		m.deliver.post = sl_slice_buf(&post);
		send_all(t, p, &d, &m, files, n);
	}
	while (n-- > 0)
		sl_cleanup_close(&files[n].fd);
	free(files);
}

/* Counts the try; sent when the count is durable. */
static enum sl_rc
begin_try(struct sl_target *t, struct sl_delivery *d, const struct sl_entry *en,
    struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	int how = sl_outbox_only_asks(t, d) ? ASK
		  : d->uncertain	    ? AGAIN
					    : FIRST;

	t->inflight[t->inflight_n] = (struct sl_inflight){
	    .id = d->id, .asked = d->asked, .send_again = d->send_again};
	d->attempts++;
	/* What is sent now is to be asked for anew. */
	if (how != ASK)
		d->asked = d->send_again = 0;
	d->next_ms = sl_outbox_settled_ms(t);
	sl_buf_add_str(&b, "{\"target\":");
	sl_text_json(&b, d->target, strlen(d->target));
	sl_buf_printf(&b, ",\"attempt\":%d}", d->attempts);
	if (sl_delivery_update(t->e->store, d, NULL, err) != SL_OK ||
	    sl_store_log(t->e->store, SL_EVENT_delivery_tried, en->reception,
		"slused", sl_buf_str(&b), en->consignment, en->id,
		err) != SL_OK)
		return SL_FATAL;
	t->inflight_n++;
	sl_engine_after(t->e, send_delivery, d->id, how);
	return SL_OK;
}

static enum sl_rc
see_due(void *arg, const struct sl_delivery *d, struct sl_err *err)
{
	struct sl_delivery copy = *d;
	struct sl_target *t = arg;
	struct sl_entry en;

	if (is_inflight(t, d->id) || !can_send(t))
		return SL_OK;
	if (!sl_entry_by_id(t->e->store, d->entry, &en) ||
	    en.stage != SL_STAGE_prepared)
		return SL_OK;
	if (en.dispo == SL_DISPO_deferred &&
	    sl_entry_apply(t->e, &en, SL_CHANGE_resume, NULL, NULL, "slused",
		err) != SL_OK)
		return SL_FATAL;
	if (en.dispo != SL_DISPO_ready)
		return SL_OK;
	return begin_try(t, &copy, &en, err);
}

static void
kick_again(struct sl_target *t)
{
	int64_t next = sl_delivery_next_ms(t->e->store, t->cfg->name);
	int64_t ms = next - sl_clock_utc_ms();
	int64_t open = t->open_until_ms - sl_clock_boot_ms();

	if (next < 0 || t->login_stopped || t->e->push_stopped ||
	    t->e->stopping || peers_of(t) == 0)
		return;
	if (ms < open)
		ms = open;
	/* Due, but nothing could be sent: an answer will kick. */
	if (ms <= 0 && t->inflight_n > 0)
		return;
	sl_timer_pull(t->timer, ms > 0 ? ms : 50);
}

/* Ready, but its target is shut: a person must see why it does not move. */
static enum sl_rc
see_silent(void *arg, const struct sl_delivery *d, struct sl_err *err)
{
	struct sl_delivery copy = *d;
	struct sl_target *t = arg;
	struct sl_entry en;
	int64_t open = t->open_until_ms - sl_clock_boot_ms();

	if (is_inflight(t, d->id) ||
	    !sl_entry_by_id(t->e->store, d->entry, &en) ||
	    en.dispo != SL_DISPO_ready)
		return SL_OK;
	(void)snprintf(copy.reason, sizeof(copy.reason), "%s",
	    t->login_stopped ? "target_login" : "target_down");
	open = sl_clock_utc_ms() + (open > 0 ? open : 0);
	if (!copy.uncertain || copy.next_ms < open)
		copy.next_ms = open;
	if (sl_delivery_update(t->e->store, &copy, NULL, err) != SL_OK)
		return SL_FATAL;
	return sl_entry_apply(
	    t->e, &en, SL_CHANGE_defer, copy.reason, NULL, "slused", err);
}

static enum sl_rc
say_why(struct sl_target *t, struct sl_err *err)
{
	enum sl_rc rc;
	int n;

	if (!t->login_stopped && t->open_until_ms <= sl_clock_boot_ms())
		return SL_OK;
	rc = sl_delivery_each_silent(
	    t->e->store, t->cfg->name, BATCH, see_silent, t, &n, err);
	if (n == BATCH)
		sl_timer_pull(t->timer, 50);
	return rc;
}

void
sl_outbox_kick(struct sl_target *t)
{
	struct sl_err err;
	enum sl_rc rc;

	t->soon = false;
	sl_due_clock(t->e);
	if (t->e->fatal)
		return;
	rc = can_send(t) ? sl_delivery_each_due(t->e->store, t->cfg->name,
			       sl_clock_utc_ms(), BATCH, see_due, t, &err)
			 : say_why(t, &err);
	if (!sl_engine_bad(t->e, rc, &err))
		kick_again(t);
}

void
sl_outbox_stepped(struct sl_engine *e, int64_t step_ms)
{
	struct sl_target *t;
	size_t i;

	for (i = 0; i < e->targets_n; i++) {
		t = &e->targets[i];
		/* Cases seen from now on must not look older than the sync. */
		if (t->syncing != 0 && step_ms < 0)
			t->sync_began_ms += step_ms;
		sl_timer_pull(t->timer, 0);
	}
}

static void
on_timer(void *arg)
{
	struct sl_target *t = arg;

	sl_sync_start(t);
	sl_outbox_kick(t);
}

void
sl_outbox_start(struct sl_engine *e)
{
	struct sl_target *t;
	size_t i;

	e->targets = sl_alloc((e->cfg->target_n + 1) * sizeof(*e->targets));
	e->targets_n = e->cfg->target_n;
	for (i = 0; i < e->targets_n; i++) {
		t = &e->targets[i];
		t->e = e;
		t->cfg = &e->cfg->target[i];
		t->at_once = SL_PUSH_POSTS_MAX;
		t->timer = sl_loop_timer(e->loop, on_timer, t);
	}
}

bool
sl_outbox_may_be_there(struct sl_engine *e, const struct sl_entry *en)
{
	struct sl_delivery d;
	size_t i;

	for (i = 0; i < e->targets_n; i++)
		if (sl_delivery_by_entry(
			e->store, en->id, e->targets[i].cfg->name, &d) &&
		    (d.uncertain || strcmp(d.state, "delivered") == 0 ||
			is_inflight(&e->targets[i], d.id) ||
			sl_delivery_has_steps(e->store, d.id)))
			return true;
	return false;
}

enum sl_rc
sl_outbox_add(struct sl_engine *e, struct sl_entry *en, struct sl_err *err)
{
	const struct sl_queue_config *q = sl_config_queue(e->cfg, en->queue);
	struct sl_delivery d;
	struct sl_target *t;
	const char *name;
	size_t i, n = q != NULL ? q->target.n : 0;

	if (n == 0 && e->targets_n != 1)
		return sl_entry_stop(e, en, "no_target", NULL, err);
	for (i = 0; i < (n > 0 ? n : 1); i++) {
		name = n > 0 ? q->target.item[i] : e->targets[0].cfg->name;
		t = sl_engine_target(e, name);
		if (t == NULL)
			return sl_entry_stop(e, en, "no_target", NULL, err);
		if (sl_delivery_by_entry(e->store, en->id, name, &d)) {
			/* One that is being sent goes on by its answer. */
			if (strcmp(d.state, "delivered") == 0 ||
			    is_inflight(t, d.id))
				continue;
			(void)snprintf(d.state, sizeof(d.state), "pending");
			d.first_ms = sl_clock_utc_ms();
			d.next_ms = sl_outbox_again_ms(t, &d);
			d.reason[0] = d.detail[0] = '\0';
			if (sl_delivery_update(e->store, &d, NULL, err) !=
			    SL_OK)
				return SL_FATAL;
		} else {
			memset(&d, 0, sizeof(d));
			d.entry = en->id;
			(void)snprintf(d.target, sizeof(d.target), "%s", name);
			(void)snprintf(d.state, sizeof(d.state), "pending");
			d.first_ms = d.next_ms = sl_clock_utc_ms();
			if (sl_delivery_insert(e->store, &d, err) != SL_OK)
				return SL_FATAL;
		}
		/* The first try in the same commit where there is room. */
		if (can_send(t) && d.next_ms <= sl_clock_utc_ms()) {
			if (begin_try(t, &d, en, err) != SL_OK)
				return SL_FATAL;
		} else {
			sl_outbox_soon(t);
		}
	}
	/* It may have arrived while a person held it. */
	return sl_outbox_finish(e, en, name, err);
}

void
sl_outbox_peer_ready(struct sl_engine *e, struct sl_peer *p)
{
	struct sl_target *t = sl_engine_target(e, p->name);

	if (t == NULL) {
		sl_log(SL_LOG_WARNING, "push", "unknown target");
		p->dead = true;
		return;
	}
	if (t->login_stopped) {
		sl_log(SL_LOG_NOTICE, "push", "login is tried again");
		sl_sync_soon(t);
	}
	t->login_stopped = false;
	sl_sync_start(t);
	sl_timer_pull(t->timer, 0);
}

void
sl_outbox_peer_gone(struct sl_engine *e, struct sl_peer *p)
{
	struct sl_target *t = sl_engine_target(e, p->name);
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->inflight_n;) {
		if (t->inflight[i].peer != p) {
			i++;
			continue;
		}
		sl_outbox_unheard(t, t->inflight[i].id);
		sl_outbox_drop(t, i);
	}
	t->syncing = 0;
	sl_timer_pull(t->timer, 0);
}
