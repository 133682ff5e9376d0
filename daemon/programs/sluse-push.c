/*
 * sluse-push: delivers prepared posts to one target, or harvests its archive;
 * or, with --witness, takes signed heads of the sporingslogg to witnesses and
 * time-stamp authorities. Manual: sluse-push(8).
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/mem.h"
#include "../base/notify.h"
#include "../base/text.h"
#include "../push/deliver.h"
#include "../push/lock.h"
#include "../push/plugins.h"
#include "../push/witness.h"
#include "../wire/roles.h"

#define WAIT_FIRST_MAX_MS 1000 /* of a harvest, where nobody else waits */

struct options {
	const char *socket, *target, *config, *credentials;
	struct sl_harvest_conf harvest; /* dir NULL: none */
	enum sl_level level;
	bool help, check, check_config, witness;
	const char *wrong; /* an option that is no such thing, and what it is */
};

static void
print_usage(FILE *f)
{
	(void)fprintf(f,
	    "usage: sluse-push --socket PATH --target NAME --config FILE\n"
	    "           [--credentials DIR] [--log-level 2..7]\n"
	    "       sluse-push --check | --check-config --target NAME --config "
	    "FILE ..\n"
	    "       sluse-push --harvest DIR --target NAME --config FILE ..\n"
	    "           [--from DATE] [--to DATE] [--arkivdel ID]\n"
	    "           [--document-max BYTES]\n"
	    "       sluse-push --witness --socket PATH | --check-config "
	    "--config "
	    "FILE\n"
	    "           [--log-level 2..7]\n");
}

static int
usage(const char *wrong)
{
	if (wrong != NULL) {
		(void)fprintf(stderr, "sluse-push: %s\n", wrong);
		return EX_USAGE;
	}
	print_usage(stderr);
	return EX_USAGE;
}

static bool
parse_level(const char *text, enum sl_level *ret)
{
	uint64_t v;

	if (!sl_parse_u64(text, SL_LOG_CRIT, SL_LOG_DEBUG, &v))
		return false;
	*ret = (enum sl_level)v;
	return true;
}

/* n digits, which are there. */
static int
number(const char *digits, int n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + (*digits++ - '0');
	return v;
}

/* "2026-03-05", a day that there is. */
static bool
is_day(const char *text)
{
	static const char form[] = "dddd-dd-dd";
	struct sl_date d = {.hour = 12};
	char back[16];
	size_t i;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '-' ? text[i] != '-'
				   : text[i] < '0' || text[i] > '9')
			return false;
	d.year = number(text, 4);
	d.month = number(text + 5, 2);
	d.day = number(text + 8, 2);
	if (d.year < 1800 || d.month < 1 || d.month > 12 || d.day < 1)
		return false;
	sl_clock_format_day(sl_clock_from_oslo(&d), back, sizeof(back));
	return strcmp(back, text) == 0;
}

/* Options of a harvest; false for one that it is not, or a bad value, which
 * *ret_wrong then tells. */
static bool
parse_harvest(
    int c, const char *value, struct sl_harvest_conf *h, const char **ret_wrong)
{
	if (c == 'h')
		h->dir = value;
	else if (c == 'a')
		h->range.series = value;
	else if (c == 'f')
		h->range.from = value;
	else if (c == 'u')
		h->range.to = value;
	else if (c != 'm')
		return false;
	if (c == 'm' && !sl_parse_u64(value, 1, 1ull << 50, &h->document_max))
		*ret_wrong = "--document-max takes a number of bytes";
	if ((c == 'f' || c == 'u') && !is_day(value))
		*ret_wrong = c == 'f' ? "--from takes a day, as 2026-03-05"
				      : "--to takes a day, as 2026-03-05";
	return *ret_wrong == NULL;
}

static bool
harvest_fits(const struct sl_harvest_conf *h, const char **ret_wrong)
{
	const struct sluse_range *r = &h->range;
	bool narrowed = r->from != NULL || r->to != NULL || r->series != NULL;

	if (h->dir == NULL && (narrowed || h->document_max > 0))
		*ret_wrong = "--from, --to, --arkivdel and --document-max are "
			     "of --harvest";
	else if (r->from != NULL && r->to != NULL && strcmp(r->from, r->to) > 0)
		*ret_wrong = "--from is later than --to";
	return *ret_wrong == NULL;
}

