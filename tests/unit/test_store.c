/*
 * The store: a transaction and its leaf, queries, what survives and what does
 * not.
 */
#include "../../daemon/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/file.h"
#include "../../daemon/base/mem.h"
#include "../../daemon/base/ulid.h"
#include "../../daemon/store/db.h"
#include "../../daemon/store/faces_query.h"
#include "../../daemon/store/sending.h"
#include "test.h"

static char root[64];

static struct sl_store *
open_store(void)
{
	struct sl_store *s = NULL;
	struct sl_err err;

	CHECK_MSG(sl_store_open(root, "sluse.example/M", &s, &err) == SL_OK,
	    "%s", err.text);
	return s;
}

static struct sl_store *
fresh(void)
{
	(void)snprintf(root, sizeof(root), "/tmp/sluse-store-XXXXXX");
	CHECK(mkdtemp(root) != NULL);
	return open_store();
}

static void
end(struct sl_store *s)
{
	sl_store_close(s);
	(void)sl_remove_tree(AT_FDCWD, root);
}

static struct sl_consignment
consignment(struct sl_store *s)
{
	struct sl_consignment c = {.stage = SL_STAGE_received,
	    .dispo = SL_DISPO_ready,
	    .received_ms = sl_clock_utc_ms()};
	struct sl_err err;

	sl_ulid_make(c.ulid);
	(void)snprintf(c.queue, sizeof(c.queue), "Skjema");
	(void)snprintf(c.actor, sizeof(c.actor), "uid:1");
	CHECK(sl_store_draw_reception(s, "M", c.received_ms, c.reception,
		  sizeof(c.reception), &err) == SL_OK);
	CHECK(
	    sl_consignment_insert(s, &c, sl_slice_str("a.txt"), &err) == SL_OK);
	CHECK(sl_store_log(s, SL_EVENT_received, c.reception, c.actor, "{}",
		  c.id, 0, &err) == SL_OK);
	return c;
}

static struct sl_entry
entry(struct sl_store *s, int64_t of, enum sl_stage stage, enum sl_dispo dispo)
{
	struct sl_entry e = {
	    .consignment = of, .number = 1, .stage = stage, .dispo = dispo};
	char ulid[SL_ULID_LEN + 1];
	struct sl_err err;

	sl_ulid_make(ulid);
	(void)snprintf(e.own_key, sizeof(e.own_key), "sluse-%s", ulid);
	CHECK(sl_entry_insert(s, &e, &err) == SL_OK);
	return e;
}

/* What was not committed is gone, its number and its leaf with it. */
static void
all_or_nothing(void)
{
	struct sl_store *s = fresh();
	struct sl_consignment a, b, back;
	struct sl_err err;

	a = consignment(s);
	CHECK(sl_store_dirty(s));
	CHECK(sl_store_commit(s, &err) == SL_OK && !sl_store_dirty(s));
	b = consignment(s);
	sl_store_close(s);
	s = open_store();
	CHECK(sl_consignment_by_ulid(s, a.ulid, &back) &&
	      strcmp(back.reception, a.reception) == 0);
	CHECK(!sl_consignment_by_ulid(s, b.ulid, &back));
	CHECK(sl_db_int(sl_store_db(s), -1, "SELECT count(*) FROM leaf", "") ==
	      1);
	CHECK(sl_db_int(sl_store_db(s), -1, "SELECT size FROM tree", "") == 1);
	back = consignment(s);
	CHECK_STR(back.reception, b.reception);
	end(s);
}

static enum sl_rc
see_item(void *arg, const struct sl_face_item *it, struct sl_err *err)
{
	struct sl_face_item *last = arg;

	(void)err;
	*last = *it;
	return SL_OK;
}

/* What was replaced does not stand for what is read again: else nobody would
 * see that it was stopped on its way. */
static void
replaced(void)
{
	struct sl_store *s = fresh();
	struct sl_consignment c = consignment(s);
	struct sl_entry e = entry(s, c.id, SL_STAGE_read, SL_DISPO_done);
	struct sl_face_item it = {.number = 9};
	struct sl_err err;
	bool several;

	e.outcome = SL_OUTCOME_replaced;
	CHECK(sl_entry_update(s, &e, &err) == SL_OK);
	c.entries = 1;
	c.dispo = SL_DISPO_quarantined;
	CHECK(sl_consignment_update(s, &c, &err) == SL_OK);
	CHECK(sl_entry_only(s, c.id, &several) == 0 && !several);
	CHECK(sl_face_items(s, c.id, see_item, &it, &err) == SL_OK);
	CHECK(it.entry == 0 && it.dispo == SL_DISPO_quarantined);
	end(s);
}

/* The same message came again and was read before the first one could be. */
static void
same_message(void)
{
	struct sl_store *s = fresh();
	struct sl_consignment a = consignment(s), b = consignment(s);
	struct sl_entry e = entry(s, b.id, SL_STAGE_read, SL_DISPO_ready);
	struct sl_err err;

	CHECK(sl_consignment_set_channel_key(s, a.id, "k", &err) == SL_OK &&
	      sl_consignment_set_channel_key(s, b.id, "k", &err) == SL_OK);
	CHECK(sl_consignment_find_same(s, &b, "k", false) == a.id);
	CHECK(sl_consignment_find_same(s, &a, "k", false) == b.id);
	/* Turned away: then this one is all there is. */
	e.dispo = SL_DISPO_done;
	e.outcome = SL_OUTCOME_not_archive_worthy;
	CHECK(sl_entry_update(s, &e, &err) == SL_OK);
	CHECK(sl_consignment_find_same(s, &a, "k", false) == 0);
	e.outcome = SL_OUTCOME_in_journal;
	CHECK(sl_entry_update(s, &e, &err) == SL_OK);
	CHECK(sl_consignment_find_same(s, &a, "k", false) == b.id);
	/* It ended as the same as this one: never both. */
	b.outcome = SL_OUTCOME_duplicate;
	CHECK(sl_consignment_update(s, &b, &err) == SL_OK);
	CHECK(sl_consignment_find_same(s, &a, "k", false) == 0);
	end(s);
}

static int64_t
part(struct sl_store *s, int64_t source, unsigned number, unsigned role,
    const char *describes)
{
	struct sl_msg_r_part m = {.part = number,
	    .role = (uint8_t)role,
	    .describes = sl_slice_str(describes)};
	struct sl_digest d = {{(uint8_t)(number + 1)}};
	struct sl_err err;
	int64_t id = 0;

	CHECK(sl_part_put(s, source, &m, &d, &id, &err) == SL_OK);
	return id;
}

static void
found(struct sl_store *s, int64_t id, unsigned source, unsigned post,
    const char *value)
{
	struct sl_msg_r_field m = {.field = SL_FIELD_external_key,
	    .source = (uint8_t)source,
	    .post = (uint16_t)post,
	    .confidence = (uint16_t)(900 - post),
	    .value = sl_slice_str(value)};
	struct sl_err err;

	CHECK(sl_found_put(s, id, &m, &err) == SL_OK);
}

