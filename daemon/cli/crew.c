#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"

#define SLOTS_MAX 16u
#define LOG_MAX 65536u

struct program {
	pid_t pid;
	int said; /* what it wrote on standard error */
	bool greeted;
	struct sl_chan *chan;
};

struct sl_crew {
	char *libexec, *only;
	struct program program[SL_ROLE_CTL + 1]; /* by role */
	uint64_t next_task;
};

static const char *const names[] = {[SL_ROLE_WORK] = "sluse-work",
    [SL_ROLE_OCR] = "sluse-ocr",
    [SL_ROLE_PLACE] = "sluse-place"};

struct sl_crew *
sl_crew_new(const char *libexec, const char *only)
{
	struct sl_crew *c = sl_alloc(sizeof(*c));
	size_t i;

	c->libexec = sl_strdup(libexec);
	c->only = only != NULL ? sl_strdup(only) : NULL;
	for (i = 0; i <= SL_ROLE_CTL; i++)
		c->program[i].said = -1;
	return c;
}

/* Hands on what matters of a program's log: warnings and worse, and whatever
 * is no log line (a sanitizer's report). */
static void
tell(int fd)
{
	SL_BUF struct sl_buf b = {.max = LOG_MAX};
	char *line, *next;

	if (fd < 0)
		return;
	b.p = sl_alloc(LOG_MAX);
	b.cap = LOG_MAX;
	b.n = (size_t)sl_pread_full(fd, b.p, LOG_MAX - 1, 0);
	if ((ssize_t)b.n < 0)
		return;
	b.p[b.n] = '\0';
	for (line = b.p; *line != '\0'; line = next) {
		next = strchrnul(line, '\n');
		if (*next != '\0')
			*next++ = '\0';
		if (line[0] != '<' || line[1] < '5')
			(void)fprintf(stderr, "%s\n",
			    line[0] == '<' && line[1] != '\0' ? line + 3
							      : line);
	}
}

void
sl_crew_free(struct sl_crew *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i <= SL_ROLE_CTL; i++) {
		sl_chan_free(c->program[i].chan);
		if (c->program[i].pid > 0) {
			(void)kill(c->program[i].pid, SIGTERM);
			while (waitpid(c->program[i].pid, NULL, 0) < 0 &&
			       errno == EINTR)
				;
		}
		tell(c->program[i].said);
		sl_cleanup_close(&c->program[i].said);
	}
	free(c->libexec);
	free(c->only);
	free(c);
}

unsigned
sl_crew_slots(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > (long)SLOTS_MAX ? SLOTS_MAX : (unsigned)n;
}

static void __attribute__((noreturn))
become(const struct sl_crew *c, enum sl_role role, int fd, int said)
{
	SL_FREE char *path = sl_asprintf("%s/%s", c->libexec, names[role]);
	SL_FREE char *slots = sl_asprintf("%u", sl_crew_slots());
	SL_FREE char *number = sl_asprintf("%d", fd);
	const char *argv[8] = {path};
	size_t n = 1;

	if (role == SL_ROLE_WORK && c->only != NULL) {
		argv[n++] = "--only";
		argv[n++] = c->only;
	}
	argv[n++] = "--fd";
	argv[n++] = number;
	if (role != SL_ROLE_PLACE) {
		argv[n++] = "--slots";
		argv[n++] = slots;
	}

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)fcntl(fd, F_SETFD, 0);
	if (said >= 0)
		(void)dup2(said, STDERR_FILENO);
	(void)execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* slused's side of the greeting. */
static enum sl_rc
greet(struct sl_chan *chan, enum sl_role role, struct sl_err *err)
{
	struct sl_msg m;
	size_t nfds;
	enum sl_rc rc = sl_chan_recv(chan, &m, NULL, &nfds, err);

	if (rc != SL_OK || m.type != SL_MSG_HELLO || m.hello.role != role)
		return sl_err_set(err, SL_FATAL, 0, "worker_gone",
		    "%s did not start: is it there?", names[role]);
	if (!sl_slice_eq(m.hello.build, sl_build_id()))
		return sl_err_set(err, SL_FATAL, 0, "refused",
		    "%s comes from another build", names[role]);
	m = (struct sl_msg){.type = SL_MSG_WELCOME};
	m.welcome.instance = sl_slice_str("try");
	return sl_chan_send(chan, &m, NULL, 0, err);
}

enum sl_rc
sl_crew_start(struct sl_crew *c, enum sl_role role, struct sl_err *err)
{
	struct program *p = &c->program[role];
	int pair[2];

	if (p->chan != NULL)
		return SL_OK;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return sl_err_set(err, SL_FATAL, errno, "worker_gone",
		    "no socket for %s", names[role]);
	p->said = memfd_create("sluse-log", MFD_CLOEXEC);
	if (p->said >= 0)
		(void)fcntl(p->said, F_SETFL, O_APPEND);
	p->pid = fork();
	if (p->pid == 0)
		become(c, role, pair[1], p->said);
	(void)close(pair[1]);
	p->chan = sl_chan_new(pair[0], false);
	return p->pid > 0 ? SL_OK
			  : sl_err_set(err, SL_FATAL, errno, "worker_gone",
				"%s cannot be started", names[role]);
}

enum sl_rc
sl_crew_program(struct sl_crew *c, enum sl_role role, struct sl_chan **ret,
    struct sl_err *err)
{
	struct program *p = &c->program[role];

	if (sl_crew_start(c, role, err) != SL_OK ||
	    (!p->greeted && greet(p->chan, role, err) != SL_OK))
		return SL_FATAL;
	p->greeted = true;
	*ret = p->chan;
	return SL_OK;
}

