/*
 * INVARIANT: words are only ever replaced by words of the same line that score
 * more in sum.
 *
 * With its rule a line is often read as well as any other, and its descenders
 * are whole; without, where the rule goes through the letters. So both are
 * tried, and only of lines that give a reason.
 */
#include "ruled.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../read/fields.h"
#include "reread.h"

/* Columns of ink without a word above, in letters' heights: something of the
 * line is lost. */
#define LOST_LETTERS 2
/* So much of it (per cent) that it is told, */
#define LOST_SHARE 25
/* and only of a page that is print (thousandths). */
#define PRINT_CONFIDENCE 700u
/* So sure (thousandths), and so many words known (per cent), it reads well; */
#define SURE_LINE 900u
#define KNOWN_LINE 60u
/* below the first it is no print, below the second it is left as it was. */
#define NO_LINE 550u
#define TAKE_LINE 650u
/* Ink under words below this counts as unread. */
#define READ_CONFIDENCE 500u
/* White round a line, in pixels of the sheet. */
#define PAD 8

struct work {
	const struct sl_ocr_again *a;
	PIX *ink; /* the look's, as the page lies, without rules */
	struct sl_ocr_sheet sheet[2]; /* with rules and without */
	int64_t end_ms; /* 0 = none */
	struct sl_ocr_pass *pass;
};

/* A line laid level, by itself. */
struct level {
	struct sl_ocr_sheet sheet;
	double x, y; /* its corner, where it was */
	double lean, middle; /* rows lower a column from there */
};

static const enum sl_ocr_effort efforts[2] = {SL_OCR_PLAIN, SL_OCR_UNRULED};

static struct sl_ocr_span
span_of(const struct work *w, const struct sl_ocr_rule_line *l)
{
	double kx = 65535.0 / pixGetWidth(w->ink);
	double ky = 65535.0 / pixGetHeight(w->ink);
	double rise = l->lean * (l->x1 - l->x0);
	double y = l->y - rise / 2;

	return (struct sl_ocr_span){.x0 = l->x0 * kx,
	    .y0 = (y + l->top) * ky,
	    .x1 = l->x1 * kx,
	    .y1 = (y + l->end) * ky,
	    .fall = rise * ky,
	    .line = true};
}

/* Columns of the line with ink and no word, and what is known of its words. */
struct state {
	int unread, columns;
	int hole[2]; /* where most of them lie together */
};

static void
cover(const struct work *w, const struct sl_ocr_rule_line *l, bool *covered)
{
	const struct sl_page *p = &w->pass->page;
	const struct sl_ocr_span s = span_of(w, l);
	int wide = pixGetWidth(w->ink), x, end;
	size_t i;

	for (i = 0; i < p->words_count; i++) {
		const struct sl_word *v = &p->words[i];

		if (v->confidence < READ_CONFIDENCE || !sl_ocr_span_has(&s, v))
			continue;
		x = (int)((int64_t)v->x0 * wide / 65535) - 1;
		end = (int)((int64_t)v->x1 * wide / 65535) + 1;
		for (x = x > l->x0 ? x : l->x0; x <= end && x < l->x1; x++)
			covered[x - l->x0] = true;
	}
}

static bool
has_ink(PIX *ink, int x, int y0, int y1)
{
	int y;

	for (y = y0 > 0 ? y0 : 0; y < y1 && y < pixGetHeight(ink); y++)
		if (GET_DATA_BIT(
			pixGetData(ink) + (size_t)y * (size_t)pixGetWpl(ink),
			x))
			return true;
	return false;
}

static void
see_line(
    const struct work *w, const struct sl_ocr_rule_line *l, struct state *ret)
{
	SL_FREE bool *covered =
	    sl_alloc((size_t)(l->x1 - l->x0) * sizeof(*covered));
	int mid = (l->x0 + l->x1) / 2, x, y, most = 0, n = 0, first = 0;

	*ret = (struct state){0};
	cover(w, l, covered);
	for (x = l->x0; x < l->x1; x++) {
		y = l->y + (int)lroundf(l->lean * (float)(x - mid));
		if (covered[x - l->x0])
			n = 0;
		if (!has_ink(w->ink, x, y + l->top * 3 / 4, y))
			continue;
		ret->columns++;
		if (covered[x - l->x0])
			continue;
		ret->unread++;
		if (n++ == 0)
			first = x;
		if (n > most) {
			most = n;
			ret->hole[0] = first;
			ret->hole[1] = x + 1;
		}
	}
}

