/*
 * Legal references with the time they hold: schemas/hjemler.tsv, as it lies
 * there, inside the program.
 */
#ifndef SL_REPORT_LEGAL_H
#define SL_REPORT_LEGAL_H

#include <stddef.h>
#include <stdint.h>

struct sl_legal {
	char law[96], paragraph[32], from[12], to[12], theme[24], nb[192],
	    en[192];
};
/* The next one that holds on some day from..to (as sl_day_of): begin with at 0,
 * go on with the result; 0 at the end. */
size_t sl_legal_next(
    size_t at, int64_t from_day, int64_t to_day, struct sl_legal *ret);
/* The whole table. */
const char *sl_legal_text(void);

#endif
