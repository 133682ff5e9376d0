/*
 * The key of 7zAES: SHA-256 over 2^power rounds of salt, password (UTF-16) and
 * the round's number.
 *
 * SECURITY: whatever held a password or key is wiped before it is freed.
 */
#include "keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/mem.h"
#include "../base/text.h"

#define BATCH ((size_t)64 << 10)
/* What a key counts for at least, so that their number is bounded too. */
#define HASHED_MIN ((uint64_t)256 << 10)
#define NUMBER 8u

struct sl_key {
	struct sl_key *next;
	size_t which, salt_n;
	unsigned power;
	uint8_t salt[SL_KEY_SALT_MAX];
	uint8_t key[SL_KEY_BYTES];
};

/* A password in UTF-16LE; ret holds twice its bytes. */
static size_t
to_utf16(const char *s, uint8_t *ret)
{
	size_t n = strlen(s), i = 0, out = 0;
	uint32_t units[2], cp;
	unsigned count, u;

	while (i < n) {
		cp = sl_utf8_next(s, n, &i);
		count = cp > 0xFFFF ? 2 : 1;
		units[0] = cp > 0xFFFF ? 0xD800 + ((cp - 0x10000) >> 10) : cp;
		units[1] = 0xDC00 + ((cp - 0x10000) & 0x3FF);
		for (u = 0; u < count; u++) {
			ret[out++] = (uint8_t)units[u];
			ret[out++] = (uint8_t)(units[u] >> 8);
		}
	}
	return out;
}

static void
set_number(uint8_t *p, uint64_t v)
{
	unsigned i;

	for (i = 0; i < NUMBER; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* Rounds are laid side by side: hashed one by one, the calls cost more than
 * the hash. */
static void
hash_rounds(const uint8_t *seed, size_t seed_n, unsigned power, uint8_t *key)
{
	size_t round = seed_n + NUMBER, many = BATCH / round, i;
	uint64_t at, all = (uint64_t)1 << power;
	struct sl_sha256 *h = sl_sha256_new();
	uint8_t *b = sl_alloc(BATCH);
	struct sl_digest d;

	for (i = 0; i < many; i++)
		memcpy(b + i * round, seed, seed_n);
	for (at = 0; at < all; at += many) {
		if (many > all - at)
			many = (size_t)(all - at);
		for (i = 0; i < many; i++)
			set_number(b + i * round + seed_n, at + i);
		sl_sha256_add(h, b, many * round);
	}
	sl_sha256_end(h, &d);
	memcpy(key, d.b, SL_KEY_BYTES);
	explicit_bzero(&d, sizeof(d));
	explicit_bzero(b, BATCH);
	free(b);
}

static const uint8_t *
make(struct sl_keys *k, size_t which, unsigned power, const uint8_t *seed,
    size_t seed_n, size_t salt_n)
{
	struct sl_key *e = sl_alloc(sizeof(*e));

	e->which = which;
	e->power = power;
	e->salt_n = salt_n;
	memcpy(e->salt, seed, salt_n);
	if (power == SL_KEY_POWER_NONE)
		memcpy(e->key, seed,
		    seed_n < SL_KEY_BYTES ? seed_n : SL_KEY_BYTES);
	else
		hash_rounds(seed, seed_n, power, e->key);
	e->next = k->made;
	k->made = e;
	return e->key;
}

static const struct sl_key *
look_up(const struct sl_keys *k, size_t which, unsigned power,
    const uint8_t *salt, size_t salt_n)
{
	const struct sl_key *e;

	for (e = k->made; e != NULL; e = e->next)
		if (e->which == which && e->power == power &&
		    e->salt_n == salt_n &&
		    (salt_n == 0 || memcmp(e->salt, salt, salt_n) == 0))
			return e;
	return NULL;
}

enum sl_rc
sl_keys_find(struct sl_keys *k, size_t which, unsigned power,
    const uint8_t *salt, size_t salt_n, const uint8_t **ret)
{
	uint8_t seed[SL_KEY_SALT_MAX + 2 * SL_PASSWORDS_BYTES];
	const struct sl_key *e = look_up(k, which, power, salt, salt_n);
	uint64_t cost = HASHED_MIN, all;
	const char *word;
	size_t n;

	assert(salt_n <= SL_KEY_SALT_MAX);
	assert(power <= SL_KEY_POWER_MAX || power == SL_KEY_POWER_NONE);
	if (e != NULL) {
		*ret = e->key;
		return SL_OK;
	}
	if (k->list == NULL || which >= k->list->n)
		return SL_SKIP;
	word = k->list->item[which];
	if (!sl_utf8_valid(word, strlen(word)))
		return SL_SKIP;
	if (salt_n > 0)
		memcpy(seed, salt, salt_n);
	n = salt_n + to_utf16(word, seed + salt_n);
	all = power == SL_KEY_POWER_NONE ? 0 : (n + NUMBER) << power;
	if (all > cost)
		cost = all;
	if (cost > SL_KEYS_HASHED_MAX - k->hashed) {
		explicit_bzero(seed, sizeof(seed));
		return SL_REJECT;
	}
	k->hashed += cost;
	*ret = make(k, which, power, seed, n, salt_n);
	explicit_bzero(seed, sizeof(seed));
	return SL_OK;
}

void
sl_keys_free(struct sl_keys *k)
{
	struct sl_key *e;

	while ((e = k->made) != NULL) {
		k->made = e->next;
		explicit_bzero(e, sizeof(*e));
		free(e);
	}
}
