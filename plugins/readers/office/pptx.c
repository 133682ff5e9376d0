/*
 * Presentations: a page per slide, with its notes and comments behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "ooxml.h"

static int
pptx_page(struct sluse_doc *d, uint32_t i, struct text *t)
{
	static const char *const types[] = {
	    "diagramData", "chart", "notesSlide", "comments"};
	const char *member = d->sheets->at[i].member;
	struct rels r;

	ooxml_text(d, member, t);
	rels_load(d, member, &r);
	for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++)
		for (size_t n = 0; n < r.n && !t->full; n++)
			if (!r.at[n].external &&
			    !strcmp(r.at[n].type, types[k]))
				ooxml_text(d, r.at[n].target, t);
	rels_free(&r);
	return SLUSE_READ_OK;
}

int
pptx_open(struct sluse_doc *d, const char *main)
{
	struct rels r;
	struct xml *x;

	rels_load(d, main, &r);
	x = xml_open(d, main);
	while (x && xml_read(x)) {
		const struct rel *to;
		char *id;

		if (xml_type(x) != XML_READER_TYPE_ELEMENT ||
		    !xml_is(x, "sldId"))
			continue;
		id = xml_attr_ns(x, "id", "relationships");
		to = id ? rels_by_id(&r, id) : NULL;
		if (to)
			(void)ooxml_add_page(d, NULL, to->target);
		else
			d->damaged = true;
		xmlFree(id);
	}
	xml_close(x);
	rels_free(&r);
	d->width = 720;
	d->height = 540;
	d->page = pptx_page;
	return SLUSE_READ_OK;
}
