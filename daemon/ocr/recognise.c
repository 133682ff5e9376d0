/*
 * INVARIANT: a page that reads well costs exactly one pass.
 */
#include "recognise.h"

#include <math.h>
#include <string.h>

#include "tidy.h"

/* Below this mean confidence (thousandths) a page is tried another way; */
#define POOR_CONFIDENCE 600u
/* also below this number of words, */
#define POOR_WORDS 5u
/* and, where confidence is only middling, with few words or few known ones. */
#define DOUBT_CONFIDENCE 750u
#define DOUBT_WORDS 20u
#define DOUBT_KNOWN 20u /* per cent */
/* What OSD must be sure of to turn a page (its own scale, about 0..30). */
#define TURN_SURE 0.8f

/* So many words of four letters must stand on end to turn a page for. */
#define LYING_WORDS 3u

/* Words below this (per cent) speak against a pass. */
#define SCORE_ZERO 40.0

/* Letters, near enough: bytes that start a character and are not ASCII
 * punctuation. */
static unsigned
count_letters(const char *s, size_t length)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || c >= 0xc0)
			n++;
	}
	return n;
}

double
sl_ocr_word_score(const char *s, size_t n, unsigned confidence)
{
	return count_letters(s, n) * (confidence / 10.0 - SCORE_ZERO);
}

static void
separate(struct sl_ocr_pass *r, const TessPageIterator *at)
{
	if (r->page.text.n == 0)
		return;
	if (TessPageIteratorIsAtBeginningOf(at, RIL_PARA))
		sl_page_add_text(&r->page, "\n\n", 2);
	else if (TessPageIteratorIsAtBeginningOf(at, RIL_TEXTLINE))
		sl_page_add_text(&r->page, "\n", 1);
	else
		sl_page_add_text(&r->page, " ", 1);
}

/* How words lie. Tesseract reads text on its side, but calls it upright, so
 * that their shape and order must tell. */
struct lie {
	unsigned flat, tall;
	int down, last_y;
};

static void
see_lie(struct lie *l, const TessPageIterator *at, unsigned letters, int w,
    int h, int y)
{
	if (letters >= 4) {
		l->flat += w > h;
		l->tall += h > w;
	}
	if (!TessPageIteratorIsAtBeginningOf(at, RIL_TEXTLINE))
		l->down += y > l->last_y ? 1 : -1;
	l->last_y = y;
}

/* Turns a box of the page by 90 degrees clockwise. */
static void
turn_word(struct sl_word *w)
{
	struct sl_word old = *w;

	w->x0 = (uint16_t)(65535 - old.y1);
	w->y0 = old.x0;
	w->x1 = (uint16_t)(65535 - old.y0);
	w->y1 = old.x1;
}

void
sl_ocr_turn_boxes(struct sl_page *p, unsigned degrees)
{
	unsigned i;
	size_t w;

	for (i = 0; i < degrees % 360 / 90; i++)
		for (w = 0; w < p->words_count; w++)
			turn_word(&p->words[w]);
}

/* If most words stand on end, the page is turned to them. */
static void
turn_page(struct sl_ocr_pass *r, const struct lie *l)
{
	unsigned q;

	if (l->tall < LYING_WORDS || l->tall <= 2 * l->flat)
		return;
	q = l->down > 0 ? 3 : 1;
	sl_ocr_turn_boxes(&r->page, 90 * q);
	r->turn = 90 * q;
}

