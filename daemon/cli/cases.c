/*
 * `cases import`: a list of known cases to slused, in batches.
 *
 * The whole file is read through before the first row is sent, and slused takes
 * the rows when all are there: a list with a fault changes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "../query/control.h"
#include "cli.h"
#include "csv.h"

#define BATCH_BYTES 40000u /* of JSON; one CTL message holds 57344 */

struct import {
	struct sl_control *k;
	json_t *rows;
	size_t bytes;
	unsigned count;
};

static enum sl_rc
count_row(void *arg, const struct sl_csv_case *c, struct sl_err *err)
{
	unsigned *n = arg;

	(void)c;
	(void)err;
	(*n)++;
	return SL_OK;
}

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
	enum sl_rc rc = sl_csv_file(path, send_row, m, err);

	if (rc == SL_OK)
		rc = flush_rows(m, err);
	if (rc != SL_OK)
		return rc;
	return sl_control_call(m->k, "cases-done", NULL, NULL, NULL, 0, err);
}

int
sl_cmd_cases_import(const struct sl_cli *c)
{
	struct import m = {.rows = json_array()};
	struct sl_err err;
	unsigned n = 0;
	enum sl_rc rc = sl_csv_file(c->arg[0], count_row, &n, &err);

	if (rc == SL_OK && n == 0)
		rc = sl_err_set(
		    &err, SL_REJECT, 0, "csv_invalid", "it holds no cases");
	if (rc != SL_OK) {
		json_decref(m.rows);
		return sl_say(SL_EXIT_INPUT, "%s: %s", c->arg[0], err.text);
	}
	rc = sl_control_open(c->root, &m.k, &err);
	if (rc == SL_OK)
		rc = import_all(&m, c->arg[0], &err);
	sl_control_close(m.k);
	json_decref(m.rows);
	if (rc == SL_HOLD || rc == SL_FATAL)
		return sl_say(SL_EXIT_REFUSED, "%s", err.text);
	if (rc != SL_OK)
		return sl_cli_fail(&err);
	if (c->json)
		(void)printf("{\"ok\":true,\"cases\":%u}\n", m.count);
	else
		(void)printf("%u cases are known from now on.\n", m.count);
	return SL_EXIT_OK;
}
