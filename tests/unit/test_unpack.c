/*
 * Archives: what comes out, what is refused, and that nothing comes out twice.
 */
#include "../../daemon/unpack/unpack.h"

#include <stdlib.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/unpack/kinds.h"
#include "test.h"
#include "unpacked.h"

static const struct sl_passwords *keys; /* given to unpack() */

/* "name|charset|size|reason|warnings" */
static void
on_member(void *arg, const struct sl_member *m)
{
	struct got *g = arg;

	(void)got_member(g, m);
	sl_buf_reset(&g->raw);
	sl_buf_add(&g->raw, m->name_raw, m->name_raw_n);
	if (g->members <= 64)
		sl_buf_printf(&g->log, "%s|%s|%llu|%s|%s\n", m->name,
		    m->name_charset, (unsigned long long)m->size, got_reason(m),
		    m->warnings);
}

static struct sl_budget
limits(void)
{
	return (struct sl_budget){.members_max = 10000,
	    .member_bytes_max = 100 << 20,
	    .total_bytes_max = 400 << 20,
	    .ratio_max = 100};
}

/* Unpacks the bytes; g is the caller's to got_end(). */
static void
unpack(struct got *g, enum sl_archive kind, const void *p, size_t n,
    struct sl_budget b)
{
	struct sl_keys k = {.list = keys};

	got_unpack(g, kind, "outer.gz", p, n, &k, b, on_member);
	sl_keys_free(&k);
	(void)sl_pread_full(
	    g->b.fd, g->first, sizeof(g->first) - 1, g->last_offset);
	if (g->last_size < sizeof(g->first))
		g->first[g->last_size] = '\0';
}

static void
plain_zip(void)
{
	static const struct zip_member m[] = {
	    {.name = "a.txt", .data = "first", .n = 5},
	    {.name = "dir/", .data = "", .n = 0},
	    {.name = "dir/b.txt", .data = "second", .n = 6, .method = 8},
	    {.name = "c",
		.data = "third one",
		.n = 9,
		.method = 8,
		.descriptor = 1}};
	SL_BUF struct sl_buf z = {0};
	struct got g;

	make_zip(&z, m, 4, "a comment");
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, NULL);
	CHECK_STR(sl_buf_str(&g.log),
	    "a.txt|US-ASCII|5||\ndir/|US-ASCII|0|skipped|\n"
	    "dir/b.txt|US-ASCII|6||\nc|US-ASCII|9||\n");
	CHECK_STR((char *)g.first, "third one");
	got_end(&g);
}

/* Whole, and packed as the library cannot read it. */
static void
unknown_methods(void)
{
	static const char *const names[] = {
	    "deflate64", "delta-ppmd", "many-filters"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		SL_FREE char *path =
		    sl_asprintf("tests/data/7z/%s.7z", names[i]);
		SL_BUF struct sl_buf b = {0};
		struct got g;

		CHECK(sl_read_file(AT_FDCWD, path, 1 << 20, &b, NULL) == SL_OK);
		unpack(&g, SL_ARCHIVE_7ZIP, b.p, b.n, limits());
		CHECK_STR(
		    sl_buf_str(&g.log), "brev.txt|US-ASCII|0|unsupported|\n");
		CHECK_STR(g.u.reason, "unsupported");
		CHECK(!g.u.cut_off);
		got_end(&g);
	}
}

static void
empty_zip(void)
{
	SL_BUF struct sl_buf z = {0};
	struct got g;

	make_zip(&z, NULL, 0, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, NULL);
	CHECK(g.members == 0);
	got_end(&g);
}

