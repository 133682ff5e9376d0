/*
 * What all formats share: facts, shown cells, kept rows.
 */
#include "form.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"

static const struct sl_form *const forms[] = {&sl_form_text, &sl_form_csv,
    &sl_form_json, &sl_form_xml, &sl_form_html, &sl_form_pdf};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

const struct sl_form *
sl_form_find(const char *name)
{
	size_t i;

	for (i = 0; i < FORMS; i++)
		if (strcmp(forms[i]->name, name) == 0)
			return forms[i];
	return NULL;
}

void
sl_form_names(struct sl_buf *out)
{
	size_t i;

	for (i = 0; i < FORMS; i++)
		sl_buf_printf(out, "%s%s", i > 0 ? ", " : "", forms[i]->name);
}

struct sl_out *
sl_out_new(const struct sl_form *form, FILE *f, unsigned lang)
{
	struct sl_out *o = sl_alloc(sizeof(*o));

	o->form = form;
	o->f = f;
	o->lang = lang;
	return o;
}

void
sl_out_free(struct sl_out *o)
{
	size_t i;

	if (o == NULL)
		return;
	for (i = 0; i < o->fact_n; i++) {
		free(o->fact[i].key);
		free(o->fact[i].title);
		free(o->fact[i].value);
	}
	sl_arena_free(o->texts);
	free(o->fact);
	free(o->cell);
	free(o->bar);
	free(o->state);
	sl_buf_free(&o->line);
	free(o);
}

void
sl_out_begin(struct sl_out *o, const struct sl_shape *shape)
{
	for (; o != NULL; o = o->also) {
		o->shape = shape;
		if (o->form->begin != NULL)
			o->form->begin(o);
	}
}

/* A row's texts lie behind each other: each by itself would take twice the
 * memory. */
static void
keep_texts(struct sl_out *o, const struct sl_cell *c, char **ret_cell)
{
	size_t n = o->shape->columns, i;
	char *p;

	sl_buf_reset(&o->line);
	for (i = 0; i < n; i++) {
		sl_cell_show(o, &o->shape->column[i], &c[i], &o->line);
		sl_buf_add(&o->line, "", 1);
	}
	if (o->texts == NULL)
		o->texts = sl_arena_new();
	/* With an end for each, should the buffer not have held all. */
	p = sl_arena_alloc(o->texts, o->line.n + n);
	memcpy(p, o->line.p, o->line.n);
	for (i = 0; i < n; i++, p += strlen(p) + 1)
		ret_cell[i] = p;
}

void
sl_out_keep(struct sl_out *o, const struct sl_cell *c)
{
	size_t n = o->shape->columns;
	int chart = sl_out_chart(o);

	if (o->kept_rows == SL_OUT_KEPT_MAX)
		return;
	o->cell = sl_grow(
	    o->cell, &o->cell_cap, (o->kept_rows + 1) * n, sizeof(*o->cell));
	keep_texts(o, c, &o->cell[o->kept_rows * n]);
	if (chart >= 0) {
		o->bar = sl_grow(
		    o->bar, &o->bar_cap, o->kept_rows + 1, sizeof(*o->bar));
		o->bar[o->kept_rows] =
		    c[chart].kind != SL_CELL_VALUE ? (double)NAN
		    : o->shape->column[chart].type == SL_COL_INT
			? (double)c[chart].n
			: c[chart].x;
	}
	o->kept_rows++;
}

void
sl_out_row(struct sl_out *o, const struct sl_cell *c)
{
	for (; o != NULL; o = o->also) {
		o->rows++;
		if (o->form->kept)
			sl_out_keep(o, c);
		else
			o->form->row(o, c);
	}
}

static bool
has_fact(const struct sl_out *o, const char *key)
{
	size_t i;

	for (i = 0; i < o->fact_n; i++)
		if (o->fact[i].value != NULL &&
		    strcmp(o->fact[i].key, key) == 0)
			return true;
	return false;
}

/* With a number behind it where it comes again: who reads JSON into a map keeps
 * one of each name. */
static char *
name_fact(const struct sl_out *o, const char *key)
{
	char *name = sl_strdup(key);
	unsigned i;

	for (i = 2; has_fact(o, name); i++) {
		free(name);
		name = sl_asprintf("%s_%u", key, i);
	}
	return name;
}

void
sl_out_fact(
    struct sl_out *o, const char *key, const char *title, const char *value)
{
	struct sl_fact *f;
	char *name;

	for (; o != NULL; o = o->also) {
		o->fact =
		    sl_grow(o->fact, &o->fact_cap, o->fact_n + 1, sizeof(*f));
		name = value != NULL ? name_fact(o, key) : sl_strdup(key);
		f = &o->fact[o->fact_n++];
		f->key = name;
		f->title = sl_strdup(title);
		f->value = value != NULL ? sl_strdup(value) : NULL;
	}
}

/* By people; a spreadsheet and a program see that there is nothing. */
static bool
is_read(const struct sl_out *o)
{
	return o->form->kept || o->form == &sl_form_text;
}

