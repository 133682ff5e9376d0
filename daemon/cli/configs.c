/*
 * Commands about the configuration: check, show, manual, schema.
 */
#include <stdio.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/config.h"
#include "../journal/cosign.h"
#include "../journal/stamp.h"
#include "../query/query.h"
#include "checkup.h"

static void
tell_fault(void *arg, const char *text)
{
	size_t *n = arg;

	++*n;
	(void)sl_say(SL_EXIT_FOUND, "%s", text);
}

/* Every fault on a line. ret_path: the caller's; NULL: not wanted. */
static enum sl_exit
load_config(const struct sl_cli *c, struct sl_config **ret, char **ret_path)
{
	SL_FREE char *own = sl_asprintf("%s/sluse.conf", c->root);
	const char *path = c->args > 0 ? c->arg[0] : own;
	struct sl_err err;
	size_t told = 0;

	if (sl_config_load_all(path, tell_fault, &told, ret, &err) != SL_OK) {
		if (told == SL_CONFIG_FAULTS_MAX)
			return sl_say(SL_EXIT_FOUND,
			    "%s: these were the first %u faults; there may be "
			    "more",
			    path, SL_CONFIG_FAULTS_MAX);
		if (told > 0)
			return SL_EXIT_FOUND;
		return sl_say(strcmp(err.reason, "config_missing") == 0
				  ? SL_EXIT_AWAY
				  : SL_EXIT_FOUND,
		    "%s", err.text);
	}
	if (ret_path != NULL)
		*ret_path = sl_strdup(path);
	return SL_EXIT_OK;
}

static void
print_check(
    const struct sl_config *cfg, const json_t *faults, bool blind, bool json)
{
	size_t i, n = json_array_size(faults);
	json_t *o;

	if (json) {
		o = json_pack("{s:b, s:I, s:I, s:O, s:b}", "ok", n == 0,
		    "queues", (json_int_t)cfg->queue_n, "targets",
		    (json_int_t)cfg->target_n, "faults", faults, "secrets_seen",
		    !blind);
		sl_cli_json(o);
		json_decref(o);
		return;
	}
	json_array_foreach(faults, i, o)
	{
		(void)printf(
		    "%s: ", json_string_value(json_object_get(o, "program")));
		sl_query_show_text(
		    stdout, json_string_value(json_object_get(o, "text")));
		(void)putchar('\n');
	}
	if (blind)
		(void)printf("The folder of secrets cannot be looked into from "
			     "here: the secrets were not checked.\n");
	if (n > 0)
		(void)printf("The file can be read, but with what it names "
			     "these programs do not start, or lack "
			     "something.\n");
	else
		(void)printf("The configuration is in order: %zu queue%s, %zu "
			     "target%s.\n",
		    cfg->queue_n, cfg->queue_n == 1 ? "" : "s", cfg->target_n,
		    cfg->target_n == 1 ? "" : "s");
}

/* What the rows cannot say: keys and policies of those who mark heads. */
static enum sl_exit
check_others(const struct sl_config *cfg)
{
	enum sl_exit code = SL_EXIT_OK;
	struct sl_vkey key;
	size_t i;

	for (i = 0; i < cfg->witness_n; i++)
		if (!sl_cosign_key(cfg->witness[i].vkey, &key))
			code = sl_say(SL_EXIT_FOUND,
			    "[witness %s]: vkey is no key of a witness (type "
			    "4)",
			    cfg->witness[i].head.title);
	for (i = 0; i < cfg->tsa_n; i++)
		if (*cfg->tsa[i].policy != '\0' &&
		    !sl_stamp_is_policy(cfg->tsa[i].policy))
			code = sl_say(SL_EXIT_FOUND,
			    "[tsa %s]: policy is no object identifier",
			    cfg->tsa[i].head.title);
	return code;
}

int
sl_cmd_config_check(const struct sl_cli *c)
{
	struct sl_config *cfg = NULL;
	SL_FREE char *path = NULL;
	json_t *faults = json_array();
	bool blind = false;
	enum sl_exit code = load_config(c, &cfg, &path);

	if (code == SL_EXIT_OK)
		code = check_others(cfg);
	if (code == SL_EXIT_OK)
		code = sl_checkup(path, cfg, faults, &blind);
	if (code == SL_EXIT_OK) {
		print_check(cfg, faults, blind, c->json);
		if (json_array_size(faults) > 0)
			code = SL_EXIT_FOUND;
	}
	json_decref(faults);
	sl_config_free(cfg);
	return code;
}

static int
put(struct sl_buf *b)
{
	(void)fputs(sl_buf_str(b), stdout);
	if (b->n > 0 && b->p[b->n - 1] != '\n')
		(void)putchar('\n');
	return SL_EXIT_OK;
}

int
sl_cmd_config_show(const struct sl_cli *c)
{
	SL_BUF struct sl_buf b = {0};
	struct sl_config *cfg = NULL;
	enum sl_exit code = load_config(c, &cfg, NULL);

	if (code != SL_EXIT_OK)
		return code;
	if (c->json)
		sl_config_json(cfg, &b);
	else
		sl_config_show(cfg, &b);
	sl_config_free(cfg);
	return put(&b);
}

int
sl_cmd_config_manual(const struct sl_cli *c)
{
	SL_BUF struct sl_buf b = {0};

	(void)c;
	sl_config_manual(&b);
	return put(&b);
}

int
sl_cmd_config_schema(const struct sl_cli *c)
{
	SL_BUF struct sl_buf b = {0};

	(void)c;
	sl_config_schema(&b);
	return put(&b);
}
