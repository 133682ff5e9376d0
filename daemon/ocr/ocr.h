/*
 * Reading pictures of pages: the room of sluse-ocr.
 *
 * The parent configures and warms; each child then reads one page image and is
 * gone. A child opens no file: what it needs was loaded before the fork.
 */
#ifndef SL_OCR_OCR_H
#define SL_OCR_OCR_H

#include "../base/err.h"
#include "../wire/wire.h"

#define SL_OCR_LANGUAGES "nor+eng"

/* Tesseract's names of the language sets to load, comma-separated:
 * "nor+eng,sme". The first serves tasks that name none, or one that was not
 * loaded (then with the note "language_not_loaded"). The string is lent for the
 * life of the process. Before sl_ocr_warm; never called = SL_OCR_LANGUAGES.
 * "none": no model is loaded, and no page is recognised. */
void sl_ocr_configure(const char *languages);

/* In the parent: loads the models and runs everything once on a small sample.
 * SL_FATAL if a language is missing. */
enum sl_rc sl_ocr_warm(struct sl_err *err);

/* In the locked child: reads the page image of t (kind OCR) and writes R_NOTE,
 * the page's records (part 0, page t->page_from) and R_END. A bad picture is
 * a page with a reason, not a failure. Result: exit status, 0 if R_END went
 * out. */
int sl_ocr_run(const struct sl_msg_task *t, const int *fds);

#endif
