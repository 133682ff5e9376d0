/*
 * Post that names a case nobody knew: once the case is known it goes on by
 * itself, as if it had come in now.
 */
#include "engine.h"

struct names {
	struct sl_engine *e;
	bool known; /* one of the cases it names is */
};

static enum sl_rc
see_candidate(void *arg, const struct sl_placement_row *p, struct sl_err *err)
{
	struct names *n = arg;
	char status[33];

	(void)err;
	n->known |=
	    p->field == SL_FIELD_case_number &&
	    sl_case_known(n->e->store, p->value, status, sizeof(status));
	return SL_OK;
}

static void
ask(struct sl_engine *e, int64_t entry, int64_t unused)
{
	struct sl_err err;

	(void)unused;
	(void)sl_engine_bad(e, sl_placing_ask(e, entry, &err), &err);
}

static enum sl_rc
see_held(void *arg, const struct sl_entry *row, struct sl_err *err)
{
	struct names n = {.e = arg};
	struct sl_entry en = *row;

	/* Not what a person sent to such a case, nor what may be there. */
	if (en.stage != SL_STAGE_read ||
	    sl_placement_each(n.e->store, en.id, en.revision, see_candidate, &n,
		err) != SL_OK ||
	    !n.known)
		return SL_OK;
	if (sl_entry_apply(n.e, &en, SL_CHANGE_release, "unknown_case",
		"the case is known now", "slused", err) != SL_OK)
		return SL_FATAL;
	sl_engine_after(n.e, ask, en.id, 0);
	return SL_OK;
}

enum sl_rc
sl_known_changed(struct sl_engine *e, struct sl_err *err)
{
	e->cases_dirty = true;
	return sl_entry_each_held(e->store, "unknown_case", see_held, e, err);
}
