/*
 * `depot check`: running the tests and telling what came out.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "depot.h"
#include "posts.h"

static const struct {
	int number;
	const char *what;
} tests[] = {
#define SL_N5(number, what) {number, what},
#include "tests.def"
#undef SL_N5
};
#define TESTS (sizeof(tests) / sizeof(tests[0]))

/* -- results ------------------------------------------------------------ */

void
sl_check_error(struct sl_check *c, int number, const char *file,
    unsigned long line, const char *id, const char *fmt, ...)
{
	struct sl_result *r = &c->r[number];
	struct sl_place *p;
	char text[256];
	va_list ap;

	if (r->errors++ >= SL_CHECK_PLACES)
		return;
	p = &r->place[r->errors - 1];
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->file = sl_strdup(file);
	p->id = sl_strdup(id);
	p->text = sl_strdup(text);
	p->line = line;
}

void
sl_check_untested(struct sl_check *c, int number)
{
	c->r[number].untested = true;
}

void
sl_check_count(struct sl_check *c, int number, const char *value)
{
	SL_BUF struct sl_buf masked = {0};
	struct sl_tally *t;
	size_t i, at;

	/* A class may be named by the number of a person. */
	(void)sl_mask_fnr(&masked, value);
	value = sl_buf_str(&masked);

	/* Mostly it is the one it was. */
	for (i = 0; i < c->tally_n; i++) {
		at = (c->tally_last[number] + i) % c->tally_n;
		if (c->tally[at].number != number ||
		    strcmp(c->tally[at].value, value) != 0)
			continue;
		c->tally[at].n++;
		c->tally_last[number] = at;
		return;
	}
	if (c->tally_n == SL_CHECK_TALLIES) {
		c->tally_more[number]++;
		return;
	}
	c->tally = sl_grow(c->tally, &c->tally_cap, c->tally_n + 1, sizeof(*t));
	t = &c->tally[c->tally_n++];
	t->number = number;
	t->value = sl_strdup(value);
	t->n = 1;
}

static int
by_value(const void *pa, const void *pb)
{
	const struct sl_tally *a = pa, *b = pb;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return strcmp(a->value, b->value);
}

struct sl_check *
sl_check_new(void)
{
	struct sl_check *c = sl_alloc(sizeof(*c));

	c->dir = -1;
	return c;
}

void
sl_check_free(struct sl_check *c)
{
	size_t i, k;

	for (i = 0; i < SL_CHECK_NUMBERS; i++)
		for (k = 0; k < SL_CHECK_PLACES; k++) {
			free(c->r[i].place[k].file);
			free(c->r[i].place[k].id);
			free(c->r[i].place[k].text);
		}
	for (i = 0; i < c->tally_n; i++)
		free(c->tally[i].value);
	free(c->tally);
	free(c->ref);
	sl_ids_free(&c->ids);
	sl_ids_free(&c->files);
	sl_pronom_free(c->pronom);
	if (c->dir >= 0)
		(void)close(c->dir);
	free(c);
}

/* -- telling ------------------------------------------------------------ */

static const char *
state_of(const struct sl_result *r)
{
	if (r->errors > 0)
		return "feil";
	return r->untested ? "ikke prøvd" : "ok";
}

static void
add_shown(struct sl_buf *b, const char *s)
{
	sl_text_display(b, s, strlen(s));
}

static void
print_text(const struct sl_check *c)
{
	SL_BUF struct sl_buf b = {0};
	const struct sl_result *r;
	const struct sl_place *p;
	unsigned bad = 0;
	size_t i, k;

	for (i = 0; i < TESTS; i++) {
		r = &c->r[tests[i].number];
		bad += r->errors > 0;
		sl_buf_reset(&b);
		sl_buf_printf(&b, "N5.%02d  %-10s %8" PRIu64 "  %s\n",
		    tests[i].number, state_of(r), r->count, tests[i].what);
		for (k = 0; k < c->tally_n; k++) {
			if (c->tally[k].number != tests[i].number)
				continue;
			sl_buf_printf(&b, "%26" PRIu64 "  ", c->tally[k].n);
			add_shown(&b, c->tally[k].value);
			sl_buf_add_char(&b, '\n');
		}
		if (c->tally_more[tests[i].number] > 0)
			sl_buf_printf(&b, "%26" PRIu64 "  (andre)\n",
			    c->tally_more[tests[i].number]);
		for (k = 0; k < SL_CHECK_PLACES && k < r->errors; k++) {
			p = &r->place[k];
			sl_buf_add_str(&b, "       ! ");
			add_shown(&b, p->file);
			if (p->line > 0)
				sl_buf_printf(&b, ":%lu", p->line);
			sl_buf_printf(&b, "%s", *p->file != '\0' ? ": " : "");
			add_shown(&b, p->text);
			if (*p->id != '\0') {
				sl_buf_add_str(&b, " (");
				add_shown(&b, p->id);
				sl_buf_add_char(&b, ')');
			}
			sl_buf_add_char(&b, '\n');
		}
		if (r->errors > SL_CHECK_PLACES)
			sl_buf_printf(&b, "       ! og %" PRIu64 " til\n",
			    r->errors - SL_CHECK_PLACES);
		(void)fwrite(sl_buf_str(&b), 1, b.n, stdout);
	}
	(void)printf("%zu tester, %u med feil\n", TESTS, bad);
}

