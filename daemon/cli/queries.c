/*
 * Commands that only look: status, list, show, explain, age, journal, cases
 * list, config.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../config/config.h"
#include "../report/report.h"
#include "cli.h"
#include "control.h"

enum sl_exit
sl_cli_fail(const struct sl_err *err)
{
	enum sl_exit code = SL_EXIT_INTERNAL;

	if (err->rc == SL_SKIP || err->rc == SL_RETRY)
		code = SL_EXIT_AWAY;
	else if (err->rc == SL_REJECT || err->rc == SL_BROKEN)
		code = SL_EXIT_INPUT;
	if (err->sys != 0)
		return sl_cli_say(
		    code, "%s: %s", err->text, strerror(err->sys));
	return sl_cli_say(code, "%s", err->text);
}

void
sl_cli_json(const json_t *o)
{
	(void)json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(4));
	(void)putchar('\n');
}

enum sl_exit
sl_cli_store(const struct sl_cli *c, struct sl_store **ret)
{
	struct sl_err err;
	enum sl_rc rc = sl_store_open_read(c->root, ret, &err);

	if (rc == SL_SKIP)
		return sl_cli_say(
		    SL_EXIT_AWAY, "%s holds no instance that has run", c->root);
	return rc == SL_OK ? SL_EXIT_OK : sl_cli_fail(&err);
}

enum sl_exit
sl_cli_libexec(char *out, size_t cap)
{
	const char *dir = getenv("SLUSE_LIBEXEC");
	char self[PATH_MAX];
	ssize_t n;
	char *slash;

	if (dir != NULL && *dir != '\0') {
		(void)snprintf(out, cap, "%s", dir);
		return SL_EXIT_OK;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return sl_cli_say(
		    SL_EXIT_INTERNAL, "cannot find the other programs");
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	(void)snprintf(out, cap, "%s", self);
	return SL_EXIT_OK;
}

static const char *
row_text(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s != NULL ? s : "";
}

struct print {
	bool json;
	const char *event; /* only rows of that event; NULL: all */
	void (*print)(FILE *f, const json_t *row);
	uint64_t n;
};

static enum sl_rc
print_row(void *arg, const json_t *row, struct sl_err *err)
{
	struct print *p = arg;

	(void)err;
	if (p->event != NULL && strcmp(p->event, row_text(row, "event")) != 0)
		return SL_OK;
	p->n++;
	if (p->json)
		sl_cli_json(row);
	else
		p->print(stdout, row);
	/* A closed pipe ends a long list. */
	return ferror(stdout) == 0 ? SL_OK : SL_SKIP;
}

static enum sl_exit
code_of(enum sl_rc rc, const struct sl_err *err)
{
	if (rc == SL_OK || ferror(stdout) != 0)
		return SL_EXIT_OK;
	if (rc == SL_SKIP)
		return sl_cli_say(SL_EXIT_FOUND, "%s", err->text);
	if (rc == SL_REJECT)
		return sl_cli_say(SL_EXIT_USAGE, "%s", err->text);
	return sl_cli_fail(err);
}

static int
each_id(const struct sl_cli *c,
    enum sl_rc (*query)(struct sl_store *s, const char *id, sl_report_fn *fn,
	void *arg, struct sl_err *err),
    void (*print)(FILE *f, const json_t *row))
{
	struct print p = {.json = c->json, .print = print};
	struct sl_store *s;
	struct sl_err err;
	enum sl_exit code = sl_cli_store(c, &s), one;
	int i;

	if (code != SL_EXIT_OK)
		return code;
	for (i = 0; i < c->args; i++) {
		one = code_of(query(s, c->arg[i], print_row, &p, &err), &err);
		if (one > code)
			code = one;
	}
	sl_store_close(s);
	return code;
}

int
sl_cmd_show(const struct sl_cli *c)
{
	return each_id(c, sl_report_show, sl_report_print_row);
}

