/*
 * The dark round a page that was smaller than the scanner's glass.
 */
#ifndef SL_OCR_BORDER_H
#define SL_OCR_BORDER_H

#include <leptonica/allheaders.h>

/* A mask of 1/8 the size of gray (8 bits, about 150 dpi): what is dark, thick,
 * reaches the edge and ends sharply, where paper begins. NULL = there is none,
 * or no memory. The caller's. */
PIX *sl_ocr_border_find(PIX *gray);

/* Paints gray (8 bits) as bright as the paper where the mask says, in place.
 * The mask may be any whole number of times smaller. */
void sl_ocr_border_paint(PIX *gray, PIX *mask);

#endif
