/*
 * INVARIANTS: no chain is followed for more steps than the file has sectors,
 * nor more than the limit for what it is.
 *
 * SECURITY: every sector number is held against the file's size; sums are in
 * 64 bits.
 */
#include "ole2.h"

#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/mem.h"
#include "../base/text.h"

#define ENTRY 128u
#define ENTRIES_MAX 8192u
#define DEPTH_MAX 16u
#define DIFAT_MAX 4096u /* sectors of it */
#define MINI_MAX 65536u /* sectors of the mini stream and of its table */
#define NONE 0xFFFFFFFAu /* this and above are no sectors */
#define CHILDLESS 0xFFFFFFFFu
#define PATH_BYTES 1024u

enum { STORAGE = 1, STREAM = 2, ROOT = 5 };

struct chain {
	uint32_t *sector;
	size_t n;
};

struct sl_ole2 {
	const struct sl_extent *x;
	uint32_t shift, mini_shift, mini_cutoff, sectors;
	uint32_t difat[109];
	uint32_t difat_next, difat_n;
	uint32_t mini_fat_start;
	uint32_t *fat_place; /* sectors of the table */
	size_t fat_n;
	uint8_t *entry; /* the directory */
	uint32_t entries;
	struct chain mini, mini_fat; /* read when first needed */
	bool mini_tried;
	uint32_t cached; /* number of the table's sector in `cache` */
	uint8_t cache[4096];
};

static uint32_t
le16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t
le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static uint32_t
sector_bytes(const struct sl_ole2 *o)
{
	return UINT32_C(1) << o->shift;
}

/* Up to n bytes from inside a sector on; fewer at the file's end. */
static ssize_t
read_at(
    const struct sl_ole2 *o, uint32_t sector, uint32_t in, void *p, size_t n)
{
	uint64_t at = ((uint64_t)sector + 1) << o->shift;

	if (sector >= NONE || at + in >= o->x->size)
		return -1;
	return sl_extent_read(o->x, p, n, at + in);
}

/* The sector that follows in its chain; NONE at its end, or if damaged. */
static uint32_t
next_sector(struct sl_ole2 *o, uint32_t sector)
{
	uint32_t per = sector_bytes(o) / 4, which = sector / per;

	if (which >= o->fat_n)
		return NONE;
	if (o->cached != which) {
		o->cached = UINT32_MAX;
		if (read_at(o, o->fat_place[which], 0, o->cache,
			sector_bytes(o)) != (ssize_t)sector_bytes(o))
			return NONE;
		o->cached = which;
	}
	return le32(o->cache + 4 * (size_t)(sector % per));
}

static void
add_fat(struct sl_ole2 *o, size_t *cap, uint32_t sector)
{
	if (sector >= NONE || o->fat_n > o->sectors)
		return;
	o->fat_place =
	    sl_grow(o->fat_place, cap, o->fat_n + 1, sizeof(*o->fat_place));
	o->fat_place[o->fat_n++] = sector;
}

/* Where the allocation table is: 109 places in the header, then a chain. */
static void
read_difat(struct sl_ole2 *o)
{
	uint32_t per = sector_bytes(o) / 4 - 1, i, steps, at = o->difat_next;
	uint8_t sector[4096];
	size_t cap = 0;

	for (i = 0; i < 109; i++)
		add_fat(o, &cap, o->difat[i]);
	for (steps = 0; at < NONE && steps < DIFAT_MAX && steps < o->sectors;
	     steps++) {
		if (read_at(o, at, 0, sector, sector_bytes(o)) !=
		    (ssize_t)sector_bytes(o))
			return;
		for (i = 0; i < per; i++)
			add_fat(o, &cap, le32(sector + 4 * i));
		at = le32(sector + 4 * per);
	}
}

static struct chain
follow(struct sl_ole2 *o, uint32_t at, size_t max)
{
	struct chain c = {0};
	size_t cap = 0;

	while (at < NONE && c.n < max && c.n <= o->sectors) {
		c.sector = sl_grow(c.sector, &cap, c.n + 1, sizeof(*c.sector));
		c.sector[c.n++] = at;
		at = next_sector(o, at);
	}
	return c;
}

static bool
read_directory(struct sl_ole2 *o, uint32_t start)
{
	uint32_t bytes = sector_bytes(o);
	struct chain c =
	    follow(o, start, (size_t)ENTRIES_MAX * ENTRY >> o->shift);
	size_t i;
	ssize_t n;

	o->entry = sl_alloc(c.n * bytes + 1);
	for (i = 0; i < c.n; i++) {
		n = read_at(o, c.sector[i], 0, o->entry + i * bytes, bytes);
		if (n < (ssize_t)ENTRY)
			break;
		o->entries += (uint32_t)n / ENTRY;
		if (n < (ssize_t)bytes)
			break;
	}
	free(c.sector);
	return o->entries > 0;
}

