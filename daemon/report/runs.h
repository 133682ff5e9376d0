/*
 * The functions of the reports, one for each row of reports.def. For this room.
 */
#ifndef SL_REPORT_RUNS_H
#define SL_REPORT_RUNS_H

#include "table.h"

#define SL_REPORT(id, ...) sl_rep_run sl_rep_##id;
#define SL_COLUMN(...)
#include "reports.def"
#undef SL_REPORT
#undef SL_COLUMN

#endif
