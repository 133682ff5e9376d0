/*
 * The requests of `sluse`: one request, one answer. The actor is who the kernel
 * says is at the other end of the socket; may he, access.h says.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../faces/settle.h"
#include "access.h"
#include "scans.h"

#define CASES_BYTES_MAX ((size_t)64 << 20) /* of all lists being taken in */
#define ITEMS_MAX 5000 /* of one call; a packet holds about half of that */
#define UUID_CHARS 36

const char *
sl_request_text(const json_t *args, const char *key)
{
	const char *s = json_string_value(json_object_get(args, key));

	return s != NULL ? s : "";
}

/* Of all who send a list now: anybody in the group may begin one. */
static size_t
cases_bytes(const struct sl_engine *e)
{
	const struct sl_peer *p;
	size_t n = 0;

	for (p = e->peers; p != NULL; p = p->next)
		n += p->cases.n;
	return n;
}

/* Some rows of a list. They wait until all are here: a list is taken whole or
 * not at all, whoever goes away in the middle. */
static enum sl_rc
take_cases(struct sl_peer *p, json_t *args, struct sl_err *err)
{
	SL_FREE char *line = json_dumps(args, JSON_COMPACT);
	json_t *row, *rows = json_object_get(args, "cases");
	size_t i, n;

	json_array_foreach(rows, i, row)
	{
		n = strlen(sl_request_text(row, "number"));
		if (n > 0 && n <= 64)
			continue;
		sl_buf_free(&p->cases);
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "line %" JSON_INTEGER_FORMAT
		    ": a case without a number; nothing was changed",
		    json_integer_value(json_object_get(row, "line")));
	}
	n = line != NULL ? strlen(line) : 0;
	if (cases_bytes(p->e) + n + 1 > CASES_BYTES_MAX) {
		sl_buf_free(&p->cases);
		return sl_engine_no(err,
		    "the list is too long, or others are being taken in; "
		    "nothing was changed");
	}
	sl_buf_add(&p->cases, line, n);
	sl_buf_add_char(&p->cases, '\n');
	return SL_OK;
}

static enum sl_rc
put_cases(struct sl_engine *e, const char *line, size_t n, int64_t *count,
    struct sl_err *err)
{
	json_t *args = json_loadb(line, n, 0, NULL), *row;
	struct sl_msg_sync_case m;
	enum sl_rc rc = SL_OK;
	size_t i;

	json_array_foreach(json_object_get(args, "cases"), i, row)
	{
		m.number = sl_slice_str(sl_request_text(row, "number"));
		m.title = sl_slice_str(sl_request_text(row, "title"));
		m.status = sl_slice_str(sl_request_text(row, "status"));
		m.unit = sl_slice_str(sl_request_text(row, "unit"));
		m.klass = sl_slice_str(sl_request_text(row, "class"));
		m.target_key = sl_slice_str("");
		if (rc == SL_OK)
			rc = sl_case_put(
			    e->store, &m, "csv", sl_clock_utc_ms(), err);
		++*count;
	}
	json_decref(args);
	return rc;
}

/* All in one transaction, with the event that tells of it. */
static enum sl_rc
cases_done(struct sl_engine *e, struct sl_peer *p, const char *actor,
    struct sl_err *err)
{
	const char *s = sl_buf_str(&p->cases), *end = s + p->cases.n, *nl;
	SL_BUF struct sl_buf b = {0};
	int64_t n = 0;

	for (; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (nl == NULL)
			break;
		if (put_cases(e, s, (size_t)(nl - s), &n, err) != SL_OK)
			return SL_FATAL;
	}
	sl_buf_free(&p->cases);
	sl_buf_printf(&b, "{\"cases\":%" PRId64 "}", n);
	if (sl_store_log(e->store, SL_EVENT_cases_imported, "-", actor,
		sl_buf_str(&b), 0, 0, err) != SL_OK)
		return SL_FATAL;
	return sl_known_changed(e, err);
}

