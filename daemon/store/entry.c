#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "store_p.h"

#define COLUMNS                                                                \
	"e.id, e.consignment, e.number, e.own_key, c.reception, c.queue,"      \
	" e.stage, e.disposition, ifnull(e.outcome, 0), e.reason, e.detail,"   \
	" e.attempts, e.revision, ifnull(e.retry_ms, 0),"                      \
	" ifnull(e.held_until_ms, 0), ifnull(e.duplicate_of, 0), e.born_ms,"   \
	" e.case_number, e.title, c.received_ms, c.dropped_ms, c.name,"        \
	" e.described"                                                         \
	" FROM entry e JOIN consignment c ON c.id = e.consignment"

static void
take(sqlite3_stmt *st, struct sl_entry *e)
{
	char reception[32];

	memset(e, 0, sizeof(*e));
	e->id = sqlite3_column_int64(st, 0);
	e->consignment = sqlite3_column_int64(st, 1);
	e->number = sqlite3_column_int(st, 2);
	sl_db_copy(st, 3, e->own_key, sizeof(e->own_key));
	sl_db_copy(st, 4, reception, sizeof(reception));
	(void)snprintf(e->reception, sizeof(e->reception), "%s.%d", reception,
	    e->number % 10000);
	sl_db_copy(st, 5, e->queue, sizeof(e->queue));
	e->stage = (enum sl_stage)sqlite3_column_int(st, 6);
	e->dispo = (enum sl_dispo)sqlite3_column_int(st, 7);
	e->outcome = sqlite3_column_int(st, 8);
	sl_db_copy(st, 9, e->reason, sizeof(e->reason));
	sl_db_copy(st, 10, e->detail, sizeof(e->detail));
	e->attempts = sqlite3_column_int(st, 11);
	e->revision = sqlite3_column_int(st, 12);
	e->retry_ms = sqlite3_column_int64(st, 13);
	e->held_until_ms = sqlite3_column_int64(st, 14);
	e->duplicate_of = sqlite3_column_int64(st, 15);
	e->born_ms = sqlite3_column_int64(st, 16);
	sl_db_copy(st, 17, e->case_number, sizeof(e->case_number));
	sl_db_copy(st, 18, e->title, sizeof(e->title));
	e->received_ms = sqlite3_column_int64(st, 19);
	e->dropped_ms = sqlite3_column_int64(st, 20);
	sl_db_copy(st, 21, e->name, sizeof(e->name));
	e->described = sqlite3_column_int(st, 22);
}

/* An entry that is done, as its row says now. */
static enum sl_rc
count_done(struct sl_store *s, int64_t id, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT INTO done_count"
	    " SELECT c.queue, e.stage, ifnull(e.outcome, 0), 1 FROM entry e"
	    " JOIN consignment c ON c.id = e.consignment WHERE e.id = ?1"
	    " ON CONFLICT DO UPDATE SET entries = entries + 1",
	    "i", id);
}

/* Before it is written anew, if it was done. */
static enum sl_rc
uncount_done(struct sl_store *s, int64_t id, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE done_count SET entries = entries - 1"
	    " WHERE (queue, stage, outcome) = (SELECT c.queue, e.stage,"
	    " ifnull(e.outcome, 0) FROM entry e"
	    " JOIN consignment c ON c.id = e.consignment"
	    " WHERE e.id = ?1 AND e.disposition = 60)",
	    "i", id);
}

enum sl_rc
sl_entry_insert(struct sl_store *s, struct sl_entry *e, struct sl_err *err)
{
	if (sl_store_run(s, err,
		"INSERT INTO entry (consignment, number, own_key, stage,"
		" disposition, born_ms, changed_ms, described) VALUES (?1, ?2,"
		" ?3, ?4, ?5, ?6, ?6, ?7)",
		"iisiiii", e->consignment, (int64_t)e->number, e->own_key,
		(int64_t)e->stage, (int64_t)e->dispo, e->born_ms,
		(int64_t)e->described) != SL_OK)
		return SL_FATAL;
	e->id = sl_db_last_id(s->db);
	return e->dispo == SL_DISPO_done ? count_done(s, e->id, err) : SL_OK;
}