static int
grey_at(PIX *pix, int x, int y)
{
	const l_uint32 *row;

	if (x < 0 || y < 0 || x >= pixGetWidth(pix) || y >= pixGetHeight(pix))
		return -1;
	row = pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix);
	return pixGetDepth(pix) == 1 ? (GET_DATA_BIT(row, x) ? 0 : 255)
				     : GET_DATA_BYTE(row, x);
}

/* The sheet's line, level, on its paper. false = no memory, or nothing. */
static bool
level_line(const struct sl_ocr_sheet *from, const struct sl_ocr_rule_line *l,
    struct level *ret)
{
	double k = from->look_scale, at[2];
	int w = (int)((l->x1 - l->x0) * k * from->scale), x, y, v;
	int h = (int)((l->end - l->top) * k * from->scale), dy;
	l_uint32 paper = 255;
	PIX *pix = w > 0 && h > 0 ? pixCreate(w, h, 8) : NULL;

	if (pix == NULL)
		return false;
	sl_ocr_sheet_point(from, (l->x0 + l->x1) / 2.0 * k,
	    (l->y + (l->top + l->end) / 2.0) * k, at);
	*ret = (struct level){.x = at[0] - w / 2.0,
	    .y = at[1] - h / 2.0,
	    .lean = l->lean + tan(from->skew),
	    .middle = at[0]};
	(void)pixSetAll(pix);
	for (x = 0; x < w; x++) {
		dy = (int)lround(ret->lean * (ret->x + x - ret->middle));
		for (y = 0; y < h; y++) {
			v = grey_at(
			    from->pix, (int)ret->x + x, (int)ret->y + y + dy);
			if (v >= 0)
				SET_DATA_BYTE(
				    pixGetData(pix) +
					(size_t)y * (size_t)pixGetWpl(pix),
				    x, v);
		}
	}
	(void)pixGetRankValue(pix, 1, 0.7f, &paper);
	ret->sheet = (struct sl_ocr_sheet){
	    .pix = pixAddBorderGeneral(pix, PAD, PAD, PAD, PAD, paper),
	    .dpi = from->dpi,
	    .width = w + 2 * PAD,
	    .height = h + 2 * PAD,
	    .scale = 1,
	    .look_scale = 1};
	pixDestroy(&pix);
	return ret->sheet.pix != NULL;
}

/* Boxes of the level line become those of the page. */
static void
lay_back(
    const struct sl_ocr_sheet *sheet, const struct level *t, struct sl_page *p)
{
	uint16_t box[4];
	double x0, x1, dy;
	size_t i;

	for (i = 0; i < p->words_count; i++) {
		struct sl_word *w = &p->words[i];

		x0 = t->x - PAD + w->x0 * t->sheet.width / 65535.0;
		x1 = t->x - PAD + w->x1 * t->sheet.width / 65535.0;
		dy = t->y - PAD + t->lean * ((x0 + x1) / 2 - t->middle);
		const int at[4] = {(int)x0,
		    (int)(w->y0 * t->sheet.height / 65535.0 + dy), (int)x1,
		    (int)(w->y1 * t->sheet.height / 65535.0 + dy)};

		sl_ocr_sheet_box(sheet, at, box);
		w->x0 = box[0];
		w->y0 = box[1];
		w->x1 = box[2];
		w->y1 = box[3];
	}
}

/* false = the time is over. */
static bool
left_ms(const struct work *w, int *ret)
{
	int64_t left = w->end_ms - sl_clock_boot_ms();

	*ret = w->end_ms == 0 ? 0 : left < 1 ? 1 : (int)left;
	return w->end_ms == 0 || left >= 1;
}

/* Reads the line once; ret is the caller's in any case. */
static bool
read_line(struct work *w, int i, const struct sl_ocr_rule_line *l,
    struct sl_ocr_pass *ret)
{
	struct sl_ocr_sheet *sheet = &w->sheet[i];
	const struct sl_ocr_again *a = w->a;
	struct level t;
	int all[4] = {0}, left;
	bool ok;

	*ret = (struct sl_ocr_pass){0};
	if (!left_ms(w, &left))
		return false;
	if (sheet->pix == NULL)
		sl_ocr_sheet_make(
		    a->image, a->dpi, a->look, a->turn, efforts[i], sheet);
	if (sheet->pix == NULL || !level_line(sheet, l, &t))
		return false;
	all[2] = t.sheet.width;
	all[3] = t.sheet.height;
	ok = sl_ocr_recognise_part(
		 a->api, &t.sheet, all, PSM_SINGLE_LINE, left, ret) == SL_OK &&
	     ret->turn == 0;
	if (ok)
		lay_back(sheet, &t, &ret->page);
	pixDestroy(&t.sheet.pix);
	return ok;
}