/* An event of the whole house, with the words of who asked for it. */
static enum sl_rc
log_switch(struct sl_engine *e, enum sl_event event, const char *actor,
    const char *why, struct sl_err *err)
{
	json_t *o =
	    *why != '\0' ? json_pack("{s:s}", "detail", why) : json_object();
	char *payload = json_dumps(o, JSON_COMPACT);
	enum sl_rc rc;

	rc = sl_store_log(e->store, event, "-", actor,
	    payload != NULL ? payload : "{}", 0, 0, err);
	free(payload);
	json_decref(o);
	return rc;
}

static enum sl_rc
start_out(struct sl_target *t, struct sl_err *err)
{
	t->login_stopped = false;
	t->open_until_ms = 0;
	sl_sync_soon(t);
	sl_timer_pull(t->timer, 0);
	return sl_delivery_hurry(t->e->store, t->cfg->name, sl_clock_utc_ms(),
	    sl_outbox_settled_ms(t), err);
}

static enum sl_rc
switches(struct sl_engine *e, const char *verb, const char *actor,
    const char *why, struct sl_err *err)
{
	size_t i;

	if (e->halted)
		return sl_engine_no(err,
		    "the sporingslogg is not the one that was "
		    "signed; see slused(8), RESTORING");
	if (strcmp(verb, "stop-in") == 0 || strcmp(verb, "start-in") == 0) {
		e->intake_stopped = strcmp(verb, "stop-in") == 0;
		return log_switch(e,
		    e->intake_stopped ? SL_EVENT_intake_stopped
				      : SL_EVENT_intake_resumed,
		    actor, why, err);
	}
	e->push_stopped = strcmp(verb, "stop-out") == 0;
	for (i = 0; i < e->targets_n && !e->push_stopped; i++)
		if (start_out(&e->targets[i], err) != SL_OK)
			return SL_FATAL;
	return log_switch(e,
	    e->push_stopped ? SL_EVENT_target_stopped : SL_EVENT_target_resumed,
	    actor, why, err);
}

static void
inlet_json(struct sl_engine *e, size_t i, struct sl_buf *b)
{
	struct sl_inlet *in = e->inlets[i];
	int64_t replaced = sl_doors_replaced_ms(e, i);
	char since[32];

	sl_buf_printf(b,
	    "%s{\"queue\":\"%s\",\"mode\":\"%s\",\"not_whole\":%zu,"
	    "\"no_room\":%zu,\"replaced\":",
	    i > 0 ? "," : "", sl_inlet_queue(in)->name, sl_inlet_mode(in),
	    sl_inlet_incomplete(in), sl_inlet_no_room(in).n);
	sl_clock_format_utc(replaced, since, sizeof(since));
	if (replaced != 0)
		sl_buf_printf(b, "\"%s\"}", since);
	else
		sl_buf_add_str(b, "null}");
}

static void
status_json(struct sl_engine *e, struct sl_buf *b)
{
	static const char *const roles[] = {"", "work", "ocr", "place", "push",
	    "ctl", "decrypt", "convert", "report", "witness"};
	struct sl_peer *p;
	size_t i;
	bool first = true;

	sl_buf_add_str(b, "{\"troubles\":");
	sl_trouble_status(e, b);
	sl_buf_add_str(b, ",\"programs\":[");
	for (p = e->peers; p != NULL; p = p->next) {
		if (p->dead || p->role == 0 || p->slots == 0)
			continue;
		sl_buf_printf(b,
		    "%s{\"role\":\"%s\",\"name\":\"%s\",\"pid\":%u,"
		    "\"slots\":%u,\"running\":%u}",
		    first ? "" : ",", roles[p->role], p->name, p->pid, p->slots,
		    p->running);
		first = false;
	}
	sl_buf_add_str(b, "],\"inlets\":[");
	for (i = 0; i < e->inlets_n; i++)
		inlet_json(e, i, b);
	sl_buf_add_str(b, "],\"targets\":[");
	for (i = 0; i < e->targets_n; i++)
		sl_buf_printf(b,
		    "%s{\"name\":\"%s\",\"inflight\":%zu,\"failures\":%d,"
		    "\"paused\":%s,\"login\":%s}",
		    i > 0 ? "," : "", e->targets[i].cfg->name,
		    e->targets[i].inflight_n, e->targets[i].failures,
		    e->targets[i].open_until_ms > sl_clock_boot_ms() ? "true"
								     : "false",
		    e->targets[i].login_stopped ? "false" : "true");
	sl_buf_printf(b,
	    "],\"jobs\":%zu,\"intake\":%s,\"push\":%s,\"journal\":", e->jobs_n,
	    e->intake_stopped || e->paused_all || e->stalled ? "false" : "true",
	    e->push_stopped ? "false" : "true");
	sl_seal_status(e->seal, b);
	sl_buf_add_char(b, '}');
}

