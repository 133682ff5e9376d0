/*
 * Tesseract's models, loaded once in the parent and shared by its children.
 *
 * A set of languages, such as nor+eng, is held twice: its first language
 * alone, which is enough for most pages and cheaper, and all of them together.
 */
#ifndef SL_OCR_MODELS_H
#define SL_OCR_MODELS_H

#include <stdbool.h>
#include <tesseract/capi.h>

#include "../base/err.h"
#include "../wire/wire.h"

struct sl_ocr_models {
	char *name; /* nor+eng */
	TessBaseAPI *first; /* nor */
	TessBaseAPI *all; /* the same object where there is one language */
};

/* Loads the sets of a comma-separated list. SL_FATAL ocr_language if one is
 * missing or there are none or too many. Once in a process. */
enum sl_rc sl_ocr_models_load(const char *sets, struct sl_err *err);

/* The set of that name; the first one if name is empty, or (*ret_known = false)
 * if it was not loaded. Lent. */
const struct sl_ocr_models *sl_ocr_models_find(
    struct sl_slice name, bool *ret_known);
/* The i-th set, NULL behind the last. */
const struct sl_ocr_models *sl_ocr_models_at(size_t i);
/* For sl_ocr_turn. */
TessBaseAPI *sl_ocr_models_osd(void);

/* True if text in that language (sl_language_guess) is for another model of m
 * than its first. */
bool sl_ocr_models_other(const struct sl_ocr_models *m, const char *language);

#endif
