/*
 * The table of formats, its patterns, and what they say of files. Most cases
 * have a table of their own; `shipped` asks the one that is installed.
 */
#include "../../daemon/pronom/pronom.h"

#include <stdlib.h>
#include <unistd.h>

#include "../../daemon/base/buf.h"
#include "../../daemon/base/hash.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/pronom/ole2.h"
#include "../../daemon/pronom/pattern.h"
#include "make_archive.h"
#include "test.h"

#define TEXT(s) s, sizeof(s) - 1

/* -- patterns ----------------------------------------------------------------
 */

static char memory[1 << 16];

static const char *
parse(const char *s, struct sl_sequence *q)
{
	struct sl_region r = {.p = memory, .cap = sizeof(memory)};

	memset(memory, 0, sizeof(memory));
	return sl_sequence_parse(s, strlen(s), &r, q);
}

static bool
fits(const char *pattern, const char *p, size_t n, uint64_t work)
{
	struct sl_sequence q;
	struct sl_window w = {.p = (const uint8_t *)p,
	    .n = n,
	    .bof = true,
	    .eof = true,
	    .work = &work};

	CHECK_STR(parse(pattern, &q), NULL);
	return sl_sequence_matches(&q, &w);
}

static void
patterns(void)
{
	static const struct {
		const char *pattern, *p;
		bool fits;
	} cases[] = {
	    {"B0-0:4142", "ABC", true},
	    {"B0-0:4142", "xABC", false},
	    {"B0-1:4142", "xABC", true},
	    {"B1-1:4142", "ABC", false},
	    {"B2-4:4142", "xAxxxAB", false},
	    {"B0-0:41{2}42", "AxxB", true},
	    {"B0-0:41{2}42", "AxB", false},
	    {"B0-0:41{1-3}42", "AxxxB", true},
	    {"B0-0:41{1-3}42", "AB", false},
	    {"B0-0:41{1-3}42", "AxxxxB", false},
	    {"B0-0:41{2-*}42", "AxxxxxxxB", true},
	    {"B0-0:41*42*43", "A--B--C", true},
	    {"B0-0:41*42*43", "A--C--B", false},
	    /* the nearest B is not followed by a C, a later one is */
	    {"B0-0:41*42{1}43", "A-B--B-C", true},
	    {"B0-9:4142{1}43", "AB--AB-C", true},
	    {"B0-0:[30:39]", "7", true},
	    {"B0-0:[30:39]", "x", false},
	    {"B0-0:[!30:39]", "x", true},
	    {"B0-0:[!30]", "0", false},
	    {"B0-0:[&41]", "C", true},
	    {"B0-0:[&41]", "B", false},
	    {"B0-0:[~03]", "B", true},
	    {"B0-0:[~03]", "D", false},
	    {"B0-0:[!&41]", "B", true},
	    {"B0-0:41??43", "AxC", true},
	    {"B0-0:(41|4243)44", "BCD", true},
	    {"B0-0:(41|4243)44", "AD", true},
	    {"B0-0:(41|4142)43", "ABC", true},
	    {"B0-0:(41|4243)44", "BD", false},
	    {"B0-0:([30:39]|41)42", "AB", true},
	    {"E0-0:4344", "ABCD", true},
	    {"E0-0:4344", "ABCDx", false},
	    {"E0-1:4344", "ABCDx", true},
	    {"E1-1:4344", "ABCD", false},
	    {"E0-0:41{1-2}4344", "A-CD", true},
	    {"E0-0:41*4344", "A-----CD", true},
	    {"E0-0:42*4344", "A-----CD", false},
	    {"V0:4344", "ABCD", true},
	    {"V3:4344", "ABCD", false},
	    {"V0:4345", "ABCD", false},
	    {"B0-0:{2}43", "ABC", true},
	    {"B0-*:43", "ABC", true},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_MSG(fits(cases[i].pattern, cases[i].p, strlen(cases[i].p),
			      100000) == cases[i].fits,
		    "%s in %s", cases[i].pattern, cases[i].p);
}

static void
bad_patterns(void)
{
	static const char *const bad[] = {"", "4142", "B0-0:", "B0-0:4",
	    "B0-0:4G", "B0-0:41{", "B0-0:41{1-", "B0-0:41*", "B0-0:(41",
	    "B0-0:()", "B0-0:(41|)", "B0-0:[41", "B0-0:[4142:4344]",
	    "B0-0:[39:30]", "B2-1:41", "B0:41", "E0-0:*41", "B0-99999999999:41",
	    "B0-0:41{9-1}42", "X0-0:41", "B0-0:41#42"};
	struct sl_sequence q;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_MSG(parse(bad[i], &q) != NULL, "%s", bad[i]);
}

/* A file made to be slow: gaps within gaps do not multiply, and when the work
 * is used up it is given up. */
static void
work(void)
{
	static const char *const slow[] = {
	    "B0-9000:41{0-9000}41{0-9000}41{0-9000}42",
	    "E0-9000:42{0-9000}41{0-9000}41{0-9000}41"};
	SL_BUF struct sl_buf b = {0};
	uint64_t left;
	struct sl_window w = {.bof = true, .eof = true, .work = &left};
	struct sl_sequence q;
	size_t i;

	for (i = 0; i < 20000; i++)
		sl_buf_add_char(&b, 'A');
	w.p = (const uint8_t *)b.p;
	w.n = b.n;
	for (i = 0; i < 2; i++) {
		CHECK_STR(parse(slow[i], &q), NULL);
		left = 1 << 20;
		CHECK(!sl_sequence_matches(&q, &w));
		CHECK(left > 900000);
		left = 1000;
		CHECK(!sl_sequence_matches(&q, &w));
		CHECK(left == 0);
	}
}

/* -- tables -------------------------------------------------------------------
 */

/* body between the first lines and the end that fits them. */
static enum sl_rc
load(const char *body, const char *lists, struct sl_pronom **ret)
{
	SL_BUF struct sl_buf b = {0};
	char hex[SL_SHA256_HEX + 1];
	struct sl_digest d;
	struct sl_err err;

	sl_buf_add_str(&b, "sluse-pronom\t1\nversion\t1\t2026-01-01\t2\n");
	sl_buf_add_str(&b, body);
	sl_sha256(b.p, b.n, &d);
	sl_digest_hex(&d, hex);
	sl_buf_printf(&b, "end\t%s\n", hex);
	return sl_pronom_parse(b.p, b.n, lists, strlen(lists), ret, &err);
}

static struct sl_pronom_result
look(const struct sl_pronom *t, const void *p, size_t n, size_t head,
    size_t tail, const char *name)
{
	SL_CLOSE int fd = make_fd(p, n);
	struct sl_extent x = {.fd = fd, .size = n};
	struct sl_pronom_input in = {.x = &x,
	    .head = p,
	    .head_n = head < n ? head : n,
	    .tail_max = tail,
	    .name = name,
	    .is_text = memchr(p, '\1', n) == NULL};
	struct sl_pronom_result r;

	sl_pronom_identify(t, &in, &r);
	return r;
}

static const char *
puids(const struct sl_pronom_result *r)
{
	static char s[128];
	unsigned i;

	s[0] = '\0';
	for (i = 0; i < r->count; i++)
		(void)snprintf(s + strlen(s), sizeof(s) - strlen(s), "%s%s",
		    i > 0 ? " " : "", r->format[i]->puid);
	return s;
}

static const char body[] =
    "# a remark\nnote\tanything\n"
    "f\tfmt/1\tOne\t1.0\timage/x-one\tone,on\t\nb\t1\tB0-0:4F4E4531\n"
    "f\tfmt/2\tTwo\t\t\ttwo\tfmt/1\nb\t2\tB0-0:4F4E45\tV0:54574F\n"
    "f\tfmt/3\tThree\t\t\tthree\tfmt/2\n"
    "b\t3\tB0-0:4F4E45\tE0-2:454E44\n"
    "f\tfmt/4\tFour\t\t\tfour\t\nb\t4\tB2-9:464F5552\n"
    "f\tfmt/5\tFive\t\t\tfive\t\nb\t5\tB0-20:[30:39]46\n"
    "f\tfmt/6\tSix\t\t\tsix,four\t\nb\t6\tE4-4:534958\n"
    "f\tfmt/7\tBy name\t\ttext/x\tabc\t\n"
    "f\tfmt/8\tBy name\t\t\tdef\t\nf\tfmt/9\tBy name\t\t\tdef\t\n"
    "f\tfmt/10\tTen\t\t\tten\t\nb\t10\tB0-0:54454E\n"
    "f\tfmt/11\tEleven\t\t\tel\t\nb\t11\tB0-0:54\n"
    "f\tx-fmt/111\tPlain Text\t\ttext/plain\ttxt\t\n"
    "f\tx-fmt/263\tZIP\t\tapplication/zip\tzip\t\nb\t20\tB0-4:504B0304\n"
    "f\tfmt/20\tIn a zip\t\t\tinz\t\n"
    "z\t30\t@kind\tB0-0:6162{0-3}63\t@other\n"
    "f\tfmt/21\tEnd in a zip\t\t\tez\t\nz\t31\t@kind\tE0-0:797A\n"
    "f\tfmt/22\tIn OLE2\t\t\tole\t\no\t32\t@A/B\tB0-0:6869\t@C\n";

static void
answers(void)
{
	static const struct {
		const char *p;
		size_t n;
		const char *name, *puids;
		enum sl_basis basis;
		bool several, mismatch, ambiguous;
	} cases[] = {
	    {TEXT("ONE1\1"), "a.one", "fmt/1", SL_BASIS_SIGNATURE, 0, 0, 0},
	    {TEXT("ONE1\1"), "a.ONE", "fmt/1", SL_BASIS_SIGNATURE, 0, 0, 0},
	    {TEXT("ONE1\1"), "a.two", "fmt/1", SL_BASIS_SIGNATURE, 0, 1, 0},
	    {TEXT("ONE1\1"), "a", "fmt/1", SL_BASIS_SIGNATURE, 0, 0, 0},
	    {TEXT("ONE1\1"), "b.c/a", "fmt/1", SL_BASIS_SIGNATURE, 0, 0, 0},
	    /* preferred, and through one that is not there */
	    {TEXT("ONE1\1.TWO"), "a", "fmt/2", SL_BASIS_SIGNATURE, 0, 0, 0},
	    {TEXT("ONE1\1.END."), "a", "fmt/3", SL_BASIS_SIGNATURE, 0, 0, 0},
	    {TEXT("\1\1FOUR"), "a", "fmt/4", SL_BASIS_SIGNATURE, 0, 0, 0},
	    {TEXT("\1FOUR"), "a", "", SL_BASIS_NONE, 0, 0, 0},
	    {TEXT("\1\1\1\1\1\1\1\1\1FOUR"), "a", "fmt/4", SL_BASIS_SIGNATURE,
		0, 0, 0},
	    {TEXT("\1\1\1\1\1\1\1\1\1\1FOUR"), "a", "", SL_BASIS_NONE, 0, 0, 0},
	    {TEXT("\1\1\0017F"), "a", "fmt/5", SL_BASIS_SIGNATURE, 0, 0, 0},
	    {TEXT("\1\1SIX...."), "a", "fmt/6", SL_BASIS_SIGNATURE, 0, 0, 0},
	    /* two that have nothing to do with one another */
	    {TEXT("\1\1FOUR SIX...."), "a", "fmt/4 fmt/6", SL_BASIS_SIGNATURE,
		1, 0, 0},
	    {TEXT("\1\1FOUR SIX...."), "a.six", "fmt/6", SL_BASIS_SIGNATURE, 1,
		0, 0},
	    {TEXT("\1\1FOUR SIX...."), "a.four", "fmt/4 fmt/6",
		SL_BASIS_SIGNATURE, 1, 0, 0},
	    {TEXT("TEN\1"), "a", "fmt/10 fmt/11", SL_BASIS_SIGNATURE, 1, 0, 0},
	    {TEXT("\1"), "a.abc", "fmt/7", SL_BASIS_EXTENSION, 0, 0, 0},
	    {TEXT("\1"), "a.def", "", SL_BASIS_NONE, 0, 0, 1},
	    /* its format has a signature, which is not there */
	    {TEXT("\1"), "a.one", "", SL_BASIS_NONE, 0, 0, 1},
	    {TEXT("words"), "a", "x-fmt/111", SL_BASIS_TEXT, 0, 0, 0},
	    {TEXT("words"), "a.txt", "x-fmt/111", SL_BASIS_TEXT, 0, 0, 0},
	    {TEXT("words"), "a.abc", "fmt/7", SL_BASIS_EXTENSION, 0, 0, 0},
	    {TEXT("\1"), "a.txt", "", SL_BASIS_NONE, 0, 0, 1},
	    {TEXT(""), "a.abc", "", SL_BASIS_NONE, 0, 0, 0},
	};
	struct sl_pronom *t;
	size_t i;

	CHECK(load(body, "", &t) == SL_OK);
	CHECK_STR(sl_pronom_version(t), "1/2");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sl_pronom_result r =
		    look(t, cases[i].p, cases[i].n, 1000, 1000, cases[i].name);

		CHECK_STR(puids(&r), cases[i].puids);
		CHECK_MSG(r.basis == cases[i].basis &&
			      r.several == cases[i].several &&
			      r.extension_mismatch == cases[i].mismatch &&
			      r.ambiguous_extension == cases[i].ambiguous,
		    "%s %s", cases[i].name, cases[i].puids);
	}
	sl_pronom_free(t);
}

