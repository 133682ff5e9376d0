/*
 * The passwords of a task and the keys that were made of them for 7z.
 *
 * A key costs half a million rounds of SHA-256 and more, as the archive says:
 * each is made once, all of a task together are bounded, and sl_keys_free()
 * wipes them.
 */
#ifndef SL_UNPACK_KEYS_H
#define SL_UNPACK_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "../base/err.h"
#include "../base/passwords.h"

#define SL_KEY_BYTES 32u /* AES-256 */
#define SL_KEY_SALT_MAX 16u
#define SL_KEY_POWER_MAX 24u /* 2^24 rounds: the most that 7-Zip takes */
#define SL_KEY_POWER_NONE 0x3Fu /* salt and password are the key */
/* Bytes hashed for all keys of a task: some seconds. */
#define SL_KEYS_HASHED_MAX ((uint64_t)2 << 30)

struct sl_key; /* one made */

struct sl_keys {
	const struct sl_passwords *list; /* lent; NULL: no passwords */
	struct sl_key *made;
	uint64_t hashed;
};

/* The key of the which-th password of the list, lent until sl_keys_free().
 * power is at most SL_KEY_POWER_MAX, or NONE. SL_SKIP: no such password, or not
 * one of characters (UTF-8); SL_REJECT: SL_KEYS_HASHED_MAX is used up. */
enum sl_rc sl_keys_find(struct sl_keys *k, size_t which, unsigned power,
    const uint8_t *salt, size_t salt_n, const uint8_t **ret);
/* Wipes and frees the keys; neither the list nor itself. */
void sl_keys_free(struct sl_keys *k);

#endif
