/*
 * The order matters: the border would spoil the ground, the ground the ink,
 * and the ink is what lines, letters and skew are told from.
 */
#include "look.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "border.h"

/* Sides longer than this are halved, and halved again. */
#define LOOK_SIDE 2800
#define TILE 16 /* pixels of the reduced copy: 2.7 mm at 150 dpi */
/* Ground of a tile: this part of its pixels is darker. */
#define GROUND_PART 0.8
#define DARK_PART 0.02
/* Ground this much darker than the paper is a picture's, not the paper's. */
#define GROUND_LEAST 0.3
/* What is ink lies so many times the noise below the ground, */
#define INK_NOISE 1.9f
/* at least so many levels, */
#define INK_LEAST 8.0f
/* and as strong ink goes, this part of it. */
#define INK_PART 0.4f
#define RULE_PART 0.25f /* of what rules are sought in */
/* A letter, in pixels of the copy. */
#define LETTER_MIN 5
#define LETTER_MAX 60
#define LETTERS_FEW 20u
/* A mark that may be writing is at least so long. */
#define MARK_MIN 7
/* So few that weak ink is looked for as well. */
#define MARKS_FEW 20u
#define COPY_DPI 150
#define STREAK_WIDE 5
#define HOLE_MIN 21 /* 3.5 mm, and 8 mm */
#define HOLE_MAX 48
#define SPOTS_MAX 60000
#define EDGES_FEW 200u
#define SKEW_SURE 3.0f
/* Good print. */
#define GOOD_CONTRAST 110u
#define GOOD_SHARP 62u
#define GOOD_LETTER 17u
/* Writing blackens less than this part of a row. */
#define ROW_MOST 3
/* One way must be so much surer than the other. */
#define TURN_RATIO 2.5f
/* Less contrast than so many times the noise: see it smoothed. */
#define SMOOTH_NOISE 2.5f
/* Ink of so many times the contrast, in one tile of so many that have any, is
 * what is written, if there are so many dots, and so many for each letter. */
#define STRONG_TIMES 6u
#define STRONG_SHARE 100u
#define DOTS_MANY 2000u
#define DOTS_TIMES 5u

static PIX *
reduce(PIX *pix, int scale)
{
	if (pixGetDepth(pix) != 1)
		return scale == 1 ? pixClone(pix)
				  : pixScaleAreaMap(pix, 1.0f / (float)scale,
					1.0f / (float)scale);
	return scale == 1   ? pixConvertTo8(pix, 0)
	       : scale == 2 ? pixScaleToGray2(pix)
	       : scale == 4 ? pixScaleToGray4(pix)
			    : pixScaleToGray8(pix);
}

/* The grey below which the given part of n counted pixels lies. */
static int
part_of(const unsigned *count, unsigned n, double part)
{
	unsigned want = (unsigned)(n * part), sum = 0;
	int v = 0;

	while (v < 255 && (sum += count[v]) <= want)
		v++;
	return v;
}

static void
count_tile(PIX *pix, int x0, int y0, unsigned count[256])
{
	int x, y, wpl = pixGetWpl(pix);
	int x1 = x0 + TILE < pixGetWidth(pix) ? x0 + TILE : pixGetWidth(pix);
	int y1 = y0 + TILE < pixGetHeight(pix) ? y0 + TILE : pixGetHeight(pix);
	const l_uint32 *data = pixGetData(pix);

	memset(count, 0, 256 * sizeof(count[0]));
	for (y = y0; y < y1; y++)
		for (x = x0; x < x1; x++)
			count[GET_DATA_BYTE(
			    data + (size_t)y * (size_t)wpl, x)]++;
}

/* At the right and lower edge: like the one before. */
static void
copy_tile(PIX *ground, int x, int y)
{
	l_uint32 v = 255;

	(void)pixGetPixel(ground, x > 0 ? x - 1 : 0, y, &v);
	if (x == 0 && y > 0)
		(void)pixGetPixel(ground, x, y - 1, &v);
	(void)pixSetPixel(ground, x, y, v);
}

/* A painted border tells nothing. */
static bool
in_border(const struct sl_ocr_look *l, int x, int y)
{
	l_uint32 v = 0;

	if (l->border != NULL)
		(void)pixGetPixel(l->border, x * TILE / 8, y * TILE / 8, &v);
	return v != 0;
}

