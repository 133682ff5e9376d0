/*
 * What came in, by another source than the rows that reports count: the leaves
 * of events received and entry_born, and the numbers that were drawn. What
 * differs is named. What the door refused, which has no row at all, stands only
 * there.
 */
#ifndef SL_REPORT_ARRIVALS_H
#define SL_REPORT_ARRIVALS_H

#include "snap.h"
#include "table.h"

#define SL_ARRIVALS_TOLD 100 /* of each kind, by number */

enum sl_stray {
	SL_STRAY_GONE, /* in the log, and no row */
	SL_STRAY_UNLOGGED, /* a row, and not in the log */
	SL_STRAY_UNUSED, /* drawn, and neither */
	SL_STRAY_UNDRAWN, /* in the log, and never drawn */
	SL_STRAY_TIME, /* row and log say another time */
	SL_STRAYS
};
/* Of the period and queue asked for. */
struct sl_arrivals_lost {
	int64_t consignments,
	    entries; /* in the log, not by a row of its time */
	int64_t refused, left; /* left: out of a folder, by its name */
};
struct sl_arrivals {
	/* By id. 1: the log has it, at that time; c also 2: at another, 3: that
	 * is asked for. */
	uint8_t *c, *e;
	struct sl_arrivals_lost *lost; /* by queue's number */
	size_t lost_n, lost_cap;
	int64_t n[SL_STRAYS];
	struct sl_buf named[SL_STRAYS]; /* numbers, each with its NUL */
	struct sl_names reason; /* of what was refused */
	int64_t *refused; /* by reason's number */
	size_t refused_cap;
};

/* Of s (with receptions), whose queues get those that only the log knows.
 * SL_FATAL: the database cannot be read, or more numbers were drawn than arrays
 * are for. *x is zeroed first and freed by the caller. */
enum sl_rc sl_arrivals_load(const struct sl_rep *r, struct sl_snap *s,
    struct sl_arrivals *x, struct sl_err *err);
/* Only what was refused: refused, and lost[].refused. */
enum sl_rc sl_arrivals_refused(const struct sl_rep *r, struct sl_snap *s,
    struct sl_arrivals *x, struct sl_err *err);
/* As facts: what differs, and what was refused, by reason. */
void sl_arrivals_tell(const struct sl_arrivals *x, struct sl_rep *r);
void sl_arrivals_free(struct sl_arrivals *x);

#endif
