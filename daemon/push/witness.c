/*
 * SECURITY: every answer is foreign and ends here: its size is limited, its
 * signature is verified, and slused gets numbers and bytes of a known length.
 * FAILURES: a question that was cut off is asked again by slused; asking twice
 * does no harm, by the protocols.
 */
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "../base/text.h"
#include "../config/config.h"
#include "../journal/cosign.h"
#include "../journal/stamp.h"
#include "../wire/roles.h"
#include "http.h"
#include "lock.h"

#define TRUST_MAX 65536
#define DETAIL_MAX 200

/* A [witness] or a [tsa]. */
struct party {
	const char *name, *url;
	const char *policy; /* of a tsa; NULL: it is a witness */
	char *ca;
	struct sl_vkey key; /* of a witness */
	struct sl_buf pem; /* of a tsa */
	struct sl_http *http;
};

struct sl_courier {
	struct sl_config *config;
	struct party *party;
	size_t n;
	struct sl_chan *chan;
	struct sl_err lack; /* of an authority; rc SL_OK: none */
};

/* -- the configuration ----------------------------------------------------- */

static enum sl_rc
bad(const struct sl_section *s, const char *what, struct sl_err *err)
{
	return sl_err_set(err, SL_FATAL, 0, "config_invalid", "line %u: %s: %s",
	    s->line, s->title, what);
}

static enum sl_rc
open_http(struct party *o, const char *ca_file, const char *directory,
    struct sl_http_conf *conf, struct sl_err *err)
{
	if (*ca_file != '\0')
		o->ca = sl_path_below(directory, ca_file);
	conf->base_url = o->url;
	conf->ca_file = o->ca;
	conf->connect_ms = conf->total_ms;
	return sl_http_new(conf, &o->http, err);
}

static enum sl_rc
open_witness(struct party *o, const struct sl_witness_config *c,
    const char *directory, struct sl_err *err)
{
	struct sl_http_conf conf = {.allow_loopback = c->allow_loopback,
	    .proxy = c->proxy,
	    .total_ms = c->timeout_ms};

	o->name = c->head.title;
	o->url = c->url;
	if (!sl_cosign_key(c->vkey, &o->key))
		return bad(
		    &c->head, "vkey is no key of a witness (type 4)", err);
	return open_http(o, c->ca_file, directory, &conf, err);
}

/* One whose certificates are not there is not asked (bad_trust); the others
 * are. */
static enum sl_rc
open_tsa(struct party *o, const struct sl_tsa_config *c, const char *directory,
    struct sl_err *lack, struct sl_err *err)
{
	SL_FREE char *trust = sl_path_below(directory, c->trust);
	struct sl_http_conf conf = {.allow_loopback = c->allow_loopback,
	    .allow_http = true,
	    .proxy = c->proxy,
	    .total_ms = c->timeout_ms};

	o->name = c->head.title;
	o->url = c->url;
	o->policy = c->policy;
	if (*c->policy != '\0' && !sl_stamp_is_policy(c->policy))
		return bad(&c->head, "policy is no object identifier", err);
	if (sl_read_file(AT_FDCWD, trust, TRUST_MAX, &o->pem, NULL) != SL_OK ||
	    !sl_stamp_is_trust(sl_slice_buf(&o->pem))) {
		sl_buf_reset(&o->pem);
		(void)bad(
		    &c->head, "trust is no file of PEM certificates", lack);
	}
	return open_http(o, c->ca_file, directory, &conf, err);
}

enum sl_rc
sl_courier_open(const char *config, struct sl_courier **ret, struct sl_err *err)
{
	struct sl_courier *w = sl_alloc(sizeof(*w));
	const char *slash = strrchr(config, '/');
	SL_FREE char *directory =
	    slash != NULL ? sl_strndup(config, (size_t)(slash - config))
			  : sl_strdup(".");
	const struct sl_config *c;
	enum sl_rc rc = sl_config_load(config, &w->config, err);
	size_t i;

	*ret = w;
	if (rc != SL_OK)
		return rc;
	c = w->config;
	w->party = sl_alloc((c->witness_n + c->tsa_n + 1) * sizeof(*w->party));
	for (i = 0; rc == SL_OK && i < c->witness_n; i++)
		rc = open_witness(
		    &w->party[w->n++], &c->witness[i], directory, err);
	for (i = 0; rc == SL_OK && i < c->tsa_n; i++)
		rc = open_tsa(
		    &w->party[w->n++], &c->tsa[i], directory, &w->lack, err);
	return rc;
}

