#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "store_p.h"

#define COLUMNS                                                                \
	"id, ulid, reception, queue, actor, name, is_folder, received_ms, "    \
	"dropped_ms, size, stage, disposition, ifnull(outcome, 0), reason, "   \
	"detail, attempts, entries, ifnull(retry_ms, 0), source_place"

static void
take(sqlite3_stmt *st, struct sl_consignment *c)
{
	memset(c, 0, sizeof(*c));
	c->id = sqlite3_column_int64(st, 0);
	sl_db_copy(st, 1, c->ulid, sizeof(c->ulid));
	sl_db_copy(st, 2, c->reception, sizeof(c->reception));
	sl_db_copy(st, 3, c->queue, sizeof(c->queue));
	sl_db_copy(st, 4, c->actor, sizeof(c->actor));
	sl_db_copy(st, 5, c->name, sizeof(c->name));
	c->is_folder = sqlite3_column_int(st, 6) != 0;
	c->received_ms = sqlite3_column_int64(st, 7);
	c->dropped_ms = sqlite3_column_int64(st, 8);
	c->size = sqlite3_column_int64(st, 9);
	c->stage = (enum sl_stage)sqlite3_column_int(st, 10);
	c->dispo = (enum sl_dispo)sqlite3_column_int(st, 11);
	c->outcome = sqlite3_column_int(st, 12);
	sl_db_copy(st, 13, c->reason, sizeof(c->reason));
	sl_db_copy(st, 14, c->detail, sizeof(c->detail));
	c->attempts = sqlite3_column_int(st, 15);
	c->entries = sqlite3_column_int(st, 16);
	c->retry_ms = sqlite3_column_int64(st, 17);
	sl_db_copy(st, 18, c->source_place, sizeof(c->source_place));
}

enum sl_rc
sl_store_draw_reception(struct sl_store *s, const char *prefix, int64_t now_ms,
    char *out, size_t n, struct sl_err *err)
{
	int64_t year = sl_clock_oslo(now_ms).year, last;

	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	/* A clock that went back must not open an old year's numbers. */
	last = sl_db_int(s->db, 0, "SELECT max(year) FROM reception_year", "");
	if (last > year)
		year = last;
	if (sl_db_run(s->db, err,
		"INSERT INTO reception_year VALUES (?1, 1) "
		"ON CONFLICT (year) DO UPDATE SET last = last + 1",
		"i", year) != SL_OK)
		return SL_FATAL;
	last = sl_db_int(s->db, 0,
	    "SELECT last FROM reception_year WHERE year = ?1", "i", year);
	sl_reception_format(prefix, (int)year, last, out, n);
	return sl_db_check(s->db, err);
}

enum sl_rc
sl_consignment_insert(struct sl_store *s, struct sl_consignment *c,
    struct sl_slice name_raw, struct sl_err *err)
{
	if (sl_store_run(s, err,
		"INSERT INTO consignment (ulid, reception, queue, name, "
		"name_raw,"
		" is_folder, actor, received_ms, dropped_ms, size, stage,"
		" disposition) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
		" ?11, ?12)",
		"ssssbisiiiii", c->ulid, c->reception, c->queue, c->name,
		name_raw, (int64_t)c->is_folder, c->actor, c->received_ms,
		c->dropped_ms, c->size, (int64_t)c->stage,
		(int64_t)c->dispo) != SL_OK)
		return SL_FATAL;
	c->id = sl_db_last_id(s->db);
	return SL_OK;
}

enum sl_rc
sl_consignment_update(
    struct sl_store *s, const struct sl_consignment *c, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE consignment SET stage = ?2, disposition = ?3,"
	    " outcome = nullif(?4, 0), reason = nullif(?5, ''),"
	    " detail = nullif(?6, ''), attempts = ?7, entries = ?8,"
	    " retry_ms = nullif(?9, 0) WHERE id = ?1",
	    "iiiissiii", c->id, (int64_t)c->stage, (int64_t)c->dispo,
	    (int64_t)c->outcome, c->reason, c->detail, (int64_t)c->attempts,
	    (int64_t)c->entries, c->retry_ms);
}

enum sl_rc
sl_consignment_set_channel_key(
    struct sl_store *s, int64_t id, const char *key, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE consignment SET channel_key = ?2 WHERE id = ?1", "is", id,
	    key);
}

