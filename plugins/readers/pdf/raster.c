/*
 * A page as an image for OCR. A page that is one scan is handed out as the
 * scan: JPEG bytes as they lie in the file, other codecs decoded once, never
 * resampled. All else is rendered in gray at the resolution of its images.
 *
 * FAILURES: sizes are checked against the host's limits before memory is asked
 * for; MuPDF throws when there is none.
 */
#include "pdf.h"

#include "../jpeg_head.h"

#include <math.h>
#include <string.h>

enum { DPI_MIN = 150, DPI_MAX = 400, DPI_DEFAULT = 300, DPI_FLOOR = 72 };

/* How the image lies on the page. */
struct pose {
	uint32_t rotate; /* clockwise, to upright */
	double dpi_x, dpi_y; /* along its own sides */
};

static bool
fits(const struct sluse_limits *lim, double w, double h)
{
	return w >= 1 && h >= 1 && w <= lim->side_max && h <= lim->side_max &&
	       w * h <= (double)lim->pixels_max;
}

/* False: skewed, mirrored, squeezed, or no size at all. */
static bool
pose_of(fz_matrix m, uint32_t w, uint32_t h, struct pose *ret)
{
	double ab = hypot(m.a, m.b), cd = hypot(m.c, m.d);
	double slack = 0.01;

	if (!(ab > 1 && cd > 1))
		return false;
	if (fabs(m.b) < slack * ab && fabs(m.c) < slack * cd) {
		if ((m.a > 0) != (m.d > 0))
			return false;
		ret->rotate = m.a > 0 ? 0 : 180;
	} else if (fabs(m.a) < slack * ab && fabs(m.d) < slack * cd) {
		if ((m.b > 0) != (m.c < 0))
			return false;
		ret->rotate = m.b > 0 ? 90 : 270;
	} else {
		return false;
	}
	ret->dpi_x = w * 72.0 / ab;
	ret->dpi_y = h * 72.0 / cd;
	return fabs(ret->dpi_x - ret->dpi_y) < 0.05 * ret->dpi_x;
}

/* -- the scan itself ---------------------------------------------------------
 */

static bool
colours_are_plain(fz_context *ctx, const fz_image *im)
{
	if (im->use_decode || im->use_colorkey || im->mask || !im->colorspace)
		return false;
	return fz_colorspace_is_gray(ctx, im->colorspace) ||
	       fz_colorspace_is_rgb(ctx, im->colorspace);
}

/* The JPEG of p->image as it lies in the file. True = tried, *rc set. */
static bool
give_jpeg(fz_context *ctx, struct sluse_doc *d, const struct probe *p,
    struct sluse_sink *k, int *rc)
{
	fz_compressed_buffer *cb = fz_compressed_image_buffer(ctx, p->image);
	struct sluse_image im = {.size = sizeof(im)};
	struct jpeg_head head;
	struct pose pose;
	unsigned char *bytes;
	size_t n;

	if (!cb || cb->params.type != FZ_IMAGE_JPEG ||
	    !colours_are_plain(ctx, p->image))
		return false;
	n = fz_buffer_storage(ctx, cb->buffer, &bytes);
	if (!jpeg_walk(bytes, n, &head) || !head.ended || !head.scans ||
	    head.precision != 8 || head.components != p->image->n ||
	    (head.components != 1 && head.components != 3))
		return false;
	if (!pose_of(p->image_ctm, head.width, head.height, &pose))
		return false;
	if (!fits(d->host->limits, head.width, head.height)) {
		*rc = SLUSE_READ_LIMIT;
		return true;
	}
	/* the file may call it another size than the JPEG does */
	if ((int)head.width != p->image->w || (int)head.height != p->image->h)
		return false;
	im.format = SLUSE_IMAGE_JPEG;
	im.bytes = bytes;
	im.length = n;
	im.width = head.width;
	im.height = head.height;
	im.dpi = (uint32_t)lround(pose.dpi_x);
	im.rotate = pose.rotate;
	*rc = d->give(k, &im) ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
	return true;
}

/* Packs gray to one bit in place: a packed row is never ahead of its source. */
static void
pack_bits(unsigned char *px, int w, int h, ptrdiff_t stride)
{
	ptrdiff_t row = (w + 7) / 8;
	unsigned char *out, byte;
	const unsigned char *in;
	int x, y;

	for (y = 0; y < h; y++) {
		in = px + y * stride;
		out = px + y * row;
		for (byte = 0, x = 0; x < w; x++) {
			byte |= (unsigned char)((in[x] < 128) << (7 - x % 8));
			if (x % 8 == 7 || x == w - 1) {
				out[x / 8] = byte;
				byte = 0;
			}
		}
	}
}

