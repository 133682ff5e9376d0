#include <stdio.h>
#include <string.h>

#include "../base/ulid.h"
#include "store_p.h"

enum sl_rc
sl_part_put(struct sl_store *s, int64_t source, const struct sl_msg_r_part *m,
    const struct sl_digest *sha256, int64_t *ret_id, struct sl_err *err)
{
	sqlite3_stmt *st;

	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	st = sl_db_query(s->db,
	    "INSERT INTO part (source, number, parent, depth, role, name,"
	    " name_raw, name_charset, offset, size, sha256, mime, puid,"
	    " format, basis, warnings, reader, reason, pages, describes)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
	    " ?13, ?14, ?15, ?16, ?17, nullif(?18, ''), ?19, ?20)"
	    " ON CONFLICT (source, number) DO"
	    " UPDATE SET parent = excluded.parent, depth = excluded.depth,"
	    " role = excluded.role, name = excluded.name,"
	    " name_raw = excluded.name_raw,"
	    " name_charset = excluded.name_charset,"
	    " offset = excluded.offset, size = excluded.size,"
	    " sha256 = excluded.sha256, mime = excluded.mime,"
	    " puid = excluded.puid, format = excluded.format,"
	    " basis = excluded.basis, warnings = excluded.warnings,"
	    " reader = excluded.reader, reason = excluded.reason,"
	    " pages = excluded.pages, describes = excluded.describes,"
	    " bundle = NULL RETURNING id",
	    "iiiiitbtiidtttitttit", source, (int64_t)m->part,
	    (int64_t)m->parent, (int64_t)m->depth, (int64_t)m->role, m->name,
	    m->name_raw, m->name_charset, (int64_t)m->offset, (int64_t)m->size,
	    sha256, m->mime, m->puid, m->format, (int64_t)m->basis, m->warnings,
	    m->reader, m->reason, (int64_t)m->pages, m->describes);
	if (!sl_db_row(s->db, st))
		return sl_db_check(s->db, err);
	*ret_id = sqlite3_column_int64(st, 0);
	(void)sl_db_row(s->db, st); /* its end: only then is it done */
	return sl_db_check(s->db, err);
}

static enum sl_rc
drop_parts_from(
    struct sl_store *s, int64_t source, uint32_t count, struct sl_err *err)
{
	static const char *const drops[] = {
	    "DELETE FROM page WHERE part IN (SELECT id FROM part"
	    " WHERE source = ?1 AND number >= ?2)",
	    "DELETE FROM found WHERE part IN (SELECT id FROM part"
	    " WHERE source = ?1 AND number >= ?2)",
	    "DELETE FROM note WHERE part IN (SELECT id FROM part"
	    " WHERE source = ?1 AND number >= ?2)",
	    "DELETE FROM named WHERE part IN (SELECT id FROM part"
	    " WHERE source = ?1 AND number >= ?2)",
	    /* What is a document of a post stays, whatever this reading saw. */
	    "DELETE FROM part WHERE source = ?1 AND number >= ?2"
	    " AND id NOT IN (SELECT part FROM document)",
	};
	size_t i;

	if (sl_db_int(s->db, 0,
		"SELECT 1 FROM part WHERE source = ?1 AND number >= ?2 LIMIT 1",
		"ii", source, (int64_t)count) == 0)
		return sl_db_check(s->db, err);
	for (i = 0; i < sizeof(drops) / sizeof(drops[0]); i++)
		if (sl_db_run(s->db, err, drops[i], "ii", source,
			(int64_t)count) != SL_OK)
			return SL_FATAL;
	return SL_OK;
}

enum sl_rc
sl_part_close(struct sl_store *s, int64_t source, uint32_t count,
    const char *bundle, uint64_t bundle_size, struct sl_err *err)
{
	if (sl_store_begin(s, err) != SL_OK ||
	    drop_parts_from(s, source, count, err) != SL_OK)
		return SL_FATAL;
	if (bundle == NULL)
		return SL_OK;
	if (sl_db_run(s->db, err,
		"INSERT INTO bundle (name, source, size) VALUES (?1, ?2, ?3)",
		"sii", bundle, source, (int64_t)bundle_size) != SL_OK)
		return SL_FATAL;
	return sl_db_run(s->db, err,
	    "UPDATE part SET bundle = ?2 WHERE source = ?1 AND number > 0"
	    " AND number < ?3",
	    "iii", source, sl_db_last_id(s->db), (int64_t)count);
}

