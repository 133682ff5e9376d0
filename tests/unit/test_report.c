/*
 * Reports: the table, formats, days, samples, and files somebody gives us.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../daemon/base/mem.h"
#include "../../daemon/config/deadline.h"
#include "../../daemon/form/form.h"
#include "../../daemon/lists/control.h"
#include "../../daemon/lists/csvin.h"
#include "../../daemon/lists/targetlog.h"
#include "../../daemon/registry/registry.h"
#include "../../daemon/report/idmap.h"
#include "../../daemon/report/legal.h"
#include "../../daemon/report/reception.h"
#include "../../daemon/report/sample.h"
#include "../../daemon/report/screened.h"
#include "../../daemon/report/snap.h"
#include "../../daemon/report/tight.h"
#include "../../daemon/report/title.h"
#include "test.h"

/* Fontconfig keeps what it has read until the end and never lets go of it. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(
    void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

/* -- the table ---------------------------------------------------------- */

static void
names_of(const struct sl_report_def *d)
{
	SL_BUF struct sl_buf a = {0}, b = {0};
	bool chart = strcmp(d->shape.chart, "none") == 0;
	size_t i, k;

	for (i = 0; i < d->shape.columns; i++) {
		sl_buf_reset(&a);
		sl_column_xml(&d->shape.column[i], &a);
		CHECK_MSG(
		    a.n > 0, "%s %s", d->shape.slug, d->shape.column[i].key);
		chart = chart ||
			(strcmp(d->shape.column[i].key, d->shape.chart) == 0 &&
			    sl_col_is_number(d->shape.column[i].type));
		for (k = 0; k < i; k++) {
			sl_buf_reset(&b);
			sl_column_xml(&d->shape.column[k], &b);
			CHECK_MSG(strcmp(sl_buf_str(&a), sl_buf_str(&b)) != 0,
			    "%s %s", d->shape.slug, sl_buf_str(&a));
			CHECK_MSG(strcmp(d->shape.column[i].key,
				      d->shape.column[k].key) != 0,
			    "%s %s", d->shape.slug, d->shape.column[i].key);
		}
	}
	CHECK_MSG(chart, "%s has no column %s", d->shape.slug, d->shape.chart);
}

static void
table(void)
{
	size_t n, i, k;
	const struct sl_report_def *d = sl_report_defs(&n);

	CHECK(n >= 13);
	for (i = 0; i < n; i++) {
		CHECK_MSG(d[i].shape.columns > 2, "%s", d[i].shape.slug);
		CHECK(sl_report_def_find(d[i].shape.slug) == &d[i]);
		CHECK(sl_report_def_find(d[i].alias) == &d[i]);
		for (k = 0; k < i; k++)
			CHECK_MSG(strcmp(d[i].alias, d[k].alias) != 0, "%s",
			    d[i].alias);
		names_of(&d[i]);
	}
	CHECK(sl_report_def_find("no-such") == NULL);
}

/* -- formats: hostile cells ---------------------------------------------- */

/* A row of the access codes with a text in it. */
static char *
made_for(const char *form, const char *text, int room)
{
	const struct sl_report_def *d = sl_report_def_find("tilgangskoder");
	struct sl_cell c[8] = {{0}};
	struct sl_out *o;
	struct sl_err err;
	char *p = NULL;
	size_t n, i;
	FILE *f = open_memstream(&p, &n);

	o = sl_out_new(sl_form_find(form), f, SL_LANGUAGE_NB);
	o->room = room;
	(void)snprintf(o->instance, sizeof(o->instance), "%s",
	    room > 0 ? "Testvik" : text);
	sl_out_begin(o, &d->shape);
	for (i = 0; i < d->shape.columns; i++)
		c[i].kind = SL_CELL_VALUE;
	c[0].text = text;
	c[1].text = "XX";
	c[7].kind = SL_CELL_UNKNOWN;
	sl_out_row(o, c);
	sl_out_fact(o, "fact", "Fakta", room > 0 ? "1" : text);
	CHECK(sl_out_end(o, &err) == SL_OK);
	sl_out_free(o);
	(void)fclose(f);
	return p;
}

static char *
made(const char *form, const char *text)
{
	return made_for(form, text, 0);
}

/* Characters of the longest line; none ends in a blank. */
static size_t
widest(const char *p)
{
	size_t most = 0, n = 0;

	for (; *p != '\0'; p++) {
		n = *p == '\n' ? 0 : n + (((unsigned char)*p & 0xC0) != 0x80);
		if (n > most)
			most = n;
		CHECK(*p != '\n' || p[-1] != ' ' || p[-2] == ':');
	}
	return most;
}

/* A terminal's width holds a row; what does not fit stands below, all of it. */
static void
terminal(void)
{
	static const char text[] =
	    "alfa bravo charlie delta ekko foxtrot golf hotell india juliett "
	    "kilo limaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	const char *words[] = {"alfa", "bravo", "charlie", "delta", "ekko",
	    "foxtrot", "golf", "hotell", "india", "juliett", "kilo", "lima"};
	char *p = made_for("table", text, 0);
	size_t i, whole = widest(p);

	CHECK(strstr(p, text) != NULL);
	free(p);
	p = made_for("table", text, (int)whole - 40);
	CHECK_MSG(widest(p) <= whole - 40, "%s", p);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		CHECK_MSG(strstr(p, words[i]) != NULL, "%s\n%s", words[i], p);
	free(p);
	p = made_for("table", text, 20); /* no room for the numbers even */
	CHECK(strstr(p, "foxtrot") != NULL);
	free(p);
}

