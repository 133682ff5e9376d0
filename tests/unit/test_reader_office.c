/*
 * The office reader. Its samples are the seeds of fuzz_office, which
 * tests/fuzz/make_office.py makes.
 */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mail_host.h"
#include "test.h"

static const struct sluse_reader *r;

static char in[1 << 20];

static size_t
load_path(const char *path)
{
	FILE *f;
	size_t n;

	if (!r) {
		r = mock_load("office");
		CHECK(r->warm(&mock_host) == 0);
	}
	f = fopen(path, "rbe");
	CHECK(f != NULL);
	n = f ? fread(in, 1, sizeof(in), f) : 0;
	if (f)
		fclose(f);
	return n;
}

static size_t
load(const char *sample)
{
	char path[256];

	snprintf(
	    path, sizeof(path), "tests/fuzz/corpus/office/seed-%s", sample);
	return load_path(path);
}

static struct reading *
rd(const char *sample, size_t cut)
{
	size_t n = load(sample);

	return read_all(r, "", in, cut && cut < n ? cut : n, 64);
}

/* Pages, each ended by \f, and lines that the log must and must not hold. */
static void
is(const char *sample, const char *text, const char *const *lines)
{
	struct reading *d = rd(sample, 0);

	CHECK(d->opened == SLUSE_READ_OK && d->paged == 0 && d->parted == 0);
	CHECK_STR(d->k.text, text);
	for (; lines && *lines; lines++) {
		bool no = **lines == '!';

		if ((strstr(d->k.log, *lines + no) != NULL) == no)
			printf("# %s: %s\n%s", sample, *lines, d->k.log);
		CHECK((strstr(d->k.log, *lines + no) != NULL) != no);
	}
	read_free(d);
}
#define LINES(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

#define WORDS "Søknad om skoleplass på Ås"

static void
letters(void)
{
	is("docx", "Hode\n" WORDS "\nNavn\tOla\nSted\n1\n2\nboks\nNote\n\f",
	    LINES("field title Søknad\n", "field author Kari\n",
		"field subject Emne\n", "field company Testvik\n",
		"field created 2026-01-02T03:04:05Z\n", "note macro",
		"note external_link attachedTemplate\n", "!hyperlink",
		"!part_damaged", "!little_text"));
	is("odt", "Hode\n" WORDS "\na\tb  c\n\f",
	    LINES("field title Brev\n", "field author Kari\n", "note macro"));
	/* a comment without who wrote it and when */
	is("odt-comment", "Viser til brev hvilket?\n av i dag.\n\f", NULL);
	is("doc", WORDS "\nlenke\na\tb\nNote\n\f",
	    LINES("field title Søknad\n"));
	/* what stands for the slide's own, and its number, is not the master's
	 */
	is("ppt-master", "Bilde\nStrand kommune\n\f", NULL);
	is("ppt-master-off", "Bilde\n\f", NULL);
	/* a Russian font alone makes no Russian letter */
	is("doc-95", "Blåbær på tun\n\f", NULL);
	is("doc-95-russisk", "Четыре балла, № 5 til As\n\f", NULL);
	is("rtf", "Søknad а\na\tb\n\U0001F600 sluttlenke\n\f",
	    LINES("field title Søknad\n", "field author Kari\n",
		"field created 2026-01-02T03:04:00\n", "!rtf_truncated"));
	/* what cannot be in a font's page is Windows-1252, \plain ends the
	 * font, half a pair is no character */
	is("rtf-fonts", "アTø аåboksx\uFFFD\n\f", NULL);
}

static void
sheets(void)
{
	is("xlsx",
	    "Søkere\n" WORDS "\triktekst\n2026-01-01 12:00\t2.5\tTRUE\tinne\n"
	    "\fGjemt\n\f",
	    LINES("note hidden_sheet", "note external_link externalLinkPath"));
	is("xls", "Søkere\n" WORDS "\tnei\n2026-01-01 12:00\t2.5\tsum\f", NULL);
	/* a row a million times is said once */
	is("ods", "Ark1\nx\tArk1\n\fArk2\nx\tArk2\n\f", NULL);
	is("pptx", "Første bilde\nNotat\n\fAndre bilde\n\f", NULL);
	is("ppt", "Første bilde\nBoks\n\f", LINES("note macro"));
}

