/*
 * The boxes of a HEIF file: which pictures it holds, how large, how turned,
 * and where their bytes lie.
 *
 * SECURITY: nothing is allocated but the list of items, ITEMS_MAX at most, and
 * a page once its size was checked.
 */
#include "heif.h"

#include <stdlib.h>

enum { ITEMS_MAX = 4096, PROPERTIES_MAX = 1024 };

/* The boxes of `meta` that matter, by name. */
struct meta {
	struct span pitm, iinf, iloc, ipco, ipma, iref, idat;
};

/* -- reading
 * -------------------------------------------------------------------- */

/* The next n bytes as a number. Past the end: 0, and s->p is NULL from then. */
static uint64_t
take(struct span *s, size_t n)
{
	uint64_t v = 0;

	if (!s->p || s->n < n) {
		*s = (struct span){NULL, 0};
		return 0;
	}
	s->n -= n;
	while (n--)
		v = v << 8 | *s->p++;
	return v;
}

/* A full box: its version; *s moves behind version and flags. */
static uint32_t
version(struct span *s, uint32_t *ret_flags)
{
	uint32_t v = (uint32_t)take(s, 4);

	if (ret_flags)
		*ret_flags = v & 0xffffff;
	return v >> 24;
}

static struct heif_item *
find(struct heif *f, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < f->count; i++)
		if (f->item[i].id == id)
			return &f->item[i];
	return NULL;
}

/* -- the boxes of meta
 * ---------------------------------------------------------- */

static void
find_boxes(struct span s, struct meta *m)
{
	struct box b, p;

	while (box_next(&s, &b)) {
		if (box_is(&b, "pitm"))
			m->pitm = b.body;
		else if (box_is(&b, "iinf"))
			m->iinf = b.body;
		else if (box_is(&b, "iloc"))
			m->iloc = b.body;
		else if (box_is(&b, "iref"))
			m->iref = b.body;
		else if (box_is(&b, "idat"))
			m->idat = b.body;
		else if (box_is(&b, "iprp"))
			while (box_next(&b.body, &p)) {
				if (box_is(&p, "ipco"))
					m->ipco = p.body;
				else if (box_is(&p, "ipma"))
					m->ipma = p.body;
			}
	}
}

static int
read_items(struct heif *f, struct span s)
{
	uint32_t v = version(&s, NULL), flags;
	uint64_t count = take(&s, v ? 4 : 2);
	struct heif_item *it;
	struct box b;

	if (!s.p || !count)
		return SLUSE_READ_DAMAGED;
	if (count > ITEMS_MAX)
		return SLUSE_READ_LIMIT;
	f->item = calloc(count, sizeof(*f->item));
	f->page = calloc(count, sizeof(*f->page));
	if (!f->item || !f->page)
		return SLUSE_READ_LIMIT;
	while (f->count < count && box_next(&s, &b)) {
		it = &f->item[f->count];
		v = version(&b.body, &flags);
		if (!box_is(&b, "infe") || v < 2)
			continue;
		it->id = (uint32_t)take(&b.body, v == 2 ? 2 : 4);
		it->guarded = take(&b.body, 2) != 0;
		it->apart = flags & 1;
		if (b.body.n < 4)
			return SLUSE_READ_DAMAGED;
		memcpy(it->type, b.body.p, 4);
		f->count++;
	}
	return SLUSE_READ_OK;
}

static void
read_places(struct heif *f, struct span s)
{
	uint32_t v = version(&s, NULL), sizes = (uint32_t)take(&s, 2), id;
	uint64_t count = take(&s, v < 2 ? 2 : 4), each, method;
	struct heif_item none, *it;

	f->offset_size = sizes >> 12;
	f->length_size = sizes >> 8 & 15;
	f->base_size = sizes >> 4 & 15;
	f->index_size = v ? sizes & 15 : 0;
	if ((f->offset_size | f->length_size | f->base_size | f->index_size) &
	    3)
		return; /* 0, 4 or 8 bytes */
	each = f->offset_size + f->length_size + f->index_size;
	while (count-- && s.p) {
		id = (uint32_t)take(&s, v < 2 ? 2 : 4);
		it = find(f, id);
		if (!it)
			it = &none;
		method = v ? take(&s, 2) & 15 : 0;
		it->method = (uint32_t)method + take(&s, 2) * 16;
		it->base = take(&s, f->base_size);
		it->extents = (uint32_t)take(&s, 2);
		if (!s.p || s.n < it->extents * each) {
			it->extents = 0;
			return;
		}
		it->places = (struct span){s.p, (size_t)(it->extents * each)};
		s.p += it->places.n;
		s.n -= it->places.n;
	}
}

