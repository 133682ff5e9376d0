/*
 * The readers of Outlook's files and of mbox. The samples are the seeds of the
 * fuzz targets, made by tests/fuzz/make_outlook.py; what is hostile is made
 * here from them.
 */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/read/converters.h"
#include "mail_host.h"
#include "test.h"

#define OUTLOOK "application/vnd.ms-outlook"

struct sample {
	char b[1 << 16];
	size_t n;
};

static void
load(const char *name, struct sample *s)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", name);
	f = fopen(path, "rbe");
	s->n = f ? fread(s->b, 1, sizeof(s->b), f) : 0;
	CHECK_MSG(s->n > 0, "%s", path);
	if (f)
		fclose(f);
}

static struct reading *
rd(const char *reader, const void *p, size_t n)
{
	static const struct sluse_reader *r;
	static const char *last;

	if (!r || strcmp(last, reader) != 0) {
		r = mock_load(reader);
		last = reader;
		CHECK(!r->warm || r->warm(&mock_host) == 0);
	}
	return read_all(r, OUTLOOK, p, n, 20000);
}

static struct reading *
seed(const char *name)
{
	static struct sample s;
	char path[64];

	snprintf(path, sizeof(path), "outlook/seed-%s", name);
	load(path, &s);
	return rd("outlook", s.b, s.n);
}

static void
part_is(struct reading *d, unsigned i, int role, const char *name,
    const char *mime, const char *begins)
{
	CHECK_MSG(i < d->k.count, "%u", i);
	if (i >= d->k.count)
		return;
	CHECK(d->k.parts[i].role == role);
	CHECK(d->k.parts[i].ended == 1);
	CHECK_STR(d->k.parts[i].name, name);
	CHECK_STR(d->k.parts[i].mime, mime);
	CHECK_MSG(d->k.parts[i].n >= strlen(begins) &&
		      !memcmp(d->k.parts[i].bytes ? d->k.parts[i].bytes : "",
			  begins, strlen(begins)),
	    "%u", i);
}

static void
mail(void)
{
	struct reading *d = seed("mail");

	CHECK(d->opened == 0 && d->paged == 0 && d->parted == 0);
	CHECK_STR(d->k.log, "field title Klage på vedtak 2026/211\n"
			    "field correspondent Kåre Ødegård\n"
			    "field correspondent_email kare@x.example\n"
			    "field recipient post@strand.example\n"
			    "field document_date 2026-03-12\n"
			    "field message_id a.b@x.example\n"
			    "field in_reply_to 1@s.example\n"
			    "note mail_linked \nnote mail_html_alternative \n");
	CHECK_STR(d->k.text,
	    "Fra: Kåre Ødegård <kare@x.example>\n"
	    "Til: Postmottak <post@strand.example>\n"
	    "Kopi: Ola Åsen <ola@y.example>\nDato: 2026-03-12 09:45\n"
	    "Emne: SV: Klage på vedtak 2026/211\n"
	    "Vedlegg: brev.pdf, kart.png, Indre- sak 1-2.msg, Tegning, "
	    "stor.zip\n\nHei på deg\n\n\f");
	CHECK(d->k.count == 10);
	part_is(d, 0, SLUSE_PART_BODY, "", "text/plain", "Hei på deg\n");
	part_is(d, 1, SLUSE_PART_BODY, "", "text/html", "<p>Hei <img");
	part_is(d, 2, SLUSE_PART_ATTACHMENT, "brev.pdf", "application/pdf",
	    "%PDF-1.4 \xE5");
	CHECK(d->k.count > 2 && d->k.parts[2].n == 5000);
	part_is(d, 3, SLUSE_PART_INLINE, "logo.png", "image/png", "PNG");
	part_is(d, 4, SLUSE_PART_INLINE, "skjult.png", "", "PNG2");
	part_is(d, 5, SLUSE_PART_ATTACHMENT, "kart.png", "", "PNG3");
	part_is(d, 6, SLUSE_PART_ATTACHMENT, "Indre- sak 1-2.msg", OUTLOOK,
	    "\xD0\xCF\x11\xE0");
	part_is(d, 7, SLUSE_PART_ATTACHMENT, "Tegning", "", "\xD0\xCF\x11\xE0");
	part_is(d, 8, SLUSE_PART_SKIPPED, "stor.zip", "", "");
	part_is(d, 9, SLUSE_PART_ATTACHMENT, "", "", "navnløs");
	read_free(d);
}