/* A number whose thousands stand apart: a word each. */
static void
add_groups(struct sl_ocr_pass *r, const struct sl_ocr_sheet *sheet,
    const struct sl_ocr_number *n, float confidence)
{
	size_t i, k, end;
	uint16_t box[4];

	for (i = 0; i < n->n; i = end) {
		int b[4] = {
		    n->box[i][0], n->box[i][1], n->box[i][2], n->box[i][3]};

		end = sl_ocr_number_group(n, i);
		for (k = i + 1; k < end; k++) {
			b[1] = n->box[k][1] < b[1] ? n->box[k][1] : b[1];
			b[2] = n->box[k][2] > b[2] ? n->box[k][2] : b[2];
			b[3] = n->box[k][3] > b[3] ? n->box[k][3] : b[3];
		}
		sl_ocr_sheet_box(sheet, b, box);
		if (i > 0)
			sl_page_add_text(&r->page, " ", 1);
		sl_page_add_word(&r->page, n->s + i, end - i,
		    (unsigned)lroundf(confidence * 10), box);
		r->words += i > 0;
	}
}

static void
take_words(TessResultIterator *it, const struct sl_ocr_sheet *sheet,
    struct sl_ocr_pass *r, double *ret_sum)
{
	const TessPageIterator *at = TessResultIteratorGetPageIteratorConst(it);
	int b[4];
	struct sl_ocr_number number;
	struct lie lie = {0};
	unsigned letters;
	uint16_t box[4];
	float confidence;
	char *s, *word;
	size_t n;

	do {
		s = TessResultIteratorGetUTF8Text(it, RIL_WORD);
		if (s == NULL)
			continue;
		/* Once in a while a space is a letter of a word. */
		word = s + strspn(s, " \t\n");
		n = strlen(word);
		while (n > 0 && strchr(" \t\n", word[n - 1]) != NULL)
			n--;
		word[n] = '\0';
		if (n == 0 || !TessPageIteratorBoundingBox(
				  at, RIL_WORD, &b[0], &b[1], &b[2], &b[3])) {
			TessDeleteText(s);
			continue;
		}
		confidence = TessResultIteratorConfidence(it, RIL_WORD);
		confidence = fminf(fmaxf(confidence, 0), 100);
		sl_ocr_sheet_box(sheet, b, box);
		separate(r, at);
		if (word == s && sl_ocr_number_take(it, s, &number) &&
		    sl_ocr_number_apart(&number))
			add_groups(r, sheet, &number, confidence);
		else
			sl_page_add_word(&r->page, word, n,
			    (unsigned)lroundf(confidence * 10), box);
		letters = count_letters(word, n);
		r->words++;
		see_lie(&lie, at, letters, b[2] - b[0], b[3] - b[1],
		    (b[1] + b[3]) / 2);
		r->known +=
		    letters > 1 && TessResultIteratorWordIsFromDictionary(it);
		r->score += letters * ((double)confidence - SCORE_ZERO);
		*ret_sum += confidence;
		TessDeleteText(s);
	} while (TessResultIteratorNext(it, RIL_WORD));
	turn_page(r, &lie);
}

/* Reads what was set. */
static enum sl_rc
read_set(TessBaseAPI *api, const struct sl_ocr_sheet *sheet, int deadline_ms,
    struct sl_ocr_pass *ret, struct sl_err *err)
{
	ETEXT_DESC *monitor = NULL;
	TessResultIterator *it;
	double sum = 0;
	int bad;

	if (deadline_ms > 0 && (monitor = TessMonitorCreate()) != NULL)
		TessMonitorSetDeadlineMSecs(monitor, deadline_ms);
	bad = TessBaseAPIRecognize(api, monitor);
	if (monitor != NULL)
		TessMonitorDelete(monitor);
	it = TessBaseAPIGetIterator(api);
	if (it != NULL)
		take_words(it, sheet, ret, &sum);
	if (it != NULL)
		TessResultIteratorDelete(it);
	if (ret->words > 0)
		ret->confidence = (unsigned)lround(sum * 10 / ret->words);
	if (bad == 0)
		return SL_OK;
	ret->cut = deadline_ms > 0;
	return sl_err_set(err, SL_BROKEN, 0,
	    deadline_ms > 0 ? "limit_time" : "damaged", "recognition stopped");
}

