/*
 * Looks up each description by itself: there are few beside all parts.
 */
#include "packages.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/mem.h"
#include "../store/db.h"

/* Files of a package: documents and archives that neither describe nor wrap
 * it. */
#define IS_FILE                                                                \
	" p.role IN (1, 2) AND p.describes = '' AND p.name <> 'mimetype'"      \
	" AND p.name NOT LIKE 'META-INF/%'"
static_assert(SL_PART_DOCUMENT == 1 && SL_PART_CONTAINER == 2, "IS_FILE");

struct told {
	struct sl_rep *r;
	const struct sl_snap *s;
	int64_t packages, said, came, differ;
};

void
sl_packages_note(struct sl_packages *p, uint32_t part, uint32_t consignment)
{
	p->seen = sl_grow(p->seen, &p->cap, p->n + 1, sizeof(*p->seen));
	p->seen[p->n++] = (struct sl_package_seen){part, consignment};
}

/* -1: it does not say, or its content was erased. */
static int64_t
files_said(struct sl_db *db, uint32_t part)
{
	int64_t n = sl_db_int(db, -1,
	    "SELECT CAST(detail AS INTEGER) FROM note WHERE part = ?1"
	    " AND slug = 'files_said'",
	    "i", (int64_t)part);

	if (n >= 0)
		return n;
	n = sl_db_int(db, 0,
	    "SELECT count(DISTINCT file) FROM named WHERE part = ?1", "i",
	    (int64_t)part);
	return n > 0 ? n : -1;
}

/* Those that lie in the description itself (PutMessage), else those beside
 * it: in the same archive, or dropped with it. */
static int64_t
files_came(struct sl_db *db, uint32_t part)
{
	int64_t n = sl_db_int(db, 0,
	    "SELECT count(*) FROM part d JOIN part p ON p.source = d.source"
	    " AND p.parent = d.number AND p.number <> d.number"
	    " WHERE d.id = ?1 AND" IS_FILE,
	    "i", (int64_t)part);

	if (n > 0)
		return n;
	n = sl_db_int(db, 0,
	    "SELECT count(*) FROM part d JOIN part p ON p.source = d.source"
	    " AND p.parent = d.parent AND p.number NOT IN (0, d.number)"
	    " WHERE d.id = ?1 AND d.number <> 0 AND" IS_FILE,
	    "i", (int64_t)part);
	if (n > 0)
		return n;
	return sl_db_int(db, 0,
	    "SELECT count(*) FROM part d JOIN source o ON o.id = d.source"
	    " JOIN source s ON s.consignment = o.consignment AND s.id <> o.id"
	    " JOIN part p ON p.source = s.id AND p.number = 0"
	    " WHERE d.id = ?1 AND d.number = 0 AND" IS_FILE,
	    "i", (int64_t)part);
}

static void
tell_one(struct told *t, uint32_t consignment, int64_t said, int64_t came)
{
	char key[32], number[64];

	t->packages++;
	t->said += said;
	t->came += came;
	if (said == came || t->differ++ >= SL_PACKAGES_TOLD)
		return;
	(void)snprintf(key, sizeof(key), "package_%" PRId64, t->differ);
	sl_rep_fact(t->r, key, "Avvik i pakke", "Difference in a package",
	    "%s: %s %" PRId64 ", %s %" PRId64,
	    sl_snap_reception(t->r, t->s, consignment, number, sizeof(number)),
	    sl_rep_say(t->r, "filer oppgitt", "files told of"), said,
	    sl_rep_say(t->r, "mottatt", "received"), came);
}

enum sl_rc
sl_packages_tell(const struct sl_packages *p, const struct sl_snap *s,
    struct sl_rep *r, struct sl_err *err)
{
	struct sl_db *db = sl_store_db(r->store);
	struct told t = {.r = r, .s = s};
	int64_t said;
	size_t i;

	for (i = 0; i < p->n; i++) {
		said = files_said(db, p->seen[i].part);
		if (said >= 0)
			tell_one(&t, p->seen[i].consignment, said,
			    files_came(db, p->seen[i].part));
	}
	if (t.packages == 0)
		return sl_db_check(db, err);
	sl_rep_fact(r, "packages", "Pakker som oppgir filene sine",
	    "Packages that tell of their files", "%" PRId64, t.packages);
	sl_rep_fact(r, "packages_said", "Filer de oppgir", "Files they tell of",
	    "%" PRId64, t.said);
	sl_rep_fact(r, "packages_received", "Filer mottatt i dem",
	    "Files received in them", "%" PRId64, t.came);
	sl_rep_fact(r, "packages_differ", "Pakker med avvik",
	    "Packages that differ", "%" PRId64, t.differ);
	return sl_db_check(db, err);
}

void
sl_packages_free(struct sl_packages *p)
{
	free(p->seen);
	memset(p, 0, sizeof(*p));
}
