/*
 * The inside of the seal, for the files of this room only.
 */
#ifndef SL_SEAL_SEAL_P_H
#define SL_SEAL_SEAL_P_H

#include "seal.h"

struct sl_seal {
	struct sl_seal_house house;
	struct sl_signer *signer; /* NULL while halted for want of it */
	struct sl_timer *timer;
	int dir; /* <root>/journal */
	bool halted;
	uint64_t signed_size;
	uint64_t loud_size; /* of the last head that is no mark's only */
	int64_t since_ms; /* boot: something is unsigned; 0 = nothing */
	char lost[256]; /* of what was signed, where it is not our beginning */
	bool no_file, no_mail; /* the last head could not be told there */
};

/* Leaves that the last signed head covers; 0: none is. */
uint64_t sl_seal_signed(const struct sl_seal *s);
/* The same of the last one that covers anything but marks on heads. */
uint64_t sl_seal_loud(const struct sl_seal *s);
/* Somebody outside shows a head of our log, with our signature as he says. If
 * it is ours and not our beginning, the house is halted as at start:
 * *ret_proven. */
enum sl_rc sl_seal_shown(struct sl_seal *s, const struct sl_checkpoint *head,
    const uint8_t sig[SL_NOTE_SIGNATURE_LEN], bool *ret_proven,
    struct sl_err *err);

/* -- key.c: the key in its file --------------------------------------------
 */
/* Loads the key (or makes the first one) in the journal's name. SL_SKIP
 * (key_gone): there was one, and it is not there. */
enum sl_rc sl_seal_key(
    struct sl_seal *s, struct sl_signer **ret, struct sl_err *err);
/* Writes a fresh one beside it; it counts from sl_seal_key_use on. */
enum sl_rc sl_seal_key_next(
    struct sl_seal *s, struct sl_signer **ret, struct sl_err *err);
enum sl_rc sl_seal_key_use(struct sl_seal *s, struct sl_err *err);
/* Appends "sluse/key/v1", the origin and the new vkey, signed by both. */
enum sl_rc sl_seal_introduce(const struct sl_signer *old,
    const struct sl_signer *new, struct sl_buf *out, struct sl_err *err);

/* -- tell.c: the head elsewhere --------------------------------------------
 */
/* Log line, head_file, mail. What fails there is logged and tried with the
 * next; SL_FATAL is the database. */
enum sl_rc sl_seal_tell(struct sl_seal *s, const struct sl_checkpoint *c,
    const char *note, struct sl_err *err);

#endif
