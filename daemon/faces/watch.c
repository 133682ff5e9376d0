/*
 * Decisions that people make in the folders.
 *
 * A note is acted on when it has changed since we handled it and was the same
 * at two looks (editors truncate, then write). What we write is remembered, so
 * our own answer is never read as a question. The actor is the file's owner;
 * where our own file was written in, or the folder renamed, the owner is still
 * ourselves and the file system does not tell who: the actor is the queue.
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
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "facefile.h"
#include "words.h"

#define LOOKS_MAX 200 /* folders a look; the others have their turn */

static void
actor_of_queue(const struct sl_face_held *h, char *out, size_t cap)
{
	SL_BUF struct sl_buf b = {0};

	sl_buf_printf(&b, "queue:%s", sl_inlet_queue(h->in)->name);
	(void)sl_slice_copy(sl_slice_buf(&b), out, cap);
}

/* Where the answer depends on nothing else. */
static const char *
plain_words(unsigned lang, const char *slug)
{
	static const struct sl_worded t[] = {
	    {"no_new_cases",
		"Sluse har ikke lov til å opprette saker i dette "
		"sak-/arkivsystemet. Opprett saken\r\nder, og skriv nummeret "
		"på linjen Sak:",
		"Sluse may not make cases in this case system. Make the case "
		"there, and write its\r\nnumber on the line Case:"},
	    {"closed_queue",
		"For en lukket kø oppretter Sluse ingen saker: tittelen ville "
		"stått åpent. Opprett\r\nsaken i sak-/arkivsystemet, og skriv "
		"nummeret på linjen Sak:",
		"Sluse makes no cases for a closed queue: the title would be "
		"open. Make the case in\r\nthe case system, and write its "
		"number on the line Case:"},
	    {"bad_title", "Tittelen på en sak må ha fra 3 til 255 tegn.",
		"The title of a case has from 3 to 255 characters."},
	    {"same_post", "En post kan ikke høre til seg selv.",
		"A post cannot belong to itself."},
	    {"waits_in_circle",
		"Den posten venter på denne. Avgjør en av dem på en annen "
		"måte.",
		"That post waits for this one. Decide one of them in another "
		"way."},
	    {"several_posts",
		"Flere poster har det navnet. Skriv mottaksnummeret i stedet.",
		"Several posts have that name. Write the reception number "
		"instead."},
	    {"other_not_archived",
		"Den posten ble avsluttet uten sak. Skriv saksnummeret på "
		"linjen Sak:",
		"That post ended without a case. Write a case number on the "
		"line Case:"},
	};

	return sl_worded(t, sizeof(t) / sizeof(t[0]), lang, slug);
}

/* What people are told when it cannot be. */
static void
explain(struct sl_buf *out, unsigned lang, const char *value,
    const struct sl_err *err)
{
	const char *slug = err->reason != NULL ? err->reason : "";
	const struct sl_reason *r = sl_reason_find(slug);

	if (strcmp(slug, "unknown_case") == 0)
		sl_buf_printf(out, "%s %s %s", sl_words(lang, "Saken", "Case"),
		    value,
		    sl_words(lang, "er ikke kjent. Sjekk nummeret.",
			"is not known. Check the number."));
	else if (strcmp(slug, "case_closed") == 0)
		sl_buf_printf(out, "%s %s %s", sl_words(lang, "Saken", "Case"),
		    value, sl_words(lang, "er avsluttet.", "is closed."));
	else if (strcmp(slug, "unknown_post") == 0)
		sl_buf_printf(out, "%s %s", value,
		    sl_words(lang,
			"er ikke en post i denne køen. Sjekk nummeret; har "
			"forsendelsen flere poster, må .1 eller .2 være med.",
			"is no post of this queue. Check the number; if the "
			"delivery holds several, .1 or .2 must be there."));
	else if (plain_words(lang, slug) != NULL)
		sl_buf_add_str(out, plain_words(lang, slug));
	else if (r != NULL)
		sl_buf_add_str(out, sl_words(lang, r->nb, r->en));
	else if (lang == SL_LANGUAGE_EN)
		sl_buf_printf(out, "It cannot be: %s.", err->text);
	else
		sl_buf_add_str(out,
		    "Posten kan ikke avgjøres slik den står nå. IT-drift kan "
		    "se hvorfor med sluse explain.");
}

