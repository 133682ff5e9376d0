/*
 * Validity by the schemas that lie in schemas/, which are inside the program.
 *
 * SECURITY: libxml2 with no network, no DTD, no entities; a schema that names
 * another gets it from here or not at all. A document is read node by node.
 */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlreader.h>
#include <libxml/xmlschemas.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "dias.h"
#include "schemas.h"

#define XSD_FILE(name, path)                                                   \
	extern const char name[], name##_end[];                                \
	__asm__(".section .rodata\n"                                           \
		".global " #name "\n.global " #name "_end\n"                   \
		".type " #name ", @object\n" #name ":\n"                       \
		".incbin \"schemas/dias/" path "\"\n" #name "_end:\n"          \
		".byte 0\n"                                                    \
		".size " #name ", . - " #name "\n"                             \
		".previous\n")

XSD_FILE(sl_dias_xsd_mets, "mets.xsd");
XSD_FILE(sl_dias_xsd_info, "submissionDescription.xsd");
XSD_FILE(sl_dias_xsd_premis, "DIAS_PREMIS.xsd");
XSD_FILE(sl_dias_xsd_xlink, "xlink.xsd");

#define XLINK "http://www.loc.gov/standards/xlink/xlink.xsd"
#define READ_FLAGS (XML_PARSE_NONET | XML_PARSE_COMPACT)

static const struct xsd {
	const char *begin, *end;
} xsds[SL_DIAS_SCHEMAS] = {
    [SL_DIAS_METS] = {sl_dias_xsd_mets, sl_dias_xsd_mets_end},
    [SL_DIAS_INFO] = {sl_dias_xsd_info, sl_dias_xsd_info_end},
    [SL_DIAS_PREMIS] = {sl_dias_xsd_premis, sl_dias_xsd_premis_end},
};

struct sl_dias_reader {
	xmlTextReaderPtr xml;
	xmlSchemaPtr schema;
	int fd;
	off_t at;
	uint64_t faults;
	int last; /* what the last read gave: libxml2 must not read on then */
	char first[200];
};

struct sl_slice
sl_dias_xsd(enum sl_dias_schema which)
{
	const struct xsd *x = &xsds[which];
	const struct sl_schema *addml;

	if (which == SL_DIAS_ADDML) {
		addml = sl_schema_find("addml.xsd");
		return (struct sl_slice){addml->p, (uint32_t)addml->n};
	}
	return (struct sl_slice){x->begin, (uint32_t)(x->end - x->begin)};
}

/* The only other document there is. */
static xmlParserInputPtr
load_entity(const char *url, const char *id, xmlParserCtxtPtr ctxt)
{
	(void)id;
	if (url == NULL || strcmp(url, XLINK) != 0)
		return NULL;
	return xmlNewStringInputStream(
	    ctxt, (const xmlChar *)sl_dias_xsd_xlink);
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

static xmlSchemaPtr
load_schema(enum sl_dias_schema which)
{
	xmlExternalEntityLoader before = xmlGetExternalEntityLoader();
	struct sl_slice s = sl_dias_xsd(which);
	xmlSchemaParserCtxtPtr p = xmlSchemaNewMemParserCtxt(s.p, (int)s.n);
	xmlSchemaPtr schema = NULL;

	if (p == NULL)
		return NULL;
	xmlSetExternalEntityLoader(load_entity);
	xmlSchemaSetParserErrors(p, quiet, quiet, NULL);
	schema = xmlSchemaParse(p);
	xmlSchemaFreeParserCtxt(p);
	xmlSetExternalEntityLoader(before);
	return schema;
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

	xmlInitParser();
	r->fd = fd;
	r->last = 1;
	r->schema = load_schema(which);
	r->xml = xmlReaderForIO(read_bytes, NULL, r, NULL, NULL, READ_FLAGS);
	if (r->schema == NULL || r->xml == NULL ||
	    xmlTextReaderSetSchema(r->xml, r->schema) != 0) {
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
	xmlSchemaFree(r->schema);
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
