/*
 * SECURITY: a reader is trusted to be ours and not to be right: what it hands
 * over is checked for size and shape before it is copied or sent on.
 */
#include "host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "plugins.h"

struct sl_fact {
	struct sl_fact *next;
	unsigned field; /* 0 = a remark */
	unsigned confidence;
	const char *value; /* or detail */
	const char *label; /* or slug */
};

/* -- what the reader sees of its input ------------------------------------- */

static int64_t
host_read_at(struct sluse_source *s, void *p, size_t n, uint64_t off)
{
	return sl_extent_read(&s->x, p, n, off);
}

static uint64_t
host_length(struct sluse_source *s)
{
	return s->x.size;
}

static const char *
host_name(struct sluse_source *s)
{
	return s->name;
}

static const char *
host_mime(struct sluse_source *s)
{
	return s->mime;
}

/* -- pages
 * --------------------------------------------------------------------- */

static uint32_t
whole(double v)
{
	return v >= 0 && v < 4e9 ? (uint32_t)(v + 0.5) : 0;
}

static void
host_page_size(struct sluse_sink *k, double width, double height)
{
	if (k->page == NULL || !(width > 0) || !(height > 0) ||
	    !isfinite(width) || !isfinite(height))
		return;
	k->width = width;
	k->height = height;
	k->page->width = whole(width);
	k->page->height = whole(height);
}

static void
host_text(struct sluse_sink *k, const char *s, size_t n)
{
	if (k->page != NULL && !k->image && s != NULL)
		sl_page_add_text(k->page, s, n);
}

static uint16_t
part_of(double v, double all)
{
	double f = all > 0 ? v / all * 65535.0 : 0;

	if (!(f > 0))
		return 0;
	return f < 65535.0 ? (uint16_t)f : 65535;
}

static void
host_word(struct sluse_sink *k, const char *s, size_t n, double x0, double y0,
    double x1, double y1)
{
	uint16_t box[4];

	if (k->page == NULL || k->image || s == NULL)
		return;
	box[0] = part_of(x0, k->width);
	box[1] = part_of(y0, k->height);
	box[2] = part_of(x1, k->width);
	box[3] = part_of(y1, k->height);
	sl_page_add_word(k->page, s, n, 1000, box);
}

static void
host_blank(struct sluse_sink *k)
{
	/* A page without text or image is blank anyhow. */
	(void)k;
}

static int
met(struct sluse_sink *k, const char *slug)
{
	k->limit = slug;
	return 1;
}

static int
failed(struct sluse_sink *k, enum sl_rc rc)
{
	if (rc == SL_REJECT)
		return met(k, k->budget->limit != NULL ? k->budget->limit
						       : "limit_bytes");
	k->rc = rc;
	return 1;
}

/* Rows without what pads them; out in runs, since a row is small. */
static enum sl_rc
write_rows(struct sluse_sink *k, const struct sluse_image *im, size_t row)
{
	const uint8_t *p = im->bytes;
	size_t run = ((size_t)256 << 10) / row + 1, n, y, i;
	SL_FREE uint8_t *b = NULL;
	enum sl_rc rc;

	if (im->stride == row)
		return sl_budget_image(k->budget, p, row * im->height, k->err);
	b = sl_realloc(NULL, run * row);
	for (y = 0; y < im->height; y += n) {
		n = im->height - y < run ? im->height - y : run;
		for (i = 0; i < n; i++)
			memcpy(b + i * row, p + (y + i) * im->stride, row);
		if ((rc = sl_budget_image(k->budget, b, n * row, k->err)) !=
		    SL_OK)
			return rc;
	}
	return SL_OK;
}

static bool
image_fits(const struct sluse_limits *l, const struct sluse_image *im)
{
	return im->width <= l->side_max && im->height <= l->side_max &&
	       (uint64_t)im->width * im->height <= l->pixels_max;
}

