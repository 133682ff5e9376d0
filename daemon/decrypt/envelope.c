/*
 *	ContentInfo          SEQUENCE { OID, [0] { ...Data } }
 *	EnvelopedData        SEQUENCE { version, [0] originator?, recipients
 *SET, content info, [1] attributes? } AuthEnvelopedData    SEQUENCE { the same
 *four, [1] authenticated?, tag OCTET STRING, [2] others? } content info
 *SEQUENCE { OID, algorithm, [0] content? }
 *
 * The originator's certificates are left out: nothing here needs them, and
 * what is not parsed cannot go wrong.
 */
#include "envelope.h"

#include <string.h>

#define SEQUENCE 0x30u
#define SET 0x31u
#define INTEGER 0x02u
#define OCTETS 0x04u
#define OID 0x06u
#define CONTEXT_0 0xa0u
#define CONTEXT_1 0xa1u
#define CONTENT 0x80u /* [0], not constructed */

static const uint8_t oid_enveloped[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03};
static const uint8_t oid_auth_enveloped[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17};

/* A place in the tree while it is walked. */
struct walk {
	struct sl_ber *b;
	uint64_t at, limit;
	struct sl_err *err;
};

static enum sl_rc
damaged(struct walk *w, const char *what)
{
	return sl_err_set(w->err, SL_BROKEN, 0, "damaged", "%s", what);
}

static enum sl_rc
peek(struct walk *w, struct sl_tlv *ret)
{
	return sl_ber_head(w->b, w->at, w->limit, ret, w->err);
}

/* The element at hand, which must be of that tag; the walk stays there. */
static enum sl_rc
want(struct walk *w, unsigned tag, struct sl_tlv *ret)
{
	enum sl_rc rc = peek(w, ret);

	if (rc == SL_OK && ret->tag != tag)
		return damaged(w, "it is no envelope");
	return rc;
}

static enum sl_rc
enter(struct walk *w, unsigned tag, struct sl_tlv *ret)
{
	enum sl_rc rc = want(w, tag, ret);

	if (rc != SL_OK)
		return rc;
	w->at = ret->body;
	if (!ret->indefinite)
		w->limit = ret->end;
	return SL_OK;
}

static enum sl_rc
pass(struct walk *w, const struct sl_tlv *t)
{
	return sl_ber_skip(w->b, t, w->limit, &w->at, w->err);
}

/* Is there one more before the end of parent? */
static bool
has_more(struct walk *w, const struct sl_tlv *parent, struct sl_tlv *ret)
{
	if (!parent->indefinite && w->at == w->limit)
		return false;
	return peek(w, ret) == SL_OK && !sl_ber_is_end(ret);
}

/* [from, to) of the file to the end of out. */
static enum sl_rc
copy(struct walk *w, uint64_t from, uint64_t to, struct sl_buf *out)
{
	uint8_t b[4096];
	size_t n;

	if (to - from > SL_ENVELOPE_HEAD_MAX)
		return sl_err_set(
		    w->err, SL_HOLD, 0, "unsupported", "too many recipients");
	for (; from < to; from += n) {
		n = to - from < sizeof(b) ? (size_t)(to - from) : sizeof(b);
		if (sl_extent_read(w->b->x, b, n, from) != (ssize_t)n)
			return damaged(w, "it is cut off");
		sl_buf_add(out, b, n);
	}
	if (out->full)
		return sl_err_set(
		    w->err, SL_HOLD, 0, "unsupported", "too many recipients");
	return SL_OK;
}

/* Copies the element at hand, which must be of that tag, and passes it. */
static enum sl_rc
keep(struct walk *w, unsigned tag, struct sl_buf *out)
{
	uint64_t from = w->at;
	struct sl_tlv t;
	enum sl_rc rc = want(w, tag, &t);

	if (rc == SL_OK)
		rc = pass(w, &t);
	return rc == SL_OK ? copy(w, from, w->at, out) : rc;
}

/* tag, the length of body in DER, body. */
static void
wrap(struct sl_buf *out, unsigned tag, const struct sl_buf *body)
{
	unsigned bytes = body->n < 128 ? 0 : 1;
	size_t n;

	sl_buf_add_char(out, (char)tag);
	for (n = body->n >> 8; bytes > 0 && n > 0; n >>= 8)
		bytes++;
	if (bytes > 0)
		sl_buf_add_char(out, (char)(0x80u | bytes));
	else
		sl_buf_add_char(out, (char)body->n);
	for (; bytes > 0; bytes--)
		sl_buf_add_char(out, (char)(body->n >> (8 * (bytes - 1))));
	sl_buf_add(out, sl_buf_str(body), body->n);
}

