/*
 * The clues for one candidate as the JSON array of decide.h. For this room.
 */
#ifndef SL_PLACE_EVIDENCE_H
#define SL_PLACE_EVIDENCE_H

#include "../base/buf.h"
#include "rules.h"

#define SL_EVIDENCE_MAX 4096u /* bytes, as in messages.def */
#define SL_EVIDENCE_CLUES_MAX 6u

/* Writes the best clues with clue.set == set; always whole, valid JSON. text:
 * what the clues' offsets count in. item is scratch. */
void sl_evidence_make(struct sl_buf *out, struct sl_buf *item,
    const struct sl_clue *clues, size_t n, uint16_t set, const char *text,
    unsigned runner_up);

#endif
