/*
 * TIFF: pages found by walking the directories ourselves (a loop, or ten
 * thousand pages, must cost nothing), decoded by libtiff through read_at.
 *
 * FAILURES: rows that cannot be decoded stay white and the page is noted; a
 * page whose first row fails is damaged.
 */
#include "tiff.h"

#include "image.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALLOC_MAX = 512 << 20, ENTRIES_MAX = 4096, TAG_SUBFILE = 254 };

/* -- the directories ----------------------------------------------------------
 */

struct walk {
	struct sluse_doc *d;
	bool big_endian;
	bool big_tiff;
	uint64_t *seen; /* sorted by nothing: all directories, owned */
	uint32_t seen_n, seen_cap;
};

static uint64_t
number(const struct walk *w, const uint8_t *p, int n)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < n; i++)
		v = v << 8 | p[w->big_endian ? i : n - 1 - i];
	return v;
}

static bool
get(struct walk *w, void *p, size_t n, uint64_t off)
{
	return read_full(w->d->host, w->d->source, p, n, off) == (int64_t)n;
}

static bool
push(uint64_t **list, uint32_t *n, uint32_t *cap, uint64_t v)
{
	uint32_t want = *cap ? *cap * 2 : 64;
	uint64_t *p;

	if (*n == *cap) {
		p = realloc(*list, want * sizeof(*p));
		if (!p)
			return false;
		*list = p;
		*cap = want;
	}
	(*list)[(*n)++] = v;
	return true;
}

