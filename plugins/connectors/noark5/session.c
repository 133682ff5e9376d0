/*
 * Login, relations, requests, and what a status means.
 *
 * SECURITY: token and password stay in this process; errors carry the target's
 * own words cut short, which the host screens.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "n5.h"

#define FEIL_MAX 120 /* bytes of the target's words in an error */
#define TOKEN_MARGIN_S 30

const char *
n5_config(struct sluse_session *s, const char *key, const char * or)
{
	const char *v = s->h->config(s->h->host, key);

	return v != NULL && v[0] != '\0' ? v : or ;
}

int
n5_config_yes(struct sluse_session *s, const char *key)
{
	const char *v = n5_config(s, key, "no");

	return strcmp(v, "yes") == 0 || strcmp(v, "true") == 0;
}

int
n5_why(struct sluse_why *why, int verdict, const char *reason, const char *fmt,
    ...)
{
	va_list ap;

	(void)snprintf(why->reason, sizeof(why->reason), "%s", reason);
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return verdict;
}

/* -- what an answer means
 * ------------------------------------------------------ */

static int
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static int
no_answer(const struct n5_request *rq, const struct sluse_http_answer *a,
    struct sluse_why *why)
{
	why->uncertain = a->uncertain;
	/* A certificate that does not verify, or a link that leads elsewhere,
	 * is no passing fault: stop and shout. */
	if (begins(a->error, "tls:") || begins(a->error, "refused:"))
		return n5_why(why, SLUSE_LOGIN, "target_down", "%s: %s",
		    rq->what, a->error);
	if (!a->sent)
		return n5_why(why, SLUSE_DOWN, "target_down", "%s: %s",
		    rq->what, a->error);
	return n5_why(why, SLUSE_LATER,
	    a->uncertain ? "target_unknown" : "target_down", "%s: %s", rq->what,
	    a->error);
}

/* The target's words: {"feil": {"beskrivelse"}}; other cores say "message", a
 * token endpoint "error". */
static void
feil_text(const struct sluse_http_answer *a, char *out, size_t size)
{
	json_t *j = json_loadb(a->body, a->body_length, 0, NULL);
	const char *t = n5_text(json_object_get(j, "feil"), "beskrivelse");

	if (t == NULL)
		t = n5_text(j, "message");
	if (t == NULL)
		t = n5_text(j, "error");

	(void)snprintf(out, size, "%s%.*s", t != NULL ? ": " : "", FEIL_MAX,
	    t != NULL ? t : "");
	json_decref(j);
}

static int
bad_status(struct sluse_session *s, const struct n5_request *rq,
    const struct sluse_http_answer *a, struct sluse_why *why)
{
	int get = strcmp(rq->method, "GET") == 0, st = a->status;
	char feil[FEIL_MAX + 8];

	why->http_status = st;
	why->retry_after_s = a->retry_after_s;
	feil_text(a, feil, sizeof(feil));
	if (st == 401 || (st == 403 && rq->scope == N5_LOOK))
		return n5_why(why, SLUSE_LOGIN, "target_login", "%s: HTTP %d%s",
		    rq->what, st, feil);
	/* A 5xx may be a proxy's: the core may have done the work, or go on
	 * with it. The standard says no more of 503 than its name. */
	if (st >= 500)
		why->uncertain = !get;
	if (st == 408 || st == 425 || st == 429 ||
	    (st == 503 && a->retry_after_s > 0))
		return n5_why(why, SLUSE_LATER, "target_busy", "%s: HTTP %d%s",
		    rq->what, st, feil);
	if (st >= 500)
		return n5_why(why, SLUSE_LATER, "target_error", "%s: HTTP %d%s",
		    rq->what, st, feil);
	if (st >= 300 && st < 400)
		return n5_why(why, SLUSE_DOWN, "target_error",
		    "%s: HTTP %d: redirects are not followed", rq->what, st);
	if (rq->scope == N5_LOOK && (st == 404 || st == 410)) {
		/* A link of an older day: begin at the root next time. */
		n5_forget(s);
		return n5_why(why, SLUSE_LATER, "target_error", "%s: HTTP %d%s",
		    rq->what, st, feil);
	}
	return n5_why(why, SLUSE_REFUSED, "target_refused", "%s: HTTP %d%s",
	    rq->what, st, feil);
}

