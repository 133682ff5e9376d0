/*
 * INVARIANT: a word of the first pass is only ever replaced by words that lie
 * on the same block and score more in sum.
 */
#include "reread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"

/* A block is read again if so many letters of it were passed over, */
#define UNREAD_MIN 25u
/* and this share of them, in per cent. */
#define UNREAD_SHARE 12u
/* or if there are so many beside each other, and hardly one that was read. */
#define LOST_MIN 8u
#define LOST_SHARE 60u
/* A label of a form may have no more than so many; what stands in its place is
 * taken only if it is read with this confidence (thousandths). */
#define LABEL_MIN 4u
#define LABEL_CONFIDENCE 750u
/* So many letters are worth a look at whether they stand on end, and words of
 * this mean confidence (thousandths) say that they do. */
#define TURNED_MIN 30u
#define TURNED_CONFIDENCE 700u
/* Of a block that was partly read, only if something else lies over it: ink of
 * this share, in per cent, that is no letter's. */
#define OTHER_SHARE 4u
/* Ink of a letter, as part of the square of its height. */
#define LETTER_INK 0.4
/* Lower than so many letters: a line or two. */
#define FLAT 4
/* Lower than this part of a letter: a rule, or the dots that lead to a number.
 */
#define LINE_LOW 0.8
/* Letters of one block are no further apart than so many letters' heights. */
#define BLOCK_ACROSS 2.5
#define BLOCK_DOWN 1.8
/* Words of one line are no further apart than so many of their heights. */
#define APART_MOST 1.4
/* Thousandths: words of before that nothing new overlaps are kept from here. */
#define KEEP_CONFIDENCE 850u
/* Letters are read if a word of this confidence covers them. */
#define READ_CONFIDENCE 400u
#define LETTER_MIN 5
#define LETTER_MAX 60

/* The ink with nothing but letters on it. */
static PIX *
letters_of(PIX *ink)
{
	PIX *small, *big;

	/* Letters may run together into words, not over lines. */
	small = pixSelectBySize(
	    ink, 0, LETTER_MAX, 8, L_SELECT_HEIGHT, L_SELECT_IF_LTE, NULL);
	if (small == NULL)
		return NULL;
	big = pixSelectBySize(
	    small, 0, LETTER_MIN, 8, L_SELECT_HEIGHT, L_SELECT_IF_GTE, NULL);
	pixDestroy(&small);
	return big;
}

static void
word_rect(const struct sl_word *w, int width, int height, int rect[4])
{
	rect[0] = w->x0 * width / 65535;
	rect[1] = w->y0 * height / 65535;
	rect[2] = w->x1 * width / 65535 + 1;
	rect[3] = w->y1 * height / 65535 + 1;
}

/* Wipes out what the words cover. */
static void
wipe_words(PIX *letters, const struct sl_page *p)
{
	int w = pixGetWidth(letters), h = pixGetHeight(letters), r[4];
	size_t i;

	for (i = 0; i < p->words_count; i++) {
		if (p->words[i].confidence < READ_CONFIDENCE)
			continue;
		word_rect(&p->words[i], w, h, r);
		(void)pixRasterop(letters, r[0] - 2, r[1] - 2, r[2] - r[0] + 4,
		    r[3] - r[1] + 4, PIX_CLR, NULL, 0, 0);
	}
}

/* As many letters of that height as the ink would make. */
static unsigned
count_in(PIX *pix, BOX *box, int height)
{
	int n = 0;

	if (box != NULL)
		(void)pixCountPixelsInRect(pix, box, &n, NULL);
	else
		(void)pixCountPixels(pix, &n, NULL);
	return (unsigned)(n / (height * height * LETTER_INK));
}

/* Puts r in its place among the worst. */
static void
keep_worst(struct sl_ocr_region ret[SL_OCR_REGIONS_MAX], unsigned *n,
    const struct sl_ocr_region *r)
{
	unsigned i = *n < SL_OCR_REGIONS_MAX ? (*n)++ : SL_OCR_REGIONS_MAX - 1;

	if (ret[i].unread >= r->unread && i == SL_OCR_REGIONS_MAX - 1 &&
	    ret[i].w > 0)
		return;
	for (; i > 0 && ret[i - 1].unread < r->unread; i--)
		ret[i] = ret[i - 1];
	ret[i] = *r;
}

