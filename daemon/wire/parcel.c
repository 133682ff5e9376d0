/*
 * FAILURES: a disk that is full, or has less left than is to stay, ends it:
 * what it is for can be asked for again, and post needs the room. A kill leaves
 * nothing, for the files have no names.
 */
#include "parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"

#define SPOOL "/var/tmp" /* /tmp may be memory */
#define LOOK_EACH ((uint64_t)32 << 20) /* bytes between two looks */
#define PARTS_MAX 8u

struct sl_parcel {
	int fd;
	uint64_t n, max, leave, seen; /* seen: n at the last look at the disk */
	int failed; /* errno; EFBIG: over max */
};

bool
sl_parcel_is_name(const char *name)
{
	unsigned parts = 1;
	const char *s;

	if (*name == '\0' || strlen(name) > SL_PARCEL_NAME_MAX)
		return false;
	for (s = name; *s != '\0'; s++) {
		/* Also what would be empty or begin with '.'. */
		if ((s == name || s[-1] == '/') && (*s == '.' || *s == '/'))
			return false;
		parts += *s == '/';
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
		    !(*s >= '0' && *s <= '9') && strchr("._-/", *s) == NULL)
			return false;
	}
	return s[-1] != '/' && parts <= PARTS_MAX;
}

int
sl_parcel_spool(void)
{
	int fd = open(SPOOL, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char name[] = SPOOL "/sluse-XXXXXX";

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

bool
sl_parcel_has_room(int fd, uint64_t bytes, uint64_t leave)
{
	struct statvfs st;
	uint64_t left;

	if (fstatvfs(fd, &st) != 0)
		return true; /* writing will tell */
	left = (uint64_t)st.f_bavail * st.f_frsize;
	return left >= leave && left - leave >= bytes;
}

/* -- giving ---------------------------------------------------------------- */

enum sl_rc
sl_parcel_new(
    uint64_t max, uint64_t leave, struct sl_parcel **ret, struct sl_err *err)
{
	int fd = sl_parcel_spool();

	if (fd < 0)
		return sl_err_set(err, SL_RETRY, errno, "disk_error",
		    "no file can be made in " SPOOL);
	*ret = sl_alloc(sizeof(**ret));
	(*ret)->fd = fd;
	(*ret)->max = max;
	(*ret)->leave = leave;
	return SL_OK;
}

void
sl_parcel_free(struct sl_parcel *p)
{
	if (p == NULL)
		return;
	(void)close(p->fd);
	free(p);
}

enum sl_rc
sl_parcel_failed(const struct sl_parcel *p, struct sl_err *err)
{
	if (p->failed == 0)
		return SL_OK;
	if (p->failed == EFBIG)
		return sl_err_set(err, SL_REJECT, 0, "limit_bytes",
		    "larger than the %llu MiB that are taken at once",
		    (unsigned long long)(p->max >> 20));
	if (p->failed == ENOSPC)
		return sl_err_set(err, SL_RETRY, ENOSPC, "disk_full",
		    "the disk has no room for it");
	return sl_err_set(
	    err, SL_FATAL, p->failed, "disk_error", "cannot gather the files");
}

static bool
fail(struct sl_parcel *p, int error)
{
	if (p->failed == 0)
		p->failed = error;
	return false;
}

/* Are n bytes more within the limit, and is there room? */
static bool
may_grow(struct sl_parcel *p, uint64_t n)
{
	if (n > p->max - p->n)
		return fail(p, EFBIG);
	if (p->n != 0 && p->n + n - p->seen < LOOK_EACH)
		return p->failed == 0;
	p->seen = p->n + n;
	if (!sl_parcel_has_room(p->fd, 0, p->leave))
		return fail(p, ENOSPC);
	return p->failed == 0;
}

static bool
add(struct sl_parcel *p, const void *bytes, size_t n)
{
	if (!may_grow(p, n))
		return false;
	if (sl_write_full(p->fd, bytes, n) != 0)
		return fail(p, errno);
	p->n += n;
	return true;
}

static bool
add_head(struct sl_parcel *p, const char *name, uint64_t bytes)
{
	uint8_t head[SL_PARCEL_HEAD];
	size_t n = strlen(name), i;

	if (!sl_parcel_is_name(name))
		return fail(p, EINVAL);
	head[0] = (uint8_t)n;
	head[1] = (uint8_t)(n >> 8);
	for (i = 0; i < 8; i++)
		head[2 + i] = (uint8_t)(bytes >> (8 * i));
	return add(p, head, sizeof(head)) && add(p, name, n);
}

enum sl_rc
sl_parcel_put(struct sl_parcel *p, const char *name, const void *bytes,
    size_t n, struct sl_err *err)
{
	return add_head(p, name, n) && add(p, bytes, n)
		   ? SL_OK
		   : sl_parcel_failed(p, err);
}

/* A file that grows beside the others. */
struct growing {
	struct sl_parcel *parcel;
	int fd;
	uint64_t n;
	char name[SL_PARCEL_NAME_MAX + 1];
};

static bool
grow(struct growing *g, const void *bytes, size_t n)
{
	if (!may_grow(g->parcel, g->n + n))
		return false;
	if (sl_write_full(g->fd, bytes, n) != 0)
		return fail(g->parcel, errno);
	g->n += n;
	return true;
}

static struct growing *
begin(struct sl_parcel *p, const char *name)
{
	struct growing *g;
	int fd = sl_parcel_is_name(name) ? sl_parcel_spool() : -1;

	if (fd < 0) {
		(void)fail(p, sl_parcel_is_name(name) ? errno : EINVAL);
		return NULL;
	}
	g = sl_alloc(sizeof(*g));
	g->parcel = p;
	g->fd = fd;
	memcpy(g->name, name, strlen(name) + 1);
	return g;
}

/* Behind the others. */
static bool
end(struct growing *g)
{
	char part[SL_PARCEL_CHUNK];
	bool ok = g->parcel->failed == 0 && lseek(g->fd, 0, SEEK_SET) == 0 &&
		  add_head(g->parcel, g->name, g->n);
	ssize_t n;

	while (ok && g->n > 0) {
		n = sl_read_full(g->fd, part, sizeof(part));
		ok = n > 0 ? add(g->parcel, part, (size_t)n)
			   : fail(g->parcel, n < 0 ? errno : EIO);
		g->n -= ok ? (uint64_t)n : 0;
	}
	(void)close(g->fd);
	free(g);
	return ok;
}

static ssize_t
on_write(void *cookie, const char *bytes, size_t n)
{
	return grow(cookie, bytes, n) ? (ssize_t)n : 0;
}

static int
on_close(void *cookie)
{
	return end(cookie) ? 0 : -1;
}

FILE *
sl_parcel_open(struct sl_parcel *p, const char *name)
{
	const cookie_io_functions_t io = {.write = on_write, .close = on_close};
	struct growing *g = begin(p, name);
	FILE *f = g != NULL ? fopencookie(g, "w", io) : NULL;

	if (f == NULL && g != NULL) {
		(void)fail(p, ENOMEM);
		(void)end(g);
	}
	return f;
}

static int
on_close_aside(void *cookie)
{
	struct growing *g = cookie;

	(void)close(g->fd);
	free(g);
	return 0;
}

FILE *
sl_parcel_aside(struct sl_parcel *p, int fd)
{
	const cookie_io_functions_t io = {
	    .write = on_write, .close = on_close_aside};
	struct growing *g = sl_alloc(sizeof(*g));
	FILE *f;

	g->parcel = p;
	g->fd = fd;
	f = fopencookie(g, "w", io);
	if (f == NULL)
		(void)on_close_aside(g);
	return f;
}

enum sl_rc
sl_parcel_copy(
    struct sl_parcel *p, const char *name, int fd, struct sl_err *err)
{
	struct growing *g = begin(p, name);
	char part[SL_PARCEL_CHUNK];
	bool ok = g != NULL;
	ssize_t n = 0;

	while (ok && (n = sl_read_full(fd, part, sizeof(part))) > 0)
		ok = grow(g, part, (size_t)n);
	if (ok && n < 0)
		ok = fail(p, errno);
	if (g != NULL)
		ok = end(g) && ok;
	return ok ? SL_OK : sl_parcel_failed(p, err);
}

enum sl_rc
sl_parcel_send(
    struct sl_parcel *p, sl_bytes_fn *fn, void *arg, struct sl_err *err)
{
	char part[SL_PARCEL_CHUNK];
	enum sl_rc rc = SL_OK;
	ssize_t n;

	if (lseek(p->fd, 0, SEEK_SET) != 0)
		(void)fail(p, errno);
	if (p->failed != 0)
		return sl_parcel_failed(p, err);
	while (
	    rc == SL_OK && (n = sl_read_full(p->fd, part, sizeof(part))) != 0)
		rc = n > 0 ? fn(arg, part, (size_t)n, err)
			   : sl_disk_failed(err, "what was gathered");
	return rc;
}

/* -- taking ---------------------------------------------------------------- */

void
sl_unwrap_begin(
    struct sl_unwrap *u, uint64_t max, sl_unwrap_fn *open, void *arg)
{
	memset(u, 0, sizeof(*u));
	u->max = max;
	u->open = open;
	u->arg = arg;
	u->fd = -1;
}

/* How much of a head is needed: its name too, once its length is known. */
static size_t
head_wanted(const struct sl_unwrap *u)
{
	return u->n < SL_PARCEL_HEAD
		   ? SL_PARCEL_HEAD
		   : SL_PARCEL_HEAD + u->head[0] + ((size_t)u->head[1] << 8);
}

static enum sl_rc
open_next(struct sl_unwrap *u, struct sl_err *err)
{
	char *name = (char *)u->head + SL_PARCEL_HEAD;
	size_t i;

	u->head[u->n] = '\0';
	for (u->left = 0, i = 8; i-- > 0;)
		u->left = u->left << 8 | u->head[2 + i];
	if (u->left > u->max)
		return sl_err_set(err, SL_REJECT, 0, "limit_bytes",
		    "larger than what is taken at once");
	if (strlen(name) != u->n - SL_PARCEL_HEAD || !sl_parcel_is_name(name))
		return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
		    "a file came with a senseless name");
	u->max -= u->left;
	u->n = 0;
	u->files++;
	u->fd = u->open(u->arg, name, err);
	return u->fd >= 0 ? SL_OK : err->rc;
}

static enum sl_rc
take_head(struct sl_unwrap *u, const char **p, size_t *n, struct sl_err *err)
{
	size_t wanted = head_wanted(u), take;

	if (wanted > SL_PARCEL_HEAD + SL_PARCEL_NAME_MAX)
		return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
		    "a file came with too long a name");
	take = wanted - u->n < *n ? wanted - u->n : *n;
	memcpy(u->head + u->n, *p, take);
	u->n += take;
	*p += take;
	*n -= take;
	/* With its tenth byte the name becomes known: look once more. */
	if (u->n < SL_PARCEL_HEAD || u->n < head_wanted(u))
		return SL_OK;
	return open_next(u, err);
}

