/*
 * Texts by small numbers: what a million rows say in a few words (a queue, a
 * reason, a unit).
 */
#ifndef SL_BASE_NAMES_H
#define SL_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* 0 is "". Zeroed is empty: then text is NULL. */
struct sl_names {
	char **text;
	size_t n, cap;
	uint32_t *slot; /* open addressing; 0 = free */
	size_t slots;
};
/* Its number; 0 also once 65535 are there. */
unsigned sl_names_add(struct sl_names *t, const char *s);
/* Into to, which is empty: each gets the same number. */
void sl_names_copy(struct sl_names *to, const struct sl_names *from);
void sl_names_free(struct sl_names *t);

/* For maps in memory only: another machine may give another number. */
size_t sl_hash_text(const char *s);

#endif
