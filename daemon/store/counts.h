/*
 * How many files and pages a consignment has: as its events say, and as its
 * rows do. What comes in is counted by both; where they differ, the rows were
 * changed since.
 */
#ifndef SL_STORE_COUNTS_H
#define SL_STORE_COUNTS_H

#include "../base/buf.h"
#include "../base/hash.h"
#include "db.h"

/* What stands in the index payload_count, word for word as in schemas/sql:
 * files, parts, archives and pages (NULL: not said) behind the sequence number,
 * of the payloads that say so. */
#define SL_COUNTS_NUMBER(name, n)                                              \
	"CAST(substr(body, nullif(instr(body, '\"" name "\":'), 0) + " n       \
	") AS INTEGER)"
#define SL_COUNTS_FILES SL_COUNTS_NUMBER("files", "8")
#define SL_COUNTS_PARTS SL_COUNTS_NUMBER("parts", "8")
#define SL_COUNTS_ARCHIVES SL_COUNTS_NUMBER("archives", "11")
#define SL_COUNTS_PAGES SL_COUNTS_NUMBER("pages", "8")
#define SL_COUNTS_SQL                                                          \
	"SELECT seq, " SL_COUNTS_FILES ", " SL_COUNTS_PARTS                    \
	", " SL_COUNTS_ARCHIVES ", " SL_COUNTS_PAGES                           \
	" FROM payload INDEXED BY payload_count"                               \
	" WHERE instr(body, '\"archives\":') > 0 ORDER BY seq"

/* -1: no event says it, as of an earlier version, or while it is read. */
struct sl_counts {
	int64_t files; /* as they came through the door: rows of source */
	int64_t parts; /* what was found in them, themselves among it */
	int64_t archives; /* parts that count by what lies in them */
	int64_t pages;
	int64_t texts; /* pages that were read: rows of page */
	char list[SL_SHA256_HEX + 1]; /* of the parts' rows, a line for each;
				       * "": not said */
	bool other_file; /* of rows: one has not the digest it came with */
};

/* Behind the name of a member, as we write it: in a string both its quotes
 * would stand behind a backslash. NULL: there is none, or no body. */
const char *sl_payload_member(const char *body, const char *name);
/* -1: it has none that is a whole number. */
int64_t sl_payload_number(const char *body, const char *name);

/* Nothing is said yet. */
void sl_counts_begin(struct sl_counts *c);
/* Do they change with such an event? Then its payload is needed. */
bool sl_counts_by_event(int event);
/* The events in their order; body NULL: the payload was erased. */
void sl_counts_take(struct sl_counts *c, int event, const char *body);
/* By the leaves of a consignment. May block on the disk, as all below. */
void sl_counts_told(struct sl_db *db, int64_t consignment, struct sl_counts *c);
/* By its rows. sources: the array of digests that the first of its files must
 * have, or NULL. */
void sl_counts_rows(struct sl_db *db, int64_t consignment, const char *sources,
    struct sl_counts *c);
/* Appends ,"name":number of each that is said, for an event that outlives those
 * it is known by. */
void sl_counts_add(const struct sl_counts *c, struct sl_buf *out);
/* What of the rows is not as told, in English; NULL: nothing. What is not told
 * differs from nothing. */
const char *sl_counts_differ(
    const struct sl_counts *told, const struct sl_counts *rows);

#endif
