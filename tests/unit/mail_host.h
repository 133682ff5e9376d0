/*
 * A host for readers under test: input from memory, everything that comes back
 * kept in order as lines of text ("part ATTACHMENT brev.pdf application/pdf
 * 29", "field title Klage", "note charset UTF-8") and part bytes beside.
 */
#ifndef MAIL_HOST_H
#define MAIL_HOST_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/reader.h"

#ifndef SLUSE_BUILD
#define SLUSE_BUILD "build"
#endif

struct sluse_source {
	const char *bytes;
	size_t n;
	const char *name, *mime;
};

struct mock_part {
	char name[256], mime[64];
	char raw[256], charset[64];
	int role, ended;
	char *bytes;
	size_t n;
};

struct sluse_sink {
	char text[1 << 20];
	size_t n;
	char log[1 << 16];
	size_t log_n;
	struct mock_part *parts;
	unsigned count, max;
	int blank;
	unsigned post; /* what is told now is about this one */
};

static int64_t
mock_read_at(struct sluse_source *s, void *p, size_t n, uint64_t off)
{
	if (off >= s->n)
		return 0;
	if (n > s->n - off)
		n = s->n - off;
	memcpy(p, s->bytes + off, n);
	return (int64_t)n;
}

static uint64_t
mock_length(struct sluse_source *s)
{
	return s->n;
}

static const char *
mock_name(struct sluse_source *s)
{
	return s->name;
}

static const char *
mock_mime(struct sluse_source *s)
{
	return s->mime;
}

static void
mock_page_size(struct sluse_sink *k, double w, double h)
{
	(void)k, (void)w, (void)h;
}

static void
mock_text(struct sluse_sink *k, const char *p, size_t n)
{
	if (n > sizeof(k->text) - 1 - k->n)
		n = sizeof(k->text) - 1 - k->n;
	memcpy(k->text + k->n, p, n);
	k->n += n;
	k->text[k->n] = 0;
}

static void
mock_word(struct sluse_sink *k, const char *p, size_t n, double a, double b,
    double c, double d)
{
	(void)a, (void)b, (void)c, (void)d;
	mock_text(k, p, n);
}

static void
mock_blank(struct sluse_sink *k)
{
	k->blank = 1;
}

static void
mock_log(struct sluse_sink *k, const char *a, const char *b, const char *c)
{
	int n = snprintf(k->log + k->log_n, sizeof(k->log) - k->log_n,
	    "%s %s %s\n", a, b, c ? c : "");

	if (n > 0 && (size_t)n < sizeof(k->log) - k->log_n)
		k->log_n += (size_t)n;
}

static int
mock_image(struct sluse_sink *k, const struct sluse_image *im)
{
	char b[64];

	snprintf(b, sizeof(b), "%ux%u", im->width, im->height);
	mock_log(
	    k, "image", im->format == SLUSE_IMAGE_PNG ? "png" : "other", b);
	return 0;
}

static int
mock_part_begin(struct sluse_sink *k, const struct sluse_part *p)
{
	struct mock_part *m;

	if (k->count >= k->max)
		return 1;
	if ((k->count & (k->count - 1)) == 0) /* full at each power of two */
		k->parts = realloc(k->parts,
		    (k->count ? k->count * 2 : 1) * sizeof(*k->parts));
	m = &k->parts[k->count++];
	memset(m, 0, sizeof(*m));
	snprintf(m->name, sizeof(m->name), "%s", p->name ? p->name : "");
	snprintf(m->mime, sizeof(m->mime), "%s", p->mime ? p->mime : "");
	snprintf(m->charset, sizeof(m->charset), "%s",
	    p->name_charset ? p->name_charset : "");
	if (p->name_raw && p->name_raw_length < sizeof(m->raw))
		memcpy(m->raw, p->name_raw, p->name_raw_length);
	m->role = p->role;
	return 0;
}

static int
mock_part_write(struct sluse_sink *k, const void *p, size_t n)
{
	struct mock_part *m = &k->parts[k->count - 1];

	m->bytes = realloc(m->bytes, m->n + n + 1);
	memcpy(m->bytes + m->n, p, n);
	m->n += n;
	m->bytes[m->n] = 0;
	return 0;
}

static int
mock_part_end(struct sluse_sink *k)
{
	k->parts[k->count - 1].ended++;
	return 0;
}

