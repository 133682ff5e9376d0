/*
 * CMS_verify says yes or no; here it has to be told what is wrong, and the
 * chain is a question of its own. So its steps are taken one by one: digests
 * of the content, signature over the attributes, the attributes themselves.
 *
 * SECURITY: the digests that a SignedData lists are not looked at, since
 * thousands could be listed: only those that its few signers name are made.
 */
#include "cms.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <stdlib.h>
#include <string.h>

#define DIGESTS_MAX 6
#define CHUNK 16384
#define REVOCATION_ADOBE "1.2.840.113583.1.1.8"
#define REVOCATION_ETSI "1.2.840.113549.1.9.16.2.24"

struct work {
	const struct cms_job *j;
	CMS_ContentInfo *cms;
	STACK_OF(X509) * certs;
	BIO *digests; /* a chain, the content went through it */
	bool in_stamp; /* a stamp's own stamps are not looked at */
	cms_found_fn *fn;
	void *arg;
};

static CMS_ContentInfo *
parse(const uint8_t *der, size_t n)
{
	const unsigned char *p = der;

	return n > 0 && n <= CMS_BYTES_MAX
		   ? d2i_CMS_ContentInfo(NULL, &p, (long)n)
		   : NULL;
}

static int
kind_of(CMS_ContentInfo *cms)
{
	return cms ? OBJ_obj2nid(CMS_get0_type(cms)) : NID_undef;
}

/* -- digests of the content --------------------------------------------------
 */

static bool
has_digest(BIO *chain, int nid)
{
	EVP_MD_CTX *ctx;

	while (chain && (chain = BIO_find_type(chain, BIO_TYPE_MD)) != NULL) {
		if (BIO_get_md_ctx(chain, &ctx) > 0 &&
		    EVP_MD_get_type(EVP_MD_CTX_get0_md(ctx)) == nid)
			return true;
		chain = BIO_next(chain);
	}
	return false;
}

/* A sink with a digest for each algorithm that signers name. */
static BIO *
make_digests(STACK_OF(CMS_SignerInfo) * signers)
{
	BIO *chain = BIO_new(BIO_s_null()), *md;
	EVP_MD_CTX *ctx;
	X509_ALGOR *alg;
	const EVP_MD *kind;
	int i, n = 0;

	for (i = 0; chain && i < sk_CMS_SignerInfo_num(signers) &&
		    i < CMS_SIGNERS_MAX && n < DIGESTS_MAX;
	     i++) {
		CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(signers, i),
		    NULL, NULL, &alg, NULL);
		kind = EVP_get_digestbyobj(alg->algorithm);
		if (!kind || has_digest(chain, EVP_MD_get_type(kind)))
			continue;
		md = BIO_new(BIO_f_md());
		/* Not BIO_set_md: its macro casts const away. */
		if (!md || BIO_get_md_ctx(md, &ctx) <= 0 ||
		    EVP_DigestInit_ex(ctx, kind, NULL) != 1) {
			BIO_free(md);
			continue;
		}
		chain = BIO_push(md, chain);
		n++;
	}
	return chain;
}

static bool
pour(const struct signed_content *c, BIO *into)
{
	char b[CHUNK];
	int64_t n;

	while ((n = c->read(c->arg, b, sizeof(b))) > 0)
		if (BIO_write(into, b, (int)n) != (int)n)
			return false;
	return n == 0;
}

/* NULL content: what lies inside. */
static bool
digest_content(struct work *w)
{
	ASN1_OCTET_STRING **inside;
	struct signed_memory m;
	struct signed_content c = {signed_memory_read, &m};

	if (w->j->content)
		return pour(w->j->content, w->digests);
	inside = CMS_get0_content(w->cms);
	if (!inside || !*inside)
		return false;
	m.p = ASN1_STRING_get0_data(*inside);
	m.n = (size_t)ASN1_STRING_length(*inside);
	return pour(&c, w->digests);
}

/* -- attributes --------------------------------------------------------------
 */

