/*
 * What becomes of words: section signs, guesses, the language a page is read
 * in, blocks that stand on end beside upright text.
 */
#include "../../daemon/ocr/fraktur.h"
#include "../../daemon/ocr/models.h"
#include "../../daemon/ocr/recognise.h"
#include "../../daemon/ocr/reread.h"
#include "../../daemon/ocr/section.h"
#include "../../daemon/ocr/tidy.h"
#include "../../daemon/read/fields.h"
#include "ocr_harness.h"

/* -- section signs -------------------------------------------------------- */

/* A page of the words of text, the changed ones with their sections. */
static void
check_sections(const char *text, const char *want, const char *told)
{
	static const uint16_t box[4] = {0, 0, 9, 9};
	SL_BUF struct sl_buf tell = {0};
	struct sl_page p, to;
	bool marked[100];
	size_t n, i;

	sl_page_init(&p, 0, 0);
	sl_page_init(&to, 0, 0);
	for (; *text != '\0'; text += n + (text[n] == ' ')) {
		n = strcspn(text, " ");
		if (p.text.n > 0)
			sl_page_add_text(&p, " ", 1);
		sl_page_add_word(&p, text, n, 900, box);
	}
	CHECK(p.words_count <= 100);
	(void)sl_ocr_section_find(&p, NULL, marked);
	sl_ocr_section_tell(&p, marked, &tell);
	for (i = 0; i < p.words_count; i++) {
		if (i > 0)
			sl_page_add_text(&to, " ", 1);
		if (marked[i])
			sl_ocr_section_put(&to, &p, i);
		else
			sl_page_add_word(&to, p.text.p + p.words[i].at,
			    p.words[i].length, 900, box);
	}
	CHECK_MSG(strcmp(sl_buf_str(&to.text), want) == 0, "%s",
	    sl_buf_str(&to.text));
	CHECK_MSG(
	    strcmp(sl_buf_str(&tell), told) == 0, "told %s", sl_buf_str(&tell));
	sl_page_free(&p);
	sl_page_free(&to);
}

#define NORWEGIAN "Vi viser til brev om saken og det er ikke noe som "
static const struct sl_msg_task eighth = {.page_from = 7};

#define SAME(text) check_sections(text, text, "")

static void
sections(void)
{
	check_sections(NORWEGIAN "etter forvaltningsloven $ 13 og $ 13b, jf. $ "
				 "3-1 skal gjelde",
	    NORWEGIAN
	    "etter forvaltningsloven \xc2\xa7 13 og \xc2\xa7 13b, jf. "
	    "\xc2\xa7 3-1 skal gjelde",
	    "13, 13, 3");
	check_sections(NORWEGIAN "unntatt etter offl. $13 her",
	    NORWEGIAN "unntatt etter offl. \xc2\xa7"
		      "13 her",
	    "13");
	check_sections(NORWEGIAN "lovens $$ 4 og 5",
	    NORWEGIAN "lovens \xc2\xa7\xc2\xa7 4 og 5", "4");
}

/* An amount is never touched, whatever law stands beside it, and neither is a
 * sign that nothing explains. */
static void
amounts(void)
{
	SAME(NORWEGIAN "koster $ 100 og er betalt");
	SAME(NORWEGIAN "koster $100 etter loven");
	SAME(NORWEGIAN "lovens pris er $ 100,00 for varen");
	SAME(NORWEGIAN "etter loven $ 1000 for varen");
	SAME(NORWEGIAN "etter loven $ 100 000 for varen");
	SAME(NORWEGIAN "etter loven $ 5 millioner for varen");
	SAME(NORWEGIAN "etter loven $ 13 og betalt med $ 2.50 for varen");
	SAME(NORWEGIAN "etter loven $ 13 i USD for varen");
	SAME(NORWEGIAN "etter loven $ 13 og mange dollar for varen");
	SAME("We refer to the law $ 13 and that is the end of it with you");
}

