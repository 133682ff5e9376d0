/*
 * A third language beside Norwegian and English, and a script. Debian 12 has no
 * Tesseract model for Northern Sámi, and the one for Fraktur need not be there:
 * a copy of the English one stands in for both, under the names sme and frk, in
 * a TESSDATA_PREFIX of our own. It shows which model is taken, not how well it
 * reads.
 */
#include "../../daemon/ocr/models.h"
#include "ocr_harness.h"

#define TESSDATA "/usr/share/tesseract-ocr/5/tessdata/"
#define SET "nor+eng+sme"

static char place[] = "/tmp/test_ocr_sami.XXXXXX";

static bool
stand_in(void)
{
	static const char *const from[] = {"nor", "eng", "osd", "eng", "eng"};
	static const char *const to[] = {"nor", "eng", "osd", "sme", "frk"};
	char path[256], target[256];
	bool ok = mkdtemp(place) != NULL;
	size_t i;

	for (i = 0; ok && i < sizeof(to) / sizeof(to[0]); i++) {
		(void)snprintf(
		    path, sizeof(path), "%s/%s.traineddata", place, to[i]);
		(void)snprintf(
		    target, sizeof(target), TESSDATA "%s.traineddata", from[i]);
		ok = symlink(target, path) == 0;
	}
	(void)setenv("TESSDATA_PREFIX", place, 1);
	sl_ocr_configure(SET);
	return ok;
}

static void
take_away(void)
{
	static const char *const names[] = {"nor", "eng", "osd", "sme", "frk"};
	char path[256];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(
		    path, sizeof(path), "%s/%s.traineddata", place, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(place);
}

/* Each language of the set has its model. */
static void
choice(void)
{
	const struct sl_ocr_models *m;
	bool known;

	CHECK(stand_in() && warm());
	take_away(); /* all is loaded */
	m = sl_ocr_models_find(sl_slice_str(SET), &known);
	CHECK(known && m->one[2] != NULL && m->one[3] == NULL);
	CHECK(sl_ocr_models_for(m, "se") == m->one[2]);
	CHECK(sl_ocr_models_for(m, "en") == m->one[1]);
	CHECK(sl_ocr_models_for(m, "nb") == m->one[0]);
	CHECK(sl_ocr_models_for(m, "da") == NULL);
	CHECK(sl_ocr_models_for(m, "") == NULL);
	CHECK(sl_ocr_models_fraktur() != NULL);
}

/* Recognises a page of these lines. */
static void
read_lines(const char *const *text, size_t n)
{
	PIX *pix = drawn(text, n);

	run_packed(pix, IFF_PNG, plain);
	pixDestroy(&pix);
}

/* A page in Sámi is told as such, and read with the model it has. The font has
 * ASCII alone: the other letters are missing on the page. */
static void
sami(void)
{
	static const char *const text[] = {
	    "Mii leat ožžon reivve ja dat lea dál registrerejuvvon.",
	    "Dat lea ahte gielda galgá vástidit ovdal go jahki lea nohkan.",
	    "Juos dus leat jearaldagat, de sáhttá riŋget midjiide.",
	    "Dat mii lea čállojuvvon dáppe, lea maid eará sajis.",
	    "Mii leat maid sádden dan reivve ruovttoluotta."};

	read_lines(text, sizeof(text) / sizeof(text[0]));
	CHECK(got.pages == 1 && got.page.source == SL_PAGE_OCR);
	CHECK(got.note[0] == '\0');
	CHECK_MSG(strcmp(got.language, "se") == 0, "%s: %s", got.language,
	    sl_buf_str(&got.text));
	CHECK(strstr(sl_buf_str(&got.text), "ahte gielda") != NULL);
}

/* A page of words that Fraktur is misread for, which English reads better than
 * Norwegian does; the lines run off the page. */
static void
fraktur(void)
{
	static const char *const text[] = {
	    "The fom and fig of this page, with itfe and faa between the",
	    "words, have been written with which the other would not mind.",
	    "They should know that iffe are the words through which we think."};

	read_lines(text, sizeof(text) / sizeof(text[0]));
	CHECK_MSG(strcmp(got.note, "fraktur") == 0, "%s %u: %s", got.note,
	    got.page.confidence, sl_buf_str(&got.text));
	CHECK(strcmp(got.note_detail, "page 8: read as Fraktur") == 0);
	CHECK((got.page.flags & SL_PAGE_RETRIED) != 0);
	CHECK(got.page.words == got.boxes_count);
	CHECK_MSG(strstr(sl_buf_str(&got.text), "words through") != NULL, "%s",
	    sl_buf_str(&got.text));
}

TEST_MAIN({"choice", choice}, {"sami", sami}, {"fraktur", fraktur})
