/*
 * SECURITY: the bytes are hostile. Sizes come from the header and are held
 * against the task's limits before a decoder allocates for them: Tesseract's
 * own check comes after decoding, far too late.
 * FAILURES: no memory under RLIMIT_AS is a page with limit_memory, since the
 * decoders hand NULL back.
 */
#include "image.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/mem.h"

/* Nothing a scanner makes is larger, packed. */
#define PACKED_MAX ((uint64_t)256 << 20)
/* Above this resolution half of it reads as well and in less time. */
#define DPI_ENOUGH 450u
#define SIDE_ENOUGH 2200u
#define DPI_MIN 70u
#define DPI_MAX 2400u
/* A4, and longer sides than pages have (A0; A3), in inches. */
#define PAGE_LONG 11.69
#define PAGE_SHORT 8.27
#define PAGE_LONGEST 48.0
#define PAGE_LONGEST_LOW 17.0
/* Programs that do not know say 72 or 96. */
#define DPI_UNSURE 96u

struct header {
	uint32_t width, height;
	unsigned bits, samples;
	bool cmyk;
};

static enum sl_rc
check_size(
    const struct sl_msg_task *t, const struct header *h, struct sl_err *err)
{
	uint64_t pixels = (uint64_t)h->width * h->height;

	if (pixels == 0)
		return sl_err_set(
		    err, SL_BROKEN, 0, "damaged", "picture without size");
	if (h->width > t->side_max || h->height > t->side_max ||
	    pixels > t->pixels_max)
		return sl_err_set(err, SL_REJECT, 0, "limit_pixels",
		    "picture of %u x %u pixels", h->width, h->height);
	return SL_OK;
}

/* libpng holds all rows beside the image that is made from them, and grey is
 * a third copy. JPEG is decoded row by row. */
static enum sl_rc
check_memory(const struct sl_msg_task *t, const struct header *h, uint64_t n,
    struct sl_err *err)
{
	uint64_t pixels = (uint64_t)h->width * h->height, need = n, row;

	if (t->mem_bytes == 0)
		return SL_OK;
	if (t->image_format == SL_IMAGE_PNG) {
		row = ((uint64_t)h->width * h->bits * h->samples + 7) / 8;
		need += row * h->height;
		need += h->samples > 1 ? pixels * 5 : pixels;
	} else if (t->image_format == SL_IMAGE_JPEG) {
		need += h->cmyk ? pixels * 5 : pixels;
	}
	if (need > t->mem_bytes - t->mem_bytes / 8)
		return sl_err_set(err, SL_REJECT, 0, "limit_memory",
		    "picture of %u x %u pixels, %u x %u bits", h->width,
		    h->height, h->samples, h->bits);
	return SL_OK;
}

static unsigned
page_dpi(const struct sl_msg_task *t, uint32_t w, uint32_t h)
{
	double longer = w > h ? w : h, shorter = w > h ? h : w, dpi;
	double longest = t->dpi > DPI_UNSURE ? PAGE_LONGEST : PAGE_LONGEST_LOW;

	if (t->dpi >= DPI_MIN && t->dpi <= DPI_MAX &&
	    longer / t->dpi <= longest)
		return t->dpi;
	/* Taken for an A4 or Letter page; a long slip fills its length. */
	dpi = longer / PAGE_LONG;
	if (shorter / PAGE_SHORT > dpi)
		dpi = shorter / PAGE_SHORT;
	if (dpi < DPI_MIN)
		return DPI_MIN;
	return dpi > DPI_MAX ? DPI_MAX : (unsigned)lround(dpi);
}

/* 1, 2, 4 or 8: what the image can be divided by and still be read. A header
 * may lie: few pixels are never made fewer. */
static int
reduction(unsigned dpi, uint32_t w, uint32_t h)
{
	uint32_t longer = w > h ? w : h;
	int r = 1;

	while (r < 8 && dpi / (unsigned)r > DPI_ENOUGH &&
	       longer / (unsigned)(2 * r) >= SIDE_ENOUGH)
		r *= 2;
	return r;
}

/* Whatever was decoded, to 8 bits grey or 1 bit. Takes pix over. */
static PIX *
to_gray(PIX *pix)
{
	PIX *next = NULL;

	if (pix == NULL)
		return NULL;
	if (pixGetColormap(pix) != NULL) {
		next = pixRemoveColormap(pix, REMOVE_CMAP_BASED_ON_SRC);
		pixDestroy(&pix);
		pix = next;
	}
	if (pix != NULL && pixGetDepth(pix) == 32 && pixGetSpp(pix) == 4) {
		next = pixAlphaBlendUniform(pix, 0xffffff00);
		pixDestroy(&pix);
		pix = next;
	}
	if (pix == NULL || pixGetDepth(pix) == 1 || pixGetDepth(pix) == 8)
		return pix;
	next = pixConvertTo8(pix, 0);
	pixDestroy(&pix);
	return next;
}

/* Divides a decoded image by r. Takes pix over. */
static PIX *
shrink(PIX *pix, int r)
{
	PIX *next;

	if (pix == NULL || r == 1)
		return pix;
	if (pixGetDepth(pix) == 1)
		next = r == 2	? pixScaleToGray2(pix)
		       : r == 4 ? pixScaleToGray4(pix)
				: pixScaleToGray8(pix);
	else
		next = pixScaleAreaMap(pix, 1.0f / (float)r, 1.0f / (float)r);
	pixDestroy(&pix);
	return next;
}

/* NULL and *ret_damaged as the decoder says. */
static PIX *
decode_jpeg(const uint8_t *p, size_t n, const struct header *h, int r,
    bool *ret_damaged)
{
	l_int32 warnings = 0;
	PIX *pix;

	/* Grey straight from the decoder: a colour page is never held. */
	pix = pixReadMemJpeg(
	    p, n, 0, r, &warnings, h->cmyk ? 0 : L_JPEG_READ_LUMINANCE);
	*ret_damaged = warnings > 0;
	return to_gray(pix);
}

