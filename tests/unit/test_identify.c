/*
 * Kinds of files: what libmagic knows, and what had to be mended.
 */
#include "../../daemon/identify/identify.h"
#include "../../daemon/identify/mend.h"

#include <stdlib.h>
#include <time.h>

#include "../../daemon/base/buf.h"
#include "../../daemon/base/mem.h"
#include "make_archive.h"
#include "test.h"

static struct sl_identity
identify(const void *p, size_t n, const char *name, const char *declared)
{
	SL_CLOSE int fd = make_fd(p, n);
	struct sl_extent x = {.fd = fd, .size = n};
	struct sl_identity id;

	CHECK(sl_identify(&x, name, declared, &id, NULL) == SL_OK);
	return id;
}

static const char mail[] =
    "Received: from a by b; Mon, 2 Mar 2026\r\n"
    "From: A <a@example.no>\r\nTo: b@example.no\r\nSubject: Klage\r\n"
    "\tp\xC3\xA5 vedtak\r\nMessage-ID: <1@example.no>\r\n\r\nHei\r\n";

static void
kinds(void)
{
#define TEXT(s) s, sizeof(s) - 1
	static const struct {
		const char *p;
		size_t n;
		const char *name, *mime, *warnings;
		enum sl_basis basis;
	} cases[] = {
	    {TEXT("Til kommunen\n\nHei.\n"), "brev.txt", "text/plain", "",
		SL_BASIS_TEXT},
	    {TEXT("S\x9Bknad om skjenkebevilling\r\n"), "brev.txt",
		"text/plain", "", SL_BASIS_TEXT},
	    {TEXT("S\xF8knad om l\xF8yve\r\n"), "brev.txt", "text/plain", "",
		SL_BASIS_TEXT},
	    {TEXT("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), "a.pdf",
		"application/pdf", "", SL_BASIS_SIGNATURE},
	    {TEXT("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), "a.txt",
		"application/pdf", "type_contradiction,extension_mismatch",
		SL_BASIS_SIGNATURE},
	    {TEXT("some junk\n\x01\x02\n%PDF-1.4\n1 0 obj\n"), "a.pdf",
		"application/pdf", "prefixed", SL_BASIS_SIGNATURE},
	    {TEXT("A PDF begins with\n%PDF-1.4\nand goes on.\n"), "a.txt",
		"text/plain", "", SL_BASIS_TEXT},
	    {TEXT(mail), "a.eml", "message/rfc822", "", SL_BASIS_SIGNATURE},
	    {TEXT(mail), "a.pdf", "message/rfc822", "extension_mismatch",
		SL_BASIS_SIGNATURE},
	    {TEXT("MIME-Version: 1.0\nX-Sak: 3\nFrom: a\nTo: b\n\nHei\n"),
		"uten-endelse", "message/rfc822", "", SL_BASIS_TEXT},
	    {TEXT("From a@b Sat Mar 14 10:00:00 2026\nMIME-Version: 1.0\n"
		  "From: a\nTo: b\n\nHei\n"),
		"a.mbox", "application/mbox", "", SL_BASIS_EXTENSION},
	    {TEXT("From Kari\nMIME-Version: 1.0\nFrom: a\nTo: b\n\nHei\n"),
		"a.txt", "text/plain", "", SL_BASIS_TEXT},
	    {TEXT("Dato: 1.3.2026\nFra: Kari\nTil: Ola\n\nHei\n"), "a.txt",
		"text/plain", "", SL_BASIS_TEXT},
	    {TEXT("Subject: nothing\nDate: today\n\nHei\n"), "a.txt",
		"text/plain", "", SL_BASIS_TEXT},
	    {TEXT("a;b;c\n1;2;3\n4;5;6\n"), "a.csv", "text/csv", "",
		SL_BASIS_EXTENSION},
	    {TEXT("<!DOCTYPE html><html><body>Hei</body></html>"), "a.html",
		"text/html", "", SL_BASIS_SIGNATURE},
	    {TEXT("\xFF\xD8\xFF\xE0\0\20JFIF\0\1\1\0\0\1\0\1\0\0"), "a.jpg",
		"image/jpeg", "", SL_BASIS_SIGNATURE},
	    {TEXT("\xFF\xD8\xFF\xE0\0\20JFIF\0\1\1\0\0\1\0\1\0\0"),
		"brev.pdf.exe", "image/jpeg", "extension_mismatch",
		SL_BASIS_SIGNATURE},
	    {TEXT("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0"),
		"a.zip", "application/pkcs7-mime", "extension_mismatch",
		SL_BASIS_SIGNATURE},
	    {TEXT("\x30\x82\1\0\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09"
		  "\x10\x01\x17"),
		"smime.p7m", "application/pkcs7-mime", "", SL_BASIS_SIGNATURE},
	    {TEXT("\x30\x82\1\0\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
		"signed.p7m", "application/pkcs7-signature", "",
		SL_BASIS_SIGNATURE},
	    {TEXT("II*\0\10\0\0\0\0\0\0\0\0\0"), "a.tif", "image/tiff", "",
		SL_BASIS_SIGNATURE},
	    {TEXT("\x93\x01\x02\x03\x04\x00\x99"), "a.bin",
		"application/octet-stream", "", SL_BASIS_EXTENSION},
	    {TEXT("\x93\x01\x02\x03\x04\x00\x99"), "a.pdf",
		"application/octet-stream", "extension_mismatch",
		SL_BASIS_NONE},
	/* signed; encrypted, to be ended */
#define CMS_OID "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07"
#define FILL "\xA0\x82\2\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    {TEXT("\x30\x82\x05\x01" CMS_OID "\2" FILL), "brev.p7m",
		"application/pkcs7-signature", "", SL_BASIS_SIGNATURE},
	    {TEXT("\x30\x80" CMS_OID "\3" FILL), "brev.p7m",
		"application/pkcs7-mime", "", SL_BASIS_SIGNATURE},
	    {TEXT(""), "a.pdf", "inode/x-empty", "", SL_BASIS_SIGNATURE},
	};
	size_t i;

	CHECK(!sl_looks_cms(TEXT("\x30\x80" CMS_OID "\5" FILL)));
	CHECK(sl_looks_envelope(TEXT("\x30\x80" CMS_OID "\3" FILL)));
	CHECK(!sl_looks_envelope(TEXT("\x30\x80" CMS_OID "\6" FILL)));
	CHECK_STR(sl_looks_cms(TEXT("\x30\x80" CMS_OID "\6" FILL)),
	    "application/pkcs7-mime");
	CHECK(!sl_looks_cms(TEXT("\x30\x80" CMS_OID)));
	CHECK(!sl_looks_cms(TEXT("\x30\xFF" CMS_OID "\3" FILL)));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sl_identity id =
		    identify(cases[i].p, cases[i].n, cases[i].name, NULL);

		CHECK_STR(id.mime, cases[i].mime);
		CHECK_STR(id.warnings, cases[i].warnings);
		CHECK_MSG(id.basis == cases[i].basis, "%s is %s by %d",
		    cases[i].name, id.mime, id.basis);
		CHECK(id.format[0] != '\0' || id.basis == SL_BASIS_NONE);
	}
}

/* PRONOM's identifiers beside the types: where they come from, and what is said
 * where the two cannot both be right. */
static void
formats(void)
{
#define PDF_HEAD "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"
	static const struct {
		const char *p;
		size_t n;
		const char *name, *puid, *format, *warnings;
		enum sl_basis basis;
	} cases[] = {
	    {TEXT(PDF_HEAD "%%EOF\n"), "a.pdf", "fmt/18",
		"Acrobat PDF 1.4 - Portable Document Format 1.4", "",
		SL_BASIS_SIGNATURE},
	    /* cut off: PRONOM asks for the end, so only its type is known */
	    {TEXT(PDF_HEAD), "a.pdf", "", "PDF document, version 1.4", "",
		SL_BASIS_SIGNATURE},
	    {TEXT("Hei.\n"), "brev", "x-fmt/111", "text, us-ascii", "",
		SL_BASIS_TEXT},
	    {TEXT("S\xF8knad\r\n"), "brev.txt", "x-fmt/111", "text, iso-8859-1",
		"", SL_BASIS_TEXT},
	    {TEXT("a;b;c\n1;2;3\n"), "a.csv", "x-fmt/18",
		"Comma Separated Values", "", SL_BASIS_EXTENSION},
	    {TEXT("<?xml version=\"1.0\"?><a/>"), "a.xml", "fmt/101",
		"Extensible Markup Language 1.0", "", SL_BASIS_SIGNATURE},
	    /* a picture called a table */
	    {TEXT("\xFF\xD8\xFF\xE0\0\20JFIF\0\1\1\0\0\1\0\1\0\0"), "a.csv", "",
		"JPEG image data, JFIF standard 1.01, aspect ratio, "
		"density 1x1, segment length 16",
		"type_contradiction,extension_mismatch", SL_BASIS_SIGNATURE},
	    {TEXT("\x93\x01\x02\x03\x04\x00\x99"), "a", "", "data", "",
		SL_BASIS_NONE},
	};
	size_t i;

	CHECK_STR(sl_identify_table(), "118/37");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sl_identity id =
		    identify(cases[i].p, cases[i].n, cases[i].name, NULL);

		CHECK_STR(id.puid, cases[i].puid);
		CHECK_STR(id.format, cases[i].format);
		CHECK_STR(id.warnings, cases[i].warnings);
		CHECK_MSG(id.basis == cases[i].basis, "%s is %s by %d",
		    cases[i].name, id.puid, id.basis);
	}
}

