/*
 * Lines of text on rules: what Tesseract lost of them in finding the page's
 * lines it mostly reads when it gets the line by itself.
 */
#ifndef SL_OCR_RULED_H
#define SL_OCR_RULED_H

#include "recognise.h"

/* What to read with and from. */
struct sl_ocr_again {
	TessBaseAPI *api;
	PIX *image;
	unsigned dpi;
	const struct sl_ocr_look *look;
	unsigned turn; /* of pass, clockwise from the image */
	int deadline_ms; /* for all of it; 0 = none */
};

/* Reads those lines of look->rules again that pass lost words of or is unsure
 * of, with the rule and without, and puts the surest reading in. Result: how
 * many lines were put in. */
unsigned sl_ocr_ruled_read(
    const struct sl_ocr_again *a, struct sl_ocr_pass *pass);

#endif
