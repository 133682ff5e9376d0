/*
 * The header of a 7z: which packed streams it has, which coders open them, and
 * what comes out. Read by ourselves because libarchive 3.6 knows no AES and
 * refuses the header as a whole.
 *
 * Everything in it is hostile. Names and times are not looked at: they are
 * handed on as they stand.
 */
#ifndef SL_UNPACK_SEVENHEAD_H
#define SL_UNPACK_SEVENHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "sevencoders.h"

#define SL_SEVEN_START 32u /* bytes of the fixed header before everything */

struct sl_seven_folder {
	const uint8_t *raw; /* its coders as they stand */
	size_t raw_n;
	size_t first_out, first_pack, first_stream;
	uint32_t outs, packs, streams;
	uint32_t main; /* the out that is what it holds */
	uint64_t size; /* of that */
	uint32_t crc;
	bool has_crc, is_aes;
};

struct sl_seven_pack {
	uint64_t at, size; /* in the file */
};

/* One file's bytes within what a folder holds, in order. */
struct sl_seven_stream {
	uint64_t size;
	uint32_t crc;
	bool has_crc;
};

struct sl_seven_head {
	bool encoded; /* its one folder holds the header itself */
	struct sl_seven_pack *packs;
	uint64_t *outs; /* sizes of what each coder gives */
	struct sl_seven_folder *folders;
	struct sl_seven_stream *streams;
	size_t packs_n, outs_n, folders_n, streams_n;
	size_t outs_cap, streams_cap;
	const uint8_t *files; /* the rest, as it stands */
	size_t files_n;
	size_t count; /* of the files and folders in it */
	const uint8_t *empty; /* a bit for each that has no stream, or NULL */
};

/* The fixed header: where the header lies; false: none, or not whole. */
bool sl_seven_start_read(const uint8_t start[SL_SEVEN_START], uint64_t *ret_at,
    uint64_t *ret_size, uint32_t *ret_crc);
/* What stands in n bytes of header of a file of file_bytes; *ret points into
 * them. False: not readable. */
bool sl_seven_head_read(
    const uint8_t *p, size_t n, uint64_t file_bytes, struct sl_seven_head *ret);
void sl_seven_head_free(struct sl_seven_head *h);
/* Has the i-th file no stream? */
bool sl_seven_head_is_empty(const struct sl_seven_head *h, size_t i);

/* The coders of a folder of a header that was read. */
void sl_seven_coders_read(
    const struct sl_seven_folder *f, struct sl_seven_coders *ret);
/* -- writing -- */
void sl_seven_add_number(struct sl_buf *b, uint64_t v);
void sl_seven_add_coders(struct sl_buf *b, const struct sl_seven_coders *c);
/* A header of all that h tells but its folders' coders, which `coders` holds
 * one behind the other. */
void sl_seven_add_head(struct sl_buf *b, const struct sl_seven_head *h,
    const struct sl_buf *coders);
void sl_seven_start_write(
    uint8_t start[SL_SEVEN_START], uint64_t at, const struct sl_buf *head);

#endif
