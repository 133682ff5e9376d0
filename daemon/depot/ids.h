/*
 * Which systemIDs there are, of what kind, and where: 24 bytes each.
 */
#ifndef SL_DEPOT_IDS_H
#define SL_DEPOT_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_id {
	uint8_t b[16];
	uint32_t line; /* 0: the slot is free */
	uint8_t kind, seen; /* the caller's */
};
struct sl_ids {
	struct sl_id *slot;
	size_t slots, n;
};

/* 36 characters of a UUID, in either case; false if it is none. */
bool sl_id_parse(const char *s, uint8_t *ret);
/* Room for so many, so that it need not grow. */
void sl_ids_reserve(struct sl_ids *t, size_t n);
/* Puts it in (line > 0). Result: the one that was there before, else NULL. */
const struct sl_id *sl_ids_add(
    struct sl_ids *t, const uint8_t *id, uint8_t kind, uint32_t line);
/* NULL: it is not there. */
struct sl_id *sl_ids_find(const struct sl_ids *t, const uint8_t *id);
void sl_ids_free(struct sl_ids *t);

#endif
