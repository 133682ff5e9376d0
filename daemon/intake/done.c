/*
 * What was filed away in Ferdig goes before its day does: its content was
 * erased.
 */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "inlet_p.h"

/* The folder of done under a name, opened for reading; NULL if it is none. */
static DIR *
open_day(int done, const char *name)
{
	int fd = sl_open_dir(done, name);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d == NULL)
		sl_cleanup_close(&fd);
	return d;
}

/* "<reception> <name>", as sl_claim_file_done names it. */
static bool
is_of(const char *name, const char *reception)
{
	size_t n = strlen(reception);

	return strncmp(name, reception, n) == 0 &&
	       (name[n] == ' ' || name[n] == '\0');
}

static bool
clean_day(int done, const char *day, const char *reception)
{
	DIR *d = open_day(done, day);
	struct dirent *e;
	bool ok = true;

	if (d == NULL)
		return true;
	while ((e = readdir(d)) != NULL)
		if (is_of(e->d_name, reception))
			ok &= sl_remove_tree(dirfd(d), e->d_name) == 0;
	(void)closedir(d);
	return ok;
}

bool
sl_inlet_remove_done(struct sl_inlet *in, const char *reception)
{
	DIR *d = open_day(in->done, ".");
	struct dirent *e;
	bool ok = true;

	if (d == NULL)
		return false;
	while ((e = readdir(d)) != NULL)
		if (sl_name_is_plain(e->d_name))
			ok &= clean_day(in->done, e->d_name, reception);
	(void)closedir(d);
	in->dirty = true;
	return ok;
}
