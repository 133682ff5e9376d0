#include "charset.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BAD 0xFFFDu

static const struct {
	const char *name, *iconv;
} sets[CHARSET_COUNT] = {
    [CHARSET_NONE] = {"unknown", NULL},
    [CHARSET_ASCII] = {"US-ASCII", NULL},
    [CHARSET_UTF8] = {"UTF-8", NULL},
    [CHARSET_UTF8_MIXED] = {"UTF-8 with windows-1252", NULL},
    [CHARSET_UTF16LE] = {"UTF-16LE", NULL},
    [CHARSET_UTF16BE] = {"UTF-16BE", NULL},
    [CHARSET_1252] = {"windows-1252", "CP1252"},
    [CHARSET_8859_1] = {"ISO-8859-1", "ISO-8859-1"},
    [CHARSET_8859_15] = {"ISO-8859-15", "ISO-8859-15"},
    [CHARSET_CP865] = {"CP865", "CP865"},
    [CHARSET_CP850] = {"CP850", "CP850"},
    [CHARSET_8859_10] = {"ISO-8859-10", "ISO-8859-10"},
    [CHARSET_MAC] = {"macintosh", "MACINTOSH"},
    [CHARSET_NO646] = {"ISO646-NO", "ISO646-NO"},
};

static bool warm;
/* Code point of each byte; 0 = undefined. NO646 has its low half in its own. */
static uint32_t table[CHARSET_COUNT][128];
static uint32_t low646[128];

static uint32_t
one_byte(iconv_t cd, uint8_t b)
{
	char in = (char)b, out[8] = {0}, *ip = &in, *op = out;
	size_t il = 1, ol = sizeof(out);
	const uint8_t *o = (const uint8_t *)out;

	(void)iconv(cd, NULL, NULL, NULL, NULL);
	if (iconv(cd, &ip, &il, &op, &ol) == (size_t)-1 ||
	    sizeof(out) - ol != 4)
		return 0;
	return (uint32_t)o[0] << 24 | (uint32_t)o[1] << 16 |
	       (uint32_t)o[2] << 8 | o[3];
}

int
charset_warm(void)
{
	if (warm)
		return 0;
	for (int cs = CHARSET_1252; cs < CHARSET_COUNT; cs++) {
		iconv_t cd = iconv_open("UCS-4BE", sets[cs].iconv);

		if (cd == (iconv_t)-1) {
			if (cs == CHARSET_1252)
				return -1;
			continue;
		}
		for (unsigned b = 0; b < 128; b++) {
			table[cs][b] = one_byte(cd, (uint8_t)(b + 128));
			if (cs == CHARSET_NO646)
				low646[b] = one_byte(cd, (uint8_t)b);
		}
		(void)iconv_close(cd);
	}
	warm = true;
	return 0;
}

const char *
charset_name(enum charset cs)
{
	return sets[cs < CHARSET_COUNT ? cs : CHARSET_NONE].name;
}

