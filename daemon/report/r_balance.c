/*
 * Mottaksbalanse: each consignment, entry, file and page stands in exactly one
 * column. Columns are counted by the rows, the totals of consignments and
 * entries by the sporingslogg and the numbers drawn (arrivals.h), those of
 * files and pages by what its events tell (second.h): what went missing or was
 * made up is the remainder. Where a list says what lay in a mailbox the balance
 * begins there, with its UIDs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/deadline.h"
#include "../lists/control.h"
#include "../store/db.h"
#include "arrivals.h"
#include "mailmatch.h"
#include "packages.h"
#include "runs.h"
#include "second.h"
#include "snap.h"

#define PAGES_MOST INT64_C(1000000000) /* of one part */

enum unit { MAILBOX, CONSIGNMENTS, ENTRIES, RECEIVED, FILES, PAGES, UNITS };
enum { IGNORED = SL_STANDINGS, TOTAL, CELLS };

struct tally {
	int64_t n[CELLS];
};
struct balance {
	struct sl_rep *r;
	struct sl_snap snap;
	struct sl_arrivals arrivals;
	struct sl_second second;
	struct tally (*queue)[UNITS]; /* by queue's number */
	int64_t (*control)[UNITS]; /* -1: not said */
	struct sl_control_sheet sheet;
	uint8_t *has_parts; /* by consignment */
	int64_t ignored[SL_PART_SKIPPED + 1]; /* by role */
	int64_t without; /* consignments with no entry that counts */
	int64_t replaced; /* entries */
	int64_t closed; /* members that did not open; not among the skipped */
	struct sl_packages packages;
	struct sl_mailmatch mail; /* where the sheet is of a mailbox */
};

static enum sl_second_unit
second_of(enum unit u)
{
	return u == RECEIVED ? SL_SECOND_RECEIVED
	       : u == FILES  ? SL_SECOND_FILES
			     : SL_SECOND_PAGES;
}

static void
add(struct balance *b, unsigned queue, enum unit u, int cell, int64_t n)
{
	b->queue[queue][u].n[cell] += n;
	b->queue[queue][u].n[TOTAL] += n;
}

/* What has a row; the total is that of the log, where it tells. */
static void
add_row(
    struct balance *b, uint32_t consignment, enum unit u, int cell, int64_t n)
{
	int64_t *to = b->queue[b->snap.c[consignment].queue][u].n;

	if (cell >= 0)
		to[cell] += n;
	if (!sl_second_meet(&b->second, consignment, second_of(u), n))
		to[TOTAL] += n;
}

/* The standing of a consignment: its own while it has no entries, else that of
 * the entry that is least far. */
static enum sl_standing
standing_of_consignment(const struct sl_snap *s, uint32_t id)
{
	static const enum sl_standing order[] = {SL_STANDS_STOPPED,
	    SL_STANDS_HELD, SL_STANDS_DEFERRED, SL_STANDS_UNDER_WAY,
	    SL_STANDS_CLOSED, SL_STANDS_DUPLICATE, SL_STANDS_TRANSFERRED};
	bool seen[SL_STANDINGS] = {false};
	const struct sl_snap_consignment *c = &s->c[id];
	int64_t at = -1;
	size_t i;

	while (sl_snap_next(s, id, &at)) {
		if (at == 0)
			return sl_standing_of(c->dispo, c->outcome);
		seen[sl_standing_of(s->e[at].dispo, s->e[at].outcome)] = true;
	}
	for (i = 0; i < SL_STANDINGS && !seen[order[i]]; i++)
		;
	return i < SL_STANDINGS ? order[i] : SL_STANDS_UNDER_WAY;
}

static void
count_entries(struct balance *b, uint32_t consignment)
{
	const struct sl_snap *s = &b->snap;
	int64_t *n, at = -1;

	while (sl_snap_next(s, consignment, &at)) {
		if (at == 0) {
			b->without++;
			return;
		}
		n = b->queue[s->c[consignment].queue][ENTRIES].n;
		n[sl_standing_of(s->e[at].dispo, s->e[at].outcome)]++;
		n[TOTAL] += b->arrivals.e[at];
	}
}

