/*
 * Prepared posts: titles, names, dates by door, documents; every post is also
 * written for the check against schemas/post.schema.json.
 */
#include <jansson.h>
#include <stdlib.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/text.h"
#include "../../daemon/prepare/prepare.h"
#include "test.h"

#define ULID "01HV0000000000000000000000"

static struct sl_queue_config queue;
static struct sl_post_rendition rendition[4];
static struct sl_post_document document[3];
static struct sl_post_source source;
static unsigned written;

static int64_t
at(int y, int m, int d, int h)
{
	struct sl_date t = {.year = y, .month = m, .day = d, .hour = h};

	return sl_clock_from_oslo(&t);
}

/* A valid synthetic number (month + 80) for the texts. */
static const char *
fnr(void)
{
	static char s[12];
	size_t at_, len;
	unsigned i;

	if (s[0] != '\0')
		return s;
	for (i = 0; i < 100000; i++) {
		(void)snprintf(s, sizeof(s), "138899%05u", i);
		if (sl_find_fnr(s, 11, &at_, &len))
			return s;
	}
	abort();
}

static void
start(void)
{
	size_t i;

	memset(&queue, 0, sizeof(queue));
	queue.name = "Skannet post";
	queue.unit = queue.access = "";
	for (i = 0; i < 4; i++)
		rendition[i] = (struct sl_post_rendition){
		    .rendition = (uint32_t)i,
		    .variant = 'P',
		    .name = i == 0 ? "Klage_på vedtak.pdf" : "Vedlegg 1.docx",
		    .mime = "application/pdf",
		    .puid = "fmt/276",
		    .size = 1000 + i};
	document[0] = (struct sl_post_document){
	    .rendition = &rendition[0], .rendition_n = 1};
	document[1] = (struct sl_post_document){
	    .rendition = &rendition[1], .rendition_n = 2};
	document[2] = (struct sl_post_document){
	    .rendition = &rendition[3], .rendition_n = 1};
	source = (struct sl_post_source){.ulid = ULID,
	    .reception = "M26-000001-8.1",
	    .queue = &queue,
	    .claimed_ms = at(2026, 3, 10, 12),
	    .document = document,
	    .document_n = 1};
}

/* The post as JSON; the caller's. */
static json_t *
make(void)
{
	const char *dir = getenv("SLUSE_TEST_OUT");
	struct sl_buf b = {0};
	struct sl_err err = {0};
	char path[512];
	json_t *o = NULL;

	CHECK_MSG(sl_post_make(&source, &b, &err) == SL_OK, "%s", err.text);
	if (b.n > 0)
		o = json_loads(b.p, 0, NULL);
	CHECK(o != NULL);
	if (dir != NULL && o != NULL) {
		(void)snprintf(
		    path, sizeof(path), "%s/post-%u.json", dir, written++);
		CHECK(sl_replace_file(AT_FDCWD, path, b.p, b.n, 0644, NULL) ==
		      SL_OK);
	}
	sl_buf_free(&b);
	return o;
}

