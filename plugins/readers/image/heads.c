/*
 * The heads of picture files, read before anything is decoded: a size that is
 * too large must cost nothing. All lengths are checked against the buffer.
 */
#include "image.h"
#include "numbers.h"

#include "../jpeg_head.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

enum { SCANS_MAX = 200, IFD_ENTRIES_MAX = 512, FRAMES_MAX = 10000 };

/* Cameras write 72 into pictures that no sheet could hold. */
uint32_t
dpi_sensible(double dpi, double w, double h)
{
	if (!(dpi >= 70 && dpi <= 2400) || w / dpi > 50 || h / dpi > 50)
		return 0;
	return (uint32_t)lround(dpi);
}

/* -- Exif -------------------------------------------------------------------
 */

struct exif {
	const uint8_t *b;
	size_t n;
	bool big;
	int orientation;
	double res; /* as written */
	int unit;
};

static uint32_t
exif16(const struct exif *e, size_t at)
{
	return e->big ? jpeg_be16(e->b + at) : le16(e->b + at);
}

static uint32_t
exif32(const struct exif *e, size_t at)
{
	return e->big ? be32(e->b + at) : le32(e->b + at);
}

static void
exif_entry(struct exif *e, size_t at)
{
	uint32_t tag = exif16(e, at), type = exif16(e, at + 2), v;

	if (tag == 0x0112 && type == 3) {
		v = exif16(e, at + 8);
		if (v >= 1 && v <= 8)
			e->orientation = (int)v;
	} else if (tag == 0x0128 && type == 3) {
		e->unit = (int)exif16(e, at + 8);
	} else if (tag == 0x011a && type == 5) {
		v = exif32(e, at + 8);
		if (v <= e->n && e->n - v >= 8 && exif32(e, v + 4))
			e->res =
			    (double)exif32(e, v) / (double)exif32(e, v + 4);
	}
}

void
exif_apply(const uint8_t *b, size_t n, struct head *h)
{
	struct exif e = {.b = b, .n = n, .orientation = 1, .unit = 2};
	uint32_t off, count, i;

	if (n > 6 && memcmp(b, "Exif\0\0", 6) == 0) { /* some keep JPEG's */
		e.b = b += 6;
		e.n = n -= 6;
	}
	if (n < 8 || (memcmp(b, "II*\0", 4) && memcmp(b, "MM\0*", 4)))
		return;
	e.big = b[0] == 'M';
	off = exif32(&e, 4);
	if (off > n || n - off < 2)
		return;
	count = exif16(&e, off);
	if (count > IFD_ENTRIES_MAX)
		return;
	for (i = 0; i < count && off + 2 + (i + 1) * 12 <= n; i++)
		exif_entry(&e, off + 2 + i * 12);
	h->orientation = e.orientation;
	if (!h->dpi)
		h->dpi = dpi_sensible(
		    e.unit == 3 ? e.res * 2.54 : e.res, h->width, h->height);
}

/* -- JPEG -------------------------------------------------------------------
 */

int
head_jpeg(const uint8_t *b, size_t n, struct head *ret)
{
	struct jpeg_head j;

	if (!jpeg_walk(b, n, &j))
		return SLUSE_READ_DAMAGED;
	/* JPEG-LS: its frame and scan are no JPEG's */
	if (!j.width && j.other)
		return SLUSE_READ_UNSUPPORTED;
	if (!j.ended)
		return SLUSE_READ_INCOMPLETE;
	if (!j.width || !j.height || !j.scans)
		return SLUSE_READ_DAMAGED;
	/* each scan of a progressive file is a pass over all pixels */
	if (j.scans > SCANS_MAX)
		return SLUSE_READ_LIMIT;
	/* lossless, hierarchical, 12 bit: no decoder here */
	if (j.precision != 8 ||
	    (j.frame > 0xc2 && j.frame != 0xc9 && j.frame != 0xca) ||
	    (j.components != 1 && j.components != 3 && j.components != 4))
		return SLUSE_READ_UNSUPPORTED;
	ret->width = j.width;
	ret->height = j.height;
	ret->dpi = dpi_sensible(j.dpi, j.width, j.height);
	ret->decode = j.components == 4;
	if (j.exif)
		exif_apply(j.exif, j.exif_length, ret);
	return SLUSE_READ_OK;
}

/* -- PNG --------------------------------------------------------------------
 */

static bool
png_ihdr(const uint8_t *p, struct head *h)
{
	static const uint32_t depths[7] = {
	    [0] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 | 1 << 16,
	    [2] = 1 << 8 | 1 << 16,
	    [3] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8,
	    [4] = 1 << 8 | 1 << 16,
	    [6] = 1 << 8 | 1 << 16,
	};

	h->width = be32(p);
	h->height = be32(p + 4);
	if (!h->width || !h->height || h->width > INT32_MAX ||
	    h->height > INT32_MAX)
		return false;
	if (p[8] > 16 || p[9] > 6 || !(depths[p[9]] >> p[8] & 1) || p[10] ||
	    p[11] || p[12] > 1)
		return false;
	/* see-through pixels have to be put on white paper */
	h->decode = p[9] == 4 || p[9] == 6;
	return true;
}

static void
png_chunk(const uint8_t *type, const uint8_t *p, size_t n, struct head *h)
{
	if (memcmp(type, "pHYs", 4) == 0 && n == 9 && p[8] == 1 &&
	    be32(p) == be32(p + 4))
		h->dpi = dpi_sensible(be32(p) * 0.0254, h->width, h->height);
	else if (memcmp(type, "eXIf", 4) == 0)
		exif_apply(p, n, h);
	else if (memcmp(type, "tRNS", 4) == 0)
		h->decode = true;
}

