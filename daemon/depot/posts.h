/*
 * The journalposter of a harvest in the order of the journals, and what may be
 * shown of each.
 *
 * Records lie in a temporary file; 32 bytes of each are kept. A record is
 * {"klasse","sak","post"} with fields as the core gave them; skjerming or
 * gradering that it did not answer for is {"ukjent": true}.
 */
#ifndef SL_DEPOT_POSTS_H
#define SL_DEPOT_POSTS_H

#include <stdio.h>

#include "../base/buf.h"
#include "harvest.h"

struct sl_post_at {
	int64_t year, seq; /* INT64_MAX: it has none */
	uint64_t off; /* in the file */
	int32_t day; /* that they are selected by, as sl_day_of; -1: none */
	bool graded;
	bool journaled; /* of status J, E, A or U: what a journal lists */
};
struct sl_posts {
	FILE *f;
	struct sl_post_at *at;
	size_t n, cap;
	uint64_t size;
	/* Selected by offentlighetsvurdertDato, which a post must have then,
	 * and not by journaldato; set before the first is added. */
	bool by_assessed;
};

/* SL_FATAL: there is no room for temporary files. */
enum sl_rc sl_posts_open(struct sl_posts *p, struct sl_err *err);
void sl_posts_close(struct sl_posts *p);
/* A registrering that is left, of type journalpost. */
enum sl_rc sl_posts_add(
    struct sl_posts *p, const struct sl_unit *u, struct sl_err *err);
/* By journalaar and journalsekvensnummer, as the core gave them else. */
enum sl_rc sl_posts_sort(struct sl_posts *p, struct sl_err *err);
/* Is it journaled, and of those from day to day (as sl_day_of, both included)?
 */
bool sl_posts_takes(const struct sl_posts *p, size_t i, bool public,
    int64_t from_day, int64_t to_day);
/* How many of those days are not journaled: received and no more. */
uint64_t sl_posts_unjournaled(
    const struct sl_posts *p, int64_t from_day, int64_t to_day);
/* How many that are journaled cannot be selected, as they are not assessed; 0
 * where that does not matter. */
uint64_t sl_posts_unassessed(const struct sl_posts *p, bool public);
/* *ret is the caller's. */
enum sl_rc sl_posts_read(
    struct sl_posts *p, size_t i, json_t **ret, struct sl_err *err);

/* What is shown, and what was done to it. */
struct sl_screen {
	bool public;
	int64_t today; /* as sl_day_of: for the year that names are shown */
	bool keep_names; /* the year does not matter */
	uint64_t fnr, titles, names, expired, classes, graded;
};
/* The post as the groups journalregistrering.. of elements.def want it; NULL:
 * it is not shown. *ret_day: of journaldato, -1 if it has none. The caller's.
 */
json_t *sl_post_view(
    struct sl_screen *s, const json_t *record, int64_t *ret_day);
/* Appends text with every fødselsnummer masked; how many there were. */
unsigned sl_mask_fnr(struct sl_buf *b, const char *s);
/* Does skjerming (an object, or NULL) name one of these codes of
 * skjermingMetadata, or one that Noark has not, or none at all, or is it
 * temporary or not known? kodes: "NA NM". */
bool sl_screens(const json_t *skjerming, const char *kodes);
/* It is temporary (code XX, or M), or not known. */
bool sl_is_temporary(const json_t *skjerming);
/* Of a unit's fields: of a grade that keeps it out of every public list, or of
 * one not known. */
bool sl_is_graded(const json_t *of);

#endif
