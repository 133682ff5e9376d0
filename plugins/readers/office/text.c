/*
 * Text as it is put together, with all its sizes.
 */
#include <stdlib.h>
#include <string.h>

#include "../lib/codepage.h"
#include "office.h"

void
text_free(struct text *t)
{
	free(t->p);
	memset(t, 0, sizeof(*t));
}

void
text_add(struct text *t, const char *p, size_t n)
{
	if (n > t->max - t->n) {
		t->full = true;
		n = t->max - t->n;
		while (n > 0 && ((unsigned char)p[n] & 0xC0) == 0x80)
			n--; /* not inside a character */
	}
	if (t->n + n + 1 > t->cap) {
		size_t cap = (t->n + n + 1) * 2;
		char *q = realloc(t->p, cap);

		if (!q) {
			t->full = true;
			return;
		}
		t->p = q;
		t->cap = cap;
	}
	if (n)
		memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = 0;
}

void
text_str(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_char(struct text *t, uint32_t c)
{
	char b[4];
	size_t n = 0;

	if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
		return;
	if ((c >= 0xD800 && c < 0xE000) || c > 0x10FFFF)
		c = 0xFFFD;
	if (c < 0x80) {
		b[n++] = (char)c;
	} else if (c < 0x800) {
		b[n++] = (char)(0xC0 | c >> 6);
	} else if (c < 0x10000) {
		b[n++] = (char)(0xE0 | c >> 12);
		b[n++] = (char)(0x80 | (c >> 6 & 0x3F));
	} else {
		b[n++] = (char)(0xF0 | c >> 18);
		b[n++] = (char)(0x80 | (c >> 12 & 0x3F));
		b[n++] = (char)(0x80 | (c >> 6 & 0x3F));
	}
	if (c >= 0x80)
		b[n++] = (char)(0x80 | (c & 0x3F));
	text_add(t, b, n);
}

void
text_line(struct text *t)
{
	while (t->n > 0 && (t->p[t->n - 1] == '\t' || t->p[t->n - 1] == ' '))
		t->n--;
	if (t->n > 0 && t->p[t->n - 1] != '\n')
		text_add(t, "\n", 1);
}

void
text_utf16(struct text *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 2 <= n; i += 2) {
		uint32_t c = le16(p + i), low;

		if (c >= 0xD800 && c < 0xDC00 && i + 4 <= n) {
			low = le16(p + i + 2);
			if (low >= 0xDC00 && low < 0xE000) {
				c = 0x10000 + ((c - 0xD800) << 10) +
				    (low - 0xDC00);
				i += 2;
			}
		}
		text_char(t, c == '\r' || c == 0x0B ? '\n' : c);
	}
}

void
text_bytes(struct text *t, unsigned codepage, const uint8_t *p, size_t n)
{
	char *out = NULL;
	size_t got = 0;

	if (n > t->max)
		n = t->max;
	if (codepage_decode(
		codepage ? codepage : 1252, p, n, n * 4 + 16, &out, &got) == 0)
		text_add(t, out, got);
	else
		t->full = true;
	free(out);
}

bool
text_blank(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr(" \t\n", p[i]))
			return false;
	return true;
}
