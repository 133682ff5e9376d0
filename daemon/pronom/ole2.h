/*
 * What lies in an OLE2 compound file (doc, xls, ppt, msg), read by ourselves.
 *
 * Debian has no C library for it that is small and takes a read function:
 * libgsf brings GLib and GObject, the rest are parts of larger programs. What
 * is needed here is little: the names of the streams and the beginnings of a
 * few. Nothing is followed further than the limits in ole2.c.
 */
#ifndef SL_PRONOM_OLE2_H
#define SL_PRONOM_OLE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/extent.h"

struct sl_ole2;

/* NULL if it is none, or damaged where it matters. Close it. */
struct sl_ole2 *sl_ole2_open(const struct sl_extent *x);
/* NULL is fine. */
void sl_ole2_close(struct sl_ole2 *o);

/* Called with each storage and stream: its path from the root ("A/B", UTF-8,
 * names without a leading control character), and its number. */
typedef void sl_ole2_fn(void *arg, const char *path, size_t n, uint32_t number);
void sl_ole2_each(struct sl_ole2 *o, sl_ole2_fn *fn, void *arg);

/* Up to n first bytes of stream `number`; *ret_all: there are no more. -1 if it
 * is no stream or cannot be read. */
ssize_t sl_ole2_read(
    struct sl_ole2 *o, uint32_t number, uint8_t *p, size_t n, bool *ret_all);

#endif
