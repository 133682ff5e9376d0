/*
 * Formats for machines and terminals, written row by row: text, csv, json, xml.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "form.h"

static void
put(struct sl_out *o)
{
	(void)fwrite(o->line.p, 1, o->line.n, o->f);
}

/* A value for a program: slugs, UTC, four decimals; text by the format. */
static void
plain_value(const struct sl_column *col, const struct sl_cell *c,
    void (*text)(struct sl_buf *b, const char *s), struct sl_buf *b)
{
	char out[32];

	switch (col->type) {
	case SL_COL_TEXT:
	case SL_COL_ID:
	case SL_COL_CODE:
		text(b, c->text);
		break;
	case SL_COL_WORD:
		text(b, c->slug);
		break;
	case SL_COL_INT:
	case SL_COL_BYTES:
		sl_add_int(b, c->n);
		break;
	case SL_COL_REAL:
	case SL_COL_PCT:
		sl_buf_printf(b, "%.4f", c->x);
		break;
	case SL_COL_TIME:
		sl_clock_format_utc(c->n, out, sizeof(out));
		text(b, out);
		break;
	case SL_COL_DAY:
		sl_clock_format_day(c->n, out, sizeof(out));
		text(b, out);
		break;
	}
}

/* -- csv ---------------------------------------------------------------- */

/* With a byte order mark and semicolons, as Norwegian spreadsheets want it and
 * the day lists are. */
static void
csv_begin(struct sl_out *o)
{
	const char *head;
	size_t i;

	sl_buf_reset(&o->line);
	sl_buf_add_str(&o->line, "\xEF\xBB\xBF");
	for (i = 0; i < o->def->columns; i++) {
		head = sl_out_head(o, &o->def->column[i]);
		if (i > 0)
			sl_buf_add_char(&o->line, ';');
		sl_text_csv(&o->line, head, strlen(head));
		if (o->def->column[i].type == SL_COL_WORD) {
			sl_buf_add_char(&o->line, ';');
			sl_text_csv(&o->line, head, strlen(head));
			sl_buf_add_str(
			    &o->line, sl_out_say(o, " (kode)", " (code)"));
		}
	}
	sl_buf_add_str(&o->line, "\r\n");
	put(o);
}

/* What was added since `at` becomes one field; few need a quote. */
static void
csv_quote(struct sl_out *o, size_t at)
{
	static const bool first[256] = {['='] = true,
	    ['+'] = true,
	    ['-'] = true,
	    ['@'] = true,
	    ['\t'] = true},
			  any[256] = {[';'] = true,
			      ['"'] = true,
			      [','] = true,
			      ['\r'] = true,
			      ['\n'] = true};
	SL_BUF struct sl_buf shown = {0};
	const char *s = o->line.p + at;
	size_t i, n = o->line.n - at;

	for (i = 0; i < n && !any[(unsigned char)s[i]]; i++)
		;
	if (i == n && (n == 0 || !first[(unsigned char)s[0]]))
		return;
	sl_buf_add(&shown, s, o->line.n - at);
	o->line.n = at;
	sl_text_csv(&o->line, sl_buf_str(&shown), shown.n);
}

static void
csv_cell(struct sl_out *o, const struct sl_column *col, const struct sl_cell *c)
{
	size_t at = o->line.n;

	if (c->kind != SL_CELL_NONE) {
		sl_cell_show(o, col, c, &o->line);
		if (c->kind != SL_CELL_VALUE || col->type <= SL_COL_WORD)
			csv_quote(o, at);
	}
	/* The code of a word has a column of its own behind it. */
	if (col->type != SL_COL_WORD)
		return;
	sl_buf_add_char(&o->line, ';');
	at = o->line.n;
	if (c->kind == SL_CELL_VALUE)
		sl_add_text(&o->line, c->slug);
	csv_quote(o, at);
}