/* Each name in one zip of its own: what is decoded, from what. */
static void
names(void)
{
	static const struct {
		const char *raw, *utf8_extra, *name, *charset;
		unsigned flags;
	} cases[] = {
	    {"brev.txt", NULL, "brev.txt", "US-ASCII", 0},
	    {"S\xC3\xB8knad.txt", NULL, "Søknad.txt", "UTF-8", 0x800},
	    {"S\xC3\xB8knad.txt", NULL, "Søknad.txt", "UTF-8", 0},
	    {"S\x9Bknad \x91\x86.txt", NULL, "Søknad æå.txt", "CP850", 0},
	    {"\x92\x9D\x8F.PDF", NULL, "ÆØÅ.PDF", "CP850", 0},
	    {"S\xF8knad \xE6\xE5.txt", NULL, "Søknad æå.txt", "ISO-8859-1", 0},
	    {"\xC5s \x96 tegning.txt", NULL, "Ås – tegning.txt", "WINDOWS-1252",
		0},
	    {"\xE5pent \x93m\xF8te\x94.txt", NULL, "åpent “møte”.txt",
		"WINDOWS-1252", 0},
	    {"M?ls.txt", "Måls.txt", "Måls.txt", "UTF-8 (0x7075)", 0},
	    {"S\xF8k\xC3.txt", NULL, "SøkÃ.txt", "ISO-8859-1", 0x800},
	    {"../../etc/x", NULL, "../../etc/x", "US-ASCII", 0},
	    {"C:\\x\n\x1B.txt", NULL, "C:\\x\n\x1B.txt", "US-ASCII", 0},
	    {"\xE2\x80\xAEgpj.exe", NULL, "\xE2\x80\xAEgpj.exe", "UTF-8",
		0x800},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SL_BUF struct sl_buf z = {0}, want = {0};
		uint8_t extra[256];
		struct zip_member m = {.name = cases[i].raw,
		    .data = "x",
		    .n = 1,
		    .flags = cases[i].flags,
		    .extra = extra};
		struct got g;

		if (cases[i].utf8_extra != NULL)
			m.extra_n = make_unicode_extra(
			    extra, cases[i].raw, cases[i].utf8_extra);
		make_zip(&z, &m, 1, NULL);
		unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
		sl_buf_printf(
		    &want, "%s|%s|1||\n", cases[i].name, cases[i].charset);
		CHECK_STR(sl_buf_str(&g.log), sl_buf_str(&want));
		CHECK_STR(sl_buf_str(&g.raw), cases[i].raw);
		got_end(&g);
	}
}

