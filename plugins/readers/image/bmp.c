/*
 * BMP, to gray: the heads of Windows (all versions) and OS/2, 1 to 32 bits,
 * with or without RLE, from the bottom up or from the top down. Leptonica knows
 * neither RLE, masks nor OS/2.
 *
 * SECURITY: what the head says is checked by bmp_parse() against the file; RLE
 * is checked byte by byte once its picture is known to be small enough, and
 * what it leaves out stays paper.
 */
#include "image.h"
#include "numbers.h"

#include <string.h>

enum { RGB = 0, RLE8 = 1, RLE4 = 2, MASKS = 3, MASKS_ALPHA = 6 };
enum { PAPER = 255, FILE_HEAD = 14, OS2_HEAD = 12, WINDOWS_HEAD = 40 };
enum { RED, GREEN, BLUE, ALPHA };

struct bmp {
	const uint8_t *b;
	size_t n;
	uint32_t w, h, bits, packing, colours;
	size_t head, palette, pixels; /* a length, and where they lie */
	size_t stride;
	bool down; /* the first row is the upper one */
	uint32_t mask[4];
};

/* A number of the head, which older ones are too short for. */
static uint32_t
field(const struct bmp *m, size_t at)
{
	return at + 4 <= FILE_HEAD + m->head ? le32(m->b + at) : 0;
}

static bool
bits_fit(const struct bmp *m)
{
	switch (m->packing) {
	case RGB:
		return m->bits == 1 || m->bits == 2 || m->bits == 4 ||
		       m->bits == 8 || m->bits == 16 || m->bits == 24 ||
		       m->bits == 32;
	case RLE8:
		return m->bits == 8;
	case RLE4:
		return m->bits == 4;
	case MASKS:
	case MASKS_ALPHA:
		return m->head != 64 && (m->bits == 16 || m->bits == 32);
	default:
		return false;
	}
}

/* Where red, green, blue and alpha lie in a pixel. */
static void
find_masks(struct bmp *m)
{
	static const uint32_t plain[2][3] = {
	    {0x7c00, 0x03e0, 0x001f}, {0xff0000, 0xff00, 0xff}};
	size_t i;

	if (m->packing == RGB) {
		memcpy(m->mask, plain[m->bits == 32], sizeof(plain[0]));
		return;
	}
	for (i = RED; i <= BLUE; i++)
		m->mask[i] = le32(m->b + 54 + 4 * i);
	if (m->head >= 56 || m->packing == MASKS_ALPHA)
		m->mask[ALPHA] = le32(m->b + 66);
}

/* Behind the head come masks, if they do not lie in it, and colours. */
static bool
find_colours(struct bmp *m)
{
	size_t entry = m->head == OS2_HEAD ? 3 : 4, room;

	m->palette = FILE_HEAD + m->head;
	if (m->packing == MASKS || m->packing == MASKS_ALPHA) {
		if (m->pixels < (m->packing == MASKS ? 66 : 70))
			return false;
		find_masks(m);
	} else if (m->bits == 16 || m->bits == 32) {
		find_masks(m);
	}
	if (m->bits > 8)
		return true;
	room = (m->pixels - m->palette) / entry;
	m->colours = field(m, 46);
	if (m->colours == 0 || m->colours > 1u << m->bits)
		m->colours = 1u << m->bits;
	if (m->colours > room)
		m->colours = (uint32_t)room;
	return true;
}

static int
read_sizes(struct bmp *m)
{
	int32_t h;

	if (m->head == OS2_HEAD) {
		m->w = le16(m->b + 18);
		m->h = le16(m->b + 20);
		m->bits = le16(m->b + 24);
		return m->w && m->h ? SLUSE_READ_OK : SLUSE_READ_DAMAGED;
	}
	m->w = le32(m->b + 18);
	h = (int32_t)le32(m->b + 22);
	if (h == INT32_MIN || h == 0 || m->w == 0 || m->w > INT32_MAX)
		return SLUSE_READ_DAMAGED;
	m->down = h < 0;
	m->h = (uint32_t)(h < 0 ? -h : h);
	m->bits = le16(m->b + 28);
	m->packing = field(m, 30);
	return SLUSE_READ_OK;
}

