/*
 * Everything Sluse remembers, in verbs of the domain.
 *
 * One slused = one struct sl_store = the one connection that writes. Writes
 * gather in a transaction that the caller ends with sl_store_commit, which also
 * writes the journal's tree: what happened and its leaf are durable together or
 * not at all. Any SL_FATAL means: stop this program; the next start reads the
 * truth from disk. Strings in the structs are NUL-terminated UTF-8 unless a
 * member says raw. Times are UTC milliseconds.
 */
#ifndef SL_STORE_STORE_H
#define SL_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"
#include "../base/err.h"
#include "../base/hash.h"
#include "../registry/registry.h"
#include "../wire/wire.h"
#include "files.h"

#define SL_SCHEMA_VERSION 11
/* Between the row of a consignment and its leaf, in one transaction, lie all
 * the files of a folder: so much later the leaf may be. */
#define SL_RECEIVED_APART_MS INT64_C(600000)
#define SL_STEP_VERSION                                                        \
	1 /* of reading: a page read by it is not read again                   \
	   */

struct sl_store;
struct sl_db;

/* <root>/db/sluse.db and <root>/store. Migrates forward, with a copy of the
 * database first; a newer schema is SL_FATAL. origin: of a journal that begins
 * now; one that has leaves keeps its own. */
enum sl_rc sl_store_open(const char *root, const char *origin,
    struct sl_store **ret, struct sl_err *err);
/* For reports: read-only, no files. SL_SKIP if there is no database. */
enum sl_rc sl_store_open_read(
    const char *root, struct sl_store **ret, struct sl_err *err);
/* The folder it was opened in; lent. */
const char *sl_store_root(const struct sl_store *s);
void sl_store_close(struct sl_store *s);
/* What the disk of db/ must have before anything more is written: at most the
 * page cache goes there at once. */
#define SL_STORE_KEEP ((uint64_t)5 << 20)
/* Free bytes of the disks of store/ and db/, which may be one; 0 where that
 * cannot be seen. */
struct sl_store_room {
	uint64_t files, db;
	bool db_known;
	bool is_one; /* the same disk */
};
void sl_store_room(const struct sl_store *s, struct sl_store_room *ret);
/* Is less than SL_STORE_KEEP free for the database of that instance? False
 * where that cannot be seen. */
bool sl_store_is_full(const char *root);
/* Gives back what the database's log holds on the disk, if that can be done at
 * once and nothing is being written. */
void sl_store_shrink(struct sl_store *s);
struct sl_files *sl_store_files(struct sl_store *s);
/* For rooms that write reports: queries only. */
struct sl_db *sl_store_db(struct sl_store *s);

/* Syncs the store's files, then commits what was written since. Nothing
 * written: does nothing. */
enum sl_rc sl_store_commit(struct sl_store *s, struct sl_err *err);
/* The delivery is about to be sent: durable now, ahead of its row, which the
 * caller writes in this transaction. SL_SKIP: only with the commit. */
enum sl_rc sl_store_sending(
    struct sl_store *s, int64_t delivery, struct sl_err *err);
/* 0, or the errno with which db/sending cannot be written: each sending waits
 * for a commit. May try it again, and block. */
int sl_store_mend(struct sl_store *s);
/* Written, not committed yet? */
bool sl_store_dirty(const struct sl_store *s);

/* When the last leaf was written (UTC, ms) that was there when it was opened,
 * and its event; 0: there was none. */
int64_t sl_store_before(const struct sl_store *s, int *ret_event);

/* Appends to the journal. payload: a JSON object (taken over by reference
 * count is the caller's: it is only read). consignment, entry: ids or 0. */
/* How many leaves there are. */
uint64_t sl_store_leaves(const struct sl_store *s);
enum sl_rc sl_store_log(struct sl_store *s, enum sl_event event,
    const char *subject, const char *actor, const char *payload_json,
    int64_t consignment, int64_t entry, struct sl_err *err);

/* Plain facts of the instance; "" if there is none. */
enum sl_rc sl_store_meta_put(
    struct sl_store *s, const char *key, const char *value, struct sl_err *err);
