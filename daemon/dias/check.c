/*
 * Looking at a package: what info.xml, METS, PREMIS and the tar say of each
 * other.
 *
 * The tar is read once from its beginning; of each file its name and digest are
 * kept, so that memory grows by some 100 bytes a file. METS and PREMIS are put
 * aside in nameless files and read node by node.
 * SECURITY: a package may be anybody's. Nothing is unpacked; names are only
 * compared and shown with what cannot be shown made visible.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libxml/xmlreader.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "pack.h"

#define INFO_MAX (1u << 20) /* bytes of info.xml */
#define DOCUMENT_MAX ((uint64_t)8 << 30) /* of METS or PREMIS */
#define TOLD_MAX 100 /* faults told one by one */

struct item {
	char *path; /* below the package's folder */
	struct sl_digest digest;
	uint64_t size;
	bool listed, object;
};

enum { DOC_METS, DOC_PREMIS, DOC_LOG, DOC_ADDML, DOCS };
static const struct {
	const char *path;
	enum sl_dias_schema schema;
	bool must;
} docs[DOCS] = {
    [DOC_METS] = {"dias-mets.xml", SL_DIAS_METS, true},
    [DOC_PREMIS] = {"administrative_metadata/dias-premis.xml", SL_DIAS_PREMIS,
	true},
    [DOC_LOG] = {"log.xml", SL_DIAS_PREMIS, true},
    [DOC_ADDML] = {"content/addml.xml", SL_DIAS_ADDML, false},
};

struct check {
	sl_dias_fault_fn *fn;
	void *arg;
	struct sl_dias_checked *made;
	struct item *item;
	size_t n, cap;
	FILE *doc[DOCS];
	struct sl_digest info_mets; /* as info.xml has it */
	uint64_t info_mets_size;
	bool info_mets_there, objects; /* PREMIS tells of files */
};

