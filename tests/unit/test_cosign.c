/*
 * What witnesses and time-stamp authorities answer. Cosignature: RFC 8032's
 * TEST 1 seed over the example of C2SP tlog-cosignature; answers and sizes: the
 * examples of tlog-witness; tokens: tests/data/stamp, made by openssl ts.
 */
#include "../../daemon/journal/cosign.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/text.h"
#include "../../daemon/journal/stamp.h"
#include "test.h"

#define TEXT                                                                   \
	"example.com/behind-the-sofa\n20852163\n"                              \
	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define LOG_LINE                                                               \
	"— example.com/behind-the-sofa +PpSVFNUsAicB1wXCuc36HrmzCfBx1ATQpT"  \
	"ulWd9U006OEpyCvIVj2pM8CIzKlzXWcwxIO/VAQzkCO8DZUY5tlFX6QQ=\n"
#define LINE                                                                   \
	"— witness.example.com/w1 fm9KqgAAAABkGFDL+TPmh4BYuAjsYRoqMJCWb/gW"  \
	"JaeRF/kmm5tlCr9sJ57DLErur7K0yDXc2ArN+TIuotuB/HbuL3AJsp3bv/aNCQ==\n"
/* Of the protocol's examples: keys that nobody here knows. */
#define OTHERS                                                                 \
	"— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krr" \
	"DJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==\n"        \
	"— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjy" \
	"WpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==\n"
#define WITNESS                                                                \
	"witness.example.com/w1+7e6f4aaa+"                                     \
	"BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"

static struct sl_vkey
witness(void)
{
	struct sl_vkey k = {0};

	CHECK(sl_vkey_parse(WITNESS, strlen(WITNESS), &k));
	return k;
}

static enum sl_rc
answer(const char *body, uint8_t ret[SL_COSIGNATURE_LEN], struct sl_err *err)
{
	struct sl_vkey k = witness();

	return sl_cosign_answer(
	    sl_slice_str(body), &k, sl_slice_str(TEXT), ret, err);
}

static void
answers(void)
{
	/* A line of the key that does not hold, behind one that does. */
	static const char wrong[] =
	    "— witness.example.com/w1 fm9KqgAAAABkGFDM+TPmh4BYuAjsYRoqMJCWb/gW"
	    "JaeRF/kmm5tlCr9sJ57DLErur7K0yDXc2ArN+TIuotuB/HbuL3AJsp3bv/"
	    "aNCQ==\n";
	/* 64 bytes instead of 72. */
	static const char shorter[] =
	    "— witness.example.com/w1 "
	    "fm9Kqvkz5oeAWLgI7GEaKjCQlm/4FiWnkRf5JpubZQ"
	    "q/bCeewyxK7q+ytMg13NgKzfkyLqLbgfx27i9wCbKd27/2jQk=\n";
	static const char *const none[] = {"", "\n", "ok\n", "OK", LINE "\n",
	    "\n" LINE, "x\n\n" LINE, "20852163\n"};
	struct sl_vkey k = witness();
	uint8_t c[SL_COSIGNATURE_LEN];
	SL_BUF struct sl_buf line = {0};
	struct sl_err err;
	size_t i;

	CHECK(answer(LINE, c, &err) == SL_OK);
	CHECK(sl_cosignature_time(c) == 1679315147);
	CHECK(sl_cosignature_verify(&k, sl_slice_str(TEXT), c));
	CHECK(!sl_cosignature_verify(&k, sl_slice_str("another\n"), c));
	sl_cosignature_add(&k, c, &line);
	CHECK_STR(sl_buf_str(&line), LINE);
	CHECK(answer(OTHERS LINE OTHERS, c, &err) == SL_OK);
	CHECK(answer(OTHERS, c, &err) == SL_SKIP);
	CHECK_STR(err.reason, "no_signature");
	CHECK(answer(wrong, c, &err) == SL_REJECT);
	CHECK_STR(err.reason, "bad_signature");
	CHECK(answer(shorter, c, &err) == SL_REJECT);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		CHECK_MSG(answer(none[i], c, &err) == SL_REJECT, "%zu", i);
		CHECK_STR(err.reason, "bad_answer");
	}
	/* A log's key is no witness's. */
	k.type = SL_KEY_ED25519;
	CHECK(!sl_cosignature_verify(&k, sl_slice_str(TEXT), c));
	/* Seconds that cannot be. */
	k = witness();
	c[0] = 0x80;
	CHECK(!sl_cosignature_verify(&k, sl_slice_str(TEXT), c));
}

