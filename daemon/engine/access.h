/*
 * Persons: what their roles let them do, and what is journaled of it.
 *
 * Whoever asks slused for something is a struct sl_person; the table in
 * access/verbs.def says whether he may. Refusals, requests for a second person,
 * broken glass and the reading of content are events.
 */
#ifndef SL_ENGINE_ACCESS_H
#define SL_ENGINE_ACCESS_H

#include <jansson.h>

#include "engine.h"

struct sl_person {
	uint32_t uid;
	unsigned duties;
	char actor[32]; /* uid:1000 */
};

/* A member of what a request brings; "" if it is no text. */
const char *sl_request_text(const json_t *args, const char *key);

/* -- access.c -------------------------------------------------------------- */
/* Starts the look-up of groups (before anything else is open), and its part of
 * the loop with its event (once the store is). */
enum sl_rc sl_access_groups(struct sl_engine *e, struct sl_err *err);
enum sl_rc sl_access_start(struct sl_engine *e, struct sl_err *err);
/* Writes what is left to tell of refusals, where the store still is well. */
void sl_access_stop(struct sl_engine *e);
/* The duties of who is at the other end of a connected socket. */
unsigned sl_access_duties(
    const struct sl_engine *e, int fd, uint32_t uid, gid_t gid);

/*
 * Is this verb allowed to this person, now? SL_OK: yes; SL_HOLD: once a second
 * person approves (sl_approve_ask files the request); SL_REJECT: no, and that
 * was journaled; err->text says why. *ret says how much of content, for verbs
 * that read; may be NULL. subject: an item's id, "-" or what was given for one.
 */
enum sl_rc sl_access_check(struct sl_engine *e, const struct sl_person *who,
    enum sl_verb verb, const char *subject, enum sl_may *ret,
    struct sl_err *err);
/* Refuses: the event, and SL_REJECT with that text. */
enum sl_rc sl_access_refuse(struct sl_engine *e, const struct sl_person *who,
    const char *verb, const char *subject, const char *text,
    struct sl_err *err);
/* An event about an item, "-" or what was given for one. payload is taken
 * over. */
enum sl_rc sl_access_log(struct sl_engine *e, enum sl_event event,
    const char *actor, const char *subject, json_t *payload,
    struct sl_err *err);
/* He sees content; told once an hour of each item, list or report he looks at,
 * and by itself of what he takes with the payloads. report: its name, "" for
 * all else. */
enum sl_rc sl_access_seen(struct sl_engine *e, const struct sl_person *who,
    enum sl_verb verb, const char *subject, const char *report, bool payloads,
    struct sl_err *err);

/* -- approve.c: two persons ---------------------------------------------------
 */
/* What somebody asks for; verb is what the second person needs. */
struct sl_wish {
	enum sl_verb verb;
	const char *request; /* as sluse sends it */
	json_t *args;
	const char *subject, *why;
	size_t items;
};
/* Files it; json gets {"pending": number, "until": time}. SL_REJECT: he has too
 * many that wait, or somebody has asked for the same of that item. */
enum sl_rc sl_approve_ask(struct sl_engine *e, const struct sl_person *who,
    const struct sl_wish *w, struct sl_buf *json, struct sl_err *err);
/* {"id": number, "deny": true, "why": text}: what a second person says. */
enum sl_rc sl_approve_answer(struct sl_engine *e, const struct sl_person *who,
    json_t *args, struct sl_buf *json, struct sl_err *err);
/* What was asked for a post that was rejected since cannot be done: it ends. */
enum sl_rc sl_approve_gone(
    struct sl_engine *e, const char *id, struct sl_err *err);
/* Requests whose time is over end; the next is waited for. */
enum sl_rc sl_approve_expire(struct sl_engine *e, struct sl_err *err);

/* -- reading.c: what people look at ------------------------------------------
 */
/* {"verb": name, "args": {..}, "glass": true, "why": text, "direct": true}.
 * Whoever owns the instance reads by himself (direct) and only says so; for
 * others *ret_serve is a message for sluse-report, whose texts live as long as
 * args does. */
struct sl_reading {
	struct sl_peer *report; /* NULL: nothing is to be served */
	struct sl_msg serve;
	char *args; /* of serve; the caller frees */
};
enum sl_rc sl_reading_ask(struct sl_engine *e, const struct sl_person *who,
    json_t *args, struct sl_reading *ret, struct sl_err *err);

#endif
