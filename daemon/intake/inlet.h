/*
 * One queue's drop folder: what is there, when it is whole, and the claim.
 *
 * inotify is a hint; the slow sweep is the truth. A claim is a plain rename of
 * what was dropped into <queue>/.sluse/<ULID>/<name>: atomic, also for folders
 * and on NFS, and the ULID exists before any database row. Until a claim's row
 * is committed, taking it again after a crash is the ordinary path.
 */
#ifndef SL_INTAKE_INLET_H
#define SL_INTAKE_INLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "../base/err.h"
#include "../base/loop.h"
#include "../base/ulid.h"
#include "../config/config.h"

#define SL_CLAIM_NAME_MAX 256 /* bytes of a name with its NUL */

/* Bytes of disk that something is to need. */
struct sl_need {
	uint64_t copy; /* of the store's: itself */
	uint64_t made; /* of the database's: what is read of it */
};

/* Bytes of disk that there are; of one disk, is_one, both count. */
struct sl_space {
	uint64_t store, db;
	bool is_one;
};

bool sl_need_fits(const struct sl_need *need, const struct sl_space *room);

/* What was claimed. */
struct sl_claim {
	char ulid[SL_ULID_LEN + 1];
	char name[SL_CLAIM_NAME_MAX]; /* raw bytes as dropped */
	bool is_folder;
	bool young; /* may still be arriving: a damaged end is put back */
	uint32_t uid; /* its owner */
	int64_t mtime_ms;
	uint64_t size; /* of a file; 0 for a folder */
	struct sl_need need;
	bool tried; /* it was put back before for want of room */
	char closed[SL_CLAIM_NAME_MAX]; /* what in a folder cannot be opened:
					 * its path there, cut; "" = none */
};

struct sl_inlet;
struct sl_watcher;

/* The kernel's hints for all inlets: one inotify descriptor. Never fails: where
 * there is none, inlets poll. wake: something may have arrived. */
struct sl_watcher *sl_watcher_new(
    struct sl_loop *l, sl_timer_fn *wake, void *arg);
void sl_watcher_free(struct sl_watcher *w);

/* Opens the queue's folders below root, making what is missing. A folder that
 * cannot be reached now is "gone", and taken up by a rescan once it can. The
 * config outlives the inlet. */
enum sl_rc sl_inlet_open(struct sl_watcher *w, const char *root,
    const struct sl_config *cfg, const struct sl_queue_config *queue,
    struct sl_inlet **ret, struct sl_err *err);
void sl_inlet_close(struct sl_inlet *in);
const struct sl_queue_config *sl_inlet_queue(const struct sl_inlet *in);
/* True if name surely lies in the drop folder no more. */
bool sl_inlet_lacks(const struct sl_inlet *in, const char *name);
/* Its folder cannot be reached now. */
bool sl_inlet_is_gone(const struct sl_inlet *in);
/* True once after its drop folder became another one; made: nobody had put one
 * there, and an empty one was made. */
bool sl_inlet_replaced(struct sl_inlet *in, bool *ret_made);
/* "inotify", "poll (network file system)", "poll (no watches left)", "gone" */
const char *sl_inlet_mode(const struct sl_inlet *in);

/* How many things lie in its drop folder that were tried and are not whole: a
 * file that looks cut off is one while it is younger than 10 minutes. */
size_t sl_inlet_incomplete(struct sl_inlet *in);

/* What was put back for want of room is tried once more after so long, for what
 * it needs is a guess. */
#define SL_NO_ROOM_MS INT64_C(3600000)

/* Of those that there was no room for, and that lay there still at the last
 * sweep: how many, and what the least of them needs. */
struct sl_no_room {
	size_t n; /* 1000 at most */
	struct sl_need need; /* of the least */
	bool tried; /* one of them was claimed, and put back */
};
struct sl_no_room sl_inlet_no_room(const struct sl_inlet *in);

/* Looks for the next thing that is whole and claims it, if there is room for
 * it. SL_OK: *ret is a claim.
 * SL_SKIP: nothing (more) now. SL_HOLD: something at the door was refused; ret
 * holds its name, err why (journal it; it was moved to Stoppet or reported
 * once). SL_RETRY: the machine fails, which may pass; after that it is SL_SKIP
 * until the next rescan. SL_FATAL: disk. */
