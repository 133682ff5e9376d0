/* What the pdf reader takes for text, and what stands on a page beside it. */
#include "make_pdf.h"
#include "test.h"

#include <leptonica/allheaders.h>
#include <stdlib.h>

static struct rh h;

static int
open_made(void)
{
	return rh_open(&h, pdf_made.out.p, pdf_made.out.n, "application/pdf");
}

static bool
says(const char *s)
{
	return strstr(h.text.p, s) != NULL;
}

/* Reads page i of what was made. */
static void
read_page(uint32_t i)
{
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_page(&h, i) == SLUSE_READ_OK);
}

static bool
is_dark(double x_pt, double y_pt)
{
	double k = h.image.dpi / 72.0;

	return rh_pixel(&h, (uint32_t)(x_pt * k), (uint32_t)(y_pt * k)) < 90;
}

/* -- a scan of lines ----------------------------------------------------- */

static const char *const norwegian[] = {
    "Vi viser til søknaden om tilskudd som ble sendt inn i går,",
    "og ber om at kommunen ikke avgjør saken før vi har sett",
    "de nye tegningene. Det er særlig avkjørselen til veien som",
    "må vurderes på nytt, fordi sikten mot øst er for dårlig.",
    "Naboene er varslet, og ingen av dem har hatt merknader til",
    "planene. Vi ønsker også et møte med saksbehandler før påske.",
};
static const char *const lost[] = {
    "Vi viser til soknaden om tilskudd som ble sendt inn i gar,",
    "og ber om at kommunen ikke avgjor saken for vi har sett",
    "de nye tegningene. Det er serlig avkjorselen til veien som",
    "ma vurderes pa nytt, fordi sikten mot ost er for darlig.",
    "Naboene er varslet, og ingen av dem har hatt merknader til",
    "planene. Vi onsker ogsa et mote med saksbehandler for paske.",
    "Som nevnt er det ikke til hinder for at og de andre som bor",
    "her kan bruke veien til og fra husene sine som de gjor na og",
    "ikke minst at de kan komme til med bil og henger som for.",
    "Det er ikke til mer bry enn som sa, og vi haper at dere kan",
    "svare til den som har sendt dette og ikke til alle som bor.",
};
static const char *const rubbish[] = {
    "V1 v'rser ti] s0kna:|en o^n t|lsk~dd 5om b1e s3ndt *nn",
    "0g b3r o.m a1t komm#nen ik}e avgJ0r sa~en f{r v! har ~ett",
    "d3 n~e te'gnin9en3. D=t 3r s~r|ig avkj0r$elen til ve!en som",
    "m{ v.urd3re5 pa~ n~tt, f0rd] si|kten m0t 0st 3r f0r d~rl|g.",
};

enum { LEADING = 24, FIRST = 760, LEFT = 72 };

static struct rh_bytes content;

/* Starts the content of a page. */
static void
start(const char *s)
{
	content.n = 0;
	rh_append(&content, s, strlen(s));
}

static void
more(const char *s)
{
	rh_append(&content, s, strlen(s));
}

/* Lines of text in the given mode, as Latin-1. */
static void
lines(const char *mode, const char *const *text, size_t n, int y)
{
	char head[100];
	size_t i;
	const char *s;

	snprintf(head, sizeof(head), "BT %s /F 12 Tf %d TL %d %d Td ", mode,
	    LEADING, LEFT, y);
	more(head);
	for (i = 0; i < n; i++) {
		more("(");
		for (s = text[i]; *s; s++) {
			char c = *s;

			if ((unsigned char)c == 0xc3)
				c = (char)(*++s | 0x40);
			if (strchr("()\\", c) == NULL)
				rh_append(&content, &c, 1);
		}
		more(") Tj T* ");
	}
	more("ET\n");
}

