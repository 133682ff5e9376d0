/*
 * Picking a text in the language of a queue. For the faces.
 */
#ifndef SL_FACES_WORDS_H
#define SL_FACES_WORDS_H

#include "../config/config.h"

static inline const char *
sl_words(unsigned language, const char *nb, const char *en)
{
	return language == SL_LANGUAGE_EN ? en : nb;
}

/* What a program says more of a stop (details.def), in Norwegian; NULL: there
 * are no words for it. */
const char *sl_detail_nb(const char *detail);
/* The same in that language, or as it is. */
const char *sl_detail_words(unsigned language, const char *detail);

#endif
