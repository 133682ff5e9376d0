/*
 * The image reader over kinds of files that come seldom or whole families of
 * variants: each has to show the same picture, light with a dark corner.
 * Samples are made here, but for those in tests/data.
 */
#include "reader_harness.h"
#include "test.h"

#include <leptonica/allheaders.h>
#include <stdio.h>
#include <stdlib.h>
#include <tiffio.h>
#include <unistd.h>

static struct rh h;
static struct rh_bytes s; /* the sample */

enum { W = 64, H = 32 };

static bool
dark(uint32_t x, uint32_t y)
{
	return x < W / 2 && y < H / 4;
}

static void
slurp(const char *path)
{
	char buf[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	s.n = 0;
	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		rh_append(&s, buf, n);
	CHECK(f != NULL);
	if (f)
		fclose(f);
}

static int
open_made(void)
{
	return rh_open(&h, s.p, s.n, "image/x");
}

/* Is the corner that is dark the one which `orientation` of Exif says, once
 * the page is upright? */
static bool
shows(int o)
{
	static const struct {
		bool right, bottom, lying;
	} want[9] = {{0}, {0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 0, 1},
	    {1, 0, 1}, {1, 1, 1}, {0, 1, 1}};
	uint32_t w = want[o].lying ? H : W, hgt = want[o].lying ? W : H;
	int right, bottom, v;

	if (h.images != 1 || h.width != w || h.height != hgt)
		return false;
	for (right = 0; right < 2; right++) {
		for (bottom = 0; bottom < 2; bottom++) {
			v = rh_pixel(
			    &h, right ? w - 3 : 2, bottom ? hgt - 3 : 2);
			if (right == want[o].right && bottom == want[o].bottom
				? v < 0 || v > 60
				: v < 180)
				return false;
		}
	}
	return true;
}

/* Every length of the sample: any answer but OK before its end. */
static void
check_cut(size_t step)
{
	size_t n;
	int rc;

	for (n = 12; n < s.n - 1; n += step) {
		rc = rh_open(&h, s.p, n, "image/x");
		CHECK_MSG(rc == SLUSE_READ_INCOMPLETE, "%zu: %d", n, rc);
		rh_close(&h);
	}
}

/* -- TIFF -------------------------------------------------------------------
 */

struct tiff_how {
	const char *name;
	uint16_t bits, samples, photometric, planar, compression;
	bool tiled;
};

/* One sample, of ink or light, as the photometric asks. */
static unsigned
tiff_value(const struct tiff_how *k, bool is_dark, uint32_t sample)
{
	double light = is_dark ? 0.08 : 0.9, max = 1u << (k->bits - 1);

	max = max * 2 - 1;
	if (k->photometric == PHOTOMETRIC_PALETTE)
		return is_dark;
	if (k->photometric == PHOTOMETRIC_SEPARATED)
		light = sample == 3 && is_dark ? 0.95 : 0.02;
	else if (k->photometric == PHOTOMETRIC_MINISWHITE)
		light = 1 - light;
	else if (k->photometric == PHOTOMETRIC_YCBCR && sample)
		light = 0.5;
	if (k->bits == 1)
		return light > 0.5;
	return (unsigned)(light * max + 0.5);
}

static void
put_bits(uint8_t *row, size_t i, unsigned bits, unsigned v)
{
	size_t at;
	uint16_t v16 = (uint16_t)v;

	if (bits == 16)
		memcpy(row + 2 * i, &v16, 2);
	else if (bits == 32)
		memcpy(row + 4 * i, &v, 4);
	else
		for (at = i * bits + bits; bits--; v >>= 1)
			if (at--, v & 1)
				row[at / 8] |= (uint8_t)(0x80 >> at % 8);
}

/* n samples a pixel, from the first on; a tile is the whole picture. */
static void
tiff_rows(TIFF *t, const struct tiff_how *k, uint32_t first, uint32_t n)
{
	uint8_t all[W * H * 16] = {0}, *row = all;
	size_t stride = ((size_t)W * n * k->bits + 7) / 8;
	uint32_t x, y, i;

	for (y = 0; y < H; y++, row += stride) {
		for (x = 0; x < W; x++)
			for (i = 0; i < n; i++)
				put_bits(row, x * n + i, k->bits,
				    tiff_value(k, dark(x, y), first + i));
		if (!k->tiled)
			CHECK(
			    TIFFWriteScanline(t, row, y, (uint16_t)first) == 1);
	}
	if (k->tiled)
		CHECK(TIFFWriteTile(t, all, 0, 0, 0, (uint16_t)first) > 0);
}

static void
make_tiff(const struct tiff_how *k)
{
	char path[] = "/tmp/sluse-test-XXXXXX";
	uint16_t map[3][256] = {{0xffff, 0}, {0xffff, 0}, {0xffff, 0}};
	uint32_t i;
	TIFF *t;

	close(mkstemp(path));
	t = TIFFOpen(path, "w");
	TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
	TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
	TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, k->bits);
	TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, k->samples);
	TIFFSetField(t, TIFFTAG_PHOTOMETRIC, k->photometric);
	TIFFSetField(t, TIFFTAG_PLANARCONFIG, k->planar);
	TIFFSetField(t, TIFFTAG_COMPRESSION, k->compression);
	if (k->photometric == PHOTOMETRIC_YCBCR)
		TIFFSetField(t, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
	if (k->photometric == PHOTOMETRIC_PALETTE)
		TIFFSetField(t, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
	if (k->tiled) {
		TIFFSetField(t, TIFFTAG_TILEWIDTH, W);
		TIFFSetField(t, TIFFTAG_TILELENGTH, H);
	} else {
		TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 8);
	}
	if (k->planar == PLANARCONFIG_CONTIG)
		tiff_rows(t, k, 0, k->samples);
	for (i = 0; k->planar != PLANARCONFIG_CONTIG && i < k->samples; i++)
		tiff_rows(t, k, i, 1);
	TIFFClose(t);
	slurp(path);
	unlink(path);
}

