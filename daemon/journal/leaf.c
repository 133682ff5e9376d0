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

/* What follows reads the lines in one go, each up to its newline, which becomes
 * its end; the NUL behind the last byte stops every loop. Verifying a journal
 * must not take much longer than hashing it. */
static bool
take_word(char **at, const char **ret)
{
	unsigned char *p = (unsigned char *)*at;
	unsigned high = 0;

	*ret = *at;
	for (; *p >= 0x20 && *p != 0x7F; p++)
		high |= *p;
	if (*p != '\n' || (char *)p == *at ||
	    (high >= 0x80 && !sl_utf8_valid(*at, (size_t)((char *)p - *at))))
		return false;
	*p = '\0';
	*at = (char *)p + 1;
	return true;
}

/* Eight digits at once, as most of a time is; false if they are not all. */
static bool
take_eight(const char *p, uint64_t *v)
{
	const uint64_t zeros = UINT64_C(0x3030303030303030),
		       high = UINT64_C(0xF0F0F0F0F0F0F0F0);
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	w = le64toh(w);
	if ((w & high) != zeros ||
	    ((w + UINT64_C(0x0606060606060606)) & high) != zeros)
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

/* 64 lower-case digits. A table, since branches on digests, which are random,
 * would cost more than hashing. */
static bool
take_digest(char **at, struct sl_digest *ret)
{
	static const uint8_t bad = 0x80;
	static uint8_t value[256];
	const uint8_t *p = (const uint8_t *)*at;
	uint8_t seen = 0;
	int i;

	if (value[0] == 0) {
		memset(value, bad, sizeof(value));
		for (i = 0; i < 16; i++)
			value[(uint8_t) "0123456789abcdef"[i]] = (uint8_t)i;
	}
	for (i = 0; i < SL_SHA256_LEN; i++, p += 2) {
		seen |= value[p[0]] | value[p[1]];
		ret->b[i] = (uint8_t)(value[p[0]] << 4 | value[p[1]]);
	}
	*at += SL_SHA256_HEX + 1;
	return (seen & bad) == 0 && *p == '\n';
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