enum charset
charset_by_name(const char *name, size_t n)
{
	static const struct {
		const char *name;
		enum charset cs;
	} names[] = {{"utf-8", CHARSET_UTF8}, {"utf8", CHARSET_UTF8},
	    {"us-ascii", CHARSET_ASCII}, {"ascii", CHARSET_ASCII},
	    {"windows-1252", CHARSET_1252}, {"cp1252", CHARSET_1252},
	    {"iso-8859-1", CHARSET_1252}, {"iso8859-1", CHARSET_1252},
	    {"latin1", CHARSET_1252}, {"iso_8859-1", CHARSET_1252},
	    {"iso-8859-15", CHARSET_8859_15}, {"latin9", CHARSET_8859_15},
	    {"cp865", CHARSET_CP865}, {"ibm865", CHARSET_CP865},
	    {"cp850", CHARSET_CP850}, {"ibm850", CHARSET_CP850},
	    {"iso-8859-10", CHARSET_8859_10}, {"macintosh", CHARSET_MAC},
	    {"x-mac-roman", CHARSET_MAC}, {"ns_4551-1", CHARSET_NO646},
	    {"iso646-no", CHARSET_NO646}, {"utf-16le", CHARSET_UTF16LE},
	    {"utf-16be", CHARSET_UTF16BE}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (n == strlen(names[i].name) &&
		    !strncasecmp(name, names[i].name, n))
			return names[i].cs;
	return CHARSET_NONE;
}

static bool
lower(int c)
{
	return c >= 'a' && c <= 'z';
}

static bool
upper(int c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
bracket(int c)
{
	return (c >= '{' && c <= '}') || (c >= '[' && c <= ']');
}

/* Well-formed sequences and stray bytes, by the table of Unicode 3-7. */
static void
feed_utf8(struct charset_stats *st, uint8_t c)
{
	if (st->utf8_left) {
		if (c >= st->utf8_low && c <= st->utf8_high) {
			st->utf8_low = 0x80;
			st->utf8_high = 0xBF;
			if (--st->utf8_left == 0)
				st->utf8_good++;
			return;
		}
		st->utf8_bad++;
		st->utf8_left = 0;
	}
	if (c < 0x80)
		return;
	st->utf8_low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
	st->utf8_high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
	if (c >= 0xC2 && c <= 0xDF)
		st->utf8_left = 1;
	else if (c >= 0xE0 && c <= 0xEF)
		st->utf8_left = 2;
	else if (c >= 0xF0 && c <= 0xF4)
		st->utf8_left = 3;
	else
		st->utf8_bad++;
}

/* Small words that are common where {|} stand for æøå. */
static void
end_word646(struct charset_stats *st)
{
	static const char *const words[] = {"p}", "f|r", "v{re", "ogs}", "m}",
	    "f}r", "n}r", "v}r", "s}", "g}r", "b}de", "st}r", "l{re", "r}d",
	    "s|knad", "|nsker", "n{r", "d|d", "m|te", "h|y", "m}te", "n}",
	    "s|ker", "fors|k"};

	if (st->word_bracket && st->word_length < sizeof(st->word)) {
		st->word[st->word_length] = 0;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (!strcmp(st->word, words[i]))
				st->words646++;
	}
	st->word_length = 0;
	st->word_bracket = false;
}

/* One byte with both neighbours (-1 at the ends). */
static void
feed_middle(struct charset_stats *st, int prev, int c, int next)
{
	unsigned ctx;

	if (c >= 0x80) {
		if (lower(prev))
			ctx = 1;
		else if (upper(prev) || (upper(next) && prev < 0x80))
			ctx = 3;
		else if (lower(next) && prev < 0x80)
			ctx = 2;
		else
			ctx = prev >= 0x80 || next >= 0x80 ? 4 : 0;
		st->context[c - 0x80][ctx]++;
	}
	if (bracket(c)) {
		bool a = lower(prev) || upper(prev);
		bool b = lower(next) || upper(next);

		st->brackets++;
		st->brackets_inside += a && b;
	}
	if (lower(c) || bracket(c)) {
		if (st->word_length < sizeof(st->word) - 1)
			st->word[st->word_length] = (char)c;
		if (st->word_length < sizeof(st->word))
			st->word_length++;
		st->word_bracket = st->word_bracket || bracket(c);
	} else if (st->word_length > 0) {
		end_word646(st);
	}
}

void
charset_feed(struct charset_stats *st, const uint8_t *p, size_t n)
{
	if (st->total == 0)
		st->prev = st->here = -1;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = p[i];

		if (st->total < 4)
			st->first[st->total] = c;
		if (c >= 0x20 && c != 0x7F) {
			st->high += c >= 0x80;
		} else if (c == 0) {
			if (st->total & 1)
				st->nul_odd++;
			else
				st->nul_even++;
		} else if ((c < 0x20 && (c < 0x08 || c > 0x0D) && c != 0x1A &&
			       c != 0x1B) ||
			   c == 0x7F) {
			st->controls++;
		}
		st->total++;
		if (c >= 0x80 || st->utf8_left)
			feed_utf8(st, c);
		if (st->here >= 0)
			feed_middle(st, st->prev, st->here, c);
		st->prev = st->here;
		st->here = c;
	}
}

static bool
listed(uint32_t cp, const uint16_t *list)
{
	for (; *list; list++)
		if (*list == cp)
			return true;
	return false;
}

/* How well a character stands in its surroundings (the five contexts). */
static int
weigh(uint32_t cp, unsigned ctx)
{
	static const uint16_t nordic[] = {0xE6, 0xF8, 0xE5, 0},
			      nordic_up[] = {0xC6, 0xD8, 0xC5, 0},
			      accent[] = {0xE9, 0xE8, 0xEA, 0xF3, 0xF2, 0xF4,
				  0xFC, 0xF6, 0xE4, 0xE7, 0xE1, 0xED, 0xF1,
				  0xE0, 0x10D, 0x111, 0x14B, 0x161, 0x167,
				  0x17E, 0},
			      accent_up[] = {0xC9, 0xC8, 0xD6, 0xC4, 0xDC, 0xC1,
				  0x10C, 0x110, 0x14A, 0x160, 0x166, 0x17D, 0},
			      mark[] = {0xAB, 0xBB, 0x201C, 0x201D, 0x2018,
				  0x2019, 0x2013, 0x2014, 0x2026, 0x2022, 0xB0,
				  0xA7, 0xBD, 0x20AC, 0xA0, 0xA9, 0xAE, 0x201E,
				  0xB4, 0};
	static const int w[6][5] = {{3, 10, 8, -2, 3}, {1, -6, 6, 8, 1},
	    {0, 3, 2, -2, 1}, {0, -4, 2, 3, 0}, {2, 1, 1, 0, 1},
	    {1, -6, -6, -6, 1}};

	if (cp == 0 || (cp >= 0x80 && cp < 0xA0))
		return -40;
	if (listed(cp, nordic))
		return w[0][ctx];
	if (listed(cp, nordic_up))
		return w[1][ctx];
	if (listed(cp, accent))
		return w[2][ctx];
	if (listed(cp, accent_up))
		return w[3][ctx];
	if (listed(cp, mark))
		return w[4][ctx];
	if (cp >= 0x2500 && cp < 0x25A0)
		return w[5][ctx];
	return ctx == 0 || ctx == 4 ? -2 : -5;
}

static int64_t
score(const struct charset_stats *st, int cs)
{
	int64_t sum = 0;

	for (unsigned b = 0; b < 128; b++)
		for (unsigned c = 0; c < 5; c++)
			if (st->context[b][c])
				sum += (int64_t)st->context[b][c] *
				       weigh(table[cs][b], c);
	return sum;
}

static bool
utf16(const struct charset_stats *st, enum charset *ret)
{
	uint64_t units = st->total / 2;

	if (st->total >= 2 && st->first[0] == 0xFF && st->first[1] == 0xFE)
		*ret = CHARSET_UTF16LE;
	else if (st->total >= 2 && st->first[0] == 0xFE && st->first[1] == 0xFF)
		*ret = CHARSET_UTF16BE;
	else if (units >= 2 && st->nul_odd * 10 >= units * 4 &&
		 st->nul_even * 20 <= units)
		*ret = CHARSET_UTF16LE;
	else if (units >= 2 && st->nul_even * 10 >= units * 4 &&
		 st->nul_odd * 20 <= units)
		*ret = CHARSET_UTF16BE;
	else
		return false;
	return true;
}

enum charset
charset_guess(struct charset_stats *st, enum charset declared, bool *doubtful)
{
	enum charset best = CHARSET_1252, wide;
	int64_t top = INT64_MIN, s;

	*doubtful = false;
	if (st->here >= 0 && st->total)
		feed_middle(st, st->prev, st->here, -1);
	end_word646(st);
	st->here = -1;
	if (st->utf8_left)
		st->utf8_bad++, st->utf8_left = 0;
	if (st->total >= 4 && !memcmp(st->first, "\xFF\xFE\0\0", 4))
		return CHARSET_NONE; /* UTF-32: nobody's letter */
	if (utf16(st, &wide))
		return wide;
	if (st->nul_even + st->nul_odd + st->controls > 1 &&
	    (st->nul_even + st->nul_odd + st->controls) * 50 > st->total)
		return CHARSET_NONE;
	if (st->high == 0) {
		if (table[CHARSET_NO646][0] != low646['{'] &&
		    st->brackets_inside >= 3 && st->words646 >= 2 &&
		    (st->brackets_inside + st->words646) * 10 >=
			st->brackets * 6)
			return CHARSET_NO646;
		return CHARSET_ASCII;
	}
	if (st->utf8_bad == 0)
		return CHARSET_UTF8;
	if (st->utf8_good >= 4 * st->utf8_bad)
		return CHARSET_UTF8_MIXED;
	for (int cs = CHARSET_1252; cs < CHARSET_NO646; cs++) {
		s = score(st, cs);
		if ((int)declared == cs && s > 0)
			s += s / 4;
		if (cs == CHARSET_8859_15 && st->context[0x24][1] == 0)
			/* 0xA4 by itself is the euro, not the currency sign */
			s += (int64_t)st->context[0x24][0];
		if (s > top)
			top = s, best = (enum charset)cs;
	}
	*doubtful = top <= 0;
	if (top < 0 && st->high * 2 > st->total &&
	    (st->nul_even + st->nul_odd + st->controls) * 200 > st->total)
		return CHARSET_NONE;
	return best;
}

enum charset
charset_of(const void *p, size_t n, bool *doubtful)
{
	struct charset_stats st = {0};

	charset_feed(&st, p, n);
	return charset_guess(&st, CHARSET_NONE, doubtful);
}

/* Appends cp unless it is a control character; \r and \f end a line. */
static size_t
put(char *out, size_t o, uint32_t cp)
{
	if (cp == '\f' || cp == '\v' || cp == 0x85 || cp == 0x2028 ||
	    cp == 0x2029)
		cp = '\n';
	if ((cp < 0x20 && cp != '\n' && cp != '\t') ||
	    (cp >= 0x7F && cp < 0xA0) || cp == 0xFEFF || cp == 0xFFFE ||
	    cp == 0xFFFF)
		return o;
	if (cp < 0x80) {
		out[o++] = (char)cp;
	} else if (cp < 0x800) {
		out[o++] = (char)(0xC0 | cp >> 6);
		out[o++] = (char)(0x80 | (cp & 0x3F));
	} else if (cp < 0x10000) {
		out[o++] = (char)(0xE0 | cp >> 12);
		out[o++] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[o++] = (char)(0x80 | (cp & 0x3F));
	} else {
		out[o++] = (char)(0xF0 | cp >> 18);
		out[o++] = (char)(0x80 | (cp >> 12 & 0x3F));
		out[o++] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[o++] = (char)(0x80 | (cp & 0x3F));
	}
	return o;
}

/* One code point of UTF-8 at *i; a bad byte is read by `stray`. */
static uint32_t
next_utf8(const uint8_t *s, size_t n, size_t *i, enum charset stray)
{
	static const uint32_t min[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t c = s[*i];
	unsigned len = c < 0x80			? 1
		       : c >= 0xC2 && c <= 0xDF ? 2
		       : c >= 0xE0 && c <= 0xEF ? 3
		       : c >= 0xF0 && c <= 0xF4 ? 4
						: 0;
	uint32_t cp = len > 1 ? c & (0x7Fu >> len) : c;
	unsigned k;

	for (k = 1; k < len; k++) {
		if (*i + k >= n || (s[*i + k] & 0xC0) != 0x80)
			break;
		cp = cp << 6 | (s[*i + k] & 0x3Fu);
	}
	if (len && k == len && cp <= 0x10FFFF && cp >= min[len] &&
	    !(cp >= 0xD800 && cp < 0xE000)) {
		*i += len;
		return cp;
	}
	++*i;
	if (stray == CHARSET_UTF8_MIXED && table[CHARSET_1252][c & 0x7F])
		return table[CHARSET_1252][c & 0x7F];
	return BAD;
}

static uint32_t
next_utf16(const uint8_t *s, size_t n, size_t *i, bool big)
{
	uint32_t u, v;

	if (*i + 1 >= n) {
		*i = n;
		return BAD;
	}
	u = big ? (uint32_t)s[*i] << 8 | s[*i + 1]
		: (uint32_t)s[*i + 1] << 8 | s[*i];
	*i += 2;
	if (u < 0xD800 || u > 0xDFFF)
		return u;
	if (u > 0xDBFF || *i + 1 >= n)
		return BAD;
	v = big ? (uint32_t)s[*i] << 8 | s[*i + 1]
		: (uint32_t)s[*i + 1] << 8 | s[*i];
	if (v < 0xDC00 || v > 0xDFFF)
		return BAD;
	*i += 2;
	return 0x10000 + ((u - 0xD800) << 10) + (v - 0xDC00);
}

size_t
charset_decode(enum charset cs, const void *p, size_t n, char *out)
{
	const uint8_t *s = p;
	size_t i = 0, o = 0;
	/* Sets in which ASCII is itself, and nearly all that is read. */
	bool plain = cs != CHARSET_UTF16LE && cs != CHARSET_UTF16BE &&
		     cs != CHARSET_NO646;

	while (i < n) {
		uint32_t cp;

		if (plain && s[i] >= 0x20 && s[i] < 0x7F) {
			out[o++] = (char)s[i++];
			continue;
		}
		if (cs == CHARSET_UTF16LE || cs == CHARSET_UTF16BE)
			cp = next_utf16(s, n, &i, cs == CHARSET_UTF16BE);
		else if (cs < CHARSET_1252)
			cp = next_utf8(s, n, &i, cs);
		else if (cs == CHARSET_NO646 && s[i] < 0x80)
			cp = low646[s[i++]];
		else if (s[i] < 0x80)
			cp = s[i++];
		else
			cp = table[cs][s[i++] - 0x80], cp = cp ? cp : BAD;
		/* \r\n is one line end, \r alone too */
		if (cp == '\r') {
			bool nl = i < n && s[i] == '\n';

			if (cs == CHARSET_UTF16BE)
				nl = i + 1 < n && s[i + 1] == '\n';
			if (nl)
				continue;
			cp = '\n';
		}
		o = put(out, o, cp);
	}
	return o;
}

int
charset_iconv(const char *name, const void *p, size_t n, size_t max, char **ret,
    size_t *ret_n)
{
	size_t il = n, cap = n * 4 < max ? n * 4 + 16 : max, ol = cap, bad = 0;
	char *in = NULL, *out = NULL, *ip, *op;
	iconv_t cd = iconv_open("UTF-8", name);
	int rc = -1;

	if (cd == (iconv_t)-1)
		return -1;
	in = malloc(n + 1);
	out = malloc(cap + 16);
	if (!in || !out)
		goto out;
	if (n > 0)
		memcpy(in, p, n);
	ip = in;
	op = out;
	while (il && iconv(cd, &ip, &il, &op, &ol) == (size_t)-1) {
		if (!il || ol < 8)
			break;
		ip++;
		il--;
		bad++;
		memcpy(op, "\xEF\xBF\xBD", 3);
		op += 3;
		ol -= 3;
	}
	if (bad * 20 > n)
		goto out;
	*ret = malloc((size_t)(op - out) * 3 + 4);
	if (!*ret)
		goto out;
	*ret_n = charset_decode(CHARSET_UTF8, out, (size_t)(op - out), *ret);
	rc = 0;
out:
	free(in);
	free(out);
	(void)iconv_close(cd);
	return rc;
}
