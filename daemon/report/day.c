/*
 * A day as people write it.
 */
#include <stdio.h>

#include "../config/deadline.h"
#include "control.h"

int64_t
sl_day_parse(const char *s)
{
	int y, m, d;

	if (sscanf(s, "%4d-%2d-%2d", &y, &m, &d) != 3 &&
	    sscanf(s, "%2d.%2d.%4d", &d, &m, &y) != 3)
		return -1;
	if (y < 1970 || y > 2199 || m < 1 || m > 12 || d < 1 || d > 31)
		return -1;
	return sl_day_number(y, m, d);
}
