/*
 * 7z that is encrypted: what comes out with which passwords, and that nothing
 * comes out that was not in it.
 */
#include "../../daemon/unpack/seven.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/sanitized.h"
#include "../../daemon/base/text.h"
#include "../../daemon/unpack/sevenhead.h"
#include "leftover.h"
#include "test.h"
#include "unpacked.h"

#define SECRET "sluse-2026"

static struct sl_passwords list;
static struct sl_keys keys = {.list = &list};
static struct sl_budget limits;

static void
begin(const char *lines)
{
	static bool warm;

	if (!warm) /* libarchive turns names by the locale */
		CHECK(warm = sl_unpack_warm(NULL) == SL_OK);
	sl_keys_free(&keys);
	keys = (struct sl_keys){.list = &list};
	limits = (struct sl_budget){.members_max = 100,
	    .member_bytes_max = 1 << 20,
	    .total_bytes_max = 4 << 20,
	    .ratio_max = 100};
	CHECK(sl_passwords_split(sl_slice_str(lines), &list));
}

/* All that any of the samples holds. */
static bool
is_known(const uint8_t *p, size_t n)
{
	static const uint32_t sums[] = {0x82F904B3, 0x84E9A613, 0xBA961C19,
	    0xCC032110, 0xC9F34B74, 0x93F6D530, 0xD7FE7B71, 0x71DB46CE,
	    0xA381ACF7, 0xCC63130D, 0x41950102, 0x923D3DD6, 0xCC8F1E5D,
	    0xE2A5DDEA, 0x031BC514, 0x7FFDE46F, 0};
	uint32_t sum = (uint32_t)crc32(0, p, (uInt)n);
	size_t i;

	for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		if (sums[i] == sum)
			return true;
	return false;
}

static void
on_member(void *arg, const struct sl_member *m)
{
	struct got *g = arg;
	SL_FREE uint8_t *p = sl_alloc((size_t)m->size + 1);

	if (got_member(g, m)) {
		CHECK(sl_pread_full(g->b.fd, p, (size_t)m->size, m->offset) ==
		      (ssize_t)m->size);
		g->strange += !is_known(p, (size_t)m->size);
	}
	sl_buf_printf(&g->log, "%s|%llu|%s\n", m->name,
	    (unsigned long long)m->size, got_reason(m));
}

static void
unpack(struct got *g, const void *p, size_t n)
{
	got_unpack(g, SL_ARCHIVE_7ZIP, "a.7z", p, n, &keys, limits, on_member);
	CHECK(!g->u.cut_off);
}

static void
end(struct got *g)
{
	CHECK(g->strange == 0);
	got_end(g);
}

static void
read_data(const char *name, struct sl_buf *b)
{
	SL_FREE char *path = sl_asprintf("tests/data/%s", name);

	sl_buf_reset(b);
	CHECK(sl_read_file(AT_FDCWD, path, 1 << 20, b, NULL) == SL_OK);
}

/* A sample, what it gives, why it is not all and which password it was. */
static void
check(const char *name, const char *log, const char *reason, unsigned password)
{
	SL_BUF struct sl_buf b = {0};
	struct got g;

	read_data(name, &b);
	unpack(&g, b.p, b.n);
	CHECK_STR(sl_buf_str(&g.log), log);
	CHECK_STR(g.u.reason, reason);
	CHECK_MSG(g.u.password == password && !g.u.untried, "%u", g.u.password);
	end(&g);
}

/* -- patching a sample ------------------------------------------------------
 */