const struct sl_err *
sl_courier_lack(const struct sl_courier *w)
{
	return w->lack.rc != SL_OK ? &w->lack : NULL;
}

void
sl_courier_free(struct sl_courier *w)
{
	size_t i;

	if (w == NULL)
		return;
	for (i = 0; i < w->n; i++) {
		sl_http_free(w->party[i].http);
		sl_buf_free(&w->party[i].pem);
		free(w->party[i].ca);
	}
	free(w->party);
	sl_config_free(w->config);
	free(w);
}

enum sl_rc
sl_courier_lock(
    struct sl_courier *w, const char **ret_missing, struct sl_err *err)
{
	SL_FREE const char **ca = sl_alloc((w->n + 1) * sizeof(*ca));
	size_t i;

	for (i = 0; i < w->n; i++)
		ca[i] = w->party[i].ca;
	return sl_push_lock(ca, w->n, -1, -1, ret_missing, err);
}

/* -- asking ---------------------------------------------------------------- */

static void
judge(struct sl_msg *m, enum sl_witnessed how, const char *reason)
{
	m->witnessed.how = (uint8_t)how;
	m->witnessed.reason = sl_slice_str(reason);
}

/* Asks; false: there is no answer, and the message says why. */
static bool
ask(struct party *o, const struct sluse_http_request *rq,
    struct sluse_http_answer *a, struct sl_msg *m, struct sl_buf *detail)
{
	int rc = sl_http_do(o->http, rq, a);

	m->witnessed.http_status = (uint32_t)a->status;
	m->witnessed.retry_after_s = (uint32_t)a->retry_after_s;
	if (rc == 0)
		return true;
	sl_text_display(detail, a->error, strnlen(a->error, DETAIL_MAX));
	if (strncmp(a->error, "limit", 5) == 0)
		judge(m, SL_WITNESSED_REFUSED, "bad_answer");
	else if (strncmp(a->error, "refused", 7) == 0)
		judge(m, SL_WITNESSED_REFUSED, "not_allowed");
	else
		judge(m, SL_WITNESSED_LATER, "no_answer");
	return false;
}

static void
judge_status(struct sl_msg *m, int status)
{
	if (status == 429 || status >= 500)
		judge(m, SL_WITNESSED_LATER, "not_now");
	else if (status == 404)
		judge(m, SL_WITNESSED_REFUSED, "unknown_log");
	else if (status == 403)
		judge(m, SL_WITNESSED_REFUSED, "unknown_key");
	else if (status == 422)
		judge(m, SL_WITNESSED_REFUSED, "proof_refused");
	else
		judge(m, SL_WITNESSED_REFUSED, "bad_answer");
}

static char *
join(const char *url, const char *more)
{
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	return sl_asprintf("%.*s/%s", (int)n, url, more);
}

/* What the witness shows of us (GET <url>/<sha256 of the origin>/checkpoint):
 * a head that we have signed and do not have would be proof. */
static void
look_up(struct party *o, const char *origin, struct sl_msg *m,
    uint8_t sig[SL_NOTE_SIGNATURE_LEN])
{
	char hex[SL_SHA256_HEX + 1], more[SL_SHA256_HEX + 16];
	struct sluse_http_answer a;
	SL_FREE char *url = NULL;
	struct sl_checkpoint c;
	struct sl_digest d;

	sl_sha256(origin, strlen(origin), &d);
	sl_digest_hex(&d, hex);
	(void)snprintf(more, sizeof(more), "%s/checkpoint", hex);
	url = join(o->url, more);
	const struct sluse_http_request rq = {.size = sizeof(rq),
	    .method = "GET",
	    .url = url,
	    .answer_max = SL_COSIGN_BODY_MAX};

	if (sl_http_do(o->http, &rq, &a) != 0 || a.status != 200 ||
	    !sl_cosign_head((struct sl_slice){a.body, (uint32_t)a.body_length},
		origin, &c, sig))
		return;
	m->witnessed.head_size = c.size;
	m->witnessed.head_root = c.root;
	m->witnessed.head_sig =
	    (struct sl_slice){(const char *)sig, SL_NOTE_SIGNATURE_LEN};
}

