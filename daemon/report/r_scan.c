/*
 * Skanningskontroll: per queue of scanned paper and day.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../config/deadline.h"
#include "../lists/control.h"
#include "../store/db.h"
#include "pages.h"
#include "runs.h"
#include "words.h"

#define DAYS_MAX 60000

struct batch {
	int64_t day;
	unsigned queue;
	int64_t consignments, open;
	struct sl_page_sum pages;
	int64_t erased; /* of those pages: how they read is gone */
	int64_t control_items, control_pages, signed_day;
	const char *by; /* the sheet's; NULL: signed in Sluse, as follows */
	char actor[64], sample[256];
};
struct scan {
	struct sl_rep *r;
	struct sl_snap snap;
	struct sl_control_sheet sheet;
	struct batch *batch;
	size_t n, cap;
	uint32_t **at; /* by queue, then day: batch + 1; NULL: no paper */
	uint32_t *of; /* by consignment: batch + 1 */
};

/* The pointer holds until the next call. */
static struct batch *
find_batch(struct scan *s, unsigned queue, int64_t day)
{
	uint32_t *at = &s->at[queue][day < 0 ? 0 : day % DAYS_MAX];
	struct batch *b;

	if (*at != 0)
		return &s->batch[*at - 1];
	s->batch = sl_grow(s->batch, &s->cap, s->n + 1, sizeof(*s->batch));
	b = &s->batch[s->n];
	memset(b, 0, sizeof(*b));
	b->day = day;
	b->queue = queue;
	b->control_items = b->control_pages = b->signed_day = -1;
	*at = (uint32_t)++s->n;
	return b;
}

/* Queues said to be paper; of those that the configuration does not know any
 * more, those that the sheet names. */
static bool
is_paper(const struct scan *s, const char *queue)
{
	const struct sl_queue_config *q = sl_config_queue(s->r->cfg, queue);
	size_t i;

	if (q != NULL && (q->paper || q->kind == SL_QUEUE_HISTORIC))
		return true;
	for (i = 0; i < s->sheet.n; i++)
		if (strcmp(s->sheet.row[i].queue, queue) == 0)
			return true;
	return false;
}

static bool
has_paper(const struct scan *s)
{
	const struct sl_config *cfg = s->r->cfg;
	bool any = s->sheet.n > 0;
	size_t i;

	for (i = 0; i < cfg->queue_n; i++)
		any = any || is_paper(s, cfg->queue[i].name);
	return any;
}

static bool
is_open(const struct sl_snap *s, uint32_t id)
{
	int64_t at = -1;
	enum sl_standing k;

	while (sl_snap_next(s, id, &at)) {
		k = at == 0 ? sl_standing_of(s->c[id].dispo, s->c[id].outcome)
			    : sl_standing_of(s->e[at].dispo, s->e[at].outcome);
		if (k != SL_STANDS_TRANSFERRED && k != SL_STANDS_CLOSED &&
		    k != SL_STANDS_DUPLICATE)
			return true;
	}
	return false;
}

static void
count_consignments(struct scan *s)
{
	struct batch *b;
	uint32_t id;

	for (id = 1; id <= s->snap.c_max; id++) {
		const struct sl_snap_consignment *c = &s->snap.c[id];

		if (!sl_snap_c_in(&s->snap, id) || s->at[c->queue] == NULL)
			continue;
		b = find_batch(s, c->queue, sl_day_of(c->received_ms));
		s->of[id] = (uint32_t)(b - s->batch) + 1;
		b->consignments++;
		b->open += is_open(&s->snap, id);
	}
}

static void
count_page(void *arg, const struct sl_rep_page *p)
{
	struct scan *s = arg;

	if (s->of[p->consignment] != 0)
		sl_page_sum_add(&s->batch[s->of[p->consignment] - 1].pages, p);
}

static void
count_erased(void *arg, uint32_t consignment, int64_t pages)
{
	struct scan *s = arg;
	struct batch *b;

	if (s->of[consignment] == 0)
		return;
	b = &s->batch[s->of[consignment] - 1];
	b->pages.pages += pages;
	b->erased += pages;
}

static bool
in_period(const struct scan *s, int64_t day, const char *queue)
{
	const struct sl_rep_options *o = s->r->opt;

	if ((o->from != NULL && day < sl_day_of(s->r->from_ms)) ||
	    (o->to != NULL && day > sl_day_of(s->r->to_ms - 1)))
		return false;
	return o->queue == NULL || strcmp(o->queue, queue) == 0;
}

