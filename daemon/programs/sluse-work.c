/*
 * sluse-work: reads what came in, all but OCR. See worker/ and read/.
 */
#include "../read/task.h"
#include "../worker/worker.h"

int
main(int argc, char **argv)
{
	static const struct sl_worker w = {.program = "sluse-work",
	    .role = SL_ROLE_WORK,
	    .slots_per_core = 2, /* one may wait for the disk */
	    .warm = sl_work_warm,
	    .run = sl_work_run};

	return sl_worker_main(&w, argc, argv);
}
