/*
 * A folder that a run is writing: the file .sluse-part in it says what will be
 * there, and is locked as long as the run lives. What a killed run left is
 * emptied by the next one of the same kind; nobody else's folder is touched.
 */
#ifndef SL_BASE_PART_H
#define SL_BASE_PART_H

#include <sys/types.h>

#include "err.h"

#define SL_PART_FILE ".sluse-part"

/* Marks a folder that is empty, or that an earlier run of that kind left, which
 * is emptied. *ret is the caller's, for sl_part_end. SL_REJECT: it holds
 * something else (not_empty), or another run is at work (busy); name is for the
 * text. Nothing can be locked there: cannot_lock. */
enum sl_rc sl_part_begin(
    int dir, const char *kind, const char *name, int *ret, struct sl_err *err);
/* A new folder name, which is marked and opened; or one of that name that an
 * earlier run of that kind left. An empty one is removed and made anew.
 * *ret_dir and *ret are the caller's. SL_REJECT: as above, or it cannot be made
 * (cannot_make), as where the folder it is to lie in is not there. After a
 * failure a folder that was new is gone. */
enum sl_rc sl_part_make(const char *name, mode_t mode, const char *kind,
    int *ret_dir, int *ret, struct sl_err *err);
/* All of it is there and on the disk: the mark goes. A folder that gets another
 * name gets it at once after that. */
enum sl_rc sl_part_end(int dir, int *lock, struct sl_err *err);

#endif
