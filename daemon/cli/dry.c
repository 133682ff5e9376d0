/*
 * SECURITY: records come from children that have read hostile bytes: numbers
 * are checked against what was asked and against limits before they are used.
 */
#include "dry.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/mem.h"
#include "../registry/registry.h"

#define PARTS_MAX 20000u
#define PAGES_MAX 100000u /* of one part */
#define FOUND_MAX 20000u
#define NAMED_MAX 2000u
#define TEXT_MAX ((size_t)1 << 20) /* of one page */
#define RANGE 64u /* pages of one task */

void
sl_dry_init(struct sl_dry *d, struct sl_crew *crew, const struct sl_config *cfg)
{
	memset(d, 0, sizeof(*d));
	d->crew = crew;
	d->cfg = cfg;
	d->text.max = TEXT_MAX;
}

static void
part_free(struct sl_dry_part *p)
{
	uint32_t i;

	for (i = 0; i < p->pages; i++)
		sl_buf_free(&p->page[i].text);
	free(p->page);
	free(p->name);
	free(p->mime);
	free(p->puid);
	free(p->format);
	free(p->warnings);
	free(p->reader);
	free(p->reason);
	free(p->describes);
}

void
sl_dry_free(struct sl_dry *d)
{
	size_t i, k;

	for (i = 0; i < d->source_n; i++) {
		free(d->source[i].path);
		free(d->source[i].name);
		sl_cleanup_close(&d->source[i].fd);
		sl_cleanup_close(&d->source[i].out);
		for (k = 0; k < d->source[i].more_n; k++)
			sl_cleanup_close(&d->source[i].more[k]);
	}
	for (i = 0; i < d->part_n; i++)
		part_free(&d->part[i]);
	for (i = 0; i < d->found_n; i++) {
		free(d->found[i].value);
		free(d->found[i].label);
	}
	for (i = 0; i < d->named_n; i++) {
		free(d->named[i].file);
		free(d->named[i].title);
		free(d->named[i].type);
	}
	free(d->named);
	free(d->source);
	free(d->part);
	for (i = 0; i < d->sig_n; i++) {
		free(d->sig[i].slug);
		free(d->sig[i].detail);
	}
	free(d->sig);
	free(d->found);
	sl_buf_free(&d->text);
}

/* -- what is to be read -------------------------------------------------------
 */

static int
fresh_output(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("sluse-out", MFD_CLOEXEC);
}

static enum sl_rc
add_file(
    struct sl_dry *d, const char *path, const char *name, struct sl_err *err)
{
	struct sl_dry_source *s;
	struct stat st;
	SL_CLOSE int fd =
	    open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) != 0)
		return sl_err_set(
		    err, SL_REJECT, errno, "file_unreadable", "cannot open");
	if (!S_ISREG(st.st_mode))
		return sl_err_set(err, SL_REJECT, 0, "refused_special",
		    "this is not a plain file");
	d->source = sl_grow(
	    d->source, &d->source_cap, d->source_n + 1, sizeof(*d->source));
	s = &d->source[d->source_n++];
	memset(s, 0, sizeof(*s));
	s->out = fresh_output();
	s->fd = sl_take_fd(&fd);
	s->path = sl_strdup(path);
	s->name = sl_strdup(name);
	s->size = (uint64_t)st.st_size;
	s->mtime_ms = (int64_t)st.st_mtim.tv_sec * 1000;
	if (s->out < 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "no room for the output");
	return SL_OK;
}

struct names {
	char **name;
	size_t n, cap, max;
};

/* nftw hands no argument on. */
static struct names *walking;