/* Key "scan_signed:20786:Skannet post", a day of sl_day_of and a queue: who
 * said last that its pictures are good, {"ms":..,"actor":..,"seq":..}, the
 * leaf. */
#define SL_STORE_SCAN_SIGNED "scan_signed:"
/* Beside these keys stands when (UTC, ms) the journal of a target was read. */
#define SL_STORE_JOURNAL_READ "journal_read:"
void sl_store_meta(struct sl_store *s, const char *key, char *out, size_t cap);
/* Writes the next key behind key over it; false where there is none that begins
 * so. */
bool sl_store_meta_next(
    struct sl_store *s, const char *begin, char *key, size_t cap);

/* -- consignments ---------------------------------------------------------- */
struct sl_consignment {
	int64_t id;
	char ulid[32], reception[32], queue[128], actor[64];
	char name[1024]; /* for showing, cut if longer */
	bool is_folder;
	int64_t received_ms, dropped_ms, size;
	enum sl_stage stage;
	enum sl_dispo dispo;
	int outcome;
	char reason[64], detail[256];
	int attempts, entries;
	int64_t retry_ms; /* 0 = none */
	char source_place[16];
};

/* Draws the next number of the year of now_ms in Oslo (never a year back). */
enum sl_rc sl_store_draw_reception(struct sl_store *s, const char *prefix,
    int64_t now_ms, char *out, size_t n, struct sl_err *err);
/* Inserts c (without id) in stage received; name_raw as dropped. */
enum sl_rc sl_consignment_insert(struct sl_store *s, struct sl_consignment *c,
    struct sl_slice name_raw, struct sl_err *err);
/* Writes stage, dispo, outcome, reason, detail, attempts, retry, entries. */
enum sl_rc sl_consignment_update(
    struct sl_store *s, const struct sl_consignment *c, struct sl_err *err);
enum sl_rc sl_consignment_set_channel_key(
    struct sl_store *s, int64_t id, const char *key, struct sl_err *err);
enum sl_rc sl_consignment_set_place(
    struct sl_store *s, int64_t id, const char *place, struct sl_err *err);
/* False if there is none. */
bool sl_consignment_by_ulid(
    struct sl_store *s, const char *ulid, struct sl_consignment *ret);
bool sl_consignment_by_reception(
    struct sl_store *s, const char *reception, struct sl_consignment *ret);
bool sl_consignment_by_id(
    struct sl_store *s, int64_t id, struct sl_consignment *ret);
/* An earlier one of the queue with this channel key and the same part
 * digests (of a package: the same documents, since its description tells the
 * state of the channel too); 0 if there is none. */
int64_t sl_consignment_find_same(struct sl_store *s,
    const struct sl_consignment *c, const char *key, bool package);

typedef enum sl_rc sl_consignment_fn(
    void *arg, const struct sl_consignment *c, struct sl_err *err);
/* Those that are not done and whose entries are not all born, oldest first. */
enum sl_rc sl_consignment_each_open(
    struct sl_store *s, sl_consignment_fn *fn, void *arg, struct sl_err *err);
/* The first of them after an id that is ready; false if there is none. */
bool sl_consignment_next_ready(
    struct sl_store *s, int64_t after, struct sl_consignment *ret);
/* How many of them are broken for that reason. */
int64_t sl_consignment_count_broken(struct sl_store *s, const char *reason);
/* Done consignments whose source is still claimed, oldest first. */
enum sl_rc sl_consignment_each_unfiled(
    struct sl_store *s, sl_consignment_fn *fn, void *arg, struct sl_err *err);

struct sl_source {
	int64_t id, blob, consignment;
	int number;
	char name[1024];
	struct sl_digest sha256;
	uint64_t size;
};
/* Does a row know this original? */
bool sl_blob_known(struct sl_store *s, const struct sl_digest *d);
/* The newest originals that the store should have, at most max; few where most
 * of what came last was erased. Result: how many. */
