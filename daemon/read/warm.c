/*
 * What the parent does before the first task, so that children find all of it
 * in memory: they can open nothing.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/hash.h"
#include "../identify/identify.h"
#include "../unpack/unpack.h"
#include "converters.h"
#include "fields.h"
#include "host.h"
#include "plugins.h"
#include "sidecar.h"
#include "task.h"

/* The folder of readers beside the program we are, in a build tree. */
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
	return snprintf(path, cap, "%s/../plugins/readers", exe) < (int)cap &&
	       access(path, F_OK) == 0;
}

static enum sl_rc
load_readers(const struct sluse_reader_host *host, struct sl_err *err)
{
	const char *set = getenv("SLUSE_PLUGINS");
	char path[PATH_MAX + 64];
	enum sl_rc rc;

	if (set != NULL && set[0] != '\0') {
		(void)snprintf(path, sizeof(path), "%s/readers", set);
		if (access(path, F_OK) != 0)
			(void)snprintf(path, sizeof(path), "%s", set);
	} else if (!beside_program(path, sizeof(path))) {
		(void)snprintf(
		    path, sizeof(path), "%s", SLUSE_LIBDIR "/plugins/readers");
	}
	rc = sl_readers_load(path, host, err);
	if (rc == SL_SKIP)
		return sl_err_set(err, SL_FATAL, 0, "unsupported",
		    "no readers: there is no folder %.160s", path);
	return rc;
}

enum sl_rc
sl_work_warm_pronom(struct sl_err *err)
{
	sl_work_only(SL_TASK_IDENTIFY_ONLY | SL_TASK_PRONOM_ONLY);
	return sl_identify_warm_format(err);
}

enum sl_rc
sl_work_warm_identify(struct sl_err *err)
{
	enum sl_rc rc = sl_converters_warm(err);

	sl_work_only(SL_TASK_IDENTIFY_ONLY);
	if (rc == SL_OK)
		rc = sl_unpack_warm(err);
	if (rc == SL_OK)
		rc = sl_identify_warm(err);
	sl_sidecar_warm();
	return rc;
}

enum sl_rc
sl_work_warm(struct sl_err *err)
{
	/* Readers may keep the pointer. */
	static struct sluse_reader_host host;
	static struct sluse_limits limits;
	struct sl_digest d;
	enum sl_rc rc;

	if ((rc = sl_converters_warm(err)) != SL_OK ||
	    (rc = sl_unpack_warm(err)) != SL_OK ||
	    (rc = sl_identify_warm(err)) != SL_OK)
		return rc;
	sl_sha256("", 0, &d);
	sl_sidecar_warm();
	sl_fields_warm();
	sl_host_init(&host, &limits, NULL);
	return load_readers(&host, err);
}