static int
on_name(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)at;
	if (kind != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	if (walking->n >= walking->max)
		return 1;
	walking->name = sl_grow(walking->name, &walking->cap, walking->n + 1,
	    sizeof(*walking->name));
	walking->name[walking->n++] = sl_strdup(path);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum sl_rc
add_folder(struct sl_dry *d, const char *path, struct sl_err *err)
{
	struct names w = {.max = d->cfg->limits.folder_files_max};
	size_t i, skip = strlen(path);
	enum sl_rc rc = SL_OK;
	int walk;

	while (skip > 1 && path[skip - 1] == '/')
		skip--;
	walking = &w;
	walk = nftw(path, on_name, 16, FTW_PHYS);
	walking = NULL;
	if (walk != 0)
		rc = sl_err_set(err, SL_REJECT, walk < 0 ? errno : 0,
		    "limit_files",
		    "the folder cannot be read, or holds more "
		    "than %u files",
		    d->cfg->limits.folder_files_max);
	else if (w.n == 0)
		rc = sl_err_set(
		    err, SL_REJECT, 0, "empty", "the folder holds no file");
	if (w.n > 1)
		qsort(w.name, w.n, sizeof(*w.name), by_name);
	for (i = 0; i < w.n; i++) {
		if (rc == SL_OK)
			rc = add_file(d, w.name[i],
			    w.name[i] + skip + strspn(w.name[i] + skip, "/"),
			    err);
		free(w.name[i]);
	}
	free(w.name);
	return rc;
}

enum sl_rc
sl_dry_add(struct sl_dry *d, const char *path, struct sl_err *err)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_folder(d, path, err);
	return add_file(d, path, slash != NULL ? slash + 1 : path, err);
}

/* -- tasks
 * --------------------------------------------------------------------- */

struct sl_msg_task
sl_dry_task(const struct sl_dry *d, enum sl_task_kind kind, const char *name)
{
	const struct sl_limits_config *l = &d->cfg->limits;

	return (struct sl_msg_task){.kind = (uint8_t)kind,
	    .subject = sl_slice_str("try"),
	    .name = sl_slice_str(name),
	    .passwords =
		kind != SL_TASK_OCR ? d->passwords : (struct sl_slice){NULL, 0},
	    .languages = sl_slice_str(d->cfg->ocr.languages),
	    .cpu_s = (uint32_t)((l->cpu_ms + 999) / 1000),
	    .wall_ms = (uint32_t)l->wall_ms,
	    .mem_bytes = l->memory_bytes,
	    .out_bytes = l->output_max_bytes,
	    .members_max = l->members_max,
	    .depth_max = l->depth_max,
	    .member_bytes_max = l->member_max_bytes,
	    .total_bytes_max = l->unpacked_max_bytes,
	    .ratio_max = l->ratio_max,
	    .head_bytes = (uint32_t)l->identify_head_bytes,
	    .tail_bytes = (uint32_t)l->identify_tail_bytes,
	    .pages_max = l->pages_max,
	    .pixels_max = l->pixels_max,
	    .side_max = l->side_max};
}

/* A list of jobs and the part each is about. */
struct jobs {
	struct sl_dry *d;
	bool whole; /* OPEN: records name parts of the source */
	struct sl_crew_job *job;
	size_t n, cap;
};

static struct sl_crew_job *
job_add(struct jobs *q)
{
	struct sl_crew_job *j;

	q->job = sl_grow(q->job, &q->cap, q->n + 1, sizeof(*q->job));
	j = &q->job[q->n++];
	memset(j, 0, sizeof(*j));
	return j;
}

static char *
copy(struct sl_slice s)
{
	return sl_strndup(s.n > 0 ? s.p : "", s.n);
}

static void
take_part(struct sl_dry *d, size_t source, const struct sl_msg_r_part *m)
{
	struct sl_dry_source *s = &d->source[source];
	struct sl_dry_part *p;

	/* Parts of one source come in order and stand together. */
	if (d->part_n >= PARTS_MAX || m->part != d->part_n - s->first_part)
		return;
	d->part =
	    sl_grow(d->part, &d->part_cap, d->part_n + 1, sizeof(*d->part));
	p = &d->part[d->part_n++];
	memset(p, 0, sizeof(*p));
	p->source = source;
	p->number = m->part;
	p->n = *m;
	p->name = m->part == 0 ? sl_strdup(s->name) : copy(m->name);
	p->mime = copy(m->mime);
	p->puid = copy(m->puid);
	p->format = copy(m->format);
	p->warnings = copy(m->warnings);
	p->reader = copy(m->reader);
	p->reason = copy(m->reason);
	p->describes = copy(m->describes);
	p->pages = m->pages > PAGES_MAX ? PAGES_MAX : m->pages;
	p->page = sl_alloc((p->pages + 1) * sizeof(*p->page));
}

