/*
 * A list of known cases as CSV (RFC 4180): comma or semicolon, UTF-8 with or
 * without byte order mark, or Latin-1.
 *
 * The header names the columns: saksnummer (needed), tittel, saksstatus, enhet,
 * klasse, in any order; others are passed over, and named.
 */
#ifndef SL_CLI_CSV_H
#define SL_CLI_CSV_H

#include <stddef.h>

#include "../base/err.h"

#define SL_CSV_BYTES_MAX ((size_t)64 << 20)

/* Texts live for the call. */
struct sl_csv_case {
	const char *number, *title, *status, *unit, *klass;
	unsigned line; /* where its row begins */
};
typedef enum sl_rc sl_csv_fn(
    void *arg, const struct sl_csv_case *c, struct sl_err *err);

/* A column that is passed over, as the header has it. */
typedef void sl_csv_column_fn(void *arg, const char *name);

struct sl_csv_reader {
	sl_csv_fn *row;
	sl_csv_column_fn *unknown; /* or NULL */
	void *arg;
};

/* Each case of the text. SL_REJECT: "line 12: what is wrong". */
enum sl_rc sl_csv_cases(const char *text, size_t n,
    const struct sl_csv_reader *to, struct sl_err *err);
/* The same of a file. */
enum sl_rc sl_csv_file(
    const char *path, const struct sl_csv_reader *to, struct sl_err *err);

#endif