int
sl_cmd_explain(const struct sl_cli *c)
{
	return each_id(c, sl_report_explain, sl_report_print_explain);
}

int
sl_cmd_list(const struct sl_cli *c)
{
	struct print p = {.json = c->json, .print = sl_report_print_line};
	struct sl_report_filter f = {.queue = c->queue};
	struct sl_store *s;
	struct sl_err err;
	enum sl_exit code;

	if (c->stage != NULL && (f.stage = sl_stage_by_name(c->stage)) == 0)
		return sl_cli_say(
		    SL_EXIT_USAGE, "there is no stage %s", c->stage);
	if (c->disposition != NULL &&
	    (f.dispo = sl_dispo_by_name(c->disposition)) == 0)
		return sl_cli_say(SL_EXIT_USAGE, "there is no disposition %s",
		    c->disposition);
	code = sl_cli_store(c, &s);
	if (code != SL_EXIT_OK)
		return code;
	if (!c->json)
		sl_report_print_head(stdout);
	code = code_of(sl_report_list(s, &f, print_row, &p, &err), &err);
	sl_store_close(s);
	return code;
}

/* What slused says of itself; null if it does not run. */
static json_t *
ask_slused(const struct sl_cli *c)
{
	struct sl_control *k;
	struct sl_err err;
	json_t *reply = NULL;

	if (sl_control_open(c->root, &k, &err) != SL_OK)
		return json_null();
	if (sl_control_call(k, "status", NULL, &reply, NULL, 0, &err) != SL_OK)
		reply = NULL;
	sl_control_close(k);
	return reply != NULL ? reply : json_object();
}

static void
print_value(const json_t *v)
{
	SL_FREE char *s = NULL;

	if (json_is_string(v)) {
		sl_report_show_text(stdout, json_string_value(v));
	} else if (json_is_boolean(v)) {
		(void)fputs(json_is_true(v) ? "yes" : "no", stdout);
	} else {
		s = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
		sl_report_show_text(stdout, s != NULL ? s : "");
	}
}

/* "role work  pid 1026  slots 4"; what is empty is left out. */
static void
print_members(json_t *o)
{
	const char *key, *gap = "";
	json_t *v;

	json_object_foreach(o, key, v)
	{
		if (json_is_string(v) && json_string_length(v) == 0)
			continue;
		(void)printf("%s%s ", gap, key);
		print_value(v);
		gap = "  ";
	}
}

static void
print_slused(const json_t *o)
{
	const char *key;
	json_t *v, *one;
	size_t i;

	if (!json_is_object(o)) {
		(void)puts("slused does not run.");
		return;
	}
	(void)puts("slused runs.");
	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		if (!json_is_array(v))
			v = json_pack("[O]", v);
		else
			json_incref(v);
		json_array_foreach(v, i, one)
		{
			(void)printf("  %-10s ", i == 0 ? key : "");
			if (json_is_object(one))
				print_members(one);
			else
				print_value(one);
			(void)putchar('\n');
		}
		json_decref(v);
	}
}

int
sl_cmd_status(const struct sl_cli *c)
{
	struct sl_store *s;
	json_t *o, *slused;
	enum sl_exit code = sl_cli_store(c, &s);

	if (code != SL_EXIT_OK)
		return code;
	o = sl_report_status(s);
	sl_store_close(s);
	slused = ask_slused(c);
	(void)json_object_set_new(
	    o, "running", json_boolean(json_is_object(slused)));
	(void)json_object_set_new(o, "slused", slused);
	if (c->json) {
		sl_cli_json(o);
	} else {
		sl_report_print_status(stdout, o);
		print_slused(slused);
	}
	json_decref(o);
	return SL_EXIT_OK;
}

int
sl_cmd_age(const struct sl_cli *c)
{
	struct sl_store *s;
	json_t *rows, *o;
	enum sl_exit code = sl_cli_store(c, &s);
	size_t i;

	if (code != SL_EXIT_OK)
		return code;
	rows = sl_report_age(s, sl_clock_utc_ms());
	sl_store_close(s);
	if (!c->json)
		sl_report_print_age(stdout, rows);
	else
		json_array_foreach(rows, i, o) sl_cli_json(o);
	json_decref(rows);
	return SL_EXIT_OK;
}

