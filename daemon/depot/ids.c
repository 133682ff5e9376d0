/*
 * Open addressing. The place comes from a keyed mix of all 16 bytes: who makes
 * the identifiers is not trusted to spread them.
 */
#include "ids.h"

#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/mem.h"
#include "../base/text.h"

bool
sl_id_parse(const char *s, uint8_t *ret)
{
	static const uint8_t dash[] = {8, 13, 18, 23};
	char hex[33];
	size_t i, n = 0, d = 0;

	for (i = 0; i < 36; i++) {
		if (d < 4 && i == dash[d]) {
			if (s[i] != '-')
				return false;
			d++;
			continue;
		}
		if (s[i] >= 'A' && s[i] <= 'F')
			hex[n++] = (char)(s[i] - 'A' + 'a');
		else if ((s[i] >= 'a' && s[i] <= 'f') ||
			 (s[i] >= '0' && s[i] <= '9'))
			hex[n++] = s[i];
		else
			return false;
	}
	hex[n] = '\0';
	return s[36] == '\0' && sl_unhex(hex, ret, 16);
}

static size_t
place_of(const struct sl_ids *t, const uint8_t *id)
{
	static uint64_t key[2];
	uint64_t a, b;

	while (key[0] == 0)
		sl_random(key, sizeof(key));
	memcpy(&a, id, 8);
	memcpy(&b, id + 8, 8);
	a = (a ^ key[0]) * UINT64_C(0x9E3779B97F4A7C15);
	b = (b ^ key[1] ^ a >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
	a ^= b ^ b >> 32;
	return (size_t)((a ^ a >> 31) & (t->slots - 1));
}

static struct sl_id *
find_slot(const struct sl_ids *t, const uint8_t *id)
{
	size_t at = place_of(t, id);

	while (t->slot[at].line != 0 && memcmp(t->slot[at].b, id, 16) != 0)
		at = (at + 1) & (t->slots - 1);
	return &t->slot[at];
}

static void
resize(struct sl_ids *t, size_t slots)
{
	struct sl_ids was = *t;
	size_t i;

	t->slots = slots;
	t->slot = sl_alloc(slots * sizeof(*t->slot));
	for (i = 0; i < was.slots; i++)
		if (was.slot[i].line != 0)
			*find_slot(t, was.slot[i].b) = was.slot[i];
	free(was.slot);
}

void
sl_ids_reserve(struct sl_ids *t, size_t n)
{
	size_t slots = 1024;

	while (slots / 4 * 3 < n)
		slots *= 2;
	if (slots > t->slots)
		resize(t, slots);
}

const struct sl_id *
sl_ids_add(struct sl_ids *t, const uint8_t *id, uint8_t kind, uint32_t line)
{
	struct sl_id *s;

	sl_ids_reserve(t, t->n + 1);
	s = find_slot(t, id);
	if (s->line != 0)
		return s;
	memcpy(s->b, id, 16);
	s->kind = kind;
	s->line = line;
	t->n++;
	return NULL;
}

struct sl_id *
sl_ids_find(const struct sl_ids *t, const uint8_t *id)
{
	struct sl_id *s;

	if (t->slots == 0)
		return NULL;
	s = find_slot(t, id);
	return s->line != 0 ? s : NULL;
}

void
sl_ids_free(struct sl_ids *t)
{
	free(t->slot);
	memset(t, 0, sizeof(*t));
}
