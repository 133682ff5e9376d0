/* Mail addresses on a page in Norwegian, whose model has no at sign. */
#include "../../daemon/ocr/address.h"
#include "ocr_harness.h"

static const struct sl_msg_task eighth = {.page_from = 7};

static void
fits(void)
{
	static const char *const same[][2] = {
	    {"olaQuib.no", "ola@uib.no"},
	    {"olauib.no", "ola@uib.no"},
	    {"ola(Quib.no", "ola@uib.no"},
	    {"(terje.haukedal\u00d8t-fk.no).", "terje.haukedal@t-fk.no"},
	    {"ingriddahlQnav.no", "ingrid_dahl@nav.no"},
	    {"kari.hansenQoslo.kommune.no", "kari-hansen@oslo.kommune.no"},
	};
	static const char *const other[][2] = {
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

TEST_MAIN({"fits", fits}, {"which_words", which_words}, {"page", page})
