/*
 * A4, landscape where there are many columns, by cairo and pango.
 *
 * Chosen among Debian 12's: libharu keeps the whole document in memory and
 * breaks and measures no lines; MuPDF's writer is under the AGPL and stays in
 * the one plugin that reads PDF. Cairo writes page by page, embeds the part of
 * the font that is used, and tags the structure; pango breaks lines and finds
 * a font for what the first one lacks (Sámi letters). Neither touches a
 * network. They are linked into sluse-report only.
 */
#include <cairo-pdf.h>
#include <inttypes.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "form.h"

#define MM (72.0 / 25.4)
#define LONG (297 * MM)
#define SHORT (210 * MM)
#define MARGIN (14 * MM)
#define PAD 3.5
#define ABOVE_FOOT 8
#define LINES_MAX 12
#define SAMPLE_ROWS 400
#define WORD_SHARE_MAX 0.3 /* of the page: a wider word is broken */
#define SIZE_MAX_PT 8.5
#define SIZE_MIN_PT 5.0

struct pdf {
	struct sl_out *o;
	cairo_surface_t *surface;
	cairo_t *cr;
	PangoLayout *layout;
	double width, height, y;
	double *col; /* widths of columns */
	double *high; /* of each row, by the first round */
	/* The first round draws nothing: it tells how many pages there are. */
	bool dry;
	int page, pages;
	double size; /* points of the table's text */
};

static cairo_status_t
write_out(void *arg, const unsigned char *p, unsigned n)
{
	struct sl_out *o = arg;

	return fwrite(p, 1, n, o->f) == n ? CAIRO_STATUS_SUCCESS
					  : CAIRO_STATUS_WRITE_ERROR;
}

static void
set_font(struct pdf *d, double size, bool bold)
{
	PangoFontDescription *f = pango_font_description_new();

	pango_font_description_set_family(f, "DejaVu Sans,sans-serif");
	pango_font_description_set_size(f, (int)lround(size * PANGO_SCALE));
	if (bold)
		pango_font_description_set_weight(f, PANGO_WEIGHT_BOLD);
	pango_layout_set_font_description(d->layout, f);
	pango_font_description_free(f);
}

