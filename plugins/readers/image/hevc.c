/*
 * One HEVC picture to gray: its luma. libde265 without threads; the size that
 * the stream tells of is checked before it gets it.
 */
#include "heif.h"

#include <libde265/de265.h>

/* Its tables stay: a decoder in a child finds them made. */
bool
heif_warm(void)
{
	de265_set_verbosity(0);
	return de265_init() == DE265_OK;
}

/* -- the size in a sequence's parameter set
 * ------------------------------------- */

struct bits {
	uint8_t p[128]; /* without the bytes that keep start codes out */
	size_t n, at; /* bits */
};

static uint32_t
get(struct bits *b, unsigned n)
{
	uint32_t v = 0;

	for (; n--; b->at++)
		v = v << 1 |
		    (b->at < b->n ? b->p[b->at / 8] >> (7 - b->at % 8) & 1 : 0);
	return v;
}

static uint32_t
get_golomb(struct bits *b)
{
	unsigned zeros = 0;

	while (zeros < 31 && b->at < b->n && !get(b, 1))
		zeros++;
	return (1u << zeros) - 1 + get(b, zeros);
}

/* May a picture of this parameter set be decoded? */
static bool
size_fits(struct span nal, const struct sluse_limits *limits)
{
	struct bits b = {.n = 0};
	uint32_t layers, i, sub, w, h;
	size_t in, out = 0;

	for (in = 2; in < nal.n && out < sizeof(b.p); in++)
		if (in < 4 || nal.p[in] != 3 || nal.p[in - 1] || nal.p[in - 2])
			b.p[out++] = nal.p[in];
	b.n = out * 8;
	(void)get(&b, 4);
	layers = get(&b, 3);
	b.at += 1 + 96;
	sub = get(&b, layers ? 16 : 0);
	for (i = 0; i < layers; i++)
		b.at += (sub >> (15 - 2 * i) & 1) * 88 +
			(sub >> (14 - 2 * i) & 1) * 8;
	(void)get_golomb(&b);
	if (get_golomb(&b) == 3)
		b.at++;
	w = get_golomb(&b);
	h = get_golomb(&b);
	/* whole coding blocks, of up to 64 */
	return w && h && w <= UINT16_MAX && h <= UINT16_MAX &&
	       image_fits(limits, w > 64 ? w - 64 : 1, h > 64 ? h - 64 : 1);
}

/* -- the stream
 * ----------------------------------------------------------------- */

struct stream {
	de265_decoder_context *c;
	const struct sluse_limits *limits;
	bool refused; /* too large */
};

static bool
push(struct stream *s, struct span nal)
{
	if (nal.n > 2 && (nal.p[0] >> 1 & 63) == 33 &&
	    !size_fits(nal, s->limits)) {
		s->refused = true;
		return false;
	}
	return nal.n <= INT32_MAX &&
	       de265_push_NAL(s->c, nal.p, (int)nal.n, 0, NULL) == DE265_OK;
}

/* The parameter sets; *ret = bytes that a NAL's length takes. */
static bool
push_config(struct stream *c, struct span s, size_t *ret)
{
	struct span nal;
	uint32_t arrays, nals;

	if (s.n < 23)
		return false;
	*ret = (s.p[21] & 3) + 1;
	arrays = s.p[22];
	for (s.p += 23, s.n -= 23; arrays--;) {
		if (s.n < 3)
			return false;
		nals = be16(s.p + 1);
		for (s.p += 3, s.n -= 3; nals--; s.p += nal.n, s.n -= nal.n) {
			if (s.n < 2)
				return false;
			nal.n = be16(s.p);
			nal.p = s.p += 2;
			if ((s.n -= 2) < nal.n || !push(c, nal))
				return false;
		}
	}
	return true;
}

static bool
push_data(struct stream *c, struct span s, size_t prefix)
{
	struct span nal;
	size_t i;

	while (s.n >= prefix && s.n > 0) {
		for (nal.n = 0, i = 0; i < prefix; i++)
			nal.n = nal.n << 8 | s.p[i];
		nal.p = s.p += prefix;
		if ((s.n -= prefix) < nal.n || !push(c, nal))
			return false;
		s.p += nal.n;
		s.n -= nal.n;
	}
	return de265_flush_data(c->c) == DE265_OK;
}

/* With some streams libde265 says "more" for ever: a step takes one NAL, so
 * there is an end to them. */
static const struct de265_image *
first_picture(de265_decoder_context *c)
{
	const struct de265_image *im = NULL;
	int more = 1, steps = 64 + de265_get_number_of_NAL_units_pending(c);

	while (!im && more && steps-- && de265_decode(c, &more) == DE265_OK)
		im = de265_get_next_picture(c);
	return im ? im : de265_get_next_picture(c);
}

/* Studio swing, 16..235, to full. */
static uint8_t
full(unsigned v)
{
	v = v < 16 ? 0 : (v - 16) * 255 / 219;
	return (uint8_t)(v > 255 ? 255 : v);
}

static bool
lay_luma(const struct de265_image *im, const struct hevc_target *to)
{
	bool swing = !de265_get_image_full_range_flag(im);
	int stride = 0, bits = de265_get_bits_per_pixel(im, 0);
	const uint8_t *p = de265_get_image_plane(im, 0, &stride);
	uint8_t *out = to->out;
	uint32_t x, y;
	unsigned v;

	if (!p || bits < 8 || bits > 16 ||
	    de265_get_image_width(im, 0) < (int64_t)to->w ||
	    de265_get_image_height(im, 0) < (int64_t)to->h)
		return false;
	for (y = 0; y < to->h; y++, p += stride, out += to->stride) {
		for (x = 0; x < to->w; x++) {
			v = p[x];
			if (bits > 8)
				v = (unsigned)(p[2 * x + 1] << 8 | p[2 * x]) >>
				    (bits - 8);
			out[x] = swing ? full(v) : (uint8_t)v;
		}
	}
	return true;
}

int
hevc_decode(struct span config, struct span data, const struct hevc_target *to,
    bool *ret_faulty)
{
	struct stream s = {de265_new_decoder(), to->limits, false};
	const struct de265_image *im = NULL;
	size_t prefix = 4;
	int rc = SLUSE_READ_DAMAGED;

	if (!s.c)
		return SLUSE_READ_LIMIT;
	if (push_config(&s, config, &prefix) && push_data(&s, data, prefix))
		im = first_picture(s.c);
	if (im && lay_luma(im, to)) {
		rc = SLUSE_READ_OK;
		if (de265_get_warning(s.c) != DE265_OK)
			*ret_faulty = true;
	}
	if (s.refused)
		rc = SLUSE_READ_LIMIT;
	(void)de265_free_decoder(s.c);
	return rc;
}
