/*
 * One event for what was signed at once; beside it a row for each day, which
 * the next signature of that day replaces. What was looked at stands in the
 * event alone, where it can be erased.
 */
#include "scans.h"

#include <inttypes.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "../store/faces_query.h"
#include "access.h"

#define DAYS_MAX 366

/* A day that is not over may still get more paper. */
static enum sl_rc
take_days(json_t *args, int64_t *ret_from, int64_t *ret_to, struct sl_err *err)
{
	const char *from = sl_request_text(args, "from"),
		   *to = sl_request_text(args, "to");

	if (!sl_day_exact(from, ret_from) ||
	    !sl_day_exact(*to != '\0' ? to : from, ret_to))
		return sl_engine_no(err, "a day is written 2026-01-31");
	if (*ret_from > *ret_to)
		return sl_engine_no(
		    err, "the first day is later than the last");
	if (*ret_to - *ret_from >= DAYS_MAX)
		return sl_engine_no(err, "more than a year at once");
	if (*ret_to >= sl_day_of(sl_clock_utc_ms()))
		return sl_engine_no(err, "a day can be signed when it is over");
	return SL_OK;
}

static enum sl_rc
put_days(struct sl_engine *e, const char *queue, int64_t from, int64_t to,
    const char *actor, struct sl_err *err)
{
	SL_BUF struct sl_buf key = {0}, value = {0};
	enum sl_rc rc = SL_OK;
	int64_t day;

	sl_buf_printf(&value,
	    "{\"ms\":%" PRId64 ",\"actor\":\"%s\",\"seq\":%" PRIu64 "}",
	    sl_clock_utc_ms(), actor, sl_store_leaves(e->store) - 1);
	for (day = from; rc == SL_OK && day <= to; day++) {
		sl_buf_reset(&key);
		sl_buf_printf(
		    &key, SL_STORE_SCAN_SIGNED "%" PRId64 ":%s", day, queue);
		rc = sl_store_meta_put(
		    e->store, sl_buf_str(&key), sl_buf_str(&value), err);
	}
	return rc;
}

enum sl_rc
sl_scan_sign(struct sl_engine *e, json_t *args, const char *actor,
    struct sl_buf *json, struct sl_err *err)
{
	const char *queue = sl_request_text(args, "queue"),
		   *why = sl_request_text(args, "why");
	const struct sl_queue_config *q = sl_config_queue(e->cfg, queue);
	SL_BUF struct sl_buf b = {0};
	int64_t from, to;
	char day[16];

	if (q == NULL)
		return sl_engine_no(err, "there is no such queue");
	if (!q->paper && q->kind != SL_QUEUE_HISTORIC)
		return sl_engine_no(
		    err, "the queue is not one of scanned paper (paper)");
	if (strlen(why) < SL_WHY_MIN)
		return sl_engine_no(
		    err, "say what was looked at: " SL_WHY_SAID);
	if (take_days(args, &from, &to, err) != SL_OK)
		return SL_REJECT;
	if (sl_face_last(
		e->store, queue, sl_day_begin(from), sl_day_begin(to + 1)) < 0)
		return sl_engine_no(err,
		    from == to ? "no post came by that queue on that day"
			       : "no post came by that queue on those days");
	sl_buf_add_str(&b, "{\"queue\":");
	sl_text_json(&b, queue, strlen(queue));
	/* Not as he wrote it, which may be many ways. */
	sl_clock_format_day(sl_day_begin(from), day, sizeof(day));
	sl_buf_printf(&b, ",\"from\":\"%s\",\"days\":%" PRId64 ",\"why\":", day,
	    to - from + 1);
	sl_text_json(&b, why, strlen(why));
	sl_buf_add_char(&b, '}');
	if (sl_store_log(e->store, SL_EVENT_scan_signed, "-", actor,
		sl_buf_str(&b), 0, 0, err) != SL_OK ||
	    put_days(e, queue, from, to, actor, err) != SL_OK)
		return SL_FATAL;
	sl_buf_printf(json, "{\"days\":%" PRId64 "}", to - from + 1);
	return SL_OK;
}
