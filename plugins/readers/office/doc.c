/*
 * Word before 2007 (MS-DOC): the piece table says where the text lies, in
 * UTF-16 or in Windows-1252. Word 6 and 95 hold it in one run of bytes, which
 * are of the page that the font of each run has. Runs are not followed: a font
 * of another script counts where most letters are not Latin.
 *
 * What is marked as deleted is not told apart from the rest: that stands in
 * the formatting, which is not read.
 */
#include "ole.h"

#include "../lib/codepage.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 64u

struct word {
	const uint8_t *p, *table;
	size_t n, table_n;
	struct text *t;
	uint64_t hidden; /* a bit for each open field: before its result */
	unsigned fields;
	const uint16_t *high; /* of another page, or NULL for Windows-1252 */
};

/* One character of the text as Word keeps it. */
static void
put(struct word *w, uint32_t c)
{
	switch (c) {
	case 0x13: /* a field: its instruction comes first */
		if (w->fields < FIELDS_MAX)
			w->hidden |= (uint64_t)1 << w->fields;
		w->fields++;
		return;
	case 0x14:
		if (w->fields > 0 && w->fields <= FIELDS_MAX)
			w->hidden &= ~((uint64_t)1 << (w->fields - 1));
		return;
	case 0x15:
		if (w->fields > 0)
			w->fields--;
		if (w->fields < FIELDS_MAX)
			w->hidden &= ~((uint64_t)1 << w->fields);
		return;
	case 0x0D: /* no instruction goes on behind its paragraph */
		w->hidden = 0;
		break;
	default:
		break;
	}
	if (w->hidden)
		return;
	switch (c) {
	case 0x07: /* the end of a cell; two at the end of a row */
		if (w->t->n > 0 && w->t->p[w->t->n - 1] == '\t')
			text_line(w->t);
		else
			text_char(w->t, '\t');
		return;
	case 0x0B:
	case 0x0C:
	case 0x0D:
	case 0x0E:
		text_char(w->t, '\n');
		return;
	case 0x1E:
		text_char(w->t, '-');
		return;
	case 0xA0:
		text_char(w->t, ' ');
		return;
	default:
		if (c >= 0xE000 && c <= 0xF8FF)
			return; /* a picture of a font */
		text_char(w->t, c);
	}
}

/* What 0x80 and above are in that page. */
static void
make_high(unsigned page, uint16_t high[128])
{
	for (unsigned i = 0; i < 128; i++) {
		uint8_t b = (uint8_t)(i + 0x80);
		const uint8_t *u;
		char *out = NULL;
		size_t n = 0;

		high[i] = 0xFFFD;
		if (codepage_decode(page, &b, 1, 16, &out, &n) == 0) {
			u = (const uint8_t *)out;
			if (n == 2)
				high[i] = (uint16_t)((u[0] & 0x1F) << 6 |
						     (u[1] & 0x3F));
			else if (n == 3)
				high[i] = (uint16_t)((u[0] & 0x0F) << 12 |
						     (u[1] & 0x3F) << 6 |
						     (u[2] & 0x3F));
		}
		free(out);
	}
}

static uint32_t
from_1252(uint8_t c)
{
	static const uint16_t high[32] = {0x20AC, 0x81, 0x201A, 0x0192, 0x201E,
	    0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
	    0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
	    0x017E, 0x0178};

	return c >= 0x80 && c < 0xA0 ? high[c - 0x80] : c;
}

static void
put_bytes(struct word *w, size_t at, size_t n)
{
	if (at >= w->n)
		return;
	if (n > w->n - at)
		n = w->n - at;
	for (size_t i = 0; i < n && !w->t->full; i++)
		put(w, w->high && w->p[at + i] >= 0x80
			   ? w->high[w->p[at + i] - 0x80]
			   : from_1252(w->p[at + i]));
}

static void
put_wide(struct word *w, size_t at, size_t n)
{
	if (at >= w->n)
		return;
	if (n > (w->n - at) / 2)
		n = (w->n - at) / 2;
	for (size_t i = 0; i < n && !w->t->full; i++) {
		uint32_t c = le16(w->p + at + 2 * i), low;

		if (c >= 0xD800 && c < 0xDC00 && i + 1 < n) {
			low = le16(w->p + at + 2 * i + 2);
			if (low >= 0xDC00 && low < 0xE000) {
				c = 0x10000 + ((c - 0xD800) << 10) +
				    (low - 0xDC00);
				i++;
			}
		}
		put(w, c);
	}
}

/* The piece table in the Clx at `at` of the table stream; its length, or 0. */
static size_t
find_pieces(const struct word *w, size_t at, size_t n, size_t *ret)
{
	size_t end;

	if (at >= w->table_n)
		return 0;
	end = n < w->table_n - at ? at + n : w->table_n;
	while (at + 5 <= end) {
		if (w->table[at] == 2) {
			size_t k = le32(w->table + at + 1);

			*ret = at + 5;
			return k < end - at - 5 ? k : end - at - 5;
		}
		if (w->table[at] != 1)
			return 0;
		at += 3 + le16(w->table + at + 1);
	}
	return 0;
}