/* Bytes of a packed row of a raw image; 0 for a whole image file. */
static size_t
row_bytes(const struct sluse_image *im)
{
	switch (im->format) {
	case SLUSE_IMAGE_GRAY8:
		return im->width;
	case SLUSE_IMAGE_BIT1:
		return ((size_t)im->width + 7) / 8;
	default:
		return 0;
	}
}

static bool
image_sane(const struct sluse_image *im)
{
	size_t row = row_bytes(im);

	return im->bytes != NULL && im->length > 0 && im->width > 0 &&
	       im->height > 0 && im->format >= SLUSE_IMAGE_JPEG &&
	       im->format <= SLUSE_IMAGE_BIT1 &&
	       (row == 0 || (im->stride >= row &&
				im->stride <= im->length / im->height));
}

static enum sl_rc
write_image(struct sluse_sink *k, const struct sluse_image *im)
{
	size_t row = row_bytes(im);

	if (row == 0)
		return sl_budget_image(
		    k->budget, im->bytes, im->length, k->err);
	return write_rows(k, im, row);
}

static int
host_image(struct sluse_sink *k, const struct sluse_image *im)
{
	struct sl_page *p = k->page;
	enum sl_rc rc;

	if (p == NULL || im->size < sizeof(*im) || !image_sane(im))
		return met(k, "worker_protocol");
	if (!image_fits(k->limits, im))
		return met(k, "limit_pixels");
	sl_buf_reset(&p->text);
	p->words_count = 0;
	p->image_offset = k->budget->at;
	if ((rc = write_image(k, im)) != SL_OK)
		return failed(k, rc);
	p->image_size = k->budget->at - p->image_offset;
	p->image_format = (unsigned)im->format;
	p->width = im->width;
	p->height = im->height;
	p->dpi = im->dpi;
	p->rotate = im->rotate % 360 / 90 * 90;
	k->image = true;
	return 0;
}

/* -- embedded files
 * --------------------------------------------------------------- */

static enum sl_part_role
role_of(int role)
{
	switch (role) {
	case SLUSE_PART_INLINE:
		return SL_PART_INLINE;
	case SLUSE_PART_BODY:
		return SL_PART_BODY;
	case SLUSE_PART_SKIPPED:
		return SL_PART_SKIPPED;
	default:
		return SL_PART_DOCUMENT;
	}
}

static void
take_embedded_name(struct sluse_sink *k, const struct sluse_part *p)
{
	struct sl_member *m = &k->e.m;
	const char *charset;

	sl_buf_reset(&k->name);
	m->name_charset = p->name_charset != NULL ? p->name_charset : "";
	if (p->name_raw != NULL) {
		m->name_raw_n = p->name_raw_length < SL_NAME_MAX
				    ? p->name_raw_length
				    : SL_NAME_MAX;
		memcpy(k->raw, p->name_raw, m->name_raw_n);
	} else if (p->name != NULL) {
		m->name_raw_n = strnlen(p->name, SL_NAME_MAX);
		memcpy(k->raw, p->name, m->name_raw_n);
	}
	m->name_raw = k->raw;
	if (p->name != NULL) {
		charset = sl_name_decode((const uint8_t *)p->name,
		    strnlen(p->name, SL_NAME_MAX), false, &k->name);
		if (p->name_charset == NULL)
			m->name_charset = charset;
	} else if (m->name_raw_n > 0) {
		m->name_charset =
		    sl_name_decode(k->raw, m->name_raw_n, false, &k->name);
	}
	m->name = sl_buf_str(&k->name);
}

static int
host_part_begin(struct sluse_sink *k, const struct sluse_part *p)
{
	enum sl_rc rc;

	if (k->fn == NULL || k->in_part || p->size < sizeof(*p))
		return 1;
	if (k->deepest) {
		k->budget->limit = "limit_depth";
		return met(k, "limit_depth");
	}
	if ((rc = sl_budget_begin(k->budget, k->err)) != SL_OK)
		return failed(k, rc);
	k->e = (struct sl_embedded){.role = role_of(p->role)};
	k->e.m.warnings = "";
	k->e.m.skipped = k->e.role == SL_PART_SKIPPED;
	take_embedded_name(k, p);
	if (p->mime != NULL) {
		(void)snprintf(k->mime, sizeof(k->mime), "%s", p->mime);
		k->e.mime = k->mime;
	}
	k->in_part = true;
	return 0;
}

