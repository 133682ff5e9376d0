/*
 * Texts that are mostly digits ("2026/17-4") in half their room: four bits for
 * a digit, '/', '-', and the statuses J and M, twelve for any other byte.
 */
#ifndef SL_REPORT_TIGHT_H
#define SL_REPORT_TIGHT_H

#include "../base/buf.h"

/* Appends so many texts, to be read together. */
void sl_tight_add(struct sl_buf *b, const char *const *text, size_t n);
/* n texts from p on, each with its NUL, in the place of what is in *room; they
 * are its own. p: what sl_tight_add wrote for as many. */
void sl_tight_read(
    const char *p, size_t n, struct sl_buf *room, const char **ret);

#endif
