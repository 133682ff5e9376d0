/*
 * The package reader: its samples are tests/data/packages, which
 * tests/unit/packages.py holds against the schemas of those who send them; what
 * is hostile is made here.
 */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mail_host.h"
#include "test.h"

static const struct sluse_reader *r;
static char in[1 << 20];

static struct reading *
rd(const void *p, size_t n)
{
	if (!r) {
		r = mock_load("package");
		CHECK(r->warm(&mock_host) == 0);
	}
	return read_all(r, "", p, n, 64);
}

static size_t
load(const char *sample)
{
	char path[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "tests/data/packages/%s", sample);
	f = fopen(path, "rbe");
	CHECK_MSG(f != NULL, "%s", path);
	n = f ? fread(in, 1, sizeof(in), f) : 0;
	if (f)
		fclose(f);
	return n;
}

/* Does a line of the log say so? A '*' at the end stands for anything. */
static bool
says(const char *log, const char *line)
{
	size_t n = strlen(line), k;
	bool open = n > 0 && line[n - 1] == '*';
	const char *p;

	n -= open;
	for (p = log; *p; p += k + (p[k] == '\n')) {
		k = strcspn(p, "\n");
		if (k >= n && memcmp(p, line, n) == 0 &&
		    (open || k == n || (k == n + 1 && p[n] == ' ')))
			return true;
	}
	return false;
}

/* Lines that the log must hold, and, after '!', must not. */
static void
is(const char *sample, int parted, const char *const *lines)
{
	struct reading *d = rd(in, load(sample));

	CHECK_MSG(d->opened == SLUSE_READ_OK && d->parted == parted,
	    "%s: %d %d", sample, d->opened, d->parted);
	CHECK(d->pages == 0);
	for (; *lines; lines++) {
		bool no = **lines == '!';

		CHECK_MSG(says(d->k.log, *lines + no) != no, "%s: %s\n%s",
		    sample, *lines, d->k.log);
	}
	read_free(d);
}
#define IS(sample, parted, ...)                                                \
	is(sample, parted, (const char *const[]){__VA_ARGS__, NULL})
#define OK SLUSE_READ_OK

static void
svarinn(void)
{
	IS("svarinn-v1.json", OK, "describes svarinn 0",
	    "field external_key svarinn:d1c6d795-f1a0-4a36-bce1-a4d9f26696db",
	    "field case_number 2026/190", "field our_ref_of_sender 2025/77",
	    "field title Søknad om skjenking", "!field title Post fra Kroa",
	    /* 2026-03-02T23:00Z is the third in Oslo */
	    "field document_date 2026-03-03",
	    "field correspondent Kroa på hjørnet AS",
	    "field correspondent_orgnr 991825827",
	    "field recipient Testvik kommune", "field channel SvarUt",
	    "field in_reply_to 3380ed76-5d4c-43e7-aa70-8ed8d97e4835",
	    "named H søknad.txt||Søknad", "field main_document søknad.txt",
	    "named V tegning.txt||", "!field access*",
	    "note package_unused metadataFraAvleverendeSystem/saksBehandler*");
	IS("svarinn-v2.json", OK, "field case_number 2026/87",
	    "field title Uttalelse til reguleringsplan",
	    "field document_date 2026-03-04", "field access XX",
	    "field our_ref_of_sender 2026/5", "field our_ref_of_sender F-1",
	    "field correspondent Fylket",
	    /* the answer goes to somebody else */
	    "!field correspondent_orgnr*", "named H uttalelse.txt||UTTALELSE");
}

static void
arkivmelding(void)
{
	IS("arkivmelding.xml", OK, "describes arkivmelding 0",
	    "field external_key "
	    "arkivmelding:3380ed76-5d4c-43e7-aa70-8ed8d97e4835",
	    "field1 title Tilsyn med skjenking",
	    "field1 document_date 2026-03-03",
	    /* the sender's case, never ours */
	    "field1 our_ref_of_sender 2025/77", "!field1 case_number*",
	    "field1 our_ref_of_sender 2025/77-1", "field1 correspondent Fylket",
	    "field1 correspondent_email post@fylket.example",
	    "field1 recipient Testvik kommune",
	    "field1 copy_recipient Nabokommunen", "!field1 type*",
	    /* what was made for keeping stands for the document */
	    "named1 V rapport.txt|Rapport|Rapport",
	    "named1 V rapport.docx|Rapport (Produksjonsformat)|Rapport",
	    "named1 H brev.txt|Følgebrev|Brev", "field channel eFormidling",
	    "note package_unused mappe/saksdato, mappe/saksansvarlig, "
	    "mappe/saksstatus, mappe/tittel, "
	    "mappe/administrativEnhet");
	IS("arkivmelding-two.xml", OK, "field1 title Første brev",
	    "field2 title Andre brev", "field2 document_date 2026-02-01",
	    "named1 H en.txt|Brev en|Brev", "named2 H to.txt|Brev to|Brev",
	    "named2 V to-vedlegg.txt|Vedlegg til to|Brev");
	IS("arkivmelding-screened.xml", OK, "field1 access XX",
	    "describes arkivmelding 0");
	IS("arkivmelding-graded.xml", OK, "describes arkivmelding 4");
	IS("arkivmelding-case-only.xml", OK, "describes arkivmelding 2");
}

