/*
 * Plain scans into narrow arrays.
 */
#include "snap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../base/mem.h"
#include "../config/deadline.h"
#include "../form/form.h"
#include "../store/db.h"
#include "idmap.h"
#include "reception.h"
#include "snap_p.h"
#include "title.h"

#define ROWS_MAX SL_IDMAP_MAX

/* -- scans -------------------------------------------------------------- */

/* A damaged index, by which some are read, may tell of rows that are not there.
 */
bool
sl_snap_has_place(int64_t id, uint32_t max)
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
load_consignments(
    struct sl_db *db, const struct sl_config *cfg, struct sl_snap *s)
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
		if (!sl_snap_has_place(id, s->c_max))
			continue;
		if (s->reception != NULL)
			take_reception(cfg, s, id, sl_db_text(st, 7));
		c = &s->c[id];
		c->there = true;
		c->received_ms = sqlite3_column_int64(st, 1);
		c->queue = (uint16_t)sl_names_add(&s->queue, sl_db_text(st, 2));
		c->reason =
		    (uint16_t)sl_names_add(&s->reason, sl_db_text(st, 3));
		c->stage = (uint8_t)sqlite3_column_int(st, 4);
		c->dispo = (uint8_t)sqlite3_column_int(st, 5);
		c->outcome = (uint8_t)sqlite3_column_int(st, 6);
	}
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
take_sent(
    struct sl_snap *s, uint32_t id, enum sl_standing stands, const char *post)
{
	char title[SL_TITLE_MAX], document[40], received[40], unit[128],
	    access[32];
	struct sl_peek want[] = {SL_PEEK("tittel", title),
	    SL_PEEK("dokumentetsDato", document),
	    SL_PEEK("mottattDato", received), SL_PEEK("enhet", unit),
	    SL_PEEK("tilgangskode", access)};
	struct sl_snap_sent *t = &s->sent[id];

	t->document_day = t->received_day = -1;
	if (*post == '\0' || stands != SL_STANDS_TRANSFERRED)
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

void
sl_snap_sent(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT id, disposition, outcome, post FROM entry ORDER BY id", "");
	int64_t id;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (sl_snap_has_place(id, s->e_max))
			take_sent(s, (uint32_t)id,
			    sl_standing_of((uint8_t)sqlite3_column_int(st, 1),
				(uint8_t)sqlite3_column_int(st, 2)),
			    sl_db_text(st, 3));
	}
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
	hang_entry(s, (uint32_t)id);
}

