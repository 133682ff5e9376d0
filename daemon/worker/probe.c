/*
 * SECURITY: in released builds this file is empty.
 */
#include "probe.h"

#ifdef SLUSE_TEST

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

#define call(...) syscall(__VA_ARGS__)

/* What the probes hand to the kernel. */
struct env {
	const int *fds;
	char dir[256], post[300], fresh[300], empty[300];
	pid_t pid, parent;
	void *page;
	char space[8192];
	char zeros[512];
	uint64_t ones[4];
	socklen_t size;
	char *argv[2];
	struct open_how how;
	struct flock lock;
	struct sockaddr_un unix_address;
	struct clone_args clone;
	struct iovec iov;
	siginfo_t siginfo;
	struct rlimit rlimit;
	struct itimerval itimer;
	uint32_t bpf[32];
	uint32_t perf[32];
	struct __user_cap_header_struct cap[1];
};

static long
forked(long pid)
{
	if (pid == 0)
		_exit(0);
	return pid;
}

/* Takes a System V object away again. */
static long
removed(long nr, long id)
{
	if (id >= 0) {
		if (nr == SYS_semctl)
			(void)syscall(nr, id, 0, 0 /* IPC_RMID */, 0);
		else
			(void)syscall(nr, id, 0, 0);
	}
	return id;
}

static long
reopen_input(struct env *e)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", e->fds[0]);
	return call(SYS_openat, AT_FDCWD, path, O_RDWR);
}

static long
name_to_handle(struct env *e)
{
	uint32_t bytes = 128;
	int mount_id;

	memcpy(e->space, &bytes, sizeof(bytes));
	return call(
	    SYS_name_to_handle_at, AT_FDCWD, e->post, e->space, &mount_id, 0);
}

static long
link_output(struct env *e)
{
	return call(
	    SYS_linkat, e->fds[2], "", AT_FDCWD, e->fresh, AT_EMPTY_PATH);
}

/* Without walls it must not reach the machine: own mount table first. */
static long
mount_private(struct env *e)
{
	if (call(SYS_unshare, CLONE_NEWNS) != 0 ||
	    call(SYS_mount, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return -1;
	return call(SYS_mount, "none", e->empty, "tmpfs", 0, NULL);
}

static long
send_descriptor(struct env *e)
{
	union {
		char b[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} ctl = {{0}};
	struct iovec iov = {.iov_base = e->zeros, .iov_len = 1};
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = ctl.b,
	    .msg_controllen = sizeof(ctl.b)};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &e->fds[0], sizeof(int));
	return call(SYS_sendmsg, e->fds[1], &mh, MSG_DONTWAIT);
}

static long
peer_of(struct env *e)
{
	return call(SYS_getsockopt, e->fds[1], SOL_SOCKET, SO_PEERCRED,
	    e->space, &e->size);
}

static long
run_memfd(struct env *e)
{
	long fd = call(SYS_memfd_create, "x", 0);

	if (fd < 0)
		return fd;
	(void)!write((int)fd, "#!/bin/true\n", 12);
	return call(SYS_execveat, fd, "", e->argv, e->argv + 1, AT_EMPTY_PATH);
}

static void *
idle(void *arg)
{
	return arg;
}

static long
start_thread(void)
{
	pthread_t t;
	int rc = pthread_create(&t, NULL, idle, NULL);

	if (rc != 0) {
		errno = rc;
		return -1;
	}
	return pthread_join(t, NULL);
}

/* Take over the handler that answers trapped calls. */
static long
sigaction_raw(struct env *e)
{
	return call(SYS_rt_sigaction, SIGSYS, e->zeros, NULL, 8);
}

/* Not in the list: must come through, or the others prove nothing. */
static long
nothing(struct env *e)
{
	return call(SYS_getpid) == e->pid ? 0 : -1;
}

/* The 32-bit gate has its own numbers: a filter that forgets it is open. */
static long
int80(long nr)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(0), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return r >= -4095 && r < 0 ? (errno = (int)-r, -1) : r;
}

