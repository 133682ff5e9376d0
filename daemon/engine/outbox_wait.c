/*
 * When a delivery is tried again.
 *
 * A try whose outcome nobody knows may still be at work in the target, whatever
 * became of who sent it: until unknown_wait is over, asking by own key proves
 * nothing and a second try could make a second post.
 */
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/text.h"
#include "engine.h"

#define UNHURRIED 3 /* tries */

int64_t
sl_outbox_backoff_ms(const struct sl_target *t, int attempts)
{
	const struct sl_target_config *c = t->cfg;
	int64_t ms = c->retry_first_ms;
	int i;

	for (i = 1; i < attempts && ms < c->retry_max_ms; i++)
		ms *= 2;
	return ms < c->retry_max_ms ? ms : c->retry_max_ms;
}

int64_t
sl_outbox_settled_ms(const struct sl_target *t)
{
	return sl_clock_utc_ms() + t->cfg->unknown_wait_ms;
}

bool
sl_outbox_asks_on(const struct sl_target *t, const struct sl_delivery *d)
{
	int checks = (int)t->cfg->unknown_checks;

	if (checks == 0 && t->cfg->unknown_hold)
		checks = 1;
	return d->asked < checks;
}

bool
sl_outbox_only_asks(const struct sl_target *t, const struct sl_delivery *d)
{
	/* Who wants a person to look wants no second try without it. */
	return d->uncertain && !d->send_again &&
	       (t->cfg->unknown_hold || sl_outbox_asks_on(t, d));
}

int64_t
sl_outbox_ask_ms(const struct sl_target *t, const struct sl_delivery *d)
{
	return (int64_t)t->cfg->unknown_wait_ms << d->asked;
}

int64_t
sl_outbox_again_ms(const struct sl_target *t, const struct sl_delivery *d)
{
	int64_t now = sl_clock_utc_ms(), last = sl_outbox_settled_ms(t);

	if (!d->uncertain || d->next_ms <= now)
		return now;
	return d->next_ms < last ? d->next_ms : last;
}

enum sl_rc
sl_outbox_not_begun(struct sl_target *t, struct sl_delivery *d,
    const struct sl_inflight *was, const struct sl_entry *en,
    struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};

	sl_buf_add_str(&b, "{\"target\":");
	sl_text_json(&b, d->target, strlen(d->target));
	sl_buf_printf(&b, ",\"attempt\":%d}", d->attempts);
	if (d->attempts > 0)
		d->attempts--;
	d->asked = was->asked;
	d->send_again = was->send_again;
	d->next_ms = sl_clock_utc_ms();
	sl_log(
	    SL_LOG_DEBUG, en->reception, "not begun target=\"%s\"", d->target);
	if (sl_delivery_update(t->e->store, d, NULL, err) != SL_OK)
		return SL_FATAL;
	return sl_store_log(t->e->store, SL_EVENT_delivery_not_begun,
	    en->reception, "slused", sl_buf_str(&b), en->consignment, en->id,
	    err);
}

void
sl_outbox_unheard(struct sl_target *t, int64_t id)
{
	struct sl_delivery d;
	struct sl_err err;

	if (t->e->fatal || t->e->stopping ||
	    !sl_delivery_by_id(t->e->store, id, &d))
		return;
	/* What began to send nothing need not wait, unless it may be what ends
	 * its sender again and again. */
	d.next_ms = d.uncertain || d.attempts > UNHURRIED
			? sl_outbox_settled_ms(t)
			: sl_clock_utc_ms();
	(void)sl_engine_bad(
	    t->e, sl_delivery_update(t->e->store, &d, NULL, &err), &err);
}

enum sl_rc
sl_outbox_resume(struct sl_engine *e, struct sl_err *err)
{
	size_t i;

	for (i = 0; i < e->targets_n; i++)
		if (sl_delivery_settle(e->store, e->targets[i].cfg->name,
			sl_clock_utc_ms(), sl_outbox_settled_ms(&e->targets[i]),
			err) != SL_OK)
			return SL_FATAL;
	return SL_OK;
}
