/*
 * One page that needs nothing beside it: no script, no picture, no font, no
 * network. Table heads have a scope, the language is said, and it prints.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "form.h"

#define CHART_BARS 60

static const char style[] =
    "body{font:16px/1.45 'Liberation Sans',Arial,sans-serif;color:#1a1a1a;"
    "background:#fff;margin:1.5rem auto;max-width:90rem;padding:0 1rem}"
    "h1{font-size:1.6rem;margin:0 0 .2rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;"
    "margin:.6rem 0 1rem}dt{font-weight:bold}dd{margin:0}"
    ".scroll{overflow-x:auto}figure{margin:1rem 0}"
    "table{border-collapse:collapse;margin:1rem 0;font-size:.92rem;"
    "font-variant-numeric:tabular-nums}"
    "caption{text-align:left;font-weight:bold;padding:.3rem 0}"
    "th,td{border-bottom:1px solid #b5b5b5;padding:.3rem .55rem;"
    "text-align:left;vertical-align:top}"
    "thead th{border-bottom:2px solid #1a1a1a;vertical-align:bottom}"
    "tbody th{font-weight:normal}"
    ".n{text-align:right;white-space:nowrap}.k{white-space:nowrap}"
    "tbody tr:nth-child(even){background:#f3f5f7}"
    ".u{color:#595959;font-style:italic}"
    "svg{display:block;max-width:100%;height:auto;break-inside:avoid}"
    "a{color:#0b4f7d}a:focus,.scroll:focus{outline:3px solid #0b4f7d}"
    /* Paper does not scroll: every column must find its place. */
    "@media print{@page{size:A4 landscape;margin:12mm}"
    "body{font-size:9pt;margin:0;max-width:none;padding:0}"
    "h1{font-size:14pt}.scroll{overflow:visible}"
    "table{width:100%;font-size:7pt;line-height:1.25}"
    "th,td{padding:2pt 3pt}"
    "td,tbody th{overflow-wrap:anywhere;min-width:6.2em}"
    ".n,.k{overflow-wrap:normal;min-width:0}.k{white-space:normal}"
    "thead{display:table-header-group}tr{break-inside:avoid}}";

static void
html(struct sl_buf *b, const char *s)
{
	sl_text_html(b, s, strlen(s));
}

static void
put(struct sl_out *o, struct sl_buf *b)
{
	(void)fwrite(sl_buf_str(b), 1, b->n, o->f);
	sl_buf_reset(b);
}

void
sl_html_begin(
    struct sl_buf *b, unsigned lang, const char *title, const char *instance)
{
	sl_buf_printf(b,
	    "<!DOCTYPE html>\n<html lang=\"%s\">\n<head><meta "
	    "charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width\">\n<title>",
	    lang == SL_LANGUAGE_EN ? "en" : "nb");
	html(b, title);
	sl_buf_add_str(b, " – ");
	html(b, instance);
	sl_buf_printf(
	    b, "</title>\n<style>%s</style></head>\n<body><main>\n<h1>", style);
	html(b, title);
	sl_buf_add_str(b, "</h1>\n");
}

void
sl_html_end(struct sl_buf *b)
{
	sl_buf_add_str(b, "</main></body>\n</html>\n");
}

static void
add_head(struct sl_out *o, struct sl_buf *b)
{
	const char *name, *value;
	int i;

	sl_html_begin(b, o->lang, sl_out_title(o), o->instance);
	sl_buf_add_str(b, "<dl>");
	for (i = 0; sl_out_about(o, i, &name, &value); i++) {
		sl_buf_add_str(b, "<dt>");
		html(b, name);
		sl_buf_add_str(b, "</dt><dd>");
		html(b, value);
		sl_buf_add_str(b, "</dd>\n");
	}
	sl_buf_add_str(b, "</dl>\n");
}

static void
add_facts(struct sl_out *o, struct sl_buf *b)
{
	size_t i, values = 0;

	for (i = 0; i < o->fact_n; i++) {
		if (o->fact[i].value == NULL)
			continue;
		sl_buf_add_str(b, values++ == 0 ? "<dl><dt>" : "<dt>");
		html(b, o->fact[i].title);
		sl_buf_add_str(b, "</dt><dd>");
		html(b, o->fact[i].value);
		sl_buf_add_str(b, "</dd>\n");
	}
	if (values > 0)
		sl_buf_add_str(b, "</dl>\n");
	for (i = 0; i < o->fact_n; i++) {
		if (o->fact[i].value != NULL)
			continue;
		sl_buf_add_str(b, "<p>");
		html(b, o->fact[i].title);
		sl_buf_add_str(b, "</p>\n");
	}
}

