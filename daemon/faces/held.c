/*
 * Må avklares: one folder per held post, made from the store.
 *
 * The folder's name is the post's number and the documents' names are neutral:
 * a name can be read by whoever sees the share. FAILURES: what cannot be
 * written is complained of; the folder is completed at the next look or start.
 * SECURITY: everything by descriptor; only files that are surely ours are
 * removed, what somebody put in is moved to Stoppet.
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

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "facefile.h"
#include "suggest.h"
#include "words.h"

#define COPY_BYTES_MAX (UINT64_C(20) << 20)
#define COPY_MAX 10
#define SHOWN_MAX 100 /* documents named in the page */
#define PAGE_HEAD 1024 /* bytes of a page in which its title stands */
#define CASES_MAX 12 /* candidates shown */

static void
mark_of(struct sl_face_mark *m, const struct stat *st)
{
	m->ino = st->st_ino;
	m->size = st->st_size;
	m->mtime_ns =
	    (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	m->ctime_ns =
	    (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
}

void
sl_held_mark(struct sl_face_mark *m, int dirfd, const char *name)
{
	struct stat st;

	memset(m, 0, sizeof(*m));
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		mark_of(m, &st);
}

static const char *
document_word(unsigned lang)
{
	return sl_words(lang, "dokument", "document");
}

static void
copy_name(unsigned lang, const struct sl_document *d, const char *mime,
    char *out, size_t cap)
{
	(void)snprintf(out, cap, "%s-%d%s", document_word(lang), d->number,
	    sl_face_ext(mime));
}

/* Opens what holds the part. The first part of a source is the source itself:
 * its size is the file's, whatever the row says. */
static int
open_part(struct sl_store *s, struct sl_part *p)
{
	struct stat st;
	int fd;

	if (p->bundle != 0)
		return sl_files_open_bundle(sl_store_files(s), p->blob_bundle);
	fd = sl_files_open_blob(sl_store_files(s), &p->blob);
	if (fd >= 0 && p->number == 0 && fstat(fd, &st) == 0) {
		p->offset = 0;
		p->size = (uint64_t)st.st_size;
	}
	return fd;
}

static bool
has_digest(
    int dir, const char *name, uint64_t size, const struct sl_digest *want)
{
	SL_CLOSE int fd =
	    openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct sl_sha256 *h = sl_sha256_new();
	struct sl_digest is;
	char b[65536];
	ssize_t n = -1;
	uint64_t all = 0;

	/* Whoever has it open may go on writing. */
	while (fd >= 0 && all <= size &&
	       (n = sl_read_full(fd, b, sizeof(b))) > 0) {
		sl_sha256_add(h, b, (size_t)n);
		all += (uint64_t)n;
	}
	sl_sha256_end(h, &is);
	return n == 0 && all == size && memcmp(&is, want, sizeof(is)) == 0;
}

/* The copy that was made while the original was there, if it lies there still
 * as it was. */
static bool
has_copy(int dir, const char *name, struct sl_part *p)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode) || (uint64_t)st.st_size > COPY_BYTES_MAX ||
	    !has_digest(dir, name, (uint64_t)st.st_size, &p->sha256))
		return false;
	p->size = (uint64_t)st.st_size;
	return true;
}

/* Copies the documents (the first ones, to a limit) and names them all. */
static void
add_documents(struct sl_faces *f, int dir, int64_t entry, unsigned lang,
    struct sl_buf *page)
{
	struct sl_document *d = sl_alloc(SHOWN_MAX * sizeof(*d));
	size_t i, n = sl_document_list(f->house.store, entry, d, SHOWN_MAX);
	size_t copies = 0, gone = 0;
	struct sl_suggest_document row;
	uint64_t left = COPY_BYTES_MAX;
	struct sl_part p;
	char name[64];

