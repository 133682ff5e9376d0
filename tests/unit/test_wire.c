/*
 * Every message there and back, and every way to be out of shape.
 */
#include "../../daemon/wire/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../daemon/base/mem.h"
#include "test.h"

static const unsigned types[] = {
#define NUMBER(n, NAME, name) n,
    SL_MESSAGES(NUMBER)
#undef NUMBER
};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* Fills each field with something of its own; texts `len` bytes, at most as
 * long as they may be. */
static uint64_t counter;
static char letters[SL_WIRE_MAX];

static struct sl_slice
some_text(size_t len, size_t max)
{
	return (struct sl_slice){letters, (uint32_t)(len < max ? len : max)};
}

#define FILL_U8(f, max) (f) = (uint8_t)(++counter * 37)
#define FILL_U16(f, max) (f) = (uint16_t)(++counter * 7919)
#define FILL_U32(f, max) (f) = (uint32_t)(++counter * UINT64_C(2654435761))
#define FILL_U64(f, max) (f) = ++counter * UINT64_C(0x9E3779B97F4A7C15)
#define FILL_I64(f, max) (f) = -(int64_t)++counter
#define FILL_STR(f, max) (f) = some_text(len, max)
#define FILL_RAW(f, max) (f) = some_text(len, max)
#define FILL_DIGEST(f, max) memset(&(f), (int)++counter, sizeof(f))

static struct sl_msg
filled(unsigned type, size_t len)
{
	struct sl_msg m;

	memset(&m, 0, sizeof(m));
	m.type = (enum sl_msg_type)type;
	switch (type) {
#define FILL(kind, field, max) FILL_##kind(f->field, max);
#define CASE(n, NAME, name)                                                    \
	case n: {                                                              \
		struct sl_msg_##name *f = &m.name;                             \
		SL_MSG_##NAME##_FIELDS(FILL) break;                            \
	}
		SL_MESSAGES(CASE)
#undef CASE
#undef FILL
	default:
		break;
	}
	return m;
}

static void
round_trip(void)
{
	static uint8_t a[SL_WIRE_MAX], b[SL_WIRE_MAX];
	static const size_t lens[] = {0, 1, 31};
	struct sl_msg m, back;
	struct sl_err err;
	size_t i, k, n;

	memset(letters, 'x', sizeof(letters));
	for (i = 0; i < TYPES; i++) {
		for (k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
			m = filled(types[i], lens[k]);
			n = sl_msg_encode(&m, a);
			CHECK_MSG(n >= 4, "%s", sl_msg_name(types[i]));
			CHECK_MSG(sl_msg_decode(a, n, &back, &err) == SL_OK,
			    "%s", sl_msg_name(types[i]));
			CHECK(back.type == m.type);
			CHECK(sl_msg_encode(&back, b) == n);
			CHECK(memcmp(a, b, n) == 0);
		}
		CHECK(sl_msg_name(types[i]) != NULL);
	}
	CHECK(sl_msg_name(9999) == NULL);
}

static void
truncated(void)
{
	uint8_t a[SL_WIRE_MAX], *exact;
	struct sl_msg m, back;
	struct sl_err err;
	size_t i, k, n;

	for (i = 0; i < TYPES; i++) {
		m = filled(types[i], 9);
		n = sl_msg_encode(&m, a);
		for (k = 0; k < n; k++) {
			/* Its own memory, so that a sanitizer sees a byte
			 * read too far. */
			exact = malloc(k + 1);
			memcpy(exact, a, k);
			CHECK_MSG(
			    sl_msg_decode(exact, k, &back, &err) == SL_REJECT,
			    "%s cut at %zu", sl_msg_name(types[i]), k);
			free(exact);
		}
		a[n] = 0;
		CHECK(sl_msg_decode(a, n + 1, &back, &err) == SL_REJECT);
	}
}

/* Each 32-bit word of a packet with huge values: never past the packet; and the
 * length of a text that says anything but the truth is refused. */
static void
length_lies(void)
{
	static const uint32_t lies[] = {8, 10, 4096, 65535, 65536, 0x7FFFFFFF,
	    0x80000000, 0xFFFFFFFF, 0xFFFFFFFC};
	struct sl_msg m = {.type = SL_MSG_TASK_ENDED}, back;
	uint8_t a[SL_WIRE_MAX], *exact;
	struct sl_err err;
	size_t i, k, l, n;

	for (i = 0; i < TYPES; i++) {
		m = filled(types[i], 9);
		n = sl_msg_encode(&m, a);
		for (k = 4; k + 4 <= n; k++) {
			for (l = 0; l < sizeof(lies) / sizeof(lies[0]); l++) {
				exact = malloc(n);
				memcpy(exact, a, n);
				memcpy(exact + k, &lies[l], 4);
				(void)sl_msg_decode(exact, n, &back, &err);
				free(exact);
			}
		}
	}
	m = (struct sl_msg){.type = SL_MSG_WELCOME};
	m.welcome.instance = sl_slice_str("Testvik");
	n = sl_msg_encode(&m, a);
	for (l = 0; l < sizeof(lies) / sizeof(lies[0]); l++) {
		memcpy(a + 4, &lies[l], 4);
		CHECK(sl_msg_decode(a, n, &back, &err) == SL_REJECT);
	}
	CHECK_STR(err.reason, "worker_protocol");
}

