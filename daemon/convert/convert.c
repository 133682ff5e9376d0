/*
 * The child copies its input into a folder of its own, starts the converter
 * there behind walls (walls.h), waits for it, takes the PDF out and removes the
 * folder. It looks at nothing but whether that begins like a PDF.
 *
 * FAILURES: a child that is killed leaves its folder, and the converter dies
 * with it; the next child removes folders of the dead.
 */
#include "convert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/extent.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "walls.h"

#define PIECE 65536
#define ROOM_MIN ((uint64_t)1 << 20) /* less: the disk is full */
#define STARTS_MAX 3
#define START_AGAIN 81 /* soffice: its profile is made, start me once more */

static char program[1025];
static struct sl_digest program_digest;

/* No macros, no links followed, nothing shared or remembered. */
static const char settings[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<oor:items xmlns:oor=\"http://openoffice.org/2001/registry\""
    " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n"
#define ITEM(path, name, value)                                                \
	"<item oor:path=\"/org.openoffice.Office." path                        \
	"\"><prop oor:name=\"" name "\" oor:op=\"fuse\"><value>" value         \
	"</value></prop></item>\n"
    ITEM("Common/Security/Scripting", "MacroSecurityLevel", "3") ITEM(
	"Common/Security/Scripting", "DisableMacrosExecution", "true")
	ITEM("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true")
	    ITEM("Common/Misc", "UseLocking", "false") ITEM("Common/Misc",
		"UseOpenCL", "false") ITEM("Common/Save/Document", "AutoSave",
		"false") ITEM("Writer/Content/Update", "Link", "0")
		ITEM("Calc/Content/Update", "Link", "2") "</oor:items>\n";

enum sl_rc
sl_convert_use(const char *path, struct sl_err *err)
{
	SL_CLOSE int fd = -1;
	struct sl_sha256 *h;
	uint8_t b[4096];
	ssize_t n;

	(void)snprintf(program, sizeof(program), "%s", path);
	if (*path == '\0')
		return SL_OK;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || access(path, X_OK) != 0)
		return sl_err_set(err, SL_FATAL, errno, "config_invalid",
		    "the converter %.150s cannot be run", path);
	h = sl_sha256_new();
	while ((n = read(fd, b, sizeof(b))) > 0)
		sl_sha256_add(h, b, (size_t)n);
	sl_sha256_end(h, &program_digest);
	return SL_OK;
}

enum sl_rc
sl_convert_shut_in(const struct sl_msg_task *t, struct sl_err *err)
{
	(void)t;
	(void)err;
	return *program != '\0' ? SL_OK : SL_FATAL;
}

/* -- the folder --------------------------------------------------------------
 */

/* /tmp/sluse-convert-UID, ours alone; -1 if it is not. */
static int
open_base(char *path, size_t n)
{
	struct stat st;
	int fd;

	(void)snprintf(path, n, "/tmp/sluse-convert-%u", (unsigned)geteuid());
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) != 0 || st.st_uid != geteuid() ||
			   (st.st_mode & 077) != 0)) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

