/* Words and labels that were passed over: that they are found, and where they
 * belong. */
#include "../../daemon/base/mem.h"
#include "../../daemon/ocr/models.h"
#include "../../daemon/ocr/recognise.h"
#include "../../daemon/ocr/reread.h"
#include "ocr_harness.h"

/* Reads the page, forgets a word of it, and looks for what was passed over. */
static void
forget(const char *word)
{
	struct sl_ocr_region r[SL_OCR_REGIONS_MAX];
	struct sl_ocr_pass pass, part = {0};
	struct sl_ocr_look look;
	struct sl_ocr_sheet sheet;
	TessBaseAPI *api;
	PIX *small = letter(), *pix;
	L_BMF *font = bmfCreate(NULL, 10);
	SL_FREE char *whole = NULL;
	size_t i, gap = 0;
	unsigned n;

	(void)pixSetTextline(small, font, "Telefon", 0, 200, 1500, NULL, NULL);
	pix = pixScale(small, 2, 2);
	CHECK(warm());
	api = sl_ocr_models_at(0)->one[0];
	CHECK(sl_ocr_look_at(pix, &look));
	sl_ocr_sheet_make(pix, 300, &look, 0, SL_OCR_PLAIN, &sheet);
	CHECK(sl_ocr_recognise(api, &sheet, 0, &pass, NULL) == SL_OK);
	whole = sl_strdup(sl_buf_str(&pass.page.text));
	sl_page_init(&part.page, 0, 0);
	for (i = 0; i < pass.page.words_count; i++) {
		const struct sl_word *w = &pass.page.words[i];
		const char *s = pass.page.text.p + w->at;
		const uint16_t box[4] = {w->x0, w->y0, w->x1, w->y1};

		if (strncmp(s, word, strlen(word)) != 0) {
			sl_page_add_text(
			    &part.page, pass.page.text.p + gap, w->at - gap);
			sl_page_add_word(
			    &part.page, s, w->length, w->confidence, box);
		}
		gap = w->at + w->length;
	}
	CHECK(part.page.words_count + 1 == pass.page.words_count);
	sl_ocr_pass_count(&part);
	n = sl_ocr_reread_find(&look, 0, &part, r);
	CHECK_MSG(n == 1, "%s: %u", word, n);
	sl_ocr_reread(api, &sheet, &r[0], 0, &part);
	CHECK(r[0].done);
	CHECK_MSG(strcmp(sl_buf_str(&part.page.text), whole) == 0,
	    "%s: <%s> not <%s>", word, sl_buf_str(&part.page.text), whole);
	sl_ocr_pass_free(&pass);
	sl_ocr_pass_free(&part);
	sl_ocr_look_free(&look);
	pixDestroy(&sheet.pix);
	pixDestroy(&pix);
	pixDestroy(&small);
	bmfDestroy(&font);
}

/* It comes back to its line; a short label by itself is found too. */
static void
passed_over(void)
{
	forget("forlenges");
	forget("Kommunen");
	forget("klages");
	forget("Telefon");
}

/* Where what is read anew belongs on a page of that size. In pixels;
 * "Telefon" was passed over. */
struct placed {
	int width, height;
	struct {
		const char *s;
		int x, y, w;
	} word[8];
	int lost_x, lost_y, lost_w;
	const char *want;
};

static void
place(const struct placed *t)
{
	struct sl_ocr_region r = {
	    .letters = 30, .unread = 30, .lost = true, .flat = true};
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *small = pixCreate(t->width / 2, t->height / 2, 8);
	struct sl_ocr_sheet sheet = {.dpi = 300,
	    .width = t->width,
	    .height = t->height,
	    .scale = 1,
	    .look_scale = 1};
	struct sl_ocr_pass pass = {0};
	size_t i;
	int rect[4];
	uint16_t box[4];

	(void)pixSetAll(small);
	(void)pixSetTextline(small, font, "Telefon", 0, t->lost_x / 2,
	    t->lost_y / 2 + 31, NULL, NULL);
	sheet.pix = pixScale(small, 2, 2);
	sl_page_init(&pass.page, 0, 0);
	pass.page.flags = SL_PAGE_CUT;
	for (i = 0; t->word[i].s != NULL; i++) {
		rect[0] = t->word[i].x;
		rect[1] = t->word[i].y;
		rect[2] = rect[0] + t->word[i].w;
		rect[3] = rect[1] + 60;
		sl_ocr_sheet_box(&sheet, rect, box);
		if (i > 0)
			sl_page_add_text(&pass.page, "\n", 1);
		sl_page_add_word(
		    &pass.page, t->word[i].s, strlen(t->word[i].s), 900, box);
	}
	r.x = t->lost_x - 10;
	r.y = t->lost_y - 10;
	r.w = t->lost_w + 20;
	r.h = 80;
	CHECK(warm());
	sl_ocr_reread(sl_ocr_models_at(0)->one[0], &sheet, &r, 0, &pass);
	CHECK_MSG(r.done && strcmp(sl_buf_str(&pass.page.text), t->want) == 0,
	    "<%s>", sl_buf_str(&pass.page.text));
	/* That there was more than is kept stays told. */
	CHECK(pass.page.flags == SL_PAGE_CUT);
	sl_ocr_pass_free(&pass);
	pixDestroy(&sheet.pix);
	pixDestroy(&small);
	bmfDestroy(&font);
}

static void
places(void)
{
	/* A till's slip: the label stands just before the number. */
	static const struct placed slip = {.width = 1000,
	    .height = 9000,
	    .word = {{"Sum", 60, 200, 200}, {"22334455", 410, 400, 300},
		{"Takk", 60, 600, 200}},
	    .lost_x = 60,
	    .lost_y = 400,
	    .lost_w = 300,
	    .want = "Sum\n\nTelefon 22334455\nTakk"};
	/* A sheet that lies: columns are no lines. */
	static const struct placed lying = {.width = 9000,
	    .height = 1000,
	    .word = {{"Sum", 60, 200, 300}, {"Takk", 60, 600, 300},
		{"Dato", 660, 200, 300}, {"Navn", 660, 400, 300},
		{"Sted", 660, 600, 300}},
	    .lost_x = 60,
	    .lost_y = 400,
	    .lost_w = 300,
	    .want = "Sum\n\nTelefon\nTakk\nDato\nNavn\nSted"};

	place(&slip);
	place(&lying);
}

/* What was a guess was read as nothing. */
static void
nothing_there(void)
{
	static const uint16_t box[4] = {20000, 20000, 30000, 24000};
	struct sl_ocr_region r = {.x = 100,
	    .y = 100,
	    .w = 500,
	    .h = 300,
	    .letters = 30,
	    .unread = 30,
	    .lost = true,
	    .flat = true};
	struct sl_ocr_sheet sheet = {.dpi = 300,
	    .width = 1000,
	    .height = 800,
	    .scale = 1,
	    .look_scale = 1};
	struct sl_ocr_pass pass = {0};

	sheet.pix = pixCreate(1000, 800, 8);
	(void)pixSetAll(sheet.pix);
	sl_page_init(&pass.page, 0, 0);
	sl_page_add_word(&pass.page, "rusk", 4, 100, box);
	CHECK(warm());
	sl_ocr_reread(sl_ocr_models_at(0)->one[0], &sheet, &r, 0, &pass);
	CHECK(r.done && pass.page.words_count == 0 && pass.page.text.n == 0);
	sl_ocr_pass_free(&pass);
	pixDestroy(&sheet.pix);
}

TEST_MAIN({"passed_over", passed_over}, {"places", places},
    {"nothing_there", nothing_there})