static void
take_page(struct sl_dry *d, size_t part, const struct sl_msg_r_page *m, int out)
{
	struct sl_dry_page *g;

	if (m->page >= d->part[part].pages) {
		sl_buf_reset(&d->text);
		return;
	}
	g = &d->part[part].page[m->page];
	g->have = true;
	g->source = m->source;
	g->confidence = m->confidence;
	(void)sl_slice_copy(m->language, g->language, sizeof(g->language));
	(void)sl_slice_copy(m->reason, g->reason, sizeof(g->reason));
	g->image = *m;
	g->image_fd = out;
	sl_buf_reset(&g->text);
	sl_buf_add(&g->text, sl_buf_str(&d->text), d->text.n);
	sl_buf_reset(&d->text);
}

static void
take_field(struct sl_dry *d, size_t part, const struct sl_msg_r_field *m)
{
	struct sl_dry_found *f;

	if (d->found_n >= FOUND_MAX)
		return;
	d->found =
	    sl_grow(d->found, &d->found_cap, d->found_n + 1, sizeof(*d->found));
	f = &d->found[d->found_n++];
	f->part = part;
	f->page = m->page;
	f->n = *m;
	f->value = copy(m->value);
	f->label = copy(m->label);
}

static void
take_note(struct sl_dry *d, size_t part, const struct sl_msg_r_note *m)
{
	char *slug = copy(m->slug);

	if (d->sig_n >= FOUND_MAX || sl_signed_en(slug) == NULL) {
		free(slug);
		return;
	}
	d->sig = sl_grow(d->sig, &d->sig_cap, d->sig_n + 1, sizeof(*d->sig));
	d->sig[d->sig_n++] =
	    (struct sl_dry_signature){part, slug, copy(m->detail)};
}

static void
take_named(struct sl_dry *d, size_t part, const struct sl_msg_r_named *m)
{
	struct sl_dry_named *n;

	if (d->named_n >= NAMED_MAX || *d->part[part].describes == '\0')
		return;
	d->named =
	    sl_grow(d->named, &d->named_cap, d->named_n + 1, sizeof(*d->named));
	n = &d->named[d->named_n++];
	n->part = part;
	n->n = *m;
	n->file = copy(m->file);
	n->title = copy(m->title);
	n->type = copy(m->type);
}

static void
on_record(void *arg, struct sl_crew_job *j, const struct sl_msg *m)
{
	struct jobs *q = arg;
	struct sl_dry *d = q->d;
	size_t part = j->tag, base = 0;

	if (q->whole)
		base = d->source[j->tag].first_part;
#define PART(record) (q->whole ? base + m->record.part : part)
	/* Part is looked up for each kind: one struct, one member name. */
	if (m->type == SL_MSG_R_PART) {
		if (q->whole)
			take_part(d, j->tag, &m->r_part);
	} else if (m->type == SL_MSG_R_TEXT) {
		if (PART(r_text) < d->part_n)
			sl_buf_add(
			    &d->text, m->r_text.text.p, m->r_text.text.n);
	} else if (m->type == SL_MSG_R_PAGE) {
		if (PART(r_page) < d->part_n)
			take_page(d, PART(r_page), &m->r_page, j->out);
	} else if (m->type == SL_MSG_R_FIELD) {
		if (PART(r_field) < d->part_n)
			take_field(d, PART(r_field), &m->r_field);
	} else if (m->type == SL_MSG_R_NOTE) {
		if (PART(r_note) < d->part_n)
			take_note(d, PART(r_note), &m->r_note);
	} else if (m->type == SL_MSG_R_NAMED) {
		if (q->whole && PART(r_named) < d->part_n)
			take_named(d, PART(r_named), &m->r_named);
	}
#undef PART
}

