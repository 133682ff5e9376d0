/*
 * Every escape probe, from inside a child of a real worker parent: as the
 * machine is, with Landlock as old as ABI 2, without Landlock, and with
 * Landlock alone (files only). And the same without walls, where most must
 * work: else a "denied" would mean nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/sandbox/sandbox.h"
#include "../../daemon/worker/probe.h"
#include "parent.h"
#include "test.h"

static char dir[] = "/tmp/sluse-probe-XXXXXX";

static enum sl_rc
warm(struct sl_err *err)
{
	(void)err;
	return SL_OK;
}

static int
run(const struct sl_msg_task *t, const int *fds)
{
	(void)t;
	(void)fds;
	return 0;
}

static const struct sl_worker worker = {
    .program = "test", .role = SL_ROLE_WORK, .warm = warm, .run = run};

/* dir/post with its bytes and dir/empty; nothing else. */
static void
lay_out(void)
{
	static bool made;
	int d, fd;

	if (!made && mkdtemp(dir) == NULL)
		abort();
	made = true;
	d = open(dir, O_DIRECTORY | O_CLOEXEC);
	(void)umask(077);
	(void)unlinkat(d, "fresh", 0);
	(void)unlinkat(d, "fresh", AT_REMOVEDIR);
	(void)unlinkat(d, "post", 0);
	(void)mkdirat(d, "empty", 0700);
	fd = openat(d, "post", O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
	if (fd < 0 || write(fd, "the post\n", 9) != 9)
		abort();
	(void)close(fd);
	(void)close(d);
}

static bool
is_untouched(void)
{
	int d = open(dir, O_DIRECTORY | O_CLOEXEC);
	struct stat st, none;
	bool ok;

	ok = fstatat(d, "post", &st, 0) == 0 && st.st_size == 9 &&
	     (st.st_mode & 07777) == 0600 && st.st_nlink == 1 &&
	     fstatat(d, "fresh", &none, AT_SYMLINK_NOFOLLOW) != 0 &&
	     fstatat(d, "empty", &none, 0) == 0;
	(void)close(d);
	return ok;
}

static int
open_file(int flags)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/post", dir);
	return open(path, flags | O_CLOEXEC);
}

