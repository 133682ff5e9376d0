/*
 * push/http.c against a server that misbehaves. The server is a child of the
 * test; what it has seen lies in shared memory.
 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/push/http.h"
#include "test.h"

struct seen {
	unsigned connections, requests, expects;
	uint64_t bytes; /* of application data */
	char first[512]; /* start of the last request */
	char last8[9]; /* end of the last request's body */
};

struct server {
	pid_t pid;
	int port;
	struct seen *seen;
	char url[64];
};

/* Answers the request number nr of a connection; false closes it. */
typedef bool answer_fn(int fd, unsigned nr);

static bool
say(int fd, const char *text)
{
	return sl_write_full(fd, text, strlen(text)) == 0;
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"

/* One request read to its end. */
static bool
read_request(int fd, struct seen *s)
{
	static char buf[65536];
	size_t n = 0, need = 0;
	char *end = NULL, *cl;
	ssize_t got;

	while (end == NULL || n < need) {
		if (n == sizeof(buf) - 1) { /* only the size counts now */
			need -= n / 2;
			memmove(buf + 1024, buf + n - 1024, 1024);
			n -= n / 2;
		}
		got = read(fd, buf + n, sizeof(buf) - 1 - n);
		if (got <= 0)
			return false;
		s->bytes += (uint64_t)got;
		n += (size_t)got;
		buf[n] = '\0';
		if (end == NULL && (end = strstr(buf, "\r\n\r\n")) != NULL) {
			(void)snprintf(
			    s->first, sizeof(s->first), "%.511s", buf);
			cl = strcasestr(buf, "content-length:");
			need =
			    (size_t)(end + 4 - buf) +
			    (cl != NULL && cl < end ? strtoul(cl + 15, NULL, 10)
						    : 0);
			s->expects += strcasestr(s->first, "expect:") != NULL;
		}
	}
	memcpy(s->last8, buf + (n >= 8 ? n - 8 : 0), 8);
	s->requests++;
	return true;
}

static int
listen_loopback(int *ret_port)
{
	struct sockaddr_in sa = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    listen(fd, 8) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) != 0)
		exit(1);
	*ret_port = ntohs(sa.sin_port);
	return fd;
}