/* A format is told by what the windows show, no more is read. */
static void
windows(void)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_identity id;
	size_t i;

	sl_buf_add_str(&b, "%PDF-1.4\n\1");
	for (i = 0; i < 20000; i++)
		sl_buf_add_char(&b, '\1');
	sl_buf_add_str(&b, "%%EOF");
	for (i = 0; i < 900; i++)
		sl_buf_add_char(&b, '\n');
	id = identify(b.p, b.n, "a.pdf", NULL);
	CHECK_STR(id.puid, "fmt/18");
	sl_identify_windows(8192, 500);
	id = identify(b.p, b.n, "a.pdf", NULL);
	CHECK_STR(id.puid, "");
	sl_identify_windows(8192, 1000);
	id = identify(b.p, b.n, "a.pdf", NULL);
	CHECK_STR(id.puid, "fmt/18");
	CHECK_STR(id.warnings, "partly_looked_at"); /* it may be a PDF/A */
	sl_identify_windows(0, 0);
}

/* Zips by what lies in them, however their members are ordered. */
static void
zips(void)
{
#define M(s)                                                                   \
	{                                                                      \
		.name = s, .data = "x", .n = 1                                 \
	}
#define MIME(s)                                                                \
	{                                                                      \
		.name = "mimetype", .data = s, .n = sizeof(s) - 1              \
	}
#define OOXML "application/vnd.openxmlformats-officedocument."
	static const struct {
		struct zip_member m[4];
		const char *name, *mime, *warnings;
	} cases[] = {
	    {{M("brev.txt")}, "a.zip", "application/zip", ""},
	    {{M("word/document.xml"), M("[Content_Types].xml")}, "a.docx",
		OOXML "wordprocessingml.document", ""},
	    {{M("[Content_Types].xml"), M("xl/workbook.xml")}, "a.xlsx",
		OOXML "spreadsheetml.sheet", ""},
	    {{M("docProps/app.xml"), M("ppt/p.xml"), M("[Content_Types].xml")},
		"a.pptx", OOXML "presentationml.presentation", ""},
	    {{M("[Content_Types].xml"), M("word/document.xml"),
		 M("word/vbaProject.bin")},
		"a.docm", "application/vnd.ms-word.document.macroEnabled.12",
		"macro"},
	    {{MIME("application/vnd.oasis.opendocument.text"),
		 M("content.xml")},
		"a.odt", "application/vnd.oasis.opendocument.text", ""},
	    {{M("content.xml"), MIME("application/"
				     "vnd.oasis.opendocument.spreadsheet")},
		"a.ods", "application/vnd.oasis.opendocument.spreadsheet", ""},
	    {{MIME("application/vnd.etsi.asic-e+zip"), M("brev.pdf")},
		"a.asice", "application/vnd.etsi.asic-e+zip", ""},
	    {{M("brev.pdf"), M("META-INF/signatures0.xml"),
		 M("META-INF/asicmanifest.xml")},
		"a.zip", "application/vnd.etsi.asic-e+zip", ""},
	    {{MIME("application/x-evil; rm -rf"), M("brev.pdf")}, "a.zip",
		"application/zip", ""},
	    {{M("[Content_Types].xml"), M("word/document.xml")}, "a.pdf",
		OOXML "wordprocessingml.document", "extension_mismatch"},
	};
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SL_BUF struct sl_buf z = {0};
		struct sl_identity id;

		for (n = 0; n < 4 && cases[i].m[n].name != NULL; n++)
			;
		make_zip(&z, cases[i].m, n, NULL);
		id = identify(z.p, z.n, cases[i].name, NULL);
		CHECK_STR(id.mime, cases[i].mime);
		CHECK_STR(id.warnings, cases[i].warnings);
	}
}

