#include "dryplace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../base/ulid.h"
#include "../place/caseindex.h"
#include "../prepare/package.h"
#include "../prepare/prepare.h"
#include "../query/query.h"
#include "../registry/registry.h"
#include "csv.h"

#define ENTRY 1 /* its number towards sluse-place */
#define OTHERS_MAX 50 /* recipients that a post names */

/* -- known cases ----------------------------------------------------------- */

struct rows {
	struct sl_case_row *row;
	size_t n, cap;
	struct sl_arena *arena;
};

static const char *
keep(struct rows *r, const char *s)
{
	return sl_arena_strndup(r->arena, s, strlen(s));
}

static void
add_row(struct rows *r, const char *number, const char *title,
    const char *status, const char *unit, const char *klass)
{
	r->row = sl_grow(r->row, &r->cap, r->n + 1, sizeof(*r->row));
	r->row[r->n++] = (struct sl_case_row){.number = keep(r, number),
	    .title = keep(r, title),
	    .status = keep(r, status),
	    .unit = keep(r, unit),
	    .klass = keep(r, klass),
	    .target_key = ""};
}

static enum sl_rc
csv_row(void *arg, const struct sl_csv_case *c, struct sl_err *err)
{
	(void)err;
	add_row(arg, c->number, c->title, c->status, c->unit, c->klass);
	return SL_OK;
}

static enum sl_rc
store_row(void *arg, const struct sl_case *c, struct sl_err *err)
{
	(void)err;
	add_row(arg, c->number, c->title, c->status, c->unit, c->klass);
	return SL_OK;
}

static enum sl_exit
load_rows(const struct sl_cli *c, struct rows *r)
{
	struct sl_store *s = NULL;
	struct sl_err err;
	enum sl_exit code;
	enum sl_rc rc;

	if (c->cases != NULL) {
		if (sl_csv_file(c->cases,
			&(struct sl_csv_reader){.row = csv_row, .arg = r},
			&err) == SL_OK)
			return SL_EXIT_OK;
		return sl_say(SL_EXIT_INPUT, "%s: %s", c->cases, err.text);
	}
	if (!c->root_given)
		return SL_EXIT_OK;
	code = sl_cli_store(c, &s);
	if (code != SL_EXIT_OK)
		return code;
	rc = sl_case_each(s, store_row, r, &err);
	sl_store_close(s);
	return rc == SL_OK ? SL_EXIT_OK : sl_cli_fail(&err);
}

int
sl_dry_cases(
    const struct sl_cli *c, uint32_t *ret_count, enum sl_exit *ret_code)
{
	struct rows r = {.arena = sl_arena_new()};
	struct sl_err err;
	int fd = -1;

	*ret_code = load_rows(c, &r);
	*ret_count = (uint32_t)r.n;
	if (*ret_code == SL_EXIT_OK && r.n > 0) {
		fd = memfd_create("sluse-cases", MFD_CLOEXEC);
		if (fd < 0 || sl_caseindex_write(fd, r.row, r.n, &err) != SL_OK)
			*ret_code = fd < 0
					? sl_say(SL_EXIT_INTERNAL, "%s",
					      strerror(errno))
					: sl_say(SL_EXIT_INPUT, "%s", err.text);
	}
	sl_arena_free(r.arena);
	free(r.row);
	return fd;
}

enum sl_rc
sl_dry_give_cases(
    struct sl_crew *crew, int fd, uint32_t count, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_CASES};
	struct sl_chan *chan;
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
	enum sl_rc rc = sl_crew_program(crew, SL_ROLE_PLACE, &chan, err);

	if (rc != SL_OK)
		return rc;
	m.cases.count = fd >= 0 ? count : 0;
	m.cases.size = (uint64_t)size;
	return sl_chan_send(chan, &m, fd >= 0 ? &fd : NULL, fd >= 0, err);
}

/* -- documents ----------------------------------------------------------------
 */

