/* The image reader, loaded as sluse-work loads it; samples are made here. */
#include "reader_harness.h"
#include "test.h"

#include <math.h>
#include <stdio.h>

#include <jpeglib.h>
#include <leptonica/allheaders.h>
#include <stdlib.h>
#include <tiffio.h>
#include <unistd.h>
#include <zlib.h>

static struct rh h;
static struct rh_bytes s; /* the sample */

enum { W = 64, H = 32 };

/* Light, with a dark block in the upper left corner. */
static PIX *
picture(int w, int hgt, int depth)
{
	PIX *pix = pixCreate(w, hgt, depth);

	for (int y = 0; y < hgt; y++) {
		for (int x = 0; x < w; x++) {
			bool dark = x < w / 2 && y < hgt / 4;

			if (depth == 1)
				pixSetPixel(pix, x, y, dark);
			else if (depth == 32)
				pixSetRGBPixel(pix, x, y, dark ? 20 : 230,
				    dark ? 30 : 220, dark ? 10 : 210);
			else
				pixSetPixel(pix, x, y, dark ? 20 : 220);
		}
	}
	return pix;
}

static void
take(l_uint8 *data, size_t n)
{
	s.n = 0;
	rh_append(&s, data, n);
	lept_free(data);
}

static void
make_jpeg(int depth)
{
	PIX *pix = picture(W, H, depth);
	l_uint8 *data = NULL;
	size_t n = 0;

	pixSetResolution(pix, 200, 200);
	pixWriteMemJpeg(&data, &n, pix, 90, 0);
	take(data, n);
	pixDestroy(&pix);
}

static void
make_png(int depth)
{
	PIX *pix = picture(W, H, depth);
	l_uint8 *data = NULL;
	size_t n = 0;

	pixSetResolution(pix, 300, 300);
	pixWriteMemPng(&data, &n, pix, 0);
	take(data, n);
	pixDestroy(&pix);
}

static int
open_made(void)
{
	return rh_open(&h, s.p, s.n, "image/x");
}

/* -- JPEG -------------------------------------------------------------------
 */

static void
jpeg_native(void)
{
	uint32_t n = 0;

	make_jpeg(8);
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_count(&h, &n) == SLUSE_READ_OK && n == 1);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(h.images == 1 && h.image.format == SLUSE_IMAGE_JPEG);
	CHECK(h.image_bytes.n == s.n && !memcmp(h.image_bytes.p, s.p, s.n));
	CHECK(h.image.width == W && h.image.height == H);
	CHECK(h.image.dpi == 200 && h.image.rotate == 0);
	CHECK(h.width == W && h.height == H);
	CHECK(rh_page(&h, 1) == SLUSE_READ_DAMAGED);
	rh_close(&h);
}

/* Puts an Exif segment with this orientation behind the SOI. */
static void
put_exif(int orientation, bool big)
{
	static const uint8_t le[] = "\xff\xe1\0\x22"
				    "Exif\0\0II*\0\x08\0\0\0\x01\0"
				    "\x12\x01\x03\0\x01\0\0\0\0\0\0\0"
				    "\0\0\0\0";
	static const uint8_t be[] = "\xff\xe1\0\x22"
				    "Exif\0\0MM\0*\0\0\0\x08\0\x01"
				    "\x01\x12\0\x03\0\0\0\x01\0\0\0\0"
				    "\0\0\0\0";
	uint8_t exif[36];
	struct rh_bytes t = {0};

	memcpy(exif, big ? be : le, sizeof(exif));
	exif[big ? 29 : 28] = (uint8_t)orientation;
	rh_append(&t, s.p, 2);
	rh_append(&t, exif, sizeof(exif));
	rh_append(&t, s.p + 2, s.n - 2);
	free(s.p);
	s = t;
}

/* The page as pixels, whatever it was handed out as. */
static void
decode_answer(void)
{
	PIX *pix;

	if (h.image.format != SLUSE_IMAGE_JPEG)
		return;
	pix = pixReadMemJpeg((const l_uint8 *)h.image_bytes.p, h.image_bytes.n,
	    0, 1, NULL, L_JPEG_READ_LUMINANCE);
	CHECK(pix != NULL);
	h.image.format = SLUSE_IMAGE_GRAY8;
	h.image.stride = W;
	h.image_bytes.n = 0;
	for (int y = 0; y < H; y++) {
		for (int x = 0; x < W; x++) {
			l_uint32 v = 0;
			uint8_t b;

			pixGetPixel(pix, x, y, &v);
			b = (uint8_t)v;
			rh_append(&h.image_bytes, &b, 1);
		}
	}
	pixDestroy(&pix);
}

