/*
 * Tesseract's models, loaded once in the parent and shared by its children.
 *
 * A set of languages, such as nor+eng, is held in two ways: each language
 * alone, for one is enough for most pages and cheaper, and all of them
 * together. What one page in thirty or fewer asks for is only mapped in the
 * parent, and made into a model by the child that wants it.
 */
#ifndef SL_OCR_MODELS_H
#define SL_OCR_MODELS_H

#include <stdbool.h>
#include <tesseract/capi.h>

#include "../base/err.h"
#include "../wire/wire.h"

#define SL_OCR_TOGETHER_MAX 6

struct sl_ocr_models {
	char *name; /* nor+eng */
	TessBaseAPI *one[SL_OCR_TOGETHER_MAX]; /* nor, eng; the rest NULL */
	TessBaseAPI *all; /* one[0] where there is one language */
};

/* Loads the sets of a comma-separated list. SL_FATAL ocr_language if a model is
 * missing or there are none or too many. Once in a process. */
enum sl_rc sl_ocr_models_load(const char *sets, struct sl_err *err);

/* The set of that name; the first one if name is empty, or (*ret_known = false)
 * if it was not loaded. Lent. */
const struct sl_ocr_models *sl_ocr_models_find(
    struct sl_slice name, bool *ret_known);
/* The i-th set, NULL behind the last. */
const struct sl_ocr_models *sl_ocr_models_at(size_t i);
/* For sl_ocr_turn; NULL if the file is damaged. The first call in a process
 * loads it, and so it is with the next. */
TessBaseAPI *sl_ocr_models_osd(void);
/* The model for Fraktur, NULL where it is not installed: nobody need have it.
 */
TessBaseAPI *sl_ocr_models_fraktur(void);

/* The model of m that text in that language (sl_language_guess) is for, NULL if
 * the set has none. Lent. */
TessBaseAPI *sl_ocr_models_for(
    const struct sl_ocr_models *m, const char *language);

#endif