#define GRAY PHOTOMETRIC_MINISBLACK
#define WHITE PHOTOMETRIC_MINISWHITE
#define RGB PHOTOMETRIC_RGB
#define PAL PHOTOMETRIC_PALETTE
#define CMYK PHOTOMETRIC_SEPARATED
#define PLAIN COMPRESSION_NONE
#define LZW COMPRESSION_LZW
#define ZIP COMPRESSION_ADOBE_DEFLATE

static const struct tiff_how tiff_kinds[] = {
    {"g3", 1, 1, WHITE, 1, COMPRESSION_CCITTFAX3, false},
    {"g4", 1, 1, WHITE, 1, COMPRESSION_CCITTFAX4, false},
    {"g4, black is 0", 1, 1, GRAY, 1, COMPRESSION_CCITTFAX4, false},
    {"g4 in tiles", 1, 1, WHITE, 1, COMPRESSION_CCITTFAX4, true},
    {"1 bit in tiles", 1, 1, GRAY, 1, PLAIN, true},
    {"2 bit", 2, 1, GRAY, 1, PLAIN, false},
    {"4 bit", 4, 1, WHITE, 1, LZW, false},
    {"8 bit, white is 0", 8, 1, WHITE, 1, LZW, false},
    {"8 bit in tiles", 8, 1, GRAY, 1, ZIP, true},
    {"12 bit", 12, 1, GRAY, 1, PLAIN, false},
    {"12 bit colour", 12, 3, RGB, 1, PLAIN, true},
    {"16 bit", 16, 1, GRAY, 1, LZW, false},
    {"16 bit, white is 0", 16, 1, WHITE, 1, LZW, false},
    {"16 bit colour", 16, 3, RGB, 1, ZIP, false},
    {"16 bit colour in planes", 16, 3, RGB, 2, ZIP, false},
    {"32 bit", 32, 1, GRAY, 1, PLAIN, false},
    {"32 bit colour in planes", 32, 3, RGB, 2, PLAIN, true},
    {"colour in tiles", 8, 3, RGB, 1, LZW, true},
    {"colour in planes", 8, 3, RGB, 2, LZW, false},
    {"colour in planes of tiles", 8, 3, RGB, 2, LZW, true},
    {"palette of 1 bit", 1, 1, PAL, 1, PLAIN, false},
    {"palette of 4 bit", 4, 1, PAL, 1, PLAIN, false},
    {"palette of 8 bit", 8, 1, PAL, 1, LZW, true},
    {"cmyk", 8, 4, CMYK, 1, LZW, false},
    {"cmyk in planes", 8, 4, CMYK, 2, LZW, false},
    {"cmyk of 16 bit", 16, 4, CMYK, 1, LZW, false},
    {"cmyk of 16 bit in planes", 16, 4, CMYK, 2, LZW, true},
    {"jpeg", 8, 1, GRAY, 1, COMPRESSION_JPEG, false},
    {"jpeg in colour", 8, 3, RGB, 1, COMPRESSION_JPEG, false},
    {"jpeg in ycbcr", 8, 3, PHOTOMETRIC_YCBCR, 1, COMPRESSION_JPEG, false},
    {"jpeg in tiles", 8, 3, RGB, 1, COMPRESSION_JPEG, true},
    {"jpeg of ink", 8, 4, CMYK, 1, COMPRESSION_JPEG, false},
    {"ycbcr", 8, 3, PHOTOMETRIC_YCBCR, 1, LZW, false},
};

