/*
 * Proofs in an RFC 6962 tree: that a leaf is in it, that an older tree is the
 * beginning of a newer one.
 *
 * All are one kind of proof: that leaves start..end-1 with this root are a
 * subtree of a tree of `size` leaves with that root. A leaf is the subtree
 * index..index+1, an older tree is 0..its size. Nodes stand in the order of
 * RFC 6962 §2.1.1 and §2.1.2, from the leaf to the root. Vectors:
 * transparency-dev/merkle (tests/data/merkle).
 */
#ifndef SL_JOURNAL_PROOF_H
#define SL_JOURNAL_PROOF_H

#include "tree.h"

#define SL_PROOF_MAX 128 /* nodes: two for each level */

/* A subtree starts at a multiple of its width rounded up to a power of two. */
bool sl_proof_is_subtree(uint64_t start, uint64_t end);

/* Is what the nodes say true? False for a proof that is too long, too short or
 * about something else; also for an empty older tree, of which nothing can be
 * shown. */
bool sl_proof_subtree(uint64_t start, uint64_t end, uint64_t size,
    const struct sl_digest roots[2], const struct sl_digest *node, size_t n);
bool sl_proof_inclusion(uint64_t index, uint64_t size,
    const struct sl_digest leaf_and_root[2], const struct sl_digest *node,
    size_t n);
bool sl_proof_consistency(uint64_t old_size, uint64_t size,
    const struct sl_digest roots[2], const struct sl_digest *node, size_t n);

/* Root of the leaves start..end-1 (start < end). False: cannot be had. */
typedef bool sl_proof_range_fn(
    void *arg, uint64_t start, uint64_t end, struct sl_digest *ret);
/* Makes the proof of start..end-1 in size: asks for disjoint ranges that,
 * with start..end-1, cover the tree. False: fn failed. node has SL_PROOF_MAX
 * places. */
bool sl_proof_make(uint64_t start, uint64_t end, uint64_t size,
    sl_proof_range_fn *fn, void *arg, struct sl_digest *node, size_t *ret_n);

#endif
