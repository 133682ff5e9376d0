/*
 * Delivering a post in steps.
 *
 * INVARIANT: nothing is made twice. In a first try nothing can be there. In a
 * later one the journalpost is searched by own key, its children are listed,
 * and only what is missing is made; finished steps only add that what they
 * name must be there.
 *
 * Steps have one order, so what an earlier try may have left under way is the
 * first one that is not finished, and no other. Who is to ask only (`ask`)
 * makes nothing before that one is there. A file may go again: a dokumentobjekt
 * takes one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "n5.h"

struct job {
	struct sluse_session *s;
	const struct sluse_post *p;
	struct sluse_why *why;
	json_t *post;
	json_t *jp; /* journalpost */
	int asked; /* find() has just looked for it */
	int old; /* it was made in an earlier try */
	int settled; /* nothing of an earlier try is under way any more */
	int made; /* something was made in this one */
	json_t *parts, *remarks, *docs; /* what is there, if old */
};

/* What a finished step left; NULL if it is not finished. */
static const char *
step_key(const struct sluse_post *p, const char *step)
{
	size_t i;

	for (i = 0; i < p->steps_count; i++)
		if (strcmp(p->steps[i].step, step) == 0)
			return p->steps[i].key;
	return NULL;
}

static const char *
key_of(const struct job *j, const char *step)
{
	return step_key(j->p, step);
}

static int
done(const struct job *j, const char *step)
{
	return key_of(j, step) != NULL;
}

static int
checkpoint(struct job *j, const char *step, const char *key)
{
	if (done(j, step))
		return 0;
	if (j->s->h->checkpoint(j->s->h->host, step, key) == 0 &&
	    !j->s->h->cancelled(j->s->h->host)) {
		j->settled = 1;
		return 0;
	}
	return n5_why(j->why, SLUSE_LATER, "target_unknown", "stopped");
}

static int
gone(struct job *j, const char *what)
{
	return n5_why(j->why, SLUSE_HOLD, "target_mismatch",
	    "%s was made earlier and is gone from the target", what);
}

/* Makes one child of parent. */
static int
make(struct job *j, const json_t *parent, const char *rel, const char *what,
    json_t *body, json_t **ret)
{
	char *href;
	int v;

	if (!j->settled)
		return n5_why(j->why, SLUSE_NOT_FOUND, "target_unknown",
		    "%s: not there so far", what);
	href = n5_href(parent, rel);
	j->made = 1;
	v = n5_post(j->s, href, what, body, ret, j->why);
	free(href);
	return v;
}

/* -- the journalpost
 * ------------------------------------------------------------ */

/* A search may lag behind what is there: the link of the finished step. */
static int
look_by_link(struct job *j)
{
	const char *href = key_of(j, "journalpost");
	int v;

	if (href == NULL || strncmp(href, "http", 4) != 0)
		return 0;
	v = n5_get(j->s, href, "journalpost", &j->jp, j->why);
	if (j->why->http_status != 404 && j->why->http_status != 410)
		return v;
	memset(j->why, 0, sizeof(*j->why));
	return 0;
}

/* Made earlier? Sets jp and old. */
static int
look_for_post(struct job *j)
{
	int v = 0;

	if (!j->asked &&
	    (j->p->attempt > 1 || j->p->uncertain || j->p->steps_count > 0))
		v = n5_find_post(j->s, j->p->own_key, &j->jp, j->why);
	if (v == 0 && j->jp == NULL)
		v = look_by_link(j);
	j->old = j->jp != NULL;
	if (v == 0 && j->jp == NULL && done(j, "journalpost"))
		v = gone(j, "the journalpost");
	return v;
}

/* 403 on making a post: is it the case that has been closed meanwhile? */
static int
closed_meanwhile(struct job *j, const json_t *sak)
{
	struct sluse_why why = {0};
	char *self = n5_href(sak, "self");
	json_t *now = NULL;
	int closed;

	if (self != NULL)
		(void)n5_get(j->s, self, "saksmappe", &now, &why);
	closed = now != NULL && n5_case_is_closed(j->s, now);
	free(self);
	json_decref(now);
	return closed;
}

static int
make_post(struct job *j)
{
	json_t *sak = NULL, *body;
	int v = n5_case_of(j->s, j->p, j->post, &sak, j->why);

	if (v != 0)
		return v;
	/* Its new case was what may have been under way. */
	if (json_object_get(j->post, "nySak") != NULL && !done(j, "saksmappe"))
		j->settled = 1;
	body = n5_body_journalpost(j->s, j->post);
	v = make(j, sak, N5_SAK "ny-journalpost/", "journalpost", body, &j->jp);
	if (v == SLUSE_REFUSED && j->why->http_status == 403 &&
	    closed_meanwhile(j, sak))
		v = n5_why(j->why, SLUSE_HOLD, "case_closed",
		    "the case has been closed");
	json_decref(body);
	json_decref(sak);
	return v;
}

