/*
 * FAILURES: an answer that breaks off leaves a folder with the mark of
 * base/part.h, as a run that is killed.
 * SECURITY: each side opens its own files only. The folder is his who asks; he
 * takes no name but those that such a folder holds.
 */
#include "lent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/part.h"
#include "bundle.h"

#define CONTROL "control"

static void
file_name(int i, char ret[16])
{
	(void)snprintf(ret, 16, "%d", i);
}

/* -- who asks -------------------------------------------------------------- */

enum sl_rc
sl_lent_gather(const struct sl_rep_options *opt, bool files,
    struct sl_parcel **ret, struct sl_err *err)
{
	int n = files ? opt->files : 0, i;
	enum sl_rc rc = SL_OK;
	char name[16];

	*ret = NULL;
	if (n > (int)SL_LENT_MAX)
		return sl_err_set(
		    err, SL_REJECT, 0, "limit_files", "too many files");
	if (n > 0 || opt->control != NULL)
		rc = sl_parcel_new(SL_GIVEN_MAX, SL_PARCEL_LEAVE, ret, err);
	if (rc == SL_OK && opt->control != NULL)
		rc = sl_given_add(*ret, CONTROL, opt->control, err);
	for (i = 0; rc == SL_OK && i < n; i++) {
		file_name(i, name);
		rc = sl_given_add(*ret, name, opt->file[i], err);
	}
	if (rc != SL_OK) {
		sl_parcel_free(*ret);
		*ret = NULL;
	}
	return rc;
}

struct folder {
	const char *name;
	int dir, lock;
};

/* tallene.csv, as the files of bundle.c and bundle_pages.c are called. */
static bool
is_of_bundle(const char *name)
{
	static const char *const ends[] = {
	    "html", "csv", "xml", "conf", "json", "tsv", "vkey", "checkpoint"};
	size_t stem = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_"), i;

	if (stem == 0 || name[stem] != '.')
		return false;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(name + stem + 1, ends[i]) == 0)
			return true;
	return false;
}

static int
open_file(void *arg, const char *name, struct sl_err *err)
{
	struct folder *f = arg;
	int fd;

	if (!is_of_bundle(name)) {
		(void)sl_err_set(err, SL_FATAL, 0, "worker_protocol",
		    "sluse-report sent a file that is none of the folder's");
		return -1;
	}
	if (f->dir < 0 &&
	    sl_bundle_folder(f->name, &f->dir, &f->lock, err) != SL_OK)
		return -1;
	fd = openat(f->dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		(void)sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot write into the folder");
	return fd;
}

static enum sl_rc
take(struct sl_control *k, const json_t *question, struct sl_parcel *lent,
    struct folder *f, struct sl_err *err)
{
	struct sl_unwrap u;
	enum sl_rc rc;

	sl_unwrap_begin(&u, SL_LENT_BUNDLE_MAX, open_file, f);
	rc = sl_control_bytes(k, question, lent, sl_unwrap_take, &u, err);
	if (rc == SL_OK)
		rc = sl_unwrap_end(&u, err);
	else
		(void)sl_unwrap_end(&u, NULL);
	if (rc == SL_OK && u.files == 0)
		rc = sl_err_set(err, SL_RETRY, 0, "slused_away",
		    "sluse-report sent nothing");
	/* Nothing came into a folder that was there: it is as it was. */
	if (u.files == 0 && f->dir >= 0)
		(void)sl_part_end(f->dir, &f->lock, NULL);
	return rc;
}

enum sl_rc
sl_lent_bundle(struct sl_control *k, const json_t *question,
    struct sl_parcel *lent, const char *dir, struct sl_err *err)
{
	struct folder f = {.name = dir, .dir = -1, .lock = -1};
	enum sl_rc rc = SL_OK;

	/* What is there is looked at before long work is done for it. */
	if (access(dir, F_OK) == 0)
		rc = sl_bundle_folder(dir, &f.dir, &f.lock, err);
	if (rc == SL_OK)
		rc = take(k, question, lent, &f, err);
	if (rc == SL_OK)
		rc = sl_part_end(f.dir, &f.lock, err);
	sl_cleanup_close(&f.lock);
	sl_cleanup_close(&f.dir);
	return rc;
}

/* -- the service ----------------------------------------------------------- */

/* NULL: it was not given. */
static char *
place(struct sl_lent *l, const struct sl_given *given, const char *name,
    const char *said, struct sl_err *err)
{
	if (l->n > SL_LENT_MAX || !sl_given_path(given, name, l->path[l->n])) {
		(void)sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "%.150s did not come with the question", said);
		return NULL;
	}
	l->said[l->n] = said;
	return l->path[l->n++];
}

enum sl_rc
sl_lent_place(struct sl_lent *ret, const struct sl_given *given,
    struct sl_rep_options *opt, bool files, struct sl_err *err)
{
	char name[16];
	int i;

	ret->n = 0;
	if (opt->control != NULL && (opt->control = place(ret, given, CONTROL,
					 opt->control, err)) == NULL)
		return SL_REJECT;
	for (i = 0; files && i < opt->files; i++) {
		file_name(i, name);
		opt->file[i] = place(ret, given, name, opt->file[i], err);
		if (opt->file[i] == NULL)
			return SL_REJECT;
	}
	return SL_OK;
}

void
sl_lent_rename(const struct sl_lent *l, const char *text, char *ret, size_t cap)
{
	size_t i, n;

	for (i = 0; i < l->n; i++) {
		n = strlen(l->path[i]);
		if (strncmp(text, l->path[i], n) == 0 && text[n] == ':') {
			(void)snprintf(
			    ret, cap, "%.150s%s", l->said[i], text + n);
			return;
		}
	}
	(void)snprintf(ret, cap, "%s", text);
}
