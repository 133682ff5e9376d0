/*
 * arkivmelding.xml: of eFormidling, where it is the sender's own journal entry,
 * and of Fiks Arkiv, where it is written to our archive: the same words, but a
 * case number there is ours, here the sender's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package.h"

#define FOLDERS_MAX 8
#define PARTIES_MAX 40
#define OBJECTS_MAX 8

struct party {
	char type[64], name[512], orgnr[64], email[320], ref[256], by[64];
};

struct object {
	char file[1024], name[1024], variant[64];
	char sum[80], algorithm[16], size[24];
};

struct document {
	char title[1024], type[128], role[32];
	struct object object[OBJECTS_MAX];
	size_t objects;
};

struct post {
	char title[1024], date[40], received[40], type[64], own_id[128];
	char ref_year[16], ref_seq[16], ref_id[64], klass[128];
	char key_system[128], key[256];
	struct party party[PARTIES_MAX];
	size_t parties;
	bool screened;
};

struct folder {
	char title[1024], year[16], seq[16], id[64], unit[128], klass[128];
	unsigned first; /* the first post in it */
	bool screened;
};

struct state {
	struct model *m;
	char message[256], screen[128], grade[64], files[24];
	struct folder folder, above[FOLDERS_MAX];
	int depth; /* of folders */
	struct post post;
	bool in_post;
	struct party party;
	struct document document;
	struct object object;
	bool in_document;
};

#define KEEP(member)                                                           \
	offsetof(struct state, member), sizeof(((struct state *)0)->member)

/* What is kept, by where it stands. An empty place: known, not needed. */
static const struct place rows[] = {
    {"arkivmelding/meldingId", KEEP(message)},
    {"arkivmelding/system", 0, 0},
    {"arkivmelding/regel", 0, 0},
    {"arkivmelding/tidspunkt", 0, 0},
    {"arkivmelding/antallFiler", KEEP(files)},
    {"mappe/tittel", KEEP(folder.title)},
    {"mappe/saksaar", KEEP(folder.year)},
    {"mappe/sakssekvensnummer", KEEP(folder.seq)},
    {"mappe/mappeID", KEEP(folder.id)},
    {"mappe/administrativEnhet", KEEP(folder.unit)},
    {"mappe/administrativEnhet/navn", KEEP(folder.unit)},
    {"mappe/klassifikasjon/klasseID", KEEP(folder.klass)},
    {"registrering/tittel", KEEP(post.title)},
    {"registrering/dokumentetsDato", KEEP(post.date)},
    {"registrering/mottattDato", KEEP(post.received)},
    {"registrering/journalposttype", KEEP(post.type)},
    {"registrering/journalposttype/kode", KEEP(post.type)},
    {"registrering/registreringsID", KEEP(post.own_id)},
    {"referanseForelderMappe/saksnummer/saksaar", KEEP(post.ref_year)},
    {"referanseForelderMappe/saksnummer/sakssekvensnummer", KEEP(post.ref_seq)},
    {"referanseForelderMappe/mappeID", KEEP(post.ref_id)},
    {"registrering/klassifikasjon/klasseID", KEEP(post.klass)},
    {"registrering/referanseEksternNoekkel/fagsystem", KEEP(post.key_system)},
    {"registrering/referanseEksternNoekkel/noekkel", KEEP(post.key)},
    {"korrespondansepart/korrespondanseparttype", KEEP(party.type)},
    {"korrespondansepart/korrespondanseparttype/kode", KEEP(party.type)},
    {"korrespondansepart/korrespondansepartNavn", KEEP(party.name)},
    {"korrespondansepart/organisasjonid", KEEP(party.orgnr)},
    {"korrespondansepart/organisasjonid/identifikator", KEEP(party.orgnr)},
    {"korrespondansepart/epostadresse", KEEP(party.email)},
    {"korrespondansepart/deresReferanse", KEEP(party.ref)},
    {"korrespondansepart/forsendelsesmaate", KEEP(party.by)},
    {"korrespondansepart/forsendelsesmaate/kode", KEEP(party.by)},
    {"dokumentbeskrivelse/tittel", KEEP(document.title)},
    {"dokumentbeskrivelse/dokumenttype", KEEP(document.type)},
    {"dokumentbeskrivelse/dokumenttype/kode", KEEP(document.type)},
    {"dokumentbeskrivelse/tilknyttetRegistreringSom", KEEP(document.role)},
    {"dokumentbeskrivelse/tilknyttetRegistreringSom/kode", KEEP(document.role)},
    {"dokumentobjekt/referanseDokumentfil", KEEP(object.file)},
    {"dokumentobjekt/filnavn", KEEP(object.name)},
    {"dokumentobjekt/variantformat", KEEP(object.variant)},
    {"dokumentobjekt/variantformat/kode", KEEP(object.variant)},
    {"dokumentobjekt/sjekksum", KEEP(object.sum)},
    {"dokumentobjekt/sjekksumAlgoritme", KEEP(object.algorithm)},
    {"dokumentobjekt/filstoerrelse", KEEP(object.size)},
    {"skjerming/tilgangsrestriksjon", KEEP(screen)},
    {"skjerming/tilgangsrestriksjon/kode", KEEP(screen)},
    {"gradering/gradering", KEEP(grade)},
    {"gradering/grad", KEEP(grade)},
    {"gradering/grad/kode", KEEP(grade)},
    /* Marks of the sender's own archive, and words for codes. */
    {"systemID", 0, 0},
    {"opprettetDato", 0, 0},
    {"opprettetAv", 0, 0},
    {"arkivertDato", 0, 0},
    {"arkivertAv", 0, 0},
    {"dokumentnummer", 0, 0},
    {"dokumentstatus", 0, 0},
    {"dokumentstatus/kode", 0, 0},
    {"tilknyttetDato", 0, 0},
    {"tilknyttetAv", 0, 0},
    {"versjonsnummer", 0, 0},
    {"registrering/referanseForelderMappe", 0, 0},
    {"journalstatus", 0, 0},
    {"journalstatus/kode", 0, 0},
    {"journaldato", 0, 0},
    {"kodenavn", 0, 0},
    {"dokumentobjekt/format", 0, 0},
    {"dokumentobjekt/format/kode", 0, 0},
    {"dokumentobjekt/mimeType", 0, 0},
};

