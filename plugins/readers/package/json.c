/*
 * Descriptions in JSON: a forsendelse of SvarInn (version 1 and 2, alone or as
 * the only one of a list), the standard business document of eFormidling, the
 * headers of a Fiks IO message.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package.h"

static const char *
text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* The first of two names that is there: those of version 1 and 2. */
static const char *
either(const json_t *o, const char *a, const char *b)
{
	const char *s = text(o, a);

	return s != NULL ? s : text(o, b);
}

/* A number or a text that is one, as text. */
static const char *
digits_of(const json_t *o, const char *key, char buf[24])
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v))
		return json_string_value(v);
	(void)snprintf(buf, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return buf;
}

static bool
nothing(const json_t *v)
{
	return v == NULL || json_is_null(v) || json_is_false(v) ||
	       (json_is_string(v) && json_string_length(v) == 0) ||
	       (json_is_array(v) && json_array_size(v) == 0) ||
	       (json_is_integer(v) && json_integer_value(v) == 0);
}

/* Members of o that known does not name; at is its own name. */
static void
note_others(
    struct model *m, const json_t *o, const char *at, const char *const *known)
{
	const char *key;
	json_t *v;
	size_t i;
	char path[300];
	union {
		const json_t *c;
		json_t *m;
	} u = {.c = o}; /* jansson's loop takes no const */

	json_object_foreach(u.m, key, v)
	{
		for (i = 0; known[i] != NULL; i++)
			if (strcmp(known[i], key) == 0)
				break;
		if (known[i] != NULL || nothing(v))
			continue;
		/* A name may hold anything; only a plain one is told. */
		if (strlen(key) > 60 ||
		    strspn(key,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"0123456789_-") != strlen(key))
			key = "?";
		(void)snprintf(path, sizeof(path), "%s/%s", at, key);
		model_unused(m, path);
	}
}

/* -- SvarInn --------------------------------------------------------------- */

static void
day_of(struct model *m, const json_t *o, const char *key, const char *label,
    int confidence)
{
	const json_t *v = json_object_get(o, key);

	if (model_has(m, 0, "document_date"))
		return;
	if (json_is_integer(v))
		model_day_ms(m, 0, "document_date", json_integer_value(v),
		    label, confidence);
	else
		model_day(m, 0, "document_date", json_string_value(v), label,
		    confidence);
}

static void
import_metadata(struct model *m, const json_t *o)
{
	static const char *const known[] = {"saksaar", "sakssekvensnummer",
	    "mappeId", "journalposttype", "journalstatus", "dokumentetsDato",
	    "tittel", NULL};
	static const char *const known_folder[] = {
	    "saksaar", "sakssekvensnummer", "mappeId", NULL};
	const json_t *folder = json_object_get(o, "mappeId");
	const json_t *in = json_is_object(folder) ? folder : o;
	char year[24], seq[24];

	model_case(m, 0, "case_number", digits_of(in, "saksaar", year),
	    digits_of(in, "sakssekvensnummer", seq),
	    "metadataForImport/sakssekvensnummer", 1000);
	if (!model_has(m, 0, "case_number"))
		model_fact(m, 0, "case_number", text(in, "mappeId"),
		    "metadataForImport/mappeId", 1000);
	model_fact(
	    m, 0, "title", text(o, "tittel"), "metadataForImport/tittel", 1000);
	day_of(
	    m, o, "dokumentetsDato", "metadataForImport/dokumentetsDato", 1000);
	note_others(m, o, "metadataForImport", known);
	if (json_is_object(folder))
		note_others(m, folder, "mappeId", known_folder);
}

