/*
 * Horizontal bars as inline SVG: label, bar, value. Colours hold 4.5:1 against
 * white; what the bars say stands as text beside them and in the table.
 */
#include <math.h>
#include <string.h>

#include "../base/text.h"
#include "form.h"

#define ROW 26
#define LABEL 250
#define BAR 440
#define WIDTH (LABEL + BAR + 90)
#define LABEL_CHARS 34

static void
text_at(struct sl_buf *b, int x, int y, const char *how, const char *s)
{
	sl_buf_printf(b, "<text x=\"%d\" y=\"%d\"%s>", x, y, how);
	sl_text_html(b, s, strlen(s));
	sl_buf_add_str(b, "</text>");
}

/* A label too long for its place, cut at a character. */
static void
label_at(struct sl_buf *b, int y, const char *s)
{
	size_t i = 0, n = strlen(s), chars = 0;
	char cut[LABEL_CHARS * 4 + 8];

	while (i < n && chars < LABEL_CHARS) {
		(void)sl_utf8_next(s, n, &i);
		chars++;
	}
	(void)snprintf(
	    cut, sizeof(cut), "%.*s%s", (int)i, s, i < n ? "\xE2\x80\xA6" : "");
	text_at(b, LABEL - 8, y, " text-anchor=\"end\"", cut);
}

void
sl_svg_bars(struct sl_buf *b, const char *title, char *const *label,
    const double *value, size_t n, unsigned lang)
{
	SL_BUF struct sl_buf shown = {0};
	double max = 0;
	size_t i;
	int y, w;

	for (i = 0; i < n; i++)
		if (value[i] > max)
			max = value[i];
	sl_buf_printf(b,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
	    "aria-labelledby=\"chart-title\" viewBox=\"0 0 %d %zu\" "
	    "width=\"%d\" height=\"%zu\" font-family=\"sans-serif\" "
	    "font-size=\"13\" fill=\"#1a1a1a\"><title id=\"chart-title\">",
	    WIDTH, n * ROW + 4, WIDTH, n * ROW + 4);
	sl_text_html(b, title, strlen(title));
	sl_buf_add_str(b, "</title>");
	for (i = 0; i < n; i++) {
		y = (int)i * ROW + 2;
		w = max > 0 ? (int)lround(value[i] / max * BAR) : 0;
		label_at(b, y + 17, label[i]);
		sl_buf_printf(b,
		    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		    "fill=\"#1f5f8b\"/>",
		    LABEL, y + 3, w > 0 ? w : 1, ROW - 8);
		sl_buf_reset(&shown);
		if (value[i] == floor(value[i]))
			sl_add_int(&shown, (int64_t)value[i]);
		else
			sl_add_real(&shown, value[i], lang);
		text_at(b, LABEL + w + 8, y + 17, "", sl_buf_str(&shown));
	}
	sl_buf_add_str(b, "</svg>\n");
}
