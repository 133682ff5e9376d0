/*
 * The child's side of a task: between fork and run().
 */
#ifndef SL_WORKER_CHILD_H
#define SL_WORKER_CHILD_H

#include <sys/types.h>

#include "worker.h"

/* Closes all descriptors but the task's, shuts itself in, runs the task and
 * ends the process. fds[SL_FD_COUNT], null_fd: /dev/null, open. */
_Noreturn void sl_child_run(const struct sl_worker *w,
    const struct sl_msg_task *t, const int *fds, int null_fd, pid_t parent);

#endif
