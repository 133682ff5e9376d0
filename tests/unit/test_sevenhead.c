/*
 * What a header of a 7z may say, and what libarchive is given to unpack: each
 * limit at its last value and one beyond.
 */
#include "../../daemon/unpack/sevenhead.h"

#include "test.h"

#define COUNT_MAX 250000u
#define KIB ((uint64_t)1 << 10)
#define GIB ((uint64_t)1 << 30)

/* -- counts --------------------------------------------------------------- */

struct counts {
	const char *name;
	unsigned packs, files;
	unsigned streams[2]; /* of each folder; 0: it is not there */
	bool ok;
};

static void
add(struct sl_buf *b, const char *p, size_t n, unsigned times)
{
	while (times-- > 0)
		sl_buf_add(b, p, n);
}

/* Everything stored, each file of one byte. */
static void
make_head(const struct counts *c, struct sl_buf *b)
{
	unsigned folders = c->streams[1] > 0 ? 2 : 1, i;

	sl_buf_add(b, "\1\4\6\0", 4);
	sl_seven_add_number(b, c->packs);
	sl_buf_add(b, "\x09", 1);
	add(b, "\1", 1, c->packs);
	sl_buf_add(b, "\0\7\x0B", 3);
	sl_seven_add_number(b, folders);
	sl_buf_add(b, "", 1);
	add(b, "\1\1\0", 3, folders);
	sl_buf_add(b, "\x0C", 1);
	for (i = 0; i < folders; i++)
		sl_seven_add_number(b, c->streams[i]);
	sl_buf_add(b, "\0\x08\x0D", 3);
	for (i = 0; i < folders; i++)
		sl_seven_add_number(b, c->streams[i]);
	sl_buf_add(b, "\x09", 1);
	for (i = 0; i < folders; i++)
		add(b, "\1", 1, c->streams[i] - 1);
	sl_buf_add(b, "\0\0\5", 3);
	sl_seven_add_number(b, c->files);
	sl_buf_add(b, "\0\0", 2);
}

static void
counts(void)
{
	static const struct counts cases[] = {{"few", 2, 3, {1, 2}, true},
	    {"packs", COUNT_MAX, 1, {1}, true},
	    {"packs beyond", COUNT_MAX + 1, 1, {1}, false},
	    {"files", 1, COUNT_MAX, {1}, true},
	    {"files beyond", 1, COUNT_MAX + 1, {1}, false},
	    {"streams", 1, 1, {COUNT_MAX}, true},
	    {"streams beyond", 1, 1, {COUNT_MAX + 1}, false},
	    {"sum of streams", 2, 1, {COUNT_MAX - 9, 9}, true},
	    {"sum beyond", 2, 1, {COUNT_MAX - 9, 10}, false}};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SL_BUF struct sl_buf b = {0};
		struct sl_seven_head h;
		bool ok;

		make_head(&cases[i], &b);
		ok = sl_seven_head_read((uint8_t *)b.p, b.n, GIB, &h);
		CHECK_MSG(ok == cases[i].ok, "%s", cases[i].name);
		if (ok)
			sl_seven_head_free(&h);
	}
}

/* -- coders --------------------------------------------------------------- */

enum {
	LZMA = 0x030101,
	LZMA2 = 0x21,
	PPMD = 0x030401,
	BCJ_X86 = 0x03030103,
	BCJ2 = 0x0303011B,
};

/* LZMA and PPMd: their first byte, and so much memory. */
static void
set_memory(struct sl_seven_coder *c, uint64_t bytes, uint8_t props[5])
{
	unsigned i;

	props[0] = 0x5D;
	for (i = 0; i < 4; i++)
		props[1 + i] = (uint8_t)(bytes >> 8 * i);
	c->props = props;
	c->props_n = 5;
}

static bool
strip(const struct sl_seven_coders *c, const uint64_t *sides)
{
	uint64_t outs[SL_SEVEN_CODERS] = {100, 100, 100, 100, 112};
	uint64_t packs[SL_SEVEN_INS];
	const struct sl_seven_coder *aes[SL_SEVEN_INS];
	struct sl_seven_coders left;

	if (sides != NULL)
		memcpy(outs, sides, 2 * sizeof(*outs));
	return sl_seven_coders_strip(c, outs, packs, aes, &left);
}

