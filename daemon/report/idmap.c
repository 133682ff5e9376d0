/*
 * Open addressing, at most three quarters full.
 */
#include "idmap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/names.h"

#define ID_MASK ((UINT64_C(1) << SL_IDMAP_BITS) - 1)

void
sl_idmap_begin(struct sl_idmap *m, size_t n)
{
	assert(n < SL_IDMAP_MAX);
	m->slots = n + n / 3 + 16;
	m->left = n;
	m->slot = sl_alloc(m->slots * sizeof(*m->slot));
}

/* The bits of the hash that are not kept, over the slots there are. */
static size_t
slot_of(const struct sl_idmap *m, uint64_t h)
{
	return (size_t)((h & ID_MASK) * m->slots >> SL_IDMAP_BITS);
}

void
sl_idmap_add(struct sl_idmap *m, const char *text, uint32_t id)
{
	uint64_t h = sl_hash_text(text);
	size_t at;

	if (m->left == 0)
		return;
	m->left--;
	at = slot_of(m, h);
	while (m->slot[at] != 0)
		at = at + 1 < m->slots ? at + 1 : 0;
	m->slot[at] = (h & ~ID_MASK) | id;
}

uint32_t
sl_idmap_find(const struct sl_idmap *m, const char *text)
{
	uint64_t h = sl_hash_text(text);
	size_t at;

	if (m->slots == 0)
		return 0;
	for (at = slot_of(m, h); m->slot[at] != 0;
	     at = at + 1 < m->slots ? at + 1 : 0)
		if (((m->slot[at] ^ h) & ~ID_MASK) == 0)
			return (uint32_t)(m->slot[at] & ID_MASK);
	return 0;
}

void
sl_idmap_free(struct sl_idmap *m)
{
	free(m->slot);
	memset(m, 0, sizeof(*m));
}