static void
mock_field(struct sluse_sink *k, const char *field, const char *value,
    const char *label, int confidence)
{
	char post[16];

	(void)label, (void)confidence;
	snprintf(post, sizeof(post), "field%u", k->post);
	mock_log(k, k->post ? post : "field", field, value);
}

/* "describes fiks-arkiv 2", "field1 title Brev", "named1 H brev.pdf|Brev|" */
static int
mock_describes(struct sluse_sink *k, const char *kind, unsigned flags)
{
	char b[16];

	snprintf(b, sizeof(b), "%u", flags);
	mock_log(k, "describes", kind, b);
	return 0;
}

static void
mock_post(struct sluse_sink *k, uint32_t n)
{
	k->post = n;
}

static int
mock_named(struct sluse_sink *k, const struct sluse_named *n)
{
	char b[4096], post[16];

	snprintf(b, sizeof(b), "%s|%s|%s%s", n->file, n->title ? n->title : "",
	    n->type ? n->type : "", n->sha256 ? "|sha256" : "");
	snprintf(post, sizeof(post), "named%u", k->post);
	mock_log(k, k->post ? post : "named", n->main ? "H" : "V", b);
	return 0;
}

static void
mock_note(struct sluse_sink *k, const char *slug, const char *detail)
{
	mock_log(k, "note", slug, detail);
}

/* The tenant's list of passwords, up to NULL. */
static const char *mock_passwords[4];

static const char *
mock_password(struct sluse_source *s, uint32_t i)
{
	(void)s;
	return i < 4 ? mock_passwords[i] : NULL;
}

/* The tenant's list of certificates, as PEM; NULL: none. */
static const char *mock_trusted;

static const void *
mock_trust(struct sluse_source *s, size_t *n)
{
	(void)s;
	*n = mock_trusted ? strlen(mock_trusted) : 0;
	return mock_trusted;
}

static const struct sluse_limits mock_limits = {.size = sizeof(mock_limits),
    .pages_max = 5000,
    .side_max = 20000,
    .pixels_max = 100000000,
    .bytes_max = (uint64_t)1 << 30};

static const struct sluse_reader_host mock_host = {.abi_major = 1,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(mock_host),
    .limits = &mock_limits,
    .read_at = mock_read_at,
    .length = mock_length,
    .name = mock_name,
    .mime = mock_mime,
    .page_size = mock_page_size,
    .text = mock_text,
    .word = mock_word,
    .image = mock_image,
    .blank = mock_blank,
    .part_begin = mock_part_begin,
    .part_write = mock_part_write,
    .part_end = mock_part_end,
    .field = mock_field,
    .note = mock_note,
    .password = mock_password,
    .trust = mock_trust,
    .describes = mock_describes,
    .post = mock_post,
    .named = mock_named};

static const struct sluse_reader *
mock_load(const char *name)
{
	char path[512];
	void *so;

	snprintf(
	    path, sizeof(path), "%s/plugins/readers/%s.so", SLUSE_BUILD, name);
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!so) {
		printf("# %s\n", dlerror());
		exit(1);
	}
	return dlsym(so, "sluse_reader");
}

/* What one reading gave. Freed by read_free. */
struct reading {
	int opened, paged, parted;
	uint32_t pages;
	struct sluse_sink k; /* text: all pages, each ended by \f */
};

static inline struct reading *
read_all(const struct sluse_reader *r, const char *mime, const void *p,
    size_t n, unsigned parts_max)
{
	struct reading *d = calloc(1, sizeof(*d));
	struct sluse_source s = {.bytes = p, .n = n, .name = "x", .mime = mime};
	struct sluse_doc *doc = NULL;

	d->k.max = parts_max;
	d->opened = r->open(&mock_host, &s, &doc);
	if (d->opened != SLUSE_READ_OK)
		return d;
	if (r->page_count(doc, &d->pages) != SLUSE_READ_OK)
		d->pages = 0;
	for (uint32_t i = 0; i < d->pages; i++) {
		int rc = r->page(doc, i, &d->k);

		d->paged = rc ? rc : d->paged;
		mock_text(&d->k, "\f", 1);
	}
	d->parted = r->parts ? r->parts(doc, &d->k) : 0;
	r->close(doc);
	return d;
}

static inline void
read_free(struct reading *d)
{
	for (unsigned i = 0; i < d->k.count; i++)
		free(d->k.parts[i].bytes);
	free(d->k.parts);
	free(d);
}

#endif
