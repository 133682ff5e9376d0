#include "stopnote.h"

#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../registry/registry.h"
#include "faces.h"
#include "words.h"

static void
add_line(struct sl_buf *b, const char *label, const char *text)
{
	sl_buf_add_str(b, label);
	sl_text_display(b, text, strnlen(text, 4096));
	sl_buf_add_str(b, "\r\n");
}

static const char *
owner(unsigned lang, const struct sl_reason *r)
{
	if (r == NULL)
		return sl_words(lang, "dokumentsenteret", "records centre");
	return lang == SL_LANGUAGE_EN ? sl_owner_name(r->owner)
				      : sl_owner_nb(r->owner);
}

static const char *
name_label(unsigned lang)
{
	return sl_words(lang, "Navn: ", "Name: ");
}

static const char *
closed_label(unsigned lang)
{
	return sl_words(lang, "Det som ikke kan åpnes i mappen: ",
	    "What in the folder cannot be opened: ");
}

static bool
is_closed(const struct sl_stopnote *p)
{
	return p->in_inbox && p->reason != NULL &&
	       strcmp(p->reason, SL_STOPNOTE_CLOSED) == 0;
}

/* What to do now: by where it stands. */
static const char *
advice(unsigned lang, const struct sl_stopnote *p)
{
	if (is_closed(p))
		return sl_words(lang,
		    "Den ligger fortsatt i Inn og er ikke mottatt. Den tas av "
		    "seg selv når rettighetene\r\ner rettet, og da forsvinner "
		    "denne teksten.",
		    "It still lies in Inbox and was not received. It is taken "
		    "by itself once the rights\r\nare right, and then this "
		    "text goes.");
	if (*p->number == '\0' && p->in_inbox)
		return sl_words(lang,
		    "Den ligger fortsatt i Inn og er ikke mottatt.",
		    "It still lies in Inbox and was not received.");
	if (p->reason != NULL &&
	    strcmp(p->reason, SL_FACES_FOLDER_OF_POST) == 0)
		return sl_words(lang,
		    "Mappen er ikke mottatt på nytt. Venter posten ennå, "
		    "avgjøres den i Må avklares;\r\nellers står den i "
		    "Kvitteringer. Ligger det annen post i mappen, legg bare "
		    "den i Inn.\r\nSlett så mappen her.",
		    "The folder was not received again. If the post still "
		    "waits, it is settled in To be\r\nsettled; else it stands "
		    "in Receipts. If other post lies in the folder, drop only"
		    "\r\nthat in Inbox. Then delete the folder here.");
	if (*p->number == '\0')
		return sl_words(lang,
		    "Den er ikke mottatt. Rett feilen, legg den i Inn på "
		    "nytt, og slett den\r\nher.",
		    "It was not received. Mend it, drop it in Inbox again, "
		    "and delete it here.");
	if (p->reason != NULL && (strcmp(p->reason, "limit_input") == 0 ||
				     strcmp(p->reason, "limit_files") == 0))
		return sl_words(lang,
		    "Den er ikke åpnet. Del den opp og legg delene i Inn, "
		    "eller be IT-drift\r\nheve grensen og prøve igjen (sluse "
		    "retry). Skal den ikke inn: sluse reject.",
		    "It was not opened. Drop it in Inbox in smaller parts, or "
		    "ask IT operations to\r\nraise the limit and try again "
		    "(sluse retry). If it shall not come in: sluse reject.");
	if (p->reason != NULL && strcmp(p->reason, "original_missing") == 0)
		return sl_words(lang,
		    "Be IT-drift legge originalen tilbake og prøve igjen "
		    "(sluse explain, sluse retry).\r\nHar du filen selv, kan "
		    "du legge den i Inn på nytt; da avsluttes denne (sluse "
		    "reject).",
		    "Ask IT operations to put the original back and to try "
		    "again (sluse explain,\r\nsluse retry). If you have the "
		    "file yourself you can drop it in Inbox again; then this"
		    "\r\none is ended (sluse reject).");
	if (p->reason != NULL && strcmp(p->reason, "description_alone") == 0)
		return sl_words(lang,
		    "Legg hele mappen i Inn: dokumentene, og beskrivelsen "
		    "sammen med dem.",
		    "Drop the whole folder in Inbox: the documents, and the "
		    "description with them.");
	if (p->reason != NULL && strcmp(p->reason, "empty_scan") == 0)
		return sl_words(lang,
		    "Skann papiret på nytt, og legg den nye filen i Inn.",
		    "Scan the paper again, and drop the new file in Inbox.");
	switch (p->dispo) {
	case SL_DISPO_quarantined:
		return sl_words(lang,
		    "Filen kan være skadelig. Den er tatt vare på i Sluse, "
		    "men kopieres ikke hit.\r\nÅpne den ikke fra mappen "
		    "Ferdig heller. Be avsenderen om en ny, eller be IT-drift"
		    "\r\nvurdere den (sluse show, sluse release, sluse "
		    "reject).",
		    "The file may be harmful. Sluse has kept it, but does not "
		    "copy it here.\r\nAsk the sender for a new one, or ask IT "
		    "operations to look at it\r\n(sluse show, sluse release, "
		    "sluse reject).");
	case SL_DISPO_broken:
		return sl_words(lang,
		    "Be avsenderen sende på nytt, og legg den nye i Inn. "
		    "Originalen er tatt vare på.\r\nKan den åpnes hos deg? "
		    "Da kan IT-drift prøve igjen (sluse retry).",
		    "Ask the sender for a new one and drop it in Inbox. The "
		    "original is kept.\r\nCan you open it? Then IT operations "
		    "can try again (sluse retry).");
	default:
		return sl_words(lang,
		    "Originalen er tatt vare på. Rett feilen og legg den i "
		    "Inn på nytt, eller be\r\nIT-drift om hjelp (sluse show, "
		    "sluse retry, sluse reject).",
		    "The original is kept. Mend it and drop it in Inbox "
		    "again, or ask IT\r\noperations (sluse show, sluse retry, "
		    "sluse reject).");
	}
}

