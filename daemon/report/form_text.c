/*
 * The table for a terminal: columns as wide as the first WIDTH_ROWS rows need.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "form.h"

#define WIDTH_ROWS 500
#define WIDTH_MAX 40

struct text {
	int width[32];
};

/* Characters, near enough for lining up. */
static int
width_of(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void
put_cell(FILE *f, const char *s, int width, bool right, bool last)
{
	int pad = width - width_of(s);

	if (right && pad > 0)
		(void)fprintf(f, "%*s", pad, "");
	(void)fputs(s, f);
	if (!right && !last && pad > 0)
		(void)fprintf(f, "%*s", pad, "");
	(void)fputs(last ? "\n" : "  ", f);
}

static void
put_row(struct sl_out *o, const int *width, char **cell)
{
	size_t i, n = o->def->columns;

	for (i = 0; i < n; i++)
		put_cell(o->f, cell[i], width[i],
		    sl_col_is_number(o->def->column[i].type), i + 1 == n);
}

static void
widen(int *width, const char *s)
{
	int n = width_of(s);

	if (n > WIDTH_MAX)
		n = WIDTH_MAX;
	if (n > *width)
		*width = n;
}

/* "name: value" or a remark, with what could steer a terminal made visible. */
static void
put_line(struct sl_out *o, const char *name, const char *value)
{
	sl_buf_reset(&o->line);
	sl_text_display(&o->line, name, strlen(name));
	if (value != NULL) {
		sl_buf_add_str(&o->line, ": ");
		sl_text_display(&o->line, value, strlen(value));
	}
	(void)fprintf(o->f, "%s\n", sl_buf_str(&o->line));
}

/* The head and the rows kept so far. */
static void
flush_kept(struct sl_out *o)
{
	struct text *t = o->state;
	size_t n = o->def->columns, i, k;
	const char *name, *value;

	for (i = 0; i < n; i++)
		widen(&t->width[i], sl_out_head(o, &o->def->column[i]));
	for (k = 0; k < o->kept_rows; k++)
		for (i = 0; i < n; i++)
			widen(&t->width[i], o->cell[k * n + i]);
	(void)fprintf(o->f, "%s\n", sl_out_title(o));
	for (i = 0; sl_out_about(o, (int)i, &name, &value); i++)
		put_line(o, name, value);
	(void)fputc('\n', o->f);
	for (i = 0; i < n; i++)
		put_cell(o->f, sl_out_head(o, &o->def->column[i]), t->width[i],
		    sl_col_is_number(o->def->column[i].type), i + 1 == n);
	for (k = 0; k < o->kept_rows; k++)
		put_row(o, t->width, &o->cell[k * n]);
}

static void
text_begin(struct sl_out *o)
{
	o->state = sl_alloc(sizeof(struct text));
}

static void
text_row(struct sl_out *o, const struct sl_cell *c)
{
	struct text *t = o->state;
	size_t n = o->def->columns, i;

	if (o->rows == WIDTH_ROWS + 1)
		flush_kept(o);
	if (o->rows > WIDTH_ROWS) {
		for (i = 0; i < n; i++) {
			sl_buf_reset(&o->line);
			sl_cell_show(o, &o->def->column[i], &c[i], &o->line);
			put_cell(o->f, sl_buf_str(&o->line), t->width[i],
			    sl_col_is_number(o->def->column[i].type),
			    i + 1 == n);
		}
		return;
	}
	sl_out_keep(o, c);
}

static enum sl_rc
text_end(struct sl_out *o, struct sl_err *err)
{
	size_t i;

	(void)err;
	if (o->rows <= WIDTH_ROWS)
		flush_kept(o);
	if (o->fact_n > 0)
		(void)fputc('\n', o->f);
	for (i = 0; i < o->fact_n; i++)
		put_line(o, o->fact[i].title, o->fact[i].value);
	return SL_OK;
}

const struct sl_form sl_form_text = {
    "table", text_begin, text_row, text_end, false};
