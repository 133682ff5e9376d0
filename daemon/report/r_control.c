/*
 * Journalkontroll: the target's journal against ours.
 *
 * Memory: some hashes for each delivery, one for each title of the file. What
 * is found is looked up by itself.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "../form/form.h"
#include "../lists/targetlog.h"
#include "../store/db.h"
#include "idmap.h"
#include "runs.h"
#include "screened.h"
#include "snap.h"
#include "title.h"

#define DAY_MS INT64_C(86400000)
#define DAYS_DEFAULT 3
#define NUMBER_NAME 320 /* bytes of a number and a target's name */

enum finding {
	NOT_JOURNALED,
	NOT_RECEIVED,
	TWICE,
	OTHER_TITLE,
	OTHER_DATE,
	OTHER_RECEIVED,
	OTHER_ATTACHMENTS,
	STILL_M,
	NO_DATE,
	POOR_TITLE,
	SAME_TITLE,
	FNR,
	NOT_SCREENED,
	FINDINGS
};
static const struct {
	const char *slug, *nb, *en;
} words[FINDINGS] = {
    [NOT_JOURNALED] = {"not_journaled", "mottatt, ikke journalført",
	"received, not journaled"},
    [NOT_RECEIVED] = {"not_received", "journalført, ikke mottatt her",
	"journaled, not received here"},
    [TWICE] = {"twice", "registrert to ganger", "registered twice"},
    [OTHER_TITLE] = {"other_title", "annen tittel", "another title"},
    [OTHER_DATE] = {"other_date", "annen dokumentdato",
	"another document date"},
    [OTHER_RECEIVED] = {"other_received", "annen mottattdato",
	"another date of reception"},
    [OTHER_ATTACHMENTS] = {"other_attachments", "annet antall vedlegg",
	"another number of attachments"},
    [STILL_M] = {"still_m", "fortsatt midlertidig (M)", "still temporary (M)"},
    [NO_DATE] = {"no_date", "uten dokumentdato", "no document date"},
    [POOR_TITLE] = {"poor_title", "svak tittel", "poor title"},
    [SAME_TITLE] = {"same_title", "lik tittel i samme sak",
	"same title in the case"},
    [FNR] = {"fnr", "fødselsnummer", "national identity number"},
    [NOT_SCREENED] = {"not_screened", "ikke skjermet", "not screened"},
};

struct control {
	struct sl_rep *r;
	struct sl_snap snap;
	struct sl_idmap number; /* entries by target and number there */
	uint8_t *seen; /* by entry: in which target last */
	uint8_t target; /* which it is now, from 1; files: 1 */
	uint64_t *title; /* set of hashes */
	size_t titles, title_slots;
	struct sl_screened screened;
	int64_t from_day, to_day; /* of all files */
	int64_t today, posts, public_posts, matched, outside, waiting;
	int64_t found[FINDINGS];
	int days;
	bool running; /* a running journal was read */
	bool by_key; /* posts are found by our key */
};

/* -- our deliveries ----------------------------------------------------- */

/* The target's number of a receipt: registreringsID, else its number in the
 * journal. */
static bool
receipt_number(const char *receipt, char *out, size_t cap)
{
	char seq[24], year[24];

	if (sl_json_peek(receipt, "number", out, cap) && out[0] != '\0')
		return true;
	if (!sl_json_peek(receipt, "journalsekvensnummer", seq, sizeof(seq)) ||
	    !sl_json_peek(receipt, "journalaar", year, sizeof(year)))
		return false;
	(void)snprintf(out, cap, "%s/%s", seq, year);
	return true;
}

/* What another target has under the same number is another post. */
static void
name_number(const char *target, const char *number, char *out, size_t cap)
{
	(void)snprintf(out, cap, "%s\n%s", number, target);
}

static void
add_number(
    struct control *k, uint32_t entry, const char *target, const char *receipt)
{
	char number[64], name[NUMBER_NAME];

