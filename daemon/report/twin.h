/*
 * The second process of a pack: makes some of its reports beside the first, of
 * the same moment and with the same memory. Where there can be none, or it
 * dies, the first does all.
 *
 * Neither opens the database before the fork, for SQLite does not go across it.
 */
#ifndef SL_REPORT_TWIN_H
#define SL_REPORT_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "../base/buf.h"
#include "../base/err.h"
#include "../store/store.h"

struct sl_twin {
	pid_t other; /* the second; 0: this is the second; -1: there is none */
	int line; /* to the other */
	int memory; /* memfd, of both */
};

/* Forks, if two are wanted: both come back. SL_FATAL: no memory; without a
 * process to spare there is no second. */
enum sl_rc sl_twin_begin(struct sl_twin *t, bool two, struct sl_err *err);
/* The first's: a read transaction, and the second's is of the same moment.
 * Where it cannot be, as with somebody who writes without a pause, it is let
 * go. */
enum sl_rc sl_twin_meet(
    struct sl_twin *t, struct sl_store *s, struct sl_err *err);
/* The second's part in that. False: it is not wanted. */
bool sl_twin_follow(struct sl_twin *t, struct sl_store *s);
/* To the other, who may be gone. What cannot be said ends the line: then each
 * is gone for the other. */
void sl_twin_say(struct sl_twin *t, const void *p, size_t n);
/* What the other said, in the place of what is in *out; waits. False: he is
 * gone. */
bool sl_twin_hear(struct sl_twin *t, struct sl_buf *out);
/* The first's: waits until the second is done. True: it did its part. */
bool sl_twin_end(struct sl_twin *t);
/* Lets the second go, at whatever it is. */
void sl_twin_free(struct sl_twin *t);

#endif
