/*
 * arkivstruktur.xml, endringslogg.xml and the journals, element by element.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "check.h"

/* What is known of an element that is open. */
struct open_unit {
	bool has_class, has_case, has_post, has_document, has_object;
	bool is_post; /* a journalpost */
	char id[40], klasse[64];
	unsigned long line;
};
struct structure {
	struct open_unit at[SL_CHECK_DEPTH];
	struct sl_check_object object;
	uint64_t empty_classes; /* of the present klassifikasjonssystem */
	bool primary; /* it has cases or posts */
};

static struct open_unit *
unit_at(struct sl_check_file *f, int up)
{
	struct structure *s = f->own;

	return &s->at[f->depth >= up ? f->depth - up : 0];
}

/* The class that holds the present element, or "". */
static const char *
class_of(struct sl_check_file *f)
{
	const struct structure *s = f->own;
	int d;

	for (d = f->depth; d >= 0; d--)
		if (f->path[d] == SL_N_klasse)
			return s->at[d].klasse;
	return "";
}

/* -- counting ----------------------------------------------------------- */

static const struct {
	enum sl_check_name name;
	int number;
} counted[] = {{SL_N_arkiv, 4}, {SL_N_arkivdel, 5},
    {SL_N_klassifikasjonssystem, 7}, {SL_N_klasse, 8}, {SL_N_mappe, 10},
    {SL_N_registrering, 16}, {SL_N_dokumentbeskrivelse, 23},
    {SL_N_dokumentobjekt, 26}, {SL_N_part, 35}, {SL_N_merknad, 36},
    {SL_N_presedens, 38}, {SL_N_korrespondansepart, 39}, {SL_N_avskrivning, 40},
    {SL_N_dokumentflyt, 41}, {SL_N_skjerming, 42}, {SL_N_gradering, 43},
    {SL_N_kassasjon, 44}, {SL_N_konvertering, 46},
    {SL_N_referanseTilKlasse, 37}, {SL_N_referanseTilMappe, 37},
    {SL_N_referanseTilRegistrering, 37}};

static void
count_element(
    struct sl_check_file *f, enum sl_check_name n, enum sl_check_name in)
{
	size_t i;

