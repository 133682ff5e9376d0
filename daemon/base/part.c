/*
 * FAILURES: killed before the mark has its words, the folder holds an empty
 * mark and nothing else, which is as good. Killed after the mark went, the
 * folder is whole, but no longer known as ours.
 * SECURITY: a mark is believed that is ours, plain, of one name, and no link.
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

static void
let_go(int *fd)
{
	sl_cleanup_close(fd);
	*fd = -1;
}

static enum sl_rc
busy(const char *name, struct sl_err *err)
{
	return sl_err_set(err, SL_REJECT, 0, "busy",
	    "another run is writing to %.150s now", name);
}

static enum sl_rc
not_ours(const char *name, struct sl_err *err)
{
	return sl_err_set(err, SL_REJECT, 0, "not_empty",
	    "%.150s is there and is not ours; nothing was written", name);
}

static bool
has_words(int fd, const char *words)
{
	char was[WORDS_MAX];
	ssize_t n = sl_pread_full(fd, was, sizeof(was), 0);

	return n == 0 || (n > 0 && (size_t)n == strlen(words) &&
			     memcmp(was, words, (size_t)n) == 0);
}

/* Opens and locks the mark of an earlier run. */
static enum sl_rc
open_left(
    int dir, const char *words, const char *name, int *ret, struct sl_err *err)
{
	SL_CLOSE int fd = openat(
	    dir, SL_PART_FILE, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st, now;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || st.st_nlink != 1 || !has_words(fd, words))
		return not_ours(name, err);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return busy(name, err);
	/* He who had the lock may have ended well, or begun anew. */
	if (fstatat(dir, SL_PART_FILE, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
	    now.st_ino != st.st_ino || now.st_dev != st.st_dev)
		return busy(name, err);
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

static enum sl_rc
make_mark(
    int dir, const char *words, const char *name, int *ret, struct sl_err *err)
{
	SL_CLOSE int fd = openat(dir, SL_PART_FILE,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return busy(name, err);
	if (fd < 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write into %.150s", name);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return busy(name, err);
	if (sl_write_full(fd, words, strlen(words)) != 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write into %.150s", name);
	*ret = sl_take_fd(&fd);
	return SL_OK;
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
	/* It may have had no words yet. */
	if (rc == SL_OK && pwrite(*ret, words, strlen(words), 0) < 0)
		rc = sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write into %.150s", name);
	if (rc != SL_OK)
		let_go(ret);
	return rc;
}

enum sl_rc
sl_part_make(const char *name, mode_t mode, const char *kind, int *ret_dir,
    int *ret, struct sl_err *err)
{
	bool made = mkdir(name, mode) == 0;
	enum sl_rc rc;

	*ret_dir = *ret = -1;
	if (made || errno == EEXIST)
		*ret_dir = sl_open_dir(AT_FDCWD, name);
	if (*ret_dir < 0)
		return sl_err_set(err, SL_REJECT, errno, "not_empty",
		    "%.150s cannot be made", name);
	rc = !made && sl_dir_is_empty(*ret_dir)
		 ? not_ours(name, err)
		 : sl_part_begin(*ret_dir, kind, name, ret, err);
	if (rc != SL_OK)
		let_go(ret_dir);
	return rc;
}

enum sl_rc
sl_part_end(int dir, int *lock, struct sl_err *err)
{
	int rc = unlinkat(dir, SL_PART_FILE, 0);

	let_go(lock);
	return rc == 0 ? SL_OK
		       : sl_err_set(err, SL_FATAL, errno, "disk_error",
			     "cannot remove " SL_PART_FILE);
}
