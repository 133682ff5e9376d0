/*
 * The office reader, loaded as sluse-work loads it: its pages are text, its
 * parts are ended.
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
		r = mock_load("office");
		FUZZ_CHECK(r != NULL && r->warm(&mock_host) == 0);
	}
	mock_passwords[0] = "påskeegg";
	d = read_all(r, "", p, n, 64);
	/* the host cuts very long text anywhere */
	if (d->k.n < sizeof(d->k.text) - 1)
		FUZZ_CHECK(sl_utf8_valid(d->k.text, d->k.n));
	if (d->parted == SLUSE_READ_OK)
		for (i = 0; i < d->k.count; i++)
			FUZZ_CHECK(d->k.parts[i].ended == 1);
	read_free(d);
	return 0;
}
