/*
 * Words that a running journal screens in its public titles: they must not
 * stand in the public journal of the same posts.
 *
 * Memory: the words of at most SL_SCREENED_POSTS posts, and SL_SCREENED_BYTES
 * of them; how many posts were more is told.
 */
#ifndef SL_REPORT_SCREENED_H
#define SL_REPORT_SCREENED_H

#include "../base/buf.h"
#include "../lists/targetlog.h"
#include "idmap.h"

#define SL_SCREENED_POSTS 200000u
#define SL_SCREENED_BYTES (16u << 20)

/* Zeroed is empty. */
struct sl_screened {
	struct sl_idmap post; /* by number and journal: which, from 1 */
	struct sl_buf words; /* lower case; of a post: separated by spaces */
	uint32_t *at; /* where those of a post begin */
	size_t n, cap;
	int64_t left_out; /* posts */
};
/* A post of the running journal: words of its title that its public title does
 * not have. */
void sl_screened_keep(struct sl_screened *s, const struct sl_tlog_post *p);
/* A post of the public journal: does its title have one of them? */
bool sl_screened_shows(
    const struct sl_screened *s, const struct sl_tlog_post *p);
void sl_screened_free(struct sl_screened *s);

#endif
