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

/* Chapter 7 wants a moment; midnight UTC is the same day here. */
static void
put_day(json_t *o, const char *name, const char *day)
{
	char *s;

	if (day == NULL)
		return;
	s = strlen(day) == 10 ? n5_printf("%sT00:00:00Z", day) : strdup(day);
	put(o, name, s);
	free(s);
}

static json_t *
screening(struct sluse_session *s, const char *access)
{
	const char *what = n5_config(s, "access_metadata", "M");
	json_t *o = json_pack("{s:o, s:s}", "tilgangsrestriksjon",
	    n5_kode(access), "skjermingshjemmel",
	    n5_config(s, "access_authority", "Midlertidig sperret"));

	if (strcmp(what, "none") != 0)
		(void)json_object_set_new(
		    o, "skjermingMetadata", json_pack("[o]", n5_kode(what)));
	return o;
}

void
n5_put_own(json_t *o, const char *field, const char *value)
{
	json_t *own = json_object_get(o, "virksomhetsspesifikkeMetadata");

	if (strchr(field, ':') == NULL) {
		put(o, field, value);
		return;
	}
	if (own == NULL) {
		own = json_object();
		(void)json_object_set_new(
		    o, "virksomhetsspesifikkeMetadata", own);
	}
	put(own, field, value);
}

json_t *
n5_body_journalpost(struct sluse_session *s, const json_t *post)
{
	json_t *o = json_object();
	const char *type = n5_text(post, "journalposttype");
	const char *access = n5_text(post, "tilgangskode");
	const char *own = n5_config(s, "own_key_field", N5_OWN_KEY);
	const char *field = n5_config(s, "reception_field",
	    strchr(own, ':') != NULL ? "vnd-sluse-v1:mottaksnummer" : "none");

	put(o, "tittel", n5_text(post, "tittel"));
	(void)json_object_set_new(o, "journalposttype", n5_kode(type));
	(void)json_object_set_new(o, "journalstatus", n5_kode("M"));
	put(o, "mottattDato", n5_text(post, "mottattDato"));
	put_day(o, "dokumentetsDato", n5_text(post, "dokumentetsDato"));
	if (access != NULL)
		(void)json_object_set_new(o, "skjerming", screening(s, access));
	n5_put_own(o, own, n5_text(post, "ownKey"));
	if (strcmp(field, "none") != 0)
		n5_put_own(o, field, n5_text(post, "reception"));
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

static int
is_internal(const json_t *part)
{
	const char *type = n5_text(part, "type");

	return type != NULL && type[0] == 'I';
}

static json_t *
all_parts(const json_t *post)
{
	json_t *all =
	    json_deep_copy(json_object_get(post, "korrespondansepart"));
	const char *unit = n5_text(post, "enhet");
	const json_t *part;
	size_t i;

	if (all == NULL)
		all = json_array();
	json_array_foreach(all, i, part)
	{
		if (is_internal(part))
			return all;
	}
	/* The unit that is to handle it: an internal recipient. */
	if (unit != NULL && unit[0] != '\0')
		(void)json_array_append_new(
		    all, json_pack("{s:s, s:s}", "type", "IM", "navn", unit));
	return all;
}

/* A link is shown only where the object may be made. */
static int
takes_internal(const json_t *jp)
{
	char *href = n5_href(jp, N5_STRUCT "ny-korrespondansepartintern/");
	int takes = href != NULL;

	free(href);
	return takes;
}

json_t *
n5_parts_of(const json_t *post, const json_t *jp)
{
	json_t *all = all_parts(post);
	size_t i;

	for (i = json_array_size(all); i > 0 && !takes_internal(jp); i--)
		if (is_internal(json_array_get(all, i - 1)))
			(void)json_array_remove(all, i - 1);
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

/* Internal correspondents where none may be made. */
static void
internal_remarks(json_t *all, const json_t *post, const json_t *jp)
{
	json_t *parts = takes_internal(jp) ? NULL : all_parts(post);
	const json_t *part;
	size_t i;

	json_array_foreach(parts, i, part)
	{
		if (!is_internal(part))
			continue;
		remark(all,
		    n5_text(part, "type")[1] == 'A' ? "Intern avsender: "
						    : "Intern mottaker: ",
		    n5_text(part, "navn"));
	}
	json_decref(parts);
}

json_t *
n5_remarks_of(struct sluse_session *s, const json_t *post, const json_t *jp)
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
	internal_remarks(all, post, jp);
	return all;
}

json_t *
n5_body_remark(struct sluse_session *s, const char *text)
{
	return json_pack("{s:s, s:o}", "merknadstekst", text, "merknadstype",
	    n5_kode(n5_config(s, "remark_type", "MA")));
}

/* -- code lists
 * ----------------------------------------------------------------- */

/* Loads the list; one that the target does not show is empty. */
static int
load_codes(struct sluse_session *s, const char *name, struct sluse_why *why)
{
	json_t *rows = NULL;
	char *rel, *href;
	int v = 0;

	if (s->codes == NULL)
		s->codes = json_object();
	if (json_object_get(s->codes, name) != NULL)
		return 0;
	rel = n5_printf(N5_META "%s/", name);
	href = n5_href(s->metadata, rel);
	if (href != NULL)
		v = n5_list_some(s, href, "metadata", 2000, &rows, why);
	else
		rows = json_array();
	if (v == 0)
		(void)json_object_set_new(s->codes, name, rows);
	free(rel);
	free(href);
	return v;
}

/* Chapter 6: what is "inaktiv" is not for new objects. */
static const json_t *
row_of(struct sluse_session *s, const char *list, const char *code)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(s->codes, list), i, row)
	{
		const char *have = n5_text(row, "kode");

		if (have != NULL && strcmp(have, code) == 0 &&
		    !json_is_true(json_object_get(row, "inaktiv")))
			return row;
	}
	return NULL;
}

