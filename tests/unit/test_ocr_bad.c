/*
 * Pages as scanners and people spoil them: askew, turned, with a black border,
 * in shadow, pale, blurred, nearly or wholly empty. Words must come out, and
 * lie on the page where they were drawn.
 */
#include "ocr_harness.h"

#include <math.h>

#include "../../daemon/ocr/sheet.h"

static const struct sl_msg_task bare = {.page_from = 7};

/* Words of the letter that must be found on any page that can be read. */
static unsigned
found(void)
{
	static const char *const want[] = {"kommune", "Saksnummer", "2026/211",
	    "vedlegg", "slusen", "fristen", "merknader", "Tegningene",
	    "naboene", "Arbeidet", "seksten", "befart", "vinter", "Gjerdet",
	    "belysning", "Vedtaket"};
	unsigned i, n = 0;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		n += strstr(sl_buf_str(&got.text), want[i]) != NULL;
	return n;
}

/* Grey of a pixel where the word begins and ends on the page that was handed
 * in: a box that is right has ink in it, and none above and below. */
static unsigned
ink_in(PIX *page, double x0, double y0, double x1, double y1)
{
	BOX *b =
	    boxCreate((int)x0, (int)y0, (int)(x1 - x0) + 1, (int)(y1 - y0) + 1);
	PIX *part = pixClipRectangle(page, b, NULL);
	l_float32 mean = 255;

	(void)pixGetAverageMasked(part, NULL, 0, 0, 1, L_MEAN_ABSVAL, &mean);
	boxDestroy(&b);
	pixDestroy(&part);
	return (unsigned)mean;
}

/* Every box of a sure word holds its ink: with the upright page in hand, the
 * mean grey within is well below the ground. */
static void
check_boxes(PIX *page, unsigned ground)
{
	double w = pixGetWidth(page) / 65535.0,
	       h = pixGetHeight(page) / 65535.0;
	unsigned i, wrong = 0, sure = 0;
	struct box *b;

	for (i = 0; i < got.boxes_count; i++) {
		b = &got.boxes[i];
		if (b->confidence < 800 || b->bytes < 4)
			continue;
		sure++;
		wrong += ink_in(page, b->x0 * w, b->y0 * h, b->x1 * w,
			     b->y1 * h) > ground - ground / 12;
	}
	CHECK_MSG(
	    sure > 20 && wrong == 0, "%u of %u boxes hold no ink", wrong, sure);
}

/* The page is read, with its boxes; rotate = what must be told. */
static void
read_it(PIX *pix, unsigned rotate, unsigned ground)
{
	PIX *page =
	    rotate != 0 ? pixRotateOrth(pix, (int)rotate / 90) : pixClone(pix);

	run_packed(pix, IFF_PNG, bare);
	CHECK(got.pages == 1 && got.page.source == SL_PAGE_OCR);
	CHECK_MSG(found() == 16, "%u of 16 words: %s", found(),
	    sl_buf_str(&got.text));
	CHECK(got.page.rotate == rotate);
	CHECK((int)got.page.width == pixGetWidth(page));
	CHECK((int)got.page.height == pixGetHeight(page));
	CHECK_MSG(got.page.flags == 0, "flags %u", got.page.flags);
	check_boxes(page, ground);
	pixDestroy(&page);
}

static PIX *
letter_at(int scale)
{
	PIX *small = letter(),
	    *pix = pixScale(small, (float)scale, (float)scale);

	pixDestroy(&small);
	return pix;
}

static PIX *
askew(PIX *pix, double degrees)
{
	return pixRotate(pix, (float)(degrees * M_PI / 180), L_ROTATE_AREA_MAP,
	    L_BRING_IN_WHITE, 0, 0);
}

static void
skewed(void)
{
	PIX *pix = letter(), *turned = askew(pix, 3);

	read_it(turned, 0, 255);
	pixDestroy(&turned);
	turned = askew(pix, -2);
	read_it(turned, 0, 255);
	pixDestroy(&turned);
	pixDestroy(&pix);
}

/* Told by the shape of the letters, in one pass. */
static void
turned(void)
{
	PIX *pix = letter_at(2), *t;
	int i;

	for (i = 1; i < 4; i++) {
		t = pixRotateOrth(pix, i);
		read_it(t, (unsigned)(360 - 90 * i) % 360, 255);
		pixDestroy(&t);
	}
	pixDestroy(&pix);
}

static void
turned_and_skewed(void)
{
	PIX *pix = letter(), *t = pixRotateOrth(pix, 1), *s = askew(t, 2);

	read_it(s, 270, 255);
	pixDestroy(&s);
	pixDestroy(&t);
	pixDestroy(&pix);
}

