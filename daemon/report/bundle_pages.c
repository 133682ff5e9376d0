/*
 * The pages of a tilsynspakke that are written from the configuration, the
 * registry and the law: system description, texts for the documentation plan,
 * record of processing.
 */
#include <inttypes.h>
#include <string.h>

#include "../base/text.h"
#include "../form/form.h"
#include "../store/db.h"
#include "bundle.h"
#include "legal.h"

static const char *
say(const struct sl_bundle *b, const char *nb, const char *en)
{
	return b->lang == SL_LANGUAGE_EN ? en : nb;
}

static void
html(struct sl_buf *out, const char *s)
{
	sl_text_html(out, s, strlen(s));
}

static void
head(const struct sl_bundle *b, struct sl_buf *out, const char *nb,
    const char *en)
{
	sl_buf_add_str(out, "<h2>");
	html(out, say(b, nb, en));
	sl_buf_add_str(out, "</h2>\n");
}

static void
text(const struct sl_bundle *b, struct sl_buf *out, const char *nb,
    const char *en)
{
	sl_buf_add_str(out, "<p>");
	html(out, say(b, nb, en));
	sl_buf_add_str(out, "</p>\n");
}

/* A table's head: n pairs of nb, en. */
static void
table(const struct sl_bundle *b, struct sl_buf *out, const char *const (*h)[2],
    size_t n)
{
	size_t i;

	sl_buf_add_str(out, "<table><thead><tr>");
	for (i = 0; i < n; i++) {
		sl_buf_add_str(out, "<th scope=\"col\">");
		html(out, say(b, h[i][0], h[i][1]));
		sl_buf_add_str(out, "</th>");
	}
	sl_buf_add_str(out, "</tr></thead>\n<tbody>\n");
}

static void
row(struct sl_buf *out, const char *const *cell, size_t n)
{
	size_t i;

	sl_buf_add_str(out, "<tr>");
	for (i = 0; i < n; i++) {
		sl_buf_add_str(out, i == 0 ? "<th scope=\"row\">" : "<td>");
		html(out, cell[i] != NULL ? cell[i] : "");
		sl_buf_add_str(out, i == 0 ? "</th>" : "</td>");
	}
	sl_buf_add_str(out, "</tr>\n");
}

static void
table_end(struct sl_buf *out)
{
	sl_buf_add_str(out, "</tbody></table>\n");
}

static void
law_row(const struct sl_bundle *b, const struct sl_legal *l, struct sl_buf *out)
{
	SL_BUF struct sl_buf from = {0}, to = {0};

	sl_add_day(&from, l->from, b->lang);
	sl_add_day(&to, l->to, b->lang);
	row(out,
	    (const char *[]){l->law, l->paragraph, sl_buf_str(&from),
		sl_buf_str(&to), say(b, l->nb, l->en)},
	    5);
}

static void
law(const struct sl_bundle *b, struct sl_buf *out, const char *const *themes)
{
	static const char *const h[][2] = {{"Hjemmel", "Law"},
	    {"Paragraf", "Section"}, {"Gyldig fra", "From"},
	    {"Gyldig til", "To"}, {"Om", "About"}};
	struct sl_legal l;
	size_t at = 0, i;

	head(b, out, "Hjemler", "Legal references");
	table(b, out, h, 5);
	while ((at = sl_legal_next(at, b->from_day, b->to_day, &l)) != 0)
		for (i = 0; themes[i] != NULL; i++)
			if (strcmp(themes[i], l.theme) == 0)
				law_row(b, &l, out);
	table_end(out);
}

/* In words, in the largest unit that tells it whole; 1 day, 2 days. */
static void
duration(const struct sl_bundle *b, int64_t ms, char *out, size_t cap)
{
	static const struct {
		int64_t ms;
		const char *nb[2], *en[2];
	} unit[] = {{86400000, {"dag", "dager"}, {"day", "days"}},
	    {3600000, {"time", "timer"}, {"hour", "hours"}},
	    {60000, {"minutt", "minutter"}, {"minute", "minutes"}},
	    {1000, {"sekund", "sekunder"}, {"second", "seconds"}},
	    {1, {"millisekund", "millisekunder"},
		{"millisecond", "milliseconds"}}};
	size_t i = 0;
	bool many;

	while (ms % unit[i].ms != 0)
		i++;
	many = ms != unit[i].ms;
	(void)snprintf(out, cap, "%" PRId64 " %s", ms / unit[i].ms,
	    say(b, unit[i].nb[many], unit[i].en[many]));
}

