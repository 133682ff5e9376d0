/*
 * INVARIANTS: one thread; one commit per round; nothing leaves this process
 * (answer, task, unlink, rename to Ferdig) that depends on what is not durable.
 * SECURITY: opens drop folders and the store by descriptor; never looks into a
 * document; no network but the control socket.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "../base/text.h"
#include "access.h"

#define CHANGED_LOOK_MS 5000 /* at least, between two looks at Ferdig */
#define BEAT_MS 10000
/* With so much on the road, commits are this far apart: each then carries
 * several items, and a letter waits a little for its neighbours. A delivery
 * that stands still until the commit, and others behind it, waits less. */
#define BUSY_ITEMS 8
#define SHORT_LIFE_MS 60000 /* a disk that is full again so soon is full */
#define BUSY_COMMIT_MS 30
#define HURRY_COMMIT_MS 3
#define BUNDLES_A_SWEEP 1000
#define BUNDLE_SAFE_MS INT64_C(86400000) /* an orphan is left alone so long */

enum sl_rc
sl_engine_no(struct sl_err *err, const char *words)
{
	return sl_err_set(err, SL_REJECT, 0, "not_possible", "%s", words);
}

bool
sl_engine_bad(struct sl_engine *e, enum sl_rc rc, const struct sl_err *err)
{
	if (rc == SL_OK)
		return false;
	(void)sl_engine_fail(e, err);
	return true;
}

enum sl_rc
sl_engine_fail(struct sl_engine *e, const struct sl_err *err)
{
	if (!e->fatal) {
		e->fatal = true;
		e->fatal_err = *err;
		sl_log(SL_LOG_CRIT, "engine", "stops: %s reason=\"%s\"",
		    err->text, err->reason != NULL ? err->reason : "");
	}
	sl_loop_stop(e->loop);
	return SL_FATAL;
}

void
sl_engine_after(struct sl_engine *e, sl_after_fn *fn, int64_t a, int64_t b)
{
	e->after =
	    sl_grow(e->after, &e->after_cap, e->after_n + 1, sizeof(*e->after));
	e->after[e->after_n++] = (struct sl_after){fn, a, b};
}

struct sl_inlet *
sl_engine_inlet(struct sl_engine *e, const char *queue)
{
	size_t i;

	for (i = 0; i < e->inlets_n; i++)
		if (strcmp(sl_inlet_queue(e->inlets[i])->name, queue) == 0)
			return e->inlets[i];
	return NULL;
}

struct sl_target *
sl_engine_target(struct sl_engine *e, const char *name)
{
	size_t i;

	for (i = 0; i < e->targets_n; i++)
		if (strcmp(e->targets[i].cfg->name, name) == 0)
			return &e->targets[i];
	return NULL;
}

void
sl_engine_kick(struct sl_engine *e)
{
	sl_loop_again(e->loop);
}

enum sl_rc
sl_engine_commit(struct sl_engine *e)
{
	struct sl_err err;
	size_t i;

	for (i = 0; e->sync_inlets && i < e->inlets_n; i++)
		if (sl_engine_bad(e, sl_inlet_sync(e->inlets[i], &err), &err))
			return SL_FATAL;
	e->sync_inlets = false;
	if (sl_engine_bad(e, sl_store_commit(e->store, &err), &err))
		return SL_FATAL;
	return SL_OK;
}

static bool
is_busy(const struct sl_engine *e)
{
	size_t n = e->jobs_n, i;

	for (i = 0; i < e->targets_n; i++)
		n += e->targets[i].inflight_n;
	return n >= BUSY_ITEMS;
}

/* May this round's commit wait for the next ones? */
static bool
commit_waits(struct sl_engine *e)
{
	int64_t left;

	if (!is_busy(e) || e->stopping)
		return false;
	left = e->committed_ms + (e->hurry ? HURRY_COMMIT_MS : BUSY_COMMIT_MS) -
	       sl_clock_boot_ms();
	if (left <= 0)
		return false;
	sl_timer_pull(e->commit_timer, left);
	return true;
}