static void
add_chart(struct sl_out *o, struct sl_buf *b)
{
	SL_BUF struct sl_buf words = {0};
	int at = sl_out_chart(o);
	size_t n = o->kept_rows, i;
	char **label;

	if (at < 0 || n < 2 || n > CHART_BARS)
		return;
	label = sl_alloc(n * sizeof(*label));
	for (i = 0; i < n; i++) {
		sl_buf_reset(&words);
		sl_out_label(o, i, &words);
		label[i] = sl_strdup(sl_buf_str(&words));
	}
	sl_buf_add_str(b, "<figure><figcaption>");
	html(b, sl_out_head(o, &o->shape->column[at]));
	sl_buf_add_str(b, "</figcaption>\n");
	sl_svg_bars(
	    b, &(struct sl_bars){.title = sl_out_head(o, &o->shape->column[at]),
		   .unit = o->shape->column[at].type == SL_COL_PCT ? " %" : "",
		   .label = label,
		   .value = o->bar,
		   .n = n,
		   .lang = o->lang});
	sl_buf_add_str(b, "</figure>\n");
	for (i = 0; i < n; i++)
		free(label[i]);
	free(label);
}

static void
add_cell(struct sl_out *o, struct sl_buf *b, size_t row, size_t i)
{
	const struct sl_column *c = &o->shape->column[i];
	const char *s = o->cell[row * o->shape->columns + i];
	const char *class = "";
	bool unknown = strcmp(s, sl_out_say(o, "ikke kjent", "not known")) == 0;

	if (unknown)
		class = sl_col_is_number(c->type) ? " class=\"n u\""
						  : " class=\"u\"";
	else if (sl_col_is_number(c->type))
		class = " class=\"n\"";
	else if (c->type == SL_COL_ID || c->type >= SL_COL_TIME)
		class = " class=\"k\"";
	sl_buf_add_str(b, i == 0 ? "<th scope=\"row\"" : "<td");
	sl_buf_add_str(b, class);
	sl_buf_add_char(b, '>');
	html(b, s);
	sl_buf_add_str(b, i == 0 ? "</th>" : "</td>");
}

static void
add_table(struct sl_out *o, struct sl_buf *b)
{
	size_t i, row;

	sl_buf_add_str(b, "<div class=\"scroll\" tabindex=\"0\" "
			  "role=\"region\" aria-label=\"");
	html(b, sl_out_title(o));
	sl_buf_add_str(b, "\"><table><caption>");
	html(b, sl_out_title(o));
	sl_buf_printf(b, ": %" PRIu64 " %s</caption>\n<thead><tr>", o->rows,
	    o->rows == 1 ? sl_out_say(o, "rad", "row")
			 : sl_out_say(o, "rader", "rows"));
	for (i = 0; i < o->shape->columns; i++) {
		sl_buf_printf(b, "<th scope=\"col\"%s>",
		    sl_col_is_number(o->shape->column[i].type) ? " class=\"n\""
							       : "");
		html(b, sl_out_head(o, &o->shape->column[i]));
		sl_buf_add_str(b, "</th>");
	}
	sl_buf_add_str(b, "</tr></thead>\n<tbody>\n");
	for (row = 0; row < o->kept_rows; row++) {
		sl_buf_add_str(b, "<tr>");
		for (i = 0; i < o->shape->columns; i++)
			add_cell(o, b, row, i);
		sl_buf_add_str(b, "</tr>\n");
		if (b->n > 60000)
			put(o, b);
	}
	sl_buf_add_str(b, "</tbody></table></div>\n");
}

static enum sl_rc
html_end(struct sl_out *o, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};

	(void)err;
	add_head(o, &b);
	add_facts(o, &b);
	add_chart(o, &b);
	add_table(o, &b);
	sl_html_end(&b);
	put(o, &b);
	return SL_OK;
}

const struct sl_form sl_form_html = {"html", NULL, NULL, html_end, true};
