/*
 * INVARIANTS: what is sent is signed, remembered and committed; one question at
 * a time to each. Events about marks make no head of their own worth sending
 * (sl_seal_loud), or an idle log would grow for ever.
 * SECURITY: from outside come numbers and 72 bytes, which are verified here
 * over our own text, and tokens, which are kept unread.
 * FAILURES: kill -9 between an answer and its commit: it is asked again, and a
 * witness that is further than we remember says so (409).
 */
#include "witness.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/base64.h"
#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "../journal/cosign.h"
#include "../journal/stamp.h"
#include "../store/heads.h"
#include "../store/marks.h"
#include "seal_p.h"

#define WAIT_MAX_MS INT64_C(3600000) /* after failures */
#define TSA_WAIT_MS 60000 /* after the first */
#define DOUBLED_MAX 16
#define ELSEWHERE_MAX 2 /* times in a row that it may be elsewhere */
#define TRUST_MAX 65536
#define CLOCK_OFF_S 600 /* its clock or ours: said in the log */

/* A [witness] or a [tsa]. */
struct other {
	const struct sl_witness_config *witness;
	const struct sl_tsa_config *tsa; /* or */
	struct sl_vkey key;
	struct sl_buf pem;
	struct sl_witness_row row;
	bool look; /* ask at once, whatever is new */
	int64_t next_ms; /* boot: not earlier */
	uint64_t at; /* size it has cosigned, as far as we know */
	uint64_t ask; /* number of what is under way; 0: nothing */
	uint64_t asked_size, asked_old;
	unsigned elsewhere;
	char told[64]; /* reason that stands in the journal already */
};

struct sl_witnesses {
	struct sl_seal *seal;
	const struct sl_seal_house *house; /* its */
	struct other *other;
	size_t n;
	uint64_t asks;
	struct sl_timer *timer;
};

static const char *
name_of(const struct other *o)
{
	return o->row.name;
}

static void
on_timer(void *arg)
{
	sl_loop_again(arg);
}

/* -- start ------------------------------------------------------------------
 */

static int64_t
at_of_day(int64_t day, unsigned minute)
{
	struct sl_date d = sl_clock_oslo(sl_day_begin(day));

	d.hour = (int)(minute / 60);
	d.minute = (int)(minute % 60);
	return sl_clock_from_oslo(&d);
}

/* The day's time that comes next after that instant. Days are counted: two a
 * year have another length than the rest. */
static int64_t
next_at(int64_t after_ms, unsigned minute)
{
	int64_t day = sl_day_of(after_ms), t = at_of_day(day, minute);

	return t > after_ms ? t : at_of_day(day + 1, minute);
}

static enum sl_rc
start_witness(struct sl_witnesses *w, struct other *o, struct sl_err *err)
{
	const struct sl_witness_config *c = o->witness;

	if (!sl_cosign_key(c->vkey, &o->key))
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "[witness %s]: vkey is no key of a witness (type 4)",
		    c->head.title);
	o->row.stale_ms = c->stale_ms;
	/* By key: a name may have been given to another. */
	o->row.size = o->at = sl_cosignature_last(w->house->store, c->vkey);
	o->look = true;
	return SL_OK;
}

/* What tokens lead to is kept beside them. That the file is not there now
 * stops nobody. */
static void
start_tsa(struct sl_witnesses *w, struct other *o)
{
	const struct sl_tsa_config *c = o->tsa;
	SL_FREE char *path = sl_path_below(w->house->root, c->trust);

	o->row.stale_ms = c->stale_ms;
	o->row.due_ms =
	    o->row.marked_ms == 0
		? (o->row.due_ms != 0 ? o->row.due_ms : sl_clock_utc_ms())
		: next_at(o->row.marked_ms, c->at_min);
	if (sl_read_file(AT_FDCWD, path, TRUST_MAX, &o->pem, NULL) != SL_OK ||
	    !sl_utf8_valid(o->pem.p, o->pem.n)) {
		sl_buf_reset(&o->pem);
		(void)snprintf(
		    o->row.reason, sizeof(o->row.reason), "bad_trust");
		sl_log(SL_LOG_ERR, "witness",
		    "cannot read the certificates of tsa=\"%s\"", name_of(o));
	} else if (strcmp(o->row.reason, "bad_trust") == 0) {
		o->row.reason[0] = '\0';
	}
}

