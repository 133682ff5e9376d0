/*
 * Stoppet: a plain text per stopped item, and a copy of what cannot be read.
 *
 * What was quarantined is never copied: it may be hostile to whoever opens it.
 */
#include "faces_p.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "facefile.h"
#include "stopnote.h"
#include "words.h"

#define COPY_BYTES_MAX (UINT64_C(50) << 20)
#define COPY_MAX 10

static struct sl_face_stopped *
find_stopped(struct sl_faces *f, int64_t consignment, int64_t entry)
{
	size_t i;

	for (i = 0; i < f->stopped_n; i++)
		if (f->stopped[i].consignment == consignment &&
		    f->stopped[i].entry == entry)
			return &f->stopped[i];
	return NULL;
}

/* ".pdf" of a dropped name if it is a plain one that starts no program. */
static const char *
ext_of_name(const char *name)
{
	static const char *const known[] = {".pdf", ".tif", ".tiff", ".jpg",
	    ".jpeg", ".png", ".txt", ".eml", ".zip", ".doc", ".docx", ".xls",
	    ".xlsx", ".odt", ".ods", ".rtf", ".msg", ".xml.txt", NULL};
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot != NULL && known[i] != NULL; i++)
		if (strcasecmp(known[i], dot) == 0)
			return known[i];
	return ".bin";
}

static void
original_name(unsigned lang, const char *number, size_t i, size_t n,
    const char *name, char *out, size_t cap)
{
	if (n == 1)
		(void)snprintf(out, cap, "%s %s%s", number,
		    sl_words(lang, "original", "original"), ext_of_name(name));
	else
		(void)snprintf(out, cap, "%s original-%zu%s", number, i + 1,
		    ext_of_name(name));
}

static const char *
source_name(const struct sl_source *s, const struct sl_consignment *c)
{
	return s->name[0] != '\0' ? s->name : c->name;
}

static bool
copy_originals(struct sl_faces *f, int dir, const struct sl_consignment *c,
    const char *number, unsigned lang)
{
	struct sl_source *s = sl_alloc(COPY_MAX * sizeof(*s));
	size_t i, all = sl_source_list(f->house.store, c->id, s, COPY_MAX), n;
	uint64_t left = COPY_BYTES_MAX;
	char name[128];
	bool any = false;

	n = all < COPY_MAX ? all : COPY_MAX;
	for (i = 0; i < n; i++) {
		SL_CLOSE int fd = -1;

		if (s[i].size > left)
			continue;
		fd = sl_files_open_blob(
		    sl_store_files(f->house.store), &s[i].sha256);
		original_name(lang, number, i, all, source_name(&s[i], c), name,
		    sizeof(name));
		if (fd < 0 || sl_face_copy(dir, name, fd, 0, s[i].size) != 0)
			continue;
		left -= s[i].size;
		any = true;
	}
	free(s);
	return any;
}

enum sl_rc
sl_stopped_make(
    struct sl_faces *f, const struct sl_face_item *it, struct sl_err *err)
{
	struct sl_inlet *in = sl_faces_inlet(f, it->queue);
	unsigned lang = sl_faces_language(in);
	struct sl_face_stopped *s;
	SL_BUF struct sl_buf b = {0};
	SL_CLOSE int dir = sl_faces_dir(f, in, SL_FACE_STOPPED);
	struct sl_consignment c;
	struct sl_entry en = {0};
	struct sl_stopnote p;
	char file[64];

