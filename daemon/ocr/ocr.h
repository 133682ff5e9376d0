/*
 * What sluse-ocr does: recognises the text of one page image.
 *
 * The halves that worker.h asks for; SL_TASK_OCR only. The image is the extent
 * of the input that the task names. Records as for a page, then R_END.
 */
#ifndef SL_OCR_OCR_H
#define SL_OCR_OCR_H

#include "../base/err.h"
#include "../wire/wire.h"

/* In the parent: loads the languages that are installed and recognises a tiny
 * picture once. SL_FATAL if there is no language at all. */
enum sl_rc sl_ocr_warm(struct sl_err *err);

/* In the locked child. t and fds (enum sl_task_fd) are lent. Result: exit
 * status, 0 if R_END was sent. */
int sl_ocr_run(const struct sl_msg_task *t, const int *fds);

#endif
