/*
 * The walk through a whole archive: private to harvest.c, pages.c and ids.c.
 *
 * The target is not trusted: whatever it shows, the walk ends, no unit is
 * handed on twice below the same parent, and what is left out is told.
 */
#ifndef N5_HARVEST_H
#define N5_HARVEST_H

#include "n5.h"

#define N5_DEPTH_MAX 48 /* units below units */
#define N5_UNITS_MAX 20000000
#define N5_HELD_MAX (64u << 20) /* bytes of pages held at once */

/* -- ids.c: systemIDs ------------------------------------------------------ */

struct n5_id {
	uint64_t half[2];
};

struct n5_ids {
	struct n5_id *at;
	size_t n, cap;
	uint64_t seed;
};

/* 0, or -1 if it is no UUID. */
int n5_id_parse(const char *text, struct n5_id *ret);
int n5_ids_have(const struct n5_ids *set, const struct n5_id *id);
/* 0 added, 1 there already, -1 no memory. */
int n5_ids_add(struct n5_ids *set, const struct n5_id *id);
/* Is every id of set in other? */
int n5_ids_each_in(const struct n5_ids *set, const struct n5_ids *other);
void n5_ids_free(struct n5_ids *set);

/* -- pages.c: lists of any length, tried again when that may help ---------- */

struct n5_walk {
	struct sluse_session *s;
	const struct sluse_range *range;
	struct sluse_why *why;
	uint64_t seed, units;
	size_t held; /* bytes of the pages under way */
	struct n5_ids seen; /* units that were met */
	struct n5_ids emitted; /* of them, those that were handed on */
	struct n5_ids classes; /* class systems and classes of this series */
	struct n5_ids later; /* to come below another, so says their link */
	struct n5_ids logged;
	char *series; /* href of the arkivdel under way */
	int series_found;
	int logs_below; /* each unit shows its own log */
	int spoilt; /* files in a row that the target failed on */
	json_t *dead; /* names of relations that led nowhere */
	char lacks[256]; /* of them, those of the unit under way */
	struct n5_waiting *wait; /* units that are emitted once needed */
	size_t wait_n, wait_cap;
};

typedef int n5_row_fn(struct n5_walk *w, json_t *row, void *arg);

/* GET of a JSON object; passing faults are tried again as the host allows.
 * *ret is the caller's. */
int n5_walk_get(
    struct n5_walk *w, const char *url, const char *what, json_t **ret);
/* The same for what hangs on a unit. *ret NULL: the target shows a link to it
 * and has no answer there; noted in lacks. */
int n5_walk_get_field(
    struct n5_walk *w, const char *url, const char *what, json_t **ret);
/* fn for each row of the list at url (taken over). In a list of units an id
 * that comes twice is an error; other lists, which hang on a unit, end at
 * N5_LIST_MAX. */
int n5_walk_list(struct n5_walk *w, char *url, const char *what, int units,
    n5_row_fn *fn, void *arg);
/* The bytes of a dokumentobjekt. *ret_sink NULL: they are not to be had, and
 * *ret_missing says why. */
int n5_walk_file(struct n5_walk *w, const json_t *object,
    struct sluse_sink **ret_sink, const char **ret_missing);

int n5_harvest(struct sluse_session *s, const struct sluse_range *range,
    struct sluse_why *why);

#endif