/* By its number; 0: nothing has come to it, or it is not of paper. */
static unsigned
find_queue(const struct scan *s, const char *name)
{
	unsigned q;

	for (q = 1; q < s->snap.queue.n; q++)
		if (strcmp(s->snap.queue.text[q], name) == 0)
			return s->at[q] != NULL ? q : 0;
	return 0;
}

static void
add_sheet(struct scan *s)
{
	struct batch *b;
	size_t i;
	unsigned q;

	for (i = 0; i < s->sheet.n; i++) {
		const struct sl_control_row *row = &s->sheet.row[i];

		if (!in_period(s, row->day, row->queue))
			continue;
		q = find_queue(s, row->queue);
		if (q == 0) {
			sl_control_stranger(&s->sheet, row->queue);
			continue;
		}
		b = find_batch(s, q, row->day);
		if (row->items >= 0)
			b->control_items =
			    (b->control_items < 0 ? 0 : b->control_items) +
			    row->items;
		if (row->pages >= 0)
			b->control_pages =
			    (b->control_pages < 0 ? 0 : b->control_pages) +
			    row->pages;
		if (row->signed_day > b->signed_day) {
			b->signed_day = row->signed_day;
			b->by = row->by;
		}
	}
}

/* What was signed in Sluse: "day:queue" of the key, and the value beside. */
static void
add_signature(
    struct scan *s, const char *key, const char *value, const char *payload)
{
	const char *queue = strchr(key, ':');
	char ms[24], actor[sizeof(s->batch->actor)];
	struct sl_peek want[] = {SL_PEEK("ms", ms), SL_PEEK("actor", actor)};
	int64_t day = strtoll(key, NULL, 10), signed_day;
	struct batch *b;
	unsigned q;

	if (queue == NULL || !in_period(s, day, queue + 1))
		return;
	q = find_queue(s, queue + 1);
	if (q == 0)
		return;
	sl_json_peek_all(value, want, 2);
	signed_day = sl_day_of(strtoll(ms, NULL, 10));
	b = find_batch(s, q, day);
	if (signed_day < b->signed_day)
		return;
	b->signed_day = signed_day;
	b->by = NULL;
	(void)snprintf(b->actor, sizeof(b->actor), "%s", actor);
	(void)sl_json_peek(payload, "why", b->sample, sizeof(b->sample));
}

static void
add_signatures(struct scan *s)
{
	struct sl_db *db = sl_store_db(s->r->store);
	sqlite3_stmt *st = sl_db_query(db,
	    "SELECT substr(m.key, length(?1) + 1), m.value, p.body FROM meta m"
	    " LEFT JOIN payload p ON p.seq = json_extract(m.value, '$.seq')"
	    " WHERE m.key >= ?1 AND m.key < ?2",
	    "ss", SL_STORE_SCAN_SIGNED, SL_STORE_SCAN_SIGNED "~");

	while (sl_db_row(db, st))
		add_signature(
		    s, sl_db_text(st, 0), sl_db_text(st, 1), sl_db_text(st, 2));
}

