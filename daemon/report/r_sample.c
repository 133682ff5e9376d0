/*
 * Stikkprøve: entries drawn so that they can be drawn again, each with its
 * trail from the sporingslogg.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/hash.h"
#include "../base/mem.h"
#include "../journal/leaf.h"
#include "../store/db.h"
#include "pages.h"
#include "runs.h"
#include "sample.h"
#include "words.h"

#define MANY_DOCUMENTS 5

struct draw {
	struct sl_rep *r;
	struct sl_snap snap;
	uint8_t *low; /* by entry: read with low confidence */
	uint8_t *again; /* by entry: placed anew, may be a duplicate */
	uint32_t *entry; /* those to draw from */
	uint16_t *weight;
	size_t n;
};

static void
note_low(void *arg, const struct sl_rep_page *p)
{
	struct draw *d = arg;

	if (p->source == SL_PAGE_OCR && p->confidence < SL_PAGE_LOW)
		d->low[d->snap.part_entry[p->part]] = 1;
}

static void
note_again(struct draw *d)
{
	struct sl_db *db = sl_store_db(d->r->store);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT id, (revision > 1) + 2 * (duplicate_of IS NOT NULL)"
	    " FROM entry WHERE revision > 1 OR duplicate_of IS NOT NULL",
	    "");
	int64_t id;

	while (sl_db_row(db, st)) {
		id = sqlite3_column_int64(st, 0);
		if (id > 0 && id <= d->snap.e_max)
			d->again[id] = (uint8_t)sqlite3_column_int(st, 1);
	}
}

static uint16_t
weight_of(const struct draw *d, uint32_t id)
{
	const struct sl_snap_entry *e = &d->snap.e[id];
	unsigned w = 1;

	if (!d->r->opt->by_risk)
		return 1;
	w += (d->again[id] & 1) != 0 ? 2 : 0;
	w += (d->again[id] & 2) != 0 ? 2 : 0;
	w += d->low[id] != 0 ? 3 : 0;
	w += e->documents > MANY_DOCUMENTS ? 1 : 0;
	w += sl_standing_of(e->dispo, e->outcome) == SL_STANDS_CLOSED ? 3 : 0;
	return (uint16_t)w;
}

/* In the order of reception, which does not change. */
static void
gather(struct draw *d)
{
	const struct sl_snap *s = &d->snap;
	uint32_t c, id;

	d->entry = sl_alloc((s->e_max + 1) * sizeof(*d->entry));
	d->weight = sl_alloc((s->e_max + 1) * sizeof(*d->weight));
	for (c = 1; c <= s->c_max; c++)
		for (id = s->c[c].first_entry; id != 0; id = s->e[id].next) {
			if (!sl_snap_e_in(s, id))
				continue;
			d->entry[d->n] = id;
			d->weight[d->n++] = weight_of(d, id);
		}
}

/* -- the trail ---------------------------------------------------------- */

struct item {
	int64_t draw;
	uint32_t id;
	uint16_t weight;
	char number[48], case_number[64];
};

/* What an event was about: as codes, and as a person reads it. */
static void
what_of(const struct sl_rep *r, const char *payload, struct sl_buf *code,
    struct sl_buf *word)
{
	static const char *const keys[] = {
	    "case", "reason", "step", "target", "why", "detail"};
	char value[128];
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!sl_json_peek(payload, keys[i], value, sizeof(value)) ||
		    value[0] == '\0')
			continue;
		sl_buf_printf(code, "%s%s", code->n > 0 ? ", " : "", value);
		sl_buf_add_str(word, word->n > 0 ? ", " : "");
		if (strcmp(keys[i], "reason") == 0)
			sl_word_reason(r, value, word);
		else if (strcmp(value, "verified") == 0)
			sl_buf_add_str(
			    word, sl_rep_say(r, "kontrollert", "verified"));
		else
			sl_buf_add_str(word, value);
	}
}

