#include "rtf.h"

#include <stdlib.h>
#include <string.h>

#include "codepage.h"

#define BLOCK 65536u
#define RUN_MAX 65536u
#define GROUPS_MAX 1000u /* deeper ones keep the state of the last */
#define FONTS 32768u
#define WORD_MAX 32u

/* What a group may change and its end brings back. */
struct group {
	uint8_t dest, give;
	uint8_t unicode_skip; /* \uc */
	bool fonts; /* in \fonttbl */
	bool hidden;
	uint16_t page; /* of \'hh; 0 = the document's */
};

struct rtf {
	const struct rtf_user *u;
	uint8_t block[BLOCK];
	size_t n, at;
	int back; /* one byte given back, -1 */
	struct group g, stack[GROUPS_MAX];
	uint32_t depth;
	unsigned left_out; /* characters still to skip behind \u */
	uint32_t high; /* first half of a surrogate pair */
	bool star; /* \* was seen */
	unsigned ansi, default_font, font; /* default page; being made */
	uint16_t pages[FONTS]; /* of fonts */
	char run[RUN_MAX]; /* bytes in run_page, not decoded yet */
	size_t run_n;
	unsigned run_page;
	bool stop;
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
		r->n = r->u->read(r->u->arg, r->block, BLOCK);
		r->at = 0;
		if (r->n == 0)
			return -1;
	}
	return r->block[r->at++];
}

/* -- text out -------------------------------------------------------------- */

static bool
silent(const struct rtf *r)
{
	const struct group *g = &r->g;

	return g->give == RTF_SKIP || g->fonts || g->hidden ||
	       (r->u->only_raw && g->give != RTF_RAW);
}

static void
give(struct rtf *r, const char *s, size_t n)
{
	if (n > 0 && !r->stop && !r->u->text(r->u->arg, r->g.dest, s, n))
		r->stop = true;
}

static void
flush(struct rtf *r)
{
	size_t had = r->run_n, n = 0;
	char *s = NULL;

	r->run_n = 0;
	if (!had || silent(r))
		return;
	if (r->g.give == RTF_RAW)
		give(r, r->run, had);
	else if (codepage_decode(
		     r->run_page, r->run, had, had * 4 + 16, &s, &n) == 0)
		give(r, s, n);
	else
		r->stop = true;
	free(s);
}

static bool
stands_in(struct rtf *r)
{
	if (!r->left_out) {
		r->high = 0; /* its second half did not come */
		return false;
	}
	r->left_out--;
	return true;
}

static void
put_byte(struct rtf *r, int c)
{
	unsigned page = r->g.page ? r->g.page : r->ansi;

	if (stands_in(r) || silent(r))
		return;
	/* ASCII is the same in all of them, but may be half a character */
	if (r->run_page != page || r->run_n == RUN_MAX)
		flush(r);
	r->run_page = page;
	r->run[r->run_n++] = (char)c;
}

static void
put_char(struct rtf *r, uint32_t c)
{
	char o[4];
	size_t n = 0;

	if (silent(r))
		return;
	flush(r);
	if (c < 0x20 && c != '\n' && c != '\t')
		return;
	if (c >= 0xE000 && c <= 0xF8FF && !r->u->symbols)
		return;
	if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
		c = 0xFFFD;
	if (c < 0x80) {
		o[n++] = (char)c;
	} else if (c < 0x800) {
		o[n++] = (char)(0xC0 | c >> 6);
	} else if (c < 0x10000) {
		o[n++] = (char)(0xE0 | c >> 12);
		o[n++] = (char)(0x80 | (c >> 6 & 0x3F));
	} else {
		o[n++] = (char)(0xF0 | c >> 18);
		o[n++] = (char)(0x80 | (c >> 12 & 0x3F));
		o[n++] = (char)(0x80 | (c >> 6 & 0x3F));
	}
	if (c >= 0x80)
		o[n++] = (char)(0x80 | (c & 0x3F));
	give(r, o, n);
}

static void
put_unicode(struct rtf *r, int32_t v)
{
	uint32_t c = (uint32_t)v & 0xFFFF;

	r->left_out = r->g.unicode_skip;
	if (c >= 0xD800 && c < 0xDC00) {
		r->high = c;
		return;
	}
	if (c >= 0xDC00 && c < 0xE000 && r->high)
		c = 0x10000 + ((r->high - 0xD800) << 10) + (c - 0xDC00);
	r->high = 0;
	put_char(r, c);
}

