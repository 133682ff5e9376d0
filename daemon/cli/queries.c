/*
 * Commands that only look: status, list, show, explain, age, journal, cases
 * list, config.
 */
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../config/config.h"
#include "../config/deadline.h"
#include "../pronom/pronom.h"
#include "../query/control.h"
#include "../query/query.h"
#include "ask.h"
#include "formats.h"

enum sl_exit
sl_cli_fail(const struct sl_err *err)
{
	enum sl_exit code = SL_EXIT_INTERNAL;

	if (err->rc == SL_SKIP || err->rc == SL_RETRY)
		code = SL_EXIT_AWAY;
	else if (err->rc == SL_REJECT || err->rc == SL_BROKEN)
		code = SL_EXIT_INPUT;
	return sl_say(code, "%s", err->text);
}

void
sl_cli_json(const json_t *o)
{
	(void)json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(4));
	(void)putchar('\n');
}

/* "; below it: A B (say --root)": instances of several tenants lie beside
 * each other. */
static void
find_below(const char *root, char *out, size_t cap)
{
	DIR *d = opendir(root);
	struct dirent *e;
	size_t n = 0;

	*out = '\0';
	while (d != NULL && (e = readdir(d)) != NULL) {
		SL_FREE char *conf =
		    sl_asprintf("%s/%s/sluse.conf", root, e->d_name);

		if (*e->d_name == '.' || access(conf, F_OK) != 0 ||
		    n + strlen(root) + strlen(e->d_name) + 40 > cap)
			continue;
		n += (size_t)snprintf(out + n, cap - n, "%s %s/%s",
		    n == 0 ? "; below it:" : "", root, e->d_name);
	}
	if (n > 0)
		(void)snprintf(out + n, cap - n, " (say --root)");
	if (d != NULL)
		(void)closedir(d);
}

enum sl_exit
sl_cli_store(const struct sl_cli *c, struct sl_store **ret)
{
	char below[1024];
	struct sl_err err;
	enum sl_rc rc = sl_store_open_read(c->root, ret, &err);

	if (rc == SL_SKIP) {
		find_below(c->root, below, sizeof(below));
		return sl_say(SL_EXIT_AWAY,
		    "%s holds no instance that has run%s", c->root, below);
	}
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
		return sl_say(
		    SL_EXIT_INTERNAL, "cannot find the other programs");
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	(void)snprintf(out, cap, "%s", self);
	return SL_EXIT_OK;
}

struct print {
	bool json;
	const struct sl_pronom *formats; /* or NULL */
	void (*print)(FILE *f, const json_t *row);
	void (*head)(FILE *f); /* NULL: none */
	uint64_t n;
};

/* Before the first row; of an empty list when it has come to its end. */
static void
print_head(struct print *p)
{
	if (p->head != NULL && !p->json)
		p->head(stdout);
	p->head = NULL;
}

static enum sl_rc
print_row(void *arg, const json_t *row, struct sl_err *err)
{
	struct print *p = arg;

	json_t *more = p->formats != NULL ? json_deep_copy(row) : NULL;

	(void)err;
	print_head(p);
	p->n++;
	if (more != NULL)
		sl_formats_add(p->formats, more);
	if (p->json)
		sl_cli_json(more != NULL ? more : row);
	else
		p->print(stdout, more != NULL ? more : row);
	json_decref(more);
	/* A closed pipe ends a long list. */
	return ferror(stdout) == 0 ? SL_OK : SL_SKIP;
}

static enum sl_exit
code_of(enum sl_rc rc, const struct sl_err *err)
{
	if (rc == SL_OK || ferror(stdout) != 0)
		return SL_EXIT_OK;
	if (rc == SL_SKIP)
		return sl_say(SL_EXIT_FOUND, "%s", err->text);
	if (rc == SL_REJECT)
		return sl_say(SL_EXIT_USAGE, "%s", err->text);
	return sl_cli_fail(err);
}

static enum sl_exit
code_of_ask(enum sl_rc rc, const struct sl_err *err)
{
	if (rc == SL_HOLD && ferror(stdout) == 0)
		return sl_say(SL_EXIT_REFUSED, "%s", err->text);
	if (rc == SL_RETRY && ferror(stdout) == 0)
		return sl_say(SL_EXIT_AWAY, "%s", err->text);
	return code_of(rc, err);
}

