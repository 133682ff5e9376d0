/*
 * Connector webhook: a post as one JSON request to a URL.
 *
 * POST base_url, Idempotency-Key: the own key. Up to 1 MiB of files stand in
 * the JSON (member "content" of each rendition, base64); of a larger post each
 * file goes first by PUT base_url/files/SHA256. 2xx: delivered; 208, 409 or
 * "duplicate": true: the receiver had it. The receiver must treat the own key
 * as the post's identity: it cannot be asked what it holds.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../connector.h"

#define INLINE_MAX (1 << 20) /* bytes of files in the JSON */

struct sluse_session {
	const struct sluse_connector_host *h;
	const char *url;
	char *token; /* name of the secret */
};

static const char *const keys[] = {"token_name", NULL};

__attribute__((format(printf, 4, 5))) static int
say(struct sluse_why *why, int verdict, const char *reason, const char *fmt,
    ...)
{
	va_list ap;

	(void)snprintf(why->reason, sizeof(why->reason), "%s", reason);
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return verdict;
}

static int
open_session(const struct sluse_connector_host *host,
    struct sluse_session **ret, struct sluse_why *why)
{
	const char *token = host->config(host->host, "token_name");
	struct sluse_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return say(why, -1, "config_invalid", "out of memory");
	s->h = host;
	s->url = host->config(host->host, "base_url");
	/* Without the key there is no login; with it the secret must exist. */
	if (token != NULL && token[0] != '\0')
		s->token = strdup(token);
	*ret = s;
	return 0;
}

static void
close_session(struct sluse_session *s)
{
	free(s->token);
	free(s);
}

/* -- answers
 * --------------------------------------------------------------------- */

static int
no_answer(const struct sluse_http_answer *a, struct sluse_why *why)
{
	why->uncertain = a->uncertain;
	if (strncmp(a->error, "tls:", 4) == 0 ||
	    strncmp(a->error, "refused:", 8) == 0)
		return say(why, SLUSE_LOGIN, "target_down", "%s", a->error);
	if (!a->sent)
		return say(why, SLUSE_DOWN, "target_down", "%s", a->error);
	return say(why, SLUSE_LATER, "target_unknown", "%s", a->error);
}

static int
bad_status(const struct sluse_http_answer *a, struct sluse_why *why)
{
	int st = a->status;

	why->http_status = st;
	why->retry_after_s = a->retry_after_s;
	if (st == 401 || st == 403)
		return say(
		    why, SLUSE_LOGIN, "target_login", "webhook: HTTP %d", st);
	if (st == 410) /* the receiver wants no more */
		return say(
		    why, SLUSE_LOGIN, "target_refused", "webhook: HTTP 410");
	/* A 5xx may be a proxy's, while the receiver goes on. */
	why->uncertain = st >= 500;
	if (st == 408 || st == 425 || st == 429 ||
	    (st == 503 && a->retry_after_s > 0))
		return say(
		    why, SLUSE_LATER, "target_busy", "webhook: HTTP %d", st);
	if (st >= 500)
		return say(
		    why, SLUSE_LATER, "target_error", "webhook: HTTP %d", st);
	if (st >= 300 && st < 400)
		return say(why, SLUSE_DOWN, "target_error",
		    "webhook: HTTP %d: redirects are not followed", st);
	return say(
	    why, SLUSE_REFUSED, "target_refused", "webhook: HTTP %d", st);
}

/* Text of a string or number member. */
static json_t *
id_of(json_t *answer)
{
	json_t *id = json_object_get(answer, "id");
	char number[32];

	if (json_is_string(id) && json_string_length(id) < 512)
		return json_incref(id);
	if (!json_is_integer(id))
		return json_null();
	(void)snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
	    json_integer_value(id));
	return json_string(number);
}