static int
children_if_old(struct job *j)
{
	char *href;
	int v;

	if (!j->old)
		return 0;
	href = n5_href(j->jp, N5_STRUCT "korrespondansepart/");
	v = n5_list(
	    j->s, href, "korrespondansepart", NULL, 2000, &j->parts, j->why);
	free(href);
	href = n5_href(j->jp, N5_STRUCT "merknad/");
	if (v == 0)
		v = n5_list(
		    j->s, href, "merknad", NULL, 2000, &j->remarks, j->why);
	free(href);
	if (v == 0)
		v = n5_documents(j->s, j->jp, &j->docs, j->why);
	return v;
}

static const char *
access_of(const json_t *jp)
{
	return n5_code(json_object_get(jp, "skjerming"), "tilgangsrestriksjon");
}

static int
text_is(const json_t *o, const char *name, const char *value)
{
	const char *t = n5_text(o, name);

	return t != NULL && value != NULL && strcmp(t, value) == 0;
}

/* The post as arkivstruktur shows it: Nikita 0.6 leaves skjerming out in
 * sakarkiv alone. A core that does not hear the filter shows others' too. *ret
 * NULL: not this one, or not it alone. */
static int
as_registrering(struct job *j, json_t **ret)
{
	const char *id = n5_text(j->jp, "systemID");
	char *href = n5_href(j->s->structure, N5_STRUCT "registrering/");
	char *filter = n5_equals("systemID", id != NULL ? id : "");
	json_t *rows = NULL;
	int v = 0;

	*ret = NULL;
	if (href != NULL)
		v = n5_list(
		    j->s, href, "registrering", filter, 2, &rows, j->why);
	if (id != NULL && json_array_size(rows) == 1 &&
	    text_is(json_array_get(rows, 0), "systemID", id))
		*ret = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	free(filter);
	free(href);
	return v;
}

/* Names and documents follow only what keeps the access code. One that a
 * person has changed since is as good, as long as there is one. */
static int
keeps_access(struct job *j)
{
	const char *wanted = n5_text(j->post, "tilgangskode"), *have;
	size_t n = json_array_size(json_object_get(j->post, "dokumenter"));
	json_t *now = NULL;
	char *self;
	int v = 0, good;

	if (wanted == NULL || (j->old && json_array_size(j->docs) >= n))
		return 0;
	if (access_of(j->jp) == NULL) {
		self = n5_href(j->jp, "self");
		v = n5_get(j->s, self, "journalpost", &now, j->why);
		free(self);
	}
	if (v == 0 && access_of(now != NULL ? now : j->jp) == NULL) {
		json_decref(now);
		v = as_registrering(j, &now);
	}
	have = access_of(now != NULL ? now : j->jp);
	good = have != NULL && (j->old || strcmp(have, wanted) == 0);
	json_decref(now);
	if (v != 0 || good)
		return v;
	return n5_why(j->why, SLUSE_HOLD, "target_mismatch",
	    "the target does not show the access code of the post");
}

static int
step_post(struct job *j)
{
	char *self;
	int v = look_for_post(j);

	if (v == 0 && j->jp == NULL)
		v = make_post(j);
	if (v != 0)
		return v;
	self = n5_href(j->jp, "self");
	v = checkpoint(j, "journalpost",
	    self != NULL && strlen(self) <= 1024 ? self
						 : n5_text(j->jp, "systemID"));
	free(self);
	if (v == 0)
		v = children_if_old(j);
	return v != 0 ? v : keeps_access(j);
}

/* -- correspondents and remarks
 * --------------------------------------------------- */

/* Takes the first row of rows that fits out of it, so that two equal ones of
 * the post need two in the target. */
static int
take_part(json_t *rows, const json_t *body)
{
	const char *code = n5_code(body, "korrespondanseparttype");
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *have = n5_code(row, "korrespondanseparttype");

		if (have != NULL && code != NULL && strcmp(have, code) == 0 &&
		    (text_is(row, "navn", n5_text(body, "navn")) ||
			text_is(row, "administrativEnhet",
			    n5_text(body, "administrativEnhet"))))
			return json_array_remove(rows, i) == 0;
	}
	return 0;
}

