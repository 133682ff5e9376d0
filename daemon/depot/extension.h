/*
 * The ending of a file's name.
 */
#ifndef SL_DEPOT_EXTENSION_H
#define SL_DEPOT_EXTENSION_H

#include <stdbool.h>

#define SL_EXTENSION_MAX 8

/* In lower case into out[SL_EXTENSION_MAX + 1]; "" if there is none, it is
 * longer, or holds more than ASCII letters and digits. */
void sl_extension_of(const char *path, char *out);
/* Is it one of a list with commas between? "" is in none. */
bool sl_extension_in(const char *list, const char *extension);

#endif