/* What the search for blocks works on, all of one size. */
struct maps {
	PIX *ink, *letters, *unread;
	int height; /* of a letter */
};

static bool
touches(const struct sl_ocr_region *a, const struct sl_ocr_region *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h &&
	       b->y < a->y + a->h;
}

/* What lies across something thick comes in pieces. */
static void
join(struct sl_ocr_region *to, const struct sl_ocr_region *r)
{
	int x1 = to->x + to->w > r->x + r->w ? to->x + to->w : r->x + r->w;
	int y1 = to->y + to->h > r->y + r->h ? to->y + to->h : r->y + r->h;

	to->x = to->x < r->x ? to->x : r->x;
	to->y = to->y < r->y ? to->y : r->y;
	to->w = x1 - to->x;
	to->h = y1 - to->y;
	to->letters += r->letters;
	to->unread += r->unread;
	to->other += r->other;
	to->flat &= r->flat;
}

/* Lost: nothing of it was read. Otherwise a part must have been passed over,
 * and something else than its own lines may be in the way. */
static bool
passed_over(const struct sl_ocr_region *r, bool lost)
{
	unsigned share = r->letters > 0 ? r->unread * 100 / r->letters : 0;

	if (lost)
		return r->unread >= (r->flat ? LABEL_MIN : LOST_MIN) &&
		       share >= LOST_SHARE;
	return r->unread >= UNREAD_MIN && share >= UNREAD_SHARE &&
	       (share < LOST_SHARE || !r->flat);
}

/* A block that was partly read, with nothing in its way: it is left as it is,
 * and so are its lines. */
static bool
clear(const struct sl_ocr_region *r)
{
	return !r->lost && r->unread * 100 < r->letters * LOST_SHARE &&
	       r->other * 100 < r->letters * OTHER_SHARE;
}

/* Adds blocks of letters that were passed over, or of those alone (lost). */
static unsigned
find_blocks(const struct maps *m, bool lost,
    struct sl_ocr_region ret[SL_OCR_REGIONS_MAX], unsigned n)
{
	PIX *blocks = pixCloseSafeBrick(NULL, lost ? m->unread : m->letters,
	    (int)(m->height * BLOCK_ACROSS) | 1,
	    (int)(m->height * BLOCK_DOWN) | 1);
	BOXA *boxes = blocks != NULL ? pixConnCompBB(blocks, 8) : NULL;
	int i, count = boxes != NULL ? boxaGetCount(boxes) : 0;
	struct sl_ocr_region r = {.lost = lost};
	unsigned k, all;
	BOX *b;

	for (i = 0; i < count; i++) {
		b = boxaGetBox(boxes, i, L_CLONE);
		(void)boxGetGeometry(b, &r.x, &r.y, &r.w, &r.h);
		r.letters = count_in(m->letters, b, m->height);
		r.unread = count_in(m->unread, b, m->height);
		all = count_in(m->ink, b, m->height);
		r.other = all > r.letters ? all - r.letters : 0;
		r.flat = r.h < FLAT * m->height;
		for (k = 0; k < n && !touches(&ret[k], &r);)
			k++;
		if (!passed_over(&r, lost) || r.h < LINE_LOW * m->height)
			k = n;
		else if (k == n)
			keep_worst(ret, &n, &r);
		else if (ret[k].lost == lost)
			join(&ret[k], &r);
		boxDestroy(&b);
	}
	boxaDestroy(&boxes);
	pixDestroy(&blocks);
	return n;
}

unsigned
sl_ocr_reread_find(const struct sl_ocr_look *l, unsigned turn,
    const struct sl_ocr_pass *pass,
    struct sl_ocr_region ret[SL_OCR_REGIONS_MAX])
{
	struct maps m = {.height = (int)l->letter_px / l->scale};
	unsigned n = 0, k;

