/*
 * TIFF pages with 12, 32 and other bits a sample, and 16 bit CMYK: laid out as
 * planes of 8 bits, then as gray. Signed samples are not guessed at, nor are
 * floating ones beyond 0 to 1: nobody says what is black there.
 */
#include "tiff.h"

#include <stdlib.h>
#include <string.h>

/* Where samples come from: all of a pixel's together, or one plane's. */
struct rows {
	const struct sheet *s;
	uint8_t *out; /* the first plane */
	unsigned colours, step; /* samples wanted; from pixel to pixel */
	bool beyond; /* a floating sample was not between 0 and 1 */
};

static uint8_t
floating(const uint8_t *row, size_t i, bool *ret_beyond)
{
	float v;

	memcpy(&v, row + 4 * i, 4);
	if (v >= 0 && v <= 1)
		return (uint8_t)(v * 255 + 0.5f);
	*ret_beyond = true; /* no number is beyond, too */
	return 0;
}

/* The upper eight bits of the i-th sample; libtiff has put 16 and 32 bits in
 * this machine's order, others lie packed. */
static uint8_t
upper(const uint8_t *row, size_t i, unsigned bits)
{
	uint16_t v16;
	uint32_t v32;
	size_t at;

	if (bits == 8)
		return row[i];
	if (bits == 16) {
		memcpy(&v16, row + 2 * i, 2);
		return (uint8_t)(v16 >> 8);
	}
	if (bits == 32) {
		memcpy(&v32, row + 4 * i, 4);
		return (uint8_t)(v32 >> 24);
	}
	at = i * bits;
	v16 = (uint16_t)(row[at / 8] << 8);
	if (at % 8)
		v16 |= row[at / 8 + 1];
	return (uint8_t)(v16 >> (8 - at % 8));
}

/* n pixels of a row to x, y; plane is the one that row is of. */
static void
lay(struct rows *r, const uint8_t *row, uint32_t x, uint32_t y, uint32_t n,
    unsigned plane)
{
	size_t area = (size_t)r->s->w * r->s->h, i;
	uint8_t *out = r->out + (size_t)y * r->s->w + x;
	unsigned c, last = r->step > 1 ? r->colours : 1;

	for (c = 0; c < last; c++)
		for (i = 0; i < n; i++)
			out[(plane + c) * area + i] =
			    r->s->format == SAMPLEFORMAT_IEEEFP
				? floating(row, i * r->step + c, &r->beyond)
				: upper(row, i * r->step + c, r->s->bits);
}

static bool
read_strips(TIFF *t, struct rows *r, unsigned plane)
{
	tmsize_t size = TIFFScanlineSize(t);
	uint8_t *row;
	uint32_t y;

	if ((uint64_t)size * 8 < (uint64_t)r->s->w * r->step * r->s->bits)
		return false;
	row = malloc((size_t)size);
	for (y = 0; row && y < r->s->h; y++) {
		if (TIFFReadScanline(t, row, y, (uint16_t)plane) != 1)
			break;
		lay(r, row, 0, y, r->s->w, plane);
	}
	free(row);
	return y > 0;
}

static bool
read_tiles(TIFF *t, struct rows *r, unsigned plane)
{
	tmsize_t size = TIFFTileSize(t), stride = TIFFTileRowSize(t);
	uint32_t tw = 0, th = 0, x, y, i, w, h;
	uint8_t *tile;
	bool ok = false;

	TIFFGetField(t, TIFFTAG_TILEWIDTH, &tw);
	TIFFGetField(t, TIFFTAG_TILELENGTH, &th);
	if (!tw || !th || size <= 0 || (uint64_t)stride * th > (uint64_t)size ||
	    (uint64_t)stride * 8 < (uint64_t)tw * r->step * r->s->bits)
		return false;
	tile = malloc((size_t)size);
	for (y = 0; tile && y < r->s->h; y += h) {
		h = r->s->h - y < th ? r->s->h - y : th;
		for (x = 0; x < r->s->w; x += w) {
			w = r->s->w - x < tw ? r->s->w - x : tw;
			if (TIFFReadTile(t, tile, x, y, 0, (uint16_t)plane) < 0)
				continue;
			ok = true;
			for (i = 0; i < h; i++)
				lay(r, tile + (size_t)stride * i, x, y + i, w,
				    plane);
		}
	}
	free(tile);
	return ok;
}

/* The planes to gray, into the first one. */
static void
blend(const struct sheet *s, uint8_t *p, unsigned colours)
{
	size_t n = (size_t)s->w * s->h, i;
	unsigned flip = s->photometric == PHOTOMETRIC_MINISWHITE ||
				s->photometric == PHOTOMETRIC_SEPARATED
			    ? 255
			    : 0;
	unsigned v, k = 255;

	for (i = 0; i < n; i++) {
		v = p[i] ^ flip;
		if (colours >= 3)
			v = ((p[i] ^ flip) * 77 + (p[i + n] ^ flip) * 151 +
				(p[i + 2 * n] ^ flip) * 28) >>
			    8;
		if (colours == 4)
			k = p[i + 3 * n] ^ flip;
		p[i] = (uint8_t)(v * k / 255);
	}
}

bool
tiff_read_samples(TIFF *t, const struct sheet *s, uint8_t *out, bool *ret_known)
{
	struct rows r = {.s = s, .out = out, .step = 1};
	unsigned plane, last;

	r.colours = s->photometric == PHOTOMETRIC_RGB	       ? 3
		    : s->photometric == PHOTOMETRIC_SEPARATED  ? 4
		    : s->photometric <= PHOTOMETRIC_MINISBLACK ? 1
							       : 0;
	*ret_known =
	    r.colours && s->samples >= r.colours &&
	    (s->format == SAMPLEFORMAT_IEEEFP
		    ? s->bits == 32
		    : s->format == SAMPLEFORMAT_UINT &&
			  ((s->bits >= 8 && s->bits <= 16) || s->bits == 32));
	if (!*ret_known)
		return false;
	if (s->planar == PLANARCONFIG_CONTIG)
		r.step = s->samples;
	last = s->planar == PLANARCONFIG_CONTIG ? 1 : r.colours;
	/* what cannot be read stays white */
	memset(out,
	    s->photometric == PHOTOMETRIC_MINISBLACK ||
		    s->photometric == PHOTOMETRIC_RGB
		? 255
		: 0,
	    (size_t)s->w * s->h * r.colours);
	for (plane = 0; plane < last; plane++)
		if (!(s->tiled ? read_tiles : read_strips)(t, &r, plane))
			return false;
	*ret_known = !r.beyond;
	if (r.beyond)
		return false;
	blend(s, out, r.colours);
	return true;
}
