/*
 * What the target shows of what was sent: by its own journal as it was read,
 * else by the receipt of the delivery.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/deadline.h"
#include "../form/form.h"
#include "../store/db.h"
#include "snap_p.h"
#include "tight.h"

/* Of one post, as texts that sl_snap_seen reads. */
enum { STATUS, NUMBER, JOURNAL, CASE, TEXTS };

/* "711/2026"; "" for a post without a number in the journal. */
static void
write_journal(struct sl_buf *out, int64_t sequence, int64_t year)
{
	sl_buf_reset(out);
	if (sequence == 0)
		return;
	sl_add_int(out, sequence);
	sl_buf_add_char(out, '/');
	sl_add_int(out, year);
}

/* Mostly "2026/17-4" is of "2026/17": that is not kept twice. */
static bool
begins_with_case(const char *number, const char *in_case)
{
	size_t n = strlen(in_case);

	return n > 0 && n < SL_SNAP_CASE && strncmp(number, in_case, n) == 0 &&
	       number[n] == '-' && strchr(number + n + 1, '-') == NULL;
}

static void
add_post(struct sl_snap *s, struct sl_snap_target *t, const char *status,
    const char *in_case, const char *number, const char *journal)
{
	const char *text[TEXTS] = {status, number, journal, in_case};

	t->case_in_number = begins_with_case(number, in_case);
	sl_tight_add(&s->target_text, text, t->case_in_number ? CASE : TEXTS);
}

/* None at all may be a target that does not tell. */
static void
take_code(struct sl_snap *s, uint32_t id, const char *code)
{
	if (*code == '\0' || s->sent == NULL || s->sent[id].access == 0)
		return;
	if (strcmp(s->access.text[s->sent[id].access], code) == 0)
		s->target[id].same_code = true;
	else
		s->target[id].other_code = true;
}

/* 0: of none, or without a key. */
static uint32_t
entry_of(const struct sl_snap *s, const char *own_key)
{
	return *own_key != '\0' ? sl_idmap_find(&s->keys, own_key) : 0;
}

static void
load_target(struct sl_db *db, struct sl_snap *s, bool texts)
{
	/* No condition: its index would lead to each row by itself. */
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT own_key, status, case_number, number, sequence, year,"
	    " access, journal_date FROM target_post",
	    "");
	SL_BUF struct sl_buf journal = {0};
	struct sl_snap_target *t;
	uint32_t id;

	while (sl_db_row(db, st)) {
		id = entry_of(s, sl_db_text(st, 0));
		if (id == 0)
			continue;
		t = &s->target[id];
		take_code(s, id, sl_db_text(st, 6));
		if (t->text != 0)
			continue;
		t->text = (uint32_t)s->target_text.n;
		t->journal_day = (int32_t)sl_day_read(sl_db_text(st, 7));
		t->journaled = sl_is_journaled(sl_db_text(st, 1));
		if (!texts)
			continue;
		write_journal(&journal, sqlite3_column_int64(st, 4),
		    sqlite3_column_int64(st, 5));
		add_post(s, t, sl_db_text(st, 1), sl_db_text(st, 2),
		    sl_db_text(st, 3), sl_buf_str(&journal));
	}
}

/* What the target's journal did not show. */
static void
add_receipt(struct sl_snap *s, uint32_t entry, const char *receipt, bool texts)
{
	char status[32], in_case[64], number[64], seq[24], year[24], day[40],
	    journal[sizeof(seq) + sizeof(year) + 1] = "";
	struct sl_peek want[] = {SL_PEEK("status", status),
	    SL_PEEK("case", in_case), SL_PEEK("number", number),
	    SL_PEEK("journalsekvensnummer", seq), SL_PEEK("journalaar", year)};
	struct sl_snap_target *t = &s->target[entry];

	if (t->text == 0) {
		sl_json_peek_all(
		    receipt, want, texts ? sizeof(want) / sizeof(want[0]) : 1);
		t->text = (uint32_t)s->target_text.n;
		t->journaled = sl_is_journaled(status);
		t->journal_day = -1;
		if (want[4].found && *seq != '\0' && strcmp(seq, "0") != 0)
			(void)snprintf(
			    journal, sizeof(journal), "%s/%s", seq, year);
		if (texts)
			add_post(s, t, status, in_case, number, journal);
	}
	/* Few have a day; a walk for what is not there goes to the end. */
	if (t->journal_day < 0 && strstr(receipt, "\"journaldato\"") != NULL &&
	    sl_json_peek(receipt, "journaldato", day, sizeof(day)))
		t->journal_day = (int32_t)sl_day_read(day);
}

