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
#include "host_p.h"
#include "plugins.h"

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

int
sl_host_met(struct sluse_sink *k, const char *slug)
{
	k->limit = slug;
	return 1;
}

static int
failed(struct sluse_sink *k, enum sl_rc rc)
{
	if (rc == SL_REJECT)
		return sl_host_met(k, k->budget->limit != NULL
					  ? k->budget->limit
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
		return sl_host_met(k, "worker_protocol");
	if (!image_fits(k->limits, im))
		return sl_host_met(k, "limit_pixels");
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
		return sl_host_met(k, "worker_protocol");
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
		return sl_host_met(k, "limit_depth");
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

/* -- what the tenant lends --------------------------------------------------
 */

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
	    .field = sl_host_field,
	    .note = sl_host_note,
	    .password = host_password,
	    .image_beside = host_image_beside,
	    .recognised = host_recognised,
	    .trust = host_trust,
	    .describes = sl_host_describes,
	    .post = sl_host_post,
	    .named = sl_host_named};
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
	/* One bad page costs one page: what is told is on its way by then. */
	enum sl_rc rc = sl_msg_flush(k->result_fd, k->err);
	int got;

	if (rc != SL_OK)
		return rc;
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
	/* The reader's close is still to come. */
	return rc == SL_OK ? sl_msg_flush(result_fd, err) : rc;
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
