/*
 * A host for one reader plugin, as small as can be: the input is a buffer, all
 * that the reader answers is kept for the test to look at.
 */
#ifndef SLUSE_READER_HARNESS_H
#define SLUSE_READER_HARNESS_H

#include "../../plugins/reader.h"

#include <stdbool.h>

struct rh_bytes {
	char *p; /* NUL after the end */
	size_t n, cap;
};

struct rh_word {
	size_t at, n; /* in text */
	double x0, y0, x1, y1;
};

struct rh_part {
	char name[300], mime[100];
	int role;
	struct rh_bytes bytes;
};

enum { RH_WORDS = 20000, RH_PARTS = 64, RH_NOTES = 64 };

/* Also the `struct sluse_source` and `struct sluse_sink` of the reader. */
struct rh {
	const struct sluse_reader *reader;
	struct sluse_reader_host host;
	struct sluse_limits limits;
	struct sluse_doc *doc;
	const uint8_t *in; /* the caller's */
	size_t in_length;
	const char *name, *mime;
	long reads, reads_fail_after; /* 0 = never */
	int refuse_image, refuse_part;
	const char *passwords[4]; /* the tenant's list, up to NULL */

	/* of the last page */
	double width, height;
	struct rh_bytes text; /* words and what stands between them */
	struct rh_word word[RH_WORDS];
	size_t words;
	int images, blanks;
	int besides; /* images of them given beside text */
	int recognised; /* how sure, -1 = not said */
	struct sluse_image image;
	struct rh_bytes image_bytes;

	/* of the document, since rh_open */
	struct rh_part part[RH_PARTS];
	int parts;
	char note[RH_NOTES][64];
	char detail[RH_NOTES][128];
	int notes;
	char title[400];
};

/* Loads and warms the plugin; exits with a message if that fails. */
void rh_load(struct rh *h, const char *path);
/* Opens in (borrowed until rh_close). */
int rh_open(struct rh *h, const void *in, size_t n, const char *mime);
int rh_count(struct rh *h, uint32_t *ret);
int rh_page(struct rh *h, uint32_t i);
int rh_parts(struct rh *h);
void rh_close(struct rh *h);

bool rh_noted(const struct rh *h, const char *slug);
/* The detail of the first note of that slug, or NULL. */
const char *rh_detail(const struct rh *h, const char *slug);
void rh_append(struct rh_bytes *b, const void *p, size_t n);
/* Pixel of a raw image, turned upright: 0 black .. 255 white. */
int rh_pixel(const struct rh *h, uint32_t x, uint32_t y);
/* Runs f(arg) in a child with address space and CPU limited; its exit status,
 * or 128 + the signal that ended it. */
int rh_guarded(int (*f)(void *), void *arg, size_t bytes, unsigned cpu_s);
/* Each byte of the image s turned over, its first pages asked for: any answer,
 * but no crash, no hang, no more than a gigabyte. As rh_guarded. */
int rh_flipped(struct rh *h, struct rh_bytes *s, unsigned cpu_s);

#endif
