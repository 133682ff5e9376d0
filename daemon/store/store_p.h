/*
 * The inside of struct sl_store, for the files of this room only.
 */
#ifndef SL_STORE_STORE_P_H
#define SL_STORE_STORE_P_H

#include "../journal/tree.h"
#include "db.h"
#include "sending.h"
#include "store.h"

struct sl_store {
	struct sl_db *db;
	struct sl_files *files;
	struct sl_sending *sending; /* NULL: open for reading */
	struct sl_tree tree;
	uint64_t loud; /* leaves up to the last that is no mark's */
	char origin[128];
	int64_t before_ms; /* of the last leaf when it was opened; 0: none */
	int before_event;
	char *root;
	bool writing; /* a transaction is open */
	int dir; /* db/, or -1 */
};

/* Opens the transaction if there is none. Every writing verb calls it. */
enum sl_rc sl_store_begin(struct sl_store *s, struct sl_err *err);
/* The same, and sl_db_run() in it. */
enum sl_rc sl_store_run(struct sl_store *s, struct sl_err *err, const char *sql,
    const char *fmt, ...);

/* -- migrate.c --------------------------------------------------------------
 */
/* Copies of the database from before a migration begin so. */
#define SL_STORE_COPY "sluse-before-schema-"
/* Brings the schema to SL_SCHEMA_VERSION, in a transaction that stays open;
 * *ret_from: which it was, 0: none. SL_FATAL: also schema_newer, disk_full (no
 * room for the copy). */
enum sl_rc sl_store_migrate(struct sl_store *s, const char *root,
    int64_t *ret_from, struct sl_err *err);
/* In that transaction. Of a database made now slused tells. */
enum sl_rc sl_store_log_migration(
    struct sl_store *s, int64_t from, struct sl_err *err);

#endif
