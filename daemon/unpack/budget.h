/*
 * What a task may still produce, and the output file it goes to.
 *
 * One budget per task, for unpacked members, embedded files of readers and page
 * images alike. Bytes are counted as they really come; what a header claims
 * counts for nothing. A limit of 0 is no limit. Once a limit is met `limit`
 * names it and every further member fails.
 */
#ifndef SL_UNPACK_BUDGET_H
#define SL_UNPACK_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/err.h"

/* Below this nobody cares how well something was packed. */
#define SL_RATIO_FROM ((uint64_t)1 << 20)

struct sl_budget {
	int fd; /* the output file, lent; read-write */
	uint64_t at; /* its end so far */
	uint64_t input_bytes; /* the base of the ratio */
	uint32_t members_max, ratio_max;
	uint64_t member_bytes_max, total_bytes_max, out_bytes;
	uint64_t room_bytes; /* of the disk; beyond is disk_full */

	uint32_t members;
	uint64_t produced, put;
	uint64_t start; /* of the member being written */
	const char *limit; /* slug of the limit that was met, or NULL */
	bool at_output; /* a limit_bytes that is out_bytes, not the total */
	uint8_t *stage;
	size_t staged;
};

/* A member begins. SL_REJECT: limit_members. */
enum sl_rc sl_budget_begin(struct sl_budget *b, struct sl_err *err);
/* Its bytes. SL_REJECT: a limit; SL_RETRY: disk_full; SL_FATAL: disk_error. */
enum sl_rc sl_budget_write(
    struct sl_budget *b, const void *p, size_t n, struct sl_err *err);
/* n zero bytes (a hole of a sparse file), counted like others. */
enum sl_rc sl_budget_hole(struct sl_budget *b, uint64_t n, struct sl_err *err);
/* The member is whole; from now on it can be read at its extent. */
enum sl_rc sl_budget_end(struct sl_budget *b, uint64_t *ret_offset,
    uint64_t *ret_size, struct sl_err *err);
/* Page images: bytes beside the count of unpacked ones, outside a member. */
enum sl_rc sl_budget_image(
    struct sl_budget *b, const void *p, size_t n, struct sl_err *err);
/* ": [limits] KEY = VALUE" of the limit that was met, as sluse.conf has it;
 * empty where it has no key. depth_max is counted by whoever nests. */
void sl_budget_name_limit(
    const struct sl_budget *b, uint32_t depth_max, char *out, size_t cap);
/* Frees what it holds, not itself. */
void sl_budget_free(struct sl_budget *b);

#endif