/* Posts are large: they are read only where what was sent is wanted. */
static void
load_entries(struct sl_db *db, bool sent, struct sl_snap *s)
{
#define ENTRIES(more)                                                          \
	"SELECT id, consignment, number, reason, stage, disposition, "         \
	"outcome" more " FROM entry ORDER BY id"
	static const char *const sql[2][2] = {
	    {ENTRIES(""), ENTRIES(", '', own_key")},
	    {ENTRIES(", post"), ENTRIES(", post, own_key")}};
#undef ENTRIES
	bool keys = s->keys.slots > 0;
	sqlite3_stmt *st = sl_db_query(db, sql[sent][keys], "");
	int64_t id, consignment;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		consignment = sqlite3_column_int64(st, 1);
		if (!sl_snap_has_place(id, s->e_max) ||
		    !sl_snap_has_place(consignment, s->c_max))
			continue;
		take_entry(s, st, id, consignment);
		if (sent)
			take_sent(s, (uint32_t)id,
			    sl_standing_of(s->e[id].dispo, s->e[id].outcome),
			    sl_db_text(st, 7));
		if (keys)
			sl_idmap_add(&s->keys, sl_db_text(st, 8), (uint32_t)id);
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
		if (sl_snap_has_place(id, s->e_max) && s->e[id].there)
			sl_idmap_add(&s->keys, sl_db_text(st, 1), (uint32_t)id);
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

void
sl_snap_documents(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st =
	    sl_db_query(db, "SELECT entry, part FROM document", "");
	int64_t entry, part;

	while (sl_db_row(db, st)) {
		entry = sqlite3_column_int64(st, 0);
		part = sqlite3_column_int64(st, 1);
		if (!sl_snap_has_place(entry, s->e_max) ||
		    !sl_snap_has_place(part, s->part_max) || !s->e[entry].there)
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
		if (sl_snap_has_place(id, s->part_max) &&
		    s->part_entry[id] != 0)
			s->pages[s->part_entry[id]] +=
			    (uint32_t)sqlite3_column_int64(st, 1);
	}
}

void
sl_snap_sources(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st =
	    sl_db_query(db, "SELECT id, consignment FROM source", "");
	int64_t id;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (sl_snap_has_place(id, s->source_max))
			s->source_consignment[id] =
			    (uint32_t)sqlite3_column_int64(st, 1);
	}
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

static void
begin_names(struct sl_names *to, const struct sl_names *from)
{
	memset(to, 0, sizeof(*to));
	(void)sl_names_add(to, "");
	if (from != NULL)
		sl_names_copy(to, from);
}

void
sl_snap_begin_names(struct sl_snap *s, const struct sl_snap *from)
{
	begin_names(&s->queue, from != NULL ? &from->queue : NULL);
	begin_names(&s->reason, from != NULL ? &from->reason : NULL);
	begin_names(&s->to, from != NULL ? &from->to : NULL);
	begin_names(&s->unit, from != NULL ? &from->unit : NULL);
	begin_names(&s->access, from != NULL ? &from->access : NULL);
}

enum sl_rc
sl_snap_begin(struct sl_db *db, const struct sl_snap *shared, struct sl_snap *s,
    struct sl_err *err)
{
	memset(s, 0, sizeof(*s));
	if (shared != NULL) {
		*s = *shared;
		s->from = shared;
	}
	sl_snap_begin_names(s, shared);
	return shared == NULL ? load_highest(db, s, err) : SL_OK;
}

void
sl_snap_rows(
    struct sl_db *db, const struct sl_config *cfg, bool sent, struct sl_snap *s)
{
	load_consignments(db, cfg, s);
	load_entries(db, sent, s);
}

/* A queue to which nothing came has no number. */
static void
set_asked(const struct sl_rep *r, struct sl_snap *s)
{
	size_t i = 0;

	s->from_ms = r->from_ms;
	s->to_ms = r->to_ms;
	s->only_queue = -1;
	if (r->opt->queue == NULL)
		return;
	while (i < s->queue.n && strcmp(s->queue.text[i], r->opt->queue) != 0)
		i++;
	s->only_queue = (int)i;
}

/* What another does not have already. */
static void
make_rows(
    const struct sl_rep *r, struct sl_db *db, unsigned what, struct sl_snap *s)
{
	s->c = sl_alloc((s->c_max + 1) * sizeof(*s->c));
	s->e = sl_alloc((s->e_max + 1) * sizeof(*s->e));
	if ((what & SL_SNAP_RECEPTIONS) != 0)
		s->reception = sl_alloc((s->c_max + 1) * sizeof(*s->reception));
	if ((what & SL_SNAP_SENT) != 0)
		s->sent = sl_alloc((s->e_max + 1) * sizeof(*s->sent));
	sl_snap_rows(db, r->cfg, s->sent != NULL, s);
	if ((what & SL_SNAP_PARTS) != 0)
		s->part_entry =
		    sl_alloc((s->part_max + 1) * sizeof(*s->part_entry));
	if ((what & SL_SNAP_DOCUMENTS) != 0)
		sl_snap_documents(db, s);
	if ((what & SL_SNAP_SOURCES) != 0) {
		s->source_consignment = sl_alloc(
		    (s->source_max + 1) * sizeof(*s->source_consignment));
		sl_snap_sources(db, s);
	}
}

enum sl_rc
sl_snap_load(const struct sl_rep *r, unsigned what,
    const struct sl_snap_receipts *receipts, struct sl_snap *s,
    struct sl_err *err)
{
	struct sl_db *db = sl_store_db(r->store);
	bool keys;

	if (sl_snap_begin(db, r->shared, s, err) != SL_OK)
		return SL_FATAL;
	keys = (what & SL_SNAP_KEYS) != 0 || sl_snap_needs_target(s, what);
	if (keys)
		sl_idmap_begin(&s->keys, s->e_max);
	if (s->from == NULL)
		make_rows(r, db, what, s);
	else if (keys)
		load_keys(db, s);
	set_asked(r, s);
	sl_snap_targets(db, what, receipts, s);
	if ((what & SL_SNAP_KEYS) == 0)
		sl_idmap_free(&s->keys);
	if ((what & SL_SNAP_PAGES) != 0) {
		s->pages = sl_alloc((s->e_max + 1) * sizeof(*s->pages));
		load_pages(db, s);
	}
	return sl_db_check(db, err);
}

static void
free_names(struct sl_snap *s)
{
	sl_names_free(&s->queue);
	sl_names_free(&s->reason);
	sl_names_free(&s->to);
	sl_names_free(&s->unit);
	sl_names_free(&s->access);
}

/* Arrays that another lent are its own to free. */
void
sl_snap_free(struct sl_snap *s)
{
	static const struct sl_snap none;
	const struct sl_snap *from = s->from != NULL ? s->from : &none;

	if (s->common == NULL) {
		free(s->c);
		free(s->e);
		free(s->reception);
		free(s->sent);
		free(s->part_entry);
		free(s->source_consignment);
	} else if (s->from == NULL) {
		(void)munmap(s->common, s->common_bytes);
	}
	if (s->sent_ms != from->sent_ms)
		sl_snap_drop_deliveries(s);
	if (s->target != from->target)
		sl_snap_drop_target(s);
	sl_idmap_free(&s->keys);
	free(s->pages);
	free_names(s);
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