static bool
fiks(const struct state *s)
{
	return s->m->kind == KIND_FIKS_ARKIV;
}

static unsigned
now(const struct state *s)
{
	return s->m->posts;
}

static void
begin_post(struct state *s)
{
	memset(&s->post, 0, sizeof(s->post));
	s->in_post = true;
	if (s->m->posts++ == POSTS_MAX)
		model_full(s->m, "more than 32 posts");
}

static void
begin_folder(struct state *s)
{
	if (s->depth < FOLDERS_MAX)
		s->above[s->depth] = s->folder;
	else
		model_full(s->m, "elements nested too deep");
	s->depth++;
	memset(&s->folder, 0, sizeof(s->folder));
	s->folder.first = s->m->posts + 1;
}

static void
on_begin(void *arg, struct xml *x, const char *name)
{
	struct state *s = arg;

	(void)x;
	if (strcmp(name, "registrering") == 0)
		begin_post(s);
	else if (strcmp(name, "mappe") == 0)
		begin_folder(s);
	else if (strcmp(name, "korrespondansepart") == 0)
		memset(&s->party, 0, sizeof(s->party));
	else if (strcmp(name, "dokumentobjekt") == 0)
		memset(&s->object, 0, sizeof(s->object));
	else if (strcmp(name, "dokumentbeskrivelse") == 0) {
		memset(&s->document, 0, sizeof(s->document));
		s->in_document = true;
	}
}

/* -- documents ------------------------------------------------------------- */

/* A: made for keeping; then P; what is left out of it for others is no more
 * than a last resort. */
