/*
 * Values on their way into XML: characters, dates, times.
 */
#include <string.h>

#include "../base/clock.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "write.h"

bool
sl_xml_clean(struct sl_buf *b, const char *s)
{
	size_t n = strlen(s), i = 0, at;
	bool changed = false;
	uint32_t cp;

	while (i < n) {
		at = i;
		cp = sl_utf8_next(s, n, &i);
		if ((cp < 0x20 && cp != '\t' && cp != '\n' && cp != '\r') ||
		    cp == 0xFFFE || cp == 0xFFFF ||
		    (cp == 0xFFFD && i - at == 1)) {
			sl_utf8_add(b, 0xFFFD);
			changed = true;
		} else
			sl_buf_add(b, s + at, i - at);
	}
	return changed;
}

/* n digits; -1 if they are not all there. */
static int
digits(const char **s, int n)
{
	int v = 0;

	while (n-- > 0) {
		if (**s < '0' || **s > '9')
			return -1;
		v = v * 10 + *(*s)++ - '0';
	}
	return v;
}

static bool
eat(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static int
days_in(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

static bool
take_date(const char **s, struct sl_date *d)
{
	d->year = digits(s, 4);
	if (d->year < 1 || !eat(s, '-'))
		return false;
	d->month = digits(s, 2);
	if (d->month < 1 || d->month > 12 || !eat(s, '-'))
		return false;
	d->day = digits(s, 2);
	return d->day >= 1 && d->day <= days_in(d->year, d->month);
}

static bool
take_clock(const char **s, struct sl_date *d)
{
	d->hour = digits(s, 2);
	if (d->hour < 0 || d->hour > 23 || !eat(s, ':'))
		return false;
	d->minute = digits(s, 2);
	if (d->minute < 0 || d->minute > 59 || !eat(s, ':'))
		return false;
	d->second = digits(s, 2);
	if (d->second < 0 || d->second > 59)
		return false;
	if (!eat(s, '.'))
		return true;
	if (digits(s, 1) < 0)
		return false;
	while (**s >= '0' && **s <= '9')
		(*s)++;
	return true;
}

/* Z, +01:00 or nothing. */
static bool
take_zone(const char **s, struct sl_date *d, bool *ret_zone)
{
	int sign = **s == '-' ? -1 : 1, h, m;

	*ret_zone = true;
	if (eat(s, 'Z'))
		return true;
	if (!eat(s, '+') && !eat(s, '-')) {
		*ret_zone = false;
		return true;
	}
	h = digits(s, 2);
	if (h < 0 || h > 14 || !eat(s, ':'))
		return false;
	m = digits(s, 2);
	d->offset_min = sign * (h * 60 + m);
	return m >= 0 && m <= 59 && (h < 14 || m == 0);
}

static bool
take_moment(const char *s, struct sl_date *d, bool *ret_clock, bool *ret_zone)
{
	memset(d, 0, sizeof(*d));
	*ret_clock = false;
	if (!take_date(&s, d))
		return false;
	if (eat(&s, 'T')) {
		*ret_clock = true;
		if (!take_clock(&s, d))
			return false;
	}
	return take_zone(&s, d, ret_zone) && *s == '\0';
}

bool
sl_time_valid(const char *s)
{
	struct sl_date d;
	bool clock, zone;

	return take_moment(s, &d, &clock, &zone) && clock;
}

bool
sl_date_text(const char *s, char *out)
{
	struct sl_date d;
	bool clock, zone;
	int64_t minutes;

	if (!take_moment(s, &d, &clock, &zone))
		return false;
	/* An instant is of the day it was in Norway. */
	if (clock && zone && d.year >= 1970) {
		minutes = sl_day_number(d.year, d.month, d.day) * 1440 +
			  d.hour * 60 + d.minute - d.offset_min;
		sl_clock_format_day(minutes * 60000, out, 11);
		return true;
	}
	memcpy(out, s, 10);
	out[10] = '\0';
	return true;
}