/* -- Fraktur -------------------------------------------------------------- */

static bool
seen(const char *text)
{
	static const uint16_t box[4] = {0, 0, 9, 9};
	struct sl_page p;
	size_t n;
	bool ret;

	sl_page_init(&p, 0, 0);
	for (; *text != '\0'; text += n + (text[n] == ' ')) {
		n = strcspn(text, " ");
		sl_page_add_word(&p, text, n, 900, box);
		sl_page_add_text(&p, " ", 1);
	}
	ret = sl_ocr_fraktur_seen(&p);
	sl_page_free(&p);
	return ret;
}

/* What Fraktur is misread for; a report with figures is none. */
static void
fraktur_seen(void)
{
	CHECK(seen("da det fparer Tid; men i en mindre Huusholdning det fig "
		   "iffe at anffaffe, der fjelden er faa meget bedre;"));
	CHECK(!seen("se fig. 1 og fig. 2, fig. 3 og fig. 4 over fjellet"));
	CHECK(!seen("da det sparer Tid; men i en mindre Huusholdning det sig "
		    "ikke at anskaffe, der sjelden er saa meget bedre;"));
}

static void
check_word(const char *new, const char *old, bool nordic, const char *want)
{
	SL_BUF struct sl_buf b = {0};

	sl_ocr_fraktur_word(sl_slice_str(new), sl_slice_str(old), nordic, &b);
	CHECK_MSG(strcmp(sl_buf_str(&b), want) == 0, "%s + %s: %s, not %s", new,
	    old, sl_buf_str(&b), want);
}

/* The one model knows the script, the other the letters. */
static void
fraktur_words(void)
{
	check_word("\u017fparer", "fparer", true, "sparer");
	check_word("for\u017ft", "f\u00f8rft", true, "f\u00f8rst");
	check_word("l\u00f6nner", "", true, "l\u00f8nner");
	check_word("l\u00f6nner", "", false, "l\u00f6nner");
	check_word("Qvcern", "Qv\u00e6rn", true, "Qv\u00e6rn");
	check_word("Ligeveegt", "Ligev\u00e6gt", true, "Ligev\u00e6gt");
	check_word("\u00d8re", "Ore", true, "\u00d8re");
	check_word("om", "\u00f8", true, "om");
	check_word("Tid", "\u00f8\u00f8\u00f8", true, "Tid");
	check_word("", "\u00e6", true, "");
}

static void
add_word(struct sl_page *p, const char *word, size_t place)
{
	const uint16_t x = (uint16_t)(place % 100 * 100);
	const uint16_t y = (uint16_t)(place / 100 * 100);
	const uint16_t box[4] = {x, y, (uint16_t)(x + 50), (uint16_t)(y + 50)};

	if (p->text.n > 0)
		sl_page_add_text(p, " ", 1);
	sl_page_add_word(p, word, strlen(word), 900, box);
}

/* So many words that only one reading has, then one of both, then so many that
 * only the other has, and one of both again. */
static void
check_away(size_t only_new, size_t only_old)
{
	struct sl_ocr_pass pass = {0};
	struct sl_page old;
	size_t i;

	sl_page_init(&pass.page, 0, 0);
	sl_page_init(&old, 0, 0);
	for (i = 0; i < 12; i++)
		add_word(&old, "det er ikke noe som", 9000 + i);
	for (i = 0; i < only_new; i++)
		add_word(&pass.page, "neu", i);
	add_word(&pass.page, "Qvcern", 2000);
	add_word(&old, "Qv\u00e6rn", 2000);
	for (i = 0; i < only_old; i++)
		add_word(&old, "gammelt", 3000 + i);
	for (i = 0; i < only_old; i++)
		add_word(&pass.page, "neu", 5000 + i);
	add_word(&pass.page, "Ligeveegt", 7000);
	add_word(&old, "Ligev\u00e6gt", 7000);
	sl_ocr_fraktur_join(&pass, &old);
	CHECK_MSG(strstr(sl_buf_str(&pass.page.text), "Qv\u00e6rn") != NULL,
	    "%zu, %zu", only_new, only_old);
	CHECK_MSG(strstr(sl_buf_str(&pass.page.text), "Ligev\u00e6gt") != NULL,
	    "%zu, %zu", only_new, only_old);
	sl_page_free(&pass.page);
	sl_page_free(&old);
}

