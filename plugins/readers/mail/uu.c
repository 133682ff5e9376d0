/* See the header. */
#include "uu.h"

#include <string.h>

#define LINE_MAX_BYTES 63u

/* The end of the line at s, without \r and \n; *ret_next: the line after it. */
static const char *
line_end(const char *s, const char *end, const char **ret_next)
{
	const char *nl = memchr(s, '\n', (size_t)(end - s));
	const char *stop = nl ? nl : end;

	*ret_next = nl ? nl + 1 : end;
	while (stop > s && stop[-1] == '\r')
		stop--;
	return stop;
}

/* The bytes a line says it holds; -1 if it is no line of such a file, as no
 * "begin" and no "end" is. Blanks at its end may have been lost, and one letter
 * may follow (a checksum). */
static int
said(const char *s, const char *stop)
{
	size_t n, has = (size_t)(stop - s);

	if (has < 1 || s[0] < ' ' || s[0] > '`')
		return has == 0 ? 0 : -1;
	n = (size_t)(s[0] - ' ') & LINE_MAX_BYTES;
	if (has > (n + 2) / 3 * 4 + 2)
		return -1;
	for (size_t i = 1; i < has; i++)
		if (s[i] < ' ' || s[i] > '`')
			return -1;
	return (int)n;
}

/* "begin 644 name" */
static bool
is_begin(const char *s, const char *stop, struct uu_file *ret)
{
	const char *p = s + 6;
	size_t digits = 0;

	if (stop - s < 11 || memcmp(s, "begin ", 6) != 0)
		return false;
	while (p < stop && *p >= '0' && *p <= '7' && digits < 5)
		p++, digits++;
	if (digits < 3 || digits > 4 || p + 1 >= stop || *p != ' ')
		return false;
	ret->begin = s;
	ret->name = p + 1;
	ret->name_n = (size_t)(stop - p - 1);
	return true;
}

/* Do lines of a file follow, up to its "end"? */
static bool
holds_file(const char *s, const char *end, struct uu_file *ret)
{
	const char *stop, *next;
	unsigned lines = 0;
	int n;

	ret->lines = s;
	ret->cut = false;
	for (; s < end; s = next, lines++) {
		stop = line_end(s, end, &next);
		if (stop - s == 3 && memcmp(s, "end", 3) == 0) {
			ret->end = next;
			return lines > 0;
		}
		n = said(s, stop);
		if (n < 0 && next == end)
			break; /* cut off within a line */
		if (n < 0)
			return false;
	}
	ret->end = end;
	ret->cut = true;
	return lines > 0;
}

bool
uu_find(const char *s, size_t n, struct uu_file *ret)
{
	const char *end = s + n, *next;

	for (; s < end; s = next) {
		const char *stop = line_end(s, end, &next);

		if (is_begin(s, stop, ret) && holds_file(next, end, ret))
			return true;
	}
	return false;
}

static unsigned
six(const char *s, const char *stop)
{
	return s < stop ? (unsigned)(*s - ' ') & 0x3F : 0;
}

size_t
uu_line(const char **s, const char *end, char out[64])
{
	while (*s < end) {
		const char *p = *s + 1, *stop = line_end(*s, end, s);
		int n = said(p - 1, stop);
		size_t o = 0;

		if (n < 0)
			return 0;
		for (; o < (size_t)n; p += 4) {
			unsigned w = six(p, stop) << 18 |
				     six(p + 1, stop) << 12 |
				     six(p + 2, stop) << 6 | six(p + 3, stop);

			for (int k = 16; k >= 0 && o < (size_t)n; k -= 8)
				out[o++] = (char)(w >> k & 0xFF);
		}
		if (o > 0)
			return o;
	}
	return 0;
}

size_t
uu_cut(char *s, size_t n, unsigned files)
{
	struct uu_file f;
	size_t at = 0, out = 0, keep;

	for (; files > 0 && uu_find(s + at, n - at, &f); files--) {
		keep = (size_t)(f.begin - (s + at));
		memmove(s + out, s + at, keep);
		out += keep;
		at = (size_t)(f.end - s);
	}
	memmove(s + out, s + at, n - at);
	return out + (n - at);
}
