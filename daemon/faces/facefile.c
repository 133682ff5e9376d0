/*
 * SECURITY: the folders are writable to people. Every temporary file is made
 * with O_EXCL after an unlink, so no planted link is ever written through;
 * modes are set on the descriptor, whatever the umask.
 */
#include "facefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"

#define BESIDE_MAX 99
#define CHUNK 65536u

int
sl_face_dir(int dirfd, const char *name)
{
	int fd = sl_make_dir(dirfd, name, SL_FACE_DIR_MODE);
	struct stat st;

	/* Setgid is inherited; to give it is denied behind the unit's walls.
	 * Where a default ACL rules, chmod would only change its mask. */
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 07777) != (SL_FACE_DIR_MODE | S_ISGID))
		(void)fchmod(fd, SL_FACE_DIR_MODE | S_ISGID);
	return fd;
}

static int
open_part(int dirfd, const char *part, unsigned mode)
{
	int fd;

	if (unlinkat(dirfd, part, 0) != 0 && errno != ENOENT)
		return -1;
	fd = openat(dirfd, part,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd >= 0)
		(void)fchmod(fd, mode);
	return fd;
}

int
sl_face_put(int dirfd, const char *name, const void *p, size_t n, unsigned mode,
    struct stat *ret)
{
	SL_FREE char *part = sl_asprintf(".%.200s.part", name);
	SL_CLOSE int fd = open_part(dirfd, part, mode);

	if (fd < 0)
		return -1;
	if (sl_write_full(fd, p, n) == 0 &&
	    (ret == NULL || fstat(fd, ret) == 0) &&
	    renameat(dirfd, part, dirfd, name) == 0)
		return 0;
	(void)unlinkat(dirfd, part, 0);
	return -1;
}

