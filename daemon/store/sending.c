/*
 * INVARIANTS: while records count, each is written once and in one piece,
 * within a sector, and nothing else is written. Only when the database has all
 * that the file tells is it written over with zeros, whole: after one that
 * could not be read, and after a write that failed. The file gets its length
 * when it is made and keeps it; one that was found short gets it back with
 * those zeros. So the fdatasync of a record has nothing but its bytes to write.
 */
#include "sending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"

#define MEND_MS 1000 /* from one try to the next */
#define CHECK UINT64_C(0x5353454e44494e47) /* of all zeros it is wrong */

/* In the machine's own order: it never leaves the machine. */
struct record {
	uint64_t generation, delivery, check, unused;
};

struct sl_sending {
	int dir; /* <root>/db */
	int fd; /* -1: the disk said no, each must wait for the commit */
	int error; /* what it said */
	int64_t mend_ms; /* boot ms: when it is tried again */
	bool overtaken; /* the database has all that the file tells */
	bool told; /* it was logged that it cannot be written, with error */
	bool torn; /* all zeros again once the database has what it told */
	unsigned n;
	uint64_t generation;
};

static bool
is_empty(const struct record *r)
{
	static const struct record none;

	return memcmp(r, &none, sizeof(none)) == 0;
}

static bool
is_whole(const struct record *r)
{
	return (r->generation ^ r->delivery ^ CHECK) == r->check;
}

static const struct record empty[SL_SENDING_MAX];

static void
not_written(struct sl_sending *s, int error)
{
	bool again = s->told && s->error == (error != 0 ? error : EIO);

	s->error = error != 0 ? error : EIO;
	s->mend_ms = sl_clock_boot_ms() + MEND_MS;
	s->told = true;
	if (again)
		return;
	sl_log(SL_LOG_WARNING, "store",
	    "db/sending cannot be written, each sending waits for a commit "
	    "errno=\"%d\"",
	    s->error);
}

