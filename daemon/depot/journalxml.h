/*
 * loependeJournal.xml and offentligJournal.xml.
 */
#ifndef SL_DEPOT_JOURNALXML_H
#define SL_DEPOT_JOURNALXML_H

#include "posts.h"
#include "write.h"

struct sl_journal {
	struct sl_posts *posts; /* sorted */
	struct sl_screen screen;
	int64_t from_day, to_day; /* of the posts that are taken */
	const char *from,
	    *to; /* of the head; NULL: the first and last post's */
	const char *selection; /* of the head; NULL: none */
	json_t *creators; /* a list */
};

/* "loependeJournal" or "offentligJournal", and its namespace. */
const char *sl_journal_root(bool public);
const char *sl_journal_ns(bool public);
/* How many posts it has, and the first and last day of them (-1: none). */
uint64_t sl_journal_count(
    const struct sl_journal *j, int64_t *ret_first, int64_t *ret_last);
/* Writes head and posts into an open file. */
enum sl_rc sl_journal_write(
    struct sl_journal *j, struct sl_xmlout *o, struct sl_err *err);

#endif
