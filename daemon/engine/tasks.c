/*
 * Tasks: what is handed to a child of a worker, and what is done when it ends.
 *
 * A task competes by cost (shortest document first) less its age, so that a
 * letter overtakes a three-thousand-page file and nothing starves.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/ulid.h"
#include "engine.h"

#define NAME_MAX_WIRE 4096 /* of SL_MSG_TASK */
#define NOT_RUN_WAIT_MS 1000
#define TASK_FDS (3 + SL_SEALED_MAX + 1) /* and 6, where it copies */
#define COPY_BYTES_PER_MS 2000 /* slowest disk a copy is waited for */

struct sl_task *
sl_task_new(struct sl_job *j, enum sl_task_kind kind, size_t source)
{
	struct sl_task *t = sl_alloc(sizeof(*t));

	t->e = j->e;
	t->id = ++j->e->next_task;
	t->kind = kind;
	t->job = j;
	t->source = source;
	t->hash_part = 1;
	j->tasks_open++;
	return t;
}

static void
unlink_task(struct sl_task *t)
{
	if (t->prev == NULL)
		return;
	*t->prev = t->next;
	if (t->next != NULL)
		t->next->prev = t->prev;
	t->prev = NULL;
	t->next = NULL;
}

static void
link_task(struct sl_task **list, struct sl_task *t)
{
	t->next = *list;
	t->prev = list;
	if (t->next != NULL)
		t->next->prev = &t->next;
	*list = t;
}

void
sl_task_queue(struct sl_task *t)
{
	unlink_task(t);
	t->began_ms = sl_clock_boot_ms();
	link_task(&t->e->waiting, t);
	sl_engine_kick(t->e);
}

static void
close_result(struct sl_task *t)
{
	sl_watch_end(t->watch);
	sl_chan_free(t->result);
	t->watch = NULL;
	t->result = NULL;
	sl_page_parts_free(t->page);
	t->page = NULL;
}

void
sl_task_spoil(struct sl_task *t)
{
	struct sl_outfile *o = t->out;

	if (t->kind == SL_TASK_OPEN && t->job != NULL)
		o = t->job->src[t->source].out;
	if (o != NULL)
		o->spoilt = true;
}

void
sl_task_free(struct sl_task *t)
{
	unlink_task(t);
	close_result(t);
	sl_sha256_free(t->hash);
	sl_outfile_drop(sl_store_files(t->e->store), t->from);
	sl_outfile_drop(sl_store_files(t->e->store), t->out);
	if (t->peer != NULL)
		t->peer->running--;
	if (t->job != NULL)
		t->job->tasks_open--;
	free(t);
}

/* -- handing out --------------------------------------------------------------
 */

static void
fill_limits(struct sl_msg_task *m, const struct sl_config *c)
{
	const struct sl_limits_config *l = &c->limits;

	m->cpu_s = (uint32_t)(l->cpu_ms / 1000);
	m->wall_ms = (uint32_t)l->wall_ms;
	m->mem_bytes = l->memory_bytes;
	m->out_bytes = l->output_max_bytes;
	m->members_max = l->members_max;
	m->depth_max = l->depth_max;
	m->member_bytes_max = l->member_max_bytes;
	m->total_bytes_max = l->unpacked_max_bytes;
	m->ratio_max = l->ratio_max;
	m->head_bytes = (uint32_t)l->identify_head_bytes;
	m->tail_bytes = (uint32_t)l->identify_tail_bytes;
	m->pages_max = l->pages_max;
	m->pixels_max = l->pixels_max;
	m->side_max = l->side_max;
	m->languages = sl_slice_str(c->ocr.languages);
}

/* Only what opens documents gets them. */
static struct sl_slice
passwords(const struct sl_task *t)
{
	struct sl_slice lines = {NULL, 0};
	struct sl_err err;

	if (t->kind == SL_TASK_OCR || sl_sealed_is(t))
		return lines;
	if (sl_password_file_read(&t->e->passwords,
		(uint64_t)sl_clock_boot_ms(), &lines, &err) != SL_OK)
		sl_log(SL_LOG_ERR, "passwords", "%s", err.text);
	return lines;
}

