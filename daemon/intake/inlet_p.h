/*
 * The inside of an inlet, for the files of this room only.
 */
#ifndef SL_INTAKE_INLET_P_H
#define SL_INTAKE_INLET_P_H

#include <dirent.h>
#include <sys/types.h>

#include "inlet.h"
#include "names.h"

#define HINTS_MAX 512 /* names heard of and not looked at yet */
#define SEEN_MAX 2048 /* files that are watched until they lie still */
#define PATIENCE_MAX_MS 60000 /* between two tries of what was put back */
#define SPARE_MAX 64 /* emptied folders of claims */
#define REPORTED_MAX 256 /* door trouble told once */
#define WAITS_MAX 1000 /* the sweep finds others */

/* A file seen and not still yet. */
struct seen {
	ino_t ino;
	off_t size;
	int64_t mtime_ns, ctime_ns;
	int64_t since_ms; /* boot clock: unchanged since */
	bool put_back; /* was not whole when it was taken */
};

/* A thing that there was no room for. */
struct waiting {
	char *name;
	ino_t ino;
	off_t size;
	int64_t mtime_ns;
	struct sl_need need;
	bool tried; /* need is a guess of what came out, until then (boot ms) */
	int64_t until_ms;
};

struct sl_inlet {
	struct sl_watcher *watcher;
	const struct sl_config *cfg;
	const struct sl_queue_config *queue;
	char *path; /* of the queue's folder */
	int top, inbox, claims, done, stopped;
	dev_t inbox_dev;
	ino_t inbox_ino;
	int wd; /* inotify watch of the inbox, or -1 */
	bool network, no_watches, gone;
	bool replaced, made; /* since somebody asked: sl_inlet_replaced */
	bool rests; /* the machine failed it: nothing until the next rescan */
	bool dirty; /* renames since the last sync */

	char (*hints)[SL_CLAIM_NAME_MAX]; /* ring of names moved in */
	size_t hint_head, hint_n;
	DIR *cursor; /* the sweep under way, or NULL */
	bool rescan; /* a sweep is due */
	bool turn; /* hint and sweep take turns */
	struct seen *seen;
	size_t seen_n;
	int64_t settles_at; /* boot ms when something may be still, or -1 */
	struct seen *reported;
	size_t reported_n, reported_at;
	struct sl_space room; /* what a claim may need now */
	struct waiting *waits;
	size_t waits_n, waits_cap, waits_at;

	char (*old)[SL_ULID_LEN + 1];
	size_t old_n, old_cap;
	char spare[SPARE_MAX][SL_ULID_LEN + 1];
	size_t spare_n;
};

/* Opens what is there of the folder's parts again (a root made anew). */
enum sl_rc sl_inlet_reopen(struct sl_inlet *in, struct sl_err *err);
/* Watches the inbox; falls back to polling. */
void sl_watcher_add(struct sl_watcher *w, struct sl_inlet *in);
void sl_watcher_remove(struct sl_watcher *w, struct sl_inlet *in);
/* A hint that this name was moved in whole (NULL: look through all). */
void sl_inlet_hint(struct sl_inlet *in, const char *name);

/* -- waits.c: what there is no room for --------------------------------------
 */
/* Does what is to be claimed fit? ret->need is what its size says, and becomes
 * more if that was not enough before. What does not is remembered. */
bool sl_waits_fits(struct sl_inlet *in, const char *name, const struct stat *st,
    struct sl_claim *ret);
void sl_waits_add(struct sl_inlet *in, const char *name, const struct stat *st,
    const struct sl_need *need, bool tried);
bool sl_waits_has(const struct sl_inlet *in, ino_t ino);
/* It is claimed. */
void sl_waits_forget(struct sl_inlet *in, const char *name);
/* The next one that would fit now, from the first again after the last; NULL:
 * none (more). Lent until the list changes. */
const char *sl_waits_next(struct sl_inlet *in);
/* At a sweep: some may have been taken away. */
void sl_waits_look(struct sl_inlet *in);
void sl_waits_free(struct sl_inlet *in);

/* st lies in the inbox again: a hint is not enough to claim it. */
void sl_inlet_put_back(struct sl_inlet *in, const struct stat *st);
/* True if a name is never claimed. */
bool sl_inlet_ignores(const struct sl_inlet *in, const char *name);
/* Claims inbox/name, which was found whole. SL_SKIP: it is gone. */
enum sl_rc sl_claim_take(struct sl_inlet *in, const char *name,
    const struct stat *st, bool young, struct sl_claim *ret,
    struct sl_err *err);
/* Moves inbox/name to Stoppet; ret: the name it has there. */
void sl_claim_refuse(
    struct sl_inlet *in, const char *name, char *ret, size_t cap);

#endif
