/*
 * sluse-push --witness: the way from slused to witnesses and time-stamp
 * authorities, and back.
 *
 * One process for all of them: it holds no secret, what it carries is public,
 * and a cosignature is verified again by slused, a token by whoever verifies
 * the journal. So of one that it is deceived by, the others lose time only: as
 * long as `timeout`, and slused asks ever more seldom.
 */
#ifndef SL_PUSH_WITNESS_H
#define SL_PUSH_WITNESS_H

#include "../base/err.h"
#include "../wire/wire.h"

struct sl_courier;

/* Reads what all sections need; no network. *ret is the caller's. SL_FATAL
 * (config_invalid): a key, a policy or a URL is none. */
enum sl_rc sl_courier_open(
    const char *config, struct sl_courier **ret, struct sl_err *err);
/* An authority whose certificates are no such file, or NULL: none is; w's. */
const struct sl_err *sl_courier_lack(const struct sl_courier *w);
/* NULL is fine. */
void sl_courier_free(struct sl_courier *w);
/* As sl_push_lock. */
enum sl_rc sl_courier_lock(
    struct sl_courier *w, const char **ret_missing, struct sl_err *err);
/* Until a signal (SL_OK) or slused's end (SL_RETRY). SL_REJECT: it talks
 * nonsense. */
enum sl_rc sl_courier_run(struct sl_courier *w, struct sl_chan *chan,
    int signals, struct sl_err *err);

#endif
