/*
 * INVARIANT: no word that lies on ink of a letter's height is taken away, but
 * for guesses and what was read twice; and no character is put where none was,
 * but for spaces, the section sign, and SL_UNREAD in the place of guesses.
 */
#include "tidy.h"

#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../read/fields.h"

/* From digit to digit it is so much further over the gap, */
#define APART_PITCH 1.25
/* which is this part of the digits' height. */
#define APART_GAP 0.2
/* Four of them, and they are a leader or a rule. */
#define LEADER_MIN 4
/* Letters of fewer pixels than these are not told from dots. */
#define HEIGHT_MIN 8
/* Ink of this part of a letter's height is no dot, */
#define HEIGHT_PART 0.6
/* but of a print where so many words (per cent) have none, it is all dots. */
#define BARE_MOST 20u
/* Thousandths: stains that were read as words are unsure in the mean, and so
 * few of them (per cent) are sure that those may be writing. */
#define GUESS_CONFIDENCE 400u
#define GUESS_SURE 700u
#define GUESS_SHARE 5u
/* Words of fewer bytes in the mean are dirt as well, unless they are sure. */
#define GUESS_LENGTH 2u
/* Of a page that reads so well as a whole, a line of words that are each below
 * the second and together below the third is a guess at handwriting: of 58
 * words of such lines on the pages that this was tuned with none was right, of
 * 77 on others none. Words within a line are left: print that is in no language
 * of the set looks the same. */
#define PRINT_CONFIDENCE 700u
#define UNSURE_EACH 700u
#define UNSURE_ALL 450u
#define UNSURE_LINE 3u

/* Two words are the same ink if they share this much of what both cover, and
 * are looked for so many words apart. */
#define SAME_PART 0.5
#define SAME_WITHIN 64u
/* and, of one line, if their ends are no further apart than this part of the
 * narrower one. */
#define SAME_ENDS 0.25

/* -- numbers -------------------------------------------------------------- */

bool
sl_ocr_number_take(
    const TessResultIterator *it, const char *word, struct sl_ocr_number *ret)
{
	size_t first = strcspn(word, "0123456789"), n = strlen(word);
	size_t digits = strspn(word + first, "0123456789"), i;
	TessResultIterator *at;
	TessPageIterator *page;
	bool ok = true;

	if (digits < 4 || first > 1 || n > SL_OCR_NUMBER_MAX ||
	    n - first - digits > 2 ||
	    strspn(word + first + digits, ".,:;)") != n - first - digits)
		return false;
	*ret = (struct sl_ocr_number){.n = n, .first = first, .digits = digits};
	memcpy(ret->s, word, n);
	at = TessResultIteratorCopy(it);
	if (at == NULL)
		return false;
	page = TessResultIteratorGetPageIterator(at);
	for (i = 0; ok && i < n; i++) {
		char *s = TessResultIteratorGetUTF8Text(at, RIL_SYMBOL);

		ok = s != NULL && s[0] == word[i] && s[1] == '\0' &&
		     TessPageIteratorBoundingBox(page, RIL_SYMBOL,
			 &ret->box[i][0], &ret->box[i][1], &ret->box[i][2],
			 &ret->box[i][3]) &&
		     (i + 1 == n || TessResultIteratorNext(at, RIL_SYMBOL));
		if (s != NULL)
			TessDeleteText(s);
	}
	TessResultIteratorDelete(at);
	return ok;
}

/* A thousand ends with digit i, and another begins. */
static bool
ends_group(const struct sl_ocr_number *n, size_t i)
{
	return i >= n->first && i + 1 < n->first + n->digits &&
	       (n->first + n->digits - 1 - i) % 3 == 0;
}

