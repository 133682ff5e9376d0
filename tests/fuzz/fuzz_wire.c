/*
 * The wire decoder: what it takes is well-formed to the last byte, so encoding
 * it gives the same packet.
 */
#include "../../daemon/wire/wire.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t again[SL_WIRE_MAX];
	struct sl_err err = {0};
	struct sl_msg m;

	if (sl_msg_decode(p, n, &m, &err) != SL_OK) {
		FUZZ_CHECK(err.rc == SL_REJECT && err.reason != NULL);
		return 0;
	}
	FUZZ_CHECK(sl_msg_name(m.type) != NULL);
	FUZZ_CHECK(sl_msg_encode(&m, again) == n && memcmp(again, p, n) == 0);
	return 0;
}