/* Words that do not meet do not end it. */
static void
fraktur_away(void)
{
	check_away(0, 0);
	check_away(500, 0);
	check_away(0, 59);
	check_away(0, 200);
	check_away(300, 300);
}

/* -- languages ------------------------------------------------------------ */

static void
read_text(const char *const *text, size_t n)
{
	PIX *pix = drawn(text, n);

	run_packed(pix, IFF_PNG, plain);
	CHECK(got.pages == 1 && got.page.source == SL_PAGE_OCR);
	pixDestroy(&pix);
}

/* Norwegian comes first among the languages, and the page is in English. */
static void
english(void)
{
	static const char *const text[] = {
	    "We thank you for the letter that you sent to our office",
	    "in March, and for the drawings that were with it.",
	    "The fence at the road is not there, and the light in",
	    "the yard has been out of order since the new year.",
	    "You have the right to see the file of this case, and",
	    "to be told of the date on which it is to be closed.",
	    "The board will meet with the owners of the houses that",
	    "are next to the canal, and with those who work there.",
	    "This is what the law says, and we are bound by it."};

	read_text(text, sizeof(text) / sizeof(text[0]));
	CHECK(strcmp(got.language, "en") == 0);
	CHECK(got.page.confidence > 850);
	CHECK_MSG(strstr(sl_buf_str(&got.text), "bound by it.") != NULL, "%s",
	    sl_buf_str(&got.text));
}

/* Its middle lines tell: a whole page in English is read once, although
 * Norwegian comes first among the languages. */
static void
english_page(void)
{
	static const char *const part[] = {
	    "They've asked why we didn't have the lawn's wavy wall",
	    "fixed: it wasn't ours, and they've yet to know of that.",
	    "Whoever would throw away the two wool rugs, we'd buy",
	    "them, and they'll be with you on the day that you want."};
	const char *text[24];
	size_t i;

	for (i = 0; i < 24; i++)
		text[i] = part[i % 4];
	read_text(text, 24);
	CHECK(strcmp(got.language, "en") == 0);
	CHECK_MSG(
	    got.page.flags == 0, "%u %u", got.page.flags, got.page.confidence);
	CHECK(strstr(sl_buf_str(&got.text), "you want.") != NULL);
}

/* A part is read where it lies, also one as wide as the sheet. */
static void
wide_part(void)
{
	PIX *pix = letter();
	struct sl_ocr_sheet sheet = {.pix = pix,
	    .dpi = 150,
	    .width = WIDTH,
	    .height = HEIGHT,
	    .scale = 1};
	const int rect[4] = {0, 600, WIDTH, 800};
	struct sl_ocr_pass pass;
	const char *text;

	CHECK(warm());
	CHECK(sl_ocr_recognise_part(sl_ocr_models_at(0)->one[0], &sheet, rect,
		  PSM_AUTO, 0, &pass) == SL_OK);
	text = sl_buf_str(&pass.page.text);
	CHECK_MSG(strstr(text, "befart eiendommen") != NULL, "%s", text);
	CHECK(strstr(text, "Saksnummer") == NULL);
	sl_ocr_pass_free(&pass);
	pixDestroy(&pix);
}

