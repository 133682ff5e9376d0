/*
 * One image through Tesseract, and how good the result looks.
 */
#ifndef SL_OCR_RECOGNISE_H
#define SL_OCR_RECOGNISE_H

#include <leptonica/allheaders.h>
#include <tesseract/capi.h>

#include "../read/page.h"
#include "sheet.h"

struct sl_ocr_pass {
	struct sl_page page; /* text and words only */
	unsigned words;
	unsigned known; /* of them, found in the dictionary */
	unsigned confidence; /* thousandths, mean over the words */
	double score; /* to compare passes */
	/* Degrees clockwise from the sheet's page to upright, which is how the
	 * boxes are: Tesseract also reads text that lies on its side. */
	unsigned turn;
	/* By sl_ocr_tidy: */
	struct sl_buf sections; /* for people: "13, 14" */
	unsigned unread; /* words that were left out as guesses */
	bool cut; /* deadline hit, the rest was not read */
};

/* Reads the sheet; boxes are those of its page. deadline_ms: 0 = none.
 * SL_BROKEN if Tesseract gives up. The pass is the caller's, to be freed also
 * after a failure. */
enum sl_rc sl_ocr_recognise(TessBaseAPI *api, const struct sl_ocr_sheet *sheet,
    int deadline_ms, struct sl_ocr_pass *ret, struct sl_err *err);
/* The same of a part of the sheet, rect in pixels of its page; mode =
 * how it is laid out, PSM_AUTO where nothing is known. */
enum sl_rc sl_ocr_recognise_part(TessBaseAPI *api,
    const struct sl_ocr_sheet *sheet, const int rect[4], TessPageSegMode mode,
    int deadline_ms, struct sl_ocr_pass *ret);
/* The same of a word's box on the page, as one line. */
enum sl_rc sl_ocr_recognise_word(TessBaseAPI *api,
    const struct sl_ocr_sheet *sheet, const struct sl_word *w, int deadline_ms,
    struct sl_ocr_pass *ret);
/* What a word of n bytes adds to a pass's score. */
double sl_ocr_word_score(const char *s, size_t n, unsigned confidence);
/* Words and mean confidence, after the page was changed. */
void sl_ocr_pass_count(struct sl_ocr_pass *p);
void sl_ocr_pass_free(struct sl_ocr_pass *p);
/* Turns the boxes of a page by degrees clockwise, a multiple of 90. */
void sl_ocr_turn_boxes(struct sl_page *p, unsigned degrees);
/* True if trying again another way may pay. */
bool sl_ocr_pass_poor(const struct sl_ocr_pass *p);

/* Degrees clockwise to turn pix upright: 90, 180, 270, or 0 if it stands or
 * cannot be told. osd was initialised with the model "osd". */
unsigned sl_ocr_turn(TessBaseAPI *osd, PIX *pix, unsigned dpi);

#endif
