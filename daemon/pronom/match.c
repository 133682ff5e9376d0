/*
 * One sequence against one window.
 *
 * Places of a piece are tried from the near end of its gap to the far one.
 * Where a piece with an unbounded gap is not found, no other place of the
 * pieces before it can help: they only move on. Places that failed once are not
 * tried again. What is left is bounded by `work`.
 */
#include <string.h>

#include "pattern.h"

#define NEAR 2048u

enum outcome { NO, YES, NEVER /* nor at any later place */ };

/* Takes n from the work; false: it is used up. */
static bool
spend(struct sl_window *w, uint64_t n)
{
	if (*w->work <= n) {
		*w->work = 0;
		return false;
	}
	*w->work -= n;
	return true;
}

static bool
string_at(const struct sl_string *s, const struct sl_window *w, size_t at)
{
	uint32_t i;

	if (at > w->n || s->n > w->n - at)
		return false;
	if (s->lit != NULL)
		return w->p[at] == s->lit[0] &&
		       memcmp(w->p + at, s->lit, s->n) == 0;
	for (i = 0; i < s->n; i++)
		if (!sl_cell_fits(&s->cell[i], w->p[at + i]))
			return false;
	return true;
}

/* The literal's next place at or after lo; w->n if there is none. What was
 * looked through once is remembered, for many signatures share their words. */
static size_t
find_word(const struct sl_piece *p, struct sl_window *w, size_t lo, size_t hi)
{
	struct sl_seen *s = &w->seen[p->word];
	const uint8_t *at;

	if (w->see != NULL && hi - lo >= NEAR && w->n > NEAR) {
		w->see(w, w->see_arg);
		w->see = NULL;
	}
	if (s->first > s->from && lo >= s->from && lo <= s->first)
		return s->first;
	if (hi - lo < NEAR && hi < w->n) { /* nothing to remember */
		if (!spend(w, hi - lo))
			return w->n;
		at = memmem(w->p + lo, hi - lo, p->string->lit, p->string->n);
		return at != NULL ? (size_t)(at - w->p) : w->n;
	}
	at = memmem(w->p + lo, w->n - lo, p->string->lit, p->string->n);
	if (!spend(w, at != NULL ? (size_t)(at - w->p) - lo + 1 : w->n - lo))
		return w->n;
	s->from = (uint32_t)lo;
	s->first = at != NULL ? (uint32_t)(at - w->p) : (uint32_t)w->n;
	return s->first;
}

static bool
begins(const struct sl_piece *p, uint8_t v)
{
	return (p->first[v / 8] >> (v % 8) & 1) != 0;
}

/* The next place in [lo, hi] where some string of the piece stands; SIZE_MAX
 * if there is none. */
static size_t
find_piece(const struct sl_piece *p, struct sl_window *w, size_t lo, size_t hi)
{
	size_t last, at, from;
	uint32_t i;

	if (p->shortest > w->n || lo > w->n - p->shortest)
		return SIZE_MAX;
	last = w->n - p->shortest < hi ? w->n - p->shortest : hi;
	if (lo > last)
		return SIZE_MAX;
	if (p->word != 0 && w->seen != NULL && last > lo) {
		at = find_word(p, w, lo, last + p->shortest);
		return at <= last ? at : SIZE_MAX;
	}
	for (at = lo;; at++) {
		from = at;
		while (at <= last && !begins(p, w->p[at]))
			at++;
		if (!spend(w, at - from + p->strings) || at > last)
			return SIZE_MAX;
		for (i = 0; i < p->strings; i++)
			if (string_at(&p->string[i], w, at))
				return at;
	}
}

static size_t
plus(size_t a, uint32_t b)
{
	return b == SL_GAP_ANY ? SIZE_MAX : a + b;
}

/* Whether the pieces from k on fit at a place does not depend on how it was
 * come to: places where they did not are passed over, which keeps nested gaps
 * from multiplying. */
struct failed {
	bool any;
	size_t from, to; /* both failed, and all between */
};

struct match {
	const struct sl_sequence *q;
	struct sl_window *w;
	struct failed failed[SL_PIECES_MAX];
};

