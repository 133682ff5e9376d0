/*
 * Opens every file named, or below a folder named, each in a locked child with
 * the limits of a real task, and tells how it went. Run by hand over a corpus:
 *
 *	sweep_open [-v] PATH...
 *
 * A line per file with -v, else only for those whose child crashed, hung, was
 * killed by its sandbox or gave records out of shape; then counts. Exit status
 * 1 if there was one of those. Readers: $SLUSE_PLUGINS, none if it is not set.
 */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/identify/identify.h"
#include "../../daemon/read/sidecar.h"
#include "../../daemon/read/task.h"
#include "../../daemon/sandbox/sandbox.h"
#include "../../daemon/unpack/unpack.h"
#include "../../daemon/worker/worker.h"

static struct {
	unsigned files, ok, stopped, crashed, hung, shapeless;
	uint64_t parts, pages;
	int64_t slowest_ms;
} sum;
static bool loud;

static struct sl_msg_task
task(const char *path, uint64_t size)
{
	const char *slash = strrchr(path, '/');

	return (struct sl_msg_task){.kind = SL_TASK_OPEN,
	    .name = sl_slice_str(slash != NULL ? slash + 1 : path),
	    .size = size,
	    .members_max = 10000,
	    .depth_max = 8,
	    .member_bytes_max = 100 << 20,
	    .total_bytes_max = 400 << 20,
	    .ratio_max = 100,
	    .out_bytes = 500 << 20,
	    .pages_max = 500,
	    .pixels_max = 100000000,
	    .side_max = 20000};
}

static _Noreturn void
child(const struct sl_msg_task *t, const int *fds)
{
	const struct sl_sandbox_limits l = {.cpu_s = 20,
	    .mem_bytes = UINT64_C(1) << 30,
	    .out_bytes = t->out_bytes};

	(void)alarm(30);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (sl_sandbox_enter(&l, NULL) != SL_OK)
		_exit(63);
	_exit(sl_work_run(t, fds));
}

/* What the records said; false if one was out of shape or the last missing. */
static bool
drain(int fd, char *what, size_t cap)
{
	static uint8_t p[SL_WIRE_MAX];
	bool good = true, end = false;
	struct sl_msg m;
	ssize_t n = 0;
	size_t at = 0;

	for (;;) {
		if (at == (size_t)n) {
			at = 0;
			if ((n = recv(fd, p, sizeof(p), 0)) <= 0)
				break;
		}
		if (sl_msg_next(p, (size_t)n, &at, &m, NULL) != SL_OK || end) {
			good = false;
			at = (size_t)n;
			continue;
		}
		sum.parts += m.type == SL_MSG_R_PART;
		sum.pages += m.type == SL_MSG_R_PAGE;
		if (m.type != SL_MSG_R_END)
			continue;
		end = true;
		(void)snprintf(what, cap, "%s %.*s, %u parts",
		    sl_rc_name((enum sl_rc)m.r_end.rc), (int)m.r_end.reason.n,
		    m.r_end.reason.p, m.r_end.parts);
		if (m.r_end.rc == SL_OK)
			sum.ok++;
		else
			sum.stopped++;
	}
	return good && end;
}

static int
one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct sl_msg_task t = task(path, (uint64_t)st->st_size);
	int fds[SL_FD_COUNT] = {-1, -1, -1, -1, -1}, sv[2], status = 0;
	int64_t start = sl_clock_boot_ms(), ms;
	char what[512] = "no END record";
	bool good;
	pid_t pid;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	fds[SL_FD_INPUT] = open(path, O_RDONLY | O_CLOEXEC);
	fds[SL_FD_OUT] = memfd_create("out", MFD_CLOEXEC);
	if (fds[SL_FD_INPUT] < 0 || fds[SL_FD_OUT] < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0)
		return -1;
	fds[SL_FD_RESULT] = sv[1];
	sum.files++;
	pid = fork();
	if (pid == 0)
		child(&t, fds);
	(void)close(sv[1]);
	good = drain(sv[0], what, sizeof(what));
	(void)close(sv[0]);
	(void)waitpid(pid, &status, 0);
	(void)close(fds[SL_FD_INPUT]);
	(void)close(fds[SL_FD_OUT]);
	ms = sl_clock_boot_ms() - start;
	if (ms > sum.slowest_ms)
		sum.slowest_ms = ms;
	if (WIFSIGNALED(status) &&
	    (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGXCPU))
		sum.hung++;
	else if (status != 0)
		sum.crashed++;
	else if (!good)
		sum.shapeless++;
	if (loud || status != 0 || !good)
		(void)printf("%s: %s, status %#x, %lld ms\n", path, what,
		    (unsigned)status, (long long)ms);
	return 0;
}

/* As sl_work_warm does, but a corpus can be swept without readers too. */
static enum sl_rc
warm(struct sl_err *err)
{
	enum sl_rc rc;

	if (getenv("SLUSE_PLUGINS") != NULL) {
		rc = sl_work_warm(err);
	} else {
		sl_sidecar_warm();
		rc = sl_unpack_warm(err);
		if (rc == SL_OK)
			rc = sl_identify_warm(err);
	}
	return rc == SL_OK ? sl_sandbox_prepare(0, err) : rc;
}

int
main(int argc, char **argv)
{
	struct sl_err err = {0};
	int i;

	if (warm(&err) != SL_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0)
			loud = true;
		else if (nftw(argv[i], one, 16, FTW_PHYS) != 0)
			perror(argv[i]);
	}
	(void)printf("%u files: %u ok, %u stopped with a reason, %u crashed, "
		     "%u hung, %u out of shape; %llu parts, %llu pages; "
		     "slowest %lld ms\n",
	    sum.files, sum.ok, sum.stopped, sum.crashed, sum.hung,
	    sum.shapeless, (unsigned long long)sum.parts,
	    (unsigned long long)sum.pages, (long long)sum.slowest_ms);
	return sum.crashed + sum.hung + sum.shapeless == 0 ? 0 : 1;
}
