/*
 * The client's end of the control socket.
 */
#include "control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "../base/mem.h"
#include "../wire/roles.h"
#include "../wire/wire.h"

#define ANSWER_S 60

struct sl_control {
	struct sl_chan *chan;
};

enum sl_rc
sl_control_open(const char *root, struct sl_control **ret, struct sl_err *err)
{
	SL_FREE char *path = sl_asprintf("%s/run/slused.sock", root);
	const struct timeval wait = {.tv_sec = ANSWER_S};
	struct sl_chan *chan;
	enum sl_rc rc =
	    sl_chan_connect(path, SL_ROLE_CTL, 0, "sluse", &chan, err);

	if (rc != SL_OK)
		return rc;
	(void)setsockopt(
	    sl_chan_fd(chan), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	*ret = sl_alloc(sizeof(**ret));
	(*ret)->chan = chan;
	return SL_OK;
}

void
sl_control_close(struct sl_control *k)
{
	if (k == NULL)
		return;
	sl_chan_free(k->chan);
	free(k);
}

/* ret_fd NULL: none is wanted; -1: none came. */
static enum sl_rc
hear(struct sl_control *k, struct sl_msg *m, int *ret_fd, struct sl_err *err)
{
	int fds[SL_WIRE_FDS_MAX];
	char words[256];
	size_t i, nfds;
	enum sl_rc rc = sl_chan_recv(k->chan, m, fds, &nfds, err);

	if (rc == SL_SKIP)
		return sl_err_set(err, SL_RETRY, 0, "slused_away",
		    "slused has not answered for %d seconds", ANSWER_S);
	if (rc != SL_OK)
		return rc;
	for (i = ret_fd != NULL; i < nfds; i++)
		(void)close(fds[i]);
	if (ret_fd != NULL)
		*ret_fd = nfds > 0 ? fds[0] : -1;
	if (m->type != SL_MSG_CTL_REPLY)
		return sl_err_set(err, SL_FATAL, 0, "worker_protocol",
		    "slused gave a senseless answer");
	(void)sl_slice_copy(m->ctl_reply.text, words, sizeof(words));
	if (m->ctl_reply.rc == SL_OK)
		return SL_OK;
	return sl_err_set(err, SL_HOLD, 0, "refused", "%s",
	    words[0] != '\0' ? words : "slused refuses");
}

static enum sl_rc
ask(struct sl_control *k, const char *verb, const json_t *args,
    struct sl_err *err)
{
	SL_FREE char *s =
	    args != NULL ? json_dumps(args, JSON_COMPACT) : sl_strdup("{}");
	struct sl_msg m = {.type = SL_MSG_CTL};
	enum sl_rc rc;

	if (s == NULL)
		return sl_err_set(
		    err, SL_REJECT, 0, "bad_text", "a word is not UTF-8");
	m.ctl.verb = sl_slice_str(verb);
	m.ctl.args = sl_slice_str(s);
	rc = sl_chan_send(k->chan, &m, NULL, 0, err);
	if (rc == SL_FATAL)
		return sl_err_set(
		    err, SL_REJECT, 0, "too_long", "what was said is too long");
	return rc;
}

enum sl_rc
sl_control_call(struct sl_control *k, const char *verb, const json_t *args,
    json_t **ret_json, char *text, size_t cap, struct sl_err *err)
{
	struct sl_msg m;
	enum sl_rc rc = ask(k, verb, args, err);

	if (rc == SL_OK)
		rc = hear(k, &m, NULL, err);
	if (rc != SL_OK)
		return rc;
	if (cap > 0)
		(void)sl_slice_copy(m.ctl_reply.text, text, cap);
	if (ret_json != NULL)
		*ret_json = m.ctl_reply.json.n == 0
				? NULL
				: json_loadb(m.ctl_reply.json.p,
				      m.ctl_reply.json.n, 0, NULL);
	return SL_OK;
}

/* Where rows go as they come. */
struct taker {
	struct sl_buf b; /* the beginning of a row */
	sl_query_fn *fn;
	void *arg;
};

/* Whole lines go to fn; the beginning of the next stays. */
static enum sl_rc
give_rows(void *arg, const char *p, size_t n, struct sl_err *err)
{
	struct taker *t = arg;
	struct sl_buf *b = &t->b;
	enum sl_rc rc = SL_OK;
	size_t at = 0;
	char *nl;

	sl_buf_add(b, p, n);
	if (b->full)
		return sl_err_set(err, SL_RETRY, 0, "slused_away",
		    "sluse-report sent too long a row");
	while (rc == SL_OK && at < b->n &&
	       (nl = memchr(b->p + at, '\n', b->n - at)) != NULL) {
		json_t *row =
		    json_loadb(b->p + at, (size_t)(nl - b->p) - at, 0, NULL);

		rc = row != NULL ? t->fn(t->arg, row, err) : SL_OK;
		json_decref(row);
		at = (size_t)(nl - b->p) + 1;
	}
	if (at > 0) {
		memmove(b->p, b->p + at, b->n - at);
		b->n -= at;
	}
	return rc;
}

static enum sl_rc
take_bytes(struct sl_chan *from, sl_bytes_fn *fn, void *arg, struct sl_err *err)
{
	char words[256];
	struct sl_msg m;
	size_t nfds;
	enum sl_rc rc;

	for (;;) {
		rc = sl_chan_recv(from, &m, NULL, &nfds, err);
		if (rc != SL_OK ||
		    (m.type != SL_MSG_ROWS && m.type != SL_MSG_ROWS_END))
			return sl_err_set(err, SL_RETRY, 0, "slused_away",
			    "sluse-report broke off");
		if (m.type == SL_MSG_ROWS_END)
			break;
		rc = fn(arg, m.rows.rows.p, m.rows.rows.n, err);
		if (rc != SL_OK)
			return rc;
	}
	if (m.rows_end.rc == SL_OK)
		return SL_OK;
	(void)sl_slice_copy(m.rows_end.text, words, sizeof(words));
	return sl_err_set(
	    err, (enum sl_rc)m.rows_end.rc, 0, "query", "%s", words);
}

static enum sl_rc
lend_bytes(void *arg, const char *p, size_t n, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_ROWS};

	m.rows.rows = (struct sl_slice){p, (uint32_t)n};
	return sl_chan_send(arg, &m, NULL, 0, err);
}