/* Fills l->ground, and counts how much darker each tile goes. */
static void
see_tiles(PIX *small, struct sl_ocr_look *l, unsigned depth[256])
{
	int w = pixGetWidth(l->ground), h = pixGetHeight(l->ground), x, y;
	unsigned count[256], n, i;
	int bright, dark;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			count_tile(small, x * TILE, y * TILE, count);
			for (n = 0, i = 0; i < 256; i++)
				n += count[i];
			if (n == 0) { /* the reduction left it out */
				copy_tile(l->ground, x, y);
				continue;
			}
			bright = part_of(count, n, GROUND_PART);
			dark = part_of(count, n, DARK_PART);
			(void)pixSetPixel(l->ground, x, y, (l_uint32)bright);
			if (!in_border(l, x, y))
				depth[bright - dark]++;
		}
}

/* Tiles inside of pictures take the paper's grey. */
static void
see_ground(struct sl_ocr_look *l)
{
	int w = pixGetWidth(l->ground), h = pixGetHeight(l->ground), x, y;
	unsigned count[256] = {0}, n = (unsigned)(w * h), i;
	l_uint32 v;
	PIX *even;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			(void)pixGetPixel(l->ground, x, y, &v);
			count[v]++;
		}
	l->paper = (unsigned)part_of(count, n, 0.75);
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			(void)pixGetPixel(l->ground, x, y, &v);
			if (v < (l_uint32)(l->paper * GROUND_LEAST))
				(void)pixSetPixel(l->ground, x, y, l->paper);
		}
	for (i = (unsigned)(l->paper * GROUND_LEAST), n = 0; i < 256; i++)
		n += count[i];
	for (i = 0; i < (unsigned)(l->paper * GROUND_LEAST); i++)
		count[i] = 0;
	i = (unsigned)part_of(count, n, 0.05);
	l->uneven = l->paper > i ? (l->paper - i) * 100 / l->paper : 0;
	even = pixMedianFilter(l->ground, 3, 3);
	if (even != NULL) {
		pixDestroy(&l->ground);
		l->ground = even;
	}
}

/* How steeply ink begins: at the left edges of what is marked, on most. */
static void
see_edges(PIX *small, struct sl_ocr_look *l)
{
	int w = pixGetWidth(small), h = pixGetHeight(small), x, y, fall;
	unsigned count[256] = {0}, n = 0;
	const l_uint32 *gray, *ink;

	for (y = 0; y < h; y += 2) {
		gray = pixGetData(small) + (size_t)y * (size_t)pixGetWpl(small);
		ink =
		    pixGetData(l->ink) + (size_t)y * (size_t)pixGetWpl(l->ink);
		for (x = 2; x < w - 1; x++) {
			if (!GET_DATA_BIT(ink, x) || GET_DATA_BIT(ink, x - 1))
				continue;
			fall = GET_DATA_BYTE(gray, x - 1) -
			       GET_DATA_BYTE(gray, x + 1);
			count[fall > 0 ? fall : 0]++;
			n++;
		}
	}
	if (n >= EDGES_FEW && l->contrast > 0)
		l->sharp =
		    (unsigned)part_of(count, n, 0.75) * 100 / l->contrast;
	else
		l->sharp = 100;
}

static float
ink_depth(const struct sl_ocr_look *l, float part)
{
	float least = fmaxf(INK_LEAST, INK_NOISE * (float)l->noise);

	return fmaxf(least, part * (float)l->contrast);
}

static void
mark_ink(PIX *small, const struct sl_ocr_look *l, float part, PIX *ink)
{
	int w = pixGetWidth(small), h = pixGetHeight(small), x, y;
	float depth = ink_depth(l, part) / (float)(l->paper > 0 ? l->paper : 1);
	const l_uint32 *from;
	l_uint32 *to, g = 0;
	int below = 0;

	(void)pixClearAll(ink);
	for (y = 0; y < h; y++) {
		from = pixGetData(small) + (size_t)y * (size_t)pixGetWpl(small);
		to = pixGetData(ink) + (size_t)y * (size_t)pixGetWpl(ink);
		for (x = 0; x < w; x++) {
			if (x % TILE == 0) {
				(void)pixGetPixel(
				    l->ground, x / TILE, y / TILE, &g);
				below = (int)lroundf((float)g * (1 - depth));
			}
			if ((int)GET_DATA_BYTE(from, x) < below)
				SET_DATA_BIT(to, x);
		}
	}
}

