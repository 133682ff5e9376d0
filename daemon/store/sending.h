/*
 * Deliveries that are being sent and whose row does not say so durably yet.
 *
 * Before anything is sent that may make something, "this may have reached the
 * target" must be durable. The row of the database says it at the next commit,
 * which carries many posts and so is late; a record of some bytes in
 * <root>/db/sending is there at once. It counts until that commit, and after a
 * crash it is put into the row it was written for.
 *
 * Each record has the generation of the transaction it runs ahead of; what the
 * database holds of generations is in the same transactions, so a record that
 * was overtaken is told from one that was not.
 */
#ifndef SL_STORE_SENDING_H
#define SL_STORE_SENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/err.h"

#define SL_SENDING_MAX 128 /* records in one generation */

struct sl_sending;

/* Opens <root>/db/sending, or makes it; on a full disk there is none, and
 * nothing can be put. known: the generation that the database holds. ids
 * (SL_SENDING_MAX of them) and *ret_n get the deliveries that were sent and not
 * committed; *ret_torn whether a record cannot be read, so that it may have
 * been any. What is told here is told again until the next
 * sl_sending_committed. SL_FATAL: disk_error. */
enum sl_rc sl_sending_open(const char *root, uint64_t known,
    struct sl_sending **ret, int64_t *ids, unsigned *ret_n, bool *ret_torn,
    struct sl_err *err);
/* NULL is fine. */
void sl_sending_close(struct sl_sending *s);

/* The generation of the records put from now on. */
uint64_t sl_sending_generation(const struct sl_sending *s);
/* None put in it so far? */
bool sl_sending_is_fresh(const struct sl_sending *s);
/* Durable when it returns SL_OK. SL_SKIP: it cannot be (no room, or it could
 * not be written); the commit must be waited for. SL_FATAL: the sync failed. */
enum sl_rc sl_sending_put(
    struct sl_sending *s, int64_t delivery, struct sl_err *err);
/* 0, or the errno with which it could not be written last. Tries again every
 * second, if nothing in it counts; may block. */
int sl_sending_mend(struct sl_sending *s);
/* The transaction is committed: what was put counts no more. */
enum sl_rc sl_sending_committed(struct sl_sending *s, struct sl_err *err);

#endif
