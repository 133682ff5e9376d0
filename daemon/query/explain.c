/*
 * What happened to one item, and why: candidates, evidence, journal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../journal/leaf.h"
#include "../store/db.h"
#include "../wire/roles.h"
#include "query_p.h"

#define PAGES_MAX 100 /* of an item, that there are remarks on */

/* Is it he, alone or as one of two? */
static bool
is_actor(const char *actors, const char *who)
{
	size_t n = strlen(who), k;

	for (; *actors != '\0'; actors += k + (actors[k] == ',')) {
		k = strcspn(actors, ",");
		if (k == n && memcmp(actors, who, n) == 0)
			return true;
	}
	return false;
}

static bool
is_wanted(const struct sl_leaf *l, const struct sl_query_events *f)
{
	return (f->event == 0 || l->event == f->event) &&
	       (f->actor == NULL || is_actor(l->actor, f->actor)) &&
	       (f->from_ms == 0 || l->time_ms >= f->from_ms) &&
	       (f->to_ms == 0 || l->time_ms < f->to_ms);
}

/* NULL if it is not wanted; what is no leaf is, as far as it is looked at. */
static json_t *
event_row(sqlite3_stmt *st, const struct sl_query_events *f)
{
	SL_BUF struct sl_buf store = {0};
	struct sl_slice b = sl_db_blob(st, 1);
	struct sl_leaf l;
	bool whole = sl_leaf_decode(b.p, b.n, &store, &l, NULL) == SL_OK;
	json_t *o;

	if (whole && !is_wanted(&l, f))
		return NULL;
	o = json_object();
	sl_row_set(o, "seq", json_integer(sqlite3_column_int64(st, 0)));
	if (!whole) {
		sl_row_set(o, "fault", json_string("not a leaf of version 1"));
		return o;
	}
	sl_row_set(o, "time", sl_row_time(l.time_ms));
	sl_row_set(o, "event", sl_row_text(sl_event_name(l.event)));
	sl_row_set(o, "number", json_integer(l.event));
	sl_row_set(o, "subject", sl_row_text(l.subject));
	sl_row_set(o, "actor", sl_row_text(l.actor));
	sl_row_set(o, "payload", json_loads(sl_db_text(st, 2), 0, NULL));
	return o;
}

#define EVENT                                                                  \
	"SELECT l.seq, l.bytes, p.body FROM leaf l"                            \
	" LEFT JOIN payload p ON p.seq = l.seq"

#define STEP 256 /* rows, where all are wanted */
#define SEARCH 16384 /* leaves, where few are */

/* A line that every wanted leaf has: of its event, else of its actor as one of
 * the words of that line. Whether it is that line, event_row sees. */
static struct sl_slice
needle_of(const struct sl_query_events *f, char *out, size_t cap)
{
	if (f->event != 0)
		(void)snprintf(out, cap, "\n%d\n", f->event);
	else
		(void)snprintf(
		    out, cap, "%s", f->actor != NULL ? f->actor : "");
	return sl_slice_str(out);
}

/* Rows of the next leaves. The payload lies elsewhere and is read of those only
 * that have the line. False: that was the last. */
static bool
journal_step(struct sl_store *s, const struct sl_query_events *f, int64_t last,
    int64_t *next, json_t *rows)
{
	struct sl_db *db = sl_store_db(s);
	char text[128];
	struct sl_slice needle = needle_of(f, text, sizeof(text));
	int64_t end = *next + (needle.n > 0 ? SEARCH : STEP);
	sqlite3_stmt *st = sl_db_query(db,
	    EVENT " WHERE l.seq >= ?1 AND l.seq < ?2"
		  " AND (length(?3) = 0 OR instr(l.bytes, ?3) > 0)"
		  " ORDER BY l.seq",
	    "iib", *next, end, needle);
	json_t *row;

	while (sl_db_row(db, st)) {
		row = event_row(st, f);
		if (row != NULL)
			(void)json_array_append_new(rows, row);
	}
	*next = end;
	return end <= last;
}

/* All leaves in steps, so that no transaction stays open. */
static enum sl_rc
journal_all(struct sl_store *s, const struct sl_query_events *f,
    sl_query_fn *fn, void *arg, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	int64_t next = 0, last = sl_db_int(sl_store_db(s), -1,
			      "SELECT max(seq) FROM leaf", "");
	json_t *rows, *row;
	size_t i;
	bool more;

	do {
		rows = json_array();
		more = journal_step(s, f, last, &next, rows);
		json_array_foreach(rows, i, row) if (rc == SL_OK) rc =
		    fn(arg, row, err);
		json_decref(rows);
	} while (rc == SL_OK && more);
	return rc != SL_OK ? rc : sl_db_check(sl_store_db(s), err);
}