static void
questions(void)
{
	/* The example of tlog-witness. */
	static const char body[] =
	    "old 20852014\n"
	    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
	    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
	    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
	    "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
	    "\n" TEXT "\n" LOG_LINE;
	static const char *const bad[] = {"old 1\n", "old 01\n\n", "old \n\n",
	    "old -1\n\n", "old 1 \n\n", "new 1\n\n", "old 1\nAAAA\n\n",
	    "old 9223372036854775808\n\n", "old 1\n" TEXT};
	struct sl_digest node[SL_PROOF_MAX];
	struct sl_slice s = sl_slice_str(body);
	SL_BUF struct sl_buf again = {0};
	uint64_t old;
	size_t n, i;

	CHECK(sl_cosign_read(&s, &old, node, &n));
	CHECK(old == 20852014 && n == 4);
	sl_cosign_body(old, node, n, s, &again);
	CHECK_STR(sl_buf_str(&again), body);
	s = sl_slice_str("old 0\n\n");
	CHECK(sl_cosign_read(&s, &old, node, &n) && old == 0 && n == 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		s = sl_slice_str(bad[i]);
		CHECK_MSG(!sl_cosign_read(&s, &old, node, &n), "%s", bad[i]);
	}
}

static void
sizes(void)
{
	static const char *const bad[] = {"", "5", "05\n", "5\n\n", "5\n6\n",
	    " 5\n", "-5\n", "5 \n", "0x5\n", "9223372036854775808\n",
	    "99999999999999999999999999\n"};
	uint64_t v = 0;
	size_t i;

	CHECK(sl_cosign_size(sl_slice_str("20852014\n"), &v) && v == 20852014);
	CHECK(sl_cosign_size(sl_slice_str("0\n"), &v) && v == 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_MSG(
		    !sl_cosign_size(sl_slice_str(bad[i]), &v), "%s", bad[i]);
}

static void
heads(void)
{
	static const char origin[] = "example.com/behind-the-sofa";
	static const char *const bad[] = {
	    TEXT "\n" LINE, TEXT "more\n\n" LOG_LINE, TEXT, "", TEXT "\n"};
	uint8_t sig[SL_NOTE_SIGNATURE_LEN];
	SL_BUF struct sl_buf again = {0};
	struct sl_checkpoint c;
	size_t i;

	CHECK(sl_cosign_head(
	    sl_slice_str(TEXT "\n" LINE LOG_LINE), origin, &c, sig));
	CHECK(c.size == 20852163);
	sl_checkpoint_text(&c, &again);
	sl_buf_add_char(&again, '\n');
	sl_note_add_signature(origin, sig, &again);
	CHECK_STR(sl_buf_str(&again), TEXT "\n" LOG_LINE);
	CHECK(!sl_cosign_head(
	    sl_slice_str(TEXT "\n" LOG_LINE), "another", &c, sig));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_MSG(
		    !sl_cosign_head(sl_slice_str(bad[i]), origin, &c, sig),
		    "%zu", i);
}

/* -- tokens ---------------------------------------------------------------- */

static void
load(const char *name, struct sl_buf *b)
{
	struct sl_err err;
	char path[128];

	(void)snprintf(path, sizeof(path), "tests/data/stamp/%s", name);
	CHECK(sl_read_file(AT_FDCWD, path, 65536, b, &err) == SL_OK);
}

static const uint8_t nonce[SL_STAMP_NONCE_LEN] = {
    0x5B, 0x57, 0x8F, 0xF3, 0x95, 0xE6, 0xA2, 0x03};

static void
tokens(void)
{
	static const uint8_t other[SL_STAMP_NONCE_LEN] = {1};
	SL_BUF struct sl_buf token = {0}, ca = {0}, another = {0}, no = {0};
	struct sl_stamp_ask ask = {.nonce = nonce};
	struct sl_err err;
	int64_t at;
	size_t i;

	load("r.tsr", &token);
	load("ca.pem", &ca);
	load("other.pem", &another);
	load("refused.tsr", &no);
	ask.pem = sl_slice_buf(&ca);
	sl_sha256("sporingslogg\n", 13, &ask.of);
	/* The signer's certificate held for a day: it still counts. */
	CHECK(sl_stamp_verify(sl_slice_buf(&token), &ask, &at, &err) == SL_OK);
	CHECK(at > 1790000000 && at < 1800000000);
	ask.policy = "1.3.6.1.4.1.99999.1";
	CHECK(sl_stamp_verify(sl_slice_buf(&token), &ask, &at, &err) == SL_OK);
	ask.policy = "1.3.6.1.4.1.99999.2";
	CHECK(sl_stamp_verify(sl_slice_buf(&token), &ask, &at, &err) ==
	      SL_REJECT);
	ask.policy = "";
	ask.nonce = other;
	CHECK(sl_stamp_verify(sl_slice_buf(&token), &ask, &at, &err) ==
	      SL_REJECT);
	CHECK_STR(err.reason, "bad_signature");
	ask.nonce = NULL;
	CHECK(sl_stamp_verify(sl_slice_buf(&token), &ask, &at, &err) == SL_OK);
	ask.pem = sl_slice_buf(&another);
	CHECK(sl_stamp_verify(sl_slice_buf(&token), &ask, &at, &err) ==
	      SL_REJECT);
	ask.pem = sl_slice_str("-----BEGIN CERTIFICATE-----\nAAAA\n");
	CHECK(sl_stamp_verify(sl_slice_buf(&token), &ask, &at, &err) ==
	      SL_REJECT);
	CHECK_STR(err.reason, "bad_trust");
	ask.pem = sl_slice_buf(&ca);
	ask.of.b[3] ^= 1;
	CHECK(sl_stamp_verify(sl_slice_buf(&token), &ask, &at, &err) ==
	      SL_REJECT);
	ask.of.b[3] ^= 1;
	CHECK(sl_stamp_verify(sl_slice_buf(&no), &ask, &at, &err) == SL_SKIP);
	CHECK_STR(err.reason, "refused");
	/* Cut anywhere, longer, or with any byte another. */
	for (i = 0; i < token.n; i++)
		CHECK_MSG(
		    sl_stamp_verify((struct sl_slice){token.p, (uint32_t)i},
			&ask, &at, &err) == SL_REJECT,
		    "%zu", i);
	sl_buf_add_char(&token, 0);
	CHECK(sl_stamp_verify(sl_slice_buf(&token), &ask, &at, &err) ==
	      SL_REJECT);
	CHECK_STR(err.reason, "bad_token");
}

static void
queries(void)
{
	SL_BUF struct sl_buf der = {0}, want = {0}, ca = {0};
	struct sl_stamp_ask ask = {.nonce = nonce};
	struct sl_err err;

	load("q.tsq", &want);
	sl_sha256("sporingslogg\n", 13, &ask.of);
	CHECK(sl_stamp_query(&ask, &der, &err) == SL_OK);
	CHECK(der.n == want.n && memcmp(der.p, want.p, der.n) == 0);
	sl_buf_reset(&der);
	ask.policy = "1.2.3";
	CHECK(sl_stamp_query(&ask, &der, &err) == SL_OK);
	CHECK(der.n == want.n + 4 && der.n <= SL_STAMP_QUERY_MAX);
	CHECK(sl_stamp_is_policy("1.3.6.1.4.1.4146.2.3"));
	CHECK(!sl_stamp_is_policy("policy") && !sl_stamp_is_policy("") &&
	      !sl_stamp_is_policy("9.9.9.") && !sl_stamp_is_policy("1..2"));
	load("ca.pem", &ca);
	CHECK(sl_stamp_is_trust(sl_slice_buf(&ca)));
	sl_buf_add_str(&ca,
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	CHECK(!sl_stamp_is_trust(sl_slice_buf(&ca)));
	CHECK(!sl_stamp_is_trust(sl_slice_str("")) &&
	      !sl_stamp_is_trust(sl_slice_str("x\n")));
}

TEST_MAIN({"answers", answers}, {"questions", questions}, {"sizes", sizes},
    {"heads", heads}, {"tokens", tokens}, {"queries", queries})
