/*
 * One task of sluse-work, from its descriptors to its END record.
 *
 * Runs in a locked child: no path, no socket, only the descriptors of
 * worker/worker.h. Everything that has to be opened is opened by sl_work_warm.
 *
 * With SL_TASK_COPY the whole input is copied; t->size is then the limit of its
 * bytes (0 = none), not its extent. t->depth is the depth of part 0; a
 * container at t->depth_max is not opened.
 *
 * R_END says how the whole ended: SL_REJECT with the slug of the first limit
 * that was met (or "overlap") anywhere; else what part 0 is not well of: "empty"
 * and "damaged" SL_BROKEN; "encrypted", "unsupported", "sidecar_invalid"
 * SL_HOLD; SL_RETRY for "incomplete", "file_changing", "disk_full". A part below
 * has its own R_PART.reason and leaves the whole SL_OK.
 */
#ifndef SL_READ_TASK_H
#define SL_READ_TASK_H

#include "../base/err.h"
#include "../worker/worker.h"

/* In the parent, before the first task: readers, libmagic, libarchive,
 * converters, digest: loaded and each run once. */
enum sl_rc sl_work_warm(struct sl_err *err);

/* The run() of struct sl_worker. Result: 0 once R_END is out, else 1. */
int sl_work_run(const struct sl_msg_task *t, const int *fds);

#endif
