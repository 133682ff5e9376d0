/*
 * SECURITY: the order in sl_sandbox_enter matters. Landlock needs a descriptor,
 * so the limit of descriptors comes after it; the filter comes last, since it
 * forbids everything that sets up the rest.
 *
 * FAILURES: any step that fails is SL_FATAL; the child has then seen nothing.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "../base/buf.h"
#include "../base/file.h"
#include "../base/text.h"
#include "filter.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WIDE true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||     \
    __has_feature(undefined_behavior_sanitizer)
#define WIDE true
#endif
#endif
#ifndef WIDE
#define WIDE false
#endif

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

/* Debian 12's headers know ABI 2 only; these numbers are the kernel's. */
#define LANDLOCK_VERSION_FLAG 1u
#define FS_ABI_1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER (UINT64_C(1) << 13) /* ABI 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14) /* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define NET_TCP UINT64_C(3) /* ABI 4: bind, connect */
#define SCOPE_ALL UINT64_C(3) /* ABI 6: abstract sockets, signals */

#define FDS_WITH_MESSAGES 16u

struct ruleset {
	uint64_t fs, net, scoped;
};

static struct {
	bool ready;
	int landlock_abi; /* 0: none */
	bool seccomp;
	bool messages;
	uint64_t parent_bytes; /* address space of the warm parent */
	struct sl_filter filter;
	char text[64];
} state;

bool
sl_sandbox_is_wide(void)
{
	return WIDE;
}

#ifdef SLUSE_TEST
/* A number from the environment of a test, or what there is. */
static long
forced(const char *name, long otherwise)
{
	const char *s = getenv(name);
	uint64_t v;

	if (s == NULL || !sl_parse_u64(s, 0, 100, &v))
		return otherwise;
	return (long)v < otherwise ? (long)v : otherwise;
}
#else
#define forced(name, otherwise) (otherwise)
#endif

static int
find_landlock(void)
{
	long abi = syscall(
	    SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_FLAG);

	return (int)forced("SLUSE_TEST_LANDLOCK_ABI", abi > 0 ? abi : 0);
}

static bool
find_seccomp(void)
{
	uint32_t action = 0x80000000u; /* SECCOMP_RET_KILL_PROCESS */

	/* 2 = SECCOMP_GET_ACTION_AVAIL */
	return syscall(SYS_seccomp, 2, 0, &action) == 0 &&
	       forced("SLUSE_TEST_SECCOMP", 1) != 0;
}