/* A Unicode field made for another raw name was left by a renaming tool. */
static void
stale_unicode_field(void)
{
	SL_BUF struct sl_buf z = {0};
	uint8_t extra[64];
	struct zip_member m = {
	    .name = "new.txt", .data = "x", .n = 1, .extra = extra};
	struct got g;

	m.extra_n = make_unicode_extra(extra, "old.txt", "gammel.txt");
	make_zip(&z, &m, 1, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(sl_buf_str(&g.log), "new.txt|US-ASCII|1||\n");
	got_end(&g);
}

static void
odd_names(void)
{
	static char longest[65535];
	struct zip_member m[] = {
	    {.name = "a\0b", .name_n = 3, .data = "x", .n = 1},
	    {.name = longest, .name_n = sizeof(longest), .data = "x", .n = 1},
	    {.name = "central", .local_name = "local", .data = "x", .n = 1}};
	SL_BUF struct sl_buf z = {0};
	struct got g;

	memset(longest, 'l', sizeof(longest));
	make_zip(&z, m, 3, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK(g.members == 3 && g.whole == 3);
	CHECK(strncmp(sl_buf_str(&g.log),
		  "a\xEF\xBF\xBD"
		  "b|US-ASCII|1||\n",
		  14) == 0);
	CHECK(
	    strstr(sl_buf_str(&g.log), "|US-ASCII|1||name_too_long\n") != NULL);
	CHECK(strstr(sl_buf_str(&g.log),
		  "\ncentral|US-ASCII|1||name_differs\n") != NULL);
	got_end(&g);
}

/* -- limits -------------------------------------------------------------------
 */

/* A zip of `count` members of `each` bytes that do not pack. */
static void
make_many(struct sl_buf *z, size_t count, size_t each)
{
	struct zip_member *m = calloc(count, sizeof(*m));
	char *names = malloc(count * 16), *data = malloc(each + 1);
	size_t i;
	uint32_t r = 1;

	for (i = 0; i < each; i++) {
		r = r * 1664525u + 1013904223u;
		data[i] = (char)(r >> 24);
	}
	for (i = 0; i < count; i++) {
		(void)snprintf(names + i * 16, 16, "m%u", (unsigned)i);
		m[i] = (struct zip_member){
		    .name = names + i * 16, .data = data, .n = each};
	}
	make_zip(z, m, count, NULL);
	free(m);
	free(names);
	free(data);
}

static void
limit_members(void)
{
	SL_BUF struct sl_buf z = {0};
	struct sl_budget b = limits();
	struct got g;
	uint32_t max;

	make_many(&z, 50, 10);
	for (max = 49; max <= 51; max++) {
		b.members_max = max;
		unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, b);
		CHECK_STR(g.u.reason, max < 50 ? "limit_members" : NULL);
		CHECK(max < 50 || g.whole == 50);
		CHECK(g.members <= max);
		CHECK(g.u.lost == (max < 50 ? 50 : 0));
		got_end(&g);
	}
}

static void
limit_members_tar(void)
{
	SL_BUF struct sl_buf t = {0};
	struct sl_budget b = limits();
	struct got g;
	uint32_t max;
	int i;

	for (i = 0; i < 20; i++)
		make_tar(&t, "same", '0', NULL, 3, "abc", 3);
	make_tar_end(&t);
	for (max = 19; max <= 21; max++) {
		b.members_max = max;
		unpack(&g, SL_ARCHIVE_TAR, t.p, t.n, b);
		CHECK_STR(g.u.reason, max < 20 ? "limit_members" : NULL);
		CHECK(g.whole == (max < 20 ? max : 20));
		got_end(&g);
	}
}

static void
limit_bytes(void)
{
	SL_BUF struct sl_buf z = {0};
	struct sl_budget b = limits();
	struct got g;
	int d;

	make_many(&z, 4, 100000);
	for (d = -1; d <= 1; d++) {
		b = limits();
		b.total_bytes_max = (uint64_t)(400000 + d);
		unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, b);
		CHECK_STR(g.u.reason, d < 0 ? "limit_bytes" : NULL);
		CHECK(g.whole == (d < 0 ? 3u : 4u));
		CHECK(g.b.produced <= b.total_bytes_max);
		got_end(&g);
		b = limits();
		b.member_bytes_max = (uint64_t)(100000 + d);
		unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, b);
		CHECK_STR(g.u.reason, d < 0 ? "limit_member" : NULL);
		got_end(&g);
		b = limits();
		b.out_bytes = (uint64_t)(400000 + d);
		unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, b);
		CHECK_STR(g.u.reason, d < 0 ? "limit_bytes" : NULL);
		CHECK(lseek(g.b.fd, 0, SEEK_END) <= 400000 + d);
		got_end(&g);
	}
}

/* ratio x input is met exactly, or missed by one byte either way. */
/* The disk has no more: that says nothing of what is unpacked. A hole takes
 * none of it. */
static void
room_on_the_disk(void)
{
	static const char zeros[70000];
	struct sl_budget b = {.fd = make_fd("", 0), .room_bytes = 140001};
	uint64_t at, size;
	struct sl_err err = {0};

	CHECK(sl_budget_begin(&b, &err) == SL_OK);
	CHECK(sl_budget_hole(&b, 1 << 20, &err) == SL_OK);
	CHECK(sl_budget_write(&b, zeros, sizeof(zeros), &err) == SL_OK);
	CHECK(sl_budget_write(&b, zeros, sizeof(zeros), &err) == SL_OK);
	CHECK(sl_budget_end(&b, &at, &size, &err) == SL_OK);
	CHECK(b.limit == NULL);
	CHECK(sl_budget_image(&b, zeros, 1, &err) == SL_RETRY);
	CHECK_STR(err.reason, "disk_full");
	CHECK(b.limit == NULL);
	(void)close(b.fd);
	sl_budget_free(&b);
}