size_t sl_blob_newest(struct sl_store *s, struct sl_digest *ret, size_t max);
/* Adds the row; naming the file (sl_files_link) is the caller's. */
enum sl_rc sl_source_insert(struct sl_store *s, struct sl_source *src,
    struct sl_slice name_raw, struct sl_err *err);
/* Up to max of a consignment, by number; result: how many there are. */
size_t sl_source_list(
    struct sl_store *s, int64_t consignment, struct sl_source *ret, size_t max);

/* -- readings -------------------------------------------------------------- */
struct sl_part {
	int64_t id, source, bundle; /* bundle 0 = the source's blob */
	uint32_t number, parent, depth, role, pages;
	char name[512];
	uint64_t offset, size;
	struct sl_digest sha256;
	char mime[128], puid[64], reader[32], reason[64];
	char blob_bundle[64]; /* name of the bundle, or "" */
	struct sl_digest blob; /* of the source */
	uint64_t blob_size; /* bytes; of the source too */
	char source_name[512];
	int source_number;
	char describes[32]; /* the kind of package it describes, or "" */
};
/* Inserts or renews the part number of m in its source. *ret_id: its row. */
enum sl_rc sl_part_put(struct sl_store *s, int64_t source,
    const struct sl_msg_r_part *m, const struct sl_digest *sha256,
    int64_t *ret_id, struct sl_err *err);
/* After END: drops parts from `count` on, sets the bundle of parts 1.. */
enum sl_rc sl_part_close(struct sl_store *s, int64_t source, uint32_t count,
    const char *bundle, uint64_t bundle_size, struct sl_err *err);
/* Removes bundles that no row names and that were linked before that time (a
 * crash came between the link and the commit). Looks at max of them and goes on
 * there the next time; true after the last. */
bool sl_bundles_clean(
    struct sl_store *s, int64_t before_ms, size_t max, unsigned *ret_removed);
/* Pages, fields and notes of all its parts: what was read is read anew, and a
 * part of the same number may be another file then. */
enum sl_rc sl_reading_drop(
    struct sl_store *s, int64_t consignment, struct sl_err *err);
/* Is a part of the consignment, or a file of it, so long? */
bool sl_part_so_long(struct sl_store *s, int64_t consignment, uint64_t size);
/* reason NULL: none. */
enum sl_rc sl_part_set_role(struct sl_store *s, int64_t part, unsigned role,
    const char *reason, struct sl_err *err);
enum sl_rc sl_part_set_reason(
    struct sl_store *s, int64_t part, const char *reason, struct sl_err *err);
enum sl_rc sl_part_set_digest(struct sl_store *s, int64_t part,
    const struct sl_digest *d, struct sl_err *err);
typedef enum sl_rc sl_part_fn(
    void *arg, const struct sl_part *p, struct sl_err *err);
/* All parts of a consignment by source and number. */
enum sl_rc sl_part_each(struct sl_store *s, int64_t consignment, sl_part_fn *fn,
    void *arg, struct sl_err *err);
bool sl_part_by_id(struct sl_store *s, int64_t id, struct sl_part *ret);

/* Is this page read for good by this version of the step? */
bool sl_page_known(struct sl_store *s, int64_t part, uint32_t page);
enum sl_rc sl_page_put(struct sl_store *s, int64_t part,
    const struct sl_msg_r_page *m, struct sl_slice text, struct sl_slice boxes,
    struct sl_err *err);
/* A page that will not be read, with m's reason: what text it has beside its
 * pictures stays. */
enum sl_rc sl_page_give_up(struct sl_store *s, int64_t part,
    const struct sl_msg_r_page *m, struct sl_err *err);
/* Drops what that page's text said before (a page read again). */
enum sl_rc sl_found_clear(
    struct sl_store *s, int64_t part, uint32_t page, struct sl_err *err);
/* Drops facts of the whole part (headers, sidecar): it is opened again. */
enum sl_rc sl_found_clear_facts(
    struct sl_store *s, int64_t part, struct sl_err *err);
