/*
 * SECURITY: a plugin is code of ours. Its file and folder must belong to root
 * or to us and be writable by nobody else, since whoever can write there runs
 * in every child.
 */
#include "plugins.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/mem.h"

static const struct sluse_reader *readers[SL_READERS_MAX];
/* Copies of theirs: each child passes by all of them, and would map a page of
 * each reader for it. */
static char **mimes[SL_READERS_MAX];
static size_t readers_count;

static enum sl_rc
bad(struct sl_err *err, const char *name, const char *why)
{
	return sl_err_set(
	    err, SL_FATAL, 0, "unsupported", "reader %.80s: %s", name, why);
}

static bool
is_ours(const char *path, mode_t kind)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind &&
	       (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
name_ok(const char *s)
{
	size_t n =
	    s != NULL ? strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789") : 0;

	return n > 0 && n <= 32 && s[n] == '\0';
}

static char **
copy_mimes(const char *const *from)
{
	size_t n = 0, i;
	char **to;

	while (from[n] != NULL)
		n++;
	to = sl_alloc((n + 1) * sizeof(*to));
	for (i = 0; i < n; i++)
		to[i] = sl_strdup(from[i]);
	return to;
}

enum sl_rc
sl_reader_add(const struct sluse_reader *r,
    const struct sluse_reader_host *host, struct sl_err *err)
{
	const char *name = "?";

	/* Minor 0 is all there is: a smaller struct is not one of ours. */
	if (r->abi_major != SLUSE_READER_ABI_MAJOR ||
	    r->abi_minor > SLUSE_READER_ABI_MINOR || r->size < sizeof(*r))
		return bad(err, name, "made for another version");
	if (!name_ok(r->name))
		return bad(err, name, "no proper name");
	name = r->name;
	if (r->version == NULL || r->mimes == NULL || r->open == NULL ||
	    r->page_count == NULL || r->page == NULL || r->close == NULL)
		return bad(err, name, "something is missing in its table");
	if (readers_count == SL_READERS_MAX)
		return bad(err, name, "too many readers");
	if (r->warm != NULL && r->warm(host) != 0)
		return bad(err, name, "does not run here");
	mimes[readers_count] = copy_mimes(r->mimes);
	readers[readers_count++] = r;
	return SL_OK;
}

static enum sl_rc
load(const char *path, const char *name, const struct sluse_reader_host *host,
    struct sl_err *err)
{
	const struct sluse_reader *r;
	void *h;

	if (!is_ours(path, S_IFREG))
		return bad(err, name, "its file may be written by others");
	h = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (h == NULL)
		return bad(err, name, dlerror());
	r = dlsym(h, "sluse_reader");
	if (r == NULL)
		return bad(err, name, "has no symbol sluse_reader");
	return sl_reader_add(r, host, err);
}

static int
is_so(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 3 && d->d_name[0] != '.' &&
	       strcmp(d->d_name + n - 3, ".so") == 0;
}

enum sl_rc
sl_readers_load(
    const char *dir, const struct sluse_reader_host *host, struct sl_err *err)
{
	struct dirent **list = NULL;
	char path[4096];
	enum sl_rc rc = SL_OK;
	int n, i;

	/* Sorted, so that every parent asks them in the same order. */
	n = scandir(dir, &list, is_so, alphasort);
	if (n < 0)
		return sl_err_set(
		    err, SL_SKIP, errno, "unsupported", "no folder of readers");
	if (!is_ours(dir, S_IFDIR))
		rc = bad(err, "folder", "it may be written by others");
	for (i = 0; i < n; i++) {
		if (rc == SL_OK && snprintf(path, sizeof(path), "%s/%s", dir,
				       list[i]->d_name) < (int)sizeof(path))
			rc = load(path, list[i]->d_name, host, err);
		free(list[i]);
	}
	free(list);
	return rc;
}

static bool
takes(size_t reader, const char *mime, bool wide)
{
	char *const *m;
	size_t n;

	for (m = mimes[reader]; *m != NULL; m++) {
		n = strlen(*m);
		if (wide ? n > 0 && (*m)[n - 1] == '/' &&
			       strncmp(*m, mime, n) == 0
			 : strcmp(*m, mime) == 0)
			return true;
	}
	return false;
}

const struct sluse_reader *
sl_reader_for(const char *mime, size_t i)
{
	size_t k, wide;

	for (wide = 0; wide < 2; wide++)
		for (k = 0; k < readers_count; k++)
			if (takes(k, mime, wide != 0) &&
			    (wide == 0 || !takes(k, mime, false)) && i-- == 0)
				return readers[k];
	return NULL;
}

const struct sluse_reader *
sl_reader_at(size_t i)
{
	return i < readers_count ? readers[i] : NULL;
}
