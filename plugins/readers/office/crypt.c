/*
 * Office Open XML that is closed with a password: MS-OFFCRYPTO, agile and
 * standard encryption, in an OLE2 file with the streams EncryptionInfo and
 * EncryptedPackage.
 *
 * Our own on OpenSSL's primitives: no library of Debian 12 does it for C
 * (libgsf does not; the one that does is Python's). The container is ours, the
 * ciphers and digests are OpenSSL's. RC4: of .xls in xlscrypt.c, of .doc and
 * .ppt it is not opened.
 *
 * SECURITY: the clear package lies in memory only. A password is right if what
 * the file itself holds to verify it says so. The file says how often a digest
 * is taken: at most CRYPT_SPINS_MAX for one password and CRYPT_ALL_MAX for all.
 */
#include "crypt.h"

#include <libxml/xmlreader.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#define INFO_MAX 65536u
#define PACKAGE_MAX ((uint64_t)128 << 20)
#define CRYPT_SPINS_MAX 1000000u
#define CRYPT_ALL_MAX 20000000u /* some 10 s */
#define STANDARD_SPINS 50000u
#define SEGMENT 4096u
#define BLOCK 16u /* AES */

struct cipher {
	EVP_MD *md;
	EVP_CIPHER_CTX *ctx;
	EVP_MD_CTX *hash;
	bool agile;
	uint32_t key_bytes, spins;
	/* Agile: those of the password, and of the package. */
	struct blob salt, input, value, key_value, data_salt;
	EVP_MD *data_md;
	struct blob hmac_key, hmac_value; /* n 0: there is none */
};

/* -- primitives ------------------------------------------------------------ */

static bool
digest(struct cipher *c, uint8_t out[EVP_MAX_MD_SIZE], const void *a, size_t an,
    const void *b, size_t bn)
{
	return EVP_DigestInit_ex2(c->hash, c->md, NULL) == 1 &&
	       EVP_DigestUpdate(c->hash, a, an) == 1 &&
	       EVP_DigestUpdate(c->hash, b, bn) == 1 &&
	       EVP_DigestFinal_ex(c->hash, out, NULL) == 1;
}

static const EVP_CIPHER *
aes(const struct cipher *c)
{
	switch (c->key_bytes) {
	case 16:
		return c->agile ? EVP_aes_128_cbc() : EVP_aes_128_ecb();
	case 24:
		return c->agile ? EVP_aes_192_cbc() : EVP_aes_192_ecb();
	case 32:
		return c->agile ? EVP_aes_256_cbc() : EVP_aes_256_ecb();
	default:
		return NULL;
	}
}

/* n is a multiple of a block. */
static bool
decipher(struct cipher *c, const uint8_t *key, const uint8_t *iv,
    const uint8_t *in, size_t n, uint8_t *out)
{
	int got = 0;

	return n % BLOCK == 0 && n <= INT32_MAX &&
	       EVP_DecryptInit_ex(c->ctx, aes(c), NULL, key, iv) == 1 &&
	       EVP_CIPHER_CTX_set_padding(c->ctx, 0) == 1 &&
	       EVP_DecryptUpdate(c->ctx, out, &got, in, (int)n) == 1 &&
	       got == (int)n;
}

static uint32_t
md_bytes(const struct cipher *c)
{
	return (uint32_t)EVP_MD_get_size(c->md);
}

static void
put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* A digest as a key or an IV: cut, or filled up with 0x36. */
static void
fit(uint8_t *p, uint32_t have, uint32_t want)
{
	if (have < want)
		memset(p + have, 0x36, want - have);
}

/* The digest of the password, spun. */
static bool
spin(struct cipher *c, const uint8_t *word, size_t n, uint8_t *h)
{
	uint8_t number[4];

	if (!digest(c, h, c->salt.b, c->salt.n, word, n))
		return false;
	for (uint32_t i = 0; i < c->spins; i++) {
		put32(number, i);
		if (!digest(c, h, number, 4, h, md_bytes(c)))
			return false;
	}
	return true;
}

