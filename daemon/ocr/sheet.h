/*
 * A page image made ready to be read, and the way back from there.
 *
 * The page is the image as it came, with the quarter turns that make it
 * upright. Words found on a sheet that was also straightened and enlarged are
 * told in the page's coordinates.
 */
#ifndef SL_OCR_SHEET_H
#define SL_OCR_SHEET_H

#include <leptonica/allheaders.h>
#include <stdint.h>

#include "look.h"

struct sl_ocr_sheet {
	PIX *pix; /* 8 or 1 bit */
	unsigned dpi; /* of pix */
	unsigned turn; /* degrees clockwise from the image to the page */
	int width, height; /* of the page, in its own pixels */
	double skew; /* radians clockwise, from page to pix, about the centre */
	double scale; /* and then so many times as large */
	int look_scale; /* pixels of the page to one of the look's maps */
	bool dirty; /* so much so that nothing may be sought among the dots */
	bool changed; /* pix is not just the image, turned */
};

enum sl_ocr_effort {
	SL_OCR_PLAIN, /* what the look says is wrong is put right */
	SL_OCR_UNRULED, /* the same, and rules under text are faint */
	SL_OCR_THOROUGH, /* all that helps a page that read badly */
	SL_OCR_STRONG /* the same, and ink that is weak is taken away */
};

/* Makes a sheet of the image, turned by turn degrees. ret->pix is the caller's;
 * NULL = no memory. */
void sl_ocr_sheet_make(PIX *image, unsigned dpi, const struct sl_ocr_look *l,
    unsigned turn, enum sl_ocr_effort effort, struct sl_ocr_sheet *ret);

/* The rectangle x0 y0 x1 y1 of s->pix on the page, in 1/65535 of its sides. */
void sl_ocr_sheet_box(
    const struct sl_ocr_sheet *s, const int rect[4], uint16_t box[4]);

/* Where the page's point x y, in its pixels, is on s->pix. */
void sl_ocr_sheet_point(
    const struct sl_ocr_sheet *s, double x, double y, double ret[2]);
/* The other way: rect, in pixels of the page, on s->pix, with a margin. */
void sl_ocr_sheet_find(
    const struct sl_ocr_sheet *s, const int rect[4], int ret[4]);

#endif
