/*
 * Pieces of Office Open XML: what a part points at, text of Word and DrawingML,
 * and the workbook.
 */
#ifndef READERS_OFFICE_OOXML_H
#define READERS_OFFICE_OOXML_H

#include "office.h"

struct rel {
	char *id, *type, *target; /* type: its last word; target: a member */
	bool external;
};

struct rels {
	struct rel *at;
	size_t n;
};

/* The pages of a workbook or presentation. */
struct sheet {
	char *name; /* of a sheet, or NULL */
	char *member;
};

struct sheets {
	struct sheet *at;
	uint32_t n;
	/* a workbook's */
	struct text strings;
	size_t *string_at; /* string i = [i] .. [i + 1] */
	size_t strings_n, strings_cap;
	bool *style_is_date;
	size_t styles_n;
	bool date1904, loaded;
	char *strings_member, *styles_member;
};

/* Never NULL in .at[i]; freed by rels_free. External targets that are not plain
 * hyperlinks are noted. */
void rels_load(struct sluse_doc *d, const char *member, struct rels *ret);
void rels_free(struct rels *r);
const struct rel *rels_by_type(const struct rels *r, const char *type);
const struct rel *rels_by_id(const struct rels *r, const char *id);

/* The text of any part with paragraphs and runs. */
void ooxml_text(struct sluse_doc *d, const char *member, struct text *t);
bool ooxml_add_page(struct sluse_doc *d, char *name, const char *member);

int xlsx_open(struct sluse_doc *d, const char *main);
int pptx_open(struct sluse_doc *d, const char *main);

#endif
