/*
 * Kinds of few words: the standard business document in XML, the manifest of an
 * ASiC, the XML of a form.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package.h"

struct simple {
	struct model *m;
	char year[16], seq[16]; /* of a case, in a form */
	char scope[64], scope_id[256];
	char file[512], title[1024];
	bool main;
};

static void *
open_simple(struct model *m)
{
	struct simple *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->m = m;
	return s;
}

/* -- roots ----------------------------------------------------------------- */

static bool
starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool
is_form(struct xml *x)
{
	static const char *const marks[] = {"dataFormatId",
	    "dataFormatProvider", "skjemanummer", "spesifikasjonsnummer"};
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (xml_attr(x, marks[i]) != NULL)
			return true;
	return false;
}

#define NOARK5 "http://www.arkivverket.no/standarder/noark5/arkivmelding"
#define FIKS "https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/"

static enum kind
noark_kind(const char *name, const char *ns, unsigned *ret_flags)
{
	bool post = strcmp(name, "arkivmelding") == 0;

	if (starts(ns, FIKS)) {
		if (!post ||
		    !starts(ns + strlen(FIKS), "arkivmelding/opprett/"))
			*ret_flags |= SLUSE_DESCRIBES_NO_POST;
		return KIND_FIKS_ARKIV;
	}
	if (!starts(ns, NOARK5))
		return KIND_NONE;
	if (!post)
		*ret_flags |= SLUSE_DESCRIBES_NO_POST;
	return KIND_ARKIVMELDING;
}

enum kind
root_kind(struct xml *x, const char *name, unsigned *ret_flags, bool *ret_more)
{
	const char *ns = xml_namespace(x);
	enum kind k = noark_kind(name, ns, ret_flags);

	*ret_more = false;
	if (k != KIND_NONE)
		return k;
	if (starts(ns, "http://www.unece.org/cefact/namespaces/"
		       "StandardBusinessDocumentHeader") &&
	    strcmp(name, "StandardBusinessDocument") == 0)
		return KIND_SBD;
	if (strcmp(name, "PutMessageRequest") == 0 &&
	    starts(ns, "http://www.arkivverket.no/Noark/Exchange/types"))
		return KIND_BEST_EDU;
	if (strcmp(name, "Melding") == 0 &&
	    starts(ns, "http://www.arkivverket.no/Noark4-1-WS-WD/types"))
		return KIND_BEST_EDU;
	if (strcmp(name, "manifest") == 0 &&
	    starts(ns, "http://begrep.difi.no/sdp/schema"))
		return KIND_MANIFEST;
	/* A PutMessage comes in an envelope of SOAP. */
	if (strstr(ns, "soap-envelope") != NULL ||
	    strcmp(ns, "http://schemas.xmlsoap.org/soap/envelope/") == 0) {
		*ret_more = true;
		return KIND_NONE;
	}
	return is_form(x) ? KIND_FORM : KIND_NONE;
}

/* -- SBD in XML ------------------------------------------------------------ */

static void
sbd_begin(void *arg, struct xml *x, const char *name)
{
	struct simple *s = arg;

	(void)x;
	if (strcmp(name, "Scope") == 0)
		s->scope[0] = s->scope_id[0] = '\0';
}

static void
sbd_scope(struct simple *s)
{
	if (strcmp(s->scope, "SenderRef") == 0)
		model_fact(s->m, 0, "our_ref_of_sender", s->scope_id,
		    "BusinessScope/SenderRef", 900);
	else if (strcmp(s->scope, "ReceiverRef") == 0)
		model_fact(s->m, 0, "case_number", s->scope_id,
		    "BusinessScope/ReceiverRef", 950);
}

static void
sbd_key(struct simple *s, const char *id)
{
	char key[400];

	(void)snprintf(key, sizeof(key), "eformidling:%s", id);
	model_fact(s->m, 0, "external_key", key,
	    "DocumentIdentification/InstanceIdentifier", 1000);
}

static void
sbd_end(void *arg, struct xml *x, const char *name, const char *text, bool leaf)
{
	struct simple *s = arg;

	if (strcmp(name, "Scope") == 0)
		sbd_scope(s);
	if (!leaf || *text == '\0')
		return;
	if (xml_at(x, "Sender/Identifier"))
		model_orgnr(s->m, 0, text, "Sender/Identifier");
	else if (xml_at(x, "DocumentIdentification/InstanceIdentifier"))
		sbd_key(s, text);
	else if (xml_at(x, "Scope/Type"))
		text_copy(s->scope, sizeof(s->scope), text);
	else if (xml_at(x, "Scope/InstanceIdentifier"))
		text_copy(s->scope_id, sizeof(s->scope_id), text);
	else if (xml_at(x, "DocumentIdentification/Type")) {
		if (strstr(text, "kvittering") != NULL)
			s->m->flags |= SLUSE_DESCRIBES_NO_POST;
	} else if (xml_at(x, "Scope/Identifier")) {
		if (strstr(text, "taushetsbelagt") != NULL)
			model_screened(s->m, 0, "Scope/Identifier");
	} else if (!xml_at(x, "HeaderVersion") &&
		   !xml_at(x, "Receiver/Identifier") &&
		   strstr(xml_path(x), "DocumentIdentification/") == NULL)
		model_unused(s->m, xml_path(x));
}

