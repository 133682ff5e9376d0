/*
 * The loop of sluse-push: deliveries one after another, as slused queued them.
 */
#ifndef SL_PUSH_DELIVER_H
#define SL_PUSH_DELIVER_H

#include "host.h"

/* Until SIGTERM (SL_OK) or slused is gone (SL_RETRY) or talks nonsense
 * (SL_REJECT). */
enum sl_rc sl_push_run(struct sl_push *p, struct sl_err *err);
/* A file of the delivery by its number, or NULL; j may be NULL. */
struct sluse_file *sl_push_job_file(struct sl_job *j, uint32_t rendition);
/* Drops what is still queued. */
void sl_push_drop(struct sl_push *p);

#endif
