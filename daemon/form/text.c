/*
 * The table for people: columns as wide as the first WIDTH_ROWS rows need. On a
 * terminal texts give way until a row fits, and go on below; nothing is cut.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "form.h"

#define WIDTH_ROWS 500
#define WIDTH_MAX 200 /* so far a column is lined up */
#define TEXT_MIN 12 /* so much is left of a text at least */
#define COLUMNS_MAX 32
#define GAP 2

struct text {
	int width[COLUMNS_MAX];
	struct sl_buf cell[COLUMNS_MAX];
};

int
sl_out_terminal(void)
{
	const char *s = getenv("COLUMNS");
	struct winsize w;
	uint64_t n;

	if (isatty(STDOUT_FILENO) != 1)
		return 0;
	if (s != NULL && sl_parse_u64(s, 20, 10000, &n))
		return (int)n;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

/* Characters, near enough for lining up. */
static int
width_of(const char *s, size_t len)
{
	int n = 0;
	size_t i;

	for (i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xC0) != 0x80;
	return n;
}

/* Bytes of s that go into a line of that width, best up to a blank; some. */
static size_t
line_of(const char *s, int width)
{
	size_t i = 0, blank = 0;
	int n = 0;

	for (; s[i] != '\0'; i++) {
		if (((unsigned char)s[i] & 0xC0) != 0x80 && n++ >= width &&
		    i > 0)
			break;
		if (s[i] == ' ' && i > 0)
			blank = i;
	}
	if (s[i] == '\0' || s[i] == ' ')
		return i;
	return blank > 0 ? blank : i;
}

static void
put_cell(FILE *f, const char *s, size_t n, int pad, bool right, bool last)
{
	if (right && pad > 0)
		(void)fprintf(f, "%*s", pad, "");
	(void)fwrite(s, 1, n, f);
	if (!right && !last && pad > 0)
		(void)fprintf(f, "%*s", pad, "");
	(void)fputs(last ? "\n" : "  ", f);
}

static bool
is_text(enum sl_col_type t)
{
	return t == SL_COL_TEXT || t == SL_COL_WORD;
}

/* A line of the cells, which are moved on; is there more? */
static bool
put_line_of(struct sl_out *o, const int *width, const char **cell)
{
	size_t i, n = o->shape->columns, len;
	bool more = false;

	while (n > 1 && *cell[n - 1] == '\0')
		n--;
	for (i = 0; i < n; i++) {
		len = o->room > 0 && is_text(o->shape->column[i].type)
			  ? line_of(cell[i], width[i])
			  : strlen(cell[i]);
		put_cell(o->f, cell[i], len, width[i] - width_of(cell[i], len),
		    sl_col_is_number(o->shape->column[i].type), i + 1 == n);
		cell[i] += len + strspn(cell[i] + len, " ");
		more |= *cell[i] != '\0';
	}
	return more;
}

static void
put_row(struct sl_out *o, const int *width, char *const *cell)
{
	const char *rest[COLUMNS_MAX];
	size_t i;

	for (i = 0; i < o->shape->columns; i++)
		rest[i] = cell[i];
	while (put_line_of(o, width, rest))
		continue;
}

/* The widest text gives way first. */
static void
fit(const struct sl_out *o, int *width)
{
	size_t i, n = o->shape->columns, at;
	int sum = GAP * ((int)n - 1);

	for (i = 0; i < n; i++)
		sum += width[i];
	for (; o->room > 0 && sum > o->room; sum--) {
		for (at = n, i = 0; i < n; i++)
			if (is_text(o->shape->column[i].type) &&
			    width[i] > TEXT_MIN &&
			    (at == n || width[i] > width[at]))
				at = i;
		if (at == n)
			return;
		width[at]--;
	}
}

static void
widen(int *width, const char *s)
{
	int n = width_of(s, strlen(s));

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
	size_t n = o->shape->columns, i, k;
	const char *name, *value, *head[COLUMNS_MAX];

	for (i = 0; i < n; i++)
		widen(&t->width[i], sl_out_head(o, &o->shape->column[i]));
	for (k = 0; k < o->kept_rows; k++)
		for (i = 0; i < n; i++)
			widen(&t->width[i], o->cell[k * n + i]);
	fit(o, t->width);
	(void)fprintf(o->f, "%s\n", sl_out_title(o));
	for (i = 0; sl_out_about(o, (int)i, &name, &value); i++)
		put_line(o, name, value);
	(void)fputc('\n', o->f);
	for (i = 0; i < n; i++)
		head[i] = sl_out_head(o, &o->shape->column[i]);
	while (put_line_of(o, t->width, head))
		continue;
	for (k = 0; k < o->kept_rows; k++)
		put_row(o, t->width, &o->cell[k * n]);
}

static void
text_begin(struct sl_out *o)
{
	assert(o->shape->columns <= COLUMNS_MAX);
	o->state = sl_alloc(sizeof(struct text));
}

static void
text_row(struct sl_out *o, const struct sl_cell *c)
{
	struct text *t = o->state;
	char *cell[COLUMNS_MAX];
	size_t i;

	if (o->rows == WIDTH_ROWS + 1)
		flush_kept(o);
	if (o->rows <= WIDTH_ROWS) {
		sl_out_keep(o, c);
		return;
	}
	for (i = 0; i < o->shape->columns; i++) {
		sl_buf_reset(&t->cell[i]);
		sl_cell_show(o, &o->shape->column[i], &c[i], &t->cell[i]);
		sl_buf_add(&t->cell[i], "", 1);
		cell[i] = t->cell[i].p;
	}
	put_row(o, t->width, cell);
}

static enum sl_rc
text_end(struct sl_out *o, struct sl_err *err)
{
	struct text *t = o->state;
	size_t i;

	(void)err;
	if (o->rows <= WIDTH_ROWS)
		flush_kept(o);
	if (o->fact_n > 0)
		(void)fputc('\n', o->f);
	for (i = 0; i < o->fact_n; i++)
		put_line(o, o->fact[i].title, o->fact[i].value);
	for (i = 0; i < COLUMNS_MAX; i++)
		sl_buf_free(&t->cell[i]);
	return SL_OK;
}

const struct sl_form sl_form_text = {
    "table", text_begin, text_row, text_end, false};
