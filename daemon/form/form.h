/*
 * A table on its way out: text, csv, json, xml, html or pdf.
 *
 * text, csv, json and xml are written as rows come, the last three some hundred
 * at a time; html and pdf keep the first SL_OUT_KEPT_MAX rows and say how many
 * there were.
 */
#ifndef SL_FORM_FORM_H
#define SL_FORM_FORM_H

#include <stdio.h>

#include "../base/err.h"
#include "../config/config.h"
#include "column.h"

#define SL_OUT_KEPT_MAX 20000u

enum sl_cell_kind { SL_CELL_NONE, SL_CELL_UNKNOWN, SL_CELL_VALUE };
struct sl_cell {
	enum sl_cell_kind kind;
	const char *text; /* TEXT ID CODE; the word of WORD */
	const char *slug; /* of WORD */
	int64_t n; /* INT BYTES; UTC ms of TIME and DAY */
	double x; /* REAL PCT */
};

struct sl_fact {
	char *key, *title, *value; /* value NULL: a remark */
};

struct sl_out;
struct sl_form {
	const char *name;
	void (*begin)(struct sl_out *o);
	void (*row)(struct sl_out *o, const struct sl_cell *c);
	enum sl_rc (*end)(struct sl_out *o, struct sl_err *err);
	bool kept; /* rows are kept as shown text for end() */
};

struct sl_out {
	const struct sl_form *form;
	FILE *f; /* lent */
	unsigned lang;
	const struct sl_shape *shape;
	char instance[128], period[64], queue[128], made[32];
	bool no_queue; /* it is of none */
	int room; /* of a terminal, in characters; 0: it goes elsewhere */
	int64_t made_ms;
	uint64_t rows;
	struct sl_fact *fact;
	size_t fact_n, fact_cap;
	struct sl_buf line; /* of the row being made */
	/* kept: */
	char **cell; /* columns * kept_rows texts, in the arena */
	struct sl_arena *texts;
	double *bar; /* the chart's column */
	size_t kept_rows, cell_cap, bar_cap;
	void *state; /* the form's own */
	/* The same report in another form, lent: gets all that this one gets.
	 * Days in facts are written for the first. */
	struct sl_out *also;
};

/* NULL: there is no such format. */
const struct sl_form *sl_form_find(const char *name);
/* "table, csv, .." */
void sl_form_names(struct sl_buf *out);
/* *ret is the caller's. */
struct sl_out *sl_out_new(const struct sl_form *form, FILE *f, unsigned lang);
/* NULL is fine. */
void sl_out_free(struct sl_out *o);

void sl_out_begin(struct sl_out *o, const struct sl_shape *shape);
void sl_out_row(struct sl_out *o, const struct sl_cell *c);
void sl_out_fact(
    struct sl_out *o, const char *key, const char *title, const char *value);
/* SL_FATAL: it could not be made or written. */
enum sl_rc sl_out_end(struct sl_out *o, struct sl_err *err);

/* What was written is of no use then. SL_FATAL, with the cause. */
enum sl_rc sl_out_cannot_write(struct sl_out *o, struct sl_err *err);

/* Keeps a row as shown text, up to the limit. */
void sl_out_keep(struct sl_out *o, const struct sl_cell *c);
/* For forms: ------------------------------------------------------------- */
const char *sl_out_title(const struct sl_out *o);
const char *sl_out_head(const struct sl_out *o, const struct sl_column *c);
const char *sl_out_say(const struct sl_out *o, const char *nb, const char *en);
/* Appends the cell as a person reads it; nothing for SL_CELL_NONE. */
void sl_cell_show(const struct sl_out *o, const struct sl_column *c,
    const struct sl_cell *v, struct sl_buf *b);
/* One decimal, with a comma in Norwegian; appended. */
void sl_add_real(struct sl_buf *b, double x, unsigned lang);
/* Bytes of the first character of s if it is shown as it is without a closer
 * look: printable ASCII or a letter of Latin-1. 0: it is not, or s ends. */
static inline size_t
sl_shown_bytes(const char *s)
{
	if (s[0] >= ' ' && s[0] <= '~')
		return 1;
	return s[0] == '\xC3' && ((unsigned char)s[1] & 0xC0) == 0x80 ? 2 : 0;
}
/* s with what could steer a terminal made visible; appended. */
void sl_add_text(struct sl_buf *b, const char *s);
/* Decimal digits, appended. */
void sl_add_int(struct sl_buf *b, int64_t n);
/* "2026-01-31" as people write it who read that language, anything else as it
 * is; appended. */
void sl_add_day(struct sl_buf *b, const char *iso, unsigned lang);
/* The same as the form writes a day. */
void sl_out_add_day(const struct sl_out *o, struct sl_buf *b, const char *iso);
/* An instant (UTC ms) in Oslo: for people as they write it, for programs with
 * its zone; appended. */
void sl_out_add_time(const struct sl_out *o, struct sl_buf *b, int64_t ms);
/* Of what, of which days (2026-01-31 or NULL), and made when. */
void sl_out_set_head(struct sl_out *o, const char *instance, const char *from,
    const char *to, int64_t made_ms);
/* The form's head in words: title, name, value; i from 0; false at the end. */
bool sl_out_about(
    const struct sl_out *o, int i, const char **ret_name, const char **ret);
/* The index of the chart's column, or -1. */
int sl_out_chart(const struct sl_out *o);
/* What a row is called: the words it begins with. Appended. */
void sl_out_label(const struct sl_out *o, size_t row, struct sl_buf *b);

/* The head of a page up to its <h1>, and its end. */
void sl_html_begin(
    struct sl_buf *b, unsigned lang, const char *title, const char *instance);
void sl_html_end(struct sl_buf *b);

extern const struct sl_form sl_form_text, sl_form_csv, sl_form_json,
    sl_form_xml, sl_form_html, sl_form_pdf;

/* The width of the terminal that standard output is, 0: it is none. $COLUMNS
 * counts before what the terminal says. */
int sl_out_terminal(void);

/* A bar chart: n bars, labels left, values with their unit right. title is what
 * a screen reader says. */
struct sl_bars {
	const char *title, *unit; /* unit: "", or " %" */
	char *const *label;
	const double *value;
	size_t n;
	unsigned lang;
};
/* Appended as SVG: a picture for each dozen. */
void sl_svg_bars(struct sl_buf *b, const struct sl_bars *c);

#endif
