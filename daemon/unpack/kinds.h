/*
 * The archives that are opened: which MIME types mean one, and what of
 * libarchive each is read with.
 *
 * Left out, and so kept whole: CAB, ISO, RAR, LHA, whose readers in libarchive
 * 3.6 crash or hang on known files ("all" would also start programs); mtree,
 * which names files of the machine that reads it; xar, warc, rpm and deb, which
 * are formats in their own right.
 */
#ifndef SL_UNPACK_KINDS_H
#define SL_UNPACK_KINDS_H

#include <archive.h>

#include "unpack.h"

/* Formats and filters of one kind, by name. ARCHIVE_OK or not. */
int sl_archive_support(struct archive *a, enum sl_archive kind);
/* A compressed file without a name inside: its own name less the last part
 * ("brev.txt.xz" holds brev.txt, "a.tgz" a.tar). "data" if there is nothing to
 * take away. */
void sl_archive_inner_name(const char *outer, struct sl_buf *name);

/* Five bytes, "sluse", in each kind but zip and tar: for the warming. */
struct sl_archive_sample {
	enum sl_archive kind;
	const uint8_t *p;
	size_t n;
};
extern const struct sl_archive_sample sl_archive_samples[];
extern const size_t sl_archive_samples_count;

#endif
