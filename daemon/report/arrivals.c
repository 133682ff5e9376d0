/*
 * The leaves of what came in, and the numbers drawn, against the rows.
 *
 * Memory: four bytes for each number drawn, one for each row.
 */
#include "arrivals.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../journal/leaf.h"
#include "../store/db.h"
#include "idmap.h"
#include "reception.h"
#include "words.h"

/* What a row says may be older than its leaf by as much as a slow disk takes;
 * beyond that the leaf's payload is asked, which knows it exactly. */
#define APART_MS INT64_C(60000)

/* Of each number drawn: its row, the check digit there, and what else. */
enum { CHECK_SHIFT = 26 };
#define ROW_MASK ((UINT32_C(1) << CHECK_SHIFT) - 1)
#define GONE (UINT32_C(1) << 30) /* no row; the low bits are its queue */
#define LEAF (UINT32_C(1) << 31)

_Static_assert(SL_IDMAP_MAX - 1 <= ROW_MASK, "a row's id fits");

struct drawn {
	int year;
	int64_t last;
	uint32_t *at; /* by number; 0 is none */
};
struct walk {
	const struct sl_rep *r;
	struct sl_db *db;
	struct sl_snap *s;
	struct sl_arrivals *x;
	struct drawn drawn[SL_RECEPTION_YEARS];
	unsigned unknown; /* queue */
};
/* -- numbers -------------------------------------------------------------- */

/* NULL: it was not drawn. */
static uint32_t *
find_drawn(struct walk *w, const struct sl_reception *n)
{
	const struct drawn *d = &w->drawn[n->year];

	return d->at != NULL && n->n <= d->last ? &d->at[n->n] : NULL;
}

static enum sl_rc
load_drawn(struct walk *w, struct sl_err *err)
{
	sqlite3_stmt *st =
	    sl_db_query(w->db, "SELECT year, last FROM reception_year", "");
	int64_t year, last, all = 0;
	struct drawn *d;

	while (sl_db_row(w->db, st)) {
		year = sqlite3_column_int64(st, 0);
		last = sqlite3_column_int64(st, 1);
		if (year < 0 || year > 9999 || last <= 0)
			continue;
		d = &w->drawn[year % SL_RECEPTION_YEARS];
		if (d->at != NULL || last > SL_IDMAP_MAX - all) {
			sl_db_done(st);
			return sl_err_set(err, SL_FATAL, 0, "too_large",
			    "the numbers drawn are more than a report can "
			    "count");
		}
		all += last;
		d->year = (int)year;
		d->last = last;
		d->at = sl_alloc((size_t)(last + 1) * sizeof(*d->at));
	}
	return sl_db_check(w->db, err);
}

/* Those that the snap could not pack: by themselves. */
static bool
read_row(const struct walk *w, uint32_t id, struct sl_reception *ret)
{
	char text[64];

	if (w->s->reception[id] == 0)
		return sl_reception_read(sl_slice_str(sl_snap_reception(w->r,
					     w->s, id, text, sizeof(text))),
		    ret);
	*ret = sl_reception_unpack(w->s->reception[id]);
	return true;
}

static void
load_rows(struct walk *w)
{
	struct sl_reception n;
	uint32_t *at, id;

	for (id = 1; id <= w->s->c_max; id++) {
		if (!w->s->c[id].there || !read_row(w, id, &n))
			continue;
		at = find_drawn(w, &n);
		if (at != NULL && *at == 0)
			*at = id | n.check << CHECK_SHIFT;
	}
}

/* -- what differs ---------------------------------------------------------- */

static void
note(struct walk *w, enum sl_stray kind, const char *number)
{
	if (w->x->n[kind]++ < SL_ARRIVALS_TOLD)
		sl_buf_add(&w->x->named[kind], number, strlen(number) + 1);
}

static void
note_slice(struct walk *w, enum sl_stray kind, struct sl_slice number)
{
	char text[64];

	(void)sl_slice_copy(number, text, sizeof(text));
	note(w, kind, text);
}

/* A queue that is not known may be the one that was asked for. */
static bool
is_asked(const struct walk *w, int64_t ms, unsigned queue)
{
	const char *wanted = w->r->opt->queue;

	return ms >= w->r->from_ms && ms < w->r->to_ms &&
	       (wanted == NULL || queue == w->unknown ||
		   strcmp(wanted, w->s->queue.text[queue]) == 0);
}

