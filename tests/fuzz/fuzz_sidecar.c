/*
 * The sidecar: believed whole or not at all, and only text comes out.
 */
#include "../../daemon/read/sidecar.h"
#include "fuzz.h"

static void
on_field(void *arg, enum sl_field field, const char *value, const char *label)
{
	unsigned *count = arg;

	(void)field;
	FUZZ_CHECK(sl_utf8_valid(value, strlen(value)));
	FUZZ_CHECK(sl_utf8_valid(label, strlen(label)) && *label != '\0');
	++*count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_FREE char *text = fuzz_text(p, n);
	struct sl_err err = {0};
	unsigned count = 0;

	if (sl_sidecar_read(text, n, on_field, &count, &err) != SL_OK) {
		FUZZ_CHECK(err.rc == SL_HOLD && count == 0);
		FUZZ_CHECK(sl_utf8_valid(err.text, strlen(err.text)));
	}
	return 0;
}
