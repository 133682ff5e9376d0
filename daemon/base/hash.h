/*
 * SHA-256 by OpenSSL, whole or in steps.
 */
#ifndef SL_BASE_HASH_H
#define SL_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_SHA256_LEN 32
#define SL_SHA256_HEX 64

struct sl_digest {
	uint8_t b[SL_SHA256_LEN];
};

struct sl_sha256;
struct sl_sha256 *sl_sha256_new(void);
void sl_sha256_add(struct sl_sha256 *h, const void *p, size_t n);
/* Ends and frees it. */
void sl_sha256_end(struct sl_sha256 *h, struct sl_digest *ret);
/* NULL is fine. */
void sl_sha256_free(struct sl_sha256 *h);
void sl_sha256(const void *p, size_t n, struct sl_digest *ret);
/* Of one byte and n behind it, as the nodes of a hash tree are. */
void sl_sha256_tagged(
    uint8_t tag, const void *p, size_t n, struct sl_digest *ret);

/* The same for many: a few are laid out before the first is hashed, for a
 * processor waits long where it reads what it has only just written. */
#define SL_SHA256_LAID_MAX 1024 /* bytes, padded */
#define SL_SHA256_LAY 8 /* as many at a time are enough */
struct sl_sha256_laid {
	size_t n;
	uint8_t b[SL_SHA256_LAID_MAX + 72];
};
/* False: that is too long to be laid out. */
bool sl_sha256_lay(
    struct sl_sha256_laid *l, uint8_t tag, const void *p, size_t n);
void sl_sha256_laid(const struct sl_sha256_laid *l, struct sl_digest *ret);
/* n pairs of digests; ret, n of them, may be where the pairs are. */
void sl_sha256_pairs(uint8_t tag, const struct sl_digest *pairs, size_t n,
    struct sl_digest *ret);
/* 64 lower-case hex digits and NUL into out[65]. */
void sl_digest_hex(const struct sl_digest *d, char *out);

/* n random bytes from the kernel (test builds: from SLUSE_TEST_SEED). */
void sl_random(void *p, size_t n);

#endif
