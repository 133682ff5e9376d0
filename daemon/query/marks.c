/*
 * What others have said of the log's heads: verified, exported, and shown.
 *
 * In an export: cosigned/N (a head with its cosignatures, the last of witness
 * N), cosigned/N.vkey, cosigned/N.pem; timestamps/N.checkpoint (a head as it
 * was stamped), timestamps/N.tsr, timestamps/N.pem.
 * SECURITY: as offline.c; marks that lie there are as hostile as the rest.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/file.h"
#include "../journal/checkpoint.h"
#include "../journal/stamp.h"
#include "../store/db.h"
#include "../store/heads.h"
#include "../store/marks.h"
#include "verify_p.h"

#define MARKS_MAX 10000 /* of a kind, in an export */
#define PEM_MAX 65536u

/* A database that no slused of this build has opened yet has no such tables. */
static bool
has_tables(struct sl_db *db)
{
	return sl_db_int(db, 0,
		   "SELECT count(*) FROM sqlite_schema WHERE name = 'stamp'",
		   "") > 0;
}

/* -- verified ---------------------------------------------------------------
 */

static uint64_t
size_of(struct sl_slice note)
{
	struct sl_checkpoint head;
	struct sl_note parsed;

	return sl_note_parse(note.p, note.n, &parsed, NULL) == SL_OK &&
		       sl_checkpoint_parse(parsed.text, &head, NULL) == SL_OK
		   ? head.size
		   : 0;
}

void
sl_check_cosigned(struct sl_check *c, struct sl_slice note,
    const struct sl_vkey *k, const uint8_t mark[SL_COSIGNATURE_LEN])
{
	const struct sl_vkey *wanted = c->ask->witness;
	struct sl_verify *v = c->v;
	uint64_t size = size_of(note);
	struct sl_note parsed;

	if (sl_note_parse(note.p, note.n, &parsed, NULL) != SL_OK ||
	    !sl_cosignature_verify(k, parsed.text, mark)) {
		sl_check_fault(c, 0, size > 0 ? size - 1 : 0,
		    "the cosignature at %" PRIu64 " is wrong", size);
		return;
	}
	v->cosigned++;
	if (wanted != NULL && (strcmp(wanted->name, k->name) != 0 ||
				  memcmp(wanted->id, k->id, 4) != 0 ||
				  memcmp(wanted->pub, k->pub, 32) != 0))
		return;
	if (size >= v->cosigned_size) {
		v->cosigned_size = size;
		v->cosigned_s = (int64_t)sl_cosignature_time(mark);
	}
}

void
sl_check_stamped(struct sl_check *c, struct sl_slice note,
    struct sl_slice token, struct sl_slice pem)
{
	struct sl_stamp_ask ask = {.pem = pem};
	struct sl_verify *v = c->v;
	uint64_t size = size_of(note);
	struct sl_err err = {0};
	int64_t at;

	sl_sha256(note.p, note.n, &ask.of);
	if (sl_stamp_verify(token, &ask, &at, &err) != SL_OK) {
		sl_check_fault(c, 0, size > 0 ? size - 1 : 0,
		    "the time-stamp at %" PRIu64 ": %s", size, err.text);
		return;
	}
	v->stamped++;
	ask.pem = c->ask->tsa;
	if (ask.pem.n > 0 && sl_stamp_verify(token, &ask, &at, &err) != SL_OK)
		return;
	if (size >= v->stamped_size) {
		v->stamped_size = size;
		v->stamped_s = at;
	}
}

void
sl_check_marks_end(struct sl_check *c)
{
	uint64_t last = c->tree.size > 0 ? c->tree.size - 1 : 0;

	/* With a head from outside it is that one that must be cosigned. */
	if (c->ask->witness != NULL && c->ask->against.n == 0 &&
	    c->v->cosigned_size == 0)
		sl_check_fault(
		    c, 0, last, "the witness has not cosigned any head of it");
	if (c->ask->tsa.n > 0 && c->v->stamped_size == 0)
		sl_check_fault(c, 0, last,
		    "no head of it has a time-stamp that leads to those "
		    "certificates");
}

