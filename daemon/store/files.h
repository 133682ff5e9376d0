/*
 * The store's files: originals under their digest, bundles of unpacked parts.
 *
 * store/sha256/ab/<hex>   one original, 0440, never changed
 * store/bundle/<name>     the parts one task unpacked from one original
 *
 * Nothing here syncs by itself: the caller gathers links and calls
 * sl_files_sync once, before the commit that names them.
 */
#ifndef SL_STORE_FILES_H
#define SL_STORE_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "../base/err.h"
#include "../base/hash.h"

struct sl_files;

/* Opens <root>/store, making folders that are missing. */
enum sl_rc sl_files_open(
    const char *root, struct sl_files **ret, struct sl_err *err);
/* For reading only: nothing is made. SL_SKIP: there is no store. */
enum sl_rc sl_files_open_read(
    const char *root, struct sl_files **ret, struct sl_err *err);
void sl_files_close(struct sl_files *f);

/* A nameless file on the store's file system, read-write, not inherited.
 * -1 with errno. */
int sl_files_tmp(struct sl_files *f);
/* The same for a task's output, from those given back if there is one. */
int sl_files_scratch(struct sl_files *f);
/* Takes fd (-1 is fine). One that is still empty and nameless serves again:
 * making and deleting an inode for each letter costs more than the letter. */
void sl_files_give_back(struct sl_files *f, int fd);
/* Lets go of what was given back: the house is idle. */
void sl_files_rest(struct sl_files *f);
/* The same file opened once more, read-only. */
int sl_files_reopen(int fd);

/* Gives fd its name. Already there with that size: fine and ours is dropped if
 * it is known (a row says that it was synced), else ours takes its place: the
 * other may have been named just before a power loss. */
enum sl_rc sl_files_link(struct sl_files *f, int fd,
    const struct sl_digest *digest, uint64_t size, bool known,
    struct sl_err *err);
enum sl_rc sl_files_link_bundle(
    struct sl_files *f, int fd, const char *name, struct sl_err *err);
#define SL_BLOB_NAME 72
/* Its name below store/sha256/. */
void sl_files_blob_name(const struct sl_digest *digest, char out[SL_BLOB_NAME]);
/* Read-only; -1 with errno. */
int sl_files_open_blob(struct sl_files *f, const struct sl_digest *digest);
int sl_files_open_bundle(struct sl_files *f, const char *name);

/* The bundles there are, one a call; false after the last. */
bool sl_files_next_bundle(
    struct sl_files *f, char *name, size_t cap, struct stat *st);
/* The same of what lies below store/sha256/: "ab/<hex>", or what else somebody
 * put there, cut at cap. */
bool sl_files_next_blob(struct sl_files *f, char *name, size_t cap);
/* Gone already is fine, with both. */
bool sl_files_drop_bundle(struct sl_files *f, const char *name);
bool sl_files_drop_blob(struct sl_files *f, const struct sl_digest *digest);

/* Makes all links since the last call durable (one syncfs). */
enum sl_rc sl_files_sync(struct sl_files *f, struct sl_err *err);
/* Something else on its file system must be durable with the next sync. */
void sl_files_touch(struct sl_files *f);
/* Is that the store's file system, so that sl_files_sync covers it? */
bool sl_files_same_fs(struct sl_files *f, int fd);
/* Free bytes for us on the store's file system. */
uint64_t sl_files_free(struct sl_files *f);

#endif
