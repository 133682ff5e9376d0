/*
 * BER, as far as a CMS envelope needs it: heads of elements in a file, and the
 * pieces of a string that may be cut into many.
 *
 * Nothing is trusted: a length beyond the extent, a tag of more than one byte
 * and nesting over a limit are errors. Memory does not grow with the input.
 */
#ifndef SL_DECRYPT_BER_H
#define SL_DECRYPT_BER_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/err.h"
#include "../base/extent.h"

#define SL_BER_DEPTH 16 /* strings within strings; elements without length */
#define SL_BER_WINDOW 4096

struct sl_ber {
	const struct sl_extent *x; /* lent */
	uint64_t window_at;
	size_t window_n;
	uint8_t window[SL_BER_WINDOW];
};

struct sl_tlv {
	uint8_t tag; /* with its class and the bit for constructed */
	bool indefinite; /* ends with two zero bytes among its children */
	uint64_t at; /* where its tag stands */
	uint64_t body; /* where its content begins */
	uint64_t end; /* behind it; of an indefinite one not known: 0 */
};

void sl_ber_init(struct sl_ber *b, const struct sl_extent *x);
/* The head of the element at `at`; a definite one lies wholly below limit.
 * SL_BROKEN: damaged. */
enum sl_rc sl_ber_head(struct sl_ber *b, uint64_t at, uint64_t limit,
    struct sl_tlv *ret, struct sl_err *err);
/* The two zero bytes that end an indefinite element? */
bool sl_ber_is_end(const struct sl_tlv *t);
/* Where the next element begins. SL_BROKEN: damaged. */
enum sl_rc sl_ber_skip(struct sl_ber *b, const struct sl_tlv *t, uint64_t limit,
    uint64_t *ret, struct sl_err *err);

/* The pieces of an octet string. */
struct sl_ber_pieces {
	struct sl_ber *b;
	uint64_t at; /* the next element; at the end: behind the string */
	unsigned depth;
	struct {
		bool indefinite;
		uint64_t limit;
	} level[SL_BER_DEPTH];
	uint64_t piece, left; /* of the piece at hand: place, bytes */
};

/* t: the string, of any tag; constructed if that bit is set. */
void sl_ber_pieces_init(struct sl_ber_pieces *p, struct sl_ber *b,
    const struct sl_tlv *t, uint64_t limit);
/* The next piece that is not empty, in p->piece and p->left. SL_SKIP: there
 * are no more. SL_BROKEN: damaged. */
enum sl_rc sl_ber_pieces_next(struct sl_ber_pieces *p, struct sl_err *err);

#endif
