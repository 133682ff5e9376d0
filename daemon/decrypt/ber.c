/*
 * INVARIANT: every step moves forward by two bytes at least, so a walk ends
 * with the file; the time of a task bounds it besides.
 */
#include "ber.h"

#include <string.h>

#define CONSTRUCTED 0x20u
#define OCTETS 0x04u

void
sl_ber_init(struct sl_ber *b, const struct sl_extent *x)
{
	b->x = x;
	b->window_at = 0;
	b->window_n = 0;
}

static enum sl_rc
damaged(struct sl_err *err, const char *what)
{
	return sl_err_set(err, SL_BROKEN, 0, "damaged", "%s", what);
}

/* The byte at `at`; -1: behind the end, or it cannot be read. */
static int
byte_at(struct sl_ber *b, uint64_t at)
{
	ssize_t n;

	if (at < b->window_at || at - b->window_at >= b->window_n) {
		n = sl_extent_read(b->x, b->window, sizeof(b->window), at);
		b->window_at = at;
		b->window_n = n > 0 ? (size_t)n : 0;
		if (n <= 0)
			return -1;
	}
	return b->window[at - b->window_at];
}

static enum sl_rc
take_length(struct sl_ber *b, uint64_t *at, struct sl_tlv *t, uint64_t *ret,
    struct sl_err *err)
{
	int c = byte_at(b, (*at)++), n;
	uint64_t len = 0;

	if (c < 0)
		return damaged(err, "it is cut off");
	if (c == 0x80) {
		if ((t->tag & CONSTRUCTED) == 0)
			return damaged(err, "an element without an end");
		t->indefinite = true;
		return SL_OK;
	}
	if (c < 0x80) {
		*ret = (uint64_t)c;
		return SL_OK;
	}
	for (n = c & 0x7f; n > 0; n--) {
		if ((c = byte_at(b, (*at)++)) < 0)
			return damaged(err, "it is cut off");
		if (len >> 48 != 0)
			return damaged(err, "a length of no sense");
		len = len << 8 | (uint64_t)c;
	}
	*ret = len;
	return SL_OK;
}

enum sl_rc
sl_ber_head(struct sl_ber *b, uint64_t at, uint64_t limit, struct sl_tlv *ret,
    struct sl_err *err)
{
	uint64_t len = 0, next = at + 1;
	int c = byte_at(b, at);
	enum sl_rc rc;

	*ret = (struct sl_tlv){.at = at};
	if (c < 0 || at >= limit)
		return damaged(err, "it is cut off");
	ret->tag = (uint8_t)c;
	if ((c & 0x1f) == 0x1f)
		return damaged(err, "a tag that no envelope has");
	rc = take_length(b, &next, ret, &len, err);
	if (rc != SL_OK)
		return rc;
	ret->body = next;
	if (next > limit || (!ret->indefinite && len > limit - next))
		return damaged(err, "it is cut off");
	if (!ret->indefinite)
		ret->end = next + len;
	return SL_OK;
}

bool
sl_ber_is_end(const struct sl_tlv *t)
{
	return t->tag == 0 && t->end == t->at + 2;
}

enum sl_rc
sl_ber_skip(struct sl_ber *b, const struct sl_tlv *t, uint64_t limit,
    uint64_t *ret, struct sl_err *err)
{
	uint64_t at = t->indefinite ? t->body : t->end;
	unsigned depth = t->indefinite;
	struct sl_tlv one;
	enum sl_rc rc;

	while (depth > 0) {
		rc = sl_ber_head(b, at, limit, &one, err);
		if (rc != SL_OK)
			return rc;
		at = one.indefinite ? one.body : one.end;
		if (sl_ber_is_end(&one))
			depth--;
		else if (one.indefinite && ++depth > SL_BER_DEPTH)
			return damaged(err, "nested too deep");
	}
	*ret = at;
	return SL_OK;
}

static bool
go_down(struct sl_ber_pieces *p, const struct sl_tlv *t, uint64_t limit)
{
	if (p->depth == SL_BER_DEPTH)
		return false;
	p->level[p->depth].indefinite = t->indefinite;
	p->level[p->depth++].limit = t->indefinite ? limit : t->end;
	p->at = t->body;
	return true;
}

void
sl_ber_pieces_init(struct sl_ber_pieces *p, struct sl_ber *b,
    const struct sl_tlv *t, uint64_t limit)
{
	memset(p, 0, sizeof(*p));
	p->b = b;
	if ((t->tag & CONSTRUCTED) != 0) {
		(void)go_down(p, t, limit);
		return;
	}
	p->piece = t->body;
	p->left = t->end - t->body;
	p->at = t->end;
}

enum sl_rc
sl_ber_pieces_next(struct sl_ber_pieces *p, struct sl_err *err)
{
	struct sl_tlv t;
	uint64_t limit;
	enum sl_rc rc;

	while (p->left == 0) {
		if (p->depth == 0)
			return SL_SKIP;
		limit = p->level[p->depth - 1].limit;
		if (!p->level[p->depth - 1].indefinite && p->at == limit) {
			p->depth--;
			continue;
		}
		rc = sl_ber_head(p->b, p->at, limit, &t, err);
		if (rc != SL_OK)
			return rc;
		if (p->level[p->depth - 1].indefinite && sl_ber_is_end(&t)) {
			p->at = t.end;
			p->depth--;
		} else if (t.tag == (OCTETS | CONSTRUCTED)) {
			if (!go_down(p, &t, limit))
				return damaged(err, "nested too deep");
		} else if (t.tag == OCTETS) {
			p->piece = t.body;
			p->left = t.end - t.body;
			p->at = t.end;
		} else {
			return damaged(err, "the content is no string");
		}
	}
	return SL_OK;
}
