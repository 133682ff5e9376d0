/*
 * FAILURES: the first SQLite error is kept until sl_db_check hands it out, so a
 * run of statements can be checked once.
 */
#include "db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/mem.h"

#define CACHE_SIZE 256
#define WORK_OPS 100000 /* of SQLite's machine: some milliseconds */
#define BACKUP_PAGES 2048

struct cached {
	const char *sql;
	sqlite3_stmt *st;
};

struct sl_db {
	sqlite3 *h;
	struct sl_err first;
	bool failed;
	bool writer;
	/* A writer that failed once does nothing more: SQLite may have rolled
	 * the transaction back, and the next statement would commit alone. */
	bool dead;
	struct cached cache[CACHE_SIZE];
	void (*on_work)(void *arg);
	void *on_work_arg;
};

static bool
is_full(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

/* SQLite keeps errno with the file that failed, and of a commit nowhere else;
 * of the map of its log with the connection. */
static bool
has_no_room(sqlite3 *h)
{
	sqlite3_file *log = NULL;
	int data = 0, wal = 0;

	(void)sqlite3_file_control(h, "main", SQLITE_FCNTL_LAST_ERRNO, &data);
	(void)sqlite3_file_control(
	    h, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (log != NULL && log->pMethods != NULL)
		(void)log->pMethods->xFileControl(
		    log, SQLITE_FCNTL_LAST_ERRNO, &wal);
	return is_full(data) || is_full(wal) ||
	       is_full(sqlite3_system_errno(h));
}

/* A disk that is full has not failed, nor has one that we have our share of.
 * SQLite calls only the first so, and not all of it. After a sync that failed
 * nobody knows what is on the disk, whatever errno says. rc: extended. */
static const char *
reason_of(sqlite3 *h, int rc)
{
	if (rc == SQLITE_FULL)
		return "disk_full";
	if ((rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_SHMSIZE) &&
	    has_no_room(h))
		return "disk_full";
	return "disk_error";
}

static void
keep_error(struct sl_db *d, const char *what)
{
	int rc = sqlite3_extended_errcode(d->h);

	d->dead = d->writer;
	if (d->failed)
		return;
	d->failed = true;
	(void)sl_err_set(&d->first, SL_FATAL, 0, reason_of(d->h, rc),
	    "database: %s: %s (%d)", what, sqlite3_errmsg(d->h), rc);
}

enum sl_rc
sl_db_check(struct sl_db *d, struct sl_err *err)
{
	if (!d->failed)
		return SL_OK;
	if (err != NULL)
		*err = d->first;
	d->failed = false;
	return SL_FATAL;
}

enum sl_rc
sl_db_open(
    const char *path, bool readonly, struct sl_db **ret, struct sl_err *err)
{
	struct sl_db *d = sl_alloc(sizeof(*d));
	int flags = readonly ? SQLITE_OPEN_READONLY
			     : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	static const char *const writer =
	    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "PRAGMA wal_autocheckpoint=16000; PRAGMA secure_delete=ON;"
	    "PRAGMA cache_size=-4096;";
	/* Who only reads goes through tables once: pages are not met again. */
	static const char *const reader = "PRAGMA cache_size=-1024;";
	static const char *const both =
	    "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
	    "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
	    "PRAGMA temp_store=MEMORY;";

	d->writer = !readonly;
	/* One thread in every program: no locks, no counting under a lock.
	 * Refused after the first use of SQLite, which is just as well. */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(path, &d->h, flags, NULL) != SQLITE_OK) {
		(void)sl_err_set(err, SL_FATAL, 0, "disk_error",
		    "cannot open the database: %s", sqlite3_errmsg(d->h));
		sl_db_close(d);
		return SL_FATAL;
	}
	(void)sqlite3_extended_result_codes(d->h, 1);
	(void)sqlite3_busy_timeout(d->h, SL_DB_BUSY_MS);
	(void)sqlite3_db_config(d->h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_limit(d->h, SQLITE_LIMIT_LENGTH, 64 << 20);
	if (sl_db_script(d, both, err) != SL_OK ||
	    sl_db_script(d, readonly ? reader : writer, err) != SL_OK) {
		sl_db_close(d);
		return SL_FATAL;
	}
	*ret = d;
	return SL_OK;
}

void
sl_db_close(struct sl_db *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < CACHE_SIZE; i++)
		(void)sqlite3_finalize(d->cache[i].st);
	(void)sqlite3_close(d->h);
	free(d);
}

enum sl_rc
sl_db_script(struct sl_db *d, const char *sql, struct sl_err *err)
{
	char *why = NULL;

	if (!d->dead && sqlite3_exec(d->h, sql, NULL, NULL, &why) == SQLITE_OK)
		return SL_OK;
	d->dead = d->writer;
	(void)sl_err_set(err, SL_FATAL, 0,
	    reason_of(d->h, sqlite3_extended_errcode(d->h)), "database: %s",
	    why != NULL ? why : "?");
	sqlite3_free(why);
	return SL_FATAL;
}

static sqlite3_stmt *
prepare(struct sl_db *d, const char *sql)
{
	size_t at = ((uintptr_t)sql >> 3) % CACHE_SIZE, i;
	struct cached *c;

	if (d->dead) {
		keep_error(d, "an earlier statement failed");
		return NULL;
	}
	for (i = 0; i < CACHE_SIZE; i++) {
		c = &d->cache[(at + i) % CACHE_SIZE];
		if (c->sql == sql)
			return c->st;
		if (c->sql == NULL)
			break;
	}
	assert(i < CACHE_SIZE);
	if (sqlite3_prepare_v3(d->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &c->st,
		NULL) != SQLITE_OK) {
		keep_error(d, sql);
		return NULL;
	}
	c->sql = sql;
	return c->st;
}

/* keep: SQLITE_STATIC where the statement is done before its values go. */
static void
bind(struct sl_db *d, sqlite3_stmt *st, sqlite3_destructor_type keep,
    const char *fmt, va_list ap)
{
	const struct sl_digest *dg;
	struct sl_slice sl;
	const char *s;
	int i, rc = SQLITE_OK;

	for (i = 1; *fmt != '\0' && rc == SQLITE_OK; fmt++, i++) {
		switch (*fmt) {
		case 'i':
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 's':
			s = va_arg(ap, const char *);
			rc = sqlite3_bind_text(st, i, s, -1, keep);
			break;
		case 't':
			sl = va_arg(ap, struct sl_slice);
			rc = sqlite3_bind_text(
			    st, i, sl.n > 0 ? sl.p : "", (int)sl.n, keep);
			break;
		case 'b':
			sl = va_arg(ap, struct sl_slice);
			rc = sqlite3_bind_blob(
			    st, i, sl.n > 0 ? sl.p : "", (int)sl.n, keep);
			break;
		case 'd':
			dg = va_arg(ap, const struct sl_digest *);
			rc = dg == NULL ? sqlite3_bind_null(st, i)
					: sqlite3_bind_blob(st, i, dg->b,
					      SL_SHA256_LEN, keep);
			break;
		case 'n':
			rc = sqlite3_bind_null(st, i);
			break;
		default:
			assert(!"known binding");
		}
	}
	if (rc != SQLITE_OK)
		keep_error(d, "bind");
	assert(sqlite3_bind_parameter_count(st) == i - 1);
}

sqlite3_stmt *
sl_db_query(struct sl_db *d, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *st = prepare(d, sql);
	va_list ap;

	if (st == NULL)
		return NULL;
	(void)sqlite3_reset(st);
	va_start(ap, fmt);
	bind(d, st, SQLITE_TRANSIENT, fmt, ap);
	va_end(ap);
	return st;
}

bool
sl_db_row(struct sl_db *d, sqlite3_stmt *st)
{
	int rc;

	if (st == NULL || d->dead)
		return false;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		keep_error(d, sqlite3_sql(st));
	(void)sqlite3_reset(st);
	return false;
}

void
sl_db_done(sqlite3_stmt *st)
{
	if (st != NULL)
		(void)sqlite3_reset(st);
}

enum sl_rc
sl_db_run(
    struct sl_db *d, struct sl_err *err, const char *sql, const char *fmt, ...)
{
	enum sl_rc rc;
	va_list ap;

	va_start(ap, fmt);
	rc = sl_db_vrun(d, err, sql, fmt, ap);
	va_end(ap);
	return rc;
}

enum sl_rc
sl_db_vrun(struct sl_db *d, struct sl_err *err, const char *sql,
    const char *fmt, va_list ap)
{
	sqlite3_stmt *st = prepare(d, sql);

	if (st != NULL) {
		(void)sqlite3_reset(st);
		bind(d, st, SQLITE_STATIC, fmt, ap);
		while (sl_db_row(d, st))
			;
	}
	return sl_db_check(d, err);
}

int64_t
sl_db_last_id(struct sl_db *d)
{
	return sqlite3_last_insert_rowid(d->h);
}

int64_t
sl_db_changes(struct sl_db *d)
{
	return sqlite3_changes64(d->h);
}

const char *
sl_db_text(sqlite3_stmt *st, int col)
{
	const unsigned char *s = sqlite3_column_text(st, col);

	return s != NULL ? (const char *)s : "";
}

struct sl_slice
sl_db_blob(sqlite3_stmt *st, int col)
{
	const void *p = sqlite3_column_blob(st, col);

	return (struct sl_slice){p, (uint32_t)sqlite3_column_bytes(st, col)};
}

void
sl_db_copy(sqlite3_stmt *st, int col, char *out, size_t cap)
{
	(void)sl_slice_copy(sl_slice_str(sl_db_text(st, col)), out, cap);
}

bool
sl_db_digest(sqlite3_stmt *st, int col, struct sl_digest *ret)
{
	struct sl_slice b = sl_db_blob(st, col);

	if (b.n != SL_SHA256_LEN)
		return false;
	memcpy(ret->b, b.p, SL_SHA256_LEN);
	return true;
}

int64_t
sl_db_int(struct sl_db *d, int64_t def, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *st = prepare(d, sql);
	int64_t v = def;
	va_list ap;

	if (st == NULL)
		return def;
	(void)sqlite3_reset(st);
	va_start(ap, fmt);
	bind(d, st, SQLITE_STATIC, fmt, ap);
	va_end(ap);
	if (sl_db_row(d, st)) {
		if (sqlite3_column_type(st, 0) != SQLITE_NULL)
			v = sqlite3_column_int64(st, 0);
		sl_db_done(st);
	}
	return v;
}

static int
on_progress(void *arg)
{
	struct sl_db *d = arg;

	d->on_work(d->on_work_arg);
	return 0;
}

void
sl_db_on_work(struct sl_db *d, void (*fn)(void *arg), void *arg)
{
	d->on_work = fn;
	d->on_work_arg = arg;
	sqlite3_progress_handler(
	    d->h, WORK_OPS, fn != NULL ? on_progress : NULL, d);
}

static enum sl_rc
cannot_back_up(sqlite3 *to, int rc, struct sl_err *err)
{
	return sl_err_set(err, SL_FATAL, 0, reason_of(to, rc),
	    "the database cannot be copied: %s (%d)",
	    rc != SQLITE_OK ? sqlite3_errstr(rc) : sqlite3_errmsg(to), rc);
}

enum sl_rc
sl_db_backup(struct sl_db *d, const char *path, void (*fn)(void *arg),
    void *arg, struct sl_err *err)
{
	sqlite3 *to = NULL;
	sqlite3_backup *b = NULL;
	enum sl_rc ret = SL_OK;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return sl_err_set(err, SL_FATAL, errno,
		    is_full(errno) ? "disk_full" : "disk_error",
		    "the database's copy cannot be made");
	(void)close(fd);
	rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		b = sqlite3_backup_init(to, "main", d->h, "main");
	for (rc = SQLITE_OK; b != NULL && rc == SQLITE_OK; fn(arg))
		rc = sqlite3_backup_step(b, BACKUP_PAGES);
	if (b == NULL)
		ret = cannot_back_up(to, SQLITE_OK, err);
	else if (sqlite3_backup_finish(b) != SQLITE_OK || rc != SQLITE_DONE)
		ret = cannot_back_up(to, rc, err);
	(void)sqlite3_close(to);
	return ret;
}

sqlite3 *
sl_db_handle(struct sl_db *d)
{
	return d->h;
}