/* -- requests
 * ------------------------------------------------------------------ */

static int
send_once(struct sluse_session *s, const struct n5_request *rq,
    struct sluse_http_answer *ret)
{
	struct sluse_http_header hd[5];
	struct sluse_http_request hr = {.size = sizeof(hr),
	    .method = rq->method,
	    .url = rq->url,
	    .headers = hd,
	    .body = rq->body,
	    .body_length = rq->body_length,
	    .file = rq->file,
	    .sink = rq->sink,
	    .answer_max = rq->answer_max,
	    .makes_nothing = rq->makes_nothing};
	const char *accept = rq->accept != NULL ? rq->accept : N5_JSON;
	char auth[N5_TOKEN_MAX + 16];
	size_t n = 0, i;
	int rc;

	hd[n++] = (struct sluse_http_header){"Accept", accept};
	if (rq->content_type != NULL && rq->content_type[0] != '\0')
		hd[n++] = (struct sluse_http_header){
		    "Content-Type", rq->content_type};
	for (i = 0; i < 2; i++)
		if (rq->more[i].name != NULL)
			hd[n++] = rq->more[i];
	if (s->token[0] != '\0') {
		(void)snprintf(auth, sizeof(auth), "Bearer %s", s->token);
		hd[n++] = (struct sluse_http_header){"Authorization", auth};
	}
	hr.headers_count = n;
	rc = s->h->http(s->h->host, &hr, ret);
	s->answer_bytes = ret->body_length;
	s->answer_over = begins(ret->error, "limit:");
	explicit_bzero(auth, sizeof(auth));
	return rc;
}

static int login(struct sluse_session *s, struct sluse_why *why);

int
n5_call(struct sluse_session *s, const struct n5_request *rq,
    struct sluse_http_answer *ret, struct sluse_why *why)
{
	int again = s->root != NULL && s->token[0] != '\0', v;

	if (send_once(s, rq, ret) != 0)
		return no_answer(rq, ret, why);
	if (ret->status == 401 && again) {
		v = login(s, why);
		if (v != 0)
			return v;
		if (send_once(s, rq, ret) != 0)
			return no_answer(rq, ret, why);
	}
	if (ret->status >= 200 && ret->status < 300)
		return 0;
	return bad_status(s, rq, ret, why);
}

static int
parse(const struct n5_request *rq, const struct sluse_http_answer *a,
    json_t **ret, struct sluse_why *why)
{
	/* A page of links may name one twice: JSON lets it (RFC 8259, 4). */
	*ret = json_loadb(a->body, a->body_length, 0, NULL);
	if (json_is_object(*ret))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	why->http_status = a->status;
	why->uncertain = strcmp(rq->method, "GET") != 0;
	return n5_why(why, SLUSE_LATER,
	    why->uncertain ? "target_unknown" : "target_error",
	    "%s: answer is not JSON", rq->what);
}

static int
get_as(struct sluse_session *s, enum n5_scope scope, const char *url,
    const char *what, const char *accept, json_t **ret, struct sluse_why *why)
{
	struct n5_request rq = {.scope = scope,
	    .method = "GET",
	    .url = url,
	    .what = what,
	    .accept = accept,
	    .answer_max = 8 << 20};
	struct sluse_http_answer a;
	int v;

	*ret = NULL;
	if (url == NULL)
		return n5_why(why, SLUSE_LOGIN, "target_login",
		    "%s: the target shows no link to it", what);
	v = n5_call(s, &rq, &a, why);
	return v != 0 ? v : parse(&rq, &a, ret, why);
}

int
n5_get(struct sluse_session *s, const char *url, const char *what, json_t **ret,
    struct sluse_why *why)
{
	return get_as(s, N5_LOOK, url, what, NULL, ret, why);
}

int
n5_get_or_none(struct sluse_session *s, const char *url, const char *what,
    json_t **ret, struct sluse_why *why)
{
	return get_as(s, N5_MAKE, url, what, NULL, ret, why);
}

