/*
 * `sluse run`: starts the programs of an instance and keeps them running.
 *
 * The small supervisor, where there is no systemd. Programs that end are
 * started again after a pause that doubles; a program that has lived for a
 * while starts afresh. It never looks at post: state is on disk, and any of
 * them may be killed at any time. FAILURES: if we are killed, the kernel sends
 * our children SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../config/config.h"
#include "cli.h"
#include "progress.h"

#define ARGS_MAX 12
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 10000
#define ALIVE_MS 10000 /* after this a program starts afresh */
#define KILL_MS 10000
#define SOCKET_MS 10000 /* the others wait this long for slused's socket */
#define LOOK_MS 500
#define BAD_CONFIG 2 /* status of slused, which comes first of the children */

struct child {
	char name[128];
	char *argv[ARGS_MAX];
	pid_t pid; /* 0: does not run */
	int64_t started_ms, due_ms, pause_ms;
};

struct run {
	const struct sl_cli *cli;
	char *root, *socket;
	struct sl_config *cfg;
	struct child *child;
	size_t n;
	int signals, dir, lock;
	bool stopping, failed;
	int64_t kill_ms, began_ms;
	struct sl_watch_run *watch;
	int64_t look_ms;
	bool done;
};

static void
add_child(struct run *r, const char *libexec, const char *program,
    const char *name, const char *const *args)
{
	struct child *c;
	int i;

	r->child = sl_realloc(r->child, (r->n + 1) * sizeof(*r->child));
	c = &r->child[r->n++];
	memset(c, 0, sizeof(*c));
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->argv[0] = sl_asprintf("%s/%s", libexec, program);
	for (i = 0; args[i] != NULL && i < ARGS_MAX - 2; i++)
		c->argv[i + 1] = sl_strdup(args[i]);
}

static void
add_children(struct run *r, const char *libexec)
{
	static const char *const workers[] = {
	    "sluse-work", "sluse-ocr", "sluse-place"};
	SL_FREE char *conf = sl_asprintf("%s/sluse.conf", r->root);
	SL_FREE char *secrets = sl_asprintf("%s/secrets", r->root);
	const char *const slused[] = {"--root", r->root, NULL};
	const struct sl_target_config *t;
	const char *const work[] = {"--socket", r->socket, NULL};
	const char *const report[] = {
	    "--socket", r->socket, "--root", r->root, NULL};
	const char *const decrypt[] = {
	    "--credentials", secrets, "--socket", r->socket, NULL};
	const char *const witness[] = {
	    "--witness", "--socket", r->socket, "--config", conf, NULL};
	char name[128];
	size_t i;
	uint32_t job;

	add_child(r, libexec, "slused", "slused", slused);
	for (i = 0; i < 3; i++)
		add_child(r, libexec, workers[i], workers[i], work);
	add_child(r, libexec, "sluse-report", "sluse-report", report);
	if (r->cfg->instance.decrypt_keys.n > 0)
		add_child(
		    r, libexec, "sluse-decrypt", "sluse-decrypt", decrypt);
	if (*r->cfg->instance.converter != '\0')
		add_child(r, libexec, "sluse-convert", "sluse-convert", work);
	if (r->cfg->witness_n + r->cfg->tsa_n > 0)
		add_child(
		    r, libexec, "sluse-push", "sluse-push/witness", witness);
	for (i = 0; i < r->cfg->target_n; i++) {
		t = &r->cfg->target[i];
		for (job = 1; job <= t->jobs; job++) {
			const char *const push[] = {"--socket", r->socket,
			    "--target", t->name, "--config", conf,
			    "--credentials", secrets, NULL};

			(void)snprintf(name, sizeof(name), "sluse-push/%s/%u",
			    t->name, job);
			add_child(r, libexec, "sluse-push", name, push);
		}
	}
}

/* DIR/run/pids: one "name pid" a line. */
static void
write_pids(const struct run *r)
{
	SL_BUF struct sl_buf b = {0};
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->child[i].pid > 0)
			sl_buf_printf(&b, "%s %d\n", r->child[i].name,
			    (int)r->child[i].pid);
	(void)sl_replace_file(r->dir, "pids", sl_buf_str(&b), b.n, 0640, NULL);
}