struct sl_ole2 *
sl_ole2_open(const struct sl_extent *x)
{
	static const uint8_t magic[] = {
	    0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
	struct sl_ole2 *o;
	uint8_t h[512];
	uint32_t i;

	if (sl_extent_read(x, h, sizeof(h), 0) != (ssize_t)sizeof(h) ||
	    memcmp(h, magic, sizeof(magic)) != 0)
		return NULL;
	o = sl_alloc(sizeof(*o));
	o->x = x;
	o->cached = UINT32_MAX;
	o->shift = le16(h + 30);
	o->mini_shift = le16(h + 32);
	o->mini_cutoff = le32(h + 56);
	o->mini_fat_start = le32(h + 60);
	o->difat_next = le32(h + 68);
	for (i = 0; i < 109; i++)
		o->difat[i] = le32(h + 76 + 4 * i);
	if ((o->shift == 9 || o->shift == 12) && o->mini_shift == 6) {
		o->sectors = x->size >> o->shift > UINT32_MAX
				 ? UINT32_MAX
				 : (uint32_t)(x->size >> o->shift);
		read_difat(o);
		if (read_directory(o, le32(h + 48)))
			return o;
	}
	sl_ole2_close(o);
	return NULL;
}

void
sl_ole2_close(struct sl_ole2 *o)
{
	if (o == NULL)
		return;
	free(o->fat_place);
	free(o->entry);
	free(o->mini.sector);
	free(o->mini_fat.sector);
	free(o);
}

/* -- names -------------------------------------------------------------------
 */

struct walk {
	struct sl_ole2 *o;
	sl_ole2_fn *fn;
	void *arg;
	uint8_t *seen; /* bits by entry */
	struct sl_buf path;
};

static const uint8_t *
entry_at(const struct sl_ole2 *o, uint32_t i)
{
	return o->entry + (size_t)i * ENTRY;
}

/* UTF-16 to the end of the path, without a leading control character. */
static void
add_name(struct sl_buf *b, const uint8_t *e)
{
	uint32_t bytes = le16(e + 64), i = 0, c;

	if (bytes > 64)
		bytes = 64;
	bytes = bytes >= 2 ? bytes - 2 : 0;
	if (bytes >= 2 && le16(e) < ' ')
		i = 2;
	for (; i + 1 < bytes; i += 2) {
		c = le16(e + i);
		if (c == 0)
			break;
		sl_utf8_add(b, c);
	}
}

/* The tree below entry i: its siblings, and what lies in it. Depth counts the
 * calls, for a tree may be a list. */
static void
walk_entry(struct walk *w, uint32_t i, unsigned depth)
{
	uint32_t stack[ENTRIES_MAX / 8], n = 0;
	const uint8_t *e;
	size_t keep = w->path.n;
	unsigned type;

	if (depth > DEPTH_MAX)
		return;
	for (;;) {
		if (i < w->o->entries && (w->seen[i / 8] >> (i % 8) & 1) == 0) {
			w->seen[i / 8] |= (uint8_t)(1u << (i % 8));
			e = entry_at(w->o, i);
			type = e[66];
			if (n + 2 <= sizeof(stack) / sizeof(stack[0])) {
				stack[n++] = le32(e + 68);
				stack[n++] = le32(e + 72);
			}
			if (type == STORAGE || type == STREAM) {
				add_name(&w->path, e);
				w->fn(
				    w->arg, sl_buf_str(&w->path), w->path.n, i);
				if (type == STORAGE) {
					sl_buf_add_char(&w->path, '/');
					walk_entry(w, le32(e + 76), depth + 1);
				}
				w->path.n = keep;
				if (w->path.p != NULL)
					w->path.p[keep] = '\0';
			}
		}
		if (n == 0)
			return;
		i = stack[--n];
	}
}

void
sl_ole2_each(struct sl_ole2 *o, sl_ole2_fn *fn, void *arg)
{
	struct walk w = {.o = o, .fn = fn, .arg = arg};

	w.path.max = PATH_BYTES;
	w.seen = sl_alloc(o->entries / 8 + 1u);
	w.seen[0] = 1; /* the root itself */
	walk_entry(&w, le32(entry_at(o, 0) + 76), 0);
	free(w.seen);
	sl_buf_free(&w.path);
}

/* -- bytes --------------------------------------------------------------------
 */

static size_t
read_chain(struct sl_ole2 *o, uint32_t at, uint8_t *p, size_t n)
{
	size_t done = 0, want;
	uint32_t steps;
	ssize_t got;

	for (steps = 0; done < n && at < NONE && steps <= o->sectors; steps++) {
		want = n - done < sector_bytes(o) ? n - done : sector_bytes(o);
		got = read_at(o, at, 0, p + done, want);
		if (got <= 0)
			break;
		done += (size_t)got;
		if ((size_t)got < want)
			break;
		at = next_sector(o, at);
	}
	return done;
}

static size_t
read_mini(struct sl_ole2 *o, uint32_t at, uint8_t *p, size_t n)
{
	const uint32_t mini = UINT32_C(1) << o->mini_shift,
		       per = sector_bytes(o) / 4, in = sector_bytes(o) / mini;
	size_t done = 0, want;
	uint32_t steps;
	uint8_t link[4];

	if (!o->mini_tried) {
		o->mini_tried = true;
		o->mini = follow(o, le32(entry_at(o, 0) + 116), MINI_MAX);
		o->mini_fat = follow(o, o->mini_fat_start, MINI_MAX);
	}
	for (steps = 0; done < n && steps < MINI_MAX; steps++) {
		if (at >= NONE || at / in >= o->mini.n)
			break;
		want = n - done < mini ? n - done : mini;
		if (read_at(o, o->mini.sector[at / in], at % in * mini,
			p + done, want) != (ssize_t)want)
			break;
		done += want;
		if (at / per >= o->mini_fat.n ||
		    read_at(o, o->mini_fat.sector[at / per], at % per * 4, link,
			4) != 4)
			break;
		at = le32(link);
	}
	return done;
}

ssize_t
sl_ole2_read(
    struct sl_ole2 *o, uint32_t number, uint8_t *p, size_t n, bool *ret_all)
{
	const uint8_t *e;
	uint32_t size, start;

	if (number >= o->entries)
		return -1;
	e = entry_at(o, number);
	if (e[66] != STREAM)
		return -1;
	size = le32(e + 120); /* the high half is not used below 4 GiB */
	start = le32(e + 116);
	*ret_all = size <= n;
	if (n > size)
		n = size;
	return (ssize_t)(size < o->mini_cutoff ? read_mini(o, start, p, n)
					       : read_chain(o, start, p, n));
}