int
n5_post(struct sluse_session *s, const char *url, const char *what,
    json_t *body, json_t **ret, struct sluse_why *why)
{
	struct n5_request rq = {.scope = N5_MAKE,
	    .method = "POST",
	    .url = url,
	    .what = what,
	    .content_type = N5_JSON};
	struct sluse_http_answer a;
	char *text = json_dumps(body, JSON_COMPACT);
	int v;

	*ret = NULL;
	if (url == NULL || text == NULL) {
		free(text);
		return n5_why(why, SLUSE_REFUSED, "target_refused",
		    "%s: the target shows no link to make it", what);
	}
	rq.body = text;
	rq.body_length = strlen(text);
	v = n5_call(s, &rq, &a, why);
	free(text);
	if (v == 0)
		v = parse(&rq, &a, ret, why);
	if (v != 0 || n5_text(*ret, "systemID") != NULL)
		return v;
	/* 2xx, and yet not what was made. */
	json_decref(*ret);
	*ret = NULL;
	why->http_status = a.status;
	why->uncertain = 1;
	return n5_why(why, SLUSE_LATER, "target_unknown",
	    "%s: the answer has no systemID", what);
}

/* A list says how many it has, also if that is 0. What says neither that nor
 * any row is no answer to a search: nothing may be concluded from it. */
int
n5_is_list(const json_t *page, const char *what, struct sluse_why *why)
{
	const char *words = n5_text(page, "message");

	if (json_is_integer(json_object_get(page, "count")) ||
	    json_is_array(json_object_get(page, "results")))
		return 0;
	return n5_why(why, SLUSE_LATER, "target_error",
	    "%s: the answer is no list%s%.*s", what, words != NULL ? ": " : "",
	    FEIL_MAX, words != NULL ? words : "");
}

/* The last page ends where the list says it does. */
int
n5_is_whole(const json_t *page, const struct n5_rows *rows, const char *what,
    struct sluse_why *why)
{
	int64_t count = n5_number(page, "count");

	if (count < rows->least)
		count = rows->least;
	if (count <= 0 || rows->n >= (uint64_t)count)
		return 0;
	return n5_why(why, SLUSE_LATER, "target_error",
	    "%s: %zu of %lld rows came", what, rows->n, (long long)count);
}

/* Nikita 0.6 puts "&$skip=10" behind an address without a query. */
char *
n5_next(const json_t *page)
{
	char *next = n5_href(page, "next");

	if (next != NULL && strchr(next, '&') != NULL &&
	    strchr(next, '?') == NULL) {
		free(next);
		next = NULL;
	}
	return next;
}

char *
n5_anew(const json_t *page, const char *url, struct n5_rows *rows)
{
	int64_t count = n5_number(page, "count");
	char *next = n5_next(page), *anew = NULL;

	/* All that is in an archive was made some time. */
	if (rows->n == 0 && next == NULL &&
	    count >
		(int64_t)json_array_size(json_object_get(page, "results")) &&
	    strstr(url, "filter=") == NULL) {
		anew =
		    n5_with_query(url, "$filter", "year(opprettetDato) gt 0");
		rows->least = count;
	}
	free(next);
	return anew;
}

static int
list(struct sluse_session *s, const char *url, const char *what,
    const char *filter, size_t max, int whole, json_t **ret,
    struct sluse_why *why)
{
	json_t *rows = json_array(), *page = NULL;
	struct n5_rows so_far = {0};
	char *next = url == NULL      ? NULL
		     : filter != NULL ? n5_with_query(url, "$filter", filter)
				      : strdup(url);
	int v;

	do {
		char *now = next;

		next = NULL;
		v = n5_get(s, now, what, &page, why);
		if (v == 0)
			v = n5_is_list(page, what, why);
		if (v == 0 && whole)
			next = n5_anew(page, now, &so_far);
		free(now);
		if (v == 0 && next == NULL) {
			/* No "results" where there are none. */
			(void)json_array_extend(
			    rows, json_object_get(page, "results"));
			next = n5_next(page);
			so_far.n = json_array_size(rows);
		}
		if (next != NULL &&
		    (json_array_size(json_object_get(page, "results")) == 0 ||
			json_array_size(rows) >= max)) {
			free(next);
			next = NULL;
		}
		if (v == 0 && whole && next == NULL &&
		    json_array_size(rows) < max)
			v = n5_is_whole(page, &so_far, what, why);
		json_decref(page);
		page = NULL;
	} while (next != NULL);
	if (v != 0)
		json_decref(rows);
	*ret = v == 0 ? rows : NULL;
	return v;
}