/* Events of a consignment; entry 0: of all its entries. */
static json_t *
events_of(struct sl_store *s, int64_t consignment, int64_t entry,
    const struct sl_query_events *f)
{
	struct sl_db *db = sl_store_db(s);
	json_t *a = json_array(), *row;
	sqlite3_stmt *st = sl_db_query(db,
	    EVENT
	    " WHERE l.consignment = ?1"
	    " AND (?2 = 0 OR l.entry IS NULL OR l.entry = ?2) ORDER BY l.seq",
	    "ii", consignment, entry);

	while (sl_db_row(db, st)) {
		row = event_row(st, f);
		if (row != NULL)
			(void)json_array_append_new(a, row);
	}
	return a;
}

static enum sl_rc
entry_id(struct sl_store *s, const struct sl_consignment *c, int number,
    int64_t *ret, struct sl_err *err)
{
	struct sl_entry e;

	*ret = 0;
	if (number == 0)
		return SL_OK;
	if (!sl_entry_by_number(s, c->reception, number, &e))
		return sl_err_set(err, SL_SKIP, 0, "unknown_id",
		    "the consignment has no entry of that number");
	*ret = e.id;
	return SL_OK;
}

enum sl_rc
sl_query_journal(struct sl_store *s, const struct sl_query_events *f,
    sl_query_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_consignment c;
	int64_t entry;
	int number;
	enum sl_rc rc;
	json_t *rows, *row;
	size_t i;

	if (f->id == NULL)
		return journal_all(s, f, fn, arg, err);
	rc = sl_query_resolve(s, f->id, &c, &number, err);
	if (rc == SL_OK)
		rc = entry_id(s, &c, number, &entry, err);
	if (rc != SL_OK)
		return rc;
	rows = events_of(s, c.id, entry, f);
	json_array_foreach(rows, i, row) if (rc == SL_OK) rc =
	    fn(arg, row, err);
	json_decref(rows);
	return rc != SL_OK ? rc : sl_db_check(sl_store_db(s), err);
}

static enum sl_rc
candidate(void *arg, const struct sl_placement_row *p, struct sl_err *err)
{
	const char *name = sl_query_field(p->field);
	json_t *a, *o = json_object();

	(void)err;
	if (name == NULL)
		name = "?";
	a = json_object_get(arg, name);
	if (a == NULL) {
		a = json_array();
		sl_row_set(arg, name, a);
	}
	sl_row_set(o, "value", sl_row_text(p->value));
	sl_row_set(o, "confidence", json_real(p->confidence / 1000.0));
	sl_row_set(o, "accepted", json_boolean(p->accepted));
	sl_row_set(o, "evidence", json_loads(p->evidence, 0, NULL));
	sl_row_set(o, "actor", sl_row_text(p->actor));
	(void)json_array_append_new(a, o);
	return SL_OK;
}

static enum sl_rc
found_row(void *arg, const struct sl_found_row *f, struct sl_err *err)
{
	json_t *o = json_object();

	(void)err;
	sl_row_set(o, "field", sl_row_text(sl_query_field(f->field)));
	sl_row_set(o, "value", sl_row_text(f->value));
	sl_row_set(o, "label", sl_row_text(f->label));
	sl_row_set(o, "source", sl_row_text(sl_field_source_name(f->source)));
	sl_row_set(o, "confidence", json_real(f->confidence / 1000.0));
	sl_row_set(o, "file", sl_row_text(f->part_name));
	sl_row_set(o, "page", json_integer((json_int_t)f->page + 1));
	sl_row_set(o, "box",
	    json_pack("[i,i,i,i]", f->box[0], f->box[1], f->box[2], f->box[3]));
	if (f->post != 0)
		sl_row_set(o, "post", json_integer((json_int_t)f->post));
	(void)json_array_append_new(arg, o);
	return SL_OK;
}

static const char *
page_note(const char *reason, int64_t flags)
{
	if (*reason != '\0')
		return "page_unread";
	if ((flags & SL_PAGE_BLANK) != 0)
		return "page_blank";
	return (flags & SL_PAGE_WORDLESS) != 0 ? "page_wordless"
					       : "page_unsure";
}

static json_t *
page_row(sqlite3_stmt *st)
{
	const char *reason = sl_db_text(st, 2);
	const char *note = page_note(reason, sqlite3_column_int64(st, 3));
	int page = sqlite3_column_int(st, 1);
	double sure = sqlite3_column_int(st, 4) / 1000.0;
	json_t *o = json_object();

	sl_row_set(o, "file", sl_row_text(sl_db_text(st, 0)));
	sl_row_set(o, "note", json_string(note));
	if (strcmp(note, "page_unsure") != 0) {
		sl_row_set(o, "detail",
		    json_sprintf(
			"%d%s%s", page, *reason != '\0' ? ": " : "", reason));
		return o;
	}
	sl_row_set(o, "detail", json_sprintf("%d: %.2f", page, sure));
	sl_row_set(o, "confidence", json_real(sure));
	sl_row_set(o, "text",
	    json_string("hard to read: check it against the picture"));
	return o;
}