static int
host_part_write(struct sluse_sink *k, const void *p, size_t n)
{
	enum sl_rc rc;

	if (!k->in_part || k->e.m.skipped)
		return 1;
	rc = sl_budget_write(k->budget, p, n, k->err);
	return rc == SL_OK ? 0 : failed(k, rc);
}

static int
host_part_end(struct sluse_sink *k)
{
	struct sl_member *m = &k->e.m;
	enum sl_rc rc;

	if (!k->in_part)
		return 1;
	k->in_part = false;
	rc = sl_budget_end(k->budget, &m->offset, &m->size, k->err);
	if (rc != SL_OK)
		return failed(k, rc);
	k->fn(k->arg, &k->e);
	return 0;
}

/* -- fields and remarks
 * ----------------------------------------------------------- */

/* s as UTF-8 without NUL, at most max bytes, in the arena. */
static const char *
keep(struct sl_arena *a, const char *s, size_t max)
{
	size_t n = strlen(s), i = 0, at;
	SL_BUF struct sl_buf b = {0};
	uint32_t cp;

	while (i < n && b.n + 4 <= max) {
		at = i;
		cp = sl_utf8_next(s, n, &i);
		if (cp == 0xFFFD && i - at == 1)
			sl_buf_add(&b, "\xEF\xBF\xBD", 3);
		else
			sl_buf_add(&b, s + at, i - at);
	}
	return sl_arena_strndup(a, sl_buf_str(&b), b.n);
}

static enum sl_rc
send_fact(const struct sluse_sink *k, const struct sl_fact *f)
{
	struct sl_msg m = {.type = SL_MSG_R_NOTE};

	if (f->field == 0) {
		m.r_note.part = k->part;
		m.r_note.slug = sl_slice_str(f->label);
		m.r_note.detail = sl_slice_str(f->value);
	} else {
		m.type = SL_MSG_R_FIELD;
		m.r_field.part = k->part;
		m.r_field.page = k->page != NULL ? k->page->page : 0;
		m.r_field.field = (uint8_t)f->field;
		m.r_field.value = sl_slice_str(f->value);
		m.r_field.label = sl_slice_str(f->label);
		m.r_field.source = SL_SOURCE_HEADER;
		m.r_field.confidence = (uint16_t)f->confidence;
	}
	return sl_msg_write(k->result_fd, &m, k->err);
}

/* Inside page() it can go out at once; inside parts() R_PART comes first. */
static void
take_fact(struct sluse_sink *k, struct sl_fact *f)
{
	if (k->page != NULL) {
		if (k->rc == SL_OK)
			k->rc = send_fact(k, f);
		return;
	}
	*k->facts_tail = f;
	k->facts_tail = &f->next;
}

static struct sl_fact *
new_fact(struct sluse_sink *k)
{
	if (k->arena == NULL)
		k->arena = sl_arena_new();
	return sl_arena_alloc(k->arena, sizeof(struct sl_fact));
}

static void
host_field(struct sluse_sink *k, const char *field, const char *value,
    const char *label, int confidence)
{
	unsigned number = field != NULL ? sl_field_by_name(field) : 0;
	struct sl_fact *f;

	if (number == 0 || value == NULL || k->fields >= SL_HOST_FIELDS_MAX)
		return;
	k->fields++;
	f = new_fact(k);
	f->field = number;
	f->value = keep(k->arena, value, 2048);
	f->label = keep(k->arena, label != NULL ? label : "", 128);
	f->confidence = confidence < 0	    ? 0u
			: confidence > 1000 ? 1000u
					    : (unsigned)confidence;
	take_fact(k, f);
}

static const char *
host_password(struct sluse_source *s, uint32_t i)
{
	if (s->passwords == NULL || i >= s->passwords->n)
		return NULL;
	s->password = i + 1;
	return s->passwords->item[i];
}