/* White, with a bar of ink as long as a line of text for each of n lines. */
static void
put_scan(size_t n, int dpi)
{
	int w = 595 * dpi / 72, hgt = 842 * dpi / 72;
	PIX *pix = pixCreate(w, hgt, 8);
	l_uint8 *p = NULL;
	size_t size = 0, i;
	char dict[200];

	pixSetAllArbitrary(pix, 245);
	for (i = 0; i < n; i++)
		pixRasterop(pix, LEFT * dpi / 72,
		    (842 - FIRST + (int)i * LEADING - 7) * dpi / 72,
		    280 * dpi / 72, 7 * dpi / 72, PIX_CLR, NULL, 0, 0);
	pixWriteMemJpeg(&p, &size, pix, 60, 0);
	snprintf(dict, sizeof(dict),
	    "/Type/XObject/Subtype/Image/Width %d/Height %d"
	    "/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode",
	    w, hgt);
	pdf_stream(4, dict, p, size);
	pixDestroy(&pix);
	lept_free(p);
}

#define SCAN "q 595 0 0 842 0 0 cm /I Do Q\n"
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void
layer(const char *const *text, size_t n, int y, size_t inked, int dpi)
{
	start(SCAN);
	lines("3 Tr", text, n, y);
	pdf_begin(1, "");
	put_scan(inked, dpi);
	pdf_page(0, A4, content.p);
	pdf_end("");
	read_page(0);
}

static void
layer_kept(void)
{
	layer(norwegian, COUNT(norwegian), FIRST, COUNT(norwegian), 150);
	CHECK(h.images == 0 && h.words > 50);
	CHECK(says("s\xc3\xb8knaden om tilskudd"));
	CHECK(h.recognised > 700 && h.recognised <= 900);
	CHECK(rh_noted(&h, "ocr_layer_kept"));
	rh_close(&h);
}

/* A stamp that came onto the scan later: only that is recognised. */
static void
layer_and_stamp(void)
{
	size_t n = COUNT(norwegian);

	layer(norwegian, n, FIRST, n + 2, 150);
	CHECK(h.besides == 1 && h.words > 50 && h.recognised > 700);
	CHECK(rh_noted(&h, "ocr_layer_kept"));
	/* its bar is there, those that the text tells of are not */
	CHECK(is_dark(LEFT + 100, 842 - FIRST + (int)n * LEADING - 4));
	CHECK(!is_dark(LEFT + 100, 842 - FIRST + 2 * LEADING - 4));
	rh_close(&h);
}

static void
layer_dropped(void)
{
	size_t all = COUNT(norwegian);
	const struct {
		const char *const *text;
		size_t n;
		int y;
		size_t inked;
		int dpi;
	} t[] = {
	    {norwegian, all, FIRST - 400, all, 150}, /* not where it shows */
	    {norwegian, all, FIRST, 2 * all, 150}, /* half of it is said */
	    {norwegian, all, FIRST, all, 75}, /* nobody could read that */
	    {norwegian, 1, FIRST, 1, 150}, /* too little to judge by */
	    {rubbish, COUNT(rubbish), FIRST, COUNT(rubbish), 150},
	    {lost, COUNT(lost), FIRST, COUNT(lost), 150}, /* no æ, ø, å */
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		layer(t[i].text, t[i].n, t[i].y, t[i].inked, t[i].dpi);
		CHECK(h.images == 1 && h.words == 0 && h.recognised == -1);
		CHECK(rh_noted(&h, "ocr_layer_dropped"));
		rh_close(&h);
	}
}

/* Nobody sees it: not the page's text, and not silently left out either. */
static void
hidden_text(void)
{
	start("BT /F 12 Tf 72 800 Td (Til kommunen) Tj ET\n");
	lines("3 Tr", norwegian, 3, FIRST);
	pdf_begin(1, "");
	pdf_page(0, A4, content.p);
	pdf_end("");
	read_page(0);
	CHECK(h.words == 2 && rh_noted(&h, "hidden_text"));
	rh_close(&h);
}

/* -- a font that draws beside its place ------------------------------------ */

static size_t
seal_type1(uint8_t *out, const uint8_t *p, size_t n, uint16_t r)
{
	for (size_t i = 0; i < n + 4; i++) {
		out[i] = (uint8_t)((i < 4 ? 'A' : p[i - 4]) ^ (r >> 8));
		r = (uint16_t)((out[i] + r) * 52845u + 22719u);
	}
	return n + 4;
}

/* Letters of one square that lies `far` of an em above the line; the font's
 * FontBBox says otherwise. */