enum sl_rc
sl_consignment_set_place(
    struct sl_store *s, int64_t id, const char *place, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE consignment SET source_place = ?2 WHERE id = ?1", "is", id,
	    place);
}

static bool
one(struct sl_store *s, sqlite3_stmt *st, struct sl_consignment *ret)
{
	if (!sl_db_row(s->db, st))
		return false;
	take(st, ret);
	sl_db_done(st);
	return true;
}

bool
sl_consignment_by_ulid(
    struct sl_store *s, const char *ulid, struct sl_consignment *ret)
{
	return one(s,
	    sl_db_query(s->db,
		"SELECT " COLUMNS " FROM consignment WHERE ulid = ?1", "s",
		ulid),
	    ret);
}

bool
sl_consignment_by_reception(
    struct sl_store *s, const char *reception, struct sl_consignment *ret)
{
	return one(s,
	    sl_db_query(s->db,
		"SELECT " COLUMNS " FROM consignment WHERE reception = ?1", "s",
		reception),
	    ret);
}

bool
sl_consignment_by_id(struct sl_store *s, int64_t id, struct sl_consignment *ret)
{
	return one(s,
	    sl_db_query(s->db,
		"SELECT " COLUMNS " FROM consignment WHERE id = ?1", "i", id),
	    ret);
}

/* The multiset of part digests below the message itself: what "the same part
 * digests" means for a mail fetched twice, whose headers differ. */
#define DIGESTS(id)                                                            \
	"(SELECT group_concat(x, ',') FROM (SELECT hex(p.sha256) AS x"         \
	" FROM part p JOIN source o ON o.id = p.source"                        \
	" WHERE o.consignment = " id " AND p.number > 0 ORDER BY x))"

/* The same of the documents of a package. */
#define DOCUMENTS(id)                                                          \
	"(SELECT group_concat(x, ',') FROM (SELECT hex(p.sha256) AS x"         \
	" FROM part p JOIN source o ON o.id = p.source"                        \
	" WHERE o.consignment = " id " AND p.role IN (1, 3, 4)"                \
	" AND p.describes = '' ORDER BY x))"

#define SAME(what)                                                             \
	"SELECT c.id FROM consignment c WHERE c.queue = ?1"                    \
	" AND c.channel_key = ?2 AND (c.id < ?3 OR (c.id > ?3" /* Read before  \
								  this one was \
								  read again,  \
								  and not      \
								  turned away. \
								*/             \
	" AND EXISTS (SELECT 1 FROM entry e WHERE e.consignment = c.id"        \
	" AND (e.disposition <> 60 OR e.outcome IN (10, 20)))))"               \
	" AND ifnull(c.outcome, 0) <> 50 AND " what("c.id") " IS " what(       \
	    "?3") " ORDER BY c.id LIMIT 1"

int64_t
sl_consignment_find_same(struct sl_store *s, const struct sl_consignment *c,
    const char *key, bool package)
{
	return sl_db_int(s->db, 0, package ? SAME(DOCUMENTS) : SAME(DIGESTS),
	    "ssi", c->queue, key, c->id);
}

/* Rows are copied before the callback runs: it may query what it likes. */
static enum sl_rc
each(struct sl_store *s, const char *sql, sl_consignment_fn *fn, void *arg,
    struct sl_err *err)
{
	struct sl_consignment c;
	int64_t last = 0;
	sqlite3_stmt *st;
	enum sl_rc rc;

	for (;;) {
		st = sl_db_query(s->db, sql, "i", last);
		if (!one(s, st, &c))
			return sl_db_check(s->db, err);
		last = c.id;
		rc = fn(arg, &c, err);
		if (rc != SL_OK)
			return rc;
	}
}

enum sl_rc
sl_consignment_each_open(
    struct sl_store *s, sl_consignment_fn *fn, void *arg, struct sl_err *err)
{
	return each(s,
	    "SELECT " COLUMNS " FROM consignment WHERE id = (SELECT min("
	    "(SELECT id FROM consignment WHERE disposition = d.number"
	    " AND disposition <> 60 AND stage < 50 AND id > ?1"
	    " ORDER BY id LIMIT 1)) FROM disposition d)",
	    fn, arg, err);
}

