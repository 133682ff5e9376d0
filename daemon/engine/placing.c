/*
 * Gates *placed* and *prepared*.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../place/caseindex.h"
#include "../prepare/prepare.h"
#include "engine.h"

#define DOCUMENTS_MAX 200
#define OTHERS_MAX 50 /* recipients that a post names */
#define PLACING_MAX 64 /* entries asked for at once */
#define PLACING_QUEUED_MAX ((size_t)4 << 20) /* bytes not yet read by it */
#define FIELDS_MAX 4000 /* of one entry, in reading order */

struct ask {
	struct sl_peer *p;
	int64_t entry;
	size_t fields;
};

static enum sl_rc
send_field(void *arg, const struct sl_found_row *f, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_PLACE_FIELD};
	struct sl_msg_place_field *o = &m.place_field;
	struct ask *a = arg;

	(void)err;
	if (++a->fields > FIELDS_MAX)
		return SL_OK;
	o->entry = (uint64_t)a->entry;
	o->part = (uint32_t)f->part;
	o->part_name = sl_slice_str(f->part_name);
	o->page = f->page;
	o->field = (uint8_t)f->field;
	o->value = sl_slice_str(f->value);
	o->label = sl_slice_str(f->label);
	o->source = (uint8_t)f->source;
	o->confidence = (uint16_t)f->confidence;
	o->x0 = f->box[0];
	o->y0 = f->box[1];
	o->x1 = f->box[2];
	o->y1 = f->box[3];
	(void)sl_peer_send(a->p, &m, NULL, 0);
	return SL_OK;
}

enum sl_rc
sl_placing_ask(struct sl_engine *e, int64_t entry, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_PLACE};
	const struct sl_queue_config *q;
	struct ask a = {sl_peer_find(e, SL_ROLE_PLACE), entry, 0};
	struct sl_entry en;

	if (a.p == NULL || !sl_entry_by_id(e->store, entry, &en) ||
	    en.stage != SL_STAGE_read || en.dispo != SL_DISPO_ready)
		return SL_OK; /* asked again when it connects */
	if (e->placing_n >= PLACING_MAX ||
	    sl_chan_queued(a.p->chan) > PLACING_QUEUED_MAX) {
		/* It comes by its turn, when answers make room. */
		if (e->placing_at >= entry)
			e->placing_at = entry - 1;
		e->placing_behind = true;
		return SL_OK;
	}
	q = sl_config_queue(e->cfg, en.queue);
	m.place.entry = (uint64_t)entry;
	m.place.subject = sl_slice_str(en.reception);
	m.place.queue = sl_slice_str(en.queue);
	if (q != NULL) {
		m.place.threshold = (uint16_t)q->threshold;
		m.place.margin = (uint16_t)q->margin;
		m.place.unit = sl_slice_str(q->unit);
		m.place.access = sl_slice_str(q->access);
	}
	(void)sl_peer_send(a.p, &m, NULL, 0);
	if (sl_found_each_of(e->store, &en, send_field, &a, err) != SL_OK)
		return SL_FATAL;
	m = (struct sl_msg){.type = SL_MSG_PLACE_GO};
	m.place_go.entry = (uint64_t)entry;
	(void)sl_peer_send(a.p, &m, NULL, 0);
	e->placing_n++;
	return SL_OK;
}

/* Those that wait, oldest first, as far as there is room. */
static enum sl_rc
ask_more(struct sl_engine *e, struct sl_err *err)
{
	struct sl_peer *p = sl_peer_find(e, SL_ROLE_PLACE);
	int64_t id;

	while (e->placing_behind && p != NULL && !p->dead &&
	       e->placing_n < PLACING_MAX &&
	       sl_chan_queued(p->chan) <= PLACING_QUEUED_MAX) {
		id = sl_entry_next_unplaced(e->store, e->placing_at);
		e->placing_behind = id != 0;
		if (id == 0)
			break;
		e->placing_at = id;
		if (sl_placing_ask(e, id, err) != SL_OK)
			return SL_FATAL;
	}
	return SL_OK;
}

static enum sl_rc
ask_open(void *arg, const struct sl_entry *en, struct sl_err *err)
{
	struct sl_engine *e = arg;

	/* Placed or prepared by a commit whose next step was lost. */
	if (en->stage == SL_STAGE_placed && en->dispo == SL_DISPO_ready) {
		struct sl_entry copy = *en;

		return sl_placing_prepare(e, &copy, err);
	}
	return SL_OK;
}