static void
count_items(struct balance *b)
{
	const struct sl_snap *s = &b->snap;
	int64_t *n;
	uint32_t id;
	size_t q;

	for (id = 1; id <= s->c_max; id++) {
		if (!sl_snap_c_in(s, id))
			continue;
		n = b->queue[s->c[id].queue][CONSIGNMENTS].n;
		n[standing_of_consignment(s, id)]++;
		n[TOTAL] += b->arrivals.c[id] == 1;
		count_entries(b, id);
	}
	for (id = 1; id <= s->e_max; id++)
		b->replaced += s->e[id].there &&
			       sl_snap_c_in(s, s->e[id].consignment) &&
			       s->e[id].outcome == SL_OUTCOME_replaced;
	for (q = 0; q < b->arrivals.lost_n; q++) {
		const struct sl_arrivals_lost *lost = &b->arrivals.lost[q];

		b->queue[q][CONSIGNMENTS].n[TOTAL] += lost->consignments;
		b->queue[q][ENTRIES].n[TOTAL] += lost->entries;
		add(b, (unsigned)q, RECEIVED, SL_STANDS_STOPPED, lost->refused);
		add(b, (unsigned)q, RECEIVED, IGNORED, lost->left);
	}
}

/* What the log tells of what has a row, and of what has none. */
static void
count_told(struct balance *b)
{
	static const enum unit units[] = {RECEIVED, FILES, PAGES};
	const struct sl_snap *s = &b->snap;
	uint32_t id;
	size_t i, u;

	for (u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		enum sl_second_unit of = second_of(units[u]);

		for (id = 1; id <= s->c_max; id++)
			if (sl_snap_c_in(s, id))
				b->queue[s->c[id].queue][units[u]].n[TOTAL] +=
				    sl_second_count(&b->second, id, of);
		for (i = 0; i < b->second.lost_n; i++)
			b->queue[b->second.lost[i].queue][units[u]].n[TOTAL] +=
			    b->second.lost[i].n[of];
	}
}

struct part {
	uint32_t id, consignment;
	unsigned role;
	int64_t pages;
	bool document, closed;
};

static void
count_part(struct balance *b, const struct part *p)
{
	const struct sl_snap *s = &b->snap;
	const struct sl_snap_consignment *c = &s->c[p->consignment];
	uint32_t entry = s->part_entry[p->id];
	int64_t first = -1;
	int cell;

	if (p->role == SL_PART_CONTAINER && !p->document)
		return; /* by what lies in it, though it may go along */
	if (entry != 0)
		cell =
		    (int)sl_standing_of(s->e[entry].dispo, s->e[entry].outcome);
	else if (!p->document)
		cell = IGNORED;
	else if (sl_snap_next(s, p->consignment, &first) && first == 0)
		cell = (int)sl_standing_of(c->dispo, c->outcome);
	else
		cell = -1;
	if (cell == IGNORED && p->closed)
		b->closed++;
	else if (cell == IGNORED && p->role <= SL_PART_SKIPPED)
		b->ignored[p->role]++;
	add_row(b, p->consignment, FILES, cell, 1);
	add_row(b, p->consignment, PAGES, cell, p->pages);
}

/* A row that was made by hand may say anything; so much that sums hold it. */
static int64_t
pages_of(sqlite3_stmt *st, int col)
{
	int64_t n = sqlite3_column_int64(st, col);

	return n > PAGES_MOST ? PAGES_MOST : n < -PAGES_MOST ? -PAGES_MOST : n;
}

/* Of any day: what lay there on the last came on the next. */
static void
give_match(struct balance *b, sqlite3_stmt *st, const struct part *p)
{
	if (sl_mime_is_message(sl_db_text(st, 4)))
		sl_mailmatch_part(
		    &b->mail, &(struct sl_mailmatch_part){.part = p->id,
				  .consignment = p->consignment,
				  .inside = sqlite3_column_int64(st, 7) != 0,
				  .closed = *sl_db_text(st, 5) != '\0'});
	if (sqlite3_column_int(st, 6) != 0)
		sl_mailmatch_package(&b->mail, p->consignment);
}

