/*
 * The schemas. An import of one by another finds it here.
 */
#include "schemas.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

/* clang-format off */
#define INCLUDE(symbol, path)                                                  \
	extern const char symbol[], symbol##_end[];                            \
	__asm__(".section .rodata\n"                                           \
		".global " #symbol "\n"                                        \
		".type " #symbol ", @object\n" #symbol ":\n"                   \
		".incbin \"schemas/noark5/" path "\"\n"                        \
		".global " #symbol "_end\n" #symbol "_end:\n"                  \
		".byte 0\n"                                                    \
		".size " #symbol ", . - " #symbol "\n"                         \
		".previous\n")
INCLUDE(sl_xsd_addml, "addml.xsd");
INCLUDE(sl_xsd_arkivstruktur, "arkivstruktur.xsd");
INCLUDE(sl_xsd_metadatakatalog, "metadatakatalog.xsd");
INCLUDE(sl_xsd_endringslogg, "endringslogg.xsd");
INCLUDE(sl_xsd_loependeJournal, "loependeJournal.xsd");
INCLUDE(sl_xsd_offentligJournal, "offentligJournal.xsd");
/* clang-format on */

static struct sl_schema schemas[] = {{"addml.xsd", sl_xsd_addml, 0},
    {"arkivstruktur.xsd", sl_xsd_arkivstruktur, 0},
    {"metadatakatalog.xsd", sl_xsd_metadatakatalog, 0},
    {"endringslogg.xsd", sl_xsd_endringslogg, 0},
    {"loependeJournal.xsd", sl_xsd_loependeJournal, 0},
    {"offentligJournal.xsd", sl_xsd_offentligJournal, 0}};
static const char *const ends[] = {sl_xsd_addml_end, sl_xsd_arkivstruktur_end,
    sl_xsd_metadatakatalog_end, sl_xsd_endringslogg_end,
    sl_xsd_loependeJournal_end, sl_xsd_offentligJournal_end};
#define SCHEMAS (sizeof(schemas) / sizeof(schemas[0]))

const struct sl_schema *
sl_schema_at(size_t i)
{
	if (i >= SCHEMAS)
		return NULL;
	schemas[i].n = (size_t)(ends[i] - schemas[i].p);
	return &schemas[i];
}

const struct sl_schema *
sl_schema_find(const char *name)
{
	const struct sl_schema *s;
	size_t i;

	for (i = 0; (s = sl_schema_at(i)) != NULL; i++)
		if (strcmp(s->name, name) == 0)
			return s;
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
