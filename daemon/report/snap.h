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

#include "../base/names.h"
#include "../base/peek.h"
#include "idmap.h"
#include "table.h"

struct __attribute__((packed, aligned(4))) sl_snap_consignment {
	int64_t received_ms;
	uint32_t first_entry; /* id; 0: none */
	uint16_t queue, reason;
	uint8_t stage, dispo, outcome;
	bool there;
};
struct sl_snap_entry {
	uint32_t consignment, next; /* ids; next of the same consignment */
	uint16_t number, documents, reason;
	uint8_t stage, dispo, outcome;
	bool there;
};
/* What the target shows of an entry's post: by its own journal, if that was
 * read, else by its receipt. */
struct sl_snap_target {
	uint32_t text; /* in target_text; 0: not seen there */
	int32_t journal_day : 27; /* -1: none */
	bool journaled : 1; /* its status is J or what comes after it */
	bool case_in_number : 1; /* the case is not among its texts */
	bool several : 1; /* it has several targets; needs DELIVERIES */
	/* With SL_SNAP_CODES: a target shows the code that was sent, another.
	 */
	bool same_code : 1, other_code : 1;
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
	/* Of the period and queue that were asked for; queue: -1 any. */
	int64_t from_ms, to_ms;
	int only_queue;
	/* With SL_SNAP_PAGES, by entry. */
	uint32_t *pages;
	/* With SL_SNAP_PARTS: */
	uint32_t *part_entry; /* part id: its entry, not replaced; 0 none */
	uint32_t part_max;
	/* With SL_SNAP_SOURCES: */
	uint32_t *source_consignment;
	uint32_t source_max;
	/* With SL_SNAP_DELIVERIES, by entry: when its target had it (UTC ms;
	 * 0: not yet), and which target; of several the one that had it first.
	 */
	int64_t *sent_ms;
	uint16_t *sent_to;
	/* With SL_SNAP_TARGET, SL_SNAP_JOURNALED or SL_SNAP_CODES, by entry. */
	struct sl_snap_target *target;
	struct sl_buf target_text; /* tight.h; empty: without texts */
	/* With SL_SNAP_SENT, by entry. */
	struct sl_snap_sent *sent;
	/* With SL_SNAP_RECEPTIONS, by consignment: sl_reception_pack. */
	uint32_t *reception;
	/* With SL_SNAP_KEYS: entries by the key that each has towards every
	 * target. */
	struct sl_idmap keys;
	struct sl_names queue, reason, to, unit, access;
	const struct sl_snap *from; /* whose arrays these are; NULL: its own */
	/* Where those lie that several processes have in common; or NULL. */
	void *common;
	size_t common_bytes;
};

/* Receipts, as deliveries are scanned anyway: of the first row of an entry that
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
	SL_SNAP_CODES = 1024, /* needs SENT */
};

/* SL_FATAL: the database cannot be read, or is too large for the arrays
 * (64 million rows). *s is zeroed first and freed by the caller. */
enum sl_rc sl_snap_load(const struct sl_rep *r, unsigned what,
    const struct sl_snap_receipts *receipts, struct sl_snap *s,
    struct sl_err *err);
void sl_snap_free(struct sl_snap *s);

/* -- what reports of one moment have in common (snap_share.c) -------------- */

/* Two processes have rows, documents, sources, receptions and what was sent in
 * common: a report's load takes them from r->shared, and adds what only it
 * needs. The first begins, and tells the second what it needs to do the same;
 * each then reads its part. What one appends to out the other adopts; false:
 * not understood. memory: a file without a name (memfd), empty, where the
 * arrays lie; nobody writes on them once they are read.
 *
 * SL_FATAL: as sl_snap_load, or no memory. *s is zeroed first, and freed by the
 * caller. */
enum sl_rc sl_snap_share(struct sl_store *store, int memory, struct sl_snap *s,
    struct sl_buf *out, struct sl_err *err);
enum sl_rc sl_snap_adopt(
    int memory, struct sl_slice told, struct sl_snap *s, struct sl_err *err);
/* The first's part: all but sources and what was sent. */
void sl_snap_share_rows(struct sl_store *store, const struct sl_config *cfg,
    struct sl_snap *s, struct sl_buf *out);
bool sl_snap_adopt_rows(struct sl_slice told, struct sl_snap *s);
/* The second's, or the first's where there is none. */
void sl_snap_share_sent(
    struct sl_store *store, struct sl_snap *s, struct sl_buf *out);
bool sl_snap_adopt_sent(struct sl_slice told, struct sl_snap *s);
/* Last, what the target shows, with its texts, codes and deliveries: for the
 * reports of this process. SL_FATAL: the database cannot be read. */
enum sl_rc sl_snap_share_target(
    struct sl_store *store, struct sl_snap *s, struct sl_err *err);
/* Once no report wants them any more. Target and deliveries one that does reads
 * for itself; without texts, which are large, sl_snap_seen is false. */
void sl_snap_drop_texts(struct sl_snap *s);
void sl_snap_drop_target(struct sl_snap *s);
void sl_snap_drop_deliveries(struct sl_snap *s);

/* "M26-004711-3"; "" for an id that no consignment has. The result is out, of
 * at least 32 bytes. */
const char *sl_snap_reception(const struct sl_rep *r, const struct sl_snap *s,
    uint32_t consignment, char *out, size_t cap);

/* What the target shows of it; false: nothing, or there are no texts. They lie
 * in *room, in the place of what was there, or in own_case. */
#define SL_SNAP_CASE 48 /* bytes */
struct sl_snap_seen {
	const char *status, *case_number, *number, *journal;
	char own_case[SL_SNAP_CASE];
};
bool sl_snap_seen(const struct sl_snap *s, uint32_t entry, struct sl_buf *room,
    struct sl_snap_seen *ret);

/* Is it of the period and queue asked for? An entry: as its consignment, and
 * not replaced by another. False for what is not there. */
static inline bool
sl_snap_c_in(const struct sl_snap *s, uint32_t id)
{
	const struct sl_snap_consignment *c = &s->c[id];

	return c->there && c->received_ms >= s->from_ms &&
	       c->received_ms < s->to_ms &&
	       (s->only_queue < 0 || s->only_queue == c->queue);
}
static inline bool
sl_snap_e_in(const struct sl_snap *s, uint32_t id)
{
	const struct sl_snap_entry *e = &s->e[id];

	return e->there && e->outcome != SL_OUTCOME_replaced &&
	       sl_snap_c_in(s, e->consignment);
}

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

/* A finished item's outcome, another's disposition: slug and word. */
const char *sl_state_slug(int dispo, int outcome);
const char *sl_state_word(const struct sl_rep *r, int dispo, int outcome);
const char *sl_stage_word(const struct sl_rep *r, int stage);

#endif