/* -- system description ---------------------------------------------------- */

static void
gates(const struct sl_bundle *b, struct sl_buf *out)
{
	static const char *const h[][2] = {
	    {"Trinn", "Gate"}, {"Hva skjer", "What happens"}};
	static const struct {
		int stage;
		const char *nb, *en;
	} what[] = {
	    {SL_STAGE_received,
		"Originalen er kopiert og lagret med sjekksum (SHA-256); "
		"posten har fått mottaksnummer.",
		"The original is copied, hashed (SHA-256) and kept; it has a "
		"reception number."},
	    {SL_STAGE_unpacked, "Arkivfiler og e-post er åpnet.",
		"Archives and mail are opened."},
	    {SL_STAGE_identified, "Format er bestemt (PRONOM).",
		"The format is known (PRONOM)."},
	    {SL_STAGE_read, "Tekst er lest, med OCR der det trengs.",
		"Text is read, with OCR where needed."},
	    {SL_STAGE_placed, "Sak, enhet og tittel er foreslått eller valgt.",
		"Case, unit and title are proposed or chosen."},
	    {SL_STAGE_prepared, "Journalposten er gjort klar.",
		"The registry entry is prepared."},
	    {SL_STAGE_delivered, "Målet har tatt imot, og det er lest tilbake.",
		"The target has taken it, and it was read back."},
	};
	size_t i;

	table(b, out, h, 2);
	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		row(out,
		    (const char *[]){say(b, sl_stage_nb(what[i].stage),
					 sl_stage_name(what[i].stage)),
			say(b, what[i].nb, what[i].en)},
		    2);
	table_end(out);
}

static void
queues(const struct sl_bundle *b, struct sl_buf *out)
{
	static const char *const h[][2] = {{"Kø", "Queue"}, {"Enhet", "Unit"},
	    {"Tilgangskode", "Access code"}, {"Lukket", "Closed"},
	    {"Fordelingssak", "Distribution case"}};
	const struct sl_queue_config *q;
	size_t i;

	head(b, out, "Innganger (køer)", "Doors (queues)");
	table(b, out, h, 5);
	for (i = 0; i < b->cfg->queue_n; i++) {
		q = &b->cfg->queue[i];
		row(out,
		    (const char *[]){q->name, q->unit, q->access,
			q->closed ? say(b, "ja", "yes") : say(b, "nei", "no"),
			q->distribution_case},
		    5);
	}
	table_end(out);
}

static void
targets(const struct sl_bundle *b, struct sl_buf *out)
{
	static const char *const h[][2] = {{"Mål", "Target"},
	    {"Kobling", "Connector"}, {"Adresse", "Address"}};
	const struct sl_target_config *t;
	size_t i;

	head(b, out, "Mål (sak-/arkivsystem)", "Targets (case systems)");
	table(b, out, h, 3);
	for (i = 0; i < b->cfg->target_n; i++) {
		t = &b->cfg->target[i];
		row(out, (const char *[]){t->name, t->connector, t->base_url},
		    3);
	}
	table_end(out);
}

static void
add_list(const struct sl_list *l, struct sl_buf *out)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		sl_buf_printf(out, "%s%s", i > 0 ? ", " : "", l->item[i]);
}

