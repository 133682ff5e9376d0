/*
 * The tables that reports are made of, held against the leaves: of each
 * consignment when and by which queue it was received, its files, their parts
 * and pages, where it and its entries stand, what was prepared of them, and
 * each receipt.
 *
 * The leaves were verified before, in the same transaction; the columns by
 * which they are found as well. What no leaf tells, since an earlier version
 * wrote it or its payload was erased, is not compared. Memory: the entries of
 * one consignment. A post moves only by an event (engine/gates.c), so the last
 * one tells where it is.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/text.h"
#include "../store/counts.h"
#include "../store/db.h"
#include "verify_p.h"

#define ENTRIES_MAX 10000u /* of one consignment */
#define UNKNOWN (-1)

/* What the leaves tell of a consignment (number 0) or an entry of it. */
struct item {
	uint64_t number;
	int stage, dispo, outcome;
	bool told, seen; /* by the leaf that begins it; among the rows */
	uint64_t seq; /* of the last that moved it */
	int64_t documents; /* -1: not told */
	char *prepared, *delivered; /* payloads of the last; NULL: none */
};

struct tables {
	struct sl_verify *v;
	struct sl_db *db;
	struct item *item; /* the consignment first */
	size_t n, cap;
	char *received;
	char *copied; /* of the same, where its files came later */
	int64_t received_ms; /* of its leaf */
	struct sl_counts counts;
	int64_t id;
	char reception[SL_VERIFY_NAME];
	bool bad; /* it was counted */
};

static void __attribute__((format(printf, 3, 4)))
differs(struct tables *t, const struct item *i, const char *fmt, ...)
{
	struct sl_verify *v = t->v;
	size_t n;
	va_list ap;

	if (t->bad)
		return;
	t->bad = true;
	if (v->differ < SL_VERIFY_DIFFERS)
		(void)snprintf(
		    v->differs[v->differ], SL_VERIFY_NAME, "%s", t->reception);
	if (v->differ++ > 0)
		return;
	v->ok = false;
	v->first = v->last = i->seq;
	(void)snprintf(v->fault, sizeof(v->fault), "%s", t->reception);
	n = strlen(v->fault);
	if (i->number > 0)
		n += (size_t)snprintf(
		    v->fault + n, sizeof(v->fault) - n, ".%" PRIu64, i->number);
	(void)snprintf(v->fault + n, sizeof(v->fault) - n, ": ");
	n += 2;
	va_start(ap, fmt);
	(void)vsnprintf(v->fault + n, sizeof(v->fault) - n, fmt, ap);
	va_end(ap);
}

/* -- what the leaves tell -------------------------------------------------- */

bool
sl_check_is_move(int event)
{
	switch (event) {
	case SL_EVENT_received:
	case SL_EVENT_unpacked:
	case SL_EVENT_identified:
	case SL_EVENT_read:
	case SL_EVENT_read_again:
	case SL_EVENT_entry_born:
	case SL_EVENT_placed:
	case SL_EVENT_prepared:
	case SL_EVENT_delivered:
	case SL_EVENT_deferred:
	case SL_EVENT_resumed:
	case SL_EVENT_held:
	case SL_EVENT_released:
	case SL_EVENT_quarantined:
	case SL_EVENT_broken:
	case SL_EVENT_decided:
	case SL_EVENT_expired:
	case SL_EVENT_rejected:
	case SL_EVENT_retried:
	case SL_EVENT_ended_as_duplicate:
	case SL_EVENT_replaced:
		return true;
	default:
		return false;
	}
}

/* NULL: it was erased. */
static char *
payload_of(struct tables *t, uint64_t seq)
{
	sqlite3_stmt *st = sl_db_query(t->db,
	    "SELECT body FROM payload WHERE seq = ?1", "i", (int64_t)seq);
	char *body = NULL;

	if (sl_db_row(t->db, st)) {
		body = sl_strdup(sl_db_text(st, 0));
		sl_db_done(st);
	}
	return body;
}

