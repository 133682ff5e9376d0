/*
 * What sluse-work does: opens what came in, or reads pages of one part.
 *
 * The halves that worker.h asks for. SL_TASK_OPEN: copy if asked, identify,
 * unpack, read; SL_TASK_PAGES: read a range of pages. Records in the order of
 * messages.def, the last one R_END.
 */
#ifndef SL_READ_TASK_H
#define SL_READ_TASK_H

#include "../base/err.h"
#include "../wire/wire.h"

/* In the parent: loads signatures and readers, runs each once, pins the
 * character sets. SL_FATAL if something that was installed does not load. */
enum sl_rc sl_work_warm(struct sl_err *err);

/* In the locked child. t and fds (enum sl_task_fd) are lent. Result: exit
 * status, 0 if R_END was sent. */
int sl_work_run(const struct sl_msg_task *t, const int *fds);

#endif