	sl_suggest_documents_begin(page, lang);
	for (i = 0; i < n && i < SHOWN_MAX; i++) {
		SL_CLOSE int fd = -1;
		bool copied = false;

		if (!sl_part_by_id(f->house.store, d[i].part, &p))
			continue;
		fd = open_part(f->house.store, &p);
		copy_name(lang, &d[i], p.mime, name, sizeof(name));
		if (fd >= 0 && i < COPY_MAX && p.size <= left)
			copied =
			    sl_face_copy(dir, name, fd, p.offset, p.size) == 0;
		else if (fd < 0 && i < COPY_MAX)
			copied = has_copy(dir, name, &p);
		left -= copied && p.size <= left ? p.size : 0;
		copies += copied;
		gone += fd < 0 && !copied;
		row = (struct sl_suggest_document){.number = d[i].number,
		    .title = d[i].title[0] != '\0' ? d[i].title : p.name,
		    .mime = p.mime,
		    .pages = p.pages,
		    .size = p.size,
		    .gone = fd < 0 && !copied,
		    .copy = copied ? name : NULL};
		sl_suggest_document(page, lang, &row);
	}
	sl_suggest_documents_end(page, lang, n, i, copies, gone);
	free(d);
}

struct signatures {
	struct sl_buf *page;
	unsigned lang, n;
};

static enum sl_rc
add_signature(void *arg, const struct sl_note_row *r, struct sl_err *err)
{
	struct signatures *s = arg;
	const char *nb = sl_signed_nb(r->slug), *en = sl_signed_en(r->slug);

	(void)err;
	if (nb != NULL && s->n < SHOWN_MAX)
		sl_suggest_signature(s->page, s->lang, s->n++, r->file,
		    sl_words(s->lang, nb, en));
	return SL_OK;
}

/* Rows of remarks on pages: the first ones, then that there are more. */
struct remarks {
	struct sl_buf *page;
	unsigned lang, n;
	void (*row)(struct sl_buf *page, unsigned lang, unsigned nth,
	    const char *file, const char *words);
};

static void
add_remark(struct remarks *u, const char *file, const struct sl_buf *words)
{
	if (u->n < SHOWN_MAX)
		u->row(u->page, u->lang, u->n, file, sl_buf_str(words));
	else if (u->n == SHOWN_MAX)
		u->row(u->page, u->lang, u->n, file,
		    sl_words(u->lang, "og flere", "and more"));
	u->n++;
}

static void
add_pages(void *arg, const struct sl_face_pages *p)
{
	struct remarks *u = arg;
	SL_BUF struct sl_buf words = {0};

	sl_pages_say(&words, u->lang, p->first, p->last, p->reason);
	add_remark(u, p->file, &words);
}

static void
add_hard_pages(void *arg, const struct sl_face_pages *p)
{
	struct remarks *u = arg;
	SL_BUF struct sl_buf words = {0};

	sl_pages_name(&words, u->lang, p->first, p->last);
	add_remark(u, p->file, &words);
}

static enum sl_rc
add_unsure(void *arg, const struct sl_note_row *r, struct sl_err *err)
{
	struct remarks *u = arg;
	SL_BUF struct sl_buf words = {0};

	(void)err;
	if (sl_unsure_say(&words, u->lang, r->detail))
		add_remark(u, r->file, &words);
	return SL_OK;
}

static enum sl_rc
add_hard(struct sl_faces *f, const struct sl_entry *en, unsigned lang,
    struct sl_buf *b, struct sl_err *err)
{
	struct remarks hard = {b, lang, 0, sl_suggest_unsure};
	enum sl_rc rc = sl_face_unsure(f->house.store, en->consignment,
	    SHOWN_MAX + 1, add_hard_pages, &hard, err);

	sl_suggest_remarks_end(b, hard.n);
	return rc;
}

/* What is signed, and what was not read. */
static enum sl_rc
add_remarks(struct sl_faces *f, const struct sl_entry *en, unsigned lang,
    struct sl_buf *b, struct sl_err *err)
{
	struct signatures signatures = {b, lang, 0};
	struct remarks unread = {b, lang, 0, sl_suggest_pages};

