/*
 * Embedded files of packages and of OLE objects.
 */
#include "parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OBJECT_MAX ((size_t)64 << 20)

/* -- a file in memory, as ole2.h wants its source ---------------------------
 */

struct memory {
	const uint8_t *p;
	size_t n;
};

static int64_t
memory_read_at(struct sluse_source *s, void *p, size_t n, uint64_t off)
{
	const struct memory *m = (const struct memory *)(const void *)s;

	if (off >= m->n)
		return 0;
	if (n > m->n - off)
		n = (size_t)(m->n - off);
	memcpy(p, m->p + off, n);
	return (int64_t)n;
}

static uint64_t
memory_length(struct sluse_source *s)
{
	return ((const struct memory *)(const void *)s)->n;
}

/* -- parts -------------------------------------------------------------------
 */

int
bytes_part(struct sluse_doc *d, struct sluse_sink *k, const char *name,
    const void *p, size_t n)
{
	struct sluse_part part = {
	    .size = sizeof(part), .name = name, .role = SLUSE_PART_ATTACHMENT};

	if (d->host->part_begin(k, &part) != 0 ||
	    (n > 0 && d->host->part_write(k, p, n) != 0))
		return 1;
	return d->host->part_end(k);
}

static int
stream_part(struct sluse_doc *d, struct sluse_sink *k, const char *name,
    struct ole2 *o, uint32_t stream, uint64_t at, uint64_t n)
{
	struct sluse_part part = {
	    .size = sizeof(part), .name = name, .role = SLUSE_PART_ATTACHMENT};
	uint8_t b[16384];

	if (d->host->part_begin(k, &part) != 0)
		return 1;
	while (n > 0) {
		size_t want = n < sizeof(b) ? (size_t)n : sizeof(b);
		int64_t got = ole2_read(o, stream, b, want, at);

		if (got <= 0) {
			d->damaged = true;
			break;
		}
		if (d->host->part_write(k, b, (size_t)got) != 0)
			return 1;
		at += (uint64_t)got;
		n -= (uint64_t)got;
	}
	return d->host->part_end(k);
}

static size_t
string_end(const uint8_t *p, size_t n, size_t at)
{
	const uint8_t *nul = at < n ? memchr(p + at, 0, n - at) : NULL;

	return nul ? (size_t)(nul - p) + 1 : 0;
}

/* A file that the packager wrapped: label, path, a second path, the bytes.
 * Where they lie in b, or 0; *ret_n bytes there are said to be. */
static size_t
unwrap(
    const uint8_t *b, size_t n, size_t label, struct text *name, size_t *ret_n)
{
	size_t path, temp, at;
	const char *base;

	path = n >= label && le16(b + label - 2) == 2 ? string_end(b, n, label)
						      : 0;
	temp = path ? string_end(b, n, path) : 0;
	at = temp && temp + 8 <= n ? temp + 8 + le32(b + temp + 4) : 0;
	if (!at || at + 4 > n)
		return 0;
	*ret_n = le32(b + at);
	for (base = (const char *)b + label; *base; base++)
		if (*base == '\\' || *base == '/')
			label = (size_t)(base - (const char *)b) + 1;
	text_bytes(name, 1252, b + label, path - label - 1);
	return at + 4;
}

static int
native_part(
    struct sluse_doc *d, struct sluse_sink *k, struct ole2 *o, uint32_t stream)
{
	uint8_t b[4096];
	int64_t got = ole2_read(o, stream, b, sizeof(b), 0);
	uint64_t size = ole2_size(o, stream);
	struct text name = {.max = 512};
	size_t bytes = 0, at;
	int rc;

	at = got > 6 ? unwrap(b, (size_t)got, 6, &name, &bytes) : 0;
	if (!at) { /* only bytes: an equation or such */
		at = size > 4 ? 4 : 0;
		bytes = (size_t)size - at;
	}
	if (bytes > size - at) {
		bytes = (size_t)(size - at);
		d->damaged = true;
	}
	rc = stream_part(d, k, name.n ? name.p : NULL, o, stream, at, bytes);
	text_free(&name);
	return rc;
}

