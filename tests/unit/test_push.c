/*
 * sluse-push's smaller parts: screening of texts, loading of plugins, walls.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/push/host.h"
#include "../../daemon/push/lock.h"
#include "../../daemon/push/plugins.h"
#include "test.h"

static void
screen(void)
{
	static const struct {
		const char *in, *want;
	} rows[] = {{"HTTP 400: tittel", "HTTP 400: tittel"},
	    {"nr 01019012345 er ugyldig", "nr *********** er ugyldig"},
	    {"010190 12345", "************"}, {"010190-12345", "************"},
	    {"0101901234", "0101901234"},
	    {"123456789012345", "***************"},
	    {"2026/211 og 974760673", "2026/211 og 974760673"},
	    {"a\nb", "a\\x0Ab"}, {"", ""}, {"1", "1"},
	    {"1 01019012345 2", "1 *********** 2"}};
	SL_BUF struct sl_buf b = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sl_buf_reset(&b);
		sl_push_screen(&b, rows[i].in, 256);
		CHECK_STR(sl_buf_str(&b), rows[i].want);
	}
	/* Cut at a character, never inside it. */
	sl_buf_reset(&b);
	sl_push_screen(&b, "aaaø", 4);
	CHECK_STR(sl_buf_str(&b), "aaa");
	CHECK(sl_push_fit("aaaø", 4).n == 3 && sl_push_fit("aaaø", 5).n == 5);
	CHECK(sl_push_fit(NULL, 5).n == 0 && sl_push_fit("\xff", 5).n == 0);
}

/* A copy of a plugin under another name and mode, in a folder of its own. */
static bool
load_copy(const char *name, mode_t mode, struct sl_err *err)
{
	char dir[] = "/tmp/sluse-test-plugins-XXXXXX", path[128];
	const struct sluse_connector *c = NULL;
	SL_BUF struct sl_buf b = {0};
	const char *build = getenv("SLUSE_BUILD");
	struct sl_err why;
	bool ok;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/plugins/connectors/webhook.so",
	    build != NULL ? build : "build");
	if (sl_read_file(AT_FDCWD, path, 64 << 20, &b, &why) != SL_OK ||
	    mkdtemp(dir) == NULL) {
		CHECK_MSG(false, "%s: %s", path, why.text);
		return false;
	}
	(void)snprintf(path, sizeof(path), "%s/connectors", dir);
	CHECK(mkdir(path, 0755) == 0);
	(void)snprintf(path, sizeof(path), "%s/connectors/%s.so", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && sl_write_full(fd, b.p, b.n) == 0);
	CHECK(fchmod(fd, mode) == 0);
	(void)close(fd);
	(void)setenv("SLUSE_PLUGINS", dir, 1);
	ok = sl_plugin_load(name, &c, err) == SL_OK;
	(void)unsetenv("SLUSE_PLUGINS");
	CHECK(!ok || strcmp(c->name, name) == 0);
	CHECK(sl_remove_tree(AT_FDCWD, dir) == 0);
	return ok;
}

static void
plugins(void)
{
	const struct sluse_connector *c;
	struct sl_err err = {0};

	CHECK_MSG(load_copy("webhook", 0644, &err), "%s", err.text);
	CHECK(!load_copy("webhook", 0646, &err));
	CHECK_STR(err.reason, "plugin_invalid");
	CHECK(!load_copy("webhook", 0664, &err));
	CHECK(!load_copy("other", 0644, &err));
	CHECK(sl_plugin_load("../webhook", &c, &err) == SL_FATAL);
	CHECK(sl_plugin_load("", &c, &err) == SL_FATAL);
	CHECK(sl_plugin_load("nobody_has_it", &c, &err) == SL_FATAL);
}

static bool
can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* In a child: exit status 0, or the line of the first thing that is wrong. */
static int
behind_walls(void)
{
	char *const argv[] = {NULL};
	const char *missing = "?";
	struct addrinfo *ai = NULL;
	struct sl_err err;
	int fd;

	if (sl_push_lock(NULL, 0, -1, -1, &missing, &err) != SL_OK)
		return __LINE__ % 256;
	if (missing[0] != '\0')
		return 0; /* an old kernel: nothing more to see */
	if (can_open("/etc/passwd", O_RDONLY) || can_open("/tmp", O_RDONLY) ||
	    can_open("/tmp/sluse-test-lock", O_WRONLY | O_CREAT))
		return 2;
	if (execv("/bin/true", argv) == 0 || errno != EPERM)
		return 3;
	if (!can_open("/etc/hosts", O_RDONLY))
		return 4;
	if (getaddrinfo("localhost", "80", NULL, &ai) != 0)
		return 5;
	freeaddrinfo(ai);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 ? 0 : 6;
}

/* The same with a folder to write to. */
static int
behind_walls_with(const char *dir)
{
	int fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC), f;
	const char *missing = "?";
	struct sl_err err;

	if (sl_push_lock(NULL, 0, -1, fd, &missing, &err) != SL_OK)
		return __LINE__ % 256;
	if (missing[0] != '\0')
		return 0;
	if (can_open("/tmp/sluse-test-lock", O_WRONLY | O_CREAT) ||
	    can_open("/tmp", O_RDONLY) || can_open("/etc/passwd", O_RDONLY))
		return 2;
	f = openat(fd, "part", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (f < 0 || sl_write_full(f, "x", 1) != 0 || ftruncate(f, 0) != 0)
		return 3;
	if (mkdirat(fd, "ab", 0700) != 0 ||
	    renameat(fd, "part", fd, "ab/whole") != 0)
		return 4;
	if (unlinkat(fd, "ab/whole", 0) != 0 ||
	    unlinkat(fd, "ab", AT_REMOVEDIR) != 0)
		return 5;
	if (symlinkat("/etc", fd, "link") == 0)
		return 6;
	return 0;
}

static void
check_child(pid_t pid)
{
	int status = 0;

	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d",
	    WEXITSTATUS(status));
}

static void
walls(void)
{
	char dir[] = "/tmp/sluse-test-walls-XXXXXX";
	pid_t pid = fork();

	if (pid == 0)
		_exit(behind_walls());
	check_child(pid);
	CHECK(mkdtemp(dir) != NULL);
	pid = fork();
	if (pid == 0)
		_exit(behind_walls_with(dir));
	check_child(pid);
	CHECK(sl_remove_tree(AT_FDCWD, dir) == 0);
}

TEST_MAIN({"screen", screen}, {"plugins", plugins}, {"walls", walls})
