/*
 * The folders people see: what is read of a note, what is written for hostile
 * names, and the folders themselves over a real store. The engine's verbs are
 * stood in for here, so that the faces are tested without the daemon.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/text.h"
#include "../../daemon/faces/facefile.h"
#include "../../daemon/faces/faces_p.h"
#include "../../daemon/faces/stopnote.h"
#include "../../daemon/faces/suggest.h"
#include "../../daemon/faces/words.h"
#include "test.h"

/* -- the note -------------------------------------------------------------- */

struct note {
	const char *text;
	size_t n; /* 0 = strlen */
	enum sl_settle_kind kind;
	enum sl_settle_line line;
	const char *value, *case_number;
};
#define NO SL_SETTLED_NOTHING, SL_SETTLE_CASE, "", ""
#define EMPTY SL_SETTLED_EMPTY, SL_SETTLE_CASE, "", ""
#define MANY SL_SETTLED_SEVERAL, SL_SETTLE_CASE
#define CASE(v, c) SL_SETTLED_LINE, SL_SETTLE_CASE, v, c
#define LINE(l, v) SL_SETTLED_LINE, SL_SETTLE_##l, v, ""
#define BYTES(s) s, sizeof(s) - 1

static const struct note notes[] = {
    {"", 0, EMPTY},
    {"\r\n\r\n", 0, EMPTY},
    {"\xEF\xBB\xBF", 0, EMPTY},
    {"Mottaksnummer: M26-004711-3.1\r\n", 0, EMPTY},
    {"Sak:\r\nNy sak:\r\nIkke arkivverdig:\r\nHører til:\r\n", 0, NO},
    {"Sak: 2026/211", 0, CASE("2026/211", "2026/211")},
    {"Sak: 2026/211\n", 0, CASE("2026/211", "2026/211")},
    {"Sak:2026/211\r\n", 0, CASE("2026/211", "2026/211")},
    {"  sak :   2026/211   \t \r\n", 0, CASE("2026/211", "2026/211")},
    {"SAK: 2026-211", 0, CASE("2026-211", "2026/211")},
    {"Sak: 2026 211", 0, CASE("2026 211", "2026/211")},
    {"Sak: 26-211", 0, CASE("26-211", "2026/211")},
    {"Sak: 26/00211", 0, CASE("26/00211", "2026/211")},
    {"Sak: 98/12", 0, CASE("98/12", "1998/12")},
    {"Sak: 2026 / 211", 0, CASE("2026 / 211", "2026/211")},
    {"Sak: 2026\xE2\x80\x93"
     "211",
	0,
	CASE("2026\xE2\x80\x93"
	     "211",
	    "2026/211")},
    {"Sak: Sak 2026/211", 0, CASE("Sak 2026/211", "2026/211")},
    {"Sak: saksnr. 2026/211", 0, CASE("saksnr. 2026/211", "2026/211")},
    {"Saksnummer: 2026/211", 0, CASE("2026/211", "2026/211")},
    {"saksnr.: 2026/211", 0, CASE("2026/211", "2026/211")},
    {"Case: 2026/211", 0, CASE("2026/211", "2026/211")},
    {"Sak: 2026/211\xC2\xA0", 0, CASE("2026/211", "2026/211")},
    {"Sak: 2026/211\x00\x07", 0, CASE("2026/211", "2026/211")},
    /* not case numbers, but filled in */
    {"Sak: 2026/", 0, CASE("2026/", "")},
    {"Sak: 2026/211-3", 0, CASE("2026/211-3", "")},
    {"Sak: 211", 0, CASE("211", "")},
    {"Sak: 202/11", 0, CASE("202/11", "")},
    {"Sak: 2026/0", 0, CASE("2026/0", "")},
    {"Sak: 2026/123456789", 0, CASE("2026/123456789", "")},
    {"Sak: 2026/211 og 2026/212", 0, CASE("2026/211 og 2026/212", "")},
    {"Sak: vet ikke", 0, CASE("vet ikke", "")},
    {"Sak: ../../etc/passwd", 0, CASE("../../etc/passwd", "")},
    /* the other lines */
    {"Ny sak: Støy fra vei", 0, LINE(NEW_CASE, "Støy fra vei")},
    {"New case: Noise", 0, LINE(NEW_CASE, "Noise")},
    {"Ikke arkivverdig: reklame", 0, LINE(NOT_WORTHY, "reklame")},
    {"Ikkje arkivverdig: reklame", 0, LINE(NOT_WORTHY, "reklame")},
    {"Not archive-worthy: advert", 0, LINE(NOT_WORTHY, "advert")},
    {"Hører til: M26-004711-3", 0, LINE(BELONGS, "M26-004711-3")},
    {"HØRER  TIL: M26-004711-3", 0, LINE(BELONGS, "M26-004711-3")},
    {"Belongs to: M26-004711-3", 0, LINE(BELONGS, "M26-004711-3")},
    /* nothing meant */
    {"Sak: -\nNy sak: nei\nIkke arkivverdig: Nei\nHører til: ...", 0, NO},
    {"Sak: 2026/211\nIkke arkivverdig: nei", 0, CASE("2026/211", "2026/211")},
    /* several */
    {"Sak: 2026/211\nNy sak: Støy", 0, MANY, "2026/211", "2026/211"},
    {"Sak: 2026/211\nSak: 2026/212", 0, MANY, "2026/211 | 2026/212", ""},
    {"Sak: 2026/211\nSak: 2026/211", 0, CASE("2026/211", "2026/211")},
    {"Sak: 2026/211\nCase: 2026/9", 0, MANY, "2026/211 | 2026/9", ""},
    /* without its label */
    {"Sak:\r\n2026/211\r\n", 0, SL_SETTLED_UNLABELLED, SL_SETTLE_CASE, "", ""},
    {"2026-211", 0, SL_SETTLED_UNLABELLED, SL_SETTLE_CASE, "", ""},
    {"se 2026/211 for eksempel", 0, SL_SETTLED_UNKNOWN, SL_SETTLE_CASE, "", ""},
    {"- Sak: nummeret på en sak", 0, SL_SETTLED_UNKNOWN, SL_SETTLE_CASE, "",
	""},
    {"Horer til: M26-000029-4.1\n", 0, SL_SETTLED_UNKNOWN, SL_SETTLE_CASE, "",
	""},
    {"Sak:\nNy sak:\nEmne: reklame, kastes\n", 0, SL_SETTLED_UNKNOWN,
	SL_SETTLE_CASE, "", ""},
    {"Her er posten.\nSak:\nNy sak:\n", 0, NO},
    {"\r\n \r\n", 0, EMPTY},
    /* in the explanation */
    {"- Sak: nummeret på en sak som finnes, for eksempel 2026/211\nSak:\n", 0,
	NO},
    {"- Case: the number of a case that exists, such as 2026/211\nSak:\n", 0,
	NO},
    {"- Sak: nummeret på en sak som finnes, for eksempel 2026/211 2026/87\n"
     "Sak:\n",
	0, SL_SETTLED_HELP, SL_SETTLE_CASE, "", ""},
    {"- Sak: 2026/87\nSak:\nNy sak:\n", 0, SL_SETTLED_HELP, SL_SETTLE_CASE, "",
	""},
    {"- Sak: 2026/87\nSak: 2026/87\n", 0, CASE("2026/87", "2026/87")},
    {"- Sak:\n- Ny sak: -\nSak:\n", 0, NO},
    {"- Ikke arkivverdig: begrunnelse (posten blir ikke arkivert): reklame\n"
     "Sak:\n",
	0, SL_SETTLED_HELP, SL_SETTLE_NOT_WORTHY, "", ""},
    {"- Ring Kari: hun vet det\nSak:\n", 0, NO},
    /* our own answer does not count */
    {"Sak:\n-------- Svar\nSak: 2026/211\n", 0, NO},
    {"Sak: 2026/211\n-------- Svar\nSak: 2026/9\n", 0,
	CASE("2026/211", "2026/211")},
    /* what editors make of it */
    {BYTES("\xEF\xBB\xBFSak: 2026/211\r\n"), CASE("2026/211", "2026/211")},
    {BYTES("\xFF\xFES\0a\0k\0:\0 \0"
	   "2\0"
	   "0\0"
	   "2\0"
	   "6\0/\0"
	   "9\0\r\0\n\0"),
	CASE("2026/9", "2026/9")},
    {BYTES("\xFE\xFF\0S\0a\0k\0:\0"
	   "2\0"
	   "6\0-\0"
	   "9"),
	SL_SETTLED_UNKNOWN, SL_SETTLE_CASE, "", ""},
    {BYTES("S\0a\0k\0:\0"
	   "2\0"
	   "6\0-\0"
	   "9\0"),
	CASE("26-9", "2026/9")},
    {BYTES("H\xF8rer til: M26-004711-3"), LINE(BELONGS, "M26-004711-3")},
    {BYTES("Ny sak: St\xF8y \x96 vei"), LINE(NEW_CASE, "Støy – vei")},
    {BYTES("Sak: 2026/211\rNy sak:\r"), CASE("2026/211", "2026/211")},
    {BYTES("Sak: 2026/2\xE2\x80\x8B"
	   "11"),
	CASE("2026/211", "2026/211")},
    {BYTES("\xFF\xFF\xFF\xFE\x80\x80"), SL_SETTLED_UNKNOWN, SL_SETTLE_CASE, "",
	""},
    {BYTES("\xFF\xFE\x00\xD8"), SL_SETTLED_UNKNOWN, SL_SETTLE_CASE, "", ""},
};

