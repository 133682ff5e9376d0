/*
 * The original: copied from the inlet while it is hashed.
 */
#ifndef SL_READ_COPY_H
#define SL_READ_COPY_H

#include <stdint.h>

#include "../base/err.h"
#include "../base/hash.h"

/* Copies the whole file `in` to `out`, paced so that a large one never stalls
 * others that sync, and syncs it. bytes_max 0 = no limit.
 * SL_RETRY file_changing: it was written to meanwhile; disk_full.
 * SL_REJECT limit_input. SL_FATAL disk_error. */
enum sl_rc sl_copy_original(int in, int out, uint64_t bytes_max,
    uint64_t *ret_size, struct sl_digest *ret, struct sl_err *err);

#endif