static void
give_event(struct draw *d, const struct item *it, const struct sl_leaf *l,
    const char *payload)
{
	const struct sl_snap_entry *e = &d->snap.e[it->id];
	SL_BUF struct sl_buf code = {0}, what = {0}, event = {0}, actor = {0};
	const char *name = sl_event_name(l->event);

	what_of(d->r, payload, &code, &what);
	sl_word_event(d->r, l->event, &event);
	sl_word_actor(d->r, l->actor, &actor);
	sl_rep_row(d->r, "issiwstwww", it->draw, it->number,
	    d->snap.queue.text[d->snap.c[e->consignment].queue],
	    (int64_t)it->weight, sl_state_slug(e->dispo, e->outcome),
	    sl_state_word(d->r, e->dispo, e->outcome), it->case_number,
	    l->time_ms, name != NULL ? name : "", sl_buf_str(&event), l->actor,
	    sl_buf_str(&actor), sl_buf_str(&code), sl_buf_str(&what));
}

static void
give_trail(struct draw *d, const struct item *it)
{
	struct sl_db *db = sl_store_db(d->r->store);
	SL_BUF struct sl_buf store = {0};
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT l.bytes, p.body FROM leaf l LEFT JOIN payload p"
	    " ON p.seq = l.seq WHERE l.consignment = ?1"
	    " AND (l.entry IS NULL OR l.entry = ?2) ORDER BY l.seq",
	    "ii", (int64_t)d->snap.e[it->id].consignment, (int64_t)it->id);
	struct sl_slice bytes;
	struct sl_leaf l;
	size_t n = 0;

	while (sl_db_row(db, st)) {
		bytes = sl_db_blob(st, 0);
		sl_buf_reset(&store);
		if (sl_leaf_decode(bytes.p, bytes.n, &store, &l, NULL) != SL_OK)
			continue;
		give_event(d, it, &l, sl_db_text(st, 1));
		n++;
	}
	if (n == 0) {
		l = (struct sl_leaf){.actor = ""};
		give_event(d, it, &l, "");
	}
}

static void
give_item(struct draw *d, int64_t draw, uint32_t index)
{
	struct sl_db *db = sl_store_db(d->r->store);
	struct item it = {
	    .draw = draw, .id = d->entry[index], .weight = d->weight[index]};
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT c.reception, e.number, e.case_number FROM entry e"
	    " JOIN consignment c ON c.id = e.consignment WHERE e.id = ?1",
	    "i", (int64_t)it.id);

	if (!sl_db_row(db, st))
		return;
	(void)snprintf(it.number, sizeof(it.number), "%s.%d", sl_db_text(st, 0),
	    sqlite3_column_int(st, 1));
	sl_db_copy(st, 2, it.case_number, sizeof(it.case_number));
	sl_db_done(st);
	give_trail(d, &it);
}

/* -- what it says of the whole -------------------------------------------- */

static void
say_range(
    struct draw *d, const char *key, const char *name, double low, double high)
{
	char text[96], *p;

	(void)snprintf(
	    text, sizeof(text), "%.2f–%.2f %%", 100 * low, 100 * high);
	for (p = text; d->r->lang != SL_LANGUAGE_EN && *p != '\0'; p++)
		if (*p == '.')
			*p = ',';
	sl_rep_fact(d->r, key, name, name, "%s", text);
}

static void
say_interval(struct draw *d, int errors, int n)
{
	double low, high;

	sl_interval_wilson(errors, n, &low, &high);
	say_range(d, "wilson",
	    sl_rep_say(
		d->r, "Feilandel, 95 % (Wilson)", "Error rate, 95 % (Wilson)"),
	    low, high);
	sl_interval_exact(errors, n, &low, &high);
	say_range(d, "clopper_pearson",
	    sl_rep_say(d->r, "Feilandel, 95 % (Clopper-Pearson)",
		"Error rate, 95 % (Clopper-Pearson)"),
	    low, high);
}

