/*
 * INVARIANT: only words that both models read nearly alike are replaced, and
 * only by an address.
 */
#include "address.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/clock.h"
#include "../base/mem.h"

/* Bytes of an address that is looked at; longer ones are left. */
#define ADDRESS_MAX 80u
#define ADDRESS_MIN 6u
/* Beside the sign the two readings differ by so many characters at most. */
#define SLIPS_MAX 2u
/* A word belongs to the one before it if the gap is no wider than so many times
 * its height. */
#define GAP_MOST 1.5
/* What was read for the sign has so many bytes; and if it is a word by itself,
 * with what else of the address may be in that. */
#define SIGN_WIDE 2u
#define SIGN_MOST 3u
/* So many words are an address at most: its sign may stand alone. */
#define PIECES 3u

static const char around[] = "<>()[]\"'.,:;";

/* The end of hosts' names in letters to a Norwegian body. */
static const char *const tops[] = {"no", "com", "net", "org", "dk", "se", "fi",
    "is", "eu", "de", "uk", "nl", "nu", "edu", "info", "io"};

static struct sl_slice
core_of(struct sl_slice t)
{
	while (t.n > 0 && strchr(around, t.p[0]) != NULL) {
		t.p++;
		t.n--;
	}
	while (t.n > 0 && strchr(around, t.p[t.n - 1]) != NULL)
		t.n--;
	return t;
}

static bool
ends_as_host(struct sl_slice t)
{
	size_t n = 0, i;

	while (n < t.n && t.p[t.n - n - 1] != '.')
		n++;
	if (n == t.n)
		return false;
	for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (strlen(tops[i]) == n &&
		    strncasecmp(t.p + t.n - n, tops[i], n) == 0)
			return true;
	return false;
}

static struct sl_slice
word_at(const struct sl_page *p, size_t i)
{
	return (struct sl_slice){
	    p->text.p + p->words[i].at, p->words[i].length};
}

bool
sl_ocr_address_may(const struct sl_page *p, size_t i)
{
	struct sl_slice t = core_of(word_at(p, i));

	return t.n >= ADDRESS_MIN && t.n <= ADDRESS_MAX &&
	       memchr(t.p, '@', t.n) == NULL &&
	       strncasecmp(t.p, "www", 3) != 0 &&
	       strncasecmp(t.p, "http", 4) != 0 && ends_as_host(t);
}

static bool
is_address(struct sl_slice t)
{
	static const char others[] = ".-_+@";
	const char *at = memchr(t.p, '@', t.n);
	size_t i;

	if (t.n < ADDRESS_MIN || t.n > ADDRESS_MAX || at == NULL || at == t.p ||
	    at[-1] == '.' ||
	    memchr(at + 1, '@', (size_t)(t.p + t.n - at) - 1) != NULL ||
	    at[1] == '.' || at[1] == '-' || !ends_as_host(t))
		return false;
	for (i = 0; i < t.n; i++)
		if (!(t.p[i] >= 'a' && t.p[i] <= 'z') &&
		    !(t.p[i] >= 'A' && t.p[i] <= 'Z') &&
		    !(t.p[i] >= '0' && t.p[i] <= '9') &&
		    strchr(others, t.p[i]) == NULL)
			return false;
	return true;
}

/* How many bytes must change, come or go to make one the other; both are at
 * most twice ADDRESS_MAX long. */
static unsigned
distance(struct sl_slice a, struct sl_slice b)
{
	unsigned row[2 * ADDRESS_MAX + 1], left, corner, best;
	size_t i, k;

	for (k = 0; k <= b.n; k++)
		row[k] = (unsigned)k;
	for (i = 1; i <= a.n; i++) {
		corner = row[0];
		row[0] = left = (unsigned)i;
		for (k = 1; k <= b.n; k++) {
			best = corner + (a.p[i - 1] != b.p[k - 1]);
			corner = row[k];
			best = left + 1 < best ? left + 1 : best;
			best = corner + 1 < best ? corner + 1 : best;
			row[k] = left = best;
		}
	}
	return row[b.n];
}

