/*
 * What the files of the pdf reader share. MuPDF's exceptions never leave the
 * entry points in pdf.c; functions marked "throws" need a fz_try around them.
 */
#ifndef SLUSE_READERS_PDF_H
#define SLUSE_READERS_PDF_H

#include <stdbool.h>

/* MuPDF's headers are not ours to warn about. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wcast-qual"
#include <mupdf/fitz.h>
#include <mupdf/pdf.h>
#pragma GCC diagnostic pop

#include "../../reader.h"

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *source;
	pdf_document *pdf;
	/* image() or image_beside() of the host, as the page in work needs */
	int (*give)(struct sluse_sink *k, const struct sluse_image *im);
	bool shell; /* an XFA form: its page only asks to wait */
};

enum { PROBE_GRID = 64 }; /* coverage is counted in cells of the page */

/* What a page shows, gathered in one run over it. */
struct probe {
	fz_rect page;
	size_t glyphs; /* visible, not spaces */
	size_t glyphs_bad; /* of those: no meaning known */
	size_t glyphs_hidden;
	size_t marks; /* paths and shades that are not white */
	size_t images; /* drawn, stencils included */
	size_t images_gray; /* of those: more than two tones */
	size_t shown; /* all drawing operations but hidden text */
	double coverage; /* of the page by images, 0..1 */
	double dpi; /* highest of the large images, 0 = none */
	bool image_huge; /* one is beyond pixels_max */
	bool plain; /* one image, nothing on top, nothing soft */
	bool failed; /* parts of the page could not be run */
	fz_image *image; /* kept; of `plain` */
	fz_matrix image_ctm;
	fz_stext_page *text; /* kept */
	fz_stext_page *hidden; /* kept; what is not seen, NULL = none */
};

/* Runs the page once. Throws; p is to be freed in any case. */
void probe_run(fz_context *ctx, const struct sluse_limits *lim, fz_page *page,
    struct probe *p);
void probe_free(fz_context *ctx, struct probe *p);

/* -- how good text is (quality.c) ----------------------------------------- */

struct quality {
	unsigned words;
	unsigned plain; /* of those: with two letters or more */
	unsigned odd; /* that have no word's shape */
	unsigned bad; /* runes of words that have no meaning at all */
	unsigned broken; /* with some of those between letters */
	unsigned mojibake; /* pairs */
	unsigned ands; /* the words og, ikke, til, som */
	unsigned nordic; /* the letters æ ø å, ä ö */
	uint64_t bits; /* of letters: see bigrams.h */
	uint64_t letters;
};

/* Both are asked for every letter of a page: the common ones first. */
static inline bool
rune_is_space(int c)
{
	if (c > ' ' && c < 0x7f)
		return false;
	return c == ' ' || c == 0xa0 || c == 0x3000 || c < 0x20 ||
	       (c >= 0x2000 && c <= 0x200b) || (c >= 0x7f && c < 0xa0) ||
	       c == 0x2028 || c == 0x2029;
}
/* No one can read these: fonts whose glyphs have lost their meaning. */
static inline bool
rune_is_bad(int c)
{
	if (c >= ' ' && c < 0x7f)
		return false;
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffd ||
	       (c >= 0xe000 && c <= 0xf8ff) || c >= 0xf0000;
}
/* Adds one word of n runes without spaces, or all of a page. */
void quality_word(struct quality *q, const int *w, size_t n);
void quality_text(struct quality *q, const fz_stext_page *text);
/* True if it is Norwegian from which æ, ø and å are gone. */
bool quality_lost_letters(const struct quality *q);
/* True if it is surely no text of a language in Latin letters, or one that was
 * spoilt: what is drawn should be looked at instead. */
bool quality_is_rubble(const struct quality *q);

/* -- the text layer of a scan (layer.c) ------------------------------------ */

/* Of a page that is a scan: how sure (0..1000) its hidden text says what the
 * scan shows, 0 = do not trust it; *ret_rest = the scan shows more than that, a
 * stamp perhaps. Throws. */
int layer_trust(
    fz_context *ctx, fz_page *page, const struct probe *p, bool *ret_rest);

/* Where a line of hidden text lies, and some room around: OCR programs use
 * letters that have one width, so that words end before the scan's. */
fz_rect line_box(const fz_stext_line *l);

/* -- handing out (text.c, raster.c) ---------------------------------------- */

/* Hands the words and line ends of text over. True if there were any. */
bool emit_text(const struct sluse_reader_host *host, struct sluse_sink *k,
    const struct probe *p, const fz_stext_page *text);

enum give {
	GIVE_PAGE, /* its image is all there is to read */
	GIVE_BESIDE, /* the same, of a page that has been given text */
	GIVE_PICTURES, /* what is not text that was given */
	GIVE_REST, /* a scan without what its hidden text says */
};

/* Hands the page out as an image: the scan itself where the page is one, else
 * a rendering. SLUSE_READ_OK or _LIMIT. Throws. */
int raster_page(fz_context *ctx, struct sluse_doc *d, fz_page *page,
    const struct probe *p, enum give what, struct sluse_sink *k);
/* The page in grey at a low resolution, the caller's. Throws. */
fz_pixmap *raster_small(
    fz_context *ctx, fz_page *page, const struct probe *p, double dpi);

/* -- what lies on the page beside its content (annots.c) ------------------- */

/* Before the page is loaded: hides, in our copy, what MuPDF would draw of its
 * own for annotations that have no look. Throws. */
void annots_prepare(fz_context *ctx, pdf_obj *page);
/* What annotations say that the page's text does not, and name and value of its
 * form fields, as words behind the text (any = there is some). True if there is
 * text now. Throws. */
bool emit_annots(fz_context *ctx, struct sluse_doc *d, fz_page *page,
    const struct probe *p, bool any, struct sluse_sink *k);

/* -- the whole document (facts.c, parts.c) --------------------------------- */

/* Of all pages. */
struct pages {
	struct page_size {
		char name[24];
		unsigned count;
	} size[6];
	unsigned sizes, others; /* kinds, and pages of further kinds */
	unsigned turned, cropped, scaled;
	unsigned annots;
	unsigned uris, remote, launch, forms; /* actions */
	bool script;
};

/* Adds what the page's own entries tell. Throws. */
void facts_page(fz_context *ctx, struct pages *all, pdf_obj *page);
/* The title and remarks, all of them. Never fails. */
void facts_run(fz_context *ctx, struct sluse_doc *d, const struct pages *all,
    struct sluse_sink *k);
/* True if its one page only tells to open the form in another program.
 * Throws. */
bool facts_is_shell(fz_context *ctx, struct sluse_doc *d);
/* Tells of every digital signature; false: there is none. Throws. */
bool signatures_run(fz_context *ctx, struct sluse_doc *d, struct sluse_sink *k);

/* Embedded files, facts and remarks. Never throws. */
int parts_run(fz_context *ctx, struct sluse_doc *d, struct sluse_sink *k);

#endif
