/*
 * A writer of small PDFs: pdf_begin, then objects in any order, then pdf_end.
 * Object 1 is the catalog, 2 the page tree, 3 a font (/F); page i is 10 + 2 i,
 * its content the number behind. Pages know the font /G of object 7 and the
 * image /I of object 4, if the caller makes them.
 */
#ifndef SLUSE_MAKE_PDF_H
#define SLUSE_MAKE_PDF_H

#include "reader_harness.h"

#define A4 "/MediaBox[0 0 595 842]"

struct pdf_made {
	struct rh_bytes out;
	size_t at[64];
	int n;
};

extern struct pdf_made pdf_made;

__attribute__((format(printf, 1, 2))) void pdf_put(const char *fmt, ...);
void pdf_obj(int n);
void pdf_stream(int n, const char *dict, const void *p, size_t length);
void pdf_begin(int pages, const char *catalog);
void pdf_page(int i, const char *dict, const char *content);
void pdf_end(const char *trailer);

#endif
