/*
 * The text of a page whose pictures are to be recognised beside it, packed: it
 * lies right behind the page's image in the output file, goes to sluse-ocr with
 * it, and comes back with what was recognised put behind it.
 *
 * u32 bytes of text, the text, then a row of SL_WORD_PACKED bytes a word (as in
 * R_BOXES); little endian.
 */
#ifndef SL_READ_BESIDE_H
#define SL_READ_BESIDE_H

#include "../base/err.h"
#include "page.h"

#define SL_WORD_PACKED 16u
#define SL_BESIDE_MAX                                                          \
	(4 + SL_PAGE_TEXT_MAX + (size_t)SL_PAGE_WORDS_MAX * SL_WORD_PACKED)

/* One word; p holds SL_WORD_PACKED bytes. */
void sl_word_pack(const struct sl_word *w, uint8_t *p);
/* Appends p's text and words to b. */
void sl_beside_pack(const struct sl_page *p, struct sl_buf *b);
/* Into p, which is empty. False: not something that was packed (p may then
 * hold a part of it). */
bool sl_beside_unpack(const uint8_t *b, size_t n, struct sl_page *p);
/* Puts the words of read behind those of p, an empty line between. Words below
 * least (thousandths) are left out: a photograph has some for every reader.
 * Result: how many were taken; *ret_sum adds their confidences up. */
unsigned sl_beside_append(struct sl_page *p, const struct sl_page *read,
    unsigned least, uint64_t *ret_sum);

#endif
