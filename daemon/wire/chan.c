/*
 * Channels: SOCK_SEQPACKET sockets that carry messages and descriptors.
 *
 * FAILURES: a peer that does not read makes our queue grow up to QUEUE_MAX
 * bytes; then it counts as gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../base/mem.h"
#include "roles.h"
#include "wire.h"

#define TELL_S 5 /* for what nobody waits for */
#define QUEUE_MAX ((size_t)64 << 20)

struct packet {
	struct packet *next;
	size_t n, nfds;
	int fds[SL_WIRE_FDS_MAX];
	uint8_t p[];
};

struct sl_chan {
	int fd;
	struct packet *head, **tail;
	size_t queued;
	size_t in_n, in_at; /* a packet, and how far it has been taken */
	uint8_t in[SL_WIRE_MAX];
};

struct sl_chan *
sl_chan_new(int fd, bool nonblocking)
{
	struct sl_chan *c = sl_alloc(sizeof(*c));
	int flags = fcntl(fd, F_GETFL);

	c->fd = fd;
	c->tail = &c->head;
	if (nonblocking)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	return c;
}

static void
packet_free(struct packet *p)
{
	size_t i;

	for (i = 0; i < p->nfds; i++)
		(void)close(p->fds[i]);
	free(p);
}

void
sl_chan_free(struct sl_chan *c)
{
	struct packet *p;

	if (c == NULL)
		return;
	while ((p = c->head) != NULL) {
		c->head = p->next;
		packet_free(p);
	}
	(void)close(c->fd);
	free(c);
}

int
sl_chan_fd(const struct sl_chan *c)
{
	return c->fd;
}

static ssize_t
send_packet(int fd, const void *p, size_t n, const int *fds, size_t nfds)
{
	union {
		char b[CMSG_SPACE(sizeof(int) * SL_WIRE_FDS_MAX)];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = {.iov_len = n};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cm;
	ssize_t put;

	memcpy(&iov.iov_base, &p, sizeof(p)); /* sendmsg does not write it */
	if (nfds > 0) {
		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = ctl.b;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * nfds);
	}
	do
		put = sendmsg(fd, &mh, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	return put;
}

static enum sl_rc
queue_packet(struct sl_chan *c, const uint8_t *p, size_t n, const int *fds,
    size_t nfds, struct sl_err *err)
{
	struct packet *q;
	size_t i;

	if (c->queued + n > QUEUE_MAX)
		return sl_err_set(
		    err, SL_RETRY, 0, "worker_gone", "peer does not read");
	q = sl_alloc(sizeof(*q) + n);
	memcpy(q->p, p, n);
	q->n = n;
	for (i = 0; i < nfds; i++) {
		q->fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (q->fds[i] < 0) {
			packet_free(q);
			return sl_err_set(err, SL_RETRY, errno, "worker_gone",
			    "no descriptor left");
		}
		q->nfds++;
	}
	*c->tail = q;
	c->tail = &q->next;
	c->queued += n;
	return SL_OK;
}

enum sl_rc
sl_chan_flush(struct sl_chan *c, struct sl_err *err)
{
	struct packet *q;
	ssize_t put;

	while ((q = c->head) != NULL) {
		put = send_packet(c->fd, q->p, q->n, q->fds, q->nfds);
		if (put < 0 && (errno == EAGAIN || errno == ETOOMANYREFS))
			return SL_OK;
		if (put != (ssize_t)q->n)
			return sl_err_set(err, SL_RETRY, errno, "worker_gone",
			    "peer is gone");
		c->head = q->next;
		if (c->head == NULL)
			c->tail = &c->head;
		c->queued -= q->n;
		packet_free(q);
	}
	return SL_OK;
}

enum sl_rc
sl_chan_send(struct sl_chan *c, const struct sl_msg *m, const int *fds,
    size_t nfds, struct sl_err *err)
{
	uint8_t p[SL_WIRE_MAX];
	size_t n = sl_msg_encode(m, p);
	ssize_t put;

	if (n == 0 || nfds > SL_WIRE_FDS_MAX)
		return sl_err_set(err, SL_FATAL, 0, "worker_protocol",
		    "message %s cannot be encoded", sl_msg_name(m->type));
	if (c->head == NULL) {
		put = send_packet(c->fd, p, n, fds, nfds);
		if (put == (ssize_t)n)
			return SL_OK;
		if (errno != EAGAIN && errno != ETOOMANYREFS)
			return sl_err_set(err, SL_RETRY, errno, "worker_gone",
			    "peer is gone");
	}
	return queue_packet(c, p, n, fds, nfds, err);
}

size_t
sl_chan_queued(const struct sl_chan *c)
{
	return c->queued;
}

/* Every descriptor that came with the packet, into fds. */
static size_t
take_fds(struct msghdr *mh, int *fds)
{
	struct cmsghdr *cm;
	size_t n = 0, k, i;
	int fd;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		k = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < k; i++) {
			memcpy(
			    &fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(int));
			if (n < SL_WIRE_FDS_MAX)
				fds[n++] = fd;
			else
				(void)close(fd);
		}
	}
	return n;
}