static enum sl_rc
read_header(const struct sl_msg_task *t, const uint8_t *p, size_t n,
    struct header *h, struct sl_err *err)
{
	l_int32 w = 0, y = 0, bits = 8, samples = 0, cmap = 0, cmyk = 0, bad;

	if (n < 16)
		return sl_err_set(err, SL_BROKEN, 0,
		    n == 0 ? "empty" : "damaged", "picture of %zu bytes", n);
	if (t->image_format == SL_IMAGE_JPEG)
		bad =
		    p[0] != 0xff || p[1] != 0xd8 ||
		    readHeaderMemJpeg(p, n, &w, &y, &samples, NULL, &cmyk) != 0;
	else
		bad =
		    readHeaderMemPng(p, n, &w, &y, &bits, &samples, &cmap) != 0;
	if (bad || w < 0 || y < 0)
		return sl_err_set(
		    err, SL_BROKEN, 0, "damaged", "picture without header");
	h->width = (uint32_t)w;
	h->height = (uint32_t)y;
	h->bits = (unsigned)bits;
	h->samples = (unsigned)samples;
	h->cmyk = cmyk != 0;
	return SL_OK;
}

static PIX *
pack_raw(const struct sl_msg_task *t, const uint8_t *p)
{
	unsigned depth = t->image_format == SL_IMAGE_BIT1 ? 1 : 8;
	size_t row = ((size_t)t->width * depth + 7) / 8, y;
	PIX *pix;
	char *data;
	size_t stride;

	pix = pixCreate((int)t->width, (int)t->height, (int)depth);
	if (pix == NULL)
		return NULL;
	data = (char *)pixGetData(pix);
	stride = (size_t)pixGetWpl(pix) * 4;
	for (y = 0; y < t->height; y++)
		memcpy(data + y * stride, p + y * row, row);
	pixEndianByteSwap(pix);
	pixSetPadBits(pix, 0);
	return pix;
}

/* Turned as the task says; dpi and size settled. Takes pix over. */
static enum sl_rc
finish(const struct sl_msg_task *t, PIX *pix, unsigned dpi,
    struct sl_ocr_image *ret, struct sl_err *err)
{
	PIX *next;

	if (pix != NULL && t->rotate % 360 != 0) {
		next = pixRotateOrth(pix, t->rotate % 360 / 90);
		pixDestroy(&pix);
		pix = next;
	}
	if (pix == NULL)
		return errno == ENOMEM
			   ? sl_err_set(err, SL_REJECT, 0, "limit_memory",
				 "no memory for the picture")
			   : sl_err_set(err, SL_BROKEN, 0, "damaged",
				 "picture cannot be decoded");
	ret->pix = pix;
	ret->dpi = dpi;
	return SL_OK;
}

enum sl_rc
sl_ocr_image_decode(const struct sl_msg_task *t, const uint8_t *p, size_t n,
    struct sl_ocr_image *ret, struct sl_err *err)
{
	struct header h = {.width = t->width, .height = t->height};
	bool raw = t->image_format == SL_IMAGE_GRAY8 ||
		   t->image_format == SL_IMAGE_BIT1;
	unsigned depth = t->image_format == SL_IMAGE_BIT1 ? 1 : 8, dpi;
	enum sl_rc rc;
	PIX *pix;
	int r;

	*ret = (struct sl_ocr_image){0};
	if (!raw && t->image_format != SL_IMAGE_JPEG &&
	    t->image_format != SL_IMAGE_PNG)
		return sl_err_set(err, SL_BROKEN, 0, "unsupported",
		    "picture format %u", t->image_format);
	if (!raw && (rc = read_header(t, p, n, &h, err)) != SL_OK)
		return rc;
	if ((rc = check_size(t, &h, err)) != SL_OK ||
	    (rc = check_memory(t, &h, n, err)) != SL_OK)
		return rc;
	if (raw && n != ((size_t)h.width * depth + 7) / 8 * h.height)
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "raster of %zu bytes for %u x %u", n, h.width, h.height);
	dpi = page_dpi(t, h.width, h.height);
	r = reduction(dpi, h.width, h.height);
	errno = 0;
	if (raw)
		pix = shrink(pack_raw(t, p), r);
	else if (t->image_format == SL_IMAGE_PNG)
		pix = shrink(to_gray(pixReadMemPng(p, n)), r);
	else
		pix = decode_jpeg(p, n, &h, r, &ret->damaged);
	return finish(t, pix, dpi / (unsigned)r, ret, err);
}

enum sl_rc
sl_ocr_image_load(const struct sl_msg_task *t, int fd, struct sl_ocr_image *ret,
    struct sl_err *err)
{
	SL_FREE uint8_t *p = NULL;
	ssize_t got;

	*ret = (struct sl_ocr_image){0};
	if (t->size > PACKED_MAX)
		return sl_err_set(err, SL_REJECT, 0, "limit_memory",
		    "picture of %llu bytes", (unsigned long long)t->size);
	p = malloc(t->size + 1);
	if (p == NULL)
		return sl_err_set(err, SL_REJECT, 0, "limit_memory",
		    "no memory for the packed picture");
	got = sl_pread_full(fd, p, t->size, t->offset);
	if (got < 0)
		return sl_err_set(
		    err, SL_RETRY, errno, "disk_error", "reading the picture");
	if ((uint64_t)got != t->size)
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "picture ends after %zd of %llu bytes", got,
		    (unsigned long long)t->size);
	return sl_ocr_image_decode(t, p, t->size, ret, err);
}
