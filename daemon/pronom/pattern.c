#include "pattern.h"

#include <string.h>

void *
sl_region_alloc(struct sl_region *r, size_t n)
{
	size_t at = (r->n + 7) & ~(size_t)7;

	if (at > r->cap || n > r->cap - at)
		return NULL;
	r->n = at + n;
	return r->p + at;
}

/* -- reading -------------------------------------------------------------- */

struct reader {
	const char *p, *end;
	struct sl_region *r;
	const char *wrong;
	struct sl_cell cell[SL_CELLS_MAX]; /* of the string being read */
	uint32_t cells;
	struct sl_string string[SL_CHOICES_MAX];
	uint32_t strings;
	struct sl_piece piece[SL_PIECES_MAX];
	uint32_t pieces;
	uint32_t gap_min, gap_max; /* before what comes next */
};

static bool
fail(struct reader *d, const char *why)
{
	if (d->wrong == NULL)
		d->wrong = why;
	return false;
}

static int
peek(const struct reader *d)
{
	return d->p < d->end ? *d->p : -1;
}

static bool
take(struct reader *d, char c)
{
	if (peek(d) != c)
		return false;
	d->p++;
	return true;
}

static int
digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
byte(struct reader *d, uint8_t *ret)
{
	int hi = digit(peek(d)), lo;

	if (hi < 0 || d->end - d->p < 2 || (lo = digit(d->p[1])) < 0)
		return fail(d, "a byte is two hex digits");
	*ret = (uint8_t)(hi << 4 | lo);
	d->p += 2;
	return true;
}

static bool
number(struct reader *d, uint32_t *ret)
{
	uint32_t v = 0;

	if (peek(d) < '0' || peek(d) > '9')
		return fail(d, "a number is missing");
	while (peek(d) >= '0' && peek(d) <= '9') {
		v = v * 10 + (uint32_t)(*d->p++ - '0');
		if (v > SL_GAP_MAX)
			return fail(d, "a number is too large");
	}
	*ret = v;
	return true;
}

static bool
add_cell(struct reader *d, enum sl_cell_op op, uint8_t a, uint8_t b)
{
	if (d->cells >= SL_CELLS_MAX)
		return fail(d, "a string is too long");
	d->cell[d->cells++] = (struct sl_cell){(uint8_t)op, a, b};
	return true;
}

/* After "[". One byte only: ranges over several are not in PRONOM. */
static bool
bracket(struct reader *d)
{
	bool not = take(d, '!');
	enum sl_cell_op op = not ? SL_CELL_NOT : SL_CELL_RANGE;
	uint8_t a, b;

	if (take(d, '&'))
		op = not ? SL_CELL_LACKS : SL_CELL_ALL;
	else if (take(d, '~'))
		op = SL_CELL_SOME;
	if (not &&op == SL_CELL_SOME)
		return fail(d, "[!~ is not known");
	if (!byte(d, &a))
		return false;
	b = a;
	if (op <= SL_CELL_NOT && take(d, ':') && !byte(d, &b))
		return false;
	if (!take(d, ']'))
		return fail(d, "] is missing, or the range is of many bytes");
	if (op == SL_CELL_RANGE && a == b)
		op = SL_CELL_IS;
	if (b < a)
		return fail(d, "a range runs backwards");
	return add_cell(d, op, a, b);
}

/* One cell; false without d->wrong: something else begins here. */
static bool
one_cell(struct reader *d)
{
	uint8_t a;

	if (take(d, '['))
		return bracket(d);
	if (d->end - d->p >= 2 && d->p[0] == '?' && d->p[1] == '?') {
		d->p += 2;
		return add_cell(d, SL_CELL_RANGE, 0, 255);
	}
	return digit(peek(d)) >= 0 && byte(d, &a) &&
	       add_cell(d, SL_CELL_IS, a, a);
}

static bool
end_string(struct reader *d)
{
	struct sl_string *s = &d->string[d->strings];
	struct sl_cell *cell;
	uint8_t *lit;
	uint32_t i;

	if (d->cells == 0)
		return fail(d, "an empty string");
	if (d->strings >= SL_CHOICES_MAX)
		return fail(d, "too many choices");
	cell = sl_region_alloc(d->r, d->cells * sizeof(*cell));
	lit = sl_region_alloc(d->r, d->cells);
	if (cell == NULL || lit == NULL)
		return fail(d, "the table is too large");
	memcpy(cell, d->cell, d->cells * sizeof(*cell));
	*s = (struct sl_string){.n = d->cells, .cell = cell, .lit = lit};
	for (i = 0; i < d->cells; i++) {
		lit[i] = cell[i].a;
		if (cell[i].op != SL_CELL_IS)
			s->lit = NULL;
	}
	d->strings++;
	d->cells = 0;
	return true;
}

static void
note_first(struct sl_piece *p, const struct sl_cell *c)
{
	unsigned v = c->op == SL_CELL_IS ? c->a : 0,
		 end = c->op == SL_CELL_IS ? c->a + 1u : 256;

	for (; v < end; v++)
		if (sl_cell_fits(c, (uint8_t)v))
			p->first[v / 8] |= (uint8_t)(1u << (v % 8));
}

