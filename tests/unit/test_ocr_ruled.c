/* Underlined lines: none is lost without a word. */
#include <math.h>

#include "../../daemon/ocr/look.h"
#include "ocr_harness.h"

static const char *const text[] = {
    "Kommunal- og arbeidsdepartementet",
    "",
    "Midlertidig lov om gjenreisning av krigsramte",
    "byer og bygder av juli nitten hundre og seks",
    "",
    "Det synes noe tvilsomt i hvilken utstrekning",
    "vedkommende grunneier har krav om erstatning",
    "for bruksrettens verdi, selv om det ikke kan",
    "bli godtgjort at han lider noe direkte tap.",
};
#define LINES (sizeof(text) / sizeof(text[0]))
/* Of the big page: where line i has its baseline, and where all begin. */
#define BASELINE(i) (2 * (160 + (i)*55))
#define LEFT 240

/* A rule below line i, so far from its baseline, in pixels of the big page;
 * wave: so far up and down; grey: of its ink. */
struct under {
	const char *name;
	int below, thick, second, wave, grey;
	float lean; /* radians of the page */
};

static void
draw_rule(PIX *pix, int i, int wide, const struct under *u)
{
	int x, y, k;

	for (x = LEFT; x < LEFT + wide; x++) {
		y = BASELINE(i) + u->below +
		    (int)lround(u->wave * sin(x / 150.0));
		for (k = 0; k < u->thick; k++) {
			(void)pixSetPixel(pix, x, y + k, (l_uint32)u->grey);
			if (u->second > 0)
				(void)pixSetPixel(pix, x, y + k + u->second,
				    (l_uint32)u->grey);
		}
	}
}

static PIX *
underlined(const struct under *u)
{
	PIX *pix = drawn(text, LINES), *turned;

	draw_rule(pix, 2, 1500, u);
	draw_rule(pix, 3, 1450, u);
	draw_rule(pix, 6, 1450, u);
	if (u->lean == 0)
		return pix;
	turned = pixRotate(pix, u->lean, L_ROTATE_AREA_MAP, L_BRING_IN_WHITE,
	    pixGetWidth(pix), pixGetHeight(pix));
	pixDestroy(&pix);
	return turned;
}

/* How many of the lines are not in the page's text. */
static unsigned
count_lost(void)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < LINES; i++)
		n += strstr(sl_buf_str(&got.text), text[i]) == NULL;
	return n;
}

static void
read_underlined(const struct under *u)
{
	struct sl_msg_task t = plain;
	PIX *pix = underlined(u);

	t.dpi = 300;
	run_packed(pix, IFF_PNG, t);
	pixDestroy(&pix);
}

/* Each of these lost one to three lines. */
static void
all_read(void)
{
	static const struct under cases[] = {
	    {"below", 4, 5, 0, 0, 20, 0},
	    {"touching", -4, 5, 0, 0, 20, 0},
	    {"thin", -8, 3, 0, 0, 20, 0},
	    {"thick", 0, 7, 0, 0, 20, 0},
	    {"askew", 4, 5, 0, 0, 20, 0.012f},
	    {"waving", 4, 5, 0, 4, 20, 0},
	    {"double", 4, 7, 12, 0, 20, 0},
	    {"double, waving, askew", 4, 7, 12, 4, 20, 0.012f},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_underlined(&cases[i]);
		CHECK_MSG(count_lost() == 0, "%s: <%s>", cases[i].name,
		    sl_buf_str(&got.text));
		/* The heading belongs between what stood round it. */
		CHECK_MSG(find("Midlertidig").at > find("Kommunal").at &&
			      find("byer").at > find("Midlertidig").at &&
			      find("Det").at > find("byer").at,
		    "%s: <%s>", cases[i].name, sl_buf_str(&got.text));
	}
}

