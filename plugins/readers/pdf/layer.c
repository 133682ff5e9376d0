/*
 * A scan with text that is not seen: what some OCR program put under it, or
 * somebody who wants us to read another thing than people do. It is taken where
 * it reads like language, lies where the scan has ink, and leaves no large part
 * of the ink out. Looking at a small picture of the page for that costs a
 * hundredth of recognising it.
 */
#include "pdf.h"

#include <math.h>
#include <string.h>

enum {
	WORDS_MIN = 20, /* fewer prove nothing */
	ODD_MAX = 4, /* per cent of the words */
	BITS_MAX = 76, /* sixteenths of a bit a letter, at most; */
	BITS_MAX_NORWEGIAN = 61, /* spelt right it has 56 to 59 */
	LENGTH_MIN = 4, /* letters a word in the mean: shorter is stammering */
	DPI_MIN = 110, /* of the scan: who read less guessed */
	DPI = 50,
	SIDE_MAX = 2000, /* pixels of that picture */
	CONTRAST = 56, /* darker than the ground by so much is ink */
	ON_INK = 75, /* per cent of the words */
	INK_SAID = 60, /* per cent of the ink that words lie on */
	LETTER_MAX = 14, /* pixels: what is higher is no line of text */
	REST_SHARE = 2, /* per cent of the ink, and so many pixels, that are */
	REST_PIXELS = 40, /* not said: a stamp, a note by hand */
};

struct map {
	int w, h;
	uint8_t *ink, *said;
	fz_point origin;
	unsigned words, on_ink;
};

/* The commonest shade: the paper's. */
static int
ground_of(const unsigned char *px, int w, int h, ptrdiff_t stride)
{
	unsigned count[64] = {0};
	int x, y, i, best = 63;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			count[px[y * stride + x] >> 2]++;
	for (i = 0; i < 64; i++)
		if (count[i] > count[best])
			best = i;
	return best * 4 + 2;
}

/* True if at (x, y) begins an upright run of ink too long for a letter: the
 * rim of the scan, a frame, a photograph. Clears it. */
static void
clear_tall(struct map *m)
{
	int x, y, from, i;

	for (x = 0; x < m->w; x++)
		for (y = 0; y < m->h; y = from + (from == y)) {
			for (from = y; from < m->h && m->ink[from * m->w + x];)
				from++;
			for (i = y; from - y > LETTER_MAX && i < from; i++)
				m->ink[i * m->w + x] = 0;
		}
}

static void
find_ink(fz_context *ctx, fz_pixmap *pix, struct map *m)
{
	const unsigned char *px = fz_pixmap_samples(ctx, pix);
	ptrdiff_t stride = fz_pixmap_stride(ctx, pix);
	int x, y, ground = ground_of(px, m->w, m->h, stride);

	for (y = 0; y < m->h; y++)
		for (x = 0; x < m->w; x++)
			m->ink[y * m->w + x] =
			    px[y * stride + x] + CONTRAST < ground;
	clear_tall(m);
}

static int
bounded(double v, int max)
{
	return v < 0 ? 0 : v > max ? max : (int)v;
}

fz_rect
line_box(const fz_stext_line *l)
{
	const fz_stext_char *c;
	fz_rect box = fz_empty_rect;
	float high;

	for (c = l->first_char; c; c = c->next)
		box = fz_union_rect(box, fz_rect_from_quad(c->quad));
	if (fz_is_empty_rect(box))
		return box;
	high = fminf(box.y1 - box.y0, box.x1 - box.x0);
	box.x0 -= high / 2;
	box.x1 += high / 2;
	box.y0 -= high / 5;
	box.y1 += high / 5;
	return box;
}

/* A box of the page as pixels, within the map. */
static fz_irect
pixels(const struct map *m, fz_rect box)
{
	double k = DPI / 72.0;
	fz_irect r;

	r.x0 = bounded((box.x0 - m->origin.x) * k - 1, m->w);
	r.x1 = bounded((box.x1 - m->origin.x) * k + 2, m->w);
	r.y0 = bounded((box.y0 - m->origin.y) * k - 1, m->h);
	r.y1 = bounded((box.y1 - m->origin.y) * k + 2, m->h);
	return r;
}

