/*
 * The section sign, which Tesseract's Norwegian model lacks: it reads a dollar.
 *
 * A dollar becomes a section only where what stands around it says so, and none
 * does on a page that also speaks of money in dollars: rather a wrong sign as
 * it was read than a changed amount.
 */
#ifndef SL_OCR_SECTION_H
#define SL_OCR_SECTION_H

#include <stdbool.h>

#include "../read/page.h"

/* Marks in ret (words_count of them) the words that begin with such dollars.
 * Result: how many. */
size_t sl_ocr_section_find(const struct sl_page *p, bool *ret);

/* Appends word i of p to the page to, with section signs for its dollars. */
void sl_ocr_section_put(struct sl_page *to, const struct sl_page *p, size_t i);

/* Appends what was changed, for people: "13, 14", the numbers behind the signs
 * of the marked words. */
void sl_ocr_section_tell(
    const struct sl_page *p, const bool *marked, struct sl_buf *ret);

#endif
