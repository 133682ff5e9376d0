/*
 * The command line of sluse-depot.
 *
 * SECURITY: reads a harvest, a package, a folder or an instance (the database
 * mode=ro) that the caller names, and writes to standard output or to a new
 * folder of his. Has no network, starts nothing.
 */
#include "depot.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name, *usage, *help;
	sl_depot_run *run;
} commands[] = {
    {"noark5", "HARVEST DIR [--from DAY --to DAY] ...",
	"a Noark 5 extraction (avleveringspakke) of a harvest",
	sl_depot_noark5},
    {"journal",
	"HARVEST [--public [--assessed]] [--from DAY] [--to DAY] [--format F]",
	"the running journal, or the public one", sl_depot_journal},
    {"restanser", "HARVEST [--from DAY] [--to DAY] [--format F]",
	"incoming posts without an answer, with their age", sl_depot_restanser},
    {"check", "DIR [--json]",
	"the tests N5.01 to N5.64 on a Noark 5 extraction", sl_depot_check},
    {"dias", "DIR --queue Q | --content FOLDER | --check ...",
	"a DIAS package of scanned paper, or of a folder; or what is wrong "
	"with one",
	sl_depot_dias},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

int
sl_depot_fail(const struct sl_err *err)
{
	int code = SL_EXIT_INTERNAL;

	if (err->rc == SL_SKIP || err->rc == SL_BROKEN || err->rc == SL_REJECT)
		code = SL_EXIT_INPUT;
	else if (err->rc == SL_HOLD)
		code = SL_EXIT_USAGE;
	return sl_say(code, "%s", err->text);
}

static void
print_help(FILE *f)
{
	size_t i;

	(void)fputs("Usage: sluse depot COMMAND ...\n\n", f);
	for (i = 0; i < COMMANDS; i++)
		(void)fprintf(f, "  %s %s\n        %s\n", commands[i].name,
		    commands[i].usage, commands[i].help);
	(void)fputs("\nManual: sluse-depot(1).\n", f);
}

static const char *root;

const char *
sl_depot_root(void)
{
	return root;
}

int
sl_depot_main(int argc, char **argv)
{
	int at = sl_option_word(argc, argv, &root);
	size_t i;

	/* `sluse depot` leaves its own words in front. */
	if (at < argc && strcmp(argv[at], "depot") == 0)
		at++;
	if (at >= argc || strcmp(argv[at], "--help") == 0 ||
	    strcmp(argv[at], "help") == 0) {
		print_help(at < argc ? stdout : stderr);
		return at < argc ? SL_EXIT_OK : SL_EXIT_USAGE;
	}
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, argv[at]) == 0)
			return commands[i].run(argc - at, argv + at);
	return sl_say(SL_EXIT_USAGE,
	    "depot has no command %s; see sluse depot --help", argv[at]);
}