enum sl_rc
sl_reading_drop(struct sl_store *s, int64_t consignment, struct sl_err *err)
{
#define OF_ITS_PARTS                                                           \
	" WHERE part IN (SELECT p.id FROM part p JOIN source o"                \
	" ON o.id = p.source WHERE o.consignment = ?1)"
	static const char *const drops[] = {
	    "DELETE FROM page" OF_ITS_PARTS,
	    "DELETE FROM found" OF_ITS_PARTS,
	    "DELETE FROM note" OF_ITS_PARTS,
	    "DELETE FROM named" OF_ITS_PARTS,
	};
#undef OF_ITS_PARTS
	size_t i;

	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	for (i = 0; i < sizeof(drops) / sizeof(drops[0]); i++)
		if (sl_db_run(s->db, err, drops[i], "i", consignment) != SL_OK)
			return SL_FATAL;
	return SL_OK;
}

bool
sl_part_so_long(struct sl_store *s, int64_t consignment, uint64_t size)
{
	return sl_db_int(s->db, 0,
		   "SELECT 1 FROM source o JOIN blob b ON b.id = o.blob"
		   " LEFT JOIN part p ON p.source = o.id WHERE"
		   " o.consignment = ?1 AND (b.size = ?2 OR p.size = ?2)"
		   " LIMIT 1",
		   "ii", consignment, (int64_t)size) != 0;
}

bool
sl_bundles_clean(
    struct sl_store *s, int64_t before_ms, size_t max, unsigned *ret_removed)
{
	char name[64];
	struct stat st;

	for (*ret_removed = 0; max > 0; max--) {
		if (!sl_files_next_bundle(s->files, name, sizeof(name), &st))
			return true;
		/* ctime: its link, which no clock but the disk's set. */
		if (!S_ISREG(st.st_mode) || !sl_ulid_valid(name) ||
		    (int64_t)st.st_ctim.tv_sec * 1000 >= before_ms)
			continue;
		/* Our own connection: also rows that are not committed. Minus
		 * one, if the database does not answer, is not none. */
		if (sl_db_int(s->db, -1,
			"SELECT count(*) FROM bundle WHERE name = ?1", "s",
			name) == 0)
			*ret_removed += sl_files_drop_bundle(s->files, name);
	}
	return false;
}

enum sl_rc
sl_part_set_reason(
    struct sl_store *s, int64_t part, const char *reason, struct sl_err *err)
{
	return sl_store_run(s, err, "UPDATE part SET reason = ?2 WHERE id = ?1",
	    "is", part, reason);
}

enum sl_rc
sl_part_set_digest(struct sl_store *s, int64_t part, const struct sl_digest *d,
    struct sl_err *err)
{
	return sl_store_run(
	    s, err, "UPDATE part SET sha256 = ?2 WHERE id = ?1", "id", part, d);
}

enum sl_rc
sl_part_set_role(struct sl_store *s, int64_t part, unsigned role,
    const char *reason, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE part SET role = ?2, reason = nullif(?3, '') WHERE id = ?1",
	    "iis", part, (int64_t)role, reason != NULL ? reason : "");
}

#define PART_COLUMNS                                                           \
	"p.id, p.source, ifnull(p.bundle, 0), p.number, p.parent, p.depth,"    \
	" p.role, p.pages, p.name, p.offset, p.size, p.sha256, p.mime,"        \
	" p.puid, p.reader, p.reason, u.name, b.sha256, o.name, o.number,"     \
	" p.describes, b.size"                                                 \
	" FROM part p JOIN source o ON o.id = p.source"                        \
	" JOIN blob b ON b.id = o.blob LEFT JOIN bundle u ON u.id = p.bundle"

