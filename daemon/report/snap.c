/*
 * Plain scans into narrow arrays.
 */
#include "snap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "../store/db.h"
#include "form.h"
#include "idmap.h"
#include "reception.h"
#include "title.h"

#define ROWS_MAX SL_IDMAP_MAX

/* -- scans -------------------------------------------------------------- */

/* Is the consignment of the period and queue asked for? */
static bool
is_in(const struct sl_rep *r, int64_t received_ms, const char *queue)
{
	return received_ms >= r->from_ms && received_ms < r->to_ms &&
	       (r->opt->queue == NULL || strcmp(r->opt->queue, queue) == 0);
}

/* A damaged index, by which some are read, may tell of rows that are not there.
 */
static bool
has_place(int64_t id, uint32_t max)
{
	return id > 0 && id <= max;
}

static void
take_reception(const struct sl_config *cfg, struct sl_snap *s, int64_t id,
    const char *text)
{
	s->reception[id] =
	    sl_reception_pack(sl_slice_str(text), cfg->instance.prefix);
}

static void
load_consignments(const struct sl_rep *r, struct sl_db *db, struct sl_snap *s)
{
#define CONSIGNMENTS(more)                                                     \
	"SELECT id, received_ms, queue, reason, stage, disposition,"           \
	" outcome" more " FROM consignment"
	sqlite3_stmt *st = sl_db_query(db,
	    s->reception != NULL ? CONSIGNMENTS(", reception")
				 : CONSIGNMENTS(""),
	    "");
#undef CONSIGNMENTS
	struct sl_snap_consignment *c;
	int64_t id;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (!has_place(id, s->c_max))
			continue;
		if (s->reception != NULL)
			take_reception(r->cfg, s, id, sl_db_text(st, 7));
		c = &s->c[id];
		c->there = true;
		c->received_ms = sqlite3_column_int64(st, 1);
		c->queue = (uint16_t)sl_names_add(&s->queue, sl_db_text(st, 2));
		c->reason =
		    (uint16_t)sl_names_add(&s->reason, sl_db_text(st, 3));
		c->stage = (uint8_t)sqlite3_column_int(st, 4);
		c->dispo = (uint8_t)sqlite3_column_int(st, 5);
		c->outcome = (uint8_t)sqlite3_column_int(st, 6);
		c->in =
		    r != NULL && is_in(r, c->received_ms, sl_db_text(st, 2));
	}
}

/* Of those that another report had read: for this one. */
static void
set_in(const struct sl_rep *r, struct sl_snap *s)
{
	struct sl_snap_consignment *c;
	struct sl_snap_entry *e;

	for (c = s->c; c <= s->c + s->c_max; c++)
		c->in = c->there &&
			is_in(r, c->received_ms, s->queue.text[c->queue]);
	for (e = s->e; e <= s->e + s->e_max; e++)
		e->in = e->there && s->c[e->consignment].in &&
			e->outcome != SL_OUTCOME_replaced;
}

/* Into its consignment's list, by number. */
static void
hang_entry(struct sl_snap *s, uint32_t id)
{
	struct sl_snap_entry *e = &s->e[id];
	uint32_t *at = &s->c[e->consignment].first_entry;

	while (*at != 0 && s->e[*at].number < e->number)
		at = &s->e[*at].next;
	e->next = *at;
	*at = id;
}

/* Few posts have an access code; a walk for what is not there goes to the
 * end. */