static void
fill_task(const struct sl_task *t, struct sl_msg_task *m)
{
	const struct sl_job *j = t->job;
	const struct sl_job_source *s = &j->src[t->source];
	const char *name = s->sub != NULL ? s->sub : j->claim.name;

	if (*name == '\0')
		name = s->row.name;
	fill_limits(m, j->e->cfg);
	m->passwords = passwords(t);
	m->task = t->id;
	m->kind = (uint8_t)t->kind;
	m->subject =
	    sl_slice_str(j->c.id != 0 ? j->c.reception : j->claim.ulid);
	/* A hint; of a path as deep as folders may be, its end. */
	if (strlen(name) > NAME_MAX_WIRE)
		name += strlen(name) - NAME_MAX_WIRE;
	m->name = sl_slice_str(name);
	m->size = t->kind == SL_TASK_OPEN ? s->size : t->size;
	m->offset = t->offset;
	m->page_from = t->page_from;
	m->page_count =
	    t->kind == SL_TASK_OPEN ? SL_PAGES_A_TASK : t->page_count;
	m->room_bytes = sl_room_for_output(j->e);
	if (t->kind == SL_TASK_OPEN && !s->have_original) {
		m->flags |= SL_TASK_COPY;
		if (t->copy_only)
			m->flags |= SL_TASK_COPY_ONLY;
		else if (j->claim.young)
			m->flags |= SL_TASK_YOUNG;
		m->wall_ms += (uint32_t)(s->size / COPY_BYTES_PER_MS);
		m->cpu_s += (uint32_t)(s->size / (100 << 20));
	}
	if (t->kind == SL_TASK_OPEN && s->sealed_n > 0) {
		m->flags |= SL_TASK_CLEAR;
		m->clear = sl_sealed_parts(s);
	}
	if (sl_sealed_is(t)) {
		m->name = sl_slice_str(sl_sealed_ending(t));
		if (t->kind == SL_TASK_CONVERT)
			m->out_bytes = j->e->cfg->limits.member_max_bytes;
		m->wall_ms += (uint32_t)(t->size / COPY_BYTES_PER_MS);
		m->cpu_s += (uint32_t)(t->size / (100 << 20));
	}
	if (t->kind != SL_TASK_OPEN && t->part < s->parts)
		m->mime = sl_slice_str(s->mime[t->part]);
	if (t->kind == SL_TASK_OCR) {
		m->image_format = t->image.image_format;
		m->dpi = t->image.dpi;
		m->rotate = t->image.rotate;
		m->width = t->image.width;
		m->height = t->image.height;
		m->base_size = t->image.base_size;
		m->cpu_s = (uint32_t)(j->e->cfg->ocr.page_cpu_ms / 1000);
		m->wall_ms = (uint32_t)j->e->cfg->ocr.page_wall_ms;
	}
}

/* Last of a task that looks for signatures; opened anew, so that a changed
 * list counts from the next task on. */
static size_t
add_trust(struct sl_task *t, int *fds, size_t n)
{
	struct sl_err err;
	int fd = -1;
	bool bad;

	if (n == 0 || t->kind != SL_TASK_OPEN || t->copy_only)
		return n;
	bad = sl_trust_open(t->e->trust, &fd, &err) != SL_OK;
	if (bad && !t->e->trust_bad)
		sl_log(SL_LOG_ERR, "trust", "%s", err.text);
	t->e->trust_bad = bad;
	if (fd >= 0)
		fds[n++] = fd;
	return n;
}

static int
dup_out(const struct sl_outfile *o)
{
	return o != NULL ? fcntl(o->fd, F_DUPFD_CLOEXEC, 3) : -1;
}

/* Descriptors of a task; result: how many, 0 on failure (errno). fds[1] is the
 * child's end of *ret_result. All are closed by close_fds. */