static void
refusals(void)
{
	static const char *const bad[] = {
	    "\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf5\x80\x80\x80"};
	struct sl_msg m, back;
	uint8_t a[SL_WIRE_MAX];
	struct sl_err err;
	size_t i, n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m = (struct sl_msg){.type = SL_MSG_WELCOME};
		m.welcome.instance = sl_slice_str(bad[i]);
		CHECK(sl_msg_encode(&m, a) == 0);
		m.welcome.instance = sl_slice_str("xxxx");
		m.welcome.instance.n = (uint32_t)strlen(bad[i]);
		n = sl_msg_encode(&m, a);
		memcpy(a + 8, bad[i], strlen(bad[i]));
		CHECK(sl_msg_decode(a, n, &back, &err) == SL_REJECT);
	}
	m.welcome.instance = (struct sl_slice){"a\0b", 3};
	CHECK(sl_msg_encode(&m, a) == 0);
	m.welcome.instance = some_text(64, 64);
	CHECK(sl_msg_encode(&m, a) != 0);
	m.welcome.instance = some_text(65, 65);
	CHECK(sl_msg_encode(&m, a) == 0);
	m.welcome.instance = sl_slice_str("x");
	n = sl_msg_encode(&m, a);
	a[2] = SL_WIRE_PROTO + 1;
	CHECK(sl_msg_decode(a, n, &back, &err) == SL_REJECT);
	a[2] = SL_WIRE_PROTO;
	a[0] = 0xFF;
	CHECK(sl_msg_decode(a, n, &back, &err) == SL_REJECT);
	m.type = (enum sl_msg_type)9999;
	CHECK(sl_msg_encode(&m, a) == 0);
}

static void
pair(struct sl_chan **x, struct sl_chan **y)
{
	int s[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) == 0);
	*x = sl_chan_new(s[0], true);
	*y = sl_chan_new(s[1], true);
}

static bool
gets_text(struct sl_chan *c, uint32_t page, uint32_t n)
{
	struct sl_msg m;
	struct sl_err err;
	size_t nfds = 7;

	return sl_chan_recv(c, &m, NULL, &nfds, &err) == SL_OK && nfds == 0 &&
	       m.type == SL_MSG_R_TEXT && m.r_text.page == page &&
	       m.r_text.text.n == n;
}

/* Several records share a packet while there is room. */
static void
packets(void)
{
	struct sl_msg m = {.type = SL_MSG_R_TEXT}, got;
	uint8_t b[SL_WIRE_MAX];
	struct sl_chan *x, *y;
	struct sl_err err;
	size_t n, k;

	pair(&x, &y);
	m.r_text.text = some_text(40, 40);
	for (m.r_text.page = 0; m.r_text.page < 3; m.r_text.page++)
		CHECK(sl_msg_put(sl_chan_fd(x), &m, &err) == SL_OK);
	CHECK(sl_chan_recv(y, &got, NULL, &k, &err) == SL_SKIP);
	CHECK(sl_msg_flush(sl_chan_fd(x), &err) == SL_OK);
	CHECK(sl_msg_flush(sl_chan_fd(x), &err) == SL_OK);
	CHECK(recv(sl_chan_fd(y), b, sizeof(b), MSG_PEEK) == 3 * 56);
	CHECK(gets_text(y, 0, 40) && gets_text(y, 1, 40));
	CHECK(gets_text(y, 2, 40));
	CHECK(sl_chan_recv(y, &got, NULL, &k, &err) == SL_SKIP);
	/* What does not fit goes before; what never fits is refused. */
	m.r_text.text = some_text(40000, 40000);
	for (m.r_text.page = 0; m.r_text.page < 2; m.r_text.page++)
		CHECK(sl_msg_put(sl_chan_fd(x), &m, &err) == SL_OK);
	CHECK(gets_text(y, 0, 40000));
	CHECK(sl_chan_recv(y, &got, NULL, &k, &err) == SL_SKIP);
	m.r_text.text.n = SL_WIRE_MAX;
	CHECK(sl_msg_put(sl_chan_fd(x), &m, &err) == SL_FATAL);
	m.r_text.text = some_text(1, 1);
	m.r_text.page = 9;
	CHECK(sl_msg_write(sl_chan_fd(x), &m, &err) == SL_OK);
	CHECK(gets_text(y, 1, 40000) && gets_text(y, 9, 1));
	/* One that is cut off behind a good one. */
	n = sl_msg_encode(&m, b);
	memcpy(b + n, b, n);
	for (k = 1; k < n; k++) {
		size_t nfds;

		CHECK(sl_msg_decode(b, n + k, &got, &err) == SL_REJECT);
		CHECK(write(sl_chan_fd(x), b, n + k) == (ssize_t)(n + k));
		CHECK(gets_text(y, 9, 1));
		CHECK(sl_chan_recv(y, &got, NULL, &nfds, &err) == SL_REJECT);
		sl_chan_free(x);
		sl_chan_free(y);
		pair(&x, &y);
	}
	sl_chan_free(x);
	sl_chan_free(y);
}