/* -- what the file says ---------------------------------------------------- */

bool
crypt_base64(const char *s, struct blob *ret)
{
	size_t n = strlen(s);
	uint8_t b[BLOB_MAX + 3];
	int got = -1;

	if (n > 0 && n % 4 == 0 && n / 4 * 3 <= sizeof(b))
		got = EVP_DecodeBlock(b, (const uint8_t *)s, (int)n);
	for (size_t i = n; got > 0 && i > n - 2 && s[i - 1] == '='; i--)
		got--;
	if (got <= 0 || got > (int)BLOB_MAX)
		return false;
	memcpy(ret->b, b, (size_t)got);
	ret->n = (uint32_t)got;
	return true;
}

static bool
attr_blob(xmlTextReaderPtr r, const char *name, struct blob *ret)
{
	char *s = (char *)xmlTextReaderGetAttribute(r, (const xmlChar *)name);
	bool ok = s && crypt_base64(s, ret);

	xmlFree(s);
	return ok;
}

static uint32_t
attr_number(xmlTextReaderPtr r, const char *name)
{
	char *s = (char *)xmlTextReaderGetAttribute(r, (const xmlChar *)name);
	unsigned long v = s && strlen(s) < 10 ? strtoul(s, NULL, 10) : 0;

	xmlFree(s);
	return (uint32_t)v;
}

static bool
attr_is(xmlTextReaderPtr r, const char *name, const char *value)
{
	char *s = (char *)xmlTextReaderGetAttribute(r, (const xmlChar *)name);
	bool yes = s && !strcmp(s, value);

	xmlFree(s);
	return yes;
}

static EVP_MD *
find_md(xmlTextReaderPtr r)
{
	static const char *const names[] = {
	    "SHA512", "SHA1", "SHA256", "SHA384"};

	for (unsigned i = 0; i < 4; i++)
		if (attr_is(r, "hashAlgorithm", names[i]))
			return EVP_MD_fetch(NULL, names[i], NULL);
	return NULL;
}

static bool
is_aes_cbc(xmlTextReaderPtr r)
{
	return attr_is(r, "cipherAlgorithm", "AES") &&
	       attr_is(r, "cipherChaining", "ChainingModeCBC") &&
	       attr_number(r, "blockSize") == BLOCK;
}

/* One element of the description. False: not of a kind that is known. */
static bool
take_element(struct cipher *c, xmlTextReaderPtr r)
{
	const char *name = (const char *)xmlTextReaderConstLocalName(r);

	if (!strcmp(name, "keyData")) {
		if (!c->data_md)
			c->data_md = find_md(r);
		return c->data_md && is_aes_cbc(r) &&
		       attr_blob(r, "saltValue", &c->data_salt);
	}
	if (!strcmp(name, "dataIntegrity"))
		return attr_blob(r, "encryptedHmacKey", &c->hmac_key) &&
		       attr_blob(r, "encryptedHmacValue", &c->hmac_value);
	if (strcmp(name, "encryptedKey") != 0 || c->md)
		return true;
	c->md = find_md(r);
	c->spins = attr_number(r, "spinCount");
	c->key_bytes = attr_number(r, "keyBits") / 8;
	return c->md && is_aes_cbc(r) && attr_blob(r, "saltValue", &c->salt) &&
	       attr_blob(r, "encryptedVerifierHashInput", &c->input) &&
	       attr_blob(r, "encryptedVerifierHashValue", &c->value) &&
	       attr_blob(r, "encryptedKeyValue", &c->key_value);
}

