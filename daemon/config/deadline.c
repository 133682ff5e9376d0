#include "deadline.h"

#include <stdio.h>
#include <string.h>

#include "../base/clock.h"

/* Days from 1970-01-01 in the Gregorian calendar, and back. */
static int64_t
days_from_civil(int y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void
civil_from_days(int64_t z, int *y, int *m, int *d)
{
	int64_t era, doe, yoe, doy, mp;

	z += 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400) + (*m <= 2);
}

/* Easter Sunday (Gauss, in the form of Meeus, Jones and Butcher). */
static int64_t
easter(int y)
{
	int a = y % 19, b = y / 100, c = y % 100, d = b / 4, e = b % 4;
	int g = (8 * b + 13) / 25, h = (19 * a + b - d - g + 15) % 30;
	int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
	int m = (a + 11 * h + 22 * l) / 451, n = h + l - 7 * m + 114;

	return days_from_civil(y, n / 31, n % 31 + 1);
}

bool
sl_is_working_day(int year, int month, int day)
{
	static const struct {
		int month, day;
	} fixed[] = {{1, 1}, {5, 1}, {5, 17}, {12, 25}, {12, 26}};
	/* Maundy Thursday, Good Friday, Easter Monday, Ascension, Whit Monday
	 */
	static const int moving[] = {-3, -2, 1, 39, 50};
	int64_t n = days_from_civil(year, month, day), e = easter(year);
	int weekday = (int)((n % 7 + 11) % 7); /* 1970-01-01: Thursday = 4 */
	size_t i;

	if (weekday == 0 || weekday == 6)
		return false;
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (fixed[i].month == month && fixed[i].day == day)
			return false;
	}
	for (i = 0; i < sizeof(moving) / sizeof(moving[0]); i++) {
		if (n == e + moving[i])
			return false;
	}
	return true;
}

/* The day of an instant, and how many working days there were up to and with
 * it. Counted once: a report asks a million times. */
#define DAYS_FROM 1970
#define DAYS_TO 2200
static int
working_days_until(int64_t day)
{
	enum { DAYS = (DAYS_TO - DAYS_FROM) * 366 };
	static int count[DAYS];
	int64_t i;
	int y, m, d;

	for (i = 1; count[DAYS - 1] == 0 && i < DAYS; i++) {
		civil_from_days(i, &y, &m, &d);
		count[i] = count[i - 1] + sl_is_working_day(y, m, d);
	}
	return count[day < 0 ? 0 : day >= DAYS ? DAYS - 1 : day];
}

int64_t
sl_day_of(int64_t utc_ms)
{
	struct sl_date t = sl_clock_oslo(utc_ms);

	return days_from_civil(t.year, t.month, t.day);
}

int64_t
sl_day_number(int year, int month, int day)
{
	return days_from_civil(year, month, day);
}

int
sl_working_days(int64_t from_day, int64_t to_day)
{
	return working_days_until(to_day) - working_days_until(from_day);
}

int64_t
sl_deadline_at(const struct sl_deadline *d, int64_t from_ms)
{
	struct sl_date t;
	int64_t day;

	if (d->kind == SL_DEADLINE_NEVER)
		return INT64_MAX;
	if (d->kind == SL_DEADLINE_AFTER) {
		return from_ms > INT64_MAX - d->duration_ms
			   ? INT64_MAX
			   : from_ms + d->duration_ms;
	}
	t = sl_clock_oslo(from_ms);
	day = days_from_civil(t.year, t.month, t.day);
	do {
		civil_from_days(++day, &t.year, &t.month, &t.day);
	} while (!sl_is_working_day(t.year, t.month, t.day));
	t.hour = d->minute / 60;
	t.minute = d->minute % 60;
	t.second = 0;
	return sl_clock_from_oslo(&t);
}

/* n digits; -1: there are fewer. */
static int
digits(const char *s, int n)
{
	int v = 0, i;

	for (i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + s[i] - '0';
	}
	return v;
}

int64_t
sl_day_begin(int64_t day)
{
	/* Noon is in that day, whatever the clock did. */
	struct sl_date t =
	    sl_clock_oslo(day * INT64_C(86400000) + INT64_C(43200000));

	t.hour = t.minute = t.second = 0;
	return sl_clock_from_oslo(&t);
}

/* Behind the ten characters of a day, "T22:30:00.5Z" or "T22:30+01:00": minutes
 * from its midnight in UTC. False: no moment, or one that has no zone. */
static bool
moment_minutes(const char *s, int *ret)
{
	int h, m, zh, zm, sign;

	if (*s != 'T' || (h = digits(s + 1, 2)) < 0 || h > 24 || s[3] != ':' ||
	    (m = digits(s + 4, 2)) < 0 || m > 59)
		return false;
	*ret = h * 60 + m;
	s += 6;
	s += strspn(s, ":.,0123456789");
	if (*s == 'Z' || *s == 'z')
		return true;
	sign = *s == '+' ? 1 : *s == '-' ? -1 : 0;
	if (sign == 0 || (zh = digits(s + 1, 2)) < 0)
		return false;
	s += s[3] == ':' ? 4 : 3;
	zm = *s != '\0' ? digits(s, 2) : 0;
	if (zh > 14 || zm < 0)
		return false;
	*ret -= sign * (zh * 60 + zm);
	return true;
}

void
sl_day_write(int64_t day, char *out, size_t cap)
{
	sl_clock_format_day(day * INT64_C(86400000) + 43200000, out, cap);
}

int64_t
sl_day_read(const char *s)
{
	int y = digits(s, 4), m = -1, d = -1, d_again;
	int minutes;
	int64_t day;
	bool iso;

	if (*s == '\0')
		return -1;
	/* As nearly all are written; a report asks some million times. */
	if (y >= 0 && s[4] == '-' && (m = digits(s + 5, 2)) >= 0 && s[7] == '-')
		d = digits(s + 8, 2);
	iso = d >= 0;
	if (d < 0 && sscanf(s, "%4d-%2d-%2d", &y, &m, &d) != 3 &&
	    sscanf(s, "%2d.%2d.%4d", &d, &m, &y) != 3)
		return -1;
	if (y < 1970 || y > 2199 || m < 1 || m > 12 || d < 1 || d > 31)
		return -1;
	day = days_from_civil(y, m, d);
	/* The 31st of a month that has 30 would be the first of the next. */
	if (d > 28) {
		civil_from_days(day, &y, &m, &d_again);
		if (d_again != d)
			return -1;
	}
	/* A moment is of the day it was in Norway. */
	if (iso && s[10] == 'T' && moment_minutes(s + 10, &minutes))
		return sl_day_of((day * 1440 + minutes) * INT64_C(60000));
	return day;
}

bool
sl_day_exact(const char *s, int64_t *ret)
{
	static const char like[] = "0000-00-00";
	size_t i;

	for (i = 0; like[i] != '\0'; i++)
		if (like[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != '-')
			return false;
	*ret = s[i] == '\0' ? sl_day_read(s) : -1;
	return *ret >= 0;
}