static void
live_cosignatures(struct sl_check *c, struct sl_db *db)
{
	struct sl_slice note, mark;
	const char *vkey;
	struct sl_vkey k;
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT k.size, k.vkey, k.mark, c.note FROM cosignature k"
	    " LEFT JOIN checkpoint c ON c.size = k.size ORDER BY k.size",
	    "");

	while (sl_db_row(db, st)) {
		vkey = sl_db_text(st, 1);
		mark = sl_db_blob(st, 2);
		note.p = sl_db_text(st, 3);
		note.n = (uint32_t)sqlite3_column_bytes(st, 3);
		if (mark.n != SL_COSIGNATURE_LEN ||
		    !sl_vkey_parse(vkey, strlen(vkey), &k) ||
		    size_of(note) != (uint64_t)sqlite3_column_int64(st, 0))
			sl_check_fault(c, 0,
			    (uint64_t)sqlite3_column_int64(st, 0),
			    "a cosignature stands at no head");
		else
			sl_check_cosigned(c, note, &k, (const uint8_t *)mark.p);
	}
}

static void
live_stamps(struct sl_check *c, struct sl_db *db)
{
	struct sl_slice note, pem;
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT s.size, s.token, t.pem, c.note FROM stamp s"
	    " LEFT JOIN stamp_trust t ON t.number = s.trust"
	    " LEFT JOIN checkpoint c ON c.size = s.size ORDER BY s.size",
	    "");

	while (sl_db_row(db, st)) {
		pem.p = sl_db_text(st, 2);
		pem.n = (uint32_t)sqlite3_column_bytes(st, 2);
		note.p = sl_db_text(st, 3);
		note.n = (uint32_t)sqlite3_column_bytes(st, 3);
		if (size_of(note) != (uint64_t)sqlite3_column_int64(st, 0))
			sl_check_fault(c, 0,
			    (uint64_t)sqlite3_column_int64(st, 0),
			    "a time-stamp stands at no head");
		else
			sl_check_stamped(c, note, sl_db_blob(st, 1), pem);
	}
}

void
sl_check_marks(struct sl_check *c, struct sl_db *db)
{
	if (!has_tables(db))
		return;
	live_cosignatures(c, db);
	live_stamps(c, db);
}

/* -- of an export -----------------------------------------------------------
 */

/* FOLDER/N and what is behind it. */
static bool
read_part(int dir, const char *folder, int n, const char *end, size_t max,
    struct sl_buf *out)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%d%s", folder, n, end);
	sl_buf_reset(out);
	out->max = max + 1;
	return sl_read_file(dir, path, max, out, NULL) == SL_OK;
}

static bool
export_cosigned(struct sl_check *c, int dir, int n)
{
	SL_BUF struct sl_buf note = {0}, vkey = {0}, pem = {0}, want = {0};
	uint8_t mark[SL_COSIGNATURE_LEN];
	struct sl_note parsed;
	struct sl_err err;
	struct sl_vkey k;

	if (!read_part(dir, "cosigned", n, "", SL_NOTE_MAX, &note))
		return false;
	if (!read_part(dir, "cosigned", n, ".vkey", 1024, &vkey) ||
	    !sl_vkey_parse(vkey.p, vkey.n, &k) ||
	    !read_part(dir, "cosigned", n, ".pem", 1024, &pem) ||
	    sl_note_parse(note.p, note.n, &parsed, NULL) != SL_OK) {
		sl_check_fault(c, 0, 0, "cosigned/%d cannot be read", n);
		return true;
	}
	sl_vkey_pem(&k, &want);
	if (want.n != pem.n || memcmp(want.p, pem.p, pem.n) != 0)
		sl_check_fault(
		    c, 0, 0, "cosigned/%d.pem is another key than .vkey", n);
	if (sl_cosignature_find(&parsed, &k, mark, &err) != SL_OK) {
		sl_check_fault(c, 0, 0, "cosigned/%d: %s", n, err.text);
		return true;
	}
	sl_check_cosigned(c, sl_slice_buf(&note), &k, mark);
	sl_check_mark(c, sl_slice_buf(&note));
	return true;
}

static bool
export_stamped(struct sl_check *c, int dir, int n)
{
	SL_BUF struct sl_buf note = {0}, token = {0}, pem = {0};

	if (!read_part(dir, "timestamps", n, ".checkpoint", SL_NOTE_MAX, &note))
		return false;
	if (!read_part(dir, "timestamps", n, ".tsr", SL_STAMP_MAX, &token) ||
	    !read_part(dir, "timestamps", n, ".pem", PEM_MAX, &pem)) {
		sl_check_fault(c, 0, 0, "timestamps/%d cannot be read", n);
		return true;
	}
	sl_check_stamped(
	    c, sl_slice_buf(&note), sl_slice_buf(&token), sl_slice_buf(&pem));
	sl_check_mark(c, sl_slice_buf(&note));
	return true;
}

