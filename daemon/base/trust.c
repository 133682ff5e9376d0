#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"

static bool
holds_certificates(int fd, size_t n)
{
	static const char mark[] = "-----BEGIN CERTIFICATE-----";
	SL_FREE char *p = sl_realloc(NULL, n);

	return sl_pread_full(fd, p, n, 0) == (ssize_t)n &&
	       memmem(p, n, mark, sizeof(mark) - 1) != NULL;
}

enum sl_rc
sl_trust_open(const char *path, int *ret_fd, struct sl_err *err)
{
	SL_CLOSE int fd = -1;
	struct stat st;

	*ret_fd = -1;
	if (*path == '\0')
		return SL_OK;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0)
		return sl_err_set(err, SL_REJECT, errno, "config_invalid",
		    "the trust list %.200s cannot be opened", path);
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (uint64_t)st.st_size > SL_TRUST_BYTES ||
	    !holds_certificates(fd, (size_t)st.st_size))
		return sl_err_set(err, SL_REJECT, 0, "config_invalid",
		    "the trust list %.200s is no file of PEM certificates",
		    path);
	*ret_fd = sl_take_fd(&fd);
	return SL_OK;
}
