/*
 * Asking what an instance holds: from its database for who owns it, by slused
 * and sluse-report for everybody else.
 */
#ifndef SL_CLI_ASK_H
#define SL_CLI_ASK_H

#include "../query/query.h"
#include "cli.h"

struct sl_ask;

/* Decides how. The result says what is wrong already. *ret is the caller's. */
enum sl_exit sl_ask_open(const struct sl_cli *c, struct sl_ask **ret);
/* NULL is fine. */
void sl_ask_close(struct sl_ask *a);
/* The rows of query/byname.h; args is only read and may be NULL. SL_HOLD:
 * slused says no; SL_RETRY: it is away; else as sl_query_by_name. */
enum sl_rc sl_ask_rows(struct sl_ask *a, const char *verb, const json_t *args,
    sl_query_fn *fn, void *arg, struct sl_err *err);

/* The owner reads content past slused: where that runs it goes into the
 * sporingslogg; an instance that stands still can be looked at too. args as
 * above. SL_HOLD: slused says no. */
enum sl_rc sl_ask_tell(const struct sl_cli *c, const char *verb,
    const json_t *args, struct sl_err *err);

#endif