static int
rank(const struct object *o)
{
	switch (o->variant[0]) {
	case 'A':
		return 0;
	case 'P':
	case '\0':
		return 1;
	case 'O':
	case 'D':
		return 3;
	default:
		return 2;
	}
}

static void
name_object(struct state *s, const struct object *o, bool first)
{
	const struct document *d = &s->document;
	char title[1200];
	struct named *n;
	unsigned long long bytes;
	char end;

	(void)snprintf(title, sizeof(title),
	    first || d->title[0] == '\0' ? "%s" : "%s (%s)", d->title,
	    o->variant);
	n = model_named(s->m, now(s), o->file[0] != '\0' ? o->file : o->name,
	    title, d->type);
	if (n == NULL)
		return;
	n->main = first && (d->role[0] == 'H' || d->role[0] == 'h');
	n->has_sha256 =
	    (o->algorithm[0] == '\0' || strstr(o->algorithm, "256") != NULL) &&
	    hex_digest(o->sum, n->sha256);
	if (sscanf(o->size, "%19llu%c", &bytes, &end) == 1)
		n->bytes = bytes;
}

static void
end_document(struct state *s)
{
	struct document *d = &s->document;
	size_t i, best = 0;

	for (i = 1; i < d->objects; i++)
		if (rank(&d->object[i]) < rank(&d->object[best]))
			best = i;
	if (d->objects > 0)
		name_object(s, &d->object[best], true);
	else
		model_unused(s->m, "dokumentbeskrivelse/tittel");
	for (i = 0; i < d->objects; i++)
		if (i != best)
			name_object(s, &d->object[i], false);
	s->in_document = false;
	memset(d, 0, sizeof(*d));
}

static void
end_object(struct state *s)
{
	struct document *d = &s->document;

	if (s->object.file[0] == '\0' && s->object.name[0] == '\0')
		return;
	if (d->objects == OBJECTS_MAX) {
		model_full(s->m, "a list in it is too long");
		return;
	}
	d->object[d->objects++] = s->object;
	/* Right in the registrering: a document that nobody describes. */
	if (!s->in_document)
		end_document(s);
}

/* -- posts ----------------------------------------------------------------- */

/* I, U, N or X; 0 where it says nothing of the kind. */
static char
letter_of(const char *type)
{
	static const struct {
		const char *name;
		char letter;
	} names[] = {{"Inn", 'I'}, {"Utg", 'U'},
	    {"Organinternt dokument for", 'N'},
	    {"Organinternt dokument uten", 'X'}};
	size_t i;

	if (*type != '\0' && type[1] == '\0' && strchr("IUNX", *type) != NULL)
		return *type;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(type, names[i].name, strlen(names[i].name)) == 0)
			return names[i].letter;
	return 0;
}

/* EA, EM, EK ..; by the words of the obligatory list too. */
static const char *
role_of(const char *type)
{
	static const char *const words[][2] = {{"Avsender", "EA"},
	    {"Mottaker", "EM"}, {"Kopimottaker", "EK"},
	    {"Gruppemottaker", "EM"}, {"Intern avsender", "IA"},
	    {"Intern mottaker", "IM"}};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(type, words[i][0]) == 0)
			return words[i][1];
	return type;
}

static void
tell_other_end(struct state *s, const struct party *p, int confidence)
{
	struct model *m = s->m;

	model_fact(m, now(s), "correspondent", p->name,
	    "korrespondansepart/korrespondansepartNavn", confidence);
	if (confidence < 1000)
		return;
	model_orgnr(m, now(s), p->orgnr, "korrespondansepart/organisasjonid");
	model_fact(m, now(s), "correspondent_email", p->email,
	    "korrespondansepart/epostadresse", 1000);
}

