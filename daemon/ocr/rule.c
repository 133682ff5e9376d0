/*
 * A rule is one thin run of ink, longer than letters make them, however it
 * leans or waves. Where nothing stands on it, its own height is seen; between
 * such places it is taken to go on alike, and what of a column reaches beyond
 * it on both sides is a stroke that crosses it.
 *
 * Those of boxes and of tables, strokes through text, and what has no text
 * above it stay: Tesseract tells columns by some, and is used to the rest.
 */
#include "rule.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "pixel.h"

/* All in heights of a letter. Serifs of typed letters run together over two. */
#define RUN_LEAST 2.2
#define LONG_LEAST 3.5
/* Thicker, it is no rule; */
#define THICK_MOST 0.6
/* and if it leaves its line by more, too. */
#define RISE_MOST 2.0
#define RISE_PART 0.06 /* of its length, beside that */
/* Text is so near; */
#define NEAR 0.5
/* so many columns of it, in letters, make it text; */
#define TEXT_LEAST 1.5
#define ABOVE_LEAST 10 /* per cent of the rule's */
/* a second rule is so near the first. */
#define DOUBLE_NEAR 0.9
/* From its feet, the head of a line is between these; */
#define HEAD_LEAST 1.1
#define HEAD_MOST 2.0
/* and it ends where nothing follows for so long. */
#define APART 2.5
/* An upright as high as this at both ends makes it a box's. */
#define UPRIGHT 1.8
#define MARGIN_MARK 6
/* So many columns (per cent) must show nothing but the rule. */
#define BARE_LEAST 15
/* It goes on over the gap between words, or below most of the letters, in per
 * cent of columns, there is white above it. */
#define GAP_LEAST 0.55
#define APART_LEAST 60
/* Crossed in more columns (per cent), or with text on both sides in this part
 * of those that have some above, it is a stroke through the text. */
#define BELOW_MOST 35
#define FEET 5 /* so high a part of a letter may be below a rule */
#define CROSSED_MOST 25
/* So many columns (per cent) must have strong ink in a run. */
#define SURE_LEAST 20
/* So many rules are no text's. */
#define RULES_MAX 200
/* A stroke that goes on so far beyond it crosses it, leaning by so many pixels.
 */
#define BEYOND 0.2
#define LEAN 2
/* Pixels that it may be thicker by in places. */
#define RAGGED 2
/* To each side, over which its place is levelled. */
#define LEVEL 4

/* A rule, by columns of the picture from x on. */
struct rule {
	int x, w;
	int thick;
	int *mid; /* twice the row of its middle; of the caller's */
	bool *bare; /* nothing but the rule is there */
	bool taken;
};

struct search {
	PIX *ink; /* all */
	PIX *sure; /* runs of strong ink */
	PIX *text; /* without what may be rules */
	int letter;
	int near, thick_most, beyond;
	float lean;
	struct rule *rules;
	int n;
};

static void
free_rule(struct rule *r)
{
	free(r->mid);
	free(r->bare);
	*r = (struct rule){0};
}

/* Any pixel of column x in rows y0..y1. */
static bool
any_set(PIX *pix, int x, int y0, int y1)
{
	int y;

	for (y = y0; y <= y1; y++)
		if (sl_ocr_is_set(pix, x, y))
			return true;
	return false;
}

/* The column's run of ink through row y, up to most further each way. */
static void
run_through(PIX *ink, int x, int y, int most, int *ret_top, int *ret_end)
{
	int top = y, end = y;

	while (y - top < most && sl_ocr_is_set(ink, x, top - 1))
		top--;
	while (end - y < most && sl_ocr_is_set(ink, x, end + 1))
		end++;
	*ret_top = top;
	*ret_end = end;
}