static void
roles(const struct sl_bundle *b, struct sl_buf *out)
{
	static const char *const h[][2] = {{"Rolle", "Role"},
	    {"Hva den gjør", "What it does"},
	    {"Unix-grupper (NSS)", "Unix groups (NSS)"}};
	const struct sl_access_config *a = &b->cfg->access;
	const struct {
		const char *nb, *en, *does_nb, *does_en;
		const struct sl_list *groups;
	} all[] = {
	    {"Arkivar", "Archivist", "avklarer det maskinen var usikker på",
		"settles what the machine was unsure of", &a->archivist},
	    {"Systemansvarlig", "Systemansvarlig",
		"svarer for regler, terskler og tabeller",
		"answers for rules, thresholds and tables",
		&a->systemansvarlig},
	    {
		"Drift",
		"Operator",
		"installerer og overvåker, og leser ikke post (bare med "
		"begrunnelse, som føres i sporingsloggen)",
		"installs and watches, and does not read post (only with a "
		"reason, which stands in the log)",
		&a->operator},
		{"Revisor", "Auditor", "leser alt og endrer ingenting",
		    "reads everything and changes nothing", &a->auditor},
		{"Integrator", "Integrator", "kobler til sak-/arkivsystemet",
		    "connects the case system", &a->integrator},
	    };
	size_t i;

	head(b, out, "Roller", "Roles");
	table(b, out, h, 3);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		SL_BUF struct sl_buf groups = {0};

		add_list(all[i].groups, &groups);
		row(out,
		    (const char *[]){say(b, all[i].nb, all[i].en),
			say(b, all[i].does_nb, all[i].does_en),
			sl_buf_str(&groups)},
		    3);
	}
	table_end(out);
	if (a->second_person)
		text(b, out,
		    "Sletting, frigivelse fra karantene og massebeslutninger "
		    "krever to personer.",
		    "Erasure, release from quarantine and mass decisions take "
		    "two persons.");
}

/* Who can tell that the log was not written anew. */
static void
proof(const struct sl_bundle *b, struct sl_buf *out)
{
	static const char *const h[][2] = {
	    {"Utenfor Sluse", "Outside Sluse"}, {"Adresse", "Address"}};
	const struct sl_journal_config *j = &b->cfg->journal;
	char after[32];
	size_t i;

	duration(b, j->checkpoint_after_ms, after, sizeof(after));
	sl_buf_add_str(out, "<p>");
	html(out, say(b, "Loggens hode signeres (Ed25519) senest etter ",
		      "The head of the log is signed (Ed25519) within "));
	html(out, after);
	sl_buf_printf(out, "%s%" PRIu32 "%s.</p>\n",
	    say(b, " eller etter ", " or after "), j->checkpoint_entries,
	    say(b, " hendelser", " events"));
	if (b->cfg->witness_n + b->cfg->tsa_n == 0 && *j->head_file == '\0' &&
	    *j->mail_to == '\0') {
		text(b, out,
		    "Ingen utenfor Sluse får hodet: verken vitne, "
		    "tidsstempel, fil eller e-post er satt opp.",
		    "Nobody outside Sluse gets the head: neither witness, "
		    "time stamp, file nor mail is set up.");
		return;
	}
	table(b, out, h, 2);
	for (i = 0; i < b->cfg->witness_n; i++)
		row(out,
		    (const char *[]){say(b, "Vitne (C2SP)", "Witness (C2SP)"),
			b->cfg->witness[i].url},
		    2);
	for (i = 0; i < b->cfg->tsa_n; i++)
		row(out,
		    (const char *[]){say(b, "Tidsstempel (RFC 3161)",
					 "Time stamp (RFC 3161)"),
			b->cfg->tsa[i].url},
		    2);
	if (*j->head_file != '\0')
		row(out,
		    (const char *[]){say(b, "Hodet i en fil", "Head in a file"),
			j->head_file},
		    2);
	if (*j->mail_to != '\0')
		row(out,
		    (const char *[]){
			say(b, "Hodet i e-post", "Head by mail"), j->mail_to},
		    2);
	table_end(out);
}