static void
csv_row(struct sl_out *o, const struct sl_cell *c)
{
	size_t i;

	sl_buf_reset(&o->line);
	for (i = 0; i < o->def->columns; i++) {
		if (i > 0)
			sl_buf_add_char(&o->line, ';');
		csv_cell(o, &o->def->column[i], &c[i]);
	}
	sl_buf_add_str(&o->line, "\r\n");
	put(o);
}

static enum sl_rc
csv_end(struct sl_out *o, struct sl_err *err)
{
	(void)o;
	(void)err;
	return SL_OK;
}

const struct sl_form sl_form_csv = {"csv", csv_begin, csv_row, csv_end, false};

/* -- json --------------------------------------------------------------- */

static void
json_text(struct sl_buf *b, const char *s)
{
	sl_text_json(b, s, strlen(s));
}

static void
json_value(
    const struct sl_column *col, const struct sl_cell *c, struct sl_buf *b)
{
	if (c->kind == SL_CELL_VALUE)
		plain_value(col, c, json_text, b);
	else
		sl_buf_add_str(b, "null");
}

/* Beside the code of a word, the word. */
static void
json_word(
    const struct sl_column *col, const struct sl_cell *c, struct sl_buf *b)
{
	sl_buf_printf(b, ",\"%s_text\":", col->key);
	if (c->kind == SL_CELL_VALUE)
		json_text(b, c->text);
	else
		sl_buf_add_str(b, "null");
}

static void
json_row(struct sl_out *o, const struct sl_cell *c)
{
	size_t i;

	sl_buf_reset(&o->line);
	for (i = 0; i < o->def->columns; i++) {
		sl_buf_printf(&o->line, "%s\"%s\":", i > 0 ? "," : "{",
		    o->def->column[i].key);
		json_value(&o->def->column[i], &c[i], &o->line);
		if (o->def->column[i].type == SL_COL_WORD)
			json_word(&o->def->column[i], &c[i], &o->line);
	}
	sl_buf_add_str(&o->line, "}\n");
	put(o);
}

/* The last line says what the rows are. */
static enum sl_rc
json_end(struct sl_out *o, struct sl_err *err)
{
	struct sl_buf *b = &o->line;
	char made[32];
	size_t i;

	(void)err;
	sl_clock_format_utc(o->made_ms, made, sizeof(made));
	sl_buf_reset(b);
	sl_buf_printf(b, "{\"report\":\"%s\",\"instance\":", o->def->slug);
	json_text(b, o->instance);
	sl_buf_add_str(b, ",\"period\":");
	json_text(b, o->period);
	sl_buf_add_str(b, ",\"queue\":");
	json_text(b, o->queue);
	sl_buf_printf(b, ",\"made\":\"%s\",\"rows\":%" PRIu64 ",\"facts\":{",
	    made, o->rows);
	for (i = 0; i < o->fact_n; i++) {
		if (o->fact[i].value == NULL)
			continue;
		if (b->p[b->n - 1] != '{')
			sl_buf_add_char(b, ',');
		json_text(b, o->fact[i].key);
		sl_buf_add_char(b, ':');
		json_text(b, o->fact[i].value);
	}
	sl_buf_add_str(b, "},\"notes\":[");
	for (i = 0; i < o->fact_n; i++) {
		if (o->fact[i].value != NULL)
			continue;
		if (b->p[b->n - 1] != '[')
			sl_buf_add_char(b, ',');
		json_text(b, o->fact[i].title);
	}
	sl_buf_add_str(b, "]}\n");
	put(o);
	return SL_OK;
}

const struct sl_form sl_form_json = {"json", NULL, json_row, json_end, false};

/* -- xml ---------------------------------------------------------------- */

#define XML_NS "https://sluse.no/schemas/rapport/v1"