/* Lays text out in a width (< 0: one line); result: its height. */
static double
lay(struct pdf *d, const char *s, double width, bool right)
{
	int h;

	pango_layout_set_width(
	    d->layout, width < 0 ? -1 : (int)(width * PANGO_SCALE));
	pango_layout_set_wrap(d->layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_height(d->layout, -LINES_MAX);
	pango_layout_set_ellipsize(d->layout, PANGO_ELLIPSIZE_END);
	pango_layout_set_alignment(
	    d->layout, right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
	pango_layout_set_text(d->layout, s, -1);
	pango_layout_get_size(d->layout, NULL, &h);
	return (double)h / PANGO_SCALE;
}

static void
show_at(struct pdf *d, double x, double y)
{
	if (d->dry)
		return;
	cairo_move_to(d->cr, x, y);
	pango_cairo_show_layout(d->cr, d->layout);
}

static void
tag(struct pdf *d, const char *name, bool begin)
{
	if (d->dry)
		return;
	if (begin)
		cairo_tag_begin(d->cr, name, NULL);
	else
		cairo_tag_end(d->cr, name);
}

static void
line_of_text(struct pdf *d, const char *s, double size, bool bold)
{
	double h;

	set_font(d, size, bold);
	h = lay(d, s, d->width - 2 * MARGIN, false);
	show_at(d, MARGIN, d->y);
	d->y += h + 2;
}

/* -- columns ------------------------------------------------------------ */

static double
natural_width(struct pdf *d, const char *s)
{
	int w;

	(void)lay(d, s, -1, false);
	pango_layout_get_size(d->layout, &w, NULL);
	return (double)w / PANGO_SCALE + 2 * PAD + 0.5;
}

/* The widest word: no column is made narrower. */
static double
word_width(struct pdf *d, const char *s)
{
	double widest = 0, w;
	char word[128];
	size_t n;

	for (; *s != '\0'; s += n + (s[n] == ' ')) {
		n = strcspn(s, " ");
		(void)snprintf(word, sizeof(word), "%.*s", (int)n, s);
		w = natural_width(d, word);
		if (w > widest)
			widest = w;
	}
	return widest;
}

/* Bytes of the longest word. */
static size_t
word_length(const char *s)
{
	size_t longest = 0, n;

	for (; *s != '\0'; s += n + (s[n] == ' ')) {
		n = strcspn(s, " ");
		if (n > longest)
			longest = n;
	}
	return longest;
}

/* What a column wants (one line) and needs (its widest word; a date and what
 * has a unit are one) for its cells. The first rows are measured, of the others
 * only those with a longer word. */
static void
measure_cells(struct pdf *d, size_t column, double *want, double *need)
{
	struct sl_out *o = d->o;
	double most = (d->width - 2 * MARGIN) * WORD_SHARE_MAX, w;
	bool whole = o->shape->column[column].type > SL_COL_WORD;
	size_t row, n, longest = 0;
	const char *s;

	for (row = 0; row < o->kept_rows; row++) {
		s = o->cell[row * o->shape->columns + column];
		n = word_length(s);
		if (row >= SAMPLE_ROWS && n <= longest)
			continue;
		if (n > longest)
			longest = n;
		w = natural_width(d, s);
		if (w > *want)
			*want = w;
		if (w <= *need)
			continue;
		w = whole ? w : word_width(d, s);
		if (w > most)
			w = most;
		if (w > *need)
			*need = w;
	}
}

/* What a column needs, and wants for its cells and with its head. */
struct wants {
	double *need, *cells, *head;
};

/* Of all columns at the size; result: what all need. */
static double
measure(struct pdf *d, struct wants *w)
{
	size_t i;
	double total = 0;
	const char *head;

	for (i = 0; i < d->o->shape->columns; i++) {
		set_font(d, d->size, true);
		head = sl_out_head(d->o, &d->o->shape->column[i]);
		w->head[i] = natural_width(d, head);
		w->need[i] = word_width(d, head);
		w->cells[i] = 0;
		set_font(d, d->size, false);
		measure_cells(d, i, &w->cells[i], &w->need[i]);
		total += w->need[i];
	}
	return total;
}

/* There is no room for every word: the widest columns are cut to the same
 * width, so that the fewest words break. */
static void
cut_widest(double *need, size_t n, double room)
{
	double low = 0, high = room, total, most;
	int round;
	size_t i;

	for (round = 0; round < 40; round++) {
		most = (low + high) / 2;
		for (i = 0, total = 0; i < n; i++)
			total += need[i] < most ? need[i] : most;
		if (total > room)
			high = most;
		else
			low = most;
	}
	for (i = 0; i < n; i++)
		if (need[i] > low)
			need[i] = low;
}

/* Of what is left to those that want more, in proportion; result: what is left
 * then. */
static double
grow(double *col, const double *want, size_t n, double left)
{
	double missing = 0, part;
	size_t i;

	for (i = 0; i < n; i++)
		missing += want[i] > col[i] ? want[i] - col[i] : 0;
	if (missing <= 0 || left <= 0)
		return left;
	part = missing < left ? 1 : left / missing;
	for (i = 0; i < n; i++)
		if (want[i] > col[i])
			col[i] += (want[i] - col[i]) * part;
	return left - missing * part;
}

/* Every column gets what it needs; then cells, then heads. */
static void
share_out(struct pdf *d, const struct wants *w, double room)
{
	size_t n = d->o->shape->columns, i;
	double left = room;

	for (i = 0; i < n; i++) {
		d->col[i] = w->need[i];
		left -= w->need[i];
	}
	left = grow(d->col, w->cells, n, left);
	(void)grow(d->col, w->head, n, left);
}

/* The largest size at which every word has room. */
static void
size_columns(struct pdf *d)
{
	size_t n = d->o->shape->columns;
	SL_FREE double *each = sl_alloc(3 * n * sizeof(*each));
	struct wants w = {each, each + n, each + 2 * n};
	double room = d->width - 2 * MARGIN, total, fits;

	d->size = SIZE_MAX_PT;
	total = measure(d, &w);
	fits = total > room ? SIZE_MAX_PT * room / total : SIZE_MAX_PT;
	/* Half points; the space between columns does not shrink. */
	d->size = floor(fits * 2) / 2;
	if (d->size < SIZE_MIN_PT)
		d->size = SIZE_MIN_PT;
	while (d->size < SIZE_MAX_PT && (total = measure(d, &w)) > room &&
	       d->size > SIZE_MIN_PT)
		d->size -= 0.5;
	if (total > room)
		cut_widest(w.need, n, room);
	share_out(d, &w, room);
}

/* -- pages -------------------------------------------------------------- */

static void
footer(struct pdf *d)
{
	char text[320];

	(void)snprintf(text, sizeof(text), "%s · %s · %s · %s %d %s %d",
	    d->o->instance, sl_out_title(d->o), d->o->made,
	    sl_out_say(d->o, "side", "page"), d->page,
	    sl_out_say(d->o, "av", "of"), d->pages);
	set_font(d, 7.5, false);
	(void)lay(d, text, d->width - 2 * MARGIN, true);
	cairo_set_source_rgb(d->cr, 0.3, 0.3, 0.3);
	show_at(d, MARGIN, d->height - MARGIN + 4);
	cairo_set_source_rgb(d->cr, 0, 0, 0);
}

static void
rule(struct pdf *d, double y, double width)
{
	double x = MARGIN;
	size_t i;

	if (d->dry)
		return;
	for (i = 0; i < d->o->shape->columns; i++)
		x += d->col[i];
	cairo_set_line_width(d->cr, width);
	cairo_move_to(d->cr, MARGIN, y);
	cairo_line_to(d->cr, x, y);
	cairo_stroke(d->cr);
}

/* A row of the table; cell NULL: the head. draw false: only its height. */
static double
table_row(struct pdf *d, char **cell, bool draw)
{
	const struct sl_column *c = d->o->shape->column;
	double x = MARGIN, h, highest = 0;
	size_t i;

	set_font(d, d->size, cell == NULL);
	for (i = 0; i < d->o->shape->columns; i++) {
		h = lay(d, cell != NULL ? cell[i] : sl_out_head(d->o, &c[i]),
		    d->col[i] - 2 * PAD, sl_col_is_number(c[i].type));
		if (draw) {
			tag(d, cell != NULL ? "TD" : "TH", true);
			show_at(d, x + PAD, d->y + 2);
			tag(d, cell != NULL ? "TD" : "TH", false);
		}
		if (h > highest)
			highest = h;
		x += d->col[i];
	}
	return highest + 4;
}

static void
draw_row(struct pdf *d, char **cell)
{
	tag(d, "TR", true);
	d->y += table_row(d, cell, true);
	tag(d, "TR", false);
	cairo_set_source_rgb(d->cr, 0.7, 0.7, 0.7);
	if (cell == NULL)
		cairo_set_source_rgb(d->cr, 0, 0, 0);
	rule(d, d->y, cell != NULL ? 0.4 : 1.0);
	cairo_set_source_rgb(d->cr, 0, 0, 0);
}

static void
end_page(struct pdf *d)
{
	if (d->dry)
		return;
	footer(d);
	cairo_show_page(d->cr);
}

static void
next_page(struct pdf *d)
{
	if (d->page > 0)
		end_page(d);
	d->page++;
	d->y = MARGIN;
}

static void
front(struct pdf *d)
{
	struct sl_out *o = d->o;
	const char *name, *value;
	char line[768];
	size_t i;

	tag(d, "H1", true);
	line_of_text(d, sl_out_title(o), 16, true);
	tag(d, "H1", false);
	for (i = 0; sl_out_about(o, (int)i, &name, &value); i++) {
		(void)snprintf(line, sizeof(line), "%s: %s", name, value);
		line_of_text(d, line, 9, false);
	}
	d->y += 4;
	for (i = 0; i < o->fact_n; i++) {
		(void)snprintf(line, sizeof(line), "%s%s%s", o->fact[i].title,
		    o->fact[i].value != NULL ? ": " : "",
		    o->fact[i].value != NULL ? o->fact[i].value : "");
		if (d->y > d->height - MARGIN - 30)
			next_page(d);
		line_of_text(d, line, 9, false);
	}
	d->y += 8;
}

/* A row where the first round has found room for it. */
static void
place_row(struct pdf *d, size_t row)
{
	char **cell = &d->o->cell[row * d->o->shape->columns];

	if (d->dry)
		d->high[row] = table_row(d, cell, false);
	if (d->y + d->high[row] > d->height - MARGIN - ABOVE_FOOT) {
		next_page(d);
		draw_row(d, NULL);
	}
	if (d->dry)
		d->y += d->high[row];
	else
		draw_row(d, cell);
}

static void
draw(struct pdf *d, bool dry)
{
	size_t row;

	d->dry = dry;
	d->page = 0;
	next_page(d);
	front(d);
	tag(d, "Table", true);
	draw_row(d, NULL);
	for (row = 0; row < d->o->kept_rows; row++)
		place_row(d, row);
	tag(d, "Table", false);
	end_page(d);
	d->pages = d->page;
}

static void
about_file(struct pdf *d)
{
	char title[320], made[32];

	sl_clock_format_oslo(d->o->made_ms, made, sizeof(made));
	(void)snprintf(title, sizeof(title), "%s – %s", sl_out_title(d->o),
	    d->o->instance);
	cairo_pdf_surface_set_metadata(
	    d->surface, CAIRO_PDF_METADATA_TITLE, title);
	cairo_pdf_surface_set_metadata(
	    d->surface, CAIRO_PDF_METADATA_AUTHOR, d->o->instance);
	cairo_pdf_surface_set_metadata(
	    d->surface, CAIRO_PDF_METADATA_CREATOR, "Sluse " SLUSE_VERSION);
	cairo_pdf_surface_set_metadata(
	    d->surface, CAIRO_PDF_METADATA_CREATE_DATE, made);
}

static enum sl_rc
pdf_end(struct sl_out *o, struct sl_err *err)
{
	struct pdf d = {.o = o};
	cairo_status_t status;
	bool wide = o->shape->columns > 6;
	PangoAttrList *plain = pango_attr_list_new();

	d.width = wide ? LONG : SHORT;
	d.height = wide ? SHORT : LONG;
	d.col = sl_alloc(o->shape->columns * sizeof(*d.col));
	d.high = sl_alloc((o->kept_rows + 1) * sizeof(*d.high));
	d.surface = cairo_pdf_surface_create_for_stream(
	    write_out, o, d.width, d.height);
	d.cr = cairo_create(d.surface);
	d.layout = pango_cairo_create_layout(d.cr);
	/* Widths then grow with the size, and lines with their letters. */
	pango_context_set_round_glyph_positions(
	    pango_layout_get_context(d.layout), FALSE);
	pango_attr_list_insert(plain, pango_attr_insert_hyphens_new(FALSE));
	pango_layout_set_attributes(d.layout, plain);
	pango_attr_list_unref(plain);
	about_file(&d);
	size_columns(&d);
	draw(&d, true);
	draw(&d, false);
	g_object_unref(d.layout);
	cairo_destroy(d.cr);
	cairo_surface_finish(d.surface);
	status = cairo_surface_status(d.surface);
	cairo_surface_destroy(d.surface);
	free(d.col);
	free(d.high);
	if (status == CAIRO_STATUS_SUCCESS)
		return SL_OK;
	if (status == CAIRO_STATUS_WRITE_ERROR)
		return sl_out_cannot_write(o, err);
	return sl_err_set(err, SL_FATAL, 0, "disk_error",
	    "cannot write the PDF: %s", cairo_status_to_string(status));
}

const struct sl_form sl_form_pdf = {"pdf", NULL, NULL, pdf_end, true};