/* The same day of a later month; the last of it where it is shorter. */
static int64_t
months_later(int64_t day, int months)
{
	struct sl_date t = sl_clock_utc(day * INT64_C(86400000));
	static const int last[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int max;

	t.month += months;
	t.year += (t.month - 1) / 12;
	t.month = (t.month - 1) % 12 + 1;
	max = last[t.month - 1];
	if (t.month == 2 &&
	    ((t.year % 4 == 0 && t.year % 100 != 0) || t.year % 400 == 0))
		max = 29;
	return sl_day_number(t.year, t.month, t.day > max ? max : t.day);
}

static int64_t
shred_day(const struct scan *s, const struct batch *b)
{
	static const int months[] = {3, 6, 12};
	const struct sl_queue_config *q =
	    sl_config_queue(s->r->cfg, s->snap.queue.text[b->queue]);
	unsigned keep =
	    q != NULL ? q->paper_keep : s->r->cfg->instance.paper_keep;

	if (b->signed_day < 0 || b->open > 0 ||
	    (b->control_items >= 0 && b->control_items != b->consignments) ||
	    (b->control_pages >= 0 && b->control_pages != b->pages.pages))
		return -1;
	return months_later(b->signed_day, months[keep]);
}

static int64_t
noon(int64_t day)
{
	return day < 0 ? 0 : day * INT64_C(86400000) + 43200000;
}

static void
give(struct scan *s, const struct batch *b)
{
	const struct sl_page_sum *p = &b->pages;
	SL_BUF struct sl_buf actor = {0};
	const char *by = b->by;
	char fmt[16];

	if (by == NULL) {
		sl_word_actor(s->r, b->actor, &actor);
		by = sl_buf_str(&actor);
	}
	(void)snprintf(fmt, sizeof(fmt), "sdii%s%ci%c%c%cws%c",
	    b->erased > 0 ? "uu" : "ii",
	    b->erased > 0 ? 'u'
	    : p->ocr > 0  ? 'x'
			  : '-',
	    b->control_items >= 0 ? 'i' : '-',
	    b->control_pages >= 0 ? 'i' : '-', b->signed_day >= 0 ? 'd' : '-',
	    shred_day(s, b) >= 0 ? 'd' : '-');
	sl_rep_cells(s->r, fmt,
	    (struct sl_rep_value[]){{.s = s->snap.queue.text[b->queue]},
		{.n = noon(b->day)}, {.n = b->consignments}, {.n = p->pages},
		{.n = p->blank}, {.n = p->unread},
		{.x = p->ocr > 0 ? (double)p->confidence / (double)p->ocr / 10
				 : 0},
		{.n = b->open}, {.n = b->control_items},
		{.n = b->control_pages}, {.n = noon(b->signed_day)},
		{.s = by, .slug = b->by != NULL ? b->by : b->actor},
		{.s = b->sample}, {.n = noon(shred_day(s, b))}});
}

static int
compare(const void *a, const void *b)
{
	const struct batch *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	return x->queue < y->queue ? -1 : x->queue > y->queue;
}

static enum sl_rc
make(struct scan *s, struct sl_err *err)
{
	enum sl_rc rc;
	size_t i;

	s->at = sl_alloc(s->snap.queue.n * sizeof(*s->at));
	s->of = sl_alloc((s->snap.c_max + 1) * sizeof(*s->of));
	for (i = 1; i < s->snap.queue.n; i++)
		if (is_paper(s, s->snap.queue.text[i]))
			s->at[i] = sl_alloc(DAYS_MAX * sizeof(**s->at));
	count_consignments(s);
	rc =
	    s->n > 0 ? sl_rep_pages(s->r, &s->snap, count_page, s, err) : SL_OK;
	if (rc == SL_OK && s->n > 0)
		rc = sl_rep_pages_erased(s->r, &s->snap, count_erased, s, err);
	if (rc != SL_OK)
		return rc;
	add_sheet(s);
	add_signatures(s);
	sl_rep_strangers(s->r, &s->sheet);
	if (s->sheet.mail.there)
		sl_rep_fact(s->r, "mailbox_unused",
		    s->sheet.mail.by_key
			? "Liste over forsendelser, ikke brukt her: linjer"
			: "Liste over en postkasse, ikke brukt her: UID-er",
		    s->sheet.mail.by_key
			? "List of deliveries, not used here: lines"
			: "List of a mailbox, not used here: UIDs",
		    "%zu", s->sheet.mail.n);
	if (s->n > 0)
		qsort(s->batch, s->n, sizeof(*s->batch), compare);
	for (i = 0; i < s->n; i++)
		give(s, &s->batch[i]);
	if (!has_paper(s))
		sl_rep_note(s->r,
		    "Ingen kø er satt opp med skannet papir (paper = yes).",
		    "No queue is set up for scanned paper (paper = yes).");
	return SL_OK;
}

enum sl_rc
sl_rep_skanningskontroll(struct sl_rep *r, struct sl_err *err)
{
	struct scan s = {.r = r};
	enum sl_rc rc = SL_OK;
	size_t i;

	if (r->opt->control != NULL)
		rc = sl_control_read(
		    r->opt->control, r->opt->list_queue, &s.sheet, err);
	if (rc == SL_OK)
		rc = sl_snap_load(r, SL_SNAP_SOURCES, NULL, &s.snap, err);
	if (rc == SL_OK)
		rc = make(&s, err);
	for (i = 0; s.at != NULL && i < s.snap.queue.n; i++)
		free(s.at[i]);
	free(s.at);
	free(s.of);
	free(s.batch);
	sl_control_free(&s.sheet);
	sl_snap_free(&s.snap);
	return rc;
}
