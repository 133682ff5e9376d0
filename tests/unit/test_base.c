/*
 * Text, numbers, clock and names of the base room.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/part.h"
#include "../../daemon/base/passwords.h"
#include "../../daemon/base/text.h"
#include "../../daemon/base/trust.h"
#include "../../daemon/base/ulid.h"
#include "test.h"

/* In the place of the C library's: a disk where nothing can be locked. */
static int lock_errno;

int
flock(int fd, int how)
{
	if (lock_errno == 0)
		return (int)syscall(SYS_flock, fd, how);
	errno = lock_errno;
	return -1;
}

static void
utf8(void)
{
	static const struct {
		const char *s;
		bool good;
	} t[] = {{"", true}, {"abc", true}, {"bl\xc3\xa5", true},
	    {"\xef\xbf\xbd", true}, {"\xf0\x9f\x98\x80", true},
	    {"\xf4\x8f\xbf\xbf", true}, {"\xf4\x90\x80\x80", false},
	    {"\xc0\xaf", false}, {"\xc1\xbf", false}, {"\xe0\x80\xaf", false},
	    {"\xed\xa0\x80", false}, {"\xf0\x80\x80\xaf", false},
	    {"\x80", false}, {"\xc3", false}, {"\xe2\x82", false},
	    {"\xf0\x9f\x98", false}, {"\xff", false}, {"a\xc3(", false}};
	SL_BUF struct sl_buf b = {0};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		CHECK_MSG(sl_utf8_valid(t[i].s, strlen(t[i].s)) == t[i].good,
		    "%zu", i);
	CHECK(!sl_utf8_valid("a\0b", 3));
	sl_utf8_add(&b, 0xE6);
	sl_utf8_add(&b, 0x20AC);
	sl_utf8_add(&b, 0x1F600);
	sl_utf8_add(&b, 0xD800);
	CHECK_STR(
	    sl_buf_str(&b), "\xc3\xa6\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd");
}

static void
shown(void (*fn)(struct sl_buf *, const char *, size_t), const char *in,
    size_t n, const char *want)
{
	SL_BUF struct sl_buf b = {0};

	fn(&b, in, n);
	CHECK_STR(sl_buf_str(&b), want);
	CHECK(sl_utf8_valid(sl_buf_str(&b), b.n));
}

static void
display(void)
{
	shown(sl_text_display, "bl\xc3\xa5.pdf", 8, "bl\xc3\xa5.pdf");
	shown(sl_text_display, "a\nb", 3, "a\\x0Ab");
	shown(sl_text_display, "a\0b", 3, "a\\x00b");
	shown(sl_text_display, "\x1b[31m", 5, "\\x1B[31m");
	shown(sl_text_display, "x\xff", 2, "x\\xFF");
	shown(sl_text_display,
	    "fdp.\xe2\x80\xae"
	    "exe",
	    10, "fdp.\\u{202E}exe");
	shown(sl_text_display, "\xc2\x85", 2, "\\x85");
	shown(sl_text_display, "\xef\xbb\xbf", 3, "\\u{FEFF}");
}

