/*
 * sluse-convert's task: a PDF of one file, made by LibreOffice, to be read in
 * its place.
 */
#ifndef SL_CONVERT_CONVERT_H
#define SL_CONVERT_CONVERT_H

#include "../worker/worker.h"

/* program: soffice.bin with its path; "": there is none, and no task is taken.
 * In the parent. SL_FATAL: config_invalid. */
enum sl_rc sl_convert_use(const char *program, struct sl_err *err);
/* The worker's (worker.h). */
enum sl_rc sl_convert_shut_in(const struct sl_msg_task *t, struct sl_err *err);
int sl_convert_run(const struct sl_msg_task *t, const int *fds);

#endif