static void
memory(void)
{
	static const struct {
		const char *name;
		uint64_t method, filter, bytes;
		bool ok;
	} cases[] = {{"LZMA", LZMA, 0, GIB, true},
	    {"LZMA beyond", LZMA, 0, GIB + 1, false},
	    {"LZMA and BCJ", LZMA, BCJ_X86, GIB, true},
	    {"LZMA and BCJ beyond", LZMA, BCJ_X86, GIB + 1, false},
	    {"PPMd", PPMD, 0, GIB, true},
	    {"PPMd beyond", PPMD, 0, GIB + 1, false},
	    {"PPMd and BCJ", PPMD, BCJ_X86, KIB, false},
	    {"BCJ alone", BCJ_X86, 0, KIB, false}};
	uint8_t props[5];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sl_seven_coders c = {.n = 2,
		    .ins = 2,
		    .pairs = 1,
		    .packs = 1,
		    .pair = {{0, 1}},
		    .packed = {1}};

		c.coder[0] = (struct sl_seven_coder){
		    .method = cases[i].method, .ins = 1};
		set_memory(&c.coder[0], cases[i].bytes, props);
		if (cases[i].filter != 0) {
			c.coder[1] = (struct sl_seven_coder){
			    .method = cases[i].filter, .ins = 1, .first_in = 1};
			c.n = c.ins = 3;
			c.pairs = 2;
			c.pair[0].in = 1;
			c.pair[0].out = 0;
			c.pair[1].in = 0;
			c.pair[1].out = 2;
			c.packed[0] = 2;
		}
		c.coder[c.n - 1] = (struct sl_seven_coder){
		    .method = SL_SEVEN_AES, .ins = 1, .first_in = c.n - 1};
		CHECK_MSG(strip(&c, NULL) == cases[i].ok, "%s", cases[i].name);
	}
}

/* LZMA2 says it in one byte: 36 is a gigabyte, and 40 the last. */
static void
memory_lzma2(void)
{
	static const uint8_t props[5] = {0, 36, 37, 41, 255};
	size_t i;

	for (i = 0; i < 5; i++) {
		struct sl_seven_coders c = {.n = 2,
		    .ins = 2,
		    .pairs = 1,
		    .packs = 1,
		    .coder = {{.method = LZMA2, .ins = 1},
			{.method = SL_SEVEN_AES, .ins = 1, .first_in = 1}},
		    .pair = {{0, 1}},
		    .packed = {1}};

		CHECK(!strip(&c, NULL)); /* nothing said */
		c.coder[0].props = &props[i];
		c.coder[0].props_n = 1;
		CHECK_MSG(strip(&c, NULL) == (i < 2), "%u", props[i]);
	}
}

/* What all coders and the side streams take counts together. */
static void
memory_bcj2(void)
{
	static const struct {
		const char *name;
		uint64_t main, side, sides[2];
		bool ok;
	} cases[] = {{"as 7-Zip", 64 * KIB, KIB, {1000, 1000}, true},
	    {"sides", 0, 0, {GIB / 2, GIB / 2}, true},
	    {"sides beyond", 0, 0, {GIB / 2, GIB / 2 + 1}, false},
	    {"one side", 0, 0, {GIB + 1, 0}, false},
	    {"not to be added", 0, 0, {UINT64_MAX, 1}, false},
	    {"coders", GIB / 2, GIB / 4, {0, 0}, true},
	    {"coders beyond", GIB / 2, GIB / 4 + 1, {0, 0}, false},
	    {"both", GIB / 2, GIB / 8, {GIB / 8, GIB / 8}, true},
	    {"both beyond", GIB / 2, GIB / 8, {GIB / 8, GIB / 8 + 1}, false}};
	uint8_t props[2][5];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sl_seven_coders c = {.n = 5,
		    .ins = 8,
		    .pairs = 4,
		    .packs = 4,
		    .coder = {{.method = LZMA, .ins = 1},
			{.method = LZMA, .ins = 1, .first_in = 1},
			{.method = LZMA, .ins = 1, .first_in = 2},
			{.method = BCJ2, .ins = 4, .first_in = 3},
			{.method = SL_SEVEN_AES, .ins = 1, .first_in = 7}},
		    .pair = {{5, 0}, {4, 1}, {3, 2}, {2, 4}},
		    .packed = {7, 6, 1, 0}};

		set_memory(&c.coder[0], cases[i].side, props[0]);
		set_memory(&c.coder[1], cases[i].side, props[0]);
		set_memory(&c.coder[2], cases[i].main, props[1]);
		CHECK_MSG(strip(&c, cases[i].sides) == cases[i].ok, "%s",
		    cases[i].name);
	}
}

TEST_MAIN({"counts", counts}, {"memory", memory},
    {"memory_lzma2", memory_lzma2}, {"memory_bcj2", memory_bcj2})
