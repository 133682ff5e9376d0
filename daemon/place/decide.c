/*
 * INVARIANTS: a case number is accepted only if it is known, open (a person may
 * choose a closed one), at or over the threshold and at least the margin ahead
 * of any other case the post speaks of, known or not. What is declared (person,
 * then sidecar) stands above what is read; so does what a package says of all
 * but the case. Of access the queue's and a sidecar's word stand: a package can
 * raise it where they say nothing, never lift it.
 * Memory grows to what the largest entry needed and is kept.
 */
#include "decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../wire/roles.h"
#include "evidence.h"
#include "rules.h"

#define NO_VALUE UINT16_MAX
#define OWN_CLUES 4u /* room for what the decider adds itself */
#define NAMED_UNKNOWN 700u /* an unknown number this sure is a case */
#define CASE_SAYS 920u /* unit and class of the accepted case */
#define QUEUE_SAYS 850u /* the queue's unit, where nothing is better */
#define DAYS_OLD_MAX 1826 /* five years */
#define SURE_MAX 990u /* nobody but a person is quite sure */

/* Who said it outright, the last word last. A package's word on the case is not
 * one: it stands among what is read, which may be of another mind. */
enum declared {
	DECLARED_NOT,
	DECLARED_PACKAGE,
	DECLARED_SIDECAR, /* or the queue */
	DECLARED_PERSON,
};

/* One value of a field, with all that speaks for it. */
struct value {
	uint32_t text, n;
	uint16_t score;
	uint8_t declared; /* enum declared */
	bool known, closed, doubled, weak, refused;
	bool fallback; /* the queue's, for want of better */
	struct sl_known_case at;
};

struct sl_decider {
	uint64_t entry;
	uint16_t threshold, margin;
	struct sl_clue *clue;
	size_t clue_n, clue_cap;
	struct sl_buf text; /* of all clues and values */
	struct value value[SL_DECIDE_VALUES_MAX];
	size_t value_n;
	uint16_t order[SL_DECIDE_VALUES_MAX];
	struct sl_buf evidence, item;
	bool full;
};

/* What it takes to accept a field: less where a mistake does little harm. */
static const struct {
	uint8_t field;
	uint16_t slack; /* below the threshold */
	uint16_t margin; /* part of the margin, in percent */
} field_rules[] = {
    {SL_FIELD_title, 300, 0},
    {SL_FIELD_document_date, 200, 25},
    {SL_FIELD_correspondent, 200, 25},
    {SL_FIELD_correspondent_email, 200, 0},
    {SL_FIELD_correspondent_orgnr, 100, 25},
    {SL_FIELD_our_ref_of_sender, 300, 0},
    {SL_FIELD_message_id, 200, 0},
    {SL_FIELD_in_reply_to, 200, 0},
    {SL_FIELD_recipient, 200, 0},
};

static const char rule_queue_default[] = "queue_default";

struct sl_decider *
sl_decider_new(void)
{
	struct sl_decider *d = sl_alloc(sizeof(*d));

	d->clue_cap = SL_DECIDE_CLUES_MAX + OWN_CLUES;
	d->clue = sl_alloc(d->clue_cap * sizeof(*d->clue));
	d->evidence.max = SL_EVIDENCE_MAX;
	return d;
}

void
sl_decider_free(struct sl_decider *d)
{
	if (d == NULL)
		return;
	sl_buf_free(&d->text);
	sl_buf_free(&d->evidence);
	sl_buf_free(&d->item);
	free(d->clue);
	free(d);
}

