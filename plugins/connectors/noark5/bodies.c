/* The prepared post (schemas/post.schema.json) as objects of Noark 5. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "n5.h"

static void
put(json_t *o, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		(void)json_object_set_new(o, name, json_string(value));
}

/* A day is no moment; Z keeps it the same day here and in UTC. */
static void
put_day(json_t *o, const char *name, const char *day)
{
	char *s;

	if (day == NULL)
		return;
	s = strlen(day) == 10 ? n5_printf("%sZ", day) : strdup(day);
	put(o, name, s);
	free(s);
}

static json_t *
screening(struct sluse_session *s, const char *access)
{
	return json_pack("{s:o, s:s, s:[o]}", "tilgangsrestriksjon",
	    n5_kode(access), "skjermingshjemmel",
	    n5_config(s, "access_authority", "Midlertidig sperret"),
	    "skjermingMetadata", n5_kode(n5_config(s, "access_metadata", "M")));
}

json_t *
n5_body_journalpost(struct sluse_session *s, const json_t *post)
{
	json_t *o = json_object(), *own = json_object();
	const char *type = n5_text(post, "journalposttype");
	const char *access = n5_text(post, "tilgangskode");
	const char *field;

	put(o, "tittel", n5_text(post, "tittel"));
	(void)json_object_set_new(o, "journalposttype", n5_kode(type));
	(void)json_object_set_new(o, "journalstatus", n5_kode("M"));
	put(o, "mottattDato", n5_text(post, "mottattDato"));
	put_day(o, "dokumentetsDato", n5_text(post, "dokumentetsDato"));
	if (access != NULL)
		(void)json_object_set_new(o, "skjerming", screening(s, access));
	put(own, n5_config(s, "own_key_field", "vnd-sluse-v1:noekkel"),
	    n5_text(post, "ownKey"));
	field = n5_config(s, "reception_field", "vnd-sluse-v1:mottaksnummer");
	if (strcmp(field, "none") != 0)
		put(own, field, n5_text(post, "reception"));
	(void)json_object_set_new(o, "virksomhetsspesifikkeMetadata", own);
	return o;
}

/* name@host, as far as a server may check it. */
static int
is_email(const char *s)
{
	const char *at = s != NULL ? strchr(s, '@') : NULL;

	return at != NULL && at != s && at[1] != '\0' &&
	       strchr(at + 1, '@') == NULL && strpbrk(s, " \t\r\n") == NULL;
}

static int
is_organisation(const char *s)
{
	static const int weight[] = {3, 2, 7, 6, 5, 4, 3, 2};
	int sum = 0, i;

	if (s == NULL || strlen(s) != 9 || strspn(s, "0123456789") != 9)
		return 0;
	for (i = 0; i < 8; i++)
		sum += (s[i] - '0') * weight[i];
	return (11 - sum % 11) % 11 == s[8] - '0';
}

json_t *
n5_body_part(struct sluse_session *s, const json_t *part, const char **rel)
{
	const char *type = n5_text(part, "type");
	const char *name = n5_text(part, "navn");
	const char *number = n5_text(part, "organisasjonsnummer");
	const char *mail = n5_text(part, "epost");
	json_t *o = json_pack("{s:o}", "korrespondanseparttype", n5_kode(type));

	if (type != NULL && type[0] == 'I') {
		*rel = N5_STRUCT "ny-korrespondansepartintern/";
		put(o, "administrativEnhet", name);
		return o;
	}
	put(o, "navn", name);
	if (is_email(mail))
		(void)json_object_set_new(o, "kontaktinformasjon",
		    json_pack("{s:s}", "epostadresse", mail));
	if (is_organisation(number)) {
		*rel = N5_STRUCT "ny-korrespondansepartenhet/";
		(void)json_object_set_new(o, "enhetsidentifikator",
		    json_pack("{s:s}", "organisasjonsnummer", number));
	} else if (strcmp(n5_config(s, "unknown_correspondent", "person"),
		       "unit") == 0) {
		*rel = N5_STRUCT "ny-korrespondansepartenhet/";
	} else {
		*rel = N5_STRUCT "ny-korrespondansepartperson/";
	}
	return o;
}

json_t *
n5_parts_of(const json_t *post)
{
	json_t *all =
	    json_deep_copy(json_object_get(post, "korrespondansepart"));
	const char *unit = n5_text(post, "enhet"), *type;
	const json_t *part;
	size_t i;

	if (all == NULL)
		all = json_array();
	json_array_foreach(all, i, part)
	{
		type = n5_text(part, "type");
		if (type != NULL && type[0] == 'I')
			return all;
	}
	/* The unit that is to handle it: an internal recipient. */
	if (unit != NULL && unit[0] != '\0')
		(void)json_array_append_new(
		    all, json_pack("{s:s, s:s}", "type", "IM", "navn", unit));
	return all;
}

