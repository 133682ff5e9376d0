/*
 * Excel before 2007 (MS-XLS, BIFF8; BIFF5 for Excel 95): a page per sheet, in
 * the form of xlsx.c. Formulas give the value they had when saved.
 */
#include "ole.h"

#include <stdlib.h>
#include <string.h>

#include "xlscrypt.h"

#define STRINGS_MAX ((size_t)4 << 20)
#define SHEETS_MAX 4096u
#define XF_MAX 65536u

enum {
	R_FORMULA = 0x06,
	R_EOF = 0x0A,
	R_HEADER = 0x14,
	R_FOOTER = 0x15,
	R_DATEMODE = 0x22,
	R_FILEPASS = 0x2F,
	R_CONTINUE = 0x3C,
	R_CODEPAGE = 0x42,
	R_BOUNDSHEET = 0x85,
	R_MULRK = 0xBD,
	R_RSTRING = 0xD6,
	R_XF = 0xE0,
	R_SST = 0xFC,
	R_LABELSST = 0xFD,
	R_SUPBOOK = 0x1AE,
	R_TXO = 0x1B6,
	R_NUMBER = 0x203,
	R_LABEL = 0x204,
	R_BOOLERR = 0x205,
	R_STRING = 0x207,
	R_RK = 0x27E,
	R_FORMAT = 0x41E,
	R_BOF = 0x809,
};

struct book {
	struct sluse_doc *d;
	uint8_t *p; /* the stream */
	size_t n, at; /* at: of the next record */
	uint64_t walked; /* sheets that overlap could be walked without end */
	unsigned type;
	const uint8_t *b; /* the record at hand */
	size_t len;
	bool wide; /* BIFF8 */
	bool date1904;
	int locked; /* SLUSE_READ_OK: open, or opened */
	bool unlocked; /* opened: once, however many records say it is locked */
	unsigned codepage;
	struct text strings;
	size_t *string_at, strings_n, strings_cap;
	bool *date; /* of each XF */
	size_t xf_n, xf_cap;
	unsigned formats[512], formats_n;
	uint32_t sheet[SHEETS_MAX];
	struct text names;
	size_t name_at[SHEETS_MAX + 1];
	uint32_t sheets_n;
	long row; /* of the last cell; -1 */
};

static bool
next(struct book *k)
{
	if (k->at + 4 > k->n || k->walked > 4 * (uint64_t)k->n)
		return false;
	k->type = le16(k->p + k->at);
	k->len = le16(k->p + k->at + 2);
	k->b = k->p + k->at + 4;
	if (k->len > k->n - k->at - 4) {
		k->len = k->n - k->at - 4;
		k->d->damaged = true;
	}
	k->at += 4 + k->len;
	k->walked += 4 + k->len;
	return true;
}

/* -- strings -----------------------------------------------------------------
 */

/* A run of strings that CONTINUE records may cut anywhere. */
struct run {
	struct book *k;
	const uint8_t *p, *end;
};

/* Goes on in the next record if it is a CONTINUE. */
static bool
more(struct run *r)
{
	struct book *k = r->k;

	while (r->p >= r->end) {
		if (k->at + 4 > k->n || le16(k->p + k->at) != R_CONTINUE ||
		    !next(k))
			return false;
		r->p = k->b;
		r->end = k->b + k->len;
	}
	return true;
}

static unsigned
byte(struct run *r)
{
	return more(r) ? *r->p++ : 0;
}

static void
skip(struct run *r, size_t n)
{
	while (n > 0 && more(r)) {
		size_t have = (size_t)(r->end - r->p);

		if (have > n)
			have = n;
		r->p += have;
		n -= have;
	}
}

