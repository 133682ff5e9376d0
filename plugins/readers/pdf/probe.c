/*
 * A device that draws nothing: it counts what a person would see of a page and
 * passes the visible text on to MuPDF's text device. One run answers both "is
 * this page text or a picture of text" and, for the former, what it says.
 *
 * INVARIANTS: hidden text (render mode 3, fully transparent, or under a large
 * opaque image drawn later) is kept apart; what lies outside the page is not
 * kept at all.
 */
#include "pdf.h"

#include <math.h>
#include <string.h>

enum {
	CLIPS_MAX = 256,
	REACHES = 4, /* fonts that a page has at once, mostly */
	REACH_GLYPHS = 8192,
	REACH_MAX = 1000 /* sizes of the font; beyond is beyond a page */
};

/* How far from their places glyphs of a font lie, of those met so far. */
struct reach {
	fz_font *font;
	float sizes;
	uint8_t seen[REACH_GLYPHS / 8];
};

struct clip {
	fz_rect box;
	bool soft; /* what is painted lets the ground shine through */
};

struct probe_device {
	fz_device super;
	struct probe *p;
	const struct sluse_limits *lim;
	fz_device *text;
	fz_device *hidden;
	fz_text *whole, *kept; /* the last that was cut, and what was left */
	struct reach reach[REACHES];
	unsigned next_reach;
	struct clip clip[CLIPS_MAX];
	int clips;
	int over; /* clips beyond the stack */
	int soft; /* groups and masks open that blend */
	int groups_soft[CLIPS_MAX];
	int groups;
	int tiles;
	double page_area;
	uint8_t grid[PROBE_GRID][PROBE_GRID];
	size_t cells;
};

static double
area(fz_rect r)
{
	if (fz_is_empty_rect(r))
		return 0;
	return ((double)r.x1 - r.x0) * ((double)r.y1 - r.y0);
}

static fz_rect
clip_now(struct probe_device *d)
{
	return d->clips ? d->clip[d->clips - 1].box : d->p->page;
}

static bool
soft_now(struct probe_device *d)
{
	return d->soft > 0 || d->over > 0 || d->tiles > 0 ||
	       (d->clips && d->clip[d->clips - 1].soft);
}

static void
clip_push(struct probe_device *d, fz_rect box, bool soft)
{
	fz_rect now = clip_now(d);

	if (d->clips == CLIPS_MAX) {
		d->over++;
		return;
	}
	soft = soft || (d->clips && d->clip[d->clips - 1].soft);
	d->clip[d->clips].box = fz_intersect_rect(now, box);
	d->clip[d->clips].soft = soft;
	d->clips++;
}

static void
probe_pop_clip(fz_context *ctx, fz_device *dev)
{
	struct probe_device *d = (struct probe_device *)dev;

	(void)ctx;
	if (d->over)
		d->over--;
	else if (d->clips)
		d->clips--;
}

static fz_device *
text_device(fz_context *ctx, struct probe_device *d, fz_stext_page **ret_page)
{
	*ret_page = fz_new_stext_page(ctx, d->p->page);
	return fz_new_stext_device(ctx, *ret_page, NULL);
}

/* What the text device has is under an image now. */
static void
text_hide(fz_context *ctx, struct probe_device *d)
{
	fz_close_device(ctx, d->text);
	fz_drop_device(ctx, d->text);
	d->text = NULL;
	fz_drop_device(ctx, d->hidden);
	d->hidden = NULL;
	fz_drop_stext_page(ctx, d->p->hidden);
	d->p->hidden = d->p->text;
	d->p->text = NULL;
	d->text = text_device(ctx, d, &d->p->text);
}

/* -- text ------------------------------------------------------------------ */

static struct reach *
reach_of(fz_context *ctx, struct probe_device *d, fz_font *font)
{
	struct reach *r;
	int i;

	for (i = 0; i < REACHES; i++)
		if (d->reach[i].font == font)
			return &d->reach[i];
	r = &d->reach[d->next_reach++ % REACHES];
	fz_drop_font(ctx, r->font);
	memset(r, 0, sizeof(*r));
	r->font = fz_keep_font(ctx, font);
	return r;
}

