/*
 * The smallest test frame: a table of named cases, checks that count.
 *
 *   static void adds(void) { CHECK(1 + 1 == 2); }
 *   TEST_MAIN({"adds", adds}, {"more", more})
 *
 * One line `ok NAME` or `not ok NAME` a case, then `N passed, N failed`; exit
 * status 1 if any failed. `NAME ...` as arguments runs only those.
 */
#ifndef SL_TEST_H
#define SL_TEST_H

#include <stdio.h>
#include <string.h>

struct test_case {
	const char *name;
	void (*run)(void);
};

static unsigned test_bad;

#define CHECK(expr)                                                            \
	((expr) ? (void)0                                                      \
		: (test_bad++, (void)printf("# %s:%d: %s\n", __FILE__,         \
				   __LINE__, #expr)))

/* Both strings may be NULL. */
#define CHECK_STR(a, b) test_str((a), (b), __FILE__, __LINE__)

static inline void
test_str(const char *a, const char *b, const char *file, int line)
{
	if (a && b ? !strcmp(a, b) : a == b)
		return;
	test_bad++;
	(void)printf("# %s:%d:\n#  got  %s\n#  want %s\n", file, line,
	    a ? a : "(null)", b ? b : "(null)");
}

static inline int
test_run(const struct test_case *cases, size_t n, int argc, char **argv)
{
	unsigned passed = 0, failed = 0;

	for (size_t i = 0; i < n; i++) {
		int want = argc < 2;

		for (int k = 1; k < argc; k++)
			want |= !strcmp(argv[k], cases[i].name);
		if (!want)
			continue;
		test_bad = 0;
		cases[i].run();
		(void)printf(
		    "%s %s\n", test_bad ? "not ok" : "ok", cases[i].name);
		(void)fflush(stdout);
		test_bad ? failed++ : passed++;
	}
	(void)printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}

#define TEST_MAIN(...)                                                         \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		static const struct test_case cases[] = {__VA_ARGS__};         \
		return test_run(                                               \
		    cases, sizeof(cases) / sizeof(cases[0]), argc, argv);      \
	}

#endif