static enum sl_rc
take_file(struct sl_unwrap *u, const char **p, size_t *n, struct sl_err *err)
{
	size_t take = u->left < *n ? (size_t)u->left : *n;

	if (sl_write_full(u->fd, *p, take) != 0)
		return sl_err_set(
		    err, SL_FATAL, errno, "disk_error", "cannot write");
	*p += take;
	*n -= take;
	u->left -= take;
	return SL_OK;
}

/* A file that is complete, also an empty one. */
static enum sl_rc
close_whole(struct sl_unwrap *u, struct sl_err *err)
{
	int fd = u->fd;

	if (fd < 0 || u->left > 0)
		return SL_OK;
	u->fd = -1;
	if (close(fd) == 0)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, errno, "disk_error", "cannot write");
}

enum sl_rc
sl_unwrap_take(void *arg, const char *p, size_t n, struct sl_err *err)
{
	struct sl_unwrap *u = arg;
	enum sl_rc rc = SL_OK;

	while (rc == SL_OK && n > 0) {
		rc = u->fd < 0 ? take_head(u, &p, &n, err)
			       : take_file(u, &p, &n, err);
		if (rc == SL_OK)
			rc = close_whole(u, err);
	}
	return rc;
}

enum sl_rc
sl_unwrap_end(struct sl_unwrap *u, struct sl_err *err)
{
	bool whole = u->fd < 0 && u->n == 0;

	sl_cleanup_close(&u->fd);
	return whole ? SL_OK
		     : sl_err_set(err, SL_RETRY, 0, "slused_away",
			   "it was broken off within a file");
}
