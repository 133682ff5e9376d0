/*
 * A run of bytes inside a file, read by pread: no shared file offset.
 */
#ifndef SL_BASE_EXTENT_H
#define SL_BASE_EXTENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sl_extent {
	int fd; /* lent */
	uint64_t offset, size;
};

/* Up to n bytes from `at` (counted from the extent's start) into p; never past
 * its end. Bytes read, fewer only at the end; -1 with errno. May block. */
ssize_t sl_extent_read(
    const struct sl_extent *x, void *p, size_t n, uint64_t at);

#endif