int
sl_face_put_beside(int dirfd, const char *stem, const char *ext, const void *p,
    size_t n, char *ret, size_t cap)
{
	SL_FREE char *part = sl_asprintf(".%.200s.part", stem);
	SL_CLOSE int fd = open_part(dirfd, part, SL_FACE_PAGE_MODE);
	int i;

	if (fd < 0 || sl_write_full(fd, p, n) != 0)
		return -1;
	for (i = 1; i <= BESIDE_MAX; i++) {
		SL_FREE char *name =
		    i == 1 ? sl_asprintf("%s%s", stem, ext)
			   : sl_asprintf("%s (%d)%s", stem, i, ext);

		if (renameat2(dirfd, part, dirfd, name, RENAME_NOREPLACE) ==
		    0) {
			(void)snprintf(ret, cap, "%s", name);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	(void)unlinkat(dirfd, part, 0);
	return -1;
}

static int
copy_bytes(int from, uint64_t off, int to, uint64_t n)
{
	char chunk[CHUNK];
	off_t at = (off_t)off;
	ssize_t got;

	while (n > 0) {
		got = copy_file_range(from, &at, to, NULL, n, 0);
		if (got <= 0)
			break;
		n -= (uint64_t)got;
	}
	/* Another file system, or one that cannot: by hand. */
	while (n > 0) {
		got = sl_pread_full(
		    from, chunk, n < CHUNK ? n : CHUNK, (uint64_t)at);
		if (got <= 0 || sl_write_full(to, chunk, (size_t)got) != 0)
			return -1;
		at += got;
		n -= (uint64_t)got;
	}
	return 0;
}

int
sl_face_copy(int dirfd, const char *name, int fd, uint64_t off, uint64_t n)
{
	SL_FREE char *part = sl_asprintf(".%.200s.part", name);
	SL_CLOSE int to = -1;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && (uint64_t)st.st_size == n)
		return 0;
	to = open_part(dirfd, part, SL_FACE_PAGE_MODE);
	if (to < 0)
		return -1;
	if (copy_bytes(fd, off, to, n) == 0 &&
	    renameat(dirfd, part, dirfd, name) == 0)
		return 0;
	(void)unlinkat(dirfd, part, 0);
	return -1;
}

int
sl_face_move_beside(int from, const char *name, int to, const char *new_name)
{
	int i;

	for (i = 1; i <= BESIDE_MAX; i++) {
		SL_FREE char *n = i == 1 ? sl_strdup(new_name)
					 : sl_asprintf("%s (%d)", new_name, i);

		if (renameat2(from, name, to, n, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return -1;
}

static bool
same_bytes(int a, int b)
{
	char x[CHUNK / 4], y[CHUNK / 4];
	ssize_t n, m;

	do {
		n = sl_read_full(a, x, sizeof(x));
		m = sl_read_full(b, y, sizeof(y));
		if (n != m || n < 0 || memcmp(x, y, (size_t)n) != 0)
			return false;
	} while (n > 0);
	return true;
}

int
sl_face_put_if_other(int dirfd, const char *part, const char *name)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	SL_CLOSE int a = openat(dirfd, part, flags);
	SL_CLOSE int b = openat(dirfd, name, flags);
	struct stat sa, sb;

	if (a >= 0 && b >= 0 && fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	    S_ISREG(sb.st_mode) && sa.st_size == sb.st_size && same_bytes(a, b))
		return unlinkat(dirfd, part, 0);
	return renameat(dirfd, part, dirfd, name);
}

void
sl_face_safe_name(struct sl_buf *out, const char *s, size_t max)
{
	size_t i = 0, n = strlen(s), from = out->n, at;
	uint32_t cp;

	while (i < n && out->n - from + 4 <= max) {
		at = i;
		cp = sl_utf8_next(s, n, &i);
		if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0) ||
		    (cp == 0xFFFD && i - at == 1) || cp == 0xAD ||
		    (cp >= 0x200B && cp <= 0x200F) ||
		    (cp >= 0x2028 && cp <= 0x202E) ||
		    (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF ||
		    (cp < 0x80 && strchr("/\\:*?\"<>|", (int)cp) != NULL) ||
		    (cp == '.' && out->n == from))
			cp = '_';
		sl_utf8_add(out, cp);
	}
	/* Windows cannot open a name that ends in a dot or a space. */
	while (out->n > from && strchr(". ", out->p[out->n - 1]) != NULL)
		out->p[--out->n] = '\0';
	if (out->n == from)
		sl_buf_add_char(out, '_');
}

const char *
sl_face_ext(const char *mime)
{
	static const char *const t[][2] = {
	    {"application/pdf", ".pdf"},
	    {"image/tiff", ".tif"},
	    {"image/jpeg", ".jpg"},
	    {"image/png", ".png"},
	    {"image/gif", ".gif"},
	    {"text/plain", ".txt"},
	    {"text/csv", ".csv"},
	    /* As text: a page from a stranger is not opened in a browser. */
	    {"text/html", ".html.txt"},
	    {"text/xml", ".xml.txt"},
	    {"application/xml", ".xml.txt"},
	    {"application/json", ".json.txt"},
	    {"message/rfc822", ".eml"},
	    {"application/zip", ".zip"},
	    {"application/gzip", ".gz"},
	    {"application/x-tar", ".tar"},
	    {"application/x-7z-compressed", ".7z"},
	    {"application/rtf", ".rtf"},
	    {"text/rtf", ".rtf"},
	    {"application/msword", ".doc"},
	    {"application/vnd.ms-excel", ".xls"},
	    {"application/vnd.ms-outlook", ".msg"},
	    {"application/vnd.oasis.opendocument.text", ".odt"},
	    {"application/vnd.oasis.opendocument.spreadsheet", ".ods"},
	    {"application/vnd.openxmlformats-officedocument."
	     "wordprocessingml.document",
		".docx"},
	    {"application/vnd.openxmlformats-officedocument."
	     "spreadsheetml.sheet",
		".xlsx"},
	    {"application/vnd.openxmlformats-officedocument."
	     "presentationml.presentation",
		".pptx"},
	    {"application/vnd.etsi.asic-e+zip", ".asice"},
	};
	size_t i, n = strcspn(mime, "; ");

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (strlen(t[i][0]) == n && strncmp(t[i][0], mime, n) == 0)
			return t[i][1];
	return ".bin";
}
