/*
 * Finding what is whole.
 *
 * A name that was moved in (rename) is whole at once. Anything else is whole
 * when size, mtime and ctime have been the same for `settle`: seen by our own
 * boot clock, or at once when its ctime says so on a local disk.
 * Hints and the sweep take turns, so that a backlog of a hundred thousand files
 * never hides the letter that was dropped just now.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "inlet_p.h"

#define FOLDER_DEPTH_MAX 32
#define YOUNG_MS INT64_C(600000) /* may still be arriving (slused.8) */
#define LINKED_GRACE 12 /* a hard link is refused after that many settles */

static bool
is_network(int fd)
{
	static const unsigned long types[] = {0x6969 /* nfs */,
	    0xFF534D42 /* cifs */, 0xFE534D42 /* smb2 */, 0x517B /* smb */,
	    0x65735546 /* fuse */, 0x01021997 /* 9p */, 0x5346414F /* afs */,
	    0x00C36400 /* ceph */, 0x786f4256 /* vboxsf */};
	struct statfs s;
	size_t i;

	if (fstatfs(fd, &s) != 0)
		return false;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((unsigned long)s.f_type == types[i])
			return true;
	return false;
}

static void
close_dirs(struct sl_inlet *in)
{
	if (in->cursor != NULL)
		(void)closedir(in->cursor);
	in->cursor = NULL;
	sl_cleanup_close(&in->top);
	sl_cleanup_close(&in->inbox);
	sl_cleanup_close(&in->claims);
	sl_cleanup_close(&in->done);
	sl_cleanup_close(&in->stopped);
	in->spare_n = 0; /* a claim without a file, if it is there again */
	in->top = in->inbox = in->claims = in->done = in->stopped = -1;
}

enum sl_rc
sl_inlet_reopen(struct sl_inlet *in, struct sl_err *err)
{
	unsigned lang = in->queue->language;
	const char *inbox = sl_face_name(SL_FACE_INBOX, lang);
	struct stat st;
	mode_t mask;
	enum sl_rc rc;
	bool made = false;

	close_dirs(in);
	in->gone = true;
	mask = umask(0);
	rc = sl_make_path(in->path, 0770, err);
	(void)umask(mask);
	if (rc != SL_OK)
		return SL_RETRY;
	in->top = sl_open_dir(AT_FDCWD, in->path);
	if (in->top >= 0) {
		made = fstatat(in->top, inbox, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
		       errno == ENOENT;
		in->inbox = sl_make_dir(in->top, inbox, 0770);
		in->claims = sl_make_dir(in->top, ".sluse", 0700);
		in->done = sl_make_dir(
		    in->top, sl_face_name(SL_FACE_DONE, lang), 0750);
		in->stopped = sl_make_dir(
		    in->top, sl_face_name(SL_FACE_STOPPED, lang), 0770);
	}
	if (in->inbox < 0 || in->claims < 0 || in->done < 0 ||
	    in->stopped < 0 || fstat(in->inbox, &st) != 0)
		return sl_err_set(err, SL_RETRY, errno, "file_unreadable",
		    "cannot open the folders of a queue");
	/* Of the first one there is nothing to tell. */
	if (in->inbox_ino != 0 && (st.st_ino != in->inbox_ino ||
				      st.st_dev != in->inbox_dev || made)) {
		in->replaced = true;
		in->made |= made;
	}
	in->inbox_dev = st.st_dev;
	in->inbox_ino = st.st_ino;
	in->network =
	    in->queue->poll == SL_POLL_YES ||
	    (in->queue->poll == SL_POLL_AUTO && is_network(in->inbox));
	in->gone = false;
	in->rescan = true;
	sl_watcher_add(in->watcher, in);
	return SL_OK;
}

static int
by_ulid(const void *a, const void *b)
{
	return memcmp(a, b, SL_ULID_LEN);
}

static bool
is_spare(const struct sl_inlet *in, const char *ulid)
{
	size_t i;

	for (i = 0; i < in->spare_n; i++)
		if (strcmp(in->spare[i], ulid) == 0)
			return true;
	return false;
}

bool
sl_inlet_list_claims(struct sl_inlet *in)
{
	int fd = sl_open_dir(in->claims, ".");
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	bool whole;

	in->old_n = 0;
	if (d == NULL) {
		sl_cleanup_close(&fd);
		return false;
	}
	while (errno = 0, (e = readdir(d)) != NULL) {
		if (!sl_ulid_valid(e->d_name) || is_spare(in, e->d_name))
			continue;
		in->old = sl_grow(
		    in->old, &in->old_cap, in->old_n + 1, sizeof(*in->old));
		memcpy(in->old[in->old_n++], e->d_name, SL_ULID_LEN + 1);
	}
	whole = errno == 0;
	(void)closedir(d);
	/* Oldest first: a ULID sorts by its time. */
	if (in->old_n > 1)
		qsort(in->old, in->old_n, sizeof(*in->old), by_ulid);
	return whole;
}

enum sl_rc
sl_inlet_open(struct sl_watcher *w, const char *root,
    const struct sl_config *cfg, const struct sl_queue_config *queue,
    struct sl_inlet **ret, struct sl_err *err)
{
	struct sl_inlet *in = sl_alloc(sizeof(*in));

	in->watcher = w;
	in->cfg = cfg;
	in->queue = queue;
	in->wd = in->top = in->inbox = in->claims = in->done = in->stopped = -1;
	in->settles_at = -1;
	in->path = queue->path[0] == '/'
		       ? sl_strdup(queue->path)
		       : sl_asprintf("%s/%s", root, queue->path);
	in->hints = sl_alloc(HINTS_MAX * sizeof(*in->hints));
	in->seen = sl_alloc(SEEN_MAX * sizeof(*in->seen));
	in->reported = sl_alloc(REPORTED_MAX * sizeof(*in->reported));
	/* A share may not be there yet: it is looked for at every sweep. */
	if (sl_inlet_reopen(in, err) == SL_OK && !sl_inlet_list_claims(in)) {
		(void)sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "cannot look through what was claimed");
		sl_inlet_close(in);
		return SL_FATAL;
	}
	*ret = in;
	return SL_OK;
}

