/*
 * JPEG 2000, in its file format or as the bare codestream. The head and the
 * chain of tile parts are walked here, so that a size too large or an end that
 * is missing costs nothing; OpenJPEG decodes, without threads.
 */
#include "boxes.h"
#include "image.h"

#include <openjpeg.h>
#include <stdlib.h>

enum {
	SOC = 0xff4f,
	SIZ = 0xff51,
	SOT = 0xff90,
	EOC = 0xffd9,
	TILES_MAX = 16384, /* OpenJPEG keeps some KB of each */
	SIZ_BYTES = 42, /* of codestream, up to its components */
};

/* -- head
 * ----------------------------------------------------------------------- */

/* Pixels to the metre as a fraction and a power of ten. */
static void
resolution(struct span s, struct head *h)
{
	double v;
	int8_t e;

	if (s.n < 10 || !be16(s.p + 2))
		return;
	v = (double)be16(s.p) / be16(s.p + 2) * 0.0254;
	for (e = (int8_t)s.p[8]; e > 0; e--)
		v *= 10;
	for (; e < 0; e++)
		v /= 10;
	h->dpi = dpi_sensible(v, h->width, h->height);
}

/* The box of boxes that holds the resolution: captured, else displayed. */
static void
header_box(struct span s, struct head *h)
{
	struct box outer, inner;

	while (box_next(&s, &outer)) {
		if (!box_is(&outer, "res "))
			continue;
		while (box_next(&outer.body, &inner))
			if (box_is(&inner, "resc") ||
			    (box_is(&inner, "resd") && !h->dpi))
				resolution(inner.body, h);
	}
}

static int
size_segment(struct span c, struct head *h)
{
	uint64_t across, down;
	uint32_t x0, y0, tw, th, i, n;

	if (c.n < SIZ_BYTES)
		return SLUSE_READ_INCOMPLETE;
	if (be16(c.p) != SOC || be16(c.p + 2) != SIZ)
		return SLUSE_READ_DAMAGED;
	if (be16(c.p + 6) & 0x4000)
		return SLUSE_READ_UNSUPPORTED; /* high throughput: part 15 */
	x0 = be32(c.p + 16);
	y0 = be32(c.p + 20);
	tw = be32(c.p + 24);
	th = be32(c.p + 28);
	n = be16(c.p + 40);
	if (be32(c.p + 8) <= x0 || be32(c.p + 12) <= y0 || !tw || !th || !n)
		return SLUSE_READ_DAMAGED;
	h->width = be32(c.p + 8) - x0;
	h->height = be32(c.p + 12) - y0;
	across = ((uint64_t)h->width + tw - 1) / tw + 1;
	down = ((uint64_t)h->height + th - 1) / th + 1;
	if (across > TILES_MAX || across * down > TILES_MAX)
		return SLUSE_READ_LIMIT;
	if (n > 5)
		return SLUSE_READ_UNSUPPORTED;
	if (c.n < SIZ_BYTES + 3 * n)
		return SLUSE_READ_INCOMPLETE;
	for (i = 0; i < n; i++)
		if (!c.p[SIZ_BYTES + 3 * i + 1] || !c.p[SIZ_BYTES + 3 * i + 2])
			return SLUSE_READ_DAMAGED;
	return SLUSE_READ_OK;
}

/* From tile part to tile part, to the end of the codestream. */
static int
tile_parts(struct span c)
{
	size_t at = 2, step;

	while (c.n - at >= 4 && be16(c.p + at) != SOT) {
		step = (size_t)be16(c.p + at + 2) + 2;
		if (c.p[at] != 0xff || step < 4)
			return SLUSE_READ_DAMAGED;
		if (step > c.n - at)
			return SLUSE_READ_INCOMPLETE;
		at += step;
	}
	for (; c.n - at >= 12 && be16(c.p + at) == SOT; at += step) {
		step = be32(c.p + at + 6);
		if (step == 0) /* the last: up to the end */
			step = c.n - at - 2;
		if (step < 14)
			return SLUSE_READ_DAMAGED;
		if (step > c.n - at)
			return SLUSE_READ_INCOMPLETE;
	}
	if (c.n - at >= 2 && be16(c.p + at) == EOC)
		return SLUSE_READ_OK;
	return c.n - at < 12 ? SLUSE_READ_INCOMPLETE : SLUSE_READ_DAMAGED;
}

int
head_jp2(const uint8_t *b, size_t n, struct head *ret)
{
	struct span s = {b, n}, code = {b, n}, info = {b, 0};
	struct box box = {.cut = false};
	int rc;

	ret->decode = true;
	if (n < 12)
		return SLUSE_READ_INCOMPLETE;
	if (be16(b) != SOC) {
		for (code.n = 0; !code.n;) {
			if (!box_next(&s, &box))
				return SLUSE_READ_INCOMPLETE;
			if (box_is(&box, "jp2h"))
				info = box.body;
			else if (box_is(&box, "jp2c"))
				code = box.body;
			if (box.cut && !code.n)
				return SLUSE_READ_INCOMPLETE;
		}
	}
	rc = size_segment(code, ret);
	if (rc != SLUSE_READ_OK)
		return rc;
	ret->at = (size_t)(code.p - b);
	ret->n = code.n;
	header_box(info, ret);
	rc = tile_parts(code);
	return rc == SLUSE_READ_OK && box.cut ? SLUSE_READ_INCOMPLETE : rc;
}

