/*
 * Sizes are known before the first byte, so the file is written front to back:
 * header, FAT, DIFAT, directory, mini FAT, mini stream, streams.
 */
#include "ole2copy.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR 512u
#define MINI 64u
#define CUTOFF 4096u
#define NUMBERS (SECTOR / 4)
#define HEAD_FATS 109u
#define MARK_FAT 0xFFFFFFFDu
#define MARK_DIFAT 0xFFFFFFFCu
#define MARK_END 0xFFFFFFFEu
#define BYTES_MAX ((uint64_t)0x7FFF0000) /* of a file with such sectors */

struct node {
	uint32_t entry, parent; /* in o; in nodes */
	uint32_t left, right, child, start;
	uint32_t size;
	bool grows;
};

struct writer {
	const struct ole2_copy *c;
	struct node *nodes;
	uint32_t count;
	uint32_t fats, difats, dirs, mini_fats, minis, small; /* sectors */
	uint8_t b[SECTOR];
	size_t n;
	uint64_t written;
	int rc;
};

static const struct ole2_entry *
source_of(const struct writer *w, uint32_t node)
{
	return &w->c->o->entries[w->nodes[node].entry];
}

/* -- what goes in -------------------------------------------------------- */

static void
add(struct writer *w, uint32_t entry, uint32_t parent)
{
	struct node *x = &w->nodes[w->count++];

	*x = (struct node){.entry = entry,
	    .parent = parent,
	    .left = OLE2_NONE,
	    .right = OLE2_NONE,
	    .child = OLE2_NONE};
}

static void
collect(struct writer *w)
{
	const struct ole2_copy *c = w->c;
	uint32_t i, e;

	add(w, c->storage, OLE2_NONE);
	for (i = 0; i < w->count; i++) {
		e = source_of(w, i)->type == OLE2_STREAM
			? OLE2_NONE
			: source_of(w, i)->first;
		for (; e != OLE2_NONE; e = c->o->entries[e].next)
			add(w, e, i);
		if (i == 0 && c->also != OLE2_NONE &&
		    ole2_find(c->o, c->storage, c->o->entries[c->also].name) ==
			OLE2_NONE)
			add(w, c->also, 0);
	}
}

static bool
measure(struct writer *w)
{
	const struct ole2_copy *c = w->c;
	uint64_t all = 0;

	for (uint32_t i = 0; i < w->count; i++) {
		struct node *x = &w->nodes[i];
		uint64_t size = ole2_size(c->o, x->entry);

		if (c->grow && x->parent == 0 && size >= c->grow_at &&
		    source_of(w, i)->type == OLE2_STREAM &&
		    !strcmp(source_of(w, i)->name, c->grow)) {
			x->grows = true;
			size += c->grow_by;
		}
		all += size + SECTOR;
		if (all > BYTES_MAX)
			return false;
		x->size = (uint32_t)size;
	}
	return true;
}

/* -- the directory ------------------------------------------------------- */