static void
count_parts(struct balance *b)
{
	struct sl_db *db = sl_store_db(b->r->store);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT id, source, role, pages, mime, reason,"
	    " describes <> '', number FROM part",
	    "");
	struct part p;
	int64_t id, source;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		source = sqlite3_column_int64(st, 1);
		if (id <= 0 || id > b->snap.part_max || source <= 0 ||
		    source > b->snap.source_max)
			continue;
		p.id = (uint32_t)id;
		p.consignment = b->snap.source_consignment[source];
		if (p.consignment == 0 || p.consignment > b->snap.c_max)
			continue;
		b->has_parts[p.consignment] = 1;
		if (b->sheet.mail.there)
			give_match(b, st, &p);
		if (!sl_snap_c_in(&b->snap, p.consignment))
			continue;
		if (sqlite3_column_int(st, 6) != 0)
			sl_packages_note(&b->packages, p.id, p.consignment);
		p.role = (unsigned)sqlite3_column_int(st, 2);
		p.pages = pages_of(st, 3);
		p.closed =
		    p.role == SL_PART_SKIPPED && *sl_db_text(st, 5) != '\0';
		p.document = sl_part_is_document(
		    p.role, sl_db_text(st, 4), sl_db_text(st, 5));
		count_part(b, &p);
	}
}

/* Files as they came through the door, which is what a sheet counts. What was
 * never opened counts by them among the files too. */
static void
count_sources(struct balance *b)
{
	const struct sl_snap *s = &b->snap;
	uint32_t i, c;

	for (i = 1; i <= s->source_max; i++) {
		c = s->source_consignment[i];
		if (c == 0 || c > s->c_max || !sl_snap_c_in(s, c))
			continue;
		add_row(b, c, RECEIVED, (int)standing_of_consignment(s, c), 1);
		if (b->has_parts[c] == 0 &&
		    !sl_second_told(&b->second, c, SL_SECOND_FILES))
			add(b, s->c[c].queue, FILES,
			    (int)sl_standing_of(s->c[c].dispo, s->c[c].outcome),
			    1);
	}
}

/* Of the period and queue that is asked for. */
static bool
is_asked(const struct sl_rep *r, const char *queue, int64_t day)
{
	return (r->opt->from == NULL || day >= sl_day_of(r->from_ms)) &&
	       (r->opt->to == NULL || day <= sl_day_of(r->to_ms - 1)) &&
	       (r->opt->queue == NULL || strcmp(r->opt->queue, queue) == 0);
}

static enum sl_rc
add_queue(struct balance *b, const char *queue, struct sl_err *err)
{
	size_t known = b->snap.queue.n;

	if (sl_names_add(&b->snap.queue, queue) == 0)
		return sl_err_set(err, SL_BROKEN, 0, "damaged",
		    "the control totals name too many queues");
	if (b->snap.queue.n > known)
		sl_control_stranger(&b->sheet, queue);
	return SL_OK;
}

/* A queue that nothing came to is not known here: it gets a row all the same,
 * for all that was sent to it is missing. */
static enum sl_rc
read_sheet(struct balance *b, struct sl_err *err)
{
	enum sl_rc rc = sl_control_read(
	    b->r->opt->control, b->r->opt->list_queue, &b->sheet, err);
	const struct sl_control_row *row = b->sheet.row;
	struct sl_mail_line *l = b->sheet.mail.line;
	const char *queue;
	size_t i;

	for (i = 0; rc == SL_OK && i < b->sheet.n; i++)
		if (is_asked(b->r, row[i].queue, row[i].day))
			rc = add_queue(b, row[i].queue, err);
	for (i = 0; rc == SL_OK && i < b->sheet.mail.n; i++) {
		queue = b->sheet.mail.queue.text[l[i].queue];
		l[i].asked = is_asked(b->r, queue, l[i].day);
		if (l[i].asked)
			rc = add_queue(b, queue, err);
	}
	sl_rep_strangers(b->r, &b->sheet);
	return rc;
}

static void
count_control(struct balance *b)
{
	int64_t n[UNITS];
	size_t i, u;
	unsigned q;

	for (i = 0; i < b->sheet.n; i++) {
		const struct sl_control_row *row = &b->sheet.row[i];

		if (!is_asked(b->r, row->queue, row->day))
			continue;
		q = sl_names_add(&b->snap.queue, row->queue);
		n[MAILBOX] = -1;
		n[CONSIGNMENTS] = row->items;
		n[ENTRIES] = -1;
		n[RECEIVED] = row->files;
		n[FILES] = -1;
		n[PAGES] = row->pages;
		for (u = 0; u < UNITS; u++)
			if (n[u] >= 0)
				b->control[q][u] =
				    (b->control[q][u] < 0 ? 0
							  : b->control[q][u]) +
				    n[u];
	}
}

/* The balance of a mailbox begins there: by its UIDs, each where what came of
 * it stands. What did not come is the remainder. */
