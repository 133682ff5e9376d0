/*
 * SECURITY: secure_delete is on (db.c), so what a row held is overwritten in
 * its page; the write-ahead log is emptied after the commit. What the disk
 * itself keeps of overwritten blocks is out of our reach.
 */
#include "erase.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../journal/leaf.h"
#include "store_p.h"

#define BLOB "1"
#define BUNDLE "2"
#define FOLDER "3"

size_t
sl_erase_due(struct sl_store *s, int64_t before_ms, int64_t *at, int64_t *ids)
{
	int64_t last = sl_db_int(s->db, 0,
	    "SELECT max(id) FROM (SELECT id FROM consignment WHERE id > ?1"
	    " ORDER BY id LIMIT 200)",
	    "i", *at);
	/* A document counts as seen if a receipt of every delivery of its
	 * entry names its digest. */
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT c.id FROM consignment c WHERE c.erased_ms IS NULL"
	    " AND c.id > ?2 AND c.id <= ?3"
	    " AND c.disposition = 60 AND c.received_ms < ?1"
	    " AND EXISTS (SELECT 1 FROM entry e WHERE e.consignment = c.id"
	    "  AND e.outcome = 10)"
	    " AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.consignment = c.id"
	    "  AND ifnull(e.outcome, 0) <> 60 AND (ifnull(e.outcome, 0) <> 10"
	    "  OR NOT EXISTS (SELECT 1 FROM delivery d WHERE d.entry = e.id)"
	    "  OR EXISTS (SELECT 1 FROM delivery d WHERE d.entry = e.id"
	    "   AND (d.state <> 'delivered' OR d.changed_ms >= ?1"
	    "    OR NOT json_valid(d.receipt)"
	    "    OR EXISTS (SELECT 1 FROM document o JOIN part p"
	    "     ON p.id = o.part WHERE o.entry = e.id"
	    "     AND lower(hex(p.sha256)) NOT IN (SELECT"
	    "      ifnull(json_extract(j.value, '$.sha256'), '') FROM"
	    "      json_each(d.receipt, '$.documents') j))))))"
	    " ORDER BY c.id",
	    "iii", before_ms, *at, last);
	size_t n = 0;

	while (sl_db_row(s->db, st))
		if (n < SL_ERASE_LOOK)
			ids[n++] = sqlite3_column_int64(st, 0);
	*at = last;
	return n;
}

bool
sl_erase_done(struct sl_store *s, int64_t consignment)
{
	return sl_db_int(s->db, 0,
		   "SELECT erased_ms FROM consignment WHERE id = ?1", "i",
		   consignment) != 0;
}

/* -- payloads -------------------------------------------------------------- */

/* Those of the events that say what was erased stay. */
static bool
says_erased(sqlite3_stmt *st, int col, struct sl_buf *lines)
{
	struct sl_slice b = sl_db_blob(st, col);
	struct sl_leaf l;

	return sl_leaf_decode(b.p, b.n, lines, &l, NULL) != SL_OK ||
	       l.event == SL_EVENT_erased;
}

enum sl_rc
sl_erase_list(struct sl_store *s, int64_t consignment, struct sl_buf *out,
    struct sl_err *err)
{
	SL_BUF struct sl_buf lines = {0};
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT l.seq, l.bytes FROM leaf l JOIN payload p ON p.seq = l.seq"
	    " WHERE l.consignment = ?1 ORDER BY l.seq",
	    "i", consignment);
	char sep = '[';

	while (sl_db_row(s->db, st)) {
		if (says_erased(st, 1, &lines))
			continue;
		sl_buf_printf(
		    out, "%c%lld", sep, (long long)sqlite3_column_int64(st, 0));
		sep = ',';
	}
	sl_buf_add_str(out, sep == '[' ? "[]" : "]");
	return sl_db_check(s->db, err);
}

static enum sl_rc
erase_payloads(struct sl_store *s, int64_t consignment, struct sl_err *err)
{
	SL_BUF struct sl_buf list = {0};

	if (sl_erase_list(s, consignment, &list, err) != SL_OK ||
	    sl_db_run(s->db, err,
		"INSERT INTO erasure SELECT value, ?2 FROM json_each(?1)", "si",
		sl_buf_str(&list), (int64_t)s->tree.size) != SL_OK)
		return SL_FATAL;
	return sl_db_run(s->db, err,
	    "DELETE FROM payload WHERE seq IN"
	    " (SELECT value FROM json_each(?1))",
	    "s", sl_buf_str(&list));
}

