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

#include "idmap.h"
#include "names.h"
#include "table.h"

struct __attribute__((packed, aligned(4))) sl_snap_consignment {
	int64_t received_ms;
	uint32_t first_entry; /* id; 0: none */
	uint16_t queue, reason;
	uint8_t stage, dispo, outcome;
	bool there : 1, in : 1; /* in: of the period and queue asked for */
};
struct sl_snap_entry {
	uint32_t consignment, next; /* ids; next of the same consignment */
	uint16_t number, documents, reason;
	uint8_t stage, dispo, outcome;
	bool there : 1;
	bool in : 1; /* as its consignment, and not replaced by another */
};
/* What the target shows of an entry's post: by its own journal, if that was
 * read, else by its receipt. */
struct sl_snap_target {
	uint32_t text; /* in target_text; 0: not seen there */
	int32_t journal_day : 31; /* -1: none */
	bool journaled : 1; /* its status is J or what comes after it */
};
/* What was sent of an entry that was transferred, by its prepared post. */
struct sl_snap_sent {
	uint32_t title; /* sl_title_hash; 0: erased, or not transferred */
	int32_t document_day, received_day; /* -1: not said */
	uint16_t unit, access; /* names; 0: none */
};
struct sl_snap {
	struct sl_snap_consignment *c;
	struct sl_snap_entry *e;
	uint32_t c_max, e_max; /* highest ids */
	/* With SL_SNAP_PAGES, by entry. */
	uint32_t *pages;
	/* With SL_SNAP_PARTS: */
	uint32_t *part_entry; /* part id: its entry, not replaced; 0 none */
	uint32_t part_max;
	/* With SL_SNAP_SOURCES: */
	uint32_t *source_consignment;
	uint32_t source_max;
	/* With SL_SNAP_DELIVERIES, by entry: when its target had it (UTC ms;
	 * 0: not yet), and which target. */
	int64_t *sent_ms;
	uint16_t *sent_to;
	/* With SL_SNAP_TARGET or SL_SNAP_JOURNALED, by entry. */
	struct sl_snap_target *target;
	struct sl_buf target_text; /* empty: without texts */
	/* With SL_SNAP_SENT, by entry. */
	struct sl_snap_sent *sent;
	/* With SL_SNAP_RECEPTIONS, by consignment: sl_reception_pack. */
	uint32_t *reception;
	/* With SL_SNAP_KEYS: entries by the key that each has towards every
	 * target. */
	struct sl_idmap keys;
	struct sl_names queue, reason, to, unit, access;
	const struct sl_snap *from; /* whose arrays these are; NULL: its own */
};

/* Receipts, as deliveries are scanned anyway: of the one that counts, once it
 * is delivered. s is as far as the order of loading: consignments, entries,
 * deliveries. */
struct sl_snap_receipts {
	void (*take)(void *arg, uint32_t entry, const char *receipt);
	void *arg;
};

enum {
	SL_SNAP_DOCUMENTS = 1, /* entry.documents */
	SL_SNAP_PAGES = 2, /* pages; needs PARTS */
	SL_SNAP_SOURCES = 4, /* source_consignment */
	SL_SNAP_DELIVERIES = 8,
	SL_SNAP_TARGET = 16, /* with DELIVERIES also by receipts */
	SL_SNAP_JOURNALED = 64, /* the same without its texts */
	SL_SNAP_SENT = 128,
	SL_SNAP_PARTS = 32, /* part_entry; needs DOCUMENTS */
	SL_SNAP_RECEPTIONS = 256,
	SL_SNAP_KEYS = 512,
};

/* SL_FATAL: the database cannot be read, or is too large for the arrays
 * (64 million rows). *s is zeroed first and freed by the caller. */
enum sl_rc sl_snap_load(const struct sl_rep *r, unsigned what,
    const struct sl_snap_receipts *receipts, struct sl_snap *s,
    struct sl_err *err);
void sl_snap_free(struct sl_snap *s);
/* What several reports of one moment have in common: all but pages, receptions
 * and what was sent. A report's load takes them from r->shared, where `in` is
 * set anew, and adds what only it needs. */
enum sl_rc sl_snap_share(
    struct sl_store *store, struct sl_snap *s, struct sl_err *err);
/* Once no report wants the texts of the target any more, which are large: lets
 * them go, and reads receptions and what was sent into their room. */
enum sl_rc sl_snap_share_sent(struct sl_store *store,
    const struct sl_config *cfg, struct sl_snap *s, struct sl_err *err);
/* Once none wants it: a report that does reads it for itself. */
void sl_snap_drop_target(struct sl_snap *s);

/* "M26-004711-3"; "" for an id that no consignment has. The result is out, of
 * at least 32 bytes. */
const char *sl_snap_reception(const struct sl_rep *r, const struct sl_snap *s,
    uint32_t consignment, char *out, size_t cap);

/* What the target shows of it; false: nothing, or there are no texts. Texts are
 * the snap's. */
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

/* The texts of top-level string or number members of a JSON object, the first
 * of each name, in one walk and without building a tree. Escapes are undone. */
struct sl_peek {
	const char *key;
	char *out; /* "" where there is none */
	size_t cap;
	bool found;
	size_t key_n; /* the walk's own */
	bool met;
};
#define SL_PEEK(name, text)                                                    \
	{                                                                      \
		.key = (name), .out = (text), .cap = sizeof(text)              \
	}
void sl_json_peek_all(const char *json, struct sl_peek *want, size_t n);
/* One of them. False: there is none, or the text is no object as far as that.
 */
bool sl_json_peek(const char *json, const char *key, char *out, size_t cap);

/* A finished item's outcome, another's disposition: slug and word. */
const char *sl_state_slug(int dispo, int outcome);
const char *sl_state_word(const struct sl_rep *r, int dispo, int outcome);
const char *sl_stage_word(const struct sl_rep *r, int stage);

#endif