static void
formats(void)
{
	static const struct {
		const char *form, *text, *has, *has_not;
	} rows[] = {
	    {"html", "<script>x", "&lt;script&gt;x", "<script>"},
	    {"html", "\" onload=\"x", "&quot; onload=", "\" onload=\""},
	    {"xml", "a<b&c", "a&lt;b&amp;c", "a<b"},
	    {"csv", "=cmd()", "\"'=cmd()\"", ";=cmd"},
	    {"csv", "a;b\"c", "\"a;b\"\"c\"", NULL},
	    {"csv", "Blåbær", "\nBlåbær;", NULL},
	    {"csv", "Blåbær, sur", "\n\"Blåbær, sur\";", NULL},
	    {"csv", "a\x1b\xC3", "\na\\x1B\\xC3;", "\x1b"},
	    {"xml", "Blåbær & \xE2\x80\xAE", ">Blåbær &amp; \\u{202E}<", NULL},
	    {"json", "Blåbær\\\n", "\"Blåbær\\\\\\u000a\"", "\\\n"},
	    {"json", "a\"b", "a\\\"b", NULL},
	    {"table", "a\x1b[31m", "a\\x1B[31m", "\x1b"},
	    {"html", "ikke", "ikke kjent", NULL},
	    {"xml", "x", "<eldsteSendt ukjent=\"true\"/>", NULL},
	};
	size_t i;
	char *p;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = made(rows[i].form, rows[i].text);
		CHECK_MSG(strstr(p, rows[i].has) != NULL, "%s: %s\n%s",
		    rows[i].form, rows[i].has, p);
		CHECK_MSG(rows[i].has_not == NULL ||
			      strstr(p, rows[i].has_not) == NULL,
		    "%s: %s", rows[i].form, rows[i].has_not);
		free(p);
	}
	p = made("pdf", "Blåbær ŋđ");
	CHECK(strncmp(p, "%PDF-", 5) == 0);
	free(p);
}

/* Rows are written many at a time: all of them, in their order, and what a page
 * keeps of them. */
static void
many(void)
{
	static const char *const forms[] = {"csv", "json", "xml", "html"};
	const struct sl_report_def *d = sl_report_def_find("tilgangskoder");
	struct sl_cell c[8] = {{0}};
	char name[32], *p, *at;
	struct sl_err err;
	struct sl_out *o;
	size_t n, f;
	FILE *file;
	int i;

	for (f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		file = open_memstream(&p, &n);
		o = sl_out_new(sl_form_find(forms[f]), file, SL_LANGUAGE_NB);
		sl_out_begin(o, &d->shape);
		c[0] = (struct sl_cell){.kind = SL_CELL_VALUE, .text = name};
		for (i = 0; i < 9000; i++) {
			(void)snprintf(name, sizeof(name), "row-%04d-", i);
			sl_out_row(o, c);
		}
		CHECK(sl_out_end(o, &err) == SL_OK);
		sl_out_free(o);
		(void)fclose(file);
		for (i = 0, at = p; i < 9000 && at != NULL; i++) {
			(void)snprintf(name, sizeof(name), "row-%04d-", i);
			at = strstr(at, name);
		}
		CHECK_MSG(at != NULL, "%s: %s", forms[f], name);
		CHECK(at == NULL || strstr(at + 1, "row-") == NULL);
		free(p);
	}
}

static size_t
count_of(const char *s, const char *what)
{
	size_t n = 0;

	for (; (s = strstr(s, what)) != NULL; s++)
		n++;
	return n;
}

/* Where the bars begin: no label is cut, in the widest font that is usual. */
static void
chart_labels(void)
{
	/* At 13 pixels, as DejaVu Sans has them. */
	static const struct {
		char label[96];
		double width;
	} all[] = {
	    {"saksnummer, «saksnummer»", 192.5},
	    {"E-post, Dokumentsenteret, M", 191.0},
	    {"Kommuneadvokaten, MØTEMAPPE OG SÆRSKILT POST", 357.6},
	    {"WWWWWWWWWWWWWWWWWWWW", 257.1},
	    {"mmmmmmmmmmmmmmmmmmmmmmm", 291.3},
	    {"illi, litt til, tittel, fil i fil", 139.1},
	};
	SL_BUF struct sl_buf b = {0};
	char text[96], *label[] = {text};
	double value[] = {1};
	struct sl_bars c = {"a", "", label, value, 1, SL_LANGUAGE_NB};
	const char *at;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		memcpy(text, all[i].label, sizeof(text));
		sl_buf_reset(&b);
		sl_svg_bars(&b, &c);
		at = strstr(sl_buf_str(&b), "<text x=\"");
		CHECK(at != NULL);
		if (at != NULL)
			CHECK_MSG(strtod(at + 9, NULL) >= all[i].width,
			    "%s: %.9s", text, at + 9);
	}
}

