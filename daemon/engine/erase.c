/*
 * INVARIANTS: the leaf that says what goes is durable before any of it goes; a
 * crash in between is finished at the next start, from the table `erasing`.
 * Every erasure, asked for or by time, has a leaf of its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "../store/counts.h"
#include "../store/erase.h"
#include "../store/heads.h"
#include "engine.h"

#define REST_MS INT64_C(3600000) /* between two walks over all that is done */
#define FOLDERS_A_SWEEP 1000

/* {"erased":[..],"content":..,"cause":"..","files":..,"why":".."}: how many
 * files and pages there are stays known, as the payloads that go told it. */
static enum sl_rc
log_erased(struct sl_engine *e, const struct sl_consignment *c,
    const struct sl_buf *list, const struct sl_counts *counts, const char *why,
    const char *actor, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};

	sl_buf_printf(&b, "{\"erased\":%s,\"content\":%s,\"cause\":\"%s\"",
	    sl_buf_str(list), c != NULL ? "true" : "false",
	    why != NULL ? "asked" : "retention");
	sl_counts_add(counts, &b);
	if (why != NULL) {
		sl_buf_add_str(&b, ",\"why\":");
		sl_text_json(&b, why, strlen(why));
	}
	sl_buf_add_char(&b, '}');
	return sl_store_log(e->store, SL_EVENT_erased,
	    c != NULL ? c->reception : "-", actor, sl_buf_str(&b),
	    c != NULL ? c->id : 0, 0, err);
}

static enum sl_rc
erase(struct sl_engine *e, const struct sl_consignment *c, const char *why,
    const char *actor, struct sl_err *err)
{
	SL_BUF struct sl_buf list = {0};
	struct sl_counts told;

	sl_counts_told(sl_store_db(e->store), c->id, &told);
	told.texts = -1; /* they go as well */
	if (sl_erase_list(e->store, c->id, &list, err) != SL_OK ||
	    sl_erase_content(e->store, c->id, err) != SL_OK ||
	    log_erased(e, c, &list, &told, why, actor, err) != SL_OK)
		return SL_FATAL;
	sl_log(SL_LOG_NOTICE, c->reception, "content erased cause=\"%s\"",
	    why != NULL ? "asked" : "retention");
	e->erasing = true;
	sl_timer_pull(e->sweep_timer, 0);
	sl_faces_changed(e->faces, c->id);
	return SL_OK;
}

/* -- what is listed -------------------------------------------------------- */

/* Returns false if some of it must be tried again. */
static bool
clear_folders(struct sl_engine *e, struct sl_err *err)
{
	char queue[128], reception[40];
	struct sl_inlet *in;
	int n;

	for (n = 0; n < FOLDERS_A_SWEEP &&
		    sl_erase_next_folder(e->store, queue, sizeof(queue),
			reception, sizeof(reception));
	     n++) {
		in = sl_engine_inlet(e, queue);
		if (in != NULL && (sl_inlet_is_gone(in) ||
				      !sl_inlet_remove_done(in, reception))) {
			sl_log(SL_LOG_WARNING, reception,
			    "what was filed away cannot be removed");
			return false;
		}
		e->sync_inlets = true;
		if (sl_engine_bad(
			e, sl_erase_folder_gone(e->store, reception, err), err))
			return false;
	}
	return n < FOLDERS_A_SWEEP;
}

/* Behind the commit of the leaves. */
static void
clear(struct sl_engine *e, int64_t unused, int64_t unused2)
{
	struct sl_err err;
	bool all = clear_folders(e, &err);

	(void)unused;
	(void)unused2;
	if (e->fatal || sl_engine_commit(e) != SL_OK)
		return;
	if (!sl_erase_files(e->store, e->root))
		all = false;
	e->erasing = !all;
}

/* -- by time --------------------------------------------------------------- */

static enum sl_rc
erase_old(struct sl_engine *e, struct sl_err *err)
{
	int64_t ids[SL_ERASE_LOOK], now = sl_clock_boot_ms();
	int64_t keep = e->cfg->instance.retention_ms;
	struct sl_consignment c;
	size_t n, i;

	if (keep == 0 || e->halted || now < e->erase_next_ms)
		return SL_OK;
	n = sl_erase_due(e->store, sl_clock_utc_ms() - keep, &e->erase_at, ids);
	for (i = 0; i < n; i++)
		if (sl_consignment_by_id(e->store, ids[i], &c) &&
		    erase(e, &c, NULL, "slused", err) != SL_OK)
			return SL_FATAL;
	if (e->erase_at == 0)
		e->erase_next_ms = now + REST_MS;
	return SL_OK;
}

enum sl_rc
sl_erase_sweep(struct sl_engine *e, struct sl_err *err)
{
	if (erase_old(e, err) != SL_OK)
		return SL_FATAL;
	if (e->erasing)
		sl_engine_after(e, clear, 0, 0);
	return SL_OK;
}

/* -- because a person says so ---------------------------------------------- */

static enum sl_rc
erase_event(struct sl_engine *e, uint64_t seq, const char *why,
    const char *actor, struct sl_err *err)
{
	SL_BUF struct sl_buf list = {0};
	struct sl_counts none;
	enum sl_rc rc;

	sl_counts_begin(&none);
	rc = sl_erase_payload(e->store, seq, err);
	if (rc != SL_OK)
		return rc;
	sl_buf_printf(&list, "[%" PRIu64 "]", seq);
	if (log_erased(e, NULL, &list, &none, why, actor, err) != SL_OK)
		return SL_FATAL;
	e->erasing = true;
	sl_timer_pull(e->sweep_timer, 0);
	return SL_OK;
}

/* *ret is the delivery, or of id 0 where one event was named: *ret_seq. */
static enum sl_rc
find_erasable(struct sl_engine *e, const char *id, struct sl_consignment *ret,
    uint64_t *ret_seq, struct sl_err *err)
{
	char reception[40];
	int number;

	ret->id = 0;
	if (e->halted)
		return sl_engine_no(err,
		    "the sporingslogg is not the one that was "
		    "signed");
	if (sl_parse_u64(id, 0, INT64_MAX, ret_seq))
		return *ret_seq < sl_store_tree(e->store)->size
			   ? SL_OK
			   : sl_engine_no(err, "there is no such event");
	if (!sl_reception_parse(id, reception, sizeof(reception), &number) ||
	    !sl_consignment_by_reception(e->store, reception, ret))
		return sl_engine_no(err, "there is no such post");
	if (number != 0)
		return sl_engine_no(err,
		    "content belongs to the whole delivery: leave "
		    "out .1");
	if (sl_erase_done(e->store, ret->id))
		return sl_engine_no(err, "its content is erased already");
	if (ret->dispo != SL_DISPO_done || sl_job_find(e, ret->id) != NULL)
		return sl_engine_no(err,
		    "it is not done: reject it first, or let it "
		    "arrive");
	return SL_OK;
}

enum sl_rc
sl_erase_may(struct sl_engine *e, const char *id, struct sl_err *err)
{
	struct sl_consignment c;
	uint64_t seq;

	return find_erasable(e, id, &c, &seq, err);
}

enum sl_rc
sl_erase_asked(struct sl_engine *e, const char *id, const char *why,
    const char *actor, struct sl_err *err)
{
	struct sl_consignment c;
	uint64_t seq;
	enum sl_rc rc = find_erasable(e, id, &c, &seq, err);

	if (rc != SL_OK)
		return rc;
	return c.id == 0 ? erase_event(e, seq, why, actor, err)
			 : erase(e, &c, why, actor, err);
}
