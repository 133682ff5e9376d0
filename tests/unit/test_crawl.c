/*
 * The walk of connector noark5 through pages that the test wrote, with a host
 * of the test's own: which units come, in which order and below which, what is
 * tried again, and what ends it.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "../../daemon/base/buf.h"
#include "../../daemon/base/mem.h"
#include "test.h"
#include "walk_host.h"

#define API "https://rel.arkivverket.no/noark5/v5/api/"
#define PAGES_MAX 64

/* -- the target ------------------------------------------------------------ */

static struct {
	const char *url;
	char *body;
	int status, fails, asked; /* fails: times it says 503 first */
} pages[PAGES_MAX];
static size_t pages_n;

static int page(const char *url, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
page(const char *url, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pages[pages_n].url = url;
	CHECK(vasprintf(&pages[pages_n].body, fmt, ap) >= 0);
	pages[pages_n].status = 200;
	va_end(ap);
	return (int)pages_n++;
}

static int
asked(const char *url)
{
	size_t i;
	int n = 0;

	for (i = 0; i < pages_n; i++)
		if (strcmp(pages[i].url, url) == 0)
			n += pages[i].asked;
	return n;
}

/* Links of a page, by the ends of their relations. */
#define LINK(rel, href) "\"" API rel "/\":{\"href\":\"" href "\"}"
#define UUID(n) "00000000-0000-4000-8000-00000000000" n
#define UNIT(n, more, links)                                                   \
	"{\"systemID\":\"" UUID(n) "\"" more                                   \
				   ",\"_links\":{\"self\":{\"href\":\"u" n     \
				   "\"}" links "}}"
#define LIST(count, rows) "{\"count\":" count ",\"results\":[" rows "]}"
#define NEXT(count, rows, href)                                                \
	"{\"count\":" count ",\"results\":[" rows                              \
	"],\"_links\":{\"next\":{\"href\":\"" href "\"}}}"
#define S "arkivstruktur/"

/* A root, and one arkiv with one arkivdel, whose lists are l-mappe and l-reg;
 * the log is l-logg. */
static void
an_archive(void)
{
	page(WALK_ROOT, "{\"_links\":{" LINK("arkivstruktur", "as") "," LINK(
			    "sakarkiv", "sa") "," LINK("metadata",
			    "md") "," LINK("loggingogsporing", "ls") "}}");
	page("as", "{\"_links\":{" LINK(S "arkiv", "l-arkiv") "}}");
	page("sa", "{\"_links\":{}}");
	page("md", "{\"_links\":{}}");
	page("ls", "{\"_links\":{" LINK(
		       "loggingogsporing/endringslogg", "l-logg") "}}");
	page("l-arkiv",
	    LIST("1", UNIT("1", "", "," LINK(S "arkivdel", "l-del"))));
	page("l-del", LIST("1", UNIT("2", "",
				    "," LINK(S "mappe", "l-mappe") "," LINK(
					S "registrering", "l-reg"))));
}

/* -- the host ----------------------------------------------------------------
 */

static struct {
	struct sl_buf units; /* one a line */
	int pauses, pauses_max, retry_after, sinks, have, stop_at;
	char key[200];
	struct sluse_unit last; /* of what it points to, only numbers */
	char sha[80], missing[16];
} seen;

static int
answer(size_t i, struct sluse_http_answer *ret)
{
	pages[i].asked++;
	ret->status = pages[i].status;
	ret->sent = 1;
	if (pages[i].fails > 0) {
		pages[i].fails--;
		ret->status = 503;
		ret->retry_after_s = 7;
	}
	ret->body = pages[i].body;
	ret->body_length = strlen(pages[i].body);
	return 0;
}

static int
walk_http(void *host, const struct sluse_http_request *rq,
    struct sluse_http_answer *ret)
{
	size_t i, n;

	(void)host;
	memset(ret, 0, sizeof(*ret));
	CHECK_STR(rq->method, "GET");
	/* A filter changes nothing: all was made some time. */
	n = strcspn(rq->url, "?");
	for (i = 0; i < pages_n; i++)
		if (strlen(pages[i].url) == n &&
		    strncmp(pages[i].url, rq->url, n) == 0)
			return answer(i, ret);
	(void)snprintf(
	    ret->error, sizeof(ret->error), "refused: %.40s", rq->url);
	ret->body = "";
	return -1;
}

static struct sluse_sink *
walk_sink(void *host, const char *key, int *ret_have)
{
	(void)host;
	seen.sinks++;
	*ret_have = seen.have;
	(void)snprintf(seen.key, sizeof(seen.key), "%s", key);
	return (struct sluse_sink *)(void *)&seen;
}

static int
walk_unit(void *host, const struct sluse_unit *u)
{
	(void)host;
	CHECK(u->size == sizeof(*u) && strstr(u->fields, "_links") == NULL);
	sl_buf_printf(&seen.units, "%s%s%s %.1s %.1s%s\n", u->kind,
	    u->type != NULL ? "/" : "", u->type != NULL ? u->type : "",
	    u->id != NULL ? u->id + 35 : "-",
	    u->parent != NULL ? u->parent + 35 : "-", u->again ? " again" : "");
	seen.last = *u;
	(void)snprintf(seen.sha, sizeof(seen.sha), "%s",
	    u->sha256 != NULL ? u->sha256 : "");
	(void)snprintf(seen.missing, sizeof(seen.missing), "%s",
	    u->missing != NULL ? u->missing : "");
	return --seen.stop_at == 0;
}

static int
walk_pause(void *host, int attempt, int retry_after_s)
{
	(void)host;
	seen.pauses++;
	seen.retry_after = retry_after_s;
	return attempt >= seen.pauses_max;
}

static void
begin(void)
{
	CHECK_MSG(walk_connector() != NULL, "%s", dlerror());
	while (pages_n > 0)
		free(pages[--pages_n].body);
	memset(pages, 0, sizeof(pages));
	sl_buf_free(&seen.units);
	memset(&seen, 0, sizeof(seen));
	seen.pauses_max = 4;
}

static struct sluse_why why;

static int
harvest(const char *from, const char *to, const char *series)
{
	struct sluse_range r = {
	    .size = sizeof(r), .from = from, .to = to, .series = series};

	memset(&why, 0, sizeof(why));
	return walk_harvest(&r, &why);
}

static void
units_are(const char *want)
{
	CHECK_STR(sl_buf_str(&seen.units), want);
}

/* -- cases -------------------------------------------------------------------
 */

#define TOP "arkiv 1 -\narkivdel 2 1\n"

static void
in_order(void)
{
	begin();
	an_archive();
	/* A class lists its folder, and so does the series; the series lists a
	 * registration that is in the folder, and the folder below a folder. */
	free(pages[--pages_n].body);
	page("l-del",
	    LIST("1", UNIT("2", "",
			  "," LINK(S "klassifikasjonssystem",
			      "l-system") "," LINK(S "mappe",
			      "l-mappe") "," LINK(S "registrering", "l-reg"))));
	page("l-system",
	    LIST("1", UNIT("3", "", "," LINK(S "klasse", "l-klasse"))));
	page("l-klasse", LIST("1", UNIT("4", "", "," LINK(S "mappe", "l-km"))));
#define FOLDER                                                                 \
	UNIT("5", "",                                                          \
	    "," LINK(S "undermappe", "l-under") "," LINK(                      \
		S "klasse", "u4") "," LINK("sakarkiv/saksmappe", "u5"))
#define BELOW                                                                  \
	UNIT("6", "",                                                          \
	    "," LINK(S "overmappe", "u5") "," LINK("sakarkiv/saksmappe",       \
		"u5") "," LINK(S "registrering", "l-mr"))
#define POST                                                                   \
	UNIT("7", "",                                                          \
	    "," LINK("sakarkiv/journalpost", "u7") "," LINK(S "mappe", "u6"))
	page("l-km", LIST("1", FOLDER));
	page("l-under", LIST("1", BELOW));
	page("l-mr", LIST("1", POST));
	page("l-mappe", LIST("2", BELOW "," FOLDER));
	page("l-reg", LIST("2", POST "," UNIT("8", "", "")));
	page("l-logg",
	    LIST(
		"2", UNIT("9", ",\"referanseArkivenhet\":\"" UUID("7") "\"",
			 "") "," UNIT("a",
			 ",\"hendelsetype\":{},\"referanseArkivenhet\":\"" UUID(
			     "0") "\"",
			 "")));
	CHECK_MSG(harvest(NULL, NULL, NULL) == SLUSE_DELIVERED, "%s", why.text);
	units_are(TOP "klassifikasjonssystem 3 2\nklasse 4 3\n"
		      "mappe/saksmappe 5 4\nmappe 6 5\n"
		      "registrering/journalpost 7 6\nregistrering 8 2\n"
		      "endring 9 7\nendring/hendelseslogg a -\n");
}

/* A folder stands in the list before the one it lies in. */
static void
under_first(void)
{
	begin();
	an_archive();
	page("l-mappe",
	    LIST("2", UNIT("4", "", "," LINK(S "overmappe", "u3")) "," UNIT(
			  "3", "", "," LINK(S "undermappe", "l-under"))));
	page(
	    "l-under", LIST("1", UNIT("4", "", "," LINK(S "overmappe", "u3"))));
	page("l-reg", "{\"count\":0}");
	page("l-logg", "{\"count\":0}");
	CHECK_MSG(harvest(NULL, NULL, NULL) == SLUSE_DELIVERED, "%s", why.text);
	units_are(TOP "mappe 3 2\nmappe 4 3\n");
}

static void
no_more(void)
{
	page("l-mappe", "{\"count\":0}");
	page("l-reg", "{\"count\":0}");
	page("l-logg", "{\"count\":0}");
}

static void
again(void)
{
	int at;

	begin();
	an_archive();
	no_more();
	pages[5].fails = 3; /* l-arkiv */
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_DELIVERED);
	CHECK(seen.pauses == 3 && seen.retry_after == 7);
	CHECK(asked("l-arkiv") == 4);
	units_are(TOP);
	/* Not for ever. */
	begin();
	an_archive();
	no_more();
	pages[5].fails = 100;
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_LATER);
	CHECK(asked("l-arkiv") == 4 && why.http_status == 503);
	/* Nor what will not pass. */
	begin();
	an_archive();
	no_more();
	at = 6;
	pages[at].status = 403; /* l-del */
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_LOGIN && seen.pauses == 0);
	/* A page that is gone is looked for again, from the root. */
	begin();
	an_archive();
	no_more();
	pages[at].status = 404;
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_LATER);
	CHECK(asked("l-del") == 4 && asked(WALK_ROOT) > 4);
}

