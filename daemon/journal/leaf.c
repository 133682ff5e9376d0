#include "leaf.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/text.h"

#define HEAD "sluse/leaf/v1\n"
#define SEQ_MAX UINT64_C(999999999999999999)
#define LEAF_MIN 90u /* bytes, with words and numbers of one character */

static bool
fits_a_line(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	bool ascii = true;

	if (*p == '\0')
		return false;
	for (; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7F)
			return false;
		ascii &= *p < 0x80;
	}
	return ascii || sl_utf8_valid(s, strlen(s));
}

enum sl_rc
sl_leaf_encode(const struct sl_leaf *l, struct sl_buf *out, struct sl_err *err)
{
	char hex[SL_SHA256_HEX + 1];
	size_t before = out->n;

	if (!fits_a_line(l->origin) || !fits_a_line(l->subject) ||
	    !fits_a_line(l->actor))
		return sl_err_set(err, SL_FATAL, 0, "own_bug",
		    "a text cannot stand in a journal leaf");
	sl_digest_hex(&l->payload, hex);
	sl_buf_printf(out,
	    "sluse/leaf/v1\n%s\n%" PRIu64 "\n%" PRId64 "\n%d\n%s\n%s\n%s\n-\n",
	    l->origin, l->seq, l->time_ms, l->event, l->subject, l->actor, hex);
	if (out->full || out->n - before > SL_LEAF_MAX)
		return sl_err_set(
		    err, SL_FATAL, 0, "own_bug", "a journal leaf is too long");
	return SL_OK;
}

/* What follows reads the lines where they lie, eight bytes at a time. What ends
 * a leaf has a fixed length and is looked at first: every loop before it stops
 * at its newline, and no eight bytes reach beyond it. Verifying a journal must
 * not take much longer than hashing it. */