static int
accepted(const struct sluse_post *p, const struct sluse_http_answer *a,
    char *receipt, size_t size)
{
	json_t *answer = json_loadb(a->body, a->body_length, 0, NULL);
	json_t *r = json_pack("{s:o, s:s, s:i}", "id", id_of(answer), "ownKey",
	    p->own_key, "httpStatus", a->status);
	char *text = json_dumps(r, JSON_COMPACT);
	int twice = a->status == 208 || a->status == 409 ||
		    json_is_true(json_object_get(answer, "duplicate"));

	if (text == NULL || strlen(text) >= size)
		(void)snprintf(receipt, size, "{}");
	else
		memcpy(receipt, text, strlen(text) + 1);
	free(text);
	json_decref(r);
	json_decref(answer);
	return twice ? SLUSE_ALREADY : SLUSE_DELIVERED;
}

/* -- requests
 * -------------------------------------------------------------------- */

/* 0 = an answer came. */
static int
call(struct sluse_session *s, struct sluse_http_request *rq, const char *type,
    const char *own_key, struct sluse_http_answer *a, struct sluse_why *why)
{
	struct sluse_http_header hd[3];
	const char *secret;
	char *auth = NULL;
	size_t n = 0;
	int rc;

	hd[n++] = (struct sluse_http_header){"Content-Type", type};
	if (own_key != NULL)
		hd[n++] =
		    (struct sluse_http_header){"Idempotency-Key", own_key};
	if (s->token != NULL) {
		secret = s->h->secret(s->h->host, s->token);
		if (secret == NULL)
			return say(why, SLUSE_LOGIN, "target_login",
			    "the secret with the token cannot be read");
		if (asprintf(&auth, "Bearer %s", secret) < 0)
			return say(
			    why, SLUSE_LATER, "target_error", "out of memory");
		hd[n++] = (struct sluse_http_header){"Authorization", auth};
	}
	rq->size = sizeof(*rq);
	rq->headers = hd;
	rq->headers_count = n;
	rq->answer_max = 65536;
	rc = s->h->http(s->h->host, rq, a);
	if (auth != NULL)
		explicit_bzero(auth, strlen(auth));
	free(auth);
	return rc == 0 ? 0 : no_answer(a, why);
}

static char *
base64(const unsigned char *p, size_t n)
{
	static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = malloc(4 * (n / 3 + 1) + 1), *o = out;
	size_t i;
	uint32_t v;

	for (i = 0; out != NULL && i < n; i += 3) {
		v = (uint32_t)p[i] << 16;
		v |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
		v |= i + 2 < n ? p[i + 2] : 0;
		*o++ = b64[v >> 18];
		*o++ = b64[v >> 12 & 63];
		*o++ = i + 1 < n ? b64[v >> 6 & 63] : '=';
		*o++ = i + 2 < n ? b64[v & 63] : '=';
	}
	if (out != NULL)
		*o = '\0';
	return out;
}

static int
put_content(struct sluse_session *s, json_t *r, struct sluse_file *f)
{
	uint64_t n = s->h->file_length(s->h->host, f);
	unsigned char *p = malloc((size_t)n + 1);
	char *text = NULL;

	if (p != NULL &&
	    s->h->read_at(s->h->host, f, p, (size_t)n, 0) == (int64_t)n)
		text = base64(p, (size_t)n);
	free(p);
	if (text == NULL)
		return -1;
	(void)json_object_set_new(r, "content", json_string_nocheck(text));
	free(text);
	return 0;
}

static int
put_file(struct sluse_session *s, const json_t *r, struct sluse_file *f,
    struct sluse_why *why)
{
	struct sluse_http_request rq = {.method = "PUT", .file = f};
	struct sluse_http_answer a;
	char *url = NULL;
	int v;

	if (asprintf(&url, "%s/files/%s", s->url,
		json_string_value(json_object_get(r, "sha256"))) < 0)
		return say(why, SLUSE_LATER, "target_error", "out of memory");
	rq.url = url;
	v = call(s, &rq, json_string_value(json_object_get(r, "mimeType")),
	    NULL, &a, why);
	free(url);
	/* 409, 412: there already, by its digest. */
	if (v == 0 && (a.status < 200 || a.status >= 300) && a.status != 409 &&
	    a.status != 412)
		v = bad_status(&a, why);
	why->uncertain = 0; /* a file alone is no post */
	return v;
}