/* The two readings of an address: where the sign stands in each. */
struct alike {
	struct sl_slice norwegian, english; /* their cores */
	size_t end, next; /* what stands for the sign in the Norwegian one */
	size_t at; /* the sign in the English one */
	unsigned slips; /* more than SLIPS_MAX: another text, or no address */
};

static struct sl_slice
part(struct sl_slice t, size_t from, size_t to)
{
	return (struct sl_slice){t.p + from, to - from};
}

/* A character begins at i, or the text ends. */
static bool
begins(struct sl_slice t, size_t i)
{
	return i == t.n || ((unsigned char)t.p[i] & 0xC0) != 0x80;
}

/* What the Norwegian model reads for the sign is one or two of its ASCII
 * characters. An O with a stroke, which the English model reads as an at sign,
 * is none. */
static bool
may_be_sign(struct sl_slice t)
{
	size_t i;

	for (i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] >= 0x80)
			return false;
	return true;
}

/* Where the sign stands in the Norwegian reading: neither part beside it may be
 * slips for the most part, as one that was not read at all would be; and where
 * nothing stands for it, there are none. */
static void
find_sign(struct alike *a)
{
	const struct sl_slice n = a->norwegian, e = a->english;
	size_t i, wide, rest = e.n - a->at - 1;
	unsigned before, slips;

	for (i = 1; i <= n.n; i++) {
		before = distance(part(n, 0, i), part(e, 0, a->at));
		if (!begins(n, i) || before >= a->slips || 2 * before >= a->at)
			continue;
		for (wide = 0; wide <= SIGN_WIDE && i + wide <= n.n; wide++) {
			slips = distance(
			    part(n, i + wide, n.n), part(e, a->at + 1, e.n));
			if (!may_be_sign(part(n, i, i + wide)) ||
			    2 * slips >= rest)
				continue;
			slips += before;
			if (slips >= a->slips || (wide == 0 && slips > 0))
				continue;
			a->slips = slips;
			a->end = i;
			a->next = i + wide;
		}
	}
}

static struct alike
compare(struct sl_slice norwegian, struct sl_slice english)
{
	struct alike a = {.norwegian = core_of(norwegian),
	    .english = core_of(english),
	    .slips = SLIPS_MAX + 1};

	if (a.norwegian.n > ADDRESS_MAX ||
	    a.norwegian.n + SLIPS_MAX < a.english.n || !is_address(a.english))
		return a;
	a.at = (size_t)((char *)memchr(a.english.p, '@', a.english.n) -
			a.english.p);
	find_sign(&a);
	return a;
}

bool
sl_ocr_address_fits(const char *norwegian, const char *english)
{
	return compare((struct sl_slice){norwegian, strlen(norwegian)},
		   (struct sl_slice){english, strlen(english)})
		   .slips <= SLIPS_MAX;
}

/* -- reading -------------------------------------------------------------- */

/* What becomes of a word. */
struct found {
	char *text; /* NULL: it stays */
	unsigned confidence, slips;
	size_t more; /* so many words before it are part of it */
};

/* Word i and the one before it stand close on one line. */
static bool
is_close(const struct sl_page *p, size_t i, const struct sl_ocr_sheet *sheet)
{
	const struct sl_word *a = &p->words[i - 1], *b = &p->words[i];
	const char *gap = p->text.p + a->at + a->length;
	double wide = ((double)b->x0 - a->x1) * sheet->width;
	double high = ((double)b->y1 - b->y0) * sheet->height;

	return memchr(gap, '\n', b->at - a->at - a->length) == NULL &&
	       wide <= GAP_MOST * high;
}

