/*
 * What sluse-work does: opens what came in, or reads pages of one part.
 *
 * The halves that worker.h asks for. SL_TASK_OPEN: copy if asked, identify,
 * unpack, read; SL_TASK_PAGES: read a range of pages. Records in the order of
 * messages.def, the last one R_END.
 *
 * With SL_TASK_COPY the whole input is copied, whatever its size has become
 * since it was claimed, up to the larger of t->size and t->out_bytes (what the
 * child may write): over that "limit_input". t->depth is the depth of part 0; a
 * container at t->depth_max is not opened.
 *
 * R_END says how the whole ended: SL_REJECT with the slug of the first limit
 * that was met (or "overlap") anywhere; else what part 0 is not well of:
 * "empty" and "damaged" SL_BROKEN; "encrypted", "unsupported",
 * "sidecar_invalid" SL_HOLD; SL_RETRY for "incomplete", "file_changing",
 * "disk_full". A part below has its own R_PART.reason and leaves the whole
 * SL_OK.
 */
#ifndef SL_READ_TASK_H
#define SL_READ_TASK_H

#include "../base/err.h"
#include "../wire/wire.h"

/* In the parent: loads signatures and readers, runs each once, pins the
 * character sets. SL_FATAL if something that was installed does not load. */
enum sl_rc sl_work_warm(struct sl_err *err);
/* Only what SL_TASK_IDENTIFY_ONLY needs; what SL_TASK_PRONOM_ONLY needs. Other
 * tasks end as SL_FATAL. */
enum sl_rc sl_work_warm_identify(struct sl_err *err);
enum sl_rc sl_work_warm_pronom(struct sl_err *err);

/* From now on only tasks with all these flags. */
void sl_work_only(uint32_t flags);

/* In the locked child. t and fds (enum sl_task_fd) are lent, but for the
 * writable original, which is closed. Result: exit status, 0 if R_END was
 * sent. */
int sl_work_run(const struct sl_msg_task *t, const int *fds);

#endif