/* A stream remembers that it failed, not why: asked once more, it says. */
enum sl_rc
sl_out_cannot_write(struct sl_out *o, struct sl_err *err)
{
	int why = 0;

	clearerr(o->f);
	if (putc('\n', o->f) == EOF || fflush(o->f) != 0)
		why = errno;
	return sl_err_set(
	    err, SL_FATAL, why, "disk_error", "cannot write the report");
}

static enum sl_rc
end_one(struct sl_out *o, struct sl_err *err)
{
	struct sl_out *also = o->also;
	char line[160];
	enum sl_rc rc;

	o->also = NULL; /* the facts below are its own */
	if (o->rows == 0 && is_read(o))
		sl_out_fact(o, "note",
		    sl_out_say(o, "Ingen rader: det er ingenting å vise.",
			"No rows: there is nothing to show."),
		    NULL);
	if (o->form->kept && o->rows > o->kept_rows) {
		(void)snprintf(line, sizeof(line), "%zu / %" PRIu64,
		    o->kept_rows, o->rows);
		sl_out_fact(o, "cut",
		    sl_out_say(o,
			"Bare de første radene står her (alle står i csv, json "
			"og xml)",
			"Only the first rows stand here (all are in csv, json "
			"and xml)"),
		    line);
	}
	o->also = also;
	rc = o->form->end(o, err);
	if (rc == SL_OK && (fflush(o->f) != 0 || ferror(o->f) != 0))
		return sl_out_cannot_write(o, err);
	return rc;
}

enum sl_rc
sl_out_end(struct sl_out *o, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;

	for (; rc == SL_OK && o != NULL; o = o->also)
		rc = end_one(o, err);
	return rc;
}

/* -- for forms ---------------------------------------------------------- */

const char *
sl_out_say(const struct sl_out *o, const char *nb, const char *en)
{
	return o->lang == SL_LANGUAGE_EN ? en : nb;
}

const char *
sl_out_title(const struct sl_out *o)
{
	return sl_out_say(o, o->shape->nb, o->shape->en);
}

const char *
sl_out_head(const struct sl_out *o, const struct sl_column *c)
{
	return sl_out_say(o, c->nb, c->en);
}

int
sl_out_chart(const struct sl_out *o)
{
	size_t i;

	for (i = 0; i < o->shape->columns; i++)
		if (strcmp(o->shape->column[i].key, o->shape->chart) == 0)
			return (int)i;
	return -1;
}

void
sl_out_label(const struct sl_out *o, size_t row, struct sl_buf *b)
{
	const struct sl_column *c = o->shape->column;
	size_t i, first = b->n;
	const char *s;

	for (i = 0; c[i].type <= SL_COL_WORD && i < o->shape->columns; i++) {
		s = o->cell[row * o->shape->columns + i];
		if (*s != '\0')
			sl_buf_printf(b, "%s%s", b->n > first ? ", " : "", s);
	}
}

bool
sl_out_about(
    const struct sl_out *o, int i, const char **ret_name, const char **ret)
{
	const struct {
		const char *nb, *en, *value;
	} all[] = {{"Virksomhet", "Body", o->instance},
	    {"Periode", "Period",
		o->period[0] != '\0'
		    ? o->period
		    : sl_out_say(o, "alt mottatt", "all that was received")},
	    {"Kø", "Queue",
		o->queue[0] != '\0' ? o->queue : sl_out_say(o, "alle", "all")},
	    {"Laget", "Made", o->made}};

	if (o->no_queue && i >= 2)
		i++;
	if (i < 0 || (size_t)i >= sizeof(all) / sizeof(all[0]))
		return false;
	*ret_name = sl_out_say(o, all[i].nb, all[i].en);
	*ret = all[i].value;
	return true;
}

/* printf is what a report of a million rows would spend its time in. */
void
sl_add_int(struct sl_buf *b, int64_t n)
{
	char out[24], *p = out + sizeof(out);
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	if (n < 0)
		*--p = '-';
	sl_buf_add(b, p, (size_t)(out + sizeof(out) - p));
}

