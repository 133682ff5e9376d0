/*
 * RTF. A tokenizer of our own: what Debian has (unrtf, librtf of others) reads
 * files by name or is part of a word processor. The file is read in blocks and
 * never held; groups are counted, and beyond GROUPS_MAX keep the state of the
 * last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

#define BLOCK 65536u
#define GROUPS_MAX 1000u
#define FONTS_MAX 1000u
#define RUN_MAX 512u
#define WORD_MAX 32u
#define VALUE_MAX 1024u
#define OBJECT_MAX ((size_t)64 << 20)
#define OBJECTS_MAX 200u

enum dest {
	D_TEXT = 0,
	D_SKIP,
	D_FONTS,
	D_INFO,
	D_TITLE,
	D_SUBJECT,
	D_AUTHOR,
	D_COMPANY,
	D_CREATED,
	D_REVISED,
	D_OBJECT,
	D_VALUES, /* those that are gathered: title .. object */
};

struct group {
	uint8_t dest;
	uint16_t codepage; /* of the font at hand */
	uint16_t font;
	uint8_t unicode_skip; /* \uc */
	bool hidden;
};

struct rtf {
	struct sluse_doc *d;
	struct sluse_sink *k; /* set: only objects are wanted */
	uint8_t block[BLOCK];
	size_t n, at;
	uint64_t off;
	int back; /* one character given back, -1 */
	struct group g, stack[GROUPS_MAX];
	uint32_t depth;
	unsigned skip; /* characters that stand for the last \u */
	uint16_t high; /* first half of a pair */
	bool starred; /* \* was seen at the start of this group */
	unsigned codepage; /* of the document */
	struct {
		uint16_t number, codepage;
	} font[FONTS_MAX];
	unsigned fonts;
	uint8_t run[RUN_MAX]; /* bytes of one code page */
	size_t run_n;
	struct text value; /* of what is gathered */
	unsigned date[6];
	unsigned objects;
	int stop;
};

static int
get(struct rtf *r)
{
	if (r->back >= 0) {
		int c = r->back;

		r->back = -1;
		return c;
	}
	if (r->at == r->n) {
		int64_t n =
		    r->d->host->read_at(r->d->s, r->block, BLOCK, r->off);

		if (n <= 0) {
			if (n < 0)
				r->d->damaged = true;
			return -1;
		}
		r->n = (size_t)n;
		r->off += (uint64_t)n;
		r->at = 0;
	}
	return r->block[r->at++];
}

/* -- text
 * ---------------------------------------------------------------------- */

/* Where text goes now; NULL: nowhere. */
static struct text *
target(struct rtf *r)
{
	if (r->g.dest >= D_TITLE && r->g.dest < D_VALUES)
		return &r->value;
	return r->g.dest == D_TEXT && !r->g.hidden && !r->k ? &r->d->text
							    : NULL;
}

static void
flush(struct rtf *r)
{
	struct text *t = target(r);

	if (t && r->run_n)
		text_bytes(t, r->g.codepage ? r->g.codepage : r->codepage,
		    r->run, r->run_n);
	r->run_n = 0;
}

static void
put_byte(struct rtf *r, unsigned c)
{
	if (r->skip > 0) {
		r->skip--;
		return;
	}
	if (!target(r))
		return;
	if (r->run_n == RUN_MAX)
		flush(r);
	r->run[r->run_n++] = (uint8_t)c;
}

static void
put_unicode(struct rtf *r, int32_t v)
{
	uint32_t c = (uint16_t)v;
	struct text *t;

	flush(r);
	t = target(r);
	r->skip = r->g.unicode_skip;
	if (c >= 0xD800 && c < 0xDC00) {
		r->high = (uint16_t)c;
		return;
	}
	if (c >= 0xDC00 && c < 0xE000 && r->high)
		c = 0x10000 + (((uint32_t)r->high - 0xD800) << 10) +
		    (c - 0xDC00);
	r->high = 0;
	if (t && (c < 0xE000 || c > 0xF8FF))
		text_char(t, c);
}

static void
put_char(struct rtf *r, uint32_t c)
{
	struct text *t;

	flush(r);
	t = target(r);
	if (r->skip > 0)
		r->skip--;
	else if (t)
		text_char(t, c);
}

/* -- objects
 * -------------------------------------------------------------------- */

static unsigned
nibble(char c)
{
	return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
	       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
	       : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
				      : 16;
}

static size_t
from_hex(char *p, size_t n)
{
	size_t out = 0;
	unsigned high = 16;

	for (size_t i = 0; i < n; i++) {
		unsigned v = nibble(p[i]);

		if (v == 16)
			continue;
		if (high == 16) {
			high = v;
			continue;
		}
		p[out++] = (char)(high << 4 | v);
		high = 16;
	}
	return out;
}

