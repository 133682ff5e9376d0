/*
 * SECURITY: an href in an answer is the target's word, so every URL passes
 * url_allowed() and every address address_allowed() (after the resolver, just
 * before connect: a name that changes between checks gains nothing).
 *
 * FAILURES: libcurl repeats a request by itself when a kept connection turns
 * out dead; the server may have worked before it died. before_request() stops
 * that for everything but GET and HEAD, and the answer says "uncertain".
 */
#include "http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/buf.h"
#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/notify.h"

#define IDLE_MAX_S 20 /* a kept connection older than that is not used */
#define SLOWEST_BPS 32768 /* bodies get a second more per so many bytes */
#define SINK_SLOWEST_BPS 1024 /* a document that comes slower is given up */
#define URL_MAX 8192

struct sl_http {
	CURL *curl;
	CURLU *url;
	char *scheme, *host, *port; /* of the base URL */
	char **hosts;
	size_t hosts_n;
	char *ca_file, *proxy;
	bool allow_http, allow_loopback;
	long connect_ms, total_ms;
	/* Of the request under way. */
	bool plain; /* http:// without allow_http: loopback only */
	bool loopback; /* the URL itself names the loopback */
	bool repeatable; /* GET, HEAD */
	unsigned begun; /* times a request was about to be written */
	bool cancelled;
	const char *refused;
	const struct sluse_file *file;
	uint64_t file_at;
	struct sluse_sink *sink;
	struct sluse_http_answer *answer;
	struct sl_buf body;
	size_t body_max, head_n;
	bool over, file_short;
};

int
sl_http_retry_after(const char *value, int64_t now_s)
{
	size_t n = strspn(value, "0123456789");
	int64_t s = 0;
	size_t i;

	if (n > 0 && value[n] == '\0') {
		for (i = 0; i < n && s <= SL_HTTP_RETRY_AFTER_MAX_S; i++)
			s = s * 10 + (value[i] - '0');
	} else if (n == 0 && strlen(value) > 4 && strlen(value) < 48 &&
		   strcmp(value + strlen(value) - 4, " GMT") == 0) {
		s = (int64_t)curl_getdate(value, NULL);
		if (s != -1)
			s -= now_s;
	}
	if (s < 0)
		return 0;
	return s > SL_HTTP_RETRY_AFTER_MAX_S ? SL_HTTP_RETRY_AFTER_MAX_S
					     : (int)s;
}

/* -- which hosts and addresses ------------------------------------------- */

static bool
address_is_loopback(const struct sockaddr *sa)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	}
	memcpy(&v6, sa, sizeof(v6));
	return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/* Neither "this network", link-local (a cloud's metadata service lives there),
 * nor multicast, in either family. */
static bool
v4_is_special(uint32_t a)
{
	return a >> 24 == 0 || a >> 16 == 0xa9fe || a >> 28 >= 0xe;
}

static bool
address_is_special(const struct sockaddr *sa)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	const struct in6_addr *a = &v6.sin6_addr;
	uint32_t low;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		return v4_is_special(ntohl(v4.sin_addr.s_addr));
	}
	if (sa->sa_family != AF_INET6)
		return true;
	memcpy(&v6, sa, sizeof(v6));
	memcpy(&low, a->s6_addr + 12, sizeof(low));
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a))
		return !IN6_IS_ADDR_LOOPBACK(a);
	return IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_MULTICAST(a) ||
	       IN6_IS_ADDR_UNSPECIFIED(a);
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *sa)
{
	struct sl_http *h = arg;

	(void)purpose;
	if (address_is_special(&sa->addr)) {
		h->refused = "address is link-local or special";
		return CURL_SOCKET_BAD;
	}
	/* Behind a proxy the address is the proxy's, which we chose. */
	if (h->proxy == NULL && address_is_loopback(&sa->addr) &&
	    !(h->loopback && h->allow_loopback)) {
		h->refused = "loopback (see allow_loopback)";
		return CURL_SOCKET_BAD;
	}
	if (h->plain && !address_is_loopback(&sa->addr)) {
		h->refused = "http without TLS beyond the loopback";
		return CURL_SOCKET_BAD;
	}
	return socket(sa->family, sa->socktype | SOCK_CLOEXEC, sa->protocol);
}