/* -- decisions ---------------------------------------------------------------
 */

static const struct {
	const char *verb;
	enum sl_change change;
} changes[] = {
    {"hold", SL_CHANGE_hold},
    {"release", SL_CHANGE_release},
    {"retry", SL_CHANGE_retry},
    {"reject", SL_CHANGE_reject},
};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static size_t
change_of(const char *verb)
{
	size_t i;

	for (i = 0; i < CHANGES && strcmp(verb, changes[i].verb) != 0; i++)
		;
	return i;
}

/* "ids" of several, or "id" of one. */
static size_t
items_of(json_t *args)
{
	json_t *ids = json_object_get(args, "ids");

	return json_is_array(ids) ? json_array_size(ids) : 1;
}

static const char *
item(json_t *args, size_t i)
{
	json_t *ids = json_object_get(args, "ids");
	const char *s = json_string_value(json_array_get(ids, i));

	return json_is_array(ids) ? (s != NULL ? s : "")
				  : sl_request_text(args, "id");
}

static enum sl_rc
assign(struct sl_engine *e, const char *id, json_t *args, const char *actor,
    struct sl_buf *json, struct sl_err *err)
{
	const char *why = sl_request_text(args, "why"),
		   *number = sl_request_text(args, "case");
	char other[48], settled[65], status[64];
	enum sl_rc rc;

	if (json_object_get(args, "newCase") != NULL)
		return sl_control_new_case(
		    e, id, sl_request_text(args, "newCase"), why, actor, err);
	if (json_object_get(args, "with") == NULL)
		return sl_control_assign(e, id,
		    !sl_case_known(e->store, number, status, sizeof(status)) &&
			    sl_settle_case(number, strlen(number), settled,
				sizeof(settled))
			? settled
			: number,
		    why, actor, err);
	rc = sl_control_with(
	    e, id, sl_request_text(args, "with"), NULL, why, actor, other, err);
	if (rc == SL_OK && *other != '\0' && items_of(args) == 1)
		sl_buf_printf(json, "{\"waits_for\":\"%s\"}", other);
	return rc;
}

static enum sl_rc
decide(struct sl_engine *e, const char *verb, const char *id, json_t *args,
    const char *actor, struct sl_buf *json, struct sl_err *err)
{
	size_t k = change_of(verb);

	if (k == CHANGES)
		return assign(e, id, args, actor, json, err);
	return sl_control_change(
	    e, id, changes[k].change, sl_request_text(args, "why"), actor, err);
}

