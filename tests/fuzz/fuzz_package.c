/*
 * The package reader, loaded as sluse-work loads it: it says what it describes
 * before it says anything of it, all it says is UTF-8, its files are ended.
 */
#include "fuzz.h"

#include "../unit/mail_host.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct sluse_reader *r;
	struct reading *d;
	unsigned i;

	if (r == NULL) {
		r = mock_load("package");
		FUZZ_CHECK(r != NULL && r->warm(&mock_host) == 0);
	}
	d = read_all(r, "", p, n, 64);
	if (d->opened == SLUSE_READ_OK)
		FUZZ_CHECK(strncmp(d->k.log, "describes ", 10) == 0);
	FUZZ_CHECK(sl_utf8_valid(d->k.log, d->k.log_n));
	FUZZ_CHECK(strstr(d->k.log, "field access") == NULL ||
		   strstr(d->k.log, " access XX") != NULL);
	if (d->parted == SLUSE_READ_OK)
		for (i = 0; i < d->k.count; i++)
			FUZZ_CHECK(d->k.parts[i].ended == 1);
	read_free(d);
	return 0;
}