static int
open_out(void)
{
	return open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static void
name_probe(char *text, size_t n, const char *probe)
{
	(void)snprintf(text, n, SL_PROBE_PREFIX "%s:%s", probe, dir);
}

/* One probe through the parent. True if the walls held. */
static bool
holds(struct parent_proc *p, const char *probe, struct sl_msg_task_ended *e)
{
	char name[256];
	struct sl_msg_task t;
	int in = open_file(O_RDONLY), out = open_out();
	bool ok;

	name_probe(name, sizeof(name), probe);
	t = parent_task(1, name);
	ok = parent_send(p, &t, in, out, NULL) && parent_ended(p, e);
	(void)close(in);
	(void)close(out);
	if (!ok)
		return false;
	return (e->how == SL_END_EXIT && e->code == SL_PROBE_DENIED) ||
	       (e->how == SL_END_SIGNAL && e->code == SIGSYS);
}

static void
all_probes(bool degraded, bool files_only)
{
	const struct sl_probe *list;
	struct sl_msg_task_ended e = {0};
	struct parent_proc p;
	size_t n, i, tried = 0, killed = 0, refused = 0;

	lay_out();
	list = sl_probes(&n);
	CHECK(n >= 40);
	CHECK(parent_start(&p, &worker, 2, degraded));
	/* One that does nothing comes through: else the rest proves nothing. */
	CHECK(!holds(&p, "nothing", &e));
	CHECK(e.how == SL_END_EXIT && e.code == SL_PROBE_ESCAPED);
	for (i = 0; i < n; i++) {
		if (files_only && list[i].kind != SL_PROBE_FILE)
			continue;
		if (list[i].kind == SL_PROBE_STRICT && sl_sandbox_is_wide())
			continue;
		tried++;
		memset(&e, 0, sizeof(e));
		CHECK_MSG(holds(&p, list[i].name, &e), "%s: how %u code %u",
		    list[i].name, e.how, e.code);
		killed += e.how == SL_END_SIGNAL;
		refused += e.how == SL_END_EXIT;
	}
	CHECK(parent_hangup(&p) == 0);
	CHECK(is_untouched());
	CHECK(tried >= (files_only ? 20 : 40));
	(void)printf(
	    "# %zu probes: %zu killed, %zu refused\n", tried, killed, refused);
}

static void
plain(void)
{
	all_probes(false, false);
}

static void
landlock_2(void)
{
	(void)setenv("SLUSE_TEST_LANDLOCK_ABI", "2", 1);
	all_probes(false, false);
	(void)unsetenv("SLUSE_TEST_LANDLOCK_ABI");
}

static void
landlock_none(void)
{
	(void)setenv("SLUSE_TEST_LANDLOCK_ABI", "0", 1);
	all_probes(true, false);
	(void)unsetenv("SLUSE_TEST_LANDLOCK_ABI");
}

/* The other wall alone, as old as Debian 12's. */
static void
seccomp_none(void)
{
	(void)setenv("SLUSE_TEST_SECCOMP", "0", 1);
	(void)setenv("SLUSE_TEST_LANDLOCK_ABI", "2", 1);
	all_probes(true, true);
	(void)unsetenv("SLUSE_TEST_SECCOMP");
	(void)unsetenv("SLUSE_TEST_LANDLOCK_ABI");
}

/* A missing wall is refused unless asked for. */
static void
missing_wall(void)
{
	struct parent_proc p;

	(void)setenv("SLUSE_TEST_LANDLOCK_ABI", "0", 1);
	CHECK(!parent_start(&p, &worker, 1, false));
	CHECK(parent_hangup(&p) == 1);
	(void)unsetenv("SLUSE_TEST_LANDLOCK_ABI");
	(void)setenv("SLUSE_TEST_SECCOMP", "0", 1);
	CHECK(!parent_start(&p, &worker, 1, false));
	CHECK(parent_hangup(&p) == 1);
	(void)unsetenv("SLUSE_TEST_SECCOMP");
}

/* True if it got out, or ran into something that is not a wall. */
static bool
escapes_unwalled(const char *probe)
{
	char name[256];
	int fds[SL_FD_COUNT] = {-1, -1, -1, -1, -1}, sv[2], status;
	pid_t pid;

	lay_out();
	name_probe(name, sizeof(name), probe);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		(void)alarm(5);
		fds[SL_FD_INPUT] = open_file(O_RDONLY);
		fds[SL_FD_RESULT] = sv[1];
		fds[SL_FD_OUT] = open_out();
		_exit(sl_probe_run(sl_slice_str(name), fds, getppid()));
	}
	(void)close(sv[0]);
	(void)close(sv[1]);
	if (waitpid(pid, &status, 0) != pid)
		return false;
	/* 0: execve worked and /bin/true ended. */
	return WIFEXITED(status) && (WEXITSTATUS(status) == SL_PROBE_ESCAPED ||
					WEXITSTATUS(status) == 0);
}

static void
control(void)
{
	const struct sl_probe *list;
	size_t n, i, out = 0, files = 0, files_out = 0;
	bool got;

	list = sl_probes(&n);
	for (i = 0; i < n; i++) {
		got = escapes_unwalled(list[i].name);
		out += got;
		if (list[i].kind == SL_PROBE_FILE) {
			files++;
			files_out += got;
			CHECK_MSG(got, "%s", list[i].name);
		}
		if (!got && getenv("VERBOSE") != NULL)
			(void)printf("# not even unwalled: %s\n", list[i].name);
	}
	(void)printf("# without walls %zu of %zu work (files: %zu of %zu)\n",
	    out, n, files_out, files);
	CHECK(out * 4 >= n * 3);
	lay_out();
}

static void
clean_up(void)
{
	char cmd[300];

	lay_out();
	(void)snprintf(cmd, sizeof(cmd), "%s/post", dir);
	CHECK(unlink(cmd) == 0);
	(void)snprintf(cmd, sizeof(cmd), "%s/empty", dir);
	CHECK(rmdir(cmd) == 0);
	CHECK(rmdir(dir) == 0);
}

TEST_MAIN({"control_without_walls", control}, {"all_walls", plain},
    {"landlock_2", landlock_2}, {"landlock_none", landlock_none},
    {"seccomp_none", seccomp_none}, {"missing_wall", missing_wall},
    {"clean_up", clean_up})
