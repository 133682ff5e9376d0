/*
 * XAdES as ASiC has it: one XML file, in it signatures that name files of the
 * container by their digests, and their own SignedProperties.
 *
 * SECURITY: a reference within the file must name one element inside its own
 * ds:Signature, so that nothing else can be put in its place; of transforms,
 * only canonical forms are known.
 */
#include "xades.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_MAX ((size_t)64 << 10) /* bytes of a value */

struct xades {
	struct sluse_doc *d;
	const struct member *file; /* it stands in */
	xmlNodePtr sig, info; /* ds:Signature, ds:SignedInfo */
	xmlNodePtr properties; /* signed, and referenced as such; NULL */
	STACK_OF(X509) * certs;
	X509 *signer;
	struct tally tally;
	struct signature s;
};

static void
say(struct signature *s, enum signed_state state, const char *why)
{
	s->state = state;
	s->why = why;
}

/* Each canonical form goes through the whole file it stands in: within bounds,
 * for a file can ask for thousands. */
static uint8_t *
canonical(struct sluse_doc *d, size_t file_n, xmlNodePtr e, xmlNodePtr method,
    size_t *ret_n)
{
	d->worked += file_n;
	return d->worked <= ASIC_WORK_MAX ? dsig_canonical(e, method, ret_n)
					  : NULL;
}

/* -- references --------------------------------------------------------------
 */

/* The one element below top with that Id; NULL if none or two have it. */
static xmlNodePtr
by_id(xmlNodePtr top, const char *id)
{
	xmlNodePtr e = top, found = NULL;
	char have[256];

	while (e) {
		if (e->type == XML_ELEMENT_NODE) {
			xml_get(e, "Id", have, sizeof(have));
			if (*have && strcmp(have, id) == 0) {
				if (found)
					return NULL;
				found = e;
			}
			if (e->children) {
				e = e->children;
				continue;
			}
		}
		while (e != top && !e->next)
			e = e->parent;
		if (e == top)
			break;
		e = e->next;
	}
	return found;
}

/* At most one transform, a canonical form. */
static bool
transform_of(xmlNodePtr ref, xmlNodePtr *ret)
{
	xmlNodePtr all = xml_child(ref, NS_DS, "Transforms");

	*ret = xml_child(all, NS_DS, "Transform");
	return !*ret ||
	       (!xml_next(*ret, NS_DS, "Transform") && dsig_is_canonical(*ret));
}

static bool
digest_is(
    const uint8_t *p, size_t n, int hash, const uint8_t *want, size_t want_n)
{
	uint8_t have[EVP_MAX_MD_SIZE];

	return want_n == hash_size(hash) &&
	       EVP_Digest(p, n, have, NULL, hash_md(hash), NULL) == 1 &&
	       memcmp(have, want, want_n) == 0;
}

/* "#id": an element of this signature. */
static void
check_inner(struct xades *x, xmlNodePtr ref, const char *id, int hash,
    const uint8_t *want, size_t want_n)
{
	xmlNodePtr e = NULL, transform;
	uint8_t *p = NULL;
	size_t n = 0;

	x->d->worked += x->file->n;
	if (x->d->worked <= ASIC_WORK_MAX)
		e = by_id(x->sig, id);
	if (!e || hash < 0 || !transform_of(ref, &transform) ||
	    !(p = canonical(x->d, x->file->n, e, transform, &n)))
		say(&x->s, SIGNED_UNKNOWN, "a reference is not understood");
	else if (!digest_is(p, n, hash, want, want_n))
		say(&x->s, SIGNED_BROKEN, "its properties were changed");
	else if (xml_is(e, NS_XADES, "SignedProperties"))
		x->properties = e;
	x->tally.sha1 |= hash == HASH_SHA1;
	free(p);
}

/* A file that is XML and was signed in canonical form. */
static void
check_canonical(struct xades *x, const char *uri, xmlNodePtr transform,
    int hash, const uint8_t *want, size_t want_n)
{
	bool twice;
	struct member *m = member_named(x->d, uri, &twice);
	size_t n = 0, k = 0;
	uint8_t *p = m && !twice && x->d->worked <= ASIC_WORK_MAX
			 ? zipread_bytes(x->d->zip, m->index, ASIC_META_MAX, &n)
			 : NULL,
		*c = NULL;
	xmlDocPtr doc = p ? asic_xml(p, n) : NULL;

	if (doc && hash >= 0)
		c = canonical(
		    x->d, n, xmlDocGetRootElement(doc), transform, &k);
	if (c && digest_is(c, k, hash, want, want_n)) {
		m->named = true;
		x->tally.files++;
		x->tally.sha1 |= hash == HASH_SHA1;
	} else {
		ref_check(x->d, "XAdES", uri, hash, want, want_n, &x->tally);
	}
	free(c);
	free(p);
	xmlFreeDoc(doc);
}

