/*
 * What can be asked of an instance, read-only: rows as JSON, and their words.
 *
 * Every function takes a store opened by sl_store_open_read. Objects returned
 * are the caller's (json_decref). Lists are read in small pages, so that no
 * read transaction stays open while somebody looks at the output.
 */
#ifndef SL_QUERY_QUERY_H
#define SL_QUERY_QUERY_H

#include <jansson.h>
#include <stdio.h>

#include "../base/err.h"
#include "../journal/checkpoint.h"
#include "../store/store.h"

/* One row of `list` and `show`: an entry, or a consignment without one.
 * NULL if there is no such entry (consignment). */
json_t *sl_query_entry(struct sl_store *s, int64_t entry);
json_t *sl_query_consignment(struct sl_store *s, int64_t consignment);

/* "a,b" as an array. */
json_t *sl_query_words(const char *list);

/* 0 and NULL: any. */
struct sl_query_filter {
	int stage, dispo;
	const char *queue;
};
typedef enum sl_rc sl_query_fn(
    void *arg, const json_t *row, struct sl_err *err);
/* Rows by reception. */
enum sl_rc sl_query_list(struct sl_store *s, const struct sl_query_filter *f,
    sl_query_fn *fn, void *arg, struct sl_err *err);

/* Resolves "M26-004711-3" or "M26-004711-3.1": rows of all its entries, or
 * the consignment's. SL_SKIP, reason unknown_id: there is none. */
enum sl_rc sl_query_show(struct sl_store *s, const char *id, sl_query_fn *fn,
    void *arg, struct sl_err *err);
/* The same rows, each with "fields", "found", "notes" and "events". */
enum sl_rc sl_query_explain(struct sl_store *s, const char *id, sl_query_fn *fn,
    void *arg, struct sl_err *err);

/* {queues: [..], oldest, items, done, known_cases}; never NULL. */
json_t *sl_query_status(struct sl_store *s);
/* Rows {kind: "queue"|"target", name, total, oldest, oldest_s, buckets}. */
json_t *sl_query_age(struct sl_store *s, int64_t now_ms);

/* Which leaves; 0 and NULL: any. */
struct sl_query_events {
	const char *id; /* of an entry or a consignment */
	const char *actor; /* also as one of two */
	int event;
	int64_t from_ms, to_ms; /* UTC; to_ms is not in it */
};
/* Leaves with their payloads, oldest first. */
enum sl_rc sl_query_journal(struct sl_store *s, const struct sl_query_events *f,
    sl_query_fn *fn, void *arg, struct sl_err *err);

/* -- persons (persons.c) --------------------------------------------------- */
/* Rows {request, verb, subject, items, actor, asked, until, why, args} of what
 * waits for a second person. */
json_t *sl_query_approvals(struct sl_store *s);
/* Adds "approvals" (how many) and "glass" (rows {time, actor, verb, subject,
 * why} of the last 30 days) to status. */
void sl_query_add_persons(struct sl_store *s, json_t *status);
/* Adds "witnesses" to status: rows {kind, name, size, behind, last, waits,
 * tries, reason, detail, warning}. */
void sl_query_add_witnesses(struct sl_store *s, json_t *status);
void sl_query_print_witnesses(FILE *f, const json_t *status);
void sl_query_print_approval(FILE *f, const json_t *row);
void sl_query_print_persons(FILE *f, const json_t *status);

#define SL_VERIFY_GIVEN_MAX 16u /* keys from outside */
#define SL_VERIFY_KEYS_MAX 80u /* those, and 64 of the log */
#define SL_VERIFY_GIVEN_UP_MAX 16u
#define SL_VERIFY_DIFFERS 10u /* so many are named */
#define SL_VERIFY_NAME 40u

