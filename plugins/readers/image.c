/*
 * The image reader: scans and photos as they come from scanners and phones.
 * JPEG and PNG are handed on as they stand once their heads are found sound;
 * TIFF is decoded page by page; the rest is decoded to gray.
 *
 * SECURITY: sizes are checked from the head before a pixel is decoded.
 */
#include "image/image.h"

#include <leptonica/allheaders.h>
#include <stdlib.h>
#include <string.h>
#include <tiffvers.h>

#define STR_(x) #x
#define STR(x) STR_(x)
#define LEPT_VERSION                                                           \
	STR(LIBLEPT_MAJOR_VERSION)                                             \
	"." STR(LIBLEPT_MINOR_VERSION) "." STR(LIBLEPT_PATCH_VERSION)

bool
image_fits(const struct sluse_limits *lim, uint32_t w, uint32_t h)
{
	return w <= lim->side_max && h <= lim->side_max &&
	       (uint64_t)w * h <= lim->pixels_max;
}

bool
image_turn(int orientation, uint32_t *ret)
{
	static const struct {
		bool mirror;
		uint32_t rotate;
	} turn[9] = {{0, 0}, {0, 0}, {1, 0}, {0, 180}, {1, 180}, {1, 270},
	    {0, 90}, {1, 90}, {0, 270}};

	if (orientation < 1 || orientation > 8)
		orientation = 1;
	*ret = turn[orientation].rotate;
	return turn[orientation].mirror;
}

int
image_give(
    struct sluse_doc *d, struct sluse_sink *k, const struct sluse_image *im)
{
	bool lying = im->rotate == 90 || im->rotate == 270;

	d->host->page_size(
	    k, lying ? im->height : im->width, lying ? im->width : im->height);
	return d->host->image(k, im) ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
}

static int
image_warm(const struct sluse_reader_host *host)
{
	(void)host;
	return decode_warm();
}

/* -- open
 * ---------------------------------------------------------------------- */

static const struct magic {
	enum image_kind kind;
	size_t n, at;
	const char *bytes;
} magics[] = {
    {KIND_JPEG, 3, 0, "\xff\xd8\xff"},
    {KIND_PNG, 8, 0, "\x89PNG\r\n\x1a\n"},
    {KIND_TIFF, 4, 0, "II*\0"},
    {KIND_TIFF, 4, 0, "MM\0*"},
    {KIND_TIFF, 4, 0, "II+\0"},
    {KIND_TIFF, 4, 0, "MM\0+"},
    {KIND_GIF, 6, 0, "GIF87a"},
    {KIND_GIF, 6, 0, "GIF89a"},
    {KIND_BMP, 2, 0, "BM"},
    {KIND_WEBP, 4, 8, "WEBP"},
    {KIND_JP2, 12, 0, "\0\0\0\014jP  \r\n\x87\n"},
    {KIND_JP2, 4, 0, "\xff\x4f\xff\x51"},
    {KIND_HEIF, 7, 4, "ftyphei"},
    {KIND_HEIF, 7, 4, "ftyphev"},
    {KIND_HEIF, 8, 4, "ftypmif1"},
    {KIND_HEIF, 8, 4, "ftypmsf1"},
};

static int
sniff(struct sluse_doc *d)
{
	uint8_t b[16] = {0};
	int64_t n = d->host->read_at(d->source, b, sizeof(b), 0);
	size_t i;

	if (n < 0)
		return SLUSE_READ_DAMAGED;
	for (i = 0; i < sizeof(magics) / sizeof(*magics); i++) {
		if ((size_t)n >= magics[i].at + magics[i].n &&
		    memcmp(b + magics[i].at, magics[i].bytes, magics[i].n) ==
			0) {
			d->kind = magics[i].kind;
			return SLUSE_READ_OK;
		}
	}
	return SLUSE_READ_UNSUPPORTED;
}

