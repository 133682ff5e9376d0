#include "tree.h"

#include <assert.h>
#include <string.h>

#define NODE 1 /* the byte before two digests */

void
sl_tree_leaf_hash(const void *p, size_t n, struct sl_digest *ret)
{
	sl_sha256_tagged(SL_TREE_LEAF, p, n, ret);
}

void
sl_tree_node_hash(const struct sl_digest *left, const struct sl_digest *right,
    struct sl_digest *ret)
{
	struct sl_digest both[2] = {*left, *right};

	sl_sha256_tagged(NODE, both, sizeof(both), ret);
}

void
sl_tree_node_hashes(
    const struct sl_digest *pairs, size_t n, struct sl_digest *ret)
{
	sl_sha256_pairs(NODE, pairs, n, ret);
}

size_t
sl_tree_nodes(uint64_t size)
{
	return (size_t)__builtin_popcountll(size);
}

void
sl_tree_append_subtree(
    struct sl_tree *t, unsigned level, const struct sl_digest *root)
{
	size_t n = sl_tree_nodes(t->size);
	struct sl_digest h = *root;
	uint64_t s;

	assert(t->size % (UINT64_C(1) << level) == 0);
	/* Each trailing one bit is a full subtree that the new one completes
	 * to a larger one. */
	for (s = t->size >> level; (s & 1) != 0; s >>= 1)
		sl_tree_node_hash(&t->nodes[--n], &h, &h);
	assert(n < SL_TREE_NODES_MAX);
	t->nodes[n] = h;
	t->size += UINT64_C(1) << level;
}

void
sl_tree_append(struct sl_tree *t, const struct sl_digest *leaf_hash)
{
	sl_tree_append_subtree(t, 0, leaf_hash);
}

void
sl_tree_root(const struct sl_tree *t, struct sl_digest *ret)
{
	size_t n = sl_tree_nodes(t->size);

	if (n == 0) {
		sl_sha256("", 0, ret);
		return;
	}
	*ret = t->nodes[--n];
	while (n > 0)
		sl_tree_node_hash(&t->nodes[--n], ret, ret);
}
