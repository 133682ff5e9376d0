/*
 * INVARIANTS: a record is written once, in one piece within a sector; those
 * before it are written again with the same bytes only. The file never changes
 * its length, so fdatasync has nothing but that to write.
 */
#include "sending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"

#define CHECK UINT64_C(0x5353454e44494e47) /* of all zeros it is wrong */

/* In the machine's own order: it never leaves the machine. */
struct record {
	uint64_t generation, delivery, check, unused;
};

struct sl_sending {
	int fd; /* -1: the disk said no, each must wait for the commit */
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
not_written(int error)
{
	sl_log(SL_LOG_WARNING, "store",
	    "db/sending cannot be written, each sending waits for a commit "
	    "errno=\"%d\"",
	    error);
}

/* *ret is -1 where there is none and none can be made: the disk is full. */
static enum sl_rc
open_file(const char *root, int *ret, struct sl_err *err)
{
	SL_FREE char *path = sl_asprintf("%s/db", root);
	SL_CLOSE int dir = sl_open_dir(AT_FDCWD, path);
	enum sl_rc rc;

	*ret = openat(dir, "sending", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (*ret < 0 && errno == ENOENT) {
		rc = sl_write_file(
		    dir, "sending", empty, sizeof(empty), 0640, err);
		if (rc == SL_RETRY)
			not_written(err != NULL ? err->sys : 0);
		if (rc != SL_OK)
			return rc == SL_RETRY ? SL_OK : SL_FATAL;
		*ret = openat(dir, "sending", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	}
	return *ret >= 0 ? SL_OK
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
	if (open_file(root, &s->fd, err) != SL_OK) {
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

/* SL_SKIP: it cannot be written, and is not tried again. A sync that fails says
 * that the disk does, as everywhere. */
static enum sl_rc
write_at(struct sl_sending *s, const void *p, size_t n, size_t at,
    struct sl_err *err)
{
	if (pwrite(s->fd, p, n, (off_t)at) == (ssize_t)n)
		return fdatasync(s->fd) == 0
			   ? SL_OK
			   : sl_err_set(err, SL_FATAL, errno, "disk_error",
				 "db/sending cannot be synced");
	not_written(errno);
	sl_cleanup_close(&s->fd);
	return SL_SKIP;
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
	if (rc == SL_OK)
		s->n++;
	return rc;
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
	/* Without a record too: the transaction may hold the number. */
	s->generation++;
	return SL_OK;
}
