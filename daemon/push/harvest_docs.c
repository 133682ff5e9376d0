/*
 * The documents of a harvest: which are there already, the one under way, and
 * those that nothing names in the end.
 *
 * FAILURES: a killed run leaves documents under their digests; the next run
 * reads them again and compares before it takes them for whole, so nothing of
 * them needs a sync before the end.
 *
 * SECURITY: only digests and fixed names become file names.
 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/hash.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "../base/text.h"
#include "harvest_p.h"

#define FLUSH_AT 65536
#define KNOWN_MAX 1024 /* a line of unfinished.jsonl */

/* The first line: whose it is. */
static char *
header(const struct sl_harvest *h)
{
	json_t *o = json_pack("{s:i, s:s, s:s}", "format", 1, "target",
	    h->target, "connector", h->connector);
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	return text;
}

static void
take_known(struct sl_harvest *h, const char *line)
{
	json_t *o = json_loads(line, 0, NULL);
	const char *key = json_string_value(json_object_get(o, "key"));
	const char *sha = json_string_value(json_object_get(o, "sha256"));
	json_int_t size = json_integer_value(json_object_get(o, "size"));
	struct sl_doc d = {.size = (uint64_t)size};

	if (key != NULL && strlen(key) == 2 * SL_DOC_KEY &&
	    json_is_true(json_object_get(o, "spoilt")) &&
	    sl_unhex(key, d.key, SL_DOC_KEY))
		sl_docset_put(&h->spoilt, &d);
	/* A line cut short is a document fetched again, no more. */
	if (key != NULL && sha != NULL && size >= 0 &&
	    strlen(key) == 2 * SL_DOC_KEY && strlen(sha) == SL_SHA256_HEX &&
	    sl_unhex(key, d.key, SL_DOC_KEY) &&
	    sl_unhex(sha, d.digest.b, SL_SHA256_LEN))
		sl_docset_put(&h->docs, &d);
	json_decref(o);
}

/* The next line without its end, what is behind the limit cut off; false after
 * the last. Nobody writes longer ones, but the file lies there. */
static bool
known_line(FILE *f, char *line, size_t cap)
{
	size_t n = 0;
	int c;

	while ((c = getc(f)) != EOF && c != '\n')
		if (n + 1 < cap)
			line[n++] = (char)c;
	line[n] = '\0';
	return c != EOF || n > 0;
}

static enum sl_rc
read_known(struct sl_harvest *h, struct sl_err *err)
{
	SL_FREE char *head = header(h);
	char line[KNOWN_MAX];
	bool first = true, ours = true;
	FILE *f = fdopen(dup(h->known), "r");

	if (f == NULL)
		return sl_harvest_disk_error(err, SL_HARVEST_UNFINISHED);
	while (ours && known_line(f, line, sizeof(line))) {
		if (first)
			ours = strcmp(line, head) == 0;
		else
			take_known(h, line);
		first = false;
	}
	(void)fclose(f);
	return ours
		   ? SL_OK
		   : sl_harvest_not_ours(err, "the folder is another target's");
}

/* Begins the list, or goes on behind what may be half a line. */
static enum sl_rc
begin_known(struct sl_harvest *h, struct sl_err *err)
{
	SL_FREE char *head = header(h);
	SL_FREE char *line = NULL;
	off_t end = lseek(h->known, 0, SEEK_END);

	line = sl_asprintf("%s\n", end > 0 ? "" : head);
	return sl_write_full(h->known, line, strlen(line)) == 0
		   ? SL_OK
		   : sl_harvest_disk_error(err, SL_HARVEST_UNFINISHED);
}

enum sl_rc
sl_harvest_known(struct sl_harvest *h, struct sl_err *err)
{
	enum sl_rc rc = read_known(h, err);

	return rc == SL_OK ? begin_known(h, err) : rc;
}

/* "ab/abcd.." below files/. */
static void
document_name(const struct sl_digest *d, char *out, size_t n)
{
	char hex[SL_SHA256_HEX + 1];

	sl_digest_hex(d, hex);
	(void)snprintf(out, n, "%.2s/%s", hex, hex);
}