static void
count_word(struct map *m, fz_rect box)
{
	fz_irect r = pixels(m, box);
	unsigned ink = 0;
	int x, y;

	for (y = r.y0; y < r.y1; y++)
		for (x = r.x0; x < r.x1; x++)
			ink += m->ink[y * m->w + x];
	m->words++;
	m->on_ink += ink > 0;
}

static void
mark_line(struct map *m, const fz_stext_line *l)
{
	const fz_stext_char *c;
	fz_rect box = fz_empty_rect;
	fz_irect r;
	int y;

	for (c = l->first_char; c; c = c->next) {
		if (!rune_is_space(c->c)) {
			box = fz_union_rect(box, fz_rect_from_quad(c->quad));
			continue;
		}
		if (!fz_is_empty_rect(box))
			count_word(m, box);
		box = fz_empty_rect;
	}
	if (!fz_is_empty_rect(box))
		count_word(m, box);
	r = pixels(m, line_box(l));
	for (y = r.y0; y < r.y1 && r.x0 < r.x1; y++)
		memset(m->said + y * m->w + r.x0, 1, (size_t)(r.x1 - r.x0));
}

static bool
map_fits(const struct map *m, bool *ret_rest)
{
	size_t i, n = (size_t)m->w * (size_t)m->h, ink = 0, said = 0;

	for (i = 0; i < n; i++) {
		ink += m->ink[i];
		said += m->ink[i] && m->said[i];
	}
	*ret_rest =
	    ink - said > REST_PIXELS && (ink - said) * 100 > ink * REST_SHARE;
	return m->words > 0 && m->on_ink * 100 >= m->words * ON_INK &&
	       said * 100 >= ink * INK_SAID;
}

/* Does the text lie where the page has ink? */
static bool
lies_well(fz_context *ctx, fz_page *page, const struct probe *p, bool *ret_rest)
{
	double w = ((double)p->page.x1 - p->page.x0) * DPI / 72;
	double h = ((double)p->page.y1 - p->page.y0) * DPI / 72;
	const fz_stext_block *b;
	const fz_stext_line *l;
	struct map m = {.origin = {p->page.x0, p->page.y0}};
	fz_pixmap *pix;
	bool well = false;

	if (w > SIDE_MAX || h > SIDE_MAX)
		return false;
	pix = raster_small(ctx, page, p, DPI);
	fz_var(m);
	fz_var(well);
	fz_try(ctx)
	{
		m.w = fz_pixmap_width(ctx, pix);
		m.h = fz_pixmap_height(ctx, pix);
		m.ink = fz_calloc(ctx, (size_t)m.w * (size_t)m.h, 2);
		m.said = m.ink + (size_t)m.w * (size_t)m.h;
		find_ink(ctx, pix, &m);
		for (b = p->hidden->first_block; b; b = b->next)
			if (b->type == FZ_STEXT_BLOCK_TEXT)
				for (l = b->u.t.first_line; l; l = l->next)
					mark_line(&m, l);
		well = map_fits(&m, ret_rest);
	}
	fz_always(ctx)
	{
		fz_free(ctx, m.ink);
		fz_drop_pixmap(ctx, pix);
	}
	fz_catch(ctx) fz_rethrow(ctx);
	return well;
}

/* Does it read like what people write? */
static bool
reads_well(const struct quality *q)
{
	uint64_t max = q->ands * 50 > q->words ? BITS_MAX_NORWEGIAN : BITS_MAX;

	return q->plain >= WORDS_MIN && q->bad + q->broken <= q->words / 50 &&
	       q->mojibake <= 2 && !quality_lost_letters(q) &&
	       q->odd * 100 <= q->words * ODD_MAX &&
	       q->bits <= q->letters * max &&
	       q->letters >= (uint64_t)q->plain * LENGTH_MIN;
}

/* From what it reads like: 900, or down to 600 where it only just does. */
static int
trust_of(const struct quality *q)
{
	int odd = (int)(q->odd * 100 / q->words);

	return 900 - odd * 300 / ODD_MAX;
}

int
layer_trust(
    fz_context *ctx, fz_page *page, const struct probe *p, bool *ret_rest)
{
	struct quality q = {0};

	*ret_rest = false;
	if (!p->hidden || p->image_huge || p->dpi < DPI_MIN)
		return 0;
	quality_text(&q, p->hidden);
	return reads_well(&q) && lies_well(ctx, page, p, ret_rest)
		   ? trust_of(&q)
		   : 0;
}
