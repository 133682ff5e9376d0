/*
 * From what was read of an entry to where it belongs.
 *
 * Hard evidence only: case numbers that are labelled or declared and verified
 * against the known cases. Each field ends as candidates, best first, with a
 * confidence and the evidence for it; a field is accepted or it is not, and the
 * entry is placed or it waits for a person with a reason. The rules and their
 * weights are the table in decide.c.
 *
 * Evidence is a JSON array of {source, part, file, page, label, value, box,
 * rule, score, runnerUp}: page from 0, box [x0,y0,x1,y1] in 1/65535 of the page
 * or null, score in thousandths, runnerUp the score of the next candidate.
 */
#ifndef SL_PLACE_DECIDE_H
#define SL_PLACE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/err.h"
#include "../wire/wire.h"
#include "caseindex.h"

#define SL_DECIDE_CLUES_MAX 4096u /* clues of one entry; more are left out */
#define SL_DECIDE_VALUES_MAX 64u /* different values of one field */
#define SL_DECIDE_RANKS_MAX 10u /* candidates of one field in the answer */

struct sl_decider;
struct sl_decider *sl_decider_new(void);
/* NULL is fine. */
void sl_decider_free(struct sl_decider *d);

/* A new entry: forgets the last one, keeps its memory. Slices are copied. */
void sl_decider_start(struct sl_decider *d, const struct sl_msg_place *q);
/* False: no field of fields.def, or over SL_DECIDE_CLUES_MAX; left out. */
bool sl_decider_add(struct sl_decider *d, const struct sl_msg_place_field *f);

/* Result other than SL_OK ends the deciding and is passed on. */
typedef enum sl_rc sl_decided_fn(
    void *arg, const struct sl_msg_placed_field *f, struct sl_err *err);

/* Calls fn for every candidate, field by field, best first, and fills the
 * verdict (its slices are static or the decider's until the next start). known
 * may be NULL: no case is known. now_ms: dates in the future are not accepted.
 */
enum sl_rc sl_decider_end(struct sl_decider *d,
    const struct sl_caseindex *known, int64_t now_ms, sl_decided_fn *fn,
    void *arg, struct sl_msg_placed *ret, struct sl_err *err);

/* "2026-03-04" to a day number (1970-01-01 = 0); false if it is no date. */
bool sl_day_parse(const char *s, size_t n, int64_t *ret);
/* A valid organisation number; writes its nine digits into out[10]. */
bool sl_orgnr_parse(const char *s, size_t n, char *out);

#endif