static unsigned
upper(unsigned c)
{
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

static const struct writer *sorting; /* qsort has no argument */

/* Shorter names first, then without regard to case (MS-CFB 2.6.4). */
static int
by_name(const void *pa, const void *pb)
{
	const uint16_t *a = source_of(sorting, *(const uint32_t *)pa)->name16;
	const uint16_t *b = source_of(sorting, *(const uint32_t *)pb)->name16;
	size_t na = 0, nb = 0, i;

	while (a[na])
		na++;
	while (b[nb])
		nb++;
	if (na != nb)
		return na < nb ? -1 : 1;
	for (i = 0; i < na; i++)
		if (upper(a[i]) != upper(b[i]))
			return upper(a[i]) < upper(b[i]) ? -1 : 1;
	return 0;
}

/* A tree of n sorted siblings; as deep as their number has bits. */
static uint32_t
plant(struct writer *w, const uint32_t *list, uint32_t n)
{
	uint32_t mid = n / 2;

	if (n == 0)
		return OLE2_NONE;
	w->nodes[list[mid]].left = plant(w, list, mid);
	w->nodes[list[mid]].right = plant(w, list + mid + 1, n - mid - 1);
	return list[mid];
}

static bool
make_tree(struct writer *w)
{
	uint32_t *list = malloc(w->count * sizeof(*list)), from, to, n;

	if (!list)
		return false;
	sorting = w;
	/* siblings stand together: collect() goes level by level */
	for (from = 1; from < w->count; from = to) {
		for (to = from, n = 0;
		     to < w->count &&
		     w->nodes[to].parent == w->nodes[from].parent;
		     to++)
			list[n++] = to;
		qsort(list, n, sizeof(*list), by_name);
		w->nodes[w->nodes[from].parent].child = plant(w, list, n);
	}
	sorting = NULL;
	free(list);
	return true;
}

/* -- where it lies ------------------------------------------------------- */

static uint32_t
units(uint32_t size, uint32_t unit)
{
	return size / unit + (size % unit != 0);
}

static bool
is_mini(const struct node *x)
{
	return x->size < CUTOFF;
}

static void
lay_out(struct writer *w)
{
	uint32_t data, at;

	w->small = 0;
	for (uint32_t i = 1; i < w->count; i++) {
		struct node *x = &w->nodes[i];

		x->start = MARK_END;
		if (x->size && is_mini(x)) {
			x->start = w->small;
			w->small += units(x->size, MINI);
		}
	}
	w->dirs = units(w->count, SECTOR / 128);
	w->mini_fats = units(w->small, NUMBERS);
	w->minis = units(w->small, SECTOR / MINI);
	data = w->dirs + w->mini_fats + w->minis;
	for (uint32_t i = 1; i < w->count; i++)
		if (!is_mini(&w->nodes[i]))
			data += units(w->nodes[i].size, SECTOR);
	for (;;) {
		uint32_t fats = units(data + w->fats + w->difats, NUMBERS);
		uint32_t difats =
		    fats > HEAD_FATS ? units(fats - HEAD_FATS, NUMBERS - 1) : 0;

		if (fats == w->fats && difats == w->difats)
			break;
		w->fats = fats;
		w->difats = difats;
	}
	at = w->fats + w->difats + w->dirs + w->mini_fats;
	w->nodes[0].size = w->small * MINI;
	w->nodes[0].start = w->minis ? at : MARK_END;
	at += w->minis;
	for (uint32_t i = 1; i < w->count; i++) {
		struct node *x = &w->nodes[i];

		if (is_mini(x))
			continue;
		x->start = at;
		at += units(x->size, SECTOR);
	}
}

/* -- bytes out ----------------------------------------------------------- */

static void
put(struct writer *w, const void *p, size_t n)
{
	while (n && !w->rc) {
		size_t k = SECTOR - w->n < n ? SECTOR - w->n : n;

		memcpy(w->b + w->n, p, k);
		w->n += k;
		w->written += k;
		p = (const char *)p + k;
		n -= k;
		if (w->n == SECTOR) {
			w->rc = w->c->put(w->c->arg, w->b, SECTOR) ? 1 : 0;
			w->n = 0;
		}
	}
}

static void
put32(struct writer *w, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 24)};

	put(w, b, 4);
}

static void
fill(struct writer *w, uint8_t byte, uint32_t unit)
{
	while (w->written % unit && !w->rc)
		put(w, &byte, 1);
}

static void
put_chain(struct writer *w, uint32_t start, uint32_t n)
{
	for (uint32_t i = 1; i <= n && !w->rc; i++)
		put32(w, i < n ? start + i : MARK_END);
}

