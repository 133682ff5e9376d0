#include "note.h"

#include <inttypes.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/base64.h"
#include "../base/hash.h"
#include "../base/mem.h"
#include "../base/text.h"

#define SIG_LEN 64
#define SIG_MAX 8192 /* of a kind that is not known here */
#define DASH "\xe2\x80\x94 " /* — */

struct sl_signer {
	EVP_PKEY *key;
	struct sl_vkey vkey;
};

struct sig {
	struct sl_slice name;
	uint8_t bytes[SIG_MAX]; /* key id and signature */
	size_t n;
};

/* White space of Unicode (the property, as Go's unicode.IsSpace has it). */
static bool
is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 ||
	       c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
	       c == 0x3000;
}

bool
sl_note_is_name(const char *s, size_t n)
{
	size_t i = 0;
	uint32_t c;

	if (n == 0 || n > SL_NOTE_NAME_MAX || !sl_utf8_valid(s, n))
		return false;
	while (i < n) {
		c = sl_utf8_next(s, n, &i);
		if (is_space(c) || c == '+' || c < 0x20)
			return false;
	}
	return true;
}

/* First four bytes of SHA-256(name || 0x0A || type || key). */
static void
key_id(const struct sl_vkey *k, uint8_t out[4])
{
	SL_BUF struct sl_buf b = {0};
	struct sl_digest d;

	sl_buf_add_str(&b, k->name);
	sl_buf_add_char(&b, '\n');
	sl_buf_add(&b, &k->type, 1);
	sl_buf_add(&b, k->pub, sizeof(k->pub));
	sl_sha256(b.p, b.n, &d);
	memcpy(out, d.b, 4);
}

bool
sl_vkey_make(
    const char *name, uint8_t type, const uint8_t pub[32], struct sl_vkey *ret)
{
	if (!sl_note_is_name(name, strlen(name)))
		return false;
	memset(ret, 0, sizeof(*ret));
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->type = type;
	memcpy(ret->pub, pub, sizeof(ret->pub));
	key_id(ret, ret->id);
	return true;
}

bool
sl_vkey_parse(const char *s, size_t n, struct sl_vkey *ret)
{
	const char *plus = memchr(s, '+', n), *second;
	char name[SL_NOTE_NAME_MAX + 1], hex[9];
	uint8_t key[33], id[4];
	size_t len;

	if (n > 0 && s[n - 1] == '\n')
		n--;
	if (plus == NULL || !sl_note_is_name(s, (size_t)(plus - s)))
		return false;
	second = plus + 9;
	if ((size_t)(second - s) >= n || *second != '+')
		return false;
	(void)sl_slice_copy(
	    (struct sl_slice){s, (uint32_t)(plus - s)}, name, sizeof(name));
	memcpy(hex, plus + 1, 8);
	hex[8] = '\0';
	if (strspn(hex, "0123456789abcdef") != 8 || !sl_unhex(hex, id, 4) ||
	    !sl_base64_read(second + 1, n - (size_t)(second + 1 - s), key,
		sizeof(key), &len) ||
	    len != sizeof(key) ||
	    (key[0] != SL_KEY_ED25519 && key[0] != SL_KEY_COSIGNATURE))
		return false;
	return sl_vkey_make(name, key[0], key + 1, ret) &&
	       memcmp(ret->id, id, 4) == 0;
}

void
sl_vkey_text(const struct sl_vkey *k, struct sl_buf *out)
{
	uint8_t key[33];
	char hex[9];

	sl_hex(k->id, 4, hex);
	key[0] = k->type;
	memcpy(key + 1, k->pub, 32);
	sl_buf_printf(out, "%s+%s+", k->name, hex);
	sl_base64_add(out, key, sizeof(key));
}

void
sl_vkey_pem(const struct sl_vkey *k, struct sl_buf *out)
{
	/* RFC 8410: the key behind its algorithm, id-Ed25519. */
	static const uint8_t head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b,
	    0x65, 0x70, 0x03, 0x21, 0};
	uint8_t der[sizeof(head) + 32];

	memcpy(der, head, sizeof(head));
	memcpy(der + sizeof(head), k->pub, 32);
	sl_buf_add_str(out, "-----BEGIN PUBLIC KEY-----\n");
	sl_base64_add(out, der, sizeof(der));
	sl_buf_add_str(out, "\n-----END PUBLIC KEY-----\n");
}

/* -- reading --------------------------------------------------------------- */

static enum sl_rc
bad(struct sl_err *err)
{
	return sl_err_set(err, SL_REJECT, 0, "bad_note", "not a signed note");
}

