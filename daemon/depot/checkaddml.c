/*
 * arkivuttrekk.xml: which files there are, and what it says of the extraction.
 */
#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "check.h"

#define FILES_MAX 64u
#define NAME_MAX_BYTES 128u
#define CHUNK ((size_t)256 << 10)

struct named {
	char name[NAME_MAX_BYTES], algorithm[32], sum[SL_SHA256_HEX + 2];
};
struct addml {
	struct sl_check *c;
	struct named file[FILES_MAX];
	size_t n;
};

/* -- properties --------------------------------------------------------- */

static bool
is_element(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE &&
	       strcmp((const char *)n->name, name) == 0;
}

/* The element's name attribute into out; "" if it has none. */
static const char *
name_of(xmlNode *n, char *out, size_t cap)
{
	xmlChar *s = xmlGetNoNsProp(n, sl_xml("name"));

	out[0] = '\0';
	if (s != NULL)
		(void)sl_slice_copy(sl_slice_str((const char *)s), out, cap);
	xmlFree(s);
	return out;
}

static xmlNode *
child(xmlNode *n, const char *element)
{
	for (n = n != NULL ? n->children : NULL; n != NULL; n = n->next)
		if (is_element(n, element))
			return n;
	return NULL;
}

/* The property of that name in n's properties. */
static xmlNode *
property(xmlNode *n, const char *name)
{
	char buf[64];

	n = child(n, "properties");
	for (n = n != NULL ? n->children : NULL; n != NULL; n = n->next)
		if (is_element(n, "property") &&
		    strcmp(name_of(n, buf, sizeof(buf)), name) == 0)
			return n;
	return NULL;
}

static bool
value_of(xmlNode *n, char *out, size_t cap)
{
	xmlChar *s;
	bool fits;

	out[0] = '\0';
	n = child(n, "value");
	s = n != NULL ? xmlNodeGetContent(n) : NULL;
	if (s == NULL)
		return false;
	fits = sl_slice_copy(sl_slice_str((const char *)s), out, cap);
	xmlFree(s);
	return fits && out[0] != '\0';
}

/* -- files -------------------------------------------------------------- */

/* A file may be named more than once; its checksum need stand only once. */
static struct named *
file_of(struct addml *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (strcmp(a->file[i].name, name) == 0)
			return &a->file[i];
	if (a->n == FILES_MAX)
		return NULL;
	(void)sl_slice_copy(
	    sl_slice_str(name), a->file[a->n].name, NAME_MAX_BYTES);
	return &a->file[a->n++];
}

static void
take_file(struct addml *a, xmlNode *file)
{
	xmlNode *sum = property(file, "checksum");
	char name[NAME_MAX_BYTES];
	struct named *f;

	if (!value_of(property(file, "name"), name, sizeof(name)))
		return;
	f = file_of(a, name);
	if (f == NULL || sum == NULL || f->sum[0] != '\0')
		return;
	(void)value_of(
	    property(sum, "algorithm"), f->algorithm, sizeof(f->algorithm));
	(void)value_of(property(sum, "value"), f->sum, sizeof(f->sum));
}

static void
take_occurrences(struct addml *a, xmlNode *n)
{
	char what[32], number[24];
	uint64_t v;

	if (!value_of(n, what, sizeof(what)) ||
	    !value_of(property(n, "value"), number, sizeof(number)) ||
	    !sl_parse_u64(number, 0, INT64_MAX, &v))
		return;
	if (strcmp(what, "mappe") == 0)
		a->c->said.mappe = (int64_t)v;
	else if (strcmp(what, "registrering") == 0)
		a->c->said.registrering = (int64_t)v;
}

static int
truth_of(xmlNode *n)
{
	char s[16];

	if (!value_of(n, s, sizeof(s)))
		return -1;
	return strcmp(s, "true") == 0 || strcmp(s, "1") == 0;
}

static void
take_info(struct addml *a, xmlNode *n)
{
	struct sl_declared *d = &a->c->said;
	xmlNode *period = property(n, "periode");
	char in[16], out[16], number[24];
	uint64_t v;

	d->screened = truth_of(property(n, "inneholderSkjermetInformasjon"));
	d->kassert = truth_of(property(n, "omfatterDokumenterSomErKassert"));
	d->kasseres =
	    truth_of(property(n, "inneholderDokumenterSomSkalKasseres"));
	(void)value_of(property(period, "inngaaendeSkille"), in, sizeof(in));
	(void)value_of(property(period, "utgaaendeSkille"), out, sizeof(out));
	d->sharp = strcmp(in, "skarpt") == 0 && strcmp(out, "skarpt") == 0;
	if (value_of(
		property(n, "antallDokumentfiler"), number, sizeof(number)) &&
	    sl_parse_u64(number, 0, INT64_MAX, &v))
		d->files = (int64_t)v;
}

/* Everything of interest is a property somewhere; no deeper than libxml2 lets a
 * document be. */
