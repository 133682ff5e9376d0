/*
 * Rows of list and show, built from the store's verbs and a few queries.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../store/db.h"
#include "query_p.h"

#define DOCUMENTS_MAX 1000
#define PAGE_ROWS 128

void
sl_row_set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value != NULL ? value : json_null());
}

json_t *
sl_row_text(const char *s)
{
	return s == NULL || *s == '\0' ? json_null() : json_string(s);
}

json_t *
sl_row_time(int64_t ms)
{
	char out[32];

	if (ms <= 0)
		return json_null();
	sl_clock_format_utc(ms, out, sizeof(out));
	return json_string(out);
}

json_t *
sl_row_seconds(int64_t s)
{
	/* What is beyond the year 9999 is no time of ours. */
	return s > INT64_C(253402300799) ? json_integer(s)
					 : sl_row_time(s * 1000);
}

json_t *
sl_row_digest(const struct sl_digest *d)
{
	char hex[SL_SHA256_HEX + 1];

	sl_digest_hex(d, hex);
	return json_string(hex);
}

json_t *
sl_query_words(const char *list)
{
	json_t *a = json_array();
	size_t n;

	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n > 0)
			(void)json_array_append_new(a, json_stringn(list, n));
	}
	return a;
}

void
sl_row_reason(json_t *o, const char *slug, const char *detail)
{
	const struct sl_reason *r = sl_reason_find(slug);

	sl_row_set(o, "reason", sl_row_text(slug));
	sl_row_set(o, "reason_text", sl_row_text(r != NULL ? r->en : NULL));
	sl_row_set(o, "reason_text_nb", sl_row_text(r != NULL ? r->nb : NULL));
	sl_row_set(o, "owner",
	    sl_row_text(r != NULL ? sl_owner_name(r->owner) : NULL));
	sl_row_set(o, "detail", sl_row_text(detail));
}

const char *
sl_query_field(unsigned field)
{
	if (field == SL_FIELD_case_number)
		return "case";
	return field == SL_FIELD_klass ? "class" : sl_field_name(field);
}

/* A source's own bytes are its blob's: its part knows no size. */
static int64_t
part_size(struct sl_store *s, const struct sl_part *p)
{
	if (p->number != 0)
		return (int64_t)p->size;
	return sl_db_int(sl_store_db(s), 0,
	    "SELECT size FROM blob WHERE sha256 = ?1", "d", &p->blob);
}

static int64_t
unsure_pages(struct sl_store *s, int64_t part)
{
	return sl_db_int(sl_store_db(s), 0,
	    "SELECT count(*) FROM page g WHERE g.part = ?1"
	    " AND " SL_DB_UNSURE_PAGE,
	    "i", part);
}

static json_t *
document_row(struct sl_store *s, const struct sl_document *d)
{
	json_t *o = json_object();
	struct sl_part p;

	sl_row_set(o, "number", json_integer(d->number));
	sl_row_set(o, "role", json_string(d->role));
	sl_row_set(o, "title", sl_row_text(d->title));
	if (!sl_part_by_id(s, d->part, &p))
		return o;
	sl_row_set(o, "name", sl_row_text(p.name));
	sl_row_set(o, "mime", sl_row_text(p.mime));
	sl_row_set(o, "puid", sl_query_words(p.puid));
	sl_row_set(o, "size", json_integer(part_size(s, &p)));
	sl_row_set(o, "pages", json_integer(p.pages));
	sl_row_set(o, "pages_unsure", json_integer(unsure_pages(s, d->part)));
	sl_row_set(o, "sha256", sl_row_digest(&p.sha256));
	sl_row_set(o, "reason", sl_row_text(p.reason));
	return o;
}

static json_t *
document_rows(struct sl_store *s, int64_t entry)
{
	json_t *a = json_array();
	struct sl_document *d = sl_alloc(DOCUMENTS_MAX * sizeof(*d));
	size_t n = sl_document_list(s, entry, d, DOCUMENTS_MAX), i;

	for (i = 0; i < n && i < DOCUMENTS_MAX; i++)
		(void)json_array_append_new(a, document_row(s, &d[i]));
	free(d);
	return a;
}

static enum sl_rc
placement_field(void *arg, const struct sl_placement_row *p, struct sl_err *err)
{
	const char *name = sl_query_field(p->field);
	json_t *o = arg, *f;

	(void)err;
	/* Best first: the first row of a field is what it came to. */
	if (name == NULL || json_object_get(o, name) != NULL)
		return SL_OK;
	f = json_object();
	sl_row_set(f, "value", sl_row_text(p->value));
	sl_row_set(f, "confidence", json_real(p->confidence / 1000.0));
	sl_row_set(f, "accepted", json_boolean(p->accepted));
	sl_row_set(f, "evidence", json_loads(p->evidence, 0, NULL));
	sl_row_set(f, "actor", sl_row_text(p->actor));
	sl_row_set(o, name, f);
	return SL_OK;
}