#define SL_PROBE(name, kind, expression)                                       \
	static long probe_##name(struct env *e)                                \
	{                                                                      \
		(void)e;                                                       \
		return (long)(expression);                                     \
	}
#include "probes.def"
#undef SL_PROBE

static const struct {
	const char *name;
	long (*run)(struct env *);
} runs[] = {
#define SL_PROBE(name, kind, expression) {#name, probe_##name},
#include "probes.def"
#undef SL_PROBE
    {"nothing", nothing}};

static const struct sl_probe probes[] = {
#define SL_PROBE(name, kind, expression) {#name, SL_PROBE_##kind},
#include "probes.def"
#undef SL_PROBE
};

const struct sl_probe *
sl_probes(size_t *ret_count)
{
	*ret_count = sizeof(probes) / sizeof(probes[0]);
	return probes;
}

bool
sl_probe_is(struct sl_slice task_name)
{
	size_t n = strlen(SL_PROBE_PREFIX);

	return task_name.n > n && memcmp(task_name.p, SL_PROBE_PREFIX, n) == 0;
}

static void
set_env(struct env *e, const char *dir, const int *fds, pid_t parent)
{
	static char prog[] = "true";

	memset(e, 0, sizeof(*e));
	e->fds = fds;
	e->pid = getpid();
	e->parent = parent;
	(void)snprintf(e->dir, sizeof(e->dir), "%s", dir);
	(void)snprintf(e->post, sizeof(e->post), "%s/post", e->dir);
	(void)snprintf(e->fresh, sizeof(e->fresh), "%s/fresh", e->dir);
	(void)snprintf(e->empty, sizeof(e->empty), "%s/empty", e->dir);
	e->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(e->ones, 0xff, sizeof(e->ones));
	e->size = 64;
	e->argv[0] = prog;
	e->lock.l_type = F_RDLCK;
	e->unix_address.sun_family = AF_UNIX;
	(void)snprintf(e->unix_address.sun_path,
	    sizeof(e->unix_address.sun_path), "/run/systemd/notify");
	e->clone.exit_signal = SIGCHLD;
	e->iov.iov_base = e->space;
	e->iov.iov_len = 8;
	e->siginfo.si_code = SI_QUEUE;
	e->cap[0].version = _LINUX_CAPABILITY_VERSION_3;
	e->bpf[0] = 2; /* BPF_MAP_CREATE: an array of one */
	e->bpf[1] = 4;
	e->bpf[2] = 4;
	e->bpf[3] = 1;
	e->perf[0] = 1; /* PERF_TYPE_SOFTWARE */
	e->perf[1] = sizeof(e->perf);
}

int
sl_probe_run(struct sl_slice task_name, const int *fds, pid_t parent)
{
	static struct env e;
	char text[512], *dir;
	size_t i;
	long r;

	(void)sl_slice_copy(task_name, text, sizeof(text));
	dir = strchr(text + strlen(SL_PROBE_PREFIX), ':');
	if (dir == NULL)
		return SL_PROBE_UNKNOWN;
	*dir++ = '\0';
	set_env(&e, dir, fds, parent);
	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		if (strcmp(runs[i].name, text + strlen(SL_PROBE_PREFIX)) != 0)
			continue;
		errno = 0;
		r = runs[i].run(&e);
		if (r == -1 &&
		    (errno == EACCES || errno == EPERM || errno == ENOSYS))
			return SL_PROBE_DENIED;
		return SL_PROBE_ESCAPED;
	}
	return SL_PROBE_UNKNOWN;
}

#else

const struct sl_probe *
sl_probes(size_t *ret_count)
{
	*ret_count = 0;
	return NULL;
}

bool
sl_probe_is(struct sl_slice task_name)
{
	(void)task_name;
	return false;
}

int
sl_probe_run(struct sl_slice task_name, const int *fds, pid_t parent)
{
	(void)task_name;
	(void)fds;
	(void)parent;
	return SL_PROBE_UNKNOWN;
}

#endif
#endif