	/* Words that were turned lie otherwise than the ink. */
	if (m.height < LETTER_MIN || pass->turn != 0)
		return 0;
	memset(ret, 0, SL_OCR_REGIONS_MAX * sizeof(ret[0]));
	m.ink = pixRotateOrth(l->ink, (int)turn / 90);
	if (m.ink != NULL)
		m.letters = letters_of(m.ink);
	if (m.letters != NULL)
		m.unread = pixCopy(NULL, m.letters);
	if (m.unread != NULL) {
		wipe_words(m.unread, &pass->page);
		if (count_in(m.unread, NULL, m.height) >= LABEL_MIN) {
			n = find_blocks(&m, false, ret, 0);
			n = find_blocks(&m, true, ret, n);
		}
	}
	pixDestroy(&m.unread);
	pixDestroy(&m.letters);
	pixDestroy(&m.ink);
	for (k = 0; k < n; k++)
		ret[k].done = clear(&ret[k]);
	return n;
}

bool
sl_ocr_span_has(const struct sl_ocr_span *s, const struct sl_word *w)
{
	double x = (w->x0 + w->x1) / 2.0, y = (w->y0 + w->y1) / 2.0;
	double wide = s->x1 > s->x0 ? s->x1 - s->x0 : 1;

	y -= s->fall * (x - s->x0) / wide;
	return x >= s->x0 && x <= s->x1 && y >= s->y0 && y <= s->y1;
}

static bool
overlaps_any(const struct sl_word *w, const struct sl_page *p)
{
	size_t i;

	for (i = 0; i < p->words_count; i++)
		if (w->x0 < p->words[i].x1 && p->words[i].x0 < w->x1 &&
		    w->y0 < p->words[i].y1 && p->words[i].y0 < w->y1)
			return true;
	return false;
}

static double
word_score(const struct sl_page *p, const struct sl_word *w)
{
	return sl_ocr_word_score(p->text.p + w->at, w->length, w->confidence);
}

/* A page as it is put together anew. */
struct copy {
	struct sl_page *to;
	const struct sl_page *from; /* of the last word */
	const char *apart; /* between blocks */
	size_t next; /* the word after it */
};

static bool
on_one_line(const struct sl_word *a, const struct sl_word *b)
{
	int high =
	    a->y1 - a->y0 < b->y1 - b->y0 ? a->y1 - a->y0 : b->y1 - b->y0;

	return b->x0 >= a->x0 && abs(a->y0 + a->y1 - b->y0 - b->y1) <= high;
}

/* Between words that followed each other stays what was. */
static void
copy_word(struct copy *c, const struct sl_page *from, size_t i)
{
	const struct sl_word *w = &from->words[i];
	const uint16_t box[4] = {w->x0, w->y0, w->x1, w->y1};
	struct sl_page *to = c->to;
	size_t gap =
	    i == 0 ? 0 : from->words[i - 1].at + from->words[i - 1].length;

	if (to->words_count == 0)
		;
	else if (from == c->from && i == c->next)
		sl_page_add_text(to, from->text.p + gap, w->at - gap);
	else if (on_one_line(&to->words[to->words_count - 1], w))
		sl_page_add_text(to, " ", 1);
	else if (i > 0 && memchr(from->text.p + gap, '\n', w->at - gap) != NULL)
		sl_page_add_text(to, from->text.p + gap, w->at - gap);
	else
		sl_page_add_text(to, c->apart, strlen(c->apart));
	sl_page_add_word(
	    to, from->text.p + w->at, w->length, w->confidence, box);
	c->from = from;
	c->next = i + 1;
}

/* The new words, then those of before beside them that were sure. */
static void
add_block(struct copy *c, const struct sl_page *old, const struct sl_page *new,
    const struct sl_ocr_span *s)
{
	size_t i;

	for (i = 0; i < new->words_count; i++)
		copy_word(c, new, i);
	for (i = 0; i < old->words_count; i++)
		if (sl_ocr_span_has(s, &old->words[i]) &&
		    old->words[i].confidence >= KEEP_CONFIDENCE &&
		    !overlaps_any(&old->words[i], new))
			copy_word(c, old, i);
}

/* As far as words of one line are apart, and no columns: in heights. A page is
 * seldom as wide as it is high, and boxes are parts of either. */
static bool
is_beside(const struct sl_word *a, const struct sl_word *b,
    const struct sl_ocr_sheet *sheet)
{
	double gap = ((double)b->x0 - a->x1) * sheet->width;
	double high = ((double)b->y1 - b->y0) * sheet->height;

	return on_one_line(a, b) && gap <= APART_MOST * high;
}