static void
take_sent(struct sl_snap *s, uint32_t id, const char *post)
{
	const struct sl_snap_entry *e = &s->e[id];
	char title[SL_TITLE_MAX], document[40], received[40], unit[128],
	    access[32];
	struct sl_peek want[] = {SL_PEEK("tittel", title),
	    SL_PEEK("dokumentetsDato", document),
	    SL_PEEK("mottattDato", received), SL_PEEK("enhet", unit),
	    SL_PEEK("tilgangskode", access)};
	struct sl_snap_sent *t = &s->sent[id];

	t->document_day = t->received_day = -1;
	if (*post == '\0' ||
	    sl_standing_of(e->dispo, e->outcome) != SL_STANDS_TRANSFERRED)
		return;
	access[0] = '\0';
	sl_json_peek_all(
	    post, want, strstr(post, "\"tilgangskode\"") != NULL ? 5 : 4);
	/* Erased: only unit and code are left. */
	if (title[0] != '\0') {
		sl_title_fold(title, title, sizeof(title));
		t->title = sl_title_hash(title);
	}
	t->document_day = (int32_t)sl_day_read(document);
	t->received_day = (int32_t)sl_day_read(received);
	t->unit = (uint16_t)sl_names_add(&s->unit, unit);
	t->access = (uint16_t)sl_names_add(&s->access, access);
}

static void
take_entry(struct sl_snap *s, sqlite3_stmt *st, int64_t id, int64_t consignment)
{
	struct sl_snap_entry *e = &s->e[id];

	e->there = true;
	e->consignment = (uint32_t)consignment;
	e->number = (uint16_t)sqlite3_column_int(st, 2);
	e->reason = (uint16_t)sl_names_add(&s->reason, sl_db_text(st, 3));
	e->stage = (uint8_t)sqlite3_column_int(st, 4);
	e->dispo = (uint8_t)sqlite3_column_int(st, 5);
	e->outcome = (uint8_t)sqlite3_column_int(st, 6);
	e->in = s->c[consignment].in && e->outcome != SL_OUTCOME_replaced;
	hang_entry(s, (uint32_t)id);
}

/* Posts are large: they are read only where what was sent is wanted. */
static void
load_entries(struct sl_db *db, struct sl_snap *s, bool sent, bool keys)
{
#define ENTRIES(more)                                                          \
	"SELECT id, consignment, number, reason, stage, disposition, "         \
	"outcome" more " FROM entry ORDER BY id"
	static const char *const sql[2][2] = {
	    {ENTRIES(""), ENTRIES(", '', own_key")},
	    {ENTRIES(", post"), ENTRIES(", post, own_key")}};
#undef ENTRIES
	sqlite3_stmt *st = sl_db_query(db, sql[sent][keys], "");
	int64_t id, consignment;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		consignment = sqlite3_column_int64(st, 1);
		if (!has_place(id, s->e_max) ||
		    !has_place(consignment, s->c_max))
			continue;
		take_entry(s, st, id, consignment);
		if (sent)
			take_sent(s, (uint32_t)id, sl_db_text(st, 7));
		if (keys)
			sl_idmap_add(&s->keys, sl_db_text(st, 8), (uint32_t)id);
	}
}

/* Of entries that are there already. */
static void
load_sent(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st =
	    sl_db_query(db, "SELECT id, post FROM entry ORDER BY id", "");
	int64_t id;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (has_place(id, s->e_max) && s->e[id].there)
			take_sent(s, (uint32_t)id, sl_db_text(st, 1));
	}
}

static void
load_keys(struct sl_db *db, struct sl_snap *s)
{
	/* By the index of the keys, which has all that is asked for. */
	sqlite3_stmt *st = sl_db_query(db, "SELECT id, own_key FROM entry", "");
	int64_t id;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (has_place(id, s->e_max) && s->e[id].there)
			sl_idmap_add(&s->keys, sl_db_text(st, 1), (uint32_t)id);
	}
}

static void
load_receptions(
    struct sl_db *db, const struct sl_config *cfg, struct sl_snap *s)
{
	/* By the index of the numbers, which has all that is asked for. */
	sqlite3_stmt *st =
	    sl_db_query(db, "SELECT id, reception FROM consignment", "");
	int64_t id;

	s->reception = sl_alloc((s->c_max + 1) * sizeof(*s->reception));
	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (has_place(id, s->c_max))
			take_reception(cfg, s, id, sl_db_text(st, 1));
	}
}

