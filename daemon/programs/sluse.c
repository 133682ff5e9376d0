/*
 * sluse: the command line. See cli/args.c for the commands, sluse(1) for the
 * manual.
 */
#include "../cli/cli.h"

int
main(int argc, char **argv)
{
	return sl_cli_main(argc, argv);
}
