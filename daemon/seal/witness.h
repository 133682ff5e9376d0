/*
 * Signed heads shown to witnesses and time-stamp authorities: when, and what
 * becomes of it. The way there is sluse-push --witness.
 *
 * Nothing waits for any of them: a head that nobody cosigns is signed all the
 * same, and status says so. The one exception is proof: a head with our own
 * signature that is not our beginning stops the house, as it would at start.
 */
#ifndef SL_SEAL_WITNESS_H
#define SL_SEAL_WITNESS_H

#include "seal.h"

struct sl_witnesses;

/* Behind sl_seal_start; seal outlives it. *ret is the caller's also when it
 * fails. SL_FATAL (config_invalid): a vkey is none. */
enum sl_rc sl_witness_start(
    struct sl_seal *seal, struct sl_witnesses **ret, struct sl_err *err);
/* NULL is fine. */
void sl_witness_stop(struct sl_witnesses *w);
/* Behind a commit and sl_seal_round: asks who is due. */
void sl_witness_round(struct sl_witnesses *w);
/* It is there: every witness is asked at once, whatever is new. */
void sl_witness_peer_ready(struct sl_witnesses *w);
/* What was asked of it is asked again. */
void sl_witness_peer_gone(struct sl_witnesses *w);
/* SL_REJECT: senseless. */
enum sl_rc sl_witness_answer(struct sl_witnesses *w,
    const struct sl_msg_witnessed *m, struct sl_err *err);

#endif