	if (sl_note_each(f->house.store, en->consignment, "signed_",
		add_signature, &signatures, err) != SL_OK)
		return SL_FATAL;
	sl_suggest_remarks_end(b, signatures.n);
	if (sl_face_unread(f->house.store, en->consignment, SHOWN_MAX + 1,
		add_pages, &unread, err) != SL_OK ||
	    sl_note_each(f->house.store, en->consignment, "unread_words",
		add_unsure, &unread, err) != SL_OK)
		return SL_FATAL;
	sl_suggest_remarks_end(b, unread.n);
	return SL_OK;
}

struct candidates {
	struct sl_faces *f;
	struct sl_buf *page;
	unsigned lang, n;
	bool cases; /* this pass: the case; else the other fields */
};

static enum sl_rc
add_candidate(void *arg, const struct sl_placement_row *p, struct sl_err *err)
{
	struct candidates *c = arg;
	char title[1024] = "", status[64] = "";
	struct sl_suggest_row r = {.field = p->field,
	    .confidence = p->confidence,
	    .accepted = p->accepted,
	    .value = p->value,
	    .evidence = p->evidence,
	    .case_title = title,
	    .case_status = status};
	bool is_case = p->field == SL_FIELD_case_number;

	(void)err;
	if (is_case != c->cases || p->value[0] == '\0' ||
	    (is_case ? c->n >= CASES_MAX : p->rank > 0))
		return SL_OK;
	if (!is_case) {
		sl_suggest_field(c->page, c->lang, c->n++, &r);
		return SL_OK;
	}
	c->n++;
	r.case_known = sl_face_case(c->f->house.store, p->value, title,
	    sizeof(title), status, sizeof(status));
	sl_suggest_case(c->page, c->lang, &r);
	return SL_OK;
}

static const char *
why_words(unsigned lang, const struct sl_entry *en)
{
	const struct sl_reason *r = sl_reason_find(en->reason);

	if (r == NULL)
		return sl_words(
		    lang, "En person må avgjøre.", "A person must decide.");
	return sl_words(lang, r->nb, r->en);
}

static enum sl_rc
write_page(struct sl_faces *f, const struct sl_face_held *h, int dir,
    const struct sl_entry *en, struct sl_err *err)
{
	const struct sl_queue_config *q = sl_inlet_queue(h->in);
	unsigned lang = q->language;
	SL_BUF struct sl_buf b = {0};
	struct candidates c = {f, &b, lang, 0, true};
	struct sl_entry first = {0};
	struct sl_suggest_head head = {.number = h->number,
	    .name = en->name,
	    .tenant = f->house.cfg->instance.name,
	    .queue = q->name,
	    .why = why_words(lang, en),
	    .reason = en->reason,
	    .detail = en->detail,
	    .owner = sl_faces_owner(lang, sl_reason_find(en->reason)),
	    .distribution = q->distribution_case,
	    .received_ms = en->received_ms,
	    .until_ms = en->held_until_ms,
	    .duplicate_of = first.reception};

	if (en->duplicate_of != 0)
		(void)sl_entry_by_id(f->house.store, en->duplicate_of, &first);
	sl_suggest_begin(&b, lang, &head);
	if (add_hard(f, en, lang, &b, err) != SL_OK)
		return SL_FATAL;
	sl_suggest_cases_begin(&b, lang);
	if (sl_placement_each(f->house.store, en->id, en->revision,
		add_candidate, &c, err) != SL_OK)
		return SL_FATAL;
	sl_suggest_cases_end(&b, lang, c.n);
	c.cases = false;
	c.n = 0;
	sl_suggest_fields_begin(&b, lang);
	if (sl_placement_each(f->house.store, en->id, en->revision,
		add_candidate, &c, err) != SL_OK)
		return SL_FATAL;
	sl_suggest_fields_end(&b, lang, c.n);
	add_documents(f, dir, en->id, lang, &b);
	if (add_remarks(f, en, lang, &b, err) != SL_OK)
		return SL_FATAL;
	sl_suggest_end(&b, lang);
	if (sl_face_put(dir, sl_suggest_name(lang), b.p, b.n, SL_FACE_PAGE_MODE,
		NULL) != 0)
		sl_faces_complain(f, h->number, "cannot write suggestions");
	return SL_OK;
}

