/*
 * The field scanner and the guess of the language, over text and over bytes
 * that are none.
 */
#include "../../daemon/read/fields.h"
#include "fuzz.h"

struct scan {
	size_t n;
	bool text;
};

static void
on_found(void *arg, const struct sl_found *f)
{
	const struct scan *s = arg;

	FUZZ_CHECK(f->at <= s->n && f->length <= s->n - f->at);
	FUZZ_CHECK(f->confidence <= 1000);
	if (s->text)
		FUZZ_CHECK(f->value[0] != '\0' &&
			   sl_utf8_valid(f->value, strlen(f->value)) &&
			   sl_utf8_valid(f->label, strlen(f->label)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct scan s = {n, sl_utf8_valid((const char *)p, n)};

	sl_fields_scan((const char *)p, n, on_found, &s);
	FUZZ_CHECK(strlen(sl_language_guess((const char *)p, n)) <= 2);
	return 0;
}
