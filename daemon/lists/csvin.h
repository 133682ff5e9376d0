/*
 * A CSV file somebody gives us: comma, semicolon or tab, UTF-8 with or without
 * byte order mark, or Latin-1. Hostile: sizes are limited, a bad line is named
 * by its number only.
 */
#ifndef SL_LISTS_CSVIN_H
#define SL_LISTS_CSVIN_H

#include <stdio.h>

#include "../base/buf.h"
#include "../base/err.h"

#define SL_CSVIN_FIELDS 64u
#define SL_CSVIN_LINE (64u << 10) /* bytes of one row */

struct sl_csvin {
	FILE *f; /* lent */
	char sep;
	bool plain; /* quotes are text; set by the caller, behind the head */
	unsigned line; /* of the row last read */
	struct sl_buf raw; /* the row as it stands */
	struct sl_buf text; /* its fields, each ended by NUL */
	size_t at[SL_CSVIN_FIELDS];
	size_t n;
};

void sl_csvin_open(struct sl_csvin *c, FILE *f);
void sl_csvin_close(struct sl_csvin *c);
/* The next row that is not empty. SL_SKIP: the end; SL_BROKEN: a row over a
 * limit or with a NUL, or a quote that does not end. */
enum sl_rc sl_csvin_next(struct sl_csvin *c, struct sl_err *err);
/* A field of the row; "" if it has fewer. */
const char *sl_csvin_field(const struct sl_csvin *c, int i);
/* The column of the head row (just read) with one of the names, separated by
 * '|'; upper and lower case are the same. -1: none. */
int sl_csvin_column(const struct sl_csvin *c, const char *names);
/* How many columns have one of the names. */
size_t sl_csvin_columns(const struct sl_csvin *c, const char *names);

#endif
