/*
 * GMime's streams over the host's table: the input by read_at, parts out by
 * part_write. No descriptor, no copy of the whole mail in memory.
 */
#ifndef READERS_MAILSTREAM_H
#define READERS_MAILSTREAM_H

#include <gmime/gmime.h>
#include <stdbool.h>

#include "../../reader.h"

/* Reads the source from its start; unref with g_object_unref. */
GMimeStream *mailstream_source(
    const struct sluse_reader_host *host, struct sluse_source *s);

/* What a writing stream does with bytes; non-zero stops it. */
typedef int mailstream_write_fn(void *arg, const char *p, size_t n);
GMimeStream *mailstream_writer(mailstream_write_fn *fn, void *arg);

/* False if a mail's own headers are too long, or it names so many boundaries
 * that GMime, which recurses, might run out of stack. */
bool mailstream_bounded(
    const struct sluse_reader_host *host, struct sluse_source *s);

#endif
