/*
 * INVARIANT: a row names a file under sha256/ only when its bytes are whole and
 * synced: small ones by the one syncfs before the commit, large ones before
 * that by the child that copied them.
 * FAILURES: after a crash there may be a named file that no row knows; it is
 * found again by its digest when the consignment is taken again.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"

#define SPARE_MAX 64
/* A pipe that somebody put there holds nobody up. */
#define OPEN (O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

struct sl_files {
	int top, sha, bundle;
	bool dirty;
	DIR *seen; /* bundles being looked through, or NULL */
	DIR *fan; /* and one of the folders of originals, */
	unsigned fan_n; /* which is that */
	int spare[SPARE_MAX];
	size_t spare_n;
};

enum sl_rc
sl_files_open(const char *root, struct sl_files **ret, struct sl_err *err)
{
	struct sl_files *f = sl_alloc(sizeof(*f));
	SL_FREE char *top = sl_asprintf("%s/store", root);
	char dir[3];
	int i;

	f->top = f->sha = f->bundle = -1;
	if (sl_make_path(top, 0750, err) != SL_OK)
		goto fail;
	f->top = sl_open_dir(AT_FDCWD, top);
	if (f->top >= 0)
		f->sha = sl_make_dir(f->top, "sha256", 0750);
	if (f->top >= 0)
		f->bundle = sl_make_dir(f->top, "bundle", 0750);
	if (f->sha < 0 || f->bundle < 0) {
		(void)sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot open the store");
		goto fail;
	}
	for (i = 0; i < 256; i++) {
		(void)snprintf(dir, sizeof(dir), "%02x", (unsigned)i);
		if (mkdirat(f->sha, dir, 0750) != 0 && errno != EEXIST) {
			(void)sl_err_set(err, SL_FATAL, errno, "disk_error",
			    "cannot make a folder of the store");
			goto fail;
		}
	}
	*ret = f;
	return SL_OK;
fail:
	sl_files_close(f);
	return SL_FATAL;
}

enum sl_rc
sl_files_open_read(const char *root, struct sl_files **ret, struct sl_err *err)
{
	struct sl_files *f = sl_alloc(sizeof(*f));
	SL_FREE char *top = sl_asprintf("%s/store", root);

	f->sha = f->bundle = -1;
	f->top = sl_open_dir(AT_FDCWD, top);
	if (f->top >= 0)
		f->sha = sl_open_dir(f->top, "sha256");
	if (f->top >= 0)
		f->bundle = sl_open_dir(f->top, "bundle");
	if (f->sha >= 0 && f->bundle >= 0) {
		*ret = f;
		return SL_OK;
	}
	(void)sl_err_set(
	    err, SL_SKIP, errno, "no_instance", "there is no store here");
	sl_files_close(f);
	return SL_SKIP;
}

void
sl_files_close(struct sl_files *f)
{
	if (f == NULL)
		return;
	sl_files_rest(f);
	if (f->seen != NULL)
		(void)closedir(f->seen);
	if (f->fan != NULL)
		(void)closedir(f->fan);
	sl_cleanup_close(&f->top);
	sl_cleanup_close(&f->sha);
	sl_cleanup_close(&f->bundle);
	free(f);
}

int
sl_files_tmp(struct sl_files *f)
{
	return openat(f->top, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0440);
}

int
sl_files_scratch(struct sl_files *f)
{
	return f->spare_n > 0 ? f->spare[--f->spare_n] : sl_files_tmp(f);
}

void
sl_files_give_back(struct sl_files *f, int fd)
{
	struct stat st;

	if (fd < 0)
		return;
	if (f->spare_n < SPARE_MAX && fstat(fd, &st) == 0 && st.st_size == 0 &&
	    st.st_nlink == 0 && st.st_blocks == 0)
		f->spare[f->spare_n++] = fd;
	else
		(void)close(fd);
}

void
sl_files_rest(struct sl_files *f)
{
	while (f->spare_n > 0)
		(void)close(f->spare[--f->spare_n]);
}

int
sl_files_reopen(int fd)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void
sl_files_blob_name(const struct sl_digest *digest, char out[SL_BLOB_NAME])
{
	char hex[SL_SHA256_HEX + 1];

	sl_digest_hex(digest, hex);
	(void)snprintf(out, SL_BLOB_NAME, "%.2s/%s", hex, hex);
}

static int
link_fd(int fd, int dirfd, const char *name)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW);
}

static enum sl_rc
not_named(struct sl_err *err, const char *what)
{
	bool full = errno == ENOSPC || errno == EDQUOT;

	return sl_err_set(err, SL_FATAL, errno,
	    full ? "disk_full" : "disk_error", "%s", what);
}