__attribute__((format(printf, 3, 4))) static void
tell(struct check *c, const char *slug, const char *fmt, ...)
{
	SL_BUF struct sl_buf shown = {0};
	va_list ap;
	char text[1600];

	if (c->made->faults++ >= TOLD_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sl_text_display(&shown, text, strlen(text));
	c->fn(c->arg, slug, sl_buf_str(&shown));
}

/* -- METS files, as info.xml and dias-mets.xml list them
 * ------------------------ */

struct listed {
	char path[SL_DIAS_PATH_MAX * 3 + 8];
	char digest[SL_SHA256_HEX + 1];
	uint64_t size;
	bool sha256;
};
typedef void listed_fn(struct check *c, const struct listed *l, void *arg);

static void
attribute(
    xmlTextReaderPtr r, const char *ns, const char *name, char *out, size_t cap)
{
	const xmlChar *n = (const xmlChar *)name, *in = (const xmlChar *)ns;
	xmlChar *v = ns == NULL ? xmlTextReaderGetAttribute(r, n)
				: xmlTextReaderGetAttributeNs(r, n, in);

	(void)snprintf(out, cap, "%s", v != NULL ? (const char *)v : "");
	xmlFree(v);
}

/* "file:a%20b" to "a b", in place. */
static void
take_uri(char *s)
{
	char *from = s, *to = s;
	uint8_t b;

	if (strncmp(from, "file:", 5) == 0)
		from += 5;
	while (*from != '\0') {
		char two[3] = {0};

		if (*from == '%' && from[1] != '\0' && from[2] != '\0') {
			memcpy(two, from + 1, 2);
			if (sl_unhex(two, &b, 1) && b != 0) {
				*to++ = (char)b;
				from += 3;
				continue;
			}
		}
		*to++ = *from++;
	}
	*to = '\0';
}

static void
take_node(struct check *c, xmlTextReaderPtr r, struct listed *l, listed_fn *fn,
    void *arg)
{
	const char *name = (const char *)xmlTextReaderConstLocalName(r);
	char text[80];

	if (xmlTextReaderNodeType(r) != XML_READER_TYPE_ELEMENT || name == NULL)
		return;
	if (strcmp(name, "file") == 0) {
		memset(l, 0, sizeof(*l));
		attribute(r, NULL, "CHECKSUM", l->digest, sizeof(l->digest));
		attribute(r, NULL, "CHECKSUMTYPE", text, sizeof(text));
		l->sha256 = strcmp(text, "SHA-256") == 0;
		attribute(r, NULL, "SIZE", text, sizeof(text));
		if (!sl_parse_u64(text, 0, INT64_MAX, &l->size))
			l->size = UINT64_MAX;
	} else if (strcmp(name, "FLocat") == 0) {
		attribute(r, "http://www.w3.org/1999/xlink", "href", l->path,
		    sizeof(l->path));
		take_uri(l->path);
		fn(c, l, arg);
	}
}

static void
read_mets(struct check *c, int fd, enum sl_dias_schema schema, const char *name,
    listed_fn *fn, void *arg)
{
	struct sl_dias_reader *r = sl_dias_reader_new(fd, schema);
	struct listed *l = sl_alloc(sizeof(*l));
	char text[200];

	if (r == NULL) {
		tell(c, "internal", "the schema of %s cannot be read", name);
		free(l);
		return;
	}
	while (sl_dias_reader_next(r))
		take_node(c, sl_dias_reader_xml(r), l, fn, arg);
	if (!sl_dias_reader_end(r, text, sizeof(text)))
		tell(c, "not_valid", "%s: %s", name, text);
	sl_dias_reader_free(r);
	free(l);
}

static bool
same_digest(const char *hex, const struct sl_digest *d)
{
	char own[SL_SHA256_HEX + 1];

	sl_digest_hex(d, own);
	return strcasecmp(hex, own) == 0;
}

/* -- the tar
 * ------------------------------------------------------------------- */

struct input {
	int fd;
	struct sl_sha256 *hash;
	uint64_t bytes;
	char part[65536];
};

static la_ssize_t
read_tar(struct archive *a, void *arg, const void **ret)
{
	struct input *in = arg;
	ssize_t n = sl_read_full(in->fd, in->part, sizeof(in->part));

	if (n < 0) {
		archive_set_error(a, errno, "cannot read");
		return -1;
	}
	sl_sha256_add(in->hash, in->part, (size_t)n);
	in->bytes += (uint64_t)n;
	*ret = in->part;
	return (la_ssize_t)n;
}

/* Below the package's own folder, and nowhere else. */
static bool
is_inside(const char *path, const char *uuid)
{
	size_t n = strlen(uuid);
	const char *p;

	if (strncmp(path, uuid, n) != 0 || path[n] != '/')
		return false;
	for (p = path; p != NULL; p = strchr(p, '/')) {
		p += *p == '/';
		if (strncmp(p, "../", 3) == 0 || strcmp(p, "..") == 0)
			return false;
	}
	return true;
}

static enum sl_rc
take_data(struct check *c, struct archive *a, struct item *it, FILE *copy,
    struct sl_err *err)
{
	struct sl_sha256 *h = sl_sha256_new();
	SL_FREE char *part = sl_alloc(65536);
	la_ssize_t n;

	while ((n = archive_read_data(a, part, 65536)) > 0) {
		sl_sha256_add(h, part, (size_t)n);
		it->size += (uint64_t)n;
		if (copy != NULL && it->size <= DOCUMENT_MAX &&
		    fwrite(part, 1, (size_t)n, copy) != (size_t)n) {
			sl_sha256_free(h);
			return sl_err_set(err, SL_FATAL, errno, "disk_error",
			    "no room for a temporary file");
		}
	}
	sl_sha256_end(h, &it->digest);
	if (n < 0)
		tell(c, "cannot_read", "%s cannot be read: %s", it->path,
		    archive_error_string(a));
	return SL_OK;
}

static FILE *
document_of(struct check *c, const char *path)
{
	size_t i;

	for (i = 0; i < DOCS; i++)
		if (strcmp(docs[i].path, path) == 0 && c->doc[i] == NULL)
			return c->doc[i] = tmpfile();
	return NULL;
}

static enum sl_rc
take_entry(struct check *c, struct archive *a, struct archive_entry *e,
    struct sl_err *err)
{
	const char *path = archive_entry_pathname(e);
	struct item *it;
	FILE *copy;
	enum sl_rc rc;

	if (path == NULL || strlen(path) > 2 * SL_DIAS_PATH_MAX ||
	    !is_inside(path, c->made->uuid)) {
		tell(c, "bad_name", "the tar holds something outside of %s/",
		    c->made->uuid);
		return SL_OK;
	}
	if (archive_entry_filetype(e) == AE_IFDIR)
		return SL_OK;
	path += strlen(c->made->uuid) + 1;
	if (archive_entry_filetype(e) != AE_IFREG ||
	    archive_entry_hardlink(e) != NULL) {
		tell(c, "bad_kind", "%s is no plain file", path);
		return SL_OK;
	}
	if (c->n == SL_DIAS_FILES_MAX + 1000)
		return sl_err_set(err, SL_REJECT, 0, "limit_files",
		    "more than %u files in the package", SL_DIAS_FILES_MAX);
	c->item = sl_grow(c->item, &c->cap, c->n + 1, sizeof(*c->item));
	it = &c->item[c->n++];
	memset(it, 0, sizeof(*it));
	it->path = sl_strdup(path);
	copy = document_of(c, path);
	rc = take_data(c, a, it, copy, err);
	c->made->files++;
	c->made->bytes += it->size;
	return rc;
}

static enum sl_rc
read_entries(struct check *c, struct input *in, struct sl_err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	enum sl_rc rc = SL_OK;
	int got = ARCHIVE_FATAL;

	if (archive_read_support_format_tar(a) == ARCHIVE_OK &&
	    archive_read_open(a, in, NULL, read_tar, NULL) == ARCHIVE_OK)
		while (rc == SL_OK &&
		       ((got = archive_read_next_header(a, &e)) == ARCHIVE_OK ||
			   got == ARCHIVE_WARN))
			rc = take_entry(c, a, e, err);
	if (rc == SL_OK && got != ARCHIVE_EOF)
		tell(c, "cannot_read", "the tar cannot be read to its end: %s",
		    archive_error_string(a) != NULL ? archive_error_string(a)
						    : "it is no tar");
	(void)archive_read_free(a);
	return rc;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct item *)a)->path, ((const struct item *)b)->path);
}

