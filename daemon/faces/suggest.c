/*
 * SECURITY: names, labels and values come from post; each goes through
 * sl_html_show. The page has no script and its policy allows none.
 */
#include "suggest.h"

#include <jansson.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../registry/registry.h"
#include "../store/faces_query.h"
#include "../wire/roles.h"
#include "words.h"

#define SHOWN_MAX 4096u /* bytes of one value */

const char *
sl_suggest_name(unsigned language)
{
	return sl_words(language, "Forslag.html", "Suggestions.html");
}

void
sl_html_show(struct sl_buf *out, const char *s)
{
	SL_BUF struct sl_buf b = {0};

	sl_text_display(&b, s, strnlen(s, SHOWN_MAX));
	if (b.n > 0)
		sl_text_html(out, b.p, b.n);
}

void
sl_html_time(struct sl_buf *out, int64_t utc_ms)
{
	struct sl_date d = sl_clock_oslo(utc_ms);

	sl_buf_printf(out, "%02d.%02d.%d %02d.%02d", d.day, d.month, d.year,
	    d.hour, d.minute);
}

/* Contrast is at least 7:1 everywhere; nothing is told by colour alone. */
static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;"
    "margin:2rem auto;padding:0 1rem;max-width:84rem}"
    "h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.2rem;"
    "margin:1.8rem 0 .4rem}p{margin:.3rem 0;max-width:60rem}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0}"
    "caption{text-align:left;font-weight:600;padding:.3rem 0}"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;"
    "border-bottom:1px solid #8a8a8a;overflow-wrap:anywhere}"
    "th{overflow-wrap:normal}h1,p,li{overflow-wrap:anywhere}tbody "
    "th{font-weight:600}.w{min-width:12rem}"
    "thead th{border-bottom:2px solid #1a1a1a;background:#f2f2f2}"
    ".n{text-align:right;white-space:nowrap;overflow-wrap:normal}"
    ".k{white-space:nowrap;overflow-wrap:normal}"
    ".box{border-left:.4rem solid #123f7a;background:#eef3fa;"
    "padding:.6rem 1rem;margin:.8rem 0}"
    ".sum{width:auto}.dim{color:#454545}ul{margin:.2rem 0;"
    "padding-left:1.2rem}a{color:#0b3d91}"
    "tr.settle>:first-child,tr.stop>:first-child{"
    "border-left:.4rem solid #7a1f00}"
    "@media(prefers-color-scheme:dark){body{background:#161616;"
    "color:#f0f0f0}thead th{background:#2a2a2a;border-color:#f0f0f0}"
    ".box{background:#1d2836;border-color:#9cc2ff}a{color:#9cc2ff}"
    ".dim{color:#cfcfcf}tr.settle>:first-child,"
    "tr.stop>:first-child{border-color:#ffb59b}}"
    /* Paper does not scroll: every column must find its place. */
    "@media print{@page{size:A4 landscape;margin:12mm}"
    "body{margin:0;padding:0;max-width:none;font-size:9pt;"
    "background:#fff;color:#000}h1{font-size:14pt}h2{font-size:11pt}"
    "table{font-size:8pt;line-height:1.25}th,td{padding:2pt 3pt}"
    ".k{white-space:normal}.w{min-width:0}a{color:#000}thead{"
    "display:table-header-group}tr{break-inside:avoid}"
    "thead th,.box{background:#fff}}";

void
sl_html_head(struct sl_buf *out, unsigned language, const char *title)
{
	sl_buf_printf(out,
	    "<!doctype html>\n<html lang=\"%s\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>",
	    sl_words(language, "nb", "en"));
	sl_html_show(out, title);
	sl_buf_add_str(out, "</title>\n<style>");
	sl_buf_add_str(out, style);
	sl_buf_add_str(out, "</style>\n</head>\n");
}