static const char *
file_name(const struct sl_dry_part *p)
{
	const char *slash = strrchr(p->name, '/');

	return slash != NULL ? slash + 1 : p->name;
}

static const char *
main_name(const struct sl_dry *d)
{
	size_t i;

	for (i = 0; i < d->found_n; i++)
		if (d->found[i].n.field == SL_FIELD_main_document &&
		    d->found[i].n.source == SL_SOURCE_SIDECAR)
			return d->found[i].value;
	return "";
}

static void
stop(struct sl_dry_entry *e, const char *reason, const char *detail)
{
	const struct sl_reason *r = sl_reason_find(reason);

	if (e->reason[0] != '\0') /* the first says it */
		return;
	e->dispo = r != NULL ? r->dispo : SL_DISPO_held;
	(void)snprintf(e->reason, sizeof(e->reason), "%s", reason);
	(void)snprintf(e->detail, sizeof(e->detail), "%s", detail);
}

/* The parts and names as sl_pack_make takes them. */
static void
pack_of(const struct sl_dry *d, struct sl_pack_part *part,
    struct sl_pack_named *named)
{
	const struct sl_dry_part *p;
	const struct sl_dry_named *n;
	size_t i;

	for (i = 0; i < d->part_n; i++) {
		p = &d->part[i];
		part[i] = (struct sl_pack_part){.number = p->number,
		    .parent = p->n.parent,
		    .role = p->n.role,
		    .document =
			sl_part_is_document(p->n.role, p->mime, p->reason),
		    .original =
			sl_part_is_original(p->n.role, p->mime, p->reason),
		    .name = p->name,
		    .mime = p->mime,
		    .reader = p->reader,
		    .reason = p->reason,
		    .describes = p->describes,
		    .size = p->number == 0 ? 0 : p->n.size};
		(void)sl_dry_digest(d, p, &part[i].sha256);
	}
	sl_pack_closed(part, d->part_n);
	for (i = 0; i < d->found_n; i++) {
		const struct sl_dry_found *f = &d->found[i];

		if (f->n.post > part[f->part].posts)
			part[f->part].posts = f->n.post;
		if (f->n.source == SL_SOURCE_PACKAGE &&
		    f->n.field == SL_FIELD_access &&
		    strcmp(f->value, "XX") == 0)
			part[f->part].screened |= sl_posts_bit(f->n.post);
	}
	for (i = 0; i < d->named_n; i++) {
		n = &d->named[i];
		named[i] = (struct sl_pack_named){.part = n->part,
		    .post = n->n.post,
		    .main = n->n.main != 0,
		    .file = n->file,
		    .title = n->title,
		    .type = n->type,
		    .checks = n->n.checks,
		    .size = n->n.size,
		    .sha256 = n->n.sha256};
	}
}

/* A signed container, behind its files. */
static void
add_original(const struct sl_dry *d, struct sl_dry_entry *e, size_t part)
{
	SL_BUF struct sl_buf title = {0};

	sl_post_original_title(&title, file_name(&d->part[part]));
	e->doc_title[e->doc_n] =
	    sl_arena_strndup(e->arena, sl_buf_str(&title), title.n);
	e->doc[e->doc_n++] = part;
}

/* As engine/birth.c says. */
static const char *
closed_around(const struct sl_dry_entry *e, const struct sl_pack_part *part,
    size_t originals)
{
	size_t i;

	for (i = e->doc_n - originals; i < e->doc_n; i++)
		if (*part[e->doc[i]].reason != '\0' && e->doc[i] < e->doc[0])
			return part[e->doc[i]].reason;
	return NULL;
}