/* One property put on an item; turns are applied in the order they come. */
static void
put_property(struct heif_item *it, const struct box *b)
{
	struct span s = b->body;

	if (box_is(b, "ispe")) {
		(void)take(&s, 4);
		it->w = (uint32_t)take(&s, 4);
		it->h = (uint32_t)take(&s, 4);
	} else if (box_is(b, "hvcC")) {
		it->config = s;
	} else if (box_is(b, "irot") && s.n) {
		it->turn = (it->turn + 4 - (s.p[0] & 3)) & 3;
	} else if (box_is(b, "imir") && s.n) {
		/* mirroring what was turned is turning back what was
		 * mirrored; upside down is half a turn more */
		it->mirror = !it->mirror;
		it->turn = (4 - it->turn + (s.p[0] & 1 ? 0 : 2)) & 3;
	}
}

static int
read_properties(struct heif *f, struct span list, struct span s)
{
	struct box *b = calloc(PROPERTIES_MAX, sizeof(*b));
	uint32_t n = 0, flags, v, i, each;
	uint64_t count;
	struct heif_item *it;

	if (!b)
		return SLUSE_READ_LIMIT;
	while (n < PROPERTIES_MAX && box_next(&list, &b[n]))
		n++;
	v = version(&s, &flags);
	for (count = take(&s, 4); count && s.p; count--) {
		it = find(f, (uint32_t)take(&s, v ? 4 : 2));
		for (each = (uint32_t)take(&s, 1); each && s.p; each--) {
			i = (uint32_t)take(&s, flags & 1 ? 2 : 1);
			i &= flags & 1 ? 0x7fff : 0x7f;
			if (it && i && i <= n)
				put_property(it, &b[i - 1]);
		}
	}
	free(b);
	return SLUSE_READ_OK;
}

/* Tiles belong to their grid; thumbnails and masks to a picture. */
static void
read_references(struct heif *f, struct span s)
{
	struct heif_item *from, *to;
	struct box b;
	uint64_t count;

	f->ref_size = version(&s, NULL) ? 4 : 2;
	while (box_next(&s, &b)) {
		from = find(f, (uint32_t)take(&b.body, f->ref_size));
		count = take(&b.body, 2);
		if (!from || b.body.n < count * f->ref_size)
			continue;
		if (box_is(&b, "thmb") || box_is(&b, "auxl"))
			from->apart = true;
		if (!box_is(&b, "dimg"))
			continue;
		b.body.n = (size_t)(count * f->ref_size);
		from->tiles = b.body;
		while (b.body.n) {
			to = find(f, (uint32_t)take(&b.body, f->ref_size));
			if (to)
				to->apart = true;
		}
	}
}

static bool
is_type(const struct heif_item *it, const char *type)
{
	return memcmp(it->type, type, 4) == 0;
}

static uint32_t
list_pages(struct heif *f)
{
	uint32_t i, n = 0;
	const struct heif_item *it = find(f, f->primary);

	if (it && (is_type(it, "hvc1") || is_type(it, "grid")))
		f->page[n++] = (uint32_t)(it - f->item);
	for (i = 0; i < f->count; i++) {
		it = &f->item[i];
		if (!it->apart && it->id != f->primary &&
		    (is_type(it, "hvc1") || is_type(it, "grid")))
			f->page[n++] = i;
	}
	return n;
}

/* -- bytes of an item
 * ----------------------------------------------------------- */

/* The next extent. False: it lies outside the file. */
static bool
extent(const struct heif *f, const struct heif_item *it, struct span *places,
    struct span *ret)
{
	struct span in = it->method == 1 ? f->idat : f->file;
	uint64_t at, n;

