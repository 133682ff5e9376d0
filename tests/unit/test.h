/*
 * The unit tests' frame: a table of named cases, CHECK inside them, one line
 * per case and `N passed, N failed` at the end.
 */
#ifndef SLUSE_TEST_H
#define SLUSE_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct test_case {
	const char *name;
	void (*run)(void);
};

static int test_failures;

#define CHECK(expr)                                                            \
	((expr) ? (void)0                                                      \
		: (void)(test_failures++,                                      \
		      printf("# %s:%d: %s\n", __FILE__, __LINE__, #expr)))

/* Runs all, or those whose name holds argv[1]. Returns main's status. */
static inline int
test_run(const struct test_case *cases, size_t n, int argc, char **argv)
{
	int passed = 0, failed = 0;

	for (size_t i = 0; i < n; i++) {
		if (argc > 1 && !strstr(cases[i].name, argv[1]))
			continue;
		test_failures = 0;
		cases[i].run();
		printf(
		    "%s %s\n", test_failures ? "not ok" : "ok", cases[i].name);
		test_failures ? failed++ : passed++;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}

#define TEST_MAIN(cases)                                                       \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return test_run(                                               \
		    (cases), sizeof(cases) / sizeof(*(cases)), argc, argv);    \
	}

#endif
