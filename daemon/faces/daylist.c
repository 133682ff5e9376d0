/*
 * SECURITY: names come from post; HTML by sl_html_show, CSV by sl_text_csv; a
 * link is made only of http(s) addresses.
 */
#include "daylist.h"

#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../registry/registry.h"
#include "suggest.h"
#include "words.h"

enum sl_day_class
sl_day_class(int dispo, int outcome)
{
	switch (dispo) {
	case SL_DISPO_held:
		return SL_DAY_SETTLE;
	case SL_DISPO_quarantined:
	case SL_DISPO_broken:
		return SL_DAY_STOPPED;
	case SL_DISPO_done:
		return outcome == SL_OUTCOME_in_journal ||
			       outcome == SL_OUTCOME_to_sector
			   ? SL_DAY_TRANSFERRED
			   : SL_DAY_OTHER;
	default:
		return SL_DAY_WAITING;
	}
}

void
sl_day_count(struct sl_day_sums *s, const struct sl_day_row *r)
{
	s->rows++;
	s->of[sl_day_class(r->dispo, r->outcome)]++;
	s->pages += r->pages;
	s->ocr_pages += r->ocr_pages;
}

static const char *
outcome_words(unsigned lang, int outcome)
{
	static const struct {
		int outcome;
		const char *en;
	} t[] = {
	    {SL_OUTCOME_in_journal, "transferred to the case system"},
	    {SL_OUTCOME_to_sector, "transferred to a sector system"},
	    {SL_OUTCOME_not_archive_worthy, "not archive-worthy"},
	    {SL_OUTCOME_misdirected, "misdirected"},
	    {SL_OUTCOME_duplicate, "same consignment received again"},
	    {SL_OUTCOME_replaced, "replaced"},
	    {SL_OUTCOME_withdrawn, "withdrawn"},
	};
	const char *nb = sl_outcome_nb(outcome);
	size_t i;

	if (lang != SL_LANGUAGE_EN)
		return nb != NULL ? nb : "avsluttet";
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (t[i].outcome == outcome)
			return t[i].en;
	return "closed";
}

const char *
sl_day_status(unsigned lang, int dispo, int outcome)
{
	switch (dispo) {
	case SL_DISPO_ready:
		return sl_words(lang, "under behandling", "being handled");
	case SL_DISPO_deferred:
		return sl_words(
		    lang, "venter, prøves igjen", "waits, is tried again");
	case SL_DISPO_held:
		return sl_words(lang, "må avklares", "to be settled");
	case SL_DISPO_quarantined:
		return sl_words(lang, "i karantene", "in quarantine");
	case SL_DISPO_broken:
		return sl_words(lang, "kan ikke leses", "cannot be read");
	default:
		return outcome_words(lang, outcome);
	}
}

static void
add_sum(struct sl_buf *b, const char *words, uint64_t n)
{
	sl_buf_printf(b,
	    "<tr><th scope=\"row\">%s</th><td class=\"n\">%llu</td></tr>\n",
	    words, (unsigned long long)n);
}

static void
add_sums(struct sl_buf *b, unsigned lang, const struct sl_day_sums *s)
{
	sl_buf_printf(b,
	    "<table class=\"sum\">\n<caption>%s</caption>\n"
	    "<tbody>\n",
	    sl_words(lang, "Dagens regnskap", "The day's balance"));
	add_sum(b, sl_words(lang, "Mottatt", "Received"), s->rows);
	add_sum(b, sl_words(lang, "= overført", "= transferred"),
	    s->of[SL_DAY_TRANSFERRED]);
	add_sum(
	    b, sl_words(lang, "+ venter", "+ waiting"), s->of[SL_DAY_WAITING]);
	add_sum(b, sl_words(lang, "+ må avklares", "+ to be settled"),
	    s->of[SL_DAY_SETTLE]);
	add_sum(
	    b, sl_words(lang, "+ stoppet", "+ stopped"), s->of[SL_DAY_STOPPED]);
	add_sum(b, sl_words(lang, "+ annet", "+ other"), s->of[SL_DAY_OTHER]);
	add_sum(b, sl_words(lang, "Sider lest", "Pages read"), s->pages);
	add_sum(b,
	    sl_words(lang, "av dem tekstgjenkjent (OCR)",
		"of them recognised (OCR)"),
	    s->ocr_pages);
	sl_buf_add_str(b, "</tbody>\n</table>\n");
}