/* True where it does not say. */
static bool
says_text(const char *body, const char *name, const char *want)
{
	const char *at = sl_payload_member(body, name);
	SL_BUF struct sl_buf b = {0};

	if (at == NULL)
		return true;
	sl_text_json(&b, want, strlen(want));
	return strncmp(at, sl_buf_str(&b), b.n) == 0;
}

static bool
says_number(const char *at, int64_t want)
{
	char digits[32];
	int n = snprintf(digits, sizeof(digits), "%" PRId64, want);

	return strncmp(at, digits, (size_t)n) == 0 &&
	       (at[n] == ',' || at[n] == '}');
}

static struct item *
find(struct tables *t, uint64_t number)
{
	size_t i;

	for (i = t->n; i > 0; i--)
		if (t->item[i - 1].number == number)
			return &t->item[i - 1];
	if (t->n == ENTRIES_MAX)
		return NULL;
	t->item = sl_grow(t->item, &t->cap, t->n + 1, sizeof(*t->item));
	t->item[t->n] = (struct item){.number = number, .documents = -1};
	return &t->item[t->n++];
}

/* Behind "M26-000004-7." of a subject; 0: the consignment itself. */
static bool
number_of(struct sl_slice subject, uint64_t *ret)
{
	const char *dot = memchr(subject.p, '.', subject.n);
	char digits[16];
	size_t n = dot != NULL ? subject.n - (size_t)(dot + 1 - subject.p) : 0;

	*ret = 0;
	if (dot == NULL)
		return true;
	if (n >= sizeof(digits))
		return false;
	memcpy(digits, dot + 1, n);
	digits[n] = '\0';
	return sl_parse_u64(digits, 1, INT32_MAX, ret);
}

static void
take_payload(struct tables *t, uint64_t seq, char **to)
{
	free(*to);
	*to = payload_of(t, seq);
}

static int64_t
number_in(struct tables *t, uint64_t seq, const char *name)
{
	SL_FREE char *body = payload_of(t, seq);

	return sl_payload_number(body, name);
}

static void
take_counts(struct tables *t, const struct sl_leaf_view *l)
{
	char *body;

	if (!sl_counts_by_event(l->event))
		return;
	body = payload_of(t, l->seq);
	sl_counts_take(&t->counts, l->event, body);
	if (l->event == SL_EVENT_received && t->received == NULL)
		t->received = SL_TAKE(body);
	if (l->event == SL_EVENT_copied && t->copied == NULL)
		t->copied = SL_TAKE(body);
	free(body);
}

static void
stand(struct item *i, int stage, int dispo, int outcome)
{
	i->stage = stage;
	i->dispo = dispo;
	i->outcome = outcome;
}

static void
change(struct item *i, int event)
{
	switch (event) {
	case SL_EVENT_deferred:
		i->dispo = SL_DISPO_deferred;
		break;
	case SL_EVENT_held:
		i->dispo = SL_DISPO_held;
		break;
	case SL_EVENT_quarantined:
		i->dispo = SL_DISPO_quarantined;
		break;
	case SL_EVENT_broken:
		i->dispo = SL_DISPO_broken;
		break;
	case SL_EVENT_decided:
		/* What was prepared goes anew, with its new case. */
		if (i->stage > SL_STAGE_read || i->stage == UNKNOWN)
			i->stage = SL_STAGE_read;
		i->dispo = SL_DISPO_ready;
		break;
	case SL_EVENT_rejected:
		stand(i, i->stage, SL_DISPO_done,
		    i->number > 0 ? SL_OUTCOME_not_archive_worthy
				  : SL_OUTCOME_withdrawn);
		break;
	case SL_EVENT_ended_as_duplicate:
		stand(i, i->stage, SL_DISPO_done, SL_OUTCOME_duplicate);
		break;
	case SL_EVENT_replaced:
		stand(i, i->stage, SL_DISPO_done, SL_OUTCOME_replaced);
		break;
	default: /* resumed, released, retried */
		i->dispo = SL_DISPO_ready;
	}
}

