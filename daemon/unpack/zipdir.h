/*
 * The central directory of a zip: what lies in it, without unpacking.
 *
 * Read by ourselves because libarchive 3.6 keeps neither the raw name nor the
 * Unicode path extra field (0x7075), returns no name at all in locale C, and
 * does not see members that overlap. Everything in it is hostile.
 */
#ifndef SL_UNPACK_ZIPDIR_H
#define SL_UNPACK_ZIPDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/err.h"
#include "../base/extent.h"

#define SL_ZIP_ENCRYPTED 0x1u

struct sl_zip_entry {
	uint64_t local; /* its local header, from the extent's start */
	uint64_t packed, size; /* as claimed */
	unsigned flags, method;
	const uint8_t *name, *extra; /* inside the directory's bytes */
	uint16_t name_n, extra_n;
};

struct sl_zip_dir {
	struct sl_zip_entry *entries; /* by place of their local header */
	size_t count;
	uint64_t named; /* how many there are; if partial, as the file says */
	uint8_t *bytes;
	uint64_t end; /* just past the end record without its comment */
	bool partial; /* more than was asked for */
	bool overlap; /* two members share bytes of the file */
	bool differs; /* the end record counts otherwise */
};

/* At most max entries and max_bytes of directory; over that `partial`.
 * SL_SKIP: no end record (no zip, or cut off). SL_HOLD: it is of a zip in
 * several volumes, of which this is the last. SL_BROKEN: not readable. */
enum sl_rc sl_zip_dir_load(const struct sl_extent *x, size_t max,
    size_t max_bytes, struct sl_zip_dir *ret, struct sl_err *err);
void sl_zip_dir_free(struct sl_zip_dir *d);
/* Does x begin like the first of several volumes? One without an end record
 * is that; one with it may be all there is. */
bool sl_zip_is_first_volume(const struct sl_extent *x);
/* The entry whose local header is the last before `at`; NULL if none. */
const struct sl_zip_entry *sl_zip_dir_find(
    const struct sl_zip_dir *d, uint64_t at);

/* The local header that ends (name and extra field included) exactly at `at`
 * and begins not before `from`. bytes holds SL_ZIP_LOCAL_MAX and keeps what
 * *ret points to. */
#define SL_ZIP_LOCAL_MAX (30u + 2u * 65535u)
bool sl_zip_local_ending_at(const struct sl_extent *x, uint64_t from,
    uint64_t at, uint8_t *bytes, struct sl_zip_entry *ret);

#endif
