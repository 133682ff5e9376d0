/*
 * What the files of the image reader share.
 */
#ifndef SLUSE_READERS_IMAGE_H
#define SLUSE_READERS_IMAGE_H

#include "../../reader.h"
#include "../lib/readfull.h"

#include <stdbool.h>

enum image_kind {
	KIND_JPEG,
	KIND_PNG,
	KIND_TIFF,
	KIND_GIF,
	KIND_BMP,
	KIND_WEBP,
	KIND_JP2,
	KIND_HEIF,
};

/* What a head says of one picture. */
struct head {
	uint32_t width, height;
	uint32_t dpi; /* 0 = unknown */
	int orientation; /* of Exif and TIFF, 1..8 */
	bool decode; /* not to be handed on as it stands */
	uint32_t frames; /* of a moving picture; only the first is shown */
	size_t at, n; /* WebP, JPEG 2000: where the picture lies */
	uint32_t clear; /* GIF: 1 + the colour that is none */
};

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *source;
	enum image_kind kind;
	uint8_t *bytes; /* the whole file, but for TIFF; owned */
	size_t length;
	struct head head; /* but for TIFF and HEIF */
	uint64_t *ifd; /* TIFF: where each page's directory lies; owned */
	struct heif *heif; /* HEIF: its pictures; owned */
	uint32_t pages;
};

/* How a colour looks on white paper, in gray; all are 0 to 255. */
static inline uint8_t
on_paper(int r, int g, int b, int alpha)
{
	int luma = (r * 77 + g * 151 + b * 28) >> 8;

	return (uint8_t)(255 - (255 - luma) * alpha / 255);
}

/* heads.c: all set *ret and return SLUSE_READ_OK, or say what is wrong; no
 * pixel is decoded. *ret comes zeroed, with orientation 1. */
int head_jpeg(const uint8_t *b, size_t n, struct head *ret);
int head_png(const uint8_t *b, size_t n, struct head *ret);
int head_gif(const uint8_t *b, size_t n, uint64_t pixels_max, struct head *ret);
/* bmp.c */
int head_bmp(const uint8_t *b, size_t n, uint64_t pixels_max, struct head *ret);
int head_jp2(const uint8_t *b, size_t n, struct head *ret); /* jp2.c */
int head_webp(const uint8_t *b, size_t n, struct head *ret);
/* What Exif (from its TIFF header on) says of turning and resolution. */
void exif_apply(const uint8_t *b, size_t n, struct head *h);
/* A resolution that can be true for a sheet of w x h, else 0. */
uint32_t dpi_sensible(double dpi, double w, double h);

/* tiff.c: finds the pages; then one page. */
int tiff_open(struct sluse_doc *d);
int tiff_page(struct sluse_doc *d, uint32_t i, struct sluse_sink *k);

/* decode.c: all others that are not handed on as they stand, to gray. */
int decode_warm(void);
int decode_page(struct sluse_doc *d, struct sluse_sink *k);
/* Left to right becomes right to left, one byte a pixel. */
void image_mirror(uint8_t *px, size_t w, size_t h);

/* Each into out, width * height. */
int bmp_decode(const struct sluse_doc *d, uint8_t *out);
int jp2_decode(const struct sluse_doc *d, uint8_t *out);

/* heif.c: finds the pictures; then one of them. */
int heif_open(struct sluse_doc *d);
int heif_page(struct sluse_doc *d, uint32_t i, struct sluse_sink *k);
void heif_free(struct heif *f);
bool heif_warm(void); /* hevc.c */

/* image.c */
bool image_fits(const struct sluse_limits *lim, uint32_t w, uint32_t h);
/* True if the orientation is a mirrored one; *ret = degrees clockwise to
 * upright, once mirrored left to right. */
bool image_turn(int orientation, uint32_t *ret);
/* Announces the page, then hands im over. */
int image_give(
    struct sluse_doc *d, struct sluse_sink *k, const struct sluse_image *im);

#endif
