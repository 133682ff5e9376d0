/*
 * Mottaksprotokoll: every consignment and entry. No titles, no persons.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../form/form.h"
#include "../store/db.h"
#include "arrivals.h"
#include "runs.h"
#include "snap.h"
#include "words.h"

/* What several targets have of one entry, a column each. */
enum { TARGET, CASE, NUMBER, JOURNAL, STATUS, TOLD };

struct protocol {
	struct sl_rep *r;
	struct sl_snap snap;
	struct sl_buf told[TOLD];
	uint16_t *files; /* by consignment */
	struct sl_buf number, why, seen; /* of the row being made */
	int64_t consignments, entries, replaced, without, documents, pages;
};

static const char *
why(struct protocol *p, const char *reason)
{
	sl_buf_reset(&p->why);
	sl_word_reason(p->r, reason, &p->why);
	return sl_buf_str(&p->why);
}

/* The receipt's, or the target's own journal's where that was read. */
static void
tell_target(struct protocol *p, sqlite3_stmt *st)
{
	char text[TOLD][64] = {""}, seq[24], year[24];
	struct sl_peek want[] = {SL_PEEK("case", text[CASE]),
	    SL_PEEK("number", text[NUMBER]), SL_PEEK("status", text[STATUS]),
	    SL_PEEK("journalsekvensnummer", seq), SL_PEEK("journalaar", year)};
	bool shown = sqlite3_column_type(st, 2) != SQLITE_NULL;
	int i;

	sl_json_peek_all(
	    sl_db_text(st, 1), want, sizeof(want) / sizeof(want[0]));
	sl_db_copy(st, 0, text[TARGET], sizeof(text[TARGET]));
	if (shown) {
		sl_db_copy(st, 2, text[CASE], sizeof(text[CASE]));
		sl_db_copy(st, 3, text[NUMBER], sizeof(text[NUMBER]));
		sl_db_copy(st, 4, text[STATUS], sizeof(text[STATUS]));
		sl_db_copy(st, 5, seq, sizeof(seq));
		sl_db_copy(st, 6, year, sizeof(year));
	}
	if (*seq != '\0' && strcmp(seq, "0") != 0)
		(void)snprintf(
		    text[JOURNAL], sizeof(text[JOURNAL]), "%s/%s", seq, year);
	for (i = 0; i < TOLD; i++)
		sl_buf_printf(&p->told[i], "%s%s",
		    p->told[i].n > 0 ? " | " : "",
		    *text[i] != '\0' ? text[i] : "-");
}

static void
tell_several(struct protocol *p, uint32_t id, struct sl_snap_seen *ret)
{
	struct sl_db *db = sl_store_db(p->r->store);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT d.target, d.receipt, t.case_number, t.number, t.status,"
	    " t.sequence, t.year FROM delivery d JOIN entry e ON e.id = d.entry"
	    " LEFT JOIN target_post t ON t.own_key = e.own_key"
	    " AND t.own_key <> '' AND t.target = d.target"
	    " WHERE d.entry = ?1 GROUP BY d.id ORDER BY d.id",
	    "i", (int64_t)id);
	int i;

	for (i = 0; i < TOLD; i++)
		sl_buf_reset(&p->told[i]);
	while (sl_db_row(db, st))
		tell_target(p, st);
	*ret = (struct sl_snap_seen){.status = sl_buf_str(&p->told[STATUS]),
	    .case_number = sl_buf_str(&p->told[CASE]),
	    .number = sl_buf_str(&p->told[NUMBER]),
	    .journal = sl_buf_str(&p->told[JOURNAL])};
}

static void
give_entry(struct protocol *p, const char *reception, int64_t size, uint32_t id)
{
	const struct sl_snap_entry *e = &p->snap.e[id];
	const struct sl_snap_consignment *c = &p->snap.c[e->consignment];
	struct sl_snap_seen seen;
	const char *reason = p->snap.reason.text[e->reason],
		   *target = p->snap.to.text[p->snap.sent_to[id]];

	sl_buf_reset(&p->number);
	sl_buf_add_str(&p->number, reception);
	sl_buf_add_char(&p->number, '.');
	sl_add_int(&p->number, e->number);
	if (p->snap.target[id].several) {
		tell_several(p, id, &seen);
		target = sl_buf_str(&p->told[TARGET]);
	} else if (!sl_snap_seen(&p->snap, id, &p->seen, &seen))
		seen = (struct sl_snap_seen){.status = "",
		    .case_number = "",
		    .number = "",
		    .journal = ""};
	sl_rep_row(p->r, "sstiiiiwwwtsssss", sl_buf_str(&p->number),
	    p->snap.queue.text[c->queue], c->received_ms,
	    (int64_t)p->files[e->consignment], size, (int64_t)e->documents,
	    (int64_t)p->snap.pages[id], sl_stage_name(e->stage),
	    sl_stage_word(p->r, e->stage), sl_state_slug(e->dispo, e->outcome),
	    sl_state_word(p->r, e->dispo, e->outcome), reason, why(p, reason),
	    p->snap.sent_ms[id], target, seen.case_number, seen.number,
	    seen.journal, seen.status);
	if (e->outcome == SL_OUTCOME_replaced) {
		p->replaced++;
		return;
	}
	p->entries++;
	p->documents += e->documents;
	p->pages += p->snap.pages[id];
}

