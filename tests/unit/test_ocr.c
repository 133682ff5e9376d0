/*
 * Page images drawn here, read as sluse-ocr reads them: what comes in, and what
 * must not. How bad pages are read is test_ocr_bad.c's.
 */
#include "ocr_harness.h"

static void
upright(void)
{
	PIX *pix = letter();

	run_packed(pix, IFF_PNG, plain);
	check_letter(0);
	CHECK(got.page.flags == 0);
	CHECK(got.page.width == WIDTH && got.page.height == HEIGHT);
	run_packed(pix, IFF_JFIF_JPEG, plain);
	check_letter(0);
	CHECK(got.page.flags == 0);
	pixDestroy(&pix);
}

static void
unknown_dpi(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter();

	t.dpi = 0;
	run_packed(pix, IFF_PNG, t);
	check_letter(0);
	CHECK(got.page.dpi == 150);
	t.dpi = 1;
	run_packed(pix, IFF_PNG, t);
	CHECK(got.page.dpi == 150);
	pixDestroy(&pix);
}

/* 600 dpi is halved before it is read. */
static void
high_dpi(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter(), *big = pixScale(pix, 4, 4);

	t.dpi = 600;
	run_packed(big, IFF_JFIF_JPEG, t);
	check_letter(0);
	CHECK(got.page.dpi == 300 && got.page.width == 2 * WIDTH);
	run_packed(big, IFF_PNG, t);
	check_letter(0);
	pixDestroy(&pix);
	pixDestroy(&big);
}

/* The task tells that the picture lies on its side. */
static void
told_turn(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter(), *turned = pixRotateOrth(pix, 1);

	t.rotate = 270;
	run_packed(turned, IFF_PNG, t);
	check_letter(270);
	CHECK(got.page.flags == 0);
	pixDestroy(&pix);
	pixDestroy(&turned);
}

/* Nobody tells: the letters do. */
static void
found_turn(unsigned quads)
{
	PIX *pix = letter(), *turned = pixRotateOrth(pix, (int)quads);

	run_packed(turned, IFF_PNG, plain);
	check_letter((360 - 90 * quads) % 360);
	CHECK(got.page.flags == 0);
	CHECK(got.page.height > got.page.width);
	pixDestroy(&pix);
	pixDestroy(&turned);
}

static void
turned_90(void)
{
	found_turn(1);
}

static void
turned_180(void)
{
	found_turn(2);
}

static void
turned_270(void)
{
	found_turn(3);
}

static void
blank(void)
{
	PIX *pix = pixCreate(WIDTH, HEIGHT, 8);

	(void)pixSetAll(pix);
	(void)pixSetPixel(pix, 400, 500, 0);
	run_packed(pix, IFF_PNG, plain);
	CHECK(got.pages == 1 && got.page.source == SL_PAGE_NONE);
	CHECK(got.page.flags == SL_PAGE_BLANK && got.reason[0] == '\0');
	CHECK(got.end_rc == SL_OK && got.text.n == 0);
	pixDestroy(&pix);
}

/* A line of three words on an else empty page is not blank. */
static void
few_words(void)
{
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *pix = pixCreate(WIDTH, HEIGHT, 8);

	(void)pixSetAll(pix);
	(void)pixSetTextline(
	    pix, font, "Vedlegg nummer 4", 0, 400, 800, NULL, NULL);
	run_packed(pix, IFF_PNG, plain);
	CHECK(got.page.source == SL_PAGE_OCR);
	CHECK(strstr(sl_buf_str(&got.text), "Vedlegg nummer 4") != NULL);
	bmfDestroy(&font);
	pixDestroy(&pix);
}

/* Nothing can be read in noise, and nothing good is claimed of it. */
static void
noise(void)
{
	static uint8_t raster[600 * 800];
	struct sl_msg_task t = {.image_format = SL_IMAGE_GRAY8,
	    .width = 600,
	    .height = 800,
	    .dpi = 75};
	unsigned seed = 4711;
	size_t i;

	for (i = 0; i < sizeof(raster); i++) {
		seed = seed * 1103515245u + 12345u;
		raster[i] = (uint8_t)(seed >> 23);
	}
	run(t, raster, sizeof(raster));
	CHECK(got.pages == 1 && got.end_rc == SL_OK);
	CHECK(got.page.words < 20 || got.page.confidence < 500);
}

static void
limits(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter();

	t.pixels_max = WIDTH * HEIGHT - 1;
	run_packed(pix, IFF_PNG, t);
	CHECK(got.page.source == SL_PAGE_NONE);
	CHECK(strcmp(got.reason, "limit_pixels") == 0);
	CHECK(got.end_rc == SL_OK && got.text.n == 0);
	run_packed(pix, IFF_JFIF_JPEG, t);
	CHECK(strcmp(got.reason, "limit_pixels") == 0);
	t = plain;
	t.mem_bytes = 1 << 20;
	run_packed(pix, IFF_PNG, t);
	CHECK(strcmp(got.reason, "limit_memory") == 0);
	pixDestroy(&pix);
}

