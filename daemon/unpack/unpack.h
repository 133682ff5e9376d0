/*
 * Archives opened, by libarchive's named formats and filters (kinds.h).
 *
 * Only the data of plain files comes out, into the task's output file as
 * extents; a name is a remark beside it and never reaches a file system.
 */
#ifndef SL_UNPACK_UNPACK_H
#define SL_UNPACK_UNPACK_H

#include "../base/extent.h"
#include "budget.h"
#include "keys.h"
#include "names.h"

enum sl_archive {
	SL_ARCHIVE_NONE = 0,
	SL_ARCHIVE_ZIP = 1,
	SL_ARCHIVE_TAR = 2,
	SL_ARCHIVE_ZIP_STREAMED = 3, /* its directory is missing */
	SL_ARCHIVE_7ZIP = 4,
	SL_ARCHIVE_CPIO = 5,
	SL_ARCHIVE_AR = 6,
	SL_ARCHIVE_GZIP = 10, /* from here on: of a tar, or of one file */
	SL_ARCHIVE_BZIP2 = 11,
	SL_ARCHIVE_XZ = 12,
	SL_ARCHIVE_LZMA = 13,
	SL_ARCHIVE_LZIP = 14,
	SL_ARCHIVE_ZSTD = 15,
	SL_ARCHIVE_LZ4 = 16,
	SL_ARCHIVE_COMPRESS = 17,
};

/* What lay in the archive, in its order. Pointers live for the call. */
struct sl_member {
	bool skipped; /* folder, link, device: no bytes */
	const uint8_t *name_raw;
	size_t name_raw_n;
	const char *name; /* UTF-8 */
	const char *name_charset;
	uint64_t offset, size; /* in the output file */
	const char *reason; /* slug, or NULL if it came whole */
	const char *warnings; /* slugs with commas between, "" if none */
};
typedef void sl_member_fn(void *arg, const struct sl_member *m);

/* How it went for the archive as such. */
struct sl_unpacked {
	const char *reason; /* slug, or NULL */
	bool cut_off; /* its end is missing: damaged, or still arriving */
	uint32_t members;
	uint32_t lost; /* named in the directory, but not reached */
	const char *warnings; /* static, "" if none */
	unsigned password; /* which of the list opened it, from 1; 0: none */
	bool untried; /* it is closed, and not all of the list were tried */
};

/* In the parent: tables of names, libarchive run once. */
enum sl_rc sl_unpack_warm(struct sl_err *err);
/* Which of them a MIME type is. */
enum sl_archive sl_archive_of(const char *mime);
/* Unpacks x. outer = the archive's own name, for a gzip that has none inside.
 * A zip's encrypted members are read with the first of keys (may be NULL) that
 * reads the first of them to its end; a 7z's with the first that opens what
 * they were packed together with (seven.h).
 * SL_OK also where the archive is bad: *ret says how. Else the output file
 * failed (SL_RETRY, SL_FATAL). */
enum sl_rc sl_unpack(enum sl_archive kind, const struct sl_extent *x,
    const char *outer, struct sl_keys *keys, struct sl_budget *b,
    sl_member_fn *fn, void *arg, struct sl_unpacked *ret, struct sl_err *err);

#endif