/* A message inside comes out as a file that reads like any other. */
static void
inner(void)
{
	struct reading *d = seed("mail"), *in;

	if (d->k.count > 6) {
		in = rd("outlook", d->k.parts[6].bytes, d->k.parts[6].n);
		CHECK(in->opened == 0 && in->parted == 0);
		CHECK_STR(in->k.log, "field title Indre\n"
				     "field correspondent Inger\n"
				     "field recipient post@strand.example\n"
				     "field document_date 2026-03-12\n");
		CHECK(in->k.count == 2);
		part_is(in, 0, SLUSE_PART_BODY, "", "text/plain", "indre");
		part_is(in, 1, SLUSE_PART_ATTACHMENT, "dypt.txt", "", "dypt");
		read_free(in);
		/* the drawing is an OLE2 file, but no message */
		in = rd("outlook", d->k.parts[7].bytes, d->k.parts[7].n);
		CHECK(in->opened == SLUSE_READ_UNSUPPORTED);
		CHECK(memmem(d->k.parts[7].bytes, d->k.parts[7].n,
			  "tegningtegning", 14) != NULL);
		read_free(in);
	}
	read_free(d);
}

static void
bodies(void)
{
	static const struct {
		const char *seed, *text, *mime;
	} rows[] = {
	    {"ansi", "\nBlåbær & mer\n", "text/html"},
	    {"rtf", "\nSøknad om båtplass\nМосква €— slutt\n", "text/rtf"},
	    {"rtf-text", "\nlinje én\nlinje to\n", "text/plain"},
	    {"tnef-mail", "\nSøknad om båtplass\n", "text/rtf"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reading *d = seed(rows[i].seed);

		CHECK(d->opened == 0 && d->parted == 0 && d->pages == 1);
		CHECK_MSG(strstr(d->k.text, rows[i].text), "%s\n%s",
		    rows[i].seed, d->k.text);
		CHECK(!strstr(d->k.text, "Skjult"));
		CHECK(d->k.count > 0 && d->k.parts[0].role == SLUSE_PART_BODY);
		CHECK_STR(d->k.parts[0].mime, rows[i].mime);
		read_free(d);
	}
	/* only the message says what its HTML is written in */
	struct reading *d = seed("html-page");

	part_is(d, 0, SLUSE_PART_BODY, "", "text/html", "<p>шостий");
	CHECK(strstr(d->k.text, "\nшостий\n") != NULL);
	read_free(d);
}

static void
facts(void)
{
	static const char *const rows[][2] = {
	    {"ansi", "field title Søknad om båtplass\n"},
	    {"ansi", "field correspondent Kåre Ødegård\n"},
	    {"ansi", "field document_date 2026-03-12\n"},
	    {"locale", "field title Москва\n"},
	    {"exchange", "field correspondent Kari\n"
			 "field correspondent_email kari@x.example\n"},
	    {"draft", "field title Kladd\nnote mail_unsent \n"},
	    {"meeting", "note mail_class IPM.Appointment\n"},
	    {"signed", "note mail_signed \n"},
	    {"signed-clear", "note mail_signed \n"},
	    {"encrypted", "note mail_encrypted \n"},
	    {"pgp", "note mail_encrypted \n"},
	    {"tnef-mail", "field title Møte i morgen\nfield correspondent Kåre"
			  "\nfield correspondent_email kare@x.example\n"
			  "field recipient ola@y.example\n"
			  "field document_date 2026-03-12\n"
			  "field message_id t@x.example\n"},
	    {"tnef-cut", "note mail_truncated \n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reading *d = seed(rows[i][0]);

		CHECK(d->opened == 0);
		CHECK_MSG(strstr(d->k.log, rows[i][1]), "%s:\n%s", rows[i][0],
		    d->k.log);
		read_free(d);
	}
	struct reading *d = seed("office");
	CHECK(d->opened == SLUSE_READ_UNSUPPORTED);
	read_free(d);
	/* what is signed in the clear is mail again */
	d = seed("signed-clear");
	part_is(d, 0, SLUSE_PART_ATTACHMENT, "smime.p7m", "message/rfc822",
	    "Content-Type");
	read_free(d);
}

static void
winmail(void)
{
	struct reading *d = seed("tnef-files"), *in;

	CHECK(d->opened == 0 && d->parted == 0 && d->pages == 0);
	CHECK(d->k.count == 3);
	part_is(d, 0, SLUSE_PART_BODY, "", "text/plain", "blå");
	part_is(d, 1, SLUSE_PART_ATTACHMENT, "blå bær.txt", "", "innhold");
	part_is(d, 2, SLUSE_PART_ATTACHMENT, "Indre.dat",
	    "application/vnd.ms-tnef", "\x78\x9F\x3E\x22");
	if (d->k.count > 2) {
		in = rd("outlook", d->k.parts[2].bytes, d->k.parts[2].n);
		CHECK(in->opened == 0 && in->pages == 1);
		CHECK(strstr(in->k.log, "field title Indre\n"));
		read_free(in);
	}
	read_free(d);
	d = seed("tnef-cut");
	CHECK(d->parted == SLUSE_READ_INCOMPLETE);
	part_is(d, 0, SLUSE_PART_ATTACHMENT, "", "", "inn");
	read_free(d);
}

static void
put32(struct sample *s, size_t at, unsigned v)
{
	for (unsigned i = 0; i < 4; i++)
		s->b[at + i] = (char)(v >> 8 * i);
}

static unsigned
get32(const struct sample *s, size_t at)
{
	unsigned v = 0;

	for (unsigned i = 4; i-- > 0;)
		v = v << 8 | (unsigned char)s->b[at + i];
	return v;
}

/* Every chain runs in a circle, every size is a lie, the end is missing. */
static void
hostile(void)
{
	static struct sample s;
	struct rlimit cpu = {10, 10};
	size_t fat, dir;
	int st = -1;
	pid_t pid;

	load("outlook/seed-mail", &s);
	fat = (get32(&s, 76) + 1) * 512;
	dir = (get32(&s, 48) + 1) * 512;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct reading *d;
		int bad = 0;

		setrlimit(RLIMIT_CPU, &cpu);
		for (size_t cut = 0; cut < s.n; cut += 97) {
			d = rd("outlook", s.b, cut);
			bad +=
			    d->opened == 0 && d->parted == 0 && cut + 600 < s.n;
			read_free(d);
		}
		for (unsigned i = 0; i < 128; i++)
			put32(&s, fat + 4 * i, i);
		d = rd("outlook", s.b, s.n);
		bad += d->opened == 0 && d->parted == 0;
		read_free(d);
		load("outlook/seed-mail", &s);
		for (size_t e = dir; e + 128 <= dir + 512; e += 128) {
			put32(&s, e + 68, 1);
			put32(&s, e + 72, 0);
			put32(&s, e + 76, 1);
			put32(&s, e + 120, 0xFFFFFFFF);
		}
		d = rd("outlook", s.b, s.n);
		for (unsigned i = 0; i < d->k.count; i++)
			bad += d->k.parts[i].n > s.n;
		read_free(d);
		if (bad)
			fprintf(stderr, "# %d bad\n", bad);
		_exit(bad != 0);
	}
	CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

static void
folder(void)
{
	static const char first[] =
	    "From: Kari <a@b.example>\nTo: p@k.example\nSubject: En\n"
	    "Message-ID: <1@b.example>\n\nHei\n"
	    "From x Sat Mar 14 10:00:00 2026\nSubject: nei\nFrom skolen\n>From "
	    "to\n"
	    "> From her\n\nFrom nå av\n\nFrom her Mar 14 10:00 er det\n"
	    "slutt\n";
	static const char second[] = "From: Ola\nSubject: To\n\nSlutt\n\n";
	static const char *const rows[] = {"two", "no-end", "long", "crlf"};
	static struct sample s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reading *d;
		char path[64];

		snprintf(path, sizeof(path), "mbox/seed-%s", rows[i]);
		load(path, &s);
		d = rd("mbox", s.b, s.n);
		CHECK(d->opened == 0 && d->pages == 0 && d->parted == 0);
		CHECK(d->k.count == (i == 2 ? 4u : 2u));
		if (i < 3)
			part_is(d, 0, SLUSE_PART_ATTACHMENT, "0001.eml",
			    "message/rfc822", first);
		CHECK(d->k.parts[0].n ==
		      (i < 3 ? sizeof(first) - 1 : sizeof(first) + 15));
		if (i == 0) {
			part_is(d, 1, SLUSE_PART_ATTACHMENT, "0002.eml",
			    "message/rfc822", second);
			CHECK(d->k.parts[1].n == sizeof(second) - 1);
		}
		if (i == 2)
			CHECK(d->k.parts[1].n > 5000);
		read_free(d);
	}
	struct reading *d = rd("mbox", "From skolen\nSubject: x\n", 23);
	CHECK(d->opened == SLUSE_READ_UNSUPPORTED);
	read_free(d);
}

/* Behind the walls all code pages are read without a file. */
static void
locked(void)
{
	int st = -1;
	pid_t pid;

	CHECK(sl_converters_warm(NULL) == SL_OK);
	read_free(seed("mail"));
	static struct sample s;
	load("outlook/seed-locale", &s);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct rlimit none = {0, 0};
		struct reading *d;

		setrlimit(RLIMIT_NOFILE, &none);
		d = rd("outlook", s.b, s.n);
		_exit(!strstr(d->k.log, "field title Москва\n"));
	}
	CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

TEST_MAIN({"mail", mail}, {"inner", inner}, {"bodies", bodies},
    {"facts", facts}, {"winmail", winmail}, {"hostile", hostile},
    {"folder", folder}, {"locked", locked})