static int
bmp_parse(const uint8_t *b, size_t n, struct bmp *m)
{
	int rc;

	*m = (struct bmp){.b = b, .n = n};
	if (n < 26)
		return SLUSE_READ_INCOMPLETE;
	m->pixels = le32(b + 10);
	m->head = le32(b + 14);
	if (m->head != OS2_HEAD && (m->head < 16 || m->head > 256))
		return SLUSE_READ_UNSUPPORTED;
	if (n < FILE_HEAD + m->head || n < m->pixels)
		return SLUSE_READ_INCOMPLETE;
	rc = read_sizes(m);
	if (rc != SLUSE_READ_OK)
		return rc;
	if (!bits_fit(m))
		return SLUSE_READ_UNSUPPORTED;
	if (m->pixels < FILE_HEAD + m->head || !find_colours(m))
		return SLUSE_READ_DAMAGED;
	m->stride = (size_t)(((uint64_t)m->w * m->bits + 31) / 32 * 4);
	return SLUSE_READ_OK;
}

/* -- pixels ----------------------------------------------------------------
 */

/* What each colour looks like; from black to white where the file has none. */
static void
tones(const struct bmp *m, uint8_t *ret)
{
	size_t entry = m->head == OS2_HEAD ? 3 : 4, i;
	const uint8_t *p = m->b + m->palette;

	memset(ret, PAPER, 256);
	for (i = 0; m->colours == 0 && m->bits <= 8 && i < 1u << m->bits; i++)
		ret[i] = (uint8_t)(i * 255 / ((1u << m->bits) - 1));
	for (i = 0; i < m->colours; i++, p += entry)
		ret[i] = on_paper(p[2], p[1], p[0], 255);
}

static int
channel(uint32_t v, uint32_t mask)
{
	uint32_t low = mask & (~mask + 1);

	return mask == 0
		   ? 0
		   : (int)((uint64_t)((v & mask) / low) * 255 / (mask / low));
}

static uint32_t
pixel(const struct bmp *m, const uint8_t *row, size_t x)
{
	return m->bits == 16 ? le16(row + 2 * x) : le32(row + 4 * x);
}

static void
masked_row(const struct bmp *m, const uint8_t *row, bool clear, uint8_t *out)
{
	uint32_t v;
	size_t x;

	for (x = 0; x < m->w; x++) {
		v = pixel(m, row, x);
		out[x] = on_paper(channel(v, m->mask[RED]),
		    channel(v, m->mask[GREEN]), channel(v, m->mask[BLUE]),
		    clear ? channel(v, m->mask[ALPHA]) : 255);
	}
}

static void
plain_row(
    const struct bmp *m, const uint8_t *row, const uint8_t *tone, uint8_t *out)
{
	uint32_t per = 8 / m->bits, all = (1u << m->bits) - 1, shift;
	size_t x;

	for (x = 0; x < m->w; x++) {
		shift = (per - 1 - (uint32_t)(x % per)) * m->bits;
		out[x] = tone[row[x / per] >> shift & all];
	}
}

static const uint8_t *
row_at(const struct bmp *m, size_t y)
{
	return m->b + m->pixels +
	       (m->down ? y : m->h - 1 - y) * (size_t)m->stride;
}

/* Some writers leave alpha at 0 all over: then it means nothing. */
static bool
has_alpha(const struct bmp *m)
{
	size_t x, y;

	for (y = 0; m->mask[ALPHA] != 0 && y < m->h; y++)
		for (x = 0; x < m->w; x++)
			if (pixel(m, row_at(m, y), x) & m->mask[ALPHA])
				return true;
	return false;
}

static void
unpacked(const struct bmp *m, const uint8_t *tone, uint8_t *out)
{
	bool clear = m->bits > 8 && m->bits != 24 && has_alpha(m);
	const uint8_t *row;
	size_t x, y;

	for (y = 0; y < m->h; y++, out += m->w) {
		row = row_at(m, y);
		if (m->bits <= 8)
			plain_row(m, row, tone, out);
		else if (m->bits != 24)
			masked_row(m, row, clear, out);
		else
			for (x = 0; x < m->w; x++, row += 3)
				out[x] = on_paper(row[2], row[1], row[0], 255);
	}
}