static bool
put_pieces(struct word *w, uint32_t until)
{
	size_t at = 0, len, count, i;
	uint64_t sum = 0;

	len = find_pieces(w, le32(w->p + 0x1A2), le32(w->p + 0x1A6), &at);
	if (len < 16)
		return false;
	count = (len - 4) / 12;
	for (i = 0; i < count && !w->t->full; i++) {
		uint32_t from = le32(w->table + at + 4 * i);
		uint32_t to = le32(w->table + at + 4 * i + 4);
		const uint8_t *d = w->table + at + 4 * (count + 1) + 8 * i;
		uint32_t fc = le32(d + 2), chars;

		if (to > until)
			to = until;
		if (to <= from)
			continue;
		chars = to - from;
		/* pieces that share text could repeat it without end */
		sum += chars;
		if (sum > (uint64_t)w->n + 65536)
			return true;
		if (fc & 0x40000000u)
			put_bytes(w, (fc & 0x3FFFFFFFu) / 2, chars);
		else
			put_wide(w, fc & 0x3FFFFFFFu, chars);
	}
	return true;
}

/* The page of the first font of Word 6 and 95 that is Greek, Hebrew, Arabic or
 * Cyrillic; 0 if none is. */
static unsigned
other_script(const struct word *w)
{
	size_t at, n, end;

	if (w->n < 0xD8)
		return 0;
	at = le32(w->p + 0xD0);
	n = le32(w->p + 0xD4);
	if (at >= w->n)
		return 0;
	end = n < w->n - at ? at + n : w->n;
	for (at += 2; at + 6 <= end; at += (size_t)w->p[at] + 1) {
		uint8_t set = w->p[at + 4];

		if (set == 161 || set == 177 || set == 178 || set == 204)
			return codepage_of_font(set);
	}
	return 0;
}

/* Letters of such a script are bytes of 0xA0 and above, nearly all of them. */
static bool
mostly_high(const uint8_t *p, size_t n)
{
	size_t high = 0, latin = 0;

	for (size_t i = 0; i < n; i++) {
		high += p[i] >= 0xA0;
		latin += (p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z';
	}
	return high > latin;
}

/* Word 6 and 95: no table stream; pieces only in files saved "fast". */
static int
open_old(struct sluse_doc *d, struct word *w)
{
	size_t from = le32(w->p + 0x18), to = le32(w->p + 0x1C);
	unsigned page = other_script(w);
	uint16_t high[128];

	if (le16(w->p + 0x0A) & 0x0100)
		return SLUSE_READ_ENCRYPTED;
	if (from >= to || from > w->n)
		return SLUSE_READ_DAMAGED;
	if (le16(w->p + 0x0A) & 0x0004)
		doc_note(d, "fast_saved", NULL);
	if (to > w->n)
		to = w->n;
	if (page && mostly_high(w->p + from, to - from)) {
		make_high(page, high);
		w->high = high;
	}
	put_bytes(w, from, to - from);
	w->high = NULL;
	return SLUSE_READ_OK;
}

static int
open_word(struct sluse_doc *d, struct word *w)
{
	uint32_t flags = le16(w->p + 0x0A), at;
	uint64_t until = 1;
	uint8_t *table;

	if (le16(w->p) == 0xA5DC || le16(w->p + 2) < 0xC0)
		return open_old(d, w);
	if (le16(w->p) != 0xA5EC)
		return SLUSE_READ_DAMAGED;
	if (flags & 0x0100)
		return SLUSE_READ_ENCRYPTED;
	if (w->n < 0x1AA)
		return SLUSE_READ_INCOMPLETE;
	for (size_t i = 0x4C; i <= 0x68; i += 4)
		until += le32(w->p + i);
	at = ole2_find(d->ole, 0, flags & 0x0200 ? "1Table" : "0Table");
	if (at == OLE2_NONE)
		at = ole2_find(d->ole, 0, flags & 0x0200 ? "0Table" : "1Table");
	table = at != OLE2_NONE ? stream_load(d, at, &w->table_n) : NULL;
	w->table = table;
	if (!table ||
	    !put_pieces(w, until < UINT32_MAX ? (uint32_t)until : UINT32_MAX)) {
		/* without it: the run that simple files have */
		d->damaged = true;
		put_bytes(w, le32(w->p + 0x18),
		    le32(w->p + 0x1C) > le32(w->p + 0x18)
			? le32(w->p + 0x1C) - le32(w->p + 0x18)
			: 0);
	}
	free(table);
	return d->text.n    ? SLUSE_READ_OK
	       : d->damaged ? SLUSE_READ_DAMAGED
			    : SLUSE_READ_OK;
}

int
doc_open(struct sluse_doc *d, uint32_t stream)
{
	struct word w = {.t = &d->text};
	uint8_t *p = stream_load(d, stream, &w.n);
	int rc = SLUSE_READ_DAMAGED;

	w.p = p;
	doc_mark(d);
	if (p && w.n >= 0x20)
		rc = open_word(d, &w);
	free(p);
	return rc;
}
