/*
 * The pdf reader: MuPDF behind the contract of reader.h. Text or OCR is decided
 * for each page from what a person would see of it (pdf/probe.c), never for the
 * document. Text that is not seen counts only where a scan shows the same
 * (pdf/layer.c).
 *
 * INVARIANTS: MuPDF throws by longjmp; no exception leaves this file, and no
 * variable that fz_catch reads is changed in fz_try without fz_var.
 * FAILURES: one page costs one page. Memory MuPDF cannot have is a limit.
 * SECURITY: no path is opened (fonts and CMaps are compiled in, no system font
 * hook), JavaScript is never enabled, actions are not followed.
 */
#include "pdf/pdf.h"
#include "lib/cms.h"

#include <math.h>
#include <string.h>

enum {
	STORE_BYTES = 48 << 20,
	READ_BYTES = 32 << 10,
	TAIL_BYTES = 1024,
};

/* One process reads one document at a time: the parent warms this, children
 * inherit it. */
static fz_context *reader_ctx;

/* -- the input as a MuPDF stream
 * ----------------------------------------------- */

struct source_state {
	const struct sluse_reader_host *host;
	struct sluse_source *source;
	int64_t off;
	unsigned char buf[READ_BYTES];
};

static int
source_next(fz_context *ctx, fz_stream *stm, size_t max)
{
	struct source_state *st = stm->state;
	int64_t n;

	(void)max;
	n = st->host->read_at(
	    st->source, st->buf, sizeof(st->buf), (uint64_t)st->off);
	if (n < 0 || n > (int64_t)sizeof(st->buf))
		fz_throw(ctx, FZ_ERROR_GENERIC, "read");
	stm->rp = st->buf;
	stm->wp = st->buf + n;
	if (n == 0)
		return EOF;
	st->off += n;
	stm->pos += n;
	return *stm->rp++;
}

static void
source_seek(fz_context *ctx, fz_stream *stm, int64_t off, int whence)
{
	struct source_state *st = stm->state;
	int64_t length = (int64_t)st->host->length(st->source);

	if (whence == SEEK_END)
		off = off > 0 || off < -length ? -1 : off + length;
	if (off < 0)
		fz_throw(ctx, FZ_ERROR_GENERIC, "seek");
	st->off = off;
	stm->pos = off;
	stm->rp = stm->wp = st->buf;
}

static void
source_drop(fz_context *ctx, void *state)
{
	fz_free(ctx, state);
}

static fz_stream *
source_stream(fz_context *ctx, const struct sluse_reader_host *host,
    struct sluse_source *source)
{
	struct source_state *st = fz_malloc_struct(ctx, struct source_state);
	fz_stream *stm;

	st->host = host;
	st->source = source;
	stm = fz_new_stream(ctx, st, source_next, source_drop);
	stm->seek = source_seek;
	return stm;
}

/* -- context
 * ------------------------------------------------------------------- */

static void
be_quiet(void *user, const char *message)
{
	(void)user;
	(void)message;
}

static int
context_init(void)
{
	if (reader_ctx)
		return 0;
	reader_ctx = fz_new_context(NULL, NULL, STORE_BYTES);
	if (!reader_ctx)
		return -1;
	fz_set_warning_callback(reader_ctx, be_quiet, NULL);
	fz_set_error_callback(reader_ctx, be_quiet, NULL);
	return 0;
}

/* What an exception means for the caller. Only inside fz_catch. */
static int
caught_rc(fz_context *ctx)
{
	if (fz_caught(ctx) == FZ_ERROR_MEMORY)
		return SLUSE_READ_LIMIT;
	return SLUSE_READ_DAMAGED;
}

static const char sample_pdf[] =
    "%PDF-1.4\n"
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R"
    "/Resources<</Font<</F 5 0 R/G 6 0 R/H 7 0 R>>>>>>endobj\n"
    "4 0 obj<</Length 122>>stream\n"
    "BT /F 12 Tf 10 10 Td (Sluse \xe6\xf8\xe5) Tj /G 12 Tf 0 20 Td (Post) Tj "
    "/H 12 Tf 0 20 Td <00480049> Tj ET 0.5 g 0 0 5 5 re f                  \n"
    "endstream endobj\n"
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica"
    "/Encoding/WinAnsiEncoding>>endobj\n"
    "6 0 obj<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>endobj\n"
    "7 0 obj<</Type/Font/Subtype/Type0/BaseFont/Arial/Encoding/Identity-H"
    "/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/Arial"
    "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>]"
    ">>endobj\n"
    "trailer<</Root 1 0 R/Size 8>>\n"
    "startxref\n0\n%%EOF\n";