/* What the log is held against, from outside. */
struct sl_verify_ask {
	/* The keys that are trusted, at most SL_VERIFY_GIVEN_MAX; those they
	 * introduced follow. None: the first that the log itself names. */
	const struct sl_vkey *key;
	size_t keys_n;
	/* A head seen earlier: the log must begin with it. n 0: none. */
	struct sl_slice against;
	/* Somebody who must have cosigned that head or, where none was given,
	 * a head of the log or that of the proof. NULL: nobody. */
	const struct sl_vkey *witness;
	/* Certificates (PEM) that a token over a head of the log must lead to.
	 * n 0: those that are kept beside the tokens will do, and none need
	 * be there. */
	struct sl_slice tsa;
	bool log_only; /* not the tables */
};

/* Vkeys, one a line. False: there is none, one cannot be read, or there are
 * more than SL_VERIFY_GIVEN_MAX, which is what ret has room for. */
bool sl_verify_keys(struct sl_slice lines, struct sl_vkey *ret, size_t *ret_n);

/* A key that nobody introduced, and the first leaf that it alone has signed;
 * UINT64_MAX: it has signed nothing. */
struct sl_verify_stranger {
	struct sl_vkey key;
	uint64_t from;
};
/* The leaf by which a person went on with a log that was not the one that was
 * signed, and the log's name since. */
struct sl_verify_given_up {
	uint64_t seq;
	int64_t time_ms;
	char origin[SL_NOTE_NAME_MAX + 1];
};

/* What `journal verify` found. */
struct sl_verify {
	uint64_t leaves; /* looked at */
	uint64_t tree_size; /* what the tree row or the checkpoint says */
	uint64_t heads; /* signed ones that fit */
	uint64_t signed_size; /* of the last of them */
	uint64_t payloads; /* that fit their leaves */
	uint64_t erased; /* payloads that are lawfully gone */
	/* Marks that hold; of those that were asked for, or of all, the one on
	 * the largest head: its size (0: there is none) and time. */
	uint64_t cosigned, cosigned_size, stamped, stamped_size;
	int64_t cosigned_s, stamped_s;
	char root[SL_SHA256_HEX + 1]; /* computed */
	char origin[128];
	struct sl_verify_stranger stranger[SL_VERIFY_KEYS_MAX];
	size_t strangers;
	struct sl_verify_given_up given_up[SL_VERIFY_GIVEN_UP_MAX];
	uint64_t given_ups; /* all of them */
	/* What the instance remembers outside of its database, and the log
	 * has. */
	const char *held_against[2];
	size_t held_n;
	uint64_t breaks; /* how often slused stood still for such a log */
	bool ok;
	/* Consignments whose rows were held against the leaves, how many are
	 * not what those tell, and the first of these. */
	uint64_t compared, differ;
	char differs[SL_VERIFY_DIFFERS][SL_VERIFY_NAME];
	/* First fault: sequences first..last (last > first where only a
	 * subtree can be named). */
	uint64_t first, last;
	char fault[256];
};
/* {ok, leaves, tree_size, origin, root, heads, signed, erased, payloads,
 * cosignatures, cosigned, cosigned_time, timestamps, timestamped,
 * timestamped_time, compared, differ, differs, not_introduced: [{key, from}],
 * given_up: [{seq, time, origin}], given_ups, breaks, held_against: [name]},
 * and first, last, fault where it is not ok. */
json_t *sl_query_verify_row(const struct sl_verify *v);
/* One read transaction, a leaf at a time; held against what the instance
 * remembers beside it too. SL_FATAL: cannot be read at all;
 * faults of the journal are in ret. */
enum sl_rc sl_query_verify(struct sl_store *s, const struct sl_verify_ask *ask,
    struct sl_verify *ret, struct sl_err *err);
/* The same for what sl_query_export wrote; needs no instance. */
enum sl_rc sl_query_verify_export(const char *dir,
    const struct sl_verify_ask *ask, struct sl_verify *ret, struct sl_err *err);

/* The store read back (originals.c): {ok, files, bytes, parts, part_bytes,
 * gone, no_file, size, altered, unreadable, unknown, faults: [{file, fault,
 * detail, ids, posts}]}, and fault where there is no store; *ret is the
 * caller's. NULL: the database may say anything, of which sl_query_verify has
 * told. tick(arg, {looks: what it found so far}) is called each second; what it
 * returns but SL_OK ends it, and is returned. No transaction stays open. */
