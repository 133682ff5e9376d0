/*
 * Plain scans into narrow arrays.
 */
#include "snap.h"

#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../store/db.h"
#include "control.h"

#define ROWS_MAX (64u << 20)
#define NAMES_MAX 65535u

/* -- names -------------------------------------------------------------- */

static size_t
hash_text(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return (size_t)h;
}

static void
names_grow(struct sl_names *t)
{
	size_t i, at;

	free(t->slot);
	t->slots = t->slots == 0 ? 256 : t->slots * 2;
	t->slot = sl_alloc(t->slots * sizeof(*t->slot));
	for (i = 1; i < t->n; i++) {
		at = hash_text(t->text[i]) & (t->slots - 1);
		while (t->slot[at] != 0)
			at = (at + 1) & (t->slots - 1);
		t->slot[at] = (uint32_t)i;
	}
}

unsigned
sl_names_add(struct sl_names *t, const char *s)
{
	size_t at;

	if (t->n == 0) {
		t->text = sl_grow(t->text, &t->cap, 1, sizeof(*t->text));
		t->text[t->n++] = sl_strdup("");
	}
	if (*s == '\0')
		return 0;
	if (t->n * 2 >= t->slots)
		names_grow(t);
	at = hash_text(s) & (t->slots - 1);
	for (; t->slot[at] != 0; at = (at + 1) & (t->slots - 1))
		if (strcmp(t->text[t->slot[at]], s) == 0)
			return t->slot[at];
	if (t->n >= NAMES_MAX)
		return 0;
	t->text = sl_grow(t->text, &t->cap, t->n + 1, sizeof(*t->text));
	t->text[t->n] = sl_strdup(s);
	t->slot[at] = (uint32_t)t->n;
	return (unsigned)t->n++;
}

void
sl_names_free(struct sl_names *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->text[i]);
	free(t->text);
	free(t->slot);
	memset(t, 0, sizeof(*t));
}

/* -- scans -------------------------------------------------------------- */

static enum sl_rc
highest(struct sl_db *db, const char *sql, uint32_t *ret, struct sl_err *err)
{
	int64_t n = sl_db_int(db, 0, sql, "");

	if (n < 0 || n > ROWS_MAX)
		return sl_err_set(err, SL_FATAL, 0, "limit_members",
		    "the database holds more rows than a report can count");
	*ret = (uint32_t)n;
	return SL_OK;
}

static void
load_consignments(const struct sl_rep *r, struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT id, received_ms, queue, reason, stage, disposition,"
	    " outcome FROM consignment",
	    "");
	struct sl_snap_consignment *c;

	while (sl_db_row(db, st)) {
		c = &s->c[sqlite3_column_int64(st, 0)];
		c->there = true;
		c->received_ms = sqlite3_column_int64(st, 1);
		c->queue = (uint16_t)sl_names_add(&s->queue, sl_db_text(st, 2));
		c->reason =
		    (uint16_t)sl_names_add(&s->reason, sl_db_text(st, 3));
		c->stage = (uint8_t)sqlite3_column_int(st, 4);
		c->dispo = (uint8_t)sqlite3_column_int(st, 5);
		c->outcome = (uint8_t)sqlite3_column_int(st, 6);
		c->in = c->received_ms >= r->from_ms &&
			c->received_ms < r->to_ms &&
			(r->opt->queue == NULL ||
			    strcmp(r->opt->queue, sl_db_text(st, 2)) == 0);
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

static void
load_entries(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT id, consignment, number, reason, stage, disposition,"
	    " outcome FROM entry ORDER BY id",
	    "");
	struct sl_snap_entry *e;
	int64_t id, consignment;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		consignment = sqlite3_column_int64(st, 1);
		if (consignment <= 0 || consignment > s->c_max)
			continue;
		e = &s->e[id];
		e->there = true;
		e->consignment = (uint32_t)consignment;
		e->number = (uint16_t)sqlite3_column_int(st, 2);
		e->reason =
		    (uint16_t)sl_names_add(&s->reason, sl_db_text(st, 3));
		e->stage = (uint8_t)sqlite3_column_int(st, 4);
		e->dispo = (uint8_t)sqlite3_column_int(st, 5);
		e->outcome = (uint8_t)sqlite3_column_int(st, 6);
		e->in =
		    s->c[consignment].in && e->outcome != SL_OUTCOME_replaced;
		hang_entry(s, (uint32_t)id);
	}
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
		if (entry <= 0 || entry > s->e_max || part <= 0 ||
		    part > s->part_max || !s->e[entry].there)
			continue;
		s->e[entry].documents++;
		if (s->e[entry].outcome != SL_OUTCOME_replaced)
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
		if (id > 0 && id <= s->part_max && s->part_entry[id] != 0)
			s->e[s->part_entry[id]].pages +=
			    (uint32_t)sqlite3_column_int64(st, 1);
	}
}

static void
load_sources(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st =
	    sl_db_query(db, "SELECT id, consignment FROM source", "");

	while (sl_db_row(db, st))
		s->source_consignment[sqlite3_column_int64(st, 0)] =
		    (uint32_t)sqlite3_column_int64(st, 1);
}

static void
load_deliveries(struct sl_db *db, struct sl_snap *s)
{
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT id, entry, state = 'delivered' FROM delivery ORDER BY id",
	    "");
	uint8_t *done = sl_alloc(s->e_max + 1);
	int64_t entry;

	while (sl_db_row(db, st)) {
		entry = sqlite3_column_int64(st, 1);
		if (entry <= 0 || entry > s->e_max || done[entry] != 0)
			continue;
		s->delivery[entry] = (uint32_t)sqlite3_column_int64(st, 0);
		done[entry] = (uint8_t)sqlite3_column_int(st, 2);
	}
	free(done);
}

