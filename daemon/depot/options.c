/*
 * Options.
 */
#include "options.h"

#include <string.h>

#include "../config/deadline.h"
#include "depot.h"
#include "write.h"

int
sl_option_next(int argc, char **argv, const struct option *options)
{
	int bit;

	opterr = 0;
	bit = getopt_long(argc, argv, ":", options, NULL);
	if (bit == -1)
		return 0;
	if (bit != ':' && bit != '?')
		return bit;
	(void)sl_depot_say(SL_DEPOT_USAGE,
	    bit == ':' ? "%s needs a value" : "unknown option %s",
	    argv[optind - 1]);
	return -1;
}

bool
sl_option_day(const char *s, int64_t *ret)
{
	char day[11];

	if (strlen(s) != 10 || !sl_date_text(s, day))
		return false;
	*ret = sl_day_read(day);
	return *ret >= 0;
}

const char *
sl_option_folder(char *s)
{
	size_t n = strlen(s);

	while (n > 1 && s[n - 1] == '/')
		s[--n] = '\0';
	return s;
}
