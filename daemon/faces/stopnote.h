/*
 * Stoppet: the plain text beside what cannot go on. Pure.
 */
#ifndef SL_FACES_STOPNOTE_H
#define SL_FACES_STOPNOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"

struct sl_stopnote {
	const char *number; /* "" for what was refused at the door */
	const char *name; /* as dropped, any bytes */
	int64_t received_ms; /* 0 = never received */
	int dispo;
	const char *reason, *detail; /* slug; NULL or "" = none */
	bool copied; /* the original lies beside this text */
	bool in_inbox; /* refused, and still in Inn */
};
void sl_stopnote_write(
    struct sl_buf *out, unsigned language, const struct sl_stopnote *p);

#endif