static void
bad_lists(void)
{
	static const struct {
		const char *mappe, *more, *says;
	} rows[] = {
	    {NEXT("2", UNIT("3", "", ""), "l-mappe"), NULL, "goes round"},
	    {NEXT("3", UNIT("3", "", ""), "more"),
		NEXT("3", UNIT("3", "", ""), "more"), "goes round"},
	    {NEXT("2", UNIT("3", "", ""), "https://elsewhere/"), NULL,
		"refused"},
	    {LIST("1", UNIT("3", "", "") "," UNIT("4", "", "")), NULL,
		"more rows come"},
	    {LIST("3", UNIT("3", "", "")), NULL, "1 of 3 rows"},
	    {NEXT("2", UNIT("3", "", ""), "more"), "{\"count\":2}",
		"1 of 2 rows"},
	    {"{}", NULL, "no list"}, {LIST("1", "7"), NULL, "no object"},
	    {LIST("1", "{\"systemID\":\"../../x\"}"), NULL, "no UUID"},
	    {LIST("1", "{}"), NULL, "no UUID"},
	    {LIST("1",
		 "{\"systemID\":\"00000000-0000-0000-0000-000000000000\"}"),
		NULL, "no UUID"},
	    {LIST("1", "{\"systemID\":\"00000000-0000-4000-8000-00000000000g"
		       "\"}"),
		NULL, "no UUID"},
	    {LIST("1", UNIT("3", "", "," LINK(S "undermappe", "more"))),
		LIST("1", UNIT("3", "", "")), "a unit comes twice"},
	    {LIST("1", UNIT("3", "", "," LINK(S "overmappe", "u8"))), NULL,
		"does not show"}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int v;

		begin();
		an_archive();
		page("l-reg", "{\"count\":0}");
		page("l-logg", "{\"count\":0}");
		page("l-mappe", "%s", rows[i].mappe);
		if (rows[i].more != NULL)
			page("more", "%s", rows[i].more);
		v = harvest(NULL, NULL, NULL);
		CHECK_MSG(v != SLUSE_DELIVERED &&
			      strstr(why.text, rows[i].says) != NULL,
		    "%zu: %s", i, why.text);
	}
}