enum sl_rc sl_found_put(struct sl_store *s, int64_t part,
    const struct sl_msg_r_field *m, struct sl_err *err);
struct sl_found_row {
	int64_t part;
	char part_name[256];
	uint32_t page, field, source, confidence;
	char value[2048], label[128];
	uint16_t box[4];
	unsigned post; /* of a package: which of its posts; 0: all */
};
typedef enum sl_rc sl_found_fn(
    void *arg, const struct sl_found_row *f, struct sl_err *err);
enum sl_rc sl_found_each(struct sl_store *s, int64_t consignment,
    sl_found_fn *fn, void *arg, struct sl_err *err);
/* What an entry is placed by. Of one of several posts of a package: not what
 * its description says of another, nor what stands in another's documents. */
struct sl_entry;
enum sl_rc sl_found_each_of(struct sl_store *s, const struct sl_entry *e,
    sl_found_fn *fn, void *arg, struct sl_err *err);
/* The first value of a field that a consignment's own files say, not what lies
 * in them; "" if there is none. */
void sl_found_first(struct sl_store *s, int64_t consignment, unsigned field,
    char *out, size_t cap);
/* What its channel calls the same: as a sidecar says, else the description of
 * its package (*ret_package); "" if neither does. */
void sl_found_key(struct sl_store *s, int64_t consignment, char *out,
    size_t cap, bool *ret_package);
/* A document that the description of a package names. */
struct sl_named {
	unsigned post; /* from 1; 0: the package as a whole */
	bool main;
	char file[1025], title[1025], type[129];
	unsigned checks; /* SL_NAMED_* */
	uint64_t size;
	struct sl_digest sha256;
};
enum sl_rc sl_named_put(struct sl_store *s, int64_t part,
    const struct sl_msg_r_named *m, struct sl_err *err);
typedef enum sl_rc sl_named_fn(
    void *arg, const struct sl_named *n, struct sl_err *err);
/* In the order they are named. */
enum sl_rc sl_named_each(struct sl_store *s, int64_t part, sl_named_fn *fn,
    void *arg, struct sl_err *err);
/* Is there a description of a package among its parts? */
bool sl_described_any(struct sl_store *s, int64_t consignment);
/* The last post that a description tells of; 0: of all at once. */
unsigned sl_found_posts(struct sl_store *s, int64_t part);
/* The posts that a description screens (sl_posts_bit). */
uint64_t sl_found_screened(struct sl_store *s, int64_t part);
/* It describes no package after all: forgets what it said of one. */
enum sl_rc sl_description_drop(
    struct sl_store *s, int64_t part, struct sl_err *err);
enum sl_rc sl_note_put(struct sl_store *s, int64_t part, const char *slug,
    const char *detail, struct sl_err *err);

struct sl_note_row {
	int64_t source; /* of the consignment, from 0 */
	uint32_t part;
	char file[256], slug[64], detail[256];
};
typedef enum sl_rc sl_note_fn(
    void *arg, const struct sl_note_row *n, struct sl_err *err);
/* Remarks whose slug begins so, part by part. */
enum sl_rc sl_note_each(struct sl_store *s, int64_t consignment,
    const char *begin, sl_note_fn *fn, void *arg, struct sl_err *err);
/* The first detail noted under slug in a consignment; "" if there is none. */
void sl_note_first(struct sl_store *s, int64_t consignment, const char *slug,
    char *out, size_t cap);

/* -- entries ----------------------------------------------------------------
 */
struct sl_entry {
	int64_t id, consignment;
	int number;
	char own_key[64];
	char reception[40]; /* M26-004711-3.1 (of the entry) */
	char queue[128];
	enum sl_stage stage;
	enum sl_dispo dispo;
	int outcome;
	char reason[64], detail[256];
	int attempts, revision;
	int described; /* which post of its package, from 1; 0: no package */
	int64_t retry_ms, held_until_ms, duplicate_of, born_ms;
	char case_number[64], title[1024];
	int64_t received_ms, dropped_ms;
	char name[1024];
};
enum sl_rc sl_entry_insert(
    struct sl_store *s, struct sl_entry *e, struct sl_err *err);