static void
tell_party(struct state *s, const struct party *p, const char *other_end)
{
	const char *role = role_of(p->type);
	struct model *m = s->m;

	if (strcmp(role, other_end) == 0)
		tell_other_end(
		    s, p, model_has(m, now(s), "correspondent") ? 500 : 1000);
	else if (strcmp(role, "EK") == 0)
		model_fact(m, now(s), "copy_recipient", p->name,
		    "korrespondansepart/korrespondansepartNavn", 1000);
	else if (strcmp(role, "EM") == 0)
		model_fact(m, now(s), "recipient", p->name,
		    "korrespondansepart/korrespondansepartNavn", 1000);
	else if (p->name[0] != '\0')
		model_unused(m, "korrespondansepart/korrespondansepartNavn");
	/* "Deres referanse" of who is written to is the reader's own. */
	if (p->ref[0] != '\0')
		model_fact(m, now(s),
		    strcmp(role, "EA") == 0 ? "our_ref_of_sender"
					    : "case_number",
		    p->ref, "korrespondansepart/deresReferanse", 900);
	model_fact(m, now(s), "channel", p->by,
	    "korrespondansepart/forsendelsesmaate", 1000);
}

/* Where in our archive the sender of a Fiks message wants it. */
static void
tell_place(struct state *s)
{
	const struct post *p = &s->post;
	struct model *m = s->m;
	char letter[2] = {letter_of(p->type), '\0'};

	model_case(m, now(s), "case_number", p->ref_year, p->ref_seq,
	    "referanseForelderMappe/saksnummer", 1000);
	if (!model_has(m, now(s), "case_number"))
		model_fact(m, now(s), "case_number", p->ref_id,
		    "referanseForelderMappe/mappeID", 1000);
	model_fact(m, now(s), "klass", p->klass,
	    "registrering/klassifikasjon/klasseID", 900);
	/* An incoming queue says I by itself; a document type may stand. */
	if (letter[0] != 'I')
		model_fact(m, now(s), "type", letter,
		    "registrering/journalposttype", 1000);
	model_day(m, now(s), "received_date", p->received,
	    "registrering/mottattDato", 1000);
}

static void
tell_key(struct state *s)
{
	const struct post *p = &s->post;
	char key[400];

	if (p->key[0] == '\0')
		return;
	(void)snprintf(
	    key, sizeof(key), "fiks-arkiv:%s:%s", p->key_system, p->key);
	model_fact(s->m, now(s), "external_key", key,
	    "referanseEksternNoekkel/noekkel", 800);
}

static void
end_post(struct state *s)
{
	const struct post *p = &s->post;
	struct model *m = s->m;
	const char *other_end =
	    fiks(s) && letter_of(p->type) == 'U' ? "EM" : "EA";
	size_t i;

	s->in_post = false;
	model_fact(m, now(s), "title", p->title, "registrering/tittel", 1000);
	model_day(m, now(s), "document_date", p->date,
	    "registrering/dokumentetsDato", 1000);
	for (i = 0; i < p->parties; i++)
		tell_party(s, &p->party[i], other_end);
	if (p->screened)
		model_screened(m, now(s), "skjerming/tilgangsrestriksjon");
	model_fact(m, now(s), "our_ref_of_sender", fiks(s) ? "" : p->own_id,
	    "registrering/registreringsID", 950);
	if (fiks(s)) {
		tell_place(s);
		tell_key(s);
	} else if (p->received[0] != '\0') {
		model_unused(m, "registrering/mottattDato");
	}
}

/* -- folders --------------------------------------------------------------- */

static void
tell_folder(struct state *s, unsigned post)
{
	const struct folder *f = &s->folder;
	struct model *m = s->m;

	if (f->screened)
		model_screened(m, post, "mappe/skjerming/tilgangsrestriksjon");
	if (!fiks(s)) {
		model_case(m, post, "our_ref_of_sender", f->year, f->seq,
		    "mappe/sakssekvensnummer", 1000);
		if (f->year[0] == '\0')
			model_fact(m, post, "our_ref_of_sender", f->id,
			    "mappe/mappeID", 900);
		return;
	}
	model_case(m, post, "case_number", f->year, f->seq,
	    "mappe/sakssekvensnummer", 1000);
	if (!model_has(m, post, "case_number"))
		model_fact(
		    m, post, "case_number", f->id, "mappe/mappeID", 1000);
	if (!model_has(m, post, "case_number"))
		model_fact(m, post, "new_case", f->title, "mappe/tittel", 1000);
	model_fact(m, post, "unit", f->unit, "mappe/administrativEnhet", 900);
	model_fact(
	    m, post, "klass", f->klass, "mappe/klassifikasjon/klasseID", 900);
}

