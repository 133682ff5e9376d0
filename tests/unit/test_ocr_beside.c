/*
 * A picture beside text, read as sluse-ocr reads it: both are in the page.
 */
#include "../../daemon/read/beside.h"
#include "ocr_harness.h"

/* Packs the text of a page, the last words of which are below the others. */
static void
base_of(struct sl_buf *b)
{
	static const uint16_t box[4] = {6000, 60000, 20000, 61000};
	struct sl_page p;

	sl_page_init(&p, 0, 7);
	sl_page_add_text(&p, "Deres ref: ", 11);
	sl_page_add_word(&p, "2025/77", 7, 1000, box);
	sl_page_add_text(&p, "\n", 1);
	sl_beside_pack(&p, b);
	sl_page_free(&p);
}

/* The image's n bytes, then the base. */
static void
run_beside(PIX *pix, size_t image_cut, const struct sl_buf *base)
{
	SL_BUF struct sl_buf all = {0};
	struct sl_msg_task t = plain;
	l_uint8 *p = NULL;
	size_t n = 0;

	CHECK(pixWriteMem(&p, &n, pix, IFF_PNG) == 0);
	t.image_format = SL_IMAGE_PNG;
	t.size = image_cut < n ? image_cut : n;
	t.base_size = (uint32_t)base->n;
	t.offset = 10;
	sl_buf_add(&all, (const char *)p, t.size);
	sl_buf_add(&all, base->p, base->n);
	run(t, all.p, all.n);
	lept_free(p);
}

static void
beside(void)
{
	SL_BUF struct sl_buf base = {0};
	PIX *pix = letter(), *turned = pixRotateOrth(pix, 1);
	struct box b;

	base_of(&base);
	run_beside(pix, SIZE_MAX, &base);
	CHECK(strncmp(sl_buf_str(&got.text), "Deres ref: 2025/77\n\n\nSluse",
		  26) == 0);
	CHECK(strstr(got.text.p, "slusen\nog ber") != NULL);
	CHECK(
	    got.page.source == SL_PAGE_OCR && got.page.flags == SL_PAGE_BESIDE);
	CHECK(got.boxes[0].confidence == 1000 && got.boxes[0].y0 == 60000);
	b = find("Saksnummer");
	CHECK(near(b.x0, 120, WIDTH) && b.confidence < 1000);
	CHECK(near((b.y0 + b.y1) / 2, 246, HEIGHT));
	CHECK(got.fields[SL_SOURCE_TEXT] > 0 && got.fields[SL_SOURCE_OCR] > 0);
	/* a picture that lies: its words stand where the page has them */
	run_beside(turned, SIZE_MAX, &base);
	CHECK(got.page.rotate == 0 && got.page.width == HEIGHT);
	b = find("statsforvalteren");
	CHECK(near((b.x0 + b.x1) / 2, HEIGHT - 760, HEIGHT));
	CHECK(got.boxes[0].x0 == 6000);
	pixDestroy(&turned);
	pixDestroy(&pix);
}

/* Whatever befalls the picture, the text stays. */
static void
beside_lost(void)
{
	SL_BUF struct sl_buf base = {0};
	PIX *pix = letter(), *white = pixCreate(300, 400, 8);

	base_of(&base);
	run_beside(pix, 20, &base);
	CHECK(strcmp(sl_buf_str(&got.text), "Deres ref: 2025/77\n") == 0);
	CHECK(got.page.source == SL_PAGE_TEXT);
	CHECK(strcmp(got.reason, "damaged") == 0);
	(void)pixSetAll(white);
	run_beside(white, SIZE_MAX, &base);
	CHECK(strcmp(sl_buf_str(&got.text), "Deres ref: 2025/77\n") == 0);
	CHECK(got.page.source == SL_PAGE_TEXT && got.reason[0] == '\0');
	CHECK((got.page.flags & SL_PAGE_BLANK) == 0);
	/* no text where it should be: the child that wrote it was not well */
	base.p[1] = 77;
	run_beside(white, SIZE_MAX, &base);
	CHECK(got.text.n == 0 && strcmp(got.reason, "damaged") == 0);
	pixDestroy(&white);
	pixDestroy(&pix);
}

TEST_MAIN({"beside", beside}, {"beside_lost", beside_lost})