/* Writes all that may change but post. */
enum sl_rc sl_entry_update(
    struct sl_store *s, const struct sl_entry *e, struct sl_err *err);
enum sl_rc sl_entry_set_post(
    struct sl_store *s, int64_t id, const char *post, struct sl_err *err);
/* Appends the post's JSON; false if there is none. */
bool sl_entry_post(struct sl_store *s, int64_t id, struct sl_buf *out);
/* The revision of its placement, if it waits to be placed; else -1. */
int sl_entry_unplaced(struct sl_store *s, int64_t id);
bool sl_entry_by_id(struct sl_store *s, int64_t id, struct sl_entry *ret);
/* The number of the only one that no other has replaced; 0: several, or none
 * (ret_several false then). */
int sl_entry_only(struct sl_store *s, int64_t consignment, bool *ret_several);
/* The one that replaced e, where it is the only such one; false if not. */
bool sl_entry_heir(
    struct sl_store *s, const struct sl_entry *e, struct sl_entry *ret);
/* Is there an entry of that post of its package that none has replaced? */
bool sl_entry_born(struct sl_store *s, int64_t consignment, unsigned post);
/* A document of it that could not be read? */
bool sl_entry_unread(struct sl_store *s, int64_t id);
bool sl_entry_by_number(struct sl_store *s, const char *reception, int number,
    struct sl_entry *ret);
/* Can what lies in its unread files, once they open, push a document of another
 * post of its delivery to another number, so that it would be another file? */
bool sl_entry_moves_others(struct sl_store *s, const struct sl_entry *e);
/* Its documents are no longer its own: their parts are read again. */
enum sl_rc sl_entry_drop_documents(
    struct sl_store *s, int64_t id, struct sl_err *err);
typedef enum sl_rc sl_entry_fn(
    void *arg, const struct sl_entry *e, struct sl_err *err);
/* Those not done. */
enum sl_rc sl_entry_each_open(
    struct sl_store *s, sl_entry_fn *fn, void *arg, struct sl_err *err);
enum sl_rc sl_entry_each_of(struct sl_store *s, int64_t consignment,
    sl_entry_fn *fn, void *arg, struct sl_err *err);
/* Those held for that reason, oldest first. */
enum sl_rc sl_entry_each_held(struct sl_store *s, const char *reason,
    sl_entry_fn *fn, void *arg, struct sl_err *err);
/* The held post of a queue that was dropped under that name. Result: how many
 * there are; *ret is one of them. */
int sl_entry_held_by_name(struct sl_store *s, const char *queue,
    const char *name, struct sl_entry *ret);
/* The first after an id in stage read that waits to be placed; 0 if none. */
int64_t sl_entry_next_unplaced(struct sl_store *s, int64_t after);
/* An earlier entry whose main document has the same bytes, if it has any; 0 if
 * none. */
int64_t sl_entry_same_bytes(struct sl_store *s, int64_t entry);

struct sl_document {
	int number;
	char role[4], title[512];
	char type[129]; /* dokumenttype, or "" */
	bool given; /* title is the sender's, not made from a file name */
	int64_t part;
};
enum sl_rc sl_document_insert(struct sl_store *s, int64_t entry,
    const struct sl_document *d, struct sl_err *err);
/* Up to max of an entry, by number; result: how many there are. */
size_t sl_document_list(
    struct sl_store *s, int64_t entry, struct sl_document *ret, size_t max);

enum sl_rc sl_placement_put(struct sl_store *s, int64_t entry, int revision,
    const struct sl_msg_placed_field *m, const char *actor, struct sl_err *err);
/* The rows of one revision once more as another. Of what says where it goes
 * (case, new case, belongs to) nothing is accepted any more; rank 0 of the
 * field decided is left free. */
enum sl_rc sl_placement_copy(struct sl_store *s, int64_t entry, int from,
    int to, unsigned decided, struct sl_err *err);
