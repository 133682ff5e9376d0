#include "envelopes.h"

#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/mem.h"

#define CONTENT_DEPTH 4
#define MAC_DEPTH 3
#define LIST_DEPTH 3

struct made {
	const struct sl_buf *attrs, *mac;
	unsigned crowd;
	struct sl_buf *out;
};

/* The head of the DER element at p: bytes of it; *ret_n: of its content. */
static size_t
head(const uint8_t *p, size_t *ret_n)
{
	size_t i, n = p[1];

	if (n < 0x80) {
		*ret_n = n;
		return 2;
	}
	n &= 0x7f;
	for (*ret_n = 0, i = 0; i < n; i++)
		*ret_n = *ret_n << 8 | p[2 + i];
	return 2 + n;
}

static void
add(struct sl_buf *out, const char *p, size_t n)
{
	sl_buf_add(out, p, n);
}

static void
octets(struct sl_buf *out, const uint8_t *p, size_t n)
{
	const char h[4] = {4, (char)0x82, (char)(n >> 8), (char)n};

	add(out, h, 4);
	sl_buf_add(out, p, n);
}

/* [0] { OCTETS, { OCTETS, {}, OCTETS of nothing }, OCTETS } */
static void
pieces(struct sl_buf *out, const uint8_t *p, size_t n)
{
	size_t third = n / 3;

	add(out, "\xa0\x80", 2);
	octets(out, p, third);
	add(out, "\x24\x80", 2);
	octets(out, p + third, third);
	add(out, "\x24\x00\x04\x00\x24\x04\x24\x02\x04\x00\x00\x00", 12);
	octets(out, p + 2 * third, n - 2 * third);
	add(out, "\0\0", 2);
}

/* Somebody, with a key that opens nothing. */
static void
nobody(struct sl_buf *out, unsigned number)
{
	static const char before[] = "\x30\x5a\x02\x01\x02\x80\x04";
	static const char after[] =
	    "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
	    "\x04\x40";
	const char id[4] = {(char)(number >> 24), (char)(number >> 16),
	    (char)(number >> 8), (char)number};
	static const char key[64] = {1};

	add(out, before, sizeof(before) - 1);
	add(out, id, 4);
	add(out, after, sizeof(after) - 1);
	add(out, key, sizeof(key));
}

static void
element(const struct made *m, const uint8_t *p, unsigned depth)
{
	const uint8_t *at, *end;
	unsigned i;
	size_t n, h = head(p, &n), k;

	if (p[0] == 0x80 && depth == CONTENT_DEPTH) {
		pieces(m->out, p + h, n);
		return;
	}
	if (p[0] == 0x04 && depth == MAC_DEPTH && m->mac != NULL) {
		sl_buf_add(m->out, m->attrs->p, m->attrs->n);
		sl_buf_add_char(m->out, 4);
		sl_buf_add_char(m->out, (char)m->mac->n);
		sl_buf_add(m->out, m->mac->p, m->mac->n);
		return;
	}
	if ((p[0] & 0x20) == 0) {
		sl_buf_add(m->out, p, h + n);
		return;
	}
	sl_buf_add_char(m->out, (char)p[0]);
	sl_buf_add_char(m->out, (char)0x80);
	for (i = 0; p[0] == 0x31 && depth == LIST_DEPTH && i < m->crowd; i++)
		nobody(m->out, i);
	for (at = p + h, end = at + n; at < end; at += k) {
		size_t inner;

		k = head(at, &inner);
		k += inner;
		element(m, at, depth + 1);
	}
	sl_buf_add_char(m->out, 0);
	sl_buf_add_char(m->out, 0);
}

void
envelope_to_ber(const struct sl_buf *der, const struct sl_buf *attrs,
    const struct sl_buf *mac, struct sl_buf *out)
{
	const struct made m = {.attrs = attrs, .mac = mac, .out = out};

	element(&m, (const uint8_t *)der->p, 0);
}

void
envelope_crowd(
    const struct sl_buf *der, unsigned recipients, struct sl_buf *out)
{
	const struct made m = {.crowd = recipients, .out = out};

	element(&m, (const uint8_t *)der->p, 0);
}

size_t
envelope_key_at(const struct sl_buf *der)
{
	const char *p = memmem(der->p, der->n, "\x04\x82\x01\x00", 4);

	return p != NULL ? (size_t)(p - der->p) + 4 : 0;
}

static bool
open_key(const struct sl_buf *der, EVP_PKEY *key, uint8_t *ret, size_t *ret_n)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	size_t at = envelope_key_at(der);
	bool ok;

	ok = at > 0 && EVP_PKEY_decrypt_init(c) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	     EVP_PKEY_decrypt(c, ret, ret_n, (uint8_t *)der->p + at, 256) == 1;
	EVP_PKEY_CTX_free(c);
	return ok;
}

/*
 * The nonce behind its cipher's name: two bytes of tag and length alone are
 * in one closed key of 256.
 */
static const uint8_t *
nonce_in(const struct sl_buf *der)
{
	static const char before[] =
	    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2e"
	    "\x30\x11\x04\x0c";
	const uint8_t *p = memmem(der->p, der->n, before, sizeof(before) - 1);

	return p != NULL ? p + sizeof(before) - 1 : NULL;
}

bool
envelope_attributes(const struct sl_buf *der, EVP_PKEY *key, const void *text,
    size_t n, struct sl_buf *ret_attrs, struct sl_buf *ret_mac)
{
	/* contentType: data, as a SET OF Attribute. */
	static const char attrs[] =
	    "\xa1\x1a\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"
	    "\x31\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
	uint8_t cek[256], tag[16], aad[sizeof(attrs) - 1];
	size_t cek_n = sizeof(cek);
	const uint8_t *nonce = nonce_in(der);
	SL_FREE uint8_t *out = sl_alloc(n + 16);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int k;
	bool ok;

	memcpy(aad, attrs, sizeof(aad));
	aad[0] = 0x31;
	ok = nonce != NULL && open_key(der, key, cek, &cek_n) && cek_n == 32 &&
	     EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, cek, nonce) == 1 &&
	     EVP_EncryptUpdate(c, NULL, &k, aad, sizeof(aad)) == 1 &&
	     EVP_EncryptUpdate(c, out, &k, text, (int)n) == 1 &&
	     EVP_EncryptFinal_ex(c, out + k, &k) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1;
	EVP_CIPHER_CTX_free(c);
	sl_buf_add(ret_attrs, attrs, sizeof(aad));
	sl_buf_add(ret_mac, tag, 16);
	return ok;
}
