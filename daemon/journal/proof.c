/*
 * Both ways are the recursion of RFC 6962 §2.1.2, which goes down along the
 * subtree's edge; verifying takes one node where making gives one. It is at
 * most 64 levels deep.
 */
#include "proof.h"

#include <string.h>

struct verify {
	struct sl_digest sub; /* said to be the subtree's root */
	const struct sl_digest *node;
	size_t n, at;
};

struct make {
	sl_proof_range_fn *fn;
	void *arg;
	struct sl_digest *node;
	size_t n;
};

/* The largest power of two below n (n > 1). */
static uint64_t
split(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

bool
sl_proof_is_subtree(uint64_t start, uint64_t end)
{
	uint64_t width = end - start;

	if (start >= end || width > UINT64_C(1) << 62)
		return false;
	return start % (width > 1 ? split(width) * 2 : 1) == 0;
}

static bool
take(struct verify *v, struct sl_digest *ret)
{
	if (v->at == v->n)
		return false;
	*ret = v->node[v->at++];
	return true;
}

/* The root of the tree of n leaves as the proof has it, and that of its part
 * start..end-1; whole: that part is the subtree itself, whose root is known. */
static bool
rebuild(struct verify *v, const uint64_t range[3], bool whole,
    struct sl_digest *ret_sub, struct sl_digest *ret_root)
{
	uint64_t start = range[0], end = range[1], n = range[2], k;
	struct sl_digest other;

	if (start == 0 && end == n) {
		if (whole)
			*ret_sub = v->sub;
		else if (!take(v, ret_sub))
			return false;
		*ret_root = *ret_sub;
		return true;
	}
	k = split(n);
	if (end <= k) {
		if (!rebuild(v, (const uint64_t[]){start, end, k}, whole,
			ret_sub, ret_root) ||
		    !take(v, &other))
			return false;
		sl_tree_node_hash(ret_root, &other, ret_root);
		return true;
	}
	if (!rebuild(v,
		(const uint64_t[]){start < k ? 0 : start - k, end - k, n - k},
		whole && start >= k, ret_sub, ret_root) ||
	    !take(v, &other))
		return false;
	sl_tree_node_hash(&other, ret_root, ret_root);
	if (start < k)
		sl_tree_node_hash(&other, ret_sub, ret_sub);
	return true;
}

bool
sl_proof_subtree(uint64_t start, uint64_t end, uint64_t size,
    const struct sl_digest roots[2], const struct sl_digest *node, size_t n)
{
	struct verify v = {.sub = roots[0], .node = node, .n = n};
	struct sl_digest sub, root;

	if (!sl_proof_is_subtree(start, end) || end > size ||
	    size > UINT64_C(1) << 62 || n > SL_PROOF_MAX)
		return false;
	return rebuild(&v, (const uint64_t[]){start, end, size}, true, &sub,
		   &root) &&
	       v.at == n && memcmp(&sub, &roots[0], sizeof(sub)) == 0 &&
	       memcmp(&root, &roots[1], sizeof(root)) == 0;
}

bool
sl_proof_inclusion(uint64_t index, uint64_t size,
    const struct sl_digest leaf_and_root[2], const struct sl_digest *node,
    size_t n)
{
	return index < size &&
	       sl_proof_subtree(index, index + 1, size, leaf_and_root, node, n);
}

bool
sl_proof_consistency(uint64_t old_size, uint64_t size,
    const struct sl_digest roots[2], const struct sl_digest *node, size_t n)
{
	return old_size > 0 &&
	       sl_proof_subtree(0, old_size, size, roots, node, n);
}

static bool
give(struct make *m, uint64_t base, uint64_t start, uint64_t end)
{
	return m->n < SL_PROOF_MAX &&
	       m->fn(m->arg, base + start, base + end, &m->node[m->n++]);
}

static bool
walk(struct make *m, uint64_t base, const uint64_t range[3], bool whole)
{
	uint64_t start = range[0], end = range[1], n = range[2], k;

	if (start == 0 && end == n)
		return whole || give(m, base, 0, n);
	k = split(n);
	if (end <= k)
		return walk(
			   m, base, (const uint64_t[]){start, end, k}, whole) &&
		       give(m, base, k, n);
	return walk(m, base + k,
		   (const uint64_t[]){
		       start < k ? 0 : start - k, end - k, n - k},
		   whole && start >= k) &&
	       give(m, base, 0, k);
}

bool
sl_proof_make(uint64_t start, uint64_t end, uint64_t size,
    sl_proof_range_fn *fn, void *arg, struct sl_digest *node, size_t *ret_n)
{
	struct make m = {.fn = fn, .arg = arg, .node = node};

	if (!sl_proof_is_subtree(start, end) || end > size ||
	    size > UINT64_C(1) << 62)
		return false;
	if (!walk(&m, 0, (const uint64_t[]){start, end, size}, true))
		return false;
	*ret_n = m.n;
	return true;
}
