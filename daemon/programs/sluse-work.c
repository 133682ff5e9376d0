/*
 * sluse-work [--only identify|pronom] ...: reads what came in, all but OCR. See
 * worker/ and read/. With --only, which comes before worker.h's options, it
 * loads what that needs and no readers: who asks what a file is need not wait
 * for them.
 */
#include <stdio.h>
#include <string.h>

#include "../read/task.h"
#include "../worker/worker.h"

int
main(int argc, char **argv)
{
	struct sl_worker w = {.program = "sluse-work",
	    .role = SL_ROLE_WORK,
	    .slots_per_core = 2, /* one may wait for the disk */
	    .warm = sl_work_warm,
	    .run = sl_work_run};

	if (argc > 2 && strcmp(argv[1], "--only") == 0) {
		if (strcmp(argv[2], "identify") == 0)
			w.warm = sl_work_warm_identify;
		else if (strcmp(argv[2], "pronom") == 0)
			w.warm = sl_work_warm_pronom;
		else {
			(void)fputs("sluse-work: --only takes identify or "
				    "pronom\n",
			    stderr);
			return 2;
		}
		argv[2] = argv[0];
		argv += 2;
		argc -= 2;
	}
	return sl_worker_main(&w, argc, argv);
}
