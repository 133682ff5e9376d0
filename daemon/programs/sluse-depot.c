/*
 * sluse-depot: packages for an archive depot, and journals, from a harvest.
 */
#include "../base/log.h"
#include "../depot/depot.h"

int
main(int argc, char **argv)
{
	sl_log_open("sluse-depot", SL_LOG_NOTICE);
	return sl_depot_main(argc, argv);
}