static bool
has(void *arg, bool tsa, const char *name)
{
	const struct sl_witnesses *w = arg;
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->other[i].row.tsa == tsa &&
		    strcmp(w->other[i].row.name, name) == 0)
			return true;
	return false;
}

/* A row of the configuration, with what is known of it. */
static struct other *
add(struct sl_witnesses *w, bool tsa, const char *name)
{
	struct other *o = &w->other[w->n++];

	if (!sl_witness_find(w->house->store, tsa, name, &o->row)) {
		o->row.tsa = tsa;
		(void)snprintf(o->row.name, sizeof(o->row.name), "%s", name);
	}
	(void)snprintf(o->told, sizeof(o->told), "%s", o->row.reason);
	return o;
}

enum sl_rc
sl_witness_start(
    struct sl_seal *seal, struct sl_witnesses **ret, struct sl_err *err)
{
	const struct sl_config *c = seal->house.cfg;
	struct sl_witnesses *w = sl_alloc(sizeof(*w));
	enum sl_rc rc = SL_OK;
	struct other *o;
	size_t i;

	*ret = w;
	w->seal = seal;
	w->house = &seal->house;
	w->other = sl_alloc((c->witness_n + c->tsa_n + 1) * sizeof(*w->other));
	w->timer = sl_loop_timer(w->house->loop, on_timer, w->house->loop);
	for (i = 0; rc == SL_OK && i < c->witness_n; i++) {
		o = add(w, false, c->witness[i].head.title);
		o->witness = &c->witness[i];
		rc = start_witness(w, o, err);
	}
	for (i = 0; rc == SL_OK && i < c->tsa_n; i++) {
		o = add(w, true, c->tsa[i].head.title);
		o->tsa = &c->tsa[i];
		start_tsa(w, o);
	}
	for (i = 0; rc == SL_OK && i < w->n; i++)
		rc = sl_witness_put(w->house->store, &w->other[i].row, err);
	return rc == SL_OK ? sl_witness_forget(w->house->store, has, w, err)
			   : rc;
}

void
sl_witness_stop(struct sl_witnesses *w)
{
	size_t i;

	if (w == NULL)
		return;
	for (i = 0; i < w->n; i++)
		sl_buf_free(&w->other[i].pem);
	sl_timer_end(w->timer);
	free(w->other);
	free(w);
}

/* -- asking -----------------------------------------------------------------
 */

/* The last signed head, and the proof that it goes on from where the witness
 * is. False: leaves are missing, which is not to be said to others. */
static bool
make_question(struct sl_witnesses *w, struct other *o, struct sl_buf *out)
{
	struct sl_digest node[SL_PROOF_MAX], roots[2];
	SL_BUF struct sl_buf note = {0};
	struct sl_tree then, now;
	uint64_t size;
	size_t n = 0;

	if (!sl_head_last(w->house->store, INT64_MAX, &size, &note))
		return false;
	if (o->at > size)
		o->at = size;
	if (o->at > 0 && o->at < size) {
		if (!sl_store_tree_at(w->house->store, o->at, &then) ||
		    !sl_store_tree_at(w->house->store, size, &now) ||
		    !sl_proof_make(0, o->at, size, sl_store_range,
			w->house->store, node, &n))
			return false;
		sl_tree_root(&then, &roots[0]);
		sl_tree_root(&now, &roots[1]);
		if (n > SL_COSIGN_NODES_MAX ||
		    !sl_proof_consistency(o->at, size, roots, node, n))
			return false;
	}
	sl_cosign_body(o->at, node, n, sl_slice_buf(&note), out);
	o->asked_size = size;
	o->asked_old = o->at;
	return true;
}

static bool
send_witness(struct sl_witnesses *w, struct other *o)
{
	struct sl_msg m = {.type = SL_MSG_WITNESS};
	SL_BUF struct sl_buf body = {0};

	if (!make_question(w, o, &body)) {
		sl_log(SL_LOG_ERR, "witness",
		    "no proof can be made: verify the sporingslogg "
		    "witness=\"%s\"",
		    name_of(o));
		return false;
	}
	m.witness.ask = o->ask;
	m.witness.name = sl_slice_str(name_of(o));
	m.witness.body = sl_slice_buf(&body);
	return w->house->witness_send(w->house->arg, &m);
}

