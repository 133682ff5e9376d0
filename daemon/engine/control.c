/*
 * What people ask by `sluse`: one request, one answer. The actor is who the
 * kernel says is at the other end of the socket.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../prepare/prepare.h"
#include "engine.h"
#include "seal.h"

#define CASES_BYTES_MAX ((size_t)64 << 20) /* of all lists being taken in */

static enum sl_rc
no(struct sl_err *err, const char *text)
{
	return sl_err_set(err, SL_REJECT, 0, "not_possible", "%s", text);
}

/* An entry by "M26-004711-3.1"; without ".n" the only one that was not
 * replaced. */
static enum sl_rc
find(struct sl_engine *e, const char *id, struct sl_consignment *c,
    struct sl_entry *en, bool *ret_entry, struct sl_err *err)
{
	char reception[40];
	bool several;
	int number;

	if (!sl_reception_parse(id, reception, sizeof(reception), &number))
		return no(err, "that is no reception number (check it)");
	if (!sl_consignment_by_reception(e->store, reception, c))
		return no(err, "there is no such post");
	if (number == 0) {
		number = sl_entry_only(e->store, c->id, &several);
		if (several)
			return no(err, "it holds several posts: add .1, .2 ..");
		/* What is being read again is the consignment's. */
		*ret_entry = number > 0 && sl_entry_by_number(
					       e->store, reception, number, en);
		return SL_OK;
	}
	*ret_entry = sl_entry_by_number(e->store, reception, number, en);
	return *ret_entry ? SL_OK : no(err, "there is no such post");
}

/* Is the change in the table? Says so without ending the program. */
static bool
legal(enum sl_dispo from, enum sl_change change)
{
	enum sl_dispo to;
	struct sl_err unused;

	return sl_change_apply(from, change, &to, &unused) == SL_OK;
}

static void
ask_again(struct sl_engine *e, int64_t entry, int64_t unused)
{
	struct sl_err err;

	(void)unused;
	(void)sl_engine_bad(e, sl_placing_ask(e, entry, &err), &err);
}

static void
resume_job(struct sl_engine *e, int64_t consignment, int64_t unused)
{
	struct sl_consignment c;
	struct sl_inlet *in;
	struct sl_err err;

	(void)unused;
	if (!sl_consignment_by_id(e->store, consignment, &c) ||
	    sl_job_find(e, consignment) != NULL || c.dispo != SL_DISPO_ready)
		return;
	in = sl_engine_inlet(e, c.queue);
	(void)sl_engine_bad(e, sl_job_resume(e, in, &c, &err), &err);
}

static enum sl_rc
change_consignment(struct sl_engine *e, struct sl_consignment *c,
    enum sl_change change, const char *why, const char *actor,
    struct sl_err *err)
{
	struct sl_err why_not;
	struct sl_job *job;

	if (!legal(c->dispo, change))
		return no(err, "that cannot be done with it as it is now");
	if ((change == SL_CHANGE_release || change == SL_CHANGE_retry) &&
	    sl_source_list(e->store, c->id, NULL, 0) == 0 &&
	    !sl_job_copyable(e, c, &why_not))
		return no(err, "it is over the limits still, or its files are "
			       "gone: raise them, or drop it again in smaller "
			       "parts, and reject this");
	/* What is being read now must not go on behind the person's back. */
	job = sl_job_find(e, c->id);
	if (job != NULL)
		sl_job_free(job);
	if (change == SL_CHANGE_reject)
		c->outcome = SL_OUTCOME_withdrawn;
	if (sl_consignment_apply(e, c, change, "by_person", why, actor, err) !=
	    SL_OK)
		return SL_FATAL;
	if (c->dispo == SL_DISPO_ready)
		sl_engine_after(e, resume_job, c->id, 0);
	if (c->dispo == SL_DISPO_done)
		return sl_consignment_settle(e, c->id, err);
	return SL_OK;
}

/*
 * What could not be read is read anew from its originals: a password has come,
 * or a reader for it. The entry is replaced by the one that comes of it.
 */
static enum sl_rc
read_again(struct sl_engine *e, struct sl_consignment *c, struct sl_entry *en,
    const char *why, const char *actor, struct sl_err *err)
{
	if (sl_entry_moves_others(e->store, en))
		return no(err, "the files of other posts of its delivery would "
			       "be numbered anew: drop what it came in once "
			       "more");
	en->outcome = SL_OUTCOME_replaced;
	if (sl_entry_apply(e, en, SL_CHANGE_replace, "by_person", why, actor,
		err) != SL_OK ||
	    sl_entry_drop_documents(e->store, en->id, err) != SL_OK ||
	    sl_reading_drop(e->store, c->id, err) != SL_OK ||
	    sl_consignment_read_again(e, c, why, actor, err) != SL_OK)
		return SL_FATAL;
	sl_engine_after(e, resume_job, c->id, 0);
	return SL_OK;
}

