#include "text.h"

#include <stdio.h>
#include <string.h>

/* Decodes one code point; 0xFFFD and one byte eaten if it is malformed. */
uint32_t
sl_utf8_next(const char *s, size_t n, size_t *i)
{
	static const uint32_t low[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t c = (uint8_t)s[(*i)++];
	uint32_t cp;
	int len, k;

	if (c < 0x80)
		return c;
	if (c >= 0xC2 && c < 0xE0)
		len = 2, cp = c & 0x1Fu;
	else if (c >= 0xE0 && c < 0xF0)
		len = 3, cp = c & 0x0Fu;
	else if (c >= 0xF0 && c < 0xF5)
		len = 4, cp = c & 0x07u;
	else
		return 0xFFFD;
	if (*i + (size_t)len - 1 > n)
		return 0xFFFD;
	for (k = 0; k < len - 1; k++) {
		c = (uint8_t)s[*i + (size_t)k];
		if ((c & 0xC0) != 0x80)
			return 0xFFFD;
		cp = cp << 6 | (c & 0x3Fu);
	}
	if (cp < low[len] || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
		return 0xFFFD;
	*i += (size_t)len - 1;
	return cp;
}

/* Eight bytes of ASCII without a NUL. */
static bool
all_ascii(const char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), top = ones << 7;
	uint64_t v;

	memcpy(&v, s, sizeof(v));
	return ((v | (v - ones)) & top) == 0;
}

bool
sl_utf8_valid(const char *s, size_t n)
{
	size_t i = 0, at;
	uint32_t cp;

	while (i < n) {
		if (n - i >= 8 && all_ascii(s + i)) {
			i += 8;
			continue;
		}
		at = i;
		cp = sl_utf8_next(s, n, &i);
		if (cp == 0 || (cp == 0xFFFD && i - at == 1))
			return false;
	}
	return true;
}

void
sl_utf8_add(struct sl_buf *b, uint32_t cp)
{
	char o[4];
	size_t n = 0;

	if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
		cp = 0xFFFD;
	if (cp < 0x80) {
		o[n++] = (char)cp;
	} else if (cp < 0x800) {
		o[n++] = (char)(0xC0 | cp >> 6);
		o[n++] = (char)(0x80 | (cp & 0x3F));
	} else if (cp < 0x10000) {
		o[n++] = (char)(0xE0 | cp >> 12);
		o[n++] = (char)(0x80 | (cp >> 6 & 0x3F));
		o[n++] = (char)(0x80 | (cp & 0x3F));
	} else {
		o[n++] = (char)(0xF0 | cp >> 18);
		o[n++] = (char)(0x80 | (cp >> 12 & 0x3F));
		o[n++] = (char)(0x80 | (cp >> 6 & 0x3F));
		o[n++] = (char)(0x80 | (cp & 0x3F));
	}
	sl_buf_add(b, o, n);
}

/* Code points that change how a line looks without being seen. */
static bool
is_trick(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0xAD ||
	       (cp >= 0x200B && cp <= 0x200F) ||
	       (cp >= 0x2028 && cp <= 0x202E) ||
	       (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF ||
	       (cp >= 0xE0000 && cp < 0xE1000);
}

void
sl_text_display(struct sl_buf *out, const char *s, size_t n)
{
	size_t i = 0, at;
	uint32_t cp;

	while (i < n) {
		at = i;
		cp = sl_utf8_next(s, n, &i);
		if (cp == 0xFFFD && i - at == 1)
			sl_buf_printf(out, "\\x%02X", (uint8_t)s[at]);
		else if (is_trick(cp))
			sl_buf_printf(out, cp < 0x100 ? "\\x%02X" : "\\u{%X}",
			    (unsigned)cp);
		else
			sl_buf_add(out, s + at, i - at);
	}
}

void
sl_text_html(struct sl_buf *out, const char *s, size_t n)
{
	size_t i, from = 0;
	const char *as;

	for (i = 0; i < n; i++) {
		as = s[i] == '&'    ? "&amp;"
		     : s[i] == '<'  ? "&lt;"
		     : s[i] == '>'  ? "&gt;"
		     : s[i] == '"'  ? "&quot;"
		     : s[i] == '\'' ? "&#39;"
				    : NULL;
		if (as == NULL)
			continue;
		sl_buf_add(out, s + from, i - from);
		sl_buf_add_str(out, as);
		from = i + 1;
	}
	sl_buf_add(out, s + from, n - from);
}

void
sl_text_json(struct sl_buf *out, const char *s, size_t n)
{
	size_t i = 0, from;
	uint32_t cp;

	sl_buf_add_char(out, '"');
	while (i < n) {
		for (from = i; i < n && s[i] >= ' ' && s[i] <= '~' &&
			       s[i] != '"' && s[i] != '\\';)
			i++;
		sl_buf_add(out, s + from, i - from);
		if (i == n)
			break;
		cp = sl_utf8_next(s, n, &i);
		if (cp == '"' || cp == '\\')
			sl_buf_printf(out, "\\%c", (int)cp);
		else if (cp < 0x20)
			sl_buf_printf(out, "\\u%04x", (unsigned)cp);
		else
			sl_utf8_add(out, cp);
	}
	sl_buf_add_char(out, '"');
}

void
sl_text_csv(struct sl_buf *out, const char *s, size_t n)
{
	size_t i;
	bool quote = false, defuse;

	defuse = n > 0 && strchr("=+-@\t\r", s[0]) != NULL;
	for (i = 0; i < n && !quote; i++)
		quote = strchr(",;\"\r\n", s[i]) != NULL;
	if (quote || defuse)
		sl_buf_add_char(out, '"');
	if (defuse)
		sl_buf_add_char(out, '\'');
	for (i = 0; i < n; i++) {
		if (s[i] == '"')
			sl_buf_add_char(out, '"');
		sl_buf_add_char(out, s[i]);
	}
	if (quote || defuse)
		sl_buf_add_char(out, '"');
}

void
sl_text_lower(struct sl_buf *out, const char *s, size_t n)
{
	size_t i = 0;
	uint32_t cp;

	while (i < n) {
		cp = sl_utf8_next(s, n, &i);
		if ((cp >= 'A' && cp <= 'Z') ||
		    (cp >= 0xC0 && cp <= 0xDE && cp != 0xD7))
			cp += 0x20;
		sl_utf8_add(out, cp);
	}
}

void
sl_hex(const uint8_t *p, size_t n, char *out)
{
	static const char d[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = d[p[i] >> 4];
		out[2 * i + 1] = d[p[i] & 15];
	}
	out[2 * n] = '\0';
}

/* A digit plus one, 0 for anything else: branches on digests, which are random,
 * cost more than hashing. */
static const uint8_t hex_digit[256] = {['0'] = 1,
    ['1'] = 2,
    ['2'] = 3,
    ['3'] = 4,
    ['4'] = 5,
    ['5'] = 6,
    ['6'] = 7,
    ['7'] = 8,
    ['8'] = 9,
    ['9'] = 10,
    ['a'] = 11,
    ['b'] = 12,
    ['c'] = 13,
    ['d'] = 14,
    ['e'] = 15,
    ['f'] = 16,
    ['A'] = 11,
    ['B'] = 12,
    ['C'] = 13,
    ['D'] = 14,
    ['E'] = 15,
    ['F'] = 16};

bool
sl_unhex(const char *s, uint8_t *out, size_t n)
{
	size_t i;
	unsigned hi, lo;

	for (i = 0; i < n; i++) {
		hi = hex_digit[(uint8_t)s[2 * i]];
		lo = hi == 0 ? 0 : hex_digit[(uint8_t)s[2 * i + 1]];
		if (lo == 0)
			return false;
		out[i] = (uint8_t)((hi - 1) << 4 | (lo - 1));
	}
	return s[2 * n] == '\0';
}

bool
sl_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	unsigned d;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		d = (unsigned)(*s - '0');
		if (v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	if (v < min || v > max)
		return false;
	*ret = v;
	return true;
}

/* Day and month, with the offsets of D- (day+40), H- (month+40) and
 * synthetic (month+80, +65) numbers. */
static bool
fnr_date(const uint8_t *d)
{
	int day = d[0] * 10 + d[1], mon = d[2] * 10 + d[3];

	if (day > 40)
		day -= 40;
	if (mon > 80)
		mon -= 80;
	else if (mon > 65)
		mon -= 65;
	else if (mon > 40)
		mon -= 40;
	return day >= 1 && day <= 31 && mon >= 1 && mon <= 12;
}

/* today: by its rule alone. */
static bool
fnr_check(const uint8_t *d, bool today)
{
	static const uint8_t w1[] = {3, 7, 6, 1, 8, 9, 4, 5, 2};
	static const uint8_t w2[] = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
	int i, a = d[9], b = d[10];

	for (i = 0; i < 9; i++)
		a += w1[i] * d[i];
	for (i = 0; i < 10; i++)
		b += w2[i] * d[i];
	/* From 2032 the first check may leave 0..3 (today only 0). */
	return a % 11 <= (today ? 0 : 3) && b % 11 == 0;
}

/* Bytes of what may stand between the parts of a number; 0: something else.
 * Blanks, hyphens and what nobody sees, as word processors put them there. */
static size_t
fnr_gap(const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;

	if (p[0] < 0x80)
		return memchr(" -./\t\r\n", p[0], 7) != NULL ? 1 : 0;
	if (n >= 2 && p[0] == 0xC2)
		return p[1] == 0xA0 || p[1] == 0xAD ? 2 : 0;
	if (n < 3 || p[0] != 0xE2)
		return 0;
	if (p[1] == 0x80)
		return p[2] <= 0x95 || p[2] == 0xAF ? 3 : 0;
	return (p[1] == 0x81 && (p[2] == 0x9F || p[2] == 0xA0)) ||
		       (p[1] == 0x88 && p[2] == 0x92)
		   ? 3
		   : 0;
}

/* Eleven digits at s: bytes of them; 0: they are fewer, or more. Parted behind
 * six, and then also as a date is, or once more behind eight; *ret_parts: into
 * how many. */
static size_t
fnr_digits(const char *s, size_t n, uint8_t *d, unsigned *ret_parts)
{
	size_t j = 0, k = 0, gap;
	unsigned parted = 0; /* a bit for each place */

	while (j < n && k < 11) {
		if (s[j] >= '0' && s[j] <= '9') {
			d[k++] = (uint8_t)(s[j++] - '0');
			continue;
		}
		gap = k > 0 ? fnr_gap(s + j, n - j) : 0;
		if (gap == 0 || (k != 2 && k != 4 && k != 6 && k != 8) ||
		    (k != 6 && (parted & 1u << k) != 0))
			return 0;
		parted |= 1u << k;
		j += gap;
	}
	if (k < 11 || (j < n && s[j] >= '0' && s[j] <= '9'))
		return 0;
	/* Anything else is a telephone, an account, a sum. */
	if (parted != 0 && parted != 1u << 6 &&
	    parted != (1u << 2 | 1u << 4 | 1u << 6) &&
	    parted != (1u << 6 | 1u << 8))
		return 0;
	*ret_parts = parted == 0 ? 1 : parted == 1u << 6 ? 2 : 3;
	return j;
}

bool
sl_find_fnr(const char *s, size_t n, size_t *ret_at, size_t *ret_len)
{
	uint8_t d[11];
	unsigned parts;
	size_t i, len;

	for (i = 0; i + 11 <= n; i++) {
		if (i > 0 && s[i - 1] >= '0' && s[i - 1] <= '9')
			continue;
		len = fnr_digits(s + i, n - i, d, &parts);
		if (len == 0 || !fnr_date(d) || !fnr_check(d, parts > 2))
			continue;
		*ret_at = i;
		*ret_len = len;
		return true;
	}
	return false;
}
