/*
 * SECURITY: after the hello this program has its socket, and while it maps one
 * the descriptor of a case index. It sees typed, bounded clues, never a byte
 * of a document.
 */
#include "place.h"

#include <unistd.h>

#include "../base/clock.h"
#include "../base/notify.h"
#include "caseindex.h"
#include "decide.h"

struct place {
	struct sl_chan *chan;
	struct sl_caseindex *known; /* NULL: none given yet */
	struct sl_decider *decider;
	bool open; /* between PLACE and PLACE_GO */
	uint64_t entry;
};

static enum sl_rc
out_of_order(const struct sl_msg *m, struct sl_err *err)
{
	return sl_err_set(err, SL_REJECT, 0, "worker_protocol",
	    "message %s is out of order", sl_msg_name(m->type));
}

static enum sl_rc
send_field(void *arg, const struct sl_msg_placed_field *f, struct sl_err *err)
{
	struct place *p = arg;
	struct sl_msg m = {.type = SL_MSG_PLACED_FIELD, .placed_field = *f};

	return sl_chan_send(p->chan, &m, NULL, 0, err);
}

/* Replaces the index; without a descriptor nothing is known any more. */
static enum sl_rc
take_cases(struct place *p, const struct sl_msg *m, const int *fds, size_t nfds,
    struct sl_err *err)
{
	struct sl_caseindex *x = NULL;
	enum sl_rc rc;

	if (nfds > 1 || (nfds == 0 && m->cases.count > 0))
		return out_of_order(m, err);
	if (nfds == 1) {
		rc = sl_caseindex_open(fds[0], &x, err);
		if (rc != SL_OK)
			return rc;
		if (sl_caseindex_count(x) != m->cases.count) {
			sl_caseindex_free(x);
			return sl_err_set(err, SL_REJECT, 0, "case_index",
			    "the case index holds another number of cases");
		}
	}
	sl_caseindex_free(p->known);
	p->known = x;
	return SL_OK;
}

static enum sl_rc
decide(struct place *p, struct sl_err *err)
{
	struct sl_msg m = {.type = SL_MSG_PLACED};
	enum sl_rc rc;

	p->open = false;
	rc = sl_decider_end(p->decider, p->known, sl_clock_utc_ms(), send_field,
	    p, &m.placed, err);
	if (rc != SL_OK)
		return rc;
	return sl_chan_send(p->chan, &m, NULL, 0, err);
}

static enum sl_rc
take_message(struct place *p, const struct sl_msg *m, const int *fds,
    size_t nfds, struct sl_err *err)
{
	if (nfds > 0 && m->type != SL_MSG_CASES)
		return out_of_order(m, err);
	if (m->type == SL_MSG_CASES)
		return take_cases(p, m, fds, nfds, err);
	if (m->type == SL_MSG_PLACE && !p->open) {
		p->open = true;
		p->entry = m->place.entry;
		sl_decider_start(p->decider, &m->place);
		return SL_OK;
	}
	if (m->type == SL_MSG_PLACE_FIELD && p->open &&
	    m->place_field.entry == p->entry) {
		(void)sl_decider_add(p->decider, &m->place_field);
		return SL_OK;
	}
	if (m->type == SL_MSG_PLACE_GO && p->open &&
	    m->place_go.entry == p->entry)
		return decide(p, err);
	return out_of_order(m, err);
}

enum sl_rc
sl_place_serve(struct sl_chan *c, int notify, struct sl_err *err)
{
	struct place p = {.chan = c, .decider = sl_decider_new()};
	int fds[SL_WIRE_FDS_MAX];
	struct sl_msg m;
	enum sl_rc rc;
	size_t nfds, i;
	bool closed = false;

	do {
		sl_notify_pulse(notify);
		rc = sl_chan_recv(c, &m, fds, &nfds, err);
		closed = rc == SL_RETRY;
		if (rc == SL_OK) {
			rc = take_message(&p, &m, fds, nfds, err);
			for (i = 0; i < nfds; i++)
				(void)close(fds[i]);
		}
	} while (rc == SL_OK || rc == SL_SKIP);
	sl_caseindex_free(p.known);
	sl_decider_free(p.decider);
	return closed ? SL_OK : rc;
}