static void
limit_ratio(void)
{
	SL_BUF struct sl_buf z = {0};
	char *zeros = calloc(1, 4 << 20);
	struct zip_member m = {
	    .name = "z", .data = zeros, .n = 4 << 20, .method = 8};
	struct sl_budget b = limits();
	int in, d;

	make_zip(&z, &m, 1, NULL);
	in = make_fd(z.p, z.n);
	for (d = -1; d <= 1; d++) {
		struct sl_extent x = {.fd = in, .size = z.n};
		struct got g = {.b = b};

		/* 2^22 / 64 = 65536 is exact; a base one smaller is over. */
		g.b.fd = make_fd("", 0);
		g.b.ratio_max = 64;
		g.b.input_bytes = (uint64_t)(65536 + d);
		CHECK(sl_unpack(SL_ARCHIVE_ZIP, &x, "", NULL, &g.b, on_member,
			  &g, &g.u, NULL) == SL_OK);
		CHECK_STR(g.u.reason, d < 0 ? "limit_ratio" : NULL);
		CHECK(g.b.produced <= 64 * g.b.input_bytes);
		got_end(&g);
	}
	(void)close(in);
	free(zeros);
}

/* Below 1 MiB the ratio does not count. */
static void
ratio_of_small(void)
{
	SL_BUF struct sl_buf z = {0}, z2 = {0};
	char *zeros = calloc(1, (1 << 20) + 1);
	struct zip_member m = {
	    .name = "z", .data = zeros, .n = 1 << 20, .method = 8};
	struct got g;

	make_zip(&z, &m, 1, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, NULL);
	got_end(&g);
	m.n++;
	make_zip(&z2, &m, 1, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z2.p, z2.n, limits());
	CHECK_STR(g.u.reason, "limit_ratio");
	got_end(&g);
	free(zeros);
}

static void
bomb(void)
{
	SL_BUF struct sl_buf z = {0};
	size_t n = 192 << 20;
	char *zeros = calloc(1, n);
	struct zip_member m = {
	    .name = "bombe", .data = zeros, .n = n, .method = 8};
	struct got g;

	make_zip(&z, &m, 1, NULL);
	free(zeros);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, "limit_ratio");
	CHECK(g.whole == 0);
	CHECK(g.b.produced <= 100 * z.n);
	CHECK((uint64_t)lseek(g.b.fd, 0, SEEK_END) <= 100 * z.n);
	got_end(&g);
}

/* -- tricks -------------------------------------------------------------------
 */

static void
overlap(void)
{
	static const struct zip_member m[] = {
	    {.name = "a",
		.data = "0123456789012345678901234567890123456789",
		.n = 40},
	    {.name = "b", .data = "0123456789", .n = 10, .local_at = 36}};
	SL_BUF struct sl_buf z = {0};
	struct got g;

	make_zip(&z, m, 2, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, "overlap");
	CHECK(g.members == 0 && g.b.produced == 0);
	got_end(&g);
}

/* Members side by side, to the byte, do not overlap. */
static void
side_by_side(void)
{
	SL_BUF struct sl_buf z = {0};
	struct got g;

	make_many(&z, 3, 7);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, NULL);
	CHECK(g.whole == 3);
	got_end(&g);
}

/* What `zip -s` writes: the directory lies in the last volume and counts from
 * its start, the members' places count from the starts of theirs. */
