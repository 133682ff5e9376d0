#include "cert.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEPTH_MAX 10 /* certificates between signer and trust list */
#define TRUST_MAX 2000 /* certificates in a trust list */

struct trust {
	X509_STORE *store;
};

/* -- the trust list ---------------------------------------------------------
 */

static int
add_all(X509_STORE *store, BIO *in)
{
	X509 *x;
	int n = 0;

	while (n < TRUST_MAX &&
	       (x = PEM_read_bio_X509_AUX(in, NULL, NULL, NULL)) != NULL) {
		n += X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
	}
	ERR_clear_error(); /* how the list ended */
	return n;
}

struct trust *
trust_load(const struct sluse_reader_host *host, struct sluse_source *s)
{
	const size_t need =
	    offsetof(struct sluse_reader_host, trust) + sizeof(host->trust);
	struct trust *t;
	const void *pem;
	size_t n = 0;
	BIO *in;

	if (host->size < need || !host->trust || !(pem = host->trust(s, &n)) ||
	    n == 0 || n > INT32_MAX)
		return NULL;
	t = calloc(1, sizeof(*t));
	in = BIO_new_mem_buf(pem, (int)n);
	if (t)
		t->store = X509_STORE_new();
	if (!t || !in || !t->store || add_all(t->store, in) == 0) {
		trust_free(t);
		t = NULL;
	}
	BIO_free(in);
	return t;
}

void
trust_free(struct trust *t)
{
	if (!t)
		return;
	X509_STORE_free(t->store);
	free(t);
}

/* -- time --------------------------------------------------------------------
 */

/* Days from 1970-01-01, of the Gregorian calendar. */
static int64_t
days(int64_t y, int64_t m, int64_t d)
{
	int64_t era, of_era, of_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	of_era = y - era * 400;
	of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

int64_t
cert_time(const ASN1_TIME *t)
{
	struct tm tm;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * 86400 +
	       tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
}

static bool
valid_at(X509 *cert, int64_t at)
{
	return cert_time(X509_get0_notBefore(cert)) <= at &&
	       at <= cert_time(X509_get0_notAfter(cert));
}

/* -- names -------------------------------------------------------------------
 */

/* The last entry of that kind, cut at whole characters. */
static void
name_entry(X509_NAME *name, int nid, char *out, size_t cap)
{
	int at = -1,
	    next = name ? X509_NAME_get_index_by_NID(name, nid, -1) : -1;
	unsigned char *utf8 = NULL;
	size_t i, n;
	int len;

	while (next >= 0) {
		at = next;
		next = X509_NAME_get_index_by_NID(name, nid, at);
	}
	if (at < 0)
		return;
	len = ASN1_STRING_to_UTF8(
	    &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (len <= 0) {
		OPENSSL_free(utf8);
		return;
	}
	n = (size_t)len < cap - 1 ? (size_t)len : cap - 1;
	if (n < (size_t)len)
		while (n > 0 && (utf8[n] & 0xC0) == 0x80)
			n--;
	for (i = 0; i < n; i++)
		out[i] =
		    utf8[i] < 0x20 || utf8[i] == 0x7F ? ' ' : (char)utf8[i];
	out[n] = '\0';
	OPENSSL_free(utf8);
}

static void
names(struct signature *s, X509 *cert)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	X509_NAME *issuer = X509_get_issuer_name(cert);

	name_entry(subject, NID_commonName, s->signer, sizeof(s->signer));
	name_entry(subject, NID_organizationName, s->organisation,
	    sizeof(s->organisation));
	name_entry(subject, NID_organizationIdentifier, s->identifier,
	    sizeof(s->identifier));
	if (!*s->identifier)
		name_entry(subject, NID_serialNumber, s->identifier,
		    sizeof(s->identifier));
	name_entry(issuer, NID_commonName, s->issuer, sizeof(s->issuer));
	if (!*s->issuer)
		name_entry(
		    issuer, NID_organizationName, s->issuer, sizeof(s->issuer));
}

/* -- strength ----------------------------------------------------------------
 */

void
cert_judge_digest(struct signature *s, int nid)
{
	const char *name = OBJ_nid2sn(nid);
	size_t i;

	for (i = 0; name && name[i] && i < sizeof(s->digest) - 1; i++)
		s->digest[i] = name[i] >= 'A' && name[i] <= 'Z'
				   ? (char)(name[i] | 0x20)
				   : name[i];
	s->digest[i] = '\0';
	if (nid == NID_md2 || nid == NID_md4 || nid == NID_md5 ||
	    nid == NID_sha1 || nid == NID_ripemd160 || nid == NID_mdc2)
		signed_add_weak(s, s->digest);
}

static void
judge_key(struct signature *s, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	int bits = key ? EVP_PKEY_get_bits(key) : 0, kind;
	char b[24];

	if (!key)
		return;
	kind = EVP_PKEY_get_base_id(key);
	if ((kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS) && bits < 2048)
		(void)snprintf(b, sizeof(b), "rsa%d", bits);
	else if (kind == EVP_PKEY_EC && bits < 224)
		(void)snprintf(b, sizeof(b), "ec%d", bits);
	else if (kind == EVP_PKEY_DSA)
		(void)snprintf(b, sizeof(b), "dsa%d", bits);
	else
		return;
	signed_add_weak(s, b);
}

/* -- the chain ---------------------------------------------------------------
 */

static int
verify(X509 *cert, STACK_OF(X509) * more, int64_t at, const struct trust *trust)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int ret = X509_V_ERR_OUT_OF_MEM;

	if (ctx && X509_STORE_CTX_init(ctx, trust->store, cert, more) == 1) {
		param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_time(param, (time_t)at);
		X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
		/* What the tenant lists is trusted, a root or not. */
		(void)X509_VERIFY_PARAM_set_flags(
		    param, X509_V_FLAG_PARTIAL_CHAIN);
		ret = X509_verify_cert(ctx) == 1
			  ? X509_V_OK
			  : X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return ret;
}

enum signed_chain
cert_chain(
    X509 *cert, STACK_OF(X509) * more, int64_t at_s, const struct trust *trust)
{
	if (!trust)
		return SIGNED_CHAIN_UNCHECKED;
	return verify(cert, more, at_s, trust) == X509_V_OK
		   ? SIGNED_CHAIN_TRUSTED
		   : SIGNED_CHAIN_UNTRUSTED;
}

void
cert_judge(struct signature *s, X509 *cert, STACK_OF(X509) * more,
    const struct trust *trust)
{
	int64_t now = (int64_t)time(NULL);
	int64_t at = s->stamped_s != 0	 ? s->stamped_s
		     : s->claimed_s != 0 ? s->claimed_s
					 : now;

	s->cert_found = true;
	names(s, cert);
	judge_key(s, cert);
	s->expired = !valid_at(cert, at);
	s->expired_since = !s->expired && !valid_at(cert, now);
	s->chain = cert_chain(cert, more, at, trust);
}

/* -- warming -----------------------------------------------------------------
 */

int
cert_warm(void)
{
	unsigned char b[16];
	X509_STORE *store;

	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
				    OPENSSL_INIT_ADD_ALL_DIGESTS |
				    OPENSSL_INIT_ADD_ALL_CIPHERS |
				    OPENSSL_INIT_LOAD_CONFIG,
		NULL) != 1 ||
	    RAND_bytes(b, sizeof(b)) != 1)
		return -1;
	store = X509_STORE_new();
	X509_STORE_free(store);
	return store ? 0 : -1;
}