static void
warm_run(fz_context *ctx)
{
	fz_stream *stm = NULL;
	pdf_document *doc = NULL;
	fz_page *page = NULL;
	fz_pixmap *pix = NULL;
	fz_stext_page *text = NULL;

	fz_var(stm);
	fz_var(doc);
	fz_var(page);
	fz_var(pix);
	fz_var(text);
	fz_try(ctx)
	{
		stm = fz_open_memory(ctx, (const unsigned char *)sample_pdf,
		    sizeof(sample_pdf) - 1);
		doc = pdf_open_document_with_stream(ctx, stm);
		page = fz_load_page(ctx, &doc->super, 0);
		text = fz_new_stext_page_from_page(ctx, page, NULL);
		pix = fz_new_pixmap_from_page(
		    ctx, page, fz_identity, fz_device_gray(ctx), 0);
		if (!text->first_block)
			fz_throw(ctx, FZ_ERROR_GENERIC, "no text");
	}
	fz_always(ctx)
	{
		fz_drop_stext_page(ctx, text);
		fz_drop_pixmap(ctx, pix);
		fz_drop_page(ctx, page);
		pdf_drop_document(ctx, doc);
		fz_drop_stream(ctx, stm);
	}
	fz_catch(ctx) fz_rethrow(ctx);
}

static int
pdf_warm(const struct sluse_reader_host *host)
{
	int rc = 0;

	(void)host;
	if (context_init() != 0 || cms_warm() != 0)
		return -1;
	fz_var(rc);
	fz_try(reader_ctx)
	{
		warm_run(reader_ctx);
		/* Kept: while there is a font, FreeType is not set up anew. */
		(void)fz_new_base14_font(reader_ctx, "Helvetica");
	}
	fz_catch(reader_ctx) rc = -1;
	return rc;
}

/* -- open
 * ------------------------------------------------------------------------ */

/* A PDF ends in %%EOF, perhaps with filling after it. */
static bool
end_is_there(const struct sluse_reader_host *host, struct sluse_source *s)
{
	char buf[TAIL_BYTES];
	uint64_t end = host->length(s), from;
	int64_t n, i;

	for (;;) {
		from = end > sizeof(buf) ? end - sizeof(buf) : 0;
		n = host->read_at(s, buf, (size_t)(end - from), from);
		if (n <= 0)
			return false;
		for (i = n;
		     i > 0 && (buf[i - 1] == '\0' || buf[i - 1] == ' ' ||
				  buf[i - 1] == '\n' || buf[i - 1] == '\r');)
			i--;
		if (i > 0 || from == 0)
			break;
		end = from;
	}
	return memmem(buf, (size_t)n, "%%EOF", 5) != NULL;
}

static bool
has_header(const struct sluse_reader_host *host, struct sluse_source *s)
{
	char buf[TAIL_BYTES + 8];
	int64_t n = host->read_at(s, buf, sizeof(buf), 0);

	return n > 0 && memmem(buf, (size_t)n, "%PDF-", 5) != NULL;
}

static int
open_failed(fz_context *ctx, const struct sluse_reader_host *host,
    struct sluse_source *s)
{
	int rc = caught_rc(ctx);

	if (rc != SLUSE_READ_DAMAGED)
		return rc;
	/* a security handler that MuPDF has never heard of */
	if (strstr(fz_caught_message(ctx), "crypt"))
		return SLUSE_READ_ENCRYPTED;
	if (!has_header(host, s))
		return SLUSE_READ_UNSUPPORTED;
	return end_is_there(host, s) ? rc : SLUSE_READ_INCOMPLETE;
}

/* Tries the tenant's passwords. Throws. */
static bool
unlock(fz_context *ctx, struct sluse_doc *d)
{
	const struct sluse_reader_host *h = d->host;
	const char *password;
	uint32_t i;

	if (h->size < offsetof(struct sluse_reader_host, password) +
			  sizeof(h->password) ||
	    h->password == NULL)
		return false;
	for (i = 0; (password = h->password(d->source, i)) != NULL; i++)
		if (pdf_authenticate_password(ctx, d->pdf, password))
			return true;
	return false;
}

/* The document in a state to read pages from, or why not. Throws. */
static int
open_check(fz_context *ctx, struct sluse_doc *d)
{
	int pages;

	if (pdf_needs_password(ctx, d->pdf) && !unlock(ctx, d))
		return SLUSE_READ_ENCRYPTED;
	pages = pdf_count_pages(ctx, d->pdf);
	if (d->pdf->repair_attempted && !end_is_there(d->host, d->source))
		return SLUSE_READ_INCOMPLETE;
	fz_try(ctx) d->shell = facts_is_shell(ctx, d);
	fz_catch(ctx) d->shell = false;
	return pages < 1 ? SLUSE_READ_DAMAGED : SLUSE_READ_OK;
}

