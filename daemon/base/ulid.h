/*
 * ULID: 26 characters, sorted by time; the name of a claim.
 */
#ifndef SL_BASE_ULID_H
#define SL_BASE_ULID_H

#include <stdbool.h>

#define SL_ULID_LEN 26

/* A fresh one into out[27]; later calls in one process sort later. */
void sl_ulid_make(char *out);
bool sl_ulid_valid(const char *s);
/* A random UUID (version 4) in its 36-character form into out[37]. */
void sl_uuid_make(char *out);

#endif