static struct sl_arrivals_lost *
lost_of(struct walk *w, unsigned queue)
{
	struct sl_arrivals *x = w->x;

	if (queue >= x->lost_n) {
		x->lost = sl_grow(
		    x->lost, &x->lost_cap, queue + 1u, sizeof(*x->lost));
		memset(&x->lost[x->lost_n], 0,
		    (queue + 1u - x->lost_n) * sizeof(*x->lost));
		x->lost_n = queue + 1u;
	}
	return &x->lost[queue];
}

static unsigned
unknown_queue(struct walk *w)
{
	if (w->unknown == 0)
		w->unknown = sl_names_add(&w->s->queue,
		    sl_rep_say(w->r, "Kø ikke kjent", "Queue not known"));
	return w->unknown;
}

/* By the leaf's payload, which may have been erased. */
static unsigned
read_queue(struct walk *w, int64_t seq, char *reason, size_t cap)
{
	sqlite3_stmt *st = sl_db_query(
	    w->db, "SELECT body FROM payload WHERE seq = ?1", "i", seq);
	char queue[256] = "";
	unsigned known = 0;

	reason[0] = '\0';
	if (sl_db_row(w->db, st)) {
		(void)sl_json_peek(
		    sl_db_text(st, 0), "queue", queue, sizeof(queue));
		(void)sl_json_peek(sl_db_text(st, 0), "reason", reason, cap);
		sl_db_done(st);
	}
	if (queue[0] != '\0')
		known = sl_names_add(&w->s->queue, queue);
	return known != 0 ? known : unknown_queue(w);
}

/* -- leaves -----------------------------------------------------------------
 */

static unsigned
lose_consignment(struct walk *w, const struct sl_leaf_view *l, int64_t seq,
    enum sl_stray kind)
{
	char reason[64];
	unsigned queue = read_queue(w, seq, reason, sizeof(reason));

	if (is_asked(w, l->time_ms, queue)) {
		lost_of(w, queue)->consignments++;
		note_slice(w, kind, l->subject);
	}
	return queue;
}

/* Nobody drew its number: its row is looked for by itself. */
static void
take_undrawn(struct walk *w, const struct sl_leaf_view *l, int64_t seq)
{
	char subject[64];
	int64_t id;

	(void)sl_slice_copy(l->subject, subject, sizeof(subject));
	id = sl_db_int(w->db, 0,
	    "SELECT id FROM consignment WHERE reception = ?1", "s", subject);
	if (id <= 0 || id > w->s->c_max || w->x->c[id] != 0) {
		(void)lose_consignment(w, l, seq, SL_STRAY_UNDRAWN);
		return;
	}
	w->x->c[id] = 1;
	if (sl_snap_c_in(w->s, id))
		note(w, SL_STRAY_UNDRAWN, subject);
}

/* Did the leaf tell the time that the row has? One that does not say it, as an
 * earlier version wrote it, may be later by all the files of a folder. */
static bool
is_told(struct walk *w, int64_t seq, int64_t received_ms, int64_t apart)
{
	sqlite3_stmt *st = sl_db_query(
	    w->db, "SELECT body FROM payload WHERE seq = ?1", "i", seq);
	char told[24], row[24];
	bool says = false;

	if (sl_db_row(w->db, st)) {
		says = sl_json_peek(
		    sl_db_text(st, 0), "received_ms", told, sizeof(told));
		sl_db_done(st);
	}
	if (!says)
		return apart >= 0 && apart <= SL_RECEIVED_APART_MS;
	(void)snprintf(row, sizeof(row), "%" PRId64, received_ms);
	return strcmp(told, row) == 0;
}

/* Row and leaf are of one number. The row's time may have been changed since:
 * then it counts as received when the log says. */
static void
meet(struct walk *w, uint32_t id, const struct sl_leaf_view *l, int64_t seq)
{
	const struct sl_snap_consignment *c = &w->s->c[id];
	int64_t apart;
	bool then;

	if (__builtin_sub_overflow(l->time_ms, c->received_ms, &apart))
		apart = INT64_MAX;
	w->x->c[id] = 1;
	if ((apart <= APART_MS && apart >= -APART_MS) ||
	    is_told(w, seq, c->received_ms, apart))
		return;
	then = is_asked(w, l->time_ms, c->queue);
	w->x->c[id] = then ? 3 : 2;
	if (then)
		lost_of(w, c->queue)->consignments++;
	if (then || sl_snap_c_in(w->s, id))
		note_slice(w, SL_STRAY_TIME, l->subject);
}