/* Letters are told by their shape, so that no line need be found. */
static void
see_turn(struct sl_ocr_look *l)
{
	float up = 0, left = 0, other;

	l->turn = 0;
	l->turn_sure = 0;
	if (pixOrientDetect(l->ink, &up, &left, 0, 0) != 0)
		return;
	if (fabsf(up) >= fabsf(left)) {
		l->turn = up < 0 ? 180 : 0;
		l->turn_sure = fabsf(up);
		other = fabsf(left);
	} else {
		l->turn = left < 0 ? 270 : 90;
		l->turn_sure = fabsf(left);
		other = fabsf(up);
	}
	if (l->turn_sure < TURN_RATIO * other)
		l->turn_sure = fminf(l->turn_sure, SL_OCR_TURN_SURE * 0.9f);
}

static bool
lying(const struct sl_ocr_look *l)
{
	return l->turn % 180 != 0 && l->turn_sure >= SL_OCR_TURN_SURE;
}

/* What a scanner and a punch leave is none: at the very edge, a streak as long
 * as the page, a full disc near the side. */
static bool
is_mark(PIX *ink, int x, int y, int bw, int bh)
{
	int w = pixGetWidth(ink), h = pixGetHeight(ink), n = 0;
	int thin = bw < bh ? bw : bh, thick = bw < bh ? bh : bw;
	BOX *b;

	if (x <= w / 40 || y <= h / 40 || x + bw >= w - w / 40 ||
	    y + bh >= h - h / 40)
		return false;
	if (thin <= STREAK_WIDE && (bw > w / 2 || bh > h / 2))
		return false;
	if ((x > w / 8 && x + bw < w - w / 8 && y > h / 8 &&
		y + bh < h - h / 8) ||
	    thin < HOLE_MIN || thick > HOLE_MAX || thick - thin > HOLE_MIN / 3)
		return true;
	b = boxCreate(x, y, bw, bh);
	if (b != NULL)
		(void)pixCountPixelsInRect(ink, b, &n, NULL);
	boxDestroy(&b);
	return n < bw * bh / 2;
}

/* Counts spots by what they may be, and takes the letters' height. */
static void
see_spots(struct sl_ocr_look *l)
{
	int n, i;
	int count = 0, x, y, bw, bh, across, half;
	unsigned heights[LETTER_MAX + 1] = {0}, sum = 0;
	BOXA *spots;

	see_turn(l);
	l->marks = l->longest = l->letters = l->letter_px = 0;
	l->specks = l->dots = 0;
	if (pixCountConnComp(l->ink, 8, &count) != 0 || count > SPOTS_MAX) {
		l->specks = l->dots = (unsigned)count;
		l->marks = LETTERS_FEW;
		return;
	}
	spots = pixConnCompBB(l->ink, 8);
	n = boxaGetCount(spots);
	for (i = 0; i < n; i++) {
		(void)boxaGetBoxGeometry(spots, i, &x, &y, &bw, &bh);
		across = bw > bh ? bw : bh;
		l->specks += across <= 2;
		l->dots += across < LETTER_MIN;
		half = bh < bw ? bh : bw;
		if (across >= MARK_MIN && is_mark(l->ink, x, y, bw, bh)) {
			l->marks++;
			if (l->longest < (unsigned)across * 100 / COPY_DPI)
				l->longest = (unsigned)across * 100 / COPY_DPI;
		}
		if (half < 3 || across < LETTER_MIN || across > LETTER_MAX)
			continue;
		l->letters++;
		heights[lying(l) ? bw : bh]++;
	}
	boxaDestroy(&spots);
	for (i = 0; i <= LETTER_MAX && l->letters >= LETTERS_FEW; i++)
		if ((sum += heights[i]) * 2 >= l->letters) {
			l->letter_px = (unsigned)(i * l->scale);
			break;
		}
}

