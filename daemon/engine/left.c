/*
 * What goes with a folder and is no file of the delivery: links, devices, and
 * names that are left out. Names go with the content once that is erased; how
 * many there were, as of what the door refuses, does not.
 */
#include <string.h>

#include "../base/text.h"
#include "engine.h"

#define NAMED 256u /* in one event; each has one of its own besides */

void
sl_job_name_left(const struct sl_job *j, struct sl_buf *payload)
{
	size_t i;

	payload->n--; /* the brace */
	sl_buf_add_str(payload, ",\"left_out\":[");
	for (i = 0; i < j->left_n && i < NAMED; i++) {
		SL_BUF struct sl_buf shown = {0};

		sl_text_display(&shown, j->left[i].sub, strlen(j->left[i].sub));
		sl_buf_add_str(payload, i > 0 ? "," : "");
		sl_text_json(payload, sl_buf_str(&shown), shown.n);
	}
	sl_buf_add_str(payload, "]}");
}

enum sl_rc
sl_job_log_left(struct sl_job *j, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	size_t i;

	for (i = 0; rc == SL_OK && i < j->left_n; i++) {
		SL_BUF struct sl_buf payload = {0};

		sl_buf_add_str(&payload, "{\"queue\":");
		sl_text_json(&payload, j->c.queue, strlen(j->c.queue));
		sl_buf_printf(
		    &payload, ",\"reason\":\"%s\"}", j->left[i].reason);
		rc = sl_store_log(j->e->store, SL_EVENT_refused_at_door, "-",
		    j->c.actor, sl_buf_str(&payload), 0, 0, err);
	}
	return rc;
}
