/*
 * Kvitteringer: the list of one day, as HTML and as CSV. Pure: rows in, bytes
 * out.
 *
 * The words are those of a gateway: "overført" is what Sluse did; only the case
 * system makes a post journalført.
 */
#ifndef SL_FACES_DAYLIST_H
#define SL_FACES_DAYLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"

#define SL_DAY_HEAD_BYTES 12288u /* the page's head is padded to this */

/* A post, or a consignment that has none (yet). Never NULL, "" if unknown. */
struct sl_day_row {
	const char *number, *name;
	int64_t received_ms;
	int dispo, outcome;
	const char *reason;
	const char *case_number, *target_number, *url;
	const char *duplicate_of;
	unsigned pages, ocr_pages;
};

enum sl_day_class {
	SL_DAY_TRANSFERRED,
	SL_DAY_WAITING,
	SL_DAY_SETTLE,
	SL_DAY_STOPPED,
	SL_DAY_OTHER,
	SL_DAY_CLASSES,
};
enum sl_day_class sl_day_class(int dispo, int outcome);

struct sl_day_sums {
	uint64_t rows, of[SL_DAY_CLASSES], pages, ocr_pages;
};
void sl_day_count(struct sl_day_sums *s, const struct sl_day_row *r);

struct sl_day_head {
	const char *day; /* 2026-11-22 */
	const char *tenant, *queue;
};
/* The head with the sums, padded with blanks to SL_DAY_HEAD_BYTES, so that it
 * can be written over once all rows are known. */
void sl_day_html_head(struct sl_buf *out, unsigned language,
    const struct sl_day_head *h, const struct sl_day_sums *s);
void sl_day_html_row(
    struct sl_buf *out, unsigned language, const struct sl_day_row *r);
void sl_day_html_end(struct sl_buf *out, unsigned language);

void sl_day_csv_head(struct sl_buf *out, unsigned language);
void sl_day_csv_row(
    struct sl_buf *out, unsigned language, const struct sl_day_row *r);

/* What became of it, in words; never NULL. */
const char *sl_day_status(unsigned language, int dispo, int outcome);

#endif
