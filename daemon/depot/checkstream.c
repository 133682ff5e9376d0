/*
 * Streaming an XML file of the package, with its schema.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/mem.h"
#include "check.h"

#define XML_OPTIONS                                                            \
	(XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |           \
	    XML_PARSE_COMPACT | XML_PARSE_NOCDATA)
#define TEXT_MAX 65536

static const char *const names[] = {
#define SL_CHECK_NAME(name) #name,
#include "checknames.def"
#undef SL_CHECK_NAME
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static enum sl_check_name
find_name(const char *s)
{
	size_t low = 0, high = NAMES, mid;
	int cmp;

	while (low < high) {
		mid = (low + high) / 2;
		cmp = strcmp(s, names[mid]);
		if (cmp == 0)
			return (enum sl_check_name)(mid + 1);
		if (cmp < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return SL_N_other;
}

/* Where the present element begins. libxml2 keeps 16 bits of it; beyond, the
 * parser's own line, some kilobytes ahead, is the nearest there is. */
static unsigned long
line_of(struct sl_check_file *f)
{
	xmlNodePtr node = xmlTextReaderCurrentNode(f->r);
	long line = node != NULL ? xmlGetLineNo(node) : 0;

	if (line > 0 && line < 65535)
		return (unsigned long)line;
	return (unsigned long)xmlTextReaderGetParserLineNumber(f->r);
}

/* What libxml2 says may quote the file. Of "Element '{namespace}name': .." only
 * the name is kept, and of that only letters. */
static void
name_in(const char *message, char *out, size_t cap)
{
	static const char before[] = "Element '";
	const char *p = message != NULL ? strstr(message, before) : NULL;
	size_t n = 0;

	if (p != NULL) {
		p += sizeof(before) - 1;
		if (*p == '{') {
			p += strcspn(p, "}'");
			p += *p != '\0'; /* a long message is cut */
		}
		while (n + 1 < cap && isalpha((unsigned char)p[n]))
			n++;
		memcpy(out, p, n);
	}
	out[n] = '\0';
}

static void
on_error(void *arg, xmlErrorPtr e)
{
	struct sl_check_file *f = arg;
	unsigned long line;
	char name[48];

	if (e == NULL || e->level < XML_ERR_ERROR)
		return;
	line = e->line > 0 && e->line < 65535 ? (unsigned long)e->line
					      : line_of(f);
	name_in(e->message, name, sizeof(name));
	if (e->domain == XML_FROM_SCHEMASV)
		sl_check_error(f->c, 3, f->name, line, "",
		    "%s er ikke slik skjemaet vil ha det",
		    name[0] != '\0' ? name : "et element");
	else
		sl_check_error(
		    f->c, 3, f->name, line, "", "ikke velformet XML");
}

static enum sl_rc
take_end(struct sl_check_file *f, struct sl_err *err)
{
	int d = f->depth;
	const char *s = sl_buf_str(&f->text);
	enum sl_rc rc = SL_OK;

	if (s[strspn(s, " \t\r\n")] != '\0')
		f->filled[d] = true;
	f->line = line_of(f);
	if (!f->filled[d])
		sl_check_error(f->c, 63, f->name, f->line, "", "%s er tomt",
		    (const char *)xmlTextReaderConstLocalName(f->r));
	if (f->end != NULL)
		rc = f->end(
		    f, f->path[d], d > 0 ? f->path[d - 1] : SL_N_other, s, err);
	sl_buf_reset(&f->text);
	return rc;
}

static enum sl_rc
take_start(struct sl_check_file *f, struct sl_err *err)
{
	const char *name = (const char *)xmlTextReaderConstLocalName(f->r);
	int d = xmlTextReaderDepth(f->r);
	xmlChar *type;
	const char *s = "";
	enum sl_rc rc = SL_OK;
	bool empty = xmlTextReaderIsEmptyElement(f->r) == 1;

	if (d < 0 || d >= (int)SL_CHECK_DEPTH)
		return sl_err_set(err, SL_BROKEN, 0, "limit_depth",
		    "%s is nested too deep", f->name);
	f->depth = d;
	f->path[d] = find_name(name != NULL ? name : "");
	f->filled[d] = false;
	if (d > 0)
		f->filled[d - 1] = true;
	f->line = line_of(f);
	sl_buf_reset(&f->text);
	type = xmlTextReaderGetAttributeNs(f->r, sl_xml("type"),
	    sl_xml("http://www.w3.org/2001/XMLSchema-instance"));
	if (type != NULL) {
		s = strrchr((const char *)type, ':');
		s = s != NULL ? s + 1 : (const char *)type;
	}
	if (f->start != NULL)
		rc = f->start(
		    f, f->path[d], d > 0 ? f->path[d - 1] : SL_N_other, s, err);
	xmlFree(type);
	return rc == SL_OK && empty ? take_end(f, err) : rc;
}

static enum sl_rc
take_node(struct sl_check_file *f, struct sl_err *err)
{
	const xmlChar *s;

	switch (xmlTextReaderNodeType(f->r)) {
	case XML_READER_TYPE_ELEMENT:
		return take_start(f, err);
	case XML_READER_TYPE_END_ELEMENT:
		f->depth = xmlTextReaderDepth(f->r);
		return take_end(f, err);
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
		s = xmlTextReaderConstValue(f->r);
		if (s != NULL)
			sl_buf_add(&f->text, s, strlen((const char *)s));
		return SL_OK;
	case XML_READER_TYPE_DOCUMENT_TYPE:
	case XML_READER_TYPE_ENTITY_REFERENCE:
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "%s has a document type: refused", f->name);
	default:
		return SL_OK;
	}
}

static enum sl_rc
read_all(
    struct sl_check_file *f, int fd, xmlSchemaPtr schema, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	int more = 0;

	f->r = xmlReaderForFd(fd, f->name, NULL, XML_OPTIONS);
	if (f->r == NULL)
		return sl_err_set(err, SL_FATAL, 0, "limit_memory",
		    "no memory to read %s", f->name);
	xmlTextReaderSetStructuredErrorHandler(f->r, on_error, f);
	if (schema != NULL)
		(void)xmlTextReaderSetSchema(f->r, schema);
	while (rc == SL_OK && (more = xmlTextReaderRead(f->r)) == 1)
		rc = take_node(f, err);
	if (rc == SL_OK && more != 0 && f->c->r[3].errors == 0)
		sl_check_error(
		    f->c, 3, f->name, line_of(f), "", "ikke velformet XML");
	xmlFreeTextReader(f->r);
	f->r = NULL;
	return rc;
}

enum sl_rc
sl_check_stream(struct sl_check_file *f, const char *schema, bool *ret_there,
    struct sl_err *err)
{
	SL_CLOSE int fd = openat(
	    f->c->dir, f->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	xmlSchemaPtr x = NULL;
	struct stat st;
	enum sl_rc rc;

	*ret_there = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!*ret_there)
		return SL_OK;
	f->c->r[3].count++;
	f->text.max = TEXT_MAX;
	rc = sl_schema_load(sl_schema_find(schema), &x, err);
	if (rc == SL_OK)
		rc = read_all(f, fd, x, err);
	sl_buf_free(&f->text);
	return rc;
}
