/*
 * Connector noark5: Noark 5 tjenestegrensesnitt 1.1. Private to this plugin.
 *
 * Only base_url is known beforehand; all else is reached by relations. Every
 * function that talks to the target returns 0 or an enum sluse_verdict with
 * *why filled.
 */
#ifndef N5_H
#define N5_H

#include <jansson.h>
#include <stdint.h>

#include "../../connector.h"

#define N5_REL "https://rel.arkivverket.no/noark5/v5/api/"
#define N5_SAK N5_REL "sakarkiv/"
#define N5_STRUCT N5_REL "arkivstruktur/"
#define N5_META N5_REL "metadata/"
#define N5_OWN_KEY "vnd-sluse-v1:noekkel"
#define N5_JSON "application/vnd.noark5+json"
#define N5_BULK_DEFAULT 157286400 /* chapter 6: if bulkgrense is not said */
#define N5_LIST_MAX 20000 /* rows of one list */
#define N5_TOKEN_MAX 8192

/* Whose fault a refusal is: the login's, this post's, or neither's. */
enum n5_scope { N5_LOOK, N5_MAKE };

struct sluse_session {
	const struct sluse_connector_host *h;
	char token[N5_TOKEN_MAX];
	int64_t token_until_ms; /* 0 = no end told */
	json_t *root, *sakarkiv, *structure, *metadata;
	json_t *codes; /* name of a code list -> its rows, as far as loaded */
	int64_t bulk; /* bytes; -1 = not asked yet, 0 = no limit */
	/* What find() has just learnt for the deliver() that follows. */
	char found_key[64];
	int found_attempt; /* in which it was learnt: none later may use it */
	json_t *found; /* journalpost, or NULL: not there */
	/* Of the last answer. */
	size_t answer_bytes;
	int answer_over; /* it was larger than allowed */
};

struct n5_rows {
	size_t n; /* so far */
	int64_t least; /* there must be, as the list said before asked anew */
};

struct n5_request {
	enum n5_scope scope;
	const char *method, *url;
	const char *what; /* for people: "journalpost" */
	const char *accept, *content_type; /* NULL = JSON; "" = none */
	const char *body;
	size_t body_length;
	struct sluse_file *file;
	struct sluse_sink *sink;
	struct sluse_http_header more[2]; /* unused ones have no name */
	size_t answer_max;
	int makes_nothing; /* though it is a POST */
};

/* -- session.c ------------------------------------------------------------- */

/* Key of the configuration, or what to take if it is not set. */
const char *n5_config(
    struct sluse_session *s, const char *key, const char * or);