static void
add_how(struct sl_buf *b, unsigned lang)
{
	sl_buf_printf(b, "<h2>%s</h2>\n<ul>\n",
	    sl_words(lang, "Slik avgjør du", "How to decide"));
	if (lang == SL_LANGUAGE_EN)
		sl_buf_add_str(b,
		    "<li>Rename this folder to the case number, for example "
		    "<b>2026-211</b>, or</li>\n<li>fill in one line of "
		    "<b>Settle.txt</b> and save it.</li>\n<li>Sluse makes the "
		    "post in the case system with status M, temporarily "
		    "registered; you can correct it there as always.</li>\n");
	else
		sl_buf_add_str(b,
		    "<li>Gi denne mappen saksnummeret som navn, for eksempel "
		    "<b>2026-211</b>, eller</li>\n<li>fyll ut én linje i "
		    "<b>Avklar.txt</b> og lagre den.</li>\n<li>Sluse oppretter "
		    "posten i sak-/arkivsystemet med status M, midlertidig "
		    "registrert; du kan rette den der som ellers.</li>\n");
	sl_buf_add_str(b, "</ul>\n");
}

static void
add_why(struct sl_buf *b, unsigned lang, const struct sl_suggest_head *h)
{
	sl_buf_add_str(b, "<div class=\"box\">\n<p><b>");
	sl_html_show(b, h->why);
	sl_buf_add_str(b, "</b></p>\n");
	if (h->detail != NULL && *h->detail != '\0') {
		SL_BUF struct sl_buf detail = {0};

		sl_detail_say(&detail, lang, h->reason, h->detail);
		sl_buf_add_str(b, "<p>");
		sl_html_show(b, sl_buf_str(&detail));
		sl_buf_add_str(b, "</p>\n");
	}
	sl_buf_printf(b, "<p>%s ",
	    sl_words(lang, "Hvem gjør noe nå:", "Whose turn it is:"));
	sl_html_show(b, h->owner);
	sl_buf_add_str(b, ".");
	if (h->until_ms != 0) {
		sl_buf_printf(b, " %s ",
		    sl_words(lang, "Avklares innen", "To be settled by"));
		sl_html_time(b, h->until_ms);
		if (*h->distribution != '\0') {
			sl_buf_printf(b, "; %s ",
			    sl_words(lang,
				"ellers legges den på fordelingssaken",
				"else it goes to the distribution case"));
			sl_html_show(b, h->distribution);
		}
		sl_buf_add_str(b, ".");
	}
	sl_buf_add_str(b, "</p>\n");
	if (h->duplicate_of != NULL && *h->duplicate_of != '\0') {
		sl_buf_printf(b, "<p>%s ",
		    sl_words(lang,
			"Mulig duplikat: de samme bytene er mottatt før, i",
			"Possible duplicate: the same bytes came before, in"));
		sl_html_show(b, h->duplicate_of);
		sl_buf_add_str(b, ".</p>\n");
	}
	sl_buf_add_str(b, "</div>\n");
}

void
sl_suggest_begin(
    struct sl_buf *b, unsigned lang, const struct sl_suggest_head *h)
{
	sl_html_head(b, lang, h->number);
	sl_buf_printf(b, "<body>\n<main>\n<h1>%s ",
	    sl_words(lang, "Må avklares:", "To be settled:"));
	sl_html_show(b, h->number);
	sl_buf_add_str(b, "</h1>\n<p class=\"dim\">");
	sl_html_show(b, h->tenant);
	sl_buf_add_str(b, " · ");
	sl_html_show(b, h->queue);
	sl_buf_printf(b, " · %s ", sl_words(lang, "mottatt", "received"));
	sl_html_time(b, h->received_ms);
	sl_buf_printf(b, " · %s ", sl_words(lang, "lagt inn som", "as"));
	sl_html_show(b, h->name);
	sl_buf_add_str(b, "</p>\n");
	add_why(b, lang, h);
	add_how(b, lang);
}

