/*
 * The documents of the package.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "check.h"
#include "extension.h"

#define CHUNK ((size_t)256 << 10)
#define FOLDERS_DEEP 16

/* What stands for a path: the first half of its digest. */
static void
key_of(const char *path, uint8_t *ret)
{
	struct sl_digest d;

	sl_sha256(path, strlen(path), &d);
	memcpy(ret, d.b, 16);
}

typedef void file_fn(struct sl_check *c, const char *path);

/* Every plain file below an open folder, which is taken over. */
static enum sl_rc
each_file(struct sl_check *c, int fd, const char *path, int deep, file_fn *fn,
    struct sl_err *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	struct stat st;
	enum sl_rc rc = SL_OK;
	int below;

	if (d == NULL) {
		(void)close(fd);
		return sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
		    "a folder of the documents cannot be read");
	}
	while (rc == SL_OK && (e = readdir(d)) != NULL) {
		SL_FREE char *name = NULL;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		name = sl_asprintf("%s/%s", path, e->d_name);
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (!S_ISDIR(st.st_mode)) {
			fn(c, name);
			continue;
		}
		below = sl_open_dir(dirfd(d), e->d_name);
		if (below >= 0 && deep < FOLDERS_DEEP)
			rc = each_file(c, below, name, deep + 1, fn, err);
		else if (below >= 0)
			(void)close(below);
	}
	(void)closedir(d);
	return rc;
}

static void
note_file(struct sl_check *c, const char *path)
{
	uint8_t key[16];

	key_of(path, key);
	c->r[28].count++;
	c->r[33].count++;
	(void)sl_ids_add(&c->files, key, 0, 1);
}

enum sl_rc
sl_check_find_files(struct sl_check *c, struct sl_err *err)
{
	static const char *const names[] = {
	    "dokumenter", "DOKUMENTER", "dokument", "DOKUMENT"};
	enum sl_rc rc = SL_OK;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fd = sl_open_dir(c->dir, names[i]);
		if (fd < 0)
			continue;
		(void)snprintf(c->docs, sizeof(c->docs), "%s", names[i]);
		rc = each_file(c, fd, names[i], 0, note_file, err);
		break;
	}
	if (rc != SL_OK)
		return rc;
	if (!c->said.there || c->said.files < 0)
		sl_check_untested(c, 28);
	else if ((uint64_t)c->said.files != c->r[28].count)
		sl_check_error(c, 28, "arkivuttrekk.xml", 0, "",
		    "arkivuttrekk.xml sier %lld", (long long)c->said.files);
	return SL_OK;
}

static void
test_unreferenced(struct sl_check *c, const char *path)
{
	const struct sl_id *there;
	uint8_t key[16];

	key_of(path, key);
	there = sl_ids_find(&c->files, key);
	if (there != NULL && there->seen == 0)
		sl_check_error(c, 33, path, 0, "", "ingen viser til filen");
}

enum sl_rc
sl_check_unreferenced(struct sl_check *c, struct sl_err *err)
{
	int fd = c->docs[0] != '\0' ? sl_open_dir(c->dir, c->docs) : -1;

	if (fd < 0)
		return SL_OK;
	return each_file(c, fd, c->docs, 0, test_unreferenced, err);
}

/* -- a dokumentobjekt --------------------------------------------------- */

/* By Arkade 2.12.4 the format is the extension. A PRONOM identifier has
 * extensions of its own; one that PRONOM names none for fits any. */
static bool
format_fits(struct sl_check *c, const char *format, const char *extension)
{
	const struct sl_pronom_format *p =
	    c->arkade ? NULL : sl_pronom_find(c->pronom, format);

	if (p != NULL)
		return p->extensions[0] == '\0' ||
		       sl_extension_in(p->extensions, extension);
	return strcasecmp(format, extension) == 0;
}

static enum sl_rc
test_content(
    struct sl_check *c, const struct sl_check_object *o, struct sl_err *err)
{
	SL_CLOSE int fd = openat(
	    c->dir, o->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	SL_FREE char *p = sl_alloc(CHUNK);
	char hex[SL_SHA256_HEX + 1];
	struct sl_digest d;
	struct sl_sha256 *h;
	uint64_t size = 0;
	ssize_t got;

	if (fd < 0)
		return sl_err_set(err, SL_BROKEN, errno, "file_unreadable",
		    "a document cannot be read");
	h = sl_sha256_new();
	while ((got = sl_read_full(fd, p, CHUNK)) > 0) {
		sl_sha256_add(h, p, (size_t)got);
		size += (uint64_t)got;
	}
	sl_sha256_end(h, &d);
	sl_digest_hex(&d, hex);
	if (got < 0 || strcasecmp(hex, o->sum) != 0)
		sl_check_error(c, 30, "arkivstruktur.xml", o->line, o->id,
		    "sjekksummen er en annen enn filens");
	if (size == 0)
		c->r[64].count++;
	return SL_OK;
}

/* Below the documents' folder, without a step up or a link on the way. */
static bool
is_below(const struct sl_check *c, const char *path)
{
	size_t n = strlen(c->docs);

	return n > 0 && strncmp(path, c->docs, n) == 0 && path[n] == '/' &&
	       strstr(path, "//") == NULL && strstr(path, "/../") == NULL;
}

enum sl_rc
sl_check_object(
    struct sl_check *c, const struct sl_check_object *given, struct sl_err *err)
{
	struct sl_check_object o = *given;
	char extension[SL_EXTENSION_MAX + 1], *p;
	struct sl_id *there = NULL;
	uint8_t key[16];

	c->r[30].count++;
	c->r[32].count++;
	for (p = o.path; *p != '\0'; p++)
		if (*p == '\\')
			*p = '/';
	if (is_below(c, o.path)) {
		key_of(o.path, key);
		there = sl_ids_find(&c->files, key);
	}
	if (o.format[0] != '\0') {
		sl_check_count(c, 29, o.format);
		sl_extension_of(o.path, extension);
		if (!format_fits(c, o.format, extension))
			sl_check_error(c, 29, "arkivstruktur.xml", o.line, o.id,
			    "filendelsen er ikke formatets");
	}
	if (there == NULL) {
		sl_check_error(c, 32, "arkivstruktur.xml", o.line, o.id,
		    "dokumentfilen finnes ikke");
		sl_check_error(c, 30, "arkivstruktur.xml", o.line, o.id,
		    "dokumentfilen finnes ikke");
		return SL_OK;
	}
	if (there->seen == 1)
		c->r[34].count++;
	if (there->seen < 2)
		there->seen++;
	return test_content(c, &o, err);
}