enum sl_rc sl_inlet_next(struct sl_inlet *in, const struct sl_space *room,
    struct sl_claim *ret, struct sl_err *err);
/* Start over with the folder: a sweep. True if the folder was gone and is
 * there (again): old claims may lie in it. */
bool sl_inlet_rescan(struct sl_inlet *in);
/* Milliseconds until something seen may be whole; -1 = nothing is seen. */
int64_t sl_inlet_settles_in(const struct sl_inlet *in);

/* Makes the list of claims again that sl_inlet_open made; false (errno): not
 * all of them could be seen. */
bool sl_inlet_list_claims(struct sl_inlet *in);
/* Claims that lie in .sluse/ (from before a restart), one by one by index into
 * that list. SL_SKIP at the end; SL_HOLD: it was empty and is gone; SL_RETRY:
 * it cannot be looked at now. */
enum sl_rc sl_inlet_old_claim(
    struct sl_inlet *in, size_t i, struct sl_claim *ret, struct sl_err *err);

/* The claim of that ULID. SL_SKIP: it is empty; SL_RETRY: not there, or cannot
 * be looked at now. */
enum sl_rc sl_claim_find(struct sl_inlet *in, const char *ulid,
    struct sl_claim *ret, struct sl_err *err);
/* Opens the claimed file, or with sub a file of the claimed folder ("a/b.txt"),
 * read-only, no link followed. -1 with errno. */
int sl_claim_open(
    struct sl_inlet *in, const char *ulid, const char *name, const char *sub);
/* Walks the files of a claimed folder: links, devices and ignored names are
 * told with a reason slug. At most max calls; SL_REJECT "limit_files". */
typedef enum sl_rc sl_claim_file_fn(void *arg, const char *sub,
    const struct stat *st, const char *reason, struct sl_err *err);
enum sl_rc sl_claim_walk(struct sl_inlet *in, const char *ulid,
    const char *name, size_t max, sl_claim_file_fn *fn, void *arg,
    struct sl_err *err);
/* Back into the drop folder: not whole yet, or (need) it is to wait for that
 * much room. SL_SKIP if its name is taken. */
enum sl_rc sl_claim_put_back(struct sl_inlet *in, const char *ulid,
    const char *name, const struct sl_need *need, struct sl_err *err);
/* Elsewhere in the queue's folder, and a claim no more: to/as. SL_SKIP if that
 * is taken; SL_RETRY: it cannot be moved now. */
enum sl_rc sl_claim_move(struct sl_inlet *in, const char *ulid,
    const char *name, int to, const char *as, struct sl_err *err);
/* To Ferdig/<day>/<reception> <name>; gone already is fine. */
enum sl_rc sl_claim_file_done(struct sl_inlet *in, const char *ulid,
    const char *reception, int64_t now_ms, struct sl_err *err);
/* Nothing is under way: folders kept for the next claims go. */
void sl_inlet_rest(struct sl_inlet *in);
/* Syncs the file system of the queue: its renames become durable. */
enum sl_rc sl_inlet_sync(struct sl_inlet *in, struct sl_err *err);
/* The first day of Ferdig after that name ("": of all) that is older than the
 * configuration says. ret >= SL_DAY_MAX. */
#define SL_DAY_MAX 11
bool sl_inlet_old_day(
    struct sl_inlet *in, int64_t now_ms, const char *after, char *ret);
bool sl_inlet_remove_day(struct sl_inlet *in, const char *day);
/* What lies in Ferdig under a reception number, whatever the day. False: not
 * all of it could be removed. */
bool sl_inlet_remove_done(struct sl_inlet *in, const char *reception);
/* Was a claim written to since it was copied? By its size and mtime; of a
 * folder by the times of what lies in it. */
bool sl_claim_changed(struct sl_inlet *in, const char *ulid, const char *name,
    uint64_t size, int64_t dropped_ms, int64_t received_ms);
/* The next source of a day of Ferdig that was written to since it was filed
 * there: it lies in Inn again. reception: whose it was. SL_SKIP: no more, or
 * a network file system, whose times do not tell. */
enum sl_rc sl_done_changed(
    struct sl_inlet *in, const char *day, char *reception, size_t cap);
/* The queue's folder itself, for the faces. */
int sl_inlet_dir(const struct sl_inlet *in);

#endif