/* The first number of /proc/self/statm: pages of address space. */
static uint64_t
own_bytes(void)
{
	SL_BUF struct sl_buf b = {0};
	uint64_t pages = 0;

	if (sl_read_file(AT_FDCWD, "/proc/self/statm", 256, &b, NULL) == SL_OK)
		pages = strtoull(sl_buf_str(&b), NULL, 10);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

enum sl_rc
sl_sandbox_prepare(unsigned flags, struct sl_err *err)
{
	bool degraded = (flags & SL_SANDBOX_DEGRADED) != 0;
	enum sl_rc rc;

	state.landlock_abi = find_landlock();
	state.seccomp = find_seccomp();
	if (state.landlock_abi == 0 && !degraded)
		return sl_err_set(err, SL_FATAL, 0, "sandbox",
		    "this kernel has no Landlock; documents are not opened");
	if (!state.seccomp && !degraded)
		return sl_err_set(err, SL_FATAL, 0, "sandbox",
		    "this kernel has no seccomp; documents are not opened");
	state.messages = (flags & SL_SANDBOX_MESSAGES) != 0;
	rc = sl_filter_compile(WIDE, state.messages, &state.filter, err);
	if (rc != SL_OK)
		return rc;
	state.parent_bytes = own_bytes();
	if (state.parent_bytes == 0)
		return sl_err_set(err, SL_FATAL, 0, "sandbox",
		    "cannot read /proc/self/statm");
	(void)snprintf(state.text, sizeof(state.text),
	    "landlock %d, seccomp %zu%s", state.landlock_abi,
	    state.seccomp ? state.filter.count : 0, WIDE ? ", wide" : "");
	state.ready = true;
	return SL_OK;
}

const char *
sl_sandbox_describe(void)
{
	return state.text;
}

/* newfstatat trapped: only its meaning as fstat is served. */
static long
answer_fstat(long fd, const char *path, void *buf, long flags)
{
	int saved = errno;
	long r = -EACCES;

	if ((flags & AT_EMPTY_PATH) != 0 && path[0] == '\0') {
		r = syscall(SYS_fstat, fd, buf);
		if (r < 0)
			r = -errno;
	}
	errno = saved;
	return r;
}

/* The arguments are the registers of the trapped call. */
static void
on_sigsys(int sig, siginfo_t *si, void *context)
{
	ucontext_t *u = context;

	(void)sig;
	(void)si;
#if defined(__x86_64__)
	greg_t *r = u->uc_mcontext.gregs;
	/* NOLINTBEGIN(performance-no-int-to-ptr) */
	r[REG_RAX] = answer_fstat(r[REG_RDI], (const char *)r[REG_RSI],
	    (void *)r[REG_RDX], r[REG_R10]);
	/* NOLINTEND(performance-no-int-to-ptr) */
#elif defined(__aarch64__)
	unsigned long long *r = u->uc_mcontext.regs;
	r[0] = (unsigned long long)answer_fstat(
	    (long)r[0], (const char *)r[1], (void *)r[2], (long)r[3]);
#else
#error "the sandbox needs the registers of this architecture"
#endif
}

static int
limit(int what, uint64_t soft, uint64_t hard)
{
	struct rlimit r = {.rlim_cur = soft, .rlim_max = hard};

	return setrlimit((__rlimit_resource_t)what, &r);
}

static int
set_limits(const struct sl_sandbox_limits *l)
{
	uint64_t as = state.parent_bytes + l->mem_bytes;

	/* At the soft limit SIGXCPU ends the child; the hard one is for a child
	 * that has blocked it. The kernel counts whole ticks: on a busy machine
	 * the limit can be off by a third either way. Over its file size it
	 * gets EFBIG and can say so; the parent ignores SIGXFSZ for it. */
	if ((l->cpu_s > 0 &&
		limit(RLIMIT_CPU, l->cpu_s, (uint64_t)l->cpu_s + 1) != 0) ||
	    limit(RLIMIT_FSIZE, l->out_bytes, l->out_bytes) != 0 ||
	    limit(RLIMIT_NPROC, 0, 0) != 0 || limit(RLIMIT_CORE, 0, 0) != 0 ||
	    limit(RLIMIT_MEMLOCK, 0, 0) != 0)
		return -1;
	if (!WIDE && as >= l->mem_bytes && limit(RLIMIT_AS, as, as) != 0)
		return -1;
	return 0;
}

/* Of no use to the reading of documents, even when somebody starts us as root
 * by mistake. */
int
sl_sandbox_drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}}, have[2] = {{0}};

	/* systemd gives us none, and refuses the call that would drop them. */
	if (syscall(SYS_capget, &head, have) == 0 &&
	    memcmp(have, none, sizeof(none)) == 0)
		return 0;
	return (int)syscall(SYS_capset, &head, none);
}

static int
enter_landlock(int abi)
{
	struct ruleset r = {.fs = FS_ABI_1};
	long fd, rc;

	if (abi >= 2)
		r.fs |= FS_REFER;
	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 4)
		r.net = NET_TCP;
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		r.scoped = SCOPE_ALL;
	/* Older kernels take a longer struct whose tail is zero. */
	fd = syscall(SYS_landlock_create_ruleset, &r, sizeof(r), 0);
	if (fd < 0)
		return -1;
	rc = syscall(SYS_landlock_restrict_self, fd, 0);
	(void)close((int)fd);
	return rc == 0 ? 0 : -1;
}

static enum sl_rc
failed(struct sl_err *err, const char *what)
{
	return sl_err_set(
	    err, SL_FATAL, errno, "sandbox", "cannot shut in: %s", what);
}

enum sl_rc
sl_sandbox_enter(const struct sl_sandbox_limits *l, struct sl_err *err)
{
	struct sigaction sa = {
	    .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO | SA_RESTART};
	uint64_t fds;

	if (!state.ready)
		return sl_err_set(
		    err, SL_FATAL, 0, "sandbox", "was not prepared");
	if (set_limits(l) != 0)
		return failed(err, "limits");
	if (sigaction(SIGSYS, &sa, NULL) != 0)
		return failed(err, "handler");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failed(err, "privileges");
	if (state.landlock_abi > 0 && enter_landlock(state.landlock_abi) != 0)
		return failed(err, "landlock");
	if (sl_sandbox_drop_capabilities() != 0)
		return failed(err, "capabilities");
	if (!state.seccomp)
		return SL_OK; /* degraded; and tests of Landlock alone */
	/* 0: the descriptors at hand go on working, no other can be made. */
	fds = state.messages ? FDS_WITH_MESSAGES : 0;
	if (limit(RLIMIT_NOFILE, fds, fds) != 0)
		return failed(err, "descriptors");
	return sl_filter_install(&state.filter, getpid(), err);
}