enum sl_rc
sl_erase_payload(struct sl_store *s, uint64_t seq, struct sl_err *err)
{
	SL_BUF struct sl_buf lines = {0};
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT l.bytes FROM leaf l JOIN payload p ON p.seq = l.seq"
	    " WHERE l.seq = ?1",
	    "i", (int64_t)seq);
	bool may = sl_db_row(s->db, st) && !says_erased(st, 0, &lines);

	sl_db_done(st);
	if (!may)
		return sl_err_set(err, SL_REJECT, 0, "not_possible",
		    "that event has no payload that could be erased");
	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	/* Foreign keys are looked at when the transaction ends: the event
	 * comes next. */
	if (sl_db_script(s->db, "PRAGMA defer_foreign_keys=ON", err) != SL_OK ||
	    sl_db_run(s->db, err, "INSERT INTO erasure VALUES (?1, ?2)", "ii",
		(int64_t)seq, (int64_t)s->tree.size) != SL_OK)
		return SL_FATAL;
	return sl_db_run(s->db, err, "DELETE FROM payload WHERE seq = ?1", "i",
	    (int64_t)seq);
}

/* -- content --------------------------------------------------------------- */

#define PARTS                                                                  \
	"(SELECT p.id FROM part p JOIN source o ON o.id = p.source"            \
	" WHERE o.consignment = ?1)"
#define ENTRIES "(SELECT id FROM entry WHERE consignment = ?1)"
/* A subject column that names it, or one of its entries. */
#define SUBJECT                                                                \
	"EXISTS (SELECT 1 FROM consignment c WHERE c.id = ?1 AND"              \
	" (subject = c.reception OR"                                           \
	" substr(subject, 1, length(c.reception) + 1) = c.reception || '.'))"

/* In this order: files are found by rows that are emptied behind them. An
 * original stays while another consignment has the same bytes; of a prepared
 * post, what reports go on asking for, and is no content. */
static enum sl_rc
empty_rows(struct sl_store *s, int64_t id, struct sl_err *err)
{
	struct sl_db *d = s->db;

#define RUN(sql) (sl_db_run(d, err, sql, "i", id) != SL_OK)
	if (RUN("INSERT OR IGNORE INTO erasing SELECT " BLOB
		", lower(hex(b.sha256)), '' FROM source o JOIN blob b"
		" ON b.id = o.blob WHERE o.consignment = ?1 AND NOT EXISTS"
		" (SELECT 1 FROM source x JOIN consignment c"
		" ON c.id = x.consignment WHERE x.blob = o.blob"
		" AND c.id <> ?1 AND c.erased_ms IS NULL)") ||
	    RUN("INSERT OR IGNORE INTO erasing SELECT " BUNDLE
		", b.name, '' FROM bundle b JOIN source o ON o.id = b.source"
		" WHERE o.consignment = ?1") ||
	    RUN("INSERT OR IGNORE INTO erasing SELECT " FOLDER
		", reception, queue FROM consignment WHERE id = ?1"
		" AND source_place <> 'gone'") ||
	    RUN("DELETE FROM page WHERE part IN " PARTS) ||
	    RUN("DELETE FROM found WHERE part IN " PARTS) ||
	    RUN("DELETE FROM note WHERE part IN " PARTS) ||
	    RUN("DELETE FROM named WHERE part IN " PARTS) ||
	    RUN("UPDATE part SET name = '', name_raw = x'', bundle = NULL"
		" WHERE id IN " PARTS) ||
	    RUN("DELETE FROM bundle WHERE source IN"
		" (SELECT id FROM source WHERE consignment = ?1)") ||
	    RUN("UPDATE source SET name = '', name_raw = x''"
		" WHERE consignment = ?1") ||
	    RUN("UPDATE document SET title = '' WHERE entry IN " ENTRIES) ||
	    RUN("UPDATE placement SET evidence = '[]', value ="
		" CASE field WHEN (SELECT number FROM field WHERE name ="
		" 'case_number') THEN value ELSE '' END"
		" WHERE entry IN " ENTRIES) ||
	    RUN("UPDATE target_post SET title = '', public_title = '' WHERE"
		" own_key IN (SELECT own_key FROM entry"
		" WHERE consignment = ?1)") ||
	    RUN("UPDATE delivery SET detail = NULL WHERE entry IN " ENTRIES) ||
	    RUN("UPDATE approval SET args = '{}', why = '' WHERE " SUBJECT) ||
	    RUN("UPDATE glass SET why = '' WHERE " SUBJECT) ||
	    RUN("UPDATE entry SET title = NULL, detail = NULL,"
		" post = iif(json_valid(post), nullif(json_patch('{}',"
		" json_object('enhet', post ->> '$.enhet', 'tilgangskode',"
		" post ->> '$.tilgangskode')), '{}'), NULL)"
		" WHERE consignment = ?1"))
		return SL_FATAL;
#undef RUN
	return sl_db_run(d, err,
	    "UPDATE consignment SET name = '', name_raw = x'', detail = NULL,"
	    " channel_key = NULL, erased_ms = ?2 WHERE id = ?1",
	    "ii", id, sl_clock_utc_ms());
}

