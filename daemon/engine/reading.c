/*
 * What people look at: who may see what, and sluse-report that shows it.
 *
 * Who owns the instance may read its database and does so himself; all others
 * get their rows over a socket of their own from sluse-report, which is told
 * only what to answer, and whether without content.
 */
#include <string.h>

#include <stdlib.h>

#include "../base/clock.h"
#include "access.h"

/* Does the answer hold what post says or is called, or is it taken home? */
static bool
has_content(enum sl_verb verb)
{
	return verb == SL_VERB_list || verb == SL_VERB_show ||
	       verb == SL_VERB_explain || verb == SL_VERB_cases_list ||
	       verb == SL_VERB_journal_list || verb == SL_VERB_report ||
	       verb == SL_VERB_journal_export ||
	       verb == SL_VERB_journal_prove || verb == SL_VERB_depot_dias;
}

/* The reason, who and what: in the journal, and in a row for status. */
static enum sl_rc
break_glass(struct sl_engine *e, const struct sl_person *who, enum sl_verb verb,
    const char *subject, const char *why, struct sl_err *err)
{
	char roles[96], own[48];
	int64_t unused;

	sl_duties_text(who->duties, roles, sizeof(roles));
	sl_control_subject(e, subject, own, &unused, &unused);
	if (sl_glass_insert(e->store, sl_clock_utc_ms(), who->actor,
		sl_verb_name(verb), own, why, err) != SL_OK)
		return SL_FATAL;
	return sl_access_log(e, SL_EVENT_glass_broken, who->actor, subject,
	    json_pack("{s:s, s:s, s:s}", "verb", sl_verb_name(verb), "roles",
		roles, "why", why),
	    err);
}

#define REPORT_NAME_MAX 32

/* Which report he asks for, as sluse-report will hold him to it; what is none
 * by its look is not written into the sporingslogg. */
static const char *
report_of(enum sl_verb verb, json_t *args)
{
	const char *name =
	    sl_request_text(json_object_get(args, "args"), "report");

	if (verb != SL_VERB_report || strlen(name) > REPORT_NAME_MAX ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")] != '\0')
		return "";
	return name;
}

/* Journals what he will see. *ret_bare: without content. */
static enum sl_rc
permit(struct sl_engine *e, const struct sl_person *who, enum sl_verb verb,
    json_t *args, bool *ret_bare, struct sl_err *err)
{
	bool glass = json_is_true(json_object_get(args, "glass"));
	const char *subject =
	    sl_request_text(json_object_get(args, "args"), "id");
	enum sl_may may;
	enum sl_rc rc = sl_access_check(e, who, verb, subject, &may, err);

	*ret_bare = true;
	if (rc != SL_OK)
		return rc;
	if (glass && may == SL_MAY_bare)
		return sl_access_refuse(e, who, sl_verb_name(verb), subject,
		    "your role does not allow to break the glass", err);
	if (glass && may == SL_MAY_glass &&
	    strlen(sl_request_text(args, "why")) < SL_WHY_MIN)
		return sl_access_refuse(e, who, sl_verb_name(verb), subject,
		    "to break the glass takes " SL_WHY_SAID, err);
	if (glass && may == SL_MAY_glass) {
		*ret_bare = false;
		return break_glass(
		    e, who, verb, subject, sl_request_text(args, "why"), err);
	}
	*ret_bare = may != SL_MAY_yes;
	return !*ret_bare && has_content(verb)
		   ? sl_access_seen(e, who, verb, subject,
			 report_of(verb, args),
			 json_is_true(json_object_get(
			     json_object_get(args, "args"), "payloads")),
			 err)
		   : SL_OK;
}

enum sl_rc
sl_reading_ask(struct sl_engine *e, const struct sl_person *who, json_t *args,
    struct sl_reading *ret, struct sl_err *err)
{
	enum sl_verb verb = sl_verb_by_name(sl_request_text(args, "verb"));
	bool bare, direct = json_is_true(json_object_get(args, "direct"));
	enum sl_rc rc;

	if (verb == SL_VERBS || sl_verb_changes(verb))
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "that is nothing to look at");
	if (direct && (who->duties & 1u << SL_DUTY_owner) == 0)
		return sl_access_refuse(e, who, sl_verb_name(verb), "-",
		    "the instance belongs to somebody else", err);
	rc = permit(e, who, verb, args, &bare, err);
	if (rc != SL_OK || direct)
		return rc;
	ret->report = sl_peer_find(e, SL_ROLE_REPORT);
	if (ret->report == NULL)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "sluse-report does not run");
	ret->args = json_dumps(json_object_get(args, "args"), JSON_COMPACT);
	ret->serve = (struct sl_msg){.type = SL_MSG_SERVE};
	ret->serve.serve.verb = sl_slice_str(sl_verb_name(verb));
	ret->serve.serve.bare = bare;
	ret->serve.serve.args =
	    sl_slice_str(ret->args != NULL ? ret->args : "{}");
	return SL_OK;
}