/* count characters; at each cut a byte says anew how wide they are. */
static void
characters(struct run *r, size_t count, bool wide, struct text *t)
{
	while (count > 0) {
		size_t have;

		if (r->p >= r->end) {
			if (!more(r))
				return;
			wide = *r->p++ & 1;
		}
		have = (size_t)(r->end - r->p) / (wide ? 2 : 1);
		if (have == 0) { /* half a character */
			r->p = r->end;
			continue;
		}
		if (have > count)
			have = count;
		if (wide)
			text_utf16(t, r->p, have * 2);
		else
			for (size_t i = 0; i < have; i++)
				text_char(t, r->p[i]);
		r->p += have * (wide ? 2 : 1);
		count -= have;
	}
}

static void
rich_string(struct run *r, struct text *t)
{
	size_t count = byte(r), runs = 0, ext = 0;
	unsigned flags;

	count |= (size_t)byte(r) << 8;
	flags = byte(r);
	if (flags & 8) {
		runs = byte(r);
		runs |= (size_t)byte(r) << 8;
	}
	if (flags & 4)
		for (unsigned i = 0; i < 4; i++)
			ext |= (size_t)byte(r) << 8 * i;
	characters(r, count, flags & 1, t);
	skip(r, runs * 4 + ext);
}

static void
load_strings(struct book *k)
{
	struct run r = {k, k->b + 8, k->b + k->len};
	size_t count;

	if (k->len < 8 || k->strings_n)
		return;
	count = le32(k->b + 4);
	while (k->strings_n < count && more(&r)) {
		if (k->strings_n + 2 > k->strings_cap) {
			size_t cap = k->strings_cap ? k->strings_cap * 2 : 256;
			size_t *p = cap <= STRINGS_MAX ? realloc(k->string_at,
							     cap * sizeof(*p))
						       : NULL;

			if (!p)
				break;
			k->string_at = p;
			k->strings_cap = cap;
			p[0] = k->strings_n ? p[0] : 0;
		}
		rich_string(&r, &k->strings);
		k->string_at[++k->strings_n] = k->strings.n;
		if (k->strings.full)
			break;
	}
	if (k->strings_n < count && (k->strings.full || more(&r)))
		k->d->cut = true;
}

/* A string that begins at `at`, its length in one or two bytes. */
static void
plain_string(struct book *k, size_t at, unsigned bytes, struct text *t)
{
	struct run r = {k, k->b, k->b + k->len};
	size_t count;
	unsigned flags = 0;

	if (at + bytes > k->len)
		return;
	r.p += at;
	count = *r.p++;
	if (bytes == 2)
		count |= (size_t)*r.p++ << 8;
	if (count == 0)
		return;
	if (k->wide) {
		flags = byte(&r);
		characters(&r, count, flags & 1, t);
	} else {
		size_t have = (size_t)(r.end - r.p);

		text_bytes(t, k->codepage, r.p, count < have ? count : have);
	}
}

/* -- the workbook -------------------------------------------------------------
 */

static void
take_sheet(struct book *k)
{
	if (k->len < 8 || k->sheets_n == SHEETS_MAX) {
		k->d->cut = k->d->cut || k->len >= 8;
		return;
	}
	if (k->b[5] == 1) /* macros of Excel 4 */
		doc_note(k->d, "macro", NULL);
	if (k->b[4] & 3)
		doc_note(k->d, "hidden_sheet", NULL);
	k->sheet[k->sheets_n] = le32(k->b);
	k->name_at[k->sheets_n++] = k->names.n;
	plain_string(k, 6, 1, &k->names);
	k->name_at[k->sheets_n] = k->names.n;
}

static void
take_format(struct book *k)
{
	struct text code = {.max = 4096};

	if (k->len < 4 || k->formats_n == 512)
		return;
	plain_string(k, 2, k->wide ? 2 : 1, &code);
	if (code.n && format_is_date(code.p))
		k->formats[k->formats_n++] = le16(k->b);
	text_free(&code);
}

