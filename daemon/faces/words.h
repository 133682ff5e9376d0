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

#endif
