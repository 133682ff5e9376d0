/*
 * Pictures that cannot be handed on as they stand (CMYK, mirrored,
 * see-through, GIF, BMP, WebP), decoded by Leptonica and laid in gray on white.
 *
 * FAILURES: Leptonica says NULL for all that goes wrong; a picture that is
 * large by our measure is then taken for one that had no memory.
 */
#include "image.h"

#include <leptonica/allheaders.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE_PIXELS = 50000000 };

int
decode_warm(void)
{
	PIX *pix = pixCreate(16, 16, 8), *back;
	l_uint8 *data = NULL;
	size_t n = 0;
	int rc = -1;

	setMsgSeverity(L_SEVERITY_NONE);
	if (pix && pixWriteMemPng(&data, &n, pix, 0) == 0) {
		back = pixReadMemPng(data, n);
		rc = back ? 0 : -1;
		pixDestroy(&back);
	}
	lept_free(data);
	data = NULL;
	if (rc == 0 && pixWriteMemJpeg(&data, &n, pix, 75, 0) == 0) {
		back = pixReadMemJpeg(data, n, 0, 1, NULL, 0);
		rc = back ? 0 : -1;
		pixDestroy(&back);
	}
	lept_free(data);
	pixDestroy(&pix);
	return rc;
}

static PIX *
decode(struct sluse_doc *d)
{
	switch (d->kind) {
	case KIND_JPEG:
		/* CMYK has no luminance to take alone */
		return pixReadMemJpeg(d->bytes, d->length, 0, 1, NULL,
		    d->head.decode ? 0 : L_JPEG_READ_LUMINANCE);
	case KIND_PNG:
		return pixReadMemPng(d->bytes, d->length);
	case KIND_GIF:
		return pixReadMemGif(d->bytes, d->length);
	case KIND_BMP:
		return pixReadMemBmp(d->bytes, d->length);
	case KIND_WEBP:
		return pixReadMemWebP(d->bytes, d->length);
	case KIND_TIFF:
		break;
	}
	return NULL;
}

static uint8_t
on_paper(int r, int g, int b, int alpha)
{
	int luma = (r * 77 + g * 151 + b * 28) >> 8;

	return (uint8_t)(255 - (255 - luma) * alpha / 255);
}

/* What each sample value of a picture of up to 8 bits looks like. */
static void
tones(PIX *pix, uint8_t *ret)
{
	PIXCMAP *map = pixGetColormap(pix);
	int d = pixGetDepth(pix), n = 1 << d, v, r, g, b, a;

	for (v = 0; v < n; v++) {
		if (!map)
			ret[v] = (uint8_t)(d == 1 ? 255 - v * 255
						  : v * 255 / (n - 1));
		else if (v < pixcmapGetCount(map) &&
			 pixcmapGetRGBA(map, v, &r, &g, &b, &a) == 0)
			ret[v] = on_paper(r, g, b, a);
		else
			ret[v] = 255;
	}
}

static uint8_t
sample(const l_uint32 *line, int x, int depth, bool alpha, const uint8_t *tone)
{
	l_uint32 v;

	switch (depth) {
	case 1:
		return tone[GET_DATA_BIT(line, x)];
	case 2:
		return tone[GET_DATA_DIBIT(line, x)];
	case 4:
		return tone[GET_DATA_QBIT(line, x)];
	case 8:
		return tone[GET_DATA_BYTE(line, x)];
	case 16:
		return (uint8_t)(GET_DATA_TWO_BYTES(line, x) >> 8);
	default:
		v = line[x];
		return on_paper((int)(v >> 24), (int)(v >> 16 & 255),
		    (int)(v >> 8 & 255), alpha ? (int)(v & 255) : 255);
	}
}

static void
lay_gray(PIX *pix, bool mirror, uint8_t *out)
{
	int w = pixGetWidth(pix), h = pixGetHeight(pix);
	int depth = pixGetDepth(pix), x, y;
	bool alpha = depth == 32 && pixGetSpp(pix) == 4;
	uint8_t tone[256] = {0};
	const l_uint32 *line;

	if (depth <= 8)
		tones(pix, tone);
	for (y = 0; y < h; y++, out += w) {
		line = pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix);
		for (x = 0; x < w; x++)
			out[mirror ? w - 1 - x : x] =
			    sample(line, x, depth, alpha, tone);
	}
}

int
decode_page(struct sluse_doc *d, struct sluse_sink *k)
{
	struct sluse_image im = {.size = sizeof(im)};
	bool mirror = image_turn(d->head.orientation, &im.rotate);
	PIX *pix = decode(d);
	uint8_t *out;
	int rc;

	if (!pix)
		return (uint64_t)d->head.width * d->head.height > LARGE_PIXELS
			   ? SLUSE_READ_LIMIT
			   : SLUSE_READ_DAMAGED;
	im.width = (uint32_t)pixGetWidth(pix);
	im.height = (uint32_t)pixGetHeight(pix);
	im.dpi = d->head.dpi;
	im.format = SLUSE_IMAGE_GRAY8;
	im.stride = im.width;
	im.length = im.stride * im.height;
	rc = SLUSE_READ_LIMIT;
	if (image_fits(d->host->limits, im.width, im.height) &&
	    (out = malloc(im.length)) != NULL) {
		lay_gray(pix, mirror, out);
		pixDestroy(&pix); /* its memory, before the host asks */
		im.bytes = out;
		rc = image_give(d, k, &im);
		free(out);
	}
	pixDestroy(&pix);
	return rc;
}