static void
take_part(sqlite3_stmt *st, struct sl_part *p)
{
	memset(p, 0, sizeof(*p));
	p->id = sqlite3_column_int64(st, 0);
	p->source = sqlite3_column_int64(st, 1);
	p->bundle = sqlite3_column_int64(st, 2);
	p->number = (uint32_t)sqlite3_column_int64(st, 3);
	p->parent = (uint32_t)sqlite3_column_int64(st, 4);
	p->depth = (uint32_t)sqlite3_column_int64(st, 5);
	p->role = (uint32_t)sqlite3_column_int64(st, 6);
	p->pages = (uint32_t)sqlite3_column_int64(st, 7);
	sl_db_copy(st, 8, p->name, sizeof(p->name));
	p->offset = (uint64_t)sqlite3_column_int64(st, 9);
	p->size = (uint64_t)sqlite3_column_int64(st, 10);
	(void)sl_db_digest(st, 11, &p->sha256);
	sl_db_copy(st, 12, p->mime, sizeof(p->mime));
	sl_db_copy(st, 13, p->puid, sizeof(p->puid));
	sl_db_copy(st, 14, p->reader, sizeof(p->reader));
	sl_db_copy(st, 15, p->reason, sizeof(p->reason));
	sl_db_copy(st, 16, p->blob_bundle, sizeof(p->blob_bundle));
	(void)sl_db_digest(st, 17, &p->blob);
	sl_db_copy(st, 18, p->source_name, sizeof(p->source_name));
	p->source_number = sqlite3_column_int(st, 19);
	sl_db_copy(st, 20, p->describes, sizeof(p->describes));
	p->blob_size = (uint64_t)sqlite3_column_int64(st, 21);
}

enum sl_rc
sl_part_each(struct sl_store *s, int64_t consignment, sl_part_fn *fn, void *arg,
    struct sl_err *err)
{
	struct sl_part p;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT " PART_COLUMNS
	    " WHERE o.consignment = ?1 ORDER BY o.number, p.number",
	    "i", consignment);
	enum sl_rc rc;

	while (sl_db_row(s->db, st)) {
		take_part(st, &p);
		rc = fn(arg, &p, err);
		if (rc != SL_OK) {
			sl_db_done(st);
			return rc;
		}
	}
	return sl_db_check(s->db, err);
}

bool
sl_part_by_id(struct sl_store *s, int64_t id, struct sl_part *ret)
{
	sqlite3_stmt *st = sl_db_query(
	    s->db, "SELECT " PART_COLUMNS " WHERE p.id = ?1", "i", id);

	if (!sl_db_row(s->db, st))
		return false;
	take_part(st, ret);
	sl_db_done(st);
	return true;
}

bool
sl_page_known(struct sl_store *s, int64_t part, uint32_t page)
{
	return sl_db_int(s->db, 0,
		   "SELECT 1 FROM page WHERE part = ?1 AND number = ?2"
		   " AND version = ?3 AND source <> 3",
		   "iii", part, (int64_t)page, (int64_t)SL_STEP_VERSION) != 0;
}

enum sl_rc
sl_page_put(struct sl_store *s, int64_t part, const struct sl_msg_r_page *m,
    struct sl_slice text, struct sl_slice boxes, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT OR REPLACE INTO page VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8, ?9, ?10, ?11, nullif(?12, ''), ?13, ?14)",
	    "iiiiitiiiiittb", part, (int64_t)m->page, (int64_t)SL_STEP_VERSION,
	    (int64_t)m->source, (int64_t)m->confidence, m->language,
	    (int64_t)m->width, (int64_t)m->height, (int64_t)m->dpi,
	    (int64_t)m->rotate, (int64_t)m->flags, m->reason, text, boxes);
}

