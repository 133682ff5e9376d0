/*
 * No fields are found in texts: for tests of what sends them.
 */
#include "../../daemon/read/fields.h"

void
sl_fields_scan(const char *text, size_t n, sl_found_fn *fn, void *arg)
{
	(void)text;
	(void)n;
	(void)fn;
	(void)arg;
}

const char *
sl_language_guess(const char *text, size_t n)
{
	(void)text;
	(void)n;
	return "";
}
