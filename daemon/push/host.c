/*
 * SECURITY: a secret is read from its file at each use (rotation needs no
 * restart) and overwritten after it; it is never in a log line, an error, an
 * argument or the environment.
 */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../base/ulid.h"
#include "../config/deadline.h"
#include "deliver.h"

static const char *
host_config(void *host, const char *key)
{
	struct sl_push *p = host;

	return sl_push_config(p->section, key);
}

/* Whether the configuration lets the connector have it: listed, or named after
 * the target. */
static bool
secret_granted(struct sl_push *p, const char *name)
{
	const struct sl_target_config *t = p->section->target;
	size_t n = strlen(t->name), i;

	for (i = 0; i < t->credentials.n; i++)
		if (strcmp(t->credentials.item[i], name) == 0)
			return true;
	return strncmp(name, t->name, n) == 0 && name[n] == '-';
}

static void
forget_secret(struct sl_push *p)
{
	if (p->secret.p != NULL)
		OPENSSL_cleanse(p->secret.p, p->secret.cap);
	sl_buf_reset(&p->secret);
}

static const char *
host_secret(void *host, const char *name)
{
	struct sl_push *p = host;
	SL_CLOSE int fd = -1;
	char *end;
	ssize_t n;

	forget_secret(p);
	if (p->credentials < 0 || !sl_name_is_plain(name) ||
	    !secret_granted(p, name))
		return NULL;
	fd = openat(p->credentials, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (!sl_file_is_private(fd)) {
		sl_log(SL_LOG_ERR, p->section->target->name,
		    "a secret is open to others, or no plain file "
		    "reason=\"secret_mode\"");
		return NULL;
	}
	/* Room once and for all: growing would leave copies behind. */
	if (p->secret.p == NULL) {
		p->secret.p = sl_alloc(SL_PUSH_SECRET_MAX + 1);
		p->secret.cap = SL_PUSH_SECRET_MAX + 1;
	}
	n = sl_read_full(fd, p->secret.p, SL_PUSH_SECRET_MAX + 1);
	if (n > (ssize_t)SL_PUSH_SECRET_MAX) {
		/* Half of a secret would be a wrong one, tried again. */
		OPENSSL_cleanse(p->secret.p, (size_t)n);
		sl_log(SL_LOG_ERR, p->section->target->name,
		    "a secret is longer than %d bytes reason=\"secret_mode\"",
		    SL_PUSH_SECRET_MAX);
		return NULL;
	}
	if (n <= 0)
		return NULL;
	p->secret.p[n] = '\0';
	end = p->secret.p + strcspn(p->secret.p, "\r\n");
	OPENSSL_cleanse(end, (size_t)(p->secret.p + n - end));
	p->secret.n = (size_t)(end - p->secret.p);
	return p->secret.n > 0 ? p->secret.p : NULL;
}

/* Callers of an older minor say nothing. */
static bool
makes_nothing(const struct sluse_http_request *rq)
{
	return strcmp(rq->method, "GET") == 0 ||
	       strcmp(rq->method, "HEAD") == 0 ||
	       (rq->size >= offsetof(struct sluse_http_request, makes_nothing) +
				sizeof(rq->makes_nothing) &&
		   rq->makes_nothing);
}

static bool
has_sink(const struct sluse_http_request *rq)
{
	return rq->size >= offsetof(struct sluse_http_request, sink) +
			       sizeof(rq->sink) &&
	       rq->sink != NULL;
}

/* Did the target leave us without an answer to it, or with one that may be a
 * proxy's that waited no longer? What never was a request, or was given up for
 * its own size or our own file, says nothing of the target. */
static bool
is_unheard(
    const struct sluse_http_request *rq, const struct sluse_http_answer *a)
{
	static const char *const slugs[] = {
	    "resolve:", "connect:", "tls:", "timeout:", "lost:"};
	size_t i;

	if (a->status != 0)
		return a->status >= 500 && !makes_nothing(rq);
	for (i = 0; i < sizeof(slugs) / sizeof(slugs[0]); i++)
		if (strncmp(a->error, slugs[i], strlen(slugs[i])) == 0)
			return true;
	return false;
}

static int
host_http(void *host, const struct sluse_http_request *rq,
    struct sluse_http_answer *ret)
{
	struct sl_push *p = host;
	int rc;

	/* What only asks changes nothing there. */
	if (!makes_nothing(rq) && sl_push_begin(p) != 0) {
		memset(ret, 0, sizeof(*ret));
		ret->body = "";
		(void)snprintf(ret->error, sizeof(ret->error), "stopped");
		return -1;
	}
	rc = sl_http_do(p->http, rq, ret);
	p->unheard = is_unheard(rq, ret);
	p->own_fault = strncmp(ret->error, "request:", 8) == 0;
	if (p->harvest != NULL && has_sink(rq))
		sl_harvest_answered(p->harvest, ret->status);
	sl_log(SL_LOG_DEBUG, sl_push_subject(p),
	    "%s status=\"%d\" error=\"%s\"", rq->method, ret->status,
	    ret->error);
	return rc;
}

static int
host_checkpoint(void *host, const char *step, const char *key)
{
	return sl_push_checkpoint(host, step, key);
}

static struct sluse_file *
host_file(void *host, uint32_t rendition)
{
	struct sl_push *p = host;

	return sl_push_job_file(p->now, rendition);
}

static uint64_t
host_file_length(void *host, struct sluse_file *f)
{
	(void)host;
	return f->size;
}

static int64_t
host_read_at(void *host, struct sluse_file *f, void *to, size_t n, uint64_t off)
{
	(void)host;
	if (off >= f->size)
		return 0;
	if (n > f->size - off)
		n = (size_t)(f->size - off);
	return sl_pread_full(f->fd, to, n, f->offset + off);
}

struct sl_slice
sl_push_fit(const char *text, size_t max)
{
	struct sl_slice s = sl_slice_str(text != NULL ? text : "");

	if (s.n > max)
		s.n = (uint32_t)max;
	/* Back to the start of the character that was cut. */
	while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	if (!sl_utf8_valid(s.p, s.n))
		s.n = 0;
	return s;
}

void
sl_push_screen(struct sl_buf *out, const char *text, size_t max)
{
	SL_BUF struct sl_buf shown = {0};
	size_t i, k, digits;

	sl_text_display(&shown, text, strlen(text));
	/* Eleven digits or more, also as 010190 12345. */
	for (i = 0; i<shown.n; i = k> i ? k : i + 1) {
		digits = 0;
		for (k = i; k < shown.n; k++) {
			if (shown.p[k] >= '0' && shown.p[k] <= '9')
				digits++;
			else if (digits != 6 ||
				 (shown.p[k] != ' ' && shown.p[k] != '.' &&
				     shown.p[k] != '-'))
				break;
		}
		if (digits >= 11)
			memset(shown.p + i, '*', k - i);
	}
	if (shown.n > 0) {
		struct sl_slice s = sl_push_fit(shown.p, max);

		sl_buf_add(out, s.p, s.n);
	}
}

static int
host_emit_case(void *host, const struct sluse_case *c)
{
	struct sl_push *p = host;
	struct sl_msg m = {.type = SL_MSG_SYNC_CASE};

	if (c->number == NULL || c->number[0] == '\0' || strlen(c->number) > 64)
		return 0; /* nothing anybody could ask for */
	m.sync_case.number = sl_push_fit(c->number, 64);
	m.sync_case.title = sl_push_fit(c->title, 1024);
	m.sync_case.status = sl_push_fit(c->status, 32);
	m.sync_case.unit = sl_push_fit(c->unit, 128);
	m.sync_case.klass = sl_push_fit(c->klass, 128);
	m.sync_case.target_key = sl_push_fit(c->target_key, 256);
	if (p->gone ||
	    sl_chan_send(p->chan, &m, NULL, 0, &p->gone_err) != SL_OK) {
		p->gone = true;
		return -1;
	}
	p->told_n++;
	return 0;
}

/* The date of what may be a moment: the day that it was in Norway. */
static struct sl_slice
day_of(const char *text, char out[static 12])
{
	int64_t day;

	if (text == NULL || strlen(text) < 10)
		return sl_push_fit(NULL, 0);
	day = text[10] == 'T' ? sl_day_read(text) : -1;
	if (day < 0)
		return sl_push_fit(text, 10);
	sl_clock_format_day(sl_day_begin(day), out, 12);
	return sl_push_fit(out, 10);
}

static int
host_emit_post(void *host, const struct sluse_journal_post *r)
{
	struct sl_push *p = host;
	struct sl_msg m = {.type = SL_MSG_SYNC_POST};
	struct sl_msg_sync_post *o = &m.sync_post;
	char day[3][12];

	if (r->target_key == NULL || *r->target_key == '\0' ||
	    strlen(r->target_key) > 256)
		return 0;
	o->target_key = sl_push_fit(r->target_key, 256);
	o->own_key = sl_push_fit(r->own_key, 64);
	o->case_number = sl_push_fit(r->case_number, 64);
	o->number = sl_push_fit(r->number, 64);
	o->year = r->year;
	o->sequence = r->sequence;
	o->type = sl_push_fit(r->type, 8);
	o->status = sl_push_fit(r->status, 8);
	o->title = sl_push_fit(r->title, 1024);
	o->public_title = sl_push_fit(r->public_title, 1024);
	o->access = sl_push_fit(r->access, 32);
	o->received = day_of(r->received, day[0]);
	o->document_date = day_of(r->document_date, day[1]);
	o->journal_date = day_of(r->journal_date, day[2]);
	o->attachments = r->attachments;
	if (p->gone ||
	    sl_chan_send(p->chan, &m, NULL, 0, &p->gone_err) != SL_OK) {
		p->gone = true;
		return -1;
	}
	p->told_n++;
	return 0;
}

static struct sluse_sink *
host_sink(void *host, const char *key, int *ret_have)
{
	struct sl_push *p = host;

	return p->harvest != NULL ? sl_harvest_sink(p->harvest, key, ret_have)
				  : NULL;
}

static int
host_emit_unit(void *host, const struct sluse_unit *u)
{
	struct sl_push *p = host;

	return p->harvest != NULL ? sl_harvest_unit(p->harvest, u) : -1;
}

static int
host_pause(void *host, int attempt, int retry_after_s)
{
	struct sl_push *p = host;

	return p->harvest != NULL ? sl_harvest_pause(p, attempt, retry_after_s)
				  : 1;
}

static void
host_log(void *host, int level, const char *text)
{
	struct sl_push *p = host;
	SL_BUF struct sl_buf b = {0};

	if (level < SL_LOG_ERR)
		level = SL_LOG_ERR;
	if (level > SL_LOG_DEBUG)
		level = SL_LOG_DEBUG;
	sl_push_screen(&b, text, 512);
	sl_log((enum sl_level)level, sl_push_subject(p), "%s", sl_buf_str(&b));
}

static int64_t
host_now_ms(void *host)
{
	(void)host;
	return sl_clock_utc_ms();
}

static void
host_uuid(void *host, char *out)
{
	(void)host;
	sl_uuid_make(out);
}

static int
host_cancelled(void *host)
{
	struct sl_push *p = host;
	sigset_t pending;

	return p->gone || (sigpending(&pending) == 0 &&
			      (sigismember(&pending, SIGTERM) == 1 ||
				  sigismember(&pending, SIGINT) == 1));
}

void
sl_push_host_init(struct sl_push *p)
{
	p->tail = &p->head;
	p->host = (struct sluse_connector_host){
	    .abi_major = SLUSE_CONNECTOR_ABI_MAJOR,
	    .abi_minor = SLUSE_CONNECTOR_ABI_MINOR,
	    .size = sizeof(p->host),
	    .host = p,
	    .config = host_config,
	    .secret = host_secret,
	    .http = host_http,
	    .checkpoint = host_checkpoint,
	    .file = host_file,
	    .file_length = host_file_length,
	    .read_at = host_read_at,
	    .emit_case = host_emit_case,
	    .log = host_log,
	    .now_ms = host_now_ms,
	    .uuid = host_uuid,
	    .cancelled = host_cancelled,
	    .emit_post = host_emit_post,
	    .sink = host_sink,
	    .emit_unit = host_emit_unit,
	    .pause = host_pause,
	};
}

enum sl_rc
sl_push_credentials(struct sl_push *p, const char *dir, struct sl_err *err)
{
	SL_FREE char *path = NULL;
	bool asked = true;
	enum sl_rc rc;

	p->credentials = -1;
	if (dir == NULL)
		dir = getenv("CREDENTIALS_DIRECTORY");
	if (dir == NULL) {
		asked = false;
		path = sl_push_path(
		    p->section, p->section->config->push.credentials_dir);
		dir = path;
	}
	if (dir == NULL)
		return SL_OK;
	rc = sl_open_secrets(dir, &p->credentials, err);
	if (rc != SL_SKIP)
		return rc;
	return asked ? sl_err_set(err, SL_FATAL, 0, "config_invalid",
			   "cannot open the folder of secrets")
		     : SL_OK;
}

void
sl_push_forget(struct sl_push *p)
{
	forget_secret(p);
	sl_http_forget(p->http);
}