static void
remark(json_t *all, const char *what, const char *value)
{
	char *s;

	if (value == NULL || value[0] == '\0')
		return;
	s = n5_printf("%s%s", what, value);
	(void)json_array_append_new(all, json_string(s));
	free(s);
}

json_t *
n5_remarks_of(struct sluse_session *s, const json_t *post)
{
	json_t *all = json_array();
	const json_t *row;
	const char *type = n5_text(post, "dokumenttype");
	size_t i;

	json_array_foreach(json_object_get(post, "merknad"), i, row)
	{
		remark(all, "", json_string_value(row));
	}
	remark(all, "Mulig duplikat av ", n5_text(post, "muligDuplikat"));
	/* Noark's journalpost has no field for these. */
	remark(all, "Avsenders referanse: ", n5_text(post, "eksternReferanse"));
	json_array_foreach(json_object_get(post, "korrespondansepart"), i, row)
	{
		remark(
		    all, "Deres referanse: ", n5_text(row, "deresReferanse"));
	}
	if (type != NULL && n5_type_of(s, type) == NULL)
		remark(all, "Dokumenttype: ", type);
	return all;
}

json_t *
n5_body_remark(struct sluse_session *s, const char *text)
{
	return json_pack("{s:s, s:o}", "merknadstekst", text, "merknadstype",
	    n5_kode(n5_config(s, "remark_type", "MA")));
}

/* -- documents
 * ------------------------------------------------------------------ */

int
n5_types(struct sluse_session *s, const json_t *post, struct sluse_why *why)
{
	int wanted = n5_text(post, "dokumenttype") != NULL, v;
	const json_t *d;
	char *href;
	size_t i;

	json_array_foreach(json_object_get(post, "dokumenter"), i, d)
	{
		wanted |= n5_text(d, "dokumenttype") != NULL;
	}
	if (!wanted || s->types != NULL)
		return 0;
	href = n5_href(s->metadata, N5_META "dokumenttype/");
	if (href == NULL) {
		s->types = json_array();
		return 0;
	}
	v = n5_list(s, href, "metadata", NULL, 1000, &s->types, why);
	free(href);
	return v;
}

const char *
n5_type_of(struct sluse_session *s, const char *type)
{
	const json_t *row;
	const char *code, *name;
	size_t i;

	json_array_foreach(s->types, i, row)
	{
		code = n5_text(row, "kode");
		name = n5_text(row, "kodenavn");
		if (code != NULL &&
		    (strcasecmp(code, type) == 0 ||
			(name != NULL && strcasecmp(name, type) == 0)))
			return code;
	}
	return NULL;
}

json_t *
n5_body_document(struct sluse_session *s, const json_t *post,
    const json_t *document, const char *own_key)
{
	const char *type = n5_text(document, "dokumenttype"), *code = NULL;
	int64_t nr = n5_number(document, "nummer");
	char *key = n5_printf("%s/%lld", own_key, (long long)nr);
	json_t *o;

	if (type == NULL)
		type = n5_text(post, "dokumenttype");
	if (type != NULL)
		code = n5_type_of(s, type);
	if (code == NULL)
		code = n5_config(s, "document_type", "B");
	o = json_pack("{s:s, s:o, s:o, s:o, s:I, s:s}", "tittel",
	    n5_text(document, "tittel"), "dokumenttype", n5_kode(code),
	    "dokumentstatus", n5_kode("F"), "tilknyttetRegistreringSom",
	    n5_kode(n5_text(document, "rolle")), "dokumentnummer",
	    (json_int_t)nr, "eksternReferanse", key);
	free(key);
	return o;
}

json_t *
n5_body_object(const json_t *rendition, int k)
{
	json_t *o =
	    json_pack("{s:i, s:o, s:o, s:s, s:I, s:s, s:s}", "versjonsnummer",
		k + 1, "variantformat", n5_kode(n5_text(rendition, "variant")),
		"format", n5_kode(n5_text(rendition, "format")), "mimeType",
		n5_text(rendition, "mimeType"), "filstoerrelse",
		(json_int_t)n5_number(rendition, "storrelse"), "sjekksum",
		n5_text(rendition, "sha256"), "sjekksumAlgoritme", "SHA-256");

	put(o, "filnavn", n5_text(rendition, "filnavn"));
	return o;
}