	if (!receipt_number(receipt, number, sizeof(number)))
		return;
	name_number(target, number, name, sizeof(name));
	sl_idmap_add(&k->number, name, entry);
}

/* A file does not tell of which target it is. */
static void
take_receipt(void *arg, uint32_t entry, const char *receipt)
{
	struct control *k = arg;

	if (k->number.slots == 0)
		sl_idmap_begin(&k->number, k->snap.e_max);
	add_number(k, entry, "", receipt);
}

/* Title, dates and access code. Few have the last; a walk for what is not there
 * goes to the end. */
static void
peek_post(const char *post, struct sl_peek want[4])
{
	sl_json_peek_all(
	    post, want, strstr(post, "\"tilgangskode\"") != NULL ? 4 : 3);
}

struct ours {
	char reception[48], number[64], status[32], title[1024], date[40],
	    received[40], access[32];
};

/* Only what it is called. */
static void
read_reception(const struct control *k, uint32_t entry, struct ours *o)
{
	const struct sl_snap_entry *e = &k->snap.e[entry];
	size_t n;

	(void)sl_snap_reception(
	    k->r, &k->snap, e->consignment, o->reception, sizeof(o->reception));
	n = strlen(o->reception);
	(void)snprintf(
	    o->reception + n, sizeof(o->reception) - n, ".%u", e->number);
}

/* What was sent. */
static void
read_sent(const struct control *k, uint32_t entry, struct ours *o)
{
	struct sl_db *db = sl_store_db(k->r->store);
	sqlite3_stmt *st = sl_db_query(
	    db, "SELECT post FROM entry WHERE id = ?1", "i", (int64_t)entry);
	struct sl_peek want[] = {SL_PEEK("tittel", o->title),
	    SL_PEEK("dokumentetsDato", o->date),
	    SL_PEEK("mottattDato", o->received),
	    SL_PEEK("tilgangskode", o->access)};

	if (!sl_db_row(db, st))
		return;
	peek_post(sl_db_text(st, 0), want);
	sl_db_done(st);
}

/* What the target answered. */
static void
read_answer(const struct control *k, uint32_t entry, struct ours *o)
{
	struct sl_db *db = sl_store_db(k->r->store);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT receipt FROM delivery WHERE entry = ?1"
	    " AND state = 'delivered' ORDER BY id",
	    "i", (int64_t)entry);
	const char *receipt;

	if (!sl_db_row(db, st))
		return;
	receipt = sl_db_text(st, 0);
	(void)sl_json_peek(receipt, "status", o->status, sizeof(o->status));
	(void)receipt_number(receipt, o->number, sizeof(o->number));
	sl_db_done(st);
}

static uint32_t
find_number(const struct control *k, const char *target, const char *number)
{
	char name[NUMBER_NAME];

	if (number[0] == '\0')
		return 0;
	name_number(target, number, name, sizeof(name));
	return sl_idmap_find(&k->number, name);
}

/* The entry with the target's number: as our receipt says, so it finds none
 * that was moved to another case since. target: "" of a file. 0: none. */
static uint32_t
find_by_number(
    const struct control *k, const char *target, const struct sl_tlog_post *p)
{
	uint32_t entry = find_number(k, target, p->number);

	return entry != 0 ? entry : find_number(k, target, p->journal);
}

/* -- findings ----------------------------------------------------------- */

static int64_t
day_noon(int64_t day)
{
	return day < 0 ? 0 : day * DAY_MS + DAY_MS / 2;
}

static bool
has_fnr(const char *s)
{
	size_t at, n;

	return sl_find_fnr(s, strlen(s), &at, &n);
}

/* A text that goes out; identity numbers in it do not. */
static const char *
safe(const char *s)
{
	return has_fnr(s) ? "…" : s;
}

/* Does the finding show what was sent? */
static bool
tells_ours(enum finding f)
{
	return f == OTHER_TITLE || f == NOT_JOURNALED || f == POOR_TITLE ||
	       f == OTHER_DATE || f == OTHER_RECEIVED || f == NO_DATE ||
	       f == NOT_SCREENED;
}

