/*
 * INVARIANTS: one connection writes; the tree row is written in the transaction
 * of the leaves it covers; files are synced before the rows that name them.
 * FAILURES: anything that SQLite or a sync says no to is SL_FATAL. kill -9 at
 * any line leaves either the state before the transaction or after it.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../journal/leaf.h"
#include "store_p.h"

static enum sl_rc
load_tree(struct sl_store *s, struct sl_err *err)
{
	sqlite3_stmt *st =
	    sl_db_query(s->db, "SELECT size, nodes FROM tree WHERE id = 1", "");
	struct sl_slice b;
	uint64_t size = 0;
	int64_t leaves;

	if (sl_db_row(s->db, st)) {
		size = (uint64_t)sqlite3_column_int64(st, 0);
		b = sl_db_blob(st, 1);
		if (b.n != sl_tree_nodes(size) * SL_SHA256_LEN) {
			sl_db_done(st);
			return sl_err_set(err, SL_FATAL, 0, "journal_broken",
			    "the journal's tree does not fit its size");
		}
		memcpy(s->tree.nodes, b.p, b.n);
		s->tree.size = s->loud = size;
		sl_db_done(st);
	}
	leaves = sl_db_int(s->db, -1, "SELECT max(seq) + 1 FROM leaf", "");
	if ((leaves < 0 ? 0 : (uint64_t)leaves) != size)
		return sl_err_set(err, SL_FATAL, 0, "journal_broken",
		    "the journal holds %" PRId64 " leaves, its tree %" PRIu64,
		    leaves, size);
	return sl_db_check(s->db, err);
}

/* The name that the last leaf has: it may have changed on the way. */
static enum sl_rc
load_origin(struct sl_store *s, struct sl_err *err)
{
	SL_BUF struct sl_buf lines = {0};
	struct sl_slice b;
	struct sl_leaf l;
	sqlite3_stmt *st = sl_db_query(
	    s->db, "SELECT bytes FROM leaf ORDER BY seq DESC LIMIT 1", "");

	if (sl_db_row(s->db, st)) {
		b = sl_db_blob(st, 0);
		if (sl_leaf_decode(b.p, b.n, &lines, &l, err) != SL_OK ||
		    strlen(l.origin) >= sizeof(s->origin)) {
			sl_db_done(st);
			return sl_err_set(err, SL_FATAL, 0, "journal_broken",
			    "the journal's last leaf cannot be read");
		}
		(void)snprintf(s->origin, sizeof(s->origin), "%s", l.origin);
		s->before_ms = l.time_ms;
		s->before_event = l.event;
		sl_db_done(st);
	}
	return sl_db_check(s->db, err);
}

#define META_SENDING "sending"
#define MAY_BE_THERE                                                           \
	"UPDATE delivery SET uncertain = 1 WHERE state = 'pending'"            \
	" AND uncertain = 0 AND attempts > 0"

static enum sl_rc
put_generation(struct sl_store *s, uint64_t generation, struct sl_err *err)
{
	char value[32];

	(void)snprintf(value, sizeof(value), "%" PRIu64, generation);
	return sl_store_meta_put(s, META_SENDING, value, err);
}

/* What was being sent when slused ended, and no commit had it: it may have
 * reached its target. */
static enum sl_rc
open_sending(struct sl_store *s, const char *root, struct sl_err *err)
{
	int64_t ids[SL_SENDING_MAX];
	char known[32];
	unsigned n, i;
	bool torn;

	sl_store_meta(s, META_SENDING, known, sizeof(known));
	if (sl_sending_open(root, strtoull(known, NULL, 10), &s->sending, ids,
		&n, &torn, err) != SL_OK)
		return SL_FATAL;
	for (i = 0; i < n; i++)
		if (sl_store_run(s, err, MAY_BE_THERE " AND id = ?1", "i",
			ids[i]) != SL_OK)
			return SL_FATAL;
	if (torn && sl_store_run(s, err, MAY_BE_THERE, "") != SL_OK)
		return SL_FATAL;
	if (n > 0 || torn)
		sl_log(SL_LOG_NOTICE, "store",
		    "was sending when it ended deliveries=\"%u\" torn=\"%d\"",
		    n, torn);
	return n > 0 ? put_generation(
			   s, sl_sending_generation(s->sending) - 1, err)
		     : SL_OK;
}