enum sl_rc
sl_chan_recv(struct sl_chan *c, struct sl_msg *ret, int *fds, size_t *ret_nfds,
    struct sl_err *err)
{
	union {
		char b[CMSG_SPACE(sizeof(int) * SL_WIRE_FDS_MAX)];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = {.iov_base = c->in, .iov_len = sizeof(c->in)};
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = ctl.b,
	    .msg_controllen = sizeof(ctl.b)};
	int got_fds[SL_WIRE_FDS_MAX];
	size_t nfds, i;
	ssize_t n;
	enum sl_rc rc;

	*ret_nfds = 0;
	if (sl_chan_pending(c))
		return sl_msg_next(c->in, c->in_n, &c->in_at, ret, err);
	c->in_at = c->in_n = 0;
	do
		n = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return SL_SKIP;
	if (n <= 0)
		return sl_err_set(err, SL_RETRY, n < 0 ? errno : 0,
		    "worker_gone", "peer closed the connection");
	nfds = take_fds(&mh, got_fds);
	if ((mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		rc = sl_err_set(
		    err, SL_REJECT, 0, "worker_protocol", "packet is too long");
	else
		rc = sl_msg_next(c->in, (size_t)n, &c->in_at, ret, err);
	if (rc == SL_OK)
		c->in_n = (size_t)n;
	if (rc != SL_OK || fds == NULL) {
		for (i = 0; i < nfds; i++)
			(void)close(got_fds[i]);
		return rc;
	}
	memcpy(fds, got_fds, nfds * sizeof(int));
	*ret_nfds = nfds;
	return SL_OK;
}

bool
sl_chan_pending(const struct sl_chan *c)
{
	return c->in_at < c->in_n;
}

static enum sl_rc
unix_address(const char *path, struct sockaddr_un *sa, struct sl_err *err)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sa->sun_path))
		return sl_err_set(err, SL_FATAL, ENAMETOOLONG, "config_error",
		    "path of the control socket is too long");
	memcpy(sa->sun_path, path, strlen(path) + 1);
	return SL_OK;
}

enum sl_rc
sl_chan_listen(const char *path, int *ret, struct sl_err *err)
{
	struct sockaddr_un sa;
	SL_CLOSE int fd = -1;

	if (unix_address(path, &sa, err) != SL_OK)
		return SL_FATAL;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    chmod(path, 0666) != 0 || listen(fd, 64) != 0)
		return sl_err_set(err, SL_FATAL, errno, "config_error",
		    "cannot listen on the control socket");
	*ret = sl_take_fd(&fd);
	return SL_OK;
}

