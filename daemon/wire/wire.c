/*
 * INVARIANT: encode refuses what decode would refuse, so that a packet that was
 * sent by our own build is never rejected by it.
 * SECURITY: decode reads only inside [p, p+n); lengths are checked before use.
 */
#include "wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../base/text.h"

const char *
sl_msg_name(unsigned type)
{
	switch (type) {
#define CASE(n, NAME, name)                                                    \
	case n:                                                                \
		return #name;
		SL_MESSAGES(CASE)
#undef CASE
	default:
		return NULL;
	}
}

struct out {
	uint8_t *p;
	size_t n;
	bool bad;
};

static void
put_num(struct out *o, uint64_t v, size_t bytes)
{
	size_t i;

	if (o->bad || o->n + bytes > SL_WIRE_MAX) {
		o->bad = true;
		return;
	}
	for (i = 0; i < bytes; i++)
		o->p[o->n++] = (uint8_t)(v >> (8 * i));
}

static void
put_bytes(struct out *o, struct sl_slice s, size_t max)
{
	if (s.n > max || o->n + 4 + s.n > SL_WIRE_MAX) {
		o->bad = true;
		return;
	}
	put_num(o, s.n, 4);
	if (!o->bad && s.n > 0) {
		memcpy(o->p + o->n, s.p, s.n);
		o->n += s.n;
	}
}

static void
put_str(struct out *o, struct sl_slice s, size_t max)
{
	if (!sl_utf8_valid(s.p, s.n))
		o->bad = true;
	put_bytes(o, s, max);
}

static void
put_digest(struct out *o, const struct sl_digest *d)
{
	if (o->bad || o->n + sizeof(d->b) > SL_WIRE_MAX) {
		o->bad = true;
		return;
	}
	memcpy(o->p + o->n, d->b, sizeof(d->b));
	o->n += sizeof(d->b);
}

#define PUT_U8(o, v, max) put_num(o, v, 1)
#define PUT_U16(o, v, max) put_num(o, v, 2)
#define PUT_U32(o, v, max) put_num(o, v, 4)
#define PUT_U64(o, v, max) put_num(o, v, 8)
#define PUT_I64(o, v, max) put_num(o, (uint64_t)(v), 8)
#define PUT_STR(o, v, max) put_str(o, v, max)
#define PUT_RAW(o, v, max) put_bytes(o, v, max)
#define PUT_DIGEST(o, v, max) put_digest(o, &(v))

/* Behind the n bytes of p; the new length, or 0. */
static size_t
encode_at(const struct sl_msg *m, uint8_t *p, size_t n)
{
	struct out o = {.p = p, .n = n};

	put_num(&o, (uint64_t)m->type, 2);
	put_num(&o, SL_WIRE_PROTO, 2);
	switch (m->type) {
#define PUT(kind, field, max) PUT_##kind(&o, f->field, max);
#define CASE(n, NAME, name)                                                    \
	case SL_MSG_##NAME: {                                                  \
		const struct sl_msg_##name *f = &m->name;                      \
		SL_MSG_##NAME##_FIELDS(PUT) break;                             \
	}
		SL_MESSAGES(CASE)
#undef CASE
#undef PUT
	default:
		return 0;
	}
	return o.bad ? 0 : o.n;
}

size_t
sl_msg_encode(const struct sl_msg *m, uint8_t *p)
{
	return encode_at(m, p, 0);
}

struct in {
	const uint8_t *p;
	size_t n, at;
	bool bad;
};

static uint64_t
take_num(struct in *in, size_t bytes)
{
	uint64_t v = 0;
	size_t i;

	if (in->bad || in->n - in->at < bytes) {
		in->bad = true;
		return 0;
	}
	for (i = 0; i < bytes; i++)
		v |= (uint64_t)in->p[in->at++] << (8 * i);
	return v;
}

static struct sl_slice
take_bytes(struct in *in, size_t max)
{
	struct sl_slice s = {NULL, 0};
	size_t n = take_num(in, 4);

	if (in->bad || n > max || n > in->n - in->at) {
		in->bad = true;
		return s;
	}
	s.p = (const char *)in->p + in->at;
	s.n = (uint32_t)n;
	in->at += n;
	return s;
}

