/*
 * What a task costs beside libmagic: FILE opened N times in one process,
 * records thrown away, against identifying it alone.
 *
 *	bench_open FILE [N]
 *
 * Readers: $SLUSE_PLUGINS, or the build tree's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../daemon/identify/identify.h"
#include "../../daemon/read/task.h"
#include "../../daemon/worker/worker.h"

static double
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int
main(int argc, char **argv)
{
	struct sl_msg_task t = {.kind = SL_TASK_OPEN, .depth_max = 8};
	int fds[SL_FD_COUNT] = {-1, -1, -1, -1, -1}, i, n, bad = 0;
	double start, magic, all;
	struct sl_identity id;
	struct sl_extent x;
	struct sl_err err = {0};
	struct stat st;

	n = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1000;
	if (argc < 2 || n < 1 || sl_work_warm(&err) != SL_OK) {
		(void)fprintf(stderr, "bench_open FILE [N]  %s\n", err.text);
		return 2;
	}
	fds[SL_FD_INPUT] = open(argv[1], O_RDONLY | O_CLOEXEC);
	fds[SL_FD_RESULT] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	fds[SL_FD_OUT] = memfd_create("out", MFD_CLOEXEC);
	if (fstat(fds[SL_FD_INPUT], &st) != 0) {
		perror(argv[1]);
		return 2;
	}
	t.name = sl_slice_str(argv[1]);
	t.size = (uint64_t)st.st_size;
	x = (struct sl_extent){.fd = fds[SL_FD_INPUT], .size = t.size};
	start = now_ms();
	for (i = 0; i < n; i++)
		bad += sl_identify(&x, "", NULL, &id, NULL) != SL_OK;
	magic = (now_ms() - start) / n;
	start = now_ms();
	for (i = 0; i < n; i++)
		bad += sl_work_run(&t, fds) != 0;
	all = (now_ms() - start) / n;
	(void)printf("%s: identify %.3f ms, whole task %.3f ms, beside it "
		     "%.3f ms\n",
	    id.mime, magic, all, all - magic);
	return bad == 0 ? 0 : 1;
}
