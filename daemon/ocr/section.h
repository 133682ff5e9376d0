/*
 * The section sign, which Tesseract's Norwegian model lacks: it reads a dollar,
 * or an ampersand.
 *
 * That becomes a section where the English model saw one there (sign.h).
 * Where it was not asked or could not tell, a dollar does only if what stands
 * around it says so, and none on a page that also speaks of money in dollars:
 * rather a wrong sign as it was read than a changed amount.
 */
#ifndef SL_OCR_SECTION_H
#define SL_OCR_SECTION_H

#include <stdbool.h>

#include "../read/page.h"

enum sl_ocr_sign {
	SL_OCR_SIGN_UNSEEN, /* not looked at, or neither */
	SL_OCR_SIGN_SECTION,
	SL_OCR_SIGN_DOLLAR
};

/* True if word i begins with what may be a section and is worth a look: a
 * dollar, or an ampersand before a number. */
bool sl_ocr_section_may(const struct sl_page *p, size_t i);

/* Marks in ret (words_count of them, as in seen) the words that begin with
 * sections. seen = NULL: none was. Result: how many. */
size_t sl_ocr_section_find(
    const struct sl_page *p, const enum sl_ocr_sign *seen, bool *ret);

/* Appends word i of p to the page to, with section signs for what it begins
 * with. */
void sl_ocr_section_put(struct sl_page *to, const struct sl_page *p, size_t i);

/* Appends what was changed, for people: "13, 14", the numbers behind the signs
 * of the marked words, "?" where there is none. */
void sl_ocr_section_tell(
    const struct sl_page *p, const bool *marked, struct sl_buf *ret);

#endif