/* The first gates of one source: it alone, so that its parts stand together. */
static enum sl_rc
open_source(struct sl_dry *d, size_t i, struct sl_err *err)
{
	struct sl_dry_source *s = &d->source[i];
	struct jobs q = {.d = d, .whole = true};
	struct sl_crew_job *j = job_add(&q);
	enum sl_rc rc;

	s->first_part = d->part_n;
	j->task = sl_dry_task(d, SL_TASK_OPEN, s->name);
	j->task.size = s->size;
	j->task.page_count = RANGE;
	j->input = s->fd;
	j->out = s->out;
	if (d->trust_fd > 0) {
		j->task.flags |= SL_TASK_TRUST;
		j->trust = d->trust_fd;
	}
	j->tag = i;
	rc = sl_crew_run(d->crew, SL_ROLE_WORK, j, 1, on_record, &q, err);
	s->rc = j->rc;
	(void)snprintf(s->reason, sizeof(s->reason), "%s", j->reason);
	(void)snprintf(s->detail, sizeof(s->detail), "%s", j->detail);
	free(q.job);
	if (rc == SL_OK && s->rc == SL_OK && d->part_n == s->first_part) {
		s->rc = SL_REJECT;
		(void)snprintf(s->reason, sizeof(s->reason), "worker_protocol");
	}
	return rc;
}

int
sl_dry_bytes(const struct sl_dry *d, const struct sl_dry_part *p,
    uint64_t *ret_offset, uint64_t *ret_size)
{
	const struct sl_dry_source *s = &d->source[p->source];

	*ret_offset = p->number == 0 ? 0 : p->n.offset;
	*ret_size = p->number == 0 ? s->size : p->n.size;
	return p->number == 0 ? s->fd : s->out;
}

/* Pages beyond the first range, range by range. One output each: two children
 * must not write the same file. */
static enum sl_rc
read_rest(struct sl_dry *d, size_t part, struct sl_err *err)
{
	struct sl_dry_part *p = &d->part[part];
	struct sl_dry_source *s = &d->source[p->source];
	uint32_t limit = d->cfg->limits.pages_max, from, to = p->pages;
	struct jobs q = {.d = d};
	struct sl_crew_job *j;
	enum sl_rc rc = SL_OK;

	if (to > limit)
		to = limit;
	/* One range at a time: their texts are told in one buffer. */
	for (from = RANGE; rc == SL_OK && from < to; from += RANGE) {
		if (s->more_n == sizeof(s->more) / sizeof(s->more[0]))
			break;
		q.n = 0;
		j = job_add(&q);
		j->task = sl_dry_task(d, SL_TASK_PAGES, p->name);
		j->task.mime = sl_slice_str(p->mime);
		j->task.depth = p->n.depth;
		j->input = sl_dry_bytes(d, p, &j->task.offset, &j->task.size);
		j->task.page_from = from;
		j->task.page_count = to - from < RANGE ? to - from : RANGE;
		j->out = s->more[s->more_n++] = fresh_output();
		j->tag = part;
		rc = sl_crew_run(
		    d->crew, SL_ROLE_WORK, j, 1, on_record, &q, err);
	}
	free(q.job);
	return rc;
}

/* An OCR child tells one page; its records are not mixed with another's in
 * `text` only if one runs at a time, so each slot has its own reading. */
struct ocr {
	struct sl_dry *d;
	struct sl_buf *text; /* one a job */
	struct sl_crew_job *job;
};

