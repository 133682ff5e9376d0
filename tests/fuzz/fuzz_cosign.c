/*
 * What a witness or a time-stamp authority answers: the first byte says what is
 * read. Nobody has cosigned or stamped what he has not.
 */
#include "../../daemon/journal/cosign.h"
#include "../../daemon/journal/stamp.h"
#include "fuzz.h"

#define TEXT                                                                   \
	"example.com/behind-the-sofa\n20852163\n"                              \
	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define WITNESS                                                                \
	"witness.example.com/w1+7e6f4aaa+"                                     \
	"BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"

static void
answer(struct sl_slice body)
{
	uint8_t c[SL_COSIGNATURE_LEN];
	struct sl_err err = {0};
	struct sl_vkey k;
	enum sl_rc rc;

	FUZZ_CHECK(sl_vkey_parse(WITNESS, strlen(WITNESS), &k));
	rc = sl_cosign_answer(body, &k, sl_slice_str(TEXT), c, &err);
	FUZZ_CHECK(rc == SL_OK || rc == SL_SKIP || rc == SL_REJECT);
	/* Only one signature of that key was ever made. */
	if (rc == SL_OK)
		FUZZ_CHECK(sl_cosignature_time(c) == 1679315147 &&
			   sl_cosignature_verify(&k, sl_slice_str(TEXT), c));
}

static void
question(struct sl_slice body)
{
	struct sl_digest node[SL_PROOF_MAX];
	struct sl_slice s = body;
	SL_BUF struct sl_buf again = {0};
	uint64_t old;
	size_t n;

	if (!sl_cosign_read(&s, &old, node, &n))
		return;
	sl_cosign_body(old, node, n, s, &again);
	FUZZ_CHECK(again.n == body.n && memcmp(again.p, body.p, body.n) == 0);
}

static void
size_and_head(struct sl_slice body)
{
	uint8_t sig[SL_NOTE_SIGNATURE_LEN];
	SL_BUF struct sl_buf again = {0};
	struct sl_checkpoint c;
	uint64_t v;

	if (sl_cosign_size(body, &v)) {
		sl_buf_printf(&again, "%llu\n", (unsigned long long)v);
		FUZZ_CHECK(
		    again.n == body.n && memcmp(again.p, body.p, body.n) == 0);
		sl_buf_reset(&again);
	}
	if (!sl_cosign_head(body, "example.com/behind-the-sofa", &c, sig))
		return;
	sl_checkpoint_text(&c, &again);
	FUZZ_CHECK(again.n < body.n && memcmp(again.p, body.p, again.n) == 0);
}

static void
token(struct sl_slice der)
{
	/* Certificates are looked at only where the digest fits: it never
	 * does. */
	struct sl_stamp_ask ask = {.pem = sl_slice_str("")};
	struct sl_err err = {0};
	int64_t at;
	enum sl_rc rc = sl_stamp_verify(der, &ask, &at, &err);

	FUZZ_CHECK(rc == SL_REJECT || rc == SL_SKIP);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sl_slice s = {(const char *)p + 1, (uint32_t)(n - 1)};

	if (n < 1)
		return 0;
	switch (p[0] & 3) {
	case 0:
		answer(s);
		break;
	case 1:
		question(s);
		break;
	case 2:
		size_and_head(s);
		break;
	default:
		token(s);
		break;
	}
	return 0;
}
