/*
 * Notes, checkpoints, proofs and tiles against published vectors.
 *
 * Notes: golang/mod sumdb/note (BSD-3-Clause), C2SP signed-note and
 * tlog-cosignature, transparency-dev/formats log/checkpoint_test.go
 * (Apache-2.0); proofs: tests/data/merkle.
 */
#include "../../daemon/journal/note.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/base64.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/text.h"
#include "../../daemon/journal/checkpoint.h"
#include "../../daemon/journal/proof.h"
#include "../../daemon/journal/tile.h"
#include "../../daemon/journal/tlogproof.h"
#include "test.h"

#define PETER                                                                  \
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define TEXT                                                                   \
	"If you think cryptography is the answer to your problem,\n"           \
	"then you don't know what your problem is.\n"
#define PETER_SIG                                                              \
	"— PeterNeumann "                                                    \
	"x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf" \
	"qdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH_SIG                                                              \
	"— EnochRoot "                                                       \
	"rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01" \
	"oOTGwnWLox33WWd1RvMc+QQ=\n"

static struct sl_vkey
vkey(const char *s)
{
	struct sl_vkey k = {0};

	CHECK_MSG(sl_vkey_parse(s, strlen(s), &k), "%s", s);
	return k;
}

static enum sl_rc
verify(const char *s, const struct sl_vkey *k, size_t n, uint32_t *by)
{
	struct sl_note note;
	struct sl_err err;
	enum sl_rc rc = sl_note_parse(s, strlen(s), &note, &err);

	return rc == SL_OK ? sl_note_verify(&note, k, n, by, &err) : SL_BROKEN;
}

static void
base64(void)
{
	static const char *const bad[] = {"A", "AA", "AAA",
	    "AA=", "A===", "AB==", "AAB=", "====", "AA==AA==", "AA =", "AAAA\n",
	    "AA-A", "AAA=A"};
	SL_BUF struct sl_buf b = {0};
	uint8_t in[67], out[67];
	size_t n, len, i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 37 + 200);
	for (n = 0; n <= sizeof(in); n++) {
		sl_buf_reset(&b);
		sl_base64_add(&b, in, n);
		CHECK(sl_base64_read(
			  sl_buf_str(&b), b.n, out, sizeof(out), &len) &&
		      len == n && memcmp(in, out, n) == 0);
		CHECK(n == 0 || !sl_base64_read(b.p, b.n, out, n - 1, &len));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_MSG(!sl_base64_read(
			      bad[i], strlen(bad[i]), out, sizeof(out), &len),
		    "%s", bad[i]);
}