int
storage_part(struct sluse_doc *d, struct sluse_sink *k, struct ole2 *o,
    uint32_t storage, bool *found)
{
	static const char *const whole[] = {
	    "Package", "EmbeddedOdf", "package_stream"};
	uint32_t i;

	*found = true;
	for (size_t w = 0; w < 3; w++)
		if ((i = ole2_find(o, storage, whole[w])) != OLE2_NONE)
			return stream_part(
			    d, k, NULL, o, i, 0, ole2_size(o, i));
	if ((i = ole2_find(o, storage, "\1Ole10Native")) != OLE2_NONE)
		return native_part(d, k, o, i);
	if ((i = ole2_find(o, storage, "CONTENTS")) != OLE2_NONE) {
		uint8_t b[5];

		if (ole2_read(o, i, b, 5, 0) == 5 && !memcmp(b, "%PDF-", 5))
			return stream_part(
			    d, k, "CONTENTS.pdf", o, i, 0, ole2_size(o, i));
	}
	*found = false;
	return 0;
}

int
object_part(struct sluse_doc *d, struct sluse_sink *k, const char *name,
    const uint8_t *p, size_t n)
{
	struct sluse_reader_host host = *d->host;
	struct memory m = {.p = p, .n = n};
	struct text label = {.max = 512};
	struct ole2 *o = NULL;
	bool found = false;
	size_t bytes, at;
	int rc = 0;

	if (n > 2 && (at = unwrap(p, n, 2, &label, &bytes)) != 0) {
		rc = bytes_part(d, k, label.n ? label.p : name, p + at,
		    bytes < n - at ? bytes : n - at);
		text_free(&label);
		return rc;
	}

	host.read_at = memory_read_at;
	host.length = memory_length;
	if (ole2_open(&host, (struct sluse_source *)(void *)&m, &o) ==
	    SLUSE_READ_OK)
		rc = storage_part(d, k, o, 0, &found);
	ole2_close(o);
	if (!found)
		rc = bytes_part(d, k, name, p, n);
	return rc;
}

/* -- packages -----------------------------------------------------------------
 */

static bool
ends(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && !strcasecmp(s + n - k, end);
}

static bool
begins(const char *s, const char *begin)
{
	return !strncasecmp(s, begin, strlen(begin));
}

static bool
any_end(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (ends(s, *list))
			return true;
	return false;
}

static void
note_member(struct sluse_doc *d, const char *name)
{
	if (ends(name, "vbaProject.bin") || strstr(name, "/macrosheets/") ||
	    (begins(name, "Basic/") && ends(name, ".xml") &&
		!ends(name, "script-lc.xml") && !ends(name, "script-lb.xml")) ||
	    (begins(name, "Scripts/") && !ends(name, "/")))
		doc_note(d, "macro", NULL);
	if (strstr(name, "/activeX/"))
		doc_note(d, "active_control", NULL);
	if (ends(name, "documentsignatures.xml") ||
	    (begins(name, "_xmlsignatures/") && ends(name, ".xml")))
		doc_note(d, "has_signature", NULL);
}

static int
wrapped_part(
    struct sluse_doc *d, struct sluse_sink *k, zip_uint64_t i, const char *name)
{
	size_t n;
	uint8_t *p = package_bytes(d, i, OBJECT_MAX, &n);
	int rc;

	if (!p)
		return package_part(d, k, i, name, SLUSE_PART_ATTACHMENT, NULL);
	rc = object_part(d, k, name, p, n);
	free(p);
	return rc;
}

static int
member_part(
    struct sluse_doc *d, struct sluse_sink *k, zip_uint64_t i, const char *name)
{
	static const char *const chunks[] = {".html", ".htm", ".mht", ".mhtml",
	    ".xhtml", ".rtf", ".docx", ".txt", NULL};
	const char *base = strrchr(name, '/');

	base = base ? base + 1 : name;
	if (!*base)
		return 0; /* a folder */
	if (strstr(name, "/embeddings/"))
		return ends(base, ".bin") ? wrapped_part(d, k, i, base)
					  : package_part(d, k, i, base,
						SLUSE_PART_ATTACHMENT, NULL);
	if (begins(name, "Object ") && base == name)
		return wrapped_part(d, k, i, base);
	if (begins(name, "word/") && base == name + 5 && any_end(base, chunks))
		return package_part(d, k, i, base, SLUSE_PART_ATTACHMENT, NULL);
	return 0;
}

int
zip_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	zip_int64_t n = zip_get_num_entries(d->zip, 0);
	const char *name;

	for (zip_int64_t i = 0; i < n; i++) {
		name = zip_get_name(d->zip, (zip_uint64_t)i, 0);
		if (!name)
			continue;
		note_member(d, name);
		if (member_part(d, k, (zip_uint64_t)i, name) != 0)
			return SLUSE_READ_LIMIT;
	}
	return SLUSE_READ_OK;
}