static void
take_received(struct walk *w, const struct sl_leaf_view *l, int64_t seq)
{
	struct sl_reception n;
	uint32_t *at = sl_reception_read(l->subject, &n) && n.entry == 0
			   ? find_drawn(w, &n)
			   : NULL;

	if (at == NULL) {
		take_undrawn(w, l, seq);
		return;
	}
	if ((*at & ROW_MASK) != 0 && (*at & LEAF) == 0 &&
	    (*at >> CHECK_SHIFT & 0xf) == n.check) {
		meet(w, *at & ROW_MASK, l, seq);
		*at |= LEAF;
		return;
	}
	if (*at == 0)
		*at = LEAF | GONE | lose_consignment(w, l, seq, SL_STRAY_GONE);
	else
		(void)lose_consignment(w, l, seq, SL_STRAY_GONE);
}

/* Its row is of that consignment and number, and no other leaf's. */
static bool
is_row_of(const struct walk *w, int64_t entry, const struct sl_reception *n,
    const uint32_t *at)
{
	const struct sl_snap_entry *e;

	if (entry <= 0 || entry > w->s->e_max || w->x->e[entry] != 0)
		return false;
	e = &w->s->e[entry];
	return e->there && e->number == n->entry &&
	       (at == NULL ? w->x->c[e->consignment] != 0
			   : (*at & GONE) == 0 &&
				 (*at & ROW_MASK) == e->consignment);
}

static void
take_born(struct walk *w, const struct sl_leaf_view *l, int64_t entry)
{
	struct sl_reception n = {0};
	const uint32_t *at =
	    sl_reception_read(l->subject, &n) ? find_drawn(w, &n) : NULL;
	unsigned queue;

	if (is_row_of(w, entry, &n, at)) {
		w->x->e[entry] = 1;
		return;
	}
	if (at == NULL || *at == 0)
		queue = unknown_queue(w);
	else if ((*at & GONE) != 0)
		queue = *at & UINT16_MAX;
	else
		queue = w->s->c[*at & ROW_MASK].queue;
	if (!is_asked(w, l->time_ms, queue))
		return;
	lost_of(w, queue)->entries++;
	note_slice(w, SL_STRAY_GONE, l->subject);
}

/* Was it moved to Stoppet? What only could not be opened lies in the inbox, and
 * comes in when it can. */
static bool
is_moved(const char *reason)
{
	return *reason == '\0' || strncmp(reason, "refused_", 8) == 0;
}

/* It went with its folder: `ignore` names it. */
static bool
is_left_out(const char *reason)
{
	return strcmp(reason, "ignored_name") == 0;
}

static void
take_refused(struct walk *w, const struct sl_leaf_view *l, int64_t seq)
{
	struct sl_arrivals *x = w->x;
	char reason[64];
	unsigned queue = read_queue(w, seq, reason, sizeof(reason)), why;
	size_t old = x->refused_cap;

	if (!is_asked(w, l->time_ms, queue))
		return;
	if (is_moved(reason))
		lost_of(w, queue)->refused++;
	if (is_left_out(reason))
		lost_of(w, queue)->left++;
	if (x->reason.n == 0)
		(void)sl_names_add(&x->reason, "");
	why = sl_names_add(&x->reason, reason);
	x->refused =
	    sl_grow(x->refused, &x->refused_cap, why + 1u, sizeof(*x->refused));
	memset(
	    &x->refused[old], 0, (x->refused_cap - old) * sizeof(*x->refused));
	x->refused[why]++;
}

/* Conditions are those of the indices, word for word. */
static void
walk_arrivals(struct walk *w)
{
	sqlite3_stmt *st = sl_db_query(w->db,
	    "SELECT bytes, entry, seq FROM leaf INDEXED BY leaf_arrival"
	    " WHERE (instr(bytes, x'0A32300A') > 0"
	    " OR instr(bytes, x'0A35310A') > 0) ORDER BY seq",
	    "");
	struct sl_leaf_view l;
	struct sl_slice bytes;

	while (sl_db_row(w->db, st)) {
		bytes = sl_db_blob(st, 0);
		/* A leaf that cannot be read is journal verify's to tell. */
		if (!sl_leaf_read(bytes.p, bytes.n, &l))
			continue;
		if (l.event == SL_EVENT_received)
			take_received(w, &l, sqlite3_column_int64(st, 2));
		else if (l.event == SL_EVENT_entry_born)
			take_born(w, &l, sqlite3_column_int64(st, 1));
	}
}

