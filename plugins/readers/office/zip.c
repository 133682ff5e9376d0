/*
 * Members of a package, and XML read as a stream out of them.
 *
 * libzip, since it finds members by name and reads through callbacks; the
 * archives of daemon/unpack are read by libarchive, which goes through all
 * members for each one. libxml2 as a pull parser: no tree, no network, no
 * entities, its own limits left on.
 * SECURITY: at most OFFICE_XML_MAX bytes of a member are inflated.
 */
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "office.h"

struct xml {
	struct sluse_doc *d;
	zip_file_t *f;
	xmlTextReaderPtr r;
	uint64_t left;
	bool skipping, failed;
};

/* -- the zip ----------------------------------------------------------------
 */

static zip_int64_t
on_zip(void *arg, void *p, zip_uint64_t n, zip_source_cmd_t cmd)
{
	struct sluse_doc *d = arg;
	int64_t got;

	switch ((int)cmd) {
	case ZIP_SOURCE_OPEN:
		d->at = 0;
		return 0;
	case ZIP_SOURCE_READ:
		got = d->host->read_at(d->s, p, (size_t)n, d->at);
		d->at += got > 0 ? (uint64_t)got : 0;
		return got;
	case ZIP_SOURCE_STAT:
		zip_stat_init(p);
		((zip_stat_t *)p)->size = d->host->length(d->s);
		((zip_stat_t *)p)->valid = ZIP_STAT_SIZE;
		return sizeof(zip_stat_t);
	case ZIP_SOURCE_SEEK: {
		zip_int64_t to = zip_source_seek_compute_offset(
		    d->at, d->host->length(d->s), p, n, NULL);

		if (to < 0)
			return -1;
		d->at = (uint64_t)to;
		return 0;
	}
	case ZIP_SOURCE_TELL:
		return (zip_int64_t)d->at;
	case ZIP_SOURCE_ERROR:
		memset(p, 0, 2 * sizeof(int));
		return 2 * sizeof(int);
	case ZIP_SOURCE_SUPPORTS:
		return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN,
		    ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
		    ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK,
		    ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
	default:
		return 0;
	}
}

int
package_open(struct sluse_doc *d)
{
	zip_error_t e;
	zip_source_t *src;
	int code;

	zip_error_init(&e);
	src = zip_source_function_create(on_zip, d, &e);
	d->zip = src ? zip_open_from_source(src, ZIP_RDONLY, &e) : NULL;
	code = zip_error_code_zip(&e);
	if (!d->zip && src)
		zip_source_free(src);
	zip_error_fini(&e);
	if (d->zip)
		return SLUSE_READ_OK;
	if (code == ZIP_ER_NOZIP)
		return SLUSE_READ_INCOMPLETE; /* the directory is at the end */
	return code == ZIP_ER_MEMORY ? SLUSE_READ_LIMIT : SLUSE_READ_DAMAGED;
}

static zip_int64_t
locate(struct sluse_doc *d, const char *name)
{
	zip_int64_t i;

	if (*name == '/')
		name++;
	i = zip_name_locate(d->zip, name, 0);
	/* case differs in what some programs write */
	return i >= 0 ? i : zip_name_locate(d->zip, name, ZIP_FL_NOCASE);
}

bool
package_has(struct sluse_doc *d, const char *name)
{
	return locate(d, name) >= 0;
}

static uint64_t
most(struct sluse_doc *d)
{
	uint64_t max = d->host->limits ? d->host->limits->bytes_max : 0;

	return max && max < OFFICE_XML_MAX ? max : OFFICE_XML_MAX;
}

uint8_t *
package_bytes(struct sluse_doc *d, zip_uint64_t i, size_t max, size_t *ret)
{
	zip_stat_t st;
	zip_file_t *f;
	uint8_t *p;
	zip_int64_t got;
	size_t n = 0;

	if (zip_stat_index(d->zip, i, 0, &st) != 0 || st.size > max)
		return NULL;
	p = malloc((size_t)st.size + 1);
	f = p ? zip_fopen_index(d->zip, i, 0) : NULL;
	while (f && n < st.size && (got = zip_fread(f, p + n, st.size - n)) > 0)
		n += (size_t)got;
	if (!f) {
		free(p);
		return NULL;
	}
	(void)zip_fclose(f);
	*ret = n;
	return p;
}