/* -- groups ---------------------------------------------------------------- */

void
rtf_into(struct rtf *r, unsigned dest, enum rtf_give how)
{
	flush(r);
	r->g.dest = (uint8_t)dest;
	r->g.give = (uint8_t)how;
	r->g.hidden = false;
}

unsigned
rtf_dest(const struct rtf *r)
{
	return r->g.dest;
}

void
rtf_hide(struct rtf *r, bool hide)
{
	flush(r);
	r->g.hidden = hide;
}

static void
open_group(struct rtf *r)
{
	flush(r);
	if (r->depth < GROUPS_MAX)
		r->stack[r->depth] = r->g;
	r->depth++;
	r->left_out = 0;
	r->star = false;
}

static void
close_group(struct rtf *r)
{
	unsigned was = r->g.dest;

	flush(r);
	r->left_out = 0;
	r->star = false;
	if (r->depth == 0)
		return;
	r->depth--;
	if (r->depth < GROUPS_MAX)
		r->g = r->stack[r->depth];
	if (was != r->g.dest && was && r->u->end && !r->stop &&
	    !r->u->end(r->u->arg, was))
		r->stop = true;
}

/* -- words ----------------------------------------------------------------- */

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
#define LOOK_UP(list, word) look_up(list, sizeof(list) / sizeof(list[0]), word)

/* Words that begin a group which holds no text. */
static bool
destination(struct rtf *r, const struct rtf_word *w)
{
	static const struct entry no_text[] = {{"info", 0}, {"objdata", 0},
	    {"colortbl", 0}, {"stylesheet", 0}, {"listtable", 0},
	    {"listoverridetable", 0}, {"pict", 0}, {"fldinst", 0},
	    {"revtbl", 0}, {"filetbl", 0}, {"operator", 0}, {"keywords", 0},
	    {"doccomm", 0}, {"objclass", 0}, {"objname", 0}, {"template", 0},
	    {"themedata", 0}, {"datastore", 0}, {"xe", 0}, {"tc", 0},
	    {"colorschememapping", 0}, {"latentstyles", 0}, {"generator", 0},
	    {"bkmkstart", 0}, {"bkmkend", 0}, {"nonshppict", 0}, {"shppict", 0},
	    {"sn", 0}, {"sv", 0}, {"rsidtbl", 0}, {"printim", 0}, {"buptim", 0},
	    {"manager", 0}, {"category", 0}, {"comment", 0}, {"mmathPict", 0}};
	/* behind \* but text all the same */
	static const struct entry shown[] = {{"shptxt", 0}, {"shpinst", 0},
	    {"annotation", 0}, {"footnote", 0}, {"ud", 0}};

	if (!strcmp(w->word, "fonttbl")) {
		flush(r);
		r->g.fonts = true;
		return true;
	}
	if (LOOK_UP(no_text, w->word) ||
	    (w->starred && !LOOK_UP(shown, w->word))) {
		rtf_into(r, 0, RTF_SKIP);
		return true;
	}
	return false;
}

static bool
character(struct rtf *r, const char *word)
{
	static const struct entry known[] = {{"par", '\n'}, {"line", '\n'},
	    {"sect", '\n'}, {"page", '\n'}, {"row", '\n'}, {"nestrow", '\n'},
	    {"column", '\n'}, {"softline", '\n'}, {"softpage", '\n'},
	    {"tab", '\t'}, {"cell", '\t'}, {"nestcell", '\t'},
	    {"emdash", 0x2014}, {"endash", 0x2013}, {"lquote", 0x2018},
	    {"rquote", 0x2019}, {"ldblquote", 0x201C}, {"rdblquote", 0x201D},
	    {"bullet", 0x2022}, {"emspace", ' '}, {"enspace", ' '}};
	const struct entry *e = LOOK_UP(known, word);

	if (e && !stands_in(r))
		put_char(r, e->value);
	return e != NULL;
}

static bool
font(struct rtf *r, const char *word, int32_t v)
{
	if (!strcmp(word, "f") && v >= 0 && v < (int32_t)FONTS) {
		r->font = (unsigned)v;
		if (!r->g.fonts)
			r->g.page = r->pages[v];
	} else if (!strcmp(word, "fcharset") && r->g.fonts) {
		r->pages[r->font] =
		    (uint16_t)codepage_of_font(v < 0 ? 1 : (unsigned)v);
	} else if (!strcmp(word, "cpg") && r->g.fonts && v > 0 && v < 65536) {
		r->pages[r->font] = (uint16_t)v;
	} else if (!strcmp(word, "deff") && v >= 0 && v < (int32_t)FONTS) {
		r->default_font = (unsigned)v;
	} else if (!strcmp(word, "plain")) {
		r->g.page = r->pages[r->default_font];
	} else {
		return false;
	}
	return true;
}

