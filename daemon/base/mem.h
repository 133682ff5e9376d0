/*
 * Memory: allocation that ends the process, scope-bound cleanup, arenas.
 *
 * Running out of memory ends the process: state is on disk and the supervisor
 * restarts us. Every size that comes from a document is checked against a named
 * limit before it gets here.
 */
#ifndef SL_BASE_MEM_H
#define SL_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory of n bytes; never NULL. Free with free(). */
void *sl_alloc(size_t n) __attribute__((malloc, returns_nonnull));
/* Like realloc, never NULL (n > 0). */
void *sl_realloc(void *p, size_t n) __attribute__((returns_nonnull));
/* Room for `want` items of `size` bytes, grown by doubling; updates *cap. */
void *sl_grow(void *p, size_t *cap, size_t want, size_t size)
    __attribute__((returns_nonnull));
char *sl_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *sl_strndup(const char *s, size_t n)
    __attribute__((malloc, returns_nonnull));
/* printf into fresh memory. */
char *sl_asprintf(const char *fmt, ...)
    __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

void sl_cleanup_free(void *pp);
/* Closed once, whoever asks: *fd is -1 then, errno as it was. */
void sl_cleanup_close(int *fd);
/* Scope-owned: `SL_FREE char *s = ...;` `SL_CLOSE int fd = -1;` */
#define SL_FREE __attribute__((cleanup(sl_cleanup_free)))
#define SL_CLOSE __attribute__((cleanup(sl_cleanup_close)))

/* Hand a scope-owned pointer or descriptor on to somebody else. */
#define SL_TAKE(p)                                                             \
	__extension__({                                                        \
		__typeof__(p) sl_take_ = (p);                                  \
		(p) = NULL;                                                    \
		sl_take_;                                                      \
	})
int sl_take_fd(int *fd);

/* One arena per job: everything in it is freed at once. */
struct sl_arena;
struct sl_arena *sl_arena_new(void);
void *sl_arena_alloc(struct sl_arena *a, size_t n)
    __attribute__((returns_nonnull));
char *sl_arena_strndup(struct sl_arena *a, const char *s, size_t n)
    __attribute__((returns_nonnull));
/* NULL is fine. */
void sl_arena_free(struct sl_arena *a);

#endif