static bool
host_is_loopback(const char *host)
{
	struct in_addr a;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &a) == 1 &&
	       ntohl(a.s_addr) >> 24 == 127;
}

static bool
host_in_list(const struct sl_http *h, const char *host, const char *port)
{
	SL_FREE char *both = sl_asprintf("%s:%s", host, port);
	size_t i;

	for (i = 0; i < h->hosts_n; i++)
		if (strcasecmp(h->hosts[i], host) == 0 ||
		    strcasecmp(h->hosts[i], both) == 0)
			return true;
	return false;
}

struct url_parts {
	char *scheme, *host, *port, *user;
};

static void
url_parts_free(struct url_parts *p)
{
	curl_free(p->scheme);
	curl_free(p->host);
	curl_free(p->port);
	curl_free(p->user);
}

/* NULL, or why not. */
static const char *
url_split(CURLU *u, const char *url, struct url_parts *ret)
{
	if (strlen(url) > URL_MAX)
		return "URL too long";
	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &ret->scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &ret->host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT) !=
		CURLUE_OK)
		return "not an absolute URL";
	if (curl_url_get(u, CURLUPART_USER, &ret->user, 0) == CURLUE_OK)
		return "user name in a URL";
	if (strcmp(ret->scheme, "https") != 0 &&
	    strcmp(ret->scheme, "http") != 0)
		return "neither https nor http";
	return NULL;
}

static const char *
url_allowed(struct sl_http *h, const char *url)
{
	__attribute__((cleanup(url_parts_free))) struct url_parts p = {0};
	const char *why = url_split(h->url, url, &p);

	if (why != NULL)
		return why;
	if (strcasecmp(p.host, h->host) != 0 || strcmp(p.port, h->port) != 0) {
		if (!host_in_list(h, p.host, p.port))
			return "host is not the configured one";
	} else if (strcmp(p.scheme, h->scheme) != 0) {
		return "scheme is not the configured one";
	}
	h->loopback = host_is_loopback(p.host);
	if (h->loopback && !h->allow_loopback)
		return "loopback (see allow_loopback)";
	h->plain = strcmp(p.scheme, "http") == 0 && !h->allow_http;
	if (h->plain && !h->loopback)
		return "http without TLS (see allow_http)";
	return NULL;
}

/* -- one transfer ---------------------------------------------------------- */

static int
before_request(void *arg, char *ip, char *own_ip, int port, int own_port)
{
	struct sl_http *h = arg;

	(void)ip;
	(void)own_ip;
	(void)port;
	(void)own_port;
	if (h->begun > 0 && !h->repeatable)
		return CURL_PREREQFUNC_ABORT;
	h->begun++;
	return CURL_PREREQFUNC_OK;
}

static size_t
read_body(char *p, size_t size, size_t count, void *arg)
{
	struct sl_http *h = arg;
	uint64_t left = h->file->size - h->file_at;
	size_t n = size * count < left ? size * count : (size_t)left;
	ssize_t got;

	if (n == 0)
		return 0;
	got = sl_pread_full(h->file->fd, p, n, h->file->offset + h->file_at);
	if (got != (ssize_t)n) {
		h->file_short = true;
		return CURL_READFUNC_ABORT;
	}
	h->file_at += n;
	return n;
}

static size_t
write_sink(struct sl_http *h, const char *p, size_t n)
{
	struct sluse_sink *s = h->sink;

	if (n > s->max - s->size) {
		h->over = true;
		return 0;
	}
	if (sl_write_full(s->fd, p, n) != 0) {
		s->failed = errno;
		h->refused = "the document cannot be written";
		return 0;
	}
	sl_sha256_add(s->sha, p, n);
	s->size += n;
	return n;
}

