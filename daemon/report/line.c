/*
 * The command line of sluse-report.
 *
 * SECURITY: reads the database (mode=ro), the configuration and the files that
 * the caller names; writes to standard output or to a folder of the caller's.
 * As the service it opens none of his: lent.h. Has no network, starts nothing.
 */
#include "line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/hash.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../options/options.h"
#include "../query/takehome.h"
#include "bundle.h"
#include "form.h"
#include "lent.h"

#define DAYS_LIMIT 36500
#define COUNT_LIMIT 100000

struct line {
	const char *root, *language;
	const char *format; /* NULL: not said */
	struct sl_rep_options opt;
	bool list, help, manual;
	/* The service: where the report goes, and what was said instead. */
	sl_bytes_fn *fn;
	void *arg;
};
#define BUNDLE "tilsynspakke"
#define WORDS_MAX 64 /* of a line for the service */

/* Of the service, which answers one line in a process; NULL: the command. */
static struct sl_err *said;
static struct sl_lent lent; /* files of his */

static enum sl_rc
rc_of(int code)
{
	switch (code) {
	case SL_EXIT_USAGE:
		return SL_REJECT;
	case SL_EXIT_AWAY:
		return SL_SKIP;
	case SL_EXIT_INPUT:
		return SL_BROKEN;
	default:
		return SL_FATAL;
	}
}