enum sl_rc
sl_store_sending(struct sl_store *s, int64_t delivery, struct sl_err *err)
{
	if (sl_sending_is_fresh(s->sending) &&
	    put_generation(s, sl_sending_generation(s->sending), err) != SL_OK)
		return SL_FATAL;
	return sl_sending_put(s->sending, delivery, err);
}

int
sl_store_mend(struct sl_store *s)
{
	return sl_sending_mend(s->sending);
}

static enum sl_rc
open_dir(const char *path, int *ret, struct sl_err *err)
{
	*ret = sl_open_dir(AT_FDCWD, path);
	return *ret >= 0 ? SL_OK
			 : sl_err_set(err, SL_FATAL, errno, "disk_error",
			       "cannot open the folder of the database");
}

enum sl_rc
sl_store_open(const char *root, const char *origin, struct sl_store **ret,
    struct sl_err *err)
{
	struct sl_store *s = sl_alloc(sizeof(*s));
	SL_FREE char *dir = sl_asprintf("%s/db", root);
	SL_FREE char *path = sl_asprintf("%s/db/sluse.db", root);
	int64_t from;

	(void)snprintf(s->origin, sizeof(s->origin), "%s", origin);
	s->dir = -1;
	s->root = sl_strdup(root);
	if (sl_make_path(dir, 0750, err) != SL_OK ||
	    open_dir(dir, &s->dir, err) != SL_OK ||
	    sl_db_open(path, false, &s->db, err) != SL_OK ||
	    sl_files_open(root, &s->files, err) != SL_OK ||
	    sl_store_migrate(s, root, &from, err) != SL_OK ||
	    load_tree(s, err) != SL_OK || load_origin(s, err) != SL_OK ||
	    sl_store_log_migration(s, from, err) != SL_OK ||
	    open_sending(s, root, err) != SL_OK ||
	    sl_store_commit(s, err) != SL_OK) {
		sl_store_close(s);
		return SL_FATAL;
	}
	*ret = s;
	return SL_OK;
}

enum sl_rc
sl_store_open_read(const char *root, struct sl_store **ret, struct sl_err *err)
{
	struct sl_store *s = sl_alloc(sizeof(*s));
	SL_FREE char *path = sl_asprintf("%s/db/sluse.db", root);

	s->dir = -1;
	if (access(path, F_OK) != 0) {
		free(s);
		return sl_err_set(err, SL_SKIP, errno == ENOENT ? 0 : errno,
		    "no_instance", "%.150s holds no instance that has run",
		    root);
	}
	s->root = sl_strdup(root);
	if (sl_db_open(path, true, &s->db, err) != SL_OK) {
		sl_store_close(s);
		return SL_FATAL;
	}
	*ret = s;
	return SL_OK;
}

void
sl_store_close(struct sl_store *s)
{
	if (s == NULL)
		return;
	sl_db_close(s->db);
	sl_files_close(s->files);
	sl_sending_close(s->sending);
	sl_cleanup_close(&s->dir);
	free(s->root);
	free(s);
}

const char *
sl_store_root(const struct sl_store *s)
{
	return s->root;
}

struct sl_files *
sl_store_files(struct sl_store *s)
{
	return s->files;
}

struct sl_db *
sl_store_db(struct sl_store *s)
{
	return s->db;
}

enum sl_rc
sl_store_begin(struct sl_store *s, struct sl_err *err)
{
	if (s->writing)
		return SL_OK;
	s->writing = true;
	return sl_db_run(s->db, err, "BEGIN IMMEDIATE", "");
}

enum sl_rc
sl_store_run(struct sl_store *s, struct sl_err *err, const char *sql,
    const char *fmt, ...)
{
	enum sl_rc rc = sl_store_begin(s, err);
	va_list ap;

	va_start(ap, fmt);
	if (rc == SL_OK)
		rc = sl_db_vrun(s->db, err, sql, fmt, ap);
	va_end(ap);
	return rc;
}

bool
sl_store_dirty(const struct sl_store *s)
{
	return s->writing;
}