static void
split_zip(void)
{
	static const char data[100] = "0123456789";
	static const struct zip_member m[] = {
	    {.name = "a", .data = data, .n = sizeof(data)},
	    {.name = "b", .data = data, .n = sizeof(data), .local_at = 1 + 50},
	    {.name = "c", .data = data, .n = sizeof(data), .local_at = 1 + 4}};
	SL_BUF struct sl_buf z = {0}, first = {0};
	const size_t cut = 100;
	struct got g;

	make_zip(&z, m, 3, NULL);
	sl_buf_add_str(&first, "PK\7\10");
	sl_buf_add(&first, z.p, cut);
	z.p[z.n - 18] = z.p[z.n - 16] = 2; /* this volume and the directory's */
	z.p[z.n - 6] = (char)(z.p[z.n - 6] - (char)cut);
	unpack(&g, SL_ARCHIVE_ZIP, z.p + cut, z.n - cut, limits());
	CHECK_STR(g.u.reason, "volumes_missing");
	CHECK(g.members == 0 && g.b.limit == NULL && !g.u.cut_off);
	got_end(&g);
	/* The first may still be arriving, as one file. */
	unpack(&g, SL_ARCHIVE_ZIP, first.p, first.n, limits());
	CHECK_STR(g.u.reason, "volumes_missing");
	CHECK(g.u.cut_off && g.whole == 0);
	got_end(&g);
}

/* Split in one piece: a mark in front, and all of it there. */
static void
split_in_one(void)
{
	static const struct zip_member m[] = {
	    {.name = "a", .data = "0123456789", .n = 10}};
	SL_BUF struct sl_buf z = {0};
	struct got g;

	sl_buf_add_str(&z, "PK\7\10");
	make_zip(&z, m, 1, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, NULL);
	CHECK(g.whole == 1);
	got_end(&g);
}

static void
thousand_to_one(void)
{
	struct zip_member m[1000] = {
	    {.name = "a", .data = "0123456789", .n = 10}};
	SL_BUF struct sl_buf z = {0};
	struct got g;
	size_t i;

	for (i = 1; i < 1000; i++) {
		m[i] = m[0];
		m[i].local_at = 1;
	}
	make_zip(&z, m, 1000, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, "overlap");
	CHECK(g.whole <= 1);
	got_end(&g);
}

static void
thousand_members(void)
{
	SL_BUF struct sl_buf z = {0};
	struct got g;

	make_many(&z, 1000, 3);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, NULL);
	CHECK(g.whole == 1000 && g.bytes == 3000);
	CHECK_STR(sl_buf_str(&g.raw), "m999");
	got_end(&g);
}

static void
false_sizes(void)
{
	static const struct zip_member m[] = {{.name = "small",
	    .data = "12345",
	    .n = 5,
	    .method = 8,
	    .claim_size = 5000000000u & 0xFFFFFFFF}};
	static const struct zip_member none[] = {{.name = "large",
	    .data = "1234567890",
	    .n = 10,
	    .method = 8,
	    .claim_size = 1}};
	SL_BUF struct sl_buf z = {0}, z2 = {0};
	struct got g;

	make_zip(&z, m, 1, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK(g.b.produced <= 10);
	CHECK(strstr(sl_buf_str(&g.log), "|damaged|") != NULL);
	got_end(&g);
	make_zip(&z2, none, 1, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z2.p, z2.n, limits());
	CHECK(strstr(sl_buf_str(&g.log), "|damaged|") != NULL);
	got_end(&g);
}

static void
encrypted(void)
{
	static const struct zip_member m[] = {
	    {.name = "open", .data = "abc", .n = 3},
	    {.name = "shut", .data = "0123456789abcdef", .n = 16, .flags = 1},
	    {.name = "open too", .data = "abcd", .n = 4}};
	SL_BUF struct sl_buf z = {0};
	struct got g;

	make_zip(&z, m, 3, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, "encrypted");
	CHECK_STR(sl_buf_str(&g.log),
	    "open|US-ASCII|3||\nshut|US-ASCII|0|encrypted|\n"
	    "open too|US-ASCII|4||\n");
	got_end(&g);
}

static void
unknown_method(void)
{
	static const struct zip_member m[] = {
	    {.name = "odd", .data = "abc", .n = 3, .method = 9},
	    {.name = "fine", .data = "abcd", .n = 4}};
	SL_BUF struct sl_buf z = {0};
	struct got g;

	make_zip(&z, m, 2, NULL);
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(sl_buf_str(&g.log),
	    "odd|US-ASCII|0|unsupported|\nfine|US-ASCII|4||\n");
	got_end(&g);
}

static void
junk_before_and_two_ends(void)
{
	static const struct zip_member inner = {
	    .name = "decoy", .data = "xx", .n = 2};
	static const struct zip_member outer = {
	    .name = "real", .data = "yyy", .n = 3};
	SL_BUF struct sl_buf z = {0};
	struct got g;

	sl_buf_add_str(&z, "MZ some program before it");
	make_zip(&z, &inner, 1, NULL);
	make_zip(&z, &outer, 1, "PK\5\6 says the comment, which is none");
	unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, NULL);
	CHECK_STR(sl_buf_str(&g.log), "real|US-ASCII|3||\n");
	got_end(&g);
}