/* How a scan of the deliveries looks into receipts: they are long and stand
 * before the time. */
struct look {
	bool target, texts; /* of s->target */
	const struct sl_snap_receipts *receipts;
};

static void
take_receipt(struct sl_snap *s, uint32_t entry, const char *receipt,
    const struct look *l)
{
	if (l->target &&
	    (s->target[entry].text == 0 || s->target[entry].journal_day < 0))
		add_receipt(s, entry, receipt, l->texts);
	if (l->receipts != NULL)
		l->receipts->take(l->receipts->arg, entry, receipt);
}

/* The target that had it first; until one has it, any. True: it was not
 * delivered before. */
static bool
take_delivery(struct sl_snap *s, uint32_t entry, sqlite3_stmt *st)
{
	int64_t had = s->sent_ms[entry], ms = sqlite3_column_int(st, 2) != 0
						  ? sqlite3_column_int64(st, 3)
						  : 0;

	if (had != 0 && (ms == 0 || ms >= had))
		return false;
	s->sent_to[entry] = (uint16_t)sl_names_add(&s->to, sl_db_text(st, 1));
	s->sent_ms[entry] = ms;
	return had == 0 && ms != 0;
}

/* True: an entry has several. */
static bool
load_deliveries(struct sl_db *db, struct sl_snap *s, const struct look *l)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT entry, target, state = 'delivered', changed_ms, receipt"
	    " FROM delivery ORDER BY id",
	    "");
	bool several = false;
	int64_t entry;

	while (sl_db_row(db, st)) {
		entry = sqlite3_column_int64(st, 0);
		if (!sl_snap_has_place(entry, s->e_max) || !s->e[entry].there)
			continue;
		if (l->target && s->sent_to[entry] != 0)
			several = s->target[entry].several = true;
		if (take_delivery(s, (uint32_t)entry, st) &&
		    (l->target || l->receipts != NULL))
			take_receipt(s, (uint32_t)entry, sl_db_text(st, 4), l);
	}
	return several;
}

/* -- several targets --------------------------------------------------------
 */

/* Is that target the one that had it first, of several? */
static bool
is_first(const struct sl_snap *s, uint32_t id, const char *target)
{
	return s->target[id].several && s->sent_ms[id] != 0 &&
	       strcmp(s->to.text[s->sent_to[id]], target) == 0;
}

static void
take_posts_of_first(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT own_key, target, status, journal_date FROM target_post",
	    "");
	struct sl_snap_target *t;
	uint32_t id;

	while (sl_db_row(db, st)) {
		id = entry_of(s, sl_db_text(st, 0));
		if (id == 0 || !is_first(s, id, sl_db_text(st, 1)))
			continue;
		t = &s->target[id];
		t->text = 1;
		t->journaled = sl_is_journaled(sl_db_text(st, 2));
		t->journal_day = (int32_t)sl_day_read(sl_db_text(st, 3));
	}
}

static void
take_receipts_of_first(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT entry, target, receipt FROM delivery"
	    " WHERE state = 'delivered' ORDER BY id",
	    "");
	const struct look look = {.target = true};
	int64_t entry;

	while (sl_db_row(db, st)) {
		entry = sqlite3_column_int64(st, 0);
		if (sl_snap_has_place(entry, s->e_max) &&
		    is_first(s, (uint32_t)entry, sl_db_text(st, 1)))
			take_receipt(
			    s, (uint32_t)entry, sl_db_text(st, 2), &look);
	}
}

