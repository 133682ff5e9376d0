/*
 * Journal leaves: canonical, so what is decoded encodes to the same bytes.
 */
#include "../../daemon/journal/leaf.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_BUF struct sl_buf store = {0}, again = {0};
	struct sl_err err = {0};
	struct sl_leaf l;

	if (sl_leaf_decode(p, n, &store, &l, &err) != SL_OK) {
		FUZZ_CHECK(err.rc == SL_REJECT);
		return 0;
	}
	FUZZ_CHECK(sl_leaf_encode(&l, &again, &err) == SL_OK);
	FUZZ_CHECK(again.n == n && memcmp(again.p, p, n) == 0);
	return 0;
}