/* -- RLE -------------------------------------------------------------------
 */

struct pen {
	const struct bmp *m;
	const uint8_t *tone;
	uint8_t *out; /* NULL: only to see where it ends */
	size_t x, y; /* y in the order of the file */
};

static void
draw(struct pen *p, uint32_t colour)
{
	const struct bmp *m = p->m;
	size_t y = m->down ? p->y : m->h - 1 - p->y;

	if (p->out != NULL)
		p->out[y * m->w + p->x] = p->tone[colour];
	p->x++;
}

/* count pixels, of b's two halves in turn (RLE4) or of its one byte; a run has
 * the same byte all along, others one after another. */
static void
draw_some(struct pen *p, const uint8_t *b, size_t count, bool run)
{
	size_t i, at;

	for (i = 0; i < count && p->x < p->m->w && p->y < p->m->h; i++) {
		if (p->m->packing == RLE8) {
			draw(p, b[run ? 0 : i]);
			continue;
		}
		at = run ? 0 : i / 2;
		draw(p, i % 2 == 0 ? b[at] >> 4 : b[at] & 15u);
	}
}

/* What follows a 0 at b; how many bytes it takes with the two before, or 0: the
 * end, or more than there is. */
static size_t
escape(struct pen *p, const uint8_t *b, size_t n, bool *ret_ended)
{
	size_t bytes = p->m->packing == RLE8 ? b[1] : (b[1] + 1u) / 2;

	switch (b[1]) {
	case 0:
		p->x = 0;
		p->y++;
		return 2;
	case 1:
		*ret_ended = true;
		return 0;
	case 2:
		if (n < 4)
			return 0;
		p->x += b[2];
		p->y += b[3];
		return 4;
	default:
		if (bytes > n - 2)
			return 0;
		draw_some(p, b + 2, b[1], false);
		if (bytes < n - 2) /* the last may lack what makes it even */
			bytes += bytes & 1;
		return bytes + 2;
	}
}

/* False: it ends before its picture does. */
static bool
packed(const struct bmp *m, const uint8_t *tone, uint8_t *out)
{
	struct pen p = {.m = m, .tone = tone, .out = out};
	size_t i = m->pixels, step;
	bool ended = false;

	for (; m->n - i >= 2 && p.y < m->h; i += step) {
		step = 2;
		if (m->b[i] != 0)
			draw_some(&p, m->b + i + 1, m->b[i], true);
		else if ((step = escape(&p, m->b + i, m->n - i, &ended)) == 0)
			break;
	}
	return ended || p.y >= m->h || (p.y == m->h - 1 && p.x >= m->w);
}

/* -- outside ---------------------------------------------------------------
 */

static bool
is_packed(const struct bmp *m)
{
	return m->packing == RLE8 || m->packing == RLE4;
}

static bool
is_whole(const struct bmp *m)
{
	return is_packed(m) ? packed(m, NULL, NULL)
			    : (uint64_t)m->stride * m->h <= m->n - m->pixels;
}

int
head_bmp(const uint8_t *b, size_t n, uint64_t pixels_max, struct head *ret)
{
	struct bmp m;
	int rc = bmp_parse(b, n, &m);

	if (rc != SLUSE_READ_OK)
		return rc;
	if ((uint64_t)m.w * m.h > pixels_max)
		return SLUSE_READ_LIMIT;
	if (!is_whole(&m))
		return SLUSE_READ_INCOMPLETE;
	ret->width = m.w;
	ret->height = m.h;
	ret->dpi = dpi_sensible(field(&m, 38) * 0.0254, m.w, m.h);
	ret->decode = true;
	return SLUSE_READ_OK;
}

int
bmp_decode(const struct sluse_doc *d, uint8_t *out)
{
	uint8_t tone[256];
	struct bmp m;
	int rc = bmp_parse(d->bytes, d->length, &m);

	if (rc != SLUSE_READ_OK)
		return rc;
	tones(&m, tone);
	if (is_packed(&m)) {
		memset(out, PAPER, (size_t)m.w * m.h);
		(void)packed(&m, tone, out);
	} else {
		unpacked(&m, tone, out);
	}
	return SLUSE_READ_OK;
}