/* The sender's own numbers; the case is theirs. */
static void
own_metadata(struct model *m, const json_t *o)
{
	static const char *const known[] = {"saksaar", "sakssekvensnummer",
	    "journalaar", "journalsekvensnummer", "journalpostnummer",
	    "journalposttype", "journalstatus", "journaldato",
	    "dokumentetsDato", "tittel", NULL};
	char year[24], seq[24];

	model_case(m, 0, "our_ref_of_sender", digits_of(o, "saksaar", year),
	    digits_of(o, "sakssekvensnummer", seq),
	    "metadataFraAvleverendeSystem/sakssekvensnummer", 1000);
	day_of(m, o, "dokumentetsDato",
	    "metadataFraAvleverendeSystem/dokumentetsDato", 950);
	note_others(m, o, "metadataFraAvleverendeSystem", known);
}

static void
sender(struct model *m, const json_t *o)
{
	static const char *const known[] = {"navn", "orgnr",
	    "organisasjonsnummer", "adresselinje1", "adresselinje2",
	    "adresselinje3", "adresse1", "adresse2", "adresse3", "postnr",
	    "postnummer", "poststed", "land", NULL};
	const json_t *from = json_object_get(o, "avsender");
	const json_t *back = json_object_get(o, "svarSendesTil");
	const char *name = text(from, "navn"), *reply = text(back, "navn");

	model_fact(m, 0, "correspondent", name, "avsender/navn", 1000);
	if (name == NULL || *name == '\0')
		model_fact(
		    m, 0, "correspondent", reply, "svarSendesTil/navn", 950);
	/* Only where the answer goes to who sent it. */
	if (name == NULL || *name == '\0' ||
	    (reply != NULL && strcmp(name, reply) == 0))
		model_orgnr(m, 0, either(back, "organisasjonsnummer", "orgnr"),
		    "svarSendesTil/organisasjonsnummer");
	else if (!nothing(back))
		model_unused(m, "svarSendesTil/navn");
	note_others(m, from, "avsender", known);
	note_others(m, back, "svarSendesTil", known);
}

static void
file(struct model *m, const json_t *o, bool main)
{
	static const char *const known[] = {"filnavn", "mimeType", "mimetype",
	    "hash", "sha256hash", "type", "dokumentType", "storrelse", "size",
	    NULL};
	const char *name = text(o, "filnavn");
	const json_t *size = json_object_get(o, "storrelse");
	struct named *n;

	if (size == NULL)
		size = json_object_get(o, "size");
	if (name == NULL || *name == '\0') {
		/* Nobody can find it. */
		model_full(m, "a document without a file name");
		return;
	}
	n = model_named(m, 0, name, NULL, either(o, "type", "dokumentType"));
	if (n == NULL)
		return;
	n->main = main;
	n->has_sha256 = hex_digest(either(o, "hash", "sha256hash"), n->sha256);
	if (json_is_integer(size) && json_integer_value(size) > 0)
		n->bytes = (uint64_t)json_integer_value(size);
	note_others(m, o, "filer", known);
}

static bool
is_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static void
level(struct model *m, const json_t *o)
{
	const char *security = text(o, "sikkerhetsniva");
	char buf[24];
	const char *old = digits_of(o, "niva", buf);

	if (is_true(o, "taushetsbelagtPost"))
		model_screened(m, 0, "taushetsbelagtPost");
	else if (security != NULL && strcmp(security, "HOYESTE") == 0)
		model_screened(m, 0, "sikkerhetsniva");
	else if (is_true(o, "krevNiva4Innlogging") ||
		 (old != NULL && strcmp(old, "4") == 0))
		model_screened(m, 0, "niva");
}