static void
check_reference(struct xades *x, xmlNodePtr ref)
{
	xmlNodePtr method = xml_child(ref, NS_DS, "DigestMethod"), transform;
	char uri[1024], algorithm[128];
	size_t n = 0;
	uint8_t *want =
	    xml_base64(xml_child(ref, NS_DS, "DigestValue"), HASH_BYTES, &n);
	int hash;

	xml_get(ref, "URI", uri, sizeof(uri));
	xml_get(method, "Algorithm", algorithm, sizeof(algorithm));
	hash = hash_by_uri(algorithm);
	if (!want || *uri == '\0')
		say(&x->s, SIGNED_UNKNOWN, "a reference is not understood");
	else if (*uri == '#')
		check_inner(x, ref, uri + 1, hash, want, n);
	else if (!transform_of(ref, &transform))
		say(&x->s, SIGNED_UNKNOWN, "a reference is not understood");
	else if (transform)
		check_canonical(x, uri, transform, hash, want, n);
	else
		ref_check(x->d, "XAdES", uri, hash, want, n, &x->tally);
	free(want);
}

/* -- who, and when -----------------------------------------------------------
 */

static void
load_certs(struct xades *x)
{
	xmlNodePtr info = xml_child(x->sig, NS_DS, "KeyInfo"), data, e;

	x->certs = sk_X509_new_null();
	for (data = xml_child(info, NS_DS, "X509Data"); data;
	     data = xml_next(data, NS_DS, "X509Data")) {
		for (e = xml_child(data, NS_DS, "X509Certificate");
		     e && sk_X509_num(x->certs) < CERTS_MAX;
		     e = xml_next(e, NS_DS, "X509Certificate")) {
			size_t n = 0;
			uint8_t *der = xml_base64(e, SIGNATURE_MAX, &n);
			const unsigned char *p = der;
			X509 *c = der ? d2i_X509(NULL, &p, (long)n) : NULL;

			if (c && sk_X509_push(x->certs, c) <= 0)
				X509_free(c);
			free(der);
		}
	}
}

/* The certificate whose key made the value: the order in KeyInfo is free. */
static void
find_signer(struct xades *x)
{
	size_t n = 0, text_n = 0;
	uint8_t *value = xml_base64(
	    xml_child(x->sig, NS_DS, "SignatureValue"), SIGNATURE_MAX, &n);
	uint8_t *text = canonical(x->d, x->file->n, x->info,
	    xml_child(x->info, NS_DS, "CanonicalizationMethod"), &text_n);
	struct dsig_method m;
	bool known =
	    dsig_method(xml_child(x->info, NS_DS, "SignatureMethod"), &m);
	int i;

	if (known)
		cert_judge_digest(&x->s, EVP_MD_get_type(m.md));
	if (sk_X509_num(x->certs) <= 0)
		say(&x->s, SIGNED_UNKNOWN, "its certificate is not there");
	else if (!value)
		say(&x->s, SIGNED_BROKEN, "it cannot be read");
	else if (known && !text && x->d->worked > ASIC_WORK_MAX)
		say(&x->s, SIGNED_UNKNOWN, "too much to check");
	else if (!known || !text)
		say(&x->s, SIGNED_UNKNOWN, "its algorithm is not known");
	else
		for (i = 0; i < sk_X509_num(x->certs) && !x->signer; i++)
			if (dsig_verify(&m, sk_X509_value(x->certs, i), text,
				text_n, value, n))
				x->signer = sk_X509_value(x->certs, i);
	if (x->s.state == SIGNED_INTACT && !x->signer)
		say(&x->s, SIGNED_BROKEN, "the signature is wrong");
	free(value);
	free(text);
}

static bool
two(const char *p, int *ret)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*ret = (p[0] - '0') * 10 + p[1] - '0';
	return true;
}

/* "2014-08-26T12:53:01.5+02:00" by way of ASN.1's own form. 0: none. */
static int64_t
time_of(const char *s)
{
	ASN1_TIME *t = ASN1_TIME_new();
	int c, y, mo, d, h, mi, sec, zh = 0, zm = 0, sign = 0;
	int64_t at = 0;
	char b[32];
	const char *z;

	if (t && strlen(s) >= 19 && two(s, &c) && two(s + 2, &y) &&
	    two(s + 5, &mo) && two(s + 8, &d) && two(s + 11, &h) &&
	    two(s + 14, &mi) && two(s + 17, &sec)) {
		z = s + 19;
		if (*z == '.')
			z += 1 + strspn(z + 1, "0123456789");
		if ((*z == '+' || *z == '-') && two(z + 1, &zh) &&
		    z[3] == ':' && two(z + 4, &zm))
			sign = *z == '-' ? 1 : -1;
		(void)snprintf(b, sizeof(b), "%02d%02d%02d%02d%02d%02d%02dZ", c,
		    y, mo, d, h, mi, sec);
		if (ASN1_TIME_set_string_X509(t, b) == 1 ||
		    ASN1_TIME_set_string(t, b) == 1)
			at = cert_time(t) + sign * (zh * 3600 + zm * 60);
	}
	ASN1_TIME_free(t);
	ERR_clear_error();
	return at;
}