static char seen[200];

static enum sl_rc
see_found(void *arg, const struct sl_found_row *f, struct sl_err *err)
{
	size_t n = strlen(seen);

	(void)arg;
	(void)err;
	(void)snprintf(seen + n, sizeof(seen) - n, "%.20s ", f->value);
	return SL_OK;
}

static const char *
found_of(struct sl_store *s, const struct sl_entry *e)
{
	struct sl_err err;

	seen[0] = '\0';
	CHECK(sl_found_each_of(s, e, see_found, NULL, &err) == SL_OK);
	return seen;
}

/* Two posts of a package: each by its own words and those about all. */
static void
package(void)
{
	struct sl_store *s = fresh();
	struct sl_consignment c = consignment(s);
	struct sl_source src = {.consignment = c.id};
	struct sl_document d = {.number = 1, .title = "Brev", .given = true};
	struct sl_document back;
	struct sl_entry one, two;
	struct sl_err err;
	int64_t said, a, b;
	char key[64];
	bool ours;

	CHECK(sl_source_insert(s, &src, sl_slice_str("x"), &err) == SL_OK);
	said = part(s, src.id, 0, SL_PART_SIDECAR, "arkivmelding");
	a = part(s, src.id, 1, SL_PART_DOCUMENT, "");
	b = part(s, src.id, 2, SL_PART_DOCUMENT, "");
	one = two = (struct sl_entry){.consignment = c.id,
	    .stage = SL_STAGE_read,
	    .dispo = SL_DISPO_ready};
	one.number = one.described = 1;
	two.number = two.described = 2;
	(void)snprintf(one.own_key, sizeof(one.own_key), "1");
	(void)snprintf(two.own_key, sizeof(two.own_key), "2");
	CHECK(sl_entry_insert(s, &one, &err) == SL_OK &&
	      sl_entry_insert(s, &two, &err) == SL_OK);
	(void)snprintf(d.role, sizeof(d.role), "H");
	(void)snprintf(d.type, sizeof(d.type), "Brev");
	d.part = a;
	CHECK(sl_document_insert(s, one.id, &d, &err) == SL_OK);
	d.part = b;
	CHECK(sl_document_insert(s, two.id, &d, &err) == SL_OK);
	CHECK(sl_document_list(s, two.id, &back, 1) == 1 && back.given);
	CHECK_STR(back.type, "Brev");
	found(s, said, SL_SOURCE_PACKAGE, 1, "p1");
	found(s, said, SL_SOURCE_PACKAGE, 2, "p2");
	found(s, said, SL_SOURCE_PACKAGE, 0, "all");
	found(s, a, SL_SOURCE_TEXT, 0, "a");
	found(s, b, SL_SOURCE_TEXT, 0, "b");
	CHECK_STR(found_of(s, &one), "p1 all a ");
	CHECK_STR(found_of(s, &two), "p2 all b ");
	CHECK(sl_found_posts(s, said) == 2 && sl_described_any(s, c.id));
	CHECK(sl_entry_born(s, c.id, 2) && !sl_entry_born(s, c.id, 3));
	sl_found_key(s, c.id, key, sizeof(key), &ours);
	CHECK(ours);
	CHECK_STR(key, "all"); /* the surest of what it says */
	CHECK(sl_description_drop(s, said, &err) == SL_OK);
	CHECK_STR(found_of(s, &one), "a ");
	CHECK(!sl_described_any(s, c.id));
	end(s);
}

/* One of several posts of a delivery is read again: the others keep their
 * documents, also where fewer files are found than before. */
static void
read_again(void)
{
	struct sl_store *s = fresh();
	struct sl_consignment c = consignment(s);
	struct sl_source src = {.consignment = c.id};
	struct sl_document d = {.number = 1, .title = "Brev", .role = "H"};
	struct sl_entry one = {.consignment = c.id, .number = 1},
			two = {.consignment = c.id, .number = 2};
	struct sl_part back;
	struct sl_err err;
	int64_t id[4];

	one.stage = two.stage = SL_STAGE_read;
	one.dispo = two.dispo = SL_DISPO_ready;
	(void)snprintf(one.own_key, sizeof(one.own_key), "1");
	(void)snprintf(two.own_key, sizeof(two.own_key), "2");
	CHECK(sl_source_insert(s, &src, sl_slice_str("x"), &err) == SL_OK);
	id[0] = part(s, src.id, 0, SL_PART_CONTAINER, "");
	id[1] = part(s, src.id, 1, SL_PART_DOCUMENT, "");
	id[2] = part(s, src.id, 2, SL_PART_DOCUMENT, "");
	id[3] = part(s, src.id, 3, SL_PART_DOCUMENT, "");
	CHECK(sl_entry_insert(s, &one, &err) == SL_OK &&
	      sl_entry_insert(s, &two, &err) == SL_OK);
	d.part = id[2];
	CHECK(sl_document_insert(s, one.id, &d, &err) == SL_OK);
	d.part = id[3];
	CHECK(sl_document_insert(s, two.id, &d, &err) == SL_OK);
	CHECK(!sl_entry_moves_others(s, &one));
	CHECK(sl_part_set_reason(s, id[2], "encrypted", &err) == SL_OK);
	CHECK(!sl_entry_moves_others(s, &one)); /* beside it */
	CHECK(sl_part_set_reason(s, id[0], "encrypted", &err) == SL_OK);
	CHECK(sl_entry_moves_others(s, &one)); /* below it */
	CHECK(sl_entry_drop_documents(s, one.id, &err) == SL_OK &&
	      sl_reading_drop(s, c.id, &err) == SL_OK);
	CHECK(sl_part_close(s, src.id, 2, NULL, 0, &err) == SL_OK);
	CHECK(
	    sl_part_by_id(s, id[1], &back) && !sl_part_by_id(s, id[2], &back));
	CHECK(sl_part_by_id(s, id[3], &back));
	end(s);
}

/* A journal whose last leaf was cut off must not be written on. */
static void
cut_journal(void)
{
	struct sl_store *s = fresh();
	struct sl_err err;

	(void)consignment(s);
	(void)consignment(s);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	CHECK(sl_db_script(sl_store_db(s),
		  "DELETE FROM payload WHERE seq = 1;"
		  "DELETE FROM leaf WHERE seq = 1",
		  &err) == SL_OK);
	sl_store_close(s);
	s = NULL;
	CHECK(sl_store_open(root, "sluse.example/M", &s, &err) == SL_FATAL);
	CHECK_STR(err.reason, "journal_broken");
	(void)sl_remove_tree(AT_FDCWD, root);
}

