/*
 * A good page passes through untouched: each step is taken only where the look
 * at the page gives a reason for it.
 */
#include "sheet.h"

#include <math.h>

#include "../base/mem.h"
#include "border.h"

/* Ground is evened out where it falls off by so many per cent, */
#define UNEVEN_MIN 15u
/* or where ink is fainter than this many levels. */
#define CONTRAST_MIN 110u
/* What it then becomes, and what ink of the usual strength. */
#define GROUND_GREY 240
#define INK_GREY 30
/* Weak ink: less than this part of the usual contrast. */
#define WEAK_PART 0.6
/* Noise of this share of the contrast (per cent) is smoothed. */
#define NOISE_MOST 22u
/* So many dots, and so many for each letter, are dirt and wiped out: among them
 * Tesseract finds no lines. */
#define DOTS_MANY 8000u
#define DOTS_TIMES 5u
/* So many beside hardly a letter are the paper's grain. Made as strong as ink
 * and twice as large, it took 40 s to be searched for lines. */
#define GRAIN_MANY 2000u
#define GRAIN_TIMES 12u
#define DOT_SIDE 4 /* of the look's pixels */
#define DOTS_APART 3 /* those that make up a letter are closer */
/* Where fewer lie together they may be full stops beside a picture's screen. */
#define DOTS_TILE 64 /* or some more, so that all are alike */
#define DOTS_TOGETHER 5u
/* Edges that lose less than this share of the contrast (per cent) within two
 * pixels are blurred. */
#define SHARP_MIN 50u
#define SHARP_DOUBT 62u
#define SHARPEN_WIDTH 3 /* of the look's pixels, to each side */
#define SHARPEN_MUCH 4.0f
#define SHARPEN_LITTLE 1.5f
/* Radians: a smaller turn costs more than it brings. */
#define SKEW_MIN 0.0125f
/* Letters lower than this are enlarged. */
#define LETTER_LOW 13u
/* So high the network takes them, and what is clearly higher is reduced to it:
 * finding the lines costs by the pixel. */
#define LETTER_ENOUGH 18u
#define LETTER_HIGH 22u
/* Left round a part of a page, in its pixels. */
#define MARGIN 16
/* The longest sides of an enlarged sheet. */
#define SIDE_MAX 5000

/* Replaces *pix by next unless that failed: each step is optional. */
static void
step(struct sl_ocr_sheet *s, PIX *next)
{
	if (next == NULL)
		return;
	pixDestroy(&s->pix);
	s->pix = next;
	s->changed = true;
}

/* Its own 8 bits, so that the image stays as it is. */
static void
own_gray(struct sl_ocr_sheet *s)
{
	if (s->changed)
		return;
	step(s, pixGetDepth(s->pix) == 1 ? pixConvertTo8(s->pix, 0)
					 : pixCopy(NULL, s->pix));
}

static void
paint_border(struct sl_ocr_sheet *s, const struct sl_ocr_look *l)
{
	if (l->border == NULL)
		return;
	own_gray(s);
	if (s->changed)
		sl_ocr_border_paint(s->pix, l->border);
}

/* Takes those away that few others lie near. */
static void
keep_crowds(PIX *dots)
{
	int width = pixGetWidth(dots), height = pixGetHeight(dots);
	int across = width / DOTS_TILE + (width < DOTS_TILE);
	int down = height / DOTS_TILE + (height < DOTS_TILE);
	BOXA *each = pixConnCompBB(dots, 8);
	int n = each != NULL ? boxaGetCount(each) : 0, x, y, w, h, i;
	SL_FREE unsigned *count =
	    sl_alloc((size_t)across * (size_t)down * sizeof(*count));

	for (i = 0; i < n; i++) {
		(void)boxaGetBoxGeometry(each, i, &x, &y, NULL, NULL);
		count[y * down / height * across + x * across / width]++;
	}
	for (i = 0; i < n; i++) {
		(void)boxaGetBoxGeometry(each, i, &x, &y, &w, &h);
		if (count[y * down / height * across + x * across / width] <
		    DOTS_TOGETHER)
			(void)pixRasterop(
			    dots, x, y, w, h, PIX_CLR, NULL, 0, 0);
	}
	boxaDestroy(&each);
}

/* The look's dots that stand alone, a bit wider; NULL = no memory. */
static PIX *
dots_of(PIX *ink)
{
	PIX *joined = pixCloseSafeBrick(NULL, ink, DOTS_APART, DOTS_APART);
	PIX *small = NULL, *wide = NULL;

	if (joined != NULL)
		small = pixSelectBySize(joined, DOT_SIDE, DOT_SIDE, 8,
		    L_SELECT_IF_BOTH, L_SELECT_IF_LTE, NULL);
	if (small != NULL) {
		keep_crowds(small);
		wide = pixDilateBrick(NULL, small, 3, 3);
	}
	pixDestroy(&small);
	pixDestroy(&joined);
	return wide;
}