/* Many bars are several pictures on one scale, so that paper can break. */
static void
chart(void)
{
	SL_BUF struct sl_buf b = {0};
	char one[] = "<b>", two[] =
				"En svært lang tekst som ikke får plass ved "
				"siden av søylen, hvor bred siden enn er";
	char *label[30] = {one, two};
	double value[30] = {1.5, 0};
	struct sl_bars c = {"a&b", " %", label, value, 2, SL_LANGUAGE_NB};
	size_t i;

	sl_svg_bars(&b, &c);
	CHECK(strstr(sl_buf_str(&b), "&lt;b&gt;") != NULL);
	CHECK(strstr(sl_buf_str(&b), "a&amp;b") != NULL);
	CHECK(strstr(sl_buf_str(&b), ">1,5 %<") != NULL);
	CHECK(strstr(sl_buf_str(&b), "av søylen, \xE2\x80\xA6<") != NULL);
	for (i = 0; i < 30; i++) {
		label[i] = one;
		value[i] = i == 29 ? 200 : 100;
	}
	c.n = 30;
	sl_buf_reset(&b);
	sl_svg_bars(&b, &c);
	CHECK(count_of(sl_buf_str(&b), "</svg>") == 3);
	CHECK(count_of(sl_buf_str(&b), "<rect ") == 30);
	CHECK(count_of(sl_buf_str(&b), " width=\"220\"") == 29);
	CHECK(count_of(sl_buf_str(&b), " width=\"440\"") == 1);
	/* What is not known has no bar, and is not 0. */
	value[1] = (double)NAN;
	c.n = 2;
	sl_buf_reset(&b);
	sl_svg_bars(&b, &c);
	CHECK(count_of(sl_buf_str(&b), "<rect ") == 1);
	CHECK(strstr(sl_buf_str(&b), ">ikke kjent<") != NULL);
	c.n = 0;
	sl_buf_reset(&b);
	sl_svg_bars(&b, &c);
	CHECK(b.n == 0);
}

/* -- days ----------------------------------------------------------------- */

