/*
 * A 7z made while it is read: the packed streams of another, decrypted where
 * there is a key, behind a header that tells of no encryption.
 */
#ifndef SL_UNPACK_SEVENVIEW_H
#define SL_UNPACK_SEVENVIEW_H

#include <stdbool.h>

#include "../base/err.h"
#include "../base/extent.h"
#include "keys.h"
#include "sevenhead.h"

/* How a folder is shown: opened with the password of that number, or so. Of
 * what is closed there remain files without a byte. */
enum {
	SL_SEVEN_PLAIN = -1, /* as it stands */
	SL_SEVEN_CLOSED = -2, /* no password fits */
	SL_SEVEN_UNSUPPORTED = -3, /* closed, whatever the password */
	/* closed, since no password could be seen to fit */
	SL_SEVEN_TOO_LARGE = -4,
	SL_SEVEN_NO_MEMORY = -5,
};

struct sl_seven_piece; /* a packed stream as it is shown */

struct sl_seven_view {
	struct sl_extent x; /* its descriptor is lent */
	struct sl_seven_piece *pieces;
	size_t pieces_n;
	uint64_t head_at; /* behind the pieces */
	/* Unpacked before the first byte comes out, of folders opened. */
	uint64_t beside;
	struct sl_buf head;
	uint8_t start[SL_SEVEN_START];
};

/* as: one for each folder of h, which is not needed afterwards. The keys are
 * lent by `keys`. *ret is the caller's to free, however it went. SL_HOLD: no
 * password opens one of the folders here; else as sl_keys_find(). */
enum sl_rc sl_seven_view_make(const struct sl_extent *x, struct sl_keys *keys,
    const struct sl_seven_head *h, const int *as, struct sl_seven_view *ret);
/* Frees what it holds, not itself. */
void sl_seven_view_free(struct sl_seven_view *v);
/* A sl_feed_read_fn of a struct sl_seven_view, and how many bytes it has. */
ssize_t sl_seven_view_read(const void *of, void *p, size_t n, uint64_t at);
uint64_t sl_seven_view_size(const struct sl_seven_view *v);
/* Do the bytes that fill the last encrypted block say that the key is right?
 * They say so where there are enough of them, all zero as 7-Zip makes them;
 * false says nothing. */
bool sl_seven_view_tail_fits(const struct sl_seven_view *v);

#endif