static void
new_seen(struct server *s)
{
	s->seen = mmap(NULL, sizeof(*s->seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->seen == MAP_FAILED)
		exit(1);
}

static void
server_start(struct server *s, answer_fn *answer)
{
	int fd = listen_loopback(&s->port), c;
	unsigned nr;

	new_seen(s);
	(void)snprintf(
	    s->url, sizeof(s->url), "http://127.0.0.1:%d/a/b", s->port);
	s->pid = fork();
	if (s->pid != 0) {
		(void)close(fd);
		return;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((c = accept(fd, NULL, NULL)) >= 0) {
		s->seen->connections++;
		for (nr = 1; read_request(c, s->seen) && answer(c, nr); nr++)
			;
		(void)close(c);
	}
	_exit(0);
}

static void
server_stop(struct server *s)
{
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	(void)munmap(s->seen, sizeof(*s->seen));
}

static struct sl_http *
client(const struct sl_http_conf *c)
{
	struct sl_http *h = NULL;
	struct sl_err err = {0};

	CHECK_MSG(sl_http_new(c, &h, &err) == SL_OK, "%s", err.text);
	return h;
}

static struct sl_http *
client_of(const struct server *s)
{
	struct sl_http_conf c = {.base_url = s->url,
	    .allow_loopback = true,
	    .connect_ms = 2000,
	    .total_ms = 1000};

	return client(&c);
}

static int
request(struct sl_http *h, const char *method, const char *url,
    const char *body, struct sluse_http_answer *a)
{
	struct sluse_http_request rq = {.size = sizeof(rq),
	    .method = method,
	    .url = url,
	    .body = body,
	    .body_length = body != NULL ? strlen(body) : 0,
	    .answer_max = 4096};

	return sl_http_do(h, &rq, a);
}

/* -- the pure part
 * ------------------------------------------------------------- */

static void
retry_after(void)
{
	/* 784111777 = Sun, 06 Nov 1994 08:49:37 GMT */
	static const struct {
		const char *value;
		int want;
	} rows[] = {{"0", 0}, {"7", 7}, {"21600", 21600}, {"21601", 21600},
	    {"1000000000", 21600}, {"99999999999999999999999999", 21600},
	    {"-1", 0}, {"+5", 0}, {"", 0}, {" ", 0}, {"1.5", 0}, {"1e9", 0},
	    {"7 seconds", 0}, {"in a moment", 0}, {"tomorrow", 0}, {"GMT", 0},
	    {"Sun, 06 Nov 1994 08:49:47 GMT", 10},
	    {"Sun, 06 Nov 1994 08:49:27 GMT", 0},
	    {"Sun, 06 Nov 2094 08:49:27 GMT", 21600},
	    {"Sunday, 06-Nov-94 08:49:47 GMT", 10},
	    {"Sun, 99 Nov 1994 08:49:47 GMT", 0}, {"1994-11-06T08:49:47Z", 0},
	    {"0x10", 0}};
	size_t i;
	int got;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = sl_http_retry_after(rows[i].value, 784111777);
		CHECK_MSG(
		    got == rows[i].want, "\"%s\": %d", rows[i].value, got);
	}
}

/* -- answers
 * --------------------------------------------------------------------- */

static bool
plain(int fd, unsigned nr)
{
	(void)nr;
	return say(fd,
	    OK_HEAD "ETag: \"3\"\r\nLocation: ../c?x=1\r\nContent-Type: "
		    "text/plain\r\nRetry-After: 5\r\n\r\nok");
}

static void
good(void)
{
	struct sluse_http_answer a;
	struct server s;
	struct sl_http *h;

	server_start(&s, plain);
	h = client_of(&s);
	(void)setenv("http_proxy", "http://127.0.0.1:1/", 1);
	(void)setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	CHECK(request(h, "POST", s.url, "body", &a) == 0);
	CHECK(a.status == 200 && a.sent == 1 && a.uncertain == 0);
	CHECK_STR(a.body, "ok");
	CHECK(a.body_length == 2 && a.retry_after_s == 5);
	CHECK_STR(a.etag, "\"3\"");
	CHECK_STR(a.content_type, "text/plain");
	CHECK(strstr(a.location, "/c?x=1") != NULL &&
	      strncmp(a.location, "http://127.0.0.1:", 17) == 0);
	CHECK(request(h, "GET", s.url, NULL, &a) == 0);
	CHECK(strncmp(s.seen->first, "GET /a/b HTTP/1.1\r\n", 19) == 0);
	CHECK(request(h, "PUT", s.url, "x", &a) == 0);
	CHECK(request(h, "POST", s.url, NULL, &a) == 0);
	CHECK(strcasestr(s.seen->first, "content-length: 0") != NULL);
	CHECK(strcasestr(s.seen->first, "content-type") == NULL);
	/* One connection, and nobody waited for 100 Continue. */
	CHECK(s.seen->connections == 1 && s.seen->requests == 4);
	CHECK(s.seen->expects == 0);
	sl_http_free(h);
	server_stop(&s);
}

static void
from_file(void)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	struct sluse_file f = {.fd = fd, .offset = 3};
	struct sluse_http_request rq = {
	    .size = sizeof(rq), .method = "PUT", .file = &f};
	struct sluse_http_answer a;
	struct server s;
	struct sl_http *h;
	size_t i;

	for (i = 0; i < 200000; i++)
		CHECK(sl_write_full(fd, "0123456789", 10) == 0);
	f.size = 1999990;
	server_start(&s, plain);
	h = client_of(&s);
	rq.url = s.url;
	CHECK(sl_http_do(h, &rq, &a) == 0 && a.status == 200);
	CHECK(strcasestr(s.seen->first, "content-length: 1999990") != NULL);
	CHECK(strcasestr(s.seen->first, "transfer-encoding") == NULL);
	CHECK_STR(s.seen->last8, "56789012");
	CHECK(s.seen->expects == 0);
	/* The file is shorter than it was said to be. */
	f.size = 2000001;
	CHECK(sl_http_do(h, &rq, &a) == -1 && a.status == 0);
	CHECK_MSG(strncmp(a.error, "request:", 8) == 0, "%s", a.error);
	CHECK(a.sent == 1 && a.uncertain == 1);
	sl_http_free(h);
	server_stop(&s);
	(void)close(fd);
}