/* True if it was done, or the house has failed; else out holds the answer. */
static bool
done(struct sl_faces *f, const struct sl_face_held *h, enum sl_rc rc,
    const struct sl_err *err, const char *value, struct sl_buf *out)
{
	if (rc == SL_FATAL)
		f->house.fail(f->house.arg, err);
	if (rc == SL_OK || rc == SL_FATAL)
		return true;
	explain(out, sl_faces_language(h->in), value, err);
	return false;
}

static bool
assign(struct sl_faces *f, const struct sl_face_held *h,
    const char *case_number, const char *actor, struct sl_buf *out)
{
	struct sl_err err = {0};

	return done(f, h,
	    f->house.assign(
		f->house.arg, h->number, case_number, NULL, actor, &err),
	    &err, case_number, out);
}

static bool
reject(struct sl_faces *f, const struct sl_face_held *h, const char *why,
    const char *actor, struct sl_buf *out)
{
	struct sl_err err = {0};

	if (strlen(why) < SL_WHY_MIN) {
		sl_buf_add_str(
		    out, sl_words(sl_faces_language(h->in),
			     "Skriv en begrunnelse for at posten ikke er "
			     "arkivverdig.",
			     "Write the reason why the post is not "
			     "archive-worthy."));
		return false;
	}
	return done(f, h,
	    f->house.reject(f->house.arg, h->number, why, actor, &err), &err,
	    "", out);
}

static bool
new_case(struct sl_faces *f, const struct sl_face_held *h, const char *title,
    const char *actor, struct sl_buf *out)
{
	struct sl_err err = {0};

	return done(f, h,
	    f->house.new_case(f->house.arg, h->number, title, actor, &err),
	    &err, title, out);
}

/* Of this queue only: who may see one queue need not see the others. A post
 * that waits for the other is not decided, and its folder stays. */
static bool
belongs(struct sl_faces *f, const struct sl_face_held *h, const char *other,
    const char *actor, struct sl_buf *out)
{
	unsigned lang = sl_faces_language(h->in);
	struct sl_err err = {0};
	char waits_for[48];
	enum sl_rc rc = f->house.follow(f->house.arg, h->number, other,
	    sl_inlet_queue(h->in)->name, actor, waits_for, &err);

	if (!done(f, h, rc, &err, other, out))
		return false;
	if (rc == SL_FATAL || waits_for[0] == '\0')
		return true;
	sl_buf_printf(out, "%s %s%s",
	    sl_words(lang, "Notert. Posten venter på", "Noted. It waits for"),
	    waits_for,
	    sl_words(lang,
		", og følger med til samme sak når den er\r\navgjort. "
		"Fram til da kan du fortsatt avgjøre den selv her.",
		", and goes to the same case once that is\r\ndecided. "
		"Until then you can still decide it here."));
	return false;
}

/* What decides nothing, whatever the house would say of it. */
static void
explain_note(struct sl_buf *out, unsigned lang, const struct sl_settle *s)
{
	static const char *const texts[][2] = {
	    [SL_SETTLED_SEVERAL] = {"Flere linjer er fylt ut. La bare én stå.",
		"Several lines are filled in. Leave only one."},
	    [SL_SETTLED_UNLABELLED] =
		{"Skriv saksnummeret på linjen som begynner med Sak:",
		    "Write the case number on the line that begins with Case:"},
	    [SL_SETTLED_UNKNOWN] =
		{"Dette ble ikke forstått. Fyll ut én av linjene over. Det som "
		 "sto der: ",
		    "This was not understood. Fill in one of the lines above. "
		    "What was there: "},
	    [SL_SETTLED_EMPTY] =
		{"Filen var tom, og er laget på nytt. Det avgjør ingenting: "
		 "fyll ut én av linjene\r\nover.",
		    "The file was empty, and was made anew. That decides "
		    "nothing: fill in one of the\r\nlines above."},
	};

	if (s->kind == SL_SETTLED_HELP)
		sl_buf_printf(out, "%s %s:%s",
		    sl_words(lang,
			"Det ble skrevet i forklaringen, og avgjør "
			"ingenting der.\r\nSkriv det på linjen over som "
			"begynner med",
			"It was written in the explanation, and decides "
			"nothing there.\r\nWrite it on the line above that "
			"begins with"),
		    sl_settle_label(lang, s->line),
		    sl_words(
			lang, "\r\nDet som sto der: ", "\r\nWhat was there: "));
	else
		sl_buf_add_str(
		    out, sl_words(lang, texts[s->kind][0], texts[s->kind][1]));
	if (s->kind == SL_SETTLED_HELP || s->kind == SL_SETTLED_UNKNOWN)
		sl_text_display(out, s->unknown, strlen(s->unknown));
}