static void
set_image(
    TessBaseAPI *api, const struct sl_ocr_sheet *sheet, struct sl_ocr_pass *ret)
{
	*ret = (struct sl_ocr_pass){0};
	sl_page_init(&ret->page, 0, 0);
	TessBaseAPISetPageSegMode(api, PSM_AUTO);
	/* Among dots Tesseract looks for tables for a minute. */
	(void)TessBaseAPISetVariable(
	    api, "textord_tabfind_find_tables", sheet->dirty ? "0" : "1");
	(void)pixSetResolution(sheet->pix, (int)sheet->dpi, (int)sheet->dpi);
	TessBaseAPISetImage2(api, sheet->pix);
}

enum sl_rc
sl_ocr_recognise(TessBaseAPI *api, const struct sl_ocr_sheet *sheet,
    int deadline_ms, struct sl_ocr_pass *ret, struct sl_err *err)
{
	set_image(api, sheet, ret);
	return read_set(api, sheet, deadline_ms, ret, err);
}

enum sl_rc
sl_ocr_recognise_part(TessBaseAPI *api, const struct sl_ocr_sheet *sheet,
    const int rect[4], TessPageSegMode mode, int deadline_ms,
    struct sl_ocr_pass *ret)
{
	int r[4];

	sl_ocr_sheet_find(sheet, rect, r);
	set_image(api, sheet, ret);
	TessBaseAPISetPageSegMode(api, mode);
	/* Of a part as wide as the sheet Tesseract finds the lines there, and
	 * reads them at its top. */
	r[2] -= r[2] - r[0] == pixGetWidth(sheet->pix);
	TessBaseAPISetRectangle(api, r[0], r[1], r[2] - r[0], r[3] - r[1]);
	return read_set(api, sheet, deadline_ms, ret, NULL);
}

enum sl_rc
sl_ocr_recognise_word(TessBaseAPI *api, const struct sl_ocr_sheet *sheet,
    const struct sl_word *w, int deadline_ms, struct sl_ocr_pass *ret)
{
	const int rect[4] = {(int)((int64_t)w->x0 * sheet->width / 65535),
	    (int)((int64_t)w->y0 * sheet->height / 65535),
	    (int)((int64_t)w->x1 * sheet->width / 65535) + 1,
	    (int)((int64_t)w->y1 * sheet->height / 65535) + 1};

	return sl_ocr_recognise_part(
	    api, sheet, rect, PSM_SINGLE_LINE, deadline_ms, ret);
}

void
sl_ocr_pass_count(struct sl_ocr_pass *p)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < p->page.words_count; i++)
		sum += p->page.words[i].confidence;
	p->words = (unsigned)p->page.words_count;
	p->confidence =
	    p->words > 0 ? (unsigned)(sum / p->page.words_count) : 0;
}

void
sl_ocr_pass_free(struct sl_ocr_pass *p)
{
	sl_page_free(&p->page);
	sl_buf_free(&p->sections);
	*p = (struct sl_ocr_pass){0};
}

bool
sl_ocr_pass_poor(const struct sl_ocr_pass *p)
{
	if (p->words < POOR_WORDS || p->confidence < POOR_CONFIDENCE)
		return true;
	return p->confidence < DOUBT_CONFIDENCE &&
	       (p->words < DOUBT_WORDS ||
		   p->known * 100 < p->words * DOUBT_KNOWN);
}

unsigned
sl_ocr_turn(TessBaseAPI *osd, PIX *pix, unsigned dpi)
{
	float turn_sure = 0, script_sure = 0;
	const char *script = NULL;
	int degrees = 0;

	TessBaseAPISetPageSegMode(osd, PSM_OSD_ONLY);
	(void)pixSetResolution(pix, (int)dpi, (int)dpi);
	TessBaseAPISetImage2(osd, pix);
	if (!TessBaseAPIDetectOrientationScript(
		osd, &degrees, &turn_sure, &script, &script_sure) ||
	    turn_sure < TURN_SURE || degrees % 90 != 0)
		return 0;
	/* It tells how far the page is turned clockwise already. */
	return (unsigned)(360 - degrees % 360) % 360;
}