static void
note_text(const struct sl_face_held *h, const struct sl_entry *en,
    const struct sl_settle *was, const char *answer, struct sl_buf *out)
{
	const struct sl_queue_config *q = sl_inlet_queue(h->in);
	struct sl_settle_page p = {.number = h->number,
	    .why = why_words(q->language, en),
	    .reason = en->reason,
	    .detail = en->detail,
	    .until_ms = en->held_until_ms,
	    .distribution = q->distribution_case,
	    .was = was,
	    .answer = answer,
	    .answered_ms = sl_clock_utc_ms()};

	sl_settle_write(out, q->language, &p);
}

static void
write_note(struct sl_faces *f, struct sl_face_held *h, int dir,
    const struct sl_entry *en, const struct sl_settle *was, const char *answer)
{
	const char *name = sl_settle_name(sl_faces_language(h->in));
	SL_BUF struct sl_buf b = {0};
	struct stat st;

	note_text(h, en, was, answer, &b);
	memset(&h->wrote, 0, sizeof(h->wrote));
	if (answer == NULL) /* an answer repeats what was written */
		sl_sha256(b.p, b.n, &h->wrote);
	memset(&h->note, 0, sizeof(h->note));
	if (sl_face_put(dir, name, b.p, b.n, SL_FACE_NOTE_MODE, &st) == 0)
		mark_of(&h->note, &st);
	else
		sl_faces_complain(f, h->number, "cannot write the note");
	h->note.ctime_ns = 0;
	h->seen = h->note;
	h->missing = 0;
}

/* Says it another reason than the post has now, and has nobody written in it?
 * Who has, his words stay: it must be what we wrote last, to the byte. After a
 * start we know that only of one that says what we would write now. */
static bool
is_old_note(struct sl_face_held *h, int dir, const struct sl_entry *en)
{
	const char *name = sl_settle_name(sl_faces_language(h->in));
	SL_BUF struct sl_buf is = {0}, should = {0};
	struct sl_digest d;
	struct sl_settle s;
	struct sl_err err;

	if (sl_read_file(dir, name, SL_SETTLE_FILE_MAX, &is, &err) != SL_OK)
		return false;
	note_text(h, en, NULL, NULL, &should);
	sl_sha256(is.p, is.n, &d);
	if (is.n >= should.n && memcmp(is.p, should.p, should.n) == 0) {
		if (is.n == should.n)
			h->wrote = d;
		return false;
	}
	sl_settle_parse(sl_buf_str(&is), is.n, &s);
	return s.kind == SL_SETTLED_NOTHING &&
	       memcmp(&d, &h->wrote, sizeof(d)) == 0;
}

void
sl_held_answer(struct sl_faces *f, struct sl_face_held *h,
    const struct sl_settle *was, const char *answer)
{
	SL_CLOSE int settle = sl_faces_dir(f, h->in, SL_FACE_SETTLE);
	SL_CLOSE int dir = -1;
	struct sl_entry en;

	if (settle >= 0)
		dir = sl_open_dir(settle, h->folder);
	if (dir >= 0 && sl_entry_by_id(f->house.store, h->entry, &en))
		write_note(f, h, dir, &en, was, answer);
}

struct sl_face_held *
sl_held_find(struct sl_faces *f, int64_t entry)
{
	size_t i;

	for (i = 0; i < f->held_n; i++)
		if (f->held[i].entry == entry)
			return &f->held[i];
	return NULL;
}

