#include "leaf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/text.h"

#define LINES 9

static bool
fits_a_line(const char *s)
{
	const char *p;

	if (*s == '\0' || !sl_utf8_valid(s, strlen(s)))
		return false;
	for (p = s; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			return false;
	return true;
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

/* A canonical decimal: no sign but '-', no leading zero. */
static bool
take_number(const char *s, int64_t *ret)
{
	bool minus = *s == '-';
	int64_t v = 0;
	int i;

	s += minus;
	if (*s == '\0' || (*s == '0' && (s[1] != '\0' || minus)))
		return false;
	for (i = 0; *s != '\0'; s++, i++) {
		if (*s < '0' || *s > '9' || i == 18)
			return false;
		v = v * 10 + (*s - '0');
	}
	*ret = minus ? -v : v;
	return true;
}

enum sl_rc
sl_leaf_decode(const void *p, size_t n, struct sl_buf *store,
    struct sl_leaf *ret, struct sl_err *err)
{
	char *line[LINES], *s, *nl;
	int64_t seq, event;
	int i;

	sl_buf_reset(store);
	sl_buf_add(store, p, n);
	if (n == 0 || n > SL_LEAF_MAX || store->full ||
	    memchr(p, '\0', n) != NULL)
		goto bad;
	for (s = store->p, i = 0; i < LINES; i++, s = nl + 1) {
		nl = strchr(s, '\n');
		if (nl == NULL)
			goto bad;
		*nl = '\0';
		line[i] = s;
	}
	if (s != store->p + n || strcmp(line[0], "sluse/leaf/v1") != 0 ||
	    strcmp(line[8], "-") != 0 || !fits_a_line(line[1]) ||
	    !fits_a_line(line[5]) || !fits_a_line(line[6]) ||
	    !take_number(line[2], &seq) || seq < 0 ||
	    !take_number(line[3], &ret->time_ms) ||
	    !take_number(line[4], &event) || event < 0 || event > 65535 ||
	    strlen(line[7]) != SL_SHA256_HEX ||
	    strspn(line[7], "0123456789abcdef") != SL_SHA256_HEX ||
	    !sl_unhex(line[7], ret->payload.b, SL_SHA256_LEN))
		goto bad;
	ret->seq = (uint64_t)seq;
	ret->event = (int)event;
	ret->origin = line[1];
	ret->subject = line[5];
	ret->actor = line[6];
	return SL_OK;
bad:
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
