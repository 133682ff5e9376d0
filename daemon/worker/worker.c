/*
 * INVARIANTS: running children <= slots; every TASK gets exactly one
 * TASK_ENDED as long as the connection lasts; descriptors of a task are closed
 * here as soon as its child has them.
 *
 * FAILURES: slused gone or SIGTERM: children are killed, nothing is reported
 * (slused takes the end of the connection as "not run"). A child that is
 * killed from outside, by the kernel for memory as well, is SL_END_SIGNAL.
 */
#include "worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/loop.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "../base/text.h"
#include "../sandbox/sandbox.h"
#include "child.h"
#include "heap.h"
#include "slots.h"

#define HOST_LOOK_MS 10 /* between two looks for a free slot of the host */
#define SLOTS_MAX 256
#define NICE 5

struct parent;

struct job {
	struct parent *parent;
	pid_t pid; /* 0: the slot is free */
	uint64_t task;
	int64_t started_ms;
	bool timed_out;
	int host_slot;
	struct sl_timer *timer;
	char subject[33];
};

/* A task that waits for a slot of the host, the oldest first. */
struct waiting {
	struct waiting *next;
	uint64_t task;
	int fds[SL_FD_COUNT];
	size_t nfds, length;
	uint8_t bytes[]; /* the message */
};

struct options {
	const char *socket, *host_slots;
	int fd;
	unsigned slots; /* 0: not given */
	unsigned sandbox_flags;
	enum sl_level level;
};

struct parent {
	const struct sl_worker *w;
	struct sl_chan *chan;
	struct sl_loop *loop;
	struct sl_watch *chan_watch;
	struct sl_timer *watchdog;
	int64_t watchdog_ms;
	struct job *jobs;
	struct sl_slots *host;
	struct waiting *waiting;
	struct sl_timer *host_look;
	unsigned slots;
	int sig_fd, null_fd, status;
	pid_t pid;
};

/* -- children ------------------------------------------------------------ */

static struct job *
find_job(struct parent *p, pid_t pid)
{
	unsigned i;

	for (i = 0; i < p->slots; i++)
		if (p->jobs[i].pid == pid)
			return &p->jobs[i];
	return NULL;
}

static void
stop(struct parent *p, int status)
{
	p->status = status;
	sl_loop_stop(p->loop);
}

static void
send_message(struct parent *p, const struct sl_msg *m)
{
	struct sl_err err;

	if (sl_chan_send(p->chan, m, NULL, 0, &err) != SL_OK) {
		sl_log(SL_LOG_WARNING, "parent", "cannot report: %s", err.text);
		stop(p, 0);
		return;
	}
	if (sl_chan_queued(p->chan) > 0)
		sl_watch_set(p->chan_watch, SL_LOOP_READ | SL_LOOP_WRITE);
}

static void
send_not_run(struct parent *p, const struct sl_msg_task *t, int why)
{
	struct sl_msg m = {.type = SL_MSG_TASK_ENDED};

	m.task_ended.task = t->task;
	m.task_ended.how = SL_END_NOT_RUN;
	m.task_ended.code = (uint32_t)why;
	send_message(p, &m);
}

static void
on_time_over(void *arg)
{
	struct job *j = arg;

	if (j->pid == 0)
		return;
	j->timed_out = true;
	(void)kill(j->pid, SIGKILL);
}

static void
set_end(struct sl_msg_task_ended *m, const struct job *j, int status)
{
	if (WIFSIGNALED(status)) {
		m->how = SL_END_SIGNAL;
		m->code = (uint32_t)WTERMSIG(status);
		if (j->timed_out && m->code == SIGKILL)
			m->how = SL_END_TIMEOUT;
	} else if (WEXITSTATUS(status) == SL_WORKER_NOT_SHUT) {
		m->how = SL_END_NOT_RUN;
		m->code = EPERM;
	} else {
		m->how = SL_END_EXIT;
		m->code = (uint32_t)WEXITSTATUS(status);
	}
}

