#include "rtf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codepage.h"

#define DEPTH_MAX 512u
#define FONTS 32768u

/* What a group may change and its end brings back. */
struct state {
	unsigned page; /* code page of \'hh; 0 = the document's */
	unsigned uc; /* characters that stand in for a \u */
	bool skip; /* nothing here is text */
	bool htmlrtf; /* only for programs that know no HTML */
	bool tag; /* inside \*\htmltag: given as it stands */
	bool fonts; /* inside \fonttbl */
};

struct rtf {
	const char *p, *end;
	char *out;
	size_t n, max;
	char *run; /* bytes in run_page, not decoded yet */
	size_t run_n, run_cap;
	unsigned run_page;
	struct state stack[DEPTH_MAX], now;
	unsigned depth, too_deep;
	unsigned ansi, deff, font; /* default page, default font, being made */
	uint16_t *pages; /* of each font */
	unsigned left_out; /* characters still to skip behind \u */
	uint32_t high; /* first half of a surrogate pair */
	bool star; /* the group began with \* */
	enum rtf_kind kind;
	bool failed;
};

/* -- out ----------------------------------------------------------------- */

static void
put_bytes(struct rtf *r, const char *s, size_t n)
{
	if (n > r->max - r->n)
		r->failed = true;
	else if (n)
		memcpy(r->out + r->n, s, n), r->n += n;
}

static void
flush(struct rtf *r)
{
	char *s = NULL;
	size_t n = 0;

	if (!r->run_n)
		return;
	if (codepage_decode(
		r->run_page, r->run, r->run_n, r->run_n * 4 + 16, &s, &n) != 0)
		r->failed = true;
	else
		put_bytes(r, s, n);
	free(s);
	r->run_n = 0;
}

static bool
silent(const struct rtf *r)
{
	if (r->now.skip)
		return true;
	return r->kind == RTF_OWN ? false : r->now.htmlrtf && !r->now.tag;
}

static void
put_byte(struct rtf *r, char c)
{
	unsigned page = r->now.page ? r->now.page : r->ansi;

	if (r->left_out) {
		r->left_out--;
		return;
	}
	if (silent(r))
		return;
	/* ASCII is the same in all of them, but may be half a character */
	if (r->run_n && r->run_page != page)
		flush(r);
	r->run_page = page;
	if (r->run_n < r->run_cap)
		r->run[r->run_n++] = c;
	if (r->run_n == r->run_cap)
		flush(r);
}

static void
put_char(struct rtf *r, uint32_t c)
{
	char o[4];
	size_t n = 0;

	if (silent(r))
		return;
	flush(r);
	if ((c < 0x20 && c != '\n' && c != '\t') || c > 0x10FFFF ||
	    (c >= 0xD800 && c < 0xE000))
		c = 0xFFFD;
	if (c < 0x80) {
		o[n++] = (char)c;
	} else if (c < 0x800) {
		o[n++] = (char)(0xC0 | c >> 6);
		o[n++] = (char)(0x80 | (c & 0x3F));
	} else if (c < 0x10000) {
		o[n++] = (char)(0xE0 | c >> 12);
		o[n++] = (char)(0x80 | (c >> 6 & 0x3F));
		o[n++] = (char)(0x80 | (c & 0x3F));
	} else {
		o[n++] = (char)(0xF0 | c >> 18);
		o[n++] = (char)(0x80 | (c >> 12 & 0x3F));
		o[n++] = (char)(0x80 | (c >> 6 & 0x3F));
		o[n++] = (char)(0x80 | (c & 0x3F));
	}
	put_bytes(r, o, n);
}

/* -- control words ------------------------------------------------------- */

static void
do_unicode(struct rtf *r, long v)
{
	uint32_t c = (uint32_t)(v & 0xFFFF);

	if (c >= 0xD800 && c < 0xDC00) {
		r->high = c;
	} else {
		if (c >= 0xDC00 && c < 0xE000)
			c = r->high ? 0x10000 + ((r->high - 0xD800) << 10) +
					  (c - 0xDC00)
				    : 0xFFFD;
		put_char(r, c);
		r->high = 0;
	}
	r->left_out = r->now.uc;
}