/* Does the file hold the value that this entry points to? */
static bool
value_is_there(struct walk *w, const uint8_t *entry)
{
	static const uint8_t sizes[19] = {
	    0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
	uint64_t type = number(w, entry + 2, 2), count, at, length;
	int word = w->big_tiff ? 8 : 4;

	count = number(w, entry + 4, word);
	at = number(w, entry + 4 + word, word);
	length = w->d->host->length(w->d->source);
	if (type > 18 || !sizes[type] || count <= (uint64_t)word / sizes[type])
		return true;
	return at <= length && count <= (length - at) / sizes[type];
}

/* Reads one directory: is it a page, and where is the next? */
static int
directory(struct walk *w, uint64_t off, bool *page, uint64_t *next)
{
	int width = w->big_tiff ? 20 : 12, head = w->big_tiff ? 8 : 2;
	int word = w->big_tiff ? 8 : 4;
	uint8_t b[20];
	uint64_t count, i;

	if (!get(w, b, (size_t)head, off))
		return SLUSE_READ_INCOMPLETE;
	count = number(w, b, head);
	if (count == 0 || count > ENTRIES_MAX)
		return SLUSE_READ_DAMAGED;
	*page = true;
	off += (uint64_t)head;
	for (i = 0; i < count; i++, off += (uint64_t)width) {
		if (!get(w, b, (size_t)width, off))
			return SLUSE_READ_INCOMPLETE;
		if (!value_is_there(w, b))
			return SLUSE_READ_INCOMPLETE;
		/* a thumbnail or a mask of another page */
		if (number(w, b, 2) == TAG_SUBFILE &&
		    number(w, b + (w->big_tiff ? 12 : 8), 4) & 5)
			*page = false;
	}
	if (!get(w, b, (size_t)word, off))
		return SLUSE_READ_INCOMPLETE;
	*next = number(w, b, word);
	return SLUSE_READ_OK;
}

static int
directories(struct walk *w, uint64_t off)
{
	uint32_t cap = 0, i, max = w->d->host->limits->pages_max;
	bool page;
	int rc;

	while (off) {
		for (i = 0; i < w->seen_n; i++)
			if (w->seen[i] == off)
				return SLUSE_READ_DAMAGED;
		if (w->seen_n / 2 >= max || w->d->pages >= max)
			return SLUSE_READ_LIMIT;
		if (!push(&w->seen, &w->seen_n, &w->seen_cap, off))
			return SLUSE_READ_LIMIT;
		rc = directory(w, off, &page, &off);
		if (rc != SLUSE_READ_OK)
			return rc;
		if (page && !push(&w->d->ifd, &w->d->pages, &cap,
				w->seen[w->seen_n - 1]))
			return SLUSE_READ_LIMIT;
	}
	return w->d->pages ? SLUSE_READ_OK : SLUSE_READ_DAMAGED;
}

/* -- libtiff over read_at
 * -------------------------------------------------------- */

struct tiff {
	struct sluse_doc *d;
	uint64_t pos;
	TIFF *t;
	unsigned faults; /* errors that libtiff spoke of */
};

static tmsize_t
tiff_read(thandle_t h, void *p, tmsize_t n)
{
	struct tiff *t = h;
	int64_t r, done = 0;

	while (done < n) {
		r = t->d->host->read_at(
		    t->d->source, (char *)p + done, (size_t)(n - done), t->pos);
		if (r <= 0)
			break;
		done += r;
		t->pos += (uint64_t)r;
	}
	return (tmsize_t)done;
}

static tmsize_t
tiff_write(thandle_t h, void *p, tmsize_t n)
{
	(void)h;
	(void)p;
	(void)n;
	return -1;
}

static toff_t
tiff_seek(thandle_t h, toff_t off, int whence)
{
	struct tiff *t = h;

	if (whence == SEEK_SET)
		t->pos = off;
	else if (whence == SEEK_CUR)
		t->pos += off;
	else
		t->pos = t->d->host->length(t->d->source) + off;
	return t->pos;
}

static int
tiff_done(thandle_t h)
{
	(void)h;
	return 0;
}

static toff_t
tiff_size(thandle_t h)
{
	struct tiff *t = h;

	return t->d->host->length(t->d->source);
}

static int
be_quiet(TIFF *t, void *user, const char *module, const char *fmt, va_list ap)
{
	(void)t;
	(void)user;
	(void)module;
	(void)fmt;
	(void)ap;
	return 1;
}

static int
count_fault(
    TIFF *t, void *user, const char *module, const char *fmt, va_list ap)
{
	((struct tiff *)user)->faults++;
	return be_quiet(t, user, module, fmt, ap);
}

static bool
tiff_start(struct tiff *t, struct sluse_doc *d, uint32_t page)
{
	TIFFOpenOptions *opt = TIFFOpenOptionsAlloc();

	t->d = d;
	t->pos = 0;
	t->faults = 0;
	t->t = NULL;
	if (!opt)
		return false;
	TIFFOpenOptionsSetMaxSingleMemAlloc(opt, ALLOC_MAX);
	TIFFOpenOptionsSetErrorHandlerExtR(opt, count_fault, t);
	TIFFOpenOptionsSetWarningHandlerExtR(opt, be_quiet, NULL);
	/* h: the head only, m: no mapping */
	t->t = TIFFClientOpenExt("", "rhm", t, tiff_read, tiff_write, tiff_seek,
	    tiff_done, tiff_size, NULL, NULL, opt);
	TIFFOpenOptionsFree(opt);
	if (!t->t)
		return false;
	if (TIFFSetSubDirectory(t->t, d->ifd[page]))
		return true;
	TIFFClose(t->t);
	return false;
}

/* -- one page
 * -------------------------------------------------------------------- */

static void
sheet_read(TIFF *t, struct sheet *s)
{
	uint16_t unit = RESUNIT_INCH;
	float x = 0, y = 0;
	double f;

	memset(s, 0, sizeof(*s));
	TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &s->w);
	TIFFGetField(t, TIFFTAG_IMAGELENGTH, &s->h);
	TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &s->bits);
	TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &s->samples);
	if (!TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &s->photometric))
		s->photometric = PHOTOMETRIC_MINISWHITE;
	TIFFGetFieldDefaulted(t, TIFFTAG_PLANARCONFIG, &s->planar);
	TIFFGetFieldDefaulted(t, TIFFTAG_ORIENTATION, &s->orientation);
	TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLEFORMAT, &s->format);
	TIFFGetFieldDefaulted(t, TIFFTAG_RESOLUTIONUNIT, &unit);
	TIFFGetField(t, TIFFTAG_XRESOLUTION, &x);
	TIFFGetField(t, TIFFTAG_YRESOLUTION, &y);
	f = unit == RESUNIT_CENTIMETER ? 2.54 : unit == RESUNIT_INCH ? 1 : 0;
	s->dpi_x = x * f;
	s->dpi_y = y * f;
	s->tiled = TIFFIsTiled(t);
}

/* Does the file hold the bytes that the directory tells of? */
static bool
strips_are_there(struct tiff *t)
{
	uint64_t *off = NULL, *n = NULL, length = tiff_size(t);
	uint32_t i, count = TIFFNumberOfStrips(t->t);
	bool tiled = TIFFIsTiled(t->t);

	if (tiled)
		count = TIFFNumberOfTiles(t->t);
	if (!TIFFGetField(t->t,
		tiled ? TIFFTAG_TILEOFFSETS : TIFFTAG_STRIPOFFSETS, &off) ||
	    !TIFFGetField(t->t,
		tiled ? TIFFTAG_TILEBYTECOUNTS : TIFFTAG_STRIPBYTECOUNTS, &n) ||
	    !off || !n)
		return true; /* decoding will tell */
	for (i = 0; i < count; i++)
		if (off[i] > length || n[i] > length - off[i])
			return false;
	return true;
}

