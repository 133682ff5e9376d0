/* Mail addresses on a page in Norwegian, whose model has no at sign. */
#include "../../daemon/ocr/address.h"
#include "../../daemon/ocr/models.h"
#include "ocr_harness.h"

static const struct sl_msg_task eighth = {.page_from = 7};

static void
fits(void)
{
	static const char *const same[][2] = {
	    {"olaQuib.no", "ola@uib.no"},
	    {"olauib.no", "ola@uib.no"},
	    {"ola(Quib.no", "ola@uib.no"},
	    {"(terje.haukedal&t-fk.no).", "terje.haukedal@t-fk.no"},
	    {"ingriddahlQnav.no", "ingrid_dahl@nav.no"},
	    {"postQ\u00f8ygarden.no", "post@ygarden.no"},
	    {"kari.hansenQoslo.kommune.no", "kari-hansen@oslo.kommune.no"},
	};
	static const char *const other[][2] = {
	    /* The letter that the English model reads as one. */
	    {"B\u00d8rsa.no", "B@rsa.no"},
	    {"TR\u00d8ndelag.no", "TR@ndelag.no"},
	    {"K\u00d8benhavn.dk", "K@benhavn.dk"},
	    {"og\u00d8rland.kommune.no", "og@rland.kommune.no"},
	    {"\u00d8rland.kommune.no", "@rland.kommune.no"},
	    {"vigo.no", "vigo.no"},
	    {"statsforvalteren.no", "post@statsforvalteren.no"},
	    {"olaQuib.no", "kari@uib.no"},
	    {"olaQuib.no", "ola@uib"},
	    {"olaQuib.no", "@uib.no"},
	    {"olaQuib.no", "ola@@uib.no"},
	    {"olaQuib.no", "ola@.no"},
	    {"olaQuib.no", "\u00f8la@uib.no"},
	    {"", "ola@uib.no"},
	    {"olaQuib.no", ""},
	    /* What would stand before the sign was not read at all, or would
	     * be nothing but slips. */
	    {"fr.li&nrk.no", "fr.@nrk.no"},
	    {"uib.no", "a@uib.no"},
	    {"uib.no", "ab@uib.no"},
	    {"xuib.no", "ab@uib.no"},
	    {"ba(uib.no", "ab@uib.no"},
	};
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		CHECK_MSG(sl_ocr_address_fits(same[i][0], same[i][1]), "%s",
		    same[i][0]);
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		CHECK_MSG(!sl_ocr_address_fits(other[i][0], other[i][1]),
		    "%s %s", other[i][0], other[i][1]);
}

static bool
may(const char *word)
{
	static const uint16_t box[4] = {0, 0, 9, 9};
	struct sl_page p;
	bool ret;

	sl_page_init(&p, 0, 0);
	sl_page_add_word(&p, word, strlen(word), 900, box);
	ret = sl_ocr_address_may(&p, 0);
	sl_page_free(&p);
	return ret;
}

static void
which_words(void)
{
	CHECK(may("olaQuib.no"));
	CHECK(may("<Quib.no>,"));
	CHECK(may("OLAQUIB.NO."));
	CHECK(!may("ola@uib.no"));
	CHECK(!may("www.uib.no"));
	CHECK(!may("https://uib.no"));
	CHECK(!may("100.000"));
	CHECK(!may("f.eks."));
	CHECK(!may("a.no"));
	CHECK(!may(">"));
}

static void
read_line(const char *s)
{
	PIX *pix = letter(), *big;
	L_BMF *font = bmfCreate(NULL, 10);

	(void)pixSetTextline(pix, font, s, 0, 120, 1250, NULL, NULL);
	big = pixScale(pix, 2, 2);
	run_packed(big, IFF_PNG, eighth);
	bmfDestroy(&font);
	pixDestroy(&pix);
	pixDestroy(&big);
}

static const struct box *
box_of(const char *word)
{
	const char *at = strstr(sl_buf_str(&got.text), word);
	unsigned i;

	for (i = 0; at != NULL && i < got.boxes_count; i++)
		if (got.boxes[i].at == (unsigned)(at - got.text.p))
			return &got.boxes[i];
	return NULL;
}