static const char *
text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void
titles(void)
{
	static char given[300];
	const struct {
		const char *title, *file, *want;
		bool closed;
		const char *access;
		enum sl_queue_kind kind;
	} t[] = {
	    {"Klage på vedtak", "x.pdf", "Klage på vedtak", false, "", 0},
	    {NULL, "Klage_på vedtak.pdf", "Klage på vedtak", false, "", 0},
	    {"", "C:\\post\\Svar.PDF", "Svar", false, "", 0},
	    {"", "a/b/Svar.tar.gz", "Svar.tar", false, "", 0},
	    {"", "___.pdf", "Innkommet post Skannet post", false, "", 0},
	    {"", "", "Innkommet post Skannet post", false, "", 0},
	    {"  To\n\tlinjer  ", "x", "To linjer", false, "", 0},
	    {"a\x01\x7F"
	     "b\xE2\x80\xAE"
	     "c\xFF"
	     "d",
		"x", "a bcd", false, "", 0},
	    {given, "x", "Ettersendt erklæring, Kari", false, "", 0},
	    {"Klage", "Klage.pdf", "Innkommet dokument", true, "", 0},
	    {"Klage", "Klage.pdf", "Innkommet dokument", false, "XX", 0},
	    {"Klage", "Klage.pdf", "Klage", false, "UO", 0},
	    {"Svar", "x", "Utgående dokument", true, "", SL_QUEUE_OUTGOING},
	    {"", "", "Internt post Skannet post", false, "", SL_QUEUE_INTERNAL},
	    {"", "", "Eldre post Skannet post", false, "", SL_QUEUE_HISTORIC},
	    {"Klage", "x", "Eldre dokument", true, "", SL_QUEUE_HISTORIC},
	};
	json_t *o;
	size_t i;

	(void)snprintf(
	    given, sizeof(given), "Ettersendt erklæring, Kari, %s", fnr());
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		start();
		source.value.title = t[i].title;
		rendition[0].name = t[i].file;
		queue.closed = t[i].closed;
		queue.access = t[i].access;
		queue.kind = t[i].kind;
		o = make();
		CHECK_STR(text(o, "tittel"), t[i].want);
		json_decref(o);
	}
}

static void
title_is_cut_between_characters(void)
{
	static char s[2000];
	struct sl_buf b = {0};
	size_t i, chars = 0;
	unsigned n;

	for (n = 254; n <= 257; n++) {
		s[0] = '\0';
		for (i = 0; i < n; i++)
			memcpy(s + 2 * i, "æ", 3);
		sl_buf_reset(&b);
		sl_post_clean(&b, s, SL_TITLE_MAX, "");
		chars = b.n / 2;
		CHECK(chars == (n < 255 ? n : 255));
		CHECK(sl_utf8_valid(b.p, b.n));
	}
	sl_buf_free(&b);
}

static void
numbers_of_persons_go(void)
{
	struct sl_buf b = {0};
	char s[200];
	size_t where, len;

	(void)snprintf(s, sizeof(s), "%s", fnr());
	sl_post_clean(&b, s, 255, "");
	CHECK_STR(sl_buf_str(&b), "");
	sl_buf_reset(&b);
	(void)snprintf(
	    s, sizeof(s), "Sak for %.6s %s (barn)", fnr(), fnr() + 6);
	sl_post_clean(&b, s, 255, "");
	CHECK_STR(sl_buf_str(&b), "Sak for (barn)");
	sl_buf_reset(&b);
	sl_post_clean(&b, s, 255, "[fnr]");
	CHECK_STR(sl_buf_str(&b), "Sak for [fnr] (barn)");
	/* a zero-width space between the digits hides nothing */
	sl_buf_reset(&b);
	(void)snprintf(s, sizeof(s), "Om %.4s\xE2\x80\x8B%s", fnr(), fnr() + 4);
	sl_post_clean(&b, s, 255, "");
	CHECK_STR(sl_buf_str(&b), "Om");
	/* what comes together when one goes */
	sl_buf_reset(&b);
	(void)snprintf(s, sizeof(s), "%.6s %s %s", fnr(), fnr(), fnr() + 6);
	sl_post_clean(&b, s, 255, "");
	CHECK(!sl_find_fnr(sl_buf_str(&b), b.n, &where, &len));
	sl_buf_reset(&b);
	(void)snprintf(s, sizeof(s), "Epikrise_%.6s_%s.pdf", fnr(), fnr() + 6);
	sl_post_file_name(&b, s, 1);
	CHECK_STR(sl_buf_str(&b), "Epikrise_.pdf");
	sl_buf_free(&b);
}