static enum sl_rc
find_type(struct walk *w, bool *ret_authenticated, struct sl_buf *out)
{
	struct sl_tlv t;
	uint8_t oid[sizeof(oid_auth_enveloped)];
	size_t n;
	enum sl_rc rc = want(w, OID, &t);

	if (rc != SL_OK)
		return rc;
	n = t.end - t.body <= sizeof(oid) ? (size_t)(t.end - t.body) : 0;
	if (sl_extent_read(w->b->x, oid, n, t.body) != (ssize_t)n)
		return damaged(w, "it is cut off");
	*ret_authenticated = n == sizeof(oid_auth_enveloped) &&
			     memcmp(oid, oid_auth_enveloped, n) == 0;
	if (!*ret_authenticated &&
	    (n != sizeof(oid_enveloped) || memcmp(oid, oid_enveloped, n) != 0))
		return damaged(w, "it is no envelope");
	return keep(w, OID, out);
}

/* The content info without its content; the walk ends behind the content. */
static enum sl_rc
find_content(struct walk *w, struct sl_envelope *e, struct sl_buf *out)
{
	SL_BUF struct sl_buf info = {.max = SL_ENVELOPE_HEAD_MAX};
	struct walk in = *w;
	struct sl_tlv seq, t;
	enum sl_rc rc;

	if ((rc = enter(&in, SEQUENCE, &seq)) != SL_OK ||
	    (rc = keep(&in, OID, &info)) != SL_OK ||
	    (rc = keep(&in, SEQUENCE, &info)) != SL_OK)
		return rc;
	if (has_more(&in, &seq, &t)) {
		if (t.tag != CONTENT && t.tag != CONTEXT_0)
			return damaged(w, "it is no envelope");
		e->has_content = true;
		e->content = t;
		e->limit = in.limit;
	}
	wrap(out, SEQUENCE, &info);
	return pass(w, &seq);
}

/* What the tag covers besides, and the tag. */
static enum sl_rc
find_tag(struct walk *w, struct sl_envelope *e, struct sl_buf *out)
{
	uint64_t from = w->at;
	struct sl_tlv t;
	enum sl_rc rc = peek(w, &t);

	if (rc == SL_OK && t.tag == CONTEXT_1) {
		if (t.indefinite)
			return sl_err_set(w->err, SL_HOLD, 0, "unsupported",
			    "attributes that are not DER");
		rc = pass(w, &t);
		if (rc == SL_OK)
			rc = copy(w, from, w->at, &e->aad);
		if (rc != SL_OK)
			return rc;
		/* As the tag saw it: a SET, not a [1]. */
		e->aad.p[0] = (char)SET;
	} else if (rc != SL_OK) {
		return rc;
	}
	return keep(w, OCTETS, out);
}

static enum sl_rc
find_data(struct walk *w, struct sl_envelope *e, struct sl_buf *out)
{
	SL_BUF struct sl_buf data = {.max = SL_ENVELOPE_HEAD_MAX};
	struct sl_tlv seq, t;
	enum sl_rc rc;

	if ((rc = enter(w, SEQUENCE, &seq)) != SL_OK ||
	    (rc = keep(w, INTEGER, &data)) != SL_OK ||
	    (rc = peek(w, &t)) != SL_OK)
		return rc;
	if (t.tag == CONTEXT_0 && (rc = pass(w, &t)) != SL_OK)
		return rc;
	if ((rc = keep(w, SET, &data)) != SL_OK ||
	    (rc = find_content(w, e, &data)) != SL_OK)
		return rc;
	if (e->authenticated && (rc = find_tag(w, e, &data)) != SL_OK)
		return rc;
	wrap(out, SEQUENCE, &data);
	return SL_OK;
}

enum sl_rc
sl_envelope_find(struct sl_ber *b, struct sl_envelope *ret, struct sl_err *err)
{
	SL_BUF struct sl_buf info = {.max = SL_ENVELOPE_HEAD_MAX};
	SL_BUF struct sl_buf data = {.max = SL_ENVELOPE_HEAD_MAX};
	struct walk w = {.b = b, .limit = b->x->size, .err = err};
	struct sl_tlv t;
	enum sl_rc rc;

	memset(ret, 0, sizeof(*ret));
	ret->head.max = ret->aad.max = SL_ENVELOPE_HEAD_MAX;
	if ((rc = enter(&w, SEQUENCE, &t)) != SL_OK ||
	    (rc = find_type(&w, &ret->authenticated, &info)) != SL_OK ||
	    (rc = enter(&w, CONTEXT_0, &t)) != SL_OK ||
	    (rc = find_data(&w, ret, &data)) != SL_OK)
		return rc;
	wrap(&info, CONTEXT_0, &data);
	wrap(&ret->head, SEQUENCE, &info);
	if (info.full || ret->head.full)
		return sl_err_set(
		    err, SL_HOLD, 0, "unsupported", "too many recipients");
	return SL_OK;
}

void
sl_envelope_free(struct sl_envelope *e)
{
	sl_buf_free(&e->head);
	sl_buf_free(&e->aad);
}
