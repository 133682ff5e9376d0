/*
 * Files in the folders people see: written whole, never through a link, never
 * over something that is not ours.
 */
#ifndef SL_FACES_FACEFILE_H
#define SL_FACES_FACEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "../base/buf.h"

/* Modes: people read pages, write in decisions, and may tidy folders. */
#define SL_FACE_PAGE_MODE 0640
#define SL_FACE_NOTE_MODE 0660
#define SL_FACE_DIR_MODE 0770

/* Opens (makes) a folder people may write in. -1 with errno. */
int sl_face_dir(int dirfd, const char *name);
/* Writes name anew: a fresh file renamed over it. 0, or -1 with errno. ret
 * (may be NULL): what was written, as it was before the rename, which changes
 * the ctime; what lies there by now may be somebody else's. */
int sl_face_put(int dirfd, const char *name, const void *p, size_t n,
    unsigned mode, struct stat *ret);
/* Like put, but never over something: "name (2).txt", which is told in ret. */
int sl_face_put_beside(int dirfd, const char *stem, const char *ext,
    const void *p, size_t n, char *ret, size_t cap);
/* n bytes of fd from off, by reflink where the file system can. An existing
 * file of that name and size is left. */
int sl_face_copy(int dirfd, const char *name, int fd, uint64_t off, uint64_t n);
/* Moves from/name to to/new_name, or "new_name (2)" where that is taken. */
int sl_face_move_beside(
    int from, const char *name, int to, const char *new_name);
/* Makes fresh what stands in part (an open temporary name of dirfd): renamed
 * over name if it differs, else removed. */
int sl_face_put_if_other(int dirfd, const char *part, const char *name);

/* A file name out of any bytes, at most max bytes: what cannot be seen, and
 * what Windows cannot take, becomes _. */
void sl_face_safe_name(struct sl_buf *out, const char *s, size_t max);
/* Ending for a copy by its MIME type: never one that starts a program. */
const char *sl_face_ext(const char *mime);

#endif