static void
add_columns(struct sl_buf *b, unsigned lang)
{
	static const char *const nb[] = {"Mottaksnummer", "Mottatt", "Navn",
	    "Status", "Sak", "Nr. i sak/arkiv", "Hvorfor, og hvem gjør noe nå",
	    "Sider", "OCR", NULL};
	static const char *const en[] = {"Reception number", "Received", "Name",
	    "Status", "Case", "No. there", "Why, and whose turn it is", "Pages",
	    "OCR", NULL};
	const char *const *c = lang == SL_LANGUAGE_EN ? en : nb;
	int i;

	sl_buf_printf(b, "<table>\n<caption>%s</caption>\n<thead><tr>",
	    sl_words(lang, "Alt som er mottatt denne dagen",
		"Everything received that day"));
	for (i = 0; c[i] != NULL; i++)
		sl_buf_printf(b, "<th scope=\"col\"%s>%s</th>",
		    i >= 7 ? " class=\"n\"" : "", c[i]);
	sl_buf_add_str(b, "</tr></thead>\n<tbody>\n");
}

void
sl_day_html_head(struct sl_buf *out, unsigned lang, const struct sl_day_head *h,
    const struct sl_day_sums *s)
{
	char title[64];
	size_t from = out->n, pad;

	(void)snprintf(title, sizeof(title), "%s %s",
	    sl_words(lang, "Kvittering", "Receipt"), h->day);
	sl_html_head(out, lang, title);
	sl_buf_printf(
	    out, "<body>\n<main>\n<h1>%s</h1>\n<p class=\"dim\">", title);
	sl_html_show(out, h->tenant);
	sl_buf_add_str(out, " · ");
	sl_html_show(out, h->queue);
	sl_buf_printf(out, "</p>\n<p>%s</p>\n",
	    sl_words(lang,
		"«Overført» betyr at posten ligger i sak-/arkivsystemet med "
		"status M, midlertidig registrert. Journalføring skjer der.",
		"“Transferred” means that the post is in the case system with "
		"status M, temporarily registered. It is journaled there."));
	add_sums(out, lang, s);
	add_columns(out, lang);
	pad = out->n - from;
	for (; pad < SL_DAY_HEAD_BYTES; pad++)
		sl_buf_add_char(out, pad == SL_DAY_HEAD_BYTES - 1 ? '\n' : ' ');
}

/* A link to where it lies, if it is one a browser may follow. */
static void
add_linked(struct sl_buf *b, const char *text, const char *url)
{
	bool web =
	    strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;

	if (web && *text != '\0') {
		sl_buf_add_str(b, "<a rel=\"noreferrer\" href=\"");
		sl_html_show(b, url);
		sl_buf_add_str(b, "\">");
	}
	sl_html_show(b, text);
	if (web && *text != '\0')
		sl_buf_add_str(b, "</a>");
}

static void
add_reason(struct sl_buf *b, unsigned lang, const char *slug)
{
	const struct sl_reason *r = *slug != '\0' ? sl_reason_find(slug) : NULL;

	if (r == NULL) {
		sl_html_show(b, slug);
		return;
	}
	sl_html_show(b, sl_words(lang, r->nb, r->en));
	sl_buf_add_str(b, " <span class=\"dim\">(");
	sl_html_show(b, lang == SL_LANGUAGE_EN ? sl_owner_name(r->owner)
					       : sl_owner_nb(r->owner));
	sl_buf_add_str(b, ")</span>");
}

static const char *const row_class[SL_DAY_CLASSES] = {
    [SL_DAY_SETTLE] = " class=\"settle\"",
    [SL_DAY_STOPPED] = " class=\"stop\""};