static void
put_far_font(int32_t far)
{
	static const char *const names[] = {
	    ".notdef", "H", "e", "m", "l", "i", "g"};
	/* 0 500 hsbw 0 FAR rmoveto, a square, closepath endchar */
	uint8_t glyph[] = {139, 248, 136, 13, 139, 255, 0, 0, 0, 0, 21, 239, 6,
	    239, 7, 39, 6, 9, 14};
	uint8_t sealed[64], clear[4096], file[8192];
	size_t n, k;
	int m;

	for (int i = 0; i < 4; i++)
		glyph[6 + i] = (uint8_t)((uint32_t)far >> (24 - 8 * i));
	n = (size_t)snprintf((char *)clear, sizeof(clear),
	    "dup /Private 8 dict dup begin /lenIV 4 def /BlueValues [] def "
	    "/password 5839 def /MinFeature {16 16} def 2 index /CharStrings "
	    "%zu dict dup begin\n",
	    COUNT(names));
	k = seal_type1(sealed, glyph, sizeof(glyph), 4330);
	for (size_t i = 0; i < COUNT(names); i++) {
		n += (size_t)snprintf((char *)clear + n, sizeof(clear) - n,
		    "/%s %zu RD ", names[i], k);
		memcpy(clear + n, sealed, k);
		n += k;
		n += (size_t)snprintf(
		    (char *)clear + n, sizeof(clear) - n, " ND\n");
	}
	n += (size_t)snprintf((char *)clear + n, sizeof(clear) - n,
	    "end end readonly put noaccess put dup /FontName get exch "
	    "definefont pop mark currentfile closefile\n");
	m = snprintf((char *)file, sizeof(file),
	    "%%!PS-AdobeFont-1.0: Far\n11 dict begin /FontName /Far def "
	    "/PaintType 0 def /FontType 1 def /FontMatrix [0.001 0 0 0.001 0 "
	    "0] def /Encoding StandardEncoding def /FontBBox {0 0 1000 1000} "
	    "def currentdict end currentfile eexec\n");
	k = (size_t)m + seal_type1(file + m, clear, n, 55665);
	pdf_obj(7);
	pdf_put("<</Type/Font/Subtype/Type1/BaseFont/Far/FirstChar 32/LastChar "
		"32/Widths[500]/FontDescriptor 8 0 R/Encoding/WinAnsiEncoding"
		">>\nendobj\n");
	pdf_obj(8);
	pdf_put("<</Type/FontDescriptor/FontName/Far/Flags 32/FontBBox[0 0 "
		"1000 1000]/ItalicAngle 0/Ascent 800/Descent 0/CapHeight 700/"
		"StemV 80/MissingWidth 500/FontFile 9 0 R>>\nendobj\n");
	pdf_stream(9, "", file, k);
}

/* Its place is on the page, and what is drawn is not. */
static void
drawn_beside(void)
{
	static const int32_t far[] = {0, 31000};

	for (size_t i = 0; i < COUNT(far); i++) {
		start("BT /F 12 Tf 72 800 Td (Til kommunen) Tj ET\n"
		      "BT /G 14 Tf 1 0 0 1 72 500 Tm (Hemmelig) Tj ET\n");
		pdf_begin(1, "");
		put_far_font(far[i]);
		pdf_page(0, A4, content.p);
		pdf_end("");
		read_page(0);
		CHECK(says("Til kommunen"));
		CHECK_MSG(says("Hemmelig") == (i == 0), "%s", h.text.p);
		rh_close(&h);
	}
}

/* -- rubble --------------------------------------------------------------- */

static void
rubble(void)
{
	static const char *const shifted[] = {
	    "9L YLVHU WLO VRNQDGHQ RP WLOVNXGG VRP EOH VHQGW LQQ L JDU",
	    "RJ EHU RP DW NRPPXQHQ LNNH DYJMRU VDNHQ IRU YL KDU VHWW",
	    "GH Q\\H WHJQLQJHQH 'HW HU VDUOLJ DYNMRUVHOHQ WLO YHLHQ VRP"};
	static const char *const mojibake[] = {
	    "Vi viser til sÃ\xc2\xb8knaden som ble sendt inn i gÃ\xc2\xa5r",
	    "mÃ\xc2\xa5 vurderes pÃ\xc2\xa5 nytt fordi sikten er "
	    "dÃ\xc2\xa5rlig"};
	const struct {
		const char *const *text;
		size_t n;
	} t[] = {{shifted, COUNT(shifted)}, {lost, COUNT(lost)},
	    {mojibake, COUNT(mojibake)}, {norwegian, COUNT(norwegian)}};
	for (size_t i = 0; i < COUNT(t); i++) {
		start("");
		lines("", t[i].text, t[i].n, FIRST);
		pdf_begin(1, "");
		pdf_page(0, A4, content.p);
		pdf_end("");
		read_page(0);
		CHECK((h.images == 1) == (i < 3));
		CHECK(rh_noted(&h, "text_unreadable") == (i < 3));
		rh_close(&h);
	}
}