static bool
lose_second(int fd, unsigned nr)
{
	return nr < 2 && plain(fd, nr);
}

static void
lost_reply(void)
{
	struct sluse_http_answer a;
	struct server s;
	struct sl_http *h;

	server_start(&s, lose_second);
	h = client_of(&s);
	CHECK(request(h, "POST", s.url, "1", &a) == 0);
	/* The server has done it and ends a kept connection without a word:
	 * libcurl alone would do it once more. */
	CHECK(request(h, "POST", s.url, "2", &a) == -1);
	CHECK(a.status == 0 && a.uncertain == 1 && a.sent == 1);
	CHECK(strncmp(a.error, "lost:", 5) == 0);
	CHECK_MSG(s.seen->requests == 2, "%u requests", s.seen->requests);
	/* A GET may be repeated. */
	CHECK(request(h, "GET", s.url, NULL, &a) == 0);
	CHECK(request(h, "GET", s.url, NULL, &a) == 0);
	CHECK(s.seen->requests == 5);
	sl_http_free(h);
	server_stop(&s);
}

static bool
half(int fd, unsigned nr)
{
	(void)nr;
	(void)say(
	    fd, "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf");
	return false;
}
static bool
too_long(int fd, unsigned nr)
{
	char a[4097];

	(void)nr;
	memset(a, 'a', sizeof(a));
	(void)say(fd, "HTTP/1.1 201 Created\r\nContent-Length: 4097\r\n\r\n");
	return sl_write_full(fd, a, sizeof(a)) == 0;
}
static bool
chunks_for_ever(int fd, unsigned nr)
{
	(void)nr;
	(void)say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (say(fd, "10\r\n0123456789abcdef\r\n"))
		;
	return false;
}
static bool
headers_for_ever(int fd, unsigned nr)
{
	(void)nr;
	(void)say(fd, "HTTP/1.1 200 OK\r\n");
	while (say(fd, "X-More: 0123456789abcdef0123456789abcdef\r\n"))
		;
	return false;
}
static bool
one_header(int fd, unsigned nr)
{
	(void)nr;
	(void)say(fd, "HTTP/1.1 200 OK\r\nX-Long: ");
	while (say(fd, "0123456789abcdef0123456789abcdef"))
		;
	return false;
}
static bool
silent(int fd, unsigned nr)
{
	(void)fd;
	(void)nr;
	(void)sleep(30);
	return false;
}
static bool
dribble(int fd, unsigned nr)
{
	(void)nr;
	(void)say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	while (say(fd, "x"))
		(void)usleep(100000);
	return false;
}
static bool
not_http(int fd, unsigned nr)
{
	(void)nr;
	(void)say(fd, "220 mail.example ESMTP\r\n");
	return false;
}
static bool
only_100(int fd, unsigned nr)
{
	(void)nr;
	(void)say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	return false;
}

static void
misbehaving(void)
{
	static const struct {
		const char *name;
		answer_fn *fn;
		const char *slug;
	} rows[] = {{"half body", half, "lost:"},
	    {"too long", too_long, "limit:"},
	    {"chunks for ever", chunks_for_ever, "limit:"},
	    {"headers for ever", headers_for_ever, "limit:"},
	    {"one long header", one_header, NULL},
	    {"silent", silent, "timeout:"}, {"dribble", dribble, "timeout:"},
	    {"not http", not_http, "lost:"}, {"only 100", only_100, "lost:"}};
	struct sluse_http_answer a;
	struct server s;
	struct sl_http *h;
	int64_t began;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(&s, rows[i].fn);
		h = client_of(&s);
		began = sl_clock_boot_ms();
		CHECK_MSG(request(h, "POST", s.url, "b", &a) == -1, "%s",
		    rows[i].name);
		CHECK_MSG(a.status == 0 && a.uncertain == 1 && a.body[0] == 0,
		    "%s", rows[i].name);
		CHECK_MSG(
		    rows[i].slug == NULL || strncmp(a.error, rows[i].slug,
						strlen(rows[i].slug)) == 0,
		    "%s: %s", rows[i].name, a.error);
		CHECK_MSG(sl_clock_boot_ms() - began < 20000, "%s took long",
		    rows[i].name);
		CHECK(s.seen->requests == 1);
		sl_http_free(h);
		server_stop(&s);
	}
}

