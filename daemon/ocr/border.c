/*
 * A shadow falls off slowly and has text in it; a border begins at once. So a
 * dark region counts only if most of its rim is steep.
 */
#include "border.h"

#include <stdbool.h>
#include <string.h>

#include "pixel.h"

#define REDUCE 8
/* From the edge inwards a border may begin: 1/8 pixels, 1.4 mm each. */
#define REACH 4
/* The grey levels between dark and paper that a border takes at least. */
#define STEP_LEAST 40
/* A border takes no more of the picture than this, in per cent. */
#define MASK_MOST 70

static int
gray_at(PIX *pix, int x, int y)
{
	int w = pixGetWidth(pix), h = pixGetHeight(pix);

	x = x < 0 ? 0 : x >= w ? w - 1 : x;
	y = y < 0 ? 0 : y >= h ? h - 1 : y;
	return GET_DATA_BYTE(
	    pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix), x);
}

/* The dark and the paper's grey of a small grey picture. */
static void
extremes(PIX *tiny, int *ret_dark, int *ret_paper)
{
	int w = pixGetWidth(tiny), h = pixGetHeight(tiny), x, y, sum, best;
	unsigned count[256] = {0};

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			count[gray_at(tiny, x, y)]++;
	for (x = 0, sum = 0; x < 255; x++)
		if ((sum += (int)count[x]) * 100 >= w * h)
			break;
	*ret_dark = x;
	for (best = x; x < 256; x++)
		if (x > *ret_dark + STEP_LEAST / 2 && count[x] > count[best])
			best = x;
		else if (best == *ret_dark && x > *ret_dark + STEP_LEAST / 2)
			best = x;
	*ret_paper = best;
}

/* More than half of the mask's rim falls by half of step within two pixels. */
static bool
steep(PIX *tiny, PIX *mask, int step)
{
	static const int ways[4][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
	int w = pixGetWidth(mask), h = pixGetHeight(mask), x, y, i, dx, dy;
	int all = 0, sharp = 0;

	for (y = 1; y < h - 1; y++)
		for (x = 1; x < w - 1; x++)
			for (i = 0; sl_ocr_is_set(mask, x, y) && i < 4; i++) {
				dx = ways[i][0];
				dy = ways[i][1];
				if (sl_ocr_is_set(mask, x + dx, y + dy))
					continue;
				all++;
				sharp += gray_at(tiny, x + 2 * dx, y + 2 * dy) -
					     gray_at(tiny, x - dx, y - dy) >
					 step / 2;
			}
	return all > 0 && sharp * 2 > all;
}

/* What of dark hangs together with the edge. */
static PIX *
from_edge(PIX *dark)
{
	int w = pixGetWidth(dark), h = pixGetHeight(dark);
	PIX *seed = pixCopy(NULL, dark), *out = NULL;

	if (seed == NULL)
		return NULL;
	if (w > 2 * REACH && h > 2 * REACH)
		(void)pixRasterop(seed, REACH, REACH, w - 2 * REACH,
		    h - 2 * REACH, PIX_CLR, NULL, 0, 0);
	out = pixSeedfillBinary(NULL, seed, dark, 8);
	pixDestroy(&seed);
	return out;
}

PIX *
sl_ocr_border_find(PIX *gray)
{
	PIX *tiny, *dark = NULL, *mask = NULL, *wide = NULL;
	int least, paper, n = 0;

	if (pixGetWidth(gray) < 32 * REDUCE || pixGetHeight(gray) < 32 * REDUCE)
		return NULL;
	tiny = pixScaleAreaMap(gray, 1.0f / REDUCE, 1.0f / REDUCE);
	if (tiny == NULL)
		return NULL;
	extremes(tiny, &least, &paper);
	if (paper - least >= STEP_LEAST)
		dark = pixThresholdToBinary(tiny, (least + paper) / 2);
	if (dark != NULL)
		mask = from_edge(dark);
	if (mask != NULL)
		(void)pixCountPixels(mask, &n, NULL);
	if (n > 0 &&
	    n * 100.0 <
		(double)MASK_MOST * pixGetWidth(mask) * pixGetHeight(mask) &&
	    steep(tiny, mask, paper - least))
		wide = pixDilateBrick(NULL, mask, 3, 3);
	pixDestroy(&mask);
	pixDestroy(&dark);
	pixDestroy(&tiny);
	return wide;
}

/* The commonest grey beside the border. */
static unsigned
beside(PIX *gray, PIX *mask, int times)
{
	PIX *wide = pixDilateBrick(NULL, mask, 9, 9);
	int w = pixGetWidth(mask), h = pixGetHeight(mask), x, y;
	unsigned count[256] = {0}, best = 255, i;

	if (wide == NULL)
		return 255;
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			if (sl_ocr_is_set(wide, x, y) &&
			    !sl_ocr_is_set(mask, x, y))
				count[gray_at(gray, x * times, y * times)]++;
	for (i = 64; i < 256; i++)
		if (count[i] > count[best])
			best = i;
	pixDestroy(&wide);
	return best;
}

void
sl_ocr_border_paint(PIX *gray, PIX *mask)
{
	int times = (pixGetWidth(gray) + pixGetWidth(mask) / 2) /
		    (pixGetWidth(mask) > 0 ? pixGetWidth(mask) : 1);
	int w = pixGetWidth(mask), h = pixGetHeight(mask), x, y, end;
	unsigned paper;

	if (times < 1)
		return;
	paper = beside(gray, mask, times);
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x = end) {
			for (end = x; end < w && sl_ocr_is_set(mask, end, y);
			     end++)
				;
			if (end == x) {
				end++;
				continue;
			}
			/* The last pixels of a row or column stand for the
			 * rest as well. */
			BOX *b = boxCreate(x * times, y * times,
			    end == w ? pixGetWidth(gray) : (end - x) * times,
			    y == h - 1 ? pixGetHeight(gray) : times);
			if (b != NULL)
				(void)pixSetInRectArbitrary(gray, b, paper);
			boxDestroy(&b);
		}
}
