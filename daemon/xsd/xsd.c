/*
 * The schemas.
 *
 * SECURITY: libxml2 with no network and no file: a schema that names another
 * gets it from here.
 */
#include "xsd.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

/* clang-format off */
#define INCLUDE(symbol, path)                                                  \
	extern const char symbol[], symbol##_end[];                            \
	__asm__(".section .rodata\n"                                           \
		".global " #symbol "\n"                                        \
		".type " #symbol ", @object\n" #symbol ":\n"                   \
		".incbin \"schemas/" path "\"\n"                        \
		".global " #symbol "_end\n" #symbol "_end:\n"                  \
		".byte 0\n"                                                    \
		".size " #symbol ", . - " #symbol "\n"                         \
		".previous\n")
INCLUDE(sl_xsd_addml, "noark5/addml.xsd");
INCLUDE(sl_xsd_arkivstruktur, "noark5/arkivstruktur.xsd");
INCLUDE(sl_xsd_metadatakatalog, "noark5/metadatakatalog.xsd");
INCLUDE(sl_xsd_endringslogg, "noark5/endringslogg.xsd");
INCLUDE(sl_xsd_loependeJournal, "noark5/loependeJournal.xsd");
INCLUDE(sl_xsd_offentligJournal, "noark5/offentligJournal.xsd");
INCLUDE(sl_xsd_mets, "dias/mets.xsd");
INCLUDE(sl_xsd_info, "dias/submissionDescription.xsd");
INCLUDE(sl_xsd_premis, "dias/DIAS_PREMIS.xsd");
INCLUDE(sl_xsd_xlink, "dias/xlink.xsd");
/* clang-format on */

#define NOARK5 6

static struct sl_schema schemas[] = {{"addml.xsd", sl_xsd_addml, 0},
    {"arkivstruktur.xsd", sl_xsd_arkivstruktur, 0},
    {"metadatakatalog.xsd", sl_xsd_metadatakatalog, 0},
    {"endringslogg.xsd", sl_xsd_endringslogg, 0},
    {"loependeJournal.xsd", sl_xsd_loependeJournal, 0},
    {"offentligJournal.xsd", sl_xsd_offentligJournal, 0},
    {"mets.xsd", sl_xsd_mets, 0}, {"submissionDescription.xsd", sl_xsd_info, 0},
    {"DIAS_PREMIS.xsd", sl_xsd_premis, 0}, {"xlink.xsd", sl_xsd_xlink, 0}};
static const char *const ends[] = {sl_xsd_addml_end, sl_xsd_arkivstruktur_end,
    sl_xsd_metadatakatalog_end, sl_xsd_endringslogg_end,
    sl_xsd_loependeJournal_end, sl_xsd_offentligJournal_end, sl_xsd_mets_end,
    sl_xsd_info_end, sl_xsd_premis_end, sl_xsd_xlink_end};
#define SCHEMAS (sizeof(schemas) / sizeof(schemas[0]))

static const struct sl_schema *
schema_at(size_t i)
{
	schemas[i].n = (size_t)(ends[i] - schemas[i].p);
	return &schemas[i];
}

const struct sl_schema *
sl_schema_noark5(size_t i)
{
	return i < NOARK5 ? schema_at(i) : NULL;
}

const struct sl_schema *
sl_schema_find(const char *name)
{
	size_t i;

	for (i = 0; i < SCHEMAS; i++)
		if (strcmp(schemas[i].name, name) == 0)
			return schema_at(i);
	return NULL;
}

void
sl_schema_digest(const struct sl_schema *s, struct sl_digest *ret)
{
	sl_sha256(s->p, s->n, ret);
}

static xmlParserInputPtr
load_entity(const char *url, const char *id, xmlParserCtxtPtr ctx)
{
	const char *slash = url != NULL ? strrchr(url, '/') : NULL;
	const struct sl_schema *s =
	    url != NULL ? sl_schema_find(slash != NULL ? slash + 1 : url)
			: NULL;
	xmlParserInputBufferPtr b;

	(void)id;
	if (s == NULL)
		return NULL;
	b = xmlParserInputBufferCreateMem(
	    s->p, (int)s->n, XML_CHAR_ENCODING_NONE);
	return b != NULL ? xmlNewIOInputStream(ctx, b, XML_CHAR_ENCODING_NONE)
			 : NULL;
}

static void
say_nothing(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

enum sl_rc
sl_schema_load(const struct sl_schema *s, xmlSchemaPtr *ret, struct sl_err *err)
{
	static xmlSchemaPtr loaded[SCHEMAS];
	size_t i = (size_t)(s - schemas);
	xmlSchemaParserCtxtPtr ctx;

	xmlSetExternalEntityLoader(load_entity);
	xmlSetGenericErrorFunc(NULL, say_nothing);
	*ret = loaded[i];
	if (*ret != NULL)
		return SL_OK;
	ctx = xmlSchemaNewMemParserCtxt(s->p, (int)s->n);
	if (ctx != NULL) {
		xmlSchemaSetParserErrors(ctx, say_nothing, say_nothing, NULL);
		*ret = loaded[i] = xmlSchemaParse(ctx);
		xmlSchemaFreeParserCtxt(ctx);
	}
	if (*ret != NULL)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, 0, "internal",
	    "%s cannot be made ready to validate with", s->name);
}