static void
newer_schema(void)
{
	struct sl_store *s = fresh();
	struct sl_err err;

	CHECK(sl_db_script(
		  sl_store_db(s), "PRAGMA user_version = 9999", &err) == SL_OK);
	sl_store_close(s);
	CHECK(sl_store_open(root, "sluse.example/M", &s, &err) == SL_FATAL);
	CHECK_STR(err.reason, "schema_newer");
	(void)sl_remove_tree(AT_FDCWD, root);
}

/* Numbers rise; a clock that goes back does not open an old year. */
static void
reception_numbers(void)
{
	const int64_t in_2027 = INT64_C(1798758000000);
	struct sl_store *s = fresh();
	char a[32], b[32], c[32], d[32];
	struct sl_err err;

	CHECK(sl_store_draw_reception(
		  s, "M", in_2027 - 1, a, sizeof(a), &err) == SL_OK);
	CHECK(sl_store_draw_reception(s, "M", in_2027, b, sizeof(b), &err) ==
	      SL_OK);
	CHECK(sl_store_draw_reception(
		  s, "M", in_2027 - 1, c, sizeof(c), &err) == SL_OK);
	CHECK(sl_store_draw_reception(s, "M", in_2027, d, sizeof(d), &err) ==
	      SL_OK);
	CHECK(strncmp(a, "M26-000001-", 11) == 0);
	CHECK(strncmp(b, "M27-000001-", 11) == 0);
	CHECK(strncmp(c, "M27-000002-", 11) == 0);
	CHECK(strncmp(d, "M27-000003-", 11) == 0);
	end(s);
}

static enum sl_rc
count_due(void *arg, const struct sl_delivery *d, struct sl_err *err)
{
	int64_t *ids = arg;

	(void)err;
	ids[++ids[0]] = d->id;
	return SL_OK;
}

/* Seventy held posts that are due must not hide the one that may go. */
static void
held_do_not_starve(void)
{
	struct sl_store *s = fresh();
	struct sl_delivery d = {.first_ms = 5, .next_ms = 5};
	int64_t ids[128] = {0}, id = 0;
	struct sl_consignment c;
	struct sl_entry e;
	struct sl_err err;
	int i;

	(void)snprintf(d.target, sizeof(d.target), "arkiv");
	for (i = 0; i < 71; i++) {
		c = consignment(s);
		e = entry(s, c.id, SL_STAGE_prepared,
		    i < 70 ? SL_DISPO_held : SL_DISPO_deferred);
		d.entry = e.id;
		d.next_ms = i < 70 ? 5 : 6;
		CHECK(sl_delivery_insert(s, &d, &err) == SL_OK);
		id = d.id;
	}
	CHECK(sl_delivery_each_due(s, "arkiv", 10, 64, count_due, ids, &err) ==
	      SL_OK);
	CHECK(ids[0] == 1 && ids[1] == id);
	CHECK(sl_delivery_next_ms(s, "arkiv") == 6);
	CHECK(sl_delivery_next_ms(s, "other") == -1);
	CHECK(sl_delivery_pending(s, e.id) == 1);
	end(s);
}

/* A delivery that was tried, committed. */
static struct sl_delivery
tried(struct sl_store *s, int64_t entry_id, const char *target)
{
	struct sl_delivery d = {.entry = entry_id};
	struct sl_err err;

	(void)snprintf(d.target, sizeof(d.target), "%s", target);
	(void)snprintf(d.state, sizeof(d.state), "pending");
	CHECK(sl_delivery_insert(s, &d, &err) == SL_OK);
	d.attempts = 1;
	CHECK(sl_delivery_update(s, &d, NULL, &err) == SL_OK);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	return d;
}

static bool
may_be_there(struct sl_store *s, int64_t id)
{
	struct sl_delivery d;

	CHECK(sl_delivery_by_id(s, id, &d));
	return d.uncertain;
}

/* About to be sent: both that and the row, which goes with the commit. */
static void
begin_sending(struct sl_store *s, struct sl_delivery *d)
{
	struct sl_err err;

	d->uncertain = true;
	CHECK(sl_delivery_update(s, d, NULL, &err) == SL_OK);
	CHECK(sl_store_sending(s, d->id, &err) == SL_OK);
}

/* slused dies: what it had not committed is gone, but for what is sent. */
static struct sl_store *
die_and_open(struct sl_store *s)
{
	sl_store_close(s);
	return open_store();
}

static void
sending_survives(void)
{
	struct sl_store *s = fresh();
	struct sl_consignment c = consignment(s);
	struct sl_entry e = entry(s, c.id, SL_STAGE_prepared, SL_DISPO_ready);
	struct sl_delivery a = tried(s, e.id, "a"), b = tried(s, e.id, "b"),
			   other = tried(s, e.id, "c"), d;
	struct sl_err err;
	int i;

	/* Two in one generation, and no commit. */
	begin_sending(s, &a);
	begin_sending(s, &b);
	s = die_and_open(s);
	CHECK(may_be_there(s, a.id) && may_be_there(s, b.id));
	CHECK(!may_be_there(s, other.id));
	/* Told once: the answer that it was not sent stands from then on. */
	for (i = 0; i < 2; i++) {
		d = i == 0 ? a : b;
		d.uncertain = false;
		CHECK(sl_delivery_update(s, &d, NULL, &err) == SL_OK);
	}
	CHECK(sl_store_commit(s, &err) == SL_OK);
	s = die_and_open(s);
	CHECK(!may_be_there(s, a.id) && !may_be_there(s, b.id));
	/* With a commit the row has it, and a later answer counts. */
	begin_sending(s, &a);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	a.uncertain = false;
	CHECK(sl_delivery_update(s, &a, NULL, &err) == SL_OK);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	s = die_and_open(s);
	CHECK(!may_be_there(s, a.id));
	/* The record of a shorter generation lies over a longer one's. */
	begin_sending(s, &a);
	begin_sending(s, &b);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	b.uncertain = false;
	CHECK(sl_delivery_update(s, &b, NULL, &err) == SL_OK);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	begin_sending(s, &other);
	s = die_and_open(s);
	CHECK(may_be_there(s, other.id) && !may_be_there(s, b.id));
	end(s);
}