/* What names a document or is a person's own words is for anybody, and so is
 * what there are words for; the rest is what a library said, in English, and no
 * translation of it would find the cause. */
static void
add_detail(struct sl_buf *b, unsigned lang, const char *reason, const char *s)
{
	static const char *const plain[] = {"document_missing",
	    "document_changed", "by_person", SL_FACES_FOLDER_OF_POST};
	bool anybody = sl_detail_nb(s) != NULL;
	SL_BUF struct sl_buf words = {0};
	size_t i;

	sl_detail_words(&words, lang, s);
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		anybody |= reason != NULL && strcmp(plain[i], reason) == 0;
	add_line(b,
	    anybody ? sl_words(lang, "Nærmere: ", "More: ")
		    : sl_detail_technical(lang),
	    sl_buf_str(&words));
}

void
sl_stopnote_write(struct sl_buf *b, unsigned lang, const struct sl_stopnote *p)
{
	const struct sl_reason *r =
	    p->reason != NULL ? sl_reason_find(p->reason) : NULL;
	struct sl_date d = sl_clock_oslo(p->received_ms);

	sl_buf_add_str(b, "\xEF\xBB\xBF");
	if (*p->number != '\0')
		add_line(b,
		    sl_words(lang, "Mottaksnummer: ", "Reception number: "),
		    p->number);
	add_line(b, name_label(lang), p->name);
	if (p->received_ms != 0)
		sl_buf_printf(b, "%s %02d.%02d.%d %02d.%02d\r\n",
		    sl_words(lang, "Mottatt:", "Received:"), d.day, d.month,
		    d.year, d.hour, d.minute);
	sl_buf_add_str(b, "\r\n");
	add_line(b, sl_words(lang, "Hvorfor: ", "Why: "),
	    r != NULL ? sl_words(lang, r->nb, r->en)
		      : sl_words(lang, "Posten kan ikke gå videre.",
			    "The post cannot go on."));
	if (p->detail != NULL && *p->detail != '\0' && is_closed(p))
		add_line(b, closed_label(lang), p->detail);
	else if (p->detail != NULL && *p->detail != '\0')
		add_detail(b, lang, p->reason, p->detail);
	add_line(b, sl_words(lang, "Hvem: ", "Who: "), owner(lang, r));
	sl_buf_printf(b, "\r\n%s\r\n%s\r\n",
	    sl_words(lang, "Hva nå:", "What now:"), advice(lang, p));
	if (p->copied)
		sl_buf_printf(b, "\r\n%s\r\n",
		    sl_words(lang, "En kopi av originalen ligger ved siden av.",
			"A copy of the original lies beside this."));
}

/* The rest of the line that begins with label; "" if there is none. */
static void
line_of(const char *text, const char *label, char *ret, size_t cap)
{
	const char *at = strstr(text, label);
	size_t n;

	*ret = '\0';
	if (at == NULL)
		return;
	at += strlen(label);
	n = strcspn(at, "\r\n");
	if (n < cap)
		(void)snprintf(ret, cap, "%.*s", (int)n, at);
}

bool
sl_stopnote_is_closed(const char *text, unsigned lang, char *ret, size_t cap)
{
	char detail[SL_STOPNOTE_NAME_MAX];
	SL_BUF struct sl_buf should = {0};
	struct sl_stopnote p = {.number = "",
	    .name = ret,
	    .reason = SL_STOPNOTE_CLOSED,
	    .detail = detail,
	    .in_inbox = true};

	line_of(text, name_label(lang), ret, cap);
	line_of(text, closed_label(lang), detail, sizeof(detail));
	sl_stopnote_write(&should, lang, &p);
	return strcmp(sl_buf_str(&should), text) == 0;
}