/* Past its limit it goes on waiting where no case takes such post. */
static void
expire(struct tables *t, struct item *i)
{
	SL_FREE char *body = payload_of(t, i->seq);

	if (sl_payload_member(body, "to") == NULL)
		stand(i, i->stage > SL_STAGE_read ? UNKNOWN : i->stage, UNKNOWN,
		    i->outcome);
	else if (says_text(body, "to", sl_dispo_name(SL_DISPO_held)))
		i->dispo = SL_DISPO_held;
	else
		change(i, SL_EVENT_decided);
}

static void
take_move(struct tables *t, struct item *i, const struct sl_leaf_view *l)
{
	i->seq = l->seq;
	switch (l->event) {
	case SL_EVENT_received:
		if (i->told)
			return;
		i->told = true;
		t->received_ms = l->time_ms;
		stand(i, SL_STAGE_received, SL_DISPO_ready, 0);
		break;
	case SL_EVENT_entry_born:
		i->told = true;
		i->documents = number_in(t, l->seq, "documents");
		stand(i, SL_STAGE_read, SL_DISPO_ready, 0);
		break;
	case SL_EVENT_unpacked:
		i->stage = SL_STAGE_unpacked;
		break;
	case SL_EVENT_identified:
		i->stage = SL_STAGE_identified;
		break;
	case SL_EVENT_read:
		i->stage = SL_STAGE_read;
		break;
	case SL_EVENT_read_again:
		i->stage = SL_STAGE_received;
		break;
	case SL_EVENT_placed:
		i->stage = SL_STAGE_placed;
		break;
	case SL_EVENT_prepared:
		i->stage = SL_STAGE_prepared;
		take_payload(t, l->seq, &i->prepared);
		break;
	case SL_EVENT_delivered:
		stand(i, SL_STAGE_delivered, SL_DISPO_done,
		    SL_OUTCOME_in_journal);
		take_payload(t, l->seq, &i->delivered);
		break;
	case SL_EVENT_expired:
		expire(t, i);
		break;
	default:
		change(i, l->event);
	}
}

static void
take_leaves(struct tables *t)
{
	sqlite3_stmt *st = sl_db_query(t->db,
	    "SELECT bytes FROM leaf WHERE consignment = ?1 ORDER BY seq", "i",
	    t->id);
	struct sl_leaf_view l;
	struct sl_slice b;
	struct item *i;
	uint64_t number;

	(void)find(t, 0);
	sl_counts_begin(&t->counts);
	while (sl_db_row(t->db, st)) {
		b = sl_db_blob(st, 0);
		if (!sl_leaf_read(b.p, b.n, &l))
			continue;
		take_counts(t, &l);
		if (!sl_check_is_move(l.event) ||
		    !number_of(l.subject, &number))
			continue;
		i = find(t, number);
		if (i != NULL)
			take_move(t, i, &l);
		else
			differs(t, &t->item[0], "it has too many posts");
	}
}

/* -- and what the rows say ------------------------------------------------- */

static void
digest_of(sqlite3_stmt *st, int col, char hex[SL_SHA256_HEX + 1])
{
	const char *s = sl_db_text(st, col);
	struct sl_digest d;

	sl_sha256(s, (size_t)sqlite3_column_bytes(st, col), &d);
	sl_digest_hex(&d, hex);
}

/* A consignment is done with its entries: of that there is no event. 1, 0, or
 * UNKNOWN. */
static int
is_done_by_entries(const struct tables *t)
{
	bool any = false, unknown = false;
	size_t i;

	for (i = 1; i < t->n; i++) {
		if (t->item[i].dispo == UNKNOWN)
			unknown = true;
		else if (t->item[i].dispo != SL_DISPO_done)
			return 0;
		any |= t->item[i].outcome != SL_OUTCOME_replaced;
	}
	return unknown ? UNKNOWN : any;
}