static void
note_table(void)
{
	struct sl_settle s;
	size_t i;

	CHECK(sizeof(notes) / sizeof(notes[0]) >= 40);
	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		const struct note *t = &notes[i];
		const char *text = t->text;
		unsigned before = test_bad;

		/* the UTF-16 row with an odd tail is completed here */
		sl_settle_parse(text, t->n != 0 ? t->n : strlen(text), &s);
		if (i > 0 && memcmp(text, "\xFE\xFF", 2) == 0) {
			CHECK(s.kind == SL_SETTLED_LINE);
			CHECK_STR(s.case_number, "2026/9");
			continue;
		}
		CHECK(s.kind == t->kind);
		CHECK(s.line == t->line);
		CHECK_STR(s.value[s.line], t->value);
		CHECK_STR(s.case_number, t->case_number);
		if (test_bad != before)
			(void)fprintf(stderr, "note %zu: %s\n", i, text);
	}
}

/* What stood in the explanation is told back without our own words. */
static void
note_help(void)
{
	static const char *const lines[] = {
	    "- Hører til: %s mottaksnummeret til posten denne hører sammen med",
	    "- Hører til: mottaksnummeret til posten denne hører sammen med %s",
	    "- Belongs to:  %s", "  - hører til : %s"};
	SL_BUF struct sl_buf b = {0};
	struct sl_settle s;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *at = strstr(lines[i], "%s");

		sl_buf_reset(&b);
		sl_buf_add(&b, lines[i], (size_t)(at - lines[i]));
		sl_buf_printf(&b, "M26-000002-1%s\r\nSak:\r\n", at + 2);
		sl_settle_parse(sl_buf_str(&b), b.n, &s);
		CHECK(s.kind == SL_SETTLED_HELP && s.line == SL_SETTLE_BELONGS);
		CHECK_STR(s.unknown, "M26-000002-1");
	}
}

static void
note_large(void)
{
	char *p = sl_alloc(3 * SL_SETTLE_FILE_MAX);
	struct sl_settle s;

	memset(p, 'x', 3 * SL_SETTLE_FILE_MAX);
	memcpy(p, "Ny sak: ", 8);
	sl_settle_parse(p, 3 * SL_SETTLE_FILE_MAX, &s);
	CHECK(s.kind == SL_SETTLED_LINE);
	CHECK(strlen(s.value[SL_SETTLE_NEW_CASE]) < SL_SETTLE_VALUE_MAX);
	free(p);
}

static void
note_written_is_read(void)
{
	struct sl_settle s = {0}, again;
	struct sl_settle_page p = {.number = "M26-004711-3.1",
	    .why = "Ukjent.",
	    .detail = "Sak: 2026/9",
	    .until_ms = 1795600000000,
	    .distribution = "2026/1",
	    .answered_ms = 1795500000000};
	SL_BUF struct sl_buf b = {0};
	unsigned lang;

	for (lang = SL_LANGUAGE_NB; lang <= SL_LANGUAGE_EN; lang++) {
		sl_buf_reset(&b);
		p.was = NULL;
		p.answer = NULL;
		sl_settle_write(&b, lang, &p);
		sl_settle_parse(b.p, b.n, &again);
		CHECK(again.kind == SL_SETTLED_NOTHING);
		CHECK_STR(again.number, "M26-004711-3.1");
		(void)snprintf(s.value[SL_SETTLE_CASE],
		    sizeof(s.value[SL_SETTLE_CASE]), "tull");
		p.was = &s;
		p.answer = "Sak: 2026/5";
		sl_buf_reset(&b);
		sl_settle_write(&b, lang, &p);
		sl_settle_parse(b.p, b.n, &again);
		CHECK(again.kind == SL_SETTLED_LINE);
		CHECK_STR(again.value[SL_SETTLE_CASE], "tull");
	}
}

static void
folder_names(void)
{
	static const struct {
		const char *name, *number;
	} t[] = {
	    {"2026-211", "2026/211"},
	    {"2026 211", "2026/211"},
	    {"26-211", "2026/211"},
	    {"2026_211", "2026/211"},
	    {"2026-211 (2)", "2026/211"},
	    {"M26-004711-3.1 2026-211", "2026/211"},
	    {"M26-004711-3.1", ""},
	    {"M26-004711-3.1 (2)", ""},
	    {"M26-004711-3.1 - Kopi", ""},
	    {"2026-211 klage", ""},
	    {"Ny mappe", ""},
	    {"2026-211 ()", ""},
	    {"", ""},
	};
	char out[64];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		bool ok = sl_settle_folder(
		    t[i].name, "M26-004711-3.1", out, sizeof(out));

		CHECK_MSG(ok == (*t[i].number != '\0'), "%s", t[i].name);
		CHECK_STR(out, t[i].number);
	}
}

/* -- escaping -------------------------------------------------------------- */

static const char *const hostile[] = {
    "<script>alert(1)</script>.pdf",
    "\"><img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://x\")",
    "+1;2\n3",
    "a\nb\r\nc;\"d\"",
    "\xE2\x80\xAE.fdp.exe",
    "\xFF\xFE\x80",
    "''&amp;--><!--",
};

static void
hostile_rows(void)
{
	size_t i;

	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct sl_day_row r = {.number = "M26-004711-3.1",
		    .name = hostile[i],
		    .dispo = SL_DISPO_done,
		    .outcome = SL_OUTCOME_in_journal,
		    .reason = "",
		    .duplicate_of = "",
		    .case_number = hostile[i],
		    .target_number = hostile[i],
		    .url = "javascript:alert(1)"};
		SL_BUF struct sl_buf h = {0};
		SL_BUF struct sl_buf c = {0};

		sl_day_html_row(&h, SL_LANGUAGE_NB, &r);
		CHECK(strstr(h.p, "<script") == NULL);
		CHECK(strstr(h.p, "<img") == NULL);
		CHECK(strstr(h.p, "<!--") == NULL);
		CHECK(strstr(h.p, "href") == NULL);
		CHECK(strchr(h.p, '\n') == h.p + h.n - 1);
		CHECK(sl_utf8_valid(h.p, h.n));
		sl_day_csv_row(&c, SL_LANGUAGE_NB, &r);
		CHECK(sl_utf8_valid(c.p, c.n));
		CHECK(strchr(c.p, '\n') == c.p + c.n - 1);
		CHECK(strstr(c.p, ";=") == NULL && strstr(c.p, ";+") == NULL);
	}
}