static void
count_mailbox(struct balance *b)
{
	const struct sl_mailbox *list = &b->sheet.mail;
	const struct sl_mailmatch_pair *p;
	size_t i;
	unsigned q;

	sl_mailmatch_end(&b->mail, b->has_parts);
	for (i = 0; i < list->n; i++) {
		if (!list->line[i].asked)
			continue;
		q = sl_names_add(
		    &b->snap.queue, list->queue.text[list->line[i].queue]);
		b->queue[q][MAILBOX].n[TOTAL]++;
		if (b->control[q][MAILBOX] < 0)
			b->control[q][MAILBOX] = 0;
		b->control[q][MAILBOX]++;
	}
	for (i = 0; i < b->mail.pairs; i++) {
		p = &b->mail.pair[i];
		if (!list->line[p->line].asked)
			continue;
		q = b->snap.c[p->consignment].queue;
		b->queue[q][MAILBOX]
		    .n[standing_of_consignment(&b->snap, p->consignment)]++;
	}
}

static int64_t
remainder_of(const struct tally *t)
{
	int64_t rest = t->n[TOTAL];
	int i;

	for (i = 0; i < TOTAL; i++)
		rest -= t->n[i];
	return rest;
}

static void
give(struct balance *b, const char *queue, const struct tally *t,
    const int64_t *control)
{
	static const char *const slug[UNITS] = {"mailbox", "consignments",
	    "entries", "received_files", "files", "pages"};
	static const char *const nb[UNITS] = {"i postkassen", "forsendelser",
	    "poster", "mottatte filer", "filer", "sider"};
	static const char *const en[UNITS] = {"in the mailbox", "consignments",
	    "entries", "files received", "files", "pages"};
	bool listed = b->sheet.mail.by_key;
	int64_t came;
	enum unit u;

	for (u = control[MAILBOX] >= 0 ? MAILBOX : CONSIGNMENTS; u < UNITS;
	     u++) {
		const int64_t *n = t[u].n;

		came = n[TOTAL] - (u == MAILBOX ? remainder_of(&t[u]) : 0);
		sl_rep_row(b->r,
		    control[u] >= 0 ? "swiiiiiiiiiiii" : "swiiiiiiiiii--",
		    queue, u == MAILBOX && listed ? "listed" : slug[u],
		    u == MAILBOX && listed
			? sl_rep_say(b->r, "i listen", "in the list")
			: sl_rep_say(b->r, nb[u], en[u]),
		    n[TOTAL], n[SL_STANDS_TRANSFERRED], n[SL_STANDS_UNDER_WAY],
		    n[SL_STANDS_DEFERRED], n[SL_STANDS_HELD],
		    n[SL_STANDS_STOPPED], n[SL_STANDS_DUPLICATE],
		    n[SL_STANDS_CLOSED], n[IGNORED], remainder_of(&t[u]),
		    control[u], control[u] - came);
	}
}

/* Something came there, or was sent there. */
static bool
is_used(const struct balance *b, size_t q)
{
	int u;

	for (u = 0; u < UNITS; u++)
		if (b->control[q][u] >= 0)
			return true;
	for (u = 0; u < UNITS * CELLS; u++)
		if (b->queue[q][u / CELLS].n[u % CELLS] != 0)
			return true;
	return false;
}

/* The sum of all queues has a control total where each of them has: else it
 * would be held against what nobody counted. Mailboxes hold their own. */
static void
give_all(struct balance *b)
{
	struct tally sum[UNITS] = {{{0}}};
	int64_t control[UNITS] = {[MAILBOX] = -1}, rest = 0;
	size_t q, queues = 0;
	int u, i;

	for (q = 1; q < b->snap.queue.n; q++) {
		if (!is_used(b, q))
			continue;
		queues++;
		give(b, b->snap.queue.text[q], b->queue[q], b->control[q]);
		for (u = 0; u < UNITS; u++) {
			rest += llabs(remainder_of(&b->queue[q][u]));
			for (i = 0; i < CELLS; i++)
				sum[u].n[i] += b->queue[q][u].n[i];
			if (u != MAILBOX &&
			    (b->control[q][u] < 0 || control[u] < 0))
				control[u] = -1;
			else if (b->control[q][u] >= 0)
				control[u] = (control[u] < 0 ? 0 : control[u]) +
					     b->control[q][u];
		}
	}
	if (queues > 1)
		give(b, sl_rep_say(b->r, "Alle køer", "All queues"), sum,
		    control);
	sl_rep_fact(b->r, "remainder", "Rest", "Remainder", "%" PRId64, rest);
}