static uint64_t
usage_ms(const struct rusage *u)
{
	return (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000 +
	       (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1000;
}

static void
end_job(struct parent *p, struct job *j, int status, const struct rusage *u)
{
	struct sl_msg m = {.type = SL_MSG_TASK_ENDED};
	struct sl_msg_task_ended *e = &m.task_ended;

	e->task = j->task;
	e->cpu_ms = (uint32_t)usage_ms(u);
	e->wall_ms = (uint32_t)(sl_clock_boot_ms() - j->started_ms);
	e->rss_kb = (uint32_t)u->ru_maxrss;
	set_end(e, j, status);
	if (e->how == SL_END_NOT_RUN)
		sl_log(SL_LOG_CRIT, j->subject, "child cannot shut itself in");
	else if (e->how == SL_END_EXIT)
		sl_log(SL_LOG_DEBUG, j->subject,
		    "task ended code=\"%u\" cpu_ms=\"%u\" ms=\"%u\"", e->code,
		    e->cpu_ms, e->wall_ms);
	else
		sl_log(SL_LOG_NOTICE, j->subject,
		    "%s signal=\"%u\" cpu_ms=\"%u\" ms=\"%u\"",
		    e->code == SIGSYS ? "forbidden system call" : "task killed",
		    e->code, e->cpu_ms, e->wall_ms);
	sl_timer_stop(j->timer);
	sl_slots_give(p->host, j->host_slot);
	j->pid = 0;
	send_message(p, &m);
}

static void
reap(struct parent *p)
{
	struct rusage u;
	struct job *j;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &u)) > 0) {
		j = find_job(p, pid);
		if (j != NULL)
			end_job(p, j, status, &u);
	}
}

static void
kill_all(struct parent *p)
{
	unsigned i;

	for (i = 0; i < p->slots; i++)
		if (p->jobs[i].pid != 0)
			(void)kill(p->jobs[i].pid, SIGKILL);
	for (i = 0; i < p->slots; i++)
		if (p->jobs[i].pid != 0)
			(void)waitpid(p->jobs[i].pid, NULL, 0);
}

/* -- messages ------------------------------------------------------------ */

/* Takes a slot and forks; fds[SL_FD_COUNT]. Result: 0 or an errno; EAGAIN: the
 * host has no slot now. */
static int
start_task(struct parent *p, const struct sl_msg_task *t, const int *fds)
{
	struct job *j = find_job(p, 0);
	int host = SL_SLOT_NONE;
	pid_t pid;

	if (j == NULL)
		return EBUSY;
	if (sl_slots_count(p->host) > 0 &&
	    (host = sl_slots_take(p->host)) == SL_SLOT_NONE)
		return EAGAIN;
	pid = fork();
	if (pid < 0) {
		sl_slots_give(p->host, host);
		return errno;
	}
	if (pid == 0)
		sl_child_run(p->w, t, fds, p->null_fd, p->pid);
	j->host_slot = host;
	j->pid = pid;
	j->task = t->task;
	j->timed_out = false;
	j->started_ms = sl_clock_boot_ms();
	(void)sl_slice_copy(t->subject, j->subject, sizeof(j->subject));
	sl_timer_set(j->timer, t->wall_ms != 0 ? t->wall_ms : SL_TASK_WALL_MS);
	return 0;
}

/* Takes the descriptors over. */
static void
wait_for_host(
    struct parent *p, const struct sl_msg *m, const int *fds, size_t nfds)
{
	SL_FREE uint8_t *b = sl_alloc(SL_WIRE_MAX);
	size_t n = sl_msg_encode(m, b);
	struct waiting *w = sl_alloc(sizeof(*w) + n), **end = &p->waiting;

	w->task = m->task.task;
	w->nfds = nfds;
	w->length = n;
	memcpy(w->bytes, b, n);
	memcpy(w->fds, fds, nfds * sizeof(*fds));
	while (*end != NULL)
		end = &(*end)->next;
	*end = w;
	sl_timer_pull(p->host_look, HOST_LOOK_MS);
}

/* Closes the descriptors, or has the task wait with them. */
static void
take_task(struct parent *p, const struct sl_msg *m, const int *got, size_t nfds)
{
	const struct sl_msg_task *t = &m->task;
	bool trust = (t->flags & SL_TASK_TRUST) != 0 && nfds > 0;
	size_t n = nfds - trust;
	size_t want = (t->flags & SL_TASK_COPY) != 0   ? SL_FD_ORIGINAL_READ + 1
		      : (t->flags & SL_TASK_MANY) != 0 ? n
		      : (t->flags & SL_TASK_CLEAR) != 0
			  ? SL_FD_CLEAR + t->clear.n / 4
			  : SL_FD_OUT + 1;
	int fds[SL_FD_COUNT], rc = EINVAL;
	size_t i;

	for (i = 0; i < SL_FD_COUNT; i++)
		fds[i] = i < n ? got[i] : -1;
	if (trust)
		fds[SL_FD_TRUST] = got[n];
	if (n == want && n > SL_FD_OUT)
		rc = start_task(p, t, fds);
	if (rc == EAGAIN) {
		wait_for_host(p, m, got, nfds);
		return;
	}
	for (i = 0; i < nfds; i++)
		(void)close(got[i]);
	if (rc != 0)
		send_not_run(p, t, rc);
}

