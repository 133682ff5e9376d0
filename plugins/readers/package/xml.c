/*
 * XML as a stream of elements, by libxml2's SAX2 pushed chunk by chunk: no
 * tree, so that memory does not grow with the file.
 *
 * SECURITY: a DOCTYPE ends the parsing, hence no entities, no external subset,
 * no default attributes; depth, names and texts are limited; nothing is loaded.
 */
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package.h"

#define DEPTH_MAX 64
#define PATH_MAX_BYTES 1024
#define ATTR_MAX 512

struct xml {
	const struct xml_events *ev;
	void *arg;
	xmlParserCtxtPtr parser;
	bool bad, stopped, begun;
	const char *why; /* it was refused, or NULL */
	bool looking; /* only for what it is: a DOCTYPE is passed over */
	int depth;
	size_t cut_at[DEPTH_MAX + 1]; /* length of the path above each */
	bool leaf; /* nothing was begun in the element that is open */
	char path[PATH_MAX_BYTES];
	size_t path_n;
	char text[VALUE_MAX + 1];
	size_t text_n;
	const char *ns;
	const xmlChar **attrs; /* of the element begun */
	int attr_n;
	char attr[ATTR_MAX];
};

static void
refuse(struct xml *x, const char *why)
{
	x->bad = true;
	x->why = why;
	if (x->parser != NULL)
		xmlStopParser(x->parser);
}

/* Noark 5 called it basisregistrering up to version 3.1. */
static const char *
called(const char *name)
{
	return strcmp(name, "basisregistrering") == 0 ? "registrering" : name;
}

static void
on_begin(void *ctx, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int nb_namespaces, const xmlChar **namespaces,
    int nb_attributes, int nb_defaulted, const xmlChar **attributes)
{
	const char *s = called((const char *)name);
	struct xml *x = ctx;
	size_t n = strlen(s);

	(void)prefix;
	(void)nb_namespaces;
	(void)namespaces;
	(void)nb_defaulted;
	if (x->stopped || x->bad)
		return;
	if (x->depth == DEPTH_MAX || x->path_n + n + 2 > sizeof(x->path)) {
		refuse(x, "elements nested too deep");
		return;
	}
	x->cut_at[x->depth++] = x->path_n;
	if (x->path_n > 0)
		x->path[x->path_n++] = '/';
	memcpy(x->path + x->path_n, s, n + 1);
	x->path_n += n;
	x->leaf = true;
	x->text_n = 0;
	x->ns = uri != NULL ? (const char *)uri : "";
	x->attrs = attributes;
	x->attr_n = nb_attributes;
	x->ev->begin(x->arg, x, s);
	x->attrs = NULL;
	x->attr_n = 0;
}

static const char *
trim(struct xml *x)
{
	char *p = x->text;

	while (x->text_n > 0 && (uint8_t)x->text[x->text_n - 1] <= ' ')
		x->text_n--;
	x->text[x->text_n] = '\0';
	while (*p != '\0' && (uint8_t)*p <= ' ')
		p++;
	return p;
}

static void
on_end(
    void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct xml *x = ctx;

	(void)prefix;
	(void)uri;
	if (x->stopped || x->bad || x->depth == 0)
		return;
	x->ev->end(x->arg, x, called((const char *)name),
	    x->leaf ? trim(x) : "", x->leaf);
	x->leaf = false;
	x->text_n = 0;
	x->path_n = x->cut_at[--x->depth];
	x->path[x->path_n] = '\0';
}

static void
on_text(void *ctx, const xmlChar *p, int len)
{
	struct xml *x = ctx;
	size_t n = len > 0 ? (size_t)len : 0, room;

	if (x->stopped || x->bad ||
	    (x->ev->data != NULL && x->ev->data(x->arg, x, (const char *)p, n)))
		return;
	room = VALUE_MAX - x->text_n;
	if (n > room)
		for (n = room; n > 0 && (p[n] & 0xC0) == 0x80;)
			n--;
	memcpy(x->text + x->text_n, p, n);
	x->text_n += n;
	if (n < (size_t)len)
		x->text[x->text_n] = '\0';
}

/* Any DOCTYPE: no description of a package needs one. */
static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
    const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	if (!((struct xml *)ctx)->looking)
		refuse(ctx, "a document type declaration");
}

static xmlEntityPtr
on_entity(void *ctx, const xmlChar *name)
{
	(void)ctx;
	return xmlGetPredefinedEntity(name);
}

