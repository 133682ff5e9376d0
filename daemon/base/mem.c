/*
 * FAILURES: no memory = message on stderr and abort of this process (exit 71);
 * nothing is lost, since every accepted state is on disk.
 *
 * Test builds can make the Nth allocation fail: SLUSE_TEST_ALLOC_FAIL=N.
 */
#include "mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define ARENA_BLOCK 16384

static _Noreturn void
die_no_memory(size_t n)
{
	(void)fprintf(stderr, "<2>out of memory want=\"%zu\"\n", n);
	_exit(71);
}

#ifdef SLUSE_TEST
static void
maybe_fail(size_t n)
{
	static uint64_t left;
	static bool asked;
	const char *s;

	if (!asked) {
		asked = true;
		s = getenv("SLUSE_TEST_ALLOC_FAIL");
		if (s != NULL && !sl_parse_u64(s, 0, UINT32_MAX, &left))
			left = 0;
	}
	if (left > 0 && --left == 0)
		die_no_memory(n);
}
#else
#define maybe_fail(n) ((void)(n))
#endif

void *
sl_alloc(size_t n)
{
	void *p;

	maybe_fail(n);
	p = calloc(1, n != 0 ? n : 1);
	if (p == NULL)
		die_no_memory(n);
	return p;
}

void *
sl_realloc(void *p, size_t n)
{
	maybe_fail(n);
	p = realloc(p, n != 0 ? n : 1);
	if (p == NULL)
		die_no_memory(n);
	return p;
}

void *
sl_grow(void *p, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap != 0 ? *cap : 8;

	if (p != NULL && want <= *cap)
		return p;
	while (n < want)
		n *= 2;
	if (size != 0 && n > SIZE_MAX / size)
		die_no_memory(n);
	*cap = n;
	return sl_realloc(p, n * size);
}

char *
sl_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = sl_alloc(len + 1);

	memcpy(p, s, len);
	return p;
}

char *
sl_strdup(const char *s)
{
	return sl_strndup(s, SIZE_MAX - 1);
}

char *
sl_asprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		die_no_memory(0);
	p = sl_alloc((size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
sl_cleanup_free(void *pp)
{
	free(*(void **)pp);
}

void
sl_cleanup_close(int *fd)
{
	int error = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = error;
}

int
sl_take_fd(int *fd)
{
	int n = *fd;

	*fd = -1;
	return n;
}

struct block {
	struct block *next;
	size_t used, size;
	max_align_t data[];
};

struct sl_arena {
	struct block *head;
};

struct sl_arena *
sl_arena_new(void)
{
	return sl_alloc(sizeof(struct sl_arena));
}

void *
sl_arena_alloc(struct sl_arena *a, size_t n)
{
	size_t align = sizeof(max_align_t), size;
	struct block *b = a->head;
	unsigned char *p;

	if (n > SIZE_MAX / 2)
		die_no_memory(n);
	n = (n + align - 1) / align * align;
	if (b == NULL || b->size - b->used < n) {
		size = n > ARENA_BLOCK ? n : ARENA_BLOCK;
		b = sl_alloc(sizeof(*b) + size);
		b->size = size;
		b->next = a->head;
		a->head = b;
	}
	p = (unsigned char *)b->data + b->used;
	b->used += n;
	return p;
}

char *
sl_arena_strndup(struct sl_arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = sl_arena_alloc(a, len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

void
sl_arena_free(struct sl_arena *a)
{
	struct block *b, *next;

	if (a == NULL)
		return;
	for (b = a->head; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}