/* On a black glass, askew, with a bright slit at one edge. */
static void
black_border(void)
{
	PIX *pix = letter(), *glass, *page;

	glass = pixCreate(WIDTH + 200, HEIGHT + 160, 8);
	(void)pixRasterop(glass, 90, 60, WIDTH, HEIGHT, PIX_SRC, pix, 0, 0);
	page =
	    pixRotate(glass, 0.012f, L_ROTATE_AREA_MAP, L_BRING_IN_BLACK, 0, 0);
	(void)pixRasterop(page, 0, 0, 12, HEIGHT + 160, PIX_SET, NULL, 0, 0);
	read_it(page, 0, 255);
	pixDestroy(&page);
	pixDestroy(&glass);
	pixDestroy(&pix);
}

/* Light falls off to a third across the page; ink on its ground throughout. */
static void
in_shadow(void)
{
	PIX *pix = letter();
	l_uint32 v;
	int x, y;

	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++) {
			(void)pixGetPixel(pix, x, y, &v);
			(void)pixSetPixel(pix, x, y,
			    v * (l_uint32)(WIDTH * 3 - x * 2) / (WIDTH * 3));
		}
	read_it(pix, 0, 255);
	pixDestroy(&pix);
}

/* Grey levels of ink and ground, with a grain of a few more. */
static void
tone(PIX *pix, unsigned ink, unsigned ground, unsigned grain)
{
	int w = pixGetWidth(pix), h = pixGetHeight(pix), x, y;
	unsigned seed = 4711;
	l_uint32 v;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			seed = seed * 1103515245u + 12345u;
			(void)pixGetPixel(pix, x, y, &v);
			v = ink + (ground - ink) * v / 255;
			(void)pixSetPixel(pix, x, y,
			    v - grain / 2 + (seed >> 20) % (grain + 1));
		}
}

/* Pencil on recycled paper: 14 grey levels apart. */
static void
pale(void)
{
	PIX *pix = letter_at(2);

	tone(pix, 196, 210, 4);
	run_packed(pix, IFF_PNG, bare);
	CHECK(got.page.source == SL_PAGE_OCR && got.page.flags == 0);
	CHECK_MSG(found() == 16, "%u of 16 words", found());
	pixDestroy(&pix);
}

static void
blurred(void)
{
	PIX *pix = letter_at(2), *b = pixBlockconv(pix, 3, 3),
	    *c = pixBlockconv(b, 3, 3);

	run_packed(c, IFF_PNG, bare);
	CHECK(got.page.source == SL_PAGE_OCR);
	CHECK_MSG(found() >= 14, "%u of 16 words: %s", found(),
	    sl_buf_str(&got.text));
	pixDestroy(&pix);
	pixDestroy(&b);
	pixDestroy(&c);
}

static unsigned seed;

static unsigned
chance(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % n;
}

/* Dots with sides of least to most pixels. */
static void
strew(PIX *pix, unsigned n, unsigned least, unsigned most)
{
	unsigned x, y, w, h;

	for (seed = 1; n > 0; n--) {
		x = chance((unsigned)pixGetWidth(pix) - most);
		y = chance((unsigned)pixGetHeight(pix) - most);
		w = least + chance(most - least + 1);
		h = least + chance(most - least + 1);
		(void)pixRasterop(
		    pix, (int)x, (int)y, (int)w, (int)h, PIX_CLR, NULL, 0, 0);
	}
}

/* A letter that lay in dirt: among so many dots no line was found. */
static void
dirt(void)
{
	PIX *pix = letter(), *big = pixScale(pix, 2, 2);

	strew(big, 20000, 4, 4);
	run_packed(big, IFF_PNG, plain);
	CHECK_MSG(strstr(sl_buf_str(&got.text), "Saksnummer") != NULL &&
		      strstr(sl_buf_str(&got.text), "atsforvalteren") != NULL,
	    "%u words: %s", got.page.words, sl_buf_str(&got.text));
	pixDestroy(&pix);
	pixDestroy(&big);
}

/* A clean letter with a screened picture on it: the picture's dots are wiped
 * out, a full stop is not. */
