/*
 * The rows of reports.def, and running one of them.
 */
#include "table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "../form/form.h"
#include "../lists/control.h"
#include "../store/db.h"
#include "runs.h"

#define CELLS_MAX 24
#define NAMES_BYTES 400 /* of queues in a line */

#define SL_COLUMN(...)
#define SL_REPORT(id, ...) REPORT_##id,
enum report_id {
#include "reports.def"
	REPORTS
};
#undef SL_REPORT
#undef SL_COLUMN

#define SL_REPORT(...)
#define SL_COLUMN(report, key, type, nb, en, help)                             \
	{REPORT_##report, #key, SL_COL_##type, nb, en, help},
static const struct sl_column columns[] = {
#include "reports.def"
};
#undef SL_REPORT
#undef SL_COLUMN
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

#define SL_COLUMN(...)
#define SL_REPORT(id, slug, alias, nb, en, takes, chart, help)                 \
	{{slug, nb, en, #chart, NULL, 0}, alias, takes, help, sl_rep_##id},
static struct sl_report_def defs[] = {
#include "reports.def"
};
#undef SL_REPORT
#undef SL_COLUMN

const struct sl_report_def *
sl_report_defs(size_t *ret_n)
{
	size_t i;

	if (defs[0].shape.column == NULL)
		for (i = COLUMNS; i-- > 0;) {
			defs[columns[i].of].shape.column = &columns[i];
			defs[columns[i].of].shape.columns++;
		}
	*ret_n = REPORTS;
	return defs;
}

const struct sl_report_def *
sl_report_def_find(const char *name)
{
	size_t n, i;
	const struct sl_report_def *d = sl_report_defs(&n);

	for (i = 0; i < n; i++)
		if (strcmp(d[i].shape.slug, name) == 0 ||
		    strcmp(d[i].alias, name) == 0)
			return &d[i];
	return NULL;
}

static const char *
type_name(enum sl_col_type t)
{
	static const char *const names[] = {[SL_COL_TEXT] = "text",
	    [SL_COL_ID] = "text",
	    [SL_COL_CODE] = "code",
	    [SL_COL_WORD] = "word",
	    [SL_COL_INT] = "number",
	    [SL_COL_BYTES] = "bytes",
	    [SL_COL_REAL] = "number with a decimal",
	    [SL_COL_PCT] = "per cent",
	    [SL_COL_TIME] = "time",
	    [SL_COL_DAY] = "date"};

	return names[t];
}

static void
manual_options(unsigned takes, struct sl_buf *out)
{
	static const struct {
		unsigned bit;
		const char *words;
	} options[] = {
	    {SL_TAKES_PERIOD, "Fl Fl from , Fl Fl to"},
	    {SL_TAKES_QUEUE, "Fl Fl queue"},
	    {SL_TAKES_CONTROL, "Fl Fl control"},
	    {SL_TAKES_DAYS, "Fl Fl days"},
	    {SL_TAKES_SAMPLE,
		"Fl Fl count , Fl Fl seed , Fl Fl risk , Fl Fl errors"},
	};
	size_t i;

	sl_buf_add_str(out, "Takes");
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if ((takes & options[i].bit) != 0)
			sl_buf_printf(out, "\n.%s", options[i].words);
	if ((takes & SL_TAKES_FILES) != 0)
		sl_buf_add_str(out, "\n.Ar file");
	sl_buf_add_str(out, "\n");
}

/* One sentence a line, as mdoc wants it; no line begins with a dot. */
static void
manual_text(const char *s, struct sl_buf *out)
{
	for (; *s != '\0'; s++) {
		if (s[0] == '.' && s[1] == ' ') {
			sl_buf_add_str(out, ".\n");
			s++;
		} else {
			sl_buf_add_char(out, *s);
		}
	}
	sl_buf_add_char(out, '\n');
}

void
sl_report_manual(struct sl_buf *out)
{
	size_t n, i, k;
	const struct sl_report_def *d = sl_report_defs(&n);
	const struct sl_column *c;

	for (i = 0; i < n; i++) {
		sl_buf_printf(out, ".Ss %s, %s\n", d[i].shape.slug, d[i].alias);
		manual_text(d[i].help, out);
		manual_options(d[i].takes, out);
		sl_buf_add_str(out, ".Bl -tag -width Ds -compact\n");
		for (k = 0; k < d[i].shape.columns; k++) {
			c = &d[i].shape.column[k];
			sl_buf_printf(out, ".It Li %s\n%s / %s (%s).\n", c->key,
			    c->nb, c->en, type_name(c->type));
			if (c->help[0] != '\0')
				manual_text(c->help, out);
		}
		sl_buf_add_str(out, ".El\n");
	}
}

/* -- for the reports ---------------------------------------------------- */

const char *
sl_rep_say(const struct sl_rep *r, const char *nb, const char *en)
{
	return r->lang == SL_LANGUAGE_EN ? en : nb;
}

static enum sl_cell_kind
kind_of(char letter, const struct sl_rep_value *v)
{
	switch (letter) {
	case 'u':
		return SL_CELL_UNKNOWN;
	case '-':
		return SL_CELL_NONE;
	case 's':
	case 'w':
		return v->s == NULL || v->s[0] == '\0' ? SL_CELL_NONE
						       : SL_CELL_VALUE;
	case 't':
	case 'd':
		return v->n == 0 ? SL_CELL_NONE : SL_CELL_VALUE;
	default:
		return SL_CELL_VALUE;
	}
}

void
sl_rep_cells(struct sl_rep *r, const char *fmt, const struct sl_rep_value *v)
{
	struct sl_cell c[CELLS_MAX];
	size_t i;

	assert(strlen(fmt) == r->def->shape.columns);
	for (i = 0; i < r->def->shape.columns; i++)
		c[i] = (struct sl_cell){.kind = kind_of(fmt[i], &v[i]),
		    .text = v[i].s,
		    .slug = v[i].slug,
		    .n = v[i].n,
		    .x = v[i].x};
	sl_out_row(r->out, c);
}

void
sl_rep_row(struct sl_rep *r, const char *fmt, ...)
{
	struct sl_rep_value v[CELLS_MAX];
	size_t i;
	va_list ap;

	va_start(ap, fmt);
	for (i = 0; fmt[i] != '\0'; i++) {
		assert(i < CELLS_MAX);
		v[i] = (struct sl_rep_value){0};
		switch (fmt[i]) {
		case 'w':
			v[i].slug = va_arg(ap, const char *);
			v[i].s = va_arg(ap, const char *);
			break;
		case 's':
			v[i].s = va_arg(ap, const char *);
			break;
		case 'x':
			v[i].x = va_arg(ap, double);
			break;
		case 'i':
		case 't':
		case 'd':
			v[i].n = va_arg(ap, int64_t);
			break;
		default:
			break;
		}
	}
	va_end(ap);
	sl_rep_cells(r, fmt, v);
}

void
sl_rep_fact(struct sl_rep *r, const char *key, const char *nb, const char *en,
    const char *fmt, ...)
{
	char value[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	sl_out_fact(r->out, key, sl_rep_say(r, nb, en), value);
}

void
sl_rep_note(struct sl_rep *r, const char *nb, const char *en)
{
	sl_out_fact(r->out, "note", sl_rep_say(r, nb, en), NULL);
}

/* As many as go into a line, and how many more. */
void
sl_rep_strangers(struct sl_rep *r, const struct sl_control_sheet *c)
{
	SL_BUF struct sl_buf b = {0};
	size_t i;

	for (i = 1; i < c->strangers.n; i++) {
		if (b.n + strlen(c->strangers.text[i]) > NAMES_BYTES)
			break;
		sl_buf_printf(
		    &b, "%s%s", b.n > 0 ? ", " : "", c->strangers.text[i]);
	}
	if (b.n > 0)
		sl_rep_fact(r, "only_in_control", "Bare i kontrolltallene, kø",
		    "Only in the sheet, queue", "%s", sl_buf_str(&b));
	if (i < c->strangers.n)
		sl_rep_fact(r, "only_in_control_more", "… og flere",
		    "… and more", "%zu", c->strangers.n - i);
}

/* -- running ------------------------------------------------------------ */

static enum sl_rc
day_ms(const char *day, int days, int64_t *ret, struct sl_err *err)
{
	int64_t n;

	if (!sl_day_exact(day, &n))
		return sl_err_set(err, SL_REJECT, 0, "bad_option",
		    "there is no day %s: a date is written 2026-01-31", day);
	*ret = sl_day_begin(n + days);
	return SL_OK;
}

static void
about(struct sl_rep *r)
{
	const struct sl_rep_options *p = r->opt;
	struct sl_out *o;

	for (o = r->out; o != NULL; o = o->also) {
		sl_out_set_head(
		    o, r->cfg->instance.name, p->from, p->to, r->now_ms);
		o->queue[0] = '\0';
		if (p->queue != NULL)
			(void)snprintf(
			    o->queue, sizeof(o->queue), "%s", p->queue);
	}
}

static enum sl_rc
check_options(const struct sl_report_def *d, const struct sl_rep_options *p,
    struct sl_err *err)
{
	const struct {
		bool given;
		unsigned bit;
		const char *name;
	} given[] = {
	    {p->from != NULL, SL_TAKES_PERIOD, "--from"},
	    {p->to != NULL, SL_TAKES_PERIOD, "--to"},
	    {p->queue != NULL, SL_TAKES_QUEUE, "--queue"},
	    {p->control != NULL, SL_TAKES_CONTROL, "--control"},
	    {p->files > 0, SL_TAKES_FILES, "a file"},
	    {p->days >= 0, SL_TAKES_DAYS, "--days"},
	    {p->count > 0, SL_TAKES_SAMPLE, "--count"},
	    {p->seed_given, SL_TAKES_SAMPLE, "--seed"},
	    {p->by_risk, SL_TAKES_SAMPLE, "--risk"},
	    {p->errors >= 0, SL_TAKES_SAMPLE, "--errors"},
	};
	size_t i;

	for (i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (given[i].given && (d->takes & given[i].bit) == 0)
			return sl_err_set(err, SL_REJECT, 0, "bad_option",
			    "%s does not take %s", d->shape.slug,
			    given[i].name);
	return SL_OK;
}

enum sl_rc
sl_report_check_queue(struct sl_store *s, const struct sl_config *cfg,
    const char *name, struct sl_err *err)
{
	SL_BUF struct sl_buf known = {.max = 200};
	size_t i;

	if (sl_config_queue(cfg, name) != NULL ||
	    sl_db_int(sl_store_db(s), 0,
		"SELECT EXISTS (SELECT 1 FROM consignment WHERE queue = ?1)",
		"s", name) != 0)
		return SL_OK;
	for (i = 0; i < cfg->queue_n; i++)
		sl_buf_printf(
		    &known, "%s%s", i > 0 ? ", " : "", cfg->queue[i].name);
	return sl_err_set(err, SL_REJECT, 0, "unknown_queue",
	    "there is no queue %s%s%s%s", name,
	    known.n > 0 ? " (there are: " : "", sl_buf_str(&known),
	    known.n > 0 ? ")" : "");
}

static enum sl_rc
check_period(struct sl_rep *r, struct sl_err *err)
{
	const struct sl_rep_options *o = r->opt;
	enum sl_rc rc = SL_OK;

	if (o->from != NULL)
		rc = day_ms(o->from, 0, &r->from_ms, err);
	if (rc == SL_OK && o->to != NULL)
		rc = day_ms(o->to, 1, &r->to_ms, err);
	if (rc == SL_OK && r->from_ms >= r->to_ms)
		return sl_err_set(err, SL_REJECT, 0, "bad_option",
		    "--from %s is later than --to %s", o->from, o->to);
	return rc;
}

/* An error rate of other posts than those that were looked through would be
 * none. */
static enum sl_rc
check_sample(const struct sl_rep_options *opt, struct sl_err *err)
{
	int count = opt->count > 0 ? opt->count : SL_SAMPLE_COUNT;

	if (opt->errors >= 0 && !opt->seed_given)
		return sl_err_set(err, SL_REJECT, 0, "bad_option",
		    "--errors are those of a sample that was drawn: say its "
		    "--seed");
	if (opt->errors > count)
		return sl_err_set(err, SL_REJECT, 0, "bad_option",
		    "--errors is more than the sample");
	return SL_OK;
}

enum sl_rc
sl_report_check_options(const struct sl_rep_options *opt, struct sl_err *err)
{
	struct sl_rep r = {
	    .opt = opt, .from_ms = INT64_MIN, .to_ms = INT64_MAX};
	enum sl_rc rc = check_period(&r, err);

	return rc == SL_OK ? check_sample(opt, err) : rc;
}

/* What came on other days was never on the sheet. */
static enum sl_rc
period_of_control(struct sl_rep_options *o, char *from, char *to, size_t cap,
    struct sl_err *err)
{
	struct sl_control_sheet sheet;
	enum sl_rc rc = sl_control_read(o->control, o->list_queue, &sheet, err);

	if (rc == SL_OK && sl_control_days(&sheet, o->queue, from, to, cap)) {
		o->from = from;
		o->to = to;
	}
	if (rc == SL_OK)
		sl_control_free(&sheet);
	return rc;
}

/* The indexes that reports go by come with the schema. */
enum sl_rc
sl_report_check_schema(struct sl_store *s, struct sl_err *err)
{
	if (sl_db_int(sl_store_db(s), 0, "PRAGMA user_version", "") ==
	    SL_SCHEMA_VERSION)
		return SL_OK;
	return sl_err_set(err, SL_SKIP, 0, "schema_other",
	    "the database was written by another version of Sluse: "
	    "start slused of this one first");
}

static enum sl_rc
run_here(struct sl_rep *r, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(r->store);
	enum sl_rc rc;

	if (r->shared != NULL)
		return r->def->run(r, err);
	rc = sl_db_run(db, err, "BEGIN", "");
	if (rc == SL_OK) {
		rc = r->def->run(r, err);
		(void)sl_db_run(db, NULL, "COMMIT", "");
	}
	return rc;
}

enum sl_rc
sl_report_run_shared(struct sl_store *s, const struct sl_config *cfg,
    const struct sl_report_def *def, const struct sl_rep_options *opt,
    struct sl_snap *shared, struct sl_out *out, struct sl_err *err)
{
	struct sl_rep_options own = *opt;
	char from[16], to[16];
	struct sl_rep r = {.store = s,
	    .cfg = cfg,
	    .def = def,
	    .opt = &own,
	    .from_ms = INT64_MIN,
	    .to_ms = INT64_MAX,
	    .now_ms = sl_clock_utc_ms(),
	    .lang = out->lang,
	    .out = out,
	    .shared = shared};
	enum sl_rc rc = check_options(def, opt, err);

	if (own.list_queue == NULL)
		own.list_queue = own.queue;
	if (rc == SL_OK && (def->takes & SL_PERIOD_OF_CONTROL) != 0 &&
	    opt->control != NULL && opt->from == NULL && opt->to == NULL)
		rc = period_of_control(&own, from, to, sizeof(from), err);
	if (rc == SL_OK)
		rc = check_period(&r, err);
	if (rc == SL_OK)
		rc = check_sample(opt, err);
	if (rc == SL_OK)
		rc = sl_report_check_schema(s, err);
	if (rc == SL_OK && opt->queue != NULL)
		rc = sl_report_check_queue(s, cfg, opt->queue, err);
	if (rc != SL_OK)
		return rc;
	about(&r);
	sl_out_begin(out, &def->shape);
	rc = run_here(&r, err);
	if (rc == SL_OK)
		rc = sl_db_check(sl_store_db(s), err);
	return rc == SL_OK ? sl_out_end(out, err) : rc;
}

enum sl_rc
sl_report_run(struct sl_store *s, const struct sl_config *cfg,
    const struct sl_report_def *def, const struct sl_rep_options *opt,
    struct sl_out *out, struct sl_err *err)
{
	return sl_report_run_shared(s, cfg, def, opt, NULL, out, err);
}