static bool
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option list[] = {
	    {"socket", required_argument, NULL, 's'},
	    {"target", required_argument, NULL, 't'},
	    {"config", required_argument, NULL, 'c'},
	    {"credentials", required_argument, NULL, 'k'},
	    {"log-level", required_argument, NULL, 'l'},
	    {"check", no_argument, NULL, 'n'},
	    {"witness", no_argument, NULL, 'w'},
	    {"check-config", no_argument, NULL, 'o'},
	    {"harvest", required_argument, NULL, 'h'},
	    {"from", required_argument, NULL, 'f'},
	    {"to", required_argument, NULL, 'u'},
	    {"arkivdel", required_argument, NULL, 'a'},
	    {"document-max", required_argument, NULL, 'm'},
	    {"help", no_argument, NULL, 'H'}, {NULL, 0, NULL, 0}};
	int c;

	*o = (struct options){.level = SL_LOG_INFO};
	while ((c = getopt_long(argc, argv, "", list, NULL)) != -1) {
		if (c == 's')
			o->socket = optarg;
		else if (c == 't')
			o->target = optarg;
		else if (c == 'c')
			o->config = optarg;
		else if (c == 'k')
			o->credentials = optarg;
		else if (c == 'H')
			return o->help = true;
		else if (c == 'n')
			o->check = true;
		else if (c == 'w')
			o->witness = true;
		else if (c == 'o')
			o->check_config = true;
		else if (c == 'l' ? !parse_level(optarg, &o->level)
				  : !parse_harvest(
					c, optarg, &o->harvest, &o->wrong))
			return false;
	}
	if (o->witness)
		return optind == argc && o->config != NULL &&
		       (o->socket != NULL) != o->check_config &&
		       o->target == NULL && o->credentials == NULL && !o->check;
	return optind == argc && o->target != NULL && o->config != NULL &&
	       harvest_fits(&o->harvest, &o->wrong) &&
	       (o->harvest.dir != NULL
		       ? !o->check && !o->check_config
		       : o->check || o->check_config || o->socket != NULL);
}

static bool
yes(struct sl_push *p, const char *key)
{
	const char *v = sl_push_config(p->section, key);

	return v != NULL && strcmp(v, "yes") == 0;
}

static enum sl_rc
set_up_http(struct sl_push *p, struct sl_err *err)
{
	const struct sl_target_config *t = p->section->target;
	SL_FREE char *ca = sl_push_path(p->section, t->ca_file);
	struct sl_http_conf hc = {.base_url = t->base_url,
	    .hosts = t->hosts.item,
	    .hosts_n = t->hosts.n,
	    .allow_loopback = t->allow_loopback,
	    .allow_http = yes(p, "allow_http"),
	    .ca_file = ca,
	    .proxy = sl_push_config(p->section, "proxy"),
	    .connect_ms = t->connect_timeout_ms,
	    .total_ms = t->timeout_ms};

	if (*t->base_url == '\0')
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "[target %s]: base_url is missing: where does the target "
		    "answer?",
		    t->name);
	return sl_http_new(&hc, &p->http, err);
}

/* Signals wait until somebody looks: never in the middle of a delivery. */
static int
hold_signals(void)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum sl_rc
open_connector(struct sl_push *p, struct sl_err *err)
{
	const char *name = p->section->target->connector;
	struct sluse_why why = {0};
	enum sl_rc rc = sl_plugin_load(name, &p->connector, err);

	if (rc == SL_OK)
		rc = sl_push_section_check(p->section, p->connector->keys, err);
	if (rc == SL_OK)
		rc = set_up_http(p, err);
	if (rc != SL_OK)
		return rc;
	sl_push_host_init(p);
	if (p->connector->open(&p->host, &p->session, &why) != 0)
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "target %s: %.200s", p->section->target->name, why.text);
	return SL_OK;
}

