/*
 * Names inside archives: from whatever bytes stand there to UTF-8.
 *
 * The raw bytes are kept beside; the decoded name is for people and rules and
 * is never used as a path.
 */
#ifndef SL_UNPACK_NAMES_H
#define SL_UNPACK_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/err.h"

#define SL_NAME_MAX 4096u /* bytes kept of a name, raw or decoded */

/* Builds the tables of the old character sets by iconv; in the parent, before
 * lock-down. SL_FATAL: this system has no such converter. */
enum sl_rc sl_names_warm(struct sl_err *err);

/* Appends the name in UTF-8 without NUL, at most SL_NAME_MAX bytes. utf8 = its
 * writer says it is. Result: the character set, static. */
const char *sl_name_decode(
    const uint8_t *raw, size_t n, bool utf8, struct sl_buf *out);
/* The same for a name in a zip directory: also the Unicode path extra field
 * (0x7075), believed only if it was made for these raw bytes. */
const char *sl_name_decode_zip(const uint8_t *raw, size_t n, unsigned flags,
    const uint8_t *extra, size_t extra_n, struct sl_buf *out);

#endif
