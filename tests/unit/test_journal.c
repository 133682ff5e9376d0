/*
 * Leaf v1 as golden bytes, the tree against published vectors.
 */
#include "../../daemon/journal/leaf.h"
#include "../../daemon/journal/tree.h"

#include <string.h>

#include "../../daemon/base/text.h"
#include "test.h"

static const char golden[] =
    "sluse/leaf/v1\n"
    "sluse.example/M\n"
    "7\n"
    "1795323600123\n"
    "20\n"
    "M26-004711-3\n"
    "uid:1000\n"
    "eadf38c8f04d5ff07cc0118e1dc882a6b4ce6794dc366afd8d4080ba5f8c3457\n"
    "-\n";

static struct sl_leaf
example(void)
{
	struct sl_leaf l = {.origin = "sluse.example/M",
	    .subject = "M26-004711-3",
	    .actor = "uid:1000",
	    .seq = 7,
	    .time_ms = INT64_C(1795323600123),
	    .event = 20};
	static const char body[] = "{\"queue\":\"Skjema\"}";
	uint8_t salt[SL_SALT_LEN];
	size_t i;

	for (i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)i;
	sl_payload_digest(salt, body, sizeof(body) - 1, &l.payload);
	return l;
}

/* A leaf is for ever: whoever changes these bytes breaks every journal. */
static void
leaf_golden(void)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_leaf l = example();
	char hex[SL_SHA256_HEX + 1];
	struct sl_digest d;
	struct sl_err err;

	CHECK(sl_leaf_encode(&l, &b, &err) == SL_OK);
	CHECK_STR(sl_buf_str(&b), golden);
	sl_tree_leaf_hash(b.p, b.n, &d);
	sl_digest_hex(&d, hex);
	CHECK_STR(hex, "192a5b3fd627651f5ffa2a9b2d19552c"
		       "5c2f9f28a1653210fdcb3215dfd34c2e");
}

static void
leaf_decode(void)
{
	SL_BUF struct sl_buf store = {0};
	struct sl_leaf l, want = example();
	char bad[sizeof(golden) + 8];
	struct sl_err err;
	size_t i;

	CHECK(sl_leaf_decode(golden, sizeof(golden) - 1, &store, &l, &err) ==
	      SL_OK);
	CHECK(l.seq == 7 && l.event == 20 && l.time_ms == want.time_ms);
	CHECK_STR(l.origin, want.origin);
	CHECK_STR(l.subject, want.subject);
	CHECK_STR(l.actor, want.actor);
	CHECK(memcmp(&l.payload, &want.payload, sizeof(l.payload)) == 0);
	for (i = 0; i < sizeof(golden) - 1; i++)
		CHECK_MSG(
		    sl_leaf_decode(golden, i, &store, &l, &err) == SL_REJECT,
		    "cut at %zu", i);
	memcpy(bad, golden, sizeof(golden));
	bad[sizeof(golden) - 1] = 'x';
	CHECK(
	    sl_leaf_decode(bad, sizeof(golden), &store, &l, &err) == SL_REJECT);
	for (i = 0; i < sizeof(golden) - 1; i++) {
		memcpy(bad, golden, sizeof(golden));
		bad[i] = '\0';
		CHECK_MSG(sl_leaf_decode(bad, sizeof(golden) - 1, &store, &l,
			      &err) == SL_REJECT,
		    "NUL at %zu", i);
	}
}

static void
leaf_decode_refusals(void)
{
	static const struct {
		const char *from, *to;
	} swaps[] = {{"/v1", "/v2"}, {"\n7\n", "\n07\n"}, {"\n7\n", "\n-7\n"},
	    {"\n7\n", "\n+7\n"}, {"\n7\n", "\n 7\n"}, {"\n7\n", "\n\n"},
	    {"\n7\n", "\n99999999999999999999\n"}, {"\n20\n", "\n65536\n"},
	    {"\n20\n", "\n-1\n"}, {"uid:1000", ""}, {"uid:1000", "a\tb"},
	    {"uid:1000", "\xff"}, {"uid:1000", "a\x7f"}, {"eadf", "EADF"},
	    {"eadf", "ead"}, {"eadf", "zadf"}, {"\n-\n", "\n\n"},
	    {"\n-\n", "\nx\n"}, {"\n-\n", "\n-\n-\n"}};
	SL_BUF struct sl_buf store = {0};
	struct sl_leaf l;
	struct sl_err err;
	size_t i;

	for (i = 0; i < sizeof(swaps) / sizeof(swaps[0]); i++) {
		SL_BUF struct sl_buf b = {0};
		const char *at = strstr(golden, swaps[i].from);

		CHECK(at != NULL);
		sl_buf_add(&b, golden, (size_t)(at - golden));
		sl_buf_add_str(&b, swaps[i].to);
		sl_buf_add_str(&b, at + strlen(swaps[i].from));
		CHECK_MSG(
		    sl_leaf_decode(b.p, b.n, &store, &l, &err) == SL_REJECT,
		    "%s -> %s", swaps[i].from, swaps[i].to);
	}
}