static bool
sbd_close(void *arg)
{
	struct simple *s = arg;

	model_fact(
	    s->m, 0, "channel", "eFormidling", "StandardBusinessDocument", 500);
	free(s);
	return true;
}

const struct xml_kind kind_sbd_xml = {
    .ev = {.begin = sbd_begin, .end = sbd_end},
    .open = open_simple,
    .close = sbd_close};

/* -- the manifest of an ASiC ------------------------------------------------
 */

static void
manifest_begin(void *arg, struct xml *x, const char *name)
{
	struct simple *s = arg;
	const char *href;

	s->main |= strcmp(name, "hoveddokument") == 0;
	if (strcmp(name, "hoveddokument") != 0 && strcmp(name, "vedlegg") != 0)
		return;
	href = xml_attr(x, "href");
	text_copy(s->file, sizeof(s->file), href != NULL ? href : "");
	s->title[0] = '\0';
}

static void
manifest_end(
    void *arg, struct xml *x, const char *name, const char *text, bool leaf)
{
	struct simple *s = arg;
	struct named *n;

	if (leaf && xml_at(x, "avsender/organisasjon"))
		model_orgnr(s->m, 0, text, "avsender/organisasjon");
	else if (leaf && xml_at(x, "tittel"))
		text_copy(s->title, sizeof(s->title), text);
	/* Whom it is to is us, or a person whose number is nobody's here. */
	else if (leaf && *text != '\0' &&
		 strstr(xml_path(x), "mottaker/") == NULL)
		model_unused(s->m, xml_path(x));
	if (strcmp(name, "hoveddokument") != 0 && strcmp(name, "vedlegg") != 0)
		return;
	n = s->file[0] != '\0' ? model_named(s->m, 0, s->file, s->title, NULL)
			       : NULL;
	if (n != NULL)
		n->main = strcmp(name, "hoveddokument") == 0;
	if (strcmp(name, "hoveddokument") == 0)
		model_fact(
		    s->m, 0, "title", s->title, "hoveddokument/tittel", 700);
}

static bool
close_simple(void *arg)
{
	free(arg);
	return true;
}

const struct xml_kind kind_manifest = {
    .ev = {.begin = manifest_begin, .end = manifest_end},
    .open = open_simple,
    .close = close_simple};

/* -- the XML of a form ------------------------------------------------------
 */

static void
form_begin(void *arg, struct xml *x, const char *name)
{
	struct simple *s = arg;
	const char *title;

	(void)name;
	if (strchr(xml_path(x), '/') != NULL)
		return;
	s->m->flags |= SLUSE_DESCRIBES_FORM;
	title = xml_attr(x, "tittel");
	model_fact(
	    s->m, 0, "title", title != NULL ? title : "", "@tittel", 600);
	model_fact(s->m, 0, "channel", "Skjema", name, 400);
}

/* What forms call the same; where it stands deeper in a form is its own. */
static const struct {
	const char *at, *field;
	int confidence;
} form_rows[] = {
    {"kommunensSaksnummer", "case_number", 950},
    {"saksnummer", "case_number", 900},
    {"saksnr", "case_number", 900},
    {"deresReferanse", "case_number", 900},
    {"arkivreferanse", "external_key", 900},
    {"arkivReferanse", "external_key", 900},
    {"archiveReference", "external_key", 900},
    {"innsendingsreferanse", "external_key", 900},
    {"avsender/navn", "correspondent", 900},
    {"innsender/navn", "correspondent", 900},
    {"soeker/navn", "correspondent", 900},
    {"ansvarligSoeker/navn", "correspondent", 900},
    {"avsender/epost", "correspondent_email", 900},
    {"innsender/epost", "correspondent_email", 900},
    {"soeker/epost", "correspondent_email", 900},
    {"ansvarligSoeker/epost", "correspondent_email", 900},
    {"referanse", "our_ref_of_sender", 700},
};

static void
form_end(
    void *arg, struct xml *x, const char *name, const char *text, bool leaf)
{
	struct simple *s = arg;
	char key[400];
	size_t i;

	if (strcmp(name, "kommunensSaksnummer") == 0 ||
	    strcmp(name, "saksnummer") == 0) {
		model_case(s->m, 0, "case_number", s->year, s->seq, name, 950);
		s->year[0] = s->seq[0] = '\0';
	}
	if (!leaf || *text == '\0')
		return;
	if (strcmp(name, "saksaar") == 0)
		text_copy(s->year, sizeof(s->year), text);
	else if (strcmp(name, "sakssekvensnummer") == 0)
		text_copy(s->seq, sizeof(s->seq), text);
	else if (xml_at(x, "avsender/organisasjonsnummer") ||
		 xml_at(x, "innsender/organisasjonsnummer") ||
		 xml_at(x, "ansvarligSoeker/organisasjonsnummer"))
		model_orgnr(s->m, 0, text, xml_path(x));
	for (i = 0; i < sizeof(form_rows) / sizeof(form_rows[0]); i++) {
		if (!xml_at(x, form_rows[i].at))
			continue;
		(void)snprintf(key, sizeof(key), "%s%.380s",
		    strcmp(form_rows[i].field, "external_key") == 0 ? "skjema:"
								    : "",
		    text);
		model_fact(s->m, 0, form_rows[i].field, key, form_rows[i].at,
		    form_rows[i].confidence);
		return;
	}
}

const struct xml_kind kind_form = {.ev = {.begin = form_begin, .end = form_end},
    .open = open_simple,
    .close = close_simple};