static void
say_sample(struct draw *d, uint64_t seed, size_t n)
{
	int errors = d->r->opt->errors;

	sl_rep_fact(
	    d->r, "population", "Trukket blant", "Drawn among", "%zu", d->n);
	sl_rep_fact(d->r, "count", "Trukket", "Drawn", "%zu", n);
	sl_rep_fact(d->r, "method", "Metode", "Method", "%s",
	    d->r->opt->by_risk
		? sl_rep_say(d->r, "vektet etter risiko", "weighted by risk")
		: sl_rep_say(d->r, "tilfeldig", "random"));
	sl_rep_fact(
	    d->r, "seed", "Frø (--seed)", "Seed (--seed)", "%" PRIu64, seed);
	if (n == 0)
		return;
	if (errors >= 0)
		sl_rep_fact(d->r, "errors", "Feil funnet", "Errors found", "%d",
		    errors);
	else
		sl_rep_fact(d->r, "errors", "Feil funnet", "Errors found", "%s",
		    sl_rep_say(d->r, "ikke oppgitt", "not given"));
	say_interval(d, errors >= 0 ? errors : 0, (int)n);
	if (errors < 0)
		sl_rep_note(d->r,
		    "Intervallet gjelder om ingen feil finnes; kjør igjen med "
		    "--seed og --errors når prøven er gått gjennom.",
		    "The interval holds if no error is found; run again with "
		    "--seed and --errors when the sample was looked through.");
	if (d->r->opt->to == NULL)
		sl_rep_note(d->r,
		    "Uten --to kan det som mottas senere komme med når samme "
		    "frø trekkes igjen.",
		    "Without --to what is received later may be among those "
		    "that the same seed draws.");
	if (d->r->opt->by_risk)
		sl_rep_note(d->r,
		    "Et utvalg etter risiko leter der feil er ventet: "
		    "intervallet gjelder utvalget, ikke helheten.",
		    "A sample by risk looks where errors are expected: the "
		    "interval is that of the sample, not of the whole.");
}

static enum sl_rc
make(struct draw *d, struct sl_err *err)
{
	const struct sl_rep_options *o = d->r->opt;
	size_t want = o->count > 0 ? (size_t)o->count : SL_SAMPLE_COUNT, n, i;
	SL_FREE uint32_t *drawn = sl_alloc(want * sizeof(*drawn));
	uint64_t seed = o->seed;
	enum sl_rc rc = SL_OK;

	d->low = sl_alloc(d->snap.e_max + 1);
	d->again = sl_alloc(d->snap.e_max + 1);
	if (o->by_risk) {
		note_again(d);
		rc = sl_rep_pages(d->r, &d->snap, note_low, d, err);
	}
	if (rc != SL_OK)
		return rc;
	if (!o->seed_given) {
		sl_random(&seed, sizeof(seed));
		seed >>= 32;
	}
	gather(d);
	n = sl_sample_draw(
	    seed, d->entry, o->by_risk ? d->weight : NULL, d->n, drawn, want);
	if (o->errors > (int)n)
		return sl_err_set(err, SL_REJECT, 0, "bad_option",
		    "--errors is more than the sample");
	say_sample(d, seed, n);
	for (i = 0; i < n; i++)
		give_item(d, (int64_t)i + 1, drawn[i]);
	return SL_OK;
}

enum sl_rc
sl_rep_stikkprove(struct sl_rep *r, struct sl_err *err)
{
	struct draw d = {.r = r};
	enum sl_rc rc =
	    sl_snap_load(r, SL_SNAP_DOCUMENTS | SL_SNAP_PARTS | SL_SNAP_SOURCES,
		NULL, &d.snap, err);

	if (rc == SL_OK)
		rc = make(&d, err);
	free(d.low);
	free(d.again);
	free(d.entry);
	free(d.weight);
	sl_snap_free(&d.snap);
	return rc;
}