PIX *
sl_ocr_rule_runs(PIX *ink, int letter)
{
	int across = (int)(RUN_LEAST * letter) | 1, none = 1;
	int thick_most = (int)(THICK_MOST * letter);
	PIX *core = pixErodeCompBrick(NULL, ink, across, 1);
	PIX *runs = NULL, *thick = NULL;

	if (core != NULL)
		(void)pixZero(core, &none);
	if (none == 0)
		runs = pixDilateCompBrick(NULL, core, across, 1);
	if (runs != NULL) {
		(void)pixAnd(runs, runs, ink);
		thick = pixOpenBrick(NULL, runs, 1, thick_most + 1);
	}
	if (thick != NULL)
		(void)pixSubtract(runs, runs, thick);
	pixDestroy(&thick);
	pixDestroy(&core);
	return runs;
}

/* Those that are long enough, joined where they lean; NULL = none. */
static PIX *
long_runs(PIX *ink, int letter)
{
	PIX *runs = sl_ocr_rule_runs(ink, letter), *joined = NULL, *out = NULL;

	if (runs != NULL)
		joined = pixCloseSafeBrick(NULL, runs, 7, 3);
	if (joined != NULL)
		out = pixSelectBySize(joined, (int)(LONG_LEAST * letter), 0, 8,
		    L_SELECT_WIDTH, L_SELECT_IF_GTE, NULL);
	pixDestroy(&joined);
	pixDestroy(&runs);
	return out;
}

