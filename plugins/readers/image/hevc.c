/*
 * One HEVC picture to gray: its luma. libde265 without threads; the size that
 * the stream tells of is checked when it asks for the picture's memory.
 */
#include "heif.h"

#include <libde265/de265.h>

struct guard {
	const struct sluse_limits *limits;
	bool refused;
};

static int
guard_get(de265_decoder_context *c, struct de265_image_spec *spec,
    struct de265_image *im, void *user)
{
	struct guard *g = user;

	if (spec->width <= 0 || spec->height <= 0 ||
	    !image_fits(g->limits, (uint32_t)spec->visible_width,
		(uint32_t)spec->visible_height) ||
	    spec->width > spec->visible_width + 128 ||
	    spec->height > spec->visible_height + 128) {
		g->refused = true;
		return 0;
	}
	return de265_get_default_image_allocation_functions()->get_buffer(
	    c, spec, im, NULL);
}

static void
guard_release(
    de265_decoder_context *c, struct de265_image *im, void *user)
{
	(void)user;
	de265_get_default_image_allocation_functions()->release_buffer(
	    c, im, NULL);
}

static bool
push(de265_decoder_context *c, struct span nal)
{
	return nal.n <= INT32_MAX &&
	       de265_push_NAL(c, nal.p, (int)nal.n, 0, NULL) == DE265_OK;
}

/* The parameter sets; *ret = bytes that a NAL's length takes. */
static bool
push_config(de265_decoder_context *c, struct span s, size_t *ret)
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
push_data(de265_decoder_context *c, struct span s, size_t prefix)
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
	return de265_flush_data(c) == DE265_OK;
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
hevc_decode(struct span config, struct span data,
    const struct hevc_target *to, bool *ret_faulty)
{
	struct de265_image_allocation memory = {guard_get, guard_release};
	struct guard guard = {to->limits, false};
	const struct de265_image *im = NULL;
	de265_decoder_context *c = de265_new_decoder();
	size_t prefix = 4;
	int rc = SLUSE_READ_DAMAGED;

	if (!c)
		return SLUSE_READ_LIMIT;
	de265_set_image_allocation_functions(c, &memory, &guard);
	if (push_config(c, config, &prefix) && push_data(c, data, prefix))
		im = first_picture(c);
	if (im && lay_luma(im, to)) {
		rc = SLUSE_READ_OK;
		if (de265_get_warning(c) != DE265_OK)
			*ret_faulty = true;
	}
	if (guard.refused)
		rc = SLUSE_READ_LIMIT;
	de265_free_decoder(c);
	return rc;
}
