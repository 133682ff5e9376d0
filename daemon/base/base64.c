/*
 * Our own, though OpenSSL has one: EVP_DecodeBlock takes spaces, counts padding
 * as bytes and does not look at the bits behind the last byte, so that several
 * texts would stand for the same signature.
 */
#include "base64.h"

#include <string.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
sl_base64_add(struct sl_buf *out, const void *p, size_t n)
{
	const uint8_t *b = p;
	char q[4];
	uint32_t v;
	size_t i;

	for (i = 0; i < n; i += 3) {
		v = (uint32_t)b[i] << 16;
		if (i + 1 < n)
			v |= (uint32_t)b[i + 1] << 8;
		if (i + 2 < n)
			v |= b[i + 2];
		q[0] = digits[v >> 18];
		q[1] = digits[v >> 12 & 63];
		q[2] = i + 1 < n ? digits[v >> 6 & 63] : '=';
		q[3] = i + 2 < n ? digits[v & 63] : '=';
		sl_buf_add(out, q, 4);
	}
}

/* -1 for what is no digit. */
static int
value(char c)
{
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

bool
sl_base64_read(const char *s, size_t n, uint8_t *out, size_t cap, size_t *ret_n)
{
	uint32_t v = 0;
	size_t i, len = n, at = 0;
	int bits = 0, d;

	if (n % 4 != 0)
		return false;
	while (len > 0 && n - len < 2 && s[len - 1] == '=')
		len--;
	for (i = 0; i < len; i++) {
		d = value(s[i]);
		if (d < 0)
			return false;
		v = v << 6 | (uint32_t)d;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (at == cap)
			return false;
		out[at++] = (uint8_t)(v >> bits);
		v &= (1u << bits) - 1;
	}
	*ret_n = at;
	/* Left over are the zero bits that fill the last digit, never a digit.
	 */
	return bits < 6 && v == 0 &&
	       (len + (bits > 0 ? (size_t)bits / 2 : 0)) == n;
}