static void
days(void)
{
	static const struct {
		const char *from, *to;
		int n;
	} rows[] = {
	    {"2026-11-27", "2026-11-27", 0},
	    {"2026-11-27", "2026-11-30", 1}, /* Friday to Monday */
	    {"2026-11-28", "2026-11-29", 0},
	    {"2026-04-01", "2026-04-07", 1}, /* Easter 2026: 5 April */
	    {"2026-05-13", "2026-05-15", 1}, /* Ascension the 14th */
	    {"2026-05-22", "2026-05-26", 1}, /* Whit Monday the 25th */
	    {"2027-05-14", "2027-05-18", 1}, /* the 17th is a Monday */
	    {"2026-12-23", "2027-01-04", 6},
	    {"2026-11-30", "2026-11-27", -1},
	};
	/* A moment is of the day it was in Norway; without a zone, as told. */
	static const struct {
		const char *text, *day;
	} moments[] = {
	    {"2026-03-05T23:30:00Z", "2026-03-06"},
	    {"2026-03-05T22:59:59.999Z", "2026-03-05"},
	    {"2026-07-05T22:00Z", "2026-07-06"},
	    {"2026-07-05T21:59:00+00:00", "2026-07-05"},
	    {"2026-03-06T00:30:00+01:00", "2026-03-06"},
	    {"2026-03-06T00:30:00+0200", "2026-03-05"},
	    {"2026-03-05T20:00:00-05", "2026-03-06"},
	    {"2026-12-31T23:00:00Z", "2027-01-01"},
	    {"2026-10-25T00:30:00Z", "2026-10-25"},
	    {"2026-03-05T23:30:00", "2026-03-05"},
	    {"2026-03-05+01:00", "2026-03-05"},
	    {"2026-03-05Tull", "2026-03-05"},
	    {"2026-03-05T", "2026-03-05"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_MSG(sl_working_days(sl_day_read(rows[i].from),
			      sl_day_read(rows[i].to)) == rows[i].n,
		    "%s %s", rows[i].from, rows[i].to);
	/* The day is Oslo's: 23:30 UTC is the next one. */
	CHECK(sl_day_of(INT64_C(1767223800000)) == sl_day_read("2026-01-01"));
	CHECK(sl_day_read("31.01.2026") == sl_day_read("2026-01-31"));
	CHECK(sl_day_read("2026-13-01") == -1);
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		CHECK_MSG(
		    sl_day_read(moments[i].text) == sl_day_read(moments[i].day),
		    "%s", moments[i].text);
	CHECK(sl_day_read("2026-02-29") == -1);
	CHECK(sl_day_read("2028-02-29") == sl_day_read("2028-03-01") - 1);
	CHECK(sl_day_read("2026-1-31") == sl_day_read("2026-01-31T10:00"));
	CHECK(sl_day_read("") == -1);
}

/* -- samples -------------------------------------------------------------- */

static bool
near(double a, double b)
{
	return fabs(a - b) < 0.0005;
}

static void
intervals(void)
{
	double low, high;

	sl_interval_wilson(0, 60, &low, &high);
	CHECK(near(low, 0) && near(high, 0.0602));
	sl_interval_exact(0, 60, &low, &high);
	CHECK(near(low, 0) && near(high, 0.0596));
	sl_interval_exact(1, 60, &low, &high);
	CHECK(near(low, 0.0004) && near(high, 0.0894));
	sl_interval_wilson(5, 50, &low, &high);
	CHECK(near(low, 0.0435) && near(high, 0.2136));
	sl_interval_exact(5, 50, &low, &high);
	CHECK(near(low, 0.0333) && near(high, 0.2181));
	sl_interval_exact(60, 60, &low, &high);
	CHECK(near(low, 0.9404) && near(high, 1));
}

static void
drawing(void)
{
	enum { OF = 1000, N = 100 };
	uint32_t a[N], b[N], id[OF];
	bool kept[OF] = {false};
	uint16_t weight[OF];
	size_t i, k, heavy = 0;
	unsigned seed, hits = 0;

	CHECK(sl_sample_draw(7, NULL, NULL, OF, a, N) == N);
	CHECK(sl_sample_draw(7, NULL, NULL, OF, b, N) == N);
	CHECK(memcmp(a, b, sizeof(a)) == 0);
	(void)sl_sample_draw(8, NULL, NULL, OF, b, N);
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	for (i = 0; i < N; i++)
		for (k = 0; k < i; k++)
			CHECK(a[i] != a[k]);
	for (i = 0; i < OF; i++)
		weight[i] = i < OF / 10 ? 9 : 1;
	(void)sl_sample_draw(7, NULL, weight, OF, a, N);
	for (i = 0; i < N; i++)
		heavy += a[i] < OF / 10;
	/* Half of the weight lies on a tenth of the items. */
	CHECK_MSG(heavy > 25 && heavy < 75, "%zu", heavy);
	/* Each item has the same chance. */
	for (seed = 0; seed < 2000; seed++) {
		(void)sl_sample_draw(seed, NULL, NULL, 20, a, 2);
		hits += a[0] == 3 || a[1] == 3;
	}
	CHECK_MSG(hits > 140 && hits < 260, "%u", hits);
	/* By what an item is, not where it stands: of those that are not there
	 * any more none was drawn, and the same are drawn. */
	for (i = 0; i < OF; i++)
		id[i] = (uint32_t)(i + 1);
	(void)sl_sample_draw(7, id, NULL, OF, a, N);
	for (i = 0; i < N; i++)
		kept[a[i]] = true;
	for (i = k = 0; i < OF; i++)
		if (kept[i] || i % 3 == 0)
			id[k++] = (uint32_t)(i + 1);
	(void)sl_sample_draw(7, id, NULL, k, b, N);
	for (i = 0; i < N; i++)
		CHECK(id[b[i]] == a[i] + 1);
	CHECK(sl_sample_draw(7, NULL, NULL, 3, a, N) == 3);
	CHECK(sl_sample_draw(7, NULL, NULL, 0, a, N) == 0);
}

/* -- peeking ----------------------------------------------------------------
 */

static void
peeking(void)
{
	static const struct {
		const char *json, *key, *want; /* NULL: there is none */
	} rows[] = {
	    {"{\"a\":\"x\"}", "a", "x"},
	    {" { \"b\" : [1,{\"a\":2}] , \"a\" : 17 }", "a", "17"},
	    {"{\"a\":{\"a\":1},\"c\":\"y\"}", "c", "y"},
	    {"{\"a\":{\"c\":1}}", "c", NULL},
	    {"{\"a\":\"\\u00e5\\n\\\"\\\\\"}", "a", "å\n\"\\"},
	    {"{\"a\":\"\\ud83d\\ude00\"}", "a", "\xF0\x9F\x98\x80"},
	    {"{\"a\":\"\\ud83d\"}", "a", "\xEF\xBF\xBD"},
	    {"{\"a\":null,\"b\":1}", "a", NULL},
	    {"{\"x\":\"}\\\"\",\"a\":\"z\"}", "a", "z"},
	    {"{\"x\":\"\\\\\",\"a\":\"z\"}", "a", "z"},
	    {"{\"x\":\"\\\\\\\"\",\"a\":\"z\"}", "a", "z"},
	    {"{\"x\\\\\":1,\"a\":\"z\\\\\"}", "a", "z\\"},
	    {"{\"a\":\"never ends", "a", NULL},
	    {"{\"a\"", "a", NULL},
	    {"{\"a\":", "a", NULL},
	    {"{\"b\":\"\\", "a", NULL},
	    {"[1]", "a", NULL},
	    {"", "a", NULL},
	};
	char out[64];
	size_t i;
	bool found;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		found =
		    sl_json_peek(rows[i].json, rows[i].key, out, sizeof(out));
		CHECK_MSG(found == (rows[i].want != NULL), "%s", rows[i].json);
		if (rows[i].want != NULL)
			CHECK_STR(out, rows[i].want);
	}
	CHECK(sl_json_peek("{\"a\":\"åååå\"}", "a", out, 4));
	CHECK_STR(out, "å");
}

/* -- rows of a file -------------------------------------------------------- */

static void
longest_row(void)
{
	char *text = sl_alloc(SL_CSVIN_LINE + 8);
	struct sl_csvin c;
	struct sl_err err;
	size_t more;
	FILE *f;

	for (more = 0; more < 2; more++) {
		memset(text, 'a', SL_CSVIN_LINE + more);
		memcpy(text + SL_CSVIN_LINE + more, "\nb;c", 5);
		f = fmemopen(text, strlen(text), "r");
		sl_csvin_open(&c, f);
		CHECK(
		    sl_csvin_next(&c, &err) == (more == 0 ? SL_OK : SL_BROKEN));
		CHECK(
		    more > 0 || strlen(sl_csvin_field(&c, 0)) == SL_CSVIN_LINE);
		CHECK(more > 0 || sl_csvin_next(&c, &err) == SL_OK);
		CHECK(more > 0 || strcmp(sl_csvin_field(&c, 1), "c") == 0);
		CHECK(more > 0 || sl_csvin_next(&c, &err) == SL_SKIP);
		sl_csvin_close(&c);
		(void)fclose(f);
	}
	free(text);
}

/* -- files ---------------------------------------------------------------- */

static char path[] = "/tmp/sluse-test-report-XXXXXX";

static void
put_file(const char *text)
{
	FILE *f = fopen(path, "we");

	CHECK(f != NULL && fputs(text, f) >= 0);
	(void)fclose(f);
}

static void
sheets(void)
{
	struct sl_control_sheet s;
	struct sl_err err;

	put_file("\xEF\xBB\xBFkø;dato;forsendelser;sider;signert;av\r\n"
		 "Skannet post;2026-11-02;12;;03.11.2026;\"KN; avd. 2\"\r\n"
		 "\r\nSkannet post;2.11.2026;3;44;;\r\n");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_OK && s.n == 2);
	CHECK_STR(s.row[0].queue, "Skannet post");
	CHECK_STR(s.row[0].by, "KN; avd. 2");
	CHECK(s.row[0].items == 12 && s.row[0].pages == -1);
	CHECK(s.row[0].signed_day == sl_day_read("2026-11-03"));
	CHECK(s.row[1].day == s.row[0].day && s.row[1].signed_day == -1);
	sl_control_free(&s);
	put_file("queue,date,pages\nA,2026-11-02,-4\n");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_BROKEN);
	CHECK(strstr(err.text, "line 2") != NULL);
	put_file("dato;sider\n2026-11-02;1\n");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_BROKEN);
	put_file("");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_BROKEN);
	put_file("k\xF8;dato\nPost p\xE5 papir;2026-11-02\n");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_OK && s.n == 1);
	CHECK_STR(s.row[0].queue, "Post på papir");
	sl_control_free(&s);
	put_file("kø;dato\n\"never ends;2026-11-02\n");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_BROKEN);
}

