/*
 * The counts of status, which come of what is open and of a count of what is
 * done, held against all rows, whatever has become of them and whoever wrote.
 */
#include "../../daemon/query/query.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/ulid.h"
#include "../../daemon/store/db.h"
#include "test.h"

#define CONSIGNMENTS 40
#define ENTRIES_MAX 3
#define STEPS 400

static char root[64];
static struct sl_store *store;
static unsigned seed;
static struct sl_consignment consignments[CONSIGNMENTS];
static struct sl_entry entries[CONSIGNMENTS * ENTRIES_MAX];
static size_t entries_n;

static unsigned
any(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void
begin(void)
{
	struct sl_err err;

	(void)snprintf(root, sizeof(root), "/tmp/sluse-status-XXXXXX");
	CHECK(mkdtemp(root) != NULL);
	CHECK(sl_store_open(root, "sluse.example/M", &store, &err) == SL_OK);
	seed = 1;
	entries_n = 0;
}

static void
end(void)
{
	sl_store_close(store);
	(void)sl_remove_tree(AT_FDCWD, root);
}

static void
receive(size_t i)
{
	static const char *const queues[] = {"Skjema", "E-post", "Bygg"};
	struct sl_consignment *c = &consignments[i];
	struct sl_err err;

	*c = (struct sl_consignment){.stage = SL_STAGE_received,
	    .dispo = SL_DISPO_ready,
	    .received_ms = INT64_C(1767225600000) + any(1000)};
	sl_ulid_make(c->ulid);
	(void)snprintf(c->queue, sizeof(c->queue), "%s", queues[any(3)]);
	CHECK(sl_store_draw_reception(store, "M", c->received_ms, c->reception,
		  sizeof(c->reception), &err) == SL_OK);
	CHECK(sl_consignment_insert(store, c, sl_slice_str("a.txt"), &err) ==
	      SL_OK);
}

static void
bear(size_t i, int number)
{
	struct sl_entry *e = &entries[entries_n++];
	char ulid[SL_ULID_LEN + 1];
	struct sl_err err;

	*e = (struct sl_entry){.consignment = consignments[i].id,
	    .number = number,
	    .stage = SL_STAGE_read,
	    .dispo = any(10) == 0 ? SL_DISPO_done : SL_DISPO_ready};
	sl_ulid_make(ulid);
	(void)snprintf(e->own_key, sizeof(e->own_key), "sluse-%s", ulid);
	CHECK(sl_entry_insert(store, e, &err) == SL_OK);
}

/* An entry goes somewhere; of what is done only how it ended is corrected. */
static void
move_entry(struct sl_entry *e)
{
	static const enum sl_dispo dispos[] = {SL_DISPO_ready,
	    SL_DISPO_deferred, SL_DISPO_held, SL_DISPO_broken, SL_DISPO_done};
	static const enum sl_outcome outcomes[] = {SL_OUTCOME_in_journal,
	    SL_OUTCOME_to_sector, SL_OUTCOME_not_archive_worthy,
	    SL_OUTCOME_replaced};
	static const enum sl_stage stages[] = {
	    SL_STAGE_read, SL_STAGE_placed, SL_STAGE_delivered};
	struct sl_err err;

	if (e->dispo != SL_DISPO_done)
		e->dispo = dispos[any(5)];
	e->stage = stages[any(3)];
	if (e->dispo == SL_DISPO_done)
		e->outcome = outcomes[any(4)];
	CHECK(sl_entry_update(store, e, &err) == SL_OK);
}

/* One that ends itself says how. */
static void
move_consignment(struct sl_consignment *c, bool alone)
{
	static const enum sl_dispo dispos[] = {
	    SL_DISPO_ready, SL_DISPO_deferred, SL_DISPO_broken, SL_DISPO_done};
	struct sl_err err;

	if (c->dispo == SL_DISPO_done)
		return;
	c->dispo = dispos[any(4)];
	if (c->dispo == SL_DISPO_done && alone)
		c->outcome = SL_OUTCOME_duplicate;
	CHECK(sl_consignment_update(store, c, &err) == SL_OK);
}

/* What it is all held against. */
static void
add_all(struct sl_buf *b, int64_t *ret_oldest)
{
	struct sl_db *db = sl_store_db(store);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT c.queue, ifnull(e.stage, c.stage),"
	    " ifnull(e.disposition, c.disposition),"
	    " iif(e.id IS NULL, ifnull(c.outcome, 0), ifnull(e.outcome, 0)),"
	    " count(*)" SL_DB_ITEMS " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
	    "");
	const char *outcome;

	while (sl_db_row(db, st)) {
		outcome = sl_outcome_name(sqlite3_column_int(st, 3));
		sl_buf_printf(b, "%s %s %s %s %d\n", sl_db_text(st, 0),
		    sl_stage_name(sqlite3_column_int(st, 1)),
		    sl_dispo_name(sqlite3_column_int(st, 2)),
		    outcome != NULL ? outcome : "", sqlite3_column_int(st, 4));
	}
	*ret_oldest = sl_db_int(db, 0,
	    "SELECT min(c.received_ms)" SL_DB_ITEMS
	    " WHERE ifnull(e.disposition, c.disposition) <> 60",
	    "");
}