static void
file_names(void)
{
	static const struct {
		const char *name, *want;
	} t[] = {
	    {"Brev.pdf", "Brev.pdf"},
	    {"Følgebrev Åsveien 14.txt", "Følgebrev Åsveien 14.txt"},
	    {"../../etc/passwd", "passwd"},
	    {"..\\..\\boot.ini", "boot.ini"},
	    {"", "dokument-3"},
	    {".", "dokument-3"},
	    {"..", "dokument-3"},
	    {".pdf", "pdf"},
	    {"a:b*c?.pdf", "a_b_c_.pdf"},
	    {"a\nb.pdf", "a b.pdf"},
	    {"con.txt", "_con.txt"},
	    {"LPT1", "_LPT1"},
	    {"console.txt", "console.txt"},
	    {"x. .pdf", "x.pdf"},
	    {"\xFF\xFE.pdf", "pdf"},
	    {"fdp.\xE2\x80\xAE"
	     "exe",
		"fdp.exe"},
	    {"/", "_"},
	};
	static char s[400];
	struct sl_buf b = {0};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		sl_buf_reset(&b);
		sl_post_file_name(&b, t[i].name, 3);
		CHECK_STR(sl_buf_str(&b), t[i].want);
	}
	for (i = 0; i < 120; i++)
		memcpy(s + 2 * i, "ø", 3);
	memcpy(s + 240, ".pdf", 5);
	sl_buf_reset(&b);
	sl_post_file_name(&b, s, 3);
	CHECK(b.n == 150 && sl_utf8_valid(b.p, b.n) &&
	      strcmp(b.p + 146, ".pdf") == 0);
	sl_buf_free(&b);
}

static void
received_by_door(void)
{
	struct sl_post_source *s = &source;
	int64_t now;
	json_t *o;

	start();
	now = s->claimed_ms;
	CHECK(sl_post_received_ms(s) == now);
	s->file_ms = at(2026, 3, 9, 15);
	CHECK(sl_post_received_ms(s) == s->file_ms);
	queue.received_date = SL_RECEIVED_TODAY;
	CHECK(sl_post_received_ms(s) == now);
	queue.received_date = SL_RECEIVED_FILE;
	s->file_ms = now - 7 * 86400000LL;
	CHECK(sl_post_received_ms(s) == s->file_ms);
	s->file_ms--;
	CHECK(sl_post_received_ms(s) == now);
	s->file_ms = now + 1;
	CHECK(sl_post_received_ms(s) == now);
	s->channel_ms = at(2026, 3, 6, 22); /* Friday evening */
	CHECK(sl_post_received_ms(s) == s->channel_ms);
	s->value.received_date = "2026-03-04";
	CHECK(sl_post_received_ms(s) == at(2026, 3, 4, 0));
	s->value.received_date = "2026-03-10";
	CHECK(sl_post_received_ms(s) == now);
	s->value.received_date = "2026-03-11"; /* not yet */
	CHECK(sl_post_received_ms(s) == s->channel_ms);
	s->value.received_date = "2026-02-30";
	CHECK(sl_post_received_ms(s) == s->channel_ms);
	s->value.received_date = "i går";
	CHECK(sl_post_received_ms(s) == s->channel_ms);
	o = make();
	CHECK_STR(text(o, "mottattDato"), "2026-03-06T22:00:00+01:00");
	json_decref(o);
	s->claimed_ms = s->channel_ms = at(2026, 7, 1, 9);
	o = make();
	CHECK_STR(text(o, "mottattDato"), "2026-07-01T09:00:00+02:00");
	json_decref(o);
}

