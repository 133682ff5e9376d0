/*
 * How long held post may wait, and the Norwegian working days it waits over.
 */
#ifndef SL_CONFIG_DEADLINE_H
#define SL_CONFIG_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

enum sl_deadline_kind {
	SL_DEADLINE_NEVER,
	SL_DEADLINE_AFTER, /* duration_ms later */
	SL_DEADLINE_WORKING_DAY, /* next working day at minute of the day */
};

struct sl_deadline {
	enum sl_deadline_kind kind;
	int minute; /* 0..1439, Oslo time */
	int64_t duration_ms;
};

/* The instant (UTC ms) at which waiting that began at from_ms ends; INT64_MAX
 * for never. */
int64_t sl_deadline_at(const struct sl_deadline *d, int64_t from_ms);

/* Monday to Friday and no public holiday in Norway. */
bool sl_is_working_day(int year, int month, int day);

#endif
