/*
 * Content that goes: because the law wants it, or because the target has held
 * it long enough.
 *
 * Numbers, digests, times, outcomes and the journal's leaves stay. Rows are
 * emptied in the transaction of the leaf that says so; files go after its
 * commit, from a list that outlives a crash.
 */
#ifndef SL_STORE_ERASE_H
#define SL_STORE_ERASE_H

#include "store.h"

#define SL_ERASE_LOOK 200 /* consignments a call */

/* Looks at the next SL_ERASE_LOOK consignments after the id *at, which moves on
 * (0: those were the last), for those that are done and whose every document
 * the targets were seen to hold, by digest, since before that time. ids has
 * SL_ERASE_LOOK places. Result: how many. */
size_t sl_erase_due(
    struct sl_store *s, int64_t before_ms, int64_t *at, int64_t *ids);
/* Was its content erased? */
bool sl_erase_done(struct sl_store *s, int64_t consignment);

/* Appends "[1,2,..]": the leaves of a consignment that have a payload. */
enum sl_rc sl_erase_list(struct sl_store *s, int64_t consignment,
    struct sl_buf *out, struct sl_err *err);
/* Of the consignment, in the transaction whose next leaf is the event: its
 * payloads and all content. */
enum sl_rc sl_erase_content(
    struct sl_store *s, int64_t consignment, struct sl_err *err);
/* The payload of one leaf. SL_REJECT: it has none, or says what was erased. */
enum sl_rc sl_erase_payload(
    struct sl_store *s, uint64_t seq, struct sl_err *err);

/* After the commit: removes files of the store that are listed, copies of the
 * database made before a migration, and what is left in the write-ahead log.
 * False: something could not be removed now; to be called again. */
bool sl_erase_files(struct sl_store *s, const char *root);
/* The next listed one of a queue's folder; false if there is none. */
bool sl_erase_next_folder(struct sl_store *s, char *queue, size_t queue_cap,
    char *reception, size_t cap);
enum sl_rc sl_erase_folder_gone(
    struct sl_store *s, const char *reception, struct sl_err *err);

#endif