int
sl_cmd_journal_list(const struct sl_cli *c)
{
	struct print p = {
	    .json = c->json, .print = sl_report_print_event, .event = c->event};
	struct sl_store *s;
	struct sl_err err;
	enum sl_exit code = sl_cli_store(c, &s);

	if (code != SL_EXIT_OK)
		return code;
	code = code_of(sl_report_journal(s, c->args > 0 ? c->arg[0] : NULL,
			   print_row, &p, &err),
	    &err);
	sl_store_close(s);
	return code;
}

static void
print_case(FILE *f, const json_t *row)
{
	(void)fprintf(f, "%-12s %-18s ",
	    json_string_value(json_object_get(row, "case")),
	    json_is_string(json_object_get(row, "status"))
		? json_string_value(json_object_get(row, "status"))
		: "");
	if (json_is_string(json_object_get(row, "title")))
		sl_report_show_text(
		    f, json_string_value(json_object_get(row, "title")));
	(void)fputc('\n', f);
}

int
sl_cmd_cases_list(const struct sl_cli *c)
{
	struct print p = {.json = c->json, .print = print_case};
	struct sl_store *s;
	struct sl_err err;
	enum sl_exit code = sl_cli_store(c, &s);

	if (code != SL_EXIT_OK)
		return code;
	code = code_of(sl_report_cases(s, print_row, &p, &err), &err);
	sl_store_close(s);
	return code;
}

/* -- config ------------------------------------------------------------- */

static enum sl_exit
load_config(const struct sl_cli *c, struct sl_config **ret)
{
	SL_FREE char *own = sl_asprintf("%s/sluse.conf", c->root);
	const char *path = c->args > 0 ? c->arg[0] : own;
	struct sl_err err;

	if (sl_config_load(path, ret, &err) == SL_OK)
		return SL_EXIT_OK;
	if (strcmp(err.reason, "config_missing") == 0)
		return sl_cli_say(SL_EXIT_AWAY, "%s", err.text);
	return sl_cli_say(SL_EXIT_FOUND, "%s", err.text);
}

int
sl_cmd_config_check(const struct sl_cli *c)
{
	struct sl_config *cfg = NULL;
	enum sl_exit code = load_config(c, &cfg);

	if (code != SL_EXIT_OK)
		return code;
	if (c->json)
		(void)printf("{\"ok\":true,\"queues\":%zu,\"targets\":%zu}\n",
		    cfg->queue_n, cfg->target_n);
	else
		(void)printf("The configuration is in order: %zu queues, %zu "
			     "targets.\n",
		    cfg->queue_n, cfg->target_n);
	sl_config_free(cfg);
	return SL_EXIT_OK;
}

static int
put(struct sl_buf *b)
{
	(void)fputs(sl_buf_str(b), stdout);
	if (b->n > 0 && b->p[b->n - 1] != '\n')
		(void)putchar('\n');
	return SL_EXIT_OK;
}

int
sl_cmd_config_show(const struct sl_cli *c)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_config *cfg = NULL;
	enum sl_exit code = load_config(c, &cfg);

	if (code != SL_EXIT_OK)
		return code;
	if (c->json)
		sl_config_json(cfg, &b);
	else
		sl_config_show(cfg, &b);
	sl_config_free(cfg);
	return put(&b);
}

int
sl_cmd_config_manual(const struct sl_cli *c)
{
	SL_BUF struct sl_buf b = {0};

	(void)c;
	sl_config_manual(&b);
	return put(&b);
}

int
sl_cmd_config_schema(const struct sl_cli *c)
{
	SL_BUF struct sl_buf b = {0};

	(void)c;
	sl_config_schema(&b);
	return put(&b);
}