/* Where the dark corner is, once upright: Exif says where row 0 and column 0
 * of the stored picture are to be shown. */
static void
check_orientation(int o)
{
	static const struct {
		bool right, bottom, lying;
	} want[9] = {{0}, {0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 0, 1},
	    {1, 0, 1}, {1, 1, 1}, {0, 1, 1}};
	uint32_t w = want[o].lying ? H : W, hgt = want[o].lying ? W : H;

	CHECK(h.width == w && h.height == hgt);
	for (int right = 0; right < 2; right++)
		for (int bottom = 0; bottom < 2; bottom++) {
			int v = rh_pixel(
			    &h, right ? w - 3 : 2, bottom ? hgt - 3 : 2);
			bool dark =
			    right == want[o].right && bottom == want[o].bottom;
			CHECK(v >= 0 && (v < 60) == dark);
		}
}

static void
exif_orientations(void)
{
	for (int o = 1; o <= 8; o++) {
		bool mirror = o == 2 || o == 4 || o == 5 || o == 7;

		make_jpeg(32);
		put_exif(o, o % 3 == 0);
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		CHECK(h.image.format ==
		      (mirror ? SLUSE_IMAGE_GRAY8 : SLUSE_IMAGE_JPEG));
		decode_answer();
		check_orientation(o);
		rh_close(&h);
	}
	make_jpeg(8);
	put_exif(9, false);
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK && h.image.rotate == 0);
	rh_close(&h);
}

static void
jpeg_truncated(void)
{
	make_jpeg(8);
	for (size_t n = 3; n < s.n - 1; n++) {
		CHECK(
		    rh_open(&h, s.p, n, "image/jpeg") == SLUSE_READ_INCOMPLETE);
		rh_close(&h);
	}
	rh_append(&s, "rest", 4); /* after its end: no matter */
	CHECK(open_made() == SLUSE_READ_OK);
	rh_close(&h);
}

/* Finds the frame header and writes another size there. */
static void
set_frame(int hgt, int w)
{
	uint8_t *b = (uint8_t *)s.p;

	for (size_t i = 2; i + 9 < s.n; i++) {
		if (b[i] == 0xff && b[i + 1] == 0xc0) {
			b[i + 5] = (uint8_t)(hgt >> 8);
			b[i + 6] = (uint8_t)hgt;
			b[i + 7] = (uint8_t)(w >> 8);
			b[i + 8] = (uint8_t)w;
			return;
		}
	}
	CHECK(!"frame");
}

static void
jpeg_limits(void)
{
	make_jpeg(8);
	set_frame(65500, 65500);
	CHECK(open_made() == SLUSE_READ_LIMIT);
	set_frame(0, 64);
	CHECK(open_made() == SLUSE_READ_DAMAGED);
	make_jpeg(8);
	h.limits.pixels_max = W * H - 1;
	CHECK(open_made() == SLUSE_READ_LIMIT);
	h.limits.pixels_max = W * H;
	CHECK(open_made() == SLUSE_READ_OK);
	rh_close(&h);
	h.limits.pixels_max = 100000000;
	h.limits.bytes_max = s.n - 1;
	CHECK(open_made() == SLUSE_READ_LIMIT);
	h.limits.bytes_max = s.n;
	CHECK(open_made() == SLUSE_READ_OK);
	rh_close(&h);
	h.limits.bytes_max = 100000000;
	/* ten thousand scans */
	s.n -= 2;
	for (int i = 0; i < 10000; i++)
		rh_append(&s, "\xff\xda\0\x08\x01\x01\0\0\x3f\0", 10);
	rh_append(&s, "\xff\xd9", 2);
	CHECK(open_made() == SLUSE_READ_LIMIT);
}

/* -- PNG --------------------------------------------------------------------
 */