/* SigningCertificate names the signer's, so that no other can be put there. */
static void
check_named_cert(struct xades *x)
{
	xmlNodePtr list =
	    xml_find(x->properties, NS_XADES, "SigningCertificate");
	xmlNodePtr cert, digest;
	char algorithm[128];
	uint8_t *want, have[EVP_MAX_MD_SIZE];
	size_t n = 0;
	unsigned have_n = 0;
	int hash;

	if (!list)
		list =
		    xml_find(x->properties, NS_XADES, "SigningCertificateV2");
	cert = xml_child(list, NS_XADES, "Cert");
	digest = xml_child(cert, NS_XADES, "CertDigest");
	if (!digest)
		return;
	xml_get(xml_child(digest, NS_DS, "DigestMethod"), "Algorithm",
	    algorithm, sizeof(algorithm));
	hash = hash_by_uri(algorithm);
	want =
	    xml_base64(xml_child(digest, NS_DS, "DigestValue"), HASH_BYTES, &n);
	if (hash >= 0 &&
	    (!want ||
		X509_digest(x->signer, hash_md(hash), have, &have_n) != 1 ||
		n != have_n || memcmp(want, have, n) != 0))
		say(&x->s, SIGNED_BROKEN, "made for another certificate");
	free(want);
}

static void
on_stamp(void *arg, const struct signature *stamp)
{
	struct signature *s = arg;

	s->stamped_s = stamp->stamped_s;
	s->stamp_wrong = stamp->stamped_s == 0;
	s->stamp_chain = stamp->chain;
}

/* Over the canonical form of the ds:SignatureValue element. */
static void
take_stamp(struct xades *x)
{
	xmlNodePtr stamp = xml_find(x->sig, NS_XADES, "SignatureTimeStamp");
	xmlNodePtr token = xml_child(stamp, NS_XADES, "EncapsulatedTimeStamp");
	xmlNodePtr value = xml_child(x->sig, NS_DS, "SignatureValue");
	struct signed_memory m = {NULL, 0};
	const struct signed_content c = {signed_memory_read, &m};
	struct cms_job j = {.content = &c, .trust = x->d->trust};
	uint8_t *der, *text = NULL;

	if (!token || !value)
		return;
	der = xml_base64(token, ASIC_META_MAX, &j.n);
	text = canonical(x->d, x->file->n, value,
	    xml_child(stamp, NS_DS, "CanonicalizationMethod"), &m.n);
	m.p = text;
	j.der = der;
	if (der && text)
		cms_verify_stamp(&j, on_stamp, &x->s);
	else
		x->s.stamp_wrong = true;
	free(der);
	free(text);
}

/* -- one signature -----------------------------------------------------------
 */

static void
verify_one(struct sluse_doc *d, const struct member *file, xmlNodePtr sig)
{
	struct xades x = {.d = d, .file = file, .sig = sig};
	xmlNodePtr ref;
	char when[64];

	x.info = xml_child(sig, NS_DS, "SignedInfo");
	load_certs(&x);
	if (!x.info)
		say(&x.s, SIGNED_BROKEN, "it cannot be read");
	else
		find_signer(&x);
	for (ref = xml_child(x.info, NS_DS, "Reference"); ref;
	     ref = xml_next(ref, NS_DS, "Reference")) {
		struct signature before = x.s;

		check_reference(&x, ref);
		if (before.state != SIGNED_INTACT) /* the first word stands */
			x.s = before;
	}
	if (x.signer && x.properties)
		check_named_cert(&x);
	if (x.properties) {
		xml_text(xml_find(x.properties, NS_XADES, "SigningTime"), when,
		    sizeof(when));
		x.s.claimed_s = time_of(when);
	}
	take_stamp(&x);
	x.s.revocation = xml_find(sig, NS_XADES, "RevocationValues") != NULL;
	ref_apply(&x.s, &x.tally);
	if (sk_X509_num(x.certs) > 0)
		cert_judge(&x.s,
		    x.signer ? x.signer : sk_X509_value(x.certs, 0), x.certs,
		    d->trust);
	asic_tell(d, &x.s, "XAdES");
	sk_X509_pop_free(x.certs, X509_free);
	ERR_clear_error();
}

void
xades_verify(struct sluse_doc *d, const struct member *m)
{
	const struct signature bad = {
	    .state = SIGNED_BROKEN, .why = "it cannot be read"};
	xmlDocPtr doc = m->bytes ? asic_xml(m->bytes, m->n) : NULL;
	xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL, sig;
	unsigned n = 0;

	sig = xml_is(root, NS_DS, "Signature")
		  ? root
		  : xml_child(root, NS_DS, "Signature");
	for (; sig && !asic_full(d); n++) {
		verify_one(d, m, sig);
		sig = sig == root ? NULL : xml_next(sig, NS_DS, "Signature");
	}
	if (n == 0)
		asic_tell(d, &bad, "XAdES");
	xmlFreeDoc(doc);
}