enum sl_rc
sl_control_change(struct sl_engine *e, const char *id, enum sl_change change,
    const char *why, const char *actor, struct sl_err *err)
{
	struct sl_consignment c;
	struct sl_entry en;
	bool has_entry;
	enum sl_rc rc;

	rc = find(e, id, &c, &en, &has_entry, err);
	if (rc != SL_OK)
		return rc;
	if (!has_entry)
		return change_consignment(e, &c, change, why, actor, err);
	if (change == SL_CHANGE_reject && sl_outbox_may_be_there(e, &en))
		return no(err, "it may be in the case system already; retry "
			       "it and withdraw it there");
	if (!legal(en.dispo, change))
		return no(err, "that cannot be done with it as it is now");
	if (change == SL_CHANGE_retry && en.stage == SL_STAGE_read &&
	    legal(en.dispo, SL_CHANGE_replace) &&
	    sl_entry_unread(e->store, en.id))
		return read_again(e, &c, &en, why, actor, err);
	if (change == SL_CHANGE_reject)
		en.outcome = SL_OUTCOME_not_archive_worthy;
	if (sl_entry_apply(e, &en, change, "by_person", why, actor, err) !=
	    SL_OK)
		return SL_FATAL;
	if (en.dispo == SL_DISPO_done)
		return sl_consignment_settle(e, en.consignment, err);
	if (en.dispo != SL_DISPO_ready)
		return SL_OK;
	if (en.stage == SL_STAGE_read)
		sl_engine_after(e, ask_again, en.id, 0);
	else if (en.stage == SL_STAGE_placed)
		return sl_placing_prepare(e, &en, err);
	else if (en.stage == SL_STAGE_prepared)
		return sl_outbox_add(e, &en, err);
	return SL_OK;
}

/* -- where it goes
 * ------------------------------------------------------------------ */

/* An entry that waits for a decision. */
static enum sl_rc
find_undecided(struct sl_engine *e, const char *id, struct sl_entry *ret,
    struct sl_err *err)
{
	struct sl_consignment c;
	bool has_entry;
	enum sl_rc rc;

	rc = find(e, id, &c, ret, &has_entry, err);
	if (rc != SL_OK)
		return rc;
	if (!has_entry)
		return no(err, "it was stopped before it became a post; "
			       "release or reject it");
	if (!legal(ret->dispo, SL_CHANGE_decide))
		return no(err, "it does not wait for a decision");
	return SL_OK;
}

static enum sl_rc
frozen(struct sl_err *err)
{
	return no(err, "it may be in the case system already; retry it and "
		       "move it there");
}

enum sl_rc
sl_control_assign(struct sl_engine *e, const char *id, const char *case_number,
    const char *why, const char *actor, struct sl_err *err)
{
	const struct sl_decision d = {.change = SL_CHANGE_decide,
	    .field = SL_FIELD_case_number,
	    .value = case_number,
	    .actor = actor,
	    .why = why};
	struct sl_entry en;
	enum sl_rc rc;

	rc = find_undecided(e, id, &en, err);
	if (rc == SL_OK)
		rc = sl_placing_case_open(e, case_number, err);
	if (rc != SL_OK)
		return rc;
	if (strcmp(en.case_number, case_number) != 0 &&
	    sl_outbox_may_be_there(e, &en))
		return frozen(err);
	return sl_placing_decide(e, &en, &d, err);
}

/* Would all targets of its queue make a case for it? */
static enum sl_rc
may_make_case(
    struct sl_engine *e, const struct sl_entry *en, struct sl_err *err)
{
	const struct sl_queue_config *q = sl_config_queue(e->cfg, en->queue);
	const struct sl_target *t;
	const char *yes;
	size_t i, n = q != NULL ? q->target.n : 0;

	/* Its title would be open to all in the case system. */
	if (q == NULL || q->closed)
		return sl_err_set(err, SL_REJECT, 0, "closed_queue",
		    "no case is made for a closed queue: its title would be "
		    "open");
	for (i = 0; i < (n > 0 ? n : e->targets_n); i++) {
		t = n > 0 ? sl_engine_target(e, q->target.item[i])
			  : &e->targets[i];
		yes =
		    t != NULL ? sl_target_extra(t->cfg, "create_cases") : NULL;
		if (yes == NULL ||
		    (strcmp(yes, "yes") != 0 && strcmp(yes, "true") != 0))
			return sl_err_set(err, SL_REJECT, 0, "no_new_cases",
			    "its target does not make cases (create_cases)");
	}
	return SL_OK;
}

