/*
 * The case index, as it is and sealed again by somebody who knows the format:
 * once opened, no look-up leaves the file.
 */
#include "../../daemon/base/hash.h"
#include "../../daemon/place/caseindex.h"
#include "fuzz.h"

enum { HEAD = 64, DIGEST_AT = 32, SIZE_AT = 16 };

/* Reads every byte, so that a sanitizer sees where it lies. */
static void
touch(struct sl_slice s)
{
	FUZZ_CHECK(s.n == 0 || sl_utf8_valid(s.p, s.n));
}

static void
look(const uint8_t *p, size_t n)
{
	struct sl_caseindex *x = NULL;
	SL_CLOSE int fd = fuzz_fd(p, n);
	struct sl_err err = {0};
	struct sl_known_case k;
	uint32_t i;

	if (sl_caseindex_open(fd, &x, &err) != SL_OK) {
		FUZZ_CHECK(err.rc == SL_REJECT && x == NULL);
		return;
	}
	for (i = 0; i < sl_caseindex_count(x); i++) {
		sl_caseindex_at(x, i, &k);
		touch(k.number);
		touch(k.title);
		touch(k.status);
		touch(k.unit);
		touch(k.klass);
		touch(k.target_key);
		/* found or not: who sealed it may have lied about the year */
		(void)sl_caseindex_find(x, k.number.p, k.number.n, &k);
	}
	(void)sl_caseindex_find(x, "2026/211", 8, &k);
	(void)sl_caseindex_find(x, "PM-7", 4, &k);
	sl_caseindex_free(x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_FREE uint8_t *q = NULL;
	struct sl_sha256 *h;
	struct sl_digest d;
	uint64_t size = n;

	look(p, n);
	if (n < HEAD)
		return 0;
	q = sl_alloc(n);
	memcpy(q, p, n);
	memcpy(q + SIZE_AT, &size, sizeof(size));
	h = sl_sha256_new();
	sl_sha256_add(h, q, DIGEST_AT);
	sl_sha256_add(h, q + HEAD, n - HEAD);
	sl_sha256_end(h, &d);
	memcpy(q + DIGEST_AT, d.b, sizeof(d.b));
	look(q, n);
	return 0;
}
