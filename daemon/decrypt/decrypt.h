/*
 * sluse-decrypt's task: one envelope in, its clear text out, and nothing else.
 *
 * It knows no zip, no mail and no PDF: what the clear text is, sluse-work finds
 * out as of any other part.
 */
#ifndef SL_DECRYPT_DECRYPT_H
#define SL_DECRYPT_DECRYPT_H

#include "../base/extent.h"
#include "../worker/worker.h"
#include "keys.h"

/* Reads and tries the algorithms and each key once: in the parent, after the
 * keys were loaded. SL_FATAL: a key cannot open what its certificate closed. */
enum sl_rc sl_decrypt_warm(struct sl_keys *k, struct sl_err *err);

/*
 * The clear text of the envelope in x to the start of out, with memory that
 * does not depend on its size. *ret_key: the fingerprint of the key that opened
 * it.
 *
 * SL_HOLD: key_missing (it names no certificate of ours), unsupported (an
 * algorithm that is not known here). SL_BROKEN: damaged; also where the key
 * does not fit after all, or the tag or the padding is wrong: these are not
 * told apart, neither in words nor by what is done. SL_REJECT: limit_bytes.
 * SL_FATAL: the disk takes no more. SL_RETRY: disk_error (it cannot be read,
 * which says nothing of it). On failure out is empty.
 */
enum sl_rc sl_decrypt(const struct sl_keys *k, const struct sl_extent *x,
    int out, uint64_t *ret_size, struct sl_digest *ret_key, struct sl_err *err);

/* The worker's (worker.h): k is what sl_decrypt_run uses from now on. */
void sl_decrypt_use(const struct sl_keys *k);
int sl_decrypt_run(const struct sl_msg_task *t, const int *fds);

#endif