static void
links_and_words(void)
{
	struct sl_day_row r = {.number = "M26-000001-0.1",
	    .name = "a",
	    .dispo = SL_DISPO_done,
	    .outcome = SL_OUTCOME_in_journal,
	    .reason = "",
	    .duplicate_of = "",
	    .case_number = "2026/1",
	    .target_number = "2026/1-2",
	    .url = "https://x/\"y",
	    .pages = 3,
	    .ocr_pages = 2};
	SL_BUF struct sl_buf b = {0};

	sl_day_html_row(&b, SL_LANGUAGE_NB, &r);
	CHECK(strstr(b.p, "href=\"https://x/&quot;y\"") != NULL);
	CHECK(strstr(b.p, "overført") != NULL);
	CHECK(strstr(b.p, "journalført") == NULL);
	sl_buf_reset(&b);
	r.dispo = SL_DISPO_held;
	r.reason = "no_evidence";
	r.url = "";
	sl_day_html_row(&b, SL_LANGUAGE_EN, &r);
	CHECK(strstr(b.p, "to be settled") != NULL);
	CHECK(strstr(b.p, "records centre") != NULL);
}

static void
sums_and_head(void)
{
	struct sl_day_head h = {"2026-11-22",
	    "<b>Kommune & sønner</b> <b>Kommune & sønner</b> <b>Kommune",
	    "Skannet post"};
	struct sl_day_sums s = {0};
	struct sl_day_row r = {0};
	SL_BUF struct sl_buf b = {0};
	uint64_t all = 0;
	unsigned i;

	for (i = 0; i < 60; i++) {
		r.dispo = 10 * (int)(1 + i % 6);
		r.outcome = 10 * (int)(i % 8);
		sl_day_count(&s, &r);
	}
	for (i = 0; i < SL_DAY_CLASSES; i++)
		all += s.of[i];
	CHECK(s.rows == 60 && all == 60);
	s.rows = s.pages = s.ocr_pages = UINT64_MAX;
	for (i = 0; i < SL_DAY_CLASSES; i++)
		s.of[i] = UINT64_MAX;
	for (i = SL_LANGUAGE_NB; i <= SL_LANGUAGE_EN; i++) {
		sl_buf_reset(&b);
		sl_day_html_head(&b, i, &h, &s);
		CHECK(b.n == SL_DAY_HEAD_BYTES);
		/* It prints on A4, with tables in points. */
		CHECK(strstr(sl_buf_str(&b),
			  "@media print{@page{size:A4 landscape;") != NULL);
		CHECK(strstr(sl_buf_str(&b), "table{font-size:8pt;") != NULL);
	}
}

static void
safe_names(void)
{
	size_t i, k;

	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		SL_BUF struct sl_buf b = {0};

		sl_face_safe_name(&b, hostile[i], 20);
		CHECK(b.n > 0 && b.n <= 20);
		CHECK(sl_utf8_valid(b.p, b.n));
		for (k = 0; k < b.n; k++)
			CHECK((uint8_t)b.p[k] >= 0x20 &&
			      strchr("/\\:*?\"<>|", b.p[k]) == NULL);
	}
	CHECK_STR(sl_face_ext("text/html"), ".html.txt");
	CHECK_STR(sl_face_ext("application/x-dosexec"), ".bin");
	CHECK_STR(sl_face_ext("text/plain; charset=x"), ".txt");
}

/* -- the folders, over a real store ---------------------------------------- */

static struct {
	char root[64];
	struct {
		struct sl_loop *loop;
		struct sl_config *cfg;
		struct sl_store *store;
		struct sl_watcher *watcher;
		struct sl_faces *faces;
		bool fatal;
	} e; /* the house, as far as the faces see it */
	struct sl_inlet *inlet;
	struct sl_err err;
	/* what the stand-ins were asked */
	int assigns, changes;
	char id[64], number[64], why[256], actor[80], waits_for[48];
	enum sl_rc rc;
	const char *reason;
	/* What somebody writes in the note while it is decided, and right after
	 * ours has been put there; once. */
	const char *while_decided, *after_rename;
	char note[256];
} w;

static void put(const char *path, const char *text);

static void
write_once(const char **text)
{
	const char *s = *text;

	*text = NULL;
	if (s != NULL)
		put(w.note, s);
}

/* The linker sends the rooms' renames here. */
int __real_renameat(int from, const char *a, int to, const char *b);
int __wrap_renameat(int from, const char *a, int to, const char *b);
int
__wrap_renameat(int from, const char *a, int to, const char *b)
{
	int rc = __real_renameat(from, a, to, b);

	if (strcmp(b, "Avklar.txt") == 0)
		write_once(&w.after_rename);
	return rc;
}

static void
fail(void *arg, const struct sl_err *err)
{
	(void)arg;
	(void)fprintf(stderr, "fatal: %s\n", err->text);
	w.e.fatal = true;
}

static bool
failed(void *arg)
{
	(void)arg;
	return w.e.fatal;
}

static enum sl_rc
answer(struct sl_err *err, const char *id, const char *why, const char *actor)
{
	(void)snprintf(w.id, sizeof(w.id), "%s", id);
	(void)snprintf(w.why, sizeof(w.why), "%s", why != NULL ? why : "");
	(void)snprintf(w.actor, sizeof(w.actor), "%s", actor);
	return w.rc == SL_OK
		   ? SL_OK
		   : sl_err_set(err, w.rc, 0, w.reason, "it cannot be");
}

static enum sl_rc
assign(void *arg, const char *id, const char *number, const char *why,
    const char *actor, struct sl_err *err)
{
	(void)arg;
	w.assigns++;
	(void)snprintf(w.number, sizeof(w.number), "%s", number);
	write_once(&w.while_decided);
	return answer(err, id, why, actor);
}

static enum sl_rc
new_case(void *arg, const char *id, const char *title, const char *actor,
    struct sl_err *err)
{
	(void)arg;
	w.assigns++;
	(void)snprintf(w.number, sizeof(w.number), "%.*s",
	    (int)sizeof(w.number) - 1, title);
	return answer(err, id, NULL, actor);
}

static enum sl_rc
follow(void *arg, const char *id, const char *other, const char *queue,
    const char *actor, char ret_waits_for[48], struct sl_err *err)
{
	(void)arg;
	CHECK(queue != NULL && *queue != '\0');
	w.assigns++;
	(void)snprintf(w.number, sizeof(w.number), "%.*s",
	    (int)sizeof(w.number) - 1, other);
	(void)snprintf(ret_waits_for, 48, "%s", w.waits_for);
	return answer(err, id, NULL, actor);
}

static enum sl_rc
reject(void *arg, const char *id, const char *why, const char *actor,
    struct sl_err *err)
{
	(void)arg;
	w.changes++;
	return answer(err, id, why, actor);
}

static void
stop_loop(void *arg)
{
	sl_loop_stop(arg);
}

#define SLICE_MS 20

/* Lets the timers run, a little at a time: where one turn takes long, the
 * others are not the fewer. */
static void
run_ms(int64_t ms)
{
	struct sl_timer *t = sl_loop_timer(w.e.loop, stop_loop, w.e.loop);

	for (; ms > 0; ms -= SLICE_MS) {
		sl_timer_set(t, SLICE_MS);
		sl_loop_run(w.e.loop);
	}
	sl_timer_end(t);
}

static void
stop_faces(void)
{
	sl_faces_stop(w.e.faces);
	w.e.faces = NULL;
}

static void
start_faces(void)
{
	const struct sl_faces_house house = {.cfg = w.e.cfg,
	    .store = w.e.store,
	    .loop = w.e.loop,
	    .inlets = &w.inlet,
	    .inlets_n = 1,
	    .fail = fail,
	    .failed = failed,
	    .assign = assign,
	    .new_case = new_case,
	    .follow = follow,
	    .reject = reject};

	w.e.faces = sl_faces_start(&house);
	w.e.faces->watch_ms = 100;
	if (w.e.faces->held_n > 0)
		sl_timer_pull(w.e.faces->watch, 100);
}

static void
begin_world(void)
{
	static const char conf[] = "[instance]\nname = Demo <kommune>\n"
				   "distribution_case = 2026/1\n"
				   "[queue Post]\npath = Post\n";

	memset(&w, 0, sizeof(w));
	(void)snprintf(w.root, sizeof(w.root), "/tmp/sluse-faces-XXXXXX");
	CHECK(mkdtemp(w.root) != NULL);
	w.e.loop = sl_loop_new();
	if (sl_config_parse("test", conf, strlen(conf), &w.e.cfg, &w.err) !=
		SL_OK ||
	    sl_store_open(w.root, "test", &w.e.store, &w.err) != SL_OK)
		(void)fprintf(stderr, "%s\n", w.err.text);
	w.e.watcher = sl_watcher_new(w.e.loop, stop_loop, w.e.loop);
	CHECK(sl_inlet_open(w.e.watcher, w.root, w.e.cfg, &w.e.cfg->queue[0],
		  &w.inlet, &w.err) == SL_OK);
	start_faces();
}

