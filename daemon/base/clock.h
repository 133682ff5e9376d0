/*
 * The only clock. Order never comes from time: it is the sequence number's.
 *
 * UTC is for people and records; boot time is for waiting, since it does not
 * jump. Test builds take UTC from SLUSE_TEST_CLOCK: a file holding a signed
 * offset in seconds, read at each call, so that a test can step the day.
 */
#ifndef SL_BASE_CLOCK_H
#define SL_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds since 1970 UTC. */
int64_t sl_clock_utc_ms(void);
/* Milliseconds since boot, suspended time included; never backwards. */
int64_t sl_clock_boot_ms(void);

/* A civil date and time. */
struct sl_date {
	int year, month, day; /* 2026, 1..12, 1..31 */
	int hour, minute, second; /* 0..23, 0..59, 0..59 */
	int offset_min; /* east of UTC: 60 or 120 in Oslo */
	int weekday; /* 0 = Sunday */
};
/* In Europe/Oslo by the EU rule (no tz database needed in a sandbox). */
struct sl_date sl_clock_oslo(int64_t utc_ms);
struct sl_date sl_clock_utc(int64_t utc_ms);
/* The instant of a civil Oslo time. */
int64_t sl_clock_from_oslo(const struct sl_date *d);

/* "2026-11-22T05:04:03.123Z"; out holds >= 25 bytes. */
void sl_clock_format_utc(int64_t utc_ms, char *out, size_t n);
/* "2026-11-22T06:04:03+01:00" in Oslo; out holds >= 26 bytes. */
void sl_clock_format_oslo(int64_t utc_ms, char *out, size_t n);
/* "2026-11-22" in Oslo; out holds >= 11 bytes. */
void sl_clock_format_day(int64_t utc_ms, char *out, size_t n);

#endif
