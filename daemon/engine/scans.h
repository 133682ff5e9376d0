/*
 * The sign-off of scanned paper: a person has looked at a sample of a queue's
 * days and says that the pictures are good. From it reports count when the
 * paper can be shredded.
 */
#ifndef SL_ENGINE_SCANS_H
#define SL_ENGINE_SCANS_H

#include <jansson.h>

#include "engine.h"

/* args: queue, from and to (days, both included; to may be missing), why (what
 * was looked at). *json: {"days":N}. SL_REJECT: such days cannot be signed. */
enum sl_rc sl_scan_sign(struct sl_engine *e, json_t *args, const char *actor,
    struct sl_buf *json, struct sl_err *err);

#endif