/* -- pictures beside text -------------------------------------------------- */

static void
picture_beside(void)
{
	start("");
	lines("", norwegian, 6, FIRST);
	more("q 300 0 0 300 72 100 cm /I Do Q");
	pdf_begin(1, "");
	put_scan(30, 72);
	pdf_page(0, A4, content.p);
	pdf_end("");
	read_page(0);
	CHECK(h.images == 1 && h.besides == 1 && h.words > 50);
	CHECK(rh_noted(&h, "image_beside_text"));
	CHECK(h.image.dpi >= 150 && h.image.rotate == 0);
	/* a bar of the picture; nothing of the letters above it */
	CHECK(is_dark(72 + 300.0 * 200 / 595, 442 + 300 * 78.5 / 842));
	for (int y = 60; y < 300; y += 3)
		for (int x = 72; x < 400; x += 3)
			CHECK(!is_dark(x, y));
	/* a host that would drop the text gets none of it */
	h.host.size = offsetof(struct sluse_reader_host, image_beside);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK && h.images == 0 && h.words > 50);
	h.host.size = sizeof(h.host);
	/* and one that takes no picture keeps the text */
	h.refuse_image = 1;
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK && h.words > 50);
	CHECK(rh_noted(&h, "image_not_read"));
	h.refuse_image = 0;
	rh_close(&h);
}

/* A logo is not looked at. */
static void
logo_beside(void)
{
	start("");
	lines("", norwegian, 6, FIRST);
	more("q 100 0 0 60 400 770 cm /I Do Q");
	pdf_begin(1, "");
	put_scan(30, 72);
	pdf_page(0, A4, content.p);
	pdf_end("");
	read_page(0);
	CHECK(h.images == 0 && h.words > 50);
	rh_close(&h);
}

/* One font's letters have no meaning: they are a picture, the rest is text. */
static void
mute_words(void)
{
	static const char cmap[] =
	    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
	    "/CMapName /X def 1 begincodespacerange <00> <ff> "
	    "endcodespacerange\n1 beginbfrange <20> <7e> <e020> endbfrange\n"
	    "endcmap end end";
	start("");
	lines("", norwegian, 6, FIRST);
	more("BT /G 12 Tf 72 500 Td (Klage over vedtak) Tj ET");
	pdf_begin(1, "");
	pdf_obj(7);
	pdf_put("<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/ToUnicode "
		"8 0 R>>\nendobj\n");
	pdf_stream(8, "", cmap, sizeof(cmap) - 1);
	pdf_page(0, A4, content.p);
	pdf_end("");
	read_page(0);
	CHECK(h.besides == 1 && h.words > 50 && !says("\xee\x81"));
	rh_close(&h);
}

/* -- annotations and fields ------------------------------------------------ */

#define NOTE(sub, more) "<</Subtype/" sub "/Rect[72 600 172 650]" more ">>"

static void
annotations(void)
{
	pdf_begin(1, "");
	pdf_page(0,
	    A4 "/Annots[" NOTE("Text", "/Contents(Se p\\345 dette f\\370rst)")
		NOTE("FreeText", "/Contents(Lest av  Per)")
		    NOTE("Stamp", "/Contents<FEFF004D006F0074007400610074>")
			NOTE("Text", "/F 2/Contents(Hemmelig)")
			    NOTE("Popup", "/Contents(Sprettopp)") "]",
	    "BT /F 12 Tf 72 800 Td (Til kommunen) Tj ET");
	pdf_end("");
	read_page(0);
	CHECK(strcmp(h.text.p,
		  "Til kommunen\n\nLest av Per\n\nSe p\xc3\xa5 dette "
		  "f\xc3\xb8rst\n\nMottat\n") == 0);
	CHECK(h.words == 10 && h.word[5].x0 > 71 && h.word[5].x0 < 73 &&
	      h.word[5].y0 > 191 && h.word[5].y1 < 243);
	CHECK(rh_noted(&h, "hidden_annotation"));
	CHECK(rh_parts(&h) == SLUSE_READ_OK);
	CHECK(strcmp(rh_detail(&h, "annotations"), "5") == 0);
	rh_close(&h);
}