static void
set_state(struct rtf *r, const struct rtf_word *w)
{
	static const struct entry pages[] = {
	    {"mac", 10000}, {"pc", 437}, {"pca", 850}};
	const struct entry *e = LOOK_UP(pages, w->word);
	int32_t v = w->number;

	if (e)
		r->ansi = e->value;
	else if (!strcmp(w->word, "ansicpg") && v > 0 && v < 65536)
		r->ansi = (unsigned)v;
	else if (!strcmp(w->word, "u") && w->has)
		put_unicode(r, v);
	else if (!strcmp(w->word, "uc"))
		r->g.unicode_skip = (uint8_t)(v >= 0 && v < 16 ? v : 1);
}

/* \bin: bytes that are no text. */
static void
skip_bytes(struct rtf *r, uint32_t n)
{
	while (n > 0 && get(r) >= 0) {
		size_t have = r->n - r->at;

		n--;
		if (have > n)
			have = n;
		r->at += have;
		n -= (uint32_t)have;
	}
}

static void
do_word(struct rtf *r, struct rtf_word *w)
{
	w->starred = r->star;
	r->star = false;
	if (!strcmp(w->word, "bin"))
		skip_bytes(r, w->number > 0 ? (uint32_t)w->number : 0);
	else if (r->g.give != RTF_SKIP && !r->u->word(r->u->arg, r, w) &&
		 !destination(r, w) && !character(r, w->word) &&
		 !font(r, w->word, w->number))
		set_state(r, w);
}

/* -- tokens ---------------------------------------------------------------- */

static bool
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void
control_word(struct rtf *r, int c)
{
	char word[WORD_MAX];
	struct rtf_word w = {.word = word};
	bool minus = false;
	size_t n = 0;
	int64_t v = 0;

	for (; is_letter(c); c = get(r))
		if (n + 1 < sizeof(word))
			word[n++] = (char)c;
	word[n] = 0;
	if (c == '-') {
		minus = true;
		c = get(r);
	}
	for (; c >= '0' && c <= '9'; c = get(r)) {
		w.has = true;
		if (v < INT32_MAX)
			v = v * 10 + (c - '0');
	}
	if (c != ' ' && c >= 0)
		r->back = c;
	v = v > INT32_MAX ? INT32_MAX : v;
	w.number = (int32_t)(minus ? -v : v);
	do_word(r, &w);
}

static int
hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
hex_byte(struct rtf *r)
{
	int high = get(r), low = high < 0 ? -1 : get(r);

	if (low >= 0 && hex(high) >= 0 && hex(low) >= 0)
		put_byte(r, hex(high) << 4 | hex(low));
}

static void
control(struct rtf *r)
{
	int c = get(r);

	if (is_letter(c)) {
		control_word(r, c);
		return;
	}
	r->star = c == '*';
	if (c == '\'')
		hex_byte(r);
	else if (c == '\\' || c == '{' || c == '}')
		put_byte(r, c);
	else if (c == '~' || c == '_')
		put_byte(r, c == '~' ? ' ' : '-');
	else if (c == '\n' || c == '\r')
		put_char(r, '\n');
}

static bool
run(struct rtf *r)
{
	int c;

	while (!r->stop && (c = get(r)) >= 0) {
		if (c == '{') {
			open_group(r);
		} else if (c == '}') {
			close_group(r);
			if (r->depth == 0)
				break; /* what follows is not of it */
		} else if (c == '\\') {
			control(r);
		} else if (c != '\n' && c != '\r' && c != 0) {
			r->star = false;
			put_byte(r, c);
		}
	}
	flush(r);
	return r->depth == 0 || r->stop;
}

bool
rtf_parse(const struct rtf_user *u)
{
	struct rtf *r = calloc(1, sizeof(*r));
	bool whole;

	if (!r)
		return false;
	r->u = u;
	r->back = -1;
	r->ansi = 1252;
	r->g.unicode_skip = 1;
	whole = run(r);
	free(r);
	return whole;
}
