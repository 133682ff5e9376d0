/*
 * What an OPEN task found is hashed, put into the store and written: gates
 * *unpacked* and *identified*. Its pages follow.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/mem.h"
#include "../base/ulid.h"
#include "engine.h"

#define HASH_A_ROUND ((size_t)8 << 20)

/* Hashes what was unpacked, a piece a round, since its maker may lie. */
static enum sl_rc
hash_parts(struct sl_task *t, bool *ret_done, struct sl_err *err)
{
	struct sl_job_source *s = &t->job->src[t->source];
	size_t budget = HASH_A_ROUND;
	const struct sl_msg_r_part *p;
	static uint8_t b[65536];
	struct sl_digest d;
	uint64_t left;
	ssize_t n;

	*ret_done = false;
	for (; t->hash_part < s->parts; t->hash_part++, t->hash_at = 0) {
		p = &s->part[t->hash_part];
		if (t->hash == NULL)
			t->hash = sl_sha256_new();
		while ((left = p->size - t->hash_at) > 0) {
			if (budget < sizeof(b))
				return SL_OK;
			n = pread(s->out->fd, b,
			    left < sizeof(b) ? left : sizeof(b),
			    (off_t)(p->offset + t->hash_at));
			if (n <= 0)
				return sl_err_set(err, SL_REJECT, errno,
				    "worker_protocol",
				    "a part lies outside the output file");
			sl_sha256_add(t->hash, b, (size_t)n);
			t->hash_at += (uint64_t)n;
			budget -= (size_t)n;
		}
		sl_sha256_end(SL_TAKE(t->hash), &d);
		if (sl_part_set_digest(t->e->store, s->part_ids[t->hash_part],
			&d, err) != SL_OK)
			return SL_FATAL;
	}
	*ret_done = true;
	return SL_OK;
}

static void
queue_pages(struct sl_job *j, size_t source)
{
	struct sl_job_source *s = &j->src[source];
	uint32_t i, from, max = j->e->cfg->limits.pages_max, pages;
	struct sl_task *t;

	for (i = 0; i < s->parts; i++) {
		pages = s->part[i].pages < max ? s->part[i].pages : max;
		for (from = SL_PAGES_A_TASK; from < pages;
		     from += SL_PAGES_A_TASK) {
			t = sl_task_new(j, SL_TASK_PAGES, source);
			t->part = i;
			t->page_from = from;
			t->page_count = pages - from < SL_PAGES_A_TASK
					    ? pages - from
					    : SL_PAGES_A_TASK;
			t->from = i > 0 ? sl_outfile_ref(s->out) : NULL;
			t->offset = i > 0 ? s->part[i].offset : 0;
			t->size = i > 0 ? s->part[i].size : s->size;
			t->cost = (int64_t)(pages - from);
			sl_task_queue(t);
		}
	}
}

static enum sl_rc
link_bundle(struct sl_task *t, char *name, struct sl_err *err)
{
	struct sl_job_source *s = &t->job->src[t->source];

	sl_ulid_make(name); /* durable by the sync before the commit */
	return sl_files_link_bundle(
	    sl_store_files(t->e->store), s->out->fd, name, err);
}

enum sl_rc
sl_task_opened(struct sl_task *t, struct sl_err *err)
{
	struct sl_job *j = t->job;
	struct sl_job_source *s = &j->src[t->source];
	size_t source = t->source;
	char bundle[SL_ULID_LEN + 1];
	struct stat st;
	bool done;
	enum sl_rc rc;

	if (j->c.id == 0 && sl_job_received(j, err) != SL_OK)
		return SL_FATAL;
	if (s->rc == SL_OK && t->rc != SL_REJECT && t->rc != SL_RETRY &&
	    sl_sealed_start(t))
		return SL_OK;
	rc = hash_parts(t, &done, err);
	if (rc == SL_REJECT) {
		s->rc = SL_REJECT;
		(void)snprintf(s->reason, sizeof(s->reason), "%s", err->reason);
	} else if (rc != SL_OK) {
		return rc;
	} else if (!done) {
		sl_loop_again(t->e->loop);
		return SL_SKIP;
	}
	if (s->has_bundle_parts && rc == SL_OK) {
		if (link_bundle(t, bundle, err) != SL_OK ||
		    fstat(s->out->fd, &st) != 0)
			return SL_FATAL;
	}
	if (sl_part_close(t->e->store, s->row.id, s->parts,
		s->has_bundle_parts && rc == SL_OK ? bundle : NULL,
		s->has_bundle_parts && rc == SL_OK ? (uint64_t)st.st_size : 0,
		err) != SL_OK ||
	    sl_sealed_log(j, s, err) != SL_OK)
		return SL_FATAL;
	if (s->rc == SL_OK) {
		s->rc = t->rc;
		(void)snprintf(s->reason, sizeof(s->reason), "%s", t->reason);
		(void)snprintf(s->detail, sizeof(s->detail), "%s", t->detail);
	}
	s->opened = true;
	if (s->rc == SL_OK)
		queue_pages(j, source);
	sl_task_free(t);
	return sl_job_advance(j, err);
}
