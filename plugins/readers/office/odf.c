/*
 * OpenDocument: a letter is a page, so is each sheet and slide. All of
 * content.xml is read at once, since a page cannot be found without what stands
 * before it. What a cell or row repeats is said once.
 */
#include <stdlib.h>
#include <string.h>

#include "odfcrypt.h"

static void
load_meta(struct sluse_doc *d)
{
	static const struct {
		const char *element, *field, *label;
		int confidence;
	} known[] = {{"title", "title", "Title", 300},
	    {"subject", "subject", "Subject", 300},
	    {"initial-creator", "author", "Initial creator", 400},
	    {"creation-date", "created", "Creation date", 400},
	    {"date", "modified", "Date", 400}};
	const size_t none = sizeof(known) / sizeof(known[0]);
	struct xml *x = xml_open(d, "meta.xml");
	size_t at = none, i;

	while (x && xml_read(x)) {
		int type = xml_type(x);

		if (type == XML_READER_TYPE_ELEMENT) {
			for (i = 0; i < none; i++)
				if (xml_is(x, known[i].element))
					break;
			at = i;
		} else if (type == XML_READER_TYPE_TEXT && at < none) {
			doc_field(d, known[at].field, xml_value(x),
			    strlen(xml_value(x)), known[at].label,
			    known[at].confidence);
		} else {
			at = none;
		}
	}
	xml_close(x);
}

static bool
is_encrypted(struct sluse_doc *d)
{
	struct xml *x = xml_open(d, "META-INF/manifest.xml");
	bool yes = false;

	while (x && !yes && xml_read(x))
		yes = xml_type(x) == XML_READER_TYPE_ELEMENT &&
		      xml_is(x, "encryption-data");
	xml_close(x);
	return yes;
}

static bool
is_hidden(struct xml *x)
{
	static const char *const names[] = {"tracked-changes",
	    "font-face-decls", "automatic-styles", "scripts", "settings",
	    "sequence-decls", "forms", "calculation-settings",
	    "content-validations", "named-expressions", "database-ranges",
	    "binary-data", "styles", "note-citation", "ruby-text", "math"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (xml_is(x, names[i]))
			return true;
	return false;
}

static void
spaces(struct xml *x, struct text *t)
{
	char *c = xml_attr(x, "c");
	unsigned long n = c ? strtoul(c, NULL, 10) : 1;

	while (n-- > 0 && n < 200)
		text_char(t, ' ');
	xmlFree(c);
}

struct state {
	unsigned paragraphs; /* open ones */
	unsigned around; /* those that an open comment lies in */
	bool marks; /* pages begin at tables or slides */
	unsigned tables;
	size_t cell; /* where the cell's text begins */
};

static void
begin_page(struct sluse_doc *d, struct xml *x, struct text *t)
{
	char *name = xml_attr(x, "name");

	text_line(t);
	doc_mark(d);
	if (name)
		text_str(t, name);
	text_line(t);
	xmlFree(name);
}

static void
on_element(struct sluse_doc *d, struct xml *x, struct state *s, struct text *t)
{
	if (is_hidden(x)) {
		xml_skip(x);
	} else if (xml_is(x, "p") || xml_is(x, "h")) {
		s->paragraphs += !xml_empty(x);
	} else if (xml_is(x, "tab")) {
		text_char(t, '\t');
	} else if (xml_is(x, "s")) {
		spaces(x, t);
	} else if (xml_is(x, "line-break")) {
		text_char(t, '\n');
	} else if (xml_is(x, "table")) {
		if (s->marks && s->tables == 0)
			begin_page(d, x, t);
		s->tables += !xml_empty(x);
	} else if (s->marks && s->tables == 0 && xml_is(x, "page")) {
		begin_page(d, x, t);
	} else if (xml_is(x, "table-cell") && !xml_empty(x)) {
		s->cell = t->n;
	} else if (xml_is(x, "note-body")) {
		text_char(t, ' ');
	} else if (xml_is(x, "annotation") && !xml_empty(x)) {
		/* Who wrote it and when stand in no paragraph of its own. */
		s->around = s->paragraphs;
		s->paragraphs = 0;
		text_char(t, ' ');
	}
}

static void
on_end(struct xml *x, struct state *s, struct text *t)
{
	if (xml_is(x, "p") || xml_is(x, "h")) {
		s->paragraphs -= s->paragraphs > 0;
		text_line(t);
	} else if (xml_is(x, "annotation")) {
		s->paragraphs = s->around;
	} else if (xml_is(x, "table")) {
		s->tables -= s->tables > 0;
		text_line(t);
	} else if (xml_is(x, "table-row")) {
		text_line(t);
	} else if (xml_is(x, "table-cell")) {
		if (t->n > s->cell && t->p[t->n - 1] == '\n')
			t->p[t->n - 1] = '\t';
	}
}

static void
read_member(struct sluse_doc *d, const char *member, bool marks)
{
	struct xml *x = xml_open(d, member);
	struct state s = {.marks = marks};
	struct text *t = &d->text;

	while (x && !t->full && xml_read(x)) {
		switch (xml_type(x)) {
		case XML_READER_TYPE_ELEMENT:
			on_element(d, x, &s, t);
			break;
		case XML_READER_TYPE_END_ELEMENT:
			on_end(x, &s, t);
			break;
		case XML_READER_TYPE_TEXT:
		case XML_READER_TYPE_CDATA:
		case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
		case XML_READER_TYPE_WHITESPACE:
			if (s.paragraphs > 0)
				text_str(t, xml_value(x));
			break;
		default:
			break;
		}
	}
	xml_close(x);
	text_line(t);
}

/* What the body holds: its first element under office:body. */
static int
kind(struct sluse_doc *d, bool *marks)
{
	struct xml *x = xml_open(d, "content.xml");
	bool body = false;
	int rc = SLUSE_READ_UNSUPPORTED;

	if (!x)
		return d->damaged ? SLUSE_READ_DAMAGED : SLUSE_READ_UNSUPPORTED;
	while (xml_read(x)) {
		if (xml_type(x) != XML_READER_TYPE_ELEMENT)
			continue;
		if (body) {
			*marks = xml_is(x, "spreadsheet") ||
				 xml_is(x, "presentation") ||
				 xml_is(x, "drawing");
			rc = SLUSE_READ_OK;
			break;
		}
		body = xml_is(x, "body");
		if (is_hidden(x))
			xml_skip(x);
	}
	xml_close(x);
	return rc == SLUSE_READ_OK || !d->damaged ? rc : SLUSE_READ_DAMAGED;
}

int
odf_open(struct sluse_doc *d)
{
	bool marks = false;
	int rc = SLUSE_READ_OK;

	if (is_encrypted(d))
		rc = odf_unlock(d);
	if (rc == SLUSE_READ_OK)
		rc = kind(d, &marks);
	if (rc != SLUSE_READ_OK)
		return rc;
	if (!marks)
		read_member(d, "styles.xml", false);
	read_member(d, "content.xml", marks);
	load_meta(d);
	return SLUSE_READ_OK;
}