/* Rows of a question, each printed. */
static enum sl_exit
ask_rows(
    struct sl_ask *a, const char *verb, const json_t *args, struct print *p)
{
	struct sl_err err = {0};
	enum sl_rc rc = sl_ask_rows(a, verb, args, print_row, p, &err);

	if (rc == SL_OK)
		print_head(p);
	return code_of_ask(rc, &err);
}

/* The same by itself; takes args over. */
static int
ask_once(const struct sl_cli *c, const char *verb, json_t *args,
    void (*print)(FILE *f, const json_t *row), void (*head)(FILE *f))
{
	struct print p = {.json = c->json, .print = print, .head = head};
	struct sl_ask *a;
	enum sl_exit code = sl_ask_open(c, &a);

	if (code == SL_EXIT_OK) {
		code = ask_rows(a, verb, args, &p);
		sl_ask_close(a);
	}
	json_decref(args);
	return code;
}

static int
each_id(const struct sl_cli *c, const char *verb,
    void (*print)(FILE *f, const json_t *row))
{
	struct print p = {.json = c->json, .print = print};
	struct sl_ask *a;
	enum sl_exit code = sl_ask_open(c, &a), one;
	struct sl_pronom *formats;
	json_t *args;
	int i;

	if (code != SL_EXIT_OK)
		return code;
	p.formats = formats = sl_formats_open(c);
	for (i = 0; i < c->args; i++) {
		args = json_pack("{s:s}", "id", c->arg[i]);
		one = ask_rows(a, verb, args, &p);
		json_decref(args);
		if (one > code)
			code = one;
	}
	sl_pronom_free(formats);
	sl_ask_close(a);
	return code;
}

int
sl_cmd_show(const struct sl_cli *c)
{
	return each_id(c, "show", sl_query_print_row);
}

int
sl_cmd_explain(const struct sl_cli *c)
{
	return each_id(c, "explain", sl_query_print_explain);
}

static void
add_text(json_t *args, const char *key, const char *value)
{
	if (value != NULL)
		(void)json_object_set_new(args, key, json_string(value));
}

/* Not everybody may read the configuration; the database knows the rest. */
static bool
is_configured(const struct sl_cli *c)
{
	SL_FREE char *path = sl_asprintf("%s/sluse.conf", c->root);
	struct sl_config *cfg;
	struct sl_err err;
	bool found = false;
	size_t i;

	if (sl_config_load(path, &cfg, &err) != SL_OK)
		return false;
	for (i = 0; i < cfg->queue_n && !found; i++)
		found = strcmp(cfg->queue[i].name, c->queue) == 0;
	sl_config_free(cfg);
	return found;
}

int
sl_cmd_list(const struct sl_cli *c)
{
	json_t *args = json_object();

	if ((c->stage != NULL && sl_stage_by_name(c->stage) == 0) ||
	    (c->disposition != NULL && sl_dispo_by_name(c->disposition) == 0)) {
		json_decref(args);
		return sl_say(
		    SL_EXIT_USAGE, "there is no such stage or disposition");
	}
	add_text(args, "stage", c->stage);
	add_text(args, "disposition", c->disposition);
	add_text(args, "queue", c->queue);
	if (c->queue != NULL && is_configured(c))
		(void)json_object_set_new(args, "queue_known", json_true());
	return ask_once(
	    c, "list", args, sl_query_print_line, sl_query_print_head);
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
		sl_query_show_text(stdout, json_string_value(v));
	} else if (json_is_boolean(v)) {
		(void)fputs(json_is_true(v) ? "yes" : "no", stdout);
	} else {
		s = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
		sl_query_show_text(stdout, s != NULL ? s : "");
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

/* First of all: what keeps post from going on. */
static void
print_troubles(const json_t *list)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		(void)printf("  %s  %s: ",
		    json_is_true(json_object_get(o, "runs")) ? "LACKS"
							     : "NOT RUNNING",
		    json_string_value(json_object_get(o, "program")));
		sl_query_show_text(
		    stdout, json_string_value(json_object_get(o, "text")));
		(void)printf("\n      %s\n",
		    json_string_value(json_object_get(o, "help")));
	}
}

