/*
 * The tenant's private keys, with the certificates that senders know them by.
 *
 * A credential is one file in PEM: one private key or several, and for each the
 * certificates (at least one) that were handed out for it: an envelope names
 * its recipients by certificate. Key material lives in OpenSSL's secure heap,
 * locked where the system allows it.
 */
#ifndef SL_DECRYPT_KEYS_H
#define SL_DECRYPT_KEYS_H

#include <openssl/cms.h>

#include "../base/err.h"
#include "../base/hash.h"

#define SL_KEYS_MAX 32 /* keys of one tenant, old ones too */
#define SL_KEY_CERTS_MAX 8 /* certificates of one key */
#define SL_KEY_FILE_MAX 65536u /* bytes of one credential */

#define SL_KEY_NAME_BYTES 128

struct sl_key {
	char name[SL_KEY_NAME_BYTES]; /* of its credential */
	EVP_PKEY *pkey;
	X509 *cert[SL_KEY_CERTS_MAX];
	size_t certs_n;
	struct sl_digest fingerprint; /* SHA-256 of its SubjectPublicKeyInfo */
};

struct sl_keys {
	struct sl_key key[SL_KEYS_MAX];
	size_t n;
	struct sl_err left[SL_KEYS_MAX]; /* what was left out, and why */
	size_t left_n;
};

/* No core dumps, no debugger, and the secure heap: before a key is read.
 * *ret_locked: it stays out of swap. */
enum sl_rc sl_keys_guard(bool *ret_locked, struct sl_err *err);
/* Adds what stands in PEM text; passphrase may be NULL. SL_FATAL:
 * config_invalid, with nothing of the text in it, and k is as before. where
 * names it in errors. */
enum sl_rc sl_keys_add(struct sl_keys *k, const char *where, const char *pem,
    size_t n, const char *passphrase, struct sl_err *err);
/* The files that names (a list with spaces) gives, in the folder dir; the
 * passphrase of NAME is what NAME-passphrase holds, if it is there. One that
 * cannot be used is left out (k->left) and the others are loaded; SL_FATAL:
 * not one is left, err is the first's. */
enum sl_rc sl_keys_load(
    struct sl_keys *k, int dir, const char *names, struct sl_err *err);
/* Is there one, or was none asked for? SL_FATAL as above. */
enum sl_rc sl_keys_any(const struct sl_keys *k, struct sl_err *err);
/* Wipes the i-th key and notes why it is left out. */
void sl_keys_leave(struct sl_keys *k, size_t i, const struct sl_err *why);
/* Whose envelope is it? By issuer and serial number, or subject key
 * identifier; the first that fits. NULL: not for us. *ret_cert is lent. */
const struct sl_key *sl_keys_find(
    const struct sl_keys *k, CMS_ContentInfo *cms, X509 **ret_cert);
/* Wipes and frees them; not k itself. */
void sl_keys_forget(struct sl_keys *k);

#endif
