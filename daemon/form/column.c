/*
 * Columns, apart from the tables they are of.
 */
#include "column.h"

#include <ctype.h>
#include <string.h>

#include "../base/text.h"

bool
sl_col_is_number(enum sl_col_type t)
{
	return t == SL_COL_INT || t == SL_COL_BYTES || t == SL_COL_REAL ||
	       t == SL_COL_PCT;
}

void
sl_column_xml(const struct sl_column *c, struct sl_buf *out)
{
	size_t i = 0, n = strlen(c->nb), first = out->n;
	bool up = false;
	uint32_t cp;

	while (i < n) {
		cp = sl_utf8_next(c->nb, n, &i);
		if (cp == 0xC5 || cp == 0xE5)
			sl_buf_add_str(out, "aa");
		else if (cp == 0xD8 || cp == 0xF8)
			sl_buf_add_str(out, "oe");
		else if (cp == 0xC6 || cp == 0xE6)
			sl_buf_add_str(out, "ae");
		else if (cp < 128 && isalnum((int)cp)) {
			if (out->n == first && isdigit((int)cp))
				sl_buf_add_char(out, 'd');
			sl_buf_add_char(out,
			    (char)(up && out->n > first ? toupper((int)cp)
							: tolower((int)cp)));
		}
		up = cp == ' ' || (cp < 128 && !isalnum((int)cp));
	}
}