enum sl_rc
sl_files_link(struct sl_files *f, int fd, const struct sl_digest *digest,
    uint64_t size, bool known, struct sl_err *err)
{
	char name[SL_BLOB_NAME], fresh[80];
	struct stat st;

	sl_files_blob_name(digest, name);
	if (fstat(fd, &st) != 0 || (uint64_t)st.st_size != size)
		return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
		    "the copy is not as long as its maker says");
	f->dirty = true;
	if (link_fd(fd, f->sha, name) == 0)
		return SL_OK;
	if (errno == EEXIST && known && fstatat(f->sha, name, &st, 0) == 0 &&
	    (uint64_t)st.st_size == size)
		return SL_OK;
	(void)snprintf(fresh, sizeof(fresh), "%s.new", name);
	if (errno == EEXIST) {
		(void)unlinkat(f->sha, fresh, 0);
		if (link_fd(fd, f->sha, fresh) == 0 &&
		    renameat(f->sha, fresh, f->sha, name) == 0)
			return SL_OK;
	}
	return not_named(err, "cannot name a file of the store");
}

void
sl_files_touch(struct sl_files *f)
{
	f->dirty = true;
}

bool
sl_files_same_fs(struct sl_files *f, int fd)
{
	struct stat a, b;

	return fstat(f->top, &a) == 0 && fstat(fd, &b) == 0 &&
	       a.st_dev == b.st_dev;
}

enum sl_rc
sl_files_link_bundle(
    struct sl_files *f, int fd, const char *name, struct sl_err *err)
{
	f->dirty = true;
	if (link_fd(fd, f->bundle, name) == 0)
		return SL_OK;
	return not_named(err, "cannot name a bundle of the store");
}

int
sl_files_open_blob(struct sl_files *f, const struct sl_digest *digest)
{
	char name[SL_BLOB_NAME];

	sl_files_blob_name(digest, name);
	return openat(f->sha, name, OPEN);
}

int
sl_files_open_bundle(struct sl_files *f, const char *name)
{
	return openat(f->bundle, name, OPEN);
}

bool
sl_files_next_bundle(
    struct sl_files *f, char *name, size_t cap, struct stat *st)
{
	struct dirent *d;
	int fd;

	if (f->seen == NULL) {
		fd = sl_open_dir(f->bundle, ".");
		f->seen = fd >= 0 ? fdopendir(fd) : NULL;
		if (f->seen == NULL)
			sl_cleanup_close(&fd);
	}
	while (f->seen != NULL && (d = readdir(f->seen)) != NULL) {
		if (!sl_name_is_plain(d->d_name) || strlen(d->d_name) >= cap ||
		    fstatat(f->bundle, d->d_name, st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		(void)snprintf(name, cap, "%s", d->d_name);
		return true;
	}
	if (f->seen != NULL)
		(void)closedir(f->seen);
	f->seen = NULL;
	return false;
}

bool
sl_files_next_blob(struct sl_files *f, char *name, size_t cap)
{
	struct dirent *d;
	char dir[3];
	int fd;

	for (; f->fan_n < 256; f->fan_n++) {
		(void)snprintf(dir, sizeof(dir), "%02x", f->fan_n & 255);
		if (f->fan == NULL) {
			fd = sl_open_dir(f->sha, dir);
			f->fan = fd >= 0 ? fdopendir(fd) : NULL;
			if (f->fan == NULL)
				sl_cleanup_close(&fd);
		}
		while (f->fan != NULL && (d = readdir(f->fan)) != NULL)
			if (sl_name_is_plain(d->d_name)) {
				(void)snprintf(
				    name, cap, "%s/%s", dir, d->d_name);
				return true;
			}
		if (f->fan != NULL)
			(void)closedir(f->fan);
		f->fan = NULL;
	}
	f->fan_n = 0;
	return false;
}

bool
sl_files_drop_bundle(struct sl_files *f, const char *name)
{
	f->dirty = true;
	return unlinkat(f->bundle, name, 0) == 0 || errno == ENOENT;
}

bool
sl_files_drop_blob(struct sl_files *f, const struct sl_digest *digest)
{
	char name[SL_BLOB_NAME];

	sl_files_blob_name(digest, name);
	f->dirty = true;
	return unlinkat(f->sha, name, 0) == 0 || errno == ENOENT;
}

enum sl_rc
sl_files_sync(struct sl_files *f, struct sl_err *err)
{
	if (!f->dirty)
		return SL_OK;
	f->dirty = false;
	return sl_sync_fs(f->top, "the store", err);
}

uint64_t
sl_files_free(struct sl_files *f)
{
	struct statvfs v;

	if (fstatvfs(f->top, &v) != 0)
		return 0;
	return (uint64_t)v.f_bavail * v.f_frsize;
}
