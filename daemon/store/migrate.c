/*
 * INVARIANTS: a database in use is copied before its first change, and all of a
 * migration is one transaction. FAILURES: killed while it copies, a file
 * .part is left, which the next start writes anew; killed while it migrates,
 * the database is what it was.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "store_p.h"

#define PULSE_MS 5000
#define MIB (INT64_C(1) << 20)

extern const char sl_schema_001[], sl_schema_002[], sl_schema_003[],
    sl_schema_004[], sl_schema_005[], sl_schema_006[], sl_schema_007[],
    sl_schema_008[], sl_schema_009[], sl_schema_010[], sl_schema_011[];

static const char *const migrations[] = {
    [1] = sl_schema_001,
    [2] = sl_schema_002,
    [3] = sl_schema_003,
    [4] = sl_schema_004,
    [5] = sl_schema_005,
    [6] = sl_schema_006,
    [7] = sl_schema_007,
    [8] = sl_schema_008,
    [9] = sl_schema_009,
    [10] = sl_schema_010,
    [11] = sl_schema_011,
};
static_assert(
    sizeof(migrations) / sizeof(migrations[0]) == SL_SCHEMA_VERSION + 1,
    "one migration for each schema");

static enum sl_rc
fill_table(
    struct sl_store *s, enum sl_table t, const char *sql, struct sl_err *err)
{
	const char *name;
	int i, number;

	for (i = 0; sl_table_row(t, i, &number, &name); i++)
		if (sl_db_run(s->db, err, sql, "is", (int64_t)number, name) !=
		    SL_OK)
			return SL_FATAL;
	return SL_OK;
}

static enum sl_rc
fill_tables(struct sl_store *s, struct sl_err *err)
{
	/* Not OR REPLACE: that deletes first, and a deleted row is looked for
	 * in all that refers to it. */
#define FILL(table)                                                            \
	"INSERT INTO " table " VALUES (?1, ?2)"                                \
	" ON CONFLICT (number) DO UPDATE SET name = excluded.name"             \
	" WHERE name <> excluded.name"
	static const struct {
		enum sl_table t;
		const char *sql;
	} tables[] = {
	    {SL_TABLE_STAGE, FILL("stage")},
	    {SL_TABLE_DISPOSITION, FILL("disposition")},
	    {SL_TABLE_OUTCOME, FILL("outcome")},
	    {SL_TABLE_EVENT, FILL("event")},
	    {SL_TABLE_FIELD, FILL("field")},
	};
#undef FILL
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (fill_table(s, tables[i].t, tables[i].sql, err) != SL_OK)
			return SL_FATAL;
	return SL_OK;
}

/* -- systemd ----------------------------------------------------------------
 */

/* It takes the time that the database takes: systemd would put an end to it,
 * and begin anew for ever. */
struct pulse {
	int64_t to; /* the schema */
	int64_t last_ms;
};

static void
beat(void *arg)
{
	struct pulse *p = arg;
	int64_t now = sl_clock_boot_ms();
	char status[96];

	if (p->last_ms != 0 && now < p->last_ms + PULSE_MS)
		return;
	p->last_ms = now;
	(void)snprintf(status, sizeof(status),
	    "laying the database over to schema %" PRId64, p->to);
	sl_notify_longer(status);
}

/* -- the copy ---------------------------------------------------------------
 */

static enum sl_rc
check_room(int dir, int64_t size, struct sl_err *err)
{
	/* What it grows by goes through the write-ahead log first. */
	int64_t need = size + size / 4 + 16 * MIB, there;
	struct statvfs v;

	if (fstatvfs(dir, &v) != 0)
		return SL_OK; /* the disk will say */
	there = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
	if (there >= need)
		return SL_OK;
	return sl_err_set(err, SL_FATAL, 0, "disk_full",
	    "the database is copied before it is laid over to schema %d: "
	    "%" PRId64 " MiB are free, %" PRId64 " MiB are needed",
	    SL_SCHEMA_VERSION, there / MIB, need / MIB);
}

/* Older copies, and what a start that was killed left. */
static void
remove_copies(int dir, const char *but)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, SL_STORE_COPY, strlen(SL_STORE_COPY)) ==
			0 &&
		    strcmp(e->d_name, but) != 0)
			(void)unlinkat(dir, e->d_name, 0);
	if (d != NULL)
		(void)closedir(d);
}