/* Is the file of an earlier run there, whole? */
static bool
is_whole(const struct sl_harvest *h, const struct sl_doc *doc)
{
	char name[SL_SHA256_HEX + 8];
	SL_CLOSE int fd = -1;
	SL_FREE char *buf = sl_alloc(FLUSH_AT);
	struct sl_sha256 *sha;
	struct sl_digest d;
	uint64_t size = 0;
	ssize_t n;

	document_name(&doc->digest, name, sizeof(name));
	fd = openat(h->files, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	sha = sl_sha256_new();
	while ((n = sl_read_full(fd, buf, FLUSH_AT)) > 0) {
		sl_sha256_add(sha, buf, (size_t)n);
		size += (uint64_t)n;
		sl_notify_pulse(-1);
	}
	sl_sha256_end(sha, &d);
	return n == 0 && size == doc->size &&
	       memcmp(d.b, doc->digest.b, SL_SHA256_LEN) == 0;
}

static enum sl_rc
check_room(struct sl_harvest *h)
{
	struct statvfs v;

	if (fstatvfs(h->dir, &v) != 0)
		return sl_harvest_disk_error(&h->err, "harvest: the folder");
	if ((uint64_t)v.f_bavail * v.f_frsize < h->conf.free_min)
		return sl_err_set(&h->err, SL_FATAL, 0, "disk_full",
		    "harvest: less than free_space_min is left on the disk");
	return SL_OK;
}

struct sluse_sink *
sl_harvest_sink(struct sl_harvest *h, const char *key, int *ret_have)
{
	struct sl_doc *doc;

	*ret_have = 0;
	h->answered = 0;
	sl_doc_key(key, h->key);
	h->have_document = true;
	h->kept = false;
	doc = sl_docset_find(&h->docs, h->key);
	if (doc != NULL && is_whole(h, doc)) {
		h->document = *doc;
		h->kept = true;
		*ret_have = 1;
		return &h->sink;
	}
	if (check_room(h) != SL_OK)
		return NULL;
	return &h->sink;
}

/* Gives document.part its name, and begins a new one. */
static enum sl_rc
name_document(struct sl_harvest *h, const struct sl_doc *doc)
{
	char name[SL_SHA256_HEX + 8], folder[3];
	SL_CLOSE int dir = -1;

	document_name(&doc->digest, name, sizeof(name));
	(void)snprintf(folder, sizeof(folder), "%.2s", name);
	dir = sl_make_dir(h->files, folder, 0700);
	if (dir < 0 ||
	    renameat(h->dir, SL_HARVEST_DOCUMENT_PART, h->files, name) != 0)
		return sl_harvest_disk_error(&h->err, "harvest: files/");
	sl_cleanup_close(&h->sink.fd);
	h->sink.fd = sl_harvest_file(h, SL_HARVEST_DOCUMENT_PART, O_TRUNC);
	return h->sink.fd >= 0
		   ? SL_OK
		   : sl_harvest_disk_error(&h->err, "harvest: the folder");
}

static enum sl_rc
note_document(struct sl_harvest *h, const struct sl_doc *doc)
{
	char key[2 * SL_DOC_KEY + 1], sha[SL_SHA256_HEX + 1];
	SL_FREE char *line = NULL;

	sl_hex(doc->key, SL_DOC_KEY, key);
	sl_digest_hex(&doc->digest, sha);
	line = sl_asprintf("{\"key\":\"%s\",\"sha256\":\"%s\",\"size\":%llu}\n",
	    key, sha, (unsigned long long)doc->size);
	return sl_write_full(h->known, line, strlen(line)) == 0
		   ? SL_OK
		   : sl_harvest_disk_error(&h->err, SL_HARVEST_UNFINISHED);
}

bool
sl_harvest_is_spoilt(const struct sl_harvest *h)
{
	return h->have_document && h->answered >= 500 &&
	       sl_docset_find(&h->spoilt, h->key) != NULL;
}

enum sl_rc
sl_harvest_leave_out(struct sl_harvest *h)
{
	char key[2 * SL_DOC_KEY + 1];
	SL_FREE char *line = NULL;

	h->have_document = false;
	if (h->answered < 500 || sl_docset_find(&h->spoilt, h->key) != NULL)
		return SL_OK;
	sl_hex(h->key, SL_DOC_KEY, key);
	line = sl_asprintf("{\"key\":\"%s\",\"spoilt\":true}\n", key);
	return sl_write_full(h->known, line, strlen(line)) == 0
		   ? SL_OK
		   : sl_harvest_disk_error(&h->err, SL_HARVEST_UNFINISHED);
}

enum sl_rc
sl_harvest_document(struct sl_harvest *h, struct sl_doc *ret)
{
	struct sl_doc used;
	enum sl_rc rc = SL_OK;

	if (h->kept) {
		*ret = h->document;
	} else if (h->sink.sha == NULL) {
		return sl_err_set(&h->err, SL_FATAL, 0, "internal",
		    "the connector names a document it has not fetched");
	} else {
		ret->size = h->sink.size;
		memcpy(ret->key, h->key, SL_DOC_KEY);
		sl_sha256_end(SL_TAKE(h->sink.sha), &ret->digest);
		rc = name_document(h, ret);
		if (rc == SL_OK)
			rc = note_document(h, ret);
		if (rc == SL_OK)
			sl_docset_put(&h->docs, ret);
		h->fetched_n++;
	}
	used = *ret;
	memcpy(used.key, used.digest.b, SL_DOC_KEY);
	if (sl_docset_find(&h->used, used.key) == NULL)
		h->bytes += used.size;
	sl_docset_put(&h->used, &used);
	h->have_document = false;
	return rc;
}

static enum sl_rc
drop_unused(struct sl_harvest *h, const char *folder)
{
	SL_CLOSE int fd = sl_open_dir(h->files, folder);
	struct sl_doc d;
	struct dirent *e;
	DIR *dir;

	dir = fd >= 0 ? fdopendir(dup(fd)) : NULL;
	if (dir == NULL)
		return sl_harvest_disk_error(&h->err, "harvest: files/");
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.' ||
		    (strlen(e->d_name) == SL_SHA256_HEX &&
			sl_unhex(e->d_name, d.digest.b, SL_SHA256_LEN) &&
			sl_docset_find(&h->used, d.digest.b) != NULL))
			continue;
		if (unlinkat(fd, e->d_name, 0) != 0) {
			(void)closedir(dir);
			return sl_harvest_disk_error(
			    &h->err, "harvest: files/");
		}
	}
	(void)closedir(dir);
	return SL_OK;
}

enum sl_rc
sl_harvest_drop_unused(struct sl_harvest *h)
{
	enum sl_rc rc = SL_OK;
	char folder[3];
	int i;

	for (i = 0; rc == SL_OK && i < 256; i++) {
		(void)snprintf(folder, sizeof(folder), "%02x", (unsigned)i);
		if (faccessat(h->files, folder, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			rc = drop_unused(h, folder);
		/* An empty one goes, any other stays. */
		(void)unlinkat(h->files, folder, AT_REMOVEDIR);
	}
	return rc;
}