static void
tell(struct control *k, enum finding f, const struct sl_tlog_post *p,
    uint32_t entry, const char *there)
{
	struct ours o = {0};
	const char *here = "";
	char day[16];

	k->found[f]++;
	if (entry != 0)
		read_reception(k, entry, &o);
	if (entry != 0 && tells_ours(f))
		read_sent(k, entry, &o);
	if (entry != 0 && p == NULL)
		read_answer(k, entry, &o);
	if (f == OTHER_TITLE || f == NOT_JOURNALED || f == POOR_TITLE)
		here = safe(o.title);
	else if (f == OTHER_DATE || f == NO_DATE)
		here = o.date;
	else if (f == OTHER_RECEIVED) {
		sl_day_write(sl_day_read(o.received), day, sizeof(day));
		here = day;
	} else if (f == NOT_SCREENED)
		here = o.access;
	else if (f == OTHER_ATTACHMENTS) {
		(void)snprintf(
		    day, sizeof(day), "%d", k->snap.e[entry].documents - 1);
		here = day;
	}
	sl_rep_row(k->r, "wsssdss", words[f].slug,
	    sl_rep_say(k->r, words[f].nb, words[f].en),
	    p != NULL ? (p->number[0] != '\0' ? p->number : p->journal)
		      : o.number,
	    p != NULL ? p->case_number : "", o.reception,
	    p != NULL ? day_noon(p->journal_day) : 0, here,
	    p != NULL ? there : o.status);
}

static bool title_add(struct control *k, uint64_t h);

/* Room for one of each entry from the start: a set that grows lies in memory
 * twice. */
static void
grow_titles(struct control *k)
{
	uint64_t *old = k->title;
	size_t slots = k->title_slots, i;

	k->title_slots = slots == 0 ? k->snap.e_max + k->snap.e_max / 3 + 4096
				    : slots + slots / 2;
	k->title = sl_alloc(k->title_slots * sizeof(*k->title));
	k->titles = 0;
	for (i = 0; i < slots; i++)
		if (old[i] != 0)
			(void)title_add(k, old[i]);
	free(old);
}

/* False: it was there before. */
static bool
title_add(struct control *k, uint64_t h)
{
	size_t at;

	if (k->titles >= k->title_slots / 4 * 3)
		grow_titles(k);
	at = (size_t)((h >> 32) * k->title_slots >> 32);
	for (; k->title[at] != 0; at = at + 1 < k->title_slots ? at + 1 : 0)
		if (k->title[at] == h)
			return false;
	k->title[at] = h;
	k->titles++;
	return true;
}

static bool
title_is_new(
    struct control *k, const struct sl_tlog_post *p, const char *folded)
{
	return folded[0] == '\0' || p->case_number[0] == '\0' ||
	       title_add(k, sl_title_mix(p->case_number, folded) ^
				(p->public ? 1u : 0u));
}

/* -- one post of the target ---------------------------------------------- */

static const char *
title_of(const struct sl_tlog_post *p)
{
	return p->title[0] != '\0' && !p->public ? p->title : p->public_title;
}

static void
check_public(struct control *k, const struct sl_tlog_post *p, uint32_t entry)
{
	const char *out = p->public_title;
	char folded[SL_TITLE_MAX];

	if (has_fnr(out))
		tell(k, FNR, p, entry,
		    sl_rep_say(
			k->r, "i offentlig tittel", "in the public title"));
	if (!p->public)
		return;
	if (has_fnr(p->party))
		tell(k, FNR, p, entry,
		    sl_rep_say(k->r, "i navnet", "in the name"));
	sl_title_fold(out, folded, sizeof(folded));
	if (sl_screened_shows(&k->screened, p) ||
	    (entry != 0 && k->snap.sent[entry].access != 0 &&
		strchr(out, '*') == NULL && p->restriction[0] == '\0' &&
		sl_title_hash(folded) == k->snap.sent[entry].title))
		tell(k, NOT_SCREENED, p, entry, safe(out));
}