/* The first word there; of a line, the first of the most that follow each
 * other, since some are taken for one of the next. words_count = none. */
static size_t
first_of_most(const struct sl_page *p, const struct sl_ocr_span *s)
{
	size_t i, n = 0, most = 0, at = p->words_count;

	for (i = 0; i < p->words_count; i++) {
		n = sl_ocr_span_has(s, &p->words[i]) ? n + 1 : 0;
		if (n == 1 && !s->line)
			return i;
		if (n > most) {
			most = n;
			at = i + 1 - n;
		}
	}
	return at;
}

/* Where in the order of reading the block belongs: where its words were,
 * else in the line that it is of, else before the first word below its upper
 * edge in the same column. */
static size_t
place_of(const struct sl_page *old, const struct sl_page *new,
    const struct sl_ocr_span *s, const struct sl_ocr_sheet *sheet)
{
	const struct sl_word *first, *last;
	size_t i;

	i = first_of_most(old, s);
	if (i < old->words_count)
		return i;
	/* No word at all is better only than guesses, which were inside. */
	first = &new->words[0];
	last = &new->words[new->words_count - 1];
	for (i = 0; i < old->words_count; i++)
		if (is_beside(last, &old->words[i], sheet))
			return i;
	for (i = old->words_count; i > 0; i--)
		if (is_beside(&old->words[i - 1], first, sheet))
			return i;
	for (i = 0; i < old->words_count; i++)
		if (old->words[i].y0 >= s->y0 && old->words[i].x1 > s->x0 &&
		    old->words[i].x0 < s->x1)
			return i;
	return old->words_count;
}

void
sl_ocr_span_put(struct sl_ocr_pass *pass, struct sl_ocr_pass *new,
    const struct sl_ocr_span *s, const struct sl_ocr_sheet *sheet)
{
	struct sl_page *old = &pass->page, page;
	struct copy c = {.to = &page, .apart = s->line ? "\n" : "\n\n"};
	size_t at = place_of(old, &new->page, s, sheet), i;

	sl_page_init(&page, old->part, old->page);
	for (i = 0; i <= old->words_count; i++) {
		if (i == at)
			add_block(&c, old, &new->page, s);
		if (i < old->words_count && !sl_ocr_span_has(s, &old->words[i]))
			copy_word(&c, old, i);
	}
	page.flags |= old->flags;
	sl_page_free(old);
	*old = page;
	sl_ocr_pass_count(pass);
	pass->score += new->score;
}

static struct sl_ocr_span
span_of(const struct sl_ocr_sheet *sheet, const struct sl_ocr_region *r)
{
	double kx = 65535.0 * sheet->look_scale / sheet->width;
	double ky = 65535.0 * sheet->look_scale / sheet->height;

	return (struct sl_ocr_span){r->x * kx, r->y * ky, (r->x + r->w) * kx,
	    (r->y + r->h) * ky, 0, false};
}

/* On the page, in its pixels. */
static void
rect_of(const struct sl_ocr_sheet *sheet, const struct sl_ocr_region *r,
    int rect[4])
{
	rect[0] = r->x * sheet->look_scale;
	rect[1] = r->y * sheet->look_scale;
	rect[2] = (r->x + r->w) * sheet->look_scale;
	rect[3] = (r->y + r->h) * sheet->look_scale;
}

double
sl_ocr_span_score(const struct sl_page *p, const struct sl_ocr_span *s)
{
	double score = 0;
	size_t i;

	for (i = 0; i < p->words_count; i++)
		if (sl_ocr_span_has(s, &p->words[i]))
			score += word_score(p, &p->words[i]);
	return score;
}

bool
sl_ocr_span_take(struct sl_ocr_pass *pass, struct sl_ocr_pass *new,
    const struct sl_ocr_span *s, const struct sl_ocr_sheet *sheet)
{
	double before = sl_ocr_span_score(&pass->page, s);

	if (new->score <= before)
		return false;
	new->score -= before;
	sl_ocr_span_put(pass, new, s, sheet);
	return true;
}