/* Cut at 50 places: what came whole stays, the rest is said to be missing. */
static void
truncated_zip(void)
{
	SL_BUF struct sl_buf z = {0};
	struct got g;
	size_t i, n, whole;

	make_many(&z, 10, 200);
	for (i = 1; i <= 50; i++) {
		n = z.n * i / 51;
		unpack(&g, SL_ARCHIVE_ZIP, z.p, n, limits());
		whole = n / (30 + 2 + 200);
		if (whole > 10)
			whole = 10;
		CHECK_STR(g.u.reason, "damaged");
		CHECK(g.u.cut_off);
		CHECK(g.whole == whole);
		CHECK(g.bytes == 200 * whole);
		got_end(&g);
	}
}

static void
truncated_tar_gz(void)
{
	SL_BUF struct sl_buf t = {0}, z = {0};
	static char data[65000];
	unsigned last = 0;
	uint32_t r = 1;
	struct got g;
	size_t i, k;

	/* libarchive gives what gzip holds in runs of 64 KiB, whole or not at
	 * all: the members are that large. */
	for (i = 0; i < 10; i++) {
		for (k = 0; k < sizeof(data); k++) {
			r = r * 1664525u + 1013904223u;
			data[k] = (char)(r >> 24);
		}
		make_tar(
		    &t, "fil", '0', NULL, sizeof(data), data, sizeof(data));
	}
	make_tar_end(&t);
	make_gzip(&z, NULL, t.p, t.n);
	for (i = 1; i <= 50; i++) {
		unpack(&g, SL_ARCHIVE_GZIP, z.p, z.n * i / 51, limits());
		CHECK_STR(g.u.reason, "damaged");
		CHECK(g.u.cut_off);
		CHECK(g.whole >= last && g.whole <= 10);
		last = g.whole;
		got_end(&g);
	}
	CHECK(last >= 7);
	unpack(&g, SL_ARCHIVE_GZIP, z.p, z.n, limits());
	CHECK_STR(g.u.reason, NULL);
	CHECK(g.whole == 10);
	got_end(&g);
}

/* One byte changed at a time: any answer will do that keeps to the limits. */
static void
flipped(void)
{
	SL_BUF struct sl_buf z = {0};
	struct got g;
	unsigned whole = 0;
	size_t i;

	make_many(&z, 5, 40);
	for (i = 0; i < z.n; i++) {
		z.p[i] ^= 0x55;
		unpack(&g, SL_ARCHIVE_ZIP, z.p, z.n, limits());
		CHECK(g.members <= 10000 && g.b.produced <= 400 << 20);
		whole += g.whole;
		got_end(&g);
		z.p[i] ^= 0x55;
	}
	/* Most members survive most changes. */
	CHECK(whole > z.n * 2);
}

static void
single_gzip(void)
{
	SL_BUF struct sl_buf named = {0}, bare = {0};
	struct got g;

	make_gzip(&named, "br\xF8v.txt", "hello", 5);
	unpack(&g, SL_ARCHIVE_GZIP, named.p, named.n, limits());
	CHECK_STR(sl_buf_str(&g.log), "brøv.txt|ISO-8859-1|5||\n");
	CHECK_STR(sl_buf_str(&g.raw), "br\xF8v.txt");
	CHECK_STR((char *)g.first, "hello");
	got_end(&g);
	make_gzip(&bare, NULL, "hello", 5);
	unpack(&g, SL_ARCHIVE_GZIP, bare.p, bare.n, limits());
	CHECK_STR(sl_buf_str(&g.log), "outer||5||\n");
	got_end(&g);
}