static void
full_post(void)
{
	json_t *o, *d, *r, *k;

	start();
	source.value = (struct sl_post_values){.case_number = "2026/211",
	    .new_case_title = "not used",
	    .title = "Klage",
	    .document_date = "2026-03-03",
	    .correspondent = "Kari\nNordmann",
	    .email = "kari@example.no",
	    .orgnr = "914994780",
	    .sender_ref = "P-4471/SB",
	    .type = "SØKNAD",
	    .unit = "Helse"};
	source.duplicate_of = "M26-000000-0.1";
	source.suggestions = "Sak 2026/87?\n\nTittel: Klage";
	document[1].main = true;
	rendition[1].puid = "fmt/1,fmt/2";
	rendition[3].puid = rendition[3].mime = "";
	source.document_n = 3;
	o = make();
	CHECK_STR(text(o, "ownKey"), "sluse-" ULID);
	CHECK_STR(text(o, "saksnummer"), "2026/211");
	CHECK(json_object_get(o, "nySak") == NULL);
	CHECK_STR(text(o, "journalposttype"), "I");
	CHECK_STR(text(o, "journalstatus"), "M");
	CHECK_STR(text(o, "dokumentetsDato"), "2026-03-03");
	CHECK_STR(text(o, "dokumenttype"), "SØKNAD");
	CHECK_STR(text(o, "eksternReferanse"), "P-4471/SB");
	CHECK_STR(text(o, "muligDuplikat"), "M26-000000-0.1");
	CHECK_STR(text(o, "enhet"), "Helse");
	CHECK(json_object_get(o, "tilgangskode") == NULL);
	CHECK(json_array_size(json_object_get(o, "merknad")) == 3);
	k = json_array_get(json_object_get(o, "korrespondansepart"), 0);
	CHECK_STR(text(k, "type"), "EA");
	CHECK_STR(text(k, "navn"), "Kari Nordmann");
	CHECK_STR(text(k, "organisasjonsnummer"), "914994780");
	d = json_object_get(o, "dokumenter");
	CHECK(json_array_size(d) == 3);
	k = json_array_get(d, 0);
	CHECK_STR(text(k, "rolle"), "H");
	CHECK_STR(text(k, "tittel"), "Klage");
	CHECK(json_integer_value(json_object_get(k, "nummer")) == 1);
	r = json_object_get(k, "renditions");
	CHECK(json_array_size(r) == 2);
	r = json_array_get(r, 0);
	CHECK(json_integer_value(json_object_get(r, "rendition")) == 1);
	CHECK_STR(text(r, "format"), "av/0");
	CHECK(json_integer_value(json_object_get(r, "storrelse")) == 1001);
	k = json_array_get(d, 1);
	CHECK_STR(text(k, "rolle"), "V");
	CHECK_STR(text(k, "tittel"), "Klage på vedtak");
	r = json_array_get(json_object_get(k, "renditions"), 0);
	CHECK_STR(text(r, "format"), "fmt/276");
	k = json_array_get(d, 2);
	CHECK(json_integer_value(json_object_get(k, "nummer")) == 3);
	r = json_array_get(json_object_get(k, "renditions"), 0);
	CHECK_STR(text(r, "format"), "av/0");
	CHECK_STR(text(r, "mimeType"), "application/octet-stream");
	json_decref(o);
}

static void
neutral_post_shows_nothing(void)
{
	struct sl_buf b = {0};
	struct sl_err err;

	start();
	queue.closed = true;
	source.value.title = "Bekymringsmelding";
	document[0].title = "Bekymringsmelding om Per";
	rendition[0].name = "Bekymring Per.pdf";
	source.document_n = 2;
	rendition[1].name = "Per.docx";
	CHECK(sl_post_make(&source, &b, &err) == SL_OK);
	CHECK(strstr(sl_buf_str(&b), "Bekymring") == NULL);
	CHECK(strstr(sl_buf_str(&b), "Per") == NULL);
	CHECK(strstr(sl_buf_str(&b), "\"tilgangskode\":\"XX\"") != NULL);
	CHECK(strstr(sl_buf_str(&b), "\"filnavn\":\"dokument-1.pdf\"") != NULL);
	sl_buf_free(&b);
	json_decref(make());
}