/* One item, or each of several by itself: those that cannot be are told. */
static enum sl_rc
decide_all(struct sl_engine *e, const char *verb, json_t *args,
    const char *actor, struct sl_buf *json, struct sl_err *err)
{
	size_t i, n = items_of(args), done = 0;
	json_t *failed, *o;
	enum sl_rc rc = SL_OK;
	char *s;

	if (json_object_get(args, "ids") == NULL)
		return decide(e, verb, sl_request_text(args, "id"), args, actor,
		    json, err);
	failed = json_array();
	for (i = 0; i < n && rc != SL_FATAL; i++) {
		rc = decide(e, verb, item(args, i), args, actor, json, err);
		done += rc == SL_OK;
		if (rc != SL_OK && rc != SL_FATAL)
			(void)json_array_append_new(
			    failed, json_pack("{s:s, s:s}", "id", item(args, i),
					"why", err->text));
	}
	o = json_pack("{s:I, s:o}", "done", (json_int_t)done, "failed", failed);
	s = json_dumps(o, JSON_COMPACT);
	sl_buf_add_str(json, s != NULL && strlen(s) < 57000 ? s : "{}");
	free(s);
	json_decref(o);
	return rc == SL_FATAL ? rc : SL_OK;
}

static enum sl_rc
deviation(
    struct sl_engine *e, json_t *args, const char *actor, struct sl_err *err)
{
	const char *kind = sl_request_text(args, "kind"),
		   *why = sl_request_text(args, "why");
	int64_t consignment, entry;
	char subject[48];

	sl_control_subject(
	    e, sl_request_text(args, "id"), subject, &consignment, &entry);
	if (consignment == 0)
		return sl_engine_no(err, "there is no such post");
	if (sl_deviation_by_name(kind) == SL_DEVIATIONS)
		return sl_engine_no(err, "there is no such kind of deviation");
	if (strlen(why) < SL_WHY_MIN)
		return sl_engine_no(err, "a deviation takes " SL_WHY_SAID);
	return sl_access_log(e, SL_EVENT_deviation, actor, subject,
	    json_pack("{s:s, s:s}", "kind", kind, "why", why), err);
}

/* What sluse-depot has made of a queue, before it gets its name: which package
 * left, and how much is in it. */
static enum sl_rc
packed(struct sl_engine *e, json_t *args, const char *actor, struct sl_err *err)
{
	static const char *const counts[] = {
	    "bytes", "files", "consignments", "posts", "pages"};
	const char *queue = sl_request_text(args, "queue"),
		   *uuid = sl_request_text(args, "package"),
		   *digest = sl_request_text(args, "sha256");
	json_t *o;
	size_t i;

	if (sl_config_queue(e->cfg, queue) == NULL)
		return sl_engine_no(err, "there is no such queue");
	if (strlen(uuid) != UUID_CHARS || strlen(digest) != SL_SHA256_HEX)
		return sl_engine_no(err, "that is no package");
	o = json_pack("{s:s, s:s, s:s}", "queue", queue, "package", uuid,
	    "sha256", digest);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		(void)json_object_set_new(o, counts[i],
		    json_integer(
			json_integer_value(json_object_get(args, counts[i]))));
	return sl_access_log(e, SL_EVENT_packed_for_depot, actor, "-", o, err);
}

/* What is done to items by their ids. */
static bool
is_decision(const char *verb)
{
	return change_of(verb) < CHANGES || strcmp(verb, "assign") == 0;
}

/* What is done with the sporingslogg itself. */
static bool
is_journal(const char *verb)
{
	return strcmp(verb, "journal-erase") == 0 ||
	       strcmp(verb, "journal-accept") == 0 ||
	       strcmp(verb, "journal-key") == 0;
}

static enum sl_rc
journal(struct sl_engine *e, const char *verb, json_t *args, const char *actor,
    struct sl_err *err)
{
	const char *why = sl_request_text(args, "why");

	/* What is erased is what the second person was shown. */
	if (items_of(args) != 1)
		return sl_engine_no(err, "one at a time");
	if (strcmp(verb, "journal-erase") == 0)
		return sl_erase_asked(e, item(args, 0), why, actor, err);
	if (strcmp(verb, "journal-accept") == 0)
		return sl_seal_accept(e->seal, why, actor, err);
	return sl_seal_rotate(e->seal, why, actor, err);
}

