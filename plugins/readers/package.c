/*
 * Reads what describes a package: the JSON or XML that a channel sends along
 * with the documents. Manual: sluse-packages(7).
 *
 * A plugin and not a part of the daemon: it is a parser of hostile XML and JSON
 * like the others, keyed by what stands in the file, and whether its words
 * count is not its to decide (daemon/prepare/package.c).
 *
 * SECURITY: see package/package.h. A file that is none of these is left to the
 * next reader of its type after its first element, or, of JSON, after JSON_MAX.
 */
#include <jansson.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "package/package.h"

#define HEAD_MAX ((uint64_t)256 << 10) /* where the root element must be */
#define PIECE 49152

struct sluse_doc {
	const struct sluse_reader_host *host;
	struct sluse_source *source;
	enum kind kind;
	unsigned flags;
	json_t *json;
	bool twice; /* JSON that says a thing twice: two meanings */
};

/* -- which kind ------------------------------------------------------------ */

struct sniff {
	enum kind kind;
	unsigned flags;
};

static void
sniff_begin(void *arg, struct xml *x, const char *name)
{
	struct sniff *s = arg;
	bool more;

	s->kind = root_kind(x, name, &s->flags, &more);
	if (!more)
		xml_stop(x);
}

static void
sniff_end(
    void *arg, struct xml *x, const char *name, const char *text, bool leaf)
{
	(void)arg;
	(void)x;
	(void)name;
	(void)text;
	(void)leaf;
}

static enum kind
sniff_xml(struct sluse_doc *d, unsigned *ret_flags)
{
	static const struct xml_events ev = {
	    .begin = sniff_begin, .end = sniff_end};
	struct sniff s = {.kind = KIND_NONE};
	struct xml *x = xml_new(&ev, &s);
	uint8_t b[4096];
	uint64_t at = 0;
	int64_t n;

	if (x != NULL)
		xml_look(x);
	while (x != NULL && s.kind == KIND_NONE && at < HEAD_MAX &&
	       (n = d->host->read_at(d->source, b, sizeof(b), at)) > 0 &&
	       xml_push(x, b, (size_t)n))
		at += (uint64_t)n;
	xml_free(x);
	*ret_flags = s.flags;
	return s.kind;
}

/* What it is shows also where it cannot be believed. */
static enum kind
load_json(struct sluse_doc *d, const char *p, size_t n)
{
	json_t *strict;
	enum kind kind;

	d->json = json_loadb(p, n, 0, NULL);
	kind = d->json != NULL ? json_kind(d->json) : KIND_NONE;
	if (kind == KIND_NONE)
		return kind;
	strict = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	d->twice = strict == NULL;
	json_decref(strict);
	return kind;
}

static enum kind
sniff_json(struct sluse_doc *d)
{
	uint64_t n = d->host->length(d->source);
	enum kind kind = KIND_NONE;
	size_t bom = 0;
	char *b;

	if (n > JSON_MAX || (b = malloc((size_t)n + 1)) == NULL)
		return KIND_NONE;
	if (d->host->read_at(d->source, b, (size_t)n, 0) == (int64_t)n) {
		if (n >= 3 && memcmp(b, "\xEF\xBB\xBF", 3) == 0)
			bom = 3;
		kind = load_json(d, b + bom, (size_t)n - bom);
	}
	free(b);
	return kind;
}

