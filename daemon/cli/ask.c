/*
 * SECURITY: whoever owns the instance may read its files anyway; that he looked
 * at content is told to slused where that runs. Nobody else needs a right to
 * any file of it.
 */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../query/byname.h"
#include "../query/control.h"

struct sl_ask {
	const struct sl_cli *cli;
	struct sl_store *store; /* NULL: by slused */
};

enum sl_exit
sl_ask_open(const struct sl_cli *c, struct sl_ask **ret)
{
	struct sl_ask *a = sl_alloc(sizeof(*a));
	enum sl_exit code = SL_EXIT_OK;

	a->cli = c;
	if (sl_control_is_owner(c->root))
		code = sl_cli_store(c, &a->store);
	if (code != SL_EXIT_OK)
		free(a);
	else
		*ret = a;
	return code;
}

void
sl_ask_close(struct sl_ask *a)
{
	if (a == NULL)
		return;
	sl_store_close(a->store);
	free(a);
}

static json_t *
wrap(const struct sl_cli *c, bool direct, const char *verb, const json_t *args)
{
	json_t *o = json_pack("{s:s}", "verb", verb);

	(void)json_object_set_new(
	    o, "args", args != NULL ? json_deep_copy(args) : json_object());
	if (c->break_glass)
		(void)json_object_set_new(o, "glass", json_true());
	if (c->why != NULL)
		(void)json_object_set_new(o, "why", json_string(c->why));
	if (direct)
		(void)json_object_set_new(o, "direct", json_true());
	return o;
}

static bool
is_told(const char *verb)
{
	return strcmp(verb, "status") != 0 && strcmp(verb, "age") != 0 &&
	       strcmp(verb, "journal-verify") != 0 &&
	       strcmp(verb, "journal-prove") != 0 &&
	       strcmp(verb, "approvals") != 0;
}

enum sl_rc
sl_ask_tell(const struct sl_cli *c, const char *verb, const json_t *args,
    struct sl_err *err)
{
	struct sl_control *k;
	enum sl_rc rc;
	json_t *o;

	if (sl_control_open(c->root, &k, err) != SL_OK)
		return SL_OK;
	o = wrap(c, true, verb, args);
	rc = sl_control_call(k, "read", o, NULL, NULL, 0, err);
	json_decref(o);
	sl_control_close(k);
	return rc == SL_RETRY ? SL_OK : rc;
}

enum sl_rc
sl_ask_rows(struct sl_ask *a, const char *verb, const json_t *args,
    sl_query_fn *fn, void *arg, struct sl_err *err)
{
	struct sl_control *k;
	enum sl_rc rc;
	json_t *o;

	if (a->store != NULL) {
		rc = is_told(verb) ? sl_ask_tell(a->cli, verb, args, err)
				   : SL_OK;
		return rc != SL_OK ? rc
				   : sl_query_by_name(a->store, verb, args,
					 false, fn, arg, err);
	}
	rc = sl_control_open(a->cli->root, &k, err);
	if (rc != SL_OK)
		return rc;
	o = wrap(a->cli, false, verb, args);
	rc = sl_control_rows(k, o, fn, arg, err);
	json_decref(o);
	sl_control_close(k);
	return rc;
}
