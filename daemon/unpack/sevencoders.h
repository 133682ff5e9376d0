/*
 * The coders of a folder of a 7z, and the same without encryption.
 */
#ifndef SL_UNPACK_SEVENCODERS_H
#define SL_UNPACK_SEVENCODERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_SEVEN_CODERS 16u /* of a folder; 7-Zip makes at most 8 */
#define SL_SEVEN_INS 32u /* streams into them */

enum {
	SL_SEVEN_COPY = 0x0,
	SL_SEVEN_AES = 0x06F10701,
};

struct sl_seven_coder {
	uint64_t method;
	unsigned ins, first_in; /* always one stream comes out */
	const uint8_t *props;
	size_t props_n;
};

/* How a folder is decoded: coder i gives stream i, which goes into `in` of the
 * pair whose `out` is i, or is what the folder holds. */
struct sl_seven_coders {
	unsigned n, ins, pairs, packs;
	struct sl_seven_coder coder[SL_SEVEN_CODERS];
	struct {
		uint8_t in, out;
	} pair[SL_SEVEN_CODERS];
	uint8_t packed[SL_SEVEN_INS]; /* the in of each packed stream */
};

/* Takes the AES coders off: *ret is what is left, outs (one for each coder)
 * becomes theirs, and packs and aes tell for each packed stream what will be
 * its size and the coder that was before it (NULL: none). False: libarchive
 * could not read what is left. */
bool sl_seven_coders_strip(const struct sl_seven_coders *c, uint64_t *outs,
    uint64_t *packs, const struct sl_seven_coder **aes,
    struct sl_seven_coders *ret);
/* Of what is left: bytes that libarchive unpacks before it gives the first. */
uint64_t sl_seven_coders_beside(
    const struct sl_seven_coders *c, const uint64_t *outs);

#endif