static void
tiff_all_kinds(void)
{
	size_t i, n = sizeof(tiff_kinds) / sizeof(*tiff_kinds);
	bool ok;

	for (i = 0; i < n; i++) {
		make_tiff(&tiff_kinds[i]);
		ok = open_made() == SLUSE_READ_OK &&
		     rh_page(&h, 0) == SLUSE_READ_OK && shows(1) && !h.notes;
		if (!ok)
			printf("%s\n", tiff_kinds[i].name);
		CHECK(ok);
		rh_close(&h);
		if (tiff_kinds[i].bits > 8 || i % 5 == 0)
			CHECK(rh_flipped(&h, &s, 60) == 0);
	}
}

/* What is of no known kind is not guessed at. */
static void
tiff_unknown(void)
{
	struct tiff_how k = {"float", 32, 1, GRAY, 1, PLAIN, false};
	size_t i;

	make_tiff(&k);
	for (i = 0; i + 12 < s.n; i++) /* its bits per sample become 24 */
		if (!memcmp(s.p + i, "\x02\x01\x03\0\x01\0\0\0\x20", 9))
			s.p[i + 8] = 24;
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_UNSUPPORTED && !h.images);
	rh_close(&h);
}

/* A strip that does not unpack: what there is, and a note. */
static void
tiff_damaged(void)
{
	struct tiff_how k = {"colour", 8, 3, RGB, 1, LZW, false};

	make_tiff(&k);
	memset(s.p + s.n / 4, 0xff, 40);
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(rh_noted(&h, "page_damaged"));
	rh_close(&h);
}

/* -- GIF --------------------------------------------------------------------
 */

static PIX *
picture(int depth)
{
	PIX *pix = pixCreate(W, H, depth);

	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++) {
			int v = dark((uint32_t)x, (uint32_t)y) ? 20 : 220;

			if (depth == 32)
				pixSetRGBPixel(pix, x, y, v, v, v);
			else
				pixSetPixel(pix, x, y, (l_uint32)v);
		}
	return pix;
}

