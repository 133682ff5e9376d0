/*
 * Tilsynspakke: what a supervision asks for, in one folder with an index.
 */
#ifndef SL_REPORT_BUNDLE_H
#define SL_REPORT_BUNDLE_H

#include "table.h"

/* Writes into dir, which is made (0700), empty, or what an earlier run left
 * unfinished. opt: each report gets what it takes of it. SL_REJECT: an option
 * is wrong; SL_BROKEN: the folder holds something else, or cannot be made. */
enum sl_rc sl_bundle_make(struct sl_store *s, const struct sl_config *cfg,
    const struct sl_rep_options *opt, unsigned lang, const char *dir,
    struct sl_err *err);

/* -- the pages (bundle_pages.c) -------------------------------------------- */
struct sl_bundle {
	struct sl_store *store;
	const struct sl_config *cfg;
	const struct sl_rep_options *opt;
	struct sl_snap *shared; /* of its one moment */
	unsigned lang;
	int dir, lock; /* base/part.h */
	int64_t from_day, to_day; /* the period, for the law */
	char made[32];
	uint64_t signed_size; /* of the log's last signed head */
	bool has_signed;
};
/* A page of the folder: its file, its title, and what makes its body. */
struct sl_bundle_page {
	const char *file, *nb, *en;
	void (*make)(const struct sl_bundle *b, struct sl_buf *out);
};
/* Ends with file NULL. */
extern const struct sl_bundle_page sl_bundle_pages[];

#endif