static bool
end_piece(struct reader *d)
{
	struct sl_piece *p = &d->piece[d->pieces];
	struct sl_string *s;
	uint32_t i;

	if (d->pieces >= SL_PIECES_MAX)
		return fail(d, "too many pieces");
	s = sl_region_alloc(d->r, d->strings * sizeof(*s));
	if (s == NULL)
		return fail(d, "the table is too large");
	memcpy(s, d->string, d->strings * sizeof(*s));
	*p = (struct sl_piece){.gap_min = d->gap_min,
	    .gap_max = d->gap_max,
	    .strings = d->strings,
	    .string = s,
	    .shortest = UINT32_MAX};
	for (i = 0; i < d->strings; i++) {
		note_first(p, s[i].cell);
		if (s[i].n < p->shortest)
			p->shortest = s[i].n;
		if (s[i].n > p->longest)
			p->longest = s[i].n;
	}
	d->pieces++;
	d->strings = 0;
	d->gap_min = d->gap_max = 0;
	return true;
}

/* After "(". */
static bool
choice(struct reader *d)
{
	do {
		while (one_cell(d))
			;
		if (d->wrong != NULL || !end_string(d))
			return false;
	} while (take(d, '|'));
	return take(d, ')') ? end_piece(d) : fail(d, ") is missing");
}

/* Adds to the gap before the next piece. */
static bool
gap(struct reader *d, uint32_t min, uint32_t max)
{
	if (min > SL_GAP_MAX - d->gap_min)
		return fail(d, "a gap is too large");
	d->gap_min += min;
	if (max == SL_GAP_ANY || d->gap_max == SL_GAP_ANY)
		d->gap_max = SL_GAP_ANY;
	else if (max < min || max > SL_GAP_MAX - d->gap_max)
		return fail(d, "a gap is wrong");
	else
		d->gap_max += max;
	return true;
}

/* After "{". */
static bool
curly(struct reader *d)
{
	uint32_t min, max;

	if (!number(d, &min))
		return false;
	max = min;
	if (take(d, '-')) {
		if (take(d, '*'))
			max = SL_GAP_ANY;
		else if (!number(d, &max))
			return false;
	}
	return take(d, '}') ? gap(d, min, max) : fail(d, "} is missing");
}

static bool
pieces(struct reader *d)
{
	while (d->wrong == NULL && d->p < d->end) {
		if (take(d, '(')) {
			(void)choice(d);
		} else if (take(d, '{')) {
			(void)curly(d);
		} else if (take(d, '*')) {
			(void)gap(d, 0, SL_GAP_ANY);
		} else if (one_cell(d)) {
			while (one_cell(d))
				;
			if (d->wrong == NULL && end_string(d))
				(void)end_piece(d);
		} else {
			return fail(d, "an unknown sign");
		}
	}
	if (d->wrong == NULL && (d->pieces == 0 || d->gap_max != 0))
		return fail(d, "nothing, or a gap at the end");
	return d->wrong == NULL;
}

static bool
head(struct reader *d, struct sl_sequence *q)
{
	if (take(d, 'B'))
		q->anchor = SL_FROM_BOF;
	else if (take(d, 'E'))
		q->anchor = SL_FROM_EOF;
	else if (take(d, 'V'))
		q->anchor = SL_ANYWHERE;
	else
		return fail(d, "neither B, E nor V");
	q->offset_max = SL_GAP_ANY;
	if (!number(d, &q->offset_min))
		return false;
	if (q->anchor != SL_ANYWHERE &&
	    (!take(d, '-') || (!take(d, '*') && !number(d, &q->offset_max))))
		return fail(d, "an offset is missing");
	if (q->offset_max < q->offset_min)
		return fail(d, "an offset runs backwards");
	return take(d, ':') ? true : fail(d, ": is missing");
}

const char *
sl_sequence_parse(
    const char *s, size_t n, struct sl_region *r, struct sl_sequence *ret)
{
	/* Too large for a stack that is small; the table is read once. */
	static struct reader d;
	struct sl_piece *p;

	memset(&d, 0, offsetof(struct reader, cell));
	d.p = s;
	d.end = s + n;
	d.r = r;
	d.cells = d.strings = d.pieces = d.gap_min = d.gap_max = 0;
	memset(ret, 0, sizeof(*ret));
	if (!head(&d, ret) || !pieces(&d))
		return d.wrong;
	p = sl_region_alloc(r, d.pieces * sizeof(*p));
	if (p == NULL)
		return "the table is too large";
	memcpy(p, d.piece, d.pieces * sizeof(*p));
	/* A gap before all is a part of the offset. */
	if (p[0].gap_max != 0 && ret->anchor == SL_FROM_EOF)
		return "a gap before the first bytes";
	ret->offset_min += p[0].gap_min;
	if (p[0].gap_max == SL_GAP_ANY || ret->offset_max == SL_GAP_ANY)
		ret->offset_max = SL_GAP_ANY;
	else
		ret->offset_max += p[0].gap_max;
	p[0].gap_min = p[0].gap_max = 0;
	ret->pieces = d.pieces;
	ret->piece = p;
	return NULL;
}
