#include "make_pdf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct pdf_made pdf_made;

void
pdf_put(const char *fmt, ...)
{
	char buf[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	rh_append(&pdf_made.out, buf, (size_t)n);
}

void
pdf_obj(int n)
{
	pdf_made.at[n] = pdf_made.out.n;
	if (n >= pdf_made.n)
		pdf_made.n = n + 1;
	pdf_put("%d 0 obj\n", n);
}

void
pdf_stream(int n, const char *dict, const void *p, size_t length)
{
	pdf_obj(n);
	pdf_put("<</Length %zu %s>>\nstream\n", length, dict);
	rh_append(&pdf_made.out, p, length);
	pdf_put("\nendstream\nendobj\n");
}

/* Catalog, page tree of `pages` pages (objects 10, 12 ..), one font (3). */
void
pdf_begin(int pages, const char *catalog)
{
	pdf_made.out.n = 0;
	pdf_made.n = 0;
	memset(pdf_made.at, 0, sizeof(pdf_made.at));
	pdf_put("%%PDF-1.7\n");
	pdf_obj(1);
	pdf_put("<</Type/Catalog/Pages 2 0 R %s>>\nendobj\n", catalog);
	pdf_obj(2);
	pdf_put("<</Type/Pages/Count %d/Kids[", pages);
	for (int i = 0; i < pages; i++)
		pdf_put("%d 0 R ", 10 + 2 * i);
	pdf_put("]>>\nendobj\n");
	pdf_obj(3);
	pdf_put("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding"
		"/WinAnsiEncoding>>\nendobj\n");
}

void
pdf_page(int i, const char *dict, const char *content)
{
	pdf_obj(10 + 2 * i);
	pdf_put(
	    "<</Type/Page/Parent 2 0 R/Contents %d 0 R/Resources<</Font<</F 3 "
	    "0 R/G 7 0 R>>/XObject<</I 4 0 R>>>> %s>>\nendobj\n",
	    11 + 2 * i, dict);
	pdf_stream(11 + 2 * i, "", content, strlen(content));
}

void
pdf_end(const char *trailer)
{
	size_t xref = pdf_made.out.n;

	pdf_put("xref\n0 %d\n0000000000 65535 f \n", pdf_made.n);
	for (int i = 1; i < pdf_made.n; i++)
		pdf_put("%010zu 00000 %c \n", pdf_made.at[i],
		    pdf_made.at[i] ? 'n' : 'f');
	pdf_put(
	    "trailer\n<</Size %d/Root 1 0 R %s>>\nstartxref\n%zu\n%%%%EOF\n",
	    pdf_made.n, trailer, xref);
}
