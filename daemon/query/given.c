/*
 * SECURITY: what is lent is copied before it is looked at: it cannot change
 * under a reader, and no file system of somebody else's can hold him up.
 */
#include "given.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/mem.h"

struct lending {
	struct sl_given *given;
	uint64_t leave;
	struct sl_unwrap u;
};

static int
cannot(struct sl_err *err, enum sl_rc rc, const char *reason, const char *text)
{
	(void)sl_err_set(err, rc, errno, reason, "%s", text);
	return -1;
}

static int
keep(void *arg, const char *name, struct sl_err *err)
{
	struct lending *l = arg;
	struct sl_given *g = l->given;
	int fd;

	if (g->n == SL_GIVEN_FILES)
		return cannot(err, SL_REJECT, "limit_files", "too many files");
	fd = sl_parcel_spool();
	if (fd < 0)
		return cannot(err, SL_RETRY, "disk_error",
		    "no file can be made for what is lent");
	g->file[g->n].fd = fd;
	(void)snprintf(
	    g->file[g->n++].name, sizeof(g->file[0].name), "%s", name);
	if (!sl_parcel_has_room(fd, l->u.left, l->leave))
		return cannot(err, SL_RETRY, "disk_full",
		    "the disk has no room for what is lent");
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return fd >= 0 ? fd
		       : cannot(err, SL_RETRY, "disk_error",
			     "no descriptor is left");
}

enum sl_rc
sl_given_take(struct sl_chan *from, uint64_t leave, struct sl_given *ret,
    struct sl_err *err)
{
	struct lending l = {.given = ret, .leave = leave};
	enum sl_rc rc = SL_OK, heard;
	uint64_t vain = 0;
	struct sl_msg m;
	size_t nfds;

	ret->n = 0;
	sl_unwrap_begin(&l.u, SL_GIVEN_MAX, keep, &l);
	while (vain <= SL_GIVEN_MAX) {
		heard = sl_chan_recv(from, &m, NULL, &nfds, err);
		if (heard != SL_OK ||
		    (m.type != SL_MSG_ROWS && m.type != SL_MSG_ROWS_END)) {
			rc = sl_err_set(err, SL_RETRY, 0, "slused_away",
			    "what was lent broke off");
			break;
		}
		if (m.type == SL_MSG_ROWS_END)
			break;
		if (rc == SL_OK)
			rc = sl_unwrap_take(
			    &l.u, m.rows.rows.p, m.rows.rows.n, err);
		else
			vain += m.rows.rows.n;
	}
	if (rc == SL_OK)
		return sl_unwrap_end(&l.u, err);
	(void)sl_unwrap_end(&l.u, NULL);
	return rc;
}

bool
sl_given_path(const struct sl_given *g, const char *name, char *ret)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (strcmp(g->file[i].name, name) == 0) {
			(void)snprintf(ret, SL_GIVEN_PATH, "/proc/self/fd/%d",
			    g->file[i].fd);
			return true;
		}
	return false;
}

enum sl_rc
sl_given_add(
    struct sl_parcel *p, const char *name, const char *path, struct sl_err *err)
{
	SL_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
		    "%.150s cannot be opened", path);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return sl_err_set(err, SL_BROKEN, 0, "file_unreadable",
		    "%.150s is no plain file", path);
	/* Before a gigabyte is copied. */
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > SL_GIVEN_MAX)
		return sl_err_set(err, SL_BROKEN, 0, "limit_bytes",
		    "%.150s is larger than the %u MiB that can be lent", path,
		    (unsigned)(SL_GIVEN_MAX >> 20));
	if (sl_parcel_copy(p, name, fd, err) == SL_OK)
		return SL_OK;
	if (err->rc == SL_REJECT)
		err->rc = SL_BROKEN;
	return sl_err_of(err, path);
}