static uint64_t
le(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static void
put(uint8_t *p, uint64_t v, unsigned n)
{
	for (; n > 0; n--, v >>= 8)
		*p++ = (uint8_t)v;
}

/* Its header, which is not packed; true checksums once it was changed. */
static uint8_t *
header(struct sl_buf *b, size_t *ret_n)
{
	const uint8_t *p = (const uint8_t *)b->p;

	*ret_n = (size_t)le(p + 20, 8);
	CHECK(32 + le(p + 12, 8) + *ret_n == b->n);
	return (uint8_t *)b->p + 32 + le(p + 12, 8);
}

static void
seal(struct sl_buf *b)
{
	uint8_t *p = (uint8_t *)b->p;
	size_t n;
	const uint8_t *h = header(b, &n);

	put(p + 28, crc32(0, h, (uInt)n), 4);
	put(p + 8, crc32(0, p + 12, 20), 4);
}

/* Replaces `from` (n bytes), wherever it stands in the header, by `to`. */
static void
replace(struct sl_buf *b, const char *from, size_t n, const char *to, size_t m)
{
	struct sl_buf made = {0};
	size_t left, found = 0;
	const uint8_t *h = header(b, &left), *p;

	sl_buf_add(&made, b->p, b->n - left);
	for (; (p = memmem(h, left, from, n)) != NULL; found++) {
		sl_buf_add(&made, h, (size_t)(p - h));
		sl_buf_add(&made, to, m);
		left -= (size_t)(p - h) + n;
		h = p + n;
	}
	sl_buf_add(&made, h, left);
	CHECK(found > 0);
	sl_buf_free(b);
	*b = made;
	put((uint8_t *)b->p + 20, b->n - 32 - le((uint8_t *)b->p + 12, 8), 8);
	seal(b);
}

/* Puts n zero bytes before the header. */
static void
pad(struct sl_buf *b, size_t n)
{
	SL_FREE uint8_t *zeros = sl_alloc(n);
	struct sl_buf made = {0};
	size_t left;
	const uint8_t *h = header(b, &left);

	memset(zeros, 0, n);
	sl_buf_add(&made, b->p, b->n - left);
	sl_buf_add(&made, zeros, n);
	sl_buf_add(&made, h, left);
	sl_buf_free(b);
	*b = made;
	put((uint8_t *)b->p + 12, b->n - left - 32, 8);
	seal(b);
}

/* -- cases
 * --------------------------------------------------------------------- */

static void
old_samples(void)
{
	static const char *const names[] = {
	    "7z-encrypted.7z", "7z-encrypted-names.7z"};
	size_t i;

	for (i = 0; i < 2; i++) {
		begin("");
		check(names[i], i == 0 ? "brev.txt|0|encrypted\n" : "",
		    "encrypted", 0);
		begin("feil\nSLUSE-2026\nsluse-2026 \n");
		check(names[i], i == 0 ? "brev.txt|0|encrypted\n" : "",
		    "encrypted", 0);
		begin("feil\n" SECRET "\nsist");
		check(names[i], "brev.txt|51|\n", NULL, 2);
	}
}

static void
methods(void)
{
	begin(SECRET);
	check("7z/methods.7z",
	    "lzma.txt|43|\nlzma2.txt|44|\nppmd.txt|43|\ndeflate.txt|46|\n"
	    "bzip2.txt|44|\nlagret.txt|45|\nseksten.txt|16|\n"
	    "deflate64.txt|0|unsupported\ndelta.txt|44|\nbcj2.bin|264|\n"
	    "bcj.bin|264|\n",
	    "unsupported", 1);
	/* Not one byte with another: those stored are the ones that could. */
	begin("feil");
	check("7z/methods.7z",
	    "lzma.txt|0|encrypted\nlzma2.txt|0|encrypted\n"
	    "ppmd.txt|0|encrypted\ndeflate.txt|0|encrypted\n"
	    "bzip2.txt|0|encrypted\nlagret.txt|0|encrypted\n"
	    "seksten.txt|0|encrypted\ndeflate64.txt|0|unsupported\n"
	    "delta.txt|0|encrypted\nbcj2.bin|0|encrypted\n"
	    "bcj.bin|0|encrypted\n",
	    "encrypted", 0);
}

static void
hidden_names(void)
{
	begin("feil\n\xFF\xFE\np\303\245skeegg-\360\237\220\243\n");
	check("7z/names.7z",
	    "Byggesak Åse/|0|skipped\ntomt/|0|skipped\ntom.txt|0|\n"
	    "Byggesak Åse/søknad på ærlig vis.txt|44|\nppmd.txt|43|\n",
	    NULL, 3);
	begin("pa\314\212skeegg-\360\237\220\243\n"); /* a and a ring */
	check("7z/names.7z", "", "encrypted", 0);
}

/* What is closed is passed by, before, between and behind what is open. */
static void
two_passwords(void)
{
	begin(SECRET "\nannet-2026");
	check("7z/two-passwords.7z", "en.txt|45|\nto.txt|43|\ntre.txt|44|\n",
	    NULL, 1);
	begin("feil\n" SECRET);
	check("7z/two-passwords.7z",
	    "en.txt|45|\nto.txt|0|encrypted\ntre.txt|44|\n", "encrypted", 2);
	begin("annet-2026");
	check("7z/two-passwords.7z",
	    "en.txt|0|encrypted\nto.txt|43|\ntre.txt|0|encrypted\n",
	    "encrypted", 1);
}

/* By another writer: salts, few rounds, two coders for one. */
static void
salted(void)
{
	begin("feil\n" SECRET);
	check("7z/salted.7z", "en.txt|35|\nto.txt|35|\ntre.txt|8|\n", NULL, 2);
	begin("feil");
	check("7z/salted.7z",
	    "en.txt|0|encrypted\nto.txt|0|encrypted\ntre.txt|0|encrypted\n",
	    "encrypted", 0);
}

/* Its last 15 bytes are a block by themselves. */
static void
ppmd_tail(void)
{
	begin(SECRET);
	check("7z/ppmd-tail.7z", "t260|30|\n", NULL, 1);
}

/* Packed to more than 64 KiB, of which a character lies on both sides. */
static void
ppmd_blocks(void)
{
	begin(SECRET);
	check("7z/ppmd-blocks.7z", "b.txt|452279|\n", NULL, 1);
	check("7z/ppmd-blocks-plain.7z", "b.txt|452279|\n", NULL, 0);
}

/* LZMA with a dictionary of 2 GiB, of which libarchive would ask for all. */
static void
much_memory(void)
{
	SL_BUF struct sl_buf b = {0};
	struct got g;

	begin(SECRET);
	read_data("7z/methods.7z", &b);
	replace(&b, "\x03\x01\x01\x05\x5D\0\x10\0\0", 9,
	    "\x03\x01\x01\x05\x5D\0\0\0\x80", 9);
	unpack(&g, b.p, b.n);
	CHECK_MSG(g.whole == 8 && strstr(sl_buf_str(&g.log),
				      "lzma.txt|0|unsupported\n") != NULL,
	    "%s", sl_buf_str(&g.log));
	end(&g);
}

/* Larger than may be unpacked, and whole blocks: nothing tells which password
 * it is. */
static void
too_large(void)
{
	SL_BUF struct sl_buf b = {0};
	struct got g;

	begin("feil\n" SECRET "\nsist");
	limits.member_bytes_max = 16;
	check("7z/whole.7z", "brev.txt|16|\n", NULL, 2);
	limits.member_bytes_max = 15;
	check("7z/whole.7z", "brev.txt|0|limit_member\n", "limit_member", 0);
	/* Made larger: what is read is right so far with any password. */
	begin("feil");
	read_data("7z/whole.7z", &b);
	pad(&b, (17 << 20) - 16);
	replace(&b, "\x09\x10\0", 3, "\x09\xF0\0\0\x10\1\0", 7);
	replace(&b, "\x0C\x10", 2, "\x0C\xF0\0\0\x10\1", 6);
	limits.member_bytes_max = 100 << 10;
	unpack(&g, b.p, b.n);
	CHECK_STR(sl_buf_str(&g.log), "brev.txt|0|limit_member\n");
	CHECK_STR(g.u.reason, "limit_member");
	CHECK_MSG(g.u.password == 0, "%u", g.u.password);
	end(&g);
}

/* Half a gigabyte of dictionary where there is less. */
static void
no_memory(void)
{
#if !SL_ASAN
	struct rlimit was, now;

	begin("feil\n" SECRET);
	CHECK(getrlimit(RLIMIT_AS, &was) == 0);
	now = was;
	now.rlim_cur = (rlim_t)256 << 20;
	CHECK(setrlimit(RLIMIT_AS, &now) == 0);
	check(
	    "7z/whole-lzma.7z", "ord.txt|0|limit_memory\n", "limit_memory", 0);
	CHECK(setrlimit(RLIMIT_AS, &was) == 0);
#endif
	begin("feil\n" SECRET);
	check("7z/whole-lzma.7z", "ord.txt|105|\n", NULL, 2);
}

/* Zeros behind a file say nothing where the blocks are not whole. */
static void
misaligned(void)
{
	begin(SECRET);
	check("7z/misaligned.7z", "brev.txt|0|encrypted\n", "encrypted", 0);
}

/* What BCJ2 keeps beside a file counts, unpacked or not. */
static void
side_streams(void)
{
	SL_BUF struct sl_buf b = {0};
	struct got g;

	begin(SECRET);
	limits.member_bytes_max = 1999;
	check("7z/side-stream.7z",
	    "en.txt|16|\nbcj2-0|0|limit_member\nto.txt|0|encrypted\n",
	    "encrypted", 1);
	limits.member_bytes_max = 2000;
	check("7z/side-stream.7z",
	    "en.txt|16|\nbcj2-0|0|encrypted\nto.txt|0|encrypted\n", "encrypted",
	    1);
	/* Five times 1000 MB: the fifth is not tried. */
	limits.member_bytes_max = 0;
	read_data("7z/side-streams.7z", &b);
	unpack(&g, b.p, b.n);
	CHECK(g.whole == 1 && g.members == 7 && g.u.untried);
	CHECK_STR(g.u.reason, "encrypted");
	end(&g);
}

static void
limits_count(void)
{
	SL_BUF struct sl_buf b = {0};
	struct got g;

	read_data("7z/methods.7z", &b);
	begin(SECRET);
	limits.members_max = 3;
	unpack(&g, b.p, b.n);
	CHECK_STR(g.u.reason, "limit_members");
	CHECK(g.whole == 3);
	end(&g);
	limits.members_max = 0;
	limits.member_bytes_max = 43;
	unpack(&g, b.p, b.n);
	CHECK_STR(g.u.reason, "limit_member");
	CHECK_MSG(g.whole == 2, "%s", sl_buf_str(&g.log));
	end(&g);
	limits.member_bytes_max = 0;
	limits.total_bytes_max = 100;
	unpack(&g, b.p, b.n);
	CHECK_STR(g.u.reason, "limit_bytes");
	CHECK(g.whole == 2);
	end(&g);
}

/* A key is made once for all archives of a task. */
static void
one_key(void)
{
	uint64_t once;

	begin("feil\n" SECRET "\nannet-2026");
	check("7z-encrypted.7z", "brev.txt|51|\n", NULL, 2);
	once = keys.hashed;
	/* rounds of password and number */
	CHECK_MSG(once == (uint64_t)(8 + 8 + 20 + 8) << 19, "%llu",
	    (unsigned long long)once);
	check("7z-encrypted-names.7z", "brev.txt|51|\n", NULL, 2);
	CHECK(keys.hashed == once);
	check("7z/two-passwords.7z", "en.txt|45|\nto.txt|43|\ntre.txt|44|\n",
	    NULL, 2);
	CHECK(keys.hashed == once + ((uint64_t)(20 + 8) << 19));
}

/* The sample with power 19 turned into another. */
static void
power(unsigned to, const char *reason, bool untried)
{
	const char from[] = "\x06\xF1\x07\x01\x12\x53";
	char with[] = "\x06\xF1\x07\x01\x12\x53";
	SL_BUF struct sl_buf b = {0};
	struct got g;

	with[5] = (char)(0x40 | to);
	read_data("7z/two-passwords.7z", &b);
	replace(&b, from, 6, with, 6);
	unpack(&g, b.p, b.n);
	CHECK_STR(g.u.reason, reason);
	CHECK_MSG(g.whole == 0 && g.members == 3 && g.u.untried == untried,
	    "%u %u", to, g.whole);
	end(&g);
}

static void
costly_keys(void)
{
	begin(SECRET);
	power(0, "encrypted", false);
	power(25, "unsupported", false);
	power(62, "unsupported", false);
	power(63, "encrypted", false);
	CHECK(keys.hashed == 2 * ((uint64_t)256 << 10));
	/* not within what is left */
	keys.hashed = SL_KEYS_HASHED_MAX - ((uint64_t)28 << 24) + 1;
	power(24, "encrypted", true);
}

/* Every one of its checksums taken away. */
static void
no_checksums(void)
{
	SL_BUF struct sl_buf b = {0};
	struct got g;
	size_t n;
	const uint8_t *h, *p;
	char sums[14];

	begin(SECRET "\nannet-2026");
	read_data("7z/two-passwords.7z", &b);
	h = header(&b, &n);
	p = memmem(h, n, "\x08\x0A\x01", 3);
	CHECK(p != NULL);
	if (p == NULL)
		return;
	memcpy(sums, p + 1, sizeof(sums));
	replace(&b, sums, sizeof(sums), "", 0);
	unpack(&g, b.p, b.n);
	CHECK_STR(g.u.reason, "unsupported");
	CHECK_MSG(g.whole == 0 && g.members == 3, "%s", sl_buf_str(&g.log));
	end(&g);
}

/* Each byte of a sample wrong in turn, each beginning of it: nothing comes out
 * but what is in it. */
static void
wrong_bytes(void)
{
	static const char *const names[] = {"7z/methods.7z", "7z/names.7z",
	    "7z/two-passwords.7z", "7z-encrypted-names.7z"};
	SL_BUF struct sl_buf b = {0};
	struct got g;
	size_t i, at;

	begin(SECRET "\np\303\245skeegg-\360\237\220\243");
	check("7z/names.7z",
	    "Byggesak Åse/|0|skipped\ntomt/|0|skipped\ntom.txt|0|\n"
	    "Byggesak Åse/søknad på ærlig vis.txt|44|\nppmd.txt|43|\n",
	    NULL, 2);
	/* Both keys are made; what asks for others shall not take its time. */
	keys.hashed = SL_KEYS_HASHED_MAX;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		read_data(names[i], &b);
		for (at = 0; at < b.n; at++) {
			b.p[at] = (char)(b.p[at] ^ (1 << at % 8));
			unpack(&g, b.p, b.n);
			CHECK_MSG(g.strange == 0, "%s %zu", names[i], at);
			end(&g);
			/* and where the header was made for it */
			if (at >= 32 + le((uint8_t *)b.p + 12, 8)) {
				seal(&b);
				unpack(&g, b.p, b.n);
				CHECK_MSG(
				    g.strange == 0, "%s %zu", names[i], at);
				end(&g);
			}
			b.p[at] = (char)(b.p[at] ^ (1 << at % 8));
			seal(&b);
		}
	}
}