static bool
parse_agile(struct cipher *c, const uint8_t *p, size_t n)
{
	/* Streams are sometimes filled up. */
	int length = (int)strnlen((const char *)p, n);
	xmlTextReaderPtr r = xmlReaderForMemory((const char *)p, length, NULL,
	    NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	bool ok = r != NULL;

	c->agile = true;
	while (ok && xmlTextReaderRead(r) == 1)
		if (xmlTextReaderNodeType(r) == XML_READER_TYPE_ELEMENT)
			ok = take_element(c, r);
	xmlFreeTextReader(r);
	return ok && c->md && c->data_md && c->data_salt.n > 0 &&
	       c->salt.n > 0 && c->input.n % BLOCK == 0 &&
	       c->value.n % BLOCK == 0 && c->value.n >= md_bytes(c) &&
	       c->key_value.n % BLOCK == 0 && c->key_value.n >= c->key_bytes;
}

static bool
parse_standard(struct cipher *c, const uint8_t *p, size_t n)
{
	uint32_t head = n >= 8 ? le32(p + 4) : 0, alg;
	const uint8_t *v = p + 8 + head;

	if (head < 32 || head > n - 8 || n - 8 - head < 4 + 16 + 16 + 4 + 32)
		return false;
	alg = le32(p + 8 + 8);
	c->key_bytes = le32(p + 8 + 16) / 8;
	if (alg < 0x660e || alg > 0x6610 || le32(v) != 16)
		return false;
	c->md = EVP_MD_fetch(NULL, "SHA1", NULL);
	c->spins = STANDARD_SPINS;
	memcpy(c->salt.b, v + 4, c->salt.n = 16);
	memcpy(c->input.b, v + 20, c->input.n = 16);
	memcpy(c->value.b, v + 40, c->value.n = 32);
	return c->md != NULL;
}

static bool
parse_info(struct cipher *c, const uint8_t *p, size_t n)
{
	if (n < 8)
		return false;
	if (le16(p) == 4 && le16(p + 2) == 4)
		return parse_agile(c, p + 8, n - 8);
	return le16(p) >= 2 && le16(p) <= 4 && le16(p + 2) == 2 &&
	       parse_standard(c, p + 4, n - 4);
}

/* -- a password -------------------------------------------------------------
 */

static bool
agile_part(struct cipher *c, const uint8_t *h, const uint8_t *block,
    const struct blob *in, uint8_t *out)
{
	uint8_t key[EVP_MAX_MD_SIZE], iv[BLOCK];
	uint32_t n = c->salt.n < BLOCK ? c->salt.n : BLOCK;

	memcpy(iv, c->salt.b, n);
	fit(iv, n, BLOCK);
	if (!digest(c, key, h, md_bytes(c), block, 8))
		return false;
	fit(key, md_bytes(c), c->key_bytes);
	return decipher(c, key, iv, in->b, in->n / BLOCK * BLOCK, out);
}

static bool
try_agile(struct cipher *c, const uint8_t *h, uint8_t *ret_key)
{
	static const uint8_t input[8] = {0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b,
	    0x9e, 0x79},
			     value[8] = {0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61,
				 0x34, 0x4e},
			     key[8] = {0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0,
				 0xd6};
	uint8_t a[BLOB_MAX], b[BLOB_MAX], is[EVP_MAX_MD_SIZE];
	uint32_t n = c->salt.n < c->input.n ? c->salt.n : c->input.n;

	if (!agile_part(c, h, input, &c->input, a) ||
	    !agile_part(c, h, value, &c->value, b) ||
	    !digest(c, is, a, n, "", 0) || memcmp(is, b, md_bytes(c)) != 0 ||
	    !agile_part(c, h, key, &c->key_value, a))
		return false;
	memcpy(ret_key, a, c->key_bytes);
	return true;
}

static bool
try_standard(struct cipher *c, const uint8_t *h, uint8_t *ret_key)
{
	uint8_t last[EVP_MAX_MD_SIZE], x[2][64], key[2 * EVP_MAX_MD_SIZE];
	uint8_t clear[64], is[EVP_MAX_MD_SIZE];
	const uint8_t zero[4] = {0};

	if (!digest(c, last, h, md_bytes(c), zero, 4))
		return false;
	for (unsigned k = 0; k < 2; k++) {
		memset(x[k], k ? 0x5c : 0x36, sizeof(x[k]));
		for (uint32_t i = 0; i < md_bytes(c); i++)
			x[k][i] ^= last[i];
		if (!digest(c, key + k * md_bytes(c), x[k], 64, "", 0))
			return false;
	}
	if (!decipher(c, key, NULL, c->input.b, 16, clear) ||
	    !decipher(c, key, NULL, c->value.b, 32, clear + 16) ||
	    !digest(c, is, clear, 16, "", 0) || memcmp(is, clear + 16, 20) != 0)
		return false;
	memcpy(ret_key, key, c->key_bytes);
	return true;
}

size_t
crypt_utf16(const char *s, uint8_t *out)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t n = 0;

	while (*p) {
		unsigned more = *p < 0x80   ? 0
				: *p < 0xe0 ? 1
				: *p < 0xf0 ? 2
					    : 3;
		uint32_t c = more == 0 ? *p : *p & (0x3fu >> more);

		for (p++; more > 0; more--, p++) {
			if ((*p & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (*p & 0x3fu);
		}
		if (n + 4 > CRYPT_WORD_MAX)
			return 0;
		if (c >= 0x10000) {
			uint32_t high = 0xd800 + ((c - 0x10000) >> 10);

			out[n++] = (uint8_t)high;
			out[n++] = (uint8_t)(high >> 8);
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		out[n++] = (uint8_t)c;
		out[n++] = (uint8_t)(c >> 8);
	}
	return n;
}

static bool
try_word(struct cipher *c, const char *s, uint8_t *ret_key)
{
	uint8_t word[CRYPT_WORD_MAX], h[EVP_MAX_MD_SIZE];
	size_t n = crypt_utf16(s, word);

	return n > 0 && spin(c, word, n, h) &&
	       (c->agile ? try_agile(c, h, ret_key)
			 : try_standard(c, h, ret_key));
}

/* What the tenant lends, and what Excel closes with where only the structure
 * of a workbook is protected. */
static bool
find_key(struct sluse_doc *d, struct cipher *c, uint8_t *ret_key)
{
	const struct sluse_reader_host *h = d->host;
	uint64_t spins = c->spins;
	const char *s;

	if (c->spins > CRYPT_SPINS_MAX || !aes(c))
		return false;
	if (try_word(c, "VelvetSweatshop", ret_key))
		return true;
	if (h->size < offsetof(struct sluse_reader_host, password) +
			  sizeof(h->password) ||
	    !h->password)
		return false;
	for (uint32_t i = 0; (s = h->password(d->s, i)) != NULL; i++) {
		spins += c->spins;
		if (spins > CRYPT_ALL_MAX)
			return false;
		if (try_word(c, s, ret_key))
			return true;
	}
	return false;
}

/* -- the package -------------------------------------------------------------
 */

static int
open_package(struct sluse_doc *d, struct cipher *c, const uint8_t *key)
{
	uint32_t at = ole2_find(d->ole, 0, "EncryptedPackage");
	uint64_t size, have = ole2_size(d->ole, at), max = PACKAGE_MAX;
	uint8_t b[SEGMENT], iv[EVP_MAX_MD_SIZE], number[4];
	uint64_t want;
	int64_t n;

	if (ole2_read(d->ole, at, b, 8, 0) != 8)
		return SLUSE_READ_DAMAGED;
	size = le32(b) | (uint64_t)le32(b + 4) << 32;
	if (d->host->limits && d->host->limits->bytes_max > 0 &&
	    d->host->limits->bytes_max < max)
		max = d->host->limits->bytes_max;
	if (size > max)
		return SLUSE_READ_LIMIT;
	if (size > have - 8)
		return SLUSE_READ_INCOMPLETE;
	d->clear = malloc((size_t)size + SEGMENT);
	if (!d->clear)
		return SLUSE_READ_LIMIT;
	for (uint64_t off = 0; off < size; off += SEGMENT) {
		want = size - off < SEGMENT ? size - off : SEGMENT;
		n = ole2_read(d->ole, at, b, SEGMENT, 8 + off);
		put32(number, (uint32_t)(off / SEGMENT));
		/* Whole blocks, or the end of it would be nobody's bytes. */
		if (n < 0 || (uint64_t)n / BLOCK * BLOCK < want ||
		    !digest(c, iv, c->data_salt.b, c->data_salt.n, number, 4) ||
		    !decipher(c, key, c->agile ? iv : NULL, b,
			(size_t)n / BLOCK * BLOCK, d->clear + off))
			return SLUSE_READ_DAMAGED;
	}
	d->clear_n = size;
	return SLUSE_READ_OK;
}

/* -- was it changed? ---------------------------------------------------------
 */

/* One of the two values that only the package's key opens. */
static bool
open_value(struct cipher *c, const uint8_t *key, const uint8_t *block,
    const struct blob *in, uint8_t *out)
{
	uint8_t iv[EVP_MAX_MD_SIZE];

	if (in->n / BLOCK * BLOCK < md_bytes(c) ||
	    !digest(c, iv, c->data_salt.b, c->data_salt.n, block, 8))
		return false;
	fit(iv, md_bytes(c), BLOCK);
	return decipher(c, key, iv, in->b, in->n / BLOCK * BLOCK, out);
}

/* Is this the HMAC of the stream's first bytes, its length among them? */
static bool
mac_is(struct sluse_doc *d, struct cipher *c, const uint8_t *key,
    uint64_t length, const uint8_t *said)
{
	uint32_t at = ole2_find(d->ole, 0, "EncryptedPackage");
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *x = mac ? EVP_MAC_CTX_new(mac) : NULL;
	char *md = strdup(EVP_MD_get0_name(c->md));
	OSSL_PARAM how[2] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, md, 0),
	    OSSL_PARAM_construct_end()};
	uint8_t b[SEGMENT], is[EVP_MAX_MD_SIZE];
	uint64_t off = 0;
	int64_t n = 1;
	bool ok = md && x && EVP_MAC_init(x, key, md_bytes(c), how) == 1;

	for (; ok && off < length && n > 0; off += (uint64_t)n) {
		n = ole2_read(d->ole, at, b,
		    length - off < SEGMENT ? length - off : SEGMENT, off);
		ok = n > 0 && EVP_MAC_update(x, b, (size_t)n) == 1;
	}
	ok = ok && EVP_MAC_final(x, is, NULL, sizeof(is)) == 1;
	free(md);
	EVP_MAC_CTX_free(x);
	EVP_MAC_free(mac);
	return ok && CRYPTO_memcmp(is, said, md_bytes(c)) == 0;
}

/* It is read whatever comes of this, and what came of it is said. */
static void
check_integrity(struct sluse_doc *d, struct cipher *c, const uint8_t *key)
{
	static const uint8_t key_block[8] = {0x5f, 0xb2, 0xad, 0x01, 0x0c, 0xb9,
	    0xe1, 0xf6},
			     value_block[8] = {0xa0, 0x67, 0x7f, 0x02, 0xb2,
				 0x2c, 0x84, 0x33};
	uint32_t at = ole2_find(d->ole, 0, "EncryptedPackage");
	/* Streams are sometimes filled up, before or after it was made. */
	uint64_t all = ole2_size(d->ole, at),
		 blocks = 8 + (d->clear_n + BLOCK - 1) / BLOCK * BLOCK;
	uint8_t mac[BLOB_MAX], said[BLOB_MAX];

	if (!c->agile)
		return;
	if (c->hmac_key.n == 0)
		doc_note(d, "integrity_missing", NULL);
	else if (!open_value(c, key, key_block, &c->hmac_key, mac) ||
		 !open_value(c, key, value_block, &c->hmac_value, said) ||
		 (!mac_is(d, c, mac, blocks, said) &&
		     (all == blocks || all > PACKAGE_MAX + SEGMENT ||
			 !mac_is(d, c, mac, all, said))))
		doc_note(d, "integrity_broken", NULL);
}

static int64_t
read_clear(struct sluse_source *s, void *p, size_t n, uint64_t off)
{
	const struct sluse_doc *d = (const struct sluse_doc *)s;

	if (off >= d->clear_n)
		return 0;
	if (n > d->clear_n - off)
		n = (size_t)(d->clear_n - off);
	memcpy(p, d->clear + off, n);
	return (int64_t)n;
}

static uint64_t
clear_length(struct sluse_source *s)
{
	return ((const struct sluse_doc *)s)->clear_n;
}

void
crypt_opened(struct sluse_doc *d, uint8_t *p, uint64_t n)
{
	d->clear = p;
	d->clear_n = n;
	memcpy(&d->clear_host, d->host,
	    d->host->size < sizeof(d->clear_host) ? d->host->size
						  : sizeof(d->clear_host));
	d->clear_host.read_at = read_clear;
	d->clear_host.length = clear_length;
}

int
crypt_open(struct sluse_doc *d)
{
	uint32_t at = ole2_find(d->ole, 0, "EncryptionInfo");
	struct cipher c = {
	    .hash = EVP_MD_CTX_new(), .ctx = EVP_CIPHER_CTX_new()};
	uint64_t size = at != OLE2_NONE ? ole2_size(d->ole, at) : 0;
	uint8_t *info = size > 0 && size <= INFO_MAX ? malloc(size) : NULL;
	uint8_t key[BLOB_MAX];
	int rc = SLUSE_READ_ENCRYPTED;

	if (info && c.hash && c.ctx &&
	    ole2_read(d->ole, at, info, size, 0) == (int64_t)size &&
	    parse_info(&c, info, size) && find_key(d, &c, key)) {
		/* From here on the package's, which may be another. */
		if (c.agile) {
			EVP_MD_free(c.md);
			c.md = c.data_md;
			c.data_md = NULL;
		}
		rc = open_package(d, &c, key);
		if (rc == SLUSE_READ_OK)
			check_integrity(d, &c, key);
	}
	OPENSSL_cleanse(key, sizeof(key));
	free(info);
	EVP_MD_free(c.md);
	EVP_MD_free(c.data_md);
	EVP_MD_CTX_free(c.hash);
	EVP_CIPHER_CTX_free(c.ctx);
	if (rc != SLUSE_READ_OK)
		return rc;
	/* From here on it is a package like any other. */
	crypt_opened(d, d->clear, d->clear_n);
	ole2_close(d->ole);
	d->ole = NULL;
	return SLUSE_READ_OK;
}

bool
crypt_warm(void)
{
	static const char *const names[] = {
	    "SHA512", "SHA1", "SHA256", "SHA384"};
	struct cipher c = {
	    .ctx = EVP_CIPHER_CTX_new(), .hash = EVP_MD_CTX_new()};
	uint8_t b[EVP_MAX_MD_SIZE] = {0};
	bool ok = c.ctx && c.hash;

	for (unsigned i = 0; ok && i < 4; i++) {
		c.md = EVP_MD_fetch(NULL, names[i], NULL);
		ok = c.md && digest(&c, b, "", 0, "", 0);
		EVP_MD_free(c.md);
	}
	ok = ok && EVP_Q_mac(NULL, "HMAC", NULL, "SHA512", NULL, b, 1, b, 1, b,
		       sizeof(b), NULL);
	for (unsigned i = 0; ok && i < 6; i++) {
		c.agile = i % 2;
		c.key_bytes = 16 + i / 2 * 8;
		ok = decipher(&c, b, b, b, BLOCK, b);
	}
	EVP_CIPHER_CTX_free(c.ctx);
	EVP_MD_CTX_free(c.hash);
	return ok;
}
