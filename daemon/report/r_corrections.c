/*
 * Korreksjoner: what the machine proposed first against what a person chose
 * for the same field of the same entry. Of what was erased only the case is
 * kept on both sides, and no rule.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../query/query.h"
#include "../store/db.h"
#include "pages.h"
#include "runs.h"
#include "snap.h"
#include "words.h"

#define FIELDS 64

struct group {
	unsigned field, rule, model;
	int64_t proposed, accepted, confirmed, corrected, moved;
};
/* Of the entry being read, by field. */
struct proposal {
	size_t group; /* plus one; 0: none */
	bool accepted;
	char value[512], chosen[512];
	bool by_person;
	uint32_t last; /* hash of what it came to */
};
struct corrections {
	struct sl_rep *r;
	struct sl_snap snap;
	struct sl_names rule;
	unsigned lost; /* the rule of what was erased */
	uint8_t *erased; /* sl_rep_erased */
	uint32_t *shown; /* by entry: the case in the target's journal */
	int64_t erased_n; /* entries */
	struct group *group;
	size_t n, cap;
	struct proposal p[FIELDS];
};

static size_t
find_group(struct corrections *c, unsigned field, unsigned rule, unsigned model)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->group[i].field == field && c->group[i].rule == rule &&
		    c->group[i].model == model)
			return i;
	c->group = sl_grow(c->group, &c->cap, c->n + 1, sizeof(*c->group));
	c->group[c->n] =
	    (struct group){.field = field, .rule = rule, .model = model};
	return c->n++;
}

enum { NOT_SHOWN, SEVERAL };

/* Never one of those. */
static uint32_t
hash(const char *s)
{
	uint32_t h = (uint32_t)sl_hash_text(s);

	return h > SEVERAL ? h : h + SEVERAL + 1;
}

/* It went there as proposed, and lies elsewhere now. */
static bool
is_moved(const struct corrections *c, int64_t entry, const struct proposal *p)
{
	uint32_t h;

	if (p != &c->p[SL_FIELD_case_number] || entry <= 0 ||
	    entry > c->snap.e_max || c->shown[entry] <= SEVERAL)
		return false;
	h = hash(p->value);
	return p->last == h && c->shown[entry] != h;
}

static void
end_entry(struct corrections *c, int64_t entry)
{
	struct proposal *p;
	struct group *g;
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		p = &c->p[i];
		if (p->group != 0) {
			g = &c->group[p->group - 1];
			g->proposed++;
			g->accepted += p->accepted;
			if (p->by_person && strcmp(p->value, p->chosen) == 0)
				g->confirmed++;
			else if (p->by_person)
				g->corrected++;
			g->moved += is_moved(c, entry, p);
		}
		p->group = 0;
		p->by_person = false;
	}
}

static void
propose(struct corrections *c, unsigned field, unsigned rule, unsigned model,
    sqlite3_stmt *st)
{
	struct proposal *p = &c->p[field];

	p->group = find_group(c, field, rule, model) + 1;
	p->accepted = sqlite3_column_int(st, 3) != 0;
	sl_db_copy(st, 2, p->value, sizeof(p->value));
}

/* The first piece of evidence says which rule or model it was. */
static void
take_machine(struct corrections *c, unsigned field, sqlite3_stmt *st)
{
	const char *evidence = sl_db_text(st, 4);
	char rule[64], model[64];
	struct sl_peek want[] = {
	    SL_PEEK("rule", rule), SL_PEEK("model", model)};

	if (*evidence == '[')
		evidence++;
	/* Mostly without one; a walk for what is not there goes to the end. */
	if (strstr(evidence, "\"model\"") == NULL) {
		model[0] = '\0';
		sl_json_peek_all(evidence, want, 1);
	} else {
		sl_json_peek_all(evidence, want, 2);
	}
	propose(c, field, sl_names_add(&c->rule, rule),
	    sl_names_add(&c->rule, model), st);
}

static bool
is_erased(const struct corrections *c, int64_t entry)
{
	return c->erased != NULL &&
	       c->erased[c->snap.e[entry].consignment] != 0;
}

