/*
 * The claim and its end: renames within one file system, nothing copied.
 *
 * SECURITY: everything by descriptor and plain name, O_NOFOLLOW, O_NONBLOCK: a
 * name from a drop folder is never part of a path.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "inlet_p.h"

#define WALK_DEPTH_MAX 32
#define BLOCK 4096u /* of a disk */
#define NEED_READ 2u /* times its bytes: what the database keeps of a text */
#define NEED_LEAST ((uint64_t)256 << 10) /* of any consignment */

static void
fill(struct sl_claim *c, const char *name, const struct stat *st, bool young)
{
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->is_folder = S_ISDIR(st->st_mode);
	c->young = young;
	c->uid = st->st_uid;
	c->mtime_ms =
	    (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
	c->size = c->is_folder ? 0 : (uint64_t)st->st_size;
	c->closed[0] = '\0';
}

/* What a thing holds that is to be copied. */
struct weight {
	size_t budget; /* files left until it is over folder_files_max */
	size_t files;
	uint64_t bytes;
	char *closed; /* path in a folder of what cannot be opened, */
	size_t closed_cap; /* cut to this */
};

/* Going out of what cannot be opened, its path grows at its head. */
static void
add_closed(struct weight *w, const char *name)
{
	SL_FREE char *was = sl_strdup(w->closed);

	(void)snprintf(w->closed, w->closed_cap, "%s%s%s", name,
	    *was != '\0' ? "/" : "", was);
}

static void
add_file(struct weight *w, const struct stat *st)
{
	uint64_t n = ((uint64_t)st->st_size + BLOCK - 1) / BLOCK * BLOCK;

	w->files++;
	/* Holes can make files of any size. */
	w->bytes = n > UINT64_MAX - w->bytes ? UINT64_MAX : w->bytes + n;
}

/* Can every file of a folder be opened? Else errno. What may not be claimed
 * anyway (links, devices) is not touched: opening it could do something. */
static int
probe_folder(
    struct sl_inlet *in, int at, const char *name, int depth, struct weight *w)
{
	int fd = sl_open_dir(at, name), bad = 0;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	struct stat st;

	if (d == NULL) {
		bad = errno == ENOENT ? 0 : errno; /* taken away: no harm */
		sl_cleanup_close(&fd);
		return bad;
	}
	while (bad == 0 && (e = readdir(d)) != NULL && w->budget > 0) {
		if (!sl_name_is_plain(e->d_name) ||
		    sl_inlet_ignores(in, e->d_name) ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		w->budget--;
		if (S_ISDIR(st.st_mode) && depth < WALK_DEPTH_MAX)
			bad = probe_folder(in, fd, e->d_name, depth + 1, w);
		if (S_ISREG(st.st_mode)) {
			SL_CLOSE int probe = openat(fd, e->d_name,
			    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

			bad = probe < 0 && errno != ENOENT ? errno : 0;
			add_file(w, &st);
		}
		if (bad != 0)
			add_closed(w, e->d_name);
	}
	(void)closedir(d);
	return bad;
}

/* See ROOM ON THE DISK of slused(8) for the numbers. What is over a limit is
 * numbered and stopped, and never copied. */
static struct sl_need
need_of(const struct sl_inlet *in, const struct weight *w)
{
	uint64_t bytes =
	    w->budget == 0 || w->bytes > in->cfg->limits.input_max_bytes
		? 0
		: w->bytes;

	return (struct sl_need){
	    .copy = bytes, .made = NEED_READ * bytes + NEED_LEAST};
}

/* What lies at a place, and whether it can be opened (else errno). */
static int
weigh(struct sl_inlet *in, int at, const char *name, const struct stat *st,
    struct sl_claim *ret)
{
	struct weight w = {.budget = in->cfg->limits.folder_files_max + 1,
	    .closed = ret->closed,
	    .closed_cap = sizeof(ret->closed)};
	int bad = 0;

	if (S_ISDIR(st->st_mode))
		bad = probe_folder(in, at, name, 0, &w);
	else
		add_file(&w, st);
	ret->need = need_of(in, &w);
	return bad;
}

/* A fault of the machine, which passes; anything else is the file's own. */
static bool
is_passing(int error)
{
	return error == EIO || error == ENOSPC || error == EDQUOT ||
	       error == EROFS || error == ENOMEM || error == EMFILE ||
	       error == ENFILE || error == ESTALE || error == EINTR;
}

static enum sl_rc
not_now(struct sl_err *err, const char *text)
{
	if (is_passing(errno))
		return sl_err_set(
		    err, SL_RETRY, errno, "disk_error", "%s", text);
	return sl_err_set(err, SL_HOLD, errno, "file_unreadable", "%s", text);
}

/* The folder of a new claim: an emptied one under another name, if there is
 * one. Some file systems find a free inode slowly where many went just now. */
static int
new_folder(struct sl_inlet *in, const char *ulid)
{
	while (in->spare_n > 0)
		if (renameat(in->claims, in->spare[--in->spare_n], in->claims,
			ulid) == 0)
			return sl_open_dir(in->claims, ulid);
	return sl_make_dir(in->claims, ulid, 0700);
}

/* An emptied folder stays for the next claim, or goes. d is at its end. False
 * (errno): something is in it still. */
static bool
end_folder(struct sl_inlet *in, const char *ulid, DIR *d)
{
	struct dirent *e;

	if (in->network || in->spare_n == SPARE_MAX)
		return unlinkat(in->claims, ulid, AT_REMOVEDIR) == 0 ||
		       errno == ENOENT;
	rewinddir(d);
	while (errno = 0, (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		errno = ENOTEMPTY;
		return false;
	}
	if (errno != 0)
		return false;
	(void)snprintf(
	    in->spare[in->spare_n++], sizeof(in->spare[0]), "%s", ulid);
	return true;
}

void
sl_inlet_rest(struct sl_inlet *in)
{
	while (in->spare_n > 0)
		(void)unlinkat(
		    in->claims, in->spare[--in->spare_n], AT_REMOVEDIR);
}

enum sl_rc
sl_claim_take(struct sl_inlet *in, const char *name, const struct stat *st,
    bool young, struct sl_claim *ret, struct sl_err *err)
{
	SL_CLOSE int probe = -1;
	SL_CLOSE int dir = -1;
	int error;

	fill(ret, name, st, young);
	probe = openat(
	    in->inbox, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (probe < 0 && errno == ENOENT)
		return SL_SKIP;
	if (probe < 0)
		return not_now(err, "what was dropped cannot be opened");
	errno = weigh(in, in->inbox, name, st, ret);
	if (errno != 0)
		return not_now(err, "a file of a folder cannot be opened");
	if (!sl_waits_fits(in, name, st, ret))
		return SL_SKIP;
	sl_ulid_make(ret->ulid);
	dir = new_folder(in, ret->ulid);
	if (dir < 0) {
		/* A full or lost share stops its queue, not the house. */
		in->gone = true;
		return SL_SKIP;
	}
	in->dirty = true;
	if (renameat(in->inbox, name, dir, name) == 0)
		return SL_OK;
	error = errno;
	(void)unlinkat(in->claims, ret->ulid, AT_REMOVEDIR);
	errno = error;
	if (error == ENOENT)
		return SL_SKIP;
	return not_now(err, "what was dropped cannot be moved");
}

void
sl_claim_refuse(struct sl_inlet *in, const char *name, char *ret, size_t cap)
{
	int n, keep = (int)cap - 8;

	(void)snprintf(ret, cap, "%s", name);
	/* One of that name may have been refused before. */
	for (n = 2; renameat2(in->inbox, name, in->stopped, ret,
			RENAME_NOREPLACE) != 0 &&
		    errno == EEXIST && n < 1000;
	     n++)
		(void)snprintf(ret, cap, "%.*s (%d)", keep, name, n);
}

enum sl_rc
sl_claim_find(struct sl_inlet *in, const char *ulid, struct sl_claim *ret,
    struct sl_err *err)
{
	struct dirent *e;
	struct stat st;
	bool found = false;
	DIR *d;
	int fd;

	memset(ret, 0, sizeof(*ret));
	(void)snprintf(ret->ulid, sizeof(ret->ulid), "%s", ulid);
	fd = sl_open_dir(in->claims, ret->ulid);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL) {
		sl_cleanup_close(&fd);
		return sl_err_set(err, SL_RETRY, errno, "file_unreadable",
		    "cannot open a claim");
	}
	while (!found && (e = readdir(d)) != NULL) {
		if (!sl_name_is_plain(e->d_name) ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		fill(ret, e->d_name, &st, false);
		(void)weigh(in, fd, e->d_name, &st, ret);
		found = true;
	}
	(void)closedir(d);
	return found ? SL_OK : SL_SKIP;
}

enum sl_rc
sl_inlet_old_claim(
    struct sl_inlet *in, size_t i, struct sl_claim *ret, struct sl_err *err)
{
	enum sl_rc rc;

	if (i >= in->old_n)
		return SL_SKIP;
	rc = sl_claim_find(in, in->old[i], ret, err);
	if (rc != SL_SKIP)
		return rc;
	/* The folder was made and the rename did not happen any more, or it
	 * was filed away and the folder stayed. */
	(void)unlinkat(in->claims, ret->ulid, AT_REMOVEDIR);
	return SL_RETRY;
}

int
sl_claim_open(
    struct sl_inlet *in, const char *ulid, const char *name, const char *sub)
{
	SL_CLOSE int dir = sl_open_dir(in->claims, ulid);
	SL_FREE char *path = NULL;
	char *s, *slash;
	int next;

	if (dir < 0)
		return -1;
	if (sub == NULL)
		return openat(
		    dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	path = sl_asprintf("%s/%s", name, sub);
	/* One component at a time: no link is followed anywhere. */
	for (s = path; (slash = strchr(s, '/')) != NULL; s = slash + 1) {
		*slash = '\0';
		next = sl_open_dir(dir, s);
		if (next < 0)
			return -1;
		(void)close(dir);
		dir = next;
	}
	return openat(dir, s, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

struct walk {
	struct sl_inlet *in;
	size_t left, ignored_left;
	sl_claim_file_fn *fn;
	void *arg;
};

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static enum sl_rc walk_dir(
    struct walk *w, int fd, const char *prefix, int depth, struct sl_err *err);

static enum sl_rc
walk_one(struct walk *w, int fd, const char *prefix, const char *name,
    int depth, struct sl_err *err)
{
	SL_FREE char *sub =
	    sl_asprintf("%s%s%s", prefix, *prefix != '\0' ? "/" : "", name);
	SL_CLOSE int dir = -1;
	const char *reason = NULL;
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return SL_OK;
	if (S_ISDIR(st.st_mode)) {
		dir = sl_open_dir(fd, name);
		if (dir < 0 || depth >= WALK_DEPTH_MAX)
			return sl_err_set(err, SL_REJECT, errno, "limit_depth",
			    "folders in folders too deep");
		return walk_dir(w, dir, sub, depth + 1, err);
	}
	if (w->left-- == 0)
		return sl_err_set(err, SL_REJECT, 0, "limit_files",
		    "too many files in one folder");
	if (S_ISLNK(st.st_mode))
		reason = "refused_link";
	else if (!S_ISREG(st.st_mode))
		reason = "refused_special";
	return w->fn(w->arg, sub, &st, reason, err);
}

/* Goes with the folder, and is told; of a folder in it only that. */
static enum sl_rc
walk_ignored(struct walk *w, int fd, const char *prefix, const char *name,
    struct sl_err *err)
{
	SL_FREE char *sub =
	    sl_asprintf("%s%s%s", prefix, *prefix != '\0' ? "/" : "", name);
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return SL_OK;
	if (w->ignored_left-- == 0)
		return sl_err_set(err, SL_REJECT, 0, "limit_files",
		    "too many files with names that are left out");
	return w->fn(w->arg, sub, &st, "ignored_name", err);
}

static enum sl_rc
walk_dir(
    struct walk *w, int fd, const char *prefix, int depth, struct sl_err *err)
{
	struct dirent **list = NULL;
	enum sl_rc rc = SL_OK;
	int i, n;

	n = scandirat(fd, ".", &list, NULL, by_name);
	for (i = 0; i < n; i++) {
		if (rc == SL_OK && sl_name_is_plain(list[i]->d_name))
			rc = sl_inlet_ignores(w->in, list[i]->d_name)
				 ? walk_ignored(
				       w, fd, prefix, list[i]->d_name, err)
				 : walk_one(w, fd, prefix, list[i]->d_name,
				       depth, err);
		free(list[i]);
	}
	free(list);
	return n < 0 ? sl_err_set(err, SL_RETRY, errno, "file_unreadable",
			   "cannot read a folder")
		     : rc;
}

enum sl_rc
sl_claim_walk(struct sl_inlet *in, const char *ulid, const char *name,
    size_t max, sl_claim_file_fn *fn, void *arg, struct sl_err *err)
{
	struct walk w = {
	    .in = in, .left = max, .ignored_left = max, .fn = fn, .arg = arg};
	SL_CLOSE int dir = sl_open_dir(in->claims, ulid);
	SL_CLOSE int top = -1;

	if (dir >= 0)
		top = sl_open_dir(dir, name);
	if (top < 0)
		return sl_err_set(err, SL_RETRY, errno, "file_unreadable",
		    "cannot open a claimed folder");
	return walk_dir(&w, top, "", 0, err);
}

enum sl_rc
sl_claim_move(struct sl_inlet *in, const char *ulid, const char *name, int to,
    const char *as, struct sl_err *err)
{
	SL_CLOSE int dir = sl_open_dir(in->claims, ulid);

	in->dirty = true;
	if (dir < 0 || renameat2(dir, name, to, as, RENAME_NOREPLACE) != 0)
		return sl_err_set(err, errno == EEXIST ? SL_SKIP : SL_RETRY,
		    errno, "file_changing", "cannot put a claim back");
	(void)unlinkat(in->claims, ulid, AT_REMOVEDIR);
	return SL_OK;
}

enum sl_rc
sl_claim_put_back(struct sl_inlet *in, const char *ulid, const char *name,
    const struct sl_need *need, struct sl_err *err)
{
	SL_CLOSE int dir = sl_open_dir(in->claims, ulid);
	struct stat st;

	if (dir >= 0 && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		sl_inlet_put_back(in, &st);
		if (need != NULL)
			sl_waits_add(in, name, &st, need, true);
	}
	return sl_claim_move(in, ulid, name, in->inbox, name, err) == SL_OK
		   ? SL_OK
		   : SL_SKIP;
}

/* "<reception> <name>", cut in the middle of the name to fit a directory. */
static void
done_name(const char *reception, const char *name, char *out, size_t cap)
{
	const char *dot = strrchr(name, '.');
	size_t head = strlen(reception) + 1, ext, keep = strlen(name);

	ext = dot != NULL && dot != name && strlen(dot) <= 16 ? strlen(dot) : 0;
	if (head + keep < cap)
		ext = 0;
	else
		keep = cap - 1 - head - ext;
	(void)snprintf(out, cap, "%s %.*s%s", reception, (int)keep, name,
	    ext > 0 ? dot : "");
}

enum sl_rc
sl_claim_file_done(struct sl_inlet *in, const char *ulid, const char *reception,
    int64_t now_ms, struct sl_err *err)
{
	char day[16], name[256];
	SL_CLOSE int dir = -1;
	SL_CLOSE int to = -1;
	DIR *d;
	struct dirent *e;
	int fd, failed = 0;

	dir = sl_open_dir(in->claims, ulid);
	if (dir < 0 && errno == ENOENT)
		return SL_OK; /* filed already */
	if (dir < 0)
		return sl_err_set(err, SL_RETRY, errno, "disk_error",
		    "cannot open a claim to file it away");
	sl_clock_format_day(now_ms, day, sizeof(day));
	to = sl_make_dir(in->done, day, 0750);
	fd = dup(dir);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (to < 0 || d == NULL) {
		failed = errno;
		if (d != NULL)
			(void)closedir(d);
		else
			sl_cleanup_close(&fd);
		return sl_err_set(err, SL_RETRY, failed, "disk_error",
		    "cannot file a source away");
	}
	while ((e = readdir(d)) != NULL) {
		if (!sl_name_is_plain(e->d_name))
			continue;
		done_name(reception, e->d_name, name, sizeof(name));
		if (renameat(dir, e->d_name, to, name) != 0)
			failed = errno;
	}
	/* What is left behind (also what readdir did not tell of) keeps the
	 * folder, and so the claim. */
	if (failed == 0 && !end_folder(in, ulid, d))
		failed = errno;
	(void)closedir(d);
	if (failed != 0)
		return sl_err_set(err, SL_RETRY, failed, "disk_error",
		    "cannot file a source away");
	return SL_OK;
}

enum sl_rc
sl_inlet_sync(struct sl_inlet *in, struct sl_err *err)
{
	if (!in->dirty || in->claims < 0)
		return SL_OK;
	in->dirty = false;
	return sl_sync_fs(in->claims, "a drop folder", err);
}

static bool
is_old_day(const struct sl_inlet *in, const char *name, int64_t now_ms)
{
	struct sl_date day = {0};

	return sscanf(name, "%4d-%2d-%2d", &day.year, &day.month, &day.day) ==
		   3 &&
	       strlen(name) == 10 &&
	       sl_clock_from_oslo(&day) + INT64_C(86400000) +
		       in->cfg->instance.done_keep_ms <
		   now_ms;
}

bool
sl_inlet_old_day(
    struct sl_inlet *in, int64_t now_ms, const char *after, char *ret)
{
	int fd = sl_open_dir(in->done, ".");
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	*ret = '\0';
	if (d == NULL) {
		sl_cleanup_close(&fd);
		return false;
	}
	while ((e = readdir(d)) != NULL)
		if (is_old_day(in, e->d_name, now_ms) &&
		    strcmp(e->d_name, after) > 0 &&
		    (*ret == '\0' || strcmp(e->d_name, ret) < 0))
			(void)snprintf(ret, SL_DAY_MAX, "%.10s", e->d_name);
	(void)closedir(d);
	return *ret != '\0';
}

bool
sl_inlet_remove_day(struct sl_inlet *in, const char *day)
{
	return sl_remove_tree(in->done, day) == 0;
}