static size_t
open_fds(struct sl_task *t, int *fds, int *ret_result)
{
	struct sl_job_source *s = &t->job->src[t->source];
	struct sl_files *f = sl_store_files(t->e->store);
	int pair[2];
	size_t n = 3, more = 0;
	int i;

	for (i = 0; i < TASK_FDS; i++)
		fds[i] = -1;
	if (t->kind == SL_TASK_OPEN) {
		sl_outfile_drop(f, s->out);
		s->out = sl_outfile_new(f);
		fds[0] = s->have_original
			     ? sl_files_open_blob(f, &s->row.sha256)
			     : sl_claim_open(t->job->inlet, t->job->claim.ulid,
				   t->job->claim.name, s->sub);
		if (s->have_original && fds[0] < 0 && s->original_fd >= 0)
			fds[0] = sl_files_reopen(s->original_fd);
		fds[2] = dup_out(s->out);
	} else {
		fds[0] = t->from != NULL ? sl_files_reopen(t->from->fd)
			 : s->original_fd >= 0
			     ? sl_files_reopen(s->original_fd)
			     : sl_files_open_blob(f, &s->row.sha256);
		sl_outfile_drop(f, t->out);
		t->out = sl_outfile_new(f);
		fds[2] = dup_out(t->out);
	}
	if (t->kind == SL_TASK_OPEN && !s->have_original) {
		sl_cleanup_close(&s->original_fd);
		s->original_fd = sl_files_tmp(f);
		fds[3] = s->original_fd >= 0
			     ? fcntl(s->original_fd, F_DUPFD_CLOEXEC, 3)
			     : -1;
		fds[4] =
		    s->original_fd >= 0 ? sl_files_reopen(s->original_fd) : -1;
		n = 5;
	} else if (t->kind == SL_TASK_OPEN && s->sealed_n > 0) {
		if (!sl_sealed_fds(s, fds + n, &more))
			return 0;
		n += more;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return 0;
	fds[1] = pair[1];
	*ret_result = pair[0];
	for (i = 0; i < (int)n; i++)
		if (fds[i] < 0)
			n = 0;
	return n;
}

static void
close_fds(int *fds)
{
	int i;

	for (i = 0; i < TASK_FDS; i++)
		sl_cleanup_close(&fds[i]);
}

/* False: its input is gone or cannot be had now. */
static bool
hand_out(struct sl_task *t, struct sl_peer *p)
{
	struct sl_msg m = {.type = SL_MSG_TASK};
	int fds[TASK_FDS], result = -1;
	size_t n = open_fds(t, fds, &result), all = add_trust(t, fds, n);
	bool ok = false;

	if (n > 0) {
		fill_task(t, &m.task);
		if (all > n)
			m.task.flags |= SL_TASK_TRUST;
		ok = sl_peer_send(p, &m, fds, all);
	}
	close_fds(fds);
	if (!ok) {
		sl_cleanup_close(&result);
		return false;
	}
	t->got_original = t->got_clear = false;
	t->got_end = t->eof = t->ended = false;
	t->rc = SL_OK;
	t->reason[0] = t->detail[0] = '\0';
	t->next_part = 0;
	t->pages_told = t->parts_bytes = 0;
	t->result = sl_chan_new(result, true);
	t->watch = sl_loop_watch(
	    t->e->loop, result, SL_LOOP_READ, sl_result_readable, t);
	t->peer = p;
	p->running++;
	unlink_task(t);
	link_task(&t->e->running, t);
	return true;
}

static struct sl_task *
pick(struct sl_engine *e, enum sl_role role)
{
	/* By kind: who does it. */
	static const enum sl_role whose[] = {[SL_TASK_OPEN] = SL_ROLE_WORK,
	    [SL_TASK_PAGES] = SL_ROLE_WORK,
	    [SL_TASK_OCR] = SL_ROLE_OCR,
	    [SL_TASK_DECRYPT] = SL_ROLE_DECRYPT,
	    [SL_TASK_CONVERT] = SL_ROLE_CONVERT};
	int64_t now = sl_clock_boot_ms(), score, best_score = 0;
	struct sl_task *t, *best = NULL;

	for (t = e->waiting; t != NULL; t = t->next) {
		if (t->not_before_ms > now)
			continue;
		if (whose[t->kind] != role)
			continue;
		/* One unit of cost (1 KiB, or a page) weighs as much as a
		 * tenth of a second of waiting. */
		score = t->cost * 100 - (now - t->began_ms);
		if (best == NULL || score <= best_score) {
			best = t;
			best_score = score;
		}
	}
	return best;
}

static void
start_role(struct sl_engine *e, enum sl_role role)
{
	struct sl_peer *p;
	struct sl_task *t;
	struct sl_job *j;
	struct sl_err err;
	enum sl_rc rc;
	int why;

	while (!e->fatal && !e->stopping &&
	       (p = sl_peer_free_slot(e, role)) != NULL &&
	       (t = pick(e, role)) != NULL) {
		if (hand_out(t, p))
			continue;
		why = errno;
		if (p->dead)
			return;
		j = t->job;
		rc = sl_originals_stop(j, &err);
		if (rc != SL_SKIP) {
			(void)sl_engine_bad(e, rc, &err);
			continue;
		}
		/* The claimed file cannot be opened, or descriptors are
		 * short: let it lie and try again later. */
		sl_log(SL_LOG_WARNING, j->c.id != 0 ? j->c.reception : "intake",
		    "task cannot start errno=\"%d\"", why);
		e->stray = true; /* looked for at the next sweep */
		if (j->c.id == 0)
			sl_job_drop(j, "file_unreadable");
		else
			sl_job_free(j);
		return;
	}
}

void
sl_tasks_start(struct sl_engine *e)
{
	start_role(e, SL_ROLE_WORK);
	start_role(e, SL_ROLE_OCR);
	start_role(e, SL_ROLE_DECRYPT);
	start_role(e, SL_ROLE_CONVERT);
}

/* -- endings
 * ------------------------------------------------------------------- */

static const char *
death_reason(const struct sl_msg_task_ended *how)
{
	if (how->how == SL_END_TIMEOUT)
		return "limit_time";
	if (how->how == SL_END_SIGNAL && how->code == SIGSYS)
		return "worker_denied";
	if (how->how == SL_END_SIGNAL && how->code == SIGXCPU)
		return "limit_time";
	if (how->how == SL_END_SIGNAL && how->code == SIGXFSZ)
		return "limit_bytes";
	if (how->how == SL_END_EXIT && how->code == 71)
		return "limit_memory";
	return "worker_crash";
}

/* Pages that a dead task did not give. */
static enum sl_rc
give_up_pages(struct sl_task *t, const char *reason, struct sl_err *err)
{
	struct sl_job_source *s = &t->job->src[t->source];
	struct sl_msg_r_page m = {.part = t->part, .source = SL_PAGE_NONE};
	uint32_t i;

	if (s->opened && t->part >= s->parts)
		return SL_OK; /* a part that a later opening did not find */
	m.reason = sl_slice_str(reason);
	for (i = 0; i < t->page_count; i++) {
		m.page = t->page_from + i;
		if (sl_page_known(t->e->store, s->part_ids[t->part], m.page))
			continue;
		if (sl_page_give_up(
			t->e->store, s->part_ids[t->part], &m, err) != SL_OK)
			return SL_FATAL;
	}
	return SL_OK;
}

static bool
retry_now(struct sl_task *t)
{
	if (t->how.how == SL_END_NOT_RUN)
		return true;
	return ++t->attempts < (int)t->e->cfg->limits.attempts_max;
}

/* Nothing was received: the claim goes back and the job ends with its task. */
static void
drop_with_task(struct sl_task *t, const char *reason)
{
	struct sl_job *j = t->job;
	char why[64];

	(void)snprintf(why, sizeof(why), "%s", reason);
	sl_task_free(t);
	sl_job_drop(j, why);
}

/* Not again at once. */
static void
wait_a_little(struct sl_task *t)
{
	t->not_before_ms = sl_clock_boot_ms() + NOT_RUN_WAIT_MS;
	sl_timer_pull(t->e->wait_timer, NOT_RUN_WAIT_MS + 1);
	sl_task_queue(t);
}

/* No END record, or a child that died. */
static enum sl_rc
task_failed(struct sl_task *t, struct sl_err *err)
{
	struct sl_job *j = t->job;
	struct sl_job_source *s = &j->src[t->source];
	const char *reason =
	    t->rc == SL_REJECT ? t->reason : death_reason(&t->how);
	enum sl_rc rc;

	sl_log(SL_LOG_WARNING, j->c.id != 0 ? j->c.reception : "intake",
	    "task failed kind=\"%d\" how=\"%u\" code=\"%u\" reason=\"%s\" "
	    "attempt=\"%d\"",
	    (int)t->kind, t->how.how, t->how.code, reason, t->attempts + 1);
	if (t->rc != SL_REJECT && retry_now(t)) {
		if (t->how.how == SL_END_NOT_RUN)
			wait_a_little(t); /* no memory, no processes */
		else
			sl_task_queue(t);
		return SL_OK;
	}
	if (sl_sealed_is(t))
		return sl_sealed_ended(t, reason, err);
	if (t->kind != SL_TASK_OPEN) {
		rc = give_up_pages(t, reason, err);
		sl_task_free(t);
		return rc == SL_OK ? sl_job_advance(j, err) : rc;
	}
	if (!s->have_original) {
		/* Died while copying: nothing was parsed; a machine fault. */
		drop_with_task(t, reason);
		return SL_OK;
	}
	if (j->c.id == 0 && sl_job_received(j, err) != SL_OK)
		return SL_FATAL;
	s->rc = SL_REJECT;
	(void)snprintf(s->reason, sizeof(s->reason), "%s", reason);
	(void)snprintf(s->detail, sizeof(s->detail), "how %u code %u",
	    t->how.how, t->how.code);
	sl_task_free(t);
	return sl_job_advance(j, err);
}

static bool
is_passing(const char *reason)
{
	const struct sl_reason *r = sl_reason_find(reason);

	return r != NULL && r->dispo == SL_DISPO_deferred;
}

/* The disk did not get better while it was tried: what it was to give is
 * missing, and is not said to be unreadable. The post waits, and goes on with
 * what it has once more. */
static void
interrupt(struct sl_task *t)
{
	struct sl_job_source *s = &t->job->src[t->source];

	if (s->rc == SL_REJECT)
		return;
	s->rc = SL_RETRY;
	(void)snprintf(s->reason, sizeof(s->reason), "%s", t->reason);
	(void)snprintf(s->detail, sizeof(s->detail), "%s", t->detail);
}

static enum sl_rc
task_finished(struct sl_task *t, struct sl_err *err)
{
	struct sl_job *j = t->job;

	if (!t->got_end || t->rc == SL_FATAL || t->how.how != SL_END_EXIT ||
	    t->how.code != 0)
		return task_failed(t, err);
	/* It was not copied whole: nothing is received, it goes back. */
	if (t->kind == SL_TASK_OPEN &&
	    (!j->src[t->source].have_original ||
		(t->rc == SL_RETRY && j->c.id == 0))) {
		drop_with_task(t, t->reason);
		return SL_OK;
	}
	/* A disk that was full, or failed, says nothing of what is in it; only
	 * slused's own reasons are there to wait for. */
	if (t->rc == SL_RETRY && !is_passing(t->reason)) {
		t->rc = SL_BROKEN;
		(void)snprintf(t->reason, sizeof(t->reason), "damaged");
	}
	if (t->rc == SL_RETRY && !t->copy_only && retry_now(t)) {
		wait_a_little(t);
		return SL_OK;
	}
	if (t->kind == SL_TASK_OPEN) {
		if (t->copy_only) {
			sl_task_free(t);
			return SL_OK;
		}
		return sl_task_opened(t, err);
	}
	if (t->rc == SL_RETRY)
		interrupt(t);
	if (sl_sealed_is(t))
		return sl_sealed_ended(
		    t, t->rc == SL_OK ? NULL : t->reason, err);
	if (t->rc != SL_OK && t->rc != SL_RETRY &&
	    give_up_pages(
		t, t->reason[0] != '\0' ? t->reason : "damaged", err) != SL_OK)
		return SL_FATAL;
	sl_task_free(t);
	return sl_job_advance(j, err);
}

static void
try_finish(struct sl_engine *e, int64_t id, int64_t unused)
{
	struct sl_err err = {0};
	struct sl_task *t;
	enum sl_rc rc;

	(void)unused;
	for (t = e->running; t != NULL && t->id != (uint64_t)id; t = t->next)
		;
	if (t == NULL)
		return;
	if (t->job == NULL) {
		sl_task_free(t);
		return;
	}
	rc = task_finished(t, &err);
	if (rc == SL_SKIP) /* its parts are still being hashed */
		sl_engine_after(e, try_finish, id, 0);
	else if (rc != SL_OK)
		(void)sl_engine_fail(e, &err);
}

/* Both the end of its records and its death are known. */
static void
maybe_finish(struct sl_task *t)
{
	if (!t->eof || !t->ended)
		return;
	close_result(t);
	if (t->peer != NULL) {
		t->peer->running--;
		t->peer = NULL;
	}
	sl_engine_after(t->e, try_finish, (int64_t)t->id, 0);
}

void
sl_task_ended(struct sl_engine *e, const struct sl_msg_task_ended *m)
{
	struct sl_task *t;

	for (t = e->running; t != NULL && t->id != m->task; t = t->next)
		;
	if (t == NULL || t->ended)
		return;
	t->ended = true;
	t->how = *m;
	/* What it wrote before its death may still be unread. */
	if (!t->eof)
		sl_result_readable(t, SL_LOOP_READ); /* may finish it */
	else
		maybe_finish(t);
}

void
sl_task_cancel(struct sl_task *t)
{
	struct sl_msg m = {.type = SL_MSG_TASK_CANCEL};

	m.task_cancel.task = t->id;
	if (t->peer != NULL)
		(void)sl_peer_send(t->peer, &m, NULL, 0);
}

void
sl_task_eof(struct sl_task *t)
{
	t->eof = true;
	if (t->watch != NULL)
		sl_watch_end(t->watch);
	t->watch = NULL;
	maybe_finish(t);
}

void
sl_tasks_peer_gone(struct sl_engine *e, struct sl_peer *p)
{
	struct sl_task *t, *next;

	for (t = e->running; t != NULL; t = next) {
		next = t->next;
		if (t->peer != p)
			continue;
		t->peer = NULL;
		if (t->ended)
			continue;
		sl_task_spoil(t);
		/* The parent died, not the child by its input: not counted. */
		close_result(t);
		if (t->job == NULL)
			sl_task_free(t);
		else
			sl_task_queue(t);
	}
}
