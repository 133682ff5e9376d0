/*
 * Where the table is: an instance's own, else the one that came with us.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pronom.h"

/* In a build tree it lies beside the programs' folder. */
static bool
beside_program(char *path, size_t cap)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n <= 0)
		return false;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return snprintf(path, cap, "%s/../pronom/table.tsv", exe) < (int)cap &&
	       access(path, F_OK) == 0;
}

enum sl_rc
sl_pronom_open(struct sl_pronom **ret, struct sl_err *err)
{
	const char *own = getenv("SLUSE_PRONOM");
	char path[PATH_MAX + 64];
	enum sl_rc rc = SL_SKIP;

	if (own != NULL && own[0] != '\0')
		rc = sl_pronom_load(own, ret, err);
	if (rc == SL_SKIP && !beside_program(path, sizeof(path)))
		(void)snprintf(path, sizeof(path), "%s",
		    SLUSE_DATADIR "/pronom/table.tsv");
	if (rc == SL_SKIP)
		rc = sl_pronom_load(path, ret, err);
	return rc == SL_SKIP
		   ? sl_err_set(err, SL_FATAL, 0, "unsupported",
			 "no table of formats: there is no %.160s", path)
		   : rc;
}
