/*
 * Journal leaves: canonical, so what is decoded encodes to the same bytes, and
 * what is read behind itself is the same.
 */
#include "../../daemon/journal/leaf.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_BUF struct sl_buf store = {0}, again = {0};
	struct sl_err err = {0};
	struct sl_leaf_reader r = {0};
	struct sl_leaf_view v, next;
	struct sl_leaf l;
	bool ok = sl_leaf_read(p, n, &v);

	if (sl_leaf_decode(p, n, &store, &l, &err) != SL_OK) {
		FUZZ_CHECK(err.rc == SL_REJECT && !ok);
		return 0;
	}
	FUZZ_CHECK(ok && v.seq == l.seq && v.time_ms == l.time_ms);
	/* As if the one before it had come. */
	FUZZ_CHECK(sl_leaf_read_next(&r, p, n, &next));
	FUZZ_CHECK(sl_leaf_encode(&l, &again, &err) == SL_OK);
	FUZZ_CHECK(again.n == n && memcmp(again.p, p, n) == 0);
	l.seq++;
	sl_buf_reset(&again);
	if (sl_leaf_encode(&l, &again, &err) == SL_OK &&
	    sl_leaf_read(again.p, again.n, &v)) {
		FUZZ_CHECK(sl_leaf_read_next(&r, again.p, again.n, &next));
		FUZZ_CHECK(next.seq == l.seq && next.time_ms == l.time_ms &&
			   next.event == l.event);
	}
	return 0;
}
