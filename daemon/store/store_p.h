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
	bool writing; /* a transaction is open */
	int dir; /* db/, or -1 */
};

/* Opens the transaction if there is none. Every writing verb calls it. */
enum sl_rc sl_store_begin(struct sl_store *s, struct sl_err *err);
/* The same, and sl_db_run() in it. */
enum sl_rc sl_store_run(struct sl_store *s, struct sl_err *err, const char *sql,
    const char *fmt, ...);

#endif