/* The rule makes words less sure, not less right: it is what is known of them
 * that tells, before how sure they are. */
static bool
reads_better(const struct sl_ocr_pass *a, const struct sl_ocr_pass *b)
{
	uint64_t x = (uint64_t)a->known * b->words;
	uint64_t y = (uint64_t)b->known * a->words;

	return x != y ? x > y : a->score > b->score;
}

/* Another try may bring more: it is neither read well nor past reading. */
static bool
may_read_better(const struct sl_ocr_pass *p)
{
	return p->confidence >= NO_LINE &&
	       (p->confidence < SURE_LINE ||
		   p->known * 100 < p->words * KNOWN_LINE);
}

static bool
try_line(struct work *w, const struct sl_ocr_rule_line *l)
{
	const struct sl_ocr_span s = span_of(w, l);
	double before = sl_ocr_span_score(&w->pass->page, &s);
	struct sl_ocr_pass pass[2] = {0};
	bool ok[2] = {false}, done = false;
	int i, best;

	for (i = 0; i < 2 && (i == 0 || may_read_better(&pass[0])); i++)
		ok[i] = read_line(w, i, l, &pass[i]) &&
			pass[i].confidence >= TAKE_LINE &&
			pass[i].score > before;
	best = ok[1] && (!ok[0] || reads_better(&pass[1], &pass[0]));
	if (ok[best])
		done =
		    sl_ocr_span_take(w->pass, &pass[best], &s, &w->sheet[best]);
	for (i = 0; i < 2; i++)
		sl_ocr_pass_free(&pass[i]);
	return done;
}

/* Puts SL_UNREAD where most of the line is missing; sl_ocr_tidy makes it no
 * word. */
static void
tell_lost(
    struct work *w, const struct sl_ocr_rule_line *l, const struct state *state)
{
	struct sl_ocr_rule_line hole = *l;
	struct sl_ocr_pass mark = {0};
	struct sl_ocr_span s;

	hole.x0 = state->hole[0];
	hole.x1 = state->hole[1];
	hole.y += (int)lroundf(
	    l->lean * (float)(hole.x0 + hole.x1 - l->x0 - l->x1) / 2);
	s = span_of(w, &hole);
	const uint16_t box[4] = {(uint16_t)fmax(s.x0, 0),
	    (uint16_t)fmax(s.y0, 0), (uint16_t)fmin(s.x1, 65535),
	    (uint16_t)fmin(s.y1, 65535)};

	s.y1 = s.y0 - 1; /* it replaces nothing */
	sl_page_init(&mark.page, 0, 0);
	sl_page_add_word(&mark.page, SL_UNREAD, sizeof(SL_UNREAD) - 1, 0, box);
	sl_ocr_span_put(w->pass, &mark, &s, &w->sheet[0]);
	sl_ocr_pass_free(&mark);
}

/* Result: whether it was put in. */
static bool
see_to_line(struct work *w, const struct sl_ocr_rule_line *l)
{
	const struct sl_ocr_look *look = w->a->look;
	int least = LOST_LETTERS * (int)look->letter_px / look->scale;
	struct state s;
	bool done;

	see_line(w, l, &s);
	if (s.unread < least)
		return false;
	done = try_line(w, l);
	if (done)
		see_line(w, l, &s);
	if (s.unread >= least && s.unread * 100 >= s.columns * LOST_SHARE &&
	    w->pass->confidence >= PRINT_CONFIDENCE && w->sheet[0].pix != NULL)
		tell_lost(w, l, &s);
	return done;
}

unsigned
sl_ocr_ruled_read(const struct sl_ocr_again *a, struct sl_ocr_pass *pass)
{
	const struct sl_ocr_look *l = a->look;
	struct work w = {.a = a, .pass = pass};
	PIX *text;
	unsigned i, n = 0;

	if (l->rules.n == 0 || pass->turn != 0 || a->turn != l->rules_turn)
		return 0;
	if (a->deadline_ms > 0)
		w.end_ms = sl_clock_boot_ms() + a->deadline_ms;
	text = pixSubtract(NULL, l->ink, l->rules.mask);
	if (text != NULL)
		w.ink = pixRotateOrth(text, (int)a->turn / 90);
	for (i = 0; w.ink != NULL && i < l->rules.n; i++)
		n += see_to_line(&w, &l->rules.lines[i]);
	for (i = 0; i < 2; i++)
		pixDestroy(&w.sheet[i].pix);
	pixDestroy(&w.ink);
	pixDestroy(&text);
	return n;
}