static void
tar_tricks(void)
{
	SL_BUF struct sl_buf t = {0};
	struct got g;

	make_tar(&t, "dir/", '5', NULL, 0, "", 0);
	make_tar(&t, "link", '2', "/etc", 0, "", 0);
	make_tar(&t, "link/file", '0', NULL, 3, "abc", 3);
	make_tar(&t, "hard", '1', "/etc/passwd", 0, "", 0);
	make_tar(&t, "null", '3', NULL, 0, "", 0);
	make_tar(&t, "pipe", '6', NULL, 0, "", 0);
	make_tar(&t,
	    "bl\xE5"
	    "b\xE6r",
	    '0', NULL, 2, "xy", 2);
	make_tar_end(&t);
	unpack(&g, SL_ARCHIVE_TAR, t.p, t.n, limits());
	CHECK_STR(g.u.reason, NULL);
	CHECK_STR(sl_buf_str(&g.log),
	    "dir/|US-ASCII|0|skipped|\nlink|US-ASCII|0|skipped|\n"
	    "link/file|US-ASCII|3||\nhard|US-ASCII|0|skipped|\n"
	    "null|US-ASCII|0|skipped|\npipe|US-ASCII|0|skipped|\n"
	    "blåbær|ISO-8859-1|2||\n");
	got_end(&g);
}

static void
tar_of_eight_exbibytes(void)
{
	SL_BUF struct sl_buf t = {0};
	struct got g;

	make_tar(&t, "ok", '0', NULL, 3, "abc", 3);
	make_tar(&t, "huge", '0', NULL, INT64_MAX, "abc", 3);
	make_tar_end(&t);
	unpack(&g, SL_ARCHIVE_TAR, t.p, t.n, limits());
	CHECK_STR(g.u.reason, "damaged");
	CHECK(g.whole == 1 && g.b.produced < 10000);
	got_end(&g);
}

static void
read_data(const char *name, struct sl_buf *b)
{
	SL_FREE char *path = sl_asprintf("tests/data/%s", name);

	sl_buf_reset(b);
	CHECK(sl_read_file(AT_FDCWD, path, 1 << 20, b, NULL) == SL_OK);
}

/* "brev.txt" and "vedlegg.txt" under the password sluse-2026. */
static void
passwords(void)
{
	static const char *const zips[] = {
	    "zip-aes256.zip", "zip-zipcrypto.zip"};
	static struct sl_passwords list, wrong;
	SL_BUF struct sl_buf b = {0};
	struct got g;

	CHECK(sl_passwords_split(
	    sl_slice_str("feil\n\r\nenda en\nsluse-2026\r\nsist"), &list));
	CHECK(list.n == 4);
	CHECK(sl_passwords_split(sl_slice_str("feil\nSLUSE-2026"), &wrong));
	for (size_t i = 0; i < sizeof(zips) / sizeof(zips[0]); i++) {
		read_data(zips[i], &b);
		unpack(&g, SL_ARCHIVE_ZIP, b.p, b.n, limits());
		CHECK_STR(g.u.reason, "encrypted");
		CHECK(g.u.password == 0 && g.members == 2 && g.whole == 0);
		got_end(&g);
		keys = &wrong;
		unpack(&g, SL_ARCHIVE_ZIP, b.p, b.n, limits());
		CHECK_STR(g.u.reason, "encrypted");
		CHECK(g.u.password == 0 && g.whole == 0);
		got_end(&g);
		keys = &list;
		unpack(&g, SL_ARCHIVE_ZIP, b.p, b.n, limits());
		CHECK_STR(g.u.reason, NULL);
		CHECK_MSG(
		    g.u.password == 3 && g.whole == 2 && g.bytes == 51 + 8,
		    "%u %u %llu %s", g.u.password, g.whole,
		    (unsigned long long)g.bytes, sl_buf_str(&g.log));
		CHECK_STR((const char *)g.first, "vedlegg\n");
		got_end(&g);
		/* the right password, but damaged in the data */
		b.p[60] = (char)(b.p[60] ^ 1);
		unpack(&g, SL_ARCHIVE_ZIP, b.p, b.n, limits());
		CHECK(g.u.reason != NULL && g.whole == 0);
		got_end(&g);
		keys = NULL;
	}
}

