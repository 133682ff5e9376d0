/*
 * What is handed over to an archive depot: the command line of sluse-depot and
 * what its commands share.
 *
 * A command is a row of the table in depot.c and a function in files of its
 * own. None has a network, starts anything or writes to what it reads.
 */
#ifndef SL_DEPOT_DEPOT_H
#define SL_DEPOT_DEPOT_H

#include "../base/err.h"

/* As in sluse(1). */
enum sl_depot_exit {
	SL_DEPOT_OK = 0,
	SL_DEPOT_FOUND = 1, /* it worked, and found something wrong */
	SL_DEPOT_USAGE = 2,
	SL_DEPOT_INPUT = 5, /* what was given cannot be used */
	SL_DEPOT_INTERNAL = 6, /* disk, memory, own bug */
};

/* A command gets its line from its own name on, and gives an exit code. */
typedef int sl_depot_run(int argc, char **argv);
sl_depot_run sl_depot_noark5, sl_depot_journal, sl_depot_restanser,
    sl_depot_check, sl_depot_dias;

/* The instance that was named before the command; NULL: none was. */
const char *sl_depot_root(void);

/* main() of sluse-depot, also for the line of `sluse depot ..`. */
int sl_depot_main(int argc, char **argv);

/* "sluse: text" on standard error; result: code. */
int sl_depot_say(int code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a failed call, with the code that fits it. */
int sl_depot_fail(const struct sl_err *err);

#endif