	(void)take(places, f->index_size);
	at = take(places, f->offset_size);
	n = take(places, f->length_size);
	if (it->base > in.n || at > in.n - it->base)
		return false;
	at += it->base;
	if (n == 0) /* all of it */
		n = in.n - at;
	if (n > in.n - at)
		return false;
	*ret = (struct span){in.p + at, (size_t)n};
	return true;
}

/* All bytes of an item; more than one extent: in *owned, the caller frees. */
static int
item_bytes(const struct heif *f, const struct heif_item *it, uint8_t **owned,
    struct span *ret)
{
	struct span places = it->places, s;
	size_t cap = f->file.n;
	uint32_t i;

	*owned = NULL;
	*ret = (struct span){NULL, 0};
	if (it->method > 1 || it->guarded)
		return SLUSE_READ_UNSUPPORTED; /* by another item; elsewhere */
	for (i = 0; i < it->extents; i++) {
		if (!extent(f, it, &places, &s))
			return SLUSE_READ_INCOMPLETE;
		if (it->extents == 1) {
			*ret = s;
			break;
		}
		if (!*owned && !(*owned = malloc(cap)))
			return SLUSE_READ_LIMIT;
		if (s.n > cap - ret->n)
			return SLUSE_READ_DAMAGED;
		memcpy(*owned + ret->n, s.p, s.n);
		ret->n += s.n;
		ret->p = *owned;
	}
	return ret->n ? SLUSE_READ_OK : SLUSE_READ_DAMAGED;
}

/* Is every page's data there? */
static int
check_places(const struct heif *f)
{
	const struct heif_item *it;
	struct span places, s;
	uint32_t i, k;

	for (i = 0; i < f->count; i++) {
		it = &f->item[i];
		places = it->places;
		if (it->method > 1)
			continue;
		for (k = 0; k < it->extents; k++)
			if (!extent(f, it, &places, &s))
				return SLUSE_READ_INCOMPLETE;
	}
	return SLUSE_READ_OK;
}

/* -- open
 * ----------------------------------------------------------------------- */

static int
read_meta(struct heif *f, struct span s)
{
	struct meta m = {.pitm = {NULL, 0}};
	uint32_t v;
	int rc;

	(void)version(&s, NULL);
	find_boxes(s, &m);
	f->idat = m.idat;
	rc = read_items(f, m.iinf);
	if (rc != SLUSE_READ_OK)
		return rc;
	v = version(&m.pitm, NULL);
	f->primary = (uint32_t)take(&m.pitm, v ? 4 : 2);
	read_places(f, m.iloc);
	rc = read_properties(f, m.ipco, m.ipma);
	if (rc == SLUSE_READ_OK)
		read_references(f, m.iref);
	return rc;
}

int
heif_open(struct sluse_doc *d)
{
	struct heif *f = d->heif = calloc(1, sizeof(*f));
	struct span s = {d->bytes, d->length};
	struct box b;
	bool cut = false;
	int rc = SLUSE_READ_INCOMPLETE;

	if (!f)
		return SLUSE_READ_LIMIT;
	f->file = s;
	while (!cut && box_next(&s, &b)) {
		cut = b.cut;
		if (!cut && box_is(&b, "meta") && !f->item)
			rc = read_meta(f, b.body);
		else if (box_is(&b, "moov") && !f->item)
			rc = SLUSE_READ_UNSUPPORTED; /* a film */
	}
	if (cut || s.n)
		return SLUSE_READ_INCOMPLETE;
	if (rc != SLUSE_READ_OK)
		return rc;
	d->pages = list_pages(f);
	if (!d->pages)
		return SLUSE_READ_UNSUPPORTED; /* AV1 and others */
	if (d->pages > d->host->limits->pages_max)
		return SLUSE_READ_LIMIT;
	return check_places(f);
}

void
heif_free(struct heif *f)
{
	if (!f)
		return;
	free(f->item);
	free(f->page);
	free(f);
}

/* -- one page
 * -------------------------------------------------------------------- */

