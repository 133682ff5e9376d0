/*
 * INVARIANT: a dollar that was seen to be one stays. Where nobody saw what it
 * is, a number that may be an amount keeps its dollar, and so does every other
 * on its page.
 */
#include "section.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../read/fields.h"

/* Words before and behind that are looked at for what speaks of law. */
#define NEAR 6u
/* Sections have no more digits than this. */
#define DIGITS_MAX 3u
/* Bytes of the numbers that are told. */
#define TELL_MAX 160u

static const char section[] = "\xc2\xa7";

/* A word, lent. */
struct word {
	const char *s;
	size_t n;
};

static struct word
word_at(const struct sl_page *p, size_t i)
{
	if (i >= p->words_count)
		return (struct word){"", 0};
	return (struct word){p->text.p + p->words[i].at, p->words[i].length};
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
count_digits(struct word w)
{
	size_t n = 0;

	while (n < w.n && is_digit(w.s[n]))
		n++;
	return n;
}

/* How many times the word begins with c, if nothing follows but a number. */
static size_t
leading(struct word w, char c)
{
	size_t i = 0;

	while (i < w.n && i < 2 && w.s[i] == c)
		i++;
	return i > 0 && (i == w.n || is_digit(w.s[i])) ? i : 0;
}

static size_t
dollars(struct word w)
{
	return leading(w, '$');
}

/* The same of what else sections are read as. */
static size_t
signs(struct word w)
{
	size_t n = dollars(w);

	return n > 0 ? n : leading(w, '&');
}

/* The number that the signs of word i stand before, and the place of what
 * follows it. */
static struct word
number_of(const struct sl_page *p, size_t i, size_t *ret_next)
{
	struct word w = word_at(p, i);
	size_t n = signs(w);

	*ret_next = n == w.n ? i + 2 : i + 1;
	return n == w.n ? word_at(p, i + 1) : (struct word){w.s + n, w.n - n};
}

/* 13  13.  3-1  13a  13-14, and not 100,00  1.000  2026 */
static bool
is_section_number(struct word w)
{
	size_t n = count_digits(w), i = n;

	if (n == 0 || n > DIGITS_MAX)
		return false;
	if (i + 1 < w.n && w.s[i] == '-' && is_digit(w.s[i + 1])) {
		i++;
		n = count_digits((struct word){w.s + i, w.n - i});
		if (n > DIGITS_MAX)
			return false;
		i += n;
	}
	if (i < w.n && w.s[i] >= 'a' && w.s[i] <= 'z')
		i++;
	while (i < w.n && strchr(".,:;)", w.s[i]) != NULL)
		i++;
	return i == w.n;
}

static bool
begins(struct word w, const char *with)
{
	size_t n = strlen(with);

	return w.n >= n && strncasecmp(w.s, with, n) == 0;
}

static bool
ends(struct word w, const char *with)
{
	size_t n = strlen(with);

	while (w.n > 0 && strchr(".,:;()", w.s[w.n - 1]) != NULL)
		w.n--;
	return w.n >= n && strncasecmp(w.s + w.n - n, with, n) == 0;
}

/* What stands behind amounts: thousands, millions, a currency. */
static bool
goes_on_as_amount(struct word w)
{
	static const char *const said[] = {
	    "mill", "mrd", "mia", "tusen", "dollar", "usd", "us$", "per", "pr"};
	size_t i;

	if (count_digits(w) == 3)
		return true;
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (begins(w, said[i]))
			return true;
	return false;
}

static bool
speaks_of_law(struct word w)
{
	static const char *const first[] = {"lov", "forskrift", "jf", "vedtekt",
	    "reglement", "kapit", "kap.", "paragraf", "hjemmel", "heimel",
	    "ledd", "bokstav", "bestemmelse", "f\xc3\xb8resegn", "offl", "fvl",
	    "pbl", "koml"};
	static const char *const last[] = {"lov", "loven", "lova", "lovens",
	    "lovas", "forskrift", "forskriften", "forskrifta", "vedtektene"};
	size_t i;

	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (begins(w, first[i]))
			return true;
	for (i = 0; i < sizeof(last) / sizeof(last[0]); i++)
		if (ends(w, last[i]))
			return true;
	return false;
}

static bool
near_law(const struct sl_page *p, size_t i)
{
	size_t k = i > NEAR ? i - NEAR : 0;

	for (; k <= i + NEAR + 1 && k < p->words_count; k++)
		if (speaks_of_law(word_at(p, k)))
			return true;
	return false;
}

/* Right before an amount. */
static bool
speaks_of_money(struct word w)
{
	static const char *const said[] = {"kr", "us", "kost", "pris", "betal",
	    "bel\xc3\xb8p", "sum", "gebyr", "faktura", "utgift"};
	size_t i;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (begins(w, said[i]))
			return true;
	return false;
}

/* "koster $ 100", a number that no section has, or one that goes on. */
static bool
is_amount(const struct sl_page *p, size_t i)
{
	size_t next;
	struct word number = number_of(p, i, &next);

	if (count_digits(number) == 0)
		return false;
	return !is_section_number(number) ||
	       goes_on_as_amount(word_at(p, next)) ||
	       (i > 0 && speaks_of_money(word_at(p, i - 1)));
}

static bool
has(const struct sl_page *p, const char *s)
{
	return memmem(p->text.p, p->text.n, s, strlen(s)) != NULL;
}

static enum sl_ocr_sign
sign_at(const enum sl_ocr_sign *seen, size_t i)
{
	return seen == NULL ? SL_OCR_SIGN_UNSEEN : seen[i];
}

/* Norwegian, and no dollar is one. */
static bool
may_have(const struct sl_page *p, const enum sl_ocr_sign *seen)
{
	const char *language;
	size_t i;

	if (!has(p, "$") || has(p, "USD") || has(p, "US$") || has(p, "ollar"))
		return false;
	for (i = 0; i < p->words_count; i++)
		if (sign_at(seen, i) == SL_OCR_SIGN_DOLLAR ||
		    (sign_at(seen, i) == SL_OCR_SIGN_UNSEEN &&
			dollars(word_at(p, i)) > 0 && is_amount(p, i)))
			return false;
	language = sl_language_guess(p->text.p, p->text.n);
	return strcmp(language, "nb") == 0 || strcmp(language, "nn") == 0;
}

bool
sl_ocr_section_may(const struct sl_page *p, size_t i)
{
	size_t next;

	return dollars(word_at(p, i)) > 0 ||
	       (signs(word_at(p, i)) > 0 &&
		   count_digits(number_of(p, i, &next)) > 0);
}

size_t
sl_ocr_section_find(
    const struct sl_page *p, const enum sl_ocr_sign *seen, bool *ret)
{
	bool words = may_have(p, seen);
	size_t i, next, n = 0;

	for (i = 0; i < p->words_count; i++) {
		ret[i] = sign_at(seen, i) == SL_OCR_SIGN_SECTION ||
			 (words && sign_at(seen, i) == SL_OCR_SIGN_UNSEEN &&
			     dollars(word_at(p, i)) > 0 &&
			     is_section_number(number_of(p, i, &next)) &&
			     near_law(p, i));
		n += ret[i];
	}
	return n;
}

void
sl_ocr_section_put(struct sl_page *to, const struct sl_page *p, size_t i)
{
	const struct sl_word *w = &p->words[i];
	const uint16_t box[4] = {w->x0, w->y0, w->x1, w->y1};
	struct word old = word_at(p, i);
	size_t n = signs(old), k;
	SL_BUF struct sl_buf b = {0};

	for (k = 0; k < n; k++)
		sl_buf_add(&b, section, sizeof(section) - 1);
	sl_buf_add(&b, old.s + n, old.n - n);
	sl_page_add_word(to, b.p, b.n, w->confidence, box);
}

void
sl_ocr_section_tell(
    const struct sl_page *p, const bool *marked, struct sl_buf *ret)
{
	size_t i, next;
	struct word number;

	for (i = 0; i < p->words_count; i++) {
		if (!marked[i])
			continue;
		if (ret->n > TELL_MAX) {
			sl_buf_add(ret, ", ..", 4);
			return;
		}
		number = number_of(p, i, &next);
		if (ret->n > 0)
			sl_buf_add(ret, ", ", 2);
		if (count_digits(number) == 0)
			sl_buf_add(ret, "?", 1);
		sl_buf_add(ret, number.s, count_digits(number));
	}
}