static void
end_world(void)
{
	stop_faces();
	CHECK(!w.e.fatal);
	sl_inlet_close(w.inlet);
	sl_watcher_free(w.e.watcher);
	sl_loop_free(w.e.loop);
	sl_store_close(w.e.store);
	sl_config_free(w.e.cfg);
	(void)sl_remove_tree(AT_FDCWD, w.root);
}

static const char *
at(const char *path)
{
	static char out[512];

	(void)snprintf(out, sizeof(out), "%s/Post/%s", w.root, path);
	return out;
}

static bool
there(const char *path)
{
	return access(at(path), F_OK) == 0;
}

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(at(path), "w");

	CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static bool
holds(const char *path, const char *text)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_err err;

	return sl_read_file(AT_FDCWD, at(path), 1 << 26, &b, &err) == SL_OK &&
	       strstr(sl_buf_str(&b), text) != NULL;
}

/* A consignment with one blob, and an entry unless dispo is the
 * consignment's own. */
static struct sl_consignment
add_consignment(const char *name, enum sl_dispo dispo, const char *reason)
{
	static int n;
	struct sl_consignment c = {.stage = SL_STAGE_received,
	    .dispo = dispo,
	    .received_ms = 1795500000000 + n,
	    .size = 9};
	struct sl_source src = {.size = 9};
	int fd = sl_files_tmp(sl_store_files(w.e.store));

	(void)snprintf(c.ulid, sizeof(c.ulid), "U%d", n++);
	(void)snprintf(c.queue, sizeof(c.queue), "Post");
	(void)snprintf(c.name, sizeof(c.name), "%s", name);
	(void)snprintf(c.reason, sizeof(c.reason), "%s", reason);
	(void)snprintf(c.actor, sizeof(c.actor), "uid:1");
	CHECK(sl_store_draw_reception(w.e.store, "M", c.received_ms,
		  c.reception, sizeof(c.reception), &w.err) == SL_OK);
	CHECK(sl_consignment_insert(
		  w.e.store, &c, sl_slice_str(name), &w.err) == SL_OK);
	CHECK(sl_consignment_update(w.e.store, &c, &w.err) == SL_OK);
	CHECK(write(fd, "%PDF-1.4\n", 9) == 9);
	sl_sha256("%PDF-1.4\n", 9, &src.sha256);
	CHECK(sl_files_link(sl_store_files(w.e.store), fd, &src.sha256, 9,
		  false, &w.err) == SL_OK);
	(void)close(fd);
	src.consignment = c.id;
	CHECK(sl_source_insert(w.e.store, &src, sl_slice_str(""), &w.err) ==
	      SL_OK);
	return c;
}

static struct sl_entry
add_entry(const struct sl_consignment *c, enum sl_dispo dispo)
{
	struct sl_entry en = {.consignment = c->id,
	    .number = 1,
	    .stage = SL_STAGE_read,
	    .dispo = dispo,
	    .born_ms = 1};
	struct sl_msg_r_part m = {.part = 0,
	    .role = SL_PART_DOCUMENT,
	    .size = 0,
	    .pages = 2,
	    .name = sl_slice_str("brev.pdf"),
	    .mime = sl_slice_str("application/pdf")};
	struct sl_document d = {.number = 1, .role = "H"};
	struct sl_msg_placed_field pf = {.field = SL_FIELD_case_number,
	    .value = sl_slice_str("2026/211"),
	    .confidence = 640,
	    .evidence = sl_slice_str(
		"[{\"source\":\"ocr\",\"part\":0,\"file\":\"brev.pdf\","
		"\"page\":0,\"label\":\"Deres ref\",\"value\":\"<b>2026/211\""
		",\"box\":null,\"rule\":\"x\",\"score\":640,"
		"\"runnerUp\":0}]")};
	struct sl_source src;
	struct sl_digest dg;

	(void)snprintf(
	    en.own_key, sizeof(en.own_key), "k%lld", (long long)c->id);
	(void)snprintf(en.reason, sizeof(en.reason), "%s",
	    dispo == SL_DISPO_held ? "no_evidence" : "");
	CHECK(sl_entry_insert(w.e.store, &en, &w.err) == SL_OK);
	CHECK(sl_entry_update(w.e.store, &en, &w.err) == SL_OK);
	CHECK(sl_source_list(w.e.store, c->id, &src, 1) == 1);
	sl_sha256("%PDF-1.4\n", 9, &dg);
	CHECK(
	    sl_part_put(w.e.store, src.id, &m, &dg, &d.part, &w.err) == SL_OK);
	CHECK(sl_document_insert(w.e.store, en.id, &d, &w.err) == SL_OK);
	CHECK(sl_placement_put(
		  w.e.store, en.id, 0, &pf, "sluse-place", &w.err) == SL_OK);
	CHECK(sl_entry_by_id(w.e.store, en.id, &en));
	return en;
}

static void
set_dispo(struct sl_entry *en, enum sl_dispo dispo, int outcome)
{
	en->dispo = dispo;
	en->outcome = outcome;
	CHECK(sl_entry_update(w.e.store, en, &w.err) == SL_OK);
	sl_faces_changed(w.e.faces, en->consignment);
}

/* "Må avklares/<number>/<file>" */
static const char *
in_folder(const struct sl_entry *en, const char *file)
{
	static char out[256];

	(void)snprintf(
	    out, sizeof(out), "Må avklares/%s/%s", en->reception, file);
	return out;
}

static struct sl_entry
held_post(void)
{
	struct sl_consignment c =
	    add_consignment("Ola <i>Nordmann</i>.pdf", SL_DISPO_ready, "");
	struct sl_entry en = add_entry(&c, SL_DISPO_held);

	sl_faces_changed(w.e.faces, c.id);
	run_ms(300);
	return en;
}

static void
held_folder(void)
{
	struct sl_entry en;

	begin_world();
	en = held_post();
	CHECK(holds(in_folder(&en, "dokument-1.pdf"), "%PDF-1.4"));
	CHECK(holds(in_folder(&en, "Forslag.html"), "2026/211"));
	CHECK(holds(in_folder(&en, "Forslag.html"), "&lt;b&gt;2026/211"));
	CHECK(!holds(in_folder(&en, "Forslag.html"), "<i>"));
	CHECK(holds(in_folder(&en, "Avklar.txt"), en.reception));
	/* Removed by hand: it decides nothing and comes back. */
	CHECK(sl_remove_tree(AT_FDCWD, at(in_folder(&en, ""))) == 0 ||
	      errno != 0);
	run_ms(500);
	CHECK(there(in_folder(&en, "Avklar.txt")));
	CHECK(w.assigns == 0);
	/* Somebody's file is kept, ours go. */
	put(in_folder(&en, "Notat fra Kari.txt"), "x");
	set_dispo(&en, SL_DISPO_ready, 0);
	run_ms(400);
	CHECK(!there(in_folder(&en, "")));
	{
		char moved[128];

		(void)snprintf(moved, sizeof(moved),
		    "Stoppet/%s Notat fra Kari.txt", en.reception);
		CHECK(there(moved));
	}
	end_world();
}

static void
decided_by_file(void)
{
	struct sl_entry en;

	begin_world();
	en = held_post();
	put(in_folder(&en, "Avklar.txt"), "Sak: tull\r\n");
	run_ms(500);
	CHECK(w.assigns == 0);
	CHECK(holds(in_folder(&en, "Avklar.txt"), "Sak: tull"));
	CHECK(holds(in_folder(&en, "Avklar.txt"), "ikke et saksnummer"));
	w.rc = SL_REJECT;
	w.reason = "unknown_case";
	put(in_folder(&en, "Avklar.txt"), "Sak: 2026/999\r\n");
	run_ms(500);
	CHECK(w.assigns == 1);
	CHECK(holds(in_folder(&en, "Avklar.txt"), "ikke kjent"));
	/* Our own answer is not read as a question. */
	run_ms(700);
	CHECK(w.assigns == 1);
	w.rc = SL_OK;
	put(in_folder(&en, "Avklar.txt"), "Sak: 2026/211\r\n");
	run_ms(500);
	CHECK(w.assigns == 2);
	CHECK_STR(w.id, en.reception);
	CHECK_STR(w.number, "2026/211");
	CHECK_STR(w.actor, "queue:Post");
	put(in_folder(&en, "Avklar.txt"), "Ikke arkivverdig: reklame\r\n");
	run_ms(500);
	CHECK(w.changes == 1);
	CHECK_STR(w.why, "reklame");
	end_world();
}

