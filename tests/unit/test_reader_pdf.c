/* The pdf reader, loaded as sluse-work loads it; samples are written here. */
#include "make_pdf.h"
#include "reader_harness.h"
#include "test.h"

#include <leptonica/allheaders.h>
#include <math.h>
#include <stdlib.h>

static struct rh h;

static int
open_made(void)
{
	return rh_open(&h, pdf_made.out.p, pdf_made.out.n, "application/pdf");
}

#define LETTER                                                                 \
	"BT /F 12 Tf 72 700 Td (Deres ref 2026/211) Tj 0 -20 Td "              \
	"(S\\370knad om ledsagerbevis) Tj ET"

static l_uint8 *jpeg;
static size_t jpeg_n;
enum { JPEG_W = 496, JPEG_H = 702 }; /* 60 dpi on A4 */

/* A gray page with a dark upper left corner. */
static void
jpeg_make(int w, int hgt)
{
	PIX *pix = pixCreate(w, hgt, 8);

	pixSetAllArbitrary(pix, 200);
	for (int y = 0; y < hgt / 4; y++)
		for (int x = 0; x < w / 4; x++)
			pixSetPixel(pix, x, y, 20);
	lept_free(jpeg);
	pixWriteMemJpeg(&jpeg, &jpeg_n, pix, 80, 0);
	pixDestroy(&pix);
}

static void
put_jpeg(void)
{
	jpeg_make(JPEG_W, JPEG_H);
	pdf_stream(4,
	    "/Type/XObject/Subtype/Image/Width 496/Height 702"
	    "/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode",
	    jpeg, jpeg_n);
}

#define SCAN "q 595 0 0 842 0 0 cm /I Do Q\n"

/* -- cases
 * --------------------------------------------------------------------- */

static const char *
word_at(size_t i)
{
	static char buf[200];

	if (i >= h.words)
		return "";
	snprintf(buf, sizeof(buf), "%.*s", (int)h.word[i].n,
	    h.text.p + h.word[i].at);
	return buf;
}

static void
text_page(void)
{
	uint32_t n = 0;

	pdf_begin(1, "");
	pdf_page(0, A4, LETTER);
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_count(&h, &n) == SLUSE_READ_OK && n == 1);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(h.images == 0 && h.blanks == 0);
	CHECK(fabs(h.width - 595) < 0.1 && fabs(h.height - 842) < 0.1);
	CHECK(strcmp(h.text.p, "Deres ref 2026/211\n\nS\xc3\xb8knad om "
			       "ledsagerbevis\n") == 0);
	CHECK(h.words == 6);
	CHECK(strcmp(word_at(2), "2026/211") == 0);
	/* baseline at 842 - 700 from the top */
	CHECK(fabs(h.word[0].x0 - 72) < 2);
	CHECK(h.word[0].y0 < 142 && h.word[0].y0 > 125);
	CHECK(h.word[0].y1 > 140 && h.word[0].y1 < 150);
	CHECK(h.word[0].x1 < h.word[1].x0 && h.word[3].y0 > h.word[0].y0);
	rh_close(&h);
}

static void
text_page_rotated(void)
{
	pdf_begin(1, "");
	pdf_page(0, A4 "/Rotate 90", LETTER);
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(fabs(h.width - 842) < 0.1 && fabs(h.height - 595) < 0.1);
	CHECK(h.words == 6);
	/* (72,700) lies at x = 700, y = 72 once turned clockwise */
	CHECK(fabs(h.word[0].y0 - 72) < 2 && h.word[0].x1 < 715 &&
	      h.word[0].x0 > 690);
	rh_close(&h);
}

static void
check_native(uint32_t rotate)
{
	CHECK(h.images == 1 && h.image.format == SLUSE_IMAGE_JPEG);
	CHECK(h.image_bytes.n == jpeg_n &&
	      memcmp(h.image_bytes.p, jpeg, jpeg_n) == 0);
	CHECK(h.image.width == JPEG_W && h.image.height == JPEG_H);
	CHECK(h.image.dpi == 60 && h.image.rotate == rotate);
}

