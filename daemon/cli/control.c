/*
 * Commands that slused carries out. Who asks, slused sees from the socket.
 */
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../query/query.h"
#include "../registry/registry.h"
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

/* ret_fd NULL: none is wanted; -1: none came. */
static enum sl_rc
hear(struct sl_control *k, struct sl_msg *m, int *ret_fd, struct sl_err *err)
{
	int fds[SL_WIRE_FDS_MAX];
	char words[256];
	size_t i, nfds;
	enum sl_rc rc = sl_chan_recv(k->chan, m, fds, &nfds, err);

	if (rc == SL_SKIP)
		return sl_err_set(err, SL_RETRY, 0, "slused_away",
		    "slused has not answered for %d seconds", ANSWER_S);
	if (rc != SL_OK)
		return rc;
	for (i = ret_fd != NULL; i < nfds; i++)
		(void)close(fds[i]);
	if (ret_fd != NULL)
		*ret_fd = nfds > 0 ? fds[0] : -1;
	if (m->type != SL_MSG_CTL_REPLY)
		return sl_err_set(err, SL_FATAL, 0, "worker_protocol",
		    "slused gave a senseless answer");
	(void)sl_slice_copy(m->ctl_reply.text, words, sizeof(words));
	if (m->ctl_reply.rc == SL_OK)
		return SL_OK;
	return sl_err_set(err, SL_HOLD, 0, "refused", "%s",
	    words[0] != '\0' ? words : "slused refuses");
}

static enum sl_rc
ask(struct sl_control *k, const char *verb, const json_t *args,
    struct sl_err *err)
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
	return rc;
}

enum sl_rc
sl_control_call(struct sl_control *k, const char *verb, const json_t *args,
    json_t **ret_json, char *text, size_t cap, struct sl_err *err)
{
	struct sl_msg m;
	enum sl_rc rc = ask(k, verb, args, err);

	if (rc == SL_OK)
		rc = hear(k, &m, NULL, err);
	if (rc != SL_OK)
		return rc;
	if (cap > 0)
		(void)sl_slice_copy(m.ctl_reply.text, text, cap);
	if (ret_json != NULL)
		*ret_json = m.ctl_reply.json.n == 0
				? NULL
				: json_loadb(m.ctl_reply.json.p,
				      m.ctl_reply.json.n, 0, NULL);
	return SL_OK;
}

/* Whole lines of b go to fn; the beginning of the next stays. */
static enum sl_rc
give_rows(struct sl_buf *b, sl_query_fn *fn, void *arg, struct sl_err *err)
{
	enum sl_rc rc = SL_OK;
	size_t at = 0;
	char *nl;

	while (rc == SL_OK && at < b->n &&
	       (nl = memchr(b->p + at, '\n', b->n - at)) != NULL) {
		json_t *row =
		    json_loadb(b->p + at, (size_t)(nl - b->p) - at, 0, NULL);

		rc = row != NULL ? fn(arg, row, err) : SL_OK;
		json_decref(row);
		at = (size_t)(nl - b->p) + 1;
	}
	if (at > 0) {
		memmove(b->p, b->p + at, b->n - at);
		b->n -= at;
	}
	return rc;
}

static enum sl_rc
take_rows(struct sl_chan *from, sl_query_fn *fn, void *arg, struct sl_err *err)
{
	SL_BUF struct sl_buf b = {0};
	char words[256];
	struct sl_msg m;
	size_t nfds;
	enum sl_rc rc;

	for (;;) {
		rc = sl_chan_recv(from, &m, NULL, &nfds, err);
		if (rc != SL_OK || b.full ||
		    (m.type != SL_MSG_ROWS && m.type != SL_MSG_ROWS_END))
			return sl_err_set(err, SL_RETRY, 0, "slused_away",
			    "sluse-report broke off");
		if (m.type == SL_MSG_ROWS_END)
			break;
		sl_buf_add(&b, m.rows.rows.p, m.rows.rows.n);
		rc = give_rows(&b, fn, arg, err);
		if (rc != SL_OK)
			return rc;
	}
	if (m.rows_end.rc == SL_OK)
		return SL_OK;
	(void)sl_slice_copy(m.rows_end.text, words, sizeof(words));
	return sl_err_set(
	    err, (enum sl_rc)m.rows_end.rc, 0, "query", "%s", words);
}

enum sl_rc
sl_control_rows(struct sl_control *k, const json_t *args, sl_query_fn *fn,
    void *arg, struct sl_err *err)
{
	struct sl_chan *from;
	struct sl_msg m;
	int fd = -1;
	enum sl_rc rc = ask(k, "read", args, err);

	if (rc == SL_OK)
		rc = hear(k, &m, &fd, err);
	if (rc == SL_OK && fd < 0)
		rc = sl_err_set(err, SL_RETRY, 0, "slused_away",
		    "slused handed us no rows");
	if (fd < 0)
		return rc;
	from = sl_chan_new(fd, false);
	if (rc == SL_OK)
		rc = take_rows(from, fn, arg, err);
	sl_chan_free(from);
	return rc;
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

/* What could not be done of a decision about several. */
static enum sl_exit
print_failed(const json_t *reply)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(reply, "failed"), i, o)(void)
	    sl_cli_say(SL_EXIT_REFUSED, "%s: %s",
		json_string_value(json_object_get(o, "id")),
		json_string_value(json_object_get(o, "why")));
	return i > 0 ? SL_EXIT_REFUSED : SL_EXIT_OK;
}

