/*
 * The reports as data, and what a report is given to run.
 *
 * A report is a row of reports.def and a function that gives typed rows; it
 * knows no format. A format (form/form.h) knows no report.
 */
#ifndef SL_REPORT_TABLE_H
#define SL_REPORT_TABLE_H

#include <stdio.h>

#include "../config/config.h"
#include "../form/form.h"
#include "../lists/control.h"
#include "../store/store.h"

/* Which options a report takes. */
enum {
	SL_TAKES_PERIOD = 1, /* --from, --to: by reception */
	SL_TAKES_QUEUE = 2,
	SL_TAKES_CONTROL = 4, /* --control FILE: control totals */
	SL_PERIOD_OF_CONTROL =
	    128, /* whose days are the period if none is given */
	SL_TAKES_FILES = 8, /* operands: the target's journal */
	SL_TAKES_DAYS = 16,
	SL_TAKES_SAMPLE = 32, /* --count, --seed, --method, --errors */
};

struct sl_rep;
struct sl_snap;
typedef enum sl_rc sl_rep_run(struct sl_rep *r, struct sl_err *err);

struct sl_report_def {
	struct sl_shape shape;
	const char *alias;
	unsigned takes;
	const char *help;
	sl_rep_run *run;
};

/* All of them; *ret_n says how many. */
const struct sl_report_def *sl_report_defs(size_t *ret_n);
/* By slug or alias; NULL if there is none. */
const struct sl_report_def *sl_report_def_find(const char *name);
/* Every report with its columns, for sluse-report(1), in mdoc. */
void sl_report_manual(struct sl_buf *out);

/* What was asked for. Texts are the caller's. */
struct sl_rep_options {
	const char *from, *to; /* 2026-01-31, both included; NULL: no limit */
	const char *queue; /* NULL: all */
	const char *control; /* path */
	const char *list_queue; /* of a control list that names none; NULL: as
				 * queue */
	char **file; /* the target's journal */
	int files;
	int days; /* -1: not said */
	int count; /* of a sample; 0: not said */
	uint64_t seed;
	bool seed_given;
	bool by_risk;
	int errors; /* found in the sample; -1: not said */
	bool first; /* only the limited part of long tables is wanted */
};

struct sl_out;
/* A run of one report. */
struct sl_rep {
	struct sl_store *store;
	const struct sl_config *cfg; /* never NULL: defaults where none is */
	const struct sl_report_def *def;
	const struct sl_rep_options *opt;
	int64_t from_ms, to_ms; /* from <= received < to */
	int64_t now_ms;
	unsigned lang; /* enum sl_language */
	struct sl_out *out;
	/* What reports of one moment have in common (snap.h), lent; or NULL. */
	struct sl_snap *shared;
};

/* Picks by the run's language. */
const char *sl_rep_say(const struct sl_rep *r, const char *nb, const char *en);

/* Gives a row; one letter of fmt for each column:
 *   s text (NULL: nothing)   w slug, shown word   i int64_t   x double
 *   t instant, UTC ms (0: nothing)   d day of an instant (0: nothing)
 *   u not known   - nothing; no argument for these two */
void sl_rep_row(struct sl_rep *r, const char *fmt, ...);
/* The same from an array with a value for every column; what the letter does
 * not want is not looked at. */
struct sl_rep_value {
	const char *s, *slug;
	int64_t n;
	double x;
};
void sl_rep_cells(
    struct sl_rep *r, const char *fmt, const struct sl_rep_value *v);
/* A line below (above) the table. key names it in JSON and XML. */
void sl_rep_fact(struct sl_rep *r, const char *key, const char *nb,
    const char *en, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* A remark that belongs to the whole, without a value. */
void sl_rep_note(struct sl_rep *r, const char *nb, const char *en);

/* The queues of the sheet that nothing came to, as a fact. */
void sl_rep_strangers(struct sl_rep *r, const struct sl_control_sheet *c);

#define SL_SAMPLE_COUNT 60 /* unless said */
/* What can be told before anything is read. SL_REJECT (bad_option): from or to
 * is no day, or they are the wrong way round; errors of no sample, or more than
 * are in it. */
enum sl_rc sl_report_check_options(
    const struct sl_rep_options *opt, struct sl_err *err);

/* SL_REJECT (unknown_queue): neither set up, nor did anything come by it. */
enum sl_rc sl_report_check_queue(struct sl_store *s,
    const struct sl_config *cfg, const char *queue, struct sl_err *err);

/* SL_SKIP (schema_other): another version of Sluse wrote the database. */
enum sl_rc sl_report_check_schema(struct sl_store *s, struct sl_err *err);

/* Runs def into an output made by sl_out_new; one read transaction. SL_REJECT:
 * an option is wrong (err says which); SL_BROKEN: a file given cannot be
 * used. */
enum sl_rc sl_report_run(struct sl_store *s, const struct sl_config *cfg,
    const struct sl_report_def *def, const struct sl_rep_options *opt,
    struct sl_out *out, struct sl_err *err);
/* Several of one moment: the caller has begun a read transaction and loaded
 * `shared` in it (sl_snap_share). */
enum sl_rc sl_report_run_shared(struct sl_store *s, const struct sl_config *cfg,
    const struct sl_report_def *def, const struct sl_rep_options *opt,
    struct sl_snap *shared, struct sl_out *out, struct sl_err *err);

#endif