/* -- pixels
 * --------------------------------------------------------------------- */

struct input {
	const uint8_t *p;
	size_t n, at;
};

static OPJ_SIZE_T
input_read(void *to, OPJ_SIZE_T n, void *user)
{
	struct input *in = user;

	if (in->at >= in->n)
		return (OPJ_SIZE_T)-1;
	if (n > in->n - in->at)
		n = in->n - in->at;
	memcpy(to, in->p + in->at, n);
	in->at += n;
	return n;
}

static OPJ_OFF_T
input_skip(OPJ_OFF_T n, void *user)
{
	struct input *in = user;

	if (n < 0 || (OPJ_UINT64)n > in->n - in->at)
		return -1;
	in->at += (size_t)n;
	return n;
}

static OPJ_BOOL
input_seek(OPJ_OFF_T to, void *user)
{
	struct input *in = user;

	if (to < 0 || (OPJ_UINT64)to > in->n)
		return OPJ_FALSE;
	in->at = (size_t)to;
	return OPJ_TRUE;
}

/* One sample as 0..255; components may be coarser than the picture. */
static unsigned
level(const opj_image_comp_t *c, uint32_t x, uint32_t y)
{
	int64_t v, max = ((int64_t)1 << c->prec) - 1;

	x /= c->dx;
	y /= c->dy;
	x = x < c->w ? x : c->w - 1;
	y = y < c->h ? y : c->h - 1;
	v = c->data[(size_t)y * c->w + x];
	if (c->sgnd)
		v += (int64_t)1 << (c->prec - 1);
	v = v < 0 ? 0 : v > max ? max : v;
	return (unsigned)(v * 255 / max);
}

static uint8_t
shade(const opj_image_t *im, uint32_t x, uint32_t y)
{
	const opj_image_comp_t *c = im->comps;
	uint32_t n = im->numcomps, last = n - 1;
	unsigned v = level(c, x, y), k;
	bool ink = im->color_space == OPJ_CLRSPC_CMYK;

	if (n >= 3 && im->color_space != OPJ_CLRSPC_SYCC &&
	    im->color_space != OPJ_CLRSPC_EYCC)
		v = (v * 77 + level(c + 1, x, y) * 151 +
			level(c + 2, x, y) * 28) >>
		    8;
	if (ink) {
		k = n >= 4 ? 255 - level(c + 3, x, y) : 255;
		return (uint8_t)((255 - v) * k / 255);
	}
	if (n > 1 && c[last].alpha)
		v = 255 - (255 - v) * level(c + last, x, y) / 255;
	return (uint8_t)v;
}

static bool
sound(const opj_image_t *im, const struct head *h)
{
	uint32_t i;

	if (im->numcomps < 1 || im->x1 - im->x0 != h->width ||
	    im->y1 - im->y0 != h->height)
		return false;
	for (i = 0; i < im->numcomps; i++)
		if (!im->comps[i].data || !im->comps[i].w || !im->comps[i].h ||
		    !im->comps[i].dx || !im->comps[i].dy ||
		    im->comps[i].prec < 1 || im->comps[i].prec > 32)
			return false;
	return true;
}

static int
decode_stream(opj_codec_t *codec, opj_stream_t *stream, const struct head *h,
    uint8_t *out)
{
	opj_dparameters_t how;
	opj_image_t *im = NULL;
	uint32_t x, y;
	int rc = SLUSE_READ_DAMAGED;

	opj_set_default_decoder_parameters(&how);
	if (opj_setup_decoder(codec, &how) &&
	    opj_read_header(stream, codec, &im) &&
	    opj_decode(codec, stream, im) && sound(im, h)) {
		for (y = 0; y < h->height; y++)
			for (x = 0; x < h->width; x++)
				*out++ = shade(im, x, y);
		rc = SLUSE_READ_OK;
	}
	opj_image_destroy(im);
	return rc;
}

/* The file with its boxes: they hold palette, colours and alpha. */
int
jp2_decode(const struct sluse_doc *d, uint8_t *out)
{
	struct input in = {d->bytes, d->length, 0};
	opj_codec_t *codec =
	    opj_create_decompress(d->head.at ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
	opj_stream_t *stream = opj_stream_default_create(OPJ_TRUE);
	int rc = SLUSE_READ_LIMIT;

	if (codec && stream) {
		opj_stream_set_user_data(stream, &in, NULL);
		opj_stream_set_user_data_length(stream, d->length);
		opj_stream_set_read_function(stream, input_read);
		opj_stream_set_skip_function(stream, input_skip);
		opj_stream_set_seek_function(stream, input_seek);
		rc = decode_stream(codec, stream, &d->head, out);
	}
	opj_stream_destroy(stream);
	opj_destroy_codec(codec);
	return rc;
}
