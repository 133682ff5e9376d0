/*
 * Both indices are walked side by side, by sequence number: a million of each
 * takes half a second, and no page of the log or its payloads is read. Memory:
 * twelve bytes for each row of a consignment.
 */
#include "second.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../journal/leaf.h"
#include "../store/counts.h"
#include "words.h"

#define UNTOLD INT32_MIN
#define MOST 1000000000 /* of one consignment */

/* Of a consignment that has no row. */
struct gone {
	int64_t consignment, seq;
	int32_t n[SL_SECOND_UNITS];
};
struct walk {
	const struct sl_rep *r;
	struct sl_db *db;
	struct sl_snap *s;
	struct sl_second *x;
	struct gone *gone;
	size_t gone_n, gone_cap;
};

/* -- what is told -----------------------------------------------------------
 */

static void
set(int32_t to[SL_SECOND_UNITS], int64_t files, int64_t parts, int64_t archives,
    int64_t pages)
{
	bool is_read = parts > 0 && archives >= 0;
	int64_t n[SL_SECOND_UNITS] = {
	    files, is_read ? parts - archives : -1, is_read ? pages : -1};
	int u;

	for (u = 0; u < SL_SECOND_UNITS; u++)
		to[u] = n[u] >= 0 && n[u] <= MOST ? (int32_t)n[u] : UNTOLD;
}

/* Columns of st from 1; NULL: nothing, and what was told before counts no
 * more. */
static void
take(struct walk *w, int64_t consignment, int64_t seq, sqlite3_stmt *st)
{
	int32_t n[SL_SECOND_UNITS];
	int64_t v[4] = {-1, -1, -1, -1};
	int i;

	for (i = 0; st != NULL && i < 4; i++)
		if (sqlite3_column_type(st, i + 1) == SQLITE_INTEGER)
			v[i] = sqlite3_column_int64(st, i + 1);
	set(n, v[0], v[1], v[2], v[3]);
	if (consignment <= w->s->c_max) {
		memcpy(w->x->left[consignment], n, sizeof(n));
		return;
	}
	w->gone =
	    sl_grow(w->gone, &w->gone_cap, w->gone_n + 1, sizeof(*w->gone));
	w->gone[w->gone_n] =
	    (struct gone){.consignment = consignment, .seq = seq};
	memcpy(w->gone[w->gone_n++].n, n, sizeof(n));
}

/* A leaf whose own number is that of such an event stands in the index too. */
static bool
is_by_chance(struct walk *w, int64_t seq)
{
	sqlite3_stmt *st;
	struct sl_leaf_view l;
	struct sl_slice b;
	bool is = false;

	if (seq != SL_EVENT_unpacked && seq != SL_EVENT_read_again &&
	    seq != SL_EVENT_erased)
		return false;
	st = sl_db_query(
	    w->db, "SELECT bytes FROM leaf WHERE seq = ?1", "i", seq);
	if (sl_db_row(w->db, st)) {
		b = sl_db_blob(st, 0);
		is = sl_leaf_read(b.p, b.n, &l) &&
		     l.event != SL_EVENT_unpacked &&
		     l.event != SL_EVENT_read_again &&
		     l.event != SL_EVENT_erased;
		sl_db_done(st);
	}
	return is;
}

/* Conditions are those of the indices, word for word. */
static void
walk_told(struct walk *w)
{
	sqlite3_stmt *leaf = sl_db_query(w->db,
	    "SELECT seq, consignment FROM leaf INDEXED BY leaf_count"
	    " WHERE (instr(bytes, x'0A33300A') > 0"
	    " OR instr(bytes, x'0A35330A') > 0"
	    " OR instr(bytes, x'0A3230340A') > 0) ORDER BY seq",
	    "");
	sqlite3_stmt *told = sl_db_query(w->db, SL_COUNTS_SQL, "");
	bool more = sl_db_row(w->db, told);
	int64_t seq, consignment;

	while (sl_db_row(w->db, leaf)) {
		seq = sqlite3_column_int64(leaf, 0);
		consignment = sqlite3_column_int64(leaf, 1);
		while (more && sqlite3_column_int64(told, 0) < seq)
			more = sl_db_row(w->db, told);
		if (consignment <= 0)
			continue;
		if (more && sqlite3_column_int64(told, 0) == seq)
			take(w, consignment, seq, told);
		else if (!is_by_chance(w, seq))
			take(w, consignment, seq, NULL);
	}
	if (more)
		sl_db_done(told);
}