static ASN1_TYPE *
attribute(CMS_SignerInfo *si, const char *oid, int nid, bool is_signed)
{
	ASN1_OBJECT *o = oid ? OBJ_txt2obj(oid, 1) : NULL;
	X509_ATTRIBUTE *a = NULL;
	int at;

	if (o)
		at = is_signed ? CMS_signed_get_attr_by_OBJ(si, o, -1)
			       : CMS_unsigned_get_attr_by_OBJ(si, o, -1);
	else
		at = is_signed ? CMS_signed_get_attr_by_NID(si, nid, -1)
			       : CMS_unsigned_get_attr_by_NID(si, nid, -1);
	ASN1_OBJECT_free(o);
	if (at >= 0)
		a = is_signed ? CMS_signed_get_attr(si, at)
			      : CMS_unsigned_get_attr(si, at);
	return a ? X509_ATTRIBUTE_get0_type(a, 0) : NULL;
}

static int64_t
claimed_time(CMS_SignerInfo *si)
{
	ASN1_TYPE *t = attribute(si, NULL, NID_pkcs9_signingTime, true);

	if (!t ||
	    (t->type != V_ASN1_UTCTIME && t->type != V_ASN1_GENERALIZEDTIME))
		return 0;
	return cert_time(t->value.asn1_string);
}

static bool
has_revocation(CMS_ContentInfo *cms, CMS_SignerInfo *si)
{
	STACK_OF(X509_CRL) *crls = CMS_get1_crls(cms);
	bool yes = crls && sk_X509_CRL_num(crls) > 0;

	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	return yes || attribute(si, REVOCATION_ADOBE, 0, true) ||
	       attribute(si, REVOCATION_ETSI, 0, false);
}

/* Steps into what *p begins with, if it is of that tag: *p is its content. */
static bool
step_in(const unsigned char **p, long *left, int want)
{
	long n;
	int tag, class, ret;

	if (*left <= 0)
		return false;
	ret = ASN1_get_object(p, &n, &tag, &class, *left);
	if ((ret & 0x80) != 0 || ret == 0x21 || tag != want ||
	    class != V_ASN1_UNIVERSAL)
		return false;
	*left = n;
	return true;
}

/* The first certificate that a signing-certificate attribute names: does it
 * stand for cert? Else somebody has put another in its place. */
static bool
names_cert(ASN1_TYPE *t, const EVP_MD *md, X509 *cert)
{
	const unsigned char *p, *alg_at;
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n;
	long left;
	X509_ALGOR *alg;

	if (t->type != V_ASN1_SEQUENCE)
		return false;
	p = ASN1_STRING_get0_data(t->value.sequence);
	left = ASN1_STRING_length(t->value.sequence);
	if (!step_in(&p, &left, V_ASN1_SEQUENCE) ||
	    !step_in(&p, &left, V_ASN1_SEQUENCE) ||
	    !step_in(&p, &left, V_ASN1_SEQUENCE) || left <= 2)
		return false;
	if (*p == (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED)) {
		alg_at = p;
		alg = d2i_X509_ALGOR(NULL, &p, left);
		left -= (long)(p - alg_at);
		md = alg ? EVP_get_digestbyobj(alg->algorithm) : NULL;
		X509_ALGOR_free(alg);
	}
	return md && step_in(&p, &left, V_ASN1_OCTET_STRING) &&
	       X509_digest(cert, md, hash, &n) == 1 && left == (long)n &&
	       memcmp(hash, p, n) == 0;
}

static bool
is_the_certificate(CMS_SignerInfo *si, X509 *cert)
{
	ASN1_TYPE *v1 =
	    attribute(si, NULL, NID_id_smime_aa_signingCertificate, true);
	ASN1_TYPE *v2 =
	    attribute(si, NULL, NID_id_smime_aa_signingCertificateV2, true);

	return (!v1 || names_cert(v1, EVP_sha1(), cert)) &&
	       (!v2 || names_cert(v2, EVP_sha256(), cert));
}

/* -- one signer --------------------------------------------------------------
 */

static void
say(struct signature *s, enum signed_state state, const char *why)
{
	s->state = state;
	s->why = why;
}

static bool
is_mismatch(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) ==
	       CMS_R_VERIFICATION_FAILURE;
}

