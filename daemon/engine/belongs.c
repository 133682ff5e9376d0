/*
 * "Hører til": a post that a person sent after another one.
 *
 * It goes to the case that the other goes to. Until that is known it stays held
 * with the reason waits_for_other; the other's number is the accepted value of
 * the field belongs_to. INVARIANT: nothing else makes an entry wait so, and the
 * wait is found in the store: after a crash all of them are looked at again.
 */
#include <stdio.h>
#include <string.h>

#include "../base/text.h"
#include "engine.h"

#define CHAIN_MAX 32 /* posts that wait for each other in a row */

enum known {
	KNOWN_CASE, /* other->case_number */
	KNOWN_LATER,
	KNOWN_NONE, /* it ended without a case */
};

/* What was read again goes on as another post of the same consignment, or as
 * the consignment alone until that is born. */
static void
stand_in(struct sl_engine *e, struct sl_entry *other)
{
	char reception[48];
	bool several;
	int number;

	if (other->outcome != SL_OUTCOME_replaced ||
	    !sl_reception_parse(
		other->reception, reception, sizeof(reception), &number))
		return;
	number = sl_entry_only(e->store, other->consignment, &several);
	if (number > 0)
		(void)sl_entry_by_number(e->store, reception, number, other);
}

static enum known
case_of(struct sl_engine *e, const struct sl_entry *other)
{
	struct sl_consignment c;
	bool on_its_way = other->stage >= SL_STAGE_placed &&
			  (other->dispo == SL_DISPO_ready ||
			      other->dispo == SL_DISPO_deferred);

	if (other->outcome == SL_OUTCOME_replaced)
		return sl_consignment_by_id(e->store, other->consignment, &c) &&
			       c.dispo != SL_DISPO_done
			   ? KNOWN_LATER
			   : KNOWN_NONE;
	if (other->dispo == SL_DISPO_done)
		return other->outcome == SL_OUTCOME_in_journal &&
			       other->case_number[0] != '\0'
			   ? KNOWN_CASE
			   : KNOWN_NONE;
	return on_its_way && other->case_number[0] != '\0' ? KNOWN_CASE
							   : KNOWN_LATER;
}

/* The post that en waits for; actor: who said so. */
static bool
waits_for(struct sl_engine *e, const struct sl_entry *en,
    struct sl_entry *ret_other, char *actor, size_t cap)
{
	char value[64], reception[48];
	int number;

	if (en->dispo != SL_DISPO_held ||
	    strcmp(en->reason, "waits_for_other") != 0 ||
	    !sl_placement_accepted(e->store, en, SL_FIELD_belongs_to, value,
		sizeof(value), actor, cap) ||
	    !sl_reception_parse(value, reception, sizeof(reception), &number) ||
	    !sl_entry_by_number(e->store, reception, number, ret_other))
		return false;
	stand_in(e, ret_other);
	return true;
}

/* Does other wait for en, itself or by those it waits for? */
static bool
is_circle(struct sl_engine *e, const struct sl_entry *en,
    const struct sl_entry *other)
{
	struct sl_entry at = *other, next;
	char actor[64];
	int i;

	for (i = 0; i < CHAIN_MAX; i++) {
		if (!waits_for(e, &at, &next, actor, sizeof(actor)))
			return false;
		if (next.id == en->id)
			return true;
		at = next;
	}
	return true;
}

static enum sl_rc
follow(struct sl_engine *e, struct sl_entry *en, const struct sl_entry *other,
    const char *actor, const char *why, struct sl_err *err)
{
	char words[256];
	const struct sl_decision d = {.change = SL_CHANGE_decide,
	    .field = SL_FIELD_case_number,
	    .value = other->case_number,
	    .with = other->reception,
	    .actor = actor,
	    .why = words};

	(void)snprintf(words, sizeof(words), "belongs to %s%s%.180s",
	    other->reception, why != NULL && *why != '\0' ? ": " : "",
	    why != NULL ? why : "");
	return sl_placing_decide(e, en, &d, err);
}

static enum sl_rc
hold_for(struct sl_engine *e, struct sl_entry *en, const struct sl_entry *other,
    const char *actor, struct sl_err *err)
{
	struct sl_entry now;
	char unused[64];

	e->someone_waits = true;
	if (waits_for(e, en, &now, unused, sizeof(unused)) &&
	    now.id == other->id)
		return SL_OK; /* said before */
	if (sl_placing_put(e, en, SL_FIELD_belongs_to, other->reception,
		"[{\"source\":\"person\",\"rule\":\"decided\"}]", actor,
		err) != SL_OK)
		return SL_FATAL;
	return sl_entry_apply(e, en, SL_CHANGE_hold, "waits_for_other",
	    other->reception, actor, err);
}

enum sl_rc
sl_belongs_set(struct sl_engine *e, struct sl_entry *en,
    const struct sl_entry *named, const char *why, const char *actor,
    bool *ret_waits, struct sl_err *err)
{
	struct sl_entry copy = *named, *other = &copy;
	enum sl_rc rc;

	stand_in(e, other);

	*ret_waits = false;
	if (other->id == en->id)
		return sl_err_set(err, SL_REJECT, 0, "same_post",
		    "a post cannot belong to itself");
	if (is_circle(e, en, other))
		return sl_err_set(err, SL_REJECT, 0, "waits_in_circle",
		    "that post waits for this one");
	switch (case_of(e, other)) {
	case KNOWN_CASE:
		rc = sl_placing_case_open(e, other->case_number, err);
		return rc != SL_OK ? rc : follow(e, en, other, actor, why, err);
	case KNOWN_LATER:
		*ret_waits = true;
		return hold_for(e, en, other, actor, err);
	case KNOWN_NONE:
		break;
	}
	return sl_err_set(err, SL_REJECT, 0, "other_not_archived",
	    "that post ended without a case");
}

static enum sl_rc
see_waiting(void *arg, const struct sl_entry *row, struct sl_err *err)
{
	struct sl_entry en = *row, other;
	struct sl_engine *e = arg;
	const char *stop = "other_not_archived";
	char actor[64];
	enum sl_rc rc;

	if (!waits_for(e, &en, &other, actor, sizeof(actor)))
		return SL_OK;
	e->someone_waits = true;
	switch (case_of(e, &other)) {
	case KNOWN_LATER:
		return SL_OK;
	case KNOWN_CASE:
		rc = sl_placing_case_open(e, other.case_number, err);
		if (rc == SL_OK)
			return follow(e, &en, &other, actor, NULL, err);
		if (rc == SL_FATAL)
			return rc;
		stop = err->reason; /* unknown_case, case_closed */
		break;
	case KNOWN_NONE:
		break;
	}
	return sl_entry_apply(
	    e, &en, SL_CHANGE_hold, stop, other.reception, "slused", err);
}

static void
look(struct sl_engine *e, int64_t unused1, int64_t unused2)
{
	struct sl_err err;

	(void)unused1;
	(void)unused2;
	e->waiting_due = false;
	e->someone_waits = false; /* unless one is seen */
	(void)sl_engine_bad(e,
	    sl_entry_each_held(
		e->store, "waits_for_other", see_waiting, e, &err),
	    &err);
}

void
sl_belongs_changed(struct sl_engine *e)
{
	if (!e->someone_waits || e->waiting_due)
		return;
	e->waiting_due = true;
	sl_engine_after(e, look, 0, 0);
}