static enum sl_rc
read_package(struct check *c, int fd, struct sl_digest *ret, uint64_t *ret_size,
    struct sl_err *err)
{
	locale_t names = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = names != (locale_t)0 ? uselocale(names) : (locale_t)0;
	struct input *in = sl_alloc(sizeof(*in));
	const void *rest;
	enum sl_rc rc;
	size_t i;

	in->fd = fd;
	in->hash = sl_sha256_new();
	rc = read_entries(c, in, err);
	/* What lies behind the end belongs to the file as well. */
	while (rc == SL_OK && read_tar(NULL, in, &rest) > 0)
		continue;
	sl_sha256_end(in->hash, ret);
	*ret_size = in->bytes;
	free(in);
	if (names != (locale_t)0) {
		(void)uselocale(before);
		freelocale(names);
	}
	if (c->n > 0)
		qsort(c->item, c->n, sizeof(*c->item), by_path);
	for (i = 1; i < c->n; i++)
		if (strcmp(c->item[i - 1].path, c->item[i].path) == 0)
			tell(c, "twice", "%s is there twice", c->item[i].path);
	return rc;
}

static struct item *
find_item(struct check *c, const char *path)
{
	SL_FREE char *copy = sl_strdup(path);
	struct item key = {.path = copy};

	return c->n == 0
		   ? NULL
		   : bsearch(&key, c->item, c->n, sizeof(*c->item), by_path);
}

/* -- what they say of each other
 * -------------------------------------------------- */

static void
see_listed(struct check *c, const struct listed *l, void *arg)
{
	struct item *it = find_item(c, l->path);

	(void)arg;
	if (it == NULL) {
		tell(c, "missing", "%s is listed in METS and not there",
		    l->path);
		return;
	}
	if (it->listed)
		tell(c, "twice", "%s is listed twice in METS", l->path);
	it->listed = true;
	if (!l->sha256)
		tell(c, "no_digest", "%s has no SHA-256 in METS", l->path);
	else if (!same_digest(l->digest, &it->digest))
		tell(c, "digest_differs",
		    "%s is not what METS says: its SHA-256 differs", l->path);
	if (l->size != it->size)
		tell(c, "size_differs",
		    "%s has %" PRIu64 " bytes, METS says %" PRIu64, l->path,
		    it->size, l->size);
}

/* The value of an element, after its start. */
static const char *
next_text(struct sl_dias_reader *reader)
{
	xmlTextReaderPtr r = sl_dias_reader_xml(reader);
	const char *s = NULL;

	if (xmlTextReaderIsEmptyElement(r) != 1 &&
	    sl_dias_reader_next(reader) &&
	    xmlTextReaderNodeType(r) == XML_READER_TYPE_TEXT)
		s = (const char *)xmlTextReaderConstValue(r);
	return s != NULL ? s : "";
}

static void
see_object(struct check *c, const char *id, const char *digest)
{
	size_t n = strlen(c->made->uuid);
	struct item *it;

	if (strncmp(id, c->made->uuid, n) != 0 || id[n] != '/')
		return;
	it = find_item(c, id + n + 1);
	if (it == NULL) {
		tell(c, "missing", "%s has a PREMIS object and is not there",
		    id + n + 1);
		return;
	}
	it->object = c->objects = true;
	if (*digest != '\0' && !same_digest(digest, &it->digest))
		tell(c, "digest_differs",
		    "%s is not what PREMIS says: its SHA-256 differs",
		    it->path);
}