static const char *
id_of(const struct sl_mailbox *m, size_t i)
{
	return m->line[i].text != 0 ? m->text.p + m->line[i].text : "";
}

static void
mailbox_csv(void)
{
	struct sl_control_sheet s;
	struct sl_err err;
	size_t at;

	put_file("Message-ID,UID,uidvalidity,date,queue\r\n"
		 "x <a@b> <c@d>,17,3,2026-11-02,Post\r\n"
		 "\"bare@b, (c)\",4,,3.11.2026,Post\r\n"
		 "<second@line>,17,3,2026-11-05,Post\r\n"
		 "<a@b>,17,4,2026-11-02,Post\r\n<open,5,,2026-11-02,Post\r\n");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_OK);
	CHECK(s.n == 0 && s.mail.there && s.mail.n == 4 && s.mail.ids == 3);
	CHECK(s.mail.line[0].uid == 4 && s.mail.line[2].validity == 3);
	CHECK_STR(id_of(&s.mail, 0), "bare@b,");
	CHECK_STR(id_of(&s.mail, 1), "");
	CHECK_STR(id_of(&s.mail, 2), "a@b");
	CHECK(sl_mailbox_by_uid(&s.mail, 1, 17, &at) == 2 && at == 2);
	CHECK(sl_mailbox_by_uid(&s.mail, 2, 17, &at) == 0);
	CHECK(sl_mailbox_by_id(&s.mail, 1, sl_mailbox_hash("a@b"), &at) == 2);
	CHECK(sl_mailbox_by_id(&s.mail, 1, sl_mailbox_hash("a@c"), &at) == 0);
	CHECK(sl_mailbox_by_id(&s.mail, 1, UINT64_MAX, &at) == 0);
	sl_control_free(&s);
	put_file("uid\tdate.received\thdr.message-id\n"
		 "1\t2026-11-02 10:00:00\t\"<q\t\"r@b>\n");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_BROKEN);
	CHECK(strstr(err.text, "--queue") != NULL);
	CHECK(sl_control_read(path, "Post", &s, &err) == SL_OK);
	CHECK(s.mail.n == 1);
	CHECK_STR(id_of(&s.mail, 0), "q \"r@b");
	CHECK_STR(s.mail.queue.text[s.mail.line[0].queue], "Post");
	sl_control_free(&s);
	put_file("uid;dato;ko;Kø\n1;2026-11-02;A;B\n");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_BROKEN);
	CHECK(strstr(err.text, "twice") != NULL);
	put_file("uid;dato;ko\n1;2026-11-02;A\n0;2026-11-02;A\n");
	CHECK(sl_control_read(path, NULL, &s, &err) == SL_BROKEN);
	CHECK(strstr(err.text, "line 3") != NULL);
}