bool
sl_ocr_number_apart(const struct sl_ocr_number *n)
{
	int across = 0, within = 0, pitch, gap;
	size_t i;

	for (i = n->first; i + 1 < n->first + n->digits; i++) {
		const int *a = n->box[i], *b = n->box[i + 1];

		pitch = b[0] + b[2] - a[0] - a[2];
		gap = b[0] - a[2];
		if (!ends_group(n, i)) {
			within = pitch > within ? pitch : within;
			continue;
		}
		if (gap < APART_GAP * (a[3] - a[1]))
			return false;
		if (across == 0 || pitch < across)
			across = pitch;
	}
	return within > 0 && across >= APART_PITCH * within;
}

size_t
sl_ocr_number_group(const struct sl_ocr_number *n, size_t i)
{
	while (i < n->n && !ends_group(n, i))
		i++;
	return i < n->n ? i + 1 : n->n;
}

/* -- leaders -------------------------------------------------------------- */

/* How many characters, and whether all are those of leaders and rules. */
static unsigned
characters(const char *s, size_t n, bool *ret_leader)
{
	static const char dashes[] = "\xe2\x80\x93\xe2\x80\x94\xe2\x80\xa6";
	unsigned count = 0;
	size_t i;

	*ret_leader = true;
	for (i = 0; i < n; i++) {
		if ((s[i] & 0xc0) == 0x80)
			continue;
		count++;
		if (strchr("._-", s[i]) != NULL)
			continue;
		*ret_leader &=
		    n - i >= 3 && (memcmp(s + i, dashes, 3) == 0 ||
				      memcmp(s + i, dashes + 3, 3) == 0 ||
				      memcmp(s + i, dashes + 6, 3) == 0);
	}
	return count;
}

/* The look's ink as the page lies, without what is lower than a letter. */
static PIX *
high_ink(const struct sl_ocr_look *l, unsigned turn)
{
	int height = (int)(l->letter_px / (unsigned)l->scale);
	PIX *ink, *high;

	if (height < HEIGHT_MIN)
		return NULL;
	ink = pixRotateOrth(l->ink, (int)turn / 90);
	if (ink == NULL)
		return NULL;
	high = pixSelectBySize(ink, 0, (int)(height * HEIGHT_PART), 8,
	    L_SELECT_HEIGHT, L_SELECT_IF_GTE, NULL);
	pixDestroy(&ink);
	return high;
}

static bool
is_bare(PIX *high, const struct sl_word *w)
{
	int width = pixGetWidth(high), height = pixGetHeight(high), n = 1;
	int x = w->x0 * width / 65535, y = w->y0 * height / 65535;
	BOX *b = boxCreate(x, y, w->x1 * width / 65535 + 1 - x,
	    w->y1 * height / 65535 + 1 - y);

	if (b != NULL)
		(void)pixCountPixelsInRect(high, b, &n, NULL);
	boxDestroy(&b);
	return n == 0;
}

/* Marks what goes; false = nothing. */
static bool
find_leaders(PIX *high, const struct sl_page *p, bool *gone)
{
	size_t i, bare = 0;
	bool any = false, leader;
	unsigned n;

	for (i = 0; i < p->words_count; i++) {
		const struct sl_word *w = &p->words[i];

		n = characters(p->text.p + w->at, w->length, &leader);
		if (leader && n >= LEADER_MIN)
			any = gone[i] = true;
		else if (!leader && n >= 2 && high != NULL && is_bare(high, w))
			bare++;
	}
	if (bare == 0 || bare * 100 > p->words_count * BARE_MOST)
		return any;
	for (i = 0; i < p->words_count; i++) {
		const struct sl_word *w = &p->words[i];

		n = characters(p->text.p + w->at, w->length, &leader);
		gone[i] |= !leader && n >= 2 && is_bare(high, w);
	}
	return true;
}

static double
area(const struct sl_word *w)
{
	return ((double)w->x1 - w->x0) * ((double)w->y1 - w->y0);
}

