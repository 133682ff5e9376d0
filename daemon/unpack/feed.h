/*
 * Bytes shown to libarchive through its callbacks: an extent of a file, or
 * what is made of one while it is read.
 */
#ifndef SL_UNPACK_FEED_H
#define SL_UNPACK_FEED_H

#include <archive.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Like sl_extent_read(). */
typedef ssize_t sl_feed_read_fn(const void *of, void *p, size_t n, uint64_t at);

/* libarchive 3.6 calls PPMd in a 7z damaged where a character's bytes lie in
 * two blocks; in one of this size comes what is packed to less. */
#define SL_FEED_SEVEN ((size_t)16 << 20)

struct sl_feed {
	sl_feed_read_fn *read;
	const void *of; /* lent, given to read */
	uint64_t size;
	uint64_t at; /* of libarchive's reading */
	uint64_t given; /* to it, in all */
	bool hit_end; /* it wanted more than there was */
	size_t block_max; /* that libarchive gets at a time; 0: 64 KiB */
	uint8_t *block;
	size_t block_n;
};

/* The read function of a struct sl_extent. */
ssize_t sl_feed_read_extent(const void *of, void *p, size_t n, uint64_t at);
/* Opens a (formats and filters are set) on read, of and size, from the start.
 * f is freed after a. ARCHIVE_OK or not. */
int sl_feed_open(struct sl_feed *f, struct archive *a);
/* Frees what it holds, not itself. */
void sl_feed_free(struct sl_feed *f);

#endif
