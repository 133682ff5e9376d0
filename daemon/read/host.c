/*
 * SECURITY: a reader is trusted to be ours and not to be right: what it hands
 * over is checked for size and shape before it is copied or sent on.
 */
#include "host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/file.h"
#include "../base/text.h"
#include "beside.h"
#include "plugins.h"

struct sl_fact {
	struct sl_fact *next;
	unsigned field; /* 0 = a remark */
	unsigned confidence;
	const char *value; /* or detail */
	const char *label; /* or slug */
	unsigned post;
	const struct sl_msg_r_named *named; /* a named document, no field */
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
	sl_page_add_word(
	    k->page, s, n, k->recognised ? k->confidence : 1000, box);
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
take_image(struct sluse_sink *k, const struct sluse_image *im)
{
	struct sl_page *p = k->page;
	enum sl_rc rc;

	if (p == NULL || im->size < sizeof(*im) || !image_sane(im))
		return met(k, "worker_protocol");
	if (!image_fits(k->limits, im))
		return met(k, "limit_pixels");
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

static int
host_image(struct sluse_sink *k, const struct sluse_image *im)
{
	k->beside = false;
	if (k->page != NULL) {
		sl_buf_reset(&k->page->text);
		k->page->words_count = 0;
	}
	return take_image(k, im);
}

static int
host_image_beside(struct sluse_sink *k, const struct sluse_image *im)
{
	if (k->image)
		return met(k, "worker_protocol");
	k->beside = true;
	return take_image(k, im);
}

static void
host_recognised(struct sluse_sink *k, int confidence)
{
	k->recognised = true;
	k->confidence = confidence < 0	    ? 0u
			: confidence > 1000 ? 1000u
					    : (unsigned)confidence;
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

	if (f->named != NULL) {
		m.type = SL_MSG_R_NAMED;
		m.r_named = *f->named;
		m.r_named.part = k->part;
	} else if (f->field == 0) {
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
		m.r_field.source = k->describes[0] != '\0' ? SL_SOURCE_PACKAGE
							   : SL_SOURCE_HEADER;
		m.r_field.post = (uint16_t)f->post;
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

	if (number == 0 || value == NULL ||
	    k->fields >= (k->describes[0] != '\0' ? SL_HOST_DESCRIBED_MAX
						  : SL_HOST_FIELDS_MAX))
		return;
	k->fields++;
	f = new_fact(k);
	f->field = number;
	f->post = k->post;
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
	if (s->lent == NULL || i >= s->lent->passwords.n)
		return NULL;
	s->password = i + 1;
	return s->lent->passwords.item[i];
}

/* Read when it is asked for: few files are signed. */
static const void *
host_trust(struct sluse_source *s, size_t *n)
{
	struct stat st;

	if (s->trust == NULL && s->lent != NULL && s->lent->trust_fd >= 0 &&
	    fstat(s->lent->trust_fd, &st) == 0 && st.st_size > 0 &&
	    (uint64_t)st.st_size <= SL_HOST_TRUST_MAX) {
		s->trust_n = (size_t)st.st_size;
		s->trust = sl_realloc(NULL, s->trust_n);
		if (sl_pread_full(s->lent->trust_fd, s->trust, s->trust_n, 0) !=
		    (ssize_t)s->trust_n) {
			free(s->trust);
			s->trust = NULL;
		}
	}
	*n = s->trust != NULL ? s->trust_n : 0;
	return s->trust;
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

/* -- descriptions of packages -------------------------------------------- */

static int
host_describes(struct sluse_sink *k, const char *kind, unsigned flags)
{
	size_t n = kind != NULL
		       ? strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789-")
		       : 0;

	/* Facts already told were not told as the package's. */
	if (k->page != NULL || n == 0 || kind[n] != '\0' ||
	    n >= sizeof(k->describes) ||
	    (k->describes[0] == '\0' && k->fields > 0))
		return 1;
	(void)snprintf(k->describes, sizeof(k->describes), "%s", kind);
	k->describes_flags |= flags;
	return 0;
}

static void
host_post(struct sluse_sink *k, uint32_t n)
{
	k->post = n <= SL_HOST_POSTS_MAX ? (unsigned)n : SL_HOST_POSTS_MAX;
}

static struct sl_slice
keep_slice(struct sl_arena *a, const char *s, size_t max)
{
	return sl_slice_str(s != NULL ? keep(a, s, max) : "");
}

static int
host_named(struct sluse_sink *k, const struct sluse_named *n)
{
	struct sl_msg_r_named *m;
	struct sl_fact *f;

	if (k->page != NULL || k->describes[0] == '\0' ||
	    n->size < sizeof(*n) || n->file == NULL || *n->file == '\0' ||
	    k->named >= SL_HOST_NAMED_MAX)
		return met(k, "limit_members");
	f = new_fact(k);
	m = sl_arena_alloc(k->arena, sizeof(*m));
	m->post = (uint16_t)k->post;
	m->number = (uint16_t)++k->named;
	m->main = n->main != 0;
	m->file = keep_slice(k->arena, n->file, 1024);
	m->title = keep_slice(k->arena, n->title, 1024);
	m->type = keep_slice(k->arena, n->type, 128);
	if (n->bytes != UINT64_MAX) {
		m->checks |= SL_NAMED_SIZE;
		m->size = n->bytes;
	}
	if (n->sha256 != NULL) {
		m->checks |= SL_NAMED_SHA256;
		memcpy(m->sha256.b, n->sha256, sizeof(m->sha256.b));
	}
	f->named = m;
	take_fact(k, f);
	return 0;
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
	    .password = host_password,
	    .image_beside = host_image_beside,
	    .recognised = host_recognised,
	    .trust = host_trust,
	    .describes = host_describes,
	    .post = host_post,
	    .named = host_named};
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

/* The same for the description of a package, which nobody reads for itself. */
static const char *
reason_described(int rc, unsigned flags)
{
	/* Also of one that is broken behind where it says so. */
	if ((flags & SLUSE_DESCRIBES_GRADED) != 0)
		return "package_graded";
	if (rc != SLUSE_READ_OK)
		return "package_invalid";
	return (flags & SLUSE_DESCRIBES_NO_POST) != 0 ? "package_not_post"
						      : NULL;
}

void
sl_reading_open(struct sl_reading *r, const struct sluse_reader_host *h,
    const struct sl_extent *x, const char *name, const char *mime,
    const struct sl_lent *lent)
{
	const struct sluse_reader *reader;
	int rc = SLUSE_READ_UNSUPPORTED;
	size_t i = 0;

	memset(r, 0, sizeof(*r));
	r->source = (struct sluse_source){
	    .x = *x, .name = name, .mime = mime, .lent = lent};
	r->sink.limits = h->limits;
	r->sink.facts_tail = &r->sink.facts;
	r->reason = "unsupported";
	for (; (reader = sl_reader_for(mime, i)) != NULL; i++) {
		r->reader = reader;
		rc = reader->open(h, &r->source, &r->doc);
		if (rc != SLUSE_READ_UNSUPPORTED)
			break;
	}
	if (r->reader == NULL)
		return;
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
	if (k->describes[0] != '\0' && k->limit == NULL)
		r->reason = reason_described(rc, k->describes_flags);
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

/* What the page says, when there is no image of it to be read. */
static void
settle_text(struct sl_page *p, const struct sluse_sink *k)
{
	if (!has_ink(&p->text)) {
		p->source = SL_PAGE_NONE;
		p->flags |= SL_PAGE_BLANK;
		return;
	}
	p->source = k->recognised ? SL_PAGE_OCR : SL_PAGE_TEXT;
	p->confidence = k->recognised ? k->confidence : 1000;
}

/* The text goes to sluse-ocr with the image, and is the page's until then. */
static enum sl_rc
settle_beside(struct sluse_sink *k, struct sl_page *p)
{
	SL_BUF struct sl_buf b = {0};
	enum sl_rc rc;

	sl_beside_pack(p, &b);
	rc = sl_budget_image(k->budget, b.p, b.n, k->err);
	if (rc == SL_REJECT) { /* no room: the text stays */
		k->limit = "limit_bytes";
		return SL_OK;
	}
	p->base_size = (uint32_t)b.n;
	return rc;
}

/* What a page has become after its reader returned rc. */
static void
settle(struct sl_page *p, struct sluse_sink *k, int rc)
{
	bool beside = k->beside && has_ink(&p->text);

	if (beside && k->image && rc == SLUSE_READ_OK)
		k->rc = settle_beside(k, p);
	p->reason = reason_of(rc, k->limit);
	if (p->reason != NULL) {
		p->source = SL_PAGE_NONE;
		p->image_format = 0;
		p->image_offset = p->image_size = p->base_size = 0;
		if (beside)
			settle_text(p, k);
	} else if (k->image) {
		p->source = SL_PAGE_WANTS_OCR;
	} else {
		settle_text(p, k);
	}
	if (p->source == SL_PAGE_TEXT || p->source == SL_PAGE_OCR ||
	    p->base_size > 0)
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
	k->image = k->beside = k->recognised = false;
	k->width = k->height = 0;
	got = r->reader->page(r->doc, i, k);
	rc = k->rc;
	if (rc == SL_OK) {
		settle(&p, k, got);
		rc = k->rc;
	}
	if (rc == SL_OK)
		rc = sl_page_send(k->result_fd, &p,
		    k->recognised ? SL_SOURCE_OCR : SL_SOURCE_TEXT, k->err);
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
	free(r->source.trust);
	r->source.trust = NULL;
	sl_buf_free(&r->sink.name);
	sl_arena_free(r->sink.arena);
	r->sink.arena = NULL;
}
