/*
 * Reader of office files: Office Open XML, OpenDocument, RTF, and the binary
 * Word, Excel and PowerPoint of before 2007.
 *
 * Words in reading order, one page per letter, sheet or slide; properties as
 * fields; embedded files as parts. Nothing is laid out, calculated or loaded;
 * macros and links that point outside are noted.
 */
#include "office/office.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "office/crypt.h"
#include "office/odfcrypt.h"
#include "office/parts.h"

#define FACTS_MAX 64u
#define VALUE_MAX 1024u
#define PICTURES_TEXT 200u /* bytes: with less the pictures are the letter */

struct fact {
	const char *name, *label; /* static */
	char *value;
	int confidence; /* -1: a note */
};

struct facts {
	struct fact at[FACTS_MAX];
	unsigned n;
};

static void
office_close(struct sluse_doc *d)
{
	if (!d)
		return;
	ooxml_close(d);
	if (d->zip)
		zip_discard(d->zip);
	ole2_close(d->ole);
	free(d->clear);
	text_free(&d->text);
	free(d->starts);
	for (unsigned i = 0; d->facts && i < d->facts->n; i++)
		free(d->facts->at[i].value);
	free(d->facts);
	free(d);
}

/* -- facts ----------------------------------------------------------------- */

static void
keep(struct sluse_doc *d, const char *name, const char *value, size_t n,
    const char *label, int confidence)
{
	struct fact *f;

	for (unsigned i = 0; i < d->facts->n; i++)
		if (!strcmp(d->facts->at[i].name, name) &&
		    (confidence >= 0 || !value ||
			(strlen(d->facts->at[i].value) == n &&
			    !memcmp(d->facts->at[i].value, value, n))))
			return;
	if (d->facts->n == FACTS_MAX)
		return;
	f = &d->facts->at[d->facts->n];
	f->value = malloc(n + 1);
	if (!f->value)
		return;
	if (n)
		memcpy(f->value, value, n);
	f->value[n] = 0;
	f->name = name;
	f->label = label;
	f->confidence = confidence;
	d->facts->n++;
}

void
doc_field(struct sluse_doc *d, const char *field, const char *value, size_t n,
    const char *label, int confidence)
{
	while (n > 0 && strchr(" \t\r\n", value[n - 1]))
		n--;
	while (n > 0 && strchr(" \t\r\n", *value))
		value++, n--;
	if (n > VALUE_MAX)
		for (n = VALUE_MAX;
		     n && ((unsigned char)value[n] & 0xC0) == 0x80;)
			n--;
	for (size_t i = 0; i < n; i++)
		if (isalnum((unsigned char)value[i]) || (value[i] & 0x80)) {
			keep(d, field, value, n, label, confidence);
			return;
		}
}

void
doc_note(struct sluse_doc *d, const char *slug, const char *detail)
{
	keep(d, slug, detail ? detail : "", detail ? strlen(detail) : 0, NULL,
	    -1);
}

void
doc_mark(struct sluse_doc *d)
{
	if (d->starts_n == OFFICE_PAGES_MAX) {
		d->cut = true;
		return;
	}
	if (d->starts_n == d->starts_cap) {
		uint32_t cap = d->starts_cap ? d->starts_cap * 2 : 16;
		size_t *p = realloc(d->starts, cap * sizeof(*p));

		if (!p) {
			d->cut = true;
			return;
		}
		d->starts = p;
		d->starts_cap = cap;
	}
	d->starts[d->starts_n++] = d->text.n;
}

/* A letter of one page that is very long: cut at line ends, so that the host
 * keeps all of it. */
static void
cut_flow(struct sluse_doc *d)
{
	size_t n = d->text.n, at = 0;

	if (d->starts_n > 1)
		return;
	d->starts_n = 0;
	while (at < n || at == 0) {
		size_t end = at + OFFICE_FLOW_MAX;

		d->text.n = at;
		doc_mark(d);
		if (end >= n)
			break;
		while (end > at + 1 && d->text.p[end - 1] != '\n')
			end--;
		if (end == at + 1)
			for (end = at + OFFICE_FLOW_MAX;
			     ((unsigned char)d->text.p[end] & 0xC0) == 0x80;)
				end--;
		at = end;
	}
	d->text.n = n;
}

/* -- the calls --------------------------------------------------------------
 */

static int
open_package(struct sluse_doc *d)
{
	int rc = package_open(d);

	if (rc != SLUSE_READ_OK)
		return rc;
	return package_has(d, "[Content_Types].xml") ? ooxml_open(d)
						     : odf_open(d);
}

static int
open_by_magic(struct sluse_doc *d)
{
	uint8_t b[64] = {0};
	int64_t n = d->host->read_at(d->s, b, sizeof(b), 0);

	if (n < 0)
		return SLUSE_READ_DAMAGED;
	if (n >= 4 && !memcmp(b, "PK\3\4", 4))
		return open_package(d);
	if (n >= 8 && !memcmp(b, "\xD0\xCF\x11\xE0", 4)) {
		int rc = ole_open(d);

		/* What was closed with a password lies open now. */
		return rc == SLUSE_READ_OK && d->clear ? open_package(d) : rc;
	}
	if (n >= 5 && memmem(b, (size_t)n, "{\\rt", 4))
		return rtf_open(d);
	return SLUSE_READ_UNSUPPORTED;
}

