#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "asic.h"

xmlDocPtr
asic_xml(const uint8_t *p, size_t n)
{
	xmlDocPtr doc =
	    n <= ASIC_META_MAX
		? xmlReadMemory((const char *)p, (int)n, "", NULL,
		      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
		: NULL;

	/* Nobody signs with a DTD; who sends one has other plans. */
	if (doc &&
	    (doc->intSubset || doc->extSubset || !xmlDocGetRootElement(doc))) {
		xmlFreeDoc(doc);
		return NULL;
	}
	return doc;
}

bool
xml_is(xmlNodePtr e, const char *space, const char *name)
{
	return e && e->type == XML_ELEMENT_NODE &&
	       strcmp((const char *)e->name, name) == 0 && e->ns &&
	       e->ns->href && strstr((const char *)e->ns->href, space);
}

static xmlNodePtr
first(xmlNodePtr e, const char *space, const char *name)
{
	while (e && !xml_is(e, space, name))
		e = e->next;
	return e;
}

xmlNodePtr
xml_child(xmlNodePtr e, const char *space, const char *name)
{
	return e ? first(e->children, space, name) : NULL;
}

xmlNodePtr
xml_next(xmlNodePtr e, const char *space, const char *name)
{
	return first(e->next, space, name);
}

xmlNodePtr
xml_find(xmlNodePtr top, const char *space, const char *name)
{
	xmlNodePtr e = top;

	while (e) {
		if (e != top && xml_is(e, space, name))
			return e;
		if (e->type == XML_ELEMENT_NODE && e->children) {
			e = e->children;
			continue;
		}
		while (e && e != top && !e->next)
			e = e->parent;
		if (!e || e == top)
			break;
		e = e->next;
	}
	return NULL;
}

static void
take(xmlChar *s, char *out, size_t cap)
{
	const char *p = (const char *)s;
	size_t n;

	out[0] = '\0';
	if (!s)
		return;
	p += strspn(p, " \t\r\n");
	n = strlen(p);
	while (n > 0 && strchr(" \t\r\n", p[n - 1]))
		n--;
	if (n < cap) {
		memcpy(out, p, n);
		out[n] = '\0';
	}
	xmlFree(s);
}

void
xml_get(xmlNodePtr e, const char *name, char *out, size_t cap)
{
	take(e ? xmlGetNoNsProp(e, (const xmlChar *)name) : NULL, out, cap);
}

void
xml_text(xmlNodePtr e, char *out, size_t cap)
{
	take(e ? xmlNodeGetContent(e) : NULL, out, cap);
}

static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

uint8_t *
xml_base64(xmlNodePtr e, size_t max, size_t *ret_n)
{
	xmlChar *s = e ? xmlNodeGetContent(e) : NULL;
	size_t len = s ? strlen((const char *)s) : 0, i, n = 0;
	uint8_t *out =
	    len > 0 && len / 4 * 3 <= max + len / 16 + 3 ? malloc(len) : NULL;
	uint32_t bits = 0;
	unsigned have = 0;
	bool ok = out != NULL;
	int v;

	for (i = 0; ok && i < len && s[i] != '='; i++) {
		if (strchr(" \t\r\n", s[i]))
			continue;
		if ((v = sextet((char)s[i])) < 0)
			ok = false;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (ok && have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	xmlFree(s);
	if (ok && n > 0 && n <= max) {
		*ret_n = n;
		return out;
	}
	free(out);
	return NULL;
}
