/*
 * Whether text is language or rubble. Two measures: how likely the letters are
 * behind one another (bigrams.h), which finds glyph numbers and shifted codes
 * passed off as text; and how many words have a shape that no word has, which
 * finds bad OCR. Neither knows a dictionary: names and foreign languages pass.
 */
#include "bigrams.h"
#include "pdf.h"

#include <string.h>

enum {
	WORD_MAX = 64, /* a longer one is a link or a line of dots */
	BITS_ODD = 88, /* sixteenths of a bit a letter: no word */
	BITS_RUBBLE = 85, /* the same over a page */
	RUBBLE_LETTERS = 100, /* fewer prove nothing */
	NORDIC_WORDS = 100, /* of Norwegian: some have æ, ø or å */
	NORDIC_ANDS = 5,
};

/* Base letters of U+00C0..U+017F, '.' = none; ligatures by their first. */
static const char latin[] = "aaaa{a{ceeeeiiii"
			    "dnooooo.|uuuuyts"
			    "aaaa{a{ceeeeiiii"
			    "dnooooo.|uuuuyty"
			    "aaaaaaccccccccdd"
			    "ddeeeeeeeeeegggg"
			    "gggghhhhiiiiiiii"
			    "iiiijjkkklllllll"
			    "lllnnnnnnnnnoooo"
			    "oooorrrrrrssssss"
			    "ssttttttuuuuuuuu"
			    "uuuuwwyyyzzzzzzs";

/* 1..29, or 0 for what is no Latin letter. */
static int
letter_of(int c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 1;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 1;
	if (c == 0xe5 || c == 0xc5)
		return 29;
	if (c == 0xe4 || c == 0xc4 || c == 0xe6 || c == 0xc6)
		return 27;
	if (c == 0xf6 || c == 0xd6 || c == 0xf8 || c == 0xd8)
		return 28;
	if (c < 0xc0 || c > 0x17f || latin[c - 0xc0] == '.')
		return 0;
	return latin[c - 0xc0] - 'a' + 1;
}

static bool
is_upper(int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* Letters of scripts we know no more of. */
static bool
is_foreign(int c)
{
	return c > 0x17f && !(c >= 0x2000 && c < 0x2c00) &&
	       !(c >= 0x3000 && c < 0x3040) && !rune_is_bad(c);
}

static bool
is_joint(int c)
{
	return c == '-' || c == '\'' || c == 0x2019 || c == '.' || c == '/' ||
	       c == '&' || c == ':' || c == ',' || c == 0xad || c == 0x2010 ||
	       c == 0x2011 || c == 0x2013 || c == '(' || c == ')' || c == '_' ||
	       c == '+' || (c >= 0xb0 && c <= 0xbe);
}

/* UTF-8 that somebody took for Windows-1252: "Ã¸" for ø. */
static bool
is_mojibake(int a, int b)
{
	static const int after[] = {0x20ac, 0x201a, 0x192, 0x201e, 0x2026,
	    0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x2018, 0x2019,
	    0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161,
	    0x203a, 0x153, 0x17e, 0x178};
	size_t i;

	if (a == 0xe2 && b == 0x20ac)
		return true;
	if (a != 0xc3 && a != 0xc2)
		return false;
	if (b >= 0xa0 && b <= 0xbf)
		return true;
	for (i = 0; i < sizeof(after) / sizeof(*after); i++)
		if (b == after[i])
			return true;
	return false;
}

struct shape {
	unsigned letters, digits, symbols, foreign, bad, nordic;
	unsigned flips; /* a capital behind a small letter */
	unsigned mixed; /* changes between letter and digit */
	unsigned bits, bigrams;
};

static void
see(const int *w, size_t n, struct shape *s)
{
	int l, last = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (w[i] >= 'a' && w[i] <= 'z') { /* nearly all are */
			l = w[i] - 'a' + 1;
			s->bits += bigram[last][l];
			s->bigrams++;
			s->letters++;
			s->mixed += i > 0 && is_digit(w[i - 1]);
			last = l;
			continue;
		}
		l = letter_of(w[i]);
		if (l || last) {
			s->bits += bigram[last][l];
			s->bigrams++;
		}
		s->letters += l > 0;
		s->nordic += l > 26;
		s->digits += is_digit(w[i]);
		s->foreign += is_foreign(w[i]);
		s->bad += rune_is_bad(w[i]);
		s->symbols += !l && !is_digit(w[i]) && !is_foreign(w[i]) &&
			      !is_joint(w[i]) && !rune_is_bad(w[i]);
		if (i > 0) {
			s->flips += l && is_upper(w[i]) &&
				    letter_of(w[i - 1]) && !is_upper(w[i - 1]);
			s->mixed += (l && is_digit(w[i - 1])) ||
				    (is_digit(w[i]) && last);
		}
		last = l;
	}
	if (last) {
		s->bits += bigram[last][0];
		s->bigrams++;
	}
}