static int
take_remark(json_t *rows, const char *text)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (text_is(row, "merknadstekst", text))
			return json_array_remove(rows, i) == 0;
	}
	return 0;
}

static int
step_part(struct job *j, size_t nr, const json_t *part)
{
	const char *rel = NULL;
	json_t *body = n5_body_part(j->s, part, &rel), *made = NULL;
	char step[64];
	int v = 0;

	(void)snprintf(step, sizeof(step), "korrespondansepart %zu", nr);
	/* A person may have corrected a finished one since: leave it. */
	if (!take_part(j->parts, body) && !done(j, step))
		v = make(j, j->jp, rel, "korrespondansepart", body, &made);
	if (v == 0)
		v = checkpoint(j, step, n5_text(made, "systemID"));
	json_decref(made);
	json_decref(body);
	return v;
}

static int
step_remark(struct job *j, size_t nr, const char *text)
{
	json_t *body = n5_body_remark(j->s, text), *made = NULL;
	char step[64];
	int v = 0;

	(void)snprintf(step, sizeof(step), "merknad %zu", nr);
	if (!take_remark(j->remarks, text) && !done(j, step))
		v = make(
		    j, j->jp, N5_STRUCT "ny-merknad/", "merknad", body, &made);
	if (v == 0)
		v = checkpoint(j, step, n5_text(made, "systemID"));
	json_decref(made);
	json_decref(body);
	return v;
}

static int
step_parts(struct job *j)
{
	json_t *all = n5_parts_of(j->post, j->jp);
	const json_t *part;
	size_t i;
	int v = 0;

	json_array_foreach(all, i, part)
	{
		if (v == 0)
			v = step_part(j, i + 1, part);
	}
	json_decref(all);
	return v;
}

static int
step_remarks(struct job *j)
{
	json_t *all = n5_remarks_of(j->s, j->post, j->jp);
	const json_t *text;
	size_t i;
	int v = 0;

	json_array_foreach(all, i, text)
	{
		if (v == 0)
			v = step_remark(j, i + 1, json_string_value(text));
	}
	json_decref(all);
	return v;
}

/* -- documents
 * ----------------------------------------------------------------------- */

/* A file is refused: perhaps somebody, or we, was there before. Look once. */
static int
file_there_after_all(struct job *j, const json_t *object)
{
	struct sluse_why why = {0};
	char *self = n5_href(object, "self");
	json_t *now = NULL;
	int there = 0;

	if (self != NULL)
		(void)n5_get(j->s, self, "dokumentobjekt", &now, &why);
	if (now != NULL)
		(void)n5_has_file(j->s, now, &there, &why);
	free(self);
	json_decref(now);
	return there;
}

static int
send_file(struct job *j, const json_t *object, const json_t *r)
{
	int v = n5_send_file(j->s, object, r, j->why);

	j->made = 1;
	if (v != SLUSE_REFUSED || j->why->http_status == 0 ||
	    !file_there_after_all(j, object))
		return v;
	memset(j->why, 0, sizeof(*j->why));
	return 0;
}

/* fresh: the object was made a moment ago. */
static int
step_file(struct job *j, const json_t *object, int fresh, const json_t *r,
    const char *step)
{
	int there = 0,
	    v = fresh ? 0 : n5_has_file(j->s, object, &there, j->why);

	if (v == 0 && !there && done(j, step))
		return gone(j, "a file");
	if (v == 0 && !there)
		v = send_file(j, object, r);
	return v == 0 ? checkpoint(j, step, n5_text(object, "systemID")) : v;
}

/* The list of formats is the target's own; one that it lacks may be refused
 * (nothing is made then), and the core finds out for itself. */
static int
make_object(struct job *j, const json_t *document, json_t *body, json_t **ret)
{
	char *format = strdup(n5_code(body, "format"));
	int unknown = 0, status, v;

	v = make(j, document, N5_STRUCT "ny-dokumentobjekt/", "dokumentobjekt",
	    body, ret);
	status = j->why->http_status;
	if (v == SLUSE_REFUSED && format != NULL &&
	    (status == 400 || status == 404 || status == 422)) {
		struct sluse_why why = {0};

		(void)n5_format_is_unknown(j->s, format, &unknown, &why);
	}
	if (unknown) {
		memset(j->why, 0, sizeof(*j->why));
		n5_leave_format_out(body);
		v = make(j, document, N5_STRUCT "ny-dokumentobjekt/",
		    "dokumentobjekt", body, ret);
	}
	free(format);
	return v;
}

