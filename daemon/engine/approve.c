/*
 * Two persons: what one asks for, another of a role that may do it approves.
 *
 * A request is a row until it ends; what it says is done by the approval, with
 * both as the actor, and checked then as if it were asked for then.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "access.h"

#define PENDING_EACH 50 /* of one person */
#define PENDING_ALL 500

/* A request out of its row. */
struct request {
	int64_t id, expires_ms;
	enum sl_verb verb;
	char *request, *args, *subject, *actor, *why;
};

static enum sl_rc
take(void *arg, const struct sl_approval *a, struct sl_err *err)
{
	struct request *r = arg;

	(void)err;
	r->id = a->id;
	r->expires_ms = a->expires_ms;
	r->verb = sl_verb_by_name(a->verb);
	r->request = sl_strdup(a->request);
	r->args = sl_strdup(a->args);
	r->subject = sl_strdup(a->subject);
	r->actor = sl_strdup(a->actor);
	r->why = sl_strdup(a->why);
	return SL_SKIP;
}

static void
drop(struct request *r)
{
	free(r->request);
	free(r->args);
	free(r->subject);
	free(r->actor);
	free(r->why);
}

/* The next request about that post; of a delivery, about any post of it. */
struct search {
	const char *subject, *verb; /* verb: NULL for any */
	int64_t after, found;
};

static enum sl_rc
look(void *arg, const struct sl_approval *a, struct sl_err *err)
{
	struct search *w = arg;
	size_t n = strlen(w->subject);

	(void)err;
	if (a->id <= w->after || strncmp(a->subject, w->subject, n) != 0 ||
	    (a->subject[n] != '\0' && a->subject[n] != '.') ||
	    (w->verb != NULL && strcmp(w->verb, a->verb) != 0))
		return SL_OK;
	w->found = a->id;
	return SL_SKIP;
}

/* Of an item as the search wants it; out >= 48 bytes. False: it is none. */
static bool
searched_name(struct sl_engine *e, const char *id, char *out)
{
	int64_t consignment, entry;
	bool several = true;

	sl_control_subject(e, id, out, &consignment, &entry);
	/* The delivery's only post is meant by its number alone too. */
	if (entry != 0 && sl_entry_only(e->store, consignment, &several) != 0)
		*strrchr(out, '.') = '\0';
	return consignment != 0;
}

/* Does one that comes to the same wait already? SL_REJECT: it does. */
static enum sl_rc
is_new(struct sl_engine *e, const struct sl_wish *w, struct sl_err *err)
{
	struct search s = {.verb = sl_verb_name(w->verb)};
	struct request r = {0};
	char own[48];
	enum sl_rc rc;

	s.subject = own;
	if (!searched_name(e, w->subject, own))
		return SL_OK;
	rc = sl_approval_each(e->store, 0, look, &s, err);
	if (rc == SL_FATAL || s.found == 0)
		return rc == SL_FATAL ? rc : SL_OK;
	rc = sl_approval_each(e->store, s.found, take, &r, err);
	if (rc != SL_FATAL)
		rc = sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "that is asked for already: request %" PRId64
		    " (%s) of %s waits for a second person, sluse approve "
		    "%" PRId64,
		    r.id, r.request, r.actor, r.id);
	drop(&r);
	return rc;
}

enum sl_rc
sl_approve_ask(struct sl_engine *e, const struct sl_person *who,
    const struct sl_wish *w, struct sl_buf *json, struct sl_err *err)
{
	int64_t now = sl_clock_utc_ms();
	SL_FREE char *args = json_dumps(w->args, JSON_COMPACT);
	char until[32];
	enum sl_rc rc;
	struct sl_approval a = {.verb = sl_verb_name(w->verb),
	    .request = w->request,
	    .args = args != NULL ? args : "{}",
	    .subject = w->subject,
	    .items = (int64_t)w->items,
	    .actor = who->actor,
	    .why = w->why,
	    .asked_ms = now,
	    .expires_ms = now + e->cfg->access.approve_within_ms};

	if (sl_approval_count(e->store, who->actor) >= PENDING_EACH ||
	    sl_approval_count(e->store, NULL) >= PENDING_ALL)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "too many requests wait for a second person already");
	rc = is_new(e, w, err);
	if (rc != SL_OK)
		return rc;
	if (sl_approval_insert(e->store, &a, err) != SL_OK)
		return SL_FATAL;
	sl_clock_format_utc(a.expires_ms, until, sizeof(until));
	sl_buf_printf(
	    json, "{\"pending\":%" PRId64 ",\"until\":\"%s\"}", a.id, until);
	sl_due_at(e, a.expires_ms);
	return sl_access_log(e, SL_EVENT_second_person_asked, who->actor,
	    w->subject,
	    json_pack("{s:I, s:s, s:O, s:s, s:s}", "request", (json_int_t)a.id,
		"verb", a.verb, "args", w->args, "why", w->why, "until", until),
	    err);
}

