/*
 * Every page that was read, with the consignment it came in. One scan.
 */
#ifndef SL_REPORT_PAGES_H
#define SL_REPORT_PAGES_H

#include "snap.h"

struct sl_rep_page {
	uint32_t consignment, part;
	unsigned source; /* SL_PAGE_TEXT .. of wire/roles.h */
	unsigned flags; /* SL_PAGE_BLANK .. */
	int confidence; /* thousandths */
};
typedef void sl_rep_page_fn(void *arg, const struct sl_rep_page *p);
/* Needs SL_SNAP_SOURCES. */
enum sl_rc sl_rep_pages(const struct sl_rep *r, const struct sl_snap *s,
    sl_rep_page_fn *fn, void *arg, struct sl_err *err);

/* Which consignments of the period and queue have erased content, by their id;
 * NULL: none. The caller's. */
uint8_t *sl_rep_erased(const struct sl_rep *r, const struct sl_snap *s);
typedef void sl_rep_erased_fn(void *arg, uint32_t consignment, int64_t pages);
/* Of receptions whose content was erased: how many pages each file had. How
 * they read is gone. Needs SL_SNAP_SOURCES. */
enum sl_rc sl_rep_pages_erased(const struct sl_rep *r, const struct sl_snap *s,
    sl_rep_erased_fn *fn, void *arg, struct sl_err *err);

/* How pages read, added up. */
struct sl_page_sum {
	int64_t pages, text, ocr, blank, unread, low, confidence;
	uint32_t histogram[101]; /* OCR, by hundredths */
};
void sl_page_sum_add(struct sl_page_sum *s, const struct sl_rep_page *p);

#endif