static void
new_case_and_belongs(void)
{
	static const struct {
		const char *line, *reason, *says;
	} no[] = {
	    {"Ny sak: Gjerde", "no_new_cases", "har ikke lov til"},
	    {"Ny sak: Gjerde", "closed_queue", "lukket kø"},
	    {"Ny sak: G", "bad_title", "3 til 255 tegn"},
	    {"Hører til: brev.pdf", "unknown_post",
		"brev.pdf er ikke en post i denne køen"},
	    {"Hører til: M26-000009-9", "other_not_archived", "uten sak"},
	    {"Hører til: M26-000009-8", "waits_in_circle", "venter på denne"},
	};
	struct sl_entry en;
	size_t i;

	begin_world();
	en = held_post();
	w.rc = SL_REJECT;
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		w.reason = no[i].reason;
		put(in_folder(&en, "Avklar.txt"), no[i].line);
		run_ms(500);
		CHECK(w.assigns == (int)i + 1);
		CHECK(holds(in_folder(&en, "Avklar.txt"), no[i].line));
		CHECK(holds(in_folder(&en, "Avklar.txt"), no[i].says));
	}
	w.rc = SL_OK;
	put(in_folder(&en, "Avklar.txt"), "Ny sak: Gjerde mot vei\r\n");
	run_ms(500);
	CHECK_STR(w.number, "Gjerde mot vei");
	CHECK_STR(w.actor, "queue:Post");
	(void)snprintf(w.waits_for, sizeof(w.waits_for), "M26-000009-9.1");
	put(in_folder(&en, "Avklar.txt"), "Hører til: M26-000009-9\r\n");
	run_ms(500);
	CHECK_STR(w.number, "M26-000009-9");
	CHECK(holds(
	    in_folder(&en, "Avklar.txt"), "Posten venter på M26-000009-9.1"));
	/* Noted once; our answer is no question. */
	i = (size_t)w.assigns;
	run_ms(700);
	CHECK(w.assigns == (int)i);
	w.waits_for[0] = '\0';
	end_world();
}

/* Deleted: it comes again, and says so once. */
static void
note_deleted(void)
{
	struct sl_entry en;

	begin_world();
	en = held_post();
	CHECK(!holds(in_folder(&en, "Avklar.txt"), "var borte"));
	CHECK(unlink(at(in_folder(&en, "Avklar.txt"))) == 0);
	run_ms(700);
	CHECK(holds(in_folder(&en, "Avklar.txt"), "Sak:"));
	CHECK(holds(in_folder(&en, "Avklar.txt"), "var borte"));
	CHECK(w.assigns == 0);
	put(in_folder(&en, "Avklar.txt"), "Sak: 2026/211\r\n");
	run_ms(500);
	CHECK(w.assigns == 1);
	end_world();
}

static void
decided_by_other_owner(void)
{
	struct sl_entry en;

	if (geteuid() != 0)
		return; /* another owner's file cannot be made */
	begin_world();
	en = held_post();
	CHECK(unlink(at(in_folder(&en, "Avklar.txt"))) == 0);
	put(in_folder(&en, "Avklar.txt"), "Sak: 26-211\n");
	CHECK(chown(at(in_folder(&en, "Avklar.txt")), 4711, 4711) == 0);
	run_ms(500);
	CHECK(w.assigns == 1);
	CHECK_STR(w.actor, "uid:4711");
	end_world();
}

static void
decided_by_rename(void)
{
	char from[512], to[512];
	struct sl_entry en;

	begin_world();
	en = held_post();
	(void)snprintf(
	    from, sizeof(from), "%s/Post/Må avklares/%s", w.root, en.reception);
	(void)snprintf(to, sizeof(to), "%s/Post/Må avklares/Ny mappe", w.root);
	CHECK(rename(from, to) == 0);
	run_ms(500);
	CHECK(w.assigns == 0);
	CHECK(holds(in_folder(&en, "Avklar.txt"), "ikke et saksnummer"));
	(void)snprintf(to, sizeof(to), "%s/Post/Må avklares/2026-211", w.root);
	CHECK(rename(from, to) == 0);
	run_ms(500);
	CHECK(w.assigns == 1);
	CHECK_STR(w.id, en.reception);
	CHECK_STR(w.number, "2026/211");
	/* Renamed while we were away. */
	CHECK(rename(from, to) == 0);
	stop_faces();
	start_faces();
	run_ms(500);
	CHECK(w.assigns == 2);
	end_world();
}

/* A folder that is deleted leaves its inode to the next, of another post. */
static void
inode_of_another(void)
{
	struct sl_entry en, other;
	struct sl_face_held *h;
	struct stat st;

	begin_world();
	en = held_post();
	other = held_post();
	CHECK(stat(at(in_folder(&other, "")), &st) == 0);
	h = sl_held_find(w.e.faces, en.id);
	CHECK(h != NULL);
	h->ino = st.st_ino;
	(void)sl_remove_tree(AT_FDCWD, at(in_folder(&en, "")));
	run_ms(700);
	CHECK(holds(in_folder(&en, "Avklar.txt"), en.reception));
	CHECK(holds(in_folder(&en, "Forslag.html"), en.reception));
	CHECK(holds(in_folder(&other, "Avklar.txt"), other.reception));
	CHECK(!holds(in_folder(&other, "Avklar.txt"), "ikke et saksnummer"));
	CHECK(holds(in_folder(&other, "Forslag.html"), other.reception));
	end_world();
}

static void
planted_links(void)
{
	struct sl_entry en;
	char secret[256];

	begin_world();
	en = held_post();
	(void)snprintf(secret, sizeof(secret), "%s/secret", w.root);
	{
		FILE *f = fopen(secret, "w");

		CHECK(f != NULL && fputs("Sak: 2026/1\n", f) >= 0 &&
		      fclose(f) == 0);
	}
	CHECK(unlink(at(in_folder(&en, "Avklar.txt"))) == 0);
	CHECK(symlink(secret, at(in_folder(&en, "Avklar.txt"))) == 0);
	CHECK(symlink(secret, at(in_folder(&en, ".Avklar.txt.part"))) == 0);
	run_ms(500);
	CHECK(w.assigns == 0);
	CHECK(holds(in_folder(&en, "Avklar.txt"), "kunne ikke leses"));
	{
		struct stat st;

		CHECK(stat(secret, &st) == 0 && st.st_size == 12);
	}
	end_world();
}

/* -- a folder that comes back ---------------------------------------------- */

#define CLAIM "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define MOST ((off_t)20 << 20) /* of copies in a folder (slused.8) */

/* "<claim>/kopi/<file>" */
static const char *
in_claim(const char *file)
{
	static char out[256];

	(void)snprintf(out, sizeof(out), ".sluse/" CLAIM "/kopi/%s", file);
	return out;
}

/* A folder with our page of that post, claimed. */
static void
claim_copy(const struct sl_entry *en)
{
	SL_BUF struct sl_buf page = {0};

	CHECK(mkdir(at(".sluse/" CLAIM), 0700) == 0);
	CHECK(mkdir(at(in_claim("")), 0755) == 0);
	CHECK(sl_read_file(AT_FDCWD, at(in_folder(en, "Forslag.html")), 1 << 20,
		  &page, &w.err) == SL_OK);
	put(in_claim("Forslag.html"), sl_buf_str(&page));
}

