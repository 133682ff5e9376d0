/*
 * Parts of a page that were passed over: under a stamp, in a frame taken for a
 * picture. They are found by letters that no word covers, and read once more
 * by themselves, with weak ink left out.
 */
#ifndef SL_OCR_REREAD_H
#define SL_OCR_REREAD_H

#include "recognise.h"

struct sl_ocr_region {
	int x, y, w, h; /* of the look's ink, turned to the page */
	unsigned letters, unread; /* as many as the ink would make */
	unsigned other; /* the same of ink that is no letter's */
	bool flat; /* a line or two */
	bool lost; /* nothing of it was read */
	bool done; /* by sl_ocr_reread, and better; or not worth it */
};

#define SL_OCR_REGIONS_MAX 12

/* A part of a page, in 1/65535 of it, whose sides above and below may lean: so
 * much lower at x1 than at x0. */
struct sl_ocr_span {
	double x0, y0, x1, y1, fall;
	bool line; /* no more than one of text */
};

/* The middle of the word lies in it. */
bool sl_ocr_span_has(const struct sl_ocr_span *s, const struct sl_word *w);
/* What the words of p there score. */
double sl_ocr_span_score(const struct sl_page *p, const struct sl_ocr_span *s);
/* Puts the words of new in the place of those of pass there, if they score
 * more. new is used up then. */
bool sl_ocr_span_take(struct sl_ocr_pass *pass, struct sl_ocr_pass *new,
    const struct sl_ocr_span *s, const struct sl_ocr_sheet *sheet);
/* The same, whatever they score. */
void sl_ocr_span_put(struct sl_ocr_pass *pass, struct sl_ocr_pass *new,
    const struct sl_ocr_span *s, const struct sl_ocr_sheet *sheet);

/* Blocks of letters on the page turned by turn that pass did not read, the
 * worst first. Result: how many. */
unsigned sl_ocr_reread_find(const struct sl_ocr_look *l, unsigned turn,
    const struct sl_ocr_pass *pass,
    struct sl_ocr_region ret[SL_OCR_REGIONS_MAX]);

/* Reads the region of the sheet (made with SL_OCR_STRONG where something else
 * may lie over its letters), and puts its words
 * into pass where they read better than those that were there. r->done tells.
 */
void sl_ocr_reread(TessBaseAPI *api, const struct sl_ocr_sheet *sheet,
    struct sl_ocr_region *r, int deadline_ms, struct sl_ocr_pass *pass);

/* The same of a region whose lines may stand on end beside upright ones: a
 * table that was turned to fit, a stamp in the margin. Does nothing unless the
 * region is substantial and was lost. Boxes lie as the page does. */
void sl_ocr_reread_turned(TessBaseAPI *api, const struct sl_ocr_sheet *sheet,
    struct sl_ocr_region *r, int deadline_ms, struct sl_ocr_pass *pass);

#endif
