/*
 * The package reader, loaded as sluse-work loads it: it says what it describes
 * before it says anything of it, all it says is UTF-8, its files are ended.
 */
#include "fuzz_reader.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct sluse_reader *r;
	struct reading *d;

	if (r == NULL)
		r = fuzz_reader("package");
	d = read_all(r, "", p, n, 64);
	if (d->opened == SLUSE_READ_OK)
		FUZZ_CHECK(strncmp(d->k.log, "describes ", 10) == 0);
	FUZZ_CHECK(sl_utf8_valid(d->k.log, d->k.log_n));
	FUZZ_CHECK(strstr(d->k.log, "field access") == NULL ||
		   strstr(d->k.log, " access XX") != NULL);
	fuzz_reading_end(d);
	return 0;
}