/* Looks at the outline: what a font says of all its glyphs is the document's
 * word. False: it cannot be told. */
static bool
reach_add(fz_context *ctx, struct reach *r, int gid)
{
	fz_rect b;
	float far;

	if (gid < 0 || gid >= REACH_GLYPHS)
		return false;
	if (r->seen[gid / 8] & (1u << gid % 8))
		return true;
	b = fz_bound_glyph(ctx, r->font, gid, fz_identity);
	far = fabsf(b.x0) + fabsf(b.y0) + fabsf(b.x1) + fabsf(b.y1);
	if (!(far < REACH_MAX)) /* nor is what is no number */
		return false;
	far = fmaxf(
	    fmaxf(fabsf(b.x0), fabsf(b.x1)), fmaxf(fabsf(b.y0), fabsf(b.y1)));
	if (far > r->sizes)
		r->sizes = far;
	r->seen[gid / 8] |= (uint8_t)(1u << gid % 8);
	return true;
}

/* Do all glyphs of it stand so far from the edges that none can lie beyond? */
static bool
span_is_clear(fz_context *ctx, struct probe_device *d, const fz_text_span *s,
    fz_matrix ctm)
{
	fz_matrix m = fz_concat(s->trm, ctm);
	fz_rect page = d->p->page;
	struct reach *r;
	float reach, x, y;
	int i;

	if (fz_font_t3_procs(ctx, s->font))
		return false;
	r = reach_of(ctx, d, s->font);
	for (i = 0; i < s->len; i++)
		if (s->items[i].gid >= 0 && !reach_add(ctx, r, s->items[i].gid))
			return false;
	reach = r->sizes * (fabsf(m.a) + fabsf(m.b) + fabsf(m.c) + fabsf(m.d));
	for (i = 0; i < s->len; i++) {
		x = s->items[i].x * ctm.a + s->items[i].y * ctm.c + ctm.e;
		y = s->items[i].x * ctm.b + s->items[i].y * ctm.d + ctm.f;
		/* what is no number is not clear either */
		if (!(x - reach > page.x0 && x + reach < page.x1 &&
			y - reach > page.y0 && y + reach < page.y1))
			return false;
	}
	return true;
}

static bool
is_clear(
    fz_context *ctx, struct probe_device *d, const fz_text *text, fz_matrix ctm)
{
	const fz_text_span *s;

	for (s = text->head; s; s = s->next)
		if (!span_is_clear(ctx, d, s, ctm))
			return false;
	return true;
}

static bool
is_outside(fz_context *ctx, const fz_text_span *s, const fz_text_item *item,
    fz_matrix ctm, fz_rect page)
{
	fz_rect r = fz_bound_glyph(ctx, s->font, item->gid, s->trm);

	r.x0 += item->x;
	r.y0 += item->y;
	r.x1 += item->x;
	r.y1 += item->y;
	r = fz_transform_rect(r, ctm);
	return r.x1 <= page.x0 || r.y1 <= page.y0 || r.x0 >= page.x1 ||
	       r.y0 >= page.y1;
}

static void
keep_inside(fz_context *ctx, fz_text *kept, const fz_text *text, fz_matrix ctm,
    fz_rect page)
{
	const fz_text_span *s;
	fz_matrix m;
	int i;

	for (s = text->head; s; s = s->next) {
		m = s->trm;
		for (i = 0; i < s->len; i++) {
			if (is_outside(ctx, s, &s->items[i], ctm, page))
				continue;
			m.e = s->items[i].x;
			m.f = s->items[i].y;
			fz_show_glyph(ctx, kept, s->font, m, s->items[i].gid,
			    s->items[i].ucs, (int)s->wmode, (int)s->bidi_level,
			    (fz_bidi_direction)s->markup_dir,
			    (fz_text_language)s->language);
		}
	}
}

/* The text without what lies outside the page. MuPDF's text device would look
 * at the bounds of every glyph for that, a tenth of what a page costs. */