static void
screened(void)
{
	struct sl_ocr_look look;
	struct sl_ocr_sheet sheet;
	l_uint32 stop = 0, picture = 0;
	PIX *pix = letter();
	int x, y;

	(void)pixRasterop(pix, 600, 950, 3, 3, PIX_CLR, NULL, 0, 0);
	for (y = 1100; y < 1650; y += 5)
		for (x = 120; x < 900; x += 5)
			(void)pixRasterop(pix, x, y, 2, 2, PIX_CLR, NULL, 0, 0);
	CHECK(sl_ocr_look_at(pix, &look));
	sl_ocr_sheet_make(pix, 150, &look, 0, SL_OCR_PLAIN, &sheet);
	CHECK(sheet.dirty && sheet.scale == 1);
	(void)pixGetPixel(sheet.pix, 601, 951, &stop);
	(void)pixGetPixel(sheet.pix, 420, 1300, &picture);
	CHECK_MSG(stop < 100 && picture > 200, "%u %u", stop, picture);
	pixDestroy(&sheet.pix);
	sl_ocr_look_free(&look);
	pixDestroy(&pix);
}

/* And nothing but dirt: what little is read into it is gone. */
static void
dirt_alone(void)
{
	PIX *pix = pixCreate(WIDTH, HEIGHT, 8);

	(void)pixSetAll(pix);
	strew(pix, 14000, 1, 3);
	run_packed(pix, IFF_PNG, plain);
	CHECK_MSG(got.page.words <= 2, "%u words: %s", got.page.words,
	    sl_buf_str(&got.text));
	pixDestroy(&pix);
}

/* An empty page as scanners see it: grain, specks, punched holes, a border. */
static PIX *
empty(unsigned grain)
{
	PIX *pix = pixCreate(WIDTH, HEIGHT, 8);
	int i, x, y;

	(void)pixSetAll(pix);
	tone(pix, 0, 246, grain);
	for (i = 0; i < 40; i++)
		(void)pixSetPixel(pix, 37 + i * 29 % WIDTH, 41 + i * i, 90);
	for (i = 0; i < 2; i++)
		for (y = -17; y <= 17; y++)
			for (x = -17; x <= 17; x++)
				if (x * x + y * y < 290)
					(void)pixSetPixel(
					    pix, 70 + x, 620 + i * 470 + y, 20);
	(void)pixRasterop(pix, WIDTH - 30, 0, 30, HEIGHT, PIX_CLR, NULL, 0, 0);
	return pix;
}

static void
blank_scan(void)
{
	PIX *pix = empty(0), *grainy = empty(8);

	run_packed(pix, IFF_PNG, bare);
	CHECK(got.pages == 1 && got.page.source == SL_PAGE_NONE);
	CHECK(got.page.flags == SL_PAGE_BLANK);
	run_packed(grainy, IFF_JFIF_JPEG, bare);
	CHECK(got.page.source == SL_PAGE_NONE);
	CHECK(got.page.flags == SL_PAGE_BLANK);
	pixDestroy(&pix);
	pixDestroy(&grainy);
}

/* A cutting without a margin: where every spot has ink, ink is no noise. */
static void
full_of_print(void)
{
	L_BMF *font = bmfCreate(NULL, 8);
	PIX *pix = pixCreate(640, 480, 8);
	size_t i;

	(void)pixSetAll(pix);
	for (i = 0; i < 18; i++)
		(void)pixSetTextline(pix, font,
		    "Vi viser til brev om kaien ved den gamle slusen og ber om "
		    "at fristen for merknader forlenges.",
		    0, 3, 24 + (int)i * 26, NULL, NULL);
	run_packed(pix, IFF_PNG, bare);
	CHECK(got.page.source == SL_PAGE_OCR && got.page.words > 100);
	bmfDestroy(&font);
	pixDestroy(&pix);
}

/* The same page with a pencilled note, and with a mere stroke of the pen:
 * whether it can be read or not, it is not blank. */
static void
faint_is_not_blank(void)
{
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *pix = empty(0);
	int i;

	(void)pixSetTextline(pix, font, "se sak 12", 232, 700, 900, NULL, NULL);
	run_packed(pix, IFF_PNG, bare);
	CHECK(got.pages == 1 && (got.page.flags & SL_PAGE_BLANK) == 0);
	pixDestroy(&pix);
	pix = empty(4);
	for (i = 0; i < 300; i++)
		(void)pixRasterop(pix, 500 + i, 900 + (int)(40 * sin(i / 14.0)),
		    3, 3, PIX_CLR, NULL, 0, 0);
	run_packed(pix, IFF_PNG, bare);
	CHECK(got.pages == 1 && (got.page.flags & SL_PAGE_BLANK) == 0);
	CHECK_MSG(
	    (got.page.words == 0) == ((got.page.flags & SL_PAGE_WORDLESS) != 0),
	    "%u words", got.page.words);
	CHECK(got.page.words == 0 && got.reason[0] == '\0');
	pixDestroy(&pix);
	bmfDestroy(&font);
}

