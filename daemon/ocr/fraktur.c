/*
 * INVARIANT: letters are only ever put in the place of letters, and none that
 * neither model saw but for the s.
 */
#include "fraktur.h"

#include <string.h>

#include "../base/text.h"
#include "../read/fields.h"

/* So many words, of so many kinds, speak of Fraktur, and at least one of so
 * many words does. */
#define SEEN_WORDS 4u
#define SEEN_KINDS 3u
#define SEEN_ONE_OF 50u
/* Longer words are left as they were read. */
#define WORD_MAX 64
/* The other reading of a word lies no further away in the order of words, and
 * by one more for each that had none, up to the second number. */
#define AWAY 60u
#define AWAY_MAX 2000u

/* Small words, with an f where the page has a long s, or a k. */
static const char *const misread[] = {"fig", "fom", "faa", "felv", "fige",
    "fiden", "fammen", "faadan", "ogfaa", "iffe", "itfe", "ilfe", "itte",
    "ifte"};
#define MISREAD_COUNT (sizeof(misread) / sizeof(misread[0]))

static struct sl_slice
word_at(const struct sl_page *p, size_t i)
{
	return (struct sl_slice){
	    p->text.p + p->words[i].at, p->words[i].length};
}

/* Which kind of misread word it is; 0 = none. */
static unsigned
kind_of(struct sl_slice w)
{
	unsigned i;

	while (w.n > 0 && strchr(".,;:)", w.p[w.n - 1]) != NULL)
		w.n--;
	for (i = 0; i < MISREAD_COUNT; i++)
		if (sl_slice_eq(w, misread[i]))
			return i + 1;
	/* No word of today begins so. */
	if (w.n >= 4 && w.p[0] == 'f' && strchr("fkmptv", w.p[1]) != NULL)
		return (unsigned)MISREAD_COUNT + 1 + (unsigned char)w.p[1];
	return 0;
}

bool
sl_ocr_fraktur_seen(const struct sl_page *p)
{
	bool kinds[MISREAD_COUNT + 257] = {false};
	unsigned words = 0, different = 0, k;
	size_t i;

	for (i = 0; i < p->words_count; i++) {
		k = kind_of(word_at(p, i));
		words += k > 0;
		different += k > 0 && !kinds[k];
		kinds[k] = true;
	}
	return words >= SEEN_WORDS && different >= SEEN_KINDS &&
	       words * SEEN_ONE_OF >= p->words_count;
}

/* -- two readings of a word ----------------------------------------------- */

struct letters {
	uint32_t c[WORD_MAX];
	size_t n;
};

/* false = too many. */
static bool
letters_of(struct sl_slice w, struct letters *ret)
{
	size_t i = 0;

	for (ret->n = 0; i < w.n; ret->c[ret->n++] = sl_utf8_next(w.p, w.n, &i))
		if (ret->n == WORD_MAX)
			return false;
	return true;
}

static bool
one_of(uint32_t c, const char *set)
{
	return c > 0 && c < 128 && strchr(set, (int)c) != NULL;
}

/* What the German model makes of the letter: so many characters at c, which n
 * remain of; 0 = something else. wide = it may be two. */
static size_t
taken_for(uint32_t letter, const uint32_t *c, size_t n, bool wide)
{
	if (n == 0)
		return 0;
	if (letter == 0xf8 || letter == 0xd8)
		return one_of(*c, "oO") || *c == 0xf6 || *c == 0xd6;
	if (letter != 0xe6 && letter != 0xc6)
		return 0;
	if (wide && n >= 2 && one_of(c[0], "caeorw") && one_of(c[1], "er"))
		return 2;
	return one_of(*c, "aec") || *c == 0xe4 || *c == 0xc4 || *c == 0x153;
}

/* new with the letters of old that it lacks; false = they do not match. */
static bool
lend(const struct letters *new, const struct letters *old, struct letters *ret)
{
	size_t i = 0, k, n, same = 0;
	bool wide;

	if (new->n < old->n)
		return false;
	for (k = 0; k < old->n && i < new->n; k++) {
		wide = new->n - i > old->n - k;
		n = taken_for(old->c[k], new->c + i, new->n - i, wide);
		same += n > 0 || new->c[i] == old->c[k];
		ret->c[k] = n > 0 ? old->c[k] : new->c[i];
		i += n > 0 ? n : 1;
	}
	ret->n = k;
	return k == old->n && i == new->n &&same * 2 >= k;
}

/* What stands for a letter that Fraktur or its model writes otherwise. */
static uint32_t
plain(uint32_t c, bool nordic)
{
	switch (c) {
	case 0x17f: /* long s */
		return 's';
	case 0xe4:
		return nordic ? 0xe6 : c;
	case 0xc4:
		return nordic ? 0xc6 : c;
	case 0xf6:
		return nordic ? 0xf8 : c;
	case 0xd6:
		return nordic ? 0xd8 : c;
	case 0x153:
		return nordic ? 0xe6 : c;
	default:
		return c;
	}
}

void
sl_ocr_fraktur_word(
    struct sl_slice new, struct sl_slice old, bool nordic, struct sl_buf *ret)
{
	struct letters a, b, lent;
	size_t i;

	if (!letters_of(new, &a)) {
		sl_buf_add(ret, new.p, new.n);
		return;
	}
	if (nordic && letters_of(old, &b) && lend(&a, &b, &lent))
		a = lent;
	for (i = 0; i < a.n; i++)
		sl_utf8_add(ret, plain(a.c[i], nordic));
}

/* -- the page ------------------------------------------------------------- */

static bool
meet(const struct sl_word *a, const struct sl_word *b)
{
	unsigned x = (a->x0 + a->x1) / 2u, y = (a->y0 + a->y1) / 2u;

	return x >= b->x0 && x <= b->x1 && y >= b->y0 && y <= b->y1;
}

struct near {
	size_t at, away; /* in the words of the other reading */
};

/* The word of old in the place of w, from near what was last found; the empty
 * one if there is none. */
static struct sl_slice
beneath(const struct sl_page *old, const struct sl_word *w, struct near *near)
{
	size_t i = near->at > near->away ? near->at - near->away : 0;
	size_t end = near->at + near->away;

	for (; i < old->words_count && i < end; i++)
		if (meet(w, &old->words[i])) {
			*near = (struct near){i, AWAY};
			return word_at(old, i);
		}
	if (near->away < AWAY_MAX)
		near->away++;
	return (struct sl_slice){"", 0};
}

static bool
is_nordic(const struct sl_page *p)
{
	const char *language = sl_language_guess(p->text.p, p->text.n);

	return strcmp(language, "nb") == 0 || strcmp(language, "nn") == 0 ||
	       strcmp(language, "da") == 0;
}

void
sl_ocr_fraktur_join(struct sl_ocr_pass *pass, const struct sl_page *old)
{
	struct sl_page *from = &pass->page, page;
	bool nordic = is_nordic(old);
	struct near near = {0, AWAY};
	size_t i, end = 0;

	sl_page_init(&page, from->part, from->page);
	for (i = 0; i < from->words_count; i++) {
		const struct sl_word *w = &from->words[i];
		const uint16_t box[4] = {w->x0, w->y0, w->x1, w->y1};
		SL_BUF struct sl_buf b = {0};

		sl_page_add_text(&page, from->text.p + end, w->at - end);
		end = w->at + w->length;
		sl_ocr_fraktur_word(
		    word_at(from, i), beneath(old, w, &near), nordic, &b);
		sl_page_add_word(&page, b.p, b.n, w->confidence, box);
	}
	page.flags = from->flags;
	sl_page_free(from);
	*from = page;
}
