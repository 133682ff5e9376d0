/*
 * How many files and pages came in, by another source than the rows that the
 * balance counts: what the events unpacked and erased tell of each consignment.
 * Where rows went missing or were made up since, the two differ.
 */
#ifndef SL_REPORT_SECOND_H
#define SL_REPORT_SECOND_H

#include "arrivals.h"
#include "snap.h"
#include "table.h"

enum sl_second_unit {
	SL_SECOND_RECEIVED, /* files as they came through the door */
	SL_SECOND_FILES, /* where an archive counts by those in it */
	SL_SECOND_PAGES,
	SL_SECOND_UNITS
};
/* Told, and has no row, or one of another time; of the period and queue asked
 * for. */
struct sl_second_lost {
	unsigned queue;
	int64_t n[SL_SECOND_UNITS];
};
struct sl_second {
	/* By consignment's id: what was told less what was met. */
	int32_t (*left)[SL_SECOND_UNITS];
	struct sl_second_lost *lost;
	size_t lost_n, lost_cap;
};

/* Of s, after what came in was loaded: what the log does not have at all was
 * told to hold nothing. SL_FATAL: the database cannot be read. *x is zeroed
 * first and freed by the caller. */
enum sl_rc sl_second_load(const struct sl_rep *r, struct sl_snap *s,
    const struct sl_arrivals *a, struct sl_second *x, struct sl_err *err);
/* False: no event tells it, and the rows are all there is. */
bool sl_second_told(
    const struct sl_second *x, uint32_t consignment, enum sl_second_unit u);
/* What was told; before anything is met. */
int64_t sl_second_count(
    const struct sl_second *x, uint32_t consignment, enum sl_second_unit u);
/* n of them have a row. False: no event tells it. */
bool sl_second_meet(struct sl_second *x, uint32_t consignment,
    enum sl_second_unit u, int64_t n);
/* As facts, once all rows are met: how many differ, and the first by their
 * numbers; of how many no event tells. */
void sl_second_tell(const struct sl_second *x, const struct sl_snap *s,
    const struct sl_arrivals *a, struct sl_rep *r);
void sl_second_free(struct sl_second *x);

#endif
