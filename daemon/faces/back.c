/*
 * A folder of Må avklares that somebody dragged to Inn is no new post.
 *
 * It is known by our texts in it, which name the post; never by its own name,
 * which anybody may give to other post, nor by its inode, which the next folder
 * gets once this one is deleted. It goes back to where it stood if all of it is
 * ours and nobody wrote in it; else to Stoppet. FAILURES: what was claimed
 * stays a claim until it is moved whole; a crash between finds it again.
 * Nothing of it is removed. SECURITY: senders may name the files of a folder
 * that a program drops: nothing is decided by it, and no copy is believed
 * unread.
 */
#include "faces_p.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "facefile.h"
#include "words.h"

#define NAMES_MAX 1000

/* The post that a claimed folder is of. */
static bool
post_of(struct sl_faces *f, int dir, struct sl_entry *ret)
{
	char reception[48];
	int number = 0;

	return sl_held_named(dir, reception, sizeof(reception), &number) &&
	       sl_entry_by_number(f->house.store, reception, number, ret);
}

/* Is there nothing in the note that a person wrote? */
static bool
is_unwritten(int dir, unsigned lang)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_settle s;
	struct sl_err err;
	enum sl_rc rc = sl_read_file(
	    dir, sl_settle_name(lang), SL_SETTLE_FILE_MAX, &b, &err);

	/* What cannot be read may have been written by a person. */
	if (rc != SL_OK)
		return rc == SL_SKIP; /* there is none */
	sl_settle_parse(sl_buf_str(&b), b.n, &s);
	return s.kind == SL_SETTLED_NOTHING || s.kind == SL_SETTLED_EMPTY;
}

static const char *
back_words(unsigned lang)
{
	return sl_words(lang,
	    "Mappen var flyttet til Inn, og er lagt tilbake hit. Posten er "
	    "mottatt fra før, og er\r\nikke mottatt på nytt: fyll ut én av "
	    "linjene over.",
	    "The folder was moved to Inbox, and was put back here. The post "
	    "was received before,\r\nand was not received again: fill in one "
	    "of the lines above.");
}

/* Makes room for it where another stands by now, made anew in the meantime.
 * False: somebody wrote in that one; or there is none of that name, and the
 * folder that was made for it may have been renamed, which decides. */
static bool
make_room(struct sl_faces *f, struct sl_face_held *h, int settle,
    const struct stat *back)
{
	SL_CLOSE int dir = sl_open_dir(settle, h->folder);
	struct stat st;

	if (dir < 0)
		return errno == ENOENT && h->dev == back->st_dev &&
		       h->ino == back->st_ino;
	if (fstat(dir, &st) != 0 || st.st_dev != h->dev ||
	    st.st_ino != h->ino || !is_unwritten(dir, sl_faces_language(h->in)))
		return false;
	sl_held_clear(f, h);
	return true;
}

/* SL_SKIP: it cannot go back. */
static enum sl_rc
put_back(struct sl_faces *f, struct sl_inlet *in, const struct sl_claim *c,
    int dir, const struct sl_entry *en, struct sl_err *err)
{
	unsigned lang = sl_faces_language(in);
	SL_CLOSE int settle = sl_faces_dir(f, in, SL_FACE_SETTLE);
	struct sl_face_held *h = sl_held_find(f, en->id);
	struct stat st;
	enum sl_rc rc;

	/* Only a folder that we made: whose it is may do in it what he likes,
	 * also read what is put there, and decide. A copy is somebody else's.
	 */
	if (settle < 0 || fstat(dir, &st) != 0 || st.st_uid != geteuid() ||
	    en->dispo != SL_DISPO_held ||
	    strcmp(en->queue, sl_inlet_queue(in)->name) != 0 ||
	    !is_unwritten(dir, lang) || !sl_held_all_ours(f, dir, en->id) ||
	    (h != NULL && !make_room(f, h, settle, &st)))
		return SL_SKIP;
	rc = sl_claim_move(in, c->ulid, c->name, settle, en->reception, err);
	if (rc != SL_OK)
		return rc;
	if (h == NULL)
		h = sl_held_add(f, in, en->consignment, en->id, en->reception,
		    en->reception);
	(void)snprintf(h->folder, sizeof(h->folder), "%s", en->reception);
	h->dev = st.st_dev;
	h->ino = st.st_ino;
	sl_held_answer(f, h, NULL, back_words(lang));
	return SL_OK;
}

/* Into Stoppet, with a text. */
static enum sl_rc
stop(struct sl_faces *f, struct sl_inlet *in, const struct sl_claim *c,
    const struct sl_entry *en, struct sl_err *err)
{
	SL_CLOSE int to = sl_faces_dir(f, in, SL_FACE_STOPPED);
	SL_BUF struct sl_buf safe = {0};
	char name[256];
	enum sl_rc rc = SL_SKIP;
	int n;

	sl_face_safe_name(&safe, c->name, 180);
	(void)snprintf(name, sizeof(name), "%s", sl_buf_str(&safe));
	for (n = 2; to >= 0 && rc == SL_SKIP && n < NAMES_MAX; n++) {
		rc = sl_claim_move(in, c->ulid, c->name, to, name, err);
		if (rc == SL_SKIP)
			(void)snprintf(name, sizeof(name), "%s (%d)",
			    sl_buf_str(&safe), n);
	}
	if (rc == SL_OK)
		sl_stopped_refused(
		    f, in, name, SL_FACES_FOLDER_OF_POST, en->reception);
	return rc == SL_OK ? SL_OK : SL_RETRY;
}

enum sl_rc
sl_faces_came_back(struct sl_faces *f, struct sl_inlet *in,
    const struct sl_claim *c, struct sl_entry *ret, bool *ret_stopped,
    struct sl_err *err)
{
	SL_CLOSE int dir = -1;
	enum sl_rc rc;

	*ret_stopped = false;
	if (f == NULL || !c->is_folder)
		return SL_SKIP;
	dir = sl_claim_open(in, c->ulid, c->name, NULL);
	if (dir < 0 || !post_of(f, dir, ret))
		return SL_SKIP;
	rc = put_back(f, in, c, dir, ret, err);
	sl_faces_changed(f, ret->consignment); /* made again, if it is not */
	*ret_stopped = rc == SL_SKIP;
	return rc == SL_SKIP ? stop(f, in, c, ret, err) : rc;
}
