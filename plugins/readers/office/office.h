/*
 * What the files of the office reader share.
 *
 * A format fills `text` with the whole document and marks where pages begin
 * (letters, ODF, the binary formats), or gives names of pages and a function
 * that makes one (sheets and slides of OOXML, which can be opened alone).
 */
#ifndef READERS_OFFICE_H
#define READERS_OFFICE_H

#include <libxml/xmlreader.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zip.h>

#include "../../reader.h"
#include "../lib/charset.h"
#include "../lib/ole2.h"
#include "../lib/zipread.h"

#define OFFICE_TEXT_MAX ((size_t)64 << 20) /* of a whole document */
/* Of a page: more than the host keeps, so that the cut is seen there. */
#define OFFICE_PAGE_MAX (((size_t)1 << 20) + 4096)
#define OFFICE_FLOW_MAX ((size_t)512 << 10) /* a longer letter is cut */
#define OFFICE_PAGES_MAX 65536u
#define OFFICE_PICTURES_MAX 200u
#define OFFICE_XML_MAX ((uint64_t)256 << 20) /* read of one member */

/* UTF-8 that grows up to max. */
struct text {
	char *p; /* NUL after the end once something was added */
	size_t n, cap, max;
	bool full;
};

void text_free(struct text *t);
void text_add(struct text *t, const char *p, size_t n);
void text_str(struct text *t, const char *s);
void text_char(struct text *t, uint32_t c);
/* A line end, unless nothing stands on the line (then only after text). */
void text_line(struct text *t);
void text_utf16(struct text *t, const uint8_t *p, size_t n);
/* Single bytes of a Windows code page. */
void text_bytes(struct text *t, unsigned codepage, const uint8_t *p, size_t n);
bool text_blank(const char *p, size_t n);

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *s;
	zip_t *zip;
	struct ole2 *ole;
	struct zipread zipread;
	/* Of a package that was closed with a password: what is in it, and the
	 * host's table that reads from there. */
	uint8_t *clear;
	uint64_t clear_n;
	struct sluse_reader_host clear_host;
	double width, height;

	struct text text;
	size_t *starts; /* of pages in text */
	uint32_t starts_n, starts_cap;
	int (*page)(struct sluse_doc *d, uint32_t i, struct text *t);
	struct sheets *sheets; /* OOXML: its pages */
	uint32_t pages; /* where page is set */
	zip_uint64_t pictures[OFFICE_PICTURES_MAX]; /* pages behind the text */
	uint32_t pictures_n;

	struct facts *facts; /* what parts() is to say */
	bool damaged, cut;
};

/* A page begins here. */
void doc_mark(struct sluse_doc *d);
/* Remembered until parts(). A fact is given once. */
void doc_field(struct sluse_doc *d, const char *field, const char *value,
    size_t n, const char *label, int confidence);
void doc_note(struct sluse_doc *d, const char *slug, const char *detail);

static inline uint32_t
le16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t
le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

/* -- zip.c: members of a package ----------------------------------------- */

int package_open(struct sluse_doc *d);
bool package_has(struct sluse_doc *d, const char *name);
/* NULL: not there or not readable. Ended by xml_close, which says whether all
 * of it was well formed. */
struct xml *xml_open(struct sluse_doc *d, const char *name);
bool xml_read(struct xml *x);
void xml_close(struct xml *x);
/* Of the node at hand. */
int xml_type(struct xml *x);
int xml_depth(struct xml *x);
bool xml_empty(struct xml *x);
const char *xml_name(struct xml *x); /* without its prefix */
bool xml_is(struct xml *x, const char *name);
const char *xml_value(struct xml *x); /* of text; never NULL */
/* The attribute of that local name, to be freed by xmlFree; NULL. */
char *xml_attr(struct xml *x, const char *name);
/* Only where its namespace holds that word. */
char *xml_attr_ns(struct xml *x, const char *name, const char *space);
/* Past the element at hand with all in it; xml_read goes on behind it. */
void xml_skip(struct xml *x);
/* A member as a part. Non-zero: stop. */
int package_part(struct sluse_doc *d, struct sluse_sink *k, zip_uint64_t i,
    const char *name, int role, const char *mime);
/* All of a member, at most max bytes; free. NULL if not. */
uint8_t *package_bytes(
    struct sluse_doc *d, zip_uint64_t i, size_t max, size_t *ret);

/* -- the formats: enum sluse_read_rc ------------------------------------- */

int ooxml_open(struct sluse_doc *d);
void ooxml_close(struct sluse_doc *d);
int odf_open(struct sluse_doc *d);
int rtf_open(struct sluse_doc *d);
int ole_open(struct sluse_doc *d);

/* -- sheet.c: what cells hold --------------------------------------------- */

/* Whether a number format shows a date or time. */
bool format_is_date(const char *code);
bool format_id_is_date(unsigned id);
void text_number(struct text *t, double v, bool date, bool date1904);

#endif
