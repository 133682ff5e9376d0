/*
 * sluse-report: answers by children, one for each question.
 *
 * FAILURES: a child that dies, or takes too long, leaves a connection that ends
 * without ROWS_END: who asked is told so. Who does not take his rows for five
 * minutes loses them.
 * SECURITY: who asks was looked at by slused; here is only what to answer and
 * where to. The database is opened read-only, in the child.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "takehome.h"

#define CHILDREN_MAX 16
#define WALL_S 3600u
#define SEND_S 300 /* a person looks at a page */
#define PACKET 57344u

struct served {
	const char *root;
	const struct sl_query_extra *extra;
};
struct out {
	struct sl_chan *to;
	struct sl_buf b;
	bool goes_on; /* as long as rows are taken, each as it comes */
};

static enum sl_rc
flush(struct out *o, bool all, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_ROWS};
	enum sl_rc rc = SL_OK;
	size_t at = 0, n;

	while (rc == SL_OK && (o->b.n - at >= PACKET || (all && at < o->b.n))) {
		n = o->b.n - at < PACKET ? o->b.n - at : PACKET;
		m.rows.rows = (struct sl_slice){o->b.p + at, (uint32_t)n};
		rc = sl_chan_send(o->to, &m, NULL, 0, err);
		/* A blocking socket queues only when its time was over. */
		if (rc == SL_OK && sl_chan_queued(o->to) > 0)
			rc = SL_RETRY;
		if (o->goes_on)
			(void)alarm(WALL_S);
		at += n;
	}
	if (at > 0) {
		memmove(o->b.p, o->b.p + at, o->b.n - at);
		o->b.n -= at;
	}
	return rc;
}

static enum sl_rc
put_row(void *arg, const json_t *row, struct sl_err *err)
{
	struct out *o = arg;
	char *line = json_dumps(row, JSON_COMPACT | JSON_REAL_PRECISION(4));

	if (line == NULL)
		return SL_OK;
	sl_buf_add_str(&o->b, line);
	sl_buf_add_char(&o->b, '\n');
	free(line);
	return flush(o, o->goes_on, err);
}

static enum sl_rc
put_bytes(void *arg, const char *p, size_t n, struct sl_err *err)
{
	struct out *o = arg;

	sl_buf_add(&o->b, p, n);
	return flush(o, false, err);
}

/* Reading the store takes hours: one at a time, so that the others who ask find
 * a child, and the disk. The lock ends with this process. */
static enum sl_rc
take_turn(const char *root, struct out *o, struct sl_err *err)
{
	SL_FREE char *path = sl_asprintf("%s/store", root);
	int fd = sl_open_dir(AT_FDCWD, path);

	o->goes_on = true;
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return SL_OK;
	return sl_err_set(err, SL_HOLD, 0, "not_possible",
	    "the originals are being verified for somebody else; try again "
	    "later");
}

static enum sl_rc
answer_rows(const char *root, const struct sl_msg_serve *q, const char *verb,
    const json_t *args, struct out *o, struct sl_err *err)
{
	struct sl_store *s = NULL;
	enum sl_rc rc = sl_store_open_read(root, &s, err);

	if (rc == SL_OK && json_is_true(json_object_get(args, "originals")))
		rc = take_turn(root, o, err);
	if (rc == SL_OK)
		rc = sl_query_by_name(
		    s, verb, args, q->bare != 0, put_row, o, err);
	sl_store_close(s);
	return rc;
}

/* What is nothing without its content. */
static enum sl_rc
answer_extra(const struct served *v, const struct sl_query_extra *extra,
    const struct sl_msg_serve *q, const json_t *args, struct out *o,
    struct sl_err *err)
{
	struct sl_given given = {.n = 0};
	enum sl_rc rc = SL_OK;

