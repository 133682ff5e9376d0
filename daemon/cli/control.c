/*
 * Commands that slused carries out. Who asks, slused sees from the socket.
 */
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "../base/mem.h"
#include "../registry/registry.h"
#include "../report/report.h"
#include "../wire/roles.h"
#include "../wire/wire.h"
#include "cli.h"

#define ANSWER_S 60

struct sl_control {
	struct sl_chan *chan;
};

enum sl_rc
sl_control_open(const char *root, struct sl_control **ret, struct sl_err *err)
{
	SL_FREE char *path = sl_asprintf("%s/run/slused.sock", root);
	const struct timeval wait = {.tv_sec = ANSWER_S};
	struct sl_chan *chan;
	enum sl_rc rc =
	    sl_chan_connect(path, SL_ROLE_CTL, 0, "sluse", &chan, err);

	if (rc != SL_OK)
		return rc;
	(void)setsockopt(
	    sl_chan_fd(chan), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	*ret = sl_alloc(sizeof(**ret));
	(*ret)->chan = chan;
	return SL_OK;
}

void
sl_control_close(struct sl_control *k)
{
	if (k == NULL)
		return;
	sl_chan_free(k->chan);
	free(k);
}

static enum sl_rc
answer(struct sl_control *k, json_t **ret_json, char *text, size_t cap,
    struct sl_err *err)
{
	struct sl_msg m;
	size_t nfds;
	char words[256];
	enum sl_rc rc = sl_chan_recv(k->chan, &m, NULL, &nfds, err);

	if (rc == SL_SKIP)
		return sl_err_set(err, SL_RETRY, 0, "slused_away",
		    "slused has not answered for %d seconds", ANSWER_S);
	if (rc != SL_OK)
		return rc;
	if (m.type != SL_MSG_CTL_REPLY)
		return sl_err_set(err, SL_FATAL, 0, "worker_protocol",
		    "slused gave a senseless answer");
	(void)sl_slice_copy(m.ctl_reply.text, words, sizeof(words));
	if (m.ctl_reply.rc != SL_OK)
		return sl_err_set(err, SL_HOLD, 0, "refused", "%s",
		    words[0] != '\0' ? words : "slused refuses");
	if (cap > 0)
		(void)sl_slice_copy(m.ctl_reply.text, text, cap);
	if (ret_json != NULL)
		*ret_json = m.ctl_reply.json.n == 0
				? NULL
				: json_loadb(m.ctl_reply.json.p,
				      m.ctl_reply.json.n, 0, NULL);
	return SL_OK;
}

enum sl_rc
sl_control_call(struct sl_control *k, const char *verb, const json_t *args,
    json_t **ret_json, char *text, size_t cap, struct sl_err *err)
{
	SL_FREE char *s =
	    args != NULL ? json_dumps(args, JSON_COMPACT) : sl_strdup("{}");
	struct sl_msg m = {.type = SL_MSG_CTL};
	enum sl_rc rc;

	if (s == NULL)
		return sl_err_set(
		    err, SL_REJECT, 0, "bad_text", "a word is not UTF-8");
	m.ctl.verb = sl_slice_str(verb);
	m.ctl.args = sl_slice_str(s);
	rc = sl_chan_send(k->chan, &m, NULL, 0, err);
	if (rc == SL_FATAL)
		return sl_err_set(
		    err, SL_REJECT, 0, "too_long", "what was said is too long");
	return rc != SL_OK ? rc : answer(k, ret_json, text, cap, err);
}

/* -- the commands -----------------------------------------------------------
 */

static enum sl_exit
control_code(enum sl_rc rc, const struct sl_err *err)
{
	if (rc == SL_HOLD || rc == SL_FATAL)
		return sl_cli_say(SL_EXIT_REFUSED, "%s", err->text);
	if (rc == SL_RETRY)
		return sl_cli_say(SL_EXIT_AWAY, "%s", err->text);
	return sl_cli_say(SL_EXIT_USAGE, "%s", err->text);
}

static int
call(const struct sl_cli *c, const char *verb, const json_t *args)
{
	struct sl_control *k = NULL;
	struct sl_err err;
	json_t *reply = NULL;
	char text[1025] = "";
	enum sl_rc rc = sl_control_open(c->root, &k, &err);

	if (rc == SL_OK)
		rc = sl_control_call(
		    k, verb, args, &reply, text, sizeof(text), &err);
	sl_control_close(k);
	if (rc != SL_OK)
		return control_code(rc, &err);
	if (c->json) {
		if (reply == NULL)
			reply = json_object();
		(void)json_object_set_new(reply, "ok", json_true());
		sl_cli_json(reply);
	} else if (json_is_string(json_object_get(reply, "waits_for"))) {
		(void)printf("It waits for %s.\n",
		    json_string_value(json_object_get(reply, "waits_for")));
	} else if (text[0] != '\0') {
		sl_report_show_text(stdout, text);
		(void)putchar('\n');
	}
	json_decref(reply);
	return SL_EXIT_OK;
}

static int
decide(const struct sl_cli *c, const char *verb)
{
	char reception[32];
	json_t *args;
	int entry, code;

	if (!sl_reception_parse(
		c->arg[0], reception, sizeof(reception), &entry))
		return sl_cli_say(SL_EXIT_USAGE,
		    "%s is not a reception number (or a digit is wrong)",
		    c->arg[0]);
	args = json_pack("{s:s}", "id", c->arg[0]);
	if (c->why != NULL)
		(void)json_object_set_new(args, "why", json_string(c->why));
	if (c->case_number != NULL)
		(void)json_object_set_new(
		    args, "case", json_string(c->case_number));
	if (c->new_case != NULL)
		(void)json_object_set_new(
		    args, "newCase", json_string(c->new_case));
	if (c->with != NULL)
		(void)json_object_set_new(args, "with", json_string(c->with));
	code = call(c, verb, args);
	json_decref(args);
	return code;
}

int
sl_cmd_hold(const struct sl_cli *c)
{
	return decide(c, "hold");
}

int
sl_cmd_release(const struct sl_cli *c)
{
	return decide(c, "release");
}

int
sl_cmd_retry(const struct sl_cli *c)
{
	return decide(c, "retry");
}

int
sl_cmd_reject(const struct sl_cli *c)
{
	return decide(c, "reject");
}

int
sl_cmd_assign(const struct sl_cli *c)
{
	int said = (c->case_number != NULL) + (c->new_case != NULL) +
		   (c->with != NULL);

	if (said != 1)
		return sl_cli_say(SL_EXIT_USAGE,
		    "assign needs one of --case, --new-case and --with");
	return decide(c, "assign");
}

static int
gate(const struct sl_cli *c, const char *verb)
{
	json_t *args = json_object();
	int code;

	if (c->why != NULL)
		(void)json_object_set_new(args, "why", json_string(c->why));
	code = call(c, verb, args);
	json_decref(args);
	return code;
}

int
sl_cmd_journal_erase(const struct sl_cli *c)
{
	json_t *args = json_pack("{s:s, s:s}", "id", c->arg[0], "why", c->why);
	int code = call(c, "journal-erase", args);

	json_decref(args);
	return code;
}

int
sl_cmd_journal_accept(const struct sl_cli *c)
{
	return gate(c, "journal-accept");
}

int
sl_cmd_journal_new_key(const struct sl_cli *c)
{
	return gate(c, "journal-key");
}

int
sl_cmd_stop_in(const struct sl_cli *c)
{
	return gate(c, "stop-in");
}

int
sl_cmd_start_in(const struct sl_cli *c)
{
	return gate(c, "start-in");
}

int
sl_cmd_stop_out(const struct sl_cli *c)
{
	return gate(c, "stop-out");
}

int
sl_cmd_start_out(const struct sl_cli *c)
{
	return gate(c, "start-out");
}