static void
host_note(struct sluse_sink *k, const char *slug, const char *detail)
{
	struct sl_fact *f;

	if (slug == NULL || k->notes >= SL_HOST_NOTES_MAX)
		return;
	k->notes++;
	f = new_fact(k);
	f->label = keep(k->arena, slug, 64);
	f->value = keep(k->arena, detail != NULL ? detail : "", 256);
	take_fact(k, f);
}

/* -- one file
 * ---------------------------------------------------------------------- */

void
sl_host_init(struct sluse_reader_host *h, struct sluse_limits *l,
    const struct sl_msg_task *t)
{
	*l = (struct sluse_limits){.size = sizeof(*l),
	    .pages_max = UINT32_MAX,
	    .side_max = UINT32_MAX,
	    .pixels_max = UINT64_MAX,
	    .bytes_max = UINT64_MAX};
	if (t != NULL && t->pages_max != 0)
		l->pages_max = t->pages_max;
	if (t != NULL && t->side_max != 0)
		l->side_max = t->side_max;
	if (t != NULL && t->pixels_max != 0)
		l->pixels_max = t->pixels_max;
	if (t != NULL && t->member_bytes_max != 0)
		l->bytes_max = t->member_bytes_max;
	*h = (struct sluse_reader_host){.abi_major = SLUSE_READER_ABI_MAJOR,
	    .abi_minor = SLUSE_READER_ABI_MINOR,
	    .size = sizeof(*h),
	    .limits = l,
	    .read_at = host_read_at,
	    .length = host_length,
	    .name = host_name,
	    .mime = host_mime,
	    .page_size = host_page_size,
	    .text = host_text,
	    .word = host_word,
	    .image = host_image,
	    .blank = host_blank,
	    .part_begin = host_part_begin,
	    .part_write = host_part_write,
	    .part_end = host_part_end,
	    .field = host_field,
	    .note = host_note,
	    .password = host_password};
}

/* The reason for what a reader's call ended with; NULL if all is well. */
static const char *
reason_of(int rc, const char *limit)
{
	switch (rc) {
	case SLUSE_READ_OK:
		return limit;
	case SLUSE_READ_UNSUPPORTED:
		return "unsupported";
	case SLUSE_READ_ENCRYPTED:
		return "encrypted";
	case SLUSE_READ_LIMIT:
		return limit != NULL ? limit : "limit_pixels";
	case SLUSE_READ_INCOMPLETE:
	case SLUSE_READ_DAMAGED:
	default:
		return "damaged";
	}
}

void
sl_reading_open(struct sl_reading *r, const struct sluse_reader_host *h,
    const struct sl_extent *x, const char *name, const char *mime,
    const struct sl_passwords *keys)
{
	int rc;

	memset(r, 0, sizeof(*r));
	r->source = (struct sluse_source){
	    .x = *x, .name = name, .mime = mime, .passwords = keys};
	r->sink.limits = h->limits;
	r->sink.facts_tail = &r->sink.facts;
	r->reader = sl_reader_for(mime);
	if (r->reader == NULL) {
		r->reason = "unsupported";
		return;
	}
	rc = r->reader->open(h, &r->source, &r->doc);
	if (rc == SLUSE_READ_OK) {
		rc = r->reader->page_count(r->doc, &r->pages);
		if (rc != SLUSE_READ_OK)
			r->pages = 0;
	} else {
		r->doc = NULL;
	}
	r->incomplete = rc == SLUSE_READ_INCOMPLETE;
	/* What an image is too large in is its pixels. */
	r->reason = reason_of(
	    rc, rc == SLUSE_READ_LIMIT && strncmp(mime, "image/", 6) != 0
		    ? "limit_document"
		    : NULL);
}

/* The embedded file that was being written when its reader gave up. */
static void
end_broken_part(struct sluse_sink *k)
{
	if (!k->in_part)
		return;
	k->in_part = false;
	k->e.m.reason = k->limit != NULL ? k->limit : "damaged";
	k->e.m.offset = k->e.m.size = 0;
	k->fn(k->arg, &k->e);
}