static void
system_page(const struct sl_bundle *b, struct sl_buf *out)
{
	static const char *const themes[] = {
	    "system", "sporing", "journal", NULL};

	text(b, out,
	    "Sluse tar imot post, gir den et mottaksnummer, bevarer "
	    "originalen uendret, leser den, finner saken og registrerer den i "
	    "sak-/arkivsystemet som midlertidig journalpost (status M). "
	    "Sluse er ikke et arkiv og fører ingen journal: journalen er "
	    "målets.",
	    "Sluse takes in post, gives it a reception number, keeps the "
	    "original unchanged, reads it, finds the case and registers it in "
	    "the case system as a temporary entry (status M). Sluse is no "
	    "archive and keeps no register: that is the target's.");
	head(b, out, "Trinnene", "The gates");
	gates(b, out);
	queues(b, out);
	targets(b, out);
	head(b, out, "Hva maskinen ikke gjør", "What the machine does not do");
	text(b, out,
	    "Den setter aldri status J, A eller Utgår, avskriver ikke, lukker "
	    "ikke saker, kasserer ikke og løfter ikke tilgangskoder. Det den "
	    "ikke er sikker på, overlates til en person.",
	    "It never sets status J, A or Utgår, writes nothing off, closes "
	    "no case, discards nothing and lifts no access code. What it is "
	    "not sure of is left to a person.");
	head(b, out, "Sporing", "Trace");
	text(b, out,
	    "Hver hendelse står i sporingsloggen, et Merkle-tre (RFC 6962) som "
	    "bare kan utvides. Loggen kontrolleres med «sluse journal verify».",
	    "Every event stands in the log, a Merkle tree (RFC 6962) that can "
	    "only grow. It is checked by “sluse journal verify”.");
	proof(b, out);
	roles(b, out);
	head(b, out, "Regler og modeller", "Rules and models");
	text(b, out,
	    "Saken finnes med faste regler og kjente saksnumre; hvert forslag "
	    "har sine funn med kilde, side og regel («sluse explain»). "
	    "Tekst i bilder leses med Tesseract og språkmodellene i "
	    "konfigurasjonen. Ingen modell lærer av posten.",
	    "The case is found by fixed rules and known case numbers; each "
	    "proposal has its evidence with source, page and rule (“sluse "
	    "explain”). Text in pictures is read by Tesseract with the "
	    "language models of the configuration. No model learns from the "
	    "post.");
	law(b, out, themes);
}

/* -- documentation plan ------------------------------------------------------
 */

/* What no target was seen to hold. */
static void
stays(const struct sl_bundle *b, struct sl_buf *out)
{
	bool two = b->cfg->access.second_person;

	sl_buf_add_str(out,
	    say(b,
		"Det som ble avvist, trukket eller var duplikat, og det et mål "
		"ikke oppgir sjekksum for, blir i Sluse til noen ber om "
		"sletting («sluse journal erase»)",
		"What was rejected, withdrawn or a duplicate, and what a "
		"target tells no digest of, stays in Sluse until somebody "
		"asks for its erasure (“sluse journal erase”)"));
	if (two)
		sl_buf_add_str(out, say(b, " og en annen person godkjenner",
					" and another person approves"));
	sl_buf_add_str(
	    out, say(b, ". Numre, tider, sjekksummer og sporingsloggen blir.",
		     ". Numbers, times, digests and the log stay."));
}

static void
kept_for(const struct sl_bundle *b, char *out, size_t cap)
{
	if (b->cfg->instance.retention_ms > 0)
		duration(b, b->cfg->instance.retention_ms, out, cap);
	else
		(void)snprintf(
		    out, cap, "%s", say(b, "slettes ikke", "not deleted"));
}

static void
erased_after(const struct sl_bundle *b, struct sl_buf *out)
{
	char kept[48];

	if (b->cfg->instance.retention_ms == 0) {
		text(b, out, "Innholdet slettes ikke.",
		    "Content is not deleted.");
		return;
	}
	kept_for(b, kept, sizeof(kept));
	sl_buf_printf(out, "<p>%s%s%s</p>\n",
	    say(b, "Innholdet slettes ", "Content is deleted "), kept,
	    say(b, " etter at målene har det.", " after the targets have it."));
}

