/*
 * What a dollar that Tesseract read in Norwegian really is: its Norwegian model
 * lacks the section sign, the English one has both.
 *
 * Of 750 dollars drawn in 25 faces the English model called none a section, and
 * of as many sections it knew 631 (the rest it read as something else).
 */
#ifndef SL_OCR_SIGN_H
#define SL_OCR_SIGN_H

#include "recognise.h"
#include "section.h"

/* So many of a page are looked at. */
#define SL_OCR_SIGNS_MAX 64

/* Looks at the words of pass that sl_ocr_section_may tells of, each by itself,
 * with english, for no longer than deadline_ms in all (0: no limit). The
 * sheet's page is that of pass. ret has an element for each word of pass. */
void sl_ocr_signs_see(TessBaseAPI *english, const struct sl_ocr_sheet *sheet,
    const struct sl_ocr_pass *pass, int deadline_ms, enum sl_ocr_sign *ret);

#endif