static void
send_index(struct sl_engine *e, struct sl_peer *p)
{
	struct sl_msg m = {.type = SL_MSG_CASES};

	if (e->case_index_fd < 0)
		return;
	m.cases.count = (uint32_t)sl_case_count(e->store);
	(void)sl_peer_send(p, &m, &e->case_index_fd, 1);
}

void
sl_placing_peer_ready(struct sl_engine *e, struct sl_peer *p)
{
	struct sl_err err;

	if (e->case_index_fd < 0 &&
	    sl_engine_bad(e, sl_placing_cases(e, &err), &err))
		return;
	send_index(e, p);
	e->placing_n = 0;
	e->placing_at = 0;
	e->placing_behind = true;
	if (!sl_engine_bad(
		e, sl_entry_each_open(e->store, ask_open, e, &err), &err))
		(void)sl_engine_bad(e, ask_more(e, &err), &err);
}

void
sl_placing_peer_gone(struct sl_engine *e)
{
	e->placing_n = 0;
}

/* -- the index of known cases -------------------------------------------------
 */

struct rows {
	struct sl_case_row *row;
	size_t n, cap;
	struct sl_arena *arena;
};

static enum sl_rc
add_row(void *arg, const struct sl_case *c, struct sl_err *err)
{
	struct rows *r = arg;
	struct sl_case_row *o;

	(void)err;
	r->row = sl_grow(r->row, &r->cap, r->n + 1, sizeof(*o));
	o = &r->row[r->n++];
#define COPY(s) sl_arena_strndup(r->arena, s, 4096)
	*o = (struct sl_case_row){COPY(c->number), COPY(c->title),
	    COPY(c->status), COPY(c->unit), COPY(c->klass),
	    COPY(c->target_key)};
#undef COPY
	return SL_OK;
}