static bool
send_stamp(struct sl_witnesses *w, struct other *o)
{
	struct sl_msg m = {.type = SL_MSG_STAMP};
	SL_BUF struct sl_buf note = {0};

	if (!sl_head_last(w->house->store, INT64_MAX, &o->asked_size, &note))
		return false;
	m.stamp.ask = o->ask;
	m.stamp.name = sl_slice_str(name_of(o));
	sl_sha256(note.p, note.n, &m.stamp.of);
	return w->house->witness_send(w->house->arg, &m);
}

/* In how many milliseconds it is due; -1: not before something happens. */
static int64_t
due_in(struct sl_witnesses *w, struct other *o, int64_t now)
{
	uint64_t size = sl_seal_signed(w->seal);
	int64_t left, wait;

	if (size == 0 || o->ask != 0 || (o->tsa != NULL && o->pem.n == 0))
		return -1;
	left = o->next_ms > now ? o->next_ms - now : 0;
	if (o->witness != NULL)
		return o->look || o->row.size < sl_seal_loud(w->seal) ? left
								      : -1;
	if (o->row.size >= size)
		return -1; /* nothing new since the last token */
	wait = o->row.due_ms - sl_clock_utc_ms();
	return wait > left ? wait : left;
}

void
sl_witness_round(struct sl_witnesses *w)
{
	int64_t now = sl_clock_boot_ms(), left;
	struct other *o;
	size_t i;

	if (w->n == 0 || !w->house->witness_there(w->house->arg) ||
	    sl_seal_halted(w->seal) || sl_store_dirty(w->house->store))
		return;
	for (i = 0; i < w->n; i++) {
		o = &w->other[i];
		left = due_in(w, o, now);
		if (left > 0)
			sl_timer_pull(w->timer, left);
		if (left != 0)
			continue;
		o->ask = ++w->asks;
		if (!(o->tsa != NULL ? send_stamp(w, o) : send_witness(w, o))) {
			o->ask = 0;
			o->next_ms = now + TSA_WAIT_MS;
		}
	}
}

void
sl_witness_peer_ready(struct sl_witnesses *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		w->other[i].look = w->other[i].witness != NULL;
		w->other[i].next_ms = 0;
	}
}

void
sl_witness_peer_gone(struct sl_witnesses *w)
{
	size_t i;

	for (i = 0; w != NULL && i < w->n; i++)
		w->other[i].ask = 0;
}

/* -- what became of it ------------------------------------------------------
 */

/* payload is taken over. */
static enum sl_rc
log_event(struct sl_witnesses *w, const struct other *o, enum sl_event event,
    json_t *payload, struct sl_err *err)
{
	SL_FREE char *actor = sl_asprintf(
	    "%s:%s", o->tsa != NULL ? "tsa" : "witness", name_of(o));
	SL_FREE char *s = json_dumps(payload, JSON_COMPACT);

	json_decref(payload);
	return sl_store_log(w->house->store, event, "-", actor,
	    s != NULL ? s : "{}", 0, 0, err);
}

static void
set_reason(
    struct other *o, const char *reason, const struct sl_msg_witnessed *m)
{
	(void)snprintf(o->row.reason, sizeof(o->row.reason), "%s", reason);
	if (m->detail.n > 0)
		(void)sl_slice_copy(
		    m->detail, o->row.detail, sizeof(o->row.detail));
	else if (m->http_status != 0)
		(void)snprintf(o->row.detail, sizeof(o->row.detail),
		    "status %" PRIu32, m->http_status);
	else
		o->row.detail[0] = '\0';
}

/* Which waits are doubled, and what is said: an answer that a person must look
 * at at once, a silence only when it has lasted. */
static enum sl_rc
failed(struct sl_witnesses *w, struct other *o,
    const struct sl_msg_witnessed *m, const char *reason, struct sl_err *err)
{
	int64_t now = sl_clock_utc_ms(), since,
		first = o->tsa != NULL ? TSA_WAIT_MS : o->witness->every_ms,
		wait, max = first > WAIT_MAX_MS ? first : WAIT_MAX_MS;
	bool silent = m->how == SL_WITNESSED_LATER;

	wait =
	    first << (o->row.tries < DOUBLED_MAX ? o->row.tries : DOUBLED_MAX);
	if (wait > max)
		wait = max;
	if (wait < (int64_t)m->retry_after_s * 1000)
		wait = (int64_t)m->retry_after_s * 1000;
	o->next_ms = sl_clock_boot_ms() + wait;
	o->look = false;
	o->elsewhere = 0;
	o->row.tries++;
	set_reason(o, reason, m);
	sl_log(silent ? SL_LOG_NOTICE : SL_LOG_WARNING, "witness",
	    "not marked name=\"%s\" reason=\"%s\" status=\"%" PRIu32
	    "\" tries=\"%u\" next_ms=\"%" PRId64 "\"",
	    name_of(o), reason, m->http_status, o->row.tries, wait);
	since = o->tsa != NULL ? o->row.due_ms
			       : sl_witness_waits(w->house->store, o->row.size);
	if (silent && (since == 0 || now - since < o->row.stale_ms))
		return SL_OK;
	if (strcmp(o->told, reason) == 0)
		return SL_OK;
	(void)snprintf(o->told, sizeof(o->told), "%s", reason);
	return log_event(w, o, SL_EVENT_witness_refused,
	    json_pack("{s:s, s:i, s:I, s:I, s:s}", "reason", reason, "status",
		(int)m->http_status, "size", (json_int_t)o->asked_size, "there",
		(json_int_t)m->size, "detail", o->row.detail),
	    err);
}

