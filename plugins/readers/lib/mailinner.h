/*
 * The place of a mail inside a mail: its bytes are handed on as they stand,
 * since writing it anew by GMime would not keep them (signatures, DKIM).
 */
#ifndef READERS_MAILINNER_H
#define READERS_MAILINNER_H

#include <gmime/gmime.h>
#include <stdbool.h>

#include "../../reader.h"

/* Where its headers begin in the source, -1 if that is not known. */
gint64 mailinner_start(GMimeMessage *m);
/* The first part of a multipart, headers too, from start to end: what a
 * signature beside it is about. bounds: boundaries open about the multipart.
 * false: its bytes cannot be found. */
bool mailinner_first(const struct sluse_reader_host *host,
    struct sluse_source *s, GMimeObject *multipart, const GPtrArray *bounds,
    gint64 *ret_start, gint64 *ret_end);
/* Where it ends; bounds = boundaries of all multiparts about it. */
gint64 mailinner_end(const struct sluse_reader_host *host,
    struct sluse_source *s, const GPtrArray *bounds, gint64 start);

#endif