static void
parts(void)
{
	struct reading *d = rd("docx", 0);

	CHECK(d->k.count == 2);
	CHECK_STR(d->k.parts[0].name, "ark.xlsx");
	CHECK_STR(d->k.parts[0].bytes, "PK..");
	/* what the packager wrapped in an OLE object comes out of it */
	CHECK_STR(d->k.parts[1].name, "note.txt");
	CHECK_STR(d->k.parts[1].bytes, "Hallo");
	CHECK(d->k.parts[1].role == SLUSE_PART_ATTACHMENT);
	read_free(d);
	d = rd("rtf", 0);
	CHECK(d->k.count == 1);
	CHECK_STR(d->k.parts[0].name, "a.txt");
	CHECK_STR(d->k.parts[0].bytes, "Hi");
	read_free(d);
	/* in hidden text too */
	d = rd("rtf-fonts", 0);
	CHECK(d->k.count == 1);
	if (d->k.count == 1)
		CHECK_STR(d->k.parts[0].bytes, "Hi");
	read_free(d);
	/* scans pasted into a letter are pages to recognise; a logo is none */
	d = rd("docx-picture", 0);
	CHECK(d->opened == 0 && d->paged == 0 && d->pages == 2);
	CHECK(strstr(d->k.log, "image png 1654x2339\n") != NULL);
	CHECK(strstr(d->k.log, "80x40") == NULL);
	CHECK(strstr(d->k.log, "note little_text") != NULL);
	read_free(d);
}

/* An object in a binary format comes out as a file that reads as any other,
 * once: what lies within it lies within that file. */
static void
object(void)
{
	struct reading *d = rd("doc-object", 0), *inner;

	CHECK(d->opened == 0 && d->parted == 0 && d->k.count == 1);
	if (d->k.count == 1) {
		CHECK(d->k.parts[0].role == SLUSE_PART_ATTACHMENT);
		CHECK_STR(d->k.parts[0].name, "_1");
		inner =
		    read_all(r, "", d->k.parts[0].bytes, d->k.parts[0].n, 64);
		CHECK(inner->opened == 0 && inner->parted == 0);
		CHECK_STR(inner->k.text, d->k.text);
		CHECK(strstr(inner->k.text, WORDS) != NULL);
		CHECK(inner->k.count == 1);
		read_free(inner);
	}
	read_free(d);
}

static void
encrypted(void)
{
	static const char *const samples[] = {"doc-encrypted", "xls-encrypted",
	    "ppt-encrypted", "odt-encrypted", "ooxml-encrypted"};

	for (size_t i = 0; i < 5; i++) {
		struct reading *d = rd(samples[i], 0);

		CHECK(d->opened == SLUSE_READ_ENCRYPTED);
		read_free(d);
	}
}

/* A sample with the second word of the list; the first does not open it. */
static struct reading *
with_word(const char *sample)
{
	struct reading *d;

	mock_passwords[0] = "feil";
	d = rd(sample, 0);
	CHECK(d->opened == SLUSE_READ_ENCRYPTED);
	read_free(d);
	mock_passwords[1] = "påskeegg";
	return rd(sample, 0);
}