/* The end of a round: everything of it durable at once, then its effects. */
static void
end_round(void *arg)
{
	struct sl_engine *e = arg;
	struct sl_err err;
	size_t i, n;

	if (e->fatal)
		return;
	/* What is in hand stays so; at the end it is tried all the same. */
	if (!e->stopping && sl_room_stalls(e)) {
		sl_peers_sweep(e);
		return;
	}
	sl_due_clock(e);
	sl_jobs_claim(e);
	if (e->cases_dirty && !e->fatal &&
	    sl_engine_bad(e, sl_placing_cases(e, &err), &err))
		return;
	if (e->fatal)
		return;
	/* A task touches nothing outside and its records come back to a later
	 * transaction: children work while we wait, for the disk as well. */
	sl_tasks_start(e);
	if (e->fatal)
		return;
	if (commit_waits(e)) {
		sl_peers_sweep(e);
		return;
	}
	sl_outbox_round(e);
	if (e->fatal || sl_engine_commit(e) != SL_OK)
		return;
	e->committed_ms = sl_clock_boot_ms();
	e->hurry = false;
	if (sl_engine_bad(e, sl_seal_round(e->seal, &err), &err))
		return;
	if (!e->stopping)
		sl_witness_round(e->witnesses);
	/* Effects may add writes and effects of the next round. */
	for (i = 0, n = e->after_n; i < n && !e->fatal; i++)
		e->after[i].fn(e, e->after[i].a, e->after[i].b);
	e->after_n -= i;
	if (e->after_n > 0)
		memmove(e->after, e->after + i, e->after_n * sizeof(*e->after));
	if ((e->after_n > 0 || sl_store_dirty(e->store)) && !commit_waits(e))
		sl_loop_again(e->loop);
	sl_tasks_start(e);
	sl_peers_sweep(e);
	if (e->jobs_n > 0)
		return;
	sl_files_rest(sl_store_files(e->store));
	for (i = 0; i < e->inlets_n; i++)
		sl_inlet_rest(e->inlets[i]);
}

static void
on_wake(void *arg)
{
	struct sl_engine *e = arg;

	sl_engine_kick(e);
}

static enum sl_rc
settle_unfiled(void *arg, const struct sl_consignment *c, struct sl_err *err)
{
	return sl_consignment_settle(arg, c->id, err);
}

static void
remove_day(struct sl_engine *e, int64_t inlet, int64_t unused)
{
	struct sl_door *door = &e->doors[inlet];

	(void)unused;
	if (!sl_inlet_remove_day(e->inlets[inlet], door->removed))
		sl_log(SL_LOG_WARNING, "intake",
		    "cannot remove what was filed away day=\"%s\" errno=\"%d\"",
		    door->removed, errno);
}

/* Who drops a file may still be writing to it when it is filed away. Today's
 * and yesterday's, now and then; every day once more before it is removed. */
static enum sl_rc
look_at_done(struct sl_engine *e, struct sl_err *err)
{
	int64_t boot = sl_clock_boot_ms(), now = sl_clock_utc_ms();
	char day[16];
	size_t i;
	int back;

	if (e->changed_at_ms != 0 && boot - e->changed_at_ms < CHANGED_LOOK_MS)
		return SL_OK;
	e->changed_at_ms = boot;
	for (i = 0; i < e->inlets_n; i++) {
		for (back = 0; back < 2; back++) {
			sl_clock_format_day(
			    now - back * INT64_C(86400000), day, sizeof(day));
			if (sl_sources_changed(e, e->inlets[i], day, err) !=
			    SL_OK)
				return SL_FATAL;
		}
	}
	return SL_OK;
}

/* Days of Ferdig whose time is over: the leaf first, then they go. One that
 * cannot be removed is tried again at the next start. */
