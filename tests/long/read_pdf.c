/*
 * read_pdf FILE [PASSWORD]: what the pdf reader makes of each page, for pdf.py.
 * A line "page N RC VERDICT CPU-MS NOTES", then the page's lines that are not
 * empty, then one that is; first of all "open RC" and "parts N NOTES".
 */
#include "../unit/reader_harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct rh h;

static double
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static const char *
verdict(void)
{
	if (h.besides)
		return h.words > 0 ? "both" : "image";
	if (h.images)
		return "image";
	if (h.blanks)
		return "blank";
	return h.recognised >= 0 ? "layer" : "text";
}

static void
notes(void)
{
	for (int i = 0; i < h.notes; i++)
		printf(" %s", h.note[i]);
	printf("\n");
	h.notes = 0;
}

static void
read_page(uint32_t i)
{
	double t = cpu_ms();
	int rc = rh_page(&h, i);

	printf("page %u %d %s %.1f", i + 1, rc, verdict(), cpu_ms() - t);
	notes();
	for (size_t k = 0; k < h.text.n; k++)
		if (h.text.p[k] != '\n' || (k > 0 && h.text.p[k - 1] != '\n'))
			putchar(h.text.p[k]);
	printf("\n");
}

static char *
slurp(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "rb");
	char *p;
	long n;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0)
		return NULL;
	rewind(f);
	p = malloc((size_t)n + 1);
	*ret_n = fread(p, 1, (size_t)n, f);
	fclose(f);
	return p;
}

int
main(int argc, char **argv)
{
	uint32_t n = 0, i;
	size_t size = 0;
	char *p = argc > 1 ? slurp(argv[1], &size) : NULL;
	int rc;

	if (!p)
		return 2;
	rh_load(&h, READERS "pdf.so");
	h.passwords[0] = argc > 2 ? argv[2] : NULL;
	rc = rh_open(&h, p, size, "application/pdf");
	printf("open %d\n", rc);
	if (rc != SLUSE_READ_OK)
		return 0;
	if (rh_count(&h, &n) != SLUSE_READ_OK)
		n = 0;
	(void)rh_parts(&h);
	printf("parts %d", h.parts);
	notes();
	for (i = 0; i < n && i < 40; i++)
		read_page(i);
	rh_close(&h);
	free(p);
	return 0;
}