/* What the description of a package brings. */
static void
package_post(void)
{
	static const struct sl_post_other others[] = {{"EM", "Testvik kommune"},
	    {"EK", "Nabo\nkommunen"}, {"EM", "\x01"}};
	json_t *o, *a;

	start();
	source.value.title = "Sak om Kari";
	source.value.orgnr = "991825827";
	source.value.channel = "SvarUt";
	document[0].title = "Følgebrev";
	document[0].type = "Brev";
	source.other = others;
	source.other_n = 3;
	o = make();
	a = json_object_get(o, "korrespondansepart");
	CHECK(json_array_size(a) == 3);
	/* its name is not known, its number is */
	CHECK_STR(text(json_array_get(a, 0), "navn"),
	    "Organisasjonsnummer 991 825 827");
	CHECK_STR(text(json_array_get(a, 1), "navn"), "Testvik kommune");
	CHECK_STR(text(json_array_get(a, 2), "type"), "EK");
	CHECK_STR(text(json_array_get(a, 2), "navn"), "Nabo kommunen");
	CHECK_STR(text(o, "forsendelsesmaate"), "SvarUt");
	CHECK_STR(text(o, "tittel"), "Sak om Kari");
	a = json_array_get(json_object_get(o, "dokumenter"), 0);
	CHECK_STR(text(a, "tittel"), "Følgebrev");
	CHECK_STR(text(a, "dokumenttype"), "Brev");
	json_decref(o);
	/* screened by its sender: neutral, whatever the code */
	source.value.screened = true;
	source.value.access = "UO";
	o = make();
	CHECK_STR(text(o, "tilgangskode"), "UO");
	CHECK_STR(text(o, "tittel"), "Innkommet dokument");
	CHECK_STR(
	    text(json_array_get(json_object_get(o, "dokumenter"), 0), "tittel"),
	    "Dokument 1");
	json_decref(o);
}

static void
little_is_known(void)
{
	json_t *o, *k;

	start();
	o = make();
	CHECK(json_object_get(o, "saksnummer") == NULL);
	CHECK(json_object_get(o, "dokumentetsDato") == NULL);
	CHECK(json_object_get(o, "merknad") == NULL);
	k = json_array_get(json_object_get(o, "korrespondansepart"), 0);
	CHECK_STR(text(k, "navn"), "Ukjent avsender");
	json_decref(o);
	source.value.document_date = "2026-13-03";
	source.value.type = "N";
	source.value.new_case_title = "Ny byggesak";
	source.value.correspondent = "\x01\x02";
	o = make();
	CHECK(json_object_get(o, "dokumentetsDato") == NULL);
	CHECK_STR(text(o, "journalposttype"), "N");
	CHECK(json_object_get(o, "dokumenttype") == NULL);
	CHECK_STR(text(json_object_get(o, "nySak"), "tittel"), "Ny byggesak");
	k = json_array_get(json_object_get(o, "korrespondansepart"), 0);
	CHECK_STR(text(k, "type"), "IA");
	CHECK_STR(text(k, "navn"), "Ukjent avsender");
	json_decref(o);
	queue.kind = SL_QUEUE_OUTGOING;
	source.value.type = NULL;
	o = make();
	k = json_array_get(json_object_get(o, "korrespondansepart"), 0);
	CHECK_STR(text(o, "journalposttype"), "U");
	CHECK_STR(text(k, "type"), "EM");
	json_decref(o);
}

static void
what_cannot_be_sent(void)
{
	static struct sl_post_document many[1000];
	struct sl_buf b = {0};
	struct sl_err err;
	size_t i;

	start();
	source.document_n = 0;
	CHECK(sl_post_make(&source, &b, &err) == SL_FATAL);
	source.document_n = 1;
	source.ulid = "short";
	CHECK(sl_post_make(&source, &b, &err) == SL_FATAL);
	start();
	for (i = 0; i < 1000; i++)
		many[i] = document[0];
	source.document = many;
	source.document_n = 1000;
	CHECK(sl_post_make(&source, &b, &err) == SL_HOLD);
	CHECK_STR(err.reason, "limit_files");
	CHECK(b.n == 0);
	source.document_n = 100;
	CHECK(sl_post_make(&source, &b, &err) == SL_OK);
	sl_buf_free(&b);
}

TEST_MAIN({"titles", titles},
    {"title_is_cut_between_characters", title_is_cut_between_characters},
    {"numbers_of_persons_go", numbers_of_persons_go},
    {"file_names", file_names}, {"received_by_door", received_by_door},
    {"full_post", full_post},
    {"neutral_post_shows_nothing", neutral_post_shows_nothing},
    {"package_post", package_post}, {"little_is_known", little_is_known},
    {"what_cannot_be_sent", what_cannot_be_sent})