/* The header says 600 of a page that has 150: it is not made smaller. */
static void
lying_header(void)
{
	struct sl_msg_task t = bare;
	PIX *pix = letter();

	t.dpi = 600;
	run_packed(pix, IFF_PNG, t);
	CHECK(got.page.width == WIDTH && found() == 16);
	pixDestroy(&pix);
}

/* Enlarged because its letters are low, turned straight, and told in the
 * coordinates of what came. */
static void
low_letters(void)
{
	PIX *pix = letter(), *less = pixScale(pix, 0.6f, 0.6f),
	    *turned = askew(less, 1.5);

	read_it(turned, 0, 255);
	CHECK(got.page.width < WIDTH);
	pixDestroy(&turned);
	pixDestroy(&less);
	pixDestroy(&pix);
}

/* A stamp over the text, grey and askew, and a frame round it. The words under
 * it are found, each once, and in their places. */
static void
stamped(void)
{
	PIX *pix = letter_at(2), *stamp = pixCreate(900, 420, 8), *t;
	L_BMF *font = bmfCreate(NULL, 20);
	PIX *word = pixCreate(260, 60, 8), *big;
	l_uint32 v, u;
	int x, y;

	(void)pixSetAll(stamp);
	(void)pixSetAll(word);
	(void)pixSetTextline(word, font, "MOTTATT", 125, 10, 45, NULL, NULL);
	big = pixScale(word, 3, 3);
	(void)pixRasterop(stamp, 60, 120, 780, 180, PIX_SRC, big, 0, 0);
	for (x = 0; x < 900; x++)
		for (y = 0; y < 420; y++)
			if (x < 12 || y < 12 || x >= 888 || y >= 408)
				(void)pixSetPixel(stamp, x, y, 125);
	t = pixRotate(
	    stamp, -0.3f, L_ROTATE_AREA_MAP, L_BRING_IN_WHITE, 900, 420);
	for (y = 0; y < pixGetHeight(t); y++)
		for (x = 0; x < pixGetWidth(t); x++) {
			(void)pixGetPixel(t, x, y, &v);
			if (pixGetPixel(pix, 700 + x, 560 + y, &u) == 0)
				(void)pixSetPixel(
				    pix, 700 + x, 560 + y, u * v / 255);
		}
	run_packed(pix, IFF_PNG, bare);
	CHECK_MSG(found() >= 15, "%u of 16 words: %s", found(),
	    sl_buf_str(&got.text));
	CHECK(got.page.words == got.boxes_count);
	CHECK(got.page.text_bytes == got.text.n);
	for (x = 0; x < (int)got.boxes_count; x++)
		CHECK(got.boxes[x].at + got.boxes[x].bytes <= got.text.n &&
		      (x == 0 || got.boxes[x].at > got.boxes[x - 1].at));
	pixDestroy(&pix);
	pixDestroy(&stamp);
	pixDestroy(&t);
	pixDestroy(&word);
	pixDestroy(&big);
	bmfDestroy(&font);
}

/* Draws the groups of a number with half a digit between them; where it
 * ends. */
static int
draw_groups(PIX *pix, L_BMF *font, int x, int y, const char *s)
{
	int width = 0, digit = 0;
	char group[8];
	size_t n;

	(void)bmfGetStringWidth(font, "0", &digit);
	for (; *s != '\0'; s += n + (s[n] == ' ')) {
		n = strcspn(s, " ");
		(void)snprintf(group, sizeof(group), "%.*s", (int)n, s);
		(void)pixSetTextline(pix, font, group, 0, x, y, &width, NULL);
		x += width + digit / 2;
	}
	return x;
}

/* A row of a budget: text, a number, leader dots, and what they lead to. */
static void
draw_row(PIX *pix, L_BMF *font, int y, const char *number)
{
	int x, width = 0;

	(void)pixSetTextline(
	    pix, font, "Bygninger settes ned fra kr", 0, 120, y, &width, NULL);
	x = draw_groups(pix, font, 120 + width + 14, y, number) + 20;
	for (; x < 880; x += 9)
		(void)pixRasterop(pix, x, y - 3, 3, 3, PIX_CLR, NULL, 0, 0);
	(void)draw_groups(pix, font, 900, y, "2 560 000");
}

/* Thousands that stand apart are words, and dots that lead the eye are none;
 * a number in one piece stays so. */