static void
check_signer(struct work *w, CMS_SignerInfo *si, X509 *cert, bool have_content,
    struct signature *s)
{
	bool attributes = CMS_signed_get_attr_count(si) >= 0;
	int r = 1;

	if (!cert) {
		say(s, SIGNED_UNKNOWN, "its certificate is not there");
		return;
	}
	ERR_clear_error();
	if (attributes && (r = CMS_SignerInfo_verify(si)) != 1) {
		if (r == 0 || is_mismatch())
			say(s, SIGNED_BROKEN, "the signature is wrong");
		else
			say(s, SIGNED_UNKNOWN, "its algorithm is not known");
		return;
	}
	if (!is_the_certificate(si, cert)) {
		say(s, SIGNED_BROKEN, "made for another certificate");
		return;
	}
	if (!have_content) {
		say(s, SIGNED_UNKNOWN, "what was signed is not there");
		return;
	}
	ERR_clear_error();
	r = CMS_SignerInfo_verify_content(si, w->digests);
	if (r == 0 || (r != 1 && is_mismatch()))
		say(s, SIGNED_CHANGED, NULL);
	else if (r != 1)
		say(s, SIGNED_UNKNOWN, "its algorithm is not known");
}

/* -- time-stamps -------------------------------------------------------------
 */

static void verify_signers(struct work *w);

static void
keep_first(void *arg, const struct signature *s)
{
	struct signature *first = arg;

	if (first->state == SIGNED_UNKNOWN && !first->why)
		*first = *s;
}

/* Is c what the token is about? */
static bool
imprint_fits(TS_TST_INFO *info, const struct signed_content *c)
{
	TS_MSG_IMPRINT *im = TS_TST_INFO_get_msg_imprint(info);
	X509_ALGOR *alg = im ? TS_MSG_IMPRINT_get_algo(im) : NULL;
	ASN1_OCTET_STRING *want = im ? TS_MSG_IMPRINT_get_msg(im) : NULL;
	const EVP_MD *md = alg ? EVP_get_digestbyobj(alg->algorithm) : NULL;
	EVP_MD_CTX *ctx = md ? EVP_MD_CTX_new() : NULL;
	unsigned char hash[EVP_MAX_MD_SIZE], b[CHUNK];
	unsigned n = 0;
	int64_t got = -1;

	if (ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1)
		while ((got = c->read(c->arg, b, sizeof(b))) > 0)
			if (EVP_DigestUpdate(ctx, b, (size_t)got) != 1)
				break;
	if (ctx && got == 0 && EVP_DigestFinal_ex(ctx, hash, &n) != 1)
		n = 0;
	EVP_MD_CTX_free(ctx);
	return want && n > 0 && ASN1_STRING_length(want) == (int)n &&
	       memcmp(ASN1_STRING_get0_data(want), hash, n) == 0;
}

static TS_TST_INFO *
token_info(CMS_ContentInfo *cms)
{
	ASN1_OCTET_STRING **inside;
	const unsigned char *p;

	if (kind_of(cms) != NID_pkcs7_signed ||
	    OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_id_smime_ct_TSTInfo)
		return NULL;
	inside = CMS_get0_content(cms);
	if (!inside || !*inside)
		return NULL;
	p = ASN1_STRING_get0_data(*inside);
	return d2i_TS_TST_INFO(NULL, &p, ASN1_STRING_length(*inside));
}

/* The token's own signature; its time stands in stamped_s where it is good. */
static void
check_token(const struct cms_job *j, struct signature *s)
{
	struct cms_job own = *j;
	struct work w = {
	    .j = &own, .in_stamp = true, .fn = keep_first, .arg = s};
	TS_TST_INFO *info;
	const ASN1_GENERALIZEDTIME *t;

	own.content = NULL;
	own.claimed_s = 0;
	*s = (struct signature){.state = SIGNED_UNKNOWN};
	w.cms = parse(j->der, j->n);
	info = token_info(w.cms);
	if (!info) {
		say(s, SIGNED_BROKEN, "no readable time-stamp");
	} else {
		verify_signers(&w);
		t = TS_TST_INFO_get_time(info);
		if (s->state == SIGNED_INTACT &&
		    !imprint_fits(info, j->content))
			say(s, SIGNED_CHANGED, NULL);
		if (s->state == SIGNED_INTACT)
			s->stamped_s = cert_time(t);
	}
	TS_TST_INFO_free(info);
	CMS_ContentInfo_free(w.cms);
}