/* Lets it in. True: it lies in Stoppet; else where the post's stood. */
static bool
is_stopped(void)
{
	struct sl_claim c = {0};
	struct sl_entry en;
	bool stopped = false;

	CHECK(sl_claim_find(w.inlet, CLAIM, &c, &w.err) == SL_OK);
	CHECK(sl_faces_came_back(
		  w.e.faces, w.inlet, &c, &en, &stopped, &w.err) == SL_OK);
	CHECK(!there(in_claim("")));
	CHECK(stopped == there("Stoppet/kopi/Forslag.html"));
	return stopped;
}

static void
make_long(const char *path, off_t size)
{
	CHECK(truncate(at(path), size) == 0);
}

static off_t
length(const char *path)
{
	struct stat st;

	return stat(at(path), &st) == 0 ? st.st_size : -1;
}

/* What cannot be read may have been written by a person: in the folder that
 * comes as in the one that stands there. */
static void
back_unread(void)
{
	const off_t much = SL_SETTLE_FILE_MAX + 1;
	struct sl_entry en;

	begin_world();
	en = held_post();
	claim_copy(&en);
	put(in_claim("Avklar.txt"), "Sak: 2026/211\r\n");
	make_long(in_claim("Avklar.txt"), much);
	CHECK(is_stopped());
	CHECK(length("Stoppet/kopi/Avklar.txt") == much);
	end_world();
	begin_world();
	en = held_post();
	claim_copy(&en);
	make_long(in_folder(&en, "Avklar.txt"), much);
	CHECK(is_stopped());
	CHECK(length(in_folder(&en, "Avklar.txt")) == much);
	end_world();
	begin_world();
	en = held_post();
	claim_copy(&en);
	CHECK(!is_stopped());
	CHECK(holds(in_folder(&en, "Avklar.txt"), "var flyttet til Inn"));
	end_world();
}

/* A copy is claimed, and the folder that was made for the post renamed; ret:
 * its place. */
static struct sl_entry
rename_behind_copy(char ret[512])
{
	struct sl_entry en = held_post();

	claim_copy(&en);
	(void)snprintf(ret, 512, "%s", at(in_folder(&en, "")));
	CHECK(rename(ret, at("Må avklares/2026-211")) == 0);
	return en;
}

/* That decides, also where the post is shown anew before the next look. */
static void
back_while_renamed(void)
{
	struct sl_entry en;
	char place[512];

	begin_world();
	en = rename_behind_copy(place);
	CHECK(is_stopped());
	sl_timer_set(w.e.faces->watch, 1000);
	run_ms(500);
	CHECK(w.assigns == 1);
	CHECK_STR(w.id, en.reception);
	CHECK_STR(w.number, "2026/211");
	end_world();
}

/* The same, and another folder has its name by now. */
static void
back_while_replaced(void)
{
	char place[512];

	begin_world();
	(void)rename_behind_copy(place);
	CHECK(mkdir(place, 0755) == 0);
	CHECK(is_stopped());
	CHECK(there("Må avklares/2026-211/dokument-1.pdf"));
	end_world();
}

/* A second document, of so many zeros, that the post has and the claimed folder
 * too. */
static void
add_zeros(const struct sl_entry *en, off_t size)
{
	static const char zeros[65536];
	struct sl_msg_r_part m = {.part = 1,
	    .role = SL_PART_DOCUMENT,
	    .size = (uint64_t)size,
	    .name = sl_slice_str("bilag.pdf"),
	    .mime = sl_slice_str("application/pdf")};
	struct sl_document d = {.number = 2, .role = "V"};
	struct sl_sha256 *h = sl_sha256_new();
	struct sl_source src;
	struct sl_digest sum;
	off_t n;

	for (n = size; n >= (off_t)sizeof(zeros); n -= (off_t)sizeof(zeros))
		sl_sha256_add(h, zeros, sizeof(zeros));
	sl_sha256_add(h, zeros, (size_t)n);
	sl_sha256_end(h, &sum);
	CHECK(sl_source_list(w.e.store, en->consignment, &src, 1) == 1);
	CHECK(
	    sl_part_put(w.e.store, src.id, &m, &sum, &d.part, &w.err) == SL_OK);
	CHECK(sl_document_insert(w.e.store, en->id, &d, &w.err) == SL_OK);
	put(in_claim("dokument-2.pdf"), "");
	make_long(in_claim("dokument-2.pdf"), size);
}

/* No more is read of a folder than was ever copied into one. */
static void
back_with_much(void)
{
	int more, first;
	struct sl_entry en;

	for (more = 0; more < 2; more++)
		for (first = 0; first < 2; first++) {
			begin_world();
			en = held_post();
			claim_copy(&en);
			add_zeros(&en, MOST - 9 * first + more);
			if (first)
				put(in_claim("dokument-1.pdf"), "%PDF-1.4\n");
			CHECK(is_stopped() == (more == 1));
			end_world();
		}
}

/* Our own words are Norwegian where the folder is; a library's are its own. */
static void
details(void)
{
	static const struct {
		unsigned lang;
		const char *detail, *has;
	} rows[] = {
	    {SL_LANGUAGE_NB, "stopped at a limit",
		"Nærmere: stanset ved en grense\r\n"},
	    {SL_LANGUAGE_EN, "stopped at a limit",
		"More: stopped at a limit\r\n"},
	    {SL_LANGUAGE_NB, "stopped at a limit: [limits] members_max = 9",
		"Nærmere: stanset ved en grense: [limits] members_max = 9\r\n"},
	    {SL_LANGUAGE_EN, "stopped at a limit: [limits] members_max = 9",
		"More: stopped at a limit: [limits] members_max = 9\r\n"},
	    {SL_LANGUAGE_NB, "stopped at a limit, zlib",
		"Teknisk melding til IT-drift: stopped at a limit, zlib\r\n"},
	    {SL_LANGUAGE_NB, "zlib: bad header",
		"Teknisk melding til IT-drift: zlib: bad header\r\n"},
	};
	SL_BUF struct sl_buf words = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SL_BUF struct sl_buf b = {0};
		struct sl_stopnote p = {.number = "M26-000001-3",
		    .name = "a.zip",
		    .dispo = SL_DISPO_quarantined,
		    .reason = "limit_ratio",
		    .detail = rows[i].detail};

		sl_stopnote_write(&b, rows[i].lang, &p);
		CHECK_MSG(strstr(sl_buf_str(&b), rows[i].has) != NULL, "%s",
		    sl_buf_str(&b));
	}
	sl_detail_words(&words, SL_LANGUAGE_NB, "it is cut off");
	CHECK_STR(sl_buf_str(&words), "den er avkortet");
}

