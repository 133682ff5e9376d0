/*
 * Words made ready for who reads or searches them: what Tesseract makes of a
 * number's thousands, of dot leaders and (section.h) of a sign its model lacks.
 */
#ifndef SL_OCR_TIDY_H
#define SL_OCR_TIDY_H

#include <tesseract/capi.h>

#include "look.h"
#include "recognise.h"
#include "section.h"

/* Digits of a number, and the punctuation beside them. */
#define SL_OCR_NUMBER_MAX 20

/* A word of single bytes, and where each stands on the sheet. */
struct sl_ocr_number {
	char s[SL_OCR_NUMBER_MAX + 1];
	int box[SL_OCR_NUMBER_MAX][4]; /* x0 y0 x1 y1 */
	size_t n;
	size_t first, digits; /* which of them are the digits */
};

/* The word it stands on. False if that is no number of four digits or more. */
bool sl_ocr_number_take(
    const TessResultIterator *it, const char *word, struct sl_ocr_number *ret);
/* True if the thousands stand apart: "16 040 000" is read as one word, for the
 * gaps are thinner than those between words. */
bool sl_ocr_number_apart(const struct sl_ocr_number *n);
/* The end of the group that begins at byte i. */
size_t sl_ocr_number_group(const struct sl_ocr_number *n, size_t i);

/* Takes words away that are dot leaders or rules, and those that were read into
 * them: there is no ink as high as a letter beneath; stains on a page without
 * writing. Lines that are guesses at what is no print on a page that reads well
 * become SL_UNREAD (read/fields.h); pass->unread counts their words. Puts
 * section signs where the Norwegian model read dollars, and tells which in
 * pass->sections. turn: degrees clockwise from the look to the page; seen: as
 * for sl_ocr_section_find. */
void sl_ocr_tidy(const struct sl_ocr_look *l, unsigned turn,
    const enum sl_ocr_sign *seen, struct sl_ocr_pass *pass);

#endif
