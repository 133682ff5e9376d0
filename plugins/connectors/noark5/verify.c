/* What the target holds of a post, and whether that is what was sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "n5.h"

#define RECEIPT_ROOM 1200 /* bytes kept free behind the list of documents */

static int
list_posts(struct sluse_session *s, const char *filter, json_t **ret,
    struct sluse_why *why)
{
	char *href = n5_href(s->sakarkiv, N5_SAK "journalpost/");
	int v = n5_list(s, href, "journalpost", filter, 3, ret, why);

	free(href);
	return v;
}

int
n5_find_post(struct sluse_session *s, const char *own_key, json_t **ret,
    struct sluse_why *why)
{
	const char *field = n5_config(s, "own_key_field", N5_OWN_KEY);
	char *filter = n5_equals(field, own_key);
	json_t *rows = NULL;
	int v = list_posts(s, filter, &rows, why);

	free(filter);
	*ret = NULL;
	if (v == 0 && json_array_size(rows) > 1)
		v = n5_why(why, SLUSE_HOLD, "target_mismatch",
		    "the target has several posts with our key");
	if (v == 0)
		*ret = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return v;
}

static int
children(struct sluse_session *s, const json_t *parent, const char *name,
    json_t **ret, struct sluse_why *why)
{
	char *rel = n5_printf(N5_STRUCT "%s/", name);
	char *href = n5_href(parent, rel);
	int v = n5_list(s, href, name, NULL, 2000, ret, why);

	free(rel);
	free(href);
	return v;
}

int
n5_documents(struct sluse_session *s, const json_t *jp, json_t **ret,
    struct sluse_why *why)
{
	return children(s, jp, "dokumentbeskrivelse", ret, why);
}

int
n5_objects(struct sluse_session *s, const json_t *document, json_t **ret,
    struct sluse_why *why)
{
	return children(s, document, "dokumentobjekt", ret, why);
}

static int
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

json_t *
n5_match_document(json_t *docs, const char *own_key, int64_t nr)
{
	char *key = n5_printf("%s/%lld", own_key, (long long)nr);
	json_t *d, *hit = NULL;
	size_t i;

	json_array_foreach(docs, i, d)
	{
		if (hit == NULL && same(n5_text(d, "eksternReferanse"), key))
			hit = d;
	}
	free(key);
	return hit;
}

json_t *
n5_match_object(json_t *objects, const json_t *r)
{
	json_t *o;
	size_t i;

	json_array_foreach(objects, i, o)
	{
		if (same(n5_code(o, "variantformat"), n5_text(r, "variant")) &&
		    same(n5_text(o, "sjekksum"), n5_text(r, "sha256")) &&
		    n5_number(o, "filstoerrelse") == n5_number(r, "storrelse"))
			return o;
	}
	return NULL;
}

static int
verify_file(struct sluse_session *s, json_t *objects, const json_t *r,
    int64_t nr, json_t *files, struct sluse_why *why)
{
	int bytes = strcmp(n5_config(s, "read_back", "metadata"), "bytes") == 0;
	const json_t *o = n5_match_object(objects, r);
	int there = 0, v = o != NULL ? n5_has_file(s, o, &there, why) : 0;

	if (v == 0 && !there)
		v = n5_why(why, SLUSE_NOT_FOUND, "target_mismatch",
		    "a file of document %lld is not there", (long long)nr);
	if (v == 0 && bytes)
		v = n5_compare_file(s, o, r, why);
	if (v == 0)
		(void)json_array_append_new(files,
		    json_pack("{s:s?, s:s, s:I}", "id", n5_text(o, "systemID"),
			"sha256", n5_text(o, "sjekksum"), "size",
			(json_int_t)n5_number(o, "filstoerrelse")));
	return v;
}

/* One document of the post against the target's list. */
static int
verify_document(struct sluse_session *s, const struct sluse_post *p,
    const json_t *d, json_t *docs, int changed_ok, json_t *files,
    struct sluse_why *why)
{
	int64_t nr = n5_number(d, "nummer");
	json_t *have = n5_match_document(docs, p->own_key, nr), *objs = NULL;
	const json_t *r;
	size_t i;
	int v;

	if (have == NULL)
		return n5_why(why, SLUSE_NOT_FOUND, "target_mismatch",
		    "document %lld is not there", (long long)nr);
	if (!changed_ok && !same(n5_text(have, "tittel"), n5_text(d, "tittel")))
		return n5_why(why, SLUSE_HOLD, "target_mismatch",
		    "document %lld has another title", (long long)nr);
	v = n5_objects(s, have, &objs, why);
	json_array_foreach(json_object_get(d, "renditions"), i, r)
	{
		if (v == 0)
			v = verify_file(s, objs, r, nr, files, why);
	}
	json_decref(objs);
	return v;
}

/* "2026/211" of "2026/211-8". */
static char *
case_of(const char *number)
{
	const char *dash = number != NULL ? strrchr(number, '-') : NULL;

	return dash != NULL ? strndup(number, (size_t)(dash - number)) : NULL;
}