int n5_config_yes(struct sluse_session *s, const char *key);
/* Fills *why, returns verdict. */
int n5_why(struct sluse_why *why, int verdict, const char *reason,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Logs in if that is to be, and reads the pages that lead on. */
int n5_ready(struct sluse_session *s, struct sluse_why *why);
/* Forgets pages and token: the next call starts from the root. */
void n5_forget(struct sluse_session *s);
/* 0 for 2xx. A 401 is answered by one fresh login. */
int n5_call(struct sluse_session *s, const struct n5_request *rq,
    struct sluse_http_answer *ret, struct sluse_why *why);
/* GET of a JSON object; *ret is the caller's. */
int n5_get(struct sluse_session *s, const char *url, const char *what,
    json_t **ret, struct sluse_why *why);
/* The same of what need not be there: 404 is an answer, and nothing else is
 * looked for because of it. */
int n5_get_or_none(struct sluse_session *s, const char *url, const char *what,
    json_t **ret, struct sluse_why *why);
/* POST of a JSON object (borrowed); *ret, the new object, is the caller's. */
int n5_post(struct sluse_session *s, const char *url, const char *what,
    json_t *body, json_t **ret, struct sluse_why *why);
/* Rows of a list, all pages, at most max; filter NULL = all. */
int n5_list(struct sluse_session *s, const char *url, const char *what,
    const char *filter, size_t max, json_t **ret, struct sluse_why *why);
/* The same where nothing is concluded from what is not in it. */
int n5_list_some(struct sluse_session *s, const char *url, const char *what,
    size_t max, json_t **ret, struct sluse_why *why);
/* Where a list goes on; NULL after its last page, also where the link cannot be
 * one. The caller frees. */
char *n5_next(const json_t *page);
/* What to ask instead of url where its first page is cut off: cores there are
 * that go on only with lists that are filtered. NULL: it is not. The caller
 * frees. */
char *n5_anew(const json_t *page, const char *url, struct n5_rows *rows);
/* LATER for a page that is no list, or a last page after which rows lack. */
int n5_is_list(const json_t *page, const char *what, struct sluse_why *why);
int n5_is_whole(const json_t *page, const struct n5_rows *rows,
    const char *what, struct sluse_why *why);
/* Bytes above which a file goes in pieces; 0 = no limit. */
int n5_bulk(struct sluse_session *s, int64_t *ret, struct sluse_why *why);

/* -- json.c ---------------------------------------------------------------- */

/* Member as text, or NULL / or its "kode", or NULL. Borrowed. */
const char *n5_text(const json_t *o, const char *name);
const char *n5_code(const json_t *o, const char *name);
int64_t n5_number(const json_t *o, const char *name);
/* href of a relation, a template's end cut off; the caller frees. NULL if the
 * object does not have it. */
char *n5_href(const json_t *o, const char *rel);
/* The same by the end of the relation: login mechanisms of other makers. */
char *n5_href_tail(const json_t *o, const char *tail);
/* field eq 'value', for $filter; the caller frees. */
char *n5_equals(const char *field, const char *value);
/* url with ?name=value or &name=value, value percent-encoded. */
char *n5_with_query(const char *url, const char *name, const char *value);
/* Form fields, Basic credentials; the caller wipes and frees. */
char *n5_form(const char *const *pairs);
char *n5_basic(const char *user, const char *password);
void n5_wipe_free(char *s);
char *n5_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
json_t *n5_kode(const char *code);

/* -- bodies.c: the post as Noark objects; new references ---------------------
 */

json_t *n5_body_journalpost(struct sluse_session *s, const json_t *post);
/* rel gets the relation that makes this kind of part. */
json_t *n5_body_part(
    struct sluse_session *s, const json_t *part, const char **rel);
json_t *n5_body_document(struct sluse_session *s, const json_t *post,
    const json_t *document, const char *own_key);
/* k: renditions of the same variant before it. */
json_t *n5_body_object(const json_t *rendition, int k);
json_t *n5_body_remark(struct sluse_session *s, const char *text);
/* Array of correspondents, internal recipient added from "enhet"; only those
 * that may be made below the journalpost. */
json_t *n5_parts_of(const json_t *post, const json_t *jp);
/* Array of texts: remarks, and what this target has no field for. */
json_t *n5_remarks_of(
    struct sluse_session *s, const json_t *post, const json_t *jp);
/* Sets the own key, or another field that may be a virksomhetsspesifikk one. */
void n5_put_own(json_t *o, const char *field, const char *value);
/* kode for a document type, or NULL if the target does not know it. */
const char *n5_type_of(struct sluse_session *s, const char *type);
/* Loads the target's document types if the post names any. */
int n5_types(
    struct sluse_session *s, const json_t *post, struct sluse_why *why);
/* Loads the code lists of a dokumentbeskrivelse: it is sent with names. */
int n5_document_codes(struct sluse_session *s, struct sluse_why *why);
/* *ret: the list of formats is there and lacks the code. */
int n5_format_is_unknown(
    struct sluse_session *s, const char *code, int *ret, struct sluse_why *why);
/* The code is in the object no longer; a PRONOM one as a detail of it. */
void n5_leave_format_out(json_t *object);

/* -- cases.c -----------------------------------------------------------------
 */

/* The saksmappe of the post, looked up or made; *ret is the caller's. HOLD if
 * it is unknown, closed, or may not be made. */
int n5_case_of(struct sluse_session *s, const struct sluse_post *p,
    const json_t *post, json_t **ret, struct sluse_why *why);
int n5_case_is_closed(struct sluse_session *s, const json_t *sak);
/* The new case of the post, by its own key; *ret NULL: it is not there. */
int n5_find_new_case(struct sluse_session *s, const char *own_key, json_t **ret,
    struct sluse_why *why);
int n5_create_case(struct sluse_session *s, const char *case_json,
    char *receipt, size_t receipt_size, struct sluse_why *why);

/* -- listing.c ---------------------------------------------------------------
 */

int n5_sync_cases(struct sluse_session *s, struct sluse_why *why);
/* Posts made on that day or later: asked by opprettetDato. */
int n5_list_journal(
    struct sluse_session *s, const char *since, struct sluse_why *why);

/* -- files.c ------------------------------------------------------------------
 */

/* Sends a rendition to its dokumentobjekt, whole or in pieces. */
int n5_send_file(struct sluse_session *s, const json_t *object,
    const json_t *rendition, struct sluse_why *why);
/* Whether the file has come: what the object says, or, where it says nothing,
 * whether the file can be asked for. */
int n5_has_file(struct sluse_session *s, const json_t *object, int *ret,
    struct sluse_why *why);
/* read_back = bytes: fetches it and compares. */
int n5_compare_file(struct sluse_session *s, const json_t *object,
    const json_t *rendition, struct sluse_why *why);

/* -- verify.c
 * ------------------------------------------------------------------ */

/* journalpost by own key: *ret is it or NULL; HOLD if there are several. */
int n5_find_post(struct sluse_session *s, const char *own_key, json_t **ret,
    struct sluse_why *why);
/* dokumentbeskrivelse under the journalpost. */
int n5_documents(struct sluse_session *s, const json_t *jp, json_t **ret,
    struct sluse_why *why);
/* dokumentobjekt under the document. */
int n5_objects(struct sluse_session *s, const json_t *document, json_t **ret,
    struct sluse_why *why);
/* Element of docs that is document number nr of the post, or NULL. */
json_t *n5_match_document(json_t *docs, const char *own_key, int64_t nr);
/* Element of objects with the rendition's variant, digest and size, or NULL. */
json_t *n5_match_object(json_t *objects, const json_t *rendition);
/* Reads the target's view and compares it with the post; on 0 the receipt is
 * written. changed_ok: people may have worked on it since. HOLD with
 * target_mismatch says what differs, NOT_FOUND that something is missing. */
int n5_verify(struct sluse_session *s, const struct sluse_post *p,
    const json_t *post, const char *jp_href, int changed_ok, char *receipt,
    size_t size, struct sluse_why *why);
int n5_read_back(struct sluse_session *s, const char *receipt_in, char *receipt,
    size_t size, struct sluse_why *why);

/* -- deliver.c
 * ------------------------------------------------------------------ */

int n5_find(struct sluse_session *s, const struct sluse_post *p, char *receipt,
    size_t size, struct sluse_why *why);
int n5_deliver(struct sluse_session *s, const struct sluse_post *p,
    char *receipt, size_t size, struct sluse_why *why);

#endif