const char *
sl_snap_reception(const struct sl_rep *r, const struct sl_snap *s,
    uint32_t consignment, char *out, size_t cap)
{
	const char *prefix = r->cfg->instance.prefix;
	sqlite3_stmt *st;

	assert(cap > strlen(prefix) + SL_RECEPTION_MAX);
	out[0] = '\0';
	if (s->reception != NULL && s->reception[consignment] != 0) {
		sl_reception_write(s->reception[consignment], prefix, out);
		return out;
	}
	st = sl_db_query(sl_store_db(r->store),
	    "SELECT reception FROM consignment WHERE id = ?1", "i",
	    (int64_t)consignment);
	if (sl_db_row(sl_store_db(r->store), st)) {
		sl_db_copy(st, 0, out, cap);
		sl_db_done(st);
	}
	return out;
}

static void
load_documents(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st =
	    sl_db_query(db, "SELECT entry, part FROM document", "");
	int64_t entry, part;

	while (sl_db_row(db, st)) {
		entry = sqlite3_column_int64(st, 0);
		part = sqlite3_column_int64(st, 1);
		if (!has_place(entry, s->e_max) ||
		    !has_place(part, s->part_max) || !s->e[entry].there)
			continue;
		s->e[entry].documents++;
		if (s->part_entry != NULL &&
		    s->e[entry].outcome != SL_OUTCOME_replaced)
			s->part_entry[part] = (uint32_t)entry;
	}
}

static void
load_pages(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st = sl_db_query(db, "SELECT id, pages FROM part", "");
	int64_t id;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (has_place(id, s->part_max) && s->part_entry[id] != 0)
			s->pages[s->part_entry[id]] +=
			    (uint32_t)sqlite3_column_int64(st, 1);
	}
}

static void
load_sources(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st =
	    sl_db_query(db, "SELECT id, consignment FROM source", "");
	int64_t id;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (has_place(id, s->source_max))
			s->source_consignment[id] =
			    (uint32_t)sqlite3_column_int64(st, 1);
	}
}

/* -- what the target shows ------------------------------------------------ */

static void
add_text(struct sl_snap *s, const char *text)
{
	sl_buf_add(&s->target_text, text, strlen(text) + 1);
}

/* "711/2026"; nothing for a post without a number in the journal. */
static void
add_journal(struct sl_snap *s, const char *sequence, const char *year)
{
	if (strcmp(sequence, "") != 0 && strcmp(sequence, "0") != 0) {
		sl_buf_add_str(&s->target_text, sequence);
		sl_buf_add_char(&s->target_text, '/');
		sl_buf_add_str(&s->target_text, year);
	}
	sl_buf_add(&s->target_text, "", 1);
}

static void
add_journal_numbers(struct sl_snap *s, int64_t sequence, int64_t year)
{
	if (sequence != 0) {
		sl_add_int(&s->target_text, sequence);
		sl_buf_add_char(&s->target_text, '/');
		sl_add_int(&s->target_text, year);
	}
	sl_buf_add(&s->target_text, "", 1);
}

static void
load_target(struct sl_db *db, struct sl_snap *s, bool texts)
{
	/* No condition: its index would lead to each row by itself. */
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT own_key, status, case_number, number, sequence, year,"
	    " journal_date FROM target_post",
	    "");
	const char *own_key;
	uint32_t id;

	while (sl_db_row(db, st)) {
		own_key = sl_db_text(st, 0);
		id = *own_key != '\0' ? sl_idmap_find(&s->keys, own_key) : 0;
		if (id == 0 || s->target[id].text != 0)
			continue;
		s->target[id].text = (uint32_t)s->target_text.n;
		s->target[id].journal_day =
		    (int32_t)sl_day_read(sl_db_text(st, 6));
		s->target[id].journaled = sl_is_journaled(sl_db_text(st, 1));
		if (!texts)
			continue;
		add_text(s, sl_db_text(st, 1));
		add_text(s, sl_db_text(st, 2));
		add_text(s, sl_db_text(st, 3));
		add_journal_numbers(s, sqlite3_column_int64(st, 4),
		    sqlite3_column_int64(st, 5));
	}
}

