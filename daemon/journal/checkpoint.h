/*
 * C2SP tlog-checkpoint: the journal's head as a signed note.
 *
 *     <origin>
 *     <size>        decimal
 *     <root>        base64
 *
 * The signature's name is the origin, which leaves name too.
 */
#ifndef SL_JOURNAL_CHECKPOINT_H
#define SL_JOURNAL_CHECKPOINT_H

#include "note.h"
#include "tree.h"

struct sl_checkpoint {
	char origin[SL_NOTE_NAME_MAX + 1];
	uint64_t size;
	struct sl_digest root;
};

/* NAME and NAME~2 are one log, the second since what had been signed was given
 * up. Which of them (1 for NAME), and how long NAME is. */
unsigned sl_origin_generation(const char *origin, size_t *ret_base);
/* Is it the log that was given up for that one? */
bool sl_origin_is_before(const char *origin, const char *now);

/* Appends the three lines. */
void sl_checkpoint_text(const struct sl_checkpoint *c, struct sl_buf *out);
/* The text of a note; lines behind the third are allowed and not looked at.
 * SL_REJECT (bad_note): anything else. */
enum sl_rc sl_checkpoint_parse(
    struct sl_slice text, struct sl_checkpoint *ret, struct sl_err *err);
/* The whole signed note. */
enum sl_rc sl_checkpoint_sign(const struct sl_signer *s,
    const struct sl_checkpoint *c, struct sl_buf *out, struct sl_err *err);
/* Reads one that a key of the list has signed in its origin's name. SL_SKIP:
 * none of them has; SL_REJECT: not a checkpoint, or a wrong signature. */
enum sl_rc sl_checkpoint_open(struct sl_slice note, const struct sl_vkey *keys,
    size_t n, struct sl_checkpoint *ret, struct sl_err *err);

#endif
