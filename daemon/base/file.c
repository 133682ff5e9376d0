#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

#define TREE_DEPTH_MAX 64

ssize_t
sl_read_full(int fd, void *p, size_t n)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = read(fd, (char *)p + done, n - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

ssize_t
sl_pread_full(int fd, void *p, size_t n, uint64_t off)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got =
		    pread(fd, (char *)p + done, n - done, (off_t)(off + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int
sl_write_full(int fd, const void *p, size_t n)
{
	size_t done = 0;
	ssize_t put;

	while (done < n) {
		put = write(fd, (const char *)p + done, n - done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		done += (size_t)put;
	}
	return 0;
}

int
sl_open_dir(int dirfd, const char *name)
{
	return openat(
	    dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

int
sl_make_dir(int dirfd, const char *name, mode_t mode)
{
	int fd = sl_open_dir(dirfd, name), rc;
	mode_t mask;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	mask = umask(0);
	rc = mkdirat(dirfd, name, mode);
	(void)umask(mask); /* keeps errno */
	if (rc != 0 && errno != EEXIST)
		return -1;
	return sl_open_dir(dirfd, name);
}

enum sl_rc
sl_make_path(const char *path, mode_t mode, struct sl_err *err)
{
	SL_FREE char *p = sl_strdup(path);
	char *s;

	for (s = p + 1; *s != '\0'; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, mode) != 0 && errno != EEXIST)
			goto fail;
		*s = '/';
	}
	if (mkdir(p, mode) == 0 || errno == EEXIST)
		return SL_OK;
fail:
	return sl_err_set(
	    err, SL_FATAL, errno, "disk_error", "cannot make a folder");
}

enum sl_rc
sl_sync_fd(int fd, const char *what, struct sl_err *err)
{
	if (fsync(fd) == 0)
		return SL_OK;
	return sl_err_set(
	    err, SL_FATAL, errno, "disk_error", "cannot sync %s to disk", what);
}

enum sl_rc
sl_sync_fs(int fd, const char *what, struct sl_err *err)
{
	if (syncfs(fd) == 0)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, errno, "disk_error",
	    "cannot sync the file system of %s", what);
}

enum sl_rc
sl_read_file(int dirfd, const char *name, size_t max, struct sl_buf *out,
    struct sl_err *err)
{
	SL_CLOSE int fd = -1;
	char chunk[16384], *room;
	struct stat st;
	ssize_t n;

	fd =
	    openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return sl_err_set(
		    err, SL_SKIP, ENOENT, "file_missing", "no such file");
	if (fd < 0)
		return sl_err_set(err, SL_RETRY, errno, "file_unreadable",
		    "cannot open the file");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > max)
		return sl_err_set(err, SL_REJECT, 0, "file_refused",
		    "not a plain file of at most %zu bytes", max);
	/* Straight to its place. Files of /proc say that they are empty. */
	if (st.st_size > 0) {
		room = sl_buf_room(out, (size_t)st.st_size);
		n = room != NULL ? sl_read_full(fd, room, (size_t)st.st_size)
				 : 0;
		if (n > 0)
			sl_buf_grown(out, (size_t)n);
		return n >= 0 ? SL_OK
			      : sl_err_set(err, SL_RETRY, errno,
				    "file_unreadable", "cannot read the file");
	}
	while ((n = sl_read_full(fd, chunk, sizeof(chunk))) > 0) {
		if (out->n + (size_t)n > max)
			return sl_err_set(err, SL_REJECT, 0, "file_refused",
			    "more than %zu bytes", max);
		sl_buf_add(out, chunk, (size_t)n);
	}
	if (n < 0)
		return sl_err_set(err, SL_RETRY, errno, "file_unreadable",
		    "cannot read the file");
	return SL_OK;
}

/* fd is closed in any case. */
static enum sl_rc
write_and_close(
    int fd, const void *p, size_t n, bool durable, struct sl_err *err)
{
	SL_CLOSE int own = fd;

	if (sl_write_full(own, p, n) != 0)
		return sl_err_set(
		    err, SL_RETRY, errno, "disk_error", "cannot write a file");
	if (durable && sl_sync_fd(own, "a file", err) != SL_OK)
		return SL_FATAL;
	if (close(sl_take_fd(&own)) != 0)
		return sl_err_set(
		    err, SL_FATAL, errno, "disk_error", "cannot close a file");
	return SL_OK;
}

static enum sl_rc
write_and_rename(int dirfd, const char *name, const void *p, size_t n,
    mode_t mode, bool durable, struct sl_err *err)
{
	SL_FREE char *tmp = sl_asprintf("%s.tmp", name);
	int fd = openat(dirfd, tmp,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	enum sl_rc rc;

	if (fd < 0)
		return sl_err_set(
		    err, SL_RETRY, errno, "disk_error", "cannot write a file");
	rc = write_and_close(fd, p, n, durable, err);
	if (rc == SL_OK && renameat(dirfd, tmp, dirfd, name) != 0)
		rc = sl_err_set(
		    err, SL_RETRY, errno, "disk_error", "cannot rename a file");
	if (rc != SL_OK) {
		(void)unlinkat(dirfd, tmp, 0);
		return rc;
	}
	return durable ? sl_sync_fd(dirfd, "a folder", err) : SL_OK;
}

enum sl_rc
sl_write_file(int dirfd, const char *name, const void *p, size_t n, mode_t mode,
    struct sl_err *err)
{
	return write_and_rename(dirfd, name, p, n, mode, true, err);
}

enum sl_rc
sl_replace_file(int dirfd, const char *name, const void *p, size_t n,
    mode_t mode, struct sl_err *err)
{
	return write_and_rename(dirfd, name, p, n, mode, false, err);
}

static int
remove_tree(int dirfd, const char *name, int depth)
{
	struct dirent *e;
	DIR *d;
	int fd, first = 0;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth > TREE_DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	fd = sl_open_dir(dirfd, name);
	if (fd < 0)
		return -1;
	d = fdopendir(fd);
	if (d == NULL) {
		(void)close(fd);
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		if (!sl_name_is_plain(e->d_name))
			continue;
		if (remove_tree(fd, e->d_name, depth + 1) != 0 && first == 0)
			first = errno;
	}
	(void)closedir(d);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) != 0 && first == 0)
		first = errno;
	errno = first;
	return first == 0 ? 0 : -1;
}

int
sl_remove_tree(int dirfd, const char *name)
{
	return remove_tree(dirfd, name, 0);
}

enum sl_rc
sl_disk_failed(struct sl_err *err, const char *what)
{
	int e = errno;

	if (e == ENOSPC || e == EDQUOT)
		return sl_err_set(err, SL_RETRY, e, "disk_full", "%s", what);
	return sl_err_set(err, e == EIO || e == EROFS ? SL_RETRY : SL_FATAL, e,
	    "disk_error", "%s", what);
}

bool
sl_error_stays(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES ||
	       error == ELOOP;
}

enum sl_rc
sl_open_secrets(const char *path, int *ret, struct sl_err *err)
{
	SL_CLOSE int fd = sl_open_dir(AT_FDCWD, path);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		(void)sl_err_set(err, SL_SKIP, 0, "config_invalid",
		    "there is no folder of secrets");
		return SL_SKIP;
	}
	if (fd < 0 || fstat(fd, &st) != 0)
		return sl_err_set(err, SL_FATAL, errno,
		    sl_error_stays(errno) ? "config_invalid" : "disk_error",
		    "cannot open the folder of secrets");
	if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & 022) != 0)
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "folder of secrets may be written by others");
	*ret = sl_take_fd(&fd);
	return SL_OK;
}

bool
sl_name_is_plain(const char *name)
{
	return *name != '\0' && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && strchr(name, '/') == NULL;
}

bool
sl_file_is_private(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       (st.st_mode & 027) == 0;
}

char *
sl_path_below(const char *root, const char *path)
{
	return path[0] == '/' ? sl_strdup(path)
			      : sl_asprintf("%s/%s", root, path);
}

bool
sl_dir_is_empty(int dirfd)
{
	return sl_dir_has_only(dirfd, ".");
}

bool
sl_dir_has_only(int dirfd, const char *name)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	bool empty = d != NULL;

	if (d == NULL) {
		sl_cleanup_close(&fd);
		return false;
	}
	while (empty && (e = readdir(d)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 ||
			strcmp(e->d_name, "..") == 0 ||
			strcmp(e->d_name, name) == 0;
	(void)closedir(d);
	return empty;
}
