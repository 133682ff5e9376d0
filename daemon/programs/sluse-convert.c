/*
 * sluse-convert: has LibreOffice make PDFs of what no reader reads. See worker/
 * and convert/.
 *
 * sluse-convert --check PROGRAM: can that be run? A line if not; exit 0 if so.
 */
#include <stdio.h>
#include <string.h>

#include "../base/log.h"
#include "../convert/convert.h"
#include "../wire/wire.h"

static char program[sizeof(((struct sl_told *)0)->converter)];

static void
take_told(const struct sl_told *told)
{
	(void)snprintf(program, sizeof(program), "%s", told->converter);
}

static enum sl_rc
warm(struct sl_err *err)
{
	if (program[0] == '\0')
		sl_log(SL_LOG_INFO, "converter", "none is configured");
	return sl_convert_use(program, err);
}

static int
check(const char *path)
{
	struct sl_err err = {0};

	if (sl_convert_use(path, &err) == SL_OK)
		return 0;
	(void)printf("%s\n", err.text);
	return 1;
}

int
main(int argc, char **argv)
{
	static const struct sl_worker w = {.program = "sluse-convert",
	    .role = SL_ROLE_CONVERT,
	    .host_spare = 1,
	    .told = take_told,
	    .warm = warm,
	    .shut_in = sl_convert_shut_in,
	    .run = sl_convert_run};

	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return check(argv[2]);
	return sl_worker_main(&w, argc, argv);
}
