/*
 * SECURITY: the process keeps its network, since that is its work; a fault in a
 * TLS or JSON library must not reach files or other programs from here.
 */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/mem.h"
#include "../base/sanitized.h"

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_DIR (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_DIR                                                              \
	(READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |                            \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |        \
	    LANDLOCK_ACCESS_FS_REFER)

/* LeakSanitizer traces its own process at the end. */
#if SL_ASAN
#define DUMPABLE 1
#define DENY_TRACE
#define SANITIZER_READS "/proc",
#else
#define DUMPABLE 0
#define DENY_TRACE SCMP_SYS(ptrace),
#define SANITIZER_READS
#endif

/* What a resolver and a TLS library open late. */
static const char *const readable[] = {"/etc/ssl", "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates", "/etc/ca-certificates",
    "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf",
    "/etc/nsswitch.conf", "/etc/services", "/etc/ld.so.cache",
    "/run/systemd/resolve", "/run/resolvconf", "/usr/lib", "/lib",
    "/dev/urandom", SANITIZER_READS NULL};

static int
allow_writing(int ruleset, int fd)
{
	struct landlock_path_beneath_attr a = {
	    .parent_fd = fd, .allowed_access = WRITE_DIR};

	return (int)syscall(
	    SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &a, 0);
}

/* 0 also if there is no such file. */
static int
allow(int ruleset, int fd)
{
	struct landlock_path_beneath_attr a = {.parent_fd = fd};
	struct stat st;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) != 0)
		return -1;
	a.allowed_access = S_ISDIR(st.st_mode) ? READ_DIR : READ_FILE;
	return (int)syscall(
	    SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &a, 0);
}

static int
allow_path(int ruleset, const char *path)
{
	SL_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);

	return allow(ruleset, fd);
}

/* 1 = the kernel has no Landlock, or only the first, which lets nobody rename
 * from one folder to another. */
static int
landlock(const char *const *ca_files, size_t n, int credentials, int writable)
{
	struct landlock_ruleset_attr attr = {
	    .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
	SL_CLOSE int set = -1;
	const char *const *path;
	size_t i;
	long abi;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1 || (abi < 2 && writable >= 0))
		return 1;
	if (abi >= 2)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	set = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (set < 0)
		return -1;
	for (path = readable; *path != NULL; path++)
		if (allow_path(set, *path) != 0)
			return -1;
	for (i = 0; i < n; i++)
		if (ca_files[i] != NULL && ca_files[i][0] != '\0' &&
		    allow_path(set, ca_files[i]) != 0)
			return -1;
	if (allow(set, credentials) != 0 ||
	    (writable >= 0 && allow_writing(set, writable) != 0))
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, set, 0);
}

static int
deny_calls(void)
{
	static const int calls[] = {SCMP_SYS(execve), SCMP_SYS(execveat),
	    DENY_TRACE SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	    SCMP_SYS(bpf), SCMP_SYS(keyctl), SCMP_SYS(add_key),
	    SCMP_SYS(request_key), SCMP_SYS(mount), SCMP_SYS(umount2),
	    SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(chroot),
	    SCMP_SYS(pivot_root), SCMP_SYS(init_module), SCMP_SYS(finit_module),
	    SCMP_SYS(kexec_load), SCMP_SYS(reboot), SCMP_SYS(userfaultfd),
	    SCMP_SYS(perf_event_open), SCMP_SYS(io_uring_setup),
	    SCMP_SYS(open_by_handle_at), SCMP_SYS(setuid), SCMP_SYS(setgid),
	    SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(personality)};
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	size_t i;
	int rc = f == NULL ? -1 : 0;

	for (i = 0; rc == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
	if (rc == 0)
		rc = seccomp_load(f);
	if (f != NULL)
		seccomp_release(f);
	return rc;
}

enum sl_rc
sl_push_lock(const char *const *ca_files, size_t n, int credentials,
    int writable, const char **ret_missing, struct sl_err *err)
{
	const struct rlimit none = {0, 0};
	int rc;

	*ret_missing = "";
	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, DUMPABLE, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return sl_err_set(
		    err, SL_FATAL, errno, "internal", "cannot lock down");
	rc = landlock(ca_files, n, credentials, writable);
	if (rc < 0)
		return sl_err_set(err, SL_FATAL, errno, "internal",
		    "Landlock is there but refuses");
	if (rc == 1)
		*ret_missing = "landlock";
	if (deny_calls() != 0)
		return sl_err_set(err, SL_FATAL, errno, "internal",
		    "the filter of system calls cannot be loaded");
	return SL_OK;
}