static int
give_pixmap(fz_context *ctx, struct sluse_doc *d, fz_pixmap *pix, bool bits,
    const struct sluse_image *proto, struct sluse_sink *k)
{
	struct sluse_image im = *proto;
	int w = fz_pixmap_width(ctx, pix), h = fz_pixmap_height(ctx, pix);
	unsigned char *px = fz_pixmap_samples(ctx, pix);
	ptrdiff_t stride = fz_pixmap_stride(ctx, pix);

	im.format = SLUSE_IMAGE_GRAY8;
	if (bits) {
		pack_bits(px, w, h, stride);
		im.format = SLUSE_IMAGE_BIT1;
		stride = (w + 7) / 8;
	}
	im.bytes = px;
	im.stride = (size_t)stride;
	im.length = im.stride * (size_t)h;
	im.width = (uint32_t)w;
	im.height = (uint32_t)h;
	return d->give(k, &im) ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
}

/* A private gray copy: what MuPDF decodes may lie in its store. */
static fz_pixmap *
decode_gray(fz_context *ctx, fz_image *image)
{
	fz_pixmap *raw, *gray = NULL;

	raw = fz_get_pixmap_from_image(ctx, image, NULL, NULL, NULL, NULL);
	fz_var(gray);
	fz_try(ctx)
	{
		if (raw->alpha || !raw->colorspace)
			fz_throw(ctx, FZ_ERROR_GENERIC, "odd image");
		if (fz_colorspace_is_gray(ctx, raw->colorspace))
			gray = fz_clone_pixmap(ctx, raw);
		else
			gray = fz_convert_pixmap(ctx, raw, fz_device_gray(ctx),
			    NULL, NULL, fz_default_color_params, 0);
	}
	fz_always(ctx) fz_drop_pixmap(ctx, raw);
	fz_catch(ctx) fz_rethrow(ctx);
	return gray;
}

/* p->image decoded at its own size. True = tried, *rc set. */
static bool
give_scan(fz_context *ctx, struct sluse_doc *d, const struct probe *p,
    struct sluse_sink *k, int *rc)
{
	struct sluse_image proto = {.size = sizeof(proto)};
	fz_image *im = p->image;
	struct pose pose;
	fz_pixmap *pix;

	if (im->mask || im->use_colorkey || !im->colorspace ||
	    !pose_of(p->image_ctm, (uint32_t)im->w, (uint32_t)im->h, &pose) ||
	    pose.dpi_x > DPI_MAX + 5)
		return false;
	if (!fits(d->host->limits, im->w, im->h)) {
		*rc = SLUSE_READ_LIMIT;
		return true;
	}
	pix = decode_gray(ctx, im);
	proto.dpi = (uint32_t)lround(pose.dpi_x);
	proto.rotate = pose.rotate;
	fz_try(ctx) *rc =
	    give_pixmap(ctx, d, pix, im->bpc == 1 && im->n == 1, &proto, k);
	fz_always(ctx) fz_drop_pixmap(ctx, pix);
	fz_catch(ctx) fz_rethrow(ctx);
	return true;
}

/* -- a rendering --------------------------------------------------------------
 */

static double
choose_dpi(const struct sluse_limits *lim, const struct probe *p)
{
	double w = (double)p->page.x1 - p->page.x0;
	double h = (double)p->page.y1 - p->page.y0;
	double dpi = p->dpi > 0 ? round(p->dpi) : DPI_DEFAULT;

	dpi = dpi < DPI_MIN ? DPI_MIN : dpi > DPI_MAX ? DPI_MAX : dpi;
	/* a poster is read at less rather than not at all */
	dpi = fmin(dpi, floor(lim->side_max / fmax(w, h) * 72));
	dpi = fmin(dpi, floor(sqrt((double)lim->pixels_max / (w * h)) * 72));
	return dpi;
}

/* MuPDF's own, of the device in work. */
static struct {
	void (*fill)(fz_context *, fz_device *, const fz_text *, fz_matrix,
	    fz_colorspace *, const float *, float, fz_color_params);
	void (*stroke)(fz_context *, fz_device *, const fz_text *,
	    const fz_stroke_state *, fz_matrix, fz_colorspace *, const float *,
	    float, fz_color_params);
} letters;

/* Text that says nothing is a picture too. A bullet is not worth one. */
static bool
is_mute(const fz_text *text)
{
	const fz_text_span *s;
	int i, bad = 0, good = 0;

	for (s = text->head; s; s = s->next)
		for (i = 0; i < s->len; i++) {
			if (s->items[i].gid < 0 ||
			    rune_is_space(s->items[i].ucs))
				continue;
			if (rune_is_bad(s->items[i].ucs))
				bad++;
			else
				good++;
		}
	return bad > 1 && bad > good;
}

static void
fill_mute(fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm,
    fz_colorspace *cs, const float *color, float alpha, fz_color_params cp)
{
	if (is_mute(text))
		letters.fill(ctx, dev, text, ctm, cs, color, alpha, cp);
}

static void
stroke_mute(fz_context *ctx, fz_device *dev, const fz_text *text,
    const fz_stroke_state *stroke, fz_matrix ctm, fz_colorspace *cs,
    const float *color, float alpha, fz_color_params cp)
{
	if (is_mute(text))
		letters.stroke(
		    ctx, dev, text, stroke, ctm, cs, color, alpha, cp);
}