static void
fiks_arkiv(void)
{
	IS("fiks-arkiv.xml", OK, "describes fiks-arkiv 0",
	    "field1 case_number 2026/12", "field1 title Søknad om støtte",
	    "field1 external_key fiks-arkiv:Stotteportal:4711",
	    "field1 correspondent Idrettslaget",
	    "field1 correspondent_orgnr 991825827",
	    "field1 channel Digitalt skjema",
	    "named1 H fil1.txt|Søknaden|SØKNAD",
	    "named1 V fil2.txt|Budsjett|VEDLEGG", "!field1 new_case*");
	IS("fiks-arkiv-new-case.xml", OK,
	    "field new_case Støtte til idrettslaget", "field klass U01",
	    "!field1 case_number*", "!field case_number*");
	IS("fiks-arkiv-search.xml", OK, "describes fiks-arkiv 2");
	IS("fiks-io.json", OK, "describes fiks-io 0",
	    "field external_key fiks-io:c0ffee00-1111-4222-8333-944455556666");
}

static void
sbd(void)
{
	IS("sbd.json", OK, "describes sbd 0",
	    "field external_key "
	    "eformidling:ff88849c-e281-4809-8555-7cd54952b946",
	    "field correspondent_orgnr 991825827",
	    "field our_ref_of_sender 2025/4711", "field case_number 2026/190",
	    "!named H arkivmelding.xml||", "!field access*");
	IS("sbd.xml", OK, "describes sbd 0",
	    "field external_key "
	    "eformidling:ab88849c-e281-4809-8555-7cd54952b946",
	    "field correspondent_orgnr 991825827", "field access XX");
	IS("sbd-receipt.json", OK, "describes sbd 2");
	IS("manifest.xml", OK, "describes manifest 0",
	    "field correspondent_orgnr 991825827", "named H brev.txt|Vedtak|",
	    "named V kart.txt|Kart over området|", "field title Vedtak",
	    "!note*");
	IS("form.xml", OK, "describes form 1", "field case_number 2026/87",
	    "field title Søknad om graving",
	    "field external_key skjema:AR123456",
	    "field correspondent Graveservice AS",
	    "field correspondent_orgnr 991825827");
}

static void
best_edu(void)
{
	static const char *const samples[] = {
	    "putmessage.xml", "putmessage-soap.xml", "melding.xml"};
	struct reading *d;
	size_t i;

	for (i = 0; i < 3; i++) {
		d = rd(in, load(samples[i]));
		CHECK_MSG(d->parted == OK, "%s", samples[i]);
		CHECK(says(d->k.log, "field title Svar på høring & merknader"));
		CHECK(says(d->k.log, "field our_ref_of_sender 2025/77"));
		CHECK(says(d->k.log, "named H svar.txt|Høringssvar|B"));
		CHECK(i == 2 || says(d->k.log, "field case_number 2026/190"));
		CHECK(i == 2 ||
		      says(d->k.log, "field external_key best-edu:e2f7a000-"
				     "1111-4222-8333-944455556666"));
		CHECK(d->k.count == 2);
		CHECK_STR(d->k.parts[0].bytes, "Høringssvar fra Fylket.\n");
		CHECK_STR(d->k.parts[0].name, "svar.txt");
		CHECK_STR(d->k.parts[1].bytes, "Våre merknader til planen.\n");
		CHECK(d->k.parts[0].ended == 1 && d->k.parts[1].ended == 1);
		read_free(d);
	}
	IS("putmessage-receipt.xml", OK, "describes best-edu 2");
}

