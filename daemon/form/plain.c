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

/* Lines are gathered: a million writes cost more than what they write. */
#define GATHERED 65536

static void
put(struct sl_out *o)
{
	(void)fwrite(sl_buf_str(&o->line), 1, o->line.n, o->f);
	sl_buf_reset(&o->line);
}

static void
end_row(struct sl_out *o)
{
	if (o->line.n >= GATHERED)
		put(o);
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

	sl_buf_add_str(&o->line, "\xEF\xBB\xBF");
	for (i = 0; i < o->shape->columns; i++) {
		head = sl_out_head(o, &o->shape->column[i]);
		if (i > 0)
			sl_buf_add_char(&o->line, ';');
		sl_text_csv(&o->line, head, strlen(head));
		if (o->shape->column[i].type == SL_COL_WORD) {
			sl_buf_add_char(&o->line, ';');
			sl_text_csv(&o->line, head, strlen(head));
			sl_buf_add_str(
			    &o->line, sl_out_say(o, " (kode)", " (code)"));
		}
	}
	sl_buf_add_str(&o->line, "\r\n");
}

static void
csv_quoted(struct sl_buf *b, const char *s)
{
	SL_BUF struct sl_buf shown = {0};

	sl_add_text(&shown, s);
	sl_text_csv(b, sl_buf_str(&shown), shown.n);
}

/* A text as a field, shown as in every other format. Nearly all go out as they
 * are. */
static void
csv_text(struct sl_buf *b, const char *s)
{
	size_t n = 0, k;

	while ((k = sl_shown_bytes(s + n)) > 0 && s[n] != ';' && s[n] != ',' &&
	       s[n] != '"')
		n += k;
	if (s[n] == '\0' && strchr("=+-@", s[0]) == NULL)
		sl_buf_add(b, s, n);
	else
		csv_quoted(b, s);
}

static void
csv_cell(struct sl_out *o, const struct sl_column *col, const struct sl_cell *c)
{
	if (c->kind == SL_CELL_VALUE && col->type <= SL_COL_WORD)
		csv_text(&o->line, c->text);
	else
		sl_cell_show(o, col, c, &o->line);
	/* The code of a word has a column of its own behind it. */
	if (col->type != SL_COL_WORD)
		return;
	sl_buf_add_char(&o->line, ';');
	if (c->kind == SL_CELL_VALUE)
		csv_text(&o->line, c->slug);
}

static void
csv_row(struct sl_out *o, const struct sl_cell *c)
{
	size_t i;

	for (i = 0; i < o->shape->columns; i++) {
		if (i > 0)
			sl_buf_add_char(&o->line, ';');
		csv_cell(o, &o->shape->column[i], &c[i]);
	}
	sl_buf_add_str(&o->line, "\r\n");
	end_row(o);
}

static enum sl_rc
csv_end(struct sl_out *o, struct sl_err *err)
{
	(void)err;
	put(o);
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
	sl_buf_add_str(b, ",\"");
	sl_buf_add_str(b, col->key);
	sl_buf_add_str(b, "_text\":");
	if (c->kind == SL_CELL_VALUE)
		json_text(b, c->text);
	else
		sl_buf_add_str(b, "null");
}

static void
json_row(struct sl_out *o, const struct sl_cell *c)
{
	size_t i;

	for (i = 0; i < o->shape->columns; i++) {
		sl_buf_add_str(&o->line, i > 0 ? ",\"" : "{\"");
		sl_buf_add_str(&o->line, o->shape->column[i].key);
		sl_buf_add_str(&o->line, "\":");
		json_value(&o->shape->column[i], &c[i], &o->line);
		if (o->shape->column[i].type == SL_COL_WORD)
			json_word(&o->shape->column[i], &c[i], &o->line);
	}
	sl_buf_add_str(&o->line, "}\n");
	end_row(o);
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
	sl_buf_printf(b, "{\"report\":\"%s\",\"instance\":", o->shape->slug);
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

static void
xml_escaped(struct sl_buf *b, const char *s)
{
	SL_BUF struct sl_buf shown = {0};

	sl_add_text(&shown, s);
	sl_text_html(b, sl_buf_str(&shown), shown.n);
}

/* Control and bidi characters are shown as in every other format. Nearly all
 * texts go out as they are. */
static void
xml_text(struct sl_buf *b, const char *s)
{
	size_t n = 0, k;

	while ((k = sl_shown_bytes(s + n)) > 0 && s[n] != '&' && s[n] != '<' &&
	       s[n] != '>' && s[n] != '"' && s[n] != '\'')
		n += k;
	if (s[n] == '\0')
		sl_buf_add(b, s, n);
	else
		xml_escaped(b, s);
}

/* An element's tags are made of its column's title: once, not for each row. */
struct xml_tags {
	char text[160]; /* <name></name> */
	size_t begin, all; /* bytes of the first, and of both */
};

static void
name_elements(struct sl_out *o)
{
	struct xml_tags *t = sl_alloc(o->shape->columns * sizeof(*t));
	SL_BUF struct sl_buf name = {0};
	size_t i;

	o->state = t;
	for (i = 0; i < o->shape->columns; i++, t++) {
		sl_buf_reset(&name);
		sl_column_xml(&o->shape->column[i], &name);
		t->begin = name.n + 2;
		t->all = (size_t)snprintf(t->text, sizeof(t->text), "<%s></%s>",
		    sl_buf_str(&name), sl_buf_str(&name));
		assert(t->all < sizeof(t->text));
	}
}

static void
xml_begin(struct sl_out *o)
{
	struct sl_buf *b = &o->line;
	char made[32];

	sl_clock_format_utc(o->made_ms, made, sizeof(made));
	sl_buf_printf(b,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rapport "
	    "xmlns=\"" XML_NS "\" navn=\"%s\" virksomhet=\"",
	    o->shape->slug);
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
	name_elements(o);
}

/* What is not known is an empty element that says so; what is not there is no
 * element. */
static void
xml_row(struct sl_out *o, const struct sl_cell *c)
{
	const struct xml_tags *t = o->state;
	struct sl_buf *b = &o->line;
	size_t i;

	sl_buf_add_str(b, "<rad>");
	for (i = 0; i < o->shape->columns; i++, t++) {
		if (c[i].kind == SL_CELL_NONE)
			continue;
		if (c[i].kind == SL_CELL_UNKNOWN) {
			sl_buf_add(b, t->text, t->begin - 1);
			sl_buf_add_str(b, " ukjent=\"true\"/>");
			continue;
		}
		sl_buf_add(b, t->text, t->begin);
		plain_value(&o->shape->column[i], &c[i], xml_text, b);
		sl_buf_add(b, t->text + t->begin, t->all - t->begin);
	}
	sl_buf_add_str(b, "</rad>\n");
	end_row(o);
}

static enum sl_rc
xml_end(struct sl_out *o, struct sl_err *err)
{
	struct sl_buf *b = &o->line;
	size_t i;

	(void)err;
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