/* It begins in English and goes on in Norwegian: what it is, is read. */
static void
begins_english(void)
{
	static const char *const text[] = {
	    "To the owners of the houses that are next to the canal:",
	    "this is what you have to know, and we are with you.",
	    "The rest of the letter is in the other language of it,",
	    "and it is for those who have been here for a long time.",
	    "We are bound by the law, and so are you and the board.",
	    "That is all that there is to be said of this by us.",
	    "Kommunen har befart eiendommen, og vi så at gjerdet",
	    "mot veien mangler. Det er ingen belysning på området.",
	    "Naboene er varslet, og vedtaket kan klages inn for",
	    "statsforvalteren. Fristen er tre uker etter at du",
	    "mottok dette brevet. Vi ber om at merknader sendes",
	    "til oss før den tid, og de skal være skriftlige.",
	    "Arbeidet tar til i mars og varer i seksten uker.",
	    "Dersom det er noe som ikke er klart, kan du ringe oss."};

	read_text(text, sizeof(text) / sizeof(text[0]));
	CHECK(strstr(sl_buf_str(&got.text), "bound by the law") != NULL);
	CHECK(strstr(sl_buf_str(&got.text), "statsforvalteren") != NULL);
	CHECK(strstr(sl_buf_str(&got.text), "seksten uker") != NULL);
}

/* -- blocks on end -------------------------------------------------------- */

static const char *const table[] = {"Saksnummer   gjelder   frist",
    "2026/211   kaien ved slusen   12.03.2026",
    "2026/212   gjerdet mot veien   19.03.2026",
    "2026/213   belysning i parken   26.03.2026",
    "2026/214   bryggen i havnen   30.03.2026",
    "2026/215   skolen i bakken   31.03.2026"};

/* The letter with a table under it that was turned to fit. */
static PIX *
with_table(int quads)
{
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *pix = letter(), *part = pixCreate(860, 400, 8), *turned, *big;
	size_t i;

	(void)pixSetAll(part);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		(void)pixSetTextline(
		    part, font, table[i], 0, 20, 60 + (int)i * 55, NULL, NULL);
	turned = pixRotateOrth(part, quads);
	(void)pixRasterop(pix, 500, 840, 400, 860, PIX_SRC, turned, 0, 0);
	big = pixScale(pix, 2, 2);
	bmfDestroy(&font);
	pixDestroy(&pix);
	pixDestroy(&part);
	pixDestroy(&turned);
	return big;
}

static void
both_are_read(int quads)
{
	PIX *pix = with_table(quads);
	struct box b;

	run_packed(pix, IFF_PNG, plain);
	CHECK(got.page.rotate == 0);
	CHECK(strstr(sl_buf_str(&got.text), "Saksnummer 2026/211") != NULL);
	CHECK(strstr(sl_buf_str(&got.text), "statsforvalteren") != NULL);
	CHECK_MSG(strstr(sl_buf_str(&got.text), "belysning i parken") != NULL &&
		      strstr(sl_buf_str(&got.text), "30.03.2026") != NULL,
	    "%s", sl_buf_str(&got.text));
	/* its words stand on end, where they were drawn */
	b = find("belysning i");
	CHECK_MSG(
	    b.y1 - b.y0 > b.x1 - b.x0, "%u %u %u %u", b.x0, b.y0, b.x1, b.y1);
	CHECK(b.x0 > 65535 / WIDTH * 500 && b.x1 < 65535 / WIDTH * 900);
	CHECK(b.y0 > 65535 / HEIGHT * 840);
	CHECK(got.page.words == got.boxes_count);
	pixDestroy(&pix);
}

static void
table_on_end(void)
{
	both_are_read(1);
	both_are_read(3);
}

/* Text, and a dashed line of the given thickness under it. */
static PIX *
with_dashes(int thick)
{
	PIX *pix = letter();
	int x;

	for (x = 200; x < 1000; x += 20)
		(void)pixRasterop(
		    pix, x, HEIGHT - 400, 12, thick, PIX_CLR, NULL, 0, 0);
	return pix;
}