/* Signs that stand alone in good text. */
static bool
stands_alone(int c)
{
	static const int good[] = {'-', '&', '/', '+', '*', '=', '%', ':', '.',
	    ',', '(', ')', '<', '>', '"', 0xa7, 0xab, 0xbb, 0xb7, 0xb0, 0xd7,
	    0x2013, 0x2014, 0x2022, 0x2026, 0xa9, '#', '$', 0x20ac, 0xa3};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (c == good[i])
			return true;
	return c > 0x2100;
}

static bool
is_odd(const int *w, size_t n, const struct shape *s)
{
	if (s->bad > 0)
		return true;
	if (s->foreign > 0)
		return s->letters > 0 && s->letters + s->foreign > 2;
	if (s->letters == 0)
		return s->digits == 0 && !(n <= 3 && stands_alone(w[0]));
	if (s->symbols > 0 || s->flips > 1 || s->mixed > 2 ||
	    (s->mixed > 1 && s->letters > 2))
		return true;
	if (s->letters == 1 && n == 1)
		return !strchr("iIaAeEoO", w[0] < 0x80 ? w[0] : 'i');
	return s->letters > 2 && s->digits == 0 &&
	       s->bits > s->bigrams * BITS_ODD;
}

/* Brackets, quotes and stops around a word. */
static bool
is_edge(int c)
{
	return c == '(' || c == ')' || c == '[' || c == ']' || c == '"' ||
	       c == '\'' || c == ',' || c == '.' || c == ';' || c == ':' ||
	       c == '!' || c == '?' || c == 0xab || c == 0xbb ||
	       (c >= 0x2018 && c <= 0x201f) || c == 0x2026 || c == '*' ||
	       c == '%' || c == 0xa7 || c == '<' || c == '>' || c == '_' ||
	       c == '{' || c == '}' || c == '+' || c == '-' || c == 0x2013 ||
	       c == '/';
}

static bool
is_address(const int *w, size_t n)
{
	size_t i;

	for (i = 0; i + 1 < n; i++)
		if (w[i] == '@' || w[i] == '=' ||
		    (w[i] == '/' && w[i + 1] == '/'))
			return true;
	return false;
}

/* Words that Norwegian cannot do without, and that English has not. */
static bool
is_and(const int *w, size_t n)
{
	static const char *const words[] = {"og", "ikke", "til", "som"};
	size_t i, k;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		for (k = 0; k < n && words[i][k] && w[k] == words[i][k]; k++)
			;
		if (k == n && !words[i][k])
			return true;
	}
	return false;
}

void
quality_word(struct quality *q, const int *w, size_t n)
{
	struct shape s = {0};
	size_t i;

	for (i = 0; i + 1 < n; i++)
		q->mojibake += is_mojibake(w[i], w[i + 1]);
	if (n > WORD_MAX || is_address(w, n))
		return;
	q->words++;
	for (; n > 1 && is_edge(w[0]); w++)
		n--;
	for (; n > 1 && is_edge(w[n - 1]); n--)
		;
	see(w, n, &s);
	if (s.letters > 2 && s.foreign == 0) {
		q->bits += s.bits;
		q->letters += s.bigrams;
	}
	if (s.letters + s.digits == 0 && s.bad > 1)
		q->bad += s.bad;
	q->broken += s.bad > 0 && s.letters > 1;
	q->odd += is_odd(w, n, &s);
	q->plain += s.letters > 1 || s.foreign > 1;
	q->nordic += s.nordic;
	q->ands += is_and(w, n);
}

void
quality_text(struct quality *q, const fz_stext_page *text)
{
	const fz_stext_block *b;
	const fz_stext_line *l;
	const fz_stext_char *c;
	int w[WORD_MAX + 1];
	size_t n;

	for (b = text->first_block; b; b = b->next) {
		if (b->type != FZ_STEXT_BLOCK_TEXT)
			continue;
		for (l = b->u.t.first_line; l; l = l->next) {
			for (n = 0, c = l->first_char; c; c = c->next) {
				if (rune_is_space(c->c)) {
					if (n)
						quality_word(q, w, n);
					n = 0;
				} else if (n <= WORD_MAX) {
					w[n++] = c->c;
				}
			}
			if (n)
				quality_word(q, w, n);
		}
	}
}

bool
quality_lost_letters(const struct quality *q)
{
	return q->plain >= NORDIC_WORDS && q->nordic == 0 &&
	       q->ands >= NORDIC_ANDS && q->ands * 50 > q->words;
}

bool
quality_is_rubble(const struct quality *q)
{
	if (quality_lost_letters(q))
		return true;
	if (q->mojibake > 2 && q->mojibake * 50 > q->words)
		return true;
	if (q->broken > 2 && q->broken * 10 > q->words)
		return true;
	return q->letters > RUBBLE_LETTERS &&
	       q->bits > (uint64_t)q->letters * BITS_RUBBLE;
}