/* However little there is, the page comes, with its text or a reason. */
static void
little_memory(void)
{
	struct sl_msg_task t = plain;
	unsigned read = 0, refused = 0;
	PIX *small, *pix;
	l_uint8 *p = NULL;
	size_t n = 0;

	CHECK(warm());
	if (sl_sandbox_is_wide())
		return; /* a sanitizer's own memory knows no limit */
	small = letter();
	pix = pixScale(small, 2, 2);
	CHECK(pixWriteMem(&p, &n, pix, IFF_JFIF_JPEG) == 0);
	t.image_format = SL_IMAGE_JPEG;
	t.dpi = 300;
	for (memory = 0; memory <= 80 << 20; memory += 10 << 20) {
		run(t, p, n);
		CHECK(got.pages == 1 && got.end_rc == SL_OK);
		if (strcmp(got.reason, "limit_memory") == 0)
			refused++;
		else
			read += got.page.source == SL_PAGE_OCR;
	}
	CHECK_MSG(refused > 1 && read > 1 && refused + read == 9,
	    "%u refused, %u read", refused, read);
	memory = (uint64_t)1 << 30;
	lept_free(p);
	pixDestroy(&pix);
	pixDestroy(&small);
}

/* 300 bytes that claim 60 000 x 60 000 are never decoded. */
static void
bomb(void)
{
	static const uint8_t png[64] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
				       "\0\0\xea\x60\0\0\xea\x60\x01\0\0\0";
	struct sl_msg_task t = {
	    .image_format = SL_IMAGE_PNG, .pixels_max = 1ull << 40};

	run(t, png, sizeof(png));
	CHECK(got.page.source == SL_PAGE_NONE);
	CHECK(strcmp(got.reason, "limit_pixels") == 0);
}

static void
damaged(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter();
	l_uint8 *p = NULL;
	size_t n = 0;

	CHECK(pixWriteMem(&p, &n, pix, IFF_JFIF_JPEG) == 0);
	t.image_format = SL_IMAGE_JPEG;
	run(t, p, n / 5); /* some lines are there */
	CHECK(got.pages == 1 && strcmp(got.reason, "damaged") == 0);
	run(t, p, 20);
	CHECK(got.page.source == SL_PAGE_NONE);
	CHECK(strcmp(got.reason, "damaged") == 0);
	t.image_format = SL_IMAGE_PNG; /* it is not what it is called */
	run(t, p, n);
	CHECK(got.page.source == SL_PAGE_NONE);
	CHECK(strcmp(got.reason, "damaged") == 0);
	t.image_format = SL_IMAGE_JPEG;
	t.size = n + 1; /* beyond the end of the input */
	run(t, p, n);
	CHECK(strcmp(got.reason, "damaged") == 0);
	t = plain;
	t.image_format = 99;
	run(t, p, n);
	CHECK(strcmp(got.reason, "unsupported") == 0);
	lept_free(p);
	pixDestroy(&pix);
}

/* The page as packed rows, 1 = black, somewhere inside the input. */
static void
bit_raster(void)
{
	static uint8_t raster[(WIDTH + 7) / 8 * HEIGHT];
	struct sl_msg_task t = plain;
	PIX *pix = letter();
	l_uint32 v;
	int x, y;

	memset(raster, 0, sizeof(raster));
	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			if (pixGetPixel(pix, x, y, &v) == 0 && v < 128)
				raster[y * ((WIDTH + 7) / 8) + x / 8] |=
				    (uint8_t)(0x80 >> x % 8);
	t.image_format = SL_IMAGE_BIT1;
	t.width = WIDTH;
	t.height = HEIGHT;
	t.offset = 4099;
	run(t, raster, sizeof(raster));
	check_letter(0);
	t.height++;
	run(t, raster, sizeof(raster));
	CHECK(strcmp(got.reason, "damaged") == 0);
	pixDestroy(&pix);
}

static void
languages(void)
{
	struct sl_msg_task t = plain;
	PIX *pix = letter();

	t.languages = sl_slice_str("nor+eng");
	run_packed(pix, IFF_PNG, t);
	CHECK(got.note[0] == '\0');
	t.languages = sl_slice_str("tlh");
	run_packed(pix, IFF_PNG, t);
	check_letter(0);
	CHECK(strcmp(got.note, "language_not_loaded") == 0);
	pixDestroy(&pix);
}

/* little_memory first: what others leave in the heap is memory too. */
TEST_MAIN({"little_memory", little_memory}, {"upright", upright},
    {"unknown_dpi", unknown_dpi}, {"high_dpi", high_dpi},
    {"told_turn", told_turn}, {"turned_90", turned_90},
    {"turned_180", turned_180}, {"turned_270", turned_270}, {"blank", blank},
    {"few_words", few_words}, {"noise", noise}, {"limits", limits},
    {"bomb", bomb}, {"damaged", damaged}, {"bit_raster", bit_raster},
    {"languages", languages})
