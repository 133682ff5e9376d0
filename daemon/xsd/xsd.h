/*
 * The schemas as they lie in schemas/noark5 and schemas/dias, inside the
 * program. An import of one by another finds it here, or not at all.
 */
#ifndef SL_XSD_XSD_H
#define SL_XSD_XSD_H

#include <libxml/xmlschemas.h>

#include "../base/err.h"
#include "../base/hash.h"

struct sl_schema {
	const char *name; /* "arkivstruktur.xsd" */
	const char *p;
	size_t n;
};
/* Those of Noark 5; i from 0; NULL at the end. */
const struct sl_schema *sl_schema_noark5(size_t i);
/* NULL: there is none of that name. */
const struct sl_schema *sl_schema_find(const char *name);
void sl_schema_digest(const struct sl_schema *s, struct sl_digest *ret);
/* Ready to validate with; lent for as long as the process lives. SL_FATAL: it
 * cannot be parsed. No file and no network is asked: from the first call on the
 * process loads no external entity but these. */
enum sl_rc sl_schema_load(
    const struct sl_schema *s, xmlSchemaPtr *ret, struct sl_err *err);

#endif
