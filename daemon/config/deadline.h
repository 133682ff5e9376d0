/*
 * How long held post may wait, and the Norwegian working days it waits over.
 */
#ifndef SL_CONFIG_DEADLINE_H
#define SL_CONFIG_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
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

/* Days since 1970-01-01 of an instant in Oslo, and of a date. */
int64_t sl_day_of(int64_t utc_ms);
int64_t sl_day_number(int year, int month, int day);
/* Midnight of that day in Oslo, UTC ms. */
int64_t sl_day_begin(int64_t day);
/* Of "2026-01-31..." or "31.01.2026"; -1 if it is neither, or no such day. Of a
 * moment with its zone, as "2026-01-30T23:30:00Z", the day that it was in Oslo:
 * the 31st. */
int64_t sl_day_read(const char *s);
/* The same of what a person gives for a day: "2026-01-31" and nothing else.
 * False: it is none. */
bool sl_day_exact(const char *s, int64_t *ret);
/* As 2026-01-31; out holds >= 11 bytes. */
void sl_day_write(int64_t day, char *out, size_t cap);
/* Working days after the day `from`, up to and with the day `to`; 0 for the
 * same day, negative where it lies before. Days are those of sl_day_of, up to
 * the year 2200. */
int sl_working_days(int64_t from_day, int64_t to_day);

#endif
