/*
 * FAILURES: killed before the folder has a mark, it is empty, and made anew;
 * before the mark has its words, the folder holds an empty mark and nothing
 * else, for the words are on disk before anything else is written. Killed after
 * the mark went, the folder is whole, but no longer known as ours. Where
 * nothing can be locked nobody could tell a run that lives from one that was
 * killed: refused. SECURITY: a mark is believed that is ours, plain, of one
 * name, and no link; one without words only if there is nothing beside it that
 * could be lost.
 */
#include "part.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"

#define WORDS_MAX 64

static enum sl_rc
busy(const char *name, struct sl_err *err)
{
	return sl_err_set(err, SL_REJECT, 0, "busy",
	    "another run is writing to %.150s now", name);
}

static enum sl_rc
cannot_lock(const char *name, struct sl_err *err)
{
	return sl_err_set(err, SL_REJECT, errno, "cannot_lock",
	    "another run could be writing: no file can be locked in %.150s",
	    name);
}

static enum sl_rc
not_ours(const char *name, struct sl_err *err)
{
	return sl_err_set(err, SL_REJECT, 0, "not_empty",
	    "%.150s is not empty, and no run of this kind left it unfinished; "
	    "nothing was written",
	    name);
}

/* Is there nothing but the mark? Also false if that cannot be read. */
static bool
is_alone(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	bool alone = d != NULL;

	if (d == NULL) {
		sl_cleanup_close(&fd);
		return false;
	}
	while (alone && (e = readdir(d)) != NULL)
		alone = strcmp(e->d_name, ".") == 0 ||
			strcmp(e->d_name, "..") == 0 ||
			strcmp(e->d_name, SL_PART_FILE) == 0;
	(void)closedir(d);
	return alone;
}

/* Locks the mark; it is still the folder's then. */
static enum sl_rc
lock_mark(int dir, int fd, const char *name, struct sl_err *err)
{
	struct stat st, now;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? busy(name, err)
					    : cannot_lock(name, err);
	/* He who had the lock may have ended well, or begun anew. */
	if (fstat(fd, &st) != 0 ||
	    fstatat(dir, SL_PART_FILE, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
	    now.st_ino != st.st_ino || now.st_dev != st.st_dev)
		return busy(name, err);
	return SL_OK;
}

static enum sl_rc
write_words(int fd, const char *words, const char *name, struct sl_err *err)
{
	if (sl_write_full(fd, words, strlen(words)) != 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write into %.150s", name);
	return sl_sync_fd(fd, SL_PART_FILE, err);
}

/* Opens and locks the mark of an earlier run. */
static enum sl_rc
open_left(
    int dir, const char *words, const char *name, int *ret, struct sl_err *err)
{
	SL_CLOSE int fd = openat(
	    dir, SL_PART_FILE, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char was[WORDS_MAX];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || st.st_nlink != 1)
		return not_ours(name, err);
	if (lock_mark(dir, fd, name, err) != SL_OK)
		return err->rc;
	n = sl_pread_full(fd, was, sizeof(was), 0);
	if (n == 0 && is_alone(dir)) {
		if (write_words(fd, words, name, err) != SL_OK)
			return err->rc;
	} else if (n <= 0 || (size_t)n != strlen(words) ||
		   memcmp(was, words, (size_t)n) != 0)
		return not_ours(name, err);
	*ret = sl_take_fd(&fd);
	return SL_OK;
}

/* All but the mark. */
static enum sl_rc
make_empty(int dir, const char *name, struct sl_err *err)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), bad = 0;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	if (d == NULL)
		sl_cleanup_close(&fd);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, SL_PART_FILE) == 0)
			continue;
		if (unlinkat(dir, e->d_name, 0) != 0 &&
		    (errno != EISDIR || sl_remove_tree(dir, e->d_name) != 0))
			bad = errno;
	}
	if (d != NULL && closedir(d) == 0 && bad == 0)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, bad, "disk_error",
	    "what an earlier run left in %.150s cannot be removed", name);
}

/* Another run may have begun and ended between the look and the lock. */
static enum sl_rc
take_mark(
    int dir, int fd, const char *words, const char *name, struct sl_err *err)
{
	enum sl_rc rc = is_alone(dir) ? SL_OK : not_ours(name, err);

	return rc == SL_OK ? write_words(fd, words, name, err) : rc;
}

static enum sl_rc
make_mark(
    int dir, const char *words, const char *name, int *ret, struct sl_err *err)
{
	SL_CLOSE int fd = openat(dir, SL_PART_FILE,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	enum sl_rc rc;

	/* Another run was there first, or has made the folder anew. */
	if (fd < 0 && (errno == EEXIST || errno == ENOENT))
		return busy(name, err);
	if (fd < 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write into %.150s", name);
	rc = lock_mark(dir, fd, name, err);
	if (rc == SL_OK)
		rc = take_mark(dir, fd, words, name, err);
	if (rc == SL_OK)
		*ret = sl_take_fd(&fd);
	else if (strcmp(err->reason, "busy") != 0)
		(void)unlinkat(dir, SL_PART_FILE, 0);
	return rc;
}

enum sl_rc
sl_part_begin(
    int dir, const char *kind, const char *name, int *ret, struct sl_err *err)
{
	char words[WORDS_MAX];
	enum sl_rc rc;

	(void)snprintf(words, sizeof(words), "sluse %s\n", kind);
	*ret = -1;
	if (sl_dir_is_empty(dir))
		return make_mark(dir, words, name, ret, err);
	rc = open_left(dir, words, name, ret, err);
	if (rc == SL_OK)
		rc = make_empty(dir, name, err);
	if (rc != SL_OK)
		sl_cleanup_close(ret);
	return rc;
}

/* A new folder of that name: an empty one is as good as none, and could have
 * another owner or mode. False, with errno: there is none. */
static bool
make_folder(const char *name, mode_t mode)
{
	if (mkdir(name, mode) == 0)
		return true;
	if (errno != EEXIST)
		return false;
	if (rmdir(name) == 0)
		return mkdir(name, mode) == 0;
	errno = EEXIST;
	return false;
}

static enum sl_rc
cannot_make(const char *name, struct sl_err *err)
{
	if (errno == ENOENT)
		return sl_err_set(err, SL_REJECT, ENOENT, "cannot_make",
		    "the folder that %.150s is to lie in is not there", name);
	return sl_err_set(err, SL_REJECT, errno, "cannot_make",
	    "%.150s cannot be made", name);
}

enum sl_rc
sl_part_make(const char *name, mode_t mode, const char *kind, int *ret_dir,
    int *ret, struct sl_err *err)
{
	bool made = make_folder(name, mode);
	enum sl_rc rc;

	*ret_dir = *ret = -1;
	if (!made && errno != EEXIST)
		return cannot_make(name, err);
	*ret_dir = sl_open_dir(AT_FDCWD, name);
	rc = *ret_dir < 0 || (!made && sl_dir_is_empty(*ret_dir))
		 ? not_ours(name, err)
		 : sl_part_begin(*ret_dir, kind, name, ret, err);
	if (rc == SL_OK)
		return SL_OK;
	sl_cleanup_close(ret_dir);
	/* Does nothing to a folder that holds anything. */
	if (made)
		(void)rmdir(name);
	return rc;
}

enum sl_rc
sl_part_end(int dir, int *lock, struct sl_err *err)
{
	int rc = unlinkat(dir, SL_PART_FILE, 0);

	sl_cleanup_close(lock);
	return rc == 0 ? SL_OK
		       : sl_err_set(err, SL_FATAL, errno, "disk_error",
			     "cannot remove " SL_PART_FILE);
}