static int
decode_item(const struct sluse_doc *d, const struct heif_item *it,
    const struct hevc_target *to, bool *faulty)
{
	struct span data;
	uint8_t *owned;
	int rc = item_bytes(d->heif, it, &owned, &data);

	if (rc == SLUSE_READ_OK)
		rc = hevc_decode(it->config, data, to, faulty);
	free(owned);
	return rc;
}

/* What a grid says of itself. */
struct grid {
	uint32_t rows, columns, w, h;
};

static int
read_grid(const struct heif *f, const struct heif_item *it, struct grid *ret)
{
	struct span s;
	uint8_t *owned;
	size_t n;
	int rc = item_bytes(f, it, &owned, &s);

	if (rc == SLUSE_READ_OK) {
		(void)take(&s, 1);
		n = take(&s, 1) & 1 ? 4 : 2;
		ret->rows = (uint32_t)take(&s, 1) + 1;
		ret->columns = (uint32_t)take(&s, 1) + 1;
		ret->w = (uint32_t)take(&s, n);
		ret->h = (uint32_t)take(&s, n);
		if (!s.p || ret->w != it->w || ret->h != it->h)
			rc = SLUSE_READ_DAMAGED;
	}
	free(owned);
	return rc;
}

/* Tiles of one size cover the picture, none lies outside it. */
static bool
tile_fits(
    const struct grid *g, const struct heif_item *tile, uint32_t w, uint32_t h)
{
	return tile && is_type(tile, "hvc1") && tile->w == w && tile->h == h &&
	       w && h && (uint64_t)w * g->columns >= g->w &&
	       (uint64_t)w * (g->columns - 1) < g->w &&
	       (uint64_t)h * g->rows >= g->h &&
	       (uint64_t)h * (g->rows - 1) < g->h;
}

static int
decode_grid(const struct sluse_doc *d, const struct heif_item *it,
    const struct hevc_target *all, bool *faulty)
{
	struct hevc_target one = *all;
	struct span ids = it->tiles;
	const struct heif_item *tile;
	uint32_t i, x, y, w = 0, h = 0;
	struct grid g = {0};
	int rc = read_grid(d->heif, it, &g);

	if (rc != SLUSE_READ_OK)
		return rc;
	for (i = 0; i < g.rows * g.columns && rc == SLUSE_READ_OK; i++) {
		tile = find(d->heif, (uint32_t)take(&ids, d->heif->ref_size));
		if (tile && i == 0) {
			w = tile->w;
			h = tile->h;
		}
		if (!ids.p || !tile_fits(&g, tile, w, h))
			return SLUSE_READ_DAMAGED;
		x = i % g.columns * w;
		y = i / g.columns * h;
		one.out = all->out + y * all->stride + x;
		one.w = g.w - x < w ? g.w - x : w;
		one.h = g.h - y < h ? g.h - y : h;
		rc = decode_item(d, tile, &one, faulty);
	}
	return rc;
}

int
heif_page(struct sluse_doc *d, uint32_t i, struct sluse_sink *k)
{
	const struct heif_item *it = &d->heif->item[d->heif->page[i]];
	struct sluse_image im = {.size = sizeof(im), .width = it->w};
	struct hevc_target to = {.w = it->w, .h = it->h};
	bool faulty = false;
	int rc;

	if (!it->w || !it->h)
		return SLUSE_READ_DAMAGED;
	if (!image_fits(d->host->limits, it->w, it->h))
		return SLUSE_READ_LIMIT;
	to.limits = d->host->limits;
	to.stride = im.stride = it->w;
	im.height = it->h;
	im.length = im.stride * im.height;
	im.format = SLUSE_IMAGE_GRAY8;
	im.rotate = it->turn * 90;
	im.bytes = to.out = malloc(im.length);
	if (!to.out)
		return SLUSE_READ_LIMIT;
	rc = is_type(it, "grid") ? decode_grid(d, it, &to, &faulty)
				 : decode_item(d, it, &to, &faulty);
	if (rc == SLUSE_READ_OK) {
		if (faulty)
			d->host->note(k, "page_damaged", NULL);
		if (it->mirror)
			image_mirror(to.out, im.width, im.height);
		rc = image_give(d, k, &im);
	}
	free(to.out);
	return rc;
}