static bool
is_switch(const char *verb)
{
	return strcmp(verb, "stop-in") == 0 || strcmp(verb, "start-in") == 0 ||
	       strcmp(verb, "stop-out") == 0 || strcmp(verb, "start-out") == 0;
}

enum sl_rc
sl_control_do(struct sl_engine *e, struct sl_peer *p, const char *verb,
    json_t *args, const char *actor, struct sl_buf *json, struct sl_err *err)
{
	if (is_decision(verb))
		return decide_all(e, verb, args, actor, json, err);
	if (strcmp(verb, "case") == 0 && p != NULL)
		return take_cases(p, args, err);
	if (strcmp(verb, "cases-done") == 0 && p != NULL)
		return cases_done(e, p, actor, err);
	if (is_journal(verb))
		return journal(e, verb, args, actor, err);
	if (strcmp(verb, "deviation") == 0)
		return deviation(e, args, actor, err);
	if (strcmp(verb, "scan-sign") == 0)
		return sl_scan_sign(e, args, actor, json, err);
	if (strcmp(verb, "depot-dias") == 0)
		return packed(e, args, actor, err);
	if (is_switch(verb))
		return switches(
		    e, verb, actor, sl_request_text(args, "why"), err);
	if (strcmp(verb, "status") == 0) {
		status_json(e, json);
		return SL_OK;
	}
	return sl_engine_no(err, "unknown request");
}

/* -- who may -----------------------------------------------------------------
 */

/* The verb of the table that a request about this item is. */
static enum sl_verb
verb_of(struct sl_engine *e, const char *verb, const char *id)
{
	size_t k = change_of(verb);

	if (strcmp(verb, "case") == 0 || strcmp(verb, "cases-done") == 0)
		return SL_VERB_cases_import;
	if (k < CHANGES && (changes[k].change == SL_CHANGE_release ||
			       changes[k].change == SL_CHANGE_retry))
		return sl_control_verb(e, changes[k].change, id);
	return sl_verb_by_name(verb);
}

/* Of all its items. SL_HOLD: *ret is the verb a second person is needed for. */
static enum sl_rc
check(struct sl_engine *e, const struct sl_person *who, const char *verb,
    json_t *args, enum sl_verb *ret, struct sl_err *err)
{
	size_t i, n = items_of(args);
	enum sl_rc rc = SL_OK, one;
	enum sl_verb v;

	if (n == 0 || n > ITEMS_MAX)
		return sl_engine_no(err, "none, or too many at once");
	for (i = 0; i < n; i++) {
		v = verb_of(e, verb, item(args, i));
		if (v == SL_VERBS)
			return sl_engine_no(err, "unknown request");
		one = sl_access_check(e, who, v, item(args, i), NULL, err);
		if (one != SL_OK && one != SL_HOLD)
			return one;
		if (one == SL_HOLD || rc == SL_OK)
			*ret = v;
		if (one == SL_HOLD)
			rc = one;
	}
	if (n <= e->cfg->access.mass_max)
		return rc;
	one = sl_access_check(e, who, SL_VERB_mass, "-", NULL, err);
	if (one == SL_HOLD && rc == SL_OK)
		*ret = SL_VERB_mass;
	return one == SL_OK ? rc : one;
}

/* Most need a reason; one that is given says something. */
static bool
has_reason(const char *verb, const json_t *args)
{
	if (json_object_get(args, "why") == NULL)
		return change_of(verb) == CHANGES && !is_journal(verb);
	return strlen(sl_request_text(args, "why")) >= SL_WHY_MIN;
}