/* What the disposition of the consignment should be, whose row says `row`. */
static int
derived(const struct tables *t, int row)
{
	int told = t->item[0].dispo, done = is_done_by_entries(t);

	if (told == SL_DISPO_ready && t->item[0].stage >= SL_STAGE_read &&
	    done != 0)
		return done == UNKNOWN ? UNKNOWN : SL_DISPO_done;
	/* While it is read again, or where that stopped, it waits. Earlier
	 * versions ended it with its entries all the same. */
	return row == SL_DISPO_done && done != 0 ? SL_DISPO_done : told;
}

/* Columns from col on: stage, disposition, outcome. */
static void
compare_place(struct tables *t, const struct item *i, sqlite3_stmt *st, int col)
{
	int stage = sqlite3_column_int(st, col),
	    dispo = sqlite3_column_int(st, col + 1),
	    outcome = sqlite3_column_int(st, col + 2),
	    want = i->number == 0 ? derived(t, dispo) : i->dispo;

	if ((i->stage != UNKNOWN && stage != i->stage) ||
	    (want != UNKNOWN && dispo != want) || outcome != i->outcome)
		differs(t, i,
		    "its stage, disposition or outcome is not what the last "
		    "event says");
}

static void
compare_received(struct tables *t, sqlite3_stmt *st)
{
	const struct item *i = &t->item[0];
	const char *said = sl_payload_member(t->received, "received_ms");
	int64_t ms = sqlite3_column_int64(st, 3);

	if (!i->told) {
		differs(t, i, "no event tells that it was received");
		return;
	}
	if (said != NULL ? !says_number(said, ms)
			 : ms > t->received_ms ||
			       ms < t->received_ms - SL_RECEIVED_APART_MS)
		differs(t, i, "it was received at another time");
	if (!says_text(t->received, "queue", sl_db_text(st, 2)))
		differs(t, i, "it was received by another queue");
}

static void
compare_contents(struct tables *t)
{
	struct sl_counts rows;
	const char *why;

	sl_counts_rows(t->db, t->id,
	    sl_payload_member(
		t->copied != NULL ? t->copied : t->received, "sources"),
	    &rows);
	why = sl_counts_differ(&t->counts, &rows);
	if (why != NULL)
		differs(t, &t->item[0], "%s", why);
}

static void
compare_receipt(
    struct tables *t, const struct item *i, int64_t entry, const json_t *one)
{
	const char *target = json_string_value(json_object_get(one, "target"));
	const char *sum = json_string_value(json_object_get(one, "receipt"));
	const json_t *ms = json_object_get(one, "ms");
	char own[SL_SHA256_HEX + 1];
	sqlite3_stmt *st = sl_db_query(t->db,
	    "SELECT receipt, changed_ms FROM delivery WHERE entry = ?1"
	    " AND target = ?2 AND state = 'delivered'",
	    "is", entry, target != NULL ? target : "");

	if (!sl_db_row(t->db, st)) {
		differs(t, i, "it was delivered to %s, which no row tells",
		    target != NULL ? target : "?");
		return;
	}
	digest_of(st, 0, own);
	if (sum != NULL && strcmp(sum, own) != 0)
		differs(t, i, "the receipt of %s is another", target);
	if (json_is_integer(ms) &&
	    json_integer_value(ms) != sqlite3_column_int64(st, 1))
		differs(t, i, "%s took it at another time", target);
	sl_db_done(st);
}

/* The text as we write it holds each row, and no other: most are found so,
 * without parsing it. */
static bool
is_written_so(struct tables *t, const char *body, int64_t entry)
{
	sqlite3_stmt *st = sl_db_query(t->db,
	    "SELECT receipt, target, changed_ms FROM delivery"
	    " WHERE entry = ?1 AND state = 'delivered'",
	    "i", entry);
	SL_BUF struct sl_buf one = {0};
	char hex[SL_SHA256_HEX + 1];
	const char *at = body, *target;
	size_t rows = 0, told = 0;
	bool so = true;

	while (sl_db_row(t->db, st)) {
		digest_of(st, 0, hex);
		target = sl_db_text(st, 1);
		sl_buf_reset(&one);
		sl_buf_add_str(&one, "{\"target\":");
		sl_text_json(&one, target, strlen(target));
		sl_buf_printf(&one, ",\"ms\":%" PRId64 ",\"receipt\":\"%s\"",
		    (int64_t)sqlite3_column_int64(st, 2), hex);
		so &= strstr(body, sl_buf_str(&one)) != NULL;
		rows++;
	}
	for (; (at = strstr(at, "{\"target\":")) != NULL; at++)
		told++;
	return so && rows == told;
}