/* What lies between the two windows is not seen, and that is told. */
static void
windows(void)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_pronom_result r;
	struct sl_pronom *t;
	int i;

	CHECK(load(body, "", &t) == SL_OK);
	sl_buf_add_str(&b, "ONE\1");
	for (i = 0; i < 1000; i++)
		sl_buf_add_char(&b, '-');
	memcpy(b.p + 500, "TWO", 3);
	r = look(t, b.p, b.n, 100, 100, "a");
	CHECK_STR(puids(&r), "");
	CHECK(r.partial);
	memcpy(b.p + 950, "TWO", 3);
	r = look(t, b.p, b.n, 100, 100, "a");
	CHECK_STR(puids(&r), "fmt/2");
	memcpy(b.p + 1000, "END", 3);
	r = look(t, b.p, b.n, 100, 100, "a");
	CHECK_STR(puids(&r), "fmt/3");
	memset(b.p + 500, '-', 500);
	memcpy(b.p + 50, "TWO", 3);
	memcpy(b.p + 1000, "---", 3);
	r = look(t, b.p, b.n, 100, 100, "a");
	CHECK_STR(puids(&r), "fmt/2");
	CHECK(!r.partial);
	sl_pronom_free(t);
}

static void
bad_tables(void)
{
	static const char *const bad[] = {"x\n", "f\tfmt/1\n",
	    "f\tfmt/1\tOne\t\t\t\tfmt/9\n", "b\t1\tB0-0:41\n",
	    "f\tfmt/1\tOne\t\t\t\t\nb\t1\n",
	    "f\tfmt/1\tOne\t\t\t\t\nb\t1\tB0-0:4\n",
	    "f\tfmt/1\tOne\t\t\t\t\nz\t1\tB0-0:41\n",
	    "f\tfmt/1\tOne\t\t\t\t\nz\t1\t@\tB0-0:41\n",
	    "f\tfmt/1\tOne\t\t\t\t\nz\t1\t@a\tB0-0:41\t\n"};
	struct sl_pronom *t = NULL;
	struct sl_err err;
	static const char whole[] = "sluse-pronom\t1\nversion\t1\t\t2\nend\t";
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_MSG(load(bad[i], "", &t) == SL_REJECT, "%s", bad[i]);
	for (i = 0; i < sizeof(whole); i++)
		CHECK(sl_pronom_parse(whole, i, "", 0, &t, &err) == SL_REJECT);
	CHECK(load("f\tfmt/1\tOne\t\t\t\t\n", "no list\n", &t) == SL_REJECT);
	CHECK(sl_pronom_load("/nowhere/table.tsv", NULL, &t, &err) == SL_SKIP);
}