static void
put_header(struct writer *w)
{
	static const uint8_t magic[] = {
	    0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
	static const uint8_t zeros[16];
	uint32_t dir = w->fats + w->difats;

	put(w, magic, 8);
	put(w, zeros, 16);
	put32(w, 0x0003003E); /* version 3.62 */
	put32(w, 0x0009FFFE); /* little-endian, sectors of 512 */
	put32(w, 6); /* mini sectors of 64 */
	put(w, zeros, 8);
	put32(w, w->fats);
	put32(w, dir);
	put32(w, 0);
	put32(w, CUTOFF);
	put32(w, w->mini_fats ? dir + w->dirs : MARK_END);
	put32(w, w->mini_fats);
	put32(w, w->difats ? w->fats : MARK_END);
	put32(w, w->difats);
	for (uint32_t i = 0; i < HEAD_FATS; i++)
		put32(w, i < w->fats ? i : UINT32_MAX);
}

static void
put_fats(struct writer *w)
{
	uint32_t dir = w->fats + w->difats, at = HEAD_FATS;

	for (uint32_t i = 0; i < w->fats; i++)
		put32(w, MARK_FAT);
	for (uint32_t i = 0; i < w->difats; i++)
		put32(w, MARK_DIFAT);
	put_chain(w, dir, w->dirs);
	put_chain(w, dir + w->dirs, w->mini_fats);
	put_chain(w, w->nodes[0].start, w->minis);
	for (uint32_t i = 1; i < w->count; i++)
		if (!is_mini(&w->nodes[i]))
			put_chain(w, w->nodes[i].start,
			    units(w->nodes[i].size, SECTOR));
	fill(w, 0xFF, SECTOR);
	for (uint32_t i = 0; i < w->difats; i++) {
		for (uint32_t k = 0; k < NUMBERS - 1; k++, at++)
			put32(w, at < w->fats ? at : UINT32_MAX);
		put32(w, i + 1 < w->difats ? w->fats + i + 1 : MARK_END);
	}
}

static void
put_directory(struct writer *w)
{
	static const uint8_t zeros[128];
	static const uint16_t root[32] = {
	    'R', 'o', 'o', 't', ' ', 'E', 'n', 't', 'r', 'y'};

	for (uint32_t i = 0; i < w->count; i++) {
		const struct node *x = &w->nodes[i];
		const struct ole2_entry *e = source_of(w, i);
		const uint16_t *name = i ? e->name16 : root;
		uint32_t n = 0;

		for (unsigned k = 0; k < 32; k++) {
			uint8_t b[2] = {
			    (uint8_t)name[k], (uint8_t)(name[k] >> 8)};

			n += name[k] != 0;
			put(w, b, 2);
		}
		/* length, type, black */
		put32(w, (n + 1) * 2 |
			     (i == 0			  ? 5u
				 : e->type == OLE2_STREAM ? 2u
							  : 1u)
				 << 16 |
			     1u << 24);
		put32(w, x->left);
		put32(w, x->right);
		put32(w, x->child);
		put(w, i == 0 && w->c->clsid ? w->c->clsid : e->clsid, 16);
		put(w, zeros, 20);
		put32(w, i && e->type != OLE2_STREAM ? 0 : x->start);
		put32(w, i && e->type != OLE2_STREAM ? 0 : x->size);
		put32(w, 0);
	}
	while (w->written % SECTOR && !w->rc) {
		put(w, zeros, 68);
		put32(w, UINT32_MAX);
		put32(w, UINT32_MAX);
		put32(w, UINT32_MAX);
		put(w, zeros, 48);
	}
}

static void
put_mini_fat(struct writer *w)
{
	for (uint32_t i = 1; i < w->count; i++)
		if (w->nodes[i].size && is_mini(&w->nodes[i]))
			put_chain(w, w->nodes[i].start,
			    units(w->nodes[i].size, MINI));
	fill(w, 0xFF, SECTOR);
}

static void
put_stream(struct writer *w, uint32_t i)
{
	static const uint8_t zeros[64];
	const struct node *x = &w->nodes[i];
	const struct ole2_copy *c = w->c;
	uint32_t size = x->size - (x->grows ? c->grow_by : 0), off = 0;
	uint8_t b[8192];

	while (off < size && !w->rc) {
		size_t want = size - off < sizeof(b) ? size - off : sizeof(b);
		int64_t n;

		if (x->grows && off < c->grow_at && want > c->grow_at - off)
			want = c->grow_at - off;
		if (x->grows && off == c->grow_at)
			put(w, zeros, c->grow_by);
		n = ole2_read(c->o, x->entry, b, want, off);
		if (n <= 0) {
			w->rc = w->rc ? w->rc : -1;
			return;
		}
		put(w, b, (size_t)n);
		off += (uint32_t)n;
	}
	if (x->grows && off == c->grow_at)
		put(w, zeros, c->grow_by);
	fill(w, 0, is_mini(x) ? MINI : SECTOR);
}

static void
put_streams(struct writer *w, bool mini)
{
	for (uint32_t i = 1; i < w->count && !w->rc; i++)
		if (w->nodes[i].size && is_mini(&w->nodes[i]) == mini)
			put_stream(w, i);
	fill(w, 0, SECTOR);
}

int
ole2_copy(const struct ole2_copy *c)
{
	struct writer w = {.c = c};
	int rc = -1;

	/* `also` may hold the storage: it is then there twice */
	w.nodes = malloc((size_t)c->o->count * 2 * sizeof(*w.nodes));
	if (!w.nodes)
		return -1;
	collect(&w);
	if (measure(&w) && make_tree(&w)) {
		lay_out(&w);
		put_header(&w);
		put_fats(&w);
		put_directory(&w);
		put_mini_fat(&w);
		put_streams(&w, true);
		put_streams(&w, false);
		rc = w.rc;
	}
	free(w.nodes);
	return rc;
}