static void
pdf_close(struct sluse_doc *d)
{
	if (!d)
		return;
	pdf_drop_document(reader_ctx, d->pdf);
	fz_free(reader_ctx, d);
	fz_empty_store(reader_ctx);
}

static int
pdf_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	fz_context *ctx;
	struct sluse_doc *d = NULL;
	fz_stream *stm = NULL;
	int rc = SLUSE_READ_DAMAGED;

	if (context_init() != 0)
		return SLUSE_READ_LIMIT;
	ctx = reader_ctx;
	fz_var(d);
	fz_var(stm);
	fz_var(rc);
	fz_try(ctx)
	{
		d = fz_malloc_struct(ctx, struct sluse_doc);
		d->host = host;
		d->source = s;
		stm = source_stream(ctx, host, s);
		d->pdf = pdf_open_document_with_stream(ctx, stm);
		rc = open_check(ctx, d);
	}
	fz_always(ctx) fz_drop_stream(ctx, stm);
	fz_catch(ctx) rc = open_failed(ctx, host, s);
	if (rc == SLUSE_READ_OK)
		*ret = d;
	else
		pdf_close(d);
	return rc;
}

static int
pdf_page_count(struct sluse_doc *d, uint32_t *ret)
{
	int n = 0, rc = SLUSE_READ_OK;

	/* its page is not the document: nobody should take it for that */
	if (d->shell)
		return SLUSE_READ_UNSUPPORTED;
	fz_var(n);
	fz_var(rc);
	fz_try(reader_ctx) n = pdf_count_pages(reader_ctx, d->pdf);
	fz_catch(reader_ctx) rc = caught_rc(reader_ctx);
	if (rc != SLUSE_READ_OK)
		return rc;
	if (n < 1)
		return SLUSE_READ_DAMAGED;
	if ((uint32_t)n > d->host->limits->pages_max)
		return SLUSE_READ_LIMIT;
	*ret = (uint32_t)n;
	return SLUSE_READ_OK;
}

/* -- text, image or nothing
 * ---------------------------------------------------------- */

enum verdict {
	PAGE_BLANK,
	PAGE_TEXT,
	PAGE_PICTURES, /* text, and pictures that may say more */
	PAGE_LAYER, /* a scan whose hidden text is good */
	PAGE_IMAGE,
	PAGE_BROKEN,
};

struct view {
	struct probe p;
	struct quality q; /* of the visible text */
	bool rubble; /* it says nothing */
	int trust; /* of the hidden text, 0..1000 */
	bool rest; /* the scan shows more than that */
};

/* Fewer letters than this beside a picture are its stamp or header. */
enum { STAMP_GLYPHS = 150 };
/* Letters without meaning, in words; a few are bullets. */
enum { MUTE_GLYPHS = 4 };
/* Pictures on less of the page are logos. */
#define PICTURE_SHARE 0.05
/* One on so much of it, with hardly any text, is a scan. */
#define SCAN_SHARE 0.4

static bool
is_scan(const struct probe *p)
{
	return p->images && p->coverage >= SCAN_SHARE &&
	       p->glyphs < STAMP_GLYPHS;
}

/* Many of the page's glyphs tell nobody what they are. */
static bool
mostly_mute(const struct probe *p)
{
	return p->glyphs_bad * 10 > p->glyphs * 3;
}

/* What the text leaves out: pictures, words of glyphs without meaning, letters
 * that were drawn as curves under a live page number. */
static bool
says_more(const struct view *v)
{
	const struct probe *p = &v->p;

	return p->coverage >= PICTURE_SHARE || v->q.bad >= MUTE_GLYPHS ||
	       mostly_mute(p) || (p->glyphs < 20 && p->marks > 300);
}

/* Is the host of minor 2? */
static bool
can_beside(const struct sluse_reader_host *host)
{
	return host->size > offsetof(struct sluse_reader_host, recognised);
}

static enum verdict
judge(const struct view *v, const struct sluse_reader_host *host)
{
	const struct probe *p = &v->p;

	if (v->trust > 0)
		return PAGE_LAYER;
	if (p->glyphs == 0) {
		if (p->images || p->marks)
			return PAGE_IMAGE;
		return p->failed ? PAGE_BROKEN : PAGE_BLANK;
	}
	if (v->rubble)
		return PAGE_IMAGE;
	if (!says_more(v))
		return PAGE_TEXT;
	return can_beside(host) ? PAGE_PICTURES
	       : is_scan(p)	? PAGE_IMAGE
				: PAGE_TEXT;
}