static void
scan_native(void)
{
	static const struct {
		const char *page, *content;
		uint32_t rotate;
	} t[] = {
	    {A4, SCAN, 0},
	    {A4 "/Rotate 90", SCAN, 90},
	    {A4 "/Rotate 180", SCAN, 180},
	    {A4 "/Rotate 270", SCAN, 270},
	    {"/MediaBox[0 0 842 595]", "0 -595 842 0 0 595 cm /I Do", 90},
	    {A4, "1 g 0 0 595 842 re f " SCAN, 0},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		pdf_begin(1, "");
		put_jpeg();
		pdf_page(0, t[i].page, t[i].content);
		pdf_end("");
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		check_native(t[i].rotate);
		rh_close(&h);
	}
}

static void
scan_with_hidden_layer(void)
{
	static const char *const layers[] = {
	    SCAN "3 Tr " LETTER, /* invisible, on top */
	    LETTER " " SCAN, /* visible, but under the scan */
	};

	for (size_t i = 0; i < 2; i++) {
		pdf_begin(1, "/MarkInfo<</Marked true>>");
		put_jpeg();
		pdf_page(0, A4, layers[i]);
		pdf_end("");
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		CHECK(h.images == 1 && h.words == 0);
		if (i == 0)
			check_native(0);
		rh_close(&h);
	}
}

/* What lies on the scan has to be seen: rendered, not handed out. */
static void
scan_drawn_over(void)
{
	static const char *const over[] = {
	    SCAN LETTER,
	    SCAN "1 g 0 700 300 142 re f",
	    "q 595 0 0 -842 0 842 cm /I Do Q",
	    "q 100 100 200 200 re W n " SCAN " Q",
	};

	for (size_t i = 0; i < sizeof(over) / sizeof(*over); i++) {
		pdf_begin(1, "");
		put_jpeg();
		pdf_page(0, A4, over[i]);
		pdf_end("");
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		CHECK(h.images == 1 && h.besides == (i == 0));
		CHECK(h.words == (i == 0 ? 6u : 0u));
		CHECK(h.image.format == SLUSE_IMAGE_GRAY8);
		CHECK(h.image.dpi == 150 && h.image.width == 1240);
		/* the dark corner: there, under white, below, cut off */
		CHECK((rh_pixel(&h, 20, 20) < 60) == (i == 0));
		CHECK((rh_pixel(&h, 20, h.image.height - 20) < 60) == (i == 2));
		rh_close(&h);
	}
}

static void
mixed_document(void)
{
	pdf_begin(3, "");
	put_jpeg();
	pdf_page(0, A4, LETTER);
	pdf_page(1, A4, SCAN);
	pdf_page(2, A4, LETTER);
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 1) == SLUSE_READ_OK && h.images == 1);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK && h.words == 6);
	CHECK(rh_page(&h, 2) == SLUSE_READ_OK && h.words == 6);
	CHECK(rh_page(&h, 3) == SLUSE_READ_DAMAGED);
	rh_close(&h);
}

static void
bilevel(void)
{
	/* 16 x 8 in a page of 16 x 8 quarter inches; 1 = white */
	static const unsigned char bits[16] = {0x00, 0xff, 0x00, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe};

	pdf_begin(1, "");
	pdf_stream(4,
	    "/Type/XObject/Subtype/Image/Width 16/Height 8"
	    "/BitsPerComponent 1/ColorSpace/DeviceGray",
	    bits, sizeof(bits));
	pdf_page(0, "/MediaBox[0 0 8 4]/Rotate 180", "8 0 0 4 0 0 cm /I Do");
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(h.image.format == SLUSE_IMAGE_BIT1 && h.image.stride == 2);
	CHECK(h.image.width == 16 && h.image.height == 8);
	CHECK(h.image.dpi == 144 && h.image.rotate == 180);
	CHECK(rh_pixel(&h, 15, 7) == 0 && rh_pixel(&h, 8, 6) == 0);
	CHECK(rh_pixel(&h, 7, 7) == 255 && rh_pixel(&h, 15, 5) == 255);
	CHECK(rh_pixel(&h, 0, 0) == 0 && rh_pixel(&h, 1, 0) == 255);
	rh_close(&h);
}

