/*
 * Deviations: what keeps an extraction from being delivered, told one by one in
 * avvik.csv, and what was left out, counted in utelatt.csv.
 */
#ifndef SL_DEPOT_DEV_H
#define SL_DEPOT_DEV_H

#include <stdio.h>

#include "harvest.h"

enum sl_dev_id {
#define SL_DEV(id, weight, nb, en) SL_DEV_##id,
#include "deviations.def"
#undef SL_DEV
	SL_DEVS
};

#define SL_LEFT_MAX 2000u /* different fields that are counted by name */

struct sl_left {
	char *where; /* kind or type, and the field */
	uint64_t n;
};
struct sl_devs {
	FILE *csv;
	uint64_t n[SL_DEVS];
	uint64_t avvik, merknad; /* sums */
	struct sl_left *left; /* sorted by where */
	size_t left_n, left_cap;
	uint64_t left_other;
};

/* Takes f over. */
void sl_devs_open(struct sl_devs *d, FILE *f);
/* SL_FATAL: avvik.csv could not be written. Frees all but the counts. */
enum sl_rc sl_devs_close(struct sl_devs *d, struct sl_err *err);
/* u NULL: the extraction as a whole. element may be "". */
void sl_dev_tell(struct sl_devs *d, enum sl_dev_id id, const struct sl_unit *u,
    const char *element);
/* A field that has no place in the package. */
void sl_dev_left(struct sl_devs *d, const char *group, const char *field);
/* utelatt.csv. */
void sl_devs_write_left(const struct sl_devs *d, FILE *f);
/* The counts, for a person or (json) a program. */
void sl_devs_print(const struct sl_devs *d, FILE *f, bool json);

#endif
