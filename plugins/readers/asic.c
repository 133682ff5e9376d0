/*
 * Reader of ASiC containers (ETSI EN 319 162, TS 102 918): a zip of documents
 * with signatures about them, as eFormidling, digital post and the Baltic
 * states use it. The documents come out as parts; the container stays as it is.
 *
 * What a signature says of a file is held against the bytes as they go out: no
 * file is read twice for it, but the one of an ASiC-S.
 */
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asic/asic.h"

/* -- what is in it -----------------------------------------------------------
 */

static bool
begins(const char *s, const char *with)
{
	return strncasecmp(s, with, strlen(with)) == 0;
}

static bool
ends(const char *s, const char *with)
{
	size_t n = strlen(s), k = strlen(with);

	return n >= k && strcasecmp(s + n - k, with) == 0;
}

static bool
add_member(struct sluse_doc *d, zip_uint64_t i)
{
	struct member *m = &d->member[d->count];
	size_t n;

	*m = (struct member){.index = i, .name = zip_get_name(d->zip, i, 0)};
	if (!m->name)
		return false;
	n = strlen(m->name);
	m->meta = begins(m->name, "META-INF/");
	m->data = !m->meta && n > 0 && m->name[n - 1] != '/' &&
		  strcmp(m->name, "mimetype") != 0;
	d->count++;
	d->data += m->data;
	return true;
}

static int
list_members(struct sluse_doc *d)
{
	zip_int64_t n = zip_get_num_entries(d->zip, 0), i;

	if (n <= 0)
		return SLUSE_READ_DAMAGED;
	if (n > ASIC_MEMBERS_MAX)
		return SLUSE_READ_LIMIT;
	d->member = calloc((size_t)n, sizeof(*d->member));
	if (!d->member)
		return SLUSE_READ_LIMIT;
	for (i = 0; i < n; i++)
		if (!add_member(d, (zip_uint64_t)i))
			return SLUSE_READ_DAMAGED;
	return SLUSE_READ_OK;
}

static void
asic_close(struct sluse_doc *d)
{
	unsigned i;

	if (!d)
		return;
	for (i = 0; i < d->count; i++)
		free(d->member[i].bytes);
	free(d->member);
	if (d->zip)
		zip_discard(d->zip);
	free(d);
}

static int
asic_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct sluse_doc **ret)
{
	struct sluse_doc *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return SLUSE_READ_LIMIT;
	d->host = host;
	d->s = s;
	d->zipread = (struct zipread){.host = host, .s = s};
	rc = zipread_open(&d->zipread, &d->zip);
	if (rc == SLUSE_READ_OK)
		rc = list_members(d);
	if (rc != SLUSE_READ_OK) {
		asic_close(d);
		return rc;
	}
	*ret = d;
	return SLUSE_READ_OK;
}

/* -- META-INF ----------------------------------------------------------------
 */

static void
hash_bytes(struct sluse_doc *d, struct member *m)
{
	int i;

	for (i = 0; i < HASHES; i++)
		if (d->want[i])
			m->hashed = EVP_Digest(m->bytes, m->n, m->hash[i], NULL,
					hash_md(i), NULL) == 1;
}

/* Which digests are spoken of: the others need not be made. */
static void
look_for_digests(struct sluse_doc *d, const struct member *m)
{
	static const char *const words[HASHES] = {[HASH_SHA1] = "#sha1",
	    [HASH_SHA256] = "#sha256",
	    [HASH_SHA384] = "#sha384",
	    [HASH_SHA512] = "#sha512"};
	int i;

	for (i = 0; i < HASHES; i++)
		d->want[i] |=
		    memmem(m->bytes, m->n, words[i], strlen(words[i])) != NULL;
}

static void
load_meta(struct sluse_doc *d)
{
	size_t all = 0;
	struct member *m;
	unsigned i;

	for (i = 0; i < d->count; i++) {
		m = &d->member[i];
		if (!m->meta || all > ASIC_META_ALL || ends(m->name, "/"))
			continue;
		m->bytes =
		    zipread_bytes(d->zip, m->index, ASIC_META_MAX, &m->n);
		all += m->bytes ? m->n : 0;
		if (m->bytes)
			look_for_digests(d, m);
		else
			d->host->note(d->k, "part_damaged", NULL);
	}
	for (i = 0; i < d->count; i++)
		if (d->member[i].bytes)
			hash_bytes(d, &d->member[i]);
}

/* -- the files ---------------------------------------------------------------
 */

struct hashing {
	EVP_MD_CTX *ctx[HASHES];
	bool failed;
};

static void
on_bytes(void *arg, const void *p, size_t n)
{
	struct hashing *h = arg;
	int i;

	for (i = 0; i < HASHES; i++)
		if (h->ctx[i] && EVP_DigestUpdate(h->ctx[i], p, n) != 1)
			h->failed = true;
}

