#include "roles.h"

#include <stddef.h>
#include <string.h>

const char *
sl_field_name(unsigned field)
{
	switch (field) {
#define SL_FIELD(number, name, en, nb)                                         \
	case number:                                                           \
		return #name;
#include "fields.def"
#undef SL_FIELD
	default:
		return NULL;
	}
}

unsigned
sl_field_by_name(const char *s)
{
#define SL_FIELD(number, name, en, nb)                                         \
	if (strcmp(s, #name) == 0)                                             \
		return number;
#include "fields.def"
#undef SL_FIELD
	return 0;
}

const char *
sl_field_source_name(unsigned source)
{
	static const char *const names[] = {
	    [SL_SOURCE_TEXT] = "text",
	    [SL_SOURCE_OCR] = "ocr",
	    [SL_SOURCE_HEADER] = "header",
	    [SL_SOURCE_SIDECAR] = "sidecar",
	    [SL_SOURCE_NAME] = "name",
	    [SL_SOURCE_PERSON] = "person",
	    [SL_SOURCE_QUEUE] = "queue",
	    [SL_SOURCE_PACKAGE] = "package",
	};

	if (source >= sizeof(names) / sizeof(names[0]) || names[source] == NULL)
		return "unknown";
	return names[source];
}

const char *
sl_basis_name(unsigned basis)
{
	static const char *const names[] = {[SL_BASIS_NONE] = "none",
	    [SL_BASIS_SIGNATURE] = "signature",
	    [SL_BASIS_CONTAINER] = "container",
	    [SL_BASIS_EXTENSION] = "extension",
	    [SL_BASIS_TEXT] = "text"};

	return basis < sizeof(names) / sizeof(names[0]) ? names[basis] : "none";
}