/* Each queue of the scanning control with its own months. */
static void
paper(const struct sl_bundle *b, struct sl_buf *out)
{
	static const char *const months[] = {"3", "6", "12"};
	const struct sl_queue_config *q;
	size_t i, n = 0;

	text(b, out,
	    "Etter skanning kontrolleres antall og lesbarhet mot "
	    "buntseddelen, og kontrollen signeres.",
	    "After scanning, number and legibility are checked against the "
	    "batch sheet and signed for.");
	for (i = 0; i < b->cfg->queue_n; i++) {
		q = &b->cfg->queue[i];
		if (!q->paper && q->kind != SL_QUEUE_HISTORIC)
			continue;
		if (n++ == 0)
			sl_buf_printf(out, "<p>%s</p>\n<ul>\n",
			    say(b,
				"Papiret oppbevares deretter, for hver kø med "
				"papir:",
				"The paper is then kept, for each queue of "
				"paper:"));
		sl_buf_add_str(out, "<li>");
		html(out, q->name);
		sl_buf_printf(out, ": %s %s</li>\n", months[q->paper_keep],
		    say(b, "måneder", "months"));
	}
	if (n > 0)
		sl_buf_add_str(out, "</ul>\n");
	else
		text(b, out, "Ingen kø er satt opp for papir.",
		    "No queue is set up for paper.");
}

static void
plan_page(const struct sl_bundle *b, struct sl_buf *out)
{
	static const char *const themes[] = {
	    "journal", "internkontroll", "innsyn", NULL};
	SL_BUF struct sl_buf left = {0};
	char done[32];
	size_t i;

	duration(b, b->cfg->instance.done_keep_ms, done, sizeof(done));
	text(b, out,
	    "Tekster til dokumentasjonsplanen, slik løsningen er satt opp nå. "
	    "Tilpass dem til egne rutiner.",
	    "Texts for the documentation plan, as the system is set up now. "
	    "Fit them to your own routines.");
	head(b, out, "Postmottak", "Intake");
	text(b, out,
	    "Post som kommer inn gjennom køene nedenfor, tas imot fortløpende "
	    "og får mottaksnummer. Dato for mottak er den som inngangen selv "
	    "oppgir (e-postens eller meldingens tid, mottatt-stempel), ellers "
	    "den som står ved køen.",
	    "Post that comes through the queues below is taken in "
	    "continuously and gets a reception number. The date of reception "
	    "is what the door itself says (the time of the mail or message, "
	    "the stamp), else the one beside the queue.");
	sl_buf_add_str(out, "<ul>\n");
	for (i = 0; i < b->cfg->queue_n; i++) {
		sl_buf_add_str(out, "<li>");
		html(out, b->cfg->queue[i].name);
		sl_buf_printf(out, ": %s</li>\n",
		    b->cfg->queue[i].received_date == SL_RECEIVED_TODAY
			? say(b, "dagen den ble tatt inn",
			      "the day it was taken in")
			: say(b, "filens dato, når den er høyst en uke gammel",
			      "the file's, if that is at most a week old"));
	}
	sl_buf_add_str(out, "</ul>\n");
	head(b, out, "Skanning og makulering", "Scanning and shredding");
	paper(b, out);
	head(b, out, "Kontroll", "Control");
	text(b, out,
	    "Daglig: stille innganger, det som må avklares, liggetid. "
	    "Ukentlig: journalkontroll mot målets journal før offentlig "
	    "journal publiseres. Kvartalsvis: stikkprøve.",
	    "Daily: silent inlets, what is held, ageing. Weekly: journal "
	    "control against the target's journal before the public journal "
	    "is published. Quarterly: a sample.");
	head(b, out, "Sletting i Sluse", "Deletion in Sluse");
	sl_buf_add_str(out, "<p>");
	html(out, say(b, "Kildefiler ligger i mappen Ferdig i ",
		      "Sources stay in the folder Ferdig (Done) for "));
	html(out, done);
	sl_buf_add_str(out, ".</p>\n");
	erased_after(b, out);
	sl_buf_add_str(out, "<p>");
	stays(b, &left);
	html(out, sl_buf_str(&left));
	sl_buf_add_str(out, "</p>\n");
	law(b, out, themes);
}

/* -- record of processing ------------------------------------------------- */

static void
field(const struct sl_bundle *b, struct sl_buf *out, const char *nb,
    const char *en, const char *value)
{
	row(out, (const char *[]){say(b, nb, en), value}, 2);
}