bool
sl_day_parse(const char *s, size_t n, int64_t *ret)
{
	static const uint8_t days[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t y, era, yoe, doy;
	int m, d, i;

	if (n != 10 || s[4] != '-' || s[7] != '-')
		return false;
	for (i = 0; i < 10; i++) {
		if (i != 4 && i != 7 && (s[i] < '0' || s[i] > '9'))
			return false;
	}
	y = (s[0] - '0') * 1000 + (s[1] - '0') * 100 + (s[2] - '0') * 10 +
	    s[3] - '0';
	m = (s[5] - '0') * 10 + s[6] - '0';
	d = (s[8] - '0') * 10 + s[9] - '0';
	if (m < 1 || m > 12 || d < 1 || d > days[m - 1])
		return false;
	if (m == 2 && d == 29 && (y % 4 != 0 || (y % 100 == 0 && y % 400 != 0)))
		return false;
	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	*ret = era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
	return true;
}

bool
sl_orgnr_parse(const char *s, size_t n, char *out)
{
	static const uint8_t w[] = {3, 2, 7, 6, 5, 4, 3, 2};
	unsigned sum = 0;
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (s[i] == ' ' || s[i] == '.')
			continue;
		if (s[i] < '0' || s[i] > '9' || k == 9)
			return false;
		out[k++] = s[i];
	}
	if (k != 9)
		return false;
	out[9] = '\0';
	for (i = 0; i < 8; i++)
		sum += w[i] * (unsigned)(out[i] - '0');
	sum = (11 - sum % 11) % 11;
	return sum == (unsigned)(out[8] - '0');
}

static uint32_t
keep(struct sl_decider *d, struct sl_slice s)
{
	uint32_t at = (uint32_t)d->text.n;

	sl_buf_add(&d->text, s.p, s.n);
	return at;
}