static void
png_native(void)
{
	make_png(8);
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(h.image.format == SLUSE_IMAGE_PNG && h.image.dpi == 300);
	CHECK(h.image_bytes.n == s.n && !memcmp(h.image_bytes.p, s.p, s.n));
	CHECK(h.image.width == W && h.image.height == H);
	rh_close(&h);
	for (size_t n = 9; n < s.n - 1; n++) {
		CHECK(
		    rh_open(&h, s.p, n, "image/png") == SLUSE_READ_INCOMPLETE);
		rh_close(&h);
	}
}

/* Ink is what a CMYK file holds; Adobe writes it inverted. */
static void
jpeg_cmyk(void)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr err;
	unsigned char *data = NULL, row[W * 4];
	unsigned long n = 0;
	JSAMPROW r = row;

	for (int adobe = 0; adobe < 2; adobe++) {
		c.err = jpeg_std_error(&err);
		jpeg_create_compress(&c);
		jpeg_mem_dest(&c, &data, &n);
		c.image_width = W;
		c.image_height = H;
		c.input_components = 4;
		c.in_color_space = JCS_CMYK;
		jpeg_set_defaults(&c);
		c.write_Adobe_marker = adobe;
		jpeg_start_compress(&c, TRUE);
		for (int y = 0; y < H; y++) {
			memset(row, 0, sizeof(row));
			for (int x = 0; x < W / 2 && y < H / 4; x++)
				row[4 * x + 3] = 240; /* black ink */
			for (size_t i = 0; adobe && i < sizeof(row); i++)
				row[i] = (unsigned char)~row[i];
			jpeg_write_scanlines(&c, &r, 1);
		}
		jpeg_finish_compress(&c);
		jpeg_destroy_compress(&c);
		s.n = 0;
		rh_append(&s, data, n);
		free(data);
		data = NULL;
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		CHECK(h.image.format == SLUSE_IMAGE_GRAY8);
		check_orientation(1);
		rh_close(&h);
	}
}

static void
be32(char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(v >> (24 - 8 * i));
}

static void
png_wide(void)
{
	static const uint32_t size[][2] = {
	    {1000000, 10}, {10, 1000000}, {20000, 20000}, {20001, 1}};

	for (size_t i = 0; i < 4; i++) {
		make_png(8);
		be32(s.p + 16, size[i][0]);
		be32(s.p + 20, size[i][1]);
		CHECK(open_made() == SLUSE_READ_DAMAGED); /* checksum */
		be32(s.p + 29, (uint32_t)crc32(0, (const Bytef *)s.p + 12, 17));
		CHECK(open_made() == SLUSE_READ_LIMIT);
		rh_close(&h);
	}
	make_png(8);
	be32(s.p + 16, 0x80000000);
	be32(s.p + 29, (uint32_t)crc32(0, (const Bytef *)s.p + 12, 17));
	CHECK(open_made() == SLUSE_READ_DAMAGED);
}

/* See-through black is white paper. */
static void
png_alpha(void)
{
	PIX *pix = pixCreate(W, H, 32);
	l_uint8 *data = NULL;
	size_t n = 0;

	pixSetSpp(pix, 4);
	for (int x = 0; x < 10; x++)
		pixSetPixel(pix, x, 0, 0x000000ff);
	pixWriteMemPng(&data, &n, pix, 0);
	take(data, n);
	pixDestroy(&pix);
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(h.image.format == SLUSE_IMAGE_GRAY8);
	CHECK(rh_pixel(&h, 5, 0) == 0 && rh_pixel(&h, 5, 5) == 255);
	rh_close(&h);
}

/* -- TIFF -------------------------------------------------------------------
 */

