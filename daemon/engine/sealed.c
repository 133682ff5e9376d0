/*
 * Envelopes: a source is opened; what is found shut in it goes to
 * sluse-decrypt, each part in a task of its own; then the source is opened once
 * more, with the clear texts beside it, which sluse-work takes as parts below
 * their envelopes. So on until nothing is found shut that was not tried.
 *
 * INVARIANT: clear texts are numbered behind all parts that were there without
 * them, so that a part keeps its number over the openings, and what was read of
 * it stays.
 *
 * FAILURES: nothing of this is kept over a crash: the source is opened anew,
 * and its envelopes too. An envelope that stays shut costs itself only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/mem.h"
#include "engine.h"

static struct sl_job_source *
source_of(const struct sl_task *t)
{
	return &t->job->src[t->source];
}

static struct sl_sealed *
find(const struct sl_job_source *s, uint32_t part)
{
	size_t i;

	for (i = 0; i < s->sealed_n; i++)
		if (s->sealed[i].part == part)
			return &s->sealed[i];
	return NULL;
}

static size_t
count(const struct sl_job_source *s, int state)
{
	size_t i, n = 0;

	for (i = 0; i < s->sealed_n; i++)
		n += (int)s->sealed[i].state == state;
	return n;
}

bool
sl_sealed_wanted(const struct sl_engine *e)
{
	return e->cfg->instance.decrypt_keys.n > 0;
}

void
sl_sealed_keys(const struct sl_engine *e, struct sl_buf *out)
{
	const struct sl_list *l = &e->cfg->instance.decrypt_keys;
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (i > 0)
			sl_buf_add_char(out, ' ');
		sl_buf_add_str(out, l->item[i]);
	}
}

const char *
sl_sealed_see(struct sl_task *t, struct sl_msg_r_part *m)
{
	struct sl_job_source *s = source_of(t);
	struct sl_sealed *one;

	if (!sl_sealed_wanted(t->e) ||
	    !sl_slice_eq(m->mime, SL_MIME_ENVELOPE) ||
	    !sl_slice_eq(m->reason, "encrypted"))
		return NULL;
	one = find(s, m->part);
	if (one != NULL && one->state == SL_SEALED_SHUT)
		m->reason = sl_slice_str(one->reason);
	if (one != NULL)
		return NULL;
	if (s->sealed_n == SL_SEALED_MAX)
		return "limit_sealed";
	if (s->sealed == NULL)
		s->sealed = sl_alloc(SL_SEALED_MAX * sizeof(*s->sealed));
	s->sealed[s->sealed_n++] = (struct sl_sealed){.part = m->part};
	return NULL;
}

bool
sl_sealed_start(struct sl_task *t)
{
	struct sl_job_source *s = source_of(t);
	struct sl_sealed *one;
	struct sl_task *d;
	size_t i;

	if (count(s, SL_SEALED_WAITS) == 0)
		return false;
	for (i = 0; i < s->sealed_n; i++) {
		one = &s->sealed[i];
		if (one->state != SL_SEALED_WAITS)
			continue;
		d = sl_task_new(t->job, SL_TASK_DECRYPT, t->source);
		d->part = one->part;
		d->from = one->part > 0 ? sl_outfile_ref(s->out) : NULL;
		d->offset = one->part > 0 ? s->part[one->part].offset : 0;
		d->size = one->part > 0 ? s->part[one->part].size : s->size;
		d->cost = (int64_t)(d->size / 1024);
		sl_task_queue(d);
	}
	sl_task_free(t);
	return true;
}

enum sl_rc
sl_sealed_clear(
    struct sl_task *t, const struct sl_msg_r_clear *m, struct sl_err *err)
{
	struct sl_sealed *one;
	struct stat st;

	if (t->kind != SL_TASK_DECRYPT || t->got_clear)
		return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
		    "a clear text out of order");
	if (fstat(t->out->fd, &st) != 0 || (uint64_t)st.st_size != m->size)
		return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
		    "the clear text has another length");
	one = find(source_of(t), t->part);
	t->got_clear = true;
	one->key = m->key;
	return SL_OK;
}

void
sl_sealed_ended(struct sl_task *t, const char *reason)
{
	struct sl_job *j = t->job;
	size_t source = t->source;
	struct sl_job_source *s = source_of(t);
	struct sl_sealed *one = find(s, t->part);

	if (reason == NULL && !t->got_clear)
		reason = "worker_protocol";
	if (reason == NULL) {
		one->state = SL_SEALED_OPENED;
		one->out = SL_TAKE(t->out);
	} else {
		one->state = SL_SEALED_SHUT;
		(void)snprintf(one->reason, sizeof(one->reason), "%s",
		    sl_reason_find(reason) != NULL ? reason : "damaged");
	}
	/* Also where all stay shut: their parts are told with the reason. */
	if (count(s, SL_SEALED_WAITS) == 0) {
		struct sl_task *o = sl_task_new(j, SL_TASK_OPEN, source);

		o->cost = (int64_t)(s->size / 1024);
		sl_task_queue(o);
	}
	sl_task_free(t);
}

bool
sl_sealed_fds(const struct sl_job_source *s, int *fds, size_t *ret_n)
{
	size_t i;

	for (*ret_n = 0, i = 0; i < s->sealed_n; i++) {
		if (s->sealed[i].state != SL_SEALED_OPENED)
			continue;
		fds[*ret_n] = sl_files_reopen(s->sealed[i].out->fd);
		if (fds[(*ret_n)++] < 0)
			return false;
	}
	return true;
}

struct sl_slice
sl_sealed_parts(const struct sl_job_source *s)
{
	static uint8_t b[4 * SL_SEALED_MAX];
	size_t i, n = 0;

	for (i = 0; i < s->sealed_n; i++) {
		if (s->sealed[i].state != SL_SEALED_OPENED)
			continue;
		b[n++] = (uint8_t)s->sealed[i].part;
		b[n++] = (uint8_t)(s->sealed[i].part >> 8);
		b[n++] = (uint8_t)(s->sealed[i].part >> 16);
		b[n++] = (uint8_t)(s->sealed[i].part >> 24);
	}
	return (struct sl_slice){(const char *)b, (uint32_t)n};
}

enum sl_rc
sl_sealed_log(
    struct sl_job *j, const struct sl_job_source *s, struct sl_err *err)
{
	char hex[65], payload[160];
	size_t i;

	for (i = 0; i < s->sealed_n; i++) {
		if (s->sealed[i].state != SL_SEALED_OPENED)
			continue;
		sl_digest_hex(&s->sealed[i].key, hex);
		(void)snprintf(payload, sizeof(payload),
		    "{\"source\":%d,\"part\":%" PRIu32
		    ",\"key\":\"sha256:%s\"}",
		    s->row.number, s->sealed[i].part, hex);
		if (sl_note_put(j->e->store, s->part_ids[s->sealed[i].part],
			"decrypted", hex, err) != SL_OK ||
		    sl_store_log(j->e->store, SL_EVENT_decrypted,
			j->c.reception, "slused", payload, j->c.id, 0,
			err) != SL_OK)
			return SL_FATAL;
	}
	return SL_OK;
}

void
sl_sealed_free(struct sl_engine *e, struct sl_job_source *s)
{
	size_t i;

	for (i = 0; i < s->sealed_n; i++)
		sl_outfile_drop(sl_store_files(e->store), s->sealed[i].out);
	free(s->sealed);
	s->sealed = NULL;
	s->sealed_n = 0;
}