/* One signature line, without its newline. */
static bool
read_sig(const char *s, size_t n, struct sig *ret)
{
	const size_t dash = sizeof(DASH) - 1;
	const char *space;

	if (n < dash || memcmp(s, DASH, dash) != 0)
		return false;
	s += dash;
	n -= dash;
	space = memchr(s, ' ', n);
	if (space == NULL || !sl_note_is_name(s, (size_t)(space - s)))
		return false;
	ret->name = (struct sl_slice){s, (uint32_t)(space - s)};
	n -= (size_t)(space + 1 - s);
	return sl_base64_read(
		   space + 1, n, ret->bytes, sizeof(ret->bytes), &ret->n) &&
	       ret->n > 4;
}

static bool
next_sig(const struct sl_note *note, size_t *at, struct sig *ret)
{
	const char *s = note->sigs.p + *at, *nl;

	if (*at >= note->sigs.n)
		return false;
	nl = memchr(s, '\n', note->sigs.n - *at);
	if (nl == NULL)
		return false;
	*at += (size_t)(nl + 1 - s);
	return read_sig(s, (size_t)(nl - s), ret);
}

enum sl_rc
sl_note_parse(const void *p, size_t n, struct sl_note *ret, struct sl_err *err)
{
	const char *s = p;
	size_t i, at = 0;
	unsigned sigs = 0;
	struct sig sig;

	if (n < 4 || n > SL_NOTE_MAX || !sl_utf8_valid(s, n))
		return bad(err);
	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 && s[i] != '\n')
			return bad(err);
	/* The last empty line parts text and signatures. */
	for (i = n - 1; i > 0 && !(s[i] == '\n' && s[i - 1] == '\n'); i--)
		;
	if (i == 0 || s[n - 1] != '\n' || i + 1 >= n)
		return bad(err);
	ret->text = (struct sl_slice){s, (uint32_t)i};
	ret->sigs = (struct sl_slice){s + i + 1, (uint32_t)(n - i - 1)};
	while (at < ret->sigs.n) {
		if (++sigs > SL_NOTE_SIGS_MAX || !next_sig(ret, &at, &sig))
			return bad(err);
	}
	return SL_OK;
}

static bool
is_signed(const struct sl_vkey *k, const uint8_t *sig, const char *p, size_t n)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, k->pub, sizeof(k->pub));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok =
	    key != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, sig, SIG_LEN, (const uint8_t *)p, n) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

uint64_t
sl_cosignature_time(const uint8_t c[SL_COSIGNATURE_LEN])
{
	uint64_t t = 0;
	int i;

	for (i = 0; i < 8; i++)
		t = t << 8 | c[i];
	return t;
}

bool
sl_cosignature_verify(const struct sl_vkey *k, struct sl_slice text,
    const uint8_t c[SL_COSIGNATURE_LEN])
{
	uint64_t time = sl_cosignature_time(c);
	SL_BUF struct sl_buf b = {0};

	if (k->type != SL_KEY_COSIGNATURE || time > INT64_MAX)
		return false;
	sl_buf_printf(&b, "cosignature/v1\ntime %" PRIu64 "\n", time);
	sl_buf_add(&b, text.p, text.n);
	return is_signed(k, c + 8, b.p, b.n);
}

static bool
check(const struct sl_vkey *k, const struct sig *sig, struct sl_slice text)
{
	const uint8_t *p = sig->bytes + 4;

	if (k->type == SL_KEY_COSIGNATURE)
		return sig->n == 4 + SL_COSIGNATURE_LEN &&
		       sl_cosignature_verify(k, text, p);
	return sig->n == 4 + SIG_LEN && is_signed(k, p, text.p, text.n);
}

static bool
is_of(const struct sl_vkey *k, const struct sig *sig)
{
	return sl_slice_eq(sig->name, k->name) &&
	       memcmp(sig->bytes, k->id, sizeof(k->id)) == 0;
}

static enum sl_rc
wrong(struct sl_err *err)
{
	return sl_err_set(
	    err, SL_REJECT, 0, "bad_signature", "the signature is wrong");
}

static enum sl_rc
not_signed(struct sl_err *err)
{
	return sl_err_set(
	    err, SL_SKIP, 0, "no_signature", "it is not signed by that key");
}

enum sl_rc
sl_note_verify(const struct sl_note *note, const struct sl_vkey *keys, size_t n,
    uint32_t *ret_signed, struct sl_err *err)
{
	uint32_t by = 0;
	struct sig sig;
	size_t at = 0, i;
	bool any = false;

	while (next_sig(note, &at, &sig)) {
		for (i = 0; i < n; i++) {
			if (!is_of(&keys[i], &sig))
				continue;
			if (!check(&keys[i], &sig, note->text))
				return wrong(err);
			any = true;
			if (i < 32)
				by |= UINT32_C(1) << i;
		}
	}
	if (ret_signed != NULL)
		*ret_signed = by;
	return any ? SL_OK : not_signed(err);
}