#define WIDGET(more) "<</Subtype/Widget/Rect[72 600 172 650]" more ">>"

static void
fields(void)
{
	pdf_begin(1, "/AcroForm<</Fields[5 0 R]>>");
	pdf_obj(5);
	pdf_put("<</T(soker)/FT/Tx/V(Kari)/Kids[6 0 R]>>\nendobj\n");
	pdf_obj(6);
	pdf_put(WIDGET("/T(navn)/Parent 5 0 R") "\nendobj\n");
	pdf_page(0,
	    A4 "/Annots[6 0 R" WIDGET("/FT/Tx/T(a)/TU(Fullt navn)/V(Per)")
		WIDGET("/FT/Tx/T(b)/Ff 8192/V(hysj)")
		    WIDGET("/FT/Btn/T(samtykke)/AS/Ja/V/Ja")
			WIDGET("/FT/Btn/T(nei)/AS/Off")
			    WIDGET("/FT/Btn/T(send)/Ff 65536/V/X")
				WIDGET("/FT/Ch/T(skole)/V[(Nord)(Sør)]")
				    WIDGET("/FT/Tx/T(tom)/V()")
					WIDGET("/FT/Sig/T(s)") "]",
	    "");
	pdf_end("");
	read_page(0);
	CHECK(says("soker.navn: Kari\n") && says("Fullt navn: Per\n"));
	CHECK(says("samtykke: Ja\n") && says("skole: Nord\n"));
	CHECK(!says("hysj") && !says("nei") && !says("send") && !says("tom"));
	CHECK(h.blanks == 0 && h.images == 0);
	rh_close(&h);
	/* a field tree that bites its tail costs the fields */
	pdf_begin(1, "");
	pdf_obj(5);
	pdf_put(WIDGET("/T(x)/Parent 5 0 R") "\nendobj\n");
	pdf_page(
	    0, A4 "/Annots[5 0 R 5 0 R]", "BT /F 12 Tf 72 700 Td (Hei) Tj ET");
	pdf_end("");
	read_page(0);
	CHECK(h.words == 1 && rh_noted(&h, "annotations_cut"));
	rh_close(&h);
}

/* What people wrote onto a scan comes with the scan. */
static void
annotated_scan(void)
{
	pdf_begin(1, "");
	put_scan(6, 72);
	pdf_page(
	    0, A4 "/Annots[" NOTE("Text", "/Contents(Ring meg)") "]", SCAN);
	pdf_end("");
	read_page(0);
	CHECK(h.images == 1 && h.besides == 1 && says("Ring meg"));
	rh_close(&h);
}

/* -- the whole document ------------------------------------------------------
 */

