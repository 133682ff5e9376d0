/*
 * INVARIANT: a bit of `taken` is set once; so the work over all streams is at
 * most the number of sectors.
 * SECURITY: memory is bounded by the file's own size and ENTRIES_MAX.
 */
#include "ole2.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "readfull.h"

#define ENTRIES_MAX 262144u
#define SECTORS_MAX 0xFFFFFFFAu /* higher numbers mean something else */
#define MINI 64u

static uint32_t
u16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t
u32(const uint8_t *p)
{
	return u16(p) | u16(p + 2) << 16;
}

static uint64_t
place(const struct ole2 *o, uint32_t sector)
{
	return ((uint64_t)sector + 1) * o->sector;
}

/* Takes the sector for one chain; false if it is no sector or has an owner. */
static bool
take(uint8_t *taken, uint32_t n, uint32_t sector)
{
	if (sector >= n || taken[sector / 8] & 1u << sector % 8)
		return false;
	taken[sector / 8] |= (uint8_t)(1u << sector % 8);
	return true;
}

/* A sector of n numbers to the end of a list that has room for max. */
static bool
load_numbers(struct ole2 *o, uint32_t sector, uint32_t *list, uint32_t max,
    uint32_t *count)
{
	uint8_t b[4096];
	int64_t n;

	if (!take(o->taken, o->fat_n, sector))
		return false;
	n = read_full(o->host, o->s, b, o->sector, place(o, sector));
	for (int64_t i = 0; i + 4 <= n && *count < max; i += 4)
		list[(*count)++] = u32(b + i);
	return n == (int64_t)o->sector;
}

/* The FAT: its sectors are named in the header and in a chain of DIFATs. What
 * cannot be found stays "end of chain". */
static void
load_fat(struct ole2 *o, const uint8_t *head)
{
	uint32_t filled = 0, sectors = u32(head + 44), next = u32(head + 68);
	uint32_t per = o->sector / 4 - 1;
	uint8_t b[4096];

	for (uint32_t i = 0; i < 109 && i < sectors && filled < o->fat_n; i++)
		if (!load_numbers(
			o, u32(head + 76 + 4 * i), o->fat, o->fat_n, &filled))
			o->damaged = true;
	while (filled < o->fat_n && next < SECTORS_MAX) {
		if (!take(o->taken, o->fat_n, next) ||
		    read_full(o->host, o->s, b, o->sector, place(o, next)) !=
			(int64_t)o->sector) {
			o->damaged = true;
			break;
		}
		for (uint32_t i = 0; i < per && filled < o->fat_n; i++) {
			uint32_t at = u32(b + 4 * i);

			if (at >= SECTORS_MAX)
				continue;
			if (!load_numbers(o, at, o->fat, o->fat_n, &filled))
				o->damaged = true;
		}
		next = u32(b + 4 * per);
	}
	while (filled < o->fat_n)
		o->fat[filled++] = UINT32_MAX;
}

/* Follows a chain from `start` for at most max sectors, taking each. */
static uint32_t
follow(struct ole2 *o, uint32_t start, uint32_t max, uint32_t **ret)
{
	uint32_t n = 0, cap = 0, *list = NULL;

	for (; start < SECTORS_MAX && n < max; start = o->fat[start]) {
		if (!take(o->taken, o->fat_n, start)) {
			o->damaged = true;
			break;
		}
		if (n == cap) {
			uint32_t *p;

			cap = cap ? cap * 2 : 16;
			p = realloc(list, cap * sizeof(*list));
			if (!p) {
				o->damaged = true;
				break;
			}
			list = p;
		}
		list[n++] = start;
	}
	*ret = list;
	return n;
}

