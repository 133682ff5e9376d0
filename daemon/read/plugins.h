/*
 * The readers: shared objects loaded once by the parent, never unloaded.
 */
#ifndef SL_READ_PLUGINS_H
#define SL_READ_PLUGINS_H

#include "../../plugins/reader.h"
#include "../base/err.h"

#define SL_READERS_MAX 64

/* Loads and warms every *.so of the folder. SL_FATAL if one cannot be used (it
 * or the folder may be written by others; another ABI; no such symbol; warm
 * failed): what was asked for must be there. SL_SKIP: no such folder. */
enum sl_rc sl_readers_load(
    const char *dir, const struct sluse_reader_host *host, struct sl_err *err);
/* The same for one that is linked in (tests). */
enum sl_rc sl_reader_add(const struct sluse_reader *r,
    const struct sluse_reader_host *host, struct sl_err *err);
/* The i-th that takes a MIME type: those with an exact row, then those with
 * "text/", each by the name of their file. NULL after the last. */
const struct sluse_reader *sl_reader_for(const char *mime, size_t i);
/* The i-th; NULL after the last. */
const struct sluse_reader *sl_reader_at(size_t i);

#endif
