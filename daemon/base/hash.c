#define OPENSSL_SUPPRESS_DEPRECATED /* see sl_sha256 */
#include "hash.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mem.h"
#include "text.h"

struct sl_sha256 {
	EVP_MD_CTX *ctx;
};

/* Fetching the algorithm costs microseconds and locks: once per process. */
static const EVP_MD *
md(void)
{
	static EVP_MD *m;

	if (m == NULL)
		m = EVP_MD_fetch(NULL, "SHA256", NULL);
	return m != NULL ? m : EVP_sha256();
}

struct sl_sha256 *
sl_sha256_new(void)
{
	struct sl_sha256 *h = sl_alloc(sizeof(*h));
	int ok;

	h->ctx = EVP_MD_CTX_new();
	ok = h->ctx != NULL && EVP_DigestInit_ex(h->ctx, md(), NULL) == 1;
	assert(ok);
	(void)ok;
	return h;
}

void
sl_sha256_add(struct sl_sha256 *h, const void *p, size_t n)
{
	int ok = EVP_DigestUpdate(h->ctx, p, n);

	assert(ok == 1);
	(void)ok;
}

void
sl_sha256_end(struct sl_sha256 *h, struct sl_digest *ret)
{
	int ok = EVP_DigestFinal_ex(h->ctx, ret->b, NULL);

	assert(ok == 1);
	(void)ok;
	sl_sha256_free(h);
}

void
sl_sha256_free(struct sl_sha256 *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

/* EVP of OpenSSL 3.0 makes and frees its state anew for every message, which
 * takes as long as hashing a node of the tree. These calls, which it has kept
 * from before, are the same code without that. */
void
sl_sha256(const void *p, size_t n, struct sl_digest *ret)
{
	SHA256_CTX c;

	(void)SHA256_Init(&c);
	(void)SHA256_Update(&c, p, n);
	(void)SHA256_Final(ret->b, &c);
}

/* A short message is padded here (FIPS 180-4, 5.1.1) and goes through in one
 * piece: many are hashed where a tree is. */
#define PAD_MAX (SHA256_CBLOCK + 8)

void
sl_sha256_tagged(uint8_t tag, const void *p, size_t n, struct sl_digest *ret)
{
	uint8_t block[16 * SHA256_CBLOCK + PAD_MAX];
	uint64_t bits = htobe64(8 * ((uint64_t)n + 1));
	size_t size = (n + 1 + 8) / SHA256_CBLOCK * SHA256_CBLOCK +
		      SHA256_CBLOCK,
	       i;
	struct sl_sha256 *h;
	SHA256_CTX c;

	if (size > sizeof(block) - PAD_MAX) {
		h = sl_sha256_new();
		sl_sha256_add(h, &tag, 1);
		sl_sha256_add(h, p, n);
		sl_sha256_end(h, ret);
		return;
	}
	block[0] = tag;
	if (n > 0)
		memcpy(block + 1, p, n);
	memset(block + n + 1, 0, PAD_MAX); /* of one length: no loop */
	block[n + 1] = 0x80;
	memcpy(block + size - sizeof(bits), &bits, sizeof(bits));
	(void)SHA256_Init(&c);
	(void)SHA256_Update(&c, block, size);
	for (i = 0; i < SL_SHA256_LEN / 4; i++) {
		uint32_t word = htobe32(c.h[i]);

		memcpy(ret->b + 4 * i, &word, sizeof(word));
	}
}

void
sl_digest_hex(const struct sl_digest *d, char *out)
{
	sl_hex(d->b, sizeof(d->b), out);
}

void
sl_random(void *p, size_t n)
{
	uint8_t *b = p;
	ssize_t got;

#ifdef SLUSE_TEST
	static uint64_t seed;
	const char *s = getenv("SLUSE_TEST_SEED");

	if (s != NULL) {
		struct sl_digest d;
		size_t i;

		if (seed == 0)
			seed = strtoull(s, NULL, 10);
		for (i = 0; i < n; i++) {
			if (i % sizeof(d.b) == 0) {
				seed++;
				sl_sha256(&seed, sizeof(seed), &d);
			}
			b[i] = d.b[i % sizeof(d.b)];
		}
		return;
	}
#endif
	while (n > 0) {
		got = getrandom(b, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		assert(got > 0);
		b += got;
		n -= (size_t)got;
	}
}