/* The first post of it is what a dry run shows. */
static void
take_post(const struct sl_dry *d, struct sl_dry_entry *e,
    const struct sl_pack_part *part, const struct sl_pack_plan *plan)
{
	const struct sl_pack_post *post = &plan->post[0];
	size_t i, originals = 0;
	const char *closed;

	e->post = post->post;
	e->posts = plan->posts;
	for (i = 0; i < post->n && e->doc_n < SL_DRY_DOCUMENTS_MAX; i++) {
		if (post->doc[i].original) {
			add_original(d, e, post->doc[i].part);
			originals++;
			continue;
		}
		e->doc_title[e->doc_n] = post->doc[i].title;
		e->doc_type[e->doc_n] = post->doc[i].type;
		e->doc[e->doc_n++] = post->doc[i].part;
	}
	if (post->stop != NULL)
		stop(e, post->stop, "");
	else if (*d->part[e->doc[0]].reason != '\0')
		stop(e, d->part[e->doc[0]].reason, "");
	else if (part[e->doc[0]].role == SL_PART_CONTAINER &&
		 *part[e->doc[0]].reason != '\0')
		stop(e, part[e->doc[0]].reason, "");
	else if ((closed = closed_around(e, part, originals)) != NULL)
		stop(e, closed, "");
	else if (post->n > SL_DRY_DOCUMENTS_MAX)
		stop(e, "limit_files", "");
}

/* False: no description of a package counts. What one says that does not is
 * forgotten. */
static bool
choose_package(const struct sl_dry *d, struct sl_dry_entry *e)
{
	SL_FREE struct sl_pack_part *part = NULL;
	SL_FREE struct sl_pack_named *named = NULL;
	struct sl_pack_plan plan;
	bool described = false;
	size_t i;

	for (i = 0; i < d->part_n; i++)
		described |= *d->part[i].describes != '\0';
	if (!described)
		return false;
	part = sl_alloc((d->part_n + 1) * sizeof(*part));
	named = sl_alloc((d->named_n + 1) * sizeof(*named));
	pack_of(d, part, named);
	sl_pack_make(part, d->part_n, named, d->named_n, &plan);
	for (i = 0; i < d->part_n; i++)
		if (plan.mark[i] == SL_PACK_ELSEWHERE) {
			d->part[i].n.role = SL_PART_DOCUMENT;
			d->part[i].describes[0] = '\0';
			d->part[i].reason[0] = '\0';
		}
	described = plan.described;
	if (described)
		take_post(d, e, part, &plan);
	sl_pack_free(&plan);
	return described;
}

static bool
has_description(const struct sl_dry *d)
{
	size_t i;

	for (i = 0; i < d->part_n; i++)
		if (d->part[i].n.role == SL_PART_SIDECAR)
			return true;
	return false;
}

static void
choose_documents(const struct sl_dry *d, struct sl_dry_entry *e)
{
	const char *main = main_name(d), *bad = NULL, *closed;
	size_t i, k, left_out = 0, bad_n = 0, originals = 0;
	SL_FREE struct sl_pack_part *part = NULL;
	SL_FREE struct sl_pack_named *named = NULL;

	if (choose_package(d, e))
		return;
	part = sl_alloc((d->part_n + 1) * sizeof(*part));
	named = sl_alloc((d->named_n + 1) * sizeof(*named));
	pack_of(d, part, named);

	for (i = 0; i < d->part_n; i++) {
		if (bad == NULL &&
		    sl_part_stops_all(d->part[i].mime, d->part[i].reason))
			bad = d->part[i].reason;
		if (!part[i].document)
			continue;
		if (e->doc_n == SL_DRY_DOCUMENTS_MAX) {
			left_out++;
			continue;
		}
		bad_n += *part[i].reason != '\0';
		k = e->doc_n++;
		e->doc[k] = i;
		if (*main != '\0' &&
		    strcmp(file_name(&d->part[i]), main) == 0) {
			memmove(&e->doc[1], &e->doc[0], k * sizeof(e->doc[0]));
			e->doc[0] = i;
		}
	}
	for (i = 0; i < d->part_n && e->doc_n > 0; i++) {
		if (!part[i].original)
			continue;
		if (e->doc_n == SL_DRY_DOCUMENTS_MAX) {
			left_out++;
			continue;
		}
		originals++;
		bad_n += *part[i].reason != '\0';
		add_original(d, e, i);
	}
	if (bad != NULL)
		stop(e, bad, "");
	else if (e->doc_n == 0)
		stop(e, has_description(d) ? "description_alone" : "empty", "");
	else if (*part[e->doc[0]].reason != '\0' || bad_n == e->doc_n)
		stop(e, part[e->doc[0]].reason, "");
	else if ((closed = closed_around(e, part, originals)) != NULL)
		stop(e, closed, "");
	else if (left_out > 0)
		stop(e, "limit_files", "");
}