static enum sl_rc
clean_done(struct sl_engine *e, struct sl_err *err)
{
	char day[SL_DAY_MAX];
	size_t i;

	for (i = 0; i < e->inlets_n; i++) {
		struct sl_door *door = &e->doors[i];
		const char *queue = sl_inlet_queue(e->inlets[i])->name;
		SL_BUF struct sl_buf payload = {0};

		if (!sl_inlet_old_day(
			e->inlets[i], sl_clock_utc_ms(), door->removed, day))
			continue;
		if (sl_sources_changed(e, e->inlets[i], day, err) != SL_OK)
			return SL_FATAL;
		memcpy(door->removed, day, sizeof(day));
		sl_buf_add_str(&payload, "{\"queue\":");
		sl_text_json(&payload, queue, strlen(queue));
		sl_buf_printf(&payload, ",\"day\":\"%s\"}", day);
		if (sl_store_log(e->store, SL_EVENT_source_removed, "-",
			"slused", sl_buf_str(&payload), 0, 0, err) != SL_OK)
			return SL_FATAL;
		sl_engine_after(e, remove_day, (int64_t)i, 0);
	}
	return SL_OK;
}

/* After a crash bundles may lie in the store that nothing names: looked for
 * once, a few at each sweep. */
static void
clean_store(struct sl_engine *e)
{
	unsigned removed;

	if (e->store_clean)
		return;
	e->store_clean = sl_bundles_clean(e->store,
	    sl_clock_utc_ms() - BUNDLE_SAFE_MS, BUNDLES_A_SWEEP, &removed);
	if (removed > 0)
		sl_log(SL_LOG_INFO, "store",
		    "left by a crash, removed bundles=\"%u\"", removed);
}

static void
on_sweep(void *arg)
{
	struct sl_engine *e = arg;
	bool poll = false;
	struct sl_err err;
	size_t i;

	if (e->stalled) { /* it would write */
		sl_timer_set(e->sweep_timer, SL_STALLED_MS);
		return;
	}
	for (i = 0; i < e->inlets_n; i++) {
		e->stray |= sl_inlet_rescan(e->inlets[i]);
		poll |= strcmp(sl_inlet_mode(e->inlets[i]), "inotify") != 0;
	}
	if (e->failed_sweeps > 0)
		e->failed_sweeps--;
	if (sl_engine_bad(e, sl_doors_see(e, &err), &err) ||
	    sl_engine_bad(e, sl_room_sweep(e, &err), &err) ||
	    sl_engine_bad(e, look_at_done(e, &err), &err) ||
	    sl_engine_bad(e, clean_done(e, &err), &err) ||
	    sl_engine_bad(e, sl_erase_sweep(e, &err), &err))
		return;
	if (e->unfiled) {
		e->unfiled = false;
		if (sl_engine_bad(e,
			sl_consignment_each_unfiled(
			    e->store, settle_unfiled, e, &err),
			&err))
			return;
	}
	sl_jobs_stray(e);
	clean_store(e);
	sl_timer_set(e->sweep_timer,
	    poll ? e->cfg->instance.poll_ms : e->cfg->instance.sweep_ms);
	sl_engine_kick(e);
}

static void
on_due(void *arg)
{
	struct sl_engine *e = arg;

	if (e->stalled)
		sl_timer_set(e->due_timer, SL_STALLED_MS);
	else
		sl_due_look(e);
}

static void
on_settle(void *arg)
{
	struct sl_engine *e = arg;
	size_t i;

	for (i = 0; i < e->inlets_n; i++)
		if (sl_inlet_settles_in(e->inlets[i]) == 0)
			e->stray |= sl_inlet_rescan(e->inlets[i]);
	sl_engine_kick(e);
}

/* The watchdog's ping and the look at the clock where nothing else happens: ten
 * seconds apart, so that an idle slused hardly wakes. */
static void
on_beat(void *arg)
{
	struct sl_engine *e = arg;

	sl_notify("WATCHDOG=1");
	if (!e->stalled) /* it would write */
		sl_due_clock(e);
	sl_timer_set(e->beat_timer, BEAT_MS);
}

static void
on_signal(void *arg, unsigned events)
{
	struct sl_engine *e = arg;
	struct signalfd_siginfo s = {0};

	(void)events;
	if (sl_read_full(e->signal_fd, &s, sizeof(s)) != (ssize_t)sizeof(s))
		s.ssi_signo = 0;
	e->signal = s.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
	sl_log(SL_LOG_NOTICE, "engine",
	    "stops signal=\"%s\" pid=\"%" PRIu32 "\" uid=\"%" PRIu32 "\"",
	    e->signal, s.ssi_pid, s.ssi_uid);
	e->stopping = true;
	sl_loop_stop(e->loop);
}