enum sl_rc sl_query_originals(struct sl_store *s, sl_query_fn *tick, void *arg,
    json_t **ret, struct sl_err *err);
void sl_query_print_originals(FILE *f, const json_t *originals);

/* Writes the log up to its last signed head as C2SP tlog-tiles with the public
 * key and how to verify without us. dir is made, or is an earlier export.
 * SL_SKIP (not_signed): nothing has been signed. SL_REJECT: dir cannot be
 * used, or (journal_broken; these below too) the database is none of ours.
 * *ret_size: leaves written. */
enum sl_rc sl_query_export(struct sl_store *s, const char *dir, bool payloads,
    uint64_t *ret_size, struct sl_err *err);

/* One .tlog-proof of a leaf, with its payload if that is asked for (SL_SKIP,
 * erased: it is gone): id is a sequence number or a reception number, of
 * which it takes the first event of that name (NULL: received). *ret_seq: which
 * leaf. SL_SKIP: there is none; SL_REJECT: not a number. */
enum sl_rc sl_query_prove(struct sl_store *s, const char *id, const char *event,
    bool payload, struct sl_buf *out, uint64_t *ret_seq, struct sl_err *err);
/* That the head of old_size is the beginning of the one of new_size (INT64_MAX:
 * the last): "old N", nodes, empty line, head (the body of C2SP
 * add-checkpoint). SL_SKIP: there is none of new_size, or it is the earlier. */
enum sl_rc sl_query_consistency(struct sl_store *s, uint64_t old_size,
    uint64_t new_size, struct sl_buf *out, struct sl_err *err);
/* Reads one of these two. Consistency needs ask->against. SL_REJECT: not such a
 * file; what is not true is a fault in ret. */
enum sl_rc sl_query_verify_proof(struct sl_slice file,
    const struct sl_verify_ask *ask, struct sl_verify *ret, struct sl_err *err);

/* {case, title, status, unit, class, target_key} each. */
enum sl_rc sl_query_cases(
    struct sl_store *s, sl_query_fn *fn, void *arg, struct sl_err *err);

/* How far everything is; for progress and for "is all quiet?". */
struct sl_progress {
	/* items whose last gate this is: stage / 10 (claimed 1, delivered 8) */
	unsigned stage[16];
	unsigned total, ready, deferred, held, quarantined, broken, done;
	unsigned due; /* pending deliveries and retries due before soon_ms */
	uint64_t pages, pages_read; /* of the longest document being read */
	char reading[40];
};
enum sl_rc sl_query_progress(struct sl_store *s, int64_t soon_ms,
    struct sl_progress *ret, struct sl_err *err);
/* {received, items, delivered: [row..], duplicates, closed, held, stopped,
 * waiting} of consignments with an id above `since`. */
json_t *sl_query_summary(struct sl_store *s, int64_t since);
/* The highest consignment id; 0 if there is none. */
int64_t sl_query_last(struct sl_store *s);

/* A field as people see it: "case", "class", else its name; NULL for an unknown
 * number. */
const char *sl_query_field(unsigned field);

/* -- words (words.c) ------------------------------------------------------- */
/* A row of show or explain for people. */
void sl_query_print_row(FILE *f, const json_t *row);
void sl_query_print_explain(FILE *f, const json_t *row);
void sl_query_print_event(FILE *f, const json_t *event);
void sl_query_print_status(FILE *f, const json_t *status);
void sl_query_print_age(FILE *f, const json_t *age);
/* One line of `list`; head: the column titles. */
void sl_query_print_line(FILE *f, const json_t *row);
void sl_query_print_head(FILE *f);
/* A field with its value, confidence and evidence, as try and explain show
 * it. */
void sl_query_print_field(
    FILE *f, const char *name, const json_t *candidate, int rank);
/* Evidence of sluse-place in words. */
void sl_query_evidence(struct sl_buf *out, const json_t *evidence);
/* s with control and bidi characters made visible. */
void sl_query_show_text(FILE *f, const char *s);

#endif
