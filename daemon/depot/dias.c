/*
 * sluse depot dias: the command line.
 */
#include "../dias/dias.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "../query/control.h"
#include "depot.h"

struct line {
	const char *root, *queue, *content, *dir;
	struct sl_dias_options o;
	bool check, json;
	int code; /* of a call of slused that failed; 0: none did */
};

enum {
	O_ROOT = 1,
	O_QUEUE,
	O_CONTENT,
	O_CHECK,
	O_JSON,
	O_FINISHED,
	O_TEXTS, /* and behind it: texts of the options, in their order */
};

static const struct option options[] = {
    {"root", required_argument, NULL, O_ROOT},
    {"queue", required_argument, NULL, O_QUEUE},
    {"content", required_argument, NULL, O_CONTENT},
    {"check", no_argument, NULL, O_CHECK},
    {"json", no_argument, NULL, O_JSON},
    {"finished", no_argument, NULL, O_FINISHED},
    {"label", required_argument, NULL, O_TEXTS + 0},
    {"archivist", required_argument, NULL, O_TEXTS + 1},
    {"submitter", required_argument, NULL, O_TEXTS + 2},
    {"contact", required_argument, NULL, O_TEXTS + 3},
    {"email", required_argument, NULL, O_TEXTS + 4},
    {"system", required_argument, NULL, O_TEXTS + 5},
    {"depot", required_argument, NULL, O_TEXTS + 6},
    {"agreement", required_argument, NULL, O_TEXTS + 7},
    {"type", required_argument, NULL, O_TEXTS + 8},
    {"start", required_argument, NULL, O_TEXTS + 9},
    {"end", required_argument, NULL, O_TEXTS + 10},
    {"from", required_argument, NULL, O_TEXTS + 11},
    {"to", required_argument, NULL, O_TEXTS + 12},
    {"uuid", required_argument, NULL, O_TEXTS + 13},
    {NULL, 0, NULL, 0},
};

static void
take_text(struct sl_dias_options *o, int n, const char *value)
{
	const char **const texts[] = {&o->label, &o->archivist, &o->submitter,
	    &o->contact, &o->email, &o->system, &o->depot, &o->agreement,
	    &o->type, &o->start, &o->end, &o->from, &o->to, &o->uuid};

	if (n >= 0 && (size_t)n < sizeof(texts) / sizeof(texts[0]))
		*texts[n] = value;
}

static void
take_option(struct line *l, int bit)
{
	switch (bit) {
	case O_ROOT:
		l->root = optarg;
		break;
	case O_QUEUE:
		l->queue = optarg;
		break;
	case O_CONTENT:
		l->content = optarg;
		break;
	case O_CHECK:
		l->check = true;
		break;
	case O_JSON:
		l->json = true;
		break;
	case O_FINISHED:
		l->o.finished = true;
		break;
	default:
		take_text(&l->o, bit - O_TEXTS, optarg);
	}
}

static int
take_line(struct line *l, int argc, char **argv)
{
	int bit;

	while ((bit = sl_option_or_say(argc, argv, "", options)) > 0)
		take_option(l, bit);
	if (bit < 0)
		return SL_EXIT_USAGE;
	if (optind + 1 != argc ||
	    l->check + (l->queue != NULL) + (l->content != NULL) != 1)
		return sl_say(SL_EXIT_USAGE,
		    "usage: sluse depot dias DIR --queue Q | --content FOLDER "
		    "| --check; see sluse-depot(1)");
	l->dir = sl_option_folder(argv[optind]);
	return 0;
}

/* -- check --------------------------------------------------------------------
 */

static void
print_fault(void *arg, const char *slug, const char *text)
{
	const struct line *l = arg;
	SL_BUF struct sl_buf b = {0};

	if (!l->json) {
		(void)printf("%s: %s\n", slug, text);
		return;
	}
	sl_buf_printf(&b, "{\"fault\":\"%s\",\"text\":", slug);
	sl_text_json(&b, text, strlen(text));
	(void)printf("%s}\n", sl_buf_str(&b));
}

static int
run_check(struct line *l)
{
	struct sl_dias_checked c;
	struct sl_err err;

	if (sl_dias_check(l->dir, print_fault, l, &c, &err) != SL_OK)
		return sl_depot_fail(&err);
	(void)printf(l->json
			 ? "{\"package\":\"%s\",\"files\":%" PRIu64
			   ",\"bytes\":%" PRIu64 ",\"faults\":%" PRIu64 "}\n"
			 : "%s: %" PRIu64 " files, %" PRIu64 " bytes, %" PRIu64
			   " faults\n",
	    c.uuid, c.files, c.bytes, c.faults);
	if (fflush(stdout) != 0)
		return SL_EXIT_INTERNAL;
	return c.faults == 0 ? SL_EXIT_OK : SL_EXIT_FOUND;
}

/* -- make
 * ------------------------------------------------------------------------ */