static void
polyglots(void)
{
	static const struct zip_member m = M("brev.txt");
	SL_BUF struct sl_buf exe = {0}, jpg = {0}, junk = {0};
	struct sl_identity id;

	sl_buf_add(&jpg, "\xFF\xD8\xFF\xE0\0\20JFIF\0\1\1\0\0\1\0\1\0\0", 20);
	make_zip(&jpg, &m, 1, NULL);
	id = identify(jpg.p, jpg.n, "a.jpg", NULL);
	CHECK_STR(id.mime, "image/jpeg");
	CHECK_STR(id.warnings, "polyglot");
	sl_buf_add(&junk, "\1\2\3\0junk\0\xFF\xFE\0\0", 13);
	make_zip(&junk, &m, 1, NULL);
	id = identify(junk.p, junk.n, "a.zip", NULL);
	CHECK_STR(id.mime, "application/zip");
	CHECK_STR(id.warnings, "prefixed");
	sl_buf_add(&exe, "MZ\x90\0\3\0\0\0\4\0\0\0\xFF\xFF", 14);
	make_zip(&exe, &m, 1, NULL);
	id = identify(exe.p, exe.n, "a.zip", NULL);
	CHECK_STR(id.mime, "application/zip");
}

static void
archives(void)
{
	SL_BUF struct sl_buf t = {0}, z = {0};
	struct sl_identity id;

	make_tar(&t, "a", '0', NULL, 1, "x", 1);
	make_tar_end(&t);
	id = identify(t.p, t.n, "a.tar", NULL);
	CHECK_STR(id.mime, "application/x-tar");
	make_gzip(&z, NULL, t.p, t.n);
	id = identify(z.p, z.n, "a.tgz", NULL);
	CHECK_STR(id.mime, "application/gzip");
	CHECK_STR(id.warnings, "");
}

