/*
 * The inside of snap.h, for snap.c, snap_target.c and snap_share.c only.
 */
#ifndef SL_REPORT_SNAP_P_H
#define SL_REPORT_SNAP_P_H

#include "snap.h"

/* Names and highest ids; where another lends them, its arrays too. SL_FATAL: as
 * sl_snap_load. */
enum sl_rc sl_snap_begin(struct sl_db *db, const struct sl_snap *shared,
    struct sl_snap *s, struct sl_err *err);
/* The names alone. from NULL: none yet. */
void sl_snap_begin_names(struct sl_snap *s, const struct sl_snap *from);
/* A damaged index, by which some are read, may tell of rows that are not there.
 */
bool sl_snap_has_place(int64_t id, uint32_t max);
/* Consignments and entries, into arrays that are there; reception and keys if
 * they are; what was sent if it is asked for. */
void sl_snap_rows(struct sl_db *db, const struct sl_config *cfg, bool sent,
    struct sl_snap *s);
/* The latter by itself. */
void sl_snap_sent(struct sl_db *db, struct sl_snap *s);
/* After the rows: e[].documents, and part_entry if it is there. */
void sl_snap_documents(struct sl_db *db, struct sl_snap *s);
void sl_snap_sources(struct sl_db *db, struct sl_snap *s);

/* Does what is asked for want the target's own journal, and s has not got it?
 * Then keys are to be there before sl_snap_targets. */
bool sl_snap_needs_target(const struct sl_snap *s, unsigned what);
/* Target and deliveries, as far as they are asked for and not there. */
void sl_snap_targets(struct sl_db *db, unsigned what,
    const struct sl_snap_receipts *receipts, struct sl_snap *s);

#endif