static void
recipients(const struct sl_bundle *b, struct sl_buf *out)
{
	size_t i;

	for (i = 0; i < b->cfg->target_n; i++)
		sl_buf_printf(
		    out, "%s%s", i > 0 ? ", " : "", b->cfg->target[i].name);
}

static void
processing_page(const struct sl_bundle *b, struct sl_buf *out)
{
	static const char *const h[][2] = {
	    {"Opplysning", "Item"}, {"Innhold", "Content"}};
	static const char *const themes[] = {"personvern", NULL};
	/* Art. 30 no. 1 a; who runs this for the body is none of its own. */
	static const char *const gaps[][2] = {
	    {"Kontaktpunkt og personvernombud",
		"Contact and data protection officer"},
	    {"Felles behandlingsansvarlig, om det er noen",
		"Joint controller, if there is one"},
	    {"Databehandler (den som drifter)", "Processor (who runs it)"},
	};
	size_t i;
	SL_BUF struct sl_buf to = {0}, left = {0};
	char done[32], kept[32];

	recipients(b, &to);
	stays(b, &left);
	duration(b, b->cfg->instance.done_keep_ms, done, sizeof(done));
	kept_for(b, kept, sizeof(kept));
	table(b, out, h, 2);
	field(b, out, "Behandlingsansvarlig", "Controller",
	    b->cfg->instance.name);
	for (i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++)
		field(b, out, gaps[i][0], gaps[i][1],
		    say(b, "(fylles ut av virksomheten)",
			"(to be filled in by the body)"));
	field(b, out, "Formål", "Purpose",
	    say(b, "Mottak, registrering og fordeling av post til virksomheten",
		"Reception, registration and distribution of post to the "
		"body"));
	field(b, out, "Rettslig grunnlag", "Legal basis",
	    say(b,
		"Rettslig plikt: arkiv- og journalføringsplikt (art. 6 nr. 1 "
		"c); vurderes av virksomheten",
		"Legal obligation: archives and registration (art. 6(1)(c)); "
		"to be assessed by the body"));
	field(b, out, "Registrerte", "Data subjects",
	    say(b, "Avsendere, mottakere og andre som er omtalt i posten",
		"Senders, recipients and others named in the post"));
	field(b, out, "Personopplysninger", "Personal data",
	    say(b,
		"Navn, adresser, referanser og innholdet i posten; særlige "
		"kategorier kan forekomme. Fødselsnummer fjernes fra titler.",
		"Names, addresses, references and the content of the post; "
		"special categories may occur. National identity numbers are "
		"removed from titles."));
	field(b, out, "Mottakere", "Recipients", sl_buf_str(&to));
	field(b, out, "Overføring til tredjeland", "Third countries",
	    say(b,
		"Sluse sender bare til målene og vitnene i "
		"systembeskrivelsen; hvor de driftes, fylles ut av "
		"virksomheten",
		"Sluse sends only to the targets and witnesses of the system "
		"description; where those run is to be filled in by the "
		"body"));
	field(b, out, "Slettefrister: kildefiler", "Retention: sources", done);
	field(b, out, "Slettefrister: innhold etter at målet har det",
	    "Retention: content once the target has it", kept);
	field(b, out, "Slettefrister: annet innhold",
	    "Retention: other content", sl_buf_str(&left));
	field(b, out, "Sikkerhetstiltak", "Security",
	    say(b,
		"Fil- og nettverksadskilte prosesser (Landlock, seccomp), "
		"egen systembruker, ingen personopplysninger i logger, "
		"sporingslogg som viser endringer.",
		"Processes walled off from files and network (Landlock, "
		"seccomp), a system user of its own, no personal data in "
		"logs, a log that shows tampering."));
	table_end(out);
	law(b, out, themes);
}

const struct sl_bundle_page sl_bundle_pages[] = {
    {"systembeskrivelse.html", "Systembeskrivelse", "System description",
	system_page},
    {"dokumentasjonsplan.html", "Tekster til dokumentasjonsplanen",
	"Texts for the documentation plan", plan_page},
    {"behandlingsprotokoll.html",
	"Protokoll over behandlingsaktiviteter (art. 30)",
	"Record of processing (GDPR art. 30)", processing_page},
    {NULL, NULL, NULL, NULL},
};