/* The accepted value of a field now, and whose word it is; false if none. */
bool sl_placement_accepted(struct sl_store *s, const struct sl_entry *e,
    unsigned field, char *value, size_t cap, char *actor, size_t actor_cap);
struct sl_placement_row {
	unsigned field;
	int rank, confidence;
	bool accepted;
	char value[2048];
	const char *evidence; /* JSON array; lives for the call */
	char actor[64];
};
typedef enum sl_rc sl_placement_fn(
    void *arg, const struct sl_placement_row *p, struct sl_err *err);
enum sl_rc sl_placement_each(struct sl_store *s, int64_t entry, int revision,
    sl_placement_fn *fn, void *arg, struct sl_err *err);

/* The clock stepped by ms: retry times step with it. */
enum sl_rc sl_store_shift_deadlines(
    struct sl_store *s, int64_t ms, struct sl_err *err);
/* No retry is later than wait_ms from now, no first try later than now. */
enum sl_rc sl_store_cap_deadlines(
    struct sl_store *s, int64_t now_ms, int64_t wait_ms, struct sl_err *err);
/* The earliest retry or held limit of any item, UTC ms; -1 if there is none. */
int64_t sl_store_next_due(struct sl_store *s);

/* -- deliveries ---------------------------------------------------------------
 */
struct sl_delivery {
	int64_t id, entry;
	char target[64], state[16];
	int attempts;
	bool uncertain;
	int asked; /* while uncertain: how often its own key was not known */
	bool send_again; /* a person said so; for one try */
	int64_t first_ms, next_ms;
	char reason[64], detail[256];
	int http_status;
};
enum sl_rc sl_delivery_insert(
    struct sl_store *s, struct sl_delivery *d, struct sl_err *err);
enum sl_rc sl_delivery_update(struct sl_store *s, const struct sl_delivery *d,
    const char *receipt, struct sl_err *err);
bool sl_delivery_by_id(struct sl_store *s, int64_t id, struct sl_delivery *ret);
bool sl_delivery_by_entry(struct sl_store *s, int64_t entry, const char *target,
    struct sl_delivery *ret);
typedef enum sl_rc sl_delivery_fn(
    void *arg, const struct sl_delivery *d, struct sl_err *err);
/* Pending ones of a target that no person holds, by next_ms, at most max. */
enum sl_rc sl_delivery_each_due(struct sl_store *s, const char *target,
    int64_t now_ms, int max, sl_delivery_fn *fn, void *arg, struct sl_err *err);
/* Pending ones whose entry does not say yet why it waits; at most max. */
enum sl_rc sl_delivery_each_silent(struct sl_store *s, const char *target,
    int max, sl_delivery_fn *fn, void *arg, int *ret_n, struct sl_err *err);
/* Earliest next_ms of a target's pending ones; -1 if there are none. */
int64_t sl_delivery_next_ms(struct sl_store *s, const char *target);
/* How many, of all targets, wait for that reason. */
int64_t sl_delivery_count_reason(struct sl_store *s, const char *reason);
/* How many of an entry's deliveries are not delivered. */
int64_t sl_delivery_pending(struct sl_store *s, int64_t entry);
/* Pending ones of a target that may have arrived are not tried before until_ms;
 * those that stood in line, now. */
enum sl_rc sl_delivery_settle(struct sl_store *s, const char *target,
    int64_t now_ms, int64_t until_ms, struct sl_err *err);
/* A person says that the target is there again: pending ones that waited for
 * that (target_down) are due now, those that may have arrived at settled_ms. */
enum sl_rc sl_delivery_hurry(struct sl_store *s, const char *target,
    int64_t now_ms, int64_t settled_ms, struct sl_err *err);
/* A person has looked for what was left to him of an entry (target_unsure). */
enum sl_rc sl_delivery_send_again(
    struct sl_store *s, int64_t entry, struct sl_err *err);
/* Those of an entry that are delivered, by id; changed_ms: when its target said
 * so. receipt is "" where there is none. */
typedef enum sl_rc sl_receipt_fn(void *arg, const struct sl_delivery *d,
    const char *receipt, int64_t changed_ms, struct sl_err *err);
