/*
 * A 7z that is encrypted, shown without its encryption: another 7z that is made
 * while it is read. Own code reads its header and decrypts (AES-256 in CBC mode
 * can be entered at any block, so nothing is kept); libarchive, which knows no
 * encryption of 7z, unpacks what it is shown as it does any other.
 *
 * A key is believed only if what it opens has its checksum; where that cannot
 * be seen, for size or memory, none is. Folders that no password of the list
 * opens are shown as files without a byte.
 */
#ifndef SL_UNPACK_SEVEN_H
#define SL_UNPACK_SEVEN_H

#include <stdbool.h>

#include "../base/extent.h"
#include "budget.h"
#include "feed.h"
#include "keys.h"

struct sl_seven;

struct sl_seven_opened {
	const char *closed; /* why the header stays closed: a slug */
	/* Which of the list fitted the first folder that one fitted, from 1; 0:
	 * none. Others may have fitted others. */
	unsigned password;
	bool untried; /* not every password was: it would have cost too much */
};

/* SL_OK: *ret_seven is to be shown instead of x, and borrows its descriptor and
 * the keys. SL_SKIP: x is not encrypted, there are no passwords, or its header
 * cannot be read. SL_HOLD: the header itself stays closed. *ret is set but for
 * SL_SKIP. b's limit of a member bounds what is unpacked to try a key. */
enum sl_rc sl_seven_open(const struct sl_extent *x, struct sl_keys *keys,
    const struct sl_budget *b, struct sl_seven **ret_seven,
    struct sl_seven_opened *ret);
/* NULL is fine. */
void sl_seven_free(struct sl_seven *s);

/* A sl_feed_read_fn of a struct sl_seven, and how many bytes it has. */
ssize_t sl_seven_read(const void *of, void *p, size_t n, uint64_t at);
uint64_t sl_seven_size(const struct sl_seven *s);
/* Why the i-th file of the archive stays closed, in libarchive's order:
 * "encrypted", "unsupported", "limit_member" or "limit_memory"; NULL: it does
 * not. */
const char *sl_seven_closed(const struct sl_seven *s, size_t i);

#endif
