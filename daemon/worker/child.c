/*
 * SECURITY: everything up to sl_sandbox_enter touches nothing that came from
 * outside but the numbers of the task; everything after it is confined.
 *
 * The process ends by _exit: exit handlers belong to the parent.
 */
#include "child.h"

#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../sandbox/sandbox.h"
#include "probe.h"

/* Closes everything from 3 up but the n descriptors of keep. */
static int
close_others(const int *fds)
{
	unsigned from = 3, next;
	size_t i;

	for (;;) {
		next = ~0u;
		for (i = 0; i < SL_FD_COUNT; i++)
			if (fds[i] >= (int)from && (unsigned)fds[i] < next)
				next = (unsigned)fds[i];
		if (next > from && close_range(from, next - 1, 0) != 0)
			return -1;
		if (next == ~0u)
			return 0;
		from = next + 1;
	}
}

/* Standard descriptors lead nowhere, so that a library which prints does not
 * print into a document. Sanitizer reports must be seen. */
static int
silence(int null_fd)
{
	if (dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0)
		return -1;
	if (sl_sandbox_is_wide())
		return 0;
#ifdef SLUSE_TEST
	if (getenv("SLUSE_TEST_CHILD_STDERR") != NULL)
		return 0;
#endif
	return dup2(null_fd, 2) < 0 ? -1 : 0;
}

/* The parent's handlers and mask are not ours. */
static void
reset_signals(void)
{
	sigset_t none;

	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGINT, SIG_IGN); /* Ctrl-C is the parent's to answer */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static struct sl_sandbox_limits
limits_of(const struct sl_msg_task *t)
{
	struct sl_sandbox_limits l = {.cpu_s = t->cpu_s,
	    .mem_bytes = t->mem_bytes,
	    .out_bytes = t->out_bytes};

	if (l.cpu_s == 0)
		l.cpu_s = SL_TASK_CPU_S;
	if (l.mem_bytes == 0)
		l.mem_bytes = SL_TASK_MEM_BYTES;
	/* The limit is the process's: the original must fit as well. */
	if ((t->flags & SL_TASK_COPY) != 0 && t->size > l.out_bytes)
		l.out_bytes = t->size;
	return l;
}

void
sl_child_run(const struct sl_worker *w, const struct sl_msg_task *t,
    const int *fds, int null_fd, pid_t parent)
{
	const struct sl_sandbox_limits l = limits_of(t);
	char name[16];
	int status;

	/* A child must not outlive the parent, nor slused's interest in it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    getppid() != parent)
		_exit(SL_WORKER_NOT_SHUT);
	(void)snprintf(name, sizeof(name), "task %llu",
	    (unsigned long long)(t->task % 10000000000u));
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
	reset_signals();
	if (silence(null_fd) != 0 || close_others(fds) != 0 ||
	    (w->shut_in != NULL ? w->shut_in(t, NULL)
				: sl_sandbox_enter(&l, NULL)) != SL_OK)
		_exit(SL_WORKER_NOT_SHUT);
#ifdef SLUSE_TEST
	if (sl_probe_is(t->name))
		_exit(sl_probe_run(t->name, fds, parent));
#endif
	status = w->run(t, fds);
	_exit(status >= 0 && status <= SL_WORKER_STATUS_MAX
		  ? status
		  : SL_WORKER_STATUS_MAX);
}
