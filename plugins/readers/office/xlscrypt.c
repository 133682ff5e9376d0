/*
 * RC4 of Excel 97 to 2003: MS-OFFCRYPTO, office binary document RC4 (MD5, 40
 * bits) and RC4 CryptoAPI (SHA-1). The stream is closed by blocks of 1024
 * bytes, each with a key of its own; heads of records and a few whole records
 * stand in the clear, but take their part of the key stream.
 *
 * RC4 is our own: OpenSSL has it in a module that would have to be loaded. What
 * Excel 95 and older do (XOR) is not opened.
 *
 * SECURITY: a password is right if what the file holds to verify it says so.
 */
#include "xlscrypt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "crypt.h"

enum { BLOCK = 1024, HEAD = 4, SALT = 16, KEY_MAX = 16, DIGEST_MAX = 20 };
enum { TYPE_RC4 = 1, ALGORITHM_RC4 = 0x6801 };

struct lock {
	EVP_MD *md;
	EVP_MD_CTX *hash;
	bool sha1;
	uint32_t key_bytes;
	const uint8_t *salt, *input, *value; /* in the file */
	uint8_t base[DIGEST_MAX]; /* of the password */
	uint8_t s[256], i, j; /* RC4 */
	size_t block, used; /* of the key stream */
};

static uint32_t
digest_bytes(const struct lock *l)
{
	return l->sha1 ? 20 : 16;
}

static bool
digest(struct lock *l, const void *a, size_t an, const void *b, size_t bn,
    uint8_t *out)
{
	return EVP_DigestInit_ex2(l->hash, l->md, NULL) == 1 &&
	       EVP_DigestUpdate(l->hash, a, an) == 1 &&
	       EVP_DigestUpdate(l->hash, b, bn) == 1 &&
	       EVP_DigestFinal_ex(l->hash, out, NULL) == 1;
}

/* -- RC4 ------------------------------------------------------------------- */

static void
rc4_key(struct lock *l, const uint8_t key[KEY_MAX])
{
	uint8_t t, j = 0;
	unsigned i;

	for (i = 0; i < 256; i++)
		l->s[i] = (uint8_t)i;
	for (i = 0; i < 256; i++) {
		j = (uint8_t)(j + l->s[i] + key[i % l->key_bytes]);
		t = l->s[i];
		l->s[i] = l->s[j];
		l->s[j] = t;
	}
	l->i = l->j = 0;
	l->used = 0;
}

static uint8_t
rc4_byte(struct lock *l)
{
	uint8_t t;

	l->i++;
	l->j = (uint8_t)(l->j + l->s[l->i]);
	t = l->s[l->i];
	l->s[l->i] = l->s[l->j];
	l->s[l->j] = t;
	l->used++;
	return l->s[(uint8_t)(l->s[l->i] + l->s[l->j])];
}

static bool
begin_block(struct lock *l, size_t block)
{
	uint8_t number[4], key[DIGEST_MAX];
	uint32_t whole = l->key_bytes;

	for (unsigned i = 0; i < 4; i++)
		number[i] = (uint8_t)(block >> (8 * i));
	if (!digest(l, l->base, l->sha1 ? 20 : 5, number, 4, key))
		return false;
	/* 40 bits of CryptoAPI are 128, the rest of which is 0 */
	if (l->sha1 && whole == 5) {
		memset(key + 5, 0, KEY_MAX - 5);
		l->key_bytes = KEY_MAX;
	}
	rc4_key(l, key);
	l->key_bytes = whole;
	l->block = block;
	return true;
}

/* The n bytes at p, which lie at `at` of the stream; at only grows. */
static bool
open_bytes(struct lock *l, uint8_t *p, size_t at, size_t n)
{
	for (; n > 0; n--, at++, p++) {
		if (at / BLOCK != l->block && !begin_block(l, at / BLOCK))
			return false;
		while (l->used < at % BLOCK)
			(void)rc4_byte(l);
		*p ^= rc4_byte(l);
	}
	return true;
}

/* -- the password ---------------------------------------------------------- */

/* What all keys are made of. */
static bool
make_base(struct lock *l, const uint8_t *word, size_t n)
{
	uint8_t first[DIGEST_MAX], rows[16 * (5 + SALT)];
	size_t i;

	if (l->sha1)
		return digest(l, l->salt, SALT, word, n, l->base);
	if (!digest(l, word, n, "", 0, first))
		return false;
	for (i = 0; i < 16; i++) {
		memcpy(rows + i * (5 + SALT), first, 5);
		memcpy(rows + i * (5 + SALT) + 5, l->salt, SALT);
	}
	return digest(l, rows, sizeof(rows), "", 0, l->base);
}

