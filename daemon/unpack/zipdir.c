/*
 * SECURITY: every offset and length is checked against the bytes at hand before
 * use; no sum of hostile numbers is made that could wrap.
 */
#include "zipdir.h"

#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"

#define EOCD 22u
#define EOCD_TAIL (EOCD + 65535u)
#define LOCATOR 20u
#define EOCD64 56u
#define CENTRAL 46u
#define LOCAL 30u

static unsigned
le16(const uint8_t *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static uint32_t
le32(const uint8_t *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t
le64(const uint8_t *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* Where the directory is, as the end record says. */
struct where {
	uint64_t eocd; /* place of the end record */
	uint64_t start; /* of the directory, in the extent */
	uint64_t size;
	uint64_t count;
	uint64_t shift; /* junk before the zip: add to all offsets */
};

/* The end record in the last n bytes t of the extent: the last one whose
 * comment fills the file, else the last one whose comment fits. */
static bool
find_end(const uint8_t *t, size_t n, size_t *ret)
{
	bool found = false;
	size_t i, all;

	for (i = n < EOCD ? 0 : n - EOCD + 1; i-- > 0;) {
		if (t[i] != 'P' || memcmp(t + i, "PK\5\6", 4) != 0)
			continue;
		all = i + EOCD + le16(t + i + 20);
		if (all > n)
			continue;
		if (all == n || !found)
			*ret = i;
		if (all == n)
			return true;
		found = true;
	}
	return found;
}

static bool
is_end64(const struct sl_extent *x, uint64_t at, uint8_t *p)
{
	return sl_extent_read(x, p, EOCD64, at) == EOCD64 &&
	       memcmp(p, "PK\6\6", 4) == 0;
}

static bool
find_zip64(const struct sl_extent *x, struct where *w)
{
	uint8_t p[EOCD64];
	uint64_t at;

	if (w->eocd < LOCATOR ||
	    sl_extent_read(x, p, LOCATOR, w->eocd - LOCATOR) != LOCATOR ||
	    memcmp(p, "PK\6\7", 4) != 0)
		return false;
	at = le64(p + 8);
	/* Junk in front moves it: then it stands right before its locator. */
	if (!is_end64(x, at, p)) {
		if (w->eocd < LOCATOR + EOCD64)
			return false;
		at = w->eocd - LOCATOR - EOCD64;
		if (!is_end64(x, at, p))
			return false;
	}
	w->count = le64(p + 32);
	w->size = le64(p + 40);
	w->start = le64(p + 48);
	if (w->size > at || w->start > at - w->size)
		return false;
	w->shift = at - w->size - w->start;
	return true;
}

/* Copies the end record to end[EOCD] and sets w->eocd. */
static bool
read_end(const struct sl_extent *x, uint8_t *end, struct where *w)
{
	size_t n = x->size < EOCD_TAIL ? (size_t)x->size : EOCD_TAIL, i;
	SL_FREE uint8_t *tail = NULL;

	if (x->size < EOCD)
		return false;
	/* Mostly there is no comment. */
	w->eocd = x->size - EOCD;
	if (sl_extent_read(x, end, EOCD, w->eocd) == EOCD &&
	    memcmp(end, "PK\5\6\0\0", 6) == 0 && le16(end + 20) == 0)
		return true;
	tail = sl_realloc(NULL, n);
	if (sl_extent_read(x, tail, n, x->size - n) != (ssize_t)n ||
	    !find_end(tail, n, &i))
		return false;
	memcpy(end, tail + i, EOCD);
	w->eocd = x->size - n + i;
	return true;
}

/* The last of several volumes: members lie in files that are not here. A zip
 * "split" into one has number 0 like any other; all ones: see the zip64 end. */
static bool
is_volume(const uint8_t *end)
{
	unsigned disk = le16(end + 4), dir = le16(end + 6);

	return (disk != 0 && disk != 0xFFFF) || (dir != 0 && dir != 0xFFFF);
}

bool
sl_zip_is_first_volume(const struct sl_extent *x)
{
	uint8_t p[8];

	return sl_extent_read(x, p, 8, 0) == 8 &&
	       memcmp(p, "PK\7\10PK\3\4", 8) == 0;
}

static enum sl_rc
find_directory(const struct sl_extent *x, struct where *w, struct sl_err *err)
{
	uint8_t end[EOCD];

	if (!read_end(x, end, w))
		return SL_SKIP;
	if (is_volume(end))
		return sl_err_set(err, SL_HOLD, 0, "volumes_missing",
		    "the zip is split into volumes");
	w->count = le16(end + 10);
	w->size = le32(end + 12);
	w->start = le32(end + 16);
	if ((w->count != 0xFFFF && w->size != 0xFFFFFFFFu &&
		w->start != 0xFFFFFFFFu) ||
	    !find_zip64(x, w)) {
		if (w->size > w->eocd || w->start > w->eocd - w->size)
			return sl_err_set(err, SL_BROKEN, 0, "damaged",
			    "the zip directory lies outside the file");
		w->shift = w->eocd - w->size - w->start;
	}
	w->start += w->shift;
	return SL_OK;
}

/* Sizes and offset over 4 GiB stand in extra field 1: only those that are all
 * ones in the record, in this order. */
static void
widen(struct sl_zip_entry *e)
{
	uint64_t *want[3] = {&e->size, &e->packed, &e->local};
	const uint8_t *p = e->extra;
	size_t n = e->extra_n, len, i;

	for (; n >= 4; p += 4 + len, n -= 4 + len) {
		len = le16(p + 2);
		if (len > n - 4)
			return;
		if (le16(p) != 1)
			continue;
		p += 4;
		for (i = 0; i < 3; i++) {
			if (*want[i] != 0xFFFFFFFFu)
				continue;
			if (len < 8)
				return;
			*want[i] = le64(p);
			p += 8;
			len -= 8;
		}
		return;
	}
}

static size_t
parse_entry(const uint8_t *p, size_t n, struct sl_zip_entry *e)
{
	size_t all;

	if (n < CENTRAL || memcmp(p, "PK\1\2", 4) != 0)
		return 0;
	e->name_n = (uint16_t)le16(p + 28);
	e->extra_n = (uint16_t)le16(p + 30);
	all = CENTRAL + (size_t)e->name_n + e->extra_n + le16(p + 32);
	if (all > n)
		return 0;
	e->flags = le16(p + 8);
	e->method = le16(p + 10);
	e->packed = le32(p + 20);
	e->size = le32(p + 24);
	e->local = le32(p + 42);
	e->name = p + CENTRAL;
	e->extra = e->name + e->name_n;
	widen(e);
	return all;
}

static int
by_place(const void *pa, const void *pb)
{
	const struct sl_zip_entry *a = pa, *b = pb;

	return (a->local > b->local) - (a->local < b->local);
}

static bool
overlaps(const struct sl_zip_dir *d)
{
	const struct sl_zip_entry *e;
	uint64_t room;
	size_t i;

	for (i = 0; i + 1 < d->count; i++) {
		e = &d->entries[i];
		room = e[1].local - e->local;
		if (room < LOCAL || room - LOCAL < e->packed)
			return true;
	}
	return false;
}

static void
parse_entries(struct sl_zip_dir *d, size_t n, size_t max, const struct where *w)
{
	struct sl_zip_entry e;
	size_t at = 0, step, cap = 0;

	while (d->count < max &&
	       (step = parse_entry(d->bytes + at, n - at, &e)) != 0) {
		e.local = e.local > UINT64_MAX - w->shift ? UINT64_MAX
							  : e.local + w->shift;
		d->entries = sl_grow(
		    d->entries, &cap, d->count + 1, sizeof(*d->entries));
		d->entries[d->count++] = e;
		at += step;
	}
	d->partial = d->count == max ? at < w->size : n < w->size;
	d->named = d->count;
	/* No more than can lie in it, whatever it says. */
	if (d->partial && w->count > d->count && w->count <= w->size / CENTRAL)
		d->named = w->count;
	d->differs = !d->partial && d->count != w->count &&
		     (d->count & 0xFFFF) != w->count;
}

enum sl_rc
sl_zip_dir_load(const struct sl_extent *x, size_t max, size_t max_bytes,
    struct sl_zip_dir *ret, struct sl_err *err)
{
	struct where w = {0};
	enum sl_rc rc;
	size_t n;

	*ret = (struct sl_zip_dir){0};
	if ((rc = find_directory(x, &w, err)) != SL_OK)
		return rc;
	ret->end = w.eocd + EOCD;
	n = w.size < max_bytes ? (size_t)w.size : max_bytes;
	ret->bytes = sl_realloc(NULL, n);
	if (sl_extent_read(x, ret->bytes, n, w.start) != (ssize_t)n) {
		sl_zip_dir_free(ret);
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "the zip directory cannot be read");
	}
	parse_entries(ret, n, max, &w);
	if (ret->count == 0 && w.count != 0) {
		sl_zip_dir_free(ret);
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "the zip directory has no entries where some should be");
	}
	if (ret->count > 1)
		qsort(
		    ret->entries, ret->count, sizeof(*ret->entries), by_place);
	ret->overlap = overlaps(ret);
	return SL_OK;
}

void
sl_zip_dir_free(struct sl_zip_dir *d)
{
	free(d->entries);
	free(d->bytes);
	*d = (struct sl_zip_dir){0};
}

const struct sl_zip_entry *
sl_zip_dir_find(const struct sl_zip_dir *d, uint64_t at)
{
	size_t lo = 0, hi = d->count, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (d->entries[mid].local < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == 0 ? NULL : &d->entries[lo - 1];
}

bool
sl_zip_local_ending_at(const struct sl_extent *x, uint64_t from, uint64_t at,
    uint8_t *bytes, struct sl_zip_entry *ret)
{
	const uint8_t *p;
	size_t n, i;

	if (at < from)
		return false;
	n = at - from < SL_ZIP_LOCAL_MAX ? (size_t)(at - from)
					 : SL_ZIP_LOCAL_MAX;
	if (n < LOCAL || sl_extent_read(x, bytes, n, at - n) != (ssize_t)n)
		return false;
	for (i = n - LOCAL + 1; i-- > 0;) {
		p = bytes + i;
		if (p[0] != 'P' || memcmp(p, "PK\3\4", 4) != 0 ||
		    i + LOCAL + le16(p + 26) + le16(p + 28) != n)
			continue;
		*ret = (struct sl_zip_entry){.local = at - n + i,
		    .flags = le16(p + 6),
		    .method = le16(p + 8),
		    .packed = le32(p + 18),
		    .size = le32(p + 22),
		    .name = p + LOCAL,
		    .name_n = (uint16_t)le16(p + 26),
		    .extra_n = (uint16_t)le16(p + 28)};
		ret->extra = ret->name + ret->name_n;
		return true;
	}
	return false;
}
