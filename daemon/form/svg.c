/*
 * Horizontal bars as inline SVG: label, bar, value. Colours hold 4.5:1 against
 * white; what the bars say stands as text beside them and in the table. Many
 * bars are several pictures, one below the other on one scale: paper can break
 * between them.
 */
#include <math.h>
#include <string.h>

#include "../base/text.h"
#include "form.h"

#define ROW 26
#define BAR 440
#define VALUE 90
#define LABEL_CHARS 60
#define LABEL_LEAST 120
#define BARS 12 /* of a picture */

static void
text_at(struct sl_buf *b, int x, int y, const char *how, const char *s)
{
	sl_buf_printf(b, "<text x=\"%d\" y=\"%d\"%s>", x, y, how);
	sl_text_html(b, s, strlen(s));
	sl_buf_add_str(b, "</text>");
}

/* How many bytes the first max characters take; *ret: how many these are. */
static size_t
first_chars(const char *s, size_t max, size_t *ret)
{
	size_t i = 0, n = strlen(s);

	for (*ret = 0; i < n && *ret < max; ++*ret)
		(void)sl_utf8_next(s, n, &i);
	return i;
}

/* Of a label, in the widest font that is usual for sans-serif (DejaVu). */
static double
width_of(const char *s)
{
	size_t i = 0, n = strlen(s), chars;
	double w = 0;
	uint32_t c;

	for (chars = 0; i < n && chars <= LABEL_CHARS; chars++) {
		c = sl_utf8_next(s, n, &i);
		if (c < 0x80 && strchr("iljI.,:;'|![]()/ftr-\" ", (int)c))
			w += 6;
		else if ((c < 0x80 && strchr("mwMW@%&+", (int)c)) ||
			 c == 0xC6 || c == 0xE6 || c > 0xFF)
			w += 13;
		else
			w += c >= 'A' && c <= 'Z'     ? 10.5
			     : c >= 0xC0 && c <= 0xDE ? 10.5
						      : 8.4;
	}
	return w;
}

/* A label too long for its place is cut at a character. */
static void
label_at(struct sl_buf *b, int x, int y, const char *s)
{
	char cut[LABEL_CHARS * 4 + 8];
	size_t chars, n = first_chars(s, LABEL_CHARS, &chars);

	(void)snprintf(cut, sizeof(cut), "%.*s%s", (int)n, s,
	    s[n] != '\0' ? "\xE2\x80\xA6" : "");
	text_at(b, x, y, " text-anchor=\"end\"", cut);
}

static void
bar_at(struct sl_buf *b, const struct sl_bars *c, size_t i, int label, int y,
    double max)
{
	SL_BUF struct sl_buf shown = {0};
	double v = c->value[i];
	int w = max > 0 && !isnan(v) ? (int)lround(v / max * BAR) : 0;

	label_at(b, label - 8, y + 17, c->label[i]);
	if (isnan(v)) {
		text_at(b, label + 8, y + 17, " font-style=\"italic\"",
		    c->lang == SL_LANGUAGE_EN ? "not known" : "ikke kjent");
		return;
	}
	sl_buf_printf(b,
	    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
	    "fill=\"#1f5f8b\"/>",
	    label, y + 3, w > 0 ? w : 1, ROW - 8);
	if (v == floor(v))
		sl_add_int(&shown, (int64_t)v);
	else
		sl_add_real(&shown, v, c->lang);
	sl_buf_add_str(&shown, c->unit);
	text_at(b, label + w + 8, y + 17, "", sl_buf_str(&shown));
}

static void
picture(struct sl_buf *b, const struct sl_bars *c, size_t from, size_t n,
    int label, double max)
{
	size_t i;

	sl_buf_printf(b,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
	    "viewBox=\"0 0 %d %zu\" width=\"%d\" height=\"%zu\" "
	    "font-family=\"sans-serif\" font-size=\"13\" fill=\"#1a1a1a\">"
	    "<title>",
	    label + BAR + VALUE, n * ROW + 4, label + BAR + VALUE, n * ROW + 4);
	sl_text_html(b, c->title, strlen(c->title));
	sl_buf_add_str(b, "</title>");
	for (i = 0; i < n; i++)
		bar_at(b, c, from + i, label, (int)i * ROW + 2, max);
	sl_buf_add_str(b, "</svg>\n");
}

void
sl_svg_bars(struct sl_buf *b, const struct sl_bars *c)
{
	double max = 0, longest = LABEL_LEAST, width;
	size_t i, n;

	for (i = 0; i < c->n; i++) {
		if (c->value[i] > max)
			max = c->value[i];
		width = width_of(c->label[i]);
		if (width > longest)
			longest = width;
	}
	for (i = 0; i < c->n; i += n) {
		n = c->n - i < BARS ? c->n - i : BARS;
		picture(b, c, i, n, (int)longest + 16, max);
	}
}