/* What the sender's own archive says of its case. */
static void
note_folder(struct state *s)
{
	if (s->folder.title[0] != '\0')
		model_unused(s->m, "mappe/tittel");
	if (s->folder.unit[0] != '\0')
		model_unused(s->m, "mappe/administrativEnhet");
	if (s->folder.klass[0] != '\0')
		model_unused(s->m, "klassifikasjon/klasseID");
}

static void
end_folder(struct state *s)
{
	unsigned i;

	if (!fiks(s))
		note_folder(s);
	/* In Fiks Arkiv the post stands beside its new case, not in it. */
	if (fiks(s) && s->folder.first > s->m->posts)
		tell_folder(s, 0);
	for (i = s->folder.first; i <= s->m->posts && i <= POSTS_MAX; i++)
		tell_folder(s, i);
	s->depth--;
	if (s->depth < FOLDERS_MAX)
		s->folder = s->above[s->depth];
}

static void
end_party(struct state *s)
{
	if (!s->in_post)
		model_unused(s->m, "korrespondansepart");
	else if (s->post.parties == PARTIES_MAX)
		model_full(s->m, "a list in it is too long");
	else
		s->post.party[s->post.parties++] = s->party;
}

/* -- elements -------------------------------------------------------------- */

static void
take_screen(struct state *s)
{
	if (s->in_post)
		s->post.screened = true;
	else if (s->depth > 0)
		s->folder.screened = true;
	else
		model_screened(s->m, 0, "skjerming/tilgangsrestriksjon");
	s->screen[0] = '\0';
}

static void
on_end(void *arg, struct xml *x, const char *name, const char *text, bool leaf)
{
	struct state *s = arg;

	if (leaf && *text != '\0')
		xml_keep(
		    x, rows, sizeof(rows) / sizeof(rows[0]), text, s, s->m);
	if (s->screen[0] != '\0')
		take_screen(s);
	if (s->grade[0] != '\0') {
		if (strcmp(s->grade, "Ugradert") != 0)
			s->m->flags |= SLUSE_DESCRIBES_GRADED;
		s->grade[0] = '\0';
	}
	if (strcmp(name, "dokumentobjekt") == 0)
		end_object(s);
	else if (strcmp(name, "dokumentbeskrivelse") == 0)
		end_document(s);
	else if (strcmp(name, "korrespondansepart") == 0)
		end_party(s);
	else if (strcmp(name, "registrering") == 0)
		end_post(s);
	else if (strcmp(name, "mappe") == 0)
		end_folder(s);
}

static void *
open_state(struct model *m)
{
	struct state *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->m = m;
	return s;
}

static bool
close_state(void *arg)
{
	struct state *s = arg;
	char key[300];

	if (s->message[0] != '\0') {
		(void)snprintf(key, sizeof(key), "arkivmelding:%s", s->message);
		model_fact(s->m, 0, "external_key", key,
		    "arkivmelding/meldingId", 900);
	}
	model_fact(s->m, 0, "channel", fiks(s) ? "Fiks Arkiv" : "eFormidling",
	    "arkivmelding", 500);
	model_files(s->m, s->files);
	/* A case alone, or what is done to a post that is there: no post. */
	if (s->m->posts == 0)
		s->m->flags |= SLUSE_DESCRIBES_NO_POST;
	free(s);
	return true;
}

const struct xml_kind kind_arkivmelding = {
    .ev = {.begin = on_begin, .end = on_end},
    .open = open_state,
    .close = close_state};