static void
print_slused(const json_t *o, bool no_room)
{
	const char *key;
	json_t *v, *one;
	size_t i;

	if (!json_is_object(o)) {
		(void)puts(
		    no_room
			? "slused waits for room on the disk, or does not run: "
			  "less than 5 MiB are free there."
			: "slused does not run.");
		return;
	}
	(void)puts("slused runs.");
	print_troubles(json_object_get(o, "troubles"));
	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		if (strcmp(key, "troubles") == 0)
			continue;
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

/* The one row of an answer. */
static enum sl_rc
keep_row(void *arg, const json_t *row, struct sl_err *err)
{
	json_t **ret = arg;

	(void)err;
	if (*ret == NULL)
		*ret = json_deep_copy(row);
	return SL_OK;
}

static enum sl_exit
ask_one(const struct sl_cli *c, const char *verb, json_t **ret)
{
	struct sl_ask *a;
	struct sl_err err = {0};
	enum sl_exit code = sl_ask_open(c, &a);
	enum sl_rc rc;

	*ret = NULL;
	if (code != SL_EXIT_OK)
		return code;
	rc = sl_ask_rows(a, verb, NULL, keep_row, ret, &err);
	sl_ask_close(a);
	if (rc == SL_OK && *ret != NULL)
		return SL_EXIT_OK;
	json_decref(*ret);
	*ret = NULL;
	return rc != SL_OK ? code_of_ask(rc, &err)
			   : sl_say(SL_EXIT_INTERNAL, "no answer came");
}

/* Why slused stands still for another log than the one that was signed; NULL:
 * it does not. */
static const char *
halted_for(const json_t *slused)
{
	const json_t *o = json_object_get(slused, "journal");

	return json_is_true(json_object_get(o, "halted"))
		   ? json_string_value(json_object_get(o, "why"))
		   : NULL;
}

static void
print_halted(const char *why)
{
	(void)fputs("HALTED: ", stdout);
	sl_query_show_text(stdout, why);
	(void)puts(".\nNothing is claimed, delivered or signed until a person "
		   "decides: slused(8), RESTORING.");
}

int
sl_cmd_status(const struct sl_cli *c)
{
	json_t *o, *slused;
	const char *why;
	enum sl_exit code = ask_one(c, "status", &o);
	bool no_room;

	if (code != SL_EXIT_OK)
		return code;
	slused = ask_slused(c);
	why = halted_for(slused);
	(void)json_object_set_new(
	    o, "running", json_boolean(json_is_object(slused)));
	(void)json_object_set_new(o, "slused", slused);
	no_room = !json_is_object(slused) && sl_store_is_full(c->root);
	(void)json_object_set_new(o, "no_room", json_boolean(no_room));
	if (c->json) {
		sl_cli_json(o);
	} else {
		if (why != NULL)
			print_halted(why);
		sl_query_print_status(stdout, o);
		print_slused(slused, no_room);
	}
	code = why != NULL ? SL_EXIT_FOUND : SL_EXIT_OK;
	json_decref(o);
	return code;
}

static enum sl_rc
gather(void *arg, const json_t *row, struct sl_err *err)
{
	(void)err;
	(void)json_array_append_new(arg, json_deep_copy(row));
	return SL_OK;
}

int
sl_cmd_age(const struct sl_cli *c)
{
	json_t *rows, *o;
	struct sl_ask *a;
	struct sl_err err = {0};
	enum sl_exit code = sl_ask_open(c, &a);
	size_t i;

	if (code != SL_EXIT_OK)
		return code;
	rows = json_array();
	code =
	    code_of_ask(sl_ask_rows(a, "age", NULL, gather, rows, &err), &err);
	sl_ask_close(a);
	if (code == SL_EXIT_OK && !c->json)
		sl_query_print_age(stdout, rows);
	else
		json_array_foreach(rows, i, o) sl_cli_json(o);
	json_decref(rows);
	return code;
}

int
sl_cmd_approvals(const struct sl_cli *c)
{
	return ask_once(
	    c, "approvals", json_object(), sl_query_print_approval, NULL);
}

/* "kari" or "1000" as "uid:1000"; an actor of the sporingslogg stands for
 * itself. NULL: nobody. */
static json_t *
person(const char *name)
{
	const struct passwd *pw = getpwnam(name);
	char uid[32];
	uint64_t n;

	if (pw != NULL)
		(void)snprintf(
		    uid, sizeof(uid), "uid:%u", (unsigned)pw->pw_uid);
	else if (sl_parse_u64(name, 0, UINT32_MAX, &n))
		(void)snprintf(uid, sizeof(uid), "uid:%u", (unsigned)n);
	else
		return strchr(name, ':') != NULL || strcmp(name, "slused") == 0
			   ? json_string(name)
			   : NULL;
	return json_string(uid);
}

/* One of the calendar: 2026-11-31 is none. */
static bool
is_day(const char *s)
{
	char day[11];
	int64_t unused;

	(void)snprintf(day, sizeof(day), "%.10s", s);
	return sl_day_exact(day, &unused);
}

/* Where clocks are put back a time comes twice: the period takes in both.
 * Where they are put on some do not come: what is between was none. */
static int64_t
moment(const struct sl_date *d, bool last)
{
	const int64_t hour = 3600000;
	int64_t ms = sl_clock_from_oslo(d);

	if (sl_clock_oslo(ms).hour != d->hour)
		return ms - ms % hour + hour;
	return !last && sl_clock_oslo(ms - hour).hour == d->hour ? ms - hour
								 : ms;
}

/* "2026-11-29" (its beginning in Oslo) or "2026-11-29T12:30" there. */
static bool
parse_day(const char *s, int add_days, int64_t *ret)
{
	struct sl_date d = {0};
	int n = 0, m = 0;

	if (sscanf(s, "%4d-%2d-%2d%n", &d.year, &d.month, &d.day, &n) != 3)
		return false;
	if (s[n] == 'T' &&
	    sscanf(s + n, "T%2d:%2d%n", &d.hour, &d.minute, &m) != 2)
		return false;
	if (s[n + m] != '\0' || !is_day(s) || d.year < 1970 || d.year > 9999 ||
	    d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 ||
	    d.hour < 0 || d.hour > 23 || d.minute < 0 || d.minute > 59)
		return false;
	/* The day after by its noon: days have 23 to 25 hours. */
	if (m == 0 && add_days > 0) {
		d.hour = 12;
		d = sl_clock_oslo(
		    sl_clock_from_oslo(&d) + add_days * INT64_C(86400000));
		d.hour = d.minute = d.second = 0;
	}
	*ret = moment(&d, add_days > 0);
	return true;
}

static enum sl_exit
add_time(json_t *args, const char *key, const char *s, int add_days)
{
	int64_t ms;

	if (s == NULL)
		return SL_EXIT_OK;
	if (!parse_day(s, add_days, &ms))
		return sl_say(SL_EXIT_USAGE,
		    "there is no day %s: 2026-11-29 or 2026-11-29T12:30", s);
	(void)json_object_set_new(args, key, json_integer(ms));
	return SL_EXIT_OK;
}

/* The beginning is not before the end, which is left out. */
static bool
is_backwards(const json_t *args)
{
	const json_t *from = json_object_get(args, "from_ms"),
		     *to = json_object_get(args, "to_ms");

	return from != NULL && to != NULL &&
	       json_integer_value(from) >= json_integer_value(to);
}

int
sl_cmd_journal_list(const struct sl_cli *c)
{
	json_t *args = json_object(), *who = NULL;
	enum sl_exit code = add_time(args, "from_ms", c->from, 0);

	if (code == SL_EXIT_OK)
		code = add_time(args, "to_ms", c->to, 1);
	if (code == SL_EXIT_OK && is_backwards(args))
		code = sl_say(SL_EXIT_USAGE, "--from is not earlier than --to");
	if (code == SL_EXIT_OK && c->person != NULL &&
	    (who = person(c->person)) == NULL)
		code = sl_say(SL_EXIT_USAGE,
		    "there is no user %s; an actor is written as in "
		    "target:arkiv",
		    c->person);
	if (code == SL_EXIT_OK && c->kind != NULL &&
	    sl_event_by_name(c->kind) == 0)
		code = sl_say(SL_EXIT_USAGE, "there is no event %s", c->kind);
	if (code != SL_EXIT_OK) {
		json_decref(args);
		json_decref(who);
		return code;
	}
	add_text(args, "id", c->args > 0 ? c->arg[0] : NULL);
	add_text(args, "kind", c->kind);
	if (who != NULL)
		(void)json_object_set_new(args, "person", who);
	return ask_once(c, "journal-list", args, sl_query_print_event, NULL);
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
		sl_query_show_text(
		    f, json_string_value(json_object_get(row, "title")));
	(void)fputc('\n', f);
}

int
sl_cmd_cases_list(const struct sl_cli *c)
{
	return ask_once(c, "cases-list", json_object(), print_case, NULL);
}
