/*
 * Files over a channel: names lead nowhere else, no more comes out than is
 * allowed, and pieces of any size give the same.
 */
#include "../../daemon/wire/parcel.h"
#include "fuzz.h"

#define MAX 4096u

struct taken {
	int fd;
	unsigned files;
	enum sl_rc rc;
};

static int
on_file(void *arg, const char *name, struct sl_err *err)
{
	struct taken *t = arg;

	(void)err;
	FUZZ_CHECK(sl_parcel_is_name(name) && name[0] != '/' &&
		   strstr(name, "..") != name && strstr(name, "/.") == NULL);
	t->files++;
	return dup(t->fd);
}

static struct taken
take(const char *p, size_t n, size_t piece)
{
	struct taken t = {.fd = memfd_create("parcel", MFD_CLOEXEC)};
	struct sl_err err = {0};
	struct sl_unwrap u;
	size_t at, k;

	sl_unwrap_begin(&u, MAX, on_file, &t);
	for (at = 0; t.rc == SL_OK && at < n; at += k) {
		k = n - at < piece ? n - at : piece;
		t.rc = sl_unwrap_take(&u, p + at, k, &err);
	}
	if (t.rc != SL_OK)
		(void)sl_unwrap_end(&u, NULL);
	else
		t.rc = sl_unwrap_end(&u, &err);
	FUZZ_CHECK(t.rc == SL_OK || (err.rc == t.rc && err.text[0] != '\0'));
	FUZZ_CHECK(t.files == u.files);
	return t;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct taken a, b;
	struct stat x, y;

	if (n == 0)
		return 0;
	a = take((const char *)p, n, n);
	b = take((const char *)p, n, 1);
	FUZZ_CHECK(a.rc == b.rc && a.files == b.files);
	FUZZ_CHECK(fstat(a.fd, &x) == 0 && fstat(b.fd, &y) == 0);
	FUZZ_CHECK(x.st_size == y.st_size && x.st_size <= (off_t)MAX);
	(void)close(a.fd);
	(void)close(b.fd);
	return 0;
}
