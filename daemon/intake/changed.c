/*
 * Sources that were written to after they were copied: somebody still had the
 * file open. What he wrote must not be lost, so the file goes back into Inn and
 * comes in again, as another consignment.
 *
 * INVARIANT: nothing is written here but names; the store's copy stays.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "inlet_p.h"

#define DEPTH_MAX 32
#define FILES_MAX 100000

static int64_t
ms_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The newest writing to a file below fd/name, and how many bytes all hold. */
struct tree {
	int64_t newest_ms;
	uint64_t bytes;
	int left; /* files; at 0 the rest is not looked at */
};

static void
measure(const struct sl_inlet *in, int fd, const char *name, int depth,
    struct tree *t)
{
	struct dirent *e;
	struct stat st;
	int sub;
	DIR *d;

	if (t->left-- <= 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (S_ISREG(st.st_mode)) {
		t->bytes += (uint64_t)st.st_size;
		if (ms_of(st.st_mtim) > t->newest_ms)
			t->newest_ms = ms_of(st.st_mtim);
	}
	if (!S_ISDIR(st.st_mode) || depth >= DEPTH_MAX)
		return;
	sub = sl_open_dir(fd, name);
	d = sub >= 0 ? fdopendir(sub) : NULL;
	if (d == NULL) {
		sl_cleanup_close(&sub);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (sl_name_is_plain(e->d_name) &&
		    !sl_inlet_ignores(in, e->d_name))
			measure(in, sub, e->d_name, depth + 1, t);
	(void)closedir(d);
}

bool
sl_claim_changed(struct sl_inlet *in, const char *ulid, const char *name,
    uint64_t size, int64_t dropped_ms, int64_t received_ms)
{
	SL_CLOSE int dir = sl_open_dir(in->claims, ulid);
	struct tree t = {.left = FILES_MAX};
	struct stat st;

	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	measure(in, dir, name, 0, &t);
	/* A server may set the time of a file late. */
	if (S_ISREG(st.st_mode))
		return t.bytes != size ||
		       (!in->network && t.newest_ms != dropped_ms);
	/* Clocks of clients run ahead: neither alone is proof. */
	return t.bytes != size && t.newest_ms > received_ms;
}

/* Written to after it was filed away? Filing changes ctime alone, writing sets
 * both; in a folder a file is younger than the folder's filing. */
static bool
written_since(const struct sl_inlet *in, int day, const char *name)
{
	struct tree t = {.left = FILES_MAX};
	struct stat st;

	if (fstatat(day, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	if (S_ISREG(st.st_mode))
		return st.st_mtim.tv_sec == st.st_ctim.tv_sec &&
		       st.st_mtim.tv_nsec == st.st_ctim.tv_nsec;
	if (!S_ISDIR(st.st_mode))
		return false;
	measure(in, day, name, 0, &t);
	return t.newest_ms > ms_of(st.st_ctim);
}

enum sl_rc
sl_done_changed(
    struct sl_inlet *in, const char *day_name, char *reception, size_t cap)
{
	SL_CLOSE int day = sl_open_dir(in->done, day_name);
	int fd = day >= 0 ? dup(day) : -1;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	enum sl_rc rc = SL_SKIP;
	const char *name;
	struct dirent *e;
	struct stat st;

	if (d == NULL) {
		sl_cleanup_close(&fd);
		return SL_SKIP;
	}
	while (rc == SL_SKIP && !in->network && (e = readdir(d)) != NULL) {
		name = strchr(e->d_name, ' ');
		if (name == NULL || (size_t)(name - e->d_name) >= cap ||
		    !sl_name_is_plain(name + 1) ||
		    !written_since(in, day, e->d_name))
			continue;
		if (fstatat(day, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			sl_inlet_put_back(in, &st);
		/* The name taken: at the next look, or before it is removed. */
		if (renameat2(day, e->d_name, in->inbox, name + 1,
			RENAME_NOREPLACE) != 0)
			continue;
		(void)snprintf(
		    reception, cap, "%.*s", (int)(name - e->d_name), e->d_name);
		in->dirty = true;
		in->rescan = true;
		rc = SL_OK;
	}
	(void)closedir(d);
	return rc;
}
