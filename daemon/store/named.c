/*
 * What descriptions of packages name.
 */
#include <string.h>

#include "store_p.h"

enum sl_rc
sl_named_put(struct sl_store *s, int64_t part, const struct sl_msg_r_named *m,
    struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT OR REPLACE INTO named (part, post, number, main, file,"
	    " title, type, checks, size, sha256) VALUES (?1, ?2, ?3, ?4, ?5,"
	    " ?6, ?7, ?8, ?9, ?10)",
	    "iiiitttiid", part, (int64_t)m->post, (int64_t)m->number,
	    (int64_t)m->main, m->file, m->title, m->type, (int64_t)m->checks,
	    (int64_t)m->size, &m->sha256);
}

enum sl_rc
sl_named_each(struct sl_store *s, int64_t part, sl_named_fn *fn, void *arg,
    struct sl_err *err)
{
	struct sl_named n;
	enum sl_rc rc;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT post, main, file, title, type, checks, size, sha256"
	    " FROM named WHERE part = ?1 ORDER BY number",
	    "i", part);

	while (sl_db_row(s->db, st)) {
		memset(&n, 0, sizeof(n));
		n.post = (unsigned)sqlite3_column_int(st, 0);
		n.main = sqlite3_column_int(st, 1) != 0;
		sl_db_copy(st, 2, n.file, sizeof(n.file));
		sl_db_copy(st, 3, n.title, sizeof(n.title));
		sl_db_copy(st, 4, n.type, sizeof(n.type));
		n.checks = (unsigned)sqlite3_column_int(st, 5);
		n.size = (uint64_t)sqlite3_column_int64(st, 6);
		(void)sl_db_digest(st, 7, &n.sha256);
		rc = fn(arg, &n, err);
		if (rc != SL_OK) {
			sl_db_done(st);
			return rc;
		}
	}
	return sl_db_check(s->db, err);
}

bool
sl_described_any(struct sl_store *s, int64_t consignment)
{
	return sl_db_int(s->db, 0,
		   "SELECT 1 FROM part p JOIN source o ON o.id = p.source"
		   " WHERE o.consignment = ?1 AND p.describes <> '' LIMIT 1",
		   "i", consignment) != 0;
}

unsigned
sl_found_posts(struct sl_store *s, int64_t part)
{
	return (unsigned)sl_db_int(s->db, 0,
	    "SELECT ifnull(max(post), 0) FROM found WHERE part = ?1", "i",
	    part);
}

uint64_t
sl_found_screened(struct sl_store *s, int64_t part)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT DISTINCT post FROM found WHERE part = ?1 AND field = ?2"
	    " AND source = ?3 AND value = 'XX'",
	    "iii", part, (int64_t)SL_FIELD_access, (int64_t)SL_SOURCE_PACKAGE);
	uint64_t posts = 0;

	while (sl_db_row(s->db, st))
		posts |= sl_posts_bit((unsigned)sqlite3_column_int(st, 0));
	return posts;
}

enum sl_rc
sl_description_drop(struct sl_store *s, int64_t part, struct sl_err *err)
{
	if (sl_store_run(s, err, "DELETE FROM named WHERE part = ?1", "i",
		part) != SL_OK ||
	    sl_db_run(s->db, err,
		"DELETE FROM found WHERE part = ?1 AND source = ?2", "ii", part,
		(int64_t)SL_SOURCE_PACKAGE) != SL_OK)
		return SL_FATAL;
	return sl_db_run(s->db, err,
	    "UPDATE part SET describes = '' WHERE id = ?1", "i", part);
}