	(void)err;
	if (dir < 0 ||
	    !sl_consignment_by_id(f->house.store, it->consignment, &c))
		return SL_OK;
	if (it->entry != 0 && !sl_entry_by_id(f->house.store, it->entry, &en))
		return SL_OK;
	s = find_stopped(f, it->consignment, it->entry);
	if (s == NULL) {
		f->stopped = sl_grow(f->stopped, &f->stopped_cap,
		    f->stopped_n + 1, sizeof(*f->stopped));
		s = &f->stopped[f->stopped_n++];
		*s = (struct sl_face_stopped){.consignment = it->consignment,
		    .entry = it->entry,
		    .in = in};
		(void)snprintf(s->number, sizeof(s->number), "%s",
		    it->entry != 0 ? en.reception : c.reception);
	}
	p = (struct sl_stopnote){.number = s->number,
	    .name = c.name,
	    .received_ms = c.received_ms,
	    .dispo = it->dispo,
	    .reason = it->entry != 0 ? en.reason : c.reason,
	    .detail = it->entry != 0 ? en.detail : c.detail};
	if (it->dispo != SL_DISPO_quarantined)
		p.copied = copy_originals(f, dir, &c, s->number, lang);
	sl_stopnote_write(&b, lang, &p);
	(void)snprintf(file, sizeof(file), "%s.txt", s->number);
	if (sl_face_put(dir, file, b.p, b.n, SL_FACE_PAGE_MODE, NULL) != 0)
		sl_faces_complain(f, s->number, "cannot write in Stoppet");
	return SL_OK;
}

/* A copy goes only if it has the original's size still. */
static void
clear_item(struct sl_faces *f, int dir, int64_t consignment, const char *number,
    unsigned lang)
{
	struct sl_source *s = sl_alloc(COPY_MAX * sizeof(*s));
	size_t i, n, all;
	struct sl_consignment c;
	char name[128];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s.txt", number);
	(void)unlinkat(dir, name, 0);
	all = sl_source_list(f->house.store, consignment, s, COPY_MAX);
	n = all < COPY_MAX ? all : COPY_MAX;
	if (!sl_consignment_by_id(f->house.store, consignment, &c))
		n = 0;
	for (i = 0; i < n; i++) {
		original_name(lang, number, i, all, source_name(&s[i], &c),
		    name, sizeof(name));
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && (uint64_t)st.st_size == s[i].size)
			(void)unlinkat(dir, name, 0);
	}
	free(s);
}

void
sl_stopped_clear(struct sl_faces *f, struct sl_face_stopped *s)
{
	SL_CLOSE int dir = sl_faces_dir(f, s->in, SL_FACE_STOPPED);

	if (dir >= 0)
		clear_item(f, dir, s->consignment, s->number,
		    sl_faces_language(s->in));
}

static bool
stands_stopped(int dispo, bool with_held)
{
	return dispo == SL_DISPO_quarantined || dispo == SL_DISPO_broken ||
	       (with_held && dispo == SL_DISPO_held);
}

/* Clears a text of ours whose item went on while we were away. */
static void
sweep_one(struct sl_faces *f, struct sl_inlet *in, int dir, const char *file)
{
	size_t n = strlen(file);
	struct sl_consignment c;
	char number[64], reception[48];
	struct sl_entry en;
	int e = 0;
	bool stopped, several;

	if (n < 5 || n - 4 >= sizeof(number) ||
	    strcmp(file + n - 4, ".txt") != 0)
		return;
	(void)snprintf(number, sizeof(number), "%.*s", (int)(n - 4), file);
	if (!sl_reception_parse(number, reception, sizeof(reception), &e) ||
	    !sl_consignment_by_reception(f->house.store, reception, &c) ||
	    strcmp(c.queue, sl_inlet_queue(in)->name) != 0)
		return;
	if (e > 0)
		stopped =
		    sl_entry_by_number(f->house.store, reception, e, &en) &&
		    stands_stopped((int)en.dispo, false);
	else
		stopped = sl_entry_only(f->house.store, c.id, &several) == 0 &&
			  !several && stands_stopped((int)c.dispo, true);
	if (!stopped)
		clear_item(f, dir, c.id, number, sl_faces_language(in));
}

void
sl_stopped_sweep(struct sl_faces *f, struct sl_inlet *in)
{
	SL_CLOSE int dir = sl_faces_dir(f, in, SL_FACE_STOPPED);
	struct dirent **list = NULL;
	int i, n;

	n = dir >= 0 ? scandirat(dir, ".", &list, NULL, NULL) : -1;
	for (i = 0; i < n; i++) {
		sweep_one(f, in, dir, list[i]->d_name);
		sl_refused_adopt(f, in, dir, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}
