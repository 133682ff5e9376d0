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
};

/* Runs the page once. Throws; p is to be freed in any case. */
void probe_run(fz_context *ctx, const struct sluse_limits *lim, fz_page *page,
    struct probe *p);
void probe_free(fz_context *ctx, struct probe *p);

/* Hands the page out as an image: the scan itself where the page is one, else
 * a rendering. SLUSE_READ_OK or _LIMIT. Throws. */
int raster_page(fz_context *ctx, struct sluse_doc *d, fz_page *page,
    const struct probe *p, struct sluse_sink *k);

/* Tells of every digital signature; false: there is none. Throws. */
bool signatures_run(fz_context *ctx, struct sluse_doc *d, struct sluse_sink *k);

/* Facts, remarks and embedded files. Throws. */
int parts_run(fz_context *ctx, struct sluse_doc *d, struct sluse_sink *k);

#endif
