/*
 * RFC 6962 Merkle tree, growing at its right edge.
 *
 * Only the roots of the full subtrees are kept (at most 64 hashes); appending
 * is O(log n) and the root of any size can be had from them.
 * Vectors: transparency-dev/merkle (in tests/unit/test_journal.c).
 */
#ifndef SL_JOURNAL_TREE_H
#define SL_JOURNAL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/hash.h"

#define SL_TREE_NODES_MAX 64

struct sl_tree {
	uint64_t size;
	/* Largest subtree first: one for each bit set in size. */
	struct sl_digest nodes[SL_TREE_NODES_MAX];
};

#define SL_TREE_LEAF 0 /* the byte before a leaf */

/* SHA-256(0x00 || leaf) */
void sl_tree_leaf_hash(const void *p, size_t n, struct sl_digest *ret);
/* SHA-256(0x01 || left || right) */
void sl_tree_node_hash(const struct sl_digest *left,
    const struct sl_digest *right, struct sl_digest *ret);

/* Of n pairs; ret may be where they are. */
void sl_tree_node_hashes(
    const struct sl_digest *pairs, size_t n, struct sl_digest *ret);

void sl_tree_append(struct sl_tree *t, const struct sl_digest *leaf_hash);
/* The root of a full subtree of 2^level leaves at once; size must be a multiple
 * of that. */
void sl_tree_append_subtree(
    struct sl_tree *t, unsigned level, const struct sl_digest *root);
/* Of the empty tree: SHA-256 of nothing. */
void sl_tree_root(const struct sl_tree *t, struct sl_digest *ret);

/* How many nodes a tree of this size keeps. */
size_t sl_tree_nodes(uint64_t size);

#endif