struct sl_face_held *
sl_held_add(struct sl_faces *f, struct sl_inlet *in, int64_t consignment,
    int64_t entry, const char *number, const char *folder)
{
	struct sl_face_held *h;

	f->held =
	    sl_grow(f->held, &f->held_cap, f->held_n + 1, sizeof(*f->held));
	h = &f->held[f->held_n++];
	*h = (struct sl_face_held){
	    .consignment = consignment, .entry = entry, .in = in};
	(void)snprintf(h->number, sizeof(h->number), "%s", number);
	(void)snprintf(h->folder, sizeof(h->folder), "%s", folder);
	return h;
}

enum sl_rc
sl_held_make(
    struct sl_faces *f, const struct sl_face_item *it, struct sl_err *err)
{
	struct sl_inlet *in = sl_faces_inlet(f, it->queue);
	struct sl_face_held *h = sl_held_find(f, it->entry);
	SL_CLOSE int settle = sl_faces_dir(f, in, SL_FACE_SETTLE);
	SL_CLOSE int dir = -1;
	struct sl_entry en;
	struct stat st;
	enum sl_rc rc;

	/* Not there now: once it is, its folders are looked through first. */
	if (!sl_entry_by_id(f->house.store, it->entry, &en) ||
	    (h == NULL && settle < 0))
		return SL_OK;
	if (h == NULL)
		h = sl_held_add(f, in, it->consignment, it->entry, en.reception,
		    en.reception);
	/* One that was renamed decides at the next look: no other is made. */
	if (settle >= 0 && h->ino != 0 &&
	    fstatat(settle, h->folder, &st, AT_SYMLINK_NOFOLLOW) != 0)
		(void)sl_held_renamed(h, settle);
	if (settle >= 0)
		dir = sl_face_dir(settle, h->folder);
	if (dir < 0 || fstat(dir, &st) != 0) {
		sl_faces_complain(f, h->number, "cannot make a folder");
		return SL_OK;
	}
	h->dev = st.st_dev;
	h->ino = st.st_ino;
	rc = write_page(f, h, dir, &en, err);
	/* What a person may have begun to fill in is not written over. */
	if (h->decided ||
	    fstatat(dir, sl_settle_name(sl_faces_language(in)), &st,
		AT_SYMLINK_NOFOLLOW) != 0 ||
	    is_old_note(h, dir, &en))
		write_note(f, h, dir, &en, NULL, NULL);
	h->decided = false;
	return rc;
}

/* What was read again has no documents of its own any more: a copy has the name
 * of one and the size of one of the files. */
static bool
is_old_copy(struct sl_faces *f, int64_t entry, const char *name, uint64_t size)
{
	struct sl_entry en;
	unsigned lang;
	size_t n;

	for (lang = SL_LANGUAGE_NB; lang <= SL_LANGUAGE_EN; lang++) {
		const char *word = document_word(lang);

		n = strlen(word);
		if (strncmp(name, word, n) == 0 && name[n] == '-' &&
		    name[n + 1] >= '1' && name[n + 1] <= '9')
			return sl_entry_by_id(f->house.store, entry, &en) &&
			       en.outcome == SL_OUTCOME_replaced &&
			       sl_part_so_long(
				   f->house.store, en.consignment, size);
	}
	return false;
}

/* The digest of the document whose name and size a copy has. */
static bool
find_copy(struct sl_faces *f, int64_t entry, const char *name, uint64_t size,
    struct sl_digest *ret)
{
	struct sl_document d[COPY_MAX];
	size_t i, n = sl_document_list(f->house.store, entry, d, COPY_MAX);
	struct sl_part p;
	char ours[64];
	unsigned lang;

	for (i = 0; i < n && i < COPY_MAX; i++) {
		SL_CLOSE int fd = -1;

		if (!sl_part_by_id(f->house.store, d[i].part, &p))
			continue;
		fd = open_part(f->house.store, &p);
		if (p.size != size)
			continue;
		*ret = p.sha256;
		for (lang = SL_LANGUAGE_NB; lang <= SL_LANGUAGE_EN; lang++) {
			copy_name(lang, &d[i], p.mime, ours, sizeof(ours));
			if (strcmp(ours, name) == 0)
				return true;
		}
	}
	return false;
}