static void
key_of_rounds(void)
{
	static const uint8_t salt[5] = {1, 2, 3, 4, 5};
	static const char *const wanted[2] = {
	    "ba0ffe6ed5d457132809613ae38caa20"
	    "6fb1f54a498a5dac2c033bb9b0ecc963",
	    "f2e100197978ccd420fb26aa56596f26"
	    "91708ea9e95991878e9405b76b1c7450"};
	const uint8_t *k = NULL, *again = NULL;
	char hex[2 * SL_KEY_BYTES + 1];

	begin("annet\nbl\303\245b\303\246r-\360\237\220\243\n\xE5\n");
	CHECK(sl_keys_find(&keys, 1, 0, salt, 5, &k) == SL_OK);
	sl_hex(k, SL_KEY_BYTES, hex);
	CHECK_STR(hex, wanted[0]);
	CHECK(sl_keys_find(&keys, 1, 3, salt, 5, &k) == SL_OK);
	sl_hex(k, SL_KEY_BYTES, hex);
	CHECK_STR(hex, wanted[1]);
	CHECK(sl_keys_find(&keys, 1, 3, salt, 5, &again) == SL_OK);
	CHECK(again == k);
	CHECK(sl_keys_find(&keys, 1, 3, salt, 4, &again) == SL_OK);
	CHECK(memcmp(again, k, SL_KEY_BYTES) != 0);
	CHECK(sl_keys_find(&keys, 0, SL_KEY_POWER_NONE, salt, 5, &k) == SL_OK);
	CHECK(memcmp(k, "\1\2\3\4\5a\0n\0n\0e\0t\0\0\0", 17) == 0);
	/* not characters; no such password */
	CHECK(sl_keys_find(&keys, 2, 3, salt, 5, &k) == SL_SKIP);
	CHECK(sl_keys_find(&keys, 3, 3, salt, 5, &k) == SL_SKIP);
	keys.hashed = SL_KEYS_HASHED_MAX;
	CHECK(sl_keys_find(&keys, 0, 3, salt, 5, &k) == SL_REJECT);
	CHECK(sl_keys_find(&keys, 1, 3, salt, 5, &again) == SL_OK);
	sl_keys_free(&keys);
	CHECK(keys.made == NULL);
}

