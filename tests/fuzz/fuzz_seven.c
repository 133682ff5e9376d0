/*
 * An encrypted 7z, whose checksums are made true before it is read: otherwise
 * hardly anything that is changed would be looked at. What it is shown as can
 * be read from any place, what comes out is within the limits, and a file that
 * stays closed gives nothing.
 */
#include <zlib.h>

#include "../../daemon/unpack/seven.h"
#include "fuzz_members.h"

/* Of keys: those that 7-Zip makes of two short passwords, and some more. */
#define HASHED ((uint64_t)32 << 20)

static void
on_member(void *arg, const struct sl_member *m)
{
	fuzz_member(arg, m);
	FUZZ_CHECK(m->skipped || m->reason == NULL || m->size == 0);
}

static void
put_crc(uint8_t *to, const uint8_t *p, size_t n)
{
	uint32_t sum = (uint32_t)crc32(0, p, (uInt)n);
	unsigned i;

	for (i = 0; i < 4; i++)
		to[i] = (uint8_t)(sum >> 8 * i);
}

/* True checksums, where there is a header. */
static void
seal(uint8_t *p, size_t n)
{
	uint64_t at, size;

	if (n < 32)
		return;
	memcpy(p, "7z\xBC\xAF\x27\x1C", 6);
	memcpy(&at, p + 12, 8);
	memcpy(&size, p + 20, 8);
	if (at <= n - 32 && size <= n - 32 - at)
		put_crc(p + 28, p + 32 + at, (size_t)size);
	put_crc(p + 8, p + 12, 20);
}

/* False: it is not opened, and so fuzz_open's. */
static bool
show(const struct sl_extent *x, struct sl_keys *keys, const struct sl_budget *b)
{
	struct sl_seven_opened o;
	struct sl_seven *s = NULL;
	uint8_t many[4096], one;
	uint64_t size, at;
	ssize_t n;

	if (sl_seven_open(x, keys, b, &s, &o) != SL_OK)
		return false;
	size = sl_seven_size(s);
	FUZZ_CHECK(size > 32);
	for (at = 0; at < size; at += (uint64_t)n) {
		n = sl_seven_read(s, many, sizeof(many), at);
		FUZZ_CHECK(n > 0 && (uint64_t)n <= size - at);
		FUZZ_CHECK(
		    sl_seven_read(s, &one, 1, at + (uint64_t)n / 2) == 1 &&
		    one == many[n / 2]);
	}
	FUZZ_CHECK(sl_seven_read(s, &one, 1, size) == 0);
	sl_seven_free(s);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct sl_passwords list = {
	    .item = {"feil", "sluse-2026"}, .n = 2};
	struct sl_keys keys = {
	    .list = &list, .hashed = SL_KEYS_HASHED_MAX - HASHED};
	SL_FREE uint8_t *sealed = (uint8_t *)fuzz_text(p, n);
	SL_CLOSE int in = -1;
	SL_CLOSE int out = fuzz_fd("", 0);
	struct sl_extent x = {.size = n};
	struct sl_budget b = fuzz_budget(out, n);
	struct sl_unpacked u = {0};
	static bool warm;

	if (!warm)
		FUZZ_CHECK(warm = sl_unpack_warm(NULL) == SL_OK);
	seal(sealed, n);
	x.fd = in = fuzz_fd(sealed, n);
	if (show(&x, &keys, &b))
		FUZZ_CHECK(sl_unpack(SL_ARCHIVE_7ZIP, &x, "a.7z", &keys, &b,
			       on_member, &b, &u, NULL) == SL_OK);
	FUZZ_CHECK(u.password <= list.n && keys.hashed <= SL_KEYS_HASHED_MAX);
	sl_keys_free(&keys);
	fuzz_budget_end(&b);
	return 0;
}
