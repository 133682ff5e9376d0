/*
 * What the command lines of this room share.
 */
#ifndef SL_DEPOT_OPTIONS_H
#define SL_DEPOT_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

/* getopt_long with our messages: the option's letter, 0 at the end, -1: the
 * line is wrong and that was said. */
int sl_option_next(int argc, char **argv, const struct option *options);
/* 2026-01-31, as sl_day_of. */
bool sl_option_day(const char *s, int64_t *ret);
/* The name of a folder, in place without the slashes at its end: NAME.part is
 * to lie beside it. */
const char *sl_option_folder(char *s);

#endif