/* -- placing
 * ------------------------------------------------------------------- */

static enum sl_rc
send_found(
    struct sl_chan *chan, const struct sl_dry *d, size_t i, struct sl_err *err)
{
	const struct sl_dry_found *f = &d->found[i];
	struct sl_msg m = {.type = SL_MSG_PLACE_FIELD};
	struct sl_msg_place_field *p = &m.place_field;
	const char *name = d->part[f->part].name;
	SL_BUF struct sl_buf shown = {0};
	char cut[256];

	sl_text_display(&shown, name, strlen(name)); /* as slused does */
	(void)sl_slice_copy(sl_slice_buf(&shown), cut, sizeof(cut));
	p->entry = ENTRY;
	p->part = (uint32_t)f->part;
	p->part_name = sl_slice_str(cut);
	p->page = f->page;
	p->field = f->n.field;
	p->value = sl_slice_str(f->value);
	p->label = sl_slice_str(f->label);
	p->source = f->n.source;
	p->confidence = f->n.confidence;
	p->x0 = f->n.x0;
	p->y0 = f->n.y0;
	p->x1 = f->n.x1;
	p->y1 = f->n.y1;
	return sl_chan_send(chan, &m, NULL, 0, err);
}

/* Of this post, and not said by a description that does not count. */
static bool
is_of(const struct sl_dry *d, const struct sl_dry_entry *e,
    const struct sl_dry_found *f)
{
	if (f->n.source == SL_SOURCE_PACKAGE &&
	    *d->part[f->part].describes == '\0')
		return false;
	return f->n.post == 0 || f->n.post == e->post;
}

static enum sl_rc
ask(struct sl_chan *chan, const struct sl_dry *d, const struct sl_dry_entry *e,
    struct sl_err *err)
{
	const struct sl_queue_config *q =
	    d->cfg->queue_n > 0 ? &d->cfg->queue[0] : NULL;
	struct sl_msg m = {.type = SL_MSG_PLACE};
	enum sl_rc rc;
	size_t i;

	m.place.entry = ENTRY;
	m.place.subject = sl_slice_str("try");
	m.place.threshold = (uint16_t)d->cfg->place.threshold;
	m.place.margin = (uint16_t)d->cfg->place.margin;
	if (q != NULL) {
		m.place.queue = sl_slice_str(q->name);
		m.place.unit = sl_slice_str(q->unit);
		m.place.access = sl_slice_str(q->access);
		m.place.threshold = (uint16_t)q->threshold;
		m.place.margin = (uint16_t)q->margin;
	}
	rc = sl_chan_send(chan, &m, NULL, 0, err);
	for (i = 0; rc == SL_OK && i < d->found_n; i++)
		if (is_of(d, e, &d->found[i]))
			rc = send_found(chan, d, i, err);
	m = (struct sl_msg){.type = SL_MSG_PLACE_GO};
	m.place_go.entry = ENTRY;
	return rc == SL_OK ? sl_chan_send(chan, &m, NULL, 0, err) : rc;
}