/* Bytes taken from anywhere are those read from the start. */
static void
read_anywhere(void)
{
	SL_BUF struct sl_buf b = {0};
	SL_CLOSE int in = -1;
	struct sl_extent x = {0};
	struct sl_seven_opened o;
	struct sl_seven *s = NULL;
	SL_FREE uint8_t *all = NULL;
	uint8_t some[100];
	size_t size, at, n;
	ssize_t r;

	begin(SECRET "\nannet-2026");
	read_data("7z/two-passwords.7z", &b);
	in = make_fd(b.p, b.n);
	x = (struct sl_extent){.fd = in, .size = b.n};
	CHECK(sl_seven_open(&x, &keys, &limits, &s, &o) == SL_OK);
	if (s == NULL)
		return;
	size = (size_t)sl_seven_size(s);
	all = sl_alloc(size);
	for (at = 0; at < size; at += (size_t)r)
		if ((r = sl_seven_read(s, all + at, size - at, at)) <= 0)
			break;
	CHECK(at == size && sl_seven_read(s, some, 1, size) == 0);
	for (at = 0; at < size; at++)
		for (n = 1; n < sizeof(some); n += 7) {
			r = sl_seven_read(s, some, n, at);
			CHECK_MSG(r > 0 && (size_t)r <= n &&
				      memcmp(some, all + at, (size_t)r) == 0,
			    "%zu %zu", at, n);
		}
	sl_seven_free(s);
}

