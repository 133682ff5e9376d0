/*
 * SQLite for the files of this room only: statements, binding, errors.
 *
 * Every failure of SQLite in the writing path is SL_FATAL: the program stops
 * and reads the truth from disk again (a failed sync must never be retried).
 */
#ifndef SL_STORE_DB_H
#define SL_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/hash.h"

struct sl_db;

/* What stands for a consignment: its entries, but for those that another has
 * replaced (outcome 60); itself while it has none, as when it is read again. */
#define SL_DB_ITEMS                                                            \
	" FROM consignment c LEFT JOIN entry e ON e.consignment = c.id"        \
	" AND ifnull(e.outcome, 0) <> 60"

#define SL_DB_BUSY_MS 5000 /* a lock is waited for */

/* A page (g) that OCR read, and for which it was hard: SL_PAGE_OCR, neither
 * SL_PAGE_BLANK nor SL_PAGE_WORDLESS, and below SL_PAGE_LOW. */
#define SL_DB_UNSURE_PAGE                                                      \
	"(g.source = 2 AND g.flags & 17 = 0 AND g.confidence < 700)"

enum sl_rc sl_db_open(
    const char *path, bool readonly, struct sl_db **ret, struct sl_err *err);
void sl_db_close(struct sl_db *d);
/* A script of several statements. */
enum sl_rc sl_db_script(struct sl_db *d, const char *sql, struct sl_err *err);

/* Prepares (cached by the address of sql: pass literals) and binds by fmt:
 *   i int64_t   s const char * (NULL = SQL NULL)   t struct sl_slice, text
 *   b struct sl_slice, blob   d const struct sl_digest * (NULL = SQL NULL)
 *   n nothing: SQL NULL */
sqlite3_stmt *sl_db_query(
    struct sl_db *d, const char *sql, const char *fmt, ...);
/* Next row? The statement resets itself at the end. */
bool sl_db_row(struct sl_db *d, sqlite3_stmt *st);
/* Ends a query before its last row. */
void sl_db_done(sqlite3_stmt *st);
/* Query without rows. */
enum sl_rc sl_db_run(
    struct sl_db *d, struct sl_err *err, const char *sql, const char *fmt, ...);
enum sl_rc sl_db_vrun(struct sl_db *d, struct sl_err *err, const char *sql,
    const char *fmt, va_list ap);
/* The first error since the last call, if any. */
enum sl_rc sl_db_check(struct sl_db *d, struct sl_err *err);

int64_t sl_db_last_id(struct sl_db *d);
int64_t sl_db_changes(struct sl_db *d);
/* Column as text, "" for NULL; lives until the next step. */
const char *sl_db_text(sqlite3_stmt *st, int col);
struct sl_slice sl_db_blob(sqlite3_stmt *st, int col);
/* Copies text into a fixed array, cut at a UTF-8 boundary. */
void sl_db_copy(sqlite3_stmt *st, int col, char *out, size_t cap);
bool sl_db_digest(sqlite3_stmt *st, int col, struct sl_digest *ret);
/* First column of the first row, or def. */
int64_t sl_db_int(
    struct sl_db *d, int64_t def, const char *sql, const char *fmt, ...);
/* Long work tells that it goes on: fn is called every some ms of it, in
 * between; NULL: no more. It must not use the database. */
void sl_db_on_work(struct sl_db *d, void (*fn)(void *arg), void *arg);
/* All of it as it is now into a new file (0600), which is on disk then. Nobody
 * else writes meanwhile. fn: as above. After a failure something may be left.
 */
enum sl_rc sl_db_backup(struct sl_db *d, const char *path,
    void (*fn)(void *arg), void *arg, struct sl_err *err);
sqlite3 *sl_db_handle(struct sl_db *d);

#endif