/* Control and bidi characters are shown as in every other format. */
static void
xml_text(struct sl_buf *b, const char *s)
{
	SL_BUF struct sl_buf shown = {0};
	size_t n = strlen(s), i;

	for (i = 0; i < n && s[i] >= ' ' && s[i] <= '~'; i++)
		;
	if (i == n) {
		sl_text_html(b, s, n);
		return;
	}
	sl_text_display(&shown, s, n);
	sl_text_html(b, sl_buf_str(&shown), shown.n);
}

/* An element's name is made of its column's title: once, not for each row. */
#define XML_NAME 64u

static void
name_elements(struct sl_out *o)
{
	SL_BUF struct sl_buf name = {0};
	char *to = sl_alloc(o->def->columns * XML_NAME);
	size_t i;

	o->state = to;
	for (i = 0; i < o->def->columns; i++, to += XML_NAME) {
		sl_buf_reset(&name);
		sl_column_xml(&o->def->column[i], &name);
		assert(name.n < XML_NAME);
		memcpy(to, sl_buf_str(&name), name.n + 1);
	}
}

static void
xml_begin(struct sl_out *o)
{
	struct sl_buf *b = &o->line;
	char made[32];

	sl_clock_format_utc(o->made_ms, made, sizeof(made));
	sl_buf_reset(b);
	sl_buf_printf(b,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rapport "
	    "xmlns=\"" XML_NS "\" navn=\"%s\" virksomhet=\"",
	    o->def->slug);
	xml_text(b, o->instance);
	sl_buf_printf(b, "\" laget=\"%s\"", made);
	if (o->period[0] != '\0') {
		sl_buf_add_str(b, " periode=\"");
		xml_text(b, o->period);
		sl_buf_add_char(b, '"');
	}
	if (o->queue[0] != '\0') {
		sl_buf_add_str(b, " koe=\"");
		xml_text(b, o->queue);
		sl_buf_add_char(b, '"');
	}
	sl_buf_add_str(b, ">\n");
	put(o);
	name_elements(o);
}

/* What is not known is an empty element that says so; what is not there is no
 * element. */
static void
xml_row(struct sl_out *o, const struct sl_cell *c)
{
	const char *name = o->state;
	struct sl_buf *b = &o->line;
	size_t i;

	sl_buf_reset(b);
	sl_buf_add_str(b, "<rad>");
	for (i = 0; i < o->def->columns; i++, name += XML_NAME) {
		if (c[i].kind == SL_CELL_NONE)
			continue;
		sl_buf_add_char(b, '<');
		sl_buf_add_str(b, name);
		if (c[i].kind == SL_CELL_UNKNOWN) {
			sl_buf_add_str(b, " ukjent=\"true\"/>");
			continue;
		}
		sl_buf_add_char(b, '>');
		plain_value(&o->def->column[i], &c[i], xml_text, b);
		sl_buf_add_str(b, "</");
		sl_buf_add_str(b, name);
		sl_buf_add_char(b, '>');
	}
	sl_buf_add_str(b, "</rad>\n");
	put(o);
}

static enum sl_rc
xml_end(struct sl_out *o, struct sl_err *err)
{
	struct sl_buf *b = &o->line;
	size_t i;

	(void)err;
	sl_buf_reset(b);
	for (i = 0; i < o->fact_n; i++) {
		if (o->fact[i].value == NULL) {
			sl_buf_add_str(b, "<merknad>");
			xml_text(b, o->fact[i].title);
			sl_buf_add_str(b, "</merknad>\n");
			continue;
		}
		sl_buf_printf(
		    b, "<opplysning navn=\"%s\" tekst=\"", o->fact[i].key);
		xml_text(b, o->fact[i].title);
		sl_buf_add_str(b, "\">");
		xml_text(b, o->fact[i].value);
		sl_buf_add_str(b, "</opplysning>\n");
	}
	sl_buf_add_str(b, "</rapport>\n");
	put(o);
	return SL_OK;
}

const struct sl_form sl_form_xml = {"xml", xml_begin, xml_row, xml_end, false};