/* -- headers -------------------------------------------------------------- */

/* What becomes of the 7z as such. */
static enum sl_rc
open_bytes(const struct sl_buf *b)
{
	SL_CLOSE int in = make_fd(b->p, b->n);
	struct sl_extent x = {.fd = in, .size = b->n};
	struct sl_seven_opened o;
	struct sl_seven *s = NULL;
	enum sl_rc rc = sl_seven_open(&x, &keys, &limits, &s, &o);

	sl_seven_free(s);
	return rc;
}

/* The header of whole.7z, with so much of what nobody reads in it that it has n
 * bytes. */
static void
fill_header(struct sl_buf *b, size_t n)
{
	SL_BUF struct sl_buf with = {0};
	size_t was, more;

	read_data("7z/whole.7z", b);
	(void)header(b, &was);
	more = n - was - 10;
	sl_buf_add(&with, "\5\1\x19\xFF", 4);
	memset(sl_buf_room(&with, 8 + more), 0, 8 + more);
	put((uint8_t *)with.p + with.n, more, 8);
	sl_buf_grown(&with, 8 + more);
	sl_buf_add(&with, "\x11", 1);
	replace(b, "\5\1\x11", 3, with.p, with.n);
}

/* Puts the header into a folder of its own, not encrypted. */
static void
wrap_header(struct sl_buf *b)
{
	SL_BUF struct sl_buf outer = {0};
	uint8_t *p, sum[4];
	size_t n;

	p = header(b, &n);
	put(sum, crc32(0, p, (uInt)n), 4);
	sl_buf_add(&outer, "\x17\6", 2);
	sl_seven_add_number(&outer, b->n - n - 32);
	sl_buf_add(&outer, "\1\x09", 2);
	sl_seven_add_number(&outer, n);
	sl_buf_add(&outer, "\0\7\x0B\1\0\1\1\0\x0C", 9);
	sl_seven_add_number(&outer, n);
	sl_buf_add(&outer, "\x0A\1", 2);
	sl_buf_add(&outer, sum, 4);
	sl_buf_add(&outer, "\0\0", 2);
	n = b->n;
	sl_buf_add(b, outer.p, outer.n);
	put((uint8_t *)b->p + 12, n - 32, 8);
	put((uint8_t *)b->p + 20, outer.n, 8);
	seal(b);
}

