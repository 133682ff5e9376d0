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

/* -- many short messages, as where a tree is -------------------------------
 *
 * They are padded here (FIPS 180-4, 5.1.1) and go through in one piece.
 */
#define BLOCK SHA256_CBLOCK
#define PAD_MAX (BLOCK + 8)

static void
run(const uint8_t *blocks, size_t n, struct sl_digest *ret)
{
	SHA256_CTX c;
	uint32_t word;
	size_t i;

	(void)SHA256_Init(&c);
	(void)SHA256_Update(&c, blocks, n);
	for (i = 0; i < SL_SHA256_LEN / sizeof(word); i++) {
		word = htobe32(c.h[i]);
		memcpy(ret->b + sizeof(word) * i, &word, sizeof(word));
	}
}

/* What follows a message of n bytes that stands in blocks of that size. PAD_MAX
 * bytes behind the message are written, so that it takes no loop. */
static void
pad(uint8_t *blocks, size_t n, size_t size)
{
	uint64_t bits = htobe64(8 * (uint64_t)n);

	memset(blocks + n, 0, PAD_MAX);
	blocks[n] = 0x80;
	memcpy(blocks + size - sizeof(bits), &bits, sizeof(bits));
}

bool
sl_sha256_lay(struct sl_sha256_laid *l, uint8_t tag, const void *p, size_t n)
{
	static_assert(sizeof(l->b) == SL_SHA256_LAID_MAX + PAD_MAX, "room");

	if (n > SL_SHA256_LAID_MAX - 10)
		return false;
	l->n = (n + 9) / BLOCK * BLOCK + BLOCK;
	l->b[0] = tag;
	if (n > 0)
		memcpy(l->b + 1, p, n);
	pad(l->b, n + 1, l->n);
	return true;
}

void
sl_sha256_laid(const struct sl_sha256_laid *l, struct sl_digest *ret)
{
	run(l->b, l->n, ret);
}

void
sl_sha256_tagged(uint8_t tag, const void *p, size_t n, struct sl_digest *ret)
{
	struct sl_sha256_laid l;
	struct sl_sha256 *h;

	if (sl_sha256_lay(&l, tag, p, n)) {
		sl_sha256_laid(&l, ret);
		return;
	}
	h = sl_sha256_new();
	sl_sha256_add(h, &tag, 1);
	sl_sha256_add(h, p, n);
	sl_sha256_end(h, ret);
}

void
sl_sha256_pairs(
    uint8_t tag, const struct sl_digest *pairs, size_t n, struct sl_digest *ret)
{
	uint8_t two[2 * SL_SHA256_LAY][2 * BLOCK + PAD_MAX];
	size_t most = sizeof(two) / sizeof(two[0]), i, now;

	for (i = 0; i < most && i < n; i++) {
		two[i][0] = tag;
		pad(two[i], 1 + 2 * sizeof(*pairs), (size_t)2 * BLOCK);
	}
	for (; n > 0; n -= now) {
		now = n < most ? n : most;
		for (i = 0; i < now; i++, pairs += 2)
			memcpy(two[i] + 1, pairs, 2 * sizeof(*pairs));
		for (i = 0; i < now; i++)
			run(two[i], (size_t)2 * BLOCK, ret++);
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
