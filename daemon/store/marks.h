/*
 * What others say of the journal's signed heads: cosignatures of witnesses,
 * tokens of time-stamp authorities; and how it goes with those who are asked.
 */
#ifndef SL_STORE_MARKS_H
#define SL_STORE_MARKS_H

#include "store.h"

/* A row of those that are configured. */
struct sl_witness_row {
	bool tsa;
	char name[64];
	uint64_t size; /* of the last head it marked; 0: none */
	int64_t marked_ms, due_ms, stale_ms, tried_ms;
	unsigned tries; /* failures in a row */
	char reason[64], detail[256];
};
/* The row as it is kept; false if there is none. */
bool sl_witness_find(
    struct sl_store *s, bool tsa, const char *name, struct sl_witness_row *ret);
enum sl_rc sl_witness_put(
    struct sl_store *s, const struct sl_witness_row *row, struct sl_err *err);
typedef void sl_witness_fn(void *arg, const struct sl_witness_row *row);
/* All, witnesses first. */
void sl_witness_each(struct sl_store *s, sl_witness_fn *fn, void *arg);
/* Those that the configuration does not name any more are gone: has(arg, tsa,
 * name) says which it does. */
enum sl_rc sl_witness_forget(struct sl_store *s,
    bool (*has)(void *arg, bool tsa, const char *name), void *arg,
    struct sl_err *err);
/* When the first thing happened that no head of that size covers, marks apart;
 * 0: nothing. */
int64_t sl_witness_waits(struct sl_store *s, uint64_t size);

/* mark: SL_COSIGNATURE_LEN bytes. A second one of the same head replaces the
 * first. */
enum sl_rc sl_cosignature_put(struct sl_store *s, uint64_t size,
    const char *vkey, struct sl_slice mark, struct sl_err *err);
/* Of what size did the witness mark a head last? 0: none. */
uint64_t sl_cosignature_last(struct sl_store *s, const char *vkey);

/* A token over the head of that size; pem: what it leads to. */
struct sl_stamp_row {
	uint64_t size;
	const char *tsa;
	int64_t time_s;
	struct sl_slice token, pem;
};
enum sl_rc sl_stamp_put(
    struct sl_store *s, const struct sl_stamp_row *row, struct sl_err *err);

#endif
