/*
 * Lesekvalitet: how pages were read, per queue.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "../base/mem.h"
#include "pages.h"
#include "runs.h"

struct reading {
	struct sl_snap snap;
	struct sl_page_sum *queue;
	int64_t erased;
};

static void
count_page(void *arg, const struct sl_rep_page *p)
{
	struct reading *d = arg;

	sl_page_sum_add(&d->queue[d->snap.c[p->consignment].queue], p);
}

static void
count_erased(void *arg, uint32_t consignment, int64_t pages)
{
	struct reading *d = arg;

	(void)consignment;
	d->erased += pages;
}

/* Per cent that a tenth of the pages is below. */
static double
tenth(const struct sl_page_sum *s)
{
	int64_t seen = 0;
	int i;

	for (i = 0; i < 100; i++) {
		seen += s->histogram[i];
		if (seen * 10 >= s->ocr)
			break;
	}
	return i;
}

static void
give(struct sl_rep *r, const char *name, const struct sl_page_sum *s)
{
	double n = (double)s->ocr;

	if (s->pages == 0)
		return;
	if (s->ocr == 0)
		sl_rep_row(r, "siiiii----", name, s->pages, s->text, s->ocr,
		    s->blank, s->unread);
	else
		sl_rep_row(r, "siiiiixxix", name, s->pages, s->text, s->ocr,
		    s->blank, s->unread, (double)s->confidence / n / 10,
		    tenth(s), s->low, 100.0 * (double)s->low / n);
}

static void
add(struct sl_page_sum *sum, const struct sl_page_sum *s)
{
	int i;

	sum->pages += s->pages;
	sum->text += s->text;
	sum->ocr += s->ocr;
	sum->blank += s->blank;
	sum->unread += s->unread;
	sum->low += s->low;
	sum->confidence += s->confidence;
	for (i = 0; i <= 100; i++)
		sum->histogram[i] += s->histogram[i];
}

enum sl_rc
sl_rep_lesekvalitet(struct sl_rep *r, struct sl_err *err)
{
	struct reading d = {0};
	struct sl_page_sum *sum = sl_alloc(sizeof(*sum));
	enum sl_rc rc = sl_snap_load(r, SL_SNAP_SOURCES, NULL, &d.snap, err);
	size_t i, n = 0;

	if (rc == SL_OK) {
		d.queue = sl_alloc(d.snap.queue.n * sizeof(*d.queue));
		rc = sl_rep_pages(r, &d.snap, count_page, &d, err);
	}
	if (rc == SL_OK)
		rc = sl_rep_pages_erased(r, &d.snap, count_erased, &d, err);
	for (i = 1; rc == SL_OK && i < d.snap.queue.n; i++) {
		give(r, d.snap.queue.text[i], &d.queue[i]);
		n += d.queue[i].pages > 0;
		add(sum, &d.queue[i]);
	}
	if (n > 1)
		give(r, sl_rep_say(r, "Alle køer", "All queues"), sum);
	if (rc == SL_OK && d.erased > 0)
		sl_rep_fact(r, "erased",
		    "Sider med slettet innhold, ikke regnet med",
		    "Pages whose content was erased, not counted", "%" PRId64,
		    d.erased);
	free(sum);
	free(d.queue);
	sl_snap_free(&d.snap);
	return rc;
}