static void
take_xf(struct book *k)
{
	unsigned id;
	bool date;

	if (k->len < 4 || k->xf_n == XF_MAX)
		return;
	if (k->xf_n == k->xf_cap) {
		size_t cap = k->xf_cap ? k->xf_cap * 2 : 64;
		bool *p = realloc(k->date, cap * sizeof(*p));

		if (!p)
			return;
		k->date = p;
		k->xf_cap = cap;
	}
	id = le16(k->b + 2);
	date = format_id_is_date(id);
	for (unsigned i = 0; i < k->formats_n && !date; i++)
		date = k->formats[i] == id;
	k->date[k->xf_n++] = date;
}

static void
unlock(struct book *k)
{
	if (k->unlocked) {
		k->d->damaged = true;
		return;
	}
	k->locked = k->wide ? xls_unlock(k->d, k->p, k->n,
				  (size_t)(k->b - k->p), k->len)
			    : SLUSE_READ_ENCRYPTED;
	k->unlocked = k->locked == SLUSE_READ_OK;
}

static void
load_globals(struct book *k)
{
	while (next(k) && k->type != R_EOF) {
		switch (k->type) {
		case R_FILEPASS:
			unlock(k);
			if (k->locked != SLUSE_READ_OK)
				return;
			break;
		case R_CODEPAGE:
			if (k->len >= 2)
				k->codepage = le16(k->b);
			if (k->codepage == 0x8000)
				k->codepage = 10000;
			else if (k->codepage == 0x8001)
				k->codepage = 1252;
			break;
		case R_DATEMODE:
			k->date1904 = k->len >= 2 && k->b[0] == 1;
			break;
		case R_BOUNDSHEET:
			take_sheet(k);
			break;
		case R_FORMAT:
			take_format(k);
			break;
		case R_XF:
			take_xf(k);
			break;
		case R_SST:
			load_strings(k);
			break;
		case R_SUPBOOK: /* own sheets and add-ins are four bytes */
			if (k->len > 4)
				doc_note(k->d, "external_link", "workbook");
			break;
		default:
			break;
		}
	}
}

/* -- a sheet ------------------------------------------------------------------
 */

static void
start_cell(struct book *k)
{
	struct text *t = &k->d->text;
	long row = k->len >= 2 ? (long)le16(k->b) : k->row;

	if (row != k->row)
		text_line(t);
	else if (t->n > 0 && t->p[t->n - 1] != '\n')
		text_char(t, '\t');
	k->row = row;
}

static void
cell_number(struct book *k, double v, unsigned xf)
{
	text_number(&k->d->text, v, xf < k->xf_n && k->date[xf], k->date1904);
}

static double
ieee(const uint8_t *p)
{
	uint64_t u = le32(p) | (uint64_t)le32(p + 4) << 32;
	double v;

	memcpy(&v, &u, sizeof(v));
	return v;
}

static double
rk(uint32_t u)
{
	uint8_t b[8] = {0};
	double v;

	if (u & 2) {
		v = (double)((int32_t)u >> 2);
	} else {
		for (unsigned i = 0; i < 4; i++)
			b[4 + i] = (uint8_t)((u & ~3u) >> 8 * i);
		v = ieee(b);
	}
	return u & 1 ? v / 100 : v;
}

static void
cell_formula(struct book *k)
{
	struct text *t = &k->d->text;
	const uint8_t *v = k->b + 6;

	if (k->len < 14)
		return;
	start_cell(k);
	if (v[6] != 0xFF || v[7] != 0xFF)
		cell_number(k, ieee(v), le16(k->b + 4));
	else if (v[0] == 1)
		text_str(t, v[2] ? "TRUE" : "FALSE");
	/* 0: the text follows in a STRING; 2: an error; 3: empty */
}

static void
cell_shared(struct book *k)
{
	uint32_t i = k->len >= 10 ? le32(k->b + 6) : UINT32_MAX;

	start_cell(k);
	if (i < k->strings_n)
		text_add(&k->d->text, k->strings.p + k->string_at[i],
		    k->string_at[i + 1] - k->string_at[i]);
}