/* What cannot be read is told in its place. */
static void
told(void)
{
	static const struct under cut = {"cut", 0, 5, 0, 0, 20, 0};
	struct sl_msg_task t = plain;
	PIX *pix = drawn(text, LINES);
	unsigned x;
	const char *s;

	/* As high as letters, but none. */
	(void)pixRasterop(
	    pix, LEFT - 20, BASELINE(2) - 60, 1600, 80, PIX_SET, NULL, 0, 0);
	for (x = 0; x < 1400; x += 22) {
		(void)pixRasterop(pix, LEFT + (int)x, BASELINE(2) - 34, 5, 34,
		    PIX_CLR, NULL, 0, 0);
		(void)pixRasterop(pix, LEFT + (int)x, BASELINE(2) - 20, 16, 5,
		    PIX_CLR, NULL, 0, 0);
	}
	draw_rule(pix, 2, 1420, &cut);
	t.dpi = 300;
	run_packed(pix, IFF_PNG, t);
	s = strstr(sl_buf_str(&got.text), "[\xe2\x80\xa6]");
	CHECK_MSG(s != NULL && s > strstr(sl_buf_str(&got.text), "Kommunal") &&
		      s < strstr(sl_buf_str(&got.text), "byer og"),
	    "<%s>", sl_buf_str(&got.text));
	CHECK_STR(got.note, "unread_words");
	pixDestroy(&pix);
}

/* -- what is found -------------------------------------------------------- */

static unsigned
count_found(PIX *pix)
{
	struct sl_ocr_look l;
	unsigned n;

	if (!sl_ocr_look_at(pix, &l)) /* too flat to be halved */
		return 0;
	n = l.rules.n;
	CHECK((n > 0) == (l.rules.mask != NULL));
	sl_ocr_look_free(&l);
	return n;
}

/* Result: how many are found of one rule under line 2. */
static unsigned
find_one(const struct under *u)
{
	PIX *pix = drawn(text, LINES);
	unsigned n;

	draw_rule(pix, 2, 1500, u);
	n = count_found(pix);
	pixDestroy(&pix);
	return n;
}

static void
found(void)
{
	static const struct under cases[] = {
	    {"below", 12, 3, 0, 0, 20, 0},
	    {"through the tails", 6, 3, 0, 0, 20, 0},
	    {"on the line", 0, 4, 0, 0, 20, 0},
	    {"double", 6, 3, 9, 0, 20, 0},
	    {"pencil", 8, 5, 0, 5, 120, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_MSG(find_one(&cases[i]) == 1, "%s: %u", cases[i].name,
		    find_one(&cases[i]));
}

/* Lines of a table and of a box, dots to write on, and strokes through what
 * does not hold any longer. */
static void
left_alone(void)
{
	static const struct under table = {"table", 36, 3, 0, 0, 20, 0};
	static const struct under through = {"through", -14, 4, 0, 0, 20, 0};
	PIX *pix = drawn(text, LINES);
	BOX *box;
	int x;

	CHECK_MSG(count_found(pix) == 0, "text");
	for (x = LEFT; x < LEFT + 1500; x += 14)
		(void)pixRasterop(
		    pix, x, BASELINE(2) + 4, 4, 4, PIX_CLR, NULL, 0, 0);
	CHECK_MSG(count_found(pix) == 0, "dots");
	pixDestroy(&pix);
	CHECK_MSG(find_one(&table) == 0, "table");
	CHECK_MSG(find_one(&through) == 0, "through");
	pix = drawn(text, LINES);
	box = boxCreate(LEFT - 20, BASELINE(2) - 70, 1560, 78);
	(void)pixRenderBox(pix, box, 3, L_CLEAR_PIXELS);
	CHECK_MSG(count_found(pix) == 0, "box");
	boxDestroy(&box);
	pixDestroy(&pix);
}

/* However many there are, and wherever they end. */
static void
bounds(void)
{
	static const int sizes[][2] = {
	    {20000, 1}, {1, 20000}, {9000, 300}, {2480, 3508}};
	struct sl_msg_task t = plain;
	size_t i;
	PIX *pix;
	int x, y, apart;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (apart = 6; apart <= 40; apart += 34) {
			pix = pixCreate(sizes[i][0], sizes[i][1], 8);
			(void)pixSetAll(pix);
			for (y = 0; y < sizes[i][1]; y += apart)
				(void)pixRasterop(pix, 0, y, sizes[i][0], 3,
				    PIX_CLR, NULL, 0, 0);
			for (x = 0; apart == 40 && x < sizes[i][0]; x += 26)
				for (y = 20; y < sizes[i][1]; y += apart)
					(void)pixRasterop(pix, x, y, 12, 18,
					    PIX_CLR, NULL, 0, 0);
			(void)count_found(pix);
			if (sizes[i][0] * sizes[i][1] < 3000000)
				run_packed(pix, IFF_PNG, t);
			pixDestroy(&pix);
		}
}

TEST_MAIN({"all_read", all_read}, {"told", told}, {"found", found},
    {"left_alone", left_alone}, {"bounds", bounds})