int
n5_list(struct sluse_session *s, const char *url, const char *what,
    const char *filter, size_t max, json_t **ret, struct sluse_why *why)
{
	return list(s, url, what, filter, max, 1, ret, why);
}

int
n5_list_some(struct sluse_session *s, const char *url, const char *what,
    size_t max, json_t **ret, struct sluse_why *why)
{
	return list(s, url, what, NULL, max, 0, ret, why);
}

/* -- login and the pages that lead on -----------------------------------------
 */

void
n5_forget(struct sluse_session *s)
{
	json_decref(s->root);
	json_decref(s->sakarkiv);
	json_decref(s->structure);
	json_decref(s->metadata);
	json_decref(s->codes);
	s->root = s->sakarkiv = s->structure = s->metadata = s->codes = NULL;
	explicit_bzero(s->token, sizeof(s->token));
	s->token_until_ms = 0;
	s->bulk = -1;
}

static int
take_token(struct sluse_session *s, const struct sluse_http_answer *a,
    struct sluse_why *why)
{
	json_t *j = json_loadb(a->body, a->body_length, 0, NULL);
	const char *token = n5_text(j, "access_token");
	const char *type = n5_text(j, "token_type");
	int64_t s_left = n5_number(j, "expires_in");
	int bad = token == NULL || strlen(token) >= sizeof(s->token) ||
		  (type != NULL && strcasecmp(type, "bearer") != 0);

	if (!bad)
		(void)snprintf(s->token, sizeof(s->token), "%s", token);
	if (s_left > 30 * 86400)
		s_left = 30 * 86400;
	s->token_until_ms =
	    s_left > 2 * TOKEN_MARGIN_S
		? s->h->now_ms(s->h->host) + (s_left - TOKEN_MARGIN_S) * 1000
		: 0;
	json_decref(j);
	return bad ? n5_why(why, SLUSE_LATER, "target_error",
			 "login: no usable token in the answer")
		   : 0;
}

/* Form and Basic header of a password grant, from the secrets. A client
 * without a secret is named in the form (RFC 6749, 3.2.1). */
static int
grant(struct sluse_session *s, char **ret_form, char **ret_basic,
    struct sluse_why *why)
{
	const char *target = n5_config(s, "name", "noark5");
	char *pw_name = n5_printf("%s-password", target);
	char *cs_name = n5_printf("%s-client-secret", target);
	const char *client = n5_config(s, "client_id", NULL), *secret, *name;
	const char *pairs[] = {"grant_type", "password", "username",
	    n5_config(s, "user", ""), "password", NULL, NULL, NULL, NULL};
	int v = 0;

	if (client != NULL) {
		secret = s->h->secret(
		    s->h->host, n5_config(s, "client_secret_name", cs_name));
		if (secret != NULL) {
			*ret_basic = n5_basic(client, secret);
		} else {
			pairs[6] = "client_id";
			pairs[7] = client;
		}
	}
	name = n5_config(s, "password_name", pw_name);
	secret = s->h->secret(s->h->host, name);
	if (secret == NULL) {
		v = n5_why(why, SLUSE_LOGIN, "target_login",
		    "the secret %s cannot be read", name);
	} else {
		pairs[5] = secret;
		*ret_form = n5_form(pairs);
	}
	free(pw_name);
	free(cs_name);
	return v;
}

static int
token_endpoint(struct sluse_session *s, char **ret, struct sluse_why *why)
{
	const char *told = n5_config(s, "token_endpoint", NULL);
	json_t *doc = NULL;
	char *oidc;
	int v;

	*ret = told != NULL ? strdup(told)
			    : n5_href_tail(s->root, "login/rfc6749/");
	if (*ret != NULL)
		return 0;
	oidc = n5_href_tail(s->root, "login/oidc/");
	if (oidc == NULL)
		return n5_why(why, SLUSE_LOGIN, "target_login",
		    "the target offers no login that we know");
	v = get_as(s, N5_LOOK, oidc, "login", "application/json", &doc, why);
	free(oidc);
	if (v == 0 && n5_text(doc, "token_endpoint") != NULL)
		*ret = strdup(n5_text(doc, "token_endpoint"));
	json_decref(doc);
	if (v == 0 && *ret == NULL)
		v = n5_why(why, SLUSE_LOGIN, "target_login",
		    "the target names no token endpoint (see token_endpoint)");
	return v;
}