static void
large_headers(void)
{
	static const size_t max = (size_t)16 << 20;
	SL_BUF struct sl_buf b = {0};
	unsigned i;

	begin(SECRET);
	for (i = 0; i < 2; i++) {
		fill_header(&b, max + i);
		CHECK(open_bytes(&b) == (i == 0 ? SL_OK : SL_SKIP));
		wrap_header(&b);
		CHECK(open_bytes(&b) == (i == 0 ? SL_OK : SL_SKIP));
	}
}

/* A header may lie in a folder, but there it must be the header itself. */
static void
wrapped_headers(void)
{
	SL_BUF struct sl_buf b = {0};
	uint8_t *h, *p;
	size_t n;

	begin(SECRET);
	read_data("7z/whole.7z", &b);
	wrap_header(&b);
	CHECK(open_bytes(&b) == SL_OK);
	/* What tells of its streams, as that of a header once more. */
	read_data("7z/whole.7z", &b);
	h = header(&b, &n);
	p = memmem(h, n, "\5\1\x11", 3);
	CHECK(p != NULL);
	if (p == NULL)
		return;
	memmove(h, h + 1, (size_t)(p - h) - 1);
	h[0] = 0x17;
	n = (size_t)(p - h) - 1;
	b.n = (size_t)((char *)h - b.p) + n;
	put((uint8_t *)b.p + 20, n, 8);
	seal(&b);
	wrap_header(&b);
	CHECK(open_bytes(&b) == SL_SKIP);
}