static void
make(int format, int depth)
{
	PIX *pix = picture(depth);
	l_uint8 *data = NULL;
	size_t n = 0;

	CHECK(pixWriteMem(&data, &n, pix, format) == 0);
	s.n = 0;
	rh_append(&s, data, n);
	lept_free(data);
	pixDestroy(&pix);
}

/* Puts n bytes into the sample at `at`. */
static void
insert(size_t at, const void *p, size_t n)
{
	struct rh_bytes t = {0};

	rh_append(&t, s.p, at);
	rh_append(&t, p, n);
	rh_append(&t, s.p + at, s.n - at);
	free(s.p);
	s = t;
}

static size_t
find(const char *what, size_t n, size_t from)
{
	for (; from + n <= s.n; from++)
		if (!memcmp(s.p + from, what, n))
			return from;
	CHECK(!"found");
	return 0;
}

/* A frame smaller than its screen; a second frame; a colour that is none. */
static void
gif_frames(void)
{
	struct rh_bytes frame = {0};
	size_t at;

	make(IFF_GIF, 8);
	s.p[6] += 10; /* the screen */
	CHECK(open_made() == SLUSE_READ_OK && rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(shows(1) && !rh_noted(&h, "animation"));
	rh_close(&h);
	at = find("\x2c\0\0\0\0\x40", 6, 0);
	rh_append(&frame, s.p + at, s.n - 1 - at);
	insert(at, frame.p, frame.n);
	CHECK(open_made() == SLUSE_READ_OK && rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(shows(1) && rh_noted(&h, "animation"));
	rh_close(&h);
	check_cut(5);
	h.limits.pixels_max = 2 * W * H - 1; /* both are decoded */
	CHECK(open_made() == SLUSE_READ_LIMIT);
	h.limits.pixels_max = 100000000;
	CHECK(rh_flipped(&h, &s, 60) == 0);
	/* one of the two colours is none: paper */
	for (int c = 20; c <= 220; c += 200) {
		char gce[] = "\x21\xf9\4\1\0\0\0";

		gce[6] = (char)c;
		make(IFF_GIF, 8);
		insert(find("\x2c\0\0\0\0\x40", 6, 0), gce, 8);
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		CHECK(rh_pixel(&h, 2, 2) == (c == 20 ? 255 : 20));
		CHECK(rh_pixel(&h, 40, 20) == (c == 20 ? 220 : 255));
		rh_close(&h);
	}
	free(frame.p);
}

/* -- WebP -------------------------------------------------------------------
 */

static void
le32(char *p, size_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> (8 * i));
}

/* Gives a bare WebP the extended head, and the chunk behind its picture. */
static void
extend(uint8_t flags, const void *chunk, size_t n)
{
	char head[18] = "VP8X\x0a\0\0\0";

	head[8] = (char)flags;
	head[12] = W - 1;
	head[15] = H - 1;
	insert(12, head, sizeof(head));
	rh_append(&s, chunk, n);
	le32(s.p + 4, s.n - 8);
}

static void
webp_turned(void)
{
	char exif[36] = "EXIF\x1a\0\0\0II*\0\x08\0\0\0\x01\0"
			"\x12\x01\x03\0\x01\0\0\0\0\0\0\0";

	for (int o = 1; o <= 8; o++) {
		make(IFF_WEBP, 32);
		exif[26] = (char)o;
		extend(0x08, exif, 34);
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK && shows(o));
		rh_close(&h);
	}
	check_cut(3);
	CHECK(rh_flipped(&h, &s, 60) == 0);
}

