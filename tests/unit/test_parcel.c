/*
 * Files over a channel: what goes in comes out in pieces of any size; a limit
 * is one, and a name that leads elsewhere opens nothing.
 */
#include "../../daemon/wire/parcel.h"

#include <stdlib.h>
#include <unistd.h>

#include "../../daemon/base/buf.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "test.h"

#define FILES 4u
#define ROOM (1u << 20)

struct taken {
	int fd[FILES];
	char name[FILES][SL_PARCEL_NAME_MAX + 1];
	unsigned n;
};

static int
keep(void *arg, const char *name, struct sl_err *err)
{
	struct taken *t = arg;

	if (t->n == FILES) {
		(void)sl_err_set(err, SL_BROKEN, 0, "damaged", "too many");
		return -1;
	}
	(void)snprintf(t->name[t->n], sizeof(t->name[0]), "%s", name);
	t->fd[t->n] = sl_parcel_spool();
	return dup(t->fd[t->n++]);
}

static void
let_go(struct taken *t)
{
	while (t->n > 0)
		(void)close(t->fd[--t->n]);
}

static bool
holds(int fd, const char *what, size_t n)
{
	SL_FREE char *p = sl_alloc(n + 1);

	return sl_pread_full(fd, p, n + 1, 0) == (ssize_t)n &&
	       memcmp(p, what, n) == 0;
}

static enum sl_rc
gather(void *arg, const char *p, size_t n, struct sl_err *err)
{
	(void)err;
	CHECK(n <= SL_PARCEL_CHUNK);
	sl_buf_add(arg, p, n);
	return SL_OK;
}

static enum sl_rc
take(struct sl_slice bytes, size_t piece, uint64_t max, struct taken *t,
    struct sl_err *err)
{
	struct sl_unwrap u;
	enum sl_rc rc = SL_OK;
	size_t at, n;

	sl_unwrap_begin(&u, max, keep, t);
	for (at = 0; rc == SL_OK && at < bytes.n; at += n) {
		n = bytes.n - at < piece ? bytes.n - at : piece;
		rc = sl_unwrap_take(&u, bytes.p + at, n, err);
	}
	if (rc == SL_OK)
		return sl_unwrap_end(&u, err);
	(void)sl_unwrap_end(&u, NULL);
	return rc;
}

/* Three files, of which one is empty and one came in pieces. */
static void
three(struct sl_buf *out, const char *big, size_t n)
{
	struct sl_parcel *p = NULL;
	struct sl_err err;
	FILE *f;

	CHECK(sl_parcel_new(ROOM, 0, &p, &err) == SL_OK);
	f = sl_parcel_open(p, "stor.csv");
	CHECK(f != NULL);
	CHECK(sl_parcel_put(p, "tile/0/x001/234.p/5", "abc", 3, &err) == SL_OK);
	CHECK(fwrite(big, 1, n, f) == n && fclose(f) == 0);
	CHECK(sl_parcel_put(p, "tom", "", 0, &err) == SL_OK);
	CHECK(sl_parcel_send(p, gather, out, &err) == SL_OK);
	sl_parcel_free(p);
}

static void
whole(void)
{
	static const size_t pieces[] = {1, 7, 9, 10, 11, 4096, ROOM};
	SL_FREE char *big = sl_alloc(200000);
	SL_BUF struct sl_buf b = {0};
	struct sl_err err;
	struct taken t;
	size_t i;

	for (i = 0; i < 200000; i++)
		big[i] = (char)(i * 7);
	three(&b, big, 200000);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		memset(&t, 0, sizeof(t));
		CHECK(
		    take(sl_slice_buf(&b), pieces[i], ROOM, &t, &err) == SL_OK);
		CHECK(t.n == 3);
		CHECK_STR(t.name[0], "tile/0/x001/234.p/5");
		CHECK_STR(t.name[1], "stor.csv");
		CHECK_STR(t.name[2], "tom");
		CHECK(holds(t.fd[0], "abc", 3));
		CHECK(holds(t.fd[1], big, 200000));
		CHECK(holds(t.fd[2], "", 0));
		let_go(&t);
	}
}

/* Whatever is cut off is told; what is over the limit is not taken. */
static void
cut(void)
{
	SL_BUF struct sl_buf b = {0};
	struct taken t = {.n = 0};
	struct sl_err err;
	size_t n, ends = 0;

	three(&b, "0123456789", 10);
	for (n = 0; n <= b.n; n++) {
		struct sl_slice s = {b.p, (uint32_t)n};
		enum sl_rc rc = take(s, ROOM, ROOM, &t, &err);

		CHECK(rc == SL_OK || rc == SL_RETRY);
		ends += rc == SL_OK;
		let_go(&t);
	}
	CHECK(ends == 4); /* nothing, and behind each file */
	CHECK(take(sl_slice_buf(&b), ROOM, 13, &t, &err) == SL_OK);
	let_go(&t);
	CHECK(take(sl_slice_buf(&b), ROOM, 12, &t, &err) == SL_REJECT);
	CHECK_STR(err.reason, "limit_bytes");
	let_go(&t);
}