static int
run_check(struct sl_push *p)
{
	struct sluse_why why = {0};
	int verdict = p->connector->check(p->session, &why);

	(void)printf("%s: %s%s%s\n", p->section->target->name,
	    verdict == 0 ? "ok" : why.reason, verdict == 0 ? "" : " ",
	    verdict == 0 ? "" : why.text);
	return verdict == 0 ? 0 : 1;
}

static enum sl_rc
open_harvest(struct sl_push *p, const struct options *o, struct sl_err *err)
{
	const struct sl_config *config = p->section->config;
	struct sl_harvest_conf conf = o->harvest;

	if (!sl_plugin_harvests(p->connector))
		return sl_err_set(err, SL_FATAL, 0, "config_invalid",
		    "connector %s cannot harvest", p->connector->name);
	conf.target = o->target;
	conf.connector = p->connector->name;
	conf.free_min = config->instance.free_space_min_bytes;
	conf.wait_first_ms = p->section->target->retry_first_ms;
	if (conf.wait_first_ms > WAIT_FIRST_MAX_MS)
		conf.wait_first_ms = WAIT_FIRST_MAX_MS;
	return sl_harvest_open(&conf, &p->harvest, err);
}

static int
failed(const char *subject, const struct sl_err *err)
{
	sl_log(err->rc == SL_RETRY ? SL_LOG_NOTICE : SL_LOG_ERR, subject,
	    "%s reason=\"%s\"", err->text, err->reason);
	if (err->rc == SL_RETRY)
		return 0; /* slused has gone; who started us starts us again */
	return err->rc == SL_REJECT ? EX_PROTOCOL : 1;
}

static void
raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max < 8192 ? r.rlim_max : 8192;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* Waits for slused as long as it takes; SL_SKIP: we were told to end. */
static enum sl_rc
connect_slused(int signals, const struct options *o, struct sl_chan **ret,
    struct sl_err *err)
{
	enum sl_role role = o->witness ? SL_ROLE_WITNESS : SL_ROLE_PUSH;
	const char *name = o->witness ? "witness" : o->target;
	struct pollfd pf = {.fd = signals, .events = POLLIN};
	unsigned tries;
	enum sl_rc rc;

	for (tries = 0;; tries++) {
		rc = sl_chan_connect(
		    o->socket, role, SL_PUSH_POSTS_MAX, name, ret, err);
		if (rc != SL_RETRY)
			return rc;
		if (tries == 0)
			sl_log(SL_LOG_INFO, name, "waiting for slused");
		if (poll(&pf, 1, sl_notify_away(tries)) > 0)
			return SL_SKIP;
	}
}

static void
tell_missing(const char *subject, const char *missing)
{
	if (missing[0] != '\0')
		sl_log(SL_LOG_WARNING, subject,
		    "the kernel lacks a wall missing=\"%s\"", missing);
}

/* For all witnesses and time-stamp authorities of the configuration. */
static int
witness(int signals, const struct options *o)
{
	struct sl_courier *w = NULL;
	struct sl_chan *chan = NULL;
	const char *missing = "";
	struct sl_err err = {0};
	enum sl_rc rc = sl_courier_open(o->config, &w, &err);
	const struct sl_err *lack = sl_courier_lack(w);

	if (o->check_config) {
		lack = rc != SL_OK ? &err : lack;
		if (lack != NULL)
			(void)printf("%s\n", lack->text);
		sl_courier_free(w);
		return lack != NULL;
	}
	if (rc != SL_OK)
		sl_chan_tell(o->socket, SL_ROLE_WITNESS, "witness", &err);
	else
		rc = connect_slused(signals, o, &chan, &err);
	if (rc == SL_OK)
		rc = sl_courier_lock(w, &missing, &err);
	if (rc == SL_OK) {
		tell_missing("witness", missing);
		sl_notify("READY=1");
		if (lack != NULL) {
			sl_log(SL_LOG_ERR, "witness", "%s", lack->text);
			(void)sl_chan_trouble(chan, false, lack);
		}
		rc = sl_courier_run(w, chan, signals, &err);
		sl_notify("STOPPING=1");
	}
	sl_chan_free(chan);
	sl_courier_free(w);
	return rc == SL_OK || rc == SL_SKIP ? 0 : failed("witness", &err);
}

