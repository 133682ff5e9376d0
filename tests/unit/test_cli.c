/*
 * The journal verified after every kind of damage, on a database that the
 * store's own verbs made; lists of cases; rows of list and show.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/cli/csv.h"
#include "../../daemon/query/byname.h"
#include "../../daemon/store/store.h"
#include "test.h"

#define LEAVES 300 /* 256 + 32 + 8 + 4: several subtrees */

static char dir[64];

static void
remove_dir(void)
{
	(void)sl_remove_tree(AT_FDCWD, dir);
}

/* A fresh instance with one consignment and LEAVES leaves. */
static void
make_instance(void)
{
	struct sl_consignment c = {.ulid = "01J0000000000000000000000A",
	    .queue = "Post inn",
	    .name = "brev.txt",
	    .actor = "uid:1000",
	    .stage = SL_STAGE_received,
	    .dispo = SL_DISPO_held,
	    .received_ms = 1767225600000};
	struct sl_store *s;
	char payload[64];
	int i;

	(void)snprintf(dir, sizeof(dir), "/tmp/sluse-test-cli-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	CHECK(sl_store_open(dir, "test.example/sluse", &s, NULL) == SL_OK);
	CHECK(sl_store_draw_reception(s, "M", c.received_ms, c.reception,
		  sizeof(c.reception), NULL) == SL_OK);
	CHECK(sl_consignment_insert(s, &c, sl_slice_str("brev.txt"), NULL) ==
	      SL_OK);
	(void)snprintf(c.reason, sizeof(c.reason), "encrypted");
	CHECK(sl_consignment_update(s, &c, NULL) == SL_OK);
	for (i = 0; i < LEAVES; i++) {
		(void)snprintf(payload, sizeof(payload), "{\"n\":%d}", i);
		CHECK(sl_store_log(s, SL_EVENT_received, c.reception, "slused",
			  payload, c.id, 0, NULL) == SL_OK);
	}
	CHECK(sl_store_commit(s, NULL) == SL_OK);
	sl_store_close(s);
}

static void
damage(const char *sql)
{
	char path[96];
	sqlite3 *h;
	char *why = NULL;

	(void)snprintf(path, sizeof(path), "%s/db/sluse.db", dir);
	CHECK(sqlite3_open(path, &h) == SQLITE_OK);
	CHECK_MSG(sqlite3_exec(h, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s",
	    sql, why);
	CHECK_MSG(sqlite3_total_changes(h) > 0, "changed nothing: %s", sql);
	(void)sqlite3_close(h);
}

static struct sl_verify
verify(void)
{
	/* Its leaves have no road behind them. */
	const struct sl_verify_ask ask = {.log_only = true};
	struct sl_verify v = {0};
	struct sl_store *s;

	CHECK(sl_store_open_read(dir, &s, NULL) == SL_OK);
	CHECK(sl_query_verify(s, &ask, &v, NULL) == SL_OK);
	sl_store_close(s);
	return v;
}

static void
whole(void)
{
	struct sl_verify v;

	make_instance();
	v = verify();
	CHECK_MSG(v.ok, "%s", v.fault);
	CHECK(v.leaves == LEAVES && v.tree_size == LEAVES);
	CHECK_STR(v.origin, "test.example/sluse");
	CHECK(strlen(v.root) == 64);
	remove_dir();
}

/* Damage, and the sequences that must be named. */
static const struct {
	const char *sql;
	uint64_t first, last;
} damages[] = {
    /* one byte of a leaf: actor slused -> slusfd; still canonical */
    {"UPDATE leaf SET bytes = CAST(replace(CAST(bytes AS TEXT),"
     " 'slused', 'slusfd') AS BLOB) WHERE seq = 17",
	0, 255},
    {"UPDATE leaf SET bytes = CAST(replace(CAST(bytes AS TEXT),"
     " 'slused', 'slusfd') AS BLOB) WHERE seq = 290",
	288, 295},
    {"UPDATE leaf SET bytes = CAST(replace(CAST(bytes AS TEXT),"
     " 'slused', 'slusfd') AS BLOB) WHERE seq = 299",
	296, 299},
    /* not a leaf any more */
    {"UPDATE leaf SET bytes = x'00' WHERE seq = 0", 0, 0},
    {"UPDATE leaf SET bytes = CAST(bytes || x'0a' AS BLOB)"
     " WHERE seq = 5",
	5, 5},
    {"UPDATE leaf SET bytes = CAST(replace(CAST(bytes AS TEXT),"
     " 'leaf/v1', 'leaf/v2') AS BLOB) WHERE seq = 5",
	5, 5},
    {"UPDATE leaf SET bytes = CAST(replace(CAST(bytes AS TEXT),"
     " 'test.example', 'test.examplf') AS BLOB) WHERE seq = 7",
	7, 7},
    {"UPDATE leaf SET bytes = x'' WHERE seq = 9", 9, 9},
    /* payload */
    {"UPDATE payload SET body = '{\"n\":9999}' WHERE seq = 40", 40, 40},
    {"UPDATE payload SET salt = zeroblob(32) WHERE seq = 41", 41, 41},
    {"UPDATE payload SET salt = zeroblob(31) WHERE seq = 42", 42, 42},
    {"DELETE FROM payload WHERE seq = 43", 43, 43},
    /* removed: first, middle, last */
    {"PRAGMA foreign_keys = OFF; DELETE FROM payload WHERE seq = 0;"
     "DELETE FROM leaf WHERE seq = 0",
	0, 0},
    {"PRAGMA foreign_keys = OFF; DELETE FROM payload WHERE seq = 100;"
     "DELETE FROM leaf WHERE seq = 100",
	100, 100},
    {"PRAGMA foreign_keys = OFF; DELETE FROM payload WHERE seq = 299;"
     "DELETE FROM leaf WHERE seq = 299",
	299, 299},
    {"PRAGMA foreign_keys = OFF; DELETE FROM leaf WHERE seq = 299", 299, 299},
    {"PRAGMA foreign_keys = OFF; DELETE FROM payload WHERE seq = 50;"
     "DELETE FROM leaf WHERE seq = 50;"
     "UPDATE leaf SET seq = seq - 1 WHERE seq > 50;"
     "UPDATE payload SET seq = seq - 1 WHERE seq > 50",
	50, 50},
    {"DELETE FROM payload; DELETE FROM leaf", 0, 299},
    /* moved: two leaves with their payloads */
    {"PRAGMA foreign_keys = OFF;"
     "UPDATE leaf SET seq = 1000 WHERE seq = 10;"
     "UPDATE leaf SET seq = 10 WHERE seq = 11;"
     "UPDATE leaf SET seq = 11 WHERE seq = 1000;"
     "UPDATE payload SET seq = 1000 WHERE seq = 10;"
     "UPDATE payload SET seq = 10 WHERE seq = 11;"
     "UPDATE payload SET seq = 11 WHERE seq = 1000",
	10, 10},
    /* added: at the end, well formed but for the tree */
    {"INSERT INTO leaf SELECT 300, CAST(replace(CAST(bytes AS TEXT),"
     " char(10) || '299' || char(10), char(10) || '300' || char(10)) AS BLOB),"
     " consignment, entry FROM leaf WHERE seq = 299;"
     "INSERT INTO payload SELECT 300, salt, body FROM payload"
     " WHERE seq = 299",
	300, 300},
    {"PRAGMA foreign_keys = OFF;"
     "INSERT INTO payload SELECT 777, salt, body FROM payload"
     " WHERE seq = 3",
	777, 777},
    /* the tree row */
    {"UPDATE tree SET size = 299", 299, 299},
    {"UPDATE tree SET size = 301", 300, 300},
    {"UPDATE tree SET root = zeroblob(32)", 0, 299},
    {"UPDATE tree SET root = x'00'", 0, 299},
    {"UPDATE tree SET nodes = zeroblob(length(nodes))", 0, 255},
    {"UPDATE tree SET nodes = x''", 0, 299},
    {"DELETE FROM tree", 0, 299},
    /* what stands beside the proof, for finding */
    {"INSERT INTO consignment (ulid, reception, queue, name, name_raw,"
     " is_folder, actor, received_ms, dropped_ms, size, stage, disposition)"
     " SELECT 'x', 'M26-000009-9', queue, name, name_raw, is_folder, actor,"
     " received_ms, dropped_ms, size, stage, disposition FROM consignment;"
     "UPDATE leaf SET consignment = 2 WHERE seq = 60",
	60, 60},
};

static void
damaged(void)
{
	struct sl_verify v;
	size_t i;

	for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		make_instance();
		damage(damages[i].sql);
		v = verify();
		CHECK_MSG(!v.ok, "not found: %s", damages[i].sql);
		CHECK_MSG(
		    v.first == damages[i].first && v.last == damages[i].last,
		    "%s: %" PRIu64 "..%" PRIu64 " %s", damages[i].sql, v.first,
		    v.last, v.fault);
		CHECK(v.fault[0] != '\0');
		remove_dir();
	}
}

/* Every bit of one leaf, one after the other. */
static void
every_bit(void)
{
	struct sl_verify v;
	sqlite3_stmt *st;
	sqlite3 *h;
	char path[96];
	uint8_t leaf[1024];
	int n, bit;

	make_instance();
	(void)snprintf(path, sizeof(path), "%s/db/sluse.db", dir);
	CHECK(sqlite3_open(path, &h) == SQLITE_OK);
	CHECK(sqlite3_prepare_v2(h, "SELECT bytes FROM leaf WHERE seq = 128",
		  -1, &st, NULL) == SQLITE_OK &&
	      sqlite3_step(st) == SQLITE_ROW);
	n = sqlite3_column_bytes(st, 0);
	CHECK(n > 100 && n < (int)sizeof(leaf));
	memcpy(leaf, sqlite3_column_blob(st, 0), (size_t)n);
	(void)sqlite3_finalize(st);
	CHECK(
	    sqlite3_prepare_v2(h, "UPDATE leaf SET bytes = ?1 WHERE seq = 128",
		-1, &st, NULL) == SQLITE_OK);
	(void)sqlite3_exec(h, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	for (bit = 0; bit <= n * 8; bit++) {
		if (bit > 0)
			leaf[(bit - 1) / 8] ^= (uint8_t)(1 << (bit - 1) % 8);
		if (bit < n * 8)
			leaf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		(void)sqlite3_bind_blob(st, 1, leaf, n, SQLITE_STATIC);
		CHECK(sqlite3_step(st) == SQLITE_DONE);
		(void)sqlite3_reset(st);
		if (bit % 7 != 0 && bit != n * 8)
			continue; /* every byte once, by turns every bit */
		v = verify();
		CHECK_MSG(v.ok == (bit == n * 8), "bit %d", bit);
	}
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(h);
	remove_dir();
}

static void
empty_journal(void)
{
	struct sl_verify v;
	struct sl_store *s;

	(void)snprintf(dir, sizeof(dir), "/tmp/sluse-test-cli-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	CHECK(sl_store_open(dir, "o", &s, NULL) == SL_OK);
	sl_store_close(s);
	v = verify();
	CHECK_MSG(v.ok && v.leaves == 0, "%s", v.fault);
	remove_dir();
}

/* -- rows ---------------------------------------------------------------- */

static enum sl_rc
keep_row(void *arg, const json_t *row, struct sl_err *err)
{
	json_t **a = arg;

	(void)err;
	return json_array_append_new(*a, json_deep_copy(row)) == 0 ? SL_OK
								   : SL_FATAL;
}

static const char *
str(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void
rows(void)
{
	struct sl_query_filter all = {0}, none = {.stage = SL_STAGE_read},
			       queue = {.queue = "Post inn"},
			       other = {.queue = "x"};
	const struct sl_query_events events = {0};
	json_t *a = json_array(), *o, *status;
	struct sl_store *s;
	struct sl_err err;
	char id[32];

	make_instance();
	CHECK(sl_store_open_read(dir, &s, NULL) == SL_OK);
	CHECK(sl_query_list(s, &none, keep_row, &a, NULL) == SL_OK);
	CHECK(sl_query_list(s, &other, keep_row, &a, NULL) == SL_OK);
	CHECK(json_array_size(a) == 0);
	CHECK(sl_query_list(s, &all, keep_row, &a, NULL) == SL_OK);
	CHECK(sl_query_list(s, &queue, keep_row, &a, NULL) == SL_OK);
	CHECK(json_array_size(a) == 2);
	o = json_array_get(a, 0);
	CHECK_STR(str(o, "stage"), "received");
	CHECK_STR(str(o, "disposition"), "held");
	CHECK_STR(str(o, "reason"), "encrypted");
	CHECK_STR(str(o, "owner"), "records centre");
	CHECK_STR(str(o, "name"), "brev.txt");
	CHECK(json_is_array(json_object_get(o, "deliveries")));
	(void)snprintf(id, sizeof(id), "%s", str(o, "id"));
	(void)json_array_clear(a);
	CHECK(sl_query_explain(s, id, keep_row, &a, &err) == SL_OK);
	CHECK(json_array_size(
		  json_object_get(json_array_get(a, 0), "events")) == LEAVES);
	CHECK(sl_query_show(s, "M26-999999-9", keep_row, &a, &err) ==
	      SL_REJECT); /* check digit */
	id[strlen(id) - 1] = id[strlen(id) - 1] == '9' ? '0' : '9';
	CHECK(sl_query_show(s, id, keep_row, &a, &err) == SL_REJECT);
	(void)json_array_clear(a);
	CHECK(sl_query_journal(s, &events, keep_row, &a, &err) == SL_OK);
	CHECK(json_array_size(a) == LEAVES);
	status = sl_query_status(s);
	CHECK(json_integer_value(json_object_get(status, "open")) == 1);
	json_decref(status);
	status = sl_query_age(s, 1767225600000 + 2 * 3600000LL);
	CHECK(json_array_size(status) == 1);
	CHECK(json_integer_value(json_object_get(
		  json_object_get(json_array_get(status, 0), "buckets"),
		  "4h")) == 1);
	json_decref(status);
	json_decref(a);
	sl_store_close(s);
	remove_dir();
}

/* -- CSV --------------------------------------------------------------------
 */

static enum sl_rc
csv_row(void *arg, const struct sl_csv_case *c, struct sl_err *err)
{
	struct sl_buf *b = arg;

	(void)err;
	sl_buf_printf(b, "%u|%s|%s|%s|%s|%s\n", c->line, c->number, c->title,
	    c->status, c->unit, c->klass);
	return SL_OK;
}

static void
csv_column(void *arg, const char *name)
{
	sl_buf_printf(arg, "?%s\n", name);
}

#define H "saksnummer,tittel,saksstatus,enhet,klasse\n"
static const struct {
	const char *in, *out; /* out NULL: refused, err text is error */
	const char *error;
} lists[] = {
    {H "2026/1,A,B,C,D\n", "2|2026/1|A|B|C|D\n", NULL},
    {H "2026/1,A,B,C,D", "2|2026/1|A|B|C|D\n", NULL},
    {H "2026/1,A,B,C,D\r\n\r\n2026/2,,,,\r\n",
	"2|2026/1|A|B|C|D\n4|2026/2||||\n", NULL},
    {"\xEF\xBB\xBF" H "2026/1,\xC3\xA5,,,\n", "2|2026/1|\xC3\xA5|||\n", NULL},
    {H "2026/1,\xE5,,,\n", "2|2026/1|\xC3\xA5|||\n", NULL},
    {H "2026/1,\"a, \"\"b\"\"\nc\",x,,\n2026/2,,,,\n",
	"2|2026/1|a, \"b\"\nc|x||\n4|2026/2||||\n", NULL},
    {"Saksnummer;Klasse;Annet;Tittel\n26/00211;K;z;T, og mer\n",
	"?Annet\n2|2026/211|T, og mer|||K\n", NULL},
    {H "99/1,,,,\n2026-7\n", "2|1999/1||||\n3|2026/7||||\n", NULL},
    {H "2026/1,\"a,,,\n", NULL, "line 2: a quote is not closed"},
    {H "2026/1,\"a\"b,,,\n", NULL, "line 2: text after a closing quote"},
    {H "2026/1,,,,\nsak 7,,,,\n", NULL,
	"line 3: saksnummer is not of the form 2026/211"},
    {H "2026/1/2,,,,\n", NULL,
	"line 2: saksnummer is not of the form 2026/211"},
    {"tittel,enhet\na,b\n", NULL, "line 1: there is no column saksnummer"},
    {"saksnummer,saksnummer\n", NULL, "line 1: a column stands twice"},
    {"", NULL, "line 1: there is no column saksnummer"},
};

static void
csv(void)
{
	struct sl_err err;
	enum sl_rc rc;
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		SL_BUF struct sl_buf b = {0};

		rc = sl_csv_cases(lists[i].in, strlen(lists[i].in),
		    &(struct sl_csv_reader){csv_row, csv_column, &b}, &err);
		if (lists[i].out != NULL) {
			CHECK_MSG(rc == SL_OK, "%s: %s", lists[i].in, err.text);
			CHECK_STR(sl_buf_str(&b), lists[i].out);
		} else {
			CHECK_MSG(rc == SL_REJECT, "%s", lists[i].in);
			CHECK_STR(err.text, lists[i].error);
		}
	}
	CHECK(sl_csv_cases("saksnummer\n2026/1\0", 18,
		  &(struct sl_csv_reader){.row = csv_row}, &err) == SL_REJECT);
}

/* What is left of a row without content: every member, and nothing said. */
static void
without_content(void)
{
	json_t *o = json_loads(
	    "{\"id\":\"M26-000001-8.1\",\"name\":\"x\",\"title\":\"x\","
	    "\"detail\":\"x\",\"sha256\":\"x\",\"reason\":\"no_evidence\","
	    "\"a_later_member\":\"x\",\"fields\":{\"title\":[{\"value\":\"x\"}]"
	    "},"
	    "\"found\":[{\"value\":\"x\"}],\"documents\":[{\"number\":1,"
	    "\"title\":\"x\",\"name\":\"x\",\"size\":5}],\"events\":[{\"seq\":"
	    "1,"
	    "\"actor\":\"uid:1\",\"payload\":{\"why\":\"x\"}}],"
	    "\"deliveries\":[{\"target\":\"arkiv\",\"receipt\":{\"a\":\"x\"},"
	    "\"steps\":[{\"key\":\"x\"}]}]}",
	    0, NULL);
	char *s;

	CHECK(o != NULL);
	sl_query_strip(o);
	s = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	CHECK_STR(s,
	    "{\"a_later_member\":null,\"deliveries\":[{\"receipt\":{},"
	    "\"steps\":[],\"target\":\"arkiv\"}],\"detail\":null,"
	    "\"documents\":[{\"name\":null,\"number\":1,\"size\":5,"
	    "\"title\":null}],\"events\":[{\"actor\":\"uid:1\","
	    "\"payload\":{},\"seq\":1}],\"fields\":{},\"found\":[],"
	    "\"id\":\"M26-000001-8.1\",\"name\":null,"
	    "\"reason\":\"no_evidence\",\"sha256\":null,\"title\":null}");
	free(s);
	json_decref(o);
}

static size_t
events_of(struct sl_store *s, const struct sl_query_events *f)
{
	json_t *a = json_array();
	struct sl_err err;
	size_t n;

	CHECK(sl_query_journal(s, f, keep_row, &a, &err) == SL_OK);
	n = json_array_size(a);
	json_decref(a);
	return n;
}

/* By person, also one of two; by kind and time; by an item. */
static void
events_by(void)
{
	struct sl_query_events f = {.actor = "uid:7"}, g = {0};
	struct sl_store *s;
	struct sl_err err;

	make_instance();
	CHECK(sl_store_open(dir, "o", &s, &err) == SL_OK);
	CHECK(sl_store_log(s, SL_EVENT_released, "-", "uid:7,uid:70", "{}", 0,
		  0, &err) == SL_OK &&
	      sl_store_log(s, SL_EVENT_held, "-", "uid:70", "{}", 0, 0, &err) ==
		  SL_OK &&
	      sl_store_commit(s, &err) == SL_OK);
	CHECK(events_of(s, &f) == 1);
	f.actor = "uid:70";
	CHECK(events_of(s, &f) == 2);
	f.event = SL_EVENT_held;
	CHECK(events_of(s, &f) == 1);
	f.actor = "uid";
	CHECK(events_of(s, &f) == 0);
	g.from_ms = sl_clock_utc_ms() + 3600000;
	CHECK(events_of(s, &g) == 0);
	g.to_ms = g.from_ms;
	g.from_ms = 0;
	CHECK(events_of(s, &g) == 302);
	sl_store_close(s);
	remove_dir();
}

TEST_MAIN({"whole", whole}, {"damaged", damaged}, {"every_bit", every_bit},
    {"empty_journal", empty_journal}, {"rows", rows}, {"csv", csv},
    {"without_content", without_content}, {"events_by", events_by})