static int
send_file(struct sluse_doc *d, struct member *m)
{
	struct sluse_part part = {.size = sizeof(part),
	    .name = m->name,
	    .name_raw = zip_get_name(d->zip, m->index, ZIP_FL_ENC_RAW),
	    .role = m->data ? SLUSE_PART_ATTACHMENT : SLUSE_PART_SKIPPED};
	struct hashing h = {.failed = false};
	int i, rc;

	if (part.name_raw)
		part.name_raw_length = strlen(part.name_raw);
	if (!m->data) {
		rc = d->host->part_begin(d->k, &part);
		return rc ? rc : d->host->part_end(d->k);
	}
	for (i = 0; i < HASHES; i++) {
		h.ctx[i] = d->want[i] ? EVP_MD_CTX_new() : NULL;
		if (h.ctx[i] &&
		    EVP_DigestInit_ex(h.ctx[i], hash_md(i), NULL) != 1)
			h.failed = true;
	}
	rc = zipread_part(
	    &d->zipread, d->zip, d->k, m->index, &part, on_bytes, &h);
	m->hashed = !h.failed;
	for (i = 0; i < HASHES; i++) {
		if (h.ctx[i] &&
		    EVP_DigestFinal_ex(h.ctx[i], m->hash[i], NULL) != 1)
			m->hashed = false;
		EVP_MD_CTX_free(h.ctx[i]);
	}
	return rc;
}

static int
send_files(struct sluse_doc *d)
{
	unsigned i;

	for (i = 0; i < d->count; i++)
		if (!ends(d->member[i].name, "/") &&
		    send_file(d, &d->member[i]) != 0)
			return SLUSE_READ_LIMIT;
	return SLUSE_READ_OK;
}

/* -- the signatures ----------------------------------------------------------
 */

static bool
is_xades(const struct member *m)
{
	const char *slash = strrchr(m->name, '/');

	return m->meta && slash && strcasestr(slash, "signatures") &&
	       ends(m->name, ".xml");
}

static bool
is_manifest(const struct member *m)
{
	return m->meta && strcasestr(m->name, "asic") &&
	       strcasestr(m->name, "manifest") && ends(m->name, ".xml");
}

static bool
is_cades(const struct member *m)
{
	return m->meta && (ends(m->name, ".p7s") || ends(m->name, ".p7m") ||
			      ends(m->name, ".tst"));
}

static void
verify_all(struct sluse_doc *d)
{
	struct member *m;
	unsigned i;

	for (i = 0; i < d->count; i++) {
		m = &d->member[i];
		if ((is_xades(m) || is_manifest(m)) && asic_full(d))
			continue;
		if (is_xades(m))
			xades_verify(d, m);
		else if (is_manifest(m) && !manifest_verify(d, m))
			d->host->note(d->k, "listing_damaged", NULL);
		else if (m->meta && ends(m->name, "META-INF/manifest.xml"))
			listing_check(d, m);
	}
	for (i = 0; i < d->count; i++)
		if (is_cades(&d->member[i]) && !d->member[i].named &&
		    !asic_full(d))
			single_verify(d, &d->member[i]);
}

/* What nobody has signed. */
static void
tell_rest(struct sluse_doc *d)
{
	unsigned i, rest = 0;
	char detail[64];

	for (i = 0; i < d->count; i++)
		rest += d->member[i].data && !d->member[i].named;
	if (d->told == 0) {
		d->host->note(d->k, "signed_missing", NULL);
	} else if (rest > 0) {
		(void)snprintf(detail, sizeof(detail),
		    "%u of %u files are not signed", rest, d->data);
		d->host->note(d->k, "signed_partly", detail);
	}
	if (d->told > SIGNED_MAX)
		d->host->note(d->k, "signed_many", NULL);
}

static int
asic_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	int rc;

	d->k = k;
	load_meta(d);
	rc = send_files(d);
	if (rc != SLUSE_READ_OK)
		return rc;
	d->trust = trust_load(d->host, d->s);
	verify_all(d);
	trust_free(d->trust);
	tell_rest(d);
	return SLUSE_READ_OK;
}

/* -- warming -----------------------------------------------------------------
 */

/* What libxml2 would print otherwise, of canonical forms above all. */
static void
silent(void *arg, const char *format, ...)
{
	(void)arg, (void)format;
}

/* libxml2's tables and OpenSSL's algorithms come into being by use. */
static int
asic_warm(const struct sluse_reader_host *host)
{
	static const char sample[] = "<a xmlns=\"u:v\" b=\"c\">d</a>";
	xmlChar *text = NULL;
	xmlDocPtr doc;
	int n = -1;

	(void)host;
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, silent);
	doc = asic_xml((const uint8_t *)sample, sizeof(sample) - 1);
	if (doc)
		n = xmlC14NDocDumpMemory(
		    doc, NULL, XML_C14N_EXCLUSIVE_1_0, NULL, 0, &text);
	xmlFree(text);
	xmlFreeDoc(doc);
	return n > 0 ? cms_warm() : -1;
}

static const char *const asic_mimes[] = {
    "application/vnd.etsi.asic-e+zip", "application/vnd.etsi.asic-s+zip", NULL};

const struct sluse_reader sluse_reader = {
    .abi_major = SLUSE_READER_ABI_MAJOR,
    .abi_minor = SLUSE_READER_ABI_MINOR,
    .size = sizeof(struct sluse_reader),
    .name = "asic",
    .version = "1 libzip " LIBZIP_VERSION " libxml2 " LIBXML_DOTTED_VERSION,
    .mimes = asic_mimes,
    .warm = asic_warm,
    .open = asic_open,
    .page_count = signed_page_count,
    .page = signed_page,
    .parts = asic_parts,
    .close = asic_close,
};
