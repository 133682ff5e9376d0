/*
 * What a signature in a PDF covers: two runs of bytes with its own hexadecimal
 * value between them. Looked up in the bytes of the file, not in its objects:
 * these are what was signed. Knows nothing of MuPDF.
 */
#ifndef SLUSE_READERS_PDF_BYTERANGE_H
#define SLUSE_READERS_PDF_BYTERANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../reader.h"

struct byterange {
	const struct sluse_reader_host *host;
	struct sluse_source *source;
	uint64_t first_n, second, second_n; /* the first begins at 0 */
	uint64_t at; /* of reading: bytes given out */
};

/* The four numbers of a ByteRange, held against the file. NULL, or static
 * words for what is wrong with them. */
const char *byterange_open(struct byterange *r,
    const struct sluse_reader_host *host, struct sluse_source *s,
    const int64_t number[4]);
/* For signed_content: both runs, one behind the other. */
int64_t byterange_read(void *range, void *p, size_t n);
/* The bytes that the gap spells, at most max; free(). NULL: the gap is not
 * exactly one hexadecimal string. */
uint8_t *byterange_value(struct byterange *r, size_t max, size_t *ret_n);
/* Does the second run end where a revision does, behind its %%EOF? */
bool byterange_ends_revision(struct byterange *r);
/* Bytes behind it, and how many %%EOF stand in them. */
uint64_t byterange_added(struct byterange *r, unsigned *ret_revisions);

#endif