/* The protocol lists both, and says the same below its table. */
static void
say_entries(struct balance *b)
{
	if (b->without > 0)
		sl_rep_fact(b->r, "without_entry", "Forsendelser uten post",
		    "Consignments without an entry", "%" PRId64, b->without);
	if (b->replaced > 0)
		sl_rep_fact(b->r, "replaced",
		    "Poster som er erstattet av andre",
		    "Entries that others replaced", "%" PRId64, b->replaced);
}

static void
say_ignored(struct balance *b)
{
	static const struct {
		unsigned role;
		const char *key, *nb, *en;
	} kinds[] = {
	    {SL_PART_INLINE, "inline", "Utelatt: bilder i e-posttekst",
		"Left out: pictures in the text of mail"},
	    {SL_PART_BODY, "body",
		"Utelatt: selve e-postteksten (følger e-posten)",
		"Left out: the text of mail (goes with the mail)"},
	    {SL_PART_SIDECAR, "sidecar", "Utelatt: beskrivelsesfiler",
		"Left out: description files"},
	    {SL_PART_SKIPPED, "skipped", "Utelatt: lenker, mapper, enheter",
		"Left out: links, folders, devices"},
	    {SL_PART_CONTAINER, "container", "Utelatt: arkivfiler",
		"Left out: archives"},
	    {SL_PART_DOCUMENT, "document", "Utelatt: andre",
		"Left out: others"},
	};
	size_t i;

	if (b->closed > 0)
		sl_rep_fact(b->r, "unopened", "Utelatt: lot seg ikke pakke ut",
		    "Left out: could not be unpacked", "%" PRId64, b->closed);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (b->ignored[kinds[i].role] > 0)
			sl_rep_fact(b->r, kinds[i].key, kinds[i].nb,
			    kinds[i].en, "%" PRId64, b->ignored[kinds[i].role]);
}

enum sl_rc
sl_rep_mottaksbalanse(struct sl_rep *r, struct sl_err *err)
{
	struct balance b = {.r = r};
	enum sl_rc rc = sl_snap_load(r,
	    SL_SNAP_DOCUMENTS | SL_SNAP_PARTS | SL_SNAP_SOURCES |
		SL_SNAP_RECEPTIONS,
	    NULL, &b.snap, err);
	size_t q;
	int u;

	if (rc == SL_OK && r->opt->control != NULL)
		rc = read_sheet(&b, err);
	if (rc == SL_OK)
		rc = sl_arrivals_load(r, &b.snap, &b.arrivals, err);
	if (rc == SL_OK)
		rc = sl_second_load(r, &b.snap, &b.arrivals, &b.second, err);
	if (rc == SL_OK) {
		b.queue = sl_alloc(b.snap.queue.n * sizeof(*b.queue));
		b.control = sl_alloc(b.snap.queue.n * sizeof(*b.control));
		b.has_parts = sl_alloc(b.snap.c_max + 1);
		for (q = 0; q < b.snap.queue.n; q++)
			for (u = 0; u < UNITS; u++)
				b.control[q][u] = -1;
		if (b.sheet.mail.there)
			sl_mailmatch_begin(&b.mail, r, &b.snap, &b.sheet.mail);
		count_items(&b);
		count_told(&b);
		count_parts(&b);
		count_sources(&b);
		count_control(&b);
		if (b.sheet.mail.there)
			count_mailbox(&b);
	}
	if (rc == SL_OK) {
		give_all(&b);
		sl_arrivals_tell(&b.arrivals, r);
		sl_second_tell(&b.second, &b.snap, &b.arrivals, r);
		say_entries(&b);
		say_ignored(&b);
		if (b.sheet.mail.there)
			sl_mailmatch_tell(&b.mail);
		rc = sl_packages_tell(&b.packages, &b.snap, r, err);
	}
	sl_mailmatch_free(&b.mail);
	sl_second_free(&b.second);
	sl_arrivals_free(&b.arrivals);
	sl_control_free(&b.sheet);
	sl_packages_free(&b.packages);
	free(b.queue);
	free(b.control);
	free(b.has_parts);
	sl_snap_free(&b.snap);
	return rc;
}
