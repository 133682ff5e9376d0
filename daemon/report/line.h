/*
 * The command line of sluse-report.
 */
#ifndef SL_REPORT_LINE_H
#define SL_REPORT_LINE_H

/* main() of sluse-report; `sluse report` becomes it. The exit codes are those
 * of sluse(1). */
int sl_report_main(int argc, char **argv);

#endif
