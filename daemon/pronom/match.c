/*
 * One sequence against one window.
 *
 * Places of a piece are tried from the near end of its gap to the far one.
 * Where a piece with an unbounded gap is not found, no other place of the
 * pieces before it can help: they only move on. So the cost is that of nested
 * bounded gaps, and `work` bounds that.
 */
#include <string.h>

#include "pattern.h"

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
find_word(
    const struct sl_piece *p, struct sl_window *w, size_t lo, size_t hi)
{
	struct sl_seen *s = &w->seen[p->word];
	const uint8_t *at;

	if (s->first > s->from && lo >= s->from && lo <= s->first)
		return s->first;
	if (hi < w->n) { /* not to the end: nothing to remember */
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

/* Pieces from k on, the first of them between lo and hi. */
static enum outcome
forward(const struct sl_sequence *q, uint32_t k, struct sl_window *w,
    size_t lo, size_t hi)
{
	const struct sl_piece *p = &q->piece[k], *next = p + 1;
	enum outcome o, worst;
	size_t at, end;
	uint32_t i;

	for (at = lo; (at = find_piece(p, w, at, hi)) != SIZE_MAX; at++) {
		if (k + 1 == q->pieces)
			return YES;
		worst = p->shortest == p->longest ? NEVER : NO;
		for (i = 0; i < p->strings; i++) {
			if (!string_at(&p->string[i], w, at))
				continue;
			end = at + p->string[i].n;
			o = forward(q, k + 1, w, end + next->gap_min,
			    plus(end, next->gap_max));
			if (o == YES)
				return YES;
			if (o == NO)
				worst = NO;
		}
		if (worst == NEVER || *w->work == 0)
			return NEVER;
	}
	return hi == SIZE_MAX ? NEVER : NO;
}

/* Pieces from k down to 0; piece k ends between lo and hi (places of ends). */
static enum outcome
backward(const struct sl_sequence *q, uint32_t k, struct sl_window *w,
    size_t lo, size_t hi)
{
	const struct sl_piece *p = &q->piece[k];
	size_t end, at, far;
	uint32_t i;

	for (end = hi; end + 1 > lo; end--) {
		for (i = 0; i < p->strings; i++) {
			if (!spend(w, 1))
				return NEVER;
			if (p->string[i].n > end)
				continue;
			at = end - p->string[i].n;
			if (!string_at(&p->string[i], w, at))
				continue;
			if (k == 0)
				return YES;
			if (p->gap_min > at)
				continue;
			far = p->gap_max == SL_GAP_ANY || p->gap_max > at
				  ? 0
				  : at - p->gap_max;
			if (backward(q, k - 1, w, far, at - p->gap_min) == YES)
				return YES;
		}
		if (end == 0)
			break;
	}
	return NO;
}

bool
sl_sequence_matches(const struct sl_sequence *q, struct sl_window *w)
{
	size_t far;

	if (q->anchor == SL_ANYWHERE)
		return forward(q, 0, w, w->bof ? q->offset_min : 0,
			   SIZE_MAX) == YES;
	if (q->anchor == SL_FROM_BOF)
		return w->bof && forward(q, 0, w, q->offset_min,
				     plus(0, q->offset_max)) == YES;
	if (!w->eof || q->offset_min > w->n)
		return false;
	far = q->offset_max > w->n ? 0 : w->n - q->offset_max;
	return backward(q, q->pieces - 1, w, far, w->n - q->offset_min) == YES;
}