/* OLE 1: version, kind, three names, size, bytes. */
static void
end_object(struct rtf *r)
{
	uint8_t *p = (uint8_t *)(void *)r->value.p;
	size_t n = r->value.n ? from_hex(r->value.p, r->value.n) : 0, at = 8;

	if (n < 12 || r->objects++ >= OBJECTS_MAX)
		return;
	if (r->value.full)
		r->d->damaged = true;
	for (unsigned i = 0; i < 3 && at + 4 <= n; i++) {
		size_t k = le32(p + at);

		if (k > n - at - 4) {
			at = n;
			break;
		}
		at += 4 + k;
	}
	if (le32(p + 4) == 1) {
		doc_note(r->d, "external_link", "oleObject");
		return;
	}
	if (at + 4 > n) {
		r->d->damaged = true;
		return;
	}
	at += 4;
	n = le32(p + at - 4) < n - at ? le32(p + at - 4) : n - at;
	r->stop = object_part(r->d, r->k, NULL, p + at, n);
}

/* -- groups
 * ---------------------------------------------------------------------- */

static void
end_value(struct rtf *r, unsigned dest)
{
	static const struct {
		const char *field, *label;
		int confidence;
	} fields[D_VALUES] = {[D_TITLE] = {"title", "Title", 300},
	    [D_SUBJECT] = {"subject", "Subject", 300},
	    [D_AUTHOR] = {"author", "Author", 400},
	    [D_COMPANY] = {"company", "Company", 400},
	    [D_CREATED] = {"created", "Created", 400},
	    [D_REVISED] = {"modified", "Modified", 400}};
	const unsigned *t = r->date;
	char b[80];
	int n;

	if (dest == D_OBJECT && r->k) {
		end_object(r);
	} else if (dest == D_CREATED || dest == D_REVISED) {
		n = snprintf(b, sizeof(b), "%04u-%02u-%02uT%02u:%02u:%02u",
		    t[0], t[1], t[2], t[3], t[4], t[5]);
		if (t[0] >= 1980 && t[0] < 2100 && t[1] <= 12 && t[2] <= 31)
			doc_field(r->d, fields[dest].field, b, (size_t)n,
			    fields[dest].label, 400);
	} else if (fields[dest].field && r->value.n) {
		doc_field(r->d, fields[dest].field, r->value.p, r->value.n,
		    fields[dest].label, fields[dest].confidence);
	}
	text_free(&r->value);
}

static void
open_group(struct rtf *r)
{
	flush(r);
	if (r->depth < GROUPS_MAX)
		r->stack[r->depth] = r->g;
	r->depth++;
	r->skip = 0;
	r->starred = false;
}

static void
close_group(struct rtf *r)
{
	unsigned was = r->g.dest;

	flush(r);
	r->skip = 0;
	r->starred = false;
	if (r->depth == 0)
		return;
	r->depth--;
	if (r->depth < GROUPS_MAX)
		r->g = r->stack[r->depth];
	if (was != r->g.dest && was >= D_TITLE && was < D_VALUES)
		end_value(r, was);
}

static void
gather(struct rtf *r, unsigned dest)
{
	flush(r);
	text_free(&r->value);
	r->value.max = dest == D_OBJECT ? OBJECT_MAX * 2 : VALUE_MAX;
	memset(r->date, 0, sizeof(r->date));
	if (dest == D_OBJECT && !r->k)
		dest = D_SKIP; /* objects are the second reading's */
	r->g.dest = (uint8_t)dest;
}

/* -- words
 * ----------------------------------------------------------------------- */

static unsigned
codepage_of(int charset)
{
	static const struct {
		int charset;
		unsigned codepage;
	} known[] = {{0, 1252}, {77, 10000}, {128, 932}, {129, 949}, {134, 936},
	    {136, 950}, {161, 1253}, {162, 1254}, {163, 1258}, {177, 1255},
	    {178, 1256}, {186, 1257}, {204, 1251}, {222, 874}, {238, 1250},
	    {254, 437}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].charset == charset)
			return known[i].codepage;
	return 0;
}

static void
choose_font(struct rtf *r, int number)
{
	flush(r);
	if (r->g.dest == D_FONTS) {
		if (r->fonts < FONTS_MAX) {
			r->font[r->fonts].number = (uint16_t)number;
			r->font[r->fonts++].codepage = 0;
		}
		return;
	}
	r->g.codepage = 0;
	for (unsigned i = 0; i < r->fonts; i++)
		if (r->font[i].number == (uint16_t)number)
			r->g.codepage = r->font[i].codepage;
}