static void
note_failed(struct failed *f, size_t lo, size_t hi)
{
	if (f->any && lo <= f->to + 1 && hi + 1 >= f->from) {
		f->from = lo < f->from ? lo : f->from;
		f->to = hi > f->to ? hi : f->to;
	} else {
		*f = (struct failed){true, lo, hi};
	}
}

static enum outcome forward(struct match *m, uint32_t k, size_t lo, size_t hi);

/* Piece k stands at `at`. */
static enum outcome
go_on(struct match *m, uint32_t k, size_t at)
{
	const struct sl_piece *p = &m->q->piece[k], *next = p + 1;
	enum outcome o, worst = p->shortest == p->longest ? NEVER : NO;
	size_t end;
	uint32_t i;

	if (k + 1 == m->q->pieces)
		return YES;
	for (i = 0; i < p->strings; i++) {
		if (!string_at(&p->string[i], m->w, at))
			continue;
		end = at + p->string[i].n;
		o = forward(
		    m, k + 1, end + next->gap_min, plus(end, next->gap_max));
		if (o == YES)
			return YES;
		if (o == NO)
			worst = NO;
	}
	return worst;
}

/* Pieces from k on, the first of them between lo and hi. */
static enum outcome
forward(struct match *m, uint32_t k, size_t lo, size_t hi)
{
	struct failed *f = &m->failed[k];
	enum outcome o;
	size_t at = lo;

	if (f->any && lo >= f->from && lo <= f->to)
		at = hi <= f->to ? SIZE_MAX : f->to + 1;
	for (; at != SIZE_MAX; at++) {
		at = find_piece(&m->q->piece[k], m->w, at, hi);
		if (at == SIZE_MAX)
			break;
		o = go_on(m, k, at);
		if (o == YES || o == NEVER)
			return o;
		if (*m->w->work == 0)
			return NEVER;
	}
	if (hi == SIZE_MAX)
		return NEVER;
	note_failed(f, lo, hi);
	return NO;
}

/* Piece k ends at `end`. */
static bool backward(struct match *m, uint32_t k, size_t lo, size_t hi);
static bool
go_back(struct match *m, uint32_t k, size_t end)
{
	const struct sl_piece *p = &m->q->piece[k];
	size_t at, far;
	uint32_t i;

	for (i = 0; i < p->strings; i++) {
		if (p->string[i].n > end)
			continue;
		at = end - p->string[i].n;
		if (!string_at(&p->string[i], m->w, at))
			continue;
		if (k == 0)
			return true;
		if (p->gap_min > at)
			continue;
		far = p->gap_max == SL_GAP_ANY || p->gap_max > at
			  ? 0
			  : at - p->gap_max;
		if (backward(m, k - 1, far, at - p->gap_min))
			return true;
	}
	return false;
}

/* Pieces from k down to 0; piece k ends between lo and hi (places of ends). */
static bool
backward(struct match *m, uint32_t k, size_t lo, size_t hi)
{
	struct failed *f = &m->failed[k];
	size_t end = hi;

	if (f->any && hi >= f->from && hi <= f->to) {
		if (lo >= f->from)
			return false;
		end = f->from - 1;
	}
	for (;; end--) {
		if (!spend(m->w, m->q->piece[k].strings))
			return false;
		if (go_back(m, k, end))
			return true;
		if (end <= lo)
			break;
	}
	note_failed(f, lo, hi);
	return false;
}

bool
sl_sequence_matches(const struct sl_sequence *q, struct sl_window *w)
{
	struct match m;
	size_t far;
	uint32_t i;

	m.q = q;
	m.w = w;
	for (i = 0; i < q->pieces; i++)
		m.failed[i].any = false;
	if (q->anchor == SL_ANYWHERE)
		return forward(&m, 0, w->bof ? q->offset_min : 0, SIZE_MAX) ==
		       YES;
	if (q->anchor == SL_FROM_BOF)
		return w->bof && forward(&m, 0, q->offset_min,
				     plus(0, q->offset_max)) == YES;
	if (!w->eof || q->offset_min > w->n)
		return false;
	far = q->offset_max > w->n ? 0 : w->n - q->offset_max;
	return backward(&m, q->pieces - 1, far, w->n - q->offset_min);
}