/* Pages without text, and those that were hard to read: remarks too. */
static void
page_rows(struct sl_store *s, int64_t consignment, json_t *to)
{
	struct sl_db *db = sl_store_db(s);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT p.name, g.number + 1, ifnull(g.reason, ''), g.flags,"
	    " g.confidence FROM page g"
	    " JOIN part p ON p.id = g.part JOIN source o ON o.id = p.source"
	    " WHERE o.consignment = ?1 AND (g.flags & ?2 <> 0"
	    " OR ifnull(g.reason, '') <> '' OR " SL_DB_UNSURE_PAGE ")"
	    " ORDER BY p.id, g.number LIMIT ?3",
	    "iii", consignment, (int64_t)(SL_PAGE_BLANK | SL_PAGE_WORDLESS),
	    (int64_t)PAGES_MAX);

	while (sl_db_row(db, st))
		(void)json_array_append_new(to, page_row(st));
}

static json_t *
note_rows(struct sl_store *s, int64_t consignment)
{
	struct sl_db *db = sl_store_db(s);
	json_t *a = json_array(), *o;
	const char *words;
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT p.name, n.slug, n.detail FROM note n"
	    " JOIN part p ON p.id = n.part JOIN source o ON o.id = p.source"
	    " WHERE o.consignment = ?1 ORDER BY n.id",
	    "i", consignment);

	while (sl_db_row(db, st)) {
		o = json_object();
		sl_row_set(o, "file", sl_row_text(sl_db_text(st, 0)));
		sl_row_set(o, "note", sl_row_text(sl_db_text(st, 1)));
		sl_row_set(o, "detail", sl_row_text(sl_db_text(st, 2)));
		words = sl_signed_en(sl_db_text(st, 1));
		if (words != NULL)
			sl_row_set(o, "text", json_string(words));
		(void)json_array_append_new(a, o);
	}
	page_rows(s, consignment, a);
	return a;
}

/* Files of the consignment that are not well, or have a known format. */
static enum sl_rc
part_row(void *arg, const struct sl_part *p, struct sl_err *err)
{
	json_t *o = json_object();

	(void)err;
	sl_row_set(o, "name", sl_row_text(p->name));
	sl_row_set(o, "mime", sl_row_text(p->mime));
	sl_row_set(o, "size", json_integer((json_int_t)p->size));
	sl_row_set(o, "pages", json_integer(p->pages));
	sl_row_set(o, "depth", json_integer(p->depth));
	sl_row_reason(o, p->reason, "");
	(void)json_array_append_new(arg, o);
	return SL_OK;
}

struct explain {
	struct sl_store *s;
	sl_query_fn *fn;
	void *arg;
	struct sl_consignment c;
	int number, shown, replaced;
};

static enum sl_rc
explain_row(struct explain *w, json_t *row, const struct sl_entry *e,
    struct sl_err *err)
{
	const struct sl_query_events all = {0};
	json_t *fields = json_object(), *found = json_array(),
	       *parts = json_array();
	enum sl_rc rc;

	if (row == NULL)
		return sl_db_check(sl_store_db(w->s), err);
	if (e != NULL)
		(void)sl_placement_each(
		    w->s, e->id, e->revision, candidate, fields, NULL);
	(void)sl_found_each(w->s, w->c.id, found_row, found, NULL);
	(void)sl_part_each(w->s, w->c.id, part_row, parts, NULL);
	sl_row_set(row, "fields", fields);
	sl_row_set(row, "found", found);
	sl_row_set(row, "parts", parts);
	sl_row_set(row, "notes", note_rows(w->s, w->c.id));
	sl_row_set(row, "events",
	    events_of(w->s, w->c.id, e != NULL ? e->id : 0, &all));
	w->shown++;
	rc = w->fn(w->arg, row, err);
	json_decref(row);
	return rc;
}

static enum sl_rc
explain_entry(void *arg, const struct sl_entry *e, struct sl_err *err)
{
	struct explain *w = arg;

	if (w->number != 0 && e->number != w->number)
		return SL_OK;
	w->replaced += e->outcome == SL_OUTCOME_replaced;
	return explain_row(w, sl_query_entry(w->s, e->id), e, err);
}

enum sl_rc
sl_query_explain(struct sl_store *s, const char *id, sl_query_fn *fn, void *arg,
    struct sl_err *err)
{
	struct explain w = {.s = s, .fn = fn, .arg = arg};
	enum sl_rc rc = sl_query_resolve(s, id, &w.c, &w.number, err);

	if (rc == SL_OK)
		rc = sl_entry_each_of(s, w.c.id, explain_entry, &w, err);
	if (rc != SL_OK || (w.number != 0 ? w.shown > 0 : w.shown > w.replaced))
		return rc;
	if (w.number != 0)
		return sl_err_set(err, SL_SKIP, 0, "unknown_id",
		    "the consignment has no entry of that number");
	return explain_row(&w, sl_query_consignment(s, w.c.id), NULL, err);
}
