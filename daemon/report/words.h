/*
 * Codes as a person reads them, in the language of the run. What has no word
 * stands for itself. All append.
 */
#ifndef SL_REPORT_WORDS_H
#define SL_REPORT_WORDS_H

#include "table.h"

/* What happened, of a reason's slug; nothing for "". */
void sl_word_reason(
    const struct sl_rep *r, const char *slug, struct sl_buf *out);
void sl_word_event(const struct sl_rep *r, int event, struct sl_buf *out);
/* "uid:1003,uid:1004": two persons. */
void sl_word_actor(
    const struct sl_rep *r, const char *actor, struct sl_buf *out);
/* What proposed something: rules.def. */
const char *sl_word_rule(const struct sl_rep *r, const char *slug);

#endif
