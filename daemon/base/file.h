/*
 * Files by directory descriptor: whole reads and writes, durable names.
 *
 * A failed sync is fatal to the caller (SL_FATAL): the kernel marks the pages
 * clean and a second try would lie. Never retry it.
 */
#ifndef SL_BASE_FILE_H
#define SL_BASE_FILE_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "buf.h"
#include "err.h"

/* All n bytes, or fewer at end of file; -1 with errno. EINTR is hidden. */
ssize_t sl_read_full(int fd, void *p, size_t n);
ssize_t sl_pread_full(int fd, void *p, size_t n, uint64_t off);
/* All n bytes; -1 with errno. */
int sl_write_full(int fd, const void *p, size_t n);

/* Opens a directory under dirfd (AT_FDCWD allowed), no symlink at the end. */
int sl_open_dir(int dirfd, const char *name);
/* mkdir if it is missing, then open; the mode is the one asked for, whatever
 * the umask. -1 with errno. */
int sl_make_dir(int dirfd, const char *name, mode_t mode);
/* Makes every missing folder of path; the umask counts. */
enum sl_rc sl_make_path(const char *path, mode_t mode, struct sl_err *err);

/* SL_FATAL on any failure. */
enum sl_rc sl_sync_fd(int fd, const char *what, struct sl_err *err);
enum sl_rc sl_sync_fs(int fd, const char *what, struct sl_err *err);

/* Whole file into out (at most max bytes). SL_SKIP: is not there;
 * SL_REJECT: too large, or not a plain file. */
enum sl_rc sl_read_file(int dirfd, const char *name, size_t max,
    struct sl_buf *out, struct sl_err *err);
/* Write name.tmp, sync, rename over name, sync the folder. Of a failure nothing
 * is left, of a kill name.tmp. */
enum sl_rc sl_write_file(int dirfd, const char *name, const void *p, size_t n,
    mode_t mode, struct sl_err *err);
/* The same without the syncs: for what can be made again (receipts). */
enum sl_rc sl_replace_file(int dirfd, const char *name, const void *p, size_t n,
    mode_t mode, struct sl_err *err);

/* What errno says of a read or write that failed: SL_RETRY, disk_full or
 * disk_error, for it says nothing of what was being done. SL_FATAL where it is
 * no disk's doing, but an own fault. */
enum sl_rc sl_disk_failed(struct sl_err *err, const char *what);

/* Does errno say how a path was set up, which a person must change? Not a fault
 * of the machine, which passes. */
bool sl_error_stays(int error);

/* Nothing in it? Also false if it cannot be read. */
bool sl_dir_is_empty(int dirfd);
/* The same, but for a file of that name. */
bool sl_dir_has_only(int dirfd, const char *name);
/* Removes a folder and all in it, never following links; stays on dirfd's
 * file system. 0, or -1 with errno of the first failure. */
int sl_remove_tree(int dirfd, const char *name);

/* path as it is if it is absolute, else below root. The caller frees. */
char *sl_path_below(const char *root, const char *path);
/* A plain file, root's or ours, that others can neither read nor write. */
bool sl_file_is_private(int fd);

/* A folder of secrets: it must be root's or ours, and nobody else's to write.
 * *ret is the caller's; SL_SKIP: there is none. SL_FATAL: config_invalid, or
 * disk_error where the machine fails and not what was set up. */
enum sl_rc sl_open_secrets(const char *path, int *ret, struct sl_err *err);

/* A file name is plain if it is not empty, ".", "..", and holds no '/'. */
bool sl_name_is_plain(const char *name);

#endif
