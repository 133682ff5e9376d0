/*
 * A consignment on its way through *received, unpacked, identified, read*.
 *
 * Its state between gates lives here and is lost in a crash; then the claim or
 * the row is taken again from the last gate.
 */
#include <errno.h>
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

#define CLAIMS_A_ROUND 32
#define HINT_RESERVE 8 /* over active_max, for what was dropped just now */

static struct sl_job *
job_new(struct sl_engine *e, struct sl_inlet *in)
{
	struct sl_job *j = sl_alloc(sizeof(*j));

	j->e = e;
	j->inlet = in;
	j->prev = e->jobs_tail;
	*e->jobs_tail = j;
	e->jobs_tail = &j->next;
	e->jobs_n++;
	return j;
}

static void
source_close(struct sl_engine *e, struct sl_job_source *s)
{
	sl_cleanup_close(&s->original_fd);
	sl_outfile_drop(sl_store_files(e->store), s->out);
	s->original_fd = -1;
	s->out = NULL;
	sl_sealed_free(e, s);
	free(s->part_ids);
	free(s->part);
	free(s->mime);
	s->part_ids = NULL;
	s->part = NULL;
	s->mime = NULL;
	s->parts_cap = 0;
}

void
sl_job_free(struct sl_job *j)
{
	struct sl_engine *e = j->e;
	struct sl_task *t, *next;
	size_t i;

	for (t = e->waiting; t != NULL; t = next) {
		next = t->next;
		if (t->job == j)
			sl_task_free(t);
	}
	for (t = e->running; t != NULL; t = t->next) {
		if (t->job != j)
			continue;
		sl_task_spoil(t);
		t->job = NULL;
		sl_task_cancel(t);
	}
	for (i = 0; i < j->src_n; i++) {
		e->jobs_bytes -= j->src[i].size;
		source_close(e, &j->src[i]);
		free(j->src[i].sub);
	}
	free(j->src);
	for (i = 0; i < j->left_n; i++)
		free(j->left[i].sub);
	free(j->left);
	*j->prev = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	else
		e->jobs_tail = j->prev;
	e->jobs_n--;
	sl_room_end(j);
	free(j);
	sl_engine_kick(e);
}

/* Is this claim on the road now? */
static bool
has_claim(struct sl_engine *e, const char *ulid)
{
	struct sl_job *j;

	for (j = e->jobs; j != NULL; j = j->next)
		if (strcmp(j->claim.ulid, ulid) == 0)
			return true;
	return false;
}

struct sl_job *
sl_job_find(struct sl_engine *e, int64_t consignment)
{
	struct sl_job *j;

	for (j = e->jobs; j != NULL; j = j->next)
		if (j->c.id == consignment)
			return j;
	return NULL;
}

static struct sl_job_source *
add_source(struct sl_job *j, const char *sub, uint64_t size)
{
	struct sl_job_source *s;

	j->src = sl_grow(j->src, &j->src_cap, j->src_n + 1, sizeof(*s));
	s = &j->src[j->src_n++];
	memset(s, 0, sizeof(*s));
	s->sub = sub != NULL ? sl_strdup(sub) : NULL;
	s->size = size;
	s->original_fd = -1;
	j->e->jobs_bytes += size;
	return s;
}

static enum sl_rc
walk_file(void *arg, const char *sub, const struct stat *st, const char *reason,
    struct sl_err *err)
{
	struct sl_job *j = arg;

	(void)err;
	if (reason != NULL) {
		j->left = sl_grow(
		    j->left, &j->left_cap, j->left_n + 1, sizeof(*j->left));
		j->left[j->left_n++] =
		    (struct sl_job_left){sl_strdup(sub), reason};
		return SL_OK;
	}
	(void)add_source(j, sub, (uint64_t)st->st_size);
	return SL_OK;
}

static void
start_opens(struct sl_job *j)
{
	struct sl_task *t;
	size_t i;

	for (i = 0; i < j->src_n; i++) {
		t = sl_task_new(j, SL_TASK_OPEN, i);
		/* A folder is copied whole before any of it is opened: its
		 * children must not wait for each other. */
		t->copy_only = j->src_n > 1 && !j->src[i].have_original;
		t->cost = (int64_t)(j->src[i].size / 1024);
		sl_task_queue(t);
	}
}