struct entry {
	const char *word;
	uint32_t value;
};

static const struct entry *
look_up(const struct entry *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].word, word))
			return &list[i];
	return NULL;
}

/* Words that begin a destination. */
static bool
destination(struct rtf *r, const char *word)
{
	static const struct entry known[] = {{"fonttbl", D_FONTS},
	    {"info", D_INFO}, {"title", D_TITLE}, {"subject", D_SUBJECT},
	    {"author", D_AUTHOR}, {"company", D_COMPANY},
	    {"creatim", D_CREATED}, {"revtim", D_REVISED},
	    {"objdata", D_OBJECT}, {"colortbl", D_SKIP}, {"stylesheet", D_SKIP},
	    {"listtable", D_SKIP}, {"listoverridetable", D_SKIP},
	    {"pict", D_SKIP}, {"fldinst", D_SKIP}, {"revtbl", D_SKIP},
	    {"filetbl", D_SKIP}, {"operator", D_SKIP}, {"keywords", D_SKIP},
	    {"doccomm", D_SKIP}, {"objclass", D_SKIP}, {"objname", D_SKIP},
	    {"template", D_SKIP}, {"themedata", D_SKIP}, {"datastore", D_SKIP},
	    {"xe", D_SKIP}, {"colorschememapping", D_SKIP},
	    {"latentstyles", D_SKIP}, {"generator", D_SKIP},
	    {"bkmkstart", D_SKIP}, {"tc", D_SKIP}, {"bkmkend", D_SKIP},
	    {"nonshppict", D_SKIP}, {"sn", D_SKIP}, {"rsidtbl", D_SKIP},
	    {"pntext", D_TEXT}, {"shppict", D_SKIP}, {"printim", D_SKIP},
	    {"buptim", D_SKIP}, {"sv", D_SKIP}, {"manager", D_SKIP},
	    {"category", D_SKIP}, {"comment", D_SKIP}};
	/* behind \* but text all the same */
	static const struct entry shown[] = {{"shptxt", 0}, {"shpinst", 0},
	    {"annotation", 0}, {"footnote", 0}, {"objdata", D_OBJECT},
	    {"mmathPict", D_SKIP}, {"ud", 0}};
	const struct entry *e =
	    look_up(known, sizeof(known) / sizeof(known[0]), word);

	if (r->starred &&
	    !look_up(shown, sizeof(shown) / sizeof(shown[0]), word)) {
		r->starred = false;
		if (!e || e->value != D_COMPANY) {
			flush(r);
			if (r->g.dest != D_SKIP)
				gather(r, D_SKIP);
			return true;
		}
	}
	r->starred = false;
	if (!e || e->value == D_TEXT || r->g.dest == D_SKIP)
		return e && e->value == D_TEXT;
	if (e->value >= D_TITLE && e->value <= D_REVISED && r->g.dest != D_INFO)
		return false;
	if (e->value == D_SKIP || e->value == D_FONTS || e->value == D_INFO) {
		flush(r);
		r->g.dest = (uint8_t)e->value;
	} else {
		gather(r, e->value);
	}
	return true;
}

static bool
symbol(struct rtf *r, const char *word)
{
	static const struct entry known[] = {{"par", '\n'}, {"line", '\n'},
	    {"sect", '\n'}, {"page", '\n'}, {"row", '\n'}, {"nestrow", '\n'},
	    {"tab", '\t'}, {"cell", '\t'}, {"nestcell", '\t'},
	    {"emdash", 0x2014}, {"endash", 0x2013}, {"bullet", 0x2022},
	    {"lquote", 0x2018}, {"rquote", 0x2019}, {"ldblquote", 0x201C},
	    {"rdblquote", 0x201D}, {"emspace", ' '}, {"enspace", ' '},
	    {"column", '\n'}, {"softline", '\n'}, {"softpage", '\n'}};
	const struct entry *e =
	    look_up(known, sizeof(known) / sizeof(known[0]), word);

	if (e)
		put_char(r, e->value);
	return e != NULL;
}