/* A text box or comment: its text is in the CONTINUE behind. */
static void
text_object(struct book *k)
{
	size_t count = k->len >= 12 ? le16(k->b + 10) : 0;
	struct run r = {k, k->b + k->len, k->b + k->len};
	bool wide;

	if (!count || !more(&r))
		return;
	text_line(&k->d->text);
	wide = *r.p++ & 1;
	characters(&r, count, wide, &k->d->text);
	text_line(&k->d->text);
	k->row = -1;
}

static void
cell(struct book *k)
{
	struct text *t = &k->d->text;

	switch (k->type) {
	case R_LABELSST:
		cell_shared(k);
		break;
	case R_LABEL:
	case R_RSTRING:
		start_cell(k);
		plain_string(k, 6, 2, t);
		break;
	case R_NUMBER:
		if (k->len >= 14) {
			start_cell(k);
			cell_number(k, ieee(k->b + 6), le16(k->b + 4));
		}
		break;
	case R_RK:
		if (k->len >= 10) {
			start_cell(k);
			cell_number(k, rk(le32(k->b + 6)), le16(k->b + 4));
		}
		break;
	case R_MULRK:
		for (size_t i = 4; i + 8 <= k->len; i += 6) {
			start_cell(k);
			cell_number(k, rk(le32(k->b + i + 2)), le16(k->b + i));
		}
		break;
	case R_FORMULA:
		cell_formula(k);
		break;
	case R_STRING:
		plain_string(k, 0, 2, t);
		break;
	case R_BOOLERR:
		start_cell(k);
		if (k->len >= 8 && k->b[7] == 0)
			text_str(t, k->b[6] ? "TRUE" : "FALSE");
		break;
	case R_TXO:
		text_object(k);
		break;
	default:
		break;
	}
}

static void
sheet_text(struct book *k, uint32_t i)
{
	struct text *t = &k->d->text;
	size_t from;
	unsigned depth = 0;

	text_line(t);
	doc_mark(k->d);
	from = t->n;
	if (k->name_at[i + 1] > k->name_at[i])
		text_add(t, k->names.p + k->name_at[i],
		    k->name_at[i + 1] - k->name_at[i]);
	text_line(t);
	k->row = -1;
	k->at = k->sheet[i];
	if (k->at >= k->n) {
		k->d->damaged = true;
		return;
	}
	/* charts stand inside with a BOF of their own */
	while (!t->full && t->n - from < OFFICE_PAGE_MAX && next(k)) {
		if (k->type == R_BOF)
			depth++;
		else if (k->type == R_EOF && (depth == 0 || --depth == 0))
			break;
		else
			cell(k);
	}
}

static int
read_book(struct sluse_doc *d, struct book *k)
{
	if (!next(k) || (k->type & 0xFF) != 0x09)
		return SLUSE_READ_DAMAGED;
	k->wide = k->len >= 2 && le16(k->b) == 0x0600;
	load_globals(k);
	if (k->locked != SLUSE_READ_OK)
		return k->locked;
	for (uint32_t i = 0; i < k->sheets_n && !d->text.full; i++) {
		bool again = false;

		/* each sheet once, whatever the list says */
		for (uint32_t j = 0; j < i && !again; j++)
			again = k->sheet[j] == k->sheet[i];
		if (!again)
			sheet_text(k, i);
		else
			d->damaged = true;
	}
	return SLUSE_READ_OK;
}

int
xls_open(struct sluse_doc *d, uint32_t stream)
{
	struct book *k = calloc(1, sizeof(*k));
	uint8_t *p;
	int rc = SLUSE_READ_DAMAGED;

	if (!k)
		return SLUSE_READ_LIMIT;
	p = stream_load(d, stream, &k->n);
	k->d = d;
	k->p = p;
	k->codepage = 1252;
	k->strings.max = OFFICE_TEXT_MAX;
	k->names.max = 1 << 20;
	if (p)
		rc = read_book(d, k);
	text_free(&k->strings);
	text_free(&k->names);
	free(k->string_at);
	free(k->date);
	free(k);
	free(p);
	return rc;
}
