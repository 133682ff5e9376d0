/*
 * Print in Fraktur, which the models of languages read badly: a long s as f, a
 * k as f or t. Where a page shows that, it is read with the model for the
 * script, if that is installed.
 */
#ifndef SL_OCR_FRAKTUR_H
#define SL_OCR_FRAKTUR_H

#include "recognise.h"

/* True if the page, read with another model, looks like Norwegian or Danish in
 * Fraktur. */
bool sl_ocr_fraktur_seen(const struct sl_page *p);

/* Makes what the model for Fraktur read searchable: s for the long s, and the
 * letters which it, being German, does not know, from the same words of old:
 * the page as another model read it. */
void sl_ocr_fraktur_join(struct sl_ocr_pass *pass, const struct sl_page *old);

/* For one word: appends to ret what new becomes beside old. nordic = the text
 * is Norwegian or Danish, and an umlaut in it a misread letter. */
void sl_ocr_fraktur_word(
    struct sl_slice new, struct sl_slice old, bool nordic, struct sl_buf *ret);

#endif