	for (i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (counted[i].name == n)
			f->c->r[counted[i].number].count++;
	if (n == SL_N_utfoertKassasjon &&
	    (in == SL_N_arkivdel || in == SL_N_dokumentbeskrivelse))
		f->c->r[45].count++;
}

static void
note_above(struct sl_check_file *f, enum sl_check_name n, enum sl_check_name in)
{
	struct structure *s = f->own;
	struct open_unit *up = unit_at(f, 1);

	up->has_class = up->has_class || n == SL_N_klasse;
	up->has_case = up->has_case || n == SL_N_mappe;
	up->has_post = up->has_post || n == SL_N_registrering;
	up->has_document = up->has_document || n == SL_N_dokumentbeskrivelse;
	up->has_object = up->has_object || n == SL_N_dokumentobjekt;
	if (n == SL_N_mappe || n == SL_N_registrering)
		s->primary = true;
	if (n == SL_N_mappe && in == SL_N_klasse)
		sl_check_count(f->c, 13, class_of(f));
	if (n == SL_N_registrering && *class_of(f) != '\0')
		sl_check_count(f->c, 20, class_of(f));
}

static enum sl_rc
on_start(struct sl_check_file *f, enum sl_check_name n, enum sl_check_name in,
    const char *type, struct sl_err *err)
{
	struct structure *s = f->own;
	struct open_unit *u = unit_at(f, 0);

	(void)err;
	count_element(f, n, in);
	memset(u, 0, sizeof(*u));
	u->line = f->line;
	if (f->depth > 0)
		note_above(f, n, in);
	if (n == SL_N_registrering && strcmp(type, "journalpost") == 0) {
		u->is_post = true;
		f->c->journalposts++;
	}
	if (n == SL_N_klassifikasjonssystem) {
		s->empty_classes = 0;
		s->primary = false;
	}
	if (n == SL_N_dokumentobjekt) {
		memset(&s->object, 0, sizeof(s->object));
		s->object.line = f->line;
	}
	return SL_OK;
}

/* -- values ------------------------------------------------------------- */

static void
take_id(struct sl_check_file *f, enum sl_check_name in, const char *text)
{
	struct open_unit *up = unit_at(f, 1);
	struct structure *s = f->own;
	uint8_t id[16];

	(void)sl_slice_copy(sl_slice_str(text), up->id, sizeof(up->id));
	if (in == SL_N_dokumentobjekt)
		memcpy(s->object.id, up->id, sizeof(up->id));
	f->c->r[47].count++;
	if (!sl_id_parse(text, id))
		return; /* N5.03 says so */
	if (sl_ids_add(&f->c->ids, id, (uint8_t)in, (uint32_t)f->line) != NULL)
		sl_check_error(f->c, 47, f->name, f->line, up->id,
		    "systemID finnes fra før");
}

static void
take_reference(struct sl_check_file *f, int number, const char *text)
{
	struct sl_check *c = f->c;
	struct sl_ref *r;

	c->r[number].count++;
	c->ref = sl_grow(c->ref, &c->ref_cap, c->ref_n + 1, sizeof(*c->ref));
	r = &c->ref[c->ref_n];
	r->line = (unsigned)f->line;
	r->number = number;
	if (sl_id_parse(text, r->id))
		c->ref_n++;
	else
		sl_check_error(c, number, f->name, f->line, "",
		    "referansen er ingen systemID");
}

/* The first four characters of a date, or nothing. */
static void
count_year(struct sl_check_file *f, int number, const char *text)
{
	char year[5];

	(void)snprintf(year, sizeof(year), "%.4s", text);
	sl_check_count(f->c, number, year);
}

static void
take_created(struct sl_check_file *f, const char *text)
{
	char day[11];

	if (sl_time_valid(text) && sl_date_text(text, day)) {
		f->c->r[27].count++;
		count_year(f, 18, day);
	} else
		sl_check_error(f->c, 27, f->name, f->line, unit_at(f, 1)->id,
		    "opprettetDato er ingen dato");
}

static void
take_journal_date(struct sl_check_file *f, const char *text)
{
	struct sl_check *c = f->c;
	char day[11];

	if (!sl_date_text(text, day))
		return;
	if (c->first_journal[0] == '\0' || strcmp(day, c->first_journal) < 0)
		memcpy(c->first_journal, day, sizeof(day));
	if (strcmp(day, c->last_journal) > 0)
		memcpy(c->last_journal, day, sizeof(day));
}

static void
take_status(struct sl_check_file *f, int number, const char *text,
    const char *a, const char *b)
{
	sl_check_count(f->c, number, text);
	if (strcmp(text, a) != 0 && (b == NULL || strcmp(text, b) != 0))
		sl_check_error(f->c, number, f->name, f->line,
		    unit_at(f, 1)->id, "statusen hindrer avlevering");
}

static void
take_of_post(struct sl_check_file *f, enum sl_check_name n, const char *text)
{
	const struct open_unit *up = unit_at(f, 1);

	if (n == SL_N_opprettetDato)
		take_created(f, text);
	else if (n == SL_N_journaldato)
		take_journal_date(f, text);
	else if (n == SL_N_journalstatus && up->is_post)
		take_status(f, 22, text, "Arkivert", "Utgår");
	else if (n == SL_N_journalposttype && up->is_post) {
		sl_check_count(f->c, 17, text);
		if (*text == '\0')
			sl_check_error(f->c, 17, f->name, f->line, up->id,
			    "journalposttype er tom");
	}
}

static void
take_of_object(struct sl_check_file *f, enum sl_check_name n, const char *text)
{
	struct sl_check_object *o = &((struct structure *)f->own)->object;
	bool fits = true;

	if (n == SL_N_format)
		fits = sl_slice_copy(
		    sl_slice_str(text), o->format, sizeof(o->format));
	else if (n == SL_N_sjekksum)
		fits =
		    sl_slice_copy(sl_slice_str(text), o->sum, sizeof(o->sum));
	else if (n == SL_N_referanseDokumentfil)
		fits =
		    sl_slice_copy(sl_slice_str(text), o->path, sizeof(o->path));
	if (!fits && n == SL_N_referanseDokumentfil)
		o->path[0] = '\0'; /* there is no such file */
}

static void
take_value(struct sl_check_file *f, enum sl_check_name n, enum sl_check_name in,
    const char *text)
{
	struct open_unit *up = unit_at(f, 1);

	if (n == SL_N_systemID)
		take_id(f, in, text);
	else if (n == SL_N_klasseID && in == SL_N_klasse)
		(void)sl_slice_copy(
		    sl_slice_str(text), up->klasse, sizeof(up->klasse));
	else if (n == SL_N_arkivdelstatus && in == SL_N_arkivdel)
		sl_check_count(f->c, 6, text);
	else if (n == SL_N_saksstatus && in == SL_N_mappe)
		take_status(f, 15, text, "Avsluttet", "Utgår");
	else if (n == SL_N_saksaar && in == SL_N_mappe)
		count_year(f, 11, text);
	else if (n == SL_N_dokumentstatus && in == SL_N_dokumentbeskrivelse)
		take_status(f, 25, text, "Dokumentet er ferdigstilt", NULL);
	else if (n == SL_N_referanseArkivdel)
		take_reference(f, 48, text);
	else if (n == SL_N_referanseSekundaerKlassifikasjon)
		take_reference(f, 51, text);
	else if (in == SL_N_registrering)
		take_of_post(f, n, text);
	else if (in == SL_N_dokumentobjekt)
		take_of_object(f, n, text);
}

/* -- ends --------------------------------------------------------------- */

static void
end_class(struct sl_check_file *f)
{
	const struct open_unit *u = unit_at(f, 0);
	struct structure *s = f->own;

	if (u->has_class && u->has_case)
		sl_check_error(f->c, 12, f->name, u->line, u->id,
		    "klassen har både underklasser og mapper");
	if (u->has_class && u->has_post)
		sl_check_error(f->c, 19, f->name, u->line, u->id,
		    "klassen har både underklasser og registreringer");
	if (!u->has_class && !u->has_case && !u->has_post)
		s->empty_classes++;
}

static enum sl_rc
end_object(struct sl_check_file *f, struct sl_err *err)
{
	struct structure *s = f->own;

	return sl_check_object(f->c, &s->object, err);
}

static enum sl_rc
on_end(struct sl_check_file *f, enum sl_check_name n, enum sl_check_name in,
    const char *text, struct sl_err *err)
{
	const struct open_unit *u = unit_at(f, 0);
	struct structure *s = f->own;

	take_value(f, n, in, text);
	if (n == SL_N_klasse)
		end_class(f);
	else if (n == SL_N_klassifikasjonssystem && s->primary)
		f->c->r[9].count += s->empty_classes;
	else if (n == SL_N_mappe && !u->has_case && !u->has_post)
		f->c->r[14].count++;
	else if (n == SL_N_registrering && !u->has_document)
		f->c->r[21].count++;
	else if (n == SL_N_dokumentbeskrivelse && !u->has_object)
		f->c->r[24].count++;
	else if (n == SL_N_dokumentobjekt)
		return end_object(f, err);
	return SL_OK;
}

static void
follow_references(struct sl_check *c)
{
	const struct sl_id *there;
	size_t i;

	for (i = 0; i < c->ref_n; i++) {
		there = sl_ids_find(&c->ids, c->ref[i].id);
		if (there == NULL ||
		    there->kind !=
			(c->ref[i].number == 48 ? SL_N_arkivdel : SL_N_klasse))
			sl_check_error(c, c->ref[i].number, "arkivstruktur.xml",
			    c->ref[i].line, "",
			    "referansen leder ikke til noe");
	}
}

static void
compare(struct sl_check *c, int number, int64_t said)
{
	if (!c->said.there || said < 0)
		sl_check_untested(c, number);
	else if ((uint64_t)said != c->r[number].count)
		sl_check_error(c, number, "arkivuttrekk.xml", 0, "",
		    "arkivuttrekk.xml sier %lld", (long long)said);
}

static void
compare_flag(struct sl_check *c, int number, int said)
{
	if (!c->said.there || said < 0)
		sl_check_untested(c, number);
	else if ((said == 1) != (c->r[number].count > 0))
		sl_check_error(c, number, "arkivuttrekk.xml", 0, "",
		    said == 1 ? "oppgitt at det finnes, men det gjør det ikke"
			      : "oppgitt at det ikke finnes, men det gjør det");
}

/* That nothing is wrong in what is not there says nothing. Tests of the other
 * files stay: what the description names, and files nobody refers to. */
static void
without_structure(struct sl_check *c)
{
	static const uint8_t own[] = {28, 33, 59, 60, 61, 62};
	int number;

	for (number = 3; number < SL_CHECK_NUMBERS; number++)
		if (memchr(own, number, sizeof(own)) == NULL)
			sl_check_untested(c, number);
}

enum sl_rc
sl_check_structure(struct sl_check *c, struct sl_err *err)
{
	SL_FREE struct structure *s = sl_alloc(sizeof(*s));
	struct sl_check_file f = {.c = c,
	    .name = "arkivstruktur.xml",
	    .start = on_start,
	    .end = on_end,
	    .own = s};
	bool there;
	enum sl_rc rc = sl_check_stream(&f, "arkivstruktur.xsd", &there, err);

	if (rc != SL_OK)
		return rc;
	if (!there) {
		sl_check_error(c, 1, "arkivstruktur.xml", 0, "",
		    "arkivstruktur.xml finnes ikke");
		without_structure(c);
	}
	follow_references(c);
	compare(c, 10, c->said.mappe);
	compare(c, 16, c->said.registrering);
	compare_flag(c, 42, c->said.screened);
	compare_flag(c, 44, c->said.kasseres);
	compare_flag(c, 45, c->said.kassert);
	return SL_OK;
}

/* -- endringslogg.xml --------------------------------------------------- */

static enum sl_rc
change_end(struct sl_check_file *f, enum sl_check_name n, enum sl_check_name in,
    const char *text, struct sl_err *err)
{
	uint8_t id[16];

	(void)err;
	(void)in;
	if (n == SL_N_endring)
		f->c->r[61].count++;
	if (n != SL_N_referanseArkivenhet)
		return SL_OK;
	f->c->r[62].count++;
	if (!sl_id_parse(text, id) || sl_ids_find(&f->c->ids, id) == NULL)
		sl_check_error(f->c, 62, f->name, f->line, "",
		    "referansen leder ikke til noe");
	return SL_OK;
}

enum sl_rc
sl_check_changes(struct sl_check *c, struct sl_err *err)
{
	struct sl_check_file f = {
	    .c = c, .name = "endringslogg.xml", .end = change_end};
	bool there;
	enum sl_rc rc = sl_check_stream(&f, "endringslogg.xsd", &there, err);

	if (rc == SL_OK && !there) {
		sl_check_untested(c, 61);
		sl_check_untested(c, 62);
	}
	return rc;
}

/* -- the journals ------------------------------------------------------- */

static enum sl_rc
journal_end(struct sl_check_file *f, enum sl_check_name n,
    enum sl_check_name in, const char *text, struct sl_err *err)
{
	struct sl_journal_head *h = f->own;
	uint64_t v;