static enum sl_rc
step_row(void *arg, const char *step, const char *key, struct sl_err *err)
{
	json_t *o = json_object();

	(void)err;
	sl_row_set(o, "step", json_string(step));
	sl_row_set(o, "key", sl_row_text(key));
	(void)json_array_append_new(arg, o);
	return SL_OK;
}

static json_t *
delivery_rows(struct sl_store *s, int64_t entry)
{
	struct sl_db *db = sl_store_db(s);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT id, target, state, attempts, uncertain, first_ms, next_ms,"
	    " reason, detail, http_status, receipt FROM delivery"
	    " WHERE entry = ?1 ORDER BY id",
	    "i", entry);
	json_t *a = json_array(), *o, *steps;
	bool pending;

	while (sl_db_row(db, st)) {
		o = json_object();
		pending = strcmp(sl_db_text(st, 2), "pending") == 0;
		sl_row_set(o, "target", sl_row_text(sl_db_text(st, 1)));
		sl_row_set(o, "state", sl_row_text(sl_db_text(st, 2)));
		sl_row_set(
		    o, "attempts", json_integer(sqlite3_column_int(st, 3)));
		sl_row_set(o, "uncertain",
		    json_boolean(sqlite3_column_int(st, 4) != 0));
		sl_row_set(
		    o, "first", sl_row_time(sqlite3_column_int64(st, 5)));
		sl_row_set(o, "next",
		    pending ? sl_row_time(sqlite3_column_int64(st, 6)) : NULL);
		sl_row_reason(o, sl_db_text(st, 7), sl_db_text(st, 8));
		sl_row_set(
		    o, "http_status", json_integer(sqlite3_column_int(st, 9)));
		sl_row_set(
		    o, "receipt", json_loads(sl_db_text(st, 10), 0, NULL));
		steps = json_array();
		(void)sl_delivery_steps(
		    s, sqlite3_column_int64(st, 0), step_row, steps, NULL);
		sl_row_set(o, "steps", steps);
		(void)json_array_append_new(a, o);
	}
	return a;
}

/* Where its post is in the target, as that told last; null if it has not. */
static json_t *
target_row(struct sl_store *s, const char *own_key)
{
	struct sl_target_post p;
	json_t *o;

	if (!sl_target_post_of(s, own_key, &p))
		return json_null();
	o = json_object();
	sl_row_set(o, "target", sl_row_text(p.target));
	sl_row_set(o, "number", sl_row_text(p.number));
	sl_row_set(o, "case", sl_row_text(p.case_number));
	sl_row_set(o, "status", sl_row_text(p.status));
	sl_row_set(o, "seen", sl_row_time(p.seen_ms));
	return o;
}

static json_t *
duplicate_row(struct sl_store *s, int64_t entry)
{
	struct sl_entry e;

	if (entry == 0 || !sl_entry_by_id(s, entry, &e))
		return json_null();
	return json_string(e.reception);
}

/* The digest of the main document's original, or of the first file dropped. */
static json_t *
main_digest(struct sl_store *s, int64_t consignment, int64_t entry)
{
	struct sl_document d;
	struct sl_source src;
	struct sl_part p;

	if (entry != 0 && sl_document_list(s, entry, &d, 1) > 0 &&
	    sl_part_by_id(s, d.part, &p))
		return sl_row_digest(&p.sha256);
	if (sl_source_list(s, consignment, &src, 1) > 0)
		return sl_row_digest(&src.sha256);
	return json_null();
}

static void
add_state(json_t *o, int stage, int dispo, int outcome)
{
	sl_row_set(o, "stage", sl_row_text(sl_stage_name(stage)));
	sl_row_set(o, "disposition", sl_row_text(sl_dispo_name(dispo)));
	sl_row_set(o, "outcome", sl_row_text(sl_outcome_name(outcome)));
}

/* An entry that waits for its targets is tried when the first of them is. */
static void
retry_of_deliveries(json_t *o)
{
	const char *t, *first = NULL;
	json_t *d;
	size_t i;

	json_array_foreach(json_object_get(o, "deliveries"), i, d)
	{
		t = json_string_value(json_object_get(d, "next"));
		if (t != NULL && (first == NULL || strcmp(t, first) < 0))
			first = t;
	}
	if (first != NULL)
		sl_row_set(o, "retry", json_string(first));
}