enum sl_rc
sl_job_open_all(struct sl_job *j)
{
	start_opens(j);
	return SL_OK;
}

/* What was dropped can never become a post: number it, say why, keep it. */
static enum sl_rc
give_up(struct sl_job *j, const struct sl_err *why, struct sl_err *err)
{
	const struct sl_reason *r = sl_reason_find(why->reason);
	enum sl_rc rc = SL_OK;

	if (j->c.id == 0)
		rc = sl_job_received(j, err);
	if (rc == SL_OK)
		rc = sl_consignment_apply(j->e, &j->c,
		    r != NULL ? sl_reason_change(r) : SL_CHANGE_quarantine,
		    why->reason, why->text, "slused", err);
	sl_job_free(j);
	return rc;
}

/* The files of its claim, held against the limits. */
static enum sl_rc
add_claimed(struct sl_job *j, struct sl_err *err)
{
	const struct sl_limits_config *lim = &j->e->cfg->limits;
	const struct sl_claim *claim = &j->claim;
	uint64_t total = 0;
	enum sl_rc rc = SL_OK;
	size_t i;

	if (!claim->is_folder)
		(void)add_source(j, NULL, claim->size);
	else
		rc = sl_claim_walk(j->inlet, claim->ulid, claim->name,
		    lim->folder_files_max, walk_file, j, err);
	for (i = 0; i < j->src_n; i++)
		total = j->src[i].size > UINT64_MAX - total
			    ? UINT64_MAX
			    : total + j->src[i].size;
	if (rc == SL_OK && total > lim->input_max_bytes)
		return sl_err_set(err, SL_REJECT, 0, "limit_input",
		    "%" PRIu64 " bytes", total);
	if (rc == SL_OK && j->src_n == 0)
		return sl_err_set(
		    err, SL_BROKEN, 0, "empty", "the folder holds no files");
	return rc;
}

static enum sl_rc
copy_claimed(struct sl_job *j, struct sl_err *err)
{
	struct sl_err why;
	enum sl_rc rc = add_claimed(j, &why);

	if (rc == SL_REJECT || rc == SL_BROKEN)
		return give_up(j, &why, err);
	if (rc != SL_OK) {
		sl_job_drop(j, why.reason);
		return SL_OK;
	}
	start_opens(j);
	return SL_OK;
}

enum sl_rc
sl_job_begin(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_claim *claim, struct sl_err *err)
{
	struct sl_job *j = job_new(e, in);

	j->claim = *claim;
	sl_room_promise(j);
	return copy_claimed(j, err);
}

bool
sl_job_copyable(
    struct sl_engine *e, const struct sl_consignment *c, struct sl_err *err)
{
	struct sl_inlet *in = sl_engine_inlet(e, c->queue);
	struct sl_job *j;
	bool ok;

	j = job_new(e, in);
	ok = in != NULL &&
	     sl_claim_find(in, c->ulid, &j->claim, err) == SL_OK &&
	     add_claimed(j, err) == SL_OK;
	sl_job_free(j);
	return ok;
}

/* Numbered, but never copied (it was over a limit): from its claim. */
static enum sl_rc
copy_late(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_consignment *c, struct sl_err *err)
{
	struct sl_consignment copy = *c;
	struct sl_claim claim;
	struct sl_job *j;

	if (in == NULL || sl_claim_find(in, c->ulid, &claim, err) != SL_OK)
		return sl_consignment_apply(e, &copy, SL_CHANGE_hold,
		    "file_unreadable", "never copied", "slused", err);
	j = job_new(e, in);
	j->c = *c;
	j->claim = claim;
	return copy_claimed(j, err);
}

enum sl_rc
sl_job_resume(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_consignment *c, struct sl_err *err)
{
	struct sl_source *rows;
	struct sl_job *j;
	size_t i, n;

	n = sl_source_list(e->store, c->id, NULL, 0);
	if (n == 0)
		return copy_late(e, in, c, err);
	j = job_new(e, in);
	rows = sl_alloc((n + 1) * sizeof(*rows));
	(void)sl_source_list(e->store, c->id, rows, n);
	j->c = *c;
	(void)snprintf(j->claim.ulid, sizeof(j->claim.ulid), "%.26s", c->ulid);
	j->claim.is_folder = c->is_folder;
	for (i = 0; i < n; i++) {
		struct sl_job_source *s = add_source(
		    j, c->is_folder ? rows[i].name : NULL, rows[i].size);

		s->row = rows[i];
		s->have_original = true;
	}
	free(rows);
	start_opens(j);
	return SL_OK;
}