static void
header_checksum(void)
{
	SL_BUF struct sl_buf b = {0};
	uint8_t *h;
	size_t n;

	begin(SECRET);
	read_data("7z/whole.7z", &b);
	CHECK(open_bytes(&b) == SL_OK);
	h = header(&b, &n);
	h[n - 6] ^= 1; /* a letter of the name */
	CHECK(open_bytes(&b) == SL_SKIP);
	seal(&b);
	CHECK(open_bytes(&b) == SL_OK);
}

/* More than stands in whole blocks. */
static void
parts_of_blocks(void)
{
	SL_BUF struct sl_buf b = {0};
	struct got g;

	begin(SECRET);
	read_data("7z/whole.7z", &b);
	pad(&b, 4);
	replace(&b, "\x09\x10\0", 3, "\x09\x14\0", 3);
	unpack(&g, b.p, b.n);
	CHECK_STR(sl_buf_str(&g.log), "brev.txt|16|\n");
	end(&g);
	replace(&b, "\x0C\x10", 2, "\x0C\x11", 2);
	unpack(&g, b.p, b.n);
	CHECK_STR(sl_buf_str(&g.log), "brev.txt|0|unsupported\n");
	end(&g);
}

/* 1023 keys, and 1056, which are more than are tried. */
static void
many_failures(void)
{
	SL_BUF struct sl_buf b = {0};
	SL_BUF struct sl_buf lines = {0};
	struct got g;
	unsigned i;

	read_data("7z/many-closed.7z", &b);
	for (i = 1; i <= 32; i++) {
		sl_buf_printf(&lines, "feil-%u\n", i);
		if (i < 31)
			continue;
		begin(sl_buf_str(&lines));
		unpack(&g, b.p, b.n);
		CHECK_MSG(g.u.untried == (i == 32), "%u", i);
		CHECK_STR(g.u.reason, "encrypted");
		end(&g);
	}
}

/* Of a block only the bytes asked for are left. */
static void
blocks_wiped(void)
{
	SL_BUF struct sl_buf b = {0};
	SL_CLOSE int in = -1;
	struct sl_extent x = {0};
	struct sl_seven_opened o;
	struct sl_seven *s = NULL;
	uint8_t some[2];

	begin(SECRET);
	read_data("7z/whole.7z", &b);
	in = make_fd(b.p, b.n);
	x = (struct sl_extent){.fd = in, .size = b.n};
	CHECK(sl_seven_open(&x, &keys, &limits, &s, &o) == SL_OK);
	if (s == NULL)
		return;
	CHECK(sl_seven_read(s, some, 2, 32 + 3) == 2);
	CHECK(memcmp(some, "me", 2) == 0);
	CHECK(!leftover_holds("melig brev"));
	sl_seven_free(s);
}

TEST_MAIN({"old_samples", old_samples}, {"methods", methods},
    {"hidden_names", hidden_names}, {"two_passwords", two_passwords},
    {"salted", salted}, {"ppmd_tail", ppmd_tail}, {"ppmd_blocks", ppmd_blocks},
    {"much_memory", much_memory}, {"too_large", too_large},
    {"no_memory", no_memory}, {"misaligned", misaligned},
    {"side_streams", side_streams}, {"limits_count", limits_count},
    {"one_key", one_key}, {"costly_keys", costly_keys},
    {"no_checksums", no_checksums}, {"key_of_rounds", key_of_rounds},
    {"read_anywhere", read_anywhere}, {"blocks_wiped", blocks_wiped},
    {"large_headers", large_headers}, {"wrapped_headers", wrapped_headers},
    {"header_checksum", header_checksum}, {"parts_of_blocks", parts_of_blocks},
    {"many_failures", many_failures}, {"wrong_bytes", wrong_bytes})
