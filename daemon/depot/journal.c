/*
 * `depot journal` and `depot restanser`: lists of the journalposter of a
 * harvest.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/mem.h"
#include "../base/text.h"
#include "../config/deadline.h"
#include "depot.h"
#include "journalxml.h"
#include "list.h"

/* -- the harvest -------------------------------------------------------- */

static enum sl_rc
on_enter(void *arg, struct sl_unit *u, struct sl_err *err)
{
	struct sl_jlist *l = arg;

	(void)err;
	if (u->kind == SL_KIND_arkivskaper &&
	    json_array_size(l->creators) < SL_LIST_CREATORS)
		(void)json_array_append(l->creators, u->fields);
	return SL_OK;
}

static enum sl_rc
on_leave(void *arg, struct sl_unit *u, struct sl_err *err)
{
	struct sl_jlist *l = arg;

	if (sl_group_of(u) != SL_GROUP_journalpost || u->misplaced)
		return SL_OK;
	return sl_posts_add(&l->posts, u, err);
}

static enum sl_rc
read_harvest(struct sl_jlist *l, const char *path, struct sl_err *err)
{
	const struct sl_visitor v = {on_enter, on_leave, l};
	struct sl_harvest h;
	enum sl_rc rc = sl_harvest_open(path, &h, err);

	if (rc == SL_OK)
		rc = sl_posts_open(&l->posts, err);
	l->posts.by_assessed = l->assessed;
	if (rc == SL_OK)
		rc = sl_harvest_walk(&h, &v, err);
	if (rc == SL_OK)
		rc = sl_posts_sort(&l->posts, err);
	sl_harvest_close(&h);
	return rc;
}

/* -- xml ---------------------------------------------------------------- */

static void
say_unassessed(const struct sl_jlist *l)
{
	uint64_t n = sl_posts_unassessed(&l->posts, l->screen.public);

	if (n > 0)
		(void)sl_say(0,
		    "%" PRIu64 " posts are not assessed and are left out", n);
}

static enum sl_rc
write_xml(struct sl_jlist *l, struct sl_err *err)
{
	struct sl_journal j = {.posts = &l->posts,
	    .screen = l->screen,
	    .from_day = l->from_day,
	    .to_day = l->to_day,
	    .from = l->from,
	    .to = l->to,
	    .selection =
		l->posts.by_assessed ? "offentlighetsvurdertDato" : NULL,
	    .creators = l->creators};
	int64_t first, last;
	struct sl_xmlout o;
	enum sl_rc rc;
	int fd;

	say_unassessed(l);
	if (sl_journal_count(&j, &first, &last) == 0)
		return sl_err_set(err, SL_SKIP, 0, "empty",
		    "there is no post: Noark has no empty journal");
	(void)fflush(stdout);
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	rc = sl_xmlout_start(fd, sl_journal_root(l->screen.public),
	    sl_journal_ns(l->screen.public), false, &o, err);
	if (rc != SL_OK)
		return rc;
	rc = sl_journal_write(&j, &o, err);
	l->screen = j.screen;
	if (rc == SL_OK)
		return sl_xmlout_close(&o, err);
	sl_xmlout_drop(&o);
	return rc;
}

/* What was kept back, where the form has no place for it. */
static void
say_screened(const struct sl_jlist *l)
{
	const struct sl_screen *s = &l->screen;
	uint64_t out = sl_posts_unjournaled(&l->posts, l->from_day, l->to_day);

	if (out > 0)
		(void)sl_say(0,
		    "%" PRIu64 " posts are not journaled and are left out",
		    out);
	if (s->fnr > 0)
		(void)sl_say(0,
		    "%" PRIu64 " fødselsnummer or D-numbers are masked",
		    s->fnr);
	if (s->titles + s->names + s->expired + s->classes > 0)
		(void)sl_say(0,
		    "kept back: %" PRIu64 " titles, %" PRIu64 " names, %" PRIu64
		    " names after a year, %" PRIu64 " classes",
		    s->titles, s->names, s->expired, s->classes);
}

/* -- the line ----------------------------------------------------------- */

static const struct option options[] = {
    {"public", no_argument, NULL, 'p'},
    {"assessed", no_argument, NULL, 'a'},
    {"from", required_argument, NULL, 'f'},
    {"to", required_argument, NULL, 't'},
    {"today", required_argument, NULL, 'd'},
    {"format", required_argument, NULL, 'F'},
    {"json", no_argument, NULL, 'j'},
    {"language", required_argument, NULL, 'l'},
    {NULL, 0, NULL, 0},
};

static bool
take_option(struct sl_jlist *l, int bit)
{
	switch (bit) {
	case 'p':
		l->screen.public = true;
		return !l->restanser;
	case 'a':
		l->assessed = true;
		return !l->restanser;
	case 'f':
		l->from = optarg;
		return sl_day_exact(optarg, &l->from_day);
	case 't':
		l->to = optarg;
		return sl_day_exact(optarg, &l->to_day);
	case 'd':
		return sl_day_exact(optarg, &l->screen.today);
	case 'F':
		l->format = optarg;
		return sl_form_find(optarg) != NULL &&
		       !(l->restanser && strcmp(optarg, "xml") == 0);
	case 'l':
		l->lang =
		    strcmp(optarg, "en") == 0 ? SL_LANGUAGE_EN : SL_LANGUAGE_NB;
		return strcmp(optarg, "en") == 0 || strcmp(optarg, "nb") == 0;
	default:
		l->format = "json";
		return true;
	}
}

static int
take_line(struct sl_jlist *l, int argc, char **argv)
{
	int bit;

	while ((bit = sl_option_or_say(argc, argv, "", options)) > 0)
		if (!take_option(l, bit))
			return sl_say(SL_EXIT_USAGE,
			    "%s: an option or value that is not for it; see "
			    "sluse-depot(1)",
			    argv[0]);
	if (bit < 0)
		return SL_EXIT_USAGE;
	if (l->assessed && !l->screen.public)
		return sl_say(SL_EXIT_USAGE, "--assessed is for --public");
	if (l->from_day > l->to_day)
		return sl_say(SL_EXIT_USAGE, "--from %s is later than --to %s",
		    l->from, l->to);
	if (argc - optind != 1)
		return sl_say(SL_EXIT_USAGE,
		    "usage: sluse depot %s HARVEST; see sluse-depot(1)",
		    argv[0]);
	return 0;
}

static int
run(bool restanser, int argc, char **argv)
{
	struct sl_jlist l = {.restanser = restanser,
	    .from_day = INT64_MIN,
	    .to_day = INT64_MAX,
	    .format = "table",
	    .lang = SL_LANGUAGE_NB,
	    .screen = {.today = sl_day_of(sl_clock_utc_ms())}};
	struct sl_err err = {0};
	int code = take_line(&l, argc, argv);
	enum sl_rc rc;

	if (code != 0)
		return code;
	l.creators = json_array();
	rc = read_harvest(&l, argv[optind], &err);
	if (rc == SL_OK && strcmp(l.format, "xml") == 0) {
		rc = write_xml(&l, &err);
		if (rc == SL_OK)
			say_screened(&l);
	} else if (rc == SL_OK)
		rc = sl_list_write(&l, &err);
	sl_posts_close(&l.posts);
	json_decref(l.creators);
	if (rc != SL_OK)
		return sl_depot_fail(&err);
	return SL_EXIT_OK;
}

int
sl_depot_journal(int argc, char **argv)
{
	return run(false, argc, argv);
}

int
sl_depot_restanser(int argc, char **argv)
{
	return run(true, argc, argv);
}