/* What cannot be compared is not trusted. */
static int
trust_layer(
    fz_context *ctx, fz_page *page, const struct probe *p, bool *ret_rest)
{
	int trust = 0;

	fz_var(trust);
	fz_try(ctx) trust = layer_trust(ctx, page, p, ret_rest);
	fz_catch(ctx) trust = 0;
	return trust;
}

static void
look(fz_context *ctx, struct sluse_doc *d, fz_page *page, struct view *v)
{
	struct probe *p = &v->p;

	probe_run(ctx, d->host->limits, page, p);
	if (p->glyphs > 0) {
		quality_text(&v->q, p->text);
		v->rubble = quality_is_rubble(&v->q) ||
			    (mostly_mute(p) &&
				(v->q.plain - v->q.broken) * 2 < v->q.words);
	}
	if (p->hidden && (p->glyphs == 0 || is_scan(p)) && p->images &&
	    p->coverage >= SCAN_SHARE && !v->rubble)
		v->trust = trust_layer(ctx, page, p, &v->rest);
}

/* Hidden text that is no layer of a scan: who looks at the page sees none. */
static bool
hides_text(const struct probe *p, enum verdict v)
{
	if (v == PAGE_BLANK)
		return p->glyphs_hidden > 0;
	return p->hidden && p->glyphs_hidden > 20 &&
	       (v == PAGE_TEXT || v == PAGE_PICTURES);
}

static void
note_page(const struct sluse_reader_host *host, struct sluse_sink *k,
    const struct view *v, enum verdict verdict)
{
	const struct probe *p = &v->p;

	if (verdict == PAGE_PICTURES)
		host->note(k, "image_beside_text", NULL);
	if (verdict == PAGE_LAYER)
		host->note(k, "ocr_layer_kept", NULL);
	if (verdict != PAGE_LAYER && p->hidden && is_scan(p))
		host->note(k, "ocr_layer_dropped", NULL);
	else if (hides_text(p, verdict))
		host->note(k, "hidden_text", NULL);
	if (verdict == PAGE_IMAGE && v->rubble)
		host->note(k, "text_unreadable", NULL);
	if (p->failed && verdict != PAGE_BROKEN)
		host->note(k, "page_damaged", NULL);
}

/* -- a page
 * ------------------------------------------------------------------------ */

/* Its picture beside text that was given: the text stays, whatever comes. */
static int
give_beside(fz_context *ctx, struct sluse_doc *d, fz_page *page,
    const struct probe *p, enum give what, struct sluse_sink *k)
{
	int rc = SLUSE_READ_DAMAGED;

	fz_var(rc);
	fz_try(ctx) rc = raster_page(ctx, d, page, p, what, k);
	fz_catch(ctx) rc = caught_rc(ctx);
	if (rc != SLUSE_READ_OK)
		d->host->note(k, "image_not_read", NULL);
	return SLUSE_READ_OK;
}

/* A spoilt annotation costs the annotations. */
static bool
give_annots(fz_context *ctx, struct sluse_doc *d, fz_page *page,
    const struct probe *p, bool any, struct sluse_sink *k)
{
	bool now = any;

	fz_var(now);
	fz_try(ctx) now = emit_annots(ctx, d, page, p, any, k);
	fz_catch(ctx)
	{
		d->host->note(k, "annotations_cut", NULL);
	}
	return now;
}

static int
give_text(fz_context *ctx, struct sluse_doc *d, fz_page *page,
    const struct view *v, enum verdict verdict, struct sluse_sink *k)
{
	const struct probe *p = &v->p;
	bool any, more;

	if (verdict == PAGE_LAYER && can_beside(d->host))
		d->host->recognised(k, v->trust);
	any = p->glyphs > 0 && emit_text(d->host, k, p, p->text);
	if (verdict == PAGE_LAYER) {
		if (any)
			d->host->text(k, "\n", 1);
		any |= emit_text(d->host, k, p, p->hidden);
	}
	more = give_annots(ctx, d, page, p, any, k);
	if (verdict == PAGE_PICTURES)
		return give_beside(ctx, d, page, p, GIVE_PICTURES, k);
	if (verdict == PAGE_LAYER && v->rest && can_beside(d->host))
		return give_beside(ctx, d, page, p, GIVE_REST, k);
	if (!any && !more)
		d->host->blank(k);
	return SLUSE_READ_OK;
}