static void
wipe_dots(struct sl_ocr_sheet *s, const struct sl_ocr_look *l)
{
	PIX *dots, *mask = NULL;

	if (l->dots < DOTS_MANY || l->dots < DOTS_TIMES * l->letters)
		return;
	s->dirty = true;
	own_gray(s);
	dots = s->changed ? dots_of(l->ink) : NULL;
	if (dots != NULL)
		mask = pixExpandReplicate(dots, l->scale);
	if (mask != NULL)
		(void)pixSetMasked(s->pix, mask, l->paper);
	pixDestroy(&mask);
	pixDestroy(&dots);
}

/* The paper's grey there. */
static l_uint32
ground_at(const struct sl_ocr_look *l, int x, int y)
{
	int tile = l->tile / l->scale, w = pixGetWidth(l->ground) - 1;
	int h = pixGetHeight(l->ground) - 1;
	l_uint32 v = l->paper;

	(void)pixGetPixel(l->ground, x / tile < w ? x / tile : w,
	    y / tile < h ? y / tile : h, &v);
	return v;
}

/* The image's pixels of one of the look's, half as dark. */
static void
fade_pixel(PIX *pix, int x, int y, int scale, l_uint32 v)
{
	int x0 = x * scale, y0 = y * scale, i, k;
	l_uint32 old;

	for (k = y0; k < y0 + scale && k < pixGetHeight(pix); k++)
		for (i = x0; i < x0 + scale && i < pixGetWidth(pix); i++)
			if (pixGetPixel(pix, i, k, &old) == 0)
				(void)pixSetPixel(pix, i, k, (v + old) / 2);
}

/* Wiped out, they would take along what of the letters lies on them: the tails
 * of g and j. */
static void
fade_rules(struct sl_ocr_sheet *s, const struct sl_ocr_look *l)
{
	int w, h, x, y;
	const l_uint32 *row;

	if (l->rules.n == 0)
		return;
	own_gray(s);
	w = pixGetWidth(l->rules.mask);
	h = pixGetHeight(l->rules.mask);
	for (y = 0; s->changed && y < h; y++) {
		row = pixGetData(l->rules.mask) +
		      (size_t)y * (size_t)pixGetWpl(l->rules.mask);
		for (x = 0; x < w; x++) {
			if (x % 32 == 0 && row[x / 32] == 0)
				x += 31;
			else if (GET_DATA_BIT(row, x))
				fade_pixel(
				    s->pix, x, y, l->scale, ground_at(l, x, y));
		}
	}
}

/* Divides by the ground, then spreads ink and ground apart. */
static void
even_out(struct sl_ocr_sheet *s, const struct sl_ocr_look *l, bool strong)
{
	int ink, ground = GROUND_GREY;
	PIX *map, *next = NULL;
	double factor = (double)ground / (l->paper > 0 ? l->paper : 1);

	if (pixGetDepth(s->pix) == 1)
		return;
	map = pixGetInvBackgroundMap(l->ground, ground, 1, 1);
	if (map != NULL)
		next =
		    pixApplyInvBackgroundGrayMap(s->pix, map, l->tile, l->tile);
	pixDestroy(&map);
	step(s, next);
	if (next == NULL)
		return;
	ink = ground - (int)(l->contrast * factor);
	ink -= (ground - ink) * INK_GREY / 255;
	if (strong)
		ground -= (int)((ground - ink) * WEAK_PART);
	(void)pixGammaTRC(s->pix, s->pix, 1.0f, ink, ground);
}

static bool
grainy(const struct sl_ocr_look *l)
{
	return l->dots >= GRAIN_MANY && l->dots >= GRAIN_TIMES * l->letters;
}

static bool
noisy(const struct sl_ocr_look *l)
{
	return l->noise * 100 > l->contrast * NOISE_MOST || grainy(l);
}

static void
sharpen(struct sl_ocr_sheet *s, const struct sl_ocr_look *l, bool thorough)
{
	if (noisy(l) || l->sharp >= (thorough ? SHARP_DOUBT : SHARP_MIN))
		return;
	own_gray(s);
	step(s, pixUnsharpMaskingGray(s->pix, SHARPEN_WIDTH * l->scale,
		    l->sharp < SHARP_MIN ? SHARPEN_MUCH : SHARPEN_LITTLE));
}

static void
straighten(struct sl_ocr_sheet *s, const struct sl_ocr_look *l)
{
	if (fabsf(l->skew) < SKEW_MIN)
		return;
	own_gray(s);
	step(s, pixRotate(s->pix, l->skew, L_ROTATE_AREA_MAP, L_BRING_IN_WHITE,
		    s->width, s->height));
	s->skew = l->skew;
}

