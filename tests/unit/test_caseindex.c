/*
 * The case index: what is written is found; a changed file is refused; a file
 * that was changed and sealed again never makes a look-up leave the map.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/hash.h"
#include "../../daemon/place/caseindex.h"
#include "test.h"

static const struct sl_case_row rows[] = {
    {"2026/211", "Søknad om ledsagerbevis", "Under behandling", "Helse", "F01",
	"k211"},
    {"2026/87", "Nabovarsel Storgata 5", "B", NULL, NULL, "k87"},
    {"2024/876", "Rehabilitering av Elvebrua", "Avsluttet", "Teknisk", "N",
	"k876"},
    {"1998/3", "Gammel sak", "A", "", "", "k3"},
    {"PM-7", "Personalmappe", "B", "HR", "4", "kp"},
    {"2026/500", "Den ene", "B", "", "", "a"},
    {"2026/500", "Den andre", "B", "", "", "b"},
};

static int
write_rows(const struct sl_case_row *r, size_t n)
{
	struct sl_err err;
	int fd = memfd_create("cases", MFD_CLOEXEC);

	CHECK(sl_caseindex_write(fd, r, n, &err) == SL_OK);
	return fd;
}

static bool
find(const struct sl_caseindex *x, const char *s, struct sl_known_case *k)
{
	return sl_caseindex_find(x, s, strlen(s), k);
}

static void
numbers(void)
{
	static const struct {
		const char *text;
		uint32_t year, seq;
	} t[] = {
	    {"2026/211", 2026, 211},
	    {" 2026/211. ", 2026, 211},
	    {"26/211", 2026, 211},
	    {"98/3", 1998, 3},
	    {"69/1", 2069, 1},
	    {"70/1", 1970, 1},
	    {"2026-211", 2026, 211},
	    {"2026/00168", 2026, 168},
	    {"2026/211-3", 2026, 211},
	    {"201000727", 2010, 727},
	    {"2026/9999999", 2026, 9999999},
	    {"26-211", 0, 0},
	    {"2026/", 0, 0},
	    {"/211", 0, 0},
	    {"2026/0", 0, 0},
	    {"1899/1", 0, 0},
	    {"2100/1", 0, 0},
	    {"2026/12345678", 0, 0},
	    {"2026/211-", 0, 0},
	    {"2026/211-3-4", 0, 0},
	    {"2026/21a", 0, 0},
	    {"126/211", 0, 0},
	    {"20100072", 0, 0},
	    {"2010007277", 0, 0},
	    {"", 0, 0},
	    {"PM-7", 0, 0},
	};
	uint32_t y, s;
	size_t i;
	bool ok;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		y = s = 0;
		ok = sl_case_number_parse(t[i].text, strlen(t[i].text), &y, &s);
		CHECK_MSG(ok == (t[i].year != 0) &&
			      (!ok || (y == t[i].year && s == t[i].seq)),
		    "\"%s\": %u/%u", t[i].text, y, s);
	}
}

static void
written_is_found(void)
{
	struct sl_caseindex *x = NULL;
	struct sl_known_case k;
	struct sl_err err;
	int fd = write_rows(rows, 7);

	CHECK(sl_caseindex_open(fd, &x, &err) == SL_OK);
	(void)close(fd);
	CHECK(sl_caseindex_count(x) == 7);
	CHECK(find(x, "2026/211", &k) && !k.closed && !k.doubled);
	CHECK(sl_slice_eq(k.title, "Søknad om ledsagerbevis") &&
	      sl_slice_eq(k.unit, "Helse") && sl_slice_eq(k.klass, "F01") &&
	      sl_slice_eq(k.target_key, "k211") &&
	      sl_slice_eq(k.status, "Under behandling"));
	CHECK(find(x, "26/211", &k) && sl_slice_eq(k.number, "2026/211"));
	CHECK(find(x, "2026/211-14", &k) && find(x, "2026-211", &k));
	CHECK(find(x, "2024/876", &k) && k.closed);
	CHECK(find(x, "98/3", &k) && k.closed && k.year == 1998);
	CHECK(find(x, "PM-7", &k) && k.year == 0);
	CHECK(find(x, "2026/500", &k) && k.doubled &&
	      sl_slice_eq(k.title, "Den ene"));
	CHECK(!find(x, "PM-8", &k) && !find(x, "PM-", &k));
	CHECK(!find(x, "2026/212", &k) && !find(x, "2025/211", &k));
	CHECK(!find(x, "1900/1", &k) && !find(x, "2099/1", &k));
	CHECK(!find(x, "", &k) && !find(NULL, "2026/211", &k));
	sl_caseindex_free(x);
}

static void
empty_and_refused(void)
{
	static const struct sl_case_row no_number = {"", "x", "", "", "", ""},
					not_text = {
					    "2026/1", "\xFF", 0, 0, 0, 0};
	static char digits[SL_CASE_NUMBER_MAX + 2];
	struct sl_case_row r = {digits, 0, 0, 0, 0, 0};
	struct sl_caseindex *x = NULL;
	struct sl_known_case k;
	struct sl_err err;
	int fd = write_rows(NULL, 0);

	CHECK(sl_caseindex_open(fd, &x, &err) == SL_OK);
	CHECK(sl_caseindex_count(x) == 0 && !find(x, "2026/1", &k));
	sl_caseindex_free(x);
	CHECK(sl_caseindex_write(fd, &no_number, 1, &err) == SL_REJECT);
	CHECK(sl_caseindex_write(fd, &not_text, 1, &err) == SL_REJECT);
	memset(digits, 'x', SL_CASE_NUMBER_MAX);
	CHECK(ftruncate(fd, 0) == 0);
	(void)lseek(fd, 0, SEEK_SET);
	CHECK(sl_caseindex_write(fd, &r, 1, &err) == SL_OK);
	digits[SL_CASE_NUMBER_MAX] = 'x';
	CHECK(sl_caseindex_write(fd, &r, 1, &err) == SL_REJECT);
	(void)close(fd);
	x = NULL;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK(sl_caseindex_open(fd, &x, &err) == SL_REJECT);
	(void)close(fd);
	CHECK(sl_caseindex_open(-1, &x, &err) == SL_REJECT && x == NULL);
}

static void
many_are_found(void)
{
	enum { N = 20000 };
	struct sl_case_row *r = calloc(N, sizeof(*r));
	char(*number)[16] = calloc(N, sizeof(*number));
	struct sl_caseindex *x = NULL;
	struct sl_known_case k;
	struct sl_err err;
	unsigned i, found = 0;
	int fd;

	for (i = 0; i < N; i++) {
		/* in no order */
		(void)snprintf(number[i], sizeof(number[i]), "%u/%u",
		    1990 + i * 7 % 37, 1 + i * 7919 % N);
		r[i] = (struct sl_case_row){
		    number[i], number[i], "B", "", "", number[i]};
	}
	fd = write_rows(r, N);
	CHECK(sl_caseindex_open(fd, &x, &err) == SL_OK);
	for (i = 0; i < N; i++)
		found +=
		    find(x, number[i], &k) && sl_slice_eq(k.title, number[i]);
	CHECK(found == N);
	sl_caseindex_free(x);
	(void)close(fd);
	free(r);
	free(number);
}

