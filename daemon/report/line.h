/*
 * The command line of sluse-report.
 */
#ifndef SL_REPORT_LINE_H
#define SL_REPORT_LINE_H

#include "../query/control.h"

/* main() of sluse-report; `sluse report` becomes it. The exit codes are those
 * of sluse(1). */
int sl_report_main(int argc, char **argv);

/* The same line for who may not open the database, as the service answers it:
 * args holds "argv", the words behind sluse-report. What comes out goes to fn.
 * SL_REJECT, SL_BROKEN, SL_SKIP: as the exit codes 2, 5 and 3. Uses getopt. */
enum sl_rc sl_report_answer(const char *root, const json_t *args,
    sl_bytes_fn *fn, void *arg, struct sl_err *err);

#endif