/* Renditions of the same variant before number i. */
static int
versions_before(const json_t *renditions, size_t i)
{
	const char *variant = n5_text(json_array_get(renditions, i), "variant");
	size_t k;
	int n = 0;

	for (k = 0; k < i; k++)
		n += text_is(json_array_get(renditions, k), "variant", variant);
	return n;
}

static int
step_rendition(struct job *j, int64_t nr, const json_t *document,
    json_t *objects, const json_t *renditions, size_t i)
{
	const json_t *r = json_array_get(renditions, i);
	json_t *object = json_incref(n5_match_object(objects, r)), *body;
	char step[64];
	int v = 0, fresh = object == NULL;

	(void)snprintf(step, sizeof(step), "dokumentobjekt %lld %zu",
	    (long long)nr, i + 1);
	if (object == NULL && done(j, step))
		return gone(j, "a dokumentobjekt");
	if (object == NULL) {
		body = n5_body_object(r, versions_before(renditions, i));
		v = make_object(j, document, body, &object);
		json_decref(body);
	}
	if (v == 0)
		v = checkpoint(j, step, n5_text(object, "systemID"));
	(void)snprintf(
	    step, sizeof(step), "fil %lld %zu", (long long)nr, i + 1);
	if (v == 0)
		v = step_file(j, object, fresh, r, step);
	json_decref(object);
	return v;
}

static int
step_document(struct job *j, const json_t *d)
{
	int64_t nr = n5_number(d, "nummer");
	const json_t *renditions = json_object_get(d, "renditions");
	json_t *doc = NULL, *objects = NULL, *body;
	char step[64];
	size_t i;
	int v = 0;

	(void)snprintf(
	    step, sizeof(step), "dokumentbeskrivelse %lld", (long long)nr);
	doc = json_incref(n5_match_document(j->docs, j->p->own_key, nr));
	if (doc == NULL && done(j, step))
		return gone(j, "a dokumentbeskrivelse");
	if (doc != NULL) {
		v = n5_objects(j->s, doc, &objects, j->why);
	} else {
		v = n5_document_codes(j->s, j->why);
	}
	if (v == 0 && doc == NULL) {
		body = n5_body_document(j->s, j->post, d, j->p->own_key);
		v = make(j, j->jp, N5_STRUCT "ny-dokumentbeskrivelse/",
		    "dokumentbeskrivelse", body, &doc);
		json_decref(body);
	}
	if (v == 0)
		v = checkpoint(j, step, n5_text(doc, "systemID"));
	for (i = 0; v == 0 && i < json_array_size(renditions); i++)
		v = step_rendition(j, nr, doc, objects, renditions, i);
	json_decref(doc);
	json_decref(objects);
	return v;
}

static int
step_documents(struct job *j)
{
	const json_t *d;
	size_t i;
	int v = 0;

	json_array_foreach(json_object_get(j->post, "dokumenter"), i, d)
	{
		if (v == 0)
			v = step_document(j, d);
	}
	return v;
}

/* -- the whole
 * ---------------------------------------------------------------------- */

static int
step_verify(struct job *j, char *receipt, size_t size)
{
	char *self = n5_href(j->jp, "self");
	int v =
	    n5_verify(j->s, j->p, j->post, self, j->old, receipt, size, j->why);

	free(self);
	if (v == SLUSE_NOT_FOUND) /* just made, or just seen, and gone */
		v = SLUSE_HOLD;
	if (v == 0)
		v = checkpoint(j, "verified", n5_text(j->jp, "systemID"));
	return v;
}

/* The parts of the schema that this connector relies on. */
static int
load_post(const struct sluse_post *p, json_t **ret, struct sluse_why *why)
{
	const json_t *d, *r;
	size_t i, k;
	int bad;

	*ret = json_loads(p->json, JSON_REJECT_DUPLICATES, NULL);
	bad = n5_text(*ret, "tittel") == NULL ||
	      n5_text(*ret, "journalposttype") == NULL ||
	      n5_text(*ret, "mottattDato") == NULL ||
	      !text_is(*ret, "ownKey", p->own_key) ||
	      json_array_size(json_object_get(*ret, "dokumenter")) == 0;
	json_array_foreach(json_object_get(*ret, "dokumenter"), i, d)
	{
		bad |= n5_text(d, "tittel") == NULL ||
		       n5_text(d, "rolle") == NULL ||
		       n5_number(d, "nummer") < 1;
		json_array_foreach(json_object_get(d, "renditions"), k, r)
		{
			bad |= n5_text(r, "variant") == NULL ||
			       n5_text(r, "format") == NULL ||
			       n5_text(r, "mimeType") == NULL ||
			       n5_text(r, "sha256") == NULL;
		}
	}
	if (!bad)
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return n5_why(why, SLUSE_REFUSED, "target_refused",
	    "the prepared post is not in order");
}