static void
blank_pages(void)
{
	static const char *const blank[] = {
	    "", "1 g 0 0 595 842 re f", "3 Tr " LETTER, "BT ET"};

	for (size_t i = 0; i < sizeof(blank) / sizeof(*blank); i++) {
		pdf_begin(1, "");
		pdf_page(0, A4, blank[i]);
		pdf_end("");
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
		CHECK(h.blanks == 1 && h.images == 0 && h.words == 0);
		rh_close(&h);
	}
}

/* The font says its letters are of the private use area. */
static void
unreadable_text(void)
{
	static const char cmap[] =
	    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
	    "/CMapName /X def 1 begincodespacerange <00> <ff> "
	    "endcodespacerange\n1 beginbfrange <20> <7e> <e020> endbfrange\n"
	    "endcmap end end";

	pdf_begin(1, "");
	pdf_obj(7);
	pdf_put(
	    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 8 0 R>>"
	    "\nendobj\n");
	pdf_stream(8, "", cmap, sizeof(cmap) - 1);
	pdf_page(
	    0, A4, "BT /G 12 Tf 72 700 Td (No one knows what it says) Tj ET");
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(h.images == 1 && h.image.dpi == 300);
	CHECK(rh_noted(&h, "text_unreadable"));
	rh_close(&h);
}

static void
sizes(void)
{
	pdf_begin(3, "");
	put_jpeg();
	pdf_page(0, "/MediaBox[0 0 10000000 10000000]", "0 0 500 500 re f");
	pdf_page(1, "/MediaBox[0 0 10000000 10000000]", LETTER);
	pdf_page(2, A4, SCAN);
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_LIMIT && h.images == 0);
	CHECK(rh_page(&h, 1) == SLUSE_READ_OK && h.words == 6);
	h.limits.pixels_max = (uint64_t)JPEG_W * JPEG_H - 1;
	CHECK(rh_page(&h, 2) == SLUSE_READ_LIMIT && h.images == 0);
	h.limits.pixels_max = (uint64_t)JPEG_W * JPEG_H;
	CHECK(rh_page(&h, 2) == SLUSE_READ_OK && h.images == 1);
	h.limits.pixels_max = 100000000;
	h.limits.side_max = JPEG_H - 1;
	CHECK(rh_page(&h, 2) == SLUSE_READ_LIMIT);
	h.limits.side_max = 20000;
	h.refuse_image = 1;
	CHECK(rh_page(&h, 2) == SLUSE_READ_LIMIT);
	h.refuse_image = 0;
	rh_close(&h);
}

static void
page_limit(void)
{
	uint32_t n = 77;

	pdf_begin(3, "");
	for (int i = 0; i < 3; i++)
		pdf_page(i, A4, LETTER);
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	h.limits.pages_max = 2;
	CHECK(rh_count(&h, &n) == SLUSE_READ_LIMIT && n == 77);
	h.limits.pages_max = 3;
	CHECK(rh_count(&h, &n) == SLUSE_READ_OK && n == 3);
	h.limits.pages_max = 5000;
	rh_close(&h);
}