static void
check_quality(struct control *k, const struct sl_tlog_post *p,
    const char *folded, uint32_t entry)
{
	if (!p->public && has_fnr(p->title))
		tell(k, FNR, p, entry,
		    sl_rep_say(k->r, "i tittelen", "in the title"));
	if (p->has_document_day && p->document_day < 0)
		tell(k, NO_DATE, p, entry, "");
	if (sl_title_is_poor(folded))
		tell(k, POOR_TITLE, p, entry, safe(title_of(p)));
	if (!title_is_new(k, p, folded))
		tell(k, SAME_TITLE, p, entry, safe(title_of(p)));
}

static void
compare(struct control *k, const struct sl_tlog_post *p, const char *folded,
    uint32_t entry)
{
	const struct sl_snap_entry *e = &k->snap.e[entry];
	const struct sl_snap_sent *s = &k->snap.sent[entry];
	char there[32];

	if (!p->public && s->title != 0 && sl_title_hash(folded) != s->title)
		tell(k, OTHER_TITLE, p, entry, safe(p->title));
	if (s->document_day >= 0 && p->document_day >= 0 &&
	    p->document_day != s->document_day) {
		sl_day_write(p->document_day, there, sizeof(there));
		tell(k, OTHER_DATE, p, entry, there);
	}
	if (s->received_day >= 0 && p->received_day >= 0 &&
	    p->received_day != s->received_day) {
		sl_day_write(p->received_day, there, sizeof(there));
		tell(k, OTHER_RECEIVED, p, entry, there);
	}
	if (p->attachments >= 0 && e->documents > 0 &&
	    p->attachments != e->documents - 1) {
		(void)snprintf(there, sizeof(there), "%d", p->attachments);
		tell(k, OTHER_ATTACHMENTS, p, entry, there);
	}
}

static bool
is_temporary(const char *status)
{
	return strcmp(status, "M") == 0 || strcmp(status, "S") == 0 ||
	       strncmp(status, "Midlertidig", 11) == 0;
}

/* Historic paper stays temporary, and so out of every journal. */
static bool
is_historic(const struct control *k, uint32_t entry)
{
	const struct sl_snap *s = &k->snap;
	const struct sl_queue_config *q = sl_config_queue(
	    k->r->cfg, s->queue.text[s->c[s->e[entry].consignment].queue]);

	return q != NULL && q->kind == SL_QUEUE_HISTORIC;
}

/* Of the period and queue: what is known here as it was received here; what is
 * not, by the day that the journal tells, and of no queue. */
static bool
is_asked(const struct control *k, int64_t since, uint32_t entry)
{
	if (entry != 0)
		return sl_snap_c_in(&k->snap, k->snap.e[entry].consignment);
	return k->r->opt->queue == NULL &&
	       (since < 0 || (day_noon(since) >= k->snap.from_ms &&
				 day_noon(since) < k->snap.to_ms));
}