/* TestNewVerifier: no mangling of a key is a key. */
static void
keys(void)
{
	char s[] = PETER;
	struct sl_vkey k;
	SL_BUF struct sl_buf b = {0};
	size_t i, j, n = strlen(s);

	CHECK(sl_vkey_parse(s, n, &k));
	sl_vkey_text(&k, &b);
	CHECK_STR(sl_buf_str(&b), s);
	for (i = 0; i <= n; i++)
		for (j = i + 1; j <= n; j++)
			CHECK((i == 0 && j == n) ||
			      !sl_vkey_parse(s + i, j - i, &k));
	for (i = 0; i < n; i++) {
		s[i]++;
		CHECK_MSG(!sl_vkey_parse(s, n, &k), "%s", s);
		s[i]--;
	}
	CHECK(!sl_vkey_parse(PETER "BADKEY==", strlen(PETER "BADKEY=="), &k));
	CHECK(!sl_vkey_parse("PeterNeumann+173116ae+"
			     "ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	    66, &k));
	k = vkey("example.com/foo+530d903a+"
		 "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
	CHECK(
	    verify("This is an example message.\n\n"
		   "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXp"
		   "pzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
		&k, 1, NULL) == SL_OK);
	CHECK(sl_note_is_name("sluse.example/M", 15));
	CHECK(!sl_note_is_name("", 0) && !sl_note_is_name("a b", 3) &&
	      !sl_note_is_name("a+b", 3) && !sl_note_is_name("a\xc2\xa0", 3) &&
	      !sl_note_is_name("\xe2\x80\xa9", 3) &&
	      !sl_note_is_name("a\xff", 2));
}

/* A private key of OpenSSL from its seed. */
static struct sl_signer *
signer(const char *name, const char *seed_base64)
{
	static const uint8_t head[] = {0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b,
	    0x65, 0x70, 4, 0x22, 4, 0x20};
	SL_BUF struct sl_buf pem = {0};
	uint8_t der[sizeof(head) + 33];
	struct sl_signer *s = NULL;
	struct sl_err err;
	size_t n = 0;

	/* The seed stands behind its type byte. */
	CHECK(sl_base64_read(seed_base64, strlen(seed_base64),
		  der + sizeof(head) - 1, 33, &n) &&
	      n == 33);
	memcpy(der, head, sizeof(head));
	sl_buf_add_str(&pem, "-----BEGIN PRIVATE KEY-----\n");
	sl_base64_add(&pem, der, sizeof(head) + 32);
	sl_buf_add_str(&pem, "\n-----END PRIVATE KEY-----\n");
	CHECK(sl_signer_new(name, pem.p, pem.n, &s, &err) == SL_OK);
	return s;
}

/* TestSign: the same note bit by bit. */
static void
signing(void)
{
	struct sl_signer *s = signer(
	    "PeterNeumann", "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz");
	SL_BUF struct sl_buf b = {0};
	SL_BUF struct sl_buf v = {0};
	SL_BUF struct sl_buf pem = {0};
	struct sl_signer *bad;
	struct sl_err err;

	if (s == NULL)
		return;
	CHECK(sl_note_sign(s, sl_slice_str(TEXT), &b, &err) == SL_OK);
	CHECK_STR(sl_buf_str(&b), PETER_SIG);
	sl_vkey_text(sl_signer_vkey(s), &v);
	CHECK_STR(sl_buf_str(&v), PETER);
	sl_signer_free(s);
	CHECK(sl_signer_make(&pem, &err) == SL_OK);
	CHECK(sl_signer_new("a+b", pem.p, pem.n, &bad, &err) == SL_REJECT);
	CHECK(sl_signer_new("a", "x", 1, &bad, &err) == SL_REJECT);
}

/* TestOpen. */
static void
opening(void)
{
	static const char *const malformed[] = {"", "\n", "\n\n", TEXT,
	    TEXT "\n", "\x01" TEXT "\n" PETER_SIG, "\xff" TEXT "\n" PETER_SIG,
	    TEXT "\n— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInN"
		 "IuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
	    TEXT "\n" PETER_SIG "Unexpected line.\n", "a\r\n\r\n" PETER_SIG,
	    TEXT "\n— PeterNeumann AAAA\n", TEXT "\n— PeterNeumann\n",
	    TEXT "\n- PeterNeumann AAAAAAAA\n"};
	const struct sl_vkey k[2] = {vkey(PETER), vkey(ENOCH)};
	SL_BUF struct sl_buf many = {0};
	char cut[] = TEXT "\n" PETER_SIG;
	uint32_t by = 0;
	size_t i;

	CHECK(verify(TEXT "\n" PETER_SIG ENOCH_SIG, k, 1, &by) == SL_OK);
	CHECK(by == 1);
	CHECK(verify(TEXT "\n" PETER_SIG ENOCH_SIG, k, 2, &by) == SL_OK);
	CHECK(by == 3);
	CHECK(verify(TEXT "\n" PETER_SIG ENOCH_SIG, k, 0, &by) == SL_SKIP);
	CHECK(verify(TEXT "\n" PETER_SIG PETER_SIG ENOCH_SIG ENOCH_SIG, k, 1,
		  &by) == SL_OK);
	/* Known name and id, wrong signature: the whole note. */
	CHECK(
	    verify("x" TEXT "\n" PETER_SIG ENOCH_SIG, k, 1, &by) == SL_REJECT);
	CHECK(verify(TEXT "\n" ENOCH_SIG "— PeterNeumann x08go/ZJ\n", k, 2,
		  &by) == SL_REJECT);
	/* The last empty line parts text and signatures. */
	CHECK(
	    verify(TEXT "\n" PETER_SIG "\n" ENOCH_SIG, k, 2, &by) == SL_REJECT);
	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		CHECK_MSG(
		    verify(malformed[i], k, 2, &by) == SL_BROKEN, "%zu", i);
	for (i = 0; i + 1 < sizeof(cut); i++) {
		SL_FREE char *s = sl_strndup(cut, i);

		CHECK_MSG(verify(s, k, 2, &by) != SL_OK, "cut at %zu", i);
	}
	sl_buf_add_str(&many, TEXT "\n");
	for (i = 0; i < 100; i++)
		sl_buf_add_str(&many, ENOCH_SIG);
	CHECK(verify(many.p, k, 1, &by) == SL_SKIP);
	sl_buf_add_str(&many, PETER_SIG);
	CHECK(verify(many.p, k, 1, &by) == SL_BROKEN);
}

/* Made with OpenSSL from the key of RFC 8032, TEST 1. */
static void
cosignature(void)
{
	static const char note[] =
	    "example.com/behind-the-sofa\n20852163\n"
	    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
	    "— example.com/behind-the-sofa +PpSVFNUsAicB1wXCuc36HrmzCfBx1ATQ"
	    "pTulWd9U006OEpyCvIVj2pM8CIzKlzXWcwxIO/VAQzkCO8DZUY5tlFX6QQ=\n"
	    "— witness.example.com/w1 fm9KqgAAAABkGFDL+TPmh4BYuAjsYRoqMJCWb/"
	    "gWJaeRF/kmm5tlCr9sJ57DLErur7K0yDXc2ArN+TIuotuB/HbuL3AJsp3bv/aNC"
	    "Q==\n";
	const struct sl_vkey k[2] = {
	    vkey("example.com/behind-the-sofa+f8fa5254+"
		 "AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"),
	    vkey("witness.example.com/w1+7e6f4aaa+"
		 "BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea")};
	char bad[sizeof(note)];
	struct sl_checkpoint c;
	struct sl_err err;
	uint32_t by = 0;

	CHECK(verify(note, k, 2, &by) == SL_OK && by == 3);
	CHECK(sl_checkpoint_open(sl_slice_str(note), k, 2, &c, &err) == SL_OK);
	CHECK_STR(c.origin, "example.com/behind-the-sofa");
	CHECK(c.size == 20852163);
	/* A witness alone is nobody's log. */
	CHECK(sl_checkpoint_open(sl_slice_str(note), k + 1, 1, &c, &err) ==
	      SL_SKIP);
	/* The time is signed too. */
	memcpy(bad, note, sizeof(note));
	*strstr(bad, "kGFDL") = 'l';
	CHECK(verify(bad, k, 2, &by) == SL_REJECT);
}

static void
checkpoints(void)
{
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {{"Log\n123\n" ROOT, true}, {"Banana\n9944\n" ROOT, true},
	    {"Log\n0\n" ROOT, true}, {"Log\n9944\n" ROOT "more\n", true},
	    {"Log\n9944\n" ROOT "lots\nof\nlines\n", true},
	    {"Log\n9944\n" ROOT "\n\n\n", false}, {"Head\n9944\n", false},
	    {"\n9944\n" ROOT, false},
	    {"Log\n123\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", false},
	    {"Log\nbananas\n" ROOT, false}, {"Log\n-34\n" ROOT, false},
	    {"Log\n+34\n" ROOT, false}, {"Log\n034\n" ROOT, false},
	    {"Log\n\n" ROOT, false}, {"Log\n34 \n" ROOT, false},
	    {"Log\n3438945738945739845734895735\n" ROOT, false},
	    {"Log\n9223372036854775808\n" ROOT, false},
	    {"Log\n123\nThisIsn'tBase64\n", false},
	    {"Log\n123\nYmFuYW5hcw==\n", false}};
	struct sl_checkpoint c;
	struct sl_err err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_MSG((sl_checkpoint_parse(sl_slice_str(cases[i].text), &c,
			       &err) == SL_OK) == cases[i].ok,
		    "%s", cases[i].text);
}

static void
sign_checkpoint(void)
{
	struct sl_checkpoint c = {.origin = "PeterNeumann", .size = 7}, again;
	struct sl_signer *s = signer(
	    "PeterNeumann", "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz");
	const struct sl_vkey k = vkey(PETER);
	SL_BUF struct sl_buf b = {0};
	struct sl_err err;
	size_t i;

	if (s == NULL)
		return;
	memset(&c.root, 7, sizeof(c.root));
	CHECK(sl_checkpoint_sign(s, &c, &b, &err) == SL_OK);
	sl_signer_free(s);
	CHECK(
	    sl_checkpoint_open(sl_slice_buf(&b), &k, 1, &again, &err) == SL_OK);
	CHECK(again.size == 7 && memcmp(&again.root, &c.root, 32) == 0);
	for (i = 0; i < b.n; i++) {
		b.p[i] ^= 1;
		CHECK_MSG(sl_checkpoint_open(
			      sl_slice_buf(&b), &k, 1, &again, &err) != SL_OK,
		    "byte %zu", i);
		b.p[i] ^= 1;
	}
}

/* -- proofs ---------------------------------------------------------------- */

/* False: not a digest, as some vectors want to see refused. */
static bool
digest(const json_t *o, const char *key, struct sl_digest *ret)
{
	const char *s = json_string_value(json_object_get(o, key));
	size_t n;

	memset(ret, 0, sizeof(*ret));
	return s != NULL &&
	       sl_base64_read(s, strlen(s), ret->b, sizeof(ret->b), &n) &&
	       (n == sizeof(ret->b) || memcmp(ret->b, "don't care ", 11) == 0);
}

static bool
nodes(const json_t *o, struct sl_digest *node, size_t *ret_n)
{
	const json_t *a = json_object_get(o, "proof"), *e;
	size_t i, n;

	*ret_n = json_array_size(a);
	json_array_foreach(
	    a, i, e) if (i >= SL_PROOF_MAX ||
			 !sl_base64_read(json_string_value(e),
			     json_string_length(e), node[i].b, 32, &n) ||
			 n != 32) return false;
	return true;
}

static uint64_t
number(const json_t *o, const char *key)
{
	double v = json_number_value(json_object_get(o, key));

	return v < 9e18 ? (uint64_t)v : UINT64_MAX;
}

/* A subtree without leaves is of no use to us; the vectors have it. */
static bool
empty_subtree(const json_t *o, size_t n, const struct sl_digest roots[2])
{
	struct sl_digest empty;

	sl_sha256("", 0, &empty);
	return number(o, "end") <= number(o, "size") && n == 0 &&
	       memcmp(&roots[0], &empty, sizeof(empty)) == 0;
}

static bool
vector(const json_t *o, const char *file)
{
	struct sl_digest roots[2], node[SL_PROOF_MAX];
	size_t n;
	uint64_t start = number(o, "start"), end = number(o, "end"),
		 index = number(o, "leafIdx");

	if (!nodes(o, node, &n))
		return false;
	if (strncmp(file, "inclusion/", 10) == 0)
		return digest(o, "leafHash", &roots[0]) &&
		       digest(o, "root", &roots[1]) &&
		       sl_proof_inclusion(
			   index, number(o, "treeSize"), roots, node, n);
	if (strncmp(file, "consistency/", 12) == 0)
		return digest(o, "root1", &roots[0]) &&
		       digest(o, "root2", &roots[1]) &&
		       sl_proof_consistency(number(o, "size1"),
			   number(o, "size2"), roots, node, n);
	if (strncmp(file, "subtreeinclusion/", 17) == 0)
		return digest(o, "leafHash", &roots[0]) &&
		       digest(o, "root", &roots[1]) &&
		       sl_proof_is_subtree(start, end) && index >= start &&
		       sl_proof_inclusion(
			   index - start, end - start, roots, node, n);
	if (!digest(o, "root1", &roots[0]) || !digest(o, "root2", &roots[1]))
		return false;
	if (start == end)
		return empty_subtree(o, n, roots);
	return sl_proof_subtree(start, end, number(o, "size"), roots, node, n);
}

static void
published_proofs(void)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_err err;
	char *s, *nl;
	unsigned seen = 0;
	json_t *o;

	CHECK(sl_read_file(AT_FDCWD, "tests/data/merkle/proofs.jsonl", 1 << 20,
		  &b, &err) == SL_OK);
	for (s = b.p; s != NULL && (nl = strchr(s, '\n')) != NULL; s = nl + 1) {
		/* Some sizes are beyond what an integer of jansson holds. */
		o = json_loadb(
		    s, (size_t)(nl - s), JSON_DECODE_INT_AS_REAL, NULL);
		CHECK_MSG(
		    vector(o, json_string_value(json_object_get(o, "file"))) ==
			!json_is_true(json_object_get(o, "wantErr")),
		    "%s", json_string_value(json_object_get(o, "file")));
		json_decref(o);
		seen++;
	}
	CHECK(seen == 518);
}

static bool
range(void *arg, uint64_t start, uint64_t end, struct sl_digest *ret)
{
	const struct sl_digest *leaf = arg;
	struct sl_tree t = {0};

	for (; start < end; start++)
		sl_tree_append(&t, &leaf[start]);
	sl_tree_root(&t, ret);
	return true;
}

/* Every proof of every small tree, and none of them with a node changed. */
static void
own_proofs(void)
{
	struct sl_digest leaf[40], node[SL_PROOF_MAX], r[2];
	uint64_t a, b, size, wrong = 0;
	size_t n, i;

	for (a = 0; a < 40; a++)
		sl_tree_leaf_hash(&a, sizeof(a), &leaf[a]);
	for (size = 1; size <= 40; size++) {
		for (a = 0; a < size; a++) {
			for (b = a + 1; b <= size; b++) {
				if (!sl_proof_is_subtree(a, b))
					continue;
				CHECK(sl_proof_make(
				    a, b, size, range, leaf, node, &n));
				(void)range(leaf, a, b, &r[0]);
				(void)range(leaf, 0, size, &r[1]);
				wrong +=
				    !sl_proof_subtree(a, b, size, r, node, n);
				wrong += n > 0 && sl_proof_subtree(a, b, size,
						      r, node, n - 1);
				for (i = 0; i < n; i++) {
					node[i].b[0] ^= 1;
					wrong += sl_proof_subtree(
					    a, b, size, r, node, n);
					node[i].b[0] ^= 1;
				}
			}
		}
	}
	CHECK(wrong == 0);
}

static void
proof_files(void)
{
	static struct sl_tlogproof p, again;
	SL_BUF struct sl_buf b = {0};
	SL_BUF struct sl_buf second = {0};
	struct sl_err err;
	size_t i, last;

	p.index = 12;
	p.n = 3;
	memset(p.node, 5, sizeof(p.node));
	p.leaf_n = 300;
	p.checkpoint = sl_slice_str(TEXT "\n" PETER_SIG);
	sl_tlogproof_write(&p, &b);
	CHECK(sl_tlogproof_parse(b.p, b.n, &again, &err) == SL_OK);
	CHECK(again.index == 12 && again.n == 3 && again.leaf_n == 300);
	sl_tlogproof_write(&again, &second);
	CHECK_STR(sl_buf_str(&second), sl_buf_str(&b));
	/* Behind nine lines comes the payload. */
	memcpy(p.leaf, "1\n2\n3\n4\n5\n6\n7\n8\n9\n{}\n", 21);
	p.leaf_n = 18;
	p.payload_n = 3;
	sl_buf_reset(&b);
	sl_tlogproof_write(&p, &b);
	CHECK(sl_tlogproof_parse(b.p, b.n, &again, &err) == SL_OK);
	CHECK(again.leaf_n == 18 && again.payload_n == 3);
	last = b.n - p.checkpoint.n;
	for (i = 0; i < last; i++)
		CHECK_MSG(sl_tlogproof_parse(b.p, i, &again, &err) == SL_REJECT,
		    "cut at %zu", i);
}

/* -- tiles ----------------------------------------------------------------- */

struct seen {
	unsigned full[SL_TILE_LEVELS], part[SL_TILE_LEVELS];
	struct sl_digest top;
};

static bool
see_tile(void *arg, int level, uint64_t n, const struct sl_digest *hashes,
    unsigned width)
{
	struct seen *s = arg;

	(void)n;
	if (width == SL_TILE_WIDTH)
		s->full[level]++;
	else
		s->part[level] = width;
	s->top = hashes[0];
	return true;
}

static void
tiles(void)
{
	static struct sl_tiler t;
	static const struct {
		uint64_t n;
		unsigned width;
		const char *path;
	} paths[] = {{0, 256, "tile/0/000"}, {5, 1, "tile/0/005.p/1"},
	    {999, 256, "tile/0/999"}, {1000, 256, "tile/0/x001/000"},
	    {1234067, 256, "tile/0/x001/x234/067"},
	    {1234067, 255, "tile/0/x001/x234/067.p/255"}};
	static const char bundle[] = "\0\3abc\0\0\0\1x\0\5ab";
	struct sl_slice s = {bundle, sizeof(bundle) - 1}, one;
	struct seen seen = {0};
	struct sl_tree tree = {0};
	struct sl_digest h;
	uint64_t i;

	t.tile = see_tile;
	t.arg = &seen;
	for (i = 0; i < 70000; i++) {
		sl_tree_leaf_hash(&i, sizeof(i), &h);
		CHECK(sl_tiler_add(&t, &h));
		if (i < 65536)
			sl_tree_append(&tree, &h);
	}
	CHECK(sl_tiler_end(&t));
	CHECK(seen.full[0] == 273 && seen.part[0] == 112);
	CHECK(seen.full[1] == 1 && seen.part[1] == 17);
	CHECK(seen.full[2] == 0 && seen.part[2] == 1);
	sl_tree_root(&tree, &h);
	CHECK(memcmp(&h, &seen.top, sizeof(h)) == 0);
	CHECK(sl_tile_hashes(1, 70000) == 273);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		SL_BUF struct sl_buf b = {0};

		sl_tile_path(&b, "tile", 0, paths[i].n, paths[i].width);
		CHECK_STR(sl_buf_str(&b), paths[i].path);
	}
	CHECK(sl_tile_entry(&s, &one) && one.n == 3);
	CHECK(sl_tile_entry(&s, &one) && one.n == 0);
	CHECK(sl_tile_entry(&s, &one) && one.n == 1);
	CHECK(!sl_tile_entry(&s, &one) && s.n == 4);
}

TEST_MAIN({"base64", base64}, {"keys", keys}, {"signing", signing},
    {"opening", opening}, {"cosignature", cosignature},
    {"checkpoints", checkpoints}, {"sign_checkpoint", sign_checkpoint},
    {"published_proofs", published_proofs}, {"own_proofs", own_proofs},
    {"proof_files", proof_files}, {"tiles", tiles})
