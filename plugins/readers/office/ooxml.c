/*
 * Office Open XML: relations, properties, letters.
 *
 * The main part is found by its relation, not its name (document2.xml is real),
 * and known by its root element.
 */
#include "ooxml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlmemory.h>

#define RELS_MAX 20000u

/* -- relations ------------------------------------------------------------- */

/* "word/document.xml" -> "word/_rels/document.xml.rels" */
static char *
rels_name(const char *member)
{
	const char *slash = strrchr(member, '/');
	size_t dir = slash ? (size_t)(slash - member) + 1 : 0;
	size_t cap = strlen(member) + 16;
	char *p = malloc(cap);

	if (p)
		(void)snprintf(p, cap, "%.*s_rels/%s.rels", (int)dir, member,
		    member + dir);
	return p;
}

/* A target as the part at `member` means it, with "." and ".." taken out. */
static char *
resolve(const char *member, const char *target)
{
	const char *slash = strrchr(member, '/');
	size_t dir = slash ? (size_t)(slash - member) + 1 : 0;
	char *p = malloc(dir + strlen(target) + 1);
	size_t n = 0;

	if (!p)
		return NULL;
	if (*target == '/')
		target++;
	else {
		memcpy(p, member, dir);
		n = dir;
	}
	while (*target) {
		size_t k = strcspn(target, "/");

		if (k == 2 && !memcmp(target, "..", 2)) {
			if (n > 0)
				n--;
			while (n > 0 && p[n - 1] != '/')
				n--;
		} else if (!(k == 1 && *target == '.') && k > 0) {
			memcpy(p + n, target, k);
			n += k;
			if (target[k] == '/')
				p[n++] = '/';
		}
		target += k + (target[k] == '/');
	}
	p[n] = 0;
	return p;
}

static const char *
last_word(const char *type)
{
	const char *slash = strrchr(type, '/');

	return slash ? slash + 1 : type;
}

static void
note_external(struct sluse_doc *d, const char *type)
{
	static const char *const known[] = {"attachedTemplate", "oleObject",
	    "image", "externalLinkPath", "xlExternalLinkPath", "frame",
	    "subDocument", "audio", "video", "media", "aFChunk",
	    "mailMergeSource", "package"};
	size_t i;

	if (!strcmp(type, "hyperlink"))
		return;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], type))
			break;
	doc_note(d, "external_link",
	    i < sizeof(known) / sizeof(known[0]) ? known[i] : NULL);
}

static void
take_rel(struct sluse_doc *d, struct xml *x, const char *member, struct rels *r)
{
	char *type = xml_attr(x, "Type"), *target = xml_attr(x, "Target");
	char *id = xml_attr(x, "Id"), *mode = xml_attr(x, "TargetMode");
	struct rel *p = NULL;

	if (type && target && id)
		p = (r->n & (r->n - 1)) == 0
			? realloc(r->at, (r->n ? r->n * 2 : 1) * sizeof(*p))
			: r->at;
	if (p) {
		r->at = p;
		p = &r->at[r->n];
		p->external = mode && !strcmp(mode, "External");
		p->id = strdup(id);
		p->type = strdup(last_word(type));
		p->target = p->external ? strdup("") : resolve(member, target);
		if (p->external)
			note_external(d, last_word(type));
		if (p->id && p->type && p->target) {
			r->n++;
		} else {
			free(p->id);
			free(p->type);
			free(p->target);
		}
	}
	xmlFree(type);
	xmlFree(target);
	xmlFree(id);
	xmlFree(mode);
}

void
rels_load(struct sluse_doc *d, const char *member, struct rels *ret)
{
	char *name = rels_name(member);
	struct xml *x = name ? xml_open(d, name) : NULL;

	memset(ret, 0, sizeof(*ret));
	free(name);
	while (x && xml_read(x) && ret->n < RELS_MAX)
		if (xml_type(x) == XML_READER_TYPE_ELEMENT &&
		    xml_is(x, "Relationship"))
			take_rel(d, x, member, ret);
	xml_close(x);
}

void
rels_free(struct rels *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->at[i].id);
		free(r->at[i].type);
		free(r->at[i].target);
	}
	free(r->at);
	memset(r, 0, sizeof(*r));
}

const struct rel *
rels_by_type(const struct rels *r, const char *type)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->at[i].external && !strcmp(r->at[i].type, type))
			return &r->at[i];
	return NULL;
}

