/*
 * The folders people see, in their language.
 */
#ifndef SL_INTAKE_NAMES_H
#define SL_INTAKE_NAMES_H

#include "../config/config.h"

enum sl_face {
	SL_FACE_INBOX, /* drop here */
	SL_FACE_SETTLE, /* one folder per held entry */
	SL_FACE_STOPPED, /* what cannot go on, and why */
	SL_FACE_RECEIPTS, /* a list per day */
	SL_FACE_DONE, /* sources, for some days */
	SL_FACE_COUNT,
};

static inline const char *
sl_face_name(enum sl_face f, unsigned language)
{
	static const char *const nb[SL_FACE_COUNT] = {
	    "Inn", "Må avklares", "Stoppet", "Kvitteringer", "Ferdig"};
	static const char *const en[SL_FACE_COUNT] = {
	    "Inbox", "To be settled", "Stopped", "Receipts", "Done"};

	return language == SL_LANGUAGE_EN ? en[f] : nb[f];
}

#endif
