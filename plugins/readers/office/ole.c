/*
 * OLE2 files: which of the binary formats, and the property sets all share.
 *
 * The formats are walked by hand: what Debian has (catdoc, antiword, wv) are
 * programs that read files by name, old and with many holes.
 */
#include "ole.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../lib/ole2copy.h"
#include "crypt.h"
#include "parts.h"

#define SET_MAX ((size_t)1 << 20)

uint8_t *
stream_load(struct sluse_doc *d, uint32_t stream, size_t *ret)
{
	uint64_t n = ole2_size(d->ole, stream);
	uint8_t *p;
	int64_t got;

	if (n > STREAM_MAX) {
		d->cut = true;
		return NULL;
	}
	p = n ? malloc((size_t)n) : NULL;
	got = p ? ole2_read(d->ole, stream, p, (size_t)n, 0) : -1;
	if (got <= 0) {
		free(p);
		return NULL;
	}
	*ret = (size_t)got;
	return p;
}

/* -- property sets ------------------------------------------------------------
 */

struct set {
	const uint8_t *p; /* the section */
	size_t n;
	unsigned codepage;
};

static void
take_time(
    struct sluse_doc *d, const uint8_t *p, const char *field, const char *label)
{
	uint64_t t = le32(p) | (uint64_t)le32(p + 4) << 32;
	struct text out = {.max = 64};

	/* 100 ns since 1601; Excel's days count from 1899-12-30 */
	t /= 10000000;
	if (t < 11644473600u || t > 11644473600u + 4102444800u)
		return;
	text_number(
	    &out, (double)(t - 11644473600u) / 86400.0 + 25569, true, false);
	if (out.n > 10)
		out.p[10] = 'T';
	if (out.n == 16)
		text_str(&out, ":00");
	if (out.n > 10)
		text_str(&out, "Z");
	doc_field(d, field, out.p ? out.p : "", out.n, label, 400);
	text_free(&out);
}

static void
take_property(struct sluse_doc *d, const struct set *s, size_t at,
    const char *field, const char *label, int confidence)
{
	struct text out = {.max = 4096};
	const uint8_t *p = s->p + at;
	uint32_t type, n;

	if (s->n < 12 || at > s->n - 12)
		return;
	type = le16(p);
	n = le32(p + 4);
	if (type == 64) {
		take_time(d, p + 4, field, label);
		return;
	}
	if (type == 31)
		n = n > SET_MAX ? 0 : n * 2;
	if (n > s->n - at - 8)
		n = (uint32_t)(s->n - at - 8);
	if (type == 31)
		text_utf16(&out, p + 8, n);
	else if (type == 30 && s->codepage == 1200)
		text_utf16(&out, p + 8, n);
	else if (type == 30)
		text_bytes(
		    &out, s->codepage, p + 8, strnlen((const char *)p + 8, n));
	if (out.n)
		doc_field(d, field, out.p, out.n, label, confidence);
	text_free(&out);
}

