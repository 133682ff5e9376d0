/*
 * The folders as people see them: held posts, stopped posts, receipts, and the
 * decisions people make in them.
 *
 * Written from the store, never read back as truth: a lost face is made again.
 */
#ifndef SL_ENGINE_FACES_H
#define SL_ENGINE_FACES_H

#include "engine.h"

enum sl_rc sl_faces_start(struct sl_engine *e, struct sl_err *err);
void sl_faces_stop(struct sl_engine *e);
/* A queue's folder that was not there has come. */
void sl_faces_found(struct sl_engine *e, struct sl_inlet *in);
/* This consignment or one of its entries changed; called after the commit. */
void sl_faces_changed(struct sl_engine *e, int64_t consignment);
/* Something was refused at the door and lies in Stoppet under this name. */
void sl_faces_refused(struct sl_engine *e, struct sl_inlet *in,
    const char *name, const char *reason);

#endif