/* -- what has no row --------------------------------------------------------
 */

/* When it was received, and by which queue, as its first leaf tells. */
static bool
is_asked(struct walk *w, int64_t consignment, unsigned *ret_queue)
{
	sqlite3_stmt *st = sl_db_query(w->db,
	    "SELECT l.bytes, p.body FROM leaf l LEFT JOIN payload p"
	    " ON p.seq = l.seq WHERE l.consignment = ?1 ORDER BY l.seq LIMIT 1",
	    "i", consignment);
	const char *wanted = w->r->opt->queue;
	struct sl_leaf_view l;
	char queue[256] = "";
	struct sl_slice b;
	bool is = false;

	if (!sl_db_row(w->db, st))
		return false;
	b = sl_db_blob(st, 0);
	if (sl_leaf_read(b.p, b.n, &l) && l.event == SL_EVENT_received &&
	    l.time_ms >= w->r->from_ms && l.time_ms < w->r->to_ms) {
		(void)sl_json_peek(
		    sl_db_text(st, 1), "queue", queue, sizeof(queue));
		is = *queue == '\0' || wanted == NULL ||
		     strcmp(wanted, queue) == 0;
	}
	sl_db_done(st);
	if (is)
		*ret_queue = sl_names_add(&w->s->queue,
		    *queue != '\0'
			? queue
			: sl_rep_say(w->r, "Kø ikke kjent", "Queue not known"));
	return is;
}

static void
add_lost(struct walk *w, unsigned queue, const int32_t n[SL_SECOND_UNITS])
{
	struct sl_second *x = w->x;
	int u;

	x->lost =
	    sl_grow(x->lost, &x->lost_cap, x->lost_n + 1, sizeof(*x->lost));
	x->lost[x->lost_n].queue = queue;
	for (u = 0; u < SL_SECOND_UNITS; u++)
		x->lost[x->lost_n].n[u] = n[u] != UNTOLD ? n[u] : 0;
	x->lost_n++;
}

static void
lose(struct walk *w, int64_t consignment, const int32_t n[SL_SECOND_UNITS])
{
	unsigned queue;

	if (is_asked(w, consignment, &queue))
		add_lost(w, queue, n);
}