static void
walk_refused(struct walk *w)
{
	sqlite3_stmt *st = sl_db_query(w->db,
	    "SELECT bytes, seq FROM leaf INDEXED BY leaf_refused"
	    " WHERE instr(bytes, x'0A32330A') > 0 ORDER BY seq",
	    "");
	struct sl_leaf_view l;
	struct sl_slice bytes;

	while (sl_db_row(w->db, st)) {
		bytes = sl_db_blob(st, 0);
		if (sl_leaf_read(bytes.p, bytes.n, &l) &&
		    l.event == SL_EVENT_refused_at_door)
			take_refused(w, &l, sqlite3_column_int64(st, 1));
	}
}

/* -- rows that the log does not have ----------------------------------------
 */

static void
name_row(struct walk *w, uint32_t consignment, int entry)
{
	char number[64] = "";
	size_t n;

	if (w->x->n[SL_STRAY_UNLOGGED] < SL_ARRIVALS_TOLD) {
		(void)sl_snap_reception(
		    w->r, w->s, consignment, number, sizeof(number));
		n = strlen(number);
		if (entry > 0)
			(void)snprintf(
			    number + n, sizeof(number) - n, ".%d", entry);
	}
	note(w, SL_STRAY_UNLOGGED, number);
}

static void
look_for_unlogged(struct walk *w)
{
	const struct sl_snap *s = w->s;
	uint32_t id;

	for (id = 1; id <= s->c_max; id++)
		if (sl_snap_c_in(s, id) && w->x->c[id] == 0)
			name_row(w, id, 0);
	for (id = 1; id <= s->e_max; id++)
		if (sl_snap_e_in(s, id) && w->x->e[id] == 0)
			name_row(w, s->e[id].consignment, s->e[id].number);
}

/* -- numbers that nothing has ------------------------------------------------
 */

/* When the first of the year was received that has a row. */
static int64_t
time_of_first(const struct walk *w, const struct drawn *d)
{
	int64_t n;

	for (n = 1; n <= d->last; n++)
		if (d->at[n] != 0 && (d->at[n] & GONE) == 0)
			return w->s->c[d->at[n] & ROW_MASK].received_ms;
	return w->r->now_ms;
}

/* Of the time of the one before it that has a row. */
static void
look_for_unused(struct walk *w, const struct drawn *d)
{
	int64_t n, ms = time_of_first(w, d);
	char number[32];

	for (n = 1; n <= d->last; n++) {
		if (d->at[n] != 0) {
			if ((d->at[n] & GONE) == 0)
				ms = w->s->c[d->at[n] & ROW_MASK].received_ms;
			continue;
		}
		if (!is_asked(w, ms, unknown_queue(w)))
			continue;
		lost_of(w, w->unknown)->consignments++;
		sl_reception_format(w->r->cfg->instance.prefix, d->year, n,
		    number, sizeof(number));
		note(w, SL_STRAY_UNUSED, number);
	}
}

/* -- the whole ----------------------------------------------------------------
 */

enum sl_rc
sl_arrivals_load(const struct sl_rep *r, struct sl_snap *s,
    struct sl_arrivals *x, struct sl_err *err)
{
	struct walk w = {.r = r, .db = sl_store_db(r->store), .s = s, .x = x};
	enum sl_rc rc;
	int i;

	memset(x, 0, sizeof(*x));
	rc = load_drawn(&w, err);
	if (rc == SL_OK) {
		x->c = sl_alloc(s->c_max + 1);
		x->e = sl_alloc(s->e_max + 1);
		load_rows(&w);
		walk_arrivals(&w);
		walk_refused(&w);
		look_for_unlogged(&w);
		for (i = 0; i < SL_RECEPTION_YEARS; i++)
			if (w.drawn[i].at != NULL)
				look_for_unused(&w, &w.drawn[i]);
		rc = sl_db_check(w.db, err);
	}
	for (i = 0; i < SL_RECEPTION_YEARS; i++)
		free(w.drawn[i].at);
	return rc;
}