static void
drop_waiting(struct waiting **at)
{
	struct waiting *w = *at;
	size_t i;

	*at = w->next;
	for (i = 0; i < w->nfds; i++)
		(void)close(w->fds[i]);
	free(w);
}

/* The oldest goes on; what still finds no slot is the oldest again. */
static void
on_host_look(void *arg)
{
	struct parent *p = arg;
	struct waiting *w, *rest;
	struct sl_err err;
	struct sl_msg m;

	while ((w = p->waiting) != NULL) {
		rest = w->next;
		p->waiting = NULL;
		/* Our own encoding of what was decoded once. */
		if (sl_msg_decode(w->bytes, w->length, &m, &err) == SL_OK)
			take_task(p, &m, w->fds, w->nfds);
		free(w);
		if (p->waiting != NULL) {
			p->waiting->next = rest;
			sl_timer_set(p->host_look, HOST_LOOK_MS);
			return;
		}
		p->waiting = rest;
	}
}

/* True if it waited; it ends as if it had been killed. */
static bool
cancel_waiting(struct parent *p, uint64_t task)
{
	struct sl_msg m = {.type = SL_MSG_TASK_ENDED};
	struct waiting **at = &p->waiting;

	while (*at != NULL && (*at)->task != task)
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	drop_waiting(at);
	m.task_ended.task = task;
	m.task_ended.how = SL_END_SIGNAL;
	m.task_ended.code = SIGKILL;
	send_message(p, &m);
	return true;
}

static void
cancel_task(struct parent *p, uint64_t task)
{
	unsigned i;

	if (cancel_waiting(p, task))
		return;

	for (i = 0; i < p->slots; i++)
		if (p->jobs[i].pid != 0 && p->jobs[i].task == task)
			(void)kill(p->jobs[i].pid, SIGKILL);
}

static void
take_message(
    struct parent *p, const struct sl_msg *m, const int *fds, size_t nfds)
{
	size_t i;

	if (m->type == SL_MSG_TASK) {
		take_task(p, m, fds, nfds);
		return;
	}
	for (i = 0; i < nfds; i++)
		(void)close(fds[i]);
	if (m->type == SL_MSG_TASK_CANCEL) {
		cancel_task(p, m->task_cancel.task);
		return;
	}
	sl_log(SL_LOG_ERR, "parent", "unexpected message type=\"%d\"",
	    (int)m->type);
	stop(p, 1);
}

static void
on_chan(void *arg, unsigned events)
{
	struct parent *p = arg;
	struct sl_err err = {0};
	struct sl_msg m;
	int fds[SL_WIRE_FDS_MAX];
	size_t nfds;
	enum sl_rc rc = SL_OK;

	if ((events & SL_LOOP_WRITE) != 0)
		rc = sl_chan_flush(p->chan, &err);
	if (rc == SL_OK && sl_chan_queued(p->chan) == 0)
		sl_watch_set(p->chan_watch, SL_LOOP_READ);
	if (rc == SL_OK)
		rc = sl_chan_recv(p->chan, &m, fds, &nfds, &err);
	if (rc == SL_OK) {
		take_message(p, &m, fds, nfds);
	} else if (rc == SL_RETRY) {
		sl_log(SL_LOG_NOTICE, "parent", "slused is gone; ending");
		stop(p, 0);
	} else if (rc != SL_SKIP) {
		sl_log(SL_LOG_ERR, "parent", "%s", err.text);
		stop(p, 1);
	}
}

static void
on_signal(void *arg, unsigned events)
{
	struct parent *p = arg;
	struct signalfd_siginfo si;
	bool children = false;

	(void)events;
	while (read(p->sig_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			children = true;
		else
			stop(p, 0);
	}
	if (children)
		reap(p);
}

static void
on_watchdog(void *arg)
{
	struct parent *p = arg;

	sl_notify("WATCHDOG=1");
	sl_timer_set(p->watchdog, p->watchdog_ms);
}

/* -- starting ------------------------------------------------------------ */

static enum sl_rc
check_one_thread(struct sl_err *err)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	unsigned n = 0;

	if (d == NULL)
		return sl_err_set(err, SL_FATAL, errno, "sandbox",
		    "cannot read /proc/self/task");
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	(void)closedir(d);
	if (n != 1)
		return sl_err_set(err, SL_FATAL, 0, "sandbox",
		    "%u threads after warming; a fork would be unsafe", n);
	return SL_OK;
}

