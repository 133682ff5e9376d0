/*
 * Single pixels of pictures in black and white.
 */
#ifndef SL_OCR_PIXEL_H
#define SL_OCR_PIXEL_H

#include <leptonica/allheaders.h>
#include <stdbool.h>

/* That of a picture of 1 bit; beyond its edges there is none. */
static inline bool
sl_ocr_is_set(PIX *pix, int x, int y)
{
	if (x < 0 || y < 0 || x >= pixGetWidth(pix) || y >= pixGetHeight(pix))
		return false;
	return GET_DATA_BIT(
	    pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix), x);
}

#endif
