/*
 * A zip read through the host's table.
 *
 * libzip, since it finds members by name and reads through callbacks; the
 * archives of daemon/unpack are read by libarchive, which goes through all
 * members for each one.
 */
#ifndef READERS_ZIPREAD_H
#define READERS_ZIPREAD_H

#include <stddef.h>
#include <stdint.h>
#include <zip.h>

#include "../../reader.h"

struct zipread {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	uint64_t at; /* libzip's own place */
};

/* z is to live as long as *ret_zip, which the caller discards. Result: of
 * enum sluse_read_rc. */
int zipread_open(struct zipread *z, zip_t **ret_zip);
/* All of a member, at most max bytes; free(). NULL if not. */
uint8_t *zipread_bytes(zip_t *zip, zip_uint64_t i, size_t max, size_t *ret_n);
/* Sees the bytes of a part as they go out. */
typedef void zipread_fn(void *arg, const void *p, size_t n);
/* A member as a part; fn may be NULL. Non-zero: stop. */
int zipread_part(const struct zipread *z, zip_t *zip, struct sluse_sink *k,
    zip_uint64_t i, struct sluse_part *part, zipread_fn *fn, void *arg);

#endif
