#include "passwords.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"

#define LOOK_MS 1000u

bool
sl_passwords_split(struct sl_slice lines, struct sl_passwords *ret)
{
	bool whole = lines.n <= SL_PASSWORDS_BYTES;
	size_t n = whole ? lines.n : SL_PASSWORDS_BYTES, at = 0, len;

	ret->n = 0;
	if (n > 0)
		memcpy(ret->lines, lines.p, n);
	ret->lines[n] = '\0';
	while (at < n) {
		char *p = ret->lines + at;

		len = strcspn(p, "\r\n");
		at += len + 1;
		p[len] = '\0';
		if (len == 0)
			continue;
		if (ret->n == SL_PASSWORDS_MAX)
			return false;
		ret->item[ret->n++] = p;
	}
	return whole;
}

void
sl_passwords_wipe(struct sl_passwords *p)
{
	explicit_bzero(p, sizeof(*p));
}

/* Was it set up so, or does the machine fail, which passes? */
static enum sl_rc
rc_of(int error)
{
	return sl_error_stays(error) || error == ENXIO || error == EISDIR
		   ? SL_REJECT
		   : SL_RETRY;
}

static enum sl_rc
failed(struct sl_err *err, const char *what, const char *path)
{
	enum sl_rc rc = rc_of(errno);

	return sl_err_set(err, rc, errno,
	    rc == SL_REJECT ? "config_invalid" : "disk_error",
	    "the list of passwords %.200scannot be %s", path, what);
}

/* Into lines, of SL_PASSWORDS_BYTES. */
static enum sl_rc
load(int fd, char *lines, size_t *ret_n, struct sl_err *err)
{
	char more;
	ssize_t n;

	if (!sl_file_is_private(fd))
		return sl_err_set(err, SL_REJECT, 0, "config_invalid",
		    "the list of passwords is open to others");
	n = sl_read_full(fd, lines, SL_PASSWORDS_BYTES);
	if (n < 0)
		return failed(err, "read", "");
	if (n == SL_PASSWORDS_BYTES && read(fd, &more, 1) != 0)
		return sl_err_set(err, SL_REJECT, 0, "config_invalid",
		    "the list of passwords is longer than %u bytes",
		    SL_PASSWORDS_BYTES);
	*ret_n = (size_t)n;
	return SL_OK;
}

/* What was read before stays where only the machine fails. */
static enum sl_rc
open_anew(struct sl_password_file *f, struct sl_err *err)
{
	SL_CLOSE int fd =
	    open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char lines[SL_PASSWORDS_BYTES] = "";
	enum sl_rc rc = SL_OK;
	size_t n = 0;

	if (fd >= 0)
		rc = load(fd, lines, &n, err);
	else if (errno != ENOENT)
		rc = failed(err, "opened", "");
	if (rc != SL_RETRY) {
		f->n = rc == SL_OK ? n : 0;
		explicit_bzero(f->lines, sizeof(f->lines));
		memcpy(f->lines, lines, f->n);
	}
	explicit_bzero(lines, sizeof(lines));
	return rc;
}

enum sl_rc
sl_password_file_read(struct sl_password_file *f, uint64_t boot_ms,
    struct sl_slice *ret, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	struct stat st;

	if (f->looked_ms == 0 || boot_ms - f->looked_ms >= LOOK_MS) {
		f->looked_ms = boot_ms != 0 ? boot_ms : 1;
		if (lstat(f->path, &st) != 0) {
			memset(&st, 0, sizeof(st));
			/* It may be there: that it cannot be had is said. */
			st.st_size = errno != ENOENT;
		}
		if (st.st_ino != f->ino || (uint64_t)st.st_size != f->size ||
		    memcmp(&st.st_ctim, &f->changed, sizeof(f->changed)) != 0) {
			f->ino = st.st_ino;
			f->size = (uint64_t)st.st_size;
			f->changed = st.st_ctim;
			rc = open_anew(f, err);
			/* What passes is looked at again. */
			if (rc == SL_RETRY)
				memset(&f->changed, 0, sizeof(f->changed));
		}
	}
	*ret = (struct sl_slice){f->lines, f->n};
	return rc;
}

enum sl_rc
sl_password_file_check(const char *path, uid_t owner, struct sl_err *err)
{
	struct stat st;

	if (*path == '\0')
		return SL_SKIP;
	if (lstat(path, &st) != 0) {
		SL_FREE char *shown = sl_asprintf("%.200s ", path);

		return errno == ENOENT ? SL_SKIP : failed(err, "opened", shown);
	}
	if (!S_ISREG(st.st_mode) || (st.st_mode & 027) != 0)
		return sl_err_set(err, SL_REJECT, 0, "config_invalid",
		    "the list of passwords %.200s is no plain file, or is open "
		    "to others (chmod 600), and is not used",
		    path);
	if (st.st_uid != 0 && st.st_uid != owner)
		return sl_err_set(err, SL_REJECT, 0, "config_invalid",
		    "the list of passwords %.200s belongs to somebody else, "
		    "and is not used",
		    path);
	if (st.st_size > (off_t)SL_PASSWORDS_BYTES)
		return sl_err_set(err, SL_REJECT, 0, "config_invalid",
		    "the list of passwords %.200s is longer than %u bytes, and "
		    "is not used",
		    path, SL_PASSWORDS_BYTES);
	return SL_OK;
}