static void
budget(void)
{
	static const char *const numbers[] = {
	    "16 040 000", "48215", "39 730 000", "4 500 000", "1951"};
	PIX *pix = letter(), *big;
	L_BMF *font = bmfCreate(NULL, 10);
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		draw_row(pix, font, 900 + (int)i * 55, numbers[i]);
	big = pixScale(pix, 2, 2);
	run_packed(big, IFF_PNG, bare);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		CHECK_MSG(strstr(sl_buf_str(&got.text), numbers[i]) != NULL,
		    "%s: %s", numbers[i], sl_buf_str(&got.text));
	CHECK(strstr(sl_buf_str(&got.text), "2 560 000") != NULL);
	CHECK(strstr(sl_buf_str(&got.text), "....") == NULL);
	CHECK(got.page.words == got.boxes_count);
	CHECK(find("040").x0 > find("16").x1);
	CHECK(found() == 16);
	bmfDestroy(&font);
	pixDestroy(&pix);
	pixDestroy(&big);
}

/* The cover of a folder: stains, and no words of them. */
static void
stains(void)
{
	PIX *pix = pixCreate(WIDTH, HEIGHT, 8);
	unsigned r = 4711;
	int i, k, x, y;

	(void)pixSetAll(pix);
	for (i = 0; i < 60; i++) {
		r = r * 1103515245u + 12345u;
		x = 100 + (int)(r >> 8) % (WIDTH - 300);
		y = 100 + (int)(r >> 16) % (HEIGHT - 200);
		for (k = 0; k < 40; k++) {
			r = r * 1103515245u + 12345u;
			(void)pixRasterop(pix, x + (int)(r >> 16) % 90,
			    y + (int)(r >> 24) % 22, 2 + (int)(r >> 12) % 6,
			    2 + (int)(r >> 20) % 6, PIX_CLR, NULL, 0, 0);
		}
	}
	run_packed(pix, IFF_PNG, bare);
	CHECK(got.pages == 1);
	CHECK_MSG(got.page.words <= 3, "%u: %s", got.page.words,
	    sl_buf_str(&got.text));
	CHECK(got.page.words == got.boxes_count);
	pixDestroy(&pix);
}

/* Specks that a JPEG has smeared into every tile of the page are not how strong
 * its ink is. */
static void
smeared(void)
{
	PIX *pix = letter_at(2), *again;
	l_int32 warnings;
	unsigned r = 4711;
	l_uint8 *p = NULL;
	size_t n = 0;
	int i;

	for (i = 0; i < 20000; i++) {
		r = r * 1103515245u + 12345u;
		(void)pixSetPixel(pix, (int)(r >> 8) % (2 * WIDTH),
		    (int)((r * 2654435761u) >> 8) % (2 * HEIGHT), 0);
	}
	CHECK(pixWriteMemJpeg(&p, &n, pix, 60, 0) == 0);
	again = pixReadMemJpeg(p, n, 0, 1, &warnings, 0);
	run_packed(again, IFF_PNG, bare);
	CHECK_MSG(found() == 16, "%u: %s", found(), sl_buf_str(&got.text));
	CHECK_MSG(got.page.confidence > 900, "%u", got.page.confidence);
	lept_free(p);
	pixDestroy(&again);
	pixDestroy(&pix);
}

/* Coarse paper with a word in pencil: its grain is not made letters of. */
static void
grain(void)
{
	const struct sl_ocr_look few = {.scale = 1,
	    .dots = 3705,
	    .letters = 217,
	    .letter_px = 5,
	    .contrast = 200,
	    .sharp = 28};
	struct sl_ocr_look print = few;
	PIX *pix = pixCreate(400, 400, 8);
	struct sl_ocr_sheet sheet;

	(void)pixSetAll(pix);
	sl_ocr_sheet_make(pix, 150, &few, 0, SL_OCR_PLAIN, &sheet);
	CHECK(sheet.scale == 1 && !sheet.dirty);
	pixDestroy(&sheet.pix);
	/* The same specks between so many letters are a page's. */
	print.letters = 310;
	sl_ocr_sheet_make(pix, 150, &print, 0, SL_OCR_PLAIN, &sheet);
	CHECK(sheet.scale == 2);
	pixDestroy(&sheet.pix);
	pixDestroy(&pix);
}

TEST_MAIN({"smeared", smeared}, {"grain", grain}, {"dirt", dirt},
    {"screened", screened}, {"dirt_alone", dirt_alone}, {"skewed", skewed},
    {"turned", turned}, {"turned_and_skewed", turned_and_skewed},
    {"black_border", black_border}, {"in_shadow", in_shadow}, {"pale", pale},
    {"blurred", blurred}, {"blank_scan", blank_scan},
    {"full_of_print", full_of_print},
    {"faint_is_not_blank", faint_is_not_blank}, {"lying_header", lying_header},
    {"low_letters", low_letters}, {"stamped", stamped}, {"budget", budget},
    {"stains", stains})
