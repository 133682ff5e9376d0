/*
 * Validity by the schemas that are inside the program.
 *
 * SECURITY: libxml2 with no network, no DTD, no entities. A document is read
 * node by node.
 */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlreader.h>
#include <libxml/xmlschemas.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../xsd/xsd.h"
#include "dias.h"

#define READ_FLAGS (XML_PARSE_NONET | XML_PARSE_COMPACT)

static const char *const names[SL_DIAS_SCHEMAS] = {
    [SL_DIAS_METS] = "mets.xsd",
    [SL_DIAS_INFO] = "submissionDescription.xsd",
    [SL_DIAS_PREMIS] = "DIAS_PREMIS.xsd",
    [SL_DIAS_ADDML] = "addml.xsd",
};

struct sl_dias_reader {
	xmlTextReaderPtr xml;
	int fd;
	off_t at;
	uint64_t faults;
	int last; /* what the last read gave: libxml2 must not read on then */
	char first[200];
};

struct sl_slice
sl_dias_xsd(enum sl_dias_schema which)
{
	const struct sl_schema *s = sl_schema_find(names[which]);

	return (struct sl_slice){s->p, (uint32_t)s->n};
}

static void
quiet(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

static void
fault(void *arg, xmlErrorPtr e)
{
	struct sl_dias_reader *r = arg;
	size_t n;

	if (e->level < XML_ERR_ERROR)
		return;
	if (r->faults++ > 0)
		return;
	(void)snprintf(r->first, sizeof(r->first), "line %d: %.*s", e->line,
	    (int)sizeof(r->first) - 24, e->message != NULL ? e->message : "");
	n = strlen(r->first);
	if (n > 0 && r->first[n - 1] == '\n')
		r->first[n - 1] = '\0';
}

static int
read_bytes(void *arg, char *p, int n)
{
	struct sl_dias_reader *r = arg;
	ssize_t got = sl_pread_full(r->fd, p, (size_t)n, (uint64_t)r->at);

	if (got > 0)
		r->at += got;
	return (int)got;
}

struct sl_dias_reader *
sl_dias_reader_new(int fd, enum sl_dias_schema which)
{
	struct sl_dias_reader *r = sl_alloc(sizeof(*r));
	xmlSchemaPtr schema;

	xmlInitParser();
	r->fd = fd;
	r->last = 1;
	r->xml = xmlReaderForIO(read_bytes, NULL, r, NULL, NULL, READ_FLAGS);
	if (sl_schema_load(sl_schema_find(names[which]), &schema, NULL) !=
		SL_OK ||
	    r->xml == NULL || xmlTextReaderSetSchema(r->xml, schema) != 0) {
		sl_dias_reader_free(r);
		return NULL;
	}
	/* Not the reader's own handler: of a document that is no XML, libxml2
	 * 2.9 hands that the schema's state for the parser's. */
	xmlSetStructuredErrorFunc(r, (xmlStructuredErrorFunc)fault);
	xmlSetGenericErrorFunc(NULL, quiet);
	return r;
}

struct _xmlTextReader *
sl_dias_reader_xml(struct sl_dias_reader *r)
{
	return r->xml;
}

bool
sl_dias_reader_next(struct sl_dias_reader *r)
{
	if (r->last == 1)
		r->last = xmlTextReaderRead(r->xml);
	if (r->last == 1 &&
	    xmlTextReaderNodeType(r->xml) == XML_READER_TYPE_ENTITY_REFERENCE &&
	    r->faults++ == 0)
		(void)snprintf(
		    r->first, sizeof(r->first), "it leaves text to an entity");
	return r->last == 1;
}

bool
sl_dias_reader_end(struct sl_dias_reader *r, char *text, size_t cap)
{
	while (sl_dias_reader_next(r))
		continue;
	if (r->last == 0 && r->faults == 0 && xmlTextReaderIsValid(r->xml) == 1)
		return true;
	(void)snprintf(text, cap, "%s",
	    *r->first != '\0' ? r->first : "it cannot be read as XML");
	return false;
}

void
sl_dias_reader_free(struct sl_dias_reader *r)
{
	if (r == NULL)
		return;
	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlSetGenericErrorFunc(NULL, NULL);
	xmlFreeTextReader(r->xml);
	free(r);
}

enum sl_rc
sl_dias_validate(
    int fd, enum sl_dias_schema which, const char *name, struct sl_err *err)
{
	struct sl_dias_reader *r = sl_dias_reader_new(fd, which);
	char text[200];
	bool ok;

	if (r == NULL)
		return sl_err_set(err, SL_FATAL, 0, "internal",
		    "the schema of %s cannot be read", name);
	ok = sl_dias_reader_end(r, text, sizeof(text));
	sl_dias_reader_free(r);
	if (ok)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, 0, "not_valid",
	    "%s would not be valid: %s", name, text);
}