/* Takes what new has of the region if it is worth more than what was there. */
static void
take_better(struct sl_ocr_pass *pass, struct sl_ocr_pass *new,
    const struct sl_ocr_sheet *sheet, struct sl_ocr_region *r)
{
	const struct sl_ocr_span s = span_of(sheet, r);

	r->done =
	    (r->unread >= LOST_MIN || new->confidence >= LABEL_CONFIDENCE) &&
	    sl_ocr_span_take(pass, new, &s, sheet);
}

void
sl_ocr_reread(TessBaseAPI *api, const struct sl_ocr_sheet *sheet,
    struct sl_ocr_region *r, int deadline_ms, struct sl_ocr_pass *pass)
{
	struct sl_ocr_pass new;
	int rect[4];

	rect_of(sheet, r, rect);
	if (sl_ocr_recognise_part(api, sheet, rect,
		r->flat ? PSM_SINGLE_BLOCK : PSM_AUTO, deadline_ms,
		&new) == SL_OK &&
	    new.turn == 0)
		take_better(pass, &new, sheet, r);
	sl_ocr_pass_free(&new);
}

/* -- lines on end --------------------------------------------------------- */

/* A part of a sheet, upright. */
struct turned {
	struct sl_ocr_sheet sheet;
	unsigned turn; /* degrees clockwise that it was turned by */
	int x, y, w, h; /* where it was */
};

/* false = no memory. */
static bool
turn_part(const struct sl_ocr_sheet *sheet, const struct sl_ocr_region *r,
    unsigned turn, struct turned *ret)
{
	int page[4], at[4];
	PIX *part = NULL;
	BOX *box;

	rect_of(sheet, r, page);
	sl_ocr_sheet_find(sheet, page, at);
	*ret = (struct turned){.turn = turn,
	    .x = at[0],
	    .y = at[1],
	    .w = at[2] - at[0],
	    .h = at[3] - at[1]};
	box = boxCreate(ret->x, ret->y, ret->w, ret->h);
	if (box != NULL)
		part = pixClipRectangle(sheet->pix, box, NULL);
	boxDestroy(&box);
	if (part == NULL)
		return false;
	ret->sheet =
	    (struct sl_ocr_sheet){.pix = pixRotateOrth(part, (int)turn / 90),
		.dpi = sheet->dpi,
		.width = ret->h,
		.height = ret->w,
		.scale = 1,
		.look_scale = 1};
	pixDestroy(&part);
	return ret->sheet.pix != NULL;
}

/* Boxes of the turned part become those of the page. */
static void
lay_back(
    const struct sl_ocr_sheet *sheet, const struct turned *t, struct sl_page *p)
{
	struct sl_word *w;
	uint16_t box[4];
	size_t i;

	sl_ocr_turn_boxes(p, 360 - t->turn);
	for (i = 0; i < p->words_count; i++) {
		w = &p->words[i];
		const int at[4] = {t->x + w->x0 * t->w / 65535,
		    t->y + w->y0 * t->h / 65535, t->x + w->x1 * t->w / 65535,
		    t->y + w->y1 * t->h / 65535};

		sl_ocr_sheet_box(sheet, at, box);
		w->x0 = box[0];
		w->y0 = box[1];
		w->x1 = box[2];
		w->y1 = box[3];
	}
}

void
sl_ocr_reread_turned(TessBaseAPI *api, const struct sl_ocr_sheet *sheet,
    struct sl_ocr_region *r, int deadline_ms, struct sl_ocr_pass *pass)
{
	unsigned share = r->letters > 0 ? r->unread * 100 / r->letters : 0;
	struct sl_ocr_pass new;
	struct turned t;
	unsigned turn;

	if (r->unread < TURNED_MIN || share < LOST_SHARE)
		return;
	for (turn = 90; turn <= 270 && !r->done; turn += 180) {
		new = (struct sl_ocr_pass){0};
		if (turn_part(sheet, r, turn, &t) &&
		    sl_ocr_recognise(api, &t.sheet, deadline_ms, &new, NULL) ==
			SL_OK &&
		    new.turn == 0 && new.confidence >= TURNED_CONFIDENCE) {
			lay_back(sheet, &t, &new.page);
			take_better(pass, &new, sheet, r);
		}
		sl_ocr_pass_free(&new);
		pixDestroy(&t.sheet.pix);
	}
}
