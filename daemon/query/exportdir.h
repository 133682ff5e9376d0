/*
 * The folder of an export, and its files wherever they go. For this room.
 *
 * A new folder, an empty one, or an export of this log already, whole or cut
 * off; not one with payloads that would end before the leaves do. While it is
 * written its head is not called checkpoint: that of the export that was there,
 * else the one that is being written, has another name. One that was cut in its
 * last file has both: the checkpoint that is not whole counts for nothing.
 */
#ifndef SL_QUERY_EXPORTDIR_H
#define SL_QUERY_EXPORTDIR_H

#include "verify_p.h"

struct sl_export_dir {
	int fd; /* -1: not opened */
	const char *there; /* the name of the head that is there; NULL: none */
};
/* dir is made if make says so; else one that is missing leaves fd at -1.
 * SL_REJECT: it cannot be used. */
enum sl_rc sl_export_look(const char *dir, bool make, bool payloads,
    struct sl_export_dir *ret, struct sl_err *err);
/* The head of that folder goes on in this log; SL_REJECT: it does not. */
enum sl_rc sl_export_goes_on(
    struct sl_store *s, struct sl_slice old, struct sl_err *err);
/* It is being written from now on. */
enum sl_rc sl_export_mark(const struct sl_export_dir *d,
    const struct sl_buf *head, struct sl_err *err);
/* All of it is there. */
enum sl_rc sl_export_done(const struct sl_export_dir *d, struct sl_err *err);
/* A file of it to write; the folders that it lies in are made. Payloads of the
 * same bundle that an earlier export left are removed. -1 with errno. */
int sl_export_open(int dir, const char *path);

/* All files go to put instead; first, as "head", the head that they will have.
 * old: of the export that they go on from; n 0: none. As sl_query_export. */
enum sl_rc sl_query_export_to(struct sl_store *s, struct sl_slice old,
    bool payloads, sl_put_fn *fn, void *arg, struct sl_err *err);

#endif