/* The same in both files of a post that waits. */
static void
held_details(void)
{
	static const struct {
		unsigned lang;
		const char *reason, *detail, *has;
	} rows[] = {
	    {SL_LANGUAGE_NB, "target_refused", "mappe: HTTP 422",
		"Teknisk melding til IT-drift: mappe: HTTP 422"},
	    {SL_LANGUAGE_EN, "target_refused", "mappe: HTTP 422",
		"For IT operations: mappe: HTTP 422"},
	    {SL_LANGUAGE_NB, "too_many_tries",
		"a file of the store cannot be opened",
		"en fil i lageret til Sluse kan ikke åpnes"},
	    {SL_LANGUAGE_NB, "unknown_case", "2026/9", "2026/9"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SL_BUF struct sl_buf note = {0};
		SL_BUF struct sl_buf page = {0};
		SL_FREE char *line = sl_asprintf("(%s)\r\n", rows[i].has);
		SL_FREE char *box = sl_asprintf("<p>%s</p>", rows[i].has);
		struct sl_settle_page p = {.number = "M26-000001-3",
		    .why = "Fordi.",
		    .reason = rows[i].reason,
		    .detail = rows[i].detail,
		    .distribution = ""};
		struct sl_suggest_head h = {.number = "M26-000001-3",
		    .name = "a.pdf",
		    .tenant = "Vik",
		    .queue = "post",
		    .why = "Fordi.",
		    .owner = "IT-drift",
		    .reason = rows[i].reason,
		    .detail = rows[i].detail,
		    .distribution = ""};

		sl_settle_write(&note, rows[i].lang, &p);
		CHECK_MSG(strstr(sl_buf_str(&note), line) != NULL, "%s",
		    sl_buf_str(&note));
		sl_suggest_begin(&page, rows[i].lang, &h);
		CHECK_MSG(strstr(sl_buf_str(&page), box) != NULL, "%s",
		    sl_buf_str(&page));
	}
}

/* A signature's name is ours, not the document's. */
static void
signature_names(void)
{
	static const char *const has[] = {
	    [SL_LANGUAGE_NB] = "sertifikatet: CAdES-signatur 1 Kari<",
	    [SL_LANGUAGE_EN] = "the certificate: CAdES signature 1 Kari<"};
	struct sl_suggest_row r = {.value = "Kari",
	    .evidence = "[{\"rule\":\"certificate\",\"source\":\"header\","
			"\"label\":\"CAdES signature 1\",\"value\":\"Kari\"}]"};
	size_t i;

	for (i = 0; i < sizeof(has) / sizeof(has[0]); i++) {
		SL_BUF struct sl_buf b = {0};

		if (has[i] == NULL)
			continue;
		sl_suggest_field(&b, (unsigned)i, 0, &r);
		CHECK_MSG(strstr(sl_buf_str(&b), has[i]) != NULL, "%s",
		    sl_buf_str(&b));
	}
}

/* Nothing is shown that was not found, quoted that was not written so, or
 * counted that was not read; and nothing is wider than its paper. */
static void
page_says_what_is(void)
{
	struct sl_suggest_row date = {.value = "2026-03-12",
	    .evidence = "[{\"source\":\"text\",\"page\":0,\"label\":\"dato\","
			"\"value\":\"2026-03-12\"}]"};
	struct sl_suggest_document shut = {
	    .number = 1, .title = "a.pdf", .mime = "application/pdf"};
	SL_BUF struct sl_buf none = {0}, some = {0}, doc = {0}, head = {0};

	sl_suggest_fields_begin(&none, SL_LANGUAGE_NB);
	sl_suggest_fields_end(&none, SL_LANGUAGE_NB, 0);
	CHECK(strstr(sl_buf_str(&none), "ikke noe annet") != NULL);
	CHECK(strstr(sl_buf_str(&none), "<table") == NULL);
	sl_suggest_fields_begin(&some, SL_LANGUAGE_NB);
	sl_suggest_field(&some, SL_LANGUAGE_NB, 0, &date);
	sl_suggest_field(&some, SL_LANGUAGE_NB, 1, &date);
	sl_suggest_fields_end(&some, SL_LANGUAGE_NB, 2);
	CHECK(strstr(sl_buf_str(&some), "side 1: dato 2026-03-12<") != NULL);
	CHECK(
	    strstr(strstr(sl_buf_str(&some), "<thead") + 1, "<thead") == NULL);
	sl_suggest_document(&doc, SL_LANGUAGE_NB, &shut);
	CHECK(strstr(sl_buf_str(&doc), "<td class=\"n\">–</td>") != NULL);
	sl_html_head(&head, SL_LANGUAGE_NB, "M");
	CHECK(strstr(sl_buf_str(&head), "h1,p,li{overflow-wrap:anywhere}") !=
	      NULL);
}

/* Which pages nobody read, run by run, and where a person must look. */
static void
unread_pages(void)
{
	static const struct {
		uint32_t page;
		uint8_t flags;
		const char *reason;
		uint16_t sure;
	} pages[] = {{0, 0, "", 700}, {1, SL_PAGE_BLANK, "", 0},
	    {2, SL_PAGE_BLANK, "", 0}, {3, 0, "limit_pages", 0},
	    {4, SL_PAGE_BLANK, "", 0}, {5, 0, "new_one", 0},
	    {6, SL_PAGE_WORDLESS, "", 0}, {7, SL_PAGE_WORDLESS, "", 0},
	    {8, 0, "", 460}, {9, SL_PAGE_RETRIED, "", 699}, {10, 0, "", 900},
	    {11, 0, "", 300}};
	static const char *const has[] = {
	    "<li>brev.pdf: sidene 2–3 er blanke</li>",
	    "<li>brev.pdf: sidene 7–8 har noe på seg, men ingen ord ble lest"
	    "</li>",
	    "<li>brev.pdf: side 4 er ikke lest: Dokumentet har flere sider enn "
	    "det leses</li>",
	    "<li>brev.pdf: side 5 er blank</li>",
	    "<li>brev.pdf: side 6 er ikke lest: new_one</li>",
	    "<li>brev.pdf: 9 ord på side 1 er for usikre til å gjengis</li>",
	    "<h2>Vanskelig å lese</h2>\n<p>Skriften på disse sidene var "
	    "vanskelig å lese, og noe kan være lest feil eller mangle. "
	    "Kontroller mot bildet av siden før du avgjør.</p>\n<ul>\n"
	    "<li>brev.pdf: sidene 9–10</li>\n<li>brev.pdf: side 12</li>\n"
	    "</ul>\n<h2>Forslag til sak</h2>"};
	struct sl_consignment c;
	struct sl_entry en;
	struct sl_document d;
	SL_BUF struct sl_buf b = {0};
	size_t i;

	begin_world();
	c = add_consignment("brev.pdf", SL_DISPO_ready, "");
	en = add_entry(&c, SL_DISPO_held);
	CHECK(sl_document_list(w.e.store, en.id, &d, 1) == 1);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct sl_msg_r_page m = {.page = pages[i].page,
		    .source = SL_PAGE_OCR,
		    .confidence = pages[i].sure,
		    .flags = pages[i].flags,
		    .reason = sl_slice_str(pages[i].reason)};
		const struct sl_slice none = {0};

		CHECK(sl_page_put(w.e.store, d.part, &m, none, none, &w.err) ==
		      SL_OK);
	}
	CHECK(
	    sl_note_put(w.e.store, d.part, "unread_words",
		"page 1: 9 words are too unsure to be told", &w.err) == SL_OK);
	CHECK(sl_note_put(w.e.store, d.part, "unread_words",
		  "page <b>: 9 words", &w.err) == SL_OK);
	CHECK(sl_store_commit(w.e.store, &w.err) == SL_OK);
	sl_faces_changed(w.e.faces, c.id);
	run_ms(300);
	CHECK(!holds(in_folder(&en, "Forslag.html"), "og flere"));
	for (i = 0; i < sizeof(has) / sizeof(has[0]); i++)
		CHECK_MSG(holds(in_folder(&en, "Forslag.html"), has[i]), "%s",
		    has[i]);
	CHECK(!holds(in_folder(&en, "Forslag.html"), "side 1 er blank"));
	CHECK(!holds(in_folder(&en, "Forslag.html"), "9 words"));
	end_world();
	sl_pages_say(&b, SL_LANGUAGE_EN, 2, 3, "limit_pages");
	CHECK_STR(sl_buf_str(&b),
	    "pages 2–3 were not read: The document has more pages than are "
	    "read");
}

/* Of many documents the first are copied, and the page says so. */
static void
many_documents(void)
{
	static const struct {
		int n;
		const char *says;
	} rows[] = {{10, NULL},
	    {12, "<p>10 av 12 dokumenter er kopiert hit. "
		 "Resten er tatt vare på i Sluse"},
	    {101, "<p>10 av 101 dokumenter er kopiert hit. De 100 første står "
		  "i listen. Resten er tatt vare på i Sluse"}};
	struct sl_consignment c;
	struct sl_document d;
	struct sl_entry en;
	size_t i;
	int k = 2;

	begin_world();
	c = add_consignment("brev.pdf", SL_DISPO_ready, "");
	en = add_entry(&c, SL_DISPO_held);
	CHECK(sl_document_list(w.e.store, en.id, &d, 1) == 1);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (; k <= rows[i].n; k++) {
			d.number = k;
			CHECK(sl_document_insert(
				  w.e.store, en.id, &d, &w.err) == SL_OK);
		}
		CHECK(sl_store_commit(w.e.store, &w.err) == SL_OK);
		sl_faces_changed(w.e.faces, c.id);
		run_ms(300);
		CHECK(holds(in_folder(&en, "Forslag.html"), "kopiert hit.") ==
		      (rows[i].says != NULL));
		if (rows[i].says != NULL)
			CHECK_MSG(
			    holds(in_folder(&en, "Forslag.html"), rows[i].says),
			    "%d", rows[i].n);
	}
	CHECK(there(in_folder(&en, "dokument-10.pdf")));
	CHECK(!there(in_folder(&en, "dokument-11.pdf")));
	end_world();
}