static int
by_consignment(const void *a, const void *b)
{
	const struct gone *x = a, *y = b;

	if (x->consignment != y->consignment)
		return x->consignment < y->consignment ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void
look_for_gone(struct walk *w)
{
	uint32_t id;
	size_t i;

	for (id = 1; id <= w->s->c_max; id++)
		if (!w->s->c[id].there &&
		    w->x->left[id][SL_SECOND_RECEIVED] != UNTOLD)
			lose(w, id, w->x->left[id]);
	if (w->gone_n > 0)
		qsort(w->gone, w->gone_n, sizeof(*w->gone), by_consignment);
	for (i = 0; i < w->gone_n; i++)
		if (i + 1 == w->gone_n ||
		    w->gone[i + 1].consignment != w->gone[i].consignment)
			lose(w, w->gone[i].consignment, w->gone[i].n);
}

/* What is not unpacked yet, or never was, has a number of files all the same:
 * those are few. And what the log does not have then holds nothing by it. */
static void
look_at_rows(struct walk *w, const struct sl_arrivals *a)
{
	const struct sl_snap *s = w->s;
	struct sl_counts c;
	uint32_t id;

	for (id = 1; id <= s->c_max; id++) {
		int32_t *left = w->x->left[id];

		if (!sl_snap_c_in(s, id) && a->c[id] == 3) {
			add_lost(w, s->c[id].queue, left);
		} else if (sl_snap_c_in(s, id) &&
			   (a->c[id] == 0 || a->c[id] == 2)) {
			memset(left, 0, sizeof(w->x->left[id]));
		} else if (sl_snap_c_in(s, id) &&
			   left[SL_SECOND_RECEIVED] == UNTOLD &&
			   s->c[id].stage < SL_STAGE_read) {
			sl_counts_told(w->db, id, &c);
			set(left, c.files, c.parts, c.archives, c.pages);
		}
	}
}

/* -- the whole --------------------------------------------------------------
 */

enum sl_rc
sl_second_load(const struct sl_rep *r, struct sl_snap *s,
    const struct sl_arrivals *a, struct sl_second *x, struct sl_err *err)
{
	struct walk w = {.r = r, .db = sl_store_db(r->store), .s = s, .x = x};
	uint32_t id;

	memset(x, 0, sizeof(*x));
	x->left = sl_alloc((s->c_max + 1u) * sizeof(*x->left));
	for (id = 0; id <= s->c_max; id++)
		set(x->left[id], -1, -1, -1, -1);
	walk_told(&w);
	look_for_gone(&w);
	look_at_rows(&w, a);
	free(w.gone);
	return sl_db_check(w.db, err);
}

bool
sl_second_told(
    const struct sl_second *x, uint32_t consignment, enum sl_second_unit u)
{
	return x->left[consignment][u] != UNTOLD;
}

int64_t
sl_second_count(
    const struct sl_second *x, uint32_t consignment, enum sl_second_unit u)
{
	return sl_second_told(x, consignment, u) ? x->left[consignment][u] : 0;
}

bool
sl_second_meet(
    struct sl_second *x, uint32_t consignment, enum sl_second_unit u, int64_t n)
{
	int64_t left = x->left[consignment][u] - n;

	if (!sl_second_told(x, consignment, u))
		return false;
	x->left[consignment][u] =
	    left > -MOST ? (left < MOST ? (int32_t)left : MOST) : -MOST;
	return true;
}

static void
name(struct sl_rep *r, const struct sl_snap *s, uint32_t id, int64_t told)
{
	char key[48], number[64];

	(void)snprintf(key, sizeof(key), "other_count_%" PRId64, told);
	sl_rep_fact(r, key, "Andre filer eller sider i sporingsloggen",
	    "Other files or pages in the log", "%s",
	    sl_snap_reception(r, s, id, number, sizeof(number)));
}

void
sl_second_tell(const struct sl_second *x, const struct sl_snap *s,
    const struct sl_arrivals *a, struct sl_rep *r)
{
	int64_t differ = 0, untold = 0;
	uint32_t id;
	int u;

	for (id = 1; id <= s->c_max; id++) {
		bool other = false, all = true;

		/* Those are named for more than that. */
		if (!sl_snap_c_in(s, id) || a->c[id] == 0 || a->c[id] == 2)
			continue;
		for (u = 0; u < SL_SECOND_UNITS; u++) {
			other |=
			    x->left[id][u] != UNTOLD && x->left[id][u] != 0;
			all &= x->left[id][u] != UNTOLD;
		}
		differ += other;
		untold += !all && s->c[id].stage >= SL_STAGE_read;
		if (other && differ <= SL_ARRIVALS_TOLD)
			name(r, s, id, differ);
	}
	if (differ > 0)
		sl_rep_fact(r, "other_count",
		    "Har andre filer eller sider i sporingsloggen",
		    "Have other files or pages in the log", "%" PRId64, differ);
	if (differ > SL_ARRIVALS_TOLD)
		sl_rep_fact(r, "other_count_more", "… og flere", "… and more",
		    "%" PRId64, differ - SL_ARRIVALS_TOLD);
	if (untold > 0)
		sl_rep_fact(r, "uncounted",
		    "Filer og sider bare talt her, ikke i sporingsloggen: "
		    "forsendelser",
		    "Files and pages counted here only, not in the log: "
		    "consignments",
		    "%" PRId64, untold);
}

void
sl_second_free(struct sl_second *x)
{
	free(x->left);
	free(x->lost);
	memset(x, 0, sizeof(*x));
}
