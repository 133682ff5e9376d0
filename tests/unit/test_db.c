/*
 * A database that cannot be written: which of it is a full disk, that is waited
 * for, and which is a disk that fails.
 */
#include "../../daemon/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "test.h"

static char root[64];
/* What a call fails with, 0: nothing; and how often one did. */
static int writes, syncs, failed;

static ssize_t
pwrite_or_fail(int fd, const void *p, size_t n, off_t at)
{
	if (writes == 0)
		return pwrite(fd, p, n, at);
	failed++;
	errno = writes;
	return -1;
}

/* SQLite lets nobody take the place of this one. */
__attribute__((visibility("default"))) int
fdatasync(int fd)
{
	if (syncs == 0)
		return fsync(fd);
	failed++;
	errno = syncs;
	return -1;
}

static void
instead(const char *name, sqlite3_syscall_ptr fn)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	(void)vfs->xSetSystemCall(vfs, name, fn);
}

static void
begin(void)
{
	(void)snprintf(root, sizeof(root), "/tmp/sluse-db-XXXXXX");
	CHECK(mkdtemp(root) != NULL);
	instead("pwrite", (sqlite3_syscall_ptr)pwrite_or_fail);
	instead("pwrite64", (sqlite3_syscall_ptr)pwrite_or_fail);
	writes = syncs = failed = 0;
}

static void
end(struct sl_db *d)
{
	writes = syncs = 0;
	sl_db_close(d);
	(void)sl_remove_tree(AT_FDCWD, root);
}

static struct sl_db *
made(void)
{
	SL_FREE char *path = sl_asprintf("%s/a.db", root);
	struct sl_db *d = NULL;
	struct sl_err err;

	CHECK(sl_db_open(path, false, &d, &err) == SL_OK);
	CHECK(sl_db_script(d, "CREATE TABLE t (a)", &err) == SL_OK);
	return d;
}

static const struct {
	int error;
	const char *reason;
} faults[] = {
    {ENOSPC, "disk_full"},
    {EDQUOT, "disk_full"},
    {EIO, "disk_error"},
    {EROFS, "disk_error"},
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

/* call fails with that from now on; by a statement, or by a script. */
static void
insert_fails(int *call, int error, bool script, const char *reason)
{
	struct sl_err err;
	struct sl_db *d;

	begin();
	d = made();
	*call = error;
	if (script)
		CHECK(sl_db_script(d, "INSERT INTO t VALUES (1)", &err) ==
		      SL_FATAL);
	else
		CHECK(sl_db_run(d, &err, "INSERT INTO t VALUES (1)", "") ==
		      SL_FATAL);
	CHECK(failed > 0);
	CHECK_STR(err.reason, reason);
	end(d);
}

static void
a_write(void)
{
	size_t i;

	for (i = 0; i < FAULTS; i++) {
		insert_fails(&writes, faults[i].error, false, faults[i].reason);
		insert_fails(&writes, faults[i].error, true, faults[i].reason);
	}
}

/* What is written first of a log: the file by which it is mapped. */
static void
a_map(void)
{
	struct sl_db *d;
	struct sl_err err;
	size_t i;

	for (i = 0; i < FAULTS; i++) {
		SL_FREE char *path = NULL;

		begin();
		path = sl_asprintf("%s/a.db", root);
		sl_db_close(made());
		writes = faults[i].error;
		CHECK(sl_db_open(path, false, &d, &err) == SL_FATAL);
		CHECK(failed > 0);
		CHECK_STR(err.reason, faults[i].reason);
		end(NULL);
	}
}

/* Whatever it says: what was written may be lost. */
static void
a_sync(void)
{
	size_t i;

	for (i = 0; i < FAULTS; i++)
		insert_fails(&syncs, faults[i].error, false, "disk_error");
}

static void
nothing(void *arg)
{
	(void)arg;
}

static void
a_copy(void)
{
	struct sl_err err;
	struct sl_db *d;
	size_t i;

	for (i = 0; i < FAULTS; i++) {
		SL_FREE char *path = NULL;

		begin();
		path = sl_asprintf("%s/copy.db", root);
		d = made();
		writes = faults[i].error;
		CHECK(sl_db_backup(d, path, nothing, NULL, &err) == SL_FATAL);
		CHECK(failed > 0);
		CHECK_STR(err.reason, faults[i].reason);
		end(d);
	}
}

TEST_MAIN({"a_write", a_write}, {"a_map", a_map}, {"a_sync", a_sync},
    {"a_copy", a_copy})
