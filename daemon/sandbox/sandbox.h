/*
 * The walls around whatever reads bytes of a document.
 *
 * The warm parent calls sl_sandbox_prepare once, after it has loaded all it
 * needs; each child calls sl_sandbox_enter before it sees a byte. Afterwards
 * the child can use memory, the clock, random bytes and the descriptors it
 * holds, and nothing else: no path, no socket, no program, no process, no new
 * descriptor. A forbidden call that libraries make in good faith (open, stat)
 * fails with EACCES; any other kills the child with SIGSYS.
 *
 * Three walls, each of which holds files alone: Landlock with no rules, a
 * seccomp filter, and no capabilities; resource limits besides.
 */
#ifndef SL_SANDBOX_SANDBOX_H
#define SL_SANDBOX_SANDBOX_H

#include <stdint.h>

#include "../base/err.h"

/* Go on where the kernel lacks Landlock or seccomp (prepare warns in its
 * text). For trying a file on a foreign machine, never for a service. */
#define SL_SANDBOX_DEGRADED 1u
/* For a program that shuts itself in for good and goes on talking over its
 * socket: messages, and the few descriptors that come with them. */
#define SL_SANDBOX_MESSAGES 2u

struct sl_sandbox_limits {
	uint32_t cpu_s; /* processor time, then SIGXCPU; 0: no limit */
	uint64_t mem_bytes; /* address space on top of the parent's own */
	uint64_t out_bytes; /* size of any file written: then EFBIG */
};

/* In the parent: finds out what the kernel has, compiles the filter, measures
 * the parent. flags: SL_SANDBOX_*. SL_FATAL if a wall is missing. */
enum sl_rc sl_sandbox_prepare(unsigned flags, struct sl_err *err);

/* In the child, single-threaded. No way back. On SL_FATAL the child must end
 * without looking at its input. Signals must not be blocked. */
enum sl_rc sl_sandbox_enter(
    const struct sl_sandbox_limits *l, struct sl_err *err);

/* Gives up what root may do; 0 also where there is nothing to give up. */
int sl_sandbox_drop_capabilities(void);

/* "landlock 7, seccomp 171" for one log line; static. */
const char *sl_sandbox_describe(void);
/* True in builds with a sanitizer: wider filter, no limit of memory. */
bool sl_sandbox_is_wide(void);

#endif