static void __attribute__((noreturn))
become(const struct child *c, pid_t parent)
{
	sigset_t none;

	/* A group of its own: Ctrl-C is ours to hand on. */
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(SL_EXIT_INTERNAL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execv(c->argv[0], c->argv);
	_exit(127);
}

static void
start(struct run *r, struct child *c)
{
	pid_t parent = getpid();

	c->started_ms = sl_clock_boot_ms();
	c->pid = fork();
	if (c->pid == 0)
		become(c, parent);
	if (c->pid < 0) {
		c->pid = 0;
		c->due_ms = c->started_ms + PAUSE_MAX_MS;
		return;
	}
	write_pids(r);
}

static void
stop(struct run *r)
{
	size_t i;

	if (r->stopping)
		return;
	r->stopping = true;
	r->kill_ms = sl_clock_boot_ms() + KILL_MS;
	for (i = 0; i < r->n; i++)
		if (r->child[i].pid > 0)
			(void)kill(r->child[i].pid, SIGTERM);
}

static void
ended(struct run *r, struct child *c, int status)
{
	int64_t now = sl_clock_boot_ms();

	c->pid = 0;
	if (r->stopping)
		return;
	if (now - c->started_ms >= ALIVE_MS || c->pause_ms == 0)
		c->pause_ms = PAUSE_FIRST_MS;
	else
		c->pause_ms = c->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS
							     : c->pause_ms * 2;
	c->due_ms = now + c->pause_ms;
	if (c == r->child && WIFEXITED(status) &&
	    WEXITSTATUS(status) == BAD_CONFIG) {
		sl_log(SL_LOG_ERR, "run",
		    "%s cannot start with this configuration", c->name);
		r->failed = true;
		stop(r);
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		sl_log(SL_LOG_ERR, "run", "%s cannot be started: is it there?",
		    c->name);
	else
		sl_log(SL_LOG_WARNING, "run",
		    "%s ended, is started again %s=\"%d\" pause_ms=\"%d\"",
		    c->name, WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status),
		    (int)c->pause_ms);
}

static void
reap(struct run *r)
{
	int status;
	pid_t pid;
	size_t i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < r->n; i++)
			if (r->child[i].pid == pid)
				ended(r, &r->child[i], status);
	write_pids(r);
}

static void
take_signals(struct run *r)
{
	struct signalfd_siginfo si;

	while (read(r->signals, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			reap(r);
		else
			stop(r);
	}
}

static bool
any_alive(const struct run *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->child[i].pid > 0)
			return true;
	return false;
}

/* Starts what is due. Result: milliseconds until the next is. */
static int64_t
start_due(struct run *r, int64_t now)
{
	bool open =
	    access(r->socket, F_OK) == 0 || now - r->began_ms > SOCKET_MS;
	int64_t next = 60000;
	struct child *c;
	size_t i;

	for (i = 0; i < r->n; i++) {
		c = &r->child[i];
		if (c->pid > 0)
			continue;
		if (i > 0 && !open) {
			next = 20;
			continue;
		}
		if (c->due_ms <= now)
			start(r, c);
		else if (c->due_ms - now < next)
			next = c->due_ms - now;
	}
	return next;
}

/* Progress and quiet; true if all is done (--once). */
static bool
look(struct run *r, int64_t now)
{
	bool quiet;

	if (r->watch == NULL || now < r->look_ms)
		return false;
	r->look_ms = now + LOOK_MS;
	quiet = sl_watch_run_look(r->watch);
	if (quiet && sl_watch_run_news(r->watch))
		sl_watch_run_summary(r->watch);
	return quiet && r->cli->once;
}