/* Where an address that ends with word i may begin. */
static size_t
first_of(const struct sl_page *p, const struct found *found, size_t i,
    const struct sl_ocr_sheet *sheet)
{
	size_t first = i;

	while (first > 0 && first + PIECES > i + 1 &&
	       found[first - 1].text == NULL && is_close(p, first, sheet) &&
	       (first == i || p->words[first].length <= SIGN_MOST))
		first--;
	return first;
}

static struct sl_word
together(const struct sl_page *p, size_t first, size_t last)
{
	struct sl_word w = p->words[last];
	const struct sl_word *a = &p->words[first];

	w.x0 = a->x0 < w.x0 ? a->x0 : w.x0;
	w.y0 = a->y0 < w.y0 ? a->y0 : w.y0;
	w.x1 = a->x1 > w.x1 ? a->x1 : w.x1;
	w.y1 = a->y1 > w.y1 ? a->y1 : w.y1;
	return w;
}

/* The words first to last, without what stands between them. */
static void
join(const struct sl_page *p, size_t first, size_t last, struct sl_buf *out)
{
	size_t i;

	for (i = first; i <= last; i++)
		sl_buf_add(out, p->text.p + p->words[i].at, p->words[i].length);
}

/* The Norwegian reading, or the English one if that is the same but for lines
 * below, which the Norwegian model lacks as well. */
static void
add_part(struct sl_buf *out, struct sl_slice norwegian, struct sl_slice english)
{
	SL_BUF struct sl_buf bare = {0};
	size_t i;

	for (i = 0; i < english.n; i++)
		if (english.p[i] != '_')
			sl_buf_add(&bare, english.p + i, 1);
	if (bare.n == norwegian.n &&
	    memcmp(sl_buf_str(&bare), norwegian.p, bare.n) == 0)
		norwegian = english;
	sl_buf_add(out, norwegian.p, norwegian.n);
}

/* The address, with what stood around it. */
static char *
dress(struct sl_slice was, const struct alike *a)
{
	size_t before = (size_t)(a->norwegian.p - was.p);
	struct sl_buf out = {0};

	sl_buf_add(&out, was.p, before);
	add_part(
	    &out, part(a->norwegian, 0, a->end), part(a->english, 0, a->at));
	sl_buf_add(&out, "@", 1);
	add_part(&out, part(a->norwegian, a->next, a->norwegian.n),
	    part(a->english, a->at + 1, a->english.n));
	sl_buf_add(&out, was.p + before + a->norwegian.n,
	    was.n - before - a->norwegian.n);
	(void)sl_buf_str(&out);
	return out.p;
}

/* A word of the English reading, whose at sign is round: inside a word others
 * that are so may be one. Before a word, or by itself, is a copyright's. */
static void
add_english(struct sl_slice t, struct sl_buf *out)
{
	static const char round[][3] = {"\xc2\xa9", "\xc2\xae"};
	const struct sl_slice core = core_of(t);
	const char *at;
	size_t i;

	for (i = 0; i < 2; i++) {
		at = memmem(t.p, t.n, round[i], 2);
		if (at == NULL || at <= core.p || at + 2 >= core.p + core.n)
			continue;
		sl_buf_add(out, t.p, (size_t)(at - t.p));
		sl_buf_add_char(out, '@');
		t = part(t, (size_t)(at - t.p) + 2, t.n);
	}
	sl_buf_add(out, t.p, t.n);
}

/* Words first to last of the English reading. */
static void
join_english(
    const struct sl_page *p, size_t first, size_t last, struct sl_buf *out)
{
	size_t i;

	sl_buf_reset(out);
	for (i = first; i <= last; i++)
		add_english(word_at(p, i), out);
}

/* Takes what of the reading is an address most like words first to last, if it
 * is more so than the best before. Where there is a gap in both readings, what
 * is an address without the word before it does not begin there. */