/* What was read came from whichever target's row stood first: of those that
 * have several again, of the one that had it first. Few installations have
 * several; texts are not kept of them (the protocol tells of each). */
static void
settle_several(struct sl_db *db, struct sl_snap *s)
{
	struct sl_snap_target *t;
	uint32_t id;

	for (id = 1; id <= s->e_max; id++) {
		t = &s->target[id];
		if (!t->several)
			continue;
		t->text = 0;
		t->journaled = t->case_in_number = false;
		t->journal_day = -1;
	}
	take_posts_of_first(db, s);
	take_receipts_of_first(db, s);
}

/* Another's are not written on. */
static void
begin_deliveries(struct sl_snap *s)
{
	size_t n = s->e_max + 1;

	s->sent_ms = sl_alloc(n * sizeof(*s->sent_ms));
	s->sent_to = sl_alloc(n * sizeof(*s->sent_to));
}

static void
load_targets(struct sl_db *db, struct sl_snap *s, bool texts)
{
	s->target = sl_alloc((s->e_max + 1) * sizeof(*s->target));
	s->target_text.max = (size_t)1 << 30;
	/* Where there is none begins behind it. */
	sl_buf_add(&s->target_text, "", 1);
	load_target(db, s, texts);
}

bool
sl_snap_needs_target(const struct sl_snap *s, unsigned what)
{
	return (what & (SL_SNAP_TARGET | SL_SNAP_JOURNALED | SL_SNAP_CODES)) !=
		   0 &&
	       s->target == NULL;
}

void
sl_snap_targets(struct sl_db *db, unsigned what,
    const struct sl_snap_receipts *receipts, struct sl_snap *s)
{
	bool target = sl_snap_needs_target(s, what);
	const struct look look = {
	    .target =
		target && (what & (SL_SNAP_TARGET | SL_SNAP_JOURNALED)) != 0,
	    .texts = (what & SL_SNAP_TARGET) != 0,
	    .receipts = receipts};

	if (target)
		load_targets(db, s, look.texts);
	if ((what & SL_SNAP_DELIVERIES) != 0 &&
	    (s->sent_ms == NULL || look.target || receipts != NULL)) {
		begin_deliveries(s);
		if (load_deliveries(db, s, &look))
			settle_several(db, s);
	}
}

void
sl_snap_drop_texts(struct sl_snap *s)
{
	sl_buf_free(&s->target_text);
}

void
sl_snap_drop_target(struct sl_snap *s)
{
	free(s->target);
	s->target = NULL;
	sl_buf_free(&s->target_text);
}

void
sl_snap_drop_deliveries(struct sl_snap *s)
{
	free(s->sent_ms);
	free(s->sent_to);
	s->sent_ms = NULL;
	s->sent_to = NULL;
}

bool
sl_snap_seen(const struct sl_snap *s, uint32_t entry, struct sl_buf *room,
    struct sl_snap_seen *ret)
{
	const char *text[TEXTS], *end;
	bool with_case;

	if (s->target == NULL || s->target[entry].text == 0 ||
	    s->target_text.n == 0 || s->target_text.full)
		return false;
	with_case = !s->target[entry].case_in_number;
	sl_tight_read(s->target_text.p + s->target[entry].text,
	    with_case ? TEXTS : CASE, room, text);
	ret->case_number = with_case ? text[CASE] : ret->own_case;
	if (!with_case) {
		end = strrchr(text[NUMBER], '-');
		(void)sl_slice_copy((struct sl_slice){text[NUMBER],
					(uint32_t)(end - text[NUMBER])},
		    ret->own_case, sizeof(ret->own_case));
	}
	ret->status = text[STATUS];
	ret->number = text[NUMBER];
	ret->journal = text[JOURNAL];
	return true;
}

bool
sl_is_journaled(const char *status)
{
	static const char *const names[] = {
	    "J", "E", "A", "Journalført", "Ekspedert", "Arkivert"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], status) == 0)
			return true;
	return false;
}
