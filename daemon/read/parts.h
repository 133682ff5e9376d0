/*
 * The tree of parts of one task, in the order of their numbers.
 */
#ifndef SL_READ_PARTS_H
#define SL_READ_PARTS_H

#include "../base/mem.h"
#include "host.h"

struct sl_part {
	uint32_t parent, depth;
	enum sl_part_role role;
	const char *name_raw;
	uint32_t name_raw_n;
	const char *name, *name_charset, *declared, *warnings;
	const char *reason; /* slug, or NULL */
	struct sl_extent x;
	uint64_t out_offset; /* 0 for part 0 */
};

struct sl_parts {
	struct sl_part *p;
	size_t count, cap;
	struct sl_arena *arena;
};

/* A copy of all but x, which the caller sets. */
struct sl_part *sl_parts_add(struct sl_parts *l, uint32_t parent,
    uint32_t depth, enum sl_part_role role, const struct sl_member *m,
    const char *declared);
void sl_parts_free(struct sl_parts *l);
/* Adds "name_twice" to those of [from, count) that share a name. */
void sl_parts_mark_twins(struct sl_parts *l, size_t from);

#endif