/* ret_told may be NULL. */
static enum sl_rc
say_hello(struct sl_chan *c, unsigned role, unsigned slots, const char *name,
    struct sl_told *ret_told, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_HELLO};
	size_t nfds;
	char text[160];
	enum sl_rc rc;

	m.hello.proto = SL_WIRE_PROTO;
	m.hello.build = sl_slice_str(sl_build_id());
	m.hello.role = (uint8_t)role;
	m.hello.slots = (uint16_t)slots;
	m.hello.name = sl_slice_str(name);
	rc = sl_chan_send(c, &m, NULL, 0, err);
	if (rc == SL_OK)
		rc = sl_chan_recv(c, &m, NULL, &nfds, err);
	if (rc != SL_OK)
		return rc;
	if (m.type == SL_MSG_WELCOME) {
		if (ret_told == NULL)
			return SL_OK;
		ret_told->slots = m.welcome.slots;
		(void)sl_slice_copy(m.welcome.languages, ret_told->languages,
		    sizeof(ret_told->languages));
		(void)sl_slice_copy(
		    m.welcome.keys, ret_told->keys, sizeof(ret_told->keys));
		(void)sl_slice_copy(m.welcome.converter, ret_told->converter,
		    sizeof(ret_told->converter));
		return SL_OK;
	}
	if (m.type == SL_MSG_REFUSED)
		(void)sl_slice_copy(m.refused.text, text, sizeof(text));
	return sl_err_set(err, SL_FATAL, 0, "refused", "slused refuses us: %s",
	    m.type == SL_MSG_REFUSED ? text : "not understood");
}

enum sl_rc
sl_chan_greet(int fd, unsigned role, unsigned slots, const char *name,
    struct sl_chan **ret, struct sl_err *err)
{
	struct sl_chan *c = sl_chan_new(fd, false);
	enum sl_rc rc = say_hello(c, role, slots, name, NULL, err);

	if (rc != SL_OK) {
		sl_chan_free(c);
		return rc;
	}
	*ret = c;
	return SL_OK;
}

static enum sl_rc
reach(const char *path, int *ret, struct sl_err *err)
{
	struct sockaddr_un sa;
	SL_CLOSE int fd = -1;

	if (unix_address(path, &sa, err) != SL_OK)
		return SL_FATAL;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0)
		return sl_err_set(
		    err, SL_RETRY, errno, "slused_away", "cannot reach slused");
	*ret = sl_take_fd(&fd);
	return SL_OK;
}

enum sl_rc
sl_chan_connect(const char *path, unsigned role, unsigned slots,
    const char *name, struct sl_chan **ret, struct sl_err *err)
{
	enum sl_rc rc;
	int fd;

	rc = reach(path, &fd, err);
	return rc == SL_OK ? sl_chan_greet(fd, role, slots, name, ret, err)
			   : rc;
}

enum sl_rc
sl_chan_ask(
    const char *path, unsigned role, struct sl_told *ret, struct sl_err *err)
{
	struct sl_chan *c;
	enum sl_rc rc;
	int fd;

	rc = reach(path, &fd, err);
	if (rc != SL_OK)
		return rc;
	c = sl_chan_new(fd, false);
	rc = say_hello(c, role, 0, "", ret, err);
	sl_chan_free(c);
	return rc;
}

enum sl_rc
sl_chan_trouble(struct sl_chan *c, bool stops, const struct sl_err *why)
{
	struct sl_msg m = {.type = SL_MSG_TROUBLE};
	struct sl_err err;

	m.trouble.stops = stops;
	m.trouble.reason = sl_slice_str(why->reason);
	m.trouble.text = sl_slice_str(why->text);
	return sl_chan_send(c, &m, NULL, 0, &err);
}

void
sl_chan_tell(
    const char *path, unsigned role, const char *name, const struct sl_err *why)
{
	const struct timeval wait = {.tv_sec = TELL_S};
	struct sl_err err;
	struct sl_chan *c;
	int fd;

	if (reach(path, &fd, &err) != SL_OK)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	c = sl_chan_new(fd, false);
	if (say_hello(c, role, 0, name, NULL, &err) == SL_OK)
		(void)sl_chan_trouble(c, true, why);
	sl_chan_free(c);
}

const char *
sl_build_id(void)
{
	static char id[64];
	struct sl_digest d;
	char hex[SL_SHA256_HEX + 1];
/* The rows as text: a changed row is another build even if nobody thought of
 * the version. */
#define ROW(kind, name, max) #kind #name #max
#define ROWS(n, NAME, name) #n #name SL_MSG_##NAME##_FIELDS(ROW)
	static const char rows[] = SL_MESSAGES(ROWS);

	if (id[0] != '\0')
		return id;
	sl_sha256(rows, sizeof(rows) - 1, &d);
	sl_digest_hex(&d, hex);
	(void)snprintf(id, sizeof(id), "%s-%.12s", SLUSE_VERSION, hex);
	return id;
}
