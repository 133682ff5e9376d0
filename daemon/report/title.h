/*
 * Titles as two systems mean the same.
 */
#ifndef SL_REPORT_TITLE_H
#define SL_REPORT_TITLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_TITLE_MAX 1024

/* Letters and digits only, lower case; out may be s itself. What is longer than
 * cap is cut. */
void sl_title_fold(const char *s, char *out, size_t cap);

/* Of texts, for sets in memory; never 0. */
uint64_t sl_title_mix(const char *a, const char *b);
/* Of a folded title, for comparing two of the same post; never 0. */
uint32_t sl_title_hash(const char *folded);

/* Does the folded title say nothing? */
bool sl_title_is_poor(const char *folded);

#endif
