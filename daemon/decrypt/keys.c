/*
 * SECURITY: errors say which file, never what stands in it. The PEM text is
 * wiped as soon as it is read.
 */
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "../base/file.h"
#include "../base/mem.h"

/* Room for all keys, and for what OpenSSL makes of them while it reads. */
#define SECURE_BYTES ((size_t)256 << 10)
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384

enum sl_rc
sl_keys_guard(bool *ret_locked, struct sl_err *err)
{
	const struct rlimit none = {0, 0};
	int rc;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		return sl_err_set(err, SL_FATAL, errno, "sandbox",
		    "cannot forbid core dumps");
	/* 2: it is there, but could not be locked. */
	rc = CRYPTO_secure_malloc_init(SECURE_BYTES, 16);
	*ret_locked = rc == 1;
	return rc != 0 ? SL_OK
		       : sl_err_set(err, SL_FATAL, 0, "sandbox",
			     "no secure memory for the keys");
}

static enum sl_rc
invalid(struct sl_err *err, const char *where, const char *what)
{
	ERR_clear_error();
	return sl_err_set(
	    err, SL_FATAL, 0, "config_invalid", "key %.100s: %s", where, what);
}

static int
give_passphrase(char *buf, int size, int writing, void *arg)
{
	const char *s = arg;
	size_t n = s != NULL ? strlen(s) : 0;

	(void)writing;
	if (s == NULL || size < 0 || n > (size_t)size)
		return -1;
	memcpy(buf, s, n);
	return (int)n;
}

static bool
can_open(const EVP_PKEY *p)
{
	int bits = EVP_PKEY_get_bits(p);

	if (EVP_PKEY_is_a(p, "RSA"))
		return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
	return EVP_PKEY_is_a(p, "EC");
}

static bool
take_fingerprint(struct sl_key *k)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(k->pkey, &der);

	if (n <= 0)
		return false;
	sl_sha256(der, (size_t)n, &k->fingerprint);
	OPENSSL_free(der);
	return true;
}

static enum sl_rc
add_keys(struct sl_keys *k, const char *where, BIO *pem, const char *passphrase,
    struct sl_err *err)
{
	/* OpenSSL's callbacks take no const. */
	void *arg = (void *)(uintptr_t)passphrase;
	struct sl_key one = {0};

	(void)snprintf(one.name, sizeof(one.name), "%s", where);
	while ((one.pkey = PEM_read_bio_PrivateKey(
		    pem, NULL, give_passphrase, arg)) != NULL) {
		if (k->n == SL_KEYS_MAX || !can_open(one.pkey) ||
		    !take_fingerprint(&one)) {
			EVP_PKEY_free(one.pkey);
			return invalid(err, where,
			    k->n == SL_KEYS_MAX ? "too many keys"
						: "of a kind, or so short, "
						  "that it cannot be used");
		}
		k->key[k->n++] = one;
	}
	return SL_OK;
}

/* To the newest of the keys that it fits; a certificate of nobody's here (the
 * issuer's, in a chain) is left. */
static enum sl_rc
add_cert(struct sl_keys *k, size_t from, const char *where, X509 *cert,
    struct sl_err *err)
{
	struct sl_key *key;
	size_t i;

	for (i = k->n; i > from; i--) {
		key = &k->key[i - 1];
		if (X509_check_private_key(cert, key->pkey) != 1)
			continue;
		if (key->certs_n == SL_KEY_CERTS_MAX) {
			X509_free(cert);
			return invalid(err, where, "too many certificates");
		}
		key->cert[key->certs_n++] = cert;
		return SL_OK;
	}
	X509_free(cert);
	return SL_OK;
}

static void
free_key(struct sl_key *key)
{
	size_t c;

	EVP_PKEY_free(key->pkey);
	for (c = 0; c < key->certs_n; c++)
		X509_free(key->cert[c]);
	memset(key, 0, sizeof(*key));
}

static void
note_left(struct sl_keys *k, const struct sl_err *why)
{
	if (k->left_n < SL_KEYS_MAX)
		k->left[k->left_n++] = *why;
}

void
sl_keys_leave(struct sl_keys *k, size_t i, const struct sl_err *why)
{
	note_left(k, why);
	free_key(&k->key[i]);
	k->n--;
	memmove(&k->key[i], &k->key[i + 1], (k->n - i) * sizeof(k->key[0]));
	memset(&k->key[k->n], 0, sizeof(k->key[0]));
}

