/*
 * Commands about the configuration: check, show, manual, schema.
 */
#include <stdio.h>
#include <string.h>

#include "../base/mem.h"
#include "../config/config.h"
#include "../journal/cosign.h"
#include "../journal/stamp.h"
#include "cli.h"

static enum sl_exit
load_config(const struct sl_cli *c, struct sl_config **ret)
{
	SL_FREE char *own = sl_asprintf("%s/sluse.conf", c->root);
	const char *path = c->args > 0 ? c->arg[0] : own;
	struct sl_err err;

	if (sl_config_load(path, ret, &err) == SL_OK)
		return SL_EXIT_OK;
	if (strcmp(err.reason, "config_missing") == 0)
		return sl_cli_say(SL_EXIT_AWAY, "%s", err.text);
	return sl_cli_say(SL_EXIT_FOUND, "%s", err.text);
}

/* What the rows cannot say: keys and policies of those who mark heads. */
static enum sl_exit
check_others(const struct sl_config *cfg)
{
	struct sl_vkey key;
	size_t i;

	for (i = 0; i < cfg->witness_n; i++)
		if (!sl_cosign_key(cfg->witness[i].vkey, &key))
			return sl_cli_say(SL_EXIT_FOUND,
			    "[witness %s]: vkey is no key of a witness (type "
			    "4)",
			    cfg->witness[i].head.title);
	for (i = 0; i < cfg->tsa_n; i++)
		if (*cfg->tsa[i].policy != '\0' &&
		    !sl_stamp_is_policy(cfg->tsa[i].policy))
			return sl_cli_say(SL_EXIT_FOUND,
			    "[tsa %s]: policy is no object identifier",
			    cfg->tsa[i].head.title);
	return SL_EXIT_OK;
}

int
sl_cmd_config_check(const struct sl_cli *c)
{
	struct sl_config *cfg = NULL;
	enum sl_exit code = load_config(c, &cfg);

	if (code == SL_EXIT_OK)
		code = check_others(cfg);
	if (code != SL_EXIT_OK) {
		sl_config_free(cfg);
		return code;
	}
	if (c->json)
		(void)printf("{\"ok\":true,\"queues\":%zu,\"targets\":%zu}\n",
		    cfg->queue_n, cfg->target_n);
	else
		(void)printf("The configuration is in order: %zu queues, %zu "
			     "targets.\n",
		    cfg->queue_n, cfg->target_n);
	sl_config_free(cfg);
	return SL_EXIT_OK;
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
	enum sl_exit code = load_config(c, &cfg);

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
