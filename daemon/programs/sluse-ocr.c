/*
 * sluse-ocr [--languages nor+eng,...] ...: recognises page images. See worker/
 * and ocr/. The sets of languages to load come first, before worker.h's
 * options.
 *
 * sluse-ocr --check NAMES: are there models for these languages? A line if not;
 * exit 0 if there are.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../ocr/models.h"
#include "../ocr/ocr.h"
#include "../worker/worker.h"

/* OpenMP reads its limit before main, so setenv is too late for this process:
 * we start ourselves once more. Nothing is locked yet, and nothing was read.
 * Its threads would be left behind by fork. */
static void
one_thread(char **argv)
{
	const char *s = getenv("OMP_THREAD_LIMIT");

	if (s != NULL && strcmp(s, "1") == 0)
		return;
	if (setenv("OMP_THREAD_LIMIT", "1", 1) == 0)
		(void)execv("/proc/self/exe", argv);
	/* If that fails, the check of threads after warming will tell. */
}

static bool given; /* an option goes before what slused says */

static void
take_told(const struct sl_told *told)
{
	static struct sl_told kept;

	kept = *told;
	if (!given && kept.languages[0] != '\0')
		sl_ocr_configure(kept.languages);
}

/* Of the models that must be there, also the one that the road loads when a
 * page needs it. What Tesseract says itself is not for people. */
static int
check(const char *names)
{
	struct sl_err err = {0};

	if (freopen("/dev/null", "w", stderr) != NULL &&
	    sl_ocr_models_load(names, &err) == SL_OK) {
		if (sl_ocr_models_osd() != NULL)
			return 0;
		(void)sl_err_set(&err, SL_FATAL, 0, "ocr_language",
		    "tesseract cannot load \"osd\"");
	}
	(void)printf("%s\n", err.text);
	return 1;
}

int
main(int argc, char **argv)
{
	static const struct sl_worker w = {.program = "sluse-ocr",
	    .role = SL_ROLE_OCR,
	    .host_spare = 1,
	    .told = take_told,
	    .warm = sl_ocr_warm,
	    .run = sl_ocr_run};

	one_thread(argv);
	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return check(argv[2]);
	if (argc > 2 && strcmp(argv[1], "--languages") == 0) {
		sl_ocr_configure(argv[2]);
		given = true;
		argv[2] = argv[0];
		argv += 2;
		argc -= 2;
	}
	return sl_worker_main(&w, argc, argv);
}