static void
walk(struct addml *a, xmlNode *n)
{
	char name[64];

	for (; n != NULL; n = n->next) {
		if (is_element(n, "property")) {
			(void)name_of(n, name, sizeof(name));
			if (strcmp(name, "file") == 0)
				take_file(a, n);
			else if (strcmp(name, "numberOfOccurrences") == 0)
				take_occurrences(a, n);
			else if (strcmp(name, "additionalInfo") == 0)
				take_info(a, n);
		}
		walk(a, n->children);
	}
}

/* -- tests -------------------------------------------------------------- */

/* false: it is not there. */
static bool
digest_of(struct sl_check *c, const char *name, struct sl_digest *ret)
{
	SL_CLOSE int fd = openat(
	    c->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	SL_FREE char *p = sl_alloc(CHUNK);
	struct sl_sha256 *h;
	struct stat st;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	h = sl_sha256_new();
	while ((got = sl_read_full(fd, p, CHUNK)) > 0)
		sl_sha256_add(h, p, (size_t)got);
	sl_sha256_end(h, ret);
	return got == 0;
}

static void
test_file(struct sl_check *c, const struct named *f)
{
	char hex[SL_SHA256_HEX + 1];
	struct sl_digest d;

	c->r[1].count++;
	c->r[2].count++;
	if (!sl_name_is_plain(f->name) || !digest_of(c, f->name, &d)) {
		sl_check_error(c, 1, f->name, 0, "", "filen finnes ikke");
		return;
	}
	sl_digest_hex(&d, hex);
	if (f->sum[0] == '\0')
		sl_check_error(c, 2, f->name, 0, "", "sjekksum mangler");
	else if (strcmp(f->algorithm, "SHA-256") != 0 &&
		 strcmp(f->algorithm, "SHA256") != 0)
		sl_check_error(
		    c, 2, f->name, 0, "", "algoritmen er ikke SHA-256");
	else if (strcasecmp(f->sum, hex) != 0)
		sl_check_error(c, 2, f->name, 0, "", "sjekksummen er feil");
}

/* Line ends and a byte order mark differ between places that give schemas out,
 * and nothing else may (krav 6.4.18). */
static bool
same_text(const char *a, size_t n, const struct sl_schema *s)
{
	size_t i = 0, k = 0;

	if (n >= 3 && memcmp(a, "\xEF\xBB\xBF", 3) == 0)
		i = 3;
	for (;;) {
		while (i < n && (a[i] == '\r' || a[i] == '\n'))
			i++;
		while (k < s->n && (s->p[k] == '\r' || s->p[k] == '\n'))
			k++;
		if (i == n || k == s->n)
			return i == n && k == s->n;
		if (a[i++] != s->p[k++])
			return false;
	}
}

static enum sl_rc
test_schemas(struct sl_check *c)
{
	const struct sl_schema *s;
	size_t i;
	enum sl_rc rc;

	for (i = 0; (s = sl_schema_noark5(i)) != NULL; i++) {
		SL_BUF struct sl_buf b = {0};

		/* Two versions of ADDML are in use. */
		if (strcmp(s->name, "addml.xsd") == 0)
			continue;
		rc = sl_read_file(c->dir, s->name, SL_CHECK_ADDML, &b, NULL);
		if (rc == SL_OK && !same_text(sl_buf_str(&b), b.n, s))
			sl_check_error(c, 3, s->name, 0, "",
			    "skjemaet er ikke Noark 5.5.0 uendret");
	}
	return SL_OK;
}

static void
test_all(struct addml *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		test_file(a->c, &a->file[i]);
}

enum sl_rc
sl_check_addml(struct sl_check *c, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	SL_FREE struct addml *a = sl_alloc(sizeof(*a));
	struct sl_check_file f = {.c = c, .name = "arkivuttrekk.xml"};
	enum sl_rc rc = sl_read_file(c->dir, f.name, SL_CHECK_ADDML, &b, err);
	xmlDocPtr doc;
	bool there;

	c->said = (struct sl_declared){.mappe = -1,
	    .registrering = -1,
	    .files = -1,
	    .screened = -1,
	    .kassert = -1,
	    .kasseres = -1};
	if (rc == SL_SKIP) {
		sl_check_error(
		    c, 1, f.name, 0, "", "arkivuttrekk.xml finnes ikke");
		sl_check_untested(c, 2);
		return test_schemas(c);
	}
	if (rc != SL_OK)
		return rc;
	/* Refuses a document type before anything is made of it. */
	rc = sl_check_stream(&f, "addml.xsd", &there, err);
	if (rc != SL_OK)
		return rc;
	doc = xmlReadMemory(sl_buf_str(&b), (int)b.n, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
		XML_PARSE_NOCDATA);
	if (doc != NULL) {
		a->c = c;
		c->said.there = true;
		walk(a, xmlDocGetRootElement(doc));
		test_all(a);
		xmlFreeDoc(doc);
	}
	return test_schemas(c);
}
