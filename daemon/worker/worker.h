/*
 * The warm parent of sluse-work and sluse-ocr: one locked child per task.
 *
 * The parent connects to slused, takes TASK messages with their descriptors,
 * forks a child per task, which shuts itself in (sandbox/) before it calls
 * run(), reaps it, kills it when its wall time is over, and reports TASK_ENDED.
 * The parent itself never looks at a byte of a document.
 */
#ifndef SL_WORKER_WORKER_H
#define SL_WORKER_WORKER_H

#include "../base/err.h"
#include "../wire/roles.h"
#include "../wire/wire.h"

/* Places of a task's descriptors; -1 where there is none. */
enum sl_task_fd {
	SL_FD_INPUT = 0,
	SL_FD_RESULT = 1,
	SL_FD_OUT = 2,
	SL_FD_ORIGINAL = 3,      /* SL_TASK_COPY: read-write */
	SL_FD_ORIGINAL_READ = 4, /* SL_TASK_COPY: the same, read-only */
	SL_FD_COUNT = 5,
};

struct sl_worker {
	const char *program;
	enum sl_role role;
	/* In the parent, before the first task: load, run once, pin. */
	enum sl_rc (*warm)(struct sl_err *err);
	/* In the locked child. Writes records to fds[SL_FD_RESULT] with
	 * sl_msg_write, the last one R_END. Result: exit status. */
	int (*run)(const struct sl_msg_task *t, const int *fds);
};

/* main() of such a program. Options: --socket PATH (slused's), or --fd N (a
 * connected descriptor, from `sluse try`), --slots N. Result: exit status. */
int sl_worker_main(const struct sl_worker *w, int argc, char **argv);

#endif