enum sl_rc sl_delivery_receipts(struct sl_store *s, int64_t entry,
    sl_receipt_fn *fn, void *arg, struct sl_err *err);
bool sl_delivery_has_steps(struct sl_store *s, int64_t delivery);
enum sl_rc sl_delivery_step_put(struct sl_store *s, int64_t delivery,
    const char *step, const char *key, struct sl_err *err);
typedef enum sl_rc sl_step_fn(
    void *arg, const char *step, const char *key, struct sl_err *err);
enum sl_rc sl_delivery_steps(struct sl_store *s, int64_t delivery,
    sl_step_fn *fn, void *arg, struct sl_err *err);

/* -- target.c: the target's own journal
 * -----------------------------------------------------------------
 */

/* What a row tells of one of our posts that was not known before. */
struct sl_target_news {
	int64_t entry, consignment; /* 0: not ours, or nothing new */
	char reception[40];
	char was_status[9], was_case[65]; /* "" the first time */
	bool title; /* it has another than when it was seen last */
};
enum sl_rc sl_target_post_put(struct sl_store *s,
    const struct sl_msg_sync_post *m, const char *target, int64_t now_ms,
    struct sl_target_news *ret, struct sl_err *err);
struct sl_target_post {
	char target[64], status[9], number[65], case_number[65];
	int64_t seen_ms;
};
/* Where an entry's post is now; false if no target has told of it. */
bool sl_target_post_of(
    struct sl_store *s, const char *own_key, struct sl_target_post *ret);

/* -- persons (approval.c) ---------------------------------------------------
 */
/* A request that waits for a second person. Texts of up to a packet are the
 * caller's when inserted, and lent for the call when read. */
struct sl_approval {
	int64_t id, items, asked_ms, expires_ms;
	const char *verb, *request, *args, *subject, *actor, *why;
};
/* Sets a->id. */
enum sl_rc sl_approval_insert(
    struct sl_store *s, struct sl_approval *a, struct sl_err *err);
typedef enum sl_rc sl_approval_fn(
    void *arg, const struct sl_approval *a, struct sl_err *err);
/* Those pending (id 0: all, else that one), oldest first. */
enum sl_rc sl_approval_each(struct sl_store *s, int64_t id, sl_approval_fn *fn,
    void *arg, struct sl_err *err);
/* state: approved, denied or expired; what it said goes. */
enum sl_rc sl_approval_end(struct sl_store *s, int64_t id, const char *state,
    const char *second, int64_t now_ms, struct sl_err *err);
/* Pending ones of an actor; of all with NULL. */
int64_t sl_approval_count(struct sl_store *s, const char *actor);
/* The earliest expiry of one pending, UTC ms; -1 if there is none. */
int64_t sl_approval_next(struct sl_store *s);
/* One whose time is over; 0 if there is none. */
int64_t sl_approval_due(struct sl_store *s, int64_t now_ms);
enum sl_rc sl_glass_insert(struct sl_store *s, int64_t now_ms,
    const char *actor, const char *verb, const char *subject, const char *why,
    struct sl_err *err);

/* -- case files
 * ----------------------------------------------------------------- */
enum sl_rc sl_case_put(struct sl_store *s, const struct sl_msg_sync_case *m,
    const char *origin, int64_t now_ms, struct sl_err *err);
/* Marks those of origin not seen since as gone (removed). */
enum sl_rc sl_case_forget(struct sl_store *s, const char *origin,
    int64_t before_ms, int64_t *ret_count, struct sl_err *err);
struct sl_case {
	const char *number, *title, *status, *unit, *klass, *target_key;
};
typedef enum sl_rc sl_case_fn(
    void *arg, const struct sl_case *c, struct sl_err *err);
enum sl_rc sl_case_each(
    struct sl_store *s, sl_case_fn *fn, void *arg, struct sl_err *err);
int64_t sl_case_count(struct sl_store *s);
bool sl_case_known(
    struct sl_store *s, const char *number, char *status, size_t cap);

#endif
