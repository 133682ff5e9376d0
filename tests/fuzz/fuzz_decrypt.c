/*
 * Envelopes: whatever they say, either a clear text of the length that is told
 * or nothing, and one of five reasons.
 */
#include "../../daemon/decrypt/decrypt.h"
#include "fuzz.h"

static struct sl_keys keys;

static void
load(const char *name)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_err err;

	FUZZ_CHECK(sl_read_file(AT_FDCWD, name, 65536, &b, NULL) == SL_OK);
	FUZZ_CHECK(sl_keys_add(&keys, name, b.p, b.n, NULL, &err) == SL_OK);
}

static bool
is_known(const char *reason)
{
	static const char *const known[] = {
	    "damaged", "key_missing", "unsupported", "limit_bytes"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(reason, known[i]) == 0)
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	SL_CLOSE int in = fuzz_fd(p, n), out = memfd_create("out", MFD_CLOEXEC);
	const struct sl_extent x = {.fd = in, .size = n};
	struct sl_digest key;
	struct sl_err err = {0};
	uint64_t size = 0;
	off_t end;

	if (keys.n == 0) {
		load("tests/data/decrypt-rsa.pem");
		load("tests/data/decrypt-ec.pem");
	}
	if (sl_decrypt(&keys, &x, out, &size, &key, &err) == SL_OK) {
		end = lseek(out, 0, SEEK_END);
		FUZZ_CHECK(end >= 0 && (uint64_t)end == size && size <= n);
	} else {
		FUZZ_CHECK(lseek(out, 0, SEEK_END) == 0);
		FUZZ_CHECK(is_known(err.reason));
	}
	return 0;
}