static bool
redirect(int fd, unsigned nr)
{
	(void)nr;
	return say(fd, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
		       "Content-Length: 0\r\n\r\n");
}

static void
no_redirect(void)
{
	struct sluse_http_answer a;
	struct server s;
	struct sl_http *h;

	server_start(&s, redirect);
	h = client_of(&s);
	CHECK(request(h, "GET", s.url, NULL, &a) == 0);
	CHECK(a.status == 302 && s.seen->requests == 1);
	sl_http_free(h);
	server_stop(&s);
}

/* -- where to
 * ----------------------------------------------------------------------- */

static void
refused_urls(void)
{
	static const char *const also[] = {
	    "archive.example", "cdn.example:8443"};
	struct sl_http_conf c = {.base_url = "https://n5.example/api",
	    .hosts = also,
	    .hosts_n = 2,
	    .connect_ms = 100};
	static const char *const urls[] = {"https://other.example/",
	    "https://n5.example:8443/", "http://n5.example/",
	    "https://n5.example.evil.example/", "https://user@n5.example/",
	    "https://user:pw@n5.example/", "file:///etc/passwd",
	    "ftp://n5.example/", "gopher://n5.example/", "/api", "",
	    "https://cdn.example/", "http://archive.example/",
	    "https://127.0.0.1/", "https://[::1]/",
	    "https://n5.example@other.example/"};
	struct sluse_http_answer a;
	struct sl_http *h = client(&c);
	size_t i;

	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		CHECK_MSG(
		    request(h, "GET", urls[i], NULL, &a) == -1, "%s", urls[i]);
		CHECK_MSG(strncmp(a.error, "refused:", 8) == 0, "%s: %s",
		    urls[i], a.error);
		CHECK(a.sent == 0 && a.uncertain == 0);
	}
	sl_http_free(h);
}

static void
refused_addresses(void)
{
	static const char *const urls[] = {"http://169.254.169.254/latest",
	    "http://0.0.0.0/", "http://224.0.0.1/",
	    "http://[::ffff:169.254.169.254]/", "http://[::ffff:127.0.0.1]/",
	    "http://[ff02::1]/", "http://[::]/", "http://2852039166/"};
	struct sluse_http_answer a;
	struct sl_http *h;
	size_t i;

	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct sl_http_conf c = {
		    .base_url = urls[i], .allow_http = true, .connect_ms = 200};

		h = client(&c);
		CHECK_MSG(
		    request(h, "GET", urls[i], NULL, &a) == -1, "%s", urls[i]);
		CHECK_MSG(strncmp(a.error, "refused:", 8) == 0, "%s: %s",
		    urls[i], a.error);
		sl_http_free(h);
	}
}

static void
refused_bases(void)
{
	static const char *const urls[] = {"http://n5.example/",
	    "http://127.0.0.1/", "https://localhost/", "file:///x", "n5", ""};
	struct sl_http *h = NULL;
	struct sl_err err;
	size_t i;

	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct sl_http_conf c = {.base_url = urls[i]};

		CHECK_MSG(sl_http_new(&c, &h, &err) == SL_FATAL, "%s", urls[i]);
		CHECK_STR(err.reason, "config_invalid");
	}
}

