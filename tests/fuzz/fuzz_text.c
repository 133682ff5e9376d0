/*
 * The text reader, loaded as sluse-work loads it: its pages are text, its parts
 * are ended.
 */
#include "fuzz_reader.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct sluse_reader *r;
	struct reading *d;

	if (r == NULL)
		r = fuzz_reader("text");
	d = read_all(r, "text/plain", p, n, 0);
	fuzz_reading_end(d);
	return 0;
}
