/*
 * The journal's signed heads and keys, as the store keeps them.
 */
#ifndef SL_STORE_HEADS_H
#define SL_STORE_HEADS_H

#include "../journal/checkpoint.h"
#include "../journal/tree.h"
#include "store.h"

#define SL_KEYS_MAX 64u /* of one journal */

/* The tree as it will be committed; what it was when nothing is written. */
const struct sl_tree *sl_store_tree(const struct sl_store *s);
/* The journal's name, in leaves and checkpoints. */
const char *sl_store_origin(const struct sl_store *s);
/* From the next leaf on. */
void sl_store_rename(struct sl_store *s, const char *origin);

/* The tree when it had that many leaves: from the nearest head before it.
 * False: it never had so many, or a leaf is missing. */
bool sl_store_tree_at(struct sl_store *s, uint64_t size, struct sl_tree *ret);

/* The first leaf from seq `from` on that tells of that event. False: none. */
bool sl_store_find_event(
    struct sl_store *s, uint64_t from, enum sl_event event, uint64_t *ret);

/* How many leaves there are up to the last one that tells of anything but marks
 * on heads; of a log that was opened, all. */
uint64_t sl_store_loud(const struct sl_store *s);

/* Root of the leaves start..end-1, start being a multiple of the width rounded
 * up to a power of two: from what heads on the way have kept, so that few
 * leaves are read. False: some are missing. (sl_proof_range_fn; arg: the
 * store.) */
bool sl_store_range(
    void *store, uint64_t start, uint64_t end, struct sl_digest *ret);

/* Keeps what was signed over t. */
enum sl_rc sl_head_put(struct sl_store *s, const struct sl_tree *t,
    const char *note, struct sl_err *err);
/* The latest signed head of at most that size (INT64_MAX: of all): its note is
 * appended. False if there is none. */
bool sl_head_last(
    struct sl_store *s, uint64_t max, uint64_t *ret_size, struct sl_buf *note);

/* The next key; introduction is NULL for the first. */
enum sl_rc sl_journal_key_put(struct sl_store *s, const struct sl_vkey *k,
    const char *introduction, struct sl_err *err);
/* Up to SL_KEYS_MAX, oldest first. Result: how many. */
size_t sl_journal_keys(struct sl_store *s, struct sl_vkey *ret);

#endif