/* Left to the next reader. */
static void
others(void)
{
	static const char *const none[] = {"", " ", "hei", "<", "<a>", "<a/>",
	    "<html><body/></html>", "{", "{}", "[]", "[1]", "{\"id\":\"1\"}",
	    "{\"id\":\"1\",\"tittel\":\"x\",\"filer\":[]}", "null",
	    "<arkivmelding/>", "<arkivmelding xmlns=\"urn:x\"/>",
	    "<?xml version=\"1.0\"?><!-- x --><Melding/>",
	    "<!DOCTYPE html><html><body/></html>"};
	struct reading *d;
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		d = rd(none[i], strlen(none[i]));
		CHECK_MSG(d->opened == SLUSE_READ_UNSUPPORTED, "%s", none[i]);
		read_free(d);
	}
}

#define ROOT                                                                   \
	"<arkivmelding xmlns=\"http://www.arkivverket.no/standarder/noark5/"   \
	"arkivmelding\">"

static void
bad(const char *what, const char *why, size_t n)
{
	char note[80];
	struct reading *d = rd(in, n);

	CHECK_MSG(d->opened == SLUSE_READ_OK && d->parted != OK, "%s: %d %d",
	    what, d->opened, d->parted);
	CHECK_MSG(strstr(d->k.log, "root:x") == NULL, "%s", what);
	(void)snprintf(note, sizeof(note), "note package_invalid %s", why);
	CHECK_MSG(says(d->k.log, note), "%s: %s", what, d->k.log);
	read_free(d);
}

/* Of n bytes with room for more behind. */
static size_t
fill(size_t n, const char *s, unsigned times)
{
	size_t k = strlen(s);

	while (times-- > 0 && n + k < sizeof(in)) {
		memcpy(in + n, s, k);
		n += k;
	}
	return n;
}

static void
hostile(void)
{
	size_t n;

	n = fill(0,
	    "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" ROOT
	    "<meldingId>&x;</meldingId></arkivmelding>",
	    1);
	bad("external entity", "a document type declaration", n);
	n = fill(0, "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\">", 1);
	n = fill(n, "<!ENTITY b \"&a;&a;&a;&a;&a;&a;\">", 1);
	n = fill(n, "]>" ROOT "<meldingId>&b;</meldingId></arkivmelding>", 1);
	bad("entity bomb", "a document type declaration", n);
	n = fill(0,
	    "<!DOCTYPE arkivmelding SYSTEM \"http://127.0.0.1/x.dtd\">" ROOT
	    "</arkivmelding>",
	    1);
	bad("external subset", "a document type declaration", n);
	n = fill(fill(0, ROOT, 1), "<mappe>", 100000);
	bad("deep", "elements nested too deep", n);
	n = fill(fill(0, ROOT, 1), "<mappe>", 30);
	n = fill(n, "</mappe>", 30);
	bad("folders in folders", "elements nested too deep",
	    fill(n, "</arkivmelding>", 1));
	n = fill(fill(0, ROOT, 1), "<registrering></registrering>", 33);
	bad("more posts than there may be", "more than 32 posts",
	    fill(n, "</arkivmelding>", 1));
	n = fill(fill(fill(0, ROOT "<mappe a=\"", 1), "x", 900000), "\"/>", 1);
	n = fill(n, "</arkivmelding>", 1);
	read_free(rd(in, n)); /* a huge attribute says nothing */
	n = fill(0, ROOT "<meldingId>&y;</meldingId></arkivmelding>", 1);
	bad("unknown entity", "not well-formed", n);
	n = fill(0, ROOT "<meldingId>\xFF\xFE</meldingId></arkivmelding>", 1);
	bad("no UTF-8", "not well-formed", n);
	n = fill(0,
	    "<?xml version=\"1.0\" encoding=\"x-none\"?>" ROOT
	    "</arkivmelding>",
	    1);
	read_free(rd(in, n)); /* a plain file: its root cannot be read */
	bad("cut", "not well-formed", load("arkivmelding.xml") - 40);
	n = fill(0,
	    "[{\"id\":\"1\",\"tittel\":\"x\",\"mottaker\":{},\"filer\":"
	    "[]},{}]",
	    1);
	bad("two deliveries", "more than one message", n);
	n = fill(0,
	    "{\"id\":\"1\",\"id\":\"2\",\"tittel\":\"x\",\"mottaker\":"
	    "{},\"filer\":[]}",
	    1);
	bad("said twice", "a thing is said twice", n);
	n = fill(fill(0, "[", 900000), "]", 900000);
	read_free(rd(in, n)); /* no JSON that anybody writes */
}