enum sl_rc
sl_arrivals_refused(const struct sl_rep *r, struct sl_snap *s,
    struct sl_arrivals *x, struct sl_err *err)
{
	struct walk w = {.r = r, .db = sl_store_db(r->store), .s = s, .x = x};

	memset(x, 0, sizeof(*x));
	walk_refused(&w);
	return sl_db_check(w.db, err);
}

static void
tell_refused(const struct sl_arrivals *x, struct sl_rep *r)
{
	SL_BUF struct sl_buf word = {0};
	int64_t n[2] = {0}, left = 0;
	char key[96];
	size_t i;

	for (i = 0; i < x->reason.n; i++)
		if (is_left_out(x->reason.text[i]))
			left += x->refused[i];
		else
			n[is_moved(x->reason.text[i])] += x->refused[i];
	if (left > 0)
		sl_rep_fact(r, "left_out_by_name",
		    "Utelatt av mapper, etter navn (ignore)",
		    "Left out of folders, by name (ignore)", "%" PRId64, left);
	if (n[true] > 0)
		sl_rep_fact(r, "refused_at_door", "Avvist ved inngangen",
		    "Refused at the door", "%" PRId64, n[true]);
	for (i = 0; i < x->reason.n; i++) {
		if (x->refused[i] == 0 || !is_moved(x->reason.text[i]))
			continue;
		sl_buf_reset(&word);
		sl_word_reason(r, x->reason.text[i], &word);
		(void)snprintf(
		    key, sizeof(key), "door_%.64s", x->reason.text[i]);
		sl_rep_fact(r, key, "… av disse", "… of these",
		    "%" PRId64 ": %s", x->refused[i],
		    word.n > 0
			? sl_buf_str(&word)
			: sl_rep_say(r, "årsak slettet", "reason erased"));
	}
	if (n[false] > 0)
		sl_rep_fact(r, "unread_at_door",
		    "Lot seg ikke åpne i inngangen, ganger (kan være mottatt "
		    "siden)",
		    "Could not be opened at the door, times (may have been "
		    "received since)",
		    "%" PRId64, n[false]);
}

void
sl_arrivals_tell(const struct sl_arrivals *x, struct sl_rep *r)
{
	static const struct {
		const char *key, *nb, *en;
	} kinds[SL_STRAYS] = {
	    [SL_STRAY_GONE] = {"gone", "Mottatt, borte herfra",
		"Received, gone from here"},
	    [SL_STRAY_UNLOGGED] = {"unlogged",
		"Her, men ikke mottatt i sporingsloggen",
		"Here, but not received in the log"},
	    [SL_STRAY_UNUSED] = {"unused",
		"Nummer trukket, men borte her og i sporingsloggen",
		"Number drawn, but gone here and from the log"},
	    [SL_STRAY_UNDRAWN] = {"undrawn",
		"I sporingsloggen med et nummer som ikke er trukket",
		"In the log with a number that was not drawn"},
	    [SL_STRAY_TIME] = {"other_time",
		"Mottatt til annen tid i sporingsloggen",
		"Received at another time in the log"},
	};
	const char *p, *end;
	char key[48];
	int i, told;

	for (i = 0; i < SL_STRAYS; i++) {
		if (x->n[i] == 0)
			continue;
		sl_rep_fact(r, kinds[i].key, kinds[i].nb, kinds[i].en,
		    "%" PRId64, x->n[i]);
		p = sl_buf_str(&x->named[i]);
		end = p + x->named[i].n;
		for (told = 1; p < end; p += strlen(p) + 1, told++) {
			(void)snprintf(
			    key, sizeof(key), "%s_%d", kinds[i].key, told);
			sl_rep_fact(r, key, kinds[i].nb, kinds[i].en, "%s", p);
		}
		(void)snprintf(key, sizeof(key), "%s_more", kinds[i].key);
		if (x->n[i] > SL_ARRIVALS_TOLD)
			sl_rep_fact(r, key, "… og flere", "… and more",
			    "%" PRId64, x->n[i] - SL_ARRIVALS_TOLD);
	}
	tell_refused(x, r);
}

void
sl_arrivals_free(struct sl_arrivals *x)
{
	int i;

	free(x->c);
	free(x->e);
	free(x->lost);
	free(x->refused);
	for (i = 0; i < SL_STRAYS; i++)
		sl_buf_free(&x->named[i]);
	sl_names_free(&x->reason);
	memset(x, 0, sizeof(*x));
}
