/*
 * Picking a text in the language of a queue. For the faces.
 */
#ifndef SL_FACES_WORDS_H
#define SL_FACES_WORDS_H

#include <stddef.h>

#include "../base/buf.h"
#include "../config/config.h"

static inline const char *
sl_words(unsigned language, const char *nb, const char *en)
{
	return language == SL_LANGUAGE_EN ? en : nb;
}

/* One row of a table of words by slug or code. */
struct sl_worded {
	const char *slug, *nb, *en;
};
/* The words of the row, or NULL. */
const char *sl_worded(
    const struct sl_worded *t, size_t n, unsigned language, const char *slug);

/* What a program says more of a stop (details.def), in Norwegian; NULL: there
 * are no words for it. */
const char *sl_detail_nb(const char *detail);
/* The same in that language, or as it is. */
void sl_detail_words(struct sl_buf *out, unsigned language, const char *detail);
/* The same where a post waits for the reason: what a target or our disk said,
 * and there are no words for, is told as a message for IT operations. */
void sl_detail_say(struct sl_buf *out, unsigned language, const char *reason,
    const char *detail);
/* Before a technical message. */
const char *sl_detail_technical(unsigned language);

#endif