/* Reading in place and in order says what reading alone says. */
static bool
reads_alike(const struct sl_leaf_reader *before, const struct sl_buf *b)
{
	SL_BUF struct sl_buf store = {0};
	struct sl_leaf_reader r = *before;
	struct sl_leaf_view v, next;
	struct sl_digest d;
	struct sl_leaf l;
	bool ok = sl_leaf_decode(b->p, b->n, &store, &l, NULL) == SL_OK;

	if (sl_leaf_read(b->p, b->n, &v) != ok ||
	    sl_leaf_read_next(&r, b->p, b->n, &next) != ok)
		return false;
	if (!ok)
		return true;
	sl_leaf_payload(&next, &d);
	return sl_slice_eq(v.origin, l.origin) &&
	       sl_slice_eq(v.subject, l.subject) &&
	       sl_slice_eq(v.actor, l.actor) && v.seq == l.seq &&
	       v.time_ms == l.time_ms && v.event == l.event &&
	       sl_slice_eq(next.origin, l.origin) &&
	       sl_slice_eq(next.subject, l.subject) &&
	       sl_slice_eq(next.actor, l.actor) && next.seq == l.seq &&
	       next.time_ms == l.time_ms && next.event == l.event &&
	       next.payload == v.payload &&
	       memcmp(&d, &l.payload, sizeof(d)) == 0;
}

/* What follows is what was expected, or not: another number, another origin, a
 * number that got longer. */
static void
leaf_read_next(void)
{
	static const uint64_t starts[] = {
	    0, 7, 8, 98, 99, 12345, 99998, UINT64_C(999999999999999997)};
	static const char *const origins[] = {"sluse.example/M",
	    "sluse.example/M~2",
	    "a.name.that.is.longer.than.anybody.could.want.to.have/"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"};
	struct sl_leaf_reader r = {0};
	struct sl_leaf_view v;
	struct sl_leaf l = example();
	size_t i, k, known = 0;
	struct sl_err err;

	for (i = 0; i < 8; i++)
		for (k = 0; k < 12; k++) {
			SL_BUF struct sl_buf b = {0};

			l.origin = origins[k < 6 ? 0 : k / 3 - 1];
			l.seq = starts[i] + k;
			CHECK(sl_leaf_encode(&l, &b, &err) == SL_OK);
			CHECK_MSG(reads_alike(&r, &b), "%zu, %zu", i, k);
			if (!sl_leaf_read_next(&r, b.p, b.n, &v))
				continue;
			CHECK(v.seq == l.seq && r.seq == l.seq + 1);
			known += r.start_n > 0;
		}
	/* Not behind what is too long to be expected: the last origin, and what
	 * has 19 digits and is no leaf. */
	CHECK_MSG(known == 7 * 9 + 2, "%zu", known);
}

/* Whatever is taken for a leaf encodes to the same bytes again, and a word that
 * may stand in one is taken: every byte of two leaves is each value once. */
static void
leaf_decode_every_byte(void)
{
	static const char *const origins[] = {
	    "sluse.example/M", "blåbær.kommune.no/sporingslogg~2"};
	SL_BUF struct sl_buf store = {0};
	struct sl_leaf l, want = example();
	struct sl_leaf_reader r = {0};
	struct sl_leaf_view v;
	struct sl_err err;
	size_t o, i, taken = 0;
	int value;

	for (o = 0; o < 2; o++) {
		SL_BUF struct sl_buf b = {0};
		SL_BUF struct sl_buf before = {0};

		want.origin = origins[o];
		want.seq--;
		CHECK(sl_leaf_encode(&want, &before, &err) == SL_OK);
		CHECK(sl_leaf_read_next(&r, before.p, before.n, &v));
		want.seq++;
		CHECK(sl_leaf_encode(&want, &b, &err) == SL_OK);
		for (i = 0; i < b.n; i++) {
			char was = b.p[i];

			for (value = 0; value < 256; value++) {
				SL_BUF struct sl_buf again = {0};

				b.p[i] = (char)value;
				CHECK_MSG(reads_alike(&r, &b), "byte %zu is %d",
				    i, value);
				if (sl_leaf_decode(
					b.p, b.n, &store, &l, &err) != SL_OK)
					continue;
				taken++;
				CHECK_MSG(
				    sl_leaf_encode(&l, &again, &err) == SL_OK &&
					again.n == b.n &&
					memcmp(again.p, b.p, b.n) == 0,
				    "byte %zu is %d", i, value);
			}
			b.p[i] = was;
		}
	}
	CHECK_MSG(taken == 10675, "%zu", taken);
}

static void
leaf_encode_refusals(void)
{
	static const char *const bad[] = {
	    "", "a\nb", "a\x01", "a\x7f", "\xc3", "a\r"};
	SL_BUF struct sl_buf b = {0};
	SL_BUF struct sl_buf big = {0};
	struct sl_leaf l;
	struct sl_err err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		l = example();
		l.actor = bad[i];
		CHECK(sl_leaf_encode(&l, &b, &err) == SL_FATAL);
		l = example();
		l.subject = bad[i];
		CHECK(sl_leaf_encode(&l, &b, &err) == SL_FATAL);
		l = example();
		l.origin = bad[i];
		CHECK(sl_leaf_encode(&l, &b, &err) == SL_FATAL);
	}
	for (i = 0; i < SL_LEAF_MAX; i++)
		sl_buf_add_char(&big, 'a');
	l = example();
	l.actor = sl_buf_str(&big);
	CHECK(sl_leaf_encode(&l, &b, &err) == SL_FATAL);
}