/* entry: ours, where it is known already. */
static void
check_post(struct control *k, const struct sl_tlog_post *p, uint32_t entry)
{
	int64_t since = p->received_day >= 0 ? p->received_day : p->journal_day;
	/* A public journal beside the running one: the same posts again. */
	bool again = p->public && k->running;
	char folded[SL_TITLE_MAX];

	if (again)
		k->public_posts++;
	else
		k->posts++;
	k->running = k->running || !p->public;
	if (p->journal_day >= 0) {
		if (k->from_day < 0 || p->journal_day < k->from_day)
			k->from_day = p->journal_day;
		if (p->journal_day > k->to_day)
			k->to_day = p->journal_day;
	}
	if (k->r->opt->files > 0)
		sl_screened_keep(&k->screened, p);
	sl_title_fold(title_of(p), folded, sizeof(folded));
	if (!is_asked(k, since, entry)) {
		if (!again) {
			k->outside++;
			/* The next may have the same. */
			(void)title_is_new(k, p, folded);
		}
		if (entry != 0)
			k->seen[entry] = k->target;
		return;
	}
	if (entry != 0) {
		k->matched += k->seen[entry] == 0;
		if (k->by_key && k->seen[entry] == k->target)
			tell(k, TWICE, p, entry, safe(title_of(p)));
		k->seen[entry] = k->target;
		compare(k, p, folded, entry);
	} else if (p->incoming && !again) {
		tell(k, NOT_RECEIVED, p, 0, safe(title_of(p)));
	}
	if (is_temporary(p->status) && since >= 0 &&
	    sl_working_days(since, k->today) > k->days &&
	    !(entry != 0 && is_historic(k, entry)))
		tell(k, STILL_M, p, entry, p->status);
	/* A title that is not there was erased here, not in the target. */
	if (!again && (k->r->opt->files > 0 || p->title[0] != '\0'))
		check_quality(k, p, folded, entry);
	check_public(k, p, entry);
}

/* Files do not tell our key. */
static enum sl_rc
take_post(void *arg, const struct sl_tlog_post *p, struct sl_err *err)
{
	(void)err;
	check_post(arg, p, find_by_number(arg, "", p));
	return SL_OK;
}

/* -- what the journal does not have -------------------------------------- */

/* When its target had it; 0: not yet. Few are asked for: by themselves, unless
 * all were read anyway. */
static int64_t
sent_at(const struct control *k, uint32_t entry)
{
	if (k->snap.sent_ms != NULL)
		return k->snap.sent_ms[entry];
	return sl_db_int(sl_store_db(k->r->store), 0,
	    "SELECT changed_ms FROM delivery WHERE entry = ?1"
	    " AND state = 'delivered' ORDER BY id",
	    "i", (int64_t)entry);
}

static void
look_for_missing(struct control *k)
{
	const struct sl_snap *s = &k->snap;
	int64_t day, sent;
	uint32_t id;

	for (id = 1; id <= s->e_max; id++) {
		if (!sl_snap_e_in(s, id) || k->seen[id] != 0 ||
		    sl_standing_of(s->e[id].dispo, s->e[id].outcome) !=
			SL_STANDS_TRANSFERRED)
			continue;
		sent = sent_at(k, id);
		if (sent == 0 || is_historic(k, id))
			continue;
		day = sl_day_of(sent);
		/* What came after the file's end cannot be in it. */
		if (k->to_day >= 0 && day > k->to_day)
			continue;
		if (k->from_day >= 0 && day < k->from_day)
			continue;
		if (sl_working_days(day, k->today) <= k->days) {
			k->waiting++;
			continue;
		}
		tell(k, NOT_JOURNALED, NULL, id, "");
	}
}

static void
take_columns(sqlite3_stmt *st, struct sl_tlog_post *p)
{
	memset(p, 0, sizeof(*p));
	sl_db_copy(st, 0, p->number, sizeof(p->number));
	sl_db_copy(st, 1, p->case_number, sizeof(p->case_number));
	if (p->number[0] == '\0')
		sl_tlog_journal(p, sl_db_text(st, 3), sl_db_text(st, 2));
	sl_db_copy(st, 4, p->type, sizeof(p->type));
	sl_db_copy(st, 5, p->status, sizeof(p->status));
	sl_db_copy(st, 6, p->title, sizeof(p->title));
	sl_db_copy(st, 7, p->public_title, sizeof(p->public_title));
	sl_db_copy(st, 8, p->restriction, sizeof(p->restriction));
	p->received_day = sl_day_read(sl_db_text(st, 9));
	p->document_day = sl_day_read(sl_db_text(st, 10));
	p->journal_day = sl_day_read(sl_db_text(st, 11));
	p->attachments = sqlite3_column_int(st, 12);
	p->incoming = strcmp(p->type, "I") == 0;
	p->has_document_day = true;
	p->has_public_title = p->public_title[0] != '\0';
}

