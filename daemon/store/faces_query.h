/*
 * What the folders show, read from the database. Queries only.
 */
#ifndef SL_STORE_FACES_QUERY_H
#define SL_STORE_FACES_QUERY_H

#include "store.h"

/* Where one item stands: a post, or a consignment without posts (entry 0). */
struct sl_face_item {
	int64_t consignment, entry, received_ms;
	int number; /* of the entry in its consignment, 0 if there is none */
	int dispo;
	char queue[128], reception[32];
};
#define SL_FACE_ITEMS_MAX 10000u
/* Calls fn after the query has ended: it may write. */
typedef enum sl_rc sl_face_item_fn(
    void *arg, const struct sl_face_item *i, struct sl_err *err);
enum sl_rc sl_face_items(struct sl_store *s, int64_t consignment,
    sl_face_item_fn *fn, void *arg, struct sl_err *err);
/* Each consignment in which something is held or stopped, once. fn does not
 * write. */
void sl_face_open(
    struct sl_store *s, void (*fn)(void *arg, int64_t consignment), void *arg);

/* A row of a day list; strings live for the call. */
struct sl_face_row {
	char number[48], name[1024], reason[64];
	int64_t received_ms;
	int dispo, outcome;
	const char *case_number, *target_number, *url;
	char duplicate_of[48]; /* "" = of none */
	unsigned pages, ocr_pages;
};
typedef void sl_face_row_fn(void *arg, const struct sl_face_row *r);
/* Where a list has come to; zeroed for its start. */
struct sl_face_cursor {
	int64_t received_ms, id;
	bool begun;
};
/* The next consignments (at most max, <= 256) of the queue received in
 * [from, to), by time. SL_SKIP: there are no more. */
enum sl_rc sl_face_day(struct sl_store *s, const char *queue, int64_t from,
    int64_t to, struct sl_face_cursor *at, size_t max, sl_face_row_fn *fn,
    void *arg, struct sl_err *err);
/* Newest reception of the queue in [from, to); -1 if there is none. */
int64_t sl_face_last(
    struct sl_store *s, const char *queue, int64_t from, int64_t to);

/* Pages of one file, one after the other, without text for one reason; the
 * string lives for the call. */
#define SL_FACE_WORDLESS "page_wordless"
struct sl_face_pages {
	const char *file;
	unsigned first, last; /* from 1 */
	char reason[64]; /* "": blank; SL_FACE_WORDLESS: no word was found */
};
typedef void sl_face_pages_fn(void *arg, const struct sl_face_pages *p);
/* At most max of them, file by file. */
enum sl_rc sl_face_unread(struct sl_store *s, int64_t consignment, unsigned max,
    sl_face_pages_fn *fn, void *arg, struct sl_err *err);
/* The same for pages that were read, but were hard to read; reason is "". */
enum sl_rc sl_face_unsure(struct sl_store *s, int64_t consignment, unsigned max,
    sl_face_pages_fn *fn, void *arg, struct sl_err *err);

/* False if the case is not known. */
bool sl_face_case(struct sl_store *s, const char *number, char *title,
    size_t title_cap, char *status, size_t status_cap);

#endif