static void
take_set(struct sluse_doc *d, const char *stream, bool summary)
{
	static const struct {
		uint32_t id;
		bool summary;
		const char *field, *label;
		int confidence;
	} known[] = {{2, true, "title", "Title", 300},
	    {3, true, "subject", "Subject", 300},
	    {4, true, "author", "Author", 400},
	    {12, true, "created", "Created", 400},
	    {13, true, "modified", "Modified", 400},
	    {15, false, "company", "Company", 400}};
	uint32_t at = ole2_find(d->ole, 0, stream), count, offset, i, k;
	struct set s = {.codepage = 1252};
	uint8_t *p;
	size_t n;

	p = at != OLE2_NONE && ole2_size(d->ole, at) <= SET_MAX
		? stream_load(d, at, &n)
		: NULL;
	offset = p && n >= 48 ? le32(p + 44) : UINT32_MAX;
	if (!p || n < 8 || offset > n - 8) {
		free(p);
		return;
	}
	s.p = p + offset;
	s.n = n - offset;
	count = le32(s.p + 4);
	if (count > (s.n - 8) / 8)
		count = (uint32_t)((s.n - 8) / 8);
	for (i = 0; i < count; i++)
		if (le32(s.p + 8 + 8 * i) == 1 &&
		    le32(s.p + 12 + 8 * i) <= s.n - 8)
			s.codepage = le16(s.p + le32(s.p + 12 + 8 * i) + 4);
	for (i = 0; i < count; i++)
		for (k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			if (le32(s.p + 8 + 8 * i) == known[k].id &&
			    known[k].summary == summary)
				take_property(d, &s, le32(s.p + 12 + 8 * i),
				    known[k].field, known[k].label,
				    known[k].confidence);
	free(p);
}

/* -- opening
 * ------------------------------------------------------------------- */

static bool
is_macro_store(const char *name)
{
	return !strcasecmp(name, "Macros") ||
	       !strcasecmp(name, "_VBA_PROJECT_CUR") ||
	       !strcasecmp(name, "_VBA_PROJECT") || !strcasecmp(name, "VBA");
}

static void
note_entries(struct sluse_doc *d)
{
	for (uint32_t i = 1; i < d->ole->count; i++) {
		const struct ole2_entry *e = &d->ole->entries[i];

		if (e->type == OLE2_STORAGE && is_macro_store(e->name))
			doc_note(d, "macro", NULL);
		if (e->parent == 0 && e->type != OLE2_FREE &&
		    (!strcasecmp(e->name, "_xmlsignatures") ||
			!strcasecmp(e->name, "_signatures")))
			doc_note(d, "has_signature", NULL);
	}
}

int
ole_open(struct sluse_doc *d)
{
	static const struct {
		const char *stream;
		int (*open)(struct sluse_doc *d, uint32_t stream);
	} kinds[] = {{"WordDocument", doc_open}, {"Workbook", xls_open},
	    {"Book", xls_open}, {"PowerPoint Document", ppt_open}};
	uint32_t at = OLE2_NONE;
	size_t i = 0;
	int rc = ole2_open(d->host, d->s, &d->ole);

	if (rc != SLUSE_READ_OK)
		return rc;
	if (ole2_find(d->ole, 0, "EncryptedPackage") != OLE2_NONE)
		return crypt_open(d);
	for (; i < sizeof(kinds) / sizeof(kinds[0]) && at == OLE2_NONE; i++)
		at = ole2_find(d->ole, 0, kinds[i].stream);
	if (at == OLE2_NONE)
		return SLUSE_READ_UNSUPPORTED;
	rc = kinds[i - 1].open(d, at);
	if (rc != SLUSE_READ_OK)
		return rc;
	take_set(d, "\5SummaryInformation", true);
	take_set(d, "\5DocumentSummaryInformation", false);
	note_entries(d);
	return SLUSE_READ_OK;
}

/* -- parts
 * ----------------------------------------------------------------------- */

/* Objects lie in storages of their own: ObjectPool/_123, MBD00012345. */
static bool
is_object(const struct ole2 *o, const struct ole2_entry *e)
{
	const struct ole2_entry *up;

	if (e->type != OLE2_STORAGE || e->parent == OLE2_NONE)
		return false;
	if (e->parent == 0)
		return !strncmp(e->name, "MBD", 3);
	/* a pool within an object goes with the object */
	up = &o->entries[e->parent];
	return up->parent == 0 && !strcasecmp(up->name, "ObjectPool");
}

static bool
is_document(const struct ole2 *o, uint32_t storage)
{
	static const char *const streams[] = {"WordDocument", "Workbook",
	    "Book", "PowerPoint Document", "VisioDocument"};

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		if (ole2_find(o, storage, streams[i]) != OLE2_NONE)
			return true;
	return false;
}

struct out {
	struct sluse_doc *d;
	struct sluse_sink *k;
};

static int
into_part(void *arg, const void *p, size_t n)
{
	struct out *out = arg;

	return out->d->host->part_write(out->k, p, n) != 0;
}

/* An object in a binary format, as a file of its own. */
static int
document_part(struct sluse_doc *d, struct sluse_sink *k, uint32_t storage)
{
	struct sluse_part part = {.size = sizeof(part),
	    .name = d->ole->entries[storage].name,
	    .role = SLUSE_PART_ATTACHMENT};
	struct out out = {.d = d, .k = k};
	struct ole2_copy c = {.o = d->ole,
	    .storage = storage,
	    .also = OLE2_NONE,
	    .put = into_part,
	    .arg = &out};
	int rc;

	if (d->host->part_begin(k, &part) != 0)
		return 1;
	rc = ole2_copy(&c);
	if (rc < 0)
		d->damaged = true;
	return rc > 0 || d->host->part_end(k) != 0;
}

int
ole_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	struct ole2 *o = d->ole;

	for (uint32_t i = 1; i < o->count; i++) {
		bool found;

		if (!is_object(o, &o->entries[i]))
			continue;
		if (storage_part(d, k, o, i, &found) != 0)
			return SLUSE_READ_LIMIT;
		if (!found && is_document(o, i) && document_part(d, k, i) != 0)
			return SLUSE_READ_LIMIT;
	}
	return SLUSE_READ_OK;
}