/* Only what was asked for is a document. */
static bool
is_for_sink(struct sl_http *h)
{
	long status = 0;

	if (h->sink == NULL)
		return false;
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

static size_t
write_body(char *p, size_t size, size_t n, void *arg)
{
	struct sl_http *h = arg;

	(void)size; /* always 1 */
	if (is_for_sink(h))
		return write_sink(h, p, n);
	if (n > h->body_max - h->body.n) {
		h->over = true;
		return 0;
	}
	sl_buf_add(&h->body, p, n);
	return h->body.full ? 0 : n;
}

static bool
header_is(const char *p, size_t n, const char *name, char *ret, size_t cap)
{
	size_t k = strlen(name);

	if (n <= k || strncasecmp(p, name, k) != 0 || p[k] != ':')
		return false;
	for (p += k + 1, n -= k + 1; n > 0 && (*p == ' ' || *p == '\t'); n--)
		p++;
	while (n > 0 && (unsigned char)p[n - 1] <= ' ')
		n--;
	if (n >= cap || memchr(p, '\0', n) != NULL)
		return true; /* not kept: too long to be meant */
	memcpy(ret, p, n);
	ret[n] = '\0';
	return true;
}

static size_t
write_header(char *p, size_t size, size_t n, void *arg)
{
	struct sl_http *h = arg;
	struct sluse_http_answer *a = h->answer;
	char after[64] = "";

	(void)size; /* always 1 */
	h->head_n += n;
	if (h->head_n > SL_HTTP_HEADERS_MAX) {
		h->over = true;
		return 0;
	}
	if (header_is(p, n, "etag", a->etag, sizeof(a->etag)) ||
	    header_is(p, n, "location", a->location, sizeof(a->location)) ||
	    header_is(
		p, n, "content-type", a->content_type, sizeof(a->content_type)))
		return n;
	if (header_is(p, n, "retry-after", after, sizeof(after)))
		a->retry_after_s =
		    sl_http_retry_after(after, sl_clock_utc_ms() / 1000);
	return n;
}

/* Makes a relative Location absolute; drops what does not parse. */
static void
resolve_location(struct sl_http *h, const char *base)
{
	char *loc = h->answer->location, *whole = NULL;

	if (loc[0] == '\0')
		return;
	if (curl_url_set(h->url, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    curl_url_set(h->url, CURLUPART_URL, loc, 0) != CURLUE_OK ||
	    curl_url_get(h->url, CURLUPART_URL, &whole, 0) != CURLUE_OK ||
	    strlen(whole) >= sizeof(h->answer->location))
		loc[0] = '\0';
	else
		memcpy(loc, whole, strlen(whole) + 1);
	curl_free(whole);
}

static void
set_error(struct sluse_http_answer *a, const char *slug, const char *text)
{
	(void)snprintf(a->error, sizeof(a->error), "%s: %s", slug, text);
}

static const char *
slug_of(CURLcode rc)
{
	/* libcurl's list grows: a default is right here. */
	switch ((int)rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "resolve";
	case CURLE_COULDNT_CONNECT:
		return "connect";
	case CURLE_OPERATION_TIMEDOUT:
		return "timeout";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return "tls";
	case CURLE_READ_ERROR:
		return "request";
	default:
		return "lost";
	}
}

/* No answer: says why, and whether the request may have had an effect. */
static int
no_answer(struct sl_http *h, CURLcode rc)
{
	struct sluse_http_answer *a = h->answer;

	a->status = 0;
	a->body = "";
	a->body_length = 0;
	a->retry_after_s = 0;
	a->location[0] = a->etag[0] = a->content_type[0] = '\0';
	a->sent = h->begun > 0;
	a->uncertain = a->sent && !h->repeatable;
	if (h->refused != NULL)
		set_error(a, "refused", h->refused);
	else if (h->over || rc == CURLE_FILESIZE_EXCEEDED)
		set_error(a, "limit", "answer is larger than allowed");
	else if (h->file_short)
		set_error(a, "request", "its file ended early");
	else if (rc == CURLE_ABORTED_BY_CALLBACK && h->begun > 0 &&
		 h->file == NULL)
		set_error(a, "lost", "connection ended before an answer");
	else
		set_error(a, slug_of(rc), curl_easy_strerror(rc));
	return -1;
}

static struct curl_slist *
make_headers(const struct sluse_http_request *rq, bool *ret_bad)
{
	/* Expect: a wait of a second per request; the default Content-Type of
	 * libcurl would be a lie. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	bool typed = false;
	size_t i;

	for (i = 0; i < rq->headers_count; i++) {
		const struct sluse_http_header *hd = &rq->headers[i];
		SL_FREE char *line = NULL;

		if (hd->name[0] == '\0' ||
		    strpbrk(hd->name, "\r\n: ") != NULL ||
		    strpbrk(hd->value, "\r\n") != NULL) {
			*ret_bad = true;
			continue;
		}
		if (strcasecmp(hd->name, "content-type") == 0)
			typed = true;
		line = sl_asprintf("%s: %s", hd->name, hd->value);
		list = curl_slist_append(list, line);
		OPENSSL_cleanse(line, strlen(line)); /* a token, perhaps */
	}
	if (!typed)
		list = curl_slist_append(list, "Content-Type:");
	return list;
}

static void
free_headers(struct curl_slist *list)
{
	struct curl_slist *l;

	for (l = list; l != NULL; l = l->next)
		OPENSSL_cleanse(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static void
set_transport(struct sl_http *h)
{
	CURL *c = h->curl;

	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (h->ca_file != NULL) {
		curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(c, CURLOPT_PROXY, h->proxy != NULL ? h->proxy : "");
	curl_easy_setopt(c, CURLOPT_NOPROXY, "");
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
	curl_easy_setopt(c, CURLOPT_MAXCONNECTS, 4L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, h->connect_ms);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "sluse/" SLUSE_VERSION);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, h);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, write_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, write_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, h);
}

static void
set_request(struct sl_http *h, const struct sluse_http_request *rq)
{
	CURL *c = h->curl;
	bool get = strcmp(rq->method, "GET") == 0;
	bool head = strcmp(rq->method, "HEAD") == 0;
	uint64_t bytes = h->file != NULL ? h->file->size : rq->body_length;
	uint64_t most = h->sink != NULL ? h->sink->max : h->body_max;
	long total_ms =
	    h->total_ms + (long)((bytes + most) / SLOWEST_BPS) * 1000;

	h->repeatable = get || head;
	curl_easy_setopt(c, CURLOPT_URL, rq->url);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, total_ms);
	/* One that dribbles may not hold us for the hours that a big file is
	 * allowed. */
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT,
	    h->sink != NULL ? (long)SINK_SLOWEST_BPS : 64L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, h->total_ms / 1000 + 1);
	if (h->sink != NULL) /* one that is announced need not begin to come */
		curl_easy_setopt(
		    c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)h->sink->max);
	if (get || head) {
		curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
		if (head)
			curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
		return;
	}
	curl_easy_setopt(c, CURLOPT_POST, 1L);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, rq->method);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes);
	if (h->file != NULL) {
		curl_easy_setopt(c, CURLOPT_READFUNCTION, read_body);
		curl_easy_setopt(c, CURLOPT_READDATA, h);
		curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
	} else {
		curl_easy_setopt(
		    c, CURLOPT_POSTFIELDS, rq->body != NULL ? rq->body : "");
	}
}

