/*
 * The image reader, loaded as sluse-work loads it: any answer, in bounds.
 */
#include "fuzz.h"

#include "../unit/mail_host.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct sluse_reader *r;
	struct sluse_source s = {(const char *)p, n, "a", "image/x"};
	static struct sluse_sink k;
	struct sluse_doc *d = NULL;
	uint32_t pages = 0, i;

	if (r == NULL) {
		r = mock_load("image");
		FUZZ_CHECK(r != NULL && r->warm(&mock_host) == 0);
	}
	if (r->open(&mock_host, &s, &d) != SLUSE_READ_OK)
		return 0;
	FUZZ_CHECK(r->page_count(d, &pages) == SLUSE_READ_OK && pages > 0);
	for (k.log_n = 0, i = 0; i < pages && i < 4; i++)
		(void)r->page(d, i, &k);
	r->close(d);
	return 0;
}
