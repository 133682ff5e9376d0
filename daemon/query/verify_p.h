/*
 * What verifying the database and verifying an export have in common. For this
 * room.
 */
#ifndef SL_QUERY_VERIFY_P_H
#define SL_QUERY_VERIFY_P_H

#include "../journal/leaf.h"
#include "query_p.h"

struct sl_check {
	struct sl_verify *v;
	const struct sl_verify_ask *ask;
	struct sl_tree tree;
	struct sl_buf lines;
	struct sl_vkey keys[SL_VERIFY_KEYS_MAX]; /* whose word counts */
	size_t keys_n;
	uint64_t against_size; /* UINT64_MAX: none, or seen */
};

void sl_check_begin(
    struct sl_check *c, const struct sl_verify_ask *ask, struct sl_verify *ret);
/* Frees what it holds, and says what has not come. */
void sl_check_end(struct sl_check *c);
/* Notes a fault, unless there is one already. */
void sl_check_fault(struct sl_check *c, uint64_t first, uint64_t last,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Looks at the lines of leaf seq; its hash is the caller's. False: it is no
 * leaf (a fault was noted), and ret must not be used. */
bool sl_check_leaf(struct sl_check *c, uint64_t seq, struct sl_slice bytes,
    struct sl_leaf *ret);
/* One leaf more in the tree, or 2^level. Where the tree has the size of the
 * head from outside, that is looked at: never add more than up to there. */
void sl_check_add(
    struct sl_check *c, unsigned level, const struct sl_digest *hash);
/* A signed head of exactly the leaves so far. */
void sl_check_head(struct sl_check *c, struct sl_slice note);
/* Has the witness that was asked for cosigned that head? (A fault if not.) */
void sl_check_witness(struct sl_check *c, struct sl_slice note);
/* The same without a journal. */
bool sl_is_witnessed(
    const struct sl_vkey *witness, struct sl_slice note, struct sl_err *err);
/* A key of the journal, oldest first: counts if it was asked for, or (nothing
 * asked) always, or if a key that counts has introduced it. */
void sl_check_key(
    struct sl_check *c, struct sl_slice vkey, struct sl_slice introduction);
/* salt and body of a leaf against its digest. */
void sl_check_payload(struct sl_check *c, const struct sl_leaf *l,
    struct sl_slice salt, struct sl_slice body);

#endif