static const fz_text *
on_page(
    fz_context *ctx, struct probe_device *d, const fz_text *text, fz_matrix ctm)
{
	if (is_clear(ctx, d, text, ctm))
		return text;
	/* filled, then stroked: the device knows it again */
	if (text == d->whole)
		return d->kept;
	fz_drop_text(ctx, d->whole);
	fz_drop_text(ctx, d->kept);
	d->whole = d->kept = NULL;
	d->kept = fz_new_text(ctx);
	keep_inside(ctx, d->kept, text, ctm, d->p->page);
	d->whole = fz_keep_text(ctx, text);
	return d->kept;
}

static void
count_glyphs(struct probe_device *d, const fz_text *text, fz_matrix ctm)
{
	fz_rect seen = clip_now(d);
	const fz_text_span *s;
	fz_point pt;
	int i, c;

	for (s = text->head; s; s = s->next) {
		for (i = 0; i < s->len; i++) {
			c = s->items[i].ucs;
			if (s->items[i].gid < 0 || rune_is_space(c))
				continue;
			pt = fz_transform_point_xy(
			    s->items[i].x, s->items[i].y, ctm);
			if (pt.x < seen.x0 - 1 || pt.x > seen.x1 + 1 ||
			    pt.y < seen.y0 - 1 || pt.y > seen.y1 + 1) {
				d->p->glyphs_hidden++;
				continue;
			}
			d->p->glyphs++;
			d->p->glyphs_bad += rune_is_bad(c);
		}
	}
	d->p->shown++;
	d->p->plain = false;
}

static void
probe_ignore_text(
    fz_context *ctx, fz_device *dev, const fz_text *text, fz_matrix ctm)
{
	struct probe_device *d = (struct probe_device *)dev;
	const fz_text_span *s;

	for (s = text->head; s; s = s->next)
		d->p->glyphs_hidden += (size_t)s->len;
	if (!d->p->hidden)
		d->hidden = text_device(ctx, d, &d->p->hidden);
	if (d->hidden)
		fz_ignore_text(ctx, d->hidden, on_page(ctx, d, text, ctm), ctm);
}

static void
probe_fill_text(fz_context *ctx, fz_device *dev, const fz_text *text,
    fz_matrix ctm, fz_colorspace *cs, const float *color, float alpha,
    fz_color_params cp)
{
	struct probe_device *d = (struct probe_device *)dev;

	if (alpha <= 0) {
		probe_ignore_text(ctx, dev, text, ctm);
		return;
	}
	count_glyphs(d, text, ctm);
	fz_fill_text(ctx, d->text, on_page(ctx, d, text, ctm), ctm, cs, color,
	    alpha, cp);
}

static void
probe_stroke_text(fz_context *ctx, fz_device *dev, const fz_text *text,
    const fz_stroke_state *stroke, fz_matrix ctm, fz_colorspace *cs,
    const float *color, float alpha, fz_color_params cp)
{
	struct probe_device *d = (struct probe_device *)dev;

	if (alpha <= 0) {
		probe_ignore_text(ctx, dev, text, ctm);
		return;
	}
	count_glyphs(d, text, ctm);
	fz_stroke_text(ctx, d->text, on_page(ctx, d, text, ctm), stroke, ctm,
	    cs, color, alpha, cp);
}

/* Text as a stencil shows only if something is painted through it: its words
 * are passed on, but prove nothing about the page. */
static void
probe_clip_text(fz_context *ctx, fz_device *dev, const fz_text *text,
    fz_matrix ctm, fz_rect scissor)
{
	struct probe_device *d = (struct probe_device *)dev;

	fz_clip_text(ctx, d->text, on_page(ctx, d, text, ctm), ctm, scissor);
	clip_push(d, fz_infinite_rect, true);
}

static void
probe_clip_stroke_text(fz_context *ctx, fz_device *dev, const fz_text *text,
    const fz_stroke_state *stroke, fz_matrix ctm, fz_rect scissor)
{
	struct probe_device *d = (struct probe_device *)dev;

	fz_clip_stroke_text(
	    ctx, d->text, on_page(ctx, d, text, ctm), stroke, ctm, scissor);
	clip_push(d, fz_infinite_rect, true);
}

/* -- paths ------------------------------------------------------------------
 */

