/*
 * A growable byte buffer with a ceiling, and slices.
 *
 * A write past the ceiling drops the bytes and sets `full`; callers check it
 * once at the end.
 */
#ifndef SL_BASE_BUF_H
#define SL_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes; not NUL-terminated unless its giver says so. */
struct sl_slice {
	const char *p;
	uint32_t n;
};

struct sl_buf {
	char *p; /* always NUL-terminated once something was added */
	size_t n, cap;
	size_t max; /* 0 = 64 MiB */
	bool full;
};

void sl_buf_add(struct sl_buf *b, const void *p, size_t n);
void sl_buf_add_str(struct sl_buf *b, const char *s);
void sl_buf_add_char(struct sl_buf *b, char c);
void sl_buf_printf(struct sl_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for n bytes behind what is there, to be written to directly; NULL (full)
 * if there is none. They count once sl_buf_grown says how many came. */
char *sl_buf_room(struct sl_buf *b, size_t n);
void sl_buf_grown(struct sl_buf *b, size_t n);
/* Empties it, keeps the memory. */
void sl_buf_reset(struct sl_buf *b);
void sl_buf_free(struct sl_buf *b);
/* The text so far, never NULL. */
const char *sl_buf_str(const struct sl_buf *b);
/* Scope-owned buffer: `SL_BUF struct sl_buf b = {0};` */
#define SL_BUF __attribute__((cleanup(sl_buf_free)))

struct sl_slice sl_slice_str(const char *s);
struct sl_slice sl_slice_buf(const struct sl_buf *b);
bool sl_slice_eq(struct sl_slice a, const char *s);
/* Takes the first line off s, without its newline; false if there is none. */
bool sl_slice_line(struct sl_slice *s, struct sl_slice *ret);
/* Copy into a fixed array, cut at a UTF-8 boundary, always terminated.
 * Result: true if all of it fitted. */
bool sl_slice_copy(struct sl_slice s, char *dst, size_t cap);

#endif
