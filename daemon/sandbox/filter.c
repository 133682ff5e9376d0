/*
 * SECURITY: kill by default. Path names cannot be looked at by a filter, so
 * every call that takes one is refused, also newfstatat: glibc's fstat is
 * newfstatat(fd, "", AT_EMPTY_PATH), and the same call with a path would tell
 * what exists. It traps instead, and sandbox.c answers it as fstat.
 *
 * tgkill is needed by abort(). It is allowed for the child's own pid, which is
 * not known when the filter is compiled: a placeholder is compiled in, and the
 * child writes its pid over it in its own copy of the page.
 */
#include "filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"

#define PID_PLACEHOLDER 0x51a5e1d5u
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What copy, hash, unpack, identify, read and recognise need. */
static const char *const allowed[] = {
    /* own descriptors */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "lseek", "fstat",
    "close", "fsync", "fdatasync", "sync_file_range", "fadvise64", "ftruncate",
    /* memory (mmap, mprotect and madvise: below) */
    "brk", "munmap", "mremap",
    /* time, chance, itself */
    "clock_gettime", "clock_getres", "gettimeofday", "time", "getrandom",
    "getpid", "gettid", "sched_yield", "futex", "restart_syscall",
    "rt_sigreturn", "rt_sigprocmask", "exit", "exit_group"};

/* What libraries try in good faith and can do without. */
static const char *const refused[] = {"open", "openat", "creat", "access",
    "faccessat", "faccessat2", "stat", "lstat", "statx", "readlink",
    "readlinkat", "getcwd", "statfs", "fstatfs", "unlink", "unlinkat", "mkdir",
    "ioctl", "dup", "prlimit64", "getrlimit", "sysinfo", "uname",
    "sched_getaffinity"};

/* Sanitizer builds only: their run time needs these in a child. */
static const char *const wide_allowed[] = {"rt_sigaction", "sigaltstack",
    "madvise", "getuid", "geteuid", "getgid", "getegid"};

/* A program that goes on talking to slused from inside. */
static const char *const message_calls[] = {"sendmsg", "recvmsg"};

static const unsigned advice[] = {0 /* NORMAL */, 3 /* WILLNEED */,
    4 /* DONTNEED */, 8 /* FREE */, 14 /* HUGEPAGE */, 15 /* NOHUGEPAGE */};

static int
add_names(
    scmp_filter_ctx ctx, uint32_t action, const char *const *names, size_t n)
{
	size_t i;
	int nr, rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		nr = seccomp_syscall_resolve_name(names[i]);
		if (nr == __NR_SCMP_ERROR)
			return -ENOSYS; /* our list is wrong */
		rc = seccomp_rule_add(ctx, action, nr, 0);
	}
	return rc;
}

static int
allow_if(scmp_filter_ctx ctx, int nr, unsigned arg, enum scmp_compare op,
    uint64_t a, uint64_t b)
{
	const struct scmp_arg_cmp c = {
	    .arg = arg, .op = op, .datum_a = a, .datum_b = b};

	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, 1, &c);
}

/* Calls that are allowed for some arguments only. */
static int
add_narrow(scmp_filter_ctx ctx)
{
	int rc;

	rc =
	    allow_if(ctx, SCMP_SYS(tgkill), 0, SCMP_CMP_EQ, PID_PLACEHOLDER, 0);
	/* fdopen asks for the flags. */
	if (rc == 0)
		rc = allow_if(ctx, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_GETFD, 0);
	if (rc == 0)
		rc = allow_if(ctx, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, F_GETFL, 0);
	if (rc == 0)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_TRAP, SCMP_SYS(newfstatat), 0);
	return rc;
}

static int
add_memory(scmp_filter_ctx ctx)
{
	int rc;

	rc = allow_if(ctx, SCMP_SYS(mmap), 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	if (rc == 0)
		rc = allow_if(ctx, SCMP_SYS(mprotect), 2, SCMP_CMP_MASKED_EQ,
		    PROT_EXEC, 0);
	return rc;
}

/* What a sanitizer could not live with. */
static int
add_strict(scmp_filter_ctx ctx)
{
	size_t i;
	int rc;

	rc = seccomp_rule_add(
	    ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(rt_sigaction), 0);
	for (i = 0; i < COUNT(advice) && rc == 0; i++)
		rc = allow_if(
		    ctx, SCMP_SYS(madvise), 2, SCMP_CMP_EQ, advice[i], 0);
	return rc;
}

static int
add_rules(scmp_filter_ctx ctx, bool wide)
{
	int rc;

	/* Another architecture's calls (int 0x80, x32) end the process too. */
	rc = seccomp_attr_set(
	    ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A binary tree: the cost per call stays flat. */
	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = add_names(ctx, SCMP_ACT_ALLOW, allowed, COUNT(allowed));
	if (rc == 0)
		rc = add_names(
		    ctx, SCMP_ACT_ERRNO(EACCES), refused, COUNT(refused));
	if (rc == 0)
		rc = add_narrow(ctx);
	if (rc == 0)
		rc = add_memory(ctx);
	if (rc == 0)
		rc = wide ? add_names(ctx, SCMP_ACT_ALLOW, wide_allowed,
				COUNT(wide_allowed))
			  : add_strict(ctx);
	return rc;
}

/* libseccomp 2.5.4 can export to a descriptor only. */
static int
export_code(scmp_filter_ctx ctx, struct sl_filter *f)
{
	SL_CLOSE int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t n;
	int rc;

	if (fd < 0)
		return -errno;
	rc = seccomp_export_bpf(ctx, fd);
	if (rc != 0)
		return rc;
	n = sl_pread_full(fd, f->code, sizeof(f->code), 0);
	if (n <= 0 || n == (ssize_t)sizeof(f->code))
		return -E2BIG;
	f->count = (size_t)n / sizeof(f->code[0]);
	return 0;
}

static int
find_placeholder(struct sl_filter *f)
{
	size_t i, found = 0;

	for (i = 0; i < f->count; i++) {
		if (BPF_CLASS(f->code[i].code) != BPF_JMP ||
		    f->code[i].k != PID_PLACEHOLDER)
			continue;
		f->pid_at = i;
		found++;
	}
	return found == 1 ? 0 : -EBADMSG;
}

enum sl_rc
sl_filter_compile(
    bool wide, bool messages, struct sl_filter *ret, struct sl_err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = -ENOMEM;

	if (ctx != NULL)
		rc = add_rules(ctx, wide);
	if (rc == 0 && messages)
		rc = add_names(
		    ctx, SCMP_ACT_ALLOW, message_calls, COUNT(message_calls));
	if (rc == 0)
		rc = export_code(ctx, ret);
	if (rc == 0)
		rc = find_placeholder(ret);
	if (ctx != NULL)
		seccomp_release(ctx);
	if (rc != 0)
		return sl_err_set(err, SL_FATAL, -rc, "sandbox",
		    "cannot compile the system call filter");
	return SL_OK;
}

enum sl_rc
sl_filter_install(struct sl_filter *f, pid_t pid, struct sl_err *err)
{
	struct sock_fprog prog = {
	    .len = (unsigned short)f->count, .filter = f->code};

	f->code[f->pid_at].k = (uint32_t)pid;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0)
		return sl_err_set(err, SL_FATAL, errno, "sandbox",
		    "cannot install the system call filter");
	return SL_OK;
}