/* What the target's journal did not show. */
static void
add_receipt(struct sl_snap *s, uint32_t entry, const char *receipt, bool texts)
{
	char status[32], in_case[64], number[64], seq[24], year[24], day[40];
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
		if (texts) {
			add_text(s, status);
			add_text(s, in_case);
			add_text(s, number);
			add_journal(s, want[4].found ? seq : "", year);
		}
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

static void
load_deliveries(struct sl_db *db, struct sl_snap *s, const struct look *l)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT entry, target, state = 'delivered', changed_ms, receipt"
	    " FROM delivery ORDER BY id",
	    "");
	int64_t entry;

	while (sl_db_row(db, st)) {
		entry = sqlite3_column_int64(st, 0);
		if (!has_place(entry, s->e_max) || !s->e[entry].there ||
		    s->sent_ms[entry] != 0)
			continue;
		s->sent_to[entry] =
		    (uint16_t)sl_names_add(&s->to, sl_db_text(st, 1));
		if (sqlite3_column_int(st, 2) == 0)
			continue;
		s->sent_ms[entry] = sqlite3_column_int64(st, 3);
		if (l->target || l->receipts != NULL)
			take_receipt(s, (uint32_t)entry, sl_db_text(st, 4), l);
	}
}

bool
sl_snap_seen(const struct sl_snap *s, uint32_t entry, struct sl_snap_seen *ret)
{
	const char *p;

	if (s->target == NULL || s->target[entry].text == 0 ||
	    s->target_text.n == 0 || s->target_text.full)
		return false;
	p = s->target_text.p + s->target[entry].text;
	ret->status = p;
	p += strlen(p) + 1;
	ret->case_number = p;
	p += strlen(p) + 1;
	ret->number = p;
	ret->journal = p + strlen(p) + 1;
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

/* Rows below 1 were made by hand: no array has a place for them. */
#define HIGHEST(table)                                                         \
	"SELECT iif((SELECT min(id) FROM " table                               \
	") < 1, -1, (SELECT max(id) FROM " table "))"

static enum sl_rc
load_highest(struct sl_db *db, struct sl_snap *s, struct sl_err *err)
{
	const struct {
		const char *sql;
		uint32_t *ret;
	} all[] = {{HIGHEST("consignment"), &s->c_max},
	    {HIGHEST("entry"), &s->e_max}, {HIGHEST("part"), &s->part_max},
	    {HIGHEST("source"), &s->source_max}};
	size_t i;
	int64_t n;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		n = sl_db_int(db, 0, all[i].sql, "");
		if (n < 0 || n > ROWS_MAX - 1)
			return sl_err_set(err, SL_FATAL, 0, "limit_members",
			    "the database holds more rows than a report can "
			    "count, or some numbered below 1");
		*all[i].ret = (uint32_t)n;
	}
	return SL_OK;
}

/* r NULL: for whichever report. */
static void
load_rows(const struct sl_rep *r, struct sl_db *db, struct sl_snap *s,
    bool sent, bool keys)
{
	s->c = sl_alloc((s->c_max + 1) * sizeof(*s->c));
	s->e = sl_alloc((s->e_max + 1) * sizeof(*s->e));
	load_consignments(r, db, s);
	load_entries(db, s, sent, keys);
}

/* Another's are written anew, with the same, where their receipts are wanted.
 */
static void
begin_deliveries(struct sl_snap *s)
{
	size_t n = s->e_max + 1;

	if (s->sent_ms != NULL) {
		memset(s->sent_ms, 0, n * sizeof(*s->sent_ms));
		return;
	}
	s->sent_ms = sl_alloc(n * sizeof(*s->sent_ms));
	s->sent_to = sl_alloc(n * sizeof(*s->sent_to));
}

static void
load_targets(struct sl_db *db, struct sl_snap *s, bool texts)
{
	s->target = sl_alloc((s->e_max + 1) * sizeof(*s->target));
	s->target_text.max = (size_t)1 << 30;
	/* Where there is none begins behind it. */
	add_text(s, "");
	load_target(db, s, texts);
}

