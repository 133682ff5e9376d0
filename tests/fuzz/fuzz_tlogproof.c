/*
 * Proof files and bundles of entries: what is parsed is written again as it
 * was; a bundle is taken apart to its end or not at all.
 */
#include "../../daemon/journal/tile.h"
#include "../../daemon/journal/tlogproof.h"
#include "fuzz.h"

static void
bundle(const uint8_t *p, size_t n)
{
	struct sl_slice s = {(const char *)p, (uint32_t)n}, one;
	size_t sum = 0;

	while (sl_tile_entry(&s, &one)) {
		sum += 2 + one.n;
		FUZZ_CHECK(sum + s.n == n);
	}
	FUZZ_CHECK(sum <= n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct sl_tlogproof proof;
	SL_BUF struct sl_buf again = {0};
	struct sl_digest of[2] = {{{0}}, {{0}}};
	struct sl_err err = {0};

	bundle(p, n);
	if (sl_tlogproof_parse(p, n, &proof, &err) != SL_OK) {
		FUZZ_CHECK(err.rc == SL_REJECT);
		return 0;
	}
	sl_tlogproof_write(&proof, &again);
	FUZZ_CHECK(again.n == n && memcmp(again.p, p, n) == 0);
	/* A root of zeros is nobody's. */
	FUZZ_CHECK(
	    !sl_proof_inclusion(proof.index, n, of, proof.node, proof.n));
	(void)sl_proof_consistency(
	    proof.index + 1, n + proof.index, of, proof.node, proof.n);
	return 0;
}
