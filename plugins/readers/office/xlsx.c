/*
 * Workbooks: a page per sheet, its name first, a line per row, tabs between
 * cells. Shared strings and styles are loaded when the first page is read.
 */
#include <stdlib.h>
#include <string.h>

#include "ooxml.h"

#define STRINGS_MAX ((size_t)4 << 20)
#define STYLES_MAX 65536u

/* -- strings and styles ------------------------------------------------------
 */

static bool
add_string(struct sheets *s)
{
	if (s->strings_n + 2 > s->strings_cap) {
		size_t cap = s->strings_cap ? s->strings_cap * 2 : 256;
		size_t *p = s->strings_n < STRINGS_MAX
				? realloc(s->string_at, cap * sizeof(*p))
				: NULL;

		if (!p)
			return false;
		s->string_at = p;
		s->strings_cap = cap;
	}
	if (s->strings_n == 0)
		s->string_at[0] = 0;
	s->string_at[++s->strings_n] = s->strings.n;
	return true;
}

/* <si>: its <t>, but not the phonetic ones. */
static void
load_strings(struct sluse_doc *d, struct sheets *s)
{
	struct xml *x =
	    s->strings_member ? xml_open(d, s->strings_member) : NULL;
	bool in_text = false;

	s->strings.max = OFFICE_TEXT_MAX;
	while (x && xml_read(x)) {
		int type = xml_type(x);

		if (type == XML_READER_TYPE_ELEMENT) {
			in_text = xml_is(x, "t") && !xml_empty(x);
			if (xml_is(x, "rPh"))
				xml_skip(x);
			if (!(xml_is(x, "si") && xml_empty(x)))
				continue;
		} else if (type == XML_READER_TYPE_END_ELEMENT) {
			in_text = false;
			if (!xml_is(x, "si"))
				continue;
		} else {
			if (in_text)
				text_str(&s->strings, xml_value(x));
			continue;
		}
		if (!add_string(s) || s->strings.full) {
			d->cut = true;
			break;
		}
	}
	xml_close(x);
}

struct custom {
	unsigned id[512];
	unsigned n;
};

static unsigned
attr_number(struct xml *x, const char *name)
{
	char *s = xml_attr(x, name);
	unsigned long v = s ? strtoul(s, NULL, 10) : 0;

	xmlFree(s);
	return v < UINT32_MAX ? (unsigned)v : 0;
}

static void
take_format(struct xml *x, struct custom *c)
{
	char *code = xml_attr(x, "formatCode");

	if (code && c->n < 512 && format_is_date(code))
		c->id[c->n++] = attr_number(x, "numFmtId");
	xmlFree(code);
}

static void
take_style(struct xml *x, struct sheets *s, const struct custom *c)
{
	unsigned id = attr_number(x, "numFmtId");
	bool date = format_id_is_date(id), *p = s->style_is_date;

	for (unsigned i = 0; i < c->n && !date; i++)
		date = c->id[i] == id;
	if ((s->styles_n & (s->styles_n - 1)) == 0)
		p = realloc(
		    p, (s->styles_n ? s->styles_n * 2 : 1) * sizeof(*p));
	if (!p)
		return;
	s->style_is_date = p;
	p[s->styles_n++] = date;
}

static void
load_styles(struct sluse_doc *d, struct sheets *s)
{
	struct xml *x = s->styles_member ? xml_open(d, s->styles_member) : NULL;
	struct custom c = {.n = 0};
	bool cells = false;

	while (x && xml_read(x) && s->styles_n < STYLES_MAX) {
		bool element = xml_type(x) == XML_READER_TYPE_ELEMENT;

		if (xml_is(x, "cellXfs"))
			cells = element;
		else if (element && xml_is(x, "numFmt"))
			take_format(x, &c);
		else if (element && cells && xml_is(x, "xf"))
			take_style(x, s, &c);
	}
	xml_close(x);
}

/* -- a sheet -----------------------------------------------------------------
 */

struct cell {
	char type; /* s shared, i inline, b, e, t (str), d, n */
	unsigned style;
	bool in_value, in_text, row_started;
};

static void
start_cell(struct xml *x, struct cell *c, struct text *t)
{
	char *type = xml_attr(x, "t");

	c->style = attr_number(x, "s");
	c->type = 'n';
	if (type)
		c->type = !strcmp(type, "s")	       ? 's'
			  : !strcmp(type, "inlineStr") ? 'i'
			  : !strcmp(type, "str")       ? 't'
						       : *type;
	xmlFree(type);
	if (t->n > 0 && t->p[t->n - 1] != '\n')
		text_char(t, '\t');
}

static void
cell_value(struct sheets *s, struct cell *c, const char *v, struct text *t)
{
	unsigned long i;
	char *end;
	double f;

	if (c->type == 's') {
		i = strtoul(v, NULL, 10);
		if (i < s->strings_n)
			text_add(t, s->strings.p + s->string_at[i],
			    s->string_at[i + 1] - s->string_at[i]);
	} else if (c->type == 'b') {
		text_str(t, *v == '1' ? "TRUE" : "FALSE");
	} else if (c->type == 'n') {
		f = strtod(v, &end);
		if (end == v || *end)
			text_str(t, v);
		else
			text_number(t, f,
			    c->style < s->styles_n &&
				s->style_is_date[c->style],
			    s->date1904);
	} else {
		text_str(t, v);
	}
}