static void
compare_deliveries(struct tables *t, const struct item *i, int64_t entry)
{
	json_t *o, *all, *one;
	size_t n;

	if (i->delivered == NULL || is_written_so(t, i->delivered, entry))
		return;
	o = json_loads(i->delivered, 0, NULL);
	all = json_object_get(o, "deliveries");
	json_array_foreach(all, n, one) compare_receipt(t, i, entry, one);
	if (json_is_array(all) &&
	    sl_db_int(t->db, 0,
		"SELECT count(*) FROM delivery WHERE entry = ?1"
		" AND state = 'delivered'",
		"i", entry) != (int64_t)json_array_size(all))
		differs(t, i, "a row tells of a delivery that no event does");
	json_decref(o);
}

/* What another replaced has none any more. */
static void
compare_documents(struct tables *t, const struct item *i, int64_t n)
{
	if (i->documents >= 0 &&
	    n != (i->outcome == SL_OUTCOME_replaced ? 0 : i->documents))
		differs(t, i, "it has not as many documents as it began with");
}

static void
compare_entry(struct tables *t, struct item *i, sqlite3_stmt *st)
{
	char hex[SL_SHA256_HEX + 1];

	i->seen = true;
	if (!i->told) {
		differs(t, i, "no event tells of that post");
		return;
	}
	compare_place(t, i, st, 1);
	if (!says_text(i->prepared, "key", sl_db_text(st, 4)))
		differs(t, i, "its key towards targets is another");
	digest_of(st, 5, hex);
	if (!says_text(i->prepared, "post", hex))
		differs(t, i, "it is not what was prepared");
	compare_deliveries(t, i, sqlite3_column_int64(st, 6));
	compare_documents(t, i, sqlite3_column_int64(st, 7));
}

static void
compare_entries(struct tables *t)
{
	sqlite3_stmt *st = sl_db_query(t->db,
	    "SELECT number, stage, disposition, ifnull(outcome, 0), own_key,"
	    " post, id, (SELECT count(*) FROM document d WHERE d.entry = e.id)"
	    " FROM entry e WHERE consignment = ?1 ORDER BY number",
	    "i", t->id);
	struct item *i;
	size_t n;

	while (sl_db_row(t->db, st)) {
		i = find(t, (uint64_t)sqlite3_column_int64(st, 0));
		if (i != NULL && i->number > 0)
			compare_entry(t, i, st);
		else
			differs(t, &t->item[0], "it has too many posts");
	}
	for (n = 1; n < t->n; n++)
		if (!t->item[n].seen)
			differs(t, &t->item[n], "that post is not there");
}

static void
forget(struct tables *t)
{
	while (t->n > 0) {
		free(t->item[--t->n].prepared);
		free(t->item[t->n].delivered);
	}
	free(t->received);
	free(t->copied);
	t->received = t->copied = NULL;
	t->bad = false;
}

void
sl_check_tables(struct sl_verify *v, struct sl_db *db)
{
	struct tables t = {.v = v, .db = db};
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT id, reception, queue, received_ms, stage, disposition,"
	    " ifnull(outcome, 0) FROM consignment ORDER BY id",
	    "");

	while (sl_db_row(db, st)) {
		t.id = sqlite3_column_int64(st, 0);
		sl_db_copy(st, 1, t.reception, sizeof(t.reception));
		take_leaves(&t);
		compare_received(&t, st);
		compare_contents(&t);
		compare_entries(&t);
		compare_place(&t, &t.item[0], st, 4);
		v->compared++;
		forget(&t);
	}
	free(t.item);
}