static const struct option options[] = {
    {"root", required_argument, NULL, 'r'},
    {"from", required_argument, NULL, 'f'},
    {"to", required_argument, NULL, 't'},
    {"queue", required_argument, NULL, 'q'},
    {"format", required_argument, NULL, 'F'},
    {"json", no_argument, NULL, 'j'},
    {"language", required_argument, NULL, 'l'},
    {"control", required_argument, NULL, 'c'},
    {"days", required_argument, NULL, 'd'},
    {"count", required_argument, NULL, 'n'},
    {"seed", required_argument, NULL, 's'},
    {"risk", no_argument, NULL, 'R'},
    {"errors", required_argument, NULL, 'e'},
    {"list", no_argument, NULL, 'L'},
    {"manual", no_argument, NULL, 'M'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

__attribute__((format(printf, 2, 3))) static int
say(int code, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	if (said != NULL)
		(void)sl_err_set(said, rc_of(code), 0, "query", "%s", words);
	else
		(void)sl_say((enum sl_exit)code, "%s", words);
	return code;
}

/* Is all of it where standard output leads? */
static int
written(void)
{
	return fflush(stdout) == 0 && ferror(stdout) == 0
		   ? 0
		   : say(SL_EXIT_INTERNAL, "cannot write: %s", strerror(errno));
}

static int
say_error(const struct sl_err *err)
{
	int code = SL_EXIT_INTERNAL;
	char words[256];

	if (err->rc == SL_SKIP)
		code = SL_EXIT_AWAY;
	else if (err->rc == SL_REJECT)
		code = SL_EXIT_USAGE;
	else if (err->rc == SL_BROKEN)
		code = SL_EXIT_INPUT;
	else if (err->rc == SL_HOLD)
		code = SL_EXIT_REFUSED;
	else if (err->rc == SL_RETRY)
		code = SL_EXIT_AWAY;
	sl_lent_rename(&lent, err->text, words, sizeof(words));
	return say(code, "%s", words);
}

static int
take_number(const char *name, const char *s, uint64_t max, uint64_t *ret)
{
	if (sl_parse_u64(s, 0, max, ret))
		return 0;
	return say(SL_EXIT_USAGE, "--%s takes a number up to %llu", name,
	    (unsigned long long)max);
}

static int
take_option(struct line *l, int bit)
{
	struct sl_rep_options *o = &l->opt;
	uint64_t n = 0;
	int code = 0;

	switch (bit) {
	case 'r': /* the service has its own */
		if (l->fn == NULL)
			l->root = optarg;
		break;
	case 'f':
		o->from = optarg;
		break;
	case 't':
		o->to = optarg;
		break;
	case 'q':
		o->queue = optarg;
		break;
	case 'F':
		l->format = optarg;
		break;
	case 'j':
		l->format = "json";
		break;
	case 'l':
		l->language = optarg;
		break;
	case 'c':
		o->control = optarg;
		break;
	case 'd':
		code = take_number("days", optarg, DAYS_LIMIT, &n);
		o->days = (int)n;
		break;
	case 'n':
		code = take_number("count", optarg, COUNT_LIMIT, &n);
		o->count = (int)n;
		if (code == 0 && n == 0)
			code = say(SL_EXIT_USAGE, "--count is at least 1");
		break;
	case 's':
		code = take_number("seed", optarg, UINT64_MAX, &o->seed);
		o->seed_given = true;
		break;
	case 'e':
		code = take_number("errors", optarg, COUNT_LIMIT, &n);
		o->errors = (int)n;
		break;
	case 'R':
		o->by_risk = true;
		break;
	case 'L':
		l->list = true;
		break;
	case 'M':
		l->manual = true;
		break;
	default:
		l->help = true;
	}
	return code;
}

static int
take_line(struct line *l, int argc, char **argv)
{
	char words[256];
	int bit, code;

	while ((bit = sl_option_next(
		    argc, argv, "", options, words, sizeof(words))) > 0) {
		code = take_option(l, bit);
		if (code != 0)
			return code;
	}
	if (bit < 0)
		return say(SL_EXIT_USAGE, "%s", words);
	if (l->opt.errors >= 0 && !l->opt.seed_given)
		return say(SL_EXIT_USAGE,
		    "--errors is of a sample that was looked through: say its "
		    "--seed");
	/* `sluse report` leaves its own word in front. */
	if (optind < argc && strcmp(argv[optind], "report") == 0)
		optind++;
	return 0;
}

static void
print_help(FILE *f)
{
	size_t n, i;
	const struct sl_report_def *d = sl_report_defs(&n);
	SL_BUF struct sl_buf forms = {0};

	sl_form_names(&forms);
	(void)fprintf(f,
	    "Usage: sluse [--root DIR] report NAME [--from DAY] [--to DAY] "
	    "[--queue Q]\n"
	    "           [--format F] [--language nb|en] ...\n"
	    "       sluse [--root DIR] report tilsynspakke DIR [--from DAY] "
	    "[--to DAY]\n           [--control FILE [--queue Q]] ...\n\n");
	for (i = 0; i < n; i++)
		(void)fprintf(
		    f, "  %-18s %-19s %s\n", d[i].slug, d[i].alias, d[i].en);
	(void)fprintf(f,
	    "\nFormats: %s. Manual: sluse-report(1).\n"
	    "The service that answers for slused: sluse-report --socket "
	    "PATH --root DIR\n[--log-level 2..7].\n",
	    sl_buf_str(&forms));
}

static void
print_list(const struct line *l)
{
	size_t n, i;
	const struct sl_report_def *d = sl_report_defs(&n);
	bool en = l->language != NULL && strcmp(l->language, "en") == 0;

	for (i = 0; i < n; i++)
		(void)printf("%-18s %-19s %s\n", d[i].slug, d[i].alias,
		    en ? d[i].en : d[i].nb);
}

static void
print_manual(void)
{
	SL_BUF struct sl_buf b = {0};

	sl_report_manual(&b);
	(void)fwrite(sl_buf_str(&b), 1, b.n, stdout);
}

struct run {
	struct sl_config *cfg;
	bool blind; /* the configuration could not be read */
	struct sl_store *store;
	unsigned lang;
};

/* The instance's configuration; where it cannot be read, the defaults: the
 * auditor may read the database and not it. One that is wrong would be told
 * otherwise than it is at work. */
static int
load_config(const struct line *l, struct run *r)
{
	SL_FREE char *path = sl_asprintf("%s/sluse.conf", l->root);
	struct sl_err err;

	if (sl_config_load(path, &r->cfg, &err) == SL_OK)
		return 0;
	if (err.sys == 0)
		return say(SL_EXIT_INPUT, "%s", err.text);
	r->blind = true;
	if (sl_config_parse("defaults", "", 0, &r->cfg, &err) == SL_OK)
		return 0;
	return say_error(&err);
}

static int
configure(const struct line *l, struct run *r)
{
	int code = load_config(l, r);

	if (code != 0)
		return code;
	r->lang = r->cfg->instance.language;
	if (l->language != NULL)
		r->lang = strcmp(l->language, "en") == 0 ? SL_LANGUAGE_EN
							 : SL_LANGUAGE_NB;
	return 0;
}

static void
say_blind(const struct run *r, struct sl_out *out)
{
	if (r->blind)
		sl_out_fact(out, "note",
		    sl_out_say(out,
			"Konfigurasjonen kunne ikke leses: køer, papir, "
			"frister "
			"og virksomhetens navn er ikke kjent her.",
			"The configuration could not be read: queues, paper, "
			"limits and the name of the body are not known here."),
		    NULL);
}

static int
open_run(const struct line *l, struct run *r)
{
	struct sl_err err;
	int code = configure(l, r);

	if (code == 0 && sl_store_open_read(l->root, &r->store, &err) != SL_OK)
		code = say_error(&err);
	return code;
}

/* A pipe's reader may take its time: what goes there is made first, so that no
 * read transaction waits for him. */
static FILE *
open_output(const struct line *l)
{
	struct stat st;

	if (l->fn == NULL && fstat(STDOUT_FILENO, &st) == 0 &&
	    S_ISREG(st.st_mode))
		return stdout;
	return tmpfile();
}

static int
copy_out(const struct line *l, FILE *f)
{
	char part[65536];
	struct sl_err err;
	size_t n;

	if (f == stdout)
		return 0;
	rewind(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		if (l->fn != NULL) {
			if (l->fn(l->arg, part, n, &err) != SL_OK)
				return say_error(&err);
		} else if (fwrite(part, 1, n, stdout) != n) {
			return written();
		}
	return ferror(f) != 0 ? say(SL_EXIT_INTERNAL, "cannot read the report")
			      : written();
}

static int
run_report(struct line *l, const struct sl_report_def *d)
{
	const char *format = l->format != NULL ? l->format : "table";
	const struct sl_form *form = sl_form_find(format);
	struct run r = {0};
	struct sl_out *out;
	struct sl_err err;
	FILE *f = NULL;
	int code;

	if (form == NULL)
		return say(SL_EXIT_USAGE, "there is no format %s", format);
	code = open_run(l, &r);
	if (code == 0 && (f = open_output(l)) == NULL)
		code = say(SL_EXIT_INTERNAL, "no room for the report: %s",
		    strerror(errno));
	if (code == 0) {
		out = sl_out_new(form, f, r.lang);
		out->room = l->fn == NULL ? sl_out_terminal() : 0;
		say_blind(&r, out);
		if (sl_report_run(r.store, r.cfg, d, &l->opt, out, &err) !=
		    SL_OK)
			code = say_error(&err);
		sl_out_free(out);
		if (code == 0)
			code = copy_out(l, f);
	}
	if (f != NULL && f != stdout)
		(void)fclose(f);
	sl_store_close(r.store);
	sl_config_free(r.cfg);
	return code;
}

static int
check_bundle(const struct line *l)
{
	if (l->opt.files != 1)
		return say(
		    SL_EXIT_USAGE, "usage: sluse report tilsynspakke DIR");
	if (l->format != NULL)
		return say(SL_EXIT_USAGE,
		    "tilsynspakke has its own formats and takes no --format");
	return 0;
}

/* For who makes the folder on his side. */
static int
give_bundle(const struct line *l, const struct run *r)
{
	struct sl_parcel *parcel = NULL;
	struct sl_err err;
	enum sl_rc rc = sl_parcel_new(
	    SL_LENT_BUNDLE_MAX, sl_takehome_leave(l->root), &parcel, &err);

	if (rc == SL_OK)
		rc = sl_bundle_parcel(
		    l->root, r->cfg, &l->opt, r->lang, parcel, &err);
	if (rc == SL_OK)
		rc = sl_parcel_send(parcel, l->fn, l->arg, &err);
	sl_parcel_free(parcel);
	return rc == SL_OK ? 0 : say_error(&err);
}

/* It tells of the configuration. What else keeps it from being made is said
 * first. */
static int
refuse_blind(const struct line *l, struct run *r)
{
	struct sl_err err;

	if (sl_store_open_read(l->root, &r->store, &err) != SL_OK ||
	    sl_report_check_schema(r->store, &err) != SL_OK)
		return say_error(&err);
	return say(SL_EXIT_INPUT,
	    "%s/sluse.conf cannot be read: a tilsynspakke tells of it",
	    l->root);
}

static int
run_bundle(struct line *l)
{
	struct run r = {0};
	struct sl_err err;
	int code = check_bundle(l);

	if (code != 0)
		return code;
	code = configure(l, &r);
	if (code == 0 && r.blind)
		code = refuse_blind(l, &r);
	if (code == 0 && l->fn != NULL)
		code = give_bundle(l, &r);
	else if (code == 0 && sl_bundle_make(l->root, r.cfg, &l->opt, r.lang,
				  l->opt.file[0], &err) != SL_OK)
		code = say_error(&err);
	sl_store_close(r.store);
	sl_config_free(r.cfg);
	return code;
}

/* The report's own name, by whatever name it was asked for; NULL: none. */
static const char *
known_name(const char *name)
{
	const struct sl_report_def *d = sl_report_def_find(name);

	if (strcmp(name, BUNDLE) == 0)
		return BUNDLE;
	return d != NULL ? d->slug : NULL;
}

static int
say_unknown(const char *name)
{
	return say(SL_EXIT_USAGE,
	    "there is no report %s; see sluse report --list", name);
}

static int
run(struct line *l, const char *name, char **rest, int rest_n)
{
	const struct sl_report_def *d = sl_report_def_find(name);

	l->opt.file = rest;
	l->opt.files = rest_n;
	if (strcmp(name, BUNDLE) == 0)
		return run_bundle(l);
	if (d == NULL)
		return say_unknown(name);
	return run_report(l, d);
}

/* -- for who may not open the database ------------------------------------ */

static enum sl_rc
put_out(void *arg, const char *p, size_t n, struct sl_err *err)
{
	(void)arg;
	if (fwrite(p, 1, n, stdout) == n)
		return SL_OK;
	return sl_err_set(
	    err, SL_FATAL, errno, "disk_error", "cannot write the report");
}

static json_t *
question_of(json_t *args)
{
	return json_pack("{s:s, s:o}", "verb", "report", "args", args);
}

/* The words of the line, and whether files come with them. */
static json_t *
args_of(const char *name, char **argv, bool given)
{
	json_t *words = json_array();

	for (argv++; *argv != NULL; argv++)
		if (json_array_append_new(words, json_string(*argv)) != 0) {
			json_decref(words);
			return NULL;
		}
	return json_pack(
	    "{s:s, s:o, s:b}", "report", name, "argv", words, "given", given);
}

static enum sl_rc
ask(const struct line *l, const json_t *question, struct sl_parcel *files,
    bool bundle, struct sl_err *err)
{
	struct sl_control *k = NULL;
	enum sl_rc rc = sl_control_open(l->root, &k, err);

	if (rc == SL_OK && bundle)
		rc = sl_lent_bundle(k, question, files, l->opt.file[0], err);
	else if (rc == SL_OK)
		rc = sl_control_bytes(k, question, files, put_out, NULL, err);
	sl_control_close(k);
	return rc;
}

/* By slused and the service. */
static int
forward(struct line *l, char **argv, const char *name)
{
	bool bundle = strcmp(name, BUNDLE) == 0;
	struct sl_parcel *files = NULL;
	struct sl_err err = {0};
	json_t *question, *args;
	enum sl_rc rc;
	int code = bundle ? check_bundle(l) : 0;

	if (code != 0)
		return code;
	if (sl_lent_gather(&l->opt, !bundle, &files, &err) != SL_OK)
		return say_error(&err);
	args = args_of(name, argv, files != NULL);
	if (args == NULL) {
		sl_parcel_free(files);
		return say(SL_EXIT_USAGE, "a word is not UTF-8");
	}
	question = question_of(args);
	rc = ask(l, question, files, bundle, &err);
	json_decref(question);
	sl_parcel_free(files);
	return rc == SL_OK ? written() : say_error(&err);
}

/* Reading of content is journaled, as long as somebody is there to do it: an
 * instance that stands still can be looked at too. */
static int
tell(const struct line *l, const char *name)
{
	json_t *o = question_of(json_pack("{s:s}", "report", name));
	struct sl_control *k = NULL;
	struct sl_err err = {0};
	enum sl_rc rc = sl_control_open(l->root, &k, &err);

	(void)json_object_set_new(o, "direct", json_true());
	if (rc == SL_OK)
		rc = sl_control_call(k, "read", o, NULL, NULL, 0, &err);
	sl_control_close(k);
	json_decref(o);
	return rc == SL_OK || rc == SL_RETRY ? 0 : say_error(&err);
}

/* told: the report that the sporingslogg says he reads. No path of his is
 * opened here: what he lent takes its place. */
static int
answer_line(struct line *l, const char *told, const struct sl_given *given,
    int argc, char **argv)
{
	struct sl_err err;
	const char *name;
	int code;

	optind = 0;
	code = take_line(l, argc, argv);
	if (code != 0)
		return code;
	if (optind >= argc || l->list || l->manual || l->help)
		return say(SL_EXIT_USAGE, "no report was named");
	name = known_name(argv[optind]);
	if (name == NULL)
		return say_unknown(argv[optind]);
	if (told == NULL || strcmp(told, name) != 0)
		return say(SL_EXIT_USAGE, "another report was named");
	l->opt.file = argv + optind + 1;
	l->opt.files = argc - optind - 1;
	if (sl_lent_place(&lent, given, &l->opt, strcmp(name, BUNDLE) != 0,
		&err) != SL_OK)
		return say_error(&err);
	return run(l, name, l->opt.file, l->opt.files);
}

enum sl_rc
sl_report_answer(const char *root, const json_t *args,
    const struct sl_given *given, sl_bytes_fn *fn, void *arg,
    struct sl_err *err)
{
	const json_t *words = json_object_get(args, "argv");
	SL_FREE char **argv = sl_alloc((WORDS_MAX + 2) * sizeof(*argv));
	SL_FREE char **own = sl_alloc((WORDS_MAX + 2) * sizeof(*own));
	struct line l = {
	    .fn = fn, .arg = arg, .opt = {.days = -1, .errors = -1}};
	size_t n = json_array_size(words), i;
	int code;

	if (n > WORDS_MAX)
		return sl_err_set(
		    err, SL_REJECT, 0, "query", "the line has too many words");
	own[0] = sl_strdup("sluse-report");
	for (i = 0; i < n; i++)
		own[i + 1] =
		    sl_strdup(json_is_string(json_array_get(words, i))
				  ? json_string_value(json_array_get(words, i))
				  : "");
	memcpy(argv, own, (n + 1) * sizeof(*argv)); /* getopt moves them */
	said = err;
	l.root = root;
	code =
	    answer_line(&l, json_string_value(json_object_get(args, "report")),
		given, (int)n + 1, argv);
	said = NULL;
	for (i = 0; i <= n; i++)
		free(own[i]);
	return code == 0 ? SL_OK : rc_of(code);
}

static int
run_by_right(struct line *l, int argc, char **argv)
{
	const char *name = known_name(argv[optind]);
	int code;

	if (name == NULL)
		return say_unknown(argv[optind]);
	l->opt.file = argv + optind + 1;
	l->opt.files = argc - optind - 1;
	if (!sl_control_is_owner(l->root))
		return forward(l, argv, name);
	code = tell(l, name);
	return code != 0 ? code : run(l, name, l->opt.file, l->opt.files);
}

int
sl_report_main(int argc, char **argv)
{
	struct line l = {.opt = {.days = -1, .errors = -1}};
	int code = take_line(&l, argc, argv);

	if (code != 0)
		return code;
	l.root = sl_option_root(l.root);
	if (l.language != NULL && strcmp(l.language, "nb") != 0 &&
	    strcmp(l.language, "en") != 0)
		return say(SL_EXIT_USAGE, "--language takes nb or en");
	if (l.manual)
		print_manual();
	else if (l.list)
		print_list(&l);
	else if (l.help)
		print_help(stdout);
	else if (optind == argc) {
		print_help(stderr);
		return SL_EXIT_USAGE;
	} else
		return run_by_right(&l, argc, argv);
	return written();
}