/* What an element of a sheet means. */
static void
sheet_element(struct xml *x, struct cell *c, struct text *t)
{
	c->in_value = c->in_text = false;
	if (xml_is(x, "c"))
		start_cell(x, c, t);
	else if (xml_is(x, "v"))
		c->in_value = !xml_empty(x);
	else if (xml_is(x, "t") || xml_is(x, "oddHeader") ||
		 xml_is(x, "oddFooter"))
		c->in_text = !xml_empty(x);
	else if (xml_is(x, "f") || xml_is(x, "rPh") ||
		 xml_is(x, "conditionalFormatting") ||
		 xml_is(x, "dataValidations") || xml_is(x, "extLst"))
		xml_skip(x);
	else if (xml_is(x, "row"))
		text_line(t);
}

/* "&L&"Arial,Bold"&12Tekst" without its codes. */
static void
header_text(struct text *t, const char *s)
{
	text_line(t);
	for (; *s; s++) {
		if (*s != '&' || !s[1]) {
			text_add(t, s, 1);
		} else if (*++s == '"') {
			while (s[1] && *++s != '"')
				;
		} else if (*s >= '0' && *s <= '9') {
			while (s[1] >= '0' && s[1] <= '9')
				s++;
		} else if (*s == '&') {
			text_add(t, "&", 1);
		} else if (strchr("LCR", *s)) {
			text_char(t, ' ');
		}
	}
	text_line(t);
}

static void
sheet_text(struct sluse_doc *d, const char *member, struct text *t)
{
	struct xml *x = xml_open(d, member);
	struct cell c = {.type = 'n'};

	while (x && !t->full && xml_read(x)) {
		int type = xml_type(x);

		if (type == XML_READER_TYPE_ELEMENT) {
			sheet_element(x, &c, t);
		} else if (type == XML_READER_TYPE_END_ELEMENT) {
			if (xml_is(x, "oddHeader") || xml_is(x, "oddFooter"))
				text_line(t);
			c.in_value = c.in_text = false;
		} else if (c.in_value) {
			cell_value(d->sheets, &c, xml_value(x), t);
		} else if (c.in_text) {
			if (strchr(xml_value(x), '&') && c.type != 'i')
				header_text(t, xml_value(x));
			else
				text_str(t, xml_value(x));
		}
	}
	xml_close(x);
	text_line(t);
}

/* Drawings and charts of a drawing. */
static void
drawing_text(struct sluse_doc *d, const char *member, struct text *t)
{
	struct rels r;

	ooxml_text(d, member, t);
	rels_load(d, member, &r);
	for (size_t i = 0; i < r.n; i++)
		if (!r.at[i].external &&
		    (!strcmp(r.at[i].type, "chart") ||
			!strcmp(r.at[i].type, "diagramData")))
			ooxml_text(d, r.at[i].target, t);
	rels_free(&r);
}

static int
xlsx_page(struct sluse_doc *d, uint32_t i, struct text *t)
{
	struct sheets *s = d->sheets;
	struct rels r;

	if (!s->loaded) {
		load_strings(d, s);
		load_styles(d, s);
		s->loaded = true;
	}
	if (s->at[i].name)
		text_str(t, s->at[i].name);
	text_line(t);
	sheet_text(d, s->at[i].member, t);
	rels_load(d, s->at[i].member, &r);
	for (size_t k = 0; k < r.n && !t->full; k++) {
		if (r.at[k].external)
			continue;
		if (!strcmp(r.at[k].type, "comments") ||
		    !strcmp(r.at[k].type, "threadedComment"))
			ooxml_text(d, r.at[k].target, t);
		else if (!strcmp(r.at[k].type, "drawing"))
			drawing_text(d, r.at[k].target, t);
	}
	rels_free(&r);
	return SLUSE_READ_OK;
}

static void
take_sheet(struct sluse_doc *d, struct xml *x, const struct rels *r)
{
	char *name = xml_attr(x, "name"), *id = xml_attr(x, "id");
	char *state = xml_attr(x, "state");
	const struct rel *to = id ? rels_by_id(r, id) : NULL;

	if (state && strcmp(state, "visible") != 0)
		doc_note(d, "hidden_sheet", NULL);
	(void)ooxml_add_page(d, name, to ? to->target : "");
	xmlFree(id);
	xmlFree(state);
}

int
xlsx_open(struct sluse_doc *d, const char *main)
{
	struct xml *x;
	struct rels r;
	const struct rel *m;

	rels_load(d, main, &r);
	x = xml_open(d, main);
	while (x && xml_read(x)) {
		if (xml_type(x) != XML_READER_TYPE_ELEMENT)
			continue;
		if (xml_is(x, "workbookPr")) {
			char *v = xml_attr(x, "date1904");

			d->sheets->date1904 = v && (*v == '1' || *v == 't');
			xmlFree(v);
		} else if (xml_is(x, "sheet")) {
			take_sheet(d, x, &r);
		}
	}
	xml_close(x);
	if ((m = rels_by_type(&r, "sharedStrings")) != NULL)
		d->sheets->strings_member = strdup(m->target);
	if ((m = rels_by_type(&r, "styles")) != NULL)
		d->sheets->styles_member = strdup(m->target);
	/* where links to other workbooks point stands one step further */
	for (size_t i = 0; i < r.n && i < 100; i++) {
		struct rels link;

		if (r.at[i].external || strcmp(r.at[i].type, "externalLink"))
			continue;
		rels_load(d, r.at[i].target, &link);
		rels_free(&link);
	}
	rels_free(&r);
	d->page = xlsx_page;
	return SLUSE_READ_OK;
}