enum sl_rc
sl_page_give_up(struct sl_store *s, int64_t part, const struct sl_msg_r_page *m,
    struct sl_err *err)
{
	if (sl_store_run(s, err,
		"UPDATE page SET source = 1, confidence = 1000, reason = ?3"
		" WHERE part = ?1 AND number = ?2 AND source = 3"
		" AND length(text) > 0",
		"iit", part, (int64_t)m->page, m->reason) != SL_OK)
		return SL_FATAL;
	if (sl_page_known(s, part, m->page))
		return SL_OK;
	return sl_page_put(s, part, m, sl_slice_str(""), sl_slice_str(""), err);
}

enum sl_rc
sl_found_clear(
    struct sl_store *s, int64_t part, uint32_t page, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "DELETE FROM found WHERE part = ?1 AND page = ?2"
	    " AND source IN (1, 2)",
	    "ii", part, (int64_t)page);
}

enum sl_rc
sl_found_clear_facts(struct sl_store *s, int64_t part, struct sl_err *err)
{
	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	if (sl_db_run(s->db, err, "DELETE FROM named WHERE part = ?1", "i",
		part) != SL_OK)
		return SL_FATAL;
	return sl_db_run(s->db, err,
	    "DELETE FROM found WHERE part = ?1 AND source NOT IN (1, 2)", "i",
	    part);
}

enum sl_rc
sl_found_put(struct sl_store *s, int64_t part, const struct sl_msg_r_field *m,
    struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT INTO found (part, page, field, value, label, source,"
	    " confidence, x0, y0, x1, y1, post) VALUES (?1, ?2, ?3, ?4, ?5,"
	    " ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	    "iiittiiiiiii", part, (int64_t)m->page, (int64_t)m->field, m->value,
	    m->label, (int64_t)m->source, (int64_t)m->confidence,
	    (int64_t)m->x0, (int64_t)m->y0, (int64_t)m->x1, (int64_t)m->y1,
	    (int64_t)m->post);
}

#define FOUND_ROWS                                                             \
	"SELECT f.part, p.name, f.page, f.field, f.source, f.confidence,"      \
	" f.value, f.label, f.x0, f.y0, f.x1, f.y1, f.post FROM found f"       \
	" JOIN part p ON p.id = f.part JOIN source o ON o.id = p.source"       \
	" WHERE o.consignment = ?1"
#define FOUND_ORDER " ORDER BY o.number, p.number, f.page, f.id"

static enum sl_rc
each_found(struct sl_store *s, sqlite3_stmt *st, sl_found_fn *fn, void *arg,
    struct sl_err *err)
{
	struct sl_found_row f;
	enum sl_rc rc;
	int i;

	while (sl_db_row(s->db, st)) {
		f.part = sqlite3_column_int64(st, 0);
		sl_db_copy(st, 1, f.part_name, sizeof(f.part_name));
		f.page = (uint32_t)sqlite3_column_int64(st, 2);
		f.field = (uint32_t)sqlite3_column_int64(st, 3);
		f.source = (uint32_t)sqlite3_column_int64(st, 4);
		f.confidence = (uint32_t)sqlite3_column_int64(st, 5);
		sl_db_copy(st, 6, f.value, sizeof(f.value));
		sl_db_copy(st, 7, f.label, sizeof(f.label));
		for (i = 0; i < 4; i++)
			f.box[i] = (uint16_t)sqlite3_column_int(st, 8 + i);
		f.post = (unsigned)sqlite3_column_int(st, 12);
		rc = fn(arg, &f, err);
		if (rc != SL_OK) {
			sl_db_done(st);
			return rc;
		}
	}
	return sl_db_check(s->db, err);
}

enum sl_rc
sl_found_each(struct sl_store *s, int64_t consignment, sl_found_fn *fn,
    void *arg, struct sl_err *err)
{
	return each_found(s,
	    sl_db_query(s->db, FOUND_ROWS FOUND_ORDER, "i", consignment), fn,
	    arg, err);
}

enum sl_rc
sl_found_each_of(struct sl_store *s, const struct sl_entry *e, sl_found_fn *fn,
    void *arg, struct sl_err *err)
{
	return each_found(s,
	    sl_db_query(s->db,
		FOUND_ROWS
		" AND (?3 = 0 OR (f.post IN (0, ?3) AND (EXISTS (SELECT 1"
		" FROM document d WHERE d.part = f.part AND d.entry = ?2)"
		" OR NOT EXISTS (SELECT 1 FROM document d JOIN entry e"
		" ON e.id = d.entry WHERE d.part = f.part"
		" AND e.consignment = ?1))))" FOUND_ORDER,
		"iii", e->consignment, e->id, (int64_t)e->described),
	    fn, arg, err);
}