/* As doveadm -f json writes it. */
static void
mailbox_json(void)
{
	struct sl_control_sheet s;
	struct sl_err err;
	SL_BUF struct sl_buf b = {0};
	size_t i;

	put_file("\n[{\"uid\":\"1\"}]");
	CHECK(sl_control_read(path, "Post", &s, &err) == SL_BROKEN);
	sl_buf_add_str(&b,
	    "[{\"uid\":\"7\",\"date.received\":\"2026-11-02 10:00:00\","
	    "\"hdr.message-id\":\"\\n <a}\\\"\\n b@c>\\n<d@e>\"},\n"
	    "{\"uid\":\"8\",\"date.received\":\"2026-11-02 10:00:00\","
	    "\"hdr.message-id\":\"<\xF8@c>\"},{\"uid\":\"9\","
	    "\"date.received\":\"2026-11-02\",\"hdr.message-id\":\"");
	for (i = 0; i < 100000; i++)
		sl_buf_add_char(&b, 'a');
	sl_buf_add_str(
	    &b, "\"},{\"uid\":10,\"date.received\":\"2026-11-03\"}]");
	put_file(sl_buf_str(&b));
	CHECK(sl_control_read(path, "Post", &s, &err) == SL_OK);
	CHECK(s.mail.n == 4 && s.mail.ids == 2);
	CHECK_STR(id_of(&s.mail, 0), "a}\" b@c");
	CHECK_STR(id_of(&s.mail, 1), "?@c");
	CHECK(s.mail.line[1].hash == sl_mailbox_hash("\xEF\xBF\xBD@c"));
	CHECK(s.mail.line[1].hash == sl_mailbox_hash("ø@c"));
	CHECK(s.mail.line[1].hash != sl_mailbox_hash("@c"));
	sl_control_free(&s);
}

struct seen {
	struct sl_tlog_post post;
	int n;
};

static enum sl_rc
take_post(void *arg, const struct sl_tlog_post *p, struct sl_err *err)
{
	struct seen *s = arg;

	(void)err;
	s->post = *p;
	s->n++;
	return SL_OK;
}

#define JOURNAL(name, more)                                                    \
	"<?xml version=\"1.0\"?><" name                                        \
	" xmlns=\"http://www.arkivverket.no/standarder/noark5/" name           \
	"\"><journalhode><journalStartDato>2026-01-01</journalStartDato>"      \
	"<journalSluttDato>2026-01-31</journalSluttDato></journalhode>"        \
	"<journalregistrering><saksmappe><mappeID>2026/17</mappeID>"           \
	"<tittel>Sak</tittel></saksmappe><journalpost>"                        \
	"<registreringsID>2026/17-1</registreringsID>"                         \
	"<journalaar>2026</journalaar>"                                        \
	"<journalsekvensnummer>5</journalsekvensnummer>" more                  \
	"<journaldato>2026-01-07</journaldato>"                                \
	"<korrespondansepart><korrespondanseparttype>Avsender"                 \
	"</korrespondanseparttype><korrespondansepartNavn>Ola"                 \
	"</korrespondansepartNavn></korrespondansepart></journalpost>"         \
	"</journalregistrering></" name ">"

static void
target_journals(void)
{
	struct sl_targetlog_period period;
	struct seen s = {.n = 0};
	struct sl_err err;
	SL_BUF struct sl_buf deep = {0};
	int i;

	put_file(
	    JOURNAL("loependeJournal", "<tittel>S&#xF8;knad &amp; svar</tittel>"
				       "<antallVedlegg>2</antallVedlegg>"));
	CHECK(sl_targetlog_read(path, take_post, &s, &period, &err) == SL_OK);
	CHECK(s.n == 1 && s.post.incoming && !s.post.public);
	CHECK_STR(s.post.title, "Søknad & svar");
	CHECK_STR(s.post.number, "2026/17-1");
	CHECK_STR(s.post.journal, "5/2026");
	CHECK_STR(s.post.case_number, "2026/17");
	CHECK(s.post.attachments == 2 && s.post.document_day == -1);
	CHECK(period.to_day == sl_day_read("2026-01-31"));
	/* An empty element may stand over two lines. */
	put_file(JOURNAL("loependeJournal",
	    "<journalstatus>\n  </journalstatus><tittel> </tittel><tittel>A"
	    "<!-- --> <![CDATA[B]]></tittel>"));
	CHECK(sl_targetlog_read(path, take_post, &s, &period, &err) == SL_OK);
	CHECK_STR(s.post.status, "");
	CHECK_STR(s.post.title, "A B");
	put_file("<a><journalregistrering><journalpost>"
		 "<journalsekvensnummer>\n </journalsekvensnummer>"
		 "<journalaar>2026</journalaar></journalpost>"
		 "</journalregistrering></a>");
	CHECK(sl_targetlog_read(path, take_post, &s, &period, &err) == SL_OK);
	CHECK_STR(s.post.journal, "");
	put_file(JOURNAL(
	    "offentligJournal", "<offentligTittel>S *****</offentligTittel>"));
	CHECK(sl_targetlog_read(path, take_post, &s, &period, &err) == SL_OK);
	CHECK(s.post.public && s.post.has_public_title);

	put_file("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
		 "<loependeJournal>&x;</loependeJournal>");
	CHECK(
	    sl_targetlog_read(path, take_post, &s, &period, &err) == SL_BROKEN);
	put_file("<loependeJournal><journalregistrering>");
	CHECK(
	    sl_targetlog_read(path, take_post, &s, &period, &err) == SL_BROKEN);
	for (i = 0; i < 100; i++)
		sl_buf_add_str(&deep, "<a>");
	put_file(sl_buf_str(&deep));
	CHECK(
	    sl_targetlog_read(path, take_post, &s, &period, &err) == SL_BROKEN);
	put_file("registreringsID,tittel,type,status\n2026/9-1,\"A, b\",I,M\n");
	CHECK(sl_targetlog_read(path, take_post, &s, &period, &err) == SL_OK);
	CHECK_STR(s.post.title, "A, b");
	CHECK(s.post.incoming && !s.post.has_document_day);
	put_file("a;b\n1;2\n");
	CHECK(
	    sl_targetlog_read(path, take_post, &s, &period, &err) == SL_BROKEN);
}