/* Waits; true if a signal asks us to end. */
static bool
sleep_or_end(struct parent *p, int ms)
{
	struct pollfd pf = {.fd = p->sig_fd, .events = POLLIN};
	struct signalfd_siginfo si;

	if (poll(&pf, 1, ms) > 0 && read(p->sig_fd, &si, sizeof(si)) > 0)
		return si.ssi_signo != SIGCHLD;
	return false;
}

/* Connects or, with told, asks. SL_SKIP: told to end while slused was away. */
static enum sl_rc
reach_slused(struct parent *p, const struct options *o, struct sl_told *told,
    struct sl_err *err)
{
	unsigned tries;
	enum sl_rc rc;

	for (tries = 0;; tries++) {
		rc = told != NULL
			 ? sl_chan_ask(o->socket, p->w->role, told, err)
			 : sl_chan_connect(o->socket, p->w->role, p->slots, "",
			       &p->chan, err);
		if (rc != SL_RETRY)
			return rc;
		if (tries == 0)
			sl_log(SL_LOG_INFO, "parent", "waiting for slused");
		if (sleep_or_end(p, sl_notify_away(tries)))
			return SL_SKIP;
	}
}

static enum sl_rc
connect_slused(struct parent *p, const struct options *o, struct sl_err *err)
{
	if (o->fd >= 0)
		return sl_chan_greet(
		    o->fd, p->w->role, p->slots, "", &p->chan, err);
	return reach_slused(p, o, NULL, err);
}

/* The configuration is slused's to read; an option goes before it. */
static enum sl_rc
ask_slused(struct parent *p, const struct options *o, struct sl_err *err)
{
	struct sl_told told = {0};
	enum sl_rc rc = o->fd >= 0 ? SL_OK : reach_slused(p, o, &told, err);

	if (rc != SL_OK)
		return rc;
	if (o->slots == 0 && told.slots > 0)
		p->slots = told.slots < SLOTS_MAX ? told.slots : SLOTS_MAX;
	if (p->w->told != NULL)
		p->w->told(&told);
	return SL_OK;
}

/* Descriptors 0..2 exist, so that no document ever gets such a number. */
static int
open_null(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	return fd;
}

/* Slower before slused, which hands out the work, and before whoever sends it
 * on. Under systemd the unit has it, and denies the call. */
static void
be_nice(void)
{
	if (getpriority(PRIO_PROCESS, 0) < NICE &&
	    setpriority(PRIO_PROCESS, 0, NICE) != 0)
		sl_log(SL_LOG_DEBUG, "parent", "cannot be nice");
}

static enum sl_rc
set_up(struct parent *p, const struct options *o, struct sl_err *err)
{
	sigset_t set;
	enum sl_rc rc;

	be_nice();
	p->null_fd = open_null();
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	p->sig_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->null_fd < 0 || p->sig_fd < 0)
		return sl_err_set(err, SL_FATAL, errno, "sandbox",
		    "cannot open /dev/null or signalfd");
	rc = ask_slused(p, o, err);
	if (rc == SL_OK)
		rc = p->w->warm(err);
	if (rc == SL_OK)
		rc = check_one_thread(err);
	if (rc == SL_OK)
		sl_heap_fill_holes();
	if (rc == SL_OK)
		rc = sl_sandbox_prepare(o->sandbox_flags, err);
	if (rc == SL_FATAL && o->fd < 0)
		sl_chan_tell(o->socket, p->w->role, "", err);
	if (rc == SL_OK)
		sl_log(SL_LOG_INFO, "parent",
		    "warm: %s, slots=\"%u\" host_slots=\"%u\"",
		    sl_sandbox_describe(), p->slots, sl_slots_count(p->host));
	return rc;
}

static void
serve(struct parent *p)
{
	int fd = sl_chan_fd(p->chan);
	unsigned i;

	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	p->loop = sl_loop_new();
	p->jobs = sl_alloc(p->slots * sizeof(p->jobs[0]));
	for (i = 0; i < p->slots; i++) {
		p->jobs[i].parent = p;
		p->jobs[i].timer =
		    sl_loop_timer(p->loop, on_time_over, &p->jobs[i]);
	}
	p->chan_watch = sl_loop_watch(p->loop, fd, SL_LOOP_READ, on_chan, p);
	(void)sl_loop_watch(p->loop, p->sig_fd, SL_LOOP_READ, on_signal, p);
	p->host_look = sl_loop_timer(p->loop, on_host_look, p);
	p->watchdog = sl_loop_timer(p->loop, on_watchdog, p);
	p->watchdog_ms = sl_notify_watchdog_ms();
	if (p->watchdog_ms > 0)
		sl_timer_set(p->watchdog, p->watchdog_ms);
	sl_loop_run(p->loop);
	sl_notify("STOPPING=1");
	kill_all(p);
	while (p->waiting != NULL)
		drop_waiting(&p->waiting);
	sl_loop_free(p->loop);
	free(p->jobs);
}

