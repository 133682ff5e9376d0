/*
 * What files cost the warm worker: each is handed to a sluse-work as slused
 * hands it out, one after another, and copied, identified and read.
 *
 *	bench_work SLUSE_WORK FILE ...
 *
 * Prints processor time a file, of the children and of the parent (which has
 * the cost of the forks), how many packets came, and a digest of everything
 *that was told: the same before and after a change that should change nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/hash.h"
#include "../../daemon/wire/roles.h"
#include "../../daemon/wire/wire.h"
#include "../../daemon/worker/worker.h"

static struct sl_sha256 *told;
static uint64_t packets;

static _Noreturn void
die(const char *what)
{
	(void)fprintf(stderr, "bench_work: %s\n", what);
	exit(1);
}

static void
need(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

static pid_t
start(const char *program, struct sl_chan **ret)
{
	struct sl_msg m;
	int pair[2];
	size_t nfds;
	char fd[16];
	pid_t pid;

	need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0,
	    "socketpair");
	pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		(void)fcntl(pair[1], F_SETFD, 0);
		(void)snprintf(fd, sizeof(fd), "%d", pair[1]);
		(void)execl(program, program, "--fd", fd, "--slots", "2",
		    "--log-level", "4", (char *)NULL);
		_exit(127);
	}
	(void)close(pair[1]);
	*ret = sl_chan_new(pair[0], false);
	need(sl_chan_recv(*ret, &m, NULL, &nfds, NULL) == SL_OK &&
		 m.type == SL_MSG_HELLO,
	    "no hello");
	m = (struct sl_msg){.type = SL_MSG_WELCOME};
	need(sl_chan_send(*ret, &m, NULL, 0, NULL) == SL_OK, "welcome");
	return pid;
}

/* What a running process has used itself. */
static double
own_us(pid_t pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	f = fopen(path, "re");
	need(f != NULL && fscanf(f, "%llu", &ns) == 1, path);
	(void)fclose(f);
	return (double)ns / 1e3;
}

/* What a process and its children have used, once it has ended. */
static double
all_us(pid_t pid)
{
	struct rusage u;
	int status;

	need(wait4(pid, &status, 0, &u) == pid && status == 0, "wait");
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void
take_packets(int fd)
{
	static uint8_t b[SL_WIRE_MAX];
	ssize_t n;

	while ((n = read(fd, b, sizeof(b))) > 0) {
		sl_sha256_add(told, b, (size_t)n);
		packets++;
	}
}

/* A copy of the kind that slused makes room for. */
static int
no_name(void)
{
	int fd = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	need(fd >= 0, "no unnamed file");
	return fd;
}

static void
one(struct sl_chan *c, const char *name, uint64_t number)
{
	struct sl_msg m = {.type = SL_MSG_TASK};
	int fds[SL_FD_ORIGINAL_READ + 1], pair[2];
	const char *slash = strrchr(name, '/');
	char again[64];
	struct stat st;
	size_t nfds, i;

	need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0,
	    "socketpair");
	fds[SL_FD_INPUT] = open(name, O_RDONLY | O_CLOEXEC);
	need(fds[SL_FD_INPUT] >= 0 && fstat(fds[SL_FD_INPUT], &st) == 0, name);
	fds[SL_FD_RESULT] = pair[1];
	fds[SL_FD_OUT] = no_name();
	fds[SL_FD_ORIGINAL] = no_name();
	(void)snprintf(
	    again, sizeof(again), "/proc/self/fd/%d", fds[SL_FD_ORIGINAL]);
	fds[SL_FD_ORIGINAL_READ] = open(again, O_RDONLY | O_CLOEXEC);
	m.task.task = number;
	m.task.kind = SL_TASK_OPEN;
	m.task.flags = SL_TASK_COPY;
	m.task.name = sl_slice_str(slash != NULL ? slash + 1 : name);
	m.task.size = (uint64_t)st.st_size;
	m.task.depth_max = 8;
	m.task.members_max = 10000;
	m.task.page_count = 32;
	need(sl_chan_send(c, &m, fds, SL_FD_ORIGINAL_READ + 1, NULL) == SL_OK,
	    "the worker is gone");
	for (i = 0; i <= SL_FD_ORIGINAL_READ; i++)
		(void)close(fds[i]);
	take_packets(pair[0]);
	(void)close(pair[0]);
	need(sl_chan_recv(c, &m, NULL, &nfds, NULL) == SL_OK &&
		 m.type == SL_MSG_TASK_ENDED &&
		 m.task_ended.how == SL_END_EXIT && m.task_ended.code == 0,
	    name);
}

int
main(int argc, char **argv)
{
	double warm, parent, children;
	char hex[SL_SHA256_HEX + 1];
	struct sl_digest d;
	struct sl_chan *c;
	pid_t pid;
	int i;

	if (argc < 3) {
		(void)fprintf(stderr, "bench_work SLUSE_WORK FILE ...\n");
		return 2;
	}
	told = sl_sha256_new();
	pid = start(argv[1], &c);
	warm = own_us(pid);
	for (i = 2; i < argc; i++)
		one(c, argv[i], (uint64_t)i);
	parent = own_us(pid);
	sl_chan_free(c);
	/* With the end of the parent, some milliseconds in all. */
	children = all_us(pid) - parent;
	sl_sha256_end(told, &d);
	sl_digest_hex(&d, hex);
	(void)printf("files=%d child_us=%.0f parent_us=%.0f packets=%llu "
		     "told=%.16s\n",
	    argc - 2, children / (argc - 2), (parent - warm) / (argc - 2),
	    (unsigned long long)packets, hex);
	return 0;
}