static bool
is_same(const struct sl_word *a, const struct sl_word *b)
{
	double x0 = a->x0 > b->x0 ? a->x0 : b->x0;
	double x1 = a->x1 < b->x1 ? a->x1 : b->x1;
	double y0 = a->y0 > b->y0 ? a->y0 : b->y0;
	double y1 = a->y1 < b->y1 ? a->y1 : b->y1;
	double both = (x1 - x0) * (y1 - y0);

	return x1 > x0 && y1 > y0 &&
	       both >= SAME_PART * (area(a) + area(b) - both);
}

static bool
on_two_lines(const struct sl_page *p, size_t i, size_t k)
{
	return memchr(p->text.p + p->words[i].at, '\n',
		   p->words[k].at - p->words[i].at) != NULL;
}

/* Tesseract may give one word of a line the box of all of it: that is no other
 * reading of the words there. */
static bool
has_same_ends(const struct sl_word *a, const struct sl_word *b)
{
	int wide =
	    a->x1 - a->x0 < b->x1 - b->x0 ? a->x1 - a->x0 : b->x1 - b->x0;

	return abs(a->x0 - b->x0) <= SAME_ENDS * wide &&
	       abs(a->x1 - b->x1) <= SAME_ENDS * wide;
}

/* A line with a rule below it that is not quite level may be read twice, once
 * badly: of two readings the less sure one goes. */
static bool
find_doubles(const struct sl_page *p, bool *gone)
{
	size_t i, k;
	bool any = false;

	for (i = 0; i < p->words_count; i++)
		for (k = i + 1; k < p->words_count && k <= i + SAME_WITHIN; k++)
			if (!gone[i] && !gone[k] &&
			    is_same(&p->words[i], &p->words[k]) &&
			    (on_two_lines(p, i, k) ||
				has_same_ends(&p->words[i], &p->words[k])))
				any = gone[p->words[k].confidence <=
						   p->words[i].confidence
					       ? k
					       : i] = true;
	return any;
}

/* Of a page that holds nothing but guesses, those go. */
static bool
find_guesses(const struct sl_page *p, bool *gone)
{
	size_t i, sure = 0, bytes = 0;
	uint64_t sum = 0;
	bool specks;

	for (i = 0; i < p->words_count; i++) {
		sum += p->words[i].confidence;
		bytes += p->words[i].length;
		sure += p->words[i].confidence >= GUESS_SURE;
	}
	specks = bytes < GUESS_LENGTH * p->words_count &&
		 sum < GUESS_SURE * p->words_count;
	if (!specks && (sum >= GUESS_CONFIDENCE * p->words_count ||
			   sure * 100 >= p->words_count * GUESS_SHARE))
		return false;
	for (i = 0; i < p->words_count; i++)
		gone[i] |= p->words[i].confidence < GUESS_SURE;
	return true;
}

/* Where the line of word i ends: the first word of the next. */
static size_t
line_end(const struct sl_page *p, size_t i)
{
	size_t end;

	for (; i + 1 < p->words_count; i++) {
		end = p->words[i].at + p->words[i].length;
		if (memchr(p->text.p + end, '\n', p->words[i + 1].at - end) !=
		    NULL)
			break;
	}
	return i + 1;
}

/* How many words of a line are guesses at what is no print: all or none. */
static unsigned
count_scrawl(
    const struct sl_page *p, size_t first, size_t end, const bool *gone)
{
	uint64_t sum = 0;
	unsigned n = 0;
	size_t i;

	for (i = first; i < end; i++) {
		if (p->words[i].confidence >= UNSURE_EACH)
			return 0;
		sum += p->words[i].confidence;
		n += !gone[i];
	}
	return n >= UNSURE_LINE && sum < UNSURE_ALL * (end - first) ? n : 0;
}

/* Marks the first words of such lines, and that the others go. Result: how many
 * words they have. */
static unsigned
find_scrawl(const struct sl_ocr_pass *pass, bool *scrawl, bool *gone)
{
	const struct sl_page *p = &pass->page;
	size_t line, end, i;
	unsigned n = 0, more;

	if (pass->confidence < PRINT_CONFIDENCE)
		return 0;
	for (line = 0; line < p->words_count; line = end) {
		end = line_end(p, line);
		more = count_scrawl(p, line, end, gone);
		n += more;
		scrawl[line] = more > 0;
		for (i = line; more > 0 && i < end; i++)
			gone[i] = i > line;
	}
	return n;
}