static size_t
put_utf8(char *o, uint32_t c)
{
	if (c < 0x80) {
		o[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		o[0] = (char)(0xC0 | c >> 6);
		o[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c >= 0xD800 && c < 0xE000)
		c = 0xFFFD;
	o[0] = (char)(0xE0 | c >> 12);
	o[1] = (char)(0x80 | (c >> 6 & 0x3F));
	o[2] = (char)(0x80 | (c & 0x3F));
	return 3;
}

static void
parse_entry(struct ole2 *o, const uint8_t *p, struct ole2_entry *e)
{
	size_t n = 0;

	for (unsigned i = 0; i < 31 && u16(p + 2 * i); i++) {
		e->name16[i] = (uint16_t)u16(p + 2 * i);
		n += put_utf8(e->name + n, e->name16[i]);
	}
	memcpy(e->clsid, p + 80, 16);
	e->type = p[66] == 1   ? OLE2_STORAGE
		  : p[66] == 2 ? OLE2_STREAM
		  : p[66] == 5 ? OLE2_ROOT
			       : OLE2_FREE;
	e->left = u32(p + 68);
	e->right = u32(p + 72);
	e->child = u32(p + 76);
	e->start = u32(p + 116);
	e->size = u32(p + 120);
	if (o->sector > 512)
		e->size |= (uint64_t)u32(p + 124) << 32;
	e->small = e->size < o->cutoff;
	e->parent = e->first = e->next = OLE2_NONE;
}

static int
load_directory(struct ole2 *o, uint32_t start)
{
	uint32_t per = o->sector / 128, n, *list;
	uint8_t b[4096];

	n = follow(o, start, ENTRIES_MAX / per, &list);
	o->entries = n ? calloc((size_t)n * per, sizeof(*o->entries)) : NULL;
	for (uint32_t i = 0; o->entries && i < n; i++) {
		if (read_full(o->host, o->s, b, o->sector, place(o, list[i])) !=
		    (int64_t)o->sector) {
			o->damaged = true;
			break;
		}
		for (uint32_t k = 0; k < per; k++)
			parse_entry(o, b + 128 * k, &o->entries[o->count++]);
	}
	free(list);
	if (o->count == 0)
		return SLUSE_READ_INCOMPLETE;
	if (o->entries[0].type != OLE2_ROOT)
		return SLUSE_READ_DAMAGED;
	return SLUSE_READ_OK;
}

/* Hangs each entry under its storage. An entry is visited once: the first to
 * name it is its parent. */
static int
hang(struct ole2 *o)
{
	uint32_t *todo = malloc(((size_t)o->count + 1) * 2 * sizeof(*todo));
	uint8_t *seen = calloc(1, (size_t)o->count / 8 + 1);
	uint32_t n = 0;

	if (!todo || !seen) {
		free(todo);
		free(seen);
		return SLUSE_READ_LIMIT;
	}
	seen[0] = 1;
	if (take(seen, o->count, o->entries[0].child)) {
		todo[n++] = o->entries[0].child;
		o->entries[todo[0]].parent = 0;
	}
	while (n) {
		uint32_t at = todo[--n];
		struct ole2_entry *e = &o->entries[at];
		uint32_t to[3] = {e->left, e->right, e->child};

		for (unsigned i = 0; i < 3; i++) {
			if (to[i] >= SECTORS_MAX ||
			    (i == 2 && e->type != OLE2_STORAGE))
				continue;
			if (!take(seen, o->count, to[i])) {
				o->damaged = true;
				continue;
			}
			o->entries[to[i]].parent = i == 2 ? at : e->parent;
			todo[n++] = to[i];
		}
	}
	for (uint32_t i = o->count - 1; i > 0; i--) {
		struct ole2_entry *e = &o->entries[i];

		if (e->parent == OLE2_NONE || e->type == OLE2_ROOT) {
			e->type = OLE2_FREE;
		} else if (e->type != OLE2_FREE) {
			e->next = o->entries[e->parent].first;
			o->entries[e->parent].first = i;
		}
	}
	free(todo);
	free(seen);
	return SLUSE_READ_OK;
}

/* Small streams: their FAT, and the stream of the root that they lie in. */
static int
load_mini(struct ole2 *o, uint32_t start)
{
	struct ole2_entry *root = &o->entries[0];
	uint32_t *list, n, filled = 0, max;
	uint64_t most;

	o->small_n = follow(o, root->start, o->fat_n, &o->small);
	most = (uint64_t)o->small_n * (o->sector / MINI);
	n = follow(o, start, o->fat_n, &list);
	max = (uint32_t)(most < SECTORS_MAX ? most : SECTORS_MAX - 1);
	if ((uint64_t)n * (o->sector / 4) < max)
		max = n * (o->sector / 4);
	o->mini = calloc((size_t)max + 1, sizeof(*o->mini));
	o->mini_taken = calloc(1, (size_t)max / 8 + 1);
	if (!o->mini || !o->mini_taken) {
		free(list);
		return SLUSE_READ_LIMIT;
	}
	for (uint32_t i = 0; i < n && filled < max; i++) {
		uint8_t b[4096];
		int64_t got =
		    read_full(o->host, o->s, b, o->sector, place(o, list[i]));

		for (int64_t k = 0; k + 4 <= got && filled < max; k += 4)
			o->mini[filled++] = u32(b + k);
		if (got != (int64_t)o->sector)
			o->damaged = true;
	}
	free(list);
	o->mini_n = filled;
	return SLUSE_READ_OK;
}

static int
load(struct ole2 *o, const uint8_t *head)
{
	uint64_t sectors = o->length / o->sector;
	int rc;

	/* the header is as long as a sector; the last may be cut off */
	o->fat_n = sectors < SECTORS_MAX ? (uint32_t)sectors : SECTORS_MAX - 1;
	o->fat = malloc(((size_t)o->fat_n + 1) * sizeof(*o->fat));
	o->taken = calloc(1, (size_t)o->fat_n / 8 + 1);
	if (!o->fat || !o->taken)
		return SLUSE_READ_LIMIT;
	load_fat(o, head);
	if ((rc = load_directory(o, u32(head + 48))) != SLUSE_READ_OK ||
	    (rc = hang(o)) != SLUSE_READ_OK)
		return rc;
	return load_mini(o, u32(head + 60));
}

int
ole2_open(const struct sluse_reader_host *host, struct sluse_source *s,
    struct ole2 **ret)
{
	static const uint8_t magic[] = {
	    0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
	struct ole2 *o = calloc(1, sizeof(*o));
	uint8_t head[512] = {0};
	uint32_t shift;
	int64_t n;
	int rc;

	if (!o)
		return SLUSE_READ_LIMIT;
	o->host = host;
	o->s = s;
	o->length = host->length(s);
	o->at_entry = OLE2_NONE;
	n = read_full(o->host, o->s, head, sizeof(head), 0);
	shift = u16(head + 30);
	o->cutoff = u32(head + 56) ? u32(head + 56) : 4096;
	if (n < 8 || memcmp(head, magic, 8) != 0)
		rc = SLUSE_READ_UNSUPPORTED;
	else if (n < 512)
		rc = SLUSE_READ_INCOMPLETE;
	else if ((shift != 9 && shift != 12) || u16(head + 32) != 6)
		rc = SLUSE_READ_DAMAGED;
	else {
		o->sector = 1u << shift;
		rc = load(o, head);
	}
	if (rc != SLUSE_READ_OK) {
		ole2_close(o);
		return rc;
	}
	*ret = o;
	return rc;
}

void
ole2_close(struct ole2 *o)
{
	if (!o)
		return;
	free(o->fat);
	free(o->mini);
	free(o->small);
	free(o->taken);
	free(o->mini_taken);
	free(o->entries);
	free(o);
}

uint32_t
ole2_find(const struct ole2 *o, uint32_t storage, const char *name)
{
	uint32_t i = o->entries[storage].first;

	while (i != OLE2_NONE && strcasecmp(o->entries[i].name, name) != 0)
		i = o->entries[i].next;
	return i;
}

uint64_t
ole2_size(struct ole2 *o, uint32_t stream)
{
	struct ole2_entry *e = &o->entries[stream];
	uint32_t unit, at = e->start, *next, n;
	uint64_t have = 0;
	uint8_t *taken;
	bool small = e->small;

	if (e->type != OLE2_STREAM)
		return 0;
	if (e->known)
		return e->size;
	unit = small ? MINI : o->sector;
	next = small ? o->mini : o->fat;
	taken = small ? o->mini_taken : o->taken;
	n = small ? o->mini_n : o->fat_n;
	while (have < e->size && take(taken, n, at)) {
		uint64_t end = small ? UINT64_MAX : place(o, at);

		/* a sector that the end of the file cuts */
		if (!small && o->length < end + unit) {
			have += end < o->length ? o->length - end : 0;
			break;
		}
		have += unit;
		at = next[at];
	}
	e->known = true;
	if (have < e->size) {
		e->cut = o->damaged = true;
		e->size = have;
	}
	return e->size;
}

/* Where block b of the stream lies; 0 = nowhere. */
static uint64_t
locate(struct ole2 *o, uint32_t stream, uint32_t block)
{
	struct ole2_entry *e = &o->entries[stream];
	bool small = e->small;
	const uint32_t *next = small ? o->mini : o->fat;
	uint32_t n = small ? o->mini_n : o->fat_n, per = o->sector / MINI;

	if (o->at_entry != stream || o->at_block > block) {
		o->at_entry = stream;
		o->at_block = 0;
		o->at_sector = e->start;
	}
	while (o->at_block < block && o->at_sector < n) {
		o->at_sector = next[o->at_sector];
		o->at_block++;
	}
	if (o->at_sector >= n)
		return 0;
	if (!small)
		return place(o, o->at_sector);
	if (o->at_sector / per >= o->small_n)
		return 0;
	return place(o, o->small[o->at_sector / per]) +
	       (uint64_t)(o->at_sector % per) * MINI;
}

int64_t
ole2_read(struct ole2 *o, uint32_t stream, void *p, size_t n, uint64_t off)
{
	uint64_t size = ole2_size(o, stream);
	uint32_t unit = o->entries[stream].small ? MINI : o->sector;
	size_t got = 0;

	if (off >= size)
		return 0;
	if (n > size - off)
		n = (size_t)(size - off);
	while (got < n) {
		uint64_t at = locate(o, stream, (uint32_t)(off / unit));
		size_t want = unit - (size_t)(off % unit);
		int64_t k;

		if (want > n - got)
			want = n - got;
		if (at == 0)
			break;
		k = read_full(
		    o->host, o->s, (char *)p + got, want, at + off % unit);
		if (k < 0)
			return -1;
		got += (size_t)k;
		off += (uint64_t)k;
		if ((size_t)k < want)
			break;
	}
	return (int64_t)got;
}