static void
read_sample(const char *path, struct rh_bytes *b)
{
	char buf[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	b->n = 0;
	rh_append(b, "", 0);
	CHECK(f != NULL);
	if (!f)
		return;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		rh_append(b, buf, n);
	fclose(f);
}

static void
encrypted(void)
{
	struct rh_bytes b = {0};

	read_sample("tests/data/pdf-encrypted-user.pdf", &b);
	CHECK(rh_open(&h, b.p, b.n, "application/pdf") == SLUSE_READ_ENCRYPTED);
	CHECK(h.doc == NULL);
	h.passwords[0] = "feil";
	CHECK(rh_open(&h, b.p, b.n, "application/pdf") == SLUSE_READ_ENCRYPTED);
	h.passwords[1] = "brukerpassord";
	CHECK(rh_open(&h, b.p, b.n, "application/pdf") == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK && h.words > 0);
	rh_close(&h);
	h.passwords[0] = NULL;
	read_sample("tests/data/pdf-encrypted-owner.pdf", &b);
	CHECK(rh_open(&h, b.p, b.n, "application/pdf") == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK && h.words > 0);
	CHECK(rh_parts(&h) == SLUSE_READ_OK);
	CHECK(rh_noted(&h, "encrypted_owner"));
	rh_close(&h);
	pdf_begin(1, "");
	pdf_page(0, A4, LETTER);
	pdf_end("/Encrypt<</Filter/Adobe.PubSec/V 4/SubFilter/adbe.pkcs7.s5>>");
	CHECK(open_made() == SLUSE_READ_ENCRYPTED);
	free(b.p);
}

/* A page whose parents bite their tail cannot be told of; the file that is
 * clipped to it comes out all the same. */
static void
parts_of_odd_page(void)
{
	pdf_begin(1, "");
	pdf_obj(7);
	pdf_put("<</Type/Pages/Parent 7 0 R>>\nendobj\n");
	pdf_page(0,
	    A4 "/Parent 7 0 R/Annots[<</Type/Annot/Subtype/FileAttachment"
	       "/Rect[0 0 9 9]/FS<</F(x)/EF<</F 8 0 R>>>>>>]",
	    LETTER);
	pdf_stream(8, "", "x", 1);
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	(void)rh_parts(&h);
	CHECK(h.parts == 1);
	rh_close(&h);
}

static void
parts(void)
{
	static const char data[] = "b;1\nvedlegg";

	pdf_begin(1, "/Names<</EmbeddedFiles<</Names[(a)5 0 R(b)5 0 R]>>"
		     "/JavaScript<</Names[]>>>>/AcroForm<</Fields[6 0 R]>>");
	pdf_obj(5);
	pdf_put("<</Type/Filespec/F(tall.csv)/UF<FEFF00E6002E006300730076>"
		"/EF<</F 9 0 R>>>>\nendobj\n");
	pdf_obj(6);
	pdf_put("<</FT/Sig/T(s)/V<</Type/Sig>>>>\nendobj\n");
	pdf_stream(
	    9, "/Type/EmbeddedFile/Subtype/text#2Fcsv", data, sizeof(data) - 1);
	pdf_page(0,
	    A4 "/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]"
	       "/FS<</F(x)/EF<</F 8 0 R>>>>>>]",
	    LETTER);
	pdf_stream(8, "", "x", 1);
	pdf_end("/Info<</Title(S\\370knad om ledsagerbevis)>>");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_parts(&h) == SLUSE_READ_OK);
	CHECK(h.parts == 2);
	CHECK(strcmp(h.part[0].name, "\xc3\xa6.csv") == 0);
	CHECK(strcmp(h.part[0].mime, "text/csv") == 0);
	CHECK(h.part[0].role == SLUSE_PART_ATTACHMENT);
	CHECK(h.part[0].bytes.n == sizeof(data) - 1 &&
	      memcmp(h.part[0].bytes.p, data, sizeof(data) - 1) == 0);
	CHECK(h.part[1].bytes.n == 1);
	CHECK(strcmp(h.title, "S\xc3\xb8knad om ledsagerbevis") == 0);
	CHECK(rh_noted(&h, "has_javascript") && rh_noted(&h, "has_forms") &&
	      rh_noted(&h, "has_signature") && !rh_noted(&h, "has_xfa"));
	h.limits.bytes_max = sizeof(data) - 2;
	CHECK(rh_parts(&h) == SLUSE_READ_LIMIT);
	h.limits.bytes_max = 100000000;
	h.refuse_part = 1;
	CHECK(rh_parts(&h) == SLUSE_READ_LIMIT);
	h.refuse_part = 0;
	rh_close(&h);
}

static void
machine_titles(void)
{
	static const char *const t[] = {"Microsoft Word - brev til deg.docx",
	    "Untitled document of mine", "20260114_083012", "Skannet brev",
	    "kort", "Brev om noe.pdf"};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char info[200];

		pdf_begin(1, "");
		pdf_page(0, A4, LETTER);
		snprintf(info, sizeof(info), "/Info<</Title(%s)>>", t[i]);
		pdf_end(info);
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_parts(&h) == SLUSE_READ_OK);
		CHECK(h.title[0] == '\0');
		rh_close(&h);
	}
}