static void
slurp(const char *path)
{
	char buf[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	s.n = 0;
	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		rh_append(&s, buf, n);
	if (f)
		fclose(f);
	unlink(path);
}

struct tiff_how {
	int depth, compression, orientation;
	float xres, yres;
	int pages;
};

static void
make_tiff(struct tiff_how how)
{
	char path[] = "/tmp/sluse-test-XXXXXX";
	uint8_t row[W * 3];
	TIFF *t;
	int fd = mkstemp(path);

	close(fd);
	t = TIFFOpen(path, "w");
	for (int p = 0; p < how.pages; p++) {
		TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
		TIFFSetField(t, TIFFTAG_IMAGELENGTH, H + p);
		TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, how.depth == 1 ? 1 : 8);
		TIFFSetField(
		    t, TIFFTAG_SAMPLESPERPIXEL, how.depth == 24 ? 3 : 1);
		TIFFSetField(t, TIFFTAG_PHOTOMETRIC,
		    how.depth == 1   ? PHOTOMETRIC_MINISWHITE
		    : how.depth == 8 ? PHOTOMETRIC_MINISBLACK
				     : PHOTOMETRIC_RGB);
		TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
		TIFFSetField(t, TIFFTAG_COMPRESSION, how.compression);
		TIFFSetField(t, TIFFTAG_ORIENTATION, how.orientation);
		TIFFSetField(t, TIFFTAG_XRESOLUTION, how.xres);
		TIFFSetField(t, TIFFTAG_YRESOLUTION, how.yres);
		TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 8);
		for (uint32_t y = 0; y < (uint32_t)(H + p); y++) {
			bool top = y < H / 4;

			memset(row, how.depth == 1 ? 0 : 220, sizeof(row));
			if (top && how.depth == 1)
				memset(row, 0xff, W / 16);
			else if (top)
				memset(row, 20, W / 2 * (how.depth / 8));
			TIFFWriteScanline(t, row, y, 0);
		}
		TIFFWriteDirectory(t);
	}
	TIFFClose(t);
	slurp(path);
}

static void
tiff_pages(void)
{
	uint32_t n = 0;

	make_tiff((struct tiff_how){1, COMPRESSION_CCITTFAX4, 1, 300, 300, 3});
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_count(&h, &n) == SLUSE_READ_OK && n == 3);
	for (uint32_t i = 3; i-- > 0;) {
		CHECK(rh_page(&h, i) == SLUSE_READ_OK && h.images == 1);
		CHECK(h.image.format == SLUSE_IMAGE_BIT1);
		CHECK(h.image.width == W && h.image.height == H + i);
		CHECK(h.image.stride == W / 8 && h.image.dpi == 300);
		CHECK(rh_pixel(&h, 2, 2) == 0 && rh_pixel(&h, 2, 20) == 255);
		CHECK(rh_pixel(&h, W - 3, 2) == 255);
	}
	rh_close(&h);
	h.limits.pages_max = 2;
	CHECK(open_made() == SLUSE_READ_LIMIT);
	h.limits.pages_max = 3;
	CHECK(open_made() == SLUSE_READ_OK);
	rh_close(&h);
	h.limits.pages_max = 5000;
}

static void
tiff_kinds(void)
{
	static const int depth[] = {1, 8, 24};
	static const int how[] = {COMPRESSION_NONE, COMPRESSION_LZW,
	    COMPRESSION_PACKBITS, COMPRESSION_ADOBE_DEFLATE};

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 4; k++)
			for (int o = 1; o <= 8; o++) {
				make_tiff((struct tiff_how){
				    depth[i], how[k], o, 200, 200, 1});
				CHECK(open_made() == SLUSE_READ_OK);
				CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
				check_orientation(o);
				rh_close(&h);
			}
}

/* A coarse fax is as high as it was on paper. */
/* One gray floating sample a pixel; the last of all is `last`. */
static void
make_float(
    uint16_t photometric, bool tiled, float dark, float light, float last)
{
	char path[] = "/tmp/sluse-test-XXXXXX";
	static float px[H][W];
	TIFF *t;

	close(mkstemp(path));
	t = TIFFOpen(path, "wb");
	TIFFSetField(t, TIFFTAG_IMAGEWIDTH, W);
	TIFFSetField(t, TIFFTAG_IMAGELENGTH, H);
	TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 32);
	TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, 1);
	TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
	TIFFSetField(t, TIFFTAG_PHOTOMETRIC, photometric);
	TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
	if (tiled) {
		TIFFSetField(t, TIFFTAG_TILEWIDTH, W);
		TIFFSetField(t, TIFFTAG_TILELENGTH, H);
	} else {
		TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 8);
	}
	for (uint32_t y = 0; y < H; y++)
		for (uint32_t x = 0; x < W; x++)
			px[y][x] = y < H / 4 && x < W / 2 ? dark : light;
	px[H - 1][W - 1] = last;
	for (uint32_t y = 0; y < H && !tiled; y++)
		TIFFWriteScanline(t, px[y], y, 0);
	if (tiled)
		TIFFWriteTile(t, px, 0, 0, 0, 0);
	TIFFClose(t);
	slurp(path);
}