static void
page(void)
{
	static const char address[] = "post@sluseby.kommune.no";
	const struct box *b;

	read_line("Svar sendes til post@sluseby.kommune.no innen fredag");
	CHECK_MSG(strstr(sl_buf_str(&got.text),
		      "Svar sendes til post@sluseby.kommune.no innen") != NULL,
	    "%s", sl_buf_str(&got.text));
	b = box_of(address);
	CHECK(b != NULL && b->bytes == sizeof(address) - 1);
	CHECK(b != NULL && b->x1 > b->x0 && b->x1 - b->x0 > 10000);
	CHECK(got.page.words == got.boxes_count);
	CHECK(strcmp(got.note, "mail_address") == 0);
	CHECK_MSG(strcmp(got.note_detail,
		      "page 8: 1 read with the English model") == 0,
	    "%s", got.note_detail);
	/* A host is none. */
	read_line("Se mer om dette under sluseby.kommune.no innen fredag");
	CHECK_MSG(strstr(sl_buf_str(&got.text), "sluseby.kommune.no") != NULL,
	    "%s", sl_buf_str(&got.text));
	CHECK(strchr(sl_buf_str(&got.text), '@') == NULL);
	CHECK(strcmp(got.note, "mail_address") != 0);
}

/* A c in a ring, which the font lacks. */
static void
draw_copyright(PIX *pix, int x, int y)
{
	int dx, dy, r2;

	for (dy = -30; dy <= 30; dy++)
		for (dx = -30; dx <= 30; dx++) {
			r2 = dx * dx + dy * dy;
			if ((r2 > 26 * 26 && r2 <= 30 * 30) ||
			    (r2 > 11 * 11 && r2 <= 15 * 15 && dx < 9))
				(void)pixSetPixel(pix, x + dx, y + dy, 0);
		}
}

/* The English model reads the sign of a copyright as what it is. */
static void
copyright(void)
{
	PIX *pix = letter(), *big;
	L_BMF *font = bmfCreate(NULL, 10);
	int width = 0;

	(void)pixSetTextline(pix, font, "Foto", 0, 120, 1250, &width, NULL);
	(void)pixSetTextline(pix, font, "regjeringen.no er brukt", 0,
	    120 + width + 54, 1250, NULL, NULL);
	big = pixScale(pix, 2, 2);
	draw_copyright(big, 2 * (120 + width) + 54, 2474);
	run_packed(big, IFF_PNG, eighth);
	CHECK_MSG(strchr(sl_buf_str(&got.text), '@') == NULL, "%s",
	    sl_buf_str(&got.text));
	CHECK(box_of("Foto") != NULL && box_of("regjeringen.no") != NULL);
	bmfDestroy(&font);
	pixDestroy(&pix);
	pixDestroy(&big);
}

/* A sheet as wide as side_max may let it be, of which Tesseract gets half, with
 * an address at its end, which was read as word, and so many bytes behind it.
 * Result: how many addresses were found. */
static unsigned
read_far(const char *word, size_t more, struct sl_ocr_pass *ret)
{
	static const uint16_t box[4] = {62258, 17476, 64880, 56000};
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *small = pixCreate(10000, 75, 8);
	struct sl_ocr_sheet sheet = {.dpi = 300, .scale = 0.5};
	unsigned n;

	(void)pixSetAll(small);
	(void)pixSetTextline(
	    small, font, "ola@uib.no", 0, 9500, 50, NULL, NULL);
	sheet.pix = pixScale(small, 2, 2);
	sheet.width = 2 * pixGetWidth(sheet.pix);
	sheet.height = 2 * pixGetHeight(sheet.pix);
	CHECK(warm());
	*ret = (struct sl_ocr_pass){0};
	sl_page_init(&ret->page, 0, 0);
	sl_page_add_word(&ret->page, word, strlen(word), 800, box);
	for (; more > 0; more--)
		sl_page_add_text(&ret->page, " ", 1);
	sl_page_add_word(&ret->page, "x", 1, 800, box);
	n = sl_ocr_addresses_read(
	    sl_ocr_models_for(sl_ocr_models_at(0), "en"), &sheet, 0, ret);
	pixDestroy(&sheet.pix);
	pixDestroy(&small);
	bmfDestroy(&font);
	return n;
}