static void
draw(fz_context *ctx, fz_page *page, fz_pixmap *pix, fz_matrix ctm,
    bool without_text)
{
	fz_device *dev = NULL;

	fz_clear_pixmap_with_value(ctx, pix, 0xff);
	fz_var(dev);
	fz_try(ctx)
	{
		dev = fz_new_draw_device(ctx, fz_identity, pix);
		if (without_text) {
			letters.fill = dev->fill_text;
			letters.stroke = dev->stroke_text;
			dev->fill_text = fill_mute;
			dev->stroke_text = stroke_mute;
		}
		fz_run_page(ctx, page, dev, ctm, NULL);
		fz_close_device(ctx, dev);
	}
	fz_always(ctx) fz_drop_device(ctx, dev);
	fz_catch(ctx) fz_rethrow(ctx);
}

/* A white sheet for the page at dpi, and where the page lies on it. */
static fz_pixmap *
sheet(fz_context *ctx, const struct probe *p, double dpi, fz_matrix *ret_ctm)
{
	*ret_ctm = fz_concat(fz_translate(-p->page.x0, -p->page.y0),
	    fz_scale((float)(dpi / 72), (float)(dpi / 72)));
	return fz_new_pixmap_with_bbox(ctx, fz_device_gray(ctx),
	    fz_round_rect(fz_transform_rect(p->page, *ret_ctm)), NULL, 0);
}

/* Paints over the lines of the hidden text. */
static void
paint_words(
    fz_context *ctx, fz_pixmap *pix, const fz_stext_page *text, fz_matrix ctm)
{
	const fz_stext_block *b;
	const fz_stext_line *l;

	for (b = text->first_block; b; b = b->next)
		if (b->type == FZ_STEXT_BLOCK_TEXT)
			for (l = b->u.t.first_line; l; l = l->next)
				fz_clear_pixmap_rect_with_value(ctx, pix, 0xff,
				    fz_round_rect(
					fz_transform_rect(line_box(l), ctm)));
}

fz_pixmap *
raster_small(fz_context *ctx, fz_page *page, const struct probe *p, double dpi)
{
	fz_matrix ctm;
	fz_pixmap *pix = sheet(ctx, p, dpi, &ctm);

	fz_try(ctx) draw(ctx, page, pix, ctm, false);
	fz_catch(ctx)
	{
		fz_drop_pixmap(ctx, pix);
		fz_rethrow(ctx);
	}
	return pix;
}

static int
give_render(fz_context *ctx, struct sluse_doc *d, fz_page *page,
    const struct probe *p, enum give what, struct sluse_sink *k)
{
	struct sluse_image proto = {.size = sizeof(proto)};
	double dpi = choose_dpi(d->host->limits, p), least;
	bool without_text = what == GIVE_PICTURES || what == GIVE_REST;
	bool bits = p->images && !p->images_gray && !p->marks &&
		    (without_text ? !p->glyphs_bad : !p->glyphs);
	fz_pixmap *pix = NULL;
	fz_irect box;
	fz_matrix ctm;
	int rc = SLUSE_READ_OK;

	/* below this nothing can be read, unless the scan has no more */
	least = p->dpi > 0 ? fmin(DPI_FLOOR, floor(p->dpi)) : DPI_FLOOR;
	if (p->image_huge || !(dpi >= 1) || dpi < least)
		return SLUSE_READ_LIMIT;
	ctm = fz_scale((float)(dpi / 72), (float)(dpi / 72));
	box = fz_round_rect(fz_transform_rect(p->page, ctm));
	if (!fits(d->host->limits, (double)box.x1 - box.x0,
		(double)box.y1 - box.y0))
		return SLUSE_READ_LIMIT;
	proto.dpi = (uint32_t)dpi;
	fz_var(pix);
	fz_var(rc);
	fz_try(ctx)
	{
		pix = sheet(ctx, p, dpi, &ctm);
		draw(ctx, page, pix, ctm, without_text);
		if (what == GIVE_REST)
			paint_words(ctx, pix, p->hidden, ctm);
		rc = give_pixmap(ctx, d, pix, bits, &proto, k);
	}
	fz_always(ctx) fz_drop_pixmap(ctx, pix);
	fz_catch(ctx) fz_rethrow(ctx);
	return rc;
}

int
raster_page(fz_context *ctx, struct sluse_doc *d, fz_page *page,
    const struct probe *p, enum give what, struct sluse_sink *k)
{
	int rc;

	d->give = what == GIVE_PAGE ? d->host->image : d->host->image_beside;
	if (p->plain && p->image && what != GIVE_REST) {
		if (give_jpeg(ctx, d, p, k, &rc))
			return rc;
		if (give_scan(ctx, d, p, k, &rc))
			return rc;
	}
	return give_render(ctx, d, page, p, what, k);
}