	(void)err;
	if (in != SL_N_journalhode)
		return SL_OK;
	if (n == SL_N_antallJournalposter &&
	    sl_parse_u64(text, 0, INT64_MAX, &v))
		h->posts = (int64_t)v;
	else if (n == SL_N_journalStartDato)
		(void)sl_date_text(text, h->from);
	else if (n == SL_N_journalSluttDato)
		(void)sl_date_text(text, h->to);
	return SL_OK;
}

static void
compare_journals(struct sl_check *c)
{
	const struct sl_journal_head *r = &c->running, *p = &c->public;
	bool sharp = c->said.there && c->said.sharp;

	if (r->posts != p->posts)
		sl_check_error(c, 59, "", 0, "",
		    "journalene har ikke like mange journalposter");
	if (sharp && (r->posts != (int64_t)c->journalposts ||
			 p->posts != (int64_t)c->journalposts))
		sl_check_error(c, 59, "", 0, "",
		    "journalene har ikke like mange journalposter som "
		    "arkivstruktur.xml");
	if (c->first_journal[0] == '\0')
		sl_check_error(c, 60, "arkivstruktur.xml", 0, "",
		    "ingen journaldato i arkivstruktur.xml");
	if (strcmp(r->from, p->from) != 0 || strcmp(r->to, p->to) != 0)
		sl_check_error(
		    c, 60, "", 0, "", "journalene har ikke samme datoer");
	if (sharp && c->first_journal[0] != '\0' &&
	    (strcmp(r->from, c->first_journal) != 0 ||
		strcmp(r->to, c->last_journal) != 0 ||
		strcmp(p->from, c->first_journal) != 0 ||
		strcmp(p->to, c->last_journal) != 0))
		sl_check_error(c, 60, "", 0, "",
		    "journalenes datoer er ikke arkivstrukturens");
}

enum sl_rc
sl_check_journals(struct sl_check *c, struct sl_err *err)
{
	struct sl_check_file f = {.c = c, .end = journal_end};
	enum sl_rc rc;

	c->running.posts = c->public.posts = -1;
	f.name = "loependeJournal.xml";
	f.own = &c->running;
	rc = sl_check_stream(&f, "loependeJournal.xsd", &c->running.there, err);
	f.name = "offentligJournal.xml";
	f.own = &c->public;
	if (rc == SL_OK)
		rc = sl_check_stream(
		    &f, "offentligJournal.xsd", &c->public.there, err);
	if (rc != SL_OK)
		return rc;
	c->r[59].count = c->journalposts;
	if (c->running.there && c->public.there)
		compare_journals(c);
	else if (c->journalposts > 0 || c->running.there || c->public.there) {
		sl_check_error(c, 59, "", 0, "", "en journal finnes ikke");
		sl_check_error(c, 60, "", 0, "", "en journal finnes ikke");
	} else {
		sl_check_untested(c, 59);
		sl_check_untested(c, 60);
	}
	return SL_OK;
}
