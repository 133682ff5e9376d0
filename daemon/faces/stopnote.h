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

/* The reason of what cannot be opened: it lies in Inn, and is taken by itself
 * once it can be. detail: what in a folder it is. */
#define SL_STOPNOTE_CLOSED "file_unreadable"
/* Is a text what is written of such a thing, to the byte? ret: its name, as it
 * is shown. */
#define SL_STOPNOTE_NAME_MAX 1024u
bool sl_stopnote_is_closed(
    const char *text, unsigned language, char *ret, size_t cap);

#endif