/* Those of lines on rules that could not be read are known (ruled.h). Result:
 * how many. */
static unsigned
find_lost(const struct sl_page *p, bool *scrawl, const bool *gone)
{
	static const size_t length = sizeof(SL_UNREAD) - 1;
	unsigned n = 0;
	size_t i;

	for (i = 0; i < p->words_count; i++) {
		const struct sl_word *w = &p->words[i];

		if (gone[i] || w->confidence > 0 || w->length != length ||
		    memcmp(p->text.p + w->at, SL_UNREAD, length) != 0)
			continue;
		scrawl[i] = true;
		n++;
	}
	return n;
}

static unsigned
line_ends(const char *s, size_t n)
{
	unsigned ends = 0;

	while (n-- > 0)
		ends += s[n] == '\n';
	return ends > 2 ? 2 : ends;
}

/* -- the page ------------------------------------------------------------- */

struct tidy {
	bool *gone, *section;
	bool *scrawl; /* the first words of lines that could not be read */
};

/* The page without the words that go; lines and paragraphs stay as they were.
 */
static void
rewrite(struct sl_ocr_pass *pass, const struct tidy *t)
{
	struct sl_page *old = &pass->page, page;
	size_t i, end = 0;
	unsigned ends = 0, more;

	sl_page_init(&page, old->part, old->page);
	for (i = 0; i < old->words_count; i++) {
		const struct sl_word *w = &old->words[i];
		const char *s = old->text.p + w->at;
		const uint16_t box[4] = {w->x0, w->y0, w->x1, w->y1};

		more = line_ends(old->text.p + end, w->at - end);
		ends = more > ends ? more : ends;
		end = w->at + w->length;
		if (t->gone[i])
			continue;
		if (page.text.n > 0)
			sl_page_add_text(&page, ends > 0 ? "\n\n" : " ",
			    ends > 0 ? ends : 1);
		ends = 0;
		if (t->scrawl[i])
			sl_page_add_text(
			    &page, SL_UNREAD, sizeof(SL_UNREAD) - 1);
		else if (t->section[i])
			sl_ocr_section_put(&page, old, i);
		else
			sl_page_add_word(
			    &page, s, w->length, w->confidence, box);
	}
	page.flags |= old->flags;
	sl_page_free(old);
	*old = page;
	sl_ocr_pass_count(pass);
}

void
sl_ocr_tidy(const struct sl_ocr_look *l, unsigned turn,
    const enum sl_ocr_sign *seen, struct sl_ocr_pass *pass)
{
	struct sl_page *p = &pass->page;
	SL_FREE bool *flags = NULL;
	struct tidy t;
	unsigned confidence = pass->confidence;
	bool some;
	PIX *high;

	if (p->words_count == 0)
		return;
	flags = sl_alloc(3 * p->words_count * sizeof(*flags));
	t = (struct tidy){.gone = flags,
	    .section = flags + p->words_count,
	    .scrawl = flags + 2 * p->words_count};
	high = pass->turn == 0 ? high_ink(l, turn) : NULL;
	some = sl_ocr_section_find(p, seen, t.section) > 0;
	sl_ocr_section_tell(p, t.section, &pass->sections);
	some |= find_leaders(high, p, t.gone);
	some |= find_doubles(p, t.gone);
	pass->unread = find_scrawl(pass, t.scrawl, t.gone);
	pass->unread += find_lost(p, t.scrawl, t.gone);
	some |= find_guesses(p, t.gone) || pass->unread > 0;
	if (some)
		rewrite(pass, &t);
	/* It does not read better for what was left out. */
	if (pass->unread > 0 && pass->confidence > confidence)
		pass->confidence = confidence;
	pixDestroy(&high);
}