enum sl_rc
sl_control_new_case(struct sl_engine *e, const char *id, const char *title,
    const char *why, const char *actor, struct sl_err *err)
{
	SL_BUF struct sl_buf clean = {0};
	struct sl_decision d = {.change = SL_CHANGE_decide,
	    .field = SL_FIELD_new_case,
	    .actor = actor,
	    .why = why};
	struct sl_entry en;
	size_t i = 0, n = 0;
	enum sl_rc rc;

	rc = find_undecided(e, id, &en, err);
	if (rc == SL_OK)
		rc = may_make_case(e, &en, err);
	if (rc != SL_OK)
		return rc;
	sl_post_clean(&clean, title, SL_TITLE_MAX + 1, "[fnr]");
	d.value = sl_buf_str(&clean);
	for (; i < clean.n; n++)
		(void)sl_utf8_next(clean.p, clean.n, &i);
	if (n < 3 || n > SL_TITLE_MAX)
		return sl_err_set(err, SL_REJECT, 0, "bad_title",
		    "a title has from 3 to %u characters", SL_TITLE_MAX);
	if (sl_outbox_may_be_there(e, &en))
		return frozen(err);
	return sl_placing_decide(e, &en, &d, err);
}

/* The post that another one names. */
static enum sl_rc
find_other(struct sl_engine *e, const char *name, const char *queue,
    struct sl_entry *ret, struct sl_err *err)
{
	struct sl_consignment c;
	char reception[40];
	bool has_entry;
	int number, n;

	if (queue != NULL &&
	    !sl_reception_parse(name, reception, sizeof(reception), &number)) {
		n = sl_entry_held_by_name(e->store, queue, name, ret);
		if (n == 1)
			return SL_OK;
		return sl_err_set(err, SL_REJECT, 0,
		    n > 1 ? "several_posts" : "unknown_post", "%s",
		    n > 1 ? "several posts have that name"
			  : "there is no such post");
	}
	if (find(e, name, &c, ret, &has_entry, err) != SL_OK || !has_entry ||
	    (queue != NULL && strcmp(ret->queue, queue) != 0))
		return sl_err_set(err, SL_REJECT, 0, "unknown_post",
		    "there is no such post to belong to (or it holds several: "
		    "add .1, .2 ..)");
	return SL_OK;
}

enum sl_rc
sl_control_with(struct sl_engine *e, const char *id, const char *other,
    const char *queue, const char *why, const char *actor,
    char ret_waits_for[48], struct sl_err *err)
{
	struct sl_entry en, to;
	bool waits = false;
	enum sl_rc rc;

	ret_waits_for[0] = '\0';
	rc = find_undecided(e, id, &en, err);
	if (rc == SL_OK)
		rc = find_other(e, other, queue, &to, err);
	if (rc != SL_OK)
		return rc;
	if (sl_outbox_may_be_there(e, &en))
		return frozen(err);
	rc = sl_belongs_set(e, &en, &to, why, actor, &waits, err);
	if (rc == SL_OK && waits)
		(void)snprintf(ret_waits_for, 48, "%s", to.reception);
	return rc;
}

/* -- the requests
 * ------------------------------------------------------------------ */

