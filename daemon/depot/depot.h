/*
 * The command line of sluse-depot and what its commands share. What they do
 * with Noark 5 is in this room; DIAS packages are made in dias/.
 *
 * A command is a row of the table in depot.c and a function in files of its
 * own. None has a network, starts anything or writes to what it reads.
 */
#ifndef SL_DEPOT_DEPOT_H
#define SL_DEPOT_DEPOT_H

#include "../base/err.h"
#include "../options/options.h"

/* A command gets its line from its own name on, and gives an exit code. */
typedef int sl_depot_run(int argc, char **argv);
sl_depot_run sl_depot_noark5, sl_depot_journal, sl_depot_restanser,
    sl_depot_check, sl_depot_dias;

/* The instance that was named before the command; NULL: none was. */
const char *sl_depot_root(void);

/* main() of sluse-depot, also for the line of `sluse depot ..`. */
int sl_depot_main(int argc, char **argv);

/* sl_say() of a failed call, with the code that fits it. */
int sl_depot_fail(const struct sl_err *err);

#endif