/* -- jobs -------------------------------------------------------------------
 */

static enum sl_rc
send_job(struct sl_crew *c, struct sl_chan *chan, struct sl_crew_job *j,
    struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_TASK};
	int pair[2], fds[SL_WIRE_FDS_MAX];
	size_t i, n = 3;
	enum sl_rc rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return sl_err_set(
		    err, SL_FATAL, errno, "worker_gone", "no socket left");
	j->task.task = ++c->next_task;
	m.task = j->task;
	fds[0] = j->input;
	fds[1] = pair[1];
	fds[2] = j->out;
	for (i = 0; i < j->more_n && n < SL_WIRE_FDS_MAX; i++)
		fds[n++] = j->more[i];
	if ((j->task.flags & SL_TASK_TRUST) != 0)
		fds[n++] = j->trust;
	rc = sl_chan_send(chan, &m, fds, n, err);
	(void)close(pair[1]);
	j->result = sl_chan_new(pair[0], true);
	j->sent = true;
	return rc;
}

static void
set_end(struct sl_crew_job *j, enum sl_rc rc, const char *reason)
{
	j->rc = rc;
	(void)snprintf(j->reason, sizeof(j->reason), "%s", reason);
}

/* Records until there are no more for now. */
static void
take_records(struct sl_crew_job *j, sl_crew_fn *fn, void *arg)
{
	struct sl_msg m;
	size_t nfds;
	enum sl_rc rc;

	for (;;) {
		rc = sl_chan_recv(j->result, &m, NULL, &nfds, NULL);
		if (rc == SL_SKIP)
			return;
		if (rc != SL_OK || j->end) {
			if (rc != SL_RETRY)
				set_end(j, SL_REJECT, "worker_protocol");
			j->closed = true;
			return;
		}
		if (m.type != SL_MSG_R_END) {
			fn(arg, j, &m);
			continue;
		}
		j->end = true;
		j->rc = (enum sl_rc)m.r_end.rc;
		(void)sl_slice_copy(
		    m.r_end.reason, j->reason, sizeof(j->reason));
		(void)sl_slice_copy(
		    m.r_end.detail, j->detail, sizeof(j->detail));
	}
}

static void
take_ended(struct sl_crew_job *job, size_t n, const struct sl_msg_task_ended *m)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct sl_crew_job *j = &job[i];

		if (!j->sent || j->ended || j->task.task != m->task)
			continue;
		j->ended = true;
		if (j->end)
			return;
		if (m->how == SL_END_TIMEOUT ||
		    (m->how == SL_END_SIGNAL && m->code == SIGXCPU))
			set_end(j, SL_REJECT, "limit_time");
		else if (m->how == SL_END_SIGNAL && m->code == SIGSYS)
			set_end(j, SL_REJECT, "worker_denied");
		else if (j->rc == SL_OK)
			set_end(j, SL_REJECT, "worker_crash");
		return;
	}
}

static bool
in_flight(const struct sl_crew_job *j)
{
	return j->sent && !(j->ended && j->closed);
}

/* One round: waits for news of any kind. */
static enum sl_rc
round_of(struct sl_chan *chan, struct sl_crew_job *job, size_t n,
    sl_crew_fn *fn, void *arg, struct sl_err *err)
{
	struct pollfd p[SLOTS_MAX + 1] = {
	    {.fd = sl_chan_fd(chan), .events = POLLIN}};
	struct sl_crew_job *of[SLOTS_MAX + 1];
	struct sl_msg m;
	size_t i, k = 1, nfds;

	for (i = 0; i < n && k <= SLOTS_MAX; i++)
		if (in_flight(&job[i]) && !job[i].closed) {
			of[k] = &job[i];
			p[k++] = (struct pollfd){
			    .fd = sl_chan_fd(job[i].result), .events = POLLIN};
		}
	if (poll(p, (nfds_t)k, -1) < 0)
		return errno == EINTR ? SL_OK
				      : sl_err_set(err, SL_FATAL, errno,
					    "worker_gone", "poll");
	for (i = 1; i < k; i++)
		if (p[i].revents != 0)
			take_records(of[i], fn, arg);
	if (p[0].revents == 0)
		return SL_OK;
	if (sl_chan_recv(chan, &m, NULL, &nfds, err) != SL_OK)
		return sl_err_set(err, SL_FATAL, 0, "worker_gone",
		    "a program ended unexpectedly");
	if (m.type == SL_MSG_TASK_ENDED)
		take_ended(job, n, &m.task_ended);
	return SL_OK;
}

enum sl_rc
sl_crew_run(struct sl_crew *c, enum sl_role role, struct sl_crew_job *job,
    size_t n, sl_crew_fn *fn, void *arg, struct sl_err *err)
{
	size_t next = 0, open, i, first = 0;
	struct sl_chan *chan;
	enum sl_rc rc = n == 0 ? SL_OK : sl_crew_program(c, role, &chan, err);

	while (rc == SL_OK && first < n) {
		for (open = 0, i = first; i < next; i++)
			open += in_flight(&job[i]);
		while (rc == SL_OK && next < n && open < sl_crew_slots()) {
			rc = send_job(c, chan, &job[next++], err);
			open++;
		}
		if (rc == SL_OK)
			rc = round_of(
			    chan, job + first, next - first, fn, arg, err);
		while (first < next && !in_flight(&job[first]))
			first++;
	}
	for (i = 0; i < n; i++) {
		sl_chan_free(job[i].result);
		job[i].result = NULL;
	}
	return rc;
}
