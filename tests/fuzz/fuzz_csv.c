/*
 * Known cases as CSV: every row has a number, all of it is text.
 */
#include "../../daemon/cli/csv.h"
#include "fuzz.h"

static void
text(const char *s)
{
	FUZZ_CHECK(s == NULL || sl_utf8_valid(s, strlen(s)));
}

static enum sl_rc
on_case(void *arg, const struct sl_csv_case *c, struct sl_err *err)
{
	(void)arg;
	(void)err;
	FUZZ_CHECK(c->number != NULL && c->number[0] != '\0' && c->line > 1);
	text(c->number);
	text(c->title);
	text(c->status);
	text(c->unit);
	text(c->klass);
	return SL_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_FREE char *s = fuzz_text(p, n);
	struct sl_err err = {0};

	if (sl_csv_cases(s, n, &(struct sl_csv_reader){.row = on_case}, &err) !=
	    SL_OK)
		FUZZ_CHECK(
		    err.rc == SL_REJECT && strncmp(err.text, "line ", 5) == 0);
	return 0;
}
