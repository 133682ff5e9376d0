/*
 * Tilsynspakke: what a supervision asks for, in one folder with an index.
 */
#ifndef SL_REPORT_BUNDLE_H
#define SL_REPORT_BUNDLE_H

#include "../wire/parcel.h"
#include "table.h"
#include "twin.h"

/* Of the instance at root, whose database this process has not opened: it
 * forks. Writes into dir, which is made (0700), empty, or what an earlier run
 * left unfinished. opt: each report gets what it takes of it. SL_REJECT: an
 * option is wrong; SL_BROKEN: the folder holds something else, or cannot be
 * made; else what sl_store_open_read says. */
enum sl_rc sl_bundle_make(const char *root, const struct sl_config *cfg,
    const struct sl_rep_options *opt, unsigned lang, const char *dir,
    struct sl_err *err);

/* The same into a parcel: for who makes the folder elsewhere. SL_RETRY,
 * SL_REJECT: the parcel has no room. */
enum sl_rc sl_bundle_parcel(const char *root, const struct sl_config *cfg,
    const struct sl_rep_options *opt, unsigned lang, struct sl_parcel *parcel,
    struct sl_err *err);
/* Such a folder, to write files into until sl_part_end; both descriptors are
 * the caller's. SL_BROKEN: as above. */
enum sl_rc sl_bundle_folder(
    const char *dir, int *ret_dir, int *ret_lock, struct sl_err *err);

/* -- for this and its files ------------------------------------------------ */
#define SL_BUNDLE_SPOOLS 8 /* bundle_reports.c asserts that it is enough */
struct sl_bundle {
	struct sl_store *store;
	const struct sl_config *cfg;
	const struct sl_rep_options *opt;
	struct sl_snap *shared; /* of its one moment */
	struct sl_twin twin;
	int spool[SL_BUNDLE_SPOOLS]; /* what the second process writes */
	unsigned lang;
	int dir, lock; /* base/part.h */
	struct sl_parcel *parcel; /* instead of dir; or NULL */
	int64_t from_day, to_day; /* the period, for the law */
	char made[32], shown[32]; /* when: for programs, for people */
	char period[64];
	uint64_t signed_size; /* of the log's last signed head */
	bool has_signed;
};
/* SL_FATAL, or what the parcel says. */
enum sl_rc sl_bundle_cannot_write(
    const struct sl_bundle *b, struct sl_err *err);

/* -- the reports (bundle_reports.c) ---------------------------------------- */
/* Files for what the second process writes; false: no room for them. */
bool sl_bundle_spools(struct sl_bundle *b);
/* Does that report go into the folder? */
bool sl_bundle_has(const struct sl_bundle *b, const struct sl_report_def *d);
/* Within the transaction of their moment. */
enum sl_rc sl_bundle_reports(struct sl_bundle *b, struct sl_err *err);
/* The second's part; ends the process. */
void sl_bundle_be_second(struct sl_bundle *b, const char *root)
    __attribute__((noreturn));

/* -- the pages (bundle_pages.c) -------------------------------------------- */
/* A page of the folder: its file, its title, and what makes its body. */
struct sl_bundle_page {
	const char *file, *nb, *en;
	void (*make)(const struct sl_bundle *b, struct sl_buf *out);
};
/* Ends with file NULL. */
extern const struct sl_bundle_page sl_bundle_pages[];

#endif