static unsigned
default_slots(const struct sl_worker *w)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	n *= w->slots_per_core > 0 ? (long)w->slots_per_core : 1;
	return n < 1 ? 1 : n > SLOTS_MAX ? SLOTS_MAX : (unsigned)n;
}

static int
run_parent(const struct sl_worker *w, const struct options *o)
{
	struct parent p = {.w = w,
	    .slots = o->slots > 0 ? o->slots : default_slots(w),
	    .pid = getpid()};
	struct sl_err err = {0};
	enum sl_rc rc;

	p.host = sl_slots_open(o->host_slots, w->host_spare);
	rc = set_up(&p, o, &err);
	if (rc == SL_OK) {
		sl_notify("READY=1");
		rc = connect_slused(&p, o, &err);
	}
	if (rc == SL_OK) {
		sl_log(SL_LOG_INFO, "parent", "connected");
		if (w->lacks != NULL && w->lacks(&err))
			(void)sl_chan_trouble(p.chan, false, &err);
		serve(&p);
	} else if (rc == SL_RETRY) {
		sl_log(SL_LOG_NOTICE, "parent", "%s", err.text);
	} else if (rc != SL_SKIP) {
		sl_log(SL_LOG_CRIT, "parent", "%s", err.text);
		p.status = 1;
	}
	sl_chan_free(p.chan);
	sl_slots_close(p.host);
	(void)close(p.sig_fd);
	(void)close(p.null_fd);
	return p.status;
}

/* -- options ------------------------------------------------------------- */

static int
usage(const char *program, FILE *f, int status)
{
	(void)fprintf(f,
	    "usage: %s --socket PATH | --fd N [--slots N] [--log-level 2..7]\n"
	    "       [--host-slots DIR] [--degraded]\n"
	    "Started by systemd or `sluse run`, not by hand.\n",
	    program);
	return status;
}

static bool
set_number(unsigned *ret, const char *s, unsigned min, unsigned max)
{
	uint64_t v;

	if (!sl_parse_u64(s, min, max, &v))
		return false;
	*ret = (unsigned)v;
	return true;
}

/* -1: go on; else the exit status. */
static int
parse(const char *program, int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {{"socket", 1, NULL, 's'},
	    {"fd", 1, NULL, 'f'}, {"slots", 1, NULL, 'n'},
	    {"log-level", 1, NULL, 'l'}, {"degraded", 0, NULL, 'd'},
	    {"host-slots", 1, NULL, 'H'}, {"help", 0, NULL, 'h'},
	    {"version", 0, NULL, 'v'}, {NULL, 0, NULL, 0}};
	unsigned n = 0;
	bool ok = true;
	int c;

	optind = 1;
	while (ok && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 's')
			o->socket = optarg;
		else if (c == 'f' && (ok = set_number(&n, optarg, 3, 65535)))
			o->fd = (int)n;
		else if (c == 'n')
			ok = set_number(&o->slots, optarg, 1, SLOTS_MAX);
		else if (c == 'l' && (ok = set_number(&n, optarg, 2, 7)))
			o->level = (enum sl_level)n;
		else if (c == 'H')
			o->host_slots = optarg;
		else if (c == 'd')
			o->sandbox_flags |= SL_SANDBOX_DEGRADED;
		else if (c == 'h')
			return usage(program, stdout, 0);
		else if (c == 'v')
			return printf("%s %s\n", program, SLUSE_VERSION) < 0;
		else if (c == '?')
			ok = false;
	}
	if (!ok || optind != argc || (o->socket == NULL) == (o->fd < 0))
		return usage(program, stderr, 2);
	return -1;
}

int
sl_worker_main(const struct sl_worker *w, int argc, char **argv)
{
	struct options o = {
	    .fd = -1, .level = SL_LOG_INFO, .host_slots = SL_SLOTS_DIR};
	int status;

	status = parse(w->program, argc, argv, &o);
	if (status >= 0)
		return status;
	sl_log_open(w->program, o.level);
	return run_parent(w, &o);
}