	if (q->bare != 0)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "nobody here can answer %s without content", extra->verb);
	if (json_is_true(json_object_get(args, "given")))
		rc = sl_given_take(
		    o->to, sl_takehome_leave(v->root), &given, err);
	return rc != SL_OK
		   ? rc
		   : extra->answer(v->root, args, &given, put_bytes, o, err);
}

static enum sl_rc
answer(const struct served *v, const struct sl_msg_serve *q, struct out *o,
    struct sl_err *err)
{
	char verb[33];
	json_t *args = json_loadb(q->args.p, q->args.n, 0, NULL);
	const struct sl_query_extra *extra = v->extra;
	enum sl_rc rc;

	(void)sl_slice_copy(q->verb, verb, sizeof(verb));
	while (extra->verb != NULL && strcmp(verb, extra->verb) != 0)
		extra++;
	rc = extra->verb != NULL ? answer_extra(v, extra, q, args, o, err)
				 : answer_rows(v->root, q, verb, args, o, err);
	if (rc == SL_OK)
		rc = flush(o, true, err);
	json_decref(args);
	return rc;
}

static void __attribute__((noreturn))
child(const struct served *v, const struct sl_msg_serve *q, int fd)
{
	const struct timeval wait = {.tv_sec = SEND_S};
	struct sl_msg end = {.type = SL_MSG_ROWS_END};
	struct sl_err err = {0};
	struct out o = {.to = sl_chan_new(fd, false)};
	enum sl_rc rc;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)alarm(WALL_S);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	rc = answer(v, q, &o, &err);
	end.rows_end.rc = (uint8_t)rc;
	if (rc != SL_OK) {
		(void)flush(&o, true, NULL);
		end.rows_end.reason = sl_slice_str(err.reason);
		end.rows_end.text = sl_slice_str(err.text);
	}
	(void)sl_chan_send(o.to, &end, NULL, 0, NULL);
	_exit(0);
}

static void
refuse(int fd)
{
	struct sl_msg end = {.type = SL_MSG_ROWS_END};
	struct sl_chan *to = sl_chan_new(fd, true);

	end.rows_end.rc = SL_RETRY;
	end.rows_end.text =
	    sl_slice_str("too many ask at once; try again in a moment");
	(void)sl_chan_send(to, &end, NULL, 0, NULL);
	sl_chan_free(to);
}

static unsigned
reap(unsigned running)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		running--;
		if (WIFSIGNALED(status))
			sl_log(SL_LOG_WARNING, "",
			    "an answer was broken off signal=\"%d\"",
			    WTERMSIG(status));
	}
	return running;
}

static unsigned
begin(const struct served *v, const struct sl_msg *m, int fd, unsigned running)
{
	pid_t pid;

	running = reap(running);
	if (running >= CHILDREN_MAX) {
		refuse(fd);
		return running;
	}
	pid = fork();
	if (pid == 0)
		child(v, &m->serve, fd);
	(void)close(fd);
	return running + (pid > 0);
}

enum sl_rc
sl_query_serve(struct sl_chan *slused, const char *root, int notify,
    const struct sl_query_extra *extra, struct sl_err *err)
{
	const struct served v = {root, extra};
	int fds[SL_WIRE_FDS_MAX];
	unsigned running = 0;
	struct sl_msg m;
	enum sl_rc rc;
	size_t n, i;

	for (;;) {
		rc = sl_chan_recv(slused, &m, fds, &n, err);
		sl_notify_by(notify, "WATCHDOG=1");
		if (rc == SL_SKIP) {
			running = reap(running);
			continue;
		}
		if (rc != SL_OK)
			return rc == SL_RETRY ? SL_OK : rc;
		if (m.type == SL_MSG_SERVE && n == 1) {
			running = begin(&v, &m, fds[0], running);
			continue;
		}
		for (i = 0; i < n; i++)
			(void)close(fds[i]);
		return sl_err_set(err, SL_FATAL, 0, "worker_protocol",
		    "slused said what is not understood");
	}
}