static char *
two_digits(char *p, int n)
{
	*p++ = (char)('0' + n / 10 % 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

#define HOURS 64
#define HOUR_MS INT64_C(3600000)
#define DAY_CHARS 10
#define TIME_CHARS 16

/* Norwegian where people read it; a spreadsheet and a program get the same
 * whatever the language. */
static bool
is_norwegian(const struct sl_out *o)
{
	return o->lang != SL_LANGUAGE_EN && is_read(o);
}

void
sl_add_day(struct sl_buf *b, const char *iso, unsigned lang)
{
	if (lang == SL_LANGUAGE_EN || strlen(iso) != DAY_CHARS) {
		sl_buf_add_str(b, iso);
		return;
	}
	sl_buf_add(b, iso + 8, 2);
	sl_buf_add_char(b, '.');
	sl_buf_add(b, iso + 5, 2);
	sl_buf_add_char(b, '.');
	sl_buf_add(b, iso, 4);
}

void
sl_out_add_day(const struct sl_out *o, struct sl_buf *b, const char *iso)
{
	sl_add_day(b, iso, is_norwegian(o) ? o->lang : SL_LANGUAGE_EN);
}

/* In Oslo. Hours of the clock are remembered as text: they begin and end with
 * those of UTC. */
static void
show_time(const struct sl_out *o, struct sl_buf *b, int64_t ms, bool day_only)
{
	static struct {
		int64_t hour;
		char text[16];
	} known[HOURS];
	int64_t hour = ms / HOUR_MS;
	char out[20], *p = out;
	struct sl_date t;

	if (ms <= 0 || known[hour % HOURS].hour != hour) {
		t = sl_clock_oslo(ms);
		p = two_digits(p, t.year / 100);
		p = two_digits(p, t.year);
		*p++ = '-';
		p = two_digits(p, t.month);
		*p++ = '-';
		p = two_digits(p, t.day);
		*p++ = ' ';
		p = two_digits(p, t.hour);
		*p++ = ':';
		(void)two_digits(p, t.minute);
		if (ms > 0) {
			known[hour % HOURS].hour = hour;
			memcpy(known[hour % HOURS].text, out, TIME_CHARS);
		}
	} else {
		memcpy(out, known[hour % HOURS].text, TIME_CHARS - 2);
		(void)two_digits(
		    out + TIME_CHARS - 2, (int)(ms % HOUR_MS / 60000));
	}
	out[DAY_CHARS] = '\0';
	sl_out_add_day(o, b, out);
	out[DAY_CHARS] = ' ';
	if (!day_only)
		sl_buf_add(b, out + DAY_CHARS, TIME_CHARS - DAY_CHARS);
}

void
sl_out_add_time(const struct sl_out *o, struct sl_buf *b, int64_t ms)
{
	char iso[32];

	if (is_norwegian(o)) {
		show_time(o, b, ms, false);
		return;
	}
	sl_clock_format_oslo(ms, iso, sizeof(iso));
	sl_buf_add_str(b, iso);
}

void
sl_out_set_head(struct sl_out *o, const char *instance, const char *from,
    const char *to, int64_t made_ms)
{
	SL_BUF struct sl_buf b = {0};

	(void)snprintf(o->instance, sizeof(o->instance), "%s", instance);
	o->period[0] = '\0';
	if (from != NULL && to == NULL)
		sl_buf_add_str(&b, sl_out_say(o, "fra ", "from "));
	if (from != NULL)
		sl_out_add_day(o, &b, from);
	if (to != NULL)
		sl_buf_add_str(
		    &b, from != NULL ? " – " : sl_out_say(o, "til ", "until "));
	if (to != NULL)
		sl_out_add_day(o, &b, to);
	if (from != NULL || to != NULL)
		(void)snprintf(
		    o->period, sizeof(o->period), "%s", sl_buf_str(&b));
	sl_buf_reset(&b);
	show_time(o, &b, made_ms, false);
	(void)snprintf(o->made, sizeof(o->made), "%s", sl_buf_str(&b));
	o->made_ms = made_ms;
}

void
sl_add_real(struct sl_buf *b, double x, unsigned lang)
{
	char out[48], *dot;

	(void)snprintf(out, sizeof(out), "%.1f", x);
	dot = strchr(out, '.');
	if (lang != SL_LANGUAGE_EN && dot != NULL)
		*dot = ',';
	sl_buf_add_str(b, out);
}

void
sl_add_text(struct sl_buf *b, const char *s)
{
	size_t n = 0, k;

	while ((k = sl_shown_bytes(s + n)) > 0)
		n += k;
	if (s[n] == '\0')
		sl_buf_add(b, s, n);
	else
		sl_text_display(b, s, strlen(s));
}

void
sl_cell_show(const struct sl_out *o, const struct sl_column *c,
    const struct sl_cell *v, struct sl_buf *b)
{
	if (v->kind == SL_CELL_NONE)
		return;
	if (v->kind == SL_CELL_UNKNOWN) {
		sl_buf_add_str(b, sl_out_say(o, "ikke kjent", "not known"));
		return;
	}
	switch (c->type) {
	case SL_COL_TEXT:
	case SL_COL_ID:
	case SL_COL_CODE:
	case SL_COL_WORD:
		sl_add_text(b, v->text);
		break;
	case SL_COL_INT:
	case SL_COL_BYTES:
		sl_add_int(b, v->n);
		break;
	case SL_COL_REAL:
		sl_add_real(b, v->x, o->lang);
		break;
	case SL_COL_PCT:
		sl_add_real(b, v->x, o->lang);
		sl_buf_add_str(b, " %");
		break;
	case SL_COL_TIME:
		show_time(o, b, v->n, false);
		break;
	case SL_COL_DAY:
		show_time(o, b, v->n, true);
		break;
	}
}