/* What was found in the text beside a picture is found once more. */
static void
forget_found(struct sl_dry *d, size_t part, uint32_t page)
{
	size_t i, n = 0;

	for (i = 0; i < d->found_n; i++) {
		struct sl_dry_found *f = &d->found[i];

		if (f->part == part && f->page == page &&
		    (f->n.source == SL_SOURCE_TEXT ||
			f->n.source == SL_SOURCE_OCR)) {
			free(f->value);
			free(f->label);
		} else {
			d->found[n++] = *f;
		}
	}
	d->found_n = n;
}

static void
on_ocr(void *arg, struct sl_crew_job *j, const struct sl_msg *m)
{
	struct ocr *o = arg;
	struct sl_dry *d = o->d;
	struct sl_buf *text = &o->text[j - o->job], keep;

	if (m->type == SL_MSG_R_TEXT) {
		if (text->n == 0 && j->task.base_size > 0)
			forget_found(d, j->tag, m->r_text.page);
		sl_buf_add(text, m->r_text.text.p, m->r_text.text.n);
	} else if (m->type == SL_MSG_R_PAGE) {
		keep = d->text;
		d->text = *text;
		take_page(d, j->tag, &m->r_page, j->out);
		*text = d->text;
		d->text = keep;
	} else if (m->type == SL_MSG_R_FIELD) {
		take_field(d, j->tag, &m->r_field);
	}
}

static void
ocr_job(struct jobs *q, size_t part, uint32_t page)
{
	const struct sl_dry *d = q->d;
	const struct sl_dry_page *g = &d->part[part].page[page];
	struct sl_crew_job *j = job_add(q);

	j->task = sl_dry_task(d, SL_TASK_OCR, d->part[part].name);
	j->task.cpu_s = (uint32_t)((d->cfg->ocr.page_cpu_ms + 999) / 1000);
	j->task.wall_ms = (uint32_t)d->cfg->ocr.page_wall_ms;
	j->task.page_from = page;
	j->task.page_count = 1;
	j->task.offset = g->image.image_offset;
	j->task.size = g->image.image_size;
	j->task.image_format = g->image.image_format;
	j->task.dpi = g->image.dpi;
	j->task.rotate = g->image.rotate;
	j->task.width = g->image.width;
	j->task.height = g->image.height;
	j->task.base_size = g->image.base_size;
	j->input = j->out = g->image_fd;
	j->tag = part;
}

static enum sl_rc
recognise(struct sl_dry *d, struct sl_err *err)
{
	struct jobs q = {.d = d};
	struct ocr o = {.d = d};
	uint32_t page, done;
	size_t part, i;
	enum sl_rc rc;

	for (part = 0; part < d->part_n; part++)
		for (done = page = 0; page < d->part[part].pages; page++)
			if (d->part[part].page[page].source ==
				SL_PAGE_WANTS_OCR &&
			    done++ < d->cfg->ocr.pages_max)
				ocr_job(&q, part, page);
	o.text = sl_alloc((q.n + 1) * sizeof(*o.text));
	o.job = q.job;
	for (i = 0; i < q.n; i++)
		o.text[i].max = TEXT_MAX;
	rc = sl_crew_run(d->crew, SL_ROLE_OCR, q.job, q.n, on_ocr, &o, err);
	for (i = 0; i < q.n; i++) {
		sl_buf_free(&o.text[i]);
		if (rc == SL_OK && q.job[i].rc != SL_OK)
			(void)snprintf(d->part[q.job[i].tag]
					   .page[q.job[i].task.page_from]
					   .reason,
			    65, "%s", q.job[i].reason);
	}
	free(o.text);
	free(q.job);
	return rc;
}

enum sl_rc
sl_dry_read(struct sl_dry *d, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	size_t i;

	for (i = 0; rc == SL_OK && i < d->source_n; i++)
		rc = open_source(d, i, err);
	for (i = 0; rc == SL_OK && i < d->part_n; i++)
		if (d->part[i].pages > RANGE)
			rc = read_rest(d, i, err);
	return rc == SL_OK ? recognise(d, err) : rc;
}