static void
webp_moving(void)
{
	static const char anim[] = "ANIM\6\0\0\0\0\0\0\0\0";
	struct rh_bytes frame = {0};
	char head[24] = "ANMF";

	make(IFF_WEBP, 32);
	head[14] = W - 1;
	head[17] = H - 1;
	le32(head + 4, 16 + s.n - 12);
	rh_append(&frame, anim, 14);
	for (int i = 0; i < 2; i++) {
		rh_append(&frame, head, 24);
		rh_append(&frame, s.p + 12, s.n - 12);
	}
	s.n = 12;
	extend(0x02, frame.p, frame.n);
	CHECK(open_made() == SLUSE_READ_OK && rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(shows(1) && rh_noted(&h, "animation"));
	rh_close(&h);
	check_cut(3);
	CHECK(rh_flipped(&h, &s, 60) == 0);
	free(frame.p);
}

/* -- JPEG 2000 ----------------------------------------------------------------
 */

static void
be32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> (24 - 8 * i));
}

static void
jp2_whole(void)
{
	static const char res[] = "\0\0\0\x1ares \0\0\0\x12resc"
				  "\x2e\x24\0\1\x2e\x24\0\1\0\0";
	size_t at, head;

	for (int depth = 8; depth <= 32; depth += 24) {
		make(IFF_JP2, depth);
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK && shows(1));
		rh_close(&h);
		check_cut(1);
	}
	/* 11812 pixels to the metre */
	head = find("jp2h", 4, 0) - 4;
	at = head + (size_t)(uint8_t)s.p[head + 3];
	insert(at, res, 26);
	s.p[head + 3] = (char)(s.p[head + 3] + 26);
	CHECK(open_made() == SLUSE_READ_OK && rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(shows(1) && h.image.dpi == 300);
	rh_close(&h);
	CHECK(rh_flipped(&h, &s, 120) == 0);
	/* the bare codestream */
	at = find("\xff\x4f\xff\x51", 4, 0);
	s.n -= at;
	memmove(s.p, s.p + at, s.n);
	CHECK(open_made() == SLUSE_READ_OK && rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(shows(1));
	rh_close(&h);
}

static void
jp2_limits(void)
{
	size_t at;

	make(IFF_JP2, 8);
	at = find("\xff\x4f\xff\x51", 4, 0);
	h.limits.pixels_max = W * H - 1;
	CHECK(open_made() == SLUSE_READ_LIMIT);
	h.limits.pixels_max = 100000000;
	be32(s.p + at + 8, 0x7fffffff);
	be32(s.p + at + 12, 0x7fffffff);
	CHECK(open_made() == SLUSE_READ_LIMIT); /* tiles beyond number */
	be32(s.p + at + 24, 0x7fffffff);
	be32(s.p + at + 28, 0x7fffffff);
	CHECK(open_made() == SLUSE_READ_LIMIT); /* one of them */
	be32(s.p + at + 8, 0);
	CHECK(open_made() == SLUSE_READ_DAMAGED);
	make(IFF_JP2, 8);
	s.p[at + 6] |= 0x40;
	CHECK(open_made() == SLUSE_READ_UNSUPPORTED);
}

/* -- HEIF -------------------------------------------------------------------
 */

static void
heif_whole(void)
{
	uint32_t n = 0;
	size_t ispe;

	slurp("tests/data/picture.heic");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_count(&h, &n) == SLUSE_READ_OK && n == 1);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK && shows(1) && !h.notes);
	rh_close(&h);
	check_cut(1);
	CHECK(rh_flipped(&h, &s, 120) == 0);
	h.limits.pixels_max = W * H - 1;
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_LIMIT && !h.images);
	rh_close(&h);
	h.limits.pixels_max = 100000000;
	/* a small stream that says it is a large picture */
	ispe = find("ispe", 4, find("ispe", 4, 0) + 1) + 8;
	be32(s.p + ispe, 1000000);
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_LIMIT && !h.images);
	rh_close(&h);
	be32(s.p + ispe, 128);
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_DAMAGED && !h.images);
	rh_close(&h);
}