static void
bad_headers(void)
{
	static const struct sluse_http_header hd[] = {
	    {"X-A", "b\r\nX-Evil: 1"}, {"X-B\r\nX-Evil", "1"}, {"", "1"}};
	struct sluse_http_answer a;
	struct server s;
	struct sl_http *h;
	size_t i;

	server_start(&s, plain);
	h = client_of(&s);
	for (i = 0; i < 3; i++) {
		struct sluse_http_request rq = {.size = sizeof(rq),
		    .method = "GET",
		    .url = s.url,
		    .headers = &hd[i],
		    .headers_count = 1};

		CHECK(sl_http_do(h, &rq, &a) == -1);
		CHECK(strncmp(a.error, "refused:", 8) == 0);
	}
	CHECK(request(h, "TRACE", s.url, NULL, &a) == -1);
	CHECK(s.seen->requests == 0);
	sl_http_free(h);
	server_stop(&s);
}

static void
nobody_there(void)
{
	struct sluse_http_answer a;
	struct server s;
	struct sl_http *h;

	server_start(&s, plain);
	h = client_of(&s);
	(void)kill(s.pid, SIGKILL);
	(void)waitpid(s.pid, NULL, 0);
	CHECK(request(h, "POST", s.url, "x", &a) == -1);
	CHECK(a.sent == 0 && a.uncertain == 0);
	CHECK_MSG(strncmp(a.error, "connect:", 8) == 0, "%s", a.error);
	sl_http_free(h);
	(void)munmap(s.seen, sizeof(*s.seen));
}

/* -- TLS
 * ------------------------------------------------------------------------------
 */

struct tls {
	EVP_PKEY *key;
	X509 *cert;
};

/* A self-signed certificate for name, from `from` to `to` seconds from now. */
static void
make_cert(struct tls *t, const char *san, long from, long to)
{
	X509_NAME *name;
	X509_EXTENSION *ext;

	t->key = EVP_EC_gen("P-256");
	t->cert = X509_new();
	(void)X509_set_version(t->cert, 2);
	(void)ASN1_INTEGER_set(
	    X509_get_serialNumber(t->cert), sl_clock_boot_ms());
	(void)X509_gmtime_adj(X509_getm_notBefore(t->cert), from);
	(void)X509_gmtime_adj(X509_getm_notAfter(t->cert), to);
	(void)X509_set_pubkey(t->cert, t->key);
	name = X509_get_subject_name(t->cert);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"sluse test", -1, -1, 0);
	(void)X509_set_issuer_name(t->cert, name);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	(void)X509_add_ext(t->cert, ext, -1);
	X509_EXTENSION_free(ext);
	ext = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
	(void)X509_add_ext(t->cert, ext, -1);
	X509_EXTENSION_free(ext);
	CHECK(X509_sign(t->cert, t->key, EVP_sha256()) > 0);
}

static void
free_cert(struct tls *t)
{
	EVP_PKEY_free(t->key);
	X509_free(t->cert);
}

static void
write_cert(const struct tls *t, const char *path)
{
	FILE *f = fopen(path, "we");

	CHECK(f != NULL && PEM_write_X509(f, t->cert) == 1);
	if (f != NULL)
		(void)fclose(f);
}

static void
tls_serve(SSL_CTX *ctx, int fd, struct seen *seen)
{
	SSL *ssl = SSL_new(ctx);
	char buf[4096];
	int n;

	(void)SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		while ((n = SSL_read(ssl, buf, sizeof(buf) - 1)) > 0) {
			seen->bytes += (uint64_t)n;
			buf[n] = '\0';
			if (strstr(buf, "\r\n\r\n") == NULL)
				continue;
			seen->requests++;
			(void)SSL_write(ssl, OK_HEAD "\r\nok",
			    (int)strlen(OK_HEAD "\r\nok"));
		}
	}
	SSL_free(ssl);
}

