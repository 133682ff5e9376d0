/*
 * FAILURES: killed at any point, an unnamed file goes away with its last
 * descriptor and the claim is taken again.
 */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"

#define CHUNK ((size_t)256 << 10)
/* At most two such windows are dirty at any time: what a sync of anybody else
 * on this disk has to wait for. */
#define WINDOW ((uint64_t)8 << 20)

static enum sl_rc
write_failed(struct sl_err *err)
{
	if (errno == EFBIG)
		return sl_err_set(err, SL_REJECT, errno, "limit_input",
		    "larger than the limit");
	return sl_disk_failed(err, "cannot write the original");
}

static enum sl_rc
put(int fd, const uint8_t *p, size_t n, uint64_t at, struct sl_err *err)
{
	ssize_t k;

	while (n > 0) {
		k = pwrite(fd, p, n, (off_t)at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return write_failed(err);
		p += k;
		n -= (size_t)k;
		at += (uint64_t)k;
	}
	return SL_OK;
}

/* Starts the window that has just been filled and waits for the one before. */
static void
pace(int fd, uint64_t at)
{
	if (at < WINDOW || at % WINDOW != 0)
		return;
	(void)sync_file_range(
	    fd, (off_t)(at - WINDOW), (off_t)WINDOW, SYNC_FILE_RANGE_WRITE);
	if (at >= 2 * WINDOW)
		(void)sync_file_range(fd, (off_t)(at - 2 * WINDOW),
		    (off_t)WINDOW,
		    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			SYNC_FILE_RANGE_WAIT_AFTER);
}

/* glibc's own would be trapped by the filter: a signal to answer each. */
static int
stat_of(int fd, struct stat *ret)
{
	return (int)syscall(SYS_fstat, fd, ret);
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum sl_rc
changing(struct sl_err *err)
{
	return sl_err_set(err, SL_RETRY, 0, "file_changing",
	    "the file changed while it was copied");
}

static enum sl_rc
copy_bytes(
    int in, int out, uint64_t size, struct sl_sha256 *h, struct sl_err *err)
{
	size_t n = size < CHUNK ? (size_t)size : CHUNK;
	SL_FREE uint8_t *b = sl_realloc(NULL, n);
	uint64_t at = 0;
	ssize_t got;
	enum sl_rc rc;

	while (at < size) {
		n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		got = sl_pread_full(in, b, n, at);
		if (got < 0)
			return sl_err_set(err, SL_RETRY, errno,
			    "file_unreadable", "the file cannot be read");
		if ((size_t)got < n)
			return changing(err);
		sl_sha256_add(h, b, n);
		if ((rc = put(out, b, n, at, err)) != SL_OK)
			return rc;
		at += n;
		pace(out, at);
	}
	return SL_OK;
}

enum sl_rc
sl_copy_original(int in, int out, uint64_t bytes_max, uint64_t *ret_size,
    struct sl_digest *ret, struct sl_err *err)
{
	struct stat before, after;
	struct sl_sha256 *h;
	enum sl_rc rc;

	if (stat_of(in, &before) != 0 || !S_ISREG(before.st_mode))
		return sl_err_set(err, SL_RETRY, errno, "file_unreadable",
		    "not a plain file");
	if (bytes_max != 0 && (uint64_t)before.st_size > bytes_max)
		return sl_err_set(
		    err, SL_REJECT, 0, "limit_input", "larger than the limit");
	h = sl_sha256_new();
	rc = copy_bytes(in, out, (uint64_t)before.st_size, h, err);
	if (rc == SL_OK && (stat_of(in, &after) != 0 || !same(&before, &after)))
		rc = changing(err);
	/* A small one is made durable by slused, many with one sync; a large
	 * one here, so that that sync stays short. */
	if (rc == SL_OK && (uint64_t)before.st_size > WINDOW)
		rc = sl_sync_fd(out, "the original", err);
	if (rc != SL_OK) {
		sl_sha256_free(h);
		return rc;
	}
	*ret_size = (uint64_t)before.st_size;
	sl_sha256_end(h, ret);
	return SL_OK;
}