int
package_part(struct sluse_doc *d, struct sluse_sink *k, zip_uint64_t i,
    const char *name, int role, const char *mime)
{
	struct sluse_part part = {
	    .size = sizeof(part), .name = name, .mime = mime, .role = role};
	uint64_t max = d->host->limits ? d->host->limits->bytes_max : 0;
	zip_file_t *f = zip_fopen_index(d->zip, i, 0);
	zip_int64_t n;
	uint64_t sum = 0;
	char b[16384];
	int rc;

	if (!f) {
		part.role = SLUSE_PART_SKIPPED;
		d->host->note(k, "part_damaged", NULL);
	}
	rc = d->host->part_begin(k, &part);
	while (!rc && f && (n = zip_fread(f, b, sizeof(b))) != 0) {
		if (n < 0) {
			d->host->note(k, "part_damaged", NULL);
			break;
		}
		sum += (uint64_t)n;
		rc = (max && sum > max) || d->host->part_write(k, b, (size_t)n);
	}
	if (!rc)
		rc = d->host->part_end(k);
	if (f)
		(void)zip_fclose(f);
	return rc;
}

/* -- XML --------------------------------------------------------------------
 */

static int
on_read(void *arg, char *p, int n)
{
	struct xml *x = arg;
	zip_int64_t got;

	if (n > 0 && (uint64_t)n > x->left)
		n = (int)x->left;
	if (n <= 0)
		return 0;
	got = zip_fread(x->f, p, (zip_uint64_t)n);
	if (got > 0)
		x->left -= (uint64_t)got;
	if (x->left == 0)
		x->d->cut = true;
	return got < 0 ? -1 : (int)got;
}

static void
on_error(void *arg, xmlErrorPtr e)
{
	struct xml *x = arg;

	if (e && e->level >= XML_ERR_ERROR && e->domain != XML_FROM_NAMESPACE)
		x->failed = true;
}

struct xml *
xml_open(struct sluse_doc *d, const char *name)
{
	zip_int64_t i = locate(d, name);
	struct xml *x;

	if (i < 0 || !(x = calloc(1, sizeof(*x))))
		return NULL;
	x->d = d;
	x->left = most(d);
	x->f = zip_fopen_index(d->zip, (zip_uint64_t)i, 0);
	if (x->f)
		x->r = xmlReaderForIO(on_read, NULL, x, "", NULL,
		    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			XML_PARSE_RECOVER);
	if (!x->r) {
		x->failed = true;
		xml_close(x);
		return NULL;
	}
	xmlTextReaderSetStructuredErrorHandler(x->r, on_error, x);
	return x;
}

void
xml_close(struct xml *x)
{
	if (!x)
		return;
	if (x->failed)
		x->d->damaged = true;
	if (x->r)
		xmlFreeTextReader(x->r);
	if (x->f)
		(void)zip_fclose(x->f);
	free(x);
}

bool
xml_read(struct xml *x)
{
	int rc;

	if (x->skipping)
		rc = xmlTextReaderNext(x->r);
	else
		rc = xmlTextReaderRead(x->r);
	x->skipping = false;
	if (rc < 0)
		x->failed = true;
	return rc == 1;
}

int
xml_type(struct xml *x)
{
	return xmlTextReaderNodeType(x->r);
}

int
xml_depth(struct xml *x)
{
	return xmlTextReaderDepth(x->r);
}

bool
xml_empty(struct xml *x)
{
	return xmlTextReaderIsEmptyElement(x->r) == 1;
}

const char *
xml_name(struct xml *x)
{
	const xmlChar *n = xmlTextReaderConstLocalName(x->r);

	return n ? (const char *)n : "";
}

bool
xml_is(struct xml *x, const char *name)
{
	return strcmp(xml_name(x), name) == 0;
}

const char *
xml_value(struct xml *x)
{
	const xmlChar *v = xmlTextReaderConstValue(x->r);

	return v ? (const char *)v : "";
}

char *
xml_attr_ns(struct xml *x, const char *name, const char *space)
{
	char *ret = NULL;

	if (xmlTextReaderHasAttributes(x->r) != 1)
		return NULL;
	while (!ret && xmlTextReaderMoveToNextAttribute(x->r) == 1) {
		const xmlChar *uri = xmlTextReaderConstNamespaceUri(x->r);

		if (xml_is(x, name) &&
		    (!space || (uri && strstr((const char *)uri, space))))
			ret = (char *)xmlTextReaderValue(x->r);
	}
	(void)xmlTextReaderMoveToElement(x->r);
	return ret;
}

char *
xml_attr(struct xml *x, const char *name)
{
	return xml_attr_ns(x, name, NULL);
}

void
xml_skip(struct xml *x)
{
	x->skipping = true;
}