/* It has seen a log of ours that is not this one, or says so. With our own
 * signature under it that is proof. */
static enum sl_rc
other_history(struct sl_witnesses *w, struct other *o,
    const struct sl_msg_witnessed *m, struct sl_err *err)
{
	struct sl_checkpoint head = {
	    .size = m->head_size, .root = m->head_root};
	bool proven = false;

	sl_log(SL_LOG_CRIT, "journal",
	    "a witness has seen another sporingslogg of this name "
	    "witness=\"%s\" there=\"%" PRIu64 "\" here=\"%" PRIu64
	    "\"; see slused(8), RESTORING",
	    name_of(o), m->size, o->asked_size);
	if (failed(w, o, m, "other_history", err) != SL_OK)
		return SL_FATAL;
	if (m->head_sig.n != SL_NOTE_SIGNATURE_LEN)
		return SL_OK;
	(void)snprintf(head.origin, sizeof(head.origin), "%s",
	    sl_store_origin(w->house->store));
	return sl_seal_shown(
	    w->seal, &head, (const uint8_t *)m->head_sig.p, &proven, err);
}

static void
went_well(struct other *o, int64_t time_s)
{
	int64_t now = sl_clock_utc_ms(), off = time_s - now / 1000;

	o->row.size = o->asked_size;
	o->row.marked_ms = now;
	o->row.tries = 0;
	o->row.reason[0] = o->row.detail[0] = o->told[0] = '\0';
	o->look = false;
	o->elsewhere = 0;
	o->next_ms = sl_clock_boot_ms();
	if (o->witness != NULL)
		o->next_ms += o->witness->every_ms;
	else
		o->row.due_ms = next_at(now, o->tsa->at_min);
	if (off > CLOCK_OFF_S || off < -CLOCK_OFF_S)
		sl_log(SL_LOG_WARNING, "witness",
		    "its clock is not ours name=\"%s\" off_s=\"%" PRId64 "\"",
		    name_of(o), off);
	sl_log(SL_LOG_INFO, "witness",
	    "marked name=\"%s\" size=\"%" PRIu64 "\"", name_of(o),
	    o->asked_size);
}

/* The head that was sent; its note is kept. */
static bool
read_head(struct sl_witnesses *w, uint64_t size, struct sl_buf *note,
    struct sl_note *ret)
{
	uint64_t found;

	return sl_head_last(w->house->store, size, &found, note) &&
	       found == size &&
	       sl_note_parse(note->p, note->n, ret, NULL) == SL_OK;
}

static void
format_time(int64_t time_s, char out[32])
{
	/* What is beyond any calendar of ours is shown as such. */
	if (time_s < 0 || time_s > INT64_C(253402300799))
		(void)snprintf(out, 32, "%" PRId64, time_s);
	else
		sl_clock_format_utc(time_s * 1000, out, 32);
}