static void
json_csv_html(void)
{
	shown(sl_text_json, "a\"b\\c", 5, "\"a\\\"b\\\\c\"");
	shown(sl_text_json, "\n\t", 2, "\"\\u000a\\u0009\"");
	shown(sl_text_json, "", 0, "\"\"");
	shown(sl_text_json, "\xc3\xa5\xc3", 3, "\"\xc3\xa5\xef\xbf\xbd\"");
	shown(sl_text_csv, "abc", 3, "abc");
	shown(sl_text_csv, "a,b", 3, "\"a,b\"");
	shown(sl_text_csv, "a;b", 3, "\"a;b\"");
	shown(sl_text_csv, "a\"b", 3, "\"a\"\"b\"");
	shown(sl_text_csv, "a\nb", 3, "\"a\nb\"");
	shown(sl_text_csv, "=1+1", 4, "\"'=1+1\"");
	shown(sl_text_csv, "@x", 2, "\"'@x\"");
	shown(sl_text_csv, "-2", 2, "\"'-2\"");
	shown(sl_text_csv, "", 0, "");
	shown(sl_text_html, "<a href='x'>&\"", 14,
	    "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
	shown(sl_text_lower, "\xc3\x86\xc3\x98\xc3\x85 ABC\xc3\x97", 12,
	    "\xc3\xa6\xc3\xb8\xc3\xa5 abc\xc3\x97");
}

static void
slices(void)
{
	char out[5];

	CHECK(sl_slice_copy(sl_slice_str("abcd"), out, sizeof(out)));
	CHECK_STR(out, "abcd");
	CHECK(!sl_slice_copy(sl_slice_str("abc\xc3\xa5"), out, sizeof(out)));
	CHECK_STR(out, "abc");
	CHECK(!sl_slice_copy(
	    sl_slice_str("\xf0\x9f\x98\x80x"), out, sizeof(out)));
	CHECK_STR(out, "\xf0\x9f\x98\x80");
}

static void
numbers(void)
{
	uint64_t v = 7;
	uint8_t b[2];

	CHECK(sl_parse_u64("18446744073709551615", 0, UINT64_MAX, &v) &&
	      v == UINT64_MAX);
	CHECK(!sl_parse_u64("18446744073709551616", 0, UINT64_MAX, &v));
	CHECK(!sl_parse_u64("", 0, 9, &v) && !sl_parse_u64("-1", 0, 9, &v) &&
	      !sl_parse_u64(" 1", 0, 9, &v) && !sl_parse_u64("1x", 0, 9, &v) &&
	      !sl_parse_u64("10", 0, 9, &v) && !sl_parse_u64("0", 1, 9, &v));
	CHECK(sl_unhex("00fF", b, 2) && b[0] == 0 && b[1] == 255);
	CHECK(!sl_unhex("00f", b, 2) && !sl_unhex("00ff0", b, 2) &&
	      !sl_unhex("00fg", b, 2));
}

/* Skatteetaten's new rule of 2032 beside the old one. */
static void
fnr(void)
{
	static const char *const good[] = {"02013299997", "30108299920",
	    "30108299939", "02013299903", "fnr 020132 99997.", "(020132-99997)",
	    "020132\xC2\xA0"
	    "99997",
	    "020132 \xE2\x80\x93 99997", "020132\t99997",
	    "020132\xE2\x80\x8B"
	    "99997",
	    "02.01.32 99997", "02 01 32 99997", "02/01/32-99997",
	    "020132 99 997"};
	static const char *const bad[] = {"02013299998", "02013299987",
	    "12345678901", "0201329999", "020132999971", "102013299997",
	    "00013299997", "02203299997", "0201 3299997", "", "0201 32 99997",
	    "02 0132 99997", "02.01.32.99.997", "02 01 3299997",
	    "02..01.32 99997",
	    ("020132\xC3\xB8"
	     "99997"),
	    /* A date and a number that only the rule of 2032 knows. */
	    "30.10.82 99939"};
	size_t i, at, len;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK_MSG(sl_find_fnr(good[i], strlen(good[i]), &at, &len),
		    "%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_MSG(!sl_find_fnr(bad[i], strlen(bad[i]), &at, &len), "%s",
		    bad[i]);
	CHECK(sl_find_fnr("fnr 020132 99997.", 17, &at, &len) && at == 4 &&
	      len == 12);
}

#define HOUR INT64_C(3600000)

static void
oslo(void)
{
	/* 2026: summer time from 29 March 01:00 UTC to 25 October 01:00. */
	const int64_t spring = INT64_C(1774746000000);
	const int64_t autumn = INT64_C(1792890000000);
	struct sl_date d;
	char s[32];
	int64_t ms;

	sl_clock_format_utc(spring, s, sizeof(s));
	CHECK_STR(s, "2026-03-29T01:00:00.000Z");
	sl_clock_format_oslo(spring - 1000, s, sizeof(s));
	CHECK_STR(s, "2026-03-29T01:59:59+01:00");
	sl_clock_format_oslo(spring, s, sizeof(s));
	CHECK_STR(s, "2026-03-29T03:00:00+02:00");
	sl_clock_format_oslo(autumn - 1000, s, sizeof(s));
	CHECK_STR(s, "2026-10-25T02:59:59+02:00");
	sl_clock_format_oslo(autumn, s, sizeof(s));
	CHECK_STR(s, "2026-10-25T02:00:00+01:00");
	/* New Year in Oslo is an hour before UTC's: the number's year. */
	sl_clock_format_day(INT64_C(1798757999000), s, sizeof(s));
	CHECK_STR(s, "2026-12-31");
	CHECK(sl_clock_oslo(INT64_C(1798758000000)).year == 2027);
	CHECK(sl_clock_utc(INT64_C(1798758000000)).year == 2026);
	/* There and back over both edges, the doubled hour apart. */
	for (ms = spring - 48 * HOUR; ms < spring + 48 * HOUR; ms += HOUR / 4) {
		d = sl_clock_oslo(ms);
		CHECK_MSG(sl_clock_from_oslo(&d) == ms, "%lld", (long long)ms);
	}
	for (ms = autumn - 48 * HOUR; ms < autumn + 48 * HOUR; ms += HOUR / 4) {
		d = sl_clock_oslo(ms);
		if (ms < autumn - HOUR || ms >= autumn + HOUR)
			CHECK_MSG(sl_clock_from_oslo(&d) == ms, "%lld",
			    (long long)ms);
	}
	sl_clock_format_utc(-1, s, sizeof(s));
	CHECK_STR(s, "1969-12-31T23:59:59.999Z");
	CHECK(sl_clock_utc(INT64_C(1795323600000)).weekday == 0);
}

static void
ulids(void)
{
	char a[SL_ULID_LEN + 1] = "", b[SL_ULID_LEN + 1], u[37];
	int i, bad = 0;

	for (i = 0; i < 20000; i++) {
		sl_ulid_make(b);
		bad += strcmp(a, b) >= 0 || !sl_ulid_valid(b);
		memcpy(a, b, sizeof(a));
	}
	CHECK(bad == 0);
	CHECK(!sl_ulid_valid("") && !sl_ulid_valid("..") &&
	      !sl_ulid_valid("81ARZ3NDEKTSV4RRFFQ69G5FAV") &&
	      !sl_ulid_valid("01ARZ3NDEKTSV4RRFFQ69G5FAU") &&
	      !sl_ulid_valid("01arz3ndektsv4rrffq69g5fav") &&
	      sl_ulid_valid("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
	sl_uuid_make(u);
	CHECK(strlen(u) == 36 && u[14] == '4' && strchr("89ab", u[19]) != NULL);
}

/* A list that is there but cannot be had is said to be so, once. */
static void
password_file(void)
{
	char dir[] = "/tmp/sluse-base-XXXXXX", path[64], link[64];
	struct sl_password_file f = {.path = path}, l = {.path = link};
	struct sl_slice got;
	struct sl_err err;
	int fd;

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/list", dir);
	(void)snprintf(link, sizeof(link), "%s/link", dir);
	CHECK(sl_password_file_read(&f, 1000, &got, &err) == SL_OK);
	CHECK(got.n == 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, "en\nto\n", 6) == 6);
	(void)close(fd);
	CHECK(sl_password_file_read(&f, 1500, &got, &err) == SL_OK);
	CHECK(got.n == 0); /* looked at a moment ago */
	CHECK(sl_password_file_read(&f, 2000, &got, &err) == SL_OK);
	CHECK(got.n == 6);
	CHECK(symlink("list", link) == 0);
	CHECK(sl_password_file_read(&l, 1000, &got, &err) == SL_REJECT);
	CHECK(err.sys == ELOOP && got.n == 0);
	CHECK(sl_password_file_read(&l, 3000, &got, &err) == SL_OK);
	CHECK(got.n == 0);
	CHECK(chmod(path, 0644) == 0);
	CHECK(sl_password_file_read(&f, 4000, &got, &err) == SL_REJECT);
	CHECK(got.n == 0);
	(void)sl_remove_tree(AT_FDCWD, dir);
}

static void
few_files(rlim_t max)
{
	struct rlimit r;

	CHECK(getrlimit(RLIMIT_NOFILE, &r) == 0);
	r.rlim_cur = max;
	CHECK(setrlimit(RLIMIT_NOFILE, &r) == 0);
}

/* That no file can be opened just now is no fault of what was set up. */
static void
secrets_of_a_failing_machine(void)
{
	char dir[] = "/tmp/sluse-base-XXXXXX", path[64];
	struct sl_password_file f = {.path = path};
	struct sl_slice got;
	struct sl_err err;
	struct rlimit r;
	int fd;

	CHECK(mkdtemp(dir) != NULL && getrlimit(RLIMIT_NOFILE, &r) == 0);
	(void)snprintf(path, sizeof(path), "%s/list", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, "en\n", 3) == 3);
	few_files(0);
	CHECK(sl_password_file_read(&f, 1000, &got, &err) == SL_RETRY);
	CHECK(err.sys == EMFILE && got.n == 0);
	CHECK_STR(err.reason, "disk_error");
	few_files(r.rlim_cur);
	CHECK(sl_password_file_read(&f, 2000, &got, &err) == SL_OK);
	CHECK(got.n == 3); /* though it has not changed since */
	CHECK(write(fd, "to\n", 3) == 3);
	few_files(0);
	CHECK(sl_password_file_read(&f, 3000, &got, &err) == SL_RETRY);
	CHECK(got.n == 3);
	few_files(r.rlim_cur);
	CHECK(sl_password_file_read(&f, 4000, &got, &err) == SL_OK);
	CHECK(got.n == 6);
	(void)close(fd);
	/* What can be opened and not read; this says EIO at 0. */
	f.path = "/proc/self/mem";
	CHECK(sl_password_file_read(&f, 5000, &got, &err) == SL_RETRY);
	CHECK_STR(err.reason, "disk_error");
	CHECK(got.n == 6 && memcmp(got.p, "en\nto\n", 6) == 0);

	few_files(0);
	CHECK(sl_open_secrets(dir, &fd, &err) == SL_FATAL);
	CHECK_STR(err.reason, "disk_error");
	few_files(r.rlim_cur);
	CHECK(err.sys == EMFILE);
	CHECK(sl_open_secrets(path, &fd, &err) == SL_FATAL);
	CHECK_STR(err.reason, "config_invalid");
	CHECK(sl_open_secrets("/nonexistent", &fd, &err) == SL_SKIP);
	CHECK(sl_open_secrets(dir, &fd, &err) == SL_OK);
	(void)close(fd);
	CHECK(chmod(dir, 0777) == 0);
	CHECK(sl_open_secrets(dir, &fd, &err) == SL_FATAL);
	CHECK_STR(err.reason, "config_invalid");
	(void)sl_remove_tree(AT_FDCWD, dir);
}

static void
trust_list(void)
{
	static const char pem[] = "-----BEGIN CERTIFICATE-----\nMA==\n";
	char dir[] = "/tmp/sluse-trust-XXXXXX", path[64];
	struct sl_err err;
	int fd, got;

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/list", dir);
	CHECK(sl_trust_open("", &got, &err) == SL_OK && got == -1);
	CHECK(sl_trust_open(path, &got, &err) == SL_REJECT && got == -1);
	CHECK(err.sys == ENOENT);
	CHECK(sl_trust_open(dir, &got, &err) == SL_REJECT && got == -1);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(sl_trust_open(path, &got, &err) == SL_REJECT && got == -1);
	CHECK(write(fd, "text\n", 5) == 5);
	CHECK(sl_trust_open(path, &got, &err) == SL_REJECT && got == -1);
	CHECK(write(fd, pem, sizeof(pem) - 1) == (ssize_t)sizeof(pem) - 1);
	CHECK(sl_trust_open(path, &got, &err) == SL_OK && got >= 0);
	(void)close(got);
	CHECK(ftruncate(fd, (off_t)SL_TRUST_BYTES + 1) == 0);
	CHECK(sl_trust_open(path, &got, &err) == SL_REJECT && got == -1);
	(void)close(fd);
	(void)sl_remove_tree(AT_FDCWD, dir);
}

static void
leave(int dir, const char *name, const char *text)
{
	CHECK(
	    sl_write_file(dir, name, text, strlen(text), 0600, NULL) == SL_OK);
}

/* A run that was killed: its lock goes, its files stay. */
static void
unfinished(void)
{
	char top[] = "/tmp/sluse-part-XXXXXX", path[64];
	int dir, again, lock, other;
	struct sl_err err;

	CHECK(mkdtemp(top) != NULL);
	(void)snprintf(path, sizeof(path), "%s/ny", top);
	CHECK(sl_part_make(path, 0750, "ord", &dir, &lock, &err) == SL_OK);
	leave(dir, "fil", "x");
	CHECK(mkdirat(dir, "mappe", 0700) == 0);
	CHECK(
	    sl_part_make(path, 0750, "ord", &again, &other, &err) == SL_REJECT);
	CHECK_STR(err.reason, "busy");
	(void)close(lock);
	CHECK(sl_part_make(path, 0750, "andre", &again, &other, &err) ==
	      SL_REJECT);
	CHECK_STR(err.reason, "not_empty");
	CHECK(faccessat(dir, "fil", F_OK, 0) == 0);
	CHECK(sl_part_begin(dir, "ord", path, &lock, &err) == SL_OK);
	CHECK(faccessat(dir, "fil", F_OK, 0) != 0);
	CHECK(faccessat(dir, "mappe", F_OK, 0) != 0);
	leave(dir, "fil", "x");
	CHECK(sl_part_end(dir, &lock, &err) == SL_OK && lock == -1);
	/* Whole now, or somebody else's. */
	CHECK(sl_part_begin(dir, "ord", path, &lock, &err) == SL_REJECT);
	CHECK_STR(err.reason, "not_empty");
	leave(dir, "merke", "sluse ord\n");
	CHECK(symlinkat("merke", dir, SL_PART_FILE) == 0);
	CHECK(sl_part_begin(dir, "ord", path, &lock, &err) == SL_REJECT);
	CHECK(unlinkat(dir, SL_PART_FILE, 0) == 0);
	CHECK(linkat(dir, "merke", dir, SL_PART_FILE, 0) == 0);
	CHECK(sl_part_begin(dir, "ord", path, &lock, &err) == SL_REJECT);
	CHECK(faccessat(dir, "fil", F_OK, 0) == 0 && lock == -1);
	(void)close(dir);
	(void)sl_remove_tree(AT_FDCWD, top);
}

/* Killed before the folder had a mark, or the mark its words. */
static void
hardly_begun(void)
{
	char top[] = "/tmp/sluse-part-XXXXXX", path[64];
	int dir, lock;
	struct sl_err err;
	struct stat st;

	CHECK(mkdtemp(top) != NULL);
	(void)snprintf(path, sizeof(path), "%s/ny", top);
	CHECK(mkdir(path, 0777) == 0 && chmod(path, 0777) == 0);
	CHECK(sl_part_make(path, 0700, "ord", &dir, &lock, &err) == SL_OK);
	CHECK(fstat(dir, &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(faccessat(dir, SL_PART_FILE, F_OK, 0) == 0);
	(void)close(lock);
	CHECK(unlinkat(dir, SL_PART_FILE, 0) == 0);
	leave(dir, SL_PART_FILE, "");
	/* Nothing beside it could be lost; else it is anybody's. */
	leave(dir, "fil", "x");
	CHECK(sl_part_begin(dir, "ord", path, &lock, &err) == SL_REJECT);
	CHECK_STR(err.reason, "not_empty");
	CHECK(faccessat(dir, "fil", F_OK, 0) == 0 && lock == -1);
	CHECK(unlinkat(dir, "fil", 0) == 0);
	CHECK(sl_part_begin(dir, "ord", path, &lock, &err) == SL_OK);
	(void)close(lock);
	CHECK(sl_part_begin(dir, "andre", path, &lock, &err) == SL_REJECT);
	CHECK_STR(err.reason, "not_empty");
	(void)close(dir);
	/* What holds something, or is none, stays. */
	(void)snprintf(path, sizeof(path), "%s/lenke", top);
	CHECK(symlink("ny", path) == 0);
	CHECK(sl_part_make(path, 0700, "ord", &dir, &lock, &err) == SL_REJECT);
	CHECK_STR(err.reason, "not_empty");
	CHECK(lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && dir == -1);
	(void)snprintf(path, sizeof(path), "%s/mangler/ny", top);
	CHECK(sl_part_make(path, 0700, "ord", &dir, &lock, &err) == SL_REJECT);
	CHECK_STR(err.reason, "cannot_make");
	CHECK(err.sys == ENOENT && dir == -1 && lock == -1);
	(void)sl_remove_tree(AT_FDCWD, top);
}

/* As on some network disks: who lives could not be told from who was killed. */
static void
no_locks(void)
{
	char top[] = "/tmp/sluse-part-XXXXXX", path[64];
	int dir, lock;
	struct sl_err err;

	CHECK(mkdtemp(top) != NULL);
	(void)snprintf(path, sizeof(path), "%s/ny", top);
	lock_errno = ENOLCK;
	CHECK(sl_part_make(path, 0700, "ord", &dir, &lock, &err) == SL_REJECT);
	CHECK_STR(err.reason, "cannot_lock");
	CHECK(err.sys == ENOLCK && dir == -1 && lock == -1);
	CHECK(access(path, F_OK) != 0);
	lock_errno = 0;
	CHECK(sl_part_make(path, 0700, "ord", &dir, &lock, &err) == SL_OK);
	leave(dir, "fil", "x");
	lock_errno = ENOLCK;
	CHECK(sl_part_begin(dir, "ord", path, &lock, &err) == SL_REJECT);
	CHECK_STR(err.reason, "cannot_lock");
	CHECK(faccessat(dir, "fil", F_OK, 0) == 0);
	CHECK(faccessat(dir, SL_PART_FILE, F_OK, 0) == 0 && lock == -1);
	lock_errno = 0;
	(void)close(dir);
	(void)sl_remove_tree(AT_FDCWD, top);
}

/* At the end of a scope too: the number may be another's by then. */
static void
closed_once(void)
{
	int other;
	{
		SL_CLOSE int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int was = fd;

		errno = ENOSPC;
		sl_cleanup_close(&fd);
		CHECK(fd == -1 && errno == ENOSPC);
		other = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(other == was);
	}
	CHECK(fcntl(other, F_GETFD) >= 0);
	(void)close(other);
}

TEST_MAIN({"utf8", utf8}, {"display", display},
    {"json_csv_html", json_csv_html}, {"slices", slices}, {"numbers", numbers},
    {"fnr", fnr}, {"oslo", oslo}, {"ulids", ulids},
    {"password_file", password_file},
    {"secrets_of_a_failing_machine", secrets_of_a_failing_machine},
    {"trust_list", trust_list}, {"unfinished", unfinished},
    {"hardly begun", hardly_begun}, {"no locks", no_locks},
    {"closed_once", closed_once})
