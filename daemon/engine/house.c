/*
 * What the rooms beside the engine ask of it, and nothing else of it do they
 * know: the seal over the sporingslogg, and the folders people see.
 */
#include "engine.h"

/* -- the seal ----------------------------------------------------------------
 */

static enum sl_rc
commit_all(void *arg)
{
	return sl_engine_commit(arg);
}

static void
halt(void *arg, bool halted)
{
	struct sl_engine *e = arg;

	e->halted = e->intake_stopped = e->push_stopped = halted;
}

static bool
witness_there(void *arg)
{
	return sl_peer_find(arg, SL_ROLE_WITNESS) != NULL;
}

static bool
witness_send(void *arg, const struct sl_msg *m)
{
	struct sl_peer *p = sl_peer_find(arg, SL_ROLE_WITNESS);

	return p != NULL && sl_peer_send(p, m, NULL, 0);
}

enum sl_rc
sl_house_seal(struct sl_engine *e, struct sl_err *err)
{
	const struct sl_seal_house house = {.root = e->root,
	    .cfg = e->cfg,
	    .store = e->store,
	    .loop = e->loop,
	    .commit = commit_all,
	    .halt = halt,
	    .witness_there = witness_there,
	    .witness_send = witness_send,
	    .arg = e};

	if (sl_seal_start(&house, &e->seal, err) != SL_OK)
		return SL_FATAL;
	return sl_witness_start(e->seal, &e->witnesses, err);
}

/* -- the folders people see: what they decide there ------------------------ */

static void
faces_fail(void *arg, const struct sl_err *err)
{
	(void)sl_engine_fail(arg, err);
}

static bool
faces_failed(void *arg)
{
	const struct sl_engine *e = arg;

	return e->fatal;
}

static enum sl_rc
faces_assign(void *arg, const char *number, const char *case_number,
    const char *why, const char *actor, struct sl_err *err)
{
	return sl_control_assign(arg, number, case_number, why, actor, err);
}

static enum sl_rc
faces_new_case(void *arg, const char *number, const char *title,
    const char *actor, struct sl_err *err)
{
	return sl_control_new_case(arg, number, title, NULL, actor, err);
}

static enum sl_rc
faces_follow(void *arg, const char *number, const char *other,
    const char *queue, const char *actor, char ret_waits_for[48],
    struct sl_err *err)
{
	return sl_control_with(
	    arg, number, other, queue, NULL, actor, ret_waits_for, err);
}

static enum sl_rc
faces_reject(void *arg, const char *number, const char *why, const char *actor,
    struct sl_err *err)
{
	return sl_control_change(
	    arg, number, SL_CHANGE_reject, why, actor, err);
}

void
sl_house_faces(struct sl_engine *e)
{
	const struct sl_faces_house house = {.cfg = e->cfg,
	    .store = e->store,
	    .loop = e->loop,
	    .inlets = e->inlets,
	    .inlets_n = e->inlets_n,
	    .fail = faces_fail,
	    .failed = faces_failed,
	    .assign = faces_assign,
	    .new_case = faces_new_case,
	    .follow = faces_follow,
	    .reject = faces_reject,
	    .arg = e};

	e->faces = sl_faces_start(&house);
}