struct premis {
	char id[SL_DIAS_PATH_MAX + 64], digest[SL_SHA256_HEX + 1];
	bool object, sha256;
};

static void
take_premis(struct check *c, struct sl_dias_reader *reader, struct premis *p)
{
	xmlTextReaderPtr r = sl_dias_reader_xml(reader);
	const char *name = (const char *)xmlTextReaderConstLocalName(r);
	int type = xmlTextReaderNodeType(r);

	if (name == NULL)
		return;
	if (type == XML_READER_TYPE_END_ELEMENT && p->object &&
	    strcmp(name, "object") == 0) {
		see_object(c, p->id, p->digest);
		p->object = false;
	}
	if (type != XML_READER_TYPE_ELEMENT)
		return;
	if (strcmp(name, "object") == 0) {
		memset(p, 0, sizeof(*p));
		p->object = true;
	} else if (p->object && *p->id == '\0' &&
		   strcmp(name, "objectIdentifierValue") == 0)
		(void)snprintf(p->id, sizeof(p->id), "%s", next_text(reader));
	else if (p->object && strcmp(name, "messageDigestAlgorithm") == 0)
		p->sha256 = strcmp(next_text(reader), "SHA-256") == 0;
	else if (p->sha256 && strcmp(name, "messageDigest") == 0)
		(void)snprintf(
		    p->digest, sizeof(p->digest), "%s", next_text(reader));
}

static void
read_premis(struct check *c, FILE *f, const char *name)
{
	struct sl_dias_reader *r =
	    sl_dias_reader_new(fileno(f), SL_DIAS_PREMIS);
	struct premis *p = sl_alloc(sizeof(*p));
	char text[200];

	while (r != NULL && sl_dias_reader_next(r))
		take_premis(c, r, p);
	if (r == NULL || !sl_dias_reader_end(r, text, sizeof(text)))
		tell(c, "not_valid", "%s: %s", name, r != NULL ? text : "-");
	sl_dias_reader_free(r);
	free(p);
}

static void
see_addml(struct check *c)
{
	struct sl_dias_reader *r =
	    sl_dias_reader_new(fileno(c->doc[DOC_ADDML]), SL_DIAS_ADDML);
	char text[200];

	if (r != NULL && !sl_dias_reader_end(r, text, sizeof(text)))
		tell(c, "not_valid", "%s: %s", docs[DOC_ADDML].path, text);
	sl_dias_reader_free(r);
}

static void
compare_all(struct check *c)
{
	const struct item *it;
	size_t i;

	for (i = 0; i < DOCS; i++) {
		if (c->doc[i] != NULL)
			(void)fflush(c->doc[i]);
		else if (docs[i].must)
			tell(c, "missing", "there is no %s", docs[i].path);
	}
	if (c->doc[DOC_METS] != NULL)
		read_mets(c, fileno(c->doc[DOC_METS]), SL_DIAS_METS,
		    docs[DOC_METS].path, see_listed, NULL);
	if (c->doc[DOC_PREMIS] != NULL)
		read_premis(c, c->doc[DOC_PREMIS], docs[DOC_PREMIS].path);
	if (c->doc[DOC_LOG] != NULL)
		read_premis(c, c->doc[DOC_LOG], docs[DOC_LOG].path);
	if (c->doc[DOC_ADDML] != NULL)
		see_addml(c);
	for (i = 0; i < c->n; i++) {
		it = &c->item[i];
		if (!it->listed && strcmp(it->path, docs[DOC_METS].path) != 0)
			tell(c, "unlisted", "%s is there and not in METS",
			    it->path);
		if (c->objects && !it->object &&
		    strncmp(it->path, "content/", 8) == 0 &&
		    strcmp(it->path, "content/addml.xsd") != 0)
			tell(c, "no_object", "PREMIS does not tell of %s",
			    it->path);
	}
}

/* -- info.xml
 * --------------------------------------------------------------------- */

struct info {
	char tar[SL_DIAS_UUID + 8], digest[SL_SHA256_HEX + 1];
	uint64_t size;
};