static void
stopped_texts(void)
{
	struct sl_consignment b, q, large, none;
	char name[128];

	begin_world();
	b = add_consignment("a.pdf", SL_DISPO_broken, "damaged");
	large = add_consignment("d.mp4", SL_DISPO_quarantined, "limit_input");
	q = add_consignment("b.zip", SL_DISPO_quarantined, "limit_ratio");
	none = add_consignment("c.pdf", SL_DISPO_held, "sidecar_invalid");
	sl_faces_changed(w.e.faces, b.id);
	sl_faces_changed(w.e.faces, q.id);
	sl_faces_changed(w.e.faces, large.id);
	sl_faces_changed(w.e.faces, none.id);
	sl_faces_refused(w.e.faces, w.inlet, "len\nke", "refused_link", "");
	run_ms(400);
	(void)snprintf(name, sizeof(name), "Stoppet/%s.txt", b.reception);
	CHECK(holds(name, "skadet"));
	CHECK(holds(name, "avsenderen"));
	(void)snprintf(
	    name, sizeof(name), "Stoppet/%s original.pdf", b.reception);
	CHECK(there(name));
	(void)snprintf(name, sizeof(name), "Stoppet/%s.txt", q.reception);
	CHECK(holds(name, "bombe"));
	CHECK(holds(name, "skadelig"));
	/* Size does no harm, and there is nothing to release. */
	(void)snprintf(name, sizeof(name), "Stoppet/%s.txt", large.reception);
	CHECK(holds(name, "sluse retry"));
	CHECK(!holds(name, "skadelig"));
	CHECK(!holds(name, "sluse release"));
	(void)snprintf(name, sizeof(name), "Stoppet/%s.txt", q.reception);
	(void)snprintf(
	    name, sizeof(name), "Stoppet/%s original.zip", q.reception);
	CHECK(!there(name));
	CHECK(holds("Stoppet/len_ke.txt", "lenke"));
	b.dispo = SL_DISPO_done;
	b.outcome = SL_OUTCOME_withdrawn;
	CHECK(sl_consignment_update(w.e.store, &b, &w.err) == SL_OK);
	sl_faces_changed(w.e.faces, b.id);
	/* Went on while we were away. */
	stop_faces();
	q.dispo = SL_DISPO_done;
	CHECK(sl_consignment_update(w.e.store, &q, &w.err) == SL_OK);
	start_faces();
	(void)snprintf(
	    name, sizeof(name), "Stoppet/%s original.pdf", b.reception);
	CHECK(!there(name));
	(void)snprintf(name, sizeof(name), "Stoppet/%s.txt", q.reception);
	CHECK(!there(name));
	(void)snprintf(name, sizeof(name), "Stoppet/%s.txt", none.reception);
	CHECK(there(name));
	end_world();
}

static void
day_list(void)
{
	char html[64], csv[64], day[16];
	int64_t began = sl_clock_boot_ms();
	struct sl_entry en;
	struct stat a, b;

	begin_world();
	en = held_post();
	sl_clock_format_day(en.received_ms, day, sizeof(day));
	(void)snprintf(html, sizeof(html), "Kvitteringer/%s.html", day);
	(void)snprintf(csv, sizeof(csv), "Kvitteringer/%s.csv", day);
	run_ms(800);
	CHECK(holds(html, en.reception));
	CHECK(holds(html, "Ola &lt;i&gt;Nordmann"));
	CHECK(holds(html, "må avklares"));
	CHECK(holds(csv, "Nordmann"));
	set_dispo(&en, SL_DISPO_done, SL_OUTCOME_in_journal);
	run_ms(400);
	/* Not within 2 s. */
	CHECK(!holds(html, "overført til arkivet") ||
	      sl_clock_boot_ms() - began >= 2000);
	run_ms(2400);
	CHECK(holds(html, "overført til arkivet"));
	/* A start that changes nothing leaves the file alone. */
	CHECK(stat(at(html), &a) == 0);
	stop_faces();
	start_faces();
	run_ms(1000);
	CHECK(stat(at(html), &b) == 0);
	CHECK(a.st_ino == b.st_ino);
	end_world();
}

/* What somebody writes at the worst moment is neither written over nor taken
 * for ours. */
static void
written_meanwhile(void)
{
	struct sl_entry en;

	begin_world();
	en = held_post();
	(void)snprintf(
	    w.note, sizeof(w.note), "%s", in_folder(&en, "Avklar.txt"));
	w.rc = SL_REJECT;
	w.reason = "unknown_case";
	w.while_decided = "Sak: 2026/998\r\n";
	put(w.note, "Sak: 2026/997\r\n");
	run_ms(800);
	CHECK(w.assigns == 2);
	CHECK_STR(w.number, "2026/998");
	CHECK(holds(w.note, "2026/998") && holds(w.note, "ikke kjent"));
	w.after_rename = "Sak: 2026/996\r\n";
	put(w.note, "Sak: 2026/995\r\n");
	run_ms(800);
	CHECK(w.assigns == 4);
	CHECK_STR(w.number, "2026/996");
	CHECK(holds(w.note, "2026/996") && holds(w.note, "ikke kjent"));
	run_ms(400);
	CHECK(w.assigns == 4);
	end_world();
}

/* Processor time of showing a day of so many entries; en: the last of them. */
static double
day_of(int count, struct sl_entry *en)
{
	clock_t began;
	int i;

	for (i = 0; i < count; i++) {
		struct sl_consignment c =
		    add_consignment("brev.pdf", SL_DISPO_ready, "");

		*en = add_entry(&c, SL_DISPO_ready);
		en->dispo = SL_DISPO_done;
		en->outcome = SL_OUTCOME_in_journal;
		CHECK(sl_entry_update(w.e.store, en, &w.err) == SL_OK);
		sl_faces_changed(w.e.faces, c.id);
	}
	CHECK(sl_store_commit(w.e.store, &w.err) == SL_OK);
	began = clock();
	stop_faces(); /* shows all that is marked, at once */
	return (double)(clock() - began) / CLOCKS_PER_SEC;
}

/* A day's list is made once, not once for each mark: ten times the entries
 * cost about ten times, never the hundred of that. */
static void
day_of_ten_thousand(void)
{
	char html[64], day[16];
	struct sl_entry en;
	double small, large;

	begin_world();
	small = day_of(1000, &en);
	end_world();
	begin_world();
	large = day_of(10000, &en);
	(void)printf("# 10000 entries: %.0f ms, 1000: %.0f ms\n", large * 1e3,
	    small * 1e3);
	start_faces();
	sl_clock_format_day(en.received_ms, day, sizeof(day));
	(void)snprintf(html, sizeof(html), "Kvitteringer/%s.html", day);
	CHECK(holds(html, ">10000<"));
	CHECK(holds(html, en.reception));
	CHECK(large < 30 * small);
	end_world();
}

TEST_MAIN({"written_meanwhile", written_meanwhile}, {"note_table", note_table},
    {"note_help", note_help}, {"note_large", note_large},
    {"note_written_is_read", note_written_is_read},
    {"folder_names", folder_names}, {"hostile_rows", hostile_rows},
    {"links_and_words", links_and_words}, {"sums_and_head", sums_and_head},
    {"safe_names", safe_names}, {"held_folder", held_folder},
    {"decided_by_file", decided_by_file},
    {"new_case_and_belongs", new_case_and_belongs},
    {"note_deleted", note_deleted},
    {"decided_by_other_owner", decided_by_other_owner},
    {"decided_by_rename", decided_by_rename},
    {"inode_of_another", inode_of_another}, {"planted_links", planted_links},
    {"back_unread", back_unread}, {"back_while_renamed", back_while_renamed},
    {"back_while_replaced", back_while_replaced},
    {"back_with_much", back_with_much}, {"details", details},
    {"held_details", held_details}, {"page_says_what_is", page_says_what_is},
    {"signature_names", signature_names}, {"unread_pages", unread_pages},
    {"many_documents", many_documents}, {"stopped_texts", stopped_texts},
    {"day_list", day_list}, {"day_of_ten_thousand", day_of_ten_thousand})
