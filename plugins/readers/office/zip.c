/*
 * Members of a package, and XML read as a stream out of them.
 *
 * libxml2 as a pull parser: no tree, no network, no entities, its own limits
 * left on.
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

int
package_open(struct sluse_doc *d)
{
	if (d->clear)
		d->zipread = (struct zipread){
		    .host = &d->clear_host, .s = (struct sluse_source *)d};
	else
		d->zipread = (struct zipread){.host = d->host, .s = d->s};
	return zipread_open(&d->zipread, &d->zip);
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
	return zipread_bytes(d->zip, i, max, ret);
}

int
package_part(struct sluse_doc *d, struct sluse_sink *k, zip_uint64_t i,
    const char *name, int role, const char *mime)
{
	struct sluse_part part = {
	    .size = sizeof(part), .name = name, .mime = mime, .role = role};

	return zipread_part(&d->zipread, d->zip, k, i, &part, NULL, NULL);
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