/* Acts on what was filled in. True if the post is decided. */
static bool
decide(struct sl_faces *f, const struct sl_face_held *h,
    const struct sl_settle *s, const char *actor, struct sl_buf *out)
{
	unsigned lang = sl_faces_language(h->in);

	if (s->kind != SL_SETTLED_LINE) {
		explain_note(out, lang, s);
		return false;
	}
	switch (s->line) {
	case SL_SETTLE_CASE:
		if (s->case_number[0] != '\0')
			return assign(f, h, s->case_number, actor, out);
		sl_buf_add_str(
		    out, sl_words(lang,
			     "Dette er ikke et saksnummer. Skriv det slik: "
			     "2026/211",
			     "This is not a case number. Write it like this: "
			     "2026/211"));
		return false;
	case SL_SETTLE_NEW_CASE:
		return new_case(f, h, s->value[s->line], actor, out);
	case SL_SETTLE_NOT_WORTHY:
		return reject(f, h, s->value[s->line], actor, out);
	case SL_SETTLE_BELONGS:
		return belongs(f, h, s->value[s->line], actor, out);
	case SL_SETTLE_LINES:
		break;
	}
	return false;
}

static bool
same(const struct sl_face_mark *a, const struct sl_face_mark *b)
{
	return a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns &&
	       (a->ctime_ns == b->ctime_ns || a->ctime_ns == 0 ||
		   b->ctime_ns == 0);
}

/* What is not a file we can read is moved out of the way, not lost. */
static void
refuse_note(
    struct sl_faces *f, struct sl_face_held *h, int dir, const char *name)
{
	SL_CLOSE int to = sl_faces_dir(f, h->in, SL_FACE_STOPPED);
	SL_FREE char *moved = sl_asprintf("%s %s", h->number, name);

	if (to < 0 || sl_face_move_beside(dir, name, to, moved) != 0) {
		sl_faces_complain(f, h->number, "cannot move a note");
		return;
	}
	sl_held_answer(f, h, NULL,
	    sl_words(sl_faces_language(h->in),
		"Filen som lå her, kunne ikke leses. Den er flyttet til "
		"Stoppet.",
		"The file that lay here could not be read. It was moved to "
		"Stopped."));
}

static void
read_note(struct sl_faces *f, struct sl_face_held *h, int dir, const char *name)
{
	SL_CLOSE int fd =
	    openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char bytes[SL_SETTLE_FILE_MAX + 1], actor[64];
	SL_BUF struct sl_buf out = {0};
	struct sl_face_mark now;
	struct sl_settle s;
	struct stat st;
	ssize_t n;

	if (fd < 0 && (errno == ENOENT || errno == EACCES))
		return; /* gone, or not ours to read: looked at again */
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)SL_SETTLE_FILE_MAX) {
		refuse_note(f, h, dir, name);
		return;
	}
	n = sl_read_full(fd, bytes, sizeof(bytes));
	if (n < 0)
		return;
	h->note = h->seen;
	sl_settle_parse(bytes, (size_t)n, &s);
	if (s.kind == SL_SETTLED_NOTHING)
		return;
	if (st.st_uid == geteuid())
		actor_of_queue(h, actor, sizeof(actor));
	else
		(void)snprintf(
		    actor, sizeof(actor), "uid:%u", (unsigned)st.st_uid);
	h->decided = decide(f, h, &s, actor, &out);
	sl_held_mark(&now, dir, name);
	/* Written anew meanwhile: that is looked at, and not written over. */
	if (!h->decided && same(&now, &h->note))
		sl_held_answer(f, h, &s, sl_buf_str(&out));
}

static const char *
gone_words(unsigned lang)
{
	return sl_words(lang,
	    "Denne filen var borte og er laget på nytt. Å slette den avgjør "
	    "ingenting: fyll ut\r\nén av linjene over.",
	    "This file was gone and was made anew. Deleting it decides "
	    "nothing: fill in one of\r\nthe lines above.");
}

