/*
 * Reading from a source until it is full.
 */
#ifndef READERS_READFULL_H
#define READERS_READFULL_H

#include <stddef.h>
#include <stdint.h>

#include "../../reader.h"

/* Bytes read, filling as much of n as there is; -1 on failure. */
static inline int64_t
read_full(const struct sluse_reader_host *host, struct sluse_source *s, void *p,
    size_t n, uint64_t off)
{
	size_t got = 0;

	while (got < n) {
		int64_t k =
		    host->read_at(s, (char *)p + got, n - got, off + got);

		if (k < 0)
			return -1;
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return (int64_t)got;
}

#endif