static enum sl_rc
insert_source(struct sl_job *j, size_t i, struct sl_err *err)
{
	struct sl_job_source *s = &j->src[i];
	const char *raw = s->sub != NULL ? s->sub : j->claim.name;
	SL_BUF struct sl_buf shown = {0};

	s->row.consignment = j->c.id;
	s->row.number = (int)i;
	s->row.size = s->size;
	sl_text_display(&shown, raw, strlen(raw));
	(void)sl_slice_copy(
	    sl_slice_buf(&shown), s->row.name, sizeof(s->row.name));
	if (sl_files_link(sl_store_files(j->e->store), s->original_fd,
		&s->row.sha256, s->size,
		sl_blob_known(j->e->store, &s->row.sha256), err) != SL_OK)
		return err->rc;
	return sl_source_insert(j->e->store, &s->row, sl_slice_str(raw), err);
}

/* Rows of what was copied; how many, and their digests, for the leaf. */
static enum sl_rc
insert_sources(struct sl_job *j, struct sl_buf *payload, struct sl_err *err)
{
	char hex[SL_SHA256_HEX + 1];
	size_t i;

	sl_buf_printf(
	    payload, "\"bytes\":%" PRId64 ",\"sources\":[", j->c.size);
	for (i = 0; i < j->src_n && j->src[i].have_original; i++) {
		if (insert_source(j, i, err) != SL_OK)
			return SL_FATAL;
		sl_digest_hex(&j->src[i].row.sha256, hex);
		if (i < 256)
			sl_buf_printf(
			    payload, "%s\"%s\"", i > 0 ? "," : "", hex);
	}
	sl_buf_printf(payload, "],\"files\":%zu}", i);
	return SL_OK;
}