static const char *
text(json_t *args, const char *key)
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
		n = strlen(text(row, "number"));
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
		return no(err,
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
		m.number = sl_slice_str(text(row, "number"));
		m.title = sl_slice_str(text(row, "title"));
		m.status = sl_slice_str(text(row, "status"));
		m.unit = sl_slice_str(text(row, "unit"));
		m.klass = sl_slice_str(text(row, "class"));
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
	e->cases_dirty = true;
	sl_buf_printf(&b, "{\"cases\":%" PRId64 "}", n);
	return sl_store_log(e->store, SL_EVENT_cases_imported, "-", actor,
	    sl_buf_str(&b), 0, 0, err);
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
switches(struct sl_engine *e, const char *verb, const char *actor,
    const char *why, struct sl_err *err)
{
	size_t i;

	if (e->halted)
		return no(err, "the sporingslogg is not the one that was "
			       "signed; see slused(8), RESTORING");
	if (strcmp(verb, "stop-in") == 0 || strcmp(verb, "start-in") == 0) {
		e->intake_stopped = strcmp(verb, "stop-in") == 0;
		return log_switch(e,
		    e->intake_stopped ? SL_EVENT_intake_stopped
				      : SL_EVENT_intake_resumed,
		    actor, why, err);
	}
	e->push_stopped = strcmp(verb, "stop-out") == 0;
	for (i = 0; i < e->targets_n && !e->push_stopped; i++) {
		e->targets[i].login_stopped = false;
		e->targets[i].open_until_ms = 0;
		sl_sync_soon(&e->targets[i]);
		sl_timer_pull(e->targets[i].timer, 0);
	}
	return log_switch(e,
	    e->push_stopped ? SL_EVENT_target_stopped : SL_EVENT_target_resumed,
	    actor, why, err);
}

static void
status_json(struct sl_engine *e, struct sl_buf *b)
{
	static const char *const roles[] = {
	    "", "work", "ocr", "place", "push", "ctl", "decrypt", "convert"};
	struct sl_peer *p;
	size_t i;
	bool first = true;

	sl_buf_add_str(b, "{\"programs\":[");
	for (p = e->peers; p != NULL; p = p->next) {
		if (p->dead || p->role == 0 || p->role == SL_ROLE_CTL)
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
		sl_buf_printf(b, "%s{\"queue\":\"%s\",\"mode\":\"%s\"}",
		    i > 0 ? "," : "", sl_inlet_queue(e->inlets[i])->name,
		    sl_inlet_mode(e->inlets[i]));
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
	    e->intake_stopped ? "false" : "true",
	    e->push_stopped ? "false" : "true");
	sl_seal_status(e, b);
	sl_buf_add_char(b, '}');
}

static enum sl_rc
assign(struct sl_engine *e, json_t *args, const char *actor,
    struct sl_buf *json, struct sl_err *err)
{
	const char *id = text(args, "id"), *why = text(args, "why");
	char other[48];
	enum sl_rc rc;

	if (json_object_get(args, "newCase") != NULL)
		return sl_control_new_case(
		    e, id, text(args, "newCase"), why, actor, err);
	if (json_object_get(args, "with") == NULL)
		return sl_control_assign(
		    e, id, text(args, "case"), why, actor, err);
	rc = sl_control_with(
	    e, id, text(args, "with"), NULL, why, actor, other, err);
	if (rc == SL_OK && *other != '\0')
		sl_buf_printf(json, "{\"waits_for\":\"%s\"}", other);
	return rc;
}

static enum sl_rc
answer(struct sl_engine *e, struct sl_peer *p, const char *verb, json_t *args,
    const char *actor, struct sl_buf *json, struct sl_err *err)
{
	static const struct {
		const char *verb;
		enum sl_change change;
	} changes[] = {
	    {"hold", SL_CHANGE_hold},
	    {"release", SL_CHANGE_release},
	    {"retry", SL_CHANGE_retry},
	    {"reject", SL_CHANGE_reject},
	};
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (strcmp(verb, changes[i].verb) == 0)
			return sl_control_change(e, text(args, "id"),
			    changes[i].change, text(args, "why"), actor, err);
	if (strcmp(verb, "assign") == 0)
		return assign(e, args, actor, json, err);
	if (strcmp(verb, "case") == 0)
		return take_cases(p, args, err);
	if (strcmp(verb, "cases-done") == 0)
		return cases_done(e, p, actor, err);
	if (strcmp(verb, "stop-in") == 0 || strcmp(verb, "start-in") == 0 ||
	    strcmp(verb, "stop-out") == 0 || strcmp(verb, "start-out") == 0)
		return switches(e, verb, actor, text(args, "why"), err);
	if (strcmp(verb, "journal-erase") == 0)
		return sl_erase_asked(
		    e, text(args, "id"), text(args, "why"), actor, err);
	if (strcmp(verb, "journal-accept") == 0)
		return sl_seal_accept(e, text(args, "why"), actor, err);
	if (strcmp(verb, "journal-key") == 0)
		return sl_seal_rotate(e, text(args, "why"), actor, err);
	if (strcmp(verb, "status") == 0) {
		status_json(e, json);
		return SL_OK;
	}
	return no(err, "unknown request");
}

enum sl_rc
sl_control_request(struct sl_engine *e, struct sl_peer *p,
    const struct sl_msg_ctl *m, struct sl_err *err)
{
	struct sl_msg r = {.type = SL_MSG_CTL_REPLY};
	SL_BUF struct sl_buf json = {0};
	char verb[33], actor[32];
	json_t *args = json_loadb(m->args.p, m->args.n, 0, NULL);
	enum sl_rc rc;

	(void)sl_slice_copy(m->verb, verb, sizeof(verb));
	(void)snprintf(actor, sizeof(actor), "uid:%" PRIu32, p->uid);
	rc = answer(e, p, verb, args, actor, &json, err);
	json_decref(args);
	if (rc == SL_FATAL)
		return rc;
	r.ctl_reply.rc = (uint8_t)rc;
	if (rc != SL_OK) {
		r.ctl_reply.reason = sl_slice_str(err->reason);
		r.ctl_reply.text = sl_slice_str(err->text);
	}
	r.ctl_reply.json = sl_slice_buf(&json);
	/* Commit first: a yes must be durable when it is read. */
	if (sl_engine_commit(e) != SL_OK)
		return SL_OK;
	(void)sl_peer_send(p, &r, NULL, 0);
	return SL_OK;
}