/* A turn in the place of a property that nobody needs. */
static void
heif_turned(void)
{
	static const struct {
		const char *box;
		char value;
		int exif;
	} how[] = {{"irot", 1, 8}, {"irot", 2, 3}, {"irot", 3, 6},
	    {"imir", 0, 4}, {"imir", 1, 2}};
	size_t at;

	for (size_t i = 0; i < sizeof(how) / sizeof(*how); i++) {
		slurp("tests/data/picture.heic");
		at = find("pixi", 4, 0);
		memcpy(s.p + at, how[i].box, 4);
		s.p[at + 4] = how[i].value;
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		CHECK_MSG(
		    shows(how[i].exif), "%s %d", how[i].box, how[i].value);
		rh_close(&h);
	}
}

/* -- BMP -------------------------------------------------------------------
 */

struct bmp_how {
	uint32_t head, bits, packing; /* as the file says */
	uint32_t ink, paper; /* a pixel of each */
	uint32_t colours; /* of the palette: black, and the last one white */
	bool down; /* the upper row first */
	uint32_t masks, mask[4];
};

static void
bmp_number(uint32_t v, size_t bytes)
{
	uint8_t byte;

	for (; bytes--; v >>= 8) {
		byte = (uint8_t)v;
		rh_append(&s, &byte, 1);
	}
}

/* The dark part in pixels of their own and as a run, the light one as a run
 * that begins behind a jump: what is jumped over is paper. */
static void
bmp_packed_row(const struct bmp_how *how, bool has_dark)
{
	bool rle8 = how->packing == 1;

	if (has_dark) {
		rh_append(&s, "\0\5\0\0\0\0\0\0", rle8 ? 8 : 6);
		bmp_number(W / 2 - 5, 1);
		bmp_number(0, 1);
		rh_append(&s, "\0\2\4\0", 4);
	}
	bmp_number(W / 2 - 4, 1);
	bmp_number(rle8 ? 1 : 0x11, 1);
	bmp_number(0, 2);
}

static void
bmp_row(const struct bmp_how *how, uint32_t y)
{
	size_t began = s.n;
	uint32_t x, v, byte = 0;

	if (how->packing == 1 || how->packing == 2) {
		bmp_packed_row(how, dark(0, y));
		return;
	}
	for (x = 0; x < W; x++) {
		v = dark(x, y) ? how->ink : how->paper;
		byte = how->bits < 8 ? byte << how->bits | v : v;
		if (how->bits >= 8)
			bmp_number(byte, how->bits / 8);
		else if ((x + 1) * how->bits % 8 == 0)
			bmp_number(byte, 1);
	}
	while ((s.n - began) % 4 != 0)
		bmp_number(0, 1);
}

static void
bmp_head(const struct bmp_how *how)
{
	size_t entry = how->head == 12 ? 3 : 4, side = how->head == 12 ? 2 : 4;
	size_t tail = how->head < 52 ? how->masks * 4 : 0;
	uint32_t i;

	s.n = 0;
	rh_append(&s, "BM\0\0\0\0\0\0\0\0", 10);
	bmp_number((uint32_t)(14 + how->head + tail + how->colours * entry), 4);
	bmp_number(how->head, 4);
	bmp_number(W, side);
	bmp_number(how->down ? (uint32_t)-H : H, side);
	bmp_number(1, 2);
	bmp_number(how->bits, 2);
	if (how->head > 16) {
		bmp_number(how->packing, 4);
		for (i = 0; i < 3; i++)
			bmp_number(0, 4);
		bmp_number(how->colours, 4);
		bmp_number(0, 4);
	}
	for (i = 0; i < how->masks; i++)
		bmp_number(how->mask[i], 4);
	while (s.n < 14 + how->head)
		bmp_number(0, 1);
	for (i = 0; i < how->colours; i++)
		bmp_number(i + 1 == how->colours ? 0xffffff : 0, entry);
}

static void
make_bmp(const struct bmp_how *how)
{
	uint32_t y;

	bmp_head(how);
	for (y = 0; y < H; y++)
		bmp_row(how, how->down ? y : H - 1 - y);
	if (how->packing == 1 || how->packing == 2)
		rh_append(&s, "\0\1", 2);
}