enum sl_rc
sl_erase_content(struct sl_store *s, int64_t consignment, struct sl_err *err)
{
	if (sl_store_begin(s, err) != SL_OK ||
	    sl_db_script(s->db, "PRAGMA defer_foreign_keys=ON", err) != SL_OK ||
	    erase_payloads(s, consignment, err) != SL_OK)
		return SL_FATAL;
	return empty_rows(s, consignment, err);
}

/* -- files ----------------------------------------------------------------- */

/* Copies from before a migration hold what was there then. */
static bool
remove_copies(const char *root)
{
	SL_FREE char *path = sl_asprintf("%s/db", root);
	int fd = sl_open_dir(AT_FDCWD, path);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	bool ok = d != NULL;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, SL_STORE_COPY, strlen(SL_STORE_COPY)) ==
		    0)
			ok &= unlinkat(dirfd(d), e->d_name, 0) == 0;
	if (d != NULL)
		(void)closedir(d);
	return ok;
}

/* The same bytes came once more since it was listed. */
static bool
has_post(struct sl_store *s, const struct sl_digest *digest)
{
	return sl_db_int(s->db, 1,
		   "SELECT EXISTS (SELECT 1 FROM blob b JOIN source o"
		   " ON o.blob = b.id JOIN consignment c"
		   " ON c.id = o.consignment WHERE b.sha256 = ?1"
		   " AND c.erased_ms IS NULL)",
		   "d", digest) != 0;
}

static bool
remove_listed(struct sl_store *s)
{
	sqlite3_stmt *st = sl_db_query(
	    s->db, "SELECT kind, name FROM erasing WHERE kind < " FOLDER, "");
	struct sl_digest digest;
	const char *name;
	bool ok = true;

	while (sl_db_row(s->db, st)) {
		name = sl_db_text(st, 1);
		if (sqlite3_column_int64(st, 0) == 2)
			ok &= sl_files_drop_bundle(s->files, name);
		else
			ok &= sl_unhex(name, digest.b, sizeof(digest.b)) &&
			      (has_post(s, &digest) ||
				  sl_files_drop_blob(s->files, &digest));
	}
	return ok;
}

bool
sl_erase_files(struct sl_store *s, const char *root)
{
	struct sl_err err;
	bool ok;

	if (sl_db_int(s->db, 0,
		"SELECT count(*) FROM erasing WHERE kind < " FOLDER, "") > 0) {
		ok = remove_listed(s) && remove_copies(root);
		if (!ok || sl_files_sync(s->files, &err) != SL_OK ||
		    sl_store_begin(s, &err) != SL_OK ||
		    sl_db_run(s->db, &err,
			"DELETE FROM erasing WHERE kind < " FOLDER,
			"") != SL_OK ||
		    sl_store_commit(s, &err) != SL_OK)
			return false;
	}
	/* A reader may be in the way: then at the next call. */
	return sl_db_int(s->db, 1, "PRAGMA wal_checkpoint(TRUNCATE)", "") == 0;
}

bool
sl_erase_next_folder(struct sl_store *s, char *queue, size_t queue_cap,
    char *reception, size_t cap)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT queue, name FROM erasing WHERE kind = " FOLDER " LIMIT 1",
	    "");

	if (!sl_db_row(s->db, st))
		return false;
	sl_db_copy(st, 0, queue, queue_cap);
	sl_db_copy(st, 1, reception, cap);
	sl_db_done(st);
	return true;
}

enum sl_rc
sl_erase_folder_gone(
    struct sl_store *s, const char *reception, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "DELETE FROM erasing WHERE kind = " FOLDER " AND name = ?1", "s",
	    reception);
}
