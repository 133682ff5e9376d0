/*
 * What waits for a second person, and who broke the glass.
 */
#include <inttypes.h>
#include <string.h>

#include "../base/clock.h"
#include "../store/db.h"
#include "query_p.h"

#define GLASS_MS (30 * INT64_C(86400000))

/* A database that no slused of this build has opened yet has no such tables. */
static bool
has_tables(struct sl_store *s)
{
	return sl_db_int(sl_store_db(s), 0,
		   "SELECT count(*) FROM sqlite_schema WHERE name = 'approval'",
		   "") > 0;
}

static enum sl_rc
approval_row(void *arg, const struct sl_approval *a, struct sl_err *err)
{
	json_t *o = json_object();

	(void)err;
	sl_row_set(o, "request", json_integer(a->id));
	sl_row_set(o, "verb", json_string(a->verb));
	sl_row_set(o, "subject", sl_row_text(a->subject));
	sl_row_set(o, "items", json_integer(a->items));
	sl_row_set(o, "actor", json_string(a->actor));
	sl_row_set(o, "asked", sl_row_time(a->asked_ms));
	sl_row_set(o, "until", sl_row_time(a->expires_ms));
	sl_row_set(o, "why", sl_row_text(a->why));
	sl_row_set(o, "args", json_loads(a->args, 0, NULL));
	(void)json_array_append_new(arg, o);
	return SL_OK;
}

json_t *
sl_query_approvals(struct sl_store *s)
{
	json_t *rows = json_array();

	if (has_tables(s))
		(void)sl_approval_each(s, 0, approval_row, rows, NULL);
	return rows;
}

void
sl_query_add_persons(struct sl_store *s, json_t *o)
{
	struct sl_db *db = sl_store_db(s);
	json_t *rows = json_array(), *row;
	bool there = has_tables(s);
	sqlite3_stmt *st;

	sl_row_set(o, "approvals",
	    json_integer(there ? sl_approval_count(s, NULL) : 0));
	sl_row_set(o, "glass", rows);
	if (!there)
		return;
	st = sl_db_query(db,
	    "SELECT used_ms, actor, verb, subject, why FROM glass"
	    " WHERE used_ms > ?1 ORDER BY id DESC LIMIT 20",
	    "i", sl_clock_utc_ms() - GLASS_MS);
	while (sl_db_row(db, st)) {
		row = json_object();
		sl_row_set(
		    row, "time", sl_row_time(sqlite3_column_int64(st, 0)));
		sl_row_set(row, "actor", sl_row_text(sl_db_text(st, 1)));
		sl_row_set(row, "verb", sl_row_text(sl_db_text(st, 2)));
		sl_row_set(row, "subject", sl_row_text(sl_db_text(st, 3)));
		sl_row_set(row, "why", sl_row_text(sl_db_text(st, 4)));
		(void)json_array_append_new(rows, row);
	}
}

void
sl_query_print_approval(FILE *f, const json_t *row)
{
	const char *const keys[] = {"subject", "actor", "asked", "until"};
	const json_t *id = json_object_get(json_object_get(row, "args"), "id");
	size_t i;

	(void)fprintf(f,
	    "%5" JSON_INTEGER_FORMAT " %-20s %5" JSON_INTEGER_FORMAT,
	    json_integer_value(json_object_get(row, "request")),
	    json_string_value(json_object_get(row, "verb")),
	    json_integer_value(json_object_get(row, "items")));
	for (i = 0; i < 4; i++)
		(void)fprintf(f, " %-*s",
		    i < 1   ? 16
		    : i < 2 ? 10
			    : 24,
		    json_string_value(json_object_get(row, keys[i])));
	/* What has no reception number: an event of the sporingslogg. */
	if (strcmp(json_string_value(json_object_get(row, "subject")), "-") ==
		0 &&
	    json_is_string(id)) {
		(void)fputs("  ", f);
		sl_query_show_text(f, json_string_value(id));
	}
	(void)fputs("  ", f);
	if (json_is_string(json_object_get(row, "why")))
		sl_query_show_text(
		    f, json_string_value(json_object_get(row, "why")));
	(void)fputc('\n', f);
}

void
sl_query_print_persons(FILE *f, const json_t *status)
{
	json_t *o;
	json_int_t n = json_integer_value(json_object_get(status, "approvals"));
	size_t i;

	if (n > 0)
		(void)fprintf(f,
		    "%" JSON_INTEGER_FORMAT
		    " waits for a second person: sluse approve --list\n",
		    n);
	json_array_foreach(json_object_get(status, "glass"), i, o)
	{
		(void)fprintf(f,
		    "%-12s %s %s %s %s: ", i == 0 ? "glass broken" : "",
		    json_string_value(json_object_get(o, "time")),
		    json_string_value(json_object_get(o, "actor")),
		    json_string_value(json_object_get(o, "verb")),
		    json_string_value(json_object_get(o, "subject")));
		/* It may have been erased. */
		if (json_is_string(json_object_get(o, "why")))
			sl_query_show_text(
			    f, json_string_value(json_object_get(o, "why")));
		(void)fputc('\n', f);
	}
}