static void
tiff_floats(void)
{
	static const float beyond[] = {1.01f, -0.5f, 255, NAN, INFINITY};

	for (unsigned i = 0; i < 4; i++) {
		bool ink = i & 1;

		make_float(
		    ink ? PHOTOMETRIC_MINISWHITE : PHOTOMETRIC_MINISBLACK,
		    i & 2, ink ? 1 : 0, ink ? 0 : 1, ink ? 0 : 1);
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK && h.images == 1);
		CHECK(rh_pixel(&h, 2, 2) == 0 && rh_pixel(&h, 2, 20) == 255);
		CHECK(rh_pixel(&h, W - 3, 2) == 255);
		rh_close(&h);
	}
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		make_float(PHOTOMETRIC_MINISBLACK, false, 0, 1, beyond[i]);
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_UNSUPPORTED && !h.images);
		rh_close(&h);
	}
}

static void
tiff_fax(void)
{
	make_tiff((struct tiff_how){1, COMPRESSION_CCITTFAX3, 1, 204, 98, 1});
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(h.image.width == W && h.image.height == 2 * H);
	CHECK(h.image.dpi == 204 && rh_pixel(&h, 2, H / 2 - 1) == 0 &&
	      rh_pixel(&h, 2, H / 2) == 255);
	rh_close(&h);
}

static uint32_t
le(size_t at, int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | (uint8_t)s.p[at + (size_t)n];
	return v;
}

static void
set_le32(size_t at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		s.p[at + (size_t)i] = (char)(v >> (8 * i));
}

static void
tiff_hostile(void)
{
	struct tiff_how how = {8, COMPRESSION_LZW, 1, 200, 200, 2};
	size_t ifd, next;

	make_tiff(how);
	CHECK(le(0, 2) == 0x4949);
	ifd = le(4, 4);
	next = ifd + 2 + 12 * le(ifd, 2);
	set_le32(le(next, 4) + 2 + 12 * le(le(next, 4), 2), (uint32_t)ifd);
	CHECK(open_made() == SLUSE_READ_DAMAGED); /* a loop */
	set_le32(next, (uint32_t)ifd);
	CHECK(open_made() == SLUSE_READ_DAMAGED); /* a short one */
	set_le32(next, (uint32_t)s.n + 100);
	CHECK(open_made() == SLUSE_READ_INCOMPLETE);
	make_tiff(how);
	for (size_t i = 0; i < le(ifd, 2); i++)
		if (le(ifd + 2 + 12 * i, 2) == TIFFTAG_IMAGEWIDTH) {
			memcpy(s.p + ifd + 2 + 12 * i + 2, "\x04\0", 2);
			set_le32(ifd + 2 + 12 * i + 8, 1000000);
		}
	if (open_made() == SLUSE_READ_OK) {
		CHECK(rh_page(&h, 0) == SLUSE_READ_LIMIT && !h.images);
		CHECK(rh_page(&h, 1) == SLUSE_READ_OK);
	} else {
		CHECK(!"open");
	}
	rh_close(&h);
}

static void
tiff_truncated(void)
{
	make_tiff((struct tiff_how){1, COMPRESSION_CCITTFAX4, 1, 300, 300, 2});
	for (size_t n = 4; n < s.n; n++) {
		int rc = rh_open(&h, s.p, n, "image/tiff");

		/* the last bytes may be padding of the last value */
		CHECK(rc == SLUSE_READ_INCOMPLETE || n > s.n - 20);
		if (rc == SLUSE_READ_OK)
			(void)rh_page(&h, 1);
		rh_close(&h);
	}
}

/* -- others ------------------------------------------------------------------
 */

static void
other_kinds(void)
{
	static const int formats[] = {IFF_BMP, IFF_GIF, IFF_WEBP};

	for (size_t i = 0; i < 3; i++) {
		PIX *pix = picture(W, H, formats[i] == IFF_WEBP ? 32 : 8);
		l_uint8 *data = NULL;
		size_t n = 0;
		int rc;

		CHECK(pixWriteMem(&data, &n, pix, formats[i]) == 0);
		take(data, n);
		pixDestroy(&pix);
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		CHECK(h.image.format == SLUSE_IMAGE_GRAY8);
		check_orientation(1);
		rh_close(&h);
		for (n = 0; n < s.n; n += 7) {
			rc = rh_open(&h, s.p, n, "image/x");
			CHECK(rc != SLUSE_READ_OK);
			CHECK(n < 12 || rc == SLUSE_READ_INCOMPLETE);
			rh_close(&h);
		}
		h.limits.pixels_max = W * H - 1;
		CHECK(open_made() == SLUSE_READ_LIMIT);
		h.limits.pixels_max = 100000000;
	}
	CHECK(rh_open(&h, "hei", 3, "image/png") == SLUSE_READ_UNSUPPORTED);
	CHECK(rh_open(&h, "", 0, "image/png") == SLUSE_READ_UNSUPPORTED);
}

