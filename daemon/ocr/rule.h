/*
 * Rules under text: typed underscores, drawn lines, strokes of a pencil.
 * Tesseract may take letters that stand on one for a part of it, and lose the
 * line without a word.
 */
#ifndef SL_OCR_RULE_H
#define SL_OCR_RULE_H

#include <leptonica/allheaders.h>

/* A line of text on a rule, in pixels of the ink it was found in. */
struct sl_ocr_rule_line {
	int x0, x1; /* the columns of both */
	int y; /* the rule's row between them: */
	float lean; /* so many rows lower a column further right */
	int top, end; /* rows from there, of the text: top < 0 <= end */
};

struct sl_ocr_rules {
	PIX *mask; /* 1 bit: what is to be wiped; NULL = no rules */
	struct sl_ocr_rule_line *lines;
	unsigned n;
};

/* What may be parts of rules, 1 bit: runs of ink longer than letters make them.
 * NULL = none, or no memory. */
PIX *sl_ocr_rule_runs(PIX *ink, int letter);
/* Finds rules in ink (1 bit, upright) that text stands on or closely above, and
 * marks them with a pixel's rim; strokes of letters that cross them are left
 * out. sure: the runs of stronger ink, some of which a rule must
 * have; letter: the height of most letters, in pixels; lean: of the page's
 * lines. ret is the caller's, by sl_ocr_rules_free; empty also where there was
 * no memory. */
void sl_ocr_rules_find(
    PIX *ink, PIX *sure, int letter, float lean, struct sl_ocr_rules *ret);
void sl_ocr_rules_free(struct sl_ocr_rules *r);

#endif
