/*
 * `sluse report` and `sluse depot`: they become sluse-report and sluse-depot,
 * which link what draws pages and what writes packages. The whole line goes
 * with them.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int
become(const struct sl_cli *c, const char *program)
{
	char dir[PATH_MAX - 32], path[PATH_MAX];
	enum sl_exit code = sl_cli_libexec(dir, sizeof(dir));

	if (code != SL_EXIT_OK)
		return code;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, program);
	(void)execv(path, c->line);
	return sl_say(
	    SL_EXIT_INTERNAL, "cannot start %s: %s", program, strerror(errno));
}

int
sl_cmd_report(const struct sl_cli *c)
{
	return become(c, "sluse-report");
}

int
sl_cmd_depot(const struct sl_cli *c)
{
	return become(c, "sluse-depot");
}

/* The options before the word are --root and --json; what comes behind it is
 * the other program's to understand. */
sl_cmd_fn *
sl_cli_becomes(int argc, char **argv)
{
	int i = sl_option_word(argc, argv, NULL);

	if (i < argc && strcmp(argv[i], "report") == 0)
		return sl_cmd_report;
	if (i < argc && strcmp(argv[i], "depot") == 0)
		return sl_cmd_depot;
	return NULL;
}