static void
sending_file(void)
{
	struct sl_store *s = fresh();
	struct sl_consignment c = consignment(s);
	struct sl_entry e = entry(s, c.id, SL_STAGE_prepared, SL_DISPO_ready);
	struct sl_delivery a = tried(s, e.id, "a");
	struct sl_delivery b = {.entry = e.id, .target = "b"};
	struct stat st;
	struct sl_err err;
	char path[96];
	int fd, i;

	/* One that was never tried cannot have been sent. */
	CHECK(sl_delivery_insert(s, &b, &err) == SL_OK);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	/* Full: the commit must be waited for, and makes room. */
	for (i = 0; i < SL_SENDING_MAX; i++)
		CHECK(sl_store_sending(s, a.id, &err) == SL_OK);
	CHECK(sl_store_sending(s, a.id, &err) == SL_SKIP);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	begin_sending(s, &a);
	sl_store_close(s);
	/* A record that the disk lost may have been any's. */
	(void)snprintf(path, sizeof(path), "%s/db/sending", root);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && pwrite(fd, "?", 1, 8) == 1);
	(void)close(fd);
	s = open_store();
	CHECK(may_be_there(s, a.id) && !may_be_there(s, b.id));
	/* And it is of use again. */
	a.uncertain = false;
	CHECK(sl_delivery_update(s, &a, NULL, &err) == SL_OK);
	CHECK(sl_store_sending(s, a.id, &err) == SL_OK);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	s = die_and_open(s);
	CHECK(!may_be_there(s, a.id));
	sl_store_close(s);
	CHECK(truncate(path, 100) == 0);
	s = open_store();
	CHECK(may_be_there(s, a.id));
	end(s);
}

/* By itself: what a database says that is older than the file, as one from a
 * backup is, and a transaction that told of its generation but had no record.
 */
static void
sending_generations(void)
{
	char dir[] = "/tmp/sluse-store-XXXXXX", path[64];
	int64_t ids[SL_SENDING_MAX];
	struct sl_sending *s;
	struct sl_err err;
	unsigned n, i;
	uint64_t g;
	bool torn;
	int fd;

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/db", dir);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(sl_sending_open(dir, 0, &s, ids, &n, &torn, &err) == SL_OK);
	CHECK(n == 0 && !torn);
	for (i = 0; i < 2; i++)
		CHECK(sl_sending_put(s, 7 + i, &err) == SL_OK);
	CHECK(sl_sending_committed(s, &err) == SL_OK);
	g = sl_sending_generation(s);
	CHECK(sl_sending_put(s, 9, &err) == SL_OK);
	sl_sending_close(s);
	/* The one before the newest was not committed there either. */
	CHECK(sl_sending_open(dir, 0, &s, ids, &n, &torn, &err) == SL_OK);
	CHECK(n == 2 && ids[0] == 9 && ids[1] == 8);
	CHECK(sl_sending_generation(s) > g);
	sl_sending_close(s);
	(void)snprintf(path, sizeof(path), "%s/db/sending", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && pwrite(fd, "?", 1, 8) == 1);
	(void)close(fd);
	CHECK(sl_sending_open(dir, g, &s, ids, &n, &torn, &err) == SL_OK);
	CHECK(torn && sl_sending_put(s, 10, &err) == SL_SKIP);
	g = sl_sending_generation(s);
	CHECK(sl_sending_committed(s, &err) == SL_OK);
	CHECK(sl_sending_put(s, 11, &err) == SL_OK);
	sl_sending_close(s);
	CHECK(sl_sending_open(dir, g, &s, ids, &n, &torn, &err) == SL_OK);
	CHECK(!torn && n == 1 && ids[0] == 11);
	sl_sending_close(s);
	(void)sl_remove_tree(AT_FDCWD, dir);
}

static int
mended(struct sl_sending *s)
{
	int tries = 500, error;

	while ((error = sl_sending_mend(s)) != 0 && tries-- > 0)
		(void)usleep(20000);
	return error;
}

/* On a full disk it cannot be made: it holds nothing, so all goes on. */
static void
sending_cannot_be_made(void)
{
	char dir[] = "/tmp/sluse-store-XXXXXX", path[64];
	int64_t ids[SL_SENDING_MAX];
	struct sl_sending *s;
	struct sl_err err;
	unsigned n;
	bool torn;

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/db", dir);
	CHECK(mkdir(path, 0700) == 0);
	(void)snprintf(path, sizeof(path), "%s/db/sending.tmp", dir);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(sl_sending_open(dir, 5, &s, ids, &n, &torn, &err) == SL_OK);
	CHECK(n == 0 && !torn && sl_sending_generation(s) == 6);
	CHECK(sl_sending_put(s, 7, &err) == SL_SKIP);
	CHECK(sl_sending_committed(s, &err) == SL_OK);
	CHECK(sl_sending_mend(s) != 0);
	CHECK(rmdir(path) == 0);
	CHECK(mended(s) == 0 && sl_sending_put(s, 8, &err) == SL_OK);
	sl_sending_close(s);
	(void)snprintf(path, sizeof(path), "%s/db/sending", dir);
	CHECK(unlink(path) == 0);
	/* One that is there and cannot be had may tell of something. */
	(void)snprintf(path, sizeof(path), "%s/db/sending", dir);
	CHECK(symlink("elsewhere", path) == 0);
	CHECK(sl_sending_open(dir, 5, &s, ids, &n, &torn, &err) == SL_FATAL);
	(void)sl_remove_tree(AT_FDCWD, dir);
}

/* It is told with which error it cannot be written, and is of use again when it
 * can; but not while what is in it counts. */
