/*
 * A folder as it is, as the content of a package: names in the order of their
 * bytes, so that the same folder makes the same tar.
 *
 * SECURITY: follows no link; what is neither file nor folder stops it, and so
 * does a file that changes while it is copied.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "pack.h"

struct names {
	char **name;
	size_t n, cap;
};

static void
free_names(struct names *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->name[i]);
	free(l->name);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum sl_rc
read_names(int fd, struct names *l, struct sl_err *err)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *e;

	if (d == NULL) {
		sl_cleanup_close(&copy);
		return sl_err_set(err, SL_BROKEN, errno, "cannot_read",
		    "a folder of the content cannot be read");
	}
	while ((errno = 0, e = readdir(d)) != NULL) {
		if (!sl_name_is_plain(e->d_name))
			continue;
		if (l->n == SL_DIAS_FILES_MAX) {
			(void)closedir(d);
			return sl_err_set(err, SL_REJECT, 0, "limit_files",
			    "more than %u files in one folder",
			    SL_DIAS_FILES_MAX);
		}
		l->name = sl_grow(l->name, &l->cap, l->n + 1, sizeof(*l->name));
		l->name[l->n++] = sl_strdup(e->d_name);
	}
	(void)closedir(d);
	qsort(l->name, l->n, sizeof(*l->name), compare);
	return SL_OK;
}

static const struct kind {
	const char *ending, *mime, *format;
} kinds[] = {
    {".xml", "application/xml", "XML"},
    {".xsd", "application/xml", "XML Schema"},
    {".pdf", "application/pdf", "PDF"},
    {".tif", "image/tiff", "TIFF"},
    {".tiff", "image/tiff", "TIFF"},
    {".jpg", "image/jpeg", "JPEG"},
    {".jpeg", "image/jpeg", "JPEG"},
    {".png", "image/png", "PNG"},
    {".txt", "text/plain", "Plain text"},
    {".csv", "text/csv", "CSV"},
    {".json", "application/json", "JSON"},
};

/* By the ending only: nothing looks into the file here. */
static struct kind
kind_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	SL_BUF struct sl_buf low = {0};
	size_t i;

	if (dot != NULL)
		sl_text_lower(&low, dot, strlen(dot));
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].ending, sl_buf_str(&low)) == 0)
			return kinds[i];
	return (struct kind){"", "application/octet-stream", "unknown"};
}

static enum sl_rc
add_file(struct sl_pack *k, int dir, const char *name, const char *path,
    struct sl_err *err)
{
	SL_CLOSE int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	SL_BUF struct sl_buf shown = {0};
	struct kind kind = kind_of(name);
	struct sl_pack_file p = {.path = path,
	    .fd = fd,
	    .mime = kind.mime,
	    .shown = "the folder",
	    .content = true};
	struct stat before, after;

	sl_text_display(&shown, path, strlen(path));
	if (fd < 0 || fstat(fd, &before) != 0 || !S_ISREG(before.st_mode))
		return sl_err_set(err, SL_BROKEN, fd < 0 ? errno : 0,
		    "cannot_read", "%s is no plain file that can be read",
		    sl_buf_str(&shown));
	p.size = (uint64_t)before.st_size;
	p.time_ms = (int64_t)before.st_mtim.tv_sec * 1000;
	if (sl_pack_add(k, &p, err) != SL_OK)
		return err->rc;
	if (fstat(fd, &after) != 0 || after.st_size != before.st_size ||
	    after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
	    after.st_mtim.tv_nsec != before.st_mtim.tv_nsec)
		return sl_err_set(err, SL_BROKEN, 0, "source_changed",
		    "%s changed while it was copied", sl_buf_str(&shown));
	sl_pack_object(k, &(struct sl_pack_object){.path = path,
			      .name = name,
			      .digest = &p.digest,
			      .size = p.size,
			      .format = kind.format,
			      .note = "by the ending of its name only"});
	sl_dias_put(k->mets_divs, "        <mets:fptr FILEID=\"fileId_%d\"/>\n",
	    (int64_t)p.id);
	return SL_OK;
}

static enum sl_rc walk(struct sl_pack *k, int dir, const char *path,
    unsigned depth, struct sl_err *err);

static enum sl_rc
add_folder(struct sl_pack *k, int fd, const char *path, unsigned depth,
    struct sl_err *err)
{
	SL_FREE char *with_slash = sl_asprintf("%s/", path);
	struct stat own, this;

	if (fstat(fd, &this) == 0 && fstat(k->dir, &own) == 0 &&
	    this.st_dev == own.st_dev && this.st_ino == own.st_ino)
		return sl_err_set(err, SL_HOLD, 0, "bad_option",
		    "the package cannot lie in what it is made of");
	if (sl_pack_add_folder(k, with_slash, err) != SL_OK)
		return err->rc;
	return walk(k, fd, path, depth + 1, err);
}

static enum sl_rc
add_name(struct sl_pack *k, int dir, const char *name, const char *path,
    unsigned depth, struct sl_err *err)
{
	SL_CLOSE int fd = -1;

	if (!sl_utf8_valid(name, strlen(name)))
		return sl_err_set(err, SL_BROKEN, 0, "bad_name",
		    "a name in the folder is not UTF-8");
	/* METS and PREMIS would name another. */
	if (!sl_dias_fits(name))
		return sl_err_set(err, SL_BROKEN, 0, "bad_name",
		    "a name in the folder has a character that XML cannot "
		    "hold");
	fd = sl_open_dir(dir, name);
	if (fd >= 0)
		return add_folder(k, fd, path, depth, err);
	return add_file(k, dir, name, path, err);
}

static enum sl_rc
walk(struct sl_pack *k, int dir, const char *path, unsigned depth,
    struct sl_err *err)
{
	struct names l = {0};
	enum sl_rc rc;
	size_t i;

	if (depth > SL_DIAS_DEPTH_MAX)
		return sl_err_set(err, SL_REJECT, 0, "limit_depth",
		    "folders are nested more than %u deep", SL_DIAS_DEPTH_MAX);
	rc = read_names(dir, &l, err);
	for (i = 0; i < l.n && rc == SL_OK; i++) {
		SL_FREE char *sub = sl_asprintf("%s/%s", path, l.name[i]);

		rc = add_name(k, dir, l.name[i], sub, depth, err);
	}
	free_names(&l);
	return rc;
}

enum sl_rc
sl_dias_folder(const char *folder, const struct sl_dias_options *o,
    const char *dir, struct sl_dias_made *ret, struct sl_err *err)
{
	struct sl_pack k = {.dir = -1, .lock = -1, .o = o};
	SL_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum sl_rc rc;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0)
		return sl_err_set(err, SL_BROKEN, errno, "cannot_read",
		    "the folder of the content cannot be opened");
	rc = sl_pack_begin(&k, o, dir, err);
	if (rc == SL_OK)
		rc = walk(&k, fd, "content", 0, err);
	if (rc == SL_OK && k.made.files == 0)
		rc = sl_err_set(
		    err, SL_SKIP, 0, "nothing", "the folder holds no file");
	if (rc == SL_OK)
		rc = sl_pack_end(&k, dir, err);
	*ret = k.made;
	sl_pack_free(&k);
	return rc;
}
