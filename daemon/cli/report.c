/*
 * `sluse report`: becomes sluse-report, which links what draws pages. The whole
 * line goes with it.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

int
sl_cmd_report(const struct sl_cli *c)
{
	char dir[PATH_MAX - 32], path[PATH_MAX];
	enum sl_exit code = sl_cli_libexec(dir, sizeof(dir));

	if (code != SL_EXIT_OK)
		return code;
	(void)snprintf(path, sizeof(path), "%s/sluse-report", dir);
	(void)execv(path, c->line);
	return sl_cli_say(
	    SL_EXIT_INTERNAL, "cannot start sluse-report: %s", strerror(errno));
}

/* The options before the word are --root and --json; what comes behind it is
 * sluse-report's to understand. */
bool
sl_cli_is_report(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--root") == 0)
			i++;
		else if (strcmp(argv[i], "--json") != 0 &&
			 strncmp(argv[i], "--root=", 7) != 0)
			return strcmp(argv[i], "report") == 0;
	}
	return false;
}