/* Made by tests/fuzz/make_office.py from the text of MS-OFFCRYPTO. */
static void
closed(void)
{
	static const char *const samples[] = {
	    "agil-sha512.docx", "agil-sha1.docx", "standard.docx"};
	struct reading *d;

	for (size_t i = 0; i < 3; i++) {
		d = with_word(samples[i]);
		CHECK(d->opened == SLUSE_READ_OK && d->pages == 1);
		CHECK(strstr(d->k.text, WORDS) != NULL);
		CHECK(strstr(d->k.log, "field title Søknad") != NULL);
		CHECK(strstr(d->k.log, "integrity") == NULL);
		read_free(d);
		/* Cut: never taken for whole. */
		d = rd(samples[i], 3000);
		CHECK(d->opened != SLUSE_READ_OK);
		read_free(d);
		mock_passwords[0] = mock_passwords[1] = NULL;
	}
	/* What Excel closes with by itself. */
	d = rd("bare-lest.xlsx", 0);
	CHECK(d->opened == SLUSE_READ_OK);
	read_free(d);
	/* Its checksum is another, or is gone: read, and said. */
	mock_passwords[0] = "påskeegg";
	d = rd("agil-endret.docx", 0);
	CHECK(strstr(d->k.text, WORDS) != NULL);
	CHECK(strstr(d->k.log, "note integrity_broken") != NULL);
	read_free(d);
	d = rd("agil-uten.docx", 0);
	CHECK(strstr(d->k.text, WORDS) != NULL);
	CHECK(strstr(d->k.log, "note integrity_missing") != NULL);
	read_free(d);
	d = rd("for-mange-runder.docx", 0);
	CHECK(d->opened == SLUSE_READ_ENCRYPTED);
	read_free(d);
	d = rd("halv-blokk.docx", 0);
	CHECK(d->opened == SLUSE_READ_DAMAGED);
	read_free(d);
	mock_passwords[0] = NULL;
}

/* Workbooks before 2007; the same maker. */
static void
locked_xls(void)
{
	static const char *const samples[] = {
	    "laast.xls", "laast-40.xls", "laast-128.xls"};
	struct reading *d;

	for (size_t i = 0; i < 3; i++) {
		d = with_word(samples[i]);
		CHECK(d->opened == SLUSE_READ_OK);
		CHECK_STR(d->k.text,
		    "Søkere\n" WORDS "\tnei\n2026-01-01 12:00\t2.5\tsum\f");
		CHECK(strstr(d->k.log, "field title Søknad") != NULL);
		CHECK(strstr(d->k.log, "part_damaged") == NULL);
		read_free(d);
		mock_passwords[0] = mock_passwords[1] = NULL;
	}
	/* What Excel closes with by itself. */
	d = rd("bare-lest.xls", 0);
	CHECK(strstr(d->k.text, WORDS) != NULL);
	read_free(d);
	/* What is open is not closed again by a second lock. */
	d = rd("bare-lest-to.xls", 0);
	CHECK(strstr(d->k.text, WORDS) != NULL);
	CHECK(strstr(d->k.log, "note part_damaged") != NULL);
	read_free(d);
	/* The right one, and what it verifies with is another. */
	mock_passwords[0] = "påskeegg";
	d = rd("laast-uenig.xls", 0);
	CHECK(d->opened == SLUSE_READ_ENCRYPTED);
	read_free(d);
	mock_passwords[0] = NULL;
}