static void
sending_mends(void)
{
	char dir[] = "/tmp/sluse-store-XXXXXX", path[64];
	int64_t ids[SL_SENDING_MAX];
	struct rlimit no = {0}, was;
	struct sl_sending *s;
	struct sl_err err;
	uint64_t known;
	unsigned n;
	bool torn;

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/db", dir);
	CHECK(mkdir(path, 0700) == 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	CHECK(getrlimit(RLIMIT_FSIZE, &was) == 0);
	no.rlim_max = was.rlim_max;
	CHECK(sl_sending_open(dir, 0, &s, ids, &n, &torn, &err) == SL_OK);
	CHECK(sl_sending_put(s, 7, &err) == SL_OK && sl_sending_mend(s) == 0);
	CHECK(setrlimit(RLIMIT_FSIZE, &no) == 0);
	CHECK(sl_sending_put(s, 8, &err) == SL_SKIP);
	CHECK(setrlimit(RLIMIT_FSIZE, &was) == 0);
	/* 7 is not committed. */
	(void)usleep(1200000);
	CHECK(sl_sending_mend(s) == EFBIG);
	CHECK(sl_sending_put(s, 8, &err) == SL_SKIP);
	sl_sending_close(s);
	CHECK(sl_sending_open(dir, 0, &s, ids, &n, &torn, &err) == SL_OK);
	CHECK(n == 1 && ids[0] == 7);
	known = sl_sending_generation(s);
	CHECK(sl_sending_committed(s, &err) == SL_OK);
	CHECK(setrlimit(RLIMIT_FSIZE, &no) == 0);
	CHECK(sl_sending_put(s, 9, &err) == SL_SKIP);
	CHECK(sl_sending_committed(s, &err) == SL_OK);
	CHECK(sl_sending_mend(s) == EFBIG);
	CHECK(setrlimit(RLIMIT_FSIZE, &was) == 0);
	CHECK(mended(s) == 0);
	CHECK(sl_sending_put(s, 10, &err) == SL_OK);
	sl_sending_close(s);
	CHECK(sl_sending_open(dir, known, &s, ids, &n, &torn, &err) == SL_OK);
	CHECK(!torn && n == 1 && ids[0] == 10);
	sl_sending_close(s);
	(void)sl_remove_tree(AT_FDCWD, dir);
}

/* Puts a record, where no file can be written if so; what is logged goes to fd,
 * which RLIMIT_FSIZE spares: a pipe. */
static enum sl_rc
put_where_none_can(struct sl_sending *s, int fd, bool none_can)
{
	struct rlimit was, no;
	int err_fd = dup(STDERR_FILENO);
	struct sl_err err;
	enum sl_rc rc;

	(void)getrlimit(RLIMIT_FSIZE, &was);
	no = was;
	no.rlim_cur = 0;
	(void)dup2(fd, STDERR_FILENO);
	if (none_can)
		(void)setrlimit(RLIMIT_FSIZE, &no);
	rc = sl_sending_put(s, 7, &err);
	(void)setrlimit(RLIMIT_FSIZE, &was);
	(void)dup2(err_fd, STDERR_FILENO);
	(void)close(err_fd);
	return rc;
}

/* One that can be made anew and then not be written is told of once, and once
 * that it is over. */
static void
sending_says_it_once(void)
{
	char dir[] = "/tmp/sluse-store-XXXXXX", path[64], log[4096] = "";
	int64_t ids[SL_SENDING_MAX];
	struct sl_sending *s;
	struct sl_err err;
	const char *at;
	unsigned n, lines = 0;
	bool torn;
	int i, fd[2];

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/db", dir);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(pipe2(fd, O_CLOEXEC) == 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	CHECK(sl_sending_open(dir, 0, &s, ids, &n, &torn, &err) == SL_OK);
	for (i = 0; i < 3; i++) {
		CHECK(put_where_none_can(s, fd[1], true) == SL_SKIP);
		CHECK(sl_sending_committed(s, &err) == SL_OK);
		CHECK(mended(s) == 0);
	}
	for (i = 0; i < 2; i++)
		CHECK(put_where_none_can(s, fd[1], false) == SL_OK);
	sl_sending_close(s);
	(void)close(fd[1]);
	CHECK(read(fd[0], log, sizeof(log) - 1) > 0);
	(void)close(fd[0]);
	for (at = log; (at = strstr(at, "db/sending")) != NULL; at++)
		lines++;
	CHECK_MSG(lines == 2 && strstr(log, "cannot be written") != NULL &&
		      strstr(log, "errno=\"27\"") != NULL &&
		      strstr(log, "written again") != NULL,
	    "%s", log);
	(void)sl_remove_tree(AT_FDCWD, dir);
}

static void
delivery_steps(void)
{
	struct sl_store *s = fresh();
	struct sl_delivery d = {.first_ms = 5, .next_ms = 5}, back;
	struct sl_consignment c = consignment(s);
	struct sl_entry e = entry(s, c.id, SL_STAGE_prepared, SL_DISPO_ready);
	struct sl_err err;

	(void)snprintf(d.target, sizeof(d.target), "arkiv");
	d.entry = e.id;
	CHECK(sl_delivery_insert(s, &d, &err) == SL_OK);
	CHECK(!sl_delivery_has_steps(s, d.id));
	CHECK(sl_delivery_step_put(s, d.id, "post", "1", &err) == SL_OK);
	CHECK(sl_delivery_step_put(s, d.id, "file", "2", &err) == SL_OK);
	CHECK(sl_delivery_step_put(s, d.id, "post", "3", &err) == SL_OK);
	CHECK(sl_db_int(sl_store_db(s), 0, "SELECT count(*) FROM delivery_step",
		  "") == 2);
	CHECK(
	    sl_db_int(sl_store_db(s), 0,
		"SELECT key FROM delivery_step WHERE step = 'post'", "") == 3);
	CHECK(sl_delivery_by_entry(s, e.id, "arkiv", &back) &&
	      back.id == d.id && strcmp(back.state, "pending") == 0);
	/* The same entry never twice to one target. */
	CHECK(sl_delivery_insert(s, &d, &err) == SL_FATAL);
	end(s);
}

static enum sl_rc
nested(void *arg, const struct sl_entry *e, struct sl_err *err)
{
	void **x = arg;
	struct sl_entry again;
	int *n = x[1];

	(*n)++;
	/* The same statements inside the walk. */
	CHECK(sl_entry_by_id(x[0], e->id, &again));
	if (x[2] != NULL) {
		void *in[] = {x[0], x[2], NULL};

		return sl_entry_each_open(x[0], nested, in, err);
	}
	return SL_OK;
}

static void
walks_nest(void)
{
	struct sl_store *s = fresh();
	struct sl_consignment c;
	struct sl_err err;
	int i, outer = 0, inner = 0;
	void *arg[] = {s, &outer, &inner};

	for (i = 0; i < 5; i++) {
		c = consignment(s);
		(void)entry(s, c.id, SL_STAGE_read,
		    i == 4 ? SL_DISPO_done : SL_DISPO_ready);
	}
	CHECK(sl_entry_each_open(s, nested, arg, &err) == SL_OK);
	CHECK(outer == 4 && inner == 16);
	CHECK(sl_entry_next_unplaced(s, 0) == 1);
	CHECK(sl_entry_next_unplaced(s, 3) == 4);
	CHECK(sl_entry_next_unplaced(s, 4) == 0);
	end(s);
}

/* A page that is given up keeps the text it had beside its pictures. */
static void
pages_given_up(void)
{
	struct sl_store *s = fresh();
	struct sl_err err;
	struct sl_msg_r_page m = {.source = SL_PAGE_WANTS_OCR};
	struct sl_slice none = sl_slice_str("");
	sqlite3 *db = sl_db_handle(sl_store_db(s));

	CHECK(sqlite3_exec(db, "PRAGMA foreign_keys = OFF", 0, 0, 0) == 0);
	CHECK(
	    sl_page_put(s, 7, &m, sl_slice_str("Hei\n"), none, &err) == SL_OK);
	m.page = 1;
	CHECK(sl_page_put(s, 7, &m, none, none, &err) == SL_OK);
	m.source = SL_PAGE_NONE;
	m.reason = sl_slice_str("limit_time");
	for (m.page = 0; m.page < 3; m.page++) {
		CHECK(!sl_page_known(s, 7, m.page));
		CHECK(sl_page_give_up(s, 7, &m, &err) == SL_OK);
		CHECK(sl_page_known(s, 7, m.page));
	}
	CHECK(sl_db_int(sl_store_db(s), 0,
		  "SELECT count(*) FROM page WHERE reason = 'limit_time'",
		  "") == 3);
	CHECK(sl_db_int(sl_store_db(s), 9,
		  "SELECT source FROM page WHERE text = 'Hei' || char(10)",
		  "") == SL_PAGE_TEXT);
	CHECK(sl_db_int(sl_store_db(s), 9,
		  "SELECT max(source) FROM page WHERE number > 0", "") == 0);
	end(s);
}

static void
deadlines_step(void)
{
	struct sl_store *s = fresh();
	struct sl_consignment c = consignment(s);
	struct sl_entry e = entry(s, c.id, SL_STAGE_read, SL_DISPO_held);
	struct sl_err err;

	CHECK(sl_store_next_due(s) == -1);
	e.held_until_ms = 1000;
	CHECK(sl_entry_update(s, &e, &err) == SL_OK);
	CHECK(sl_store_next_due(s) == 1000);
	CHECK(sl_store_shift_deadlines(s, 500, &err) == SL_OK);
	CHECK(sl_store_next_due(s) == 1500);
	e.dispo = SL_DISPO_deferred;
	e.held_until_ms = 0;
	e.retry_ms = 70;
	CHECK(sl_entry_update(s, &e, &err) == SL_OK);
	CHECK(sl_store_next_due(s) == 70);
	end(s);
}

static long steps; /* of SQLite's machine, in hundreds */

static int
count_steps(void *unused)
{
	(void)unused;
	steps++;
	return 0;
}

static int
watch_steps(sqlite3 *db, char **unused, const struct sqlite3_api_routines *api)
{
	(void)unused;
	(void)api;
	sqlite3_progress_handler(db, 100, count_steps, NULL);
	return SQLITE_OK;
}

static enum sl_rc
see_none(void *arg, const struct sl_entry *e, struct sl_err *err)
{
	(void)arg;
	(void)e;
	(void)err;
	return SL_OK;
}

static enum sl_rc
see_no_consignment(
    void *arg, const struct sl_consignment *c, struct sl_err *err)
{
	(void)arg;
	(void)c;
	(void)err;
	return SL_OK;
}

#define MANY 20000

/* An instance with MANY posts of that disposition, opened again with its steps
 * counted. */
static struct sl_store *
many(int dispo)
{
	struct sl_store *s = fresh();
	SL_FREE char *sql = sl_asprintf(
	    "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
	    " FROM n WHERE i < %d) INSERT INTO consignment (id, ulid,"
	    " reception, queue, name, name_raw, is_folder, actor,"
	    " received_ms, dropped_ms, size, stage, disposition,"
	    " source_place) SELECT i, i, i, 'q', 'a', x'61', 0, 'uid:1',"
	    " i, i, 1, 50, 60, 'done' FROM n;"
	    " INSERT INTO entry (id, consignment, number, own_key, stage,"
	    " disposition, outcome, born_ms, changed_ms) SELECT id, id, 1,"
	    " id, 80, %d, 10, 0, 0 FROM consignment; COMMIT",
	    MANY, dispo);
	struct sl_err err;

	CHECK(sl_db_script(sl_store_db(s), sql, &err) == SL_OK);
	sl_store_close(s);
	CHECK(sqlite3_auto_extension((void (*)(void))watch_steps) == SQLITE_OK);
	steps = 0;
	s = open_store();
	sqlite3_reset_auto_extension();
	return s;
}

static void
count_open(void *arg, int64_t consignment)
{
	int64_t *n = arg;

	(void)consignment;
	++*n;
}

/* What a start asks does not cost more for every post that is done. */
static void
done_cost_nothing(void)
{
	struct sl_store *s = many(SL_DISPO_done);
	int64_t now = sl_clock_utc_ms(), open = 0;
	struct sl_err err;

	CHECK(sl_store_cap_deadlines(s, now, 1000, &err) == SL_OK);
	CHECK(sl_store_shift_deadlines(s, 1000, &err) == SL_OK);
	CHECK(sl_entry_each_open(s, see_none, NULL, &err) == SL_OK);
	CHECK(sl_consignment_each_open(s, see_no_consignment, NULL, &err) ==
	      SL_OK);
	CHECK(sl_entry_next_unplaced(s, 0) == 0 && sl_store_next_due(s) == -1);
	sl_face_open(s, count_open, &open);
	CHECK(open == 0);
	CHECK_MSG(steps < 200, "%ld00 steps", steps);
	end(s);
}

/* And no more for each that is held than it must: they are walked once. */
static void
held_cost_once(void)
{
	struct sl_store *s = many(SL_DISPO_held);
	int64_t open = 0;

	sl_face_open(s, count_open, &open);
	CHECK(open == MANY);
	CHECK_MSG(steps < MANY, "%ld00 steps", steps);
	end(s);
}

static void
files(void)
{
	struct sl_store *s = fresh();
	struct sl_files *f = sl_store_files(s);
	struct sl_digest d;
	struct sl_err err;
	struct stat st;
	int fd = sl_files_tmp(f), in;

	sl_sha256("hei", 3, &d);
	CHECK(write(fd, "hei", 3) == 3);
	CHECK(sl_files_open_blob(f, &d) < 0);
	CHECK(sl_files_link(f, fd, &d, 4, false, &err) == SL_REJECT);
	CHECK(sl_files_link(f, fd, &d, 3, true, &err) == SL_OK);
	CHECK(sl_files_link(f, fd, &d, 3, true, &err) == SL_OK);
	in = sl_files_open_blob(f, &d);
	CHECK(in >= 0 && fstat(in, &st) == 0 && st.st_size == 3 &&
	      (st.st_mode & 0777) == 0440);
	(void)close(in);
	(void)close(fd);
	end(s);
}

static void
bundle(struct sl_store *s, const char *name)
{
	struct sl_files *f = sl_store_files(s);
	int fd = sl_files_tmp(f);
	struct sl_err err;

	CHECK(write(fd, "x", 1) == 1);
	CHECK(sl_files_link_bundle(f, fd, name, &err) == SL_OK);
	(void)close(fd);
}

static bool
is_there(struct sl_store *s, const char *name)
{
	int fd = sl_files_open_bundle(sl_store_files(s), name);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* Only what no row names, is old, and is called as we call them, goes. */
static void
orphan_bundles(void)
{
	struct sl_store *s = fresh();
	int64_t later = sl_clock_utc_ms() + 5000;
	char lost[SL_ULID_LEN + 1], kept[SL_ULID_LEN + 1];
	struct sl_consignment c = consignment(s);
	struct sl_source src = {.consignment = c.id, .size = 1};
	struct sl_err err;
	unsigned removed;

	sl_ulid_make(lost);
	sl_ulid_make(kept);
	bundle(s, lost);
	bundle(s, kept);
	bundle(s, "LES MEG");
	CHECK(sl_source_insert(s, &src, sl_slice_str("a"), &err) == SL_OK);
	/* Its row is not committed yet. */
	CHECK(sl_part_close(s, src.id, 1, kept, 1, &err) == SL_OK);
	CHECK(sl_bundles_clean(s, later - 3600000, 100, &removed) &&
	      removed == 0 && is_there(s, lost));
	CHECK(!sl_bundles_clean(s, later, 1, &removed));
	while (!sl_bundles_clean(s, later, 1, &removed))
		;
	CHECK(!is_there(s, lost));
	CHECK(is_there(s, kept) && is_there(s, "LES MEG"));
	end(s);
}

/* SQLite rolls a transaction back when a write fails; what is asked for
 * afterwards must not be committed by itself. */
static void
failed_writer_does_nothing_more(void)
{
	struct sl_store *s = fresh();
	struct sl_err err;

	CHECK(sl_store_log(s, SL_EVENT_received, "-", "slused", "{}", 0, 0,
		  &err) == SL_OK);
	CHECK(sl_store_commit(s, &err) == SL_OK);
	CHECK(sl_store_log(s, SL_EVENT_read, "-", "slused", "{}", 0, 0, &err) ==
	      SL_OK);
	CHECK(sl_db_run(sl_store_db(s), &err, "ROLLBACK", "") == SL_OK);
	CHECK(sl_store_log(s, SL_EVENT_placed, "-", "slused", "{}", 0, 0,
		  &err) == SL_FATAL);
	CHECK(sl_db_run(sl_store_db(s), &err, "INSERT INTO leaf VALUES (9)",
		  "") == SL_FATAL);
	CHECK(sl_store_meta_put(s, "k", "v", &err) == SL_FATAL);
	CHECK(sl_store_commit(s, &err) == SL_FATAL);
	sl_store_close(s);
	s = open_store();
	CHECK(sl_db_int(sl_store_db(s), -1, "SELECT count(*) FROM leaf", "") ==
	      1);
	end(s);
}

static enum sl_rc
see_approval(void *arg, const struct sl_approval *a, struct sl_err *err)
{
	char *out = arg;

	(void)err;
	(void)snprintf(out + strlen(out), 64, "%s by %s;", a->verb, a->actor);
	return SL_OK;
}

/* Requests for a second person: pending ones only, and nothing is left of what
 * they said. */
static void
approvals(void)
{
	struct sl_store *s = fresh();
	struct sl_approval a = {.verb = "mass",
	    .request = "hold",
	    .args = "{\"ids\":[]}",
	    .subject = "-",
	    .actor = "uid:1",
	    .why = "x",
	    .asked_ms = 10,
	    .expires_ms = 20};
	struct sl_err err;
	char said[256] = "";
	int64_t first;

	CHECK(sl_approval_next(s) == -1 && sl_approval_due(s, 100) == 0);
	CHECK(sl_approval_insert(s, &a, &err) == SL_OK);
	first = a.id;
	a.actor = "uid:2";
	a.expires_ms = 15;
	CHECK(sl_approval_insert(s, &a, &err) == SL_OK && a.id != first);
	CHECK(sl_approval_next(s) == 15);
	CHECK(sl_approval_due(s, 14) == 0 && sl_approval_due(s, 15) == a.id);
	CHECK(sl_approval_count(s, "uid:1") == 1);
	CHECK(sl_approval_each(s, 0, see_approval, said, &err) == SL_OK);
	CHECK_STR(said, "mass by uid:1;mass by uid:2;");
	CHECK(sl_approval_end(s, a.id, "denied", "uid:3", 12, &err) == SL_OK);
	said[0] = '\0';
	CHECK(sl_approval_each(s, a.id, see_approval, said, &err) == SL_OK);
	CHECK_STR(said, "");
	CHECK(sl_approval_count(s, NULL) == 1 && sl_approval_next(s) == 20);
	CHECK(sl_db_int(sl_store_db(s), -1,
		  "SELECT count(*) FROM approval WHERE args = '' AND why = ''",
		  "") == 1);
	end(s);
}

/* Makes an instance's folder with a database of schema 1. */
static void
old_database(char path[128])
{
	SL_BUF struct sl_buf sql = {0};
	struct sl_err err;
	sqlite3 *db = NULL;

	(void)snprintf(root, sizeof(root), "/tmp/sluse-store-XXXXXX");
	CHECK(mkdtemp(root) != NULL);
	(void)snprintf(path, 128, "%s/db", root);
	CHECK(mkdir(path, 0750) == 0);
	(void)snprintf(path, 128, "%s/db/sluse.db", root);
	CHECK(sl_read_file(AT_FDCWD, "schemas/sql/001.sql", 1 << 20, &sql,
		  &err) == SL_OK);
	CHECK(
	    sqlite3_open(path, &db) == SQLITE_OK &&
	    sqlite3_exec(db, sl_buf_str(&sql), NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(db, "PRAGMA user_version=1", NULL, NULL, NULL) ==
		SQLITE_OK);
	(void)sqlite3_close(db);
}

/* The size of what lies in the instance's db/; -1: nothing. */
static int64_t
lies_there(const char *name, mode_t *ret_mode)
{
	SL_FREE char *path = sl_asprintf("%s/db/%s", root, name);
	struct stat st;

	if (stat(path, &st) != 0)
		return -1;
	if (ret_mode != NULL)
		*ret_mode = st.st_mode & 0777;
	return st.st_size;
}

static void
leave(const char *name)
{
	SL_FREE char *path = sl_asprintf("%s/db/%s", root, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, "half", 4) == 4 && close(fd) == 0);
}

/* A database of schema 1 with a journal goes on, and a copy of it stays: the
 * older ones and what a kill left go. */
static void
migrates(void)
{
	SL_FREE char *copy = NULL;
	char path[128];
	struct sl_store *s;
	struct sl_db *db;
	struct sl_err err;
	mode_t mode = 0;

	old_database(path);
	leave("sluse-before-schema-1.db");
	leave("sluse-before-schema-2.db");
	leave("sluse-before-schema-2.db.part");
	s = open_store();
	CHECK(sl_db_int(sl_store_db(s), -1, "PRAGMA user_version", "") ==
	      SL_SCHEMA_VERSION);
	CHECK(sl_db_int(sl_store_db(s), -1,
		  "SELECT count(*) FROM leaf, checkpoint", "") == 0);
	CHECK(sl_db_int(sl_store_db(s), -1, "SELECT count(*) FROM leaf", "") ==
	      1);
	CHECK(sl_approval_count(s, NULL) == 0);
	CHECK(lies_there("sluse-before-schema-1.db", NULL) == -1);
	CHECK(lies_there("sluse-before-schema-2.db.part", NULL) == -1);
	CHECK(lies_there("sluse-before-schema-2.db", &mode) > 4096);
	CHECK(mode == 0600);
	copy = sl_asprintf("%s/db/sluse-before-schema-2.db", root);
	CHECK(sl_db_open(copy, true, &db, &err) == SL_OK);
	CHECK(sl_db_int(db, -1, "PRAGMA user_version", "") == 1);
	CHECK(sl_db_int(db, -1,
		  "SELECT count(*) FROM pragma_integrity_check"
		  " WHERE integrity_check = 'ok'",
		  "") == 1);
	sl_db_close(db);
	end(s);
}

/* What was done before there was a count of it. */
static void
migration_counts_done(void)
{
	static const char *const rows =
	    "INSERT INTO consignment (id, ulid, reception, queue, name,"
	    " name_raw, is_folder, actor, received_ms, dropped_ms, size, stage,"
	    " disposition) VALUES (1, 'a', 'M26-000001-3', 'Skjema', '', x'',"
	    " 0, '', 1, 1, 1, 50, 60);"
	    "INSERT INTO entry (consignment, number, own_key, stage,"
	    " disposition, outcome, born_ms, changed_ms) VALUES"
	    " (1, 1, 'a', 80, 60, 10, 1, 1), (1, 2, 'b', 80, 60, 10, 1, 1),"
	    " (1, 3, 'c', 50, 60, 60, 1, 1), (1, 4, 'd', 80, 30, NULL, 1, 1)";
	struct sl_store *s;
	sqlite3 *db = NULL;
	char path[128];

	old_database(path);
	CHECK(sqlite3_open(path, &db) == SQLITE_OK &&
	      sqlite3_exec(db, rows, NULL, NULL, NULL) == SQLITE_OK);
	(void)sqlite3_close(db);
	s = open_store();
	CHECK(sl_db_int(sl_store_db(s), -1, "SELECT count(*) FROM done_count",
		  "") == 2);
	CHECK(sl_db_int(sl_store_db(s), -1,
		  "SELECT entries FROM done_count WHERE queue = 'Skjema'"
		  " AND stage = 80 AND outcome = 10",
		  "") == 2);
	end(s);
}

/* systemd, which would end a start that takes long, hears that it goes on. */
static void
migration_says_so(void)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char path[128], said[256];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ssize_t n;

	old_database(path);
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/notify", root);
	CHECK(bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0);
	CHECK(setenv("NOTIFY_SOCKET", sa.sun_path, 1) == 0);
	end(open_store());
	CHECK(unsetenv("NOTIFY_SOCKET") == 0);
	n = recv(fd, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	CHECK(strncmp(said, "EXTEND_TIMEOUT_USEC=120000000\nSTATUS=lay", 40) ==
	      0);
	n = recv(fd, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	CHECK_STR(said, "STATUS=");
	(void)close(fd);
}

/* Without room for the copy nothing is begun, and what a kill left takes none.
 * The database is made large by its head and a hole. */
static void
migration_wants_room(void)
{
	/* Two TiB, of which the copy would want more. */
	static const unsigned char pages[4] = {0x20, 0, 0, 0};
	struct sl_store *s = NULL;
	struct sl_err err = {0};
	unsigned char changes[4];
	struct statvfs v;
	char path[128];
	int fd;

	old_database(path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0 && fstatvfs(fd, &v) == 0);
	if ((uint64_t)v.f_bavail * v.f_frsize > UINT64_C(2) << 40 ||
	    ftruncate(fd, (off_t)(INT64_C(2) << 40)) != 0) {
		(void)close(fd);
		printf("a file of two TiB cannot be made here\n");
		end(NULL);
		return;
	}
	CHECK(
	    pread(fd, changes, 4, 24) == 4 && pwrite(fd, changes, 4, 92) == 4);
	CHECK(pwrite(fd, pages, 4, 28) == 4 && close(fd) == 0);
	leave("sluse-before-schema-2.db.part");
	CHECK(sl_store_open(root, "sluse.example/test", &s, &err) == SL_FATAL);
	CHECK_STR(err.reason, "disk_full");
	CHECK(strstr(err.text, "2621456 MiB are needed") != NULL);
	CHECK(lies_there("sluse-before-schema-2.db.part", NULL) == -1);
	CHECK(lies_there("sluse-before-schema-2.db", NULL) == -1);
	end(NULL);
}

/* The disk of what is written to a copy is full. */
static ssize_t
write_but_to_copy(int fd, const void *bytes, size_t n, off_t at)
{
	char link[64], path[256];
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	path[len > 0 ? len : 0] = '\0';
	if (strstr(path, "/sluse-before-schema-") == NULL)
		return pwrite(fd, bytes, n, at);
	errno = ENOSPC;
	return -1;
}

/* Of both names that it may have; NULL: as it was. */
static void
set_write(ssize_t (*fn)(int fd, const void *bytes, size_t n, off_t at))
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	(void)vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)fn);
	(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)fn);
}