static void
take_candidate(struct sl_dry_entry *e, const struct sl_msg_placed_field *p)
{
	const char *name = sl_query_field(p->field);
	json_t *o, *list;

	if (name == NULL)
		return;
	o = json_pack("{s:s%, s:f, s:b, s:o}", "value", p->value.p,
	    (size_t)p->value.n, "confidence", p->confidence / 1000.0,
	    "accepted", p->accepted != 0, "evidence",
	    p->evidence.n > 0
		? json_loadb(p->evidence.p, p->evidence.n, 0, NULL)
		: json_array());
	if (o == NULL)
		return;
	list = json_object_get(e->candidates, name);
	if (list == NULL) {
		list = json_array();
		(void)json_object_set_new(e->candidates, name, list);
		(void)json_object_set(e->placement, name, o);
	}
	(void)json_array_append_new(list, o);
}

static enum sl_rc
take_answers(struct sl_chan *chan, struct sl_dry_entry *e, struct sl_err *err)
{
	struct sl_msg m;
	size_t nfds;

	for (;;) {
		if (sl_chan_recv(chan, &m, NULL, &nfds, err) != SL_OK)
			return sl_err_set(err, SL_FATAL, 0, "worker_gone",
			    "sluse-place ended unexpectedly");
		if (m.type == SL_MSG_PLACED_FIELD)
			take_candidate(e, &m.placed_field);
		if (m.type != SL_MSG_PLACED)
			continue;
		if (m.placed.rc != SL_OK) {
			char reason[65], detail[257];

			(void)sl_slice_copy(
			    m.placed.reason, reason, sizeof(reason));
			(void)sl_slice_copy(
			    m.placed.detail, detail, sizeof(detail));
			stop(e, reason, detail);
		}
		return SL_OK;
	}
}

/* -- preparing
 * ------------------------------------------------------------------ */

bool
sl_dry_digest(
    const struct sl_dry *d, const struct sl_dry_part *p, struct sl_digest *ret)
{
	struct sl_sha256 *h = sl_sha256_new();
	uint64_t at, left;
	int fd = sl_dry_bytes(d, p, &at, &left);
	char b[65536];
	ssize_t n = 0;

	for (; left > 0; left -= (uint64_t)n, at += (uint64_t)n) {
		n = sl_pread_full(
		    fd, b, left < sizeof(b) ? (size_t)left : sizeof(b), at);
		if (n <= 0)
			break;
		sl_sha256_add(h, b, (size_t)n);
	}
	sl_sha256_end(h, ret);
	return left == 0;
}

static const char *
accepted(const struct sl_dry_entry *e, const char *field)
{
	const json_t *o = json_object_get(e->placement, field);

	return json_is_true(json_object_get(o, "accepted"))
		   ? json_string_value(json_object_get(o, "value"))
		   : NULL;
}

/* Any candidate of access says so: a queue's code may be another. */
static bool
is_screened(const struct sl_dry_entry *e)
{
	const json_t *list = json_object_get(e->candidates, "access");
	const char *value;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		value = json_string_value(
		    json_object_get(json_array_get(list, i), "value"));
		if (value != NULL && strcmp(value, "XX") == 0)
			return true;
	}
	return false;
}

static struct sl_post_values
values_of(const struct sl_dry_entry *e)
{
	return (struct sl_post_values){.case_number = accepted(e, "case"),
	    .new_case_title = accepted(e, "new_case"),
	    .new_case_class = accepted(e, "class"),
	    .title = accepted(e, "title"),
	    .document_date = accepted(e, "document_date"),
	    .received_date = accepted(e, "received_date"),
	    .correspondent = accepted(e, "correspondent"),
	    .email = accepted(e, "correspondent_email"),
	    .orgnr = accepted(e, "correspondent_orgnr"),
	    .sender_ref = accepted(e, "our_ref_of_sender"),
	    .type = accepted(e, "type"),
	    .access = accepted(e, "access"),
	    .unit = accepted(e, "unit"),
	    .channel = accepted(e, "channel"),
	    .screened = is_screened(e)};
}

struct post {
	struct sl_post_rendition rendition[SL_DRY_DOCUMENTS_MAX];
	struct sl_post_document document[SL_DRY_DOCUMENTS_MAX];
	struct sl_post_other other[OTHERS_MAX];
	size_t others;
};