static enum sl_rc
update(struct sl_store *s, const struct sl_entry *e, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "UPDATE entry SET stage = ?2, disposition = ?3,"
	    " outcome = nullif(?4, 0), reason = nullif(?5, ''),"
	    " detail = nullif(?6, ''), attempts = ?7, revision = ?8,"
	    " retry_ms = nullif(?9, 0), held_until_ms = nullif(?10, 0),"
	    " duplicate_of = nullif(?11, 0), changed_ms = ?12,"
	    " case_number = nullif(?13, ''), title = nullif(?14, '')"
	    " WHERE id = ?1",
	    "iiiissiiiiiiss", e->id, (int64_t)e->stage, (int64_t)e->dispo,
	    (int64_t)e->outcome, e->reason, e->detail, (int64_t)e->attempts,
	    (int64_t)e->revision, e->retry_ms, e->held_until_ms,
	    e->duplicate_of, sl_clock_utc_ms(), e->case_number, e->title);
}

enum sl_rc
sl_entry_update(
    struct sl_store *s, const struct sl_entry *e, struct sl_err *err)
{
	/* What is done stays so: no other leaves the count. */
	if (e->dispo != SL_DISPO_done)
		return update(s, e, err);
	if (uncount_done(s, e->id, err) != SL_OK || update(s, e, err) != SL_OK)
		return SL_FATAL;
	return count_done(s, e->id, err);
}

enum sl_rc
sl_entry_set_post(
    struct sl_store *s, int64_t id, const char *post, struct sl_err *err)
{
	return sl_store_run(
	    s, err, "UPDATE entry SET post = ?2 WHERE id = ?1", "is", id, post);
}

bool
sl_entry_post(struct sl_store *s, int64_t id, struct sl_buf *out)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT post FROM entry WHERE id = ?1 AND post IS NOT NULL", "i",
	    id);

	if (!sl_db_row(s->db, st))
		return false;
	sl_buf_add_str(out, sl_db_text(st, 0));
	sl_db_done(st);
	return true;
}

static bool
one(struct sl_store *s, sqlite3_stmt *st, struct sl_entry *ret)
{
	if (!sl_db_row(s->db, st))
		return false;
	take(st, ret);
	sl_db_done(st);
	return true;
}

bool
sl_entry_by_id(struct sl_store *s, int64_t id, struct sl_entry *ret)
{
	return one(s,
	    sl_db_query(s->db, "SELECT " COLUMNS " WHERE e.id = ?1", "i", id),
	    ret);
}

int
sl_entry_unplaced(struct sl_store *s, int64_t id)
{
	return (int)sl_db_int(s->db, -1,
	    "SELECT revision FROM entry WHERE id = ?1 AND stage = ?2"
	    " AND disposition = ?3",
	    "iii", id, (int64_t)SL_STAGE_read, (int64_t)SL_DISPO_ready);
}

bool
sl_entry_by_number(
    struct sl_store *s, const char *reception, int number, struct sl_entry *ret)
{
	return one(s,
	    sl_db_query(s->db,
		"SELECT " COLUMNS " WHERE c.reception = ?1 AND e.number = ?2",
		"si", reception, (int64_t)number),
	    ret);
}

int
sl_entry_only(struct sl_store *s, int64_t consignment, bool *ret_several)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT count(*), max(number) FROM entry WHERE consignment = ?1"
	    " AND ifnull(outcome, 0) <> ?2",
	    "ii", consignment, (int64_t)SL_OUTCOME_replaced);
	int n = 0;

	*ret_several = false;
	if (sl_db_row(s->db, st)) {
		*ret_several = sqlite3_column_int(st, 0) > 1;
		n = *ret_several ? 0 : sqlite3_column_int(st, 1);
		sl_db_done(st);
	}
	return n;
}

bool
sl_entry_heir(
    struct sl_store *s, const struct sl_entry *e, struct sl_entry *ret)
{
	if (e->outcome != SL_OUTCOME_replaced)
		return false;
	return one(s,
	    sl_db_query(s->db,
		"SELECT " COLUMNS " WHERE e.id = (SELECT max(id) FROM entry"
		" WHERE consignment = ?1 AND described = ?2 AND number > ?3"
		" AND ifnull(outcome, 0) <> ?4 HAVING count(*) = 1)",
		"iiii", e->consignment, (int64_t)e->described,
		(int64_t)e->number, (int64_t)SL_OUTCOME_replaced),
	    ret);
}