static struct sl_slice
trimmed(struct sl_slice s)
{
	while (s.n > 0 && (uint8_t)s.p[0] <= ' ')
		s.p++, s.n--;
	while (s.n > 0 && (uint8_t)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

/* A clue of the decider's own. */
static struct sl_clue *
add_own(struct sl_decider *d, unsigned field, unsigned source,
    struct sl_slice value, const char *label)
{
	struct sl_clue *c = &d->clue[d->clue_n++];
	struct sl_slice l = sl_slice_str(label);

	memset(c, 0, sizeof(*c));
	c->field = (uint8_t)field;
	c->source = (uint8_t)source;
	c->confidence = 1000;
	c->value_n = value.n;
	c->value = keep(d, value);
	c->label_n = l.n;
	c->label = keep(d, l);
	return c;
}

void
sl_decider_start(struct sl_decider *d, const struct sl_msg_place *q)
{
	d->entry = q->entry;
	d->threshold = q->threshold < 1000 ? q->threshold : 1000;
	d->margin = q->margin < 1000 ? q->margin : 1000;
	d->clue_n = 0;
	d->full = false;
	sl_buf_reset(&d->text);
	if (q->unit.n > 0)
		(void)add_own(
		    d, SL_FIELD_unit, SL_SOURCE_QUEUE, q->unit, "queue");
	if (q->access.n > 0)
		(void)add_own(
		    d, SL_FIELD_access, SL_SOURCE_QUEUE, q->access, "queue");
}

bool
sl_decider_add(struct sl_decider *d, const struct sl_msg_place_field *f)
{
	struct sl_slice value = trimmed(f->value);
	struct sl_clue *c;

	if (sl_field_name(f->field) == NULL || value.n == 0 ||
	    f->source < SL_SOURCE_TEXT || f->source > SL_SOURCE_PACKAGE ||
	    d->clue_n >= SL_DECIDE_CLUES_MAX) {
		d->full |= d->clue_n >= SL_DECIDE_CLUES_MAX;
		return false;
	}
	c = &d->clue[d->clue_n++];
	*c = (struct sl_clue){.part = f->part,
	    .page = f->page,
	    .field = f->field,
	    .source = f->source,
	    .confidence = f->confidence < 1000 ? f->confidence : 1000,
	    .box = {f->x0, f->y0, f->x1, f->y1},
	    .value_n = value.n,
	    .label_n = f->label.n,
	    .file_n = f->part_name.n};
	c->value = keep(d, value);
	c->label = keep(d, f->label);
	c->file = keep(d, f->part_name);
	return true;
}

static const char *
text_at(const struct sl_decider *d, uint32_t at)
{
	return sl_buf_str(&d->text) + at;
}

static bool
same_text(const struct sl_decider *d, uint32_t a, uint32_t an, uint32_t b,
    uint32_t bn)
{
	return an == bn && memcmp(text_at(d, a), text_at(d, b), an) == 0;
}

/* The part that is the letter: the one that was named, else the first of those
 * that are no descriptions of it. */
static uint32_t
main_part(const struct sl_decider *d)
{
	uint32_t first = UINT32_MAX;
	bool named = false;
	size_t i, k;

	for (i = 0; i < d->clue_n; i++) {
		const struct sl_clue *m = &d->clue[i];

		if (m->source != SL_SOURCE_QUEUE &&
		    m->source != SL_SOURCE_SIDECAR &&
		    m->source != SL_SOURCE_PACKAGE && m->part < first)
			first = m->part;
		if (m->field != SL_FIELD_main_document || named)
			continue;
		named = true;
		for (k = 0; k < d->clue_n; k++) {
			const struct sl_clue *c = &d->clue[k];

			if (same_text(
				d, c->file, c->file_n, m->value, m->value_n))
				return c->part;
		}
	}
	return first;
}

/* Finds or adds the value that stands at `at` in the text; NO_VALUE if there
 * are too many. */
static uint16_t
find_value(struct sl_decider *d, uint32_t at, uint32_t n)
{
	struct value *v;
	size_t i;

	for (i = 0; i < d->value_n; i++) {
		v = &d->value[i];
		if (same_text(d, v->text, v->n, at, n))
			return (uint16_t)i;
	}
	if (d->value_n == SL_DECIDE_VALUES_MAX) {
		d->full = true;
		return NO_VALUE;
	}
	v = &d->value[d->value_n];
	memset(v, 0, sizeof(*v));
	v->n = n;
	v->text = at;
	v->weak = true;
	return (uint16_t)d->value_n++;
}

/* A number in the one form it is compared in, and what is known of it. */
static uint16_t
case_value(struct sl_decider *d, const struct sl_caseindex *known,
    const char *s, size_t n)
{
	struct sl_known_case k;
	char number[24];
	uint32_t year, seq;
	uint16_t i;
	struct sl_slice own = {number, 0};
	bool found = sl_caseindex_find(known, s, n, &k);

	if (found) {
		own = k.number;
	} else if (sl_case_number_parse(s, n, &year, &seq)) {
		own.n = (uint32_t)snprintf(
		    number, sizeof(number), "%u/%u", year, seq);
	} else {
		own = (struct sl_slice){s, (uint32_t)n};
	}
	i = find_value(d, keep(d, own), own.n);
	if (i != NO_VALUE && found) {
		d->value[i].known = true;
		d->value[i].closed = k.closed;
		d->value[i].doubled = k.doubled;
		d->value[i].at = k;
	}
	return i;
}

static bool
has_four_digits(const char *s, size_t n)
{
	return n >= 4 && strspn(s, "0123456789") >= 4;
}

/* True if the clue may speak of our case numbers. */
static bool
score_case_clue(
    struct sl_decider *d, const struct sl_caseindex *known, struct sl_clue *c)
{
	enum sl_label label = sl_label_kind(text_at(d, c->label), c->label_n);
	char copy[SL_CASE_NUMBER_MAX + 1];
	struct sl_known_case k;
	uint32_t year, seq;

	if ((c->field != SL_FIELD_case_number &&
		c->field != SL_FIELD_our_ref_of_sender) ||
	    c->value_n > SL_CASE_NUMBER_MAX)
		return false;
	/* Said outright to be another's number, it is no case of ours. */
	if (c->field == SL_FIELD_our_ref_of_sender &&
	    (c->source == SL_SOURCE_PERSON || c->source == SL_SOURCE_SIDECAR ||
		c->source == SL_SOURCE_PACKAGE))
		return false;
	if (c->field == SL_FIELD_our_ref_of_sender)
		label = SL_LABEL_OURS;
	/* what is kept below moves the text */
	memcpy(copy, text_at(d, c->value), c->value_n);
	copy[c->value_n] = '\0';
	sl_rule_case(c, label, has_four_digits(copy, c->value_n));
	/* what is no number of ours by form or by list says nothing, unless
	 * it was declared to be one */
	if (!sl_caseindex_find(known, copy, c->value_n, &k) &&
	    (c->weak ||
		(!sl_case_number_parse(copy, c->value_n, &year, &seq) &&
		    c->source != SL_SOURCE_PERSON &&
		    c->source != SL_SOURCE_SIDECAR &&
		    (c->source != SL_SOURCE_PACKAGE || c->confidence < 1000))))
		return false;
	c->set = case_value(d, known, copy, c->value_n);
	return c->set != NO_VALUE;
}

#define CLASSES 5

static unsigned
source_class(unsigned source)
{
	return source == SL_SOURCE_HEADER    ? 1
	       : source == SL_SOURCE_NAME    ? 2
	       : source == SL_SOURCE_PACKAGE ? 4
	       : source == SL_SOURCE_PERSON || source == SL_SOURCE_SIDECAR ||
		       source == SL_SOURCE_QUEUE
		   ? 3
		   : 0;
}

static uint8_t
declared_by(const struct sl_clue *c, bool is_case)
{
	if (c->rule == rule_queue_default)
		return DECLARED_NOT;
	switch (c->source) {
	case SL_SOURCE_PERSON:
		return DECLARED_PERSON;
	case SL_SOURCE_SIDECAR:
	case SL_SOURCE_QUEUE:
		return DECLARED_SIDECAR;
	case SL_SOURCE_PACKAGE:
		return is_case ? DECLARED_NOT : DECLARED_PACKAGE;
	default:
		return DECLARED_NOT;
	}
}

/* Independent sources add up as chances do; the same source saying it again
 * adds a little. */
static void
sum_value(struct sl_decider *d, uint16_t index, bool is_case)
{
	struct value *v = &d->value[index];
	unsigned best[CLASSES] = {0}, more = 0, miss = 1000, class;
	size_t i;

	for (i = 0; i < d->clue_n; i++) {
		const struct sl_clue *c = &d->clue[i];

		if (c->set != index)
			continue;
		class =
		    c->rule == rule_queue_default ? 0 : source_class(c->source);
		if (declared_by(c, is_case) > v->declared)
			v->declared = declared_by(c, is_case);
		v->fallback |= c->rule == rule_queue_default;
		v->weak = v->weak && c->weak;
		if (best[class] > 0 && !c->weak)
			more += 30;
		if (c->score > best[class])
			best[class] = c->score;
	}
	for (i = 0; i < CLASSES; i++)
		miss = miss * (1000 - best[i]) / 1000;
	v->score = (uint16_t)(1000 - miss);
	if (best[3] == 1000)
		return;
	v->score = (uint16_t)(v->score + (more < 60 ? more : 60));
	if (v->score > SURE_MAX)
		v->score = SURE_MAX;
}

/* What a person is told: a number that is not known is not believed. */
static unsigned
shown(const struct value *v, bool is_case)
{
	return is_case && !v->known ? v->score / 3u : v->score;
}

static int
compare_values(const struct value *a, const struct value *b, bool is_case)
{
	if (a->refused != b->refused)
		return a->refused ? 1 : -1;
	if (is_case && a->known != b->known)
		return a->known ? -1 : 1;
	if (a->declared != b->declared)
		return b->declared - a->declared;
	return (int)shown(b, is_case) - (int)shown(a, is_case);
}

/* Best first; equal ones in the order they were read. */
static void
sort_values(struct sl_decider *d, bool is_case)
{
	size_t i, k;
	uint16_t v;

	for (i = 0; i < d->value_n; i++) {
		v = (uint16_t)i;
		for (k = i;
		     k > 0 && compare_values(&d->value[v],
				  &d->value[d->order[k - 1]], is_case) < 0;
		     k--)
			d->order[k] = d->order[k - 1];
		d->order[k] = v;
	}
}

static void
sum_values(struct sl_decider *d, bool is_case)
{
	size_t i;

	for (i = 0; i < d->value_n; i++)
		sum_value(d, (uint16_t)i, is_case);
	sort_values(d, is_case);
}

static enum sl_rc
emit_values(struct sl_decider *d, unsigned field, bool is_case, bool accept,
    sl_decided_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_msg_placed_field f = {
	    .entry = d->entry, .field = (uint8_t)field};
	const struct value *v;
	enum sl_rc rc = SL_OK;
	unsigned next;
	size_t i;

	for (i = 0; rc == SL_OK && i < d->value_n && i < SL_DECIDE_RANKS_MAX;
	     i++) {
		v = &d->value[d->order[i]];
		next = i + 1 < d->value_n
			   ? shown(&d->value[d->order[i + 1]], is_case)
			   : 0;
		sl_evidence_make(&d->evidence, &d->item, d->clue, d->clue_n,
		    d->order[i], sl_buf_str(&d->text), next);
		f.rank = (uint16_t)i;
		f.value = (struct sl_slice){text_at(d, v->text), v->n};
		f.confidence = (uint16_t)shown(v, is_case);
		f.accepted = accept && i == 0;
		f.evidence = sl_slice_buf(&d->evidence);
		rc = fn(arg, &f, err);
	}
	return rc;
}

/* The strongest other case that stands against `best`. */
static unsigned
rival_score(const struct sl_decider *d, const struct value *best)
{
	unsigned top = 0;
	size_t i;

	for (i = 0; i < d->value_n; i++) {
		const struct value *v = &d->value[i];

		if (v == best || v->weak || v->declared < best->declared)
			continue;
		if (!v->known && v->score < NAMED_UNKNOWN)
			continue;
		if (v->score > top)
			top = v->score;
	}
	return top;
}

/* The post speaks plainly of a case that is not known; declared: by somebody
 * who counts for more than that. */
static bool
names_unknown(const struct sl_decider *d, int declared)
{
	size_t i;

	for (i = 0; i < d->value_n; i++) {
		if (!d->value[i].known && d->value[i].declared > declared &&
		    d->value[i].score >= NAMED_UNKNOWN)
			return true;
	}
	return false;
}

/* Somebody asked for a new case and named none. */
static bool
new_case_asked(const struct sl_decider *d)
{
	unsigned asked = 0, named = 0, rank;
	size_t i;

	for (i = 0; i < d->clue_n; i++) {
		rank = declared_by(&d->clue[i], false);
		if (d->clue[i].field == SL_FIELD_new_case && rank > asked)
			asked = rank;
		if (d->clue[i].field == SL_FIELD_case_number && rank > named)
			named = rank;
	}
	return asked > named;
}

/* NULL: the best case is accepted. */
static const char *
case_verdict(const struct sl_decider *d)
{
	const struct value *best =
	    d->value_n > 0 ? &d->value[d->order[0]] : NULL;
	unsigned rival;

	if (new_case_asked(d))
		return "new_case_asked";
	if (best == NULL)
		return "no_evidence";
	if (!best->known)
		return names_unknown(d, -1) ? "unknown_case" : "no_evidence";
	if (names_unknown(d, best->declared))
		return "unknown_case";
	if (best->score < d->threshold || best->weak)
		return names_unknown(d, -1) ? "unknown_case" : "weak_evidence";
	rival = rival_score(d, best);
	if (best->doubled || (rival > 0 && best->score < rival + d->margin))
		return "several_cases";
	if (best->closed && best->declared < DECLARED_PERSON)
		return "case_closed";
	return NULL;
}

/* Field case_number; *ret is the accepted case or all zero. */
static const char *
decide_case(struct sl_decider *d, const struct sl_caseindex *known,
    struct sl_known_case *ret)
{
	const char *reason;
	size_t i;

	d->value_n = 0;
	for (i = 0; i < d->clue_n; i++) {
		d->clue[i].set = NO_VALUE;
		if (!score_case_clue(d, known, &d->clue[i]))
			d->clue[i].set = NO_VALUE;
	}
	sum_values(d, true);
	reason = case_verdict(d);
	memset(ret, 0, sizeof(*ret));
	if (reason == NULL)
		*ret = d->value[d->order[0]].at;
	return reason;
}

/* What the accepted case says of the post. */
static void
add_case_clues(struct sl_decider *d, const struct sl_known_case *k)
{
	if (k->unit.n > 0)
		(void)add_own(d, SL_FIELD_unit, 0, k->unit, "case");
	if (k->klass.n > 0)
		(void)add_own(d, SL_FIELD_klass, 0, k->klass, "case");
}

static void
score_own(struct sl_clue *c)
{
	if (c->source == 0) {
		c->rule = "case";
		c->score = CASE_SAYS;
	} else if (c->source == SL_SOURCE_QUEUE && c->field == SL_FIELD_unit) {
		c->rule = rule_queue_default;
		c->score = QUEUE_SAYS;
	} else if (c->source == SL_SOURCE_QUEUE &&
		   c->field == SL_FIELD_access) {
		c->rule = "queue";
		c->score = 1000;
	}
}

/* False: the value can stand as a candidate but not be accepted. */
static bool
value_is_sane(const struct sl_decider *d, unsigned field, const struct value *v,
    int64_t today)
{
	int64_t day;
	char nr[10];

	if (field == SL_FIELD_document_date || field == SL_FIELD_received_date)
		return sl_day_parse(text_at(d, v->text), v->n, &day) &&
		       day <= today &&
		       (field == SL_FIELD_received_date ||
			   day >= today - DAYS_OLD_MAX);
	if (field == SL_FIELD_correspondent_orgnr)
		return sl_orgnr_parse(text_at(d, v->text), v->n, nr);
	return true;
}

static bool
accept_field(const struct sl_decider *d, unsigned field)
{
	const struct value *best = &d->value[d->order[0]], *next;
	unsigned need = d->threshold, margin = d->margin;
	size_t i;

	if (best->refused)
		return false;
	if (best->declared > 0 || best->fallback)
		return true;
	for (i = 0; i < sizeof(field_rules) / sizeof(field_rules[0]); i++) {
		if (field_rules[i].field != field)
			continue;
		need = need > field_rules[i].slack ? need - field_rules[i].slack
						   : 1;
		margin = margin * field_rules[i].margin / 100;
	}
	if (best->score < need)
		return false;
	if (d->value_n < 2 || margin == 0)
		return true;
	next = &d->value[d->order[1]];
	return next->refused || next->fallback ||
	       best->score >= next->score + margin;
}

/* One field other than the case number. */
static enum sl_rc
decide_field(struct sl_decider *d, unsigned field, uint32_t letter,
    int64_t today, sl_decided_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_clue *c;
	size_t i;

	d->value_n = 0;
	for (i = 0; i < d->clue_n; i++) {
		c = &d->clue[i];
		c->set = NO_VALUE;
		/* "Vår ref" read as a case number is the sender's reference */
		if (c->field != field &&
		    !(field == SL_FIELD_our_ref_of_sender && c->weak &&
			c->field == SL_FIELD_case_number))
			continue;
		sl_rule_field(c, letter);
		score_own(c);
		c->set = find_value(d, c->value, c->value_n);
	}
	if (d->value_n == 0)
		return SL_OK;
	sum_values(d, false);
	for (i = 0; i < d->value_n; i++)
		d->value[i].refused =
		    !value_is_sane(d, field, &d->value[i], today);
	sort_values(d, false);
	return emit_values(
	    d, field, false, accept_field(d, field), fn, arg, err);
}

/* The day the post came in: as its channel says, else today. */
static int64_t
received_day(const struct sl_decider *d, int64_t now_ms)
{
	int64_t day, today = 0;
	char text[16];
	size_t i;

	sl_clock_format_day(now_ms, text, sizeof(text));
	(void)sl_day_parse(text, strlen(text), &today);
	for (i = 0; i < d->clue_n; i++) {
		const struct sl_clue *c = &d->clue[i];

		if (c->field == SL_FIELD_received_date &&
		    c->source >= SL_SOURCE_HEADER &&
		    c->source != SL_SOURCE_NAME &&
		    sl_day_parse(text_at(d, c->value), c->value_n, &day) &&
		    day < today)
			return day;
	}
	return today;
}

enum sl_rc
sl_decider_end(struct sl_decider *d, const struct sl_caseindex *known,
    int64_t now_ms, sl_decided_fn *fn, void *arg, struct sl_msg_placed *ret,
    struct sl_err *err)
{
	static const uint8_t fields[] = {
#define SL_FIELD(number, name, en, nb) number,
#include "../wire/fields.def"
#undef SL_FIELD
	};
	struct sl_known_case at;
	uint32_t letter = main_part(d);
	int64_t today = received_day(d, now_ms);
	const char *reason = decide_case(d, known, &at);
	enum sl_rc rc;
	size_t i;

	rc = emit_values(
	    d, SL_FIELD_case_number, true, reason == NULL, fn, arg, err);
	if (reason == NULL)
		add_case_clues(d, &at);
	for (i = 0; rc == SL_OK && i < sizeof(fields); i++) {
		if (fields[i] != SL_FIELD_case_number)
			rc = decide_field(
			    d, fields[i], letter, today, fn, arg, err);
	}
	if (rc != SL_OK)
		return rc;
	*ret = (struct sl_msg_placed){.entry = d->entry,
	    .rc = reason == NULL ? SL_OK : SL_HOLD,
	    .reason = sl_slice_str(reason != NULL ? reason : ""),
	    .detail = sl_slice_str(d->full ? "some clues were left out" : "")};
	return SL_OK;
}