/* What a mail says of its parts counts between kinds of text only. */
static void
declared(void)
{
	static const char text[] = "Hei <b>du</b>\n";
	static const char pdf[] = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n";
	struct sl_identity id;

	id = identify(text, sizeof(text) - 1, "", "text/html");
	CHECK_STR(id.mime, "text/html");
	CHECK_STR(id.charset, "utf-8");
	id = identify(text, sizeof(text) - 1, "x", "message/rfc822");
	CHECK_STR(id.mime, "message/rfc822");
	id = identify(text, sizeof(text) - 1, "x", "image/png");
	CHECK_STR(id.mime, "text/plain");
	id = identify(pdf, sizeof(pdf) - 1, "x", "text/html");
	CHECK_STR(id.mime, "application/pdf");
	id = identify("\x93\1\2\0\x99", 5, "", "text/plain");
	CHECK_STR(id.mime, "application/octet-stream");
}

/* What libmagic has other names for: a mail all the same. */
static void
mails(void)
{
#define REST                                                                   \
	"Subject: Innsyn\nFrom: Kari <kari@example.no>\n"                      \
	"Date: Mon, 2 Nov 2026 10:00:01 +0100\nMessage-ID: <1@example.no>\n"
	static const char *const t[] = {
	    "Path: news.example.no!not-for-mail\nNewsgroups: no.test\n" REST
	    "\nHei\n",
	    "Xref: example no.test:1\n" REST "\nHei p\xC3\xA5 deg\n",
	    REST "\n(This file must be converted with BinHex 4.0)\n\n"
		 ":$f*TEQKPH#jdH(4ZC'8!N!TM8&4`8P0028e5)!N!!!\"#\n:\n",
	};
	struct sl_identity id;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		id = identify(t[i], strlen(t[i]), "a.eml", NULL);
		CHECK_STR(id.mime, "message/rfc822");
		CHECK_STR(id.charset, "");
		CHECK_STR(id.warnings, "");
	}
}

/* Every prefix of everything: no crash, always a type. */
static void
prefixes(void)
{
	static const struct zip_member m[] = {M("[Content_Types].xml"),
	    M("word/document.xml"), MIME("application/epub+zip")};
	SL_BUF struct sl_buf z = {0};
	struct sl_identity id;
	size_t n;

	make_zip(&z, m, 3, "comment");
	for (n = 0; n < z.n; n++) {
		id = identify(z.p, n, "a.docx", NULL);
		CHECK(strchr(id.mime, '/') != NULL);
	}
}

static void
large(void)
{
	size_t n = 30 << 20;
	char *p = malloc(n);
	struct sl_identity id;
	clock_t t;

	memset(p, 'A', n);
	t = clock();
	id = identify(p, n, "a.txt", NULL);
	CHECK((clock() - t) / (double)CLOCKS_PER_SEC < 1.0);
	CHECK_STR(id.mime, "text/plain");
	free(p);
}

/* The last volume of a split zip begins in the middle of a member. */
static void
last_volume(void)
{
	static const struct zip_member m[] = {
	    {.name = "a", .data = "\1\2\377\376\0\5\6", .n = 7}};
	SL_BUF struct sl_buf z = {0};
	struct sl_identity id;

	make_zip(&z, m, 1, NULL);
	z.p[z.n - 18] = z.p[z.n - 16] = 1;
	z.p[z.n - 6] = (char)(z.p[z.n - 6] - 31);
	id = identify(z.p + 31, z.n - 31, "a.zip", "");
	CHECK_STR(id.mime, "application/zip");
}

TEST_MAIN({"kinds", kinds}, {"formats", formats}, {"windows", windows},
    {"zips", zips}, {"polyglots", polyglots}, {"archives", archives},
    {"last_volume", last_volume}, {"declared", declared}, {"mails", mails},
    {"prefixes", prefixes}, {"large", large})
