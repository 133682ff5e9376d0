/*
 * The walls around the converter.
 *
 * An office suite opens files, starts threads and cannot be linked into a child
 * of ours: the sandbox of sandbox/ is too narrow for it. What it gets instead:
 * it reads what is installed, reads and writes one folder, and that is all. It
 * has no socket (so that it cannot pose as one of our programs either), no
 * second process, nobody to signal or trace.
 */
#ifndef SL_CONVERT_WALLS_H
#define SL_CONVERT_WALLS_H

#include <stdint.h>

#include "../base/err.h"

struct sl_walls {
	const char *dir; /* its folder */
	const char *program; /* with its path; its folder is readable */
	uint32_t cpu_s;
	uint64_t out_bytes; /* of any file */
};

/* In a process of its own, single-threaded, just before execve. No way back.
 * SL_FATAL: a wall is missing. */
enum sl_rc sl_walls_enter(const struct sl_walls *w, struct sl_err *err);

#endif
