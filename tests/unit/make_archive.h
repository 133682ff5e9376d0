/*
 * Archives made at run time, right or wrong in every respect a test wants.
 */
#ifndef TESTS_UNIT_MAKE_ARCHIVE_H
#define TESTS_UNIT_MAKE_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "../../daemon/base/buf.h"

/* One member of a zip. Zeros mean the honest value. */
struct zip_member {
	const char *name; /* raw bytes; name_n 0 = strlen */
	size_t name_n;
	const void *data;
	size_t n;
	unsigned method; /* 0 or 8; others: stored bytes, method as said */
	unsigned flags;
	const void *extra;
	size_t extra_n;
	const char *local_name; /* another one in the local header */
	uint64_t claim_size; /* another uncompressed size in both headers */
	uint32_t local_at; /* central points here, + 1; no local header */
	unsigned descriptor : 1; /* sizes behind the data, flag 8 */
};

/* Appends a zip of n members, then its directory, comment (may be NULL). */
void make_zip(struct sl_buf *out, const struct zip_member *m, size_t n,
    const char *comment);
/* The 0x7075 field for a raw name. */
size_t make_unicode_extra(uint8_t *out, const char *raw, const char *utf8);

/* Appends one tar header (and data); type '0' file, '1' hard link, '2' symlink,
 * '3' device, '5' folder, '6' fifo. size is claimed; n bytes follow. */
void make_tar(struct sl_buf *out, const char *name, char type, const char *link,
    uint64_t size, const void *data, size_t n);
void make_tar_end(struct sl_buf *out);

/* Appends a gzip of the bytes; name may be NULL. */
void make_gzip(
    struct sl_buf *out, const char *name, const void *data, size_t n);

/* A memfd holding the bytes. */
int make_fd(const void *p, size_t n);

#endif