static int
compare(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Fills mid between bare columns, and beyond the first and last of them. */
static void
bridge(struct rule *r)
{
	int i, k, last = -1;

	for (i = 0; i < r->w; i++) {
		if (!r->bare[i])
			continue;
		for (k = last + 1; k < i; k++)
			r->mid[k] = last < 0 ? r->mid[i]
					     : r->mid[last] +
						   (r->mid[i] - r->mid[last]) *
						       (k - last) / (i - last);
		last = i;
	}
	for (k = last + 1; k < r->w; k++)
		r->mid[k] = r->mid[last];
}

static void
level(struct rule *r)
{
	SL_FREE int *old = sl_alloc((size_t)r->w * sizeof(*old));
	int i, k, sum, n;

	memcpy(old, r->mid, (size_t)r->w * sizeof(*old));
	for (i = 0; i < r->w; i++) {
		for (sum = n = 0, k = i - LEVEL; k <= i + LEVEL; k++)
			if (k >= 0 && k < r->w) {
				sum += old[k];
				n++;
			}
		r->mid[i] = sum / n;
	}
}

/* The heights of what the columns of piece c, at x, y, show beside the rule
 * or instead: 0 = nothing, or more than a rule. Result: how many do. */
static int
see_columns(const struct search *s, PIX *c, int x, int y, struct rule *r,
    int *high, int *sorted)
{
	int h = pixGetHeight(c), i, row, top, end, n = 0;

	for (i = 0; i < r->w; i++) {
		for (row = 0; row < h; row++)
			if (sl_ocr_is_set(c, i, row) &&
			    sl_ocr_is_set(s->ink, x + i, y + row))
				break;
		if (row == h)
			continue;
		run_through(s->ink, x + i, y + row, s->thick_most, &top, &end);
		if (end - top + 1 > s->thick_most)
			continue;
		r->mid[i] = top + end;
		high[i] = sorted[n++] = end - top + 1;
	}
	return n;
}

/* Measures the piece c, which lies at x, y. false = no rule. */
static bool
measure(const struct search *s, PIX *c, int x, int y, struct rule *r)
{
	SL_FREE int *high = NULL;
	int i, n;

	r->x = x;
	r->w = pixGetWidth(c);
	if (pixGetHeight(c) > RISE_MOST * s->letter + RISE_PART * r->w)
		return false;
	high = sl_alloc(2 * (size_t)r->w * sizeof(*high));
	r->mid = sl_alloc((size_t)r->w * sizeof(*r->mid));
	r->bare = sl_alloc((size_t)r->w * sizeof(*r->bare));
	n = see_columns(s, c, x, y, r, high, high + r->w);
	if (n * 100 < r->w * BARE_LEAST)
		return false;
	qsort(high + r->w, (size_t)n, sizeof(*high), compare);
	r->thick = high[r->w + n / 2];
	for (i = 0; i < r->w; i++)
		r->bare[i] = high[i] > 0 && high[i] <= r->thick + RAGGED;
	bridge(r);
	level(r);
	return true;
}

static int
top_of(const struct rule *r, int i)
{
	return (r->mid[i] - r->thick + 1) / 2;
}

static int
end_of(const struct rule *r, int i)
{
	return top_of(r, i) + r->thick - 1;
}

static bool
has_upright(const struct search *s, int x, int y, double high)
{
	int most = (int)(high * s->letter), top, end;

	if (!sl_ocr_is_set(s->ink, x, y))
		return false;
	run_through(s->ink, x, y, most, &top, &end);
	return end - top >= most;
}

static bool
upright_at(const struct search *s, const struct rule *r, int i)
{
	int x;

	for (x = r->x + i - 2; x <= r->x + i + 2; x++)
		if (has_upright(s, x, r->mid[i] / 2, UPRIGHT))
			return true;
	return false;
}

/* A stroke that comes from above goes on below, a bit aside if it leans. */
static bool
crosses(const struct search *s, const struct rule *r, int i)
{
	int top = top_of(r, i) - s->beyond, end = end_of(r, i) + s->beyond;
	int x = r->x + i, d;

	if (r->bare[i])
		return false;
	for (d = -LEAN; d <= LEAN; d++)
		if ((sl_ocr_is_set(s->ink, x, top) &&
			sl_ocr_is_set(s->ink, x + d, end)) ||
		    (sl_ocr_is_set(s->ink, x, end) &&
			sl_ocr_is_set(s->ink, x + d, top)))
			return true;
	return false;
}

/* What is seen along a rule, in columns. */
struct along {
	int above; /* with text near above */
	int apart; /* of those, with white between */
	int gap; /* the widest without any text above */
	int below; /* with text right above and below */
	int crossed, sure;
};

static void
see_along(const struct search *s, const struct rule *r, struct along *ret)
{
	int i, x, top, gap = 0, d = s->letter / FEET;

	*ret = (struct along){0};
	for (i = 0; i < r->w; i++) {
		x = r->x + i;
		top = top_of(r, i);
		if (any_set(s->text, x, top - s->near, top - 1)) {
			ret->above++;
			ret->apart +=
			    !any_set(s->ink, x, top - RAGGED, top - 1);
		}
		gap =
		    any_set(s->text, x, top - s->letter, top - 1) ? 0 : gap + 1;
		ret->gap = gap > ret->gap ? gap : ret->gap;
		ret->below += sl_ocr_is_set(s->text, x, end_of(r, i) + d) &&
			      any_set(s->text, x, top - d, top - 1);
		ret->crossed += crosses(s, r, i);
		ret->sure += any_set(s->sure, x, top, end_of(r, i));
	}
}

/* In blurred print the feet of letters run together over a word, but neither
 * over the gap to the next nor below the letters. */
static bool
under_text(const struct search *s, const struct rule *r)
{
	struct along a;

	see_along(s, r, &a);
	return a.above >= TEXT_LEAST * s->letter &&
	       a.above * 100 >= r->w * ABOVE_LEAST &&
	       a.below * 100 <= a.above * BELOW_MOST &&
	       (a.gap >= GAP_LEAST * s->letter ||
		   a.apart * 100 >= a.above * APART_LEAST) &&
	       a.crossed * 100 <= r->w * CROSSED_MOST &&
	       a.sure * 100 >= r->w * SURE_LEAST &&
	       !(upright_at(s, r, 0) && upright_at(s, r, r->w - 1));
}

/* Both over most of the shorter one. */
static bool
doubles(const struct search *s, const struct rule *a, const struct rule *b)
{
	int x0 = a->x > b->x ? a->x : b->x;
	int x1 = a->x + a->w < b->x + b->w ? a->x + a->w : b->x + b->w;
	int shorter = a->w < b->w ? a->w : b->w, at = (x0 + x1) / 2;

	return (x1 - x0) * 2 > shorter &&
	       abs(a->mid[at - a->x] - b->mid[at - b->x]) <=
		   2 * DOUBLE_NEAR * s->letter;
}

static void
choose(struct search *s)
{
	int i, k;

	for (i = 0; i < s->n; i++)
		s->rules[i].taken = under_text(s, &s->rules[i]);
	for (i = 0; i < s->n; i++)
		for (k = 0; !s->rules[i].taken && k < s->n; k++)
			s->rules[i].taken =
			    s->rules[k].taken &&
			    doubles(s, &s->rules[i], &s->rules[k]);
}

static void
mark(PIX *mask, int x, int y0, int y1)
{
	int y;

	for (y = y0; y <= y1; y++)
		if (x >= 0 && y >= 0 && x < pixGetWidth(mask) &&
		    y < pixGetHeight(mask))
			SET_DATA_BIT(pixGetData(mask) +
					 (size_t)y * (size_t)pixGetWpl(mask),
			    x);
}

/* With its ragged edges and a rim, as far as no letter stands there. */
static void
mark_rule(const struct search *s, const struct rule *r, PIX *mask)
{
	int i, top, end, y0, y1;

	for (i = 0; i < r->w; i++) {
		if (crosses(s, r, i))
			continue;
		top = top_of(r, i);
		end = end_of(r, i);
		run_through(
		    s->ink, r->x + i, r->mid[i] / 2, s->thick_most, &y0, &y1);
		if (y0 >= top - RAGGED)
			top = y0 < top ? y0 - 1 : top - 1;
		if (y1 <= end + RAGGED)
			end = y1 > end ? y1 + 1 : end + 1;
		mark(mask, r->x + i, top, end);
	}
}

static void
find_rules(struct search *s, PIX *runs)
{
	PIXA *pieces = NULL;
	BOXA *boxes = pixConnComp(runs, &pieces, 8);
	int n = boxes != NULL ? boxaGetCount(boxes) : 0, i, x, y;
	PIX *c;

	if (n > RULES_MAX)
		n = 0;
	s->rules = sl_alloc((size_t)(n + 1) * sizeof(*s->rules));
	for (i = 0; i < n; i++) {
		(void)boxaGetBoxGeometry(boxes, i, &x, &y, NULL, NULL);
		c = pixaGetPix(pieces, i, L_CLONE);
		if (c != NULL && measure(s, c, x, y, &s->rules[s->n]))
			s->n++;
		else
			free_rule(&s->rules[s->n]);
		pixDestroy(&c);
	}
	boxaDestroy(&boxes);
	pixaDestroy(&pieces);
}

/* How many columns of the rule have text k rows above it. */
static int
count_row(const struct search *s, const struct rule *r, int y, int k)
{
	int i, n = 0;

	for (i = 0; i < r->w; i++)
		n += sl_ocr_is_set(s->text, r->x + i,
		    y - k + (int)lroundf((float)(i - r->w / 2) * s->lean));
	return n;
}

/* The letters' feet, and the gap above their heads: the emptiest row where it
 * may be. Result: rows above the rule. */
static int
head_of(const struct search *s, const struct rule *r, int y)
{
	int from = (int)(HEAD_LEAST * s->letter), k, n, best = 0, least = r->w;
	int feet = 0;

	for (k = 1; k <= s->near; k++) {
		n = count_row(s, r, y, k);
		if (n > best) {
			best = n;
			feet = k;
		}
	}
	for (k = feet + from; k <= feet + (int)(HEAD_MOST * s->letter); k++) {
		n = count_row(s, r, y, k);
		if (n < least) {
			least = n;
			best = k;
		}
	}
	return best;
}

/* From column x on to where there is no text for a while, or a mark in the
 * margin. */
static int
reach(const struct search *s, const struct sl_ocr_rule_line *l, int x, int way)
{
	int gap, last = x, most = (int)(APART * s->letter);
	int mid = (l->x0 + l->x1) / 2, y;

	for (gap = 0; gap <= most && x >= 0 && x < pixGetWidth(s->text);
	     x += way) {
		y = l->y + (int)lroundf((float)(x - mid) * s->lean);
		if (has_upright(s, x, y + l->top / 2, MARGIN_MARK))
			break;
		if (any_set(s->text, x, y + l->top / 2, y)) {
			last = x;
			gap = 0;
		} else {
			gap++;
		}
	}
	return last;
}

/* Two rules are of one line if they are not a letter apart. */
static bool
has_line(const struct search *s, const struct sl_ocr_rules *all, int x, int row)
{
	const struct sl_ocr_rule_line *l;
	unsigned i;
	int y;

	for (i = 0; i < all->n; i++) {
		l = &all->lines[i];
		y = row -
		    (int)lroundf(l->lean * (float)(x - (l->x0 + l->x1) / 2));
		if (x >= l->x0 && x < l->x1 && abs(y - l->y) <= s->letter)
			return true;
	}
	return false;
}

static void
add_line(const struct search *s, const struct rule *r, struct sl_ocr_rules *ret)
{
	int mid = r->x + r->w / 2, y = r->mid[r->w / 2] / 2, x0, x1;
	struct sl_ocr_rule_line l = {
	    .x0 = r->x, .x1 = r->x + r->w, .y = y, .lean = s->lean};

	if (has_line(s, ret, mid, y))
		return;
	l.top = -head_of(s, r, y);
	l.end = r->thick / 2 + s->near;
	x0 = reach(s, &l, r->x, -1);
	x1 = reach(s, &l, r->x + r->w - 1, 1) + 1;
	l.x0 = x0;
	l.x1 = x1;
	l.y += (int)lroundf((float)((x0 + x1) / 2 - mid) * s->lean);
	ret->lines[ret->n++] = l;
}

static void
take(struct search *s, struct sl_ocr_rules *ret)
{
	int i;

	ret->lines = sl_alloc((size_t)(s->n + 1) * sizeof(*ret->lines));
	for (i = 0; i < s->n; i++)
		if (s->rules[i].taken) {
			mark_rule(s, &s->rules[i], ret->mask);
			add_line(s, &s->rules[i], ret);
		}
}

void
sl_ocr_rules_find(
    PIX *ink, PIX *sure, int letter, float lean, struct sl_ocr_rules *ret)
{
	struct search s = {.ink = ink,
	    .sure = sure,
	    .letter = letter,
	    .lean = lean,
	    .near = (int)(NEAR * letter),
	    .beyond = 2 + (int)(BEYOND * letter),
	    .thick_most = (int)(THICK_MOST * letter)};
	PIX *runs = long_runs(ink, letter);
	int i;

	*ret = (struct sl_ocr_rules){0};
	if (runs == NULL)
		return;
	s.text = pixSubtract(NULL, ink, runs);
	ret->mask = pixCreateTemplate(ink);
	if (s.text != NULL && ret->mask != NULL) {
		find_rules(&s, runs);
		choose(&s);
		take(&s, ret);
	}
	for (i = 0; i < s.n; i++)
		free_rule(&s.rules[i]);
	free(s.rules);
	pixDestroy(&s.text);
	pixDestroy(&runs);
	if (ret->n == 0)
		sl_ocr_rules_free(ret);
}

void
sl_ocr_rules_free(struct sl_ocr_rules *r)
{
	pixDestroy(&r->mask);
	free(r->lines);
	*r = (struct sl_ocr_rules){0};
}
