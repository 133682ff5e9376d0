/*
 * The pdf reader, loaded as sluse-work loads it, with small limits: what it
 * hands over is text, images within the limits that hold what they say, parts
 * that are ended.
 */
#include "fuzz.h"

#include "../unit/mail_host.h"

#include <math.h>

enum { PAGES = 3, PARTS = 16 };

static const struct sluse_limits limits = {.size = sizeof(limits),
    .pages_max = 50,
    .side_max = 2000,
    .pixels_max = 1000000,
    .bytes_max = 1 << 20};

static unsigned images;

static int
take_image(struct sluse_sink *k, const struct sluse_image *im)
{
	const uint8_t *p = im->bytes;
	size_t i, sum = 0;

	(void)k;
	images++;
	FUZZ_CHECK(im->width > 0 && im->width <= limits.side_max);
	FUZZ_CHECK(im->height > 0 && im->height <= limits.side_max);
	FUZZ_CHECK((uint64_t)im->width * im->height <= limits.pixels_max);
	FUZZ_CHECK(im->rotate % 90 == 0 && im->rotate < 360);
	if (im->format == SLUSE_IMAGE_GRAY8)
		FUZZ_CHECK(im->stride >= im->width);
	if (im->format == SLUSE_IMAGE_BIT1)
		FUZZ_CHECK(im->stride >= (im->width + 7) / 8);
	if (im->format >= SLUSE_IMAGE_GRAY8)
		FUZZ_CHECK(im->length >= im->stride * im->height);
	for (i = 0; i < im->length; i += 97)
		sum += p[i];
	return sum == SIZE_MAX;
}

static void
take_recognised(struct sluse_sink *k, int confidence)
{
	(void)k;
	FUZZ_CHECK(confidence > 0 && confidence <= 1000);
}

static void
take_word(struct sluse_sink *k, const char *p, size_t n, double a, double b,
    double c, double d)
{
	FUZZ_CHECK(n > 0 && sl_utf8_valid(p, n));
	mock_word(k, p, n, a, b, c, d);
}

static void
take_size(struct sluse_sink *k, double w, double h)
{
	(void)k;
	FUZZ_CHECK(isfinite(w) && isfinite(h) && w > 0 && h > 0);
}

static const char *
give_password(struct sluse_source *s, uint32_t i)
{
	static const char *const list[] = {"", "sluse", NULL};

	(void)s;
	return list[i < 2 ? i : 2];
}

static struct sluse_reader_host
make_host(void)
{
	struct sluse_reader_host h = mock_host;

	h.limits = &limits;
	h.image = take_image;
	h.image_beside = take_image;
	h.recognised = take_recognised;
	h.word = take_word;
	h.page_size = take_size;
	h.password = give_password;
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct sluse_reader_host host;
	static const struct sluse_reader *r;
	struct sluse_source s = {(const char *)p, n, "a", "application/pdf"};
	struct sluse_sink *k = calloc(1, sizeof(*k));
	struct sluse_doc *d = NULL;
	uint32_t pages = 0, i;

	if (r == NULL) {
		host = make_host();
		r = mock_load("pdf");
		FUZZ_CHECK(r != NULL && r->warm(&host) == 0);
	}
	k->max = PARTS;
	if (r->open(&host, &s, &d) == SLUSE_READ_OK) {
		if (r->page_count(d, &pages) != SLUSE_READ_OK)
			pages = 0;
		FUZZ_CHECK(pages <= limits.pages_max);
		if (r->parts(d, k) == SLUSE_READ_OK)
			for (i = 0; i < k->count; i++)
				FUZZ_CHECK(k->parts[i].ended == 1);
		for (i = 0; i < pages && i < PAGES; i++) {
			images = 0;
			(void)r->page(d, i, k);
			FUZZ_CHECK(images <= 1);
		}
		r->close(d);
	}
	for (i = 0; i < k->count; i++)
		free(k->parts[i].bytes);
	free(k->parts);
	free(k);
	return 0;
}