static void
far_aside(void)
{
	struct sl_ocr_pass pass;

	CHECK(read_far("olaQuib.no", 1, &pass) == 1);
	CHECK_MSG(strcmp(sl_buf_str(&pass.page.text), "ola@uib.no x") == 0,
	    "%s", sl_buf_str(&pass.page.text));
	CHECK(pass.words == 2 && pass.page.flags == 0);
	sl_ocr_pass_free(&pass);
}

/* The sign that is put in is one byte more than there is room for. */
static void
full(void)
{
	static const char was[] = "olauib.no";
	struct sl_ocr_pass pass;

	CHECK(read_far(was, SL_PAGE_TEXT_MAX - sizeof(was), &pass) == 1);
	CHECK(strncmp(sl_buf_str(&pass.page.text), "ola@uib.no ", 11) == 0);
	CHECK(pass.page.text.n == SL_PAGE_TEXT_MAX);
	CHECK(pass.words == 1 && pass.page.flags == SL_PAGE_CUT);
	sl_ocr_pass_free(&pass);
}

/* A letter of Norwegian is no sign, and is not cut in two for one. */
static void
whole_letters(void)
{
	struct sl_ocr_pass pass;

	CHECK(read_far("ola\u00e5ib.no", 1, &pass) == 0);
	CHECK_MSG(strcmp(sl_buf_str(&pass.page.text), "ola\u00e5ib.no x") == 0,
	    "%s", sl_buf_str(&pass.page.text));
	sl_ocr_pass_free(&pass);
}

/* What a line was read as: words, of which the first is so many pixels wide. */
static void
check_line(const char *drawn_text, const char *first, const char *second,
    const char *want)
{
	L_BMF *font = bmfCreate(NULL, 10);
	PIX *small = pixCreate(800, 100, 8);
	struct sl_ocr_sheet sheet = {.dpi = 300, .scale = 1};
	struct sl_ocr_pass pass = {0};
	int begin, end, rect[4] = {100, 70, 0, 150};
	uint16_t box[4];

	(void)pixSetAll(small);
	(void)pixSetTextline(small, font, first, 0, 50, 60, &begin, NULL);
	(void)pixSetAll(small);
	(void)pixSetTextline(small, font, drawn_text, 0, 50, 60, &end, NULL);
	sheet.pix = pixScale(small, 2, 2);
	sheet.width = pixGetWidth(sheet.pix);
	sheet.height = pixGetHeight(sheet.pix);
	CHECK(warm());
	sl_page_init(&pass.page, 0, 0);
	rect[2] = 100 + 2 * begin;
	sl_ocr_sheet_box(&sheet, rect, box);
	sl_page_add_word(&pass.page, first, strlen(first), 900, box);
	sl_page_add_text(&pass.page, " ", 1);
	rect[0] = rect[2] + 30;
	rect[2] = 100 + 2 * end;
	sl_ocr_sheet_box(&sheet, rect, box);
	sl_page_add_word(&pass.page, second, strlen(second), 400, box);
	(void)sl_ocr_addresses_read(
	    sl_ocr_models_for(sl_ocr_models_at(0), "en"), &sheet, 0, &pass);
	CHECK_MSG(strcmp(sl_buf_str(&pass.page.text), want) == 0, "%s",
	    sl_buf_str(&pass.page.text));
	sl_ocr_pass_free(&pass);
	pixDestroy(&sheet.pix);
	pixDestroy(&small);
	bmfDestroy(&font);
}

/* A word before an address is no part of it where both models see a gap. */
static void
word_before(void)
{
	check_line("ola@uib.no", "ola", "(uib.no", "ola@uib.no");
	check_line("frue ola@uib.no", "frue", "olaQuib.no", "frue ola@uib.no");
	check_line("fru li@nrk.no", "fru", "HOnrk.no", "fru HOnrk.no");
	check_line("55 o@kst.no", "55", "Qkst.no", "55 Qkst.no");
}

TEST_MAIN({"word_before", word_before}, {"far_aside", far_aside},
    {"full", full}, {"whole_letters", whole_letters}, {"fits", fits},
    {"which_words", which_words}, {"page", page}, {"copyright", copyright})