static void
resize(struct sl_ocr_sheet *s, const struct sl_ocr_look *l)
{
	int w = pixGetWidth(s->pix), h = pixGetHeight(s->pix);
	double scale = 1;

	if (l->letter_px > 0 && l->letter_px < LETTER_LOW && !grainy(l) &&
	    (w > h ? w : h) * 2 <= SIDE_MAX)
		scale = 2;
	else if (l->letter_px >= LETTER_HIGH)
		scale = (double)LETTER_ENOUGH / l->letter_px;
	if (scale == 1)
		return;
	own_gray(s);
	step(s, scale == 2
		    ? pixScaleGray2xLI(s->pix)
		    : pixScaleAreaMap(s->pix, (float)scale, (float)scale));
	s->scale = pixGetWidth(s->pix) / (double)w;
	s->dpi = (unsigned)lround(s->dpi * s->scale);
}

/* Not optional: the page is upright. false = no memory, and no sheet. */
static bool
turned(struct sl_ocr_sheet *s, unsigned turn)
{
	PIX *next = pixRotateOrth(s->pix, (int)turn / 90);

	pixDestroy(&s->pix);
	s->pix = next;
	return next != NULL;
}

void
sl_ocr_sheet_make(PIX *image, unsigned dpi, const struct sl_ocr_look *l,
    unsigned turn, enum sl_ocr_effort effort, struct sl_ocr_sheet *ret)
{
	bool lying = turn % 180 != 0;
	bool thorough = effort == SL_OCR_THOROUGH || effort == SL_OCR_STRONG;

	*ret = (struct sl_ocr_sheet){.pix = pixClone(image),
	    .dpi = dpi,
	    .turn = turn,
	    .width = lying ? pixGetHeight(image) : pixGetWidth(image),
	    .height = lying ? pixGetWidth(image) : pixGetHeight(image),
	    .scale = 1,
	    .look_scale = l->scale};
	paint_border(ret, l);
	wipe_dots(ret, l);
	if (effort == SL_OCR_UNRULED)
		fade_rules(ret, l);
	if (noisy(l)) {
		own_gray(ret);
		step(ret, pixBlockconv(ret->pix, 1, 1));
	}
	if (thorough || l->uneven >= UNEVEN_MIN || l->contrast < CONTRAST_MIN)
		even_out(ret, l, effort == SL_OCR_STRONG);
	sharpen(ret, l, thorough);
	if (turn != 0 && !turned(ret, turn))
		return;
	straighten(ret, l);
	resize(ret, l);
}

static uint16_t
norm(double v, int side)
{
	double n = v * 65535.0 / side;

	return n <= 0 ? 0 : n >= 65535 ? 65535 : (uint16_t)lround(n);
}

void
sl_ocr_sheet_box(
    const struct sl_ocr_sheet *s, const int rect[4], uint16_t box[4])
{
	double hw = (rect[2] - rect[0]) / 2.0 / s->scale;
	double hh = (rect[3] - rect[1]) / 2.0 / s->scale;
	double dx = (rect[0] + rect[2] - pixGetWidth(s->pix)) / 2.0 / s->scale;
	double dy = (rect[1] + rect[3] - pixGetHeight(s->pix)) / 2.0 / s->scale;
	double sine = sin(s->skew), cosine = cos(s->skew);
	double cx = s->width / 2.0 + dx * cosine + dy * sine;
	double cy = s->height / 2.0 - dx * sine + dy * cosine;
	/* All of the leaning word, and no more than that of its height. */
	double w = hw * cosine + hh * fabs(sine);
	double h = hh * cosine + hw * fabs(sine);

	box[0] = norm(cx - w, s->width);
	box[1] = norm(cy - h, s->height);
	box[2] = norm(cx + w, s->width);
	box[3] = norm(cy + h, s->height);
}

void
sl_ocr_sheet_point(
    const struct sl_ocr_sheet *s, double x, double y, double ret[2])
{
	double sine = sin(s->skew), cosine = cos(s->skew);
	double dx = x - s->width / 2.0, dy = y - s->height / 2.0;

	ret[0] =
	    pixGetWidth(s->pix) / 2.0 + (dx * cosine - dy * sine) * s->scale;
	ret[1] =
	    pixGetHeight(s->pix) / 2.0 + (dx * sine + dy * cosine) * s->scale;
}

void
sl_ocr_sheet_find(const struct sl_ocr_sheet *s, const int rect[4], int ret[4])
{
	double hw = (rect[2] - rect[0]) / 2.0, hh = (rect[3] - rect[1]) / 2.0;
	double dx = (rect[0] + rect[2] - s->width) / 2.0;
	double dy = (rect[1] + rect[3] - s->height) / 2.0;
	double sine = sin(s->skew), cosine = cos(s->skew);
	int width = pixGetWidth(s->pix), height = pixGetHeight(s->pix);
	double cx = width / 2.0 + (dx * cosine - dy * sine) * s->scale;
	double cy = height / 2.0 + (dx * sine + dy * cosine) * s->scale;
	double w = (hw * cosine + hh * fabs(sine) + MARGIN) * s->scale;
	double h = (hh * cosine + hw * fabs(sine) + MARGIN) * s->scale;

	ret[0] = (int)fmax(0, cx - w);
	ret[1] = (int)fmax(0, cy - h);
	ret[2] = (int)fmin(width, cx + w);
	ret[3] = (int)fmin(height, cy + h);
}
