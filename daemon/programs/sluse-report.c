/*
 * sluse-report: reports, read-only. See sluse-report(1).
 */
#include "../base/log.h"
#include "../report/line.h"

int
main(int argc, char **argv)
{
	sl_log_open("sluse-report", SL_LOG_NOTICE);
	return sl_report_main(argc, argv);
}
