/*
 * A list of known cases as CSV (RFC 4180): comma or semicolon, UTF-8 with or
 * without byte order mark, or Latin-1.
 *
 * The header names the columns: saksnummer (needed), tittel, saksstatus, enhet,
 * klasse, in any order; others are passed over.
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

/* Each case of the text. SL_REJECT: "line 12: what is wrong". */
enum sl_rc sl_csv_cases(
    const char *text, size_t n, sl_csv_fn *fn, void *arg, struct sl_err *err);
/* The same of a file. */
enum sl_rc sl_csv_file(
    const char *path, sl_csv_fn *fn, void *arg, struct sl_err *err);

#endif