bool
sl_entry_born(struct sl_store *s, int64_t consignment, unsigned post)
{
	return sl_db_int(s->db, 0,
		   "SELECT 1 FROM entry WHERE consignment = ?1"
		   " AND described = ?2 AND ifnull(outcome, 0) <> ?3 LIMIT 1",
		   "iii", consignment, (int64_t)post,
		   (int64_t)SL_OUTCOME_replaced) != 0;
}

bool
sl_entry_unread(struct sl_store *s, int64_t id)
{
	return sl_db_int(s->db, 0,
		   "SELECT 1 FROM document d JOIN part p ON p.id = d.part"
		   " WHERE d.entry = ?1 AND p.reason <> '' LIMIT 1",
		   "i", id) != 0;
}

/* Parts are numbered level by level: what lies in a part comes before what lies
 * in a later one. */
bool
sl_entry_moves_others(struct sl_store *s, const struct sl_entry *e)
{
	return sl_db_int(s->db, 0,
		   "SELECT 1 FROM entry o JOIN document d ON d.entry = o.id"
		   " JOIN part p ON p.id = d.part JOIN part u"
		   " ON u.source = p.source AND u.reason <> ''"
		   " AND u.number <= p.parent WHERE o.consignment = ?1"
		   " AND o.id <> ?2 AND p.number > 0 LIMIT 1",
		   "ii", e->consignment, e->id) != 0;
}

enum sl_rc
sl_entry_drop_documents(struct sl_store *s, int64_t id, struct sl_err *err)
{
	return sl_store_run(
	    s, err, "DELETE FROM document WHERE entry = ?1", "i", id);
}

/* Row by row with a fresh query, so that fn may do what it likes. */
enum sl_rc
sl_entry_each_open(
    struct sl_store *s, sl_entry_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_entry e;
	int64_t last = 0;
	enum sl_rc rc;

	for (;;) {
		if (!one(s,
			sl_db_query(s->db,
			    /* One step in the index of what is open for
			     * each disposition: what is done is not met. */
			    "SELECT " COLUMNS " WHERE e.id = (SELECT min("
			    "(SELECT id FROM entry WHERE disposition ="
			    " d.number AND disposition <> 60 AND id > ?1"
			    " ORDER BY id LIMIT 1)) FROM disposition d)",
			    "i", last),
			&e))
			return sl_db_check(s->db, err);
		last = e.id;
		rc = fn(arg, &e, err);
		if (rc != SL_OK)
			return rc;
	}
}

enum sl_rc
sl_entry_each_of(struct sl_store *s, int64_t consignment, sl_entry_fn *fn,
    void *arg, struct sl_err *err)
{
	struct sl_entry e;
	int64_t last = 0;
	enum sl_rc rc;

	for (;;) {
		if (!one(s,
			sl_db_query(s->db,
			    "SELECT " COLUMNS " WHERE e.consignment = ?1"
			    " AND e.number > ?2 ORDER BY e.number LIMIT 1",
			    "ii", consignment, last),
			&e))
			return sl_db_check(s->db, err);
		last = e.number;
		rc = fn(arg, &e, err);
		if (rc != SL_OK)
			return rc;
	}
}

enum sl_rc
sl_entry_each_held(struct sl_store *s, const char *reason, sl_entry_fn *fn,
    void *arg, struct sl_err *err)
{
	struct sl_entry e;
	int64_t last = 0;
	enum sl_rc rc;

	for (;;) {
		if (!one(s,
			sl_db_query(s->db,
			    "SELECT " COLUMNS " WHERE e.disposition = 30"
			    " AND e.disposition <> 60 AND e.reason = ?1"
			    " AND e.id > ?2 ORDER BY e.id LIMIT 1",
			    "si", reason, last),
			&e))
			return sl_db_check(s->db, err);
		last = e.id;
		rc = fn(arg, &e, err);
		if (rc != SL_OK)
			return rc;
	}
}

