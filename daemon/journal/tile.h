/*
 * C2SP tlog-tiles: the tree as files of 256 hashes or entries.
 *
 * tile/<level>/<n>, tile/entries/<n>, with .p/<width> where a tile is not full;
 * n in groups of three digits, all but the last behind an x: x001/x234/067.
 */
#ifndef SL_JOURNAL_TILE_H
#define SL_JOURNAL_TILE_H

#include "../base/buf.h"
#include "tree.h"

#define SL_TILE_WIDTH 256u
#define SL_TILE_ENTRIES (-1) /* as a level */
#define SL_TILE_LEVELS 8 /* 256^8 leaves */
#define SL_TILE_BYTES (SL_TILE_WIDTH * SL_SHA256_LEN)

/* How many hashes of a level a tree of that size has that are complete. */
uint64_t sl_tile_hashes(int level, uint64_t size);
/* Path of tile n with so many hashes or entries (1..256). dir instead of the
 * word "tile". */
void sl_tile_path(
    struct sl_buf *out, const char *dir, int level, uint64_t n, unsigned width);
/* Takes the first entry of a bundle off. False: it ends, or (bundle->n > 0) is
 * malformed. */
bool sl_tile_entry(struct sl_slice *bundle, struct sl_slice *ret);

/* Level by level, what a growing tree fills: for each leaf hash, in order. */
struct sl_tiler {
	/* Called for each tile that is full, and for each that is not at the
	 * end. False ends it. */
	bool (*tile)(void *arg, int level, uint64_t n,
	    const struct sl_digest *hashes, unsigned width);
	void *arg;
	struct {
		uint64_t n; /* tiles before this one */
		unsigned width;
		struct sl_digest hash[SL_TILE_WIDTH];
	} level[SL_TILE_LEVELS];
};
bool sl_tiler_add(struct sl_tiler *t, const struct sl_digest *leaf_hash);
/* 256 at once, where the tile of the leaves is empty. They are spent; *ret_root
 * is the root over them. */
bool sl_tiler_add_tile(struct sl_tiler *t,
    struct sl_digest hashes[SL_TILE_WIDTH], struct sl_digest *ret_root);
bool sl_tiler_end(struct sl_tiler *t);

#endif