static void
see_skew(struct sl_ocr_look *l)
{
	PIX *ink = lying(l) ? pixRotate90(l->ink, 1) : pixClone(l->ink);
	float angle = 0, sure = 0;

	if (ink != NULL && pixFindSkew(ink, &angle, &sure) == 0 &&
	    sure >= SKEW_SURE)
		l->skew = angle * (float)M_PI / 180.0f;
	pixDestroy(&ink);
}

/* ret_strong: the ink of tiles that are far above most, or 0. */
static bool
see_depths(PIX *small, struct sl_ocr_look *l, unsigned *ret_strong)
{
	unsigned depth[256] = {0}, n, i, strong;

	see_tiles(small, l, depth);
	for (n = 0, i = 0; i < 256; i++)
		n += depth[i];
	l->noise = (unsigned)part_of(depth, n, 0.3);
	/* Much of it may be ink: a page full of print has few tiles without. */
	if ((float)part_of(depth, n, 0.75) < SMOOTH_NOISE * (float)l->noise)
		l->noise = (unsigned)part_of(depth, n, 0.05);
	/* Strong ink, among the tiles that have any. */
	i = (unsigned)fminf(255, fmaxf(INK_LEAST, 2.0f * (float)l->noise + 4));
	memset(depth, 0, i * sizeof(depth[0]));
	for (n = 0; i < 256; i++)
		n += depth[i];
	l->contrast = n == 0 ? l->noise : (unsigned)part_of(depth, n, 0.75);
	l->faint = n == 0 ? l->noise : (unsigned)part_of(depth, n, 0.25);
	*ret_strong = 0;
	for (i = 0; i < STRONG_TIMES * l->contrast && i < 256; i++)
		depth[i] = 0;
	for (strong = 0; i < 256; i++)
		strong += depth[i];
	if (strong > 0 && strong * STRONG_SHARE >= n)
		*ret_strong = (unsigned)part_of(depth, strong, 0.75);
	return (float)l->contrast < SMOOTH_NOISE * (float)l->noise;
}

/* Specks that a JPEG has smeared lie in every tile, and are no ink's strength
 * beside letters that are many times as strong. */
static void
see_strong(PIX *small, unsigned strong, struct sl_ocr_look *l)
{
	unsigned contrast = l->contrast;

	if (strong == 0 || l->dots < DOTS_MANY ||
	    l->dots < DOTS_TIMES * l->letters)
		return;
	l->contrast = strong;
	mark_ink(small, l, INK_PART, l->ink);
	see_spots(l);
	if (l->letters >= LETTERS_FEW)
		return;
	l->contrast = contrast;
	mark_ink(small, l, INK_PART, l->ink);
	see_spots(l);
}

/* They lie as the letters do, which are sought upright. */
static void
find_rules(struct sl_ocr_look *l, PIX *weak, PIX *sure)
{
	PIX *upright = pixRotateOrth(weak, (int)l->rules_turn / 90);
	PIX *mask = NULL;

	if (upright != NULL)
		sl_ocr_rules_find(upright, sure, (int)l->letter_px / l->scale,
		    -tanf(l->skew), &l->rules);
	pixDestroy(&upright);
	if (l->rules.n == 0)
		return;
	mask =
	    pixRotateOrth(l->rules.mask, (int)(360 - l->rules_turn) % 360 / 90);
	pixDestroy(&l->rules.mask);
	l->rules.mask = mask;
	if (mask == NULL)
		sl_ocr_rules_free(&l->rules);
}

/* A pencil's strokes are weaker than the print, and broken where they are not
 * seen as a whole. */
static void
see_rules(PIX *small, struct sl_ocr_look *l)
{
	PIX *upright, *sure = NULL, *weak = NULL;

	if (l->letter_px == 0)
		return;
	l->rules_turn = l->turn_sure >= SL_OCR_TURN_SURE ? l->turn : 0;
	upright = pixRotateOrth(l->ink, (int)l->rules_turn / 90);
	if (upright != NULL)
		sure = sl_ocr_rule_runs(upright, (int)l->letter_px / l->scale);
	if (sure != NULL)
		weak = pixCreateTemplate(l->ink);
	if (weak != NULL) {
		mark_ink(small, l, RULE_PART, weak);
		find_rules(l, weak, sure);
	}
	pixDestroy(&weak);
	pixDestroy(&sure);
	pixDestroy(&upright);
}

