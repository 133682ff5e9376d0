/*
 * SECURITY: three walls, of which Landlock holds the files, the filter the
 * sockets, processes and signals, and the limits the machine. All must be
 * there: sl_sandbox_prepare has looked before (worker/).
 */
#include "walls.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/mem.h"
#include "../sandbox/sandbox.h"

#define MEM_BYTES ((uint64_t)4 << 30) /* most of it is never touched */
#define FILES 256

#define READ_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE)
#define READ (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ALL ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define REFER LANDLOCK_ACCESS_FS_REFER
#define FILE_ONLY (READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
/* Not in its folder either: devices, pipes, links. A socket it insists on, to
 * be found by a second soffice. */
#define WRITE                                                                  \
	(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |  \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK |       \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR)

/* What is installed, and what a program looks up as it starts. */
static const char *const readable[] = {"/usr", "/lib", "/lib64", "/bin",
    "/etc/fonts", "/etc/libreoffice", "/etc/ld.so.cache", "/etc/localtime",
    "/var/cache/fontconfig", "/var/lib/libreoffice", "/var/spool/libreoffice",
    "/dev/urandom", NULL};

/* True also if there is no such file. */
static bool
allow(int set, const char *path, uint64_t access)
{
	SL_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr a = {
	    .parent_fd = fd, .allowed_access = access};
	struct stat st;

	if (fd < 0)
		return true;
	if (fstat(fd, &st) != 0)
		return false;
	if (!S_ISDIR(st.st_mode))
		a.allowed_access &= FILE_ONLY;
	return syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH,
		   &a, 0) == 0;
}

static bool
landlock(const struct sl_walls *w)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = ALL};
	char program[1024];
	SL_CLOSE int set = -1;
	size_t i;

	(void)snprintf(program, sizeof(program), "%s", w->program);
	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
		LANDLOCK_CREATE_RULESET_VERSION) >= 2)
		attr.handled_access_fs |= REFER;
	set = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (set < 0)
		return false;
	for (i = 0; readable[i] != NULL; i++)
		if (!allow(set, readable[i], READ))
			return false;
	return allow(set, dirname(program), READ) &&
	       allow(set, "/dev/null", FILE_ONLY) &&
	       allow(set, w->dir, WRITE | (attr.handled_access_fs & REFER)) &&
	       syscall(SYS_landlock_restrict_self, set, 0) == 0;
}

static int
deny(scmp_filter_ctx f, const int *calls, size_t n)
{
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
	return rc;
}

/* Threads, but no processes; clone3 hides its flags in memory, and glibc goes
 * on with clone where it is not there. */
static int
deny_processes(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp thread = {.arg = 0,
	    .op = SCMP_CMP_MASKED_EQ,
	    .datum_a = CLONE_THREAD,
	    .datum_b = 0};
	const struct scmp_arg_cmp other = {
	    .arg = 0, .op = SCMP_CMP_NE, .datum_a = (uint64_t)getpid()};
	int rc;

	rc = seccomp_rule_add_array(
	    f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, &thread);
	if (rc == 0)
		rc = seccomp_rule_add(
		    f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (rc == 0)
		rc = seccomp_rule_add_array(
		    f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1, &other);
	return rc;
}

/* It makes a socket and would not start without; in its folder, once it has
 * asked whether it may write to /tmp and was told no (and it may not). It can
 * connect to none, and those that send without connecting it cannot have. */
static int
deny_sockets(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp family = {
	    .arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};
	const struct scmp_arg_cmp writing = {
	    .arg = 1, .op = SCMP_CMP_EQ, .datum_a = W_OK};
	const struct scmp_arg_cmp dgram = {.arg = 1,
	    .op = SCMP_CMP_MASKED_EQ,
	    .datum_a = 0xf,
	    .datum_b = SOCK_DGRAM};
	const struct scmp_arg_cmp raw = {.arg = 1,
	    .op = SCMP_CMP_MASKED_EQ,
	    .datum_a = 0xf,
	    .datum_b = SOCK_RAW};
	int rc;

	rc = seccomp_rule_add_array(
	    f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, &family);
	if (rc == 0)
		rc = seccomp_rule_add_array(
		    f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, &dgram);
	if (rc == 0)
		rc = seccomp_rule_add_array(
		    f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, &raw);
	if (rc == 0)
		rc = seccomp_rule_add_array(
		    f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(access), 1, &writing);
	return rc;
}

static bool
deny_calls(void)
{
	static const int calls[] = {SCMP_SYS(connect), SCMP_SYS(fork),
	    SCMP_SYS(vfork), SCMP_SYS(kill), SCMP_SYS(tkill),
	    SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo),
	    SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd),
	    SCMP_SYS(pidfd_send_signal), SCMP_SYS(setsid), SCMP_SYS(setpgid),
	    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	    SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp), SCMP_SYS(bpf),
	    SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
	    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(fsopen),
	    SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(unshare),
	    SCMP_SYS(setns), SCMP_SYS(chroot), SCMP_SYS(pivot_root),
	    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(kexec_load),
	    SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(userfaultfd),
	    SCMP_SYS(perf_event_open), SCMP_SYS(io_uring_setup),
	    SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at),
	    SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setresuid),
	    SCMP_SYS(setresgid), SCMP_SYS(personality), SCMP_SYS(shmget),
	    SCMP_SYS(msgget), SCMP_SYS(semget), SCMP_SYS(mq_open)};
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int rc = f == NULL ? -1 : 0;

	if (rc == 0)
		rc = seccomp_attr_set(
		    f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = deny(f, calls, sizeof(calls) / sizeof(calls[0]));
	if (rc == 0)
		rc = deny_sockets(f);
	if (rc == 0)
		rc = deny_processes(f);
	if (rc == 0)
		rc = seccomp_load(f);
	if (f != NULL)
		seccomp_release(f);
	return rc == 0;
}

static bool
limit(int what, uint64_t n)
{
	const struct rlimit r = {.rlim_cur = n, .rlim_max = n};

	return setrlimit((__rlimit_resource_t)what, &r) == 0;
}

enum sl_rc
sl_walls_enter(const struct sl_walls *w, struct sl_err *err)
{
	const char *missing = NULL;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		missing = "privileges";
	else if (!landlock(w))
		missing = "landlock";
	else if (sl_sandbox_drop_capabilities() != 0)
		missing = "capabilities";
	else if (!deny_calls())
		missing = "seccomp";
	/* Last: what is mapped here already counts, until execve. */
	else if (!limit(RLIMIT_CPU, w->cpu_s) || !limit(RLIMIT_CORE, 0) ||
		 !limit(RLIMIT_FSIZE, w->out_bytes) ||
		 !limit(RLIMIT_NOFILE, FILES) || !limit(RLIMIT_AS, MEM_BYTES))
		missing = "limits";
	if (missing != NULL)
		return sl_err_set(err, SL_FATAL, errno, "sandbox",
		    "cannot shut in the converter: %s", missing);
	return SL_OK;
}