/* -- law --------------------------------------------------------------------
 */

static bool
holds(const char *law, const char *paragraph, const char *day)
{
	struct sl_legal l;
	int64_t d = sl_day_read(day);
	size_t at = 0;

	while ((at = sl_legal_next(at, d, d, &l)) != 0)
		if (strstr(l.law, law) != NULL &&
		    strcmp(l.paragraph, paragraph) == 0)
			return true;
	return false;
}

static void
law(void)
{
	CHECK(holds("2017-12-15-2105", "§ 9", "2025-12-31"));
	CHECK(!holds("2017-12-15-2105", "§ 9", "2026-01-01"));
	CHECK(holds("2025-12-17-2647", "§ 14", "2026-01-01"));
	CHECK(!holds("2025-12-17-2647", "§ 14", "2025-12-31"));
	CHECK(holds("2016/679", "art. 30", "2030-01-01"));
	/* In force since a day that nobody could tell. */
	CHECK(holds("2008-10-17-1119", "§ 6", "2010-06-01"));
	CHECK(holds("2008-10-17-1119", "§ 6", "2030-01-01"));
}

static void
tidy(void)
{
	CHECK(unlink(path) == 0);
}

static void
begin(void)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	(void)close(fd);
}

/* Full to the limit, so that searches run over the end to the beginning. */
static void
rows_by_text(void)
{
	struct sl_idmap m = {0};
	char text[32];
	uint32_t i, wrong = 0, found = 0;

	CHECK(sl_idmap_find(&m, "2026/1-1") == 0);
	sl_idmap_begin(&m, 5001);
	for (i = 1; i <= 5000; i++) {
		(void)snprintf(text, sizeof(text), "2026/%u-%u", i / 3, i % 3);
		sl_idmap_add(&m, text, i);
	}
	sl_idmap_add(&m, "2026/0-1", 77);
	for (i = 1; i <= 5000; i++) {
		(void)snprintf(text, sizeof(text), "2026/%u-%u", i / 3, i % 3);
		wrong += sl_idmap_find(&m, text) != i;
		(void)snprintf(text, sizeof(text), "2027/%u-%u", i / 3, i % 3);
		found += sl_idmap_find(&m, text) != 0;
	}
	CHECK_MSG(wrong == 0 && found == 0, "%u wrong, %u that are not there",
	    wrong, found);
	/* More than was said: they are not kept, and no search is without end.
	 */
	for (i = 0; i < 5000; i++) {
		(void)snprintf(text, sizeof(text), "2028/%u", i);
		sl_idmap_add(&m, text, 1);
	}
	CHECK(sl_idmap_find(&m, "2028/4999") == 0);
	sl_idmap_free(&m);
	CHECK(sl_idmap_find(&m, "2026/0-1") == 0);
}

static void
titles(void)
{
	char a[SL_TITLE_MAX], b[SL_TITLE_MAX] = "SØKNAD om tiltak, nr. 7";

	sl_title_fold("Søknad om tiltak nr 7!", a, sizeof(a));
	sl_title_fold(b, b, sizeof(b));
	CHECK_STR(a, "søknadomtiltaknr7");
	CHECK_STR(b, a);
	CHECK(sl_title_hash(a) == sl_title_hash(b) && sl_title_hash("") != 0);
	CHECK(sl_title_mix("2026/1", "1x") != sl_title_mix("2026/11", "x"));
	sl_title_fold("abcdef", a, 5);
	CHECK_STR(a, "abc");
}

