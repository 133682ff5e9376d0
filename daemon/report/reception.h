/*
 * Reception numbers by the million: read without the care of
 * sl_reception_parse, and kept in four bytes each.
 */
#ifndef SL_REPORT_RECEPTION_H
#define SL_REPORT_RECEPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

#define SL_RECEPTION_YEARS 100 /* two digits of a number */

/* M26-004711-3.2 */
struct sl_reception {
	unsigned year, check; /* 26, 3 */
	int64_t n; /* 4711 */
	int entry; /* 2; 0: the number of a consignment */
};
/* False: it is none. Whether the check digit fits is not looked at. */
bool sl_reception_read(struct sl_slice text, struct sl_reception *ret);

/* 0: the number is not written as sl_reception_format would with this prefix
 * (another one, say, when it was drawn), is an entry's, or is above 33
 * million: who needs it asks the database. */
uint32_t sl_reception_pack(struct sl_slice text, const char *prefix);
/* Of what is not 0. */
struct sl_reception sl_reception_unpack(uint32_t packed);
/* The text again. out has room for SL_RECEPTION_MAX bytes behind the prefix. */
#define SL_RECEPTION_MAX 16
void sl_reception_write(uint32_t packed, const char *prefix, char *out);

#endif
