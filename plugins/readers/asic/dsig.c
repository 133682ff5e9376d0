/*
 * libxml2 has the canonical forms and OpenSSL the signatures; what xmlsec1 adds
 * to them are XPath, XSLT and fetching of what a reference names, which would
 * all have to be turned off again.
 */
#include <libxml/c14n.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "xades.h"

#define PREFIXES_MAX 32

/* -- canonical forms ---------------------------------------------------------
 */

/* The mode; -1: not known. */
static int
mode_of(xmlNodePtr method, int *ret_comments)
{
	static const struct {
		const char *uri;
		int mode, comments;
	} known[] = {
	    {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", XML_C14N_1_0,
		0},
	    {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
		XML_C14N_1_0, 1},
	    {"http://www.w3.org/2001/10/xml-exc-c14n#", XML_C14N_EXCLUSIVE_1_0,
		0},
	    {"http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
		XML_C14N_EXCLUSIVE_1_0, 1},
	    {"http://www.w3.org/2006/12/xml-c14n11", XML_C14N_1_1, 0},
	    {"http://www.w3.org/2006/12/xml-c14n11#WithComments", XML_C14N_1_1,
		1},
	};
	char uri[128];
	size_t i;

	xml_get(method, "Algorithm", uri, sizeof(uri));
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].uri, uri) != 0)
			continue;
		*ret_comments = known[i].comments;
		return known[i].mode;
	}
	return -1;
}

bool
dsig_is_canonical(xmlNodePtr method)
{
	int comments;

	return mode_of(method, &comments) >= 0;
}

/* Is it the element or something below it? A namespace has no parent of its
 * own: it counts with the element that bears it. */
static int
is_below(void *top, xmlNodePtr node, xmlNodePtr parent)
{
	xmlNodePtr e = node && node->type == XML_NAMESPACE_DECL ? parent : node;

	while (e && e != top)
		e = e->parent;
	return e != NULL;
}

/* InclusiveNamespaces of the exclusive form: prefixes between blanks. */
static size_t
split(char *list, xmlChar **prefix)
{
	char *save = NULL, *p = strtok_r(list, " \t\r\n", &save);
	size_t n = 0;

	while (p && n < PREFIXES_MAX - 1) {
		prefix[n++] = BAD_CAST p;
		p = strtok_r(NULL, " \t\r\n", &save);
	}
	prefix[n] = NULL;
	return n;
}

uint8_t *
dsig_canonical(xmlNodePtr e, xmlNodePtr method, size_t *ret_n)
{
	xmlNodePtr inclusive =
	    xml_child(method, "2001/10/xml-exc-c14n#", "InclusiveNamespaces");
	int comments = 0,
	    mode = method ? mode_of(method, &comments) : XML_C14N_1_0;
	xmlChar *prefix[PREFIXES_MAX];
	xmlOutputBufferPtr out;
	char list[512];
	uint8_t *p = NULL;
	size_t n;
	int rc;

	xml_get(inclusive, "PrefixList", list, sizeof(list));
	n = split(list, prefix);
	out = mode >= 0 ? xmlAllocOutputBuffer(NULL) : NULL;
	if (!out)
		return NULL;
	rc = xmlC14NExecute(
	    e->doc, is_below, e, mode, n > 0 ? prefix : NULL, comments, out);
	n = xmlOutputBufferGetSize(out);
	if (rc >= 0 && n > 0 && (p = malloc(n)) != NULL) {
		memcpy(p, xmlOutputBufferGetContent(out), n);
		*ret_n = n;
	}
	(void)xmlOutputBufferClose(out);
	return p;
}

/* -- signature values --------------------------------------------------------
 */

bool
dsig_method(xmlNodePtr signature_method, struct dsig_method *ret)
{
	static const struct {
		const char *uri;
		const EVP_MD *(*md)(void);
		bool pss, raw;
	} known[] = {
	    {"http://www.w3.org/2000/09/xmldsig#rsa-sha1", EVP_sha1, 0, 0},
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
	    {MORE "rsa-sha256", EVP_sha256, 0, 0},
	    {MORE "rsa-sha384", EVP_sha384, 0, 0},
	    {MORE "rsa-sha512", EVP_sha512, 0, 0},
	    {MORE "ecdsa-sha1", EVP_sha1, 0, 1},
	    {MORE "ecdsa-sha256", EVP_sha256, 0, 1},
	    {MORE "ecdsa-sha384", EVP_sha384, 0, 1},
	    {MORE "ecdsa-sha512", EVP_sha512, 0, 1},
#undef MORE
#define MORE "http://www.w3.org/2007/05/xmldsig-more#"
	    {MORE "sha1-rsa-MGF1", EVP_sha1, 1, 0},
	    {MORE "sha256-rsa-MGF1", EVP_sha256, 1, 0},
	    {MORE "sha384-rsa-MGF1", EVP_sha384, 1, 0},
	    {MORE "sha512-rsa-MGF1", EVP_sha512, 1, 0},
#undef MORE
	};
	char uri[128];
	size_t i;

	xml_get(signature_method, "Algorithm", uri, sizeof(uri));
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].uri, uri) != 0)
			continue;
		*ret = (struct dsig_method){
		    known[i].md(), known[i].pss, known[i].raw};
		return true;
	}
	return false;
}

/* Two numbers of one length to what OpenSSL takes; OPENSSL_free. */
static unsigned char *
ecdsa_der(const uint8_t *p, size_t n, int *ret_n)
{
	ECDSA_SIG *s =
	    n >= 2 && n % 2 == 0 && n <= 256 ? ECDSA_SIG_new() : NULL;
	BIGNUM *a = BN_bin2bn(p, (int)(n / 2), NULL);
	BIGNUM *b = BN_bin2bn(p + n / 2, (int)(n / 2), NULL);
	unsigned char *der = NULL;

	if (s && a && b && ECDSA_SIG_set0(s, a, b) == 1) {
		a = b = NULL;
		*ret_n = i2d_ECDSA_SIG(s, &der);
	}
	BN_free(a);
	BN_free(b);
	ECDSA_SIG_free(s);
	return der;
}

static bool
fits_key(const struct dsig_method *m, EVP_PKEY *key)
{
	int kind = key ? EVP_PKEY_get_base_id(key) : 0;

	if (m->raw)
		return kind == EVP_PKEY_EC;
	return kind == EVP_PKEY_RSA || (m->pss && kind == EVP_PKEY_RSA_PSS);
}

bool
dsig_verify(const struct dsig_method *m, X509 *cert, const uint8_t *text,
    size_t n, const uint8_t *value, size_t value_n)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	unsigned char *der = NULL;
	int len = 0;
	bool ok = ctx && fits_key(m, key);

	if (ok && m->raw) {
		der = ecdsa_der(value, value_n, &len);
		ok = der && len > 0;
		value = der;
		value_n = (size_t)len;
	}
	ok = ok && EVP_DigestVerifyInit(ctx, &how, m->md, NULL, key) == 1;
	if (ok && m->pss)
		ok = EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) ==
			 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(
			 how, RSA_PSS_SALTLEN_AUTO) == 1;
	ok = ok && EVP_DigestVerify(ctx, value, value_n, text, n) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}