/* Rows of a list that has no ids. */
static void
remarks(void)
{
	static const struct {
		const char *first, *second, *says;
	} rows[] = {{NEXT("2", "{\"a\":1}", "m2"), LIST("2", "{\"a\":2}"), ""},
	    {NEXT("9", "{\"a\":1}", "m1"), "{}", "goes round"},
	    {NEXT("9", "{\"a\":1}", "m2"), NEXT("9", "{\"a\":1}", "m2"),
		"goes round"},
	    {LIST("1", "{\"a\":1},{\"a\":2}"), "{}", "more rows come"}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		an_archive();
		page("l-mappe",
		    LIST("1", UNIT("3", "", "," LINK(S "merknad", "m1"))));
		page("l-reg", "{\"count\":0}");
		page("l-logg", "{\"count\":0}");
		page("m1", "%s", rows[i].first);
		page("m2", "%s", rows[i].second);
		CHECK((harvest(NULL, NULL, NULL) == SLUSE_DELIVERED) ==
		      (rows[i].says[0] == '\0'));
		CHECK_MSG(strstr(why.text, rows[i].says) != NULL, "%zu: %s", i,
		    why.text);
		CHECK(asked("m1") + asked("m2") <= 3);
	}
}

static void
too_deep(void)
{
	static char urls[60][16];
	int i;

	begin();
	an_archive();
	page("l-reg", "{\"count\":0}");
	page("l-logg", "{\"count\":0}");
	for (i = 0; i < 50; i++)
		(void)snprintf(urls[i], sizeof(urls[i]),
		    i == 0 ? "l-mappe" : "under%d", i);
	for (i = 0; i < 50; i++)
		page(urls[i],
		    LIST("1", "{\"systemID\":\"00000000-0000-4000-8000-"
			      "0000000001%02d\",\"_links\":{" LINK(
				  S "undermappe", "under%d") "}}"),
		    i, i + 1);
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_REFUSED);
	CHECK_MSG(strstr(why.text, "too deep") != NULL, "%s", why.text);
}

