/*
 * What people decide, by `sluse` (requests.c) or in the folders (faces*.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../prepare/prepare.h"
#include "access.h"

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
		return sl_engine_no(
		    err, "that is no reception number (check it)");
	if (!sl_consignment_by_reception(e->store, reception, c))
		return sl_engine_no(err, "there is no such post");
	if (number == 0) {
		number = sl_entry_only(e->store, c->id, &several);
		if (several)
			return sl_engine_no(
			    err, "it holds several posts: add .1, .2 ..");
		/* What is being read again is the consignment's. */
		*ret_entry = number > 0 && sl_entry_by_number(
					       e->store, reception, number, en);
		return SL_OK;
	}
	*ret_entry = sl_entry_by_number(e->store, reception, number, en);
	return *ret_entry ? SL_OK : sl_engine_no(err, "there is no such post");
}

void
sl_control_subject(struct sl_engine *e, const char *id, char *subject,
    int64_t *ret_consignment, int64_t *ret_entry)
{
	struct sl_consignment c;
	struct sl_entry en;
	char reception[40];
	int number;

	(void)snprintf(subject, 48, "-");
	*ret_consignment = *ret_entry = 0;
	if (strlen(id) >= 48 ||
	    !sl_reception_parse(id, reception, sizeof(reception), &number) ||
	    !sl_consignment_by_reception(e->store, reception, &c))
		return;
	if (number > 0 && !sl_entry_by_number(e->store, reception, number, &en))
		return;
	/* As we write it, whatever he did. */
	(void)snprintf(
	    subject, 48, "%s", number > 0 ? en.reception : c.reception);
	*ret_consignment = c.id;
	*ret_entry = number > 0 ? en.id : 0;
}

enum sl_verb
sl_control_verb(struct sl_engine *e, enum sl_change change, const char *id)
{
	bool retry = change == SL_CHANGE_retry, has_entry = false;
	const struct sl_reason *r;
	struct sl_consignment c;
	struct sl_entry en;
	struct sl_err unused;
	enum sl_dispo dispo;

	if (find(e, id, &c, &en, &has_entry, &unused) != SL_OK)
		return retry ? SL_VERB_retry : SL_VERB_release;
	dispo = has_entry ? en.dispo : c.dispo;
	if (dispo == SL_DISPO_quarantined)
		return SL_VERB_release_quarantined;
	if (!retry)
		return SL_VERB_release;
	r = sl_reason_find(has_entry ? en.reason : c.reason);
	/* What waits by itself is tried again anyway. */
	if (dispo == SL_DISPO_deferred ||
	    (r != NULL && (r->owner == SL_OWNER_OPERATIONS ||
			      r->owner == SL_OWNER_VENDOR)))
		return SL_VERB_retry;
	return SL_VERB_retry_held;
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
		return sl_engine_no(
		    err, "that cannot be done with it as it is now");
	if ((change == SL_CHANGE_release || change == SL_CHANGE_retry) &&
	    sl_source_list(e->store, c->id, NULL, 0) == 0 &&
	    !sl_job_copyable(e, c, &why_not))
		return sl_engine_no(err,
		    "it is over the limits still, or its files are "
		    "gone: raise them, or drop it again in smaller "
		    "parts, and reject this");
	if ((change == SL_CHANGE_release || change == SL_CHANGE_retry) &&
	    sl_originals_present(e, c->id, err) != SL_OK)
		return err->rc;
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
		return sl_engine_no(err,
		    "the files of other posts of its delivery would "
		    "be numbered anew: drop what it came in once "
		    "more");
	if (sl_originals_present(e, c->id, err) != SL_OK)
		return err->rc;
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

/* Out of quarantine nothing goes by one person, whatever face he uses; two
 * stand in the actor with a comma between. */
static bool
is_for_two(const struct sl_engine *e, enum sl_dispo from, enum sl_change change,
    const char *actor)
{
	return e->cfg->access.second_person && from == SL_DISPO_quarantined &&
	       (change == SL_CHANGE_release || change == SL_CHANGE_retry) &&
	       strchr(actor, ',') == NULL;
}

static enum sl_rc
change_one(struct sl_engine *e, const char *id, enum sl_change change,
    const char *why, const char *actor, struct sl_err *err)
{
	struct sl_consignment c;
	struct sl_entry en;
	bool has_entry, unsure;
	enum sl_rc rc;

	rc = find(e, id, &c, &en, &has_entry, err);
	if (rc != SL_OK)
		return rc;
	if (is_for_two(e, has_entry ? en.dispo : c.dispo, change, actor))
		return sl_engine_no(err, "a second person must approve it");
	if (!has_entry)
		return change_consignment(e, &c, change, why, actor, err);
	if (change == SL_CHANGE_reject && sl_outbox_may_be_there(e, &en))
		return sl_engine_no(err,
		    "it may be in the case system already; retry "
		    "it and withdraw it there");
	if (!legal(en.dispo, change))
		return sl_engine_no(
		    err, "that cannot be done with it as it is now");
	if (change == SL_CHANGE_retry && en.stage == SL_STAGE_read &&
	    legal(en.dispo, SL_CHANGE_replace) &&
	    sl_entry_unread(e->store, en.id))
		return read_again(e, &c, &en, why, actor, err);
	if (change == SL_CHANGE_reject)
		en.outcome = SL_OUTCOME_not_archive_worthy;
	/* Who sets it free for another reason has not looked in the target. */
	unsure = strcmp(en.reason, "target_unsure") == 0;
	if (sl_entry_apply(e, &en, change, "by_person", why, actor, err) !=
	    SL_OK)
		return SL_FATAL;
	if (en.dispo == SL_DISPO_done)
		return sl_consignment_settle(e, en.consignment, err);
	if (en.dispo != SL_DISPO_ready)
		return SL_OK;
	if (unsure && sl_delivery_send_again(e->store, en.id, err) != SL_OK)
		return SL_FATAL;
	if (en.stage == SL_STAGE_read)
		sl_engine_after(e, ask_again, en.id, 0);
	else if (en.stage == SL_STAGE_placed)
		return sl_placing_prepare(e, &en, err);
	else if (en.stage == SL_STAGE_prepared)
		return sl_outbox_add(e, &en, err);
	return SL_OK;
}

enum sl_rc
sl_control_change(struct sl_engine *e, const char *id, enum sl_change change,
    const char *why, const char *actor, struct sl_err *err)
{
	enum sl_rc rc = change_one(e, id, change, why, actor, err);

	return rc == SL_OK && change == SL_CHANGE_reject
		   ? sl_approve_gone(e, id, err)
		   : rc;
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
		return sl_engine_no(err,
		    "it was stopped before it became a post; "
		    "release or reject it");
	if (!legal(ret->dispo, SL_CHANGE_decide))
		return sl_engine_no(err, "it does not wait for a decision");
	return SL_OK;
}

static enum sl_rc
frozen(struct sl_err *err)
{
	return sl_engine_no(err,
	    "it may be in the case system already; retry it and "
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