json_t *
sl_query_entry(struct sl_store *s, int64_t entry)
{
	struct sl_entry e, heir;
	char reception[32];
	json_t *o, *p;
	int n;

	if (!sl_entry_by_id(s, entry, &e))
		return NULL;
	o = json_object();
	if (!sl_reception_parse(e.reception, reception, sizeof(reception), &n))
		reception[0] = '\0';
	sl_row_set(o, "id", json_string(e.reception));
	sl_row_set(o, "reception", sl_row_text(reception));
	sl_row_set(o, "queue", sl_row_text(e.queue));
	sl_row_set(o, "name", sl_row_text(e.name));
	sl_row_set(o, "sha256", main_digest(s, e.consignment, e.id));
	add_state(o, (int)e.stage, (int)e.dispo, e.outcome);
	sl_row_reason(o, e.reason, e.detail);
	sl_row_set(o, "received", sl_row_time(e.received_ms));
	sl_row_set(o, "retry", sl_row_time(e.retry_ms));
	sl_row_set(o, "held_until", sl_row_time(e.held_until_ms));
	sl_row_set(o, "attempts", json_integer(e.attempts));
	sl_row_set(o, "case", sl_row_text(e.case_number));
	sl_row_set(o, "title", sl_row_text(e.title));
	sl_row_set(o, "duplicate_of", duplicate_row(s, e.duplicate_of));
	sl_row_set(o, "replaced_by",
	    sl_entry_heir(s, &e, &heir) ? json_string(heir.reception) : NULL);
	sl_row_set(o, "documents", document_rows(s, e.id));
	p = json_object();
	(void)sl_placement_each(s, e.id, e.revision, placement_field, p, NULL);
	sl_row_set(o, "placement", p);
	sl_row_set(o, "deliveries", delivery_rows(s, e.id));
	sl_row_set(o, "in_target", target_row(s, e.own_key));
	if (e.dispo == SL_DISPO_deferred && e.retry_ms == 0)
		retry_of_deliveries(o);
	return o;
}

json_t *
sl_query_consignment(struct sl_store *s, int64_t consignment)
{
	struct sl_consignment c;
	json_t *o;

	if (!sl_consignment_by_id(s, consignment, &c))
		return NULL;
	o = json_object();
	sl_row_set(o, "id", json_string(c.reception));
	sl_row_set(o, "reception", json_string(c.reception));
	sl_row_set(o, "queue", sl_row_text(c.queue));
	sl_row_set(o, "name", sl_row_text(c.name));
	sl_row_set(o, "sha256", main_digest(s, c.id, 0));
	add_state(o, (int)c.stage, (int)c.dispo, c.outcome);
	sl_row_reason(o, c.reason, c.detail);
	sl_row_set(o, "received", sl_row_time(c.received_ms));
	sl_row_set(o, "retry", sl_row_time(c.retry_ms));
	sl_row_set(o, "held_until", NULL);
	sl_row_set(o, "attempts", json_integer(c.attempts));
	sl_row_set(o, "case", NULL);
	sl_row_set(o, "title", NULL);
	sl_row_set(o, "duplicate_of", NULL);
	sl_row_set(o, "replaced_by", NULL);
	sl_row_set(o, "documents", json_array());
	sl_row_set(o, "placement", json_object());
	sl_row_set(o, "deliveries", json_array());
	sl_row_set(o, "in_target", json_null());
	return o;
}

struct place {
	int64_t consignment, number, entry;
};

/* The next places after `last`, at most PAGE_ROWS. */
static size_t
next_places(struct sl_store *s, const struct sl_query_filter *f,
    const struct place *last, struct place *ret)
{
	struct sl_db *db = sl_store_db(s);
	size_t n = 0;
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT c.id, ifnull(e.number, 0), ifnull(e.id, 0)" SL_DB_ITEMS
	    " WHERE c.id >= ?1 AND (c.id, ifnull(e.number, 0)) > (?1, ?2)"
	    " AND (?3 = 0 OR ifnull(e.stage, c.stage) = ?3)"
	    " AND (?4 = 0 OR ifnull(e.disposition, c.disposition) = ?4)"
	    " AND (?5 IS NULL OR c.queue = ?5)"
	    " ORDER BY c.id, e.number LIMIT ?6",
	    "iiiisi", last->consignment, last->number, (int64_t)f->stage,
	    (int64_t)f->dispo, f->queue, (int64_t)PAGE_ROWS);

	while (n < PAGE_ROWS && sl_db_row(db, st)) {
		ret[n].consignment = sqlite3_column_int64(st, 0);
		ret[n].number = sqlite3_column_int64(st, 1);
		ret[n].entry = sqlite3_column_int64(st, 2);
		n++;
	}
	sl_db_done(st);
	return n;
}

/* One page as it was at one moment: a row must not say what its own filter
 * would have kept out. Read whole before any of it is shown, so that a slow
 * reader holds no transaction open. */