const struct rel *
rels_by_id(const struct rels *r, const char *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->at[i].external && !strcmp(r->at[i].id, id))
			return &r->at[i];
	return NULL;
}

/* -- properties --------------------------------------------------------------
 */

static void
load_properties(struct sluse_doc *d, const char *member)
{
	static const struct {
		const char *element, *field, *label;
		int confidence;
	} known[] = {{"title", "title", "Title", 300},
	    {"subject", "subject", "Subject", 300},
	    {"creator", "author", "Creator", 400},
	    {"created", "created", "Created", 400},
	    {"modified", "modified", "Modified", 400},
	    {"Company", "company", "Company", 400}};
	struct xml *x = xml_open(d, member);
	size_t at = sizeof(known) / sizeof(known[0]), i;

	while (x && xml_read(x)) {
		if (xml_type(x) == XML_READER_TYPE_ELEMENT) {
			for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
				if (xml_is(x, known[i].element))
					break;
			at = i;
		} else if (xml_type(x) == XML_READER_TYPE_TEXT &&
			   at < sizeof(known) / sizeof(known[0])) {
			doc_field(d, known[at].field, xml_value(x),
			    strlen(xml_value(x)), known[at].label,
			    known[at].confidence);
		} else if (xml_type(x) == XML_READER_TYPE_END_ELEMENT) {
			at = sizeof(known) / sizeof(known[0]);
		}
	}
	xml_close(x);
}

/* -- text ---------------------------------------------------------------------
 */