static void
descriptors(void)
{
	struct sl_msg m = {.type = SL_MSG_TASK_CANCEL}, got;
	int fds[SL_WIRE_FDS_MAX], p[2], back[SL_WIRE_FDS_MAX], i;
	struct stat a, b;
	struct sl_chan *x, *y;
	struct sl_err err;
	size_t n = 99;

	pair(&x, &y);
	CHECK(pipe(p) == 0);
	for (i = 0; i < SL_WIRE_FDS_MAX; i++)
		fds[i] = p[0];
	m.task_cancel.task = 42;
	CHECK(sl_chan_send(x, &m, fds, SL_WIRE_FDS_MAX, &err) == SL_OK);
	CHECK(sl_chan_send(x, &m, fds, SL_WIRE_FDS_MAX + 1, &err) == SL_FATAL);
	CHECK(sl_chan_recv(y, &got, back, &n, &err) == SL_OK);
	CHECK(n == SL_WIRE_FDS_MAX && got.task_cancel.task == 42);
	CHECK(fstat(p[0], &a) == 0 && fstat(back[7], &b) == 0 &&
	      a.st_ino == b.st_ino);
	for (i = 0; i < (int)n; i++)
		(void)close(back[i]);
	/* Not wanted: closed for the receiver. */
	i = dup(p[0]);
	(void)close(i);
	CHECK(sl_chan_send(x, &m, fds, 3, &err) == SL_OK);
	CHECK(sl_chan_recv(y, &got, NULL, &n, &err) == SL_OK && n == 0);
	CHECK(dup(p[0]) == i);
	(void)close(i);
	CHECK(sl_chan_recv(y, &got, NULL, &n, &err) == SL_SKIP);
	(void)close(p[0]);
	(void)close(p[1]);
	sl_chan_free(x);
	CHECK(sl_chan_recv(y, &got, NULL, &n, &err) == SL_RETRY);
	sl_chan_free(y);
}

/* Of a packet with several records the first has the descriptors, and the
 * others wait for no event. */
static void
pending(void)
{
	struct sl_msg m = {.type = SL_MSG_TASK_CANCEL}, got;
	union {
		char b[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} ctl = {{0}};
	uint8_t p[SL_WIRE_MAX];
	struct iovec iov = {.iov_base = p};
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = ctl.b,
	    .msg_controllen = sizeof(ctl.b)};
	struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);
	int back[SL_WIRE_FDS_MAX], fd = 1;
	struct sl_chan *x, *y;
	struct sl_err err;
	uint64_t i;
	size_t n;

	pair(&x, &y);
	for (i = 0; i < 3; i++) {
		m.task_cancel.task = i;
		iov.iov_len += sl_msg_encode(&m, p + iov.iov_len);
	}
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	CHECK(sendmsg(sl_chan_fd(x), &mh, 0) == (ssize_t)iov.iov_len);
	CHECK(!sl_chan_pending(y));
	for (i = 0; i < 3; i++) {
		CHECK(sl_chan_recv(y, &got, back, &n, &err) == SL_OK);
		CHECK(got.task_cancel.task == i && n == (i == 0));
		CHECK(sl_chan_pending(y) == (i < 2));
	}
	(void)close(back[0]);
	CHECK(sl_chan_recv(y, &got, back, &n, &err) == SL_SKIP && n == 0);
	CHECK(!sl_chan_pending(y));
	sl_chan_free(x);
	sl_chan_free(y);
}

/* Nobody reads: messages queue in order, then the peer counts as gone. */
static void
queueing(void)
{
	static char text[49152];
	struct sl_msg m = {.type = SL_MSG_R_TEXT}, got;
	struct sl_chan *x, *y;
	uint32_t sent = 0, read = 0;
	struct sl_err err;
	enum sl_rc rc;
	size_t n;

	pair(&x, &y);
	memset(text, 'a', sizeof(text));
	m.r_text.text = (struct sl_slice){text, sizeof(text)};
	do {
		m.r_text.page = sent;
		rc = sl_chan_send(x, &m, NULL, 0, &err);
		sent += rc == SL_OK;
	} while (rc == SL_OK && sent < 5000);
	CHECK(rc == SL_RETRY && sl_chan_queued(x) <= ((size_t)64 << 20));
	while (read < sent) {
		rc = sl_chan_recv(y, &got, NULL, &n, &err);
		if (rc == SL_SKIP && sl_chan_flush(x, &err) == SL_OK)
			continue;
		if (rc != SL_OK || got.r_text.page != read)
			break;
		read++;
	}
	CHECK(read == sent && sl_chan_queued(x) == 0);
	sl_chan_free(x);
	sl_chan_free(y);
}

TEST_MAIN({"round_trip", round_trip}, {"truncated", truncated},
    {"length_lies", length_lies}, {"refusals", refusals}, {"packets", packets},
    {"descriptors", descriptors}, {"pending", pending}, {"queueing", queueing})