static int
office_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d = calloc(1, sizeof(*d));
	int rc = SLUSE_READ_LIMIT;

	if (!d)
		return rc;
	d->host = host;
	d->s = s;
	d->width = 595;
	d->height = 842;
	d->text.max = OFFICE_TEXT_MAX;
	d->facts = calloc(1, sizeof(*d->facts));
	if (d->facts && charset_warm() == 0)
		rc = open_by_magic(d);
	if (rc != SLUSE_READ_OK) {
		office_close(d);
		return rc;
	}
	if (!d->page) {
		cut_flow(d);
		if (d->zip && d->text.n < PICTURES_TEXT)
			pictures_find(d);
	}
	*ret = d;
	return rc;
}

static int
office_page_count(struct sluse_doc *d, uint32_t *ret)
{
	*ret = d->page ? d->pages : d->starts_n + d->pictures_n;
	if (*ret == 0)
		*ret = 1;
	return SLUSE_READ_OK;
}

static int
give_page(struct sluse_doc *d, struct sluse_sink *k, const char *p, size_t n)
{
	if (n == 0 || text_blank(p, n))
		d->host->blank(k);
	else
		d->host->text(k, p, n);
	return SLUSE_READ_OK;
}

static int
office_page(struct sluse_doc *d, uint32_t page, struct sluse_sink *k)
{
	struct text t = {.max = OFFICE_PAGE_MAX};
	size_t from, to;
	int rc;

	d->host->page_size(k, d->width, d->height);
	if (d->page && d->pages) {
		if (page >= d->pages)
			return SLUSE_READ_DAMAGED;
		rc = d->page(d, page, &t);
		if (rc == SLUSE_READ_OK)
			rc = give_page(d, k, t.p, t.n);
		text_free(&t);
		return rc;
	}
	if (page >= d->starts_n && page - d->starts_n < d->pictures_n)
		return picture_page(d, k, d->pictures[page - d->starts_n]);
	if (page >= d->starts_n)
		return page ? SLUSE_READ_DAMAGED : give_page(d, k, NULL, 0);
	from = d->starts[page];
	to = page + 1 < d->starts_n ? d->starts[page + 1] : d->text.n;
	return give_page(d, k, to > from ? d->text.p + from : NULL,
	    to > from ? to - from : 0);
}

static int
office_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	int rc = SLUSE_READ_OK;

	if (d->zip)
		rc = zip_parts(d, k);
	else if (d->ole)
		rc = ole_parts(d, k);
	else
		rc = rtf_parts(d, k);
	if (d->damaged || (d->ole && d->ole->damaged))
		doc_note(d, "part_damaged", NULL);
	if (d->cut || d->text.full)
		doc_note(d, "text_cut", NULL);
	for (unsigned i = 0; i < d->facts->n; i++) {
		struct fact *f = &d->facts->at[i];

		if (f->confidence < 0)
			d->host->note(k, f->name, *f->value ? f->value : NULL);
		else
			d->host->field(
			    k, f->name, f->value, f->label, f->confidence);
	}
	return rc;
}

static void
say_nothing(void *arg, const char *format, ...)
{
	(void)arg, (void)format;
}

/* What libxml2 makes on first use is made in the parent. */
static int
office_warm(const struct sluse_reader_host *host)
{
	static const char sample[] =
	    "<?xml version='1.0' encoding='UTF-16'?><a b='c'>d</a>";
	xmlTextReaderPtr r;

	(void)host;
	if (charset_warm() < 0 || !crypt_warm() || !odf_unlock_warm())
		return -1;
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, say_nothing);
	r = xmlReaderForMemory(sample, sizeof(sample) - 1, "", "UTF-8",
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!r)
		return -1;
	while (xmlTextReaderRead(r) == 1)
		;
	xmlFreeTextReader(r);
	return 0;
}

#define OOXML "application/vnd.openxmlformats-officedocument."
#define ODF "application/vnd.oasis.opendocument."
static const char *const office_mimes[] = {OOXML "wordprocessingml.document",
    OOXML "wordprocessingml.template", OOXML "spreadsheetml.sheet",
    OOXML "spreadsheetml.template", OOXML "presentationml.presentation",
    OOXML "presentationml.slideshow", OOXML "presentationml.template",
    "application/vnd.openxmlformats-officedocument",
    "application/vnd.ms-word.document.macroEnabled.12",
    "application/vnd.ms-word.template.macroEnabled.12",
    "application/vnd.ms-excel.sheet.macroEnabled.12",
    "application/vnd.ms-excel.template.macroEnabled.12",
    "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
    "application/vnd.ms-powerpoint.slideshow.macroEnabled.12", ODF "text",
    ODF "text-template", ODF "text-master", ODF "spreadsheet",
    ODF "spreadsheet-template", ODF "presentation", ODF "presentation-template",
    ODF "graphics", ODF "graphics-template", "application/vnd.sun.xml.writer",
    "application/vnd.sun.xml.calc", "application/vnd.sun.xml.impress",
    "application/msword", "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint", "application/vnd.ms-office",
    "application/x-ole-storage", "application/encrypted", "text/rtf",
    "application/rtf", NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "office",
    .version = "1 libxml2-" LIBXML_DOTTED_VERSION " libzip-" LIBZIP_VERSION,
    .mimes = office_mimes,
    .warm = office_warm,
    .open = office_open,
    .page_count = office_page_count,
    .page = office_page,
    .parts = office_parts,
    .close = office_close,
};
