/*
 * What a table is called, and its columns: all that a form knows of it.
 */
#ifndef SL_FORM_COLUMN_H
#define SL_FORM_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

#include "../base/buf.h"

enum sl_col_type {
	SL_COL_TEXT,
	SL_COL_ID, /* text that is not broken */
	SL_COL_CODE, /* a slug */
	SL_COL_WORD, /* a slug, shown as a word of the language */
	SL_COL_INT,
	SL_COL_BYTES,
	SL_COL_REAL, /* one decimal */
	SL_COL_PCT, /* of hundred, one decimal */
	SL_COL_TIME, /* an instant */
	SL_COL_DAY, /* a date */
};
/* Shown to the right? */
bool sl_col_is_number(enum sl_col_type t);

struct sl_column {
	int of; /* whose it is, in a list of several tables' */
	const char *key; /* in JSON */
	enum sl_col_type type;
	const char *nb, *en, *help;
};
/* A column's name in XML, made of its Norwegian title: "Journalnummer" becomes
 * journalnummer, "Eldste mottatt" eldsteMottatt. Appended. */
void sl_column_xml(const struct sl_column *c, struct sl_buf *out);

struct sl_shape {
	const char *slug, *nb, *en;
	const char *chart; /* the key of the column with bars, or "none" */
	const struct sl_column *column;
	size_t columns;
};

#endif