enum sl_rc
sl_cosignature_find(const struct sl_note *note, const struct sl_vkey *k,
    uint8_t ret[SL_COSIGNATURE_LEN], struct sl_err *err)
{
	struct sig sig;
	size_t at = 0;

	while (next_sig(note, &at, &sig)) {
		if (!is_of(k, &sig))
			continue;
		if (k->type != SL_KEY_COSIGNATURE ||
		    !check(k, &sig, note->text))
			return wrong(err);
		memcpy(ret, sig.bytes + 4, SL_COSIGNATURE_LEN);
		return SL_OK;
	}
	return not_signed(err);
}

bool
sl_note_signature(const struct sl_note *note, const char *name,
    uint8_t ret[SL_NOTE_SIGNATURE_LEN])
{
	struct sig sig;
	size_t at = 0;

	while (next_sig(note, &at, &sig)) {
		if (!sl_slice_eq(sig.name, name) ||
		    sig.n != SL_NOTE_SIGNATURE_LEN)
			continue;
		memcpy(ret, sig.bytes, SL_NOTE_SIGNATURE_LEN);
		return true;
	}
	return false;
}

static void
add_line(const char *name, const uint8_t *bytes, size_t n, struct sl_buf *out)
{
	sl_buf_printf(out, DASH "%s ", name);
	sl_base64_add(out, bytes, n);
	sl_buf_add_char(out, '\n');
}

void
sl_note_add_signature(const char *name,
    const uint8_t sig[SL_NOTE_SIGNATURE_LEN], struct sl_buf *out)
{
	add_line(name, sig, SL_NOTE_SIGNATURE_LEN, out);
}

void
sl_cosignature_add(const struct sl_vkey *k, const uint8_t c[SL_COSIGNATURE_LEN],
    struct sl_buf *out)
{
	uint8_t all[4 + SL_COSIGNATURE_LEN];

	memcpy(all, k->id, sizeof(k->id));
	memcpy(all + 4, c, SL_COSIGNATURE_LEN);
	add_line(k->name, all, sizeof(all), out);
}

/* -- signing --------------------------------------------------------------- */

enum sl_rc
sl_signer_new(const char *name, const char *pem, size_t n,
    struct sl_signer **ret, struct sl_err *err)
{
	struct sl_signer *s = sl_alloc(sizeof(*s));
	BIO *bio = BIO_new_mem_buf(pem, (int)n);
	uint8_t pub[32];
	size_t len = sizeof(pub);

	/* No password is asked for: the file is private or useless. */
	if (bio != NULL)
		s->key = PEM_read_bio_PrivateKey(
		    bio, NULL, NULL, (void *)(uintptr_t) "");
	(void)BIO_free(bio);
	if (s->key == NULL || EVP_PKEY_id(s->key) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_public_key(s->key, pub, &len) != 1 || len != 32 ||
	    !sl_vkey_make(name, SL_KEY_ED25519, pub, &s->vkey)) {
		sl_signer_free(s);
		return sl_err_set(err, SL_REJECT, 0, "bad_key",
		    "not an Ed25519 private key (PEM)");
	}
	*ret = s;
	return SL_OK;
}

void
sl_signer_free(struct sl_signer *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_free(s->key);
	free(s);
}

const struct sl_vkey *
sl_signer_vkey(const struct sl_signer *s)
{
	return &s->vkey;
}

enum sl_rc
sl_signer_make(struct sl_buf *pem, struct sl_err *err)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;
	bool ok = key != NULL && bio != NULL &&
		  PEM_write_bio_PKCS8PrivateKey(
		      bio, key, NULL, NULL, 0, NULL, NULL) == 1;

	if (ok) {
		n = BIO_get_mem_data(bio, &p);
		sl_buf_add(pem, p, (size_t)n);
		explicit_bzero(p, (size_t)n);
	}
	(void)BIO_free(bio);
	EVP_PKEY_free(key);
	return ok ? SL_OK
		  : sl_err_set(err, SL_FATAL, 0, "own_bug",
			"cannot make an Ed25519 key");
}

enum sl_rc
sl_note_sign(const struct sl_signer *s, struct sl_slice text,
    struct sl_buf *out, struct sl_err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[4 + SIG_LEN];
	size_t n = SIG_LEN;
	bool ok = ctx != NULL &&
		  EVP_DigestSignInit(ctx, NULL, NULL, NULL, s->key) == 1 &&
		  EVP_DigestSign(
		      ctx, sig + 4, &n, (const uint8_t *)text.p, text.n) == 1 &&
		  n == SIG_LEN;

	EVP_MD_CTX_free(ctx);
	if (!ok)
		return sl_err_set(err, SL_FATAL, 0, "own_bug", "cannot sign");
	memcpy(sig, s->vkey.id, 4);
	add_line(s->vkey.name, sig, sizeof(sig), out);
	return SL_OK;
}
