/*
 * Commands that slused carries out. Who asks, slused sees from the socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../base/text.h"
#include "../query/control.h"
#include "../registry/registry.h"
#include "cli.h"

/* -- the commands -----------------------------------------------------------
 */

static enum sl_exit
control_code(enum sl_rc rc, const struct sl_err *err)
{
	if (rc == SL_HOLD || rc == SL_FATAL)
		return sl_say(SL_EXIT_REFUSED, "%s", err->text);
	if (rc == SL_RETRY)
		return sl_say(SL_EXIT_AWAY, "%s", err->text);
	return sl_say(SL_EXIT_USAGE, "%s", err->text);
}

/* What could not be done of a decision about several. */
static enum sl_exit
print_failed(const json_t *reply)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(reply, "failed"), i, o)(void)
	    sl_say(SL_EXIT_REFUSED, "%s: %s",
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
			return sl_say(SL_EXIT_USAGE,
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
		return sl_say(SL_EXIT_USAGE, "there is no kind %s", c->kind);
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
		return sl_say(SL_EXIT_USAGE, "approve --list stands by itself");
	if (c->list)
		return sl_cmd_approvals(c);
	if (c->args != 1 || !sl_parse_u64(c->arg[0], 1, INT64_MAX, &id))
		return sl_say(SL_EXIT_USAGE,
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
		return sl_say(SL_EXIT_USAGE,
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
