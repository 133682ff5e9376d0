/*
 * What the parent does before the first task, so that children find all of it
 * in memory: they can open nothing.
 */
#include <iconv.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/hash.h"
#include "../identify/identify.h"
#include "fields.h"
#include "host.h"
#include "plugins.h"
#include "sidecar.h"
#include "task.h"

/* Once iconv_open has failed in a child it fails silently in many a library;
 * a converter that is open in the parent is found again by every child. Never
 * closed. One that this system lacks is a reader's to complain about. */
static void
pin_converters(void)
{
	static const char *const sets[] = {"ISO-8859-1", "ISO-8859-2",
	    "ISO-8859-4", "ISO-8859-5", "ISO-8859-9", "ISO-8859-10",
	    "ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "WINDOWS-1250",
	    "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1254", "WINDOWS-1256",
	    "WINDOWS-1257", "WINDOWS-SAMI-2", "CP437", "CP850", "CP865",
	    "MACINTOSH", "KOI8-R", "KOI8-U", "UTF-7", "UTF-16", "UTF-16LE",
	    "UTF-16BE", "UTF-32", "US-ASCII", "ISO646-NO", "GB18030", "BIG5",
	    "SHIFT_JIS", "ISO-2022-JP", "EUC-KR"};
	static iconv_t pins[sizeof(sets) / sizeof(sets[0])];
	size_t i;

	if (pins[0] != NULL)
		return;
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		pins[i] = iconv_open("UTF-8", sets[i]);
}

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
sl_work_warm(struct sl_err *err)
{
	/* Readers may keep the pointer. */
	static struct sluse_reader_host host;
	static struct sluse_limits limits;
	struct sl_digest d;
	enum sl_rc rc;

	if ((rc = sl_unpack_warm(err)) != SL_OK ||
	    (rc = sl_identify_warm(err)) != SL_OK)
		return rc;
	sl_sha256("", 0, &d);
	sl_sidecar_warm();
	sl_fields_warm();
	pin_converters();
	sl_host_init(&host, &limits, NULL);
	return load_readers(&host, err);
}
