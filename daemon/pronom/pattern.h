/*
 * Byte patterns in PRONOM's own notation, and whether a file has them.
 *
 * A sequence hangs on the file's beginning (B), on its end (E) or on nothing
 * (V). Hex digits stand for bytes; [30:39] is a range, [!00] anything else,
 * [&01] all these bits, [~03] any of them, ?? any byte, (AA|BBCC) a choice;
 * {2}, {2-8}, {2-*} and * are gaps. A sequence becomes pieces with gaps before
 * them; a piece is one or more strings, any of which will do.
 */
#ifndef SL_PRONOM_PATTERN_H
#define SL_PRONOM_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_GAP_ANY UINT32_MAX
#define SL_PIECES_MAX 200u
#define SL_CELLS_MAX 2000u /* of one string */
#define SL_CHOICES_MAX 250u
#define SL_GAP_MAX (UINT32_C(1) << 24)

/* Memory that is filled once and then only read (pronom/table.c). */
struct sl_region {
	char *p;
	size_t n, cap;
};
/* NULL if the region is full; zeroed, 8-byte aligned. */
void *sl_region_alloc(struct sl_region *r, size_t n);

enum sl_cell_op {
	SL_CELL_IS = 0, /* == a */
	SL_CELL_RANGE = 1, /* a..b */
	SL_CELL_NOT = 2, /* not in a..b */
	SL_CELL_ALL = 3, /* all bits of a */
	SL_CELL_SOME = 4, /* any bit of a */
	SL_CELL_LACKS = 5, /* not all bits of a */
};

struct sl_cell {
	uint8_t op, a, b;
};

struct sl_string {
	uint32_t n;
	const uint8_t *lit; /* n bytes if every cell is SL_CELL_IS, else NULL */
	const struct sl_cell *cell;
};

struct sl_piece {
	uint32_t gap_min, gap_max; /* before it; of the first: see offset */
	uint32_t strings, shortest, longest;
	uint32_t word; /* number of its only literal, from 1; 0: none */
	uint8_t first[32]; /* bits: bytes that a string of it may begin with */
	const struct sl_string *string;
};

enum sl_anchor { SL_FROM_BOF = 0, SL_FROM_EOF = 1, SL_ANYWHERE = 2 };

struct sl_sequence {
	enum sl_anchor anchor;
	/* Between the anchor and the first piece (E: the last). */
	uint32_t offset_min, offset_max;
	uint32_t pieces;
	const struct sl_piece *piece;
};

/* "B0-16:4D5A*50450000" -> *ret, its memory in r. Result: NULL, or what is
 * wrong with it (a static text). */
const char *sl_sequence_parse(
    const char *s, size_t n, struct sl_region *r, struct sl_sequence *ret);

static inline bool
sl_cell_fits(const struct sl_cell *c, uint8_t v)
{
	switch ((enum sl_cell_op)c->op) {
	case SL_CELL_IS:
		return v == c->a;
	case SL_CELL_RANGE:
		return v >= c->a && v <= c->b;
	case SL_CELL_NOT:
		return v < c->a || v > c->b;
	case SL_CELL_ALL:
		return (v & c->a) == c->a;
	case SL_CELL_SOME:
		return (v & c->a) != 0;
	case SL_CELL_LACKS:
		return (v & c->a) != c->a;
	}
	return false;
}

/* -- matching ----------------------------------------------------------------
 */

/* Where a literal comes next, for the bytes of one window. */
struct sl_seen {
	uint32_t from, first; /* none in [from, first); first may be the end */
};

/* Bytes to look at: one run of them, and where it lies in the file. */
struct sl_window {
	const uint8_t *p;
	size_t n;
	bool bof, eof; /* it begins at the file's start, ends at its end */
	struct sl_seen *seen; /* by sl_piece.word, or NULL */
	/* Fills `seen` in one pass, when a first word is looked for far and
	 * wide; NULL: each is looked for on its own. Set to NULL then. */
	void (*see)(struct sl_window *w, const void *arg);
	const void *see_arg;
	uint64_t *work; /* bytes that may still be compared */
};

/* Is the sequence in the window? False too when the work is used up: see
 * *w->work == 0. */
bool sl_sequence_matches(const struct sl_sequence *q, struct sl_window *w);

#endif