/* The first sign that is no blank, past a byte order mark. */
static int
first_sign(struct sluse_doc *d)
{
	uint8_t b[512];
	int64_t n = d->host->read_at(d->source, b, sizeof(b), 0), i = 0;

	if (n >= 3 && memcmp(b, "\xEF\xBB\xBF", 3) == 0)
		i = 3;
	else if (n >= 4 && (memcmp(b, "\xFF\xFE", 2) == 0 ||
			       memcmp(b, "\xFE\xFF", 2) == 0))
		return b[2] == '<' || b[3] == '<' ? '<' : 0;
	while (i < n &&
	       (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n'))
		i++;
	return i < n ? b[i] : 0;
}

static void
package_close(struct sluse_doc *d)
{
	json_decref(d->json);
	free(d);
}

static int
package_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d;
	int first;

	/* A host of before: nothing could be told to it. */
	if (host->abi_minor < 2)
		return SLUSE_READ_UNSUPPORTED;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return SLUSE_READ_LIMIT;
	d->host = host;
	d->source = s;
	first = first_sign(d);
	if (first == '<')
		d->kind = sniff_xml(d, &d->flags);
	else if (first == '{' || first == '[')
		d->kind = sniff_json(d);
	if (d->kind == KIND_NONE) {
		package_close(d);
		return SLUSE_READ_UNSUPPORTED;
	}
	*ret = d;
	return SLUSE_READ_OK;
}

/* -- what it says ---------------------------------------------------------- */

static const struct xml_kind *
xml_kind_of(enum kind k)
{
	static const struct xml_kind *const kinds[KIND_COUNT] = {
	    [KIND_ARKIVMELDING] = &kind_arkivmelding,
	    [KIND_FIKS_ARKIV] = &kind_arkivmelding,
	    [KIND_BEST_EDU] = &kind_best,
	    [KIND_SBD] = &kind_sbd_xml,
	    [KIND_MANIFEST] = &kind_manifest,
	    [KIND_FORM] = &kind_form};

	return kinds[k];
}

static bool
push_all(struct sluse_doc *d, struct xml *x)
{
	uint8_t *b = malloc(PIECE);
	uint64_t at = 0;
	int64_t n = -1;
	bool ok = b != NULL;

	while (ok && (n = d->host->read_at(d->source, b, PIECE, at)) > 0) {
		ok = xml_push(x, b, (size_t)n);
		at += (uint64_t)n;
	}
	free(b);
	return ok && n == 0 && xml_finish(x);
}

static bool
read_xml(struct sluse_doc *d, struct model *m)
{
	const struct xml_kind *k = xml_kind_of(d->kind);
	void *arg = k->open(m);
	struct xml *x = arg != NULL ? xml_new(&k->ev, arg) : NULL;
	bool ok = x != NULL && push_all(d, x);

	if (!ok)
		model_invalid(m, xml_fault(x));
	xml_free(x);
	return arg != NULL && k->close(arg) && ok;
}

static int
package_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	struct model m = {.kind = d->kind, .flags = d->flags};
	bool ok = !d->twice;
	int rc;

	if (d->twice)
		model_invalid(&m, "a thing is said twice");
	if (d->json != NULL)
		json_read(&m, d->json);
	else
		ok = read_xml(d, &m);
	rc = model_tell(&m, d->host, k);
	if (rc == SLUSE_READ_OK && !ok)
		rc = SLUSE_READ_DAMAGED;
	if (rc == SLUSE_READ_OK && m.kind == KIND_BEST_EDU && m.nameds > 0)
		rc = best_files(&m, d->host, d->source, k);
	if (rc == SLUSE_READ_DAMAGED && m.invalid == NULL)
		d->host->note(
		    k, "package_invalid", "a file in it cannot be decoded");
	model_free(&m);
	return rc;
}

static int
package_page_count(struct sluse_doc *d, uint32_t *ret)
{
	(void)d;
	*ret = 0;
	return SLUSE_READ_OK;
}

static int
package_page(struct sluse_doc *d, uint32_t page, struct sluse_sink *k)
{
	(void)d;
	(void)page;
	(void)k;
	return SLUSE_READ_DAMAGED;
}

/* -- warming --------------------------------------------------------------- */

static int
package_warm(const struct sluse_reader_host *host)
{
	static const char sample[] =
	    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a x=\"\xE5\">"
	    "&amp;\xF8</a>";
	static const struct xml_events ev = {
	    .begin = sniff_begin, .end = sniff_end};
	struct sniff s = {.kind = KIND_NONE};
	struct xml *x;
	bool ok;

	(void)host;
	/* Else it opens /dev/urandom, where nothing can be opened. */
	json_object_seed(0);
	xmlInitParser();
	x = xml_new(&ev, &s);
	ok = x != NULL && xml_push(x, sample, sizeof(sample) - 1);
	xml_free(x);
	return ok ? 0 : -1;
}

static const char *const package_mimes[] = {
    "text/xml", "application/xml", "application/json", "text/plain", NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "package",
    .version = "1",
    .mimes = package_mimes,
    .warm = package_warm,
    .open = package_open,
    .page_count = package_page_count,
    .page = package_page,
    .parts = package_parts,
    .close = package_close,
};