static enum sl_rc
copy_to(struct sl_store *s, const char *path, int dir, const char *name,
    struct pulse *p, struct sl_err *err)
{
	SL_FREE char *part = sl_asprintf("%s/%s.part", path, name);
	SL_FREE char *part_name = sl_asprintf("%s.part", name);

	if (sl_db_backup(s->db, part, beat, p, err) != SL_OK) {
		remove_copies(dir, name);
		return SL_FATAL;
	}
	if (renameat(dir, part_name, dir, name) != 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "the database's copy cannot be named");
	return sl_sync_fd(dir, "db", err);
}

/* Of a database in use, named by the schema it is not yet. */
static enum sl_rc
copy_before(struct sl_store *s, const char *root, int64_t from, struct pulse *p,
    struct sl_err *err)
{
	SL_FREE char *path = sl_asprintf("%s/db", root);
	SL_FREE char *name =
	    sl_asprintf(SL_STORE_COPY "%" PRId64 ".db", from + 1);
	SL_CLOSE int dir = sl_open_dir(AT_FDCWD, path);
	int64_t size = sl_db_int(s->db, 0, "PRAGMA page_count", "") *
		       sl_db_int(s->db, 0, "PRAGMA page_size", "");

	if (dir < 0)
		return sl_err_set(err, SL_FATAL, errno, "disk_error",
		    "the database's folder cannot be opened");
	/* Also what a start that was killed left: else its room is missing. */
	remove_copies(dir, "");
	if (check_room(dir, size, err) != SL_OK)
		return SL_FATAL;
	sl_log(SL_LOG_NOTICE, "store",
	    "laying the database over from=\"%" PRId64 "\" to=\"%d\" "
	    "mib=\"%" PRId64 "\"",
	    from, SL_SCHEMA_VERSION, size / MIB);
	return copy_to(s, path, dir, name, p, err);
}

/* -- migrating --------------------------------------------------------------
 */

static enum sl_rc
run_scripts(struct sl_store *s, int64_t from, struct sl_err *err)
{
	char sql[64];
	int64_t v;

	for (v = from + 1; v <= SL_SCHEMA_VERSION; v++) {
		(void)snprintf(
		    sql, sizeof(sql), "PRAGMA user_version=%" PRId64, v);
		if (sl_db_script(s->db, migrations[v], err) != SL_OK ||
		    sl_db_script(s->db, sql, err) != SL_OK)
			return SL_FATAL;
	}
	return SL_OK;
}

static enum sl_rc
migrate_used(
    struct sl_store *s, const char *root, int64_t from, struct sl_err *err)
{
	struct pulse p = {.to = SL_SCHEMA_VERSION};
	enum sl_rc rc = copy_before(s, root, from, &p, err);

	if (rc == SL_OK)
		rc = sl_store_begin(s, err);
	if (rc == SL_OK) {
		sl_db_on_work(s->db, beat, &p);
		rc = run_scripts(s, from, err);
		sl_db_on_work(s->db, NULL, NULL);
	}
	sl_notify("STATUS=");
	return rc;
}

enum sl_rc
sl_store_migrate(
    struct sl_store *s, const char *root, int64_t *ret_from, struct sl_err *err)
{
	int64_t v = sl_db_int(s->db, -1, "PRAGMA user_version", "");
	enum sl_rc rc;

	*ret_from = v;
	if (v > SL_SCHEMA_VERSION)
		return sl_err_set(err, SL_FATAL, 0, "schema_newer",
		    "the database has schema %" PRId64
		    ", made by a newer Sluse; this one knows %d",
		    v, SL_SCHEMA_VERSION);
	if (v < 0)
		return sl_db_check(s->db, err);
	if (v > 0 && v < SL_SCHEMA_VERSION) {
		rc = migrate_used(s, root, v, err);
	} else {
		rc = sl_store_begin(s, err);
		if (rc == SL_OK)
			rc = run_scripts(s, v, err);
	}
	return rc == SL_OK ? fill_tables(s, err) : rc;
}

enum sl_rc
sl_store_log_migration(struct sl_store *s, int64_t from, struct sl_err *err)
{
	char payload[64];

	if (from == 0 || from == SL_SCHEMA_VERSION)
		return SL_OK;
	(void)snprintf(payload, sizeof(payload),
	    "{\"old\":%" PRId64 ",\"new\":%d}", from, SL_SCHEMA_VERSION);
	return sl_store_log(
	    s, SL_EVENT_schema_migrated, "-", "slused", payload, 0, 0, err);
}