static enum sl_rc
take_cosignature(struct sl_witnesses *w, struct other *o,
    const struct sl_msg_witnessed *m, struct sl_err *err)
{
	const uint8_t *c = (const uint8_t *)m->mark.p;
	SL_BUF struct sl_buf note = {0}, text = {0};
	bool again = o->row.size == o->asked_size;
	struct sl_note parsed;
	char when[32];

	if (m->mark.n != SL_COSIGNATURE_LEN ||
	    !read_head(w, o->asked_size, &note, &parsed) ||
	    !sl_cosignature_verify(&o->key, parsed.text, c))
		return failed(w, o, m, "bad_signature", err);
	o->at = o->asked_size;
	format_time((int64_t)sl_cosignature_time(c), when);
	went_well(o, (int64_t)sl_cosignature_time(c));
	if (sl_cosignature_put(w->house->store, o->asked_size, o->witness->vkey,
		m->mark, err) != SL_OK)
		return SL_FATAL;
	/* The same head once more, at a start: nothing new to tell. */
	if (again)
		return SL_OK;
	sl_base64_add(&text, c, SL_COSIGNATURE_LEN);
	return log_event(w, o, SL_EVENT_cosigned,
	    json_pack("{s:s, s:I, s:s, s:s}", "key", o->witness->vkey, "size",
		(json_int_t)o->asked_size, "time", when, "cosignature",
		sl_buf_str(&text)),
	    err);
}

static enum sl_rc
take_token(struct sl_witnesses *w, struct other *o,
    const struct sl_msg_witnessed *m, struct sl_err *err)
{
	const struct sl_stamp_row row = {.size = o->asked_size,
	    .tsa = name_of(o),
	    .time_s = m->time_s,
	    .token = m->mark,
	    .pem = sl_slice_buf(&o->pem)};
	char hex[SL_SHA256_HEX + 1], when[32];
	struct sl_digest d;

	if (m->mark.n == 0)
		return failed(w, o, m, "bad_token", err);
	sl_sha256(m->mark.p, m->mark.n, &d);
	sl_digest_hex(&d, hex);
	format_time(m->time_s, when);
	went_well(o, m->time_s);
	if (sl_stamp_put(w->house->store, &row, err) != SL_OK)
		return SL_FATAL;
	return log_event(w, o, SL_EVENT_timestamped,
	    json_pack("{s:I, s:s, s:s}", "size", (json_int_t)o->asked_size,
		"time", when, "token_sha256", hex),
	    err);
}

/* It has cosigned another size than we thought. */
static enum sl_rc
take_elsewhere(struct sl_witnesses *w, struct other *o,
    const struct sl_msg_witnessed *m, struct sl_err *err)
{
	if (m->size > o->asked_size ||
	    (m->size == o->asked_old && m->size == o->asked_size))
		return other_history(w, o, m, err);
	if (m->size == o->asked_old || ++o->elsewhere > ELSEWHERE_MAX)
		return failed(w, o, m, "bad_answer", err);
	sl_log(SL_LOG_NOTICE, "witness",
	    "it is elsewhere name=\"%s\" there=\"%" PRIu64
	    "\" thought=\"%" PRIu64 "\"",
	    name_of(o), m->size, o->asked_old);
	o->at = m->size;
	o->look = true; /* from there, at once */
	o->next_ms = 0;
	sl_loop_again(w->house->loop);
	return SL_OK;
}

static enum sl_rc
judge(struct sl_witnesses *w, struct other *o, const struct sl_msg_witnessed *m,
    struct sl_err *err)
{
	char reason[64];

	switch (m->how) {
	case SL_WITNESSED_GOOD:
		return o->tsa != NULL ? take_token(w, o, m, err)
				      : take_cosignature(w, o, m, err);
	case SL_WITNESSED_ELSEWHERE:
		if (o->witness != NULL)
			return take_elsewhere(w, o, m, err);
		break;
	case SL_WITNESSED_REFUSED:
		/* We have verified that proof ourselves. */
		if (o->witness != NULL &&
		    sl_slice_eq(m->reason, "proof_refused"))
			return other_history(w, o, m, err);
		break;
	default:
		break;
	}
	(void)sl_slice_copy(m->reason, reason, sizeof(reason));
	return failed(w, o, m, reason, err);
}

enum sl_rc
sl_witness_answer(struct sl_witnesses *w, const struct sl_msg_witnessed *m,
    struct sl_err *err)
{
	struct other *o = NULL;
	size_t i;

	for (i = 0; i < w->n; i++)
		if (m->ask != 0 && w->other[i].ask == m->ask)
			o = &w->other[i];
	if (o == NULL || m->how < SL_WITNESSED_GOOD ||
	    m->how > SL_WITNESSED_LATER)
		return SL_REJECT;
	o->ask = 0;
	o->row.tried_ms = sl_clock_utc_ms();
	if (judge(w, o, m, err) != SL_OK ||
	    sl_witness_put(w->house->store, &o->row, err) != SL_OK)
		return SL_FATAL;
	sl_loop_again(w->house->loop);
	return SL_OK;
}