static enum sl_rc
answer(struct sl_engine *e, struct sl_peer *p, const char *verb, json_t *args,
    const struct sl_person *who, struct sl_buf *json, struct sl_err *err)
{
	struct sl_wish w = {.request = verb,
	    .args = args,
	    .subject = items_of(args) == 1 ? item(args, 0) : "-",
	    .why = sl_request_text(args, "why"),
	    .items = items_of(args)};
	char own[48];
	int64_t unused;
	enum sl_rc rc;

	if (strcmp(verb, "approve") == 0)
		return sl_approve_answer(e, who, args, json, err);
	rc = check(e, who, verb, args, &w.verb, err);
	if ((rc == SL_OK || rc == SL_HOLD) && !has_reason(verb, args))
		return sl_engine_no(err, "it takes " SL_WHY_SAID);
	if (rc == SL_OK)
		return sl_control_do(e, p, verb, args, who->actor, json, err);
	if (rc != SL_HOLD)
		return rc;
	/* Nothing is filed that sl_control_do could not do then. */
	if (!is_decision(verb) && !is_journal(verb))
		return sl_engine_no(err, "unknown request");
	if (strlen(w.why) < SL_WHY_MIN)
		return sl_engine_no(err,
		    "what a second person must approve takes " SL_WHY_SAID);
	/* A second person is not asked for what would be refused. */
	if (strcmp(verb, "journal-erase") == 0 &&
	    (rc = sl_erase_may(e, item(args, 0), err)) != SL_OK)
		return rc;
	sl_control_subject(e, w.subject, own, &unused, &unused);
	w.subject = own;
	return sl_approve_ask(e, who, &w, json, err);
}

/* The rows' socket: one end to who asked, one to sluse-report. */
static void
serve(struct sl_peer *p, struct sl_reading *r, struct sl_msg *reply)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		reply->ctl_reply.rc = SL_RETRY;
		reply->ctl_reply.text = sl_slice_str("no descriptor is left");
		(void)sl_peer_send(p, reply, NULL, 0);
		return;
	}
	(void)sl_peer_send(r->report, &r->serve, &pair[1], 1);
	(void)sl_peer_send(p, reply, &pair[0], 1);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* The disk is full: what writes nothing is answered. */
static enum sl_rc
answer_full(struct sl_engine *e, const char *verb, struct sl_buf *json,
    struct sl_err *err)
{
	if (strcmp(verb, "status") != 0)
		return sl_err_set(err, SL_RETRY, 0, "disk_full",
		    "the disk is full: slused waits for room, and does nothing "
		    "until then");
	status_json(e, json);
	return SL_OK;
}

enum sl_rc
sl_control_request(struct sl_engine *e, struct sl_peer *p,
    const struct sl_msg_ctl *m, struct sl_err *err)
{
	struct sl_msg r = {.type = SL_MSG_CTL_REPLY};
	struct sl_person who = {.uid = p->uid, .duties = p->duties};
	struct sl_reading reading = {0};
	SL_BUF struct sl_buf json = {0};
	json_t *args = json_loadb(m->args.p, m->args.n, 0, NULL);
	char verb[33];
	enum sl_rc rc;

	(void)sl_slice_copy(m->verb, verb, sizeof(verb));
	(void)snprintf(who.actor, sizeof(who.actor), "uid:%" PRIu32, p->uid);
	if (sl_room_stalls(e))
		rc = answer_full(e, verb, &json, err);
	else
		rc = strcmp(verb, "read") == 0
			 ? sl_reading_ask(e, &who, args, &reading, err)
			 : answer(e, p, verb, args, &who, &json, err);
	json_decref(args);
	r.ctl_reply.rc = (uint8_t)rc;
	if (rc != SL_OK && rc != SL_FATAL) {
		r.ctl_reply.reason = sl_slice_str(err->reason);
		r.ctl_reply.text = sl_slice_str(err->text);
	}
	r.ctl_reply.json = sl_slice_buf(&json);
	/* Commit first: a yes must be durable when it is read, and what is seen
	 * must be in the journal before. */
	if (rc != SL_FATAL && (e->stalled || sl_engine_commit(e) == SL_OK)) {
		if (reading.report != NULL)
			serve(p, &reading, &r);
		else
			(void)sl_peer_send(p, &r, NULL, 0);
	}
	free(reading.args);
	return rc == SL_FATAL ? rc : SL_OK;
}