/* Rows of one sample a pixel, as they come. Rows read, from the first. */
static uint32_t
read_rows(TIFF *t, const struct sheet *s, uint8_t *out, size_t stride)
{
	uint32_t y;

	for (y = 0; y < s->h; y++)
		if (TIFFReadScanline(t, out + y * stride, y, 0) != 1)
			break;
	return y;
}

/* libtiff 4.5 takes the size of its own buffer, a multiple of 1024, for that of
 * a tile that is not compressed, and refuses: so it gets one of the right size,
 * which the caller frees after closing. */
static void *
tile_buffer(TIFF *t)
{
	tmsize_t n = TIFFTileSize(t);
	uint16_t compression = COMPRESSION_NONE;
	void *p;

	TIFFGetFieldDefaulted(t, TIFFTAG_COMPRESSION, &compression);
	if (!TIFFIsTiled(t) || compression != COMPRESSION_NONE || n <= 0 ||
	    n > ALLOC_MAX)
		return NULL;
	p = malloc((size_t)n);
	if (p)
		(void)TIFFReadBufferSetup(t, p, n);
	return p;
}

/* What libtiff can read by itself: to RGBA, then to gray in the same place.
 * The orientation is taken out of its hands: image_turn() does that. */
static bool
read_rgba(TIFF *t, const struct sheet *s, uint8_t *out)
{
	uint32_t *px = (uint32_t *)(void *)out, v;
	size_t i, n = (size_t)s->w * s->h;
	unsigned luma;

	TIFFSetField(t, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
	if (!TIFFReadRGBAImageOriented(
		t, s->w, s->h, px, ORIENTATION_TOPLEFT, 0))
		return false;
	for (i = 0; i < n; i++) {
		v = px[i];
		luma =
		    (TIFFGetR(v) * 77 + TIFFGetG(v) * 151 + TIFFGetB(v) * 28) >>
		    8;
		luma += 255 - TIFFGetA(v); /* premultiplied, on white */
		out[i] = (uint8_t)(luma > 255 ? 255 : luma);
	}
	return true;
}

static void
invert(uint8_t *p, size_t n)
{
	while (n--) {
		*p = (uint8_t) ~*p;
		p++;
	}
}

/* Left to right becomes right to left; one bit becomes eight for it. */
static uint8_t *
mirrored(struct sluse_image *im, uint8_t *px)
{
	size_t w = im->width, x, y;
	const uint8_t *in;
	uint8_t *out = malloc(w * im->height), *row;

	for (y = 0; out && y < im->height; y++) {
		in = px + y * im->stride;
		row = out + y * w;
		for (x = 0; x < w; x++) {
			if (im->format == SLUSE_IMAGE_BIT1)
				row[w - 1 - x] =
				    in[x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
			else
				row[w - 1 - x] = in[x];
		}
	}
	free(px);
	im->format = SLUSE_IMAGE_GRAY8;
	im->stride = w;
	return out;
}

/* Faxes of the coarse kind have half as many lines as columns to the inch. */
static uint8_t *
stretched(const struct sluse_limits *lim, struct sluse_image *im, uint8_t *px)
{
	uint8_t *out;
	size_t y, n = im->stride;

	if (!image_fits(lim, im->width, im->height * 2))
		return px;
	out = malloc(n * im->height * 2);
	if (!out)
		return px;
	for (y = 0; y < (size_t)im->height * 2; y++)
		memcpy(out + y * n, px + y / 2 * n, n);
	free(px);
	im->height *= 2;
	return out;
}

/* All that is not read row by row, into four bytes a pixel. */
static int
read_any(TIFF *t, const struct sheet *s, uint8_t *out)
{
	char why[1024] = "";
	/* it says yes to 16 bit CMYK, and then cannot */
	bool can = TIFFRGBAImageOK(t, why) &&
		   !(s->photometric == PHOTOMETRIC_SEPARATED && s->bits > 8);
	bool known = true;

	if (can ? read_rgba(t, s, out) : tiff_read_samples(t, s, out, &known))
		return SLUSE_READ_OK;
	return known ? SLUSE_READ_DAMAGED : SLUSE_READ_UNSUPPORTED;
}

/* Decodes the page into memory the caller frees; fills im. NULL: *rc. */
static uint8_t *
sheet_decode(
    struct tiff *t, const struct sheet *s, struct sluse_image *im, int *rc)
{
	bool plain = !s->tiled && s->samples == 1 &&
		     s->photometric <= PHOTOMETRIC_MINISBLACK &&
		     (s->bits == 1 || s->bits == 8);
	size_t need, rows;
	uint8_t *px;

	im->format =
	    plain && s->bits == 1 ? SLUSE_IMAGE_BIT1 : SLUSE_IMAGE_GRAY8;
	im->stride =
	    im->format == SLUSE_IMAGE_BIT1 ? ((size_t)s->w + 7) / 8 : s->w;
	need = plain ? im->stride : (size_t)s->w * 4;
	*rc = SLUSE_READ_LIMIT;
	if (plain && (size_t)TIFFScanlineSize(t->t) > need) {
		*rc = SLUSE_READ_DAMAGED;
		return NULL;
	}
	px = malloc(need * s->h);
	if (!px)
		return NULL;
	*rc = SLUSE_READ_DAMAGED;
	if (plain) {
		memset(px, s->photometric == PHOTOMETRIC_MINISBLACK ? 255 : 0,
		    need * s->h);
		rows = read_rows(t->t, s, px, im->stride);
		/* BIT1 has 1 for black, GRAY8 has 0 */
		if ((s->bits == 1) ==
		    (s->photometric == PHOTOMETRIC_MINISBLACK))
			invert(px, need * s->h);
		if (rows > 0)
			return px;
	} else if ((*rc = read_any(t->t, s, px)) == SLUSE_READ_OK) {
		return px;
	}
	free(px);
	return NULL;
}

static int
sheet_give(struct tiff *t, struct sluse_sink *k)
{
	const struct sluse_limits *lim = t->d->host->limits;
	struct sluse_image im = {.size = sizeof(im)};
	struct sheet s;
	uint8_t *px;
	double dpi;
	int rc;

	sheet_read(t->t, &s);
	if (!s.w || !s.h)
		return SLUSE_READ_DAMAGED;
	if (!image_fits(lim, s.w, s.h))
		return SLUSE_READ_LIMIT;
	if (!strips_are_there(t))
		return SLUSE_READ_INCOMPLETE;
	t->faults = 0;
	px = sheet_decode(t, &s, &im, &rc);
	if (!px)
		return rc;
	if (t->faults)
		t->d->host->note(k, "page_damaged", NULL);
	im.width = s.w;
	im.height = s.h;
	if (s.dpi_y > 0 && fabs(s.dpi_x / s.dpi_y - 2) < 0.3)
		px = stretched(lim, &im, px);
	if (image_turn(s.orientation, &im.rotate))
		px = mirrored(&im, px);
	if (!px)
		return SLUSE_READ_LIMIT;
	dpi = s.dpi_x;
	im.dpi = dpi_sensible(dpi, im.width, im.height);
	im.bytes = px;
	im.length = im.stride * im.height;
	rc = image_give(t->d, k, &im);
	free(px);
	return rc;
}

int
tiff_page(struct sluse_doc *d, uint32_t i, struct sluse_sink *k)
{
	struct tiff t;
	void *tile;
	int rc;

	if (!tiff_start(&t, d, i))
		return SLUSE_READ_DAMAGED;
	tile = tile_buffer(t.t);
	rc = sheet_give(&t, k);
	TIFFClose(t.t);
	free(tile);
	return rc;
}

/* Cut short? The ends of the first and the last page tell. */
static int
ends_check(struct sluse_doc *d)
{
	uint32_t page[2] = {0, d->pages - 1};
	struct tiff t;
	int i, rc = SLUSE_READ_OK;

	for (i = 0; i < 2 && rc == SLUSE_READ_OK; i++) {
		if (!tiff_start(&t, d, page[i]))
			continue; /* that page will say so */
		if (!strips_are_there(&t))
			rc = SLUSE_READ_INCOMPLETE;
		TIFFClose(t.t);
	}
	return rc;
}

int
tiff_open(struct sluse_doc *d)
{
	struct walk w = {.d = d};
	uint8_t b[16];
	uint64_t off;
	int rc;

	if (!get(&w, b, 8, 0))
		return SLUSE_READ_INCOMPLETE;
	w.big_endian = b[0] == 'M';
	w.big_tiff = number(&w, b + 2, 2) == 43;
	if (w.big_tiff && !get(&w, b, 16, 0))
		return SLUSE_READ_INCOMPLETE;
	off = w.big_tiff ? number(&w, b + 8, 8) : number(&w, b + 4, 4);
	if (off < 8)
		return SLUSE_READ_DAMAGED;
	rc = directories(&w, off);
	free(w.seen);
	return rc == SLUSE_READ_OK ? ends_check(d) : rc;
}
