/*
 * Stoppet: a plain text per thing that was refused at the door.
 *
 * What cannot be opened stays in Inn, and is taken once it can be: its text
 * goes when it is not there any more. INVARIANT: a text goes only while it is
 * what we wrote, to the byte. After a start it is known by what stands in it.
 */
#include "faces_p.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "facefile.h"
#include "stopnote.h"

#define TEXT_MAX 8192u
#define LOOKS_MAX 1000u

static bool
is_unwritten(int dir, const struct sl_face_refused *r)
{
	SL_BUF struct sl_buf is = {0};
	struct sl_digest d;
	struct sl_err err;

	if (sl_read_file(dir, r->file, TEXT_MAX, &is, &err) != SL_OK)
		return false;
	sl_sha256(is.p, is.n, &d);
	return memcmp(&d, &r->wrote, sizeof(d)) == 0;
}

static void
add(struct sl_faces *f, struct sl_inlet *in, const char *name, const char *file,
    const struct sl_buf *text)
{
	struct sl_face_refused *r;

	f->refused = sl_grow(
	    f->refused, &f->refused_cap, f->refused_n + 1, sizeof(*f->refused));
	r = &f->refused[f->refused_n++];
	*r = (struct sl_face_refused){.in = in};
	(void)snprintf(r->name, sizeof(r->name), "%s", name);
	(void)snprintf(r->file, sizeof(r->file), "%s", file);
	sl_sha256(text->p, text->n, &r->wrote);
	sl_timer_pull(f->watch, f->watch_ms);
}

/* Who has written in it keeps it. */
static void
drop(struct sl_faces *f, int dir, struct sl_face_refused *r)
{
	if (is_unwritten(dir, r))
		(void)unlinkat(dir, r->file, 0);
	*r = f->refused[--f->refused_n];
}

/* Does that text lie there already, as of that thing? An older one that says
 * otherwise goes. */
static bool
lies_there(struct sl_faces *f, struct sl_inlet *in, int dir, const char *name,
    const struct sl_buf *text)
{
	struct sl_face_refused *r;
	struct sl_digest d;
	struct stat st;
	size_t i;

	sl_sha256(text->p, text->n, &d);
	for (i = f->refused_n; i-- > 0;) {
		r = &f->refused[i];
		if (r->in != in)
			continue;
		if (memcmp(&d, &r->wrote, sizeof(d)) == 0 &&
		    fstatat(dir, r->file, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			/* After a start only its shown name was known. */
			(void)snprintf(r->name, sizeof(r->name), "%s", name);
			return true;
		}
		if (strcmp(r->name, name) == 0)
			drop(f, dir, r);
	}
	return false;
}

void
sl_stopped_refused(struct sl_faces *f, struct sl_inlet *in, const char *name,
    const char *reason, const char *detail)
{
	SL_CLOSE int dir = sl_faces_dir(f, in, SL_FACE_STOPPED);
	bool stays = strcmp(reason, SL_STOPNOTE_CLOSED) == 0;
	SL_BUF struct sl_buf text = {0};
	SL_BUF struct sl_buf safe = {0};
	struct sl_stopnote p = {
	    .number = "", .name = name, .reason = reason, .detail = detail};
	char file[256];
	struct stat st;

	if (dir < 0)
		return;
	p.in_inbox = stays || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0;
	sl_stopnote_write(&text, sl_faces_language(in), &p);
	if (stays && lies_there(f, in, dir, name, &text))
		return;
	sl_face_safe_name(&safe, name, 180);
	if (sl_face_put_beside(dir, sl_buf_str(&safe), ".txt", text.p, text.n,
		file, sizeof(file)) != 0)
		sl_faces_complain(f, "faces", "cannot write a text in Stoppet");
	else if (stays)
		add(f, in, name, file, &text);
}

void
sl_refused_adopt(
    struct sl_faces *f, struct sl_inlet *in, int dir, const char *file)
{
	size_t n = strlen(file);
	SL_BUF struct sl_buf text = {0};
	char name[SL_STOPNOTE_NAME_MAX];
	struct sl_err err;
	size_t i;

	/* The folder was gone for a while: we know the thing's own name. */
	for (i = 0; i < f->refused_n; i++)
		if (f->refused[i].in == in &&
		    strcmp(f->refused[i].file, file) == 0)
			return;
	if (n < 5 || strcmp(file + n - 4, ".txt") != 0 ||
	    sl_read_file(dir, file, TEXT_MAX, &text, &err) != SL_OK ||
	    !sl_stopnote_is_closed(
		sl_buf_str(&text), sl_faces_language(in), name, sizeof(name)))
		return;
	add(f, in, name, file, &text);
}

void
sl_refused_watch(struct sl_faces *f)
{
	size_t i, n = f->refused_n < LOOKS_MAX ? f->refused_n : LOOKS_MAX;
	struct sl_face_refused *r;

	for (i = 0; i < n && f->refused_n > 0; i++) {
		SL_CLOSE int dir = -1;

		r = &f->refused[f->refused_turn++ % f->refused_n];
		if (!sl_inlet_lacks(r->in, r->name))
			continue;
		dir = sl_faces_dir(f, r->in, SL_FACE_STOPPED);
		if (dir >= 0)
			drop(f, dir, r);
	}
}