static enum sl_rc
end(struct sl_engine *e, const struct request *r, enum sl_event event,
    const char *state, const char *actor, const char *why, struct sl_err *err)
{
	json_t *o =
	    json_pack("{s:I, s:s, s:s, s:s}", "request", (json_int_t)r->id,
		"verb", r->verb < SL_VERBS ? sl_verb_name(r->verb) : "",
		"asked_by", r->actor, "asked_why", r->why);

	if (*why != '\0')
		(void)json_object_set_new(o, "why", json_string(why));
	if (sl_approval_end(e->store, r->id, state, actor, sl_clock_utc_ms(),
		err) != SL_OK) {
		json_decref(o);
		return SL_FATAL;
	}
	return sl_access_log(e, event, actor, r->subject, o, err);
}

static enum sl_rc
expire(struct sl_engine *e, const struct request *r, struct sl_err *err)
{
	return end(
	    e, r, SL_EVENT_second_person_expired, "expired", "slused", "", err);
}

/* May this person be the second? */
static enum sl_rc
is_second(struct sl_engine *e, const struct sl_person *who,
    const struct request *r, struct sl_err *err)
{
	enum sl_duty as;

	if (strcmp(who->actor, r->actor) == 0)
		return sl_access_refuse(e, who, "approve", r->subject,
		    "another person must approve it", err);
	if (r->verb >= SL_VERBS ||
	    sl_access_may(r->verb, who->duties, &as) < SL_MAY_two)
		return sl_access_refuse(e, who, "approve", r->subject,
		    "your role does not allow that", err);
	return sl_access_check(e, who, SL_VERB_approve, r->subject, NULL, err);
}

static enum sl_rc
carry_out(struct sl_engine *e, const struct sl_person *who,
    const struct request *r, const char *why, struct sl_buf *json,
    struct sl_err *err)
{
	json_t *args = json_loads(r->args, 0, NULL);
	char both[72];
	enum sl_rc rc;

	(void)snprintf(both, sizeof(both), "%s,%s", r->actor, who->actor);
	rc = args == NULL
		 ? sl_err_set(err, SL_REJECT, 0, "not_possible",
		       "the request cannot be read")
		 : sl_control_do(e, NULL, r->request, args, both, json, err);
	json_decref(args);
	if (rc != SL_OK)
		return rc;
	return end(
	    e, r, SL_EVENT_second_person_approved, "approved", both, why, err);
}

static enum sl_rc
say(struct sl_engine *e, const struct sl_person *who, struct request *r,
    json_t *args, struct sl_buf *json, struct sl_err *err)
{
	const char *why = json_string_value(json_object_get(args, "why"));
	bool deny = json_is_true(json_object_get(args, "deny"));
	enum sl_rc rc;

	if (r->id == 0)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "no request of that number waits");
	if (r->expires_ms <= sl_clock_utc_ms()) {
		rc = expire(e, r, err);
		return rc != SL_OK
			   ? rc
			   : sl_err_set(err, SL_REJECT, 0, "not_possible",
				 "its time is over; ask again");
	}
	why = why != NULL ? why : "";
	/* Who asked may take it back. */
	if (deny && strcmp(who->actor, r->actor) == 0)
		return end(e, r, SL_EVENT_second_person_denied, "denied",
		    who->actor, why, err);
	rc = is_second(e, who, r, err);
	if (rc != SL_OK)
		return rc;
	return deny ? end(e, r, SL_EVENT_second_person_denied, "denied",
			  who->actor, why, err)
		    : carry_out(e, who, r, why, json, err);
}

enum sl_rc
sl_approve_answer(struct sl_engine *e, const struct sl_person *who,
    json_t *args, struct sl_buf *json, struct sl_err *err)
{
	struct request r = {0};
	int64_t id = json_integer_value(json_object_get(args, "id"));
	enum sl_rc rc =
	    id > 0 ? sl_approval_each(e->store, id, take, &r, err) : SL_OK;

	if (rc != SL_FATAL)
		rc = say(e, who, &r, args, json, err);
	drop(&r);
	return rc;
}

enum sl_rc
sl_approve_gone(struct sl_engine *e, const char *id, struct sl_err *err)
{
	struct search w = {0};
	char own[48];
	enum sl_rc rc;

	(void)searched_name(e, id, own);
	w.subject = own;
	do {
		struct request r = {0};

		w.after = w.found;
		w.found = 0;
		rc = sl_approval_each(e->store, 0, look, &w, err);
		if (rc != SL_FATAL && w.found > 0)
			rc = sl_approval_each(e->store, w.found, take, &r, err);
		if (rc != SL_FATAL && r.id > 0)
			rc = end(e, &r, SL_EVENT_second_person_expired,
			    "expired", "slused", "the post was rejected", err);
		drop(&r);
	} while (rc != SL_FATAL && w.found > 0);
	return rc == SL_FATAL ? rc : SL_OK;
}

enum sl_rc
sl_approve_expire(struct sl_engine *e, struct sl_err *err)
{
	int64_t next, now = sl_clock_utc_ms();
	enum sl_rc rc;

	while ((next = sl_approval_next(e->store)) >= 0 && next <= now) {
		struct request r = {0};

		rc = sl_approval_each(
		    e->store, sl_approval_due(e->store, now), take, &r, err);
		if (rc != SL_FATAL)
			rc = expire(e, &r, err);
		drop(&r);
		if (rc != SL_OK)
			return rc;
	}
	if (next >= 0)
		sl_due_at(e, next);
	return SL_OK;
}