/* Regions of a page of which nothing was read, at and under its dashes. */
static unsigned
count_dashes(int thick)
{
	struct sl_ocr_region r[SL_OCR_REGIONS_MAX];
	const struct sl_ocr_pass none = {0};
	struct sl_ocr_look look;
	PIX *pix = with_dashes(thick);
	unsigned n, i, found = 0;

	CHECK(sl_ocr_look_at(pix, &look));
	n = sl_ocr_reread_find(&look, 0, &none, r);
	CHECK(n > 0);
	for (i = 0; i < n; i++)
		found += r[i].y * look.scale >= HEIGHT - 410;
	sl_ocr_look_free(&look);
	pixDestroy(&pix);
	return found;
}

static void
dashes_are_no_line(void)
{
	CHECK(count_dashes(16) == 1);
	CHECK(count_dashes(6) == 0);
}

/* Strokes up and down as of a pen, n of them from x on. */
static int
draw_scrawl(PIX *pix, int x, int y, unsigned n, unsigned *seed)
{
	int at_y = y, to_x, to_y, k;

	while (n-- > 0) {
		*seed = *seed * 1103515245 + 12345;
		to_x = x + 2 + (int)(*seed >> 16 & 7);
		to_y = y - 14 + (int)(*seed >> 20 & 31);
		for (k = 0; k < 64; k++)
			(void)pixRasterop(pix, x + (to_x - x) * k / 64,
			    at_y + (to_y - at_y) * k / 64, 2, 2, PIX_CLR, NULL,
			    0, 0);
		x = to_x;
		at_y = to_y;
	}
	return x;
}

/* What is written by hand below the lines is told to be there. Of four pages of
 * it, for a computer may see words in one. */
static void
scrawl(void)
{
	static const unsigned seeds[] = {1, 4, 6, 8};
	unsigned i, k, seed, told = 0;
	PIX *pix, *big;
	int x = 120;

	for (k = 0; k < sizeof(seeds) / sizeof(seeds[0]); k++) {
		pix = letter();
		for (seed = seeds[k], i = 0; i < 39; i++) {
			x = i % 3 == 0 ? 120 : x + 26;
			x = draw_scrawl(
			    pix, x, 880 + (int)i / 3 * 55, 9 + i % 5, &seed);
		}
		big = pixScale(pix, 2, 2);
		run_packed(big, IFF_PNG, eighth);
		told += strcmp(got.note, "unread_words") == 0;
		CHECK((strstr(sl_buf_str(&got.text), SL_UNREAD) != NULL) ==
		      (strcmp(got.note, "unread_words") == 0));
		CHECK(strcmp(got.note, "unread_words") != 0 ||
		      (strncmp(got.note_detail, "page 8: ", 8) == 0 &&
			  strstr(got.note_detail, SL_UNSURE_WORDS) != NULL));
		CHECK(got.page.words == got.boxes_count);
		pixDestroy(&pix);
		pixDestroy(&big);
	}
	CHECK_MSG(told >= 3, "%u pages of %u", told, k);
}

/* The sign itself, of DejaVu Sans; the drawing font has none. */
static int
draw_sign(PIX *pix, int x, int base)
{
	static const uint16_t rows[] = {0x7f0, 0xffc, 0x1ffc, 0x3c0c, 0x3800,
	    0x3800, 0x3c00, 0x1e00, 0xf80, 0x1fe0, 0x39f8, 0x707c, 0x703e,
	    0x700f, 0x7007, 0x7807, 0x3e07, 0x1f8e, 0x7fe, 0x3f8, 0x7c, 0x3c,
	    0xe, 0xe, 0xe, 0x301e, 0x3ffc, 0x3ff8, 0xfe0};
	const int high = sizeof(rows) / sizeof(rows[0]);
	int y, k;

	for (y = 0; y < high; y++)
		for (k = 0; k < 15; k++)
			if ((rows[y] >> (14 - k) & 1) != 0)
				(void)pixSetPixel(
				    pix, x + k, base - high + 6 + y, 0);
	return x + 15;
}