int
sl_entry_held_by_name(struct sl_store *s, const char *queue, const char *name,
    struct sl_entry *ret)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT " COLUMNS " WHERE e.disposition = 30"
	    " AND e.disposition <> 60 AND c.queue = ?1 AND c.name = ?2"
	    " LIMIT 2",
	    "ss", queue, name);
	int n = 0;

	for (; sl_db_row(s->db, st); n++)
		take(st, ret);
	return n;
}

int64_t
sl_entry_next_unplaced(struct sl_store *s, int64_t after)
{
	return sl_db_int(s->db, 0,
	    "SELECT id FROM entry WHERE disposition = 10 AND disposition <> 60"
	    " AND stage = 50 AND id > ?1 ORDER BY id LIMIT 1",
	    "i", after);
}

/* Their digest; the size of a source's first part is not in its row. */
#define NO_BYTES                                                               \
	"x'e3b0c44298fc1c149afbf4c8996fb924"                                   \
	"27ae41e4649b934ca495991b7852b855'"

int64_t
sl_entry_same_bytes(struct sl_store *s, int64_t entry)
{
	return sl_db_int(s->db, 0,
	    /* The first that the index has: thousands may be the same. */
	    "SELECT d2.entry FROM part p2 JOIN document d2"
	    " ON d2.part = p2.id AND d2.number = 1"
	    " WHERE p2.sha256 = (SELECT p.sha256 FROM document d"
	    " JOIN part p ON p.id = d.part WHERE d.entry = ?1"
	    " AND d.number = 1 AND p.sha256 <> " NO_BYTES
	    ") AND d2.entry < ?1 ORDER BY "
	    "p2.id LIMIT 1",
	    "i", entry);
}

enum sl_rc
sl_document_insert(struct sl_store *s, int64_t entry,
    const struct sl_document *d, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT INTO document (entry, number, role, title, part, type,"
	    " given) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	    "iissisi", entry, (int64_t)d->number, d->role, d->title, d->part,
	    d->type, (int64_t)d->given);
}

size_t
sl_document_list(
    struct sl_store *s, int64_t entry, struct sl_document *ret, size_t max)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT number, role, title, part, type, given FROM document"
	    " WHERE entry = ?1 ORDER BY number",
	    "i", entry);
	size_t n = 0;

	while (sl_db_row(s->db, st)) {
		if (n < max) {
			ret[n].number = sqlite3_column_int(st, 0);
			sl_db_copy(st, 1, ret[n].role, sizeof(ret[n].role));
			sl_db_copy(st, 2, ret[n].title, sizeof(ret[n].title));
			ret[n].part = sqlite3_column_int64(st, 3);
			sl_db_copy(st, 4, ret[n].type, sizeof(ret[n].type));
			ret[n].given = sqlite3_column_int(st, 5) != 0;
		}
		n++;
	}
	return n;
}

enum sl_rc
sl_placement_put(struct sl_store *s, int64_t entry, int revision,
    const struct sl_msg_placed_field *m, const char *actor, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT OR REPLACE INTO placement VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
	    " ?7, ?8, ?9)",
	    "iiiitiits", entry, (int64_t)revision, (int64_t)m->field,
	    (int64_t)m->rank, m->value, (int64_t)m->confidence,
	    (int64_t)m->accepted, m->evidence, actor);
}

enum sl_rc
sl_placement_copy(struct sl_store *s, int64_t entry, int from, int to,
    unsigned decided, struct sl_err *err)
{
	return sl_store_run(s, err,
	    "INSERT OR REPLACE INTO placement SELECT entry, ?3, field,"
	    " rank + (field = ?4), value, confidence, accepted AND"
	    " field NOT IN (?5, ?6, ?7), evidence, actor FROM placement"
	    " WHERE entry = ?1 AND revision = ?2",
	    "iiiiiii", entry, (int64_t)from, (int64_t)to, (int64_t)decided,
	    (int64_t)SL_FIELD_case_number, (int64_t)SL_FIELD_new_case,
	    (int64_t)SL_FIELD_belongs_to);
}