void
sl_day_html_row(struct sl_buf *b, unsigned lang, const struct sl_day_row *r)
{
	const char *cls = row_class[sl_day_class(r->dispo, r->outcome)];
	struct sl_date d = sl_clock_oslo(r->received_ms);

	sl_buf_printf(
	    b, "<tr%s><th scope=\"row\" class=\"k\">", cls != NULL ? cls : "");
	sl_html_show(b, r->number);
	sl_buf_printf(b, "</th><td class=\"k\">%02d.%02d</td><td class=\"w\">",
	    d.hour, d.minute);
	sl_html_show(b, r->name);
	sl_buf_add_str(b, "</td><td>");
	sl_buf_add_str(b, sl_day_status(lang, r->dispo, r->outcome));
	if (*r->duplicate_of != '\0') {
		sl_buf_printf(b, "; %s ",
		    sl_words(
			lang, "mulig duplikat av", "possible duplicate of"));
		sl_html_show(b, r->duplicate_of);
	}
	sl_buf_add_str(b, "</td><td class=\"k\">");
	add_linked(b, r->case_number, *r->target_number == '\0' ? r->url : "");
	sl_buf_add_str(b, "</td><td class=\"k\">");
	add_linked(b, r->target_number, r->url);
	sl_buf_add_str(b, "</td><td>");
	add_reason(b, lang, r->reason);
	sl_buf_printf(b,
	    "</td><td class=\"n\">%u</td><td class=\"n\">%u</td></tr>\n",
	    r->pages, r->ocr_pages);
}

void
sl_day_html_end(struct sl_buf *b, unsigned lang)
{
	(void)lang;
	sl_buf_add_str(b, "</tbody>\n</table>\n</main>\n</body>\n</html>\n");
}

/* Excel in Norwegian splits at ; (the comma is its decimal sign) and knows
 * UTF-8 by the byte order mark only. */
void
sl_day_csv_head(struct sl_buf *b, unsigned lang)
{
	sl_buf_add_str(b, "\xEF\xBB\xBF");
	sl_buf_add_str(
	    b, sl_words(lang,
		   "Mottaksnummer;Mottatt;Navn;Status;Mulig duplikat;Sak;"
		   "Nummer i sak-/arkivsystemet;Lenke;Årsak;Hvem;Sider;OCR\r\n",
		   "Reception number;Received;Name;Status;Possible duplicate;"
		   "Case;Number in the case system;Link;Reason;Who;Pages;"
		   "OCR\r\n"));
}

static void
add_csv(struct sl_buf *b, const char *s)
{
	SL_BUF struct sl_buf shown = {0};

	sl_text_display(&shown, s, strlen(s));
	sl_text_csv(b, sl_buf_str(&shown), shown.n);
	sl_buf_add_char(b, ';');
}

void
sl_day_csv_row(struct sl_buf *b, unsigned lang, const struct sl_day_row *r)
{
	const struct sl_reason *why =
	    *r->reason != '\0' ? sl_reason_find(r->reason) : NULL;
	struct sl_date d = sl_clock_oslo(r->received_ms);
	char time[32];

	(void)snprintf(time, sizeof(time), "%04d-%02d-%02d %02d:%02d", d.year,
	    d.month, d.day, d.hour, d.minute);
	add_csv(b, r->number);
	add_csv(b, time);
	add_csv(b, r->name);
	add_csv(b, sl_day_status(lang, r->dispo, r->outcome));
	add_csv(b, r->duplicate_of);
	add_csv(b, r->case_number);
	add_csv(b, r->target_number);
	add_csv(b, r->url);
	add_csv(b, why != NULL ? sl_words(lang, why->nb, why->en) : r->reason);
	add_csv(b, why == NULL		    ? ""
		   : lang == SL_LANGUAGE_EN ? sl_owner_name(why->owner)
					    : sl_owner_nb(why->owner));
	sl_buf_printf(b, "%u;%u\r\n", r->pages, r->ocr_pages);
}
