/*
 * Numbers of cells, shown as a person would look for them: dates as dates.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "office.h"

/* The code of a format, without what stands in quotes and brackets. */
bool
format_is_date(const char *code)
{
	bool quoted = false;
	int bracket = 0;

	for (; *code; code++) {
		if (*code == ';')
			return false;
		if (*code == '"')
			quoted = !quoted;
		else if (!quoted &&
			 (*code == '\\' || *code == '_' || *code == '*') &&
			 code[1])
			code++;
		else if (!quoted && *code == '[' &&
			 !strchr("hHmMsS", code[1] ? code[1] : ' '))
			bracket++;
		else if (!quoted && *code == ']' && bracket)
			bracket--;
		else if (!quoted && !bracket && strchr("dDyYhHsSmM", *code))
			return true;
	}
	return false;
}

bool
format_id_is_date(unsigned id)
{
	return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) ||
	       (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

/* Days since 1970 as a date (the proleptic Gregorian calendar). */
static void
civil(long z, int *y, unsigned *m, unsigned *d)
{
	long era, doe, yoe, doy, mp;

	z += 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*m = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

void
text_number(struct text *t, double v, bool date, bool date1904)
{
	char b[64];

	if (!isfinite(v))
		return;
	if (date && v >= 0 && v < 2958466) {
		double whole = floor(v), sum = (v - whole) * 86400.0;
		long day = (long)whole, s = (long)(sum + 0.5);
		unsigned m, dd;
		int y, n = 0;

		/* 29 February 1900 is a day in Excel */
		day += date1904 ? -24107 : day < 60 ? -25568 : -25569;
		civil(day, &y, &m, &dd);
		if (whole > 0 || date1904)
			n = snprintf(b, sizeof(b), "%04d-%02u-%02u", y, m, dd);
		if (s > 0 || n == 0)
			n += snprintf(b + n, sizeof(b) - (size_t)n,
			    "%s%02ld:%02ld", n ? " " : "", s / 3600,
			    s / 60 % 60);
		if (s % 60)
			n += snprintf(
			    b + n, sizeof(b) - (size_t)n, ":%02ld", s % 60);
		text_add(t, b, (size_t)n);
		return;
	}
	(void)snprintf(b, sizeof(b), "%.15g", v);
	text_str(t, b);
}
