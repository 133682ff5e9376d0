/*
 * The inside of the faces, for their files only.
 */
#ifndef SL_FACES_FACES_P_H
#define SL_FACES_FACES_P_H

#include <sys/types.h>

#include "../intake/names.h"
#include "../store/faces_query.h"
#include "daylist.h"
#include "faces.h"
#include "settle.h"

/* What a file was when we wrote or read it last. */
struct sl_face_mark {
	ino_t ino;
	off_t size;
	int64_t mtime_ns;
	int64_t ctime_ns; /* 0 = not seen since our rename, which changed it */
};

/* A held post's folder. */
struct sl_face_held {
	int64_t consignment, entry;
	struct sl_inlet *in;
	char number[48]; /* M26-004711-3.1 */
	char folder[256]; /* its name now */
	dev_t dev;
	ino_t ino;
	struct sl_face_mark note; /* Avklar.txt as last handled */
	struct sl_face_mark seen; /* as it was at the last look */
	struct sl_digest wrote; /* of the note, if it is all ours; else zeros */
	unsigned missing; /* looks at which the note was not there */
	bool decided; /* a decision was taken: should it be held again, the note
		       * is made fresh */
	bool stale;
};

/* Texts in Stoppet. */
struct sl_face_stopped {
	int64_t consignment, entry;
	struct sl_inlet *in;
	char number[48];
	bool stale;
};

/* A text in Stoppet on what lies in Inn still. */
struct sl_face_refused {
	struct sl_inlet *in;
	char name[1024]; /* in Inn; of before a start, as it is shown */
	char file[256]; /* the text's name */
	struct sl_digest wrote; /* of the text */
};

/* One list of one queue. Times: boot ms. */
struct sl_face_list {
	struct sl_inlet *in;
	int64_t from, to; /* the day, UTC ms */
	char day[16];
	bool dirty;
	int64_t changed_ms, written_ms; /* last; 0 = not yet */
	int64_t cost_ms;
};

struct sl_face_writing; /* a list being written, days.c */

struct sl_faces {
	struct sl_faces_house house;
	struct sl_timer *work, *watch, *days;
	int64_t *marked;
	size_t marked_n, marked_cap, marked_at;
	struct sl_face_held *held;
	size_t held_n, held_cap, held_turn;
	struct sl_face_stopped *stopped;
	size_t stopped_n, stopped_cap;
	struct sl_face_refused *refused;
	size_t refused_n, refused_cap, refused_turn;
	struct sl_face_list *list;
	size_t list_n, list_cap;
	struct sl_face_writing *writing;
	int64_t watch_ms; /* between two looks; tests shorten it */
	int64_t complained_ms;
};

/* -- faces.c -- */
bool sl_faces_failed(const struct sl_faces *f);
/* The inlet of a queue; NULL: it is not configured any more. */
struct sl_inlet *sl_faces_inlet(struct sl_faces *f, const char *queue);
/* Opens (makes) one of a queue's folders; -1 where it is gone. */
int sl_faces_dir(struct sl_faces *f, struct sl_inlet *in, enum sl_face face);
/* The share is in trouble: said once a minute; faces are made again later. */
void sl_faces_complain(
    struct sl_faces *f, const char *subject, const char *what);
unsigned sl_faces_language(const struct sl_inlet *in);
/* "records centre" or its Norwegian name. */
const char *sl_faces_owner(unsigned language, const struct sl_reason *r);

/* -- held.c -- */
/* Takes over the folders that lie in Må avklares; clears away those whose
 * post is not held. */
void sl_held_adopt(struct sl_faces *f, struct sl_inlet *in);
/* Makes or completes the folder of a held post. */
enum sl_rc sl_held_make(
    struct sl_faces *f, const struct sl_face_item *it, struct sl_err *err);
/* The post is not held any more. */
void sl_held_clear(struct sl_faces *f, struct sl_face_held *h);
/* The folder of that entry, or NULL; and one more. */
struct sl_face_held *sl_held_find(struct sl_faces *f, int64_t entry);
struct sl_face_held *sl_held_add(struct sl_faces *f, struct sl_inlet *in,
    int64_t consignment, int64_t entry, const char *number, const char *folder);
/* The post that the note in a folder, else the page in it, is about. */
bool sl_held_named(int dir, char *ret_reception, size_t cap, int *ret_entry);
/* Is all that lies in a folder of that entry ours, copies to the byte? */
bool sl_held_all_ours(struct sl_faces *f, int dir, int64_t entry);
/* Writes the note with an answer; was: what stood in it. */
void sl_held_answer(struct sl_faces *f, struct sl_face_held *h,
    const struct sl_settle *was, const char *answer);
void sl_held_mark(struct sl_face_mark *m, int dirfd, const char *name);

/* -- watch.c -- */
/* A look at the held folders: decisions by file or by renaming. */
void sl_held_watch(struct sl_faces *f);
/* Was the folder renamed? Then h has its new name. */
bool sl_held_renamed(struct sl_face_held *h, int settle);

/* -- stopped.c -- */
void sl_stopped_sweep(struct sl_faces *f, struct sl_inlet *in);
enum sl_rc sl_stopped_make(
    struct sl_faces *f, const struct sl_face_item *it, struct sl_err *err);
void sl_stopped_clear(struct sl_faces *f, struct sl_face_stopped *s);

/* -- refused.c -- */
/* The text on what was refused at the door and lies there as name. detail may
 * be "". */
void sl_stopped_refused(struct sl_faces *f, struct sl_inlet *in,
    const char *name, const char *reason, const char *detail);
/* Takes over a text of an earlier run on what lies in Inn, if it is one. */
void sl_refused_adopt(
    struct sl_faces *f, struct sl_inlet *in, int dir, const char *file);
/* Is what the texts are about in Inn still? Else they go. */
void sl_refused_watch(struct sl_faces *f);

/* -- days.c -- */
void sl_days_start(struct sl_faces *f);
void sl_days_mark(struct sl_faces *f, struct sl_inlet *in, int64_t received_ms);
/* Writes some of what is due; sets its timer. */
void sl_days_work(struct sl_faces *f);
/* Writes what is still dirty at once. */
void sl_days_finish(struct sl_faces *f);

#endif