static void
receptions(void)
{
	static const struct {
		int year;
		int64_t n;
	} good[] = {
	    {26, 4711}, {2026, 1}, {0, 1000000}, {99, 33554431}, {7, 12345678}};
	static const char *const odd[] = {"M26-004711-4", "X26-004711-3",
	    "M26-4711-3", "M26-0004711-3", "M026-04711-3", "M26-004711-3.1",
	    "M26-004711-3x", "M26-000000-6", "M26-004711", "M26", "M", "",
	    "26-004711-3", "MM26-004711-3"};
	struct sl_reception r;
	char text[32], again[32];
	uint32_t packed;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		sl_reception_format(
		    "M", good[i].year, good[i].n, text, sizeof(text));
		packed = sl_reception_pack(sl_slice_str(text), "M");
		CHECK_MSG(packed != 0, "%s", text);
		r = sl_reception_unpack(packed);
		sl_reception_write(packed, "M", again);
		CHECK_STR(again, text);
		CHECK_MSG(r.check == (unsigned)(text[strlen(text) - 1] - '0'),
		    "%s: %u", text, r.check);
	}
	sl_reception_format("M", 26, 33554432, text, sizeof(text));
	CHECK(sl_reception_pack(sl_slice_str(text), "M") == 0);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		CHECK_MSG(sl_reception_pack(sl_slice_str(odd[i]), "M") == 0,
		    "%s", odd[i]);
	CHECK(sl_reception_read(sl_slice_str("ARK26-004711-3.12"), &r) &&
	      r.year == 26 && r.n == 4711 && r.check == 3 && r.entry == 12);
}

static void
tight(void)
{
	static const char *const text[] = {"J", "2026/17-4", "", "711/2026",
	    "Journalf\xC3\xB8rt \xF0\x9F\x93\xAE", "M", "-", "0",
	    "N/A:", "2026.17;x", "", ""};
	const size_t n = sizeof(text) / sizeof(text[0]);
	SL_BUF struct sl_buf b = {0}, room = {0};
	const char *got[sizeof(text) / sizeof(text[0])], *one;
	char every[256];
	size_t i, at[2];

	for (i = 0; i < 255; i++)
		every[i] = (char)(i + 1);
	every[255] = '\0';
	/* One behind another, in either half of a byte. */
	sl_tight_add(&b, text, n);
	at[0] = b.n;
	sl_tight_add(&b, (const char *const[]){every}, 1);
	at[1] = b.n;
	sl_tight_add(&b, &text[1], 1);
	CHECK(b.n == at[1] + 5);
	sl_tight_read(b.p, n, &room, got);
	for (i = 0; i < n; i++)
		CHECK_STR(got[i], text[i]);
	sl_tight_read(b.p + at[0], 1, &room, &one);
	CHECK_STR(one, every);
	sl_tight_read(b.p + at[1], 1, &room, &one);
	CHECK_STR(one, "2026/17-4");
}

/* As many as are kept, and as many again that are not among them: each is found
 * at once, or this does not end. */
static void
screened(void)
{
	static struct sl_tlog_post p;
	struct sl_screened s = {0};
	unsigned i, shown = 0;

	(void)snprintf(p.title, sizeof(p.title), "Søknad fra Kari NORDMANN");
	(void)snprintf(
	    p.public_title, sizeof(p.public_title), "Søknad fra ***** *****");
	for (i = 0; i <= SL_SCREENED_POSTS; i++) {
		(void)snprintf(p.number, sizeof(p.number), "2026/%u-1", i);
		sl_screened_keep(&s, &p);
	}
	CHECK(s.n == SL_SCREENED_POSTS && s.left_out == 1);
	p.public = true;
	(void)snprintf(p.public_title, sizeof(p.public_title), "Fra: Nordmann");
	for (i = 0; i < SL_SCREENED_POSTS; i++) {
		(void)snprintf(p.number, sizeof(p.number), "2026/%u-2", i);
		shown += sl_screened_shows(&s, &p);
	}
	CHECK_MSG(shown == 0, "%u", shown);
	(void)snprintf(p.number, sizeof(p.number), "2026/%u-1", i - 1);
	CHECK(sl_screened_shows(&s, &p));
	(void)snprintf(p.public_title, sizeof(p.public_title), "Fra Nordman");
	CHECK(!sl_screened_shows(&s, &p));
	sl_screened_free(&s);
	CHECK(!sl_screened_shows(&s, &p));
	/* Words without end. */
	p.public = false;
	memset(p.title, 'x', 900);
	p.title[900] = '\0';
	(void)snprintf(p.public_title, sizeof(p.public_title), "*****");
	for (i = 0; i < SL_SCREENED_BYTES / 900 + 10; i++)
		sl_screened_keep(&s, &p);
	CHECK(s.left_out > 10 && s.words.n <= SL_SCREENED_BYTES);
	sl_screened_free(&s);
}

TEST_MAIN({"begin", begin}, {"table", table}, {"formats", formats},
    {"many rows", many}, {"terminal", terminal}, {"chart", chart},
    {"labels of a chart", chart_labels}, {"days", days},
    {"intervals", intervals}, {"drawing", drawing}, {"peeking", peeking},
    {"the longest row", longest_row}, {"sheets", sheets},
    {"mailbox, csv", mailbox_csv}, {"mailbox, json", mailbox_json},
    {"target journals", target_journals}, {"law", law}, {"tidy", tidy},
    {"rows by text", rows_by_text}, {"titles", titles},
    {"receptions", receptions}, {"tight", tight}, {"screened", screened})