static void
take_row(struct corrections *c, sqlite3_stmt *st, bool erased)
{
	unsigned field = (unsigned)sqlite3_column_int(st, 1);
	const char *actor = sl_db_text(st, 5);

	if (field >= FIELDS || (erased && field != SL_FIELD_case_number))
		return;
	if (field == SL_FIELD_case_number)
		c->p[field].last = hash(sl_db_text(st, 2));
	if (strcmp(actor, "sluse-place") == 0) {
		if (c->p[field].group == 0 && erased)
			propose(c, field, c->lost, 0, st);
		else if (c->p[field].group == 0)
			take_machine(c, field, st);
	} else if (strncmp(actor, "uid:", 4) == 0 ||
		   strncmp(actor, "queue:", 6) == 0) {
		c->p[field].by_person = true;
		sl_db_copy(
		    st, 2, c->p[field].chosen, sizeof(c->p[field].chosen));
	}
}

static void
scan(struct corrections *c)
{
	struct sl_db *db = sl_store_db(c->r->store);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT entry, field, value, accepted, evidence, actor"
	    " FROM placement WHERE rank = 0 ORDER BY entry, revision, field",
	    "");
	int64_t entry, now = 0;

	while (sl_db_row(db, st)) {
		entry = sqlite3_column_int64(st, 0);
		if (entry != now)
			end_entry(c, now);
		if (entry > 0 && entry <= c->snap.e_max &&
		    sl_snap_e_in(&c->snap, entry)) {
			take_row(c, st, is_erased(c, entry));
			c->erased_n += entry != now && is_erased(c, entry);
		}
		now = entry;
	}
	end_entry(c, now);
}

static void
find_shown(struct corrections *c)
{
	struct sl_db *db = sl_store_db(c->r->store);
	sqlite3_stmt *st =
	    sl_db_query(db, "SELECT own_key, case_number FROM target_post", "");
	uint32_t id, h;

	c->shown = sl_alloc((c->snap.e_max + 1) * sizeof(*c->shown));
	while (sl_db_row(db, st)) {
		if (*sl_db_text(st, 0) == '\0' || *sl_db_text(st, 1) == '\0')
			continue;
		id = sl_idmap_find(&c->snap.keys, sl_db_text(st, 0));
		if (id == 0)
			continue;
		h = hash(sl_db_text(st, 1));
		c->shown[id] = c->shown[id] == NOT_SHOWN ? h : SEVERAL;
	}
	sl_idmap_free(&c->snap.keys); /* large, and not wanted any more */
}

static int
compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	return x->proposed > y->proposed ? -1 : x->proposed < y->proposed;
}

static const char *
field_word(const struct sl_rep *r, unsigned field)
{
#define SL_FIELD(number, name, en, nb)                                         \
	if (field == (number))                                                 \
		return sl_rep_say(r, nb, en);
#include "../wire/fields.def"
#undef SL_FIELD
	return "?";
}

enum sl_rc
sl_rep_korreksjoner(struct sl_rep *r, struct sl_err *err)
{
	struct corrections *c = sl_alloc(sizeof(*c));
	enum sl_rc rc;
	size_t i;

	c->r = r;
	rc = sl_snap_load(r, SL_SNAP_KEYS, NULL, &c->snap, err);
	(void)sl_names_add(&c->rule, "");
	c->lost = sl_names_add(&c->rule, "\1");
	if (rc == SL_OK) {
		c->erased = sl_rep_erased(r, &c->snap);
		find_shown(c);
		scan(c);
		if (c->n > 0)
			qsort(c->group, c->n, sizeof(*c->group), compare);
	}
	for (i = 0; rc == SL_OK && i < c->n; i++) {
		const struct group *g = &c->group[i];

		const char *rule = c->rule.text[g->rule];
		double share = 100.0 * (double)(g->corrected + g->moved) /
			       (double)g->proposed;
		bool lost = g->rule == c->lost,
		     is_case = g->field == SL_FIELD_case_number;

		sl_rep_cells(r,
		    lost      ? "wuuiiiiix"
		    : is_case ? "wwsiiiiix"
			      : "wwsiiii-x",
		    (struct sl_rep_value[]){
			{.s = field_word(r, g->field),
			    .slug = sl_query_field(g->field)},
			{.s = sl_word_rule(r, rule), .slug = rule},
			{.s = c->rule.text[g->model]}, {.n = g->proposed},
			{.n = g->accepted}, {.n = g->confirmed},
			{.n = g->corrected}, {.n = g->moved}, {.x = share}});
	}
	if (c->erased_n > 0)
		sl_rep_fact(r, "erased",
		    "Poster med slettet innhold: bare saksnummer, uten regel",
		    "Entries whose content was erased: only the case, without "
		    "a rule",
		    "%" PRId64, c->erased_n);
	free(c->erased);
	free(c->shown);
	free(c->group);
	sl_names_free(&c->rule);
	sl_snap_free(&c->snap);
	free(c);
	return rc;
}
