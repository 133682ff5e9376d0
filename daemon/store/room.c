/*
 * What is free on the disks of the store and of its database.
 */
#include <stdio.h>
#include <sys/statvfs.h>

#include "../base/mem.h"
#include "store_p.h"

static uint64_t
bytes(const struct statvfs *v)
{
	return (uint64_t)v->f_bavail * v->f_frsize;
}

void
sl_store_room(const struct sl_store *s, struct sl_store_room *ret)
{
	struct statvfs v;

	ret->files = sl_files_free(s->files);
	ret->db_known = fstatvfs(s->dir, &v) == 0;
	ret->db = ret->db_known ? bytes(&v) : 0;
	ret->is_one = sl_files_same_fs(s->files, s->dir);
}

bool
sl_store_is_full(const char *root)
{
	SL_FREE char *path = sl_asprintf("%s/db", root);
	struct statvfs v;

	return statvfs(path, &v) == 0 && bytes(&v) < SL_STORE_KEEP;
}

void
sl_store_shrink(struct sl_store *s)
{
	sqlite3 *h = sl_db_handle(s->db);

	if (s->writing)
		return;
	/* Without waiting for those that read: then it is done later. That
	 * it cannot be done, for want of room too, changes nothing. */
	(void)sqlite3_busy_timeout(h, 0);
	(void)sqlite3_wal_checkpoint_v2(
	    h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(h, SL_DB_BUSY_MS);
}