static bool
is_copy(struct sl_faces *f, int64_t entry, const char *name, uint64_t size)
{
	struct sl_digest unused;
	struct sl_document one;

	return find_copy(f, entry, name, size, &unused) ||
	       (sl_document_list(f->house.store, entry, &one, 1) == 0 &&
		   is_old_copy(f, entry, name, size));
}

/* A text or page that we write, or what file managers leave. */
static bool
is_own_name(const char *name)
{
	static const char *const junk[] = {
	    "Thumbs.db", "desktop.ini", ".DS_Store", NULL};
	size_t n = strlen(name);
	unsigned lang, i;

	for (lang = SL_LANGUAGE_NB; lang <= SL_LANGUAGE_EN; lang++)
		if (strcmp(name, sl_suggest_name(lang)) == 0 ||
		    strcmp(name, sl_settle_name(lang)) == 0)
			return true;
	if (name[0] == '.' && n > 5 && strcmp(name + n - 5, ".part") == 0)
		return true;
	for (i = 0; junk[i] != NULL; i++)
		if (strcmp(name, junk[i]) == 0)
			return true;
	return false;
}

/* By name and size. */
static bool
is_ours(
    struct sl_faces *f, int64_t entry, const char *name, const struct stat *st)
{
	return S_ISREG(st->st_mode) &&
	       (is_own_name(name) ||
		   is_copy(f, entry, name, (uint64_t)st->st_size));
}