static void
load_items(const struct sl_rep *r, struct sl_db *db, unsigned what,
    const struct sl_snap_receipts *receipts, struct sl_snap *s)
{
	const struct look look = {
	    .target = (what & (SL_SNAP_TARGET | SL_SNAP_JOURNALED)) != 0 &&
		      s->target == NULL,
	    .texts = (what & SL_SNAP_TARGET) != 0,
	    .receipts = receipts};
	bool sent = (what & SL_SNAP_SENT) != 0 && s->sent == NULL,
	     keys = look.target || (what & SL_SNAP_KEYS) != 0;

	if (sent)
		s->sent = sl_alloc((s->e_max + 1) * sizeof(*s->sent));
	if (keys)
		sl_idmap_begin(&s->keys, s->e_max);
	if (s->from == NULL)
		load_rows(r, db, s, sent, keys);
	else
		set_in(r, s);
	if (s->from != NULL && sent)
		load_sent(db, s);
	if (s->from != NULL && keys)
		load_keys(db, s);
	if (look.target)
		load_targets(db, s, look.texts);
	if ((what & SL_SNAP_KEYS) == 0)
		sl_idmap_free(&s->keys);
	if ((what & SL_SNAP_DELIVERIES) != 0 &&
	    (s->sent_ms == NULL || look.target || receipts != NULL)) {
		begin_deliveries(s);
		load_deliveries(db, s, &look);
	}
}

static void
begin_names(struct sl_names *to, const struct sl_names *from)
{
	memset(to, 0, sizeof(*to));
	(void)sl_names_add(to, "");
	if (from != NULL)
		sl_names_copy(to, from);
}

static enum sl_rc
begin(struct sl_db *db, const struct sl_snap *shared, struct sl_snap *s,
    struct sl_err *err)
{
	memset(s, 0, sizeof(*s));
	if (shared != NULL) {
		*s = *shared;
		s->from = shared;
	}
	begin_names(&s->queue, shared != NULL ? &shared->queue : NULL);
	begin_names(&s->reason, shared != NULL ? &shared->reason : NULL);
	begin_names(&s->to, shared != NULL ? &shared->to : NULL);
	begin_names(&s->unit, shared != NULL ? &shared->unit : NULL);
	begin_names(&s->access, shared != NULL ? &shared->access : NULL);
	return shared == NULL ? load_highest(db, s, err) : SL_OK;
}

enum sl_rc
sl_snap_share(struct sl_store *store, struct sl_snap *s, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(store);

	if (begin(db, NULL, s, err) != SL_OK)
		return SL_FATAL;
	load_items(NULL, db, SL_SNAP_DELIVERIES | SL_SNAP_TARGET, NULL, s);
	s->part_entry = sl_alloc((s->part_max + 1) * sizeof(*s->part_entry));
	load_documents(db, s);
	s->source_consignment =
	    sl_alloc((s->source_max + 1) * sizeof(*s->source_consignment));
	load_sources(db, s);
	return sl_db_check(db, err);
}

enum sl_rc
sl_snap_share_sent(struct sl_store *store, const struct sl_config *cfg,
    struct sl_snap *s, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(store);

	sl_buf_free(&s->target_text);
	s->sent = sl_alloc((s->e_max + 1) * sizeof(*s->sent));
	load_sent(db, s);
	load_receptions(db, cfg, s);
	return sl_db_check(db, err);
}

enum sl_rc
sl_snap_load(const struct sl_rep *r, unsigned what,
    const struct sl_snap_receipts *receipts, struct sl_snap *s,
    struct sl_err *err)
{
	struct sl_db *db = sl_store_db(r->store);

	if (begin(db, r->shared, s, err) != SL_OK)
		return SL_FATAL;
	if ((what & SL_SNAP_RECEPTIONS) != 0 && s->reception == NULL) {
		if (s->from != NULL)
			load_receptions(db, r->cfg, s);
		else
			s->reception =
			    sl_alloc((s->c_max + 1) * sizeof(*s->reception));
	}
	load_items(r, db, what, receipts, s);
	if ((what & SL_SNAP_PARTS) != 0 && s->from == NULL)
		s->part_entry =
		    sl_alloc((s->part_max + 1) * sizeof(*s->part_entry));
	if ((what & SL_SNAP_DOCUMENTS) != 0 && s->from == NULL)
		load_documents(db, s);
	if ((what & SL_SNAP_PAGES) != 0) {
		s->pages = sl_alloc((s->e_max + 1) * sizeof(*s->pages));
		load_pages(db, s);
	}
	if ((what & SL_SNAP_SOURCES) != 0 && s->from == NULL) {
		s->source_consignment = sl_alloc(
		    (s->source_max + 1) * sizeof(*s->source_consignment));
		load_sources(db, s);
	}
	return sl_db_check(db, err);
}

