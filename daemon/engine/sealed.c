/*
 * Envelopes, and kinds that only a converter reads: a source is opened; what is
 * found shut in it goes to sluse-decrypt, each part in a task of its own; then
 * the source is opened once more, with the clear texts beside it, which
 * sluse-work takes as parts below their envelopes. What only the converter
 * reads goes the same way, with a PDF for the clear text. So on until nothing
 * is found shut that was not tried.
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
#include <strings.h>
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

/* Is word one of the words of list? */
static bool
lists(const char *list, const char *word)
{
	size_t n = strlen(word);
	const char *p;

	for (p = list; n > 0 && (p = strstr(p, word)) != NULL; p += n)
		if ((p == list || p[-1] == ' ') &&
		    (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

/* The ending of a kind that the converter reads, or NULL. */
static const char *
convertible(const struct sl_msg_r_part *m)
{
	static const struct {
		const char *ending, *puids;
	} kinds[] = {
#define SL_CONVERTIBLE(ending, puids) {ending, puids},
#include "convertible.def"
#undef SL_CONVERTIBLE
	};
	char puid[65], name[16] = "";
	const char *dot =
	    m->name.n > 0 ? memrchr(m->name.p, '.', m->name.n) : NULL;
	size_t i;

	if (dot != NULL)
		(void)sl_slice_copy(
		    (struct sl_slice){
			dot + 1, (uint32_t)(m->name.p + m->name.n - dot - 1)},
		    name, sizeof(name));
	(void)sl_slice_copy(m->puid, puid, sizeof(puid));
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcasecmp(kinds[i].ending, name) == 0 ||
		    lists(kinds[i].puids, puid))
			return kinds[i].ending;
	return NULL;
}

/* Who is to do something about a part: DECRYPT, CONVERT; OPEN: nobody. */
static enum sl_task_kind
kind_for(const struct sl_engine *e, const struct sl_msg_r_part *m,
    const char **ret_ending)
{
	const struct sl_instance_config *c = &e->cfg->instance;

	*ret_ending = "";
	if (c->decrypt_keys.n > 0 && sl_slice_eq(m->mime, SL_MIME_ENVELOPE) &&
	    sl_slice_eq(m->reason, "encrypted"))
		return SL_TASK_DECRYPT;
	if (*c->converter != '\0' && sl_slice_eq(m->reason, "unsupported") &&
	    (*ret_ending = convertible(m)) != NULL)
		return SL_TASK_CONVERT;
	return SL_TASK_OPEN;
}

bool
sl_sealed_is(const struct sl_task *t)
{
	return t->kind == SL_TASK_DECRYPT || t->kind == SL_TASK_CONVERT;
}

const char *
sl_sealed_ending(const struct sl_task *t)
{
	return find(source_of(t), t->part)->ending;
}

const char *
sl_sealed_see(struct sl_task *t, struct sl_msg_r_part *m)
{
	struct sl_job_source *s = source_of(t);
	const char *ending;
	enum sl_task_kind kind = kind_for(t->e, m, &ending);
	struct sl_sealed *one;

	if (kind == SL_TASK_OPEN)
		return NULL;
	one = find(s, m->part);
	if (one != NULL && one->state == SL_SEALED_SHUT) {
		if (kind == SL_TASK_CONVERT)
			return "not_converted";
		m->reason = sl_slice_str(one->reason);
	}
	if (one != NULL)
		return NULL;
	if (s->sealed_n == SL_SEALED_MAX)
		return "limit_sealed";
	if (s->sealed == NULL)
		s->sealed = sl_alloc(SL_SEALED_MAX * sizeof(*s->sealed));
	s->sealed[s->sealed_n++] =
	    (struct sl_sealed){.part = m->part, .kind = kind, .ending = ending};
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
		d = sl_task_new(t->job, one->kind, t->source);
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

	if (!sl_sealed_is(t) || t->got_clear)
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

enum sl_rc
sl_sealed_ended(struct sl_task *t, const char *reason, struct sl_err *err)
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
	if (count(s, SL_SEALED_WAITS) == 0 && s->rc == SL_RETRY) {
		/* A disk failed: the post waits, and all is opened anew. */
		s->opened = true;
		sl_task_free(t);
		return sl_job_advance(j, err);
	}
	/* Also where all stay shut: their parts are told with the reason. */
	if (count(s, SL_SEALED_WAITS) == 0) {
		struct sl_task *o = sl_task_new(j, SL_TASK_OPEN, source);

		o->cost = (int64_t)(s->size / 1024);
		sl_task_queue(o);
	}
	sl_task_free(t);
	return SL_OK;
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
	bool key;

	for (i = 0; i < s->sealed_n; i++) {
		if (s->sealed[i].state != SL_SEALED_OPENED)
			continue;
		sl_digest_hex(&s->sealed[i].key, hex);
		key = s->sealed[i].kind == SL_TASK_DECRYPT;
		(void)snprintf(payload, sizeof(payload),
		    "{\"source\":%d,\"part\":%" PRIu32 ",\"%s\":\"sha256:%s\"}",
		    s->row.number, s->sealed[i].part, key ? "key" : "program",
		    hex);
		/* Of a part that the last opening did not find there is no row.
		 */
		if (s->sealed[i].part < s->parts &&
		    sl_note_put(j->e->store, s->part_ids[s->sealed[i].part],
			key ? "decrypted" : "converted", hex, err) != SL_OK)
			return SL_FATAL;
		if (sl_store_log(j->e->store,
			key ? SL_EVENT_decrypted : SL_EVENT_converted,
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