void
sl_check_export_marks(struct sl_check *c, int dir)
{
	int n;

	for (n = 1; n <= MARKS_MAX && export_cosigned(c, dir, n); n++)
		;
	for (n = 1; n <= MARKS_MAX && export_stamped(c, dir, n); n++)
		;
}

void
sl_query_add_cosignatures(struct sl_db *db, uint64_t size, struct sl_buf *note)
{
	struct sl_slice mark;
	const char *vkey;
	struct sl_vkey k;
	sqlite3_stmt *st;

	if (!has_tables(db))
		return;
	st = sl_db_query(db,
	    "SELECT vkey, mark FROM cosignature WHERE size = ?1"
	    " ORDER BY vkey LIMIT 64",
	    "i", (int64_t)size);
	while (sl_db_row(db, st)) {
		vkey = sl_db_text(st, 0);
		mark = sl_db_blob(st, 1);
		if (mark.n == SL_COSIGNATURE_LEN &&
		    sl_vkey_parse(vkey, strlen(vkey), &k))
			sl_cosignature_add(&k, (const uint8_t *)mark.p, note);
	}
}

struct marks {
	struct sl_db *db;
	int64_t size;
	sl_put_fn *put;
	void *arg;
};

static enum sl_rc
put_part(struct marks *m, const char *folder, int n, const char *end,
    struct sl_slice s)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%d%s", folder, n, end);
	return m->put(m->arg, path, s.p, s.n);
}

/* The last head of each witness, with all cosignatures on it. */
static enum sl_rc
put_cosigned(struct marks *m)
{
	enum sl_rc rc = SL_OK;
	const char *vkey;
	struct sl_vkey k;
	int n = 0;
	sqlite3_stmt *st = sl_db_query(m->db,
	    "SELECT k.vkey, max(k.size), c.note FROM cosignature k"
	    " JOIN checkpoint c ON c.size = k.size WHERE k.size <= ?1"
	    " GROUP BY k.vkey ORDER BY k.vkey",
	    "i", m->size);

	while (rc == SL_OK && sl_db_row(m->db, st)) {
		SL_BUF struct sl_buf note = {0}, text = {0}, pem = {0};

		vkey = sl_db_text(st, 0);
		if (!sl_vkey_parse(vkey, strlen(vkey), &k))
			continue;
		sl_buf_add_str(&note, sl_db_text(st, 2));
		sl_query_add_cosignatures(
		    m->db, (uint64_t)sqlite3_column_int64(st, 1), &note);
		sl_buf_printf(&text, "%s\n", vkey);
		sl_vkey_pem(&k, &pem);
		rc = put_part(m, "cosigned", ++n, "", sl_slice_buf(&note));
		if (rc == SL_OK)
			rc = put_part(
			    m, "cosigned", n, ".vkey", sl_slice_buf(&text));
		if (rc == SL_OK)
			rc = put_part(
			    m, "cosigned", n, ".pem", sl_slice_buf(&pem));
	}
	sl_db_done(st);
	return rc;
}

static enum sl_rc
put_stamped(struct marks *m)
{
	enum sl_rc rc = SL_OK;
	int n = 0;
	sqlite3_stmt *st = sl_db_query(m->db,
	    "SELECT c.note, s.token, t.pem FROM stamp s"
	    " JOIN checkpoint c ON c.size = s.size"
	    " JOIN stamp_trust t ON t.number = s.trust WHERE s.size <= ?1"
	    " ORDER BY s.size, s.tsa",
	    "i", m->size);

	while (rc == SL_OK && n < MARKS_MAX && sl_db_row(m->db, st)) {
		rc = put_part(m, "timestamps", ++n, ".checkpoint",
		    sl_slice_str(sl_db_text(st, 0)));
		if (rc == SL_OK)
			rc = put_part(
			    m, "timestamps", n, ".tsr", sl_db_blob(st, 1));
		if (rc == SL_OK)
			rc = put_part(m, "timestamps", n, ".pem",
			    sl_slice_str(sl_db_text(st, 2)));
	}
	sl_db_done(st);
	return rc;
}

enum sl_rc
sl_export_marks(struct sl_db *db, uint64_t size, sl_put_fn *put, void *arg,
    struct sl_err *err)
{
	struct marks m = {db, (int64_t)size, put, arg};
	enum sl_rc rc;