static void
lists(void)
{
	static const char text[] = "# remark\n2022\tfmt/1\t\t2008-12-31\n"
				   "2022\tfmt/2\t2018-01-01\t\tmore\n"
				   "2026\tfmt/1\n2026\tfmt/3\n2026\tfmt/999\n";
	struct sl_pronom *t;

	CHECK(load(body, text, &t) == SL_OK);
	CHECK_STR(
	    sl_pronom_find(t, "fmt/1")->accepted, "2022:../2008-12-31,2026");
	CHECK_STR(sl_pronom_find(t, "fmt/2")->accepted, "2022:2018-01-01/..");
	CHECK_STR(sl_pronom_find(t, "fmt/3")->accepted, "2026");
	CHECK_STR(sl_pronom_find(t, "fmt/4")->accepted, "");
	CHECK(sl_pronom_find(t, "fmt/999") == NULL);
	sl_pronom_free(t);
}

/* -- containers
 * ----------------------------------------------------------------- */

static void
zip_members(void)
{
#define M(s, d)                                                                \
	{                                                                      \
		.name = s, .data = d, .n = sizeof(d) - 1                       \
	}
	static const struct {
		struct zip_member m[2];
		const char *puids;
	} cases[] = {
	    {{M("kind", "ab12c"), M("other", "\1")}, "fmt/20"},
	    {{M("other", "\1"), M("kind", "abc")}, "fmt/20"},
	    {{M("kind", "ab1234c"), M("other", "\1")}, "x-fmt/263"},
	    {{M("kind", "abc"), M("another", "\1")}, "x-fmt/263"},
	    {{M("x/kind", "abc"), M("other", "\1")}, "x-fmt/263"},
	    {{M("kind", "xyz"), M("b", "\1")}, "fmt/21"},
	};
	struct sl_pronom_result r;
	struct sl_pronom *t;
	size_t i;

	CHECK(load(body, "", &t) == SL_OK);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SL_BUF struct sl_buf z = {0};

		make_zip(&z, cases[i].m, 2, NULL);
		r = look(t, z.p, z.n, 1 << 20, 1000, "a");
		CHECK_STR(puids(&r), cases[i].puids);
		CHECK(r.basis == (strcmp(cases[i].puids, "x-fmt/263") == 0
					 ? SL_BASIS_SIGNATURE
					 : SL_BASIS_CONTAINER));
		/* half a zip has no directory */
		r = look(t, z.p, z.n / 2, 1 << 20, 1000, "a");
		CHECK_STR(puids(&r), "x-fmt/263");
	}
	sl_pronom_free(t);
}