static void
add_json(struct sl_buf *b, const char *key, const char *s)
{
	sl_buf_printf(b, "\"%s\":", key);
	sl_text_json(b, s, strlen(s));
}

static void
print_json(const struct sl_check *c)
{
	SL_BUF struct sl_buf b = {0};
	const struct sl_result *r;
	size_t i, k, n;

	for (i = 0; i < TESTS; i++) {
		r = &c->r[tests[i].number];
		sl_buf_reset(&b);
		sl_buf_printf(&b,
		    "{\"test\":\"N5.%02d\",\"state\":\"%s\",\"count\":%" PRIu64
		    ",\"errors\":%" PRIu64 ",\"others\":%" PRIu64
		    ",\"values\":{",
		    tests[i].number,
		    r->errors > 0 ? "error"
		    : r->untested ? "untested"
				  : "ok",
		    r->count, r->errors, c->tally_more[tests[i].number]);
		for (k = 0, n = 0; k < c->tally_n; k++) {
			if (c->tally[k].number != tests[i].number)
				continue;
			sl_buf_add_str(&b, n++ > 0 ? "," : "");
			sl_text_json(
			    &b, c->tally[k].value, strlen(c->tally[k].value));
			sl_buf_printf(&b, ":%" PRIu64, c->tally[k].n);
		}
		sl_buf_add_str(&b, "},\"places\":[");
		for (k = 0; k < SL_CHECK_PLACES && k < r->errors; k++) {
			sl_buf_add_str(&b, k > 0 ? ",{" : "{");
			add_json(&b, "file", r->place[k].file);
			sl_buf_printf(&b, ",\"line\":%lu,", r->place[k].line);
			add_json(&b, "id", r->place[k].id);
			sl_buf_add_char(&b, ',');
			add_json(&b, "text", r->place[k].text);
			sl_buf_add_char(&b, '}');
		}
		sl_buf_add_str(&b, "]}\n");
		(void)fwrite(sl_buf_str(&b), 1, b.n, stdout);
	}
}

/* -- running ------------------------------------------------------------ */

static enum sl_rc
run(struct sl_check *c, struct sl_err *err)
{
	enum sl_rc rc = sl_pronom_open(&c->pronom, err);

	if (rc == SL_OK)
		rc = sl_check_addml(c, err);
	if (rc == SL_OK)
		rc = sl_check_find_files(c, err);
	if (rc == SL_OK)
		rc = sl_check_structure(c, err);
	if (rc == SL_OK)
		rc = sl_check_unreferenced(c, err);
	if (rc == SL_OK)
		rc = sl_check_changes(c, err);
	if (rc == SL_OK)
		rc = sl_check_journals(c, err);
	return rc;
}

/* The package, or the folder it lies in. */
static int
open_package(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), below;

	if (dir < 0)
		return -1;
	below = sl_open_dir(dir, "avleveringspakke");
	if (below < 0)
		return dir;
	(void)close(dir);
	return below;
}

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"arkade", no_argument, NULL, 'a'},
    {NULL, 0, NULL, 0},
};

int
sl_depot_check(int argc, char **argv)
{
	struct sl_check *c;
	struct sl_err err = {0};
	uint64_t errors = 0;
	bool json = false, arkade = false;
	int bit, code;
	size_t i;

	while ((bit = sl_option_or_say(argc, argv, "", options)) > 0) {
		json = json || bit == 'j';
		arkade = arkade || bit == 'a';
	}
	if (bit < 0)
		return SL_EXIT_USAGE;
	if (argc - optind != 1)
		return sl_say(SL_EXIT_USAGE,
		    "usage: sluse depot check DIR [--json] [--arkade]");
	c = sl_check_new();
	c->arkade = arkade;
	c->dir = open_package(argv[optind]);
	if (c->dir < 0) {
		code = sl_say(SL_EXIT_INPUT,
		    "%s: the package cannot be opened: %s", argv[optind],
		    strerror(errno));
	} else if (run(c, &err) != SL_OK) {
		code = sl_depot_fail(&err);
	} else {
		if (c->tally_n > 0)
			qsort(
			    c->tally, c->tally_n, sizeof(*c->tally), by_value);
		json ? print_json(c) : print_text(c);
		for (i = 0; i < SL_CHECK_NUMBERS; i++)
			errors += c->r[i].errors;
		code = errors > 0 ? SL_EXIT_FOUND : SL_EXIT_OK;
		if (fflush(stdout) != 0 || ferror(stdout) != 0)
			code = sl_say(SL_EXIT_INTERNAL, "cannot write: %s",
			    strerror(errno));
	}
	sl_check_free(c);
	return code;
}