static enum sl_rc
write_tree(struct sl_store *s, struct sl_err *err)
{
	struct sl_digest root;
	struct sl_slice nodes = {(const char *)s->tree.nodes,
	    (uint32_t)(sl_tree_nodes(s->tree.size) * SL_SHA256_LEN)};

	if (s->tree.size == 0)
		return SL_OK;
	sl_tree_root(&s->tree, &root);
	return sl_db_run(s->db, err,
	    "INSERT OR REPLACE INTO tree VALUES (1, ?1, ?2, ?3)", "ibd",
	    (int64_t)s->tree.size, nodes, &root);
}

enum sl_rc
sl_store_commit(struct sl_store *s, struct sl_err *err)
{
	if (!s->writing)
		return SL_OK;
	if (sl_files_sync(s->files, err) != SL_OK ||
	    write_tree(s, err) != SL_OK ||
	    sl_db_run(s->db, err, "COMMIT", "") != SL_OK)
		return SL_FATAL;
	s->writing = false;
	return sl_sending_committed(s->sending, err);
}

int64_t
sl_store_before(const struct sl_store *s, int *ret_event)
{
	*ret_event = s->before_event;
	return s->before_ms;
}

uint64_t
sl_store_leaves(const struct sl_store *s)
{
	return s->tree.size;
}

enum sl_rc
sl_store_log(struct sl_store *s, enum sl_event event, const char *subject,
    const char *actor, const char *payload_json, int64_t consignment,
    int64_t entry, struct sl_err *err)
{
	struct sl_leaf l = {.origin = s->origin,
	    .subject = subject,
	    .actor = actor,
	    .seq = s->tree.size,
	    .time_ms = sl_clock_utc_ms(),
	    .event = (int)event};
	uint8_t salt[SL_SALT_LEN];
	SL_BUF struct sl_buf bytes = {0};
	struct sl_digest hash;
	struct sl_slice salt_slice = {(const char *)salt, sizeof(salt)};

	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	/* A leaf outside a transaction would be there without its tree. */
	if (sqlite3_get_autocommit(sl_db_handle(s->db)) != 0)
		return sl_err_set(err, SL_FATAL, 0, "disk_error",
		    "the database has rolled back");
	sl_random(salt, sizeof(salt));
	sl_payload_digest(salt, payload_json, strlen(payload_json), &l.payload);
	if (sl_leaf_encode(&l, &bytes, err) != SL_OK)
		return SL_FATAL;
	sl_tree_leaf_hash(bytes.p, bytes.n, &hash);
	sl_tree_append(&s->tree, &hash);
	if (!sl_event_is_mark((int)event))
		s->loud = s->tree.size;
	if (sl_db_run(s->db, err,
		"INSERT INTO leaf VALUES (?1, ?2, nullif(?3, 0), nullif(?4, "
		"0))",
		"ibii", (int64_t)l.seq, sl_slice_buf(&bytes), consignment,
		entry) != SL_OK)
		return SL_FATAL;
	return sl_db_run(s->db, err, "INSERT INTO payload VALUES (?1, ?2, ?3)",
	    "ibs", (int64_t)l.seq, salt_slice, payload_json);
}

enum sl_rc
sl_store_meta_put(
    struct sl_store *s, const char *key, const char *value, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT OR REPLACE INTO meta VALUES (?1, ?2)", "ss", key, value);
}

void
sl_store_meta(struct sl_store *s, const char *key, char *out, size_t cap)
{
	sqlite3_stmt *st = sl_db_query(
	    s->db, "SELECT value FROM meta WHERE key = ?1", "s", key);

	out[0] = '\0';
	if (sl_db_row(s->db, st)) {
		sl_db_copy(st, 0, out, cap);
		sl_db_done(st);
	}
}

bool
sl_store_meta_next(struct sl_store *s, const char *begin, char *key, size_t cap)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT key FROM meta WHERE key > ?1 ORDER BY key LIMIT 1", "s",
	    key);

	if (!sl_db_row(s->db, st))
		return false;
	sl_db_copy(st, 0, key, cap);
	sl_db_done(st);
	return strncmp(key, begin, strlen(begin)) == 0;
}