bool
sl_placement_accepted(struct sl_store *s, const struct sl_entry *e,
    unsigned field, char *value, size_t cap, char *actor, size_t actor_cap)
{
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT value, actor FROM placement WHERE entry = ?1"
	    " AND revision = ?2 AND field = ?3 AND accepted ORDER BY rank"
	    " LIMIT 1",
	    "iii", e->id, (int64_t)e->revision, (int64_t)field);

	if (!sl_db_row(s->db, st))
		return false;
	sl_db_copy(st, 0, value, cap);
	sl_db_copy(st, 1, actor, actor_cap);
	sl_db_done(st);
	return true;
}

enum sl_rc
sl_placement_each(struct sl_store *s, int64_t entry, int revision,
    sl_placement_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_placement_row p;
	sqlite3_stmt *st = sl_db_query(s->db,
	    "SELECT field, rank, confidence, accepted, value, evidence, actor"
	    " FROM placement WHERE entry = ?1 AND revision = ?2"
	    " ORDER BY field, rank",
	    "ii", entry, (int64_t)revision);
	enum sl_rc rc;

	while (sl_db_row(s->db, st)) {
		p.field = (unsigned)sqlite3_column_int(st, 0);
		p.rank = sqlite3_column_int(st, 1);
		p.confidence = sqlite3_column_int(st, 2);
		p.accepted = sqlite3_column_int(st, 3) != 0;
		sl_db_copy(st, 4, p.value, sizeof(p.value));
		p.evidence = sl_db_text(st, 5);
		sl_db_copy(st, 6, p.actor, sizeof(p.actor));
		rc = fn(arg, &p, err);
		if (rc != SL_OK) {
			sl_db_done(st);
			return rc;
		}
	}
	return sl_db_check(s->db, err);
}

enum sl_rc
sl_store_shift_deadlines(struct sl_store *s, int64_t ms, struct sl_err *err)
{
	static const char *const shifts[] = {
	    "UPDATE entry SET retry_ms = retry_ms + ?1"
	    " WHERE retry_ms IS NOT NULL AND disposition <> 60",
	    "UPDATE entry SET held_until_ms = held_until_ms + ?1"
	    " WHERE held_until_ms IS NOT NULL AND disposition <> 60",
	    "UPDATE consignment SET retry_ms = retry_ms + ?1"
	    " WHERE retry_ms IS NOT NULL AND disposition <> 60",
	    "UPDATE delivery SET next_ms = next_ms + ?1, first_ms = first_ms"
	    " + ?1 WHERE state = 'pending'",
	};
	size_t i;

	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	for (i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++)
		if (sl_db_run(s->db, err, shifts[i], "i", ms) != SL_OK)
			return SL_FATAL;
	return SL_OK;
}

enum sl_rc
sl_store_cap_deadlines(
    struct sl_store *s, int64_t now_ms, int64_t wait_ms, struct sl_err *err)
{
	static const char *const caps[] = {
	    "UPDATE entry SET retry_ms = ?1 + ?2 WHERE retry_ms > ?1 + ?2"
	    " AND disposition <> 60",
	    "UPDATE consignment SET retry_ms = ?1 + ?2"
	    " WHERE retry_ms > ?1 + ?2 AND disposition <> 60",
	    "UPDATE delivery SET next_ms = min(next_ms, ?1 + ?2),"
	    " first_ms = min(first_ms, ?1) WHERE state = 'pending'"
	    " AND (next_ms > ?1 + ?2 OR first_ms > ?1)",
	};
	size_t i;

	if (sl_store_begin(s, err) != SL_OK)
		return SL_FATAL;
	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (sl_db_run(s->db, err, caps[i], "ii", now_ms, wait_ms) !=
		    SL_OK)
			return SL_FATAL;
	return SL_OK;
}

int64_t
sl_store_next_due(struct sl_store *s)
{
	return sl_db_int(s->db, -1,
	    "SELECT min(t) FROM (SELECT min(held_until_ms) AS t FROM entry"
	    " WHERE disposition = 30 AND disposition <> 60"
	    " UNION ALL SELECT min(retry_ms) FROM entry"
	    " WHERE disposition = 20 AND disposition <> 60 UNION ALL SELECT "
	    "min(retry_ms)"
	    " FROM consignment WHERE disposition = 20"
	    " AND disposition <> 60)",
	    "");
}
