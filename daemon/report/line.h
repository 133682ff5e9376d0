/*
 * The command line of sluse-report.
 */
#ifndef SL_REPORT_LINE_H
#define SL_REPORT_LINE_H

#include "../query/byname.h"

/* main() of sluse-report; `sluse report` becomes it. The exit codes are those
 * of sluse(1). */
int sl_report_main(int argc, char **argv);

/* The same line for who may not open the database, as the service answers it.
 * (sl_answer_fn) args holds "argv", the words behind sluse-report; given: the
 * file of --control as "control", files of the line as "0", "1" .. : no path of
 * his is opened here. What comes out goes to fn; of tilsynspakke a parcel.
 * SL_REJECT, SL_BROKEN, SL_SKIP: as the exit codes 2, 5 and 3. Uses getopt. */
enum sl_rc sl_report_answer(const char *root, const json_t *args,
    const struct sl_given *given, sl_bytes_fn *fn, void *arg,
    struct sl_err *err);

#endif