static void
truncated(void)
{
	size_t n, whole;
	int incomplete = 0, other = 0;

	pdf_begin(2, "");
	put_jpeg();
	pdf_page(0, A4, LETTER);
	pdf_page(1, A4, SCAN);
	pdf_end("");
	whole = pdf_made.out.n;
	for (n = 1; n < whole - 6; n += 1 + n / 60) {
		int rc = rh_open(&h, pdf_made.out.p, n, "application/pdf");

		CHECK(rc != SLUSE_READ_OK);
		if (rc == SLUSE_READ_INCOMPLETE)
			incomplete++;
		else
			other += n > 5;
		rh_close(&h);
	}
	CHECK(incomplete > 100 && other == 0);
	CHECK(open_made() == SLUSE_READ_OK);
	rh_close(&h);
}

static void
damaged(void)
{
	pdf_begin(1, "");
	pdf_page(0, A4, LETTER);
	pdf_end("");
	memset(strstr(pdf_made.out.p, "/Kids"), ' ', 12);
	CHECK(open_made() == SLUSE_READ_DAMAGED);
	CHECK(rh_open(&h, "hei\n%%EOF\n", 10, "application/pdf") ==
	      SLUSE_READ_UNSUPPORTED);
	/* a page tree that bites its tail */
	pdf_begin(1, "");
	pdf_obj(10);
	pdf_put("<</Type/Pages/Count 1/Kids[2 0 R]>>\nendobj\n");
	pdf_end("");
	if (open_made() == SLUSE_READ_OK)
		CHECK(rh_page(&h, 0) == SLUSE_READ_DAMAGED);
	rh_close(&h);
	/* wrong xref, right end: repaired */
	pdf_begin(1, "");
	pdf_page(0, A4, LETTER);
	pdf_made.at[2] = 3;
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK && h.words == 6);
	rh_close(&h);
}

/* The k-th read fails, and all after it. */
static void
failing_reads(void)
{
	pdf_begin(1, "");
	put_jpeg();
	pdf_page(0, A4, SCAN);
	pdf_end("");
	for (h.reads_fail_after = 1; h.reads_fail_after < 12;
	     h.reads_fail_after++) {
		if (open_made() == SLUSE_READ_OK)
			CHECK(rh_page(&h, 0) == SLUSE_READ_OK || h.images == 0);
		rh_close(&h);
	}
	h.reads_fail_after = 0;
	CHECK(open_made() == SLUSE_READ_OK && rh_page(&h, 0) == 0);
	rh_close(&h);
}

static int
render_large(void *arg)
{
	(void)arg;
	pdf_begin(1, "");
	pdf_page(0, "/MediaBox[0 0 4000 4000]", "0 0 500 500 re f");
	pdf_end("");
	if (open_made() != SLUSE_READ_OK)
		return 1;
	if (rh_page(&h, 0) != SLUSE_READ_OK || h.images != 1)
		return 2;
	if ((uint64_t)h.image.width * h.image.height > h.limits.pixels_max)
		return 3;
	return h.image.dpi < 300 && h.image.dpi > 72 ? 0 : 4;
}

/* A poster is read at less; within the worker's memory. */
static void
poster(void)
{
	CHECK(rh_guarded(render_large, NULL, (size_t)1 << 30, 60) == 0);
}

static const struct test_case cases[] = {
    {"pdf: text page", text_page},
    {"pdf: text page, rotated", text_page_rotated},
    {"pdf: scan is handed out as it lies in the file", scan_native},
    {"pdf: hidden text layer does not count", scan_with_hidden_layer},
    {"pdf: scan with something on it is rendered", scan_drawn_over},
    {"pdf: text and scans in one document", mixed_document},
    {"pdf: two-tone scan", bilevel},
    {"pdf: blank pages", blank_pages},
    {"pdf: text without meaning", unreadable_text},
    {"pdf: size limits", sizes},
    {"pdf: page limit", page_limit},
    {"pdf: encrypted", encrypted},
    {"pdf: embedded files and facts", parts},
    {"pdf: the clip of an odd page", parts_of_odd_page},
    {"pdf: titles made by machines", machine_titles},
    {"pdf: truncated", truncated},
    {"pdf: damaged", damaged},
    {"pdf: failing reads", failing_reads},
    {"pdf: poster", poster},
};

int
main(int argc, char **argv)
{
	rh_load(&h, READERS "pdf.so");
	return test_run(cases, sizeof(cases) / sizeof(*cases), argc, argv);
}