static void
supervise(struct run *r)
{
	struct pollfd p = {.fd = r->signals, .events = POLLIN};
	int64_t now, wait;
	size_t i;

	r->began_ms = sl_clock_boot_ms();
	while (!r->stopping || any_alive(r)) {
		now = sl_clock_boot_ms();
		wait = 200;
		if (!r->stopping) {
			wait = start_due(r, now);
			if (look(r, now)) {
				r->done = true;
				stop(r);
			}
			if (r->watch != NULL && wait > LOOK_MS)
				wait = LOOK_MS;
		} else if (now >= r->kill_ms) {
			for (i = 0; i < r->n; i++)
				if (r->child[i].pid > 0)
					(void)kill(r->child[i].pid, SIGKILL);
		}
		(void)poll(&p, 1, (int)wait);
		take_signals(r);
	}
}

static enum sl_exit
block_signals(struct run *r)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signals >= 0 ? SL_EXIT_OK
			       : sl_say(SL_EXIT_INTERNAL, "no signals: %s",
				     strerror(errno));
}

/* One supervisor at a time. */
static enum sl_exit
take_instance(struct run *r)
{
	SL_FREE char *run = sl_asprintf("%s/run", r->root);
	struct sl_err err;

	if (sl_make_path(run, 0750, &err) != SL_OK)
		return sl_cli_fail(&err);
	r->dir = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dir < 0)
		return sl_say(SL_EXIT_INTERNAL, "%s: %s", run, strerror(errno));
	r->lock =
	    openat(r->dir, "run.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (r->lock < 0 || flock(r->lock, LOCK_EX | LOCK_NB) != 0)
		return sl_say(SL_EXIT_REFUSED,
		    "%s is run by another sluse already", r->root);
	/* A socket of the last run tells nothing. */
	(void)unlink(r->socket);
	return SL_EXIT_OK;
}

static enum sl_exit
prepare(struct run *r)
{
	SL_FREE char *conf = NULL;
	char libexec[4096];
	struct sl_err err;
	enum sl_exit code;

	r->root = realpath(r->cli->arg[0], NULL);
	if (r->root == NULL)
		return sl_say(
		    SL_EXIT_AWAY, "%s: %s", r->cli->arg[0], strerror(errno));
	conf = sl_asprintf("%s/sluse.conf", r->root);
	r->socket = sl_asprintf("%s/run/slused.sock", r->root);
	if (sl_config_load(conf, &r->cfg, &err) != SL_OK)
		return strcmp(err.reason, "config_missing") == 0
			   ? sl_say(SL_EXIT_AWAY,
				 "%s is no instance; make one with sluse init",
				 r->root)
			   : sl_say(SL_EXIT_FOUND, "%s", err.text);
	code = sl_cli_libexec(libexec, sizeof(libexec));
	if (code == SL_EXIT_OK)
		code = take_instance(r);
	if (code == SL_EXIT_OK)
		code = block_signals(r);
	if (code != SL_EXIT_OK)
		return code;
	add_children(r, libexec);
	if (r->cli->once || r->cli->progress)
		r->watch = sl_watch_run_new(r->root, r->cfg, r->cli->progress);
	return SL_EXIT_OK;
}

static void
run_free(struct run *r)
{
	size_t i;
	int k;

	for (i = 0; i < r->n; i++)
		for (k = 0; k < ARGS_MAX; k++)
			free(r->child[i].argv[k]);
	free(r->child);
	sl_watch_run_free(r->watch);
	sl_config_free(r->cfg);
	free(r->root);
	free(r->socket);
	sl_cleanup_close(&r->signals);
	sl_cleanup_close(&r->dir);
	sl_cleanup_close(&r->lock);
}

int
sl_cmd_run(const struct sl_cli *c)
{
	struct run r = {.cli = c, .signals = -1, .dir = -1, .lock = -1};
	enum sl_exit code = prepare(&r);
	SL_FREE char *table = sl_asprintf("%s/pronom/table.tsv", c->arg[0]);

	(void)setenv("SLUSE_PRONOM", table, 0);
	if (code == SL_EXIT_OK) {
		supervise(&r);
		write_pids(&r);
		if ((c->once && !r.done) || r.failed)
			code = SL_EXIT_FOUND;
	}
	run_free(&r);
	return code;
}