/* Opens a file with these bytes and looks everything up in it. */
static bool
try_bytes(const uint8_t *p, size_t n)
{
	struct sl_caseindex *x = NULL;
	struct sl_known_case k;
	struct sl_err err;
	int fd = memfd_create("hostile", MFD_CLOEXEC);
	uint32_t i;
	bool ok;

	CHECK(sl_write_full(fd, p, n) == 0);
	ok = sl_caseindex_open(fd, &x, &err) == SL_OK;
	if (!ok)
		CHECK(err.rc == SL_REJECT);
	(void)find(x, "2026/211", &k);
	(void)find(x, "PM-7", &k);
	for (i = 0; i < sl_caseindex_count(x); i++) {
		sl_caseindex_at(x, i, &k);
		CHECK(k.title.n <= n);
	}
	sl_caseindex_free(x);
	(void)close(fd);
	return ok;
}

static void
seal(uint8_t *p, size_t n)
{
	struct sl_digest d;

	struct sl_sha256 *h = sl_sha256_new();

	sl_sha256_add(h, p, 32);
	sl_sha256_add(h, p + 64, n - 64);
	sl_sha256_end(h, &d);
	memcpy(p + 32, d.b, 32);
}

static void
changed_bytes(void)
{
	static const uint8_t odd[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
	uint8_t p[2048], q[2048];
	int fd = write_rows(rows, 7);
	ssize_t n = sl_pread_full(fd, p, sizeof(p), 0);
	unsigned taken = 0, refused = 0;
	size_t i, k;

	CHECK(n > 64 && n < (ssize_t)sizeof(p));
	CHECK(try_bytes(p, (size_t)n));
	for (i = 0; i < (size_t)n; i++) {
		CHECK(!try_bytes(p, i)); /* cut off */
		for (k = 0; k < sizeof(odd); k++) {
			if (p[i] == odd[k])
				continue;
			memcpy(q, p, (size_t)n);
			q[i] = odd[k];
			CHECK_MSG(!try_bytes(q, (size_t)n), "byte %zu", i);
			/* the same by somebody who knows the format */
			seal(q, (size_t)n);
			if (try_bytes(q, (size_t)n))
				taken++;
			else
				refused++;
		}
	}
	/* changed letters of a title are fine; extents and order are not */
	CHECK(taken > 100 && refused > 100);
	(void)close(fd);
}

TEST_MAIN({"numbers", numbers}, {"written_is_found", written_is_found},
    {"empty_and_refused", empty_and_refused},
    {"many_are_found", many_are_found}, {"changed_bytes", changed_bytes})