/* A refusal that is no matter of this post. */
static int
is_login(struct sluse_why *why)
{
	(void)snprintf(why->reason, sizeof(why->reason), "target_login");
	return SLUSE_LOGIN;
}

static int
ask_token(struct sluse_session *s, const char *url, struct sluse_why *why)
{
	struct n5_request rq = {.scope = N5_LOOK,
	    .method = "POST",
	    .url = url,
	    .what = "login",
	    .accept = "application/json",
	    .content_type = "application/x-www-form-urlencoded",
	    .answer_max = 65536,
	    .makes_nothing = 1};
	struct sluse_http_answer a;
	char *form = NULL, *basic = NULL;
	int v = grant(s, &form, &basic, why);

	if (v == 0) {
		rq.body = form;
		rq.body_length = strlen(form);
		if (basic != NULL)
			rq.more[0] =
			    (struct sluse_http_header){"Authorization", basic};
		if (send_once(s, &rq, &a) != 0) {
			v = no_answer(&rq, &a, why);
			why->uncertain = 0; /* a token too many harms nobody */
		} else if (a.status == 200) {
			v = take_token(s, &a, why);
		} else {
			v = bad_status(s, &rq, &a, why);
			why->uncertain = 0;
			if (v == SLUSE_REFUSED)
				v = is_login(why);
		}
	}
	n5_wipe_free(form);
	n5_wipe_free(basic);
	return v;
}

static int
login(struct sluse_session *s, struct sluse_why *why)
{
	char *url = NULL;
	int v;

	explicit_bzero(s->token, sizeof(s->token));
	v = token_endpoint(s, &url, why);
	if (v == 0)
		v = ask_token(s, url, why);
	free(url);
	return v;
}

static int
page(struct sluse_session *s, const char *name, json_t **ret,
    struct sluse_why *why)
{
	char *rel, *href;
	int v;

	if (*ret != NULL)
		return 0;
	rel = n5_printf(N5_REL "%s/", name);
	href = n5_href(s->root, rel);
	v = n5_get(s, href, name, ret, why);
	free(rel);
	free(href);
	return v;
}

static int
root(struct sluse_session *s, struct sluse_why *why)
{
	json_decref(s->root);
	s->root = NULL;
	return n5_get(s, n5_config(s, "base_url", NULL), "root", &s->root, why);
}

static int
token_is_old(struct sluse_session *s)
{
	return s->token[0] == '\0' ||
	       (s->token_until_ms != 0 &&
		   s->h->now_ms(s->h->host) > s->token_until_ms);
}

int
n5_ready(struct sluse_session *s, struct sluse_why *why)
{
	int v = s->root == NULL ? root(s, why) : 0;

	if (v == 0 && n5_config(s, "user", NULL) != NULL && token_is_old(s)) {
		v = login(s, why);
		/* It may show more to who has logged in. */
		if (v == 0 && s->sakarkiv == NULL)
			v = root(s, why);
	}
	if (v == 0)
		v = page(s, "sakarkiv", &s->sakarkiv, why);
	if (v == 0)
		v = page(s, "arkivstruktur", &s->structure, why);
	if (v == 0)
		v = page(s, "metadata", &s->metadata, why);
	/* The way in is no matter of this post. */
	return v == SLUSE_REFUSED ? is_login(why) : v;
}

int
n5_bulk(struct sluse_session *s, int64_t *ret, struct sluse_why *why)
{
	json_t *o = NULL;
	int v = 0;

	if (s->bulk < 0) {
		char *href = n5_href(s->root, N5_REL "admin/system/");

		if (href != NULL)
			v = n5_get(s, href, "admin/system", &o, why);
		free(href);
		if (v != 0)
			return v;
		s->bulk = N5_BULK_DEFAULT;
		if (json_is_integer(json_object_get(o, "bulkgrense")))
			s->bulk = n5_number(o, "bulkgrense");
		if (s->bulk < 0)
			s->bulk = N5_BULK_DEFAULT;
		json_decref(o);
	}
	*ret = s->bulk;
	return 0;
}