enum sl_rc
sl_keys_add(struct sl_keys *k, const char *where, const char *pem, size_t n,
    const char *passphrase, struct sl_err *err)
{
	BIO *b = BIO_new_mem_buf(pem, (int)n);
	size_t from = k->n, i;
	X509 *cert;
	enum sl_rc rc;

	if (b == NULL)
		return invalid(err, where, "no memory");
	rc = add_keys(k, where, b, passphrase, err);
	if (rc == SL_OK && k->n == from)
		rc = invalid(err, where,
		    passphrase != NULL ? "no private key in PEM that the "
					 "passphrase opens"
				       : "no private key in PEM; an encrypted "
					 "one needs its passphrase");
	(void)BIO_reset(b);
	while (rc == SL_OK &&
	       (cert = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL)
		rc = add_cert(k, from, where, cert, err);
	BIO_free(b);
	for (i = from; i < k->n && rc == SL_OK; i++)
		if (k->key[i].certs_n == 0)
			rc = invalid(err, where,
			    "a private key without its certificate");
	while (rc != SL_OK && k->n > from)
		free_key(&k->key[--k->n]);
	ERR_clear_error();
	return rc;
}

/* The whole of a credential into p (max + 1 bytes). SL_SKIP: not there. */
static enum sl_rc
read_secret(int dir, const char *name, char *p, size_t max, size_t *ret_n,
    struct sl_err *err)
{
	SL_CLOSE int fd =
	    openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return SL_SKIP;
	if (fd < 0)
		return invalid(err, name, "the file cannot be opened");
	if (!sl_file_is_private(fd))
		return invalid(
		    err, name, "the file is open to others, or no plain file");
	n = sl_read_full(fd, p, max + 1);
	if (n < 0 || (size_t)n > max)
		return invalid(
		    err, name, "the file is too long, or cannot be read");
	*ret_n = (size_t)n;
	p[n] = '\0';
	return SL_OK;
}

/* text and phrase: secure memory of the caller's. */
static enum sl_rc
load_one(struct sl_keys *k, int dir, const char *name, char *text, char *phrase,
    struct sl_err *err)
{
	char other[SL_KEY_NAME_BYTES + 16];
	size_t n, phrase_n = 0;
	enum sl_rc rc = read_secret(dir, name, text, SL_KEY_FILE_MAX, &n, err);

	if (rc == SL_SKIP)
		return invalid(err, name, "there is no such credential");
	if (rc != SL_OK)
		return rc;
	(void)snprintf(other, sizeof(other), "%s-passphrase", name);
	rc = read_secret(dir, other, phrase, PEM_BUFSIZE, &phrase_n, err);
	if (rc != SL_OK && rc != SL_SKIP)
		return rc;
	phrase[strcspn(phrase, "\r\n")] = '\0';
	return sl_keys_add(k, name, text, n, rc == SL_OK ? phrase : NULL, err);
}

enum sl_rc
sl_keys_load(struct sl_keys *k, int dir, const char *names, struct sl_err *err)
{
	size_t text_n = SL_KEY_FILE_MAX + 2, phrase_n = PEM_BUFSIZE + 2, len;
	char *text = OPENSSL_secure_zalloc(text_n);
	char *phrase = OPENSSL_secure_zalloc(phrase_n);
	char name[SL_KEY_NAME_BYTES];
	struct sl_err why;
	enum sl_rc rc;

	if (text == NULL || phrase == NULL)
		(void)invalid(&why, "", "no secure memory");
	if (text == NULL || phrase == NULL)
		note_left(k, &why);
	while (text != NULL && phrase != NULL &&
	       *(names += strspn(names, " ")) != '\0') {
		len = strcspn(names, " ");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, names);
		if (len >= sizeof(name) || !sl_name_is_plain(name))
			rc = invalid(&why, "", "that is no name of one");
		else
			rc = load_one(k, dir, name, text, phrase, &why);
		if (rc != SL_OK)
			note_left(k, &why);
		names += len;
	}
	OPENSSL_secure_clear_free(text, text_n);
	OPENSSL_secure_clear_free(phrase, phrase_n);
	return sl_keys_any(k, err);
}

enum sl_rc
sl_keys_any(const struct sl_keys *k, struct sl_err *err)
{
	if (k->n > 0 || k->left_n == 0)
		return SL_OK;
	*err = k->left[0];
	return SL_FATAL;
}

static bool
names(CMS_RecipientInfo *ri, X509 *cert)
{
	STACK_OF(CMS_RecipientEncryptedKey) * keys;
	int i;

	if (CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_TRANS)
		return CMS_RecipientInfo_ktri_cert_cmp(ri, cert) == 0;
	if (CMS_RecipientInfo_type(ri) != CMS_RECIPINFO_AGREE)
		return false;
	keys = CMS_RecipientInfo_kari_get0_reks(ri);
	for (i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); i++)
		if (CMS_RecipientEncryptedKey_cert_cmp(
			sk_CMS_RecipientEncryptedKey_value(keys, i), cert) == 0)
			return true;
	return false;
}

const struct sl_key *
sl_keys_find(const struct sl_keys *k, CMS_ContentInfo *cms, X509 **ret_cert)
{
	STACK_OF(CMS_RecipientInfo) *all = CMS_get0_RecipientInfos(cms);
	const struct sl_key *key;
	size_t i, c;
	int r;

	for (r = 0; r < sk_CMS_RecipientInfo_num(all); r++)
		for (i = 0; i < k->n; i++)
			for (key = &k->key[i], c = 0; c < key->certs_n; c++) {
				if (!names(sk_CMS_RecipientInfo_value(all, r),
					key->cert[c]))
					continue;
				*ret_cert = key->cert[c];
				return key;
			}
	return NULL;
}

void
sl_keys_forget(struct sl_keys *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		free_key(&k->key[i]);
	memset(k, 0, sizeof(*k));
}