static void
limit(void)
{
	struct sl_parcel *p = NULL;
	struct sl_err err;
	char kilo[1024] = "";
	FILE *f;

	CHECK(sl_parcel_new(1024, 0, &p, &err) == SL_OK);
	CHECK(sl_parcel_put(p, "a", kilo, 900, &err) == SL_OK);
	CHECK(sl_parcel_put(p, "b", kilo, 200, &err) == SL_REJECT);
	CHECK_STR(err.reason, "limit_bytes");
	/* What failed once is no parcel any more. */
	CHECK(sl_parcel_put(p, "c", kilo, 1, &err) == SL_REJECT);
	CHECK(sl_parcel_send(p, gather, NULL, &err) == SL_REJECT);
	sl_parcel_free(p);
	CHECK(sl_parcel_new(1024, 0, &p, &err) == SL_OK);
	f = sl_parcel_open(p, "a");
	CHECK(fwrite(kilo, 1, sizeof(kilo), f) == sizeof(kilo));
	CHECK(fclose(f) != 0);
	CHECK(sl_parcel_failed(p, &err) == SL_REJECT);
	sl_parcel_free(p);
	/* What waits beside it, too; it is not in it. */
	CHECK(sl_parcel_new(1024, 0, &p, &err) == SL_OK);
	f = sl_parcel_aside(p, sl_parcel_spool());
	CHECK(fwrite(kilo, 1, sizeof(kilo), f) == sizeof(kilo));
	CHECK(fclose(f) == 0);
	CHECK(sl_parcel_put(p, "a", kilo, 1000, &err) == SL_OK);
	f = sl_parcel_aside(p, sl_parcel_spool());
	CHECK(fwrite(kilo, 1, 100, f) == 100 && fclose(f) != 0);
	CHECK(sl_parcel_failed(p, &err) == SL_REJECT);
	sl_parcel_free(p);
	/* Post has the first call on the disk. */
	CHECK(sl_parcel_new(1024, UINT64_MAX, &p, &err) == SL_OK);
	f = sl_parcel_aside(p, sl_parcel_spool());
	CHECK(fwrite(kilo, 1, 1, f) == 1 && fclose(f) != 0);
	CHECK(sl_parcel_failed(p, &err) == SL_RETRY);
	sl_parcel_free(p);
	CHECK(sl_parcel_new(1024, UINT64_MAX, &p, &err) == SL_OK);
	CHECK(sl_parcel_put(p, "a", kilo, 1, &err) == SL_RETRY);
	CHECK_STR(err.reason, "disk_full");
	sl_parcel_free(p);
}

static void
names(void)
{
	static const char *const good[] = {"checkpoint", "tile/0/000",
	    "a-b_c.D9", "a/b/c/d/e/f/g/h"},
				 *const bad[] = {"", ".", "..", "/", "/etc",
				     "a/", "a//b", "../a", "a/../b", "a/.b",
				     ".sluse-part", "a\\b", "a b", "\xC3\xB8",
				     "a\nb", "a/b/c/d/e/f/g/h/i"};
	SL_BUF struct sl_buf b = {0};
	struct taken t = {.n = 0};
	struct sl_parcel *p = NULL;
	struct sl_err err;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK_MSG(sl_parcel_is_name(good[i]), "%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_MSG(!sl_parcel_is_name(bad[i]), "%s", bad[i]);
		CHECK(sl_parcel_new(ROOM, 0, &p, &err) == SL_OK);
		CHECK(sl_parcel_put(p, bad[i], "x", 1, &err) == SL_FATAL);
		sl_parcel_free(p);
		/* As somebody would say it who does not use this. */
		sl_buf_reset(&b);
		sl_buf_add_char(&b, (char)strlen(bad[i]));
		sl_buf_add(&b, "\0\1\0\0\0\0\0\0\0", 9);
		sl_buf_add_str(&b, bad[i]);
		sl_buf_add_char(&b, 'x');
		CHECK_MSG(
		    take(sl_slice_buf(&b), ROOM, ROOM, &t, &err) == SL_REJECT,
		    "%s", bad[i]);
		CHECK(t.n == 0);
	}
	/* With a NUL within, and longer than any. */
	CHECK(take((struct sl_slice){"\3\0\1\0\0\0\0\0\0\0a\0bx", 14}, ROOM,
		  ROOM, &t, &err) == SL_REJECT);
	CHECK(take((struct sl_slice){"\377\377\1\0\0\0\0\0\0\0aaaa", 14}, 3,
		  ROOM, &t, &err) == SL_REJECT);
	CHECK(t.n == 0);
}

TEST_MAIN({"whole", whole}, {"cut", cut}, {"limit", limit}, {"names", names})