/* Words that stand for a character. */
static bool
do_character(struct rtf *r, const char *w)
{
	static const struct {
		const char *word;
		uint16_t c;
	} list[] = {{"par", '\n'}, {"line", '\n'}, {"row", '\n'},
	    {"sect", '\n'}, {"page", '\n'}, {"softline", '\n'}, {"tab", '\t'},
	    {"cell", '\t'}, {"nestcell", '\t'}, {"nestrow", '\n'},
	    {"emdash", 0x2014}, {"endash", 0x2013}, {"lquote", 0x2018},
	    {"rquote", 0x2019}, {"ldblquote", 0x201C}, {"rdblquote", 0x201D},
	    {"bullet", 0x2022}, {"emspace", ' '}, {"enspace", ' '}};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (strcmp(list[i].word, w) != 0)
			continue;
		if (r->left_out)
			r->left_out--;
		else
			put_char(r, list[i].c);
		return true;
	}
	return false;
}

/* Words that begin a group which holds no text. */
static bool
no_text(const char *w)
{
	static const char *const list[] = {"colortbl", "stylesheet", "info",
	    "pict", "header", "headerl", "headerr", "headerf", "footer",
	    "footerl", "footerr", "footerf", "nonshppict", "listtable",
	    "revtbl", "filetbl", "xe", "tc", "themedata", "fldinst", "objdata",
	    "datastore", "bkmkstart", "bkmkend", "generator"};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!strcmp(list[i], w))
			return true;
	return false;
}

static void
do_font(struct rtf *r, const char *w, long v)
{
	if (!strcmp(w, "f") && v >= 0 && v < (long)FONTS) {
		r->font = (unsigned)v;
		if (!r->now.fonts)
			r->now.page = r->pages[v];
	} else if (!strcmp(w, "fcharset") && r->now.fonts) {
		r->pages[r->font] =
		    (uint16_t)codepage_of_font(v < 0 ? 1 : (unsigned)v);
	} else if (!strcmp(w, "cpg") && r->now.fonts && v > 0 && v < 65536) {
		r->pages[r->font] = (uint16_t)v;
	} else if (!strcmp(w, "plain")) {
		r->now.page = r->pages[r->deff];
	}
}