static void
give_consignment(
    struct protocol *p, const char *reception, int64_t size, uint32_t id)
{
	const struct sl_snap_consignment *c = &p->snap.c[id];
	const char *reason = p->snap.reason.text[c->reason];
	uint32_t e;
	bool counts = false;

	p->consignments++;
	/* Those that another has replaced too: their numbers were given. */
	for (e = c->first_entry; e != 0; e = p->snap.e[e].next) {
		give_entry(p, reception, size, e);
		counts = counts || p->snap.e[e].outcome != SL_OUTCOME_replaced;
	}
	if (counts)
		return;
	p->without++;
	sl_rep_row(p->r, "sstii--www------", reception,
	    p->snap.queue.text[c->queue], c->received_ms, (int64_t)p->files[id],
	    size, sl_stage_name(c->stage), sl_stage_word(p->r, c->stage),
	    sl_state_slug(c->dispo, c->outcome),
	    sl_state_word(p->r, c->dispo, c->outcome), reason, why(p, reason));
}

static void
count_files(struct protocol *p)
{
	uint32_t i, c;

	p->files = sl_alloc((p->snap.c_max + 1) * sizeof(*p->files));
	for (i = 1; i <= p->snap.source_max; i++) {
		c = p->snap.source_consignment[i];
		if (c <= p->snap.c_max && p->files[c] < UINT16_MAX)
			p->files[c]++;
	}
}

/* Entries as the balance counts them. */
static enum sl_rc
say_counts(struct protocol *p, struct sl_err *err)
{
	struct sl_rep *r = p->r;
	struct sl_arrivals refused;
	enum sl_rc rc = sl_arrivals_refused(r, &p->snap, &refused, err);

	sl_rep_fact(r, "consignments", "Forsendelser", "Consignments",
	    "%" PRId64, p->consignments);
	sl_rep_fact(r, "entries", "Poster", "Entries", "%" PRId64, p->entries);
	if (p->without > 0)
		sl_rep_fact(r, "without_entry", "Forsendelser uten post",
		    "Consignments without an entry", "%" PRId64, p->without);
	if (p->replaced > 0)
		sl_rep_fact(r, "replaced", "Poster som er erstattet av andre",
		    "Entries that others replaced", "%" PRId64, p->replaced);
	sl_rep_fact(r, "documents", "Dokumenter", "Documents", "%" PRId64,
	    p->documents);
	sl_rep_fact(r, "pages", "Sider", "Pages", "%" PRId64, p->pages);
	sl_arrivals_tell(&refused, r);
	sl_arrivals_free(&refused);
	return rc;
}

enum sl_rc
sl_rep_mottaksprotokoll(struct sl_rep *r, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(r->store);
	struct protocol p = {.r = r};
	enum sl_rc rc = sl_snap_load(r,
	    SL_SNAP_DOCUMENTS | SL_SNAP_PARTS | SL_SNAP_PAGES |
		SL_SNAP_SOURCES | SL_SNAP_DELIVERIES | SL_SNAP_TARGET,
	    NULL, &p.snap, err);
	sqlite3_stmt *st;
	int64_t id;
	int i;

	if (rc == SL_OK) {
		count_files(&p);
		st = sl_db_query(db,
		    "SELECT id, reception, size FROM consignment ORDER BY id",
		    "");
		while (sl_db_row(db, st)) {
			id = sqlite3_column_int64(st, 0);
			if (id > 0 && id <= p.snap.c_max &&
			    sl_snap_c_in(&p.snap, id))
				give_consignment(&p, sl_db_text(st, 1),
				    sqlite3_column_int64(st, 2), (uint32_t)id);
		}
		rc = sl_db_check(db, err);
		if (rc == SL_OK)
			rc = say_counts(&p, err);
	}
	free(p.files);
	for (i = 0; i < TOLD; i++)
		sl_buf_free(&p.told[i]);
	sl_buf_free(&p.number);
	sl_buf_free(&p.why);
	sl_buf_free(&p.seen);
	sl_snap_free(&p.snap);
	return rc;
}
