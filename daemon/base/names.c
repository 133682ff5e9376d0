/*
 * Texts by small numbers.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define NAMES_MAX 65535u

/* Eight bytes at a time. */
size_t
sl_hash_text(const char *s)
{
	size_t n = strlen(s);
	uint64_t h = n * UINT64_C(0x9E3779B97F4A7C15), part;

	for (; n >= sizeof(part); n -= sizeof(part), s += sizeof(part)) {
		memcpy(&part, s, sizeof(part));
		h = (h ^ part) * UINT64_C(0x9FB21C651E98DF25);
		h ^= h >> 32;
	}
	part = 0;
	memcpy(&part, s, n);
	h = (h ^ part) * UINT64_C(0x9FB21C651E98DF25);
	return (size_t)(h ^ h >> 29);
}

static void
names_grow(struct sl_names *t)
{
	size_t i, at;

	free(t->slot);
	t->slots = t->slots == 0 ? 256 : t->slots * 2;
	t->slot = sl_alloc(t->slots * sizeof(*t->slot));
	for (i = 1; i < t->n; i++) {
		at = sl_hash_text(t->text[i]) & (t->slots - 1);
		while (t->slot[at] != 0)
			at = (at + 1) & (t->slots - 1);
		t->slot[at] = (uint32_t)i;
	}
}

unsigned
sl_names_add(struct sl_names *t, const char *s)
{
	size_t at;

	if (t->n == 0) {
		t->text = sl_grow(t->text, &t->cap, 1, sizeof(*t->text));
		t->text[t->n++] = sl_strdup("");
	}
	if (*s == '\0')
		return 0;
	if (t->n * 2 >= t->slots)
		names_grow(t);
	at = sl_hash_text(s) & (t->slots - 1);
	for (; t->slot[at] != 0; at = (at + 1) & (t->slots - 1))
		if (strcmp(t->text[t->slot[at]], s) == 0)
			return t->slot[at];
	if (t->n >= NAMES_MAX)
		return 0;
	t->text = sl_grow(t->text, &t->cap, t->n + 1, sizeof(*t->text));
	t->text[t->n] = sl_strdup(s);
	t->slot[at] = (uint32_t)t->n;
	return (unsigned)t->n++;
}

void
sl_names_copy(struct sl_names *to, const struct sl_names *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		(void)sl_names_add(to, from->text[i]);
}

void
sl_names_free(struct sl_names *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->text[i]);
	free(t->text);
	free(t->slot);
	memset(t, 0, sizeof(*t));
}
