/*
 * HTTP for connectors: one keep-alive client per process, the only caller of
 * libcurl.
 *
 * The network is hostile: only the configured host is spoken to, redirects are
 * never followed, TLS is verified, times and sizes have ends. Calls block.
 * A request that may have effects is never repeated here: what became of it is
 * asked of the target by own key.
 */
#ifndef SL_PUSH_HTTP_H
#define SL_PUSH_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "../../plugins/connector.h"
#include "../base/err.h"
#include "../base/hash.h"

#define SL_HTTP_RETRY_AFTER_MAX_S 21600
#define SL_HTTP_HEADERS_MAX 65536 /* bytes of an answer's head */
#define SL_HTTP_ANSWER_MAX (1u << 20) /* bytes of a body, if not said */
#define SL_HTTP_ANSWER_CEILING (256u << 20)

/* A rendition's bytes: an extent of a descriptor opened read-only. */
struct sluse_file {
	uint32_t rendition;
	int fd;
	uint64_t offset, size;
};

/* Where a document goes: a plain file, written from its start by each request
 * and hashed on the way. */
struct sluse_sink {
	int fd;
	uint64_t max; /* bytes that may come */
	uint64_t size; /* that came */
	struct sl_sha256 *sha; /* of them; the owner ends it */
	int failed; /* errno of a write, or 0 */
};

/* Borrowed until sl_http_new returns. */
struct sl_http_conf {
	const char *base_url;
	const char *const *hosts; /* others allowed: "host", "host:port" */
	size_t hosts_n;
	bool allow_loopback; /* a target on this machine, also by http */
	bool allow_http; /* plain http, anywhere */
	const char *ca_file; /* NULL = the system's */
	const char *proxy; /* NULL = none, whatever the environment says */
	int64_t connect_ms; /* 0 = 10 s */
	int64_t total_ms; /* 0 = 30 s; files get time by their size */
};

struct sl_http;

/* SL_FATAL, reason "config_invalid", if base_url will never do. */
enum sl_rc sl_http_new(
    const struct sl_http_conf *conf, struct sl_http **ret, struct sl_err *err);
/* NULL is fine. */
void sl_http_free(struct sl_http *h);

/* The contract of sluse_connector_host.http. ret->error begins with a slug:
 * "refused:" (by our own rules), "resolve:", "connect:", "tls:", "timeout:",
 * "lost:" (connection ended early), "limit:" (answer or document too big),
 * "request:". A sink holds the whole document if the answer is 2xx, else
 * anything. */
int sl_http_do(struct sl_http *h, const struct sluse_http_request *rq,
    struct sluse_http_answer *ret);

/* Seconds to wait by a Retry-After value: digits or an HTTP date, capped;
 * 0 for anything else and for what is past. */
int sl_http_retry_after(const char *value, int64_t now_s);
/* Empties the copy of the last answer (it may hold a token). NULL is fine. */
void sl_http_forget(struct sl_http *h);

#endif