struct asked {
	struct sl_checkpoint head;
	struct sl_slice text; /* of the head */
};

/* The bytes that are posted, as slused made them. */
static bool
read_question(struct sl_slice body, struct asked *ret)
{
	struct sl_digest node[SL_PROOF_MAX];
	struct sl_note note;
	uint64_t old;
	size_t n;

	if (!sl_cosign_read(&body, &old, node, &n) ||
	    sl_note_parse(body.p, body.n, &note, NULL) != SL_OK ||
	    sl_checkpoint_parse(note.text, &ret->head, NULL) != SL_OK)
		return false;
	ret->text = note.text;
	return true;
}

static void
take_cosignature(const struct party *o, const struct asked *q,
    struct sl_slice body, struct sl_msg *m, uint8_t c[SL_COSIGNATURE_LEN])
{
	struct sl_err err = {0};

	if (sl_cosign_answer(body, &o->key, q->text, c, &err) != SL_OK) {
		judge(m, SL_WITNESSED_REFUSED, err.reason);
		return;
	}
	judge(m, SL_WITNESSED_GOOD, "");
	m->witnessed.time_s = (int64_t)sl_cosignature_time(c);
	m->witnessed.mark =
	    (struct sl_slice){(const char *)c, SL_COSIGNATURE_LEN};
}

static enum sl_rc
send(struct sl_courier *w, struct sl_msg *m, const struct sl_buf *detail,
    struct sl_err *err)
{
	m->type = SL_MSG_WITNESSED;
	m->witnessed.detail = sl_slice_buf(detail);
	return sl_chan_send(w->chan, m, NULL, 0, err);
}

static enum sl_rc
do_witness(struct sl_courier *w, struct party *o,
    const struct sl_msg_witness *q, struct sl_err *err)
{
	uint8_t c[SL_COSIGNATURE_LEN], sig[SL_NOTE_SIGNATURE_LEN];
	struct sl_msg m = {.witnessed = {.ask = q->ask}};
	SL_FREE char *url = join(o->url, "add-checkpoint");
	SL_BUF struct sl_buf detail = {0};
	struct sluse_http_answer a;
	struct asked asked;
	struct sl_slice body;
	const struct sluse_http_request rq = {.size = sizeof(rq),
	    .method = "POST",
	    .url = url,
	    .body = q->body.p,
	    .body_length = q->body.n,
	    .answer_max = SL_COSIGN_BODY_MAX};

	if (!read_question(q->body, &asked))
		return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
		    "slused sent no question");
	if (!ask(o, &rq, &a, &m, &detail))
		return send(w, &m, &detail, err);
	body = (struct sl_slice){a.body, (uint32_t)a.body_length};
	if (a.status == 200)
		take_cosignature(o, &asked, body, &m, c);
	else if (a.status == 409 &&
		 strncmp(a.content_type, "text/x.tlog.size", 16) == 0 &&
		 sl_cosign_size(body, &m.witnessed.size))
		judge(&m, SL_WITNESSED_ELSEWHERE, "elsewhere");
	else
		judge_status(&m, a.status);
	if (a.status == 422 || (m.witnessed.how == SL_WITNESSED_ELSEWHERE &&
				   m.witnessed.size >= asked.head.size))
		look_up(o, asked.head.origin, &m, sig);
	return send(w, &m, &detail, err);
}

static enum sl_rc
do_stamp(struct sl_courier *w, struct party *o, const struct sl_msg_stamp *q,
    struct sl_err *err)
{
	static const struct sluse_http_header headers[] = {
	    {"Content-Type", "application/timestamp-query"},
	    {"Accept", "application/timestamp-reply"}};
	struct sl_msg m = {.witnessed = {.ask = q->ask}};
	SL_BUF struct sl_buf query = {0}, detail = {0};
	uint8_t nonce[SL_STAMP_NONCE_LEN];
	struct sl_stamp_ask want = {.of = q->of,
	    .policy = o->policy,
	    .nonce = nonce,
	    .pem = sl_slice_buf(&o->pem)};
	struct sluse_http_answer a;
	struct sl_err why = {0};

