/*
 * The walls of sluse-push: what remains possible once it is loaded.
 */
#ifndef SL_PUSH_LOCK_H
#define SL_PUSH_LOCK_H

#include <stddef.h>

#include "../base/err.h"

/* No core, no ptrace, no new privileges, no exec, nothing written but
 * below the folder `writable` (-1 = none), nothing read but that, names,
 * certificates (also those of n ca_files; NULL and "" are passed over) and the
 * folder of secrets (-1 = none). What the
 * kernel cannot do is left out and said in *ret_missing ("" or words);
 * SL_FATAL only if a wall that exists could not be put up. */
enum sl_rc sl_push_lock(const char *const *ca_files, size_t n, int credentials,
    int writable, const char **ret_missing, struct sl_err *err);

#endif