static void
take(const struct sl_page *p, size_t first, size_t last,
    const struct sl_page *english, struct found *best)
{
	SL_BUF struct sl_buf old = {0}, new = {0};
	struct sl_slice was, is;
	struct alike a;
	size_t i, k;

	join(p, first, last, &old);
	was = (struct sl_slice){old.p, old.n};
	for (k = 0; k < english->words_count; k++)
		for (i = k + 1; i > 0 && i + PIECES > k + 1; i--) {
			join_english(english, i - 1, k, &new);
			is = (struct sl_slice){new.p, new.n};
			a = compare(was, is);
			if (a.slips <= SLIPS_MAX &&
			    (best->text == NULL || a.slips < best->slips)) {
				free(best->text);
				*best = (struct found){.text = dress(was, &a),
				    .confidence =
					english->words[i - 1].confidence,
				    .slips = a.slips,
				    .more = last - first};
			}
			if (first < last && is_address(core_of(is)))
				break;
		}
}

/* Words first to last, or fewer of them if those are as like. */
static bool
look_at(TessBaseAPI *english, const struct sl_ocr_sheet *sheet,
    const struct sl_page *p, size_t first, size_t last, int deadline_ms,
    struct found *ret)
{
	struct sl_word w = together(p, first, last);
	struct sl_ocr_pass pass;
	size_t i;

	if (sl_ocr_recognise_word(english, sheet, &w, deadline_ms, &pass) ==
	    SL_OK)
		for (i = 0; i <= last - first; i++)
			take(p, last - i, last, &pass.page, ret);
	sl_ocr_pass_free(&pass);
	return ret->text != NULL;
}

/* The last word of what word first is the beginning of. */
static size_t
last_of(const struct found *found, size_t n, size_t first)
{
	size_t i;

	for (i = first + 1; i < n && i < first + PIECES; i++)
		if (found[i].more == i - first)
			return i;
	return first;
}

/* The page with what was found in it. */
static void
rewrite(struct sl_ocr_pass *pass, const struct found *found)
{
	struct sl_page *old = &pass->page, page;
	size_t i, first, end = 0;
	struct sl_word w;

	sl_page_init(&page, old->part, old->page);
	for (first = 0; first < old->words_count; first = i + 1) {
		i = last_of(found, old->words_count, first);
		w = together(old, first, i);
		const uint16_t box[4] = {w.x0, w.y0, w.x1, w.y1};

		sl_page_add_text(
		    &page, old->text.p + end, old->words[first].at - end);
		end = w.at + w.length;
		if (found[i].text != NULL)
			sl_page_add_word(&page, found[i].text,
			    strlen(found[i].text), found[i].confidence, box);
		else
			sl_page_add_word(&page, old->text.p + w.at, w.length,
			    w.confidence, box);
	}
	page.flags |= old->flags;
	sl_page_free(old);
	*old = page;
	sl_ocr_pass_count(pass);
}

unsigned
sl_ocr_addresses_read(TessBaseAPI *english, const struct sl_ocr_sheet *sheet,
    int deadline_ms, struct sl_ocr_pass *pass)
{
	size_t n = pass->page.words_count, i;
	SL_FREE struct found *found = sl_alloc(n * sizeof(*found));
	int64_t end_ms = sl_clock_boot_ms() + deadline_ms;
	unsigned seen = 0, count = 0;
	int left = deadline_ms;

	for (i = 0; i < n && seen < SL_OCR_ADDRESSES_MAX; i++) {
		if (!sl_ocr_address_may(&pass->page, i))
			continue;
		if (deadline_ms > 0 &&
		    (left = (int)(end_ms - sl_clock_boot_ms())) <= 0)
			break;
		seen++;
		count += look_at(english, sheet, &pass->page,
		    first_of(&pass->page, found, i, sheet), i, left, &found[i]);
	}
	if (count > 0)
		rewrite(pass, found);
	for (i = 0; i < n; i++)
		free(found[i].text);
	return count;
}
