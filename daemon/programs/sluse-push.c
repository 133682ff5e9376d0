/*
 * sluse-push: delivers prepared posts to one target.
 *
 * Usage: sluse-push --socket PATH --target NAME --config FILE
 *            [--credentials DIR] [--log-level LEVEL] [--check]
 *
 * Exit: 0 stopped as asked; 1 configuration or own fault; 69 slused is away;
 * 76 slused talks nonsense. With --check: 0 the target answers and lets us in.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "../base/log.h"
#include "../base/mem.h"
#include "../push/deliver.h"
#include "../push/lock.h"
#include "../push/plugins.h"
#include "../wire/roles.h"

struct options {
	const char *socket, *target, *config, *credentials;
	enum sl_level level;
	bool check;
};

static int
usage(void)
{
	(void)fprintf(stderr,
	    "usage: sluse-push --socket PATH --target NAME --config FILE\n"
	    "           [--credentials DIR] [--log-level LEVEL] [--check]\n");
	return EX_USAGE;
}

static bool
parse_level(const char *text, enum sl_level *ret)
{
	static const struct {
		const char *name;
		enum sl_level level;
	} names[] = {{"crit", SL_LOG_CRIT}, {"err", SL_LOG_ERR},
	    {"warning", SL_LOG_WARNING}, {"notice", SL_LOG_NOTICE},
	    {"info", SL_LOG_INFO}, {"debug", SL_LOG_DEBUG}};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i].name) == 0) {
			*ret = names[i].level;
			return true;
		}
	return false;
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
	    {"check", no_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
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
		else if (c == 'n')
			o->check = true;
		else if (c != 'l' || !parse_level(optarg, &o->level))
			return false;
	}
	return optind == argc && o->target != NULL && o->config != NULL &&
	    (o->check || o->socket != NULL);
}

static enum sl_rc
set_up_http(struct sl_push *p, struct sl_err *err)
{
	struct sl_http_conf hc = {0};

	hc.base_url = sl_push_config(p->section, "base_url");
	if (hc.base_url == NULL)
		return sl_err_set(err, SL_FATAL, 0, "config_error",
		    "target %s: base_url is not set", p->section->name);
	hc.allow_hosts = sl_push_config(p->section, "hosts");
	hc.allow_http = sl_push_config_yes(p->section, "allow_http");
	hc.allow_loopback = sl_push_config_yes(p->section, "allow_loopback");
	hc.ca_file = sl_push_config(p->section, "ca_file");
	hc.proxy = sl_push_config(p->section, "proxy");
	hc.connect_ms = sl_push_config_ms(p->section, "connect_timeout");
	hc.total_ms = sl_push_config_ms(p->section, "timeout");
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
	const char *name = sl_push_config(p->section, "connector");
	struct sluse_why why = {0};
	enum sl_rc rc;

	if (name == NULL)
		return sl_err_set(err, SL_FATAL, 0, "config_error",
		    "target %s: connector is not set", p->section->name);
	rc = sl_plugin_load(name, &p->connector, err);
	if (rc == SL_OK)
		rc = sl_push_section_check(
		    p->section, p->connector->keys, err);
	if (rc == SL_OK)
		rc = set_up_http(p, err);
	if (rc != SL_OK)
		return rc;
	sl_push_host_init(p);
	if (p->connector->open(&p->host, &p->session, &why) != 0)
		return sl_err_set(err, SL_FATAL, 0, "config_error",
		    "target %s: %.200s", p->section->name, why.text);
	return SL_OK;
}

static int
run_check(struct sl_push *p)
{
	struct sluse_why why = {0};
	int verdict = p->connector->check(p->session, &why);

	(void)printf("%s: %s%s%s\n", p->section->name,
	    verdict == 0 ? "ok" : why.reason, verdict == 0 ? "" : " ",
	    verdict == 0 ? "" : why.text);
	return verdict == 0 ? 0 : 1;
}

static int
failed(const char *subject, const struct sl_err *err)
{
	sl_log(SL_LOG_ERR, subject, "%s reason=\"%s\"", err->text,
	    err->reason);
	if (err->rc == SL_RETRY)
		return EX_UNAVAILABLE;
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

static int
work(struct sl_push *p, const struct options *o)
{
	const char *missing = "";
	struct sl_err err = {0};
	const char *ca;

	if (sl_push_section_load(o->config, o->target, p->section, &err) !=
		SL_OK ||
	    sl_push_credentials(p, o->credentials, &err) != SL_OK ||
	    open_connector(p, &err) != SL_OK)
		return failed(o->target, &err);
	if (!o->check &&
	    sl_chan_connect(o->socket, SL_ROLE_PUSH, SL_PUSH_QUEUE, o->target,
		&p->chan, &err) != SL_OK)
		return failed(o->target, &err);
	ca = sl_push_config(p->section, "ca_file");
	if (sl_push_lock(ca, p->credentials, &missing, &err) != SL_OK)
		return failed(o->target, &err);
	if (missing[0] != '\0')
		sl_log(SL_LOG_WARNING, o->target,
		    "the kernel lacks a wall missing=\"%s\"", missing);
	if (o->check)
		return run_check(p);
	sl_log(SL_LOG_INFO, o->target, "ready connector=\"%s\"",
	    p->connector->name);
	return sl_push_run(p, &err) == SL_OK ? 0 : failed(o->target, &err);
}

int
main(int argc, char **argv)
{
	struct sl_push_section section = {0};
	struct sl_push p = {.section = &section, .credentials = -1};
	struct options o;
	int rc;

	if (!parse_options(argc, argv, &o))
		return usage();
	sl_log_open("sluse-push", o.level);
	raise_files();
	p.signals = hold_signals();
	rc = work(&p, &o);
	sl_push_drop(&p);
	if (p.session != NULL)
		p.connector->close(p.session);
	sl_push_forget(&p);
	sl_chan_free(p.chan);
	sl_http_free(p.http);
	sl_buf_free(&p.secret);
	sl_push_section_free(&section);
	return rc;
}