static void
print_made(const struct line *l, const struct sl_dias_made *m)
{
	(void)printf(l->json
			 ? "{\"package\":\"%s\",\"sha256\":\"%s\",\"bytes\":"
			   "%" PRIu64 ",\"files\":%" PRIu64
			   ",\"consignments\":%" PRIu64 ",\"posts\":%" PRIu64
			   ",\"pages\":%" PRIu64 ",\"unfinished\":%" PRIu64
			   ",\"closed\":%" PRIu64 "}\n"
			 : "%s.tar  SHA-256 %s\n%" PRIu64 " bytes, %" PRIu64
			   " files, %" PRIu64 " consignments, %" PRIu64
			   " posts, %" PRIu64 " pages\nleft out: %" PRIu64
			   " still on the road, %" PRIu64 " ended otherwise\n",
	    m->uuid, m->sha256, m->bytes, m->files, m->consignments, m->posts,
	    m->pages, m->unfinished, m->closed);
}

/* What must be said and was not. */
static const char *
missing(const struct line *l)
{
	int64_t from = INT64_MIN, to = INT64_MAX;

	if (l->o.start == NULL)
		return "--start: the first day of the archive, as 1948-01-31";
	if (l->o.end == NULL)
		return "--end: the last day of the archive, as 1996-12-31";
	if (l->queue == NULL && l->o.archivist == NULL)
		return "--archivist: who made the archive (arkivskaper)";
	if (l->queue == NULL && l->o.label == NULL)
		return "--label: what the package holds";
	if ((l->o.from != NULL && !sl_day_exact(l->o.from, &from)) ||
	    (l->o.to != NULL && !sl_day_exact(l->o.to, &to)))
		return "--from, --to: a day is written 2026-01-31";
	if (from > to)
		return "--from is later than --to";
	return NULL;
}

static int
run_folder(struct line *l)
{
	struct sl_dias_made made;
	struct sl_err err;

	if (sl_dias_folder(l->content, &l->o, l->dir, &made, &err) != SL_OK)
		return sl_depot_fail(&err);
	print_made(l, &made);
	return fflush(stdout) == 0 ? SL_EXIT_OK : SL_EXIT_INTERNAL;
}

/* One call of slused, which must be there: what leaves is written down. The
 * socket is not kept, for a package takes its time. *ret_code is what to end
 * with, 0 if it went well. */
static enum sl_rc
call(const struct line *l, const char *verb, json_t *args, int *ret_code,
    struct sl_err *err)
{
	struct sl_control *k = NULL;
	enum sl_rc rc = sl_control_open(l->root, &k, err);

	if (rc == SL_OK)
		rc = sl_control_call(k, verb, args, NULL, NULL, 0, err);
	sl_control_close(k);
	json_decref(args);
	*ret_code = rc == SL_OK	    ? SL_EXIT_OK
		    : rc == SL_HOLD ? SL_EXIT_REFUSED
				    : SL_EXIT_AWAY;
	return rc;
}

static enum sl_rc
tell_made(void *arg, const struct sl_dias_made *m, struct sl_err *err)
{
	struct line *l = arg;
	json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}",
	    "queue", l->queue, "package", m->uuid, "sha256", m->sha256, "bytes",
	    (json_int_t)m->bytes, "files", (json_int_t)m->files, "consignments",
	    (json_int_t)m->consignments, "posts", (json_int_t)m->posts, "pages",
	    (json_int_t)m->pages);

	return call(l, "depot-dias", o, &l->code, err);
}

/* May he, and that he does; before anything is read. */
static int
ask(const struct line *l)
{
	json_t *o = json_pack(
	    "{s:s, s:b, s:{}}", "verb", "depot-dias", "direct", 1, "args");
	struct sl_err err;
	int code;

	if (call(l, "read", o, &code, &err) == SL_OK)
		return 0;
	return sl_say(code, "%s", err.text);
}

static int
run_queue(struct line *l, struct sl_config *cfg)
{
	struct sl_store *s = NULL;
	struct sl_dias_made made;
	struct sl_err err;
	enum sl_rc rc = sl_store_open_read(l->root, &s, &err);

	l->code = 0;
	if (rc == SL_OK)
		rc = sl_dias_queue(
		    s, cfg, l->root, l->queue, &l->o, l->dir, &made, &err);
	sl_store_close(s);
	if (rc != SL_OK && l->code != 0)
		return sl_say(l->code, "%s", err.text);
	if (rc != SL_OK)
		return sl_depot_fail(&err);
	print_made(l, &made);
	return fflush(stdout) == 0 ? SL_EXIT_OK : SL_EXIT_INTERNAL;
}

static int
run_make(struct line *l)
{
	SL_FREE char *path = sl_asprintf("%s/sluse.conf", l->root);
	struct sl_config *cfg = NULL;
	struct sl_err err;
	int code;

	if (missing(l) != NULL)
		return sl_say(SL_EXIT_USAGE, "%s", missing(l));
	if (l->queue == NULL)
		return run_folder(l);
	code = ask(l);
	if (code != 0)
		return code;
	if (sl_config_load(path, &cfg, &err) != SL_OK)
		return sl_depot_fail(&err);
	if (l->o.archivist == NULL)
		l->o.archivist = cfg->instance.name;
	if (l->o.label == NULL)
		l->o.label = l->queue;
	l->o.tell = tell_made;
	l->o.tell_arg = l;
	code = run_queue(l, cfg);
	sl_config_free(cfg);
	return code;
}

int
sl_depot_dias(int argc, char **argv)
{
	struct line l = {.root = sl_depot_root()};
	int code = take_line(&l, argc, argv);

	if (code != 0)
		return code;
	l.root = sl_option_root(l.root);
	return l.check ? run_check(&l) : run_make(&l);
}