static void
remove_dead(int base)
{
	int fd = openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	uint64_t pid;

	if (d == NULL) {
		sl_cleanup_close(&fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (sl_parse_u64(e->d_name, 2, 1 << 30, &pid) &&
		    kill((pid_t)pid, 0) != 0 && errno == ESRCH)
			(void)sl_remove_tree(base, e->d_name);
	(void)closedir(d);
}

struct place {
	char base[64], name[16], path[96];
	int base_fd, fd;
};

static enum sl_rc
make_place(struct place *p, struct sl_err *err)
{
	struct sl_err why;

	p->fd = -1;
	p->base_fd = open_base(p->base, sizeof(p->base));
	if (p->base_fd >= 0)
		remove_dead(p->base_fd);
	(void)snprintf(p->name, sizeof(p->name), "%d", (int)getpid());
	(void)snprintf(p->path, sizeof(p->path), "%s/%s", p->base, p->name);
	if (p->base_fd >= 0)
		(void)sl_remove_tree(p->base_fd, p->name);
	if (p->base_fd >= 0 && mkdirat(p->base_fd, p->name, 0700) == 0)
		p->fd = sl_open_dir(p->base_fd, p->name);
	if (p->fd >= 0 && mkdirat(p->fd, "profile", 0700) == 0 &&
	    mkdirat(p->fd, "profile/user", 0700) == 0 &&
	    sl_write_file(p->fd, "profile/user/registrymodifications.xcu",
		settings, sizeof(settings) - 1, 0600, &why) == SL_OK)
		return SL_OK;
	return sl_disk_failed(err, "no folder for the converter");
}

static void
drop_place(struct place *p)
{
	sl_cleanup_close(&p->fd);
	if (p->base_fd >= 0)
		(void)sl_remove_tree(p->base_fd, p->name);
	sl_cleanup_close(&p->base_fd);
}

/* -- bytes ----------------------------------------------------------------- */

static enum sl_rc
copy_in(const struct place *p, const char *name, const struct sl_extent *x,
    struct sl_err *err)
{
	SL_CLOSE int fd =
	    openat(p->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	SL_FREE char *b = sl_alloc(PIECE);
	uint64_t at = 0;
	ssize_t n = -1;

	while (fd >= 0 && (n = sl_extent_read(x, b, PIECE, at)) > 0 &&
	       sl_write_full(fd, b, (size_t)n) == 0)
		at += (uint64_t)n;
	return n == 0 ? SL_OK
		      : sl_disk_failed(err, "the file cannot be copied");
}

static enum sl_rc
unsupported(struct sl_err *err, const char *what)
{
	return sl_err_set(err, SL_HOLD, 0, "unsupported", "%s", what);
}

/* A converter that has no room says what it likes, or nothing. */
static bool
is_full(const struct place *p)
{
	struct statvfs st;

	return fstatvfs(p->fd, &st) == 0 &&
	       (uint64_t)st.f_bavail * st.f_frsize < ROOM_MIN;
}

static enum sl_rc
put(int out, const char *b, size_t n, uint64_t at, struct sl_err *err)
{
	ssize_t done;

	for (; n > 0; b += done, n -= (size_t)done, at += (uint64_t)done) {
		done = pwrite(out, b, n, (off_t)at);
		if (done < 0 && errno == EINTR)
			done = 0;
		else if (done < 0 && errno == EFBIG)
			return sl_err_set(err, SL_REJECT, 0, "limit_bytes",
			    "the PDF is over the limit");
		else if (done < 0)
			return sl_disk_failed(err, "the PDF cannot be written");
	}
	return SL_OK;
}

static enum sl_rc
copy_out(const struct place *p, int out, uint64_t max, uint64_t *ret,
    struct sl_err *err)
{
	SL_CLOSE int fd = openat(p->fd, "out/in.pdf",
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	SL_FREE char *b = sl_alloc(PIECE);
	enum sl_rc rc;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    sl_pread_full(fd, b, 5, 0) != 5 || memcmp(b, "%PDF-", 5) != 0) {
		if (!is_full(p))
			return unsupported(
			    err, "the converter made no PDF of it");
		errno = ENOSPC;
		return sl_disk_failed(err, "no room for the converter");
	}
	/* Where it was cut off it is as long as it may be. */
	if ((uint64_t)st.st_size >= max)
		return sl_err_set(err, SL_REJECT, 0, "limit_bytes",
		    "the PDF is over the limit");
	for (*ret = 0; (n = sl_pread_full(fd, b, PIECE, *ret)) > 0;
	     *ret += (uint64_t)n)
		if ((rc = put(out, b, (size_t)n, *ret, err)) != SL_OK)
			return rc;
	return n == 0 ? SL_OK : sl_disk_failed(err, "the PDF cannot be read");
}

/* -- the converter -----------------------------------------------------------
 */

static void __attribute__((noreturn)) become(const struct place *p,
    const char *file, const struct sl_walls *w, pid_t parent)
{
	SL_FREE char *profile =
	    sl_asprintf("-env:UserInstallation=file://%s/profile", p->path);
	SL_FREE char *socket = sl_asprintf("-env:OSL_SOCKET_PATH=%s", p->path);
	SL_FREE char *home = sl_asprintf("HOME=%s", p->path);
	SL_FREE char *tmp = sl_asprintf("TMPDIR=%s", p->path);
	SL_FREE char *out = sl_asprintf("%s/out", p->path);
	SL_FREE char *in = sl_asprintf("%s/%s", p->path, file);
	char *const env[] = {home, tmp, sl_strdup("PATH=/usr/bin:/bin"),
	    sl_strdup("LC_ALL=C.UTF-8"), sl_strdup("SAL_USE_VCLPLUGIN=svp"),
	    NULL};
	char *const argv[] = {program, profile, socket, sl_strdup("--headless"),
	    sl_strdup("--norestore"), sl_strdup("--nolockcheck"),
	    sl_strdup("--nodefault"), sl_strdup("--nologo"),
	    sl_strdup("--convert-to"), sl_strdup("pdf"), sl_strdup("--outdir"),
	    out, in, NULL};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    getppid() != parent || chdir(p->path) != 0)
		_exit(127);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGXFSZ, SIG_DFL);
	if (sl_walls_enter(w, NULL) == SL_OK)
		(void)execve(program, argv, env);
	_exit(127);
}

/* Its exit status; over 255: it was killed. */
static int
run_once(const struct place *p, const char *file, const struct sl_walls *w)
{
	pid_t parent = getpid(), pid = fork();
	int status = 0;

	if (pid == 0)
		become(p, file, w, parent);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 256;
	if (pid < 0)
		return 256;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static enum sl_rc
convert(const struct place *p, const char *file, const struct sl_msg_task *t,
    struct sl_err *err)
{
	const struct sl_walls w = {.dir = p->path,
	    .program = program,
	    .cpu_s = t->cpu_s != 0 ? t->cpu_s : SL_TASK_CPU_S,
	    .out_bytes = t->out_bytes};
	int status = START_AGAIN, i;

	for (i = 0; i < STARTS_MAX && status == START_AGAIN; i++)
		status = run_once(p, file, &w);
	if (status == 127)
		return sl_err_set(err, SL_FATAL, 0, "sandbox",
		    "the converter cannot be started behind its walls");
	if (status == 256 + SIGXCPU || status == 256 + SIGKILL)
		return sl_err_set(err, SL_REJECT, 0, "limit_time",
		    "the converter took too long");
	/* What it says else is not to be relied on: the PDF tells. */
	return SL_OK;
}

static enum sl_rc
do_task(const struct sl_msg_task *t, const int *fds, uint64_t *ret,
    struct sl_err *err)
{
	const struct sl_extent x = {
	    .fd = fds[SL_FD_INPUT], .offset = t->offset, .size = t->size};
	char ending[16], file[24];
	struct place p;
	enum sl_rc rc;

	(void)sl_slice_copy(t->name, ending, sizeof(ending));
	(void)snprintf(file, sizeof(file), "in.%s", ending);
	if (t->kind != SL_TASK_CONVERT || !sl_name_is_plain(file))
		return sl_err_set(err, SL_FATAL, 0, "worker_protocol",
		    "sluse-convert has no task of kind %u", t->kind);
	rc = make_place(&p, err);
	if (rc == SL_OK)
		rc = copy_in(&p, file, &x, err);
	if (rc == SL_OK)
		rc = convert(&p, file, t, err);
	if (rc == SL_OK)
		rc = copy_out(&p, fds[SL_FD_OUT], t->out_bytes, ret, err);
	drop_place(&p);
	return rc;
}

int
sl_convert_run(const struct sl_msg_task *t, const int *fds)
{
	struct sl_msg made = {.type = SL_MSG_R_CLEAR};
	struct sl_msg end = {.type = SL_MSG_R_END};
	struct sl_err err = {.reason = ""};
	enum sl_rc rc = do_task(t, fds, &made.r_clear.size, &err);

	made.r_clear.key = program_digest;
	if (rc == SL_OK &&
	    sl_msg_write(fds[SL_FD_RESULT], &made, NULL) != SL_OK)
		return 1;
	end.r_end.rc = (uint8_t)rc;
	end.r_end.reason = sl_slice_str(err.reason);
	end.r_end.detail = sl_slice_str(err.text);
	return sl_msg_write(fds[SL_FD_RESULT], &end, NULL) == SL_OK ? 0 : 1;
}
