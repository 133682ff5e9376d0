/*
 * Pictures that cannot be handed on as they stand, decoded to gray on white
 * paper: CMYK and mirrored JPEG by libjpeg, see-through PNG by libpng, WebP by
 * libwebp, GIF by Leptonica (which would let libjpeg and libpng write to stderr
 * and knows no turned or moving WebP).
 *
 * INVARIANTS: libjpeg's errors come back by longjmp; nothing that the error
 * path reads changes after setjmp.
 */
#include "image.h"

#include <stdio.h>

#include <jpeglib.h>
#include <leptonica/allheaders.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

/* A small picture there and back: what libraries set up, they set up here. */
static bool
warm_format(PIX *pix, int format)
{
	PIX *back = NULL;
	l_uint8 *data = NULL;
	size_t n = 0;
	bool ok;

	if (pixWriteMem(&data, &n, pix, format) == 0)
		back = pixReadMem(data, n);
	ok = back != NULL;
	pixDestroy(&back);
	lept_free(data);
	return ok;
}

int
decode_warm(void)
{
	static const int formats[] = {IFF_GIF, IFF_WEBP, IFF_JP2};
	PIX *pix = pixCreate(64, 64, 8);
	bool ok = pix != NULL;
	size_t i;

	setMsgSeverity(L_SEVERITY_NONE);
	for (i = 0; ok && i < sizeof(formats) / sizeof(*formats); i++)
		ok = warm_format(pix, formats[i]);
	pixDestroy(&pix);
	return ok && heif_warm() ? 0 : -1;
}

/* -- JPEG -------------------------------------------------------------------
 */

struct jpeg_fault {
	struct jpeg_error_mgr mgr;
	jmp_buf back;
};

static void
jpeg_exit(j_common_ptr c)
{
	longjmp(((struct jpeg_fault *)(void *)c->err)->back, 1);
}

static void
jpeg_quiet(j_common_ptr c)
{
	(void)c;
}

/* One row as it comes (gray, or Adobe's inverted CMYK) to gray. */
static void
jpeg_row(
    const struct jpeg_decompress_struct *c, const uint8_t *in, uint8_t *out)
{
	const uint8_t *p;
	uint32_t x;
	int k, flip = c->saw_Adobe_marker ? 0 : 255;

	if (c->output_components == 1) {
		memcpy(out, in, c->output_width);
		return;
	}
	for (x = 0, p = in; x < c->output_width; x++, p += 4) {
		k = p[3] ^ flip;
		out[x] = on_paper((p[0] ^ flip) * k / 255,
		    (p[1] ^ flip) * k / 255, (p[2] ^ flip) * k / 255, 255);
	}
}

/* Into out, width * height; line holds four times the width. */
static int
jpeg_decode(const struct sluse_doc *d, uint8_t *out, uint8_t *line)
{
	struct jpeg_decompress_struct c;
	struct jpeg_fault fault;
	JSAMPROW row = line;

	c.err = jpeg_std_error(&fault.mgr);
	fault.mgr.error_exit = jpeg_exit;
	fault.mgr.output_message = jpeg_quiet;
	if (setjmp(fault.back)) {
		jpeg_destroy_decompress(&c);
		return SLUSE_READ_DAMAGED;
	}
	jpeg_create_decompress(&c);
	jpeg_mem_src(&c, d->bytes, d->length);
	(void)jpeg_read_header(&c, TRUE);
	c.out_color_space = c.num_components == 4 ? JCS_CMYK : JCS_GRAYSCALE;
	(void)jpeg_start_decompress(&c);
	if (c.output_width != d->head.width ||
	    c.output_height != d->head.height || c.output_components > 4)
		longjmp(fault.back, 1);
	while (c.output_scanline < c.output_height) {
		if (jpeg_read_scanlines(&c, &row, 1) != 1)
			longjmp(fault.back, 1);
		jpeg_row(&c, line,
		    out + (size_t)(c.output_scanline - 1) * c.output_width);
	}
	jpeg_destroy_decompress(&c);
	return SLUSE_READ_OK;
}

/* -- PNG --------------------------------------------------------------------
 */

static int
png_decode(const struct sluse_doc *d, uint8_t *out)
{
	png_image im = {.version = PNG_IMAGE_VERSION};
	const png_color paper = {255, 255, 255};
	int ok;

	if (!png_image_begin_read_from_memory(&im, d->bytes, d->length))
		return SLUSE_READ_DAMAGED;
	im.format = PNG_FORMAT_GRAY;
	ok =
	    im.width == d->head.width && im.height == d->head.height &&
	    png_image_finish_read(&im, &paper, out, (png_int_32)im.width, NULL);
	png_image_free(&im);
	return ok ? SLUSE_READ_OK : SLUSE_READ_DAMAGED;
}