bool
sl_held_all_ours(struct sl_faces *f, int dir, int64_t entry)
{
	int fd = sl_open_dir(dir, ".");
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct sl_digest digest;
	struct dirent *de;
	struct stat st;
	uint64_t left = COPY_BYTES_MAX, size; /* no more was copied there */
	bool ours = d != NULL;

	if (d == NULL) {
		sl_cleanup_close(&fd);
		return false;
	}
	while (ours && (de = readdir(d)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		ours = fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		       S_ISREG(st.st_mode) && st.st_uid == geteuid();
		if (!ours || is_own_name(de->d_name))
			continue;
		size = (uint64_t)st.st_size;
		ours = size <= left &&
		       find_copy(f, entry, de->d_name, size, &digest) &&
		       has_digest(fd, de->d_name, size, &digest);
		left -= ours ? size : 0;
	}
	(void)closedir(d);
	return ours;
}

/* "M26-004711-3.1 <name>" into Stoppet. */
static void
move_aside(struct sl_faces *f, struct sl_inlet *in, int dir, const char *name,
    const char *number)
{
	SL_CLOSE int to = sl_faces_dir(f, in, SL_FACE_STOPPED);
	SL_BUF struct sl_buf b = {0};

	sl_buf_printf(&b, "%s ", number);
	sl_face_safe_name(&b, name, 180);
	if (to < 0 || sl_face_move_beside(dir, name, to, sl_buf_str(&b)) != 0)
		sl_faces_complain(f, number, "cannot move a file to Stoppet");
}

static void
clear_folder(struct sl_faces *f, struct sl_inlet *in, int settle,
    const char *folder, int64_t entry, const char *number)
{
	int fd = sl_open_dir(settle, folder);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;
	struct stat st;

	if (d == NULL) {
		sl_cleanup_close(&fd);
		return;
	}
	while ((de = readdir(d)) != NULL) {
		if (!sl_name_is_plain(de->d_name) ||
		    fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (is_ours(f, entry, de->d_name, &st))
			(void)unlinkat(fd, de->d_name, 0);
		else
			move_aside(f, in, fd, de->d_name, number);
	}
	(void)closedir(d);
	if (unlinkat(settle, folder, AT_REMOVEDIR) != 0 && errno != ENOENT)
		sl_faces_complain(f, number, "cannot remove a folder");
}

/* The number stands in the head of our page. */
static bool
page_named(
    int dir, const char *page, char *ret_reception, size_t cap, int *ret_entry)
{
	SL_CLOSE int fd =
	    openat(dir, page, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char head[PAGE_HEAD + 1], *number, *end;
	ssize_t n = fd >= 0 ? sl_read_full(fd, head, PAGE_HEAD) : -1;

	if (n < 0)
		return false;
	head[n] = '\0';
	number = strstr(head, "<title>");
	end = number != NULL ? strstr(number, "</title>") : NULL;
	if (end == NULL)
		return false;
	*end = '\0';
	return sl_reception_parse(
		   number + strlen("<title>"), ret_reception, cap, ret_entry) &&
	       *ret_entry > 0;
}

bool
sl_held_named(int dir, char *ret_reception, size_t cap, int *ret_entry)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_settle s;
	struct sl_err err;
	unsigned lang;

	for (lang = SL_LANGUAGE_NB; lang <= SL_LANGUAGE_EN; lang++) {
		sl_buf_reset(&b);
		if (sl_read_file(dir, sl_settle_name(lang), SL_SETTLE_FILE_MAX,
			&b, &err) != SL_OK)
			continue;
		sl_settle_parse(sl_buf_str(&b), b.n, &s);
		if (sl_reception_parse(
			s.number, ret_reception, cap, ret_entry) &&
		    *ret_entry > 0)
			return true;
	}
	for (lang = SL_LANGUAGE_NB; lang <= SL_LANGUAGE_EN; lang++)
		if (page_named(dir, sl_suggest_name(lang), ret_reception, cap,
			ret_entry))
			return true;
	return false;
}

/* The post a folder is about: by its name, else by what lies in it. */
static bool
number_of(int settle, const char *folder, char *ret_reception, size_t n,
    int *ret_entry)
{
	SL_CLOSE int dir = sl_open_dir(settle, folder);

	if (dir < 0)
		return false;
	return (sl_reception_parse(folder, ret_reception, n, ret_entry) &&
		   *ret_entry > 0) ||
	       sl_held_named(dir, ret_reception, n, ret_entry);
}

static void
adopt_one(
    struct sl_faces *f, struct sl_inlet *in, int settle, const char *folder)
{
	struct sl_face_held *h;
	char reception[48];
	struct sl_entry en;
	struct stat st;
	int number = 0;

	if (!number_of(settle, folder, reception, sizeof(reception), &number) ||
	    !sl_entry_by_number(f->house.store, reception, number, &en) ||
	    strcmp(en.queue, sl_inlet_queue(in)->name) != 0)
		return; /* somebody's own folder */
	if (en.dispo != SL_DISPO_held) {
		clear_folder(f, in, settle, folder, en.id, en.reception);
		return;
	}
	/* A copy of a folder is not a decision while the folder is there. */
	if (sl_held_find(f, en.id) != NULL ||
	    (strcmp(folder, en.reception) != 0 &&
		fstatat(settle, en.reception, &st, AT_SYMLINK_NOFOLLOW) == 0))
		return;
	h = sl_held_add(f, in, en.consignment, en.id, en.reception, folder);
	if (fstatat(settle, folder, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		h->dev = st.st_dev;
		h->ino = st.st_ino;
	}
}

void
sl_held_adopt(struct sl_faces *f, struct sl_inlet *in)
{
	SL_CLOSE int settle = sl_faces_dir(f, in, SL_FACE_SETTLE);
	struct dirent **list = NULL;
	int i, n;

	n = settle >= 0 ? scandirat(settle, ".", &list, NULL, NULL) : -1;
	for (i = 0; i < n; i++) {
		if (sl_name_is_plain(list[i]->d_name))
			adopt_one(f, in, settle, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

void
sl_held_clear(struct sl_faces *f, struct sl_face_held *h)
{
	SL_CLOSE int settle = sl_faces_dir(f, h->in, SL_FACE_SETTLE);

	if (settle >= 0)
		clear_folder(f, h->in, settle, h->folder, h->entry, h->number);
}
