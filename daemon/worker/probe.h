/*
 * Escape probes: a child of a test build tries what a broken parser might be
 * made to try. Compiled with SLUSE_TEST only; a released program has none.
 *
 * A task named "\x01probe:NAME:DIR" runs probe NAME instead of the task. DIR
 * is an absolute path outside that holds a file "post".
 */
#ifndef SL_WORKER_PROBE_H
#define SL_WORKER_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../base/buf.h"

#define SL_PROBE_PREFIX "\001probe:"

/* Exit status of a probe; the child may die by SIGSYS instead. */
enum sl_probe_end {
	SL_PROBE_ESCAPED = 10, /* the call worked, or failed on its own */
	SL_PROBE_DENIED = 11, /* EACCES, EPERM, ENOSYS */
	SL_PROBE_UNKNOWN = 12,
};

enum sl_probe_kind {
	SL_PROBE_CALL = 1, /* the filter must stop it */
	SL_PROBE_FILE = 2, /* Landlock must stop it even without the filter */
	SL_PROBE_STRICT = 3, /* like CALL; builds with a sanitizer need it */
};

struct sl_probe {
	const char *name;
	enum sl_probe_kind kind;
};

/* All probes; *ret_count of them. */
const struct sl_probe *sl_probes(size_t *ret_count);
bool sl_probe_is(struct sl_slice task_name);
/* Runs it; fds as a task has them. Result: enum sl_probe_end. It may die of
 * its own doing only in the probed call: what it needs, it is given. */
int sl_probe_run(struct sl_slice task_name, const int *fds, pid_t parent);

#endif