/* Takes small over. */
static void
see_ink(PIX *small, PIX *pix, struct sl_ocr_look *l)
{
	int w = (pixGetWidth(pix) + l->tile - 1) / l->tile;
	int h = (pixGetHeight(pix) + l->tile - 1) / l->tile;
	unsigned strong;
	PIX *smooth;

	l->ground = pixCreate(w, h, 8);
	l->ink = pixCreate(pixGetWidth(small), pixGetHeight(small), 1);
	if (l->ground != NULL && l->ink != NULL) {
		if (see_depths(small, l, &strong) &&
		    (smooth = pixBlockconv(small, 1, 1)) != NULL) {
			pixDestroy(&small);
			small = smooth;
			(void)see_depths(small, l, &strong);
		}
		see_ground(l);
		mark_ink(small, l, INK_PART, l->ink);
		see_spots(l);
		see_strong(small, strong, l);
		if (l->marks < MARKS_FEW && l->faint < l->contrast) {
			/* Beside holes and blots weak ink is overlooked. */
			l->contrast = l->faint;
			mark_ink(small, l, INK_PART, l->ink);
			see_spots(l);
		}
		see_edges(small, l);
		see_skew(l);
		see_rules(small, l);
	}
	pixDestroy(&small);
}

bool
sl_ocr_look_at(PIX *pix, struct sl_ocr_look *ret)
{
	int w = pixGetWidth(pix), h = pixGetHeight(pix), side = w > h ? w : h;
	PIX *small, *plain;

	*ret = (struct sl_ocr_look){.scale = 1};
	while (side / ret->scale > LOOK_SIDE && ret->scale < 8)
		ret->scale *= 2;
	small = reduce(pix, ret->scale);
	if (small == NULL)
		return false;
	ret->tile = TILE * ret->scale;
	ret->border = sl_ocr_border_find(small);
	if (ret->border != NULL) {
		plain = pixCopy(NULL, small);
		pixDestroy(&small);
		small = plain;
		if (small != NULL)
			sl_ocr_border_paint(small, ret->border);
	}
	if (small != NULL)
		see_ink(small, pix, ret);
	if (ret->ink == NULL || ret->ground == NULL) {
		sl_ocr_look_free(ret);
		return false;
	}
	return true;
}

bool
sl_ocr_look_good(const struct sl_ocr_look *l)
{
	return l->contrast >= GOOD_CONTRAST && l->sharp >= GOOD_SHARP &&
	       l->letter_px >= GOOD_LETTER && l->noise * 8 < l->contrast;
}

/* Rows with more ink than writing has count for nothing. */
static void
count_rows(PIX *ink, int *count)
{
	int h = pixGetHeight(ink), y;

	for (y = 0; y < h; y++) {
		count[y] = 0;
		(void)pixCountPixelsInRow(ink, y, &count[y], NULL);
		if (count[y] > pixGetWidth(ink) / ROW_MOST)
			count[y] = 0;
	}
}

bool
sl_ocr_look_band(
    const struct sl_ocr_look *l, unsigned turn, unsigned high, int rect[4])
{
	int band = (int)(high * l->letter_px) / l->scale, h, y;
	SL_FREE int *count = NULL;
	long sum = 0, half = 0;
	PIX *ink;

	if (l->letter_px == 0)
		return false;
	ink = pixRotateOrth(l->ink, (int)turn / 90);
	if (ink == NULL)
		return false;
	h = pixGetHeight(ink);
	count = sl_alloc((size_t)h * sizeof(*count));
	count_rows(ink, count);
	for (y = 0; y < h; y++)
		half += count[y];
	half = (half + 1) / 2;
	for (y = 0; y < h && sum < half; y++)
		sum += count[y];
	y = y > band / 2 ? y - band / 2 : 0;
	rect[0] = 0;
	rect[1] = y * l->scale;
	rect[2] = pixGetWidth(ink) * l->scale;
	rect[3] = (y + band < h ? y + band : h) * l->scale;
	pixDestroy(&ink);
	return half > 0;
}

void
sl_ocr_look_free(struct sl_ocr_look *l)
{
	pixDestroy(&l->ink);
	sl_ocr_rules_free(&l->rules);
	pixDestroy(&l->border);
	pixDestroy(&l->ground);
	*l = (struct sl_ocr_look){0};
}