static bool
fits(struct lock *l, const char *password)
{
	uint8_t word[CRYPT_WORD_MAX], input[16], value[DIGEST_MAX];
	uint8_t is[DIGEST_MAX];
	size_t n = crypt_utf16(password, word), i;

	if (n == 0 || !make_base(l, word, n) || !begin_block(l, 0))
		return false;
	for (i = 0; i < sizeof(input); i++)
		input[i] = l->input[i] ^ rc4_byte(l);
	for (i = 0; i < digest_bytes(l); i++)
		value[i] = l->value[i] ^ rc4_byte(l);
	return digest(l, input, sizeof(input), "", 0, is) &&
	       CRYPTO_memcmp(is, value, digest_bytes(l)) == 0 &&
	       begin_block(l, 0);
}

/* Excel closes with a word of its own what was only protected: it asks nobody
 * for it. */
static bool
find_password(struct sluse_doc *d, struct lock *l)
{
	const struct sluse_reader_host *h = d->host;
	const char *s;

	if (fits(l, "VelvetSweatshop"))
		return true;
	if (h->size < offsetof(struct sluse_reader_host, password) +
			  sizeof(h->password) ||
	    !h->password)
		return false;
	for (uint32_t i = 0; (s = h->password(d->s, i)) != NULL; i++)
		if (fits(l, s))
			return true;
	return false;
}

/* -- the file -------------------------------------------------------------- */

/* CryptoAPI: a head that says how long it is, then what to verify with. */
static bool
read_cryptoapi(struct lock *l, const uint8_t *p, size_t n)
{
	uint32_t head, algorithm, bits;

	if (n < 14 + 20)
		return false;
	head = le32(p + 10);
	if (head < 20 || head > n - 14 ||
	    n - 14 - head < 4 + SALT + 16 + 4 + 20)
		return false;
	algorithm = le32(p + 14 + 8);
	bits = le32(p + 14 + 16);
	p += 14 + head;
	if ((algorithm != 0 && algorithm != ALGORITHM_RC4) || bits % 8 != 0 ||
	    bits > KEY_MAX * 8 || (bits != 0 && bits < 40) || le32(p) != SALT ||
	    le32(p + 4 + SALT + 16) != 20)
		return false;
	l->sha1 = true;
	l->key_bytes = bits == 0 ? 5 : bits / 8;
	l->salt = p + 4;
	l->input = l->salt + SALT;
	l->value = l->input + 16 + 4;
	return true;
}

static bool
read_lock(struct lock *l, const uint8_t *p, size_t n)
{
	uint32_t major, minor;

	if (n < 6 || le16(p) != TYPE_RC4)
		return false;
	major = le16(p + 2);
	minor = le16(p + 4);
	if (major >= 2 && major <= 4 && minor == 2)
		return read_cryptoapi(l, p, n);
	if (major != 1 || minor != 1 || n < 6 + SALT + 16 + 16)
		return false;
	l->key_bytes = KEY_MAX;
	l->salt = p + 6;
	l->input = l->salt + SALT;
	l->value = l->input + 16;
	return true;
}

/* Bytes of a record that are never closed. */
static size_t
clear_bytes(unsigned type, size_t len)
{
	switch (type) {
	case 0x2F: /* FilePass */
	case 0xE1: /* InterfaceHdr */
	case 0x138: /* RRDHead */
	case 0x194: /* UsrExcl */
	case 0x195: /* FileLock */
	case 0x196: /* RRDInfo */
	case 0x809: /* BOF */
		return len;
	case 0x85: /* BoundSheet8: where the sheet lies */
		return len < 4 ? len : 4;
	default:
		return 0;
	}
}

static bool
open_records(struct lock *l, uint8_t *p, size_t n, size_t at)
{
	size_t len, skip;
	unsigned type;

	for (; n - at >= HEAD; at += len) {
		type = le16(p + at);
		len = le16(p + at + 2);
		at += HEAD;
		if (len > n - at)
			len = n - at;
		skip = clear_bytes(type, len);
		if (!open_bytes(l, p + at + skip, at + skip, len - skip))
			return false;
	}
	return true;
}

int
xls_unlock(struct sluse_doc *d, uint8_t *p, size_t n, size_t at, size_t len)
{
	struct lock l = {0};
	int rc = SLUSE_READ_ENCRYPTED;

	if (!read_lock(&l, p + at, len))
		return rc;
	l.md = EVP_MD_fetch(NULL, l.sha1 ? "SHA1" : "MD5", NULL);
	l.hash = EVP_MD_CTX_new();
	if (!l.md || !l.hash)
		rc = SLUSE_READ_LIMIT;
	else if (find_password(d, &l))
		rc = open_records(&l, p, n, at + len) ? SLUSE_READ_OK
						      : SLUSE_READ_LIMIT;
	EVP_MD_CTX_free(l.hash);
	EVP_MD_free(l.md);
	OPENSSL_cleanse(&l, sizeof(l));
	return rc;
}
