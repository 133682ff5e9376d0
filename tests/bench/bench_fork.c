/*
 * What one locked child costs: fork + sl_sandbox_enter + exit + wait, beside a
 * bare fork + exit + wait. usage: bench_fork [ROUNDS [MIB touched in parent]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../daemon/base/mem.h"
#include "../../daemon/sandbox/sandbox.h"

static double
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
measure(const char *name, bool lock, size_t rounds)
{
	const struct sl_sandbox_limits l = {
	    .cpu_s = 10, .mem_bytes = 1 << 28, .out_bytes = 1 << 20};
	double *us = sl_alloc(rounds * sizeof(*us)), start;
	size_t i, bad = 0;
	int status;
	pid_t pid;

	for (i = 0; i < rounds; i++) {
		start = now_us();
		pid = fork();
		if (pid == 0)
			_exit(lock && sl_sandbox_enter(&l, NULL) != SL_OK);
		if (waitpid(pid, &status, 0) != pid || status != 0)
			bad++;
		us[i] = now_us() - start;
	}
	qsort(us, rounds, sizeof(*us), compare);
	(void)printf("%s n=%zu p50_us=%.0f p90_us=%.0f p99_us=%.0f bad=%zu\n",
	    name, rounds, us[rounds / 2], us[rounds * 9 / 10],
	    us[rounds * 99 / 100], bad);
	free(us);
}

int
main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
	size_t mib = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	struct sl_err err;
	double start;

	if (rounds == 0)
		return 2;
	if (mib > 0)
		memset(sl_alloc(mib << 20), 1, mib << 20);
	start = now_us();
	if (sl_sandbox_prepare(0, &err) != SL_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	(void)printf(
	    "prepare_us=%.0f (%s)\n", now_us() - start, sl_sandbox_describe());
	measure("bare", false, rounds);
	measure("locked", true, rounds);
	return 0;
}