static enum sl_exit
print_reply(const struct sl_cli *c, json_t *reply, const char *text)
{
	json_t *pending = json_object_get(reply, "pending");
	enum sl_exit code = print_failed(reply);

	if (pending != NULL)
		code = SL_EXIT_REFUSED;
	if (c->json) {
		(void)json_object_set_new(
		    reply, "ok", json_boolean(code == SL_EXIT_OK));
		sl_cli_json(reply);
	} else if (pending != NULL) {
		(void)printf(
		    "Nothing is done yet: a second person must approve it, "
		    "with sluse approve %" JSON_INTEGER_FORMAT ", until %s.\n",
		    json_integer_value(pending),
		    json_string_value(json_object_get(reply, "until")));
	} else if (json_is_string(json_object_get(reply, "waits_for"))) {
		(void)printf("It waits for %s.\n",
		    json_string_value(json_object_get(reply, "waits_for")));
	} else if (text[0] != '\0') {
		sl_query_show_text(stdout, text);
		(void)putchar('\n');
	}
	return code;
}

static int
call(const struct sl_cli *c, const char *verb, const json_t *args)
{
	struct sl_control *k = NULL;
	struct sl_err err;
	json_t *reply = NULL;
	char text[1025] = "";
	enum sl_exit code;
	enum sl_rc rc = sl_control_open(c->root, &k, &err);

	if (rc == SL_OK)
		rc = sl_control_call(
		    k, verb, args, &reply, text, sizeof(text), &err);
	sl_control_close(k);
	if (rc != SL_OK)
		return control_code(rc, &err);
	if (reply == NULL)
		reply = json_object();
	code = print_reply(c, reply, text);
	json_decref(reply);
	return code;
}

static enum sl_exit
check_ids(const struct sl_cli *c)
{
	char reception[32];
	int i, entry;

	for (i = 0; i < c->args; i++)
		if (!sl_reception_parse(
			c->arg[i], reception, sizeof(reception), &entry))
			return sl_cli_say(SL_EXIT_USAGE,
			    "%s is not a reception number (or a digit is "
			    "wrong)",
			    c->arg[i]);
	return SL_EXIT_OK;
}

static void
add_text(json_t *args, const char *key, const char *value)
{
	if (value != NULL)
		(void)json_object_set_new(args, key, json_string(value));
}

static int
decide(const struct sl_cli *c, const char *verb)
{
	enum sl_exit code = check_ids(c);
	json_t *args, *ids;
	int i;

	if (code != SL_EXIT_OK)
		return code;
	args = json_object();
	if (c->args == 1) {
		add_text(args, "id", c->arg[0]);
	} else {
		ids = json_array();
		for (i = 0; i < c->args; i++)
			(void)json_array_append_new(
			    ids, json_string(c->arg[i]));
		(void)json_object_set_new(args, "ids", ids);
	}
	add_text(args, "why", c->why);
	add_text(args, "case", c->case_number);
	add_text(args, "newCase", c->new_case);
	add_text(args, "with", c->with);
	code = (enum sl_exit)call(c, verb, args);
	json_decref(args);
	return code;
}

int
sl_cmd_deviation(const struct sl_cli *c)
{
	enum sl_exit code = check_ids(c);
	json_t *args;

	if (code != SL_EXIT_OK)
		return code;
	if (sl_deviation_by_name(c->kind) == SL_DEVIATIONS)
		return sl_cli_say(
		    SL_EXIT_USAGE, "there is no kind %s", c->kind);
	args = json_object();
	add_text(args, "id", c->arg[0]);
	add_text(args, "kind", c->kind);
	add_text(args, "why", c->why);
	code = (enum sl_exit)call(c, "deviation", args);
	json_decref(args);
	return code;
}

int
sl_cmd_scan_sign(const struct sl_cli *c)
{
	json_t *args = json_object();
	enum sl_exit code;

	add_text(args, "queue", c->queue);
	add_text(args, "from", c->from);
	add_text(args, "to", c->to);
	add_text(args, "why", c->why);
	code = (enum sl_exit)call(c, "scan-sign", args);
	json_decref(args);
	return code;
}

int
sl_cmd_approve(const struct sl_cli *c)
{
	enum sl_exit code;
	json_t *args;
	uint64_t id;

	if (c->list && (c->args > 0 || c->deny))
		return sl_cli_say(
		    SL_EXIT_USAGE, "approve --list stands by itself");
	if (c->list)
		return sl_cmd_approvals(c);
	if (c->args != 1 || !sl_parse_u64(c->arg[0], 1, INT64_MAX, &id))
		return sl_cli_say(SL_EXIT_USAGE,
		    "approve needs the number of a request, or --list");
	args = json_pack("{s:I}", "id", (json_int_t)id);
	if (c->deny)
		(void)json_object_set_new(args, "deny", json_true());
	add_text(args, "why", c->why);
	code = (enum sl_exit)call(c, "approve", args);
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