/* Pages that are too large together, where each is held until all below its
 * rows is done. */
static void
too_large(void)
{
	static char fill[8000001], urls[10][8];
	int i;

	begin();
	an_archive();
	page("l-reg", "{\"count\":0}");
	page("l-logg", "{\"count\":0}");
	memset(fill, 'x', sizeof(fill) - 1);
	for (i = 0; i < 10; i++) {
		(void)snprintf(urls[i], sizeof(urls[i]),
		    i == 0 ? "l-mappe" : "under%d", i);
		page(urls[i],
		    "{\"fill\":\"%s\",\"count\":1,\"results\":["
		    "{\"systemID\":\"00000000-0000-4000-8000-"
		    "0000000001%02d\",\"_links\":{" LINK(
			S "undermappe", "under%d") "}}]}",
		    fill, i, i + 1);
	}
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_REFUSED);
	CHECK_MSG(strstr(why.text, "too large") != NULL, "%s", why.text);
	begin();
}

static void
narrow(void)
{
#define MADE(day) ",\"opprettetDato\":\"" day "T23:59:59+01:00\""
	begin();
	an_archive();
	page("l-mappe",
	    LIST("3",
		UNIT("3", MADE("2020-01-01"),
		    "," LINK(S "registrering", "r3")) "," UNIT("4",
		    MADE("2020-01-01"),
		    "," LINK(S "registrering", "r4")) "," UNIT("5",
		    MADE("2020-03-31"), "," LINK(S "registrering", "r5"))));
	page("r3", LIST("2", UNIT("6", MADE("2020-03-01"), "") "," UNIT("7",
				 MADE("2020-04-01"),
				 "," LINK(S "dokumentbeskrivelse", "d7"))));
	page("r4", LIST("1", UNIT("8", MADE("2020-02-29"), "")));
	page("r5", "{\"count\":0}");
	page("d7", LIST("1", UNIT("a", "", "")));
	page("l-reg", "{\"count\":0}");
	page("l-logg",
	    LIST("1",
		UNIT("9", ",\"referanseArkivenhet\":\"" UUID("8") "\"", "")));
	CHECK(harvest("2020-03-01", "2020-03-31", NULL) == SLUSE_DELIVERED);
	units_are(TOP "mappe 3 2\nregistrering 6 3\nmappe 5 2\n");
	sl_buf_reset(&seen.units);
	CHECK(harvest(NULL, "2020-02-29", NULL) == SLUSE_DELIVERED);
	units_are(TOP "mappe 3 2\nmappe 4 2\nregistrering 8 4\nendring 9 8\n");
	sl_buf_reset(&seen.units);
	CHECK(harvest(NULL, NULL, UUID("9")) == SLUSE_NOT_FOUND);
	units_are("");
	CHECK(harvest(NULL, NULL, UUID("2")) == SLUSE_DELIVERED);
	CHECK(strncmp(sl_buf_str(&seen.units), TOP, strlen(TOP)) == 0);
	/* One that does not say when. */
	pages[7].body[strcspn(pages[7].body, "o")] = 'x';
	memcpy(strstr(pages[7].body, "pprettetDato"), "xxxxxxxxxxxx", 12);
	CHECK(harvest("2020-03-01", NULL, NULL) == SLUSE_REFUSED);
}