	if (!has_tables(db))
		return SL_OK;
	rc = put_cosigned(&m);
	if (rc == SL_OK)
		rc = put_stamped(&m);
	return rc == SL_OK ? sl_db_check(db, err) : rc;
}

/* -- how it goes -------------------------------------------------------------
 */

struct shown {
	struct sl_store *s;
	json_t *rows;
	uint64_t head;
	int64_t now;
};

/* What there is to worry about; NULL: nothing. */
static const char *
worry(const struct sl_witness_row *r, int64_t waits, int64_t now)
{
	if (strcmp(r->reason, "other_history") == 0)
		return "other_history";
	return waits != 0 && now - waits > r->stale_ms ? "stale" : NULL;
}

static void
show(void *arg, const struct sl_witness_row *r)
{
	struct shown *x = arg;
	json_t *o = json_object();
	int64_t waits = 0;

	/* A token is due by the day; of a log that stands still no new one. */
	if (!r->tsa)
		waits = sl_witness_waits(x->s, r->size);
	else if (r->size < x->head && r->due_ms <= x->now)
		waits = r->due_ms;
	sl_row_set(o, "kind", json_string(r->tsa ? "tsa" : "witness"));
	sl_row_set(o, "name", json_string(r->name));
	sl_row_set(o, "size", json_integer((json_int_t)r->size));
	sl_row_set(o, "behind",
	    json_integer(
		x->head > r->size ? (json_int_t)(x->head - r->size) : 0));
	sl_row_set(o, "last", sl_row_time(r->marked_ms));
	sl_row_set(o, "age_s",
	    r->marked_ms != 0 ? json_integer((x->now - r->marked_ms) / 1000)
			      : json_null());
	sl_row_set(o, "waits", sl_row_time(waits));
	sl_row_set(o, "tries", json_integer(r->tries));
	sl_row_set(o, "reason", sl_row_text(r->reason));
	sl_row_set(o, "detail", sl_row_text(r->detail));
	sl_row_set(o, "warning", sl_row_text(worry(r, waits, x->now)));
	(void)json_array_append_new(x->rows, o);
}

void
sl_query_add_witnesses(struct sl_store *s, json_t *status)
{
	struct shown x = {
	    .s = s, .rows = json_array(), .now = sl_clock_utc_ms()};
	struct sl_db *db = sl_store_db(s);

	if (has_tables(db)) {
		x.head = (uint64_t)sl_db_int(
		    db, 0, "SELECT max(size) FROM checkpoint", "");
		sl_witness_each(s, show, &x);
	}
	sl_row_set(status, "witnesses", x.rows);
}

static void
print_age(FILE *f, const json_t *row)
{
	json_int_t s = json_integer_value(json_object_get(row, "age_s"));

	if (!json_is_integer(json_object_get(row, "age_s")))
		(void)fputs("never yet", f);
	else if (s < 7200)
		(void)fprintf(f, "%" JSON_INTEGER_FORMAT " min ago", s / 60);
	else
		(void)fprintf(f, "%" JSON_INTEGER_FORMAT " h ago", s / 3600);
}

void
sl_query_print_witnesses(FILE *f, const json_t *status)
{
	const char *kind, *reason, *detail, *warning;
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(status, "witnesses"), i, o)
	{
		kind = json_string_value(json_object_get(o, "kind"));
		reason = json_string_value(json_object_get(o, "reason"));
		detail = json_string_value(json_object_get(o, "detail"));
		warning = json_string_value(json_object_get(o, "warning"));
		(void)fprintf(f,
		    "%-9s %s: %s %" JSON_INTEGER_FORMAT " events, ",
		    kind != NULL ? kind : "",
		    json_string_value(json_object_get(o, "name")),
		    kind != NULL && strcmp(kind, "tsa") == 0 ? "stamped"
							     : "cosigned",
		    json_integer_value(json_object_get(o, "size")));
		print_age(f, o);
		if (reason != NULL) {
			(void)fprintf(f, "; %s ", reason);
			sl_query_show_text(f, detail != NULL ? detail : "");
		}
		if (warning != NULL)
			(void)fprintf(f, "  WARNING: %s",
			    strcmp(warning, "stale") == 0
				? "what happened since waits for too long"
				: "it has seen another sporingslogg of this "
				  "name");
		(void)fputc('\n', f);
	}
}