static void
svarinn(struct model *m, const json_t *o)
{
	static const char *const known[] = {"id", "tittel", "avsender",
	    "mottaker", "svarSendesTil", "svarPaForsendelse", "dato", "date",
	    "metadataForImport", "metadataFraAvleverendeSystem", "filer",
	    "filmetadata", "sikkerhetsniva", "niva", "krevNiva4Innlogging",
	    "taushetsbelagtPost", "eksternRef", "status", "kryptert",
	    "downloadUrl", "nedlastingslenke", "avgivendeSystem", NULL};
	const json_t *files = json_object_get(o, "filer");
	char key[300];
	size_t i;

	if (files == NULL)
		files = json_object_get(o, "filmetadata");
	(void)snprintf(key, sizeof(key), "svarinn:%.256s", text(o, "id"));
	model_fact(m, 0, "external_key", key, "id", 1000);
	import_metadata(m, json_object_get(o, "metadataForImport"));
	if (!model_has(m, 0, "title"))
		model_fact(m, 0, "title", text(o, "tittel"), "tittel", 1000);
	own_metadata(m, json_object_get(o, "metadataFraAvleverendeSystem"));
	model_fact(m, 0, "our_ref_of_sender", text(o, "eksternRef"),
	    "eksternRef", 900);
	model_fact(m, 0, "in_reply_to", text(o, "svarPaForsendelse"),
	    "svarPaForsendelse", 1000);
	sender(m, o);
	model_fact(m, 0, "recipient",
	    text(json_object_get(o, "mottaker"), "navn"), "mottaker/navn",
	    1000);
	model_fact(m, 0, "channel", "SvarUt", "forsendelse", 500);
	level(m, o);
	for (i = 0; i < json_array_size(files); i++)
		file(m, json_array_get(files, i), i == 0);
	note_others(m, o, "forsendelse", known);
}

/* -- SBD ------------------------------------------------------------------- */

static const char *
first_identifier(const json_t *head, const char *key)
{
	const json_t *list = json_object_get(head, key);

	return text(
	    json_object_get(json_array_get(list, 0), "identifier"), "value");
}

static void
scopes(struct model *m, const json_t *head)
{
	const json_t *list =
	    json_object_get(json_object_get(head, "businessScope"), "scope");
	const char *type, *id, *process;
	size_t i;

	for (i = 0; i < json_array_size(list) && i < 50; i++) {
		type = text(json_array_get(list, i), "type");
		id = text(json_array_get(list, i), "instanceIdentifier");
		process = text(json_array_get(list, i), "identifier");
		if (process != NULL &&
		    strstr(process, "taushetsbelagt") != NULL)
			model_screened(m, 0, "scope/identifier");
		if (type == NULL)
			continue;
		if (strcmp(type, "SenderRef") == 0)
			model_fact(m, 0, "our_ref_of_sender", id,
			    "scope/SenderRef", 900);
		else if (strcmp(type, "ReceiverRef") == 0)
			model_fact(
			    m, 0, "case_number", id, "scope/ReceiverRef", 950);
		else if (strcmp(type, "ConversationId") != 0)
			model_unused(m, "scope/type");
	}
}

/* The member beside the header, named by the kind of message. */
static void
message(struct model *m, const json_t *o, const char *type)
{
	static const char *const known[] = {
	    "sikkerhetsnivaa", "hoveddokument", "tittel", NULL};
	const json_t *body = json_object_get(o, type);
	const char *main = text(body, "hoveddokument");
	char buf[24];
	const char *security = digits_of(body, "sikkerhetsnivaa", buf);
	struct named *n;

	if (security != NULL && strcmp(security, "4") == 0)
		model_screened(m, 0, "sikkerhetsnivaa");
	model_fact(m, 0, "title", text(body, "tittel"), "tittel", 700);
	/* The message itself is no document of it. */
	if (main != NULL && *main != '\0' &&
	    strcmp(main, "arkivmelding.xml") != 0) {
		n = model_named(m, 0, main, NULL, NULL);
		if (n != NULL)
			n->main = true;
	}
	note_others(m, body, "message", known);
}