static enum sl_rc
open_inlets(struct sl_engine *e, struct sl_err *err)
{
	size_t i;

	e->inlets = sl_alloc((e->cfg->queue_n + 1) * sizeof(*e->inlets));
	e->doors = sl_alloc((e->cfg->queue_n + 1) * sizeof(*e->doors));
	for (i = 0; i < e->cfg->queue_n; i++) {
		if (sl_inlet_open(e->watcher, e->root, e->cfg,
			&e->cfg->queue[i], &e->inlets[i], err) != SL_OK)
			return SL_FATAL;
		e->inlets_n++;
	}
	e->recovering = true;
	sl_doors_remember(e);
	return SL_OK;
}

/* Two daemons on one instance would each be half right: the second refuses. */
static enum sl_rc
lock_instance(const char *root, int *ret, struct sl_err *err)
{
	SL_FREE char *dir = sl_asprintf("%s/run", root);
	SL_FREE char *path = sl_asprintf("%s/run/slused.lock", root);

	/* Whoever has a role passes through; nobody else's reads what is in
	 * it. */
	if (sl_make_path(dir, 0711, err) != SL_OK || chmod(dir, 0711) != 0)
		return SL_FATAL;
	*ret = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*ret < 0 || flock(*ret, LOCK_EX | LOCK_NB) != 0)
		return sl_err_set(err, SL_FATAL, errno, "locked",
		    "another slused serves this instance");
	return SL_OK;
}

static int
open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static enum sl_rc
start(struct sl_engine *e, struct sl_err *err)
{
	SL_FREE char *sock = sl_asprintf("%s/run/slused.sock", e->root);
	SL_FREE char *origin =
	    *e->cfg->journal.origin != '\0'
		? sl_strdup(e->cfg->journal.origin)
		: sl_asprintf("sluse.example/%s", e->cfg->instance.prefix);

	SL_CLOSE int trust = -1;

	sl_outbox_start(e);
	/* That there is none later costs no post, only an answer. */
	if (sl_trust_open(e->trust, &trust, err) != SL_OK)
		return SL_FATAL;
	if (sl_access_groups(e, err) != SL_OK ||
	    lock_instance(e->root, &e->lock_fd, err) != SL_OK ||
	    sl_store_open(e->root, origin, &e->store, err) != SL_OK ||
	    sl_changes_made(e, err) != SL_OK ||
	    sl_house_seal(e, err) != SL_OK || open_inlets(e, err) != SL_OK ||
	    sl_changes_log(e, err) != SL_OK ||
	    sl_access_start(e, err) != SL_OK ||
	    sl_consignment_each_unfiled(e->store, settle_unfiled, e, err) !=
		SL_OK)
		return SL_FATAL;
	sl_house_faces(e);
	if (sl_doors_see(e, err) != SL_OK || sl_due_start(e, err) != SL_OK ||
	    sl_outbox_resume(e, err) != SL_OK ||
	    sl_store_commit(e->store, err) != SL_OK ||
	    sl_chan_listen(sock, &e->listen_fd, err) != SL_OK)
		return SL_FATAL;
	sl_peers_start(e);
	sl_belongs_changed(e);
	return SL_OK;
}

static void
finish(struct sl_engine *e)
{
	struct sl_err err;
	struct sl_peer *p;

	sl_installed_stop(e);
	sl_access_stop(e);
	sl_groups_free(e->groups);
	while (e->jobs != NULL)
		sl_job_free(e->jobs);
	while (e->waiting != NULL)
		sl_task_free(e->waiting);
	while (e->running != NULL)
		sl_task_free(e->running);
	for (p = e->peers; p != NULL; p = p->next)
		p->dead = true;
	sl_peers_sweep(e);
	sl_trouble_free(e);
	sl_faces_stop(e->faces);
	e->faces = NULL; /* what ends now is not shown */
	sl_witness_stop(e->witnesses);
	if (sl_seal_stop(e->seal, !e->fatal, &err) != SL_OK)
		(void)sl_engine_fail(e, &err);
	while (e->inlets_n > 0)
		sl_inlet_close(e->inlets[--e->inlets_n]);
	free(e->inlets);
	free(e->doors);
	sl_watcher_free(e->watcher);
	free(e->targets);
	free(e->after);
	free(e->shorts);
	sl_cleanup_close(&e->listen_fd);
	sl_cleanup_close(&e->case_index_fd);
	sl_loop_free(e->loop);
	sl_store_close(e->store);
	sl_cleanup_close(&e->lock_fd);
}

