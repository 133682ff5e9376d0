/*
 * Asking slused over its control socket: one call, one answer.
 */
#ifndef SL_QUERY_CONTROL_H
#define SL_QUERY_CONTROL_H

#include <jansson.h>

#include "../base/err.h"
#include "../wire/parcel.h"
#include "query.h"

struct sl_control;

/* Connects to <root>/run/slused.sock. SL_RETRY: nobody is there; SL_FATAL: it
 * will not talk to us. *ret is the caller's. */
enum sl_rc sl_control_open(
    const char *root, struct sl_control **ret, struct sl_err *err);
/* NULL is fine. */
void sl_control_close(struct sl_control *k);
/* args: an object or NULL, only read. SL_OK: *ret_json (may be NULL) is the
 * answer's object or NULL, the caller's; text its words (cap 0: not wanted).
 * SL_HOLD: refused, err says why; SL_RETRY: slused went away. Blocks for at
 * most a minute. */
enum sl_rc sl_control_call(struct sl_control *k, const char *verb,
    const json_t *args, json_t **ret_json, char *text, size_t cap,
    struct sl_err *err);

/* The verb "read": bytes come from sluse-report, as sl_control_rows. lent,
 * which may be NULL: files for it (given.h); args' own args say then "given":
 * true. They leave us only once slused has allowed it. */
enum sl_rc sl_control_bytes(struct sl_control *k, const json_t *args,
    struct sl_parcel *lent, sl_bytes_fn *fn, void *arg, struct sl_err *err);
/* The same, each row given to fn. args as
 * sl_reading_ask of slused wants them. SL_HOLD: refused; SL_RETRY: slused or
 * sluse-report went away; else what the query or fn says. */
enum sl_rc sl_control_rows(struct sl_control *k, const json_t *args,
    sl_query_fn *fn, void *arg, struct sl_err *err);

/* True if the instance's database is the caller's to open, or is not there for
 * him to ask about. */
bool sl_control_is_owner(const char *root);

#endif