/* When which target's journal was read last; result: how many were. */
static size_t
say_read(struct control *k)
{
	struct sl_db *db = sl_store_db(k->r->store);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT substr(key, length(?1) + 1), CAST(value AS INTEGER)"
	    " FROM meta WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
	    "s", SL_STORE_JOURNAL_READ);
	SL_BUF struct sl_buf when = {0};
	size_t n = 0;

	for (; sl_db_row(db, st); n++) {
		sl_buf_reset(&when);
		sl_out_add_time(k->r->out, &when, sqlite3_column_int64(st, 1));
		sl_rep_fact(k->r, "journal_read", "Målets journal lest",
		    "The target's journal read", "%s, %s", sl_db_text(st, 0),
		    sl_buf_str(&when));
	}
	return n;
}

/* An entry has one in each of its targets. */
static enum sl_rc
load_numbers(struct control *k, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(k->r->store);
	int64_t entry,
	    n = sl_db_int(db, 0, "SELECT count(*) FROM delivery", "");
	sqlite3_stmt *st;

	if (n >= SL_IDMAP_MAX)
		return sl_err_set(err, SL_FATAL, 0, "limit_members",
		    "the database holds more deliveries than a report can "
		    "count");
	sl_idmap_begin(&k->number, (size_t)n);
	st = sl_db_query(db,
	    "SELECT entry, receipt, target FROM delivery"
	    " WHERE state = 'delivered' ORDER BY id",
	    "");
	while (sl_db_row(db, st)) {
		entry = sqlite3_column_int64(st, 0);
		if (entry > 0 && entry <= k->snap.e_max &&
		    k->snap.e[entry].there)
			add_number(k, (uint32_t)entry, sl_db_text(st, 2),
			    sl_db_text(st, 1));
	}
	return SL_OK;
}

/* Of a post without our key. Where the entry's own post is there with it, the
 * number was given to another since that was moved. */
static uint32_t
find_keyless(
    struct control *k, const char *target, const struct sl_tlog_post *p)
{
	uint32_t entry = find_by_number(k, target, p);

	if (entry != 0 && k->seen[entry] != 0 &&
	    sl_db_int(sl_store_db(k->r->store), 0,
		"SELECT 1 FROM entry e JOIN target_post t"
		" ON t.own_key = e.own_key AND t.own_key <> ''"
		" WHERE e.id = ?1 AND t.target = ?2 LIMIT 1",
		"is", (int64_t)entry, target) != 0)
		return 0;
	return entry;
}

/* The posts that are found by our key, or the others; result: how many were
 * left for another time. */
static int64_t
read_posts(struct control *k, bool by_key)
{
	struct sl_db *db = sl_store_db(k->r->store);
	struct sl_tlog_post *p = sl_alloc(sizeof(*p));
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT number, case_number, year, sequence, type, status, title,"
	    " public_title, access, received, document_date, journal_date,"
	    " attachments, own_key, target FROM target_post"
	    " ORDER BY target, target_key",
	    "");
	char target[128] = "";
	int64_t left = 0;
	const char *key;
	uint32_t entry;

	k->by_key = by_key;
	while (sl_db_row(db, st)) {
		if (strcmp(target, sl_db_text(st, 14)) != 0) {
			sl_db_copy(st, 14, target, sizeof(target));
			k->target++;
		}
		key = sl_db_text(st, 13);
		entry = *key != '\0' ? sl_idmap_find(&k->snap.keys, key) : 0;
		if ((entry != 0) != by_key) {
			left++;
			continue;
		}
		take_columns(st, p);
		check_post(k, p,
		    by_key ? entry : find_keyless(k, sl_db_text(st, 14), p));
	}
	free(p);
	return left;
}