/* Elements that hold nothing a reader of the page sees. */
static bool
is_hidden(struct xml *x)
{
	static const char *const names[] = {"Fallback", "instrText", "delText",
	    "del", "moveFrom", "delInstrText", "fldSimpleInstr", "sectPr",
	    "tblPr", "rPr", "tcPr", "trPr", "pPrChange", "rPrChange",
	    "posOffset", "pctWidth", "pctHeight", "binData", "tabs"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (xml_is(x, names[i]))
			return true;
	return false;
}

static void
text_symbol(struct xml *x, struct text *t)
{
	char *s = xml_attr(x, "char");
	unsigned long c = s ? strtoul(s, NULL, 16) : 0;

	/* the private area is pictures of a font */
	if (c >= 0x20 && (c < 0xE000 || c > 0xF8FF))
		text_char(t, (uint32_t)c);
	xmlFree(s);
}

static void
on_element(struct xml *x, struct text *t, size_t *cell)
{
	if (is_hidden(x))
		xml_skip(x);
	else if (xml_is(x, "tab") || xml_is(x, "ptab"))
		text_char(t, '\t');
	else if (xml_is(x, "br") || xml_is(x, "cr"))
		text_char(t, '\n');
	else if (xml_is(x, "noBreakHyphen"))
		text_char(t, '-');
	else if (xml_is(x, "sym"))
		text_symbol(x, t);
	else if (xml_is(x, "txbxContent") || xml_is(x, "tbl"))
		text_line(t);
	else if (xml_is(x, "tc"))
		*cell = t->n;
}

static void
on_end(struct xml *x, struct text *t, size_t cell)
{
	if (xml_is(x, "p") || xml_is(x, "tr") || xml_is(x, "pt"))
		text_line(t);
	else if (xml_is(x, "tc") && t->n > cell && t->p[t->n - 1] == '\n')
		t->p[t->n - 1] = '\t'; /* cells of a row stay on its line */
}

void
ooxml_text(struct sluse_doc *d, const char *member, struct text *t)
{
	struct xml *x = xml_open(d, member);
	bool in_text = false;
	size_t cell = 0;

	while (x && !t->full && xml_read(x)) {
		switch (xml_type(x)) {
		case XML_READER_TYPE_ELEMENT:
			on_element(x, t, &cell);
			in_text = xml_is(x, "t") && !xml_empty(x);
			if (xml_is(x, "p") && xml_empty(x))
				text_line(t);
			break;
		case XML_READER_TYPE_TEXT:
		case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
		case XML_READER_TYPE_WHITESPACE:
		case XML_READER_TYPE_CDATA:
			if (in_text)
				text_str(t, xml_value(x));
			break;
		case XML_READER_TYPE_END_ELEMENT:
			in_text = false;
			on_end(x, t, cell);
			break;
		default:
			break;
		}
	}
	xml_close(x);
	text_line(t);
}

/* Every part of a type, each text once. */
static void
add_all(struct sluse_doc *d, const struct rels *r, const char *type)
{
	size_t from = d->text.n, i, n;

	for (i = 0; i < r->n && !d->text.full; i++) {
		size_t at = d->text.n;

		if (r->at[i].external || strcmp(r->at[i].type, type) != 0)
			continue;
		ooxml_text(d, r->at[i].target, &d->text);
		n = d->text.n - at;
		if (n && at - from >= n &&
		    memmem(d->text.p + from, at - from, d->text.p + at, n))
			d->text.n = at;
	}
}

static int
docx_open(struct sluse_doc *d, const char *main)
{
	struct rels r;

	rels_load(d, main, &r);
	doc_mark(d);
	add_all(d, &r, "header");
	ooxml_text(d, main, &d->text);
	add_all(d, &r, "footnotes");
	add_all(d, &r, "endnotes");
	add_all(d, &r, "comments");
	add_all(d, &r, "chart");
	add_all(d, &r, "diagramData");
	add_all(d, &r, "footer");
	rels_free(&r);
	/* its template may lie elsewhere */
	rels_load(d, "word/settings.xml", &r);
	rels_free(&r);
	return SLUSE_READ_OK;
}

/* -- opening -----------------------------------------------------------------
 */

bool
ooxml_add_page(struct sluse_doc *d, char *name, const char *member)
{
	struct sheets *s = d->sheets;
	struct sheet *p = s->at;

	if (s->n >= OFFICE_PAGES_MAX)
		d->cut = true;
	else if ((s->n & (s->n - 1)) == 0)
		p = realloc(s->at, (s->n ? s->n * 2 : 1) * sizeof(*p));
	if (!p || s->n >= OFFICE_PAGES_MAX) {
		xmlFree(name);
		return false;
	}
	s->at = p;
	p[s->n].name = name;
	p[s->n].member = strdup(member);
	if (!p[s->n].member) {
		xmlFree(name);
		return false;
	}
	d->pages = ++s->n;
	return true;
}

void
ooxml_close(struct sluse_doc *d)
{
	struct sheets *s = d->sheets;

	if (!s)
		return;
	for (uint32_t i = 0; i < s->n; i++) {
		xmlFree(s->at[i].name);
		free(s->at[i].member);
	}
	free(s->at);
	text_free(&s->strings);
	free(s->string_at);
	free(s->style_is_date);
	free(s->strings_member);
	free(s->styles_member);
	free(s);
}

/* By the root element of the main part. */
static int
open_main(struct sluse_doc *d, const char *main)
{
	static const struct {
		const char *root;
		int (*open)(struct sluse_doc *d, const char *main);
	} kinds[] = {{"document", docx_open}, {"workbook", xlsx_open},
	    {"presentation", pptx_open}, {"glossaryDocument", docx_open}};
	struct xml *x = xml_open(d, main);
	int (*open)(struct sluse_doc *, const char *) = NULL;

	while (x && xml_read(x))
		if (xml_type(x) == XML_READER_TYPE_ELEMENT)
			break;
	for (size_t i = 0; x && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (xml_is(x, kinds[i].root))
			open = kinds[i].open;
	xml_close(x);
	d->sheets = calloc(1, sizeof(*d->sheets));
	if (!d->sheets)
		return SLUSE_READ_LIMIT;
	if (open)
		return open(d, main);
	return !x || d->damaged ? SLUSE_READ_DAMAGED : SLUSE_READ_UNSUPPORTED;
}

int
ooxml_open(struct sluse_doc *d)
{
	struct rels r;
	const struct rel *m;
	int rc;

	rels_load(d, "", &r);
	m = rels_by_type(&r, "officeDocument");
	if (m)
		rc = open_main(d, m->target);
	else
		rc = d->damaged ? SLUSE_READ_DAMAGED : SLUSE_READ_UNSUPPORTED;
	if (rc == SLUSE_READ_OK && (m = rels_by_type(&r, "core-properties")))
		load_properties(d, m->target);
	if (rc == SLUSE_READ_OK &&
	    (m = rels_by_type(&r, "extended-properties")))
		load_properties(d, m->target);
	rels_free(&r);
	return rc;
}
