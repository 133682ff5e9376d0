/*
 * Unit tests: a table of named cases. CHECK fails the case and goes on.
 *
 *	static void one(void) { CHECK(1 + 1 == 2); }
 *	TEST_MAIN({"adds", one})
 *
 * Prints "ok NAME" or "not ok NAME", last "N passed, N failed". Arguments
 * name the cases to run; without any all run.
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct test_case {
	const char *name;
	void (*run)(void);
};

static unsigned test_bad; /* failed checks of this case */

#define CHECK(expr)                                                            \
	((expr) ? (void)0                                                      \
		: (void)(test_bad++, fprintf(stderr, "%s:%d: %s\n", __FILE__,  \
					 __LINE__, #expr)))
/* The same with something to say: CHECK_MSG(rc == 0, "%s", name). */
#define CHECK_MSG(expr, ...)                                                   \
	((expr) ? (void)0                                                      \
		: (void)(test_bad++,                                           \
		      fprintf(                                                 \
			  stderr, "%s:%d: %s: ", __FILE__, __LINE__, #expr),   \
		      fprintf(stderr, __VA_ARGS__), fputc('\n', stderr)))

/* Both strings may be NULL. */
#define CHECK_STR(a, b) test_str((a), (b), __FILE__, __LINE__)

static inline void
test_str(const char *a, const char *b, const char *file, int line)
{
	if (a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b)
		return;
	test_bad++;
	(void)fprintf(stderr, "%s:%d:\n  got  %s\n  want %s\n", file, line,
	    a != NULL ? a : "(null)", b != NULL ? b : "(null)");
}

static inline bool
test_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

static inline int
test_run(const struct test_case *t, size_t n, int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!test_wanted(t[i].name, argc, argv))
			continue;
		test_bad = 0;
		t[i].run();
		(void)printf(
		    "%s %s\n", test_bad == 0 ? "ok" : "not ok", t[i].name);
		(void)fflush(stdout);
		if (test_bad == 0)
			passed++;
		else
			failed++;
	}
	(void)printf("%u passed, %u failed\n", passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}

#define TEST_MAIN(...)                                                         \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		static const struct test_case cases[] = {__VA_ARGS__};         \
		return test_run(                                               \
		    cases, sizeof(cases) / sizeof(cases[0]), argc, argv);      \
	}

#endif