static bool
color_is_white(fz_context *ctx, fz_colorspace *cs, const float *color,
    float alpha, fz_color_params cp)
{
	float gray[FZ_MAX_COLORS] = {0};

	if (alpha <= 0.02f)
		return true;
	if (!cs)
		return false;
	fz_convert_color(ctx, cs, color, fz_device_gray(ctx), gray, NULL, cp);
	return gray[0] > 0.98f;
}

static void
count_mark(struct probe_device *d, fz_rect box, bool white)
{
	fz_rect seen = fz_intersect_rect(clip_now(d), box);

	/* lines have a box without an area */
	if (!fz_is_valid_rect(seen))
		return;
	d->p->shown++;
	if (!white)
		d->p->marks++;
	/* white under the scan changes nothing, white on it does */
	if (!white || d->p->images)
		d->p->plain = false;
}

static void
probe_fill_path(fz_context *ctx, fz_device *dev, const fz_path *path, int eo,
    fz_matrix ctm, fz_colorspace *cs, const float *color, float alpha,
    fz_color_params cp)
{
	struct probe_device *d = (struct probe_device *)dev;

	(void)eo;
	count_mark(d, fz_bound_path(ctx, path, NULL, ctm),
	    color_is_white(ctx, cs, color, alpha, cp));
}

static void
probe_stroke_path(fz_context *ctx, fz_device *dev, const fz_path *path,
    const fz_stroke_state *stroke, fz_matrix ctm, fz_colorspace *cs,
    const float *color, float alpha, fz_color_params cp)
{
	struct probe_device *d = (struct probe_device *)dev;

	count_mark(d, fz_bound_path(ctx, path, stroke, ctm),
	    color_is_white(ctx, cs, color, alpha, cp));
}

static void
probe_clip_path(fz_context *ctx, fz_device *dev, const fz_path *path, int eo,
    fz_matrix ctm, fz_rect scissor)
{
	(void)eo;
	(void)scissor;
	clip_push((struct probe_device *)dev,
	    fz_bound_path(ctx, path, NULL, ctm), false);
}

static void
probe_clip_stroke_path(fz_context *ctx, fz_device *dev, const fz_path *path,
    const fz_stroke_state *stroke, fz_matrix ctm, fz_rect scissor)
{
	(void)scissor;
	clip_push((struct probe_device *)dev,
	    fz_bound_path(ctx, path, stroke, ctm), true);
}

static void
probe_fill_shade(fz_context *ctx, fz_device *dev, fz_shade *shade,
    fz_matrix ctm, float alpha, fz_color_params cp)
{
	(void)ctx;
	(void)shade;
	(void)ctm;
	(void)cp;
	count_mark(
	    (struct probe_device *)dev, fz_infinite_rect, alpha <= 0.02f);
}

/* -- images ------------------------------------------------------------------
 */

/* Marks the cells of the page that box holds the centre of. */
static void
cover(struct probe_device *d, fz_rect box)
{
	double w = (double)d->p->page.x1 - d->p->page.x0;
	double h = (double)d->p->page.y1 - d->p->page.y0;
	int x, y, x0, x1, y0, y1;

	if (fz_is_empty_rect(box))
		return;
	x0 = (int)ceil((box.x0 - d->p->page.x0) / w * PROBE_GRID - 0.5);
	x1 = (int)ceil((box.x1 - d->p->page.x0) / w * PROBE_GRID - 0.5);
	y0 = (int)ceil((box.y0 - d->p->page.y0) / h * PROBE_GRID - 0.5);
	y1 = (int)ceil((box.y1 - d->p->page.y0) / h * PROBE_GRID - 0.5);
	for (y = y0 < 0 ? 0 : y0; y < y1 && y < PROBE_GRID; y++) {
		for (x = x0 < 0 ? 0 : x0; x < x1 && x < PROBE_GRID; x++) {
			d->cells += !d->grid[y][x];
			d->grid[y][x] = 1;
		}
	}
}

static void
note_resolution(struct probe_device *d, fz_image *im, fz_matrix ctm)
{
	double sq = fabs((double)ctm.a * ctm.d - (double)ctm.b * ctm.c);
	double px = (double)im->w * im->h, dpi;

	if (px > (double)d->lim->pixels_max)
		d->p->image_huge = true;
	if (sq < 1 || sq < d->page_area * 0.04)
		return;
	dpi = sqrt(px / sq) * 72;
	if (dpi > d->p->dpi)
		d->p->dpi = dpi;
}

