/*
 * The warm parent of sluse-work, sluse-ocr and sluse-decrypt: one locked child
 * per task.
 *
 * The parent connects to slused, takes TASK messages with their descriptors,
 * forks a child per task, which shuts itself in (sandbox/) before it calls
 * run(), reaps it, kills it when its wall time is over, and reports TASK_ENDED.
 * The parent itself never looks at a byte of a document. Never more children
 * than slots.
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
	SL_FD_ORIGINAL = 3, /* SL_TASK_COPY: read-write */
	SL_FD_ORIGINAL_READ = 4, /* SL_TASK_COPY: the same, read-only */
	SL_FD_MORE = 3, /* SL_TASK_MANY: the second input, and so on */
	SL_FD_CLEAR = 3, /* SL_TASK_CLEAR: the first clear text, and so on */
	SL_FD_COUNT = SL_WIRE_FDS_MAX,
	/* SL_TASK_TRUST: PEM certificates, wherever they came. */
	SL_FD_TRUST = SL_FD_COUNT - 1,
};

#define SL_WORKER_STATUS_MAX 63
/* Exit status of a child that could not shut itself in: it saw nothing. The
 * parent reports it as SL_END_NOT_RUN. */
#define SL_WORKER_NOT_SHUT 70

/* Limits where a task names none (0). */
#define SL_TASK_CPU_S 60u
#define SL_TASK_WALL_MS 120000u
#define SL_TASK_MEM_BYTES (UINT64_C(1) << 30)

struct sl_worker {
	const char *program;
	enum sl_role role;
	unsigned slots_per_core; /* 0: one */
	unsigned host_spare; /* slots of the host left to shorter tasks */
	/* What slused says, before warm; may be NULL. Lent. */
	void (*told)(const struct sl_told *told);
	/* In the parent, before the first task: load, run once, pin. */
	enum sl_rc (*warm)(struct sl_err *err);
	/* After it: what the program does without, for people to see; false if
	 * nothing. May be NULL. */
	bool (*lacks)(struct sl_err *ret);
	/* In the child instead of the sandbox, where that cannot be: run() then
	 * sees bytes, but gives them to nobody outside of other walls. NULL:
	 * the sandbox. */
	enum sl_rc (*shut_in)(const struct sl_msg_task *t, struct sl_err *err);
	/* In the locked child, once. Writes records to fds[SL_FD_RESULT] with
	 * sl_msg_write, the last one R_END. fds[SL_FD_COUNT]; standard input,
	 * output and error are /dev/null. A write over the limit of the output
	 * file fails with EFBIG, on a result socket that slused has closed with
	 * EPIPE. Result: exit status, 0..SL_WORKER_STATUS_MAX. */
	int (*run)(const struct sl_msg_task *t, const int *fds);
};

/* main() of such a program. Options: --socket PATH (slused's), or --fd N (a
 * connected descriptor, from `sluse try`), --slots N, --log-level N,
 * --degraded (sandbox.h), --help, --version.
 *
 * TASK_ENDED of a task whose child ran: how and code as wait(2) told it, so a
 * forbidden system call is SL_END_SIGNAL, SIGSYS; processor time over:
 * SL_END_SIGNAL, SIGXCPU. SL_END_NOT_RUN: code is an errno (EBUSY: no slot).
 * A cancelled task ends as SL_END_SIGNAL, SIGKILL unless it was done before.
 *
 * Result: 0 after SIGTERM, SIGINT or when slused closed the connection (its
 * children are killed; the supervisor starts us again); 1 for what must be
 * looked at; 2 for wrong options. */
int sl_worker_main(const struct sl_worker *w, int argc, char **argv);

#endif
