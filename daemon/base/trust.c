#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"

static enum sl_rc
cannot(const char *path, const char *what, struct sl_err *err)
{
	int error = errno;

	return sl_err_set(err, SL_REJECT, error,
	    sl_error_stays(error) ? "config_invalid" : "disk_error",
	    "the trust list %.200s cannot be %s", path, what);
}

static bool
holds_certificates(const char *p, size_t n)
{
	static const char mark[] = "-----BEGIN CERTIFICATE-----";

	return memmem(p, n, mark, sizeof(mark) - 1) != NULL;
}

enum sl_rc
sl_trust_open(const char *path, int *ret_fd, struct sl_err *err)
{
	SL_CLOSE int fd = -1;
	SL_FREE char *p = NULL;
	ssize_t n = 0;
	struct stat st;

	*ret_fd = -1;
	if (*path == '\0')
		return SL_OK;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0)
		return cannot(path, "opened", err);
	if (S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (uint64_t)st.st_size <= SL_TRUST_BYTES) {
		p = sl_realloc(NULL, (size_t)st.st_size);
		n = sl_pread_full(fd, p, (size_t)st.st_size, 0);
	}
	if (n < 0)
		return cannot(path, "read", err);
	if (n == 0 || !holds_certificates(p, (size_t)n))
		return sl_err_set(err, SL_REJECT, 0, "config_invalid",
		    "the trust list %.200s is no file of PEM certificates",
		    path);
	*ret_fd = sl_take_fd(&fd);
	return SL_OK;
}