#define TAIL (SL_SHA256_HEX + sizeof("\n-\n") - 1)
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t
eight(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

/* How many bytes lie before the first of those whose high bit is set. */
static unsigned
bytes_before(uint64_t high)
{
	return high == 0 ? 8 : (unsigned)__builtin_ctzll(high) / 8;
}

/* How many bytes from here on are neither control characters nor above ASCII,
 * at most eight. The bits of the first that is are right, what borrows do to
 * those behind it does not matter. */
static unsigned
plain_bytes(uint64_t w)
{
	uint64_t del = w ^ EACH(0x7F);

	return bytes_before(
	    ((w - EACH(0x20)) | (del - EACH(1)) | w) & EACH(0x80));
}

/* How many are digits, at most eight. */
static unsigned
digit_bytes(uint64_t w)
{
	uint64_t v = w ^ EACH('0');

	return bytes_before(
	    (((v & EACH(0x7F)) + EACH(0x80 - 10)) | v) & EACH(0x80));
}

static inline bool
take_word(const char **at, struct sl_slice *ret)
{
	const unsigned char *p = (const unsigned char *)*at;
	unsigned high = 0, n;
	uint64_t w;

	while ((n = plain_bytes(w = eight((const char *)p))) == 8)
		p += 8;
	p += n;
	if ((w >> 8 * n & 0xFF) != '\n')
		for (; *p >= 0x20 && *p != 0x7F; p++)
			high |= *p;
	ret->p = *at;
	ret->n = (uint32_t)((const char *)p - *at);
	*at = (const char *)p + 1;
	return *p == '\n' && ret->n > 0 &&
	       (high < 0x80 || sl_utf8_valid(ret->p, ret->n));
}

/* Eight digits. */
static uint64_t
number_of(uint64_t w)
{
	w = w * 10 + (w >> 8); /* pairs, then fours, then all */
	return ((w & UINT64_C(0x000000FF000000FF)) *
		       UINT64_C(0x000F424000000064) +
		   ((w >> 16) & UINT64_C(0x000000FF000000FF)) *
		       UINT64_C(0x0000271000000001)) >>
	       32;
}

/* A canonical decimal of at most 18 digits: no sign but '-', no leading
 * zero. */
static inline bool
take_number(const char **at, int64_t *ret)
{
	static const uint32_t power[] = {
	    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
	const char *first = *at + (**at == '-'), *p = first;
	bool minus = p != *at;
	uint64_t v = 0, w;
	unsigned n;

	while ((n = digit_bytes(w = eight(p))) == 8) {
		if (p != first && p != first + 8)
			return false;
		v = v * 100000000 + number_of(w ^ EACH('0'));
		p += 8;
	}
	if (n > 0) /* fewer get zeros before them */
		v = v * power[n] + number_of((w ^ EACH('0')) << (64 - 8 * n));
	p += n;
	if (*p != '\n' || p == first || p - first > 18 ||
	    (*first == '0' && (p - first > 1 || minus)))
		return false;
	*ret = minus ? -(int64_t)v : (int64_t)v;
	*at = p + 1;
	return true;
}

/* Are they lower-case hexadecimal digits? No branches on a digest, which is
 * random. */
static bool
is_hex(const char *p)
{
	uint8_t bad = 0;
	size_t i;

	for (i = 0; i < SL_SHA256_HEX; i++) {
		uint8_t c = (uint8_t)p[i];

		bad |= (uint8_t)(c - '0') > 9 && (uint8_t)(c - 'a') > 5;
	}
	return bad == 0;
}

/* The digest and what follows it. */
static inline const char *
read_tail(const char *p, size_t n, struct sl_leaf_view *ret)
{
	const char *tail;

	if (n <= LEAF_MIN || n > SL_LEAF_MAX)
		return NULL;
	tail = p + n - TAIL;
	if (tail[-1] != '\n' || memcmp(tail + SL_SHA256_HEX, "\n-\n", 3) != 0 ||
	    !is_hex(tail))
		return NULL;
	ret->payload = tail;
	return tail;
}

static bool
read_start(const char **at, const char *tail, struct sl_leaf_view *ret)
{
	int64_t seq;

	if (memcmp(*at, HEAD, sizeof(HEAD) - 1) != 0)
		return false;
	*at += sizeof(HEAD) - 1;
	if (!take_word(at, &ret->origin) || *at >= tail ||
	    !take_number(at, &seq) || seq < 0)
		return false;
	ret->seq = (uint64_t)seq;
	return true;
}

/* What stands between sequence and digest. */
static inline bool
read_middle(const char *at, const char *tail, struct sl_leaf_view *ret)
{
	int64_t event;

	if (at >= tail || !take_number(&at, &ret->time_ms) || at >= tail ||
	    !take_number(&at, &event) || event < 0 || event > 65535 ||
	    at >= tail || !take_word(&at, &ret->subject) || at >= tail ||
	    !take_word(&at, &ret->actor))
		return false;
	ret->event = (int)event;
	return at == tail;
}

bool
sl_leaf_read(const void *p, size_t n, struct sl_leaf_view *ret)
{
	const char *at = p, *tail = read_tail(p, n, ret);

	return tail != NULL && read_start(&at, tail, ret) &&
	       read_middle(at, tail, ret);
}

/* The lines up to the sequence, of the leaf after l. */
static void
expect(struct sl_leaf_reader *r, const char *leaf, const struct sl_leaf_view *l)
{
	size_t n = sizeof(HEAD) + l->origin.n;
	int more;

	r->start_n = 0;
	r->seq = l->seq + 1;
	r->origin_n = l->origin.n;
	if (n > sizeof(r->start) || r->seq > SEQ_MAX)
		return;
	memcpy(r->start, leaf, n);
	more = snprintf(
	    r->start + n, sizeof(r->start) - n, "%" PRIu64 "\n", r->seq);
	if (more > 0 && (size_t)more < sizeof(r->start) - n)
		r->start_n = n + (size_t)more;
}

/* The same where start was right, and only the number is another. */
static void
expect_next(
    struct sl_leaf_reader *r, const char *leaf, const struct sl_leaf_view *l)
{
	char *digit = r->start + r->start_n - 2;

	for (; *digit == '9'; digit--)
		*digit = '0';
	if (*digit == '\n') { /* all were: it gets longer */
		expect(r, leaf, l);
		return;
	}
	++*digit;
	r->seq++;
}

bool
sl_leaf_read_next(
    struct sl_leaf_reader *r, const void *p, size_t n, struct sl_leaf_view *ret)
{
	const char *at = p, *tail = read_tail(p, n, ret);

	if (tail == NULL)
		return false;
	if (r->start_n > 0 && r->start_n < n - TAIL &&
	    memcmp(at, r->start, r->start_n) == 0) {
		ret->origin =
		    (struct sl_slice){at + sizeof(HEAD) - 1, r->origin_n};
		ret->seq = r->seq;
		if (!read_middle(at + r->start_n, tail, ret))
			return false;
		expect_next(r, p, ret);
		return true;
	}
	if (!read_start(&at, tail, ret) || !read_middle(at, tail, ret))
		return false;
	expect(r, p, ret);
	return true;
}

void
sl_leaf_payload(const struct sl_leaf_view *l, struct sl_digest *ret)
{
	char hex[SL_SHA256_HEX + 1];

	memcpy(hex, l->payload, SL_SHA256_HEX);
	hex[SL_SHA256_HEX] = '\0';
	(void)sl_unhex(hex, ret->b, sizeof(ret->b));
}

/* A word of a leaf in the copy of all its bytes, with an end. */
static const char *
word_in(struct sl_buf *store, const void *leaf, struct sl_slice word)
{
	char *s = store->p + (word.p - (const char *)leaf);

	s[word.n] = '\0';
	return s;
}

enum sl_rc
sl_leaf_decode(const void *p, size_t n, struct sl_buf *store,
    struct sl_leaf *ret, struct sl_err *err)
{
	struct sl_leaf_view l;

	sl_buf_reset(store);
	if (n <= SL_LEAF_MAX)
		sl_buf_add(store, p, n);
	if (store->full || !sl_leaf_read(p, n, &l))
		return sl_err_set(err, SL_REJECT, 0, "journal_leaf",
		    "not a leaf of version 1");
	ret->origin = word_in(store, p, l.origin);
	ret->subject = word_in(store, p, l.subject);
	ret->actor = word_in(store, p, l.actor);
	ret->seq = l.seq;
	ret->time_ms = l.time_ms;
	ret->event = l.event;
	sl_leaf_payload(&l, &ret->payload);
	return SL_OK;
}

void
sl_payload_digest(const uint8_t salt[SL_SALT_LEN], const char *body, size_t n,
    struct sl_digest *ret)
{
	struct sl_sha256 *h = sl_sha256_new();

	sl_sha256_add(h, salt, SL_SALT_LEN);
	sl_sha256_add(h, body, n);
	sl_sha256_end(h, ret);
}