static void
see_info(struct check *c, const struct listed *l, void *arg)
{
	struct info *in = arg;
	size_t n = strlen(l->path);
	const char *slash = strchr(l->path, '/');

	if (slash != NULL && strcmp(slash + 1, docs[DOC_METS].path) == 0) {
		c->info_mets_there =
		    sl_unhex(l->digest, c->info_mets.b, SL_SHA256_LEN);
		c->info_mets_size = l->size;
	} else if (n == SL_DIAS_UUID + 4 && slash == NULL &&
		   strcmp(l->path + SL_DIAS_UUID, ".tar") == 0) {
		(void)snprintf(in->tar, sizeof(in->tar), "%s", l->path);
		(void)snprintf(in->digest, sizeof(in->digest), "%s", l->digest);
		in->size = l->size;
	} else
		tell(c, "unexpected", "info.xml lists %s", l->path);
}

static enum sl_rc
read_info(struct check *c, int dir, struct info *in, struct sl_err *err)
{
	SL_CLOSE int fd = openat(
	    dir, "info.xml", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)INFO_MAX)
		return sl_err_set(err, SL_BROKEN, fd < 0 ? errno : 0,
		    "no_package", "there is no info.xml that can be read");
	read_mets(c, fd, SL_DIAS_INFO, "info.xml", see_info, in);
	if (*in->tar == '\0')
		return sl_err_set(err, SL_BROKEN, 0, "no_package",
		    "info.xml names no tar with the name of a UUID");
	(void)snprintf(c->made->uuid, sizeof(c->made->uuid), "%.*s",
	    SL_DIAS_UUID, in->tar);
	return SL_OK;
}

static void
see_tar(struct check *c, const struct info *in, const struct sl_digest *digest,
    uint64_t size)
{
	struct item *mets = find_item(c, docs[DOC_METS].path);

	if (!same_digest(in->digest, digest))
		tell(c, "digest_differs",
		    "%s is not what info.xml says: its SHA-256 differs",
		    in->tar);
	if (in->size != size)
		tell(c, "size_differs",
		    "%s has %" PRIu64 " bytes, info.xml says %" PRIu64, in->tar,
		    size, in->size);
	if (mets != NULL && c->info_mets_there &&
	    (memcmp(mets->digest.b, c->info_mets.b, SL_SHA256_LEN) != 0 ||
		mets->size != c->info_mets_size))
		tell(c, "digest_differs",
		    "dias-mets.xml is not the one that info.xml names");
}

static void
see_strangers(struct check *c, int dir, const char *tar)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *e;

	if (d == NULL) {
		sl_cleanup_close(&copy);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (sl_name_is_plain(e->d_name) &&
		    strcmp(e->d_name, tar) != 0 &&
		    strcmp(e->d_name, "info.xml") != 0)
			tell(c, "unlisted", "%s lies beside the package",
			    e->d_name);
	(void)closedir(d);
}

static void
free_check(struct check *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->item[i].path);
	free(c->item);
	for (i = 0; i < DOCS; i++)
		if (c->doc[i] != NULL)
			(void)fclose(c->doc[i]);
}

enum sl_rc
sl_dias_check_tar(int fd, const char *uuid, sl_dias_fault_fn *fn, void *arg,
    struct sl_dias_checked *ret, struct sl_err *err)
{
	struct check c = {.fn = fn, .arg = arg, .made = ret};
	struct sl_digest digest;
	uint64_t size;
	enum sl_rc rc;

	memset(ret, 0, sizeof(*ret));
	(void)snprintf(ret->uuid, sizeof(ret->uuid), "%s", uuid);
	rc = read_package(&c, fd, &digest, &size, err);
	if (rc == SL_OK)
		compare_all(&c);
	free_check(&c);
	return rc;
}

enum sl_rc
sl_dias_check(const char *dir, sl_dias_fault_fn *fn, void *arg,
    struct sl_dias_checked *ret, struct sl_err *err)
{
	struct check c = {.fn = fn, .arg = arg, .made = ret};
	SL_CLOSE int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SL_CLOSE int fd = -1;
	struct info in = {0};
	struct sl_digest digest;
	uint64_t size;
	enum sl_rc rc;

	memset(ret, 0, sizeof(*ret));
	if (at < 0)
		return sl_err_set(err, SL_BROKEN, errno, "no_package",
		    "the folder cannot be opened");
	rc = read_info(&c, at, &in, err);
	if (rc == SL_OK) {
		fd = openat(
		    at, in.tar, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			rc = sl_err_set(err, SL_BROKEN, errno, "no_package",
			    "%s cannot be opened", in.tar);
	}
	if (rc == SL_OK)
		rc = read_package(&c, fd, &digest, &size, err);
	if (rc == SL_OK) {
		compare_all(&c);
		see_tar(&c, &in, &digest, size);
		see_strangers(&c, at, in.tar);
	}
	free_check(&c);
	return rc;
}