void
sl_snap_drop_target(struct sl_snap *s)
{
	free(s->target);
	s->target = NULL;
	sl_buf_free(&s->target_text);
}

/* Arrays that another lent are its own to free. */
void
sl_snap_free(struct sl_snap *s)
{
	static const struct sl_snap none;
	const struct sl_snap *from = s->from != NULL ? s->from : &none;

	if (s->from == NULL) {
		free(s->c);
		free(s->e);
		free(s->source_consignment);
		free(s->sent_ms);
		free(s->sent_to);
		free(s->part_entry);
	}
	if (s->target != from->target)
		sl_snap_drop_target(s);
	if (s->sent != from->sent)
		free(s->sent);
	if (s->reception != from->reception)
		free(s->reception);
	sl_idmap_free(&s->keys);
	free(s->pages);
	sl_names_free(&s->queue);
	sl_names_free(&s->reason);
	sl_names_free(&s->to);
	sl_names_free(&s->unit);
	sl_names_free(&s->access);
	memset(s, 0, sizeof(*s));
}

bool
sl_snap_next(const struct sl_snap *s, uint32_t consignment, int64_t *at)
{
	uint32_t e;
	bool first = *at < 0;

	if (*at == 0)
		return false;
	e = first ? s->c[consignment].first_entry : s->e[*at].next;
	while (e != 0 && s->e[e].outcome == SL_OUTCOME_replaced)
		e = s->e[e].next;
	*at = e;
	return e != 0 || first;
}

enum sl_standing
sl_standing_of(int dispo, int outcome)
{
	switch ((enum sl_dispo)dispo) {
	case SL_DISPO_ready:
		return SL_STANDS_UNDER_WAY;
	case SL_DISPO_deferred:
		return SL_STANDS_DEFERRED;
	case SL_DISPO_held:
		return SL_STANDS_HELD;
	case SL_DISPO_quarantined:
	case SL_DISPO_broken:
		return SL_STANDS_STOPPED;
	case SL_DISPO_done:
		break;
	}
	if (outcome == SL_OUTCOME_in_journal || outcome == SL_OUTCOME_to_sector)
		return SL_STANDS_TRANSFERRED;
	return outcome == SL_OUTCOME_duplicate ? SL_STANDS_DUPLICATE
					       : SL_STANDS_CLOSED;
}

const char *
sl_state_slug(int dispo, int outcome)
{
	return dispo == SL_DISPO_done && outcome != 0 ? sl_outcome_name(outcome)
						      : sl_dispo_name(dispo);
}

const char *
sl_state_word(const struct sl_rep *r, int dispo, int outcome)
{
#define SL_OUTCOME(number, name, nb) [(number) / 10] = #name,
	static char english[][32] = {
#include "../registry/outcomes.def"
	};
#undef SL_OUTCOME
	char *p;

	if (r->lang == SL_LANGUAGE_EN) {
		if (dispo != SL_DISPO_done || sl_outcome_name(outcome) == NULL)
			return sl_dispo_name(dispo);
		while ((p = strchr(english[outcome / 10], '_')) != NULL)
			*p = ' ';
		return english[outcome / 10];
	}
	return dispo == SL_DISPO_done && outcome != 0 ? sl_outcome_nb(outcome)
						      : sl_dispo_nb(dispo);
}

const char *
sl_stage_word(const struct sl_rep *r, int stage)
{
	return r->lang == SL_LANGUAGE_EN ? sl_stage_name(stage)
					 : sl_stage_nb(stage);
}
