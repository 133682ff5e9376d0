/*
 * Writing a package: the tar, what METS and PREMIS say of each file, the end.
 *
 * INVARIANTS: a file's bytes are hashed as they go into the tar, and the tar's
 * as they go to the disk; METS lists every file but itself. DIR is renamed from
 * DIR.part, which holds nothing but the tar and info.xml.
 * FAILURES: disk full and the like are SL_FATAL and DIR.part is removed; after
 * kill -9 it stays, and a later run says so.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/part.h"
#include "../base/text.h"
#include "pack.h"

#define BLOCK 10240
#define CHUNK (256 * 1024)

struct sl_pack_tar {
	struct archive *a;
	struct sl_sha256 *hash;
	int fd;
	uint64_t bytes;
	locale_t names, before; /* libarchive converts names by the locale */
};

static la_ssize_t
tar_write(struct archive *a, void *arg, const void *p, size_t n)
{
	struct sl_pack_tar *t = arg;

	if (sl_write_full(t->fd, p, n) != 0) {
		archive_set_error(a, errno, "cannot write");
		return -1;
	}
	sl_sha256_add(t->hash, p, n);
	t->bytes += n;
	return (la_ssize_t)n;
}

static enum sl_rc
tar_failed(struct sl_pack *k, const char *path, struct sl_err *err)
{
	return sl_err_set(err, SL_FATAL, archive_errno(k->tar->a), "disk_error",
	    "cannot write %s: %s", path, archive_error_string(k->tar->a));
}