/* The time-stamp over a signer's signature, if there is one. */
static void
take_stamp(struct work *w, CMS_SignerInfo *si, struct signature *s)
{
	ASN1_TYPE *t =
	    attribute(si, NULL, NID_id_smime_aa_timeStampToken, false);
	ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(si);
	struct signed_memory m = {
	    ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
	const struct signed_content c = {signed_memory_read, &m};
	struct cms_job j = {.content = &c, .trust = w->j->trust};
	struct signature stamp;

	if (!t || t->type != V_ASN1_SEQUENCE || w->in_stamp)
		return;
	j.der = ASN1_STRING_get0_data(t->value.sequence);
	j.n = (size_t)ASN1_STRING_length(t->value.sequence);
	check_token(&j, &stamp);
	s->stamped_s = stamp.stamped_s;
	s->stamp_wrong = stamp.stamped_s == 0;
	s->stamp_chain = stamp.chain;
}

/* -- all signers -------------------------------------------------------------
 */

static void
one_signer(struct work *w, CMS_SignerInfo *si, bool have_content)
{
	struct signature s = {0};
	X509_ALGOR *digest;
	X509 *cert = NULL;

	CMS_SignerInfo_get0_algs(si, NULL, &cert, &digest, NULL);
	cert_judge_digest(&s, OBJ_obj2nid(digest->algorithm));
	check_signer(w, si, cert, have_content, &s);
	s.claimed_s = claimed_time(si);
	if (s.claimed_s == 0)
		s.claimed_s = w->j->claimed_s;
	s.revocation = has_revocation(w->cms, si);
	take_stamp(w, si, &s);
	if (cert)
		cert_judge(&s, cert, w->certs, w->j->trust);
	ERR_clear_error();
	w->fn(w->arg, &s);
}

static void
tell_only(struct work *w, enum signed_state state, const char *why)
{
	struct signature s = {.state = state, .why = why};

	ERR_clear_error();
	w->fn(w->arg, &s);
}

/* Of a parsed SignedData. */
static void
verify_signers(struct work *w)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(w->cms);
	int i, n = signers ? sk_CMS_SignerInfo_num(signers) : 0;
	bool have;

	w->certs = CMS_get1_certs(w->cms);
	if (n <= 0) {
		tell_only(w, SIGNED_UNKNOWN, "nobody has signed");
	} else if (n > CMS_SIGNERS_MAX) {
		tell_only(w, SIGNED_UNKNOWN, "too many signers");
	} else if (w->certs && sk_X509_num(w->certs) > CERTS_MAX) {
		tell_only(w, SIGNED_UNKNOWN, "too many certificates");
	} else {
		(void)CMS_set1_signers_certs(w->cms, NULL, 0);
		w->digests = make_digests(signers);
		have = w->digests && digest_content(w);
		for (i = 0; i < n; i++)
			one_signer(
			    w, sk_CMS_SignerInfo_value(signers, i), have);
	}
	BIO_free_all(w->digests);
	sk_X509_pop_free(w->certs, X509_free);
	w->digests = NULL;
	w->certs = NULL;
}

void
cms_verify(const struct cms_job *j, cms_found_fn *fn, void *arg)
{
	struct work w = {.j = j, .fn = fn, .arg = arg};

	w.cms = parse(j->der, j->n);
	if (j->n > CMS_BYTES_MAX)
		tell_only(&w, SIGNED_UNKNOWN, "too large");
	else if (!w.cms)
		tell_only(&w, SIGNED_BROKEN, "it cannot be read");
	else if (kind_of(w.cms) != NID_pkcs7_signed)
		tell_only(&w, SIGNED_UNKNOWN, "no signature in it");
	else
		verify_signers(&w);
	CMS_ContentInfo_free(w.cms);
	ERR_clear_error();
}

