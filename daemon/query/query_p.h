/*
 * Small makers of JSON members. For this room.
 */
#ifndef SL_QUERY_QUERY_P_H
#define SL_QUERY_QUERY_P_H

#include <stdlib.h>

#include "../base/mem.h"
#include "query.h"

/* Sets key to value (taken over; NULL becomes null). */
void sl_row_set(json_t *o, const char *key, json_t *value);
/* null for "" and NULL. */
json_t *sl_row_text(const char *s);
/* null for 0. */
json_t *sl_row_time(int64_t ms);
json_t *sl_row_seconds(int64_t s); /* since 1970 UTC; null for 0 */
json_t *sl_row_digest(const struct sl_digest *d);
/* reason, its texts and owner, detail. */
void sl_row_reason(json_t *o, const char *slug, const char *detail);

/* The consignment of an id and the entry's number in it (0: not said).
 * SL_SKIP: there is none; SL_REJECT: not a reception number. */
enum sl_rc sl_query_resolve(struct sl_store *s, const char *id,
    struct sl_consignment *ret, int *ret_entry, struct sl_err *err);

#endif