/* The second member has another one: it is not damaged. */
static void
two_passwords(void)
{
	static struct sl_passwords list;
	SL_BUF struct sl_buf b = {0};
	struct got g;

	CHECK(sl_passwords_split(sl_slice_str("sluse-2026"), &list));
	read_data("zip-two-passwords.zip", &b);
	keys = &list;
	unpack(&g, SL_ARCHIVE_ZIP, b.p, b.n, limits());
	CHECK_STR(g.u.reason, "encrypted");
	CHECK(g.u.password == 1 && g.members == 2 && g.whole == 1);
	CHECK_STR((const char *)g.first, "en\n");
	got_end(&g);
	keys = NULL;
}

/* Each compressed file holds "sluse", and is named after what is outside. */
static void
compressed(void)
{
	static const char *const names[][2] = {{"brev.txt.xz", "brev.txt"},
	    {"ARKIV.TGZ", "ARKIV.tar"}, {"a.zst", "a"}, {".gz", "data"},
	    {"brev", "data"}, {"x.tbz2", "x.tar"}};
	SL_BUF struct sl_buf b = {0};
	struct got g;
	size_t i;

	for (i = 0; i < sl_archive_samples_count; i++) {
		const struct sl_archive_sample *s = &sl_archive_samples[i];

		unpack(&g, s->kind, s->p, s->n, limits());
		CHECK_MSG(g.u.reason == NULL && g.whole == 1, "%d", s->kind);
		CHECK_STR((const char *)g.first, "sluse");
		got_end(&g);
		/* cut off in the middle */
		unpack(&g, s->kind, s->p, s->n * 2 / 3, limits());
		CHECK_MSG(g.u.reason != NULL || s->kind == SL_ARCHIVE_COMPRESS,
		    "%d", s->kind);
		got_end(&g);
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		sl_buf_reset(&b);
		sl_archive_inner_name(names[i][0], &b);
		CHECK_STR(sl_buf_str(&b), names[i][1]);
	}
}

TEST_MAIN({"passwords", passwords}, {"two_passwords", two_passwords},
    {"compressed", compressed}, {"plain_zip", plain_zip},
    {"unknown_methods", unknown_methods}, {"empty_zip", empty_zip},
    {"names", names}, {"stale_unicode_field", stale_unicode_field},
    {"odd_names", odd_names}, {"limit_members", limit_members},
    {"limit_members_tar", limit_members_tar}, {"limit_bytes", limit_bytes},
    {"room_on_the_disk", room_on_the_disk}, {"limit_ratio", limit_ratio},
    {"ratio_of_small", ratio_of_small}, {"bomb", bomb}, {"overlap", overlap},
    {"split_zip", split_zip}, {"split_in_one", split_in_one},
    {"side_by_side", side_by_side}, {"thousand_to_one", thousand_to_one},
    {"thousand_members", thousand_members}, {"false_sizes", false_sizes},
    {"encrypted", encrypted}, {"unknown_method", unknown_method},
    {"junk_before_and_two_ends", junk_before_and_two_ends},
    {"truncated_zip", truncated_zip}, {"truncated_tar_gz", truncated_tar_gz},
    {"flipped", flipped}, {"single_gzip", single_gzip},
    {"tar_tricks", tar_tricks},
    {"tar_of_eight_exbibytes", tar_of_eight_exbibytes})