/* No file: what sluse-push has read of the target's journal. */
static enum sl_rc
read_table(struct control *k, struct sl_err *err)
{
	if (read_posts(k, true) > 0) {
		if (load_numbers(k, err) != SL_OK)
			return SL_FATAL;
		(void)read_posts(k, false);
	}
	if (say_read(k) == 0 && k->posts == 0)
		return sl_err_set(err, SL_REJECT, 0, "bad_option",
		    "no target's journal has been read here: give a file");
	return sl_db_check(sl_store_db(k->r->store), err);
}

static enum sl_rc
read_files(struct control *k, struct sl_err *err)
{
	struct sl_targetlog_period period;
	enum sl_rc rc = SL_OK;
	int i;

	for (i = 0; rc == SL_OK && i < k->r->opt->files; i++) {
		rc = sl_targetlog_read(
		    k->r->opt->file[i], take_post, k, &period, err);
		if (period.from_day >= 0 &&
		    (k->from_day < 0 || period.from_day < k->from_day))
			k->from_day = period.from_day;
		if (period.to_day > k->to_day)
			k->to_day = period.to_day;
	}
	return rc;
}

static void
say_counts(struct control *k)
{
	char key[64];
	int f;

	sl_rep_fact(k->r, "posts", "Poster i journalen", "Posts in the journal",
	    "%" PRId64, k->posts);
	if (k->public_posts > 0)
		sl_rep_fact(k->r, "public_posts",
		    "Poster i den offentlige journalen ved siden av",
		    "Posts in the public journal beside it", "%" PRId64,
		    k->public_posts);
	sl_rep_fact(k->r, "matched", "Av disse mottatt her",
	    "Of these received here", "%" PRId64, k->matched);
	if (k->outside > 0)
		sl_rep_fact(k->r, "outside",
		    "Av en annen periode eller kø, ikke kontrollert",
		    "Of another period or queue, not looked at", "%" PRId64,
		    k->outside);
	sl_rep_fact(k->r, "waiting", "Overført, innen fristen",
	    "Transferred, within the limit", "%" PRId64, k->waiting);
	if (k->screened.left_out > 0)
		sl_rep_fact(k->r, "not_looked_for",
		    "Poster hvis skjermede ord det ikke ble lett etter (for "
		    "mange)",
		    "Posts whose screened words were not looked for (too many)",
		    "%" PRId64, k->screened.left_out);
	sl_rep_fact(k->r, "days", "Frist, arbeidsdager", "Limit, working days",
	    "%d", k->days);
	for (f = 0; f < FINDINGS; f++) {
		(void)snprintf(key, sizeof(key), "found_%s", words[f].slug);
		sl_rep_fact(k->r, key, words[f].nb, words[f].en, "%" PRId64,
		    k->found[f]);
	}
}

enum sl_rc
sl_rep_journalkontroll(struct sl_rep *r, struct sl_err *err)
{
	struct control k = {.r = r,
	    .from_day = -1,
	    .to_day = -1,
	    .today = sl_day_of(r->now_ms),
	    .target = 1,
	    .days = r->opt->days >= 0 ? r->opt->days : DAYS_DEFAULT};
	const struct sl_snap_receipts receipts = {take_receipt, &k};
	bool files = r->opt->files > 0;
	/* The table tells our keys: receipts are read only where it does not.
	 */
	enum sl_rc rc = sl_snap_load(r,
	    SL_SNAP_DOCUMENTS | SL_SNAP_SENT | SL_SNAP_RECEPTIONS |
		(files ? SL_SNAP_DELIVERIES : SL_SNAP_KEYS),
	    files ? &receipts : NULL, &k.snap, err);

	if (rc == SL_OK) {
		k.seen = sl_alloc(k.snap.e_max + 1);
		rc = files ? read_files(&k, err) : read_table(&k, err);
	}
	if (rc == SL_OK) {
		look_for_missing(&k);
		say_counts(&k);
	}
	sl_screened_free(&k.screened);
	sl_idmap_free(&k.number);
	free(k.seen);
	free(k.title);
	sl_snap_free(&k.snap);
	return rc;
}
