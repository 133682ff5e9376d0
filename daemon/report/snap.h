/*
 * What a report counts over, read by plain scans into narrow arrays: a million
 * entries take some tens of megabytes and about a second, where a query that
 * looks each up in five tables takes many.
 *
 * Arrays are indexed by the row's id; those that are not there have `there`
 * false. Read inside the report's transaction, so all of it is of one moment.
 */
#ifndef SL_REPORT_SNAP_H
#define SL_REPORT_SNAP_H

#include "table.h"

/* Texts by small numbers; 0 is "". */
struct sl_names {
	char **text;
	size_t n, cap;
	uint32_t *slot; /* open addressing; 0 = free */
	size_t slots;
};
unsigned sl_names_add(struct sl_names *t, const char *s);
void sl_names_free(struct sl_names *t);

struct sl_snap_consignment {
	int64_t received_ms;
	uint32_t first_entry; /* id; 0: none */
	uint16_t queue, reason;
	uint8_t stage, dispo, outcome;
	bool there, in; /* in: of the period and queue asked for */
};
struct sl_snap_entry {
	uint32_t consignment, next; /* ids; next of the same consignment */
	uint32_t pages;
	uint16_t number, documents, reason;
	uint8_t stage, dispo, outcome;
	bool there;
	bool in; /* as its consignment, and not replaced by another */
};
/* What the target's own journal shows of an entry's post. */
struct sl_snap_target {
	uint32_t text; /* in target_text; 0: not seen there */
	int32_t journal_day; /* -1: none */
};
struct sl_snap {
	struct sl_snap_consignment *c;
	struct sl_snap_entry *e;
	uint32_t c_max, e_max; /* highest ids */
	/* With SL_SNAP_PARTS: */
	uint32_t *part_entry; /* part id: its entry, not replaced; 0 none */
	uint32_t part_max;
	uint32_t *source_consignment;
	uint32_t source_max;
	/* With SL_SNAP_DELIVERIES: the delivery of an entry: one that is
	 * delivered, else the last. */
	uint32_t *delivery;
	/* With SL_SNAP_TARGET, by entry. */
	struct sl_snap_target *target;
	struct sl_buf target_text;
	struct sl_names queue, reason;
};

enum {
	SL_SNAP_DOCUMENTS = 1, /* entry.documents, part_entry */
	SL_SNAP_PAGES = 2, /* entry.pages; needs DOCUMENTS */
	SL_SNAP_SOURCES = 4, /* source_consignment */
	SL_SNAP_DELIVERIES = 8,
	SL_SNAP_TARGET = 16,
};

/* SL_FATAL: the database cannot be read, or is too large for the arrays
 * (64 million rows). *s is zeroed first and freed by the caller. */
enum sl_rc sl_snap_load(const struct sl_rep *r, unsigned what,
    struct sl_snap *s, struct sl_err *err);
void sl_snap_free(struct sl_snap *s);

/* What was read of it in the target; false: nothing. Texts are the snap's. */
struct sl_snap_seen {
	const char *status, *case_number, *number, *journal;
};
bool sl_snap_seen(
    const struct sl_snap *s, uint32_t entry, struct sl_snap_seen *ret);

/* The next item of the consignment: its entries that count, or once 0 for the
 * consignment itself. Begin with *at = -1; false at the end. */
bool sl_snap_next(const struct sl_snap *s, uint32_t consignment, int64_t *at);

/* Status J or what comes after it, by code or name. */
bool sl_is_journaled(const char *status);

/* Where an item stands, in the words of the balance. */
enum sl_standing {
	SL_STANDS_TRANSFERRED,
	SL_STANDS_UNDER_WAY,
	SL_STANDS_DEFERRED,
	SL_STANDS_HELD,
	SL_STANDS_STOPPED,
	SL_STANDS_DUPLICATE,
	SL_STANDS_CLOSED,
	SL_STANDINGS,
};
enum sl_standing sl_standing_of(int dispo, int outcome);

/* The text of a top-level string or number member of a JSON object, without
 * building a tree. Escapes are undone. False: there is none, or the text is no
 * object as far as that. */
bool sl_json_peek(const char *json, const char *key, char *out, size_t cap);

/* A finished item's outcome, another's disposition: slug and word. */
const char *sl_state_slug(int dispo, int outcome);
const char *sl_state_word(const struct sl_rep *r, int dispo, int outcome);
const char *sl_stage_word(const struct sl_rep *r, int stage);

#endif