/* Draws s, with a section sign for each @. */
static void
draw_law(PIX *pix, L_BMF *font, int y, const char *s)
{
	int x = 120, width;
	char part[80];
	size_t n;

	for (; *s != '\0'; s += n) {
		if (*s == '@') {
			x = draw_sign(pix, x + 2, y) + 3;
			n = 1;
			continue;
		}
		n = strcspn(s, "@");
		(void)snprintf(part, sizeof(part), "%.*s", (int)n, s);
		(void)pixSetTextline(pix, font, part, 0, x, y, &width, NULL);
		x += width;
	}
}

static void
read_law(const char *s)
{
	PIX *pix = letter(), *big;
	L_BMF *font = bmfCreate(NULL, 10);

	draw_law(pix, font, 1250, s);
	big = pixScale(pix, 2, 2);
	run_packed(big, IFF_PNG, eighth);
	bmfDestroy(&font);
	pixDestroy(&pix);
	pixDestroy(&big);
}

/* What stands on the page decides, whatever the words around it make likely. */
static void
seen_signs(void)
{
	read_law("Unntatt etter offl. @ 13 og fvl. @ 13.1 i den");
	CHECK_MSG(strstr(sl_buf_str(&got.text),
		      "\xc2\xa7 13 og fvl. \xc2\xa7 13.1 i") != NULL,
	    "%s", sl_buf_str(&got.text));
	CHECK(strcmp(got.note, "section_sign") == 0);
	CHECK_MSG(strcmp(got.note_detail,
		      "page 8: $ or & became \xc2\xa7 before 13, 13") == 0,
	    "%s", got.note_detail);
	CHECK(got.page.words == got.boxes_count);
	read_law("Etter loven $ 13 og forskriften $ 14 i den");
	CHECK_MSG(
	    strstr(sl_buf_str(&got.text), "$ 13 og forskriften $ 14") != NULL,
	    "%s", sl_buf_str(&got.text));
	CHECK(strcmp(got.note, "section_sign") != 0);
}

/* -- guesses ----------------------------------------------------------------
 */

/* What is left of lines of words, each with its confidence: "vei/950". */
static void
check_unread(const char *text, const char *want, unsigned unread)
{
	const struct sl_ocr_look look = {.scale = 1};
	struct sl_ocr_pass pass = {0};
	uint16_t box[4] = {0, 0, 9, 9};
	unsigned confidence;
	size_t n, whole;

	sl_page_init(&pass.page, 0, 0);
	for (; *text != '\0'; text += whole) {
		n = strcspn(text, "/");
		confidence = (unsigned)strtoul(text + n + 1, NULL, 10);
		sl_page_add_word(&pass.page, text, n, confidence, box);
		box[0] = box[2];
		box[2] += 9;
		whole = strcspn(text, " \n");
		if (text[whole] != '\0')
			sl_page_add_text(&pass.page, text + whole++, 1);
	}
	sl_ocr_pass_count(&pass);
	sl_ocr_tidy(&look, 0, NULL, &pass);
	CHECK_MSG(strcmp(sl_buf_str(&pass.page.text), want) == 0, "%s",
	    sl_buf_str(&pass.page.text));
	CHECK_MSG(pass.unread == unread, "%u", pass.unread);
	/* What was left out does not make it read better. */
	confidence = pass.confidence;
	sl_ocr_pass_count(&pass);
	CHECK(unread == 0 ? confidence == pass.confidence
			  : confidence < pass.confidence);
	sl_ocr_pass_free(&pass);
}

#define PRINTED "ber/950 om/940 at/960 fristen/950 for/960 dette/950\n"
#define SAID "ber om at fristen for dette"

