#include "clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t
to_ms(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#ifdef SLUSE_TEST
static int64_t
test_offset_ms(void)
{
	const char *path = getenv("SLUSE_TEST_CLOCK");
	char b[32] = "";
	int fd;

	if (path == NULL)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, b, sizeof(b) - 1) < 0)
		b[0] = '\0';
	(void)close(fd);
	return strtoll(b, NULL, 10) * 1000;
}
#else
static int64_t
test_offset_ms(void)
{
	return 0;
}
#endif

int64_t
sl_clock_utc_ms(void)
{
	return to_ms(CLOCK_REALTIME) + test_offset_ms();
}

int64_t
sl_clock_boot_ms(void)
{
	return to_ms(CLOCK_BOOTTIME);
}

/* Days since 1970-01-01 of a civil date (Howard Hinnant's formula). */
static int64_t
days_from_civil(int y, int m, int d)
{
	int64_t era, yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

struct sl_date
sl_clock_utc(int64_t utc_ms)
{
	struct sl_date r = {0};
	int64_t s = utc_ms / 1000, days, rest, era, doe, yoe, doy, mp;

	if (utc_ms % 1000 < 0)
		s--;
	days = s / 86400;
	rest = s % 86400;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	r.weekday = (int)(((days + 4) % 7 + 7) % 7);
	r.hour = (int)(rest / 3600);
	r.minute = (int)(rest / 60 % 60);
	r.second = (int)(rest % 60);
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	r.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	r.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	r.year = (int)(yoe + era * 400 + (r.month <= 2));
	return r;
}

/* 01:00 UTC on the last Sunday of the month. */
static int64_t
last_sunday_ms(int year, int month)
{
	int64_t day = days_from_civil(year, month, 31);

	return ((day - (day + 4) % 7) * 86400 + 3600) * 1000;
}

/* Summer of the year of the last instant asked for: most are of the same. */
static bool
is_summer(int64_t utc_ms)
{
	static struct {
		int64_t from, to, summer, winter;
	} y;
	int year;

	if (utc_ms < y.from || utc_ms >= y.to) {
		year = sl_clock_utc(utc_ms).year;
		y.from = days_from_civil(year, 1, 1) * INT64_C(86400000);
		y.to = days_from_civil(year + 1, 1, 1) * INT64_C(86400000);
		y.summer = last_sunday_ms(year, 3);
		y.winter = last_sunday_ms(year, 10);
	}
	return utc_ms >= y.summer && utc_ms < y.winter;
}

struct sl_date
sl_clock_oslo(int64_t utc_ms)
{
	int off = is_summer(utc_ms) ? 120 : 60;
	struct sl_date r;

	r = sl_clock_utc(utc_ms + (int64_t)off * 60000);
	r.offset_min = off;
	return r;
}

int64_t
sl_clock_from_oslo(const struct sl_date *d)
{
	int64_t ms;

	ms = ((days_from_civil(d->year, d->month, d->day) * 24 + d->hour) * 60 +
		 d->minute) *
		 60000 +
	     (int64_t)d->second * 1000;
	ms -= 3600000;
	return ms - (sl_clock_oslo(ms).offset_min - 60) * INT64_C(60000);
}

/* In `width` digits and what stands behind them. Result: behind that. */
static char *
add_digits(char *p, int n, int width, char end)
{
	int i;

	for (i = width - 1; i >= 0; i--, n /= 10)
		p[i] = (char)('0' + n % 10);
	p[width] = end;
	return p + width + 1;
}

/* Without printf: a report writes millions. */
void
sl_clock_format_utc(int64_t utc_ms, char *out, size_t n)
{
	struct sl_date d = sl_clock_utc(utc_ms);
	int ms = (int)((utc_ms % 1000 + 1000) % 1000);
	char text[sizeof("2026-01-31T12:00:00.000Z")], *p = text;

	if (d.year < 0 || d.year > 9999 || n < sizeof(text)) {
		(void)snprintf(out, n, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
		    d.year, d.month, d.day, d.hour, d.minute, d.second, ms);
		return;
	}
	p = add_digits(p, d.year, 4, '-');
	p = add_digits(p, d.month, 2, '-');
	p = add_digits(p, d.day, 2, 'T');
	p = add_digits(p, d.hour, 2, ':');
	p = add_digits(p, d.minute, 2, ':');
	p = add_digits(p, d.second, 2, '.');
	p = add_digits(p, ms, 3, 'Z');
	*p = '\0';
	memcpy(out, text, sizeof(text));
}

void
sl_clock_format_oslo(int64_t utc_ms, char *out, size_t n)
{
	struct sl_date d = sl_clock_oslo(utc_ms);

	(void)snprintf(out, n, "%04d-%02d-%02dT%02d:%02d:%02d+%02d:00", d.year,
	    d.month, d.day, d.hour, d.minute, d.second, d.offset_min / 60);
}

void
sl_clock_format_day(int64_t utc_ms, char *out, size_t n)
{
	struct sl_date d = sl_clock_oslo(utc_ms);

	(void)snprintf(out, n, "%04d-%02d-%02d", d.year, d.month, d.day);
}