static bool
method_ok(const char *m)
{
	static const char *const known[] = {
	    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(m, known[i]) == 0)
			return true;
	return false;
}

/* The sink of the request, empty. Callers of an older minor know none. */
static const char *
begin_sink(struct sl_http *h, const struct sluse_http_request *rq)
{
	struct sluse_sink *s = NULL;

	if (rq->size >=
	    offsetof(struct sluse_http_request, sink) + sizeof(rq->sink))
		s = rq->sink;
	h->sink = s;
	if (s == NULL)
		return NULL;
	if (strcmp(rq->method, "GET") != 0)
		return "a sink is for GET";
	sl_sha256_free(s->sha);
	s->sha = sl_sha256_new();
	s->size = 0;
	s->failed = 0;
	if (lseek(s->fd, 0, SEEK_SET) == 0 && ftruncate(s->fd, 0) == 0)
		return NULL;
	s->failed = errno;
	return "the document cannot be written";
}

static void
begin(struct sl_http *h, const struct sluse_http_request *rq,
    struct sluse_http_answer *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->body = "";
	h->answer = ret;
	h->begun = 0;
	h->refused = NULL;
	h->over = false;
	h->file = rq->file;
	h->file_at = 0;
	h->file_short = false;
	h->sink = NULL;
	h->head_n = 0;
	sl_buf_reset(&h->body);
	h->body_max = rq->answer_max != 0 ? rq->answer_max : SL_HTTP_ANSWER_MAX;
	if (h->body_max > SL_HTTP_ANSWER_CEILING)
		h->body_max = SL_HTTP_ANSWER_CEILING;
	h->body.max = h->body_max + 1;
}

/* A large file may take longer than systemd waits; the time limits above end
 * what does not move. */