bool
sl_consignment_next_ready(
    struct sl_store *s, int64_t after, struct sl_consignment *ret)
{
	return one(s,
	    sl_db_query(s->db,
		"SELECT " COLUMNS " FROM consignment WHERE disposition = 10"
		/* said for the index */
		" AND disposition <> 60"
		" AND stage < 50 AND id > ?1 ORDER BY id LIMIT 1",
		"i", after),
	    ret);
}

int64_t
sl_consignment_count_broken(struct sl_store *s, const char *reason)
{
	return sl_db_int(s->db, 0,
	    "SELECT count(*) FROM consignment WHERE disposition = 50"
	    " AND disposition <> 60 AND reason = ?1",
	    "s", reason);
}

enum sl_rc
sl_consignment_each_unfiled(
    struct sl_store *s, sl_consignment_fn *fn, void *arg, struct sl_err *err)
{
	return each(s,
	    "SELECT " COLUMNS " FROM consignment WHERE id > ?1"
	    " AND source_place = 'claimed' AND disposition = 60"
	    " ORDER BY id LIMIT 1",
	    fn, arg, err);
}

bool
sl_blob_known(struct sl_store *s, const struct sl_digest *d)
{
	return sl_db_int(s->db, 0, "SELECT 1 FROM blob WHERE sha256 = ?1", "d",
		   d) != 0;
}

size_t
sl_blob_newest(struct sl_store *s, struct sl_digest *ret, size_t max)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT b.sha256 FROM blob b WHERE b.id >"
	    " (SELECT max(id) FROM blob) - 10 * ?1 AND EXISTS"
	    " (SELECT 1 FROM source o JOIN consignment c"
	    " ON c.id = o.consignment WHERE o.blob = b.id"
	    " AND c.erased_ms IS NULL) ORDER BY b.id DESC LIMIT ?1",
	    "i", (int64_t)max);
	size_t n = 0;

	while (sl_db_row(s->db, st))
		if (n < max && sl_db_digest(st, 0, &ret[n]))
			n++;
	return n;
}

static enum sl_rc
blob_row(struct sl_store *s, struct sl_source *src, struct sl_err *err)
{
	if (sl_db_run(s->db, err,
		"INSERT OR IGNORE INTO blob (sha256, size, made_ms)"
		" VALUES (?1, ?2, ?3)",
		"dii", &src->sha256, (int64_t)src->size,
		sl_clock_utc_ms()) != SL_OK)
		return SL_FATAL;
	src->blob = sl_db_int(s->db, 0, "SELECT id FROM blob WHERE sha256 = ?1",
	    "d", &src->sha256);
	return sl_db_check(s->db, err);
}

enum sl_rc
sl_source_insert(struct sl_store *s, struct sl_source *src,
    struct sl_slice name_raw, struct sl_err *err)
{
	if (sl_store_begin(s, err) != SL_OK || blob_row(s, src, err) != SL_OK)
		return SL_FATAL;
	if (sl_db_run(s->db, err,
		"INSERT INTO source (consignment, number, name, name_raw, blob)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
		"iisbi", src->consignment, (int64_t)src->number, src->name,
		name_raw, src->blob) != SL_OK)
		return SL_FATAL;
	src->id = sl_db_last_id(s->db);
	return SL_OK;
}

size_t
sl_source_list(
    struct sl_store *s, int64_t consignment, struct sl_source *ret, size_t max)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT o.id, o.blob, o.number, o.name, b.sha256, b.size"
	    " FROM source o JOIN blob b ON b.id = o.blob"
	    " WHERE o.consignment = ?1 ORDER BY o.number",
	    "i", consignment);
	size_t n = 0;
	struct sl_source *r;

	while (sl_db_row(s->db, st)) {
		if (n < max) {
			r = &ret[n];
			memset(r, 0, sizeof(*r));
			r->consignment = consignment;
			r->id = sqlite3_column_int64(st, 0);
			r->blob = sqlite3_column_int64(st, 1);
			r->number = sqlite3_column_int(st, 2);
			sl_db_copy(st, 3, r->name, sizeof(r->name));
			(void)sl_db_digest(st, 4, &r->sha256);
			r->size = (uint64_t)sqlite3_column_int64(st, 5);
		}
		n++;
	}
	return n;
}