/* Somebody fills the disk while it is copied: slused waits for room, as on any
 * full disk. Nothing of the copy stays, and the database is what it was. */
static void
migration_fills_disk(void)
{
	struct sl_store *s = NULL;
	struct sl_err err = {0};
	char path[128];

	old_database(path);
	set_write(write_but_to_copy);
	CHECK(sl_store_open(root, "sluse.example/test", &s, &err) == SL_FATAL);
	CHECK_STR(err.reason, "disk_full");
	CHECK(lies_there("sluse-before-schema-2.db.part", NULL) == -1);
	CHECK(lies_there("sluse-before-schema-2.db", NULL) == -1);
	set_write(NULL);
	end(open_store());
	CHECK(s == NULL);
}

TEST_MAIN({"all_or_nothing", all_or_nothing}, {"replaced", replaced},
    {"same_message", same_message}, {"package", package},
    {"read_again", read_again}, {"cut_journal", cut_journal},
    {"newer_schema", newer_schema}, {"migrates", migrates},
    {"migration_counts_done", migration_counts_done},
    {"migration_says_so", migration_says_so},
    {"migration_wants_room", migration_wants_room},
    {"migration_fills_disk", migration_fills_disk},
    {"reception_numbers", reception_numbers},
    {"held_do_not_starve", held_do_not_starve},
    {"delivery_steps", delivery_steps}, {"sending_survives", sending_survives},
    {"sending_file", sending_file},
    {"sending_generations", sending_generations},
    {"sending_cannot_be_made", sending_cannot_be_made},
    {"sending_mends", sending_mends},
    {"sending_says_it_once", sending_says_it_once}, {"walks_nest", walks_nest},
    {"deadlines_step", deadlines_step}, {"pages_given_up", pages_given_up},
    {"done_cost_nothing", done_cost_nothing},
    {"held_cost_once", held_cost_once}, {"files", files},
    {"orphan_bundles", orphan_bundles},
    {"failed_writer_does_nothing_more", failed_writer_does_nothing_more},
    {"approvals", approvals})
