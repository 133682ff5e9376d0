/*
 * The words of a page, handed to the host. What no one can read is left out: a
 * word of characters without meaning says nothing to a search.
 */
#include "pdf.h"

enum { WORD_BYTES = 1024 };

struct word {
	char text[WORD_BYTES + 8];
	size_t n;
	unsigned good; /* runes that mean something */
	fz_rect box;
	fz_point origin; /* of the page's box */
	bool space; /* one is due */
	bool any; /* words of this line so far */
};

static void
word_flush(
    const struct sluse_reader_host *host, struct sluse_sink *k, struct word *w)
{
	if (w->n > 0 && w->good > 0) {
		if (w->space)
			host->text(k, " ", 1);
		host->word(k, w->text, w->n, w->box.x0 - w->origin.x,
		    w->box.y0 - w->origin.y, w->box.x1 - w->origin.x,
		    w->box.y1 - w->origin.y);
		w->space = false;
		w->any = true;
	}
	w->n = 0;
	w->good = 0;
	w->box = fz_empty_rect;
}

/* In line, since it is done for every letter of a page. */
static inline fz_rect
with_quad(fz_rect r, fz_quad q)
{
	const fz_point corner[] = {q.ul, q.ur, q.ll, q.lr};

	for (size_t i = 0; i < 4; i++) {
		r.x0 = corner[i].x < r.x0 ? corner[i].x : r.x0;
		r.y0 = corner[i].y < r.y0 ? corner[i].y : r.y0;
		r.x1 = corner[i].x > r.x1 ? corner[i].x : r.x1;
		r.y1 = corner[i].y > r.y1 ? corner[i].y : r.y1;
	}
	return r;
}

static bool
emit_line(const struct sluse_reader_host *host, struct sluse_sink *k,
    const fz_stext_line *line, struct word *w)
{
	const fz_stext_char *c;

	w->space = w->any = false;
	for (c = line->first_char; c; c = c->next) {
		if (rune_is_space(c->c)) {
			word_flush(host, k, w);
			w->space = w->any;
			continue;
		}
		if (w->n >= WORD_BYTES)
			word_flush(host, k, w);
		if (w->n == 0)
			w->box = (fz_rect){c->quad.ul.x, c->quad.ul.y,
			    c->quad.ul.x, c->quad.ul.y};
		w->box = with_quad(w->box, c->quad);
		w->good += !rune_is_bad(c->c);
		w->n += (size_t)fz_runetochar(w->text + w->n, c->c);
	}
	word_flush(host, k, w);
	if (w->any)
		host->text(k, "\n", 1);
	return w->any;
}

bool
emit_text(const struct sluse_reader_host *host, struct sluse_sink *k,
    const struct probe *p, const fz_stext_page *text)
{
	const fz_stext_block *b;
	const fz_stext_line *l;
	struct word w = {.box = fz_empty_rect};
	bool any = false, here = false;

	w.origin.x = p->page.x0;
	w.origin.y = p->page.y0;
	for (b = text->first_block; b; b = b->next) {
		if (b->type != FZ_STEXT_BLOCK_TEXT)
			continue;
		if (here)
			host->text(k, "\n", 1);
		here = false;
		for (l = b->u.t.first_line; l; l = l->next)
			here |= emit_line(host, k, l, &w);
		any |= here;
	}
	return any;
}