	if (o->pem.n == 0) {
		judge(&m, SL_WITNESSED_REFUSED, "bad_trust");
		return send(w, &m, &detail, err);
	}
	sl_random(nonce, sizeof(nonce));
	if (sl_stamp_query(&want, &query, err) != SL_OK)
		return SL_FATAL;
	const struct sluse_http_request rq = {.size = sizeof(rq),
	    .method = "POST",
	    .url = o->url,
	    .headers = headers,
	    .headers_count = 2,
	    .body = query.p,
	    .body_length = query.n,
	    .answer_max = SL_STAMP_MAX};

	if (!ask(o, &rq, &a, &m, &detail))
		return send(w, &m, &detail, err);
	if (a.status != 200) {
		judge_status(&m, a.status);
		return send(w, &m, &detail, err);
	}
	m.witnessed.mark = (struct sl_slice){a.body, (uint32_t)a.body_length};
	if (sl_stamp_verify(
		m.witnessed.mark, &want, &m.witnessed.time_s, &why) == SL_OK) {
		judge(&m, SL_WITNESSED_GOOD, "");
		return send(w, &m, &detail, err);
	}
	m.witnessed.mark = (struct sl_slice){0};
	judge(&m, SL_WITNESSED_REFUSED, why.reason);
	sl_text_display(&detail, why.text, strnlen(why.text, DETAIL_MAX));
	return send(w, &m, &detail, err);
}

/* -- life ------------------------------------------------------------------ */

static struct party *
find(struct sl_courier *w, struct sl_slice name, bool tsa)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (sl_slice_eq(name, w->party[i].name) &&
		    (w->party[i].policy != NULL) == tsa)
			return &w->party[i];
	return NULL;
}

/* Another configuration than slused's: it says no until both are one again. */
static enum sl_rc
unknown(struct sl_courier *w, uint64_t number, struct sl_err *err)
{
	struct sl_msg m = {.witnessed = {.ask = number}};
	SL_BUF struct sl_buf detail = {0};

	judge(&m, SL_WITNESSED_REFUSED, "not_configured");
	return send(w, &m, &detail, err);
}

static enum sl_rc
receive(struct sl_courier *w, struct sl_err *err)
{
	struct sl_msg m;
	struct party *o;
	size_t nfds;
	enum sl_rc rc = sl_chan_recv(w->chan, &m, NULL, &nfds, err);

	if (rc != SL_OK)
		return rc == SL_SKIP ? SL_OK : rc;
	if (m.type == SL_MSG_WITNESS) {
		o = find(w, m.witness.name, false);
		return o != NULL ? do_witness(w, o, &m.witness, err)
				 : unknown(w, m.witness.ask, err);
	}
	if (m.type == SL_MSG_STAMP) {
		o = find(w, m.stamp.name, true);
		return o != NULL ? do_stamp(w, o, &m.stamp, err)
				 : unknown(w, m.stamp.ask, err);
	}
	return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
	    "slused sent %s", sl_msg_name(m.type));
}

enum sl_rc
sl_courier_run(
    struct sl_courier *w, struct sl_chan *chan, int signals, struct sl_err *err)
{
	struct pollfd pf[2] = {{.fd = sl_chan_fd(chan), .events = POLLIN},
	    {.fd = signals, .events = POLLIN}};
	int64_t wait_ms = sl_notify_watchdog_ms() / 2;
	enum sl_rc rc = SL_OK;

	w->chan = chan;
	sl_log(SL_LOG_INFO, "witness", "ready witnesses=\"%zu\" tsas=\"%zu\"",
	    w->config->witness_n, w->config->tsa_n);
	while (rc == SL_OK) {
		sl_notify_pulse(-1);
		if (poll(pf, 2, wait_ms > 0 ? (int)wait_ms : -1) < 0 &&
		    errno != EINTR)
			return sl_err_set(
			    err, SL_FATAL, errno, "internal", "poll");
		if (pf[1].revents != 0)
			return SL_OK;
		if ((pf[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			rc = receive(w, err);
	}
	return rc;
}
