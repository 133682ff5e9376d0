/*
 * CAdES: a signature over a manifest, or over the one file of an ASiC-S.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asic.h"

struct cades {
	struct sluse_doc *d;
	const struct tally *tally; /* NULL: no manifest */
};

static void
on_signer(void *arg, const struct signature *found)
{
	struct cades *c = arg;
	struct signature s = *found;

	if (c->tally)
		ref_apply(&s, c->tally);
	asic_tell(c->d, &s, "CAdES");
}

static void
tell_only(struct sluse_doc *d, enum signed_state state, const char *why)
{
	const struct signature s = {.state = state, .why = why};

	asic_tell(d, &s, "CAdES");
}

static bool
ends(const char *name, const char *with)
{
	size_t n = strlen(name), k = strlen(with);

	return n >= k && strcasecmp(name + n - k, with) == 0;
}

static void
verify(struct cades *c, const struct member *sig,
    const struct signed_content *content)
{
	const struct cms_job j = {.der = sig->bytes,
	    .n = sig->n,
	    .content = content,
	    .trust = c->d->trust};

	if (!sig->bytes)
		tell_only(c->d, SIGNED_BROKEN, "it cannot be read");
	else if (ends(sig->name, ".tst"))
		cms_verify_stamp(&j, on_signer, c);
	else
		cms_verify(&j, on_signer, c);
}

static void
check_files(struct sluse_doc *d, xmlNodePtr root, struct tally *t)
{
	char uri[1024], algorithm[128];
	xmlNodePtr e, method;
	uint8_t *digest;
	size_t n;

	for (e = xml_child(root, NS_ASIC, "DataObjectReference");
	     e && t->files < ASIC_REFS_MAX;
	     e = xml_next(e, NS_ASIC, "DataObjectReference")) {
		method = xml_child(e, NS_DS, "DigestMethod");
		xml_get(e, "URI", uri, sizeof(uri));
		xml_get(method, "Algorithm", algorithm, sizeof(algorithm));
		n = 0;
		digest = xml_base64(
		    xml_child(e, NS_DS, "DigestValue"), HASH_BYTES, &n);
		ref_check(
		    d, "CAdES", uri, hash_by_uri(algorithm), digest, n, t);
		free(digest);
	}
}

static bool
verify_root(struct sluse_doc *d, struct member *m, xmlNodePtr root)
{
	struct signed_memory memory = {m->bytes, m->n};
	const struct signed_content content = {signed_memory_read, &memory};
	struct tally t = {0};
	struct cades c = {d, &t};
	xmlNodePtr ref;
	struct member *sig;
	char uri[1024];
	bool twice;

	if (!xml_is(root, NS_ASIC, "ASiCManifest"))
		return false;
	m->named = true;
	check_files(d, root, &t);
	ref = xml_child(root, NS_ASIC, "SigReference");
	xml_get(ref, "URI", uri, sizeof(uri));
	sig = member_named(d, uri, &twice);
	if (sig)
		sig->named = true;
	if (!sig || twice)
		tell_only(d, SIGNED_BROKEN, "the signature is not there");
	else
		verify(&c, sig, &content);
	return true;
}

bool
manifest_verify(struct sluse_doc *d, struct member *m)
{
	xmlDocPtr doc = m->bytes ? asic_xml(m->bytes, m->n) : NULL;
	bool is_one = doc && verify_root(d, m, xmlDocGetRootElement(doc));

	xmlFreeDoc(doc);
	return is_one;
}

static int64_t
read_member(void *file, void *p, size_t n)
{
	return zip_fread(file, p, n);
}

void
single_verify(struct sluse_doc *d, struct member *m)
{
	struct cades c = {d, NULL};
	struct signed_content content = {.read = read_member};
	struct member *one = NULL;
	zip_file_t *f;
	unsigned i;

	for (i = 0; i < d->count; i++)
		if (d->member[i].data)
			one = &d->member[i];
	if (d->data != 1 || !one) {
		tell_only(d, SIGNED_UNKNOWN, "nothing says what it signs");
		return;
	}
	one->named = true;
	f = zip_fopen_index(d->zip, one->index, 0);
	content.arg = f;
	if (f) {
		verify(&c, m, &content);
		(void)zip_fclose(f);
	} else {
		tell_only(d, SIGNED_UNKNOWN, "what was signed cannot be read");
	}
}

/* -- META-INF/manifest.xml ---------------------------------------------------
 */

static bool
is_listed(xmlNodePtr root, const char *name)
{
	char path[1024];
	xmlNodePtr e;

	for (e = xml_child(root, "manifest", "file-entry"); e;
	     e = xml_next(e, "manifest", "file-entry")) {
		xmlChar *s = xmlGetProp(e, (const xmlChar *)"full-path");

		(void)snprintf(
		    path, sizeof(path), "%s", s ? (const char *)s : "");
		xmlFree(s);
		if (strcmp(path, name) == 0)
			return true;
	}
	return false;
}

static unsigned
count_missing(struct sluse_doc *d, xmlNodePtr root, unsigned *ret_listed)
{
	unsigned missing = 0;
	xmlNodePtr e;
	bool twice;

	for (e = xml_child(root, "manifest", "file-entry");
	     e && *ret_listed < ASIC_MEMBERS_MAX;
	     e = xml_next(e, "manifest", "file-entry")) {
		xmlChar *s = xmlGetProp(e, (const xmlChar *)"full-path");
		size_t n = s ? strlen((const char *)s) : 0;

		if (n > 0 && s[n - 1] != '/') {
			(*ret_listed)++;
			missing += !member_named(d, (const char *)s, &twice);
		}
		xmlFree(s);
	}
	return missing;
}

void
listing_check(struct sluse_doc *d, const struct member *m)
{
	xmlDocPtr doc = m->bytes ? asic_xml(m->bytes, m->n) : NULL;
	xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
	unsigned i, missing, listed = 0, added = 0;
	char detail[96];

	if (!doc || !xml_is(root, "manifest", "manifest")) {
		d->host->note(d->k, "listing_damaged", NULL);
		xmlFreeDoc(doc);
		return;
	}
	missing = count_missing(d, root, &listed);
	/* Each against each: not for lists of thousands. */
	for (i = 0; i < d->count && d->count * listed <= 200000; i++)
		added +=
		    d->member[i].data && !is_listed(root, d->member[i].name);
	if (missing > 0 || added > 0) {
		(void)snprintf(detail, sizeof(detail),
		    "%u listed and not there, %u there and not listed", missing,
		    added);
		d->host->note(d->k, "listing_mismatch", detail);
	}
	xmlFreeDoc(doc);
}