static void
do_word(struct rtf *r, const char *w, bool has, long v)
{
	bool star = r->star;

	r->star = false;
	if (!strcmp(w, "u") && has)
		do_unicode(r, v);
	else if (!strcmp(w, "uc") && v >= 0 && v < 16)
		r->now.uc = (unsigned)v;
	else if (!strcmp(w, "fonttbl"))
		r->now.fonts = r->now.skip = true;
	else if (!strcmp(w, "fromhtml") && r->kind == RTF_OWN)
		r->kind = RTF_FROM_HTML;
	else if (!strcmp(w, "fromtext") && r->kind == RTF_OWN)
		r->kind = RTF_FROM_TEXT;
	else if (!strcmp(w, "htmlrtf"))
		r->now.htmlrtf = !has || v != 0;
	else if (!strcmp(w, "htmltag") && star)
		r->now.tag = true, r->now.skip |= r->kind != RTF_FROM_HTML;
	else if (!strcmp(w, "ansicpg") && v > 0 && v < 65536)
		r->ansi = (unsigned)v;
	else if (!strcmp(w, "mac"))
		r->ansi = 10000;
	else if (!strcmp(w, "pc") || !strcmp(w, "pca"))
		r->ansi = w[2] ? 850 : 437;
	else if (!strcmp(w, "deff") && v >= 0 && v < (long)FONTS)
		r->deff = (unsigned)v;
	else if (!strcmp(w, "pntext"))
		r->now.skip |= r->kind == RTF_FROM_HTML;
	else if (!strcmp(w, "bin") && v > 0)
		r->p += v < r->end - r->p ? v : r->end - r->p;
	else if (star || no_text(w))
		r->now.skip = true;
	else if (!do_character(r, w))
		do_font(r, w, v);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind a backslash that no letter follows. */
static void
do_symbol(struct rtf *r, char c)
{
	bool star = r->star;

	r->star = false;
	if (c == '\'' && r->end - r->p >= 2 && hex(r->p[0]) >= 0 &&
	    hex(r->p[1]) >= 0) {
		put_byte(r, (char)(hex(r->p[0]) << 4 | hex(r->p[1])));
		r->p += 2;
	} else if (c == '*') {
		r->star = true;
	} else if (c == '{' || c == '}' || c == '\\') {
		put_byte(r, c);
	} else if (c == '~') {
		put_byte(r, ' ');
	} else if (c == '_') {
		put_byte(r, '-');
	} else if (c == '\n' || c == '\r') {
		put_char(r, '\n');
	} else {
		r->star = star;
	}
}

static void
control(struct rtf *r)
{
	char w[33];
	size_t n = 0;
	bool has = false, minus = false;
	long v = 0;

	if (r->p == r->end)
		return;
	if (!((*r->p | 0x20) >= 'a' && (*r->p | 0x20) <= 'z')) {
		do_symbol(r, *r->p++);
		return;
	}
	while (
	    r->p < r->end && (*r->p | 0x20) >= 'a' && (*r->p | 0x20) <= 'z') {
		if (n < sizeof(w) - 1)
			w[n++] = *r->p;
		r->p++;
	}
	w[n] = 0;
	if (r->p < r->end && *r->p == '-')
		minus = true, r->p++;
	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
		has = true;
		if (v < 100000000)
			v = v * 10 + (*r->p - '0');
	}
	if (r->p < r->end && *r->p == ' ')
		r->p++;
	do_word(r, w, has, minus ? -v : v);
}

static void
group(struct rtf *r, bool begins)
{
	r->left_out = 0;
	r->star = false;
	if (begins && r->depth < DEPTH_MAX)
		r->stack[r->depth++] = r->now;
	else if (begins)
		r->too_deep++;
	else if (r->too_deep)
		r->too_deep--;
	else if (r->depth)
		r->now = r->stack[--r->depth];
}

static void
run(struct rtf *r)
{
	while (r->p < r->end && !r->failed) {
		char c = *r->p++;

		if (c == '\\')
			control(r);
		else if (c == '{' || c == '}')
			group(r, c == '{');
		else if (c != '\r' && c != '\n' && c != 0)
			r->star = false, put_byte(r, c);
		if (!r->depth && c == '}')
			break;
	}
	flush(r);
}

enum rtf_kind
rtf_decode(const char *p, size_t n, size_t max, char **ret, size_t *ret_n)
{
	struct rtf *r;
	enum rtf_kind kind = RTF_NONE;

	*ret = NULL;
	*ret_n = 0;
	if (n < 6 || memcmp(p, "{\\rtf", 5) != 0 ||
	    (r = calloc(1, sizeof(*r))) == NULL)
		return RTF_NONE;
	r->p = p;
	r->end = p + n;
	r->kind = RTF_OWN;
	r->ansi = 1252;
	r->now.uc = 1;
	r->run_cap = 65536;
	/* a byte of RTF makes at most three, by a code page */
	r->max = n < max / 3 ? n * 3 : max;
	r->pages = calloc(FONTS, sizeof(*r->pages));
	r->run = malloc(r->run_cap);
	r->out = malloc(r->max + 1);
	if (r->pages && r->run && r->out) {
		run(r);
		r->out[r->n] = 0;
		*ret = r->out;
		*ret_n = r->n;
		kind = r->kind;
		r->out = NULL;
	}
	free(r->out);
	free(r->run);
	free(r->pages);
	free(r);
	return kind;
}