void
sl_inlet_close(struct sl_inlet *in)
{
	if (in == NULL)
		return;
	sl_watcher_remove(in->watcher, in);
	sl_inlet_rest(in);
	close_dirs(in);
	free(in->path);
	free(in->hints);
	free(in->seen);
	free(in->reported);
	free(in->old);
	sl_waits_free(in);
	free(in);
}

const struct sl_queue_config *
sl_inlet_queue(const struct sl_inlet *in)
{
	return in->queue;
}

int
sl_inlet_dir(const struct sl_inlet *in)
{
	return in->top;
}

bool
sl_inlet_lacks(const struct sl_inlet *in, const char *name)
{
	struct stat st;

	return in->inbox >= 0 &&
	       fstatat(in->inbox, name, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
	       errno == ENOENT;
}

bool
sl_inlet_is_gone(const struct sl_inlet *in)
{
	return in->gone;
}

bool
sl_inlet_replaced(struct sl_inlet *in, bool *ret_made)
{
	bool was = in->replaced;

	*ret_made = in->made;
	in->replaced = in->made = false;
	return was;
}

const char *
sl_inlet_mode(const struct sl_inlet *in)
{
	if (in->gone)
		return "gone";
	if (in->network)
		return "poll (network file system)";
	if (in->wd < 0)
		return "poll (no watches left)";
	return "inotify";
}

void
sl_inlet_hint(struct sl_inlet *in, const char *name)
{
	size_t at;

	if (name == NULL) {
		in->rescan = true;
		return;
	}
	if (in->hint_n == HINTS_MAX) {
		/* The sweep will find the one that falls out. */
		in->hint_head = (in->hint_head + 1) % HINTS_MAX;
		in->hint_n--;
		in->rescan = true;
	}
	at = (in->hint_head + in->hint_n++) % HINTS_MAX;
	(void)snprintf(in->hints[at], SL_CLAIM_NAME_MAX, "%s", name);
}

bool
sl_inlet_rescan(struct sl_inlet *in)
{
	struct stat st;
	struct sl_err err;
	bool back = false;

	/* The folder may have been removed and made again under its name. */
	if (!in->gone) {
		SL_CLOSE int top = sl_open_dir(AT_FDCWD, in->path);

		if (top < 0 ||
		    fstatat(top,
			sl_face_name(SL_FACE_INBOX, in->queue->language), &st,
			AT_SYMLINK_NOFOLLOW) != 0 ||
		    st.st_ino != in->inbox_ino || st.st_dev != in->inbox_dev)
			in->gone = true;
	}
	if (in->gone) {
		sl_watcher_remove(in->watcher, in);
		back = sl_inlet_reopen(in, &err) == SL_OK;
	}
	sl_waits_look(in);
	in->rescan = true;
	in->rests = false;
	return back;
}

bool
sl_inlet_ignores(const struct sl_inlet *in, const char *name)
{
	size_t i;

	for (i = 0; i < in->queue->ignore.n; i++)
		if (fnmatch(in->queue->ignore.item[i], name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

static int64_t
ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Newest change in a folder, so that it is whole only as a whole. */
static int64_t
folder_changed(int dirfd, const char *name, int depth, int *budget)
{
	int fd = sl_open_dir(dirfd, name);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	int64_t newest = 0, t;
	struct dirent *e;
	struct stat st;

	if (d == NULL) {
		sl_cleanup_close(&fd);
		return INT64_MAX;
	}
	while ((e = readdir(d)) != NULL && --*budget > 0) {
		if (!sl_name_is_plain(e->d_name) ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		t = ns(st.st_ctim);
		newest = t > newest ? t : newest;
		if (S_ISDIR(st.st_mode) && depth < FOLDER_DEPTH_MAX) {
			t = folder_changed(fd, e->d_name, depth + 1, budget);
			newest = t > newest ? t : newest;
		}
	}
	(void)closedir(d);
	return newest;
}

static struct seen *
find_seen(struct seen *t, size_t n, ino_t ino)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (t[i].ino == ino)
			return &t[i];
	return NULL;
}

/* How long (ms) the thing has been as it is now, by our own clock. */
static int64_t
still_for(struct sl_inlet *in, const struct stat *st, int64_t changed_ns)
{
	struct seen *s = find_seen(in->seen, in->seen_n, st->st_ino);
	int64_t now = sl_clock_boot_ms();

	if (s == NULL) {
		/* Full: forget all; they are seen again at the next sweep. */
		if (in->seen_n == SEEN_MAX)
			in->seen_n = 0;
		s = &in->seen[in->seen_n++];
		*s = (struct seen){.ino = st->st_ino, .size = -1};
	}
	if (s->size != st->st_size || s->mtime_ns != ns(st->st_mtim) ||
	    s->ctime_ns != changed_ns) {
		s->size = st->st_size;
		s->mtime_ns = ns(st->st_mtim);
		s->ctime_ns = changed_ns;
		s->since_ms = now;
	}
	return now - s->since_ms;
}

void
sl_inlet_put_back(struct sl_inlet *in, const struct stat *st)
{
	(void)still_for(in, st, ns(st->st_ctim));
	find_seen(in->seen, in->seen_n, st->st_ino)->put_back = true;
}

/* The same file, not another that got its inode. */
static bool
was_put_back(struct sl_inlet *in, const struct stat *st)
{
	const struct seen *s = find_seen(in->seen, in->seen_n, st->st_ino);

	return s != NULL && s->put_back && s->size == st->st_size &&
	       s->mtime_ns == ns(st->st_mtim);
}

size_t
sl_inlet_incomplete(struct sl_inlet *in)
{
	bool any = false;
	struct dirent *e;
	struct stat st;
	size_t i, n = 0;
	DIR *d;
	int fd;

	for (i = 0; i < in->seen_n && !any; i++)
		any = in->seen[i].put_back;
	fd = any && !in->gone ? sl_open_dir(in->inbox, ".") : -1;
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL) {
		sl_cleanup_close(&fd);
		return 0;
	}
	while ((e = readdir(d)) != NULL)
		n += sl_name_is_plain(e->d_name) &&
		     fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		     was_put_back(in, &st) && !sl_waits_has(in, st.st_ino);
	(void)closedir(d);
	return n;
}

/* How long a thing must lie still. What was put back, and has not been written
 * to since, is tried less and less often: each time at half its age. */
static int64_t
patience(struct sl_inlet *in, const struct stat *st)
{
	int64_t settle = in->cfg->instance.settle_ms, age;

	if (!was_put_back(in, st))
		return settle;
	age = (ns(st->st_ctim) - ns(st->st_mtim)) / 1000000 / 2;
	if (age > PATIENCE_MAX_MS)
		age = PATIENCE_MAX_MS;
	return age > settle ? age : settle;
}

static void
forget_seen(struct sl_inlet *in, ino_t ino)
{
	struct seen *s = find_seen(in->seen, in->seen_n, ino);

	if (s != NULL)
		*s = in->seen[--in->seen_n];
}

/* Whole? Notes when to look again if not. */
static bool
is_whole(struct sl_inlet *in, const char *name, const struct stat *st)
{
	int64_t settle = patience(in, st), still, changed, age;
	int budget = 20000;

	changed = ns(st->st_ctim);
	if (S_ISDIR(st->st_mode)) {
		int64_t t = folder_changed(in->inbox, name, 0, &budget);

		changed = t > changed ? t : changed;
	}
	/* On a local disk ctime itself tells, if it is not in the future. */
	age = sl_clock_utc_ms() - changed / 1000000;
	if (!in->network && changed != INT64_MAX && age >= settle &&
	    age < INT64_C(100) * 365 * 86400000)
		return true;
	still = still_for(in, st, changed);
	if (still >= settle)
		return true;
	if (in->settles_at < 0 ||
	    sl_clock_boot_ms() + settle - still < in->settles_at)
		in->settles_at = sl_clock_boot_ms() + settle - still;
	return false;
}

/* closed: what in it cannot be opened; another is told too. */
static bool
report_once(struct sl_inlet *in, const struct stat *st, const char *closed)
{
	struct seen *r = find_seen(in->reported, in->reported_n, st->st_ino);
	off_t mark = 5381;

	for (; *closed != '\0'; closed++)
		mark = (mark * 33 + (unsigned char)*closed) % 0x7FFFFFFF;
	if (r != NULL && r->ctime_ns == ns(st->st_ctim) && r->size == mark)
		return false;
	if (r == NULL) {
		r = &in->reported[in->reported_at++ % REPORTED_MAX];
		if (in->reported_n < REPORTED_MAX)
			in->reported_n++;
	}
	r->ino = st->st_ino;
	r->ctime_ns = ns(st->st_ctim);
	r->size = mark;
	return true;
}

/* A slug for what may never be claimed, or NULL. */
static const char *
refusal(struct sl_inlet *in, const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return "refused_link";
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return "refused_special";
	if (S_ISREG(st->st_mode) && st->st_nlink > 1) {
		/* Droppers that link and unlink have two names for a moment. */
		if (still_for(in, st, ns(st->st_ctim)) <
		    LINKED_GRACE * in->cfg->instance.settle_ms) {
			in->settles_at = sl_clock_boot_ms() +
					 in->cfg->instance.settle_ms + 100;
			return "";
		}
		return "refused_hardlink";
	}
	return NULL;
}

/* Has the kernel told that it was renamed in, and nobody looked yet? */
static bool
is_hinted(const struct sl_inlet *in, const char *name)
{
	size_t i;

	for (i = 0; i < in->hint_n; i++)
		if (strcmp(in->hints[(in->hint_head + i) % HINTS_MAX], name) ==
		    0)
			return true;
	return false;
}

static enum sl_rc
consider(struct sl_inlet *in, const char *name, bool moved_in,
    struct sl_claim *ret, struct sl_err *err)
{
	const char *why;
	struct stat st;
	enum sl_rc rc;
	bool young;

	if (!sl_name_is_plain(name) || sl_inlet_ignores(in, name) ||
	    fstatat(in->inbox, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return SL_SKIP;
	why = refusal(in, &st);
	if (why != NULL && *why == '\0')
		return SL_SKIP;
	if (why != NULL) {
		ret->uid = st.st_uid;
		ret->closed[0] = '\0';
		sl_claim_refuse(in, name, ret->name, sizeof(ret->name));
		return report_once(in, &st, "")
			   ? sl_err_set(
				 err, SL_HOLD, 0, why, "refused at the door")
			   : SL_SKIP;
	}
	/* The sweep may come to it first. */
	moved_in = moved_in || is_hinted(in, name);
	/* What was put back was not whole when it was moved in either. */
	if (find_seen(in->seen, in->seen_n, st.st_ino) != NULL)
		moved_in = false;
	if (!moved_in && !is_whole(in, name, &st))
		return SL_SKIP;
	/* What was renamed in is whole by the dropper's word. */
	young = !moved_in &&
		sl_clock_utc_ms() - ns(st.st_mtim) / 1000000 < YOUNG_MS;
	rc = sl_claim_take(in, name, &st, young, ret, err);
	if (rc == SL_OK) {
		forget_seen(in, st.st_ino);
		sl_waits_forget(in, name);
	}
	if (rc == SL_HOLD && !report_once(in, &st, ret->closed))
		return SL_SKIP;
	return rc;
}

static enum sl_rc
next_hint(struct sl_inlet *in, struct sl_claim *ret, struct sl_err *err)
{
	const char *name;
	enum sl_rc rc;

	while (in->hint_n > 0) {
		/* Newest first: it is the one somebody waits for. */
		name = in->hints[(in->hint_head + --in->hint_n) % HINTS_MAX];
		rc = consider(in, name, true, ret, err);
		if (rc != SL_SKIP)
			return rc;
	}
	return SL_SKIP;
}

/* Those that fit now, each once. */
static enum sl_rc
next_waiting(struct sl_inlet *in, struct sl_claim *ret, struct sl_err *err)
{
	char name[SL_CLAIM_NAME_MAX];
	const char *next;
	enum sl_rc rc;

	in->waits_at = 0;
	while ((next = sl_waits_next(in)) != NULL) {
		(void)snprintf(name, sizeof(name), "%s", next);
		rc = consider(in, name, false, ret, err);
		if (rc != SL_SKIP)
			return rc;
	}
	return SL_SKIP;
}

static bool
begin_sweep(struct sl_inlet *in)
{
	int fd = sl_open_dir(in->inbox, ".");

	in->rescan = false;
	in->settles_at = -1;
	in->cursor = fd >= 0 ? fdopendir(fd) : NULL;
	if (in->cursor == NULL) {
		sl_cleanup_close(&fd);
		in->gone = true;
	}
	return in->cursor != NULL;
}

/* Where another sweep became due during one, it follows at once: whoever hears
 * that there is nothing may rely on it. */
static enum sl_rc
next_swept(struct sl_inlet *in, struct sl_claim *ret, struct sl_err *err)
{
	struct dirent *e;
	enum sl_rc rc;

	for (;;) {
		if (in->cursor == NULL && (!in->rescan || !begin_sweep(in)))
			return SL_SKIP;
		while ((e = readdir(in->cursor)) != NULL) {
			rc = consider(in, e->d_name, false, ret, err);
			if (rc != SL_SKIP)
				return rc;
		}
		(void)closedir(in->cursor);
		in->cursor = NULL;
	}
}

enum sl_rc
sl_inlet_next(struct sl_inlet *in, const struct sl_space *room,
    struct sl_claim *ret, struct sl_err *err)
{
	enum sl_rc rc;

	if (in->gone || in->rests)
		return SL_SKIP;
	in->room = *room;
	in->turn = !in->turn;
	rc = next_waiting(in, ret, err);
	if (rc == SL_SKIP)
		rc = in->turn ? next_hint(in, ret, err)
			      : next_swept(in, ret, err);
	if (rc == SL_SKIP)
		rc = in->turn ? next_swept(in, ret, err)
			      : next_hint(in, ret, err);
	in->rests = rc == SL_RETRY;
	return rc;
}

int64_t
sl_inlet_settles_in(const struct sl_inlet *in)
{
	int64_t left;

	if (in->settles_at < 0 || in->rests)
		return -1;
	left = in->settles_at - sl_clock_boot_ms();
	return left > 0 ? left : 0;
}
