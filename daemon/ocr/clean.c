/*
 * Making a bad page image readable: even ground, no scanner border, straight,
 * large enough. Only for pages that read badly as they are.
 */
#include "image.h"

#include <math.h>

/* A row or column of a border is darker than this share ... */
#define BORDER_DARK 0.5
/* ... and lies within this part of the page. */
#define BORDER_PART 6
/* Lines of this part of the page may be bright within it. */
#define BORDER_GAP 50
/* Enlarge what has less than this. */
#define DPI_LOW 200u
/* Degrees: less is not worth it, more is not believed. */
#define SKEW_MIN 0.4f
#define SKEW_MAX 10.0f
#define SKEW_SURE 2.5f

static PIX *
to_eight(PIX *pix)
{
	return pixGetDepth(pix) == 1 ? pixConvertTo8(pix, 0)
				     : pixCopy(NULL, pix);
}

/* How many lines from one edge belong to a dark border. It may begin a little
 * inside the page, and have holes; a dark banner further in is none. */
static int
border_depth(NUMA *dark, int from, int step, int across)
{
	int n = numaGetCount(dark), i, depth = 0;
	float v = 0;

	for (i = 0; i < n / BORDER_PART && i <= depth + n / BORDER_GAP; i++) {
		(void)numaGetFValue(dark, from + i * step, &v);
		if (v > (float)BORDER_DARK * (float)across)
			depth = i + 1;
	}
	return depth;
}

/* Paints dark borders of gray in place, as found in small, 1/8 its size. */
static void
paint_borders(PIX *gray, PIX *small, unsigned paint)
{
	int w = pixGetWidth(small), h = pixGetHeight(small);
	int W = pixGetWidth(gray), H = pixGetHeight(gray), d[4], i;
	NUMA *rows = pixCountPixelsByRow(small, NULL);
	NUMA *cols = pixCountPixelsByColumn(small);

	if (rows != NULL && cols != NULL) {
		d[0] = border_depth(cols, 0, 1, h);
		d[1] = border_depth(cols, w - 1, -1, h);
		d[2] = border_depth(rows, 0, 1, w);
		d[3] = border_depth(rows, h - 1, -1, w);
		for (i = 0; i < 4; i++) {
			BOX *b;
			int n = d[i] > 0 ? (d[i] + 1) * 8 : 0;

			if (n == 0)
				continue;
			b = boxCreate(i == 1 ? W - n : 0, i == 3 ? H - n : 0,
			    i < 2 ? n : W, i < 2 ? H : n);
			if (b != NULL)
				pixSetInRectArbitrary(gray, b, paint);
			boxDestroy(&b);
		}
	}
	numaDestroy(&rows);
	numaDestroy(&cols);
}

/* Radians clockwise, 0 if straight or unsure. */
static float
find_skew(PIX *gray)
{
	float angle = 0, sure = 0;
	PIX *bin = pixConvertTo1(gray, 160);

	if (bin == NULL)
		return 0;
	if (pixFindSkew(bin, &angle, &sure) != 0 || sure < SKEW_SURE ||
	    fabsf(angle) < SKEW_MIN || fabsf(angle) > SKEW_MAX)
		angle = 0;
	pixDestroy(&bin);
	return angle * (float)M_PI / 180.0f;
}

/* Replaces *pix by next unless that failed: each step is optional. */
static void
step(PIX **pix, PIX *next)
{
	if (next == NULL)
		return;
	pixDestroy(pix);
	*pix = next;
}

PIX *
sl_ocr_image_clean(PIX *pix, unsigned dpi, unsigned *ret_dpi, float *ret_skew)
{
	PIX *gray = to_eight(pix), *small, *bin = NULL;

	*ret_skew = 0;
	*ret_dpi = dpi;
	if (gray == NULL)
		return NULL;
	small = pixScaleAreaMap(gray, 0.125f, 0.125f);
	if (small != NULL &&
	    pixOtsuAdaptiveThreshold(small, pixGetWidth(small),
		pixGetHeight(small), 0, 0, 0.0f, NULL, &bin) == 0)
		paint_borders(gray, bin, 255);
	pixDestroy(&bin);
	pixDestroy(&small);
	step(&gray, pixBackgroundNormSimple(gray, NULL, NULL));
	*ret_skew = find_skew(gray);
	if (*ret_skew != 0)
		step(&gray, pixRotate(gray, *ret_skew, L_ROTATE_AREA_MAP,
				L_BRING_IN_WHITE, 0, 0));
	if (dpi < DPI_LOW && pixGetWidth(gray) < 2500 &&
	    pixGetHeight(gray) < 3600) {
		step(&gray, pixScale(gray, 2.0f, 2.0f));
		*ret_dpi = dpi * 2;
	}
	return gray;
}