static int
page_run(fz_context *ctx, struct sluse_doc *d, fz_page *page, struct view *v,
    struct sluse_sink *k)
{
	struct probe *p = &v->p;
	enum verdict verdict;
	double w, h;

	p->page = fz_bound_page(ctx, page);
	w = (double)p->page.x1 - p->page.x0;
	h = (double)p->page.y1 - p->page.y0;
	if (!isfinite(w) || !isfinite(h) || !(w > 0) || !(h > 0))
		return SLUSE_READ_DAMAGED;
	d->host->page_size(k, w, h);
	look(ctx, d, page, v);
	verdict = judge(v, d->host);
	note_page(d->host, k, v, verdict);
	switch (verdict) {
	case PAGE_BLANK:
	case PAGE_TEXT:
	case PAGE_PICTURES:
	case PAGE_LAYER:
		return give_text(ctx, d, page, v, verdict, k);
	case PAGE_IMAGE:
		if (give_annots(ctx, d, page, p, false, k))
			return give_beside(ctx, d, page, p, GIVE_BESIDE, k);
		return raster_page(ctx, d, page, p, GIVE_PAGE, k);
	case PAGE_BROKEN:
		break;
	}
	return SLUSE_READ_DAMAGED;
}

static bool
is_box(fz_context *ctx, pdf_obj *o)
{
	return pdf_array_len(ctx, o) == 4 &&
	       !fz_is_empty_rect(pdf_to_rect(ctx, o));
}

/* A page whose boxes make no sense, or have nothing in common, is shown by all
 * programs in some size; by none as nothing. Only our copy is changed. */
static void
mend_boxes(fz_context *ctx, pdf_obj *page)
{
	pdf_obj *media =
	    pdf_dict_get_inheritable(ctx, page, PDF_NAME(MediaBox));
	pdf_obj *crop = pdf_dict_get_inheritable(ctx, page, PDF_NAME(CropBox));
	fz_rect m = is_box(ctx, media) ? pdf_to_rect(ctx, media)
				       : fz_make_rect(0, 0, 595, 842);

	if (!is_box(ctx, media))
		pdf_dict_put_rect(ctx, page, PDF_NAME(MediaBox), m);
	if (crop && (!is_box(ctx, crop) || fz_is_empty_rect(fz_intersect_rect(
					       m, pdf_to_rect(ctx, crop)))))
		pdf_dict_put_rect(ctx, page, PDF_NAME(CropBox), m);
}

/* The page; without what people put on it, if it cannot be had with that.
 * Throws. */
static fz_page *
load_page(fz_context *ctx, struct sluse_doc *d, int i, struct sluse_sink *k)
{
	pdf_obj *obj = pdf_lookup_page_obj(ctx, d->pdf, i);
	fz_page *page = NULL;

	mend_boxes(ctx, obj);
	fz_var(page);
	fz_try(ctx)
	{
		annots_prepare(ctx, obj);
		page = fz_load_page(ctx, &d->pdf->super, i);
	}
	fz_catch(ctx)
	{
		if (fz_caught(ctx) == FZ_ERROR_MEMORY ||
		    !pdf_dict_get(ctx, obj, PDF_NAME(Annots)))
			fz_rethrow(ctx);
	}
	if (page)
		return page;
	d->host->note(k, "annotations_cut", NULL);
	pdf_dict_del(ctx, obj, PDF_NAME(Annots));
	return fz_load_page(ctx, &d->pdf->super, i);
}

static int
pdf_page_read(struct sluse_doc *d, uint32_t i, struct sluse_sink *k)
{
	fz_context *ctx = reader_ctx;
	struct view v = {0};
	fz_page *page = NULL;
	int rc = SLUSE_READ_DAMAGED;

	if (i > INT32_MAX)
		return SLUSE_READ_DAMAGED;
	fz_var(page);
	fz_var(rc);
	fz_var(v);
	fz_try(ctx)
	{
		page = load_page(ctx, d, (int)i, k);
		rc = page_run(ctx, d, page, &v, k);
	}
	fz_always(ctx)
	{
		probe_free(ctx, &v.p);
		fz_drop_page(ctx, page);
	}
	fz_catch(ctx) rc = caught_rc(ctx);
	return rc;
}

static int
pdf_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	return parts_run(reader_ctx, d, k);
}

static const char *const pdf_mimes[] = {
    "application/pdf", "application/x-pdf", NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "pdf",
    .version = "2 mupdf " FZ_VERSION,
    .mimes = pdf_mimes,
    .warm = pdf_warm,
    .open = pdf_open,
    .page_count = pdf_page_count,
    .page = pdf_page_read,
    .parts = pdf_parts,
    .close = pdf_close,
};
