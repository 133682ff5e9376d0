/*
 * The known cases as one plain file: made by slused, mapped by sluse-place.
 *
 * 64 bytes of header, then 64 bytes a case sorted by number, then the strings.
 * Little endian. The whole file is checked (digest, order, every extent) when
 * it is opened; afterwards a look-up is a binary search that cannot fail.
 */
#ifndef SL_PLACE_CASEINDEX_H
#define SL_PLACE_CASEINDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/err.h"

#define SL_CASEINDEX_ROWS_MAX 4000000u
#define SL_CASEINDEX_BYTES_MAX (1u << 30)
#define SL_CASE_NUMBER_MAX 64u

/* Texts are NUL-terminated UTF-8; NULL is "". */
struct sl_case_row {
	const char *number, *title, *status, *unit, *klass, *target_key;
};

/* Slices point into the mapped file and live as long as the index. */
struct sl_known_case {
	uint32_t year, seq; /* 0, 0: a number of another kind */
	bool closed;
	bool doubled; /* another case has the same number */
	struct sl_slice number, title, status, unit, klass, target_key;
};

/* Reads 2026/211, 26/211, 2026-211, 2026/211-3 (a post in the case) or
 * 202600211 (nine digits). Two digits of year: 00..69 are 20xx. */
bool sl_case_number_parse(
    const char *s, size_t n, uint32_t *ret_year, uint32_t *ret_seq);
/* Avsluttet, Utgår, A, U and their like. */
bool sl_case_status_is_closed(const char *status);

/* Writes the index at the start of fd (empty, writable). Overlong texts are
 * cut to the limits of messages.def. SL_REJECT: a number is empty, too long
 * or text is not UTF-8, or too many rows. */
enum sl_rc sl_caseindex_write(
    int fd, const struct sl_case_row *rows, size_t n, struct sl_err *err);

struct sl_caseindex;
/* Maps fd (which may be closed afterwards). SL_REJECT if anything in the file
 * is not as it must be. The file must not be cut while it is mapped. */
enum sl_rc sl_caseindex_open(
    int fd, struct sl_caseindex **ret, struct sl_err *err);
/* NULL is fine. */
void sl_caseindex_free(struct sl_caseindex *x);
uint32_t sl_caseindex_count(const struct sl_caseindex *x);
/* The case with that number, however it is written. */
bool sl_caseindex_find(const struct sl_caseindex *x, const char *s, size_t n,
    struct sl_known_case *ret);
/* The i-th case in order. */
void sl_caseindex_at(
    const struct sl_caseindex *x, uint32_t i, struct sl_known_case *ret);

#endif
