/*
 * The package that a consignment came as, if it came as one.
 */
#ifndef SL_ENGINE_PACKAGE_H
#define SL_ENGINE_PACKAGE_H

#include "../prepare/package.h"
#include "engine.h"

struct sl_package {
	struct sl_arena *arena; /* its strings */
	struct sl_pack_part *part;
	int64_t *id; /* their rows */
	size_t parts;
	struct sl_pack_named *named;
	size_t nameds;
	struct sl_pack_plan plan;
};

/* Reads it and writes what follows for its parts. *ret: NULL if no description
 * counts; else the caller's, until sl_package_free. SL_FATAL: the store. */
enum sl_rc sl_package_load(struct sl_engine *e, int64_t consignment,
    struct sl_package **ret, struct sl_err *err);
/* NULL is fine. */
void sl_package_free(struct sl_package *k);

#endif