/* With the target's own name for it, if the list is loaded and has it. */
static json_t *
named(struct sluse_session *s, const char *list, const char *code)
{
	const char *name = n5_text(row_of(s, list, code), "kodenavn");
	json_t *o = n5_kode(code);

	put(o, "kodenavn", name);
	return o;
}

int
n5_document_codes(struct sluse_session *s, struct sluse_why *why)
{
	int v = load_codes(s, "dokumenttype", why);

	if (v == 0)
		v = load_codes(s, "dokumentstatus", why);
	if (v == 0)
		v = load_codes(s, "tilknyttetregistreringsom", why);
	return v;
}

int
n5_format_is_unknown(
    struct sluse_session *s, const char *code, int *ret, struct sluse_why *why)
{
	int v = load_codes(s, "format", why);

	*ret = v == 0 && row_of(s, "format", code) == NULL &&
	       json_array_size(json_object_get(s->codes, "format")) > 0;
	return v;
}

void
n5_leave_format_out(json_t *object)
{
	const char *code = n5_code(object, "format");
	char *detail = NULL;

	if (code != NULL && strstr(code, "fmt/") != NULL)
		detail = n5_printf("PRONOM %s", code);
	put(object, "formatDetaljer", detail);
	(void)json_object_del(object, "format");
	free(detail);
}

/* -- documents
 * ------------------------------------------------------------------ */

int
n5_types(struct sluse_session *s, const json_t *post, struct sluse_why *why)
{
	int wanted = n5_text(post, "dokumenttype") != NULL;
	const json_t *d;
	size_t i;

	json_array_foreach(json_object_get(post, "dokumenter"), i, d)
	{
		wanted |= n5_text(d, "dokumenttype") != NULL;
	}
	return wanted ? load_codes(s, "dokumenttype", why) : 0;
}

const char *
n5_type_of(struct sluse_session *s, const char *type)
{
	const json_t *row;
	const char *code, *name;
	size_t i;

	json_array_foreach(json_object_get(s->codes, "dokumenttype"), i, row)
	{
		code = n5_text(row, "kode");
		name = n5_text(row, "kodenavn");
		if (code != NULL && row_of(s, "dokumenttype", code) != NULL &&
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
	    n5_text(document, "tittel"), "dokumenttype",
	    named(s, "dokumenttype", code), "dokumentstatus",
	    named(s, "dokumentstatus", "F"), "tilknyttetRegistreringSom",
	    named(s, "tilknyttetregistreringsom", n5_text(document, "rolle")),
	    "dokumentnummer", (json_int_t)nr, "eksternReferanse", key);
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
