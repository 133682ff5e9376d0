/*
 * The queues' folders: which cannot be reached, and which are others than
 * before. Where something was dropped and is out of sight, a person must know.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "engine.h"

#define TOLD_MS INT64_C(86400000)

static char *
meta_key(const struct sl_inlet *in)
{
	return sl_asprintf("replaced %s", sl_inlet_queue(in)->name);
}

/* For a day, and over a start. */
static enum sl_rc
note_replaced(struct sl_engine *e, size_t i, bool made, struct sl_err *err)
{
	SL_FREE char *key = meta_key(e->inlets[i]);
	struct sl_door *door = &e->doors[i];
	char value[32];

	door->replaced_ms = sl_clock_utc_ms();
	door->made = made;
	(void)snprintf(value, sizeof(value), "%" PRId64 " %d",
	    door->replaced_ms, (int)made);
	return sl_store_meta_put(e->store, key, value, err);
}

void
sl_doors_remember(struct sl_engine *e)
{
	char value[32], *end;
	size_t i;

	for (i = 0; i < e->inlets_n; i++) {
		SL_FREE char *key = meta_key(e->inlets[i]);

		sl_store_meta(e->store, key, value, sizeof(value));
		e->doors[i].replaced_ms = strtoll(value, &end, 10);
		e->doors[i].made = strcmp(end, " 1") == 0;
	}
}

int64_t
sl_doors_replaced_ms(const struct sl_engine *e, size_t i)
{
	int64_t ms = e->doors[i].replaced_ms;

	return ms != 0 && sl_clock_utc_ms() - ms < TOLD_MS ? ms : 0;
}

/* Said in the log of the program and in the sporingslogg: post may lie there
 * that nobody sees. */
static enum sl_rc
tell_door(
    struct sl_engine *e, struct sl_inlet *in, bool gone, struct sl_err *err)
{
	const char *queue = sl_inlet_queue(in)->name;
	SL_BUF struct sl_buf payload = {0};

	if (gone)
		sl_log(SL_LOG_ERR, "intake",
		    "a queue's folder cannot be reached queue=\"%s\"", queue);
	else
		sl_log(SL_LOG_NOTICE, "intake",
		    "a queue's folder is there again queue=\"%s\"", queue);
	sl_buf_add_str(&payload, "{\"queue\":");
	sl_text_json(&payload, queue, strlen(queue));
	sl_buf_add_char(&payload, '}');
	return sl_store_log(e->store,
	    gone ? SL_EVENT_inlet_lost : SL_EVENT_inlet_found, "-", "slused",
	    sl_buf_str(&payload), 0, 0, err);
}

/* What lay in the one before and was not taken is out of sight. */
static enum sl_rc
tell_replaced(struct sl_engine *e, size_t i, bool made, struct sl_err *err)
{
	const struct sl_inlet *in = e->inlets[i];
	const char *queue = sl_inlet_queue(in)->name;
	SL_BUF struct sl_buf payload = {0};

	sl_log(SL_LOG_WARNING, "intake",
	    made ? "a queue's folder was gone and was made anew, empty "
		   "queue=\"%s\""
		 : "another folder lies in the place of a queue's "
		   "queue=\"%s\"",
	    queue);
	sl_buf_add_str(&payload, "{\"queue\":");
	sl_text_json(&payload, queue, strlen(queue));
	sl_buf_printf(&payload, ",\"made\":%s}", made ? "true" : "false");
	if (note_replaced(e, i, made, err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(e->store, SL_EVENT_inlet_replaced, "-", "slused",
	    sl_buf_str(&payload), 0, 0, err);
}

enum sl_rc
sl_doors_see(struct sl_engine *e, struct sl_err *err)
{
	bool gone, made;
	size_t i;

	for (i = 0; i < e->inlets_n; i++) {
		/* That one came back is told below; a share may come back with
		 * other numbers. */
		if (sl_inlet_replaced(e->inlets[i], &made) &&
		    (made || !e->doors[i].lost)) {
			if (tell_replaced(e, i, made, err) != SL_OK)
				return SL_FATAL;
			sl_faces_found(e->faces, e->inlets[i]);
		}
		gone = sl_inlet_is_gone(e->inlets[i]);
		if (gone == e->doors[i].lost)
			continue;
		e->doors[i].lost = gone;
		if (tell_door(e, e->inlets[i], gone, err) != SL_OK)
			return SL_FATAL;
		if (!gone)
			sl_faces_found(e->faces, e->inlets[i]);
	}
	return SL_OK;
}