static void
sbd(struct model *m, const json_t *o)
{
	static const char *const none[] = {"standard", "typeVersion", "type",
	    "instanceIdentifier", "creationDateAndTime", NULL};
	const json_t *head =
	    json_object_get(o, "standardBusinessDocumentHeader");
	const json_t *id = json_object_get(head, "documentIdentification");
	const char *type = text(id, "type"),
		   *key = text(id, "instanceIdentifier");
	char full[300];

	if (key != NULL && *key != '\0') {
		(void)snprintf(full, sizeof(full), "eformidling:%.256s", key);
		model_fact(m, 0, "external_key", full,
		    "documentIdentification/instanceIdentifier", 1000);
	}
	model_orgnr(
	    m, 0, first_identifier(head, "sender"), "sender/identifier/value");
	scopes(m, head);
	model_fact(m, 0, "channel", "eFormidling",
	    "standardBusinessDocumentHeader", 500);
	note_others(m, id, "documentIdentification", none);
	if (type == NULL)
		return;
	if (strstr(type, "kvittering") != NULL || strcmp(type, "status") == 0 ||
	    strcmp(type, "feil") == 0)
		m->flags |= SLUSE_DESCRIBES_NO_POST;
	message(m, o, type);
}

/* -- Fiks IO --------------------------------------------------------------- */

static void
fiks_io(struct model *m, const json_t *o)
{
	static const char *const known[] = {"meldingId", "meldingType",
	    "avsenderKontoId", "mottakerKontoId", "svarPaMelding", "ttl",
	    "headere", "dokumentlagerId", NULL};
	const json_t *headers = json_object_get(o, "headere");
	/* The same over repeated sending, which meldingId is not. */
	const char *own = text(headers, "klientMeldingId");
	const char *type = text(o, "meldingType");
	char key[300];

	(void)snprintf(key, sizeof(key), "fiks-io:%.256s",
	    own != NULL && *own != '\0' ? own : text(o, "meldingId"));
	model_fact(m, 0, "external_key", key,
	    own != NULL ? "headere/klientMeldingId" : "meldingId", 1000);
	model_fact(m, 0, "in_reply_to", text(o, "svarPaMelding"),
	    "svarPaMelding", 1000);
	model_fact(m, 0, "channel", "Fiks Arkiv", "meldingType", 500);
	if (strstr(type, ".arkivmelding.opprett") == NULL ||
	    strstr(type, ".opprett.") != NULL)
		m->flags |= SLUSE_DESCRIBES_NO_POST;
	note_others(m, o, "melding", known);
}

/* -- which ----------------------------------------------------------------- */

enum kind
json_kind(const struct json_t *root)
{
	const json_t *o = root;
	const char *type;

	/* As the list of them comes from the service. */
	if (json_is_array(o) && json_array_size(o) > 0)
		o = json_array_get(o, 0);
	if (!json_is_object(o))
		return KIND_NONE;
	if (json_is_object(
		json_object_get(o, "standardBusinessDocumentHeader")))
		return KIND_SBD;
	type = text(o, "meldingType");
	if (type != NULL && text(o, "meldingId") != NULL &&
	    strncmp(type, "no.ks.fiks.arkiv.", 17) == 0)
		return KIND_FIKS_IO;
	if (text(o, "id") != NULL && text(o, "tittel") != NULL &&
	    json_is_object(json_object_get(o, "mottaker")) &&
	    (json_is_array(json_object_get(o, "filer")) ||
		json_is_array(json_object_get(o, "filmetadata"))))
		return KIND_SVARINN;
	return KIND_NONE;
}

void
json_read(struct model *m, const struct json_t *root)
{
	const json_t *o = root;

	if (json_is_array(o)) {
		/* Several: nobody knows which of them this is. */
		if (json_array_size(o) != 1)
			model_full(m, "more than one message");
		o = json_array_get(o, 0);
	}
	switch (m->kind) {
	case KIND_SVARINN:
		svarinn(m, o);
		break;
	case KIND_SBD:
		sbd(m, o);
		break;
	case KIND_FIKS_IO:
		fiks_io(m, o);
		break;
	case KIND_NONE:
	case KIND_ARKIVMELDING:
	case KIND_FIKS_ARKIV:
	case KIND_BEST_EDU:
	case KIND_MANIFEST:
	case KIND_FORM:
	case KIND_COUNT:
		break;
	}
}
