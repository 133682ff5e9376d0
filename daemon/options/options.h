/*
 * What every command line of `sluse` shares: how options are read, what is said
 * of a wrong one, and the exit codes, which sluse(1) has in a table.
 */
#ifndef SL_OPTIONS_H
#define SL_OPTIONS_H

#include <getopt.h>
#include <stddef.h>

enum sl_exit {
	SL_EXIT_OK = 0,
	SL_EXIT_FOUND = 1, /* it worked, and found something wrong */
	SL_EXIT_USAGE = 2, /* the line cannot be understood */
	SL_EXIT_AWAY = 3, /* no instance there, or slused does not run */
	SL_EXIT_REFUSED = 4, /* slused says no */
	SL_EXIT_INPUT = 5, /* what was given cannot be used */
	SL_EXIT_INTERNAL = 6, /* disk, memory, own bug */
};

#define SL_OPTION_ROOT "/var/lib/sluse"

/* "sluse: text" on standard error; result: code. */
enum sl_exit sl_say(enum sl_exit code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* getopt_long: the option's number, 0 at the end, -1: the line is wrong, and
 * words (cap bytes) say how. shorts: letters besides. */
int sl_option_next(int argc, char **argv, const char *shorts,
    const struct option *options, char *words, size_t cap);
/* The same, and words go to standard error. */
int sl_option_or_say(
    int argc, char **argv, const char *shorts, const struct option *options);

/* The index of the first word that is neither --json nor --root and what that
 * names (*ret, else left as it is; may be NULL); argc: there is none. */
int sl_option_word(int argc, char **argv, const char **ret);
/* The instance: what was given, else $SLUSE_ROOT, else the usual place. */
const char *sl_option_root(const char *given);
/* The name of a folder, in place without the slashes at its end: NAME.part is
 * to lie beside it. */
const char *sl_option_folder(char *s);

#endif