__attribute__((format(printf, 2, 3))) static void
on_error(void *ctx, const char *text, ...)
{
	/* What it says holds words of the document. */
	(void)ctx;
	(void)text;
}

static xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC,
    .internalSubset = on_doctype,
    .externalSubset = on_doctype,
    .getEntity = on_entity,
    .getParameterEntity = on_entity,
    .startElementNs = on_begin,
    .endElementNs = on_end,
    .characters = on_text,
    .ignorableWhitespace = on_text,
    .cdataBlock = on_text,
    .warning = on_error,
    .error = on_error,
    .fatalError = on_error};

struct xml *
xml_new(const struct xml_events *ev, void *arg)
{
	struct xml *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->ev = ev;
	x->arg = arg;
	x->ns = "";
	return x;
}

/* Its first bytes tell the parser the encoding. */
static bool
start(struct xml *x, const void *p, size_t n)
{
	x->parser = xmlCreatePushParserCtxt(&handler, x, p, (int)n, NULL);
	if (x->parser == NULL)
		return false;
	(void)xmlCtxtUseOptions(x->parser, XML_PARSE_NONET | XML_PARSE_NOERROR |
					       XML_PARSE_NOWARNING |
					       XML_PARSE_NODICT);
	return true;
}

void
xml_look(struct xml *x)
{
	x->looking = true;
}

bool
xml_push(struct xml *x, const void *p, size_t n)
{
	size_t head = 0;

	if (x->bad)
		return false;
	if (x->stopped || n == 0)
		return true;
	if (!x->begun) {
		x->begun = true;
		head = n < 4 ? n : 4;
		if (!start(x, p, head)) {
			x->bad = true;
			return false;
		}
	}
	if (n > head)
		(void)xmlParseChunk(
		    x->parser, (const char *)p + head, (int)(n - head), 0);
	/* Not its result: a namespace that is not declared is none of ours. */
	if (!x->stopped && x->parser->wellFormed == 0)
		x->bad = true;
	return !x->bad;
}

bool
xml_finish(struct xml *x)
{
	if (x->bad || !x->begun)
		return false;
	if (x->stopped)
		return true;
	(void)xmlParseChunk(x->parser, NULL, 0, 1);
	return !x->bad && x->parser->wellFormed != 0 && x->depth == 0;
}

void
xml_free(struct xml *x)
{
	if (x == NULL)
		return;
	if (x->parser != NULL) {
		if (x->parser->myDoc != NULL)
			xmlFreeDoc(x->parser->myDoc);
		xmlFreeParserCtxt(x->parser);
	}
	free(x);
}

const char *
xml_fault(const struct xml *x)
{
	return x != NULL && x->why != NULL ? x->why : "not well-formed";
}

void
xml_stop(struct xml *x)
{
	x->stopped = true;
	xmlStopParser(x->parser);
}

const char *
xml_path(const struct xml *x)
{
	return x->path;
}

bool
xml_at(const struct xml *x, const char *names)
{
	size_t n = strlen(names);

	return n <= x->path_n &&
	       memcmp(x->path + x->path_n - n, names, n) == 0 &&
	       (n == x->path_n || x->path[x->path_n - n - 1] == '/');
}

void
xml_keep(const struct xml *x, const struct place *rows, size_t n,
    const char *text, void *state, struct model *m)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!xml_at(x, rows[i].at))
			continue;
		if (rows[i].size > 0)
			text_copy(
			    (char *)state + rows[i].offset, rows[i].size, text);
		return;
	}
	model_unused(m, xml_path(x));
}

const char *
xml_namespace(const struct xml *x)
{
	return x->ns;
}

const char *
xml_attr(struct xml *x, const char *name)
{
	const xmlChar **a;
	size_t n;
	int i;

	for (i = 0; i < x->attr_n; i++) {
		a = &x->attrs[(size_t)i * 5];
		if (strcmp((const char *)a[0], name) != 0)
			continue;
		n = (size_t)(a[4] - a[3]);
		if (n >= sizeof(x->attr))
			n = sizeof(x->attr) - 1;
		while (n > 0 && n == sizeof(x->attr) - 1 &&
		       (a[3][n] & 0xC0) == 0x80)
			n--;
		memcpy(x->attr, a[3], n);
		x->attr[n] = '\0';
		return x->attr;
	}
	return NULL;
}