/* What is broken inside a PutMessage costs it. */
static void
broken_payload(void)
{
	char *at;
	size_t n = load("putmessage.xml");

	in[n] = '\0';
	at = strstr(in, "&lt;/base64");
	CHECK(at != NULL);
	if (at != NULL)
		at[-3] = '*';
	bad("no base64", "a file in it cannot be decoded", n);
	n = load("putmessage.xml");
	in[n] = '\0';
	at = strstr(in, "&lt;/noarksak");
	CHECK(at != NULL);
	if (at != NULL)
		at[4] = 'x';
	bad("payload that is no XML", "not well-formed", n);
}

static void
encodings(void)
{
	static const char latin[] =
	    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" ROOT
	    "<registrering><tittel>S\xF8knad</tittel></registrering>"
	    "</arkivmelding>";
	static const char plain[] = ROOT
	    "<registrering><tittel>Ol</tittel></registrering></arkivmelding>";
	struct reading *d = rd(latin, sizeof(latin) - 1);
	size_t i, n;

	CHECK(says(d->k.log, "field1 title Søknad"));
	read_free(d);
	in[0] = '\xFF';
	in[1] = '\xFE';
	for (i = 0, n = 2; i < sizeof(plain) - 1; i++) {
		in[n++] = plain[i];
		in[n++] = '\0';
	}
	d = rd(in, n);
	CHECK(says(d->k.log, "field1 title Ol"));
	read_free(d);
}

/* Numbers of persons, senseless dates and numbers: told of, never told. */
static void
values(void)
{
	static const char *const dates[][2] = {{"2026-03-04", "2026-03-04"},
	    {"20260304", "2026-03-04"}, {"2026-03-03T23:30:00Z", "2026-03-04"},
	    {"2026-07-03T22:30:00.123Z", "2026-07-04"},
	    {"2026-03-04T00:30:00+05:00", "2026-03-03"},
	    {"2026-03-04T23:59:59", "2026-03-04"}, {"2026-02-30", NULL},
	    {"i dag", NULL}, {"2026-3-4", NULL}, {"9999999999", NULL}};
	static const char *const numbers[][2] = {{"991825827", "991825827"},
	    {"991 825 827", "991825827"}, {"991825828", NULL},
	    {"01019012345", NULL}, {"NO991825827MVA", "991825827"}, {"", NULL},
	    {"0192:991825827", "991825827"}};
	struct reading *d;
	char want[80];
	size_t i;
	int n;

	for (i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		n = snprintf(in, sizeof(in),
		    ROOT "<registrering><dokumentetsDato>%s</dokumentetsDato>"
			 "</registrering></arkivmelding>",
		    dates[i][0]);
		d = rd(in, (size_t)n);
		snprintf(want, sizeof(want), "field1 document_date %s",
		    dates[i][1] ? dates[i][1] : "*");
		CHECK_MSG(says(d->k.log, want) == (dates[i][1] != NULL),
		    "%s\n%s", dates[i][0], d->k.log);
		read_free(d);
	}
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		n = snprintf(in, sizeof(in),
		    ROOT "<registrering><korrespondansepart>"
			 "<korrespondanseparttype>Avsender"
			 "</korrespondanseparttype>"
			 "<korrespondansepartNavn>A</korrespondansepartNavn>"
			 "<organisasjonid>%s</organisasjonid>"
			 "</korrespondansepart></registrering></arkivmelding>",
		    numbers[i][0]);
		d = rd(in, (size_t)n);
		snprintf(want, sizeof(want), "field1 correspondent_orgnr %s",
		    numbers[i][1] ? numbers[i][1] : "*");
		CHECK_MSG(says(d->k.log, want) == (numbers[i][1] != NULL),
		    "%s\n%s", numbers[i][0], d->k.log);
		CHECK(strstr(d->k.log, "01019012345") == NULL);
		read_free(d);
	}
}

/* After warm no file is opened. */
static void
locked(void)
{
	size_t n = load("putmessage.xml");
	pid_t pid;
	int st;

	read_free(rd("", 0));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct rlimit none = {0, 0};
		struct reading *d;

		setrlimit(RLIMIT_NOFILE, &none);
		d = rd(in, n);
		_exit(d->parted != OK || d->k.count != 2);
	}
	CHECK(waitpid(pid, &st, 0) == pid && st == 0);
}

TEST_MAIN({"svarinn", svarinn}, {"arkivmelding", arkivmelding},
    {"fiks_arkiv", fiks_arkiv}, {"sbd", sbd}, {"best_edu", best_edu},
    {"others", others}, {"hostile", hostile},
    {"broken_payload", broken_payload}, {"encodings", encodings},
    {"values", values}, {"locked", locked})