static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static void
add_told(struct sl_buf *b, const json_t *status)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(status, "queues"), i, row)
	{
		sl_buf_printf(b, "%s %s %s %s %" JSON_INTEGER_FORMAT "\n",
		    text(row, "queue"), text(row, "stage"),
		    text(row, "disposition"), text(row, "outcome"),
		    json_integer_value(json_object_get(row, "count")));
	}
}

static int64_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void
compare(const char *when)
{
	SL_BUF struct sl_buf all = {0};
	SL_BUF struct sl_buf told = {0};
	json_t *o = sl_query_status(store), *ages, *row;
	int64_t oldest, open = 0;
	struct sl_progress p;
	struct sl_err err;
	char shown[40] = "";
	size_t i;

	add_all(&all, &oldest);
	add_told(&told, o);
	CHECK_MSG(strcmp(sl_buf_str(&all), sl_buf_str(&told)) == 0,
	    "%s\n%s---\n%s", when, sl_buf_str(&all), sl_buf_str(&told));
	if (oldest != 0)
		sl_clock_format_utc(oldest, shown, sizeof(shown));
	CHECK_STR(text(o, "oldest"), shown);
	ages = sl_query_age(store, INT64_C(1767225600000));
	json_array_foreach(ages, i, row) open += number(row, "total");
	CHECK(open == number(o, "open"));
	CHECK(sl_query_progress(store, 0, &p, &err) == SL_OK);
	CHECK(p.total == number(o, "items"));
	CHECK(p.total - p.done == number(o, "open"));
	json_decref(ages);
	json_decref(o);
}

static int64_t
counted(void)
{
	return sl_db_int(sl_store_db(store), -1,
	    "SELECT ifnull(sum(entries), 0) FROM done_count", "");
}

static void
whatever_becomes_of_them(void)
{
	int born[CONSIGNMENTS] = {0};
	char when[32];
	size_t i, n;

	begin();
	compare("empty");
	for (i = 0; i < CONSIGNMENTS; i++)
		receive(i);
	compare("received");
	for (n = 0; n < STEPS; n++) {
		i = any(CONSIGNMENTS);
		/* Every fourth has no entries, ever. */
		if (i % 4 == 0)
			move_consignment(&consignments[i], true);
		else if (born[i] < ENTRIES_MAX &&
			 consignments[i].dispo != SL_DISPO_done && any(3) == 0)
			bear(i, ++born[i]);
		else if (entries_n > 0 && any(8) > 0)
			move_entry(&entries[any((unsigned)entries_n)]);
		(void)snprintf(when, sizeof(when), "step %zu", n);
		compare(when);
	}
	CHECK(counted() == sl_db_int(sl_store_db(store), -1,
			       "SELECT count(*) FROM entry"
			       " WHERE disposition = 60",
			       ""));
	CHECK(counted() > 20);
	end();
}

/* Then the count is not believed. */
static void
somebody_else_writes(void)
{
	struct sl_db *db;
	struct sl_err err;

	begin();
	db = sl_store_db(store);
	receive(0);
	receive(1);
	bear(0, 1);
	bear(1, 1);
	entries[0].dispo = SL_DISPO_done;
	entries[0].outcome = SL_OUTCOME_in_journal;
	CHECK(sl_entry_update(store, &entries[0], &err) == SL_OK);
	CHECK(counted() == 1);
	CHECK(
	    sl_db_script(db, "UPDATE entry SET disposition = 60, outcome = 10",
		&err) == SL_OK);
	CHECK(counted() == 1);
	compare("written past the count");
	CHECK(sl_db_script(db,
		  "INSERT INTO done_count VALUES ('Hage', 80, 10,"
		  " 9223372036854775807), ('Park', 80, 10,"
		  " 9223372036854775807)",
		  &err) == SL_OK);
	compare("more than any number");
	CHECK(sl_db_script(db,
		  "UPDATE done_count SET entries = iif(queue = 'Hage', 3, -2)"
		  " WHERE queue IN ('Hage', 'Park')",
		  &err) == SL_OK);
	compare("the sum fits, and one is below nothing");
	CHECK(sl_db_script(db, "DROP TABLE done_count", &err) == SL_OK);
	compare("of before the count");
	end();
}

TEST_MAIN({"whatever_becomes_of_them", whatever_becomes_of_them},
    {"somebody_else_writes", somebody_else_writes})