/* Every rendition of the post; NULL if one lacks what is needed here. */
static json_t *
renditions_of(json_t *post)
{
	json_t *all = json_array(), *d, *r;
	size_t i, k;
	int bad = 0;

	json_array_foreach(json_object_get(post, "dokumenter"), i, d)
	{
		json_array_foreach(json_object_get(d, "renditions"), k, r)
		{
			bad |= !json_is_string(json_object_get(r, "sha256")) ||
			       !json_is_string(json_object_get(r, "mimeType"));
			(void)json_array_append(all, r);
		}
	}
	if (!bad)
		return all;
	json_decref(all);
	return NULL;
}

static struct sluse_file *
file_of(struct sluse_session *s, const json_t *r)
{
	const json_t *nr = json_object_get(r, "rendition");

	return s->h->file(s->h->host, (uint32_t)json_integer_value(nr));
}

/* Every rendition's file, in the JSON or by PUT. */
static int
send_files(struct sluse_session *s, const json_t *all, struct sluse_why *why)
{
	uint64_t total = 0;
	json_t *r;
	size_t i;
	int v = 0;

	json_array_foreach(all, i, r)
	{
		if (file_of(s, r) == NULL)
			return say(why, SLUSE_REFUSED, "target_refused",
			    "a file of the post was not handed over");
		total += s->h->file_length(s->h->host, file_of(s, r));
	}
	json_array_foreach(all, i, r)
	{
		if (v == 0 && total > INLINE_MAX)
			v = put_file(s, r, file_of(s, r), why);
		else if (v == 0 && put_content(s, r, file_of(s, r)) != 0)
			v = say(why, SLUSE_LATER, "target_error",
			    "a file of the post cannot be read");
	}
	return v;
}

static int
deliver(struct sluse_session *s, const struct sluse_post *p, char *receipt,
    size_t size, struct sluse_why *why)
{
	struct sluse_http_request rq = {.method = "POST", .url = s->url};
	struct sluse_http_answer a;
	json_t *post = json_loads(p->json, JSON_REJECT_DUPLICATES, NULL);
	json_t *all = renditions_of(post);
	char *body = NULL;
	int v;

	if (post == NULL || all == NULL)
		v = say(why, SLUSE_REFUSED, "target_refused",
		    "the prepared post is not in order");
	else
		v = send_files(s, all, why);
	json_decref(all);
	if (v == 0)
		body = json_dumps(post, JSON_COMPACT);
	json_decref(post);
	if (v == 0 && body == NULL)
		v = say(why, SLUSE_LATER, "target_error", "out of memory");
	if (v == 0) {
		rq.body = body;
		rq.body_length = strlen(body);
		v = call(s, &rq, "application/json", p->own_key, &a, why);
	}
	free(body);
	if (v != 0)
		return v;
	if ((a.status >= 200 && a.status < 300) || a.status == 409)
		return accepted(p, &a, receipt, size);
	return bad_status(&a, why);
}

/* A webhook cannot be asked anything without sending it something. */
static int
check(struct sluse_session *s, struct sluse_why *why)
{
	if (s->token != NULL && s->h->secret(s->h->host, s->token) == NULL)
		return say(why, SLUSE_LOGIN, "target_login",
		    "the secret with the token cannot be read");
	return 0;
}

const struct sluse_connector sluse_connector = {
    .abi_major = SLUSE_CONNECTOR_ABI_MAJOR,
    .abi_minor = SLUSE_CONNECTOR_ABI_MINOR,
    .size = sizeof(sluse_connector),
    .name = "webhook",
    .version = SLUSE_VERSION,
    .keys = keys,
    .open = open_session,
    .check = check,
    .deliver = deliver,
    .close = close_session,
};