int
head_png(const uint8_t *b, size_t n, struct head *ret)
{
	size_t i = 8, len;
	bool data = false;

	if (n < 8 + 25)
		return SLUSE_READ_INCOMPLETE;
	if (be32(b + 8) != 13 || memcmp(b + 12, "IHDR", 4) != 0 ||
	    crc32(0, b + 12, 17) != be32(b + 29) || !png_ihdr(b + 16, ret))
		return SLUSE_READ_DAMAGED;
	for (i = 33;; i += len + 12) {
		if (n - i < 12)
			return SLUSE_READ_INCOMPLETE;
		len = be32(b + i);
		if (len > INT32_MAX)
			return SLUSE_READ_DAMAGED;
		if (len > n - i - 12)
			return SLUSE_READ_INCOMPLETE;
		if (memcmp(b + i + 4, "IEND", 4) == 0)
			return data ? SLUSE_READ_OK : SLUSE_READ_DAMAGED;
		if (memcmp(b + i + 4, "IDAT", 4) == 0)
			data = true;
		else
			png_chunk(b + i + 4, b + i + 8, len, ret);
	}
}

/* -- GIF --------------------------------------------------------------------
 */

/* The sub-blocks from i on; where they end, or n + 1 if they do not. */
static size_t
gif_blocks(const uint8_t *b, size_t n, size_t i)
{
	while (i < n && b[i])
		i += (size_t)b[i] + 1;
	return i < n ? i + 1 : n + 1;
}

static size_t
gif_table(uint8_t flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static void
gif_extension(const uint8_t *p, struct head *h)
{
	if (p[1] == 0xf9 && p[2] == 4 && (p[3] & 1) && !h->frames)
		h->clear = (uint32_t)p[6] + 1;
}

/* The descriptor of a frame: the first is the picture. */
static uint64_t
gif_frame(const uint8_t *p, struct head *h)
{
	uint32_t w = le16(p + 5), hgt = le16(p + 7);

	if (h->frames++ == 0) {
		h->width = w;
		h->height = hgt;
	}
	return (uint64_t)w * hgt;
}

/* Decoding means all frames at once: their pixels count together. */
int
head_gif(const uint8_t *b, size_t n, uint64_t pixels_max, struct head *ret)
{
	uint64_t pixels = 0;
	size_t i;

	if (n < 13)
		return SLUSE_READ_INCOMPLETE;
	ret->decode = true;
	for (i = 13 + gif_table(b[10]); i < n;) {
		if (b[i] == 0x3b)
			return pixels ? SLUSE_READ_OK : SLUSE_READ_DAMAGED;
		if (b[i] == 0x21) {
			if (n - i > 7)
				gif_extension(b + i, ret);
			i = gif_blocks(b, n, i + 2);
		} else if (b[i] == 0x2c && n - i > 10) {
			pixels += gif_frame(b + i, ret);
			if (pixels > pixels_max || ret->frames > FRAMES_MAX)
				return SLUSE_READ_LIMIT;
			i = gif_blocks(b, n, i + 10 + gif_table(b[i + 9]) + 1);
		} else {
			return b[i] == 0x2c ? SLUSE_READ_INCOMPLETE
					    : SLUSE_READ_DAMAGED;
		}
	}
	return SLUSE_READ_INCOMPLETE;
}

/* -- WebP -------------------------------------------------------------------
 */

/* The size in a VP8 or VP8L chunk's data. */
static bool
webp_size(const uint8_t *chunk, const uint8_t *p, size_t n, struct head *h)
{
	uint32_t v;

	if (memcmp(chunk, "VP8L", 4) == 0 && n >= 5 && p[0] == 0x2f) {
		v = le32(p + 1);
		h->width = (v & 0x3fff) + 1;
		h->height = (v >> 14 & 0x3fff) + 1;
		return true;
	}
	if (memcmp(chunk, "VP8 ", 4) != 0 || n < 10)
		return false;
	h->width = le16(p + 6) & 0x3fff;
	h->height = le16(p + 8) & 0x3fff;
	return h->width && h->height;
}

/* Walks the chunks from i to n; those of the first frame of a moving picture
 * too. True once a picture was found. */
static int
webp_chunks(const uint8_t *b, size_t i, size_t n, bool frame, struct head *ret)
{
	size_t len, alpha = 0;

	for (; n - i >= 8; i += len + 8 < n - i ? len + 8 : n - i) {
		len = le32(b + i + 4);
		if (len > n - i - 8)
			return frame ? SLUSE_READ_DAMAGED
				     : SLUSE_READ_INCOMPLETE;
		if (memcmp(b + i, "EXIF", 4) == 0)
			exif_apply(b + i + 8, len, ret);
		else if (memcmp(b + i, "ALPH", 4) == 0)
			alpha = i;
		else if (memcmp(b + i, "ANMF", 4) == 0 && !frame && len >= 16 &&
			 ret->frames++ == 0)
			(void)webp_chunks(b, i + 24, i + 8 + len, true, ret);
		else if (!ret->n && webp_size(b + i, b + i + 8, len, ret)) {
			ret->at = alpha ? alpha : i;
			ret->n = i + 8 + len - ret->at;
		}
		len += len & 1;
	}
	return ret->n ? SLUSE_READ_OK : SLUSE_READ_DAMAGED;
}

int
head_webp(const uint8_t *b, size_t n, struct head *ret)
{
	uint32_t length;

	if (n < 30)
		return SLUSE_READ_INCOMPLETE;
	length = le32(b + 4);
	if (length > n - 8)
		return SLUSE_READ_INCOMPLETE;
	ret->decode = true;
	return length < 12 ? SLUSE_READ_DAMAGED
			   : webp_chunks(b, 12, (size_t)length + 8, false, ret);
}
