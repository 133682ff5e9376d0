/*
 * Rows by a text of theirs: some eleven bytes for each, the text itself is not
 * kept. Two texts are taken for one if 38 bits of their hashes are the same and
 * the others lead to the same place: of a million against a million, one pair
 * in some thousands of years of daily reports.
 */
#ifndef SL_REPORT_IDMAP_H
#define SL_REPORT_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#define SL_IDMAP_BITS 26
/* Ids are below this. */
#define SL_IDMAP_MAX (UINT32_C(1) << SL_IDMAP_BITS)

/* Zeroed is empty, and finds nothing. */
struct sl_idmap {
	uint64_t *slot; /* upper bits of the hash, and the id; 0: free */
	size_t slots, left; /* left: texts that it takes still */
};
/* For at most n texts: what is more is not kept. */
void sl_idmap_begin(struct sl_idmap *m, size_t n);
/* Where a text is there already, the first stays. */
void sl_idmap_add(struct sl_idmap *m, const char *text, uint32_t id);
/* 0: none */
uint32_t sl_idmap_find(const struct sl_idmap *m, const char *text);
void sl_idmap_free(struct sl_idmap *m);

#endif