/* Keeps im as the one image of the page, or finds that it is not. */
static void
keep_plain(fz_context *ctx, struct probe_device *d, fz_image *im, fz_matrix ctm,
    fz_rect box, fz_rect seen, bool opaque)
{
	if (d->p->images > 1 || !opaque || d->p->marks || d->p->glyphs ||
	    area(seen) < 0.97 * area(box) || area(seen) < 0.9 * d->page_area) {
		d->p->plain = false;
		return;
	}
	d->p->plain = true;
	d->p->image = fz_keep_image(ctx, im);
	d->p->image_ctm = ctm;
}

static void
count_image(fz_context *ctx, struct probe_device *d, fz_image *im,
    fz_matrix ctm, bool opaque)
{
	fz_rect box = fz_transform_rect(fz_unit_rect, ctm);
	fz_rect seen = fz_intersect_rect(clip_now(d), box);

	if (fz_is_empty_rect(seen))
		return;
	d->p->images++;
	d->p->shown++;
	if (im->bpc != 1 || im->n > 1)
		d->p->images_gray++;
	cover(d, seen);
	note_resolution(d, im, ctm);
	opaque = opaque && !im->mask && !im->use_colorkey && !soft_now(d);
	if (opaque && area(seen) >= 0.8 * d->page_area && d->p->glyphs) {
		d->p->glyphs_hidden += d->p->glyphs;
		d->p->glyphs = d->p->glyphs_bad = 0;
		text_hide(ctx, d);
	}
	keep_plain(ctx, d, im, ctm, box, seen, opaque);
}

static void
probe_fill_image(fz_context *ctx, fz_device *dev, fz_image *im, fz_matrix ctm,
    float alpha, fz_color_params cp)
{
	(void)cp;
	if (alpha <= 0.02f)
		return;
	count_image(ctx, (struct probe_device *)dev, im, ctm, alpha >= 0.99f);
}

static void
probe_fill_image_mask(fz_context *ctx, fz_device *dev, fz_image *im,
    fz_matrix ctm, fz_colorspace *cs, const float *color, float alpha,
    fz_color_params cp)
{
	(void)cs;
	(void)color;
	(void)cp;
	if (alpha <= 0.02f)
		return;
	count_image(ctx, (struct probe_device *)dev, im, ctm, false);
}

static void
probe_clip_image_mask(fz_context *ctx, fz_device *dev, fz_image *im,
    fz_matrix ctm, fz_rect scissor)
{
	(void)ctx;
	(void)im;
	(void)scissor;
	clip_push((struct probe_device *)dev,
	    fz_transform_rect(fz_unit_rect, ctm), true);
}

/* -- groups ------------------------------------------------------------------
 */

static void
probe_begin_mask(fz_context *ctx, fz_device *dev, fz_rect box, int luminosity,
    fz_colorspace *cs, const float *bc, fz_color_params cp)
{
	(void)ctx;
	(void)box;
	(void)luminosity;
	(void)cs;
	(void)bc;
	(void)cp;
	((struct probe_device *)dev)->soft++;
}

/* The mask becomes a clip, ended by pop_clip. */
static void
probe_end_mask(fz_context *ctx, fz_device *dev)
{
	struct probe_device *d = (struct probe_device *)dev;

	(void)ctx;
	if (d->soft)
		d->soft--;
	clip_push(d, fz_infinite_rect, true);
}

static void
probe_begin_group(fz_context *ctx, fz_device *dev, fz_rect box,
    fz_colorspace *cs, int isolated, int knockout, int blend, float alpha)
{
	struct probe_device *d = (struct probe_device *)dev;
	bool soft = blend != FZ_BLEND_NORMAL || alpha < 0.99f;

	(void)ctx;
	(void)box;
	(void)cs;
	(void)isolated;
	(void)knockout;
	if (d->groups < CLIPS_MAX)
		d->groups_soft[d->groups] = soft;
	else
		soft = false;
	d->groups++;
	d->soft += soft;
}

