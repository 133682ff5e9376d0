/*
 * Recognising what a page shows beside its own text.
 */
#ifndef SL_OCR_BESIDE_H
#define SL_OCR_BESIDE_H

#include "../wire/wire.h"
#include "recognise.h"

/* The text that lies behind the image of t, if t->base_size says so: then
 * *ret_there, and ret is the caller's (sl_page_free) in any case. SL_RETRY
 * disk_error; SL_BROKEN damaged: it is none. */
enum sl_rc sl_ocr_beside_load(const struct sl_msg_task *t, int fd,
    struct sl_page *ret, bool *ret_there, struct sl_err *err);
/* Puts what was read behind base's text and says how sure the whole is. */
void sl_ocr_beside(struct sl_page *base, const struct sl_ocr_pass *read);

#endif
