/*
 * What the head of a JPEG file says, read without decoding anything: shared by
 * the readers that hand JPEG bytes on as they stand. Plain functions over a
 * buffer; no allocation.
 */
#ifndef SLUSE_READERS_JPEG_HEAD_H
#define SLUSE_READERS_JPEG_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct jpeg_head {
	uint32_t width, height; /* of the frame; 0 = no frame seen */
	int frame; /* which SOF */
	int components;
	int precision; /* bits a sample */
	int scans; /* SOS markers seen */
	bool other; /* a frame of JPEG-LS */
	bool ended; /* an EOI stood at its end */
	uint32_t dpi; /* from JFIF, 0 = unknown */
	const uint8_t *exif; /* the TIFF inside APP1, or NULL */
	size_t exif_length;
};

static inline uint32_t
jpeg_be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline bool
jpeg_is_frame(int m)
{
	return m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc;
}

static inline void
jpeg_jfif(struct jpeg_head *h, const uint8_t *p, size_t n)
{
	uint32_t x, y;

	if (n < 12 || memcmp(p, "JFIF", 5) != 0)
		return;
	x = jpeg_be16(p + 8);
	y = jpeg_be16(p + 10);
	if (x != y)
		return;
	if (p[7] == 1)
		h->dpi = x;
	else if (p[7] == 2)
		h->dpi = (uint32_t)(x * 2.54 + 0.5);
}

/* One segment with its length taken off. */
static inline void
jpeg_segment(struct jpeg_head *h, int m, const uint8_t *p, size_t n)
{
	if (jpeg_is_frame(m) && n >= 6 && !h->width) {
		h->frame = m;
		h->precision = p[0];
		h->height = jpeg_be16(p + 1);
		h->width = jpeg_be16(p + 3);
		h->components = p[5];
	} else if (m == 0xe0) {
		jpeg_jfif(h, p, n);
	} else if (m == 0xe1 && n > 6 && !h->exif &&
		   memcmp(p, "Exif\0\0", 6) == 0) {
		h->exif = p + 6;
		h->exif_length = n - 6;
	} else if (m == 0xf7) {
		h->other = true;
	} else if (m == 0xda) {
		h->scans++;
	}
}

/* Walks all markers of b. False = not a JPEG, or a segment makes no sense;
 * a file cut short gives true with `ended` unset. */
static inline bool
jpeg_walk(const uint8_t *b, size_t n, struct jpeg_head *h)
{
	size_t i = 2, len;
	int m;

	memset(h, 0, sizeof(*h));
	if (n < 2 || b[0] != 0xff || b[1] != 0xd8)
		return false;
	while (i + 1 < n) {
		if (b[i] != 0xff) { /* entropy-coded data, or junk */
			const uint8_t *q = memchr(b + i, 0xff, n - i);
			if (!q)
				break;
			i = (size_t)(q - b);
			continue;
		}
		m = b[i + 1];
		if (m == 0xff) {
			i++;
			continue;
		}
		i += 2;
		if (m == 0xd9) {
			h->ended = true;
			break;
		}
		if (m == 0 || m == 1 || (m >= 0xd0 && m <= 0xd8))
			continue;
		if (n - i < 2)
			break;
		len = jpeg_be16(b + i);
		if (len < 2)
			return false;
		if (len > n - i)
			break;
		jpeg_segment(h, m, b + i + 2, len - 2);
		i += len;
	}
	return true;
}

#endif