enum sl_rc
sl_reading_parts(struct sl_reading *r, struct sl_budget *b, sl_embedded_fn *fn,
    void *arg, struct sl_err *err)
{
	struct sluse_sink *k = &r->sink;
	int rc;

	if (r->doc == NULL || r->reader->parts == NULL)
		return SL_OK;
	k->budget = b;
	k->fn = fn;
	k->arg = arg;
	k->err = err;
	rc = r->reader->parts(r->doc, k);
	if (k->rc != SL_OK)
		return k->rc;
	end_broken_part(k);
	if (k->limit == NULL && rc == SLUSE_READ_LIMIT)
		k->limit = "limit_members";
	if (r->reason == NULL || k->limit != NULL)
		r->reason = reason_of(rc, k->limit);
	r->incomplete |= rc == SLUSE_READ_INCOMPLETE;
	k->limit = NULL;
	k->fn = NULL;
	return SL_OK;
}

enum sl_rc
sl_reading_send_facts(
    struct sl_reading *r, int result_fd, uint32_t part, struct sl_err *err)
{
	struct sluse_sink *k = &r->sink;
	const struct sl_fact *f;
	enum sl_rc rc = SL_OK;

	k->result_fd = result_fd;
	k->part = part;
	k->err = err;
	for (f = k->facts; f != NULL && rc == SL_OK; f = f->next)
		rc = send_fact(k, f);
	return rc;
}

static bool
has_ink(const struct sl_buf *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if ((unsigned char)b->p[i] > ' ' && b->p[i] != 0x7F)
			return true;
	return false;
}

/* What a page has become after its reader returned rc. */
static void
settle(struct sl_page *p, const struct sluse_sink *k, int rc)
{
	p->reason = reason_of(rc, k->limit);
	if (p->reason != NULL) {
		p->source = SL_PAGE_NONE;
		p->image_format = 0;
		p->image_offset = p->image_size = 0;
	} else if (k->image) {
		p->source = SL_PAGE_WANTS_OCR;
	} else if (has_ink(&p->text)) {
		p->source = SL_PAGE_TEXT;
		p->confidence = 1000;
	} else {
		p->source = SL_PAGE_NONE;
		p->flags |= SL_PAGE_BLANK;
	}
	if (p->source == SL_PAGE_TEXT)
		return;
	sl_buf_reset(&p->text);
	p->words_count = 0;
}

static enum sl_rc
read_page(struct sl_reading *r, uint32_t i)
{
	struct sluse_sink *k = &r->sink;
	struct sl_page p;
	enum sl_rc rc;
	int got;

	sl_page_init(&p, k->part, i);
	k->page = &p;
	k->limit = NULL;
	k->image = false;
	k->width = k->height = 0;
	got = r->reader->page(r->doc, i, k);
	rc = k->rc;
	if (rc == SL_OK) {
		settle(&p, k, got);
		rc = sl_page_send(k->result_fd, &p, SL_SOURCE_TEXT, k->err);
	}
	k->page = NULL;
	sl_page_free(&p);
	return rc;
}

enum sl_rc
sl_reading_pages(struct sl_reading *r, struct sl_budget *b, int result_fd,
    uint32_t part, uint32_t from, uint32_t to, struct sl_err *err)
{
	struct sluse_sink *k = &r->sink;
	enum sl_rc rc = SL_OK;
	uint32_t i;

	if (r->doc == NULL)
		return SL_OK;
	k->budget = b;
	k->result_fd = result_fd;
	k->part = part;
	k->err = err;
	if (to > r->pages)
		to = r->pages;
	for (i = from; i < to && rc == SL_OK; i++)
		rc = read_page(r, i);
	return rc;
}

void
sl_reading_close(struct sl_reading *r)
{
	if (r->doc != NULL)
		r->reader->close(r->doc);
	r->doc = NULL;
	sl_buf_free(&r->sink.name);
	sl_arena_free(r->sink.arena);
	r->sink.arena = NULL;
}
