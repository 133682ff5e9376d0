/*
 * A harvest: what a Noark 5 core answered, as sluse-depot(1) says.
 *
 * It is a tree in a stream. Walking it keeps the units from the root to the
 * present one and no others, so memory does not grow with the harvest.
 *
 * SECURITY: the folder is hostile. Lines, nesting and texts are limited; paths
 * are made of digests; nothing follows a link. Fuzzed:
 * tests/fuzz/fuzz_harvest.c.
 */
#ifndef SL_DEPOT_HARVEST_H
#define SL_DEPOT_HARVEST_H

#include <jansson.h>
#include <stdbool.h>

#include "../../plugins/connector.h"
#include "../base/err.h"
#include "../base/hash.h"

#define SL_HARVEST_LINE ((size_t)4 << 20) /* bytes */
#define SL_HARVEST_NESTING 64u /* of a line's JSON */
#define SL_HARVEST_DEPTH 64u /* units in one another */
#define SL_HARVEST_ID 128u /* bytes */

enum sl_kind {
#define SL_BELOW(kind) 0
#define SL_UNIT(kind, element, group, below) SL_KIND_##kind,
#define SL_SUBTYPE(kind, type)
#include "kinds.def"
#undef SL_BELOW
#undef SL_UNIT
#undef SL_SUBTYPE
	SL_KINDS
};

struct sl_unit {
	enum sl_kind kind;
	const char *type; /* "saksmappe" ..; "" if it has none */
	const char *id, *parent; /* "" if it has none */
	json_t *fields; /* an object */
	const char *file, *sha256; /* "" if there is no file */
	uint64_t size;
	unsigned long line; /* of units.jsonl */
	struct sl_unit *up; /* NULL: the root, or an endring */
	unsigned children[SL_KINDS]; /* so far */
	bool again; /* it came before, below another */
	bool misplaced; /* it may not stand below `up` */
	/* The core did not say whether it is screened, or graded: whatever
	 * fields hold, it is to be treated as if it were. */
	bool screen_unknown, grade_unknown;
	void *own; /* the visitor's; NULL at first */
};

/* Called as units open and close; what they return that is not SL_OK ends the
 * walk. Either may be NULL. */
struct sl_visitor {
	enum sl_rc (*enter)(void *arg, struct sl_unit *u, struct sl_err *err);
	enum sl_rc (*leave)(void *arg, struct sl_unit *u, struct sl_err *err);
	void *arg;
};

struct sl_harvest {
	int dir, units_fd;
	char target[128], connector[64], made[40];
	/* Relations that led nowhere, with spaces between. */
	char lacks[SLUSE_LACKS_MAX * (SLUSE_LACK_MAX + 1)];
	uint64_t units, files, bytes; /* as harvest.json says */
	uint64_t size; /* of units.jsonl */
	bool stated, walked;
	/* Of units.jsonl: as harvest.json states it, else as it was walked
	 * first. */
	struct sl_digest digest;
};

/* SL_BROKEN: it is no finished harvest, or of a later format. The struct is the
 * caller's; close it in any case. */
enum sl_rc sl_harvest_open(
    const char *path, struct sl_harvest *ret, struct sl_err *err);
void sl_harvest_close(struct sl_harvest *h);
/* Every unit from the first on. SL_BROKEN: a line that cannot be (err has its
 * number and no text of it), other counts than told, or another file than the
 * last time. */
enum sl_rc sl_harvest_walk(
    struct sl_harvest *h, const struct sl_visitor *v, struct sl_err *err);
/* The file of a dokumentobjekt, open for reading; -1 with errno. */
int sl_harvest_file(const struct sl_harvest *h, const struct sl_unit *u);

/* "arkiv" ..; never NULL. */
const char *sl_kind_name(enum sl_kind k);
/* What a person calls the unit: registreringsID, mappeID, klasseID or
 * dokumentnummer of it or the nearest above that has one; "" if none has. */
const char *sl_unit_number(const struct sl_unit *u);
/* A text or number member as text; "" if there is none. out holds what is no
 * text yet. */
const char *sl_field_text(
    const json_t *o, const char *name, char *out, size_t cap);

#endif