/* It had its number before: now its files are in the store as well. */
static enum sl_rc
copied_late(struct sl_job *j, struct sl_err *err)
{
	SL_BUF struct sl_buf payload = {0};

	sl_buf_add_char(&payload, '{');
	if (insert_sources(j, &payload, err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(j->e->store, SL_EVENT_copied, j->c.reception,
	    "slused", sl_buf_str(&payload), j->c.id, 0, err);
}

enum sl_rc
sl_job_received(struct sl_job *j, struct sl_err *err)
{
	struct sl_engine *e = j->e;
	struct sl_consignment *c = &j->c;
	SL_BUF struct sl_buf shown = {0};
	SL_BUF struct sl_buf payload = {0};
	size_t i;

	if (c->id != 0)
		return copied_late(j, err);
	(void)snprintf(c->ulid, sizeof(c->ulid), "%s", j->claim.ulid);
	(void)snprintf(
	    c->queue, sizeof(c->queue), "%s", sl_inlet_queue(j->inlet)->name);
	(void)snprintf(
	    c->actor, sizeof(c->actor), "uid:%" PRIu32, j->claim.uid);
	sl_text_display(&shown, j->claim.name, strlen(j->claim.name));
	(void)sl_slice_copy(sl_slice_buf(&shown), c->name, sizeof(c->name));
	c->is_folder = j->claim.is_folder;
	c->received_ms = sl_clock_utc_ms();
	c->dropped_ms = j->claim.mtime_ms;
	c->stage = SL_STAGE_received;
	c->dispo = SL_DISPO_ready;
	for (i = 0; i < j->src_n; i++)
		c->size = j->src[i].size > (uint64_t)(INT64_MAX - c->size)
			      ? INT64_MAX
			      : c->size + (int64_t)j->src[i].size;
	if (sl_store_draw_reception(e->store, e->cfg->instance.prefix,
		c->received_ms, c->reception, sizeof(c->reception),
		err) != SL_OK ||
	    sl_consignment_insert(
		e->store, c, sl_slice_str(j->claim.name), err) != SL_OK)
		return SL_FATAL;
	sl_buf_add_str(&payload, "{\"queue\":");
	sl_text_json(&payload, c->queue, strlen(c->queue));
	sl_buf_printf(
	    &payload, ",\"received_ms\":%" PRId64 ",", c->received_ms);
	if (insert_sources(j, &payload, err) != SL_OK)
		return SL_FATAL;
	if (j->left_n > 0)
		sl_job_name_left(j, &payload);
	/* Its rename must not be undone by a power loss after this commit. */
	if (sl_files_same_fs(sl_store_files(e->store), sl_inlet_dir(j->inlet)))
		sl_files_touch(sl_store_files(e->store));
	else
		e->sync_inlets = true;
	sl_log(SL_LOG_INFO, c->reception,
	    "received queue=\"%s\" files=\"%zu\" bytes=\"%" PRId64 "\"",
	    c->queue, j->src_n, c->size);
	if (sl_store_log(e->store, SL_EVENT_received, c->reception, c->actor,
		sl_buf_str(&payload), c->id, 0, err) != SL_OK)
		return SL_FATAL;
	return sl_job_log_left(j, err);
}

/* Not in the journal: the claim goes back, or waits in .sluse/ for the next
 * sweep if its place is taken. need: the room that it waits for there, or NULL.
 */
static void
put_back(struct sl_engine *e, struct sl_inlet *in, const struct sl_claim *claim,
    const struct sl_need *need, const char *reason)
{
	struct sl_err err;

	sl_log(SL_LOG_INFO, "intake", "put back reason=\"%s\"", reason);
	if (sl_claim_put_back(in, claim->ulid, claim->name, need, &err) !=
	    SL_OK) {
		sl_log(SL_LOG_WARNING, "intake", "%s", err.text);
		e->stray = true;
	}
}

void
sl_job_drop(struct sl_job *j, const char *reason)
{
	bool full = reason != NULL && strcmp(reason, "disk_full") == 0;
	struct sl_need more;
	struct sl_err err;

	if (j->c.id != 0) {
		if (full)
			sl_room_defer(j);
		/* Numbered: it must not come in by the door again. */
		(void)sl_engine_bad(j->e,
		    sl_consignment_apply(j->e, &j->c, SL_CHANGE_defer,
			full ? "disk_full" : "file_unreadable", reason,
			"slused", &err),
		    &err);
		sl_job_free(j);
		return;
	}
	more = sl_room_more(j);
	put_back(j->e, j->inlet, &j->claim, full ? &more : NULL,
	    reason != NULL ? reason : "");
	sl_job_free(j);
}

/* One that was not read to its end for a reason that passes, or NULL. */
static const struct sl_job_source *
interrupted(const struct sl_job *j)
{
	size_t i;

	for (i = 0; i < j->src_n; i++)
		if (j->src[i].rc == SL_RETRY)
			return &j->src[i];
	return NULL;
}

/* The worst of its sources decides whether the consignment goes on. */
static const struct sl_job_source *
worst(const struct sl_job *j)
{
	const struct sl_job_source *w = &j->src[0];
	size_t i;

	for (i = 1; i < j->src_n; i++)
		if (j->src[i].rc > w->rc)
			w = &j->src[i];
	return w;
}

static bool
all_opened(const struct sl_job *j)
{
	size_t i;

	for (i = 0; i < j->src_n; i++)
		if (!j->src[i].opened)
			return false;
	return true;
}

enum sl_rc
sl_job_advance(struct sl_job *j, struct sl_err *err)
{
	const struct sl_job_source *w;
	struct sl_engine *e = j->e;
	enum sl_rc rc;

	if (j->tasks_open > 0 || j->ended || j->c.id == 0)
		return SL_OK;
	w = worst(j);
	j->ended = true;
	/* Hostile: no post comes of it. What is broken, encrypted or unknown
	 * still becomes a post, so that a person can settle it. */
	if (w->rc == SL_REJECT) {
		const struct sl_reason *r = sl_reason_find(w->reason);

		rc = sl_consignment_apply(e, &j->c,
		    r != NULL ? sl_reason_change(r) : SL_CHANGE_quarantine,
		    w->reason, w->detail, "slused", err);
		sl_job_free(j);
		return rc;
	}
	if (!all_opened(j)) {
		sl_job_free(j);
		return SL_OK;
	}
	/* Not a post of what happened to be told before: it is opened anew. */
	if ((w = interrupted(j)) != NULL) {
		if (strcmp(w->reason, "disk_full") == 0)
			sl_room_defer(j);
		rc = sl_consignment_apply(e, &j->c, SL_CHANGE_defer, w->reason,
		    w->detail, "slused", err);
		sl_job_free(j);
		return rc;
	}
	rc = sl_job_birth(j, err);
	sl_job_free(j);
	return rc;
}

/* -- taking more ----------------------------------------------------------- */

static bool
has_room(struct sl_engine *e)
{
	const struct sl_instance_config *i = &e->cfg->instance;

	if (e->jobs_n + e->placing_n >= i->active_max + HINT_RESERVE ||
	    e->jobs_bytes >= i->active_size_max_bytes)
		return e->jobs_n == 0;
	return true;
}

/* Was it a folder of Må avklares? SL_SKIP: no, it is post. */
static enum sl_rc
came_back(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_claim *claim, struct sl_err *err)
{
	struct sl_entry en;
	char actor[32];
	bool stopped;
	enum sl_rc rc =
	    sl_faces_came_back(e->faces, in, claim, &en, &stopped, err);

	if (rc == SL_RETRY) {
		e->stray = true;
		return SL_OK;
	}
	if (rc != SL_OK)
		return rc;
	(void)snprintf(actor, sizeof(actor), "uid:%" PRIu32, claim->uid);
	return sl_store_log(e->store, SL_EVENT_received_again, en.reception,
	    actor,
	    stopped ? "{\"folder\":\"stopped\"}" : "{\"folder\":\"put_back\"}",
	    en.consignment, en.id, err);
}

static enum sl_rc
take_claim(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_claim *claim, struct sl_err *err)
{
	enum sl_rc rc = came_back(e, in, claim, err);

	return rc == SL_SKIP ? sl_job_begin(e, in, claim, err) : rc;
}

/* A claim that was not received: as if it were dropped now. */
static enum sl_rc
begin_old(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_claim *claim, struct sl_err *err)
{
	struct sl_space room = sl_room_left(e);
	enum sl_rc rc = came_back(e, in, claim, err);

	if (rc != SL_SKIP)
		return rc;
	if (sl_need_fits(&claim->need, &room))
		return sl_job_begin(e, in, claim, err);
	put_back(e, in, claim, &claim->need, "disk_full");
	return SL_OK;
}

/* Claims of before this start, one at a time. SL_SKIP when there are no more.
 */
static enum sl_rc
take_old(struct sl_engine *e, struct sl_err *err)
{
	struct sl_consignment c;
	struct sl_claim claim;
	struct sl_inlet *in;
	enum sl_rc rc;

	/* What was received first: its bytes are in the store, whatever has
	 * become of its claim or its queue. */
	while (sl_consignment_next_ready(e->store, e->recover_row, &c)) {
		e->recover_row = c.id;
		if (sl_job_find(e, c.id) == NULL)
			return sl_job_resume(
			    e, sl_engine_inlet(e, c.queue), &c, err);
	}
	while (e->recover_inlet < e->inlets_n) {
		in = e->inlets[e->recover_inlet];
		rc = sl_inlet_old_claim(in, e->recover_at++, &claim, err);
		if (rc == SL_SKIP) {
			e->recover_inlet++;
			e->recover_at = 0;
			continue;
		}
		e->stray |= rc == SL_RETRY;
		if (rc != SL_OK)
			continue;
		if (!has_claim(e, claim.ulid) &&
		    !sl_consignment_by_ulid(e->store, claim.ulid, &c))
			return begin_old(e, in, &claim, err);
		/* Filed away, but the machine died before that was on disk. */
		if (sl_consignment_by_ulid(e->store, claim.ulid, &c) &&
		    strcmp(c.source_place, "done") == 0 &&
		    (sl_consignment_set_place(e->store, c.id, "claimed", err) !=
			    SL_OK ||
			sl_consignment_settle(e, c.id, err) != SL_OK))
			return SL_FATAL;
	}
	e->recovering = false;
	return SL_SKIP;
}

static void
log_refused(struct sl_engine *e, struct sl_inlet *in,
    const struct sl_claim *claim, const struct sl_err *why)
{
	const char *queue = sl_inlet_queue(in)->name;
	SL_BUF struct sl_buf payload = {0};
	struct sl_err err;
	char actor[32];

	sl_buf_add_str(&payload, "{\"queue\":");
	sl_text_json(&payload, queue, strlen(queue));
	sl_buf_printf(&payload, ",\"reason\":\"%s\"}", why->reason);
	(void)snprintf(actor, sizeof(actor), "uid:%" PRIu32, claim->uid);
	sl_log(SL_LOG_NOTICE, "intake", "refused reason=\"%s\" errno=\"%d\"",
	    why->reason, why->sys);
	(void)sl_engine_bad(e,
	    sl_store_log(e->store, SL_EVENT_refused_at_door, "-", actor,
		sl_buf_str(&payload), 0, 0, &err),
	    &err);
	sl_faces_refused(e->faces, in, claim->name, why->reason, claim->closed);
}

/* It rests until the next sweep, and the other queues go on. That it goes on
 * is said after a whole sweep without such a failure. */
static void
queue_failed(
    struct sl_engine *e, const struct sl_inlet *in, const struct sl_err *err)
{
	char why[256];

	(void)snprintf(why, sizeof(why), "queue %.64s: %.150s",
	    sl_inlet_queue(in)->name, err->text);
	e->failed_sweeps = 2;
	sl_room_pause(e, why, false);
}

static enum sl_rc
take_new(struct sl_engine *e, struct sl_err *err)
{
	struct sl_space room = sl_room_left(e);
	struct sl_claim claim;
	struct sl_inlet *in;
	enum sl_rc rc;
	size_t i;

	for (i = 0; i < e->inlets_n; i++) {
		in = e->inlets[e->inlet_turn++ % e->inlets_n];
		rc = sl_inlet_next(in, &room, &claim, err);
		if (rc == SL_OK)
			return take_claim(e, in, &claim, err);
		if (rc == SL_HOLD) {
			log_refused(e, in, &claim, err);
			return SL_OK;
		}
		if (rc == SL_RETRY)
			queue_failed(e, in, err);
		else if (rc != SL_SKIP)
			return rc;
	}
	return SL_SKIP;
}

void
sl_jobs_stray(struct sl_engine *e)
{
	size_t i;

	if (!e->stray || e->recovering)
		return;
	e->stray = false;
	e->recovering = true;
	e->recover_row = 0;
	e->recover_inlet = e->recover_at = 0;
	for (i = 0; i < e->inlets_n; i++)
		e->stray |= !sl_inlet_list_claims(e->inlets[i]);
}

static void
claim_more(struct sl_engine *e)
{
	struct sl_err err;
	enum sl_rc rc = SL_OK;
	int64_t ms, best = -1;
	size_t i;
	int n;

	for (n = 0; n < CLAIMS_A_ROUND && rc == SL_OK && has_room(e); n++) {
		if (e->recovering) {
			rc = take_old(e, &err);
			if (rc == SL_SKIP)
				rc = SL_OK;
			continue;
		}
		if (e->intake_stopped || e->stopping ||
		    !sl_room_is_above_floor(e))
			return;
		rc = take_new(e, &err);
		/* That there is no room is over, for there is. */
		if ((e->failed_sweeps == 0 || e->paused_all) &&
		    *e->paused != '\0' && rc != SL_FATAL)
			sl_room_pause(e, "", false);
	}
	if (rc != SL_OK && rc != SL_SKIP) {
		(void)sl_engine_fail(e, &err);
		return;
	}
	if (!has_room(e))
		return; /* a job that ends looks again */
	if (rc == SL_OK)
		sl_loop_again(e->loop);
	for (i = 0; i < e->inlets_n; i++) {
		ms = sl_inlet_settles_in(e->inlets[i]);
		if (ms >= 0 && (best < 0 || ms < best))
			best = ms;
	}
	if (best >= 0)
		sl_timer_pull(e->settle_timer, best + 10);
}

void
sl_jobs_claim(struct sl_engine *e)
{
	if (e->halted)
		return;
	claim_more(e);
	if (!e->fatal)
		sl_room_tell(e);
}
