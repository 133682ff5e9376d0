/*
 * Where the table is: an instance's own, else the one that came with us.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pronom.h"

/* What came with us: in a build tree beside the programs' folder. */
static void
shipped(const char *name, char *path, size_t cap)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash != NULL) {
		*slash = '\0';
		(void)snprintf(path, cap, "%s/../pronom/%s", exe, name);
		if (access(path, F_OK) == 0)
			return;
	}
	(void)snprintf(path, cap, "%s/pronom/%s", SLUSE_DATADIR, name);
}

enum sl_rc
sl_pronom_open(struct sl_pronom **ret, struct sl_err *err)
{
	const char *own = getenv("SLUSE_PRONOM");
	char table[PATH_MAX + 64], lists[PATH_MAX + 64];
	enum sl_rc rc = SL_SKIP;

	shipped("table.tsv", table, sizeof(table));
	shipped("accepted.tsv", lists, sizeof(lists));
	if (own != NULL && own[0] != '\0')
		rc = sl_pronom_load(own, lists, ret, err);
	if (rc == SL_SKIP)
		rc = sl_pronom_load(table, NULL, ret, err);
	return rc == SL_SKIP
		   ? sl_err_set(err, SL_FATAL, 0, "unsupported",
			 "no table of formats: there is no %.160s", table)
		   : rc;
}