void
cms_verify_stamp(const struct cms_job *j, cms_found_fn *fn, void *arg)
{
	struct signature s;

	check_token(j, &s);
	s.stamp_chain = s.chain;
	ERR_clear_error();
	fn(arg, &s);
}

/* -- without verifying -------------------------------------------------------
 */

enum cms_kind
cms_kind(const uint8_t *p, size_t n)
{
	const unsigned char *at = p;
	long left;
	int tag, class, ret, nid;
	ASN1_OBJECT *o;

	if (n < 16 || n > INT32_MAX)
		return CMS_KIND_OTHER;
	ret = ASN1_get_object(&at, &left, &tag, &class, (long)n);
	if ((ret & 0x80) != 0 || tag != V_ASN1_SEQUENCE) {
		ERR_clear_error();
		return CMS_KIND_OTHER;
	}
	o = d2i_ASN1_OBJECT(NULL, &at, (long)n - (long)(at - p));
	nid = o ? OBJ_obj2nid(o) : NID_undef;
	ASN1_OBJECT_free(o);
	ERR_clear_error();
	if (nid == NID_pkcs7_signed)
		return CMS_KIND_SIGNED;
	return nid == NID_pkcs7_enveloped || nid == NID_pkcs7_encrypted ||
		       nid == NID_id_smime_ct_authEnvelopedData
		   ? CMS_KIND_ENVELOPED
		   : CMS_KIND_OTHER;
}

uint8_t *
cms_inner(const uint8_t *der, size_t n, size_t *ret_n)
{
	CMS_ContentInfo *cms = parse(der, n);
	ASN1_OCTET_STRING **inside = NULL;
	uint8_t *p = NULL;

	if (kind_of(cms) == NID_pkcs7_signed)
		inside = CMS_get0_content(cms);
	if (inside && *inside) {
		*ret_n = (size_t)ASN1_STRING_length(*inside);
		p = malloc(*ret_n + 1);
	}
	if (p && *ret_n > 0)
		memcpy(p, ASN1_STRING_get0_data(*inside), *ret_n);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return p;
}

/* -- warming -----------------------------------------------------------------
 */

static X509 *
own_certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = x ? X509_get_subject_name(x) : NULL;
	static const unsigned char cn[] = "warm";

	if (x && X509_set_version(x, X509_VERSION_3) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -60) &&
	    X509_gmtime_adj(X509_getm_notAfter(x), 3600) &&
	    X509_set_pubkey(x, key) == 1 &&
	    X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, cn, -1, -1, 0) == 1 &&
	    X509_set_issuer_name(x, name) == 1 &&
	    X509_sign(x, key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

/* Signs a line and verifies it: what OpenSSL fetches by use is there then. */
int
cms_warm(void)
{
	static const char line[] = "Til kommunen";
	struct signed_memory m = {(const uint8_t *)line, sizeof(line) - 1};
	const struct signed_content c = {signed_memory_read, &m};
	struct signature s = {.state = SIGNED_UNKNOWN};
	struct cms_job j = {.content = &c};
	EVP_PKEY *key;
	X509 *cert;
	BIO *in = BIO_new_mem_buf(line, sizeof(line) - 1);
	CMS_ContentInfo *cms = NULL;
	unsigned char *der = NULL;
	int n = -1;

	if (cert_warm() != 0) {
		BIO_free(in);
		return -1;
	}
	key = EVP_EC_gen("P-256");
	cert = key ? own_certificate(key) : NULL;
	if (cert && in)
		cms = CMS_sign(cert, key, NULL, in, CMS_BINARY | CMS_DETACHED);
	if (cms)
		n = i2d_CMS_ContentInfo(cms, &der);
	if (n > 0) {
		j.der = der;
		j.n = (size_t)n;
		cms_verify(&j, keep_first, &s);
	}
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	X509_free(cert);
	EVP_PKEY_free(key);
	BIO_free(in);
	ERR_clear_error();
	return s.state == SIGNED_INTACT ? 0 : -1;
}