static int
on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
    curl_off_t up)
{
	(void)arg;
	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	sl_notify_pulse(-1);
	return 0;
}

int
sl_http_do(struct sl_http *h, const struct sluse_http_request *rq,
    struct sluse_http_answer *ret)
{
	struct curl_slist *headers;
	bool bad = false;
	CURLcode rc;
	long status = 0;

	begin(h, rq, ret);
	h->refused = url_allowed(h, rq->url);
	if (h->refused == NULL)
		h->refused = begin_sink(h, rq);
	if (h->refused == NULL && !method_ok(rq->method))
		h->refused = "method";
	headers = make_headers(rq, &bad);
	if (bad)
		h->refused = "header with a line break";
	if (h->refused != NULL) {
		free_headers(headers);
		return no_answer(h, CURLE_OK);
	}
	curl_easy_reset(h->curl); /* options go, connections stay */
	set_transport(h);
	set_request(h, rq);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	rc = curl_easy_perform(h->curl);
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_reset(h->curl); /* it must not keep what we free */
	free_headers(headers);
	h->file = NULL;
	h->sink = NULL;
	if (rc != CURLE_OK || status < 200)
		return no_answer(h, rc != CURLE_OK ? rc : CURLE_GOT_NOTHING);
	ret->status = (int)status;
	ret->sent = 1;
	ret->body = sl_buf_str(&h->body);
	ret->body_length = h->body.n;
	resolve_location(h, rq->url);
	return 0;
}

/* -- life --------------------------------------------------------------------
 */

enum sl_rc
sl_http_new(
    const struct sl_http_conf *conf, struct sl_http **ret, struct sl_err *err)
{
	__attribute__((cleanup(url_parts_free))) struct url_parts p = {0};
	struct sl_http *h;
	const char *why;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "libcurl does not start");
	h = sl_alloc(sizeof(*h));
	h->curl = curl_easy_init();
	h->url = curl_url();
	why = h->curl == NULL || h->url == NULL
		  ? "out of memory"
		  : url_split(h->url, conf->base_url, &p);
	if (why == NULL) {
		h->scheme = sl_strdup(p.scheme);
		h->host = sl_strdup(p.host);
		h->port = sl_strdup(p.port);
		h->allow_http = conf->allow_http;
		h->allow_loopback = conf->allow_loopback;
		why = url_allowed(h, conf->base_url);
	}
	if (why != NULL) {
		sl_http_free(h);
		return sl_err_set(
		    err, SL_FATAL, 0, "config_invalid", "url: %s", why);
	}
	if (conf->hosts_n > 0)
		h->hosts = sl_alloc(conf->hosts_n * sizeof(*h->hosts));
	for (; h->hosts_n < conf->hosts_n; h->hosts_n++)
		h->hosts[h->hosts_n] = sl_strdup(conf->hosts[h->hosts_n]);
	if (conf->ca_file != NULL && conf->ca_file[0] != '\0')
		h->ca_file = sl_strdup(conf->ca_file);
	if (conf->proxy != NULL && conf->proxy[0] != '\0')
		h->proxy = sl_strdup(conf->proxy);
	h->connect_ms = conf->connect_ms > 0 ? (long)conf->connect_ms : 10000;
	h->total_ms = conf->total_ms > 0 ? (long)conf->total_ms : 30000;
	*ret = h;
	return SL_OK;
}

void
sl_http_forget(struct sl_http *h)
{
	if (h == NULL)
		return;
	if (h->body.p != NULL)
		OPENSSL_cleanse(h->body.p, h->body.cap);
	sl_buf_reset(&h->body);
	if (h->body.cap > SL_HTTP_ANSWER_MAX)
		sl_buf_free(&h->body);
}

void
sl_http_free(struct sl_http *h)
{
	size_t i;

	if (h == NULL)
		return;
	sl_http_forget(h);
	sl_buf_free(&h->body);
	if (h->curl != NULL)
		curl_easy_cleanup(h->curl);
	curl_url_cleanup(h->url);
	free(h->scheme);
	free(h->host);
	free(h->port);
	for (i = 0; i < h->hosts_n; i++)
		free(h->hosts[i]);
	free(h->hosts);
	free(h->ca_file);
	free(h->proxy);
	free(h);
}