/* As many files as fit; the rest is counted. */
static int
write_receipt(const json_t *jp, json_t *files, const char *list, char *out,
    size_t size, struct sluse_why *why)
{
	const char *number = n5_text(jp, "registreringsID");
	char *url = n5_href(jp, "self"), *sak = case_of(number), *text;
	json_t *o = json_pack("{s:s?, s:s?, s:s?, s:I, s:I, s:s?, s:s?}", "id",
	    n5_text(jp, "systemID"), "number", number, "case", sak,
	    "journalaar", (json_int_t)n5_number(jp, "journalaar"),
	    "journalsekvensnummer",
	    (json_int_t)n5_number(jp, "journalsekvensnummer"), "url", url,
	    "status", n5_code(jp, "journalstatus"));
	size_t left_out = 0,
	       room = size > RECEIPT_ROOM ? size - RECEIPT_ROOM : 0;
	int ok;

	while (json_array_size(files) * 150 > room) {
		left_out++;
		(void)json_array_remove(files, json_array_size(files) - 1);
	}
	(void)json_object_set(o, list, files);
	if (left_out > 0)
		(void)json_object_set_new(
		    o, "leftOut", json_integer((json_int_t)left_out));
	text = json_dumps(o, JSON_COMPACT);
	ok = text != NULL && strlen(text) < size;
	if (ok)
		memcpy(out, text, strlen(text) + 1);
	free(text);
	free(url);
	free(sak);
	json_decref(o);
	return ok ? 0
		  : n5_why(why, SLUSE_LATER, "target_error",
			"the receipt does not fit");
}

static int
compare_post(const json_t *jp, const json_t *post, struct sluse_why *why)
{
	if (!same(n5_text(jp, "tittel"), n5_text(post, "tittel")))
		return n5_why(why, SLUSE_HOLD, "target_mismatch",
		    "the post has another title");
	if (!same(n5_code(jp, "journalstatus"), "M"))
		return n5_why(why, SLUSE_HOLD, "target_mismatch",
		    "the post has another status than M");
	return 0;
}

int
n5_verify(struct sluse_session *s, const struct sluse_post *p,
    const json_t *post, const char *jp_href, int changed_ok, char *receipt,
    size_t size, struct sluse_why *why)
{
	json_t *jp = NULL, *docs = NULL, *files = json_array();
	const json_t *d;
	size_t i;
	int v = n5_get(s, jp_href, "journalpost", &jp, why);

	if (v == 0 && !changed_ok)
		v = compare_post(jp, post, why);
	if (v == 0)
		v = n5_documents(s, jp, &docs, why);
	json_array_foreach(json_object_get(post, "dokumenter"), i, d)
	{
		if (v == 0)
			v = verify_document(
			    s, p, d, docs, changed_ok, files, why);
	}
	if (v == 0)
		v = write_receipt(jp, files, "documents", receipt, size, why);
	json_decref(jp);
	json_decref(docs);
	json_decref(files);
	return v;
}

/* Every file of the post, whatever it is. */
static int
all_files(struct sluse_session *s, const json_t *jp, json_t *files,
    struct sluse_why *why)
{
	json_t *docs = NULL, *objs = NULL;
	const json_t *d, *o;
	size_t i, k;
	int v = n5_documents(s, jp, &docs, why), there;

	json_array_foreach(docs, i, d)
	{
		if (v == 0)
			v = n5_objects(s, d, &objs, why);
		json_array_foreach(objs, k, o)
		{
			there = 0;
			if (v == 0)
				v = n5_has_file(s, o, &there, why);
			if (v == 0 && there)
				(void)json_array_append_new(
				    files, json_pack("{s:s?, s:I}", "sha256",
					       n5_text(o, "sjekksum"), "size",
					       (json_int_t)n5_number(
						   o, "filstoerrelse")));
		}
		json_decref(objs);
		objs = NULL;
	}
	json_decref(docs);
	return v;
}

int
n5_read_back(struct sluse_session *s, const char *receipt_in, char *receipt,
    size_t size, struct sluse_why *why)
{
	json_t *in = json_loads(receipt_in, 0, NULL), *rows = NULL;
	json_t *files = json_array();
	const char *id = n5_text(in, "id");
	char *filter = id != NULL ? n5_equals("systemID", id) : NULL;
	int v = n5_ready(s, why);

	if (v == 0 && filter == NULL)
		v = n5_why(why, SLUSE_REFUSED, "target_refused",
		    "the receipt has no id");
	if (v == 0)
		v = list_posts(s, filter, &rows, why);
	if (v == 0 && json_array_size(rows) != 1)
		v = n5_why(why, SLUSE_NOT_FOUND, "target_mismatch",
		    "the target does not have it");
	if (v == 0)
		v = all_files(s, json_array_get(rows, 0), files, why);
	if (v == 0)
		v = write_receipt(json_array_get(rows, 0), files, "files",
		    receipt, size, why);
	free(filter);
	json_decref(in);
	json_decref(rows);
	json_decref(files);
	return v == 0 ? SLUSE_DELIVERED : v;
}