static void
remarks(void)
{
	pdf_begin(4, "/OpenAction<</S/Launch/F(x.exe)>>"
		     "/OCProperties<</OCGs[8 0 R]/D<</OFF[8 0 R]>>>>"
		     "/Collection<<>>");
	pdf_obj(8);
	pdf_put("<</Type/OCG/Name(Skjult)>>\nendobj\n");
	pdf_page(0,
	    A4 "/Annots[<</Subtype/Link/A<</S/URI/URI(http://x)/Next"
	       "<</S/JavaScript>>>>>>]/Resources<</Properties<</L 8 0 R>>"
	       "/Font<</F 3 0 R>>>>",
	    "/OC /L BDC BT /F 12 Tf 72 700 Td (I et lag) Tj ET EMC "
	    "BT /F 12 Tf 72 600 Td (P\\345 siden) Tj ET");
	pdf_page(1, "/MediaBox[0 0 842 1191]/Rotate 90", "");
	pdf_page(2, A4 "/CropBox[0 0 300 842]", "");
	pdf_page(3, "/MediaBox[0 0 300 300]/UserUnit 2", "");
	pdf_end("");
	CHECK(open_made() == SLUSE_READ_OK);
	CHECK(rh_parts(&h) == SLUSE_READ_OK);
	CHECK(strcmp(rh_detail(&h, "page_sizes"),
		  "1 A4, 1 A3, 1 106x297 mm, 1 212x212 mm") == 0);
	CHECK(strcmp(rh_detail(&h, "page_turned"), "1 pages") == 0);
	CHECK(rh_noted(&h, "page_cropped") && rh_noted(&h, "user_unit"));
	CHECK(strcmp(rh_detail(&h, "launch_action"), "1") == 0);
	CHECK(strcmp(rh_detail(&h, "external_link"),
		  "1 to the net, 0 to files, 0 of forms") == 0);
	CHECK(rh_noted(&h, "has_javascript") && rh_noted(&h, "hidden_layer"));
	CHECK(strcmp(rh_detail(&h, "portfolio"), "4 pages are its cover") == 0);
	CHECK(rh_page(&h, 0) == SLUSE_READ_OK);
	CHECK(says("P\xc3\xa5 siden") && !says("lag"));
	CHECK(rh_page(&h, 3) == SLUSE_READ_OK && h.width > 599);
	rh_close(&h);
}

/* Adobe's page in the stead of a form: not a document that says "wait". */
static void
form_shell(void)
{
	static const char *const said[] = {
	    "BT /F 12 Tf 72 700 Td (Please wait... If this message is not "
	    "eventually replaced) Tj ET",
	    "BT /F 12 Tf 72 700 Td (Soknad om plass) Tj ET"};
	uint32_t n = 7;

	for (int i = 0; i < 2; i++) {
		pdf_begin(1, "/AcroForm<</Fields[]/XFA[(a)9 0 R]>>");
		pdf_stream(9, "", "<xdp/>", 6);
		pdf_page(0, A4, said[i]);
		pdf_end("");
		CHECK(open_made() == SLUSE_READ_OK);
		CHECK(rh_count(&h, &n) ==
		      (i ? SLUSE_READ_OK : SLUSE_READ_UNSUPPORTED));
		CHECK(rh_parts(&h) == SLUSE_READ_OK);
		CHECK(rh_noted(&h, "xfa_shell") == (i == 0));
		CHECK(rh_noted(&h, "has_xfa") == (i == 1));
		rh_close(&h);
	}
}

/* Boxes that make no sense do not make a page empty. */
static void
senseless_boxes(void)
{
	static const char *const box[] = {"/MediaBox[0 0 0 0]",
	    "/MediaBox[0 0]", A4 "/CropBox[900 900 950 950]",
	    A4 "/CropBox[0 0 0 0]"};

	for (size_t i = 0; i < COUNT(box); i++) {
		pdf_begin(1, "");
		pdf_page(0, box[i], "BT /F 12 Tf 72 700 Td (Hei) Tj ET");
		pdf_end("");
		read_page(0);
		CHECK(h.words == 1);
		rh_close(&h);
	}
}

static const struct test_case cases[] = {
    {"pdf: good text under a scan is kept", layer_kept},
    {"pdf: what it leaves out is recognised", layer_and_stamp},
    {"pdf: bad text under a scan is not", layer_dropped},
    {"pdf: text that nobody sees", hidden_text},
    {"pdf: a font that draws beside its place", drawn_beside},
    {"pdf: rubble is recognised from its look", rubble},
    {"pdf: a picture beside text", picture_beside},
    {"pdf: a logo beside text", logo_beside},
    {"pdf: words without meaning beside text", mute_words},
    {"pdf: annotations", annotations},
    {"pdf: form fields", fields},
    {"pdf: annotations on a scan", annotated_scan},
    {"pdf: remarks on the document", remarks},
    {"pdf: a form that is elsewhere", form_shell},
    {"pdf: senseless boxes", senseless_boxes},
};

int
main(int argc, char **argv)
{
	rh_load(&h, READERS "pdf.so");
	return test_run(cases, COUNT(cases), argc, argv);
}