static void
unread(void)
{
	/* A scrawl between lines. */
	check_unread(PRINTED "liks/206 kl/504 pep/311\n" PRINTED,
	    SAID "\n" SL_UNREAD "\n" SAID, 3);
	check_unread(PRINTED "liks/206 kl/504 pep/311\n"
			     "hyle/118 eg/301 fp/397\n" PRINTED,
	    SAID "\n" SL_UNREAD "\n" SL_UNREAD "\n" SAID, 6);
	/* Two words are too few to tell; behind print it may be print. */
	check_unread(
	    PRINTED PRINTED "hyle/118 eg/301", SAID "\n" SAID "\nhyle eg", 0);
	check_unread(PRINTED PRINTED "brev/900 hyle/118 eg/301 fp/397",
	    SAID "\n" SAID "\nbrev hyle eg fp", 0);
	/* One that is sure among them is a word, and so are those that are not
	 * that unsure. */
	check_unread(PRINTED PRINTED "hyle/118 veien/700 eg/301 fp/397",
	    SAID "\n" SAID "\nhyle veien eg fp", 0);
	check_unread(PRINTED PRINTED "hyle/450 eg/450 fp/450",
	    SAID "\n" SAID "\nhyle eg fp", 0);
	/* A page that reads badly: what there is, is better than nothing. */
	check_unread("ber/650 om/650 at/640\nhyle/118 eg/301 fp/397",
	    "ber om at\nhyle eg fp", 0);
	/* Leaders are nothing that was left out. */
	check_unread(
	    PRINTED PRINTED "...../118 ...../301 ...../397", SAID "\n" SAID, 0);
}

/* -- twice the same ink ---------------------------------------------------- */

static void
twice(void)
{
	static const struct {
		const char *s;
		unsigned confidence;
		uint16_t box[4];
	} words[] = {
	    {"Derek", 892, {6155, 10600, 8328, 11053}},
	    {"Jeter,", 895, {8710, 10578, 10786, 11075}},
	    {"2016", 967, {11229, 10561, 12530, 11007}},
	    {"Verek", 585, {6124, 10714, 8328, 11054}},
	    {"Jete\u00e9r,", 464, {8710, 10692, 10786, 11075}},
	    {"2O16", 967, {11231, 10675, 12530, 11007}},
	    /* Letters that hang into the line below are no second reading. */
	    {"gyppig", 900, {6155, 10900, 8328, 11400}},
	    /* Nor are words of one line of which one was given all of it. */
	    {"ikke", 880, {8710, 11500, 12530, 11900}},
	    {"lenger", 910, {10300, 11500, 12530, 11900}},
	    /* These are. */
	    {"to", 389, {6155, 11510, 7624, 11900}},
	    {"to", 916, {5977, 11500, 7535, 11880}},
	};
	const struct sl_ocr_look look = {.scale = 1};
	struct sl_ocr_pass pass = {0};
	size_t i;

	sl_page_init(&pass.page, 0, 0);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (i > 0)
			sl_page_add_text(
			    &pass.page, i % 3 == 0 ? "\n" : " ", 1);
		sl_page_add_word(&pass.page, words[i].s, strlen(words[i].s),
		    words[i].confidence, words[i].box);
	}
	sl_ocr_pass_count(&pass);
	sl_ocr_tidy(&look, 0, NULL, &pass);
	CHECK_MSG(strcmp(sl_buf_str(&pass.page.text),
		      "Derek Jeter, 2016\ngyppig ikke lenger\nto") == 0,
	    "%s", sl_buf_str(&pass.page.text));
	CHECK(pass.words == 7);
	sl_ocr_pass_free(&pass);
}

TEST_MAIN({"twice", twice}, {"dashes_are_no_line", dashes_are_no_line},
    {"sections", sections}, {"unread", unread}, {"scrawl", scrawl},
    {"seen_signs", seen_signs}, {"amounts", amounts},
    {"fraktur_seen", fraktur_seen}, {"fraktur_words", fraktur_words},
    {"fraktur_away", fraktur_away}, {"english", english},
    {"english_page", english_page}, {"wide_part", wide_part},
    {"begins_english", begins_english}, {"table_on_end", table_on_end})