static void
tls_start(struct server *s, const struct tls *t, int max_version)
{
	int fd = listen_loopback(&s->port), c;
	SSL_CTX *ctx;

	new_seen(s);
	(void)snprintf(
	    s->url, sizeof(s->url), "https://127.0.0.1:%d/", s->port);
	s->pid = fork();
	if (s->pid != 0) {
		(void)close(fd);
		return;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_security_level(ctx, 0);
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	if (max_version != 0)
		(void)SSL_CTX_set_max_proto_version(ctx, max_version);
	(void)SSL_CTX_use_certificate(ctx, t->cert);
	(void)SSL_CTX_use_PrivateKey(ctx, t->key);
	while ((c = accept(fd, NULL, NULL)) >= 0) {
		s->seen->connections++;
		tls_serve(ctx, c, s->seen);
		(void)close(c);
	}
	_exit(0);
}

static void
tls_case(const char *what, const char *san, long from, long to, bool trusted,
    int max_version, bool good_end)
{
	char ca[] = "/tmp/sluse-test-ca-XXXXXX";
	struct tls t, other;
	struct server s;
	struct sluse_http_answer a;
	struct sl_http_conf c = {.allow_loopback = true, .ca_file = ca};
	struct sl_http *h;
	int fd = mkstemp(ca), rc;

	make_cert(&t, san, from, to);
	make_cert(&other, san, from, to);
	write_cert(trusted ? &t : &other, ca);
	tls_start(&s, &t, max_version);
	c.base_url = s.url;
	h = client(&c);
	rc = request(h, "POST", s.url, "a secret body", &a);
	if (good_end) {
		CHECK_MSG(rc == 0 && a.status == 200, "%s: %s", what, a.error);
		CHECK(s.seen->bytes > 0);
	} else {
		CHECK_MSG(rc == -1 && strncmp(a.error, "tls:", 4) == 0,
		    "%s: %s", what, a.error);
		CHECK_MSG(a.sent == 0 && a.uncertain == 0, "%s", what);
		CHECK_MSG(s.seen->connections > 0 && s.seen->bytes == 0,
		    "%s: %u connections, %llu bytes", what, s.seen->connections,
		    (unsigned long long)s.seen->bytes);
	}
	sl_http_free(h);
	server_stop(&s);
	free_cert(&t);
	free_cert(&other);
	(void)close(fd);
	(void)unlink(ca);
}

static void
tls(void)
{
	tls_case("good", "IP:127.0.0.1", -60, 3600, true, 0, true);
	tls_case("good, TLS 1.2", "IP:127.0.0.1", -60, 3600, true,
	    TLS1_2_VERSION, true);
	tls_case(
	    "TLS 1.1", "IP:127.0.0.1", -60, 3600, true, TLS1_1_VERSION, false);
	tls_case("unknown", "IP:127.0.0.1", -60, 3600, false, 0, false);
	tls_case("expired", "IP:127.0.0.1", -7200, -3600, true, 0, false);
	tls_case("not yet", "IP:127.0.0.1", 3600, 7200, true, 0, false);
	tls_case("other host", "DNS:n5.example", -60, 3600, true, 0, false);
	tls_case("other address", "IP:127.0.0.2", -60, 3600, true, 0, false);
}

/* Many requests with one client: nothing of one leaks into the next. */
static void
one_after_another(void)
{
	struct sluse_http_header hd = {"Authorization", "Bearer abc"};
	struct sluse_http_request rq = {.size = sizeof(rq),
	    .method = "POST",
	    .headers = &hd,
	    .headers_count = 1,
	    .body = "x",
	    .body_length = 1};
	struct sluse_http_answer a;
	struct server s;
	struct sl_http *h;
	int i;

	server_start(&s, plain);
	h = client_of(&s);
	rq.url = s.url;
	for (i = 0; i < 200; i++) {
		CHECK(sl_http_do(h, &rq, &a) == 0);
		CHECK(strcasestr(s.seen->first, "bearer abc") != NULL);
		CHECK(request(h, "GET", s.url, NULL, &a) == 0);
		CHECK(strcasestr(s.seen->first, "authorization") == NULL);
	}
	CHECK(s.seen->connections == 1 && s.seen->requests == 400);
	sl_http_forget(h);
	CHECK_STR(a.body, "");
	sl_http_free(h);
	server_stop(&s);
}

TEST_MAIN({"retry_after", retry_after}, {"good", good},
    {"from_file", from_file}, {"lost_reply", lost_reply},
    {"misbehaving", misbehaving}, {"no_redirect", no_redirect},
    {"refused_urls", refused_urls}, {"refused_addresses", refused_addresses},
    {"refused_bases", refused_bases}, {"bad_headers", bad_headers},
    {"nobody_there", nobody_there}, {"one_after_another", one_after_another},
    {"tls", tls})