static const char *
source_words(unsigned lang, const char *source)
{
	static const struct sl_worded t[] = {
	    {"text", "teksten", "the text"},
	    {"ocr", "skannet tekst", "scanned text"},
	    {"header", "e-postens hode", "the e-mail's header"},
	    {"sidecar", "beskrivelsesfilen", "the description file"},
	    {"package", "pakkens beskrivelse", "the package's description"},
	    {"name", "filnavnet", "the file name"},
	    {"person", "en person", "a person"},
	    {"queue", "køen", "the queue"},
	    {"case", "kjente saker", "known cases"},
	    {"certificate", "sertifikatet", "the certificate"},
	};
	const char *words =
	    sl_worded(t, sizeof(t) / sizeof(t[0]), lang, source);

	return words != NULL ? words : source;
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* Where a clue comes from; who signed does not stand in a header. */
static const char *
source_of(const json_t *o)
{
	return strcmp(text_of(o, "rule"), "certificate") == 0
		   ? "certificate"
		   : text_of(o, "source");
}

static void
add_label(struct sl_buf *b, const char *label)
{
	if (*label == '\0')
		return;
	sl_html_show(b, label);
	sl_buf_add_str(b, " ");
}

/* "CAdES signature 1", as the reader names it. */
static void
add_signature_name(struct sl_buf *b, unsigned lang, const char *label)
{
	const char *word = strstr(label, " signature ");
	SL_BUF struct sl_buf name = {0};

	if (word != NULL && lang != SL_LANGUAGE_EN) {
		sl_buf_add(&name, label, (size_t)(word - label));
		sl_buf_printf(
		    &name, "-signatur %s", word + strlen(" signature "));
		label = sl_buf_str(&name);
	}
	add_label(b, label);
}

/* One clue: where it stood and what it said. */
static void
add_clue(struct sl_buf *b, unsigned lang, const json_t *o)
{
	const char *source = source_of(o);
	json_int_t page = json_integer_value(json_object_get(o, "page"));
	bool paged = strcmp(source, "text") == 0 || strcmp(source, "ocr") == 0;

	sl_buf_add_str(b, "<li>");
	sl_html_show(b, source_words(lang, source));
	if (paged)
		sl_buf_printf(b, ", %s %lld", sl_words(lang, "side", "page"),
		    (long long)page + 1);
	if (*text_of(o, "file") != '\0') {
		sl_buf_printf(b, " %s ", sl_words(lang, "i", "of"));
		sl_html_show(b, text_of(o, "file"));
	}
	/* A person's decision, say: who decided is all there is to it. */
	if (*text_of(o, "value") == '\0') {
		sl_buf_add_str(b, "</li>");
		return;
	}
	/* No quotation: a date, a number or a label is told as it was
	 * understood, which is not always how it was written. */
	sl_buf_add_str(b, ": ");
	/* What the queue or the case says has a label of ours, not of a text.
	 */
	if (strcmp(source, "certificate") == 0)
		add_signature_name(b, lang, text_of(o, "label"));
	else if (strcmp(source, "queue") != 0 && strcmp(source, "case") != 0)
		add_label(b, text_of(o, "label"));
	sl_html_show(b, text_of(o, "value"));
	if (json_is_integer(json_object_get(o, "score")))
		sl_buf_printf(b, " <span class=\"dim\">(%s %lld %%)</span>",
		    sl_words(lang, "styrke", "strength"),
		    (long long)json_integer_value(json_object_get(o, "score")) /
			10);
	sl_buf_add_str(b, "</li>");
}

static void
add_evidence(struct sl_buf *b, unsigned lang, const char *evidence)
{
	json_t *a = json_loads(evidence, 0, NULL), *o;
	size_t i;

	if (json_array_size(a) == 0) {
		sl_buf_add_str(b, "–");
		json_decref(a);
		return;
	}
	sl_buf_add_str(b, "<ul>");
	json_array_foreach(a, i, o) add_clue(b, lang, o);
	sl_buf_add_str(b, "</ul>");
	json_decref(a);
}

void
sl_suggest_cases_begin(struct sl_buf *b, unsigned lang)
{
	sl_buf_printf(
	    b, "<h2>%s</h2>\n", sl_words(lang, "Forslag til sak", "Cases"));
}

/* Noark 5's codes of saksstatus; what is no such code is a word already. */
static const char *
status_words(unsigned lang, const char *status)
{
	static const struct sl_worded t[] = {
	    {"B", "under behandling", "being handled"},
	    {"A", "avsluttet", "closed"},
	    {"U", "utgår", "withdrawn"},
	    {"R", "opprettet av saksbehandler", "opened by a case officer"},
	    {"S", "avsluttet av saksbehandler", "closed by a case officer"},
	    {"P", "unntatt prosesstyring", "outside of process control"},
	};
	const char *words =
	    sl_worded(t, sizeof(t) / sizeof(t[0]), lang, status);

	return words != NULL ? words : status;
}

void
sl_suggest_case(struct sl_buf *b, unsigned lang, const struct sl_suggest_row *r)
{
	sl_buf_add_str(b, "<h3 class=\"k\">");
	sl_html_show(b, r->value);
	sl_buf_printf(b, " <span class=\"dim\">(%d %%)</span></h3>\n<p>",
	    r->confidence / 10);
	if (!r->case_known) {
		sl_buf_add_str(
		    b, sl_words(lang, "Saken er ikke kjent for Sluse.",
			   "The case is not known to Sluse."));
	} else {
		sl_html_show(b, r->case_title);
		if (*r->case_status != '\0') {
			sl_buf_printf(b, " <span class=\"dim\">(%s ",
			    sl_words(lang, "status", "status"));
			sl_html_show(b, status_words(lang, r->case_status));
			sl_buf_add_str(b, ")</span>");
		}
	}
	sl_buf_add_str(b, "</p>\n");
	add_evidence(b, lang, r->evidence);
	sl_buf_add_str(b, "\n");
}

void
sl_suggest_cases_end(struct sl_buf *b, unsigned lang, unsigned n)
{
	if (n == 0)
		sl_buf_printf(b, "<p>%s</p>\n",
		    sl_words(lang, "Sluse fant ikke noe saksnummer i posten.",
			"Sluse found no case number in the post."));
}

void
sl_suggest_fields_begin(struct sl_buf *b, unsigned lang)
{
	sl_buf_printf(b, "<h2>%s</h2>\n",
	    sl_words(lang, "Ellers funnet", "What else was found"));
}

static void
begin_fields(struct sl_buf *b, unsigned lang)
{
	sl_buf_printf(b,
	    "<table>\n<thead><tr><th scope=\"col\">%s</th>"
	    "<th scope=\"col\">%s</th><th scope=\"col\" class=\"n\">%s</th>"
	    "<th scope=\"col\">%s</th></tr></thead>\n<tbody>\n",
	    sl_words(lang, "Felt", "Field"), sl_words(lang, "Verdi", "Value"),
	    sl_words(lang, "Sikkerhet", "Confidence"),
	    sl_words(lang, "Hvor det sto", "Where it stood"));
}

static const char *
field_words(unsigned lang, unsigned field)
{
#define SL_FIELD(number, name, en, nb) {number, nb, en},
	static const struct {
		unsigned number;
		const char *nb, *en;
	} t[] = {
#include "../wire/fields.def"
	};
#undef SL_FIELD
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (t[i].number == field)
			return sl_words(lang, t[i].nb, t[i].en);
	return "?";
}

void
sl_suggest_field(struct sl_buf *b, unsigned lang, unsigned nth,
    const struct sl_suggest_row *r)
{
	if (nth == 0)
		begin_fields(b, lang);
	sl_buf_add_str(b, "<tr><th scope=\"row\">");
	sl_html_show(b, field_words(lang, r->field));
	sl_buf_add_str(b, "</th><td>");
	sl_html_show(b, r->value);
	sl_buf_printf(
	    b, "</td><td class=\"n\">%d %%</td><td>", r->confidence / 10);
	add_evidence(b, lang, r->evidence);
	sl_buf_add_str(b, "</td></tr>\n");
}

void
sl_suggest_fields_end(struct sl_buf *b, unsigned lang, unsigned n)
{
	if (n > 0)
		sl_buf_add_str(b, "</tbody>\n</table>\n");
	else
		sl_buf_printf(b, "<p>%s</p>\n",
		    sl_words(lang, "Sluse fant ikke noe annet i posten.",
			"Sluse found nothing else in the post."));
}

void
sl_suggest_documents_begin(struct sl_buf *b, unsigned lang)
{
	sl_buf_printf(b,
	    "<h2>%s</h2>\n<table>\n<thead><tr>"
	    "<th scope=\"col\" class=\"n\">%s</th><th scope=\"col\">%s</th>"
	    "<th scope=\"col\">%s</th><th scope=\"col\" class=\"n\">%s</th>"
	    "<th scope=\"col\" class=\"n\">%s</th><th scope=\"col\">%s</th>"
	    "</tr></thead>\n<tbody>\n",
	    sl_words(lang, "Dokumentene", "The documents"),
	    sl_words(lang, "Nr.", "No."), sl_words(lang, "Navn", "Name"),
	    sl_words(lang, "Format", "Format"),
	    sl_words(lang, "Sider", "Pages"),
	    sl_words(lang, "Størrelse", "Size"),
	    sl_words(lang, "Kopi i mappen", "Copy in the folder"));
}

void
sl_suggest_document(
    struct sl_buf *b, unsigned lang, const struct sl_suggest_document *d)
{
	sl_buf_printf(b, "<tr><td class=\"n\">%d</td><td>", d->number);
	sl_html_show(b, d->title);
	sl_buf_add_str(b, "</td><td>");
	sl_html_show(b, d->mime);
	/* What was never read has no number of pages. */
	if (d->pages > 0)
		sl_buf_printf(b, "</td><td class=\"n\">%u</td>", d->pages);
	else
		sl_buf_add_str(b, "</td><td class=\"n\">–</td>");
	if (d->gone)
		sl_buf_add_str(b, "<td class=\"n\">–</td><td>");
	else
		sl_buf_printf(b, "<td class=\"n\">%llu kB</td><td>",
		    (unsigned long long)((d->size + 1023) / 1024));
	if (d->copy != NULL) {
		/* Ours: digits, letters, dot and hyphen only. */
		sl_buf_printf(b, "<a href=\"%s\">%s</a>", d->copy, d->copy);
	} else if (d->gone) {
		sl_buf_add_str(
		    b, sl_words(lang,
			   "originalen er borte fra lageret, eller kan ikke "
			   "åpnes der",
			   "the original is gone from the store, or cannot be "
			   "opened there"));
	} else {
		sl_buf_add_str(
		    b, sl_words(lang, "ikke kopiert hit", "not copied here"));
	}
	sl_buf_add_str(b, "</td></tr>\n");
}

void
sl_suggest_documents_end(struct sl_buf *b, unsigned lang, size_t n,
    size_t listed, size_t copied, size_t gone)
{
	sl_buf_add_str(b, "</tbody>\n</table>\n");
	if (copied >= n)
		return;
	sl_buf_printf(b, "<p>%zu %s %zu %s", copied, sl_words(lang, "av", "of"),
	    n,
	    sl_words(lang, "dokumenter er kopiert hit.",
		"documents are copied here."));
	if (listed < n)
		sl_buf_printf(b, " %s %zu %s",
		    sl_words(lang, "De", "The first"), listed,
		    sl_words(
			lang, "første står i listen.", "are in the list."));
	if (gone > 0) {
		sl_buf_add_str(b, "</p>\n");
		return;
	}
	sl_buf_printf(b, " %s</p>\n",
	    sl_words(lang,
		"Resten er tatt vare på i Sluse, og alle følger med når posten "
		"overføres. Det som ble lagt inn, ligger samlet i Ferdig når "
		"posten er avgjort.",
		"Sluse keeps the others, and all of them go along when the "
		"post is transferred. What was dropped lies whole in Done once "
		"the post is settled."));
}

/* A row of a list of remarks on files; the first begins it. intro may be NULL.
 */
static void
add_remark(struct sl_buf *b, const char *heading, const char *intro,
    unsigned nth, const char *file, const char *words)
{
	if (nth == 0) {
		sl_buf_printf(b, "<h2>%s</h2>\n", heading);
		if (intro != NULL)
			sl_buf_printf(b, "<p>%s</p>\n", intro);
		sl_buf_add_str(b, "<ul>\n");
	}
	sl_buf_add_str(b, "<li>");
	sl_html_show(b, file);
	sl_buf_add_str(b, ": ");
	sl_html_show(b, words);
	sl_buf_add_str(b, "</li>\n");
}

void
sl_suggest_remarks_end(struct sl_buf *b, unsigned n)
{
	if (n > 0)
		sl_buf_add_str(b, "</ul>\n");
}

void
sl_suggest_signature(struct sl_buf *b, unsigned lang, unsigned nth,
    const char *file, const char *words)
{
	add_remark(b,
	    sl_words(lang, "Digitale signaturer", "Digital signatures"), NULL,
	    nth, file, words);
}

void
sl_suggest_unsure(struct sl_buf *b, unsigned lang, unsigned nth,
    const char *file, const char *words)
{
	add_remark(b, sl_words(lang, "Vanskelig å lese", "Hard to read"),
	    sl_words(lang,
		"Skriften på disse sidene var vanskelig å lese, og noe kan "
		"være lest feil eller mangle. Kontroller mot bildet av siden "
		"før du avgjør.",
		"The print on these pages was hard to read: some of it may be "
		"read wrongly or missing. Check it against the picture of the "
		"page before you decide."),
	    nth, file, words);
}

void
sl_suggest_pages(struct sl_buf *b, unsigned lang, unsigned nth,
    const char *file, const char *words)
{
	add_remark(b,
	    sl_words(lang, "Uten lest tekst", "Without text that was read"),
	    NULL, nth, file, words);
}

void
sl_pages_name(struct sl_buf *b, unsigned lang, unsigned first, unsigned last)
{
	if (first == last)
		sl_buf_printf(
		    b, "%s %u", sl_words(lang, "side", "page"), first);
	else
		sl_buf_printf(b, "%s %u–%u", sl_words(lang, "sidene", "pages"),
		    first, last);
}

void
sl_pages_say(struct sl_buf *b, unsigned lang, unsigned first, unsigned last,
    const char *reason)
{
	const struct sl_reason *r = sl_reason_find(reason);
	bool one = first == last;

	sl_pages_name(b, lang, first, last);
	sl_buf_add_char(b, ' ');
	if (*reason == '\0') {
		sl_buf_add_str(
		    b, one ? sl_words(lang, "er blank", "is blank")
			   : sl_words(lang, "er blanke", "are blank"));
		return;
	}
	if (strcmp(reason, SL_FACE_WORDLESS) == 0) {
		sl_buf_add_str(
		    b, sl_words(lang, "har noe på seg, men ingen ord ble lest",
			   one ? "has ink, but no word was read"
			       : "have ink, but no word was read"));
		return;
	}
	sl_buf_add_str(
	    b, one ? sl_words(lang, "er ikke lest: ", "was not read: ")
		   : sl_words(lang, "er ikke lest: ", "were not read: "));
	if (r != NULL)
		sl_reason_short(r, lang != SL_LANGUAGE_EN, b);
	else
		sl_buf_add_str(b, reason);
}

/* The number that *s begins with, and what follows it in *s. */
static bool
take_number(const char **s, uint64_t *ret)
{
	char digits[16] = "";
	size_t n = strspn(*s, "0123456789");

	if (n >= sizeof(digits))
		return false;
	memcpy(digits, *s, n);
	*s += n;
	return sl_parse_u64(digits, 1, UINT32_MAX, ret);
}

bool
sl_unsure_say(struct sl_buf *b, unsigned lang, const char *detail)
{
	uint64_t page, words;

	if (strncmp(detail, SL_UNSURE_PAGE, strlen(SL_UNSURE_PAGE)) != 0)
		return false;
	detail += strlen(SL_UNSURE_PAGE);
	if (!take_number(&detail, &page) || strncmp(detail, ": ", 2) != 0)
		return false;
	detail += 2;
	if (!take_number(&detail, &words) ||
	    strcmp(detail, SL_UNSURE_WORDS) != 0)
		return false;
	if (lang == SL_LANGUAGE_EN)
		sl_buf_printf(b,
		    "%llu words on page %llu are too unsure to be told",
		    (unsigned long long)words, (unsigned long long)page);
	else
		sl_buf_printf(b,
		    "%llu ord på side %llu er for usikre til å gjengis",
		    (unsigned long long)words, (unsigned long long)page);
	return true;
}

void
sl_suggest_end(struct sl_buf *b, unsigned lang)
{
	(void)lang;
	sl_buf_add_str(b, "</main>\n</body>\n</html>\n");
}
