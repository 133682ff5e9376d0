/*
 * Records of a child. Everything in them is hostile: order, numbers and sizes
 * are checked here before a row is written.
 *
 * INVARIANT: R_ORIGINAL is taken once and only before any other record: the
 * child has parsed nothing when it sends it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/log.h"
#include "../base/mem.h"
#include "engine.h"

#define RECORDS_A_TURN 512 /* and what else is in the last packet */
#define TEXT_MAX ((size_t)2 << 20)
#define BOXES_MAX ((size_t)4 << 20)
#define FIELDS_MAX 400
#define DESCRIBED_MAX 2000 /* facts of a description of a package */
#define POSTS_MAX 64u /* of a package */

struct field {
	struct sl_msg_r_field m; /* its slices point into buf */
	size_t value_at, value_n, label_at, label_n;
};

struct sl_page_parts {
	uint32_t part, page;
	struct sl_buf text, boxes, buf;
	struct field *fields;
	size_t fields_n, fields_cap;
};

void
sl_page_parts_free(struct sl_page_parts *p)
{
	if (p == NULL)
		return;
	sl_buf_free(&p->text);
	sl_buf_free(&p->boxes);
	sl_buf_free(&p->buf);
	free(p->fields);
	free(p);
}

static enum sl_rc
senseless(struct sl_err *err, const char *what)
{
	return sl_err_set(err, SL_REJECT, 0, "worker_protocol", "%s", what);
}

/* Or empty. Reasons go to logs and leaves: nothing of a document may. */
static bool
is_slug(struct sl_slice s)
{
	uint32_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') &&
		    (s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '_')
			return false;
	return true;
}

/* Reasons to wait are slused's own: an entry that has one is placed by itself
 * once its time is over, and a part does not get better by waiting. */
static bool
is_part_reason(struct sl_slice s)
{
	char slug[64];
	const struct sl_reason *r;

	(void)sl_slice_copy(s, slug, sizeof(slug));
	r = sl_reason_find(slug);
	return is_slug(s) && (r == NULL || r->dispo != SL_DISPO_deferred);
}

