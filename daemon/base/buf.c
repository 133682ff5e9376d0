#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define BUF_MAX_DEFAULT ((size_t)64 << 20)

static bool
reserve(struct sl_buf *b, size_t n)
{
	size_t max = b->max != 0 ? b->max : BUF_MAX_DEFAULT;

	if (b->full || n > max || b->n > max - n) {
		b->full = true;
		return false;
	}
	if (b->n + n + 1 > b->cap || b->p == NULL)
		b->p = sl_grow(b->p, &b->cap, b->n + n + 1, 1);
	return true;
}

char *
sl_buf_room(struct sl_buf *b, size_t n)
{
	return reserve(b, n) ? b->p + b->n : NULL;
}

void
sl_buf_grown(struct sl_buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = '\0';
}

void
sl_buf_add(struct sl_buf *b, const void *p, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n != 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
sl_buf_add_str(struct sl_buf *b, const char *s)
{
	sl_buf_add(b, s, strlen(s));
}

void
sl_buf_add_char(struct sl_buf *b, char c)
{
	if (!reserve(b, 1))
		return;
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
}

void
sl_buf_printf(struct sl_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void
sl_buf_reset(struct sl_buf *b)
{
	b->n = 0;
	b->full = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

void
sl_buf_free(struct sl_buf *b)
{
	free(b->p);
	*b = (struct sl_buf){.max = b->max};
}

const char *
sl_buf_str(const struct sl_buf *b)
{
	return b->p != NULL ? b->p : "";
}

struct sl_slice
sl_slice_str(const char *s)
{
	return (struct sl_slice){s, s != NULL ? (uint32_t)strlen(s) : 0};
}

struct sl_slice
sl_slice_buf(const struct sl_buf *b)
{
	return (struct sl_slice){b->p, (uint32_t)b->n};
}

bool
sl_slice_eq(struct sl_slice a, const char *s)
{
	return a.n == strlen(s) && (a.n == 0 || memcmp(a.p, s, a.n) == 0);
}

bool
sl_slice_copy(struct sl_slice s, char *dst, size_t cap)
{
	size_t n = s.n < cap ? s.n : cap - 1;

	if (n < s.n)
		while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
			n--;
	if (n > 0)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
	return n == s.n;
}

bool
sl_slice_line(struct sl_slice *s, struct sl_slice *ret)
{
	const char *nl = s->n > 0 ? memchr(s->p, '\n', s->n) : NULL;

	if (nl == NULL)
		return false;
	*ret = (struct sl_slice){s->p, (uint32_t)(nl - s->p)};
	s->n -= ret->n + 1;
	s->p = nl + 1;
	return true;
}