static enum sl_rc
tar_begin(struct sl_pack *k, struct sl_err *err)
{
	struct sl_pack_tar *t = sl_alloc(sizeof(*t));
	char name[SL_DIAS_UUID + 8];

	k->tar = t;
	t->hash = sl_sha256_new();
	t->names = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (t->names != (locale_t)0)
		t->before = uselocale(t->names);
	(void)snprintf(name, sizeof(name), "%s.tar", k->made.uuid);
	t->fd =
	    openat(k->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (t->fd < 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot make the package's file");
	t->a = archive_write_new();
	if (t->a == NULL ||
	    archive_write_set_format_pax_restricted(t->a) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(t->a, BLOCK) != ARCHIVE_OK ||
	    archive_write_open(t->a, t, NULL, tar_write, NULL) != ARCHIVE_OK)
		return sl_err_set(
		    err, SL_FATAL, 0, "internal", "cannot begin a tar");
	return SL_OK;
}

static void
tar_free(struct sl_pack_tar *t)
{
	if (t == NULL)
		return;
	if (t->a != NULL)
		(void)archive_write_free(t->a);
	if (t->names != (locale_t)0) {
		(void)uselocale(t->before);
		freelocale(t->names);
	}
	sl_sha256_free(t->hash);
	sl_cleanup_close(&t->fd);
	free(t);
}

/* The same whoever makes it: no owner, plain modes, given times. */
static enum sl_rc
tar_header(struct sl_pack *k, const char *path, bool folder, uint64_t size,
    int64_t time_ms, struct sl_err *err)
{
	struct archive_entry *e = archive_entry_new();
	SL_FREE char *full = sl_asprintf("%s/%s", k->made.uuid, path);
	int rc;

	archive_entry_set_pathname_utf8(e, full);
	archive_entry_set_filetype(e, folder ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(e, folder ? 0755 : 0644);
	archive_entry_set_size(e, (la_int64_t)size);
	archive_entry_set_mtime(e, time_ms < 0 ? 0 : time_ms / 1000, 0);
	rc = archive_write_header(k->tar->a, e);
	archive_entry_free(e);
	return rc == ARCHIVE_OK ? SL_OK : tar_failed(k, path, err);
}

static enum sl_rc
copy_bytes(struct sl_pack *k, struct sl_pack_file *f, struct sl_err *err)
{
	struct sl_sha256 *h = sl_sha256_new();
	SL_FREE char *part = sl_alloc(CHUNK);
	uint64_t at = 0;
	size_t want;
	ssize_t n;

	while (at < f->size) {
		want = f->size - at < CHUNK ? (size_t)(f->size - at) : CHUNK;
		n = sl_pread_full(f->fd, part, want, f->offset + at);
		if (n <= 0 || (size_t)n != want) {
			sl_sha256_free(h);
			return sl_err_set(err, SL_BROKEN, n < 0 ? errno : 0,
			    "source_changed", "%s: %s ends before its size",
			    f->shown, f->path);
		}
		sl_sha256_add(h, part, want);
		if (archive_write_data(k->tar->a, part, want) !=
		    (la_ssize_t)want) {
			sl_sha256_free(h);
			return tar_failed(k, f->path, err);
		}
		at += want;
	}
	sl_sha256_end(h, &f->digest);
	if (archive_write_finish_entry(k->tar->a) != ARCHIVE_OK)
		return tar_failed(k, f->path, err);
	if (f->want != NULL &&
	    memcmp(f->want->b, f->digest.b, sizeof(f->digest.b)) != 0)
		return sl_err_set(err, SL_BROKEN, 0, "digest_differs",
		    "%s: %s is not what was received: its SHA-256 differs",
		    f->shown, f->path);
	return SL_OK;
}

enum sl_rc
sl_pack_add(struct sl_pack *k, struct sl_pack_file *f, struct sl_err *err)
{
	if (k->made.files >= SL_DIAS_FILES_MAX)
		return sl_err_set(err, SL_REJECT, 0, "limit_files",
		    "more than %u files in one package", SL_DIAS_FILES_MAX);
	if (strlen(f->path) > SL_DIAS_PATH_MAX)
		return sl_err_set(err, SL_REJECT, 0, "limit_files",
		    "a path of more than %u bytes", SL_DIAS_PATH_MAX);
	if (tar_header(k, f->path, false, f->size, f->time_ms, err) != SL_OK)
		return err->rc;
	if (copy_bytes(k, f, err) != SL_OK)
		return err->rc;
	f->id = ++k->next_id;
	k->made.files += f->content;
	sl_dias_mets_file(
	    f->content ? k->mets_content : k->mets_meta, f, f->path);
	return SL_OK;
}

enum sl_rc
sl_pack_add_made(struct sl_pack *k, FILE *from, const char *path,
    const char *mime, bool content, struct sl_pack_file *ret,
    struct sl_err *err)
{
	struct stat st;

	if (fflush(from) != 0 || ferror(from) || fstat(fileno(from), &st) != 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write %s", path);
	memset(ret, 0, sizeof(*ret));
	ret->path = path;
	ret->fd = fileno(from);
	ret->size = (uint64_t)st.st_size;
	ret->shown = "the package";
	ret->mime = mime;
	ret->time_ms = k->now_ms;
	ret->content = content;
	return sl_pack_add(k, ret, err);
}

enum sl_rc
sl_pack_add_bytes(struct sl_pack *k, struct sl_slice bytes, const char *path,
    const char *mime, bool content, struct sl_err *err)
{
	struct sl_pack_file f;
	FILE *t = tmpfile();
	enum sl_rc rc;

	if (t == NULL)
		return sl_err_set(
		    err, SL_FATAL, errno, "disk_error", "no temporary file");
	(void)fwrite(bytes.p, 1, bytes.n, t);
	rc = sl_pack_add_made(k, t, path, mime, content, &f, err);
	(void)fclose(t);
	return rc;
}

enum sl_rc
sl_pack_add_folder(struct sl_pack *k, const char *path, struct sl_err *err)
{
	return tar_header(k, path, true, 0, k->now_ms, err);
}

enum sl_rc
sl_pack_agent(struct sl_pack *k, const char *name, struct sl_err *err)
{
	struct sl_pack_agents *a = &k->agents;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (strcmp(a->name[i], name) == 0)
			return SL_OK;
	if (a->n == SL_DIAS_AGENTS_MAX)
		return sl_err_set(err, SL_REJECT, 0, "limit_files",
		    "more than %u agents in one package", SL_DIAS_AGENTS_MAX);
	a->name = sl_grow(a->name, &a->cap, a->n + 1, sizeof(*a->name));
	a->name[a->n++] = sl_strdup(name);
	return SL_OK;
}

/* -- beginning and end --------------------------------------------------------
 */

static bool
is_uuid(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23
			? s[i] != '-'
			: strchr("0123456789abcdef", s[i]) == NULL)
			return false;
	return i == SL_DIAS_UUID;
}

/* Archives are older than any clock. */
static bool
is_day(const char *s)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y, m, d;

	if (s == NULL || strlen(s) != 10 || strspn(s, "0123456789-") != 10 ||
	    sscanf(s, "%4d-%2d-%2d", &y, &m, &d) != 3 || y < 1000 || m < 1 ||
	    m > 12 || d < 1)
		return false;
	if (m == 2 && d == 29)
		return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
	return d <= days[m - 1];
}

static enum sl_rc
check_options(const struct sl_dias_options *o, struct sl_err *err)
{
	if (!is_day(o->start) || !is_day(o->end) ||
	    strcmp(o->start, o->end) > 0)
		return sl_err_set(err, SL_HOLD, 0, "bad_option",
		    "the period of the archive is two days, as 1948-01-31 and "
		    "1996-12-31, the first not after the last");
	if (o->uuid != NULL && !is_uuid(o->uuid))
		return sl_err_set(err, SL_HOLD, 0, "bad_option",
		    "a UUID is 36 characters in lower case, as in "
		    "01234567-89ab-cdef-0123-456789abcdef");
	return SL_OK;
}

static void
new_uuid(char *out)
{
	uint8_t b[16];
	char hex[33];

	sl_random(b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0F) | 0x40); /* version 4, RFC 9562 */
	b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
	sl_hex(b, sizeof(b), hex);
	(void)snprintf(out, SL_DIAS_UUID + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex,
	    hex + 8, hex + 12, hex + 16, hex + 20);
}

static enum sl_rc
open_streams(struct sl_pack *k, struct sl_err *err)
{
	FILE **all[] = {&k->mets_content, &k->mets_meta, &k->mets_divs,
	    &k->objects, &k->events, &k->scratch};
	size_t i;
	int t;
	bool ok = true;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ok &= (*all[i] = tmpfile()) != NULL;
	for (t = 0; t < SL_DIAS_TABLES; t++)
		ok &= (k->table[t] = tmpfile()) != NULL;
	return ok ? SL_OK
		  : sl_err_set(err, SL_FATAL, errno, "disk_error",
			"no temporary file");
}

/* An empty folder of that name will do: it is replaced. */
static enum sl_rc
make_part(struct sl_pack *k, const char *dir, struct sl_err *err)
{
	SL_CLOSE int there = sl_open_dir(AT_FDCWD, dir);
	SL_FREE char *part = NULL;

	if ((there >= 0 && !sl_dir_is_empty(there)) ||
	    (there < 0 && errno != ENOENT))
		return sl_err_set(err, SL_REJECT, 0, "not_empty",
		    "the folder for the package is there and not empty");
	part = sl_asprintf("%s.part", dir);
	if (sl_part_make(part, 0750, "dias", &k->dir, &k->lock, err) != SL_OK)
		return err->rc;
	k->part_name = SL_TAKE(part);
	return SL_OK;
}

enum sl_rc
sl_pack_begin(struct sl_pack *k, const struct sl_dias_options *o,
    const char *dir, struct sl_err *err)
{
	enum sl_rc rc = check_options(o, err);

	k->o = o;
	k->dir = k->lock = -1;
	k->now_ms = o->made_ms != 0 ? o->made_ms : sl_clock_utc_ms();
	if (rc != SL_OK)
		return rc;
	if (o->uuid == NULL)
		new_uuid(k->made.uuid);
	else
		(void)snprintf(
		    k->made.uuid, sizeof(k->made.uuid), "%s", o->uuid);
	rc = make_part(k, dir, err);
	if (rc == SL_OK)
		rc = open_streams(k, err);
	if (rc == SL_OK)
		rc = tar_begin(k, err);
	if (rc == SL_OK)
		rc = sl_pack_add_folder(k, "", err);
	if (rc == SL_OK)
		rc = sl_pack_add_folder(k, "administrative_metadata/", err);
	if (rc == SL_OK)
		rc = sl_pack_add_folder(k, "descriptive_metadata/", err);
	return rc == SL_OK ? sl_pack_add_folder(k, "content/", err) : rc;
}

typedef void write_fn(struct sl_pack *k, FILE *f);

static enum sl_rc
add_written(struct sl_pack *k, write_fn *write, enum sl_dias_schema schema,
    const char *path, struct sl_pack_file *ret, struct sl_err *err)
{
	FILE *f = tmpfile();
	enum sl_rc rc;

	if (f == NULL)
		return sl_err_set(
		    err, SL_FATAL, errno, "disk_error", "no temporary file");
	write(k, f);
	rc = fflush(f) == 0 && !ferror(f)
		 ? sl_dias_validate(fileno(f), schema, path, err)
		 : sl_err_set(err, SL_FATAL, errno, "disk_error",
		       "cannot write %s", path);
	if (rc == SL_OK)
		rc = sl_pack_add_made(
		    k, f, path, "application/xml", false, ret, err);
	(void)fclose(f);
	return rc;
}

static enum sl_rc
add_meta(struct sl_pack *k, struct sl_pack_file *mets, struct sl_err *err)
{
	static const struct {
		write_fn *write;
		enum sl_dias_schema schema;
		const char *path;
	} docs[] = {{sl_dias_write_premis, SL_DIAS_PREMIS,
			"administrative_metadata/dias-premis.xml"},
	    {sl_dias_write_log, SL_DIAS_PREMIS, "log.xml"}};
	enum sl_rc rc = SL_OK;
	size_t i;

	for (i = 0; i < 2 && rc == SL_OK; i++)
		rc = add_written(
		    k, docs[i].write, docs[i].schema, docs[i].path, mets, err);
	if (rc == SL_OK)
		rc = sl_pack_add_bytes(k, sl_dias_xsd(SL_DIAS_PREMIS),
		    "administrative_metadata/dias-premis.xsd",
		    "application/xml", false, err);
	if (rc == SL_OK)
		rc = sl_pack_add_bytes(k, sl_dias_xsd(SL_DIAS_METS),
		    "dias-mets.xsd", "application/xml", false, err);
	if (rc == SL_OK)
		rc = add_written(k, sl_dias_write_mets, SL_DIAS_METS,
		    "dias-mets.xml", mets, err);
	return rc;
}

static enum sl_rc
tar_end(struct sl_pack *k, struct sl_digest *ret, struct sl_err *err)
{
	struct sl_pack_tar *t = k->tar;

	if (archive_write_close(t->a) != ARCHIVE_OK)
		return tar_failed(k, "the end of the tar", err);
	sl_sha256_end(t->hash, ret);
	t->hash = NULL;
	sl_digest_hex(ret, k->made.sha256);
	k->made.bytes = t->bytes;
	return sl_sync_fd(t->fd, "the package", err);
}

static enum sl_rc
add_info(struct sl_pack *k, const struct sl_digest *tar,
    const struct sl_pack_file *mets, struct sl_err *err)
{
	SL_CLOSE int fd = openat(
	    k->dir, "info.xml", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	int copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	FILE *f = copy >= 0 ? fdopen(copy, "w") : NULL;
	bool ok = f != NULL;

	if (ok) {
		sl_dias_write_info(k, f, tar, mets);
		ok = !ferror(f);
		ok &= fclose(f) == 0;
	} else
		sl_cleanup_close(&copy);
	if (!ok)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write info.xml");
	if (sl_dias_validate(fd, SL_DIAS_INFO, "info.xml", err) != SL_OK)
		return err->rc;
	return sl_sync_fd(fd, "info.xml", err);
}

enum sl_rc
sl_pack_end(struct sl_pack *k, const char *dir, struct sl_err *err)
{
	struct sl_pack_file mets;
	struct sl_digest tar;
	enum sl_rc rc = add_meta(k, &mets, err);

	if (rc == SL_OK)
		rc = tar_end(k, &tar, err);
	if (rc == SL_OK)
		rc = add_info(k, &tar, &mets, err);
	if (rc == SL_OK)
		rc = sl_sync_fd(k->dir, "the package's folder", err);
	if (rc == SL_OK && k->o->tell != NULL)
		rc = k->o->tell(k->o->tell_arg, &k->made, err);
	/* After all that takes its time: without a mark it is not ours. */
	if (rc == SL_OK)
		rc = sl_part_end(k->dir, &k->lock, err);
	if (rc != SL_OK)
		return rc;
	if (rename(k->part_name, dir) != 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot give the package its name");
	free(SL_TAKE(k->part_name));
	/* The name's own folder. */
	return sl_sync_fs(k->dir, "the package's name", err);
}

void
sl_pack_free(struct sl_pack *k)
{
	FILE *all[] = {k->mets_content, k->mets_meta, k->mets_divs, k->objects,
	    k->events, k->scratch};
	size_t i;

	tar_free(k->tar);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] != NULL)
			(void)fclose(all[i]);
	for (i = 0; i < SL_DIAS_TABLES; i++)
		if (k->table[i] != NULL)
			(void)fclose(k->table[i]);
	for (i = 0; i < k->agents.n; i++)
		free(k->agents.name[i]);
	free(k->agents.name);
	sl_buf_free(&k->line);
	sl_buf_free(&k->left_out);
	sl_cleanup_close(&k->dir);
	if (k->part_name != NULL)
		(void)sl_remove_tree(AT_FDCWD, k->part_name);
	sl_cleanup_close(&k->lock);
	free(k->part_name);
}