/* The kind of package a part describes: "fiks-arkiv". */
static bool
is_kind(struct sl_slice s)
{
	uint32_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') &&
		    (s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-')
			return false;
	return true;
}

static struct sl_job_source *
source_of(const struct sl_task *t)
{
	return &t->job->src[t->source];
}

static struct sl_page_parts *
page_of(struct sl_task *t, uint32_t part, uint32_t page)
{
	struct sl_page_parts *p = t->page;

	if (p == NULL) {
		p = t->page = sl_alloc(sizeof(*p));
		p->text.max = TEXT_MAX;
		p->boxes.max = BOXES_MAX;
		p->buf.max = TEXT_MAX;
		p->part = part;
		p->page = page;
	}
	if (p->part == part && p->page == page)
		return p;
	/* The child went on without closing the page: forget it. */
	sl_buf_reset(&p->text);
	sl_buf_reset(&p->boxes);
	sl_buf_reset(&p->buf);
	p->fields_n = 0;
	p->part = part;
	p->page = page;
	return p;
}

/* Part number of a record in the source's terms. */
static enum sl_rc
know_part(struct sl_task *t, uint32_t *part, struct sl_err *err)
{
	if (t->kind != SL_TASK_OPEN) {
		if (*part != 0)
			return senseless(err, "record of another part");
		*part = t->part;
		return SL_OK;
	}
	if (*part >= source_of(t)->parts)
		return senseless(err, "record of a part that was not told");
	return SL_OK;
}

static enum sl_rc
take_original(
    struct sl_task *t, const struct sl_msg_r_original *m, struct sl_err *err)
{
	struct sl_job_source *s = source_of(t);
	struct sl_job *j = t->job;
	struct stat st;
	size_t i;
	enum sl_rc rc;

	if (t->kind != SL_TASK_OPEN || t->got_original || t->next_part != 0)
		return senseless(err, "original out of order");
	t->got_original = true;
	if (s->have_original) {
		if (m->size != s->size ||
		    memcmp(&m->sha256, &s->row.sha256, sizeof(m->sha256)) != 0)
			return senseless(err, "another original than before");
		return SL_OK;
	}
	if (fstat(s->original_fd, &st) != 0 || (uint64_t)st.st_size != m->size)
		return senseless(err, "the copy has another length");
	j->e->jobs_bytes += m->size - s->size;
	s->size = m->size;
	s->row.sha256 = m->sha256;
	s->have_original = true;
	sl_room_copied(j, s->size);
	for (i = 0; i < j->src_n; i++)
		if (!j->src[i].have_original)
			return SL_OK;
	/* Young: whether its end is there shows at its first part. */
	if (j->claim.young && !t->copy_only)
		return SL_OK;
	rc = sl_job_received(j, err);
	if (rc != SL_OK || !t->copy_only)
		return rc;
	return sl_job_open_all(j);
}

static enum sl_rc
take_part(struct sl_task *t, struct sl_msg_r_part *m, struct sl_err *err)
{
	struct sl_job_source *s = source_of(t);
	const char *note;
	const struct sl_digest none = {{0}};
	size_t cap;

	if (t->kind == SL_TASK_OPEN && !t->copy_only && s->have_original &&
	    t->job->c.id == 0 && sl_job_received(t->job, err) != SL_OK)
		return SL_FATAL;
	if (t->kind != SL_TASK_OPEN || s->row.id == 0 || t->copy_only ||
	    m->role < SL_PART_DOCUMENT || m->role > SL_PART_DERIVED ||
	    m->part != t->next_part || m->part >= SL_PARTS_MAX ||
	    (m->part > 0 && m->parent >= m->part))
		return senseless(err, "part out of order");
	/* Parts do not overlap: together they fit too. */
	if (m->part > 0)
		t->parts_bytes += m->size;
	if (m->size > t->e->cfg->limits.output_max_bytes ||
	    t->parts_bytes > t->e->cfg->limits.output_max_bytes ||
	    m->offset > t->e->cfg->limits.output_max_bytes)
		return senseless(err, "part outside the output file");
	if (m->part >= s->parts_cap) {
		cap = s->parts_cap;
		s->part =
		    sl_grow(s->part, &cap, m->part + 1u, sizeof(*s->part));
		cap = s->parts_cap;
		s->mime =
		    sl_grow(s->mime, &cap, m->part + 1u, sizeof(*s->mime));
		cap = s->parts_cap;
		s->part_ids = sl_grow(
		    s->part_ids, &cap, m->part + 1u, sizeof(*s->part_ids));
		s->parts_cap = (uint32_t)cap;
	}
	t->next_part++;
	s->parts = t->next_part;
	s->part[m->part] = *m;
	(void)sl_slice_copy(m->mime, s->mime[m->part], sizeof(s->mime[0]));
	if (m->part > 0 && m->size > 0)
		s->has_bundle_parts = true;
	if (!is_part_reason(m->reason) || !is_kind(m->describes))
		return senseless(err, "a reason is no slug");
	note = sl_sealed_see(t, m);
	if (m->reason.n > 0)
		sl_log(SL_LOG_INFO, t->job->c.reception,
		    "part=\"%" PRIu32 "\" reason=\"%.*s\"", m->part,
		    (int)m->reason.n, m->reason.p);
	if (sl_part_put(t->e->store, s->row.id, m,
		m->part == 0 ? &s->row.sha256 : &none, &s->part_ids[m->part],
		err) != SL_OK ||
	    (note != NULL && sl_note_put(t->e->store, s->part_ids[m->part],
				 note, "", err) != SL_OK))
		return SL_FATAL;
	t->facts = 0;
	return sl_found_clear_facts(t->e->store, s->part_ids[m->part], err);
}

/* Does it describe a package? Its record was told before. */
static bool
is_description(const struct sl_task *t, uint32_t part)
{
	return t->kind == SL_TASK_OPEN &&
	       source_of(t)->part[part].describes.n > 0;
}

static enum sl_rc
take_named(struct sl_task *t, struct sl_msg_r_named *m, struct sl_err *err)
{
	enum sl_rc rc = know_part(t, &m->part, err);

	if (rc != SL_OK)
		return rc;
	if (!is_description(t, m->part) || m->post > POSTS_MAX ||
	    m->file.n == 0)
		return senseless(err, "a document of no package");
	if (++t->facts > DESCRIBED_MAX)
		return senseless(err, "too many documents are named");
	return sl_named_put(
	    t->e->store, source_of(t)->part_ids[m->part], m, err);
}

static enum sl_rc
take_field(struct sl_task *t, struct sl_msg_r_field *m, struct sl_err *err)
{
	struct sl_page_parts *p;
	struct field *f;
	enum sl_rc rc = know_part(t, &m->part, err);

	if (rc != SL_OK)
		return rc;
	if (sl_field_name(m->field) == NULL)
		return senseless(err, "unknown field");
	if (m->post != 0 &&
	    (m->source != SL_SOURCE_PACKAGE || m->post > POSTS_MAX))
		return senseless(err, "field of a post that is none");
	if (m->source == SL_SOURCE_PACKAGE && !is_description(t, m->part))
		return senseless(err, "field of a package without one");
	if (m->source != SL_SOURCE_TEXT && m->source != SL_SOURCE_OCR) {
		if (++t->facts > (m->source == SL_SOURCE_PACKAGE ? DESCRIBED_MAX
								 : FIELDS_MAX))
			return SL_OK;
		return sl_found_put(
		    t->e->store, source_of(t)->part_ids[m->part], m, err);
	}
	p = page_of(t, m->part, m->page);
	if (p->fields_n >= FIELDS_MAX)
		return SL_OK;
	p->fields =
	    sl_grow(p->fields, &p->fields_cap, p->fields_n + 1, sizeof(*f));
	f = &p->fields[p->fields_n++];
	f->m = *m;
	f->value_at = p->buf.n;
	f->value_n = m->value.n;
	sl_buf_add(&p->buf, m->value.p, m->value.n);
	f->label_at = p->buf.n;
	f->label_n = m->label.n;
	sl_buf_add(&p->buf, m->label.p, m->label.n);
	if (p->buf.full)
		p->fields_n--;
	return SL_OK;
}

static enum sl_rc
put_fields(struct sl_task *t, struct sl_page_parts *p, int64_t part_id,
    struct sl_err *err)
{
	struct field *f;
	size_t i;

	for (i = 0; i < p->fields_n; i++) {
		f = &p->fields[i];
		f->m.value = (struct sl_slice){
		    p->buf.p + f->value_at, (uint32_t)f->value_n};
		f->m.label = (struct sl_slice){
		    p->buf.p + f->label_at, (uint32_t)f->label_n};
		if (sl_found_put(t->e->store, part_id, &f->m, err) != SL_OK)
			return SL_FATAL;
	}
	return SL_OK;
}

static bool
is_same_page(const struct sl_task *o, const struct sl_task *t,
    const struct sl_msg_r_page *m)
{
	return o->kind == SL_TASK_OCR && o->job == t->job &&
	       o->source == t->source && o->part == m->part &&
	       o->page_from == m->page;
}

/* Was that page asked for when the source was opened before, without what its
 * envelopes hold? */
static bool
ocr_is_queued(const struct sl_task *t, const struct sl_msg_r_page *m)
{
	const struct sl_task *o;

	if (source_of(t)->sealed_n == 0)
		return false;
	for (o = t->e->waiting; o != NULL; o = o->next)
		if (is_same_page(o, t, m))
			return true;
	for (o = t->e->running; o != NULL; o = o->next)
		if (is_same_page(o, t, m))
			return true;
	return false;
}

static void
queue_ocr(struct sl_task *t, const struct sl_msg_r_page *m)
{
	struct sl_task *o;

	if (ocr_is_queued(t, m))
		return;
	o = sl_task_new(t->job, SL_TASK_OCR, t->source);
	o->part = m->part;
	o->page_from = m->page;
	o->page_count = 1;
	/* Its own writer's file: another task's image may lie at the same
	 * place of another. */
	o->from = sl_outfile_ref(
	    t->kind == SL_TASK_OPEN ? source_of(t)->out : t->out);
	o->offset = m->image_offset;
	o->size = m->image_size;
	o->image = *m;
	/* Pages of one document stand behind each other in cost. */
	o->cost = 64 + (int64_t)++t->job->pages_left * 8;
	sl_task_queue(o);
}

static enum sl_rc
take_page(struct sl_task *t, struct sl_msg_r_page *m, struct sl_err *err)
{
	struct sl_job_source *s = source_of(t);
	struct sl_page_parts *p;
	int64_t id;
	enum sl_rc rc = know_part(t, &m->part, err);

	if (rc != SL_OK)
		return rc;
	if (m->source != SL_PAGE_WANTS_OCR)
		m->base_size = 0;
	if (m->page >= t->e->cfg->limits.pages_max ||
	    m->source > SL_PAGE_WANTS_OCR ||
	    (t->kind == SL_TASK_OCR && m->source == SL_PAGE_WANTS_OCR) ||
	    (t->kind != SL_TASK_OPEN &&
		(m->page < t->page_from ||
		    m->page - t->page_from >= t->page_count)) ||
	    ++t->pages_told > (t->kind == SL_TASK_OPEN
				      ? (uint64_t)t->next_part * SL_PAGES_A_TASK
				      : t->page_count))
		return senseless(err, "page out of bounds");
	if (!is_slug(m->reason))
		return senseless(err, "a reason is no slug");
	id = s->part_ids[m->part];
	p = page_of(t, m->part, m->page);
	if (sl_page_known(t->e->store, id, m->page)) {
		rc = SL_OK; /* read before a restart: not again */
	} else if (t->kind == SL_TASK_OCR && m->source == SL_PAGE_NONE &&
		   m->reason.n > 0) {
		/* It read nothing: what the file itself says of the page stays.
		 */
		if (sl_page_give_up(t->e->store, id, m, err) != SL_OK)
			return SL_FATAL;
	} else {
		if (m->source == SL_PAGE_WANTS_OCR &&
		    m->page >= t->e->cfg->ocr.pages_max) {
			m->source =
			    m->base_size > 0 ? SL_PAGE_TEXT : SL_PAGE_NONE;
			m->reason = sl_slice_str("limit_pages");
		}
		/* Of a page that is yet to be recognised the text beside its
		 * pictures: it stays if that fails. */
		if (sl_found_clear(t->e->store, id, m->page, err) != SL_OK ||
		    sl_page_put(t->e->store, id, m, sl_slice_buf(&p->text),
			sl_slice_buf(&p->boxes), err) != SL_OK ||
		    put_fields(t, p, id, err) != SL_OK)
			return SL_FATAL;
		if (m->source == SL_PAGE_WANTS_OCR)
			queue_ocr(t, m);
	}
	sl_page_parts_free(p);
	t->page = NULL;
	return rc;
}

static enum sl_rc
take_end(struct sl_task *t, const struct sl_msg_r_end *m, struct sl_err *err)
{
	if (t->got_end || (t->kind == SL_TASK_OPEN && !t->copy_only &&
			      m->rc == SL_OK && t->next_part == 0))
		return senseless(err, "end out of order");
	if (!is_slug(m->reason))
		return senseless(err, "a reason is no slug");
	t->got_end = true;
	t->rc = m->rc > SL_BROKEN ? SL_FATAL : (enum sl_rc)m->rc;
	(void)sl_slice_copy(m->reason, t->reason, sizeof(t->reason));
	(void)sl_slice_copy(m->detail, t->detail, sizeof(t->detail));
	return SL_OK;
}

static enum sl_rc
take_note(struct sl_task *t, struct sl_msg_r_note *m, struct sl_err *err)
{
	char slug[64], detail[256], payload[512];
	enum sl_rc rc = know_part(t, &m->part, err);
	int64_t id;

	if (rc != SL_OK)
		return rc;
	(void)sl_slice_copy(m->slug, slug, sizeof(slug));
	(void)sl_slice_copy(m->detail, detail, sizeof(detail));
	if (strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
	    strlen(slug))
		return senseless(err, "a slug is no slug");
	id = source_of(t)->part_ids[m->part];
	if (sl_note_put(t->e->store, id, slug, detail, err) != SL_OK)
		return SL_FATAL;
	if (strncmp(slug, "limit_", 6) != 0)
		return SL_OK;
	(void)snprintf(payload, sizeof(payload),
	    "{\"limit\":\"%s\",\"part\":%" PRIu32 "}", slug, m->part);
	return sl_store_log(t->e->store, SL_EVENT_limit_hit,
	    t->job->c.reception, "slused", payload, t->job->c.id, 0, err);
}

static enum sl_rc
take(struct sl_task *t, struct sl_msg *m, struct sl_err *err)
{
	struct sl_page_parts *p;
	enum sl_rc rc;

	if (t->got_end)
		return senseless(err, "record after the end");
	/* Of a part that a later opening did not find: its row is gone. */
	if (t->kind != SL_TASK_OPEN && source_of(t)->opened &&
	    t->part >= source_of(t)->parts && m->type != SL_MSG_R_END)
		return SL_OK;
	if (sl_sealed_is(t) && m->type != SL_MSG_R_CLEAR &&
	    m->type != SL_MSG_R_END)
		return senseless(err, "a record that is not its to send");
	switch ((int)m->type) {
	case SL_MSG_R_CLEAR:
		return sl_sealed_clear(t, &m->r_clear, err);
	case SL_MSG_R_ORIGINAL:
		return take_original(t, &m->r_original, err);
	case SL_MSG_R_PART:
		return take_part(t, &m->r_part, err);
	case SL_MSG_R_TEXT:
		rc = know_part(t, &m->r_text.part, err);
		if (rc != SL_OK)
			return rc;
		p = page_of(t, m->r_text.part, m->r_text.page);
		sl_buf_add(&p->text, m->r_text.text.p, m->r_text.text.n);
		return SL_OK;
	case SL_MSG_R_BOXES:
		rc = know_part(t, &m->r_boxes.part, err);
		if (rc != SL_OK)
			return rc;
		p = page_of(t, m->r_boxes.part, m->r_boxes.page);
		sl_buf_add(&p->boxes, m->r_boxes.boxes.p, m->r_boxes.boxes.n);
		return SL_OK;
	case SL_MSG_R_FIELD:
		return take_field(t, &m->r_field, err);
	case SL_MSG_R_PAGE:
		return take_page(t, &m->r_page, err);
	case SL_MSG_R_NOTE:
		return take_note(t, &m->r_note, err);
	case SL_MSG_R_NAMED:
		return take_named(t, &m->r_named, err);
	case SL_MSG_R_END:
		return take_end(t, &m->r_end, err);
	default:
		return senseless(err, "a message that is no record");
	}
}

void
sl_result_readable(void *task, unsigned events)
{
	struct sl_task *t = task;
	struct sl_err err = {0};
	struct sl_msg m;
	enum sl_rc rc;
	size_t nfds;
	int i;

	(void)events;
	for (i = 0; t->result != NULL && (i < RECORDS_A_TURN || t->ended ||
					     sl_chan_pending(t->result));
	     i++) {
		rc = sl_chan_recv(t->result, &m, NULL, &nfds, &err);
		if (rc == SL_SKIP)
			return;
		if (rc == SL_OK && t->job != NULL)
			rc = take(t, &m, &err);
		if (rc == SL_OK)
			continue;
		if (rc == SL_FATAL) {
			(void)sl_engine_fail(t->e, &err);
			return;
		}
		if (rc == SL_REJECT) {
			sl_log(SL_LOG_WARNING, "worker",
			    "%s task=\"%" PRIu64 "\"", err.text, t->id);
			t->got_end = true;
			t->rc = SL_REJECT;
			(void)snprintf(t->reason, sizeof(t->reason), "%s",
			    "worker_protocol");
			sl_task_cancel(t);
		}
		sl_task_eof(t);
		return;
	}
}