static int
open_there(const struct sl_sending *s)
{
	return openat(s->dir, "sending", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
}

/* s->fd is -1 where there is none and none can be made: the disk is full. */
static enum sl_rc
open_file(struct sl_sending *s, const char *root, struct sl_err *err)
{
	SL_FREE char *path = sl_asprintf("%s/db", root);
	struct sl_err why = {0};
	enum sl_rc rc;

	s->dir = sl_open_dir(AT_FDCWD, path);
	s->fd = open_there(s);
	if (s->fd < 0 && errno == ENOENT) {
		rc = sl_write_file(
		    s->dir, "sending", empty, sizeof(empty), 0640, &why);
		if (rc == SL_RETRY) {
			not_written(s, why.sys);
			s->overtaken = true; /* it tells nothing */
			return SL_OK;
		}
		if (rc != SL_OK) {
			if (err != NULL)
				*err = why;
			return SL_FATAL;
		}
		s->fd = open_there(s);
	}
	return s->fd >= 0 ? SL_OK
			  : sl_err_set(err, SL_FATAL, errno, "disk_error",
				"db/sending cannot be opened");
}

static void
read_records(struct sl_sending *s, const struct record *r, uint64_t known,
    int64_t *ids, unsigned *ret_n)
{
	uint64_t newest = known;
	unsigned i;

	/* Of several generations only with a database from a backup. */
	for (i = 0; i < SL_SENDING_MAX; i++) {
		if (is_empty(&r[i]))
			continue;
		if (!is_whole(&r[i])) {
			s->torn = true;
			continue;
		}
		if (r[i].generation > known)
			ids[(*ret_n)++] = (int64_t)r[i].delivery;
		if (r[i].generation > newest)
			newest = r[i].generation;
	}
	s->generation = newest + 1;
}

enum sl_rc
sl_sending_open(const char *root, uint64_t known, struct sl_sending **ret,
    int64_t *ids, unsigned *ret_n, bool *ret_torn, struct sl_err *err)
{
	struct sl_sending *s = sl_alloc(sizeof(*s));
	struct record r[SL_SENDING_MAX];
	ssize_t n;

	*ret_n = 0;
	memset(r, 0, sizeof(r));
	s->dir = s->fd = -1;
	if (open_file(s, root, err) != SL_OK) {
		sl_sending_close(s);
		return SL_FATAL;
	}
	n = s->fd >= 0 ? sl_pread_full(s->fd, r, sizeof(r), 0) : 0;
	s->torn = s->fd >= 0 && n != (ssize_t)sizeof(r);
	read_records(s, r, known, ids, ret_n);
	*ret_torn = s->torn;
	*ret = s;
	return SL_OK;
}

void
sl_sending_close(struct sl_sending *s)
{
	if (s == NULL)
		return;
	sl_cleanup_close(&s->fd);
	sl_cleanup_close(&s->dir);
	free(s);
}

uint64_t
sl_sending_generation(const struct sl_sending *s)
{
	return s->generation;
}

bool
sl_sending_is_fresh(const struct sl_sending *s)
{
	return s->n == 0;
}

/* SL_SKIP: it cannot be written, for now. A sync that fails says that the disk
 * does, as everywhere. */
static enum sl_rc
write_at(struct sl_sending *s, const void *p, size_t n, size_t at,
    struct sl_err *err)
{
	errno = ENOSPC; /* if only a part goes */
	if (pwrite(s->fd, p, n, (off_t)at) == (ssize_t)n)
		return fdatasync(s->fd) == 0
			   ? SL_OK
			   : sl_err_set(err, SL_FATAL, errno, "disk_error",
				 "db/sending cannot be synced");
	not_written(s, errno);
	sl_cleanup_close(&s->fd);
	return SL_SKIP;
}

/* Anew with all zeros. Nothing relied on what a sync that fails here lost. */
static bool
make_anew(struct sl_sending *s)
{
	struct sl_err err = {0};
	int error = 0;

	s->fd = open_there(s);
	if (s->fd < 0 && errno == ENOENT &&
	    sl_write_file(
		s->dir, "sending", empty, sizeof(empty), 0640, &err) == SL_OK)
		s->fd = open_there(s);
	if (s->fd < 0)
		error = err.sys != 0 ? err.sys : errno;
	errno = ENOSPC; /* if only a part goes */
	if (s->fd >= 0 &&
	    (pwrite(s->fd, empty, sizeof(empty), 0) != (ssize_t)sizeof(empty) ||
		fdatasync(s->fd) != 0))
		error = errno;
	if (error == 0)
		return true;
	s->error = error;
	sl_cleanup_close(&s->fd);
	return false;
}

int
sl_sending_mend(struct sl_sending *s)
{
	if (s->fd >= 0)
		return 0;
	if (s->n > 0 || !s->overtaken || sl_clock_boot_ms() < s->mend_ms)
		return s->error;
	s->mend_ms = sl_clock_boot_ms() + MEND_MS;
	if (!make_anew(s))
		return s->error;
	s->torn = false;
	return 0;
}

enum sl_rc
sl_sending_put(struct sl_sending *s, int64_t delivery, struct sl_err *err)
{
	struct record r = {
	    .generation = s->generation, .delivery = (uint64_t)delivery};
	enum sl_rc rc;

	if (s->fd < 0 || s->torn || s->n == SL_SENDING_MAX)
		return SL_SKIP;
	r.check = r.generation ^ r.delivery ^ CHECK;
	rc = write_at(s, &r, sizeof(r), s->n * sizeof(r), err);
	if (rc != SL_OK)
		return rc;
	s->n++;
	if (s->told)
		sl_log(
		    SL_LOG_NOTICE, "store", "db/sending can be written again");
	s->told = false;
	return SL_OK;
}

enum sl_rc
sl_sending_committed(struct sl_sending *s, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;

	if (s->torn && s->fd >= 0)
		rc = write_at(s, empty, sizeof(empty), 0, err);
	if (rc == SL_FATAL)
		return SL_FATAL;
	s->torn = false;
	s->n = 0;
	s->overtaken = true;
	(void)sl_sending_mend(s);
	/* Without a record too: the transaction may hold the number. */
	s->generation++;
	return SL_OK;
}