enum sl_rc
sl_placing_cases(struct sl_engine *e, struct sl_err *err)
{
	struct rows r = {.arena = sl_arena_new()};
	int fd = memfd_create("cases", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct sl_peer *p;
	enum sl_rc rc;

	e->cases_dirty = false;
	rc = fd < 0 ? sl_err_set(
			  err, SL_FATAL, errno, "disk_error", "no memory file")
		    : sl_case_each(e->store, add_row, &r, err);
	if (rc == SL_OK)
		rc = sl_caseindex_write(fd, r.row, r.n, err);
	free(r.row);
	sl_arena_free(r.arena);
	if (rc == SL_REJECT) {
		sl_log(SL_LOG_ERR, "cases", "%s", err->text);
		sl_cleanup_close(&fd);
		return SL_OK; /* the old index stays */
	}
	if (rc != SL_OK) {
		sl_cleanup_close(&fd);
		return rc;
	}
	/* The reader maps it: it must never shrink under its eyes. */
	(void)fcntl(fd, F_ADD_SEALS,
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	sl_cleanup_close(&e->case_index_fd);
	e->case_index_fd = fd;
	p = sl_peer_find(e, SL_ROLE_PLACE);
	if (p != NULL)
		send_index(e, p);
	return SL_OK;
}

/* -- answers
 * --------------------------------------------------------------------- */

static enum sl_rc
take_placed(
    struct sl_engine *e, const struct sl_msg_placed *m, struct sl_err *err)
{
	char reason[64], detail[256];
	struct sl_entry en;

	if (e->placing_n > 0)
		e->placing_n--;
	sl_engine_kick(e);
	if (ask_more(e, err) != SL_OK)
		return SL_FATAL;
	if (sl_entry_unplaced(e->store, (int64_t)m->entry) < 0 ||
	    !sl_entry_by_id(e->store, (int64_t)m->entry, &en))
		return SL_OK;
	(void)sl_slice_copy(m->reason, reason, sizeof(reason));
	(void)sl_slice_copy(m->detail, detail, sizeof(detail));
	en.revision++;
	/* It was born with a reason to be held, whatever comes of placing. */
	if (en.reason[0] != '\0') {
		(void)snprintf(reason, sizeof(reason), "%s", en.reason);
		(void)snprintf(detail, sizeof(detail), "%s", en.detail);
		return sl_entry_stop(e, &en, reason, detail, err);
	}
	if (m->rc != SL_OK)
		return sl_entry_stop(e, &en,
		    *reason != '\0' ? reason : "no_evidence", detail, err);
	return sl_placing_prepare(e, &en, err);
}

enum sl_rc
sl_placing_answer(
    struct sl_engine *e, const struct sl_msg *m, struct sl_err *err)
{
	const struct sl_msg_placed_field *f = &m->placed_field;
	int revision;

	switch ((int)m->type) {
	case SL_MSG_PLACED_FIELD:
		if (sl_field_name(f->field) == NULL)
			return SL_REJECT;
		revision = sl_entry_unplaced(e->store, (int64_t)f->entry);
		if (revision < 0)
			return SL_OK;
		return sl_placement_put(e->store, (int64_t)f->entry,
		    revision + 1, f, "sluse-place", err);
	case SL_MSG_PLACED:
		return take_placed(e, &m->placed, err);
	default:
		return SL_REJECT;
	}
}

enum sl_rc
sl_placing_case_open(
    struct sl_engine *e, const char *number, struct sl_err *err)
{
	char status[64];

	if (!sl_case_known(e->store, number, status, sizeof(status)))
		return sl_err_set(err, SL_REJECT, 0, "unknown_case",
		    "that case is not known");
	if (sl_case_status_is_closed(status))
		return sl_err_set(
		    err, SL_REJECT, 0, "case_closed", "that case is closed");
	return SL_OK;
}

enum sl_rc
sl_placing_put(struct sl_engine *e, struct sl_entry *en, unsigned field,
    const char *value, const char *evidence, const char *actor,
    struct sl_err *err)
{
	const struct sl_msg_placed_field m = {.field = (uint8_t)field,
	    .rank = 0,
	    .confidence = 1000,
	    .accepted = 1,
	    .value = sl_slice_str(value),
	    .evidence = sl_slice_str(evidence)};

	/* The other fields keep what the machine found. */
	if (sl_placement_copy(e->store, en->id, en->revision, en->revision + 1,
		field, err) != SL_OK ||
	    sl_placement_put(
		e->store, en->id, en->revision + 1, &m, actor, err) != SL_OK)
		return SL_FATAL;
	en->revision++;
	return SL_OK;
}

enum sl_rc
sl_placing_decide(struct sl_engine *e, struct sl_entry *en,
    const struct sl_decision *d, struct sl_err *err)
{
	SL_BUF struct sl_buf ev = {0};

	sl_buf_printf(&ev, "[{\"source\":\"%s\",\"rule\":\"%s\"",
	    d->change == SL_CHANGE_expire ? "queue" : "person",
	    d->change == SL_CHANGE_expire ? "held_limit"
	    : d->with != NULL		  ? "belongs_to"
					  : "decided");
	if (d->with != NULL)
		sl_buf_printf(&ev, ",\"value\":\"%s\"", d->with);
	sl_buf_add_str(&ev, "}]");
	if (sl_placing_put(e, en, d->field, d->value, sl_buf_str(&ev), d->actor,
		err) != SL_OK ||
	    sl_entry_apply(e, en, d->change, NULL, d->why, d->actor, err) !=
		SL_OK)
		return SL_FATAL;
	if (en->stage != SL_STAGE_read) {
		/* It was prepared before: what is sent must say the new case.
		 */
		en->stage = SL_STAGE_read;
	}
	return sl_placing_prepare(e, en, err);
}

enum sl_rc
sl_placing_made(struct sl_engine *e, struct sl_entry *en, const char *target,
    const char *receipt, struct sl_err *err)
{
	struct sl_msg_sync_case m = {0};
	char title[1024], actor[64], status[64];
	SL_BUF struct sl_buf b = {0};
	const char *number;
	json_t *o;
	enum sl_rc rc = SL_OK;

	if (en->case_number[0] != '\0' ||
	    !sl_placement_accepted(e->store, en, SL_FIELD_new_case, title,
		sizeof(title), actor, sizeof(actor)))
		return SL_OK;
	o = json_loads(receipt, JSON_REJECT_DUPLICATES, NULL);
	number = json_string_value(json_object_get(o, "case"));
	if (number != NULL && *number != '\0' &&
	    strlen(number) < sizeof(en->case_number)) {
		(void)snprintf(
		    en->case_number, sizeof(en->case_number), "%s", number);
		m.number = sl_slice_str(en->case_number);
		m.title = sl_slice_str(title);
		sl_buf_add_str(&b, "{\"target\":");
		sl_text_json(&b, target, strlen(target));
		sl_buf_add_str(&b, ",\"case\":");
		sl_text_json(&b, en->case_number, strlen(en->case_number));
		sl_buf_add_char(&b, '}');
		rc = sl_entry_update(e->store, en, err);
		if (rc == SL_OK)
			rc = sl_store_log(e->store, SL_EVENT_case_made,
			    en->reception, "slused", sl_buf_str(&b),
			    en->consignment, en->id, err);
		/* The next sync tells more of it. */
		if (rc == SL_OK && !sl_case_known(e->store, en->case_number,
				       status, sizeof(status))) {
			rc = sl_case_put(
			    e->store, &m, target, sl_clock_utc_ms(), err);
			e->cases_dirty = true;
		}
	}
	json_decref(o);
	return rc;
}

/* -- prepare
 * ----------------------------------------------------------------------- */

struct values {
	struct sl_post_values v;
	struct sl_arena *arena;
	struct sl_buf suggestions;
	struct sl_buf payload;
	struct sl_post_other other[OTHERS_MAX];
	size_t others_n;
};

static const char **
slot(struct sl_post_values *v, unsigned field)
{
	switch (field) {
	case SL_FIELD_case_number:
		return &v->case_number;
	case SL_FIELD_new_case:
		return &v->new_case_title;
	case SL_FIELD_klass:
		return &v->new_case_class;
	case SL_FIELD_unit:
		return &v->unit;
	case SL_FIELD_type:
		return &v->type;
	case SL_FIELD_title:
		return &v->title;
	case SL_FIELD_document_date:
		return &v->document_date;
	case SL_FIELD_received_date:
		return &v->received_date;
	case SL_FIELD_correspondent:
		return &v->correspondent;
	case SL_FIELD_correspondent_email:
		return &v->email;
	case SL_FIELD_correspondent_orgnr:
		return &v->orgnr;
	case SL_FIELD_our_ref_of_sender:
		return &v->sender_ref;
	case SL_FIELD_access:
		return &v->access;
	case SL_FIELD_channel:
		return &v->channel;
	default:
		return NULL;
	}
}

static enum sl_rc
take_value(void *arg, const struct sl_placement_row *p, struct sl_err *err)
{
	struct values *x = arg;
	const char **s = slot(&x->v, p->field);

	(void)err;
	if (s != NULL && *s == NULL && p->accepted)
		*s = sl_arena_strndup(x->arena, p->value, sizeof(p->value));
	/* Screened by its sender; what code it gets is another question. */
	if (p->field == SL_FIELD_access && strcmp(p->value, "XX") == 0)
		x->v.screened = true;
	if (p->field == SL_FIELD_case_number && p->rank < 5 &&
	    strcmp(p->actor, "sluse-place") == 0)
		sl_buf_printf(&x->suggestions, "%s%s (%d %%)",
		    x->suggestions.n > 0 ? ", " : "", p->value,
		    p->confidence / 10);
	return SL_OK;
}

struct docs {
	struct sl_document row[DOCUMENTS_MAX];
	struct sl_part part[DOCUMENTS_MAX];
	struct sl_post_rendition rendition[DOCUMENTS_MAX];
	struct sl_post_document post[DOCUMENTS_MAX];
	size_t n;
};

static void
load_docs(struct sl_engine *e, int64_t entry, struct docs *d)
{
	struct sl_post_rendition *r;
	size_t i, n;

	n = sl_document_list(e->store, entry, d->row, DOCUMENTS_MAX);
	n = n < DOCUMENTS_MAX ? n : DOCUMENTS_MAX;
	for (i = 0; i < n; i++) {
		if (!sl_part_by_id(e->store, d->row[i].part, &d->part[i]))
			break;
		r = &d->rendition[i];
		r->rendition = (uint32_t)d->row[i].number;
		r->variant = 'P';
		r->name = d->part[i].name;
		r->mime = d->part[i].mime;
		r->puid = d->part[i].puid;
		r->size = d->part[i].size;
		r->sha256 = d->part[i].sha256;
		if (d->part[i].number == 0) {
			r->sha256 = d->part[i].blob;
			r->size = d->part[i].blob_size;
			if (*r->name == '\0')
				r->name = d->part[i].source_name;
		}
		d->post[i].main = i == 0;
		d->post[i].title =
		    i == 0 && !d->row[i].given ? NULL : d->row[i].title;
		d->post[i].type = d->row[i].type;
		d->post[i].rendition = r;
		d->post[i].rendition_n = 1;
	}
	d->n = i;
}

static bool
any_empty(const struct docs *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->rendition[i].size == 0)
			return true;
	return false;
}

/* Whom else the description names: not decided, told. */
static enum sl_rc
take_other(void *arg, const struct sl_found_row *f, struct sl_err *err)
{
	struct values *x = arg;

	(void)err;
	if (f->source != SL_SOURCE_PACKAGE || x->others_n == OTHERS_MAX ||
	    (f->field != SL_FIELD_recipient &&
		f->field != SL_FIELD_copy_recipient))
		return SL_OK;
	x->other[x->others_n++] = (struct sl_post_other){
	    .type = f->field == SL_FIELD_recipient ? "EM" : "EK",
	    .name = sl_arena_strndup(x->arena, f->value, sizeof(f->value))};
	return SL_OK;
}

static enum sl_rc
make_post(struct sl_engine *e, struct sl_entry *en, struct values *x,
    struct sl_buf *out, struct sl_err *err)
{
	struct docs *d = sl_alloc(sizeof(*d));
	struct sl_post_source s = {0};
	struct sl_entry first;
	enum sl_rc rc;

	load_docs(e, en->id, d);
	s.ulid = en->own_key + strlen("sluse-");
	s.reception = en->reception;
	s.queue = sl_config_queue(e->cfg, en->queue);
	s.value = x->v;
	s.claimed_ms = en->received_ms;
	s.file_ms = en->dropped_ms;
	if (en->duplicate_of != 0 &&
	    sl_entry_by_id(e->store, en->duplicate_of, &first))
		s.duplicate_of = first.reception;
	if (x->suggestions.n > 0 && x->v.case_number != NULL &&
	    strcmp(x->v.case_number,
		s.queue != NULL ? s.queue->distribution_case : "") == 0)
		s.suggestions = sl_buf_str(&x->suggestions);
	s.document = d->post;
	s.document_n = d->n;
	if (sl_found_each_of(e->store, en, take_other, x, err) != SL_OK) {
		free(d);
		return SL_FATAL;
	}
	s.other = x->other;
	s.other_n = x->others_n;
	rc = s.queue == NULL || d->n == 0
		 ? sl_err_set(err, SL_HOLD, 0, "no_target",
		       "the queue or the documents are gone")
	     : any_empty(d)
		 /* A target would refuse it when half of the post is there. */
		 ? sl_err_set(
		       err, SL_HOLD, 0, "document_empty", "nothing was sent")
		 : sl_post_make(&s, out, err);
	free(d);
	return rc;
}

/* What is sent, as it stands in the table. */
static enum sl_rc
prepared(struct sl_engine *e, struct sl_entry *en, const struct sl_buf *post,
    struct sl_err *err)
{
	char payload[256], hex[SL_SHA256_HEX + 1];
	struct sl_digest d;

	sl_sha256(sl_buf_str(post), post->n, &d);
	sl_digest_hex(&d, hex);
	(void)snprintf(payload, sizeof(payload),
	    "{\"key\":\"%s\",\"post\":\"%s\"}", en->own_key, hex);
	return sl_entry_pass(e, en, SL_EVENT_prepared, payload, err);
}

enum sl_rc
sl_placing_prepare(struct sl_engine *e, struct sl_entry *en, struct sl_err *err)
{
	struct values x = {.arena = sl_arena_new()};
	SL_BUF struct sl_buf post = {0};
	enum sl_rc rc;

	rc = sl_placement_each(
	    e->store, en->id, en->revision, take_value, &x, err);
	if (rc != SL_OK)
		goto out;
	(void)snprintf(en->case_number, sizeof(en->case_number), "%s",
	    x.v.case_number != NULL ? x.v.case_number : "");
	(void)sl_slice_copy(sl_slice_str(x.v.title != NULL ? x.v.title : ""),
	    en->title, sizeof(en->title));
	sl_buf_printf(&x.payload, "{\"revision\":%d,\"case\":", en->revision);
	sl_text_json(&x.payload, en->case_number, strlen(en->case_number));
	if (en->case_number[0] == '\0' && x.v.new_case_title != NULL) {
		sl_buf_add_str(&x.payload, ",\"new_case\":");
		sl_text_json(
		    &x.payload, x.v.new_case_title, strlen(x.v.new_case_title));
	}
	sl_buf_add_char(&x.payload, '}');
	if (en->stage == SL_STAGE_read)
		rc = sl_entry_pass(
		    e, en, SL_EVENT_placed, sl_buf_str(&x.payload), err);
	if (rc != SL_OK)
		goto out;
	rc = make_post(e, en, &x, &post, err);
	if (rc == SL_HOLD) {
		rc = sl_entry_stop(e, en, err->reason, err->text, err);
		goto out;
	}
	if (rc == SL_OK)
		rc =
		    sl_entry_set_post(e->store, en->id, sl_buf_str(&post), err);
	if (rc == SL_OK)
		rc = prepared(e, en, &post, err);
	if (rc == SL_OK)
		rc = sl_outbox_add(e, en, err);
out:
	sl_buf_free(&x.suggestions);
	sl_buf_free(&x.payload);
	sl_arena_free(x.arena);
	return rc;
}