/* A document object below all that is above it; its members and links are
 * given. */
static void
with_object(const char *members, const char *links)
{
	begin();
	an_archive();
	page("l-mappe", "{\"count\":0}");
	page("l-logg", "{\"count\":0}");
	page("l-reg",
	    LIST("1",
		UNIT("3", "", "," LINK(S "dokumentbeskrivelse", "l-dok"))));
	page("l-dok",
	    LIST("1", UNIT("4", "", "," LINK(S "dokumentobjekt", "l-obj"))));
	page("l-obj", LIST("1", UNIT("5", "%s", "%s")), members, links);
}

static int
with_document(const char *members)
{
	with_object(members, "," LINK(S "fil", "fil"));
	return page("fil", "bytes");
}

#define LONG "ABababababababababababababababababababababababababababababababab"

static void
documents(void)
{
	static const struct {
		const char *members, *sha;
		int64_t bytes;
	} rows[] = {{",\"sjekksum\":\"" LONG "\",\"sjekksumAlgoritme\":"
		     "\"SHA-256\",\"filstoerrelse\":5",
			LONG, 5},
	    {",\"sjekksum\":\"" LONG "\",\"sjekksumAlgoritme\":"
	     "\"sha256\",\"filstoerrelse\":\"12\"",
		LONG, 12},
	    {",\"sjekksum\":\"d41d8cd9\",\"sjekksumAlgoritme\":\"MD5\"", "",
		-1},
	    {",\"sjekksum\":\"" LONG "\",\"filstoerrelse\":\"5 kB\"", "", -1}};
	size_t i;
	int at;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)with_document(rows[i].members);
		CHECK(harvest(NULL, NULL, NULL) == SLUSE_DELIVERED);
		CHECK_STR(seen.sha, rows[i].sha);
		CHECK(seen.last.bytes == rows[i].bytes);
		CHECK(seen.last.sink != NULL && asked("fil") == 1);
	}
	(void)with_document("");
	seen.have = 1;
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_DELIVERED);
	CHECK(seen.last.sink != NULL && asked("fil") == 0);
	CHECK(strncmp(seen.key, UUID("5"), 36) == 0);
	at = with_document("");
	pages[at].fails = 2;
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_DELIVERED);
	CHECK(asked("fil") == 3 && seen.pauses == 2);
}

static void
no_document(void)
{
	static const struct {
		const char *members;
		int status, verdict;
		const char *missing;
	} rows[] = {{"", 404, SLUSE_DELIVERED, "http_404"},
	    {"", 410, SLUSE_DELIVERED, "http_410"},
	    {"", 400, SLUSE_DELIVERED, "http_400"},
	    {",\"referanseDokumentfil\":\"fil\"", 404, SLUSE_DELIVERED,
		"http_404"},
	    {",\"referanseDokumentfil\":\"fil\"", 400, SLUSE_REFUSED, ""},
	    {"", 403, SLUSE_REFUSED, ""},
	    {"", 500, SLUSE_DELIVERED, "http_5xx"},
	    {"", 503, SLUSE_DELIVERED, "http_5xx"}};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int at = with_document(rows[i].members);

		pages[at].status = rows[i].status;
		CHECK_MSG(
		    harvest(NULL, NULL, NULL) == rows[i].verdict, "%zu", i);
		CHECK_STR(seen.missing, rows[i].missing);
		CHECK(seen.last.sink == NULL);
	}
	with_object("", "");
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_DELIVERED);
	CHECK_STR(seen.missing, "no_link");
	CHECK(seen.sinks == 0);
}

static void
stops(void)
{
	begin();
	an_archive();
	no_more();
	seen.stop_at = 1; /* the host says no to the first unit */
	CHECK(harvest(NULL, NULL, NULL) == SLUSE_LATER);
	units_are("arkiv 1 -\n");
}

TEST_MAIN({"in_order", in_order}, {"under_first", under_first},
    {"again", again}, {"bad_lists", bad_lists}, {"remarks", remarks},
    {"too_deep", too_deep}, {"too_large", too_large}, {"narrow", narrow},
    {"documents", documents}, {"no_document", no_document}, {"stops", stops})
