/*
 * What hashing alone costs: the leaves of an export lie in memory, and the tree
 * over them is computed as RFC 6962 says, in one loop on one core.
 *
 *	floor_tree DIR SIZE
 *
 * Prints microseconds of processor time with OpenSSL's one call for a whole
 * message, as anybody would write it; the same with its older calls, which are
 * faster; the same with Sluse's own hashing, which lays messages out first; and
 * the root.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/text.h"
#include "../../daemon/journal/tile.h"

static EVP_MD *md;

static void
hash_evp(const void *p, size_t n, uint8_t *ret)
{
	(void)EVP_Digest(p, n, ret, NULL, md, NULL);
}

static void
hash_older(const void *p, size_t n, uint8_t *ret)
{
	SHA256_CTX c;

	(void)SHA256_Init(&c);
	(void)SHA256_Update(&c, p, n);
	(void)SHA256_Final(ret, &c);
}

static void (*hash)(const void *p, size_t n, uint8_t *ret);

/* The roots of the full subtrees, the smallest last. */
static struct sl_digest stack[64];
static size_t stack_n;

static void
bare_leaf(const void *p, size_t n, struct sl_digest *ret)
{
	static uint8_t b[1 + 65535];

	memcpy(b + 1, p, n);
	hash(b, n + 1, ret->b);
}

static void
bare_node(
    const struct sl_digest *l, const struct sl_digest *r, struct sl_digest *ret)
{
	uint8_t b[65] = {1};

	memcpy(b + 1, l->b, 32);
	memcpy(b + 33, r->b, 32);
	hash(b, sizeof(b), ret->b);
}

static void
bare_append(uint64_t index, struct sl_digest h)
{
	for (; (index & 1) != 0; index >>= 1)
		bare_node(&stack[--stack_n], &h, &h);
	stack[stack_n++] = h;
}

static void
bare_root(struct sl_digest *ret)
{
	*ret = stack[--stack_n];
	while (stack_n > 0)
		bare_node(&stack[--stack_n], ret, ret);
}

static int64_t
cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The whole tree, once. */
static int64_t
measure(const struct sl_buf *bundle, uint64_t size, struct sl_digest *ret)
{
	int64_t began = cpu_us();
	struct sl_slice s, one;
	uint64_t n, index = 0;

	for (n = 0; n * SL_TILE_WIDTH < size; n++) {
		s = sl_slice_buf(&bundle[n]);
		while (sl_tile_entry(&s, &one)) {
			bare_leaf(one.p, one.n, ret);
			bare_append(index++, *ret);
		}
	}
	bare_root(ret);
	return cpu_us() - began;
}

static bool
no_tile(void *arg, int level, uint64_t n, const struct sl_digest *hashes,
    unsigned width)
{
	(void)arg, (void)level, (void)n, (void)hashes, (void)width;
	return true;
}

/* The hashes of one bundle, as offline.c has them; result: how many. */
static unsigned
own_leaves(struct sl_slice s, struct sl_digest *ret)
{
	static struct sl_sha256_laid laid[SL_SHA256_LAY];
	struct sl_slice one[SL_SHA256_LAY];
	unsigned i, n, done = 0;

	do {
		for (n = 0; n < SL_SHA256_LAY && sl_tile_entry(&s, &one[n]);
		     n++)
			if (!sl_sha256_lay(
				&laid[n], SL_TREE_LEAF, one[n].p, one[n].n))
				abort();
		for (i = 0; i < n; i++)
			sl_sha256_laid(&laid[i], &ret[done++]);
	} while (n == SL_SHA256_LAY);
	return done;
}

static int64_t
measure_own(const struct sl_buf *bundle, uint64_t size, struct sl_digest *ret)
{
	static struct sl_tiler tiler = {.tile = no_tile};
	struct sl_digest h[SL_TILE_WIDTH];
	int64_t began = cpu_us();
	struct sl_tree t = {0};
	unsigned i, width;
	uint64_t n;

	for (n = 0; n * SL_TILE_WIDTH < size; n++) {
		width = own_leaves(sl_slice_buf(&bundle[n]), h);
		if (width == SL_TILE_WIDTH) {
			(void)sl_tiler_add_tile(&tiler, h, ret);
			sl_tree_append_subtree(&t, 8, ret);
			continue;
		}
		for (i = 0; i < width; i++)
			sl_tree_append(&t, &h[i]);
	}
	sl_tree_root(&t, ret);
	return cpu_us() - began;
}

int
main(int argc, char **argv)
{
	uint64_t size = 0, n, left;
	struct sl_buf *bundle;
	struct sl_digest h, again, third;
	char hex[SL_SHA256_HEX + 1];
	int64_t evp, older, own;
	int dir;

	if (argc != 3 || !sl_parse_u64(argv[2], 1, 1u << 30, &size))
		return 2;
	dir = sl_open_dir(AT_FDCWD, argv[1]);
	bundle = sl_alloc((size / SL_TILE_WIDTH + 1) * sizeof(*bundle));
	for (n = 0; n * SL_TILE_WIDTH < size; n++) {
		SL_BUF struct sl_buf path = {0};

		left = size - n * SL_TILE_WIDTH;
		sl_tile_path(&path, "tile", SL_TILE_ENTRIES, n,
		    left < SL_TILE_WIDTH ? (unsigned)left : SL_TILE_WIDTH);
		if (sl_read_file(dir, sl_buf_str(&path), 1 << 25, &bundle[n],
			NULL) != SL_OK)
			return 1;
	}
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
	hash = hash_evp;
	evp = measure(bundle, size, &h);
	hash = hash_older;
	older = measure(bundle, size, &again);
	own = measure_own(bundle, size, &third);
	if (memcmp(&h, &again, sizeof(h)) != 0 ||
	    memcmp(&h, &third, sizeof(h)) != 0)
		return 1;
	sl_digest_hex(&h, hex);
	(void)printf(
	    "%" PRId64 " %" PRId64 " %" PRId64 " %s\n", evp, older, own, hex);
	return 0;
}