static const struct bmp_how bmps[] = {
    {12, 1, 0, .paper = 1, .colours = 2},
    {12, 8, 0, .paper = 1, .colours = 2},
    {12, 24, 0, .paper = 0xffffff},
    {16, 4, 0, .paper = 2, .colours = 3},
    {64, 4, 0, .paper = 2, .colours = 3},
    {40, 1, 0, .paper = 1}, /* no colours: black and white */
    {40, 8, 0, .paper = 255},
    {40, 8, 0, .paper = 1, .colours = 2, .down = true},
    {40, 16, 0, .paper = 0x7fff},
    {40, 32, 0, .paper = 0xffffff, .down = true},
    {40, 8, 1, .colours = 2},
    {40, 4, 2, .colours = 2},
    {124, 8, 1, .colours = 2},
    {40, 16, 3, .paper = 0xffff, .masks = 3, .mask = {0xf800, 0x7e0, 0x1f}},
    {52, 32, 3, .paper = 0xffffff00, .masks = 3,
	.mask = {0xff000000, 0xff0000, 0xff00}},
    /* the paper is black that lets all through */
    {108, 32, 3, .ink = 0xff000000, .masks = 4,
	.mask = {0xff0000, 0xff00, 0xff, 0xff000000}},
    {40, 32, 6, .ink = 0xff, .masks = 4,
	.mask = {0xff000000, 0xff0000, 0xff00, 0xff}},
    /* nothing lets anything through, or all would */
    {124, 32, 3, .paper = 0xffffff, .masks = 4,
	.mask = {0xff0000, 0xff00, 0xff, 0xff000000}},
};

static void
bmp_kinds(void)
{
	size_t i, n;

	for (i = 0; i < sizeof(bmps) / sizeof(bmps[0]); i++) {
		make_bmp(&bmps[i]);
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		if (!shows(1))
			printf("BMP %zu\n", i);
		CHECK(shows(1));
		rh_close(&h);
		for (n = 2; n < s.n - 4; n++) {
			CHECK(rh_open(&h, s.p, n, "image/x") ==
			      SLUSE_READ_INCOMPLETE);
			rh_close(&h);
		}
	}
}

static void
bmp_hostile(void)
{
	static const struct bmp_how jpeg = {40, 24, .packing = 4},
				    huffman = {64, 1, .packing = 3};
	size_t i;

	for (i = 0; i < sizeof(bmps) / sizeof(bmps[0]); i++) {
		make_bmp(&bmps[i]);
		CHECK(rh_flipped(&h, &s, 60) == 0);
	}
	make_bmp(&jpeg);
	CHECK(open_made() == SLUSE_READ_UNSUPPORTED);
	make_bmp(&huffman);
	CHECK(open_made() == SLUSE_READ_UNSUPPORTED);
	/* pixels said to lie in the head */
	make_bmp(&bmps[8]);
	s.p[10] = 20;
	CHECK(open_made() == SLUSE_READ_DAMAGED);
}

static const struct test_case cases[] = {
    {"kinds: tiff", tiff_all_kinds},
    {"kinds: tiff with samples nobody knows", tiff_unknown},
    {"kinds: tiff with a damaged strip", tiff_damaged},
    {"kinds: gif of several frames", gif_frames},
    {"kinds: bmp", bmp_kinds},
    {"kinds: bmp hostile", bmp_hostile},
    {"kinds: webp turned", webp_turned},
    {"kinds: webp that moves", webp_moving},
    {"kinds: jpeg 2000", jp2_whole},
    {"kinds: jpeg 2000 too large", jp2_limits},
    {"kinds: heif", heif_whole},
    {"kinds: heif turned", heif_turned},
};

int
main(int argc, char **argv)
{
	rh_load(&h, READERS "image.so");
	return test_run(cases, sizeof(cases) / sizeof(*cases), argc, argv);
}