static int
load(struct sluse_doc *d)
{
	uint64_t length = d->host->length(d->source);
	int64_t n;

	if (length > d->host->limits->bytes_max)
		return SLUSE_READ_LIMIT;
	d->bytes = malloc(length ? length : 1);
	if (!d->bytes)
		return SLUSE_READ_LIMIT;
	n = read_full(d->host, d->source, d->bytes, length, 0);
	if (n < 0)
		return SLUSE_READ_DAMAGED;
	if ((uint64_t)n < length)
		return SLUSE_READ_INCOMPLETE;
	d->length = length;
	return SLUSE_READ_OK;
}

static int
read_head(struct sluse_doc *d)
{
	const uint8_t *b = d->bytes;

	d->head.orientation = 1;
	switch (d->kind) {
	case KIND_JPEG:
		return head_jpeg(b, d->length, &d->head);
	case KIND_PNG:
		return head_png(b, d->length, &d->head);
	case KIND_GIF:
		return head_gif(
		    b, d->length, d->host->limits->pixels_max, &d->head);
	case KIND_BMP:
		return head_bmp(
		    b, d->length, d->host->limits->pixels_max, &d->head);
	case KIND_WEBP:
		return head_webp(b, d->length, &d->head);
	case KIND_JP2:
		return head_jp2(b, d->length, &d->head);
	case KIND_TIFF:
	case KIND_HEIF:
		break;
	}
	return SLUSE_READ_UNSUPPORTED;
}

static int
open_kind(struct sluse_doc *d)
{
	int rc = sniff(d);

	if (rc != SLUSE_READ_OK)
		return rc;
	if (d->kind == KIND_TIFF)
		return tiff_open(d);
	d->pages = 1;
	rc = load(d);
	if (rc == SLUSE_READ_OK && d->kind == KIND_HEIF)
		return heif_open(d);
	if (rc == SLUSE_READ_OK)
		rc = read_head(d);
	if (rc == SLUSE_READ_OK &&
	    !image_fits(d->host->limits, d->head.width, d->head.height))
		rc = SLUSE_READ_LIMIT;
	return rc;
}

static void
image_close(struct sluse_doc *d)
{
	if (!d)
		return;
	free(d->bytes);
	free(d->ifd);
	heif_free(d->heif);
	free(d);
}

static int
image_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return SLUSE_READ_LIMIT;
	d->host = host;
	d->source = s;
	rc = open_kind(d);
	if (rc == SLUSE_READ_OK)
		*ret = d;
	else
		image_close(d);
	return rc;
}

/* -- pages
 * ----------------------------------------------------------------------- */

static int
image_page_count(struct sluse_doc *d, uint32_t *ret)
{
	*ret = d->pages;
	return SLUSE_READ_OK;
}

/* The file is the page. */
static int
give_native(struct sluse_doc *d, struct sluse_sink *k, uint32_t rotate)
{
	struct sluse_image im = {
	    .size = sizeof(im),
	    .format = d->kind == KIND_PNG ? SLUSE_IMAGE_PNG : SLUSE_IMAGE_JPEG,
	    .bytes = d->bytes,
	    .length = d->length,
	    .width = d->head.width,
	    .height = d->head.height,
	    .dpi = d->head.dpi,
	    .rotate = rotate,
	};

	return image_give(d, k, &im);
}

static int
image_page(struct sluse_doc *d, uint32_t i, struct sluse_sink *k)
{
	uint32_t rotate;

	if (i >= d->pages)
		return SLUSE_READ_DAMAGED;
	if (d->kind == KIND_TIFF)
		return tiff_page(d, i, k);
	if (d->kind == KIND_HEIF)
		return heif_page(d, i, k);
	if (image_turn(d->head.orientation, &rotate) || d->head.decode)
		return decode_page(d, k);
	return give_native(d, k, rotate);
}

static const char *const image_mimes[] = {"image/jpeg", "image/png",
    "image/tiff", "image/gif", "image/bmp", "image/x-ms-bmp", "image/webp",
    "image/jp2", "image/jpx", "image/x-jp2-codestream", "image/heic",
    "image/heif", "image/heic-sequence", "image/heif-sequence", NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "image",
    .version = "1 leptonica " LEPT_VERSION " libtiff " STR(TIFFLIB_VERSION),
    .mimes = image_mimes,
    .warm = image_warm,
    .open = image_open,
    .page_count = image_page_count,
    .page = image_page,
    .close = image_close,
};