static void
probe_end_group(fz_context *ctx, fz_device *dev)
{
	struct probe_device *d = (struct probe_device *)dev;

	(void)ctx;
	if (!d->groups)
		return;
	d->groups--;
	if (d->groups < CLIPS_MAX)
		d->soft -= d->groups_soft[d->groups];
}

static int
probe_begin_tile(fz_context *ctx, fz_device *dev, fz_rect box, fz_rect view,
    float xstep, float ystep, fz_matrix ctm, int id)
{
	(void)ctx;
	(void)box;
	(void)view;
	(void)xstep;
	(void)ystep;
	(void)ctm;
	(void)id;
	((struct probe_device *)dev)->tiles++;
	return 0;
}

static void
probe_end_tile(fz_context *ctx, fz_device *dev)
{
	struct probe_device *d = (struct probe_device *)dev;

	(void)ctx;
	if (d->tiles)
		d->tiles--;
}

static void
probe_drop(fz_context *ctx, fz_device *dev)
{
	struct probe_device *d = (struct probe_device *)dev;
	int i;

	fz_drop_device(ctx, d->text);
	fz_drop_device(ctx, d->hidden);
	fz_drop_text(ctx, d->whole);
	fz_drop_text(ctx, d->kept);
	for (i = 0; i < REACHES; i++)
		fz_drop_font(ctx, d->reach[i].font);
}

static void
probe_close(fz_context *ctx, fz_device *dev)
{
	struct probe_device *d = (struct probe_device *)dev;

	fz_close_device(ctx, d->text);
	if (d->hidden)
		fz_close_device(ctx, d->hidden);
}

static struct probe_device *
probe_new(fz_context *ctx, const struct sluse_limits *lim, struct probe *p)
{
	struct probe_device *d =
	    fz_new_derived_device(ctx, struct probe_device);

	d->super.close_device = probe_close;
	d->super.drop_device = probe_drop;
	d->super.fill_path = probe_fill_path;
	d->super.stroke_path = probe_stroke_path;
	d->super.clip_path = probe_clip_path;
	d->super.clip_stroke_path = probe_clip_stroke_path;
	d->super.fill_text = probe_fill_text;
	d->super.stroke_text = probe_stroke_text;
	d->super.clip_text = probe_clip_text;
	d->super.clip_stroke_text = probe_clip_stroke_text;
	d->super.ignore_text = probe_ignore_text;
	d->super.fill_shade = probe_fill_shade;
	d->super.fill_image = probe_fill_image;
	d->super.fill_image_mask = probe_fill_image_mask;
	d->super.clip_image_mask = probe_clip_image_mask;
	d->super.pop_clip = probe_pop_clip;
	d->super.begin_mask = probe_begin_mask;
	d->super.end_mask = probe_end_mask;
	d->super.begin_group = probe_begin_group;
	d->super.end_group = probe_end_group;
	d->super.begin_tile = probe_begin_tile;
	d->super.end_tile = probe_end_tile;
	d->p = p;
	d->lim = lim;
	d->page_area = area(p->page);
	return d;
}

void
probe_run(fz_context *ctx, const struct sluse_limits *lim, fz_page *page,
    struct probe *p)
{
	struct probe_device *d = NULL;
	fz_cookie cookie = {0};

	fz_var(d);
	fz_try(ctx)
	{
		d = probe_new(ctx, lim, p);
		d->text = text_device(ctx, d, &p->text);
		fz_run_page(ctx, page, &d->super, fz_identity, &cookie);
		fz_close_device(ctx, &d->super);
		p->coverage = (double)d->cells / (PROBE_GRID * PROBE_GRID);
		p->failed = cookie.errors > 0;
	}
	fz_always(ctx) fz_drop_device(ctx, d ? &d->super : NULL);
	fz_catch(ctx) fz_rethrow(ctx);
}

void
probe_free(fz_context *ctx, struct probe *p)
{
	fz_drop_image(ctx, p->image);
	fz_drop_stext_page(ctx, p->text);
	fz_drop_stext_page(ctx, p->hidden);
	p->image = NULL;
	p->text = p->hidden = NULL;
}