/* What find() has learnt is good for the very next call and no longer. */
static void
take_found(struct job *j)
{
	struct sluse_session *s = j->s;

	j->asked = strcmp(s->found_key, j->p->own_key) == 0 &&
		   s->found_attempt == j->p->attempt;
	if (j->asked)
		j->jp = s->found;
	else
		json_decref(s->found);
	s->found = NULL;
	s->found_key[0] = '\0';
}

int
n5_deliver(struct sluse_session *s, const struct sluse_post *p, char *receipt,
    size_t size, struct sluse_why *why)
{
	struct job j = {.s = s, .p = p, .why = why, .settled = !p->ask};
	int v = load_post(p, &j.post, why);

	take_found(&j);
	if (v == 0)
		v = n5_ready(s, why);
	if (v == 0)
		v = n5_types(s, j.post, why);
	if (v == 0)
		v = step_post(&j);
	if (v == 0)
		v = step_parts(&j);
	if (v == 0)
		v = step_documents(&j);
	if (v == 0)
		v = step_remarks(&j);
	if (v == 0)
		v = step_verify(&j, receipt, size);
	json_decref(j.post);
	json_decref(j.jp);
	json_decref(j.parts);
	json_decref(j.remarks);
	json_decref(j.docs);
	if (v != 0)
		return v;
	return j.made ? SLUSE_DELIVERED : SLUSE_ALREADY;
}

/* At least as many rows below the journalpost as the post has. */
static int
has_rows(struct sluse_session *s, const json_t *jp, const char *rel,
    json_t *wanted, int *ret, struct sluse_why *why)
{
	char *href = n5_href(jp, rel);
	json_t *rows = NULL;
	int v = n5_list(s, href, "children", NULL, 2000, &rows, why);

	*ret = *ret && json_array_size(rows) >= json_array_size(wanted);
	free(href);
	json_decref(rows);
	json_decref(wanted);
	return v;
}

/* ALREADY only for the whole of it: half of a post is for deliver() to finish,
 * which is told what was found. */
int
n5_find(struct sluse_session *s, const struct sluse_post *p, char *receipt,
    size_t size, struct sluse_why *why)
{
	json_t *post = NULL, *jp = NULL, *sak = NULL;
	char *self = NULL;
	int v = load_post(p, &post, why), whole = 1, made;

	if (v == 0)
		v = n5_ready(s, why);
	if (v == 0)
		v = n5_types(s, post, why);
	if (v == 0)
		v = n5_find_post(s, p->own_key, &jp, why);
	if (v == 0) {
		(void)snprintf(
		    s->found_key, sizeof(s->found_key), "%s", p->own_key);
		s->found_attempt = p->attempt;
		json_decref(s->found);
		s->found = json_incref(jp);
		self = n5_href(jp, "self");
		v = jp == NULL
			? SLUSE_NOT_FOUND
			: n5_verify(s, p, post, self, 1, receipt, size, why);
	}
	if (v == 0)
		v = has_rows(s, jp, N5_STRUCT "korrespondansepart/",
		    n5_parts_of(post, jp), &whole, why);
	if (v == 0)
		v = has_rows(s, jp, N5_STRUCT "merknad/",
		    n5_remarks_of(s, post, jp), &whole, why);
	free(self);
	if (v == 0 && !whole)
		v = SLUSE_NOT_FOUND;
	/* Half of it is there, also where a search lags behind its step; or its
	 * new case may be. */
	made = jp != NULL || step_key(p, "journalpost") != NULL;
	if (v == SLUSE_NOT_FOUND && !made &&
	    json_object_get(post, "nySak") != NULL &&
	    step_key(p, "saksmappe") == NULL) {
		v = n5_find_new_case(s, p->own_key, &sak, why);
		made = sak != NULL;
		json_decref(sak);
		v = v == 0 ? SLUSE_NOT_FOUND : v;
	}
	if (v == SLUSE_NOT_FOUND && made)
		(void)snprintf(
		    why->reason, sizeof(why->reason), "partly_there");
	if (v == SLUSE_NOT_FOUND)
		why->uncertain = made || (p->uncertain && json_object_get(post,
							      "nySak") != NULL);
	json_decref(jp);
	json_decref(post);
	return v == 0 ? SLUSE_ALREADY : v;
}
