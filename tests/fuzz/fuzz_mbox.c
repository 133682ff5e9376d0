/*
 * The mbox reader, loaded as sluse-work loads it: its text is UTF-8, its parts
 * are ended.
 */
#include "fuzz_reader.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct sluse_reader *r;
	struct reading *d;

	if (r == NULL)
		r = fuzz_reader("mbox");
	d = read_all(r, "application/mbox", p, n, 64);
	fuzz_reading_end(d);
	return 0;
}
