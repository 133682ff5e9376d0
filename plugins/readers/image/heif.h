/*
 * HEIF: the pictures of a file, by a walk of its boxes (heif.c), and the HEVC
 * stream of one of them (hevc.c). libheif is not used: it would start threads,
 * look for plugins on disk, and map encoders that nobody here needs.
 */
#ifndef SLUSE_READERS_IMAGE_HEIF_H
#define SLUSE_READERS_IMAGE_HEIF_H

#include "boxes.h"
#include "image.h"

struct heif_item {
	uint32_t id;
	char type[4];
	bool apart; /* hidden, a tile, a thumbnail, a mask: no page */
	bool guarded; /* encrypted */
	uint32_t w, h; /* as stored, before turning */
	bool mirror; /* left to right, first */
	uint32_t turn; /* quarters clockwise, then */
	struct span config; /* hvcC: the stream's parameter sets */
	struct span tiles; /* ids of what a grid is made of */
	/* where its bytes lie */
	uint32_t method, extents;
	uint64_t base;
	struct span places;
};

struct heif {
	struct span file, idat;
	struct heif_item *item;
	uint32_t count, primary;
	uint32_t *page; /* items, the primary one first */
	uint32_t offset_size, length_size, index_size, base_size; /* iloc */
	uint32_t ref_size;
};

/* What a stream is decoded into: w * h, from the upper left corner; smaller
 * streams than that are damaged. */
struct hevc_target {
	uint8_t *out;
	size_t stride;
	uint32_t w, h; /* what of the picture is wanted */
	const struct sluse_limits *limits;
};

/* *ret_faulty: something was missing or wrong in the stream. */
int hevc_decode(struct span config, struct span data,
    const struct hevc_target *to, bool *ret_faulty);

#endif