static void
put32(char *p, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		p[i] = (char)(v >> (8 * i));
}

static void
ole_entry(char *p, const char *name, int type, uint32_t left, uint32_t right,
    uint32_t child, uint32_t start, uint32_t size)
{
	size_t n = strlen(name), i;

	memset(p, 0, 128);
	for (i = 0; i < n; i++)
		p[2 * i] = name[i];
	p[64] = (char)(2 * n + 2);
	p[66] = (char)type;
	put32(p + 68, left);
	put32(p + 72, right);
	put32(p + 76, child);
	put32(p + 116, start);
	put32(p + 120, size);
}

enum { OLE_SECTORS = 14, OLE_BYTES = (OLE_SECTORS + 1) * 512 };

/* Storage A with stream B (8 bytes, in the mini stream), stream C of 4 500
 * bytes. Sectors: 0 table, 1-2 directory, 3 mini table, 4 mini stream, 5.. C */
static void
make_ole2(char *p)
{
	const uint32_t end = 0xFFFFFFFE, none = 0xFFFFFFFF;
	char *fat = p + 512, *dir = p + 1024, *mini = p + 2560;
	int i;

	memset(p, 0, OLE_BYTES);
	memcpy(p, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
	p[30] = 9;
	p[32] = 6;
	put32(p + 44, 1);
	put32(p + 48, 1);
	put32(p + 56, 4096);
	put32(p + 60, 3);
	put32(p + 68, end);
	put32(p + 76, 0);
	for (i = 1; i < 109; i++)
		put32(p + 76 + 4 * i, none);
	for (i = 0; i < 128; i++) {
		put32(fat + 4 * i, none);
		put32(mini - 512 + 4 * i, none);
	}
	put32(fat + 4, 2);
	put32(fat + 8, end);
	put32(fat + 12, end);
	put32(fat + 16, end);
	for (i = 5; i < 13; i++)
		put32(fat + 4 * i, (uint32_t)i + 1);
	put32(fat + 52, end);
	ole_entry(dir, "Root Entry", 5, none, none, 1, 4, 128);
	ole_entry(dir + 128, "A", 1, none, 2, 3, 0, 0);
	ole_entry(dir + 256, "\1C", 2, none, none, none, 5, 4500);
	ole_entry(dir + 384, "B", 2, none, none, none, 1, 8);
	put32(mini - 512 + 4, end);
	memcpy(mini + 64, "hi there", 8);
	memcpy(p + 512 * 6, "first", 5);
	memcpy(p + 512 * 14, "ninth", 5);
}

static void
on_name(void *arg, const char *path, size_t n, uint32_t number)
{
	(void)n;
	sl_buf_printf(arg, "%s=%u ", path, number);
}

static void
ole2(void)
{
	char p[OLE_BYTES];
	uint8_t b[5000];
	struct sl_extent x = {.size = OLE_BYTES};
	SL_BUF struct sl_buf names = {0};
	struct sl_ole2 *o;
	bool all;

	make_ole2(p);
	x.fd = make_fd(p, sizeof(p));
	o = sl_ole2_open(&x);
	CHECK(o != NULL);
	sl_ole2_each(o, on_name, &names);
	CHECK_STR(sl_buf_str(&names), "A=1 A/B=3 C=2 ");
	CHECK(sl_ole2_read(o, 3, b, sizeof(b), &all) == 8 && all);
	CHECK(memcmp(b, "hi there", 8) == 0);
	CHECK(sl_ole2_read(o, 3, b, 2, &all) == 2 && !all);
	CHECK(sl_ole2_read(o, 2, b, sizeof(b), &all) == 4500 && all);
	CHECK(memcmp(b, "first", 5) == 0);
	CHECK(memcmp(b + 8 * 512, "ninth", 5) == 0);
	CHECK(sl_ole2_read(o, 1, b, sizeof(b), &all) == -1);
	CHECK(sl_ole2_read(o, 99, b, sizeof(b), &all) == -1);
	sl_ole2_close(o);
	(void)close(x.fd);
}

/* Every byte changed, and every length: no more than no answer. */
static void
ole2_damaged(void)
{
	char p[OLE_BYTES], q[OLE_BYTES];
	struct sl_pronom_result r;
	struct sl_pronom *t;
	size_t i;

	CHECK(load(body, "", &t) == SL_OK);
	make_ole2(p);
	r = look(t, p, sizeof(p), 1 << 20, 1000, "a");
	CHECK_STR(puids(&r), "fmt/22");
	CHECK(r.basis == SL_BASIS_CONTAINER);
	for (i = 0; i < 1600; i++) {
		memcpy(q, p, sizeof(p));
		q[i] = (char)(q[i] ^ 0x55);
		r = look(t, q, sizeof(q), 1 << 20, 1000, "a");
		CHECK(r.count <= 1);
		r = look(t, p, i * 4, 1 << 20, 1000, "a");
		CHECK(r.count <= 1);
	}
	/* a chain that bites its tail, a tree that does */
	memcpy(q, p, sizeof(p));
	put32(q + 512 + 4 * 6, 5);
	put32(q + 1024 + 384 + 72, 1);
	r = look(t, q, sizeof(q), 1 << 20, 1000, "a");
	CHECK_STR(puids(&r), "fmt/22");
	sl_pronom_free(t);
}

/* -- the table that is installed ----------------------------------------------
 */

static void
shipped(void)
{
	static const struct {
		const char *p;
		size_t n;
		const char *name, *puids;
	} cases[] = {
	    {TEXT("%PDF-1.4\n\1%%EOF"), "a.pdf", "fmt/18"},
	    {TEXT("%PDF-1.7\n\1%%EOF"), "a.pdf", "fmt/276"},
	    {TEXT("%PDF-2.0\n\1%%EOF"), "a.pdf", "fmt/1129"},
	    {TEXT("%PDF-1.4\n\1<a xmlns:pdfaid='http://www.aiim.org/pdfa/ns/"
		  "id/'/><pdfaid:part>1</pdfaid:part>"
		  "<pdfaid:conformance>B</pdfaid:conformance>%%EOF"),
		"a.pdf", "fmt/354"},
	    {TEXT("GIF89a\1\1\1;"), "a.gif", "fmt/4"},
	    {TEXT("II*\0\1\0"), "a.tif", "fmt/353"},
	    {TEXT("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1"
		  "\0\0\0\0IEND\xAE\x42\x60\x82"),
		"a.png", "fmt/11"},
	    {TEXT("7z\xBC\xAF\x27\x1C\1"), "a.7z", "fmt/484"},
	    {TEXT("{\\rtf1\\ansi\\ansicpg1252 }\1}"), "a.rtf", "fmt/50"},
	    {TEXT("{}"), "a.json", "fmt/817"},
	    {TEXT("RIFF\0\0\0\0WEBPVP8 \0\0\0\0"), "a.webp", "fmt/566"},
	};
	struct sl_pronom *t = NULL;
	struct sl_err err;
	size_t i;

	CHECK_MSG(sl_pronom_open(&t, &err) == SL_OK, "%s", err.text);
	CHECK_STR(sl_pronom_version(t), "118/37");
	CHECK(sl_pronom_formats(t) == 2458);
	CHECK(sl_pronom_signatures(t) == 2429);
	CHECK_STR(
	    sl_pronom_find(t, "fmt/18")->accepted, "2022:../2008-12-31,2026");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sl_pronom_result r = look(
		    t, cases[i].p, cases[i].n, 1 << 20, 1 << 17, cases[i].name);

		CHECK_STR(puids(&r), cases[i].puids);
	}
	sl_pronom_free(t);
}

TEST_MAIN({"patterns", patterns}, {"bad_patterns", bad_patterns},
    {"work", work}, {"answers", answers}, {"windows", windows},
    {"bad_tables", bad_tables}, {"lists", lists}, {"zip_members", zip_members},
    {"ole2", ole2}, {"ole2_damaged", ole2_damaged}, {"shipped", shipped})