void
sl_found_first(struct sl_store *s, int64_t consignment, unsigned field,
    char *out, size_t cap)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT f.value FROM found f JOIN part p ON p.id = f.part"
	    " JOIN source o ON o.id = p.source WHERE o.consignment = ?1"
	    " AND p.number = 0 AND f.field = ?2"
	    " ORDER BY o.number, f.id LIMIT 1",
	    "ii", consignment, (int64_t)field);

	out[0] = '\0';
	if (sl_db_row(s->db, st)) {
		sl_db_copy(st, 0, out, cap);
		sl_db_done(st);
	}
}

void
sl_found_key(struct sl_store *s, int64_t consignment, char *out, size_t cap,
    bool *ret_package)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT f.value, f.source FROM found f JOIN part p ON p.id = f.part"
	    " JOIN source o ON o.id = p.source WHERE o.consignment = ?1"
	    " AND f.field = ?2 AND (p.number = 0 OR f.source = ?3)"
	    " ORDER BY f.source = ?3, f.confidence DESC, o.number, f.id"
	    " LIMIT 1",
	    "iii", consignment, (int64_t)SL_FIELD_external_key,
	    (int64_t)SL_SOURCE_PACKAGE);

	out[0] = '\0';
	*ret_package = false;
	if (sl_db_row(s->db, st)) {
		sl_db_copy(st, 0, out, cap);
		*ret_package = sqlite3_column_int(st, 1) == SL_SOURCE_PACKAGE;
		sl_db_done(st);
	}
}

enum sl_rc
sl_note_put(struct sl_store *s, int64_t part, const char *slug,
    const char *detail, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT INTO note (part, slug, detail) SELECT ?1, ?2, ?3 WHERE NOT"
	    " EXISTS (SELECT 1 FROM note WHERE part = ?1 AND slug = ?2"
	    " AND detail = ?3)",
	    "iss", part, slug, detail);
}

enum sl_rc
sl_note_each(struct sl_store *s, int64_t consignment, const char *begin,
    sl_note_fn *fn, void *arg, struct sl_err *err)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT o.number, p.number, CASE p.name WHEN '' THEN o.name"
	    " ELSE p.name END, n.slug, n.detail FROM source o"
	    " JOIN part p ON p.source = o.id JOIN note n ON n.part = p.id"
	    " WHERE o.consignment = ?1 AND substr(n.slug, 1, length(?2)) = ?2"
	    " ORDER BY o.number, p.number, n.id",
	    "is", consignment, begin);
	struct sl_note_row r;
	enum sl_rc rc;

	while (sl_db_row(s->db, st)) {
		r.source = sqlite3_column_int64(st, 0);
		r.part = (uint32_t)sqlite3_column_int64(st, 1);
		sl_db_copy(st, 2, r.file, sizeof(r.file));
		sl_db_copy(st, 3, r.slug, sizeof(r.slug));
		sl_db_copy(st, 4, r.detail, sizeof(r.detail));
		rc = fn(arg, &r, err);
		if (rc != SL_OK) {
			sl_db_done(st);
			return rc;
		}
	}
	return sl_db_check(s->db, err);
}

void
sl_note_first(struct sl_store *s, int64_t consignment, const char *slug,
    char *out, size_t cap)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT n.detail FROM source o JOIN part p ON p.source = o.id"
	    " JOIN note n ON n.part = p.id WHERE o.consignment = ?1"
	    " AND n.slug = ?2 ORDER BY o.number, p.number, n.id LIMIT 1",
	    "is", consignment, slug);

	out[0] = '\0';
	if (sl_db_row(s->db, st)) {
		sl_db_copy(st, 0, out, cap);
		sl_db_done(st);
	}
}
