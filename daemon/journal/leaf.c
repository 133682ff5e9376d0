#include "leaf.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/text.h"

#define HEAD "sluse/leaf/v1\n"
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

/* What follows reads the lines in one go, eight bytes at a time where they may
 * be many, each up to its newline, which becomes its end; the NULs behind the
 * last byte stop every loop. Verifying a journal must not take much longer than
 * hashing it. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t
eight(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

/* How many bytes from here on are neither control characters nor above ASCII;
 * 8 if none of the eight is. The bits of the first that is are right, what
 * borrows do to those behind it does not matter. */
static unsigned
plain_bytes(const char *p)
{
	uint64_t w = eight(p), del = w ^ EACH(0x7F),
		 odd = ((w - EACH(0x20)) | (del - EACH(1)) | w) & EACH(0x80);

	return odd == 0 ? 8 : (unsigned)__builtin_ctzll(odd) / 8;
}

static bool
take_word(char **at, const char **ret)
{
	const char *s = *at;
	unsigned char *p = (unsigned char *)*at;
	unsigned high = 0, n;

	while ((n = plain_bytes((const char *)p)) == 8)
		p += 8;
	for (p += n; *p >= 0x20 && *p != 0x7F; p++)
		high |= *p;
	if (*p != '\n' || (char *)p == s ||
	    (high >= 0x80 && !sl_utf8_valid(s, (size_t)((char *)p - s))))
		return false;
	*ret = s;
	*p = '\0';
	*at = (char *)p + 1;
	return true;
}

/* Eight digits at once, as most of a time is; false if they are not all. */
static bool
take_eight(const char *p, uint64_t *v)
{
	const uint64_t zeros = EACH(0x30), high = EACH(0xF0);
	uint64_t w = eight(p);

	if ((w & high) != zeros || ((w + EACH(6)) & high) != zeros)
		return false;
	w -= zeros;
	w = w * 10 + (w >> 8); /* pairs, then fours, then all */
	w = ((w & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
		((w >> 16) & UINT64_C(0x000000FF000000FF)) *
		    UINT64_C(0x0000271000000001)) >>
	    32;
	*v = *v * 100000000 + w;
	return true;
}

/* A canonical decimal: no sign but '-', no leading zero. */
static bool
take_number(char **at, int64_t *ret)
{
	const char *p = *at;
	bool minus = *p == '-';
	uint64_t v = 0;
	int i;

	p += minus;
	if (*p == '\n' || (*p == '0' && (p[1] != '\n' || minus)))
		return false;
	i = take_eight(p, &v) ? 8 : 0;
	for (p += i; (unsigned char)(*p - '0') < 10 && i < 18; p++, i++)
		v = v * 10 + (uint64_t)(*p - '0');
	*ret = minus ? -(int64_t)v : (int64_t)v;
	*at += p + 1 - *at;
	return *p == '\n';
}

/* Eight lower-case hexadecimal digits as four bytes; *bad gets bits if they are
 * not. No branches on digests, which are random. */
static uint32_t
take_hex(const char *p, uint64_t *bad)
{
	uint64_t w = eight(p);
	/* 'a' has bit 6, '0' has not; what is more than 15 is no digit. */
	uint64_t v = (w & EACH(0x0F)) + (w >> 6 & EACH(1)) * 9;
	uint64_t letter = (v + EACH(6)) >> 4 & EACH(1);

	*bad |= (v & EACH(0xF0)) | (w ^ (v + EACH('0') + letter * 0x27));
	v = (v << 4 | v >> 8) & UINT64_C(0x00FF00FF00FF00FF);
	v = (v | v >> 8) & UINT64_C(0x0000FFFF0000FFFF);
	return (uint32_t)(v | v >> 16);
}

/* 64 of them, and the newline. */
static bool
take_digest(char **at, struct sl_digest *ret)
{
	uint64_t bad = 0;
	uint32_t four;
	int i;

	for (i = 0; i < SL_SHA256_LEN; i += 4) {
		four = htole32(take_hex(*at + 2 * i, &bad));
		memcpy(&ret->b[i], &four, sizeof(four));
	}
	*at += SL_SHA256_HEX + 1;
	return bad == 0 && (*at)[-1] == '\n';
}

enum sl_rc
sl_leaf_decode(const void *p, size_t n, struct sl_buf *store,
    struct sl_leaf *ret, struct sl_err *err)
{
	int64_t seq = 0, event = 0;
	char *at;

	sl_buf_reset(store);
	sl_buf_add(store, p, n);
	/* Numbers are read eight bytes at a time. */
	sl_buf_add(store, "\0\0\0\0\0\0\0", 8);
	at = store->p != NULL ? store->p + sizeof(HEAD) - 1 : NULL;
	/* The rest must be long enough for a digest before one is read. */
	if (n > LEAF_MIN && n <= SL_LEAF_MAX && !store->full &&
	    memcmp(store->p, HEAD, sizeof(HEAD) - 1) == 0 &&
	    take_word(&at, &ret->origin) && take_number(&at, &seq) &&
	    seq >= 0 && take_number(&at, &ret->time_ms) &&
	    take_number(&at, &event) && event >= 0 && event <= 65535 &&
	    take_word(&at, &ret->subject) && take_word(&at, &ret->actor) &&
	    (size_t)(store->p + n - at) == SL_SHA256_HEX + 3 &&
	    take_digest(&at, &ret->payload) && memcmp(at, "-\n", 2) == 0) {
		ret->seq = (uint64_t)seq;
		ret->event = (int)event;
		return SL_OK;
	}
	return sl_err_set(
	    err, SL_REJECT, 0, "journal_leaf", "not a leaf of version 1");
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