static struct sl_slice
take_str(struct in *in, size_t max)
{
	struct sl_slice s = take_bytes(in, max);

	if (!in->bad && !sl_utf8_valid(s.p, s.n))
		in->bad = true;
	return s;
}

static struct sl_digest
take_digest(struct in *in)
{
	struct sl_digest d = {{0}};

	if (in->bad || in->n - in->at < sizeof(d.b)) {
		in->bad = true;
		return d;
	}
	memcpy(d.b, in->p + in->at, sizeof(d.b));
	in->at += sizeof(d.b);
	return d;
}

#define TAKE_U8(in, max) (uint8_t) take_num(in, 1)
#define TAKE_U16(in, max) (uint16_t) take_num(in, 2)
#define TAKE_U32(in, max) (uint32_t) take_num(in, 4)
#define TAKE_U64(in, max) take_num(in, 8)
#define TAKE_I64(in, max) (int64_t) take_num(in, 8)
#define TAKE_STR(in, max) take_str(in, max)
#define TAKE_RAW(in, max) take_bytes(in, max)
#define TAKE_DIGEST(in, max) take_digest(in)

enum sl_rc
sl_msg_next(const uint8_t *p, size_t n, size_t *at, struct sl_msg *ret,
    struct sl_err *err)
{
	struct in in = {.p = p, .n = n, .at = *at};
	unsigned type = (unsigned)take_num(&in, 2);
	unsigned proto = (unsigned)take_num(&in, 2);

	memset(ret, 0, sizeof(*ret));
	if (in.bad || proto != SL_WIRE_PROTO)
		return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
		    "packet without a head of protocol %d", SL_WIRE_PROTO);
	switch (type) {
#define TAKE(kind, field, max) f->field = TAKE_##kind(&in, max);
#define CASE(num, NAME, name)                                                  \
	case num: {                                                            \
		struct sl_msg_##name *f = &ret->name;                          \
		ret->type = SL_MSG_##NAME;                                     \
		SL_MSG_##NAME##_FIELDS(TAKE) break;                            \
	}
		SL_MESSAGES(CASE)
#undef CASE
#undef TAKE
	default:
		in.bad = true;
	}
	if (in.bad)
		return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
		    "packet of type %u (%s) out of shape", type,
		    sl_msg_name(type) != NULL ? sl_msg_name(type) : "unknown");
	*at = in.at;
	return SL_OK;
}

enum sl_rc
sl_msg_decode(
    const uint8_t *p, size_t n, struct sl_msg *ret, struct sl_err *err)
{
	size_t at = 0;
	enum sl_rc rc = sl_msg_next(p, n, &at, ret, err);

	if (rc == SL_OK && at != n)
		rc = sl_err_set(err, SL_REJECT, 0, "worker_protocol",
		    "more behind a packet of type %u", (unsigned)ret->type);
	return rc;
}

/* What waits to be sent. On a stack it would cost each child seventeen pages.
 */
static uint8_t packet[SL_WIRE_MAX];
static size_t packet_n;

enum sl_rc
sl_msg_flush(int fd, struct sl_err *err)
{
	size_t n = packet_n;
	ssize_t put;

	if (n == 0)
		return SL_OK;
	packet_n = 0;
	do
		put = write(fd, packet, n);
	while (put < 0 && errno == EINTR);
	if (put != (ssize_t)n)
		return sl_err_set(err, SL_RETRY, put < 0 ? errno : 0,
		    "worker_gone", "cannot send to slused");
	return SL_OK;
}

enum sl_rc
sl_msg_put(int fd, const struct sl_msg *m, struct sl_err *err)
{
	size_t n = encode_at(m, packet, packet_n);
	enum sl_rc rc;

	if (n == 0 && packet_n > 0) { /* no room, perhaps */
		if ((rc = sl_msg_flush(fd, err)) != SL_OK)
			return rc;
		n = encode_at(m, packet, 0);
	}
	if (n == 0)
		return sl_err_set(err, SL_FATAL, 0, "worker_protocol",
		    "message %s cannot be encoded", sl_msg_name(m->type));
	packet_n = n;
	return SL_OK;
}

enum sl_rc
sl_msg_write(int fd, const struct sl_msg *m, struct sl_err *err)
{
	enum sl_rc rc = sl_msg_put(fd, m, err);

	return rc == SL_OK ? sl_msg_flush(fd, err) : rc;
}
