/*
 * The sporingslogg's signed heads: slused owns the key.
 *
 * After the commit of what they cover, heads are signed, remembered outside the
 * database (<root>/journal/checkpoint, synced), recorded (table checkpoint),
 * and only then told to others. So a crash at any point leaves one history, and
 * a database that was put back from a backup is found at start: what was signed
 * is not its beginning. Then nothing is signed, claimed or delivered until an
 * administrator says so (sl_seal_accept), under a new name.
 */
#ifndef SL_ENGINE_SEAL_H
#define SL_ENGINE_SEAL_H

#include "../journal/checkpoint.h"
#include "engine.h"

struct sl_seal;

/* With the store open: key, and what was remembered. Stops the house (halted)
 * rather than failing where the log is not what was signed. */
enum sl_rc sl_seal_start(struct sl_engine *e, struct sl_err *err);
/* Behind a commit, nothing written since: signs if it is time. */
enum sl_rc sl_seal_round(struct sl_engine *e, struct sl_err *err);
/* At the end: signs what is not signed; frees. */
void sl_seal_stop(struct sl_engine *e);

/* The log as it is now is the one, whatever was signed before; its name
 * changes, for under the old one it would be a second history. SL_REJECT:
 * nothing is wrong, so there is nothing to accept. */
enum sl_rc sl_seal_accept(struct sl_engine *e, const char *why,
    const char *actor, struct sl_err *err);
/* A fresh key, introduced by the old one. SL_REJECT: it cannot be written. */
enum sl_rc sl_seal_rotate(struct sl_engine *e, const char *why,
    const char *actor, struct sl_err *err);
/* {"size":..,"signed":..,"halted":..,"why":".."} */
void sl_seal_status(struct sl_engine *e, struct sl_buf *b);

/* Leaves that the last signed head covers; 0: none is. */
uint64_t sl_seal_signed(const struct sl_engine *e);
/* The same of the last one that covers anything but marks on heads. */
uint64_t sl_seal_loud(const struct sl_engine *e);
/* Somebody outside shows a head of our log, with our signature as he says. If
 * it is ours and not our beginning, the house stops as at start (halted):
 * *ret_proven. */
enum sl_rc sl_seal_shown(struct sl_engine *e, const struct sl_checkpoint *head,
    const uint8_t sig[SL_NOTE_SIGNATURE_LEN], bool *ret_proven,
    struct sl_err *err);

/* -- seal_key.c: the key in its file ----------------------------------------
 */
/* Loads the key (or makes the first one) in the journal's name. SL_SKIP
 * (key_gone): there was one, and it is not there. */
enum sl_rc sl_seal_key(
    struct sl_engine *e, struct sl_signer **ret, struct sl_err *err);
/* Writes a fresh one beside it; it counts from sl_seal_key_use on. */
enum sl_rc sl_seal_key_next(
    struct sl_engine *e, struct sl_signer **ret, struct sl_err *err);
enum sl_rc sl_seal_key_use(struct sl_engine *e, struct sl_err *err);
/* Appends "sluse/key/v1", the origin and the new vkey, signed by both. */
enum sl_rc sl_seal_introduce(const struct sl_signer *old,
    const struct sl_signer *new, struct sl_buf *out, struct sl_err *err);

/* -- seal_tell.c: the head elsewhere ----------------------------------------
 */
/* Log line, head_file, mail. What fails is logged and tried with the next. */
void sl_seal_tell(
    struct sl_engine *e, const struct sl_checkpoint *c, const char *note);

#endif