/* OpenDocument; the same maker, from the text of ODF 1.2. */
static void
locked_odf(void)
{
	static const struct {
		const char *sample;
		int opened;
		bool damaged;
	} t[] = {{"odt-laast", SLUSE_READ_OK, false},
	    {"odt-laast-sha1", SLUSE_READ_OK, false},
	    /* one member is not what its checksum says: left out */
	    {"odt-laast-endret", SLUSE_READ_OK, true},
	    /* nothing tells this from another password */
	    {"odt-laast-innhold", SLUSE_READ_ENCRYPTED, false},
	    {"odt-laast-runder", SLUSE_READ_LIMIT, false},
	    {"odt-laast-blowfish", SLUSE_READ_ENCRYPTED, false},
	    {"odt-laast-argon2", SLUSE_READ_ENCRYPTED, false}};
	struct reading *d;
	size_t n;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		mock_passwords[0] = "feil";
		d = rd(t[i].sample, 0);
		CHECK(d->opened == (t[i].opened == SLUSE_READ_LIMIT
					   ? SLUSE_READ_LIMIT
					   : SLUSE_READ_ENCRYPTED));
		read_free(d);
		mock_passwords[1] = "påskeegg";
		d = rd(t[i].sample, 0);
		CHECK_MSG(
		    d->opened == t[i].opened, "%s: %d", t[i].sample, d->opened);
		if (d->opened == SLUSE_READ_OK) {
			CHECK(strstr(d->k.text, WORDS) != NULL);
			CHECK((strstr(d->k.text, "Hode") != NULL) !=
			      t[i].damaged);
			CHECK(strstr(d->k.log, "field title Brev") != NULL);
			CHECK(strstr(d->k.log, "note macro") != NULL);
			CHECK((strstr(d->k.log, "note part_damaged") != NULL) ==
			      t[i].damaged);
		}
		read_free(d);
		mock_passwords[0] = mock_passwords[1] = NULL;
	}
	/* As LibreOffice writes it. */
	n = load_path("tests/data/odt-encrypted.odt");
	d = read_all(r, "", in, n, 64);
	CHECK(d->opened == SLUSE_READ_ENCRYPTED);
	read_free(d);
	mock_passwords[0] = "påskeegg";
	d = read_all(r, "", in, n, 64);
	CHECK(d->opened == SLUSE_READ_OK);
	CHECK_STR(d->k.text, "Søknad om skoleplass på Ås\n"
			     "Vi viser til sak 2026/190.\n\f");
	CHECK(strstr(d->k.log, "part_damaged") == NULL);
	read_free(d);
	mock_passwords[0] = NULL;
}

/* A letter of 6 MB in 17 kB is whole, in pages that the host keeps. */
static void
large(void)
{
	struct reading *d = rd("docx-bomb", 0);

	CHECK(d->opened == 0 && d->pages == 12);
	CHECK(strstr(d->k.log, "text_cut") == NULL);
	read_free(d);
}

static void
damaged(void)
{
	struct reading *d = rd("docx-cut", 0);

	CHECK(d->opened == SLUSE_READ_INCOMPLETE);
	read_free(d);
	d = rd("docx-laughs", 0);
	CHECK(d->opened == SLUSE_READ_DAMAGED);
	read_free(d);
	is("docx-deep", "Hode\nNote\n\f", LINES("note part_damaged"));
	/* no entity is expanded, none is loaded */
	is("docx-entities", "AB\n\f", NULL);
	is("rtf-deep", "x\n\f", LINES("note rtf_truncated"));
	d = rd("xls-loop", 0);
	CHECK(strstr(d->k.log, "note part_damaged") != NULL);
	read_free(d);
}

/* Every sample cut at many places: an answer, and no crash. */
static void
cuts(void)
{
	static const char *const samples[] = {
	    "doc", "xls", "ppt", "docx", "odt", "rtf"};

	for (size_t i = 0; i < 6; i++)
		for (size_t n = 1; n < 10000; n += n < 600 ? 37 : 509)
			read_free(rd(samples[i], n));
}

/* After warm no file is opened: a child that may not open any still reads. */
static void
locked(void)
{
	static const char *const samples[] = {"docx", "xlsx", "doc", "xls",
	    "agil-sha512.docx", "standard.docx", "odt-laast", "laast.xls",
	    "laast-128.xls"};
	pid_t pid;
	int st;

	mock_passwords[0] = "påskeegg";
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		size_t n = load(samples[i]);

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			struct rlimit none = {0, 0};
			struct reading *d;

			setrlimit(RLIMIT_NOFILE, &none);
			d = read_all(r, "", in, n, 64);
			_exit(d->opened != 0 ||
			      strstr(d->k.text, &WORDS[11]) == NULL);
		}
		CHECK(waitpid(pid, &st, 0) == pid && st == 0);
	}
}

TEST_MAIN({"letters", letters}, {"sheets", sheets}, {"parts", parts},
    {"object", object}, {"encrypted", encrypted}, {"closed", closed},
    {"locked_xls", locked_xls}, {"locked_odf", locked_odf}, {"large", large},
    {"damaged", damaged}, {"cuts", cuts}, {"locked", locked})
