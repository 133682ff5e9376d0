/*
 * Avklar.txt: what a person entered stays when the file is written again, and
 * means the same when that is read.
 */
#include "../../daemon/faces/settle.h"
#include "fuzz.h"

static void
written_again(const struct sl_settle *was, unsigned language)
{
	SL_BUF struct sl_buf out = {0};
	static struct sl_settle is;
	struct sl_settle_page page = {.number = "M26-004711-3.1",
	    .why = "Ingen spor",
	    .detail = "2026/1 eller 2026/2",
	    .until_ms = 1790000000000,
	    .distribution = "2026/7",
	    .was = was,
	    .answer = "Saken finnes ikke.",
	    .answered_ms = 1780000000000};

	sl_settle_write(&out, language, &page);
	FUZZ_CHECK(sl_utf8_valid(sl_buf_str(&out), out.n));
	sl_settle_parse(out.p, out.n, &is);
	/* what decided nothing still decides nothing when it is saved again */
	if (was->kind == SL_SETTLED_SEVERAL)
		FUZZ_CHECK(is.kind == was->kind || is.case_number[0] == '\0');
	else if (was->kind == SL_SETTLED_UNKNOWN ||
		 was->kind == SL_SETTLED_HELP || was->kind == SL_SETTLED_EMPTY)
		FUZZ_CHECK(is.kind == SL_SETTLED_NOTHING);
	else if (was->kind != SL_SETTLED_UNLABELLED)
		FUZZ_CHECK(is.kind == was->kind);
	FUZZ_CHECK(strcmp(is.number, page.number) == 0);
	if (was->kind == SL_SETTLED_LINE)
		FUZZ_CHECK(is.line == was->line &&
			   strcmp(is.case_number, was->case_number) == 0 &&
			   strcmp(is.value[is.line], was->value[is.line]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_FREE char *s = fuzz_text(p, n);
	static struct sl_settle r;
	char number[64];
	int i;

	sl_settle_parse(s, n, &r);
	for (i = 0; i < SL_SETTLE_LINES; i++)
		FUZZ_CHECK(sl_utf8_valid(r.value[i], strlen(r.value[i])));
	FUZZ_CHECK(sl_utf8_valid(r.number, strlen(r.number)));
	FUZZ_CHECK(sl_utf8_valid(r.unknown, strlen(r.unknown)));
	if (r.case_number[0] != '\0')
		FUZZ_CHECK(sl_settle_case(r.case_number, strlen(r.case_number),
			       number, sizeof(number)) &&
			   strcmp(number, r.case_number) == 0);
	written_again(&r, 0);
	written_again(&r, 1);
	(void)sl_settle_folder(s, "M26-004711-3.1", number, sizeof(number));
	return 0;
}