/* -- what the target shows ------------------------------------------------ */

/* Entries by their own key, while the target's journal is read. */
struct own_keys {
	uint64_t *hash; /* by entry */
	uint32_t *slot;
	size_t slots;
};

static void
load_own_keys(struct sl_db *db, const struct sl_snap *s, struct own_keys *k)
{
	sqlite3_stmt *st = sl_db_query(db, "SELECT id, own_key FROM entry", "");
	int64_t id;
	size_t at;

	for (k->slots = 1024; k->slots < (size_t)s->e_max * 3 / 2;)
		k->slots *= 2;
	k->hash = sl_alloc((s->e_max + 1) * sizeof(*k->hash));
	k->slot = sl_alloc(k->slots * sizeof(*k->slot));
	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (id <= 0 || id > s->e_max)
			continue;
		k->hash[id] = hash_text(sl_db_text(st, 1));
		at = (size_t)k->hash[id] & (k->slots - 1);
		while (k->slot[at] != 0)
			at = (at + 1) & (k->slots - 1);
		k->slot[at] = (uint32_t)id;
	}
}

static uint32_t
find_own_key(const struct own_keys *k, const char *own_key)
{
	uint64_t h = hash_text(own_key);
	size_t at = (size_t)h & (k->slots - 1);

	for (; k->slot[at] != 0; at = (at + 1) & (k->slots - 1))
		if (k->hash[k->slot[at]] == h)
			return k->slot[at];
	return 0;
}

static void
add_seen(struct sl_snap *s, sqlite3_stmt *st, uint32_t id)
{
	struct sl_buf *b = &s->target_text;
	int i;

	s->target[id].text = (uint32_t)b->n;
	s->target[id].journal_day = (int32_t)sl_day_parse(sl_db_text(st, 6));
	for (i = 1; i <= 3; i++)
		sl_buf_add(b, sl_db_text(st, i), strlen(sl_db_text(st, i)) + 1);
	if (sqlite3_column_int64(st, 4) > 0)
		sl_buf_printf(b, "%s/%s", sl_db_text(st, 4), sl_db_text(st, 5));
	sl_buf_add(b, "", 1);
}

static void
load_target(struct sl_db *db, struct sl_snap *s)
{
	struct own_keys k = {0};
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT own_key, status, case_number, number, sequence, year,"
	    " journal_date FROM target_post WHERE own_key <> ''",
	    "");
	uint32_t id;

	load_own_keys(db, s, &k);
	s->target_text.max = (size_t)1 << 30;
	sl_buf_add(&s->target_text, "", 1);
	while (sl_db_row(db, st)) {
		id = find_own_key(&k, sl_db_text(st, 0));
		if (id != 0 && s->target[id].text == 0)
			add_seen(s, st, id);
	}
	free(k.hash);
	free(k.slot);
}

bool
sl_snap_seen(const struct sl_snap *s, uint32_t entry, struct sl_snap_seen *ret)
{
	const char *p;

	if (s->target == NULL || s->target[entry].text == 0 ||
	    s->target_text.full)
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

enum sl_rc
sl_snap_load(const struct sl_rep *r, unsigned what, struct sl_snap *s,
    struct sl_err *err)
{
	struct sl_db *db = sl_store_db(r->store);

	memset(s, 0, sizeof(*s));
	(void)sl_names_add(&s->queue, "");
	(void)sl_names_add(&s->reason, "");
	if (highest(db, "SELECT max(id) FROM consignment", &s->c_max, err) !=
		SL_OK ||
	    highest(db, "SELECT max(id) FROM entry", &s->e_max, err) != SL_OK ||
	    highest(db, "SELECT max(id) FROM part", &s->part_max, err) !=
		SL_OK ||
	    highest(db, "SELECT max(id) FROM source", &s->source_max, err) !=
		SL_OK)
		return SL_FATAL;
	s->c = sl_alloc((s->c_max + 1) * sizeof(*s->c));
	s->e = sl_alloc((s->e_max + 1) * sizeof(*s->e));
	load_consignments(r, db, s);
	load_entries(db, s);
	if ((what & SL_SNAP_TARGET) != 0) {
		s->target = sl_alloc((s->e_max + 1) * sizeof(*s->target));
		load_target(db, s);
	}
	if ((what & SL_SNAP_DOCUMENTS) != 0) {
		s->part_entry =
		    sl_alloc((s->part_max + 1) * sizeof(*s->part_entry));
		load_documents(db, s);
	}
	if ((what & SL_SNAP_PAGES) != 0)
		load_pages(db, s);
	if ((what & SL_SNAP_SOURCES) != 0) {
		s->source_consignment = sl_alloc(
		    (s->source_max + 1) * sizeof(*s->source_consignment));
		load_sources(db, s);
	}
	if ((what & SL_SNAP_DELIVERIES) != 0) {
		s->delivery = sl_alloc((s->e_max + 1) * sizeof(*s->delivery));
		load_deliveries(db, s);
	}
	return sl_db_check(db, err);
}

void
sl_snap_free(struct sl_snap *s)
{
	free(s->c);
	free(s->e);
	free(s->part_entry);
	free(s->source_consignment);
	free(s->delivery);
	free(s->target);
	sl_buf_free(&s->target_text);
	sl_names_free(&s->queue);
	sl_names_free(&s->reason);
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