/* Named secrets that are not there, or not to be used. Result: how many; the
 * first into ret, all to out (may be NULL). */
static size_t
secrets_missing(struct sl_push *p, FILE *out, struct sl_err *ret)
{
	const struct sl_list *l = &p->section->target->credentials;
	struct sl_err one;
	size_t i, n = 0;

	for (i = 0; i < l->n; i++) {
		if (p->host.secret(p, l->item[i]) != NULL)
			continue;
		(void)sl_err_set(&one, SL_HOLD, 0, "config_invalid",
		    "the secret %.100s is not there, is empty, or is open to "
		    "others",
		    l->item[i]);
		if (n++ == 0)
			*ret = one;
		if (out != NULL)
			(void)fprintf(out, "%s\n", one.text);
	}
	sl_push_forget(p);
	return n;
}

static enum sl_rc
load(struct sl_push *p, const struct options *o, struct sl_err *err)
{
	enum sl_rc rc =
	    sl_push_section_load(o->config, o->target, p->section, err);

	if (rc == SL_OK)
		rc = sl_push_credentials(p, o->credentials, err);
	return rc == SL_OK ? open_connector(p, err) : rc;
}

static int
check_config(struct sl_push *p, const struct options *o)
{
	struct sl_err err = {0};
	bool bad = load(p, o, &err) != SL_OK;

	if (bad)
		(void)printf("%s\n", err.text);
	if (p->section->target != NULL && p->host.secret != NULL)
		bad = secrets_missing(p, stdout, &err) > 0 || bad;
	return bad;
}

static int
work(struct sl_push *p, const struct options *o)
{
	SL_FREE char *ca = NULL;
	const char *missing = "";
	struct sl_err err = {0}, lacks = {0};
	enum sl_rc rc = load(p, o, &err);

	if (rc != SL_OK) {
		if (o->socket != NULL)
			sl_chan_tell(o->socket, SL_ROLE_PUSH, o->target, &err);
		return failed(o->target, &err);
	}
	if (o->harvest.dir != NULL)
		rc = open_harvest(p, o, &err);
	else
		rc = o->check ? SL_OK
			      : connect_slused(p->signals, o, &p->chan, &err);
	if (rc != SL_OK)
		return rc == SL_SKIP ? 0 : failed(o->target, &err);
	ca = sl_push_path(p->section, p->section->target->ca_file);
	if (sl_push_lock((const char *const[]){ca}, 1, p->credentials,
		p->harvest != NULL ? sl_harvest_dir(p->harvest) : -1, &missing,
		&err) != SL_OK)
		return failed(o->target, &err);
	tell_missing(o->target, missing);
	if (o->check)
		return run_check(p);
	if (p->harvest != NULL)
		return sl_harvest_run(p, &err) == SL_OK
			   ? 0
			   : failed(o->target, &err);
	sl_notify("READY=1");
	if (secrets_missing(p, NULL, &lacks) > 0)
		(void)sl_chan_trouble(p->chan, false, &lacks);
	sl_log(SL_LOG_INFO, o->target, "ready connector=\"%s\"",
	    p->connector->name);
	rc = sl_push_run(p, &err);
	sl_notify("STOPPING=1");
	return rc == SL_OK ? 0 : failed(o->target, &err);
}

int
main(int argc, char **argv)
{
	struct sl_push_section section = {0};
	struct sl_push p = {.section = &section, .credentials = -1};
	struct options o;
	int rc;

	if (!parse_options(argc, argv, &o))
		return usage(o.wrong);
	if (o.help) {
		print_usage(stdout);
		return 0;
	}
	sl_log_open("sluse-push", o.level);
	raise_files();
	p.signals = hold_signals();
	if (o.witness)
		return witness(p.signals, &o);
	rc = o.check_config ? check_config(&p, &o) : work(&p, &o);
	sl_push_drop(&p);
	if (p.session != NULL)
		p.connector->close(p.session);
	sl_push_forget(&p);
	sl_harvest_free(p.harvest);
	sl_chan_free(p.chan);
	sl_http_free(p.http);
	sl_buf_free(&p.secret);
	sl_push_section_free(&section);
	return rc;
}