static void
fill_documents(
    const struct sl_dry *d, const struct sl_dry_entry *e, struct post *p)
{
	const struct sl_dry_part *part;
	struct sl_post_rendition *r;
	uint64_t offset;
	size_t i;

	for (i = 0; i < e->doc_n; i++) {
		part = &d->part[e->doc[i]];
		r = &p->rendition[i];
		r->rendition = (uint32_t)i + 1;
		r->variant = 'P';
		r->name = part->name;
		r->mime = part->mime;
		r->puid = part->puid;
		(void)sl_dry_bytes(d, part, &offset, &r->size);
		(void)sl_dry_digest(d, part, &r->sha256);
		p->document[i] = (struct sl_post_document){.main = i == 0,
		    .title = e->doc_title[i],
		    .type = e->doc_type[i],
		    .rendition = r,
		    .rendition_n = 1};
	}
}

/* Whom else the description of a package names. */
static void
fill_others(
    const struct sl_dry *d, const struct sl_dry_entry *e, struct post *p)
{
	const struct sl_dry_found *f;
	bool copy;
	size_t i;

	for (i = 0; i < d->found_n && p->others < OTHERS_MAX; i++) {
		f = &d->found[i];
		copy = f->n.field == SL_FIELD_copy_recipient;
		if (f->n.source == SL_SOURCE_PACKAGE && is_of(d, e, f) &&
		    (copy || f->n.field == SL_FIELD_recipient))
			p->other[p->others++] = (struct sl_post_other){
			    .type = copy ? "EK" : "EM", .name = f->value};
	}
}

static void
prepare(const struct sl_dry *d, struct sl_dry_entry *e)
{
	static const struct sl_queue_config none = {
	    .name = "try", .unit = "", .access = "", .distribution_case = ""};
	SL_BUF struct sl_buf out = {0};
	struct sl_post_source s = {.reception = "M00-000000-0.1"};
	struct post *p = sl_alloc(sizeof(*p));
	char ulid[SL_ULID_LEN + 1];
	struct sl_err err;

	sl_ulid_make(ulid);
	fill_documents(d, e, p);
	fill_others(d, e, p);
	s.ulid = ulid;
	s.queue = d->cfg->queue_n > 0 ? &d->cfg->queue[0] : &none;
	s.value = values_of(e);
	s.claimed_ms = sl_clock_utc_ms();
	s.file_ms = d->source[0].mtime_ms;
	s.document = p->document;
	s.document_n = e->doc_n;
	s.other = p->other;
	s.other_n = p->others;
	if (sl_post_make(&s, &out, &err) == SL_OK)
		e->would_send = json_loadb(out.p, out.n, 0, NULL);
	else
		stop(e, err.reason, err.text);
	free(p);
}

enum sl_rc
sl_dry_place(struct sl_dry *d, struct sl_dry_entry *e, struct sl_err *err)
{
	struct sl_chan *chan;
	enum sl_rc rc;
	size_t i;

	memset(e, 0, sizeof(*e));
	e->dispo = SL_DISPO_ready;
	e->arena = sl_arena_new();
	e->placement = json_object();
	e->candidates = json_object();
	for (i = 0; i < d->source_n; i++)
		if (d->source[i].rc != SL_OK)
			stop(e, d->source[i].reason, d->source[i].detail);
	choose_documents(d, e);
	rc = sl_crew_program(d->crew, SL_ROLE_PLACE, &chan, err);
	if (rc == SL_OK)
		rc = ask(chan, d, e, err);
	if (rc == SL_OK)
		rc = take_answers(chan, e, err);
	if (rc == SL_OK && e->reason[0] == '\0')
		prepare(d, e);
	return rc;
}

void
sl_dry_entry_free(struct sl_dry_entry *e)
{
	json_decref(e->placement);
	json_decref(e->candidates);
	json_decref(e->would_send);
	sl_arena_free(e->arena);
}