/* A BMP in RLE8 without colours of its own. */
static int
open_rle(int32_t w, int32_t hgt, const char *packed, size_t n)
{
	s.n = 0;
	rh_append(&s, "BM\0\0\0\0\0\0\0\0\66\0\0\0\50\0\0\0", 18);
	rh_append(&s, &w, 4);
	rh_append(&s, &hgt, 4);
	rh_append(&s, "\1\0\10\0\1\0\0", 8);
	while (s.n < 54)
		rh_append(&s, "", 1);
	rh_append(&s, packed, n);
	return open_made();
}

static void
bmp_packed(void)
{
	/* too large, and not walked to see where it ends */
	CHECK(open_rle(INT32_MAX, INT32_MAX, "\377\0", 2) == SLUSE_READ_LIMIT);
	CHECK(open_rle(20000, 20000, "\377\0", 2) == SLUSE_READ_LIMIT);
	/* all pixels are there; what would make their number even is not */
	CHECK(open_rle(3, 1, "\0\3abc", 5) == SLUSE_READ_OK);
	rh_close(&h);
	CHECK(open_rle(3, 1, "\0\3ab", 4) == SLUSE_READ_INCOMPLETE);
	CHECK(open_rle(3, 2, "\0\3abc", 5) == SLUSE_READ_INCOMPLETE);
	CHECK(open_rle(3, 2, "\0\3abc\0\0\0\0\3abc", 13) == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	rh_close(&h);
}

static void
failing_reads(void)
{
	make_tiff((struct tiff_how){8, COMPRESSION_LZW, 1, 200, 200, 2});
	for (h.reads_fail_after = 1; h.reads_fail_after < 60;
	     h.reads_fail_after++) {
		if (open_made() == SLUSE_READ_OK)
			CHECK(rh_page(&h, 1) == SLUSE_READ_OK || !h.images);
		rh_close(&h);
	}
	h.reads_fail_after = 1;
	make_png(8);
	CHECK(open_made() == SLUSE_READ_DAMAGED);
	h.reads_fail_after = 0;
}

static void
flipped(void)
{
	make_jpeg(8);
	put_exif(5, false);
	CHECK(rh_flipped(&h, &s, 60) == 0);
	make_png(8);
	CHECK(rh_flipped(&h, &s, 60) == 0);
	make_tiff((struct tiff_how){24, COMPRESSION_LZW, 1, 200, 200, 1});
	CHECK(rh_flipped(&h, &s, 60) == 0);
	make_tiff((struct tiff_how){1, COMPRESSION_CCITTFAX4, 2, 200, 200, 2});
	CHECK(rh_flipped(&h, &s, 60) == 0);
}

static const struct test_case cases[] = {
    {"image: jpeg as it stands", jpeg_native},
    {"image: exif orientations", exif_orientations},
    {"image: jpeg truncated", jpeg_truncated},
    {"image: jpeg limits", jpeg_limits},
    {"image: jpeg in cmyk", jpeg_cmyk},
    {"image: png as it stands", png_native},
    {"image: png a million wide", png_wide},
    {"image: png see-through", png_alpha},
    {"image: tiff pages", tiff_pages},
    {"image: tiff kinds and orientations", tiff_kinds},
    {"image: tiff of floating samples", tiff_floats},
    {"image: tiff coarse fax", tiff_fax},
    {"image: tiff hostile", tiff_hostile},
    {"image: tiff truncated", tiff_truncated},
    {"image: gif, bmp, webp", other_kinds},
    {"image: bmp packed", bmp_packed},
    {"image: failing reads", failing_reads},
    {"image: flipped bytes", flipped},
};

int
main(int argc, char **argv)
{
	rh_load(&h, READERS "image.so");
	return test_run(cases, sizeof(cases) / sizeof(*cases), argc, argv);
}
