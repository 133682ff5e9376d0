/*
 * `cases import`: a list of known cases to slused, in batches.
 *
 * The whole file is read through before the first row is sent, and slused takes
 * the rows when all are there: a list with a fault changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../query/control.h"
#include "cli.h"
#include "csv.h"

#define COLUMN_SHOWN_MAX 120u /* bytes of its name */
#define BATCH_BYTES 40000u /* of JSON; one CTL message holds 57344 */

struct import {
	struct sl_control *k;
	json_t *rows;
	size_t bytes;
	unsigned count;
};

/* -- what the list is like --------------------------------------------------
 */

struct numbered {
	char number[16]; /* as csv.c makes it */
	unsigned line;
};

struct survey {
	struct numbered *row;
	size_t n, cap;
	json_t *unknown; /* columns */
	size_t repeated; /* rows that a later one of that number replaces */
	struct numbered first, again; /* the first such, and what repeats it */
};

static enum sl_rc
survey_row(void *arg, const struct sl_csv_case *c, struct sl_err *err)
{
	struct survey *v = arg;

	(void)err;
	if (v->n == v->cap) {
		v->cap = v->cap * 2 + 256;
		v->row = sl_realloc(v->row, v->cap * sizeof(*v->row));
	}
	v->row[v->n] = (struct numbered){.line = c->line};
	(void)snprintf(
	    v->row[v->n].number, sizeof(v->row[v->n].number), "%s", c->number);
	v->n++;
	return SL_OK;
}

static void
survey_column(void *arg, const char *name)
{
	struct survey *v = arg;
	SL_BUF struct sl_buf b = {0};

	sl_text_display(&b, name, strnlen(name, COLUMN_SHOWN_MAX));
	(void)json_array_append_new(
	    v->unknown, json_stringn(sl_buf_str(&b), b.n));
}

static int
by_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	int order = strcmp(x->number, y->number);

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static void
find_repeated(struct survey *v)
{
	size_t i;

	if (v->n > 1)
		qsort(v->row, v->n, sizeof(*v->row), by_number);
	for (i = 1; i < v->n; i++) {
		if (strcmp(v->row[i].number, v->row[i - 1].number) != 0)
			continue;
		if (v->repeated++ == 0 || v->row[i].line < v->again.line) {
			v->first = v->row[i - 1];
			v->again = v->row[i];
		}
	}
}

/* What is no fault, but may be a slip. */
static void
tell_survey(const struct survey *v, const char *path)
{
	const json_t *name;
	size_t i;

	json_array_foreach(v->unknown, i, name)
	{
		(void)sl_say(SL_EXIT_OK,
		    "%s: column %s is not known, and was "
		    "passed over",
		    path, json_string_value(name));
	}
	if (v->repeated > 0)
		(void)sl_say(SL_EXIT_OK,
		    "%s: %zu row%s an earlier case number again, and the last "
		    "counts: %s in line %u and line %u%s",
		    path, v->repeated, v->repeated == 1 ? " has" : "s have",
		    v->again.number, v->first.line, v->again.line,
		    v->repeated == 1 ? "" : ", say");
}

/* -- sending ----------------------------------------------------------------
 */

static enum sl_rc
flush_rows(struct import *m, struct sl_err *err)
{
	json_t *args;
	enum sl_rc rc;

	if (json_array_size(m->rows) == 0)
		return SL_OK;
	args = json_pack("{s:O}", "cases", m->rows);
	rc = sl_control_call(m->k, "case", args, NULL, NULL, 0, err);
	json_decref(args);
	(void)json_array_clear(m->rows);
	m->bytes = 0;
	return rc;
}

/* JSON may make six bytes of one. */
static size_t
length(const struct sl_csv_case *c)
{
	return 80 + strlen(c->number) +
	       2 * (strlen(c->title) + strlen(c->status) + strlen(c->unit) +
		       strlen(c->klass));
}

static enum sl_rc
send_row(void *arg, const struct sl_csv_case *c, struct sl_err *err)
{
	struct import *m = arg;

	if (m->bytes + length(c) > BATCH_BYTES && flush_rows(m, err) != SL_OK)
		return err->rc;
	m->bytes += length(c);
	m->count++;
	(void)json_array_append_new(m->rows,
	    json_pack("{s:i, s:s, s:s, s:s, s:s, s:s}", "line", (int)c->line,
		"number", c->number, "title", c->title, "status", c->status,
		"unit", c->unit, "class", c->klass));
	return SL_OK;
}

static enum sl_rc
import_all(struct import *m, const char *path, struct sl_err *err)
{
	const struct sl_csv_reader to = {.row = send_row, .arg = m};
	enum sl_rc rc = sl_csv_file(path, &to, err);

	if (rc == SL_OK)
		rc = flush_rows(m, err);
	if (rc != SL_OK)
		return rc;
	return sl_control_call(m->k, "cases-done", NULL, NULL, NULL, 0, err);
}

static enum sl_exit
import(const struct sl_cli *c, unsigned *ret)
{
	struct import m = {.rows = json_array()};
	struct sl_err err;
	enum sl_rc rc = sl_control_open(c->root, &m.k, &err);

	if (rc == SL_OK)
		rc = import_all(&m, c->arg[0], &err);
	sl_control_close(m.k);
	json_decref(m.rows);
	*ret = m.count;
	if (rc == SL_HOLD || rc == SL_FATAL)
		return sl_say(SL_EXIT_REFUSED, "%s", err.text);
	return rc == SL_OK ? SL_EXIT_OK : sl_cli_fail(&err);
}

static enum sl_exit
survey(struct survey *v, const char *path)
{
	const struct sl_csv_reader to = {survey_row, survey_column, v};
	struct sl_err err;
	enum sl_rc rc = sl_csv_file(path, &to, &err);

	if (rc == SL_OK && v->n == 0)
		rc = sl_err_set(
		    &err, SL_REJECT, 0, "csv_invalid", "it holds no cases");
	if (rc != SL_OK)
		return sl_say(SL_EXIT_INPUT, "%s: %s", path, err.text);
	find_repeated(v);
	return SL_EXIT_OK;
}

int
sl_cmd_cases_import(const struct sl_cli *c)
{
	struct survey v = {.unknown = json_array()};
	enum sl_exit code = survey(&v, c->arg[0]);
	unsigned n = 0;
	json_t *o;

	if (code == SL_EXIT_OK)
		code = import(c, &n);
	if (code == SL_EXIT_OK && c->json) {
		o = json_pack("{s:b, s:i, s:I, s:O}", "ok", 1, "cases", (int)n,
		    "repeated", (json_int_t)v.repeated, "unknown_columns",
		    v.unknown);
		sl_cli_json(o);
		json_decref(o);
	} else if (code == SL_EXIT_OK) {
		n -= (unsigned)v.repeated;
		(void)printf(n == 1 ? "%u case is known from now on.\n"
				    : "%u cases are known from now on.\n",
		    n);
		tell_survey(&v, c->arg[0]);
	}
	free(v.row);
	json_decref(v.unknown);
	return code;
}