static void
set_state(struct rtf *r, const char *word, bool has, int32_t v)
{
	static const struct entry parts[] = {
	    {"yr", 0}, {"mo", 1}, {"dy", 2}, {"hr", 3}, {"min", 4}, {"sec", 5}};
	const struct entry *e =
	    look_up(parts, sizeof(parts) / sizeof(parts[0]), word);

	if (e)
		r->date[e->value] = (unsigned)(v < 0 || v > 9999 ? 0 : v);
	else if (!strcmp(word, "u"))
		put_unicode(r, v);
	else if (!strcmp(word, "uc"))
		r->g.unicode_skip = (uint8_t)(v >= 0 && v < 16 ? v : 1);
	else if (!strcmp(word, "f"))
		choose_font(r, v);
	else if (!strcmp(word, "fcharset") && r->g.dest == D_FONTS && r->fonts)
		r->font[r->fonts - 1].codepage = (uint16_t)codepage_of(v);
	else if (!strcmp(word, "ansicpg") && v > 0 && v < 65536)
		r->codepage = (unsigned)v;
	else if (!strcmp(word, "mac"))
		r->codepage = 10000;
	else if (!strcmp(word, "pc"))
		r->codepage = 437;
	else if (!strcmp(word, "pca"))
		r->codepage = 850;
	else if (!strcmp(word, "v") || !strcmp(word, "deleted")) {
		flush(r);
		r->g.hidden = !has || v != 0;
	} else if (!strcmp(word, "plain")) {
		flush(r);
		r->g.hidden = false;
	} else if (!strcmp(word, "objlink") || !strcmp(word, "objautlink"))
		doc_note(r->d, "external_link", "oleObject");
}

/* \bin: bytes that are no text. */
static void
skip_bytes(struct rtf *r, uint32_t n)
{
	while (n > 0) {
		size_t have;

		if (get(r) < 0)
			return;
		n--;
		have = r->n - r->at;
		if (have > n)
			have = n;
		r->at += have;
		n -= (uint32_t)have;
	}
}

static void
control_word(struct rtf *r, int c)
{
	char word[WORD_MAX];
	size_t n = 0;
	bool minus = false, has = false;
	int64_t v = 0;

	for (; (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); c = get(r))
		if (n + 1 < sizeof(word))
			word[n++] = (char)c;
	word[n] = 0;
	if (c == '-') {
		minus = true;
		c = get(r);
	}
	for (; c >= '0' && c <= '9'; c = get(r)) {
		has = true;
		if (v < INT32_MAX)
			v = v * 10 + (c - '0');
	}
	if (c != ' ' && c >= 0)
		r->back = c;
	v = v > INT32_MAX ? INT32_MAX : v;
	v = minus ? -v : has ? v : 0;
	if (!strcmp(word, "bin")) {
		skip_bytes(r, v > 0 ? (uint32_t)v : 0);
		return;
	}
	if (!destination(r, word) && !symbol(r, word))
		set_state(r, word, has, (int32_t)v);
}

static void
control(struct rtf *r)
{
	int c = get(r), low;

	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
		control_word(r, c);
		return;
	}
	switch (c) {
	case '\'':
		c = get(r);
		low = c >= 0 ? get(r) : -1;
		if (low >= 0 && nibble((char)c) < 16 && nibble((char)low) < 16)
			put_byte(r, nibble((char)c) << 4 | nibble((char)low));
		break;
	case '*':
		r->starred = true;
		break;
	case '~':
		put_char(r, ' ');
		break;
	case '_':
		put_char(r, '-');
		break;
	case '\n':
	case '\r':
		put_char(r, '\n');
		break;
	case '\\':
	case '{':
	case '}':
		put_byte(r, (unsigned)c);
		break;
	default:
		break;
	}
}

static void
read_all(struct rtf *r)
{
	int c;

	r->back = -1;
	r->codepage = 1252;
	r->g.unicode_skip = 1;
	while (!r->stop && !r->d->text.full && (c = get(r)) >= 0) {
		if (c == '{') {
			open_group(r);
		} else if (c == '}') {
			close_group(r);
			if (r->depth == 0)
				break; /* what follows is not of it */
		} else if (c == '\\') {
			control(r);
		} else if (c != '\n' && c != '\r' && c != 0) {
			put_byte(r, (unsigned)c);
		}
	}
	flush(r);
	if (r->depth > 0 && !r->d->text.full && !r->stop)
		doc_note(r->d, "rtf_truncated", NULL);
	text_free(&r->value);
}

int
rtf_open(struct sluse_doc *d)
{
	struct rtf *r = calloc(1, sizeof(*r));

	if (!r)
		return SLUSE_READ_LIMIT;
	r->d = d;
	doc_mark(d);
	read_all(r);
	text_line(&d->text);
	free(r);
	return SLUSE_READ_OK;
}

int
rtf_parts(struct sluse_doc *d, struct sluse_sink *k)
{
	struct rtf *r = calloc(1, sizeof(*r));
	bool full = d->text.full;
	int rc;

	if (!r)
		return SLUSE_READ_LIMIT;
	r->d = d;
	r->k = k;
	d->text.full = false;
	read_all(r);
	d->text.full = full;
	rc = r->stop ? SLUSE_READ_LIMIT : SLUSE_READ_OK;
	free(r);
	return rc;
}