/* -- WebP -------------------------------------------------------------------
 */

static int
webp_decode(const struct sluse_doc *d, uint8_t *out)
{
	size_t n = (size_t)d->head.width * d->head.height, i;
	int w = 0, h = 0, rc = SLUSE_READ_DAMAGED;
	const uint8_t *in = d->bytes + d->head.at;
	uint8_t *px;

	if (!WebPGetInfo(in, d->head.n, &w, &h) ||
	    (uint32_t)w != d->head.width || (uint32_t)h != d->head.height)
		return SLUSE_READ_DAMAGED;
	px = malloc(n * 4);
	if (!px)
		return SLUSE_READ_LIMIT;
	if (WebPDecodeRGBAInto(in, d->head.n, px, n * 4, w * 4)) {
		for (i = 0; i < n; i++)
			out[i] = on_paper(px[4 * i], px[4 * i + 1],
			    px[4 * i + 2], px[4 * i + 3]);
		rc = SLUSE_READ_OK;
	}
	free(px);
	return rc;
}

/* -- GIF -------------------------------------------------------------------
 */

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

/* clear: 1 + the sample value that lets the paper through, or 0. */
static void
lay_gray(PIX *pix, uint32_t clear, uint8_t *out)
{
	int w = pixGetWidth(pix), h = pixGetHeight(pix);
	int depth = pixGetDepth(pix), x, y;
	bool alpha = depth == 32 && pixGetSpp(pix) == 4;
	uint8_t tone[256] = {0};
	const l_uint32 *line;

	if (depth <= 8)
		tones(pix, tone);
	if (clear && clear <= 256)
		tone[clear - 1] = 255;
	for (y = 0; y < h; y++, out += w) {
		line = pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix);
		for (x = 0; x < w; x++)
			out[x] = sample(line, x, depth, alpha, tone);
	}
}

static int
gif_decode(const struct sluse_doc *d, uint8_t *out)
{
	PIX *pix = pixReadMemGif(d->bytes, d->length);
	int rc = SLUSE_READ_DAMAGED;

	if (pix && (uint32_t)pixGetWidth(pix) == d->head.width &&
	    (uint32_t)pixGetHeight(pix) == d->head.height) {
		lay_gray(pix, d->head.clear, out);
		rc = SLUSE_READ_OK;
	}
	pixDestroy(&pix);
	return rc;
}

void
image_mirror(uint8_t *px, size_t w, size_t h)
{
	uint8_t *a, *b, t;

	for (; h--; px += w) {
		for (a = px, b = px + w - 1; a < b; a++, b--) {
			t = *a;
			*a = *b;
			*b = t;
		}
	}
}

static int
decode(const struct sluse_doc *d, uint8_t *out)
{
	uint8_t *line;
	int rc;

	if (d->kind == KIND_PNG)
		return png_decode(d, out);
	if (d->kind == KIND_WEBP)
		return webp_decode(d, out);
	if (d->kind == KIND_JP2)
		return jp2_decode(d, out);
	if (d->kind == KIND_BMP)
		return bmp_decode(d, out);
	if (d->kind == KIND_GIF)
		return gif_decode(d, out);
	line = malloc((size_t)d->head.width * 4);
	rc = line ? jpeg_decode(d, out, line) : SLUSE_READ_LIMIT;
	free(line);
	return rc;
}

int
decode_page(struct sluse_doc *d, struct sluse_sink *k)
{
	struct sluse_image im = {.size = sizeof(im)};
	bool mirrored = image_turn(d->head.orientation, &im.rotate);
	uint8_t *out;
	int rc;

	im.width = d->head.width;
	im.height = d->head.height;
	im.dpi = d->head.dpi;
	im.format = SLUSE_IMAGE_GRAY8;
	im.stride = im.width;
	im.length = im.stride * im.height;
	out = malloc(im.length);
	if (!out)
		return SLUSE_READ_LIMIT;
	rc = decode(d, out);
	if (rc == SLUSE_READ_OK) {
		if (mirrored)
			image_mirror(out, im.width, im.height);
		im.bytes = out;
		if (d->head.frames > 1)
			d->host->note(k, "animation", NULL);
		rc = image_give(d, k, &im);
	}
	free(out);
	return rc;
}