/* From start to end; *ret_full: a full disk ended it. Result: exit status. */
static int
live(const char *root, struct sl_config *cfg, int sig, bool *ret_full)
{
	struct sl_engine e = {.root = root,
	    .cfg = cfg,
	    .listen_fd = -1,
	    .case_index_fd = -1,
	    .lock_fd = -1,
	    .cases_dirty = true,
	    .erasing = true,
	    .someone_waits = true};
	struct sl_err err;
	SL_FREE char *passwords = sl_path_below(root, cfg->instance.passwords);
	SL_FREE char *trust = sl_path_below(root, cfg->instance.trust);
	struct sl_watch *w;
	bool bad_config = false;

	e.jobs_tail = &e.jobs;
	e.started_ms = sl_clock_boot_ms();
	e.passwords.path = *cfg->instance.passwords != '\0' ? passwords : "";
	e.trust = *cfg->instance.trust != '\0' ? trust : "";
	e.loop = sl_loop_new();
	e.watcher = sl_watcher_new(e.loop, on_wake, &e);
	e.sweep_timer = sl_loop_timer(e.loop, on_sweep, &e);
	e.settle_timer = sl_loop_timer(e.loop, on_settle, &e);
	e.commit_timer = sl_loop_timer(e.loop, on_wake, &e);
	e.due_timer = sl_loop_timer(e.loop, on_due, &e);
	e.beat_timer = sl_loop_timer(e.loop, on_beat, &e);
	e.wait_timer = sl_loop_timer(e.loop, on_wake, &e);
	if (start(&e, &err) != SL_OK) {
		bad_config = strcmp(err.reason, "config_invalid") == 0;
		(void)sl_engine_fail(&e, &err);
	} else {
		sl_loop_after(e.loop, end_round, &e);
		e.signal_fd = sig;
		w = sl_loop_watch(e.loop, sig, SL_LOOP_READ, on_signal, &e);
		sl_installed_start(&e);
		sl_timer_set(e.sweep_timer, 0);
		sl_timer_set(e.beat_timer, BEAT_MS);
		sl_due_look(&e);
		sl_notify("READY=1");
		sl_log(SL_LOG_NOTICE, "engine", "ready queues=\"%zu\"",
		    e.inlets_n);
		sl_loop_run(e.loop);
		sl_watch_end(w);
		if (!e.fatal)
			(void)sl_engine_bad(
			    &e, sl_changes_stop(&e, &err), &err);
	}
	finish(&e);
	explicit_bzero(&e.passwords, sizeof(e.passwords));
	if (!e.fatal)
		return 0;
	*ret_full = !e.stopping && e.fatal_err.reason != NULL &&
		    strcmp(e.fatal_err.reason, "disk_full") == 0;
	return bad_config ? SL_SLUSED_CONFIG : SL_SLUSED_FATAL;
}

int
sl_engine_run(const char *root, struct sl_config *cfg)
{
	SL_CLOSE int sig = open_signals();
	struct rlimit files;
	unsigned tries = 0;
	int64_t began;
	bool full;
	int status;

	/* Three for each file of a dropped folder while it is copied. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	for (;;) {
		if (!sl_room_wait(root, sig, tries))
			return 0;
		began = sl_clock_boot_ms();
		full = false;
		status = live(root, cfg, sig, &full);
		if (!full)
			return status;
		tries =
		    sl_clock_boot_ms() - began < SHORT_LIFE_MS ? tries + 1 : 1;
	}
}
