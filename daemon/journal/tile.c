#include "tile.h"

uint64_t
sl_tile_hashes(int level, uint64_t size)
{
	return size >> (8 * level);
}

static void
add_three(struct sl_buf *out, uint64_t n)
{
	char digits[] = {(char)('0' + n / 100 % 10), (char)('0' + n / 10 % 10),
	    (char)('0' + n % 10)};

	sl_buf_add(out, digits, sizeof(digits));
}

/* There are many: no printf. */
void
sl_tile_path(
    struct sl_buf *out, const char *dir, int level, uint64_t n, unsigned width)
{
	uint64_t power = 1;

	sl_buf_add_str(out, dir);
	if (level == SL_TILE_ENTRIES)
		sl_buf_add_str(out, "/entries/");
	else
		sl_buf_add(out, (char[]){'/', (char)('0' + level), '/'}, 3);
	while (n / power >= 1000)
		power *= 1000;
	for (; power > 1; power /= 1000) {
		sl_buf_add_char(out, 'x');
		add_three(out, n / power);
		sl_buf_add_char(out, '/');
	}
	add_three(out, n);
	if (width < SL_TILE_WIDTH)
		sl_buf_printf(out, ".p/%u", width);
}

bool
sl_tile_entry(struct sl_slice *bundle, struct sl_slice *ret)
{
	const uint8_t *p = (const uint8_t *)bundle->p;
	uint32_t n;

	if (bundle->n < 2)
		return false;
	n = (uint32_t)p[0] << 8 | p[1];
	if (bundle->n - 2 < n)
		return false;
	*ret = (struct sl_slice){bundle->p + 2, n};
	bundle->p += 2 + n;
	bundle->n -= 2 + n;
	return true;
}

/* The root of a full tile: 255 hashes in place. */
static void
tile_root(struct sl_digest *h, struct sl_digest *ret)
{
	unsigned n;

	for (n = SL_TILE_WIDTH / 2; n > 0; n /= 2)
		sl_tree_node_hashes(h, n, h);
	*ret = h[0];
}

/* A hash of a level, and what follows of it. */
static bool
add(struct sl_tiler *t, int l, struct sl_digest h)
{
	for (; l < SL_TILE_LEVELS; l++) {
		t->level[l].hash[t->level[l].width++] = h;
		if (t->level[l].width < SL_TILE_WIDTH)
			return true;
		if (!t->tile(t->arg, l, t->level[l].n, t->level[l].hash,
			SL_TILE_WIDTH))
			return false;
		tile_root(t->level[l].hash, &h);
		t->level[l].n++;
		t->level[l].width = 0;
	}
	return false; /* 256^8 leaves */
}

bool
sl_tiler_add(struct sl_tiler *t, const struct sl_digest *leaf_hash)
{
	return add(t, 0, *leaf_hash);
}

bool
sl_tiler_add_tile(struct sl_tiler *t, struct sl_digest hashes[SL_TILE_WIDTH],
    struct sl_digest *ret_root)
{
	if (!t->tile(t->arg, 0, t->level[0].n++, hashes, SL_TILE_WIDTH))
		return false;
	tile_root(hashes, ret_root);
	return add(t, 1, *ret_root);
}

bool
sl_tiler_end(struct sl_tiler *t)
{
	int l;

	for (l = 0; l < SL_TILE_LEVELS; l++)
		if (t->level[l].width > 0 &&
		    !t->tile(t->arg, l, t->level[l].n, t->level[l].hash,
			t->level[l].width))
			return false;
	return true;
}