/* transparency-dev/merkle: testonly/constants.go (Apache-2.0) */
static void
tree_vectors(void)
{
	static const char *const leaves[] = {"", "00", "10", "2021", "3031",
	    "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
	static const char *const roots[] = {
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	struct sl_tree t = {0};
	char hex[SL_SHA256_HEX + 1];
	struct sl_digest d;
	uint8_t b[16];
	size_t i, n;

	for (i = 0;; i++) {
		sl_tree_root(&t, &d);
		sl_digest_hex(&d, hex);
		CHECK_STR(hex, roots[i]);
		CHECK(t.size == i);
		if (i == 8)
			break;
		n = strlen(leaves[i]) / 2;
		CHECK(sl_unhex(leaves[i], b, n));
		sl_tree_leaf_hash(b, n, &d);
		sl_tree_append(&t, &d);
	}
	CHECK(sl_tree_nodes(0) == 0 && sl_tree_nodes(8) == 1 &&
	      sl_tree_nodes(7) == 3);
}

static void
tree_hashes(void)
{
	static uint8_t big[1500], with0[1501];
	struct sl_digest a, b, l, r, pairs[100], nodes[50];
	char hex[SL_SHA256_HEX + 1];
	size_t n;

	sl_tree_leaf_hash("L123456", 7, &a);
	sl_digest_hex(&a, hex);
	CHECK(strncmp(hex, "395aa064", 8) == 0);
	/* node(N123, N456): bytes of any length would do, ours are digests. */
	memset(&l, 1, sizeof(l));
	memset(&r, 2, sizeof(r));
	sl_tree_node_hash(&l, &r, &a);
	sl_tree_node_hash(&r, &l, &b);
	CHECK(memcmp(&a, &b, sizeof(a)) != 0);
	with0[0] = 1;
	memcpy(with0 + 1, &l, sizeof(l));
	memcpy(with0 + 1 + sizeof(l), &r, sizeof(r));
	sl_sha256(with0, 1 + 2 * sizeof(l), &b);
	CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	for (n = 0; n < 100; n++) {
		memset(&pairs[n], (int)n, sizeof(pairs[n]));
		if (n % 2 == 1)
			sl_tree_node_hash(
			    &pairs[n - 1], &pairs[n], &nodes[n / 2]);
	}
	sl_tree_node_hashes(pairs, 50, pairs); /* in place */
	CHECK(memcmp(pairs, nodes, sizeof(nodes)) == 0);
	/* Every length of the last block, and both ways of hashing a leaf.
	 * Downwards: nothing may be left of the longer one before. */
	memset(big, 'x', sizeof(big));
	memcpy(with0 + 1, big, sizeof(big));
	with0[0] = 0;
	for (n = sizeof(big) + 1; n-- > 0;) {
		sl_tree_leaf_hash(big, n, &a);
		sl_sha256(with0, n + 1, &b);
		CHECK_MSG(memcmp(&a, &b, sizeof(a)) == 0, "%zu bytes", n);
	}
}

TEST_MAIN({"leaf_golden", leaf_golden}, {"leaf_decode", leaf_decode},
    {"leaf_decode_refusals", leaf_decode_refusals},
    {"leaf_read_next", leaf_read_next},
    {"leaf_decode_every_byte", leaf_decode_every_byte},
    {"leaf_encode_refusals", leaf_encode_refusals},
    {"tree_vectors", tree_vectors}, {"tree_hashes", tree_hashes})