static json_t *
read_page(struct sl_store *s, const struct sl_query_filter *f,
    struct place *last, struct sl_err *err)
{
	json_t *rows = json_array();
	struct place at[PAGE_ROWS];
	size_t n, i;

	if (sl_db_run(sl_store_db(s), err, "BEGIN", "") != SL_OK)
		return rows;
	n = next_places(s, f, last, at);
	for (i = 0; i < n; i++) {
		json_t *row = at[i].entry != 0
				  ? sl_query_entry(s, at[i].entry)
				  : sl_query_consignment(s, at[i].consignment);

		if (row != NULL)
			(void)json_array_append_new(rows, row);
	}
	if (n > 0)
		*last = at[n - 1];
	(void)sl_db_run(sl_store_db(s), err, "COMMIT", "");
	return rows;
}

enum sl_rc
sl_query_list(struct sl_store *s, const struct sl_query_filter *f,
    sl_query_fn *fn, void *arg, struct sl_err *err)
{
	struct place last = {0, 0, 0};
	enum sl_rc rc = SL_OK;
	json_t *rows, *row;
	size_t i, n;

	do {
		rows = read_page(s, f, &last, err);
		n = json_array_size(rows);
		json_array_foreach(rows, i, row)
		{
			rc = fn(arg, row, err);
			if (rc != SL_OK)
				break;
		}
		json_decref(rows);
		if (rc != SL_OK)
			return rc;
	} while (n > 0);
	return sl_db_check(sl_store_db(s), err);
}

enum sl_rc
sl_query_resolve(struct sl_store *s, const char *id, struct sl_consignment *ret,
    int *ret_entry, struct sl_err *err)
{
	char reception[32];

	if (!sl_reception_parse(id, reception, sizeof(reception), ret_entry))
		return sl_err_set(err, SL_REJECT, 0, "bad_id",
		    "not a reception number (or a digit is wrong)");
	if (!sl_consignment_by_reception(s, reception, ret))
		return sl_err_set(err, SL_SKIP, 0, "unknown_id",
		    "no such reception number here");
	return sl_db_check(sl_store_db(s), err);
}

struct show {
	struct sl_store *s;
	sl_query_fn *fn;
	void *arg;
	int number; /* 0: all */
	int shown, replaced;
};

static enum sl_rc
show_entry(void *arg, const struct sl_entry *e, struct sl_err *err)
{
	struct show *w = arg;
	enum sl_rc rc = SL_OK;
	json_t *row;

	if (w->number != 0 && e->number != w->number)
		return SL_OK;
	row = sl_query_entry(w->s, e->id);
	if (row != NULL) {
		w->shown++;
		w->replaced += e->outcome == SL_OUTCOME_replaced;
		rc = w->fn(w->arg, row, err);
		json_decref(row);
	}
	return rc;
}

enum sl_rc
sl_query_show(struct sl_store *s, const char *id, sl_query_fn *fn, void *arg,
    struct sl_err *err)
{
	struct show w = {.s = s, .fn = fn, .arg = arg};
	struct sl_consignment c;
	enum sl_rc rc = sl_query_resolve(s, id, &c, &w.number, err);
	json_t *row;

	if (rc == SL_OK)
		rc = sl_entry_each_of(s, c.id, show_entry, &w, err);
	if (rc != SL_OK || (w.number != 0 ? w.shown > 0 : w.shown > w.replaced))
		return rc;
	if (w.number != 0)
		return sl_err_set(err, SL_SKIP, 0, "unknown_id",
		    "the consignment has no entry of that number");
	row = sl_query_consignment(s, c.id);
	if (row == NULL)
		return sl_db_check(sl_store_db(s), err);
	rc = fn(arg, row, err);
	json_decref(row);
	return rc;
}

static enum sl_rc
case_row(void *arg, const struct sl_case *c, struct sl_err *err)
{
	const struct show *w = arg;
	json_t *o = json_object();
	enum sl_rc rc;

	sl_row_set(o, "case", json_string(c->number));
	sl_row_set(o, "title", sl_row_text(c->title));
	sl_row_set(o, "status", sl_row_text(c->status));
	sl_row_set(o, "unit", sl_row_text(c->unit));
	sl_row_set(o, "class", sl_row_text(c->klass));
	sl_row_set(o, "target_key", sl_row_text(c->target_key));
	rc = w->fn(w->arg, o, err);
	json_decref(o);
	return rc;
}

enum sl_rc
sl_query_cases(
    struct sl_store *s, sl_query_fn *fn, void *arg, struct sl_err *err)
{
	struct show w = {.s = s, .fn = fn, .arg = arg};

	return sl_case_each(s, case_row, &w, err);
}