static enum sl_rc
lend(struct sl_chan *to, struct sl_parcel *lent, struct sl_err *err)
{
	struct sl_msg end = {.type = SL_MSG_ROWS_END};
	enum sl_rc rc = sl_parcel_send(lent, lend_bytes, to, err);

	if (rc == SL_OK)
		rc = sl_chan_send(to, &end, NULL, 0, err);
	/* What it said before it went away is heard by who reads. */
	return rc == SL_RETRY ? SL_OK : rc;
}

enum sl_rc
sl_control_bytes(struct sl_control *k, const json_t *args,
    struct sl_parcel *lent, sl_bytes_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_chan *from;
	struct sl_msg m;
	int fd = -1;
	enum sl_rc rc = ask(k, "read", args, err);

	if (rc == SL_OK)
		rc = hear(k, &m, &fd, err);
	if (rc == SL_OK && fd < 0)
		rc = sl_err_set(err, SL_RETRY, 0, "slused_away",
		    "slused handed us no rows");
	if (fd < 0)
		return rc;
	from = sl_chan_new(fd, false);
	if (rc == SL_OK && lent != NULL)
		rc = lend(from, lent, err);
	if (rc == SL_OK)
		rc = take_bytes(from, fn, arg, err);
	sl_chan_free(from);
	return rc;
}

enum sl_rc
sl_control_rows(struct sl_control *k, const json_t *args, sl_query_fn *fn,
    void *arg, struct sl_err *err)
{
	struct taker t = {.fn = fn, .arg = arg};
	enum sl_rc rc = sl_control_bytes(k, args, NULL, give_rows, &t, err);

	sl_buf_free(&t.b);
	return rc;
}

bool
sl_control_is_owner(const char *root)
{
	SL_FREE char *path = sl_asprintf("%s/db/sluse.db", root);
	SL_FREE char *sock = sl_asprintf("%s/run/slused.sock", root);
	struct stat st;

	if (geteuid() == 0)
		return true;
	if (stat(path, &st) == 0)
		return st.st_uid == geteuid();
	return stat(sock, &st) != 0;
}
