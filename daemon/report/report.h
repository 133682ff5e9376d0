/*
 * What can be asked of an instance, read-only: rows as JSON, and their words.
 *
 * Every function takes a store opened by sl_store_open_read. Objects returned
 * are the caller's (json_decref). Lists are read in small pages, so that no
 * read transaction stays open while somebody looks at the output.
 */
#ifndef SL_REPORT_REPORT_H
#define SL_REPORT_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "../base/err.h"
#include "../store/store.h"

/* One row of `list` and `show`: an entry, or a consignment without one.
 * NULL if there is no such entry (consignment). */
json_t *sl_report_entry(struct sl_store *s, int64_t entry);
json_t *sl_report_consignment(struct sl_store *s, int64_t consignment);

/* 0 and NULL: any. */
struct sl_report_filter {
	int stage, dispo;
	const char *queue;
};
typedef enum sl_rc sl_report_fn(
    void *arg, const json_t *row, struct sl_err *err);
/* Rows by reception. */
enum sl_rc sl_report_list(struct sl_store *s, const struct sl_report_filter *f,
    sl_report_fn *fn, void *arg, struct sl_err *err);

/* Resolves "M26-004711-3" or "M26-004711-3.1": rows of all its entries, or
 * the consignment's. SL_SKIP, reason unknown_id: there is none. */
enum sl_rc sl_report_show(struct sl_store *s, const char *id, sl_report_fn *fn,
    void *arg, struct sl_err *err);
/* The same rows, each with "fields", "found", "notes" and "events". */
enum sl_rc sl_report_explain(struct sl_store *s, const char *id,
    sl_report_fn *fn, void *arg, struct sl_err *err);

/* {queues: [..], oldest, items, done, known_cases}; never NULL. */
json_t *sl_report_status(struct sl_store *s);
/* Rows {kind: "queue"|"target", name, total, oldest, oldest_s, buckets}. */
json_t *sl_report_age(struct sl_store *s, int64_t now_ms);

/* Which leaves; 0 and NULL: any. */
struct sl_report_events {
	const char *id; /* of an entry or a consignment */
	const char *actor; /* also as one of two */
	int event;
	int64_t from_ms, to_ms; /* UTC; to_ms is not in it */
};
/* Leaves with their payloads, oldest first. */
enum sl_rc sl_report_journal(struct sl_store *s,
    const struct sl_report_events *f, sl_report_fn *fn, void *arg,
    struct sl_err *err);

/* -- persons (persons.c) --------------------------------------------------- */
/* Rows {request, verb, subject, items, actor, asked, until, why, args} of what
 * waits for a second person. */
json_t *sl_report_approvals(struct sl_store *s);
/* Adds "approvals" (how many) and "glass" (rows {time, actor, verb, subject,
 * why} of the last 30 days) to status. */
void sl_report_add_persons(struct sl_store *s, json_t *status);
void sl_report_print_approval(FILE *f, const json_t *row);
void sl_report_print_persons(FILE *f, const json_t *status);

/* What `journal verify` found. */
struct sl_verify {
	uint64_t leaves; /* looked at */
	uint64_t tree_size; /* what the tree row says */
	char root[SL_SHA256_HEX + 1]; /* computed */
	char origin[128];
	bool ok;
	/* First fault: sequences first..last (last > first where only a
	 * subtree can be named). */
	uint64_t first, last;
	char fault[160];
};
/* One read transaction, a leaf at a time. SL_FATAL: cannot be read at all;
 * faults of the journal are in ret. */
enum sl_rc sl_report_verify(
    struct sl_store *s, struct sl_verify *ret, struct sl_err *err);

/* {case, title, status, unit, class, target_key} each. */
enum sl_rc sl_report_cases(
    struct sl_store *s, sl_report_fn *fn, void *arg, struct sl_err *err);

/* How far everything is; for progress and for "is all quiet?". */
struct sl_progress {
	/* items whose last gate this is: stage / 10 (claimed 1, delivered 8) */
	unsigned stage[16];
	unsigned total, ready, deferred, held, quarantined, broken, done;
	unsigned due; /* pending deliveries and retries due before soon_ms */
	uint64_t pages, pages_read; /* of the longest document being read */
	char reading[40];
};
enum sl_rc sl_report_progress(struct sl_store *s, int64_t soon_ms,
    struct sl_progress *ret, struct sl_err *err);
/* {received, items, delivered: [row..], duplicates, closed, held, stopped,
 * waiting} of consignments with an id above `since`. */
json_t *sl_report_summary(struct sl_store *s, int64_t since);
/* The highest consignment id; 0 if there is none. */
int64_t sl_report_last(struct sl_store *s);

/* A field as people see it: "case", "class", else its name; NULL for an unknown
 * number. */
const char *sl_report_field(unsigned field);

/* -- words (words.c) ------------------------------------------------------- */
/* A row of show or explain for people. */
void sl_report_print_row(FILE *f, const json_t *row);
void sl_report_print_explain(FILE *f, const json_t *row);
void sl_report_print_event(FILE *f, const json_t *event);
void sl_report_print_status(FILE *f, const json_t *status);
void sl_report_print_age(FILE *f, const json_t *age);
/* One line of `list`; head: the column titles. */
void sl_report_print_line(FILE *f, const json_t *row);
void sl_report_print_head(FILE *f);
/* A field with its value, confidence and evidence, as try and explain show
 * it. */
void sl_report_print_field(
    FILE *f, const char *name, const json_t *candidate, int rank);
/* Evidence of sluse-place in words. */
void sl_report_evidence(struct sl_buf *out, const json_t *evidence);
/* s with control and bidi characters made visible. */
void sl_report_show_text(FILE *f, const char *s);

#endif