static void
look_at_note(struct sl_faces *f, struct sl_face_held *h, int dir)
{
	const char *name = sl_settle_name(sl_faces_language(h->in));
	struct sl_face_mark now;

	sl_held_mark(&now, dir, name);
	if (now.ino == 0) {
		/* Some editors rename: only what stays away is made again. */
		if (++h->missing > 1)
			sl_held_answer(f, h, NULL,
			    h->note.ino == 0
				? NULL
				: gone_words(sl_faces_language(h->in)));
		return;
	}
	h->missing = 0;
	if (same(&now, &h->note)) {
		h->note = now;
		return;
	}
	if (same(&now, &h->seen))
		read_note(f, h, dir, name);
	else
		h->seen = now;
}

/* Our texts in it name another post: it was given the inode of one that is
 * deleted. */
static bool
is_of_another(const struct sl_face_held *h, int settle, const char *folder)
{
	SL_CLOSE int dir = sl_open_dir(settle, folder);
	char reception[48], number[64];
	int entry = 0;

	if (dir < 0 ||
	    !sl_held_named(dir, reception, sizeof(reception), &entry))
		return false;
	(void)snprintf(number, sizeof(number), "%s.%d", reception, entry);
	return strcmp(number, h->number) != 0;
}

bool
sl_held_renamed(struct sl_face_held *h, int settle)
{
	int fd = sl_open_dir(settle, ".");
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;
	struct stat st;
	bool found = false;

	if (d == NULL) {
		sl_cleanup_close(&fd);
		return false;
	}
	while (!found && (de = readdir(d)) != NULL) {
		if (de->d_ino != h->ino || !sl_name_is_plain(de->d_name) ||
		    fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    st.st_ino != h->ino || st.st_dev != h->dev ||
		    !S_ISDIR(st.st_mode) ||
		    is_of_another(h, settle, de->d_name))
			continue;
		found = true;
		(void)snprintf(h->folder, sizeof(h->folder), "%s", de->d_name);
	}
	(void)closedir(d);
	return found;
}

static void
decide_by_name(struct sl_faces *f, struct sl_face_held *h, int settle)
{
	unsigned lang = sl_faces_language(h->in);
	SL_BUF struct sl_buf out = {0};
	char actor[64], number[64];

	h->decided = false;
	actor_of_queue(h, actor, sizeof(actor));
	if (!sl_settle_folder(h->folder, h->number, number, sizeof(number)))
		sl_buf_add_str(&out,
		    sl_words(lang,
			"Mappens nye navn er ikke et saksnummer. Skriv det "
			"slik: 2026-211",
			"The folder's new name is not a case number. Write "
			"it like this: 2026-211"));
	else
		h->decided = assign(f, h, number, actor, &out);
	/* Back to its number, so that a name is acted on once. */
	if (renameat2(settle, h->folder, settle, h->number, RENAME_NOREPLACE) ==
	    0)
		(void)snprintf(h->folder, sizeof(h->folder), "%s", h->number);
	if (!h->decided)
		sl_held_answer(f, h, NULL, sl_buf_str(&out));
}

static void
look_at(struct sl_faces *f, struct sl_face_held *h)
{
	SL_CLOSE int settle = sl_faces_dir(f, h->in, SL_FACE_SETTLE);
	SL_CLOSE int dir = -1;
	struct stat st;

	if (settle < 0)
		return;
	dir = sl_open_dir(settle, h->folder);
	if (dir >= 0 && fstat(dir, &st) == 0 &&
	    (st.st_ino != h->ino || st.st_dev != h->dev)) {
		/* Another folder has its name: made anew, or moved. */
		h->ino = st.st_ino;
		h->dev = st.st_dev;
	}
	if (dir < 0 && errno == ENOENT) {
		if (!sl_held_renamed(h, settle)) {
			/* Removed: that decides nothing. */
			(void)snprintf(
			    h->folder, sizeof(h->folder), "%s", h->number);
			sl_faces_changed(f, h->consignment);
			return;
		}
		dir = sl_open_dir(settle, h->folder);
	}
	if (dir < 0)
		return;
	if (strcmp(h->folder, h->number) != 0)
		decide_by_name(f, h, settle);
	else
		look_at_note(f, h, dir);
}

void
sl_held_watch(struct sl_faces *f)
{
	size_t i, n = f->held_n < LOOKS_MAX ? f->held_n : LOOKS_MAX;

	for (i = 0; i < n && !sl_faces_failed(f); i++)
		look_at(f, &f->held[f->held_turn++ % f->held_n]);
}
